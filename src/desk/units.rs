//! Taking proposals into `unidades.csv`, because an operator asked: the new file is checked whole before it takes the
//! old one's place, and takes it only if the folder is still as it was when the proposals were shown.

use std::path::PathBuf;

use jiff::Timestamp;

use super::install::{self, InstallError};
use crate::config::{self, Config, Faults, LoadError, RewriteError, Sources, rewrite};
use crate::domain::calendar::{Calendar, Respondent};
use crate::domain::id::PartId;
use crate::domain::journal::ProposalFacts;
use crate::domain::overrides::Authorship;
use crate::domain::register::Edit;
use crate::domain::roster::Units;
use crate::store::{Store, StoreError};
use crate::text::digest::sha256;
use crate::world::setup::Setup;

/// What is written.
const FILE: &str = "unidades.csv";

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    pub path: PathBuf,
    /// Where it is as it was; absent when there was none.
    pub copy: Option<PathBuf>,
    /// Parts answered by units of which the file has none now: nobody is asked for them.
    pub without_units: Vec<PartId>,
}

/// Why nothing was written. Displayed to operators.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The configuration lies inside the program.
    #[error(
        "a configuração em uso está dentro do programa e não pode ser mudada: copie a pasta config e use --config"
    )]
    Embedded,
    /// The file could not be put in place.
    #[error(transparent)]
    Install(#[from] InstallError),
    /// It cannot be written so.
    #[error(transparent)]
    Rewrite(#[from] RewriteError),
    /// What would be written has faults.
    #[error("o arquivo novo teria falhas e não foi gravado:\n{0}")]
    Faulty(String),
    /// The configuration cannot be read any more.
    #[error(transparent)]
    Load(LoadError),
    /// The ledger. The file may have been written: its text says so.
    #[error("{}", if *.written { "unidades.csv foi gravado, mas não foi possível registrá-lo no livro" } else { "não foi possível abrir o livro; nada foi gravado" })]
    Store {
        written: bool,
        /// Why.
        #[source]
        source: StoreError,
    },
}

/// Takes proposals into `unidades.csv`. The journal says which (`told`), by whom, and both files' digests.
///
/// # Errors
/// [`ApplyError`]; except for one that says so, nothing was written.
pub async fn apply(
    setup: &Setup,
    store: &Store,
    edits: &[Edit],
    told: Vec<ProposalFacts>,
    by: Authorship,
) -> Result<Applied, ApplyError> {
    let directory = setup.directory.as_deref().ok_or(ApplyError::Embedded)?;
    // The file that the proposals were shown against: if it is another by now, nothing is written.
    let before = setup.sources.bytes(FILE);
    let after = rewrite(before, edits)?;
    let config = check(&setup.sources, &after, by.at)?;
    let zone = &setup.config.calendar.hours.zone;
    let copy = install::replace(directory, FILE, &after, &setup.sources, by.at, zone)?;
    let digests = (before.map(sha256), sha256(&after));
    let noted = store.note_register_applied(told, digests, by).await;
    noted.map_err(|source| ApplyError::Store { written: true, source })?;
    Ok(Applied { path: directory.join(FILE), copy, without_units: without_units(&config) })
}

/// The configuration with the new file; a fault of it is a reason not to write it.
fn check(sources: &Sources, after: &[u8], now: Timestamp) -> Result<Config, ApplyError> {
    let sources = Sources::clone(sources).with(FILE, after);
    config::compile(&sources, now).map_err(|error| match error {
        LoadError::Faulty(faults) => {
            ApplyError::Faulty(Faults(faults.errors().cloned().collect()).render(false))
        }
        other @ LoadError::Unreadable { .. } => ApplyError::Load(other),
    })
}

/// Parts that units answer for, of systems in use, that no open unit of the file has.
fn without_units(config: &Config) -> Vec<PartId> {
    let calendar: &Calendar = &config.calendar;
    let units = || config.roster.units.iter().flat_map(Units::iter).filter(|unit| unit.until.is_none());
    let mut parts: Vec<PartId> = calendar
        .systems
        .values()
        .flat_map(|system| &system.parts)
        .filter(|id| calendar.parts.get(*id).is_some_and(|part| part.respondent == Respondent::Unit))
        .filter(|id| units().all(|unit| unit.part != **id))
        .cloned()
        .collect();
    parts.sort();
    parts.dedup();
    parts
}
