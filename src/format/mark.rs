//! The text of a cell without the footnote marks that are raised or lowered in it. Pure.

use crate::text::fold::trimmed;

/// A text as it is read, piece by piece.
#[derive(Debug, Default)]
pub(super) struct Marked {
    text: String,
    /// Where the raised or lowered text begins that is being read.
    raised_at: Option<usize>,
    /// What was taken for footnote marks.
    marks: String,
}

impl Marked {
    /// Adds a piece, as far as so many bytes have room for it.
    pub(super) fn push(&mut self, text: &str, most: usize) {
        let room = most.saturating_sub(self.text.len());
        self.text.push_str(text.get(..text.floor_char_boundary(room)).unwrap_or_default());
    }

    /// What follows is raised or lowered.
    pub(super) fn raise(&mut self) {
        self.lower();
        self.raised_at = Some(self.text.len());
    }

    /// The raised text has ended: a footnote mark is not the cell's.
    pub(super) fn lower(&mut self) {
        if let Some(at) = self.raised_at.take() {
            let raised = self.text.split_off(at);
            if is_mark(&raised) {
                self.marks.push_str(&raised);
            } else {
                self.text.push_str(&raised);
            }
        }
    }

    /// Whether nothing was read so far.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty() && self.marks.is_empty()
    }

    /// What a person reads. Marks alone are all that there is to see.
    pub(super) fn text(&mut self) -> &str {
        self.lower();
        if trimmed(&self.text).is_empty() && !self.marks.is_empty() { &self.marks } else { &self.text }
    }
}

/// `1`, `(2)`, `*`, `b`, `1, 2`; the o and a of ordinals are none.
fn is_mark(raised: &str) -> bool {
    let bare = raised.trim_matches(|c: char| c.is_whitespace() || "()[]".contains(c));
    let mut letters = bare.chars();
    match (letters.next(), letters.next()) {
        (Some(only), None) if only.is_ascii_alphabetic() => !matches!(only.to_ascii_lowercase(), 'o' | 'a'),
        (None, _) => false,
        _ => bare.chars().all(|c| c.is_ascii_digit() || ",;*\u{2020}\u{2021}\u{a7}\u{b6}#+ ".contains(c)),
    }
}
