//! A sheet of a workbook as a table: XLSX, XLS or ODS, told apart by content.
//!
//! Nothing is allocated on the word of the file: what it unpacks into is measured first (`packed`), XLSX and ODS are
//! read cell by cell, and an XLS is walked record by record (`xls`) before the library, which builds the whole
//! rectangle of its cells, may open it. Dates come out as `2026-11-05` or `2026-11-05T14:30:00`, whole numbers without
//! a fraction.

mod ods;
mod packed;
mod xls;
mod xlsx;

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::body::Original;
use super::error::{DecodeError, SheetProblem};
use super::kind::{Due, refuse_other_kinds};
use super::table::{Header, MOST_COLUMNS, Row, Table};

/// Most rows of a sheet.
const MOST_ROWS: u32 = 1_048_576;
/// In how many rows the heading is looked for.
const HEADING_WITHIN: u32 = 100;

/// Takes a row in with its number, from 1; answers whether to go on.
type Each<'e> = dyn FnMut(u32, &[String]) -> ControlFlow<()> + 'e;

/// Which program's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Xlsx,
    Xls,
    Ods,
}

/// Opens a sheet. Without a name: the first that has rows. Without a line for the headings: the first line that holds
/// all `wanted` columns, else the first with anything.
pub(super) fn open<'a>(
    original: &'a Original,
    name: Option<&str>,
    heading: Option<u32>,
    wanted: &[&str],
) -> Result<Table<'a>, DecodeError> {
    let kind = kind(original)?;
    let (sheet, found) = if let Some(name) = name {
        (name.to_owned(), find_heading(original, kind, name, heading, wanted)?)
    } else {
        let mut all = names(original, kind)?.into_iter();
        loop {
            let Some(name) = all.next() else {
                return Err(DecodeError::Sheet(SheetProblem::NoSheet(None)));
            };
            if let Some(found) = find_heading(original, kind, &name, heading, wanted)? {
                break (name, Some(found));
            }
        }
    };
    let Some((heading, names)) = found else { return Err(DecodeError::NoHeader) };
    let header = Header::new(names);
    let columns = header.len();
    Table::new(header, move |take| {
        let mut row = Row::new(0);
        walk(original, kind, &sheet, &mut |line, cells| {
            if line > heading {
                row.restart(u64::from(line));
                (0..columns).for_each(|at| row.push(cells.get(at).map_or("", String::as_str)));
                if !row.is_empty() {
                    take(Ok(&row));
                }
            }
            ControlFlow::Continue(())
        })
    })
}

fn kind(original: &Original) -> Result<Kind, DecodeError> {
    let head = original.head(4_096)?;
    if head.starts_with(b"\xD0\xCF\x11\xE0") {
        return Ok(Kind::Xls);
    }
    if !head.starts_with(b"PK\x03\x04") {
        refuse_other_kinds(&head, Due::Sheet)?;
    }
    let parts = packed::measure(original)?;
    let has = |part: &str| parts.iter().any(|p| p.eq_ignore_ascii_case(part));
    if has("xl/workbook.xml") {
        Ok(Kind::Xlsx)
    } else if has("xl/workbook.bin") {
        Err(DecodeError::Sheet(SheetProblem::Kind("XLSB")))
    } else if has("content.xml") {
        Ok(Kind::Ods)
    } else {
        Err(DecodeError::OtherKind { found: "um arquivo ZIP que não é planilha", due: Due::Sheet.name() })
    }
}

fn names(original: &Original, kind: Kind) -> Result<Vec<String>, DecodeError> {
    contained(|| match kind {
        Kind::Xlsx => xlsx::names(original),
        Kind::Xls => xls::names(original),
        Kind::Ods => ods::names(original),
    })
}

/// Gives the rows of a sheet that have cells, from the top.
fn walk(original: &Original, kind: Kind, sheet: &str, each: &mut Each<'_>) -> Result<(), DecodeError> {
    contained(|| match kind {
        Kind::Xlsx => xlsx::walk(original, sheet, each),
        Kind::Xls => xls::walk(original, sheet, each),
        Kind::Ods => ods::walk(original, sheet, each),
    })
}

/// A damaged workbook may bring the library to panic, which is only one more way of being damaged.
fn contained<T>(read: impl FnOnce() -> Result<T, DecodeError>) -> Result<T, DecodeError> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or(Err(DecodeError::Sheet(SheetProblem::Broken)))
}

/// The line of the headings and what stands there; nothing when the sheet has no rows.
fn find_heading(
    original: &Original,
    kind: Kind,
    sheet: &str,
    stated: Option<u32>,
    wanted: &[&str],
) -> Result<Option<(u32, Vec<String>)>, DecodeError> {
    let (mut first, mut found) = (None, None);
    walk(original, kind, sheet, &mut |line, cells| {
        if cells.iter().all(|c| c.trim().is_empty()) {
            return ControlFlow::Continue(());
        }
        let holds = || {
            let header = Header::new(cells.iter().cloned());
            let mut named = wanted.iter().filter(|name| !name.starts_with('#')).peekable();
            named.peek().is_some() && named.all(|name| header.find(name).is_ok())
        };
        let here = match stated {
            Some(stated) => line == stated,
            None => holds(),
        };
        if here {
            found = Some((line, cells.to_vec()));
        }
        if first.is_none() {
            first = Some((line, cells.to_vec()));
        }
        if here || line > stated.unwrap_or(HEADING_WITHIN) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    match (found, first, stated) {
        (None, Some(_), Some(_)) => Err(DecodeError::NoHeader),
        (found, first, _) => Ok(found.or(first)),
    }
}

/// Puts cells into rows as they come.
struct Rows<'e, 'f> {
    each: &'e mut Each<'f>,
    row: Option<u32>,
    cells: Vec<String>,
}

impl<'e, 'f> Rows<'e, 'f> {
    fn new(each: &'e mut Each<'f>) -> Self {
        Self { each, row: None, cells: Vec::new() }
    }

    /// Takes a cell, by row and column from 0.
    fn cell(&mut self, row: u32, column: u32, text: String) -> Result<ControlFlow<()>, DecodeError> {
        let flow = if self.row == Some(row) { ControlFlow::Continue(()) } else { self.end() };
        self.row = Some(row);
        if text.is_empty() {
            return Ok(flow);
        }
        let place = usize::try_from(column).unwrap_or(usize::MAX);
        if place >= MOST_COLUMNS || row >= MOST_ROWS {
            let (row, column) = (row.saturating_add(1), column.saturating_add(1));
            return Err(DecodeError::Sheet(SheetProblem::Far { row, column }));
        }
        if self.cells.len() <= place {
            self.cells.resize(place + 1, String::new());
        }
        if let Some(cell) = self.cells.get_mut(place) {
            *cell = text;
        }
        Ok(flow)
    }

    /// Gives the row that was being read.
    fn end(&mut self) -> ControlFlow<()> {
        let cells = std::mem::take(&mut self.cells);
        match self.row.take() {
            Some(row) if !cells.is_empty() => (self.each)(row.saturating_add(1), &cells),
            _ => ControlFlow::Continue(()),
        }
    }
}

/// A number as text: whole ones without a fraction, none with an exponent.
fn number(value: f64) -> String {
    format!("{value}")
}

/// A spreadsheet's date as text.
fn date(at: calamine::ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
    if at.is_duration() {
        number(at.as_f64())
    } else if (hour, minute, second) == (0, 0, 0) {
        format!("{year:04}-{month:02}-{day:02}")
    } else {
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
    }
}

#[cfg(test)]
pub(super) mod fixture;
#[cfg(test)]
mod tests;
