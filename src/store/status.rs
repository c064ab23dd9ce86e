//! Who has filled in, as the feeds said: entries as they stand, and as they stood.

use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::sqlite::SqliteRow;

use super::cell::{Cells, code, ms, whole_ms};
use super::db::Conn;
use super::sql::{bound, statements};
use super::{Store, StoreError};
use crate::domain::id::{FeedId, MunicipalityCode, PartId, SnapshotId, UnitId, WindowId};
use crate::domain::status::{Belief, Entry, Observation, State, StatusBook};

statements! {
    const ENTRIES = "SELECT window_id, municipality, part, unit, feed, state, dated, taken_at, snapshot, \
                     reverting_since, wording FROM status_entries \
                     ORDER BY window_id, municipality, part, unit, feed";
    const ENTRIES_OF = "SELECT window_id, municipality, part, unit, feed, state, dated, taken_at, snapshot, \
                        reverting_since, wording FROM status_entries WHERE feed = $1 AND window_id = $2 \
                        ORDER BY municipality, part, unit";
    const PUT = "INSERT INTO status_entries (window_id, municipality, part, unit, feed, state, dated, taken_at, \
                 snapshot, reverting_since, wording) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
                 ON CONFLICT (window_id, municipality, part, unit, feed) DO UPDATE SET state = excluded.state, \
                 dated = excluded.dated, taken_at = excluded.taken_at, snapshot = excluded.snapshot, \
                 reverting_since = excluded.reverting_since, wording = excluded.wording";
    const FETCHES = "SELECT feed, fetched_at FROM fetches ORDER BY feed";
    // As people had ruled by then: the last ruling until then, else what stood before the first one after, else what
    // stands.
    const ACCEPTED = "SELECT s.id, s.feed, s.taken_at, s.position, m.bytes FROM snapshots s \
                      JOIN mappings m ON m.sha256 = s.mapping \
                      WHERE s.recorded_at <= $1 AND s.position > $2 AND COALESCE( \
                      (SELECT r.verdict FROM snapshot_rulings r WHERE r.snapshot = s.id AND r.ruled_at <= $1 \
                      ORDER BY r.position DESC LIMIT 1), \
                      (SELECT r.before FROM snapshot_rulings r WHERE r.snapshot = s.id \
                      ORDER BY r.position LIMIT 1), s.verdict) = 'aceita' \
                      ORDER BY s.position LIMIT 1";
}

impl Store {
    /// All that the feeds said, as it stands now.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], or a fault of the database.
    pub async fn status(&self) -> Result<StatusBook, StoreError> {
        let mut view = self.db.view().await?;
        let mut book = StatusBook::default();
        for row in bound!(ENTRIES).fetch_all(&mut *view).await? {
            let (window, municipality, entry) = entry(&row)?;
            book.restore(window, municipality, entry);
        }
        for row in bound!(FETCHES).fetch_all(&mut *view).await? {
            let cells = Cells::of("fetches", &row);
            let feed = cells.parsed("feed", |t| FeedId::parse(t).ok())?;
            book.fetched(&feed, cells.instant("fetched_at")?);
        }
        Ok(book)
    }

    /// All that the feeds had said by `at`, taken in anew from the evidence of each accepted snapshot. A fetch counts
    /// only where it brought something new, since the others are not kept.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], or a fault of the database.
    pub async fn status_as_known(&self, at: Timestamp) -> Result<StatusBook, StoreError> {
        let mut view = self.db.view().await?;
        let mut book = StatusBook::default();
        let mut position = 0_i64;
        while let Some(row) = bound!(ACCEPTED, ms(at), position).fetch_optional(&mut *view).await? {
            let cells = Cells::of("snapshots", &row);
            let snapshot = cells.parsed("id", |t| SnapshotId::parse(t).ok())?;
            let feed = cells.parsed("feed", |t| FeedId::parse(t).ok())?;
            let taken_at = cells.instant("taken_at")?;
            for observation in read_evidence(cells.get("bytes")?).ok_or_else(|| cells.corrupt("mapping"))? {
                book.absorb(observation, &feed, &snapshot, taken_at, Belief::Cautious);
            }
            book.fetched(&feed, taken_at);
            position = cells.get("position")?;
        }
        Ok(book)
    }
}

/// Takes an accepted snapshot's observations into the entries of its feed.
pub(super) async fn absorb(
    conn: &mut Conn,
    feed: &FeedId,
    snapshot: &SnapshotId,
    taken_at: Timestamp,
    observations: Vec<Observation>,
) -> Result<(), StoreError> {
    let mut book = StatusBook::default();
    let mut touched: Vec<(WindowId, MunicipalityCode)> =
        observations.iter().map(|o| (o.window.clone(), o.municipality)).collect();
    touched.sort();
    touched.dedup();
    let mut windows: Vec<&WindowId> = touched.iter().map(|(window, _)| window).collect();
    windows.dedup();
    for window in windows {
        for row in bound!(ENTRIES_OF, feed.as_str(), window.as_str()).fetch_all(&mut *conn).await? {
            let (window, municipality, entry) = entry(&row)?;
            book.restore(window, municipality, entry);
        }
    }
    for mut observation in observations {
        observation.dated = observation.dated.map(whole_ms);
        book.absorb(observation, feed, snapshot, taken_at, Belief::Cautious);
    }
    for (window, municipality) in &touched {
        for entry in book.window(window).of(*municipality).iter().filter(|e| e.snapshot == *snapshot) {
            put(conn, window, *municipality, entry).await?;
        }
    }
    Ok(())
}

pub(super) async fn put(
    conn: &mut Conn,
    window: &WindowId,
    municipality: MunicipalityCode,
    entry: &Entry,
) -> Result<(), StoreError> {
    bound!(
        PUT,
        window.as_str(),
        code(municipality),
        entry.part.as_str(),
        entry.unit.as_ref().map_or("", UnitId::as_str),
        entry.feed.as_str(),
        entry.state.as_str(),
        entry.dated.map(ms),
        ms(entry.taken_at),
        entry.snapshot.as_str(),
        entry.reverting_since.map(ms),
        entry.wording.as_deref()
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) fn entry(row: &SqliteRow) -> Result<(WindowId, MunicipalityCode, Entry), StoreError> {
    let cells = Cells::of("status_entries", row);
    let entry = Entry {
        part: cells.parsed("part", |t| PartId::parse(t).ok())?,
        unit: match cells.get::<&str>("unit")? {
            "" => None,
            _ => Some(cells.parsed("unit", |t| UnitId::parse(t).ok())?),
        },
        state: cells.parsed("state", State::parse)?,
        dated: cells.instant_opt("dated")?,
        taken_at: cells.instant("taken_at")?,
        feed: cells.parsed("feed", |t| FeedId::parse(t).ok())?,
        snapshot: cells.parsed("snapshot", |t| SnapshotId::parse(t).ok())?,
        reverting_since: cells.instant_opt("reverting_since")?,
        wording: cells.get::<Option<&str>>("wording")?.map(Into::into),
    };
    let window = cells.parsed("window_id", |t| WindowId::parse(t).ok())?;
    Ok((window, cells.municipality("municipality")?, entry))
}

/// What was mapped, as it is kept: one observation a line, in the order given.
pub(super) fn evidence(observations: &[Observation]) -> Vec<u8> {
    let mut text = String::new();
    for o in observations {
        let line = json!([
            o.window.as_str(),
            o.municipality.to_string(),
            o.part.as_str(),
            o.unit.as_ref().map(UnitId::as_str),
            o.state.as_str(),
            o.dated.map(ms),
            o.reopened,
            o.wording.as_deref(),
        ]);
        text.push_str(&line.to_string());
        text.push('\n');
    }
    text.into_bytes()
}

/// Reads what [`evidence`] writes.
pub(super) fn read_evidence(bytes: &[u8]) -> Option<Vec<Observation>> {
    std::str::from_utf8(bytes).ok()?.lines().map(read_observation).collect()
}

fn read_observation(line: &str) -> Option<Observation> {
    let cells: Value = serde_json::from_str(line).ok()?;
    let text = |at: usize| cells.get(at)?.as_str();
    Some(Observation {
        window: WindowId::parse(text(0)?).ok()?,
        municipality: MunicipalityCode::parse(text(1)?).ok()?,
        part: PartId::parse(text(2)?).ok()?,
        unit: text(3).map(UnitId::parse).transpose().ok()?,
        state: State::parse(text(4)?)?,
        dated: cells.get(5)?.as_i64().map(Timestamp::from_millisecond).transpose().ok()?,
        reopened: cells.get(6)?.as_bool()?,
        wording: text(7).map(Into::into),
    })
}
