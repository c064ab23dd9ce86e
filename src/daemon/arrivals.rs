//! Files that arrive in the drop folders of feeds and registers: when they are whole, read, and put away.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use tracing::{error, warn};

use super::alert::alert_once;
use super::app::App;
use crate::domain::id::FeedId;
use crate::feed::folder::{self, Read};
use crate::files::drop::{self, Look, Shelf, StableFile};
use crate::store::{FeedRun, StoreError};
use crate::telemetry::chain;
use crate::world::live::{Live, spool_folder};

/// What the looks before found, of each source.
#[derive(Default)]
pub(super) struct Arrivals {
    looks: BTreeMap<FeedId, Look>,
    /// Files that could not be read, and the day on which that was said last.
    unreadable: BTreeMap<(FeedId, PathBuf), Date>,
}

impl Arrivals {
    /// The files of a source's folder that have stopped growing, the oldest first. A folder that cannot be read is said
    /// in the log, and looked at again the next time.
    pub(super) async fn settled(&mut self, live: &Live, id: &FeedId) -> Vec<StableFile> {
        let dir = drop_folder(&live.setup.config.settings.data, id);
        let earlier = self.looks.remove(id).unwrap_or_default();
        let looked = blocking(move || {
            drop::prepare(&dir)?;
            let later = drop::look(&dir)?;
            let whole = drop::settled(&earlier, &later);
            Ok::<_, drop::DropError>((later, whole))
        });
        match looked.await {
            Ok((later, files)) => {
                self.looks.insert(id.clone(), later);
                files
            }
            Err(failure) => {
                warn!(feed.id = %id, error = %chain(&failure), "a pasta da fonte não pôde ser lida");
                Vec::new()
            }
        }
    }
}

impl Arrivals {
    /// Reads a file of at most `most` bytes; nothing where it cannot be read, which is said in the log and to staff once
    /// a day, and kept for `fontes`.
    pub(super) async fn read(
        &mut self,
        app: &App,
        id: &FeedId,
        file: &StableFile,
        most: u64,
    ) -> Result<Option<Read>, StoreError> {
        let (live, now) = (app.live(), app.now());
        let (of, spool) = (file.clone(), spool_folder(&live.setup));
        let failure = match blocking(move || folder::read(&of, &spool, most)).await {
            Ok(read) => return Ok(Some(read)),
            Err(failure) => chain(&failure),
        };
        let today = live.calendar.hours.zone.date_of(now);
        if self.unreadable.insert((id.clone(), file.path.clone()), today) != Some(today) {
            warn!(feed.id = %id, error = %failure, "o arquivo não pôde ser lido");
            let text = format!(
                "O arquivo “{}”, posto na pasta da fonte {id}, não pôde ser lido e fica lá: {failure}. O serviço tenta de \
                 novo sozinho.",
                file.name()
            );
            alert_once(app, &format!("arquivo-{id}"), text, now).await?;
            let run = FeedRun { tried_at: now, next_at: None, failures: 1, failure: Some(failure) };
            app.store.note_run(id, run).await?;
        }
        Ok(None)
    }
}

/// Moves a file that was judged out of the drop folder.
pub(super) async fn put_away(id: &FeedId, file: StableFile, shelf: Shelf, now: Timestamp) {
    let stamp = now.strftime("%Y%m%dT%H%M%S%3fZ").to_string();
    if let Err(failure) = blocking(move || drop::put_away(&file.path, shelf, &stamp)).await {
        error!(feed.id = %id, error = %chain(&failure), "o arquivo lido não pôde ser guardado");
    }
}

/// `DADOS/entrada/FONTE`.
#[must_use]
pub(super) fn drop_folder(data: &Path, id: &FeedId) -> PathBuf {
    data.join("entrada").join(id.as_str())
}

/// Work on files or on many bytes, off the loops' threads.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
}
