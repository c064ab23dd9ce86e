//! What a pass decided, recorded in one transaction: notices, letters, deliveries, and the journal's entries.
//!
//! A letter's bytes are here before the network is touched. `(key, version)` is recorded once: a version is a text,
//! so a second `enviar` of it brings back what a `reter` or a `retirar` stopped, with the bytes first recorded, and
//! otherwise does nothing.
//!
//! Above 400 lines: what becomes of one decision depends on what became of its letter, and is told in one place.

use jiff::Timestamp;

use super::chain::{Chain, Line};
use super::closing;
use super::elsewhere::{self, KnownToHaveLeft};
use super::letter::Packer;
use super::notice::{NoticeRow, has_reached, ids, put, putting, stop};
use super::{DeliveryId, Store, StoreError, Unassured};
use crate::database::batch::Batch;
use crate::database::cell::ms;
use crate::database::db::{Conn, detached, written};
use crate::database::engine::Row;
use crate::database::sql::{bound, statements};
use crate::domain::id::EmailAddress;
use crate::domain::journal::{self, DeliveryFacts, Evidence, LetterFacts, Stopped, Text};
use crate::domain::notice::{Kind, Recipient};
use crate::domain::status::{Freshness, StatusEntry};
use crate::plan::{Act, Decision, Sending};
use crate::text::digest::sha256;

statements! {
    const LETTER = "SELECT COUNT(*) FROM letters WHERE notice_key = $1 AND version = $2";
    const UNDER_WAY = "SELECT COUNT(*) FROM deliveries WHERE notice_key = $1 \
                       AND (reached_at IS NOT NULL OR state = 'enviando')";
    const ON_THE_WIRE = "SELECT COUNT(*) FROM deliveries WHERE notice_key = $1 AND state = 'enviando' AND NOT EXISTS \
                         (SELECT 1 FROM deliveries d WHERE d.notice_key = $1 AND d.reached_at IS NOT NULL)";
    const PUT_LETTER = "INSERT INTO letters (notice_key, version, kind, message_id, subject, sha256, recorded_at, bytes) \
                        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
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
    pub evidence: Vec<(StatusEntry, Freshness)>,
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
    /// Not recorded: an earlier version of the letter is on the wire, or was taken since it was decided. What becomes of
    /// it ends this: a later pass decides by it.
    UnderWay,
}

impl Store {
    /// Records an alert that no pass decided on: it says nothing of how far time has come.
    pub async fn record_alert(&self, now: Timestamp, change: NewDecision) -> Result<Recorded, StoreError> {
        written!(self.db, |tx| {
            let mut chain = Chain::resume(&mut tx).await?;
            let key = change.decision.key().to_string();
            let known = NoticeRow::load(&mut tx, &key).await?;
            let mut writer = Recorder::at(now);
            writer.record(&mut tx, &mut chain, (&change, &key, known)).await?;
            let recorded = writer.end(&mut tx, &mut chain).await?;
            chain.save(&mut tx).await?;
            recorded.first().copied().unwrap_or(Recorded::Repeated)
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
            let keys: Vec<String> = changes.iter().map(|change| change.decision.key().to_string()).collect();
            let mut known = NoticeRow::load_all(&mut tx, &keys).await?;
            let mut writer = Recorder::at(now);
            for (change, key) in changes.iter().zip(&keys) {
                let known = if let Some(known) = known.remove(key.as_str()) {
                    known
                } else {
                    // A second decision on one notice sees the first.
                    writer.put_new(&mut tx, &mut chain).await?;
                    NoticeRow::load(&mut tx, key).await?
                };
                writer.record(&mut tx, &mut chain, (change, key, known)).await?;
            }
            let recorded = writer.end(&mut tx, &mut chain).await?;
            let mut closing = chain.writing();
            closing.push(bound!(PASSED, ms(now)));
            tx.commit_with(closing).await?;
            Ok(recorded)
        })
        .await
    }
}

/// Letters whose statements are handed over together.
const TOGETHER: usize = 4;

/// Records decisions in their order, with the first letters of several notices handed over together (decision 0293).
struct Recorder<'c> {
    now: Timestamp,
    recorded: Vec<Recorded>,
    new: Vec<New<'c>>,
    packer: Packer,
}

/// The first letter of a notice, not put into the ledger yet.
struct New<'c> {
    change: &'c NewDecision,
    sending: &'c Sending,
    key: &'c str,
    row: NoticeRow,
    letter: &'c NewLetter,
    digest: String,
    packed: Vec<u8>,
    /// What an earlier version of it left.
    stopped: Option<Stopped>,
    to: Vec<(&'c Recipient, DeliveryId)>,
}

impl<'c> Recorder<'c> {
    fn at(now: Timestamp) -> Self {
        Self { now, recorded: Vec::new(), new: Vec::new(), packer: Packer::default() }
    }

    /// Records one decision; the first letter of a notice waits for others like it.
    async fn record(
        &mut self,
        conn: &mut Conn,
        chain: &mut Chain,
        (change, key, known): (&'c NewDecision, &'c str, Option<NoticeRow>),
    ) -> Result<(), StoreError> {
        let (row, known) = (NoticeRow::of(&change.decision), known.as_ref());
        if let (Decision::Send(sending), None) = (&change.decision, known) {
            self.new.push(self.packer.new_letter((change, sending, key), row)?);
            if self.new.len() >= TOGETHER {
                self.put_new(conn, chain).await?;
            }
            return Ok(());
        }
        self.put_new(conn, chain).await?;
        let now = self.now;
        let mut row = row;
        let (recorded, effect) = match &change.decision {
            Decision::Send(sending) => {
                if let Some(known) = known
                    && has_letter(conn, key, row.version).await?
                {
                    if has_reached(conn, key).await? {
                        row.stands_as(known);
                    } else {
                        row.names_the_parts_of(known);
                    }
                    resume(conn, key, known, &row, change, now).await?
                } else if is_under_way(conn, key).await? {
                    (Recorded::UnderWay, Effect::default())
                } else {
                    let mut new = self.packer.new_letter((change, sending, key), row)?;
                    // An earlier version gives way to this one.
                    new.stopped = stop(conn, key, Act::Supersede, now).await?.told();
                    self.new.push(new);
                    return self.put_new(conn, chain).await;
                }
            }
            Decision::Withhold(_) | Decision::Close(_) | Decision::Publish(_) => {
                let is_hold = matches!(change.decision, Decision::Withhold(_));
                let mut holds_nothing = false;
                if let Some(known) = known {
                    if is_hold && has_reached(conn, key).await? {
                        row.stands_as(known);
                        // Its last address may have been tried since the plan looked.
                        holds_nothing = known.act != row.act;
                    } else if is_on_the_wire(conn, key).await? {
                        row.says_what(known);
                    } else if is_hold
                        && row.version == known.version
                        && has_letter(conn, key, row.version).await?
                    {
                        row.names_the_parts_of(known);
                    }
                }
                let stopped = stop(conn, key, change.decision.act(), now).await?;
                // What a clock that stood ahead published is published anew when it is so.
                let is_early = match &change.decision {
                    Decision::Publish(report) => !closing::is_recorded(conn, report, now).await?,
                    Decision::Send(_) | Decision::Withhold(_) | Decision::Close(_) => false,
                };
                if stopped.is_empty() && (holds_nothing || known == Some(&row)) && !is_early {
                    (Recorded::Repeated, Effect::default())
                } else {
                    put(conn, key, &row, change, now).await?;
                    (Recorded::New, Effect { stopped: stopped.told(), ..Effect::default() })
                }
            }
        };
        if matches!(recorded, Recorded::New | Recorded::Resumed) {
            let version = row.version;
            let told = told(change, row, recorded, effect);
            chain.append(Line::of_notice(now, change.decision.key(), key, told));
            if recorded == Recorded::Resumed {
                elsewhere::count_resumed(conn, chain, now, (key, version)).await?;
            }
            if let Decision::Publish(report) = &change.decision {
                closing::put(conn, chain, report, key, now).await?;
            }
        }
        self.recorded.push(recorded);
        Ok(())
    }

    /// Puts the letters that wait into the ledger, and tells of them in their order.
    async fn put_new(&mut self, conn: &mut Conn, chain: &mut Chain) -> Result<(), StoreError> {
        let now = self.now;
        let new = std::mem::take(&mut self.new);
        let mut found = putting_all(&new, now).run(conn).await?.into_iter();
        for one in new {
            self.recorded.push(Recorded::New);
            one.tell(conn, chain, &found.next().unwrap_or_default(), now).await?;
        }
        Ok(())
    }

    /// Puts what still waits, and answers what became of each decision.
    async fn end(mut self, conn: &mut Conn, chain: &mut Chain) -> Result<Vec<Recorded>, StoreError> {
        self.put_new(conn, chain).await?;
        Ok(self.recorded)
    }
}

impl Packer {
    fn new_letter<'c>(
        &mut self,
        (change, sending, key): (&'c NewDecision, &'c Sending, &'c str),
        row: NoticeRow,
    ) -> Result<New<'c>, StoreError> {
        let (recipients, version) = (by_address(&sending.notice.to), sending.version.get());
        let Some(letter) = change.letter.as_ref().filter(|_| !recipients.is_empty()) else {
            return Err(StoreError::Incomplete { key: key.to_owned() });
        };
        let named = |to: &'c Recipient| (to, DeliveryId::of(key, version, &to.address));
        Ok(New {
            change,
            sending,
            key,
            row,
            letter,
            digest: sha256(&letter.bytes),
            packed: self.pack(&letter.bytes),
            stopped: None,
            to: recipients.into_iter().map(named).collect(),
        })
    }
}

/// What is known of each from another ledger, then what puts them there: the notices, the letters, and one for each address. Kind by
/// kind, so that few texts of statements serve all, however many addresses each goes to.
fn putting_all<'q>(new: &'q [New<'_>], now: Timestamp) -> Batch<'q> {
    let mut batch = Batch::default();
    for one in new {
        batch.push(KnownToHaveLeft::asked(one.key));
    }
    for one in new {
        batch.push(putting(one.key, &one.row, one.change, now));
    }
    for one in new {
        batch.push(bound!(
            PUT_LETTER,
            one.key,
            one.row.version,
            one.row.kind.as_deref(),
            &one.letter.message_id,
            &one.letter.subject,
            &one.digest,
            ms(now),
            &one.packed
        ));
    }
    for (one, (recipient, id)) in new.iter().flat_map(|one| one.to.iter().map(move |to| (one, to))) {
        batch.push(bound!(
            PUT_DELIVERY,
            id.as_str(),
            one.key,
            one.row.version,
            recipient.role.to_string(),
            recipient.address.as_str(),
            one.row.due_at.min(ms(now)),
            one.row.valid_until
        ));
    }
    batch
}

impl New<'_> {
    /// Tells of it in the journal, and counts what left from another ledger.
    async fn tell(
        self,
        conn: &mut Conn,
        chain: &mut Chain,
        known_to_have_left: &[Row],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Self { change, sending, key, row, letter, digest, stopped, to, .. } = self;
        let known_to_have_left = KnownToHaveLeft::read(known_to_have_left, &letter.message_id)?;
        let mut left = Vec::new();
        let mut deliveries = Vec::with_capacity(to.len());
        for (recipient, id) in to {
            let role = recipient.role.to_string();
            deliveries.push(DeliveryFacts { id: id.as_str().to_owned(), role: role.clone() });
            if let Some(how) = known_to_have_left.to(&recipient.address, now) {
                let (of, to) = (&sending.notice.key, (role.as_str(), &recipient.address));
                left.push((Unassured::new(of, sending.version.get(), &letter.message_id, id, to), how));
            }
        }
        let letter = LetterFacts {
            message_id: letter.message_id.clone(),
            subject: letter.subject.clone(),
            sha256: digest,
            deliveries,
        };
        let effect = Effect { letter: Some(letter), stopped, resumed: Vec::new() };
        let told = told(change, row, Recorded::New, effect);
        chain.append(Line::of_notice(now, change.decision.key(), key, told));
        for (delivery, how) in &left {
            elsewhere::count(conn, chain, now, delivery, *how).await?;
        }
        Ok(())
    }
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
}

/// Takes up again a version that is recorded with its letter and was stopped.
async fn resume(
    conn: &mut Conn,
    key: &str,
    known: &NoticeRow,
    row: &NoticeRow,
    change: &NewDecision,
    now: Timestamp,
) -> Result<(Recorded, Effect), StoreError> {
    if known.version > row.version || known.act == row.act {
        return Ok((Recorded::Repeated, Effect::default()));
    }
    let resumed = ids(&bound!(RESUME, key, row.version, row.valid_until).fetch_all(&mut *conn).await?)?;
    if resumed.is_empty() {
        return Ok((Recorded::Repeated, Effect::default()));
    }
    put(conn, key, row, change, now).await?;
    Ok((Recorded::Resumed, Effect { resumed, ..Effect::default() }))
}

async fn has_letter(conn: &mut Conn, key: &str, version: i64) -> Result<bool, StoreError> {
    let n: i64 = bound!(LETTER, key, version).fetch_one(conn).await?.try_get(0)?;
    Ok(n > 0)
}

/// Whether a letter of the notice was taken by somebody, or may be being taken now.
async fn is_under_way(conn: &mut Conn, key: &str) -> Result<bool, StoreError> {
    let n: i64 = bound!(UNDER_WAY, key).fetch_one(conn).await?.try_get(0)?;
    Ok(n > 0)
}

/// Whether a letter of the notice is being taken now, as far as anybody knows, and none was before.
async fn is_on_the_wire(conn: &mut Conn, key: &str) -> Result<bool, StoreError> {
    let n: i64 = bound!(ON_THE_WIRE, key).fetch_one(conn).await?.try_get(0)?;
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
        kind: row.kind.as_deref().and_then(Kind::parse).map(Text),
        edition: row.edition.and_then(|edition| u16::try_from(edition).ok()),
        rung: row.rung.map(|days| format!("{days}d")),
        version: u16::try_from(row.version).unwrap_or_default(),
        due_at: Text(decision.due_at()),
        valid_until: decision.valid_until().map(Text),
        told: row.told,
        parts: row.parts.split_terminator('\n').map(ToOwned::to_owned).collect(),
        copies: row.copies.split_terminator('\n').map(ToOwned::to_owned).collect(),
        cause: row.cause,
        because: change.because.clone(),
        evidence: change
            .evidence
            .iter()
            .map(|(entry, freshness)| Evidence::of(entry, *freshness, quoted.contains(entry)))
            .collect(),
        letter: effect.letter,
        stopped: effect.stopped,
        resumed: effect.resumed,
    }
}
