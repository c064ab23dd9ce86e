//! Who has filled in, as the feeds said: as it stands, a page for each feed and window; and as it stood, taken in anew
//! from the pages that each snapshot left as evidence.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;

use super::cell::Cells;
use super::chain::sha256;
use super::db::Conn;
use super::sql::{bound, statements};
use super::{Store, StoreError};
use crate::domain::id::{FeedId, SnapshotId, WindowId};
use crate::domain::page::{Observations, Page};
use crate::domain::status::{Belief, StatusBook};

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
}

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
            for named in index(bytes) {
                let (window, sha256) = named.ok_or_else(corrupt)?;
                let page = page(&mut view, window, sha256).await?.ok_or_else(corrupt)?;
                page.lines().for_each(|line| take(line.observation(page.window().clone())));
            }
            book.fetched(&feed, taken_at);
            position = cells.get("position")?;
        }
        Ok(book)
    }
}

/// Keeps what a snapshot says, page by page; gives the mapping that names the pages.
pub(super) async fn keep(conn: &mut Conn, observations: &Observations) -> Result<String, StoreError> {
    let mut mapping = String::new();
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

/// Windows and digests of the pages that a mapping names, each if it can be read.
pub(super) fn index(mapping: &[u8]) -> impl Iterator<Item = Option<(WindowId, &str)>> {
    mapping.split(|b| *b == b'\n').filter(|line| !line.is_empty()).map(|line| {
        let (window, sha256) = std::str::from_utf8(line).ok()?.split_once('\t')?;
        Some((WindowId::parse(window).ok()?, sha256))
    })
}

/// The pages of a mapping that are about some windows; nothing for a mapping that cannot be read.
pub(super) async fn pages_of(
    conn: &mut Conn,
    mapping: &[u8],
    only: &BTreeSet<WindowId>,
) -> Result<Option<Vec<Page>>, StoreError> {
    let mut pages = Vec::new();
    for entry in index(mapping) {
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
