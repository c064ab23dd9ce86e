//! Who has filled in, as the feeds said: as it stands, a page for each feed and window; and as it stood, taken in anew
//! from the pages that each snapshot left as evidence. Both read the same tables and must agree, so they stand side by side,
//! which makes the file longer than others.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::page::{self, PageWriter};
use crate::database::cell::{Cells, ms};
use crate::database::db::Conn;
use crate::database::engine::Row;
use crate::database::sql::{among, bound, rows_of, rows_of_at, statements};
use crate::domain::id::{FeedId, MunicipalityCode, SnapshotId, WindowId};
use crate::domain::journal::Verdict;
use crate::domain::status::{Belief, Load, Observation, Observations, Page, StatusBook, StatusEntry};
use crate::store::retired::Retired;
use crate::store::verdict::accepted_then;
use crate::store::{Store, StoreError};
use crate::text::digest::sha256;

statements! {
    const KNOWN = "SELECT feed, window_id, bytes FROM status_pages ORDER BY window_id, feed";
    const KNOWN_AMONG = concat!("SELECT feed, window_id, bytes FROM status_pages WHERE ", among!("window_id"));
    const KNOWN_OF = "SELECT feed, window_id, bytes FROM status_pages WHERE feed = $1 AND window_id = $2";
    const PUT_KNOWN = "INSERT INTO status_pages (feed, window_id, bytes) VALUES ($1, $2, $3) \
                       ON CONFLICT (feed, window_id) DO UPDATE SET bytes = excluded.bytes";
    const PUT_PAGE = "INSERT INTO pages (sha256, bytes) VALUES ($1, $2) ON CONFLICT (sha256) DO NOTHING";
    const PAGE = "SELECT bytes FROM pages WHERE sha256 = $1";
    const FETCHES = "SELECT feed, fetched_at, (SELECT s.id FROM snapshots s WHERE s.feed = fetches.feed \
                     AND s.verdict = 'aceita' ORDER BY s.position DESC LIMIT 1) AS last FROM fetches ORDER BY feed";
    // One name after the other, as the index has them.
    const NEXT_FEED = "SELECT MIN(feed) FROM snapshots WHERE feed > $1";
    // Each load that speaks of one of them, and whether it counted by `$17` and counts now.
    const LOADS = concat!(
        "SELECT t.window_id, s.id, s.feed, s.taken_at, s.position, m.bytes, CASE WHEN ",
        accepted_then!("$17"),
        " THEN 1 ELSE 0 END AS counted, CASE WHEN s.verdict = 'aceita' THEN 1 ELSE 0 END AS counts ",
        "FROM snapshot_tallies t JOIN snapshots s ON s.id = t.snapshot JOIN mappings m ON m.sha256 = s.mapping WHERE ",
        among!("t.window_id")
    );
    const LAST_NOW = "SELECT id, taken_at, position FROM snapshots WHERE feed = $1 AND verdict = 'aceita' \
                      ORDER BY position DESC LIMIT 1";
    const CONFIRMED_THEN = "SELECT MAX(confirmed_at) FROM confirmations WHERE snapshot = $1 AND confirmed_at <= $2";
    const LAST_THEN = concat!(
        "SELECT s.id, s.taken_at, s.position FROM snapshots s WHERE s.feed = $2 AND s.verdict = $3 AND ",
        accepted_then!("$1"),
        " ORDER BY s.position DESC LIMIT 1"
    );
}

/// Begins the line of a mapping with the columns that the load came in; its other lines name its pages.
const FORM: &str = "forma\t";

impl Store {
    /// All that the feeds said, as it stands now.
    pub async fn status(&self) -> Result<StatusBook, StoreError> {
        book(&mut *self.db.view().await?, None).await
    }

    /// The same of some windows alone.
    pub async fn status_of(&self, windows: &BTreeSet<WindowId>) -> Result<StatusBook, StoreError> {
        book(&mut *self.db.view().await?, Some(windows)).await
    }

    /// The load of each feed that rules, now or by an earlier instant. A feed whose last accepted load no longer counts,
    /// because it was switched off after that, has none until it brings another.
    pub async fn ruling_loads(
        &self,
        at: Option<Timestamp>,
    ) -> Result<BTreeMap<FeedId, RulingLoad>, StoreError> {
        let mut view = self.db.view().await?;
        let until = at.unwrap_or(Timestamp::MAX);
        let retired = Retired::until(&mut view, until).await?;
        let (mut loads, mut name) = (BTreeMap::new(), String::new());
        while let Some(feed) = next_feed(&mut view, &name).await? {
            feed.as_str().clone_into(&mut name);
            let last = match at {
                Some(at) => last_then(&mut view, &feed, at).await?,
                None => last_now(&mut view, &feed).await?,
            };
            let Some(last) = last.filter(|last| retired.last(&feed).is_none_or(|gone| last.arrival > gone))
            else {
                continue;
            };
            let confirmed_at = confirmed_then(&mut view, &last, until).await?;
            loads.insert(feed, RulingLoad { snapshot: last.snapshot, taken_at: last.taken_at, confirmed_at });
        }
        Ok(loads)
    }

    /// What the feeds had said of some windows by `at`, taken in anew from the evidence of each accepted snapshot that
    /// speaks of one. Of a window of which no other count now than counted then, that is what is kept as it stands. Fetches
    /// that found the last load unchanged by then count too; of those from before `guardar_anos` only what a decision rested
    /// on is kept, in its entry.
    pub async fn status_as_known(
        &self,
        windows: &BTreeSet<WindowId>,
        at: Timestamp,
    ) -> Result<StatusBook, StoreError> {
        let mut view = self.db.view().await?;
        let mut book = StatusBook::default();
        let (retired, since) = (Retired::until(&mut view, at).await?, Retired::all(&mut view).await?);
        let mut told: BTreeMap<(FeedId, WindowId), Vec<Told>> = BTreeMap::new();
        for row in rows_of_at(&mut view, LOADS, windows, Some(ms(at))).await? {
            let cells = Cells::of("snapshots", &row);
            let [counted, counts] = ["counted", "counts"].map(|name| cells.get::<i64>(name));
            let window = cells.parsed("window_id", |t| WindowId::parse(t).ok())?;
            let load = load(&cells, &retired)?;
            let page = page_of(cells.get("bytes")?, &window).map_err(|()| cells.corrupt("mapping"))?;
            let told = told.entry((load.feed.clone(), window)).or_default();
            let (counted, counts) = (counted? != 0, counts? != 0);
            told.push(Told { page: page.to_owned(), load, counted, counts });
        }
        let (mut standing, mut anew) = (BTreeSet::new(), Vec::new());
        for ((feed, window), mut told) in told {
            if told.iter().all(|told| told.counted == told.counts) && retired.says_of(&feed, &since) {
                standing.insert((feed, window));
                continue;
            }
            told.retain(|told| told.counted);
            told.sort_by_key(|told| told.load.arrival);
            anew.push((window, taken_in_anew(&mut view, &told).await?));
        }
        for row in rows_of(&mut view, KNOWN_AMONG, windows).await? {
            let known = known(&row)?;
            if standing.contains(&(known.feed.clone(), known.window.clone())) {
                book.restore(known.window.clone(), known.feed.clone(), move || known.entries());
            }
        }
        for (window, known) in anew {
            book.put(window, known);
        }
        let mut name = String::new();
        while let Some(feed) = next_feed(&mut view, &name).await? {
            if let Some(last) = last_then(&mut view, &feed, at).await? {
                let confirmed_at = confirmed_then(&mut view, &last, at).await?;
                book.fetched(&feed, &last.snapshot, confirmed_at);
            }
            feed.as_str().clone_into(&mut name);
        }
        retired.apply(&mut book);
        Ok(book)
    }
}

/// The load that says what a feed says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulingLoad {
    pub snapshot: SnapshotId,
    pub taken_at: Timestamp,
    /// When it was taken, or when a later fetch last found it unchanged.
    pub confirmed_at: Timestamp,
}

/// A load that speaks of a window.
struct Told {
    load: Load,
    /// The digest of what it says of it.
    page: String,
    /// Whether it counted then.
    counted: bool,
    /// Whether it counts now.
    counts: bool,
}

/// What one feed said of a window, load after load.
async fn taken_in_anew(
    conn: &mut Conn,
    told: &[Told],
) -> Result<Vec<(MunicipalityCode, StatusEntry)>, StoreError> {
    let (mut known, mut last) = (Vec::new(), None);
    for Told { load, page, .. } in told {
        // What a feed says of a window is often what it said the day before.
        let row = match last.take().filter(|(of, _)| *of == page) {
            Some((_, row)) => Some(row),
            None => bound!(PAGE, page).fetch_optional(&mut *conn).await?,
        };
        let corrupt =
            || StoreError::Corrupt { table: "snapshots", column: "mapping", key: load.snapshot.to_string() };
        let row = row.ok_or_else(corrupt)?;
        let text = std::str::from_utf8(Cells::of("pages", &row).get("bytes")?).map_err(|_| corrupt())?;
        page::take_in(&mut known, text, load).map_err(|_| corrupt())?;
        last = Some((page, row));
    }
    Ok(known)
}

/// What the feeds said of some windows, or of all, as part of a longer reading.
pub(crate) async fn book(
    view: &mut Conn,
    windows: Option<&BTreeSet<WindowId>>,
) -> Result<StatusBook, StoreError> {
    let mut book = StatusBook::default();
    let rows = match windows {
        None => bound!(KNOWN).fetch_all(&mut *view).await?,
        Some(windows) => rows_of(view, KNOWN_AMONG, windows).await?,
    };
    for row in &rows {
        let known = known(row)?;
        book.restore(known.window.clone(), known.feed.clone(), move || known.entries());
    }
    for row in bound!(FETCHES).fetch_all(&mut *view).await? {
        let cells = Cells::of("fetches", &row);
        let feed = cells.parsed("feed", |t| FeedId::parse(t).ok())?;
        let last = cells.parsed("last", |t| SnapshotId::parse(t).ok())?;
        book.fetched(&feed, &last, cells.instant("fetched_at")?);
    }
    Retired::all(view).await?.apply(&mut book);
    Ok(book)
}

/// The feed whose name comes after one, of those that ever brought a load.
async fn next_feed(conn: &mut Conn, after: &str) -> Result<Option<FeedId>, StoreError> {
    let row = bound!(NEXT_FEED, after).fetch_one(conn).await?;
    let Some(feed) = row.try_get::<Option<String>, _>(0)? else { return Ok(None) };
    let corrupt = || StoreError::Corrupt { table: "snapshots", column: "feed", key: feed.clone() };
    FeedId::parse(&feed).map(Some).map_err(|_| corrupt())
}

/// The last load of a feed that was accepted by an instant. What people have believed or refused since stands under another
/// word today.
async fn last_then(conn: &mut Conn, feed: &FeedId, at: Timestamp) -> Result<Option<Last>, StoreError> {
    let mut last: Option<Last> = None;
    for verdict in [Verdict::Accepted, Verdict::Quarantined] {
        let asked = bound!(LAST_THEN, ms(at), feed.as_str(), verdict.as_str());
        let found = asked.fetch_optional(&mut *conn).await?.as_ref().map(Last::of).transpose()?;
        last = last.into_iter().chain(found).max_by_key(|last| last.arrival);
    }
    Ok(last)
}

/// The last load of a feed that is accepted.
async fn last_now(conn: &mut Conn, feed: &FeedId) -> Result<Option<Last>, StoreError> {
    bound!(LAST_NOW, feed.as_str()).fetch_optional(conn).await?.as_ref().map(Last::of).transpose()
}

/// The last accepted load of a feed.
struct Last {
    snapshot: SnapshotId,
    taken_at: Timestamp,
    /// Its place among all loads.
    arrival: u64,
}

impl Last {
    fn of(row: &Row) -> Result<Self, StoreError> {
        let cells = Cells::of("snapshots", row);
        Ok(Self {
            snapshot: cells.parsed("id", |t| SnapshotId::parse(t).ok())?,
            taken_at: cells.instant("taken_at")?,
            arrival: cells.number("position")?,
        })
    }
}

/// When a load was taken, or a later fetch had last found it unchanged by an instant.
async fn confirmed_then(conn: &mut Conn, load: &Last, at: Timestamp) -> Result<Timestamp, StoreError> {
    let row = bound!(CONFIRMED_THEN, load.snapshot.as_str(), ms(at)).fetch_one(conn).await?;
    let confirmed: Option<i64> = row.try_get(0)?;
    let confirmed = confirmed.and_then(|at| Timestamp::from_millisecond(at).ok());
    Ok(confirmed.map_or(load.taken_at, |at| at.max(load.taken_at)))
}

/// The load that a row of `snapshots` tells of: `id`, `feed`, `position` and `taken_at`.
pub(crate) fn load(cells: &Cells<'_>, retired: &Retired) -> Result<Load, StoreError> {
    let feed = cells.parsed("feed", |t| FeedId::parse(t).ok())?;
    let arrival = cells.number("position")?;
    Ok(Load {
        snapshot: cells.parsed("id", |t| SnapshotId::parse(t).ok())?,
        arrival,
        after: retired.before(&feed, arrival),
        feed,
        taken_at: cells.instant("taken_at")?,
    })
}

/// Keeps what a snapshot says, page by page; gives the mapping that names the pages.
pub(super) async fn keep(
    conn: &mut Conn,
    observations: &Observations,
    form: Option<&str>,
) -> Result<String, StoreError> {
    let mut mapping = form.map(|form| format!("{FORM}{}\n", page::escaped(form))).unwrap_or_default();
    for of_window in observations.pages() {
        let text = page::said(of_window.each());
        let digest = sha256(text.as_bytes());
        bound!(PUT_PAGE, &digest, text.as_bytes()).execute(&mut *conn).await?;
        mapping.push_str(of_window.window().as_str());
        mapping.push('\t');
        mapping.push_str(&digest);
        mapping.push('\n');
    }
    Ok(mapping)
}

/// Windows and digests of the pages that a mapping names, each if it can be read.
pub(crate) fn index(mapping: &[u8]) -> impl Iterator<Item = Option<(WindowId, &str)>> {
    let lines = mapping.split(|b| *b == b'\n');
    lines.filter(|line| !line.is_empty() && !line.starts_with(FORM.as_bytes())).map(|line| {
        let (window, sha256) = std::str::from_utf8(line).ok()?.split_once('\t')?;
        Some((WindowId::parse(window).ok()?, sha256))
    })
}

/// The digest of what a mapping says of a window.
fn page_of<'m>(mapping: &'m [u8], window: &WindowId) -> Result<&'m str, ()> {
    let mut found = None;
    for entry in index(mapping) {
        let (of, sha256) = entry.ok_or(())?;
        if of == *window {
            found = Some(sha256);
        }
    }
    found.ok_or(())
}

/// The columns that a load came in, where its mapping tells.
pub(crate) fn form(mapping: &[u8]) -> Option<String> {
    let line = mapping.split(|b| *b == b'\n').find_map(|line| line.strip_prefix(FORM.as_bytes()))?;
    std::str::from_utf8(line).ok().map(page::unescaped)
}

/// What a mapping says of some windows; nothing for a mapping that cannot be read.
pub(crate) async fn said_of(
    conn: &mut Conn,
    mapping: &[u8],
    only: &BTreeSet<WindowId>,
) -> Result<Option<Vec<(WindowId, Vec<Observation>)>>, StoreError> {
    let mut pages = Vec::new();
    for entry in index(mapping) {
        let Some((window, sha256)) = entry else { return Ok(None) };
        if only.contains(&window) {
            let Some(said) = said(conn, &window, sha256).await? else { return Ok(None) };
            pages.push((window, said));
        }
    }
    Ok(Some(pages))
}

/// What a page of that digest says; nothing when there is none or it cannot be read.
pub(crate) async fn said(
    conn: &mut Conn,
    window: &WindowId,
    sha256: &str,
) -> Result<Option<Vec<Observation>>, StoreError> {
    let Some(row) = bound!(PAGE, sha256).fetch_optional(conn).await? else { return Ok(None) };
    let bytes: &[u8] = Cells::of("pages", &row).get("bytes")?;
    Ok(std::str::from_utf8(bytes).ok().and_then(|text| page::read_said(window, text).ok()))
}

/// What is known of a window from one feed, as it is kept: a line with the digest of the rest, and a page.
#[derive(Debug)]
pub(crate) struct KnownWindow {
    pub(crate) feed: FeedId,
    pub(crate) window: WindowId,
    page: String,
}

impl KnownWindow {
    /// Reads the page. Its digest is right, so it is as it was written.
    pub(crate) fn entries(&self) -> Vec<(MunicipalityCode, StatusEntry)> {
        page::read_known(&self.feed, &self.page).unwrap_or_default()
    }
}

/// What is known of a window; it is read when somebody asks, its digest vouches for it until then.
pub(crate) fn known(row: &Row) -> Result<KnownWindow, StoreError> {
    let cells = Cells::of("status_pages", row);
    let feed = cells.parsed("feed", |t| FeedId::parse(t).ok())?;
    let window = cells.parsed("window_id", |t| WindowId::parse(t).ok())?;
    let kept = std::str::from_utf8(cells.get("bytes")?).ok().and_then(|text| text.split_once('\n'));
    let (digest, page) = kept.ok_or_else(|| cells.corrupt("bytes"))?;
    if sha256(page.as_bytes()) != digest {
        return Err(cells.corrupt("bytes"));
    }
    Ok(KnownWindow { feed, window, page: page.to_owned() })
}

/// The bytes that are kept of a page.
pub(crate) fn bytes(page: &str) -> Vec<u8> {
    format!("{}\n{page}", sha256(page.as_bytes())).into_bytes()
}

/// Takes an accepted snapshot's observations into what is known from its feed, a window at a time.
pub(super) async fn absorb(
    conn: &mut Conn,
    load: &Load,
    observations: &Observations,
) -> Result<(), StoreError> {
    let feed = &load.feed;
    for page in observations.pages() {
        let window = page.window();
        let row = bound!(KNOWN_OF, feed.as_str(), window.as_str()).fetch_optional(&mut *conn).await?;
        let known = row.as_ref().map(known).transpose()?;
        let mut known = known.map(|known| known.entries()).unwrap_or_default();
        if load.after.is_some() {
            let spoken = page.each().map(|said| (said.municipality, said.part.clone())).collect();
            page::put_aside(&mut known, &spoken, load);
        }
        let text = taken_in(known, page, load);
        bound!(PUT_KNOWN, feed.as_str(), window.as_str(), bytes(&text)).execute(&mut *conn).await?;
    }
    Ok(())
}

/// The page of what is known of a window once a load was taken in. Both lie sorted by municipality, part and unit, so they
/// are walked side by side; a law holds this against the book (`the_book_kept_is_the_book_in_memory`).
fn taken_in(known: Vec<(MunicipalityCode, StatusEntry)>, said: Page<'_>, load: &Load) -> String {
    let mut writer = PageWriter::default();
    let (mut known, mut said) = (known.into_iter().peekable(), said.each().peekable());
    while let Some(first) = said.next() {
        let about = first.key();
        let place = |known: &(MunicipalityCode, StatusEntry)| {
            (known.0, &known.1.part, known.1.unit.as_ref()).cmp(&about)
        };
        while let Some((code, entry)) = known.next_if(|known| place(known).is_lt()) {
            writer.put_known(code, &entry);
        }
        let known = known.next_if(|known| place(known).is_eq()).map(|(_, entry)| entry);
        let mut entry = StatusEntry::after(known, first, load, Belief::Cautious);
        while let Some(again) = said.next_if(|said| said.key() == about) {
            entry = StatusEntry::after(Some(entry), again, load, Belief::Cautious);
        }
        writer.put_known(about.0, &entry);
    }
    for (code, entry) in known {
        writer.put_known(code, &entry);
    }
    writer.text
}

/// Puts what a book of one feed knows of a window in the place of what was known.
pub(super) async fn put_known(
    conn: &mut Conn,
    feed: &FeedId,
    window: &WindowId,
    book: &StatusBook,
) -> Result<(), StoreError> {
    let bytes = bytes(&written(book, window));
    bound!(PUT_KNOWN, feed.as_str(), window.as_str(), bytes).execute(conn).await?;
    Ok(())
}

/// The page of what a book of one feed knows of a window.
pub(crate) fn written(book: &StatusBook, window: &WindowId) -> String {
    let of_window = book.window(window);
    let mut all: Vec<(MunicipalityCode, &StatusEntry)> =
        of_window.all().flat_map(|(code, entries)| entries.iter().map(move |entry| (code, entry))).collect();
    all.sort_by(|(a, x), (b, y)| (a, &x.part, &x.unit).cmp(&(b, &y.part, &y.unit)));
    page::known(all)
}
