//! The outbox: who takes which delivery, and what is marked before the network is touched.
//!
//! A claim is a lease with a fence: a number that grows with each claim, so that whoever lost its lease can neither
//! send nor settle.
//!
//! Of what is due, the nearest end of validity leaves first, and the longest due of those that end together; what has no
//! validity (to staff, or that a window stopped) before either. If any order lets everything leave in time, this one does
//! (decision 0280).

use std::collections::HashSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::letter::unpack;
use super::{DeliveryId, Store, StoreError};
use crate::database::batch::Batch;
use crate::database::cell::{Cells, count, ms};
use crate::database::db::{detached, written};
use crate::database::engine::Row;
use crate::database::sql::{bound, statements};
use crate::domain::delivery::DeliveryState;
use crate::domain::id::EmailAddress;
use crate::domain::notice::NoticeKey;
use crate::domain::roster::Role;

/// How long a claim keeps others away while nothing was sent.
const LEASE: SignedDuration = SignedDuration::from_mins(10);

/// Whether a delivery is of an alert to staff.
macro_rules! of_an_alert {
    () => {
        "(notice_key LIKE 'geral/alerta-%' OR notice_key LIKE '%@%/alerta-%')"
    };
}

/// What is due, in their order, after whatever goes before it.
macro_rules! claim {
    ($before:literal) => {
        concat!(
            "UPDATE deliveries SET owner = $1, fence = fence + 1, lease_until = $3 WHERE id IN ( ",
            "SELECT id FROM deliveries WHERE next_attempt_at <= $2 AND stopped_at IS NULL ",
            "AND state IN ('registrado', 'adiado', 'incerto') ",
            "AND ($5 = 0 OR ",
            of_an_alert!(),
            ") ",
            "AND (valid_until IS NULL OR valid_until > $2) AND (lease_until IS NULL OR lease_until <= $2) ORDER BY ",
            $before,
            "COALESCE(valid_until, next_attempt_at), next_attempt_at, notice_key, version, address LIMIT $4) ",
            "AND stopped_at IS NULL AND (lease_until IS NULL OR lease_until <= $2) RETURNING id"
        )
    };
}

statements! {
    const CLAIM = claim!("");
    // What was never tried goes before what was: seldom asked, and of as many as probe, so that no index is worth it.
    const CLAIM_PROBE = claim!("COALESCE(sending_at, 0), ");
    // What `refusal::is_of_the_login` says is about the relay, at whatever step.
    const CLAIMED = "SELECT d.id, d.fence, d.notice_key, d.version, l.message_id, d.address, d.role, l.bytes, \
                     d.attempts, d.valid_until, d.state, d.reached_at, CASE WHEN d.attempts = 0 THEN 0 ELSE \
                     (SELECT COUNT(*) FROM attempts a WHERE a.delivery = d.id AND a.reply LIKE '5%' \
                     AND substr(a.reply, 1, 3) NOT IN ('530', '534', '535', '538')) END AS refusals \
                     FROM deliveries d \
                     JOIN letters l ON l.notice_key = d.notice_key AND l.version = d.version \
                     WHERE d.owner = $1 AND d.lease_until = $2 \
                     ORDER BY COALESCE(d.valid_until, d.next_attempt_at), d.next_attempt_at, d.notice_key, d.version, \
                     d.address";
    // Marked again by the same claim at the same instant, it is marked once: a commit may be done and its answer lost.
    const MARK = "UPDATE deliveries SET state = 'enviando', sending_at = claims.column3, \
                  attempts = attempts + CASE WHEN state = 'enviando' THEN 0 ELSE 1 END \
                  FROM (VALUES ($1, $2, $3), ($4, $5, $6), ($7, $8, $9), ($10, $11, $12)) AS claims \
                  WHERE deliveries.id = claims.column1 AND fence = claims.column2 AND owner IS NOT NULL \
                  AND stopped_at IS NULL AND (state IN ('registrado', 'adiado', 'incerto') \
                  OR (state = 'enviando' AND sending_at = claims.column3)) \
                  AND (valid_until IS NULL OR valid_until > claims.column3) RETURNING deliveries.id, fence";
    const RELEASE = "UPDATE deliveries SET owner = NULL, lease_until = NULL \
                     FROM (VALUES ($1, $2), ($3, $4), ($5, $6), ($7, $8)) AS claims \
                     WHERE deliveries.id = claims.column1 AND fence = claims.column2 \
                     AND state IN ('registrado', 'adiado', 'incerto')";
    // What was not sent stands as before it was marked, and a mark that is still on its way finds the claim gone.
    const GIVE_BACK = "UPDATE deliveries SET owner = NULL, lease_until = NULL, fence = fence + 1, state = claims.column3, \
                       attempts = claims.column4, sending_at = (SELECT a.started_at FROM attempts a \
                       WHERE a.delivery = claims.column1 AND a.n = claims.column4) \
                       FROM (VALUES ($1, $2, $3, $4), ($5, $6, $7, $8), ($9, $10, $11, $12), ($13, $14, $15, $16)) \
                       AS claims WHERE deliveries.id = claims.column1 AND fence = claims.column2 \
                       AND deliveries.state IN ('registrado', 'adiado', 'incerto', 'enviando')";
    const RELEASE_ALL = "UPDATE deliveries SET owner = NULL, lease_until = NULL \
                         WHERE lease_until IS NOT NULL AND owner = $1 AND state IN ('registrado', 'adiado', 'incerto')";
    const NEXT_FREE = "SELECT MIN(next_attempt_at) FROM deliveries WHERE next_attempt_at IS NOT NULL \
                       AND stopped_at IS NULL AND state IN ('registrado', 'adiado', 'incerto') \
                       AND lease_until IS NULL \
                       AND (valid_until IS NULL OR (valid_until > $1 AND valid_until > next_attempt_at))";
    const NEXT_ALERT = concat!(
        "SELECT MIN(next_attempt_at) FROM deliveries WHERE next_attempt_at IS NOT NULL AND stopped_at IS NULL ",
        "AND state IN ('registrado', 'adiado', 'incerto') AND ",
        of_an_alert!(),
        " AND (valid_until IS NULL OR (valid_until > $1 AND valid_until > next_attempt_at))"
    );
    const WAITING = "SELECT COUNT(*) FROM deliveries WHERE next_attempt_at IS NOT NULL AND stopped_at IS NULL \
                     AND state IN ('registrado', 'adiado', 'incerto') AND (valid_until IS NULL OR valid_until > $1)";
    // Queued later than now: by a clock that stood ahead.
    const OVERDUE = "SELECT COUNT(*), MIN(CASE WHEN n.queued_at > n.due_at AND n.queued_at <= $1 THEN n.queued_at \
                     ELSE n.due_at END) \
                     FROM deliveries d JOIN notices n ON n.notice_key = d.notice_key \
                     WHERE d.next_attempt_at IS NOT NULL AND d.stopped_at IS NULL \
                     AND d.state IN ('registrado', 'adiado', 'incerto', 'enviando') \
                     AND (d.valid_until IS NULL OR d.valid_until > $1) AND n.due_at <= $2 \
                     AND (n.queued_at IS NULL OR n.queued_at <= $2 OR n.queued_at > $1)";
    const QUEUED = "SELECT state, COUNT(*), MIN(next_attempt_at) FROM deliveries WHERE next_attempt_at IS NOT NULL \
                    AND stopped_at IS NULL AND (valid_until IS NULL OR valid_until > $1) GROUP BY state";
    // The journal tells of each attempt when it ends, and is in the order of time.
    const ATTEMPTED = "SELECT a.started_at, a.outcome FROM attempts a WHERE a.started_at >= $1 AND a.delivery IN \
                       (SELECT d.id FROM journal j JOIN deliveries d ON d.notice_key = j.subject \
                       WHERE j.at >= $1 AND j.kind = 'entrega') ORDER BY a.started_at";
    const NEXT_LEASED = "SELECT MIN(CASE WHEN lease_until > next_attempt_at THEN lease_until \
                         ELSE next_attempt_at END) FROM deliveries WHERE lease_until IS NOT NULL \
                         AND next_attempt_at IS NOT NULL AND stopped_at IS NULL \
                         AND state IN ('registrado', 'adiado', 'incerto') \
                         AND (valid_until IS NULL OR (valid_until > $1 AND valid_until > next_attempt_at))";
}

/// A delivery taken to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub delivery: DeliveryId,
    /// The number of this claim.
    pub fence: i64,
    pub key: NoticeKey,
    pub version: u16,
    pub message_id: String,
    /// The envelope's recipient.
    pub address: EmailAddress,
    pub role: Role,
    /// Exactly what goes after DATA.
    pub bytes: Arc<[u8]>,
    /// Attempts made before.
    pub attempts: u32,
    /// Those of them that the relay answered with a 5xx, but for those with which it does not let us in. Also what it said
    /// at MAIL or before counts here: whoever sends takes that off.
    pub refusals: u32,
    /// Until when it may leave; absent: for ever.
    pub valid_until: Option<Timestamp>,
    /// Where it stands: registrado, adiado or incerto.
    pub state: DeliveryState,
    /// Since when the relay may have it, where an earlier attempt was *incerto*.
    pub reached_at: Option<Timestamp>,
}

/// Which letters to claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// All.
    All = 0,
    /// Alerts alone.
    Staff = 1,
}

/// Which of them goes first.
#[derive(Debug, Clone, Copy)]
enum Turn {
    /// What ends first.
    Validity,
    /// What was tried longest ago.
    Rest,
}

impl Claim {
    /// What makes it the latest: the delivery, and the number of this claim.
    pub(super) fn lease(&self) -> (DeliveryId, i64) {
        (self.delivery.clone(), self.fence)
    }
}

impl Store {
    /// What waits to leave, by state, each with when the first of it is due.
    pub async fn queued(
        &self,
        now: Timestamp,
    ) -> Result<Vec<(DeliveryState, u64, Option<Timestamp>)>, StoreError> {
        bound!(QUEUED, ms(now))
            .all(&self.db, |row: &Row| {
                let cells = Cells::of("deliveries", row);
                let state = cells.parsed("state", DeliveryState::parse)?;
                let (many, first): (i64, Option<i64>) = (row.try_get(1)?, row.try_get(2)?);
                let first = first.and_then(|at| Timestamp::from_millisecond(at).ok());
                Ok((state, u64::try_from(many).unwrap_or_default(), first))
            })
            .await
    }

    /// Takes at most `limit` deliveries that are due at `now`, the nearest end of validity first. A claim that is neither sent
    /// nor given back may be taken by others ten minutes later.
    pub async fn claim(&self, owner: &str, now: Timestamp, limit: usize) -> Result<Vec<Claim>, StoreError> {
        self.claim_of(Turn::Validity, Whose::All, owner, now, limit).await
    }

    /// The same, alerts alone: what may leave while the clock is not believed.
    pub async fn claim_alerts(
        &self,
        owner: &str,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Claim>, StoreError> {
        self.claim_of(Turn::Validity, Whose::Staff, owner, now, limit).await
    }

    /// The same of those that may show whether the relay takes letters again: what was never tried first, then what was tried
    /// longest ago, so that no letter is the probe twice while there is another.
    pub async fn claim_probe(
        &self,
        whose: Whose,
        owner: &str,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Claim>, StoreError> {
        self.claim_of(Turn::Rest, whose, owner, now, limit).await
    }

    async fn claim_of(
        &self,
        turn: Turn,
        whose: Whose,
        owner: &str,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Claim>, StoreError> {
        let owner = owner.to_owned();
        written!(self.db, unheard, |tx| {
            let lease = now.saturating_add(LEASE).unwrap_or(Timestamp::MAX);
            let (until, most, of) = (ms(lease), count(limit), whose as i64);
            let claim = match turn {
                Turn::Validity => bound!(CLAIM, &owner, ms(now), until, most, of),
                Turn::Rest => bound!(CLAIM_PROBE, &owner, ms(now), until, most, of),
            };
            let ids = claim.fetch_all(&mut tx).await?;
            let ids = ids.iter().map(|row| row.try_get(0)).collect::<Result<HashSet<String>, _>>()?;
            let mut claims = Vec::with_capacity(ids.len());
            // Also what the same owner claimed at the same instant before.
            for row in bound!(CLAIMED, &owner, ms(lease)).fetch_all(&mut tx).await? {
                if ids.contains(row.try_get::<&str, _>(0)?) {
                    claims.extend(claimed(&row)?);
                }
            }
            claims
        })
    }

    /// Marks claims *enviando*, durably. Only those given back may be sent: the others were stopped, ran out of their
    /// validity, or were taken by somebody else meanwhile.
    ///
    /// # Errors
    /// A fault of the database; then none of them may be sent.
    pub async fn mark_sending(&self, claims: Vec<Claim>, now: Timestamp) -> Result<Vec<Claim>, StoreError> {
        Ok(self.settle_and_mark(Vec::new(), claims, now).await?.1)
    }

    /// Gives back claims of which nothing was sent: each delivery stands as before it was claimed, also where it was marked
    /// *enviando* and whoever asked for that was not told (a commit may be done and its answer lost).
    ///
    /// # Errors
    /// A fault of the database: the claims are to be given back again, and until then nobody else sends what is marked.
    pub async fn release(&self, claims: Vec<Claim>) -> Result<(), StoreError> {
        if claims.is_empty() {
            return Ok(());
        }
        let db = self.db.clone();
        detached(async move {
            let tx = db.begin_quietly().await?;
            tx.commit_with(giving_back(&claims)).await.map(drop)
        })
        .await
    }

    /// Gives back whatever `owner` has claimed and not marked *enviando*: for when a fault kept it from doing so, and
    /// none of its senders is at work.
    pub async fn release_all(&self, owner: &str) -> Result<(), StoreError> {
        let owner = owner.to_owned();
        written!(self.db, quietly, |tx| {
            bound!(RELEASE_ALL, &owner).execute(&mut tx).await?;
        })
    }

    /// How many deliveries are still to be tried, or tried again, as far as is known at `now`.
    pub async fn waiting(&self, now: Timestamp) -> Result<usize, StoreError> {
        let mut conn = self.db.read().await?;
        let n: i64 = bound!(WAITING, ms(now)).fetch_one(&mut conn).await?.try_get(0)?;
        Ok(usize::try_from(n).unwrap_or(0))
    }

    /// How many deliveries could have left by `limit` and are still to be tried, tried again or on their way at `now`; and
    /// since when the longest of them waits.
    pub async fn overdue(
        &self,
        now: Timestamp,
        limit: Timestamp,
    ) -> Result<Option<(usize, Timestamp)>, StoreError> {
        let mut conn = self.db.read().await?;
        let row = bound!(OVERDUE, ms(now), ms(limit)).fetch_one(&mut conn).await?;
        let (letters, since): (i64, Option<i64>) = (row.try_get(0)?, row.try_get(1)?);
        let since = since.map(|at| instant(at, "due_at")).transpose()?;
        Ok(since.map(|since| (usize::try_from(letters).unwrap_or(0), since)))
    }

    /// When attempts began, since an instant, oldest first, by what the journal tells since, and what each came to.
    pub async fn attempts_since(
        &self,
        since: Timestamp,
    ) -> Result<Vec<(Timestamp, DeliveryState)>, StoreError> {
        bound!(ATTEMPTED, ms(since))
            .all(&self.db, |row| {
                let cells = Cells::of("attempts", row);
                Ok((cells.instant("started_at")?, cells.parsed("outcome", DeliveryState::parse)?))
            })
            .await
    }

    /// When the next alert is to leave, as far as is known at `now`; nothing means never.
    pub async fn next_alert_due(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let mut conn = self.db.read().await?;
        let next: Option<i64> = bound!(NEXT_ALERT, ms(now)).fetch_one(&mut conn).await?.try_get(0)?;
        next.map(|at| instant(at, "next_attempt_at")).transpose()
    }

    /// When the outbox has something to claim next, as far as is known at `now`; an instant not after `now` means at
    /// once, nothing means never.
    pub async fn next_due(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let mut view = self.db.view().await?;
        let free: Option<i64> = bound!(NEXT_FREE, ms(now)).fetch_one(&mut view).await?.try_get(0)?;
        let leased: Option<i64> = bound!(NEXT_LEASED, ms(now)).fetch_one(&mut view).await?.try_get(0)?;
        let next = [free, leased].into_iter().flatten().min();
        next.map(|at| instant(at, "next_attempt_at")).transpose()
    }
}

fn instant(at: i64, column: &'static str) -> Result<Timestamp, StoreError> {
    let corrupt = |_| StoreError::Corrupt { table: "deliveries", column, key: at.to_string() };
    Timestamp::from_millisecond(at).map_err(corrupt)
}

/// Marks claims *enviando*, each at its instant, and then gives back those that may not be sent. [`marked`] reads which
/// were.
pub(super) fn marking<'q>(claims: &[(&'q Claim, Timestamp)]) -> Batch<'q> {
    let mut batch = Batch::of_rows(MARK, claims, |query, claim| {
        query
            .bind(claim.map(|(claim, _)| claim.delivery.as_str()))
            .bind(claim.map(|(claim, _)| claim.fence))
            .bind(claim.map(|(_, now)| ms(now)))
    });
    batch.append(releasing(&claims.iter().map(|(claim, _)| *claim).collect::<Vec<_>>()));
    batch
}

/// The claims that were marked, of the rows of what [`marking`] asked for.
pub(super) fn marked(rows: impl Iterator<Item = Vec<Row>>) -> Result<HashSet<(DeliveryId, i64)>, StoreError> {
    rows.flatten().map(|row| Ok((DeliveryId::from_store(row.try_get(0)?), row.try_get(1)?))).collect()
}

/// Gives claims back, but for those that are on the wire.
fn releasing<'q>(claims: &[&'q Claim]) -> Batch<'q> {
    Batch::of_rows(RELEASE, claims, |query, claim| {
        query.bind(claim.map(|claim| claim.delivery.as_str())).bind(claim.map(|claim| claim.fence))
    })
}

/// Gives claims back as if they had never been.
fn giving_back(claims: &[Claim]) -> Batch<'_> {
    Batch::of_rows(GIVE_BACK, &claims.iter().collect::<Vec<_>>(), |query, claim| {
        query
            .bind(claim.map(|claim| claim.delivery.as_str()))
            .bind(claim.map(|claim| claim.fence))
            .bind(claim.map(|claim| claim.state.as_str()))
            .bind(claim.map(|claim| i64::from(claim.attempts)))
    })
}

/// Nothing for a letter whose bytes are damaged: it keeps its lease, so that it keeps no other waiting. `livro conferir` and
/// the self-audit name it, and `saude` what is late.
fn claimed(row: &Row) -> Result<Option<Claim>, StoreError> {
    let cells = Cells::of("deliveries", row);
    let Some(bytes) = cells.get::<Option<&[u8]>>("bytes")?.and_then(unpack) else { return Ok(None) };
    Ok(Some(Claim {
        delivery: DeliveryId::from_store(cells.get("id")?),
        fence: cells.get("fence")?,
        key: cells.parsed("notice_key", NoticeKey::parse)?,
        version: cells.number("version")?,
        message_id: cells.get("message_id")?,
        address: cells.parsed("address", |t| EmailAddress::parse(t).ok())?,
        role: cells.parsed("role", Role::parse)?,
        bytes: bytes.into(),
        attempts: cells.number("attempts")?,
        refusals: cells.number("refusals")?,
        valid_until: cells.instant_opt("valid_until")?,
        state: cells.parsed("state", DeliveryState::parse)?,
        reached_at: cells.instant_opt("reached_at")?,
    }))
}
