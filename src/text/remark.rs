//! A sentence about a cell of an outside file, in two readings: as it may be shown to whoever has the file at hand, and as
//! it may be kept. Pure.
//!
//! A wrong column may hold data about families, of which nothing is kept (LGPD): what is kept names the place alone.

use std::fmt;

/// How a sentence about a cell is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// With the cell's text. Nothing keeps it.
    Shown,
    /// With `…` in its place.
    Kept,
}

impl Reading {
    /// The reading that is asked for: `{:#}` is what is kept.
    pub fn of(f: &fmt::Formatter<'_>) -> Self {
        if f.alternate() { Self::Kept } else { Self::Shown }
    }

    /// A cell's text, quoted.
    pub fn quoted(self, text: &str) -> String {
        match self {
            Self::Shown => format!("“{text}”"),
            Self::Kept => "“…”".to_owned(),
        }
    }

    /// Something that can be said in either reading.
    pub fn say(self, what: &impl fmt::Display) -> String {
        match self {
            Self::Shown => what.to_string(),
            Self::Kept => format!("{what:#}"),
        }
    }
}

/// A sentence that may quote a cell. Displayed as it may be shown; with `{:#}` as it may be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    shown: String,
    kept: String,
}

impl Remark {
    /// What `says` makes of a cell, which it is given quoted.
    pub fn of_cell(text: &str, says: impl Fn(&str) -> String) -> Self {
        let reading = |reading: Reading| says(&reading.quoted(text));
        Self { shown: reading(Reading::Shown), kept: reading(Reading::Kept) }
    }

    /// The sentence in one of its readings.
    pub fn read(&self, reading: Reading) -> &str {
        match reading {
            Reading::Shown => &self.shown,
            Reading::Kept => &self.kept,
        }
    }
}

/// One that quotes no cell.
impl From<String> for Remark {
    fn from(text: String) -> Self {
        Self { kept: text.clone(), shown: text }
    }
}

/// The same.
impl From<&str> for Remark {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.read(Reading::of(f)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_a_sentence_leaves_out_the_cell_whatever_stands_in_it() {
        for text in ["João Pereira CPF 111.222.333-44", "a ” b “ c", "", "…"] {
            let remark = Remark::of_cell(text, |cell| format!("{cell} não é um código"));
            assert_eq!(remark.to_string(), format!("“{text}” não é um código"));
            assert_eq!(format!("{remark:#}"), "“…” não é um código");
        }
        let plain = Remark::from("aspas sem par");
        assert_eq!(
            (plain.to_string(), format!("{plain:#}")),
            ("aspas sem par".into(), "aspas sem par".into())
        );
    }
}
