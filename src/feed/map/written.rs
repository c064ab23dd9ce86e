//! Dates and references as they are written in Brazil, read by a pattern. Pure.

use std::borrow::Cow;

use jiff::fmt::strtime::{BrokenDownTime, parse};

use crate::text::fold::folded;

/// Portuguese and English, whose first three letters are the abbreviations.
const MONTHS: [(&str, &str); 12] = [
    ("janeiro", "January"),
    ("fevereiro", "February"),
    ("marco", "March"),
    ("abril", "April"),
    ("maio", "May"),
    ("junho", "June"),
    ("julho", "July"),
    ("agosto", "August"),
    ("setembro", "September"),
    ("outubro", "October"),
    ("novembro", "November"),
    ("dezembro", "December"),
];

/// Reads a text by a pattern of `strftime`: `%B` and `%b` are months in Portuguese, `%Y` has four digits.
pub(in crate::feed) fn read(pattern: &str, text: &str) -> Option<BrokenDownTime> {
    let text = if pattern.contains("%B") {
        translated(text, |month| month)
    } else if pattern.contains("%b") {
        translated(text, |month| month.get(..3).unwrap_or(month))
    } else {
        Cow::Borrowed(text)
    };
    let read = parse(pattern, &*text).ok()?;
    read.year().is_none_or(|year| (1_000..=9_999).contains(&year)).then_some(read)
}

/// The text with its Portuguese months in English, each as long as wished.
fn translated(text: &str, long: impl Fn(&'static str) -> &'static str) -> Cow<'_, str> {
    let mut out = String::new();
    for piece in text.split_inclusive(|c: char| !c.is_alphabetic()) {
        let word = piece.trim_end_matches(|c: char| !c.is_alphabetic());
        let name = folded(word);
        let month = MONTHS.iter().find(|(ours, _)| long(ours) == name);
        out.push_str(month.map_or(word, |(_, english)| long(english)));
        out.push_str(piece.get(word.len()..).unwrap_or_default());
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(pattern: &str, text: &str) -> Option<(Option<i16>, Option<i8>)> {
        read(pattern, text).map(|read| (read.year(), read.month()))
    }

    #[test]
    fn months_are_read_in_portuguese() {
        for (pattern, text, is) in [
            ("%B/%Y", "março/2026", 3),
            ("%B/%Y", "MARCO/2026", 3),
            ("%B de %Y", "Dezembro de 2026", 12),
            ("%b/%Y", "fev/2026", 2),
            ("%b/%Y", "Out/2026", 10),
            ("%d %b. %Y", "05 mai. 2026", 5),
        ] {
            assert_eq!(month(pattern, text), Some((Some(2026), Some(is))), "{text}");
        }
        assert_eq!(month("%B/%Y", "brumário/2026"), None);
    }

    #[test]
    fn a_year_of_two_digits_is_none_where_four_are_due() {
        assert_eq!(month("%m/%Y", "10/26"), None);
        assert_eq!(month("%m/%Y", "10/2026"), Some((Some(2026), Some(10))));
        assert_eq!(month("%m/%y", "10/26"), Some((Some(2026), Some(10))));
    }
}
