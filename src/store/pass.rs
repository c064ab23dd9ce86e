//! What a pass decided, recorded in one transaction: notices, letters, deliveries, and the journal's entries.
//!
//! A letter's bytes are here before the network is touched. `(key, version)` is recorded once: a version is a text,
//! so a second `enviar` of it brings back what a `reter` or a `retirar` stopped, with the bytes first recorded, and
//! otherwise does nothing.

use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::Row as _;

use super::cell::{Cells, code, ms, told_text};
use super::db::{Conn, detached};
use super::journal::{Chain, EntryKind, Line, sha256};
use super::sql::{bound, statements};
use super::{DeliveryId, Store, StoreError};
use crate::domain::id::{EmailAddress, PartId, WindowId};
use crate::domain::ledger::Standing;
use crate::domain::notice::{Kind, Recipient, Slot};
use crate::domain::plan::{Act, Decision};

statements! {
    const KNOWN = "SELECT notice_key, edition, kind, rung, version, due_at, valid_until, told, parts, act, cause \
                   FROM notices WHERE notice_key = $1";
    const REACHED = "SELECT COUNT(*) FROM deliveries WHERE notice_key = $1 AND reached_at IS NOT NULL";
    const LETTER = "SELECT COUNT(*) FROM letters WHERE notice_key = $1 AND version = $2";
    const PUT = "INSERT INTO notices (notice_key, window_id, municipality, edition, kind, rung, version, due_at, \
                 valid_until, told, parts, act, cause, because, recorded_at, queued_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) \
                 ON CONFLICT (notice_key) DO UPDATE SET edition = excluded.edition, kind = excluded.kind, \
                 rung = excluded.rung, version = excluded.version, due_at = excluded.due_at, \
                 valid_until = excluded.valid_until, told = excluded.told, parts = excluded.parts, \
                 act = excluded.act, cause = excluded.cause, because = excluded.because, \
                 recorded_at = excluded.recorded_at, queued_at = COALESCE(excluded.queued_at, notices.queued_at)";
    const PUT_ACT = "UPDATE notices SET act = $2, cause = $3, because = $4 WHERE notice_key = $1";
    const PUT_LETTER = "INSERT INTO letters (notice_key, version, message_id, subject, sha256, recorded_at, bytes) \
                        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    const PUT_DELIVERY = "INSERT INTO deliveries (id, notice_key, version, role, address, state, attempts, \
                          next_attempt_at, valid_until, reply, fence) \
                          VALUES ($1, $2, $3, $4, $5, 'registrado', 0, $6, $7, '', 0)";
    // Never tried: it ends here. The word of its end is the decision's.
    const END_UNTRIED = "UPDATE deliveries SET state = $3, stopped_at = $2, stopped_by = $4, owner = NULL, \
                         lease_until = NULL WHERE notice_key = $1 AND state = 'registrado'";
    // Tried or on the wire: it keeps its state and is not tried again.
    const STOP_TRIED = "UPDATE deliveries SET stopped_at = $2, stopped_by = $3 WHERE notice_key = $1 \
                        AND state IN ('enviando', 'adiado', 'incerto') \
                        AND (state = 'enviando' OR next_attempt_at IS NOT NULL) \
                        AND (stopped_at IS NULL OR stopped_by = 'reter')";
    const PAUSE = "UPDATE deliveries SET stopped_at = $2, stopped_by = 'reter' WHERE notice_key = $1 \
                   AND stopped_at IS NULL AND (state IN ('registrado', 'enviando') \
                   OR (state IN ('adiado', 'incerto') AND next_attempt_at IS NOT NULL))";
    const RESUME = "UPDATE deliveries SET stopped_at = NULL, stopped_by = NULL, valid_until = $3, \
                    state = CASE WHEN state IN ('retirado', 'expirado') THEN 'registrado' ELSE state END \
                    WHERE notice_key = $1 AND version = $2 AND stopped_at IS NOT NULL \
                    AND state IN ('registrado', 'retirado', 'expirado', 'enviando', 'adiado', 'incerto')";
    const PASSED = "UPDATE meta SET born_at = COALESCE(born_at, $1), \
                    last_pass_at = CASE WHEN last_pass_at > $1 THEN last_pass_at ELSE $1 END, \
                    high_water = CASE WHEN high_water > $1 THEN high_water ELSE $1 END WHERE id = 1";
}

/// One change of decision to record.
#[derive(Debug, Clone)]
pub struct Change {
    /// The decision.
    pub decision: Decision,
    /// Its because in the operators' words.
    pub because: String,
    /// The letter, when it is to be sent.
    pub letter: Option<NewLetter>,
}

/// A letter, rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLetter {
    /// Its Message-ID, the same at every attempt.
    pub message_id: String,
    /// Its subject.
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
    /// Records what a pass at `now` decided: all of it or nothing. The answer has one entry for each change.
    ///
    /// # Errors
    /// [`StoreError::Incomplete`] for an `enviar` without letter or addressee, or a fault of the database.
    pub async fn record_pass(
        &self,
        now: Timestamp,
        changes: Vec<Change>,
    ) -> Result<Vec<Recorded>, StoreError> {
        let db = self.db.clone();
        detached(async move {
            let mut tx = db.begin().await?;
            let mut chain = Chain::resume(&mut tx).await?;
            let mut recorded = Vec::with_capacity(changes.len());
            for change in &changes {
                recorded.push(record(&mut tx, &mut chain, change, now).await?);
            }
            chain.save(&mut tx).await?;
            bound!(PASSED, ms(now)).execute(&mut *tx).await?;
            tx.commit().await?;
            Ok(recorded)
        })
        .await
    }
}

/// What the ledger holds of a notice, but for the words and the instant of its recording.
#[derive(Debug, Clone, PartialEq, Eq)]
struct NoticeRow {
    edition: Option<i64>,
    kind: Option<String>,
    rung: Option<i64>,
    version: i64,
    due_at: i64,
    valid_until: Option<i64>,
    told: Option<String>,
    parts: String,
    act: String,
    cause: String,
}

impl NoticeRow {
    fn of(decision: &Decision, now: Timestamp) -> Self {
        // The ledger's own record says which parts a decision is about; slot and standing do not matter here.
        let record = decision.record(Slot::Announcement, Standing::Queued, now);
        Self {
            edition: decision.edition.map(i64::from),
            kind: decision.kind.map(|k| Kind::as_str(k).to_owned()),
            rung: decision.rung.map(i64::from),
            version: i64::from(decision.version),
            due_at: ms(decision.due_at),
            valid_until: decision.valid_until.map(ms),
            told: decision.told.map(told_text),
            parts: record.parts.iter().map(PartId::as_str).collect::<Vec<_>>().join("\n"),
            act: decision.act.as_str().to_owned(),
            cause: decision.because.cause().as_str().to_owned(),
        }
    }

    async fn load(conn: &mut Conn, key: &str) -> Result<Option<Self>, StoreError> {
        let Some(row) = bound!(KNOWN, key).fetch_optional(conn).await? else { return Ok(None) };
        let cells = Cells::of("notices", &row);
        Ok(Some(Self {
            edition: cells.get("edition")?,
            kind: cells.get("kind")?,
            rung: cells.get("rung")?,
            version: cells.get("version")?,
            due_at: cells.get("due_at")?,
            valid_until: cells.get("valid_until")?,
            told: cells.get("told")?,
            parts: cells.get("parts")?,
            act: cells.get("act")?,
            cause: cells.get("cause")?,
        }))
    }
}

async fn record(
    conn: &mut Conn,
    chain: &mut Chain,
    change: &Change,
    now: Timestamp,
) -> Result<Recorded, StoreError> {
    let key = change.decision.key.to_string();
    let row = NoticeRow::of(&change.decision, now);
    let known = NoticeRow::load(conn, &key).await?;
    let (recorded, letter) = match change.decision.act {
        Act::Send => send(conn, &key, known.as_ref(), &row, change, now).await?,
        Act::Withhold | Act::Withdraw | Act::Supersede | Act::Expire | Act::Publish => {
            let stopped = stop(conn, &key, change.decision.act, now).await?;
            if stopped == 0 && known.as_ref() == Some(&row) {
                return Ok(Recorded::Repeated);
            }
            put(conn, &key, &row, change, now).await?;
            (Recorded::New, Value::Null)
        }
    };
    if recorded != Recorded::Repeated {
        let line = Line {
            at: now,
            kind: EntryKind::Decision,
            subject: &key,
            window: change.decision.key.window(),
            municipality: change.decision.key.municipality(),
            body: body(change, &row, recorded, &letter),
        };
        chain.append(conn, line).await?;
    }
    Ok(recorded)
}

/// Records a version with its letter, or takes up again one that was stopped.
async fn send(
    conn: &mut Conn,
    key: &str,
    known: Option<&NoticeRow>,
    row: &NoticeRow,
    change: &Change,
    now: Timestamp,
) -> Result<(Recorded, Value), StoreError> {
    let exists: i64 = bound!(LETTER, key, row.version).fetch_one(&mut *conn).await?.try_get(0)?;
    if exists > 0 {
        if known.is_none_or(|k| k.version > row.version || k.act == row.act) {
            return Ok((Recorded::Repeated, Value::Null));
        }
        let resumed = bound!(RESUME, key, row.version, row.valid_until).execute(&mut *conn).await?;
        if resumed.rows_affected() == 0 {
            return Ok((Recorded::Repeated, Value::Null));
        }
        put(conn, key, row, change, now).await?;
        return Ok((Recorded::Resumed, Value::Null));
    }
    let recipients = by_address(&change.decision.to);
    let Some(letter) = change.letter.as_ref().filter(|_| !recipients.is_empty()) else {
        return Err(StoreError::Incomplete { key: key.to_owned() });
    };
    // An earlier version gives way to this one.
    stop(conn, key, Act::Supersede, now).await?;
    put_row(conn, key, row, change, now).await?;
    let digest = sha256(&letter.bytes);
    bound!(
        PUT_LETTER,
        key,
        row.version,
        &letter.message_id,
        &letter.subject,
        &digest,
        ms(now),
        letter.bytes.as_slice()
    )
    .execute(&mut *conn)
    .await?;
    let mut deliveries = Vec::with_capacity(recipients.len());
    for recipient in recipients {
        let id = DeliveryId::of(key, change.decision.version, &recipient.address);
        let role = recipient.role.to_string();
        bound!(
            PUT_DELIVERY,
            id.as_str(),
            key,
            row.version,
            &role,
            recipient.address.as_str(),
            row.due_at.min(ms(now)),
            row.valid_until
        )
        .execute(&mut *conn)
        .await?;
        deliveries.push(json!({ "entrega": id.as_str(), "papel": role }));
    }
    let letter = json!({
        "message_id": letter.message_id, "assunto": letter.subject, "sha256": digest, "entregas": deliveries,
    });
    Ok((Recorded::New, letter))
}

/// Ends, stops or pauses what is still to be tried of a notice; how many that were.
async fn stop(conn: &mut Conn, key: &str, act: Act, now: Timestamp) -> Result<u64, StoreError> {
    let at = ms(now);
    let end = match act {
        Act::Send | Act::Publish => return Ok(0),
        Act::Withhold => return Ok(bound!(PAUSE, key, at).execute(conn).await?.rows_affected()),
        Act::Withdraw | Act::Supersede => "retirado",
        Act::Expire => "expirado",
    };
    let untried = bound!(END_UNTRIED, key, at, end, act.as_str()).execute(&mut *conn).await?;
    let tried = bound!(STOP_TRIED, key, at, act.as_str()).execute(conn).await?;
    Ok(untried.rows_affected() + tried.rows_affected())
}

/// Puts the decision into the ledger. A notice that reached somebody keeps what its letter said.
async fn put(
    conn: &mut Conn,
    key: &str,
    row: &NoticeRow,
    change: &Change,
    now: Timestamp,
) -> Result<(), StoreError> {
    let reached: i64 = bound!(REACHED, key).fetch_one(&mut *conn).await?.try_get(0)?;
    if reached == 0 {
        return put_row(conn, key, row, change, now).await;
    }
    bound!(PUT_ACT, key, &row.act, &row.cause, &change.because).execute(conn).await?;
    Ok(())
}

async fn put_row(
    conn: &mut Conn,
    key: &str,
    row: &NoticeRow,
    change: &Change,
    now: Timestamp,
) -> Result<(), StoreError> {
    let queued = matches!(change.decision.act, Act::Send | Act::Publish).then(|| ms(now));
    bound!(
        PUT,
        key,
        change.decision.key.window().map(WindowId::as_str),
        change.decision.key.municipality().map(code),
        row.edition,
        &row.kind,
        row.rung,
        row.version,
        row.due_at,
        row.valid_until,
        &row.told,
        &row.parts,
        &row.act,
        &row.cause,
        &change.because,
        ms(now),
        queued
    )
    .execute(conn)
    .await?;
    Ok(())
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

fn body(change: &Change, row: &NoticeRow, recorded: Recorded, letter: &Value) -> Value {
    let decision = &change.decision;
    json!({
        "acao": row.act,
        "retomado": recorded == Recorded::Resumed,
        "tipo": row.kind,
        "edicao": row.edition,
        "degrau": decision.rung.map(|days| format!("{days}d")),
        "versao": row.version,
        "vence_em": decision.due_at.to_string(),
        "valido_ate": decision.valid_until.map(|at| at.to_string()),
        "prazo_informado": row.told,
        "partes": row.parts.split_terminator('\n').collect::<Vec<_>>(),
        "causa": row.cause,
        "porque": change.because,
        "carta": letter,
    })
}
