//! A grid of which it is known where the municipalities stand and which row has the headings. Pure.
//!
//! A row that nobody can tell from a heading is never taken for one: it would be a municipality that vanishes.

use super::super::map::place::Places;
use super::super::map::{period, written};
use super::grid::{Grid, GridRow};
use crate::domain::id::MunicipalityCode;
use crate::format::table::Header;
use crate::text::fold::{excerpt, folded};

/// Most characters shown of a cell.
const SHOWN: usize = 24;
/// Most different values shown of a column.
const EXAMPLES: usize = 3;
/// How far above the first row of data the headings may stand.
const ABOVE: usize = 4;

/// How the municipality is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    Code,
    Name,
}

/// The municipality that a cell names, and whether it is one at all: another state's code is.
pub(super) fn place(places: &Places, written: Written, cell: &str) -> (Option<MunicipalityCode>, bool) {
    use super::super::map::place::NotKnown;
    let read = match written {
        _ if cell.is_empty() => return (None, false),
        Written::Code => places.municipality(Some(cell)),
        Written::Name => places.named(Some(cell)),
    };
    match read {
        Ok(code) => (Some(code), true),
        Err(NotKnown::Unknown(_)) => (None, true),
        Err(_) => (None, false),
    }
}

/// The columns that may name the municipality, with how many rows each names; those that name far fewer than the best
/// are left out. Codes go before names.
pub(super) fn place_columns(grid: &Grid, places: &Places) -> Vec<(usize, Written)> {
    for written in [Written::Code, Written::Name] {
        let counted = (0..grid.width()).filter_map(|column| {
            let cells = grid.rows.iter().map(|row| row.cell(column)).filter(|cell| !cell.is_empty());
            let read: Vec<_> = cells.map(|cell| place(places, written, cell)).collect();
            let known = read.iter().filter(|(code, _)| code.is_some()).count();
            let first = read.iter().position(|(_, is_one)| *is_one)?;
            let ones = read.iter().filter(|(_, is_one)| *is_one).count();
            // From the first one on: what stands above are titles.
            let enough = if written == Written::Code { 70 } else { 50 };
            (known > 0 && ones * 100 >= (read.len() - first) * enough).then_some((column, known))
        });
        let counted: Vec<(usize, usize)> = counted.collect();
        let best = counted.iter().map(|(_, known)| *known).max().unwrap_or(0);
        let likely = counted.into_iter().filter(|(_, known)| known * 2 > best);
        let likely: Vec<(usize, Written)> = likely.map(|(column, _)| (column, written)).collect();
        if !likely.is_empty() {
            return likely;
        }
    }
    Vec::new()
}

/// Where the headings stand, as places in the rows of a grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Heading {
    /// The row that names the columns; none where they are fields.
    pub(super) row: Option<usize>,
    /// One above it that puts columns together.
    pub(super) group: Option<usize>,
}

/// Why no row can be taken for the headings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoHeading {
    /// No row above the data looks like one.
    None,
    /// This line might be one, or might be a municipality that is written otherwise.
    Unsure(u64),
    /// There is nothing on the line that was stated.
    Stated,
}

/// Finds the headings above the first municipality.
pub(super) fn heading(
    grid: &Grid,
    places: &Places,
    (column, written): (usize, Written),
    stated: Option<u32>,
) -> Result<Heading, NoHeading> {
    if grid.names.is_some() {
        return Ok(Heading { row: None, group: None });
    }
    let above = |row: usize| {
        row.checked_sub(1).filter(|at| grid.rows.get(*at).is_some_and(|r| r.filled() > 1 && is_heading(r)))
    };
    if let Some(line) = stated {
        let at = grid.rows.iter().position(|row| row.line == u64::from(line)).ok_or(NoHeading::Stated)?;
        return Ok(Heading { row: Some(at), group: above(at) });
    }
    let first = grid.rows.iter().position(|row| place(places, written, row.cell(column)).1);
    let first = first.ok_or(NoHeading::None)?;
    let found = (first.saturating_sub(ABOVE)..first).rev().find(|at| {
        grid.rows.get(*at).is_some_and(|row| is_heading(row) && (row.filled() > 1 || grid.width() == 1))
    });
    let at = found.ok_or(NoHeading::None)?;
    let group = above(at);
    let title = |at: usize| grid.rows.get(at).map(|row| folded(row.cell(column))).unwrap_or_default();
    let titles = [Some(at), group].into_iter().flatten().map(title).collect::<Vec<_>>();
    let clue =
        |text: &String| ["munic", "ibge", "cidade", "localidade"].iter().any(|clue| text.contains(clue));
    let plain = written == Written::Code && titles.first().is_some_and(|title| !title.is_empty());
    if titles.iter().any(clue) || plain {
        Ok(Heading { row: Some(at), group })
    } else {
        Err(NoHeading::Unsure(grid.rows.get(at).map_or(0, |row| row.line)))
    }
}

/// Whether a row has texts and no numbers but those of years and months.
fn is_heading(row: &GridRow) -> bool {
    let is_number = |cell: &str| {
        cell.bytes().any(|b| b.is_ascii_digit())
            && cell.bytes().all(|b| b.is_ascii_digit() || b".,%-/ ".contains(&b))
            && month_of(cell).is_none()
            && !(cell.len() == 4 && cell.starts_with("20"))
    };
    row.filled() > 0 && !row.cells.iter().any(|cell| is_number(cell.trim()))
}

/// The year, where it is told, and the month that a heading is about.
pub(super) fn month_of(title: &str) -> Option<(Option<i16>, i8)> {
    const PATTERNS: [&str; 11] = [
        "%m/%Y", "%Y-%m", "%B/%Y", "%b/%Y", "%B de %Y", "%B %Y", "%b %Y", "%b/%y", "%b-%y", "%m-%Y", "%m/%y",
    ];
    let year = |year: i16| (2005..=2100).contains(&year);
    for pattern in PATTERNS {
        if let Some(read) = written::read(pattern, title)
            && let (Some(y), Some(m)) = (read.year(), read.month())
            && year(y)
        {
            return Some((Some(y), m));
        }
    }
    if title.contains('-')
        && let Some(at) = period::sheet_date(title)
    {
        return Some((Some(at.year()), at.month()));
    }
    ["%B", "%b"].iter().find_map(|pattern| written::read(pattern, title)?.month()).map(|month| (None, month))
}

/// One column as a person would know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) at: usize,
    /// What a feed calls it: its heading where that is its own, else its place.
    pub(super) name: String,
    /// The heading as written.
    pub(super) title: String,
    /// What puts it together with others, folded.
    pub(super) group: String,
    /// Both, folded.
    pub(super) label: String,
}

/// A grid with its headings, and the rows that are about municipalities of the roster.
pub(super) struct View<'g> {
    pub(super) grid: &'g Grid,
    pub(super) heading: Heading,
    pub(super) columns: Vec<Column>,
    pub(super) data: Vec<(MunicipalityCode, &'g GridRow)>,
    /// Rows under the headings about nobody of the roster.
    pub(super) other: Vec<&'g GridRow>,
}

impl<'g> View<'g> {
    pub(super) fn new(grid: &'g Grid, heading: Heading, places: &Places, by: (usize, Written)) -> Self {
        let under = heading.row.map_or(0, |row| row + 1);
        let heads: Vec<&GridRow> =
            [heading.row, heading.group].into_iter().flatten().filter_map(|at| grid.rows.get(at)).collect();
        let (mut data, mut other) = (Vec::new(), Vec::new());
        // Long tables of a page repeat their headings, and the reader passes over them.
        let repeated =
            |row: &&GridRow| grid.is_of_a_page() && heads.iter().any(|head| head.cells == row.cells);
        for row in grid.rows.iter().skip(under).filter(|row| !repeated(row)) {
            match place(places, by.1, row.cell(by.0)).0 {
                Some(code) => data.push((code, row)),
                None => other.push(row),
            }
        }
        Self { grid, heading, columns: columns(grid, heading), data, other }
    }

    /// The cells of a column in rows about known municipalities that are not blank.
    pub(super) fn cells<'v>(&'v self, column: &'v Column) -> impl Iterator<Item = &'g str> + 'v {
        self.data.iter().map(|(_, row)| row.cell(column.at)).filter(|cell| !cell.is_empty())
    }

    /// The different words of a column in the order of the file, each as first written, with how many rows have it and
    /// the first of them.
    pub(super) fn words(&self, column: &Column) -> Vec<Met> {
        let mut at = std::collections::HashMap::new();
        let mut words: Vec<Met> = Vec::new();
        for (_, row) in &self.data {
            let cell = row.cell(column.at);
            if cell.is_empty() {
                continue;
            }
            let place = *at.entry(folded(cell)).or_insert(words.len());
            match words.get_mut(place) {
                Some(met) => met.rows += 1,
                None => words.push(Met { word: cell.to_owned(), rows: 1, first_line: row.line }),
            }
        }
        words
    }

    /// A column that an operator named, as a feed would.
    pub(super) fn find(&self, name: &str) -> Option<&Column> {
        let named = |wanted: &dyn Fn(&Column) -> bool| {
            let mut found = self.columns.iter().filter(|column| wanted(column));
            found.next().filter(|_| found.next().is_none())
        };
        let wanted = folded(name);
        named(&|c| folded(&c.name) == wanted)
            .or_else(|| named(&|c| folded(&c.title) == wanted || c.label == wanted))
            .or_else(|| named(&|c| format!("#{}", c.at + 1) == name))
    }

    /// A column with a few of its values.
    pub(super) fn shown(&self, column: &Column) -> String {
        let words = self.words(column);
        let mut values: Vec<String> =
            words.iter().take(EXAMPLES).map(|met| excerpt(&met.word, SHOWN)).collect();
        if words.len() > EXAMPLES {
            values.push("…".to_owned());
        }
        let title = match (column.title.is_empty(), column.group.is_empty()) {
            (true, true) => column.name.clone(),
            (_, true) => format!("“{}”", column.title),
            (_, false) => format!("{} (“{}”, {})", column.name, column.title, column.group),
        };
        if values.is_empty() { format!("{title}: vazia") } else { format!("{title}: {}", values.join(", ")) }
    }
}

/// A word of a file, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Met {
    /// As first written.
    pub word: String,
    /// In how many rows.
    pub rows: usize,
    pub first_line: u64,
}

fn columns(grid: &Grid, heading: Heading) -> Vec<Column> {
    let width = grid.width();
    let row = |at: Option<usize>| -> Vec<String> {
        let cells = at.and_then(|at| grid.rows.get(at)).map(|row| row.cells.clone()).unwrap_or_default();
        (0..width).map(|at| line(cells.get(at).map_or("", String::as_str))).collect()
    };
    let titles = grid.names.clone().unwrap_or_else(|| row(heading.row));
    let mut groups = row(heading.group);
    // What is merged over several columns stands in the first.
    let mut last = String::new();
    for (at, group) in groups.iter_mut().enumerate() {
        let own = titles.get(at).is_some_and(|title| !title.is_empty());
        match (group.is_empty(), own) {
            (true, true) => group.clone_from(&last),
            (false, true) => last.clone_from(group),
            // A heading of its own that reaches down.
            (_, false) => last.clear(),
        }
    }
    let header = Header::new(titles.iter().cloned());
    let named = |at: usize, title: &str| {
        let is_its_own = !title.is_empty()
            && !title.starts_with('#')
            && title.chars().count() <= 200
            && header.find(title).is_ok_and(|found| found == crate::format::table::ColumnIndex::at(at));
        if is_its_own { title.to_owned() } else { format!("#{}", at + 1) }
    };
    let made = titles.iter().zip(&groups).enumerate().map(|(at, (title, group))| {
        let (title, above) = if title.is_empty() { (group, "") } else { (title, group.as_str()) };
        let group = if folded(title) == folded(above) { String::new() } else { folded(above) };
        let label = format!("{group} {}", folded(title)).trim().to_owned();
        let own = titles.get(at).map_or("", String::as_str);
        Column { at, name: named(at, own), title: title.clone(), group, label }
    });
    made.collect()
}

/// A heading in one line.
fn line(text: &str) -> String {
    crate::text::fold::trimmed(&text.replace(|c: char| c.is_control(), " ")).to_owned()
}
