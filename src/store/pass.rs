//! What a pass decided, recorded in one transaction: notices, letters, deliveries, and the journal's entries.
//!
//! A letter's bytes are here before the network is touched. `(key, version)` is recorded once: a version is a text,
//! so a second `enviar` of it brings back what a `reter` or a `retirar` stopped, with the bytes first recorded, and
//! otherwise does nothing.

use std::num::NonZeroU16;

use jiff::Timestamp;

use super::chain::{Chain, Line};
use super::closing;
use super::elsewhere::{self, KnownToHaveLeft};
use super::letter::pack;
use super::notice::{NoticeRow, ids, put, putting, stop};
use super::{DeliveryId, Store, StoreError, Unassured};
use crate::database::batch::Batch;
use crate::database::cell::ms;
use crate::database::db::{Conn, detached, written};
use crate::database::sql::{bound, statements};
use crate::domain::id::EmailAddress;
use crate::domain::journal::{self, DeliveryFacts, Evidence, LeftProof, LetterFacts, Stopped, Text};
use crate::domain::notice::Recipient;
use crate::domain::status::StatusEntry;
use crate::plan::{Act, Decision, Sending};
use crate::text::digest::sha256;

statements! {
    const LETTER = "SELECT COUNT(*) FROM letters WHERE notice_key = $1 AND version = $2";
    const PUT_LETTER = "INSERT INTO letters (notice_key, version, message_id, subject, sha256, recorded_at, bytes) \
                        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    const PUT_DELIVERY = "INSERT INTO deliveries (id, notice_key, version, role, address, state, attempts, \
                          next_attempt_at, valid_until, reply, fence) \
                          VALUES ($1, $2, $3, $4, $5, 'registrado', 0, $6, $7, '', 0)";
    const RESUME = "UPDATE deliveries SET stopped_at = NULL, stopped_by = NULL, valid_until = $3, \
                    state = CASE WHEN state IN ('retirado', 'expirado') THEN 'registrado' ELSE state END \
                    WHERE notice_key = $1 AND version = $2 AND stopped_at IS NOT NULL \
                    AND state IN ('registrado', 'retirado', 'expirado', 'enviando', 'adiado', 'incerto') AND EXISTS (SELECT 1 FROM letters l \
                    WHERE l.notice_key = $1 AND l.version = $2 AND l.bytes IS NOT NULL) RETURNING id";
    const PASSED = "UPDATE meta SET born_at = COALESCE(born_at, $1), \
                    last_pass_at = CASE WHEN last_pass_at > $1 THEN last_pass_at ELSE $1 END, \
                    high_water = CASE WHEN high_water > $1 THEN high_water ELSE $1 END WHERE id = 1";
}

/// One change of decision to record.
#[derive(Debug, Clone)]
pub struct NewDecision {
    pub decision: Decision,
    /// Its because in the operators' words.
    pub because: String,
    /// The letter, when it is to be sent.
    pub letter: Option<NewLetter>,
    /// What the feeds said that it rests on, as the pass saw it: which snapshot is behind each part.
    pub evidence: Vec<StatusEntry>,
}

/// A letter, rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLetter {
    /// Its Message-ID, the same at every attempt.
    pub message_id: String,
    pub subject: String,
    /// Exactly what goes after DATA (RFC 5322).
    pub bytes: Vec<u8>,
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// Recorded.
    New,
    /// That version had been stopped before its end, and goes on with the bytes first recorded.
    Resumed,
    /// Known already; nothing changed.
    Repeated,
}

impl Store {
    /// Records an alert that no pass decided on: it says nothing of how far time has come.
    pub async fn record_alert(&self, now: Timestamp, change: NewDecision) -> Result<Recorded, StoreError> {
        written!(self.db, |tx| {
            let mut chain = Chain::resume(&mut tx).await?;
            let key = change.decision.key().to_string();
            let known = NoticeRow::load(&mut tx, &key).await?;
            let recorded = record(&mut tx, &mut chain, (&change, &key, known.as_ref()), now).await?;
            chain.save(&mut tx).await?;
            recorded
        })
    }

    /// Records what a pass at `now` decided: all of it or nothing. The answer has one entry for each change.
    ///
    /// # Errors
    /// [`StoreError::Incomplete`] for an `enviar` without letter or addressee, or a fault of the database.
    pub async fn record_pass(
        &self,
        now: Timestamp,
        changes: Vec<NewDecision>,
    ) -> Result<Vec<Recorded>, StoreError> {
        let db = self.db.clone();
        detached(async move {
            let mut tx = if changes.is_empty() { db.begin_quietly().await? } else { db.begin().await? };
            let mut chain = Chain::resume(&mut tx).await?;
            let mut recorded = Vec::with_capacity(changes.len());
            let keys: Vec<String> = changes.iter().map(|change| change.decision.key().to_string()).collect();
            let mut known = NoticeRow::load_all(&mut tx, &keys).await?;
            for (change, key) in changes.iter().zip(&keys) {
                let known = match known.remove(key.as_str()) {
                    Some(known) => known,
                    // A second decision on one notice sees the first.
                    None => NoticeRow::load(&mut tx, key).await?,
                };
                recorded.push(record(&mut tx, &mut chain, (change, key, known.as_ref()), now).await?);
            }
            let mut closing = chain.writing();
            closing.push(bound!(PASSED, ms(now)));
            tx.commit_with(closing).await?;
            Ok(recorded)
        })
        .await
    }
}

async fn record(
    conn: &mut Conn,
    chain: &mut Chain,
    (change, key, known): (&NewDecision, &str, Option<&NoticeRow>),
    now: Timestamp,
) -> Result<Recorded, StoreError> {
    let row = NoticeRow::of(&change.decision);
    let (recorded, mut effect) = match &change.decision {
        Decision::Send(sending) => send(conn, key, known, &row, sending, change, now).await?,
        Decision::Withhold(_) | Decision::Close(_) | Decision::Publish(_) => {
            let stopped = stop(conn, key, change.decision.act(), now).await?;
            if stopped.is_empty() && known == Some(&row) {
                return Ok(Recorded::Repeated);
            }
            put(conn, key, &row, change, now).await?;
            (Recorded::New, Effect { stopped: stopped.told(), ..Effect::default() })
        }
    };
    if recorded != Recorded::Repeated {
        let left = std::mem::take(&mut effect.left);
        let told = told(change, row, recorded, effect);
        chain.append(Line::of_notice(now, change.decision.key(), key, told));
        for (delivery, how) in &left {
            elsewhere::count(conn, chain, now, delivery, *how).await?;
        }
        if let Decision::Publish(report) = &change.decision {
            closing::put(conn, chain, report, key, now).await?;
        }
    }
    Ok(recorded)
}

/// What a decision did to letters and deliveries, as the journal tells it.
#[derive(Default)]
struct Effect {
    /// The letter recorded, with its deliveries.
    letter: Option<LetterFacts>,
    /// Deliveries stopped.
    stopped: Option<Stopped>,
    /// Deliveries taken up again.
    resumed: Vec<String>,
    /// Deliveries of it that left from another ledger before, when, and how that is known.
    left: Vec<(Unassured, (Timestamp, LeftProof))>,
}

/// Records a version with its letter, or takes up again one that was stopped.
async fn send(
    conn: &mut Conn,
    key: &str,
    known: Option<&NoticeRow>,
    row: &NoticeRow,
    sending: &Sending,
    change: &NewDecision,
    now: Timestamp,
) -> Result<(Recorded, Effect), StoreError> {
    if let Some(known) = known
        && has_letter(conn, key, row.version).await?
    {
        if known.version > row.version || known.act == row.act {
            return Ok((Recorded::Repeated, Effect::default()));
        }
        let resumed = ids(&bound!(RESUME, key, row.version, row.valid_until).fetch_all(&mut *conn).await?)?;
        if resumed.is_empty() {
            return Ok((Recorded::Repeated, Effect::default()));
        }
        put(conn, key, row, change, now).await?;
        return Ok((Recorded::Resumed, Effect { resumed, ..Effect::default() }));
    }
    let recipients = by_address(&sending.notice.to);
    let Some(letter) = change.letter.as_ref().filter(|_| !recipients.is_empty()) else {
        return Err(StoreError::Incomplete { key: key.to_owned() });
    };
    let stopped = match known {
        // An earlier version gives way to this one.
        Some(_) => stop(conn, key, Act::Supersede, now).await?.told(),
        None => None,
    };
    let digest = sha256(&letter.bytes);
    let version = sending.version.get();
    let names: Vec<DeliveryId> =
        recipients.iter().map(|recipient| DeliveryId::of(key, version, &recipient.address)).collect();
    let mut batch = Batch::default();
    batch.push(KnownToHaveLeft::asked(key));
    batch.push(putting(key, row, change, now));
    batch.push(bound!(
        PUT_LETTER,
        key,
        row.version,
        &letter.message_id,
        &letter.subject,
        &digest,
        ms(now),
        pack(&letter.bytes)
    ));
    for (recipient, id) in recipients.iter().zip(&names) {
        batch.push(bound!(
            PUT_DELIVERY,
            id.as_str(),
            key,
            row.version,
            recipient.role.to_string(),
            recipient.address.as_str(),
            row.due_at.min(ms(now)),
            row.valid_until
        ));
    }
    let found = batch.run(conn).await?;
    let known_to_have_left =
        KnownToHaveLeft::read(found.first().map(Vec::as_slice).unwrap_or_default(), &letter.message_id)?;
    let mut left = Vec::new();
    let mut deliveries = Vec::with_capacity(recipients.len());
    for (recipient, id) in recipients.into_iter().zip(names) {
        let role = recipient.role.to_string();
        deliveries.push(DeliveryFacts { id: id.as_str().to_owned(), role: role.clone() });
        if let Some(how) = known_to_have_left.to(&recipient.address, now) {
            let (of, to) = (&sending.notice.key, (role.as_str(), &recipient.address));
            left.push((Unassured::new(of, version, &letter.message_id, id, to), how));
        }
    }
    let letter = LetterFacts {
        message_id: letter.message_id.clone(),
        subject: letter.subject.clone(),
        sha256: digest,
        deliveries,
    };
    Ok((Recorded::New, Effect { letter: Some(letter), stopped, resumed: Vec::new(), left }))
}

async fn has_letter(conn: &mut Conn, key: &str, version: i64) -> Result<bool, StoreError> {
    let n: i64 = bound!(LETTER, key, version).fetch_one(conn).await?.try_get(0)?;
    Ok(n > 0)
}

/// One delivery for each address, in the first role it stands for.
fn by_address(to: &[Recipient]) -> Vec<&Recipient> {
    let mut seen: Vec<&EmailAddress> = Vec::with_capacity(to.len());
    to.iter()
        .filter(|recipient| {
            let new = !seen.contains(&&recipient.address);
            seen.push(&recipient.address);
            new
        })
        .collect()
}

fn told(change: &NewDecision, row: NoticeRow, recorded: Recorded, effect: Effect) -> journal::Decision {
    let decision = &change.decision;
    let quoted = decision.because().rows();
    journal::Decision {
        act: decision.act(),
        is_resumed: recorded == Recorded::Resumed,
        kind: decision.kind().map(Text),
        edition: decision.edition(),
        rung: decision.rung().map(|days| format!("{days}d")),
        version: decision.version().map_or(0, NonZeroU16::get),
        due_at: Text(decision.due_at()),
        valid_until: decision.valid_until().map(Text),
        told: row.told,
        parts: row.parts.split_terminator('\n').map(ToOwned::to_owned).collect(),
        copies: row.copies.split_terminator('\n').map(ToOwned::to_owned).collect(),
        cause: row.cause,
        because: change.because.clone(),
        evidence: change.evidence.iter().map(|entry| Evidence::of(entry, quoted.contains(entry))).collect(),
        letter: effect.letter,
        stopped: effect.stopped,
        resumed: effect.resumed,
    }
}
