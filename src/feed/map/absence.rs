//! What no row says: who is expected and missing. Pure.
//!
//! Only of windows and parts that the file speaks of at all. A reference without any row is not "everybody pendente":
//! empty is not zero.

use std::collections::BTreeSet;

use crate::domain::calendar::Respondent;
use crate::domain::feed::{FeedSpec, Meaning};
use crate::domain::id::{MunicipalityCode, PartId, UnitId, WindowId};
use crate::domain::roster::Unit;
use crate::domain::status::State;

use super::gather::{Gathered, Key, Said};
use super::period::Periods;
use super::{Ground, Mapped};

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
    doubts: &Doubts,
    mapped: &mut Mapped,
    gathered: &mut Gathered,
) {
    let spoken: BTreeSet<(WindowId, PartId)> = gathered.keys().map(|k| (k.0.clone(), k.2.clone())).collect();
    let units = unit_rows(ground, gathered, mapped);
    let mut missing: Vec<(Key, bool)> = Vec::new();
    for (window, part) in spoken.iter().filter(|(window, _)| periods.find_stateable(window).is_some()) {
        for municipality in ground.roster.municipalities.values().filter(|m| !m.exempt.contains(&spec.system))
        {
            let code = municipality.code;
            let whole: Key = (window.clone(), code, part.clone(), None);
            match expected_units(ground, code, part) {
                Some(expected) if spec.mapping.unit.is_some() => {
                    for unit in expected {
                        let key = (window.clone(), code, part.clone(), Some(unit.id.clone()));
                        if !gathered.has(&key) && !gathered.has(&whole) {
                            let doubtful = doubts.covers(code)
                                || units.strange.contains(&(code, part.clone()))
                                || units.anywhere.contains(&(window.clone(), unit.id.clone()));
                            missing.push((key, doubtful));
                        }
                    }
                }
                Some(expected) if expected.is_empty() => {}
                Some(_) | None => {
                    if !gathered.speaks_of(&whole) {
                        missing.push((whole, doubts.covers(code)));
                    }
                }
            }
        }
    }
    let presence = matches!(spec.mapping.meaning, Meaning::Presence);
    for (key, doubtful) in missing {
        let state = if presence && !doubtful { State::Pending } else { State::Unconfirmed };
        mapped.unsaid += usize::from(state == State::Unconfirmed);
        gathered.add(key, Said { as_of: ground.taken_at, state, dated: None, wording: None });
    }
}

/// The units of a part that count on the day of the snapshot; absent when the part is not answered by units or there is
/// no register of them (then every municipality is expected to have some).
fn expected_units<'a>(
    ground: &Ground<'a>,
    municipality: MunicipalityCode,
    part: &PartId,
) -> Option<Vec<&'a Unit>> {
    let by_units = ground.calendar.parts.get(part).is_some_and(|p| p.respondent == Respondent::Unit);
    let register = ground.roster.units.as_ref().filter(|_| by_units)?;
    let today = ground.calendar.hours.zone.date_of(ground.taken_at);
    let counts = |u: &&Unit| {
        u.part == *part && u.from.is_none_or(|d| d <= today) && u.until.is_none_or(|d| today <= d)
    };
    Some(register.of(municipality).iter().filter(counts).collect())
}

/// What the rows say of units, as far as it bears on those without a row.
#[derive(Debug, Default)]
struct UnitRows {
    /// Units with a row, in whatever municipality.
    anywhere: BTreeSet<(WindowId, UnitId)>,
    /// Parts with a row of a unit that the register does not have there: a missing one under another id, perhaps.
    strange: BTreeSet<(MunicipalityCode, PartId)>,
}

fn unit_rows(ground: &Ground<'_>, gathered: &Gathered, mapped: &mut Mapped) -> UnitRows {
    let mut rows = UnitRows::default();
    let Some(register) = &ground.roster.units else { return rows };
    for (window, municipality, part, unit) in gathered.keys() {
        let Some(unit) = unit else { continue };
        rows.anywhere.insert((window.clone(), unit.clone()));
        if !register.of(*municipality).iter().any(|u| u.id == *unit) {
            rows.strange.insert((*municipality, part.clone()));
            mapped.unknown_units.insert(unit.clone());
        }
    }
    rows
}
