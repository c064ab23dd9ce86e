//! A year in memory: the real decision in virtual time, every delivery accepted at once. Pure.
//!
//! `simular` and the tests of the plan stand on it.

use std::collections::BTreeSet;
use std::num::NonZeroU16;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use super::frontier::{self, Frontier};
use super::ledger::{Ledger, NoticeRecord, Rest, StaffRecord, Standing};
use super::memo::Memo;
use crate::domain::calendar::{Calendar, Window};
use crate::domain::id::{FeedId, IdError, SnapshotId, WindowId};
use crate::domain::notice::NoticeKey;
use crate::domain::overrides::Overrides;
use crate::domain::roster::Roster;
use crate::domain::status::{Belief, Load, Observation, StatusBook};
use crate::plan::{self, Answer, Decision, Plan, World};

/// One line of a status file: something that becomes known at an instant and stands until the next for its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusChange {
    pub at: Timestamp,
    pub observation: Observation,
}

/// A scratch ledger, the world around it, and the passes made over them.
#[derive(Debug, Clone)]
pub struct Replay<'a> {
    calendar: &'a Calendar,
    windows: Vec<Window>,
    roster: &'a Roster,
    /// The roster that was in force on `inicio`, where another is now; absent in a rehearsal, which has but one.
    pub roster_at_start: Option<&'a Roster>,
    /// What people decided; empty in a rehearsal.
    pub overrides: Overrides,
    pub status: StatusBook,
    pub ledger: Ledger,
    load: Load,
}

/// A pass that keeps finding more to do is cut short here: each round can only follow from letters of the one before.
const MOST_ROUNDS: usize = 8;

impl<'a> Replay<'a> {
    /// An empty ledger in a world whose windows are those that open up to `until`.
    ///
    /// # Errors
    /// None in practice: the two names it parses are constants.
    pub fn new(calendar: &'a Calendar, roster: &'a Roster, until: Timestamp) -> Result<Self, IdError> {
        Ok(Self {
            calendar,
            windows: calendar.windows(calendar.hours.zone.date_of(until)),
            roster,
            roster_at_start: None,
            overrides: Overrides::default(),
            status: StatusBook::default(),
            ledger: Ledger::default(),
            load: Load {
                feed: FeedId::parse("situacoes")?,
                snapshot: SnapshotId::parse("situacoes")?,
                arrival: 0,
                taken_at: Timestamp::MIN,
                after: None,
            },
        })
    }

    /// The same from here on under another configuration.
    pub fn under<'b>(self, calendar: &'b Calendar, roster: &'b Roster, until: Timestamp) -> Replay<'b>
    where
        'a: 'b,
    {
        let windows = calendar.windows(calendar.hours.zone.date_of(until));
        let begun = |day| self.ledger.last_pass_at.is_some_and(|at| at >= calendar.hours.zone.end_of(day));
        let has_begun = calendar.starts_on.is_some_and(begun);
        let roster_at_start = has_begun.then(|| self.roster_at_start.unwrap_or(self.roster));
        let Self { overrides, status, ledger, load, .. } = self;
        Replay { calendar, windows, roster, roster_at_start, overrides, status, ledger, load }
    }

    /// The windows of this world, by id.
    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// The world as it stands.
    pub fn world(&self) -> World<'_> {
        World {
            calendar: self.calendar,
            windows: &self.windows,
            roster: self.roster,
            roster_at_start: self.roster_at_start,
            status: &self.status,
            status_then: None,
            overrides: &self.overrides,
            ledger: &self.ledger,
        }
    }

    /// Takes in one line of the status file.
    pub fn learn(&mut self, change: &StatusChange) {
        self.load.arrival += 1;
        self.load.taken_at = change.at;
        self.status.absorb(&change.observation, &self.load, Belief::Literal);
    }

    /// Decides as things stand, without doing it.
    pub fn plan(&self, now: Timestamp) -> Plan {
        plan::plan(&self.world(), now)
    }

    /// One pass: decides, does it, and decides again until nothing is left to do. Returns the next wake.
    pub fn pass(&mut self, now: Timestamp, mut tell: impl FnMut(&Decision)) -> Option<Timestamp> {
        let (decisions, next_wake) = self.pass_within(&mut Sight::of_all(self), now);
        decisions.iter().for_each(&mut tell);
        next_wake
    }

    fn pass_within(&mut self, sight: &mut Sight, now: Timestamp) -> (Vec<Decision>, Option<Timestamp>) {
        let (mut decisions, mut next_wake) = (Vec::new(), None);
        for _ in 0..MOST_ROUNDS {
            let (actions, wake) = self.plan_within(sight, now);
            next_wake = wake;
            if actions.is_empty() {
                sight.judge(self, now);
                break;
            }
            for decision in &actions {
                accept(&mut self.ledger, decision, now);
                sight.accepted(decision);
            }
            if decisions.is_empty() {
                decisions = actions;
            } else {
                decisions.extend(actions);
            }
        }
        self.ledger.passed(now);
        (decisions, next_wake)
    }

    /// As a pass of the daemon decides (`frontier`): over what is open, and over all that is counted with it where the plan
    /// counts.
    fn plan_within(&self, sight: &mut Sight, now: Timestamp) -> (Vec<Decision>, Option<Timestamp>) {
        let Answer { actions, next_wake, counted_from, .. } =
            plan::answer(&World { windows: &sight.windows, ..self.world() }, now, &mut sight.memo);
        let zone = &self.calendar.hours.zone;
        if counted_from
            .is_none_or(|day| frontier::due_since(&self.windows, day, zone).all(|id| sight.sees(id)))
        {
            return (actions, next_wake);
        }
        let Answer { actions, next_wake, .. } = plan::answer(&self.world(), now, &mut sight.memo);
        (actions, next_wake)
    }

    /// Runs from one instant to another, waking only when something may change. `changes` must be in order of time.
    pub fn run(
        &mut self,
        from: Timestamp,
        until: Timestamp,
        changes: &[StatusChange],
        mut tell: impl FnMut(Timestamp, &Decision),
    ) {
        self.run_with(from, until, changes, |_, at, decisions| {
            for decision in decisions {
                tell(at, decision);
            }
        });
    }

    /// The same, showing the world after each pass that decided something.
    pub fn run_with(
        &mut self,
        from: Timestamp,
        until: Timestamp,
        changes: &[StatusChange],
        mut show: impl FnMut(&Self, Timestamp, &[Decision]),
    ) {
        let mut rest = changes;
        let mut now = from;
        let mut sight = Sight::of_all(self);
        loop {
            while let [next, later @ ..] = rest
                && next.at <= now
            {
                self.learn(next);
                sight.learned_of(&self.windows, &next.observation);
                rest = later;
            }
            let (decisions, wake) = self.pass_within(&mut sight, now);
            if !decisions.is_empty() {
                show(self, now, &decisions);
            }
            let next = [wake, rest.first().map(|c| c.at)].into_iter().flatten().min();
            match next {
                Some(next) if next <= until => now = next,
                Some(_) | None => return,
            }
        }
    }
}

/// The windows that a run still looks at: what is over is left out, as in a pass of the daemon, so that a day costs the same
/// at the year's end.
struct Sight {
    /// By id.
    windows: Vec<Window>,
    /// The civil day on which that was last judged.
    judged_on: Option<Date>,
    /// What was decided, as far as it stands.
    memo: Memo,
    /// Windows that wait for another one: which, and for which.
    waiting: Vec<(WindowId, WindowId)>,
}

impl Sight {
    fn of_all(replay: &Replay<'_>) -> Self {
        let waits = |window: &Window| Some((window.id.clone(), window.depends_on.clone()?));
        Self {
            windows: replay.windows.clone(),
            judged_on: None,
            memo: Memo::default(),
            waiting: replay.windows.iter().filter_map(waits).collect(),
        }
    }

    fn sees(&self, id: &WindowId) -> bool {
        self.place(id).is_ok()
    }

    fn place(&self, id: &WindowId) -> Result<usize, usize> {
        self.windows.binary_search_by(|window| window.id.cmp(id))
    }

    /// Brings back a window that something is told of, and those that it waits for.
    fn learned_of(&mut self, all: &[Window], said: &Observation) {
        for window in self.concerned(&said.window) {
            self.memo.told(&window, said.municipality);
        }
        let mut told = Some(&said.window);
        while let Some(id) = told.take()
            && let Err(place) = self.place(id)
            && let Some(window) = all.iter().find(|window| window.id == *id)
        {
            self.windows.insert(place, window.clone());
            told = window.depends_on.as_ref();
        }
    }

    /// Notes that a decision was taken into the ledger.
    fn accepted(&mut self, decision: &Decision) {
        match decision.key() {
            // Which edition rules in a window depends on what was told, and what waits for it depends on that.
            NoticeKey::Municipal { window, municipality, .. } => {
                for window in self.concerned(window) {
                    self.memo.told(&window, *municipality);
                }
            }
            NoticeKey::Staff { window, .. } if matches!(decision, Decision::Publish(_)) => {
                for window in self.concerned(window) {
                    self.memo.changed(&window);
                }
            }
            NoticeKey::Staff { .. } | NoticeKey::Service { .. } => {}
        }
    }

    /// A window and those that wait for it, however far.
    fn concerned(&self, window: &WindowId) -> Vec<WindowId> {
        let mut concerned = vec![window.clone()];
        let mut place = 0;
        while let Some(id) = concerned.get(place) {
            let next = self.waiting.iter().filter(|(waits, on)| on == id && !concerned.contains(waits));
            let next: Vec<WindowId> = next.map(|(waits, _)| waits.clone()).collect();
            concerned.extend(next);
            place += 1;
        }
        concerned
    }

    /// Once a day, after a pass that found nothing more to do.
    fn judge(&mut self, replay: &Replay<'_>, now: Timestamp) {
        let zone = &replay.calendar.hours.zone;
        let today = zone.date_of(now);
        if self.judged_on.replace(today) == Some(today) {
            return;
        }
        let judged = Frontier::after(&World { windows: &self.windows, ..replay.world() }, now);
        let ahead = judged.ahead(&self.windows, &BTreeSet::new(), zone);
        self.windows.retain(|window| ahead.contains(&window.id));
        self.memo.retain(|id| ahead.contains(id));
    }
}

/// Takes a decision into a ledger as a rehearsal does: what is sent is accepted at once.
pub fn accept(ledger: &mut Ledger, decision: &Decision, now: Timestamp) {
    match decision.key() {
        NoticeKey::Municipal { window, municipality, .. } => {
            // What somebody took stays so, whatever becomes of its other addresses.
            let left =
                ledger.notice(decision.key()).and_then(|known| Some((known, known.standing.sent_at()?)));
            let record = match left {
                Some((known, at)) => {
                    let rest = match decision {
                        Decision::Withhold(withheld) => Rest::Held(withheld.because.cause()),
                        Decision::Send(_) | Decision::Close(_) | Decision::Publish(_) => Rest::Nothing,
                    };
                    Some(NoticeRecord { standing: Standing::Sent { at, rest }, ..known.clone() })
                }
                None => decision.record(now),
            };
            if let Some(record) = record {
                ledger.put(window, *municipality, record);
            }
        }
        key @ (NoticeKey::Staff { .. } | NoticeKey::Service { .. }) => {
            if let Decision::Publish(report) = decision {
                let closing = report.closing.clone();
                ledger.close(report.window(), report.edition(), now, move || Arc::unwrap_or_clone(closing));
            }
            if let Some(record) = staff_record(ledger.staff(key).copied(), decision, now) {
                ledger.put_staff(key.clone(), record);
            }
        }
    }
}

/// What a ledger has of a notice to staff after a decision; nothing where none was ever recorded of it.
fn staff_record(known: Option<StaffRecord>, decision: &Decision, now: Timestamp) -> Option<StaffRecord> {
    let taken_at = known.and_then(|known| known.standing.sent_at());
    let rest = |at, rest| Standing::Sent { at, rest };
    match (decision, known, taken_at) {
        // What was stopped of a letter that somebody took goes on.
        (Decision::Send(sending), Some(known), Some(at)) if known.version == sending.version => {
            Some(StaffRecord { standing: rest(at, Rest::Nothing), ..known })
        }
        (Decision::Send(_) | Decision::Publish(_), ..) => Some(StaffRecord {
            version: decision.version().unwrap_or(NonZeroU16::MIN),
            due_at: decision.due_at(),
            ..StaffRecord::taken(now)
        }),
        (Decision::Withhold(withheld), Some(known), Some(at)) => {
            let standing = rest(at, Rest::Held(withheld.because.cause()));
            Some(StaffRecord { standing, ..known })
        }
        (Decision::Withhold(withheld), Some(known), None) => {
            let standing = Standing::Withheld(withheld.because.cause());
            Some(StaffRecord { recorded_at: now, standing, ..known })
        }
        (Decision::Close(_), Some(known), Some(at)) => {
            Some(StaffRecord { standing: rest(at, Rest::Nothing), ..known })
        }
        (Decision::Close(_), Some(known), None) => {
            Some(StaffRecord { recorded_at: now, standing: Standing::Withdrawn, ..known })
        }
        (Decision::Withhold(_) | Decision::Close(_), None, _) => None,
    }
}
