//! So many forms of so many. Pure.

use crate::domain::status::State;

use super::place::without_fraction;

/// How many are filled in, and how many there must be, as far as the cells say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count {
    done: Option<u32>,
    expected: Option<u32>,
}

impl Count {
    pub(super) fn read(done: Option<&str>, expected: Option<&str>) -> Self {
        Self { done: done.and_then(number), expected: expected.and_then(number) }
    }

    /// All: concluído. Fewer: pendente. More than there are, none of none, or no number: nobody knows.
    pub(super) fn state(self) -> State {
        match (self.done, self.expected) {
            (Some(done), Some(expected)) if expected > 0 && done == expected => State::Done,
            (Some(done), Some(expected)) if done < expected => State::Pending,
            _ => State::Unconfirmed,
        }
    }

    /// `3 de 5`.
    pub(super) fn wording(self) -> Option<String> {
        Some(format!("{} de {}", self.done?, self.expected?))
    }
}

/// `12`, `12.0` as a spreadsheet leaves it, `1.234` with the dot of thousands.
pub(in crate::feed) fn number(text: &str) -> Option<u32> {
    let mut groups = text.split('.');
    let first = groups.next().unwrap_or_default();
    let rest: Vec<&str> = groups.collect();
    let thousands = !rest.is_empty()
        && (1..=3).contains(&first.len())
        && !first.starts_with('0')
        && rest.iter().all(|g| g.len() == 3);
    let digits = if thousands { text.replace('.', "") } else { without_fraction(text).to_owned() };
    if digits.bytes().all(|b| b.is_ascii_digit()) { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_done_fewer_is_pending_and_anything_else_is_doubt() {
        for (done, expected, state) in [
            ("3", "3", State::Done),
            ("1.234", "1.234", State::Done),
            ("2.0", "3,0", State::Pending),
            ("0", "3", State::Pending),
            ("4", "3", State::Unconfirmed),
            ("0", "0", State::Unconfirmed),
            ("-", "3", State::Unconfirmed),
            ("-1", "3", State::Unconfirmed),
            ("2,5", "3", State::Unconfirmed),
            ("1.23", "1.23", State::Unconfirmed),
        ] {
            assert_eq!(Count::read(Some(done), Some(expected)).state(), state, "{done} de {expected}");
        }
        assert_eq!(Count::read(None, Some("3")).state(), State::Unconfirmed);
        assert_eq!(Count::read(Some("1.200"), Some("1234")).wording().unwrap(), "1200 de 1234");
    }
}
