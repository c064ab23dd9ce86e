//! Text that is too much for the memory: its encoding told by one look over all of it, and reading it piece by piece.
//! Pure.
//!
//! The ministry's files come in Windows-1252 or UTF-8, with and without a mark. What is stated is never doubted in
//! silence: bytes that contradict it are refused.

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek, SeekFrom};

use encoding_rs::{CoderResult, Decoder, UTF_8, UTF_16BE, UTF_16LE};

use super::encoding::{Encoding, EncodingError};

/// How much is looked at in one go.
const PIECE: usize = 64 * 1024;

/// How pieces of bytes, whose structure is ASCII, are to be read.
#[derive(Debug, Clone, Copy)]
pub struct Decoding(Encoding);

impl Decoding {
    /// How the pieces of a text that is in memory already are read.
    pub const UTF_8: Self = Self(Encoding::UTF_8);

    /// Reads one piece.
    pub fn text(self, piece: &[u8]) -> Cow<'_, str> {
        self.0.decode(piece)
    }
}

/// How a text is written, as one look over all of it tells.
#[derive(Debug, Clone, Copy)]
pub struct Survey {
    encoding: Encoding,
    /// Whether there is a line feed; without one, carriage returns end the lines (as old Macs wrote).
    pub has_line_feed: bool,
}

impl Survey {
    /// Finds the encoding: the one stated, else by mark, else UTF-8 when the bytes are, else Windows-1252.
    ///
    /// # Errors
    /// [`EncodingError`] when the bytes contradict what was stated, or are no text at all.
    pub fn of(mut source: impl BufRead + Seek, stated: Option<&str>) -> Result<Self, EncodingError> {
        let stated = stated
            .map(|label| Encoding::for_label(label).ok_or_else(|| EncodingError::Label(label.to_owned())))
            .transpose()?;
        let mut head = Vec::new();
        source.by_ref().take(4).read_to_end(&mut head)?;
        let marked = Encoding::for_mark(&head);
        let mark = marked.map_or(0, |found| found.mark);
        let seen = Seen::of(after(&mut source, mark)?)?;
        let encoding = match (stated, marked) {
            (Some(stated), Some(found)) if stated.of != found.of => return Err(other(stated, found)),
            (Some(stated), _) => Encoding { mark, ..stated },
            (None, Some(found)) => found,
            (None, None) if seen.not_utf8.is_none() => Encoding::UTF_8,
            (None, None) => Encoding::WINDOWS_1252,
        };
        if encoding.of == UTF_8 {
            if let Some(line) = seen.not_utf8 {
                return Err(EncodingError::NotUtf8 { line });
            }
        } else if stated.is_some() && !seen.ascii && seen.not_utf8.is_none() {
            // Text of another encoding that happens to be whole UTF-8 does not occur; read as stated it is gibberish.
            return Err(other(encoding, Encoding::UTF_8));
        }
        if !encoding.of.is_ascii_compatible() {
            check_wide(after(&mut source, mark)?, encoding)?;
        } else if seen.nul {
            return Err(EncodingError::Binary);
        }
        Ok(Self { encoding, has_line_feed: seen.line_feed })
    }

    /// The whole text without the mark, piece by piece, each of whole characters.
    pub fn pieces(self, mut source: impl BufRead + Seek, take: &mut dyn FnMut(&str)) -> io::Result<()> {
        let source = after(&mut source, self.encoding.mark)?;
        let mut decoder = self.encoding.of.new_decoder_without_bom_handling();
        let mut text = String::with_capacity(PIECE);
        loop {
            let piece = source.fill_buf()?;
            let last = piece.is_empty();
            let (result, read, _) = decoder.decode_to_string(piece, &mut text, last);
            source.consume(read);
            take(&text);
            text.clear();
            if last && result == CoderResult::InputEmpty {
                return Ok(());
            }
        }
    }

    /// The text from its beginning without the mark, with ASCII structure, and how to read pieces of it.
    pub fn open<R: BufRead + Seek + 'static>(
        self,
        mut source: R,
    ) -> io::Result<(Box<dyn BufRead>, Decoding)> {
        after(&mut source, self.encoding.mark)?;
        if self.encoding.of.is_ascii_compatible() {
            return Ok((Box::new(source), Decoding(Encoding { mark: 0, ..self.encoding })));
        }
        let transcoded = Transcoded {
            source,
            decoder: self.encoding.of.new_decoder_without_bom_handling(),
            ready: Cursor::default(),
            ended: false,
        };
        Ok((Box::new(BufReader::new(transcoded)), Decoding::UTF_8))
    }
}

/// A source at the first byte behind its mark.
fn after<R: Seek>(source: &mut R, mark: usize) -> io::Result<&mut R> {
    source.seek(SeekFrom::Start(u64::try_from(mark).unwrap_or_default()))?;
    Ok(source)
}

fn other(stated: Encoding, found: Encoding) -> EncodingError {
    EncodingError::Other { stated: stated.name(), found: found.name() }
}

/// What the bytes themselves tell.
struct Seen {
    /// First line that is not UTF-8.
    not_utf8: Option<usize>,
    ascii: bool,
    nul: bool,
    line_feed: bool,
}

impl Seen {
    fn of(source: &mut impl Read) -> io::Result<Self> {
        let mut seen = Self { not_utf8: None, ascii: true, nul: false, line_feed: false };
        let mut buffer = vec![0; PIECE];
        let (mut kept, mut lines) = (0, 1);
        loop {
            let read = source.read(buffer.get_mut(kept..).unwrap_or_default())?;
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
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
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
fn check_wide(source: &mut impl BufRead, encoding: Encoding) -> Result<(), EncodingError> {
    let mut decoder = encoding.of.new_decoder_without_bom_handling();
    let mut out = vec![0; 16 * 1024];
    loop {
        let piece = source.fill_buf()?;
        let last = piece.is_empty();
        let (result, read, written, wrong) = decoder.decode_to_utf8(piece, &mut out, last);
        source.consume(read);
        if wrong && (encoding.of == UTF_16LE || encoding.of == UTF_16BE) {
            return Err(EncodingError::Undecodable(encoding.name()));
        }
        if out.get(..written).unwrap_or_default().contains(&0) {
            return Err(EncodingError::Binary);
        }
        if last && result == CoderResult::InputEmpty {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], stated: Option<&str>) -> Result<String, EncodingError> {
        let source = || Cursor::new(bytes.to_vec());
        let (mut reader, reading) = Survey::of(source(), stated)?.open(source())?;
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
            Err(EncodingError::NotUtf8 { line: 2 })
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
            assert_eq!(Encoding::detect(bytes).decode(bytes), "Município", "as in memory");
        }
    }

    #[test]
    fn a_wrong_encoding_stated_is_refused_not_guessed() {
        assert_eq!(read(b"a\nMunic\xEDpio", Some("utf-8")), Err(EncodingError::NotUtf8 { line: 2 }));
        assert!(matches!(
            read("Município".as_bytes(), Some("windows-1252")),
            Err(EncodingError::Other { stated: "windows-1252", found: "UTF-8" })
        ));
        assert_eq!(read(b"x", Some("cp-não-existe")), Err(EncodingError::Label("cp-não-existe".to_owned())));
        assert_eq!(read(b"Munic\xEDpio", Some("latin1")).unwrap(), "Município");
        assert!(matches!(read(b"\xFF\xFEM\0\0\xD8", None), Err(EncodingError::Undecodable("UTF-16LE"))));
    }
}
