//! Rows to observations. Pure.
//!
//! What a row says is told as it says it. What no row says is told only where the file speaks of the window and part at
//! all, and as *pendente* only in a presence feed and when nothing in the file could be the missing row: a bad line
//! about the municipality, or about nobody knows whom, makes it *não confirmado*. In a situation feed who is missing is
//! *não confirmado*, so that an older *pendente* of theirs is not kept fresh by a file that no longer names them.

mod absence;
mod column;
pub(in crate::feed) mod count;
mod gather;
pub(in crate::feed) mod period;
pub(in crate::feed) mod place;
mod row;
mod seam;
mod word;
pub(in crate::feed) mod written;

pub(super) use self::word::part_words;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::domain::calendar::{Calendar, Window};
use crate::domain::feed::{FeedSpec, Meaning, PartRule, Says};
use crate::domain::id::{MunicipalityCode, PartId, UnitId, WindowId};
use crate::domain::roster::Roster;
use crate::domain::status::{Basis, Observations};

use crate::format::body::Given;
use crate::format::error::DecodeError;
use crate::format::table::{ColumnError, RowProblem, Table, TableRow};
use crate::text::remark::Remark;

/// What rows are read against.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// Systems and parts, and the zone in which dates are meant.
    pub calendar: &'a Calendar,
    /// Every window that may be spoken of, as [`Calendar::windows`] gives them.
    pub windows: &'a [Window],
    /// Who is known and expected.
    pub roster: &'a Roster,
    pub taken_at: Timestamp,
}

/// A line that says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// Line in the file, from 1.
    pub line: u64,
    pub message: Remark,
}

/// A line about a municipality that the roster does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownMunicipality {
    /// Line in the file, from 1.
    pub line: u64,
    /// Code as written.
    pub code: String,
}

/// A unit that the roster does not have in the municipality of its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownUnit {
    /// Line in the file, from 1, on which it stands first.
    pub line: u64,
    pub unit: UnitId,
    /// Name of the municipality that the row names.
    pub municipality: String,
    /// Name of the municipality in which the roster has it.
    pub registered_in: Option<String>,
}

/// A word that the feed's tables do not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownWord {
    /// Column in which it stands, as the feed names it.
    pub column: String,
    /// In how many rows.
    pub count: usize,
    /// Line on which it was met first.
    pub first_line: u64,
}

/// Most rows that wait for the others of their table.
const MOST_WAITING: usize = 20_000;

/// Most entries that each list of oddities keeps; the counts go on.
pub const MOST_LISTED: usize = 500;

/// What a file says. Lists are in file order and hold at most [`MOST_LISTED`] entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapped {
    /// By window, municipality, part and unit, each key once.
    pub observations: Observations,
    /// Rows that are not blank, bad ones included.
    pub rows: usize,
    /// How many rows say nothing.
    pub bad: usize,
    /// The first of them.
    pub bad_lines: Vec<BadLine>,
    /// The first sign that rows are lost: the file ends in the middle of one, or a quote swallowed some.
    pub truncated: Option<BadLine>,
    /// The first sign that the rows are of more than one table: headings under a title of their own, other headings, or
    /// a title in the middle.
    pub seam: Option<BadLine>,
    /// How many rows are about municipalities that the roster does not have.
    pub unknown: usize,
    /// The first of them.
    pub unknown_municipalities: Vec<UnknownMunicipality>,
    /// Words that mean nothing, as written (cut at sixty characters).
    pub unknown_words: BTreeMap<String, UnknownWord>,
    /// Rows about something that another row spoke of before.
    pub duplicates: usize,
    /// Line of the first of them.
    pub first_duplicate: Option<u64>,
    /// Rows of a reference or part that no window has.
    pub without_window: usize,
    /// Rows whose situation is blank and has no meaning declared.
    pub blank_situations: usize,
    /// Rows whose date cannot be read or lies in the future.
    pub doubtful_dates: usize,
    /// Rows whose counts say neither that all are filled in nor that some are missing.
    pub unclear_counts: usize,
    /// Rows that the feed says are no data (`Total`).
    pub ignored: usize,
    /// Whether rows are about units.
    pub(super) by_unit: bool,
    /// Units that the roster does not have in that municipality.
    pub unknown_units: BTreeSet<UnitId>,
    /// The first of them.
    pub strange_units: Vec<UnknownUnit>,
    /// Expected municipalities or units without a row that are not taken for pendente.
    pub unsaid: usize,
    /// Of these, how many stay *concluído* or *não se aplica* by what the feed said before.
    pub settled_before: usize,
    /// Known municipalities with a row.
    pub municipalities_seen: BTreeSet<MunicipalityCode>,
    /// *Concluído* by window, with zero for a window that is open and that no row speaks of.
    pub done: BTreeMap<WindowId, usize>,
    /// Pages that the load came in.
    pub pages: usize,
    /// How many of them could not be had or read.
    pub missed_pages: usize,
    /// Why the first of them could not, and whom it is about.
    pub first_missed: Option<String>,
    /// The form that the load came in and that the next must have too: a line for each, place and columns parted by a
    /// tabulator.
    pub form: Option<String>,
    /// Two different questions that got the same bytes for an answer, by what they were about.
    pub same_answer: Option<(String, String)>,
    /// Municipalities of which rows say different things, by name.
    pub contradicted: Vec<String>,
    pub taken_at: Option<Timestamp>,
    /// Columns that the feed needs and the file lacks; then nothing else was read.
    pub columns: Vec<ColumnError>,
}

impl Mapped {
    fn bad_line(&mut self, line: u64, message: Remark) {
        self.bad += 1;
        if self.bad_lines.len() < MOST_LISTED {
            self.bad_lines.push(BadLine { line, message });
        }
    }
}

/// Turns the rows of one load, table by table, into observations.
pub struct Mapper<'a> {
    spec: &'a FeedSpec,
    ground: &'a Ground<'a>,
    periods: period::Periods<'a>,
    words: row::Tables<'a>,
    mapped: Mapped,
    gathered: gather::Gathered,
    doubts: absence::Doubts,
    asked: absence::Asked,
}

pub(super) use column::wanted;

impl<'a> Mapper<'a> {
    /// Begins with nothing said.
    pub fn new(spec: &'a FeedSpec, ground: &'a Ground<'a>) -> Self {
        let periods = period::Periods::new(spec, ground);
        let parts = ground.calendar.parts.keys().cloned().chain(spoken_of(spec));
        Self {
            spec,
            ground,
            words: row::Tables::new(spec, ground),
            mapped: Mapped {
                by_unit: spec.mapping.unit.is_some(),
                taken_at: Some(ground.taken_at),
                ..Mapped::default()
            },
            gathered: gather::Gathered::new(periods.len(), parts),
            doubts: absence::Doubts::default(),
            asked: absence::Asked::default(),
            periods,
        }
    }

    /// How many rows were given so far.
    pub(super) fn rows(&self) -> usize {
        self.mapped.rows
    }

    /// Whether a table had not all mapped columns.
    pub(super) fn lacks_columns(&self) -> bool {
        !self.mapped.columns.is_empty()
    }

    /// Takes in the rows of a table. One whose header lacks a mapped column says so and nothing else.
    ///
    /// # Errors
    /// [`DecodeError`] when the table turns out not to be whole.
    pub fn read(&mut self, table: Table<'_>, given: &Given) -> Result<(), DecodeError> {
        self.asked.note(given);
        // A list of no objects names no columns.
        if table.header().is_empty() {
            return table.each(&mut |_| ());
        }
        if let Some(form) = table.form() {
            // Where a table stands in its page may differ from one unit or municipality to the next.
            let place = if given.is_of_somebody() { "" } else { &form.place };
            let line = format!("{place}\t{}", form.columns);
            let known = self.mapped.form.get_or_insert_default();
            if !known.lines().any(|known| known == line) {
                known.push_str(if known.is_empty() { "" } else { "\n" });
                known.push_str(&line);
            }
        }
        let columns = match column::Columns::find(&self.spec.mapping, table.header()) {
            Ok(columns) => columns,
            Err(errors) => {
                self.mapped.columns = errors;
                return Ok(());
            }
        };
        let mut waiting: Vec<TableRow> = Vec::new();
        let mut seams = seam::Seams::new(self.spec, table.header(), &columns);
        let with = row::With { columns: &columns, given, periods: &self.periods };
        table.each(&mut |row| {
            self.mapped.rows += 1;
            match row {
                Ok(row) if waiting.len() < MOST_WAITING && self.words.must_wait(row, &columns) => {
                    waiting.push(row.clone());
                    seams.data();
                }
                // Without a column of municipalities every row is about somebody.
                Ok(row) if columns.municipality.is_none() && seams.is_heading(row) => {
                    seams.other(row, false);
                    self.mapped.bad_line(row.line, "o cabeçalho no meio da tabela".into());
                }
                Ok(row) => {
                    let to = row::To {
                        mapped: &mut self.mapped,
                        gathered: &mut self.gathered,
                        doubts: &mut self.doubts,
                    };
                    match self.words.read(row, with, to) {
                        row::Whom::Somebody => seams.data(),
                        row::Whom::Nothing => {}
                        row::Whom::Bad => seams.other(row, self.words.names_one(row)),
                    }
                }
                Err(fault) if fault.problem == RowProblem::HeadingAgain => {
                    self.mapped.rows -= 1;
                    seams.again(fault.line);
                }
                // A sum has not always all cells.
                Err(fault) if fault.row.as_ref().is_some_and(|row| self.words.is_ignored(row, &columns)) => {
                    self.mapped.ignored += 1;
                }
                Err(fault) => {
                    if let Some(row) = &fault.row {
                        seams.other(row, self.words.names_one(row));
                    }
                    let message = Remark::from(fault.problem.to_string());
                    if matches!(fault.problem, RowProblem::Truncated { .. } | RowProblem::Swallowing) {
                        let cut = BadLine { line: fault.line, message: message.clone() };
                        self.mapped.truncated.get_or_insert(cut);
                    }
                    self.mapped.bad_line(fault.line, message);
                    match given.municipality {
                        Some(asked) => self.doubts.about(asked),
                        None => self.doubts.everywhere(),
                    }
                }
            }
        })?;
        if self.mapped.seam.is_none() {
            self.mapped.seam = seams.found();
        }
        for row in &waiting {
            let (mapped, gathered, doubts) = (&mut self.mapped, &mut self.gathered, &mut self.doubts);
            let _ = self.words.read(row, with, row::To { mapped, gathered, doubts });
        }
        if self.gathered.overflown {
            return Err(DecodeError::TooMuch(gather::MOST_OBSERVATIONS));
        }
        Ok(())
    }

    /// Notes two different questions that got the same bytes for an answer.
    pub(super) fn same_answer(&mut self, one: &Given, other: &Given) {
        self.mapped.same_answer.get_or_insert_with(|| (one.to_string(), other.to_string()));
    }

    /// Notes a page that could not be had or read: whom it is about may have a row nobody saw.
    pub fn miss(&mut self, given: &Given, why: &str) {
        self.mapped.missed_pages += 1;
        let whom = match (&given.unit, given.municipality) {
            (Some(unit), _) => format!("unidade {unit}: "),
            (None, Some(municipality)) => format!("município {municipality}: "),
            (None, None) => String::new(),
        };
        self.mapped.first_missed.get_or_insert_with(|| format!("{whom}{why}"));
        match given.municipality {
            Some(municipality) => self.doubts.about(municipality),
            None => self.doubts.everywhere(),
        }
    }

    /// Adds what no row says, and gives all of it.
    pub fn finish(self) -> Mapped {
        let mut mapped = self.mapped;
        if !mapped.columns.is_empty() {
            return Mapped { columns: mapped.columns, ..Mapped::default() };
        }
        let mut settled = self.gathered.settle();
        mapped.duplicates = settled.repeated.rows;
        mapped.first_duplicate = settled.repeated.first_line.map(u64::from);
        let doubts = (&self.doubts, &self.asked);
        absence::add(self.spec, self.ground, &self.periods, doubts, &mut mapped, &mut settled);
        mapped.done = self.periods.stateable().map(|(_, w)| (w.id.clone(), 0)).collect();
        mapped.observations = settled.into_observations(self.periods.all().map(|(_, w)| &w.id));
        for page in mapped.observations.pages() {
            *mapped.done.entry(page.window().clone()).or_default() += page.done();
        }
        let torn = mapped.observations.iter().filter(|said| said.basis == Basis::Contradiction);
        let torn: BTreeSet<MunicipalityCode> = torn.map(|said| said.municipality).collect();
        mapped.contradicted = torn.into_iter().map(|code| self.ground.roster.name_of(code)).collect();
        mapped
    }
}

/// The windows of which a load of a feed may tell by silence.
pub fn told_by_silence(spec: &FeedSpec, ground: &Ground<'_>) -> BTreeSet<WindowId> {
    period::Periods::new(spec, ground).stateable().map(|(_, window)| window.id.clone()).collect()
}

/// The parts that a feed itself names.
fn spoken_of(spec: &FeedSpec) -> Vec<PartId> {
    let mut parts = match &spec.mapping.part {
        PartRule::Fixed(part) => vec![part.clone()],
        PartRule::Column { words, .. } => words.values().flatten().cloned().collect(),
        PartRule::Situation => Vec::new(),
    };
    if let Meaning::Situation { words, .. } = &spec.mapping.meaning {
        for says in words.values() {
            if let Says::Parts(words) = says {
                parts.extend(words.keys().cloned());
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests;
