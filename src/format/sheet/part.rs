//! The parts of an XLSX, which is an archive of XML files.

use std::io::{BufRead, BufReader};

use quick_xml::Reader as Xml;
use quick_xml::events::BytesStart;
use zip::ZipArchive;

use super::broken;
use crate::format::body::Reader;
use crate::format::error::DecodeError;

/// An XLSX that is being read.
pub(super) type Book = ZipArchive<BufReader<Reader>>;

/// Reads a part of the book; nothing when it has no such part.
pub(super) fn part<T>(
    archive: &mut Book,
    wanted: &str,
    read: impl FnOnce(Xml<&mut dyn BufRead>) -> Result<T, DecodeError>,
) -> Result<Option<T>, DecodeError> {
    let names: Vec<String> = archive.file_names().filter_map(|name| Some(name.ok()?.into_owned())).collect();
    let same = |name: &&String| name.eq_ignore_ascii_case(wanted);
    let Some(name) = names.iter().find(|name| *name == wanted).or_else(|| names.iter().find(same)) else {
        return Ok(None);
    };
    let mut file = BufReader::new(archive.by_name(name).map_err(broken)?);
    let file: &mut dyn BufRead = &mut file;
    let mut xml = Xml::from_reader(file);
    // As the library reads: every cell has an end.
    let config = xml.config_mut();
    config.check_end_names = false;
    config.expand_empty_elements = true;
    read(xml).map(Some)
}

/// The attribute of that name, whatever its namespace.
pub(super) fn attribute(element: &BytesStart<'_>, wanted: &str) -> Result<Option<String>, DecodeError> {
    for attribute in element.attributes().with_checks(false) {
        let attribute = attribute.map_err(broken)?;
        if attribute.key.local_name().as_ref() == wanted {
            return Ok(Some(quick_xml::escape::unescape(&attribute.value).map_err(broken)?.into_owned()));
        }
    }
    Ok(None)
}
