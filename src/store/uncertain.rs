//! Letters that may have been taken and that wait for somebody to decide: by `ao_incerto = "reter"`, because a copied
//! ledger was assumed, because their repetition was refused, or because they were sent `MOST_UNCERTAIN` times and no reply
//! ever came. Staff are reminded of them once a day, by batch. What ends
//! that: somebody lets the batch go (`liberar`), something comes back of the letter, or its validity is over.

use jiff::Timestamp;

use super::chain::{Chain, Line};
use super::elsewhere::MAY_HAVE_LEFT;
use super::{DeliveryId, Store, StoreError};
use crate::database::cell::{Cells, ms};
use crate::database::db::written;
use crate::database::engine::Row;
use crate::database::sql::{bound, statements};
use crate::domain::journal::{Released, Text};
use crate::domain::notice::NoticeKey;
use crate::domain::overrides::BatchId;

statements! {
    // What a copied ledger may have sent before it was assumed waits with what fell due meanwhile.
    // `|| ''`: by `deliveries_held`, and not through every delivery in their order.
    const HELD = "SELECT d.id, d.notice_key, d.version, d.role, d.settled_at, d.valid_until, CASE WHEN d.reply = $2 THEN \
                  (SELECT MAX(o.until_at) FROM outages o WHERE o.until_at <= d.settled_at) END AS until_at, \
                  (SELECT a.reply FROM attempts a WHERE a.delivery = d.id AND a.n = d.attempts \
                  AND a.ended_at = d.settled_at AND a.outcome = 'recusado') AS refusal, \
                  (SELECT COUNT(*) FROM attempts a WHERE a.delivery = d.id AND a.outcome = 'incerto') AS times \
                  FROM deliveries d WHERE d.state = 'incerto' AND d.next_attempt_at IS NULL \
                  AND d.stopped_at IS NULL AND (d.valid_until IS NULL OR d.valid_until > $1) \
                  ORDER BY d.notice_key || '', d.version, d.address";
    const LET_GO = "UPDATE deliveries SET next_attempt_at = $2 WHERE id = $1 AND state = 'incerto' \
                    AND next_attempt_at IS NULL AND stopped_at IS NULL";
}

/// A letter to one address that may have been taken and is not repeated until somebody lets it go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldUncertain {
    pub delivery: DeliveryId,
    pub key: NoticeKey,
    /// The batch by which it is let go; absent: it is to staff, and is not held.
    pub batch: Option<BatchId>,
    /// Since when nobody knows.
    pub since: Timestamp,
    /// Until when it may be repeated; absent: always.
    pub valid_until: Option<Timestamp>,
    /// What the relay said when it refused to take the letter once more.
    pub refusal: Option<String>,
    /// How often it was sent and no reply came.
    pub times: usize,
    version: u16,
    role: String,
}

impl Store {
    /// Every uncertain letter that waits, still valid at `now`, by notice.
    pub async fn held_uncertain(&self, now: Timestamp) -> Result<Vec<HeldUncertain>, StoreError> {
        bound!(HELD, ms(now), MAY_HAVE_LEFT).all(&self.db, held).await
    }

    /// Lets the uncertain letters of a batch be repeated, with the same Message-ID. Answers how many.
    pub async fn repeat_uncertain(&self, batch: &BatchId, now: Timestamp) -> Result<usize, StoreError> {
        let batch = batch.clone();
        written!(self.db, |tx| {
            let mut chain = Chain::resume(&mut tx).await?;
            let rows = bound!(HELD, ms(now), MAY_HAVE_LEFT).fetch_all(&mut tx).await?;
            let mut repeated = 0;
            for row in &rows {
                let held = held(row)?;
                if held.batch.as_ref() != Some(&batch) {
                    continue;
                }
                bound!(LET_GO, held.delivery.as_str(), ms(now)).execute(&mut tx).await?;
                let subject = held.key.to_string();
                let told = Released {
                    delivery: held.delivery.as_str().to_owned(),
                    role: held.role,
                    version: held.version,
                    next_at: Text(now),
                };
                chain.append(Line::of_notice(now, &held.key, &subject, told));
                repeated += 1;
            }
            chain.save(&mut tx).await?;
            repeated
        })
    }
}

fn held(row: &Row) -> Result<HeldUncertain, StoreError> {
    let cells = Cells::of("deliveries", row);
    let key = cells.parsed("notice_key", NoticeKey::parse)?;
    let assumed_at = cells.instant_opt("until_at")?;
    let batch = match &key {
        NoticeKey::Municipal { window, slot, .. } => {
            Some(assumed_at.map_or_else(|| BatchId::of_slot(window, *slot), BatchId::of_outage))
        }
        NoticeKey::Staff { .. } | NoticeKey::Service { .. } => None,
    };
    Ok(HeldUncertain {
        delivery: DeliveryId::from_store(cells.get("id")?),
        batch,
        since: cells.instant("settled_at")?,
        valid_until: cells.instant_opt("valid_until")?,
        refusal: cells.get("refusal")?,
        times: cells.number("times")?,
        version: cells.number("version")?,
        role: cells.get("role")?,
        key,
    })
}
