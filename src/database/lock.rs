//! The lock that makes one process the ledger's only sender, and the only one that may change its schema.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use super::StoreError;
use crate::files::{self, FileId};

/// How the lock's file ends.
const END: &str = ".lock";

/// Proof that no other process sends from this ledger. Let go when dropped, also by a crash.
#[derive(Debug)]
pub struct LedgerLock {
    file: File,
}

impl LedgerLock {
    /// The open file that is the lock.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Says in its file who has it. Only a help for whoever wants to speak to the sender: the lock itself is what counts.
    pub(crate) fn tell(&self) {
        let _told = self.file.set_len(0).and_then(|()| write!(&self.file, "{}", std::process::id()));
    }

    /// Says besides which file is open as the ledger.
    pub(super) fn tell_of(&self, ledger: FileId) {
        let told = format!("{}\n{ledger}\n", std::process::id());
        let _told = self.file.write_all_at(told.as_bytes(), 0);
    }
}

/// Takes the lock of the ledger at `database`.
pub(crate) fn take(database: &Path) -> Result<LedgerLock, StoreError> {
    let path = files::beside(database, END);
    let hint = "confira o dono e as permissões da pasta";
    let is_new = !path.exists();
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let opened = files::open_plain(&path, OpenOptions::new().create(true).write(true).truncate(false));
    let owned = |file| if is_new { files::hand_over(&file, folder).map(|()| file) } else { Ok(file) };
    let file = opened.and_then(owned).map_err(|e| StoreError::open(&path, hint, e))?;
    match file.try_lock() {
        Ok(()) => Ok(LedgerLock { file }),
        Err(TryLockError::WouldBlock) => {
            Err(StoreError::Taken { path: database.to_owned(), holder: sender(database) })
        }
        Err(TryLockError::Error(e)) => Err(StoreError::open(&path, hint, e)),
    }
}

/// The process that sends from the ledger in that file, if it runs on this machine and can be seen, or systemd
/// names it: a command that the unit runs sees no other process. The lock is not tried for it: that could keep a daemon
/// from starting at this very moment.
pub(crate) fn sender(database: &Path) -> Option<u32> {
    told(database).map(|(pid, _)| pid)
}

/// The process that sends, where it has another file open than the one that has the ledger's name now: what is written
/// there it does not hear of.
pub(super) fn sender_from_another_file(database: &Path) -> Option<u32> {
    let (pid, open) = told(database)?;
    (open?.has_lost(database) && is_held(database)).then_some(pid)
}

/// Whether anybody has the lock. Asked only where a process that lives is told to have it, which no start can be about to
/// take then; where a folder was copied with what lies in it, nobody has the copy's.
fn is_held(database: &Path) -> bool {
    let opened = files::open_plain(&files::beside(database, END), OpenOptions::new().read(true));
    opened.is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
}

/// Who sends, and from which file.
fn told(database: &Path) -> Option<(u32, Option<FileId>)> {
    let told = std::fs::read_to_string(files::beside(database, END)).ok()?;
    let mut lines = told.lines();
    let told = lines.next()?;
    let pid: u32 = told.trim().parse().ok()?;
    let is_ours = match std::fs::read_to_string(format!("/proc/{pid}/comm")) {
        Ok(name) => name.trim() == env!("CARGO_PKG_NAME"),
        Err(_) => std::env::var("MAINPID").is_ok_and(|main| main == told.trim()),
    };
    (is_ours && pid != std::process::id()).then(|| (pid, lines.next().and_then(FileId::parse)))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, chown, lchown, symlink};

    use crate::store::testing;
    use crate::store::{Store, StoreError};

    #[tokio::test]
    async fn a_ledger_that_root_begins_belongs_to_whom_the_folder_belongs() {
        if !rustix::process::geteuid().is_root() {
            return; // Nobody else can give files away.
        }
        let dir = tempfile::tempdir().unwrap();
        chown(dir.path(), Some(4321), Some(1234)).unwrap();
        let store = testing::file_store(&dir).await;
        drop(store.lock().unwrap());
        store.keep_witness(testing::at(1)).await.unwrap();
        let names = ["vigia.db", "vigia.db-wal", "vigia.db-shm", "vigia.db.lock", "vigia.db.testemunha"];
        for name in names {
            let file = std::fs::metadata(dir.path().join(name)).unwrap();
            assert_eq!((file.uid(), file.gid()), (4321, 1234), "{name}");
        }
    }

    #[tokio::test]
    async fn a_link_planted_where_the_lock_or_the_ledger_is_expected_leads_root_nowhere() {
        let elsewhere = tempfile::tempdir().unwrap();
        let secret = elsewhere.path().join("shadow");
        std::fs::write(&secret, "de root").unwrap();
        for end in [".lock", ""] {
            let dir = tempfile::tempdir().unwrap();
            let database = testing::file(&dir);
            let planted = crate::files::beside(&database, end);
            symlink(&secret, &planted).unwrap();
            let opened = if rustix::process::geteuid().is_root() {
                chown(dir.path(), Some(4321), Some(1234)).unwrap();
                lchown(&planted, Some(4321), Some(1234)).unwrap();
                Store::open(&database, testing::at(0)).await.err()
            } else {
                None
            };
            let locked = (end == ".lock").then(|| Store::lock_at(&database).unwrap_err());
            for refused in opened.into_iter().chain(locked) {
                assert!(matches!(refused, StoreError::Open { .. }), "{refused}");
            }
        }
        assert_eq!(std::fs::read_to_string(&secret).unwrap(), "de root");
    }

    #[tokio::test]
    async fn a_second_sender_is_refused_until_the_first_ends() {
        let dir = tempfile::tempdir().unwrap();
        let store = testing::store(&dir).await;
        let held = store.lock().unwrap();
        let taken = store.lock().unwrap_err();
        assert!(matches!(&taken, StoreError::Taken { path, .. } if path == store.path()), "{taken}");
        assert!(!taken.to_string().contains(".lock"), "{taken}");
        drop(held);
        assert!(store.lock().is_ok());
    }
}
