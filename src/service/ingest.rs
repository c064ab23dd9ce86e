//! Take in status: drop folders, addresses that are due, and files loaded by hand.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use tracing::{error, info, warn};

use super::alert::alert_once;
use super::app::{App, Live};
use super::known;
use crate::domain::feed::{FeedSpec, Source};
use crate::domain::id::{FeedId, IdError, Reference, SnapshotId};
use crate::feed::body::{Body, Original};
use crate::feed::folder::{self, Look, Shelf};
use crate::feed::http::{Fetched, Rules, Validators};
use crate::feed::judge::{Note, Previous, Refusal, Verdict};
use crate::feed::map::Ground;
use crate::feed::schedule::Schedule;
use crate::feed::{Intake, error::FolderError, take_in, url};
use crate::store::{NewSnapshot, Store, StoreError};
use crate::telemetry::chain;

/// What a load came to.
#[derive(Debug)]
pub struct Taken {
    /// Its id in the ledger.
    pub snapshot: SnapshotId,
    /// What was read.
    pub intake: Intake,
}

impl Taken {
    /// Whether it is believed.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        matches!(self.intake.verdict, Verdict::Accepted { .. })
    }

    /// What staff should know: why it is not believed, or what was odd about it.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        match &self.intake.verdict {
            Verdict::Accepted { notes } => notes.iter().map(Note::to_string).collect(),
            Verdict::Quarantined { reasons } => reasons.iter().map(Refusal::to_string).collect(),
        }
    }
}

/// Why a load could not be taken in at all.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The ledger.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A name that cannot be one.
    #[error(transparent)]
    Name(#[from] IdError),
}

/// Decodes, maps, judges and stores one whole load. The same bytes at the same instant are one snapshot.
///
/// # Errors
/// [`IntakeError`]; a file that cannot be believed is no error but a quarantined snapshot.
pub async fn take_in_bytes(
    live: &Live,
    store: &Store,
    spec: &FeedSpec,
    name: &str,
    bytes: &[u8],
    now: Timestamp,
) -> Result<Taken, IntakeError> {
    let windows = known::windows(&live.calendar, now);
    let roster = &live.setup.config.roster;
    let ground = Ground { calendar: &live.calendar, windows: &windows, roster, taken_at: now };
    let last = store.last_accepted(&spec.id).await?;
    let previous = last.map(|last| Previous {
        done: last.by_window.iter().map(|(window, tally)| (window.clone(), tally.done)).collect(),
        municipalities: last.total.municipalities,
    });
    let body = Body::plain(Original::from_bytes(bytes));
    let sha256 = body.original.sha256().to_owned();
    let intake = take_in(spec, &[body], &ground, previous.as_ref());
    let stamp = now.strftime("%Y%m%dT%H%M%S%3fZ");
    let id = SnapshotId::parse(&format!("{}-{stamp}-{}", spec.id, &sha256[..12]))?;
    let mut taken = Taken { snapshot: id.clone(), intake };
    let snapshot = NewSnapshot {
        id,
        feed: spec.id.clone(),
        taken_at: now,
        source: name.to_owned(),
        sha256,
        rows: taken.intake.mapped.rows,
        reasons: taken.remarks(),
        original: spec.keep_original.then(|| bytes.to_vec()),
    };
    if taken.is_accepted() {
        let observations = std::mem::take(&mut taken.intake.mapped.observations);
        store.accept_snapshot(snapshot, observations, now).await?;
    } else {
        store.quarantine_snapshot(snapshot, now).await?;
    }
    Ok(taken)
}

/// What the ingest loop remembers between its rounds.
#[derive(Default)]
pub struct Ingest {
    looks: BTreeMap<FeedId, Look>,
    due: BTreeMap<FeedId, Timestamp>,
    validators: BTreeMap<String, Validators>,
}

/// The most bytes read of a file in a drop folder.
const LARGEST_FILE: u64 = 256 * 1024 * 1024;

impl Ingest {
    /// Takes in whatever is there: files that have stopped growing, and addresses whose time has come. One feed that
    /// fails never stops another. Answers whether anything was believed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ingest_once(&mut self, app: &App) -> Result<bool, StoreError> {
        let live = app.live();
        let mut believed = false;
        for spec in live.setup.config.feeds.iter().filter(|spec| spec.enabled) {
            believed |= match &spec.source {
                Source::Folder => self.folder(app, &live, spec).await?,
                Source::Http { .. } => self.http(app, &live, spec).await?,
                Source::Manual => false,
            };
        }
        Ok(believed)
    }

    async fn folder(&mut self, app: &App, live: &Live, spec: &FeedSpec) -> Result<bool, StoreError> {
        let dir = drop_folder(&live.setup.config.settings.data, spec);
        let earlier = self.looks.remove(&spec.id).unwrap_or_default();
        let looked = blocking(move || {
            folder::prepare(&dir)?;
            let later = folder::look(&dir)?;
            let settled = folder::settled(&earlier, &later);
            let files: Vec<_> =
                settled.iter().map(|file| (file.clone(), folder::read(file, LARGEST_FILE))).collect();
            Ok((later, files))
        })
        .await;
        let (later, files) = match looked {
            Ok(found) => found,
            Err(failure) => {
                warn!(feed.id = %spec.id, error = %chain(&failure), "a pasta da fonte não pôde ser lida");
                return Ok(false);
            }
        };
        self.looks.insert(spec.id.clone(), later);
        let mut believed = false;
        for (file, bytes) in files {
            let now = app.now();
            let bytes = match bytes {
                Ok(bytes) => bytes,
                Err(failure) => {
                    warn!(feed.id = %spec.id, error = %chain(&failure), "o arquivo não pôde ser lido");
                    continue;
                }
            };
            let accepted = load(app, live, spec, &file.name(), &bytes, now).await?;
            believed |= accepted;
            let kept_in = if accepted { Shelf::Processed } else { Shelf::Quarantine };
            let stamp = now.strftime("%Y%m%dT%H%M%S%3fZ").to_string();
            if let Err(failure) = blocking(move || folder::put_away(&file.path, kept_in, &stamp)).await {
                error!(feed.id = %spec.id, error = %chain(&failure), "o arquivo lido não pôde ser guardado");
            }
        }
        Ok(believed)
    }

    async fn http(&mut self, app: &App, live: &Live, spec: &FeedSpec) -> Result<bool, StoreError> {
        let Source::Http { url, schedule, .. } = &spec.source else { return Ok(false) };
        let now = app.now();
        if self.due.get(&spec.id).is_some_and(|due| now < *due) {
            return Ok(false);
        }
        let next = Schedule::parse(schedule).ok().and_then(|s| s.next_after(now, &live.calendar.hours.zone));
        self.due.insert(spec.id.clone(), next.unwrap_or(Timestamp::MAX));
        let mut believed = false;
        for reference in open_references(live, spec, now, url::wants_reference(url)) {
            match url::expand(url, "ES", reference) {
                Ok(address) => believed |= self.fetch(app, live, spec, &address).await?,
                Err(failure) => warn!(feed.id = %spec.id, error = %failure, "endereço de fonte inválido"),
            }
        }
        Ok(believed)
    }

    async fn fetch(
        &mut self,
        app: &App,
        live: &Live,
        spec: &FeedSpec,
        address: &str,
    ) -> Result<bool, StoreError> {
        let validators = self.validators.get(address).cloned().unwrap_or_default();
        let Source::Http { manners, .. } = &spec.source else { return Ok(false) };
        let rules = Rules {
            hosts: manners.hosts.clone(),
            timeout: manners.timeout.unsigned_abs(),
            max_bytes: manners.max_bytes,
            authorities: manners.authorities.clone(),
        };
        match app.fetcher.fetch(address, &validators, &rules).await {
            Ok(Fetched::NotModified) => {
                app.store.note_fetch(&spec.id, app.now()).await?;
                info!(feed.id = %spec.id, "a fonte não mudou");
                Ok(false)
            }
            Ok(Fetched::Fresh(body)) => {
                let Ok(bytes) = body.original.bytes() else { return Ok(false) };
                let accepted = load(app, live, spec, &body.url, &bytes, app.now()).await?;
                if accepted {
                    self.validators.insert(address.to_owned(), body.validators);
                }
                Ok(accepted)
            }
            Err(failure) => {
                warn!(feed.id = %spec.id, error = %chain(&failure), "a fonte não pôde ser buscada");
                Ok(false)
            }
        }
    }
}

/// Takes in one load, logs what it came to, and calls a person when it is not believed.
async fn load(
    app: &App,
    live: &Live,
    spec: &FeedSpec,
    name: &str,
    bytes: &[u8],
    now: Timestamp,
) -> Result<bool, StoreError> {
    let taken = match take_in_bytes(live, &app.store, spec, name, bytes, now).await {
        Ok(taken) => taken,
        Err(IntakeError::Store(failure)) => return Err(failure),
        Err(IntakeError::Name(failure)) => {
            error!(feed.id = %spec.id, error = %failure, "a coleta não pôde ser nomeada");
            return Ok(false);
        }
    };
    let remarks = taken.remarks();
    info!(
        feed.id = %spec.id,
        snapshot.id = %taken.snapshot,
        snapshot.accepted = taken.is_accepted(),
        snapshot.rows = taken.intake.mapped.rows,
        snapshot.remarks = remarks.len(),
        "coleta julgada"
    );
    if !taken.is_accepted() {
        let text = format!(
            "A coleta “{name}” da fonte {} não foi aceita e ficou em quarentena; vale a última boa.\n{}",
            spec.id,
            remarks.join("\n")
        );
        alert_once(app, &format!("fonte-{}", spec.id), text, now).await?;
    }
    Ok(taken.is_accepted())
}

/// The references that a templated address is fetched for: those of the system's open windows. One fetch without a
/// reference when the address does not ask for any.
fn open_references(live: &Live, spec: &FeedSpec, now: Timestamp, wanted: bool) -> Vec<Option<Reference>> {
    if !wanted {
        return vec![None];
    }
    let zone = &live.calendar.hours.zone;
    let mut references: Vec<Option<Reference>> = known::windows(&live.calendar, now)
        .iter()
        .filter(|w| w.system == spec.system && zone.start_of(w.opens_on) <= now)
        .filter(|w| w.latest_deadline().is_none_or(|d| d.instant(zone) > now))
        .map(|w| Some(w.reference))
        .collect();
    references.sort();
    references.dedup();
    references
}

/// `DADOS/entrada/FONTE`.
#[must_use]
pub fn drop_folder(data: &Path, spec: &FeedSpec) -> PathBuf {
    data.join("entrada").join(spec.id.as_str())
}

/// Work on files, off the loops' threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FolderError> + Send + 'static,
) -> Result<T, FolderError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
}
