//! One word on each key, whatever the order of the rows, in little room. Pure.
//!
//! A row is kept as numbers: names are kept once. Rows that repeat are folded together before they become many, so
//! that memory follows what a file says and not how long it is.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::id::{MunicipalityCode, PartId, UnitId};
use crate::domain::page::{Line, Mark, Page, PageWriter};
use crate::domain::status::State;

/// Most different things that one load may say: ten years of every unit in the country.
pub(super) const MOST_OBSERVATIONS: usize = 2_000_000;

/// What one row says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said {
    pub(super) state: State,
    /// The row's own date in seconds of the epoch; never later than the snapshot.
    pub(super) dated: Option<i64>,
    pub(super) wording: u16,
    /// Whether the source says outright that a concluded form was opened again.
    pub(super) reopened: bool,
}

/// What a row says of one part of one municipality, or of one of its units, in one window.
#[derive(Debug, Clone, Copy)]
struct Record {
    municipality: MunicipalityCode,
    unit: u32,
    dated: i64,
    line: u32,
    part: u16,
    wording: u16,
    state: State,
    reopened: bool,
}

/// No date: as of when the snapshot was taken, and so later than any date.
const UNDATED: i64 = i64::MAX;

impl Record {
    fn key(&self) -> (MunicipalityCode, u16, u32) {
        (self.municipality, self.part, self.unit)
    }

    /// The newest word stands; among words of one date the most advanced, and doubt before an accusation. The rest
    /// only makes the order whole, so that the order of rows never matters.
    fn weight<'n>(&self, names: &'n Names, taken_at: i64) -> (i64, u8, bool, Option<&'n str>) {
        let advance = match self.state {
            State::Done => 3,
            State::NotApplicable => 2,
            State::Unconfirmed => 1,
            State::Pending => 0,
        };
        let dated = self.dated != UNDATED;
        (self.dated.min(taken_at), advance, dated, names.wording(self.wording).map(AsRef::as_ref))
    }
}

/// Names kept once, by number.
#[derive(Debug)]
pub(super) struct Names {
    parts: Vec<PartId>,
    /// From 1; 0 is the part as a whole.
    units: HashMap<Arc<str>, u32>,
    unit_ids: Vec<UnitId>,
    /// From 1; 0 is none.
    wordings: HashMap<Arc<str>, u16>,
    wording_texts: Vec<Arc<str>>,
}

/// Most wordings kept; what comes after has none.
const MOST_WORDINGS: u16 = 4_096;

impl Names {
    pub(super) fn part(&self, part: &PartId) -> Option<u16> {
        self.parts.binary_search(part).ok().and_then(|at| u16::try_from(at).ok())
    }

    pub(super) fn part_id(&self, part: u16) -> Option<&PartId> {
        self.parts.get(usize::from(part))
    }

    /// The number of a unit that is known already.
    pub(super) fn known_unit(&self, text: &str) -> Option<u32> {
        self.units.get(text).copied()
    }

    /// The number of a unit; absent when there are more than any country has.
    pub(super) fn unit(&mut self, id: &UnitId) -> Option<u32> {
        if let Some(known) = self.known_unit(id.as_str()) {
            return Some(known);
        }
        if self.unit_ids.len() >= MOST_OBSERVATIONS / 4 {
            return None;
        }
        self.unit_ids.push(id.clone());
        let number = u32::try_from(self.unit_ids.len()).ok()?;
        self.units.insert(id.as_str().into(), number);
        Some(number)
    }

    pub(super) fn unit_id(&self, unit: u32) -> Option<&UnitId> {
        self.unit_ids.get(usize::try_from(unit).ok()?.checked_sub(1)?)
    }

    pub(super) fn keep_wording(&mut self, shown: &str) -> u16 {
        if let Some(known) = self.wordings.get(shown) {
            return *known;
        }
        match u16::try_from(self.wording_texts.len() + 1) {
            Ok(number) if number <= MOST_WORDINGS => {
                let text: Arc<str> = shown.into();
                self.wording_texts.push(text.clone());
                self.wordings.insert(text, number);
                number
            }
            _ => 0,
        }
    }

    fn wording(&self, wording: u16) -> Option<&Arc<str>> {
        self.wording_texts.get(usize::from(wording).checked_sub(1)?)
    }
}

/// What all rows say, by window.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) names: Names,
    taken_at: i64,
    windows: Vec<Vec<Record>>,
    held: usize,
    /// Whether more is said than can be held.
    pub(super) overflown: bool,
    repeated: Repeated,
}

/// Rows that speak of what another spoke of before.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Repeated {
    pub(super) rows: usize,
    pub(super) first_line: Option<u32>,
}

impl Gathered {
    /// Of so many windows; `parts` are all that rows may speak of.
    pub(super) fn new(windows: usize, parts: impl IntoIterator<Item = PartId>, taken_at: Timestamp) -> Self {
        let mut parts: Vec<PartId> = parts.into_iter().collect();
        parts.sort();
        parts.dedup();
        let names = Names {
            parts,
            units: HashMap::new(),
            unit_ids: Vec::new(),
            wordings: HashMap::new(),
            wording_texts: Vec::new(),
        };
        Self {
            names,
            taken_at: taken_at.as_second(),
            windows: vec![Vec::new(); windows],
            held: 0,
            overflown: false,
            repeated: Repeated::default(),
        }
    }

    /// Takes in what the row on a line says; line 0 for all but the first thing that it says.
    pub(super) fn add(
        &mut self,
        window: usize,
        municipality: MunicipalityCode,
        (part, unit): (u16, u32),
        said: Said,
        line: u64,
    ) {
        if self.held >= MOST_OBSERVATIONS {
            self.fold();
            // Folding again and again for a few rows would take for ever.
            self.overflown |= self.held > MOST_OBSERVATIONS / 4 * 3;
        }
        if self.overflown {
            return;
        }
        if let Some(records) = self.windows.get_mut(window) {
            records.push(Record {
                municipality,
                unit,
                dated: said.dated.unwrap_or(UNDATED),
                line: u32::try_from(line).unwrap_or(u32::MAX),
                part,
                wording: said.wording,
                state: said.state,
                reopened: said.reopened,
            });
            self.held += 1;
        }
    }

    /// Leaves one record of each key, sorted by key.
    fn fold(&mut self) {
        for records in &mut self.windows {
            let by_key = |a: &Record, b: &Record| {
                let weight = |r: &Record| r.weight(&self.names, self.taken_at);
                (a.key(), weight(b), a.line).partial_cmp(&(b.key(), weight(a), b.line))
            };
            records.sort_unstable_by(|a, b| by_key(a, b).unwrap_or(std::cmp::Ordering::Equal));
            for same in records.chunk_by(|a, b| a.key() == b.key()).filter(|same| same.len() > 1) {
                // Only the first thing that a row says stands for the row.
                let lines = || same.iter().map(|r| r.line).filter(|line| *line > 0);
                let first = lines().min();
                let again = lines().filter(|line| Some(*line) > first).min().or(first);
                self.repeated.rows += lines().count().saturating_sub(1);
                if lines().count() > 1 {
                    self.repeated.first_line = self.repeated.first_line.into_iter().chain(again).min();
                }
            }
            records.dedup_by(|later, kept| {
                let same = later.key() == kept.key();
                if same {
                    kept.line = [kept.line, later.line].into_iter().filter(|l| *l > 0).min().unwrap_or(0);
                }
                same
            });
        }
        self.held = self.windows.iter().map(Vec::len).sum();
    }

    /// All rows were read.
    pub(super) fn settle(mut self) -> Settled {
        self.fold();
        Settled { names: self.names, windows: self.windows, repeated: self.repeated }
    }
}

/// What all rows say, one word on each key, sorted.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) names: Names,
    windows: Vec<Vec<Record>>,
    pub(super) repeated: Repeated,
}

impl Settled {
    /// Municipality, part and unit of everything said of a window.
    pub(super) fn keys(&self, window: usize) -> impl Iterator<Item = (MunicipalityCode, u16, u32)> + '_ {
        self.windows.get(window).into_iter().flatten().map(Record::key)
    }

    pub(super) fn has(&self, window: usize, key: (MunicipalityCode, u16, u32)) -> bool {
        self.windows
            .get(window)
            .is_some_and(|records| records.binary_search_by_key(&key, Record::key).is_ok())
    }

    /// Whether anything is said of a part, as a whole or of a unit.
    pub(super) fn speaks_of(&self, window: usize, municipality: MunicipalityCode, part: u16) -> bool {
        let Some(records) = self.windows.get(window) else { return false };
        let at = records.partition_point(|r| r.key() < (municipality, part, 0));
        records.get(at).is_some_and(|r| (r.municipality, r.part) == (municipality, part))
    }

    /// Adds what is said of keys without a row, each new.
    pub(super) fn add(&mut self, window: usize, more: &[((MunicipalityCode, u16, u32), State)]) {
        if let Some(records) = self.windows.get_mut(window) {
            records.extend(more.iter().map(|((municipality, part, unit), state)| Record {
                municipality: *municipality,
                unit: *unit,
                dated: UNDATED,
                line: 0,
                part: *part,
                wording: 0,
                state: *state,
                reopened: false,
            }));
        }
    }

    /// Writes what is said of a window, and forgets it.
    pub(super) fn page(&mut self, window: usize, id: &crate::domain::id::WindowId) -> Page {
        let mut records = self.windows.get_mut(window).map(std::mem::take).unwrap_or_default();
        let names = &self.names;
        records.sort_unstable_by(|a, b| {
            let key = |r: &Record| (r.municipality, r.part, names.unit_id(r.unit));
            key(a).cmp(&key(b))
        });
        let mut scribe = PageWriter::default();
        for record in &records {
            let Some(part) = names.part_id(record.part) else { continue };
            scribe.write(&Line {
                municipality: record.municipality,
                part: part.clone(),
                unit: names.unit_id(record.unit).cloned(),
                state: record.state,
                dated: (record.dated != UNDATED).then(|| Timestamp::from_second(record.dated).ok()).flatten(),
                mark: if record.reopened { Mark::Reopened } else { Mark::None },
                wording: names.wording(record.wording).cloned(),
                origin: None,
            });
        }
        scribe.finish(id.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::WindowId;

    fn stands(words: &[(i64, State)]) -> (State, usize, Option<u32>) {
        let code = MunicipalityCode::parse("3205309").unwrap();
        let taken_at = Timestamp::from_second(1_000).unwrap();
        let mut gathered = Gathered::new(1, [PartId::parse("CRAS").unwrap()], taken_at);
        for (line, (day, state)) in (2..).zip(words) {
            let said = Said { state: *state, dated: Some(*day), wording: 0, reopened: false };
            gathered.add(0, code, (0, 0), said, line);
        }
        let mut settled = gathered.settle();
        let Repeated { rows, first_line } = settled.repeated;
        let page = settled.page(0, &WindowId::parse("rma/2026-10").unwrap());
        assert_eq!(page.len(), 1);
        (page.lines().next().unwrap().state, rows, first_line)
    }

    #[test]
    fn among_words_of_one_date_the_most_advanced_stands_and_doubt_before_an_accusation() {
        use State::{Done, NotApplicable, Pending, Unconfirmed};
        for (a, b, stays) in [
            (Done, Pending, Done),
            (Done, Unconfirmed, Done),
            (Pending, Unconfirmed, Unconfirmed),
            (Pending, NotApplicable, NotApplicable),
        ] {
            assert_eq!(stands(&[(1, a), (1, b)]), (stays, 1, Some(3)));
            assert_eq!(stands(&[(1, b), (1, a)]), (stays, 1, Some(3)));
        }
    }

    #[test]
    fn a_newer_word_stands_over_an_older_one() {
        assert_eq!(stands(&[(2, State::Pending), (1, State::Done)]).0, State::Pending);
        assert_eq!(
            stands(&[(1, State::Done), (2, State::Pending), (2, State::Pending)]),
            (State::Pending, 2, Some(3))
        );
    }
}
