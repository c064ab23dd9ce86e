//! Text in the seven bits of mail: encoded words for headers (RFC 2047), quoted-printable for bodies (RFC 2045). Pure.

use std::fmt::Write as _;

/// The longest line of a header with encoded words (RFC 2047 §2), and of a quoted-printable body.
const LINE: usize = 76;
const WORD_OPENS: &str = "=?utf-8?q?";
const WORD_CLOSES: &str = "?=";
/// The longest encoded word (RFC 2047 §2).
const LONGEST_WORD: usize = 75;

/// A header's text, folded, where `used` characters of its first line are taken. Plain ASCII stands as it is; all else
/// becomes encoded words, so that nothing in the text can read as structure.
pub(super) fn unstructured(text: &str, used: usize) -> String {
    if text.is_empty() {
        return String::new();
    }
    let plain = text.bytes().all(|b| matches!(b, b' '..=b'~'))
        && !text.contains("=?")
        && text.split(' ').all(|word| !word.is_empty() && word.len() + used < LINE);
    if plain { folded(text, used) } else { encoded_words(text, used) }
}

/// A display name, folded: letters, digits, blanks and hyphens stand; a name with anything else is encoded whole.
pub(super) fn phrase(text: &str, used: usize) -> String {
    let atoms = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'-'));
    if atoms { unstructured(text, used) } else { encoded_words(text, used) }
}

fn folded(text: &str, used: usize) -> String {
    let (mut out, mut width) = (String::with_capacity(text.len() + 8), used);
    for (at, word) in text.split(' ').enumerate() {
        if at > 0 && width + 1 + word.len() > LINE {
            out.push_str("\r\n");
            width = 0;
        }
        if at > 0 {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += word.len();
    }
    out
}

fn encoded_words(text: &str, used: usize) -> String {
    let marks = WORD_OPENS.len() + WORD_CLOSES.len();
    let mut out = String::from(WORD_OPENS);
    let mut room = LONGEST_WORD.min(LINE.saturating_sub(used)).saturating_sub(marks);
    let mut piece = String::new();
    for c in text.chars() {
        piece.clear();
        match c {
            ' ' => piece.push('_'),
            c if c.is_ascii_alphanumeric() || matches!(c, '!' | '*' | '+' | '-' | '/') => piece.push(c),
            c => c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| push_hex(&mut piece, byte)),
        }
        if piece.len() > room {
            out.push_str("?=\r\n =?utf-8?q?");
            // A folded line begins with a blank.
            room = LONGEST_WORD.min(LINE - 1) - marks;
        }
        out.push_str(&piece);
        room = room.saturating_sub(piece.len());
    }
    out.push_str(WORD_CLOSES);
    out
}

/// Lines of 76 at most that end in CRLF, blanks at the end of a line encoded; no line begins with a dot or with `From`,
/// which gateways change. `text` has LF at each end of line.
pub(super) fn quoted_printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    for line in text.lines() {
        let mut width = 0;
        let last_at = line.len().saturating_sub(1);
        for (at, byte) in line.bytes().enumerate() {
            let mut stands = match byte {
                b'=' => false,
                b' ' | b'\t' => at != last_at,
                other => other.is_ascii_graphic(),
            };
            // Room is kept for the soft break, except at the very end.
            let wide = if stands { 1 } else { 3 };
            if width + wide > LINE - usize::from(at != last_at) {
                out.push_str("=\r\n");
                width = 0;
            }
            stands &= width > 0 || !matches!(byte, b'.' | b'F');
            if stands {
                out.push(char::from(byte));
                width += 1;
            } else {
                push_hex(&mut out, byte);
                width += 3;
            }
        }
        out.push_str("\r\n");
    }
    out
}

fn push_hex(out: &mut String, byte: u8) {
    // Writing to a String cannot fail.
    let _ = write!(out, "={byte:02X}");
}
