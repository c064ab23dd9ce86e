//! The page of the day, put together from the ledger: the summary now and as it was known a sending day before, the feeds,
//! and what needs a person.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::ailment::Ailment;
use super::health::{self, FeedFacts};
use super::known::Known;
use super::live::Live;
use super::overview::{AsOf, Overview};
use crate::domain::calendar::Calendar;
use crate::domain::overrides::BatchId;
use crate::domain::refusal::Refusal;
use crate::domain::time::hours_after;
use crate::intake::FindingLine;
use crate::plan::Plan;
use crate::plan::account::{View, summarise};
use crate::plan::calls::{CallEntry, calls};
use crate::plan::day::{self, DayPage, DayQueue, DayTask, FeedAge, HeldGroup};
use crate::plan::forecast::Quota;
use crate::plan::history::Recall;
use crate::plan::post::Post;
use crate::plan::summary::{CallPurpose, WindowSummary};
use crate::render::portuguese as pt;
use crate::store::{Store, StoreError};

/// Findings in the news are asked about for so long.
const NEWS_HOURS: i64 = 24 * 30;

/// The page at `now`. `amiss` is what is amiss with the service, as the caller knows it.
pub async fn gather(
    live: Arc<Live>,
    store: Option<&Store>,
    amiss: &[Ailment],
    now: Timestamp,
) -> Result<(Overview, DayPage), StoreError> {
    let overview = Overview::load(live.clone(), store, None, AsOf::Now(now)).await?;
    let page = of(&overview, store, amiss).await?;
    Ok((overview, page))
}

/// The same of what is loaded already. The page of an earlier instant says what was known then, and not how the service was.
pub async fn of(
    overview: &Overview,
    store: Option<&Store>,
    amiss: &[Ailment],
) -> Result<DayPage, StoreError> {
    let before = before(overview, store).await?;
    beside(overview, &before, store, amiss).await
}

/// The same beside where the windows stood before, which is the same all day.
pub async fn beside(
    overview: &Overview,
    before: &[WindowSummary],
    store: Option<&Store>,
    amiss: &[Ailment],
) -> Result<DayPage, StoreError> {
    let live = &overview.known.live;
    let (hours, now) = (&live.calendar.hours, overview.as_of.at());
    let mut tasks: Vec<DayTask> =
        amiss.iter().map(|one| DayTask { what: one.line(&hours.zone), command: one.command() }).collect();
    let mut feeds = Vec::new();
    if let Some(store) = store {
        let facts = health::feeds(store, live, overview.as_of).await?;
        // Whoever asked what is amiss was told of these.
        let is_told = |facts: &FeedFacts| {
            amiss
                .iter()
                .any(|one| matches!(one, Ailment::FeedQuarantined { feed, .. } if *feed == facts.feed))
        };
        tasks.extend(facts.iter().filter(|facts| !is_told(facts)).filter_map(of_feed));
        feeds = facts.into_iter().map(|facts| age(facts, now)).collect();
        tasks.extend(by_hand(store, overview.as_of).await?);
        if let AsOf::Now(now) = overview.as_of {
            tasks.extend(uncertain(store, now).await?);
        }
    }
    tasks.extend(to_call(&overview.windows, &live.calendar));
    let world = overview.known.world();
    let view = View { world: &world, plan: &overview.plan, post: &overview.post, now };
    let mut page = day::page(view, &overview.windows, before, looks_back_to(overview), tasks, feeds);
    if amiss.iter().any(Ailment::keeps_from_deciding) {
        (page.is_frozen, page.decisions, page.next_wake) = (true, Vec::new(), None);
    }
    // What is amiss comes first: it may be why these are held.
    let at = amiss.len().min(page.tasks.len());
    page.tasks.splice(at..at, to_decide(&page.held));
    let relay = live.setup.config.settings.relay.as_ref();
    if let (Some(store), Some(relay), AsOf::Now(_), false) = (store, relay, overview.as_of, page.rehearsal) {
        let quota = Quota { per_minute: relay.per_minute, per_day: relay.per_day };
        page.queue = DayQueue::of(store.waiting(now).await?, quota, now, hours);
    }
    Ok(page)
}

/// The instant that a page looks back to.
pub fn looks_back_to(overview: &Overview) -> Timestamp {
    day::looks_back_to(&overview.calendar().hours, overview.as_of.at())
}

/// Where the same windows stood then: only the states count, so that neither letters nor a plan are asked for.
pub async fn before(overview: &Overview, store: Option<&Store>) -> Result<Vec<WindowSummary>, StoreError> {
    let (Some(store), since) = (store, looks_back_to(overview)) else { return Ok(Vec::new()) };
    let windows = overview.windows.iter().map(|summary| summary.window.clone()).collect();
    let live = overview.known.live.clone();
    let known = Known::filled_in(live, store, &windows, (since, true)).await?;
    let (world, plan, post) = (known.world(), Plan::default(), Post::default());
    let view = View { world: &world, plan: &plan, post: &post, now: since };
    Ok(overview.windows.iter().filter_map(|summary| summarise(view, &summary.window)).collect())
}

/// How old what a feed says is.
fn age(facts: FeedFacts, now: Timestamp) -> FeedAge {
    FeedAge {
        is_stale: facts.stale_at.is_some_and(|at| at <= now),
        feed: facts.feed,
        confirmed_at: facts.fetched_at,
        quarantine: facts.doubted,
        failure: facts.failure.as_deref().map(pt::line),
        unheard: facts.unheard,
    }
}

fn of_feed(facts: &FeedFacts) -> Option<DayTask> {
    let (_, why) = facts.doubted.as_ref()?;
    let id = &facts.feed;
    Some(DayTask {
        what: format!("a última coleta da fonte {id} está em quarentena: {}", why.trim_end_matches('.')),
        command: Some(format!("vigia-suas fontes {id}")),
    })
}

/// What is held asks for a person; its own list says how each is let go.
fn to_decide(held: &[HeldGroup]) -> Option<DayTask> {
    let letters: usize = held.iter().map(|group| group.municipalities.len().max(1)).sum();
    let waits = if letters == 1 { "espera" } else { "esperam" };
    let what = pt::counted(letters, "carta retida", "cartas retidas");
    (letters > 0).then(|| DayTask {
        what: format!("{what} {waits} por alguém: veja “Retido”, nesta página"),
        command: None,
    })
}

/// What only a person ends: addresses that are said not to exist, findings that nobody saw.
async fn by_hand(store: &Store, as_of: AsOf) -> Result<Vec<DayTask>, StoreError> {
    let mut tasks = Vec::new();
    let mut flagged = store.resting().await?;
    flagged.retain(|contact| as_of.knows(contact.since));
    let flagged = flagged.iter().filter(|contact| contact.refusal == Refusal::Address).count();
    if flagged > 0 {
        tasks.push(DayTask {
            what: pt::counted(flagged, "endereço recusou carta", "endereços recusaram carta"),
            command: Some("vigia-suas contato".to_owned()),
        });
    }
    let mut found = store.findings(hours_after(as_of.at(), -NEWS_HOURS)).await?;
    found.retain(|line| as_of.knows(line.found_at));
    let seen = |line: &FindingLine| line.seen.as_ref().is_some_and(|by| as_of.knows(by.at));
    let unseen = found.iter().filter(|line| !seen(line) && !line.quiet).count();
    if unseen > 0 {
        tasks.push(DayTask {
            what: pt::counted(unseen, "notícia do MDS ainda não vista", "notícias do MDS ainda não vistas"),
            command: Some("vigia-suas noticias".to_owned()),
        });
    }
    Ok(tasks)
}

/// Letters that may have been taken and are not repeated until somebody looks and says so, by batch.
async fn uncertain(store: &Store, now: Timestamp) -> Result<Vec<DayTask>, StoreError> {
    let mut batches: BTreeMap<BatchId, usize> = BTreeMap::new();
    for batch in store.held_uncertain(now).await?.into_iter().filter_map(|held| held.batch) {
        *batches.entry(batch).or_default() += 1;
    }
    let task = |(batch, letters): (BatchId, usize)| DayTask {
        what: format!(
            "{} do lote {batch}: veja no servidor de saída, pelo Message-ID, e mande de novo só o que não saiu",
            pt::counted(letters, "entrega que pode ter saído espera", "entregas que podem ter saído esperam")
        ),
        command: Some(format!("vigia-suas liberar --lote {batch}")),
    };
    Ok(batches.into_iter().map(task).collect())
}

/// Whom to telephone: who owes, of whom nobody knows though a letter waits for that, and where an address takes none. As
/// the call list of all windows has it, which asks for an address once.
fn to_call(windows: &[WindowSummary], calendar: &Calendar) -> Vec<DayTask> {
    let entries = calls(windows, calendar, &Recall::default());
    windows.iter().flat_map(|summary| of_window(summary, &entries)).collect()
}

fn of_window(summary: &WindowSummary, entries: &[CallEntry<'_>]) -> Vec<DayTask> {
    let number = |purpose| {
        let of =
            |entry: &&CallEntry<'_>| entry.window.window == summary.window && entry.call.purpose() == purpose;
        entries.iter().filter(of).count()
    };
    let [owing, unknown, unreached] = CallPurpose::ALL.map(number);
    let task = |what: String| DayTask {
        what: format!("{what} em {} ({})", pt::line(&summary.system), summary.window),
        command: Some(format!("vigia-suas ligacoes --janela {}", summary.window)),
    };
    let counted = |number: usize| pt::counted(number, "município", "municípios");
    let filled = if unknown == 1 { "já preencheu" } else { "já preencheram" };
    let tasks = [
        (owing, format!("telefonar a quem tem pendência: {}", counted(owing))),
        (unknown, format!("confirmar se {} {filled}", counted(unknown))),
        (unreached, format!("pedir um endereço que receba cartas a {}", counted(unreached))),
    ];
    tasks.into_iter().filter(|(number, _)| *number > 0).map(|(_, what)| task(what)).collect()
}
