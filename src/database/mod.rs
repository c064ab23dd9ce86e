//! How rows are kept: one writer and several readers, in SQLite or PostgreSQL. What the rows mean is the store's.
//!
//! Reading order: `server` (where), `engine` (one connection, one query and one row over both), `sql` (how statements are
//! written), `cell` (how values are), `packed` (very many rows at once), `steps` (the schema), `sqlite` and `postgres`, `lock` and `leader` (who may write), `hint` (who wrote), `transaction`,
//! `place` (is the ledger here?), `db` (all of it behind one door), `copy_rows` (every row, from one to another), `error`.
//!
//! Architecture invariants: SQL never reads a clock but for leases (`leader`); no type of the driver stands in a public
//! signature.

pub(crate) mod batch;
pub(crate) mod cell;
pub(crate) mod copy_rows;
pub(crate) mod db;
pub(crate) mod engine;
mod error;
mod hint;
pub(crate) mod leader;
pub(crate) mod lock;
pub(crate) mod packed;
pub(crate) mod place;
pub(crate) mod postgres;
mod server;
pub(crate) mod sql;
pub(crate) mod sqlite;
pub(crate) mod steps;
pub(crate) mod transaction;

pub use db::{Generation, LedgerState};
pub use error::StoreError;
pub use hint::Hints;
pub use leader::Leader;
pub use lock::LedgerLock;
pub use place::Gone;
pub use server::{LedgerPlace, LedgerServer, LedgerTls};
