//! A letter read back from its bytes, for people. Pure.
//!
//! Reads what [`super::compose`] writes; of a message in any other shape it says nothing rather than something wrong.

/// The header without its last line break, its encoded words as people read them; empty when the bytes are no message.
pub fn header(bytes: &[u8]) -> String {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(0);
    // A text in several words is one: what parts them is no part of it (RFC 2047 §6.2).
    let text = std::str::from_utf8(&bytes[..end]).unwrap_or_default().replace("?=\r\n =?utf-8?q?", "");
    let mut pieces = text.split("=?utf-8?q?");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let read =
            piece.split_once("?=").and_then(|(word, rest)| Some((decode(&word.replace('_', " "))?, rest)));
        match read {
            Some((word, rest)) => out.extend([word.as_str(), rest]),
            None => out.extend(["=?utf-8?q?", piece]),
        }
    }
    out
}

/// The letter's text, decoded, with LF at each end of line; whether or not a table goes with it.
pub fn plain_text(bytes: &[u8]) -> Option<String> {
    let message = std::str::from_utf8(bytes).ok()?;
    let first = |whole| parts(whole)?.into_iter().next();
    let part = first(message)?;
    // With a table the letter itself is a part that has parts.
    body(first(part).unwrap_or(part), "text/plain")
}

/// The table that goes with a letter: its file's name, and its rows with LF at each end of line.
pub fn table(bytes: &[u8]) -> Option<(String, String)> {
    let part = *parts(std::str::from_utf8(bytes).ok()?)?.get(1)?;
    let name = part.split_once("filename=\"")?.1.split_once('"')?.0;
    Some((name.to_owned(), body(part, "text/csv")?.trim_start_matches('\u{feff}').to_owned()))
}

/// What a message or a part of one consists of, if it has parts.
fn parts(whole: &str) -> Option<Vec<&str>> {
    let (head, inside) = whole.split_at(whole.find("\r\n\r\n")? + "\r\n".len());
    let boundary =
        head.split_once("Content-Type: multipart/")?.1.split_once("boundary=\"")?.1.split_once('"')?.0;
    let mark = format!("\r\n--{boundary}");
    let (inside, _) = inside.split_once(&format!("{mark}--\r\n"))?;
    // What stands before the first mark is no part.
    Some(inside.split(&format!("{mark}\r\n")).skip(1).collect())
}

/// What a part of this kind says.
fn body(part: &str, kind: &str) -> Option<String> {
    let (head, body) = part.split_once("\r\n\r\n")?;
    let ours = head.contains(&format!("{kind}; charset=utf-8")) && head.contains("quoted-printable");
    ours.then(|| decode(body)).flatten()
}

/// Quoted-printable, as [`super::encode::quoted_printable`] writes it.
fn decode(body: &str) -> Option<String> {
    let body = body.replace("=\r\n", "").replace("\r\n", "\n");
    let mut out = Vec::with_capacity(body.len());
    let mut bytes = body.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'=' {
            let digits = [bytes.next()?, bytes.next()?];
            out.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::super::encode::{quoted_printable, unstructured};
    use super::*;

    #[test]
    fn a_text_is_read_back_as_it_was_written() {
        for text in ["Prezada Secretária,\n\n.ponto = 1\nFrom a\n", &"ação ".repeat(60), "a \nb\t\n"] {
            let text = text.trim_end_matches(' ');
            let written = quoted_printable(text);
            assert_eq!(decode(&written).unwrap().trim_end_matches('\n'), text.trim_end_matches('\n'));
        }
    }

    #[test]
    fn a_header_is_read_back_as_it_was_written() {
        let subject = format!("Pendências – {}: prazo_até =?= 05/12", "São Mateus ".repeat(9));
        let written =
            format!("From: =?utf-8?q?S=C3=A9?= <a@b.c>\r\nSubject: {}\r\n\r\n", unstructured(&subject, 9));
        assert_eq!(header(written.as_bytes()), format!("From: Sé <a@b.c>\r\nSubject: {subject}"));
    }

    #[test]
    fn a_message_of_another_shape_has_no_text() {
        assert_eq!(plain_text(b"Subject: x\r\n\r\nola"), None);
        assert_eq!(table(b"Subject: x\r\n\r\nola"), None);
        assert_eq!(header(b"Subject: x\r\n\r\n"), "Subject: x");
        assert_eq!(header(b"\xFF"), "");
        assert_eq!(header(b"Subject: =?utf-8?q?x\r\n\r\n"), "Subject: =?utf-8?q?x", "no word at all");
        assert_eq!(decode("=4"), None);
    }
}
