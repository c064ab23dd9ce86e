//! ODS, row by row from its content. The library would build the whole rectangle of cells, of up to three gigabytes.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;

use quick_xml::Reader as Xml;
use quick_xml::events::{BytesStart, Event};

use super::{Each, MOST_ROWS, Rows, Tab, broken};
use crate::format::body::Original;
use crate::format::error::{DecodeError, SheetProblem};
use crate::format::table::MOST_COLUMNS;

/// Most bytes of one cell's text.
const LONGEST: usize = 32 * 1024;

fn content<T>(
    original: &Original,
    read: impl FnOnce(&mut Xml<&mut dyn BufRead>) -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    let mut archive = zip::ZipArchive::new(original.open()).map_err(broken)?;
    let part = archive.by_name("content.xml").map_err(broken)?;
    let mut part = BufReader::new(part);
    read(&mut Xml::from_reader(&mut part))
}

fn attribute(element: &BytesStart<'_>, wanted: &str) -> Result<Option<String>, DecodeError> {
    for attribute in element.attributes().with_checks(false) {
        let attribute = attribute.map_err(broken)?;
        if attribute.key.as_ref() == wanted {
            return Ok(Some(quick_xml::escape::unescape(&attribute.value).map_err(broken)?.into_owned()));
        }
    }
    Ok(None)
}

pub(super) fn tabs(original: &Original) -> Result<Vec<Tab>, DecodeError> {
    content(original, |xml| {
        let (mut tabs, mut buffer) = (Vec::new(), Vec::new());
        let (mut style, mut hiding) = (None, BTreeSet::new());
        loop {
            buffer.clear();
            match xml.read_event_into(&mut buffer).map_err(broken)? {
                Event::Start(e) if e.name().as_ref() == "style:style" => style = attribute(&e, "style:name")?,
                Event::Start(e) | Event::Empty(e)
                    if e.name().as_ref() == "style:table-properties"
                        && attribute(&e, "table:display")?.as_deref() == Some("false") =>
                {
                    hiding.extend(style.clone());
                }
                Event::Start(e) if e.name().as_ref() == "table:table" => {
                    let is_hidden = attribute(&e, "table:style-name")?.is_some_and(|s| hiding.contains(&s));
                    tabs.extend(attribute(&e, "table:name")?.map(|name| Tab { name, is_hidden }));
                }
                Event::Eof => return Ok(tabs),
                _ => {}
            }
        }
    })
}

pub(super) fn walk(original: &Original, sheet: &str, each: &mut Each<'_>) -> Result<(), DecodeError> {
    content(original, |xml| {
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            match xml.read_event_into(&mut buffer).map_err(broken)? {
                Event::Start(e)
                    if e.name().as_ref() == "table:table"
                        && attribute(&e, "table:name")?.as_deref() == Some(sheet) =>
                {
                    return rows(xml, each);
                }
                Event::Eof => return Err(DecodeError::Sheet(SheetProblem::NoSheet(Some(sheet.to_owned())))),
                _ => {}
            }
        }
    })
}

/// The rows of the table that has just begun.
fn rows(xml: &mut Xml<&mut dyn BufRead>, each: &mut Each<'_>) -> Result<(), DecodeError> {
    let (mut at, mut buffer) = (0_u32, Vec::new());
    let mut out = Rows::new(each);
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer).map_err(broken)? {
            Event::Start(e) if e.name().as_ref() == "table:table-row" => {
                let repeated = repeated(&e, "table:number-rows-repeated")?;
                let (cells, tall) = cells(xml)?;
                for (column, rows) in tall {
                    out.merge(at, column, at.saturating_add(rows.saturating_sub(1)));
                }
                if !cells.iter().all(String::is_empty) {
                    for n in 0..repeated {
                        let row = at.saturating_add(n);
                        if row >= MOST_ROWS {
                            return Err(DecodeError::Sheet(SheetProblem::TooManyRows));
                        }
                        for (column, text) in (0_u32..).zip(&cells) {
                            let _ = out.cell(row, column, text.clone())?;
                        }
                        if out.end() == ControlFlow::Break(()) {
                            return Ok(());
                        }
                    }
                }
                at = at.saturating_add(repeated);
            }
            Event::Empty(e) if e.name().as_ref() == "table:table-row" => {
                at = at.saturating_add(repeated(&e, "table:number-rows-repeated")?);
            }
            Event::End(e) if e.name().as_ref() == "table:table" => return Ok(()),
            Event::Eof => return Err(broken(())),
            _ => {}
        }
    }
}

fn repeated(element: &BytesStart<'_>, name: &str) -> Result<u32, DecodeError> {
    match attribute(element, name)? {
        Some(times) => times.trim().parse::<u32>().map_err(broken),
        None => Ok(1),
    }
}

/// The texts of a row, and the columns and heights of its cells that reach into the rows below.
type Cells = (Vec<String>, Vec<(u32, u32)>);

/// The cells of the row that has just begun, and the columns and heights of those that reach into the rows below.
fn cells(xml: &mut Xml<&mut dyn BufRead>) -> Result<Cells, DecodeError> {
    let (mut cells, mut buffer) = (Vec::new(), Vec::new());
    let (mut column, mut tall) = (0_u32, Vec::new());
    let is_cell = |name: &str| matches!(name, "table:table-cell" | "table:covered-table-cell");
    let mut blanks = 0_usize;
    let mut add = |times: u32, text: String| {
        let times = usize::try_from(times).unwrap_or(usize::MAX);
        if text.is_empty() {
            blanks = blanks.saturating_add(times);
            return Ok(());
        }
        let end = cells.len().saturating_add(blanks).saturating_add(times);
        if end > MOST_COLUMNS {
            let column = u32::try_from(end).unwrap_or(u32::MAX);
            return Err(DecodeError::Sheet(SheetProblem::Far { row: 1, column }));
        }
        cells.resize(cells.len() + std::mem::take(&mut blanks), String::new());
        cells.resize(end, text);
        Ok(())
    };
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer).map_err(broken)? {
            Event::Start(e) if is_cell(e.name().as_ref()) => {
                let times = repeated(&e, "table:number-columns-repeated")?;
                let value = match attribute(&e, "office:value-type")?.as_deref() {
                    Some("float" | "percentage" | "currency") => attribute(&e, "office:value")?,
                    Some("date") => attribute(&e, "office:date-value")?,
                    Some("boolean") => attribute(&e, "office:boolean-value")?,
                    _ => None,
                };
                let text = text(xml)?;
                add(times, value.unwrap_or(text))?;
                if e.name().as_ref() == "table:table-cell" {
                    let rows = repeated(&e, "table:number-rows-spanned")?;
                    tall.extend((rows > 1).then_some((column, rows)));
                }
                column = column.saturating_add(times);
            }
            Event::Empty(e) if is_cell(e.name().as_ref()) => {
                let times = repeated(&e, "table:number-columns-repeated")?;
                let value = match attribute(&e, "office:date-value")? {
                    Some(date) => Some(date),
                    None => attribute(&e, "office:value")?,
                };
                add(times, value.unwrap_or_default())?;
                column = column.saturating_add(times);
            }
            Event::End(e) if e.name().as_ref() == "table:table-row" => return Ok((cells, tall)),
            Event::Eof => return Err(broken(())),
            _ => {}
        }
    }
}

/// The text of the cell that has just begun, its paragraphs parted by blanks; notes on it are left out.
fn text(xml: &mut Xml<&mut dyn BufRead>) -> Result<String, DecodeError> {
    let (mut text, mut buffer) = (String::new(), Vec::new());
    let mut notes = 0_usize;
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer).map_err(broken)? {
            Event::Start(e) if e.name().as_ref() == "office:annotation" => notes += 1,
            Event::End(e) if e.name().as_ref() == "office:annotation" => notes = notes.saturating_sub(1),
            Event::End(e) if matches!(e.name().as_ref(), "table:table-cell" | "table:covered-table-cell") => {
                return Ok(text);
            }
            Event::Eof => return Err(broken(())),
            _ if notes > 0 || text.len() > LONGEST => {}
            Event::Text(t) => text.push_str(&t.xml10_content()),
            Event::GeneralRef(e) => match quick_xml::escape::resolve_xml_entity(e.as_ref()) {
                Some(known) => text.push_str(known),
                // A character that XML forbids is no reason to lose the sheet.
                None => text.push(e.resolve_char_ref().ok().flatten().unwrap_or(' ')),
            },
            Event::Start(e) if e.name().as_ref() == "text:p" && !text.is_empty() => text.push(' '),
            Event::Empty(e) if matches!(e.name().as_ref(), "text:s" | "text:tab" | "text:line-break") => {
                text.push(' ');
            }
            _ => {}
        }
    }
}
