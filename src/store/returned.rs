//! What comes back by mail: bounces and read receipts, each noted at the delivery that it is about and kept byte for
//! byte.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;

use super::cell::{Cells, count, ms};
use super::chain::{Chain, Line, sha256};
use super::contact;
use super::db::{Conn, detached};
use super::sql::{bound, statements};
use super::{Store, StoreError};
use crate::domain::delivery::DeliveryState;
use crate::domain::id::EmailAddress;
use crate::domain::journal::{Message, Returned, Text};
use crate::domain::notice::NoticeKey;

/// Kept of one message: what tells its sort stands at its beginning.
const MOST_KEPT: usize = 512 * 1024;

statements! {
    const BY_MESSAGE = "SELECT d.id, d.notice_key, d.version, d.role, d.address, d.state, d.reached_at \
                        FROM deliveries d \
                        JOIN letters l ON l.notice_key = d.notice_key AND l.version = d.version \
                        WHERE l.message_id = $1";
    const BOUNCED_BEFORE = "SELECT COUNT(*) AS n FROM deliveries \
                            WHERE notice_key = $1 AND address = $2 AND state = 'devolvido' AND id <> $3";
    const RETURNED = "UPDATE deliveries SET state = $2, reached_at = $3, next_attempt_at = NULL, settled_at = $4, \
                      reply = $5, owner = NULL, lease_until = NULL, fence = fence + 1 WHERE id = $1";
    const PUT_MESSAGE = "INSERT INTO returns (sha256, received_at, size, kept_sha256, bytes) \
                         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (sha256) DO NOTHING";
    const LINK = "INSERT INTO delivery_returns (delivery, sha256) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    pub(super) const MESSAGES_OF = "SELECT r.sha256, r.received_at, r.size, r.kept_sha256, r.bytes \
                         FROM delivery_returns d JOIN returns r ON r.sha256 = d.sha256 \
                         WHERE d.delivery = $1 ORDER BY r.received_at, r.sha256";
}

/// What came back by mail (`devolucao`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Return {
    /// The letter came back.
    Bounced {
        /// What the notification says.
        why: String,
        /// Whether the address itself is at fault (5.x.x). A letter that came back for another reason may be tried at
        /// the same address once more; coming back twice flags it all the same, or it would be tried for ever.
        hard: bool,
    },
    /// A read receipt.
    Read,
}

/// What became of a return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Noted {
    /// It was recorded.
    Changed(NoticeKey),
    /// It was known already, or contradicts what is known for certain: a letter read did not bounce.
    Known(NoticeKey),
    /// A sender has that very delivery in hand: ask again once it has settled.
    OnTheWire(NoticeKey),
    /// The letter never left for that address, so nothing can have come back.
    NeverSent(NoticeKey),
    /// The letter went to several addresses, and none of those named is among them.
    Ambiguous(NoticeKey),
    /// No letter of ours has that Message-ID.
    NoLetter,
}

/// A message that came back, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawMessage {
    /// SHA-256 of all of it, hexadecimal.
    sha256: String,
    /// How many bytes it had.
    size: usize,
    /// SHA-256 of what is kept.
    kept_sha256: String,
    /// Its first 512 KiB.
    kept: Vec<u8>,
}

impl RawMessage {
    /// What the ledger keeps of a message.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let kept = &bytes[..bytes.len().min(MOST_KEPT)];
        Self { sha256: sha256(bytes), size: bytes.len(), kept_sha256: sha256(kept), kept: kept.to_vec() }
    }

    /// SHA-256 of all of it, hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }
}

/// A message that came back, as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptMessage {
    /// SHA-256 of all of it, hexadecimal.
    pub sha256: String,
    /// When it was taken in.
    pub received_at: Timestamp,
    /// How many bytes it had.
    pub size: usize,
    /// SHA-256 of `bytes` when it was kept.
    pub kept_sha256: String,
    /// Its first 512 KiB.
    pub bytes: Vec<u8>,
}

impl Store {
    /// Takes in what came back for a letter: from the first of `addresses` that it was sent to, or, where none is, from
    /// its only one. What changes a delivery is kept.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], or a fault of the database.
    pub async fn note_return(
        &self,
        message_id: &str,
        addresses: &[EmailAddress],
        came: Return,
        raw: &RawMessage,
        now: Timestamp,
    ) -> Result<Noted, StoreError> {
        let (db, message_id, addresses) = (self.db.clone(), message_id.to_owned(), addresses.to_vec());
        let raw = raw.clone();
        detached(async move {
            let mut tx = db.begin().await?;
            let rows = bound!(BY_MESSAGE, &message_id).fetch_all(&mut *tx).await?;
            let Some(first) = rows.first() else { return Ok(Noted::NoLetter) };
            let row = match named(&rows, &addresses)? {
                Some(row) => row,
                None if rows.len() == 1 => first,
                None => return Ok(Noted::Ambiguous(notice(&Cells::of("deliveries", first))?)),
            };
            let noted = take_back(&mut tx, row, &came, &raw, now).await?;
            tx.commit().await?;
            Ok(noted)
        })
        .await
    }
}

/// The delivery to the first of `addresses` that has one. Notifications do not keep the case of letters.
fn named<'a>(rows: &'a [SqliteRow], addresses: &[EmailAddress]) -> Result<Option<&'a SqliteRow>, StoreError> {
    for address in addresses {
        for row in rows {
            let to: &str = Cells::of("deliveries", row).get("address")?;
            if to.eq_ignore_ascii_case(address.as_str()) {
                return Ok(Some(row));
            }
        }
    }
    Ok(None)
}

fn notice(cells: &Cells<'_>) -> Result<NoticeKey, StoreError> {
    cells.parsed("notice_key", NoticeKey::parse)
}

async fn take_back(
    conn: &mut Conn,
    row: &SqliteRow,
    came: &Return,
    raw: &RawMessage,
    now: Timestamp,
) -> Result<Noted, StoreError> {
    let cells = Cells::of("deliveries", row);
    let key = notice(&cells)?;
    let known = cells.parsed("state", DeliveryState::parse)?;
    match (known, came) {
        (DeliveryState::Sending, _) => return Ok(Noted::OnTheWire(key)),
        (DeliveryState::Recorded | DeliveryState::Withdrawn | DeliveryState::Expired, _) => {
            return Ok(Noted::NeverSent(key));
        }
        (DeliveryState::Read, _)
        | (DeliveryState::Refused | DeliveryState::Bounced, Return::Bounced { .. }) => {
            return Ok(Noted::Known(key));
        }
        (DeliveryState::Refused, Return::Read) => return Ok(Noted::NeverSent(key)),
        (
            DeliveryState::Accepted
            | DeliveryState::Deferred
            | DeliveryState::Uncertain
            | DeliveryState::Bounced,
            _,
        ) => {}
    }
    let reached_at = cells.instant_opt("reached_at")?;
    let (state, reached_at, reply) = match came {
        Return::Bounced { why, .. } => (DeliveryState::Bounced, None, why.as_str()),
        Return::Read => (DeliveryState::Read, reached_at.or(Some(now)), "confirmação de leitura"),
    };
    let id: &str = cells.get("id")?;
    bound!(RETURNED, id, state.as_str(), reached_at.map(ms), ms(now), reply).execute(&mut *conn).await?;
    bound!(PUT_MESSAGE, &raw.sha256, ms(now), count(raw.size), &raw.kept_sha256, raw.kept.as_slice())
        .execute(&mut *conn)
        .await?;
    bound!(LINK, id, &raw.sha256).execute(&mut *conn).await?;
    let mut chain = Chain::resume(conn).await?;
    if let Return::Bounced { hard, .. } = came {
        let address = cells.parsed("address", |t| EmailAddress::parse(t).ok())?;
        if *hard || bounced_before(conn, &key, &address, id).await? {
            contact::flag(conn, &mut chain, &address, now, reply).await?;
        }
    }
    let subject = key.to_string();
    let told = Returned {
        delivery: id.to_owned(),
        role: cells.get("role")?,
        version: cells.number("version")?,
        state: Text(state),
        before: Text(known),
        reply_sha256: sha256(reply.as_bytes()),
        message: Message {
            sha256: raw.sha256.clone(),
            size: raw.size as u64,
            kept_sha256: raw.kept_sha256.clone(),
        },
    };
    chain.append(Line::of_notice(now, &key, &subject, told));
    chain.save(conn).await?;
    Ok(Noted::Changed(key))
}

/// Whether an earlier version of the same notice came back from the same address.
async fn bounced_before(
    conn: &mut Conn,
    key: &NoticeKey,
    address: &EmailAddress,
    but: &str,
) -> Result<bool, StoreError> {
    let row = bound!(BOUNCED_BEFORE, key.to_string(), address.as_str(), but).fetch_one(conn).await?;
    Ok(Cells::of("deliveries", &row).get::<i64>("n")? > 0)
}

pub(super) fn message(row: &SqliteRow) -> Result<KeptMessage, StoreError> {
    let cells = Cells::of("returns", row);
    Ok(KeptMessage {
        sha256: cells.get("sha256")?,
        received_at: cells.instant("received_at")?,
        size: cells.number("size")?,
        kept_sha256: cells.get("kept_sha256")?,
        bytes: cells.get("bytes")?,
    })
}
