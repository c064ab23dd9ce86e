//! Decide and record: one pass over everything known.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;
use tracing::{debug, info};

use super::app::App;
use super::{clock_watch, succession};
use crate::domain::calendar::Calendar;
use crate::domain::notice::{Kind, NoticeKey, Slot};
use crate::domain::status::{Freshness, StatusBook, StatusEntry};
use crate::plan::{Act, Decision, Plan};
use crate::store::{Generation, NewDecision, Recorded, StoreError};
use crate::world::compose::{self, Threads};
use crate::world::known::Known;

/// What a pass came to.
#[derive(Debug, Default)]
pub struct Pass {
    /// Letters recorded, to leave.
    pub recorded: usize,
    /// Notices newly withheld.
    pub withheld: usize,
    /// Notices withdrawn, superseded or expired.
    pub closed: usize,
    /// Everything withheld now.
    pub held: usize,
    /// Letters that could not be written; each was logged.
    pub unwritten: usize,
    /// When the answer may change by itself.
    pub next_wake: Option<Timestamp>,
    /// The ledger's state in which nothing was left to do; absent: more may be.
    pub stands_on: Option<Generation>,
}

/// What a letter follows from goes out in the round after; more rounds than this find nothing new.
const MOST_ROUNDS: usize = 8;
/// Decisions recorded in one transaction. Those of one pass do not depend on each other: what a crash leaves out, the
/// next pass decides again. It bounds what letters take in memory.
const BATCH: usize = 250;

/// Decides and records until nothing is left to do, at one `now`. Notes the pass even when it found nothing, but not where
/// the one before found the same: the heartbeat notes that. While the
/// clock or the ledger may not be believed it decides nothing.
///
/// # Errors
/// [`StoreError`]; then the pass recorded nothing more.
pub async fn reconcile_once(app: &App, now: Timestamp) -> Result<Pass, StoreError> {
    let _one_at_a_time = app.deciding.lock().await;
    let mut pass = Pass::default();
    if !clock_watch::is_steady(app).await? || !succession::stands(app).await? {
        return Ok(pass);
    }
    let mut repeats = false;
    for round in 0..MOST_ROUNDS {
        let generation = app.store.generation().await?;
        let (known, plan) = Known::decide(app.live(), &app.store, BTreeSet::new(), now).await?;
        pass.next_wake = plan.next_wake;
        pass.held = plan.held.len();
        if plan.actions.is_empty() {
            known.keep_frontier(&app.store, now).await?;
            repeats = app.repeats((generation, known.entry()), plan.next_wake, now) && round == 0;
        }
        if plan.actions.is_empty() || !record(app, known, plan, now, &mut pass).await? {
            pass.stands_on = Some(generation);
            break;
        }
    }
    if !repeats {
        app.store.record_pass(now, Vec::new()).await?;
    }
    if pass.recorded > 0 {
        app.mail.notify_one();
    }
    Ok(pass)
}

/// Writes the letters of a plan and records it, so many decisions at a time: one batch is written while the one before
/// goes to the disk. Answers whether anything was recorded.
async fn record(
    app: &App,
    known: Known,
    plan: Plan,
    now: Timestamp,
    pass: &mut Pass,
) -> Result<bool, StoreError> {
    let live = known.live.clone();
    let actions = plan.actions.into_iter().map(|decision| {
        let evidence = evidence(&known.status, &decision, &live.calendar);
        (decision, evidence)
    });
    let mut actions: VecDeque<_> = actions.collect();
    drop(known);
    let mut threads = Threads::default();
    let mut written: Vec<NewDecision> = Vec::new();
    let mut recorded = false;
    let mut tally = Tally::default();
    while !actions.is_empty() || !written.is_empty() {
        let batch: Vec<_> = actions.drain(..BATCH.min(actions.len())).collect();
        let asked = batch.len();
        let ready = std::mem::take(&mut written);
        let (next, kept) = tokio::join!(
            compose::write_all(&live, &app.store, &mut threads, batch, now),
            keep(app, now, ready)
        );
        for line in kept? {
            count(pass, line.act);
            tally.note(line);
            recorded = true;
        }
        written = next?;
        pass.unwritten += asked - written.len();
    }
    tally.log();
    Ok(recorded)
}

/// Records some decisions. Answers with a line for each that was: what the ledger knows already, or what waits for a letter
/// on the wire, was not.
async fn keep(app: &App, now: Timestamp, changes: Vec<NewDecision>) -> Result<Vec<TallyLine>, StoreError> {
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    let lines: Vec<TallyLine> = changes.iter().map(|change| TallyLine::of(&change.decision)).collect();
    let recorded = app.store.record_pass(now, changes).await?;
    let is_new = |recorded| matches!(recorded, Recorded::New | Recorded::Resumed);
    Ok(lines.into_iter().zip(recorded).filter(|(_, one)| is_new(*one)).map(|(line, _)| line).collect())
}

/// What the feeds said of the parts that a rung's decision speaks of, and how fresh that is, from the very book that it was
/// made on. For a decision that names no part (a warning taken back, say) all that is known of the municipality in the
/// window.
pub fn evidence(
    status: &StatusBook,
    decision: &Decision,
    calendar: &Calendar,
) -> Vec<(StatusEntry, Freshness)> {
    let NoticeKey::Municipal { window, slot: Slot::Rung { .. }, municipality } = decision.key() else {
        return Vec::new();
    };
    let parts = decision.parts();
    let speaks_of =
        |entry: &&StatusEntry| parts.is_empty() || parts.iter().any(|named| named.part == entry.part);
    let (known, validity) = (status.window(window), calendar.status_validity(window));
    let entries = known.of(*municipality).iter().filter(speaks_of);
    entries.map(|entry| (entry.clone(), known.freshness(entry, validity))).collect()
}

fn count(pass: &mut Pass, act: Act) {
    match act {
        Act::Send => pass.recorded += 1,
        Act::Withhold => pass.withheld += 1,
        Act::Withdraw | Act::Supersede | Act::Expire => pass.closed += 1,
        Act::Publish => {}
    }
}

/// Of which sort a decision is.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct TallyLine {
    window: String,
    act: Act,
    kind: &'static str,
    cause: &'static str,
}

impl TallyLine {
    /// Tells of the decision, too, when asked for detail.
    fn of(decision: &Decision) -> Self {
        let (act, cause) = (decision.act(), decision.because().cause().as_str());
        debug!(notice.key = %decision.key(), notice.act = act.as_str(), notice.cause = cause, "decisão");
        Self {
            window: decision.window().map(ToString::to_string).unwrap_or_default(),
            act,
            kind: decision.kind().map_or("relatorio", Kind::as_str),
            cause,
        }
    }
}

/// Decisions of one pass, by their sort.
#[derive(Default)]
struct Tally(BTreeMap<TallyLine, usize>);

impl Tally {
    fn note(&mut self, line: TallyLine) {
        *self.0.entry(line).or_default() += 1;
    }

    /// One line for each sort.
    fn log(self) {
        for (TallyLine { window, act, kind, cause }, notices) in self.0 {
            info!(
                window.id = window,
                notice.act = act.as_str(),
                notice.kind = kind,
                notice.cause = cause,
                notices,
                "decisões registradas"
            );
        }
    }
}
