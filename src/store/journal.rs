//! The journal: what was decided, sent, answered and ordered, in a chain in which each entry's hash covers the last.

use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::cell::{Cells, code, count, ms};
use super::db::{Conn, detached};
use super::sql::{bound, statements};
use super::{Store, StoreError};
use crate::domain::id::{MunicipalityCode, WindowId};

statements! {
    const HEAD = "SELECT head_seq, head_hash, high_water FROM meta WHERE id = 1";
    const SAVE_HEAD = "UPDATE meta SET head_seq = $1, head_hash = $2, high_water = $3 WHERE id = 1";
    const APPEND = "INSERT INTO journal (seq, at, kind, subject, window_id, municipality, body, prev_hash, hash) \
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    const LIST = "SELECT seq, at, kind, subject, window_id, municipality, body, prev_hash, hash FROM journal \
                  WHERE ($1 IS NULL OR window_id = $1) AND ($2 IS NULL OR municipality = $2) \
                  AND ($3 IS NULL OR at >= $3) AND ($4 IS NULL OR at < $4) AND seq > $5 ORDER BY seq LIMIT $6";
}

/// What an entry tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKind {
    /// *abertura*: the journal began.
    Opening,
    /// *decisao*: a pass decided about a notice.
    Decision,
    /// *entrega*: an attempt ended, or something came back.
    Delivery,
    /// *coleta*: a snapshot was accepted or quarantined.
    Snapshot,
    /// *ordem*: somebody decided by hand.
    Override,
    /// *leitura*: an edition was read for the first time, or otherwise than before.
    Reading,
    /// *parada*: the daemon was silent for more than 24 h.
    Outage,
    /// *contato*: an address was flagged, or its flag taken off.
    Contact,
}

impl EntryKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Opening,
        Self::Decision,
        Self::Delivery,
        Self::Snapshot,
        Self::Override,
        Self::Reading,
        Self::Outage,
        Self::Contact,
    ];

    /// The word in the journal.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opening => "abertura",
            Self::Decision => "decisao",
            Self::Delivery => "entrega",
            Self::Snapshot => "coleta",
            Self::Override => "ordem",
            Self::Reading => "leitura",
            Self::Outage => "parada",
            Self::Contact => "contato",
        }
    }

    /// Reads the word in the journal.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == text)
    }
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// Its place, from 1, without gaps.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// What it tells.
    pub kind: EntryKind,
    /// What about: a notice's key, a window, a snapshot.
    pub subject: String,
    /// The window, if any.
    pub window: Option<WindowId>,
    /// The municipality, if any.
    pub municipality: Option<MunicipalityCode>,
    /// The facts, a JSON object with Portuguese keys.
    pub body: String,
    /// Its hash, hexadecimal.
    pub hash: String,
}

/// Which entries.
#[derive(Debug, Clone, Default)]
pub struct JournalFilter {
    /// Only of this window.
    pub window: Option<WindowId>,
    /// Only of this municipality.
    pub municipality: Option<MunicipalityCode>,
    /// Only from this instant on.
    pub since: Option<Timestamp>,
    /// Only before this instant.
    pub until: Option<Timestamp>,
    /// Only after this place in the chain.
    pub after: i64,
    /// At most so many; absent: all.
    pub limit: Option<usize>,
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
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]).collect()
}

impl Store {
    /// Entries of the journal, in order.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for an entry that cannot be read, or a fault of the database.
    pub async fn journal(&self, filter: &JournalFilter) -> Result<Vec<JournalEntry>, StoreError> {
        let mut conn = self.db.read().await?;
        let rows = bound!(
            LIST,
            filter.window.as_ref().map(WindowId::as_str),
            filter.municipality.map(code),
            filter.since.map(ms),
            filter.until.map(ms),
            filter.after,
            filter.limit.map_or(-1, count),
        )
        .fetch_all(&mut *conn)
        .await?;
        rows.iter().map(entry).collect()
    }

    /// The first entry of a new journal.
    pub(super) async fn open_journal(&self, now: Timestamp) -> Result<(), StoreError> {
        let db = self.db.clone();
        detached(async move {
            let mut tx = db.begin().await?;
            let mut chain = Chain::resume(&mut tx).await?;
            if chain.seq == 0 {
                let body = serde_json::json!({ "programa": env!("CARGO_PKG_VERSION") });
                let line = Line {
                    at: now,
                    kind: EntryKind::Opening,
                    subject: "livro",
                    window: None,
                    municipality: None,
                    body,
                };
                chain.append(&mut tx, line).await?;
                // The ledger has seen nothing yet: its high-water mark starts with the first pass.
                chain.high_water = None;
                chain.save(&mut tx).await?;
            }
            Ok(tx.commit().await?)
        })
        .await
    }
}

fn entry(row: &SqliteRow) -> Result<JournalEntry, StoreError> {
    let cells = Cells::of("journal", row);
    Ok(JournalEntry {
        seq: cells.get("seq")?,
        at: cells.instant("at")?,
        kind: cells.parsed("kind", EntryKind::parse)?,
        subject: cells.get("subject")?,
        window: cells.parsed_opt("window_id", |t| WindowId::parse(t).ok())?,
        municipality: cells.municipality_opt("municipality")?,
        body: cells.get("body")?,
        hash: cells.get("hash")?,
    })
}
