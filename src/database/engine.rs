//! The two engines behind one connection, one query and one row: SQLite, and PostgreSQL for those who need two machines.
//!
//! Statements are written once, in what both understand. What they do not agree on is decided here and in [`super::postgres`]:
//! PostgreSQL gives narrow integers and truth values where SQLite gives integers, so a number is read from either. Above 400 lines:
//! whatever tells one engine from the other about a query or a row stands here, and nowhere else.

use std::borrow::Cow;
use std::ops::{Deref, DerefMut};

use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{
    Arguments as _, AssertSqlSafe, ColumnIndex, Postgres, Row as _, SqlSafeStr, SqlStr, Sqlite, Transaction,
    TypeInfo as _, ValueRef as _,
};

use super::StoreError;
use super::packed::{self, PackedRow};

/// A connection inside or outside a transaction.
pub(crate) enum Conn {
    /// One of its own, to look into a file.
    SqliteOwn(Box<SqliteConnection>),
    Sqlite(PoolConnection<Sqlite>),
    SqliteView(Transaction<'static, Sqlite>),
    Postgres(PoolConnection<Postgres>),
    PostgresView(Transaction<'static, Postgres>),
}

/// The driver's connection.
pub(super) enum Driver<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

impl Conn {
    pub(super) fn driver(&mut self) -> Driver<'_> {
        match self {
            Self::SqliteOwn(conn) => Driver::Sqlite(conn),
            Self::Sqlite(conn) => Driver::Sqlite(conn),
            Self::SqliteView(tx) => Driver::Sqlite(tx),
            Self::Postgres(conn) => Driver::Postgres(conn),
            Self::PostgresView(tx) => Driver::Postgres(tx),
        }
    }

    /// SQLite's own, where it is one.
    pub(crate) fn sqlite(&mut self) -> Option<&mut SqliteConnection> {
        match self.driver() {
            Driver::Sqlite(conn) => Some(conn),
            Driver::Postgres(_) => None,
        }
    }

    /// Whether it is PostgreSQL's.
    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_) | Self::PostgresView(_))
    }

    /// Has it closed, and not given back to its pool, when it is dropped.
    pub(crate) fn close_on_drop(&mut self) {
        match self {
            Self::Sqlite(conn) => conn.close_on_drop(),
            Self::Postgres(conn) => conn.close_on_drop(),
            Self::SqliteOwn(_) | Self::SqliteView(_) | Self::PostgresView(_) => {}
        }
    }
}

/// A connection that whoever has it may use, and that goes back by itself.
pub(crate) struct Lease(pub(crate) Conn);

impl Deref for Lease {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.0
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.0
    }
}

/// What is bound to a statement. Nothing has a type too: PostgreSQL asks for it.
pub(crate) enum Arg<'q> {
    Number(Option<i64>),
    Text(Option<Cow<'q, str>>),
    Bytes(Option<Cow<'q, [u8]>>),
}

macro_rules! arg {
    ($($of:ty, $value:ident => $arg:expr;)+) => {
        $(impl<'q> From<$of> for Arg<'q> {
            fn from($value: $of) -> Self {
                $arg
            }
        })+
    };
}

arg! {
    i64, n => Self::Number(Some(n));
    &i64, n => Self::Number(Some(*n));
    Option<i64>, n => Self::Number(n);
    &'q str, text => Self::Text(Some(Cow::Borrowed(text)));
    Option<&'q str>, text => Self::Text(text.map(Cow::Borrowed));
    &'q String, text => Self::Text(Some(Cow::Borrowed(text)));
    String, text => Self::Text(Some(Cow::Owned(text)));
    Option<String>, text => Self::Text(text.map(Cow::Owned));
    &'q Option<String>, text => Self::Text(text.as_deref().map(Cow::Borrowed));
    &'q [u8], bytes => Self::Bytes(Some(Cow::Borrowed(bytes)));
    &'q Vec<u8>, bytes => Self::Bytes(Some(Cow::Borrowed(bytes)));
    Vec<u8>, bytes => Self::Bytes(Some(Cow::Owned(bytes)));
    Option<&'q [u8]>, bytes => Self::Bytes(bytes.map(Cow::Borrowed));
    Option<Vec<u8>>, bytes => Self::Bytes(bytes.map(Cow::Owned));
}

/// A statement and what is bound to it.
pub(crate) struct Query<'q> {
    pub(super) sql: SqlStr,
    pub(super) args: Vec<Arg<'q>>,
}

/// What a statement did.
pub(crate) struct Done(u64);

impl Done {
    /// How many rows it wrote.
    pub(crate) fn rows_affected(&self) -> u64 {
        self.0
    }
}

impl From<SqlStr> for Query<'_> {
    fn from(sql: SqlStr) -> Self {
        Self { sql, args: Vec::new() }
    }
}

impl<'q> Query<'q> {
    pub(crate) fn new(sql: &'static str) -> Self {
        Self { sql: sql.into_sql_str(), args: Vec::new() }
    }

    /// One that the program put together, from names of its own schema alone.
    pub(crate) fn made(sql: String) -> Self {
        made(sql).into()
    }

    /// Binds the next placeholder.
    pub(crate) fn bind(mut self, arg: impl Into<Arg<'q>>) -> Self {
        self.args.push(arg.into());
        self
    }

    fn for_sqlite(self) -> sqlx::Result<SqliteArguments> {
        for_sqlite(self.args)
    }

    fn for_postgres(self) -> sqlx::Result<PgArguments> {
        let mut all = PgArguments::default();
        for arg in self.args {
            match arg {
                Arg::Number(n) => all.add(n),
                Arg::Text(text) => all.add(text.as_deref()),
                Arg::Bytes(bytes) => all.add(bytes.as_deref()),
            }
            .map_err(sqlx::Error::Encode)?;
        }
        Ok(all)
    }

    /// Runs it.
    pub(crate) async fn execute(self, conn: &mut Conn) -> Result<Done, StoreError> {
        let sql = self.sql.clone();
        Ok(Done(match conn.driver() {
            Driver::Sqlite(conn) => {
                sqlx::query_with(sql, self.for_sqlite()?).execute(conn).await?.rows_affected()
            }
            Driver::Postgres(conn) => {
                sqlx::query_with(sql, self.for_postgres()?).execute(conn).await?.rows_affected()
            }
        }))
    }

    /// The first row, if there is one.
    pub(crate) async fn fetch_optional(self, conn: &mut Conn) -> Result<Option<Row>, StoreError> {
        let sql = self.sql.clone();
        Ok(match conn.driver() {
            Driver::Sqlite(conn) => {
                sqlx::query_with(sql, self.for_sqlite()?).fetch_optional(conn).await?.map(Row::Sqlite)
            }
            Driver::Postgres(conn) => {
                sqlx::query_with(sql, self.for_postgres()?).fetch_optional(conn).await?.map(Row::Postgres)
            }
        })
    }

    /// The row that there must be.
    pub(crate) async fn fetch_one(self, conn: &mut Conn) -> Result<Row, StoreError> {
        self.fetch_optional(conn).await?.ok_or_else(|| sqlx::Error::RowNotFound.into())
    }

    /// Every row.
    pub(crate) async fn fetch_all(self, conn: &mut Conn) -> Result<Vec<Row>, StoreError> {
        let sql = self.sql.clone();
        Ok(match conn.driver() {
            Driver::Sqlite(conn) => {
                let rows = sqlx::query_with(sql, self.for_sqlite()?).fetch(conn);
                rows.map_ok(Row::Sqlite).try_collect().await?
            }
            Driver::Postgres(conn) => {
                let rows = sqlx::query_with(sql, self.for_postgres()?).fetch(conn);
                rows.map_ok(Row::Postgres).try_collect().await?
            }
        })
    }
}

impl Query<'_> {
    /// Every row of a statement that gives them as one text (`packed`).
    pub(crate) async fn fetch_packed(self, conn: &mut Conn) -> Result<Vec<Row>, StoreError> {
        let text: Option<String> = self.fetch_one(conn).await?.try_get(0)?;
        let uneven = || sqlx::Error::Decode("rows of unlike length in one text".into());
        let rows = packed::unpacked(text.unwrap_or_default()).ok_or_else(uneven)?;
        Ok(rows.into_iter().map(Row::Packed).collect())
    }
}

/// What is bound, for SQLite.
pub(super) fn for_sqlite(args: Vec<Arg<'_>>) -> sqlx::Result<SqliteArguments> {
    let mut all = SqliteArguments::default();
    all.reserve(args.len(), 0);
    for arg in args {
        match arg {
            Arg::Number(n) => all.add(n),
            Arg::Text(text) => all.add(text.map(Cow::into_owned)),
            Arg::Bytes(bytes) => all.add(bytes.map(Cow::into_owned)),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(all)
}

/// A statement that the program put together, from names of its own schema alone.
pub(crate) fn made(sql: String) -> SqlStr {
    AssertSqlSafe(sql).into_sql_str()
}

/// Every row of a statement without binds, one after the other.
pub(crate) fn stream(sql: impl SqlSafeStr, conn: &mut Conn) -> BoxStream<'_, Result<Row, StoreError>> {
    match conn.driver() {
        Driver::Sqlite(conn) => sqlx::query(sql).fetch(conn).map_ok(Row::Sqlite).err_into().boxed(),
        Driver::Postgres(conn) => sqlx::query(sql).fetch(conn).map_ok(Row::Postgres).err_into().boxed(),
    }
}

/// One row.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
    Packed(PackedRow),
}

/// What a column is called by: its name or its place.
pub(crate) trait Column: ColumnIndex<SqliteRow> + ColumnIndex<PgRow> + Copy {
    /// Its cell in a row that came packed.
    fn cell(self, row: &PackedRow) -> sqlx::Result<&str>;
}

impl Column for &str {
    fn cell(self, row: &PackedRow) -> sqlx::Result<&str> {
        row.named(self).ok_or_else(|| sqlx::Error::ColumnNotFound(self.to_owned()))
    }
}

impl Column for usize {
    fn cell(self, row: &PackedRow) -> sqlx::Result<&str> {
        row.cell(self).ok_or(sqlx::Error::ColumnIndexOutOfBounds { index: self, len: 0 })
    }
}

/// What a cell may be read as.
pub(crate) trait Cell<'r>: Sized {
    /// The cell of that column.
    fn of<C: Column>(row: &'r Row, column: C) -> sqlx::Result<Self>;
}

macro_rules! cell {
    ($($of:ty, $text:ident => $packed:expr;)+) => {
        $(impl<'r> Cell<'r> for $of {
            fn of<C: Column>(row: &'r Row, column: C) -> sqlx::Result<Self> {
                match row {
                    Row::Sqlite(row) => row.try_get(column),
                    Row::Postgres(row) => row.try_get(column),
                    Row::Packed(row) => {
                        let $text = column.cell(row)?;
                        $packed
                    }
                }
            }
        })+
    };
}

cell! {
    &'r str, text => Ok(text);
    Option<&'r str>, text => Ok(Some(text).filter(|text| !text.is_empty()));
    String, text => Ok(text.to_owned());
    Option<String>, text => Ok(Some(text.to_owned()).filter(|text| !text.is_empty()));
    &'r [u8], text => Ok(text.as_bytes());
    Option<&'r [u8]>, text => Ok(Some(text.as_bytes()).filter(|bytes| !bytes.is_empty()));
    Vec<u8>, text => Ok(text.as_bytes().to_vec());
    Option<Vec<u8>>, text => Ok(Some(text.as_bytes().to_vec()).filter(|bytes| !bytes.is_empty()));
}

impl<'r> Cell<'r> for Option<i64> {
    fn of<C: Column>(row: &'r Row, column: C) -> sqlx::Result<Self> {
        match row {
            Row::Sqlite(row) => row.try_get(column),
            Row::Postgres(row) => match row.try_get_raw(column)?.type_info().name() {
                "INT4" => Ok(row.try_get::<Option<i32>, _>(column)?.map(i64::from)),
                "BOOL" => Ok(row.try_get::<Option<bool>, _>(column)?.map(i64::from)),
                _ => row.try_get(column),
            },
            Row::Packed(row) => match column.cell(row)? {
                "" => Ok(None),
                text => text.parse().map(Some).map_err(|error| sqlx::Error::Decode(Box::new(error))),
            },
        }
    }
}

impl<'r> Cell<'r> for i64 {
    fn of<C: Column>(row: &'r Row, column: C) -> sqlx::Result<Self> {
        Option::<i64>::of(row, column)?
            .ok_or_else(|| sqlx::Error::Decode(Box::new(sqlx::error::UnexpectedNullError)))
    }
}

/// What a cell holds, whatever was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CellKind {
    Nothing,
    Number,
    Text,
    Bytes,
    Other,
}

impl Row {
    /// The cell of that column.
    pub(crate) fn try_get<'r, T: Cell<'r>, C: Column>(&'r self, column: C) -> Result<T, StoreError> {
        Ok(T::of(self, column)?)
    }

    /// What kind of thing the cell of that column holds.
    pub(crate) fn kind(&self, column: &str) -> CellKind {
        let (is_null, name) = match self {
            Self::Sqlite(row) => match row.try_get_raw(column) {
                Ok(raw) => (raw.is_null(), raw.type_info().name().to_owned()),
                Err(_) => return CellKind::Other,
            },
            Self::Postgres(row) => match row.try_get_raw(column) {
                Ok(raw) => (raw.is_null(), raw.type_info().name().to_owned()),
                Err(_) => return CellKind::Other,
            },
            Self::Packed(_) => return CellKind::Text,
        };
        match name.as_str() {
            _ if is_null => CellKind::Nothing,
            "INTEGER" | "INT8" => CellKind::Number,
            "TEXT" => CellKind::Text,
            "BLOB" | "BYTEA" => CellKind::Bytes,
            _ => CellKind::Other,
        }
    }
}

#[cfg(test)]
impl Conn {
    /// Has the engine read a statement that nothing is bound to.
    pub(crate) async fn prepare(&mut self, sql: &'static str) -> sqlx::Result<()> {
        use sqlx::{Executor as _, SqlSafeStr as _};
        match self.driver() {
            Driver::Sqlite(conn) => conn.prepare(sql.into_sql_str()).await.map(drop),
            Driver::Postgres(conn) => match conn.prepare(sql.into_sql_str()).await {
                // Of what is bound it only guesses the type here; the other tests of the store bind it.
                Err(sqlx::Error::Database(e))
                    if matches!(e.code().as_deref(), Some("42P08" | "42P18" | "42804" | "42883")) =>
                {
                    Ok(())
                }
                other => other.map(drop),
            },
        }
    }

    /// Runs statements as they stand.
    pub(crate) async fn run(&mut self, sql: String) -> sqlx::Result<u64> {
        let sql = sqlx::AssertSqlSafe(sql);
        Ok(match self.driver() {
            Driver::Sqlite(conn) => sqlx::raw_sql(sql).execute(conn).await?.rows_affected(),
            Driver::Postgres(conn) => sqlx::raw_sql(sql).execute(conn).await?.rows_affected(),
        })
    }
}
