//! What becomes of a letter that is wanted: it leaves, waits, is held, or is overtaken. Pure.

use std::num::NonZeroU16;

use jiff::Timestamp;

use super::facts::counts_to_the_day;
use super::{Fate, Pair, Ready, Wish};
use crate::domain::calendar::CopyTo;
use crate::domain::notice::{Addressee, Content, Kind, Slot};
use crate::domain::reason::{Cause, Reason};
use crate::domain::time::hours_after;
use crate::plan::audience::{self, Reach};
use crate::plan::decision::{Sending, Withheld};
use crate::plan::ledger::{CopyRequest, NamedPart, NoticeRecord, Standing};
use crate::plan::summary::{Behind, Waiting};

/// No rung leaves sooner than this after a divulgação or a correction.
const QUIET_HOURS: i64 = 48;

impl Pair<'_, '_> {
    /// A rung waits for the quiet after a divulgação or correction. When none of its validity is left then, `missed`
    /// says so once it is over: until then the ladder may still change.
    pub(super) fn rung_fate(&self, wish: Wish) -> Fate {
        let standing = self.record(wish.slot).map(|r| r.standing);
        if matches!(standing, Some(Standing::Superseded { .. } | Standing::Expired { .. })) {
            return Fate::Nothing;
        }
        if let Some(told_at) = self.corrected_at().filter(|_| !self.has_left(wish.slot))
            && !self.context.moment.reached(hours_after(told_at, QUIET_HOURS))
        {
            let until = self.leaves_after(told_at);
            let because = leaves_at(&wish, until, Reason::Waits { until });
            return self.waits(&wish, Behind::Quiet, because);
        }
        if let Some(because) = self.date_in_doubt(wish.slot) {
            return match self.record(wish.slot).map(|record| (record, record.standing)) {
                // Nobody is warned by a date in doubt: nor is whoever a letter still goes to that another address took.
                Some((record, Standing::Sent { rest, .. })) if self.goes_on(record, &wish) => {
                    self.rest_held(&wish, record, rest, because)
                }
                Some(_) | None => self.withhold(&wish, Vec::new(), because),
            };
        }
        self.consider(Some(wish))
    }

    /// What may leave later; a hold that the ledger still names and that is over is said to be over. What holds whole
    /// batches is judged in `hold`, so nothing is known of its end here.
    fn waits(&self, wish: &Wish, behind: Behind, because: Reason) -> Fate {
        let resumed = self.resumed(wish, &because);
        Fate::Waits(Waiting { kind: wish.kind, slot: wish.slot, behind }, because, resumed)
    }

    /// What the ledger is to say of what only waits, where it still names a hold that is over.
    fn resumed(&self, wish: &Wish, because: &Reason) -> Option<Withheld> {
        let held_by = self.record(wish.slot).and_then(|r| r.standing.held_by());
        let over = held_by.is_some_and(|cause| !cause.holds_batches());
        match self.withhold(wish, Vec::new(), because.clone()) {
            Fate::Withhold(withheld) if over => Some(withheld),
            Fate::Withhold(_)
            | Fate::Nothing
            | Fate::Kept
            | Fate::Waits(..)
            | Fate::Ready(..)
            | Fate::Send(_) => None,
        }
    }

    /// When the quiet after a divulgação or correction ends for a rung: the first sending instant after it.
    pub(super) fn leaves_after(&self, told_at: Timestamp) -> Timestamp {
        self.context.world.calendar.hours.next_sending(hours_after(told_at, QUIET_HOURS))
    }

    /// When a letter may leave that gives way to another of its civil day: the first sending instant after that day.
    fn leaves_another_day(&self) -> Option<Timestamp> {
        Some(self.context.world.calendar.hours.next_sending(self.other_letter_today()?))
    }

    /// What holds a wish, or lets it go.
    pub(super) fn consider(&self, wish: Option<Wish>) -> Fate {
        let Some(wish) = wish else { return Fate::Nothing };
        // What the hours do not hold back waits for `inicio` alone.
        let starts_at = self.context.starts_at.unwrap_or(Timestamp::MIN);
        let hours = &self.context.world.calendar.hours;
        let ready_at = if hours.waits { wish.due_at } else { wish.due_at.min(starts_at) };
        if !self.context.moment.reached(ready_at) {
            let because = Reason::AwaitsHours { until: wish.due_at };
            return self.waits(&wish, Behind::Hours, because);
        }
        let record = self.record(wish.slot);
        match record.map(|r| r.standing) {
            // What one address took goes on to the others while it holds; it never comes a second time.
            Some(Standing::Sent { rest, .. }) => {
                return match record.filter(|record| self.goes_on(record, &wish)) {
                    Some(record) => self.rest_fate(&wish, record, rest),
                    None => Fate::Nothing,
                };
            }
            Some(Standing::Queued)
                if !record.is_some_and(|r| still_says(r, &wish) && !self.goes_astray(r)) =>
            {
                return Fate::Nothing;
            }
            // What is recorded and still right leaves, unless somebody stopped it meanwhile, or its date is in doubt.
            Some(Standing::Queued) => {
                return match self.held_by_hand(&wish).or_else(|| self.date_in_doubt(wish.slot)) {
                    Some(because) => self.withhold(&wish, Vec::new(), because),
                    None => Fate::Kept,
                };
            }
            Some(Standing::Superseded { .. }) => return Fate::Nothing,
            Some(Standing::Expired { .. }) if matches!(wish.slot, Slot::Rung { .. }) => return Fate::Nothing,
            Some(
                Standing::Withheld(_) | Standing::Failed | Standing::Withdrawn | Standing::Expired { .. },
            )
            | None => {}
        }
        let reach = self.reach(&wish);
        if let Some(because) = self.hold(&wish) {
            let because = self.or_a_person(because, &wish);
            return self.withhold(&wish, reach.to, because);
        }
        if reach.to.is_empty() {
            return self.withhold(&wish, reach.to, Reason::NoContact);
        }
        if counts_to_the_day(wish.slot)
            && let Some(until) = self.leaves_another_day()
        {
            let because = leaves_at(&wish, until, Reason::Waits { until });
            return self.waits(&wish, Behind::Letter, because);
        }
        let version = match record.and_then(|r| Some((r, r.version?))) {
            // A letter that a hold stopped before anybody took it goes on as it was recorded.
            Some((r, version))
                if matches!(r.standing, Standing::Withheld(_))
                    && still_says(r, &wish)
                    && !self.goes_astray(r) =>
            {
                version
            }
            Some((_, version)) => version.saturating_add(1),
            None if reach.stands_in => NonZeroU16::MIN.saturating_add(1),
            None => NonZeroU16::MIN,
        };
        let notice = self.notice(&wish, reach.to);
        let copies = self.copied_to(&wish.copies, &notice.parts());
        let sending = Sending { notice, version, copies, because: wish.because.clone() };
        // What its batch holds waits for a person, out of hours too, and so does what it would hold: `hold` looks at the
        // batches.
        let held_by = record.and_then(|record| record.standing.held_by());
        if held_by.is_some_and(Cause::holds_batches) || self.context.moment.is_sending() {
            return Fate::Send(sending);
        }
        let until = self.context.world.calendar.hours.next_sending(self.context.moment.stamp());
        let because = leaves_at(&wish, until, Reason::AwaitsHours { until });
        let resumed = self.resumed(&wish, &because);
        let waiting = Waiting { kind: wish.kind, slot: wish.slot, behind: Behind::Hours };
        Fate::Ready(Box::new(Ready { sending, resumed }), waiting, because)
    }

    /// Whether a letter that one address took may go on to the others.
    fn goes_on(&self, record: &NoticeRecord, wish: &Wish) -> bool {
        (record.kind == Kind::Reminder || still_says(record, wish)) && !self.goes_astray(record)
    }

    /// Where a letter goes, whatever took one of it before.
    pub(super) fn reach(&self, wish: &Wish) -> Reach {
        let about = wish.about.map(|state| (self.assessment(), state));
        audience::reach(
            self.context.assessor,
            self.context.world.calendar,
            self.municipality,
            &wish.audience,
            about,
            &self.context.world.ledger.flagged,
            self.context.moment,
        )
    }

    /// Who hears of a letter about these parts, by the offices that are competent when it is written.
    fn copied_to(&self, copies: &[CopyTo], named: &[NamedPart]) -> Vec<CopyRequest> {
        let (calendar, system) = (self.context.world.calendar, self.context.assessor.system());
        let mut requests: Vec<CopyRequest> = Vec::new();
        for copy in copies {
            match copy {
                CopyTo::Gsuas => {
                    let parts = named.iter().map(|n| n.part.clone()).collect();
                    requests.push(CopyRequest { to: Addressee::Gsuas, parts });
                }
                CopyTo::Gerencia => {
                    for NamedPart { part, .. } in named {
                        for id in calendar.gerencias_of(system, part) {
                            let to = Addressee::Gerencia(id.clone());
                            match requests.iter_mut().find(|request| request.to == to) {
                                Some(request) => request.parts.push(part.clone()),
                                None => requests.push(CopyRequest { to, parts: vec![part.clone()] }),
                            }
                        }
                    }
                }
            }
        }
        requests
    }
}

/// Why a letter only waits that may leave at an instant; or that it leaves no more, where its validity is over by then.
pub(super) fn leaves_at(wish: &Wish, until: Timestamp, waits: Reason) -> Reason {
    match wish.valid_until {
        Some(valid_until) if valid_until <= until => Reason::LeavesNoMore { until, valid_until },
        Some(_) | None => waits,
    }
}

/// Whether a recorded letter still says what would be said now.
pub(super) fn still_says(record: &NoticeRecord, wish: &Wish) -> bool {
    let parts_hold = match &wish.content {
        Content::Warning { pending, .. } => record.parts.iter().all(|named| {
            let now = pending.iter().find(|p| p.part == named.part);
            now.is_some_and(|now| named.units.iter().all(|unit| now.units.contains(unit)))
        }),
        Content::Announcement { .. }
        | Content::Reminder { .. }
        | Content::Extension { .. }
        | Content::Suspension { .. }
        | Content::Upheld { .. }
        | Content::Digest { .. }
        | Content::Referral { .. }
        | Content::ReferralAddendum { .. }
        | Content::Alert { .. } => true,
    };
    record.kind == wish.kind
        && record.told == wish.content.told()
        && parts_hold
        && !matches!(wish.because, Reason::Unconfirmed { .. })
}
