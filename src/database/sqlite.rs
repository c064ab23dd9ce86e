//! SQLite: one file, one writer and several readers, in WAL and durable at each commit.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Connection as _};

use super::StoreError;
use super::engine::{Conn, Lease};
use super::lock::{self, LedgerLock};
use super::sql::{bound, statements};
use super::steps::{self, NEWEST, STEPS, Step};
use crate::files::{self, Access, FileId};

statements! {
    const SCHEMA_TABLE = "SELECT COUNT(*) FROM sqlite_master WHERE name = '_sqlx_migrations'";
    const OTHERS = "PRAGMA data_version";
    pub(crate) const COLUMNS = "SELECT name, type FROM pragma_table_info($1) ORDER BY cid";
    const COPY = "VACUUM INTO $1";
    const REWRITE = "VACUUM";
    const FOLD = "PRAGMA wal_checkpoint(TRUNCATE)";
    const SOUND = "PRAGMA integrity_check(1)";
    const READABLE = "PRAGMA quick_check(1)";
}

const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const LOCK_POLL: Duration = Duration::from_millis(50);
pub(crate) const READERS: u32 = 4;
/// KiB, as SQLite writes it: a batch of letters and the indices that they touch.
const WRITER_CACHE: &str = "-16384";
/// Folding the log into the file costs two syncs, so it is done for 16 MiB at a time.
const PAGES_BETWEEN_CHECKPOINTS: &str = "4000";
const CHECK_PATH: &str = "confira o caminho em `dados`, o dono e as permissões da pasta, e o espaço em disco";
const NO_PERMISSION: &str = "quem roda o comando não tem permissão de ler o banco de dados: rode como o usuário do serviço ou como \
                             root, ou peça para entrar no grupo do arquivo";
const NO_DATABASE: &str = "inicie o serviço uma vez (vigia-suas servir --uma-vez), que cria o banco de dados";

/// Both ways in.
#[derive(Debug, Clone)]
pub(crate) struct Sqlite {
    /// Absent when opened only to read.
    pub(crate) writer: Option<SqlitePool>,
    pub(crate) readers: SqlitePool,
    /// The file that was opened to write to.
    file: Option<FileId>,
}

/// Locks and shared memory, which the write-ahead log stands on, do not reach over a network.
pub(crate) fn may_lie_at(path: &Path, mounts: &str) -> Result<(), StoreError> {
    match files::network_disk(path, mounts) {
        None => Ok(()),
        Some(kind) => Err(StoreError::Network { path: path.to_owned(), kind: kind.to_owned() }),
    }
}

impl Sqlite {
    /// Opens or creates the file and brings it to the newest schema, which only whoever has its lock may do. A new one is
    /// readable by its owner and group alone, and so is what SQLite puts beside it, which takes the file's permissions and
    /// owner: that of the folder, where root is the first to write.
    pub(crate) async fn open(
        path: &Path,
        own: Option<&LedgerLock>,
        changes: &Arc<AtomicU64>,
    ) -> Result<Self, StoreError> {
        may_lie_at(path, &files::mounts())?;
        if let (None, Some(holder)) = (own, lock::sender_from_another_file(path)) {
            return Err(StoreError::Elsewhere { path: path.to_owned(), holder });
        }
        if let Some(dir) = path.parent().filter(|d| !d.as_os_str().is_empty()) {
            std::fs::create_dir_all(dir).map_err(|e| StoreError::open(path, CHECK_PATH, e))?;
        }
        files::trust_link(path).map_err(|e| StoreError::open(path, CHECK_PATH, e))?;
        match files::create_for_folder(path, b"", Access::Group) {
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
        let writer = connected_to_write(writing, changes).await.map_err(|e| e.opening(path, CHECK_PATH))?;
        let file = FileId::of(path).map_err(|e| StoreError::open(path, CHECK_PATH, e))?;
        if let Some(lock) = own {
            lock.tell_of(file);
        }
        if found_in(&writer, path).await? < NEWEST {
            // Under a program that knows only the older schema nothing may change.
            let _lock = match own {
                Some(_) => None,
                None => wait_for_lock(&writer, path).await?,
            };
            if found_in(&writer, path).await? < NEWEST {
                migrate(&writer, &STEPS).await.map_err(|e| e.opening(path, CHECK_PATH))?;
            }
        }
        let readers = readers(path, options(path)).await?;
        Ok(Self { writer: Some(writer), readers, file: Some(file) })
    }

    /// Opens the file only to read, also while a daemon writes, and as somebody who may not write in its folder.
    pub(crate) async fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        let readers = match to_read(path, options(path)).await {
            // Reading makes a log where there is none, if it may. Without a log nobody writes, and the file is all there is.
            Err(StoreError::Open { .. } | StoreError::ReadOnly { .. })
                if path.exists() && !log_of(path).exists() =>
            {
                to_read(path, options(path).immutable(true)).await?
            }
            other => other?,
        };
        Ok(Self { writer: None, readers, file: None })
    }

    /// Whether the ledger's name is that of the open file still. One that lost it is known to nobody: what is written there
    /// no command and no later start would see.
    pub(crate) fn keeps_name(&self, path: &Path) -> Result<(), StoreError> {
        match self.file {
            Some(file) if file.has_lost(path) => Err(StoreError::Displaced { path: path.to_owned() }),
            _ => Ok(()),
        }
    }

    /// The connection to write with.
    pub(super) async fn writing(&self) -> Result<Conn, StoreError> {
        let writer = self.writer.as_ref().ok_or_else(StoreError::only_read)?;
        Ok(Conn::Sqlite(writer.acquire().await?))
    }

    /// How often others have written.
    pub(crate) async fn others(writer: &mut Conn) -> Result<i64, StoreError> {
        bound!(OTHERS).fetch_one(writer).await?.try_get(0)
    }

    /// A consistent copy into a new file.
    pub(crate) async fn copy_to(&self, path: &Path) -> Result<(), StoreError> {
        let text = path.to_str().ok_or_else(|| {
            StoreError::open(path, "use um caminho sem caracteres inválidos", "caminho não é UTF-8")
        })?;
        let hint = "o arquivo da cópia não pode existir ainda";
        let mut conn = Conn::Sqlite(self.readers.acquire().await?);
        files::create(path, b"", Access::Group).map_err(|e| StoreError::open(path, hint, e))?;
        let copied = bound!(COPY, text).execute(&mut conn).await;
        copied.map(|_| ()).map_err(|e| {
            // Half a copy is none.
            let _gone = std::fs::remove_file(path);
            e.opening(path, hint)
        })
    }

    /// Writes every page anew, so that nothing erased is left in a free one, nor in the write-ahead log. Answers whether
    /// that is so: not while somebody reads an older state.
    pub(crate) async fn rewrite(writer: &SqlitePool) -> Result<bool, StoreError> {
        let mut conn = Conn::Sqlite(writer.acquire().await?);
        bound!(REWRITE).execute(&mut conn).await?;
        let busy: i64 = bound!(FOLD).fetch_one(&mut conn).await?.try_get(0)?;
        Ok(busy == 0)
    }

    /// Closes every connection, so that the write-ahead log is folded into the file.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        if let Some(writer) = &self.writer {
            writer.close().await;
        }
    }
}

/// A file becomes one with a write-ahead log by whoever connects first, and to that SQLite lets nobody wait: another that
/// opens a new ledger at the same moment is told that it is locked, and asks again.
async fn connected_to_write(
    writing: SqliteConnectOptions,
    changes: &Arc<AtomicU64>,
) -> Result<SqlitePool, StoreError> {
    let deadline = tokio::time::Instant::now() + BUSY_TIMEOUT;
    loop {
        let connected = changes.clone();
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            // A connection counts the commits of others from its own beginning: it stays, and another is news.
            .idle_timeout(None)
            .max_lifetime(None)
            .after_connect(move |_, _| {
                connected.fetch_add(1, Ordering::Relaxed);
                Box::pin(async { Ok(()) })
            })
            .test_before_acquire(false)
            .connect_with(writing.clone());
        match pool.await.map_err(StoreError::from) {
            Err(StoreError::Busy { .. }) if tokio::time::Instant::now() < deadline => {
                tokio::time::sleep(LOCK_POLL).await;
            }
            connected => return connected,
        }
    }
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
pub(crate) async fn glance(path: &Path) -> Result<Lease, StoreError> {
    let conn = options(path).read_only(true).immutable(!log_of(path).exists()).connect().await?;
    Ok(Lease(Conn::SqliteOwn(Box::new(conn))))
}

/// Plays the write-ahead log of a file into it, so that the file is all there is of it. Answers whether it is: not while
/// somebody reads an older state.
pub(crate) async fn fold(path: &Path) -> Result<bool, StoreError> {
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options(path)).await?;
    let folded = async {
        let mut conn = Conn::Sqlite(pool.acquire().await?);
        let busy: i64 = bound!(FOLD).fetch_one(&mut conn).await?.try_get(0)?;
        Ok::<_, StoreError>(busy == 0)
    };
    let folded = folded.await;
    pool.close().await;
    folded
}

/// What SQLite finds amiss with a file, reading all of it; nothing where it is whole.
pub(crate) async fn soundness(conn: &mut Conn) -> Result<Option<String>, StoreError> {
    let found: String = bound!(SOUND).fetch_one(conn).await?.try_get(0)?;
    Ok((found != "ok").then_some(found))
}

/// What is amiss with the pages of a file, none of its indices looked at.
pub(crate) async fn readable(conn: &mut Conn) -> Result<Option<String>, StoreError> {
    let found: String = bound!(READABLE).fetch_one(conn).await?.try_get(0)?;
    Ok((found != "ok").then_some(found))
}

/// Readers of a file that has the newest schema.
async fn to_read(path: &Path, options: SqliteConnectOptions) -> Result<SqlitePool, StoreError> {
    let readers = readers(path, options).await?;
    let found = schema(&readers, path).await.map_err(|e| e.opening(path, what_to_do(path)))?;
    if found < NEWEST {
        return Err(StoreError::Older { path: path.to_owned(), found, known: NEWEST });
    }
    Ok(readers)
}

async fn readers(path: &Path, options: SqliteConnectOptions) -> Result<SqlitePool, StoreError> {
    SqlitePoolOptions::new()
        .max_connections(READERS)
        // It is a file: nothing is lost on the way, and asking costs as much as most of what is read.
        .test_before_acquire(false)
        // SQLite ends some views by itself, and then the driver goes on counting them: see `transaction`. The ping lets
        // the end of the view come first.
        .after_release(|conn, _| {
            Box::pin(async move {
                if conn.is_in_transaction() {
                    conn.ping().await?;
                }
                Ok(!conn.is_in_transaction())
            })
        })
        .connect_with(options.read_only(true))
        .await
        .map_err(|e| StoreError::from(e).opening(path, what_to_do(path)))
}

/// What to do where a file could not be opened to read: there is none yet, or it is there.
fn what_to_do(path: &Path) -> &'static str {
    match std::fs::File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => NO_DATABASE,
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => NO_PERMISSION,
        Ok(_) | Err(_) => CHECK_PATH,
    }
}

/// The schema of a file, if this program knows it and every step to it.
async fn schema(readers: &SqlitePool, path: &Path) -> Result<i64, StoreError> {
    let mut conn = Conn::Sqlite(readers.acquire().await?);
    let table: i64 = bound!(SCHEMA_TABLE).fetch_one(&mut conn).await?.try_get(0)?;
    if table == 0 {
        return Ok(0);
    }
    steps::taken(&mut conn, path, steps::migrations(&STEPS, steps::as_written)).await
}

async fn found_in(writer: &SqlitePool, path: &Path) -> Result<i64, StoreError> {
    schema(writer, path).await.map_err(|e| e.opening(path, CHECK_PATH))
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

/// Takes those steps that were not taken yet.
pub(crate) async fn migrate(pool: &SqlitePool, steps: &[Step]) -> Result<(), StoreError> {
    Migrator::with_migrations(steps::migrations(steps, steps::as_written))
        .run(pool)
        .await
        .map_err(|e| StoreError::Database { source: Box::new(e) })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use crate::store::{StoreError, testing};

    #[tokio::test]
    async fn a_file_that_lost_its_name_is_not_written_to_and_one_that_has_it_again_is() {
        let dir = tempfile::tempdir().unwrap();
        let store = testing::file_store(&dir).await;
        let (path, away) = (dir.path().join("vigia.db"), dir.path().join("longe.db"));
        for is_replaced in [false, true] {
            std::fs::rename(&path, &away).unwrap();
            if is_replaced {
                std::fs::write(&path, "outro").unwrap();
            }
            let refused = store.heartbeat(testing::at(1)).await.unwrap_err();
            assert!(matches!(refused, StoreError::Displaced { .. }), "{refused}");
            assert!(store.keeps_name().is_err());
            std::fs::rename(&away, &path).unwrap();
            store.keeps_name().unwrap();
            store.heartbeat(testing::at(2)).await.unwrap();
        }
        store.close().await;
    }

    #[tokio::test]
    async fn the_ledger_and_what_lies_beside_it_and_its_copy_are_not_for_others_to_read() {
        let dir = tempfile::tempdir().unwrap();
        let store = testing::file_store(&dir).await;
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
