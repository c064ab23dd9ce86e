//! What comes back by mail: bounces, read receipts, and reports of delivery for a letter in doubt, each noted at the
//! delivery that it is about and kept byte for byte.

use std::io::{self, Read};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::chain::{Chain, Line};
use super::contact;
use super::{Store, StoreError};
use crate::database::cell::{Cells, count, ms};
use crate::database::db::{Conn, written};
use crate::database::engine::Row;
use crate::database::sql::{bound, statements};
use crate::domain::delivery::DeliveryState;
use crate::domain::id::EmailAddress;
use crate::domain::journal::{Message, Returned, Text, Unflagging};
use crate::domain::notice::NoticeKey;
use crate::domain::refusal::Refusal;
use crate::text::digest::{hex, sha256};

/// Kept of one message: what tells its sort stands at its beginning.
const MOST_KEPT: usize = 512 * 1024;

statements! {
    const BY_MESSAGE = "SELECT d.id, d.notice_key, d.version, d.role, d.address, d.state, d.reached_at \
                        FROM deliveries d \
                        JOIN letters l ON l.notice_key = d.notice_key AND l.version = d.version \
                        WHERE d.id IN (SELECT id FROM deliveries WHERE id = $1 UNION SELECT x.id FROM letters m \
                        JOIN deliveries x ON x.notice_key = m.notice_key AND x.version = m.version \
                        WHERE m.message_id = $1)";
    const RETURNED = "UPDATE deliveries SET state = $2, reached_at = $3, next_attempt_at = NULL, settled_at = $4, \
                      reply = $5, owner = NULL, lease_until = NULL, fence = fence + 1 WHERE id = $1";
    const LINKED = "SELECT COUNT(*) FROM delivery_returns WHERE delivery = $1 AND sha256 = $2";
    const PUT_MESSAGE = "INSERT INTO returns (sha256, received_at, size, kept_sha256, bytes) \
                         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (sha256) DO NOTHING";
    const LINK = "INSERT INTO delivery_returns (delivery, sha256) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    pub(crate) const MESSAGES_OF = "SELECT r.sha256, r.received_at, r.size, r.kept_sha256, r.bytes \
                         FROM delivery_returns d JOIN returns r ON r.sha256 = d.sha256 \
                         WHERE d.delivery = $1 ORDER BY r.received_at, r.sha256";
}

/// What came back by mail (`devolucao`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Return {
    Bounced {
        /// What the notification says.
        why: String,
        /// Whose matter it is.
        refusal: Refusal,
        /// Until when the address is not written to ([`Refusal::rests_until`]): else a letter would go and come back
        /// without end.
        rests_until: Timestamp,
    },
    /// A report of delivery: a mail system has the letter, and so the relay took it.
    Arrived {
        /// What the report says.
        why: String,
    },
    Read,
}

/// What became of a return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Noted {
    Changed(NoticeKey),
    /// It was known already.
    Known(NoticeKey),
    /// The letter was read, as somebody confirmed, and this says that it came back: one of the two is not true.
    Contradicts(NoticeKey),
    /// A sender has that very delivery in hand: ask again once it has settled.
    OnTheWire(NoticeKey),
    /// The letter never left for that address, so nothing can have come back.
    NeverSent(NoticeKey),
    /// The letter went to several addresses, and what is named tells of none of them, or of more than one.
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
    kept_sha256: String,
    /// Its first 512 KiB.
    kept: Vec<u8>,
}

impl RawMessage {
    /// What the ledger keeps of a message.
    pub fn of(bytes: &[u8]) -> Self {
        let kept = &bytes[..bytes.len().min(MOST_KEPT)];
        Self { sha256: sha256(bytes), size: bytes.len(), kept_sha256: sha256(kept), kept: kept.to_vec() }
    }

    /// Reads a message to its end: what the ledger keeps of it, told of the whole however large, and its first `most`
    /// bytes.
    pub fn read(input: &mut impl Read, most: usize) -> io::Result<(Self, Vec<u8>)> {
        let (mut hash, mut size, mut head) = (Sha256::new(), 0, Vec::new());
        let mut piece = vec![0; 64 * 1024];
        loop {
            let length = input.read(&mut piece)?;
            if length == 0 {
                break;
            }
            hash.update(&piece[..length]);
            size += length;
            head.extend_from_slice(&piece[..length.min(most - head.len())]);
        }
        Ok((Self { sha256: hex(hash.finalize()), size, ..Self::of(&head) }, head))
    }

    /// How many bytes it had.
    pub fn size(&self) -> usize {
        self.size
    }

    /// SHA-256 of all of it, hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }
}

/// A message that came back, as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptMessage {
    /// SHA-256 of all of it, hexadecimal.
    pub sha256: String,
    pub received_at: Timestamp,
    /// How many bytes it had.
    pub size: usize,
    /// SHA-256 of `bytes` when it was kept.
    pub kept_sha256: String,
    /// Its first 512 KiB; absent: their years are over, and the digest is what is left.
    pub bytes: Option<Vec<u8>>,
}

impl Store {
    /// Takes in what came back for `letter`, a Message-ID with its brackets or the id of one delivery (our ENVID): from
    /// the first of `named` that it was sent to, or the only one of `mentioned`, or, where it is none of these, its only
    /// address. What changes a delivery is kept.
    pub async fn note_return(
        &self,
        letter: &str,
        named: &[EmailAddress],
        mentioned: &[EmailAddress],
        came: Return,
        raw: &RawMessage,
        now: Timestamp,
    ) -> Result<Noted, StoreError> {
        let (letter, named) = (letter.to_owned(), named.to_vec());
        let (mentioned, raw) = (mentioned.to_vec(), raw.clone());
        written!(self.db, |tx| {
            let rows = bound!(BY_MESSAGE, &letter).fetch_all(&mut tx).await?;
            let Some(first) = rows.first() else { return Ok(Noted::NoLetter) };
            let row = match about(&rows, &named, &mentioned)? {
                Some(row) => row,
                None if rows.len() == 1 => first,
                None => return Ok(Noted::Ambiguous(notice(&Cells::of("deliveries", first))?)),
            };
            take_back(&mut tx, row, &came, &raw, now).await?
        })
    }
}

/// The delivery to the first of `named` that has one, or to the only one of `mentioned`: two innocent until somebody
/// reads it.
fn about<'a>(
    rows: &'a [Row],
    named: &[EmailAddress],
    mentioned: &[EmailAddress],
) -> Result<Option<&'a Row>, StoreError> {
    for address in named {
        if let Some(row) = sent_to(rows, address)? {
            return Ok(Some(row));
        }
    }
    let mut found: Option<&Row> = None;
    for address in mentioned {
        let Some(row) = sent_to(rows, address)? else { continue };
        if found.is_some_and(|known| !std::ptr::eq(known, row)) {
            return Ok(None);
        }
        found = Some(row);
    }
    Ok(found)
}

/// The delivery to an address. Notifications do not keep the case of letters.
fn sent_to<'a>(rows: &'a [Row], address: &EmailAddress) -> Result<Option<&'a Row>, StoreError> {
    for row in rows {
        let to: &str = Cells::of("deliveries", row).get("address")?;
        if to.eq_ignore_ascii_case(address.as_str()) {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

fn notice(cells: &Cells<'_>) -> Result<NoticeKey, StoreError> {
    cells.parsed("notice_key", NoticeKey::parse)
}

async fn take_back(
    conn: &mut Conn,
    row: &Row,
    came: &Return,
    raw: &RawMessage,
    now: Timestamp,
) -> Result<Noted, StoreError> {
    let cells = Cells::of("deliveries", row);
    let key = notice(&cells)?;
    let known = cells.parsed("state", DeliveryState::parse)?;
    match (known, came) {
        (DeliveryState::Sending, _) => return Ok(Noted::OnTheWire(key)),
        // Put off, nobody took it: what bounced, or was read, is another's, forwarded there.
        (
            DeliveryState::Recorded
            | DeliveryState::Deferred
            | DeliveryState::Withdrawn
            | DeliveryState::Expired,
            _,
        )
        | (DeliveryState::Refused, Return::Arrived { .. } | Return::Read) => {
            return Ok(Noted::NeverSent(key));
        }
        (DeliveryState::Read, Return::Bounced { .. }) => {
            let id: &str = cells.get("id")?;
            let linked = bound!(LINKED, id, &raw.sha256).fetch_one(&mut *conn).await?;
            let before: i64 = linked.try_get(0)?;
            return Ok(if before > 0 { Noted::Known(key) } else { Noted::Contradicts(key) });
        }
        // Only of one in doubt does it say anything that the letter arrived.
        (DeliveryState::Accepted | DeliveryState::Bounced | DeliveryState::Read, Return::Arrived { .. })
        | (DeliveryState::Refused | DeliveryState::Bounced, Return::Bounced { .. })
        | (DeliveryState::Read, Return::Read) => return Ok(Noted::Known(key)),
        (DeliveryState::Accepted | DeliveryState::Uncertain | DeliveryState::Bounced, _) => {}
    }
    let reached_at = cells.instant_opt("reached_at")?;
    let (state, reached_at, reply) = match came {
        Return::Bounced { why, .. } => (DeliveryState::Bounced, None, why.as_str()),
        Return::Arrived { why } => (DeliveryState::Accepted, reached_at.or(Some(now)), why.as_str()),
        Return::Read => (DeliveryState::Read, reached_at.or(Some(now)), "confirmação de leitura"),
    };
    let id: &str = cells.get("id")?;
    bound!(RETURNED, id, state.as_str(), reached_at.map(ms), ms(now), reply).execute(&mut *conn).await?;
    bound!(PUT_MESSAGE, &raw.sha256, ms(now), count(raw.size), &raw.kept_sha256, raw.kept.as_slice())
        .execute(&mut *conn)
        .await?;
    bound!(LINK, id, &raw.sha256).execute(&mut *conn).await?;
    let mut chain = Chain::resume(conn).await?;
    let address = cells.parsed("address", |t| EmailAddress::parse(t).ok())?;
    match came {
        Return::Bounced { refusal, rests_until, .. } => {
            contact::flag(conn, &mut chain, &address, (*refusal, *rests_until), now, reply).await?;
        }
        // The relay has the letter; of the address that says nothing.
        Return::Arrived { .. } => {}
        Return::Read => {
            contact::unflag(conn, &mut chain, &address, now, Unflagging::WasRead).await?;
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

pub(crate) fn message(row: &Row) -> Result<KeptMessage, StoreError> {
    let cells = Cells::of("returns", row);
    Ok(KeptMessage {
        sha256: cells.get("sha256")?,
        received_at: cells.instant("received_at")?,
        size: cells.number("size")?,
        kept_sha256: cells.get("kept_sha256")?,
        bytes: cells.get("bytes")?,
    })
}
