//! What holds a municipality's letter back: people, the system's settings, doubt. Pure.

use std::num::NonZeroU16;

use super::fate::still_says;
use super::{Fate, Pair, Wish};
use crate::domain::notice::{NoticeKey, Recipient, Slot, Told};
use crate::domain::overrides::BatchId;
use crate::domain::reason::Reason;
use crate::plan::decision::Withheld;
use crate::plan::ledger::{NoticeRecord, Standing};

impl Pair<'_, '_> {
    /// What people or the system's settings hold it by.
    pub(super) fn hold(&self, wish: &Wish) -> Option<Reason> {
        if let Some(held) = self.held_by_hand(wish) {
            return Some(held);
        }
        if let Some(doubt) = self.date_in_doubt(wish.slot) {
            return Some(doubt);
        }
        let overrides = self.context.world.overrides;
        let batch = BatchId::of_slot(&self.context.assessor.window().id, wish.slot);
        // What left from another ledger was let go there.
        let released = overrides.released_at(&batch, wish.content.told().and_then(Told::day)).is_some();
        let released = released || self.left_elsewhere(wish.slot);
        let system = self.context.assessor.system();
        match wish.slot {
            Slot::Extension { edition } if self.track.awaiting == Some(edition) => {
                let announced = self.context.assessor.window().edition(edition);
                let announced = Told::from(announced.and_then(|edition| edition.deadline));
                Some(Reason::EarlierDeadline { batch, announced, in_force: Told::from(self.track.deadline) })
            }
            Slot::Announcement if system.confirm_opening && !released => {
                Some(Reason::AwaitsOpening { batch })
            }
            // The answer to "nothing pending, something unconfirmed" stands before any approval.
            Slot::Rung { .. } if matches!(wish.because, Reason::Unconfirmed { .. }) => {
                Some(wish.because.clone())
            }
            Slot::Announcement
            | Slot::Extension { .. }
            | Slot::Suspension { .. }
            | Slot::Upheld { .. }
            | Slot::Rung { .. } => (system.approve && !released).then_some(Reason::AwaitsApproval { batch }),
        }
    }

    /// Why no letter leaves that repeats the date in force: an earlier one waits for release, or passed without it.
    pub(super) fn date_in_doubt(&self, slot: Slot) -> Option<Reason> {
        let edition = self.track.awaiting?;
        match slot {
            Slot::Rung { .. } | Slot::Upheld { .. } => {
                let window = &self.context.assessor.window().id;
                let batch = BatchId::of_slot(window, Slot::Extension { edition });
                let lapsed = self.track.lapsed.map(|deadline| Reason::DeadlineLapsed { deadline });
                Some(lapsed.unwrap_or(Reason::DeadlineInDoubt { batch }))
            }
            Slot::Announcement | Slot::Extension { .. } | Slot::Suspension { .. } => None,
        }
    }

    /// Why a person must look first at what an order holds, or waits to be approved: nobody knows whether it owes, or there
    /// is nobody to write to, and no release changes that. An order to hold letters is none to stop telephoning; the pause
    /// of a call that was made is.
    pub(super) fn or_a_person(&self, because: Reason, wish: &Wish) -> Reason {
        let gives_way = matches!(because, Reason::Held { .. } | Reason::AwaitsApproval { .. });
        if !gives_way || self.paused(wish).is_some() {
            return because;
        }
        // Until an opening is confirmed, no rung goes past its divulgação.
        let waits = wish.slot == Slot::Announcement && self.context.assessor.system().confirm_opening;
        let doubt = matches!(wish.because, Reason::Unconfirmed { .. }).then(|| wish.because.clone());
        let nobody = || (!waits && self.reach(wish).to.is_empty()).then_some(Reason::NoContact);
        doubt.or_else(nobody).unwrap_or(because)
    }

    fn left_elsewhere(&self, slot: Slot) -> bool {
        let ledger = self.context.world.ledger;
        if ledger.left_elsewhere.is_empty() {
            return false;
        }
        let (window, municipality) = (self.context.assessor.window().id.clone(), self.municipality.code);
        ledger.left_elsewhere.contains_key(&NoticeKey::Municipal { window, slot, municipality })
    }

    /// What somebody holds it by (`reter`, or the pause of a call made).
    pub(super) fn held_by_hand(&self, wish: &Wish) -> Option<Reason> {
        let window = &self.context.assessor.window().id;
        let held = self.context.held_by(|scope| scope.covers(window, wish.slot, self.municipality.code));
        held.or_else(|| self.paused(wish))
    }

    /// A call was made, and the ladder waits for what was promised in it (`anotar --pausar`): in the last that has it wait,
    /// also where that is shorter than one before. Corrections and divulgação do not wait: they accuse nobody.
    fn paused(&self, wish: &Wish) -> Option<Reason> {
        if !matches!(wish.slot, Slot::Rung { .. }) {
            return None;
        }
        let window = &self.context.assessor.window().id;
        let last = self.context.world.overrides.ruling_pause(self.municipality.code, window)?;
        let until = last.until.filter(|day| !self.context.moment.day_over(*day))?;
        Some(Reason::Paused {
            until,
            author: last.authorship.author.clone(),
            result: last.authorship.reason.clone(),
        })
    }

    pub(super) fn withhold(&self, wish: &Wish, to: Vec<Recipient>, because: Reason) -> Fate {
        let record = self.record(wish.slot);
        match record.map(|r| r.standing) {
            // Somebody took it: what is left of it is held by `rest_fate`.
            Some(Standing::Sent { .. } | Standing::Superseded { .. }) => return Fate::Nothing,
            Some(Standing::Expired { .. }) if matches!(wish.slot, Slot::Rung { .. }) => return Fate::Nothing,
            Some(
                Standing::Withheld(_)
                | Standing::Queued
                | Standing::Failed
                | Standing::Withdrawn
                | Standing::Expired { .. },
            )
            | None => {}
        }
        let version = record.and_then(|r| self.version_withheld(r, wish));
        Fate::Withhold(Withheld { notice: self.notice(wish, to), kind: wish.kind, version, because })
    }

    /// The version that leaves when nothing holds it any more: the one recorded where that was only stopped, still says
    /// what is so and goes to the municipality's own addresses, else one of its own. None while none was recorded.
    fn version_withheld(&self, record: &NoticeRecord, wish: &Wish) -> Option<NonZeroU16> {
        let stopped = matches!(record.standing, Standing::Queued | Standing::Withheld(_));
        let goes_on = stopped && still_says(record, wish) && !self.goes_astray(record);
        record.version.map(|version| if goes_on { version } else { version.saturating_add(1) })
    }
}
