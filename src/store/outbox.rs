//! The outbox: who takes which delivery, and what is marked before the network is touched.
//!
//! A claim is a lease with a fence: a number that grows with each claim, so that whoever lost its lease can neither
//! send nor settle.

use jiff::{SignedDuration, Timestamp};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::cell::{Cells, count, ms};
use super::db::detached;
use super::sql::{bound, statements};
use super::{DeliveryId, Store, StoreError};
use crate::domain::delivery::DeliveryState;
use crate::domain::id::EmailAddress;
use crate::domain::notice::NoticeKey;
use crate::domain::roster::Role;

/// How long a claim keeps others away while nothing was sent.
const LEASE: SignedDuration = SignedDuration::from_mins(10);

statements! {
    const CLAIM = "UPDATE deliveries SET owner = $1, fence = fence + 1, lease_until = $3 WHERE id IN ( \
                   SELECT id FROM deliveries WHERE next_attempt_at <= $2 AND stopped_at IS NULL \
                   AND state IN ('registrado', 'adiado', 'incerto') \
                   AND (valid_until IS NULL OR valid_until > $2) AND (lease_until IS NULL OR lease_until <= $2) \
                   ORDER BY next_attempt_at, id LIMIT $4) \
                   AND stopped_at IS NULL AND (lease_until IS NULL OR lease_until <= $2) RETURNING id";
    const CLAIMED = "SELECT d.id, d.fence, d.notice_key, d.version, l.message_id, d.address, d.role, l.bytes, \
                     d.attempts, d.valid_until, d.state, d.next_attempt_at FROM deliveries d \
                     JOIN letters l ON l.notice_key = d.notice_key AND l.version = d.version WHERE d.id = $1";
    const MARK = "UPDATE deliveries SET state = 'enviando', sending_at = $3, attempts = attempts + 1 \
                  WHERE id = $1 AND fence = $2 AND owner IS NOT NULL AND stopped_at IS NULL \
                  AND state IN ('registrado', 'adiado', 'incerto') \
                  AND (valid_until IS NULL OR valid_until > $3)";
    const RELEASE = "UPDATE deliveries SET owner = NULL, lease_until = NULL \
                     WHERE id = $1 AND fence = $2 AND state IN ('registrado', 'adiado', 'incerto')";
    const NEXT_FREE = "SELECT next_attempt_at FROM deliveries WHERE next_attempt_at IS NOT NULL \
                       AND stopped_at IS NULL AND state IN ('registrado', 'adiado', 'incerto') \
                       AND lease_until IS NULL \
                       AND (valid_until IS NULL OR (valid_until > $1 AND valid_until > next_attempt_at)) \
                       ORDER BY next_attempt_at, id LIMIT 1";
    const WAITING = "SELECT COUNT(*) FROM deliveries WHERE next_attempt_at IS NOT NULL AND stopped_at IS NULL \
                     AND state IN ('registrado', 'adiado', 'incerto') AND (valid_until IS NULL OR valid_until > $1)";
    const ATTEMPTED = "SELECT started_at FROM attempts WHERE started_at >= $1 ORDER BY started_at";
    const NEXT_LEASED = "SELECT MIN(CASE WHEN lease_until > next_attempt_at THEN lease_until \
                         ELSE next_attempt_at END) FROM deliveries WHERE lease_until IS NOT NULL \
                         AND next_attempt_at IS NOT NULL AND stopped_at IS NULL \
                         AND state IN ('registrado', 'adiado', 'incerto') \
                         AND (valid_until IS NULL OR (valid_until > $1 AND valid_until > next_attempt_at))";
}

/// A delivery taken to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Which delivery.
    pub delivery: DeliveryId,
    /// The number of this claim.
    pub fence: i64,
    /// The notice.
    pub key: NoticeKey,
    /// Its version.
    pub version: u16,
    /// The letter's Message-ID.
    pub message_id: String,
    /// The envelope's recipient.
    pub address: EmailAddress,
    /// In which role.
    pub role: Role,
    /// Exactly what goes after DATA.
    pub bytes: Vec<u8>,
    /// Attempts made before.
    pub attempts: u32,
    /// Until when it may leave; absent: for ever.
    pub valid_until: Option<Timestamp>,
    /// Where it stands: registrado, adiado or incerto.
    pub state: DeliveryState,
}

impl Store {
    /// Takes at most `limit` deliveries that are due at `now`, the longest due first. A claim that is neither sent
    /// nor given back may be taken by others ten minutes later.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], or a fault of the database.
    pub async fn claim(&self, owner: &str, now: Timestamp, limit: usize) -> Result<Vec<Claim>, StoreError> {
        let (db, owner) = (self.db.clone(), owner.to_owned());
        detached(async move {
            let mut tx = db.begin().await?;
            let lease = now.saturating_add(LEASE).unwrap_or(Timestamp::MAX);
            let ids = bound!(CLAIM, &owner, ms(now), ms(lease), count(limit)).fetch_all(&mut *tx).await?;
            let mut claims = Vec::with_capacity(ids.len());
            for id in &ids {
                let row = bound!(CLAIMED, id.try_get::<String, _>(0)?).fetch_one(&mut *tx).await?;
                claims.push(claimed(&row)?);
            }
            tx.commit().await?;
            claims.sort_by(|(a, x), (b, y)| (a, &x.delivery).cmp(&(b, &y.delivery)));
            Ok(claims.into_iter().map(|(_, claim)| claim).collect())
        })
        .await
    }

    /// Marks claims *enviando*, durably. Only those given back may be sent: the others were stopped, ran out of their
    /// validity, or were taken by somebody else meanwhile.
    ///
    /// # Errors
    /// A fault of the database; then none of them may be sent.
    pub async fn mark_sending(&self, claims: Vec<Claim>, now: Timestamp) -> Result<Vec<Claim>, StoreError> {
        let db = self.db.clone();
        detached(async move {
            let mut tx = db.begin().await?;
            let mut marked = Vec::with_capacity(claims.len());
            for claim in claims {
                let done =
                    bound!(MARK, claim.delivery.as_str(), claim.fence, ms(now)).execute(&mut *tx).await?;
                if done.rows_affected() == 1 {
                    marked.push(claim);
                } else {
                    bound!(RELEASE, claim.delivery.as_str(), claim.fence).execute(&mut *tx).await?;
                }
            }
            tx.commit().await?;
            Ok(marked)
        })
        .await
    }

    /// Gives back claims that were not marked *enviando*. Those that were stay as they are.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn release(&self, claims: Vec<Claim>) -> Result<(), StoreError> {
        let db = self.db.clone();
        detached(async move {
            let mut tx = db.begin().await?;
            for claim in &claims {
                bound!(RELEASE, claim.delivery.as_str(), claim.fence).execute(&mut *tx).await?;
            }
            Ok(tx.commit().await?)
        })
        .await
    }

    /// How many deliveries are still to be tried, or tried again, as far as is known at `now`.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn waiting(&self, now: Timestamp) -> Result<usize, StoreError> {
        let mut conn = self.db.read().await?;
        let n: i64 = bound!(WAITING, ms(now)).fetch_one(&mut *conn).await?.try_get(0)?;
        Ok(usize::try_from(n).unwrap_or(0))
    }

    /// When attempts began, since an instant, oldest first. Reads every attempt ever made: for a start, not for a pass.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], or a fault of the database.
    pub async fn attempts_since(&self, since: Timestamp) -> Result<Vec<Timestamp>, StoreError> {
        let mut conn = self.db.read().await?;
        let rows = bound!(ATTEMPTED, ms(since)).fetch_all(&mut *conn).await?;
        rows.iter().map(|row| Cells::of("attempts", row).instant("started_at")).collect()
    }

    /// When the outbox has something to claim next, as far as is known at `now`; an instant not after `now` means at
    /// once, nothing means never.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], or a fault of the database.
    pub async fn next_due(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let mut view = self.db.view().await?;
        let free: Option<i64> = match bound!(NEXT_FREE, ms(now)).fetch_optional(&mut *view).await? {
            Some(row) => row.try_get(0)?,
            None => None,
        };
        let leased: Option<i64> = bound!(NEXT_LEASED, ms(now)).fetch_one(&mut *view).await?.try_get(0)?;
        let next = [free, leased].into_iter().flatten().min();
        next.map(|at| {
            Timestamp::from_millisecond(at).map_err(|_| StoreError::Corrupt {
                table: "deliveries",
                column: "next_attempt_at",
                key: at.to_string(),
            })
        })
        .transpose()
    }
}

fn claimed(row: &SqliteRow) -> Result<(i64, Claim), StoreError> {
    let cells = Cells::of("deliveries", row);
    let claim = Claim {
        delivery: DeliveryId::from_store(cells.get("id")?),
        fence: cells.get("fence")?,
        key: cells.parsed("notice_key", NoticeKey::parse)?,
        version: cells.number("version")?,
        message_id: cells.get("message_id")?,
        address: cells.parsed("address", |t| EmailAddress::parse(t).ok())?,
        role: cells.parsed("role", Role::parse)?,
        bytes: cells.get("bytes")?,
        attempts: cells.number("attempts")?,
        valid_until: cells.instant_opt("valid_until")?,
        state: cells.parsed("state", DeliveryState::parse)?,
    };
    Ok((cells.get("next_attempt_at")?, claim))
}
