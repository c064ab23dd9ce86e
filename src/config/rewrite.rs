//! `unidades.csv` rewritten cell by cell: what a change does not touch keeps its bytes, encoding and quotes. Pure.
//!
//! It must not judge: whether the new file is a good one is the compiler's matter.

use std::ops::Range;

use encoding_rs::WINDOWS_1252;

use super::excel;
use crate::domain::id::UnitId;
use crate::domain::register::{Column, Edit};

const BOM: &[u8] = b"\xEF\xBB\xBF";

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
    /// A letter that the file's encoding lacks.
    #[error(
        "“{0}” não cabe na codificação do arquivo (Windows-1252): salve unidades.csv como UTF-8 e rode de novo"
    )]
    Encoding(String),
}

/// The file with every edit made, in order. `None` begins a new file.
///
/// # Errors
/// [`RewriteError`]; then nothing should be written.
pub fn rewrite(file: Option<&[u8]>, edits: &[Edit]) -> Result<Vec<u8>, RewriteError> {
    let header = Column::ALL.map(Column::as_str).join(";") + "\n";
    let mut bytes = file.map_or_else(|| header.into_bytes(), <[u8]>::to_vec);
    // Each edit sees the file as the one before left it: no offset is ever stale.
    for edit in edits {
        bytes = match edit {
            Edit::Set { unit, column, value } => set(bytes, unit, *column, value)?,
            Edit::Add(cells) => add(bytes, cells)?,
        };
    }
    Ok(bytes)
}

fn set(mut bytes: Vec<u8>, unit: &UnitId, column: Column, value: &str) -> Result<Vec<u8>, RewriteError> {
    let place = ensure_column(&mut bytes, column)?;
    let layout = Layout::of(&bytes)?;
    let row = layout.row(&bytes, unit.as_str()).ok_or_else(|| RewriteError::NoUnit(unit.clone()))?;
    match row.get(place) {
        Some(cell) => {
            let quoted = bytes.get(cell.start) == Some(&b'"');
            let written = layout.encode(value, quoted)?;
            bytes.splice(cell.clone(), written);
        }
        None if value.is_empty() => {}
        None => {
            let mut written = vec![b';'; place + 1 - row.len()];
            written.extend(layout.encode(value, false)?);
            let end = row.last().map_or(0, |cell| cell.end);
            bytes.splice(end..end, written);
        }
    }
    Ok(bytes)
}

fn add(mut bytes: Vec<u8>, cells: &[(Column, String)]) -> Result<Vec<u8>, RewriteError> {
    let mut row: Vec<(usize, &str)> = Vec::new();
    for (column, value) in cells {
        row.push((ensure_column(&mut bytes, *column)?, value));
    }
    let layout = Layout::of(&bytes)?;
    let id = cells.iter().find(|(column, _)| *column == Column::Id).map_or("", |(_, value)| value);
    if layout.row(&bytes, id).is_some() {
        return Err(RewriteError::HasUnit(id.to_owned()));
    }
    let ending: &[u8] = if bytes.windows(2).any(|pair| pair == b"\r\n") { b"\r\n" } else { b"\n" };
    if !bytes.ends_with(b"\n") {
        bytes.extend(ending);
    }
    for place in 0..layout.header.len() {
        if place > 0 {
            bytes.push(b';');
        }
        if let Some((_, value)) = row.iter().find(|(at, _)| *at == place) {
            bytes.extend(layout.encode(value, false)?);
        }
    }
    bytes.extend(ending);
    Ok(bytes)
}

/// Where a column is; one that the header lacks is added after the last.
fn ensure_column(bytes: &mut Vec<u8>, column: Column) -> Result<usize, RewriteError> {
    let layout = Layout::of(bytes)?;
    let header = &layout.header;
    if let Some(place) = header.iter().position(|cell| layout.text(bytes, cell) == column.as_str()) {
        return Ok(place);
    }
    let end = header.last().map_or(0, |cell| cell.end);
    let added = format!(";{}", column.as_str());
    bytes.splice(end..end, added.into_bytes());
    Ok(header.len())
}

/// Where the cells of a file lie.
struct Layout {
    utf8: bool,
    header: Vec<Range<usize>>,
    rows: Vec<Vec<Range<usize>>>,
}

impl Layout {
    fn of(bytes: &[u8]) -> Result<Self, RewriteError> {
        let mut rows: Vec<Vec<Range<usize>>> = records(bytes);
        // As the reader has it: lines of blanks are no rows, and the first row is the header.
        let utf8 = std::str::from_utf8(bytes).is_ok();
        let filled = |row: &Vec<Range<usize>>| row.iter().any(|cell| !text(bytes, cell, utf8).is_empty());
        rows.retain(filled);
        if rows.is_empty() {
            return Err(RewriteError::NoHeader);
        }
        let header = rows.remove(0);
        Ok(Self { utf8, header, rows })
    }

    fn text(&self, bytes: &[u8], cell: &Range<usize>) -> String {
        text(bytes, cell, self.utf8)
    }

    fn row(&self, bytes: &[u8], unit: &str) -> Option<&Vec<Range<usize>>> {
        let id = self.header.iter().position(|cell| self.text(bytes, cell) == Column::Id.as_str())?;
        self.rows
            .iter()
            .find(|row| row.get(id).is_some_and(|cell| excel::code(&self.text(bytes, cell)) == unit))
    }

    /// A value as a cell of this file, between quotes where it needs them or had them.
    fn encode(&self, value: &str, quoted: bool) -> Result<Vec<u8>, RewriteError> {
        let needs = value.contains([';', '"', '\r', '\n']) || value.trim() != value;
        let written =
            if needs || quoted { format!("\"{}\"", value.replace('"', "\"\"")) } else { value.to_owned() };
        if self.utf8 {
            return Ok(written.into_bytes());
        }
        match WINDOWS_1252.encode(&written) {
            (bytes, _, false) => Ok(bytes.into_owned()),
            (_, _, true) => Err(RewriteError::Encoding(value.to_owned())),
        }
    }
}

/// The text of a cell: decoded, without its quotes and outer blanks.
fn text(bytes: &[u8], cell: &Range<usize>, utf8: bool) -> String {
    let raw = bytes.get(cell.clone()).unwrap_or_default();
    let plain = match raw.strip_prefix(b"\"") {
        None => raw.to_vec(),
        Some(inner) => unquoted(inner),
    };
    let decoded = if utf8 {
        String::from_utf8_lossy(&plain).into_owned()
    } else {
        WINDOWS_1252.decode_without_bom_handling(&plain).0.into_owned()
    };
    decoded.trim().to_owned()
}

/// What follows an opening quote: two quotes are one, one ends the quoting, and what follows that stays as it is.
fn unquoted(inner: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(inner.len());
    let mut at = 0;
    while let Some(byte) = inner.get(at) {
        match (byte, inner.get(at + 1)) {
            (b'"', Some(b'"')) => {
                plain.push(b'"');
                at += 1;
            }
            (b'"', _) => {
                plain.extend(inner.get(at + 1..).unwrap_or_default());
                break;
            }
            (byte, _) => plain.push(*byte),
        }
        at += 1;
    }
    plain
}

/// Every record's cells, quotes included. A quote counts only where a cell begins, as the csv crate has it.
fn records(bytes: &[u8]) -> Vec<Vec<Range<usize>>> {
    let mut at = if bytes.starts_with(BOM) { BOM.len() } else { 0 };
    let mut records = Vec::new();
    while at < bytes.len() {
        let mut cells = Vec::new();
        loop {
            let end = cell_end(bytes, at);
            cells.push(at..end);
            at = end + 1;
            if bytes.get(end) != Some(&b';') {
                break;
            }
        }
        records.push(cells);
    }
    records
}

/// Where the cell that begins at `start` ends.
fn cell_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    if bytes.get(at) == Some(&b'"') {
        at += 1;
        loop {
            match (bytes.get(at), bytes.get(at + 1)) {
                (None, _) => return at,
                (Some(b'"'), Some(b'"')) => at += 2,
                (Some(b'"'), _) => break,
                (Some(_), _) => at += 1,
            }
        }
        at += 1;
    }
    while bytes.get(at).is_some_and(|byte| !matches!(byte, b';' | b'\r' | b'\n')) {
        at += 1;
    }
    at
}
