//! What a proposal writes into `unidades.csv`: cells, never a whole file. Pure.

use super::{Change, Proposal};
use crate::domain::id::{EmailAddress, UnitId};

/// A column of `unidades.csv`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// `id`
    Id,
    /// `ibge`
    Municipality,
    /// `parte`
    Part,
    /// `nome`
    Name,
    /// `email`
    Email,
    /// `telefone`
    Telephone,
    /// `desde`
    From,
    /// `ate`
    Until,
}

impl Column {
    /// Every column, in the order of a new file.
    pub const ALL: [Self; 8] = [
        Self::Id,
        Self::Municipality,
        Self::Part,
        Self::Name,
        Self::Email,
        Self::Telephone,
        Self::From,
        Self::Until,
    ];

    /// Its name in the header.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Municipality => "ibge",
            Self::Part => "parte",
            Self::Name => "nome",
            Self::Email => "email",
            Self::Telephone => "telefone",
            Self::From => "desde",
            Self::Until => "ate",
        }
    }
}

/// One change of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Another row, after the last.
    Add(Vec<(Column, String)>),
    /// Another value in the row of a unit.
    Set {
        /// Whose row.
        unit: UnitId,
        /// Which cell.
        column: Column,
        /// What it is to hold; may be empty.
        value: String,
    },
}

impl Proposal {
    /// What taking this proposal writes.
    #[must_use]
    pub fn edit(&self) -> Edit {
        let set = |column, value: String| Edit::Set { unit: self.unit.clone(), column, value };
        match &self.change {
            Change::New { listed, from } => {
                let mut cells = vec![
                    (Column::Id, listed.id.to_string()),
                    (Column::Municipality, listed.municipality.to_string()),
                    (Column::Part, listed.part.to_string()),
                    (Column::Name, cell_name(&listed.name)),
                    (Column::Email, cell_addresses(&listed.addresses)),
                    (Column::Telephone, cell_telephone(&listed.telephone)),
                ];
                cells.extend(from.map(|day| (Column::From, day.to_string())));
                Edit::Add(cells.into_iter().filter(|(_, value)| !value.is_empty()).collect())
            }
            Change::Closed { until, .. } => set(Column::Until, until.to_string()),
            Change::Reopened { .. } => set(Column::Until, String::new()),
            Change::Municipality { to, .. } => set(Column::Municipality, to.to_string()),
            Change::Part { to, .. } => set(Column::Part, to.to_string()),
            Change::Name { to, .. } => set(Column::Name, cell_name(to)),
            Change::Email { to, .. } => set(Column::Email, cell_addresses(to)),
            Change::Telephone { to, .. } => set(Column::Telephone, cell_telephone(to)),
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
