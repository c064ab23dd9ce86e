//! The bytes of a CSV file as text, and what stands between its cells. Pure.
//!
//! Excel saves UTF-8 with or without a mark, Windows-1252, or UTF-16 (“Texto Unicode”); with `;`, `,` or a tabulator; and
//! may say so in a first line `sep=;`.

use std::ops::Range;

/// The delimiters that are looked for, the likeliest first.
const DELIMITERS: [u8; 3] = [b';', b'\t', b','];

/// By its mark; else UTF-8 if it is; else Windows-1252.
pub(super) fn decode(bytes: &[u8]) -> String {
    if let Some((encoding, mark)) = encoding_rs::Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(&bytes[mark..]).0.into_owned();
    }
    std::str::from_utf8(bytes).map_or_else(
        |_| encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(),
        str::to_owned,
    )
}

/// The delimiter, and whether the first line is there only to name it.
pub(super) fn delimiter(text: &str) -> (u8, bool) {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let named = first.trim_end_matches(['"']).trim_start_matches('"').trim_end_matches('\r');
    if let Some(rest) = named.get(..4).filter(|start| start.eq_ignore_ascii_case("sep=")).map(|_| &named[4..])
        && let Some(named) = rest.bytes().next().filter(|named| b";,\t|".contains(named))
    {
        return (named, true);
    }
    // The one that parts the heading into most cells; of equals, the likeliest.
    let counted = |delimiter: u8| cells(text, 0, delimiter).len();
    let best = DELIMITERS.into_iter().rev().max_by_key(|delimiter| counted(*delimiter));
    (best.unwrap_or(b';'), false)
}

/// Where each cell of the record that begins at `start` lies in the file, quotes included.
pub(super) fn cells(text: &str, start: usize, delimiter: u8) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut at = start.min(bytes.len());
    while bytes.get(at).is_some_and(|b| matches!(b, b'\r' | b'\n')) {
        at += 1;
    }
    let mut cells = Vec::new();
    let mut begin = at;
    let mut quoted = false;
    loop {
        match bytes.get(at) {
            Some(b'"') => quoted = !quoted,
            Some(b) if *b == delimiter && !quoted => {
                cells.push(begin..at);
                begin = at + 1;
            }
            Some(b'\r' | b'\n') if !quoted => break,
            None => break,
            Some(_) => {}
        }
        at += 1;
    }
    cells.push(begin..at);
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_the_one_that_parts_the_heading() {
        assert_eq!(delimiter("ibge;nome;smas_email\n"), (b';', false));
        assert_eq!(delimiter("ibge,nome,smas_email\n"), (b',', false));
        assert_eq!(delimiter("ibge\tnome\tsmas_email\r\n"), (b'\t', false));
        assert_eq!(delimiter("\n\nibge;\"nome, de quem\";smas_email"), (b';', false));
        assert_eq!(delimiter("sep=,\r\nibge,nome\r\n"), (b',', true));
        assert_eq!(delimiter("\"sep=;\"\nibge;nome\n"), (b';', true));
        assert_eq!(delimiter(""), (b';', false));
        assert_eq!(delimiter("çãoé"), (b';', false));
    }

    #[test]
    fn text_is_known_by_its_mark_or_by_being_utf_8() {
        let (latin, _, _) = encoding_rs::WINDOWS_1252.encode("Vitória");
        let little: Vec<u8> =
            [0xFF, 0xFE].into_iter().chain("Vitória".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let big: Vec<u8> =
            [0xFE, 0xFF].into_iter().chain("Vitória".encode_utf16().flat_map(u16::to_be_bytes)).collect();
        for bytes in [latin.into_owned(), little, big, "\u{feff}Vitória".into(), "Vitória".into()] {
            assert_eq!(decode(&bytes), "Vitória", "{bytes:?}");
        }
    }
}
