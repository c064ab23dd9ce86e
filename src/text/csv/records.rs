//! Rows of delimited text, read one at a time, with the place of every cell. Pure.

use std::io::{self, BufRead, Read as _};
use std::ops::Range;

use super::Dialect;

/// Longest line, and longest run of lines under one pair of quotes.
pub(super) const LONGEST: usize = 1024 * 1024;

/// Why a text cannot be read on. Displayed to operators.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The line of this number, from 1, is longer than any row.
    #[error("a linha {0} é longa demais para ser uma linha de dados")]
    LongLine(u64),
    /// The disk.
    #[error("os bytes guardados não puderam ser lidos")]
    Disk(#[source] io::Error),
}

/// Whether the quotes of a row stand where cells begin and end. A stray one pairs with the next row's and swallows what
/// stands between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quotes {
    /// Each opens and closes a whole cell.
    Sound,
    /// One does not.
    Stray,
    /// One does not, and the row goes over a line end: rows may have been swallowed.
    Swallowing,
}

/// One row.
#[derive(Debug)]
pub struct Record {
    /// Line on which it begins, from 1.
    pub line: u64,
    /// Whether the text ends in it without a line end.
    pub cut: bool,
    /// Whether its quotes are to be believed.
    pub quotes: Quotes,
    /// The cells' bytes without their quotes; longer than what the cells fill.
    values: Vec<u8>,
    cells: Vec<Cell>,
}

#[derive(Debug)]
struct Cell {
    /// Where its value lies in `values`.
    value: Range<usize>,
    /// Where it lies in the text, quotes included.
    span: Range<usize>,
}

impl Record {
    /// How many cells.
    #[expect(clippy::len_without_is_empty, reason = "a row has at least one cell")]
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// The bytes of each cell without quotes, and where it lies in the text with them.
    pub fn cells(&self) -> impl Iterator<Item = (&[u8], Range<usize>)> {
        let value = |cell: &Cell| self.values.get(cell.value.clone()).unwrap_or_default();
        self.cells.iter().map(move |cell| (value(cell), cell.span.clone()))
    }

    /// Where the row lies in the text, its line end left out.
    pub fn span(&self) -> Range<usize> {
        let begin = self.cells.first().map_or(0, |cell| cell.span.start);
        begin..self.cells.last().map_or(begin, |cell| cell.span.end)
    }

    fn restart(&mut self, line: u64) {
        self.line = line;
        self.cut = false;
        self.quotes = Quotes::Sound;
        self.cells.clear();
    }
}

/// The rows of a text of ASCII structure; lines with nothing in them are none.
pub struct Records<R> {
    source: R,
    dialect: Dialect,
    scanner: csv_core::Reader,
    /// Whole lines; what stands before `at` was given.
    raw: Vec<u8>,
    at: usize,
    /// Where `raw` begins in the text.
    offset: usize,
    line: u64,
    /// Whether a first line that names the delimiter is still to come.
    naming: bool,
    record: Record,
}

impl<R: BufRead> Records<R> {
    /// The rows of what the source has.
    pub fn new(source: R, dialect: Dialect) -> Self {
        Self {
            source,
            dialect,
            scanner: csv_core::ReaderBuilder::new().delimiter(dialect.delimiter).build(),
            raw: Vec::new(),
            at: 0,
            offset: 0,
            line: 1,
            naming: dialect.named,
            record: Record {
                line: 0,
                cut: false,
                quotes: Quotes::Sound,
                values: vec![0; 1024],
                cells: Vec::new(),
            },
        }
    }

    /// The next row.
    ///
    /// # Errors
    /// [`ReadError`]; then there is nothing more to be had.
    #[expect(clippy::should_implement_trait, reason = "a row lasts until the next is asked for")]
    pub fn next(&mut self) -> Result<Option<&Record>, ReadError> {
        if std::mem::take(&mut self.naming) {
            self.advance()?;
        }
        Ok(if self.advance()? { Some(&self.record) } else { None })
    }

    fn advance(&mut self) -> Result<bool, ReadError> {
        if !self.begin()? {
            return Ok(false);
        }
        self.record.restart(self.line);
        let rest = self.raw.get(self.at..).unwrap_or_default();
        let content = rest.len() - rest.iter().rev().take_while(|b| is_line_end(**b)).count();
        let line = rest.get(..content).unwrap_or_default();
        if line.contains(&b'"') || line.contains(&b'\r') || line.contains(&b'\n') {
            self.scan()?;
        } else {
            self.record.cut = content == rest.len();
            self.split(content);
        }
        Ok(true)
    }

    /// Goes to where the next row begins, if one does.
    fn begin(&mut self) -> Result<bool, ReadError> {
        loop {
            while let Some(end) = self.raw.get(self.at).filter(|b| is_line_end(**b)) {
                self.line += u64::from(*end == self.dialect.line_break);
                self.at += 1;
            }
            if self.at < self.raw.len() {
                return Ok(true);
            }
            self.offset += self.raw.len();
            self.raw.clear();
            self.at = 0;
            if !self.read_line()? {
                return Ok(false);
            }
        }
    }

    /// Adds the next line to `raw`; tells whether there was one.
    fn read_line(&mut self) -> Result<bool, ReadError> {
        let most = u64::try_from(LONGEST).unwrap_or(u64::MAX);
        let line = (&mut self.source).take(most).read_until(self.dialect.line_break, &mut self.raw);
        let read = line.map_err(ReadError::Disk)?;
        if read >= LONGEST && self.raw.last() != Some(&self.dialect.line_break) {
            return Err(ReadError::LongLine(self.line + self.line_breaks(self.at..self.raw.len())));
        }
        Ok(read > 0)
    }

    fn line_breaks(&self, within: Range<usize>) -> u64 {
        let bytes = self.raw.get(within).unwrap_or_default();
        bytes.iter().map(|b| u64::from(*b == self.dialect.line_break)).sum()
    }

    /// Cuts a line without quotes, which is nearly every line, as csv-core would.
    fn split(&mut self, length: usize) {
        let line = self.raw.get(self.at..self.at + length).unwrap_or_default();
        let Record { values, cells, .. } = &mut self.record;
        if values.len() < length {
            values.resize(length, 0);
        }
        if let Some(values) = values.get_mut(..length) {
            values.copy_from_slice(line);
        }
        let (mut from, start) = (0, self.offset + self.at);
        for cell in line.split(|b| *b == self.dialect.delimiter) {
            let to = from + cell.len();
            cells.push(Cell { value: from..to, span: start + from..start + to });
            from = to + 1;
        }
        self.at += length;
    }

    /// Cuts what may have quotes, and line ends within them, by csv-core.
    fn scan(&mut self) -> Result<(), ReadError> {
        use csv_core::ReadFieldResult::{End, Field, InputEmpty, OutputFull};
        let begin = self.at;
        // Where the cell begins, how far it was looked at, and how much of `values` is filled.
        let (mut from, mut to, mut used, mut ended) = (begin, begin, 0, false);
        loop {
            if to == self.raw.len() && !ended {
                // What swallows more than a row can hold is a stray quote; reading goes on after it.
                if to - begin >= LONGEST {
                    self.scanner.reset();
                    self.cell(from..to, used);
                    self.record.quotes = Quotes::Swallowing;
                    break;
                }
                ended = !self.read_line()?;
            }
            let Record { values, .. } = &mut self.record;
            if used == values.len() {
                values.resize(2 * used, 0);
            }
            let input = self.raw.get(to..).unwrap_or_default();
            let output = values.get_mut(used..).unwrap_or_default();
            let (result, read, written) = self.scanner.read_field(input, output);
            to += read;
            used += written;
            match result {
                InputEmpty | OutputFull => {}
                Field { record_end } => {
                    // What ended the cell is no part of it.
                    self.cell(from..to - usize::from(!ended), used);
                    from = to;
                    if record_end {
                        break;
                    }
                }
                End => break,
            }
        }
        self.record.cut = ended;
        if self.record.quotes == Quotes::Stray {
            let span = self.record.span();
            if self
                .raw
                .get(span.start - self.offset..span.end - self.offset)
                .unwrap_or_default()
                .iter()
                .any(|b| is_line_end(*b))
            {
                self.record.quotes = Quotes::Swallowing;
            }
        }
        self.line += self.line_breaks(begin..to);
        self.at = to;
        Ok(())
    }

    /// Adds the cell that lies there in `raw` and whose value ends there in `values`.
    fn cell(&mut self, raw: Range<usize>, end: usize) {
        let Record { values, cells, quotes, .. } = &mut self.record;
        let begin = cells.last().map_or(0, |before| before.value.end);
        let value = values.get(begin..end).unwrap_or_default();
        let written = self.raw.get(raw.clone()).unwrap_or_default();
        if written.first() == Some(&b'"') && !is_quoted(written, value) {
            *quotes = Quotes::Stray;
        }
        cells.push(Cell { value: begin..end, span: self.offset + raw.start..self.offset + raw.end });
    }
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// Whether a cell is written as exactly this value between quotes.
fn is_quoted(written: &[u8], value: &[u8]) -> bool {
    let doubled = value.iter().flat_map(|b| std::iter::repeat_n(b, 1 + usize::from(*b == b'"')));
    std::iter::once(&b'"').chain(doubled).chain(std::iter::once(&b'"')).eq(written)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Cell = (Vec<u8>, Range<usize>);

    fn records(text: &[u8], delimiter: u8) -> Vec<(u64, Quotes, bool, Vec<Cell>)> {
        let dialect = Dialect { delimiter, line_break: b'\n', named: false };
        let mut records = Records::new(text, dialect);
        let mut all = Vec::new();
        while let Some(record) = records.next().unwrap() {
            let cells = record.cells().map(|(value, span)| (value.to_vec(), span)).collect();
            all.push((record.line, record.quotes, record.cut, cells));
        }
        all
    }

    #[test]
    fn a_cell_knows_where_it_lies() {
        let text = b"\r\na;\"b;\"\"\r\n\"\r\n;c";
        let spans: Vec<Vec<_>> = records(text, b';')
            .into_iter()
            .map(|(_, _, _, cells)| cells.into_iter().map(|c| c.1).collect())
            .collect();
        assert_eq!(spans, [[2..3, 4..12], [14..14, 15..16]]);
    }

    proptest! {
        #[test]
        fn rows_are_cut_where_the_csv_crate_cuts_them(text in "([ab;\"\r\n1]{0,3}[;\n]){0,40}") {
            let mut whole = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .delimiter(b';')
                .from_reader(text.as_bytes());
            let theirs: Vec<Vec<Vec<u8>>> =
                whole.byte_records().map(|r| r.unwrap().iter().map(<[u8]>::to_vec).collect()).collect();
            let ours: Vec<Vec<Vec<u8>>> = records(text.as_bytes(), b';')
                .into_iter()
                .map(|(_, _, _, cells)| cells.into_iter().map(|(value, _)| value).collect())
                .collect();
            prop_assert_eq!(ours, theirs);
        }

        #[test]
        fn between_the_cells_of_a_row_stands_a_delimiter_and_between_rows_nothing_but_line_ends(
            text in "([ab,\"\r\n1]{0,3}[,\n]){0,40}",
        ) {
            let mut last = 0;
            for (_, _, _, cells) in records(text.as_bytes(), b',') {
                let (first, end) = (cells[0].1.start, cells.last().unwrap().1.end);
                prop_assert!(text[last..first].chars().all(|c| matches!(c, '\r' | '\n')), "{:?}", &text[last..first]);
                for pair in cells.windows(2) {
                    prop_assert_eq!(&text[pair[0].1.end..pair[1].1.start], ",");
                }
                last = end;
            }
            prop_assert!(text[last..].chars().all(|c| matches!(c, '\r' | '\n')));
        }
    }
}
