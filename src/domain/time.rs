//! Civil dates to instants and back, and when letters may leave. Pure.
//!
//! The only place that turns one kind of time into another. A local time that a clock change skipped becomes the
//! later instant; one that it repeated becomes the earlier.

use jiff::civil::{Date, DateTime, Time, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::holiday::Holidays;
use crate::text::digest::sha256;

/// The clock that people and networks set went ahead of the one that nobody sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leap {
    /// Where it should have stood, or when the service last was at work.
    pub from: Timestamp,
    /// Where it stood when that was noticed.
    pub to: Timestamp,
}

/// The zone in which the calendar's dates are meant.
#[derive(Debug, Clone)]
pub struct Zone(TimeZone);

impl Zone {
    /// Wraps a time zone already looked up.
    pub fn new(zone: TimeZone) -> Self {
        Self(zone)
    }

    /// The instant of a civil date and time (gap → later, fold → earlier).
    pub fn at(&self, date: Date, time: Time) -> Timestamp {
        self.0.to_ambiguous_timestamp(date.to_datetime(time)).compatible().unwrap_or(Timestamp::MAX)
    }

    /// Its name in the database of time zones; empty for one without.
    pub fn name(&self) -> String {
        self.0.iana_name().unwrap_or_default().to_owned()
    }

    /// A digest of when each day of the years 2020 to 2045 begins: the same as long as its rules are.
    pub fn digest(&self) -> String {
        let days = date(2020, 1, 1).series(jiff::Span::new().days(1)).take_while(|day| day.year() < 2046);
        let starts: Vec<u8> = days.flat_map(|day| self.start_of(day).as_second().to_be_bytes()).collect();
        sha256(&starts)
    }

    /// Whether a day of the next two years begins at another instant there: two names may be of zones that agree.
    pub fn differs_from(&self, other: &Self, from: Date) -> bool {
        let days = (0..=2 * 366).map(|n| from.saturating_add(jiff::Span::new().days(n)));
        self.0 != other.0 && days.into_iter().any(|day| self.start_of(day) != other.start_of(day))
    }

    /// The first instant of a civil date.
    pub fn start_of(&self, date: Date) -> Timestamp {
        self.at(date, Time::midnight())
    }

    /// The first instant of the civil date after.
    pub fn end_of(&self, date: Date) -> Timestamp {
        self.start_of(day_after(date))
    }

    /// The civil date of an instant.
    pub fn date_of(&self, instant: Timestamp) -> Date {
        self.0.to_datetime(instant).date()
    }

    /// The civil time of an instant.
    pub fn time_of(&self, instant: Timestamp) -> Time {
        self.0.to_datetime(instant).time()
    }

    /// Both.
    pub fn datetime_of(&self, instant: Timestamp) -> DateTime {
        self.0.to_datetime(instant)
    }

    /// The zone itself, for those that write instants.
    pub fn time_zone(&self) -> &TimeZone {
        &self.0
    }

    /// The offset from UTC at an instant, for showing.
    pub fn zoned(&self, instant: Timestamp) -> jiff::Zoned {
        instant.to_zoned(self.0.clone())
    }
}

/// The day after, or the same day at the end of time.
pub fn day_after(date: Date) -> Date {
    date.tomorrow().unwrap_or(date)
}

/// The day before, or the same day at the beginning of time.
pub fn day_before(date: Date) -> Date {
    date.yesterday().unwrap_or(date)
}

/// The date `days` civil days earlier.
pub fn days_before(date: Date, days: u16) -> Date {
    date.saturating_sub(i64::from(days).days())
}

/// An instant some hours later.
pub fn hours_after(instant: Timestamp, hours: i64) -> Timestamp {
    instant.saturating_add(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MAX)
}

/// When letters may leave: hours of the day, on which days. `[horario]` in `vigia.toml`.
#[derive(Debug, Clone)]
pub struct SendingHours {
    /// Where the hours are meant.
    pub zone: Zone,
    /// First local time at which a letter may leave.
    pub from: Time,
    /// Local time from which none leaves.
    pub until: Time,
    /// Whether weekends and holidays are left out.
    pub business_days_only: bool,
    /// Holidays and pontos facultativos of the sender.
    pub holidays: Holidays,
    /// Whether hours hold letters back at all (a rehearsal on the spot does not wait; dues stay as they are).
    pub waits: bool,
}

impl SendingHours {
    /// Whether letters leave on this day at all.
    pub fn is_sending_day(&self, date: Date) -> bool {
        !self.business_days_only || (self.holidays.is_business_day(date) && self.opens(date) < self.until)
    }

    /// First local time of a sending day at which a letter may leave: a ponto facultativo may take its beginning.
    fn opens(&self, date: Date) -> Time {
        let closed = self.holidays.closed_until(date).filter(|_| self.business_days_only);
        closed.map_or(self.from, |until| until.max(self.from))
    }

    /// When something may leave that is ready at `instant`: the first sending instant at or after it, or at once where the
    /// hours hold nothing back.
    pub fn next_sending(&self, instant: Timestamp) -> Timestamp {
        if self.waits { self.due(instant) } else { instant }
    }

    /// When what `instant` causes is due: the first instant of the sending hours at or after it, held back by them or not.
    pub fn due(&self, instant: Timestamp) -> Timestamp {
        let mut date = self.zone.date_of(instant);
        for _ in 0..MOST_DAYS {
            if self.is_sending_day(date) {
                let from = self.zone.at(date, self.opens(date));
                if instant <= from {
                    return from;
                }
                if instant < self.zone.at(date, self.until) {
                    return instant;
                }
            }
            date = day_after(date);
        }
        Timestamp::MAX
    }

    /// The end of the sending hours that `instant` lies in, if it lies in any.
    pub fn sending_until(&self, instant: Timestamp) -> Option<Timestamp> {
        if !self.waits {
            return Some(Timestamp::MAX);
        }
        (self.next_sending(instant) == instant).then(|| self.zone.at(self.zone.date_of(instant), self.until))
    }

    /// The instant at which a rung of this civil day is due: when letters may first leave on that day or on the nearest
    /// earlier sending day, and always before `deadline`.
    pub fn rung_due(&self, day: Date, deadline: Timestamp) -> Timestamp {
        let mut date = day;
        for _ in 0..MOST_DAYS {
            let due = self.zone.at(date, self.opens(date));
            if self.is_sending_day(date) && due < deadline {
                return due;
            }
            date = day_before(date);
        }
        self.zone.at(day, self.from)
    }

    /// The first instant of the civil date that lies `days` business days after `date`.
    pub fn business_days_after(&self, date: Date, days: u16) -> Timestamp {
        let mut left = days;
        let mut day = date;
        for _ in 0..MOST_DAYS.saturating_add(2 * usize::from(days)) {
            if left == 0 {
                break;
            }
            day = day_after(day);
            if self.holidays.is_business_day(day) {
                left -= 1;
            }
        }
        self.zone.start_of(day)
    }
}

/// No calendar closes an office for longer; a bound so that a calendar of holidays only cannot hang the search.
const MOST_DAYS: usize = 400;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::holiday::{Holiday, HolidayKind, HolidayRule};
    use jiff::civil::{date, time};

    fn hours() -> SendingHours {
        SendingHours {
            zone: Zone::new(TimeZone::get("America/Sao_Paulo").unwrap()),
            from: time(8, 0, 0, 0),
            until: time(18, 0, 0, 0),
            business_days_only: true,
            holidays: Holidays::national(),
            waits: true,
        }
    }

    /// Those of the 10th of February 2027, an ordinary Wednesday but for the ponto facultativo of Ashes until 14h.
    fn ashes() -> SendingHours {
        let until = |hour| Holiday {
            name: "Quarta-feira de Cinzas".to_owned(),
            rule: HolidayRule::FromEaster(-46),
            kind: HolidayKind::Optional,
            from_year: None,
            until_year: None,
            until: Some(time(hour, 0, 0, 0)),
        };
        SendingHours { holidays: Holidays::with(vec![until(14), until(12)]), ..hours() }
    }

    #[test]
    fn on_a_half_day_letters_leave_after_it_and_the_day_counts() {
        let hours = ashes();
        let day = date(2027, 2, 10);
        let opens = hours.zone.at(day, time(14, 0, 0, 0));
        assert_eq!(hours.next_sending(hours.zone.at(day, time(9, 0, 0, 0))), opens, "the later of two rules");
        assert!(hours.sending_until(hours.zone.at(day, time(13, 59, 0, 0))).is_none());
        assert!(hours.sending_until(opens).is_some());
        assert_eq!(hours.rung_due(day, hours.zone.end_of(day)), opens);
        let tuesday = hours.zone.at(date(2027, 2, 9), time(8, 0, 0, 0));
        assert_eq!(
            hours.rung_due(day, hours.zone.at(day, time(12, 0, 0, 0))),
            tuesday,
            "the deadline is at noon"
        );
        assert_eq!(hours.business_days_after(date(2027, 2, 9), 1), hours.zone.start_of(day));
        let short = SendingHours { until: time(13, 0, 0, 0), ..ashes() };
        assert!(!short.is_sending_day(day), "the hours end before the office opens");
        let every_day = SendingHours { business_days_only: false, ..ashes() };
        assert!(every_day.sending_until(hours.zone.at(day, time(9, 0, 0, 0))).is_some());
    }

    proptest::proptest! {
        #[test]
        fn no_letter_leaves_before_an_office_opens_or_after_it_closes(
            minutes in 0_i64..60 * 24 * 800,
            until in 0_i8..24,
            pascoa in -60_i16..80,
        ) {
            let half = Holiday {
                name: "x".to_owned(),
                rule: HolidayRule::FromEaster(pascoa),
                kind: HolidayKind::Optional,
                from_year: None,
                until_year: None,
                until: Some(time(until, 0, 0, 0)),
            };
            let hours = SendingHours { holidays: Holidays::with(vec![half]), ..hours() };
            let instant = hours.zone.start_of(date(2026, 1, 1)) + SignedDuration::from_mins(minutes);
            let leaves = hours.next_sending(instant);
            let day = hours.zone.date_of(leaves);
            let at = hours.zone.time_of(leaves);
            proptest::prop_assert!(leaves >= instant && hours.next_sending(leaves) == leaves);
            proptest::prop_assert!(hours.from <= at && at < hours.until && hours.holidays.is_business_day(day));
            proptest::prop_assert!(hours.holidays.closed_until(day).is_none_or(|until| until <= at));
            // Nothing between the two would have done.
            let before = leaves - SignedDuration::from_mins(1);
            proptest::prop_assert!(before < instant || hours.sending_until(before).is_none());
        }
    }

    #[test]
    fn a_skipped_local_time_is_the_later_instant_and_a_repeated_one_the_earlier() {
        let zone = hours().zone;
        // Brazil's clocks skipped 00:00–01:00 on 2018-11-04 and repeated 23:00–24:00 on 2018-02-17.
        assert_eq!(zone.start_of(date(2018, 11, 4)).to_string(), "2018-11-04T03:00:00Z");
        assert_eq!(zone.time_of(zone.start_of(date(2018, 11, 4))), time(1, 0, 0, 0));
        assert_eq!(zone.at(date(2018, 2, 17), time(23, 30, 0, 0)).to_string(), "2018-02-18T01:30:00Z");
    }

    #[test]
    fn a_rung_on_a_sunday_is_due_on_the_friday_before() {
        let hours = hours();
        let deadline = hours.zone.end_of(date(2026, 11, 30));
        let due = hours.rung_due(date(2026, 11, 22), deadline);
        assert_eq!(due, hours.zone.at(date(2026, 11, 19), time(8, 0, 0, 0)), "the 20th is Consciência Negra");
    }

    #[test]
    fn what_has_its_cause_at_night_leaves_in_the_morning() {
        let hours = hours();
        let friday_night = hours.zone.at(date(2026, 11, 27), time(18, 0, 0, 0));
        assert_eq!(hours.next_sending(friday_night), hours.zone.at(date(2026, 11, 30), time(8, 0, 0, 0)));
        let noon = hours.zone.at(date(2026, 11, 27), time(12, 0, 0, 0));
        assert_eq!(hours.next_sending(noon), noon);
    }

    #[test]
    fn business_days_leave_out_the_new_year() {
        let hours = hours();
        assert_eq!(
            hours.business_days_after(date(2023, 12, 29), 1),
            hours.zone.start_of(date(2024, 1, 2)),
            "a Friday, a weekend and 1 January"
        );
    }
}
