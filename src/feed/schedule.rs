//! When a fetched feed runs next: five-field cron in the calendar's zone. Pure.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;

use crate::domain::time::Zone;

/// Why a text is not a schedule. Displayed to operators.
#[derive(Debug, thiserror::Error)]
#[error(
    "“{text}” não é um horário cron de cinco campos (minuto hora dia mês dia-da-semana), como “0 6,18 * * *”"
)]
pub struct ScheduleError {
    /// As written.
    pub text: String,
    /// The parser's own words.
    #[source]
    reason: croner::errors::CronError,
}

/// A schedule, as `0 6,18 * * *`.
#[derive(Debug, Clone)]
pub struct Schedule(Cron);

impl Schedule {
    /// Reads five fields: minute, hour, day, month, weekday. No seconds, no year.
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        CronParser::builder()
            .seconds(Seconds::Disallowed)
            .year(Year::Disallowed)
            .build()
            .parse(text)
            .map(Self)
            .map_err(|reason| ScheduleError { text: text.to_owned(), reason })
    }

    /// The first run after an instant; absent when there will be none, as on a 31 February. A local time that a clock
    /// change skips runs once, right after the gap.
    pub fn next_after(&self, instant: Timestamp, zone: &Zone) -> Option<Timestamp> {
        self.0.find_next_occurrence(&zone.zoned(instant), false).ok().map(|z| z.timestamp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time};
    use jiff::tz::TimeZone;

    #[test]
    fn a_run_keeps_its_local_hour_when_the_clocks_change() {
        let zone = Zone::new(TimeZone::get("America/Sao_Paulo").unwrap());
        let daily = Schedule::parse("0 8 * * *").unwrap();
        let noon = zone.at(date(2018, 11, 3), time(12, 0, 0, 0));
        let next = daily.next_after(noon, &zone).unwrap();
        assert_eq!(next, zone.at(date(2018, 11, 4), time(8, 0, 0, 0)));
        assert_eq!(daily.next_after(next, &zone).unwrap(), zone.at(date(2018, 11, 5), time(8, 0, 0, 0)));
    }

    #[test]
    fn a_run_in_a_skipped_hour_happens_once() {
        let zone = Zone::new(TimeZone::get("America/Sao_Paulo").unwrap());
        let midnight = Schedule::parse("30 0 * * *").unwrap();
        let next = midnight.next_after(zone.at(date(2018, 11, 3), time(12, 0, 0, 0)), &zone).unwrap();
        assert_eq!(zone.date_of(next), date(2018, 11, 4));
        let after = midnight.next_after(next, &zone).unwrap();
        assert_eq!(after, zone.at(date(2018, 11, 5), time(0, 30, 0, 0)));
    }

    #[test]
    fn seconds_and_nonsense_are_refused_and_an_impossible_day_never_comes() {
        let zone = Zone::new(TimeZone::UTC);
        for bad in ["", "0 0 8 * * *", "61 * * * *", "todo dia"] {
            assert!(Schedule::parse(bad).unwrap_err().to_string().contains("cinco campos"), "{bad}");
        }
        assert_eq!(Schedule::parse("0 0 31 2 *").unwrap().next_after(Timestamp::UNIX_EPOCH, &zone), None);
    }
}
