//! One run of a feed that is fetched: its pages, whole or not at all, and when to run again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tracing::{debug, info, warn};

use super::crawl::{Crawled, crawl};
use super::due::next_try;
use super::load::{Received, take_in_and_tell};
use crate::contain::Bounds;
use crate::daemon::alert::alert_once;
use crate::daemon::app::App;
use crate::domain::feed::{FeedSpec, ReferenceRule, Source};
use crate::domain::id::{FeedId, Reference, SnapshotId};
use crate::feed::error::{FeedError, FetchProblem};
use crate::feed::http::{Fetched, Fetcher, Reply, Rules, Validators};
use crate::feed::pages::{PageRequest, pages};
use crate::feed::schedule::Schedule;
use crate::feed::{paging, url};
use crate::format::body::Body;
use crate::intake::FeedRun;
use crate::store::StoreError;
use crate::telemetry::chain;
use crate::world::known;
use crate::world::live::Live;

/// A passing failure calls a person when it did not pass for so many runs.
const FAILURES_TO_TELL: u32 = 3;

/// What counting the documents of one page may take.
static PAGES: Bounds = Bounds::new(Duration::from_mins(1), 512);

/// What the last good run of each feed allows to ask conditionally.
pub(super) type Remembered = Arc<Mutex<BTreeMap<FeedId, Known>>>;

/// A load that was believed, and how to ask whether it still stands.
#[derive(Debug, Clone)]
pub(super) struct Known {
    /// What was read into it: another configuration or another open window reads it otherwise.
    ground: String,
    snapshot: SnapshotId,
    /// By URL.
    validators: BTreeMap<String, Validators>,
}

/// How a run ended.
enum End {
    /// Judged; its id when believed.
    Judged(Option<SnapshotId>),
    /// Nothing new.
    Unchanged,
    /// Nothing to ask for: no reference is open.
    NothingToAsk,
    /// What it was to be read by changed while it went on: it is asked for anew, if it still is to be.
    Outdated,
    /// It brought nothing.
    Failed { what: String, retry_after: Option<Duration>, passes: bool },
    /// The service stops.
    Interrupted,
}

impl End {
    fn failed(error: &FeedError) -> Self {
        let passes = matches!(error, FeedError::Transient { .. });
        Self::Failed { what: chain(error), retry_after: error.retry_after(), passes }
    }
}

/// Runs a feed once: fetches all of it, judges it, and notes how that went. Answers whether it was believed.
pub(super) async fn run_once(
    app: &Arc<App>,
    spec: &FeedSpec,
    remembered: &Remembered,
) -> Result<bool, StoreError> {
    let begun = app.now();
    let end = tokio::select! {
        end = fetched_and_judged(app, spec, remembered) => end?,
        () = app.stop.cancelled() => End::Interrupted,
    };
    match &end {
        End::Interrupted => {}
        End::Outdated => info!(feed.id = %spec.id, "a busca recomeça: o que a lê mudou durante ela"),
        End::Failed { what, retry_after, passes } => {
            failed(app, spec, begun, what, *retry_after, *passes).await?;
        }
        End::Judged(_) | End::Unchanged | End::NothingToAsk => {
            let next_at = by_schedule(app, spec, begun);
            let run = FeedRun { tried_at: begun, next_at, failures: 0, failure: None };
            app.store.note_run(&spec.id, run).await?;
        }
    }
    if matches!(end, End::Unchanged) {
        app.store.note_fetch(&spec.id, app.now()).await?;
        debug!(feed.id = %spec.id, "a fonte não mudou");
    }
    Ok(matches!(end, End::Judged(Some(_))))
}

fn by_schedule(app: &App, spec: &FeedSpec, after: Timestamp) -> Option<Timestamp> {
    let Source::Http { schedule, .. } = &spec.source else { return None };
    Schedule::parse(schedule).ok()?.next_after(after, &app.live().calendar.hours.zone)
}

/// Notes a run that brought nothing, and calls a person when one is needed.
async fn failed(
    app: &App,
    spec: &FeedSpec,
    begun: Timestamp,
    what: &str,
    retry_after: Option<Duration>,
    passes: bool,
) -> Result<(), StoreError> {
    let now = app.now();
    let before = app.store.feed_run(&spec.id).await?.map_or(0, |run| run.failures);
    let failures = before.saturating_add(1);
    // What does not pass by itself waits for the hours as they will then be written.
    let next_at =
        if passes { Some(next_try(now, failures, retry_after, by_schedule(app, spec, begun))) } else { None };
    warn!(
        feed.id = %spec.id,
        run.failures = failures,
        run.next_at = %next_at.map(|at| at.to_string()).unwrap_or_default(),
        error = what,
        "a fonte não pôde ser buscada"
    );
    let run = FeedRun { tried_at: begun, next_at, failures, failure: Some(what.to_owned()) };
    app.store.note_run(&spec.id, run).await?;
    if passes && failures < FAILURES_TO_TELL {
        return Ok(());
    }
    let text = format!(
        "A fonte {} não pôde ser buscada ({failures}ª falha seguida): {what}\n\
         Vale a última coleta boa; o que ela diz pendente envelhece e vira “não confirmado”. \
         Para ver: vigia-suas fontes {}",
        spec.id, spec.id
    );
    alert_once(app, &format!("fonte-{}", spec.id), text, now).await
}

async fn fetched_and_judged(
    app: &Arc<App>,
    spec: &FeedSpec,
    remembered: &Remembered,
) -> Result<End, StoreError> {
    let live = app.live();
    let (pages, rules) = match asked(&live, spec, app.now()) {
        Ok(asked) => asked,
        Err(what) => return Ok(End::Failed { what, retry_after: None, passes: false }),
    };
    if pages.is_empty() {
        return Ok(End::NothingToAsk);
    }
    let Source::Http { url, manners, .. } = &spec.source else { return Ok(End::NothingToAsk) };
    let open = open_now(&live, spec, app.now());
    if url::fields(url).is_ok_and(url::Fields::is_crawl) {
        return match crawl(app, (spec, &open), &pages, &rules, manners.pause.unsigned_abs()).await? {
            Crawled::Whole(load) => {
                let Some(live) = still_read_by(app, spec, &open) else {
                    app.store.end_crawl(&spec.id).await?;
                    return Ok(End::Outdated);
                };
                let judged = take_in_and_tell(app, &live, spec, load).await?;
                app.store.end_crawl(&spec.id).await?;
                Ok(End::Judged(judged))
            }
            Crawled::GaveUp { what, retry_after } => Ok(End::Failed { what, retry_after, passes: true }),
        };
    }
    let ground = ground(&live, spec, app.now());
    let known = still_known(app, spec, remembered, &ground).await?;
    match whole(&app.fetcher, spec, &pages, &rules, &known).await {
        Ok(Whole::Unchanged) => Ok(End::Unchanged),
        Ok(Whole::Fresh { load, validators }) => {
            let Some(live) = still_read_by(app, spec, &open) else { return Ok(End::Outdated) };
            let judged = take_in_and_tell(app, &live, spec, load).await?;
            let mut remembered = remembered.lock().unwrap_or_else(PoisonError::into_inner);
            match &judged {
                Some(snapshot) => {
                    let known = Known { ground, snapshot: snapshot.clone(), validators };
                    remembered.insert(spec.id.clone(), known);
                }
                None => drop(remembered.remove(&spec.id)),
            }
            Ok(End::Judged(judged))
        }
        Err(error) => Ok(End::failed(&error)),
    }
}

/// The configuration by which what came is read: the one in force now, where it still has the feed as it was asked for. A
/// source that says nothing of a reference speaks of what is open, and that must be what was open when it was asked.
fn still_read_by(app: &App, spec: &FeedSpec, open: &[Reference]) -> Option<Arc<Live>> {
    let live = app.live();
    let is_same = live.setup.config.feeds.iter().any(|now| now == spec);
    (is_same && open_now(&live, spec, app.now()) == open).then_some(live)
}

/// The references that a feed speaks of as the open ones; none where its rows or its table name theirs.
fn open_now(live: &Live, spec: &FeedSpec, now: Timestamp) -> Vec<Reference> {
    match spec.mapping.reference {
        ReferenceRule::Open => open_references(live, spec, now),
        ReferenceRule::Fixed(_) | ReferenceRule::Column { .. } => Vec::new(),
    }
}

/// The pages of a run at an instant, and how to ask for them; else why that cannot be said.
fn asked(live: &Live, spec: &FeedSpec, now: Timestamp) -> Result<(Vec<PageRequest>, Rules), String> {
    let Source::Http { url, manners, .. } = &spec.source else {
        return Err("a fonte não tem endereço a consultar".to_owned());
    };
    let rules = Rules {
        hosts: manners.hosts.clone(),
        timeout: manners.timeout.unsigned_abs(),
        max_bytes: manners.max_bytes,
        authorities: manners.authorities.clone(),
    };
    let today = live.calendar.hours.zone.date_of(now);
    let ground = (&live.calendar, &live.setup.config.roster);
    let pages = pages(url, spec, ground, &open_references(live, spec, now), today);
    pages.map(|pages| (pages, rules)).map_err(|error| error.to_string())
}

/// What a load is read against, as far as it may change from one run to the next.
fn ground(live: &Live, spec: &FeedSpec, now: Timestamp) -> String {
    format!("{} {:?}", live.setup.config.fingerprint, open_references(live, spec, now))
}

/// The validators of the last load, if it is still the last believed and would be read the same now.
async fn still_known(
    app: &App,
    spec: &FeedSpec,
    remembered: &Remembered,
    ground: &str,
) -> Result<BTreeMap<String, Validators>, StoreError> {
    let known = remembered.lock().unwrap_or_else(PoisonError::into_inner).get(&spec.id).cloned();
    let Some(known) = known.filter(|known| known.ground == ground) else { return Ok(BTreeMap::new()) };
    let last = app.store.last_accepted(&spec.id).await?;
    let calendar = &app.live().calendar;
    let validity = calendar.systems.get(&spec.system).map_or(SignedDuration::ZERO, |s| s.status_validity);
    // Somebody may have withdrawn it, or loaded another by hand. And that an old one still stands keeps nothing fresh:
    // it is asked for whole.
    let stands = last
        .is_some_and(|last| last.id == known.snapshot && app.now().duration_since(last.taken_at) < validity);
    Ok(if stands { known.validators } else { BTreeMap::new() })
}

/// What all the pages of a run brought.
enum Whole {
    Unchanged,
    Fresh { load: Received, validators: BTreeMap<String, Validators> },
}

/// Fetches every page, or nothing: a run of which some pages are old is no snapshot.
async fn whole(
    fetcher: &Fetcher,
    spec: &FeedSpec,
    pages: &[PageRequest],
    rules: &Rules,
    known: &BTreeMap<String, Validators>,
) -> Result<Whole, FeedError> {
    let pause = pause_of(spec);
    let mut answers = Vec::with_capacity(pages.len());
    for (n, page) in pages.iter().enumerate() {
        if n > 0 {
            tokio::time::sleep(pause).await;
        }
        let validators = known.get(&page.url).cloned().unwrap_or_default();
        answers.push((page, fetcher.fetch(&page.url, &validators, rules).await?));
    }
    if answers.iter().all(|(_, f)| matches!(f, Fetched::NotModified)) {
        return Ok(Whole::Unchanged);
    }
    let (mut bodies, mut validators) = (Vec::new(), BTreeMap::new());
    for (page, answer) in answers {
        let reply = match answer {
            Fetched::Fresh(reply) => reply,
            Fetched::NotModified => again(fetcher, page, rules).await?,
        };
        validators.insert(page.url.clone(), reply.validators.clone());
        let body = Body { given: page.given.clone(), original: reply.original };
        let more = rest(fetcher, spec, page, &body, rules).await?;
        if !more.is_empty() {
            // The first page of several may stay the same while the others change.
            validators.remove(&page.url);
        }
        bodies.push(body);
        bodies.extend(more);
    }
    let name = pages.first().map(|page| page.url.clone()).unwrap_or_default();
    let name = if pages.len() > 1 { format!("{name} (e mais {})", pages.len() - 1) } else { name };
    Ok(Whole::Fresh { load: Received { name, bodies, missing: Vec::new(), since: None }, validators })
}

/// A page without conditions.
async fn again(fetcher: &Fetcher, page: &PageRequest, rules: &Rules) -> Result<Reply, FeedError> {
    match fetcher.fetch(&page.url, &Validators::default(), rules).await? {
        Fetched::Fresh(reply) => Ok(reply),
        Fetched::NotModified => {
            Err(FeedError::Transient { what: FetchProblem::Status(304), retry_after: None, source: None })
        }
    }
}

/// The further pages of an answer that came in part.
async fn rest(
    fetcher: &Fetcher,
    spec: &FeedSpec,
    page: &PageRequest,
    first: &Body,
    rules: &Rules,
) -> Result<Vec<Body>, FeedError> {
    let mut more: Vec<Body> = Vec::new();
    let Some(mut progress) = paging::Progress::of(&spec.format, &page.url, rules.max_bytes) else {
        return Ok(more);
    };
    let mut last = first.clone();
    while more.len() < paging::MOST {
        let bytes = last.original.len();
        let counted = PAGES.run(move || paging::count(&last)).await;
        let counted = counted.map_err(|uncontained| FeedError::Transient {
            what: FetchProblem::Unread,
            retry_after: None,
            source: Some(uncontained.into()),
        })?;
        // What is no such page is refused with the load.
        let Ok(counted) = counted else { break };
        let next = progress.take(&counted, bytes);
        let next = next.map_err(|what| FeedError::Permanent { what, source: None })?;
        let Some(next) = next else { break };
        tokio::time::sleep(pause_of(spec)).await;
        let reply = again(fetcher, &PageRequest { url: next, ..page.clone() }, rules).await?;
        last = Body { given: page.given.clone(), original: reply.original };
        more.push(last.clone());
    }
    Ok(more)
}

fn pause_of(spec: &FeedSpec) -> Duration {
    match &spec.source {
        Source::Http { manners, .. } => manners.pause.unsigned_abs(),
        Source::Folder | Source::Manual => Duration::ZERO,
    }
}

/// What a run would bring now, of at most so many pages where it goes through municipalities or units; then also how
/// many there are. Nothing is kept.
pub async fn sample(
    fetcher: &Fetcher,
    live: &Live,
    spec: &FeedSpec,
    most: usize,
    now: Timestamp,
) -> Result<(Received, Option<usize>), String> {
    let (mut pages, rules) = asked(live, spec, now)?;
    let Source::Http { url, .. } = &spec.source else { return Err("a fonte não tem endereço".to_owned()) };
    let crawls = url::fields(url).is_ok_and(url::Fields::is_crawl);
    let of = crawls.then_some(pages.len());
    if crawls {
        pages.truncate(most);
    }
    if pages.is_empty() {
        return Err("o endereço pede {referencia}, e nenhuma janela do sistema está aberta".to_owned());
    }
    match whole(fetcher, spec, &pages, &rules, &BTreeMap::new()).await {
        Ok(Whole::Fresh { load, .. }) => Ok((load, of)),
        Ok(Whole::Unchanged) => Err("o servidor respondeu 304".to_owned()),
        Err(error) => Err(chain(&error)),
    }
}

/// The references of the system's open windows.
fn open_references(live: &Live, spec: &FeedSpec, now: Timestamp) -> Vec<Reference> {
    let zone = &live.calendar.hours.zone;
    let mut references: Vec<Reference> = known::windows(&live.calendar, now)
        .iter()
        .filter(|w| w.system == spec.system && zone.start_of(w.opens_on) <= now)
        .filter(|w| w.latest_deadline().is_none_or(|d| d.instant(zone) > now))
        .map(|w| w.reference)
        .collect();
    references.sort();
    references.dedup();
    references
}
