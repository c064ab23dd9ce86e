//! Whether a load of a register is believed. Pure.
//!
//! Half a register would propose to close the other half; a person could still refuse, but should not have to.

use super::{RegisterGround, RegisterRead};
use crate::domain::register::RegisterSpec;
use crate::domain::roster::Units;
use crate::format::error::DecodeError;
use crate::text::number::counted;
use crate::text::remark::{Reading, Remark};

/// A fall of so many units is ordinary.
const ORDINARY_FALL: usize = 5;

/// What there was before this load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// The last load that was believed had so many units.
    Load(usize),
    /// None was.
    Nothing,
    /// A person looked at this load and takes it, however small it is.
    Waived,
}

/// Why a load of a register is not believed. Displayed to operators.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// Not of the format.
    #[error("{0}")]
    Unreadable(DecodeError),
    /// Columns are not there.
    #[error("{0}: confira os nomes das colunas em fontes.toml")]
    Columns(String),
    /// No rows.
    #[error("a carga veio vazia")]
    Empty,
    /// Only another state's rows.
    #[error("nenhuma das {0} linhas é de um município de municipios.csv")]
    Elsewhere(usize),
    /// Fewer units than the configuration asks for.
    #[error("a carga tem {}, menos que o mínimo de {minimum}", units(*found))]
    TooFew {
        /// Units read clearly.
        found: usize,
        /// As configured.
        minimum: usize,
    },
    /// Far fewer than the last time.
    #[error("a carga tem {}; a última aceita tinha {before}", units(*found))]
    Fell {
        /// Units read clearly.
        found: usize,
        /// In the last load that was believed.
        before: usize,
    },
    /// Far fewer than `unidades.csv` has.
    #[error("a carga tem {}; unidades.csv tem {ours} das mesmas partes", units(*found))]
    FarFromOurs {
        /// Units read clearly.
        found: usize,
        /// Open units of the same parts.
        ours: usize,
    },
    /// Too many rows that say nothing clear.
    #[error("{unclear} das {rows} linhas não puderam ser entendidas; a primeira razão: {first}")]
    Unclear {
        /// Units that are not clear.
        unclear: usize,
        /// Rows in all.
        rows: usize,
        /// The first reason.
        first: Remark,
    },
}

impl Distrust {
    /// The same as it is shown, or without the text of any cell, as it is kept.
    pub fn told(&self, reading: Reading) -> String {
        match self {
            Self::Unclear { unclear, rows, first } => {
                let first = first.read(reading).into();
                Self::Unclear { unclear: *unclear, rows: *rows, first }.to_string()
            }
            plain => plain.to_string(),
        }
    }
}

pub(super) fn judge(
    spec: &RegisterSpec,
    read: &RegisterRead,
    ground: &RegisterGround<'_>,
    before: Before,
) -> Vec<Distrust> {
    if !read.missing_columns.is_empty() {
        return read.missing_columns.iter().cloned().map(Distrust::Columns).collect();
    }
    if read.rows == 0 {
        return vec![Distrust::Empty];
    }
    let found = read.register.units.len();
    if found == 0 && read.elsewhere == read.rows {
        return vec![Distrust::Elsewhere(read.rows)];
    }
    let mut distrust = Vec::new();
    let unclear = read.bad + read.unknown_words.values().sum::<usize>();
    if unclear * 5 > read.rows {
        let first = read.bad_lines.first().map(|bad| bad.message.clone());
        let word = read.unknown_words.keys().next();
        let word = word.map(|word| Remark::of_cell(word, |cell| format!("situação desconhecida {cell}")));
        let first = first.or(word).unwrap_or_else(|| "".into());
        distrust.push(Distrust::Unclear { unclear, rows: read.rows, first });
    }
    if found < spec.minimum.max(1) {
        distrust.push(Distrust::TooFew { found, minimum: spec.minimum.max(1) });
    }
    match before {
        Before::Load(before) if found + ORDINARY_FALL.max(before / 10) < before => {
            distrust.push(Distrust::Fell { found, before });
        }
        Before::Nothing => {
            let ours = ours(read, ground);
            if found * 2 < ours {
                distrust.push(Distrust::FarFromOurs { found, ours });
            }
        }
        Before::Load(_) => {}
        Before::Waived => {
            distrust.retain(|why| !matches!(why, Distrust::TooFew { found, .. } if *found > 0));
        }
    }
    distrust
}

/// Open units of `unidades.csv` of the parts that the register lists.
fn ours(read: &RegisterRead, ground: &RegisterGround<'_>) -> usize {
    let units = ground.roster.units.iter().flat_map(Units::iter);
    units.filter(|unit| unit.until.is_none() && read.register.covered.contains(&unit.part)).count()
}

fn units(number: usize) -> String {
    counted(number, "unidade", "unidades")
}
