//! One table of an HTML page, told from the others (layout, other unit types) by a text in its heading.
//!
//! The page is read as a stream of tokens, as browsers cut them, and no tree is built of it: of a page that nests or
//! repeats without end a tree may be many times as large as the page. A cell's text is what a person sees, and its own: that of a table inside
//! it belongs to that table. A heading may have several rows; the lowest names the columns, and a row with other
//! than its cells, once all spans are laid out, is a bad line. A page without the table, or
//! with several, is refused: it never means "nobody filled in".

mod cell;
mod walk;

use std::collections::BTreeSet;

use self::walk::{Line, walk};
use super::body::Original;
use super::error::DecodeError;
use super::kind::{Due, refuse_other_kinds};
use super::partial;
use super::table::{Header, Table, TableRow};
use crate::text::fold::folded;
use crate::text::stream::Survey;

/// Most bytes of a page, the size of hundreds of status pages.
const LARGEST: u64 = 32 * 1024 * 1024;
/// Most tables that a refusal names.
const MOST_NAMED: usize = 5;

/// Opens the table whose heading has a cell with this text.
pub(crate) fn open<'a>(
    original: &'a Original,
    heading: &str,
    encoding: Option<&str>,
) -> Result<Table<'a>, DecodeError> {
    if original.len() > LARGEST {
        return Err(DecodeError::LargePage(LARGEST / (1024 * 1024)));
    }
    refuse_other_kinds(&original.head(64 * 1024)?, Due::Html)?;
    let survey = Survey::of(original.open(), encoding)?;
    let (chosen, pager) = Chosen::find(original, survey, heading)?;
    let header = Header::new(chosen.names.iter().cloned());
    let place =
        format!("{}ª tabela da página, cabeçalho na linha {} dela", chosen.table + 1, chosen.rows.1 + 1);
    let columns = header.len();
    let table = Table::new(header, move |take| {
        let mut row = TableRow::new(0);
        let mut heading: Vec<Vec<String>> = Vec::new();
        let around = walk(original, survey, &mut |line| {
            if line.table != chosen.table || line.row < chosen.rows.0 {
                return;
            }
            if line.row <= chosen.rows.1 {
                heading.push(line.cells.clone());
                return;
            }
            // Long tables repeat their heading. Its last row says so by itself.
            if heading.split_last().is_some_and(|(_, above)| above.contains(&line.cells)) {
                return;
            }
            row.restart(line.line);
            for cell in &line.cells {
                row.push(cell);
            }
            if !row.is_empty() {
                row.give(columns, take);
            }
        })?;
        if around.ended.contains(&chosen.table) { Ok(()) } else { Err(DecodeError::CutPage) }
    })?;
    Ok(table.at(place).part(pager))
}

/// Gives every row of every table with the table's place in the page, from 0, and the line of the page.
pub(crate) fn rows(
    original: &Original,
    each: &mut dyn FnMut(usize, u64, &[String]),
) -> Result<(), DecodeError> {
    if original.len() > LARGEST {
        return Err(DecodeError::LargePage(LARGEST / (1024 * 1024)));
    }
    refuse_other_kinds(&original.head(64 * 1024)?, Due::Html)?;
    let survey = Survey::of(original.open(), None)?;
    walk(original, survey, &mut |line| each(line.table, line.line, &line.cells))?;
    Ok(())
}

/// The table, the rows of its heading, first and last, and what stands in the last.
struct Chosen {
    table: usize,
    group: usize,
    rows: (usize, usize),
    names: Vec<String>,
}

/// Tables that have the text, each once.
#[derive(Default)]
struct Found {
    tables: BTreeSet<usize>,
    first: Option<Chosen>,
}

impl Found {
    /// Takes a row that has the text.
    fn add(&mut self, line: &Line, rows: (usize, usize)) {
        if self.tables.insert(line.table) && self.first.is_none() {
            self.first =
                Some(Chosen { table: line.table, group: line.group, rows, names: line.cells.clone() });
        }
    }

    /// Takes a row that may be a further one of the heading.
    fn go_on(&mut self, line: &Line) {
        if let Some(chosen) = self.first.as_mut().filter(|c| c.table == line.table) {
            if line.group == chosen.group && line.row <= chosen.rows.1 {
                chosen.names.clone_from(&line.cells);
            } else if chosen.group != line.group {
                // A heading ends with its group, whatever its cells claim.
                chosen.rows.1 = chosen.rows.1.min(line.row.saturating_sub(1));
                chosen.group = line.group;
            }
        }
    }
}

impl Chosen {
    /// Answers also what a pager says, if one says that there are other pages: beside the tables, or alone in a row of one.
    fn find(
        original: &Original,
        survey: Survey,
        heading: &str,
    ) -> Result<(Self, Option<String>), DecodeError> {
        let mut pager = None;
        let wanted = folded(heading);
        // A cell that is the text outranks one that only has it.
        let (mut exact, mut partly) = (Found::default(), Found::default());
        // The rows that belong together by their tall cells: table, group, first, last.
        let mut block = (usize::MAX, 0, 0, 0);
        let around = walk(original, survey, &mut |line| {
            if pager.is_none() {
                pager = alone(&line.cells).and_then(partial::pager);
            }
            exact.go_on(line);
            partly.go_on(line);
            let last = line.row + line.rows - 1;
            block = match block {
                (table, group, first, until)
                    if (table, group) == (line.table, line.group) && line.row <= until =>
                {
                    (table, group, first, until.max(last))
                }
                _ => (line.table, line.group, line.row, last),
            };
            let texts: Vec<String> = line.cells.iter().map(|text| folded(text)).collect();
            if texts.contains(&wanted) {
                exact.add(line, (block.2, block.3));
            } else if texts.iter().any(|text| text.contains(&wanted)) {
                partly.add(line, (block.2, block.3));
            }
        })?;
        let found = if exact.first.is_some() { exact } else { partly };
        match found.first {
            Some(only) if found.tables.len() == 1 => Ok((only, around.pager.or(pager))),
            None => Err(DecodeError::NoTable(heading.to_owned())),
            Some(_) => Err(DecodeError::SeveralTables {
                heading: heading.to_owned(),
                count: found.tables.len(),
                places: found.tables.into_iter().take(MOST_NAMED).map(|table| table + 1).collect(),
            }),
        }
    }
}

/// The text of a row that has only one.
fn alone(cells: &[String]) -> Option<&str> {
    let mut texts = cells.iter().map(String::as_str).filter(|text| !text.trim().is_empty());
    let first = texts.next()?;
    texts.all(|text| text == first).then_some(first)
}

#[cfg(test)]
mod tests;
