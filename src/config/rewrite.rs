//! `unidades.csv` rewritten cell by cell: what a change does not touch keeps its bytes, encoding and quotes. Pure.
//!
//! It must not judge: whether the new file is a good one is the compiler's matter.

use super::excel;
use super::near::plain;
use crate::domain::id::UnitId;
use crate::domain::register::{Edit, UnitColumn};
use crate::text::csv::{Document, DocumentError, DocumentRow};

/// Why a change cannot be written. Displayed to operators.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RewriteError {
    /// Nothing in it.
    #[error("o arquivo não tem cabeçalho: a primeira linha deve ter os nomes das colunas")]
    NoHeader,
    /// A row that is no longer there.
    #[error("a unidade {0} não está no arquivo: ele mudou depois de lido; rode o comando de novo")]
    NoUnit(UnitId),
    /// A row that is there already.
    #[error("a unidade {0} já está no arquivo: ele mudou depois de lido; rode o comando de novo")]
    HasUnit(String),
    /// The file, or what is to be written into it, does not allow it.
    #[error("unidades.csv: {0}")]
    Document(#[from] DocumentError),
}

/// The file with every edit made, in order. `None` begins a new file.
///
/// # Errors
/// [`RewriteError`]; then nothing should be written.
pub fn rewrite(file: Option<&[u8]>, edits: &[Edit]) -> Result<Vec<u8>, RewriteError> {
    let header = UnitColumn::ALL.map(UnitColumn::as_str).join(";") + "\n";
    let mut units = UnitFile::parse(file.unwrap_or(header.as_bytes()))?;
    for edit in edits {
        match edit {
            Edit::Set { unit, column, value } => units.set(unit, *column, value)?,
            Edit::Add(cells) => units.add(cells)?,
        }
    }
    units.complete()?;
    Ok(units.document.bytes()?)
}

/// `unidades.csv` as the reader has it: lines of blanks are no rows, and the first row is the heading.
struct UnitFile {
    document: Document,
    heading: usize,
}

impl UnitFile {
    fn parse(bytes: &[u8]) -> Result<Self, RewriteError> {
        let document = Document::parse(bytes)?;
        let filled = |row: &DocumentRow| row.values().any(|value| !value.trim().is_empty());
        let heading = document.rows().iter().position(filled).ok_or(RewriteError::NoHeader)?;
        Ok(Self { document, heading })
    }

    fn set(&mut self, unit: &UnitId, column: UnitColumn, value: &str) -> Result<(), RewriteError> {
        let row = self.row(unit.as_str()).ok_or_else(|| RewriteError::NoUnit(unit.clone()))?;
        let place = self.ensure(column)?;
        let short = self.document.rows().get(row).is_none_or(|row| row.len() <= place);
        if !(short && value.is_empty()) {
            self.document.set(row, place, value)?;
        }
        Ok(())
    }

    fn add(&mut self, cells: &[(UnitColumn, String)]) -> Result<(), RewriteError> {
        let id = cells.iter().find(|(column, _)| *column == UnitColumn::Id).map_or("", |(_, value)| value);
        if self.row(id).is_some() {
            return Err(RewriteError::HasUnit(id.to_owned()));
        }
        let mut placed = Vec::new();
        for (column, value) in cells {
            placed.push((self.ensure(*column)?, value.as_str()));
        }
        let mut row = vec![""; self.heading().map_or(0, DocumentRow::len)];
        for (place, value) in placed {
            if let Some(cell) = row.get_mut(place) {
                *cell = value;
            }
        }
        Ok(self.document.add(&row)?)
    }

    /// Fills a last row up to a column that was added: short and without a line end, it would be taken for cut off.
    fn complete(&mut self) -> Result<(), RewriteError> {
        let (wide, last) = (self.heading().map_or(0, DocumentRow::len), self.document.rows().len() - 1);
        let short = self.document.rows().get(last).is_some_and(|row| row.len() < wide);
        if short && self.document.ends_in_row() {
            self.document.set(last, wide - 1, "")?;
        }
        Ok(())
    }

    fn heading(&self) -> Option<&DocumentRow> {
        self.document.rows().get(self.heading)
    }

    fn place(&self, column: UnitColumn) -> Option<usize> {
        self.heading()?.values().position(|name| plain(name) == plain(column.as_str()))
    }

    /// Where a column is; one that the heading lacks is added after the last.
    fn ensure(&mut self, column: UnitColumn) -> Result<usize, RewriteError> {
        if let Some(place) = self.place(column) {
            return Ok(place);
        }
        let place = self.heading().map_or(0, DocumentRow::len);
        self.document.set(self.heading, place, column.as_str())?;
        Ok(place)
    }

    fn row(&self, unit: &str) -> Option<usize> {
        let id = self.place(UnitColumn::Id)?;
        let rows = self.document.rows().iter().enumerate().skip(self.heading + 1);
        let mut own =
            rows.filter(|(_, row)| row.value(id).is_some_and(|text| excel::code(text.trim()) == unit));
        own.next().map(|(at, _)| at)
    }
}
