//! The database: one writer, several readers, on either engine.
//!
//! Every write is a transaction in a task of its own ([`detached`]): dropping the caller's future, as `select!` and
//! time-outs do, must not cut a transaction in two. There is one writer at a time, whoever it is: SQLite's `BEGIN IMMEDIATE`
//! sees to it, and on PostgreSQL a row that each write begins with ([`super::leader`]).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::batch::{self, Batch};
pub(crate) use super::engine::Conn;
use super::engine::{Lease, Query, Row};
use super::leader;
use super::place;
use super::postgres::Postgres;
use super::sqlite::Sqlite;
use super::transaction::WriteTx;
use super::{LedgerLock, LedgerPlace, StoreError};

/// Both ways in.
#[derive(Debug, Clone)]
pub(crate) struct Db {
    path: PathBuf,
    pub(crate) engine: Engine,
    /// Writes of this process that a plan may depend on.
    changes: Arc<AtomicU64>,
    /// All of its writes but those of which nobody need hear.
    writes: Arc<AtomicU64>,
}

/// Which database keeps the ledger.
#[derive(Debug, Clone)]
pub(crate) enum Engine {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

/// A state of the ledger, as far as plans depend on it: while it is the same, only letters were claimed, marked and
/// settled, and no contact was flagged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generation {
    own: u64,
    others: i64,
}

/// A state of a ledger in a file: while it is the same, nothing was written but signs of life and claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerState {
    generation: Generation,
    writes: u64,
}

impl Db {
    /// Opens or creates it and brings it to the newest schema.
    pub(crate) async fn open(place: &LedgerPlace, lock: Option<&LedgerLock>) -> Result<Self, StoreError> {
        let changes = Arc::default();
        let engine = match &place.server {
            None => Engine::Sqlite(Sqlite::open(&place.path, lock, &changes).await?),
            Some(server) => Engine::Postgres(Postgres::open(server, true).await?),
        };
        Ok(Self { path: place.path.clone(), engine, changes, writes: Arc::default() })
    }

    /// Opens it only to read, also while a daemon writes.
    pub(crate) async fn open_read_only(place: &LedgerPlace) -> Result<Self, StoreError> {
        let engine = match &place.server {
            None => Engine::Sqlite(Sqlite::open_read_only(&place.path).await?),
            Some(server) => Engine::Postgres(Postgres::open(server, false).await?),
        };
        Ok(Self { path: place.path.clone(), engine, changes: Arc::default(), writes: Arc::default() })
    }

    /// Where it is, or what lies beside it on this machine would be.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A connection to read with.
    pub(crate) async fn read(&self) -> Result<Lease, StoreError> {
        Ok(Lease(match &self.engine {
            Engine::Sqlite(sqlite) => Conn::Sqlite(sqlite.readers.acquire().await?),
            Engine::Postgres(postgres) => Conn::Postgres(postgres.readers.acquire().await?),
        }))
    }

    /// A transaction to read with: all its statements see the same state.
    pub(crate) async fn view(&self) -> Result<Lease, StoreError> {
        Ok(Lease(match &self.engine {
            Engine::Sqlite(sqlite) => Conn::SqliteView(sqlite.readers.begin().await?),
            Engine::Postgres(postgres) => Conn::PostgresView(postgres.view().await?),
        }))
    }

    /// A transaction to write with. Only inside [`detached`].
    pub(crate) async fn begin(&self) -> Result<WriteTx, StoreError> {
        let (tx, _) = self.begin_as(leader::Turn::Telling, Batch::default()).await?;
        self.writes.fetch_add(1, Ordering::Relaxed);
        self.note_change();
        Ok(tx)
    }

    /// The same for what nobody need look at anything for: a sign of life, a claim that its owner alone knows of.
    pub(crate) async fn begin_unheard(&self) -> Result<WriteTx, StoreError> {
        Ok(self.begin_as(leader::Turn::Quiet, Batch::default()).await?.0)
    }

    /// The same for what no plan depends on.
    pub(crate) async fn begin_quietly(&self) -> Result<WriteTx, StoreError> {
        Ok(self.begin_quietly_with(Batch::default()).await?.0)
    }

    /// The same with its first statements, and the rows of each.
    pub(crate) async fn begin_quietly_with(
        &self,
        statements: Batch<'_>,
    ) -> Result<(WriteTx, Vec<Vec<Row>>), StoreError> {
        let begun = self.begin_as(leader::Turn::Quiet, statements).await?;
        self.writes.fetch_add(1, Ordering::Relaxed);
        Ok(begun)
    }

    /// The same also where the ledger is not, or not yet: only to move it.
    pub(crate) async fn begin_wherever(&self) -> Result<WriteTx, StoreError> {
        match &self.engine {
            Engine::Sqlite(sqlite) => WriteTx::begin(sqlite.writing().await?).await,
            Engine::Postgres(postgres) => self.take_turn(postgres, leader::Turn::Quiet).await,
        }
    }

    /// Has the ledger that was moved here count from now on.
    pub(crate) async fn arrive(&self) -> Result<(), StoreError> {
        let db = self.clone();
        detached(async move {
            let mut tx = db.begin_wherever().await?;
            place::mark_arrived(&mut tx).await?;
            tx.commit().await
        })
        .await
    }

    async fn begin_as(
        &self,
        turn: leader::Turn,
        statements: Batch<'_>,
    ) -> Result<(WriteTx, Vec<Vec<Row>>), StoreError> {
        let mut all = Batch::default();
        all.push(place::asked());
        all.append(statements);
        let (tx, mut rows) = match &self.engine {
            Engine::Sqlite(sqlite) => {
                let begun = WriteTx::begin_with(sqlite.writing().await?, all).await?;
                // Looked at once nobody else writes: it may have lost its name while this one waited for its turn.
                sqlite.keeps_name(&self.path)?;
                begun
            }
            Engine::Postgres(postgres) => {
                let mut tx = self.take_turn(postgres, turn).await?;
                let rows = all.run(&mut tx).await?;
                (tx, rows)
            }
        };
        let place = rows.remove(0);
        place::read(&batch::first(place)?)?.is_here(&self.path)?;
        Ok((tx, rows))
    }

    async fn take_turn(&self, postgres: &Postgres, turn: leader::Turn) -> Result<WriteTx, StoreError> {
        let writer = postgres.writer.as_ref().ok_or_else(StoreError::only_read)?;
        let mut tx = WriteTx::begin(Conn::Postgres(writer.acquire().await?)).await?;
        postgres.lead.take_turn(&mut tx, turn).await?;
        Ok(tx)
    }

    /// Something that a plan may depend on is being written. Only by whoever has the transaction.
    pub(crate) fn note_change(&self) {
        self.changes.fetch_add(1, Ordering::Relaxed);
    }

    /// The state that plans see from now on. There is one writer and it is held meanwhile, so that nothing counted is still
    /// unwritten, and a connection that had to be made anew is counted; the database tells of other processes.
    pub(crate) async fn generation(&self) -> Result<Generation, StoreError> {
        let mut writer = self.writing_connection().await?.ok_or_else(StoreError::only_read)?;
        let own = self.changes.load(Ordering::Relaxed);
        let others = match &self.engine {
            Engine::Sqlite(_) => Sqlite::others(&mut writer).await?,
            Engine::Postgres(_) => leader::changes(&mut writer).await?,
        };
        Ok(Generation { own, others })
    }

    /// The state of a file, whoever wrote it; nothing of a server, which tells only of what plans depend on. Asked in the same
    /// order.
    pub(crate) async fn state(&self) -> Result<Option<LedgerState>, StoreError> {
        if let Engine::Postgres(_) = &self.engine {
            return Ok(None);
        }
        let writes = self.writes.load(Ordering::Relaxed);
        Ok(Some(LedgerState { generation: self.generation().await?, writes }))
    }

    /// The connection to write with, where there is one, outside a transaction.
    pub(crate) async fn writing_connection(&self) -> Result<Option<Lease>, StoreError> {
        Ok(match &self.engine {
            Engine::Sqlite(Sqlite { writer: Some(writer), .. }) => {
                Some(Conn::Sqlite(writer.acquire().await?))
            }
            Engine::Postgres(Postgres { writer: Some(writer), .. }) => {
                Some(Conn::Postgres(writer.acquire().await?))
            }
            Engine::Sqlite(_) | Engine::Postgres(_) => None,
        }
        .map(Lease))
    }

    /// Writes everything anew, so that nothing erased is left between the rows. Answers whether that is so: not while
    /// somebody reads an older state.
    pub(crate) async fn rewrite(&self) -> Result<bool, StoreError> {
        match &self.engine {
            Engine::Sqlite(sqlite) => {
                Sqlite::rewrite(sqlite.writer.as_ref().ok_or_else(StoreError::only_read)?).await
            }
            Engine::Postgres(postgres) => {
                postgres.rewrite(postgres.writer.as_ref().ok_or_else(StoreError::only_read)?).await
            }
        }
    }

    /// Closes every connection.
    pub(crate) async fn close(&self) {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.close().await,
            Engine::Postgres(postgres) => postgres.close().await,
        }
    }
}

impl Query<'_> {
    /// What each row of the answer says, in order.
    pub(crate) async fn all<T, All: FromIterator<T>>(
        self,
        db: &Db,
        read: impl Fn(&Row) -> Result<T, StoreError>,
    ) -> Result<All, StoreError> {
        let rows = self.fetch_all(&mut *db.read().await?).await?;
        rows.iter().map(read).collect()
    }

    /// What the first row says, where there is one.
    pub(crate) async fn first<T>(
        self,
        db: &Db,
        read: impl Fn(&Row) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        self.fetch_optional(&mut *db.read().await?).await?.as_ref().map(read).transpose()
    }
}

/// Runs a step to its end, and waits for nothing.
#[expect(clippy::disallowed_methods, reason = "as in `detached`")]
pub(crate) fn apart(step: impl Future<Output = ()> + Send + 'static) {
    let _whoever_waits_is_told_by_the_step = tokio::spawn(step);
}

/// Runs a step to its end whatever becomes of the caller.
pub(crate) async fn detached<T: Send + 'static>(
    step: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a transaction must outlive a cancelled caller; its duration is bounded by the disk"
    )]
    let task = tokio::spawn(step);
    task.await.unwrap_or(Err(StoreError::Interrupted))
}

/// A write: what the body does, in a transaction of its own that is committed after it. `return` leaves it undone.
macro_rules! written {
    (@$begin:ident, $db:expr, |$tx:ident| $body:block) => {{
        let db = $db.clone();
        $crate::database::db::detached(async move {
            let mut $tx = db.$begin().await?;
            let done = $body;
            $tx.commit().await?;
            Ok(done)
        })
        .await
    }};
    ($db:expr, quietly, |$tx:ident| $body:block) => {
        written!(@begin_quietly, $db, |$tx| $body)
    };
    ($db:expr, unheard, |$tx:ident| $body:block) => {
        written!(@begin_unheard, $db, |$tx| $body)
    };
    ($db:expr, |$tx:ident| $body:block) => {
        written!(@begin, $db, |$tx| $body)
    };
}
pub(crate) use written;
