//! The ministry's register of units (CadSUAS) and what it would change in `unidades.csv`. Pure.
//!
//! A register only proposes. What a person keeps otherwise stays until a person takes a proposal; what the register
//! leaves blank or says unclearly proposes nothing, since a unit dropped on doubt would no longer be asked anything.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::feed::{Format, Source};
use super::id::{EmailAddress, FeedId, MunicipalityCode, PartId, UnitId};
use super::state::state_of;
use crate::text::words::{Words, shown, words};

mod edit;
mod propose;
#[cfg(test)]
mod tests;

pub use edit::{Edit, UnitColumn};
pub use propose::{fact, propose};

/// One register (`[cadastro.X]` of `fontes.toml`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterSpec {
    /// Its id; names its drop folder.
    pub id: FeedId,
    /// Whether it runs on its own. A disabled register can still be loaded by hand.
    pub enabled: bool,
    pub source: Source,
    /// How its bytes read.
    pub format: Format,
    /// What its columns mean. No other column is kept.
    pub columns: RegisterColumns,
    /// Which part a row is about. Every part that the rule can name is covered: a unit of it that the register does
    /// not list is proposed as closed.
    pub part: RegisterPart,
    /// Words that stand for an empty cell, compared without case, accents or outer blanks.
    pub blanks: Vec<String>,
    /// Fewer units than this and the load is refused.
    pub minimum: usize,
}

/// Which part a row of a register is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegisterPart {
    /// Always this one.
    Fixed(PartId),
    /// A column says, in these words (compared without case, accents or outer blanks).
    Column {
        column: String,
        /// Its words; a word that names a declared part needs no entry.
        words: Words<PartId>,
    },
}

/// Which column of a register says what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterColumns {
    /// The unit's id.
    pub unit: String,
    /// The municipality's code, of six or seven digits.
    pub municipality: String,
    /// The unit's name.
    pub name: Option<String>,
    /// Its addresses.
    pub email: Option<String>,
    pub telephone: Option<String>,
    /// Whether it is open, and in which words (compared without case, accents or outer blanks); absent: a listed unit is.
    pub standing: Option<(String, Words<UnitStanding>)>,
}

words! {
    /// What a register says of a unit.
    pub enum UnitStanding {
        /// It works.
        Open "aberta",
        /// It no longer does.
        Closed "fechada",
    }
}

/// A unit as a register lists it. Blank facts are empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The ministry's id.
    pub id: UnitId,
    pub municipality: MunicipalityCode,
    pub part: PartId,
    /// Its name, in one line.
    pub name: String,
    pub addresses: Vec<EmailAddress>,
    /// Its telephone, in one line.
    pub telephone: String,
    /// Whether it works.
    pub standing: UnitStanding,
}

/// The last load of a register that was believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Register {
    /// Which register.
    pub feed: FeedId,
    /// The civil day on which it was read.
    pub read_on: Date,
    /// The parts of which it lists every unit.
    pub covered: BTreeSet<PartId>,
    /// The units that it lists clearly.
    pub units: BTreeMap<UnitId, Listed>,
    /// Units that it lists in a way nobody can rely on: there is no proposal about them.
    pub unclear: BTreeSet<UnitId>,
}

impl Register {
    /// The states that it lists a unit of.
    pub fn states(&self) -> BTreeSet<&'static str> {
        self.units.values().filter_map(|unit| state_of(unit.municipality)).collect()
    }
}

words! {
    /// A sort of proposal, as operators name it.
    pub enum ProposalKind {
        /// *nova*: the register has a unit that `unidades.csv` does not.
        New "nova",
        /// *fechada*: the register says so, or no longer lists it.
        Closed "fechada",
        /// *reaberta*: closed in `unidades.csv`, open in the register.
        Reopened "reaberta",
        /// *municipio*: it is in another municipality.
        Municipality "municipio",
        /// *parte*: it is of another part.
        Part "parte",
        /// *nome*
        Name "nome",
        /// *email*
        Email "email",
        /// *telefone*
        Telephone "telefone",
    }
}

shown!(ProposalKind);

/// What a register would change about one unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnitChange {
    /// A row is added; it counts from `from`, or always did.
    New {
        /// The whole row.
        listed: Listed,
        /// First day on which it counts; absent where `unidades.csv` has no unit of its part yet.
        from: Option<Date>,
    },
    /// The row gets `ate`.
    Closed {
        /// Last day on which it counts.
        until: Date,
        /// Whether the register still lists it, as closed.
        listed: bool,
    },
    /// The row loses `ate`.
    Reopened {
        /// As the row has it.
        until: Date,
    },
    /// The row's municipality changes.
    Municipality {
        /// As the row has it.
        from: MunicipalityCode,
        /// As the register has it.
        to: MunicipalityCode,
    },
    /// The row's part changes.
    Part {
        /// As the row has it.
        from: PartId,
        /// As the register has it.
        to: PartId,
    },
    /// The row's name changes.
    Name {
        /// As the row has it.
        from: String,
        /// As the register has it.
        to: String,
    },
    /// The row's addresses change.
    Email {
        /// As the row has them.
        from: Vec<EmailAddress>,
        /// As the register has them; never empty.
        to: Vec<EmailAddress>,
    },
    /// The row's telephone changes.
    Telephone {
        /// As the row has it.
        from: String,
        /// As the register has it; never empty.
        to: String,
    },
}

impl UnitChange {
    /// Its sort.
    pub fn kind(&self) -> ProposalKind {
        match self {
            Self::New { .. } => ProposalKind::New,
            Self::Closed { .. } => ProposalKind::Closed,
            Self::Reopened { .. } => ProposalKind::Reopened,
            Self::Municipality { .. } => ProposalKind::Municipality,
            Self::Part { .. } => ProposalKind::Part,
            Self::Name { .. } => ProposalKind::Name,
            Self::Email { .. } => ProposalKind::Email,
            Self::Telephone { .. } => ProposalKind::Telephone,
        }
    }
}

/// One proposal to staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    pub unit: UnitId,
    /// Its municipality, as the roster has it; for a new one, as the register has it.
    pub municipality: MunicipalityCode,
    /// Its part, in the same sense.
    pub part: PartId,
    /// Its name, in the same sense.
    pub name: String,
    /// The register that proposes.
    pub feed: FeedId,
    /// The day on which the register was read.
    pub read_on: Date,
    /// What would change.
    pub change: UnitChange,
    /// What the register says that this rests on: as long as it is the same, a refusal stands ([`fact`]).
    pub fact: String,
}

/// A proposal that a person refused, by what the register said then.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refused {
    pub unit: UnitId,
    /// Which sort.
    pub kind: ProposalKind,
    /// What the register said.
    pub fact: String,
}

impl Refused {
    /// Whether this refusal is about this proposal, the register's data being the same.
    pub fn covers(&self, proposal: &Proposal) -> bool {
        self.unit == proposal.unit && self.kind == proposal.change.kind() && self.fact == proposal.fact
    }
}
