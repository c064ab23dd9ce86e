//! Text as words, numbers and signs; sentences; and which words are in them. Pure.

use crate::text::fold;

/// A piece of a text, with its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// Letters, folded.
    Word { folded: String, span: (usize, usize) },
    /// Digits.
    Number { value: i64, digits: usize, span: (usize, usize) },
    /// Anything else that is no blank.
    Sign { sign: char, span: (usize, usize) },
}

impl Token {
    /// Its bytes.
    pub(super) fn span(&self) -> (usize, usize) {
        match self {
            Self::Word { span, .. } | Self::Number { span, .. } | Self::Sign { span, .. } => *span,
        }
    }
}

/// Cuts a text.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text.char_indices().peekable();
    while let Some((start, first)) = rest.next() {
        let mut end = start + first.len_utf8();
        if first.is_ascii_digit() {
            while let Some((at, next)) = rest.next_if(|(_, c)| c.is_ascii_digit()) {
                end = at + next.len_utf8();
            }
            let written = text.get(start..end).unwrap_or_default();
            // A number too long to be one is no number that matters here.
            let value = written.parse().unwrap_or(i64::MAX);
            tokens.push(Token::Number { value, digits: written.len(), span: (start, end) });
        } else if is_letter(first) {
            while let Some((at, next)) = rest.next_if(|(_, c)| is_letter(*c) || is_mark(*c)) {
                end = at + next.len_utf8();
            }
            let folded = folded(text.get(start..end).unwrap_or_default());
            tokens.push(Token::Word { folded, span: (start, end) });
        } else if !first.is_whitespace() && !is_mark(first) {
            tokens.push(Token::Sign { sign: first, span: (start, end) });
        }
    }
    tokens
}

/// The signs of ordinals are letters to Unicode.
fn is_letter(c: char) -> bool {
    c.is_alphabetic() && !matches!(c, 'º' | 'ª')
}

/// An accent written apart from its letter, or something that nobody sees.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' | '\u{AD}')
}

fn folded(word: &str) -> String {
    fold::plain(word).filter(|c| !is_mark(*c)).collect()
}

/// A text as its words and numbers, folded and parted by single blanks, with one at each end.
pub(super) fn spaced(text: &str) -> String {
    let mut out = String::from(" ");
    for token in tokens(text) {
        match token {
            Token::Word { folded, .. } => out.push_str(&folded),
            Token::Number { span: (from, to), .. } => out.push_str(text.get(from..to).unwrap_or_default()),
            Token::Sign { .. } => continue,
        }
        out.push(' ');
    }
    out
}

/// Words to look for, each a phrase; one that ends in `*` is the beginning of a word.
#[derive(Debug, Clone)]
pub(super) struct Phrases(Vec<String>);

impl Phrases {
    pub(super) fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let phrase = |word: &str| {
            let spaced = spaced(word);
            let ends = word.trim_end().ends_with('*');
            if ends { spaced.trim_end().to_owned() } else { spaced }
        };
        Self(words.into_iter().map(phrase).filter(|phrase| !phrase.trim().is_empty()).collect())
    }

    /// Whether a text already [`spaced`] has one of them.
    pub(super) fn are_in(&self, spaced: &str) -> bool {
        self.0.iter().any(|phrase| spaced.contains(phrase.as_str()))
    }

    /// A text already [`spaced`] without any of them.
    pub(super) fn taken_from(&self, spaced: &str) -> String {
        let mut left = spaced.to_owned();
        for phrase in &self.0 {
            while let Some(at) = left.find(phrase.as_str()) {
                let end = at + phrase.len();
                // Of the beginning of a word the rest, too.
                let rest = left.get(end..).filter(|_| !phrase.ends_with(' '));
                let rest = rest.map_or(0, |rest| rest.find(' ').map_or(rest.len(), |blank| blank + 1));
                left.replace_range(at..end + rest, " ");
            }
        }
        left
    }

    /// What follows the first of them in a text already [`spaced`].
    pub(super) fn after<'a>(&self, spaced: &'a str) -> Option<&'a str> {
        self.0.iter().find_map(|phrase| spaced.split_once(phrase.as_str()).map(|(_, after)| after))
    }
}

/// The longest sentence looked at, in characters: a page without full stops is no reason to quote all of it.
const LONGEST: usize = 600;

/// Words that end in a full stop without ending a sentence.
const SHORT: [&str; 14] =
    ["art", "arts", "n", "no", "inc", "obs", "ex", "sr", "sra", "dr", "dra", "av", "tel", "pag"];

/// The sentences of a block of text, each in one line.
pub(super) fn sentences(text: &str) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut current = String::new();
    let chars: Vec<char> = text.chars().collect();
    for (at, c) in chars.iter().enumerate() {
        let next = chars.get(at + 1).copied().unwrap_or(' ');
        let ends = match c {
            '\n' => true,
            '!' | '?' | ';' => next.is_whitespace(),
            '.' => {
                let last: String = current.chars().rev().take_while(|c| c.is_alphanumeric()).collect();
                let last = folded(&last.chars().rev().collect::<String>());
                let follows = chars.get(at + 1..).unwrap_or_default().iter().find(|c| !c.is_whitespace());
                next.is_whitespace()
                    && !SHORT.contains(&last.as_str())
                    && follows.is_none_or(|c| !c.is_lowercase())
            }
            _ => false,
        };
        current.push(if c.is_control() { ' ' } else { *c });
        if ends || current.len() > LONGEST * 2 && c.is_whitespace() {
            push(&mut sentences, &current);
            current.clear();
        }
    }
    push(&mut sentences, &current);
    sentences
}

fn push(sentences: &mut Vec<String>, text: &str) {
    let visible: String =
        text.chars().filter(|c| !is_mark(*c) || matches!(c, '\u{300}'..='\u{36F}')).collect();
    let line = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    if !line.is_empty() {
        sentences.push(line.chars().take(LONGEST).collect());
    }
}
