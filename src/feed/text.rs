//! Bytes to text, and when two words are the same word. Pure.
//!
//! The ministry's files come in Windows-1252 or UTF-8, with and without a mark, sometimes as something else under the
//! same name (an HTML error page with status 200, a spreadsheet renamed to .csv).

use std::borrow::Cow;
use std::io::{BufRead, BufReader, Cursor, Read, Seek as _, SeekFrom};

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

pub use crate::domain::word::{folded, trimmed};

use super::body::Original;
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

/// How a text is written, as one look over all of it tells.
pub(super) struct Script {
    encoding: &'static Encoding,
    /// Length of the mark in front.
    mark: usize,
    /// Whether there is a line feed; without one, carriage returns end the lines (as old Macs wrote).
    pub(super) has_line_feed: bool,
}

impl Script {
    /// The whole text without the mark, piece by piece, each of whole characters.
    pub(super) fn pieces(&self, original: &Original, take: &mut dyn FnMut(&str)) -> std::io::Result<()> {
        let mut reader = original.open();
        reader.seek(SeekFrom::Start(u64::try_from(self.mark).unwrap_or_default()))?;
        let mut decoder = self.encoding.new_decoder_without_bom_handling();
        let mut text = String::with_capacity(64 * 1024);
        loop {
            let piece = reader.fill_buf()?;
            let last = piece.is_empty();
            let (result, read, _) = decoder.decode_to_string(piece, &mut text, last);
            reader.consume(read);
            take(&text);
            text.clear();
            if last && result == CoderResult::InputEmpty {
                return Ok(());
            }
        }
    }

    /// The text from its beginning without the mark, with ASCII structure, and how to read pieces of it.
    pub(super) fn open(&self, original: &Original) -> std::io::Result<(Box<dyn BufRead>, Reading)> {
        let mut reader = original.open();
        reader.seek(SeekFrom::Start(u64::try_from(self.mark).unwrap_or_default()))?;
        if self.encoding.is_ascii_compatible() {
            return Ok((Box::new(reader), Reading(self.encoding)));
        }
        let transcoded = Transcoded {
            source: reader,
            decoder: self.encoding.new_decoder_without_bom_handling(),
            ready: Cursor::default(),
            ended: false,
        };
        Ok((Box::new(BufReader::new(transcoded)), Reading(UTF_8)))
    }
}

/// Finds the encoding: the one stated, else by mark, else UTF-8 when the bytes are, else Windows-1252.
///
/// # Errors
/// [`DecodeError`] when the bytes contradict what was stated, or are no text at all.
pub(super) fn detect(original: &Original, stated: Option<&str>) -> Result<Script, DecodeError> {
    let stated = stated
        .map(|label| {
            Encoding::for_label(label.as_bytes()).ok_or_else(|| DecodeError::Label(label.to_owned()))
        })
        .transpose()?;
    let marked = Encoding::for_bom(&original.head(4)?);
    let mark = marked.map_or(0, |(_, mark)| mark);
    let seen = Survey::of(original, mark)?;
    let encoding = match (stated, marked) {
        (Some(stated), Some((found, _))) if stated != found => return Err(contradiction(stated, found)),
        (Some(encoding), _) | (None, Some((encoding, _))) => encoding,
        (None, None) if seen.not_utf8.is_none() => UTF_8,
        (None, None) => WINDOWS_1252,
    };
    if encoding == UTF_8 {
        if let Some(line) = seen.not_utf8 {
            return Err(DecodeError::NotUtf8 { line });
        }
    } else if stated.is_some() && !seen.ascii && seen.not_utf8.is_none() {
        // Text of another encoding that happens to be whole UTF-8 does not occur; read as stated it is gibberish.
        return Err(contradiction(encoding, UTF_8));
    }
    let script = Script { encoding, mark, has_line_feed: seen.line_feed };
    if encoding.is_ascii_compatible() {
        return if seen.nul { Err(DecodeError::Binary) } else { Ok(script) };
    }
    let mut reader = original.open();
    reader.seek(SeekFrom::Start(u64::try_from(mark).unwrap_or_default()))?;
    check_wide(reader, encoding)?;
    Ok(script)
}

fn contradiction(stated: &'static Encoding, found: &'static Encoding) -> DecodeError {
    DecodeError::OtherEncoding { stated: stated.name(), found: found.name() }
}

/// What one look over all bytes tells of them.
struct Survey {
    /// First line that is not UTF-8.
    not_utf8: Option<usize>,
    ascii: bool,
    nul: bool,
    line_feed: bool,
}

impl Survey {
    fn of(original: &Original, from: usize) -> Result<Self, DecodeError> {
        let mut seen = Self { not_utf8: None, ascii: true, nul: false, line_feed: false };
        let mut reader = original.open();
        reader.seek(SeekFrom::Start(u64::try_from(from).unwrap_or_default()))?;
        let mut buffer = vec![0; 64 * 1024];
        let (mut kept, mut lines) = (0, 1);
        loop {
            let read = reader.read(buffer.get_mut(kept..).unwrap_or_default())?;
            let piece = buffer.get(..kept + read).unwrap_or_default();
            if piece.is_empty() {
                return Ok(seen);
            }
            let fresh = piece.get(kept..).unwrap_or_default();
            seen.ascii &= fresh.is_ascii();
            seen.nul |= fresh.contains(&0);
            seen.line_feed |= fresh.contains(&b'\n');
            if seen.not_utf8.is_some() {
                if read == 0 {
                    return Ok(seen);
                }
                kept = 0;
                continue;
            }
            let valid = match std::str::from_utf8(piece) {
                Ok(_) => piece.len(),
                // Cut by the buffer's end, unless it is the text's.
                Err(e) if e.error_len().is_none() && read > 0 => e.valid_up_to(),
                Err(e) => {
                    let before = piece.get(..e.valid_up_to()).unwrap_or_default();
                    seen.not_utf8 = Some(lines + line_feeds(before));
                    piece.len()
                }
            };
            lines += line_feeds(piece.get(..valid).unwrap_or_default());
            kept = piece.len() - valid;
            buffer.copy_within(valid..valid + kept, 0);
            if read == 0 {
                return Ok(seen);
            }
        }
    }
}

fn line_feeds(bytes: &[u8]) -> usize {
    bytes.iter().map(|b| usize::from(*b == b'\n')).sum()
}

/// Text of two bytes a character, or of escapes, as UTF-8.
struct Transcoded<R> {
    source: R,
    decoder: Decoder,
    /// Decoded and not yet read: a decoder writes nothing where a whole character has no room.
    ready: Cursor<Vec<u8>>,
    /// Whether the decoder was told of the end, after which it may not be asked again.
    ended: bool,
}

impl<R: BufRead> Read for Transcoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let read = self.ready.read(buffer)?;
            if read > 0 || buffer.is_empty() || self.ended {
                return Ok(read);
            }
            let mut out = std::mem::take(&mut self.ready).into_inner();
            out.resize(8 * 1024, 0);
            let piece = self.source.fill_buf()?;
            let last = piece.is_empty();
            let (result, consumed, written, _) = self.decoder.decode_to_utf8(piece, &mut out, last);
            self.source.consume(consumed);
            self.ended = last && result == CoderResult::InputEmpty;
            out.truncate(written);
            self.ready = Cursor::new(out);
        }
    }
}

/// Whether text that is not of ASCII structure is what it says, and without the character that no text has.
fn check_wide(mut reader: impl BufRead, encoding: &'static Encoding) -> Result<(), DecodeError> {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut out = vec![0; 16 * 1024];
    loop {
        let piece = reader.fill_buf()?;
        let last = piece.is_empty();
        let (result, read, written, wrong) = decoder.decode_to_utf8(piece, &mut out, last);
        reader.consume(read);
        if wrong && (encoding == UTF_16LE || encoding == UTF_16BE) {
            return Err(DecodeError::Undecodable(encoding.name()));
        }
        if out.get(..written).unwrap_or_default().contains(&0) {
            return Err(DecodeError::Binary);
        }
        if last && result == CoderResult::InputEmpty {
            return Ok(());
        }
    }
}

/// Refuses what is plainly not the format due.
///
/// # Errors
/// [`DecodeError`] naming what it is instead.
pub(super) fn refuse_other_kinds(bytes: &[u8], due: Due) -> Result<(), DecodeError> {
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
pub(super) enum Due {
    Csv,
    Json,
    Html,
    Sheet,
}

impl Due {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Csv => "um CSV",
            Self::Json => "um JSON",
            Self::Html => "uma página HTML",
            Self::Sheet => "uma planilha XLSX, XLS ou ODS",
        }
    }
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
        let original = Original::from_bytes(bytes);
        let (mut reader, reading) = detect(&original, stated)?.open(&original)?;
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes)?;
        Ok(reading.text(&bytes).into_owned())
    }

    #[test]
    fn a_character_cut_by_the_buffers_end_is_whole_and_one_cut_by_the_texts_end_is_not() {
        for before in 65_530..65_540 {
            let mut text = "a".repeat(before);
            text.push_str("ção\n");
            assert_eq!(read(text.as_bytes(), Some("utf-8")).unwrap(), text);
            let wide: Vec<u8> =
                [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
            assert_eq!(read(&wide, None).unwrap(), text);
        }
        assert_eq!(
            read("a\nç".as_bytes().split_last().unwrap().1, Some("utf-8")),
            Err(DecodeError::NotUtf8 { line: 2 })
        );
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
    fn an_excerpt_is_cut_between_characters() {
        assert_eq!((excerpt("ação", 2), excerpt("ação", 4)), ("aç…".to_owned(), "ação".to_owned()));
    }
}
