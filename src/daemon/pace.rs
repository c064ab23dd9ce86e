//! How many letters may leave in a minute and in a day, and whether the relay asked for patience. Pure.
//!
//! What is waited for is measured by how long the machine runs ([`crate::clock::Clock::running`]), so that a wall clock that
//! leaps or comes back neither lengthens a pause nor ends it. Only `por_dia` goes by the calendar.

use std::collections::VecDeque;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::domain::delivery::DeliveryState;

/// One minute, the span of `por_minuto`.
const MINUTE: SignedDuration = SignedDuration::from_mins(1);
/// So many days are counted apart: a clock that leapt and came back finds what left on the day that it is.
const DAYS: usize = 8;

/// From when on an attempt counts to the minute that ends now.
pub(super) fn a_minute_before(now: Timestamp) -> Timestamp {
    now.saturating_sub(MINUTE).unwrap_or(now)
}

/// What may leave now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// So many letters.
    Letters(usize),
    /// `por_dia` is used up: so many alerts, which it does not hold.
    Alerts(usize),
    /// Nothing, for so long.
    Nothing(SignedDuration),
}

/// The pace of one outbox.
#[derive(Debug, Default)]
pub(super) struct Pace {
    recent: VecDeque<SignedDuration>,
    days: VecDeque<(Date, u32)>,
    paused_until: Option<SignedDuration>,
    strikes: u32,
}

impl Pace {
    /// How much may leave once the machine has run so long.
    pub(super) fn allowance(
        &mut self,
        running: SignedDuration,
        today: Date,
        per_minute: u32,
        per_day: u32,
    ) -> Room {
        if let Some(until) = self.paused_until.filter(|until| running < *until) {
            return Room::Nothing(until.saturating_sub(running));
        }
        while self.recent.front().is_some_and(|at| running.saturating_sub(*at) >= MINUTE) {
            self.recent.pop_front();
        }
        let room = usize::try_from(per_minute).unwrap_or(usize::MAX).saturating_sub(self.recent.len());
        let left_today = per_day.saturating_sub(self.of(today));
        match self.recent.front() {
            Some(first) if room == 0 => Room::Nothing(first.saturating_add(MINUTE).saturating_sub(running)),
            _ if left_today == 0 => Room::Alerts(room),
            _ => Room::Letters(room.min(usize::try_from(left_today).unwrap_or(usize::MAX))),
        }
    }

    /// Notes a letter that was offered to the relay, oldest first. A minute holds so many of these, a day only so many that
    /// the relay took, or may have: one that it put off has not left.
    pub(super) fn offered(&mut self, running: SignedDuration, today: Date, state: DeliveryState) {
        self.recent.push_back(running);
        if !state.reaches() {
            return;
        }
        if let Some((_, count)) = self.days.iter_mut().find(|(day, _)| *day == today) {
            *count += 1;
            return;
        }
        if self.days.len() == DAYS {
            self.days.pop_front();
        }
        self.days.push_back((today, 1));
    }

    fn of(&self, today: Date) -> u32 {
        self.days.iter().find(|(day, _)| *day == today).map_or(0, |(_, count)| *count)
    }

    /// The relay asked for patience, or is at fault: wait one minute, then two, up to thirty. Answers how long.
    pub(super) fn back_off(&mut self, running: SignedDuration) -> SignedDuration {
        let pause = SignedDuration::from_mins((1_i64 << self.strikes.min(5)).min(30));
        self.strikes += 1;
        self.paused_until = Some(running.saturating_add(pause));
        pause
    }

    /// The relay took something: patience is over.
    pub(super) fn recovered(&mut self) {
        self.strikes = 0;
        self.paused_until = None;
    }

    /// How many rounds in a row came to nothing.
    pub(super) fn strikes(&self) -> u32 {
        self.strikes
    }

    /// Whether the next letter is a probe: after a back-off, one goes first.
    pub(super) fn is_probing(&self) -> bool {
        self.strikes > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_minute_holds_so_many_and_a_day_so_many() {
        let mut pace = Pace::default();
        let day = date(2026, 11, 23);
        let at = SignedDuration::from_secs;
        assert_eq!(pace.allowance(at(0), day, 2, 3), Room::Letters(2));
        pace.offered(at(0), day, DeliveryState::Accepted);
        pace.offered(at(1), day, DeliveryState::Accepted);
        assert_eq!(pace.allowance(at(2), day, 2, 3), Room::Nothing(at(58)));
        assert_eq!(pace.allowance(at(60), day, 2, 3), Room::Letters(1));
        pace.offered(at(60), day, DeliveryState::Accepted);
        assert_eq!(pace.allowance(at(200), day, 2, 3), Room::Alerts(2), "which a day does not hold");
        pace.offered(at(200), day, DeliveryState::Accepted);
        assert_eq!(pace.allowance(at(201), day, 2, 3), Room::Alerts(1), "and a minute does");
        assert_eq!(pace.allowance(at(400), date(2026, 11, 24), 2, 3), Room::Letters(2));
    }

    #[test]
    fn a_day_holds_only_what_was_taken_or_may_have_been() {
        let mut pace = Pace::default();
        let day = date(2026, 11, 23);
        for n in 0..9 {
            pace.offered(SignedDuration::from_mins(n), day, DeliveryState::Deferred);
            pace.offered(SignedDuration::from_mins(n), day, DeliveryState::Refused);
        }
        let mut left = || pace.allowance(SignedDuration::from_mins(20), day, 9, 3);
        assert_eq!(left(), Room::Letters(3), "none of them left");
        pace.offered(SignedDuration::from_mins(10), day, DeliveryState::Accepted);
        pace.offered(SignedDuration::from_mins(11), day, DeliveryState::Uncertain);
        let mut left = || pace.allowance(SignedDuration::from_mins(20), day, 9, 3);
        assert_eq!(left(), Room::Letters(1));
    }

    #[test]
    fn a_day_that_a_leap_left_is_counted_on_when_the_clock_comes_back_to_it() {
        let mut pace = Pace::default();
        let (day, leapt) = (date(2026, 11, 23), date(2027, 1, 2));
        let at = SignedDuration::from_mins;
        pace.offered(at(0), day, DeliveryState::Accepted);
        pace.offered(at(2), leapt, DeliveryState::Accepted);
        assert_eq!(pace.allowance(at(4), day, 9, 2), Room::Letters(1));
        for n in 0..99 {
            pace.offered(at(5 + n), day.saturating_add(jiff::Span::new().days(n)), DeliveryState::Accepted);
        }
        assert_eq!(pace.days.len(), DAYS);
    }

    #[test]
    fn patience_doubles_until_the_relay_takes_something() {
        let mut pace = Pace::default();
        let now = SignedDuration::ZERO;
        let waits: Vec<i64> = (0..7).map(|_| pace.back_off(now).as_mins()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
        assert!(pace.is_probing());
        assert_eq!(
            pace.allowance(SignedDuration::from_mins(10), date(2026, 11, 23), 1, 1),
            Room::Nothing(SignedDuration::from_mins(20))
        );
        pace.recovered();
        assert_eq!(pace.back_off(now).as_mins(), 1);
    }
}
