//! A cell as a person sees it: without what is hidden, without footnote marks, laid out in its columns. Pure.

use html5ever::tokenizer::Tag;

use crate::format::mark::Marked;
use crate::format::table::MOST_COLUMNS;
use crate::text::fold::trimmed;

/// Most bytes kept of one cell.
const LONGEST: usize = 4 * 1024;
/// Most rows that one cell may span.
const TALLEST: u32 = 1_000;
/// A cell that spans more rows than this is no heading of several rows.
const MOST_HEADING_ROWS: u32 = 6;

/// How much of an element a person sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// All of it.
    Shown,
    /// Nothing, but it takes its place.
    Blank,
    /// Nothing, as if it were not there.
    Gone,
}

/// What an element's own attributes say; style sheets are not read. What is hidden from screen readers only is shown.
pub(super) fn sight(tag: &Tag) -> Sight {
    const VOID: [&str; 13] = [
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
    ];
    let name: &str = &tag.name;
    if VOID.contains(&name) {
        return Sight::Shown;
    }
    let mut sight = if matches!(name, "template" | "datalist") { Sight::Gone } else { Sight::Shown };
    for attribute in &tag.attrs {
        match &*attribute.name.local {
            "hidden" => sight = Sight::Gone,
            "style" => {
                let style: String =
                    attribute.value.chars().filter(|c| !c.is_whitespace()).take(4_096).collect();
                for rule in style.to_ascii_lowercase().split(';') {
                    match rule.trim_end_matches("!important") {
                        "display:none" | "visibility:collapse" => sight = Sight::Gone,
                        "visibility:hidden" | "opacity:0" | "font-size:0" | "font-size:0px"
                            if sight == Sight::Shown =>
                        {
                            sight = Sight::Blank;
                        }
                        _ => {}
                    }
                }
            }
            // What Bootstrap calls text for screen readers only.
            "class" if sight == Sight::Shown => {
                let mut classes = attribute.value.split_ascii_whitespace();
                if classes.any(|class| matches!(class, "sr-only" | "visually-hidden")) {
                    sight = Sight::Blank;
                }
            }
            _ => {}
        }
    }
    sight
}

/// A cell of a row.
pub(super) struct Cell {
    text: Marked,
    /// Columns that it spans.
    wide: usize,
    /// Rows that it spans.
    tall: u32,
}

impl Cell {
    pub(super) fn new(tag: &Tag) -> Self {
        let span = |wanted: &str| {
            let of = tag.attrs.iter().find(|a| &*a.name.local == wanted);
            of.and_then(|a| a.value.trim().parse::<u32>().ok()).unwrap_or(1)
        };
        // No rows means all that are left.
        let tall = Some(span("rowspan")).filter(|n| *n > 0).unwrap_or(TALLEST).min(TALLEST);
        let wide = usize::try_from(span("colspan").clamp(1, 100)).unwrap_or(1);
        Self { text: Marked::default(), wide, tall }
    }

    pub(super) fn push(&mut self, text: &str) {
        self.text.push(text, LONGEST);
    }

    pub(super) fn raise(&mut self) {
        self.text.raise();
    }

    /// The raised text has ended.
    pub(super) fn lower(&mut self) {
        self.text.lower();
    }

    /// Its text on one line.
    fn line(&mut self) -> String {
        trimmed(self.text.text()).split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// Cells that reach into the rows below, by column.
#[derive(Default)]
pub(super) struct Spans(Vec<(u32, String)>);

impl Spans {
    /// The texts of a row, each in its column: a wide cell is followed by blanks, a tall one stands in each of its rows.
    pub(super) fn lay_out(&mut self, cells: &mut [Cell]) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        let mut tall = Vec::new();
        for cell in cells {
            self.above(&mut out);
            let text = cell.line();
            for n in 0..cell.wide {
                if out.len() >= MOST_COLUMNS {
                    break;
                }
                let text = if n == 0 { text.clone() } else { String::new() };
                if cell.tall > 1 {
                    tall.push((out.len(), cell.tall - 1, text.clone()));
                }
                // A cell that reaches under one from above covers it.
                if let Some((rows, _)) = self.0.get_mut(out.len()) {
                    *rows = rows.saturating_sub(1);
                }
                out.push(text);
            }
        }
        // Those beyond the last cell too, and those that are behind a gap.
        while let Some(last) = (out.len()..self.0.len()).rfind(|at| self.0.get(*at).is_some_and(|s| s.0 > 0))
        {
            self.above(&mut out);
            if out.len() <= last {
                out.push(String::new());
            }
        }
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

    fn above(&mut self, out: &mut Vec<String>) {
        while let Some((rows, text)) = self.0.get_mut(out.len()).filter(|(rows, _)| *rows > 0) {
            *rows -= 1;
            out.push(text.clone());
        }
    }
}

/// How many rows a heading has that begins with this one.
pub(super) fn heading_rows(cells: &[Cell]) -> usize {
    let tall = cells.iter().map(|cell| cell.tall).filter(|tall| *tall <= MOST_HEADING_ROWS).max();
    usize::try_from(tall.unwrap_or(1)).unwrap_or(1)
}
