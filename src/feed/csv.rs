//! Delimited text as a table, read piece by piece.
//!
//! Lenient where a file may differ and mean the same (encoding, delimiter, line ends, blanks, empty columns at the
//! end), strict where a row could be lost without a trace: a presence feed would call the lost row *pendente*.

use std::io::{BufRead, Cursor, Read as _};

use super::body::Original;
use super::table::{DecodeError, Header, Row, RowFault, RowProblem, Table, Take};
use super::text::{Due, Reading, detect, refuse_other_kinds, trimmed};

/// Delimiters that are looked for, the likeliest first.
const DELIMITERS: [u8; 3] = *b";,\t";
/// How much is looked at to tell what it is.
const HEAD: u64 = 64 * 1024;
/// Longest line, and longest run of lines under one pair of quotes.
const LONGEST: usize = 1024 * 1024;

/// Opens delimited text.
pub(super) fn open<'a>(
    original: &'a Original,
    delimiter: Option<u8>,
    encoding: Option<&str>,
) -> Result<Table<'a>, DecodeError> {
    // Before the encoding, whose complaint about a spreadsheet would mislead; and after it, under a mark.
    refuse_other_kinds(&original.head(HEAD)?, Due::Csv)?;
    let script = detect(original, encoding)?;
    let mut head = Vec::new();
    script.open(original)?.0.take(HEAD).read_to_end(&mut head)?;
    refuse_other_kinds(&head, Due::Csv)?;
    let delimiter = match delimiter {
        None => likeliest_delimiter(&head),
        Some(stated) if stated == b'\t' || stated.is_ascii_punctuation() && stated != b'"' => stated,
        Some(_) => return Err(DecodeError::Delimiter),
    };
    let (reader, reading) = script.open(original)?;
    let line_break = if script.has_line_feed { b'\n' } else { b'\r' };
    let mut pieces = Pieces { reader, delimiter, line_break, raw: Vec::new(), next_line: 1 };
    let mut rest = Vec::new();
    let header = loop {
        let Some(piece) = pieces.next()? else { return Err(DecodeError::NoHeader) };
        let mut records = Records::new(&pieces.raw, delimiter, line_break, &piece);
        let Some(first) = records.next() else { continue };
        if !first.sound {
            return Err(DecodeError::NoHeader);
        }
        rest.extend(records);
        break Header::new(first.fields.iter().map(|f| reading.text(f).into_owned()));
    };
    if header.is_empty() {
        return Err(DecodeError::NoHeader);
    }
    let columns = header.len();
    Table::new(header, move |take| {
        let mut row = Row::new(0);
        for record in &rest {
            give(record, columns, reading, &mut row, take);
        }
        while let Some(piece) = pieces.next()? {
            if piece.plain {
                give_plain(&pieces.raw, &piece, delimiter, columns, reading, &mut row, take);
            } else {
                for record in Records::new(&pieces.raw, delimiter, line_break, &piece) {
                    give(&record, columns, reading, &mut row, take);
                }
            }
        }
        Ok(())
    })
}

/// Gives a line without quotes, which is nearly every line.
fn give_plain(
    raw: &[u8],
    piece: &Piece,
    delimiter: u8,
    columns: usize,
    reading: Reading,
    row: &mut Row,
    take: &mut Take<'_>,
) {
    row.restart(piece.line);
    let mut blank_beyond = true;
    for field in raw.split(|b| *b == delimiter) {
        let text = reading.text(field);
        blank_beyond &= row.len() < columns || trimmed(&text).is_empty();
        row.push(&text);
    }
    let whole = Shape { found: row.len(), blank_beyond, cut: piece.cut, quotes: None };
    finish(row, columns, &whole, take);
}

/// Gives a record that the csv crate cut.
fn give(record: &Record, columns: usize, reading: Reading, row: &mut Row, take: &mut Take<'_>) {
    row.restart(record.line);
    for field in &record.fields {
        row.push(&reading.text(field));
    }
    let blank_beyond = record.fields.iter().skip(columns).all(|f| trimmed(&reading.text(f)).is_empty());
    let quotes = (!record.sound).then_some(if record.many_lines {
        RowProblem::Swallowing
    } else {
        RowProblem::Quotes
    });
    let whole = Shape { found: record.fields.len(), blank_beyond, cut: record.cut, quotes };
    finish(row, columns, &whole, take);
}

/// What tells whether a row is whole.
struct Shape {
    found: usize,
    /// Whether nothing stands beyond the header's columns.
    blank_beyond: bool,
    cut: bool,
    quotes: Option<RowProblem>,
}

/// Gives a row or what is wrong with it; nothing when every cell is blank.
fn finish(row: &Row, expected: usize, shape: &Shape, take: &mut Take<'_>) {
    let found = shape.found;
    if row.is_empty() {
        return;
    }
    let problem = if let Some(quotes) = shape.quotes {
        quotes
    } else if found < expected && shape.cut {
        RowProblem::Truncated { expected, found }
    } else if found < expected || !shape.blank_beyond {
        RowProblem::Fields { expected, found }
    } else {
        return take(Ok(row));
    };
    take(Err(RowFault { line: row.line, problem }));
}

/// A line, or the lines under one pair of quotes.
struct Piece {
    /// Line on which it begins, from 1.
    line: u64,
    /// Whether the text ends in it without a line end.
    cut: bool,
    /// Whether it has neither quotes nor a line end inside.
    plain: bool,
}

/// A text in pieces that hold whole records.
struct Pieces {
    reader: Box<dyn BufRead>,
    delimiter: u8,
    line_break: u8,
    raw: Vec<u8>,
    next_line: u64,
}

impl Pieces {
    /// Reads the next piece that is not empty into `raw`; the line end of a plain one is left out.
    fn next(&mut self) -> Result<Option<Piece>, DecodeError> {
        loop {
            self.raw.clear();
            let line = self.next_line;
            if !self.read_line()? {
                return Ok(None);
            }
            let quoted = self.raw.contains(&b'"');
            if quoted {
                let mut state = Quotes::FieldStart.after(&self.raw, self.delimiter);
                // What swallows more than a row can hold is a stray quote; reading goes on after it.
                while state == Quotes::Inside && self.raw.len() < LONGEST {
                    let before = self.raw.len();
                    if !self.read_line()? {
                        break;
                    }
                    state = state.after(self.raw.get(before..).unwrap_or_default(), self.delimiter);
                }
            }
            let cut = self.raw.last() != Some(&self.line_break);
            let ends = self.raw.iter().rev().take_while(|b| matches!(b, b'\r' | b'\n')).count();
            let content = self.raw.len() - ends;
            if content == 0 {
                continue;
            }
            let plain = !quoted && !self.raw.get(..content).unwrap_or_default().contains(&b'\r');
            if plain {
                self.raw.truncate(content);
            }
            return Ok(Some(Piece { line, cut, plain }));
        }
    }

    /// Adds the next line to `raw`; tells whether there was one.
    fn read_line(&mut self) -> Result<bool, DecodeError> {
        let most = u64::try_from(LONGEST).unwrap_or(u64::MAX);
        let read = (&mut self.reader).take(most).read_until(self.line_break, &mut self.raw)?;
        let ended = self.raw.last() == Some(&self.line_break);
        if read >= LONGEST && !ended {
            return Err(DecodeError::LongLine(self.next_line));
        }
        self.next_line += u64::from(ended);
        Ok(read > 0)
    }
}

/// Where the quotes of a record stand, as the csv crate counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quotes {
    FieldStart,
    Plain,
    Inside,
    /// After a quote inside, which may be the first of a pair.
    Ending,
}

impl Quotes {
    fn after(mut self, bytes: &[u8], delimiter: u8) -> Self {
        for byte in bytes {
            self = match (self, byte) {
                (Self::Inside, b'"') => Self::Ending,
                (Self::FieldStart | Self::Ending, b'"') | (Self::Inside, _) => Self::Inside,
                (_, b'\r' | b'\n') => Self::FieldStart,
                (_, byte) if *byte == delimiter => Self::FieldStart,
                _ => Self::Plain,
            };
        }
        self
    }
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

/// Records of a piece, one at a time.
struct Records<'a> {
    reader: csv::Reader<Cursor<&'a [u8]>>,
    delimiter: u8,
    line_break: u8,
    /// Whether the text ends in this piece without a line end.
    cut: bool,
    /// Where the next record begins, as byte and as line.
    at: (usize, u64),
}

impl<'a> Records<'a> {
    fn new(raw: &'a [u8], delimiter: u8, line_break: u8, piece: &Piece) -> Self {
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .buffer_capacity(raw.len().max(1))
            .from_reader(Cursor::new(raw));
        Self { reader, delimiter, line_break, cut: piece.cut, at: (0, piece.line) }
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
        let cut = self.cut && end == bytes.len();
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
    use crate::feed::table::Column;
    use proptest::prelude::*;

    fn lines(text: &[u8]) -> Vec<Result<(u64, Vec<String>), RowFault>> {
        let original = Original::from_bytes(text);
        let table = open(&original, None, None).unwrap();
        let columns: Vec<_> = ["a", "b"].iter().filter_map(|n| table.header().find(n).ok()).collect();
        let mut lines = Vec::new();
        table
            .each(&mut |row| {
                let cells = |r: &Row| columns.iter().map(|c| r.cell(*c).unwrap_or("-").to_owned()).collect();
                lines.push(row.map(|r| (r.line, cells(r))));
            })
            .unwrap();
        lines
    }

    fn refusal(bytes: &[u8], delimiter: Option<u8>, encoding: Option<&str>) -> String {
        open(&Original::from_bytes(bytes), delimiter, encoding)
            .err()
            .map(|e| e.to_string())
            .unwrap_or_default()
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
        let stated = refusal;
        let refusal = |bytes: &[u8]| refusal(bytes, None, None);
        assert!(refusal(b"").contains("vazio"));
        assert!(refusal(b"\xEF\xBB\xBF \r\n").contains("vazio"));
        assert!(refusal(b"\n<!DOCTYPE html><html>").contains("HTML"));
        assert!(refusal(b"PK\x03\x04....").contains("planilha"));
        assert!(refusal(b"\xFF\xFE<\0h\0t\0m\0l\0>\0").contains("HTML"));
        assert!(stated(b"PK\x03\x04\xE1", None, Some("utf-8")).contains("planilha"));
        assert!(refusal(b"{\"erro\":1}").contains("JSON"));
        assert!(refusal(b"a;b\n1;\0").contains("bin\u{e1}rio"));
        assert!(refusal(b";;\n1;2;3").contains("colunas"));
        assert!(stated(b"a;b", Some(b'"'), None).contains("separador"));
    }

    #[test]
    fn a_text_without_line_ends_and_one_of_nothing_but_columns_are_refused_without_being_held() {
        assert!(refusal(&vec![b'a'; 3 * LONGEST], None, None).contains("linha 1 é longa demais"));
        assert!(refusal(";a".repeat(1_001).as_bytes(), None, None).contains("colunas"));
        let mut text = b"a;b\n1;\"x\n".to_vec();
        text.extend(b"2;y\n".repeat(LONGEST / 3));
        let found = lines(&text);
        assert_eq!(found[0], Err(RowFault { line: 2, problem: RowProblem::Swallowing }));
        assert_eq!(found.last().unwrap().as_ref().unwrap().1, ["2", "y"], "reading goes on after it");
    }

    /// The same file as the csv crate reads it whole.
    fn whole(text: &[u8], delimiter: u8) -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(text);
        let cells =
            |r: csv::ByteRecord| r.iter().map(|f| String::from_utf8_lossy(f).trim().to_owned()).collect();
        reader.byte_records().map(|r| cells(r.unwrap())).collect()
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            if let Ok(table) = open(&Original::from_bytes(bytes), None, None) {
                let _ = table.each(&mut |_| ());
            }
        }

        #[test]
        fn pieces_are_cut_where_the_csv_crate_cuts_records(text in "a;b\n([ab;\"\r\n1]{0,3}[;\n]){0,40}") {
            let original = Original::from_bytes(text.as_bytes());
            let mut sound: Vec<Vec<String>> = Vec::new();
            if let Ok(table) = open(&original, Some(b';'), None) {
                let cells = |r: &Row| (0..2).map(|n| r.cell(Column::at(n)).unwrap_or_default().to_owned()).collect();
                table.each(&mut |row| sound.extend(row.ok().map(cells))).unwrap();
            }
            let all = whole(text.as_bytes(), b';');
            let mut rest = all.iter().map(|r| r.iter().take(2).cloned().collect::<Vec<String>>());
            for row in &sound {
                prop_assert!(rest.any(|r| r == *row), "{:?} in {:?}", row, all);
            }
        }

        #[test]
        fn arbitrary_rows_are_read_or_refused(text in "[ab;,\"\\r\\n\\t 1\u{e9}]{0,200}") {
            if let Ok(table) = open(&Original::from_bytes(text.as_bytes()), None, None) {
                let mut rows = Vec::new();
                table.each(&mut |r| rows.push(r.map_or_else(|f| f.line, |r| r.line))).unwrap();
                prop_assert!(rows.is_sorted());
                let most = 1 + text.matches(['\n', '\r']).count() as u64;
                prop_assert!(rows.iter().all(|line| (1..=most).contains(line)));
            }
        }
    }
}
