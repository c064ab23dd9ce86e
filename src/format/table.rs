//! Rows, whatever the format they came in.
//!
//! A decoder gives a header and a stream of rows; nothing after it knows the format.

use super::error::DecodeError;
use crate::contain::caught;
use crate::text::fold::{folded, trimmed};

/// Most columns of a table.
pub const MOST_COLUMNS: usize = 1_000;

/// Why one row says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RowProblem {
    /// Other than the header's number of fields.
    #[error("{found} campos em vez de {expected}")]
    Fields {
        /// As the header has.
        expected: usize,
        /// As the row has.
        found: usize,
    },
    /// A quoted field that does not end where a field ends.
    #[error("aspas sem par")]
    Quotes,
    /// The same over a line end: rows may have been swallowed.
    #[error("aspas sem par: esta linha pode ter engolido as seguintes")]
    Swallowing,
    /// The headings once more, as long tables repeat them: no data, and no fault either.
    #[error("o cabeçalho outra vez")]
    HeadingAgain,
    /// An item of a list that is not an object with fields.
    #[error("o item não é um objeto com campos")]
    NoObject,
    /// The end of what nothing told the end of.
    #[error(
        "o servidor não disse onde a resposta termina (sem Content-Length): ela pode ter vindo cortada aqui"
    )]
    OpenEnd,
    /// The last row, cut in the middle.
    #[error("última linha cortada: {found} campos em vez de {expected}")]
    Truncated {
        /// As the header has.
        expected: usize,
        /// As the row has.
        found: usize,
    },
}

/// A row that says nothing, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFault {
    /// Line in the file, from 1.
    pub line: u64,
    pub problem: RowProblem,
    /// Its cells, where they can be told apart: they say whether it is data at all.
    pub row: Option<TableRow>,
}

impl RowFault {
    /// Of a row of which no cell is sure.
    pub fn new(line: u64, problem: RowProblem) -> Self {
        Self { line, problem, row: None }
    }
}

/// Why a column cannot be used. Displayed to operators.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnError {
    /// There is none of that name.
    #[error("falta a coluna “{0}”")]
    Missing(String),
    /// Several have it.
    #[error("há mais de uma coluna “{0}”")]
    Ambiguous(String),
}

/// Position of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnIndex(usize);

impl ColumnIndex {
    /// The column of a place, from zero.
    pub fn at(place: usize) -> Self {
        Self(place)
    }

    /// Its place, from zero.
    pub(crate) fn place(self) -> usize {
        self.0
    }
}

/// Names of the columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header(Vec<String>);

impl Header {
    /// Names in order, as written.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().map(|n| trimmed(&n).to_owned()).collect())
    }

    /// The names in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// How many columns.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether a row says the headings once more.
    fn is_again(&self, row: &TableRow) -> bool {
        let same = |(name, cell): (&str, &str)| {
            let may_be = !cell.starts_with(|c: char| c.is_ascii_digit());
            name == cell || (may_be && folded(name) == folded(cell))
        };
        row.len() >= self.len()
            && self.names().zip(row.cells()).all(same)
            && row.cells().skip(self.len()).all(str::is_empty)
    }

    /// Whether no column has a name.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(String::is_empty)
    }

    /// Finds a column: as written, else without case, accents or outer blanks, else by its position (`#1`).
    ///
    /// # Errors
    /// [`ColumnError`] when none or several answer to the name.
    pub fn find(&self, name: &str) -> Result<ColumnIndex, ColumnError> {
        let only = |same: &dyn Fn(&str) -> bool| {
            let mut hits = self.0.iter().enumerate().filter(|(_, n)| same(n)).map(|(at, _)| at);
            (hits.next(), hits.next().is_some())
        };
        let wanted = folded(name);
        for found in [only(&|n| n == trimmed(name)), only(&|n| folded(n) == wanted)] {
            match found {
                (Some(at), false) => return Ok(ColumnIndex(at)),
                (Some(_), true) => return Err(ColumnError::Ambiguous(name.to_owned())),
                (None, _) => {}
            }
        }
        let place = name.strip_prefix('#').and_then(|n| n.parse::<usize>().ok()?.checked_sub(1));
        match place.filter(|place| *place < self.len()) {
            Some(place) => Ok(ColumnIndex(place)),
            None => Err(ColumnError::Missing(name.to_owned())),
        }
    }
}

/// What a load came in, for staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableForm {
    /// Tab, place of the table in its page, line of the headings.
    pub(crate) place: String,
    /// All headings in order.
    pub(crate) columns: String,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRow {
    /// Line in the file on which it begins, from 1.
    pub line: u64,
    text: String,
    ends: Vec<usize>,
}

impl TableRow {
    /// A row without cells yet.
    pub fn new(line: u64) -> Self {
        Self { line, text: String::new(), ends: Vec::new() }
    }

    /// Empties the row for one that begins on another line.
    pub(crate) fn restart(&mut self, line: u64) {
        self.line = line;
        self.text.clear();
        self.ends.clear();
    }

    /// Adds the next cell, without its outer blanks.
    pub fn push(&mut self, cell: &str) {
        self.text.push_str(trimmed(cell));
        self.ends.push(self.text.len());
    }

    /// A cell's text; absent when it is blank.
    pub fn cell(&self, column: ColumnIndex) -> Option<&str> {
        let end = *self.ends.get(column.0)?;
        let start = column.0.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.text.get(start..end).filter(|t| !t.is_empty())
    }

    /// The cells in order, blank ones as empty texts.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|at| self.cell(ColumnIndex(at)).unwrap_or_default())
    }

    /// How many cells, blank ones included.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether every cell is blank.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Gives the row, unless it has not the cells that its heading has: then one was lost or put in, and the others stand
    /// under headings that are not theirs. Blank cells beyond the heading do no harm.
    pub(crate) fn give(&self, columns: usize, take: &mut Take<'_>) {
        let beyond = self.cells().skip(columns).any(|cell| !cell.is_empty());
        if self.len() >= columns && !beyond {
            return take(Ok(self));
        }
        let problem = RowProblem::Fields { expected: columns, found: self.len() };
        take(Err(RowFault { line: self.line, problem, row: Some(self.clone()) }));
    }
}

/// What takes rows in, one after the other.
pub type Take<'t> = dyn FnMut(Result<&TableRow, RowFault>) + 't;

/// Gives every row to a [`Take`].
type Rows<'a> = Box<dyn FnOnce(&mut Take<'_>) -> Result<(), DecodeError> + 'a>;

/// A header and the rows under it, read one at a time and never held together.
pub struct Table<'a> {
    header: Header,
    place: String,
    rows: Rows<'a>,
    promised: Option<u64>,
    part_by: Option<String>,
}

impl<'a> Table<'a> {
    /// Joins a header and what will give the rows.
    ///
    /// # Errors
    /// [`DecodeError::TooManyColumns`].
    pub(crate) fn new(
        header: Header,
        rows: impl FnOnce(&mut Take<'_>) -> Result<(), DecodeError> + 'a,
    ) -> Result<Self, DecodeError> {
        if header.len() > MOST_COLUMNS {
            return Err(DecodeError::TooManyColumns { found: header.len(), most: MOST_COLUMNS });
        }
        Ok(Self { header, place: String::new(), rows: Box::new(rows), promised: None, part_by: None })
    }

    /// Names of the columns.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The same, where it stands in its file at a place that the next load must have too.
    pub(crate) fn at(self, place: String) -> Self {
        Self { place, ..self }
    }

    /// What the next load must be like: where it stands, and all columns; nothing where no order of columns is given.
    pub(crate) fn form(&self) -> Option<TableForm> {
        let columns = self.header.0.join(" | ").replace('\n', " ");
        (!self.place.is_empty()).then(|| TableForm { place: self.place.replace(['\n', '\t'], " "), columns })
    }

    /// The same, when the source counts how many rows all its pages have together.
    #[must_use]
    pub(crate) fn promising(self, promised: u64) -> Self {
        Self { promised: Some(promised), ..self }
    }

    /// The same, where what stands beside it says that it is only a part.
    #[must_use]
    pub(crate) fn part(self, by: Option<String>) -> Self {
        Self { part_by: by, ..self }
    }

    /// By what the source says that the table is only a part, in words for staff and without the text of any cell.
    pub fn part_by(&self) -> Option<&str> {
        self.part_by.as_deref()
    }

    /// How many rows the source says that all its pages have together, if it does.
    pub fn promised(&self) -> Option<u64> {
        self.promised
    }

    /// Gives every row that is not blank, in the order of the source; the headings once more as
    /// [`RowProblem::HeadingAgain`].
    ///
    /// # Errors
    /// [`DecodeError`] when the source turns out not to be whole, or its decoder panics; the rows given until then are
    /// not to be believed.
    pub fn each(self, take: &mut Take<'_>) -> Result<(), DecodeError> {
        let Self { header, rows, .. } = self;
        let is_again = |row: &TableRow| !header.is_empty() && header.is_again(row);
        let mut give = |row: Result<&TableRow, RowFault>| match row {
            Ok(row) if is_again(row) => {
                let (line, problem) = (row.line, RowProblem::HeadingAgain);
                take(Err(RowFault { line, problem, row: Some(row.clone()) }));
            }
            other => take(other),
        };
        caught(|| rows(&mut give))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_found_without_case_accents_or_outer_blanks() {
        let header = Header::new([" Município ", "IBGE7", "Total", "total"].map(str::to_owned));
        assert_eq!(header.find("municipio"), Ok(ColumnIndex(0)));
        assert_eq!(header.find("ibge7"), Ok(ColumnIndex(1)));
        assert_eq!(header.find("total"), Ok(ColumnIndex(3)), "the one written so");
        assert_eq!(header.find("TOTAL"), Err(ColumnError::Ambiguous("TOTAL".to_owned())));
        assert_eq!(header.find("IBGE"), Err(ColumnError::Missing("IBGE".to_owned())));
    }

    #[test]
    fn a_decoder_that_panics_in_the_middle_of_its_rows_is_refused() {
        let table = Table::new(Header::new(["a".to_owned()]), |take| {
            take(Ok(&TableRow::new(2)));
            panic!("como o quick-xml");
        });
        let (mut rows, table) = (0, table.unwrap());
        let refused = table.each(&mut |_| rows += 1).unwrap_err();
        assert_eq!((rows, refused), (1, DecodeError::Uncontained(crate::contain::Uncontained::Panicked)));
    }

    #[test]
    fn a_blank_cell_is_absent() {
        let mut row = TableRow::new(2);
        for cell in [" ", " Sim ", "", "\u{A0}"] {
            row.push(cell);
        }
        assert_eq!(
            [0, 1, 2, 3, 4].map(|at| row.cell(ColumnIndex(at))),
            [None, Some("Sim"), None, None, None]
        );
    }
}
