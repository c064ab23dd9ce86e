//! Cells of a row to values and back. A value that cannot be is named by table, column and key.

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::StoreError;
use super::engine::{Cell, Row};
use crate::domain::calendar::Deadline;
use crate::domain::id::MunicipalityCode;
use crate::domain::notice::Told;

/// An instant as the store keeps it: epoch milliseconds, UTC.
pub(crate) fn ms(instant: Timestamp) -> i64 {
    instant.as_millisecond()
}

/// An instant as it comes back from the store.
pub(crate) fn whole_ms(instant: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(ms(instant)).unwrap_or(instant)
}

/// A count as the store keeps it.
pub(crate) fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// A municipality as the store keeps it.
pub(crate) fn code(municipality: MunicipalityCode) -> i64 {
    i64::from(municipality.number())
}

/// The word for a deadline not yet set.
const UNDEFINED: &str = "a-definir";

/// A deadline as the store keeps it.
pub(crate) fn told_text(told: Told) -> String {
    match told {
        Told::Date(deadline) => deadline.on.to_datetime(deadline.at).to_string(),
        Told::Undefined => UNDEFINED.to_owned(),
    }
}

/// Reads what [`told_text`] writes, to the minute, as the calendar is read: 23:59 that was told is 23:59 there.
pub(crate) fn parse_told(text: &str) -> Option<Told> {
    if text == UNDEFINED {
        return Some(Told::Undefined);
    }
    let at: DateTime = text.parse().ok()?;
    Some(Told::Date(Deadline::new(at.date(), at.time())))
}

/// One row, and what to call it when a cell of it cannot be.
pub(crate) struct Cells<'r> {
    row: &'r Row,
    table: &'static str,
}

impl<'r> Cells<'r> {
    /// The row of that table whose first column is its key.
    pub(crate) fn of(table: &'static str, row: &'r Row) -> Self {
        Self { row, table }
    }

    /// The fault of a cell.
    pub(crate) fn corrupt(&self, column: &'static str) -> StoreError {
        let row = self.row;
        let key =
            row.try_get::<String, _>(0).or_else(|_| row.try_get::<i64, _>(0).map(|n| n.to_string())).ok();
        StoreError::Corrupt { table: self.table, column, key: key.unwrap_or_default() }
    }

    /// A cell as it is.
    pub(crate) fn get<T: Cell<'r>>(&self, column: &'static str) -> Result<T, StoreError> {
        self.row.try_get(column).map_err(|_| self.corrupt(column))
    }

    /// A text that `parse` reads.
    pub(crate) fn parsed<T>(
        &self,
        column: &'static str,
        parse: impl FnOnce(&'r str) -> Option<T>,
    ) -> Result<T, StoreError> {
        parse(self.get::<&'r str>(column)?).ok_or_else(|| self.corrupt(column))
    }

    /// A text that `parse` reads, or nothing.
    pub(crate) fn parsed_opt<T>(
        &self,
        column: &'static str,
        parse: impl FnOnce(&'r str) -> Option<T>,
    ) -> Result<Option<T>, StoreError> {
        self.get::<Option<&'r str>>(column)?
            .map(|text| parse(text).ok_or_else(|| self.corrupt(column)))
            .transpose()
    }

    /// An instant.
    pub(crate) fn instant(&self, column: &'static str) -> Result<Timestamp, StoreError> {
        Timestamp::from_millisecond(self.get(column)?).map_err(|_| self.corrupt(column))
    }

    /// An instant, or nothing.
    pub(crate) fn instant_opt(&self, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
        self.get::<Option<i64>>(column)?
            .map(|n| Timestamp::from_millisecond(n).map_err(|_| self.corrupt(column)))
            .transpose()
    }

    /// A number of the width asked for.
    pub(crate) fn number<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T, StoreError> {
        T::try_from(self.get(column)?).map_err(|_| self.corrupt(column))
    }

    /// A number of the width asked for, or nothing.
    pub(crate) fn number_opt<T: TryFrom<i64>>(&self, column: &'static str) -> Result<Option<T>, StoreError> {
        self.get::<Option<i64>>(column)?.map(|n| T::try_from(n).map_err(|_| self.corrupt(column))).transpose()
    }

    /// A municipality, or nothing.
    pub(crate) fn municipality_opt(
        &self,
        column: &'static str,
    ) -> Result<Option<MunicipalityCode>, StoreError> {
        self.get::<Option<i64>>(column)?
            .map(|n| MunicipalityCode::parse(&format!("{n:07}")).map_err(|_| self.corrupt(column)))
            .transpose()
    }

    /// A municipality.
    pub(crate) fn municipality(&self, column: &'static str) -> Result<MunicipalityCode, StoreError> {
        self.municipality_opt(column)?.ok_or_else(|| self.corrupt(column))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;

    #[test]
    fn deadlines_read_and_write_the_same() {
        for told in [
            Told::Undefined,
            Told::Date(Deadline { on: date(2026, 12, 31), at: Deadline::DEFAULT_TIME }),
            Told::Date(Deadline { on: date(2026, 2, 28), at: time(18, 0, 0, 0) }),
        ] {
            assert_eq!(parse_told(&told_text(told)), Some(told));
        }
        assert_eq!(parse_told("amanhã"), None);
    }

    #[test]
    fn the_last_minute_that_was_told_is_the_calendars_and_no_silent_edit() {
        let end = Told::Date(Deadline { on: date(2026, 12, 15), at: Deadline::DEFAULT_TIME });
        assert_eq!(parse_told("2026-12-15T23:59:00"), Some(end));
    }
}
