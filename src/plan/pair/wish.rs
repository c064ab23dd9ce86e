//! What a municipality should be told, before anything can hold it. Pure.

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Pair, Wish};
use crate::domain::calendar::{HaltKind, OnUnconfirmed};
use crate::domain::notice::{Content, Kind, Slot, Told};
use crate::domain::overrides::BatchId;
use crate::domain::reason::Reason;
use crate::domain::status::{State, StatusEntry};
use crate::plan::edition::HaltState;
use crate::plan::ladder::Step;
use crate::plan::ledger::Standing;

impl Pair<'_, '_> {
    pub(super) fn announcement(&self) -> Option<Wish> {
        if self.context.told_outside(self.municipality)
            || self.last_told().is_some()
            || self.deadline_passed()
        {
            return None;
        }
        if matches!(self.record(Slot::Announcement).map(|r| r.standing), Some(Standing::Superseded { .. })) {
            return None;
        }
        let cause = match self.track.halt {
            HaltState::Ended { at } => at.max(self.context.announced_from()),
            HaltState::Never | HaltState::Halted { .. } => self.context.announced_from(),
        };
        let due_at = self.first_sending(cause)?;
        // One that may have left from another ledger named the date of then: that is what they may have been told.
        let then = self.departed(Slot::Announcement).unwrap_or(self.track);
        let content = Content::Announcement { edition: then.edition, deadline: then.deadline };
        let because = Reason::WindowOpen { opened_on: self.context.assessor.window().opens_on };
        Some(Wish { edition: then.edition, ..self.note(Slot::Announcement, due_at, content, because) })
    }

    /// A letter about the window itself: to all whom its system announces it to, whatever their status.
    pub(super) fn note(&self, slot: Slot, due_at: Timestamp, content: Content, because: Reason) -> Wish {
        Wish {
            slot,
            kind: content.kind(),
            edition: self.track.edition,
            audience: self.context.assessor.system().announce_to.clone(),
            about: None,
            copies: Vec::new(),
            due_at,
            valid_until: self.track.ends_at,
            content,
            because,
        }
    }

    /// The one correction for the latest edition, to those told any other date and not concluído.
    pub(super) fn correction(&self) -> Option<Wish> {
        let number = self.track.awaiting.unwrap_or(self.track.edition);
        if number == 1 {
            return None;
        }
        let window = self.context.assessor.window();
        let edition = window.edition(number)?;
        let deadline = edition.deadline?;
        let (told, _) = self.last_told()?;
        let zone = &self.context.world.calendar.hours.zone;
        let ends_at = deadline.instant(zone);
        if told == Told::Date(deadline) || self.context.moment.reached(ends_at) || self.assessment().is_done()
        {
            return None;
        }
        let due_at = match self.track.awaiting {
            Some(_) => {
                let known_at = edition.announced_on.map_or(self.track.known_at, |day| zone.start_of(day));
                self.first_sending_since_start(known_at)
            }
            None => self.correction_due(number)?,
        };
        let content = Content::Extension { previous: told, deadline, source: edition.source.clone() };
        let because = Reason::DeadlineMoved { told, now: Told::Date(deadline) };
        let note = self.note(Slot::Extension { edition: number }, due_at, content, because);
        Some(Wish { edition: number, valid_until: Some(ends_at), ..note })
    }

    /// When the correction for an edition that rules falls due. One that was known before `inicio` has none, unless it
    /// waited for somebody to release it since.
    pub(super) fn correction_due(&self, edition: u16) -> Option<Timestamp> {
        let batch = BatchId::of_slot(&self.context.assessor.window().id, Slot::Extension { edition });
        let day = self.track.deadline.map(|deadline| deadline.on);
        let released = || self.context.world.overrides.released_at(&batch, day);
        let released = || released().map(|at| self.first_sending_since_start(at));
        self.first_sending(self.track.known_at).or_else(released)
    }

    pub(super) fn suspension(
        &self,
        since: Timestamp,
        kind: HaltKind,
        since_day: Option<Date>,
    ) -> Option<Wish> {
        self.last_told()?;
        // A window that had ended leaves nothing to stop; cancelled, it leaves those who owe in fear of what their last
        // letter says.
        let had_ended = self.track.ends_at.is_some_and(|at| since >= at);
        if had_ended && (kind == HaltKind::Suspended || self.assessment().is_done()) {
            return None;
        }
        let due_at = self.first_sending(since.max(self.context.opens_at))?;
        let new = Slot::Suspension { edition: self.track.edition, since: since_day, kind };
        let slot = self.suspended_at(since, since_day, kind).unwrap_or(new);
        let due_at = self.noticed(slot, due_at);
        let edition = slot.edition().unwrap_or(self.track.edition);
        let content = Content::Suspension { cancelled: kind == HaltKind::Cancelled, since: since_day };
        let note = self.note(slot, due_at, content, Reason::Halted { kind, since: since_day });
        Some(Wish { edition, valid_until: None, ..note })
    }

    /// The recorded note of this very halt: one that left since it began, or that waits to. An edition learned later,
    /// or a `situacao_desde` corrected afterwards, gives no second one; another halt does, and so does a suspension that
    /// becomes a cancellation.
    fn suspended_at(&self, since: Timestamp, since_day: Option<Date>, kind: HaltKind) -> Option<Slot> {
        let mut alike = self.suspensions().filter(|(_, _, of, _)| *of == kind);
        alike.find_map(|(slot, of, _, standing)| match standing.sent_at() {
            Some(at) => (at >= since || of == since_day).then_some(slot),
            None => (standing.is_open() && of == since_day).then_some(slot),
        })
    }

    /// The recorded suspensão notes, with the day on which the halt of each began, and how.
    fn suspensions(&self) -> impl Iterator<Item = (Slot, Option<Date>, HaltKind, Standing)> {
        self.records.iter().filter_map(|record| match record.slot {
            Slot::Suspension { since, kind, .. } => Some((record.slot, since, kind, record.standing)),
            Slot::Announcement | Slot::Extension { .. } | Slot::Upheld { .. } | Slot::Rung { .. } => None,
        })
    }

    /// When the last suspensão note was accepted, and when its halt began.
    fn suspension_told(&self) -> Option<(Timestamp, Option<Date>)> {
        let sent =
            self.suspensions().filter_map(|(_, since, _, standing)| Some((standing.sent_at()?, since)));
        sent.max_by_key(|(at, _)| *at)
    }

    /// The suspension ended and the deadline stands: those told of the suspension and not concluído hear so.
    pub(super) fn upheld(&self) -> Option<Wish> {
        let (suspended_at, since) = self.suspension_told()?;
        // A date told since then says that the window goes on.
        let told_since = self.last_told().is_some_and(|(_, at)| at > suspended_at);
        if told_since || self.deadline_passed() || self.assessment().is_done() {
            return None;
        }
        let cause = match self.track.halt {
            HaltState::Ended { at } => at.max(suspended_at),
            // Its halt is in the files no more.
            HaltState::Never | HaltState::Halted { .. } => suspended_at,
        };
        let slot = Slot::Upheld { edition: self.track.edition, since };
        let due_at = self.noticed(slot, self.first_sending(cause)?);
        let content = Content::Upheld { deadline: self.track.deadline };
        Some(self.note(slot, due_at, content, Reason::DeadlineUpheld))
    }

    pub(super) fn rung(&self, step: &Step) -> Option<Wish> {
        let assessment = self.assessment();
        let (deadline, due_at) = (self.track.deadline?, step.due_at);
        // Rungs that fall due together are one letter, and it says so.
        let together = |rows: &[StatusEntry]| {
            let said = || Reason::Coincidence { due_at, rungs: step.rungs.clone(), rows: rows.to_vec() };
            (step.rungs.len() > 1).then(said)
        };
        let state = assessment.state();
        let (kind, content, because) = match state {
            State::Done | State::NotApplicable => return None,
            State::Pending => {
                let rows = assessment.rows();
                let because = together(&rows).unwrap_or(Reason::RungDue { due_at, rows });
                (Kind::Warning, Content::Warning { deadline, pending: assessment.pending() }, because)
            }
            State::Unconfirmed => {
                let unconfirmed = assessment.unconfirmed();
                let content = Content::Reminder { deadline, unconfirmed: unconfirmed.clone() };
                match step.unconfirmed {
                    OnUnconfirmed::Remind => {
                        let because = together(&[]).unwrap_or(Reason::ReminderInstead { unconfirmed });
                        (Kind::Reminder, content, because)
                    }
                    OnUnconfirmed::Withhold => (Kind::Warning, content, Reason::Unconfirmed { unconfirmed }),
                }
            }
        };
        Some(Wish {
            slot: Slot::Rung { edition: self.track.edition, days_before: step.days_before },
            kind,
            edition: self.track.edition,
            audience: step.audience.clone(),
            about: Some(state),
            copies: step.copies.clone(),
            due_at,
            valid_until: Some(step.valid_until),
            content,
            because,
        })
    }
}
