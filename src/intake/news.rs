//! What was found in the news, whether staff were told, and who saw it.

use jiff::Timestamp;

use crate::database::cell::{Cells, ms};
use crate::database::db::written;
use crate::database::engine::Row;
use crate::database::sql::{bound, statements};
use crate::domain::id::{FeedId, Reference, SystemId};
use crate::domain::journal::{Found, Seen, Text};
use crate::domain::news::{Finding, FindingId, Guess, NewsDoubt, Topic};
use crate::domain::overrides::Authorship;
use crate::store::chain::{Chain, Line};
use crate::store::{Store, StoreError};

macro_rules! list {
    ($which:literal) => {
        concat!(
            "SELECT id, feed, system, topic, title, link, quote, published_on, opens_on, deadline_on, \
             deadline_at, refs, written, doubts, found_at, quiet, told_at, seen_at, seen_by, seen_note FROM news_findings WHERE ",
            $which,
            " ORDER BY found_at, id"
        )
    };
}

statements! {
    const PUT = "INSERT INTO news_findings (id, feed, system, topic, title, link, quote, published_on, opens_on, \
                 deadline_on, deadline_at, refs, written, doubts, found_at, quiet) VALUES ($1, $2, $3, $4, $5, $6, \
                 $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT (id) DO NOTHING";
    const LIST = list!("found_at >= $1");
    const ONE = list!("id = $1");
    const UNTOLD = list!("told_at IS NULL AND quiet = 0");
    const TELL = "UPDATE news_findings SET told_at = $2 WHERE id = $1 AND told_at IS NULL";
    const SEE = "UPDATE news_findings SET seen_at = $2, seen_by = $3, seen_note = $4 WHERE id = $1 AND seen_at IS NULL";
    const LOOKED = "SELECT looked_at FROM news_looks WHERE feed = $1";
    const LOOK = "INSERT INTO news_looks (feed, looked_at) VALUES ($1, $2) \
                  ON CONFLICT (feed) DO UPDATE SET looked_at = $2";
}

/// A finding and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingLine {
    pub finding: Finding,
    pub found_at: Timestamp,
    /// Whether it was too old to be told.
    pub quiet: bool,
    /// When staff were told.
    pub told_at: Option<Timestamp>,
    /// Who saw it, what they noted, and when.
    pub seen: Option<Authorship>,
}

/// A finding and whether it is too old to be told.
pub type NewFinding = (Finding, bool);

impl Store {
    /// Records what one look at a source found; what was found before stays as it was. Answers how many are new.
    pub async fn record_findings(
        &self,
        feed: FeedId,
        findings: Vec<NewFinding>,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        written!(self.db, |tx| {
            bound!(LOOK, feed.as_str(), ms(now)).execute(&mut tx).await?;
            let mut chain = Chain::resume(&mut tx).await?;
            let mut new = 0;
            for (finding, quiet) in &findings {
                let Finding { id, feed, system, topic, title, link, quote, published_on, guess } = finding;
                let Guess { opens_on, deadline_on, references, written, deadline_at, doubts } = guess;
                let doubts: Vec<&str> = doubts.iter().map(|doubt| doubt.as_str()).collect();
                let day = |day: &Option<jiff::civil::Date>| day.map(|day| day.to_string());
                let references: Vec<String> = references.iter().map(ToString::to_string).collect();
                let put = bound!(
                    PUT,
                    id.as_str(),
                    feed.as_str(),
                    system.as_str(),
                    topic.as_str(),
                    title,
                    link,
                    quote,
                    day(published_on),
                    day(opens_on),
                    day(deadline_on),
                    deadline_at.map(|at| at.to_string()),
                    references.join(" "),
                    written.join("\n"),
                    doubts.join(" "),
                    ms(now),
                    i64::from(*quiet)
                );
                if put.execute(&mut tx).await?.rows_affected() == 0 {
                    continue;
                }
                new += 1;
                let told = Found {
                    feed: Text(feed.clone()),
                    system: Text(system.clone()),
                    topic: topic.as_str().to_owned(),
                    title: title.clone(),
                    link: link.clone(),
                    quote: quote.clone(),
                    published_on: published_on.map(Text),
                    is_old: *quiet,
                };
                chain.append(Line::new(now, id.as_str(), told));
            }
            chain.save(&mut tx).await?;
            new
        })
    }

    /// When a source could last be read.
    pub async fn news_looked_at(&self, feed: &FeedId) -> Result<Option<Timestamp>, StoreError> {
        bound!(LOOKED, feed.as_str())
            .first(&self.db, |row| Cells::of("news_looks", row).instant("looked_at"))
            .await
    }

    /// Findings from an instant on, oldest first.
    pub async fn findings(&self, since: Timestamp) -> Result<Vec<FindingLine>, StoreError> {
        bound!(LIST, ms(since)).all(&self.db, line).await
    }

    /// One finding.
    pub async fn finding(&self, id: &FindingId) -> Result<Option<FindingLine>, StoreError> {
        let mut conn = self.db.read().await?;
        bound!(ONE, id.as_str()).fetch_optional(&mut conn).await?.as_ref().map(line).transpose()
    }

    /// Findings that staff are still to be told of, oldest first.
    pub async fn untold_findings(&self) -> Result<Vec<FindingLine>, StoreError> {
        bound!(UNTOLD).all(&self.db, line).await
    }

    /// Notes that staff were told.
    pub async fn note_findings_told(&self, ids: Vec<FindingId>, now: Timestamp) -> Result<(), StoreError> {
        written!(self.db, |tx| {
            for id in &ids {
                bound!(TELL, id.as_str(), ms(now)).execute(&mut tx).await?;
            }
        })
    }

    /// Notes that somebody saw a finding; the first who did stands. Answers whether it was unseen.
    pub async fn see_finding(&self, id: FindingId, by: Authorship) -> Result<bool, StoreError> {
        written!(self.db, |tx| {
            let seen = bound!(SEE, id.as_str(), ms(by.at), &by.author, &by.reason).execute(&mut tx).await?;
            if seen.rows_affected() == 0 {
                return Ok(false);
            }
            let told = Seen { author: by.author, reason: by.reason };
            Chain::tell(&mut tx, Line::new(by.at, id.as_str(), told)).await?;
            true
        })
    }
}

fn line(row: &Row) -> Result<FindingLine, StoreError> {
    let cells = Cells::of("news_findings", row);
    let references: Option<Vec<Reference>> =
        cells.get::<&str>("refs")?.split_whitespace().map(|text| Reference::parse(text).ok()).collect();
    let doubts: Option<Vec<NewsDoubt>> =
        cells.get::<&str>("doubts")?.split_whitespace().map(NewsDoubt::parse).collect();
    let finding = Finding {
        id: FindingId::new(cells.get("id")?),
        feed: cells.parsed("feed", |t| FeedId::parse(t).ok())?,
        system: cells.parsed("system", |t| SystemId::parse(t).ok())?,
        topic: cells.parsed("topic", Topic::parse)?,
        title: cells.get("title")?,
        link: cells.get("link")?,
        quote: cells.get("quote")?,
        published_on: cells.parsed_opt("published_on", |t| t.parse().ok())?,
        guess: Guess {
            opens_on: cells.parsed_opt("opens_on", |t| t.parse().ok())?,
            deadline_on: cells.parsed_opt("deadline_on", |t| t.parse().ok())?,
            deadline_at: cells.parsed_opt("deadline_at", |t| t.parse().ok())?,
            doubts: doubts.ok_or_else(|| cells.corrupt("doubts"))?,
            references: references.ok_or_else(|| cells.corrupt("refs"))?,
            written: cells.get::<&str>("written")?.lines().map(str::to_owned).collect(),
        },
    };
    let seen = match cells.instant_opt("seen_at")? {
        None => None,
        Some(at) => Some(Authorship { author: cells.get("seen_by")?, reason: cells.get("seen_note")?, at }),
    };
    Ok(FindingLine {
        finding,
        found_at: cells.instant("found_at")?,
        quiet: cells.get::<i64>("quiet")? != 0,
        told_at: cells.instant_opt("told_at")?,
        seen,
    })
}
