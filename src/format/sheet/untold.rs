//! What the library leaves untold of the cells of an XLSX: which text in them is raised or lowered, how numbers are shown,
//! and whether they have a formula. The sheet is read a second time beside it, cell by cell.

use std::collections::BTreeMap;
use std::io::BufRead;

use quick_xml::Reader as Xml;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use super::part::{Book, attribute, part};
use super::shape::{self, Shape};
use super::{broken, referred};
use crate::format::body::Original;
use crate::format::error::DecodeError;
use crate::format::mark::Marked;

/// Most bytes of one text: a cell holds no more letters.
const LONGEST: usize = 128 * 1024;

/// What is told of a cell beside its value.
#[derive(Default)]
pub(super) struct Told {
    pub(super) has_formula: bool,
    /// Its text as a person reads it, where some of it is raised or lowered, or it is a number that is not shown as it is.
    pub(super) seen: Option<String>,
}

/// The cells of a sheet, one after the other.
pub(super) struct Untold<'x> {
    xml: Xml<&'x mut dyn BufRead>,
    buffer: Vec<u8>,
    /// The shared texts of which some is raised or lowered, by their place.
    shared: BTreeMap<usize, String>,
    /// The styles of cells that show a number otherwise than it is, by their place.
    shapes: BTreeMap<usize, Shape>,
}

/// Opens a sheet for whoever reads it cell by cell.
pub(super) fn beside(
    original: &Original,
    sheet: &str,
    read: impl FnOnce(&mut Untold<'_>) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    let mut archive = ZipArchive::new(original.open()).map_err(broken)?;
    let shared = shared(&mut archive)?;
    let shapes = shape::of_styles(&mut archive)?;
    let place = place(&mut archive, sheet)?;
    part(&mut archive, &place, |mut xml| {
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            match xml.read_event_into(&mut buffer).map_err(broken)? {
                Event::Start(e) if e.local_name().as_ref() == "sheetData" => break,
                Event::Eof => return Err(broken(())),
                _ => {}
            }
        }
        read(&mut Untold { xml, buffer, shared, shapes })
    })?
    .ok_or_else(|| broken(()))
}

impl Untold<'_> {
    /// The next cell.
    pub(super) fn next(&mut self) -> Result<Told, DecodeError> {
        let (kind, shape) = loop {
            self.buffer.clear();
            match self.xml.read_event_into(&mut self.buffer).map_err(broken)? {
                Event::Start(e) if e.local_name().as_ref() == "c" => {
                    let style = attribute(&e, "s")?.and_then(|style| style.trim().parse::<usize>().ok());
                    break (attribute(&e, "t")?, style.and_then(|style| self.shapes.get(&style).copied()));
                }
                Event::Eof => return Err(broken(())),
                _ => {}
            }
        };
        let is_shared = kind.as_deref() == Some("s");
        let shape = shape.filter(|_| kind.as_deref().is_none_or(|kind| kind == "n"));
        let mut told = Told::default();
        let (mut place, mut is_place) = (String::new(), false);
        loop {
            self.buffer.clear();
            match self.xml.read_event_into(&mut self.buffer).map_err(broken)? {
                Event::Start(e) => match e.local_name().as_ref() {
                    "f" => told.has_formula = true,
                    "v" => is_place = is_shared || shape.is_some(),
                    "is" => told.seen = rich(&mut self.xml, "is")?,
                    _ => {}
                },
                Event::Text(text) if is_place && place.len() < 40 => place.push_str(&text.xml10_content()),
                Event::End(e) if e.local_name().as_ref() == "v" => is_place = false,
                Event::End(e) if e.local_name().as_ref() == "c" => break,
                Event::Eof => return Err(broken(())),
                _ => {}
            }
        }
        if is_shared && let Ok(place) = place.trim().parse::<usize>() {
            told.seen = self.shared.get(&place).cloned();
        }
        if let Some(shape) = shape {
            told.seen = shape.shown(place.trim());
        }
        Ok(told)
    }
}

/// Where a sheet stands in the book.
fn place(archive: &mut Book, sheet: &str) -> Result<String, DecodeError> {
    let id = find(archive, "xl/workbook.xml", "sheet", |e| {
        Ok((attribute(e, "name")?.as_deref() == Some(sheet))
            .then(|| attribute(e, "id"))
            .transpose()?
            .flatten())
    })?;
    let target = find(archive, "xl/_rels/workbook.xml.rels", "Relationship", |e| {
        Ok((attribute(e, "Id")? == id).then(|| attribute(e, "Target")).transpose()?.flatten())
    })?;
    let target = id.and(target).ok_or_else(|| broken(()))?;
    Ok(target.strip_prefix('/').map_or_else(|| format!("xl/{target}"), str::to_owned))
}

/// The first that elements of a name give.
fn find<T>(
    archive: &mut Book,
    wanted: &str,
    element: &str,
    mut give: impl FnMut(&BytesStart<'_>) -> Result<Option<T>, DecodeError>,
) -> Result<Option<T>, DecodeError> {
    let found = part(archive, wanted, |mut xml| {
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            match xml.read_event_into(&mut buffer).map_err(broken)? {
                Event::Start(e) if e.local_name().as_ref() == element => {
                    if let Some(found) = give(&e)? {
                        return Ok(Some(found));
                    }
                }
                Event::Eof => return Ok(None),
                _ => {}
            }
        }
    })?;
    Ok(found.flatten())
}

/// The shared texts of which some is raised or lowered, by their place.
fn shared(archive: &mut Book) -> Result<BTreeMap<usize, String>, DecodeError> {
    let found = part(archive, "xl/sharedStrings.xml", |mut xml| {
        let (mut texts, mut place, mut buffer) = (BTreeMap::new(), 0, Vec::new());
        loop {
            buffer.clear();
            match xml.read_event_into(&mut buffer).map_err(broken)? {
                Event::Start(e) if e.local_name().as_ref() == "si" => {
                    texts.extend(rich(&mut xml, "si")?.map(|text| (place, text)));
                    place += 1;
                }
                Event::Eof => return Ok(texts),
                _ => {}
            }
        }
    })?;
    Ok(found.unwrap_or_default())
}

/// What a person reads of the text that has just begun; nothing where no part of it is raised or lowered.
fn rich(xml: &mut Xml<&mut dyn BufRead>, closing: &str) -> Result<Option<String>, DecodeError> {
    let (mut text, mut buffer) = (Marked::default(), Vec::new());
    let (mut has_raised, mut is_text, mut is_phonetic) = (false, false, false);
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer).map_err(broken)? {
            Event::Start(e) => match e.local_name().as_ref() {
                "rPh" => is_phonetic = true,
                "t" => is_text = !is_phonetic,
                "vertAlign"
                    if matches!(attribute(&e, "val")?.as_deref(), Some("superscript" | "subscript")) =>
                {
                    has_raised = true;
                    text.raise();
                }
                _ => {}
            },
            Event::End(e) if e.local_name().as_ref() == closing => {
                return Ok(has_raised.then(|| text.text().to_owned()));
            }
            Event::End(e) => match e.local_name().as_ref() {
                "rPh" => is_phonetic = false,
                "t" => is_text = false,
                "r" => text.lower(),
                _ => {}
            },
            Event::Text(piece) if is_text => text.push(&piece.xml10_content(), LONGEST),
            Event::CData(piece) if is_text => text.push(&piece.xml10_content(), LONGEST),
            Event::GeneralRef(e) if is_text => text.push(&referred(&e), LONGEST),
            Event::Eof => return Err(broken(())),
            _ => {}
        }
    }
}
