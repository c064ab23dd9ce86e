//! Where under one heading the rows of another table begin. Pure.
//!
//! A sheet, a page's table or a text may hold several tables one under the other: those who filled in and those who did
//! not, or one part and the next. Read as one, the second is believed under the headings of the first. The headings alone,
//! right after the rows, are a new page of a long table; under a title of their own, or in other words, they are another
//! table's. A title in the middle without headings may be either. Which it is, a person says.

use super::BadLine;
use super::column::Columns;
use crate::domain::feed::{FeedSpec, PlaceRule};
use crate::format::table::{ColumnIndex, Header, TableRow};
use crate::text::fold::{excerpt, folded};
use crate::text::remark::Remark;

/// A title has so many letters at least: a dash or a mark is none.
const FEWEST_LETTERS: usize = 3;
/// Where municipalities stand by name, a text alone in its row is most likely one that is misspelled, unless it says what
/// became of forms.
const OF_TITLES: [&str; 9] =
    ["municipio", "preench", "pend", "conclu", "envi", "falta", "respond", "entreg", "finaliz"];

/// A text that stands alone in its row.
struct Title {
    line: u64,
    text: String,
    /// Whether it can be no misspelled name.
    is_sure: bool,
}

/// Watches for it, row by row.
pub(super) struct Seams {
    /// As they are compared.
    names: Vec<String>,
    mapped: Vec<ColumnIndex>,
    /// What stands there without a municipality is a word that lost its row, and no title.
    said: [Option<ColumnIndex>; 2],
    by_name: bool,
    title: Option<Title>,
    found: Option<BadLine>,
}

impl Seams {
    pub(super) fn new(spec: &FeedSpec, header: &Header, columns: &Columns) -> Self {
        Self {
            names: header.names().map(folded).collect(),
            mapped: columns.mapped().collect(),
            said: [columns.situation, columns.dated],
            by_name: matches!(spec.mapping.municipality, PlaceRule::Name(_)),
            title: None,
            found: None,
        }
    }

    /// A row about somebody has come.
    pub(super) fn data(&mut self) {
        if let Some(title) = self.title.take().filter(|title| title.is_sure) {
            self.note(title.line, &title.text, |cell| {
                format!("{cell} divide a tabela, e o que vem abaixo pode ser outra lista")
            });
        }
    }

    /// The headings have come once more.
    pub(super) fn again(&mut self, line: u64) {
        if let Some(title) = self.title.take() {
            self.note(title.line, &title.text, |cell| {
                format!("{cell}, com o cabeçalho outra vez na linha {line}, é o título de outra tabela")
            });
        }
    }

    /// A row about nobody knows whom has come; `names_one` where a cell of it is a municipality's name.
    pub(super) fn other(&mut self, row: &TableRow, names_one: bool) {
        if self.is_heading(row) {
            self.title = None;
            let cells: Vec<&str> = row.cells().collect();
            self.note(row.line, &cells.join(" | "), |cell| format!("o cabeçalho aqui é outro: {cell}"));
        } else if !names_one && let Some(text) = self.title_of(row) {
            let is_sure = !self.by_name || OF_TITLES.iter().any(|stem| folded(text).contains(stem));
            let (line, text) = (row.line, text.to_owned());
            // Of two titles the first says where rows cease to be the table's.
            self.title.get_or_insert(Title { line, text, is_sure }).is_sure |= is_sure;
        }
    }

    /// Whether cells of the row are names of columns: a mapped one in its own column, or any two wherever they stand.
    pub(super) fn is_heading(&self, row: &TableRow) -> bool {
        let named = |cell: &str| !cell.is_empty() && self.names.contains(&folded(cell));
        let in_place = |column: &ColumnIndex| {
            let name = self.names.get(column.place());
            row.cell(*column).is_some_and(|cell| name.is_some_and(|name| *name == folded(cell)))
        };
        self.mapped.iter().any(in_place) || row.cells().filter(|cell| named(cell)).count() >= 2
    }

    /// The text that stands alone in its row of several columns.
    fn title_of<'r>(&self, row: &'r TableRow) -> Option<&'r str> {
        let mut cells = row.cells().enumerate().filter(|(_, cell)| !cell.is_empty());
        let ((at, text), None) = (cells.next()?, cells.next()) else { return None };
        let is_word = self.said.contains(&Some(ColumnIndex::at(at)));
        let letters = text.chars().filter(|c| c.is_alphabetic()).count();
        (self.names.len() > 1 && !is_word && letters >= FEWEST_LETTERS).then_some(text)
    }

    fn note(&mut self, line: u64, text: &str, says: impl Fn(&str) -> String) {
        let message = Remark::of_cell(&excerpt(text, 80), says);
        self.found.get_or_insert(BadLine { line, message });
    }

    /// The first place where another table may begin.
    pub(super) fn found(self) -> Option<BadLine> {
        self.found
    }
}
