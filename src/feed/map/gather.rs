//! One word on each key, whatever the order of the rows, in little room. Pure.
//!
//! A row is kept as numbers: names are kept once. Rows that repeat are folded together before they become many, so
//! that memory follows what a file says and not how long it is.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::id::{MunicipalityCode, PartId, UnitId, WindowId};
use crate::domain::status::{self, Basis, Observations, PackedObservation, State};

/// Most different things that one load may say: ten years of every unit in the country.
pub(super) const MOST_OBSERVATIONS: usize = 2_000_000;

/// What one row says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said {
    pub(super) state: State,
    /// The row's own date in seconds of the epoch.
    pub(super) dated: Option<i64>,
    pub(super) wording: u16,
    pub(super) basis: Basis,
}

/// Municipality, part and unit by their numbers.
pub(super) type Key = (MunicipalityCode, u16, u32);

fn key(record: &PackedObservation) -> Key {
    (record.municipality, record.part, record.unit)
}

/// What two rows say of one key: the same, or nobody knows, whatever their order and their dates. *Concluído* and *não
/// se aplica* both owe nothing.
fn both(one: PackedObservation, other: PackedObservation) -> PackedObservation {
    let settled = |r: PackedObservation| matches!(r.state, State::Done | State::NotApplicable);
    let (state, basis) = if one.state == other.state {
        (one.state, one.basis.max(other.basis))
    } else if settled(one) && settled(other) {
        (State::Done, Basis::Row)
    } else {
        (State::Unconfirmed, Basis::Contradiction)
    };
    // Of rows that agree the one that speaks of the latest day stands; none of rows that do not.
    let dated =
        if basis == Basis::Contradiction { PackedObservation::UNDATED } else { one.dated.max(other.dated) };
    // A contradiction is shown from its first line; of rows that agree the one whose words stand is quoted.
    let line = if basis == Basis::Contradiction { line(one).min(line(other)) } else { line(one) };
    PackedObservation { dated, line, state, basis, ..one }
}

/// Marks the line of all but the first thing that a row says, so that the row counts once.
const MORE: u32 = 1 << 31;

fn line(record: PackedObservation) -> u32 {
    record.line & !MORE
}

/// Names kept once, and found by what they name.
#[expect(clippy::struct_field_names, reason = "the names kept, beside where each is found")]
#[derive(Debug)]
pub(super) struct Names {
    names: status::PackedNames,
    units: HashMap<Arc<str>, u32>,
    wordings: HashMap<Arc<str>, u16>,
}

/// Most wordings kept; what comes after has none.
const MOST_WORDINGS: u16 = 4_096;

impl Names {
    pub(super) fn part(&self, part: &PartId) -> Option<u16> {
        self.names.parts.binary_search(part).ok().and_then(|at| u16::try_from(at).ok())
    }

    pub(super) fn part_id(&self, part: u16) -> Option<&PartId> {
        self.names.parts.get(usize::from(part))
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
        if self.names.units.len() >= MOST_OBSERVATIONS / 4 {
            return None;
        }
        self.names.units.push(id.clone());
        let number = u32::try_from(self.names.units.len()).ok()?;
        self.units.insert(id.as_str().into(), number);
        Some(number)
    }

    pub(super) fn unit_id(&self, unit: u32) -> Option<&UnitId> {
        self.names.unit(unit)
    }

    pub(super) fn keep_wording(&mut self, shown: &str) -> u16 {
        if let Some(known) = self.wordings.get(shown) {
            return *known;
        }
        match u16::try_from(self.names.wordings.len() + 1) {
            Ok(number) if number <= MOST_WORDINGS => {
                let text: Arc<str> = shown.into();
                self.names.wordings.push(text.clone());
                self.wordings.insert(text, number);
                number
            }
            _ => 0,
        }
    }
}

/// What all rows say, by window.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) names: Names,
    windows: Vec<Vec<PackedObservation>>,
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
    pub(super) fn new(windows: usize, parts: impl IntoIterator<Item = PartId>) -> Self {
        let mut parts: Vec<PartId> = parts.into_iter().collect();
        parts.sort();
        parts.dedup();
        let names = status::PackedNames { parts, ..status::PackedNames::default() };
        let names = Names { names, units: HashMap::new(), wordings: HashMap::new() };
        Self {
            names,
            windows: vec![Vec::new(); windows],
            held: 0,
            overflown: false,
            repeated: Repeated::default(),
        }
    }

    /// Takes in what the row on a line says; `more` for all but the first thing that it says.
    pub(super) fn add(
        &mut self,
        window: usize,
        municipality: MunicipalityCode,
        (part, unit): (u16, u32),
        said: Said,
        (line, more): (u64, bool),
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
            records.push(PackedObservation {
                municipality,
                unit,
                dated: said.dated.unwrap_or(PackedObservation::UNDATED),
                line: u32::try_from(line).unwrap_or(u32::MAX) & !MORE | if more { MORE } else { 0 },
                part,
                wording: said.wording,
                state: said.state,
                basis: said.basis,
            });
            self.held += 1;
        }
    }

    /// Leaves one record of each key, sorted by key.
    fn fold(&mut self) {
        for records in &mut self.windows {
            // The words only make the order whole, so that the order of rows never matters.
            let order = |r: &PackedObservation| {
                (key(r), r.dated, self.names.names.wording(r.wording), Reverse(line(*r)))
            };
            records.sort_unstable_by(|a, b| order(b).cmp(&order(a)));
            for same in records.chunk_by(|a, b| key(a) == key(b)).filter(|same| same.len() > 1) {
                // Only the first thing that a row says stands for the row.
                let lines = || same.iter().map(|r| r.line).filter(|line| line & MORE == 0);
                let first = lines().min();
                let again = lines().filter(|line| Some(*line) > first).min().or(first);
                self.repeated.rows += lines().count().saturating_sub(1);
                if lines().count() > 1 {
                    self.repeated.first_line = self.repeated.first_line.into_iter().chain(again).min();
                }
            }
            records.dedup_by(|next, stands| {
                let same = key(next) == key(stands);
                if same {
                    *stands = both(*stands, *next);
                }
                same
            });
            records.reverse();
        }
        self.held = self.windows.iter().map(Vec::len).sum();
    }

    /// All rows were read.
    pub(super) fn settle(mut self) -> Settled {
        self.fold();
        for record in self.windows.iter_mut().flatten() {
            record.line = line(*record);
        }
        Settled { names: self.names, windows: self.windows, repeated: self.repeated }
    }
}

/// What all rows say, one word on each key, sorted.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) names: Names,
    windows: Vec<Vec<PackedObservation>>,
    pub(super) repeated: Repeated,
}

impl Settled {
    /// Municipality, part and unit of everything said of a window.
    pub(super) fn keys(&self, window: usize) -> impl Iterator<Item = Key> + '_ {
        self.windows.get(window).into_iter().flatten().map(key)
    }

    /// The same, each with the line that says it.
    pub(super) fn lines(&self, window: usize) -> impl Iterator<Item = (Key, u64)> + '_ {
        self.windows.get(window).into_iter().flatten().map(|record| (key(record), u64::from(record.line)))
    }

    pub(super) fn has(&self, window: usize, wanted: Key) -> bool {
        self.windows.get(window).is_some_and(|records| records.binary_search_by_key(&wanted, key).is_ok())
    }

    /// Whether anything is said of a part, as a whole or of a unit.
    pub(super) fn speaks_of(&self, window: usize, municipality: MunicipalityCode, part: u16) -> bool {
        let Some(records) = self.windows.get(window) else { return false };
        let at = records.partition_point(|r| key(r) < (municipality, part, 0));
        records.get(at).is_some_and(|r| (r.municipality, r.part) == (municipality, part))
    }

    /// Adds what is said of keys without a row, each new.
    pub(super) fn add(&mut self, window: usize, more: &[(Key, State)]) {
        if let Some(records) = self.windows.get_mut(window) {
            records.extend(more.iter().map(|((municipality, part, unit), state)| PackedObservation {
                municipality: *municipality,
                unit: *unit,
                dated: PackedObservation::UNDATED,
                line: 0,
                part: *part,
                wording: 0,
                state: *state,
                basis: Basis::Silence,
            }));
        }
    }

    /// All of it, under the windows' names.
    pub(super) fn into_observations<'w>(self, ids: impl Iterator<Item = &'w WindowId>) -> Observations {
        Observations::new(self.names.names, ids.cloned().zip(self.windows).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::WindowId;

    fn stands(words: &[(i64, State)]) -> (State, Basis, usize, Option<u32>) {
        let code = MunicipalityCode::parse("3205309").unwrap();
        let mut gathered = Gathered::new(1, [PartId::parse("CRAS").unwrap()]);
        for (line, (day, state)) in (2..).zip(words) {
            let said = Said { state: *state, dated: Some(*day), wording: 0, basis: Basis::Row };
            gathered.add(0, code, (0, 0), said, (line, false));
        }
        let settled = gathered.settle();
        let Repeated { rows, first_line } = settled.repeated;
        let told = settled.into_observations([WindowId::parse("rma/2026-10").unwrap()].iter());
        assert_eq!(told.len(), 1);
        let said = told.iter().next().unwrap();
        (said.state, said.basis, rows, first_line)
    }

    #[test]
    fn rows_that_differ_about_one_key_leave_it_in_doubt_whatever_their_order_and_dates() {
        use State::{Done, NotApplicable, Pending, Unconfirmed};
        for (a, b, stays, basis) in [
            (Done, Pending, Unconfirmed, Basis::Contradiction),
            (Done, Unconfirmed, Unconfirmed, Basis::Contradiction),
            (Pending, Unconfirmed, Unconfirmed, Basis::Contradiction),
            (Pending, NotApplicable, Unconfirmed, Basis::Contradiction),
            (Done, NotApplicable, Done, Basis::Row),
            (Pending, Pending, Pending, Basis::Row),
        ] {
            for (one, other) in [(1, 1), (1, 2), (2, 1)] {
                assert_eq!(stands(&[(one, a), (other, b)]), (stays, basis, 1, Some(3)));
                assert_eq!(stands(&[(one, b), (other, a)]), (stays, basis, 1, Some(3)));
            }
        }
        assert_eq!(stands(&[(1, Done), (1, Pending), (1, Unconfirmed)]).1, Basis::Contradiction);
        assert_eq!(stands(&[(1, Unconfirmed), (1, Done), (1, Pending)]).1, Basis::Contradiction);
    }
}
