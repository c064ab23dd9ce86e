//! What holds a municipality's letter back: people, the system's settings, doubt. Pure.

use super::{Fate, Pair, Wish, still_says};
use crate::domain::notice::{Recipient, Slot, Told};
use crate::domain::overrides::{BatchId, Hold, HoldScope, Note};
use crate::domain::reason::{Cause, Reason};
use crate::plan::ledger::{Record, Standing};
use crate::plan::{Act, Decision};

impl Pair<'_, '_> {
    /// What people or the system's settings hold it by.
    pub(super) fn hold(&self, wish: &Wish) -> Option<Reason> {
        if let Some(held) = self.held_by_hand(wish) {
            return Some(held);
        }
        let overrides = self.bench.world.overrides;
        let batch = BatchId::of_slot(&self.bench.assessor.window().id, wish.slot);
        let released = overrides.released.contains(&batch);
        let system = self.bench.assessor.system();
        match wish.slot {
            Slot::Extension { edition } if self.track.awaiting == Some(edition) => {
                Some(Reason::EarlierDeadline { batch, in_force: Told::from(self.track.deadline) })
            }
            Slot::Announcement if system.confirm_opening && !released => {
                Some(Reason::AwaitsOpening { batch })
            }
            // The answer to "nothing pending, something unconfirmed" stands before any approval.
            Slot::Rung { .. } if matches!(wish.because, Reason::Unconfirmed { .. }) => {
                Some(wish.because.clone())
            }
            _ if system.approve && !released => Some(Reason::AwaitsApproval { batch }),
            _ => None,
        }
    }

    /// What somebody holds it by (`reter`, or the pause of a call made).
    pub(super) fn held_by_hand(&self, wish: &Wish) -> Option<Reason> {
        let window = &self.bench.assessor.window().id;
        let covers = |hold: &&Hold| match &hold.scope {
            HoldScope::All => true,
            HoldScope::Window(id) => id == window,
            HoldScope::Municipality(code) => *code == self.municipality.code,
            HoldScope::Batch(id) => *id == BatchId::of_slot(window, wish.slot),
        };
        let counts = |hold: &&Hold| hold.until.is_none_or(|day| !self.bench.moment.day_over(day));
        let holds = self.bench.world.overrides.holds.iter().filter(covers).filter(counts);
        let first = holds.min_by_key(|hold| (hold.authorship.at, &hold.scope));
        let held = first.map(|hold| Reason::Held {
            scope: hold.scope.clone(),
            author: hold.authorship.author.clone(),
            reason: hold.authorship.reason.clone(),
        });
        held.or_else(|| self.paused(wish))
    }

    /// A call was made, and the ladder waits for what was promised in it (`anotar --pausar`). Corrections and
    /// divulgação do not wait: they accuse nobody.
    fn paused(&self, wish: &Wish) -> Option<Reason> {
        if !matches!(wish.slot, Slot::Rung { .. }) {
            return None;
        }
        let window = &self.bench.assessor.window().id;
        let waits = |note: &&Note| {
            note.municipality == self.municipality.code
                && note.window == *window
                && note.until.is_some_and(|day| !self.bench.moment.day_over(day))
        };
        let notes = self.bench.world.overrides.notes.iter().filter(waits);
        let last = notes.max_by_key(|note| (note.until, note.authorship.at, &note.authorship.reason))?;
        Some(Reason::Paused {
            until: last.until?,
            author: last.authorship.author.clone(),
            result: last.authorship.reason.clone(),
        })
    }

    pub(super) fn withhold(&self, wish: &Wish, to: Vec<Recipient>, because: Reason) -> Fate {
        let record = self.record(wish.slot);
        match record.map(|r| r.standing) {
            // What is on its way is not called back by a hold of the plan; the outbox asks again before each attempt.
            Some(Standing::Sent { .. } | Standing::Superseded) => return Fate::Nothing,
            Some(Standing::Expired) if matches!(wish.slot, Slot::Rung { .. }) => return Fate::Nothing,
            _ => {}
        }
        let version = record.map_or(0, |r| version_withheld(r, wish));
        Fate::Withhold(Decision { version, ..self.decision(Act::Withhold, wish, to, because) })
    }
}

/// The version that leaves when nothing holds it any more: the one recorded where that was only stopped and still says
/// what is so, else one of its own. 0 while none was recorded.
fn version_withheld(record: &Record, wish: &Wish) -> u16 {
    let stopped = matches!(record.standing, Standing::Queued | Standing::Withheld(_));
    if record.version == 0 || (stopped && still_says(record, wish)) {
        record.version
    } else {
        record.version + 1
    }
}

/// Causes of withholding that staff are alerted to window by window.
pub(in crate::plan) fn alerts_by_window(cause: Cause) -> bool {
    matches!(cause.as_str(), "nao-confirmado" | "sem-contato")
}
