//! The rows of a whole ledger, from one database to another, whatever the engines.
//!
//! Each table is read once and written row by row as it stands. What was read is tallied, so that both sides can be held
//! against one another table by table, also those that the journal says nothing of.

use std::fmt::Write as _;

use futures_util::TryStreamExt as _;
use sha2::{Digest as _, Sha256};

use super::StoreError;
use super::db::Conn;
use super::engine::{self, Arg, Query, Row};
use super::sql::bound;
use super::{postgres, sqlite, steps};

/// What is about the place of a ledger, and not of it.
const OF_THE_PLACE: &str = "place";

/// So many rows, and a sum of their digests: the same whatever their order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) rows: u64,
    sum: u128,
}

/// One table.
pub(crate) struct CopyTable {
    pub(crate) name: &'static str,
    columns: Vec<(String, Kind)>,
}

/// What a column holds: nothing has a type too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
    Bytes,
}

/// The tables of a ledger, none before one that it refers to.
pub(crate) async fn tables(conn: &mut Conn) -> Result<Vec<CopyTable>, StoreError> {
    let mut tables = Vec::new();
    for name in steps::tables().into_iter().filter(|name| *name != OF_THE_PLACE) {
        let asked =
            if conn.is_postgres() { bound!(postgres::COLUMNS, name) } else { bound!(sqlite::COLUMNS, name) };
        let mut columns = Vec::new();
        for row in asked.fetch_all(conn).await? {
            let kind = match row.try_get::<&str, _>("type")? {
                "BIGINT" | "bigint" => Kind::Number,
                "TEXT" | "text" => Kind::Text,
                _ => Kind::Bytes,
            };
            columns.push((row.try_get("name")?, kind));
        }
        tables.push(CopyTable { name, columns });
    }
    Ok(tables)
}

/// Empties every table.
pub(crate) async fn clear(conn: &mut Conn, tables: &[CopyTable]) -> Result<(), StoreError> {
    for table in tables.iter().rev() {
        Query::made(format!("DELETE FROM {}", table.name)).execute(&mut *conn).await?;
    }
    Ok(())
}

impl CopyTable {
    fn names(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
        names.join(", ")
    }

    /// Writes every row of it that one side has to the other, where it has none.
    pub(crate) async fn copy(&self, from: &mut Conn, to: &mut Conn) -> Result<Tally, StoreError> {
        let mut put = format!("INSERT INTO {} ({}) VALUES (", self.name, self.names());
        for place in 1..=self.columns.len() {
            let _ = write!(put, "{}${place}", if place > 1 { ", " } else { "" });
        }
        put.push(')');
        let put = engine::made(put);
        let mut tally = Tally::default();
        let mut rows = engine::stream(self.every_row(), from);
        while let Some(row) = rows.try_next().await? {
            let cells = self.cells(&row)?;
            tally.count(&cells);
            let query = cells.into_iter().fold(Query::from(put.clone()), Query::bind);
            query.execute(&mut *to).await?;
        }
        Ok(tally)
    }

    /// What one side has of it.
    pub(crate) async fn tally(&self, conn: &mut Conn) -> Result<Tally, StoreError> {
        let mut tally = Tally::default();
        let mut rows = engine::stream(self.every_row(), conn);
        while let Some(row) = rows.try_next().await? {
            tally.count(&self.cells(&row)?);
        }
        Ok(tally)
    }

    fn every_row(&self) -> sqlx::SqlStr {
        engine::made(format!("SELECT {} FROM {}", self.names(), self.name))
    }

    fn cells(&self, row: &Row) -> Result<Vec<Arg<'static>>, StoreError> {
        let kinds = self.columns.iter().map(|(_, kind)| kind).enumerate();
        let cell = |(place, kind): (usize, &Kind)| {
            Ok(match kind {
                Kind::Number => row.try_get::<Option<i64>, _>(place)?.into(),
                Kind::Text => row.try_get::<Option<String>, _>(place)?.into(),
                Kind::Bytes => row.try_get::<Option<Vec<u8>>, _>(place)?.into(),
            })
        };
        kinds.map(cell).collect()
    }
}

impl Tally {
    fn count(&mut self, cells: &[Arg<'_>]) {
        let mut digest = Sha256::new();
        for cell in cells {
            let number;
            let (kind, bytes): (u8, Option<&[u8]>) = match cell {
                Arg::Number(value) => {
                    number = value.map(i64::to_be_bytes);
                    (0, number.as_ref().map(<[u8; 8]>::as_slice))
                }
                Arg::Text(text) => (1, text.as_ref().map(|text| text.as_bytes())),
                Arg::Bytes(bytes) => (2, bytes.as_deref()),
            };
            digest.update([kind, u8::from(bytes.is_some())]);
            let bytes = bytes.unwrap_or_default();
            digest.update((bytes.len() as u64).to_be_bytes());
            digest.update(bytes);
        }
        let mut half = [0; 16];
        half.copy_from_slice(&digest.finalize()[..16]);
        self.rows += 1;
        self.sum = self.sum.wrapping_add(u128::from_be_bytes(half));
    }
}
