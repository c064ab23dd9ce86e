//! What of a municipality's notices no longer holds, and what passed without a letter. Pure.

use jiff::Timestamp;

use super::fate::still_says;
use super::{Decided, Pair};
use crate::domain::notice::{Kind, Slot, Told};
use crate::domain::reason::Reason;
use crate::domain::status::State;
use crate::plan::decision::{Closed, End};
use crate::plan::ledger::{NoticeRecord, Standing};

impl Pair<'_, '_> {
    /// What was due, is still owed, and could not leave before its validity ended. If nobody looked meanwhile it is
    /// superado, with the outage; so it is when its whole validity lay within the quiet of 48 h; if it only waited
    /// (another letter, the hours), it is expirado. Nothing is said before the validity is over.
    pub(super) fn missed(&self, decided: &mut Decided) {
        let Some(last_pass) = self.context.world.ledger.last_pass_at else { return };
        let ended = |at: Timestamp| at > last_pass && self.context.moment.reached(at);
        for step in self.steps.iter().filter(|step| ended(step.valid_until)) {
            let slot = Slot::Rung { edition: self.track.edition, days_before: step.days_before };
            let too_early = self.context.starts_at.is_some_and(|starts| step.due_at < starts);
            if too_early
                || step.valid_until <= self.track.known_at
                || self.was_told_of(slot)
                || self.left_before(step).is_some()
            {
                continue;
            }
            let quiet = self.corrected_at().filter(|told_at| *told_at <= step.valid_until);
            let (end, because) = if step.due_at.max(self.track.known_at) > last_pass {
                let until = self.context.moment.stamp();
                (End::Superseded, Reason::Outage { from: last_pass, until })
            } else if let Some(told_at) = quiet.filter(|at| self.leaves_after(*at) >= step.valid_until) {
                (End::Superseded, Reason::TooSoon { told_at })
            } else {
                (End::Expired, Reason::ValidityOver { at: step.valid_until, withheld: None })
            };
            decided.closed.extend(self.rung(step).map(|wish| self.closed(end, &wish, because)));
        }
        if let Some(at) = self.track.ends_at.filter(|at| ended(*at)) {
            decided.closed.extend(self.missed_announcement(last_pass, at));
            decided.closed.extend(self.missed_correction(last_pass, at));
        }
    }

    /// A divulgação that was due while somebody looked and could not leave before the deadline.
    fn missed_announcement(&self, last_pass: Timestamp, at: Timestamp) -> Option<Closed> {
        let due_at = self.first_sending(self.context.announced_from())?;
        let seen = self.context.opens_at <= last_pass;
        let missed = seen && !self.context.told_outside(self.municipality) && self.last_told().is_none();
        (missed && !self.was_told_of(Slot::Announcement))
            .then(|| self.expired(Slot::Announcement, Kind::Announcement, due_at, at))
    }

    /// A correction that was due while somebody looked and could not leave before its own deadline.
    fn missed_correction(&self, last_pass: Timestamp, at: Timestamp) -> Option<Closed> {
        let slot = Slot::Extension { edition: self.track.edition };
        let (told, _) = self.last_told()?;
        let seen = self.track.edition > 1 && self.track.known_at <= last_pass;
        if !seen || told == Told::from(self.track.deadline) || self.was_told_of(slot) {
            return None;
        }
        let due_at = self.correction_due(self.track.edition)?;
        (!self.assessment().is_done()).then(|| self.expired(slot, Kind::Extension, due_at, at))
    }

    /// Whether a letter is on record that left or tried to, still may, or of whose end something was said. One that was
    /// taken back and became due again is owed as if it had never been written.
    fn was_told_of(&self, slot: Slot) -> bool {
        match self.record(slot).map(|record| record.standing) {
            None | Some(Standing::Withdrawn) => false,
            Some(
                Standing::Withheld(_)
                | Standing::Queued
                | Standing::Sent { .. }
                | Standing::Failed
                | Standing::Superseded { .. }
                | Standing::Expired { .. },
            ) => true,
        }
    }

    fn expired(&self, slot: Slot, kind: Kind, due_at: Timestamp, at: Timestamp) -> Closed {
        Closed {
            end: End::Expired,
            key: self.key(slot),
            kind,
            edition: self.track.edition,
            told: Some(Told::from(self.track.deadline)),
            parts: Vec::new(),
            version: self.record(slot).and_then(|record| record.version),
            due_at,
            valid_until: Some(at),
            because: Reason::ValidityOver { at, withheld: None },
        }
    }

    pub(super) fn close_all_but(&self, kept: &[Slot], because: &Reason, decided: &mut Decided) {
        for record in self.records.iter().filter(|r| r.standing.is_open() && !kept.contains(&r.slot)) {
            decided.closed.push(self.closing(record, End::Withdrawn, because.clone()));
        }
    }

    /// Why an open notice that is not wished any more ends, and how.
    pub(super) fn close(&self, record: &NoticeRecord) -> Closed {
        let over = |at: Option<Timestamp>| at.filter(|at| self.context.moment.reached(*at));
        let ended = match record.slot {
            Slot::Rung { edition, .. } | Slot::Extension { edition } | Slot::Upheld { edition, .. }
                if edition != self.track.edition && self.track.awaiting != Some(edition) =>
            {
                let because = Reason::EditionChanged { edition: self.track.edition };
                return self.closing(record, End::Withdrawn, because);
            }
            Slot::Rung { days_before, .. } => {
                over(self.steps.iter().find(|s| s.rungs.contains(&days_before)).map(|s| s.valid_until))
            }
            // An earlier deadline that nobody released in time.
            Slot::Extension { edition } if self.track.awaiting == Some(edition) => {
                let awaited = self.context.assessor.window().edition(edition).and_then(|e| e.deadline);
                over(awaited.map(|d| d.instant(&self.context.world.calendar.hours.zone)))
            }
            Slot::Announcement | Slot::Extension { .. } | Slot::Upheld { .. } => over(self.track.ends_at),
            Slot::Suspension { .. } => None,
        };
        let because = match ended {
            Some(at) => {
                let withheld = record.standing.held_by();
                if record.standing.sent_at().is_some() {
                    return self.closing(record, End::Withdrawn, Reason::RestOver { at, withheld });
                }
                // What held it may be over for days: what was left of it lay in the quiet.
                let quiet = self.corrected_at().filter(|told_at| self.leaves_after(*told_at) >= at);
                if let (Slot::Rung { .. }, Some(told_at)) =
                    (record.slot, quiet.filter(|told_at| *told_at < at))
                {
                    return self.closing(record, End::Superseded, Reason::TooSoon { told_at });
                }
                return self.closing(record, End::Expired, Reason::ValidityOver { at, withheld });
            }
            None if record.edition != self.track.edition && self.track.awaiting != Some(record.edition) => {
                Reason::EditionChanged { edition: self.track.edition }
            }
            None => self.why_taken_back(record),
        };
        self.closing(record, End::Withdrawn, because)
    }

    /// Why a letter is not wished any more whose edition rules and whose validity lasts. What the data says is no reason but
    /// for a letter that is about it.
    fn why_taken_back(&self, record: &NoticeRecord) -> Reason {
        let is_done = || self.assessment().is_done();
        let is_unconfirmed = || self.assessment().state() == State::Unconfirmed;
        match record.slot {
            Slot::Suspension { .. } => Reason::HaltOver,
            Slot::Announcement | Slot::Extension { .. } | Slot::Upheld { .. } | Slot::Rung { .. }
                if self.goes_astray(record) =>
            {
                Reason::AddressGone
            }
            Slot::Extension { .. } | Slot::Upheld { .. } | Slot::Rung { .. } if is_done() => {
                Reason::Satisfied
            }
            Slot::Rung { .. } if self.gives_way(record) => Reason::GivesWay,
            Slot::Rung { .. } if is_unconfirmed() => Reason::NoLongerConfirmed,
            Slot::Announcement | Slot::Extension { .. } | Slot::Upheld { .. } | Slot::Rung { .. } => {
                Reason::ContentChanged
            }
        }
    }

    /// Whether a letter of the rung that is valid now still says what is so: then only another letter keeps it back.
    fn gives_way(&self, record: &NoticeRecord) -> bool {
        let step = self.active_step().filter(|step| record.slot.rung() == Some(step.days_before));
        step.and_then(|step| self.rung(step)).is_some_and(|wish| still_says(record, &wish))
    }

    fn closing(&self, record: &NoticeRecord, end: End, because: Reason) -> Closed {
        Closed::of(self.key(record.slot), record, end, because)
    }
}
