//! Files that arrive in the drop folders of feeds and registers: when they are whole, read, and put away.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use tracing::{error, warn};

use crate::domain::id::FeedId;
use crate::feed::folder::{self, Read};
use crate::files::drop::{self, Look, Settled, Shelf};
use crate::telemetry::chain;
use crate::world::live::{Live, spool_folder};

/// What the looks before found, of each source.
#[derive(Default)]
pub(super) struct Arrivals(BTreeMap<FeedId, Look>);

impl Arrivals {
    /// The files of a source's folder that have stopped growing, the oldest first. A folder that cannot be read is said
    /// in the log, and looked at again the next time.
    pub(super) async fn settled(&mut self, live: &Live, id: &FeedId) -> Vec<Settled> {
        let dir = drop_folder(&live.setup.config.settings.data, id);
        let earlier = self.0.remove(id).unwrap_or_default();
        let looked = blocking(move || {
            drop::prepare(&dir)?;
            let later = drop::look(&dir)?;
            let whole = drop::settled(&earlier, &later);
            Ok::<_, drop::DropError>((later, whole))
        });
        match looked.await {
            Ok((later, files)) => {
                self.0.insert(id.clone(), later);
                files
            }
            Err(failure) => {
                warn!(feed.id = %id, error = %chain(&failure), "a pasta da fonte não pôde ser lida");
                Vec::new()
            }
        }
    }
}

/// Reads a file of at most `most` bytes; nothing where it cannot be read, which is said in the log.
pub(super) async fn read(live: &Live, id: &FeedId, file: &Settled, most: u64) -> Option<Read> {
    let (of, spool) = (file.clone(), spool_folder(&live.setup));
    match blocking(move || folder::read(&of, &spool, most)).await {
        Ok(read) => Some(read),
        Err(failure) => {
            warn!(feed.id = %id, error = %chain(&failure), "o arquivo não pôde ser lido");
            None
        }
    }
}

/// Moves a file that was judged out of the drop folder.
pub(super) async fn put_away(id: &FeedId, file: Settled, shelf: Shelf, now: Timestamp) {
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
