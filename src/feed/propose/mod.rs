//! From a file that staff have anyway to a feed that reads it: encoding, headings, and what each column says.
//!
//! What the file shows beyond doubt is proposed; where two answers are equally likely, or the file cannot tell, a person is
//! asked. A word is never given a meaning that nobody gave it before. What is proposed is switched off, and is tried by
//! the same reader that the service uses.
//!
//! Reading order: `question` (what may be asked), `grid` (cells of any format), `view` (headings), `choose` (which column
//! says what), `write` (the table to paste, and what it would make of each row).

mod choose;
mod grid;
mod question;
#[cfg(test)]
mod tests;
mod view;
mod write;

pub use self::question::{Choices, Gap, Question};
pub use self::view::Met;
pub use self::write::{Proposed, RowKind};

use super::map::Ground;
use super::map::place::Places;
use crate::contain::caught;
use crate::domain::calendar::System;
use crate::domain::feed::{FeedSpec, Format, Source};
use crate::domain::id::FeedId;
use crate::format::body::Original;
use crate::format::error::DecodeError;
use crate::format::table::MOST_COLUMNS;
use crate::text::fold::folded;

use self::choose::Chooser;
use self::grid::Grid;
use self::view::{NoHeading, View, Written, heading, place, place_columns};

/// What is wished for.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// What the feed is to be called.
    pub id: &'a FeedId,
    /// The system that the file speaks of.
    pub system: &'a System,
    pub source: &'a Source,
    /// The feeds that there are: what their words mean was settled by a person.
    pub known: &'a [FeedSpec],
    pub choices: &'a Choices,
}

/// What became of a file.
#[derive(Debug)]
pub enum FileOutcome {
    /// A feed that reads it.
    Proposed(Box<Proposed>),
    /// What a person must settle first.
    Asked(Vec<Question>),
}

/// Proposes a feed that reads a file.
///
/// # Errors
/// [`DecodeError`] when it is nothing that a feed can read.
pub fn propose(
    original: &Original,
    ground: &Ground<'_>,
    wish: &Wish<'_>,
) -> Result<FileOutcome, DecodeError> {
    caught(|| {
        let grids = grid::grids(original)?;
        if let Some(wide) = grids.iter().map(Grid::width).find(|width| *width > MOST_COLUMNS) {
            return Err(DecodeError::TooManyColumns { found: wide, most: MOST_COLUMNS });
        }
        let places = Places::new(ground.roster);
        Ok(match settled(&grids, &places, ground, wish) {
            Ok(proposed) => FileOutcome::Proposed(Box::new(proposed)),
            Err(questions) => FileOutcome::Asked(questions),
        })
    })?
}

fn settled(
    grids: &[Grid],
    places: &Places,
    ground: &Ground<'_>,
    wish: &Wish<'_>,
) -> Result<Proposed, Vec<Question>> {
    let (grid, by) = table(grids, places, wish.choices).map_err(|question| vec![question])?;
    let heading =
        heading(grid, places, by, wish.choices.heading).map_err(|why| vec![headless(grid, &why)])?;
    let view = View::new(grid, heading, places, by);
    let mut chooser = Chooser::new(&view, ground, wish);
    let mapping = chooser.mapping(by, places);
    let format = format(grids, &view, wish.choices, mapping.as_ref());
    match (mapping, format, chooser.questions) {
        (Some(mapping), Ok(format), questions) if questions.is_empty() => {
            Ok(Proposed::new(&view, ground, wish, format, mapping, by))
        }
        (_, format, mut questions) => {
            questions.extend(format.err());
            Err(questions)
        }
    }
}

/// The grid with the municipalities, and the column where they stand.
fn table<'g>(
    grids: &'g [Grid],
    places: &Places,
    choices: &Choices,
) -> Result<(&'g Grid, (usize, Written)), Question> {
    let named = |grid: &&Grid| {
        let by_tab = choices.tab.as_ref().is_none_or(|tab| folded(tab) == folded(&grid.name));
        let by_text = choices.table.as_ref().is_none_or(|text| {
            let text = folded(text);
            grid.rows.iter().take(20).flat_map(|row| &row.cells).any(|cell| folded(cell).contains(&text))
        });
        by_tab && by_text
    };
    let fit: Vec<(&Grid, Vec<(usize, Written)>)> = grids
        .iter()
        .filter(named)
        .map(|grid| (grid, candidates(grid, places, choices)))
        .filter(|(_, columns)| !columns.is_empty())
        .collect();
    match &fit[..] {
        [] => {
            let text = "nenhuma coluna tem códigos do IBGE nem nomes completos de municípios do cadastro";
            let seen = grids.iter().filter(|grid| !grid.name.is_empty()).map(shown);
            let gap = if grids.len() > 1 { Gap::Table } else { Gap::Municipality };
            Err(Question::new(gap, text).among(seen))
        }
        [(grid, columns)] => Ok((grid, one_of(grid, columns, places)?)),
        several => {
            let text = "mais de uma tabela do arquivo fala de municípios: qual delas?";
            Err(Question::new(Gap::Table, text).among(several.iter().map(|(grid, _)| shown(grid))))
        }
    }
}

/// The columns that may name the municipality, or the one that was stated.
fn candidates(grid: &Grid, places: &Places, choices: &Choices) -> Vec<(usize, Written)> {
    let Some(stated) = &choices.municipality else { return place_columns(grid, places) };
    let by_place = stated.strip_prefix('#').and_then(|n| n.parse::<usize>().ok()?.checked_sub(1));
    let fields = grid.names.as_ref().and_then(|names| names.iter().position(|name| name == stated));
    let cells = || grid.rows.iter().take(50).flat_map(|row| row.cells.iter().enumerate());
    let in_rows = || cells().find(|(_, cell)| folded(cell) == folded(stated)).map(|(at, _)| at);
    let Some(column) = fields.or(by_place).or_else(in_rows) else { return Vec::new() };
    let known =
        |written| grid.rows.iter().filter(|row| place(places, written, row.cell(column)).0.is_some()).count();
    let (codes, names) = (known(Written::Code), known(Written::Name));
    match (codes, names) {
        (0, 0) => Vec::new(),
        (codes, names) if codes >= names => vec![(column, Written::Code)],
        _ => vec![(column, Written::Name)],
    }
}

/// Of several columns that say the same on every row, one; of others a person chooses.
fn one_of(grid: &Grid, columns: &[(usize, Written)], places: &Places) -> Result<(usize, Written), Question> {
    let sevens =
        |(column, _): &(usize, Written)| grid.rows.iter().filter(|row| row.cell(*column).len() == 7).count();
    let Some(best) = columns.iter().rev().max_by_key(|column| sevens(column)).copied() else {
        return Err(Question::new(Gap::Municipality, "nenhuma coluna diz o município"));
    };
    let says =
        |(column, written): (usize, Written), row: &grid::GridRow| place(places, written, row.cell(column)).0;
    let torn = grid.rows.iter().find(|row| {
        columns
            .iter()
            .any(|other| matches!((says(best, row), says(*other, row)), (Some(a), Some(b)) if a != b))
    });
    match torn {
        None => Ok(best),
        Some(row) => {
            let columns: Vec<String> = columns.iter().map(|(column, _)| format!("#{}", column + 1)).collect();
            Err(Question::new(
                Gap::Municipality,
                format!("mais de uma coluna diz o município, e não dizem o mesmo (linha {})", row.line),
            )
            .among(columns))
        }
    }
}

/// A grid by its name and its first row.
fn shown(grid: &Grid) -> String {
    let first = grid.rows.iter().find(|row| row.filled() > 1).or(grid.rows.first());
    let cells = first.map(|row| row.cells.iter().filter(|cell| !cell.trim().is_empty()));
    let cells: Vec<&str> = cells.into_iter().flatten().map(String::as_str).take(6).collect();
    let cells = grid.names.as_ref().map_or_else(|| cells.join(" | "), |names| names.join(" | "));
    let name = if grid.name.is_empty() { "a própria lista" } else { &grid.name };
    format!("{name}: {}", crate::text::fold::excerpt(&cells, 100))
}

fn headless(grid: &Grid, why: &NoHeading) -> Question {
    let first = grid.rows.iter().take(3).map(|row| format!("linha {}: {}", row.line, row.cells.join(" | ")));
    let first = first.map(|line| crate::text::fold::excerpt(&line, 100));
    let text = match why {
        NoHeading::None => {
            "o arquivo não tem linha de títulos acima dos dados: acrescente uma, ou o primeiro município se perderia"
                .to_owned()
        }
        NoHeading::Unsure(line) => format!("a linha {line} é a dos títulos, ou já é de um município?"),
        NoHeading::Stated => "não há nada na linha que foi dita dos títulos".to_owned(),
    };
    Question::new(Gap::Heading, text).among(first)
}

/// How the bytes read, with the headings where they are.
fn format(
    grids: &[Grid],
    view: &View<'_>,
    choices: &Choices,
    mapping: Option<&crate::domain::feed::Mapping>,
) -> Result<Format, Question> {
    let row = view.heading.row;
    let line = row.and_then(|row| view.grid.rows.get(row)).and_then(|row| u32::try_from(row.line).ok());
    let below = line.filter(|_| row > Some(0));
    match &view.grid.format {
        Format::Csv { delimiter, encoding, .. } => {
            Ok(Format::Csv { delimiter: *delimiter, encoding: encoding.clone(), heading: below })
        }
        Format::Sheet { .. } => {
            let by_place =
                mapping.is_some_and(|m| super::map::wanted(m).iter().any(|name| name.starts_with('#')));
            let name = (grids.len() > 1).then(|| view.grid.name.clone());
            Ok(Format::Sheet { name, heading: if by_place { line } else { below } })
        }
        Format::Html { .. } => {
            let encoding = None;
            if let Some(table) = &choices.table {
                return Ok(Format::Html { table: table.clone(), encoding });
            }
            let elsewhere = |text: &str| {
                let others = grids.iter().filter(|grid| !std::ptr::eq(*grid, view.grid));
                others.flat_map(|grid| &grid.rows).flat_map(|row| &row.cells).any(|cell| folded(cell) == text)
            };
            let rows = [view.heading.row, view.heading.group];
            let heads = rows.into_iter().flatten().filter_map(|at| view.grid.rows.get(at));
            let mut texts = heads.flat_map(|row| &row.cells).map(|cell| cell.trim());
            let own = texts.find(|text| !text.is_empty() && !elsewhere(&folded(text)));
            let none = || {
                let text = "nenhum título desta tabela é só dela, e outra página poderia trazer a errada";
                Question::new(Gap::Table, text)
            };
            Ok(Format::Html { table: own.ok_or_else(none)?.to_owned(), encoding })
        }
        other => Ok(other.clone()),
    }
}
