//! Delimited text as a table. Pure.
//!
//! Lenient where a file may differ and mean the same (encoding, delimiter, line ends, blanks, empty columns at the
//! end), strict where a row could be lost without a trace: a presence feed would call the lost row *pendente*.

use std::borrow::Cow;
use std::io::Cursor;

use super::table::{DecodeError, Header, Row, RowFault, RowProblem, Table};
use super::text::{Reading, detect, refuse_other_kinds, trimmed};

/// Delimiters that are looked for, the likeliest first.
const DELIMITERS: [u8; 3] = *b";,\t";

/// Opens delimited text.
pub(super) fn open<'a>(
    bytes: &'a [u8],
    delimiter: Option<u8>,
    encoding: Option<&str>,
) -> Result<Table<'a>, DecodeError> {
    // Before the encoding, whose complaint about a spreadsheet would mislead; and after it, under a mark.
    refuse_other_kinds(bytes)?;
    let (bytes, reading) = detect(bytes, encoding)?;
    refuse_other_kinds(&bytes)?;
    if bytes.contains(&0) {
        return Err(DecodeError::Binary);
    }
    let delimiter = match delimiter {
        None => likeliest_delimiter(&bytes),
        Some(stated) if stated == b'\t' || stated.is_ascii_punctuation() && stated != b'"' => stated,
        Some(_) => return Err(DecodeError::Delimiter),
    };
    let mut records = Records::new(bytes, delimiter);
    let Some(Record { fields, sound: true, .. }) = records.next() else { return Err(DecodeError::NoHeader) };
    let header = Header::new(fields.iter().map(|f| reading.text(f).into_owned()));
    if header.is_empty() {
        return Err(DecodeError::NoHeader);
    }
    let columns = header.len();
    Ok(Table::new(header, records.filter_map(move |record| row(&record, columns, reading))))
}

/// A record as a row; absent when every cell is blank.
fn row(record: &Record, columns: usize, reading: Reading) -> Option<Result<Row, RowFault>> {
    let mut row = Row::new(record.line);
    for field in &record.fields {
        row.push(&reading.text(field));
    }
    if row.is_blank() {
        return None;
    }
    let (expected, found) = (columns, record.fields.len());
    let blank_beyond = || record.fields.iter().skip(columns).all(|f| trimmed(&reading.text(f)).is_empty());
    let problem = if !record.sound {
        if record.many_lines { RowProblem::Swallowing } else { RowProblem::Quotes }
    } else if found < expected && record.cut {
        RowProblem::Truncated { expected, found }
    } else if found < expected || !blank_beyond() {
        RowProblem::Fields { expected, found }
    } else {
        return Some(Ok(row));
    };
    Some(Err(RowFault { line: record.line, problem }))
}

/// The delimiter that the header has most of, outside quotes.
fn likeliest_delimiter(bytes: &[u8]) -> u8 {
    let mut counts = [0_usize; DELIMITERS.len()];
    let mut quoted = false;
    let mut begun = false;
    for byte in bytes {
        match byte {
            b'"' => quoted = !quoted,
            b'\r' | b'\n' if !quoted && begun => break,
            _ if quoted => {}
            _ => {
                if let Some(at) = DELIMITERS.iter().position(|d| d == byte) {
                    counts[at] += 1;
                }
            }
        }
        begun |= !byte.is_ascii_whitespace();
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    counts.iter().position(|c| *c == most).and_then(|at| DELIMITERS.get(at)).copied().unwrap_or(b';')
}

/// One record as the csv crate cuts it.
struct Record {
    line: u64,
    fields: csv::ByteRecord,
    /// Whether every quoted field ends where a field ends.
    sound: bool,
    /// Whether it has a line end inside.
    many_lines: bool,
    /// Whether the file ends in it without a line end.
    cut: bool,
}

/// Records of a file, one at a time.
struct Records<'a> {
    reader: csv::Reader<Cursor<Cow<'a, [u8]>>>,
    delimiter: u8,
    line_break: u8,
    /// Where the next record begins, as byte and as line.
    at: (usize, u64),
}

impl<'a> Records<'a> {
    fn new(bytes: Cow<'a, [u8]>, delimiter: u8) -> Self {
        let line_break = if bytes.contains(&b'\n') { b'\n' } else { b'\r' };
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(Cursor::new(bytes));
        Self { reader, delimiter, line_break, at: (0, 1) }
    }

    fn lines_in(&self, bytes: &[u8]) -> u64 {
        bytes.iter().map(|b| u64::from(*b == self.line_break)).sum()
    }
}

impl Iterator for Records<'_> {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        let mut fields = csv::ByteRecord::new();
        // Reading from memory, of any number of fields, as bytes: no error is left that could occur.
        if !self.reader.read_byte_record(&mut fields).unwrap_or(false) {
            return None;
        }
        let bytes: &[u8] = self.reader.get_ref().get_ref();
        let end = usize::try_from(self.reader.position().byte()).unwrap_or(bytes.len()).min(bytes.len());
        let (begin, line) = self.at;
        let raw = bytes.get(begin..end).unwrap_or_default();
        // The line end of the record before, and empty lines, stand in front.
        let blank = raw.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        let (before, content) = raw.split_at(blank);
        let line = line + self.lines_in(before);
        let cut = end == bytes.len() && !content.ends_with(b"\n") && !content.ends_with(b"\r");
        let sound = !content.contains(&b'"') || quotes_are_sound(content, self.delimiter);
        let many_lines = content.trim_ascii_end().iter().any(|b| matches!(b, b'\r' | b'\n'));
        self.at = (end, line + self.lines_in(content));
        Some(Record { line, fields, sound, many_lines, cut })
    }
}

/// Whether each field that opens with a quote closes with one, right before a delimiter or the end. A stray quote
/// pairs with the next row's and swallows what stands between.
fn quotes_are_sound(record: &[u8], delimiter: u8) -> bool {
    let mut rest = record;
    loop {
        if let Some(quoted) = rest.strip_prefix(b"\"") {
            let mut at = 0;
            loop {
                match (quoted.get(at), quoted.get(at + 1)) {
                    (Some(b'"'), Some(b'"')) => at += 2,
                    (Some(b'"'), _) => break,
                    (Some(_), _) => at += 1,
                    (None, _) => return false,
                }
            }
            rest = quoted.get(at + 1..).unwrap_or_default();
            match rest.first() {
                None | Some(b'\r' | b'\n') => return true,
                Some(byte) if *byte == delimiter => {}
                Some(_) => return false,
            }
        }
        match rest.iter().position(|b| *b == delimiter) {
            Some(at) => rest = rest.get(at + 1..).unwrap_or_default(),
            None => return true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(text: &[u8]) -> Vec<Result<(u64, Vec<String>), RowFault>> {
        let table = open(text, None, None).unwrap();
        let columns: Vec<_> = ["a", "b"].iter().filter_map(|n| table.header().find(n).ok()).collect();
        table
            .map(|row| {
                row.map(|r| (r.line, columns.iter().map(|c| r.cell(*c).unwrap_or("-").to_owned()).collect()))
            })
            .collect()
    }

    #[expect(clippy::unnecessary_wraps, reason = "it stands in lists beside faults")]
    fn row(line: u64, cells: [&str; 2]) -> Result<(u64, Vec<String>), RowFault> {
        Ok((line, cells.map(str::to_owned).to_vec()))
    }

    #[test]
    fn semicolon_comma_and_tab_are_found_in_the_header() {
        assert_eq!(lines(b"a;b\r\n1;2,5\r\n"), [row(2, ["1", "2,5"])]);
        assert_eq!(lines(b"\r\na,b\n1,\"x;y\"\n"), [row(3, ["1", "x;y"])]);
        assert_eq!(lines(b"a\tb\n1\t 2 "), [row(2, ["1", "2"])]);
        assert_eq!(lines(b"\"a;,,;\",b\n1,2"), [Ok((2, vec!["2".to_owned()]))]);
    }

    #[test]
    fn lines_are_counted_through_blank_lines_crlf_and_quoted_line_ends() {
        assert_eq!(
            lines(b"a;b\r\n\r\n1;2\r\n;\r\n\"x\r\ny\";3\r\n4; \r\n"),
            [row(3, ["1", "2"]), row(5, ["x\r\ny", "3"]), row(7, ["4", "-"])]
        );
        assert_eq!(lines(b"a;b\r1;2\r3;4"), [row(2, ["1", "2"]), row(3, ["3", "4"])]);
    }

    #[test]
    fn a_row_with_other_than_the_headers_fields_is_a_bad_line() {
        let fields = |found| RowProblem::Fields { expected: 2, found };
        assert_eq!(
            lines(b"a;b\n1\n1;2;3\n1;2;\n"),
            [
                Err(RowFault { line: 2, problem: fields(1) }),
                Err(RowFault { line: 3, problem: fields(3) }),
                row(4, ["1", "2"])
            ]
        );
    }

    #[test]
    fn a_last_row_cut_in_the_middle_is_told_apart() {
        let cut = RowProblem::Truncated { expected: 2, found: 1 };
        assert_eq!(lines(b"a;b\n1;2\n32053"), [row(2, ["1", "2"]), Err(RowFault { line: 3, problem: cut })]);
        assert_eq!(lines(b"a;b\n1;2"), [row(2, ["1", "2"])], "no line end alone is no harm");
    }

    #[test]
    fn a_stray_quote_never_swallows_rows_in_silence() {
        let quotes = |line| Err(RowFault { line, problem: RowProblem::Swallowing });
        let one_line = RowFault { line: 2, problem: RowProblem::Quotes };
        assert_eq!(lines(b"a;b\n1;\"Casa\" Lar\n3;z\n"), [Err(one_line), row(3, ["3", "z"])]);
        assert_eq!(lines(b"a;b\n1;\"x\n2;y\n3;z\n"), [quotes(2)]);
        assert_eq!(lines(b"a;b\n1;\"x\n2;\"y\"\n3;z\n"), [quotes(2), row(4, ["3", "z"])]);
        assert_eq!(lines(b"a;b\n1;\"x \"\"y\"\"\"\n2;6\" tubo\n").len(), 2);
    }

    #[test]
    fn what_is_no_csv_is_refused_with_its_name() {
        let refusal = |bytes: &[u8]| open(bytes, None, None).err().map(|e| e.to_string()).unwrap();
        assert!(refusal(b"").contains("vazio"));
        assert!(refusal(b"\xEF\xBB\xBF \r\n").contains("vazio"));
        assert!(refusal(b"\n<!DOCTYPE html><html>").contains("HTML"));
        assert!(refusal(b"PK\x03\x04....").contains("planilha"));
        assert!(refusal(b"\xFF\xFE<\0h\0t\0m\0l\0>\0").contains("HTML"));
        let stated = open(b"PK\x03\x04\xE1", None, Some("utf-8")).err();
        assert!(stated.is_some_and(|e| e.to_string().contains("planilha")));
        assert!(refusal(b"{\"erro\":1}").contains("JSON"));
        assert!(refusal(b"a;b\n1;\0").contains("bin\u{e1}rio"));
        assert!(refusal(b";;\n1;2;3").contains("colunas"));
        assert_eq!(open(b"a;b", Some(b'"'), None).err(), Some(DecodeError::Delimiter));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            if let Ok(table) = open(&bytes, None, None) {
                let _ = table.count();
            }
        }

        #[test]
        fn arbitrary_rows_are_read_or_refused(text in "[ab;,\"\\r\\n\\t 1\u{e9}]{0,200}") {
            if let Ok(table) = open(text.as_bytes(), None, None) {
                let rows: Vec<_> = table.map(|r| r.map_or_else(|f| f.line, |r| r.line)).collect();
                prop_assert!(rows.is_sorted());
                let most = 1 + text.matches(['\n', '\r']).count() as u64;
                prop_assert!(rows.iter().all(|line| (1..=most).contains(line)));
            }
        }
    }
}
