//! Values as operators type them: dates, instants, kinds of letter, free text. Pure.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};

use super::Moment;
use crate::domain::news::FindingId;
use crate::domain::notice::Kind;
use crate::domain::overrides::BatchId;

/// Why a text is not the value it should be. Displayed to operators, so in Portuguese.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ValueError {
    #[error("“{0}” não é uma data: use AAAA-MM-DD ou DD/MM/AAAA")]
    Date(String),
    #[error("“{0}” não existe no calendário")]
    NoSuchDay(String),
    #[error(
        "“{0}” não é um instante: use 2026-11-20T08:00:00-03:00 ou, no fuso do calendário, 2026-11-20T08:00 ou \
         2026-11-20"
    )]
    Moment(String),
    #[error("“{0}” está longe demais: use um dia entre 2005 e 2199")]
    FarAway(String),
    #[error("não pode ficar em branco")]
    Blank,
    #[error("“{0}” não é um lote: use o que aparece em plano, como rma/2026-10/divulgacao")]
    Batch(String),
    #[error("“{0}” não é uma quantidade de dias: use de 1d a 60d")]
    Days(String),
    #[error("“{0}” não é uma hora: use HH:MM, como 18:00 ou 18h")]
    Time(String),
    #[error("“{0}” não é um tipo de carta")]
    Kind(String),
    #[error("“{0}” não é um número de 1 a 9999")]
    Count(String),
}

/// `2026-11-20` or `20/11/2026`.
pub(super) fn date(text: &str) -> Result<Date, ValueError> {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let piece = |from: usize, to: usize| text.get(from..to).and_then(|digits| digits.parse::<i16>().ok());
    let (year, month, day) = match shape.as_str() {
        "0000-00-00" => (piece(0, 4), piece(5, 7), piece(8, 10)),
        "00/00/0000" => (piece(6, 10), piece(3, 5), piece(0, 2)),
        _ => return Err(ValueError::Date(text.to_owned())),
    };
    let small = |number: Option<i16>| number.and_then(|number| i8::try_from(number).ok());
    match (year, small(month), small(day)) {
        (Some(year), Some(month), Some(day)) => Date::new(year, month, day).ok(),
        _ => None,
    }
    .ok_or_else(|| ValueError::NoSuchDay(text.to_owned()))
    .and_then(|day| {
        if YEARS.contains(&day.year()) { Ok(day) } else { Err(ValueError::FarAway(text.to_owned())) }
    })
}

/// The years of a day or an instant, last one not included: before them there is no SUAS, after them no reader of the
/// ledger.
const YEARS: std::ops::Range<i16> = 2005..2200;

/// RFC 3339, or a local date with or without `HH:MM[:SS]`, of a year that the ledger may hold.
pub(super) fn moment(text: &str) -> Result<Moment, ValueError> {
    let moment = any_moment(text)?;
    let near = match moment {
        Moment::Instant(at) => YEARS.contains(&jiff::tz::Offset::UTC.to_datetime(at).year()),
        Moment::Civil(_) | Moment::Day(_) => true,
    };
    if near { Ok(moment) } else { Err(ValueError::FarAway(text.to_owned())) }
}

fn any_moment(text: &str) -> Result<Moment, ValueError> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(Moment::Instant(instant));
    }
    let bad = || ValueError::Moment(text.to_owned());
    let not_a_moment = |fault| match fault {
        ValueError::NoSuchDay(_) => fault,
        ValueError::FarAway(_) => ValueError::FarAway(text.to_owned()),
        _ => bad(),
    };
    match text.split_once(['T', 't', ' ']) {
        None => date(text).map(Moment::Day).map_err(not_a_moment),
        Some((day, hour)) => {
            let day = date(day).map_err(not_a_moment)?;
            let hour = time(hour).ok_or_else(bad)?;
            Ok(Moment::Civil(DateTime::from_parts(day, hour)))
        }
    }
}

/// `3d`, or `3`: civil days.
pub(super) fn days(text: &str) -> Result<u16, ValueError> {
    let days = text.strip_suffix('d').unwrap_or(text).parse().ok();
    days.filter(|n| (1..=60).contains(n)).ok_or_else(|| ValueError::Days(text.to_owned()))
}

/// `23:59`, `23:59:59`, or as people write it: `18h`, `8h30`.
pub(super) fn hour(text: &str) -> Result<Time, ValueError> {
    let spelt = match text.split_once(['h', 'H']) {
        Some((hour, "")) if !hour.is_empty() => time(&format!("{hour:0>2}:00")),
        Some((hour, minute)) if !hour.is_empty() => time(&format!("{hour:0>2}:{minute}")),
        _ => time(text),
    };
    spelt.ok_or_else(|| ValueError::Time(text.to_owned()))
}

fn time(text: &str) -> Option<Time> {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    if !matches!(shape.as_str(), "00:00" | "00:00:00") {
        return None;
    }
    let mut pieces = text.split(':').map(|digits| digits.parse::<i8>().ok());
    let (hour, minute) = (pieces.next()??, pieces.next()??);
    let second = pieces.next().unwrap_or(Some(0))?;
    Time::new(hour, minute, second, 0).ok()
}

/// Any text that is not blank, without the blanks around it.
pub(super) fn text(text: &str) -> Result<String, ValueError> {
    match text.trim() {
        "" => Err(ValueError::Blank),
        trimmed => Ok(trimmed.to_owned()),
    }
}

/// A number of things, at least one.
pub(super) fn count(text: &str) -> Result<u16, ValueError> {
    let number = text.parse().ok().filter(|number| (1..10_000).contains(number));
    number.ok_or_else(|| ValueError::Count(text.to_owned()))
}

/// A finding as shown to operators; whether there is one, the ledger knows.
pub(super) fn finding(typed: &str) -> Result<FindingId, ValueError> {
    Ok(FindingId::new(&text(typed)?))
}

/// A batch as shown to operators.
pub(super) fn batch(text: &str) -> Result<BatchId, ValueError> {
    BatchId::parse(text).map_err(|_| ValueError::Batch(text.to_owned()))
}

/// A kind of letter by its word, written with or without accents.
pub(super) fn kind() -> impl TypedValueParser<Value = Kind> {
    let words = Kind::ALL.map(|kind| {
        let word = PossibleValue::new(kind.as_str());
        match kind {
            Kind::Announcement => word.alias("divulgação"),
            Kind::Extension => word.alias("prorrogação"),
            Kind::Suspension => word.alias("suspensão"),
            Kind::Reminder | Kind::Warning | Kind::Digest | Kind::Referral | Kind::Alert => word,
        }
    });
    PossibleValuesParser::new(words).try_map(|word| {
        let plain: String = word.chars().map(crate::text::fold::unaccented).collect();
        Kind::parse(&plain).ok_or(ValueError::Kind(word))
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil;

    use super::*;

    #[test]
    fn dates_are_read_both_ways_and_no_other() {
        let day = civil::date(2026, 11, 20);
        assert_eq!(date("2026-11-20"), Ok(day));
        assert_eq!(date("20/11/2026"), Ok(day));
        for text in
            ["", "20/11/26", "2026-11", "11-20-2026", "2026/11/20", "hoje", "٢026-11-20", "2026-11-20 "]
        {
            assert_eq!(date(text), Err(ValueError::Date(text.to_owned())));
        }
        for text in ["31/02/2026", "2026-13-01", "2026-00-10", "00/01/2026"] {
            assert_eq!(date(text), Err(ValueError::NoSuchDay(text.to_owned())));
        }
    }

    #[test]
    fn an_hour_is_read_as_people_write_it() {
        for (text, hours, minutes) in [
            ("18:00", 18, 0),
            ("18h", 18, 0),
            ("8h", 8, 0),
            ("8h30", 8, 30),
            ("23H59", 23, 59),
            ("18:00h", 18, 0),
        ] {
            assert_eq!(hour(text), Ok(civil::time(hours, minutes, 0, 0)), "{text}");
        }
        for text in ["18", "h", "h30", "24h", "18h5", "018h", "18hs"] {
            assert_eq!(hour(text), Err(ValueError::Time(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn an_instant_that_the_ledger_could_not_hold_is_refused() {
        for text in
            ["9999-12-31", "9998-12-31T23:59:59.999999999Z", "2200-01-01", "31/12/2004 08:00", "0001-01-01"]
        {
            assert_eq!(moment(text), Err(ValueError::FarAway(text.to_owned())), "{text}");
        }
        assert!(moment("2199-12-31T23:59").is_ok() && moment("2005-01-01").is_ok());
    }

    #[test]
    fn an_instant_keeps_its_offset_and_a_local_time_waits_for_its_zone() {
        let instant: Timestamp = "2026-11-20T11:00:00Z".parse().unwrap();
        assert_eq!(moment("2026-11-20T08:00:00-03:00"), Ok(Moment::Instant(instant)));
        assert_eq!(moment("2026-11-20T11:00:00Z"), Ok(Moment::Instant(instant)));
        let local = civil::date(2026, 11, 20).at(8, 0, 0, 0);
        for text in ["2026-11-20T08:00", "2026-11-20 08:00:00", "20/11/2026 08:00"] {
            assert_eq!(moment(text), Ok(Moment::Civil(local)), "{text}");
        }
        assert_eq!(moment("2026-11-20"), Ok(Moment::Day(civil::date(2026, 11, 20))));
        assert_eq!(moment("31/02/2026 08:00"), Err(ValueError::NoSuchDay("31/02/2026".to_owned())));
        for text in
            ["agora", "2026-11-20T", "2026-11-20T24:00", "2026-11-20T08:00[America/Sao_Paulo]", "08:00"]
        {
            assert_eq!(moment(text), Err(ValueError::Moment(text.to_owned())));
        }
    }
}
