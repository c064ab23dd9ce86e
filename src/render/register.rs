//! What a register would change, in words. Pure.

use super::portuguese::{date, line};
use crate::domain::id::EmailAddress;
use crate::domain::register::{Proposal, UnitChange};
use crate::domain::roster::Roster;

/// A cell before and after, as a diff shows it; empty where there is nothing.
pub fn cells(change: &UnitChange, roster: &Roster) -> (String, String) {
    let place = |code| {
        let name = roster.municipalities.get(code).map_or("", |municipality| municipality.name.as_str());
        format!("{code} {}", line(name)).trim_end().to_owned()
    };
    match change {
        UnitChange::New { listed, from } => {
            let mut facts = vec![listed.part.to_string(), line(&listed.name), place(&listed.municipality)];
            facts.push(joined(&listed.addresses));
            facts.push(line(&listed.telephone));
            facts.extend(from.map(|day| format!("desde {}", date(day))));
            facts.retain(|fact| !fact.is_empty());
            (String::new(), facts.join("; "))
        }
        UnitChange::Closed { until, listed } => {
            let why = if *listed { "o cadastro diz que fechou" } else { "não está mais no cadastro" };
            (String::new(), format!("até {} ({why})", date(*until)))
        }
        UnitChange::Reopened { until } => {
            (format!("até {}", date(*until)), "em funcionamento no cadastro".to_owned())
        }
        UnitChange::Municipality { from, to } => (place(from), place(to)),
        UnitChange::Part { from, to } => (from.to_string(), to.to_string()),
        UnitChange::Name { from, to } | UnitChange::Telephone { from, to } => (line(from), line(to)),
        UnitChange::Email { from, to } => (joined(from), joined(to)),
    }
}

/// One line: `nome: CRAS Um → CRAS Dois`.
pub fn sentence(change: &UnitChange, roster: &Roster) -> String {
    let (from, to) = cells(change, roster);
    let kind = change.kind();
    if from.is_empty() { format!("{kind}: {to}") } else { format!("{kind}: {from} → {to}") }
}

/// The same without a name, an address or a telephone: for what is kept for good.
pub fn kept(change: &UnitChange, roster: &Roster) -> String {
    match change {
        UnitChange::New { listed, .. } => {
            format!("{}: {}; {}", change.kind(), listed.part, listed.municipality)
        }
        UnitChange::Name { .. } | UnitChange::Telephone { .. } | UnitChange::Email { .. } => {
            change.kind().to_string()
        }
        UnitChange::Closed { .. }
        | UnitChange::Reopened { .. }
        | UnitChange::Municipality { .. }
        | UnitChange::Part { .. } => sentence(change, roster),
    }
}

/// Which unit: `CRAS “CRAS Um” (32012098154)`.
pub fn unit(proposal: &Proposal) -> String {
    let name = line(&proposal.name);
    let name = if name.is_empty() { String::new() } else { format!(" “{name}”") };
    format!("{}{name} ({})", proposal.part, proposal.unit)
}

fn joined(addresses: &[EmailAddress]) -> String {
    addresses.iter().map(EmailAddress::as_str).collect::<Vec<_>>().join(" ")
}
