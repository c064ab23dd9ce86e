//! A transaction to write with, and what becomes of its connection.
//!
//! SQLite rolls back by itself on some faults (a full disk, a failed sync), and then neither the driver nor anybody else
//! knows for sure what state the connection is in. So there is one rule, and this is its one place: a connection whose
//! transaction was not committed is closed, and the next write opens another.

use std::ops::{Deref, DerefMut};

use super::StoreError;
use super::batch::Batch;
use super::engine::{Conn, Row};
use super::sql::{bound, statements};

statements! {
    // SQLite's, whose readers would else become writers too late; PostgreSQL has another way to take turns.
    const BEGIN_NOW = "BEGIN IMMEDIATE";
    const BEGIN = "BEGIN";
    const COMMIT = "COMMIT";
}

/// A transaction to write with. Dropped before [`WriteTx::commit`] answered, its connection is closed.
pub(crate) struct WriteTx {
    conn: Conn,
    committed: bool,
}

impl WriteTx {
    /// Begins one.
    pub(crate) async fn begin(conn: Conn) -> Result<Self, StoreError> {
        let (tx, _nothing) = Self::begin_with(conn, Batch::default()).await?;
        Ok(tx)
    }

    /// Begins one with statements that are handed over together with its beginning, and gives the rows of each.
    pub(crate) async fn begin_with(
        conn: Conn,
        statements: Batch<'_>,
    ) -> Result<(Self, Vec<Vec<Row>>), StoreError> {
        let mut tx = Self { conn, committed: false };
        let mut all = Batch::default();
        // Not by the driver's own `begin`: it counts how deep it is, and counts wrong once SQLite has rolled back.
        all.push(if tx.conn.is_postgres() { bound!(BEGIN) } else { bound!(BEGIN_NOW) });
        all.append(statements);
        let mut rows = all.run(&mut tx.conn).await?;
        let _of_the_beginning = rows.remove(0);
        Ok((tx, rows))
    }

    /// Makes it durable.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        self.commit_with(Batch::default()).await.map(drop)
    }

    /// The same after statements that are handed over together with it; gives the rows of each.
    pub(crate) async fn commit_with(
        mut self,
        mut statements: Batch<'_>,
    ) -> Result<Vec<Vec<Row>>, StoreError> {
        statements.push(bound!(COMMIT));
        let rows = statements.run(&mut self.conn).await?;
        self.committed = true;
        Ok(rows)
    }
}

impl Drop for WriteTx {
    fn drop(&mut self) {
        if !self.committed {
            self.conn.close_on_drop();
        }
    }
}

impl Deref for WriteTx {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl DerefMut for WriteTx {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}

#[cfg(test)]
mod tests {
    use crate::database::engine::Query;
    use crate::store::testing::{self, at};

    #[tokio::test]
    async fn after_a_transaction_that_sqlite_rolled_back_itself_the_next_write_succeeds() {
        let dir = tempfile::tempdir().unwrap();
        let store = testing::file_store(&dir).await;
        for _ in 0..3 {
            let mut tx = store.db.begin().await.unwrap();
            let put = Query::new("INSERT INTO outages (from_at, until_at) VALUES (1, 2)");
            put.execute(&mut tx).await.unwrap();
            // What SQLite does where the disk is full, behind the back of whoever holds the connection.
            Query::new("ROLLBACK").execute(&mut tx).await.unwrap();
            assert!(tx.commit().await.is_err());
            store.heartbeat(at(1)).await.unwrap();
        }
        let mut view = store.db.view().await.unwrap();
        let count = Query::new("SELECT COUNT(*) FROM outages").fetch_one(&mut view).await.unwrap();
        let kept: i64 = count.try_get(0).unwrap();
        assert_eq!(kept, 0, "nothing of what failed was kept");
    }

    #[tokio::test]
    async fn a_view_that_sqlite_ended_itself_does_not_spoil_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let store = testing::store(&dir).await;
        for _ in 0..20 {
            let mut view = store.db.view().await.unwrap();
            Query::new("ROLLBACK").execute(&mut view).await.unwrap();
            drop(view);
        }
        for _ in 0..20 {
            let mut view = store.db.view().await.unwrap();
            Query::new("SAVEPOINT within").execute(&mut view).await.unwrap();
            Query::new("RELEASE within").execute(&mut view).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_committed_transaction_keeps_its_connection() {
        let dir = tempfile::tempdir().unwrap();
        let store = testing::store(&dir).await;
        let before = store.generation().await.unwrap();
        store.heartbeat(at(1)).await.unwrap();
        assert_eq!(store.generation().await.unwrap(), before, "another connection would be news");
    }
}
