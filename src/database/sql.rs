//! How statements are written: constants with `$n`, bound in full.
//!
//! SQLite takes a missing bind for NULL without a word, so [`bound`] counts them when the program is compiled.

use std::collections::BTreeSet;

use super::StoreError;
use super::db::Conn;
use super::engine::{Query, Row};
use crate::domain::id::WindowId;

/// Rows of the statements that take several at once.
pub(crate) const ROWS: usize = 4;

/// Windows that a statement asks of at once, where it asks of some.
pub(crate) const WINDOWS: usize = 16;

/// A condition that a column names one of so many windows; the first places of its statement are theirs.
macro_rules! among {
    ($column:literal) => {
        concat!($column, " IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)")
    };
}
pub(crate) use among;

/// All rows of a statement that asks of windows (`among`), so many at a time. A place not needed is NULL, which names none.
pub(crate) async fn rows_of(
    conn: &mut Conn,
    sql: &'static str,
    windows: &BTreeSet<WindowId>,
) -> Result<Vec<Row>, StoreError> {
    rows_of_at(conn, sql, windows, None).await
}

/// The same of one that asks for an instant besides, in the place after theirs.
pub(crate) async fn rows_of_at(
    conn: &mut Conn,
    sql: &'static str,
    windows: &BTreeSet<WindowId>,
    at: Option<i64>,
) -> Result<Vec<Row>, StoreError> {
    let names: Vec<&str> = windows.iter().map(WindowId::as_str).collect();
    rows_named(conn, sql, &names, at).await
}

/// The same for whatever else the column names.
pub(crate) async fn rows_named(
    conn: &mut Conn,
    sql: &'static str,
    names: &[&str],
    at: Option<i64>,
) -> Result<Vec<Row>, StoreError> {
    let mut rows = Vec::new();
    for some in names.chunks(WINDOWS) {
        let mut query = Query::new(sql);
        for place in 0..WINDOWS {
            query = query.bind(some.get(place).copied());
        }
        if at.is_some() {
            query = query.bind(at);
        }
        rows.append(&mut query.fetch_all(&mut *conn).await?);
    }
    Ok(rows)
}

/// The highest `$n` of a statement.
pub(crate) const fn placeholders(sql: &str) -> usize {
    let bytes = sql.as_bytes();
    let (mut at, mut highest) = (0, 0);
    while at < bytes.len() {
        if bytes[at] == b'$' {
            let mut n = 0;
            while at + 1 < bytes.len() && bytes[at + 1].is_ascii_digit() {
                at += 1;
                n = n * 10 + (bytes[at] - b'0') as usize;
            }
            if n > highest {
                highest = n;
            }
        }
        at += 1;
    }
    highest
}

/// A statement with all its binds.
macro_rules! bound {
    ($sql:path $(, $arg:expr)* $(,)?) => {{
        const {
            assert!($crate::database::sql::placeholders($sql) == 0 $(+ { let _ = stringify!($arg); 1 })*);
        }
        $crate::database::engine::Query::new($sql)$(.bind($arg))*
    }};
}
pub(crate) use bound;

/// Statements of one file: constants, and all of them for the test that prepares each.
macro_rules! statements {
    ($($vis:vis const $name:ident = $sql:expr;)+) => {
        $($vis const $name: &str = $sql;)+
        #[cfg(test)]
        pub(crate) const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),+];
    };
}
pub(crate) use statements;

/// Has the engine read each.
#[cfg(test)]
pub(crate) async fn prepare_all(conn: &mut Conn, files: &[&[(&str, &'static str)]]) {
    for (name, sql) in files.iter().copied().flatten() {
        let prepared = conn.prepare(sql).await;
        assert!(prepared.is_ok(), "{name}: {}", prepared.err().unwrap());
    }
}

/// The steps that SQLite takes for one.
#[cfg(test)]
pub(crate) async fn planned(conn: &mut Conn, sql: &str) -> Vec<String> {
    let explain: &'static str = Box::leak(format!("EXPLAIN QUERY PLAN {sql}").into_boxed_str());
    let query = (0..placeholders(sql)).fold(Query::new(explain), |query, _| query.bind(None::<i64>));
    let rows = query.fetch_all(conn).await.unwrap();
    rows.iter().map(|row| row.try_get(3).unwrap()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_count_the_highest_number() {
        assert_eq!(placeholders("SELECT 1"), 0);
        assert_eq!(placeholders("SELECT $2, $1, $12 WHERE $2"), 12);
    }
}
