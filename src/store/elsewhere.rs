//! Letters that left, or may have left, from another ledger: what is asked of them when a copy is assumed.
//!
//! A copy does not know what left after it was made. What the relay's log or a person vouches for is counted as delivered:
//! where the copy has the letter, as that delivery, and otherwise as a notice that was told, whose text is not held here
//! (`left_elsewhere`, `plan::elsewhere`). There too is kept what the relay still had in its queue and the copy had not decided:
//! it may leave, or have left since, and is *incerto* once a pass decides it (the same notice has the same Message-ID). What was
//! due and nobody vouches for is *incerto*, and waits for `liberar` with whatever else fell due: nothing is sent a second time
//! in silence.

use jiff::Timestamp;

use super::chain::{Chain, Line};
use super::journal::of_service;
use super::{DeliveryId, Store, StoreError};
use crate::database::cell::{Cells, ms};
use crate::database::db::{Conn, written};
use crate::database::engine::{Query, Row};
use crate::database::sql::{bound, statements};
use crate::domain::delivery::DeliveryState;
use crate::domain::id::EmailAddress;
use crate::domain::journal::{LeftElsewhere, LeftProof, Text};
use crate::domain::notice::NoticeKey;
use crate::domain::overrides::Authorship;
use crate::text::digest::sha256;

statements! {
    // What a sender has in hand is not here: it is settled by what the relay says.
    const LIVE = "SELECT d.id, d.notice_key, d.version, d.role, d.address, d.state, d.next_attempt_at, d.stopped_at, \
                  l.message_id FROM deliveries d \
                  JOIN letters l ON l.notice_key = d.notice_key AND l.version = d.version \
                  WHERE d.state IN ('registrado', 'adiado', 'incerto') ORDER BY d.notice_key, d.version, d.address";
    const SETTLE = "UPDATE deliveries SET state = $2, reached_at = COALESCE(reached_at, $3), next_attempt_at = NULL, \
                    settled_at = $4, reply = $5, owner = NULL, lease_until = NULL, fence = fence + 1 WHERE id = $1";
    // One that was taken back, or refused, before it left from here may have left from there all the same.
    const STANDS = "SELECT COUNT(*) FROM letters l \
                    JOIN deliveries d ON d.notice_key = l.notice_key AND d.version = l.version \
                    WHERE l.message_id = $1 AND ($2 = '' OR lower(d.address) = $2) \
                    AND d.state NOT IN ('retirado', 'expirado', 'recusado')";
    const NEVER_TRIED = "SELECT d.id, d.notice_key, d.version, d.role, d.address, d.state, d.next_attempt_at, d.stopped_at, \
                         l.message_id FROM deliveries d \
                         JOIN letters l ON l.notice_key = d.notice_key AND l.version = d.version \
                         WHERE d.notice_key = $1 AND d.version = $2 AND d.state IN ('registrado', 'adiado') \
                         AND d.reached_at IS NULL ORDER BY d.address";
    const KEEP = "INSERT INTO left_elsewhere (message_id, address_sha256, notice_key, version, left_at, proof) \
                  VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (message_id, address_sha256) DO UPDATE SET \
                  left_at = excluded.left_at, proof = excluded.proof \
                  WHERE left_elsewhere.proof = 'nenhuma' AND excluded.proof <> 'nenhuma'";
    const KEPT = "SELECT message_id, address_sha256, left_at, proof FROM left_elsewhere WHERE notice_key = $1";
    pub(super) const EVERY = "SELECT notice_key, left_at, proof FROM left_elsewhere";
    const ASSUMED = concat!(
        "SELECT COUNT(*) FROM journal WHERE ",
        of_service!(),
        " AND kind = 'livro' AND body LIKE '{\"formato\":\"livro.assumir.%'"
    );
}

/// Somebody's or something's word that a letter left, or, with no proof, that it may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    pub message_id: String,
    /// The notice and version that it names.
    pub letter: (NoticeKey, u16),
    /// The envelope's recipient; absent: every one.
    pub address: Option<EmailAddress>,
    pub at: Timestamp,
    /// Whose word.
    pub proof: LeftProof,
}

/// A delivery of this ledger that may have left from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unassured {
    pub key: NoticeKey,
    pub version: u16,
    pub message_id: String,
    /// In which role the address is written to.
    pub role: String,
    /// The envelope's recipient.
    pub address: EmailAddress,
    /// Where it stands, or stood: registrado, adiado or incerto.
    pub state: DeliveryState,
    id: DeliveryId,
    /// Whether nobody said yet that it is not to be tried. One whose time is over may have left in it all the same.
    is_open: bool,
}

/// What the words on letters came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vouched {
    /// Counted as delivered.
    pub delivered: Vec<Unassured>,
    /// Of letters that this ledger does not have: their notices count as told, or, with no proof, as *incerto* once decided.
    pub ahead: Vec<Sighting>,
    /// What a person named and changed nothing: the ledger has the letter as taken or returned, a sender has it in hand, or
    /// the same was said before.
    pub unchanged: Vec<Sighting>,
}

impl Vouched {
    /// Whether no word changed anything.
    pub fn changed_nothing(&self) -> bool {
        self.delivered.is_empty() && self.ahead.is_empty()
    }
}

impl Store {
    /// Every delivery to a municipality that may have left from another ledger and of which nobody knows, by notice.
    pub async fn unassured(&self) -> Result<Vec<Unassured>, StoreError> {
        let mut found = live(&mut *self.db.read().await?).await?;
        found.retain(|one| one.key.municipality().is_some());
        Ok(found)
    }

    /// Counts letters as delivered that left from another ledger, after this one was assumed. Nothing where it never was.
    pub async fn vouch(
        &self,
        sightings: Vec<Sighting>,
        by: &Authorship,
    ) -> Result<Option<Vouched>, StoreError> {
        let by = by.clone();
        written!(self.db, |tx| {
            if !was_assumed(&mut tx).await? {
                return Ok(None);
            }
            let mut chain = Chain::resume(&mut tx).await?;
            let vouched = vouch(&mut tx, &mut chain, &sightings, &by).await?;
            chain.save(&mut tx).await?;
            Some(vouched)
        })
    }
}

/// Whether this ledger was ever assumed: only then is there any word on letters that left from another.
pub(super) async fn was_assumed(conn: &mut Conn) -> Result<bool, StoreError> {
    let times: i64 = bound!(ASSUMED).fetch_one(conn).await?.try_get(0)?;
    Ok(times > 0)
}

/// Counts letters as delivered.
pub(super) async fn vouch(
    conn: &mut Conn,
    chain: &mut Chain,
    sightings: &[Sighting],
    by: &Authorship,
) -> Result<Vouched, StoreError> {
    let mut vouched = Vouched::default();
    for one in live(conn).await? {
        let speaks_of = |sighting: &&Sighting| {
            sighting.proof != LeftProof::Nothing
                && sighting.message_id == one.message_id
                && sighting.address.as_ref().is_none_or(|address| *address == one.address)
        };
        if let Some(sighting) = sightings.iter().find(speaks_of) {
            let told = (DeliveryState::Accepted, sighting.at, sighting.proof);
            settle(conn, chain, Some(by), by.at, &one, told).await?;
            vouched.delivered.push(one);
        }
    }
    for sighting in sightings {
        let is_counted = |one: &Unassured| one.message_id == sighting.message_id;
        let to = sighting.address.as_ref().map(|address| address.as_str().to_ascii_lowercase());
        let asked = bound!(STANDS, &sighting.message_id, to.as_deref().unwrap_or_default());
        let standing: i64 = asked.fetch_one(&mut *conn).await?.try_get(0)?;
        if standing > 0 {
            if sighting.proof == LeftProof::Person && !vouched.delivered.iter().any(is_counted) {
                vouched.unchanged.push(sighting.clone());
            }
            continue;
        }
        let (key, version) = &sighting.letter;
        let (subject, address) = (key.to_string(), sighting.address.as_ref().map(mailbox_digest));
        let put = bound!(
            KEEP,
            &sighting.message_id,
            address.as_deref().unwrap_or_default(),
            &subject,
            i64::from(*version),
            ms(sighting.at),
            sighting.proof.as_str()
        );
        if put.execute(&mut *conn).await?.rows_affected() == 0 {
            if sighting.proof == LeftProof::Person {
                vouched.unchanged.push(sighting.clone());
            }
            continue;
        }
        let told = LeftElsewhere {
            message_id: sighting.message_id.clone(),
            version: *version,
            delivery: None,
            role: None,
            address_sha256: address,
            state: Text(stands(sighting.proof)),
            left_at: Text(sighting.at),
            proof: sighting.proof,
            reply_sha256: sha256(reply(sighting.proof).as_bytes()),
            author: Some(by.author.clone()),
            reason: Some(by.reason.clone()),
        };
        chain.append(Line::of_notice(by.at, key, &subject, told));
        vouched.ahead.push(sighting.clone());
    }
    Ok(vouched)
}

/// Has what is still to be tried at a municipality wait for a person, as a letter of which nobody knows whether it left.
pub(super) async fn hold(
    conn: &mut Conn,
    chain: &mut Chain,
    by: &Authorship,
) -> Result<Vec<Unassured>, StoreError> {
    let mut held = live(conn).await?;
    held.retain(|one| one.is_open && one.key.municipality().is_some());
    for one in &held {
        let told = (DeliveryState::Uncertain, by.at, LeftProof::Nothing);
        settle(conn, chain, Some(by), by.at, one, told).await?;
    }
    Ok(held)
}

/// A letter just recorded of a notice that left from another ledger before: which of its deliveries, when, and how that is
/// known.
pub(super) struct KnownToHaveLeft {
    /// Whether any letter of the notice left, this one or another version.
    of_the_notice: bool,
    /// By digest of the address, or empty for every one. A person speaks of the notice, whatever version of it left: which
    /// one that was, a copy cannot know. A log speaks of one letter.
    of_this_letter: Vec<(String, Timestamp, LeftProof)>,
}

impl KnownToHaveLeft {
    /// Asks for it.
    pub(super) fn asked(key: &str) -> Query<'_> {
        bound!(KEPT, key)
    }

    /// Reads what was asked for.
    pub(super) fn read(rows: &[Row], message_id: &str) -> Result<Self, StoreError> {
        let mut of_this_letter = Vec::new();
        for row in rows {
            let cells = Cells::of("left_elsewhere", row);
            let proof = cells.parsed("proof", LeftProof::parse)?;
            if proof == LeftProof::Person || cells.get::<String>("message_id")? == message_id {
                of_this_letter.push((cells.get("address_sha256")?, cells.instant("left_at")?, proof));
            }
        }
        Ok(Self { of_the_notice: !rows.is_empty(), of_this_letter })
    }

    /// What is known of an address, where anything is known of the notice: when it left there, or that it may have.
    pub(super) fn to(&self, address: &EmailAddress, now: Timestamp) -> Option<(Timestamp, LeftProof)> {
        let wanted = |(digest_of, ..): &&(String, Timestamp, LeftProof)| {
            digest_of.is_empty() || *digest_of == mailbox_digest(address)
        };
        // A word on every address outweighs the relay's queue, where one address waited.
        let words = self.of_this_letter.iter().filter(wanted).map(|(_, at, proof)| (*at, *proof));
        let there = words.min_by_key(|(_, proof)| *proof == LeftProof::Nothing);
        there.or_else(|| self.of_the_notice.then_some((now, LeftProof::Nothing)))
    }
}

/// Counts a delivery just recorded as delivered, or has it wait where it may have left. Its entry follows that of the
/// decision.
pub(super) async fn count(
    conn: &mut Conn,
    chain: &mut Chain,
    now: Timestamp,
    one: &Unassured,
    left: (Timestamp, LeftProof),
) -> Result<(), StoreError> {
    settle(conn, chain, None, now, one, (stands(left.1), left.0, left.1)).await
}

/// Counts what is known of a letter that was taken up again, as of one just recorded: it may have left from another ledger
/// while it was stopped here.
pub(super) async fn count_resumed(
    conn: &mut Conn,
    chain: &mut Chain,
    now: Timestamp,
    (key, version): (&str, i64),
) -> Result<(), StoreError> {
    let kept = KnownToHaveLeft::asked(key).fetch_all(&mut *conn).await?;
    if kept.is_empty() {
        return Ok(());
    }
    let rows = bound!(NEVER_TRIED, key, version).fetch_all(&mut *conn).await?;
    for one in rows.iter().map(unassured) {
        let one = one?;
        if let Some(left) = KnownToHaveLeft::read(&kept, &one.message_id)?.to(&one.address, now) {
            count(conn, chain, now, &one, left).await?;
        }
    }
    Ok(())
}

/// What is known of a letter by so much proof.
fn stands(proof: LeftProof) -> DeliveryState {
    match proof {
        LeftProof::Nothing => DeliveryState::Uncertain,
        LeftProof::Log | LeftProof::Person => DeliveryState::Accepted,
    }
}

impl Unassured {
    /// A delivery as a pass records it.
    pub(super) fn new(
        key: &NoticeKey,
        version: u16,
        message_id: &str,
        id: DeliveryId,
        to: (&str, &EmailAddress),
    ) -> Self {
        Self {
            key: key.clone(),
            version,
            message_id: message_id.to_owned(),
            role: to.0.to_owned(),
            address: to.1.clone(),
            state: DeliveryState::Recorded,
            id,
            is_open: true,
        }
    }
}

async fn settle(
    conn: &mut Conn,
    chain: &mut Chain,
    by: Option<&Authorship>,
    now: Timestamp,
    one: &Unassured,
    (state, left_at, proof): (DeliveryState, Timestamp, LeftProof),
) -> Result<(), StoreError> {
    let reply = reply(proof);
    bound!(SETTLE, one.id.as_str(), state.as_str(), ms(left_at), ms(now), reply).execute(conn).await?;
    let subject = one.key.to_string();
    let told = LeftElsewhere {
        message_id: one.message_id.clone(),
        version: one.version,
        delivery: Some(one.id.as_str().to_owned()),
        role: Some(one.role.clone()),
        address_sha256: None,
        state: Text(state),
        left_at: Text(left_at),
        proof,
        reply_sha256: sha256(reply.as_bytes()),
        author: by.map(|by| by.author.clone()),
        reason: by.map(|by| by.reason.clone()),
    };
    chain.append(Line::of_notice(now, &one.key, &subject, told));
    Ok(())
}

/// What a delivery says that may have left.
pub(super) const MAY_HAVE_LEFT: &str = "pode ter saído de outro livro, antes de este ser assumido";

/// What a delivery says of it.
pub(super) fn reply(proof: LeftProof) -> &'static str {
    match proof {
        LeftProof::Log => "saiu de outro livro: consta do registro do servidor de saída",
        LeftProof::Person => "saiu de outro livro: palavra de quem assumiu este",
        LeftProof::Nothing => MAY_HAVE_LEFT,
    }
}

/// SHA-256 of an address as a word on a letter that left from another ledger names it. Two addresses are one when they differ
/// only in capitals.
pub fn mailbox_digest(address: &EmailAddress) -> String {
    sha256(address.as_str().to_ascii_lowercase().as_bytes())
}

async fn live(conn: &mut Conn) -> Result<Vec<Unassured>, StoreError> {
    let rows = bound!(LIVE).fetch_all(conn).await?;
    rows.iter().map(unassured).collect()
}

fn unassured(row: &Row) -> Result<Unassured, StoreError> {
    let cells = Cells::of("deliveries", row);
    let is_open =
        cells.instant_opt("next_attempt_at")?.is_some() && cells.instant_opt("stopped_at")?.is_none();
    Ok(Unassured {
        key: cells.parsed("notice_key", NoticeKey::parse)?,
        version: cells.number("version")?,
        message_id: cells.get("message_id")?,
        role: cells.get("role")?,
        address: cells.parsed("address", |t| EmailAddress::parse(t).ok())?,
        state: cells.parsed("state", DeliveryState::parse)?,
        id: DeliveryId::from_store(cells.get("id")?),
        is_open,
    })
}
