//! How many letters may leave in a minute and in a day, and whether the relay asked for patience. Pure.

use std::collections::VecDeque;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

/// One minute, the span of `por_minuto`.
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// From when on an attempt counts to the minute that ends now.
pub(super) fn a_minute_before(now: Timestamp) -> Timestamp {
    now.saturating_sub(MINUTE).unwrap_or(now)
}

/// The pace of one outbox.
#[derive(Debug, Default)]
pub(super) struct Pace {
    recent: VecDeque<Timestamp>,
    day: Option<(Date, u32)>,
    paused_until: Option<Timestamp>,
    strikes: u32,
}

impl Pace {
    /// How many letters may leave now; when none, from when the next may.
    pub(super) fn allowance(
        &mut self,
        now: Timestamp,
        today: Date,
        tomorrow: Timestamp,
        per_minute: u32,
        per_day: u32,
    ) -> Result<usize, Timestamp> {
        if let Some(until) = self.paused_until.filter(|until| now < *until) {
            return Err(until);
        }
        while self.recent.front().is_some_and(|at| now.duration_since(*at) >= MINUTE) {
            self.recent.pop_front();
        }
        let sent_today = self.day.filter(|(day, _)| *day == today).map_or(0, |(_, n)| n);
        if sent_today >= per_day {
            return Err(tomorrow);
        }
        let room = usize::try_from(per_minute).unwrap_or(usize::MAX).saturating_sub(self.recent.len());
        match self.recent.front() {
            Some(first) if room == 0 => Err(first.saturating_add(MINUTE).unwrap_or(tomorrow)),
            _ => Ok(room.min(usize::try_from(per_day - sent_today).unwrap_or(usize::MAX))),
        }
    }

    /// Notes a letter that was offered to the relay, oldest first.
    pub(super) fn sent(&mut self, at: Timestamp, today: Date) {
        self.recent.push_back(at);
        let count = self.day.filter(|(day, _)| *day == today).map_or(0, |(_, n)| n);
        self.day = Some((today, count + 1));
    }

    /// The relay asked for patience, or is at fault: wait one minute, then two, up to thirty.
    pub(super) fn back_off(&mut self, now: Timestamp) -> Timestamp {
        let minutes = (1_i64 << self.strikes.min(5)).min(30);
        self.strikes += 1;
        let until = now.saturating_add(SignedDuration::from_mins(minutes)).unwrap_or(now);
        self.paused_until = Some(until);
        until
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
        let (day, start) = (date(2026, 11, 23), Timestamp::UNIX_EPOCH);
        let tomorrow = start + SignedDuration::from_hours(24);
        let at = |s| start + SignedDuration::from_secs(s);
        assert_eq!(pace.allowance(at(0), day, tomorrow, 2, 3), Ok(2));
        pace.sent(at(0), day);
        pace.sent(at(1), day);
        assert_eq!(pace.allowance(at(2), day, tomorrow, 2, 3), Err(at(60)));
        assert_eq!(pace.allowance(at(60), day, tomorrow, 2, 3), Ok(1));
        pace.sent(at(60), day);
        assert_eq!(pace.allowance(at(200), day, tomorrow, 2, 3), Err(tomorrow));
        assert_eq!(pace.allowance(at(200), date(2026, 11, 24), tomorrow, 2, 3), Ok(2));
    }

    #[test]
    fn patience_doubles_until_the_relay_takes_something() {
        let mut pace = Pace::default();
        let now = Timestamp::UNIX_EPOCH;
        let waits: Vec<i64> = (0..7).map(|_| pace.back_off(now).as_second() / 60).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
        assert!(pace.is_probing());
        pace.recovered();
        assert_eq!(pace.back_off(now).as_second() / 60, 1);
    }
}
