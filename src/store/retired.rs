//! Feeds that were removed or switched off: what they said until then no longer counts, whether or not they come back.
//!
//! Only the journal keeps this, so that no table can disagree with it. What ends it is another load of the feed, which
//! counts from its own arrival on.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::chain::{Chain, Line};
use super::{Store, StoreError, journal};
use crate::database::cell::{Cells, ms};
use crate::database::db::{Conn, written};
use crate::database::sql::{bound, statements};
use crate::domain::id::FeedId;
use crate::domain::journal::{Entry, FeedAct, FeedSwitched};
use crate::domain::status::StatusBook;

statements! {
    // The index `journal_of_feeds` is for this one.
    const TOLD = "SELECT seq, at, kind, subject, window_id, municipality, body, prev_hash, hash FROM journal \
                  WHERE kind = 'fonte' AND at <= $1 ORDER BY seq";
    const SPOKE = "SELECT DISTINCT feed FROM status_pages ORDER BY feed";
    const LAST = "SELECT COALESCE(MAX(position), 0) FROM snapshots";
}

/// Which configuration switched a feed, and who put it in force.
#[derive(Debug, Clone)]
pub struct SwitchedBy {
    /// The configuration's fingerprint.
    pub configuration: String,
    pub author: String,
}

/// What the journal tells of feeds that were switched off and on again, by feed and in order: when, and the last load that
/// no longer counts.
#[derive(Debug, Default)]
pub(crate) struct Retired(BTreeMap<FeedId, Vec<(Timestamp, Option<u64>)>>);

impl Retired {
    /// What is told of them until an instant.
    pub(crate) async fn until(conn: &mut Conn, at: Timestamp) -> Result<Self, StoreError> {
        let mut retired = Self::default();
        for row in bound!(TOLD, ms(at)).fetch_all(conn).await? {
            let entry = journal::entry(&row)?;
            if let (Ok(Entry::FeedSwitched(told)), Ok(feed)) = (&entry.told, FeedId::parse(&entry.subject)) {
                retired.0.entry(feed).or_default().push((entry.at, told.last));
            }
        }
        Ok(retired)
    }

    /// All that is told of them.
    pub(crate) async fn all(conn: &mut Conn) -> Result<Self, StoreError> {
        Self::until(conn, Timestamp::MAX).await
    }

    /// The last load of a feed that no longer counts; absent when all do.
    pub(crate) fn last(&self, feed: &FeedId) -> Option<u64> {
        self.before(feed, u64::MAX)
    }

    /// The same as it was when a load arrived.
    pub(crate) fn before(&self, feed: &FeedId, arrival: u64) -> Option<u64> {
        let told = self.0.get(feed).into_iter().flatten();
        told.filter_map(|(_, last)| *last).filter(|last| *last < arrival).max()
    }

    /// Whether all is told of a feed that another knows.
    pub(crate) fn says_of(&self, feed: &FeedId, other: &Self) -> bool {
        self.0.get(feed) == other.0.get(feed)
    }

    /// Since when a feed is off; absent when it is not.
    fn since(&self, feed: &FeedId) -> Option<Timestamp> {
        let (at, last) = self.0.get(feed)?.last()?;
        last.map(|_| *at)
    }

    /// Takes out of a book what no longer counts.
    pub(crate) fn apply(&self, book: &mut StatusBook) {
        for feed in self.0.keys() {
            if let Some(last) = self.last(feed) {
                book.retire(feed, last, self.since(feed));
            }
        }
    }
}

impl Store {
    /// Notes that a feed is switched off, unless that is known: a load by hand counts from then on, and nothing before it.
    pub async fn retire_feed(&self, feed: &FeedId, by: SwitchedBy, now: Timestamp) -> Result<(), StoreError> {
        let feed = feed.clone();
        written!(self.db, |tx| {
            if Retired::all(&mut tx).await?.since(&feed).is_none() {
                tell(&mut tx, &feed, FeedAct::Retire, &by, now).await?;
            }
        })
    }
}

/// Retires the feeds that said something and are not among those that are on, and notes those that are on again.
pub(super) async fn switch(
    conn: &mut Conn,
    on: &BTreeSet<FeedId>,
    by: &SwitchedBy,
    now: Timestamp,
) -> Result<(), StoreError> {
    let retired = Retired::all(conn).await?;
    for row in bound!(SPOKE).fetch_all(&mut *conn).await? {
        let feed = Cells::of("status_pages", &row).parsed("feed", |t| FeedId::parse(t).ok())?;
        match (on.contains(&feed), retired.since(&feed)) {
            (false, None) => tell(conn, &feed, FeedAct::Retire, by, now).await?,
            (true, Some(_)) => tell(conn, &feed, FeedAct::Resume, by, now).await?,
            (true, None) | (false, Some(_)) => {}
        }
    }
    Ok(())
}

async fn tell(
    conn: &mut Conn,
    feed: &FeedId,
    act: FeedAct,
    by: &SwitchedBy,
    now: Timestamp,
) -> Result<(), StoreError> {
    let last: i64 = bound!(LAST).fetch_one(&mut *conn).await?.try_get(0)?;
    let told = FeedSwitched {
        act,
        last: (act == FeedAct::Retire).then(|| u64::try_from(last).unwrap_or_default()),
        configuration: by.configuration.clone(),
        author: by.author.clone(),
    };
    Chain::tell(conn, Line::new(now, feed.as_str(), told)).await
}
