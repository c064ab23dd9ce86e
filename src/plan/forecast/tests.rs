//! The relay's days, and the fullest week. Pure.

use jiff::SignedDuration;
use jiff::civil::{date, time};
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::domain::holiday::Holidays;
use crate::domain::time::{SendingHours, Zone};

fn hours() -> SendingHours {
    SendingHours {
        zone: Zone::new(TimeZone::fixed(jiff::tz::offset(-3))),
        from: time(8, 0, 0, 0),
        until: time(18, 0, 0, 0),
        business_days_only: true,
        holidays: Holidays::national(),
        waits: true,
    }
}

fn run(due: &[(Timestamp, usize)], per_minute: u32, per_day: u32) -> BTreeMap<Date, Day> {
    let mut days = BTreeMap::new();
    flow::run(due, Quota { per_minute, per_day }, &hours(), &mut days);
    days
}

#[test]
fn what_a_day_does_not_take_leaves_on_the_next_sending_day() {
    let friday = hours().zone.at(date(2026, 11, 27), time(8, 0, 0, 0));
    let days = run(&[(friday, 250)], 30, 100);
    let told: Vec<_> = days.iter().map(|(on, day)| (*on, day.sent, day.left)).collect();
    assert_eq!(
        told,
        [(date(2026, 11, 27), 100, 150), (date(2026, 11, 30), 100, 50), (date(2026, 12, 1), 50, 0)],
        "the weekend is left out"
    );
    assert_eq!(days[&date(2026, 11, 27)].ends_at, Some(time(8, 4, 0, 0)), "100 at 30 a minute");
}

#[test]
fn a_queue_is_empty_when_its_last_delivery_leaves_in_sending_hours() {
    let hours = hours();
    let friday = |at| hours.zone.at(date(2026, 11, 27), at);
    let quota = Quota { per_minute: 30, per_day: 400 };
    let empties = |waiting, at| quota.empties_at(waiting, friday(at), &hours);
    assert_eq!(empties(0, time(9, 0, 0, 0)), None);
    assert_eq!(empties(90, time(9, 0, 0, 0)), Some(friday(time(9, 3, 0, 0))));
    let monday = |at| Some(hours.zone.at(date(2026, 11, 30), at));
    assert_eq!(empties(430, time(9, 0, 0, 0)), monday(time(8, 1, 0, 0)), "the day takes no more than 400");
    assert_eq!(empties(90, time(20, 0, 0, 0)), monday(time(8, 3, 0, 0)), "it is evening");
}

#[test]
fn an_alert_leaves_on_the_day_on_which_it_is_due_beside_what_waits() {
    let friday = hours().zone.at(date(2026, 11, 27), time(8, 0, 0, 0));
    let saturday = hours().zone.at(date(2026, 11, 28), time(21, 30, 0, 0));
    let mut days = run(&[(friday, 150)], 30, 100);
    flow::at_once(&[(friday, 2), (saturday, 2)], &hours().zone, &mut days);
    let told: Vec<_> = days.iter().map(|(on, day)| (on.day(), day.sent, day.left)).collect();
    assert_eq!(told, [(27, 102, 50), (28, 2, 0), (30, 50, 0)]);
    assert_eq!(days[&date(2026, 11, 28)].ends_at, Some(time(21, 30, 0, 0)));
    assert_eq!(days[&date(2026, 11, 27)].ends_at, Some(time(8, 4, 0, 0)));
}

#[test]
fn what_falls_due_late_in_the_day_has_only_the_minutes_that_are_left() {
    let late = hours().zone.at(date(2026, 11, 27), time(17, 58, 0, 0));
    let days = run(&[(late, 100)], 30, 10_000);
    assert_eq!((days[&date(2026, 11, 27)].sent, days[&date(2026, 11, 27)].left), (60, 40));
    assert_eq!(days[&date(2026, 11, 30)].sent, 40);
}

#[test]
fn the_fullest_seven_days_are_found_wherever_they_begin() {
    let letters = [1, 8, 9, 14, 15, 30].map(|day| (date(2026, 12, day), Kind::Warning));
    assert_eq!(share(&letters).busiest, Some((date(2026, 12, 8), 3)), "8, 9 and 14; 15 is the eighth day");
    assert_eq!(share(&[]).busiest, None);
}

proptest! {
    #[test]
    fn nothing_is_lost_between_days_and_no_day_takes_more_than_it_may(
        due in prop::collection::vec((0i64..60 * 24 * 20, 0usize..400), 0..12),
        per_minute in 1u32..60,
        per_day in 10u32..500,
    ) {
        let start = hours().zone.start_of(date(2026, 11, 20));
        let mut due: Vec<(Timestamp, usize)> =
            due.into_iter().map(|(minutes, count)| (start + SignedDuration::from_mins(minutes), count)).collect();
        due.sort();
        let days = run(&due, per_minute, per_day);
        let all: usize = due.iter().map(|(_, count)| count).sum();
        prop_assert_eq!(days.values().map(|day| day.sent).sum::<usize>(), all);
        prop_assert_eq!(days.values().next_back().map_or(0, |day| day.left), 0);
        for (on, day) in &days {
            prop_assert!(day.sent <= per_day as usize && day.sent <= per_minute as usize * 600);
            prop_assert!(day.sent == 0 || hours().is_sending_day(*on));
        }
    }
}
