//! A table of plain text: columns as wide as their widest cell. Pure.

use std::fmt::Write as _;

/// Rows under a heading; the first column to the left, the others (numbers) to the right.
pub(super) fn table(heading: &[&str], rows: &[Vec<String>], out: &mut String) {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain(heading.get(column).map(|h| h.chars().count())).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heading.len()).map(width).collect();
    let mut line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut row = String::from(" ");
        for (column, (cell, width)) in cells.zip(&widths).enumerate() {
            row.push(' ');
            if column == 0 {
                let _ = write!(row, "{cell:<width$}");
            } else {
                let _ = write!(row, " {cell:>width$}");
            }
        }
        out.push_str(row.trim_end());
        out.push('\n');
    };
    line(&mut heading.iter().copied());
    for row in rows {
        line(&mut row.iter().map(String::as_str));
    }
}
