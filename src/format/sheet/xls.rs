//! XLS of Excel 97 to 2003. The library builds the rectangle of every sheet's cells when it opens the book, and makes
//! room for whatever size a sheet declares; so each record that says where a cell is, or how large the sheet, is looked
//! at first.

use std::io::{BufReader, Read as _};
use std::ops::ControlFlow;

use calamine::{Data, Reader as _, Xls};

use super::{Each, Rows, Tab, broken, date, number};
use crate::format::body::{Original, Reader};
use crate::format::error::{DecodeError, SheetProblem};
use crate::format::table::MOST_COLUMNS;

/// Most bytes of a book. A sheet of 65,536 rows and twenty columns has about twenty megabytes.
const LARGEST: u64 = 32 * 1024 * 1024;
/// Most cells of the rectangles that all sheets together fill.
const MOST_CELLS: u64 = 2_000_000;

fn book(original: &Original) -> Result<Xls<BufReader<Reader>>, DecodeError> {
    if original.len() > LARGEST {
        let limit = LARGEST / (1024 * 1024);
        return Err(DecodeError::Sheet(SheetProblem::Bomb { part: "planilha XLS".to_owned(), limit }));
    }
    let stream = workbook(original)?;
    let mut all = 0_u64;
    for sheet in sheets(&stream) {
        all = all.saturating_add(rectangle(stream.get(sheet..).unwrap_or_default())?);
        if all > MOST_CELLS {
            return Err(DecodeError::Sheet(SheetProblem::TooManyRows));
        }
    }
    Xls::new(original.open()).map_err(broken)
}

/// The stream of records.
fn workbook(original: &Original) -> Result<Vec<u8>, DecodeError> {
    let mut file = cfb::CompoundFile::open(original.open()).map_err(broken)?;
    let name =
        ["/Workbook", "/Book"].into_iter().find(|name| file.is_stream(name)).ok_or(()).map_err(broken)?;
    let mut stream = Vec::new();
    file.open_stream(name).map_err(broken)?.take(LARGEST).read_to_end(&mut stream).map_err(broken)?;
    Ok(stream)
}

/// Records of a stream: kind and content.
fn records(mut stream: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let (kind, length) = (word(stream, 0)?, usize::from(word(stream, 2)?));
        let content = stream.get(4..4 + length)?;
        stream = stream.get(4 + length..).unwrap_or_default();
        Some((kind, content))
    })
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn double(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// Where each sheet begins (`BoundSheet8`).
fn sheets(stream: &[u8]) -> Vec<usize> {
    const BOUND_SHEET: u16 = 0x0085;
    let bound = records(stream).filter(|(kind, _)| *kind == BOUND_SHEET);
    bound.filter_map(|(_, content)| usize::try_from(double(content, 0)?).ok()).collect()
}

/// How many cells the rectangle of a sheet has, taken as widely as any reader might.
fn rectangle(stream: &[u8]) -> Result<u64, DecodeError> {
    const END: u16 = 0x000A;
    const DIMENSIONS: u16 = 0x0200;
    // Cells of every kind begin with row and column; MULRK and MULBLANK end with their last column.
    const CELLS: [u16; 11] =
        [0x0006, 0x0201, 0x0203, 0x0204, 0x0205, 0x00D6, 0x00FD, 0x027E, 0x00BD, 0x00BE, 0x0406];
    let (mut rows, mut columns) = (0_u64, 0_u64);
    let mut depth = 0_usize;
    for (kind, content) in records(stream) {
        let (down, across) = match kind {
            0x0809 => {
                depth += 1;
                continue;
            }
            END if depth <= 1 => break,
            END => {
                depth -= 1;
                continue;
            }
            DIMENSIONS if content.len() == 10 => (word(content, 2).map(u32::from), word(content, 6)),
            DIMENSIONS => (double(content, 4), word(content, 10)),
            kind if CELLS.contains(&kind) => {
                let last = if matches!(kind, 0x00BD | 0x00BE) {
                    word(content, content.len().saturating_sub(2))
                } else {
                    word(content, 2)
                };
                (word(content, 0).map(|r| u32::from(r) + 1), last.map(|c| c.saturating_add(1)))
            }
            _ => continue,
        };
        rows = rows.max(u64::from(down.unwrap_or(0)));
        columns = columns.max(u64::from(across.unwrap_or(0)));
        if rows > 65_536 || columns > u64::try_from(MOST_COLUMNS).unwrap_or(u64::MAX) {
            let far = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
            return Err(DecodeError::Sheet(SheetProblem::Far { row: far(rows), column: far(columns) }));
        }
    }
    Ok(rows * columns)
}

pub(super) fn tabs(original: &Original) -> Result<Vec<Tab>, DecodeError> {
    Ok(book(original)?.sheets_metadata().iter().map(Tab::from).collect())
}

pub(super) fn walk(original: &Original, sheet: &str, each: &mut Each<'_>) -> Result<(), DecodeError> {
    let mut book = book(original)?;
    let missing = |_| DecodeError::Sheet(SheetProblem::NoSheet(Some(sheet.to_owned())));
    let range = book.worksheet_range(sheet).map_err(missing)?;
    let (top, left) = range.start().unwrap_or_default();
    let mut rows = Rows::with(each, &book.merge_cells_by_sheet_name(sheet).map_err(broken)?);
    for (row, cells) in (top..).zip(range.rows()) {
        for (column, value) in (left..).zip(cells) {
            if rows.cell(row, column, text(value))? == ControlFlow::Break(()) {
                return Ok(());
            }
        }
    }
    let _ = rows.end();
    Ok(())
}

fn text(value: &Data) -> String {
    match value {
        Data::Int(n) => n.to_string(),
        Data::Float(n) => number(*n),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
        Data::Bool(flag) => flag.to_string(),
        Data::DateTime(at) => date(*at),
        Data::Error(error) => error.to_string(),
        Data::Empty => String::new(),
    }
}
