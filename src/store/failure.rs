//! What failed of late and what stood of the same time, as the rule of many alike asks for it (`domain::alike`).
//!
//! How often an address was let off is read from the journal, which alone has it: a flag that is lifted is gone.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use super::StoreError;
use super::contact::{FlaggedContact, subject};
use super::journal::entry;
use crate::database::cell::{Cells, ms};
use crate::database::db::Conn;
use crate::database::sql::{bound, statements};
use crate::domain::alike::{self, Failure, Stood};
use crate::domain::delivery::{DeliveryState, QueueStop};
use crate::domain::id::EmailAddress;
use crate::domain::journal::{Entry, Unflagging};
use crate::domain::refusal::{EnhancedStatus, Refusal};

// The journal tells of each delivery when it changes, and is in the order of time.
statements! {
    const FAILED = "SELECT address, state, sending_at, settled_at FROM deliveries \
                    WHERE state IN ('devolvido', 'recusado') AND settled_at >= $1 \
                    AND notice_key IN (SELECT subject FROM journal WHERE at >= $1 AND kind = 'entrega') \
                    ORDER BY settled_at, id";
    const STOOD = "SELECT DISTINCT d.address, d.reached_at AS at FROM deliveries d \
                   JOIN notices n ON n.notice_key = d.notice_key \
                   WHERE n.municipality IS NOT NULL AND d.state IN ('aceito', 'lido') AND d.reached_at >= $1 \
                   AND d.notice_key IN (SELECT subject FROM journal WHERE at >= $1 AND kind = 'entrega')";
    const TOLD = "SELECT seq, at, kind, subject, window_id, municipality, body, prev_hash, hash FROM journal \
                  WHERE at >= $1 AND kind = 'contato'";
}

/// How long it is remembered that an address was let off.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(30 * 24);

/// An address that was let off, and from what.
struct LetOff {
    at: Timestamp,
    refusal: Refusal,
}

/// Of what is flagged since a short while, what the queue stands still for, or would: nobody there is at fault.
pub(super) async fn let_off(
    conn: &mut Conn,
    flagged: Vec<FlaggedContact>,
    stop: Option<&QueueStop>,
    now: Timestamp,
) -> Result<Vec<FlaggedContact>, StoreError> {
    let Some(first) = flagged.iter().map(|contact| contact.since).min() else { return Ok(Vec::new()) };
    if stop.is_none() && flagged.len() < alike::FEWEST {
        return Ok(Vec::new());
    }
    let let_off = told(conn, now).await?;
    let mut failures = failures(conn, &flagged, first).await?;
    let lifted = flagged.iter().filter_map(|contact| let_off.get(&subject(&contact.address))).flatten();
    let since = lifted.map(|one| one.at).chain(alike::same_time_since(&failures)).min().unwrap_or(first);
    let stood = stood(conn, since).await?;
    for failure in &mut failures {
        failure.let_off = times(failure, let_off.get(&subject(&failure.address)), &stood);
    }
    let causes = stop.map(|stop| {
        let begun = let_off.values().flatten().filter(|one| one.at == stop.since);
        begun.map(|one| one.refusal).collect::<Vec<_>>()
    });
    let free = alike::let_off(&failures, &stood, causes.as_deref());
    let is_free = |contact: &FlaggedContact| free.iter().any(|failure| failure.address == contact.address);
    Ok(flagged.into_iter().filter(is_free).collect())
}

/// How often an address was let off from the same before the letter left that failed now, and nothing arrived there since.
fn times(failure: &Failure, let_off: Option<&Vec<LetOff>>, stood: &[Stood]) -> usize {
    let Some(left_at) = failure.left_at else { return 0 };
    let of_it = |letter: &&Stood| letter.address.as_str().eq_ignore_ascii_case(failure.address.as_str());
    let arrived_at = stood.iter().filter(of_it).map(|letter| letter.at).max();
    let counts = |one: &&LetOff| {
        one.refusal == failure.refusal
            && one.at < left_at
            && arrived_at.is_none_or(|arrived| arrived < one.at)
    };
    let_off.into_iter().flatten().filter(counts).count()
}

/// From what each address, by its digest, was let off of late.
async fn told(conn: &mut Conn, now: Timestamp) -> Result<HashMap<String, Vec<LetOff>>, StoreError> {
    let since = now.saturating_sub(REMEMBERED).unwrap_or(Timestamp::MIN);
    let mut flags: HashMap<String, Refusal> = HashMap::new();
    let mut found: HashMap<String, Vec<LetOff>> = HashMap::new();
    let rows = bound!(TOLD, ms(since)).fetch_all(conn).await?;
    let mut entries = rows.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(|entry| entry.seq);
    for entry in entries {
        match entry.told {
            Ok(Entry::Flagged(told)) => {
                flags.insert(entry.subject, *told.refusal);
            }
            Ok(Entry::Unflagged(told)) => {
                let refusal = flags.remove(&entry.subject);
                if let (Unflagging::Ours, Some(refusal)) = (told.act, refusal) {
                    found.entry(entry.subject).or_default().push(LetOff { at: entry.at, refusal });
                } else {
                    found.remove(&entry.subject);
                }
            }
            // Of no flag, or not to be read: the check of the journal says so.
            Ok(_) | Err(_) => {}
        }
    }
    Ok(found)
}

/// Each flag with the letter that brought it.
async fn failures(
    conn: &mut Conn,
    flagged: &[FlaggedContact],
    since: Timestamp,
) -> Result<Vec<Failure>, StoreError> {
    let mut failed: BTreeMap<(String, Timestamp), (bool, Option<Timestamp>)> = BTreeMap::new();
    for row in bound!(FAILED, ms(since)).fetch_all(conn).await? {
        let cells = Cells::of("deliveries", &row);
        let came_back = cells.parsed("state", DeliveryState::parse)? == DeliveryState::Bounced;
        let key = (cells.get::<String>("address")?.to_ascii_lowercase(), cells.instant("settled_at")?);
        failed.entry(key).or_insert((came_back, cells.instant_opt("sending_at")?));
    }
    let failure = |contact: &FlaggedContact| {
        let key = (contact.address.as_str().to_ascii_lowercase(), contact.since);
        let (came_back, left_at) = failed.get(&key).copied().unwrap_or((false, None));
        Failure {
            address: contact.address.clone(),
            refusal: contact.refusal,
            status: EnhancedStatus::find(&contact.why),
            came_back,
            left_at,
            let_off: 0,
        }
    };
    Ok(flagged.iter().map(failure).collect())
}

/// Letters to municipalities that were taken since then, and stand.
async fn stood(conn: &mut Conn, since: Timestamp) -> Result<Vec<Stood>, StoreError> {
    let rows = bound!(STOOD, ms(since)).fetch_all(conn).await?;
    let letter = |row| {
        let cells = Cells::of("deliveries", row);
        Ok(Stood {
            address: cells.parsed("address", |t| EmailAddress::parse(t).ok())?,
            at: cells.instant("at")?,
        })
    };
    rows.iter().map(letter).collect()
}
