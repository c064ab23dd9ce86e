//! What attempts came to, and what a crash left on the wire.

use jiff::Timestamp;
use serde_json::json;
use sqlx::sqlite::SqliteRow;

use super::cell::{Cells, ms};
use super::chain::{Chain, Line, sha256};
use super::contact;
use super::db::{Conn, detached};
use super::journal::EntryKind;
use super::lock::LedgerLock;
use super::sql::{bound, statements};
use super::{DeliveryId, Store, StoreError};
use crate::domain::delivery::{DeliveryState, Outcome};
use crate::domain::id::EmailAddress;
use crate::domain::notice::NoticeKey;

statements! {
    const ON_THE_WIRE = "SELECT id, notice_key, version, role, address, attempts, reached_at, sending_at \
                         FROM deliveries WHERE id = $1 AND fence = $2 AND state = 'enviando'";
    const ALL_ON_THE_WIRE = "SELECT id, notice_key, version, role, address, attempts, reached_at, sending_at \
                             FROM deliveries WHERE state = 'enviando' ORDER BY id";
    const SETTLE = "UPDATE deliveries SET state = $2, reached_at = $3, next_attempt_at = $4, settled_at = $5, \
                    reply = $6, owner = NULL, lease_until = NULL WHERE id = $1";
    const ATTEMPT = "INSERT INTO attempts (delivery, n, started_at, ended_at, outcome, reply) \
                     VALUES ($1, $2, $3, $4, $5, $6)";
    const DROP_LEASES = "UPDATE deliveries SET owner = NULL, lease_until = NULL, fence = fence + 1 \
                         WHERE lease_until IS NOT NULL OR state = 'enviando'";
}

/// What the journal says of an attempt that a crash cut off.
const CUT_OFF: &str = "o serviço parou durante o envio; a resposta do servidor não é conhecida";

/// The end of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Which delivery.
    pub delivery: DeliveryId,
    /// The claim it was sent under.
    pub fence: i64,
    /// What it came to.
    pub outcome: Outcome,
    /// When the attempt began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// When to try again; only heeded for *adiado* and *incerto*; absent: never.
    pub next_attempt_at: Option<Timestamp>,
}

/// What became of a settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// The delivery stands so now. A letter that may have been taken before stays *incerto* when a repetition is only
    /// put off.
    Done(DeliveryState),
    /// The claim is not the latest, or the delivery is no longer on the wire: nothing changed.
    Stale,
}

/// `ao_incerto`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnUncertain {
    /// *reenviar*: repeat with the same Message-ID.
    Resend,
    /// *reter*: leave it.
    Withhold,
}

impl Store {
    /// Records what attempts came to, all in one transaction. The answer has one entry for each, in order. A refused
    /// address is flagged; one that takes a letter is no longer.
    ///
    /// # Errors
    /// A fault of the database; then nothing is recorded.
    pub async fn settle(&self, settled: Vec<Settled>) -> Result<Vec<Settlement>, StoreError> {
        let db = self.db.clone();
        detached(async move {
            let mut tx = db.begin().await?;
            let mut chain = Chain::resume(&mut tx).await?;
            let mut done = Vec::with_capacity(settled.len());
            for one in &settled {
                let row =
                    bound!(ON_THE_WIRE, one.delivery.as_str(), one.fence).fetch_optional(&mut *tx).await?;
                let Some(row) = row else {
                    done.push(Settlement::Stale);
                    continue;
                };
                let wire = OnTheWire::read(&row)?;
                done.push(Settlement::Done(end(&mut tx, &mut chain, &wire, one).await?));
            }
            chain.save(&mut tx).await?;
            tx.commit().await?;
            Ok(done)
        })
        .await
    }

    /// Tidies up after a process that ended without settling: what it left *enviando* becomes *incerto*, and is due
    /// at `now` unless it is to be left; every lease is free. Answers which notices that touched. The lock proves that
    /// nobody is sending.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], or a fault of the database.
    pub async fn recover(
        &self,
        _lock: &LedgerLock,
        now: Timestamp,
        uncertain: OnUncertain,
    ) -> Result<Vec<NoticeKey>, StoreError> {
        let db = self.db.clone();
        detached(async move {
            let mut tx = db.begin().await?;
            let mut chain = Chain::resume(&mut tx).await?;
            bound!(DROP_LEASES).execute(&mut *tx).await?;
            let rows = bound!(ALL_ON_THE_WIRE).fetch_all(&mut *tx).await?;
            let mut keys = Vec::with_capacity(rows.len());
            for row in &rows {
                let wire = OnTheWire::read(row)?;
                let cut_off = Settled {
                    delivery: wire.id.clone(),
                    fence: 0,
                    outcome: Outcome::Uncertain { reply: CUT_OFF.to_owned() },
                    started_at: wire.sending_at,
                    ended_at: now,
                    next_attempt_at: match uncertain {
                        OnUncertain::Resend => Some(now),
                        OnUncertain::Withhold => None,
                    },
                };
                end(&mut tx, &mut chain, &wire, &cut_off).await?;
                keys.push(wire.key);
            }
            chain.save(&mut tx).await?;
            tx.commit().await?;
            Ok(keys)
        })
        .await
    }
}

/// A delivery that a sender has on the wire.
struct OnTheWire {
    id: DeliveryId,
    key: NoticeKey,
    version: i64,
    role: String,
    address: EmailAddress,
    attempt: i64,
    reached_at: Option<Timestamp>,
    sending_at: Timestamp,
}

impl OnTheWire {
    fn read(row: &SqliteRow) -> Result<Self, StoreError> {
        let cells = Cells::of("deliveries", row);
        Ok(Self {
            id: DeliveryId::from_store(cells.get("id")?),
            key: cells.parsed("notice_key", NoticeKey::parse)?,
            version: cells.get("version")?,
            role: cells.get("role")?,
            address: cells.parsed("address", |t| EmailAddress::parse(t).ok())?,
            attempt: cells.get("attempts")?,
            reached_at: cells.instant_opt("reached_at")?,
            sending_at: cells.instant("sending_at")?,
        })
    }

    /// Where it stands after an outcome, and since when the relay may have the letter.
    fn after(&self, settled: &Settled) -> (DeliveryState, Option<Timestamp>) {
        match (settled.outcome.state(), self.reached_at) {
            (DeliveryState::Deferred, Some(reached)) => (DeliveryState::Uncertain, Some(reached)),
            (state, reached) if state.reaches() => {
                (state, reached.or(Some(settled.started_at.max(self.sending_at))))
            }
            (state, _) => (state, None),
        }
    }
}

async fn end(
    conn: &mut Conn,
    chain: &mut Chain,
    wire: &OnTheWire,
    settled: &Settled,
) -> Result<DeliveryState, StoreError> {
    let (state, reached_at) = wire.after(settled);
    let reply = settled.outcome.reply();
    let repeatable = matches!(state, DeliveryState::Deferred | DeliveryState::Uncertain);
    let next = settled.next_attempt_at.filter(|_| repeatable).map(ms);
    bound!(SETTLE, wire.id.as_str(), state.as_str(), reached_at.map(ms), next, ms(settled.ended_at), reply)
        .execute(&mut *conn)
        .await?;
    let outcome = settled.outcome.state().as_str();
    let (started_at, ended_at) = (ms(settled.started_at), ms(settled.ended_at));
    bound!(ATTEMPT, wire.id.as_str(), wire.attempt, started_at, ended_at, outcome, reply)
        .execute(&mut *conn)
        .await?;
    match state {
        DeliveryState::Refused => contact::flag(conn, &wire.address, settled.ended_at, reply).await?,
        DeliveryState::Accepted => contact::unflag(conn, &wire.address).await?,
        _ => {}
    }
    let key = wire.key.to_string();
    let line = Line {
        at: settled.ended_at,
        kind: EntryKind::Delivery,
        subject: &key,
        window: wire.key.window(),
        municipality: wire.key.municipality(),
        body: json!({
            "entrega": wire.id.as_str(),
            "papel": wire.role,
            "versao": wire.version,
            "estado": state.as_str(),
            "tentativa": wire.attempt,
            "resultado": outcome,
            "resposta_sha256": sha256(reply.as_bytes()),
            "proxima": next.map(|_| settled.next_attempt_at.map(|at| at.to_string())),
        }),
    };
    chain.append(conn, line).await?;
    Ok(state)
}
