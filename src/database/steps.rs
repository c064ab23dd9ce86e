//! The schema, step by step, and which steps a database has taken.
//!
//! The steps are written once, as SQLite takes them; [`super::postgres`] says the same to PostgreSQL.

use std::collections::HashMap;
use std::path::Path;

use sqlx::migrate::{Migration, MigrationType};
use sqlx::{AssertSqlSafe, SqlSafeStr as _, SqlStr};

use super::StoreError;
use super::engine::Conn;
use super::sql::{bound, statements};

statements! {
    const APPLIED = "SELECT version, checksum FROM _sqlx_migrations ORDER BY version";
}

/// A step of the schema: its number, what it does, and how.
pub(crate) type Step = (i64, &'static str, &'static str);

/// The schema of the first release, one file a subject, and then each change to it. Append only: never edit one that was
/// released, and keep what `tests/migration.rs` asks for.
pub(crate) const STEPS: [Step; 8] = [
    (1, "create ledger", include_str!("../../migrations/0001_create_ledger.sql")),
    (2, "create journal", include_str!("../../migrations/0002_create_journal.sql")),
    (3, "create status", include_str!("../../migrations/0003_create_status.sql")),
    (4, "create orders", include_str!("../../migrations/0004_create_orders.sql")),
    (5, "create feeds", include_str!("../../migrations/0005_create_feeds.sql")),
    (6, "create register", include_str!("../../migrations/0006_create_register.sql")),
    (7, "create news", include_str!("../../migrations/0007_create_news.sql")),
    (8, "create configurations", include_str!("../../migrations/0008_create_configurations.sql")),
];
pub(crate) const NEWEST: i64 = STEPS[STEPS.len() - 1].0;

/// Every table that they make, none before one that it refers to.
pub(crate) fn tables() -> Vec<&'static str> {
    let lines = STEPS.iter().flat_map(|(_, _, sql)| sql.lines());
    let made = lines.filter_map(|line| line.strip_prefix("CREATE TABLE "));
    made.map(|name| name.trim_end_matches(" (")).collect()
}

/// The same for the driver, each in the words of an engine.
pub(crate) fn migrations(steps: &[Step], words: impl Fn(&'static str) -> SqlStr) -> Vec<Migration> {
    let step = |(version, name, sql): &Step| {
        Migration::new(*version, (*name).into(), MigrationType::Simple, words(sql), false)
    };
    steps.iter().map(step).collect()
}

/// As SQLite takes them.
pub(crate) fn as_written(sql: &'static str) -> SqlStr {
    sql.into_sql_str()
}

/// As PostgreSQL takes them: it has another word for bytes, and texts are to be ordered by their bytes whatever the
/// language of the server, as SQLite orders them.
pub(crate) fn for_postgres(sql: &'static str) -> SqlStr {
    let columns = sql.replace(" BLOB", " BYTEA").replace(" TEXT", " TEXT COLLATE \"C\"");
    AssertSqlSafe(columns).into_sql_str()
}

/// The newest step of a database that has taken any, if this program knows each.
pub(crate) async fn taken(conn: &mut Conn, place: &Path, known: Vec<Migration>) -> Result<i64, StoreError> {
    let known: HashMap<i64, Migration> = known.into_iter().map(|step| (step.version, step)).collect();
    let mut found = 0;
    for row in bound!(APPLIED).fetch_all(conn).await? {
        found = row.try_get("version")?;
        let checksum: &[u8] = row.try_get("checksum")?;
        if known.get(&found).is_some_and(|step| *step.checksum != *checksum) {
            return Err(StoreError::Unreleased { path: place.to_owned() });
        }
    }
    if found > NEWEST {
        return Err(StoreError::Newer { path: place.to_owned(), found, known: NEWEST });
    }
    Ok(found)
}
