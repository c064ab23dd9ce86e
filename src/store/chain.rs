//! The chain: how entries are added to the journal, and what their hashes cover.

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::StoreError;
use crate::database::batch::Batch;
use crate::database::cell::{Cells, code, ms};
use crate::database::db::Conn;
use crate::database::sql::{bound, statements};
use crate::domain::id::{MunicipalityCode, WindowId};
use crate::domain::journal::Entry;
use crate::domain::notice::NoticeKey;
use crate::text::digest::hex;

statements! {
    const HEAD = "SELECT head_seq, head_hash FROM meta WHERE id = 1";
    const SAVE_HEAD = "UPDATE meta SET head_seq = $1, head_hash = $2 WHERE id = 1";
    // Entries four at a time: one statement costs about as much as four rows. A place not needed is NULL.
    const APPEND = "INSERT INTO journal (seq, at, kind, subject, window_id, municipality, body, prev_hash, hash) \
                    SELECT * FROM (VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9), \
                    ($10, $11, $12, $13, $14, $15, $16, $17, $18), \
                    ($19, $20, $21, $22, $23, $24, $25, $26, $27), \
                    ($28, $29, $30, $31, $32, $33, $34, $35, $36)) AS entries WHERE column1 IS NOT NULL";
}

/// What is to be told.
pub(crate) struct Line<'a> {
    pub(crate) at: Timestamp,
    pub(crate) subject: &'a str,
    pub(crate) window: Option<&'a WindowId>,
    pub(crate) municipality: Option<MunicipalityCode>,
    pub(crate) entry: Entry,
}

impl<'a> Line<'a> {
    /// About something that is neither a window's nor a municipality's.
    pub(crate) fn new(at: Timestamp, subject: &'a str, entry: impl Into<Entry>) -> Self {
        Self { at, subject, window: None, municipality: None, entry: entry.into() }
    }

    /// About a notice, whose key as text is the subject.
    pub(super) fn of_notice(
        at: Timestamp,
        key: &'a NoticeKey,
        subject: &'a str,
        entry: impl Into<Entry>,
    ) -> Self {
        let (window, municipality) = (key.window(), key.municipality());
        Self { window, municipality, ..Self::new(at, subject, entry) }
    }
}

/// An entry that is not in the table yet.
struct Row {
    seq: i64,
    at: i64,
    kind: &'static str,
    subject: String,
    window: Option<String>,
    municipality: Option<i64>,
    body: String,
    prev: String,
    hash: String,
}

/// The chain's end, inside a write transaction. What is added is written by [`Chain::save`].
pub(crate) struct Chain {
    seq: i64,
    head: String,
    added: Vec<Row>,
}

impl Chain {
    /// Takes up the chain where it ends.
    pub(crate) async fn resume(conn: &mut Conn) -> Result<Self, StoreError> {
        let (seq, head) = head(conn).await?;
        Ok(Self::after(seq, head))
    }

    /// The same where its end is known.
    pub(super) fn after(seq: i64, head: String) -> Self {
        Self { seq, head, added: Vec::new() }
    }

    /// Where it ends.
    pub(super) fn end(&self) -> (i64, String) {
        (self.seq, self.head.clone())
    }

    /// Whether nothing was ever told.
    pub(super) fn is_new(&self) -> bool {
        self.seq == 0
    }

    /// Adds an entry, and gives its place. The high-water mark stays where it is: only the daemon's own passes and heartbeats raise it, so
    /// that no command run at another instant can stop the letters (see `begin`).
    #[expect(clippy::needless_pass_by_value, reason = "a line is told once, by whoever makes it")]
    pub(crate) fn append(&mut self, line: Line<'_>) -> i64 {
        let at = ms(line.at);
        let body = line.entry.write();
        let window = line.window.map(WindowId::as_str);
        let municipality = line.municipality.map(code);
        self.seq += 1;
        let covered = Link {
            prev: &self.head,
            seq: self.seq,
            at,
            kind: line.entry.kind(),
            subject: line.subject,
            window,
            municipality,
            body: &body,
        };
        let hash = covered.hash();
        self.added.push(Row {
            seq: self.seq,
            at,
            kind: line.entry.kind(),
            subject: line.subject.to_owned(),
            window: window.map(ToOwned::to_owned),
            municipality,
            body,
            prev: std::mem::replace(&mut self.head, hash.clone()),
            hash,
        });
        self.seq
    }

    /// Tells one thing and is done.
    pub(crate) async fn tell(conn: &mut Conn, line: Line<'_>) -> Result<(), StoreError> {
        let mut chain = Self::resume(conn).await?;
        chain.append(line);
        chain.save(conn).await
    }

    /// Writes what was added, and keeps the chain's end, so that entries cut off from it are missed.
    pub(crate) async fn save(self, conn: &mut Conn) -> Result<(), StoreError> {
        self.writing().run(conn).await.map(drop)
    }

    /// What does that: nothing where nothing was added.
    pub(super) fn writing(&self) -> Batch<'_> {
        if self.added.is_empty() {
            return Batch::default();
        }
        let mut batch = Batch::of_rows(APPEND, &self.added.iter().collect::<Vec<_>>(), |query, entry| {
            query
                .bind(entry.map(|e| e.seq))
                .bind(entry.map(|e| e.at))
                .bind(entry.map(|e| e.kind))
                .bind(entry.map(|e| e.subject.as_str()))
                .bind(entry.and_then(|e| e.window.as_deref()))
                .bind(entry.and_then(|e| e.municipality))
                .bind(entry.map(|e| e.body.as_str()))
                .bind(entry.map(|e| e.prev.as_str()))
                .bind(entry.map(|e| e.hash.as_str()))
        });
        batch.push(bound!(SAVE_HEAD, self.seq, &self.head));
        batch
    }
}

/// Where the chain ends: its last entry and that one's hash.
pub(crate) async fn head(conn: &mut Conn) -> Result<(i64, String), StoreError> {
    let row = bound!(HEAD).fetch_one(conn).await?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}

/// Everything that an entry's hash covers.
pub(crate) struct Link<'a> {
    pub(crate) prev: &'a str,
    pub(crate) seq: i64,
    pub(crate) at: i64,
    pub(crate) kind: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) window: Option<&'a str>,
    pub(crate) municipality: Option<i64>,
    pub(crate) body: &'a str,
}

impl<'a> Link<'a> {
    /// What a row of the journal holds.
    pub(crate) fn of(cells: &Cells<'a>) -> Result<Self, StoreError> {
        Ok(Self {
            prev: cells.get("prev_hash")?,
            seq: cells.get("seq")?,
            at: cells.get("at")?,
            kind: cells.get("kind")?,
            subject: cells.get("subject")?,
            window: cells.get("window_id")?,
            municipality: cells.get("municipality")?,
            body: cells.get("body")?,
        })
    }

    /// Whether it stands as this hash says. A window without a name is none that an entry could be about, and would be covered
    /// like one that is absent.
    pub(crate) fn bears(&self, hash: &str) -> bool {
        self.window != Some("") && self.hash() == hash
    }

    /// SHA-256 over the fields in order, each preceded by its length as eight big-endian bytes, in hexadecimal.
    pub(crate) fn hash(&self) -> String {
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
        hex(hasher.finalize())
    }
}
