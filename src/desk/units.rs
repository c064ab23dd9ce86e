//! Taking proposals: the one place in which the program writes a file of the operators', because one of them asked.
//!
//! A copy is kept, the new file is checked before it takes the old one's place, and takes it in one step.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::config::{self, Config, Faults, LoadError, RewriteError, Sources, rewrite};
use crate::domain::calendar::{Calendar, Respondent};
use crate::domain::id::PartId;
use crate::domain::journal::ProposalFacts;
use crate::domain::overrides::Authorship;
use crate::domain::register::Edit;
use crate::domain::roster::Units;
use crate::store::{Store, StoreError, sha256};
use crate::world::setup::Setup;

/// What is written.
const FILE: &str = "unidades.csv";

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The file.
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
    /// A file cannot be read or written.
    #[error("não foi possível {action} {}: confira o dono e as permissões da pasta", path.display())]
    Files {
        /// A verb.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Somebody else is writing it, or was cut off.
    #[error(
        "outro comando está gravando unidades.csv, ou foi interrompido: se não há outro, apague {} e rode de novo",
        .0.display()
    )]
    Busy(PathBuf),
    /// Somebody else wrote it meanwhile.
    #[error("unidades.csv mudou enquanto era reescrito: nada foi gravado; rode o comando de novo")]
    Changed,
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
        /// Whether the file was written.
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
    let path = real(&directory.join(FILE));
    let before = read(&path)?;
    let after = rewrite(before.as_deref(), edits)?;
    let config = check(directory, &after, by.at)?;
    let stamp = setup.config.calendar.hours.zone.zoned(by.at).strftime("%Y-%m-%dT%H%M").to_string();
    let copy = before.as_deref().map(|bytes| keep_copy(&path, bytes, &stamp)).transpose()?;
    if let Err(error) = replace(&path, before.as_deref(), &after) {
        // Nothing was written: the copy would be of what is still there.
        copy.as_deref().map(fs::remove_file).transpose().map_err(files("apagar", &path))?;
        return Err(error);
    }
    let digests = (before.as_deref().map(sha256), sha256(&after));
    let noted = store.note_register_applied(told, digests, by).await;
    noted.map_err(|source| ApplyError::Store { written: true, source })?;
    Ok(Applied { path, copy, without_units: without_units(&config) })
}

/// Where a link leads; a link in its place would be no link any more.
fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn files(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ApplyError {
    let path = path.to_owned();
    move |source| ApplyError::Files { action, path, source }
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, ApplyError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(files("ler", path)(error)),
    }
}

/// The configuration with the new file; a fault of it is a reason not to write it.
fn check(directory: &Path, after: &[u8], now: Timestamp) -> Result<Config, ApplyError> {
    let sources = Sources::read(directory).map_err(ApplyError::Load)?.with_environment().with(FILE, after);
    config::compile(&sources, now).map_err(|error| match error {
        LoadError::Faulty(faults) => {
            ApplyError::Faulty(Faults(faults.errors().cloned().collect()).render(false))
        }
        other @ LoadError::Unreadable { .. } => ApplyError::Load(other),
    })
}

/// A copy beside the file, `unidades.csv.2026-11-23T0800`; never over another.
fn keep_copy(path: &Path, bytes: &[u8], stamp: &str) -> Result<PathBuf, ApplyError> {
    let mut copy = sibling(path, &format!(".{stamp}"));
    for n in 2..100 {
        match File::create_new(&copy) {
            Ok(mut file) => {
                let written = file.write_all(bytes).and_then(|()| file.sync_all());
                written.map_err(files("gravar", &copy))?;
                return Ok(copy);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                copy = sibling(path, &format!(".{stamp}-{n}"));
            }
            Err(error) => return Err(files("gravar", &copy)(error)),
        }
    }
    Err(files("gravar", &copy)(io::Error::from(io::ErrorKind::AlreadyExists)))
}

/// The new file in the old one's place, in one step, unless the old one changed. The new one beside it, while it is
/// being written, keeps a second command out.
fn replace(path: &Path, before: Option<&[u8]>, after: &[u8]) -> Result<(), ApplyError> {
    let new = sibling(path, ".novo");
    let mut file = File::create_new(&new).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => ApplyError::Busy(new.clone()),
        _ => files("gravar", &new)(error),
    })?;
    let written = (|| {
        if let Ok(old) = fs::metadata(path) {
            fs::set_permissions(&new, old.permissions())?;
        }
        file.write_all(after)?;
        file.sync_all()
    })();
    let done = match written {
        Err(error) => Err(files("gravar", &new)(error)),
        Ok(()) if read(path)?.as_deref() != before => Err(ApplyError::Changed),
        Ok(()) => fs::rename(&new, path).map_err(files("gravar", path)),
    };
    if done.is_err() {
        drop(fs::remove_file(&new));
    } else if let Some(folder) = path.parent().and_then(|folder| File::open(folder).ok()) {
        // The rename is done; whether the disk has it already is as good as can be known.
        drop(folder.sync_all());
    }
    done
}

fn sibling(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
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
