//! One municipality's entries and letters alone, with the chain since the last self-audit: what a page that is looked at
//! every day can check each time.
//!
//! Until the audit's entry every table was held against the whole journal. So an entry of before it that the page rests on,
//! about the municipality, its windows, the service or a load, is held against its own hash and its neighbours', and the chain
//! is walked from there on.

use super::letter::Notices;
use super::table::letters_of;
use super::{ChainReport, along};
use crate::database::cell::{code, ms};
use crate::database::db::Conn;
use crate::database::sql::{bound, statements};
use crate::domain::id::{MunicipalityCode, WindowId};
use crate::domain::journal::{Audited, Entry};
use crate::store::chain::Link;
use crate::store::{JournalEntry, StoreError};

statements! {
    const OUT_OF_PLACE = "SELECT MIN(j.seq) FROM journal j LEFT JOIN journal b ON b.seq = j.seq - 1 \
                          LEFT JOIN journal n ON n.seq = j.seq + 1 WHERE j.municipality = $1 AND \
                          (j.prev_hash <> COALESCE(b.hash, '') OR COALESCE(n.prev_hash, '') <> j.hash AND \
                          j.seq < (SELECT head_seq FROM meta WHERE id = 1))";
    // The journal has no gaps: without this an entry that was taken out between others' would not be missed.
    const FIRST_GAP = "SELECT CASE WHEN (SELECT COUNT(*) FROM journal) < m.head_seq THEN (SELECT MIN(j.seq) + 1 FROM journal j \
                       LEFT JOIN journal n ON n.seq = j.seq + 1 WHERE n.seq IS NULL) END FROM meta m WHERE m.id = 1";
    const NEIGHBOURS = "SELECT (SELECT hash FROM journal WHERE seq = $1 - 1), \
                        (SELECT prev_hash FROM journal WHERE seq = $1 + 1)";
    const NOTICES_OF = "SELECT notice_key FROM notices WHERE municipality = $1 AND ($2 IS NULL OR window_id = $2)";
}

/// Checks what a case rests on: `entries` are those of it, with every reduction, in order; `deliveries` the ids of
/// what the tables have of it. `audited`: the last audit, which found nothing. `evidence`: the loads that its decisions rest on.
pub(in crate::proof) async fn one(
    conn: &mut Conn,
    (municipality, window): (MunicipalityCode, Option<&WindowId>),
    (entries, evidence): (&[JournalEntry], &[JournalEntry]),
    deliveries: Vec<String>,
    audited: &Audited,
) -> Result<ChainReport, StoreError> {
    let mut report = ChainReport::default();
    let reached = (i64::try_from(audited.reached).unwrap_or(i64::MAX), audited.reached_hash.clone());
    along(conn, &mut report, reached, |_, _| ()).await?;
    let out_of_place: Option<i64> =
        bound!(OUT_OF_PLACE, code(municipality)).fetch_one(&mut *conn).await?.try_get(0)?;
    let gap: Option<i64> = bound!(FIRST_GAP).fetch_one(&mut *conn).await?.try_get(0)?;
    let shown = || entries.iter().chain(evidence);
    let changed = shown().filter(|entry| link(entry).hash() != entry.hash).map(|entry| entry.seq).min();
    let mut general = None;
    // The municipality's own are asked for together above.
    for entry in shown().filter(|entry| entry.municipality != Some(municipality)) {
        let row = bound!(NEIGHBOURS, entry.seq).fetch_one(&mut *conn).await?;
        let (before, after): (Option<String>, Option<String>) = (row.try_get(0)?, row.try_get(1)?);
        let fits =
            before.unwrap_or_default() == entry.prev_hash && after.is_none_or(|hash| hash == entry.hash);
        if !fits && general.is_none_or(|seq| entry.seq < seq) {
            general = Some(entry.seq);
        }
    }
    let broken = [report.broken_at, out_of_place, gap, changed, general];
    report.broken_at = broken.into_iter().flatten().min();
    let mut notices = Notices::default();
    for entry in entries {
        match &entry.told {
            Ok(Entry::Reduced(told)) => notices.reduced(entry.seq, told),
            Ok(told) if entry.municipality == Some(municipality) => notices.take(&link(entry), told.clone()),
            Ok(_) => {}
            Err(fault) => report.unread.push((entry.seq, fault.clone())),
        }
    }
    report.unread.sort_by_key(|(seq, _)| *seq);
    report.unread.dedup_by_key(|(seq, _)| *seq);
    let keys =
        bound!(NOTICES_OF, code(municipality), window.map(WindowId::as_str)).fetch_all(&mut *conn).await?;
    let keys: Vec<String> = keys.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    let there = [
        ("notices", keys.clone()),
        ("letters", keys),
        ("deliveries", deliveries.clone()),
        ("attempts", deliveries),
    ];
    letters_of(conn, notices.expected(), &there, &mut report).await?;
    Ok(report)
}

/// What an entry's hash covers.
fn link(entry: &JournalEntry) -> Link<'_> {
    Link {
        prev: &entry.prev_hash,
        seq: entry.seq,
        at: ms(entry.at),
        kind: &entry.kind,
        subject: &entry.subject,
        window: entry.window.as_ref().map(WindowId::as_str),
        municipality: entry.municipality.map(code),
        body: &entry.body,
    }
}

#[cfg(test)]
mod tests;
