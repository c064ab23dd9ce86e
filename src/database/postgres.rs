//! PostgreSQL: a schema of its own for each service, on a server that two machines share.
//!
//! A cancelled `begin` leaves a connection of this driver inside a transaction that whoever has it next knows nothing of. So
//! a reader is rolled back whenever it comes back, and a writer is closed unless it committed ([`super::transaction`]).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::ExposeSecret as _;
use sqlx::migrate::{Migration, Migrator};
use sqlx::pool::PoolOptions;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions as _, SqlSafeStr as _, Transaction};

use super::StoreError;
use super::engine::Conn;
use super::leader::{Lead, PATIENCE};
use super::server::{LedgerServer, LedgerTls};
use super::sql::{bound, statements};
use super::steps::{self, NEWEST, STEPS, Step};

statements! {
    const SCHEMA = "SELECT COUNT(*) FROM pg_namespace WHERE nspname = $1";
    const TABLES = "SELECT COUNT(*), COUNT(CASE WHEN tablename = '_sqlx_migrations' THEN 1 END) \
                    FROM pg_tables WHERE schemaname = $1";
    const OWN_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename";
    pub(crate) const COLUMNS = "SELECT CAST(column_name AS TEXT) AS name, CAST(data_type AS TEXT) AS type \
                                FROM information_schema.columns WHERE table_schema = current_schema() \
                                AND table_name = $1 ORDER BY ordinal_position";
    // A transaction that stays open while a ledger that moves is checked elsewhere.
    pub(crate) const PATIENT = "SET LOCAL idle_in_transaction_session_timeout = 0";
    const ENCODING = "SELECT current_setting('server_encoding')";
}

/// The step that only this engine takes, before the others.
const LEADERSHIP: Step =
    (0, "create leadership", include_str!("../../migrations/postgres/0000_create_leadership.sql"));
const READERS: u32 = 4;
const VIEW: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Both ways in.
#[derive(Debug, Clone)]
pub(crate) struct Postgres {
    /// Absent when opened only to read.
    pub(crate) writer: Option<PgPool>,
    pub(crate) readers: PgPool,
    pub(crate) lead: Arc<Lead>,
    /// As faults call it.
    name: PathBuf,
}

impl Postgres {
    /// Connects, and brings the schema to the newest step, or finds it there where it is opened only to read.
    pub(crate) async fn open(server: &LedgerServer, to_write: bool) -> Result<Self, StoreError> {
        let name = PathBuf::from(server.to_string());
        let lead = Arc::new(Lead::new(options(server), &server.schema));
        let options = lead.options().clone();
        // By itself first: a pool goes on trying where it is refused, and then says only that it took too long.
        let trial = options.connect().await.map_err(|e| StoreError::connecting(&name, e))?;
        drop(trial);
        let pool = pool(1).connect_lazy_with(options.clone());
        let found = found(&pool, server, &name).await?;
        match (found, to_write) {
            (Some(NEWEST), _) => {}
            (None, false) => {
                let hint = "inicie o serviço uma vez (vigia-suas servir --uma-vez), que cria o esquema";
                return Err(StoreError::open(&name, hint, "o esquema não tem livro"));
            }
            (Some(found), false) => {
                return Err(StoreError::Older { path: name, found, known: NEWEST });
            }
            (_, true) => migrate(&pool, &lead, server, &name).await?,
        }
        let readers = pool_of_readers().connect_lazy_with(options);
        let writer = if to_write { Some(pool) } else { None };
        Ok(Self { writer, readers, lead, name })
    }

    /// A transaction to read with.
    pub(crate) async fn view(&self) -> Result<Transaction<'static, sqlx::Postgres>, StoreError> {
        Ok(self.readers.begin_with(VIEW).await?)
    }

    /// Writes every table anew. What its write-ahead log still has goes as that is recycled, or with its archive.
    pub(crate) async fn rewrite(&self, writer: &PgPool) -> Result<bool, StoreError> {
        let rows = bound!(OWN_TABLES).fetch_all(&mut Conn::Postgres(writer.acquire().await?)).await?;
        for row in &rows {
            let table: &str = row.try_get(0)?;
            let vacuum = AssertSqlSafe(format!("VACUUM FULL \"{table}\""));
            sqlx::raw_sql(vacuum.into_sql_str()).execute(writer).await?;
        }
        Ok(true)
    }

    /// As faults call it.
    pub(crate) fn name(&self) -> &PathBuf {
        &self.name
    }

    /// Lets go of what it leads, and closes every connection.
    pub(crate) async fn close(&self) {
        self.lead.resign().await;
        self.readers.close().await;
        if let Some(writer) = &self.writer {
            writer.close().await;
        }
    }
}

fn options(server: &LedgerServer) -> PgConnectOptions {
    let mut options = PgConnectOptions::new_without_pgpass()
        .port(server.port)
        .username(&server.user)
        .database(&server.database)
        .ssl_mode(match server.tls {
            LedgerTls::Full => PgSslMode::VerifyFull,
            LedgerTls::Authority => PgSslMode::VerifyCa,
            LedgerTls::Off => PgSslMode::Disable,
        })
        .options([
            ("search_path", server.schema.as_str()),
            ("client_min_messages", "error"),
            ("synchronous_commit", "on"),
            // A writer that is frozen or cut off keeps nobody else from writing for longer than that.
            ("idle_in_transaction_session_timeout", "15s"),
            ("lock_timeout", "20s"),
            ("tcp_keepalives_idle", "10"),
            ("tcp_keepalives_interval", "5"),
            ("tcp_keepalives_count", "3"),
        ])
        // Our own log says what is done; that of each statement costs its time even where nobody reads it.
        .disable_statement_logging();
    options =
        if server.host.starts_with('/') { options.socket(&server.host) } else { options.host(&server.host) };
    if let Some(password) = &server.password {
        options = options.password(password.expose_secret());
    }
    if let Some(file) = &server.authorities {
        options = options.ssl_root_cert(file);
    }
    options
}

fn pool(connections: u32) -> PgPoolOptions {
    PoolOptions::new().max_connections(connections).acquire_timeout(PATIENCE)
}

fn pool_of_readers() -> PgPoolOptions {
    pool(READERS).after_release(|conn, _| {
        Box::pin(async move {
            sqlx::raw_sql("ROLLBACK").execute(conn).await?;
            Ok(true)
        })
    })
}

fn known() -> Vec<Migration> {
    let steps: Vec<Step> = [LEADERSHIP].into_iter().chain(STEPS).collect();
    steps::migrations(&steps, steps::for_postgres)
}

/// The newest step taken there; nothing where there is no ledger yet.
async fn found(pool: &PgPool, server: &LedgerServer, name: &Path) -> Result<Option<i64>, StoreError> {
    let mut conn = Conn::Postgres(pool.acquire().await.map_err(|e| StoreError::connecting(name, e))?);
    let encoding: String = bound!(ENCODING).fetch_one(&mut conn).await?.try_get(0)?;
    if encoding != "UTF8" {
        let hint =
            "crie o banco de dados com a codificação UTF8 (createdb --encoding UTF8 --template template0)";
        return Err(StoreError::open(name, hint, format!("a codificação dele é {encoding}")));
    }
    let row = bound!(TABLES, &server.schema).fetch_one(&mut conn).await?;
    match (row.try_get::<i64, _>(0)?, row.try_get::<i64, _>(1)?) {
        (0, _) => Ok(None),
        (_, 0) => Err(StoreError::Foreign { place: name.to_owned() }),
        _ => match steps::taken(&mut conn, name, known()).await {
            Ok(found) => Ok(Some(found)),
            // It was made by whoever writes such tables too.
            Err(StoreError::Unreleased { .. }) => Err(StoreError::Foreign { place: name.to_owned() }),
            Err(other) => Err(other),
        },
    }
}

/// Takes the steps that were not taken yet. Under a leader that knows only the older schema nothing may change.
async fn migrate(pool: &PgPool, lead: &Lead, server: &LedgerServer, name: &Path) -> Result<(), StoreError> {
    let mut conn = Conn::Postgres(pool.acquire().await?);
    let exists: i64 = bound!(SCHEMA, &server.schema).fetch_one(&mut conn).await?.try_get(0)?;
    drop(conn);
    if exists == 0 {
        // The name is one that `banco.esquema` lets through: letters, digits and underscores.
        let create = AssertSqlSafe(format!("CREATE SCHEMA IF NOT EXISTS \"{}\"", server.schema));
        let hint = "dê ao usuário o direito de criar o esquema (GRANT CREATE ON DATABASE …), ou crie-o antes";
        let made = sqlx::raw_sql(create.into_sql_str()).execute(pool).await;
        made.map_err(|e| StoreError::open(name, hint, e))?;
    }
    let alone = lead.alone().await?;
    match found(pool, server, name).await? {
        Some(NEWEST) => return Ok(()),
        older if alone.is_none() => {
            return Err(StoreError::InUse {
                path: name.to_owned(),
                found: older.unwrap_or(0),
                known: NEWEST,
            });
        }
        _ => {}
    }
    Migrator::with_migrations(known())
        .run(pool)
        .await
        .map_err(|e| StoreError::Database { source: Box::new(e) })
}
