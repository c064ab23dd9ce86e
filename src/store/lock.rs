//! The lock that makes one process the ledger's only sender, and the only one that may change its schema.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use super::{Store, StoreError};

/// Proof that no other process sends from this ledger. Let go when dropped, also by a crash.
#[derive(Debug)]
pub struct LedgerLock {
    _file: File,
}

impl Store {
    /// Becomes the ledger's only sender, by a lock on the file beside it that ends in `.lock`.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when another process is; [`StoreError::Open`] when the file cannot be made.
    pub fn lock(&self) -> Result<LedgerLock, StoreError> {
        take(self.path())
    }
}

/// Takes the lock of the ledger at `database`.
pub(super) fn take(database: &Path) -> Result<LedgerLock, StoreError> {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    let path = PathBuf::from(path);
    let hint = "confira o dono e as permissões da pasta";
    let file = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(false)
        .open(&path)
        .map_err(|e| StoreError::open(&path, hint, e))?;
    match file.try_lock() {
        Ok(()) => Ok(LedgerLock { _file: file }),
        Err(TryLockError::WouldBlock) => Err(StoreError::Taken { path }),
        Err(TryLockError::Error(e)) => Err(StoreError::open(&path, hint, e)),
    }
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
