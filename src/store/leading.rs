//! Whether this process may write, decide and send: a ledger in a file is led by whoever has its lock, one on a server by
//! whoever [`crate::database::leader`] says.

use std::path::Path;

use jiff::Timestamp;

use super::chain::{Chain, Line};
use super::{Hints, Leader, LedgerLock, Store, StoreError};
use crate::database::db::{Engine, written};
use crate::database::{leader, lock};
use crate::domain::journal::{Led, Text};

impl Store {
    /// Becomes the ledger's only sender, by a lock on the file beside it that ends in `.lock`.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when another process is; [`StoreError::Open`] when the file cannot be made.
    pub fn lock(&self) -> Result<LedgerLock, StoreError> {
        Self::lock_at(self.path())
    }

    /// The same before the ledger is opened, or begun: the file may be exchanged for another (`restaurar`) until then.
    pub fn lock_at(database: &Path) -> Result<LedgerLock, StoreError> {
        let lock = lock::take(database)?;
        lock.tell();
        Ok(lock)
    }

    /// The process that sends from the ledger in that file, if it runs on this machine and can be seen, or systemd names
    /// it.
    pub fn sender(database: &Path) -> Option<u32> {
        lock::sender(database)
    }

    /// Leads from now on, if nobody else does or did a moment ago, and notes it. A ledger in a file is led by whoever has
    /// its lock; with a server, whoever leads is found there.
    ///
    /// # Errors
    /// [`StoreError::Moved`], or a fault of the database.
    pub async fn lead(&self, now: Timestamp) -> Result<bool, StoreError> {
        self.stand(false, now).await
    }

    /// The same, and where the one before left no word, waits until its lease is over.
    pub async fn lead_after_lease(&self, now: Timestamp) -> Result<bool, StoreError> {
        self.stand(true, now).await
    }

    /// The same for a person's command, which sends nothing: what it does is told by itself.
    pub(super) async fn lead_unnoted(&self) -> Result<bool, StoreError> {
        let Engine::Postgres(postgres) = &self.db.engine else { return Ok(true) };
        Ok(postgres.lead.stand(&machine(), true).await?.is_some())
    }

    async fn stand(&self, waits: bool, now: Timestamp) -> Result<bool, StoreError> {
        let Engine::Postgres(postgres) = &self.db.engine else { return Ok(true) };
        self.must_be_here().await?;
        let Some(before) = postgres.lead.stand(&machine(), waits).await? else { return Ok(false) };
        let noted = self.note_leader(before, now).await;
        if noted.is_err() {
            postgres.lead.resign().await;
        }
        noted.map(|()| true)
    }

    /// Before it writes anything else: what comes after this entry is of its hand.
    async fn note_leader(&self, before: String, now: Timestamp) -> Result<(), StoreError> {
        let Some(leader) = self.leader().await? else { return Err(StoreError::Deposed) };
        written!(self.db, quietly, |tx| {
            let told = Led {
                leader: leader.name,
                epoch: leader.epoch,
                since: Text(leader.since),
                before: Some(before).filter(|name| !name.is_empty()),
            };
            Chain::tell(&mut tx, Line::new(now, "livro", told)).await?;
        })
    }

    /// Leads no longer, if it did: another may at once.
    pub async fn resign(&self) {
        if let Engine::Postgres(postgres) = &self.db.engine {
            postgres.lead.resign().await;
        }
    }

    /// Whether whoever has the ledger's lock may speak to the relay at this moment: with a server, only within the lease.
    pub fn may_speak(&self) -> bool {
        match &self.db.engine {
            Engine::Sqlite(_) => true,
            Engine::Postgres(postgres) => postgres.lead.may_speak(),
        }
    }

    /// Whether another leads now that this process did. It ends with the process, which begins again as a reserve.
    pub fn is_deposed(&self) -> bool {
        match &self.db.engine {
            Engine::Sqlite(_) => false,
            Engine::Postgres(postgres) => postgres.lead.is_deposed(),
        }
    }

    /// Whether the name of the file that it is in is that file's still; a server's ledger has none.
    ///
    /// # Errors
    /// [`StoreError::Displaced`]. It ends with the process, which opens what is there then.
    pub fn keeps_name(&self) -> Result<(), StoreError> {
        match &self.db.engine {
            Engine::Sqlite(file) => file.keeps_name(self.path()),
            Engine::Postgres(_) => Ok(()),
        }
    }

    /// From now on nothing is written through this store unless it leads.
    pub fn writes_only_when_leading(&self) {
        if let Engine::Postgres(postgres) = &self.db.engine {
            postgres.lead.writes_only_when_leading();
        }
    }

    /// Whether it waits for the lead, and writes nothing until it has it.
    pub fn is_reserve(&self) -> bool {
        match &self.db.engine {
            Engine::Sqlite(_) => false,
            Engine::Postgres(postgres) => postgres.lead.is_reserve(),
        }
    }

    /// What others say that they wrote; nothing where no server passes it on.
    pub fn hints(&self) -> Option<Hints> {
        match &self.db.engine {
            Engine::Sqlite(_) => None,
            Engine::Postgres(postgres) => Some(postgres.lead.hints()),
        }
    }

    /// The server and the schema that keep the ledger, in words; nothing where a file does.
    pub fn server(&self) -> Option<String> {
        match &self.db.engine {
            Engine::Sqlite(_) => None,
            Engine::Postgres(postgres) => Some(postgres.name().display().to_string()),
        }
    }

    /// The clock of the server that keeps the ledger; nothing where none does.
    pub async fn server_clock(&self) -> Result<Option<Timestamp>, StoreError> {
        match &self.db.engine {
            Engine::Sqlite(_) => Ok(None),
            Engine::Postgres(_) => leader::clock(&mut *self.db.read().await?).await.map(Some),
        }
    }

    /// Who leads; nothing where no server says so, or nobody ever led.
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
