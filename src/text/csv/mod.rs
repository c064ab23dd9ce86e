//! The one dialect of delimited text, for feeds and for what operators keep in spreadsheets. Pure.
//!
//! Cells are cut by the csv-core crate and nowhere else; a quote counts only where a cell begins, and any of CR, LF and
//! CRLF ends a row. Excel saves with `;`, `,` or a tabulator, and may say so in a first line `sep=;`.

mod document;
mod records;

pub use document::{Document, DocumentError, DocumentRow};
pub use records::{Quotes, ReadError, Record, Records};

/// The delimiters that are looked for, the likeliest first.
const DELIMITERS: [u8; 4] = *b";\t,|";

/// How the rows of a text are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// What stands between two cells.
    pub delimiter: u8,
    /// What ends a line, CRLF being a line feed with something before it.
    line_break: u8,
    /// Whether the first line is there only to name the delimiter.
    named: bool,
}

impl Dialect {
    /// The delimiter that is stated, else the one that the first line names, else the one that parts the heading into
    /// most cells; of equals, the likeliest. `head` is the text's beginning, of ASCII structure.
    pub fn detect(head: &[u8], stated: Option<u8>, has_line_feed: bool) -> Self {
        let line_break = if has_line_feed { b'\n' } else { b'\r' };
        let named = named_delimiter(head);
        let with = |delimiter| Self { delimiter, line_break, named: named.is_some() };
        if let Some(delimiter) = stated.or(named) {
            return with(delimiter);
        }
        let cells = |delimiter: u8| {
            let mut records = Records::new(head, with(delimiter));
            records.next().ok().flatten().map_or(0, Record::len)
        };
        with(DELIMITERS.into_iter().rev().max_by_key(|delimiter| cells(*delimiter)).unwrap_or(b';'))
    }

    /// A text as a cell, between quotes where it needs them.
    fn cell(self, text: &str) -> String {
        let delimits = |c: char| c == char::from(self.delimiter) || matches!(c, '"' | '\r' | '\n');
        if text.contains(delimits) || text.trim() != text { quoted(text) } else { text.to_owned() }
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// What a first line `sep=;` names.
fn named_delimiter(head: &[u8]) -> Option<u8> {
    let ends = |b: &u8| matches!(b, b'\r' | b'\n');
    let first = head.split(ends).find(|line| !line.trim_ascii().is_empty())?;
    let first = first.strip_prefix(b"\"").unwrap_or(first);
    let (word, rest) = first.split_at_checked(4)?;
    let delimiter = rest.first().filter(|named| DELIMITERS.contains(named))?;
    word.eq_ignore_ascii_case(b"sep=").then_some(*delimiter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_the_one_that_parts_the_heading() {
        let delimiter = |text: &str| {
            let dialect = Dialect::detect(text.as_bytes(), None, text.contains('\n'));
            (dialect.delimiter, dialect.named)
        };
        assert_eq!(delimiter("ibge;nome;smas_email\n"), (b';', false));
        assert_eq!(delimiter("ibge,nome,smas_email\n"), (b',', false));
        assert_eq!(delimiter("ibge\tnome\tsmas_email\r\n"), (b'\t', false));
        assert_eq!(delimiter("ibge|nome|smas_email\r\n"), (b'|', false));
        assert_eq!(delimiter("\n\nibge;\"nome, de quem\";smas_email"), (b';', false));
        assert_eq!(delimiter("\"a;,,;\",b\n1,2"), (b',', false));
        assert_eq!(delimiter("sep=,\r\nibge,nome\r\n"), (b',', true));
        assert_eq!(delimiter("\"sep=;\"\nibge;nome\n"), (b';', true));
        assert_eq!(delimiter("\r\nSEP=|\ribge|nome\r"), (b'|', true));
        assert_eq!(delimiter("sep=x\nibge;nome\n"), (b';', false));
        assert_eq!(delimiter(""), (b';', false));
        assert_eq!(delimiter("çãoé"), (b';', false));
    }
}
