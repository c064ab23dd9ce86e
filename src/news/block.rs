//! HTML to blocks of text: paragraphs, list items, cells, headings. Pure.
//!
//! Only the tokenizer of the HTML standard is used, and no tree is built: a tree of hostile HTML (formatting that is
//! opened and never closed, over many paragraphs) grows with the square of its bytes, tokens do not.

use std::borrow::Cow;
use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

use crate::format::tag::{Attributes, Endless};

/// HTML beyond so many bytes is not looked at.
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// A block beyond so many bytes is cut.
const LONGEST: usize = 20_000;
/// A tag beyond so many bytes is none: each attribute is compared with those before it.
const LONGEST_TAG: usize = 16 * 1024;

/// What begins and ends a block.
const BLOCKS: [&str; 37] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "br",
    "caption",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "main",
    "nav",
    "ol",
    "option",
    "p",
    "pre",
    "section",
    "table",
    "td",
    "th",
    "tr",
    "ul",
];

/// A block of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) text: String,
    /// The first link in it.
    pub(super) href: Option<String>,
    pub(super) is_heading: bool,
    /// Whether something in it was struck out, and so is not part of the text.
    pub(super) has_struck: bool,
}

/// The blocks of a page or of a piece of one, in order, none of them blank.
///
/// # Errors
/// [`Endless`] of one with a tag of endless attributes, which no tokenizer should see.
pub(super) fn blocks(html: &str) -> Result<Vec<Block>, Endless> {
    let mut end = html.len().min(MOST_BYTES);
    while !html.is_char_boundary(end) {
        end -= 1;
    }
    let tame = without_long_tags(html.get(..end).unwrap_or_default());
    Attributes::new().take(&tame)?;
    let queue = BufferQueue::default();
    queue.push_back(StrTendril::from_slice(&tame));
    let tokenizer = Tokenizer::new(Sink::default(), TokenizerOpts::default());
    // A sink that has no scripts is never asked to wait.
    let _ = tokenizer.feed(&queue);
    tokenizer.end();
    let mut open = tokenizer.sink.0.into_inner();
    open.close();
    Ok(open.blocks)
}

/// The blocks of a post, whatever its tags: where they cannot be read as tags they are words.
pub(super) fn blocks_of_post(html: &str) -> Vec<Block> {
    blocks(html).or_else(|_| blocks(&html.replace('<', " "))).unwrap_or_default()
}

/// The same with the sign that opens an endless tag left out. Comments may be as long as they like.
fn without_long_tags(html: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut from = 0;
    let mut closes_at = 0;
    for (at, _) in html.match_indices('<') {
        if closes_at <= at {
            closes_at = html.get(at..).and_then(|rest| rest.find('>')).map_or(usize::MAX, |n| at + n);
        }
        let next = html.as_bytes().get(at + 1).copied().unwrap_or(b' ');
        let is_tag = next.is_ascii_alphabetic() || next == b'/';
        if is_tag && closes_at.min(html.len()) - at > LONGEST_TAG {
            out.push_str(html.get(from..at).unwrap_or_default());
            out.push(' ');
            from = at + 1;
        }
    }
    if from == 0 {
        return Cow::Borrowed(html);
    }
    out.push_str(html.get(from..).unwrap_or_default());
    Cow::Owned(out)
}

/// Takes tokens.
#[derive(Default)]
struct Sink(RefCell<Open>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut open = self.0.borrow_mut();
        match token {
            Token::CharacterTokens(text) => open.push(&text),
            Token::TagToken(tag) => return open.tag(&tag),
            Token::NullCharacterToken
            | Token::DoctypeToken(_)
            | Token::CommentToken(_)
            | Token::EOFToken
            | Token::ParseError(_) => {}
        }
        TokenSinkResult::Continue
    }
}

/// The blocks so far, and the one being read.
#[derive(Default)]
struct Open {
    blocks: Vec<Block>,
    text: String,
    href: Option<String>,
    is_heading: bool,
    has_struck: bool,
    /// Inside text that is not for people.
    silent: bool,
    /// Inside text that is struck out: by which tag, and how deep in tags of that name.
    struck: Option<(String, usize)>,
}

/// Whether a tag strikes out what it holds.
fn strikes(tag: &Tag) -> bool {
    let style = || tag.attrs.iter().filter(|attr| &*attr.name.local == "style");
    matches!(&*tag.name, "del" | "s" | "strike")
        || style().any(|attr| attr.value.to_ascii_lowercase().contains("line-through"))
}

impl Open {
    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name: &str = &tag.name;
        let begins = tag.kind == TagKind::StartTag;
        self.strike(tag, begins);
        match name {
            "script" | "style" | "noscript" | "template" | "iframe" | "noframes" | "xmp" | "title"
            | "textarea" => {
                self.silent = begins;
                let kind = match name {
                    "script" => RawKind::ScriptData,
                    "title" | "textarea" => RawKind::Rcdata,
                    _ => RawKind::Rawtext,
                };
                if begins {
                    return TokenSinkResult::RawData(kind);
                }
            }
            "a" if begins && self.href.is_none() => {
                let href = tag.attrs.iter().find(|attr| &*attr.name.local == "href");
                self.href = href.map(|attr| attr.value.to_string());
            }
            name if BLOCKS.contains(&name) => {
                self.close();
                self.is_heading = begins && matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6");
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }

    fn strike(&mut self, tag: &Tag, begins: bool) {
        match &mut self.struck {
            Some((name, depth)) if **name == *tag.name => {
                *depth = if begins { *depth + 1 } else { *depth - 1 };
                if *depth == 0 {
                    self.struck = None;
                }
            }
            None if begins && !tag.self_closing && strikes(tag) => {
                self.struck = Some((tag.name.to_string(), 1));
            }
            Some(_) | None => {}
        }
    }

    fn push(&mut self, text: &str) {
        if self.silent {
            return;
        }
        if self.struck.is_some() {
            self.has_struck |= !text.trim().is_empty();
            return;
        }
        for piece in text.split_inclusive(|c: char| c.is_whitespace() || c.is_control()) {
            let word = piece.trim_matches(|c: char| c.is_whitespace() || c.is_control());
            if self.text.len() + word.len() < LONGEST {
                self.text.push_str(word);
                let blank_after = piece.len() > word.len();
                if blank_after && !self.text.is_empty() && !self.text.ends_with(' ') {
                    self.text.push(' ');
                }
            }
        }
    }

    fn close(&mut self) {
        let text = std::mem::take(&mut self.text).trim().to_owned();
        let href = self.href.take();
        let has_struck = std::mem::take(&mut self.has_struck);
        if !text.is_empty() {
            self.blocks.push(Block { text, href, is_heading: self.is_heading, has_struck });
        }
    }
}
