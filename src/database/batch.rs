//! Statements that are handed over together. SQLite runs statements on a thread of its own, and handing one over costs more than
//! most of them do (decision 0290).

use std::fmt::Write as _;

use futures_util::TryStreamExt as _;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Either, Executor as _};

use super::StoreError;
use super::engine::{Conn, Driver, Query, Row, for_sqlite, made};
use super::sql::ROWS;

/// Statements that are handed to SQLite's thread at once: their text is one, which the driver keeps prepared.
const TOGETHER: usize = 16;

/// Statements that run one after the other. The first that fails ends it.
#[derive(Default)]
pub(crate) struct Batch<'q>(Vec<Query<'q>>);

impl<'q> Batch<'q> {
    /// A statement that takes [`ROWS`] rows at once, as often as there are rows; a place without one is bound to nothing.
    pub(crate) fn of_rows<T: Copy>(
        sql: &'static str,
        rows: &[T],
        bind: impl Fn(Query<'q>, Option<T>) -> Query<'q>,
    ) -> Self {
        let of = |some: &[T]| (0..ROWS).fold(Query::new(sql), |query, at| bind(query, some.get(at).copied()));
        Self(rows.chunks(ROWS).map(of).collect())
    }

    /// Adds one.
    pub(crate) fn push(&mut self, query: Query<'q>) {
        self.0.push(query);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds those of another.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// Runs them, and gives the rows of each.
    pub(crate) async fn run(self, conn: &mut Conn) -> Result<Vec<Vec<Row>>, StoreError> {
        let mut rows = Vec::with_capacity(self.0.len());
        let mut rest = self.0.into_iter();
        while rest.len() > 0 {
            if let Driver::Sqlite(conn) = conn.driver() {
                hand_over(rest.by_ref().take(TOGETHER), conn, &mut rows).await?;
            } else {
                for query in rest.by_ref() {
                    rows.push(query.fetch_all(conn).await?);
                }
            }
        }
        Ok(rows)
    }
}

/// Has SQLite run several statements, and adds the rows of each.
async fn hand_over<'q>(
    some: impl Iterator<Item = Query<'q>>,
    conn: &mut SqliteConnection,
    rows: &mut Vec<Vec<Row>>,
) -> Result<(), StoreError> {
    let (mut sql, mut args) = (String::new(), Vec::new());
    for query in some {
        shift_places(query.sql.as_str(), args.len(), &mut sql);
        sql.push(';');
        args.extend(query.args);
    }
    let mut told = conn.fetch_many(sqlx::query_with(made(sql), for_sqlite(args)?));
    let mut own = Vec::new();
    while let Some(next) = told.try_next().await? {
        match next {
            Either::Right(row) => own.push(Row::Sqlite(row)),
            Either::Left(_done) => rows.push(std::mem::take(&mut own)),
        }
    }
    Ok(())
}

/// The row that there must be among those of one statement.
pub(crate) fn first(rows: Vec<Row>) -> Result<Row, StoreError> {
    rows.into_iter().next().ok_or_else(|| sqlx::Error::RowNotFound.into())
}

/// Writes a statement whose places begin behind so many others.
fn shift_places(sql: &str, by: usize, out: &mut String) {
    let mut parts = sql.split('$');
    out.extend(parts.next());
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        out.push('$');
        if let Ok(place) = part[..digits].parse::<usize>() {
            let _ = write!(out, "{}", place + by);
        }
        out.push_str(&part[digits..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing;

    #[test]
    fn places_are_moved_behind_those_of_others() {
        let mut sql = String::new();
        shift_places("SELECT $1, '$', $12 FROM t WHERE a = $2", 30, &mut sql);
        assert_eq!(sql, "SELECT $31, '$', $42 FROM t WHERE a = $32");
        let mut none = String::new();
        shift_places("COMMIT", 30, &mut none);
        assert_eq!(none, "COMMIT");
    }

    #[tokio::test]
    async fn statements_together_each_find_what_is_theirs_and_what_those_before_them_wrote() {
        let dir = tempfile::tempdir().unwrap();
        let store = testing::store(&dir).await;
        let mut tx = store.db.begin().await.unwrap();
        let mut batch = Batch::default();
        // More than are handed over at once, and of several with nothing, one or more rows.
        for n in 0..20_i64 {
            batch.push(
                Query::new("INSERT INTO outages (from_at, until_at) VALUES ($1, $2)").bind(n).bind(n + 1),
            );
            let last = "SELECT from_at, until_at FROM outages WHERE from_at >= $1 ORDER BY from_at";
            batch.push(Query::new(last).bind(n - 1));
        }
        let rows = batch.run(&mut tx).await.unwrap();
        assert_eq!(rows.len(), 40);
        for (n, pair) in (0_i64..).zip(rows.chunks(2)) {
            assert!(pair[0].is_empty());
            let found: Vec<i64> = pair[1].iter().map(|row| row.try_get(0).unwrap()).collect();
            assert_eq!(found, ((n - 1).max(0)..=n).collect::<Vec<_>>());
        }
        let mut closing = Batch::default();
        closing.push(Query::new("SELECT COUNT(*) FROM outages"));
        let rows = tx.commit_with(closing).await.unwrap();
        assert_eq!(rows[0][0].try_get::<i64, _>(0).unwrap(), 20);
    }

    #[tokio::test]
    async fn a_statement_that_fails_keeps_those_after_it_and_the_end_from_happening() {
        let dir = tempfile::tempdir().unwrap();
        let store = testing::store(&dir).await;
        let put = || Query::new("INSERT INTO outages (from_at, until_at) VALUES ($1, $2)").bind(1).bind(2);
        let tx = store.db.begin().await.unwrap();
        let mut closing = Batch::default();
        closing.push(put());
        closing.push(Query::new("UPDATE place SET id = $1").bind(2));
        closing.push(put());
        assert!(tx.commit_with(closing).await.is_err());
        let (tx, found) = {
            let mut asked = Batch::default();
            asked.push(Query::new("SELECT COUNT(*) FROM outages"));
            store.db.begin_quietly_with(asked).await.unwrap()
        };
        assert_eq!(found[0][0].try_get::<i64, _>(0).unwrap(), 0, "nothing of it was kept");
        tx.commit().await.unwrap();
    }
}
