//! XLSX, cell by cell, with what the library leaves untold. Its parts were measured before.

use std::io::BufReader;
use std::ops::ControlFlow;

use calamine::{DataRef, Reader as _, Xlsx};
use quick_xml::events::Event;

use super::{Each, Rows, Tab, UNCOMPUTED, broken, date, number, untold};
use crate::format::body::{Original, Reader};
use crate::format::error::{DecodeError, SheetProblem};

/// Most shared texts: more have no room in the megabytes that may hold them.
const MOST_TEXTS: u64 = 4_000_000;

fn book(original: &Original) -> Result<Xlsx<BufReader<Reader>>, DecodeError> {
    refuse_promises(original)?;
    Xlsx::new(original.open()).map_err(broken)
}

/// The library makes room for as many shared texts as the file says that it has.
fn refuse_promises(original: &Original) -> Result<(), DecodeError> {
    let mut archive = zip::ZipArchive::new(original.open()).map_err(broken)?;
    let parts: Vec<String> = archive
        .file_names()
        .filter_map(|name| Some(name.ok()?.into_owned()))
        .filter(|name| name.to_ascii_lowercase().ends_with("sharedstrings.xml"))
        .collect();
    for part in parts {
        let file = archive.by_name(&part).map_err(broken)?;
        let mut xml = quick_xml::Reader::from_reader(BufReader::new(file));
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            match xml.read_event_into(&mut buffer).map_err(broken)? {
                Event::Start(element) if element.local_name().as_ref() == "sst" => {
                    for attribute in element.attributes().with_checks(false) {
                        let attribute = attribute.map_err(broken)?;
                        let promised = attribute.value.trim().parse::<u64>();
                        if attribute.key.as_ref() == "uniqueCount" && promised.is_ok_and(|n| n > MOST_TEXTS) {
                            return Err(DecodeError::Sheet(SheetProblem::Undeclared(part)));
                        }
                    }
                    break;
                }
                Event::Eof => break,
                _ => {}
            }
        }
    }
    Ok(())
}

pub(super) fn tabs(original: &Original) -> Result<Vec<Tab>, DecodeError> {
    Ok(book(original)?.sheets_metadata().iter().map(Tab::from).collect())
}

pub(super) fn walk(original: &Original, sheet: &str, each: &mut Each<'_>) -> Result<(), DecodeError> {
    let mut book = book(original)?;
    if !book.sheet_names().iter().any(|name| name == sheet) {
        return Err(DecodeError::Sheet(SheetProblem::NoSheet(Some(sheet.to_owned()))));
    }
    let merged = book.merge_cells_by_sheet_name(sheet);
    // A sheet of charts only has no cells.
    let Ok(mut cells) = book.worksheet_cells_reader(sheet) else { return Ok(()) };
    let mut rows = Rows::with(each, &merged.map_err(broken)?);
    untold::beside(original, sheet, |untold| {
        while let Some(cell) = cells.next_cell().map_err(broken)? {
            let (row, column) = cell.get_position();
            let more = untold.next()?;
            let text = match cell.get_value() {
                DataRef::Empty if more.has_formula => UNCOMPUTED.to_owned(),
                value => more.seen.unwrap_or_else(|| text(value)),
            };
            if rows.cell(row, column, text)? == ControlFlow::Break(()) {
                return Ok(());
            }
        }
        let _ = rows.end();
        Ok(())
    })
}

fn text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(n) => n.to_string(),
        DataRef::Float(n) => number(*n),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(flag) => flag.to_string(),
        DataRef::DateTime(at) => date(*at),
        DataRef::Error(error) => error.to_string(),
        DataRef::Empty => String::new(),
    }
}
