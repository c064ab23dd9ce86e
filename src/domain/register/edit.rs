//! What a proposal writes into `unidades.csv`: cells, never a whole file. Pure.

use super::{Proposal, UnitChange};
use crate::domain::id::{EmailAddress, UnitId};
use crate::text::words::words;

words! {
    /// A column of `unidades.csv`.
    pub enum UnitColumn {
        /// `id`
        Id "id",
        /// `ibge`
        Municipality "ibge",
        /// `parte`
        Part "parte",
        /// `nome`
        Name "nome",
        /// `email`
        Email "email",
        /// `telefone`
        Telephone "telefone",
        /// `desde`
        From "desde",
        /// `ate`
        Until "ate",
    }
}

/// One change of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Another row, after the last.
    Add(Vec<(UnitColumn, String)>),
    /// Another value in the row of a unit.
    Set {
        /// Whose row.
        unit: UnitId,
        /// Which cell.
        column: UnitColumn,
        /// What it is to hold; may be empty.
        value: String,
    },
}

impl Proposal {
    /// What taking this proposal writes.
    pub fn edit(&self) -> Edit {
        let set = |column, value: String| Edit::Set { unit: self.unit.clone(), column, value };
        match &self.change {
            UnitChange::New { listed, from } => {
                let mut cells = vec![
                    (UnitColumn::Id, listed.id.to_string()),
                    (UnitColumn::Municipality, listed.municipality.to_string()),
                    (UnitColumn::Part, listed.part.to_string()),
                    (UnitColumn::Name, cell_name(&listed.name)),
                    (UnitColumn::Email, cell_addresses(&listed.addresses)),
                    (UnitColumn::Telephone, cell_telephone(&listed.telephone)),
                ];
                cells.extend(from.map(|day| (UnitColumn::From, day.to_string())));
                Edit::Add(cells.into_iter().filter(|(_, value)| !value.is_empty()).collect())
            }
            UnitChange::Closed { until, .. } => set(UnitColumn::Until, until.to_string()),
            UnitChange::Reopened { .. } => set(UnitColumn::Until, String::new()),
            UnitChange::Municipality { to, .. } => set(UnitColumn::Municipality, to.to_string()),
            UnitChange::Part { to, .. } => set(UnitColumn::Part, to.to_string()),
            UnitChange::Name { to, .. } => set(UnitColumn::Name, cell_name(to)),
            UnitChange::Email { to, .. } => set(UnitColumn::Email, cell_addresses(to)),
            UnitChange::Telephone { to, .. } => set(UnitColumn::Telephone, cell_telephone(to)),
        }
    }
}

fn cell_addresses(addresses: &[EmailAddress]) -> String {
    addresses.iter().map(EmailAddress::as_str).collect::<Vec<_>>().join(" ")
}

/// A name as a cell may hold it: one line, and nothing that a spreadsheet would take for a formula.
pub(super) fn cell_name(name: &str) -> String {
    let line: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    line.trim_start_matches(|c: char| "=+-@'\"".contains(c) || c.is_whitespace()).to_owned()
}

/// A telephone as a cell may hold it.
pub(super) fn cell_telephone(telephone: &str) -> String {
    let spaced = telephone.chars().map(|c| if c.is_control() { ' ' } else { c });
    let kept: String = spaced.filter(|c| c.is_ascii_digit() || " ()-/,.".contains(*c)).collect();
    let line = kept.split_whitespace().collect::<Vec<_>>().join(" ");
    line.trim_start_matches(|c: char| !(c.is_ascii_digit() || c == '(')).trim_end().to_owned()
}
