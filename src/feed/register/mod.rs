//! A register of units: rows to units, and whether the load is believed. Pure.
//!
//! Nothing but mapped columns is kept: the name of whoever answers for a unit never is. A row that cannot be read
//! makes its unit unclear, and no unit is missed while a row is about nobody knows which.

mod judge;
mod read;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::domain::calendar::Part;
use crate::domain::id::PartId;
use crate::domain::register::{Register, RegisterColumns, RegisterPart, RegisterSpec};
use crate::domain::roster::{Roster, Units};
use crate::domain::state::state_of;
use crate::text::number::counted;
use crate::text::remark::Reading;

use self::read::Gather;
use super::map::BadLine;
use crate::format;
use crate::format::body::Body;
use crate::format::error::DecodeError;

pub use judge::{Before, Distrust};

/// What rows of a register are read against.
#[derive(Debug, Clone, Copy)]
pub struct RegisterGround<'a> {
    pub parts: &'a BTreeMap<PartId, Part>,
    pub roster: &'a Roster,
    /// The civil day of the load.
    pub read_on: Date,
}

/// What a register's file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterRead {
    pub register: Register,
    /// Rows that are not blank.
    pub rows: usize,
    /// Rows about municipalities that the roster does not have: another state's.
    pub elsewhere: usize,
    /// Rows of parts that nobody follows.
    pub other_parts: usize,
    /// How many rows say nothing clear.
    pub bad: usize,
    /// The first of them.
    pub bad_lines: Vec<BadLine>,
    /// Words of the situation that mean nothing, with their rows.
    pub unknown_words: BTreeMap<String, usize>,
    /// Units that come more than once and differently.
    pub contradictory: usize,
    /// Addresses that are none.
    pub bad_addresses: usize,
    /// Columns that the register needs and the file lacks; then nothing else was read.
    pub missing_columns: Vec<String>,
    /// States that have open units in `unidades.csv` and none in the file: perhaps it was not asked about them.
    pub silent_states: BTreeSet<&'static str>,
}

impl RegisterRead {
    fn empty(spec: &RegisterSpec, read_on: Date) -> Self {
        Self {
            register: Register {
                feed: spec.id.clone(),
                read_on,
                covered: BTreeSet::new(),
                units: BTreeMap::new(),
                unclear: BTreeSet::new(),
            },
            rows: 0,
            elsewhere: 0,
            other_parts: 0,
            bad: 0,
            bad_lines: Vec::new(),
            unknown_words: BTreeMap::new(),
            contradictory: 0,
            bad_addresses: 0,
            missing_columns: Vec::new(),
            silent_states: BTreeSet::new(),
        }
    }

    /// What staff should know of a load that is believed. What is shown may quote cells, what is kept never does.
    pub fn remarks(&self, reading: Reading) -> Vec<String> {
        let told = |n: usize, one: &str, many: &str| (n > 0).then(|| counted(n, one, many));
        let mut remarks: Vec<String> = [
            told(
                self.elsewhere,
                "linha de um município que não está em municipios.csv, deixada de fora",
                "linhas de municípios que não estão em municipios.csv, deixadas de fora",
            ),
            told(
                self.other_parts,
                "linha de um tipo de unidade que não é acompanhado, deixada de fora",
                "linhas de tipos de unidade que não são acompanhados, deixadas de fora",
            ),
            told(
                self.contradictory,
                "unidade em linhas que se contradizem: nada é proposto sobre ela",
                "unidades em linhas que se contradizem: nada é proposto sobre elas",
            ),
            told(
                self.bad_addresses,
                "endereço de e-mail que não serve, tratado como em branco",
                "endereços de e-mail que não servem, tratados como em branco",
            ),
        ]
        .into_iter()
        .flatten()
        .collect();
        for (word, rows) in &self.unknown_words {
            remarks.push(format!(
                "situação desconhecida {} em {}: nada é proposto sobre essas unidades; acrescente a palavra em \
                 `situacoes`",
                reading.quoted(word),
                counted(*rows, "linha", "linhas")
            ));
        }
        if self.bad > 0 {
            remarks.push(counted(
                self.bad,
                "linha que não pôde ser entendida",
                "linhas que não puderam ser entendidas",
            ));
            remarks.extend(
                self.bad_lines
                    .iter()
                    .take(5)
                    .map(|bad| format!("linha {}: {}", bad.line, bad.message.read(reading))),
            );
        }
        for state in &self.silent_states {
            remarks.push(format!(
                "nenhuma unidade de {state} veio na carga: as de unidades.csv não são dadas como fechadas por isso"
            ));
        }
        if self.register.covered.is_empty() {
            remarks.push(
                "há linhas de que não se sabe a unidade: nenhuma unidade é dada como fechada por não aparecer".to_owned(),
            );
        }
        remarks
    }
}

/// One load of a register: what it says, and the reasons why it is not believed, if any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterIntake {
    pub read: RegisterRead,
    /// Empty: it is believed.
    pub distrust: Vec<Distrust>,
}

impl RegisterIntake {
    /// Whether its reader had to be contained: the same bytes are not worth another try soon.
    pub fn is_uncontained(&self) -> bool {
        self.distrust.iter().any(|why| matches!(why, Distrust::Unreadable(DecodeError::Uncontained(_))))
    }

    /// Of bytes that could not be read.
    pub fn unreadable(spec: &RegisterSpec, read_on: Date, error: DecodeError) -> Self {
        Self { read: RegisterRead::empty(spec, read_on), distrust: vec![Distrust::Unreadable(error)] }
    }
}

/// Decodes, reads and judges one whole load, which may come in several bodies. Never fails: bytes that cannot be read
/// are a load that is not believed.
pub fn take_in(
    spec: &RegisterSpec,
    bodies: &[Body],
    ground: &RegisterGround<'_>,
    before: Before,
) -> RegisterIntake {
    let mut gather = Gather::new(spec, ground);
    let wanted = wanted(spec);
    let mut promised: Option<u64> = None;
    for body in bodies {
        let taken = format::open(&spec.format, body, &wanted).and_then(|table| {
            // Each body answers a question of its own.
            if let Some(here) = table.promised() {
                promised = Some(promised.unwrap_or(0).saturating_add(here));
            }
            gather.take(table)
        });
        if let Err(error) = taken {
            return RegisterIntake::unreadable(spec, ground.read_on, error);
        }
    }
    let mut read = gather.finish();
    read.silent_states = silent_states(&read.register, ground);
    let mut distrust = judge::judge(spec, &read, ground, before);
    let found = u64::try_from(read.rows).unwrap_or(u64::MAX);
    if let Some(promised) = promised.filter(|promised| *promised != found) {
        // Not even a person may take a list that says itself that it is cut.
        distrust.insert(0, Distrust::Unreadable(DecodeError::Incomplete { found, promised }));
    }
    RegisterIntake { read, distrust }
}

/// The states that have open units of the parts that a register lists, and none in it.
fn silent_states(register: &Register, ground: &RegisterGround<'_>) -> BTreeSet<&'static str> {
    let ours = ground.roster.units.iter().flat_map(Units::iter);
    let ours = ours.filter(|unit| unit.until.is_none() && register.covered.contains(&unit.part));
    let listed = register.states();
    ours.filter_map(|unit| state_of(unit.municipality)).filter(|state| !listed.contains(state)).collect()
}

/// The columns that the file must have.
fn wanted(spec: &RegisterSpec) -> Vec<&str> {
    let RegisterColumns { unit, municipality, name, email, telephone, standing } = &spec.columns;
    let mut wanted: Vec<&str> = vec![unit, municipality];
    wanted.extend([name, email, telephone].into_iter().flatten().map(String::as_str));
    wanted.extend(standing.as_ref().map(|(column, _)| column.as_str()));
    if let RegisterPart::Column { column, .. } = &spec.part {
        wanted.push(column);
    }
    wanted
}
