//! Take in status: drop folders, addresses that are due, and files loaded by hand.
//!
//! Reading order: `load` (one whole load, judged and stored), `run` (one run of an address), `crawl` (a run page by
//! page), and here the rounds. A run takes its time in a task of its own, so that a slow host keeps neither the drop
//! folders nor another feed waiting.

mod crawl;
mod load;
pub mod run;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::task::JoinSet;
use tracing::warn;

use super::alert::alert_once;
use super::app::App;
use super::arrivals::{self, Arrivals};
use crate::domain::feed::{FeedSpec, Source};
use crate::domain::id::FeedId;
use crate::feed::folder::Read;
use crate::files::drop::Shelf;
use crate::store::{FeedRun, StoreError};

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
}

/// How a run's task ended.
type Ended = Result<(tokio::task::Id, Result<bool, StoreError>), tokio::task::JoinError>;

/// What is recorded of a drop folder's feed while a file of it is read; it stays when that ends the process, until the
/// file is met again or another is read.
const BEGUN: &str = "o serviço parou enquanto lia o arquivo";

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
                Source::Folder => {
                    let (accepted, all_read) = self.folder(app, spec, runs.get(&spec.id)).await?;
                    believed |= accepted;
                    // What could not be read was mended, or taken away.
                    if all_read
                        && let Some(run) = runs
                            .get(&spec.id)
                            .filter(|run| run.failure.as_ref().is_some_and(|f| !f.starts_with(BEGUN)))
                    {
                        let mended = FeedRun { failures: 0, failure: None, ..run.clone() };
                        app.store.note_run(&spec.id, mended).await?;
                    }
                }
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

    /// Takes in what lies in a drop folder. Answers whether anything was believed, and whether all of it could be read.
    ///
    /// That a file is about to be read is recorded first: one whose reading ended the process is put aside at the next
    /// start instead of ending it again, and a person is told. Put in the folder once more, it is read once more.
    async fn folder(
        &mut self,
        app: &App,
        spec: &FeedSpec,
        last: Option<&FeedRun>,
    ) -> Result<(bool, bool), StoreError> {
        let live = app.live();
        let (mut believed, mut all_read) = (false, true);
        for file in self.arrivals.settled(&live, &spec.id).await {
            let begun = format!("{BEGUN} “{}”", file.name());
            let accepted = if last.and_then(|run| run.failure.as_ref()) == Some(&begun) {
                ended_there(app, spec, &file.name()).await?;
                false
            } else {
                match self.arrivals.read(app, &spec.id, &file, LARGEST_FILE).await? {
                    Some(Read::Whole(original)) => {
                        note(app, spec, Some(begun)).await?;
                        judged(app, &live, spec, Received::of_file(&file.name(), original)).await?
                    }
                    Some(Read::TooLarge(most)) => {
                        too_large(app, spec, &file.name(), most).await?;
                        false
                    }
                    Some(Read::Growing) => continue,
                    None => {
                        all_read = false;
                        continue;
                    }
                }
            };
            believed |= accepted;
            let kept_in = if accepted { Shelf::Processed } else { Shelf::Quarantine };
            arrivals::put_away(&spec.id, file, kept_in, app.now()).await;
            // What another file could not be read for stays told.
            note(app, spec, last.and_then(|run| run.failure.clone()).filter(|_| !all_read)).await?;
        }
        Ok((believed, all_read))
    }
}

/// Records how the last file of a folder went.
async fn note(app: &App, spec: &FeedSpec, failure: Option<String>) -> Result<(), StoreError> {
    let run = FeedRun { tried_at: app.now(), next_at: None, failures: failure.is_some().into(), failure };
    app.store.note_run(&spec.id, run).await
}

/// Calls a person about a file whose reading ended the process.
async fn ended_there(app: &App, spec: &FeedSpec, name: &str) -> Result<(), StoreError> {
    warn!(feed.id = %spec.id, "o serviço parou enquanto lia um arquivo, que foi posto em quarentena");
    let text = format!(
        "O serviço parou enquanto lia o arquivo “{name}” da fonte {}, que está em quarentena/ e não foi julgado. Se o \
         serviço parou por outra razão (a máquina foi desligada), ponha o arquivo na pasta outra vez; se parar de novo, \
         peça outro a quem o fez.",
        spec.id
    );
    alert_once(app, &format!("fonte-{}", spec.id), text, app.now()).await
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
