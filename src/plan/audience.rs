//! Whom a notice goes to: the addresses of its audience, or of the next role when nobody there can be written to. Pure.

use super::assess::{Assessment, Assessor};
use super::ledger::Flags;
use super::moment::Moment;
use crate::domain::calendar::{Audience, Calendar, Respondent, Window};
use crate::domain::id::{EmailAddress, PartId, UnitId};
use crate::domain::notice::{Addressee, Recipient};
use crate::domain::roster::{Municipality, Offices, Role};
use crate::domain::status::State;

/// Recipients of a municipal notice.
pub(super) struct Reach {
    /// Whom to write to; empty when nobody is left.
    pub(super) to: Vec<Recipient>,
    /// Whether they stand in for an audience that cannot be written to.
    pub(super) stands_in: bool,
}

/// Resolves an audience in one municipality. `about` is what the notice is about: the parts in that state decide who
/// the respondents and units are; without an assessment, every part does.
pub(super) fn reach<'a>(
    assessor: &Assessor<'a>,
    calendar: &Calendar,
    municipality: &'a Municipality,
    audience: &[Audience],
    about: Option<(&Assessment, State)>,
    flagged: &Flags,
    moment: &Moment<'_>,
) -> Reach {
    let mut reach = Reach { to: Vec::new(), stands_in: false };
    let mut take = |role: &Role, address: &EmailAddress, to: &mut Vec<Recipient>| {
        if !rests(flagged, moment, address) && !to.iter().any(|r| r.address == *address) {
            to.push(Recipient { role: role.clone(), address: address.clone() });
        }
    };
    for wanted in audience {
        match wanted {
            Audience::Smas => contact(municipality, &Role::Smas, &mut take, &mut reach.to),
            Audience::Cmas => contact(municipality, &Role::Cmas, &mut take, &mut reach.to),
            Audience::Role(name) => {
                contact(municipality, &Role::Other(name.clone()), &mut take, &mut reach.to);
            }
            Audience::Unit => {
                for part in parts_about(assessor.window(), about) {
                    units(assessor, municipality, part, about, &mut take, &mut reach.to);
                }
            }
            Audience::Respondent => {
                for part in parts_about(assessor.window(), about) {
                    let Some(declared) = calendar.parts.get(part) else { continue };
                    match assessor.window().respondent_of(declared) {
                        Respondent::Smas => contact(municipality, &Role::Smas, &mut take, &mut reach.to),
                        Respondent::Cmas => contact(municipality, &Role::Cmas, &mut take, &mut reach.to),
                        Respondent::Unit => {
                            units(assessor, municipality, part, about, &mut take, &mut reach.to);
                        }
                    }
                }
            }
        }
    }
    if reach.to.is_empty() {
        for next in &municipality.contacts {
            for address in &next.addresses {
                take(&next.role, address, &mut reach.to);
            }
            if !reach.to.is_empty() {
                reach.stands_in = true;
                break;
            }
        }
    }
    reach
}

/// Whether an address is not written to for now.
fn rests(flagged: &Flags, moment: &Moment<'_>, address: &EmailAddress) -> bool {
    flagged.get(address).is_some_and(|(_, until)| !moment.reached(until))
}

fn parts_about<'a>(window: &'a Window, about: Option<(&Assessment, State)>) -> Vec<&'a PartId> {
    let owes = |part: &&PartId| match about {
        None => true,
        Some((assessment, state)) => assessment.parts.iter().any(|p| p.part == **part && p.state == state),
    };
    window.parts.iter().filter(owes).collect()
}

fn contact(
    municipality: &Municipality,
    role: &Role,
    take: &mut impl FnMut(&Role, &EmailAddress, &mut Vec<Recipient>),
    to: &mut Vec<Recipient>,
) {
    for contact in municipality.contacts.iter().filter(|c| c.role == *role) {
        for address in &contact.addresses {
            take(role, address, to);
        }
    }
}

/// The units of a part that are named as pending; where none is, those not known to have filled in.
fn units<'a>(
    assessor: &Assessor<'a>,
    municipality: &'a Municipality,
    part: &'a PartId,
    about: Option<(&Assessment, State)>,
    take: &mut impl FnMut(&Role, &EmailAddress, &mut Vec<Recipient>),
    to: &mut Vec<Recipient>,
) {
    let verdict = about.and_then(|(assessment, _)| assessment.parts.iter().find(|p| p.part == *part));
    let is_open = |unit: &UnitId| verdict.is_none_or(|verdict| !verdict.settled_units.contains(unit));
    let any_open = assessor.units(municipality.code, part).any(|unit| is_open(&unit.id));
    let owes = |unit: &UnitId| match verdict {
        None => true,
        // A part in doubt of which every unit has filled in: nobody knows whose the doubt is.
        Some(verdict) if verdict.pending_units.is_empty() => is_open(unit) || !any_open,
        Some(verdict) => verdict.pending_units.contains(unit),
    };
    for unit in assessor.units(municipality.code, part).filter(|unit| owes(&unit.id)) {
        for address in &unit.addresses {
            take(&Role::Unit, address, to);
        }
    }
}

/// The recipients of a notice to an office of the secretariat.
pub(super) fn office(offices: &Offices, to: &Addressee) -> Vec<Recipient> {
    let (role, addresses) = match to {
        Addressee::Gsuas => (Role::Gsuas, offices.gsuas.addresses.as_slice()),
        Addressee::Gerencia(id) => (
            Role::Gerencia(id.clone()),
            offices.gerencias.get(id).map_or(&[][..], |o| o.addresses.as_slice()),
        ),
    };
    addresses.iter().map(|a| Recipient { role: role.clone(), address: a.clone() }).collect()
}

/// The recipients of alerts.
pub(super) fn alerts(offices: &Offices) -> Vec<Recipient> {
    offices.alert_addresses().iter().map(|a| Recipient { role: Role::Alerts, address: a.clone() }).collect()
}
