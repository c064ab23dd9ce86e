//! Where a ledger came from and went to, and whether it has arrived: the marks of `livro mudar`.
//!
//! A ledger that went elsewhere is read and never written again, whoever tries: each write asks (`db`). Nothing ends that;
//! what goes on is where it went. One that is arriving is not opened at all, until the one before it is marked: then the
//! next opening ends it, or the next `livro mudar`, which otherwise begins anew.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::StoreError;
use super::cell::Cells;
use super::engine::{Conn, Query, Row};
use super::sql::{bound, statements};

statements! {
    const PLACE = "SELECT id, came_from, arriving, went_path, went_to, went_at FROM place WHERE id = 1";
    const ARRIVED = "UPDATE place SET arriving = 0 WHERE id = 1";
}

/// Where a ledger came from and went to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Stations {
    /// The path that names the one before.
    pub(crate) came_from: Option<PathBuf>,
    /// Whether the one before still counts.
    pub(crate) is_arriving: bool,
    pub(crate) gone: Option<Gone>,
}

/// Where a ledger went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// The path that names it there, on the machine that moved it.
    pub path: PathBuf,
    /// The same in words: the file, or the server and the schema.
    pub to: String,
    pub at: Timestamp,
}

pub(crate) async fn stations(conn: &mut Conn) -> Result<Stations, StoreError> {
    read(&bound!(PLACE).fetch_one(conn).await?)
}

/// Asks for them.
pub(super) fn asked() -> Query<'static> {
    bound!(PLACE)
}

/// Reads what was asked for.
pub(super) fn read(row: &Row) -> Result<Stations, StoreError> {
    let cells = Cells::of("place", row);
    let path = |column| Ok::<_, StoreError>(cells.get::<Option<String>>(column)?.map(PathBuf::from));
    let gone = match (path("went_path")?, cells.get("went_to")?, cells.instant_opt("went_at")?) {
        (Some(path), Some(to), Some(at)) => Some(Gone { path, to, at }),
        _ => None,
    };
    Ok(Stations { came_from: path("came_from")?, is_arriving: cells.get::<i64>("arriving")? != 0, gone })
}

impl Stations {
    /// Whether it may be read.
    pub(crate) fn has_arrived(&self, place: &Path) -> Result<(), StoreError> {
        match (&self.came_from, self.is_arriving) {
            (Some(from), true) => Err(StoreError::Arriving { path: place.to_owned(), from: from.clone() }),
            _ => Ok(()),
        }
    }

    /// Whether it may be written.
    pub(crate) fn is_here(&self, place: &Path) -> Result<(), StoreError> {
        self.has_arrived(place)?;
        match self.gone.clone() {
            Some(gone) => Err(StoreError::Moved { path: place.to_owned(), to: gone.to, new: gone.path }),
            None => Ok(()),
        }
    }
}

/// Has a ledger count from now on.
pub(crate) async fn mark_arrived(conn: &mut Conn) -> Result<(), StoreError> {
    bound!(ARRIVED).execute(conn).await.map(drop)
}
