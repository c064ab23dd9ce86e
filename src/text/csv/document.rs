//! A delimited file held whole and rewritten cell by cell: what is not touched keeps its bytes. Pure.

use std::ops::Range;

use super::super::encoding::Encoding;
use super::{Dialect, Records, quoted};

/// Why a file cannot be rewritten. Displayed to operators.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Bytes that are not the text that their mark promises.
    #[error("o arquivo não é um texto {0} válido: abra-o na planilha, salve-o como CSV UTF-8 e rode de novo")]
    Damaged(&'static str),
    /// A letter that the file's encoding lacks.
    #[error(
        "“{text}” não cabe na codificação do arquivo ({encoding}): salve-o como CSV UTF-8 e rode de novo"
    )]
    Encoding {
        /// The cell that was to be written.
        text: String,
        /// What the file is written in.
        encoding: &'static str,
    },
    /// What would be written would be read as something else.
    #[error(
        "o arquivo não pode ser mudado com segurança (aspas sem par, ou codificação duvidosa): abra-o na planilha, \
         salve-o como CSV UTF-8 e rode de novo"
    )]
    Unsound,
}

/// A file, as rows between which nothing is lost.
#[derive(Debug, Clone)]
pub struct Document {
    encoding: Encoding,
    dialect: Dialect,
    rows: Vec<DocumentRow>,
    /// What stands behind the last row: its line end, if it has one, and empty lines.
    tail: String,
}

/// A row, and what stands between it and the one before.
#[derive(Debug, Clone)]
pub struct DocumentRow {
    before: String,
    cells: Vec<Cell>,
}

#[derive(Debug, Clone)]
struct Cell {
    value: String,
    /// With its quotes.
    written: String,
}

impl DocumentRow {
    /// The cells' texts, without quotes.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.cells.iter().map(|cell| cell.value.as_str())
    }

    /// A cell's text; absent where the row is short.
    pub fn value(&self, place: usize) -> Option<&str> {
        self.cells.get(place).map(|cell| cell.value.as_str())
    }

    /// How many cells.
    #[expect(clippy::len_without_is_empty, reason = "a row has at least one cell")]
    pub fn len(&self) -> usize {
        self.cells.len()
    }
}

impl Document {
    /// Reads a file; nothing of it is judged.
    ///
    /// # Errors
    /// [`DocumentError::Damaged`], and [`DocumentError::Unsound`] when a line is longer than any row.
    pub fn parse(bytes: &[u8]) -> Result<Self, DocumentError> {
        let encoding = Encoding::detect(bytes);
        let text = encoding.decode_whole(bytes).ok_or(DocumentError::Damaged(encoding.name()))?;
        let dialect = Dialect::detect(text.as_bytes(), None, text.contains('\n'));
        let mut records = Records::new(text.as_bytes(), dialect);
        let (mut rows, mut end) = (Vec::new(), 0);
        while let Some(record) = records.next().map_err(|_| DocumentError::Unsound)? {
            let part = |span: Range<usize>| text.get(span).unwrap_or_default().to_owned();
            let mut row = DocumentRow { before: String::new(), cells: Vec::new() };
            for (value, span) in record.cells() {
                if row.cells.is_empty() {
                    row.before = part(end..span.start);
                }
                end = span.end;
                let value = String::from_utf8_lossy(value).into_owned();
                row.cells.push(Cell { value, written: part(span) });
            }
            rows.push(row);
        }
        let tail = text.get(end..).unwrap_or_default().to_owned();
        Ok(Self { encoding, dialect, rows, tail })
    }

    /// The rows, the heading among them.
    pub fn rows(&self) -> &[DocumentRow] {
        &self.rows
    }

    /// Whether nothing, not even a line end, stands behind the last row.
    pub fn ends_in_row(&self) -> bool {
        self.tail.is_empty()
    }

    /// Writes a cell, between quotes where it needs them or had them. A short row gets the cells before it.
    ///
    /// # Errors
    /// [`DocumentError::Encoding`].
    pub fn set(&mut self, row: usize, place: usize, value: &str) -> Result<(), DocumentError> {
        let written = self.written(value)?;
        let Some(row) = self.rows.get_mut(row) else { return Ok(()) };
        while row.cells.len() <= place {
            row.cells.push(Cell { value: String::new(), written: String::new() });
        }
        if let Some(cell) = row.cells.get_mut(place) {
            let keep = cell.written.starts_with('"');
            let written = if keep { quoted(value) } else { written };
            *cell = Cell { value: value.to_owned(), written };
        }
        Ok(())
    }

    /// Adds a row behind the last, with the file's own line end.
    ///
    /// # Errors
    /// [`DocumentError::Encoding`].
    pub fn add(&mut self, values: &[&str]) -> Result<(), DocumentError> {
        let written = |value: &&str| Ok(Cell { value: (*value).to_owned(), written: self.written(value)? });
        let cells = values.iter().map(written).collect::<Result<Vec<_>, _>>()?;
        let end = self.line_end();
        let before = if self.tail.is_empty() { end.to_owned() } else { std::mem::take(&mut self.tail) };
        end.clone_into(&mut self.tail);
        self.rows.push(DocumentRow { before, cells });
        Ok(())
    }

    /// The file's bytes.
    ///
    /// # Errors
    /// [`DocumentError::Unsound`] when they would not be read as these rows.
    pub fn bytes(&self) -> Result<Vec<u8>, DocumentError> {
        let mut text = String::new();
        for row in &self.rows {
            text.push_str(&row.before);
            for (place, cell) in row.cells.iter().enumerate() {
                if place > 0 {
                    text.push(char::from(self.dialect.delimiter));
                }
                text.push_str(&cell.written);
            }
        }
        text.push_str(&self.tail);
        let bytes = self.encoding.encode(&text).ok_or(DocumentError::Unsound)?;
        let read = Self::parse(&bytes)?;
        let values = |document: &Self| -> Vec<Vec<String>> {
            document.rows.iter().map(|row| row.values().map(str::to_owned).collect()).collect()
        };
        if values(&read) == values(self) { Ok(bytes) } else { Err(DocumentError::Unsound) }
    }

    /// A value as a cell of this file.
    fn written(&self, value: &str) -> Result<String, DocumentError> {
        let encoding = self.encoding.name();
        match self.encoding.encode(value) {
            Some(_) => Ok(self.dialect.cell(value)),
            None => Err(DocumentError::Encoding { text: value.to_owned(), encoding }),
        }
    }

    /// The first line end outside of cells.
    fn line_end(&self) -> &'static str {
        let mut gaps = self.rows.iter().map(|row| row.before.as_str()).chain([self.tail.as_str()]);
        let first = gaps.find_map(|gap| Some(&gap[gap.find(['\r', '\n'])?..])).unwrap_or("\n");
        ["\r\n", "\n", "\r"].into_iter().find(|end| first.starts_with(end)).unwrap_or("\n")
    }
}
