//! Where a ledger went to, and whether it has arrived: what `livro mudar` leaves behind (see [`super::relocate`]).
//!
//! A ledger that went elsewhere is read and never written again, whoever tries: each write asks (`db`). Nothing ends that;
//! what goes on is where it went. One that is arriving is not opened at all, until the one before it is marked: then
//! [`Store::arrive`] ends it, at the next opening or the next `livro mudar`, which otherwise begins anew.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::cell::Cells;
use super::db::{Conn, Db, detached};
use super::sql::{bound, statements};
use super::witness::head;
use super::{LedgerPlace, Store, StoreError};
use crate::files;

statements! {
    const PLACE = "SELECT id, came_from, arriving, went_path, went_to, went_at FROM place WHERE id = 1";
    const ARRIVED = "UPDATE place SET arriving = 0 WHERE id = 1";
}

/// Where a ledger came from and went to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Stations {
    /// The path that names the one before.
    pub(super) came_from: Option<PathBuf>,
    /// Whether the one before still counts.
    pub(super) is_arriving: bool,
    pub(super) gone: Option<Gone>,
}

/// Where a ledger went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// The path that names it there, on the machine that moved it.
    pub path: PathBuf,
    /// The same in words: the file, or the server and the schema.
    pub to: String,
    /// When.
    pub at: Timestamp,
}

pub(super) async fn stations(conn: &mut Conn) -> Result<Stations, StoreError> {
    let row = bound!(PLACE).fetch_one(conn).await?;
    let cells = Cells::of("place", &row);
    let path = |column| Ok::<_, StoreError>(cells.get::<Option<String>>(column)?.map(PathBuf::from));
    let gone = match (path("went_path")?, cells.get("went_to")?, cells.instant_opt("went_at")?) {
        (Some(path), Some(to), Some(at)) => Some(Gone { path, to, at }),
        _ => None,
    };
    Ok(Stations { came_from: path("came_from")?, is_arriving: cells.get::<i64>("arriving")? != 0, gone })
}

impl Stations {
    /// Whether it may be read.
    pub(super) fn has_arrived(&self, place: &Path) -> Result<(), StoreError> {
        match (&self.came_from, self.is_arriving) {
            (Some(from), true) => Err(StoreError::Arriving { path: place.to_owned(), from: from.clone() }),
            _ => Ok(()),
        }
    }

    /// Whether it may be written.
    pub(super) fn is_here(self, place: &Path) -> Result<(), StoreError> {
        self.has_arrived(place)?;
        match self.gone {
            Some(gone) => Err(StoreError::Moved { path: place.to_owned(), to: gone.to, new: gone.path }),
            None => Ok(()),
        }
    }
}

impl Store {
    /// Where this ledger went, if it did: then it is only to be read.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn gone(&self) -> Result<Option<Gone>, StoreError> {
        Ok(stations(&mut *self.db.read().await?).await?.gone)
    }

    /// The path that names the ledger that was moved here, if one was.
    ///
    /// # Errors
    /// A fault of the database.
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
        let there = Db::open(new).await?;
        let arrived = head(&mut *there.read().await?).await? == end;
        if arrived {
            if self.witness.exists() {
                self.witness.put(end, gone.at).await?;
            }
            put_arrived(&there).await?;
        }
        there.close().await;
        Ok(arrived)
    }
}

/// Has a ledger count from now on.
pub(super) async fn put_arrived(db: &Db) -> Result<(), StoreError> {
    let db = db.clone();
    detached(async move {
        let mut tx = db.begin_wherever().await?;
        bound!(ARRIVED).execute(&mut tx).await?;
        tx.commit().await
    })
    .await
}
