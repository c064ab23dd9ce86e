//! How fetching goes: each feed's last run and its next, and crawls that are under way.
//!
//! Nothing here is evidence, so nothing of it is told in the journal: what a run brings becomes a snapshot.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::database::cell::{Cells, count, ms};
use crate::database::db::written;
use crate::database::engine::Row;
use crate::database::sql::{bound, statements};
use crate::domain::id::FeedId;
use crate::store::{Store, StoreError};

statements! {
    const RUNS = "SELECT feed, tried_at, next_at, failures, failure FROM feed_runs ORDER BY feed";
    const RUN = "SELECT feed, tried_at, next_at, failures, failure FROM feed_runs WHERE feed = $1";
    const PUT_RUN = "INSERT INTO feed_runs (feed, tried_at, next_at, failures, failure) VALUES ($1, $2, $3, $4, $5) \
                     ON CONFLICT (feed) DO UPDATE SET tried_at = excluded.tried_at, next_at = excluded.next_at, \
                     failures = excluded.failures, failure = excluded.failure";
    const CRAWL = "SELECT feed, plan, started_at, pages FROM crawls WHERE feed = $1";
    const PAGES = "SELECT page, fetched_at, place, length, sha256, failure FROM crawl_pages WHERE feed = $1 \
                   ORDER BY page";
    const DROP_PAGES = "DELETE FROM crawl_pages WHERE feed = $1";
    const DROP_CRAWL = "DELETE FROM crawls WHERE feed = $1";
    const PUT_CRAWL = "INSERT INTO crawls (feed, plan, started_at, pages) VALUES ($1, $2, $3, $4)";
    const PUT_PAGE = "INSERT INTO crawl_pages (feed, page, fetched_at, place, length, sha256, failure) \
                      VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (feed, page) DO UPDATE SET \
                      fetched_at = excluded.fetched_at, place = excluded.place, length = excluded.length, \
                      sha256 = excluded.sha256, failure = excluded.failure";
    const PROGRESS = "SELECT c.feed, c.started_at, c.pages, COUNT(p.page) AS settled, COUNT(p.failure) AS failed \
                      FROM crawls c LEFT JOIN crawl_pages p ON p.feed = c.feed \
                      GROUP BY c.feed, c.started_at, c.pages ORDER BY c.feed";
}

/// How the last run of a feed went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedRun {
    pub tried_at: Timestamp,
    /// When the next one is due; absent: none is planned.
    pub next_at: Option<Timestamp>,
    /// How many failed in a row, this one included.
    pub failures: u32,
    /// Why it brought nothing, for staff; absent: it did.
    pub failure: Option<String>,
}

/// A crawl that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crawl {
    /// Digest of the feed and its pages.
    pub plan: String,
    pub started_at: Timestamp,
    /// Pages settled so far, by key.
    pub pages: BTreeMap<String, CrawlPage>,
}

/// A page of a crawl, had or given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrawlPage {
    pub fetched_at: Timestamp,
    /// Where its bytes begin in the crawl's file.
    pub place: u64,
    pub length: u64,
    /// Their SHA-256, hexadecimal; empty when there are none.
    pub sha256: String,
    /// Why it could not be had, for staff.
    pub failure: Option<String>,
}

/// How far a crawl is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CrawlProgress {
    pub started_at: Timestamp,
    pub pages: usize,
    /// How many are settled, failed ones included.
    pub settled: usize,
    /// How many of those could not be had.
    pub failed: usize,
}

impl Store {
    /// The last run of each feed that ever ran.
    pub async fn feed_runs(&self) -> Result<BTreeMap<FeedId, FeedRun>, StoreError> {
        bound!(RUNS)
            .all(&self.db, |row| {
                let feed = Cells::of("feed_runs", row).parsed("feed", |t| FeedId::parse(t).ok())?;
                Ok((feed, run(row)?))
            })
            .await
    }

    /// The last run of one feed.
    pub async fn feed_run(&self, feed: &FeedId) -> Result<Option<FeedRun>, StoreError> {
        let mut conn = self.db.read().await?;
        bound!(RUN, feed.as_str()).fetch_optional(&mut conn).await?.as_ref().map(run).transpose()
    }

    /// Notes how a run went.
    pub async fn note_run(&self, feed: &FeedId, run: FeedRun) -> Result<(), StoreError> {
        let feed = feed.clone();
        written!(self.db, |tx| {
            bound!(
                PUT_RUN,
                feed.as_str(),
                ms(run.tried_at),
                run.next_at.map(ms),
                i64::from(run.failures),
                run.failure
            )
            .execute(&mut tx)
            .await?;
        })
    }

    /// The crawl of a feed that is under way.
    pub async fn crawl(&self, feed: &FeedId) -> Result<Option<Crawl>, StoreError> {
        let mut view = self.db.view().await?;
        let Some(row) = bound!(CRAWL, feed.as_str()).fetch_optional(&mut view).await? else {
            return Ok(None);
        };
        let cells = Cells::of("crawls", &row);
        let pages = bound!(PAGES, feed.as_str()).fetch_all(&mut view).await?;
        Ok(Some(Crawl {
            plan: cells.get("plan")?,
            started_at: cells.instant("started_at")?,
            pages: pages.iter().map(page).collect::<Result<_, _>>()?,
        }))
    }

    /// Begins a crawl of so many pages; what an older one of the feed had is forgotten.
    pub async fn begin_crawl(
        &self,
        feed: &FeedId,
        plan: &str,
        pages: usize,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (feed, plan) = (feed.clone(), plan.to_owned());
        written!(self.db, |tx| {
            bound!(DROP_PAGES, feed.as_str()).execute(&mut tx).await?;
            bound!(DROP_CRAWL, feed.as_str()).execute(&mut tx).await?;
            bound!(PUT_CRAWL, feed.as_str(), plan, ms(now), count(pages)).execute(&mut tx).await?;
        })
    }

    /// Settles a page of a crawl.
    pub async fn keep_page(&self, feed: &FeedId, key: &str, page: CrawlPage) -> Result<(), StoreError> {
        let (feed, key) = (feed.clone(), key.to_owned());
        let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        written!(self.db, |tx| {
            bound!(
                PUT_PAGE,
                feed.as_str(),
                key,
                ms(page.fetched_at),
                number(page.place),
                number(page.length),
                page.sha256,
                page.failure
            )
            .execute(&mut tx)
            .await?;
        })
    }

    /// Forgets the crawl of a feed: it became a snapshot, or is given up.
    pub async fn end_crawl(&self, feed: &FeedId) -> Result<(), StoreError> {
        let feed = feed.clone();
        written!(self.db, |tx| {
            bound!(DROP_PAGES, feed.as_str()).execute(&mut tx).await?;
            bound!(DROP_CRAWL, feed.as_str()).execute(&mut tx).await?;
        })
    }

    /// How far each crawl under way is.
    pub async fn crawl_progress(&self) -> Result<BTreeMap<FeedId, CrawlProgress>, StoreError> {
        bound!(PROGRESS)
            .all(&self.db, |row| {
                let cells = Cells::of("crawls", row);
                let progress = CrawlProgress {
                    started_at: cells.instant("started_at")?,
                    pages: cells.number("pages")?,
                    settled: cells.number("settled")?,
                    failed: cells.number("failed")?,
                };
                Ok((cells.parsed("feed", |t| FeedId::parse(t).ok())?, progress))
            })
            .await
    }
}

fn run(row: &Row) -> Result<FeedRun, StoreError> {
    let cells = Cells::of("feed_runs", row);
    Ok(FeedRun {
        tried_at: cells.instant("tried_at")?,
        next_at: cells.instant_opt("next_at")?,
        failures: cells.number("failures")?,
        failure: cells.get("failure")?,
    })
}

fn page(row: &Row) -> Result<(String, CrawlPage), StoreError> {
    let cells = Cells::of("crawl_pages", row);
    let page = CrawlPage {
        fetched_at: cells.instant("fetched_at")?,
        place: cells.number("place")?,
        length: cells.number("length")?,
        sha256: cells.get("sha256")?,
        failure: cells.get("failure")?,
    };
    Ok((cells.get("page")?, page))
}
