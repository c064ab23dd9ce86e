//! Signs of life: the heartbeat, the silence that a start discovers, and how far time has come.
//!
//! The high-water mark is the latest instant at which the daemon itself was at work with a clock that it believed. It is
//! raised by passes and heartbeats alone, and taken back by `relogio corrigir` (`clock`).

use jiff::{SignedDuration, Timestamp};

use super::chain::{Chain, Line};
use super::ledger::outage;
use super::{Store, StoreError};
use crate::database::cell::{Cells, ms};
use crate::database::db::{Conn, written};
use crate::database::sql::{bound, statements};
use crate::domain::delivery::QueueStop;
use crate::domain::journal::{self, Text};
use crate::domain::time::Leap;
use crate::plan::ledger::Outage;

statements! {
    const SIGNS = "SELECT id, born_at, last_pass_at, heartbeat_at, high_water, relay_failing_since, panel_failing_since, \
                   panel_failure, leap_from, leap_to, \
                   stop_since, stop_until, stop_times, stop_over, head_seq, head_hash FROM meta WHERE id = 1";
    const BEAT = "UPDATE meta SET heartbeat_at = CASE WHEN heartbeat_at > $1 THEN heartbeat_at ELSE $1 END, \
                  high_water = CASE WHEN high_water > $1 THEN high_water ELSE $1 END, \
                  last_pass_at = CASE WHEN last_pass_at < $2 THEN $2 ELSE last_pass_at END WHERE id = 1";
    const RELAY_FAILS = "UPDATE meta SET relay_failing_since = COALESCE(relay_failing_since, $1) WHERE id = 1";
    const RELAY_TAKES = "UPDATE meta SET relay_failing_since = NULL WHERE id = 1 AND relay_failing_since IS NOT NULL";
    const PANEL_FAILS = "UPDATE meta SET panel_failing_since = COALESCE(panel_failing_since, $1), panel_failure = $2 \
                         WHERE id = 1";
    const PANEL_STANDS = "UPDATE meta SET panel_failing_since = NULL, panel_failure = NULL \
                          WHERE id = 1 AND panel_failing_since IS NOT NULL";
    const LEAP = "UPDATE meta SET leap_from = $1, leap_to = $2 WHERE id = 1";
    const ANY_NOTICE = "SELECT COUNT(*) FROM (SELECT 1 FROM notices LIMIT 1) AS found";
    const PUT_OUTAGE = "INSERT INTO outages (from_at, until_at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
}

/// A longer silence than this between the stored heartbeat and a start is an outage.
const SILENCE: SignedDuration = SignedDuration::from_hours(24);

/// The ledger's signs of life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signs {
    /// The first pass.
    pub born_at: Option<Timestamp>,
    pub last_pass_at: Option<Timestamp>,
    /// The last heartbeat.
    pub heartbeat_at: Option<Timestamp>,
    /// The latest instant at which the daemon was at work.
    pub high_water: Option<Timestamp>,
    /// Since when the relay takes nothing; absent: it took the last letter.
    pub relay_failing_since: Option<Timestamp>,
    /// Since when the panel cannot be served, and why not; absent: it is, or none is wished for.
    pub panel_failing: Option<(Timestamp, String)>,
    /// The leap of the clock that nobody vouched for yet.
    pub leap: Option<Leap>,
    /// The last time that the queue stood still because letters came back.
    pub stop: Option<QueueStop>,
    /// How many entries the journal has.
    pub journal_seq: i64,
    /// The hash of the last one: who notes it elsewhere can prove later that nothing before it was changed.
    pub journal_hash: String,
}

impl Store {
    /// Notes a start at `now`. A ledger with notices whose heartbeat is more than 24 h old had an outage, which is
    /// recorded and answered, once: what of the silence is recorded already (`assumir` says so of a copy, and names the batch
    /// that waits for it) is no second one.
    pub async fn begin(&self, now: Timestamp) -> Result<Option<Outage>, StoreError> {
        written!(self.db, |tx| {
            let any: i64 = bound!(ANY_NOTICE).fetch_one(&mut tx).await?.try_get(0)?;
            let known = outage(&mut tx, ms(now)).await?.map(|known| known.until);
            let silent = signs(&mut tx)
                .await?
                .heartbeat_at
                .map(|last| known.map_or(last, |until| last.max(until)))
                .filter(|last| any > 0 && now.duration_since(*last) > SILENCE)
                .map(|from| Outage { from, until: now });
            if let Some(outage) = silent {
                put_outage(&mut tx, outage, now).await?;
            }
            bound!(BEAT, ms(now), None::<i64>).execute(&mut tx).await?;
            silent
        })
    }

    /// Notes that the daemon is alive.
    pub async fn heartbeat(&self, now: Timestamp) -> Result<(), StoreError> {
        self.beat(now, None).await
    }

    /// The same, with when the last pass was made that found nothing to note.
    pub async fn beat(&self, now: Timestamp, passed_at: Option<Timestamp>) -> Result<(), StoreError> {
        written!(self.db, unheard, |tx| {
            bound!(BEAT, ms(now), passed_at.map(ms)).execute(&mut tx).await?;
        })?;
        self.note_witness(now).await
    }

    /// Notes that the relay fails and the queue rests (`since` the first such round), or that it takes letters.
    pub async fn note_relay(&self, failing_at: Option<Timestamp>) -> Result<(), StoreError> {
        written!(self.db, quietly, |tx| {
            match failing_at {
                Some(at) => bound!(RELAY_FAILS, ms(at)).execute(&mut tx).await?,
                None => bound!(RELAY_TAKES).execute(&mut tx).await?,
            };
        })
    }

    /// Notes that the panel cannot be served, and why not, or that it is or need not be.
    pub async fn note_panel(&self, failing: Option<(Timestamp, String)>) -> Result<(), StoreError> {
        written!(self.db, quietly, |tx| {
            match failing {
                Some((at, why)) => bound!(PANEL_FAILS, ms(at), why).execute(&mut tx).await?,
                None => bound!(PANEL_STANDS).execute(&mut tx).await?,
            };
        })
    }

    /// Keeps a leap of the clock until it is vouched for or gone, or that there is none any more.
    pub async fn note_leap(&self, leap: Option<Leap>) -> Result<(), StoreError> {
        written!(self.db, |tx| {
            let (from, to) = (leap.map(|leap| ms(leap.from)), leap.map(|leap| ms(leap.to)));
            bound!(LEAP, from, to).execute(&mut tx).await?;
        })
    }

    /// The ledger's signs of life.
    pub async fn signs(&self) -> Result<Signs, StoreError> {
        signs(&mut *self.db.read().await?).await
    }
}

/// Records a time in which the service did not send from this ledger.
pub(super) async fn put_outage(conn: &mut Conn, outage: Outage, now: Timestamp) -> Result<(), StoreError> {
    bound!(PUT_OUTAGE, ms(outage.from), ms(outage.until)).execute(&mut *conn).await?;
    let told = journal::Outage { from: Text(outage.from), until: Text(outage.until) };
    Chain::tell(conn, Line::new(now, "servico", told)).await
}

pub(crate) async fn signs(conn: &mut Conn) -> Result<Signs, StoreError> {
    let row = bound!(SIGNS).fetch_one(conn).await?;
    let cells = Cells::of("meta", &row);
    Ok(Signs {
        born_at: cells.instant_opt("born_at")?,
        last_pass_at: cells.instant_opt("last_pass_at")?,
        heartbeat_at: cells.instant_opt("heartbeat_at")?,
        high_water: cells.instant_opt("high_water")?,
        relay_failing_since: cells.instant_opt("relay_failing_since")?,
        panel_failing: cells.instant_opt("panel_failing_since")?.zip(cells.get("panel_failure")?),
        leap: match (cells.instant_opt("leap_from")?, cells.instant_opt("leap_to")?) {
            (Some(from), Some(to)) => Some(Leap { from, to }),
            (_, _) => None,
        },
        stop: match (cells.instant_opt("stop_since")?, cells.instant_opt("stop_until")?) {
            (Some(since), Some(until)) => Some(QueueStop {
                since,
                until,
                times: cells.number("stop_times")?,
                is_over: cells.get::<i64>("stop_over")? != 0,
            }),
            (_, _) => None,
        },
        journal_seq: cells.get("head_seq")?,
        journal_hash: cells.get("head_hash")?,
    })
}
