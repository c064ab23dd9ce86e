//! Holidays by rule: national ones by law, the others as configured. Pure.
//!
//! National holidays (feriados): Lei 662/1949 as worded by Lei 10.607/2002 (1 January, 21 April, 1 May, 7 September,
//! 2 November, 15 November, 25 December), Lei 6.802/1980 (12 October), Lei 14.759/2023 (20 November, from 2024 on).
//! Good Friday is no national holiday by law (Lei 9.093/1995, art. 2, leaves it to the municipalities) but is kept
//! everywhere and counted as one here. Carnival, Ash Wednesday and Corpus Christi are only pontos facultativos: they
//! count when `feriados.toml` lists them.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::{Date, Time, Weekday};

/// On which day of each year a configured holiday falls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HolidayRule {
    /// The same day and month each year (month, day).
    Fixed(i8, i8),
    /// Days from Easter Sunday; −47 is Shrove Tuesday, 60 Corpus Christi.
    FromEaster(i16),
    /// That one date only.
    Once(Date),
}

/// Whether the law closes the office or the government merely lets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HolidayKind {
    /// Feriado.
    Holiday,
    /// Ponto facultativo.
    Optional,
}

/// A holiday of the state or of the sender's city, as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holiday {
    /// Name, as operators wrote it.
    pub name: String,
    /// When it falls.
    pub rule: HolidayRule,
    /// Holiday or ponto facultativo; neither is a sending day.
    pub kind: HolidayKind,
    /// First year in which it counts, if not always.
    pub from_year: Option<i16>,
    /// Last year in which it counts, if it ended.
    pub until_year: Option<i16>,
    /// When the office opens after all (ponto facultativo até as 14h); absent: not on that day.
    pub until: Option<Time>,
}

/// The national holidays and those configured.
#[derive(Debug, Clone, Default)]
pub struct Holidays {
    configured: Vec<Holiday>,
    days: BTreeMap<Date, String>,
    half_days: BTreeMap<Date, Time>,
}

/// Years for which configured days are laid out beforehand; outside them nothing but weekends and the law counts.
const YEARS: std::ops::RangeInclusive<i16> = 1990..=2120;

impl Holidays {
    /// Only the national ones.
    pub fn national() -> Self {
        Self::default()
    }

    /// The national ones and these.
    pub fn with(configured: Vec<Holiday>) -> Self {
        let mut days = BTreeMap::new();
        let mut half_days = BTreeMap::new();
        for holiday in &configured {
            for year in YEARS {
                let counts = holiday.from_year.is_none_or(|y| year >= y)
                    && holiday.until_year.is_none_or(|y| year <= y);
                let Some(date) = counts.then(|| falls_on(holiday.rule, year)).flatten() else { continue };
                if let Some(until) = holiday.until {
                    let latest = half_days.entry(date).or_insert(until);
                    *latest = until.max(*latest);
                } else {
                    days.entry(date).or_insert_with(|| holiday.name.clone());
                }
            }
        }
        Self { configured, days, half_days }
    }

    /// What was configured, for showing.
    pub fn configured(&self) -> &[Holiday] {
        &self.configured
    }

    /// Whether the office works on that day: not a weekend, not a holiday, not a configured ponto facultativo
    /// of the whole day.
    pub fn is_business_day(&self, date: Date) -> bool {
        !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
            && national_name(date).is_none()
            && !self.days.contains_key(&date)
    }

    /// When the office opens on a business day that begins with a ponto facultativo.
    pub fn closed_until(&self, date: Date) -> Option<Time> {
        self.half_days.get(&date).copied()
    }

    /// The name of the holiday on that day, if it is one.
    pub fn name_on(&self, date: Date) -> Option<&str> {
        national_name(date).or_else(|| self.days.get(&date).map(String::as_str))
    }
}

fn falls_on(rule: HolidayRule, year: i16) -> Option<Date> {
    match rule {
        HolidayRule::Fixed(month, day) => Date::new(year, month, day).ok(),
        HolidayRule::FromEaster(days) => Some(easter(year).saturating_add(i64::from(days).days())),
        HolidayRule::Once(date) => (date.year() == year).then_some(date),
    }
}

fn national_name(date: Date) -> Option<&'static str> {
    let name = match (date.month(), date.day()) {
        (1, 1) => "Confraternização Universal",
        (4, 21) => "Tiradentes",
        (5, 1) => "Dia do Trabalho",
        (9, 7) => "Independência",
        (10, 12) => "Nossa Senhora Aparecida",
        (11, 2) => "Finados",
        (11, 15) => "Proclamação da República",
        (11, 20) if date.year() >= 2024 => "Consciência Negra",
        (12, 25) => "Natal",
        // Good Friday falls between 20 March and 23 April.
        (3 | 4, _) if date == easter(date.year()).saturating_sub(2.days()) => "Sexta-feira Santa",
        _ => return None,
    };
    Some(name)
}

/// Easter Sunday of a year of the Gregorian calendar (Meeus/Jones/Butcher).
#[expect(clippy::many_single_char_names, reason = "the algorithm is published with these names")]
pub fn easter(year: i16) -> Date {
    let y = i32::from(year);
    let a = y % 19;
    let (b, c) = (y / 100, y % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (b - (b + 8) / 25 + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    let month = i8::try_from(n / 31).unwrap_or(4);
    let day = i8::try_from(n % 31 + 1).unwrap_or(1);
    Date::new(year, month, day).unwrap_or(Date::constant(1, 4, 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn easter_falls_where_the_almanacs_have_it() {
        for (y, m, d) in [
            (1999, 4, 4),
            (2000, 4, 23),
            (2008, 3, 23),
            (2024, 3, 31),
            (2025, 4, 20),
            (2026, 4, 5),
            (2038, 4, 25),
        ] {
            assert_eq!(easter(y), date(y, m, d));
        }
    }

    #[test]
    fn consciencia_negra_is_national_from_2024_on() {
        let days = Holidays::national();
        assert!(days.is_business_day(date(2023, 11, 20)));
        assert!(!days.is_business_day(date(2024, 11, 20)));
        assert_eq!(days.name_on(date(2025, 4, 18)), Some("Sexta-feira Santa"));
    }

    #[test]
    fn carnival_counts_only_when_configured() {
        let shrove_tuesday = date(2026, 2, 17);
        assert!(Holidays::national().is_business_day(shrove_tuesday));
        let carnival = Holiday {
            name: "Carnaval".to_owned(),
            rule: HolidayRule::FromEaster(-47),
            kind: HolidayKind::Optional,
            from_year: None,
            until_year: None,
            until: None,
        };
        let days = Holidays::with(vec![carnival]);
        assert!(!days.is_business_day(shrove_tuesday));
        assert_eq!(days.name_on(shrove_tuesday), Some("Carnaval"));
    }
}
