//! When a feed is asked again: by its schedule, and sooner after a failure.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::domain::time::Zone;
use crate::feed::schedule::Schedule;
use crate::intake::FeedRun;

/// The first wait after a run that failed; each later one is twice as long.
const FIRST_WAIT: SignedDuration = SignedDuration::from_mins(15);
/// The longest, unless the schedule comes sooner.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(4);
/// The longest that a server may ask to be left alone.
const LONGEST_ASKED: SignedDuration = SignedDuration::from_hours(6);

/// When a feed is due: at once if it never ran, else by its schedule, or sooner after a failure. Absent: never.
pub(super) fn due_at(
    last: Option<&FeedRun>,
    schedule: &str,
    zone: &Zone,
    now: Timestamp,
) -> Option<Timestamp> {
    // A run in the future was made under another clock.
    let Some(last) = last.filter(|run| run.tried_at <= now) else { return Some(now) };
    let by_schedule = Schedule::parse(schedule).ok()?.next_after(last.tried_at, zone);
    if last.failures > 0 { last.next_at.or(by_schedule) } else { by_schedule }
}

/// When to try again what may pass.
pub(super) fn next_try(
    now: Timestamp,
    failures: u32,
    asked: Option<Duration>,
    regular: Option<Timestamp>,
) -> Timestamp {
    let doublings = failures.saturating_sub(1).min(8);
    let grown = FIRST_WAIT.saturating_mul(1_i32 << doublings).min(LONGEST_WAIT);
    let soon = now.saturating_add(grown).unwrap_or(Timestamp::MAX);
    let asked = asked.and_then(|wait| SignedDuration::try_from(wait).ok()).unwrap_or_default();
    let allowed = now.saturating_add(asked.min(LONGEST_ASKED)).unwrap_or(Timestamp::MAX);
    regular.map_or(soon, |regular| soon.min(regular)).max(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    fn at(hour: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hour)
    }

    #[test]
    fn a_feed_is_due_by_its_schedule_and_sooner_after_a_failure() {
        let zone = Zone::new(TimeZone::UTC);
        let due = |last: Option<&FeedRun>, now| due_at(last, "0 6 * * *", &zone, now);
        assert_eq!(due(None, at(3)), Some(at(3)), "at once, when it never ran");
        let good = FeedRun { tried_at: at(6), next_at: None, failures: 0, failure: None };
        assert_eq!(due(Some(&good), at(7)), Some(at(30)), "also after a restart");
        assert_eq!(due(Some(&good), at(100)), Some(at(30)), "what was missed is made up for once");
        assert_eq!(due(Some(&good), at(5)), Some(at(5)), "a run under another clock does not count");
        let bad = FeedRun { next_at: Some(at(7)), failures: 1, ..good };
        assert_eq!(due(Some(&bad), at(6)), Some(at(7)));
    }

    #[test]
    fn waits_after_failures_grow_and_obey_the_server() {
        let wait = |failures, asked: Option<u64>, regular: Option<i64>| {
            let next = next_try(at(0), failures, asked.map(Duration::from_hours), regular.map(at));
            next.duration_since(at(0)).as_mins()
        };
        assert_eq!([1, 2, 3, 5, 50].map(|n| wait(n, None, None)), [15, 30, 60, 240, 240]);
        assert_eq!(wait(5, None, Some(2)), 120, "never later than the schedule");
        assert_eq!(wait(1, Some(3), Some(2)), 180, "unless the server asked for it");
        assert_eq!(wait(1, Some(90), None), 360, "within reason");
    }
}
