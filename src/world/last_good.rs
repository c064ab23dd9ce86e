//! The last good configuration: kept in the ledger whole, and found again when the files cannot be used, or when the
//! service did not let them in.
//!
//! The ledger's place is in `vigia.toml` itself. Where that file cannot be read, or names another ledger than the one that
//! the service keeps, a pointer says it, which whoever sends leaves in the state directory, beside the ledger, and, in
//! production, in the configuration's own folder where it may write there (under systemd it may not, and has the state
//! directory): a changed `dados` leads away from none but the second. Without one nothing is guessed. It names the folder
//! that it is about, so that one of another service says nothing.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Value, json};
use tracing::warn;

use super::seat;
use super::setup::Setup;
use crate::config::{self, DatabaseSettings, LoadError, Mode, Sources};
use crate::files::{self, Access};
use crate::store::{KeptConfiguration, NewConfiguration, RefusedConfiguration, Store, StoreError};
use crate::telemetry::chain;
use crate::text::digest::sha256;

/// The pointer's name.
const POINTER: &str = "vigia-em-vigor.json";
/// The same in a folder of configuration, beside the other marks.
const BESIDE: &str = ".em-vigor";
/// The state directory of an installation.
const STATE: &str = "/var/lib/vigia-suas";
/// What an installed configuration says of who installed it (see `install`).
pub const MARK: &str = ".aplicado";

/// What the files hold and cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedFiles {
    /// Its hash, or that of why it could not be read.
    pub fingerprint: String,
    /// Why, in the operators' words.
    pub faults: String,
}

/// The last configuration that was in force.
#[derive(Debug, Clone)]
pub struct LastGood {
    pub setup: Setup,
    /// Since when it is in force.
    pub since: Timestamp,
}

impl LastGood {
    /// The same where that other configuration has its data and its ledger: where they lie is each machine's own matter.
    #[must_use]
    pub fn over_the_ledger_of(mut self, other: &Setup) -> Self {
        let (own, there) = (&mut self.setup.config.settings, &other.config.settings);
        own.data.clone_from(&there.data);
        own.database.clone_from(&there.database);
        self
    }

    /// The same where its ledger was found, if it may be that one.
    pub fn found_at(mut self, ledger: &Path) -> Option<Self> {
        let settings = &mut self.setup.config.settings;
        ledger.parent()?.clone_into(&mut settings.data);
        if ledger.extension().is_none_or(|end| end != "json") {
            settings.database = DatabaseSettings::File;
        }
        self.setup.keeps(ledger).then_some(self)
    }
}

/// Reads and compiles the files; whatever keeps them from being used is told with what they are known by.
pub fn load(directory: Option<&Path>, now: Timestamp) -> Result<Setup, RefusedFiles> {
    let (sources, found) = Setup::read(directory).map_err(|error| unread(&error))?;
    let fingerprint = sources.fingerprint();
    Setup::compile(sources, found, now).map_err(|error| match error {
        LoadError::Faulty(faults) => RefusedFiles { fingerprint, faults: faults.render(false) },
        other @ LoadError::Unreadable { .. } => unread(&other),
    })
}

fn unread(error: &LoadError) -> RefusedFiles {
    let faults = format!("erro: {}\ndica: {}", chain(error), LoadError::HINT);
    RefusedFiles { fingerprint: sha256(faults.as_bytes()), faults }
}

/// Keeps a configuration in the ledger as the one in force. `how` says what made the service read it, where nobody
/// signed for it or let it in.
pub async fn adopt(store: &Store, setup: &Setup, how: &str, now: Timestamp) -> Result<(), StoreError> {
    let consent = store.consent_to(&setup.sources.digest(), now).await?;
    let new = NewConfiguration {
        fingerprint: setup.config.fingerprint.clone(),
        directory: setup.directory.as_ref().map_or(String::new(), |dir| dir.display().to_string()),
        parts: setup.sources.parts(),
        by: signed(setup).or(consent).unwrap_or_else(|| how.to_owned()),
        feeds: setup.config.feeds.iter().filter(|spec| spec.enabled).map(|spec| spec.id.clone()).collect(),
    };
    store.adopt_configuration(new, now).await?;
    Ok(())
}

/// Who installed these very files, if somebody did with `aplicar`.
fn signed(setup: &Setup) -> Option<String> {
    let text = std::fs::read_to_string(setup.directory.as_ref()?.join(MARK)).ok()?;
    let mark: Value = serde_json::from_str(&text).ok()?;
    let same = mark["arquivos"].as_str() == Some(setup.sources.digest().as_str());
    same.then(|| mark["autor"].as_str().map(ToOwned::to_owned))?
}

/// The configuration in force according to a ledger; nothing when it never had one, or one that this program no
/// longer takes. Faults are told at `directory`.
pub async fn of(
    store: &Store,
    directory: Option<&Path>,
    now: Timestamp,
) -> Result<Option<LastGood>, StoreError> {
    let Some(kept) = store.configuration_in_force().await? else { return Ok(None) };
    let KeptConfiguration { directory: was, parts, since, .. } = kept;
    let directory = directory.map(Path::to_owned).or_else(|| (!was.is_empty()).then(|| PathBuf::from(&was)));
    Ok(match Setup::compile(Sources::of_parts(&was, parts), directory, now) {
        Ok(setup) => Some(LastGood { setup, since }),
        Err(failure) => {
            warn!(error = %failure, "a última configuração boa não serve mais a este programa");
            None
        }
    })
}

/// How the service ran that last kept a ledger; nothing when none ever did.
pub async fn mode(store: &Store) -> Result<Option<Mode>, StoreError> {
    let kept = store.configuration_in_force().await?;
    Ok(kept.and_then(|kept| config::mode_of(&Sources::of_parts(&kept.directory, kept.parts))))
}

/// The last good configuration of a folder whose files cannot be used, if its ledger can be found and has one.
pub async fn find(directory: Option<&Path>, now: Timestamp) -> Option<LastGood> {
    let path = ledger(directory)?;
    if !path.exists() {
        return None;
    }
    let store = seat::read(&path).await.ok()?;
    let found = of(&store, directory, now).await.ok().flatten();
    store.close().await;
    found.and_then(|kept| kept.found_at(&path))
}

/// What rules while the service holds what the files say until a person lets it in, with what is held.
pub async fn while_held(setup: &Setup, now: Timestamp) -> Option<(LastGood, RefusedConfiguration)> {
    let elsewhere = kept_ledger(setup);
    let is_there = elsewhere.is_none();
    let path = elsewhere.unwrap_or_else(|| setup.database());
    if !path.exists() {
        return None;
    }
    let store = seat::read(&path).await.ok()?;
    let held = store.configuration_refused().await.ok().flatten().filter(|held| held.letters.is_some());
    let found = match held {
        Some(held) => {
            let kept = of(&store, setup.directory.as_deref(), now).await.ok().flatten();
            let kept = kept.and_then(|kept| {
                if is_there { Some(kept.over_the_ledger_of(setup)) } else { kept.found_at(&path) }
            });
            kept.map(|kept| (kept, held))
        }
        None => None,
    };
    store.close().await;
    found
}

/// The ledger that the service of this folder keeps, where it is another than the files name (`modo`, `dados`).
pub fn kept_ledger(setup: &Setup) -> Option<PathBuf> {
    let path = told_of(setup.directory.as_deref()?, Some(&setup.config.settings.data))?;
    (path != absolute(&setup.database()) && path.exists()).then_some(path)
}

/// The ledger in production that the service of this folder kept and that a new one would stand in for, knowing of nothing
/// that was sent: it lay where the files say, or is nowhere.
pub fn replaced_ledger(setup: &Setup) -> Option<PathBuf> {
    let settings = &setup.config.settings;
    let path = told_of(setup.directory.as_deref()?, Some(&settings.data))?;
    let is_production = settings.mode == Mode::Production && !seat::is_of_rehearsal(&path);
    (is_production && (path == absolute(&setup.database()) || !path.exists())).then_some(path)
}

/// Where the ledger is: as `vigia.toml` says, else as the pointer says.
fn ledger(directory: Option<&Path>) -> Option<PathBuf> {
    let found = Setup::find(directory);
    // Whatever the other files are.
    let read = found.as_deref().map_or_else(|| Ok(Sources::embedded()), Sources::read_settings);
    if let Some(told) = read.ok().and_then(|sources| config::whereabouts(&sources.with_environment())) {
        return Some(told.data.join(Setup::database_name(told.mode)));
    }
    told_of(&found?, Some(Path::new("var")))
}

/// The ledger that the first pointer about a folder of configuration names.
fn told_of(directory: &Path, data: Option<&Path>) -> Option<PathBuf> {
    // Also a command typed in any folder, without the unit's variables, finds the pointer of an installation.
    let given = given().into_iter().chain([installed(), directory.join(BESIDE)]);
    given.chain(in_data(data)).find_map(|place| pointed(&place, directory))
}

/// In the state directory that systemd gives.
fn given() -> Option<PathBuf> {
    let given = std::env::var_os("STATE_DIRECTORY").and_then(|dirs| std::env::split_paths(&dirs).next());
    given.map(|dir| dir.join(POINTER))
}

/// In the state directory of an installation.
fn installed() -> PathBuf {
    Path::new(STATE).join(POINTER)
}

/// In `dados`.
fn in_data(data: Option<&Path>) -> Option<PathBuf> {
    data.filter(|data| data.is_dir()).map(|data| data.join(POINTER))
}

/// The ledger that a pointer names for a folder of configuration.
fn pointed(place: &Path, directory: &Path) -> Option<PathBuf> {
    let told: Value = serde_json::from_str(&std::fs::read_to_string(place).ok()?).ok()?;
    let same = told["configuracao"].as_str() == Some(absolute(directory).display().to_string().as_str());
    same.then(|| told["livro"].as_str().map(PathBuf::from))?
}

/// Leaves word of where the ledger of a configuration is. A pointer that cannot be written stops nothing.
pub fn point(setup: &Setup) {
    let Some(directory) = &setup.directory else { return };
    let told = json!({
        "configuracao": absolute(directory).display().to_string(),
        "livro": absolute(&setup.database()).display().to_string(),
    });
    let told = told.to_string();
    let settings = &setup.config.settings;
    // A rehearsal sends nothing that could be sent twice, and leaves nothing in a folder that may be anybody's.
    let beside = (settings.mode == Mode::Production).then(|| directory.join(BESIDE));
    // What an installation's service left is not to contradict what is kept by hand now.
    let installed = Some(installed()).filter(|place| pointed(place, directory).is_some());
    for path in
        given().into_iter().chain(in_data(Some(&settings.data))).chain(beside.clone()).chain(installed)
    {
        if std::fs::read_to_string(&path).is_ok_and(|text| text == told) {
            continue;
        }
        if let Err(failure) = files::put_no_link(&path, told.as_bytes(), Access::Usual) {
            // The configuration is not the service's to write, as under systemd.
            let is_closed =
                matches!(failure.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem);
            if is_closed && beside.as_ref() == Some(&path) {
                continue;
            }
            warn!(path = %path.display(), error = %failure, "não foi possível anotar onde está o livro");
        }
    }
}

fn absolute(path: &Path) -> PathBuf {
    path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned())
}
