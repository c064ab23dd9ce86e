//! Bytes to text, and when two words are the same word. Pure.
//!
//! The ministry's files come in Windows-1252 or UTF-8, with and without a mark, sometimes as something else under the
//! same name (an HTML error page with status 200, a spreadsheet renamed to .csv).

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::domain::id::unaccented;

use super::table::DecodeError;

/// How pieces of bytes, whose structure is ASCII, are to be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading(&'static Encoding);

impl Reading {
    /// Reads one piece.
    pub(super) fn text(self, piece: &[u8]) -> Cow<'_, str> {
        self.0.decode_without_bom_handling(piece).0
    }
}

/// Finds the encoding and takes the mark away: the one stated, else by mark, else UTF-8 when the bytes are, else Windows-1252.
///
/// # Errors
/// [`DecodeError`] when the bytes contradict what was stated, or are no text at all.
pub(super) fn detect<'a>(
    bytes: &'a [u8],
    stated: Option<&str>,
) -> Result<(Cow<'a, [u8]>, Reading), DecodeError> {
    let stated = stated
        .map(|label| {
            Encoding::for_label(label.as_bytes()).ok_or_else(|| DecodeError::Label(label.to_owned()))
        })
        .transpose()?;
    let marked = Encoding::for_bom(bytes);
    let encoding = match (stated, marked) {
        (Some(stated), Some((found, _))) if stated != found => return Err(contradiction(stated, found)),
        (Some(encoding), _) | (None, Some((encoding, _))) => encoding,
        (None, None) if std::str::from_utf8(bytes).is_ok() => UTF_8,
        (None, None) => WINDOWS_1252,
    };
    let bytes = marked.map_or(bytes, |(_, mark)| &bytes[mark.min(bytes.len())..]);
    if encoding == UTF_8 {
        if let Err(error) = std::str::from_utf8(bytes) {
            let line = bytes[..error.valid_up_to()].split(|b| *b == b'\n').count();
            return Err(DecodeError::NotUtf8 { line });
        }
    } else if stated.is_some() && !bytes.is_ascii() && std::str::from_utf8(bytes).is_ok() {
        // Text of another encoding that happens to be whole UTF-8 does not occur; read as stated it is gibberish.
        return Err(contradiction(encoding, UTF_8));
    }
    if encoding.is_ascii_compatible() {
        return Ok((Cow::Borrowed(bytes), Reading(encoding)));
    }
    let (text, wrong) = encoding.decode_without_bom_handling(bytes);
    if wrong && (encoding == UTF_16LE || encoding == UTF_16BE) {
        return Err(DecodeError::Undecodable(encoding.name()));
    }
    Ok((Cow::Owned(text.into_owned().into_bytes()), Reading(UTF_8)))
}

fn contradiction(stated: &'static Encoding, found: &'static Encoding) -> DecodeError {
    DecodeError::OtherEncoding { stated: stated.name(), found: found.name() }
}

/// Refuses what is plainly not delimited text.
///
/// # Errors
/// [`DecodeError`] naming what it is instead.
pub(super) fn refuse_other_kinds(bytes: &[u8]) -> Result<(), DecodeError> {
    const MAGIC: [(&[u8], &str); 6] = [
        (b"PK\x03\x04", "uma planilha XLSX/ODS ou um arquivo ZIP"),
        (b"PK\x05\x06", "um arquivo ZIP vazio"),
        (b"\xD0\xCF\x11\xE0", "uma planilha XLS antiga"),
        (b"%PDF", "um PDF"),
        (b"\x1F\x8B", "um arquivo comprimido (gzip)"),
        (b"{\\rtf", "um documento RTF"),
    ];
    let start = bytes.trim_ascii_start();
    if start.is_empty() {
        return Err(DecodeError::Empty);
    }
    if let Some((_, what)) = MAGIC.iter().find(|(magic, _)| start.starts_with(magic)) {
        return Err(DecodeError::OtherKind(what));
    }
    match start.first() {
        Some(b'<') => Err(DecodeError::OtherKind("uma página HTML ou um documento XML")),
        Some(b'{' | b'[') => Err(DecodeError::OtherKind("um documento JSON")),
        _ => Ok(()),
    }
}

/// Blanks as people see them: also the no-break space and the invisible marks that spreadsheets leave.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '\u{FEFF}' | '\u{200B}' | '\u{200E}' | '\u{200F}')
}

/// Without outer blanks. A cell of blanks only is an empty one.
#[must_use]
pub fn trimmed(text: &str) -> &str {
    text.trim_matches(is_blank)
}

/// The form in which two words are compared: without case, accents, outer blanks, and with inner blanks as one.
#[must_use]
pub fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in trimmed(text).chars() {
        if is_blank(c) {
            if !out.ends_with(' ') {
                out.push(' ');
            }
        } else if !('\u{300}'..='\u{36F}').contains(&c) {
            out.extend(c.to_lowercase().map(unaccented));
        }
    }
    out
}

/// At most `most` characters, for showing what a file says without keeping all of it.
#[must_use]
pub fn excerpt(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], stated: Option<&str>) -> Result<String, DecodeError> {
        detect(bytes, stated).map(|(bytes, reading)| reading.text(&bytes).into_owned())
    }

    #[test]
    fn the_encoding_is_found_without_being_stated() {
        for bytes in [
            &b"Munic\xEDpio"[..],
            "Município".as_bytes(),
            "\u{FEFF}Município".as_bytes(),
            b"\xFF\xFEM\0u\0n\0i\0c\0\xED\0p\0i\0o\0",
            b"\xFE\xFF\0M\0u\0n\0i\0c\0\xED\0p\0i\0o",
        ] {
            assert_eq!(read(bytes, None).unwrap(), "Município");
        }
    }

    #[test]
    fn a_wrong_encoding_stated_is_refused_not_guessed() {
        assert_eq!(read(b"a\nMunic\xEDpio", Some("utf-8")), Err(DecodeError::NotUtf8 { line: 2 }));
        assert!(matches!(
            read("Município".as_bytes(), Some("windows-1252")),
            Err(DecodeError::OtherEncoding { stated: "windows-1252", found: "UTF-8" })
        ));
        assert_eq!(read(b"x", Some("cp-não-existe")), Err(DecodeError::Label("cp-não-existe".to_owned())));
        assert_eq!(read(b"Munic\xEDpio", Some("latin1")).unwrap(), "Município");
        assert!(matches!(read(b"\xFF\xFEM\0\0\xD8", None), Err(DecodeError::Undecodable("UTF-16LE"))));
    }

    #[test]
    fn words_are_compared_without_case_accents_or_outer_blanks() {
        assert_eq!(folded(" \u{A0}MUNICÍPIO  de\tAfonso Cláudio "), "municipio de afonso claudio");
        assert_eq!(folded("Munici\u{301}pio"), folded("Município"));
        assert_eq!(trimmed("\u{FEFF} Sim \r"), "Sim");
        assert_eq!(excerpt("ação", 2), "aç…");
    }
}
