//! Where this ledger went, or came from (`livro mudar`), and the end of a move that was cut off ([`crate::database::place`]).

use std::path::PathBuf;

use jiff::Timestamp;

use super::chain::{Chain, Line, head};
use super::{Gone, LedgerPlace, Store, StoreError};
use crate::database::db::{Conn, Db};
use crate::database::place::stations;
use crate::domain::journal::Moved;
use crate::files;

/// Tells a move: the last entry that both ledgers have.
pub(crate) async fn tell(conn: &mut Conn, told: Moved, now: Timestamp) -> Result<(), StoreError> {
    Chain::tell(conn, Line::new(now, "livro", told)).await
}

impl Store {
    /// Where this ledger went, if it did: then it is only to be read.
    pub async fn gone(&self) -> Result<Option<Gone>, StoreError> {
        Ok(stations(&mut *self.db.read().await?).await?.gone)
    }

    /// The path that names the ledger that was moved here, if one was.
    pub async fn came_from(&self) -> Result<Option<PathBuf>, StoreError> {
        Ok(stations(&mut *self.db.read().await?).await?.came_from)
    }

    pub(super) async fn must_be_here(&self) -> Result<(), StoreError> {
        stations(&mut *self.db.read().await?).await?.is_here(self.path())
    }

    /// Ends a move that was cut off after the ledger before this one was marked as moved here; `self` is that one. Answers
    /// whether it was: where it was not, the one before still counts.
    ///
    /// # Errors
    /// A fault of either database.
    pub async fn arrive(&self, new: &LedgerPlace) -> Result<bool, StoreError> {
        let Some(gone) = self.gone().await? else { return Ok(false) };
        if !files::is_same(&gone.path, &new.path) {
            return Ok(false);
        }
        let end = head(&mut *self.db.read().await?).await?;
        let there = Db::open(new, None).await?;
        let arrived = head(&mut *there.read().await?).await? == end;
        if arrived {
            there.arrive().await?;
            // A help for whoever looks at the old one, whose folder may be closed to this process: its mark is what counts.
            if self.witness.exists() {
                let _told = self.witness.put(end, gone.at).await;
            }
        }
        there.close().await;
        Ok(arrived)
    }
}
