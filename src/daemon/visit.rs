//! What registers and news share: when an address is due, and fetching it without keeping a stop waiting.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use tracing::{debug, warn};

use super::app::App;
use crate::domain::feed::{Manners, Source};
use crate::domain::id::FeedId;
use crate::domain::state::state_of;
use crate::feed::error::{FeedError, FetchProblem};
use crate::feed::http::{Fetched, Reply, Rules, Validators};
use crate::feed::schedule::Schedule;
use crate::feed::url::{self, TemplateError, Values};
use crate::store::StoreError;
use crate::telemetry::chain;
use crate::world::live::Live;

/// A source that failed is tried again so soon, or at its hour, whichever comes first.
const AGAIN: SignedDuration = SignedDuration::from_mins(30);
/// One whose content could not be contained rests so long.
const REST: SignedDuration = SignedDuration::from_hours(24);

/// What became of one address.
pub(super) enum Visit {
    /// Its hour has not come, or the service was told to stop.
    NotNow,
    /// Nothing new since the last time.
    Same,
    /// A whole answer of each of its addresses.
    Fresh(Vec<Reply>),
    /// No answer; why, for operators.
    Failed(String),
}

/// What a loop over sources remembers between its rounds.
#[derive(Default)]
pub(super) struct Visits {
    /// When each is due, by its hours as they were written then: a reload may change them.
    due: BTreeMap<FeedId, (String, Timestamp)>,
    validators: BTreeMap<String, Validators>,
}

impl Visits {
    /// Fetches a source if it is due. `last` is when it could last be read: a restart is no reason to ask again. What
    /// came is noted before it is given to be read, so that it is not asked for again at each start if it ends the
    /// process; the next hour of the source ends that.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn visit(
        &mut self,
        app: &App,
        live: &Live,
        id: &FeedId,
        source: &Source,
        last: Option<Timestamp>,
    ) -> Result<Visit, StoreError> {
        let Source::Http { url: template, schedule, manners } = source else { return Ok(Visit::NotNow) };
        let last = last.max(app.store.visited_at(id).await?);
        let now = app.now();
        let zone = &live.calendar.hours.zone;
        let hours = Schedule::parse(schedule).ok();
        let after = |from: Timestamp| hours.as_ref().and_then(|hours| hours.next_after(from, zone));
        let known = self.due.get(id).filter(|(written, _)| written == schedule).map(|(_, due)| *due);
        let due = known.or_else(|| last.filter(|last| *last <= now).and_then(after)).unwrap_or(now);
        if now < due || app.stop.is_cancelled() {
            self.due.insert(id.clone(), (schedule.clone(), due));
            return Ok(Visit::NotNow);
        }
        let next = after(now).unwrap_or(Timestamp::MAX);
        self.due.insert(id.clone(), (schedule.clone(), next));
        let addresses = match addresses(template, live) {
            Ok(addresses) => addresses,
            Err(failure) => return Ok(Visit::Failed(failure.to_string())),
        };
        // Nothing is half done by a fetch that is dropped.
        let fetched = tokio::select! {
            () = app.stop.cancelled() => return Ok(Visit::NotNow),
            fetched = self.fetch(app, &addresses, manners) => fetched,
        };
        Ok(match fetched {
            Ok(None) => {
                debug!(feed.id = %id, "a fonte não mudou");
                Visit::Same
            }
            Ok(Some(replies)) => {
                app.store.note_visit(id, now).await?;
                Visit::Fresh(replies)
            }
            Err(failure) => {
                warn!(feed.id = %id, error = %chain(&failure), "a fonte não pôde ser buscada");
                self.try_again(id, schedule, now, next);
                Visit::Failed(failure.to_string())
            }
        })
    }

    /// What each address answers; nothing when none has changed.
    async fn fetch(
        &self,
        app: &App,
        addresses: &[String],
        manners: &Manners,
    ) -> Result<Option<Vec<Reply>>, FeedError> {
        let rules = rules(manners);
        let mut fetched = Vec::with_capacity(addresses.len());
        for (n, address) in addresses.iter().enumerate() {
            if n > 0 {
                tokio::time::sleep(manners.pause.unsigned_abs()).await;
            }
            let validators = self.validators.get(address).cloned().unwrap_or_default();
            fetched.push(app.fetcher.fetch(address, &validators, &rules).await?);
        }
        if fetched.iter().all(|fetched| matches!(fetched, Fetched::NotModified)) {
            return Ok(None);
        }
        let mut replies = Vec::with_capacity(addresses.len());
        for (address, fetched) in addresses.iter().zip(fetched) {
            let fetched = match fetched {
                // All are read together, also those that stayed as they were.
                Fetched::NotModified => app.fetcher.fetch(address, &Validators::default(), &rules).await?,
                fresh @ Fetched::Fresh(_) => fresh,
            };
            match fetched {
                Fetched::Fresh(reply) => replies.push(reply),
                Fetched::NotModified => {
                    return Err(FeedError::Transient {
                        what: FetchProblem::Status(304),
                        retry_after: None,
                        source: None,
                    });
                }
            }
        }
        Ok(Some(replies))
    }

    /// When the next of those that were asked about is due.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.due.values().map(|(_, due)| *due).min()
    }

    /// What came could not be contained: it is not asked for before the next day, whatever its hours.
    pub(super) fn rest(&mut self, id: &FeedId, now: Timestamp) {
        if let Some((_, due)) = self.due.get_mut(id) {
            *due = (*due).max(now.saturating_add(REST).unwrap_or(Timestamp::MAX));
        }
    }

    fn try_again(&mut self, id: &FeedId, schedule: &str, now: Timestamp, next: Timestamp) {
        let soon = now.saturating_add(AGAIN).unwrap_or(Timestamp::MAX);
        self.due.insert(id.clone(), (schedule.to_owned(), next.min(soon)));
    }

    /// What was fetched was read whole: the next requests may be conditional.
    pub(super) fn keep(&mut self, live: &Live, source: &Source, replies: &[Reply]) {
        if let Source::Http { url: template, .. } = source
            && let Ok(addresses) = addresses(template, live)
        {
            let kept = replies.iter().map(|reply| reply.validators.clone());
            self.validators.extend(addresses.into_iter().zip(kept));
        }
    }
}

/// The addresses of a source: one for each state that has a municipality of the roster, where it asks for the state.
fn addresses(template: &str, live: &Live) -> Result<Vec<String>, TemplateError> {
    let of = |state| url::expand(template, &Values { state, ..Values::default() });
    let codes = live.setup.config.roster.municipalities.keys();
    let states: BTreeSet<&str> = codes.filter_map(|code| state_of(*code)).collect();
    if states.is_empty() || !url::fields(template)?.state {
        return Ok(vec![of(None)?]);
    }
    states.into_iter().map(|state| of(Some(state))).collect()
}

fn rules(manners: &Manners) -> Rules {
    Rules {
        hosts: manners.hosts.clone(),
        timeout: manners.timeout.unsigned_abs(),
        max_bytes: manners.max_bytes,
        authorities: manners.authorities.clone(),
    }
}
