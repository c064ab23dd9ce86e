//! One municipality in one window: what it should be told now, and what of its open notices no longer holds. Pure.

mod close;
mod facts;
mod fate;
mod hold;
mod rest;
mod wish;

use std::cell::OnceCell;

use jiff::Timestamp;

use crate::domain::calendar::{Audience, CopyTo};
use crate::domain::closing::Closing;
use crate::domain::notice::{Content, Kind, Slot};
use crate::domain::reason::Reason;
use crate::domain::roster::Municipality;
use crate::domain::status::State;
use crate::plan::assess::Assessment;
use crate::plan::decision::{Closed, Decision, Sending, Withheld};
use crate::plan::edition::{HaltState, Track};
use crate::plan::ladder::Step;
use crate::plan::ledger::{NoticeRecord, Standing};
use crate::plan::summary::Waiting;
use crate::plan::window::WindowContext;

/// One municipality in one window.
pub(in crate::plan) struct Pair<'a, 'b> {
    context: &'b WindowContext<'a>,
    municipality: &'a Municipality,
    track: Track,
    steps: &'b [Step],
    records: &'b [NoticeRecord],
    /// What was so when the deadline passed, where it did.
    closing: Option<&'b Closing>,
    assessment: OnceCell<Assessment>,
}

/// A letter that is wanted, before anything can hold it.
struct Wish {
    slot: Slot,
    kind: Kind,
    edition: u16,
    audience: Vec<Audience>,
    about: Option<State>,
    copies: Vec<CopyTo>,
    due_at: Timestamp,
    valid_until: Option<Timestamp>,
    content: Content,
    because: Reason,
}

/// What became of a wish.
enum Fate {
    /// Nothing was wished.
    Nothing,
    /// It is recorded and still holds.
    Kept,
    /// It may leave later without anything new being known. Where the ledger still says that something holds it, what
    /// it says from now on: a hold that comes back is news then.
    Waits(Waiting, Reason, Option<Withheld>),
    /// It only waits for the hours, unless something beyond this municipality holds it.
    Ready(Box<Ready>, Waiting, Reason),
    /// To be sent, unless something beyond this municipality holds it.
    Send(Sending),
    Withhold(Withheld),
}

/// A letter that would leave, were it within the hours.
pub(in crate::plan) struct Ready {
    pub(in crate::plan) sending: Sending,
    /// What the ledger is to say of it, where that still says that something holds it.
    pub(in crate::plan) resumed: Option<Withheld>,
}

/// Everything decided about one municipality in one window.
#[derive(Default)]
pub(in crate::plan) struct Decided {
    /// To be sent, unless something beyond this municipality holds it.
    pub(in crate::plan) send: Option<Sending>,
    /// Would leave, were it within the hours.
    pub(in crate::plan) ready: Option<Box<Ready>>,
    pub(in crate::plan) withheld: Vec<Held>,
    /// Withheld until now; held by nothing from now on, but cannot leave yet.
    pub(in crate::plan) resumed: Vec<Withheld>,
    /// Withdrawn, superseded, expired.
    pub(in crate::plan) closed: Vec<Closed>,
    /// Why nothing is said, when nothing is.
    pub(in crate::plan) silence: Option<Reason>,
    /// The letter that is due and only waits.
    pub(in crate::plan) waiting: Option<Waiting>,
}

/// A letter that is withheld.
pub(in crate::plan) struct Held {
    pub(in crate::plan) decision: Decision,
    /// Whether the ledger does not say so already.
    pub(in crate::plan) is_change: bool,
}

impl Decided {
    /// Whether nothing is to be sent, held or closed.
    pub(in crate::plan) fn is_nothing(&self) -> bool {
        let Self { send, ready, withheld, resumed, closed, silence: _, waiting: _ } = self;
        send.is_none() && ready.is_none() && withheld.is_empty() && resumed.is_empty() && closed.is_empty()
    }

    /// A letter only waits.
    fn wait(&mut self, waiting: Waiting, because: Reason) {
        if self.silence.is_none() {
            self.waiting = Some(waiting);
        }
        self.silence.get_or_insert(because);
    }
}

impl<'a, 'b> Pair<'a, 'b> {
    pub(in crate::plan) fn new(
        context: &'b WindowContext<'a>,
        municipality: &'a Municipality,
        track: Track,
        steps: &'b [Step],
        records: &'b [NoticeRecord],
        closing: Option<&'b Closing>,
    ) -> Self {
        Self { context, municipality, track, steps, records, closing, assessment: OnceCell::new() }
    }

    /// Decides.
    pub(in crate::plan) fn decide(&self) -> Decided {
        let mut decided = Decided::default();
        let mut kept: Vec<Slot> = Vec::new();
        if !self.is_expected() {
            self.close_all_but(&[], &Reason::NotExpected, &mut decided);
            decided.silence = Some(Reason::NotExpected);
        } else if !self.context.moment.reached(self.context.opens_at) {
            let reason = Reason::NotOpenYet { opens_on: self.context.assessor.window().opens_on };
            self.close_all_but(&[], &reason, &mut decided);
            decided.silence = Some(reason);
        } else if let HaltState::Halted { since, halt } = self.track.halt {
            if let Some(wish) = self.suspension(since, halt.kind, halt.since) {
                let slot = wish.slot;
                let fate = self.consider(Some(wish));
                self.settle(fate, slot, &mut kept, &mut decided);
            }
            self.close_all_but(&kept, &Reason::Halted { kind: halt.kind, since: halt.since }, &mut decided);
            decided.silence.get_or_insert(Reason::Halted { kind: halt.kind, since: halt.since });
        } else {
            self.decide_open(&mut kept, &mut decided);
            for record in self.records.iter().filter(|record| record.standing.is_open()) {
                if kept.contains(&record.slot) {
                    continue;
                }
                let Some((wish, rest)) = self.rest(record) else {
                    decided.closed.push(self.close(record));
                    continue;
                };
                let fate = self.rest_fate(&wish, record, rest);
                let leaves = matches!(fate, Fate::Send(_) | Fate::Ready(..));
                // One letter at a time: the next round sees what this one sends.
                if !leaves || decided.send.is_none() && decided.ready.is_none() {
                    self.settle(fate, record.slot, &mut kept, &mut decided);
                }
            }
        }
        decided
    }

    /// The window runs: a correction outranks all, a divulgação outranks a rung.
    fn decide_open(&self, kept: &mut Vec<Slot>, decided: &mut Decided) {
        self.missed(decided);
        let first = self.correction().or_else(|| self.upheld()).or_else(|| self.announcement());
        let first_slot = first.as_ref().map(|wish| wish.slot);
        // An order stops what comes behind the letter too, whoever it could be written to.
        let is_ordered = first.as_ref().is_some_and(|wish| self.held_by_hand(wish).is_some());
        let fate = self.consider(first);
        let blocked = match &fate {
            Fate::Withhold(withheld) if withheld.because == Reason::NoContact && !is_ordered => None,
            Fate::Withhold(withheld) => Some(Err(withheld.because.clone())),
            Fate::Waits(_, because, _) | Fate::Ready(_, _, because) => Some(Ok(Some(because.clone()))),
            Fate::Send(_) => Some(Ok(None)),
            Fate::Nothing | Fate::Kept => self.is_correction_queued().then_some(Ok(None)),
        };
        if let Some(slot) = first_slot {
            self.settle(fate, slot, kept, decided);
        }
        let Some(step) = self.active_step() else {
            if decided.silence.is_none() && first_slot.is_none() {
                decided.silence =
                    Some(if self.assessment().is_done() { Reason::AllDone } else { Reason::NothingDue });
            }
            return;
        };
        let slot = Slot::Rung { edition: self.track.edition, days_before: step.days_before };
        if self.context.starts_at.is_some_and(|starts| step.due_at < starts) {
            decided.silence.get_or_insert(Reason::BeforeStart);
            return;
        }
        if let Some(before) = self.left_before(step).filter(|_| !self.has_left(slot)) {
            self.go_on(before, step, blocked.is_some_and(|by| by.is_ok()), kept, decided);
            return;
        }
        if let Some(Ok(because)) = blocked {
            // It waits behind another letter of this municipality; that one's acceptance brings the next pass.
            if let Some(because) = because {
                decided.silence.get_or_insert(because);
            }
            // A letter of the rung that nobody took yet gives way; it comes again after the quiet.
            if self.record(slot).is_some_and(|r| r.standing != Standing::Queued) {
                self.keep_if_open(slot, kept);
            }
            return;
        }
        let Some(wish) = self.rung(step) else {
            decided.silence.get_or_insert(Reason::AllDone);
            return;
        };
        let fate = match blocked {
            Some(Err(because)) if !self.has_left(slot) => {
                self.withhold(&wish, Vec::new(), self.or_a_person(because, &wish))
            }
            Some(_) | None => self.rung_fate(wish),
        };
        self.settle(fate, slot, kept, decided);
    }

    /// What another edition of the same deadline left to the other addresses of a rung goes on to them as it was written.
    fn go_on(
        &self,
        before: &NoticeRecord,
        step: &Step,
        is_behind: bool,
        kept: &mut Vec<Slot>,
        decided: &mut Decided,
    ) {
        if is_behind {
            self.keep_if_open(before.slot, kept);
        } else if let Some(wish) = self.rung(step) {
            let fate = self.rung_fate(Wish { slot: before.slot, edition: before.edition, ..wish });
            self.settle(fate, before.slot, kept, decided);
        }
    }

    /// Files a fate under what it means.
    fn settle(&self, fate: Fate, slot: Slot, kept: &mut Vec<Slot>, decided: &mut Decided) {
        match fate {
            Fate::Nothing => {}
            Fate::Kept => kept.push(slot),
            Fate::Waits(waiting, because, resumed) => {
                decided.wait(waiting, because);
                decided.resumed.extend(resumed);
                self.keep_if_open(slot, kept);
            }
            Fate::Ready(ready, waiting, because) => {
                decided.wait(waiting, because);
                decided.ready = Some(ready);
                self.keep_if_open(slot, kept);
            }
            Fate::Send(sending) => {
                kept.push(slot);
                decided.send = Some(sending);
            }
            Fate::Withhold(withheld) => {
                kept.push(slot);
                let cause = withheld.because.cause();
                let is_change = self.record(slot).is_none_or(|record| !record.standing.is_held_by(cause));
                decided.withheld.push(Held { decision: Decision::Withhold(withheld), is_change });
            }
        }
    }

    fn keep_if_open(&self, slot: Slot, kept: &mut Vec<Slot>) {
        if self.record(slot).is_some_and(|r| r.standing.is_open()) {
            kept.push(slot);
        }
    }
}
