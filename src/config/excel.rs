//! What a spreadsheet makes of a code, a telephone or a date, turned back. Pure.
//!
//! Nothing is guessed: digits that the spreadsheet threw away are a fault, not zeros.

use std::borrow::Cow;

use jiff::ToSpan;
use jiff::civil::Date;

use super::value::parse_date;

/// A code as it was before: `3205309.0`, `3205309,0`, `3.205.309`, `3,205309E+06`, `'3205309` and `="3205309"` are all
/// 3205309. What cannot be turned back stays as it is.
pub(super) fn code(text: &str) -> Cow<'_, str> {
    let text = text.strip_prefix('\'').unwrap_or(text);
    let text = text.strip_prefix("=\"").and_then(|inner| inner.strip_suffix('"')).unwrap_or(text).trim();
    if let Some(whole) = from_scientific(text).or_else(|| from_grouped(text)) {
        return Cow::Owned(whole);
    }
    let whole = [".0", ",0", ".00", ",00"].into_iter().find_map(|end| text.strip_suffix(end));
    Cow::Borrowed(whole.filter(|digits| all_digits(digits)).unwrap_or(text))
}

/// Whether the spreadsheet threw digits away: `3,2E+10`.
pub(super) fn is_spoilt(text: &str) -> bool {
    split_scientific(text).is_some() && from_scientific(text).is_none()
}

/// `2026-11-30`, `30/11/2026`, `5/1/2026`, each with or without midnight behind it.
pub(super) fn date(text: &str) -> Option<Date> {
    let text = text.trim();
    let day = text.split_once([' ', 'T']).map_or(text, |(day, time)| {
        let midnight = time.trim_end_matches(['0', ':', '.', 'Z']).is_empty();
        if midnight { day } else { text }
    });
    parse_date(day).or_else(|| {
        let pieces: Vec<&str> = day.split('/').collect();
        let [d, m, y] = pieces[..] else { return None };
        let short = |piece: &str| matches!(piece.len(), 1 | 2) && all_digits(piece);
        (short(d) && short(m) && y.len() == 4 && all_digits(y)).then_some(())?;
        Date::new(y.parse().ok()?, m.parse().ok()?, d.parse().ok()?).ok()
    })
}

/// The day that a spreadsheet shows as a bare number, counted from 30/12/1899.
pub(super) fn day_of_serial(text: &str) -> Option<Date> {
    let whole = text.strip_suffix(".0").or_else(|| text.strip_suffix(",0")).unwrap_or(text);
    let serial: i64 =
        all_digits(whole).then(|| whole.parse().ok())?.filter(|n| (20_000..=80_000).contains(n))?;
    Date::constant(1899, 12, 30).checked_add(serial.days()).ok()
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// `3,205309E+06` as its digits, how many of them stand before the comma, and the power.
fn split_scientific(text: &str) -> Option<(String, usize, usize)> {
    let (mantissa, power) = text.split_once(['E', 'e'])?;
    let power: usize = power.strip_prefix('+').unwrap_or(power).parse().ok()?;
    let (whole, fraction) = mantissa.split_once([',', '.']).unwrap_or((mantissa, ""));
    let fits = all_digits(whole) && (fraction.is_empty() || all_digits(fraction)) && power <= 20;
    fits.then(|| (format!("{whole}{fraction}"), whole.len(), power))
}

/// Only where every digit is still there: a number that ends in zeros cannot be told from one cut short.
fn from_scientific(text: &str) -> Option<String> {
    let (digits, before, power) = split_scientific(text)?;
    (digits.len() == before + power).then_some(digits)
}

/// `3.205.309`
fn from_grouped(text: &str) -> Option<String> {
    let groups: Vec<&str> = text.split('.').collect();
    let [first, rest @ ..] = groups.as_slice() else { return None };
    let grouped = !rest.is_empty()
        && matches!(first.len(), 1..=3)
        && all_digits(first)
        && rest.iter().all(|group| group.len() == 3 && all_digits(group));
    grouped.then(|| groups.concat())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date as day;

    use super::*;

    #[test]
    fn a_code_comes_back_whole_or_stays_as_it_is() {
        for text in [
            "3205309",
            "3205309.0",
            "3205309,0",
            "3205309,00",
            "3.205.309",
            "3,205309E+06",
            "3.205309e6",
            "'3205309",
            "=\"3205309\"",
        ] {
            assert_eq!(code(text), "3205309", "{text}");
        }
        for text in ["3,2E+06", "3.20", "abc.0", "", "3.2053.09", "E+06", "1e999999999999"] {
            assert_eq!(code(text), text, "{text}");
        }
        assert!(
            is_spoilt("3,2E+10") && is_spoilt("3E+06") && !is_spoilt("3,205309E+06") && !is_spoilt("32E")
        );
    }

    #[test]
    fn a_day_is_read_as_a_spreadsheet_writes_it() {
        for text in ["2023-12-05", "05/12/2023", "5/12/2023", "2023-12-05 00:00:00", "05/12/2023 00:00"] {
            assert_eq!(date(text), Some(day(2023, 12, 5)), "{text}");
        }
        for text in ["05/12/23", "12/31/2023", "2023-12-05 08:00", "45265", ""] {
            assert_eq!(date(text), None, "{text}");
        }
        assert_eq!(day_of_serial("45265"), Some(day(2023, 12, 5)));
        assert_eq!(day_of_serial("45265,0"), Some(day(2023, 12, 5)));
        assert_eq!(day_of_serial("7"), None);
    }
}
