//! What attempts came to, and what a crash left on the wire.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::chain::{Chain, Line};
use super::contact;
use super::{Claim, DeliveryId, Store, StoreError};
use crate::database::batch::Batch;
use crate::database::cell::{Cells, ms};
use crate::database::db::{Conn, written};
use crate::database::engine::Row;
use crate::database::lock::LedgerLock;
use crate::database::sql::{bound, statements};
use crate::domain::delivery::{DeliveryState, MOST_UNCERTAIN, Outcome};
use crate::domain::id::EmailAddress;
use crate::domain::journal::{Attempt, Text, Unflagging};
use crate::domain::notice::NoticeKey;
use crate::domain::refusal::Refusal;
use crate::text::digest::sha256;

statements! {
    const ALL_ON_THE_WIRE = "SELECT d.id, d.fence, d.notice_key, d.version, d.role, d.address, d.attempts, d.reached_at, \
                             d.sending_at, (SELECT COUNT(*) FROM attempts a WHERE a.delivery = d.id \
                             AND a.outcome = 'incerto') AS uncertain \
                             FROM deliveries d WHERE d.state = 'enviando' ORDER BY d.id";
    // Four at a time, as everything that is done for each letter: see `sql::ROWS`. A place not needed is NULL.
    const SETTLE = "UPDATE deliveries SET state = ends.column3, reached_at = ends.column4, \
                    next_attempt_at = ends.column5, settled_at = ends.column6, reply = ends.column7, owner = NULL, \
                    lease_until = NULL FROM (VALUES ($1, $2, $3, $4, $5, $6, $7), ($8, $9, $10, $11, $12, $13, $14), \
                    ($15, $16, $17, $18, $19, $20, $21), ($22, $23, $24, $25, $26, $27, $28)) AS ends \
                    WHERE deliveries.id = ends.column1 AND fence = ends.column2 AND deliveries.state = 'enviando' \
                    RETURNING deliveries.id, fence, \
                    (SELECT COUNT(*) FROM flagged_contacts f WHERE lower(f.address) = lower(deliveries.address))";
    const TOLD_BEFORE = "SELECT COUNT(*) FROM attempts WHERE delivery = $1 AND n = $2 AND started_at = $3 AND ended_at = $4 \
                         AND outcome = $5 AND reply = $6";
    const ATTEMPT = "INSERT INTO attempts (delivery, n, started_at, ended_at, outcome, reply) \
                     SELECT * FROM (VALUES ($1, $2, $3, $4, $5, $6), ($7, $8, $9, $10, $11, $12), \
                     ($13, $14, $15, $16, $17, $18), ($19, $20, $21, $22, $23, $24)) AS ends \
                     WHERE column1 IS NOT NULL";
    const DROP_LEASES = "UPDATE deliveries SET owner = NULL, lease_until = NULL, fence = fence + 1 \
                         WHERE id IN (SELECT id FROM deliveries WHERE lease_until IS NOT NULL \
                         UNION SELECT id FROM deliveries WHERE state = 'enviando')";
}

/// What the journal says of an attempt that a crash cut off.
const CUT_OFF: &str = "o serviço parou durante o envio; a resposta do servidor não é conhecida";

/// The end of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptEnd {
    /// The claim it was sent under, as it was marked.
    pub claim: Claim,
    pub outcome: Outcome,
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
    /// When to try again; only heeded for *adiado* and *incerto*; absent: never.
    pub next_attempt_at: Option<Timestamp>,
    /// Until when a refused address is not written to (`Refusal::rests_until`); only heeded for *recusado*.
    pub rests_until: Timestamp,
}

/// What became of a settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// The delivery stands so now, by this call or by an earlier one whose answer was lost. A letter that may have been taken
    /// before stays *incerto* when a repetition is put off, or refused for whatever but the address.
    Done(DeliveryState),
    /// The claim is not the latest, or the delivery is no longer on the wire: nothing changed.
    Stale,
}

/// `ao_incerto`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnUncertain {
    /// *reenviar*: repeat with the same Message-ID.
    Resend,
    /// *reter*: leave it, unless it is to staff: an alert held back would tell nobody.
    Withhold,
}

impl Store {
    /// Records what attempts came to, all in one transaction. The answer has one entry for each, in order. A refused
    /// address rests; one that takes a letter does no longer.
    ///
    /// # Errors
    /// A fault of the database; then nothing is recorded.
    pub async fn settle(&self, settled: Vec<AttemptEnd>) -> Result<Vec<Settlement>, StoreError> {
        let now = settled.first().map_or(Timestamp::UNIX_EPOCH, |one| one.ended_at);
        Ok(self.settle_and_mark(settled, Vec::new(), now).await?.0)
    }

    /// Tidies up after a process that ended without settling: what it left *enviando* becomes *incerto*, and is due
    /// at `now` unless it is to be left or was sent so often before; every lease is free. Answers which notices that touched. The lock proves that
    /// nobody is sending.
    pub async fn recover(
        &self,
        _lock: &LedgerLock,
        now: Timestamp,
        uncertain: OnUncertain,
    ) -> Result<Vec<NoticeKey>, StoreError> {
        written!(self.db, |tx| {
            let mut chain = Chain::resume(&mut tx).await?;
            bound!(DROP_LEASES).execute(&mut tx).await?;
            let rows = bound!(ALL_ON_THE_WIRE).fetch_all(&mut tx).await?;
            let mut keys = Vec::with_capacity(rows.len());
            let mut ends = Vec::with_capacity(rows.len());
            for row in &rows {
                let (wire, started_at) = OnTheWire::read(row)?;
                keys.push(wire.key.clone());
                let to_a_municipality = wire.key.municipality().is_some();
                let before: usize = Cells::of("deliveries", row).number("uncertain")?;
                let is_enough = before + 1 >= MOST_UNCERTAIN;
                ends.push(End {
                    wire,
                    outcome: Outcome::Uncertain { reply: CUT_OFF.to_owned() },
                    started_at,
                    ended_at: now,
                    next_attempt_at: match uncertain {
                        OnUncertain::Withhold if to_a_municipality => None,
                        OnUncertain::Resend if to_a_municipality && is_enough => None,
                        OnUncertain::Withhold | OnUncertain::Resend => Some(now),
                    },
                    rests_until: now,
                });
            }
            let ends = Ends(ends);
            let found = ends.settling().run(&mut tx).await?;
            let (_, attempts) = ends.record(&mut tx, &mut chain, found.into_iter()).await?;
            attempts.run(&mut tx).await?;
            chain.save(&mut tx).await?;
            keys
        })
    }
}

/// How attempts ended, as recorded in one transaction: [`Ends::settling`] first, then [`Ends::record`] with what it found,
/// then what that gives.
pub(super) struct Ends(Vec<End>);

/// What became of attempts.
#[derive(Default)]
pub(super) struct Recorded {
    /// For each, in order.
    pub(super) settlements: Vec<Settlement>,
    /// Whether a contact was flagged, or its flag taken off.
    pub(super) contacts_changed: bool,
}

impl Ends {
    pub(super) fn of<'a>(settled: impl Iterator<Item = &'a AttemptEnd>) -> Self {
        let end = |one: &AttemptEnd| End {
            wire: OnTheWire::of(&one.claim),
            outcome: one.outcome.clone(),
            started_at: one.started_at,
            ended_at: one.ended_at,
            next_attempt_at: one.next_attempt_at,
            rests_until: one.rests_until,
        };
        Self(settled.map(end).collect())
    }

    /// Ends the deliveries. Finds which claims were still on the wire, and whether each address is flagged.
    pub(super) fn settling(&self) -> Batch<'_> {
        Batch::of_rows(SETTLE, &self.0.iter().collect::<Vec<_>>(), |query, end| {
            let after = end.map(End::after);
            query
                .bind(end.map(|e| e.wire.id.as_str()))
                .bind(end.map(|e| e.wire.fence))
                .bind(after.map(|(state, _)| state.as_str()))
                .bind(after.and_then(|(_, reached)| reached.map(ms)))
                .bind(end.zip(after).and_then(|(e, (state, _))| e.next(state).map(ms)))
                .bind(end.map(|e| ms(e.ended_at)))
                .bind(end.map(|e| e.outcome.reply()))
        })
    }

    /// Tells of each in the journal; one that is recorded already, or whose claim is not the latest, changes nothing. A refused address rests, and one
    /// that takes a letter does no longer. Also gives what keeps the attempts.
    pub(super) async fn record(
        &self,
        conn: &mut Conn,
        chain: &mut Chain,
        found: impl Iterator<Item = Vec<Row>>,
    ) -> Result<(Recorded, Batch<'_>), StoreError> {
        let mut flags = HashMap::with_capacity(self.0.len());
        for row in found.flatten() {
            let claim = (DeliveryId::from_store(row.try_get(0)?), row.try_get::<i64, _>(1)?);
            flags.insert(claim, row.try_get::<i64, _>(2)? > 0);
        }
        let mut recorded = Recorded::default();
        let mut live = Vec::with_capacity(flags.len());
        // What was found is as it was before all of these.
        let mut flagged_here = HashSet::new();
        for end in &self.0 {
            let Some(flagged) = flags.get(&end.wire.claim()) else {
                recorded.settlements.push(end.told_before(conn).await?);
                continue;
            };
            live.push(end);
            let (state, _) = end.after();
            end.tell(chain, state);
            recorded.settlements.push(Settlement::Done(state));
            let (address, at) = (&end.wire.address, end.ended_at);
            if let Outcome::Refused { reply, why } = &end.outcome {
                contact::flag(conn, chain, address, (*why, end.rests_until), at, reply).await?;
                flagged_here.insert(address);
                recorded.contacts_changed = true;
            } else if state == DeliveryState::Accepted && (*flagged || flagged_here.contains(address)) {
                recorded.contacts_changed |=
                    contact::unflag(conn, chain, address, at, Unflagging::TookALetter).await?;
            }
        }
        Ok((recorded, attempts(&live)))
    }
}

/// A delivery that a sender has on the wire. Nobody else changes it while its claim is the latest.
struct OnTheWire {
    id: DeliveryId,
    fence: i64,
    key: NoticeKey,
    version: u16,
    role: String,
    address: EmailAddress,
    attempt: u32,
    reached_at: Option<Timestamp>,
}

/// How one attempt ended.
struct End {
    wire: OnTheWire,
    outcome: Outcome,
    started_at: Timestamp,
    ended_at: Timestamp,
    next_attempt_at: Option<Timestamp>,
    rests_until: Timestamp,
}

impl OnTheWire {
    fn of(claim: &Claim) -> Self {
        Self {
            id: claim.delivery.clone(),
            fence: claim.fence,
            key: claim.key.clone(),
            version: claim.version,
            role: claim.role.to_string(),
            address: claim.address.clone(),
            attempt: claim.attempts + 1,
            reached_at: claim.reached_at,
        }
    }

    /// Which claim it is sent under.
    fn claim(&self) -> (DeliveryId, i64) {
        (self.id.clone(), self.fence)
    }

    /// As the table has it, with the instant at which it was marked.
    fn read(row: &Row) -> Result<(Self, Timestamp), StoreError> {
        let cells = Cells::of("deliveries", row);
        let wire = Self {
            id: DeliveryId::from_store(cells.get("id")?),
            fence: cells.get("fence")?,
            key: cells.parsed("notice_key", NoticeKey::parse)?,
            version: cells.number("version")?,
            role: cells.get("role")?,
            address: cells.parsed("address", |t| EmailAddress::parse(t).ok())?,
            attempt: cells.number("attempts")?,
            reached_at: cells.instant_opt("reached_at")?,
        };
        Ok((wire, cells.instant("sending_at")?))
    }
}

impl End {
    /// Where the delivery stands after it, and since when the relay may have the letter. A repetition that is put off, or
    /// refused for whatever but the address, says nothing of the attempt before it: the relay may have the letter, and some
    /// refuse a second copy because they do. An address that does not exist got neither.
    fn after(&self) -> (DeliveryState, Option<Timestamp>) {
        let is_none =
            matches!(self.outcome, Outcome::Accepted { .. } | Outcome::Refused { why: Refusal::Address, .. });
        match (self.outcome.state(), self.wire.reached_at) {
            (_, Some(reached)) if !is_none => (DeliveryState::Uncertain, Some(reached)),
            (state, reached) if state.reaches() => (state, reached.or(Some(self.started_at))),
            (state, _) => (state, None),
        }
    }

    /// When it is tried again.
    fn next(&self, state: DeliveryState) -> Option<Timestamp> {
        let repeatable = matches!(state, DeliveryState::Deferred | DeliveryState::Uncertain);
        self.next_attempt_at.filter(|_| repeatable)
    }

    /// What became of one that is not on the wire: recorded before, where the commit was done and its answer lost, or stale.
    async fn told_before(&self, conn: &mut Conn) -> Result<Settlement, StoreError> {
        let (state, _) = self.after();
        let told = bound!(
            TOLD_BEFORE,
            self.wire.id.as_str(),
            i64::from(self.wire.attempt),
            ms(self.started_at),
            ms(self.ended_at),
            self.outcome.state().as_str(),
            self.outcome.reply()
        );
        let found: i64 = told.fetch_one(conn).await?.try_get(0)?;
        Ok(if found > 0 { Settlement::Done(state) } else { Settlement::Stale })
    }

    fn tell(&self, chain: &mut Chain, state: DeliveryState) {
        let key = self.wire.key.to_string();
        let attempt = Attempt {
            delivery: self.wire.id.as_str().to_owned(),
            role: self.wire.role.clone(),
            version: self.wire.version,
            state: Text(state),
            number: self.wire.attempt,
            started_at: Text(self.started_at),
            outcome: Text(self.outcome.state()),
            reply_sha256: sha256(self.outcome.reply().as_bytes()),
            next_at: self.next(state).map(Text),
        };
        chain.append(Line::of_notice(self.ended_at, &self.wire.key, &key, attempt));
    }
}

fn attempts<'a>(live: &[&'a End]) -> Batch<'a> {
    Batch::of_rows(ATTEMPT, live, |query, end| {
        query
            .bind(end.map(|e| e.wire.id.as_str()))
            .bind(end.map(|e| i64::from(e.wire.attempt)))
            .bind(end.map(|e| ms(e.started_at)))
            .bind(end.map(|e| ms(e.ended_at)))
            .bind(end.map(|e| e.outcome.state().as_str()))
            .bind(end.map(|e| e.outcome.reply()))
    })
}
