//! One table of an HTML page, told from the others (layout, other unit types) by a text in its heading row.
//!
//! The page is read as a stream of tokens, as browsers cut them, and no tree is built of it: of a page that nests or
//! repeats without end a tree may be many times as large as the page. A cell's text is its own: that of a table inside
//! it belongs to that table. A page without the table, or with several, is refused: it never means "nobody filled in".

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer};

use super::body::Original;
use super::table::{DecodeError, Header, MOST_COLUMNS, Row, Table};
use super::text::{Due, Script, detect, folded, refuse_other_kinds, trimmed};

/// Most bytes of a page, the size of hundreds of status pages.
const LARGEST: u64 = 32 * 1024 * 1024;
/// Most bytes kept of one cell.
const LONGEST_CELL: usize = 4 * 1024;
/// Deepest tables; what lies deeper is not looked at.
const DEEPEST: usize = 64;
/// Most rows that one cell may span.
const TALLEST: u32 = 1_000;

/// Opens the table whose heading row has a cell with this text.
pub(super) fn open<'a>(
    original: &'a Original,
    heading: &str,
    encoding: Option<&str>,
) -> Result<Table<'a>, DecodeError> {
    if original.len() > LARGEST {
        return Err(DecodeError::LargePage(LARGEST / (1024 * 1024)));
    }
    refuse_other_kinds(&original.head(64 * 1024)?, Due::Html)?;
    let script = detect(original, encoding)?;
    let chosen = Chosen::find(original, &script, heading)?;
    let header = Header::new(chosen.names.iter().cloned());
    Table::new(header, move |take| {
        let mut row = Row::new(0);
        let mut spans = Spans::default();
        let ended = walk(original, &script, &mut |place, line, cells| {
            if place.table != chosen.table || place.row < chosen.row {
                return;
            }
            let cells = spans.lay_out(cells);
            // Long tables repeat their heading.
            if cells == chosen.names {
                return;
            }
            row.restart(line);
            for cell in &cells {
                row.push(cell);
            }
            if !row.is_empty() {
                take(Ok(&row));
            }
        })?;
        if ended.contains(&chosen.table) { Ok(()) } else { Err(DecodeError::CutPage) }
    })
}

/// The table, its heading row, and what stands there.
struct Chosen {
    table: usize,
    row: usize,
    names: Vec<String>,
}

impl Chosen {
    fn find(original: &Original, script: &Script, heading: &str) -> Result<Self, DecodeError> {
        let wanted = folded(heading);
        // A cell that is the text outranks one that only has it.
        let (mut exact, mut partly): (Vec<Self>, Vec<Self>) = (Vec::new(), Vec::new());
        walk(original, script, &mut |place, _, cells| {
            let texts: Vec<String> = cells.iter().map(|c| folded(&c.text)).collect();
            let met = |list: &[Self]| list.iter().any(|c| c.table == place.table);
            let list = if texts.contains(&wanted) && !met(&exact) {
                &mut exact
            } else if texts.iter().any(|t| t.contains(&wanted)) && !met(&partly) {
                &mut partly
            } else {
                return;
            };
            let names = Spans::default().lay_out(cells);
            list.push(Self { table: place.table, row: place.row, names });
        })?;
        let list = if exact.is_empty() { partly } else { exact };
        let count = list.len();
        match (list.into_iter().next(), count) {
            (Some(only), 1) => Ok(only),
            (None, _) => Err(DecodeError::NoTable(heading.to_owned())),
            (Some(_), count) => Err(DecodeError::SeveralTables { heading: heading.to_owned(), count }),
        }
    }
}

/// Cells that reach into the rows below, by column.
#[derive(Default)]
struct Spans(Vec<(u32, String)>);

impl Spans {
    /// The cells of a row, each in its column: a wide one is followed by blanks, a tall one stands in each of its rows.
    fn lay_out(&mut self, cells: &[Cell]) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        let mut above = |out: &mut Vec<String>| {
            while let Some((rows, text)) = self.0.get_mut(out.len()).filter(|(rows, _)| *rows > 0) {
                *rows -= 1;
                out.push(text.clone());
            }
        };
        let mut tall = Vec::new();
        for cell in cells {
            above(&mut out);
            for n in 0..cell.wide {
                if out.len() >= MOST_COLUMNS {
                    break;
                }
                let text = if n == 0 { cell.text.clone() } else { String::new() };
                if cell.tall > 1 {
                    tall.push((out.len(), cell.tall - 1, text.clone()));
                }
                out.push(text);
            }
        }
        above(&mut out);
        for (column, rows, text) in tall {
            if self.0.len() <= column {
                self.0.resize(column + 1, (0, String::new()));
            }
            if let Some(span) = self.0.get_mut(column) {
                *span = (rows, text);
            }
        }
        out
    }
}

/// A cell of a row.
struct Cell {
    text: String,
    wide: usize,
    tall: u32,
}

/// Which row of which table of the page.
#[derive(Clone, Copy)]
struct Place {
    table: usize,
    row: usize,
}

/// Gives every row of every table; answers which tables end before the page does.
fn walk(
    original: &Original,
    script: &Script,
    each: &mut dyn FnMut(Place, u64, &[Cell]),
) -> Result<Vec<usize>, DecodeError> {
    let sink = Sink(RefCell::new(Page {
        each,
        open: Vec::new(),
        tables: 0,
        ended: Vec::new(),
        unseen: 0,
        silent: None,
    }));
    let tokenizer = Tokenizer::new(sink, html5ever::tokenizer::TokenizerOpts::default());
    let input = BufferQueue::default();
    script.pieces(original, &mut |text| {
        input.push_back(StrTendril::from_slice(text));
        // Scripts are not run, so the tokenizer never waits.
        while !input.is_empty() {
            let _ = tokenizer.feed(&input);
        }
    })?;
    tokenizer.end();
    Ok(tokenizer.sink.0.into_inner().ended)
}

/// A table of which the end has not come.
struct Open {
    place: Place,
    row: Option<(u64, Vec<Cell>)>,
    in_cell: bool,
}

/// What was read of a page so far.
struct Page<'e> {
    each: &'e mut dyn FnMut(Place, u64, &[Cell]),
    open: Vec<Open>,
    tables: usize,
    ended: Vec<usize>,
    /// Tables open below the deepest that is looked at.
    unseen: usize,
    /// The element whose text is not shown.
    silent: Option<StrTendril>,
}

struct Sink<'e>(RefCell<Page<'e>>);

impl TokenSink for Sink<'_> {
    type Handle = ();

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<()> {
        let mut page = self.0.borrow_mut();
        match token {
            Token::TagToken(tag) => page.tag(&tag, line),
            Token::CharacterTokens(text) => {
                page.text(&text);
                TokenSinkResult::Continue
            }
            Token::EOFToken => {
                page.finish();
                TokenSinkResult::Continue
            }
            Token::DoctypeToken(_)
            | Token::CommentToken(_)
            | Token::NullCharacterToken
            | Token::ParseError(_) => TokenSinkResult::Continue,
        }
    }
}

impl Page<'_> {
    fn tag(&mut self, tag: &Tag, line: u64) -> TokenSinkResult<()> {
        let name: &str = &tag.name;
        if tag.kind == TagKind::EndTag {
            if self.silent.as_deref() == Some(name) {
                self.silent = None;
                return TokenSinkResult::Continue;
            }
            match name {
                "table" if self.unseen > 0 => self.unseen -= 1,
                "table" => {
                    self.end_row();
                    self.ended.extend(self.open.pop().map(|t| t.place.table));
                }
                "tr" | "thead" | "tbody" | "tfoot" => self.end_row(),
                "td" | "th" => self.end_cell(),
                "p" | "div" | "li" => self.text(" "),
                _ => {}
            }
            return TokenSinkResult::Continue;
        }
        let raw = match name {
            "script" => Some(RawKind::ScriptData),
            "style" | "xmp" | "iframe" | "noembed" | "noframes" | "noscript" => Some(RawKind::Rawtext),
            "title" | "textarea" => Some(RawKind::Rcdata),
            _ => None,
        };
        if let Some(raw) = raw {
            self.silent = Some(StrTendril::from_slice(name));
            return TokenSinkResult::RawData(raw);
        }
        match name {
            "table" if self.open.len() >= DEEPEST => self.unseen += 1,
            "table" => {
                let place = Place { table: self.tables, row: 0 };
                self.tables += 1;
                self.open.push(Open { place, row: None, in_cell: false });
            }
            "tr" => {
                self.end_row();
                self.begin_row(line);
            }
            "td" | "th" => {
                self.end_cell();
                self.begin_row(line);
                let span = |wanted: &str, most: u32| {
                    let of = tag.attrs.iter().find(|a| &*a.name.local == wanted);
                    of.and_then(|a| a.value.trim().parse::<u32>().ok()).unwrap_or(1).clamp(1, most)
                };
                let (wide, tall) = (span("colspan", 100), span("rowspan", TALLEST));
                if let Some(table) = self.open.last_mut().filter(|_| self.unseen == 0)
                    && let Some((_, cells)) = &mut table.row
                    && cells.len() < MOST_COLUMNS
                {
                    let wide = usize::try_from(wide).unwrap_or(1);
                    cells.push(Cell { text: String::new(), wide, tall });
                    table.in_cell = true;
                }
            }
            "br" | "p" | "div" | "li" => self.text(" "),
            _ => {}
        }
        TokenSinkResult::Continue
    }

    fn text(&mut self, text: &str) {
        if self.silent.is_some() || self.unseen > 0 {
            return;
        }
        if let Some(table) = self.open.last_mut().filter(|t| t.in_cell)
            && let Some(cell) = table.row.as_mut().and_then(|(_, cells)| cells.last_mut())
        {
            let room = LONGEST_CELL.saturating_sub(cell.text.len());
            cell.text.push_str(text.get(..text.floor_char_boundary(room)).unwrap_or_default());
        }
    }

    fn begin_row(&mut self, line: u64) {
        if let Some(table) = self.open.last_mut().filter(|_| self.unseen == 0)
            && table.row.is_none()
        {
            table.row = Some((line, Vec::new()));
        }
    }

    fn end_cell(&mut self) {
        if let Some(table) = self.open.last_mut().filter(|_| self.unseen == 0) {
            table.in_cell = false;
        }
    }

    fn end_row(&mut self) {
        if self.unseen > 0 {
            return;
        }
        let Some(table) = self.open.last_mut() else { return };
        table.in_cell = false;
        if let Some((line, mut cells)) = table.row.take() {
            for cell in &mut cells {
                cell.text = trimmed(&cell.text).split_whitespace().collect::<Vec<_>>().join(" ");
            }
            (self.each)(table.place, line, &cells);
            table.place.row += 1;
        }
    }

    /// The page has ended; tables that did not are given as far as they came.
    fn finish(&mut self) {
        self.unseen = 0;
        while !self.open.is_empty() {
            self.end_row();
            self.open.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(page: &[u8], heading: &str) -> Result<Vec<String>, DecodeError> {
        let original = Original::from_bytes(page);
        let table = open(&original, heading, None)?;
        let mut lines = vec![format!("{:?}", table.header())];
        table.each(&mut |row| {
            lines.extend(row.map(|r| format!("{} {}", r.line, r.cells().collect::<Vec<_>>().join("|"))).ok());
        })?;
        Ok(lines)
    }

    /// The ministry's state page as far as it was described: layout around, a table for each kind of unit.
    const STATE: &str = "<html><head><title>RMA</title><script>if (a < b) document.write('<table><tr><td>CRAS CADSUAS');</script></head>
<body><table width=100%><tr><td>Menu</td><td>
<table border=1><thead><tr><th>IBGE<th>Munic\u{ed}pio<th>CRAS CADSUAS<th>Preenchidos</tr></thead><tbody>
<tr><td>320530<td>VIT\u{d3}RIA&nbsp;<td>12</td><td>1.012</td></tr>
<tr><td>320520</td><td>Vila<br>Velha</td><td>7</td><td>7</td>
<tr><td>IBGE<td>Munic\u{ed}pio<td>CRAS CADSUAS<td>Preenchidos
<tr><td colspan=2>Total</td><td>19</td><td>1.019</td></tbody></table>
<table><tr><th>IBGE</th><th>Munic\u{ed}pio</th><th>CREAS CADSUAS</th></tr><tr><td>320530<td>x<td>3</table>
</td></tr></table></body></html>";

    #[test]
    fn the_table_is_chosen_by_its_heading_among_layout_and_other_tables() {
        let wanted = [
            "Header([\"IBGE\", \"Município\", \"CRAS CADSUAS\", \"Preenchidos\"])",
            "4 320530|VITÓRIA|12|1.012",
            "5 320520|Vila Velha|7|7",
            "7 Total||19|1.019",
        ];
        assert_eq!(read(STATE.as_bytes(), "CRAS CADSUAS").unwrap(), wanted);
        assert_eq!(read(STATE.as_bytes(), "creas cadsuas").unwrap().len(), 2);
        // The same page in Windows-1252, as the ministry's servers send it.
        let windows = encoding_rs::WINDOWS_1252.encode(STATE).0;
        assert_eq!(read(&windows, "CRAS CADSUAS").unwrap(), wanted);
    }

    #[test]
    fn a_page_without_the_table_with_several_or_cut_in_it_is_refused() {
        let refusal = |page: &str, heading: &str| read(page.as_bytes(), heading).unwrap_err().to_string();
        assert!(refusal("<html><h1>Erro 500</h1></html>", "CRAS").contains("nenhuma tabela"));
        assert!(refusal(STATE, "CENTROPOP CADSUAS").contains("nenhuma tabela"));
        assert!(refusal(STATE, "Município").contains("2 tabelas"));
        assert!(refusal("{\"a\":1}", "x").contains("JSON, não uma página"));
        let cut = &STATE[..STATE.find("Velha").unwrap()];
        assert!(refusal(cut, "CRAS CADSUAS").contains("cortada"));
    }

    #[test]
    fn tall_and_wide_cells_keep_the_others_in_their_columns() {
        let page = "<table><tr><th>a<th colspan=2>b<th>c<tr><td rowspan=2>1<td>2<td>3<td>4<tr><td>5<td>6<td>7</table>";
        let lines = read(page.as_bytes(), "a").unwrap();
        assert_eq!(lines[0], "Header([\"a\", \"b\", \"\", \"c\"])");
        assert_eq!(lines[1..], ["1 1|2|3|4", "1 1|5|6|7"]);
    }

    #[test]
    fn a_page_that_nests_or_spans_without_end_takes_little() {
        let deep = "<table><tr><td>".repeat(100_000);
        assert!(read(deep.as_bytes(), "x").is_err());
        let wide = "<table><tr><th>x".to_owned()
            + &"<td colspan=4000000000 rowspan=4000000000>y".repeat(10_000)
            + "</table>";
        assert!(read(wide.as_bytes(), "x").is_ok());
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes, "a");
            let _ = read(&[b"<table><tr><td>a", &bytes[..]].concat(), "a");
        }

        #[test]
        fn arbitrary_tags_are_read_or_refused(
            tags in prop::collection::vec(prop::sample::select(vec![
                "<table>", "</table>", "<tr>", "</tr>", "<td>", "<th rowspan=3>", "<td colspan=2>", "a", "x ", "<script>",
                "</script>", "<!--", "-->", "<tbody>", "<p", ">", "<textarea>",
            ]), 0..40)
        ) {
            let _ = read(tags.concat().as_bytes(), "a");
        }
    }
}
