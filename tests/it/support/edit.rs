//! What operators change while windows run: one change at one instant, drawn at random.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use vigia_suas::domain::calendar::{Audience, Calendar, CopyTo, OnUnconfirmed, Rung};
use vigia_suas::domain::id::{EmailAddress, GerenciaId, SystemId, UnitId};
use vigia_suas::domain::overrides::{Authorship, Exemption, Overrides};
use vigia_suas::domain::roster::{Municipality, Office, Roster, Unit, Units};
use vigia_suas::domain::status::StatusBook;

use super::world::{Built, DAYS, FIRST_DAY, PARTS, municipality_code, part, unit_id};

/// One change: when, which of them, and about whom.
#[derive(Debug, Clone)]
pub(crate) struct Edit {
    pub(crate) hours: i64,
    pub(crate) what: u8,
    pub(crate) whom: u8,
}

/// The kinds of change.
const KINDS: u8 = 18;

pub(crate) fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let edit = (0..DAYS * 24, 0..KINDS, 0..4_u8).prop_map(|(hours, what, whom)| Edit { hours, what, whom });
    prop::collection::vec(edit, 1..6).prop_map(|mut edits| {
        edits.sort_by_key(|edit| edit.hours);
        edits
    })
}

/// All that a change may touch.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) calendar: Calendar,
    pub(crate) roster: Roster,
}

impl Desk {
    pub(crate) fn of(built: &Built) -> Self {
        Self { calendar: built.calendar.clone(), roster: built.roster.clone() }
    }

    fn units(&mut self, change: impl FnOnce(&mut Vec<Unit>)) {
        let mut units: Vec<Unit> = self.roster.units.iter().flat_map(Units::iter).cloned().collect();
        change(&mut units);
        self.roster.units = Some(Units::new(units));
    }

    fn new_municipality(&mut self, n: u32) {
        let Some(known) = self.roster.municipalities.values().next() else { return };
        let municipality =
            Municipality { code: municipality_code(n), name: format!("Novo {n}"), ..known.clone() };
        self.roster.municipalities.entry(municipality.code).or_insert(municipality);
    }

    /// Makes a change, as of an instant.
    pub(crate) fn change(
        &mut self,
        edit: &Edit,
        at: Timestamp,
        overrides: &mut Overrides,
        status: &mut StatusBook,
    ) {
        let code = municipality_code(u32::from(edit.whom));
        let day = FIRST_DAY.saturating_add(SignedDuration::from_hours(edit.hours));
        let gbtr = GerenciaId::parse("GBTR").unwrap();
        let unit = |from, until| Unit {
            id: UnitId::parse(&unit_id(code, 9)).unwrap(),
            municipality: code,
            part: part(PARTS[usize::from(edit.whom % 2)]),
            name: "Nova".to_owned(),
            addresses: Vec::new(),
            telephone: String::new(),
            from,
            until,
        };
        let system = self.calendar.systems.values_mut().next().unwrap();
        let known = self.roster.municipalities.get_mut(&code);
        match edit.what {
            0 => drop(self.roster.municipalities.remove(&code)),
            1 => self.new_municipality(7 + u32::from(edit.whom)),
            2 => known.into_iter().for_each(|m| {
                (m.name, m.region) = ("Outro nome".to_owned(), "Norte".to_owned());
                m.contacts.iter_mut().for_each(|contact| contact.addresses.clear());
            }),
            3 => known.into_iter().for_each(|m| m.exempt = BTreeSet::from([SystemId::parse("rma").unwrap()])),
            4 => known.into_iter().for_each(|m| m.exempt.clear()),
            5 => self.units(|units| units.push(unit(None, None))),
            6 => self.units(|units| units.push(unit(Some(day), None))),
            7 => self.units(|units| units.retain(|u| u.municipality != code)),
            8 => self.units(|units| {
                units.iter_mut().filter(|u| u.municipality == code).for_each(|u| u.until = Some(day));
            }),
            9 => self.roster.units = None,
            10 => system.ladder.clear(),
            11 => {
                system.ladder.iter_mut().for_each(|rung| rung.copies = vec![CopyTo::Gsuas, CopyTo::Gerencia]);
                if system.ladder.iter().all(|rung| rung.days_before != 3) {
                    system.ladder.push(Rung {
                        days_before: 3,
                        audience: vec![Audience::Smas],
                        copies: vec![CopyTo::Gerencia],
                        unconfirmed: OnUnconfirmed::Remind,
                    });
                }
            }
            12 => system.ladder.iter_mut().for_each(|rung| rung.copies.clear()),
            13 => {
                system.gerencias.insert(0, gbtr.clone());
                let addresses = vec![EmailAddress::parse("gbtr@setades.test").unwrap()];
                self.roster.offices.gerencias.insert(gbtr, Office { name: "GBTR".to_owned(), addresses });
            }
            14 => {
                system.gerencias.retain(|id| id.as_str() != "GPSE");
                self.calendar.parts.values_mut().for_each(|p| p.gerencia = None);
            }
            15 => {
                (system.status_validity, system.referral_after) = (SignedDuration::from_hours(1), 4);
            }
            16 => overrides.exemptions.push(Exemption {
                municipality: code,
                window: self.calendar.declared[0].id.clone(),
                part: None,
                until: None,
                authorship: Authorship { author: "teste".to_owned(), reason: "teste".to_owned(), at },
            }),
            _ => status.only(|_| false),
        }
    }
}
