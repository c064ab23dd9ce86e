//! Deliveries through a relay that takes so many in a minute and so many in a day, in sending hours only; and alerts, which
//! wait for neither. Pure.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::{Day, Quota};
use crate::domain::time::{SendingHours, Zone};

/// Nobody plans further ahead than this for a queue to empty.
const MOST_DAYS: usize = 1_000;

/// Fills in what leaves and what waits on each day. `due` must be in order of time.
pub(super) fn run(
    due: &[(Timestamp, usize)],
    quota: Quota,
    hours: &SendingHours,
    days: &mut BTreeMap<Date, Day>,
) {
    let mut rest = due;
    let mut queue = 0;
    for _ in 0..MOST_DAYS {
        let Some(first) = next_day(rest, queue, days, hours) else { return };
        let on = hours.zone.date_of(first);
        let until = hours.sending_until(first).unwrap_or_else(|| hours.zone.end_of(on));
        let mut room = usize::try_from(quota.per_day).unwrap_or(usize::MAX);
        let (mut now, mut sent) = (first, 0);
        loop {
            while let [(at, count), later @ ..] = rest
                && *at <= now
            {
                queue += count;
                rest = later;
            }
            // Up to the next that falls due, or to the end of the day's hours.
            let next = rest.first().map_or(until, |(at, _)| (*at).min(until));
            let takes = minutes(now, next).saturating_mul(quota.per_minute as usize).min(room).min(queue);
            if takes > 0 {
                let whole = SignedDuration::from_mins(
                    i64::try_from(takes.div_ceil(quota.per_minute.max(1) as usize)).unwrap_or(i64::MAX),
                );
                let last = now.saturating_add(whole).unwrap_or(until).min(until);
                days.entry(on).or_default().ends_at = Some(hours.zone.time_of(last));
            }
            (queue, room, sent) = (queue - takes, room - takes, sent + takes);
            if next >= until {
                break;
            }
            now = next;
        }
        let day = days.entry(on).or_default();
        (day.sent, day.left) = (sent, queue);
    }
}

/// Adds what leaves when it is due, whatever the day and the hour.
pub(super) fn at_once(alerts: &[(Timestamp, usize)], zone: &Zone, days: &mut BTreeMap<Date, Day>) {
    for (at, count) in alerts {
        let day = days.entry(zone.date_of(*at)).or_default();
        day.sent += count;
        day.ends_at = day.ends_at.max((*count > 0).then(|| zone.time_of(*at)));
    }
}

/// The first sending instant of the next day on which anything waits or falls due.
fn next_day(
    rest: &[(Timestamp, usize)],
    queue: usize,
    days: &BTreeMap<Date, Day>,
    hours: &SendingHours,
) -> Option<Timestamp> {
    let due = rest.first().map(|(at, _)| hours.next_sending(*at));
    if queue == 0 {
        return due;
    }
    // The last day that was run through is the last whose numbers are there.
    let run = days.iter().rfind(|(_, day)| day.sent > 0 || day.left > 0).map(|(on, _)| *on)?;
    Some(hours.next_sending(hours.zone.end_of(run)))
}

/// Minutes begun between two instants.
fn minutes(from: Timestamp, until: Timestamp) -> usize {
    let seconds = until.duration_since(from).as_secs().max(0);
    usize::try_from(seconds / 60 + i64::from(seconds % 60 > 0)).unwrap_or(usize::MAX)
}
