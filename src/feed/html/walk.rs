//! The rows of every table of a page, token by token: the page is never held as a tree.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer};

use crate::feed::body::Original;
use crate::feed::error::DecodeError;
use crate::feed::table::MOST_COLUMNS;
use crate::text::fold::trimmed;
use crate::text::stream::Survey;

/// Most bytes kept of one cell.
const LONGEST_CELL: usize = 4 * 1024;
/// Deepest tables; what lies deeper is not looked at.
const DEEPEST: usize = 64;
/// Most rows that one cell may span.
const TALLEST: u32 = 1_000;

/// A cell of a row.
pub(super) struct Cell {
    pub(super) text: String,
    /// Columns that it spans.
    pub(super) wide: usize,
    /// Rows that it spans.
    pub(super) tall: u32,
}

/// Which row of which table of the page.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) table: usize,
    pub(super) row: usize,
}

/// Gives every row of every table; answers which tables end before the page does.
pub(super) fn walk(
    original: &Original,
    survey: Survey,
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
    survey.pieces(original.open(), &mut |text| {
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
