//! Rows by the ten thousand, handed over as one text.
//!
//! The driver copies each cell and hands each row from SQLite's thread to ours by itself: for a delivery of ten cells that takes
//! ten times as long as it takes SQLite to read it (docs/benchmarks.md). So a statement that gives very many rows has the
//! database write them one after the other into one text, from which they are read here as from any other row. Only for
//! cells that are numbers or words of our own: none has a control character but line feed and tabulator, and none that may be
//! absent is empty when it is there.

use std::sync::Arc;

use super::StoreError;
use super::db::Conn;
use super::engine::{Query, Row};

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

impl Query<'_> {
    /// Every row of a statement that gives them as one text (`packed`).
    pub(crate) async fn fetch_packed(self, conn: &mut Conn) -> Result<Vec<Row>, StoreError> {
        let text: Option<String> = self.fetch_one(conn).await?.try_get(0)?;
        let Some(text) = text else { return Ok(Vec::new()) };
        let uneven = || sqlx::Error::Decode("rows of unlike length in one text".into());
        let pack = Arc::new(Pack::read(text).ok_or_else(uneven)?);
        let rows = 1..pack.ends.len() / pack.width;
        Ok(rows.map(|row| Row::Packed(PackedRow { pack: pack.clone(), row })).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::sql::bound;
    use crate::store::testing::store;

    macro_rules! some_rows {
        () => {
            "SELECT 7 AS n, 'sete' AS word, CAST(NULL AS TEXT) AS gone UNION ALL SELECT -12, '', 'é\n\tx' \
             UNION ALL SELECT 3, 'três', 'y' ORDER BY n DESC"
        };
    }

    const PLAIN: &str = some_rows!();
    const PACKED: &str = packed!(["n", "word", "gone"], some_rows!());
    const NONE: &str = packed!(["n"], "SELECT 1 AS n WHERE 1 = 0");
    const TORN: &str = packed!(["word"], "SELECT 'a\u{1f}b' AS word");

    #[tokio::test]
    async fn rows_that_come_as_one_text_are_those_that_come_by_themselves() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(&dir).await;
        let mut conn = store.db.read().await.unwrap();
        let plain = bound!(PLAIN).fetch_all(&mut conn).await.unwrap();
        let packed = bound!(PACKED).fetch_packed(&mut conn).await.unwrap();
        assert_eq!((plain.len(), packed.len()), (3, 3));
        let told = |row: &Row| {
            let (n, word, gone): (i64, String, Option<String>) =
                (row.try_get("n").unwrap(), row.try_get(1).unwrap(), row.try_get("gone").unwrap());
            (n, word, gone)
        };
        assert_eq!(packed.iter().map(told).collect::<Vec<_>>(), plain.iter().map(told).collect::<Vec<_>>());
        assert_eq!(packed[2].try_get::<Option<i64>, _>("gone").ok(), None, "it is no number");
        assert_eq!(packed[0].try_get::<Option<i64>, _>("gone").unwrap(), None);
        assert!(packed[0].try_get::<i64, _>("gone").is_err(), "there must be one");
        assert!(packed[0].try_get::<i64, _>("other").is_err() && packed[0].try_get::<i64, _>(3).is_err());
        assert_eq!(bound!(NONE).fetch_packed(&mut conn).await.unwrap().len(), 0);
        assert!(bound!(TORN).fetch_packed(&mut conn).await.is_err(), "never half a row");
    }
}
