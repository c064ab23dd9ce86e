//! Files that arrive in the drop folders of feeds and registers: when they are whole, read, and put away.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use tracing::{error, warn};

use super::alert::{alert_once, topic};
use super::app::App;
use crate::domain::id::FeedId;
use crate::feed::folder::{self, Read};
use crate::files;
use crate::files::drop::{self, FolderStamp, Look, Shelf, StableFile};
use crate::format::body::Original;
use crate::intake::FeedRun;
use crate::store::StoreError;
use crate::telemetry::chain;
use crate::world::live::{Live, spool_folder};

/// What the looks before found, of each source.
#[derive(Default)]
pub(super) struct Arrivals {
    looks: BTreeMap<FeedId, Look>,
    /// Folders in which nothing lay, and their stamps before that was looked.
    empty: BTreeMap<FeedId, (PathBuf, Option<FolderStamp>)>,
    /// Files and folders that could not be read: why, and the day on which that was said last.
    unreadable: BTreeMap<(FeedId, PathBuf), (String, Date)>,
    /// Sources of which a file is being read.
    reading: BTreeSet<FeedId>,
    /// Files that were judged and could not be put away, as they were then: the same file again is no news.
    left_lying: Vec<(FeedId, StableFile)>,
    /// What a process before this one left of each source: proof at the first reading alone.
    left: BTreeMap<FeedId, Option<String>>,
}

/// What is recorded of a source while a file of its folder is read. It stays when that ends the process, until files of the
/// folder are next read, by another process; one that is told to stop takes it back ([`Arrivals::leave`]).
const BEGUN: &str = "o serviço parou enquanto lia o arquivo";

impl Arrivals {
    /// The files of a source's folder that have stopped growing, the oldest first. Of a folder that cannot be read staff are
    /// told once a day; it is looked at again the next time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn settled(
        &mut self,
        app: &App,
        live: &Live,
        id: &FeedId,
    ) -> Result<Vec<StableFile>, StoreError> {
        let dir = drop_folder(&live.setup.config.settings.data, id);
        let earlier = self.looks.remove(id).unwrap_or_default();
        if let Some(left) = self.left.get_mut(id) {
            *left = None;
        }
        self.empty.remove(id);
        let (of, now) = (dir.clone(), app.now().as_second());
        let looked = blocking(move || {
            drop::prepare(&of)?;
            // A share's stamp may not change when an entry comes, and to ask for it may take for ever.
            let is_here = files::network_disk(&of, &files::mounts()).is_none();
            let stamp = drop::stamp(&of).filter(|stamp| is_here && stamp.tells(now));
            let later = drop::look(&of)?;
            let whole = drop::settled(&earlier, &later);
            Ok::<_, drop::DropError>((stamp, later, whole))
        });
        match looked.await {
            Ok((stamp, later, mut files)) => {
                if later.is_empty() {
                    self.empty.insert(id.clone(), (dir, stamp));
                }
                self.looks.insert(id.clone(), later);
                self.unreadable
                    .retain(|(of, path), _| of != id || files.iter().any(|file| file.path == *path));
                self.left_lying.retain(|(of, lying)| of != id || files.contains(lying));
                files.retain(|file| !self.left_lying.iter().any(|(of, lying)| of == id && lying == file));
                Ok(files)
            }
            Err(failure) => {
                let text = format!(
                    "A pasta da fonte {id}, {}, não pôde ser lida, e o que se põe nela não é visto: {}. O serviço tenta de \
                     novo sozinho.",
                    dir.display(),
                    chain(&failure)
                );
                self.unreadable(app, id, dir, chain(&failure), text).await?;
                Ok(Vec::new())
            }
        }
    }

    /// Whether the folders of these sources are as empty as when they were last looked into. A few `stat` calls, and so
    /// not off the loop's thread.
    pub(super) fn is_quiet<'a>(&self, mut sources: impl Iterator<Item = &'a FeedId>) -> bool {
        let is_same =
            |(dir, stamp): &(PathBuf, Option<FolderStamp>)| stamp.is_some() && drop::stamp(dir) == *stamp;
        sources.all(|id| self.empty.get(id).is_some_and(is_same))
    }

    /// The bytes of a file that is to be judged now; nothing of one that still grows, is larger than `most` bytes, cannot
    /// be read, or ended the process when it was read last. Staff are told of all but the first, once a day.
    ///
    /// That it is about to be judged is recorded first: a file that ends the process is put aside at the next start
    /// instead of ending it again. Put in the folder once more, it is read once more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn read(
        &mut self,
        app: &App,
        id: &FeedId,
        file: &StableFile,
        most: u64,
    ) -> Result<Option<Original>, StoreError> {
        let (live, name) = (app.live(), file.name());
        let begun = format!("{BEGUN} “{name}”");
        if !self.left.contains_key(id) {
            let last = app.store.feed_run(id).await?;
            self.left.insert(id.clone(), last.and_then(|run| run.failure));
        }
        if self.left.get(id) == Some(&Some(begun.clone())) {
            warn!(feed.id = %id, "o serviço parou enquanto lia um arquivo, que foi posto em quarentena");
            let text = format!(
                "O serviço parou enquanto lia o arquivo “{name}” da fonte {id}, que está em quarentena/ e não foi julgado. \
                 Se o serviço parou por outra razão (a máquina foi desligada), ponha o arquivo na pasta outra vez; se \
                 parar de novo, peça outro a quem o fez."
            );
            alert_once(app, &topic::of_load(id, &name, "parada"), text, app.now()).await?;
            self.put_away(app, id, file, Shelf::Quarantine).await?;
            return Ok(None);
        }
        let (of, spool) = (file.clone(), spool_folder(&live.setup));
        match blocking(move || folder::read(&of, &spool, most)).await {
            Ok(Read::Whole(original)) => {
                self.unreadable.remove(&(id.clone(), file.path.clone()));
                self.reading.insert(id.clone());
                note(app, id, Some(begun)).await?;
                Ok(Some(original))
            }
            Ok(Read::TooLarge(most)) => {
                warn!(feed.id = %id, file.most_bytes = most, "o arquivo é grande demais e foi posto em quarentena");
                let text = format!(
                    "O arquivo “{name}”, posto na pasta da fonte {id}, passa de {} MB e não foi lido; está em quarentena/.",
                    most / (1024 * 1024)
                );
                alert_once(app, &topic::of_load(id, &name, "tamanho"), text, app.now()).await?;
                self.put_away(app, id, file, Shelf::Quarantine).await?;
                Ok(None)
            }
            Ok(Read::Growing) => Ok(None),
            Err(failure) => {
                let text = format!(
                    "O arquivo “{name}”, posto na pasta da fonte {id}, não pôde ser lido e fica lá: {}. O serviço tenta de \
                     novo sozinho.",
                    chain(&failure)
                );
                self.unreadable(app, id, file.path.clone(), chain(&failure), text).await?;
                Ok(None)
            }
        }
    }

    /// Tells staff, once a day, of a file or folder that cannot be read.
    async fn unreadable(
        &mut self,
        app: &App,
        id: &FeedId,
        path: PathBuf,
        failure: String,
        text: String,
    ) -> Result<(), StoreError> {
        let now = app.now();
        let today = app.live().calendar.hours.zone.date_of(now);
        let told = self.unreadable.insert((id.clone(), path), (failure.clone(), today));
        if told.is_some_and(|(_, day)| day == today) {
            return Ok(());
        }
        warn!(feed.id = %id, error = failure, "um arquivo ou a pasta da fonte não pôde ser lido");
        alert_once(app, &format!("arquivo-{id}"), text, now).await?;
        note(app, id, Some(failure)).await
    }

    /// Moves a file that was judged out of the drop folder. What another file cannot be read for stays told. One that cannot
    /// be moved is not judged again until it changes: each time it would count as said anew, and staff are told.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn put_away(
        &mut self,
        app: &App,
        id: &FeedId,
        file: &StableFile,
        onto: Shelf,
    ) -> Result<(), StoreError> {
        let stamp = app.now().strftime("%Y%m%dT%H%M%S%3fZ").to_string();
        let path = file.path.clone();
        let put = blocking(move || drop::put_away(&path, onto, &stamp)).await;
        self.reading.remove(id);
        if let Err(failure) = put {
            error!(feed.id = %id, error = %chain(&failure), "o arquivo lido não pôde ser guardado");
            self.left_lying.push((id.clone(), file.clone()));
            let text = format!(
                "O arquivo “{}”, posto na pasta da fonte {id}, foi lido e não pôde ser movido para {}/: {}. Enquanto não mudar, \
                 não é lido de novo; tire-o da pasta.",
                file.name(),
                onto.as_str(),
                chain(&failure)
            );
            self.unreadable(app, id, file.path.clone(), chain(&failure), text).await?;
        }
        note(app, id, self.amiss(id)).await
    }

    /// Takes back that a file is being read: the service was told to stop meanwhile, and the file did nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn leave(&mut self, app: &App) -> Result<(), StoreError> {
        for id in std::mem::take(&mut self.reading) {
            note(app, &id, self.amiss(&id)).await?;
        }
        Ok(())
    }

    /// Takes back what was told of files that can be read by now, or were taken away.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn mend(
        &self,
        app: &App,
        id: &FeedId,
        last: Option<&FeedRun>,
    ) -> Result<(), StoreError> {
        let told = last.and_then(|run| run.failure.as_ref());
        let is_over = told.is_some_and(|told| !told.starts_with(BEGUN)) && self.amiss(id).is_none();
        if is_over { note(app, id, None).await } else { Ok(()) }
    }

    /// Why a file of a source cannot be read, where one cannot.
    fn amiss(&self, id: &FeedId) -> Option<String> {
        self.unreadable.iter().find(|((of, _), _)| of == id).map(|(_, (why, _))| why.clone())
    }
}

/// Records how the files of a source's folder stand.
async fn note(app: &App, id: &FeedId, failure: Option<String>) -> Result<(), StoreError> {
    let run = FeedRun { tried_at: app.now(), next_at: None, failures: failure.is_some().into(), failure };
    app.store.note_run(id, run).await
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::store::Store;
    use crate::world::setup::Setup;

    #[tokio::test]
    async fn folders_are_quiet_once_looked_into_and_found_empty_until_something_comes_into_one() {
        let dir = tempfile::tempdir().unwrap();
        // Well after what the file system says: what is young tells nothing.
        let now = Clock::System.now() + jiff::SignedDuration::from_hours(1);
        let mut setup = Setup::shipped(now);
        setup.config.settings.data = dir.path().to_owned();
        let store = Store::open(&dir.path().join("vigia.db"), now).await.unwrap();
        let app = App::new(setup, store, Clock::Fixed(now));
        let ids = ["um", "dois"].map(|id| FeedId::parse(id).unwrap());
        let mut arrivals = Arrivals::default();
        for id in &ids {
            assert!(!arrivals.is_quiet(ids.iter()), "nobody looked into it: {id}");
            assert!(arrivals.settled(&app, &app.live(), id).await.unwrap().is_empty());
        }
        assert!(arrivals.is_quiet(ids.iter()));
        let file = drop_folder(dir.path(), &ids[1]).join("lista.csv");
        std::fs::write(&file, "a;b\n").unwrap();
        assert!(!arrivals.is_quiet(ids.iter()), "one came");
        for found in [0, 1] {
            assert_eq!(arrivals.settled(&app, &app.live(), &ids[1]).await.unwrap().len(), found);
            assert!(!arrivals.is_quiet(ids.iter()), "it lies there, and may grow");
        }
        std::fs::remove_file(&file).unwrap();
        assert!(!arrivals.is_quiet(ids.iter()), "it went");
        arrivals.settled(&app, &app.live(), &ids[1]).await.unwrap();
        assert!(arrivals.is_quiet(ids.iter()));
        assert!(arrivals.is_quiet(std::iter::empty()), "nothing to look at");
    }
}
