//! What no row says: who is expected and missing. Pure.
//!
//! Only of windows and parts that the file speaks of at all. A reference without any row is not "everybody pendente":
//! empty is not zero.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::domain::calendar::{Respondent, Window};
use crate::domain::counting::Counting;
use crate::domain::feed::{FeedSpec, Meaning};
use crate::domain::id::{MunicipalityCode, PartId, UnitId};
use crate::domain::roster::Unit;
use crate::domain::status::State;
use crate::format::body::Given;

use super::gather::{Key, Settled};
use super::period::Periods;
use super::{Ground, MOST_LISTED, Mapped, UnknownUnit};

/// Whom the requests of a crawl were about: who was not asked about is not missing.
#[derive(Debug, Default)]
pub(super) struct Asked {
    municipalities: HashSet<MunicipalityCode>,
    units: HashSet<UnitId>,
    /// Whether some body was about everybody.
    everybody: bool,
}

impl Asked {
    pub(super) fn note(&mut self, given: &Given) {
        self.everybody |= given.municipality.is_none() && given.unit.is_none();
        match &given.unit {
            Some(unit) => {
                self.units.insert(unit.clone());
            }
            None => self.municipalities.extend(given.municipality),
        }
    }

    fn covers(&self, municipality: MunicipalityCode, unit: Option<&UnitId>) -> bool {
        self.everybody
            || self.municipalities.contains(&municipality)
            || unit.is_some_and(|unit| self.units.contains(unit))
    }
}

/// About whom the file has a line that could not be read: it may be the missing row.
#[derive(Debug, Default)]
pub(super) struct Doubts {
    everybody: bool,
    some: BTreeSet<MunicipalityCode>,
}

impl Doubts {
    /// Nobody knows whom the line was about.
    pub(super) fn everywhere(&mut self) {
        self.everybody = true;
    }

    /// It was about this one.
    pub(super) fn about(&mut self, municipality: MunicipalityCode) {
        self.some.insert(municipality);
    }

    fn covers(&self, municipality: MunicipalityCode) -> bool {
        self.everybody || self.some.contains(&municipality)
    }
}

/// Adds what is to be said of the expected ones without a row.
pub(super) fn add(
    spec: &FeedSpec,
    ground: &Ground<'_>,
    periods: &Periods<'_>,
    (doubts, asked): (&Doubts, &Asked),
    mapped: &mut Mapped,
    settled: &mut Settled,
) {
    let rows = UnitRows::of(ground, periods, settled, mapped);
    let presence = matches!(spec.mapping.meaning, Meaning::Presence);
    for (at, window) in periods.stateable() {
        let spoken: BTreeSet<u16> = settled.keys(at).map(|(_, part, _)| part).collect();
        let anywhere: HashSet<u32> = settled.keys(at).map(|(_, _, unit)| unit).filter(|u| *u > 0).collect();
        let mut missing: Vec<(Key, State)> = Vec::new();
        let mut miss = |key: Key, doubtful: bool| {
            let state = if presence && !doubtful { State::Pending } else { State::Unconfirmed };
            missing.push((key, state));
        };
        for part in spoken {
            let Some(part_id) = settled.names.part_id(part).cloned() else { continue };
            let expected = ground.roster.municipalities.values().filter(|m| !m.exempt.contains(&spec.system));
            for code in expected.map(|m| m.code) {
                match expected_units(ground, window, code, &part_id) {
                    Some(units) if rows.by_unit => {
                        for (unit, late) in units {
                            let Some(number) = settled.names.unit(&unit.id) else { continue };
                            let key = (code, part, number);
                            if !settled.has(at, key) && !settled.has(at, (code, part, 0)) {
                                let doubtful = late
                                    || doubts.covers(code)
                                    || !asked.covers(code, Some(&unit.id))
                                    || rows.strange.contains(&(code, part))
                                    || anywhere.contains(&number);
                                miss(key, doubtful);
                            }
                        }
                    }
                    Some(units) if units.is_empty() => {}
                    Some(_) | None => {
                        if !settled.speaks_of(at, code, part) {
                            miss((code, part, 0), doubts.covers(code) || !asked.covers(code, None));
                        }
                    }
                }
            }
        }
        mapped.unsaid += missing.iter().filter(|(_, state)| *state == State::Unconfirmed).count();
        settled.add(at, &missing);
    }
}

/// The units of a part that count for a window on the day of the snapshot, each with
/// whether it began only later; absent when the part is not answered by units or there is
/// no register of them (then every municipality is expected to have some).
fn expected_units<'a>(
    ground: &Ground<'a>,
    window: &Window,
    municipality: MunicipalityCode,
    part: &PartId,
) -> Option<Vec<(&'a Unit, bool)>> {
    let by_units = ground.calendar.parts.get(part).is_some_and(|p| p.respondent == Respondent::Unit);
    let register = ground.roster.units.as_ref().filter(|_| by_units)?;
    let today = ground.calendar.hours.zone.date_of(ground.taken_at);
    let counts = |unit: &'a Unit| match window.counting(unit, |day| day <= today, |day| day < today) {
        Counting::Whole => Some((unit, false)),
        Counting::Late => Some((unit, true)),
        Counting::Not => None,
    };
    Some(register.of(municipality).iter().filter(|unit| unit.part == *part).filter_map(counts).collect())
}

/// What the rows say of units, as far as it bears on those without a row.
#[derive(Debug, Default)]
struct UnitRows {
    /// Whether rows are units.
    by_unit: bool,
    /// Parts with a row of a unit that the register does not have there: a missing one under another id, perhaps.
    strange: HashSet<(MunicipalityCode, u16)>,
}

impl UnitRows {
    fn of(ground: &Ground<'_>, periods: &Periods<'_>, settled: &Settled, mapped: &mut Mapped) -> Self {
        let mut rows = Self { by_unit: mapped.by_unit, ..Self::default() };
        let Some(register) = &ground.roster.units else { return rows };
        let mut met: HashMap<(MunicipalityCode, u32), UnknownUnit> = HashMap::new();
        let mut registered: HashMap<u32, Vec<MunicipalityCode>> = HashMap::new();
        for unit in register.iter() {
            if let Some(number) = settled.names.known_unit(unit.id.as_str()) {
                registered.entry(number).or_default().push(unit.municipality);
            }
        }
        for at in 0..periods.len() {
            for ((municipality, part, unit), line) in settled.lines(at).filter(|((_, _, unit), _)| *unit > 0)
            {
                let known = registered.get(&unit).map_or(&[][..], Vec::as_slice);
                if let Some(id) = settled.names.unit_id(unit).filter(|_| !known.contains(&municipality)) {
                    rows.strange.insert((municipality, part));
                    mapped.unknown_units.insert(id.clone());
                    let first = met.entry((municipality, unit)).or_insert_with(|| UnknownUnit {
                        line,
                        unit: id.clone(),
                        municipality: ground.roster.name_of(municipality),
                        registered_in: known.first().map(|code| ground.roster.name_of(*code)),
                    });
                    first.line = first.line.min(line);
                }
            }
        }
        mapped.strange_units = met.into_values().collect();
        mapped.strange_units.sort_by(|a, b| (a.line, &a.unit).cmp(&(b.line, &b.unit)));
        mapped.strange_units.truncate(MOST_LISTED);
        rows
    }
}
