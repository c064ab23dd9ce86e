//! What bytes are when they are not what they should be: an HTML error page with status 200, a spreadsheet renamed to
//! .csv. Pure.

use super::error::DecodeError;

/// Refuses what is plainly not the format due.
///
/// # Errors
/// [`DecodeError`] naming what it is instead.
pub(crate) fn refuse_other_kinds(bytes: &[u8], due: Due) -> Result<(), DecodeError> {
    const MAGIC: [(&[u8], &str); 6] = [
        (b"PK\x03\x04", "uma planilha XLSX/ODS ou um arquivo ZIP"),
        (b"PK\x05\x06", "um arquivo ZIP vazio"),
        (b"\xD0\xCF\x11\xE0", "uma planilha XLS antiga"),
        (b"%PDF", "um PDF"),
        (b"\x1F\x8B", "um arquivo comprimido (gzip)"),
        (b"{\\rtf", "um documento RTF"),
    ];
    let start = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    if start.is_empty() {
        return Err(DecodeError::Empty);
    }
    let found = match (MAGIC.iter().find(|(magic, _)| start.starts_with(magic)), start.first()) {
        (Some((_, what)), _) => Some(*what),
        (None, Some(b'<')) => Some("uma página HTML ou um documento XML").filter(|_| due != Due::Html),
        (None, Some(b'{' | b'[')) => Some("um documento JSON").filter(|_| due != Due::Json),
        (None, _) => match due {
            Due::Csv => None,
            // A page may begin with a comment or with text; it has a tag somewhere near.
            Due::Html => Some("um texto sem nada de HTML").filter(|_| !start.contains(&b'<')),
            Due::Json | Due::Sheet => Some("um texto"),
        },
    };
    match found {
        Some(found) => Err(DecodeError::OtherKind { found, due: due.name() }),
        None => Ok(()),
    }
}

/// What the bytes should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    Csv,
    Json,
    Html,
    Sheet,
}

impl Due {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Csv => "um CSV",
            Self::Json => "um JSON",
            Self::Html => "uma página HTML",
            Self::Sheet => "uma planilha XLSX, XLS ou ODS",
        }
    }
}
