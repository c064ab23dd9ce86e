//! Which parts and units are expected of a municipality. Pure.

use super::Assessor;
use super::opinion::Opinion;
use crate::domain::calendar::{Edition, Respondent};
use crate::domain::counting::Counting;
use crate::domain::id::{MunicipalityCode, PartId, UnitId};
use crate::domain::roster::{Municipality, Roster, Unit};
use crate::domain::status::{Doubt, State, StatusEntry};

impl<'a> Assessor<'a> {
    /// The parts expected of a municipality: those with a unit there that counts (or all, without a register), less
    /// dispensas.
    pub(in crate::plan) fn expected(
        &self,
        municipality: &'a Municipality,
    ) -> impl Iterator<Item = &'a PartId> {
        let exempt = !municipality.exempt.is_empty() && municipality.exempt.contains(&self.system.id);
        let parts: &'a [PartId] = if exempt { &[] } else { &self.window.parts };
        parts.iter().filter(move |part| self.is_expected(municipality.code, part))
    }

    fn is_expected(&self, municipality: MunicipalityCode, part: &PartId) -> bool {
        let exempted = self.exemptions.iter().any(|e| {
            e.municipality == municipality
                && e.part.as_ref().is_none_or(|p| p == part)
                && !e.until.is_some_and(|until| self.moment.day_over(until))
        });
        if exempted {
            return false;
        }
        let of_units = self.world.calendar.parts.get(part).is_some_and(|p| p.respondent == Respondent::Unit);
        !of_units || self.world.roster.units.is_none() || self.units(municipality, part).next().is_some()
    }

    /// Whether a deadline that was known on a day, and is about a municipality, was still to come at its beginning.
    pub(in crate::plan) fn was_running(&self, code: MunicipalityCode, day: jiff::civil::Date) -> bool {
        let zone = &self.world.calendar.hours.zone;
        let about =
            |edition: &&Edition| edition.municipalities.is_empty() || edition.municipalities.contains(&code);
        let known =
            |edition: &&Edition| edition.number == 1 || edition.announced_on.is_some_and(|on| on <= day);
        let to_come = |edition: &Edition| {
            edition.deadline.is_none_or(|deadline| deadline.instant(zone) > zone.start_of(day))
        };
        self.window.editions.iter().filter(about).filter(known).any(to_come)
    }

    /// Whether anything was expected of a municipality on an earlier day, by the roster of then: the municipality as it
    /// stood there, the lives of its units, and the `dispensar` in force on that day.
    pub(in crate::plan) fn was_expected(
        &self,
        roster: &Roster,
        municipality: &Municipality,
        day: jiff::civil::Date,
    ) -> bool {
        let ended_at = self.world.calendar.hours.zone.end_of(day);
        let parts: &[PartId] =
            if municipality.exempt.contains(&self.system.id) { &[] } else { &self.window.parts };
        parts.iter().any(|part| {
            let exempted = self.exemptions.iter().any(|e| {
                e.municipality == municipality.code
                    && e.part.as_ref().is_none_or(|p| p == part)
                    && e.authorship.at < ended_at
                    && e.until.is_none_or(|until| until >= day)
            });
            let respondent = self.world.calendar.parts.get(part).map(|p| p.respondent);
            let of_units = respondent == Some(Respondent::Unit);
            let mut units = roster.units_of(municipality.code, part);
            let there = !of_units
                || roster.units.is_none()
                || units.any(|unit| {
                    unit.from.is_none_or(|from| from <= day) && unit.until.is_none_or(|until| until >= day)
                });
            there && !exempted
        })
    }

    /// The units of a part that count for the window (`domain::counting`).
    pub(in crate::plan) fn units<'p>(
        &self,
        municipality: MunicipalityCode,
        part: &'p PartId,
    ) -> impl Iterator<Item = &'p Unit>
    where
        'a: 'p,
    {
        self.counting(municipality, part).map(|(unit, _)| unit)
    }

    /// The same, each with whether it began only later.
    pub(in crate::plan) fn counting<'p>(
        &self,
        municipality: MunicipalityCode,
        part: &'p PartId,
    ) -> impl Iterator<Item = (&'p Unit, bool)>
    where
        'a: 'p,
    {
        self.world.roster.units_of(municipality, part).filter_map(move |unit| {
            let (begun, over) = (|day| self.moment.day_begun(day), |day| self.moment.day_over(day));
            match self.window.counting(unit, begun, over) {
                Counting::Whole => Some((unit, false)),
                Counting::Late => Some((unit, true)),
                Counting::Not => None,
            }
        })
    }

    /// What is said, freshly, of a unit that pends in the part and that the register does not have there: whose list is
    /// out of date, nobody knows. One that is registered and does not count owes nothing.
    pub(super) fn unregistered<'e>(
        &self,
        municipality: MunicipalityCode,
        part: &PartId,
        counting: &[(&UnitId, bool)],
        entries: &'e [StatusEntry],
    ) -> Option<Opinion<'e>> {
        let is_known = |unit: &UnitId| {
            counting.iter().any(|(known, _)| *known == unit)
                || self.world.roster.units_of(municipality, part).any(|known| known.id == *unit)
        };
        let of_part = entries.iter().filter(|e| e.part == *part && e.state == State::Pending);
        of_part
            .filter_map(|e| e.unit.as_ref().filter(|unit| !is_known(unit)))
            .map(|unit| {
                self.opinion(
                    entries.iter().filter(|e| e.part == *part && e.unit.as_ref() == Some(unit)),
                    None,
                )
            })
            .find(|said| said.state == State::Pending)
            .map(|said| Opinion { state: State::Unconfirmed, doubt: Some(Doubt::Unregistered), ..said })
    }
}
