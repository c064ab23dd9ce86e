//! `restaurar`: a copy put in the ledger's place, once it checks out; what was there stays beside it.
//!
//! By hand that is easily done wrong: a write-ahead log left beside another file is played into it, and a file that lost its
//! log lost what was written last. So a copy of the log is put aside as it lies, and the log is played into the old file, which
//! then goes aside whole in one step; only where that cannot be read does the log itself go aside, and comes back if the rest
//! fails. The new one, made from the copy in the same folder, takes the owner of the old. The witness stays as it is, so that
//! the next start finds an older ledger and is held until somebody assumes it.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

use super::copy::{BESIDE, Source, Unfinished, check, first_of};
use crate::database::{lock, sqlite};
use crate::files;
use crate::store::{Gone, LedgerLock, Store, StoreError};

/// A copy in the ledger's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Entries of its journal, each checked.
    pub entries: usize,
    /// Its letters, each checked.
    pub letters: usize,
    /// Where the ledger lies that was there before; absent: there was none.
    pub aside: Option<PathBuf>,
    /// Whether that was, as far as can be told, another ledger and not a later state of this one.
    pub was_another: bool,
}

/// Why the ledger was not replaced. In the operators' words; it is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// A daemon is at work on it.
    #[error("o serviço está em pé com o livro {}\ndica: pare-o antes: systemctl stop vigia-suas", .0.display())]
    Running(PathBuf),
    /// Somebody reads an older state of it, so that its log cannot be played into it.
    #[error(
        "alguém está lendo o livro {}, que por isso não pode ser guardado inteiro\ndica: espere terminar o que o lê (um \
         relatório, um dossiê, uma cópia), e tente de novo", .0.display()
    )]
    Read(PathBuf),
    /// The copy cannot be read.
    #[error("não foi possível ler a cópia {}\ndica: confira o caminho, e se quem roda o comando pode lê-la", path.display())]
    Unreadable { path: PathBuf, source: Source },
    /// The copy does not stand as its journal tells.
    #[error("a cópia {} não confere: {}\ndica: use outra", path.display(), faults.join("; "))]
    Unsound { path: PathBuf, faults: Vec<String> },
    /// It was copied after its ledger went elsewhere: nothing could be written to it, and no service start with it.
    #[error(
        "a cópia {} é de um livro que já tinha mudado para {}, e com ela o serviço não iniciaria\ndica: o livro que vale é o de \
         lá; se ele se perdeu, use uma cópia feita lá, ou uma de antes da mudança", path.display(), gone.to
    )]
    Gone {
        path: PathBuf,
        /// Where that ledger is.
        gone: Gone,
    },
    /// The new file could not be made or put in place.
    #[error("o livro não pôde ser posto em {}\ndica: confira o espaço em disco, e rode como root", path.display())]
    Unwritten { path: PathBuf, source: Source },
    /// The place of the ledger.
    #[error(transparent)]
    Ledger(#[from] StoreError),
}

impl Store {
    /// Puts a copy in the place of the ledger in `database`. What is there goes aside under a name with `stamp`.
    pub async fn restore(database: &Path, copy: &Path, stamp: &str) -> Result<Restored, RestoreError> {
        if database.extension().is_some_and(|end| end == "json") {
            // It says where a server is.
            return Err(StoreError::NoFile { place: database.to_owned() }.into());
        }
        Self::may_lie_at(database)?;
        let unreadable = |source: Source| RestoreError::Unreadable { path: copy.to_owned(), source };
        fs::metadata(copy).and_then(|_| File::open(copy)).map_err(|error| unreadable(error.into()))?;
        let unwritten = |source: Source| RestoreError::Unwritten { path: database.to_owned(), source };
        let folder =
            database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        files::trust_link(database).map_err(|error| unwritten(error.into()))?;
        let lock = lock::take(database).map_err(|error| match error {
            StoreError::Taken { .. } => RestoreError::Running(database.to_owned()),
            other => unwritten(other.into()),
        })?;

        let new = Unfinished(folder.join(".vigia-restauro.parcial"));
        new.remove();
        let source = Self::open_read_only(copy).await.map_err(|error| unreadable(error.into()))?;
        if let Some(gone) = source.gone().await.map_err(|error| unreadable(error.into()))? {
            source.close().await;
            return Err(RestoreError::Gone { path: copy.to_owned(), gone });
        }
        let copied = source.copy_to(&new.0).await;
        source.close().await;
        copied.map_err(|error| unwritten(error.into()))?;
        let checked = check(&new.0, None).await.map_err(|error| unwritten(error.into()))?;
        if !checked.faults.is_empty() {
            return Err(RestoreError::Unsound { path: copy.to_owned(), faults: checked.faults });
        }

        let aside = database.exists().then(|| files::kept_name(database, stamp));
        if let Some(aside) = &aside
            && !fold(database, aside).await.map_err(|error| unwritten(error.into()))?
        {
            return Err(RestoreError::Read(database.to_owned()));
        }
        let first = if aside.is_some() { first_of(database).await } else { None };
        let was_another = aside.is_some() && first != first_of(&new.0).await;
        put_in_place(database, &lock, folder, &new.0, aside.as_deref())
            .map_err(|error| unwritten(error.into()))?;
        Ok(Restored { entries: checked.entries, letters: checked.letters, aside, was_another })
    }
}

/// Puts a copy of the old ledger's log aside, since SQLite drops what it does not take for its own, and plays the log into the
/// ledger: its file is all there is of it then. Answers whether that was to be had: not while somebody reads an older state. One
/// that cannot be read has nothing to be played into, and stays as it lies.
async fn fold(database: &Path, aside: &Path) -> io::Result<bool> {
    let (log, kept) = (files::beside(database, "-wal"), files::beside(aside, "-wal"));
    if !log.exists() {
        return Ok(true);
    }
    let copied = copy_log(&log, &kept, &fs::metadata(database)?);
    let folded = copied.is_ok() && !matches!(sqlite::fold(database).await, Ok(false));
    if !folded {
        let _gone = fs::remove_file(&kept);
    }
    copied.map(|()| folded)
}

fn copy_log(log: &Path, kept: &Path, like: &Metadata) -> io::Result<()> {
    fs::copy(log, kept)?;
    let file = File::open(kept)?;
    fchown(&file, Some(like.uid()), Some(like.gid()))?;
    file.sync_all()
}

fn put_in_place(
    database: &Path,
    lock: &LedgerLock,
    folder: &Path,
    new: &Path,
    aside: Option<&Path>,
) -> io::Result<()> {
    let placed = files::open_plain(new, OpenOptions::new().read(true))?;
    let old = fs::metadata(database);
    // The service's user, not root, who restores.
    let owner = match &old {
        Ok(old) => (old.uid(), old.gid()),
        Err(_) => fs::metadata(folder).map(|folder| (folder.uid(), folder.gid()))?,
    };
    for file in [&placed, lock.file()] {
        let now = file.metadata()?;
        if (now.uid(), now.gid()) != owner {
            fchown(file, Some(owner.0), Some(owner.1))?;
        }
    }
    // Whoever read the old one reads the new one, whatever the umask of whoever restores.
    let mode = old.as_ref().map_or(0o640, |old| old.mode() & 0o777);
    placed.set_permissions(Permissions::from_mode(mode))?;
    placed.sync_all()?;
    // The old file gets a second name first, so that at no moment there is none: whoever finds none begins an empty ledger.
    if let Some(aside) = aside {
        fs::hard_link(database, aside)?;
    }
    let mut moved = Vec::new();
    let exchanged = exchange(database, aside, new, &mut moved);
    if exchanged.is_err() {
        for (from, to) in moved.iter().rev() {
            let _back = fs::rename(to, from);
        }
        if let Some(aside) = aside {
            // The second name, and the copy of a log that was played into the file.
            let _gone = [aside.to_owned(), files::beside(aside, "-wal")].map(fs::remove_file);
        }
    }
    let _synced = File::open(folder).and_then(|folder| folder.sync_all());
    exchanged
}

/// Puts the new file in place of the old, and notes each file beside it that is moved on the way.
fn exchange(
    database: &Path,
    aside: Option<&Path>,
    new: &Path,
    moved: &mut Vec<(PathBuf, PathBuf)>,
) -> io::Result<()> {
    for end in BESIDE.iter().copied().filter(|end| !end.is_empty()) {
        let from = files::beside(database, end);
        match aside {
            Some(aside) if from.exists() => {
                let to = files::beside(aside, end);
                fs::rename(&from, &to)?;
                moved.push((from, to));
            }
            // A log without its file is of no use, and of great harm.
            None if from.exists() => fs::remove_file(&from)?,
            Some(_) | None => {}
        }
    }
    fs::rename(new, database)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::overrides::{Authorship, HoldScope};
    use crate::store::testing::*;
    use crate::store::{JournalFilter, Override};

    fn by(minutes: i64) -> Authorship {
        Authorship { author: "ana".to_owned(), reason: "teste".to_owned(), at: at(minutes) }
    }

    async fn entries(database: &Path) -> usize {
        let store = Store::open_read_only(database).await.unwrap();
        let entries = store.journal(&JournalFilter::default()).await.unwrap().len();
        store.close().await;
        entries
    }

    /// A ledger whose last entry lies in its log alone, as a process that was killed leaves it.
    async fn killed(dir: &tempfile::TempDir) -> (PathBuf, usize) {
        let store = file_store(dir).await;
        store.add_override(Override::Hold { scope: HoldScope::All, until: None }, by(1)).await.unwrap();
        let known = store.journal(&JournalFilter::default()).await.unwrap().len();
        let killed = dir.path().join("morto").join("vigia.db");
        fs::create_dir(killed.parent().unwrap()).unwrap();
        for end in ["", "-wal"] {
            fs::copy(files::beside(&file(dir), end), files::beside(&killed, end)).unwrap();
        }
        store.close().await;
        (killed, known)
    }

    #[tokio::test]
    async fn what_goes_aside_is_whole_without_its_log_and_so_is_what_stays_when_it_fails() {
        let dir = tempfile::tempdir().unwrap();
        let (database, known) = killed(&dir).await;
        let copy = dir.path().join("copia.db");
        let other = tempfile::tempdir().unwrap();
        file_store(&other).await.copy_to(&copy).await.unwrap();
        // A step fails after the log was moved.
        let lock = lock::take(&database).unwrap();
        let folder = database.parent().unwrap();
        let (log, aside) = (files::beside(&database, "-wal"), files::kept_name(&database, "antes"));
        assert!(log.metadata().unwrap().len() > 0);
        fs::write(files::beside(&database, "-shm"), "").unwrap();
        fs::create_dir(files::beside(&aside, "-shm")).unwrap();
        let new = folder.join("novo");
        fs::copy(&copy, &new).unwrap();
        put_in_place(&database, &lock, folder, &new, Some(&aside)).unwrap_err();
        assert!(log.exists() && !aside.exists());
        drop(lock);
        assert_eq!(entries(&database).await, known, "nothing is lost");

        let restored = Store::restore(&database, &copy, "depois").await.unwrap();
        let aside = restored.aside.unwrap();
        assert_eq!(entries(&aside).await, known, "the last entry lay in the log");
        fs::remove_file(files::beside(&aside, "-wal")).unwrap();
        assert_eq!(entries(&aside).await, known, "and is in the file");
        assert_ne!(entries(&database).await, known);
    }

    #[tokio::test]
    async fn whoever_reads_an_older_state_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let (database, known) = killed(&dir).await;
        let copy = dir.path().join("copia.db");
        file_store(&dir).await.copy_to(&copy).await.unwrap();
        // Somebody looks; then something is written that they do not see.
        let reader = Store::open_read_only(&database).await.unwrap();
        let mut view = reader.db.view().await.unwrap();
        let _looked = crate::database::sqlite::readable(&mut view).await.unwrap();
        let writer = Store::open(&database, at(5)).await.unwrap();
        writer.lift_holds(HoldScope::All, by(5)).await.unwrap();
        writer.close().await;
        let refused = Store::restore(&database, &copy, "agora").await.unwrap_err();
        assert!(matches!(refused, RestoreError::Read(_)), "{refused}");
        assert!(!files::beside(&files::kept_name(&database, "agora"), "-wal").exists());
        drop(view);
        reader.close().await;
        let restored = Store::restore(&database, &copy, "agora").await.unwrap();
        assert_eq!(entries(&restored.aside.unwrap()).await, known + 1);
    }
}
