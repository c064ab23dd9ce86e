//! Is it whole? Walks the journal's chain, and holds what the ledger contains against what the journal told of it.

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::cell::Cells;
use super::chain::{Link, sha256};
use super::db::Conn;
use super::sql::{bound, statements};
use super::{DeliveryId, Store, StoreError, status};
use crate::domain::delivery::DeliveryState;
use crate::domain::id::EmailAddress;

statements! {
    const ENTRIES = "SELECT seq, at, kind, subject, window_id, municipality, body, prev_hash, hash FROM journal \
                     WHERE seq > $1 ORDER BY seq LIMIT 1000";
    const HEAD = "SELECT head_seq, head_hash FROM meta WHERE id = 1";
    const LETTERS = "SELECT notice_key, version, sha256, bytes, message_id FROM letters \
                     WHERE (notice_key, version) > ($1, $2) ORDER BY notice_key, version LIMIT 100";
    const DELIVERIES = "SELECT id, notice_key, version, address, state FROM deliveries \
                        WHERE id > $1 ORDER BY id LIMIT 1000";
    const ATTEMPTS = "SELECT delivery, n, ended_at, outcome, reply FROM attempts WHERE (delivery, n) > ($1, $2) \
                      ORDER BY delivery, n LIMIT 1000";
    const MAPPINGS = "SELECT sha256, bytes FROM mappings WHERE sha256 > $1 ORDER BY sha256 LIMIT 20";
    const PAGES = "SELECT sha256, bytes FROM pages WHERE sha256 > $1 ORDER BY sha256 LIMIT 20";
}

/// What a check of the whole ledger found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChainReport {
    /// Entries in the journal.
    pub entries: usize,
    /// Letters in the ledger.
    pub letters: usize,
    /// Deliveries in the ledger.
    pub deliveries: usize,
    /// The first entry that is changed, out of place or missing.
    pub broken_at: Option<i64>,
    /// Letters whose bytes or Message-ID are not those recorded: key and version.
    pub changed_letters: Vec<(String, i64)>,
    /// Letters that the journal tells of and the ledger does not have.
    pub missing_letters: Vec<(String, i64)>,
    /// Letters that the journal does not tell of.
    pub unknown_letters: Vec<(String, i64)>,
    /// Deliveries whose address or state is not the one recorded, or that the journal does not tell of.
    pub changed_deliveries: Vec<DeliveryId>,
    /// Deliveries that the journal tells of and the ledger does not have.
    pub missing_deliveries: Vec<DeliveryId>,
    /// Attempts whose reply, outcome or end is not the one recorded, or that only one of journal and ledger knows:
    /// delivery and number.
    pub changed_attempts: Vec<(DeliveryId, i64)>,
    /// Evidence of snapshots that is changed or missing, by digest.
    pub changed_evidence: Vec<String>,
}

impl ChainReport {
    /// Whether nothing is amiss.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let counted = Self {
            entries: self.entries,
            letters: self.letters,
            deliveries: self.deliveries,
            ..Self::default()
        };
        *self == counted
    }

    /// What does not stand as it was recorded, each named, in the operators' words.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        faults.extend(
            self.broken_at
                .map(|seq| format!("o registro {seq} do livro foi alterado, retirado ou trocado de lugar")),
        );
        let mut letters = |list: &[(String, i64)], what: &str| {
            faults
                .extend(list.iter().map(|(key, version)| format!("a carta {key} (versão {version}) {what}")));
        };
        letters(&self.changed_letters, "foi alterada");
        letters(&self.missing_letters, "foi retirada");
        letters(&self.unknown_letters, "não consta do livro");
        let mut deliveries = |list: &[DeliveryId], what: &str| {
            faults.extend(list.iter().map(|id| format!("a entrega {id} {what}")));
        };
        deliveries(&self.changed_deliveries, "foi alterada");
        deliveries(&self.missing_deliveries, "foi retirada");
        let attempts = self.changed_attempts.iter();
        faults.extend(attempts.map(|(id, n)| format!("a tentativa {n} da entrega {id} não é a registrada")));
        let evidence = self.changed_evidence.iter();
        faults.extend(evidence.map(|sha| format!("a evidência de coleta {sha} foi alterada ou retirada")));
        faults
    }
}

impl Store {
    /// Verifies the journal's chain, every letter's bytes, every delivery and the evidence of every snapshot.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] only where a row cannot even be read, or a fault of the database.
    pub async fn verify(&self) -> Result<ChainReport, StoreError> {
        whole(&mut *self.db.view().await?).await
    }
}

/// The same, as part of a longer reading.
pub(super) async fn whole(conn: &mut Conn) -> Result<ChainReport, StoreError> {
    let mut report = ChainReport::default();
    let mut told = walk(conn, &mut report).await?;
    letters(conn, &mut told, &mut report).await?;
    deliveries(conn, &mut told, &mut report).await?;
    attempts(conn, &mut told, &mut report).await?;
    evidence(conn, &mut told, &mut report).await?;
    report.missing_letters = sorted(told.letters.into_keys());
    report.missing_deliveries = sorted(told.deliveries.into_keys().map(DeliveryId::from_store));
    let lost = told.attempts.into_keys().map(|(id, n)| (DeliveryId::from_store(id), n));
    report.changed_attempts.extend(sorted(lost));
    report.changed_evidence.extend(sorted(told.evidence.into_iter()));
    Ok(report)
}

/// What the journal tells.
#[derive(Default)]
struct Told {
    /// Digest and Message-ID by key and version.
    letters: HashMap<(String, i64), (String, String)>,
    /// The last state told of each delivery, if any.
    deliveries: HashMap<String, Option<DeliveryState>>,
    /// End, outcome and digest of the reply by delivery and number.
    attempts: HashMap<(String, i64), (i64, String, String)>,
    evidence: HashSet<String>,
}

impl Told {
    /// Takes in one entry's facts. A body that cannot be read tells nothing: what it told of is then missed.
    fn take(&mut self, at: i64, subject: &str, body: &str) {
        let Ok(body) = serde_json::from_str::<Value>(body) else { return };
        let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
        if let Some(digest) = text(&body["mapeado_sha256"]) {
            self.evidence.insert(digest);
        }
        if let (Some(id), Some(state)) = (text(&body["entrega"]), body["estado"].as_str()) {
            if let (Some(n), Some(outcome), Some(reply)) =
                (body["tentativa"].as_i64(), text(&body["resultado"]), text(&body["resposta_sha256"]))
            {
                self.attempts.insert((id.clone(), n), (at, outcome, reply));
            }
            self.deliveries.insert(id, DeliveryState::parse(state));
        }
        let (letter, Some(version)) = (&body["carta"], body["versao"].as_i64()) else { return };
        if let (Some(digest), Some(message_id)) = (text(&letter["sha256"]), text(&letter["message_id"])) {
            self.letters.insert((subject.to_owned(), version), (digest, message_id));
            let ids = letter["entregas"].as_array().into_iter().flatten();
            self.deliveries.extend(ids.filter_map(|d| Some((text(&d["entrega"])?, None))));
        }
    }
}

async fn walk(conn: &mut Conn, report: &mut ChainReport) -> Result<Told, StoreError> {
    let mut told = Told::default();
    let (mut last, mut prev) = (0, String::new());
    loop {
        let rows = bound!(ENTRIES, last).fetch_all(&mut *conn).await?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            let cells = Cells::of("journal", row);
            let seq: i64 = cells.get("seq")?;
            let hash: String = cells.get("hash")?;
            let (subject, body): (&str, &str) = (cells.get("subject")?, cells.get("body")?);
            let whole =
                seq == last + 1 && cells.get::<&str>("prev_hash")? == prev && link(&cells, &prev)? == hash;
            if !whole {
                // Where one is missing, that one is the first broken.
                report.broken_at.get_or_insert(last + 1);
            }
            told.take(cells.get("at")?, subject, body);
            report.entries += 1;
            (last, prev) = (seq, hash);
        }
    }
    let head = bound!(HEAD).fetch_one(conn).await?;
    let head: (i64, String) = (head.try_get(0)?, head.try_get(1)?);
    if head != (last, prev) {
        report.broken_at.get_or_insert(last + 1);
    }
    Ok(told)
}

fn link(cells: &Cells<'_>, prev: &str) -> Result<String, StoreError> {
    let link = Link {
        prev,
        seq: cells.get("seq")?,
        at: cells.get("at")?,
        kind: cells.get("kind")?,
        subject: cells.get("subject")?,
        window: cells.get("window_id")?,
        municipality: cells.get("municipality")?,
        body: cells.get("body")?,
    };
    Ok(link.hash())
}

async fn letters(conn: &mut Conn, told: &mut Told, report: &mut ChainReport) -> Result<(), StoreError> {
    let mut after = (String::new(), 0_i64);
    loop {
        let rows = bound!(LETTERS, &after.0, after.1).fetch_all(&mut *conn).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = (last.try_get(0)?, last.try_get(1)?);
        for row in &rows {
            letter(row, told, report)?;
        }
    }
}

fn letter(row: &SqliteRow, told: &mut Told, report: &mut ChainReport) -> Result<(), StoreError> {
    let cells = Cells::of("letters", row);
    let id: (String, i64) = (cells.get("notice_key")?, cells.get("version")?);
    let digest = sha256(cells.get::<&[u8]>("bytes")?);
    report.letters += 1;
    match told.letters.remove(&id) {
        None => report.unknown_letters.push(id),
        Some((recorded, message_id)) => {
            let same = digest == recorded
                && cells.get::<&str>("sha256")? == recorded
                && cells.get::<&str>("message_id")? == message_id;
            if !same {
                report.changed_letters.push(id);
            }
        }
    }
    Ok(())
}

async fn deliveries(conn: &mut Conn, told: &mut Told, report: &mut ChainReport) -> Result<(), StoreError> {
    let mut after = String::new();
    loop {
        let rows = bound!(DELIVERIES, &after).fetch_all(&mut *conn).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.try_get(0)?;
        for row in &rows {
            let cells = Cells::of("deliveries", row);
            let id: String = cells.get("id")?;
            report.deliveries += 1;
            let whole = match told.deliveries.remove(&id) {
                Some(last) => as_told(&cells, last)?,
                None => false,
            };
            if !whole {
                report.changed_deliveries.push(DeliveryId::from_store(id));
            }
        }
    }
}

/// Whether a delivery is the one recorded, and stands as the journal told last. What has not come to an end, or was
/// ended untried by a decision, is not told by an entry of its own.
fn as_told(cells: &Cells<'_>, last: Option<DeliveryState>) -> Result<bool, StoreError> {
    let Ok(address) = cells.parsed("address", |t| EmailAddress::parse(t).ok()) else { return Ok(false) };
    let id = DeliveryId::of(cells.get("notice_key")?, cells.number("version")?, &address);
    let state = cells.parsed("state", DeliveryState::parse)?;
    let state_fits = match state {
        DeliveryState::Sending => true,
        DeliveryState::Recorded | DeliveryState::Withdrawn | DeliveryState::Expired => last.is_none(),
        DeliveryState::Accepted
        | DeliveryState::Deferred
        | DeliveryState::Refused
        | DeliveryState::Uncertain
        | DeliveryState::Bounced
        | DeliveryState::Read => last == Some(state),
    };
    Ok(id.as_str() == cells.get::<&str>("id")? && state_fits)
}

async fn attempts(conn: &mut Conn, told: &mut Told, report: &mut ChainReport) -> Result<(), StoreError> {
    let mut after = (String::new(), 0_i64);
    loop {
        let rows = bound!(ATTEMPTS, &after.0, after.1).fetch_all(&mut *conn).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = (last.try_get(0)?, last.try_get(1)?);
        for row in &rows {
            let cells = Cells::of("attempts", row);
            let id: (String, i64) = (cells.get("delivery")?, cells.get("n")?);
            let reply = sha256(cells.get::<&str>("reply")?.as_bytes());
            let found = (cells.get("ended_at")?, cells.get("outcome")?, reply);
            if told.attempts.remove(&id) != Some(found) {
                report.changed_attempts.push((DeliveryId::from_store(id.0), id.1));
            }
        }
    }
}

async fn evidence(conn: &mut Conn, told: &mut Told, report: &mut ChainReport) -> Result<(), StoreError> {
    let mut after = String::new();
    // The journal tells of mappings, and each mapping of its pages.
    let mut pages: HashSet<String> = HashSet::new();
    loop {
        let rows = bound!(MAPPINGS, &after).fetch_all(&mut *conn).await?;
        let Some(last) = rows.last() else { break };
        after = last.try_get(0)?;
        for row in &rows {
            let cells = Cells::of("mappings", row);
            let (recorded, bytes): (String, &[u8]) = (cells.get("sha256")?, cells.get("bytes")?);
            pages.extend(
                status::index(bytes).into_iter().flatten().flatten().map(|(_, page)| page.to_owned()),
            );
            if !told.evidence.remove(&recorded) || sha256(bytes) != recorded {
                report.changed_evidence.push(recorded);
            }
        }
    }
    after.clear();
    loop {
        let rows = bound!(PAGES, &after).fetch_all(&mut *conn).await?;
        let Some(last) = rows.last() else { break };
        after = last.try_get(0)?;
        for row in &rows {
            let cells = Cells::of("pages", row);
            let recorded: String = cells.get("sha256")?;
            if !pages.remove(&recorded) || sha256(cells.get::<&[u8]>("bytes")?) != recorded {
                report.changed_evidence.push(recorded);
            }
        }
    }
    report.changed_evidence.extend(sorted(pages.into_iter()));
    Ok(())
}

fn sorted<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.collect();
    items.sort();
    items
}
