//! Take in status: drop folders, addresses that are due, and files loaded by hand.
//!
//! Reading order: `load` (one whole load, judged and stored), `due` and `run` (when an address is asked, and one run of it), `crawl` (a run page by
//! page), and here the rounds. A run takes its time in a task of its own, so that a slow host keeps neither the drop
//! folders nor another feed waiting.

mod crawl;
mod due;
mod load;
pub mod run;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::task::JoinSet;

use super::app::App;
use super::arrivals::Arrivals;
use crate::domain::feed::{FeedSpec, Source};
use crate::domain::id::FeedId;
use crate::files::drop::Shelf;
use crate::intake::FeedRun;
use crate::store::StoreError;
use crate::world::live::Live;

use load::judged;
pub use load::{IntakeError, Received, Taken, baseline, read_load, take_in_bytes, take_in_load};
use run::{Remembered, run_once};

/// What the ingest loop remembers between its rounds.
#[derive(Default)]
pub struct Ingest {
    arrivals: Arrivals,
    running: JoinSet<Result<bool, StoreError>>,
    busy: BTreeMap<tokio::task::Id, FeedId>,
    remembered: Remembered,
    /// When the next address is due, of those that were not when this was last asked.
    next: Option<Timestamp>,
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
        self.next = None;
        for spec in live.setup.config.feeds.iter().filter(|spec| spec.enabled) {
            match &spec.source {
                Source::Folder => {
                    believed |= self.folder(app, spec).await?;
                    self.arrivals.mend(app, &spec.id, runs.get(&spec.id)).await?;
                }
                Source::Http { schedule, .. } => {
                    let due = due::due_at(runs.get(&spec.id), schedule, &live.calendar.hours.zone, app.now());
                    if due.is_some_and(|at| at <= app.now()) {
                        self.begin(app, spec);
                    } else {
                        self.next = self.next.into_iter().chain(due).min();
                    }
                }
                Source::Manual => {}
            }
        }
        Ok(believed)
    }

    /// When to look again where nothing comes: when an address is due, or soon while one is asked.
    pub(super) fn next(&self, now: Timestamp) -> Option<Timestamp> {
        if self.running.is_empty() { self.next } else { Some(now) }
    }

    /// Whether any feed has a drop folder.
    pub(super) fn looks_at_folders(app: &App) -> bool {
        folders(&app.live()).next().is_some()
    }

    /// Whether no file came into the folder of any feed.
    pub(super) fn is_quiet(&self, app: &App) -> bool {
        self.arrivals.is_quiet(folders(&app.live()))
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

    /// The service was told to stop: the file that was being read did not end it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn leave(&mut self, app: &App) -> Result<(), StoreError> {
        self.arrivals.leave(app).await
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

    /// Takes in what lies in a drop folder. Answers whether anything was believed.
    async fn folder(&mut self, app: &App, spec: &FeedSpec) -> Result<bool, StoreError> {
        let live = app.live();
        let mut believed = false;
        for file in self.arrivals.settled(app, &live, &spec.id).await? {
            // Each is read by what is in force then: a reload may come between two.
            let live = app.live();
            let is_it = |now: &&FeedSpec| now.id == spec.id && now.enabled && now.source == Source::Folder;
            let Some(spec) = live.setup.config.feeds.iter().find(is_it) else { break };
            let Some(original) = self.arrivals.read(app, &spec.id, &file, LARGEST_FILE).await? else {
                continue;
            };
            let (name, written_at) = (file.name(), file.modified());
            let loaded = (name.as_str(), original);
            let received =
                Received::of_written_file(Some(&app.store), &spec.id, loaded, written_at, app.now()).await?;
            let accepted = judged(app, &live, spec, received).await?;
            let kept_in = if accepted { Shelf::Processed } else { Shelf::Quarantine };
            self.arrivals.put_away(app, &spec.id, &file, kept_in).await?;
            believed |= accepted;
        }
        Ok(believed)
    }
}

/// The feeds that have a drop folder.
fn folders(live: &Live) -> impl Iterator<Item = &FeedId> {
    let specs = live.setup.config.feeds.iter();
    specs.filter(|spec| spec.enabled && spec.source == Source::Folder).map(|spec| &spec.id)
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
        Source::Http { schedule, .. } if spec.enabled => due::due_at(last, schedule, zone, now),
        Source::Http { .. } | Source::Folder | Source::Manual => None,
    }
}
