//! Rows by the ten thousand, handed over as one text.
//!
//! The driver copies each cell and hands each row from SQLite's thread to ours by itself: for a delivery of ten cells that takes
//! ten times as long as it takes SQLite to read it (docs/benchmarks.md). So a statement that gives very many rows has the
//! database write them one after the other into one text, from which they are read here as from any other row. Only for
//! cells that are numbers or words of our own: none has a control character but line feed and tabulator, and none that may be
//! absent is empty when it is there. Pure.

use std::sync::Arc;

/// What stands between two cells of a row, and between two rows: the separators that ASCII has for just that.
const BETWEEN_CELLS: char = '\u{1f}';
const BETWEEN_ROWS: char = '\u{1e}';

/// A statement that gives the rows of another as one text, in the same order, after what their cells are called.
macro_rules! packed {
    ([$first:literal $(, $more:literal)* $(,)?], $rows:expr) => {
        concat!(
            "SELECT '", $first, $("\u{1f}", $more,)* "\u{1e}' || string_agg(concat_ws('\u{1f}', ",
            "COALESCE(CAST(r.", $first, " AS TEXT), '')",
            $(", COALESCE(CAST(r.", $more, " AS TEXT), '')",)*
            "), '\u{1e}') FROM (", $rows, ") AS r"
        )
    };
}
pub(crate) use packed;

/// All rows of such a text.
struct Pack {
    text: String,
    /// Where each cell ends, row after row; the first row is what they are called. One character lies between two.
    ends: Vec<usize>,
    /// Cells of a row.
    width: usize,
}

impl Pack {
    /// Reads it; nothing where rows are not all as long as the first.
    fn read(text: String) -> Option<Self> {
        let (mut ends, mut width) = (Vec::new(), 0);
        for (row, line) in text.split(BETWEEN_ROWS).enumerate() {
            let mut from = ends.last().map_or(0, |end| end + 1);
            for cell in line.split(BETWEEN_CELLS) {
                ends.push(from + cell.len());
                from += cell.len() + 1;
            }
            if row == 0 {
                width = ends.len();
            }
            if ends.len() != width * (row + 1) {
                return None;
            }
        }
        Some(Self { text, ends, width })
    }

    fn cell(&self, row: usize, place: usize) -> Option<&str> {
        let at = row * self.width + place;
        let from = at.checked_sub(1).map_or(0, |before| self.ends[before] + 1);
        (place < self.width).then(|| &self.text[from..self.ends[at]])
    }
}

/// One of its rows.
#[derive(Clone)]
pub(crate) struct PackedRow {
    pack: Arc<Pack>,
    /// From 1.
    row: usize,
}

impl PackedRow {
    /// The cell of that place; one that is absent is empty.
    pub(super) fn cell(&self, place: usize) -> Option<&str> {
        self.pack.cell(self.row, place)
    }

    /// The cell that is called so.
    pub(super) fn named(&self, name: &str) -> Option<&str> {
        self.cell((0..self.pack.width).find(|place| self.pack.cell(0, *place) == Some(name))?)
    }
}

/// The rows of such a text; nothing where they are not all as long as the first.
pub(super) fn unpacked(text: String) -> Option<Vec<PackedRow>> {
    let pack = Arc::new(Pack::read(text)?);
    let rows = 1..pack.ends.len() / pack.width;
    Some(rows.map(|row| PackedRow { pack: pack.clone(), row }).collect())
}
