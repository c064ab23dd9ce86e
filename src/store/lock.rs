//! The lock that makes one process the ledger's only sender, and the only one that may change its schema.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::{Store, StoreError};

/// Proof that no other process sends from this ledger. Let go when dropped, also by a crash.
#[derive(Debug)]
pub struct LedgerLock {
    file: File,
}

impl Store {
    /// Becomes the ledger's only sender, by a lock on the file beside it that ends in `.lock`.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when another process is; [`StoreError::Open`] when the file cannot be made.
    pub fn lock(&self) -> Result<LedgerLock, StoreError> {
        let lock = take(self.path())?;
        // Only a help for whoever wants to speak to the sender: the lock itself is what counts.
        let _told = lock.file.set_len(0).and_then(|()| write!(&lock.file, "{}", std::process::id()));
        Ok(lock)
    }
}

/// Takes the lock of the ledger at `database`.
pub(super) fn take(database: &Path) -> Result<LedgerLock, StoreError> {
    let path = beside(database);
    let hint = "confira o dono e as permissões da pasta";
    let file = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(false)
        .open(&path)
        .map_err(|e| StoreError::open(&path, hint, e))?;
    match file.try_lock() {
        Ok(()) => Ok(LedgerLock { file }),
        Err(TryLockError::WouldBlock) => Err(StoreError::Taken { path }),
        Err(TryLockError::Error(e)) => Err(StoreError::open(&path, hint, e)),
    }
}

impl Store {
    /// The process that sends from the ledger in that file, if it runs on this machine and can be seen. The lock is
    /// not tried for it: that could keep a daemon from starting at this very moment.
    #[must_use]
    pub fn sender(database: &Path) -> Option<u32> {
        let pid: u32 = std::fs::read_to_string(beside(database)).ok()?.trim().parse().ok()?;
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
        (name.trim() == env!("CARGO_PKG_NAME") && pid != std::process::id()).then_some(pid)
    }
}

/// The lock's file.
fn beside(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    PathBuf::from(path)
}

#[cfg(test)]
mod tests {
    use crate::store::StoreError;
    use crate::store::testing;

    #[tokio::test]
    async fn a_second_sender_is_refused_until_the_first_ends() {
        let dir = tempfile::tempdir().unwrap();
        let store = testing::store(&dir).await;
        let held = store.lock().unwrap();
        assert!(matches!(store.lock(), Err(StoreError::Taken { .. })));
        drop(held);
        assert!(store.lock().is_ok());
    }
}
