//! What really became of each letter, address by address: what staff read wherever a letter is shown. Pure.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::domain::delivery::DeliveryState;
use crate::domain::id::EmailAddress;
use crate::domain::journal::Act;
use crate::domain::notice::{Kind, NoticeKey};
use crate::domain::roster::Role;

/// Where a letter stands, as a whole or at one address. In the order in which one address's state stands for the
/// letter: what reached somebody first, then what may still leave, then what never will.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LetterState {
    /// *lida*: a read receipt came.
    Read,
    /// *aceita*: the relay took it.
    Accepted,
    /// *incerta*: it may have been taken.
    Uncertain,
    /// *em envio*: on the wire now.
    Sending,
    /// *adiada*: put off; it is tried again.
    Deferred,
    /// *na fila*: recorded, never tried.
    Queued,
    /// *retida*: recorded, and stopped by somebody (`reter`). Ends with `liberar`, or with its validity.
    Held,
    /// *devolvida*: it left and came back.
    Bounced,
    /// *vencida sem sair*: its validity ended first.
    Expired,
    /// *perdida com o serviço parado*: nobody looked during its whole validity.
    Missed,
    /// *recusada*: the address does not take it.
    Refused,
    /// *retirada*: taken back before it left.
    Withdrawn,
}

impl LetterState {
    /// Where a delivery stands at `now`: its state in the ledger, what stopped it, when it is tried again, and until
    /// when it may leave.
    pub fn of(
        state: DeliveryState,
        stopped_by: Option<Act>,
        next_at: Option<Timestamp>,
        valid_until: Option<Timestamp>,
        now: Timestamp,
    ) -> Self {
        match (state, stopped_by) {
            (DeliveryState::Read, _) => Self::Read,
            (DeliveryState::Accepted, _) => Self::Accepted,
            (DeliveryState::Uncertain, _) => Self::Uncertain,
            (DeliveryState::Sending, _) => Self::Sending,
            (DeliveryState::Bounced, _) => Self::Bounced,
            (DeliveryState::Refused, _) => Self::Refused,
            (DeliveryState::Withdrawn, _)
            | (DeliveryState::Recorded | DeliveryState::Deferred, Some(Act::Withdraw | Act::Supersede)) => {
                Self::Withdrawn
            }
            (DeliveryState::Expired, _)
            | (DeliveryState::Recorded | DeliveryState::Deferred, Some(Act::Expire)) => Self::Expired,
            (DeliveryState::Recorded | DeliveryState::Deferred, _)
                if valid_until.is_some_and(|until| until <= now) =>
            {
                Self::Expired
            }
            (DeliveryState::Recorded | DeliveryState::Deferred, Some(Act::Withhold)) => Self::Held,
            // Never again: the next attempt would have come after its validity.
            (DeliveryState::Deferred, None | Some(Act::Send | Act::Publish)) if next_at.is_none() => {
                Self::Expired
            }
            (DeliveryState::Deferred, None | Some(Act::Send | Act::Publish)) => Self::Deferred,
            (DeliveryState::Recorded, None | Some(Act::Send | Act::Publish)) => Self::Queued,
        }
    }

    /// Whether it left the secretariat: only then is it shown as sent. What came back left; what was refused did not.
    pub fn has_left(self) -> bool {
        match self {
            Self::Read | Self::Accepted | Self::Uncertain | Self::Bounced => true,
            Self::Sending
            | Self::Deferred
            | Self::Queued
            | Self::Held
            | Self::Expired
            | Self::Missed
            | Self::Refused
            | Self::Withdrawn => false,
        }
    }

    /// Whether it may still leave without a person doing anything.
    pub fn is_waiting(self) -> bool {
        matches!(self, Self::Sending | Self::Deferred | Self::Queued)
    }
}

/// One letter at one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryFact {
    pub version: u16,
    /// What sort of letter this version was written as, whatever its notice was decided to be since; absent for one to staff
    /// that has none.
    pub kind: Option<Kind>,
    /// When this version was recorded, if it did not leave.
    pub recorded_at: Option<Timestamp>,
    /// When the relay first took it, or may have; also of one that came to nothing since.
    pub left_at: Option<Timestamp>,
    pub role: Role,
    /// Which address. Personal data: not for logs.
    pub address: EmailAddress,
    pub state: LetterState,
    /// When that came about: the end of the last attempt, or when the letter was recorded.
    pub at: Timestamp,
}

/// The deliveries of every letter, by notice.
#[derive(Debug, Clone, Default)]
pub struct Post {
    letters: HashMap<NoticeKey, Vec<DeliveryFact>>,
    is_rehearsal: bool,
}

impl Post {
    /// Puts in one delivery.
    pub fn put(&mut self, key: NoticeKey, fact: DeliveryFact) {
        self.letters.entry(key).or_default().push(fact);
    }

    /// The same of a rehearsal (`ensaio`): what counts as taken was written to a file.
    #[must_use]
    pub fn rehearsed(self) -> Self {
        Self { is_rehearsal: true, ..self }
    }

    /// Whether it is a rehearsal's, so that no letter of it left.
    pub fn is_rehearsal(&self) -> bool {
        self.is_rehearsal
    }

    /// The deliveries of a notice, oldest version first; none where it has no letter, or the detail is not at hand.
    pub fn of(&self, key: &NoticeKey) -> &[DeliveryFact] {
        self.letters.get(key).map_or(&[], Vec::as_slice)
    }

    /// Every notice with its deliveries, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&NoticeKey, &[DeliveryFact])> {
        self.letters.iter().map(|(key, facts)| (key, facts.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_never_taken_is_in_no_state_of_one_that_left() {
        let now = Timestamp::UNIX_EPOCH;
        let later = now.checked_add(jiff::SignedDuration::from_hours(1)).unwrap();
        let taken =
            [DeliveryState::Accepted, DeliveryState::Uncertain, DeliveryState::Bounced, DeliveryState::Read];
        let acts = [Act::Send, Act::Withhold, Act::Withdraw, Act::Supersede, Act::Expire, Act::Publish];
        for state in DeliveryState::ALL {
            for stopped in std::iter::once(None).chain(acts.map(Some)) {
                for until in [None, Some(now), Some(later)] {
                    for next in [None, Some(later)] {
                        let seen = LetterState::of(state, stopped, next, until, now);
                        assert_eq!(seen.has_left(), taken.contains(&state), "{state} {stopped:?}: {seen:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_can_no_longer_leave_is_said_to_be_over() {
        let now = Timestamp::UNIX_EPOCH;
        let later = now.checked_add(jiff::SignedDuration::from_hours(1)).unwrap();
        let of = |state, stopped, next, until| LetterState::of(state, stopped, next, until, now);
        let (recorded, deferred) = (DeliveryState::Recorded, DeliveryState::Deferred);
        assert_eq!(of(recorded, None, Some(now), None), LetterState::Queued);
        assert_eq!(of(recorded, None, Some(now), Some(now)), LetterState::Expired, "no pass closed it yet");
        assert_eq!(of(recorded, Some(Act::Withhold), Some(now), Some(later)), LetterState::Held);
        assert_eq!(of(recorded, Some(Act::Withhold), Some(now), Some(now)), LetterState::Expired);
        assert_eq!(of(deferred, None, Some(later), Some(later)), LetterState::Deferred);
        assert_eq!(of(deferred, None, None, Some(later)), LetterState::Expired);
        assert_eq!(of(deferred, Some(Act::Withdraw), None, None), LetterState::Withdrawn);
    }
}
