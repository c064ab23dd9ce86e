//! One letter to one address: where it stands, and when it is tried again. Pure.

use jiff::{SignedDuration, Timestamp};

use super::refusal::Refusal;
use super::time::hours_after;
use crate::text::words::{shown, words};

words! {
    /// Where a delivery (entrega) stands.
    pub enum DeliveryState {
        /// *registrado*: durable, never tried.
        Recorded "registrado",
        /// *enviando*: a sender has it on the wire.
        Sending "enviando",
        /// *aceito*: the relay took it.
        Accepted "aceito",
        /// *adiado*: a temporary refusal; it will be tried again.
        Deferred "adiado",
        /// *recusado*: refused for good at this address.
        Refused "recusado",
        /// *incerto*: the reply never came; the relay may have taken it.
        Uncertain "incerto",
        /// *devolvido*: it came back.
        Bounced "devolvido",
        /// *lido*: a read receipt came.
        Read "lido",
        /// *retirado*: no longer wanted before any attempt.
        Withdrawn "retirado",
        /// *expirado*: its validity ended first.
        Expired "expirado",
    }
}

impl DeliveryState {
    /// Whether the municipality counts as reached at this address: taken, read, or perhaps taken.
    pub fn reaches(self) -> bool {
        matches!(self, Self::Accepted | Self::Uncertain | Self::Read)
    }
}

shown!(DeliveryState);

/// What one attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// 2xx after the final dot.
    Accepted {
        /// The relay's last reply.
        reply: String,
    },
    /// 4xx, or no connection: nothing was taken and a later attempt may succeed.
    Deferred {
        /// The relay's reply or what went wrong.
        reply: String,
        /// Whether the next letter would fare no better: the relay asked for patience (421, 452, 454), could not be
        /// reached, broke off without a reply, or put us off before it heard of an address.
        slow_down: bool,
    },
    /// 5xx for this recipient or this letter.
    Refused {
        reply: String,
        /// Whose matter it is.
        why: Refusal,
    },
    /// The relay's own fault: it refuses to talk, to authenticate, or to take our sender. No contact is to blame.
    RelayFault {
        /// The relay's reply or what went wrong.
        reply: String,
    },
    /// The end of the data went out and no reply came.
    Uncertain { reply: String },
}

impl Outcome {
    /// The state that a delivery has after it.
    pub fn state(&self) -> DeliveryState {
        match self {
            Self::Accepted { .. } => DeliveryState::Accepted,
            Self::Deferred { .. } | Self::RelayFault { .. } => DeliveryState::Deferred,
            Self::Refused { .. } => DeliveryState::Refused,
            Self::Uncertain { .. } => DeliveryState::Uncertain,
        }
    }

    /// The relay's reply, or what went wrong.
    pub fn reply(&self) -> &str {
        match self {
            Self::Accepted { reply }
            | Self::Deferred { reply, .. }
            | Self::Refused { reply, .. }
            | Self::RelayFault { reply }
            | Self::Uncertain { reply } => reply,
        }
    }
}

/// The first wait after a temporary refusal.
const FIRST_WAIT: SignedDuration = SignedDuration::from_mins(1);
/// The shortest wait before the end of what a letter is good for.
const SHORTEST_WAIT: SignedDuration = SignedDuration::from_secs(30);
/// The longest wait between attempts.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(60);

/// When to try again after `attempts` attempts that came to nothing: one minute, doubling, one hour at most.
pub fn next_attempt(now: Timestamp, attempts: u32) -> Timestamp {
    let doubled = FIRST_WAIT.checked_mul(2_i32.saturating_pow(attempts.saturating_sub(1)));
    let wait = doubled.unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT);
    now.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

/// The same before `end`: where the wait would last beyond it, half of what is left, so that a letter in its last minutes is
/// tried on. In the last minute nothing is gained by it.
pub fn next_attempt_before(end: Option<Timestamp>, now: Timestamp, attempts: u32) -> Timestamp {
    let next = next_attempt(now, attempts);
    let Some(end) = end.filter(|end| next >= *end) else { return next };
    let half = end.duration_since(now) / 2;
    if half < SHORTEST_WAIT { next } else { now.saturating_add(half).unwrap_or(next) }
}

/// A letter to a municipality is sent so often at most while no reply comes: then a person is asked. What the relay took
/// each time would be as many copies.
pub const MOST_UNCERTAIN: usize = 4;

/// Later than that at `now` nothing is put off: what is was put off by a clock that stood ahead.
pub fn latest_attempt(now: Timestamp) -> Timestamp {
    now.saturating_add(LONGEST_WAIT).unwrap_or(Timestamp::MAX)
}

/// The last time that the queue stood still because letters came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueStop {
    pub since: Timestamp,
    /// Until when, if nobody ends it before; when it ended, if it is over.
    pub until: Timestamp,
    /// How often it had stopped before, each time within a day of the last.
    pub times: usize,
    /// Whether its end was recorded.
    pub is_over: bool,
}

impl QueueStop {
    /// The most that `times` counts: from there on a stop lasts no longer.
    pub const MOST: usize = 3;

    /// How often the queue had stopped before, for one that begins now: each time within a day of the last.
    pub fn times_before(last: Option<&Self>, now: Timestamp) -> usize {
        last.filter(|last| now < hours_after(last.until, 24))
            .map_or(0, |last| (last.times + 1).min(Self::MOST))
    }

    /// The same, over since then.
    #[must_use]
    pub fn ended(self, at: Timestamp) -> Self {
        Self { until: self.until.min(at), is_over: true, ..self }
    }

    /// Whether nothing but alerts leaves at `now`.
    pub fn holds(&self, now: Timestamp) -> bool {
        !self.is_over && now < self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_hour() {
        let at = |n| next_attempt(Timestamp::UNIX_EPOCH, n).as_second() / 60;
        assert_eq!([at(0), at(1), at(2), at(3), at(6)], [1, 1, 2, 4, 32]);
        assert!((7..100).chain([u32::MAX]).all(|n| at(n) == 60));
    }

    #[test]
    fn what_would_wait_beyond_its_end_is_tried_before_it_and_not_in_its_last_minute() {
        let at = |minutes: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes);
        let next = |now, attempts| next_attempt_before(Some(at(60)), now, attempts);
        assert_eq!(next(at(0), 6), at(32), "time enough");
        assert_eq!(next(at(52), 3), at(56), "time enough");
        assert_eq!(next(at(56), 4), at(58), "not at 64");
        assert_eq!(next(at(58), 5), at(59));
        assert_eq!(next(at(59), 6), at(59) + SignedDuration::from_secs(30));
        let late = at(59) + SignedDuration::from_secs(30);
        assert!(next(late, 7) > at(60), "then it is over");
        assert_eq!(next(at(61), 1), at(62));
        assert_eq!(next_attempt_before(None, at(56), 4), at(64));
        let mut tries = 0;
        let mut now = at(0);
        while now < at(60) {
            (now, tries) = (next(now, 9), tries + 1);
        }
        assert!(tries <= 8, "{tries}");
    }
}
