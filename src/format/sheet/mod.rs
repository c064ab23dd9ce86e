//! A sheet of a workbook as a table: XLSX, XLS or ODS, told apart by content.
//!
//! Nothing is allocated on the word of the file: what it unpacks into is measured first (`packed`), XLSX and ODS are
//! read cell by cell, and an XLS is walked record by record (`xls`) before the library, which builds the whole
//! rectangle of its cells, may open it. Dates come out as `2026-11-05` or `2026-11-05T14:30:00`, whole numbers without
//! a fraction, percentages and codes with zeros before them as they are shown (of an XLS, as they are kept).

mod ods;
mod packed;
mod part;
mod shape;
mod untold;
mod xls;
mod xlsx;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use quick_xml::events::BytesRef;

use super::body::Original;
use super::error::{DecodeError, SheetProblem};
use super::kind::{Due, refuse_other_kinds};
use super::table::{Header, MOST_COLUMNS, Table, TableRow};
use crate::text::fold::trimmed;

/// Most rows of a sheet.
const MOST_ROWS: u32 = 1_048_576;
/// In how many rows the heading is looked for.
const HEADING_WITHIN: u32 = 100;

/// What a cell says whose formula nobody computed: a blank would be a word. No table of words has it.
const UNCOMPUTED: &str = "(fórmula sem resultado: abra a planilha e salve-a de novo)";

/// Takes a row in with its number, from 1; answers whether to go on.
pub(crate) type Each<'e> = dyn FnMut(u32, &[String]) -> ControlFlow<()> + 'e;

/// Which program's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Xlsx,
    Xls,
    Ods,
}

fn broken<E>(_: E) -> DecodeError {
    DecodeError::Sheet(SheetProblem::Broken)
}

/// Opens a sheet. Without a name: the only one that a person sees and that holds all `wanted` columns. Without a line for the headings: the first line that holds
/// all `wanted` columns, else the first with anything.
pub(crate) fn open<'a>(
    original: &'a Original,
    name: Option<&str>,
    heading: Option<u32>,
    wanted: &[&str],
) -> Result<Table<'a>, DecodeError> {
    let kind = kind(original)?;
    let (sheet, found) = match name {
        Some(name) => (name.to_owned(), find_heading(original, kind, name, heading, wanted)?),
        None => choose(original, kind, heading, wanted)?,
    };
    let Some(Heading { line: heading, names, .. }) = found else { return Err(DecodeError::NoHeader) };
    let header = Header::new(names);
    let columns = header.len();
    let place = format!("aba “{sheet}”, cabeçalho na linha {heading}");
    let table = Table::new(header, move |take| {
        let mut row = TableRow::new(0);
        walk(original, kind, &sheet, &mut |line, cells| {
            if line > heading {
                row.restart(u64::from(line));
                (0..columns).for_each(|at| row.push(cells.get(at).map_or("", String::as_str)));
                if !row.is_empty() {
                    // A cell put in pushes the last one out of the table. What is written at a distance is a remark.
                    cells
                        .get(columns)
                        .filter(|cell| !trimmed(cell).is_empty())
                        .into_iter()
                        .for_each(|cell| row.push(cell));
                    row.give(columns, take);
                }
            }
            ControlFlow::Continue(())
        })
    })?;
    Ok(table.at(place))
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

/// A sheet, and whether a person who opens the book sees it.
struct Tab {
    name: String,
    is_hidden: bool,
}

impl From<&calamine::Sheet> for Tab {
    fn from(sheet: &calamine::Sheet) -> Self {
        Self { name: sheet.name.clone(), is_hidden: sheet.visible != calamine::SheetVisible::Visible }
    }
}

fn tabs(original: &Original, kind: Kind) -> Result<Vec<Tab>, DecodeError> {
    match kind {
        Kind::Xlsx => xlsx::tabs(original),
        Kind::Xls => xls::tabs(original),
        Kind::Ods => ods::tabs(original),
    }
}

/// Gives the rows of a sheet that have cells, from the top.
fn walk(original: &Original, kind: Kind, sheet: &str, each: &mut Each<'_>) -> Result<(), DecodeError> {
    match kind {
        Kind::Xlsx => xlsx::walk(original, sheet, each),
        Kind::Xls => xls::walk(original, sheet, each),
        Kind::Ods => ods::walk(original, sheet, each),
    }
}

/// The names of the sheets that a person sees.
pub(crate) fn seen(original: &Original) -> Result<Vec<String>, DecodeError> {
    let seen = tabs(original, kind(original)?)?.into_iter().filter(|tab| !tab.is_hidden);
    Ok(seen.map(|tab| tab.name).collect())
}

/// Gives the rows of a sheet with their numbers, from 1, whatever they are.
pub(crate) fn rows(original: &Original, sheet: &str, each: &mut Each<'_>) -> Result<(), DecodeError> {
    walk(original, kind(original)?, sheet, each)
}

/// The only sheet that fits. Where none does, the first that has rows, whose columns are then missed by name.
fn choose(
    original: &Original,
    kind: Kind,
    stated: Option<u32>,
    wanted: &[&str],
) -> Result<(String, Option<Heading>), DecodeError> {
    // By their places alone, the columns are in every sheet.
    let by_name = wanted.iter().any(|name| !name.starts_with('#'));
    let (mut fit, mut other, mut refusal) = (Vec::new(), None, None);
    for tab in tabs(original, kind)?.into_iter().filter(|tab| !tab.is_hidden) {
        match find_heading(original, kind, &tab.name, stated, wanted) {
            Ok(Some(heading)) if heading.holds_all || !by_name => fit.push((tab.name, Some(heading))),
            Ok(Some(heading)) => {
                other.get_or_insert((tab.name, Some(heading)));
            }
            Ok(None) => {}
            Err(DecodeError::NoHeader) => refusal = Some(DecodeError::NoHeader),
            Err(error) => return Err(error),
        }
    }
    if fit.len() > 1 {
        let names = fit.into_iter().map(|(name, _)| name).collect();
        return Err(DecodeError::Sheet(SheetProblem::Several(names)));
    }
    let none = || refusal.unwrap_or(DecodeError::Sheet(SheetProblem::NoSheet(None)));
    fit.pop().or(other).ok_or_else(none)
}

/// The headings of a sheet.
struct Heading {
    line: u32,
    names: Vec<String>,
    /// Whether all wanted names are among them.
    holds_all: bool,
}

/// The line of the headings and what stands there; nothing when the sheet has no rows.
fn find_heading(
    original: &Original,
    kind: Kind,
    sheet: &str,
    stated: Option<u32>,
    wanted: &[&str],
) -> Result<Option<Heading>, DecodeError> {
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
        let holds_all = holds();
        let here = stated.map_or(holds_all, |stated| line == stated);
        let heading = || Heading { line, names: cells.to_vec(), holds_all };
        if here {
            found = Some(heading());
        }
        if first.is_none() {
            first = Some(heading());
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

/// Puts cells into rows as they come. A cell that is merged over several rows stands in each of them that has any cell
/// of its own, as a person sees it; one that is merged over several columns is followed by blanks. What lies under it is
/// still in the file, and nobody sees it.
struct Rows<'e, 'f> {
    each: &'e mut Each<'f>,
    row: Option<u32>,
    cells: Vec<String>,
    /// Merged cells to come, by their first row.
    merged: BTreeMap<u32, Vec<Merged>>,
    /// Those that reach into the rows that follow, by their first column, with what they show.
    reaching: BTreeMap<usize, (Merged, String)>,
}

/// A cell that covers others: columns, first and last, and last row.
#[derive(Clone, Copy)]
struct Merged {
    column: usize,
    until: usize,
    last: u32,
}

impl Merged {
    /// Leaves nothing of a row's cells under it, from a column on.
    fn cover(self, cells: &mut [String], from: usize) {
        let end = self.until.saturating_add(1).min(cells.len());
        cells.get_mut(from..end).unwrap_or_default().iter_mut().for_each(String::clear);
    }
}

impl<'e, 'f> Rows<'e, 'f> {
    fn new(each: &'e mut Each<'f>) -> Self {
        let (merged, reaching) = (BTreeMap::new(), BTreeMap::new());
        Self { each, row: None, cells: Vec::new(), merged, reaching }
    }

    /// The same with what the file says beforehand of merged cells.
    fn with(each: &'e mut Each<'f>, merged: &[calamine::Dimensions]) -> Self {
        let mut rows = Self::new(each);
        for area in merged {
            rows.merge(area.start, area.end);
        }
        rows
    }

    /// A cell reaches from its row and column to the last ones, all counted from 0.
    fn merge(&mut self, (row, column): (u32, u32), (last, until): (u32, u32)) {
        let place = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
        let merged = Merged { column: place(column), until: place(until), last };
        if (last > row || until > column) && merged.column < MOST_COLUMNS {
            self.merged.entry(row).or_default().push(merged);
        }
    }

    /// Fills in what reaches into a row from above, and notes what reaches down from it; answers whether a person sees
    /// any cell of the row's own.
    fn fill(&mut self, row: u32, cells: &mut Vec<String>) -> bool {
        // A row without cells is not come by, and may have held the head of one.
        let passed = self.merged.range(..row).map(|(at, _)| *at).collect::<Vec<_>>();
        for merged in passed.iter().filter_map(|at| self.merged.remove(at)).flatten() {
            self.reaching.insert(merged.column, (merged, String::new()));
        }
        self.reaching.retain(|_, (merged, _)| merged.last >= row);
        for (merged, _) in self.reaching.values() {
            merged.cover(cells, merged.column);
        }
        for merged in self.merged.remove(&row).unwrap_or_default() {
            merged.cover(cells, merged.column.saturating_add(1));
            let text = cells.get(merged.column).cloned().unwrap_or_default();
            if merged.last > row {
                self.reaching.insert(merged.column, (merged, text));
            }
        }
        let is_seen = cells.iter().any(|cell| !cell.is_empty());
        for (column, (_, text)) in self.reaching.iter().filter(|(_, (_, text))| !text.is_empty()) {
            if cells.len() <= *column {
                cells.resize(column + 1, String::new());
            }
            if let Some(cell) = cells.get_mut(*column) {
                cell.clone_from(text);
            }
        }
        is_seen
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
        let mut cells = std::mem::take(&mut self.cells);
        match self.row.take() {
            Some(row) if !cells.is_empty() => {
                if self.fill(row, &mut cells) {
                    (self.each)(row.saturating_add(1), &cells)
                } else {
                    ControlFlow::Continue(())
                }
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

/// What a reference in XML stands for. A character that XML forbids is a blank, and no reason to lose the sheet.
fn referred(reference: &BytesRef<'_>) -> String {
    let known = quick_xml::escape::resolve_xml_entity(reference.as_ref()).map(str::to_owned);
    known.unwrap_or_else(|| reference.resolve_char_ref().ok().flatten().unwrap_or(' ').to_string())
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
pub(crate) mod fixture;
#[cfg(test)]
mod tests;
