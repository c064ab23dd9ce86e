//! A letter read back from its bytes, for people. Pure.
//!
//! Reads what [`super::compose`] writes; of a message in any other shape it says nothing rather than something wrong.

/// The header as it stands, without its last line break; empty when the bytes are no message.
#[must_use]
pub fn header(bytes: &[u8]) -> &str {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(0);
    std::str::from_utf8(&bytes[..end]).unwrap_or_default()
}

/// The letter's text, decoded, with LF at each end of line.
#[must_use]
pub fn plain_text(bytes: &[u8]) -> Option<String> {
    let message = std::str::from_utf8(bytes).ok()?;
    let boundary = message.split_once("boundary=\"")?.1.split_once('"')?.0;
    let part = message.split_once(&format!("\r\n--{boundary}\r\n"))?.1;
    let (head, rest) = part.split_once("\r\n\r\n")?;
    let body = rest.split_once(&format!("\r\n--{boundary}"))?.0;
    let ours = head.contains("text/plain; charset=utf-8") && head.contains("quoted-printable");
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
    use super::super::encode::quoted_printable;
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
    fn a_message_of_another_shape_has_no_text() {
        assert_eq!(plain_text(b"Subject: x\r\n\r\nola"), None);
        assert_eq!(header(b"Subject: x\r\n\r\n"), "Subject: x");
        assert_eq!(header(b"\xFF"), "");
        assert_eq!(decode("=4"), None);
    }
}
