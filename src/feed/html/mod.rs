//! One table of an HTML page, told from the others (layout, other unit types) by a text in its heading row.
//!
//! The page is read as a stream of tokens, as browsers cut them, and no tree is built of it: of a page that nests or
//! repeats without end a tree may be many times as large as the page. A cell's text is its own: that of a table inside
//! it belongs to that table. A page without the table, or with several, is refused: it never means "nobody filled in".

mod walk;

use self::walk::{Cell, walk};
use super::body::Original;
use super::error::DecodeError;
use super::kind::{Due, refuse_other_kinds};
use super::table::{Header, MOST_COLUMNS, Row, Table};
use crate::text::fold::folded;
use crate::text::stream::Survey;

/// Most bytes of a page, the size of hundreds of status pages.
const LARGEST: u64 = 32 * 1024 * 1024;

/// Opens the table whose heading row has a cell with this text.
pub(super) fn open<'a>(
    original: &'a Original,
    heading: &str,
    encoding: Option<&str>,
) -> Result<Table<'a>, DecodeError> {
    if original.len() > LARGEST {
        return Err(DecodeError::LargePage(LARGEST / (1024 * 1024)));
    }
    refuse_other_kinds(&original.head(64 * 1024)?, Due::Html)?;
    let survey = Survey::of(original.open(), encoding)?;
    let chosen = Chosen::find(original, survey, heading)?;
    let header = Header::new(chosen.names.iter().cloned());
    Table::new(header, move |take| {
        let mut row = Row::new(0);
        let mut spans = Spans::default();
        let ended = walk(original, survey, &mut |place, line, cells| {
            if place.table != chosen.table || place.row < chosen.row {
                return;
            }
            let cells = spans.lay_out(cells);
            // Long tables repeat their heading.
            if cells == chosen.names {
                return;
            }
            row.restart(line);
            for cell in &cells {
                row.push(cell);
            }
            if !row.is_empty() {
                take(Ok(&row));
            }
        })?;
        if ended.contains(&chosen.table) { Ok(()) } else { Err(DecodeError::CutPage) }
    })
}

/// The table, its heading row, and what stands there.
struct Chosen {
    table: usize,
    row: usize,
    names: Vec<String>,
}

impl Chosen {
    fn find(original: &Original, survey: Survey, heading: &str) -> Result<Self, DecodeError> {
        let wanted = folded(heading);
        // A cell that is the text outranks one that only has it.
        let (mut exact, mut partly): (Vec<Self>, Vec<Self>) = (Vec::new(), Vec::new());
        walk(original, survey, &mut |place, _, cells| {
            let texts: Vec<String> = cells.iter().map(|c| folded(&c.text)).collect();
            let met = |list: &[Self]| list.iter().any(|c| c.table == place.table);
            let list = if texts.contains(&wanted) && !met(&exact) {
                &mut exact
            } else if texts.iter().any(|t| t.contains(&wanted)) && !met(&partly) {
                &mut partly
            } else {
                return;
            };
            let names = Spans::default().lay_out(cells);
            list.push(Self { table: place.table, row: place.row, names });
        })?;
        let list = if exact.is_empty() { partly } else { exact };
        let count = list.len();
        match (list.into_iter().next(), count) {
            (Some(only), 1) => Ok(only),
            (None, _) => Err(DecodeError::NoTable(heading.to_owned())),
            (Some(_), count) => Err(DecodeError::SeveralTables { heading: heading.to_owned(), count }),
        }
    }
}

/// Cells that reach into the rows below, by column.
#[derive(Default)]
struct Spans(Vec<(u32, String)>);

impl Spans {
    /// The cells of a row, each in its column: a wide one is followed by blanks, a tall one stands in each of its rows.
    fn lay_out(&mut self, cells: &[Cell]) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        let mut above = |out: &mut Vec<String>| {
            while let Some((rows, text)) = self.0.get_mut(out.len()).filter(|(rows, _)| *rows > 0) {
                *rows -= 1;
                out.push(text.clone());
            }
        };
        let mut tall = Vec::new();
        for cell in cells {
            above(&mut out);
            for n in 0..cell.wide {
                if out.len() >= MOST_COLUMNS {
                    break;
                }
                let text = if n == 0 { cell.text.clone() } else { String::new() };
                if cell.tall > 1 {
                    tall.push((out.len(), cell.tall - 1, text.clone()));
                }
                out.push(text);
            }
        }
        above(&mut out);
        for (column, rows, text) in tall {
            if self.0.len() <= column {
                self.0.resize(column + 1, (0, String::new()));
            }
            if let Some(span) = self.0.get_mut(column) {
                *span = (rows, text);
            }
        }
        out
    }
}

#[cfg(test)]
mod tests;
