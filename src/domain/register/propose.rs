//! The difference between `unidades.csv` and the registers. Pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::edit::{cell_name, cell_telephone};
use super::{Listed, Proposal, ProposalKind, Register, UnitChange, UnitStanding};
use crate::domain::id::{EmailAddress, PartId, UnitId};
use crate::domain::roster::Unit;
use crate::domain::state::state_of;
use crate::text::fold::folded;

/// The ministry cuts names at so many characters.
const CUT_AT: usize = 25;

/// Everything that the registers would change, by municipality, unit and sort. Neither the order of the units nor that
/// of the registers matters; a unit that two registers list differently is left to a person.
pub fn propose<'a>(units: impl IntoIterator<Item = &'a Unit>, registers: &[Register]) -> Vec<Proposal> {
    let units: BTreeMap<&UnitId, &Unit> = units.into_iter().map(|unit| (&unit.id, unit)).collect();
    let known_parts: BTreeSet<&PartId> = units.values().map(|unit| &unit.part).collect();
    let mut proposals = Vec::new();
    for (listed, register) in listed(registers) {
        match units.get(&listed.id) {
            Some(unit) => proposals.extend(about(unit, listed, register)),
            None if listed.standing == UnitStanding::Open => {
                let from = known_parts.contains(&listed.part).then_some(register.read_on);
                let change = UnitChange::New { listed: listed.clone(), from };
                proposals.extend(proposal_of(&listed.id, listed, register, change));
            }
            None => {}
        }
    }
    let states: Vec<(&Register, BTreeSet<&str>)> = registers.iter().map(|r| (r, r.states())).collect();
    for unit in units.values() {
        proposals.extend(missing(unit, &states));
    }
    proposals.sort_by(|a, b| {
        (a.municipality, &a.unit, a.change.kind()).cmp(&(b.municipality, &b.unit, b.change.kind()))
    });
    proposals
}

/// Every unit that is listed clearly, once.
fn listed(registers: &[Register]) -> impl Iterator<Item = (&Listed, &Register)> {
    let mut sorted: Vec<&Register> = registers.iter().collect();
    sorted.sort_by(|a, b| a.feed.cmp(&b.feed));
    let mut all: BTreeMap<&UnitId, (&Listed, &Register)> = BTreeMap::new();
    let mut unclear: BTreeSet<&UnitId> = sorted.iter().flat_map(|r| &r.unclear).collect();
    for register in sorted {
        for listed in register.units.values() {
            match all.get(&listed.id) {
                Some((other, _)) if *other != listed => {
                    unclear.insert(&listed.id);
                }
                Some(_) => {}
                None => {
                    all.insert(&listed.id, (listed, register));
                }
            }
        }
    }
    all.into_iter().filter(move |(id, _)| !unclear.contains(id)).map(|(_, found)| found)
}

/// What would change in a row that a register lists.
fn about(unit: &Unit, listed: &Listed, register: &Register) -> Vec<Proposal> {
    let mut changes = Vec::new();
    match (listed.standing, unit.until) {
        (UnitStanding::Closed, None) => {
            changes.push(UnitChange::Closed { until: last_day(unit, register.read_on), listed: true });
        }
        // A day still to come is a person's own plan.
        (UnitStanding::Open, Some(until)) if until >= register.read_on => {}
        (UnitStanding::Open, Some(until)) => changes.push(UnitChange::Reopened { until }),
        (UnitStanding::Open, None) | (UnitStanding::Closed, Some(_)) => {}
    }
    if listed.standing == UnitStanding::Open {
        if listed.municipality != unit.municipality {
            changes.push(UnitChange::Municipality { from: unit.municipality, to: listed.municipality });
        }
        if listed.part != unit.part {
            changes.push(UnitChange::Part { from: unit.part.clone(), to: listed.part.clone() });
        }
        let name = cell_name(&listed.name);
        if !name.is_empty() && !same_name(&unit.name, &name) {
            changes.push(UnitChange::Name { from: unit.name.clone(), to: name });
        }
        if !listed.addresses.is_empty() && !same_addresses(&unit.addresses, &listed.addresses) {
            changes.push(UnitChange::Email { from: unit.addresses.clone(), to: listed.addresses.clone() });
        }
        let telephone = cell_telephone(&listed.telephone);
        if !digits(&telephone).is_empty() && digits(&telephone) != digits(&unit.telephone) {
            changes.push(UnitChange::Telephone { from: unit.telephone.clone(), to: telephone });
        }
    }
    changes.into_iter().filter_map(|change| proposal(unit, register, change)).collect()
}

/// A unit that a register of its part no longer lists, while it lists others of the unit's state: one that lists none was
/// perhaps not asked about that state.
fn missing(unit: &Unit, registers: &[(&Register, BTreeSet<&str>)]) -> Option<Proposal> {
    let anywhere = |r: &Register| r.units.contains_key(&unit.id) || r.unclear.contains(&unit.id);
    if unit.until.is_some() || registers.iter().any(|(register, _)| anywhere(register)) {
        return None;
    }
    let state = state_of(unit.municipality);
    let speaks = |states: &BTreeSet<&str>| states.is_empty() || state.is_none_or(|s| states.contains(s));
    let covering = registers.iter().filter(|(r, states)| r.covered.contains(&unit.part) && speaks(states));
    let (register, _) = covering.max_by(|(a, _), (b, _)| (a.read_on, &a.feed).cmp(&(b.read_on, &b.feed)))?;
    if unit.from.is_some_and(|from| from > register.read_on) {
        return None;
    }
    proposal(unit, register, UnitChange::Closed { until: last_day(unit, register.read_on), listed: false })
}

/// A unit closes on the day on which that was read, for what it owed before it still owes.
fn last_day(unit: &Unit, read_on: Date) -> Date {
    unit.from.map_or(read_on, |from| from.max(read_on))
}

fn proposal(unit: &Unit, register: &Register, change: UnitChange) -> Option<Proposal> {
    Some(Proposal {
        unit: unit.id.clone(),
        municipality: unit.municipality,
        part: unit.part.clone(),
        name: unit.name.clone(),
        feed: register.feed.clone(),
        read_on: register.read_on,
        fact: fact(change.kind(), &unit.id, std::slice::from_ref(register))?,
        change,
    })
}

fn proposal_of(id: &UnitId, listed: &Listed, register: &Register, change: UnitChange) -> Option<Proposal> {
    Some(Proposal {
        unit: id.clone(),
        municipality: listed.municipality,
        part: listed.part.clone(),
        name: cell_name(&listed.name),
        feed: register.feed.clone(),
        read_on: register.read_on,
        fact: fact(change.kind(), id, std::slice::from_ref(register))?,
        change,
    })
}

/// What the registers say of a unit that a proposal of this sort would rest on, as one text; absent where no such
/// proposal could be. A refusal stands as long as this text is the same, whatever `unidades.csv` says.
pub fn fact(kind: ProposalKind, id: &UnitId, registers: &[Register]) -> Option<String> {
    let listed = registers.iter().find_map(|register| register.units.get(id));
    let Some(listed) = listed else {
        let unclear = registers.iter().any(|register| register.unclear.contains(id));
        return (kind == ProposalKind::Closed && !unclear).then(|| "ausente".to_owned());
    };
    let open = listed.standing == UnitStanding::Open;
    let told = match kind {
        ProposalKind::New => {
            let Listed { id: _, municipality, part, name, addresses, telephone, standing } = listed;
            let addresses = joined(addresses);
            let standing = standing.as_str();
            format!(
                "{municipality}\n{part}\n{}\n{addresses}\n{}\n{standing}",
                folded(name),
                digits(telephone)
            )
        }
        ProposalKind::Closed | ProposalKind::Reopened => listed.standing.as_str().to_owned(),
        ProposalKind::Municipality => listed.municipality.to_string(),
        ProposalKind::Part => listed.part.to_string(),
        ProposalKind::Name => folded(&cell_name(&listed.name)),
        ProposalKind::Email => joined(&listed.addresses),
        ProposalKind::Telephone => digits(&listed.telephone),
    };
    (open != (kind == ProposalKind::Closed)).then_some(told)
}

/// Addresses in the order that does not matter, without case.
fn joined(addresses: &[EmailAddress]) -> String {
    let all: BTreeSet<String> = addresses.iter().map(|a| a.as_str().to_ascii_lowercase()).collect();
    all.into_iter().collect::<Vec<_>>().join(" ")
}

fn same_addresses(ours: &[EmailAddress], theirs: &[EmailAddress]) -> bool {
    joined(ours) == joined(theirs)
}

/// The same words, or their beginning where the ministry cut them.
fn same_name(ours: &str, theirs: &str) -> bool {
    let (ours, theirs) = (folded(ours), folded(theirs));
    let cut = theirs.chars().count() >= CUT_AT - 1 && theirs.chars().count() <= CUT_AT;
    ours == theirs || cut && ours.starts_with(&theirs)
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}
