//! Who has filled in, as the feeds said: as it stands, a page for each feed and window; and as it stood, taken in anew
//! from the pages that each snapshot left as evidence.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;
use sqlx::sqlite::SqliteRow;

use super::cell::Cells;
use super::chain::sha256;
use super::db::Conn;
use super::sql::{bound, statements};
use super::{Store, StoreError};
use crate::domain::id::{FeedId, MunicipalityCode, PartId, SnapshotId, UnitId, WindowId};
use crate::domain::page::{Observations, Page, PageWriter};
use crate::domain::status::{Belief, Entry, Observation, State, StatusBook};

statements! {
    const KNOWN = "SELECT feed, window_id, bytes FROM status_pages ORDER BY window_id, feed";
    const KNOWN_OF = "SELECT feed, window_id, bytes FROM status_pages WHERE feed = $1 AND window_id = $2";
    const PUT_KNOWN = "INSERT INTO status_pages (feed, window_id, bytes) VALUES ($1, $2, $3) \
                       ON CONFLICT (feed, window_id) DO UPDATE SET bytes = excluded.bytes";
    const PUT_PAGE = "INSERT INTO pages (sha256, bytes) VALUES ($1, $2) ON CONFLICT (sha256) DO NOTHING";
    const PAGE = "SELECT bytes FROM pages WHERE sha256 = $1";
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
    const ENTRIES = "SELECT window_id, municipality, part, unit, feed, state, dated, taken_at, snapshot, \
                     reverting_since, wording FROM status_entries \
                     ORDER BY feed, window_id, municipality, part, unit";
    const CLEAR_ENTRIES = "DELETE FROM status_entries";
}

/// The first line of a mapping that names its pages; before them, a mapping held the observations themselves.
const INDEX: &str = "paginas";

impl Store {
    /// All that the feeds said, as it stands now.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], or a fault of the database.
    pub async fn status(&self) -> Result<StatusBook, StoreError> {
        let mut view = self.db.view().await?;
        let mut book = StatusBook::default();
        for row in bound!(KNOWN).fetch_all(&mut *view).await? {
            let (feed, page) = known(&row)?;
            book.restore(feed, page);
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
        while let Some(row) =
            bound!(ACCEPTED, super::cell::ms(at), position).fetch_optional(&mut *view).await?
        {
            let cells = Cells::of("snapshots", &row);
            let snapshot = cells.parsed("id", |t| SnapshotId::parse(t).ok())?;
            let feed = cells.parsed("feed", |t| FeedId::parse(t).ok())?;
            let taken_at = cells.instant("taken_at")?;
            let bytes: &[u8] = cells.get("bytes")?;
            let corrupt = || cells.corrupt("mapping");
            let mut take =
                |observation| book.absorb(observation, &feed, &snapshot, taken_at, Belief::Cautious);
            match index(bytes) {
                None => read_evidence(bytes).ok_or_else(corrupt)?.into_iter().for_each(&mut take),
                Some(pages) => {
                    for named in pages {
                        let (window, sha256) = named.ok_or_else(corrupt)?;
                        let page = page(&mut view, window, sha256).await?.ok_or_else(corrupt)?;
                        page.lines().for_each(|line| take(line.observation(page.window().clone())));
                    }
                }
            }
            book.fetched(&feed, taken_at);
            position = cells.get("position")?;
        }
        Ok(book)
    }
}

/// Keeps what a snapshot says, page by page; gives the mapping that names the pages.
pub(super) async fn keep(conn: &mut Conn, observations: &Observations) -> Result<String, StoreError> {
    let mut mapping = format!("{INDEX}\n");
    for page in observations.pages() {
        let digest = sha256(page.text().as_bytes());
        bound!(PUT_PAGE, &digest, page.text().as_bytes()).execute(&mut *conn).await?;
        mapping.push_str(page.window().as_str());
        mapping.push('\t');
        mapping.push_str(&digest);
        mapping.push('\n');
    }
    Ok(mapping)
}

/// Windows and digests of the pages that a mapping names; nothing for one that holds observations itself.
pub(super) fn index(mapping: &[u8]) -> Option<impl Iterator<Item = Option<(WindowId, &str)>>> {
    let rest = mapping.strip_prefix(INDEX.as_bytes())?.strip_prefix(b"\n")?;
    Some(rest.split(|b| *b == b'\n').filter(|line| !line.is_empty()).map(|line| {
        let (window, sha256) = std::str::from_utf8(line).ok()?.split_once('\t')?;
        Some((WindowId::parse(window).ok()?, sha256))
    }))
}

/// The pages of a mapping that are about some windows; nothing for a mapping that cannot be read.
pub(super) async fn pages_of(
    conn: &mut Conn,
    mapping: &[u8],
    only: &BTreeSet<WindowId>,
) -> Result<Option<Vec<Page>>, StoreError> {
    let Some(named) = index(mapping) else {
        let told = read_evidence(mapping).map(|told| told.into_iter().collect::<Observations>());
        let about = |page: &&Page| only.contains(page.window());
        return Ok(told.map(|told| told.pages().iter().filter(about).cloned().collect()));
    };
    let mut pages = Vec::new();
    for entry in named {
        let Some((window, sha256)) = entry else { return Ok(None) };
        if only.contains(&window) {
            let Some(page) = page(conn, window, sha256).await? else { return Ok(None) };
            pages.push(page);
        }
    }
    Ok(Some(pages))
}

pub(super) async fn page(
    conn: &mut Conn,
    window: WindowId,
    sha256: &str,
) -> Result<Option<Page>, StoreError> {
    let Some(row) = bound!(PAGE, sha256).fetch_optional(conn).await? else { return Ok(None) };
    let bytes: &[u8] = Cells::of("pages", &row).get("bytes")?;
    Ok(std::str::from_utf8(bytes).ok().and_then(|text| Page::parse(window, text).ok()))
}

pub(super) fn known(row: &SqliteRow) -> Result<(FeedId, Page), StoreError> {
    let cells = Cells::of("status_pages", row);
    let feed = cells.parsed("feed", |t| FeedId::parse(t).ok())?;
    let window = cells.parsed("window_id", |t| WindowId::parse(t).ok())?;
    let text = std::str::from_utf8(cells.get("bytes")?).map_err(|_| cells.corrupt("bytes"))?;
    Ok((feed, Page::parse(window, text).map_err(|_| cells.corrupt("bytes"))?))
}

/// Takes an accepted snapshot's observations into what is known from its feed, a window at a time.
pub(super) async fn absorb(
    conn: &mut Conn,
    feed: &FeedId,
    snapshot: &SnapshotId,
    taken_at: Timestamp,
    observations: &Observations,
) -> Result<(), StoreError> {
    for page in observations.pages() {
        let window = page.window();
        let before = match bound!(KNOWN_OF, feed.as_str(), window.as_str()).fetch_optional(&mut *conn).await?
        {
            Some(row) => Some(known(&row)?.1),
            None => None,
        };
        let after = merged(before.as_ref(), page, feed, snapshot, taken_at);
        bound!(PUT_KNOWN, feed.as_str(), window.as_str(), after.text().as_bytes())
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

/// Puts what is known of a window from a feed in the place of what was.
pub(super) async fn put_known(conn: &mut Conn, feed: &FeedId, page: &Page) -> Result<(), StoreError> {
    let (window, bytes) = (page.window().as_str(), page.text().as_bytes());
    bound!(PUT_KNOWN, feed.as_str(), window, bytes).execute(conn).await?;
    Ok(())
}

/// What is known of a window after a snapshot.
pub(super) fn merged(
    before: Option<&Page>,
    said: &Page,
    feed: &FeedId,
    snapshot: &SnapshotId,
    taken_at: Timestamp,
) -> Page {
    let mut book = StatusBook::default();
    if let Some(before) = before {
        book.restore(feed.clone(), before.clone());
    }
    for line in said.lines() {
        let observation = line.observation(said.window().clone());
        book.absorb(observation, feed, snapshot, taken_at, Belief::Cautious);
    }
    book.page(said.window(), feed)
}

/// Brings what older versions kept entry by entry into pages.
pub(super) async fn repack(conn: &mut Conn) -> Result<(), StoreError> {
    let rows = bound!(ENTRIES).fetch_all(&mut *conn).await?;
    if rows.is_empty() {
        return Ok(());
    }
    let entries: Vec<(WindowId, MunicipalityCode, Entry)> =
        rows.iter().map(entry).collect::<Result<_, _>>()?;
    for of_one in entries.chunk_by(|a, b| (&a.0, &a.2.feed) == (&b.0, &b.2.feed)) {
        let Some((window, _, first)) = of_one.first() else { continue };
        let mut scribe = PageWriter::default();
        for (_, municipality, entry) in of_one {
            scribe.write(&entry.line(*municipality));
        }
        let page = scribe.finish(window.clone());
        bound!(PUT_KNOWN, first.feed.as_str(), window.as_str(), page.text().as_bytes())
            .execute(&mut *conn)
            .await?;
    }
    bound!(CLEAR_ENTRIES).execute(conn).await?;
    Ok(())
}

fn entry(row: &SqliteRow) -> Result<(WindowId, MunicipalityCode, Entry), StoreError> {
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

/// Reads a mapping of before there were pages: one observation a line.
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
