//! Snapshots: accepted into what is known, or quarantined with reasons; their evidence either way.
//!
//! What was mapped is kept once per window and content, named by its digest, so that an unchanged source read every
//! hour costs one row an hour.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use serde_json::json;

use super::status;
use crate::database::cell::{Cells, count, ms, whole_ms};
use crate::database::db::{Conn, written};
use crate::database::engine::Row;
use crate::database::sql::{bound, statements};
use crate::domain::id::{FeedId, SnapshotId, WindowId};
use crate::domain::journal::{Snapshot, Text, Verdict};
use crate::domain::status::{Load, Observations};
use crate::store::Recorded;
use crate::store::chain::{Chain, Line};
use crate::store::retired::Retired;
use crate::store::verdict::verdict_then;
use crate::store::{Store, StoreError};
use crate::text::digest::sha256;

statements! {
    const EXISTS = "SELECT COUNT(*) FROM snapshots WHERE id = $1";
    const NEXT_POSITION = "SELECT COALESCE(MAX(position), 0) + 1 FROM snapshots";
    const PUT_MAPPING = "INSERT INTO mappings (sha256, bytes) VALUES ($1, $2) ON CONFLICT (sha256) DO NOTHING";
    const PUT = "INSERT INTO snapshots (id, position, feed, taken_at, source, sha256, row_count, verdict, reasons, \
                 mapping, done, municipalities, original, recorded_at, rejected, repeated) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    const PUT_TALLY = "INSERT INTO snapshot_tallies (snapshot, window_id, done, municipalities) \
                       VALUES ($1, $2, $3, $4)";
    const NOTE_FETCH = "INSERT INTO fetches (feed, fetched_at) VALUES ($1, $2) ON CONFLICT (feed) DO UPDATE SET \
                        fetched_at = excluded.fetched_at";
    // The first time that it was found so at an instant counts.
    const CONFIRM = "INSERT INTO confirmations (snapshot, confirmed_at) SELECT id, $2 FROM snapshots \
                     WHERE position = (SELECT MAX(position) FROM snapshots WHERE feed = $1 AND verdict = 'aceita') \
                     ON CONFLICT (snapshot, confirmed_at) DO NOTHING";
    const LAST_ACCEPTED = "SELECT id, taken_at, row_count, rejected, repeated, done, municipalities FROM snapshots \
                           WHERE feed = $1 AND verdict = 'aceita' ORDER BY position DESC LIMIT 1";
    const FIRST_TAKEN = "SELECT MIN(taken_at) FROM snapshots WHERE feed = $1 AND sha256 = $2 AND verdict = 'aceita' \
                         AND taken_at >= $3";
    const TALLIES = "SELECT window_id, done, municipalities FROM snapshot_tallies WHERE snapshot = $1";
    const LIST = "SELECT id, feed, taken_at, source, sha256, row_count, rejected, verdict, reasons, done, municipalities, \
                  recorded_at FROM snapshots WHERE ($1 IS NULL OR feed = $1) ORDER BY position DESC LIMIT $2";
    const LIST_THEN = concat!(
        "SELECT id, feed, taken_at, source, sha256, row_count, rejected, verdict, reasons, done, municipalities, recorded_at ",
        "FROM (SELECT s.id, s.position, s.feed, s.taken_at, s.source, s.sha256, s.row_count, s.rejected, s.reasons, s.done, ",
        "s.municipalities, s.recorded_at, ",
        verdict_then!("$2"),
        " AS verdict FROM snapshots s WHERE s.feed = $1 AND s.recorded_at <= $2) AS known ",
        "WHERE $3 IS NULL OR verdict = $3 ORDER BY position DESC LIMIT $4"
    );
    const ORIGINAL = "SELECT original FROM snapshots WHERE id = $1";
}

/// A snapshot to keep, judged or not.
#[derive(Debug, Clone)]
pub struct NewSnapshot {
    pub id: SnapshotId,
    pub feed: FeedId,
    pub taken_at: Timestamp,
    /// Where from: a file's name or a URL.
    pub source: String,
    /// SHA-256 of the original, hexadecimal.
    pub sha256: String,
    /// How many rows the original has.
    pub rows: usize,
    /// How many of them say nothing.
    pub rejected: usize,
    /// How many of them repeat others.
    pub repeated: usize,
    /// The form that it came in, where the next load must come in the same: place and columns.
    pub form: Option<String>,
    /// What staff should know of it (bad lines, unknown municipalities; why it is quarantined).
    pub reasons: Vec<String>,
    /// The original bytes, if the feed keeps them.
    pub original: Option<Vec<u8>>,
}

/// How much a snapshot says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extent {
    /// Observations that say *concluído*.
    pub done: usize,
    /// Municipalities that it speaks of.
    pub municipalities: usize,
}

/// The last snapshot of a feed that was believed, to measure the next one by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastAccepted {
    pub id: SnapshotId,
    pub taken_at: Timestamp,
    /// How many rows that repeat no other.
    pub rows: usize,
    /// In all.
    pub total: Extent,
    /// By window: a new window starts from nothing without that being a fall.
    pub by_window: BTreeMap<WindowId, Extent>,
}

/// A snapshot in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotSummary {
    pub id: SnapshotId,
    pub feed: FeedId,
    pub taken_at: Timestamp,
    pub source: String,
    /// SHA-256 of the original, hexadecimal.
    pub sha256: String,
    /// How many rows the original has.
    pub rows: usize,
    /// How many of them say nothing.
    pub rejected: usize,
    pub verdict: Verdict,
    pub reasons: Vec<String>,
    /// How much it says; nothing when nothing could be read of it.
    pub total: Extent,
    pub recorded_at: Timestamp,
}

impl SnapshotSummary {
    /// Whether something could be read of it, so that there is something to believe.
    pub fn is_readable(&self) -> bool {
        self.total.municipalities > 0
    }
}

impl Store {
    /// Takes in a snapshot that was judged good: its evidence, its observations by the rules of
    /// [`crate::domain::status`], and its fetch. The same id a second time changes nothing.
    pub async fn accept_snapshot(
        &self,
        snapshot: NewSnapshot,
        observations: Observations,
        now: Timestamp,
    ) -> Result<Recorded, StoreError> {
        written!(self.db, |tx| {
            let taken_at = whole_ms(snapshot.taken_at);
            if exists(&mut tx, &snapshot.id).await? {
                return Ok(Recorded::Repeated);
            }
            let arrival = keep(&mut tx, &snapshot, Verdict::Accepted, &observations, now).await?;
            let after = Retired::all(&mut tx).await?.last(&snapshot.feed);
            let load = Load { feed: snapshot.feed, snapshot: snapshot.id, arrival, taken_at, after };
            status::absorb(&mut tx, &load, &observations).await?;
            bound!(NOTE_FETCH, load.feed.as_str(), ms(taken_at)).execute(&mut tx).await?;
            Recorded::New
        })
    }

    /// Keeps a snapshot that is not believed, with its reasons and what was read of it, which a person may come to
    /// believe. Nothing that is known changes. The same id a second time changes nothing.
    pub async fn quarantine_snapshot(
        &self,
        snapshot: NewSnapshot,
        observations: Observations,
        now: Timestamp,
    ) -> Result<Recorded, StoreError> {
        written!(self.db, |tx| {
            if exists(&mut tx, &snapshot.id).await? {
                return Ok(Recorded::Repeated);
            }
            keep(&mut tx, &snapshot, Verdict::Quarantined, &observations, now).await?;
            Recorded::New
        })
    }

    /// Notes a fetch that found nothing new (HTTP 304): it confirms the feed's last accepted load. No entry tells of it, for
    /// it may come each quarter of an hour; one tells of it where a decision rests on it.
    pub async fn note_fetch(&self, feed: &FeedId, at: Timestamp) -> Result<(), StoreError> {
        let feed = feed.clone();
        written!(self.db, |tx| {
            bound!(NOTE_FETCH, feed.as_str(), ms(at)).execute(&mut tx).await?;
            bound!(CONFIRM, feed.as_str(), ms(at)).execute(&mut tx).await?;
        })
    }

    /// The last snapshot of a feed that was believed.
    pub async fn last_accepted(&self, feed: &FeedId) -> Result<Option<LastAccepted>, StoreError> {
        let mut view = self.db.view().await?;
        let Some(row) = bound!(LAST_ACCEPTED, feed.as_str()).fetch_optional(&mut view).await? else {
            return Ok(None);
        };
        let cells = Cells::of("snapshots", &row);
        let id = cells.parsed("id", |t| SnapshotId::parse(t).ok())?;
        let mut by_window = BTreeMap::new();
        for row in bound!(TALLIES, id.as_str()).fetch_all(&mut view).await? {
            let cells = Cells::of("snapshot_tallies", &row);
            by_window.insert(cells.parsed("window_id", |t| WindowId::parse(t).ok())?, read_tally(&cells)?);
        }
        Ok(Some(LastAccepted {
            id,
            taken_at: cells.instant("taken_at")?,
            rows: cells
                .number::<usize>("row_count")?
                .saturating_sub(cells.number::<usize>("rejected")?)
                .saturating_sub(cells.number::<usize>("repeated")?),
            total: read_tally(&cells)?,
            by_window,
        }))
    }

    /// When a file with these bytes, which was last written at an instant, was first taken in and believed, if it was: since
    /// it was not written again, it is no newer than that, however often it is found in its folder.
    pub async fn first_taken(
        &self,
        feed: &FeedId,
        sha256: &str,
        written_at: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let mut conn = self.db.read().await?;
        let row = bound!(FIRST_TAKEN, feed.as_str(), sha256, ms(written_at)).fetch_one(&mut conn).await?;
        let first: Option<i64> = row.try_get(0)?;
        Ok(first.and_then(|at| Timestamp::from_millisecond(at).ok()))
    }

    /// Snapshots, the latest first: of one feed or of all.
    pub async fn snapshots(
        &self,
        feed: Option<&FeedId>,
        limit: usize,
    ) -> Result<Vec<SnapshotSummary>, StoreError> {
        bound!(LIST, feed.map(FeedId::as_str), count(limit)).all(&self.db, line).await
    }

    /// The snapshots of a feed that were there at an earlier instant, the latest first, each as people had ruled by then: all,
    /// or those that stood so.
    pub async fn snapshots_as_known(
        &self,
        feed: &FeedId,
        (at, verdict): (Timestamp, Option<Verdict>),
        limit: usize,
    ) -> Result<Vec<SnapshotSummary>, StoreError> {
        let verdict = verdict.map(Verdict::as_str);
        bound!(LIST_THEN, feed.as_str(), ms(at), verdict, count(limit)).all(&self.db, line).await
    }

    /// The original bytes of a snapshot, if they were kept.
    pub async fn original(&self, id: &SnapshotId) -> Result<Option<Vec<u8>>, StoreError> {
        let mut conn = self.db.read().await?;
        match bound!(ORIGINAL, id.as_str()).fetch_optional(&mut conn).await? {
            Some(row) => Ok(row.try_get(0)?),
            None => Ok(None),
        }
    }
}

async fn exists(conn: &mut Conn, id: &SnapshotId) -> Result<bool, StoreError> {
    let n: i64 = bound!(EXISTS, id.as_str()).fetch_one(conn).await?.try_get(0)?;
    Ok(n > 0)
}

/// Keeps a snapshot with its evidence and tallies; gives its place among all. Of one that could not be read there is no
/// evidence.
async fn keep(
    conn: &mut Conn,
    snapshot: &NewSnapshot,
    verdict: Verdict,
    observations: &Observations,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let (total, by_window) = tally(observations);
    if observations.is_empty() && verdict == Verdict::Quarantined {
        return put(conn, snapshot, verdict, None, total, now).await;
    }
    let bytes = status::keep(conn, observations, snapshot.form.as_deref()).await?.into_bytes();
    let mapping = sha256(&bytes);
    bound!(PUT_MAPPING, &mapping, bytes).execute(&mut *conn).await?;
    let arrival = put(conn, snapshot, verdict, Some(&mapping), total, now).await?;
    for (window, tally) in &by_window {
        let (done, municipalities) = (count(tally.done), count(tally.municipalities));
        bound!(PUT_TALLY, snapshot.id.as_str(), window.as_str(), done, municipalities)
            .execute(&mut *conn)
            .await?;
    }
    Ok(arrival)
}

async fn put(
    conn: &mut Conn,
    snapshot: &NewSnapshot,
    verdict: Verdict,
    mapping: Option<&str>,
    total: Extent,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let position: i64 = bound!(NEXT_POSITION).fetch_one(&mut *conn).await?.try_get(0)?;
    bound!(
        PUT,
        snapshot.id.as_str(),
        position,
        snapshot.feed.as_str(),
        ms(snapshot.taken_at),
        &snapshot.source,
        &snapshot.sha256,
        count(snapshot.rows),
        verdict.as_str(),
        json!(snapshot.reasons).to_string(),
        mapping,
        count(total.done),
        count(total.municipalities),
        snapshot.original.as_deref(),
        ms(now),
        count(snapshot.rejected),
        count(snapshot.repeated)
    )
    .execute(&mut *conn)
    .await?;
    let told = Snapshot {
        feed: Text(snapshot.feed.clone()),
        taken_at: Text(snapshot.taken_at),
        source: snapshot.source.clone(),
        sha256: snapshot.sha256.clone(),
        rows: snapshot.rows as u64,
        rejected: snapshot.rejected as u64,
        repeated: snapshot.repeated as u64,
        verdict,
        reasons: snapshot.reasons.clone(),
        mapped_sha256: mapping.map(ToOwned::to_owned),
        done: total.done as u64,
        municipalities: total.municipalities as u64,
        has_original: snapshot.original.is_some(),
    };
    Chain::tell(conn, Line::new(now, snapshot.id.as_str(), told)).await?;
    Ok(u64::try_from(position).unwrap_or_default())
}

fn tally(observations: &Observations) -> (Extent, BTreeMap<WindowId, Extent>) {
    let (mut everywhere, mut by_window) = (HashSet::new(), BTreeMap::new());
    for page in observations.pages() {
        everywhere.extend(page.municipalities());
        let tally = Extent { done: page.done(), municipalities: page.municipalities().count() };
        by_window.insert(page.window().clone(), tally);
    }
    let done = by_window.values().map(|t| t.done).sum();
    (Extent { done, municipalities: everywhere.len() }, by_window)
}

fn read_tally(cells: &Cells<'_>) -> Result<Extent, StoreError> {
    Ok(Extent { done: cells.number("done")?, municipalities: cells.number("municipalities")? })
}

fn line(row: &Row) -> Result<SnapshotSummary, StoreError> {
    let cells = Cells::of("snapshots", row);
    Ok(SnapshotSummary {
        id: cells.parsed("id", |t| SnapshotId::parse(t).ok())?,
        feed: cells.parsed("feed", |t| FeedId::parse(t).ok())?,
        taken_at: cells.instant("taken_at")?,
        source: cells.get("source")?,
        sha256: cells.get("sha256")?,
        rows: cells.number("row_count")?,
        rejected: cells.number("rejected")?,
        verdict: cells.parsed("verdict", Verdict::parse)?,
        reasons: cells.parsed("reasons", |t| serde_json::from_str(t).ok())?,
        total: read_tally(&cells)?,
        recorded_at: cells.instant("recorded_at")?,
    })
}
