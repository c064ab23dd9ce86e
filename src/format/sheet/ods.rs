//! ODS, row by row from its content. The library would build the whole rectangle of cells, of up to three gigabytes.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;

use quick_xml::Reader as Xml;
use quick_xml::events::{BytesStart, Event};

use super::{Each, MOST_ROWS, Rows, Tab, UNCOMPUTED, broken, referred};
use crate::format::body::Original;
use crate::format::error::{DecodeError, SheetProblem};
use crate::format::mark::Marked;
use crate::format::table::MOST_COLUMNS;

/// Most bytes of one cell's text.
const LONGEST: usize = 32 * 1024;
/// Deepest spans of a text whose styles are looked at.
const DEEPEST: usize = 64;

fn content<T>(
    original: &Original,
    read: impl FnOnce(&mut Xml<&mut dyn BufRead>) -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    let mut archive = zip::ZipArchive::new(original.open()).map_err(broken)?;
    let part = archive.by_name("content.xml").map_err(broken)?;
    let mut part = BufReader::new(part);
    read(&mut Xml::from_reader(&mut part))
}

/// The styles of texts that raise or lower them, as the book and its content declare them.
#[derive(Default)]
struct Raised {
    /// The style that is being declared.
    style: Option<String>,
    names: BTreeSet<String>,
}

impl Raised {
    /// Those that the book declares for all its parts.
    fn of_book(original: &Original) -> Result<Self, DecodeError> {
        let mut raised = Self::default();
        let mut archive = zip::ZipArchive::new(original.open()).map_err(broken)?;
        let Ok(part) = archive.by_name("styles.xml") else { return Ok(raised) };
        let mut xml = Xml::from_reader(BufReader::new(part));
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            match xml.read_event_into(&mut buffer).map_err(broken)? {
                Event::Start(e) | Event::Empty(e) => raised.note(&e)?,
                Event::Eof => return Ok(raised),
                _ => {}
            }
        }
    }

    /// Takes in an element, if it declares a style.
    fn note(&mut self, e: &BytesStart<'_>) -> Result<(), DecodeError> {
        if e.name().as_ref() == "style:style" {
            let is_of_text = attribute(e, "style:family")?.as_deref() == Some("text");
            self.style = attribute(e, "style:name")?.filter(|_| is_of_text);
            let parent = attribute(e, "style:parent-style-name")?;
            if parent.is_some_and(|parent| self.names.contains(&parent)) {
                self.names.extend(self.style.clone());
            }
        } else if e.name().as_ref() == "style:text-properties"
            && let Some(style) = &self.style
            && let Some(position) = attribute(e, "style:text-position")?
        {
            // `super 58%`, `sub`, `33% 58%`; `0% 100%` is the line itself.
            let height = position.split_whitespace().next().unwrap_or_default();
            if height.trim_end_matches('%').parse::<f64>().is_ok_and(|height| height == 0.0) {
                self.names.remove(style);
            } else {
                self.names.insert(style.clone());
            }
        }
        Ok(())
    }

    /// Whether the style of a span raises or lowers its text.
    fn has(&self, span: &BytesStart<'_>) -> Result<bool, DecodeError> {
        Ok(attribute(span, "text:style-name")?.is_some_and(|style| self.names.contains(&style)))
    }
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
    let mut raised = Raised::of_book(original)?;
    content(original, |xml| {
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            match xml.read_event_into(&mut buffer).map_err(broken)? {
                Event::Start(e)
                    if e.name().as_ref() == "table:table"
                        && attribute(&e, "table:name")?.as_deref() == Some(sheet) =>
                {
                    return rows(xml, &raised, each);
                }
                Event::Start(e) | Event::Empty(e) => raised.note(&e)?,
                Event::Eof => return Err(DecodeError::Sheet(SheetProblem::NoSheet(Some(sheet.to_owned())))),
                _ => {}
            }
        }
    })
}

/// The rows of the table that has just begun.
fn rows(xml: &mut Xml<&mut dyn BufRead>, raised: &Raised, each: &mut Each<'_>) -> Result<(), DecodeError> {
    let (mut at, mut buffer) = (0_u32, Vec::new());
    let mut out = Rows::new(each);
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer).map_err(broken)? {
            Event::Start(e) if e.name().as_ref() == "table:table-row" => {
                let repeated = repeated(&e, "table:number-rows-repeated")?;
                let (cells, tall) = cells(xml, raised)?;
                for (column, rows) in tall {
                    // What lies beside it or under it says of itself that it is covered.
                    out.merge((at, column), (at.saturating_add(rows.saturating_sub(1)), column));
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
fn cells(xml: &mut Xml<&mut dyn BufRead>, raised: &Raised) -> Result<Cells, DecodeError> {
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
                let text = text(xml, raised)?;
                if e.name().as_ref() == "table:table-cell" {
                    add(times, shown(&e, text)?)?;
                    let rows = repeated(&e, "table:number-rows-spanned")?;
                    tall.extend((rows > 1).then_some((column, rows)));
                } else {
                    // What a merged cell covers is still there, and nobody sees it.
                    add(times, String::new())?;
                }
                column = column.saturating_add(times);
            }
            Event::Empty(e) if is_cell(e.name().as_ref()) => {
                let times = repeated(&e, "table:number-columns-repeated")?;
                let is_covered = e.name().as_ref() == "table:covered-table-cell";
                add(times, if is_covered { String::new() } else { shown(&e, String::new())? })?;
                column = column.saturating_add(times);
            }
            Event::End(e) if e.name().as_ref() == "table:table-row" => return Ok((cells, tall)),
            Event::Eof => return Err(broken(())),
            _ => {}
        }
    }
}

/// Whether a text is a whole number with zeros before it: a code, of which they are a part.
fn is_padded(text: &str, value: &str) -> bool {
    text.starts_with('0')
        && text.len() > 1
        && text.bytes().all(|b| b.is_ascii_digit())
        && text.trim_start_matches('0') == value.trim_start_matches('0')
}

/// What a cell holds: its value, or the text that it shows. One with a formula and neither was never computed.
fn shown(cell: &BytesStart<'_>, text: String) -> Result<String, DecodeError> {
    let kind = attribute(cell, "office:value-type")?;
    let value = match kind.as_deref() {
        // As it is shown, `100%` and not `1`.
        Some("percentage") if !text.is_empty() => None,
        Some("float") => attribute(cell, "office:value")?.filter(|value| !is_padded(&text, value)),
        Some("percentage" | "currency") => attribute(cell, "office:value")?,
        Some("date") => attribute(cell, "office:date-value")?,
        Some("boolean") => attribute(cell, "office:boolean-value")?,
        Some("string") if text.is_empty() => attribute(cell, "office:string-value")?,
        None if text.is_empty() => match attribute(cell, "office:date-value")? {
            Some(date) => Some(date),
            None => attribute(cell, "office:value")?,
        },
        _ => None,
    };
    let shown = value.unwrap_or(text);
    // The result of a formula may be an empty text.
    let is_due = shown.is_empty() && kind.as_deref() != Some("string");
    let uncomputed = is_due && attribute(cell, "table:formula")?.is_some();
    Ok(if uncomputed { UNCOMPUTED.to_owned() } else { shown })
}

/// The text of the cell that has just begun, its paragraphs parted by blanks; notes on it and in it, and the marks of
/// footnotes, are left out.
fn text(xml: &mut Xml<&mut dyn BufRead>, raised: &Raised) -> Result<String, DecodeError> {
    let (mut text, mut buffer) = (Marked::default(), Vec::new());
    let mut notes = 0_usize;
    // Of each span that is open, whether it raises its text.
    let mut spans: Vec<bool> = Vec::new();
    let is_note = |name: &str| matches!(name, "office:annotation" | "text:note");
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer).map_err(broken)? {
            Event::Start(e) if is_note(e.name().as_ref()) => notes += 1,
            Event::End(e) if is_note(e.name().as_ref()) => notes = notes.saturating_sub(1),
            Event::End(e) if matches!(e.name().as_ref(), "table:table-cell" | "table:covered-table-cell") => {
                return Ok(text.text().to_owned());
            }
            Event::Eof => return Err(broken(())),
            _ if notes > 0 => {}
            Event::Start(e) if e.name().as_ref() == "text:span" && spans.len() < DEEPEST => {
                let lifts = raised.has(&e)?;
                if lifts && !spans.contains(&true) {
                    text.raise();
                }
                spans.push(lifts);
            }
            Event::End(e)
                if e.name().as_ref() == "text:span"
                    && spans.pop() == Some(true)
                    && !spans.contains(&true) =>
            {
                text.lower();
            }
            Event::Text(t) => text.push(&t.xml10_content(), LONGEST),
            Event::GeneralRef(e) => text.push(&referred(&e), LONGEST),
            Event::Start(e) if e.name().as_ref() == "text:p" && !text.is_empty() => text.push(" ", LONGEST),
            Event::Empty(e) if matches!(e.name().as_ref(), "text:s" | "text:tab" | "text:line-break") => {
                text.push(" ", LONGEST);
            }
            _ => {}
        }
    }
}
