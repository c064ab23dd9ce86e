//! Whether this process may write, decide and send: a ledger in a file is led by whoever has its lock, one on a server by
//! whoever [`crate::database::leader`] says.

use std::path::Path;

use super::{Leader, LedgerLock, Store, StoreError};
use crate::database::db::Engine;
use crate::database::lock;

impl Store {
    /// Becomes the ledger's only sender, by a lock on the file beside it that ends in `.lock`.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when another process is; [`StoreError::Open`] when the file cannot be made.
    pub fn lock(&self) -> Result<LedgerLock, StoreError> {
        let lock = lock::take(self.path())?;
        lock.tell();
        Ok(lock)
    }

    /// The process that sends from the ledger in that file, if it runs on this machine and can be seen, or systemd names
    /// it.
    #[must_use]
    pub fn sender(database: &Path) -> Option<u32> {
        lock::sender(database)
    }

    /// Leads from now on, if nobody else does or did a moment ago. A ledger in a file is led by whoever has its lock; with a
    /// server, whoever leads is found there.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn lead(&self) -> Result<bool, StoreError> {
        match &self.db.engine {
            Engine::Sqlite(_) => Ok(true),
            Engine::Postgres(postgres) => postgres.lead.stand(&machine(), false).await,
        }
    }

    /// The same, and where the one before left no word, waits until its lease is over.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn lead_after_lease(&self) -> Result<bool, StoreError> {
        match &self.db.engine {
            Engine::Sqlite(_) => Ok(true),
            Engine::Postgres(postgres) => postgres.lead.stand(&machine(), true).await,
        }
    }

    /// Leads no longer, if it did: another may at once.
    pub async fn resign(&self) {
        if let Engine::Postgres(postgres) = &self.db.engine {
            postgres.lead.resign().await;
        }
    }

    /// Whether whoever has the ledger's lock may speak to the relay at this moment: with a server, only within the lease.
    #[must_use]
    pub fn may_speak(&self) -> bool {
        match &self.db.engine {
            Engine::Sqlite(_) => true,
            Engine::Postgres(postgres) => postgres.lead.may_speak(),
        }
    }

    /// Whether another leads now that this process did. It ends with the process, which begins again as a reserve.
    #[must_use]
    pub fn is_deposed(&self) -> bool {
        match &self.db.engine {
            Engine::Sqlite(_) => false,
            Engine::Postgres(postgres) => postgres.lead.is_deposed(),
        }
    }

    /// From now on nothing is written through this store unless it leads.
    pub fn writes_only_when_leading(&self) {
        if let Engine::Postgres(postgres) = &self.db.engine {
            postgres.lead.writes_only_when_leading();
        }
    }

    /// Whether it waits for the lead, and writes nothing until it has it.
    #[must_use]
    pub fn is_reserve(&self) -> bool {
        match &self.db.engine {
            Engine::Sqlite(_) => false,
            Engine::Postgres(postgres) => postgres.lead.is_reserve(),
        }
    }

    /// Who leads; nothing where no server says so, or nobody ever led.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn leader(&self) -> Result<Option<Leader>, StoreError> {
        match &self.db.engine {
            Engine::Sqlite(_) => Ok(None),
            Engine::Postgres(postgres) => postgres.lead.who(&mut *self.db.read().await?).await,
        }
    }
}

/// This machine and process, as other machines' staff know them.
fn machine() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{} (processo {})", name.trim(), std::process::id())
}

#[cfg(test)]
impl Store {
    /// As when the process is killed: its session ends, and nothing renews its lease.
    pub(super) async fn forget_session(&self) {
        let Engine::Postgres(postgres) = &self.db.engine else { return };
        postgres.lead.forget_session().await;
    }
}
