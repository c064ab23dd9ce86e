//! The chain: how entries are added to the journal, and what their hashes cover.

use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use sqlx::Row as _;

use super::StoreError;
use super::cell::{code, ms};
use super::db::Conn;
use super::journal::EntryKind;
use super::sql::{bound, statements};
use crate::domain::id::{MunicipalityCode, WindowId};

statements! {
    const HEAD = "SELECT head_seq, head_hash, high_water FROM meta WHERE id = 1";
    const SAVE_HEAD = "UPDATE meta SET head_seq = $1, head_hash = $2, high_water = $3 WHERE id = 1";
    const APPEND = "INSERT INTO journal (seq, at, kind, subject, window_id, municipality, body, prev_hash, hash) \
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
}

/// What is to be told.
pub(super) struct Line<'a> {
    pub(super) at: Timestamp,
    pub(super) kind: EntryKind,
    pub(super) subject: &'a str,
    pub(super) window: Option<&'a WindowId>,
    pub(super) municipality: Option<MunicipalityCode>,
    pub(super) body: Value,
}

/// The chain's end, inside a write transaction.
pub(super) struct Chain {
    seq: i64,
    head: String,
    high_water: Option<i64>,
}

impl Chain {
    /// Takes up the chain where it ends.
    pub(super) async fn resume(conn: &mut Conn) -> Result<Self, StoreError> {
        let row = bound!(HEAD).fetch_one(conn).await?;
        Ok(Self { seq: row.try_get(0)?, head: row.try_get(1)?, high_water: row.try_get(2)? })
    }

    /// Whether nothing was ever told.
    pub(super) fn is_new(&self) -> bool {
        self.seq == 0
    }

    /// Adds an entry that is no act of the ledger's: it leaves the high-water mark where it is.
    pub(super) async fn open(&mut self, conn: &mut Conn, line: Line<'_>) -> Result<(), StoreError> {
        let high_water = self.high_water;
        self.append(conn, line).await?;
        self.high_water = high_water;
        Ok(())
    }

    /// Adds an entry.
    pub(super) async fn append(&mut self, conn: &mut Conn, line: Line<'_>) -> Result<(), StoreError> {
        let at = ms(line.at);
        let body = line.body.to_string();
        let window = line.window.map(WindowId::as_str);
        let municipality = line.municipality.map(code);
        self.seq += 1;
        let hash = Link {
            prev: &self.head,
            seq: self.seq,
            at,
            kind: line.kind.as_str(),
            subject: line.subject,
            window,
            municipality,
            body: &body,
        }
        .hash();
        bound!(
            APPEND,
            self.seq,
            at,
            line.kind.as_str(),
            line.subject,
            window,
            municipality,
            &body,
            &self.head,
            &hash
        )
        .execute(conn)
        .await?;
        self.head = hash;
        self.high_water = self.high_water.max(Some(at));
        Ok(())
    }

    /// Keeps the chain's end, so that entries cut off from it are missed.
    pub(super) async fn save(self, conn: &mut Conn) -> Result<(), StoreError> {
        bound!(SAVE_HEAD, self.seq, &self.head, self.high_water).execute(conn).await?;
        Ok(())
    }
}

/// Everything that an entry's hash covers.
pub(super) struct Link<'a> {
    pub(super) prev: &'a str,
    pub(super) seq: i64,
    pub(super) at: i64,
    pub(super) kind: &'a str,
    pub(super) subject: &'a str,
    pub(super) window: Option<&'a str>,
    pub(super) municipality: Option<i64>,
    pub(super) body: &'a str,
}

impl Link<'_> {
    /// SHA-256 over the fields in order, each preceded by its length as eight big-endian bytes, in hexadecimal.
    pub(super) fn hash(&self) -> String {
        let municipality = self.municipality.map(|m| m.to_string()).unwrap_or_default();
        let mut hasher = Sha256::new();
        for field in [
            self.prev,
            &self.seq.to_string(),
            &self.at.to_string(),
            self.kind,
            self.subject,
            self.window.unwrap_or_default(),
            &municipality,
            self.body,
        ] {
            hasher.update((field.len() as u64).to_be_bytes());
            hasher.update(field.as_bytes());
        }
        hex(&hasher.finalize())
    }
}

/// SHA-256 in hexadecimal.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]).collect()
}
