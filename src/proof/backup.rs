//! `copia`: the ledger as it stands, whole, in a folder of copies; checked before it counts, and then the oldest copies
//! that it makes superfluous taken away.
//!
//! A copy is made under a name that says nothing, held against its own journal as `livro conferir` does, and only then
//! gets its dated name. Whatever fails before, nothing is left in the folder and the older copies stay. What is taken away
//! has such a name *and* is a copy of this very ledger, by the first entry of its journal; the new one never is.
//!
//! Nothing is written to the ledger: whoever may read it may copy it. When the last copy was made lies in `NAME.copia`
//! beside it, if whoever copied may write there, for `saude` to tell.

use std::fs::{self, File};
use std::io;
use std::num::NonZeroUsize;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::copy::{Source, Unfinished, check, first_hash, first_of};
use crate::domain::journal::Text;
use crate::files::{self, Access, FolderLock, LockError};
use crate::store::{Gone, Store, StoreError};

/// Until it is checked.
const UNFINISHED: &str = ".vigia-copia.parcial";

/// A copy that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    pub path: PathBuf,
    /// How many bytes it has.
    pub size: u64,
    /// Entries of its journal, each checked.
    pub entries: usize,
    /// Its letters, each checked.
    pub letters: usize,
    /// Older copies of this ledger that were taken away.
    pub removed: Vec<PathBuf>,
    /// Files that are named as copies of it and are none, or cannot be read: nobody touches them.
    pub foreign: Vec<PathBuf>,
    /// Whether it lies on the same disk as the ledger, and so does not survive it.
    pub same_disk: bool,
    /// Whether `saude` will know of it.
    pub noted: bool,
}

/// When the ledger was last copied, as far as it was noted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastBackup {
    /// When.
    #[serde(rename = "em")]
    pub at: Text<Timestamp>,
    /// Where to.
    #[serde(rename = "arquivo")]
    pub path: PathBuf,
    /// The last entry that it has.
    #[serde(rename = "registro")]
    pub seq: i64,
    /// Whether older ones were to be taken away, as who copies regularly asks for.
    #[serde(rename = "regular")]
    pub is_regular: bool,
}

/// Why there is no new copy. In the operators' words; the folder is as it was, but for `Unsound`.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// No such folder, or it cannot be written to.
    #[error(
        "a pasta {} não existe ou não pode ser usada\ndica: crie-a antes, com o dono que roda a cópia e sem acesso aos \
         outros (install -d -m 0750 …)", path.display()
    )]
    Folder { path: PathBuf, source: io::Error },
    /// The ledger lies there.
    #[error(
        "a pasta {} está na do próprio livro: o que se perde com ele perde-se com a cópia\ndica: escolha uma pasta de outro \
         disco ou de outra máquina", .0.display()
    )]
    Beside(PathBuf),
    /// The ledger went elsewhere: a copy of what is left could not be put back.
    #[error(
        "este livro mudou para {}, e uma cópia do que ficou aqui não serviria para restaurar\ndica: copie o que vale: num \
         servidor, com pg_dump ou pg_basebackup; num arquivo, com “vigia-suas copia” e a configuração que o nomeia", .0.to
    )]
    Gone(Gone),
    /// Another copy is being made there.
    #[error(transparent)]
    Busy(#[from] LockError),
    /// It could not be written or read there.
    #[error(
        "a cópia em {} não pôde ser gravada, e nada dela ficou lá; as anteriores continuam\ndica: confira o espaço nesse \
         disco, e o dono e as permissões da pasta", path.display()
    )]
    Unwritten {
        /// In which folder.
        path: PathBuf,
        source: Source,
    },
    /// The copy does not stand as its journal tells. It is kept, under a name that says so, and no older one is taken away.
    #[error(
        "o livro foi copiado, mas a cópia não confere: {}\ndica: ela está em {}; as anteriores continuam. Rode \
         “vigia-suas livro conferir”: se o livro confere, o disco da cópia falha", faults.join("; "), path.display()
    )]
    Unsound { path: PathBuf, faults: Vec<String> },
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] StoreError),
}

impl Store {
    /// Puts a checked copy into a folder under the name of `now`. With `keep`, no more copies of this ledger stay there
    /// than that, the new one among them.
    pub async fn back_up(
        &self,
        folder: &Path,
        keep: Option<NonZeroUsize>,
        now: Timestamp,
    ) -> Result<Backup, BackupError> {
        self.file()?;
        if let Some(gone) = self.gone().await? {
            return Err(BackupError::Gone(gone));
        }
        let unusable = |source| BackupError::Folder { path: folder.to_owned(), source };
        let real = folder.canonicalize().map_err(unusable)?;
        if !real.is_dir() {
            return Err(unusable(io::ErrorKind::NotADirectory.into()));
        }
        let home = self.home().map_err(unusable)?;
        if real.starts_with(&home) {
            return Err(BackupError::Beside(folder.to_owned()));
        }
        let _one_at_a_time = FolderLock::take(&real)?;
        let unfinished = Unfinished(real.join(UNFINISHED));
        // Whoever was at it may have been killed.
        unfinished.remove();
        // SQLite opens by a path, which whoever owns the folder may make lead elsewhere: for root it writes apart.
        let apart = files::apart_from(&real).map_err(unusable)?;
        let unfinished = apart.as_ref().map_or(unfinished, |apart| Unfinished(apart.path().join("copia.db")));
        let desk = apart.as_ref().map_or(folder, |apart| apart.path());
        let unwritten = |source| BackupError::Unwritten { path: desk.to_owned(), source };
        let witnessed = self.witnessed()?;
        self.copy_to(&unfinished.0).await.map_err(|error| unwritten(error.into()))?;
        let checked = check(&unfinished.0, witnessed).await.map_err(|error| unwritten(error.into()))?;
        let last = |io: io::Error| unwritten(io.into());
        File::open(&unfinished.0).and_then(|file| file.sync_all()).map_err(last)?;
        if !checked.faults.is_empty() {
            let path = real.join(format!("{}-copia-nao-confere.db", self.stem()));
            settle(&unfinished.0, &path, apart.is_some()).map_err(last)?;
            return Err(BackupError::Unsound { path, faults: checked.faults });
        }
        let path = free_name(&real, &self.stem(), now);
        settle(&unfinished.0, &path, apart.is_some()).map_err(last)?;
        let _synced = File::open(&real).and_then(|folder| folder.sync_all());
        let written = fs::metadata(&path).map_err(last)?;
        let older = match keep {
            Some(_) => self.older(&real, &path).await?,
            None => Older::default(),
        };
        let surplus = older.own.into_iter().skip(keep.map_or(usize::MAX, |keep| keep.get() - 1));
        let removed = surplus.filter(|old| fs::remove_file(old).is_ok()).collect();
        let note =
            LastBackup { at: Text(now), path: path.clone(), seq: checked.seq, is_regular: keep.is_some() };
        let note = serde_json::to_vec(&note).unwrap_or_default();
        Ok(Backup {
            size: written.len(),
            entries: checked.entries,
            letters: checked.letters,
            removed,
            foreign: older.foreign,
            same_disk: fs::metadata(&home).is_ok_and(|home| home.dev() == written.dev()),
            noted: self.put_note(&note).is_ok(),
            path,
        })
    }

    /// When the ledger was last copied; nothing where nobody noted it.
    pub fn last_backup(&self) -> Option<LastBackup> {
        serde_json::from_slice(&fs::read(self.note()).ok()?).ok()
    }

    fn put_note(&self, told: &[u8]) -> io::Result<()> {
        files::put_no_link(&self.note(), told, Access::Group)
    }

    fn note(&self) -> PathBuf {
        files::beside(self.path(), ".copia")
    }

    /// The folder that the ledger is in, through links.
    fn home(&self) -> io::Result<PathBuf> {
        let real = self.path().canonicalize()?;
        Ok(real.parent().map_or(PathBuf::from("/"), Path::to_owned))
    }

    /// `vigia`, or `vigia-ensaio`.
    fn stem(&self) -> String {
        self.path().file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The other copies in a folder, the latest first.
    async fn older(&self, folder: &Path, new: &Path) -> Result<Older, BackupError> {
        let unusable = |source| BackupError::Folder { path: folder.to_owned(), source };
        let own = first_hash(&mut *self.db.read().await?).await?;
        let mut found = Older::default();
        for entry in fs::read_dir(folder).map_err(unusable)?.filter_map(Result::ok) {
            let path = entry.path();
            let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
            if !is_file || path == new || !is_named(&entry.file_name().to_string_lossy(), &self.stem()) {
                continue;
            }
            let list = if first_of(&path).await.as_ref() == Some(&own) {
                &mut found.own
            } else {
                &mut found.foreign
            };
            list.push(path);
        }
        found.own.sort();
        found.own.reverse();
        found.foreign.sort();
        Ok(found)
    }
}

/// Gives a checked copy its name. Made by root apart from the folder, it is its owner's all the same, who rotates it.
fn settle(copy: &Path, name: &Path, is_apart: bool) -> io::Result<()> {
    if is_apart { files::carry(copy, name, Access::Group) } else { fs::rename(copy, name) }
}

/// The copies in a folder but for the new one.
#[derive(Default)]
struct Older {
    own: Vec<PathBuf>,
    foreign: Vec<PathBuf>,
}

/// `vigia-copia-20261126T060540Z.db`, or the same with a number where that second has one.
fn free_name(folder: &Path, stem: &str, now: Timestamp) -> PathBuf {
    let stamp = now.strftime("%Y%m%dT%H%M%SZ");
    let named = |end: &str| folder.join(format!("{stem}-copia-{stamp}{end}.db"));
    let numbered = (2_u32..).map(|number| named(&format!("-{number}")));
    let free = |path: &PathBuf| path.symlink_metadata().is_err();
    std::iter::once(named("")).chain(numbered).find(free).unwrap_or_else(|| named(""))
}

/// Whether a name is one that [`free_name`] gives.
fn is_named(name: &str, stem: &str) -> bool {
    let stamp = name
        .strip_prefix(stem)
        .and_then(|rest| rest.strip_prefix("-copia-"))
        .and_then(|rest| rest.strip_suffix(".db"));
    let Some((day, clock)) = stamp.and_then(|stamp| stamp.split_once('T')) else { return false };
    let Some((clock, number)) = clock.split_once('Z') else { return false };
    let digits = |text: &str, count| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    let numbered = number.strip_prefix('-').is_some_and(|n| digits(n, n.len()) && !n.is_empty());
    digits(day, 8) && digits(clock, 6) && (number.is_empty() || numbered)
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection as _, SqliteConnection};

    use super::*;
    use crate::plan::Act;
    use crate::store::testing::{self, at};

    fn names(folder: &Path) -> Vec<String> {
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
        let mut names: Vec<String> = fs::read_dir(folder).unwrap().map(name).collect();
        names.sort();
        names
    }

    #[test]
    fn only_names_that_are_given_here_are_taken_for_copies() {
        let stamp = at(0);
        let given = free_name(Path::new("/"), "vigia", stamp);
        let given = given.file_name().unwrap().to_str().unwrap();
        assert_eq!(given, "vigia-copia-20251124T160000Z.db");
        assert!(is_named(given, "vigia") && is_named("vigia-copia-20251124T160000Z-2.db", "vigia"));
        for other in [
            "vigia.db",
            "vigia-copia.db",
            "vigia-copia-boa.db",
            "vigia-copia-20251124T160000Z.db.gz",
            "vigia-copia-20251124T160000Z-.db",
            "vigia-copia-nao-confere.db",
            "vigia-ensaio-copia-20251124T160000Z.db",
        ] {
            assert!(!is_named(other, "vigia"), "{other}");
        }
    }

    #[tokio::test]
    async fn rotation_takes_only_copies_of_this_ledger_and_never_the_new_one() {
        let (dir, other, folder) =
            (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let store = testing::file_store(&dir).await;
        store.record_pass(at(1), vec![testing::act(Act::Send, testing::VITORIA)]).await.unwrap();
        let stranger = Store::open(&other.path().join("vigia.db"), at(7)).await.unwrap();
        stranger.back_up(folder.path(), None, at(0)).await.unwrap();
        fs::write(folder.path().join("vigia-copia-20200101T000000Z.db"), "isto não é um livro").unwrap();
        fs::write(folder.path().join("vigia-copia-nossa.db"), "da ana").unwrap();
        let two = NonZeroUsize::new(2);
        for minute in 1..=4 {
            let made = store.back_up(folder.path(), two, at(minute)).await.unwrap();
            assert_eq!((made.letters, made.removed.len()), (1, usize::from(minute > 2)));
            assert_eq!(made.foreign.len(), 2);
        }
        // The clock went back: the new copy is the oldest by its name, and stays.
        let made = store.back_up(folder.path(), NonZeroUsize::new(1), at(-90)).await.unwrap();
        assert_eq!(
            names(folder.path()),
            [
                "vigia-copia-20200101T000000Z.db",
                "vigia-copia-20251124T143000Z.db",
                "vigia-copia-20251124T160000Z.db",
                "vigia-copia-nossa.db"
            ]
        );
        assert!(made.path.ends_with("vigia-copia-20251124T143000Z.db") && made.noted);
        assert_eq!(store.last_backup().unwrap().path, made.path);
        let copy = Store::open_read_only(&made.path).await.unwrap();
        assert!(copy.verify().await.unwrap().is_whole());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_copy_that_root_makes_is_led_nowhere_by_whoever_owns_the_folder_and_is_theirs() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let (dir, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let store = testing::file_store(&dir).await;
        store.record_pass(at(1), vec![testing::act(Act::Send, testing::VITORIA)]).await.unwrap();
        std::os::unix::fs::chown(folder.path(), Some(1234), Some(1235)).unwrap();
        let prey = dir.path().join("de-root");
        fs::write(&prey, "de root").unwrap();
        // Under every name that it is given on its way, and put back as often as it is taken away.
        let (planted, stop) = (folder.path().join(UNFINISHED), std::sync::atomic::AtomicBool::new(false));
        let made = std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    let _there = std::os::unix::fs::symlink(&prey, &planted);
                }
            });
            let made = tokio::task::block_in_place(|| {
                tokio::runtime::Handle::current().block_on(store.back_up(folder.path(), None, at(2)))
            });
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
            made
        });
        let made = made.unwrap();
        assert_eq!(fs::read_to_string(&prey).unwrap(), "de root");
        let copy = fs::symlink_metadata(&made.path).unwrap();
        assert!(copy.is_file() && (copy.uid(), copy.gid()) == (1234, 1235), "{copy:?}");
        assert_eq!(copy.mode() & 0o777, 0o640);
        assert!(Store::open_read_only(&made.path).await.unwrap().verify().await.unwrap().is_whole());
    }

    #[tokio::test]
    async fn a_copy_that_does_not_check_out_is_named_so_and_takes_no_other_away() {
        let (dir, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let store = testing::file_store(&dir).await;
        store.record_pass(at(1), vec![testing::act(Act::Send, testing::VITORIA)]).await.unwrap();
        store.back_up(folder.path(), NonZeroUsize::new(1), at(2)).await.unwrap();
        let mut conn = SqliteConnection::connect(store.path().to_str().unwrap()).await.unwrap();
        sqlx::query("UPDATE letters SET subject = 'outro'").execute(&mut conn).await.unwrap();
        for minute in 3..5 {
            let failed = store.back_up(folder.path(), NonZeroUsize::new(1), at(minute)).await.unwrap_err();
            assert!(failed.to_string().contains("foi alterada (subject)"), "{failed}");
        }
        assert_eq!(names(folder.path()), ["vigia-copia-20251124T160200Z.db", "vigia-copia-nao-confere.db"]);
    }
}
