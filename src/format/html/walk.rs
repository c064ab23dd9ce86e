//! The rows of every table of a page that a person sees, token by token: the page is never held as a tree.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer};

use super::cell::{Cell, Sight, Spans, heading_rows, sight};
use crate::format::body::Original;
use crate::format::error::DecodeError;
use crate::format::partial::pager;
use crate::format::table::MOST_COLUMNS;
use crate::format::tag::Attributes;
use crate::text::stream::Survey;

/// Deepest tables; what lies deeper is not looked at.
const DEEPEST: usize = 64;

/// A row of a table of the page.
#[expect(clippy::struct_field_names, reason = "a line of a table lies on a line of the page")]
pub(super) struct Line {
    pub(super) table: usize,
    /// Which group of its rows (`thead`, `tbody`): cells reach no further.
    pub(super) group: usize,
    pub(super) row: usize,
    /// The line of the page on which it begins.
    pub(super) line: u64,
    /// Its texts, each in its column.
    pub(super) cells: Vec<String>,
    /// How many rows a heading has that begins with this one.
    pub(super) rows: usize,
}

/// Most bytes held of a text beside the tables: a pager is short.
const LONGEST_BESIDE: usize = 400;

/// What else was found than rows.
pub(super) struct Around {
    /// Tables that end before the page does.
    pub(super) ended: Vec<usize>,
    /// What a pager outside the tables says, if one says that there are other pages.
    pub(super) pager: Option<String>,
}

/// Gives every row of every table.
pub(super) fn walk(
    original: &Original,
    survey: Survey,
    each: &mut dyn FnMut(&Line),
) -> Result<Around, DecodeError> {
    let sink = Sink(RefCell::new(Page {
        each,
        open: Vec::new(),
        tables: 0,
        ended: Vec::new(),
        unseen: 0,
        silent: None,
        hidden: None,
        beside: String::new(),
        pager: None,
    }));
    let tokenizer = Tokenizer::new(sink, html5ever::tokenizer::TokenizerOpts::default());
    let input = BufferQueue::default();
    let (mut attributes, mut endless) = (Attributes::new(), false);
    survey.pieces(original.open(), &mut |text| {
        endless = endless || attributes.take(text).is_err();
        if endless {
            return;
        }
        input.push_back(StrTendril::from_slice(text));
        // Scripts are not run, so the tokenizer never waits.
        while !input.is_empty() {
            let _ = tokenizer.feed(&input);
        }
    })?;
    if endless {
        return Err(DecodeError::EndlessTag);
    }
    tokenizer.end();
    let page = tokenizer.sink.0.into_inner();
    Ok(Around { ended: page.ended, pager: page.pager })
}

/// A table of which the end has not come.
struct Open {
    table: usize,
    group: usize,
    rows: usize,
    row: Option<(u64, Vec<Cell>)>,
    in_cell: bool,
    spans: Spans,
}

/// An element that a person does not see.
struct Hidden {
    name: StrTendril,
    /// Elements of that name that are open in it, itself among them.
    depth: usize,
    /// Tables that are open in it.
    tables: usize,
}

/// What was read of a page so far.
struct Page<'e> {
    each: &'e mut dyn FnMut(&Line),
    open: Vec<Open>,
    tables: usize,
    ended: Vec<usize>,
    /// Tables open below the deepest that is looked at.
    unseen: usize,
    /// The element whose text is not shown.
    silent: Option<StrTendril>,
    hidden: Option<Hidden>,
    /// The text outside the tables since its last block began.
    beside: String,
    pager: Option<String>,
}

/// Elements that stand in a line of text, and do not end it.
const INLINE: &[&str] = &[
    "a", "span", "b", "strong", "i", "em", "small", "big", "u", "font", "label", "button", "input", "img",
    "sup", "sub", "bdi", "abbr",
];

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

/// How far inside a table an element stands; what is no part of a table stands in a cell.
fn depth(name: &str) -> usize {
    match name {
        "table" => 0,
        "thead" | "tbody" | "tfoot" => 1,
        "tr" => 2,
        "td" | "th" => 3,
        _ => 4,
    }
}

impl Page<'_> {
    fn tag(&mut self, tag: &Tag, line: u64) -> TokenSinkResult<()> {
        let name: &str = &tag.name;
        let begins = tag.kind == TagKind::StartTag;
        if !begins && self.silent.as_deref() == Some(name) {
            self.silent = None;
            return TokenSinkResult::Continue;
        }
        let raw = match name {
            "script" => Some(RawKind::ScriptData),
            "style" | "xmp" | "iframe" | "noembed" | "noframes" | "noscript" => Some(RawKind::Rawtext),
            "title" | "textarea" => Some(RawKind::Rcdata),
            _ => None,
        };
        if let Some(raw) = raw.filter(|_| begins) {
            self.silent = Some(StrTendril::from_slice(name));
            return TokenSinkResult::RawData(raw);
        }
        if !INLINE.contains(&name) {
            self.end_beside();
        } else if self.beside.len() < LONGEST_BESIDE {
            self.beside.push(' ');
        }
        if !self.is_hidden_by(name, begins) {
            if begins {
                self.begin(tag, line);
            } else {
                self.end(name);
            }
        }
        TokenSinkResult::Continue
    }

    /// Whether a tag stands in what is hidden; it may be the one that ends that.
    fn is_hidden_by(&mut self, name: &str, begins: bool) -> bool {
        let Some(hidden) = &mut self.hidden else { return false };
        if name == "table" && (begins || hidden.tables > 0) {
            hidden.tables = if begins { hidden.tables + 1 } else { hidden.tables - 1 };
            if hidden.tables == 0 && &*hidden.name == "table" {
                self.hidden = None;
            }
            return true;
        }
        if hidden.tables > 0 {
            return true;
        }
        // What it stands in, or the next of its kind, ends it even if its own end never comes.
        let goes_on = depth(name);
        let next = begins && &*hidden.name == name && matches!(name, "p" | "li" | "dt" | "dd" | "option");
        if (goes_on < 4 && depth(&hidden.name) >= goes_on) || next {
            self.hidden = None;
            return false;
        }
        if &*hidden.name == name {
            hidden.depth = if begins { hidden.depth + 1 } else { hidden.depth - 1 };
            if hidden.depth == 0 {
                self.hidden = None;
            }
        }
        true
    }

    fn begin(&mut self, tag: &Tag, line: u64) {
        let name: &str = &tag.name;
        let sight = sight(tag);
        if sight != Sight::Shown {
            let is_cell = depth(name) == 3;
            if is_cell && sight == Sight::Blank {
                self.begin_cell(tag, line);
            } else if matches!(depth(name), 1 | 2) {
                self.end_row();
                self.begin_group(name);
            } else if is_cell {
                self.end_cell();
            }
            let tables = usize::from(name == "table");
            self.hidden = Some(Hidden { name: StrTendril::from_slice(name), depth: 1, tables });
            return;
        }
        match name {
            "table" if self.open.len() >= DEEPEST => self.unseen += 1,
            "table" => {
                let table = self.tables;
                self.tables += 1;
                let spans = Spans::default();
                self.open.push(Open { table, group: 0, rows: 0, row: None, in_cell: false, spans });
            }
            "thead" | "tbody" | "tfoot" => {
                self.end_row();
                self.begin_group(name);
            }
            "tr" => {
                self.end_row();
                self.begin_row(line);
            }
            "td" | "th" => self.begin_cell(tag, line),
            "sup" | "sub" => {
                if let Some(cell) = self.cell() {
                    cell.raise();
                }
            }
            "br" | "p" | "div" | "li" => self.text(" "),
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "table" if self.unseen > 0 => self.unseen -= 1,
            "table" => {
                self.end_row();
                self.ended.extend(self.open.pop().map(|t| t.table));
            }
            "thead" | "tbody" | "tfoot" => {
                self.end_row();
                self.begin_group(name);
            }
            "tr" => self.end_row(),
            "td" | "th" => self.end_cell(),
            "sup" | "sub" => {
                if let Some(cell) = self.cell() {
                    cell.lower();
                }
            }
            "p" | "div" | "li" => self.text(" "),
            _ => {}
        }
    }

    /// The innermost table that is looked at.
    fn table(&mut self) -> Option<&mut Open> {
        self.open.last_mut().filter(|_| self.unseen == 0)
    }

    /// The cell that is being read.
    fn cell(&mut self) -> Option<&mut Cell> {
        self.table().filter(|t| t.in_cell)?.row.as_mut()?.1.last_mut()
    }

    fn text(&mut self, text: &str) {
        if self.silent.is_none() && self.hidden.is_none() {
            if let Some(cell) = self.cell() {
                cell.push(text);
            } else if self.open.is_empty() && self.beside.len() < LONGEST_BESIDE {
                self.beside.extend(text.chars().take(LONGEST_BESIDE));
            }
        }
    }

    /// A block of text outside the tables is over.
    fn end_beside(&mut self) {
        if self.pager.is_none() {
            self.pager = pager(&self.beside);
        }
        self.beside.clear();
    }

    /// Cells reach into no other group of rows.
    fn begin_group(&mut self, name: &str) {
        if let Some(table) = self.table().filter(|_| depth(name) == 1) {
            table.group += 1;
            table.spans = Spans::default();
        }
    }

    fn begin_row(&mut self, line: u64) {
        if let Some(table) = self.table().filter(|t| t.row.is_none()) {
            table.row = Some((line, Vec::new()));
        }
    }

    fn begin_cell(&mut self, tag: &Tag, line: u64) {
        self.end_cell();
        self.begin_row(line);
        if let Some(table) = self.table()
            && let Some((_, cells)) = table.row.as_mut().filter(|(_, cells)| cells.len() < MOST_COLUMNS)
        {
            cells.push(Cell::new(tag));
            table.in_cell = true;
        }
    }

    fn end_cell(&mut self) {
        if let Some(table) = self.table() {
            table.in_cell = false;
        }
    }

    fn end_row(&mut self) {
        if self.unseen > 0 {
            return;
        }
        let Some(open) = self.open.last_mut() else { return };
        open.in_cell = false;
        if let Some((line, mut cells)) = open.row.take() {
            let rows = heading_rows(&cells);
            let (table, group, row) = (open.table, open.group, open.rows);
            let cells = open.spans.lay_out(&mut cells);
            open.rows += 1;
            (self.each)(&Line { table, group, row, line, cells, rows });
        }
    }

    /// The page has ended; tables that did not are given as far as they came.
    fn finish(&mut self) {
        self.end_beside();
        self.unseen = 0;
        while !self.open.is_empty() {
            self.end_row();
            self.open.pop();
        }
    }
}
