//! A table of plain text: columns as wide as their widest cell, or, where a width is given, cells folded into it. Pure.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

/// What a column holds, and so the side it stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableColumn {
    /// To the left.
    Text,
    /// To the right.
    Number,
}

/// Rows under a heading, two blanks before each column; without a width nothing is folded, as a pipe wants it.
pub fn table(columns: &[(&str, TableColumn)], rows: &[Vec<String>], width: Option<usize>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(columns.iter().map(|(name, _)| *name)).add_rows(rows);
    let width = width.and_then(|width| u16::try_from(width).ok());
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    for (column, (_, kind)) in table.column_iter_mut().zip(columns) {
        column.set_padding((2, 0)).set_cell_alignment(match kind {
            TableColumn::Text => CellAlignment::Left,
            TableColumn::Number => CellAlignment::Right,
        });
    }
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_folded_into_a_width_and_left_whole_without_one() {
        let rows =
            vec![vec!["Vitória".to_owned(), "uma sentença que não cabe na linha".to_owned(), "7".to_owned()]];
        let columns =
            [("Município", TableColumn::Text), ("Porquê", TableColumn::Text), ("Nº", TableColumn::Number)];
        let whole = table(&columns, &rows, None);
        assert_eq!(whole.lines().count(), 2, "{whole}");
        let folded = table(&columns, &rows, Some(40));
        assert!(folded.lines().count() > 2 && folded.lines().all(|l| l.chars().count() <= 40), "{folded}");
    }
}
