//! Snapshots that a person believes in spite of the judge, or no longer believes.
//!
//! A ruling changes what is known as if the snapshot had been judged so when it came: the entries of its windows are
//! made anew from the evidence of every believed snapshot of the feed, in the order in which they were taken in. What
//! was known before a withdrawn snapshot so rules again. When the ruling came is kept, so that what was known at an
//! earlier instant stays what it was.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::status;
use crate::database::cell::{Cells, ms};
use crate::database::db::{Conn, written};
use crate::database::engine::Row;
use crate::database::sql::{bound, statements};
use crate::domain::id::{FeedId, SnapshotId, WindowId};
use crate::domain::journal::{self, Text, Verdict};
use crate::domain::overrides::Authorship;
use crate::domain::status::{Belief, StatusBook};
use crate::store::chain::{Chain, Line};
use crate::store::retired::Retired;
use crate::store::{Store, StoreError};

statements! {
    const ONE = "SELECT id, feed, verdict FROM snapshots WHERE id = $1";
    const WINDOWS = "SELECT window_id FROM snapshot_tallies WHERE snapshot = $1 ORDER BY window_id";
    const SET = "UPDATE snapshots SET verdict = $2 WHERE id = $1";
    const NEXT = "SELECT COALESCE(MAX(position), 0) + 1 FROM snapshot_rulings";
    const PUT = "INSERT INTO snapshot_rulings (position, snapshot, ruled_at, before, verdict, author, reason) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7)";
    const BELIEVED = "SELECT s.id, s.feed, s.taken_at, s.position, m.bytes FROM snapshots s \
                      JOIN mappings m ON m.sha256 = s.mapping \
                      WHERE s.feed = $1 AND s.verdict = 'aceita' AND s.position > $2 \
                      ORDER BY s.position LIMIT 1";
    const FORGET = "DELETE FROM status_pages WHERE feed = $1 AND window_id = $2";
    const LAST_FETCH = "SELECT COALESCE((SELECT MAX(c.confirmed_at) FROM confirmations c WHERE c.snapshot = s.id \
                        AND c.confirmed_at > s.taken_at), s.taken_at) FROM snapshots s WHERE s.feed = $1 \
                        AND s.verdict = 'aceita' ORDER BY s.position DESC LIMIT 1";
    const SET_FETCH = "INSERT INTO fetches (feed, fetched_at) VALUES ($1, $2) \
                       ON CONFLICT (feed) DO UPDATE SET fetched_at = excluded.fetched_at";
    const FORGET_FETCH = "DELETE FROM fetches WHERE feed = $1";
    const LIST = "SELECT r.position, r.snapshot, s.feed, r.ruled_at, r.verdict, r.author, r.reason \
                  FROM snapshot_rulings r JOIN snapshots s ON s.id = r.snapshot \
                  WHERE $1 IS NULL OR EXISTS (SELECT 1 FROM snapshot_tallies t \
                  WHERE t.snapshot = r.snapshot AND t.window_id = $1) ORDER BY r.position";
    const REFUSED = "SELECT r.position, r.snapshot, s.feed, r.ruled_at, r.verdict, r.author, r.reason \
                     FROM snapshot_rulings r JOIN snapshots s ON s.id = r.snapshot \
                     WHERE s.feed = $1 AND s.sha256 = $2 ORDER BY r.position DESC LIMIT 1";
}

/// What a person decided about a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    pub snapshot: SnapshotId,
    pub feed: FeedId,
    pub verdict: Verdict,
    pub by: Authorship,
}

/// What became of an attempt to rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruled {
    /// It is done; these windows may stand otherwise now.
    Done {
        /// Of which feed the snapshot is.
        feed: FeedId,
        windows: BTreeSet<WindowId>,
    },
    /// There is no such snapshot.
    Unknown,
    /// It stood so already.
    Already,
    /// Nothing could be read of it, so there is nothing to believe.
    Empty,
}

impl Store {
    /// Believes a quarantined snapshot, or withdraws a believed one.
    pub async fn rule(
        &self,
        snapshot: &SnapshotId,
        verdict: Verdict,
        by: Authorship,
    ) -> Result<Ruled, StoreError> {
        let id = snapshot.clone();
        written!(self.db, |tx| {
            let Some(row) = bound!(ONE, id.as_str()).fetch_optional(&mut tx).await? else {
                return Ok(Ruled::Unknown);
            };
            let cells = Cells::of("snapshots", &row);
            let before = cells.parsed("verdict", Verdict::parse)?;
            let feed = cells.parsed("feed", |t| FeedId::parse(t).ok())?;
            let mut windows = BTreeSet::new();
            for row in bound!(WINDOWS, id.as_str()).fetch_all(&mut tx).await? {
                let cells = Cells::of("snapshot_tallies", &row);
                windows.insert(cells.parsed("window_id", |t| WindowId::parse(t).ok())?);
            }
            if before == verdict {
                return Ok(Ruled::Already);
            }
            if windows.is_empty() && verdict == Verdict::Accepted {
                return Ok(Ruled::Empty);
            }
            bound!(SET, id.as_str(), verdict.as_str()).execute(&mut tx).await?;
            put(&mut tx, &id, (before, verdict), &by).await?;
            remake(&mut tx, &feed, &windows).await?;
            let told = journal::Ruled {
                verdict,
                snapshot: Text(id.clone()),
                feed: Text(feed.clone()),
                windows: windows.iter().cloned().map(Text).collect(),
                author: by.author,
                reason: by.reason,
            };
            Chain::tell(&mut tx, Line::new(by.at, id.as_str(), told)).await?;
            Ruled::Done { feed, windows }
        })
    }

    /// What people decided about snapshots, oldest first: all, or of those that speak of a window.
    pub async fn rulings(&self, window: Option<&WindowId>) -> Result<Vec<Ruling>, StoreError> {
        bound!(LIST, window.map(WindowId::as_str)).all(&self.db, ruling).await
    }

    /// Who refused a snapshot of a feed with these very bytes, if that was the last word on them.
    pub async fn refused(&self, feed: &FeedId, sha256: &str) -> Result<Option<Ruling>, StoreError> {
        let mut conn = self.db.read().await?;
        let row = bound!(REFUSED, feed.as_str(), sha256).fetch_optional(&mut conn).await?;
        let last = row.as_ref().map(ruling).transpose()?;
        Ok(last.filter(|ruling| ruling.verdict == Verdict::Quarantined))
    }
}

async fn put(
    conn: &mut Conn,
    id: &SnapshotId,
    (before, verdict): (Verdict, Verdict),
    by: &Authorship,
) -> Result<(), StoreError> {
    let position: i64 = bound!(NEXT).fetch_one(&mut *conn).await?.try_get(0)?;
    bound!(
        PUT,
        position,
        id.as_str(),
        ms(by.at),
        before.as_str(),
        verdict.as_str(),
        by.author.as_str(),
        by.reason.as_str()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Makes what is known of some windows from a feed anew from all that is believed of it now.
async fn remake(conn: &mut Conn, feed: &FeedId, windows: &BTreeSet<WindowId>) -> Result<(), StoreError> {
    let (mut book, mut known) = (StatusBook::default(), BTreeSet::new());
    let retired = Retired::all(conn).await?;
    let mut position = 0_i64;
    while let Some(row) = bound!(BELIEVED, feed.as_str(), position).fetch_optional(&mut *conn).await? {
        let cells = Cells::of("snapshots", &row);
        let load = status::load(&cells, &retired)?;
        let said = status::said_of(conn, cells.get("bytes")?, windows).await?;
        for (window, observations) in said.ok_or_else(|| cells.corrupt("mapping"))? {
            for observation in observations {
                book.absorb(&observation, &load, Belief::Cautious);
            }
            known.insert(window);
        }
        position = cells.get("position")?;
    }
    for window in windows {
        if known.contains(window) {
            status::put_known(conn, feed, window, &book).await?;
        } else {
            bound!(FORGET, feed.as_str(), window.as_str()).execute(&mut *conn).await?;
        }
    }
    // Fetches that found nothing new spoke of the load that was the last one then, and of no other.
    match bound!(LAST_FETCH, feed.as_str()).fetch_optional(&mut *conn).await? {
        Some(last) => bound!(SET_FETCH, feed.as_str(), last.try_get::<i64, _>(0)?).execute(conn).await?,
        None => bound!(FORGET_FETCH, feed.as_str()).execute(conn).await?,
    };
    Ok(())
}

fn ruling(row: &Row) -> Result<Ruling, StoreError> {
    let cells = Cells::of("snapshot_rulings", row);
    let at: Timestamp = cells.instant("ruled_at")?;
    Ok(Ruling {
        snapshot: cells.parsed("snapshot", |t| SnapshotId::parse(t).ok())?,
        feed: cells.parsed("feed", |t| FeedId::parse(t).ok())?,
        verdict: cells.parsed("verdict", Verdict::parse)?,
        by: Authorship { author: cells.get("author")?, reason: cells.get("reason")?, at },
    })
}
