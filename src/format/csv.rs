//! Delimited text as a table, read piece by piece.
//!
//! Lenient where a file may differ and mean the same (encoding, delimiter, line ends, blanks, empty columns at the
//! end), strict where a row could be lost without a trace: a presence feed would call the lost row *pendente*. Nothing in
//! the text says where it ends. Where nothing else did, its end is a row with a fault: whoever has no row may have been there.

use std::io::{BufRead as _, Read as _};

use super::body::Original;
use super::error::DecodeError;
use super::kind::{Due, refuse_other_kinds};
use super::table::{Header, RowFault, RowProblem, Table, TableRow, Take};
use crate::text::csv::{Dialect, Quotes, Record, Records};
use crate::text::fold::trimmed;
use crate::text::stream::{Decoding, Survey};

/// How much is looked at to tell what it is.
const HEAD: u64 = 64 * 1024;

/// Opens delimited text, whose headings stand on the line stated, else on the first that is not blank.
pub(crate) fn open<'a>(
    original: &'a Original,
    delimiter: Option<u8>,
    encoding: Option<&str>,
    heading: Option<u32>,
) -> Result<Table<'a>, DecodeError> {
    // Before the encoding, whose complaint about a spreadsheet would mislead; and after it, under a mark.
    refuse_other_kinds(&original.head(HEAD)?, Due::Csv)?;
    let survey = Survey::of(original.open(), encoding)?;
    let mut head = Vec::new();
    survey.open(original.open())?.0.take(HEAD).read_to_end(&mut head)?;
    refuse_other_kinds(&head, Due::Csv)?;
    if delimiter.is_some_and(|stated| stated != b'\t' && (!stated.is_ascii_punctuation() || stated == b'"')) {
        return Err(DecodeError::Delimiter);
    }
    // Titles above the headings have a dialect of their own.
    let above = heading.unwrap_or(1).saturating_sub(1);
    let line_break = if survey.has_line_feed { b'\n' } else { b'\r' };
    let (mut source, reading) = survey.open(original.open())?;
    for _ in 0..above {
        if source.skip_until(line_break)? == 0 {
            return Err(DecodeError::NoHeader);
        }
        let end = head.iter().position(|b| *b == line_break).map_or(head.len(), |at| at + 1);
        head.drain(..end);
    }
    let dialect = Dialect::detect(&head, delimiter, survey.has_line_feed);
    let mut records = Records::new(source, dialect);
    let (line, header) = match records.next()? {
        Some(first) if first.quotes == Quotes::Sound => {
            let cells = first.cells().map(|(cell, _)| reading.text(cell).into_owned());
            (first.line + u64::from(above), Header::new(cells))
        }
        _ => return Err(DecodeError::NoHeader),
    };
    if header.is_empty() {
        return Err(DecodeError::NoHeader);
    }
    let columns = header.len();
    let open_ended = original.is_open_ended();
    let table = Table::new(header, move |take| {
        let mut row = TableRow::new(0);
        let mut last = line;
        while let Some(record) = records.next()? {
            last = record.line + u64::from(above);
            // A row without a line end may go on in its last cell.
            if !(open_ended && record.cut) {
                give(record, u64::from(above), columns, reading, &mut row, take);
            }
        }
        if open_ended {
            take(Err(RowFault::new(last, RowProblem::OpenEnd)));
        }
        Ok(())
    })?;
    Ok(table.at(format!("cabeçalho na linha {line}")))
}

/// Gives a row or what is wrong with it; nothing when every cell is blank.
fn give(
    record: &Record,
    above: u64,
    expected: usize,
    reading: Decoding,
    row: &mut TableRow,
    take: &mut Take<'_>,
) {
    row.restart(record.line + above);
    let mut blank_beyond = true;
    for (cell, _) in record.cells() {
        let text = reading.text(cell);
        blank_beyond &= row.len() < expected || trimmed(&text).is_empty();
        row.push(&text);
    }
    if row.is_empty() {
        return;
    }
    let found = record.len();
    let problem = match record.quotes {
        Quotes::Swallowing => RowProblem::Swallowing,
        Quotes::Stray => RowProblem::Quotes,
        Quotes::Sound if found < expected && record.cut => RowProblem::Truncated { expected, found },
        Quotes::Sound if found < expected || !blank_beyond => {
            let problem = RowProblem::Fields { expected, found };
            return take(Err(RowFault { line: row.line, problem, row: Some(row.clone()) }));
        }
        Quotes::Sound => return take(Ok(row)),
    };
    take(Err(RowFault::new(row.line, problem)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As long as no row is.
    const LONGEST: usize = 1024 * 1024;

    fn lines(text: &[u8]) -> Vec<Result<(u64, Vec<String>), RowFault>> {
        let original = Original::from_bytes(text);
        let table = open(&original, None, None, None).unwrap();
        let columns: Vec<_> = ["a", "b"].iter().filter_map(|n| table.header().find(n).ok()).collect();
        let mut lines = Vec::new();
        table
            .each(&mut |row| {
                let cells =
                    |r: &TableRow| columns.iter().map(|c| r.cell(*c).unwrap_or("-").to_owned()).collect();
                // Of a fault the cells, too, are looked at elsewhere.
                lines.push(row.map(|r| (r.line, cells(r))).map_err(|f| RowFault::new(f.line, f.problem)));
            })
            .unwrap();
        lines
    }

    fn refusal(bytes: &[u8], delimiter: Option<u8>, encoding: Option<&str>) -> String {
        open(&Original::from_bytes(bytes), delimiter, encoding, None)
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
            [Err(RowFault::new(2, fields(1))), Err(RowFault::new(3, fields(3))), row(4, ["1", "2"])]
        );
    }

    #[test]
    fn a_last_row_cut_in_the_middle_is_told_apart() {
        let cut = RowProblem::Truncated { expected: 2, found: 1 };
        assert_eq!(lines(b"a;b\n1;2\n32053"), [row(2, ["1", "2"]), Err(RowFault::new(3, cut))]);
        assert_eq!(lines(b"a;b\n1;2"), [row(2, ["1", "2"])], "no line end alone is no harm");
    }

    #[test]
    fn a_stray_quote_never_swallows_rows_in_silence() {
        let quotes = |line| Err(RowFault::new(line, RowProblem::Swallowing));
        let one_line = RowFault::new(2, RowProblem::Quotes);
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
        assert_eq!(found[0], Err(RowFault::new(2, RowProblem::Swallowing)));
        assert_eq!(found.last().unwrap().as_ref().unwrap().1, ["2", "y"], "reading goes on after it");
    }

    #[test]
    fn titles_above_the_headings_are_passed_over_where_their_line_is_stated() {
        let text = b"Relat\xF3rio, de A, \"x\n\n;Emitido em;\na;b\n1;2\nx\n";
        let original = Original::from_bytes(&text[..]);
        let table = open(&original, None, None, Some(4)).unwrap();
        assert_eq!(format!("{:?}", table.header()), "Header([\"a\", \"b\"])");
        let mut found = Vec::new();
        table.each(&mut |row| found.push(row.map_or_else(|f| f.line, |r| r.line))).unwrap();
        assert_eq!(found, [5, 6], "lines of the file");
        assert!(matches!(open(&original, None, None, Some(40)), Err(DecodeError::NoHeader)));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            if let Ok(table) = open(&Original::from_bytes(bytes), None, None, None) {
                let _ = table.each(&mut |_| ());
            }
        }

        #[test]
        fn arbitrary_rows_are_read_or_refused(text in "[ab;,\"\\r\\n\\t 1\u{e9}]{0,200}") {
            if let Ok(table) = open(&Original::from_bytes(text.as_bytes()), None, None, None) {
                let mut rows = Vec::new();
                table.each(&mut |r| rows.push(r.map_or_else(|f| f.line, |r| r.line))).unwrap();
                prop_assert!(rows.is_sorted());
                let most = 1 + text.matches(['\n', '\r']).count() as u64;
                prop_assert!(rows.iter().all(|line| (1..=most).contains(line)));
            }
        }
    }
}
