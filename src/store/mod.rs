//! What the daemon remembers: the ledger, what people decided, and a journal that proves it.
//!
//! Reading order: `chain` and `journal`, `pass` and `notice` (what a pass decided),
//! `outbox`, `settle` and `group` (letters on their way), `ledger` (the same as the plan sees it), `retired` and `verdict`
//! (feeds that were switched off, loads that count), `order` and `overrides`, `configuration` (what was in force), `reading`,
//! `contact` and `stop` (with `failure`), `begin` and `clock`, `witness` and `elsewhere` (is it this ledger that last sent?), `delivery` and `letter`
//! (what staff ask for), `returned` and `return_key` (what comes back by mail), `uncertain` (what waits
//! for somebody), `moved` (where the ledger went), `reduce` (personal data whose years are over), `zone` (the zone's rules). How
//! rows are kept is [`crate::database`]'s, what sources brought [`crate::intake`]'s, and what proves and copies all of it
//! [`crate::proof`]'s.
//!
//! Architecture invariants: SQL never reads a clock, every instant is a parameter; every write is one transaction
//! together with the journal entry that tells it; no type of the database stands in a public signature.

use std::path::Path;

use jiff::Timestamp;

mod announce;
pub(crate) mod begin;
pub(crate) mod chain;
mod clock;
pub(crate) mod closing;
mod configuration;
mod contact;
pub(crate) mod delivery;
mod elsewhere;
mod failure;
mod frontier;
mod group;
pub(crate) mod journal;
mod leading;
pub(crate) mod ledger;
pub(crate) mod letter;
pub(crate) mod moved;
pub(crate) mod notice;
mod order;
mod outbox;
mod overrides;
mod pass;
mod post;
mod progress;
mod reading;
pub(crate) mod reduce;
pub(crate) mod retired;
mod return_key;
pub(crate) mod returned;
mod settle;
mod sighted;
mod stop;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod uncertain;
pub(crate) mod verdict;
pub(crate) mod witness;
mod work;
mod zone;

pub use crate::database::{
    Generation, Gone, Hints, Leader, LedgerLock, LedgerPlace, LedgerServer, LedgerState, LedgerTls,
    StoreError,
};
pub use announce::{Announcements, ChannelFailure, StaffAlert};
pub use begin::Signs;
pub use closing::HistoryBasis;
pub use configuration::{
    HeldConfiguration, KeptConfiguration, NewConfiguration, RefusedConfiguration, ThenInForce,
};
pub use contact::{FlaggedContact, LastLetter};
pub use delivery::{Attempt, DeliveryFilter, DeliveryId, DeliveryLine};
pub use elsewhere::{Sighting, Unassured, Vouched, mailbox_digest};
pub use frontier::Skipped;
pub use journal::{JournalEntry, JournalFilter, ToldWindow};
pub use letter::StoredLetter;
pub use order::{Override, OverrideId, OverrideLine};
pub use outbox::{Claim, Whose};
pub use pass::{NewDecision, NewLetter, Recorded};
pub use progress::LoopProgress;
pub use reading::EditionReading;
pub use reduce::{Reduction, Retention};
pub use retired::SwitchedBy;
pub use returned::{KeptMessage, Noted, RawMessage, Return};
pub use settle::{AttemptEnd, OnUncertain, Settlement};
pub use stop::ReturnVerdict;
pub use uncertain::HeldUncertain;
pub use witness::{Assumption, Head, LedgerDoubt};
pub use work::Work;
pub use zone::ZoneRules;

use crate::database::db::{self, Db};
use crate::database::{place, sqlite};
use crate::files;
use group::Group;
use std::sync::Arc;
use witness::Witness;

/// The store. Cheap to clone; every clone shares its connections.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) db: Db,
    group: Group,
    pub(crate) witness: Arc<Witness>,
}

impl Store {
    /// Opens the database, creating it and its folder, and brings it to the newest schema. `now` is when, for the
    /// journal of a new one.
    ///
    /// # Errors
    /// [`StoreError::Open`] with what to do, [`StoreError::Network`], [`StoreError::Newer`], [`StoreError::Unreleased`], [`StoreError::InUse`] while
    /// an older program runs on it, [`StoreError::Moved`], [`StoreError::Arriving`], or any other fault of the database.
    pub async fn open(place: impl Into<LedgerPlace>, now: Timestamp) -> Result<Self, StoreError> {
        Self::opened(place.into(), None, now).await
    }

    /// The same for whoever has the ledger's lock already, as the daemon must before it looks at the file: what it opens
    /// then is what `restaurar` left.
    pub async fn open_locked(
        place: impl Into<LedgerPlace>,
        lock: &LedgerLock,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        Self::opened(place.into(), Some(lock), now).await
    }

    async fn opened(
        place: LedgerPlace,
        lock: Option<&LedgerLock>,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        // Boxed: what may have to be done to a file at a start is large, and would lie within whoever opens it.
        let store = Self::over(Box::pin(Db::open(&place, lock)).await?);
        store.must_be_here().await?;
        store.open_journal(now).await?;
        Ok(store)
    }

    /// Whether a database may lie there: not on a network disk.
    ///
    /// # Errors
    /// [`StoreError::Network`].
    pub fn may_lie_at(path: &Path) -> Result<(), StoreError> {
        sqlite::may_lie_at(path, &files::mounts())
    }

    /// Opens an existing database only to read, also while a daemon writes to it.
    ///
    /// # Errors
    /// As [`Store::open`], and [`StoreError::Older`]; any write later on is a [`StoreError::ReadOnly`].
    pub async fn open_read_only(place: impl Into<LedgerPlace>) -> Result<Self, StoreError> {
        let store = Self::over(Box::pin(Db::open_read_only(&place.into())).await?);
        place::stations(&mut *store.db.read().await?).await?.has_arrived(store.path())?;
        Ok(store)
    }

    fn over(db: Db) -> Self {
        Self { witness: Witness::of(&db), db, group: Group::default() }
    }

    /// Where the database is.
    pub fn path(&self) -> &Path {
        self.db.path()
    }

    /// The state that plans see from now on: a plan made after this stands while the answer stays the same.
    pub async fn generation(&self) -> Result<Generation, StoreError> {
        self.db.generation().await
    }

    /// The state of a ledger in a file, to be held against a later one: what did not change need not be looked at again.
    /// Nothing of one on a server.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn state(&self) -> Result<Option<LedgerState>, StoreError> {
        self.db.state().await
    }

    /// Writes a consistent copy to a file that does not exist yet, also while a daemon writes.
    ///
    /// # Errors
    /// [`StoreError::Open`] when the file cannot be made, or a fault of the database.
    pub async fn copy_to(&self, path: &Path) -> Result<(), StoreError> {
        self.file()?.copy_to(path).await
    }

    /// The file that it is in, where it is in one.
    pub(crate) fn file(&self) -> Result<&sqlite::Sqlite, StoreError> {
        match &self.db.engine {
            db::Engine::Sqlite(file) => Ok(file),
            db::Engine::Postgres(postgres) => Err(StoreError::NoFile { place: postgres.name().clone() }),
        }
    }

    /// Closes every connection; writes already begun end first.
    pub async fn close(&self) {
        self.db.close().await;
        // Of the last write, too. One that could not be put in place is behind the ledger, as after a crash.
        let _put = self.witness.known().await;
    }
}
