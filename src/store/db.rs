//! The database: one writer, several readers, migrations. SQLite in WAL, durable at each commit.
//!
//! Every write is a `BEGIN IMMEDIATE` transaction in a task of its own ([`detached`]): dropping the caller's future,
//! as `select!` and time-outs do, must not cut a transaction in two.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Connection as _, Row as _, SqlSafeStr as _, Sqlite, Transaction};

use super::StoreError;
use super::lock::{self, LedgerLock};
use super::sql::{bound, statements};
use super::transaction::WriteTx;
use crate::files::{self, Access};

statements! {
    const SCHEMA_TABLE = "SELECT COUNT(*) FROM sqlite_master WHERE name = '_sqlx_migrations'";
    const APPLIED = "SELECT version, checksum FROM _sqlx_migrations ORDER BY version";
    const OTHERS = "PRAGMA data_version";
    const COPY = "VACUUM INTO $1";
    const REWRITE = "VACUUM";
    const FOLD = "PRAGMA wal_checkpoint(TRUNCATE)";
    const SOUND = "PRAGMA integrity_check(1)";
    const READABLE = "PRAGMA quick_check(1)";
}

/// A connection inside or outside a transaction.
pub(super) type Conn = SqliteConnection;

const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const LOCK_POLL: Duration = Duration::from_millis(50);
pub(super) const READERS: u32 = 4;
/// KiB, as SQLite writes it: a batch of letters and the indices that they touch.
const WRITER_CACHE: &str = "-16384";
/// Folding the log into the file costs two syncs, so it is done for 16 MiB at a time.
const PAGES_BETWEEN_CHECKPOINTS: &str = "4000";
const CHECK_PATH: &str = "confira o caminho em `dados`, o dono e as permissões da pasta, e o espaço em disco";
const NO_DATABASE: &str = "inicie o serviço uma vez (vigia-suas servir --uma-vez), que cria o banco de dados";

/// A step of the schema: its number, what it does, and how.
pub(super) type Step = (i64, &'static str, &'static str);

/// The schema of the first release, one file a subject, and then each change to it. Append only: never edit one that was
/// released, and keep what `tests/migration.rs` asks for.
pub(super) const STEPS: [Step; 8] = [
    (1, "create ledger", include_str!("../../migrations/0001_create_ledger.sql")),
    (2, "create journal", include_str!("../../migrations/0002_create_journal.sql")),
    (3, "create status", include_str!("../../migrations/0003_create_status.sql")),
    (4, "create orders", include_str!("../../migrations/0004_create_orders.sql")),
    (5, "create feeds", include_str!("../../migrations/0005_create_feeds.sql")),
    (6, "create register", include_str!("../../migrations/0006_create_register.sql")),
    (7, "create news", include_str!("../../migrations/0007_create_news.sql")),
    (8, "create configurations", include_str!("../../migrations/0008_create_configurations.sql")),
];
const NEWEST: i64 = STEPS[STEPS.len() - 1].0;

/// Both ways in.
#[derive(Debug, Clone)]
pub(super) struct Db {
    path: PathBuf,
    /// Absent when opened only to read.
    writer: Option<SqlitePool>,
    readers: SqlitePool,
    /// Writes of this process that a plan may depend on.
    changes: Arc<AtomicU64>,
}

/// A state of the ledger, as far as plans depend on it: while it is the same, only letters were claimed, marked and
/// settled, and no contact was flagged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generation {
    own: u64,
    others: i64,
}

/// Locks and shared memory, which the write-ahead log stands on, do not reach over a network.
pub(super) fn may_lie_at(path: &Path, mounts: &str) -> Result<(), StoreError> {
    match files::network_disk(path, mounts) {
        None => Ok(()),
        Some(kind) => Err(StoreError::Network { path: path.to_owned(), kind: kind.to_owned() }),
    }
}

impl Db {
    /// Opens or creates the file and brings it to the newest schema, which only whoever has its lock may do. A new one is
    /// readable by its owner and group alone, and so is what SQLite puts beside it, which takes the file's permissions and
    /// owner: that of the folder, where root is the first to write.
    pub(super) async fn open(path: &Path) -> Result<Self, StoreError> {
        may_lie_at(path, &files::mounts())?;
        if let Some(dir) = path.parent().filter(|d| !d.as_os_str().is_empty()) {
            std::fs::create_dir_all(dir).map_err(|e| StoreError::open(path, CHECK_PATH, e))?;
        }
        match files::create(path, b"", Access::Group).and_then(|()| files::leave_to_folder(path)) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(StoreError::open(path, CHECK_PATH, error));
            }
            _ => {}
        }
        let writing = options(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("cache_size", WRITER_CACHE)
            .pragma("wal_autocheckpoint", PAGES_BETWEEN_CHECKPOINTS);
        let changes = Arc::new(AtomicU64::new(0));
        let connected = changes.clone();
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            // A connection counts the commits of others from its own beginning: it stays, and another is news.
            .idle_timeout(None)
            .max_lifetime(None)
            .after_connect(move |_, _| {
                connected.fetch_add(1, Ordering::Relaxed);
                Box::pin(async { Ok(()) })
            })
            .test_before_acquire(false)
            .connect_with(writing)
            .await
            .map_err(|e| StoreError::from(e).opening(path, CHECK_PATH))?;
        if found_in(&writer, path).await? < NEWEST {
            // Under a program that knows only the older schema nothing may change.
            let _lock = wait_for_lock(&writer, path).await?;
            if found_in(&writer, path).await? < NEWEST {
                migrate(&writer, &STEPS).await.map_err(|e| e.opening(path, CHECK_PATH))?;
            }
        }
        let readers = readers(path, options(path)).await?;
        Ok(Self { path: path.to_owned(), writer: Some(writer), readers, changes })
    }

    /// Opens the file only to read, also while a daemon writes, and as somebody who may not write in its folder.
    pub(super) async fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        let readers = match to_read(path, options(path)).await {
            // Reading makes a log where there is none, if it may. Without a log nobody writes, and the file is all there is.
            Err(StoreError::Open { .. } | StoreError::ReadOnly { .. })
                if path.exists() && !log_of(path).exists() =>
            {
                to_read(path, options(path).immutable(true)).await?
            }
            other => other?,
        };
        Ok(Self { path: path.to_owned(), writer: None, readers, changes: Arc::default() })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A connection to read with.
    pub(super) async fn read(&self) -> Result<PoolConnection<Sqlite>, StoreError> {
        Ok(self.readers.acquire().await?)
    }

    /// A transaction to read with: all its statements see the same state.
    pub(super) async fn view(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.readers.begin().await?)
    }

    /// A transaction to write with. Only inside [`detached`].
    pub(super) async fn begin(&self) -> Result<WriteTx, StoreError> {
        let tx = self.begin_quietly().await?;
        self.note_change();
        Ok(tx)
    }

    /// The same for what no plan depends on.
    pub(super) async fn begin_quietly(&self) -> Result<WriteTx, StoreError> {
        WriteTx::begin(self.writer()?).await
    }

    /// Something that a plan may depend on is being written. Only by whoever has the transaction.
    pub(super) fn note_change(&self) {
        self.changes.fetch_add(1, Ordering::Relaxed);
    }

    /// The state that plans see from now on. There is one writer and it is asked here, so that nothing noted is still
    /// unwritten; its `data_version` tells of other processes.
    pub(super) async fn generation(&self) -> Result<Generation, StoreError> {
        let mut conn = self.writer()?.acquire().await?;
        let others = bound!(OTHERS).fetch_one(&mut *conn).await?.try_get(0)?;
        Ok(Generation { own: self.changes.load(Ordering::Relaxed), others })
    }

    /// The connection to write with, where there is one, outside a transaction.
    pub(super) async fn writing_connection(&self) -> Result<Option<PoolConnection<Sqlite>>, StoreError> {
        Ok(match &self.writer {
            Some(writer) => Some(writer.acquire().await?),
            None => None,
        })
    }

    fn writer(&self) -> Result<&SqlitePool, StoreError> {
        self.writer.as_ref().ok_or_else(|| StoreError::ReadOnly {
            source: "o banco de dados foi aberto somente para leitura".into(),
        })
    }

    /// A consistent copy into a new file.
    pub(super) async fn copy_to(&self, path: &Path) -> Result<(), StoreError> {
        let text = path.to_str().ok_or_else(|| {
            StoreError::open(path, "use um caminho sem caracteres inválidos", "caminho não é UTF-8")
        })?;
        let hint = "o arquivo da cópia não pode existir ainda";
        let mut conn = self.read().await?;
        files::create(path, b"", Access::Group).map_err(|e| StoreError::open(path, hint, e))?;
        let copied = bound!(COPY, text).execute(&mut *conn).await;
        copied.map(|_| ()).map_err(|e| {
            // Half a copy is none.
            let _gone = std::fs::remove_file(path);
            StoreError::from(e).opening(path, hint)
        })
    }

    /// Writes every page anew, so that nothing erased is left in a free one, nor in the write-ahead log. Answers whether
    /// that is so: not while somebody reads an older state.
    pub(super) async fn rewrite(&self) -> Result<bool, StoreError> {
        let mut conn = self.writer()?.acquire().await?;
        bound!(REWRITE).execute(&mut *conn).await?;
        let busy: i64 = bound!(FOLD).fetch_one(&mut *conn).await?.try_get(0)?;
        Ok(busy == 0)
    }

    /// Closes every connection, so that the write-ahead log is folded into the file.
    pub(super) async fn close(&self) {
        self.readers.close().await;
        if let Some(writer) = &self.writer {
            writer.close().await;
        }
    }
}

/// Runs a step to its end whatever becomes of the caller.
pub(super) async fn detached<T: Send + 'static>(
    step: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a transaction must outlive a cancelled caller; its duration is bounded by the disk"
    )]
    let task = tokio::spawn(step);
    task.await.unwrap_or(Err(StoreError::Interrupted))
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
        // Our own log says what is done; that of each statement costs its time even where nobody reads it.
        .disable_statement_logging()
}

/// The write-ahead log beside a database.
fn log_of(path: &Path) -> PathBuf {
    files::beside(path, "-wal")
}

/// A look into a file that nobody writes to, whatever it is: nothing is left beside it that was not there.
pub(super) async fn glance(path: &Path) -> Result<SqliteConnection, StoreError> {
    Ok(options(path).read_only(true).immutable(!log_of(path).exists()).connect().await?)
}

/// What SQLite finds amiss with a file, reading all of it; nothing where it is whole.
pub(super) async fn soundness(conn: &mut Conn) -> Result<Option<String>, StoreError> {
    let found: String = bound!(SOUND).fetch_one(conn).await?.try_get(0)?;
    Ok((found != "ok").then_some(found))
}

/// What is amiss with the pages of a file, none of its indices looked at.
pub(super) async fn readable(conn: &mut Conn) -> Result<Option<String>, StoreError> {
    let found: String = bound!(READABLE).fetch_one(conn).await?.try_get(0)?;
    Ok((found != "ok").then_some(found))
}

/// Readers of a file that has the newest schema.
async fn to_read(path: &Path, options: SqliteConnectOptions) -> Result<SqlitePool, StoreError> {
    let readers = readers(path, options).await?;
    let found =
        schema(&mut *readers.acquire().await?, path).await.map_err(|e| e.opening(path, NO_DATABASE))?;
    if found < NEWEST {
        return Err(StoreError::Older { path: path.to_owned(), found, known: NEWEST });
    }
    Ok(readers)
}

async fn readers(path: &Path, options: SqliteConnectOptions) -> Result<SqlitePool, StoreError> {
    SqlitePoolOptions::new()
        .max_connections(READERS)
        // SQLite ends some views by itself, and then the driver goes on counting them: see `transaction`. The ping lets
        // the end of the view come first.
        .after_release(|conn, _| {
            Box::pin(async move {
                conn.ping().await?;
                Ok(!conn.is_in_transaction())
            })
        })
        .connect_with(options.read_only(true))
        .await
        .map_err(|e| StoreError::from(e).opening(path, NO_DATABASE))
}

/// The schema of a file, if this program knows it and every step to it.
async fn schema(conn: &mut Conn, path: &Path) -> Result<i64, StoreError> {
    let table: i64 = bound!(SCHEMA_TABLE).fetch_one(&mut *conn).await?.try_get(0)?;
    if table == 0 {
        return Ok(0);
    }
    let known: HashMap<i64, Migration> = migrations(&STEPS).map(|step| (step.version, step)).collect();
    let mut found = 0;
    for row in bound!(APPLIED).fetch_all(conn).await? {
        found = row.try_get("version")?;
        let checksum: &[u8] = row.try_get("checksum")?;
        if known.get(&found).is_some_and(|step| *step.checksum != *checksum) {
            return Err(StoreError::Unreleased { path: path.to_owned() });
        }
    }
    if found > NEWEST {
        return Err(StoreError::Newer { path: path.to_owned(), found, known: NEWEST });
    }
    Ok(found)
}

async fn found_in(writer: &SqlitePool, path: &Path) -> Result<i64, StoreError> {
    schema(&mut *writer.acquire().await?, path).await.map_err(|e| e.opening(path, CHECK_PATH))
}

/// The lock, once whoever is changing the schema is done. A daemon that keeps it keeps the schema.
async fn wait_for_lock(writer: &SqlitePool, path: &Path) -> Result<Option<LedgerLock>, StoreError> {
    let deadline = tokio::time::Instant::now() + BUSY_TIMEOUT;
    loop {
        match lock::take(path) {
            Ok(lock) => return Ok(Some(lock)),
            Err(StoreError::Taken { .. }) if tokio::time::Instant::now() < deadline => {
                tokio::time::sleep(LOCK_POLL).await;
            }
            Err(StoreError::Taken { .. }) => {
                let found = found_in(writer, path).await?;
                // A daemon may have brought it to the newest schema and go on holding the lock.
                return if found == NEWEST {
                    Ok(None)
                } else {
                    Err(StoreError::InUse { path: path.to_owned(), found, known: NEWEST })
                };
            }
            Err(other) => return Err(other),
        }
    }
}

fn migrations(steps: &[Step]) -> impl Iterator<Item = Migration> {
    steps.iter().map(|(version, name, sql)| {
        Migration::new(*version, (*name).into(), MigrationType::Simple, sql.into_sql_str(), false)
    })
}

/// Takes those steps that were not taken yet.
pub(super) async fn migrate(pool: &SqlitePool, steps: &[Step]) -> Result<(), StoreError> {
    Migrator::with_migrations(migrations(steps).collect())
        .run(pool)
        .await
        .map_err(|e| StoreError::Database { source: Box::new(e) })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use crate::store::testing;

    #[tokio::test]
    async fn the_ledger_and_what_lies_beside_it_and_its_copy_are_not_for_others_to_read() {
        let dir = tempfile::tempdir().unwrap();
        let store = testing::store(&dir).await;
        store.copy_to(&dir.path().join("copia.db")).await.unwrap();
        let mode = |name: &str| {
            let meta = std::fs::metadata(dir.path().join(name)).unwrap();
            meta.permissions().mode() & 0o777
        };
        for name in ["vigia.db", "vigia.db-wal", "vigia.db-shm", "copia.db"] {
            assert_eq!(mode(name) & 0o137, 0, "{name}");
        }
        let again = store.copy_to(&dir.path().join("copia.db")).await.unwrap_err();
        assert!(again.to_string().contains("não pode existir ainda"), "{again}");
    }
}
