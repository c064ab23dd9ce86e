//! A file of any format as grids of cells, before anybody knows which row has the headings: a CSV is one, a workbook one
//! for each tab that a person sees, a page one for each table, a JSON one for each list of objects.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::ops::ControlFlow;

use serde_json::Value;

use crate::domain::feed::Format;
use crate::format::body::Original;
use crate::format::error::DecodeError;
use crate::format::kind::{Due, refuse_other_kinds};
use crate::format::table::Table;
use crate::format::{html, json, sheet};
use crate::text::csv::{Dialect, Records};
use crate::text::fold::trimmed;
use crate::text::stream::Survey;

/// How much of a CSV is looked at to tell what parts its cells.
const HEAD: u64 = 64 * 1024;
/// Most cells that are looked at; what comes after is read only when the proposal is tried.
const MOST_CELLS: usize = 2_000_000;
/// Most bytes of a JSON, which is held whole.
const LARGEST_JSON: u64 = 64 * 1024 * 1024;
/// Deepest list of a JSON.
const DEEPEST: usize = 6;
const DELIMITERS: [u8; 4] = *b";\t,|";

/// One row, and the line of the file on which it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GridRow {
    pub(super) line: u64,
    pub(super) cells: Vec<String>,
}

impl GridRow {
    pub(super) fn cell(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", |cell| trimmed(cell))
    }

    /// What a row goes by: the cell of its municipality, else the first that says anything.
    pub(super) fn label(&self, place: usize) -> &str {
        let own = Some(self.cell(place)).filter(|cell| !cell.is_empty());
        let first = || self.cells.iter().map(|cell| trimmed(cell)).find(|cell| !cell.is_empty());
        own.or_else(first).unwrap_or_default()
    }

    pub(super) fn filled(&self) -> usize {
        self.cells.iter().filter(|cell| !trimmed(cell).is_empty()).count()
    }
}

/// Cells in rows. No row is blank.
#[derive(Debug, Clone)]
pub(super) struct Grid {
    /// How it reads, as far as is known without the headings.
    pub(super) format: Format,
    /// The tab, or the path of the list; empty where there is nothing to tell apart.
    pub(super) name: String,
    /// The names of the columns, where they stand in no row.
    pub(super) names: Option<Vec<String>>,
    pub(super) rows: Vec<GridRow>,
    /// Whether there is more than was looked at.
    pub(super) cut: bool,
}

impl Grid {
    fn new(format: Format, name: impl Into<String>) -> Self {
        Self { format, name: name.into(), names: None, rows: Vec::new(), cut: false }
    }

    /// Takes a row in; answers whether there is room for another.
    fn add(&mut self, line: u64, cells: Vec<String>, held: &mut usize) -> bool {
        if *held >= MOST_CELLS {
            self.cut = true;
            return false;
        }
        *held += cells.len();
        let row = GridRow { line, cells };
        if row.filled() > 0 {
            self.rows.push(row);
        }
        true
    }

    pub(super) fn width(&self) -> usize {
        let widest = self.rows.iter().map(|row| row.cells.len()).max().unwrap_or(0);
        self.names.as_ref().map_or(widest, Vec::len)
    }

    /// Its tables are told apart by their headings.
    pub(super) fn is_of_a_page(&self) -> bool {
        matches!(self.format, Format::Html { .. })
    }
}

/// Every grid of a file.
pub(super) fn grids(original: &Original) -> Result<Vec<Grid>, DecodeError> {
    let head = original.head(4_096)?;
    let start = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&head).trim_ascii_start();
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"\xD0\xCF\x11\xE0") {
        return workbook(original);
    }
    match start.first() {
        Some(b'<') => page(original),
        Some(b'{' | b'[') => lists(original),
        _ => text(original).map(|grid| vec![grid]),
    }
}

/// Delimited text. The delimiter is the one that gives most rows as many cells as others have: titles above the headings
/// must not choose it.
fn text(original: &Original) -> Result<Grid, DecodeError> {
    refuse_other_kinds(&original.head(HEAD)?, Due::Csv)?;
    let survey = Survey::of(original.open(), None)?;
    let mut opening = Vec::new();
    survey.open(original.open())?.0.take(HEAD).read_to_end(&mut opening)?;
    let dialect = |delimiter| Dialect::detect(&opening, Some(delimiter), survey.has_line_feed);
    let mut delimiter = (0, b';');
    for candidate in DELIMITERS {
        let mut records = Records::new(&opening[..], dialect(candidate));
        let mut alike: BTreeMap<usize, usize> = BTreeMap::new();
        while let Ok(Some(record)) = records.next() {
            *alike.entry(record.len()).or_default() += 1;
        }
        let cells = alike.iter().filter(|(cells, _)| **cells > 1).map(|(cells, rows)| cells * rows).max();
        if cells.unwrap_or(0) > delimiter.0 {
            delimiter = (cells.unwrap_or(0), candidate);
        }
    }
    let (source, reading) = survey.open(original.open())?;
    let mut records = Records::new(source, dialect(delimiter.1));
    let format = Format::Csv { delimiter: Some(delimiter.1), encoding: None, heading: None };
    let (mut grid, mut kept) = (Grid::new(format, ""), 0);
    while let Some(record) = records.next()? {
        let cells = record.cells().map(|(cell, _)| reading.text(cell).into_owned()).collect();
        if !grid.add(record.line, cells, &mut kept) {
            break;
        }
    }
    Ok(grid)
}

fn workbook(original: &Original) -> Result<Vec<Grid>, DecodeError> {
    let mut grids = Vec::new();
    let mut held = 0;
    for name in sheet::seen(original)? {
        let mut grid = Grid::new(Format::Sheet { name: None, heading: None }, name.clone());
        sheet::rows(original, &name, &mut |line, cells| {
            if grid.add(u64::from(line), cells.to_vec(), &mut held) {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
        grids.push(grid);
    }
    Ok(grids)
}

fn page(original: &Original) -> Result<Vec<Grid>, DecodeError> {
    let (mut grids, mut held) = (Vec::<Grid>::new(), 0);
    html::rows(original, &mut |table, line, cells| {
        while grids.len() <= table {
            let format = Format::Html { table: String::new(), encoding: None };
            grids.push(Grid::new(format, format!("{}ª tabela", grids.len() + 1)));
        }
        if let Some(grid) = grids.get_mut(table) {
            grid.add(line, cells.to_vec(), &mut held);
        }
    })?;
    Ok(grids)
}

fn lists(original: &Original) -> Result<Vec<Grid>, DecodeError> {
    if original.len() > LARGEST_JSON {
        return Err(DecodeError::LargePage(LARGEST_JSON / (1024 * 1024)));
    }
    let bytes = original.bytes()?;
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    let document: Value =
        serde_json::from_slice(bytes).map_err(|error| DecodeError::Json { line: error.line() })?;
    let mut paths = Vec::new();
    find_lists(&document, &mut Vec::new(), &mut paths);
    let is_solr = document.pointer("/response/numFound").is_some();
    let mut grids = Vec::new();
    for path in paths {
        let format = if is_solr && path == ["response", "docs"] {
            Format::Solr
        } else {
            Format::Json { path: path.clone() }
        };
        let table: Table<'_> = json::open(original, &path)?;
        let names = table.header().names().map(str::to_owned).collect();
        let (mut grid, mut held) = (Grid::new(format, path.join(".")), 0);
        grid.names = Some(names);
        table.each(&mut |row| {
            if let Ok(row) = row {
                grid.add(row.line, row.cells().map(str::to_owned).collect(), &mut held);
            }
        })?;
        grids.push(grid);
    }
    Ok(grids)
}

fn find_lists(value: &Value, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    match value {
        Value::Array(items) if items.iter().any(Value::is_object) => found.push(path.clone()),
        Value::Object(fields) if path.len() < DEEPEST => {
            for (key, inner) in fields.iter().filter(|(key, _)| !key.contains('.') && trimmed(key) == *key) {
                path.push(key.clone());
                find_lists(inner, path, found);
                path.pop();
            }
        }
        _ => {}
    }
}
