//! Bounds what the MIME library is given, so that nothing hostile costs more than a moment. Pure.
//!
//! - Only the beginning is looked at, in lines no longer than SMTP allows, and headers of a few lines.
//! - Messages within messages stay closed: the library would open each, and free them by recursion. Their types are
//!   renamed, and we read the returned letter's headers ourselves.
//! - Containers are few, since each whose boundary is missing is searched for to the end.

use super::Why;

/// How many bytes of a message are looked at.
const LOOKED_AT: usize = 512 * 1024;
/// The longest line that SMTP carries (RFC 5321 §4.5.3.1.6).
const LONGEST_LINE: usize = 1_000;
/// How many indented lines in a row are kept.
const LONGEST_FOLD: usize = 64;
/// How many `multipart` a message may have.
const MOST_CONTAINERS: usize = 32;

/// Types of messages within messages, and what they are called afterwards.
const CLOSED: [(&[u8], u8); 3] = [(b"rfc822", b'_'), (b"global", b'_'), (b"digest", b'_')];
/// Which letter of the type is changed.
const CHANGED: usize = 3;

/// The message's beginning, made harmless.
pub(super) fn bound(bytes: &[u8]) -> Result<Vec<u8>, Why> {
    let bytes = without_envelope_line(bytes);
    let mut out = Vec::with_capacity(bytes.len().min(LOOKED_AT));
    let (mut folded, mut in_type, mut containers) = (0, false, 0);
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        if out.len() >= LOOKED_AT {
            break;
        }
        let indented = line.first().is_some_and(|b| matches!(b, b' ' | b'\t'));
        folded = if indented { folded + 1 } else { 0 };
        if folded > LONGEST_FOLD {
            continue;
        }
        in_type = opens_type(line) || (indented && in_type);
        let from = out.len();
        out.extend_from_slice(&line[..line.len().min(LONGEST_LINE)]);
        if line.len() > LONGEST_LINE && line.ends_with(b"\n") {
            out.push(b'\n');
        }
        if in_type {
            containers += count(&out[from..], b"multipart");
            close(&mut out[from..]);
        }
        if containers > MOST_CONTAINERS {
            return Err(Why::TooNested);
        }
    }
    if out.iter().all(u8::is_ascii_whitespace) { Err(Why::Empty) } else { Ok(out) }
}

/// A mailbox file and some aliases put `From sender date` before the headers.
fn without_envelope_line(bytes: &[u8]) -> &[u8] {
    let blank = bytes.iter().take_while(|b| b.is_ascii_whitespace()).count();
    let bytes = &bytes[blank..];
    if !bytes.starts_with(b"From ") && !bytes.starts_with(b">From ") {
        return bytes;
    }
    let end = bytes.iter().position(|b| *b == b'\n').map_or(bytes.len(), |at| at + 1);
    &bytes[end..]
}

fn opens_type(line: &[u8]) -> bool {
    const NAME: &[u8] = b"content-type";
    let line = line.trim_ascii_start();
    line.len() >= NAME.len() && line[..NAME.len()].eq_ignore_ascii_case(NAME)
}

fn count(line: &[u8], word: &[u8]) -> usize {
    line.windows(word.len()).filter(|found| found.eq_ignore_ascii_case(word)).count()
}

/// Renames the types that the library would open. What is part of a longer word, such as a boundary's, stands.
fn close(line: &mut [u8]) {
    for (word, mark) in CLOSED {
        for at in 0..line.len().saturating_sub(word.len() - 1) {
            let begins = at == 0 || matches!(line[at - 1], b'/' | b')' | b' ' | b'\t');
            if begins && line[at..at + word.len()].eq_ignore_ascii_case(word) {
                line[at + CHANGED] = mark;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_within_messages_stay_closed_and_boundaries_stand() {
        let bounded =
            bound(b"Content-Type: multipart/digest;\r\n boundary=\"x_digest\"\r\n\r\nrfc822 global\r\n")
                .unwrap();
        assert_eq!(
            String::from_utf8(bounded).unwrap(),
            "Content-Type: multipart/dig_st;\r\n boundary=\"x_digest\"\r\n\r\nrfc822 global\r\n"
        );
        let folded = bound(b"content-type:\n  MESSAGE/RFC822\nTo: a@global.com\n").unwrap();
        assert_eq!(String::from_utf8(folded).unwrap(), "content-type:\n  MESSAGE/RFC_22\nTo: a@global.com\n");
    }

    #[test]
    fn size_line_and_fold_are_bounded() {
        assert!(bound(&vec![b'x'; 50_000_000]).unwrap().len() <= LONGEST_LINE);
        assert!(bound(&b"To: x\n".repeat(10_000_000)).unwrap().len() < LOOKED_AT + LONGEST_LINE);
        let folds = bound(&[b"A: b\n".to_vec(), b" c\n".repeat(1_000), b"D: e\n".to_vec()].concat()).unwrap();
        assert!(folds.ends_with(b" c\nD: e\n") && folds.len() < 300);
        assert_eq!(bound(&b"Content-Type: multipart/mixed\n".repeat(33)), Err(Why::TooNested));
        assert_eq!(bound(b" \r\n"), Err(Why::Empty));
    }

    #[test]
    fn the_line_that_mailboxes_put_first_is_left_out() {
        assert_eq!(bound(b"From MAILER-DAEMON Mon Nov 23 10:00:00 2026\nTo: x\n"), Ok(b"To: x\n".to_vec()));
    }
}
