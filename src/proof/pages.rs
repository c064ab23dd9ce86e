//! Whether every page of the ledger's file can be read, and the note that spares an ordinary restart from reading them again.
//!
//! Nothing is decided on a damaged file (decision 0143), so a start reads every page. What damages a file leaves a trace where it
//! goes through the machine that runs: a crash leaves no note, a reboot is another boot, a copy is another inode, and who
//! writes to a file moves its change time, which no program sets back. So a service that ends well notes the file as it
//! leaves it, and when its pages were last read; the next start takes the note away and, where it finds exactly that file, goes
//! without (decision 0284). Whatever is not sure is read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::database::{db, sqlite};
use crate::files::{self, Access};
use crate::store::{Store, StoreError};
use crate::text::digest::sha256;

/// How the note's name ends.
const END: &str = ".lido";
/// So long it stands after the pages were read: from one self-audit to the next, which reads them too.
const LASTS: SignedDuration = SignedDuration::from_hours(25);
/// A disk's clock ticks at least so often: what is written later has a later change time.
const TICK: Duration = Duration::from_millis(20);
/// The first bytes of the file, SQLite's own count of changes among them.
const HEADER: usize = 100;
/// No note is so long.
const LONGEST: u64 = 4096;

/// A start of the machine, and how long that has been, asleep or not: nobody sets either.
pub type Boot = (String, SignedDuration);

#[derive(Serialize, Deserialize)]
struct Note {
    arranque: String,
    /// Seconds of that.
    lidas_em: i64,
    arquivo: State,
}

/// A file, as far as it can be told from itself a moment before or after.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    dispositivo: u64,
    inode: u64,
    tamanho: u64,
    modificado: (i64, i64),
    mudado: (i64, i64),
    inicio: String,
}

impl State {
    /// Nothing where it does not stand alone, or its disk counts in seconds.
    fn of(database: &Path) -> io::Result<Option<Self>> {
        for log in ["-wal", "-journal"] {
            if fs::metadata(files::beside(database, log)).is_ok_and(|log| log.len() > 0) {
                return Ok(None);
            }
        }
        let mut file = File::open(database)?;
        let mut header = [0; HEADER];
        file.read_exact(&mut header)?;
        let found = file.metadata()?;
        Ok((found.ctime_nsec() != 0).then(|| Self {
            dispositivo: found.dev(),
            inode: found.ino(),
            tamanho: found.len(),
            modificado: (found.mtime(), found.mtime_nsec()),
            mudado: (found.ctime(), found.ctime_nsec()),
            inicio: sha256(&header),
        }))
    }
}

impl Store {
    /// Whether it is in a file of pages.
    pub fn has_pages(&self) -> bool {
        matches!(self.db.engine, db::Engine::Sqlite(_))
    }

    /// Whether the file itself is whole, as SQLite sees it reading each page once, past what any other connection holds of it;
    /// with a server there is none. (Indices are held against their tables where a copy is checked: that reads at random, and
    /// no start may wait for it.)
    ///
    /// # Errors
    /// [`StoreError::Damaged`] with what is amiss, or a fault of the database.
    pub async fn file_is_whole(&self) -> Result<(), StoreError> {
        if !self.has_pages() {
            return Ok(());
        }
        match sqlite::readable(&mut *sqlite::glance(self.path()).await?).await? {
            None => Ok(()),
            Some(found) => Err(StoreError::Damaged { source: found.into() }),
        }
    }

    /// Takes the note away that the last process left of the file, and answers when its pages were read (since `boot`) where it
    /// is as it was left and that is not too long ago. Only with the ledger's lock, and before the file is opened.
    pub fn pages_read_before(database: &Path, boot: Option<&Boot>) -> Option<SignedDuration> {
        let path = files::beside(database, END);
        let mut told = Vec::new();
        let note = files::open_plain(&path, OpenOptions::new().read(true)).ok()?;
        note.take(LONGEST).read_to_end(&mut told).ok()?;
        // Whatever becomes of this process, the next has none.
        fs::remove_file(&path).ok()?;
        let note: Note = serde_json::from_slice(&told).ok()?;
        let (id, up_for) = boot?;
        let read_at = SignedDuration::from_secs(note.lidas_em);
        let stands = note.arranque == *id && (SignedDuration::ZERO..=LASTS).contains(&(*up_for - read_at));
        let is_untouched = || State::of(database).is_ok_and(|found| found == Some(note.arquivo));
        (stands && is_untouched()).then_some(read_at)
    }

    /// Notes the file as it lies there, for the next start. Only by whoever has the ledger's lock and ends well, with every
    /// connection closed; what cannot be noted is read.
    pub async fn note_pages(&self, boot: Option<Boot>, read_at: Option<SignedDuration>) {
        if !self.has_pages() {
            return;
        }
        let (Some((arranque, _)), Some(read_at)) = (boot, read_at) else { return };
        let left = State::of(self.path());
        tokio::time::sleep(TICK).await;
        // What somebody writes within the tick of the last change would not show.
        let (Ok(Some(left)), Ok(Some(arquivo))) = (left, State::of(self.path())) else { return };
        if left != arquivo {
            return;
        }
        let told = serde_json::to_vec(&Note { arranque, lidas_em: read_at.as_secs(), arquivo });
        let path = files::beside(self.path(), END);
        let _read_by_the_next_start = told
            .map(|told| files::put_no_link(&path, &told, Access::Group))
            .map_err(io::Error::from)
            .flatten();
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::store::testing;

    fn boot(hours: i64) -> Boot {
        ("este".to_owned(), SignedDuration::from_hours(hours))
    }

    /// A ledger that was read in the hundredth hour of this boot, and left noted.
    async fn left(dir: &tempfile::TempDir) -> PathBuf {
        let store = testing::file_store(dir).await;
        store.close().await;
        store.note_pages(Some(boot(100)), Some(boot(100).1)).await;
        store.path().to_owned()
    }

    fn is_spared(database: &Path, boot: &Boot) -> bool {
        Store::pages_read_before(database, Some(boot)).is_some()
    }

    #[tokio::test]
    async fn a_file_that_was_left_well_is_spared_once_and_for_a_day() {
        for (hours, spared) in [(99, false), (100, true), (125, true), (126, false)] {
            let dir = tempfile::tempdir().unwrap();
            let database = left(&dir).await;
            assert_eq!(is_spared(&database, &boot(hours)), spared, "{hours}");
            assert!(!is_spared(&database, &boot(100)), "a second start finds no note");
        }
        let dir = tempfile::tempdir().unwrap();
        let database = left(&dir).await;
        assert!(!is_spared(&database, &("outro".to_owned(), boot(100).1)), "another boot");
        let dir = tempfile::tempdir().unwrap();
        let database = left(&dir).await;
        assert_eq!(Store::pages_read_before(&database, None), None, "nobody knows which boot");
        assert!(!is_spared(&database, &boot(100)));
    }

    #[tokio::test]
    async fn a_file_that_anybody_touched_is_read() {
        type Touch = fn(&Path);
        let touches: [(&str, Touch); 7] = [
            ("a byte, the time of change put back", |path| {
                let before = fs::metadata(path).unwrap().modified().unwrap();
                let mut bytes = fs::read(path).unwrap();
                let last = bytes.len() - 1;
                bytes[last] ^= 1;
                let file = OpenOptions::new().write(true).open(path).unwrap();
                std::os::unix::fs::FileExt::write_all_at(&file, &bytes[last..], last.try_into().unwrap())
                    .unwrap();
                file.set_modified(before).unwrap();
            }),
            ("a copy in its place", |path| {
                let copy = files::beside(path, ".copia");
                fs::copy(path, &copy).unwrap();
                fs::rename(copy, path).unwrap();
            }),
            ("cut off", |path| {
                let file = OpenOptions::new().write(true).open(path).unwrap();
                file.set_len(file.metadata().unwrap().len() - 1).unwrap();
            }),
            ("another name", |path| fs::hard_link(path, files::beside(path, ".outra")).unwrap()),
            ("a log of somebody's", |path| fs::write(files::beside(path, "-wal"), "x").unwrap()),
            ("a journal of somebody's", |path| fs::write(files::beside(path, "-journal"), "x").unwrap()),
            ("gone", |path| fs::remove_file(path).unwrap()),
        ];
        for (name, touch) in touches {
            let dir = tempfile::tempdir().unwrap();
            let database = left(&dir).await;
            touch(&database);
            assert!(!is_spared(&database, &boot(100)), "{name}");
        }
        let dir = tempfile::tempdir().unwrap();
        let database = left(&dir).await;
        let store = Store::open(&database, testing::at(9)).await.unwrap();
        store.heartbeat(testing::at(9)).await.unwrap();
        store.close().await;
        assert!(!is_spared(&database, &boot(100)), "a command wrote");
        let dir = tempfile::tempdir().unwrap();
        let database = left(&dir).await;
        fs::write(files::beside(&database, "-wal"), "").unwrap();
        assert!(is_spared(&database, &boot(100)), "whoever reads leaves an empty log");
    }

    #[tokio::test]
    async fn what_is_still_open_or_was_not_read_is_not_noted_and_a_torn_note_spares_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let store = testing::file_store(&dir).await;
        store.heartbeat(testing::at(9)).await.unwrap();
        let note = files::beside(store.path(), END);
        store.note_pages(Some(boot(1)), Some(boot(1).1)).await;
        assert!(!note.exists(), "what is in the log is not in the file");
        store.close().await;
        store.note_pages(Some(boot(1)), None).await;
        store.note_pages(None, Some(boot(1).1)).await;
        assert!(!note.exists());
        store.note_pages(Some(boot(1)), Some(boot(1).1)).await;
        let whole = fs::read(&note).unwrap();
        for length in 0..whole.len() {
            fs::write(&note, &whole[..length]).unwrap();
            assert!(!is_spared(store.path(), &boot(1)), "{length}");
        }
        fs::write(&note, &whole).unwrap();
        assert!(is_spared(store.path(), &boot(1)));
    }

    #[tokio::test]
    async fn a_page_that_was_damaged_under_a_ledger_in_use_is_found_though_others_hold_it_whole() {
        let dir = tempfile::tempdir().unwrap();
        let store = testing::file_store(&dir).await;
        store.close().await;
        let store = Store::open(store.path(), testing::at(9)).await.unwrap();
        store.file_is_whole().await.unwrap();
        testing::damage(store.path());
        assert!(matches!(store.file_is_whole().await, Err(StoreError::Damaged { .. })));
    }
}
