//! Take in status: drop folders, addresses that are due, and files loaded by hand.
//!
//! Reading order: `load` (one whole load, judged and stored), `run` (one run of an address), `crawl` (a run page by
//! page), and here the rounds. A run takes its time in a task of its own, so that a slow host keeps neither the drop
//! folders nor another feed waiting.

mod crawl;
mod load;
pub mod run;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use tokio::task::JoinSet;
use tracing::{error, warn};

use super::alert::alert_once;
use super::app::App;
use crate::domain::feed::{FeedSpec, Source};
use crate::domain::id::FeedId;
use crate::feed::error::FolderError;
use crate::feed::folder::{self, Look, Read, Shelf};
use crate::store::{FeedRun, StoreError};
use crate::telemetry::chain;
use crate::world::live::spool_folder;

use load::judged;
pub use load::{IntakeError, Load, Taken, baseline, read_load, take_in_bytes, take_in_load};
use run::{Remembered, run_once};

/// What the ingest loop remembers between its rounds.
#[derive(Default)]
pub struct Ingest {
    looks: BTreeMap<FeedId, Look>,
    running: JoinSet<Result<bool, StoreError>>,
    busy: BTreeMap<tokio::task::Id, FeedId>,
    remembered: Remembered,
}

/// How a run's task ended.
type Ended = Result<(tokio::task::Id, Result<bool, StoreError>), tokio::task::JoinError>;

/// The most bytes read of a file in a drop folder.
const LARGEST_FILE: u64 = 256 * 1024 * 1024;

impl Ingest {
    /// Takes in files that have stopped growing, begins the runs whose time has come, and ends those that are through.
    /// One feed that fails never stops another. Answers whether anything was believed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ingest_once(&mut self, app: &Arc<App>) -> Result<bool, StoreError> {
        let live = app.live();
        let mut believed = self.reap()?;
        let runs = app.store.feed_runs().await?;
        for spec in live.setup.config.feeds.iter().filter(|spec| spec.enabled) {
            match &spec.source {
                Source::Folder => believed |= self.folder(app, spec).await?,
                Source::Http { schedule, .. } => {
                    let due = run::due_at(runs.get(&spec.id), schedule, &live.calendar.hours.zone, app.now());
                    if due.is_some_and(|at| at <= app.now()) {
                        self.begin(app, spec);
                    }
                }
                Source::Manual => {}
            }
        }
        Ok(believed)
    }

    /// Waits for every run that has begun. Answers whether anything was believed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn finish(&mut self) -> Result<bool, StoreError> {
        let mut believed = false;
        while let Some(ended) = self.running.join_next_with_id().await {
            believed |= self.ended(ended)?;
        }
        Ok(believed)
    }

    fn reap(&mut self) -> Result<bool, StoreError> {
        let mut believed = false;
        while let Some(ended) = self.running.try_join_next_with_id() {
            believed |= self.ended(ended)?;
        }
        Ok(believed)
    }

    fn ended(&mut self, ended: Ended) -> Result<bool, StoreError> {
        match ended {
            Ok((id, outcome)) => {
                self.busy.remove(&id);
                outcome
            }
            Err(failure) if failure.is_panic() => std::panic::resume_unwind(failure.into_panic()),
            Err(failure) => {
                self.busy.remove(&failure.id());
                Ok(false)
            }
        }
    }

    /// Begins a run, unless the last one of the feed still goes on.
    fn begin(&mut self, app: &Arc<App>, spec: &FeedSpec) {
        if self.busy.values().any(|busy| *busy == spec.id) {
            return;
        }
        let (app, spec, remembered) = (app.clone(), spec.clone(), self.remembered.clone());
        let id = spec.id.clone();
        let task = self.running.spawn(async move {
            let outcome = run_once(&app, &spec, &remembered).await;
            if matches!(outcome, Ok(true)) {
                app.wake.notify_one();
            }
            outcome
        });
        self.busy.insert(task.id(), id);
    }

    async fn folder(&mut self, app: &App, spec: &FeedSpec) -> Result<bool, StoreError> {
        let live = app.live();
        let dir = drop_folder(&live.setup.config.settings.data, spec);
        let earlier = self.looks.remove(&spec.id).unwrap_or_default();
        let looked = blocking(move || {
            folder::prepare(&dir)?;
            let later = folder::look(&dir)?;
            let whole = folder::settled(&earlier, &later);
            Ok((later, whole))
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
        for file in files {
            let (of, spool) = (file.clone(), spool_folder(&live.setup));
            let accepted = match blocking(move || folder::read(&of, &spool, LARGEST_FILE)).await {
                Ok(Read::Whole(original)) => {
                    judged(app, &live, spec, Load::of_file(&file.name(), original)).await?
                }
                Ok(Read::Growing) => continue,
                Ok(Read::TooLarge(most)) => {
                    too_large(app, spec, &file.name(), most).await?;
                    false
                }
                Err(failure) => {
                    warn!(feed.id = %spec.id, error = %chain(&failure), "o arquivo não pôde ser lido");
                    continue;
                }
            };
            believed |= accepted;
            let kept_in = if accepted { Shelf::Processed } else { Shelf::Quarantine };
            let stamp = app.now().strftime("%Y%m%dT%H%M%S%3fZ").to_string();
            if let Err(failure) = blocking(move || folder::put_away(&file.path, kept_in, &stamp)).await {
                error!(feed.id = %spec.id, error = %chain(&failure), "o arquivo lido não pôde ser guardado");
            }
        }
        Ok(believed)
    }
}

/// Calls a person about a file that nobody reads.
async fn too_large(app: &App, spec: &FeedSpec, name: &str, most: u64) -> Result<(), StoreError> {
    warn!(feed.id = %spec.id, file.most_bytes = most, "o arquivo é grande demais e foi posto em quarentena");
    let text = format!(
        "O arquivo “{name}”, posto na pasta da fonte {}, passa de {} MB e não foi lido; está em quarentena/.",
        spec.id,
        most / (1024 * 1024)
    );
    alert_once(app, &format!("fonte-{}", spec.id), text, app.now()).await
}

/// When each feed that is fetched runs next, by its schedule and its last run; absent for the others.
#[must_use]
pub fn next_run(
    spec: &FeedSpec,
    last: Option<&FeedRun>,
    zone: &crate::domain::time::Zone,
    now: Timestamp,
) -> Option<Timestamp> {
    match &spec.source {
        Source::Http { schedule, .. } if spec.enabled => run::due_at(last, schedule, zone, now),
        Source::Http { .. } | Source::Folder | Source::Manual => None,
    }
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
