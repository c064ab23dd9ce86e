//! How the fill-in of a window grew, day by day, from the tallies that every accepted load left. Pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use crate::domain::id::FeedId;
use crate::domain::time::Zone;

/// What one accepted load said of a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FillTally {
    pub feed: FeedId,
    pub taken_at: Timestamp,
    /// How many of its records say *concluído*.
    pub done: usize,
}

/// Records that stood as *concluído* at the end of each day on which something was loaded, by day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FillCurve {
    pub opens_on: Date,
    /// The days, in order, each with how many.
    pub points: Vec<(Date, usize)>,
}

/// A window's curve, and that of the same window a year before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Curves {
    /// This one's.
    pub this: FillCurve,
    /// The year before; absent where there was no such window, or nothing was loaded of it.
    pub last_year: Option<FillCurve>,
}

/// The curve: on each day what the last load of each feed says, all feeds together. What a feed said ends when it is
/// switched off, as `retired_at` has it.
pub fn curve(
    opens_on: Date,
    tallies: &[FillTally],
    retired_at: impl Fn(&FeedId) -> Option<Timestamp>,
    zone: &Zone,
) -> FillCurve {
    let feeds: BTreeSet<&FeedId> = tallies.iter().map(|tally| &tally.feed).collect();
    let ends = feeds.into_iter().filter_map(|feed| Some((retired_at(feed)?, feed, None)));
    let mut by_time: Vec<(Timestamp, &FeedId, Option<usize>)> =
        tallies.iter().map(|tally| (tally.taken_at, &tally.feed, Some(tally.done))).chain(ends).collect();
    by_time.sort_by_key(|(at, _, done)| (*at, done.is_none()));
    let mut last: BTreeMap<&FeedId, usize> = BTreeMap::new();
    let mut days: BTreeMap<Date, usize> = BTreeMap::new();
    for (at, feed, done) in by_time {
        match done {
            Some(done) => last.insert(feed, done),
            None => last.remove(feed),
        };
        days.insert(zone.date_of(at), last.values().sum());
    }
    FillCurve { opens_on, points: days.into_iter().collect() }
}

impl FillCurve {
    /// How many stood there so many days after the opening: the last known by then; absent before anything was.
    pub fn after(&self, days: i64) -> Option<usize> {
        let known = self.points.iter().take_while(|(on, _)| self.day(*on) <= days);
        known.last().map(|(_, done)| *done)
    }

    /// Days from the opening to a date.
    pub fn day(&self, on: Date) -> i64 {
        (on - self.opens_on).get_days().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn each_day_counts_the_last_load_of_each_feed() {
        let zone = Zone::new(jiff::tz::TimeZone::fixed(jiff::tz::offset(-3)));
        let tally = |feed: &str, at: &str, done| FillTally {
            feed: FeedId::parse(feed).unwrap(),
            taken_at: at.parse().unwrap(),
            done,
        };
        let tallies = [
            tally("b", "2023-10-24T12:00:00Z", 5),
            tally("a", "2023-10-24T10:00:00Z", 1),
            tally("a", "2023-10-24T11:00:00Z", 2),
            tally("a", "2023-10-27T02:00:00Z", 9),
        ];
        let grown = curve(date(2023, 10, 23), &tallies, |_| None, &zone);
        assert_eq!(
            grown.points,
            [(date(2023, 10, 24), 7), (date(2023, 10, 26), 14)],
            "23h is still the 26th"
        );
        assert_eq!(
            [grown.after(0), grown.after(1), grown.after(2), grown.after(9)],
            [None, Some(7), Some(7), Some(14)]
        );
        let off = |feed: &FeedId| (feed.as_str() == "b").then(|| "2023-10-25T12:00:00Z".parse().unwrap());
        let grown = curve(date(2023, 10, 23), &tallies, off, &zone);
        assert_eq!(
            grown.points,
            [(date(2023, 10, 24), 7), (date(2023, 10, 25), 2), (date(2023, 10, 26), 9)],
            "what a feed said ends with it"
        );
    }
}
