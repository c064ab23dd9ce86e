//! One municipality's entries and letters alone, with the chain since the last self-audit: what a page that is looked at
//! every day can check each time.
//!
//! Until the audit's entry every table was held against the whole journal. So an entry of before it that the page rests on,
//! about the municipality, its windows, the service or a load, is held against its own hash and its neighbours', and the chain
//! is walked from there on. Of one window it looks at that window's entries alone: it costs the same after ten years.

use std::collections::BTreeSet;

use super::letter::Notices;
use super::table::letters_of;
use super::{Amiss, ChainReport, Discrepancy, along};
use crate::database::cell::{Cells, code, ms};
use crate::database::db::Conn;
use crate::database::sql::{bound, statements};
use crate::domain::id::{MunicipalityCode, WindowId};
use crate::domain::journal::Audited;
use crate::store::chain::Link;
use crate::store::{JournalEntry, StoreError};

statements! {
    // The journal has no gaps: without this an entry that was taken out between others' would not be missed.
    const FIRST_GAP = "SELECT CASE WHEN (SELECT COUNT(*) FROM journal WHERE seq >= $1 AND seq <= $2) < $2 - $1 + 1 \
                       THEN (SELECT MIN(j.seq) + 1 FROM journal j LEFT JOIN journal n ON n.seq = j.seq + 1 \
                       WHERE j.seq >= $1 AND j.seq < $2 AND n.seq IS NULL) END";
    // What was erased after years is told far from the rest; taken out, its letters are missed.
    const REACH = "SELECT MIN(seq), MAX(seq) FROM journal WHERE window_id = $1 AND kind <> 'apagamento'";
    const HEAD = "SELECT head_seq FROM meta WHERE id = 1";
    const FIRST = "SELECT MIN(seq) FROM journal";
    const NEIGHBOURS = "SELECT seq, at, kind, subject, window_id, municipality, body, prev_hash, hash FROM journal \
                        WHERE seq IN ($1 - 1, $1 + 1) ORDER BY seq";
    const NOTICES_OF = "SELECT notice_key FROM notices WHERE municipality = $1";
    const NOTICES_OF_WINDOW = "SELECT notice_key FROM notices WHERE municipality = $1 AND window_id = $2";
    const ORDERS_OF = "SELECT id FROM overrides WHERE municipality = $1 AND ($2 IS NULL OR window_id IS NULL OR window_id = $2)";
}

/// Checks what a case rests on: `entries` are those of it, in order; `deliveries` the ids of
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
    let head: i64 = bound!(HEAD).fetch_one(&mut *conn).await?.try_get(0)?;
    let gap = first_gap(conn, window, head).await?;
    let shown = || entries.iter().chain(evidence);
    let first: Option<i64> = bound!(FIRST).fetch_one(&mut *conn).await?.try_get(0)?;
    let before_all = first.filter(|seq| *seq < 1);
    let changed = shown().filter(|entry| !link(entry).bears(&entry.hash)).map(|entry| entry.seq).min();
    let mut out_of_place = None;
    for entry in shown() {
        // Of the municipality's own none goes without the entry after it, but the last of all.
        let may_be_last = entry.municipality != Some(municipality) || entry.seq >= head;
        let found = misfit(conn, entry, may_be_last).await?;
        out_of_place = out_of_place.into_iter().chain(found).min();
    }
    let broken = [report.broken_at, before_all, out_of_place, gap, changed];
    report.broken_at = broken.into_iter().flatten().min();
    let mut notices = Notices::default();
    for entry in entries {
        match &entry.told {
            Ok(told) if entry.municipality == Some(municipality) => notices.take(&link(entry), told.clone()),
            Ok(_) => {}
            Err(fault) => report.unread.push((entry.seq, fault.clone())),
        }
    }
    report.unread.sort_by_key(|(seq, _)| *seq);
    report.unread.dedup_by_key(|(seq, _)| *seq);
    let keys = window.map_or_else(
        || bound!(NOTICES_OF, code(municipality)),
        |window| bound!(NOTICES_OF_WINDOW, code(municipality), window.as_str()),
    );
    let keys = keys.fetch_all(&mut *conn).await?;
    let keys: Vec<String> = keys.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    let there = [
        ("notices", keys.clone()),
        ("letters", keys),
        ("deliveries", deliveries.clone()),
        ("attempts", deliveries),
    ];
    letters_of(conn, notices.expected(), &there, &mut report).await?;
    let given: BTreeSet<&str> =
        entries.iter().filter(|entry| entry.kind == "ordem").map(|entry| entry.subject.as_str()).collect();
    let only = window.map(WindowId::as_str);
    for row in bound!(ORDERS_OF, code(municipality), only).fetch_all(&mut *conn).await? {
        let id: String = row.try_get(0)?;
        if !given.contains(id.as_str()) {
            report.discrepancies.push(Discrepancy {
                table: "overrides",
                key: vec![id],
                what: Amiss::Unknown,
            });
        }
    }
    Ok(report)
}

/// The first entry that is missing from the window's first to its last, or of all up to the journal's end. All of them are
/// more each year, and counting them would take ever longer.
async fn first_gap(conn: &mut Conn, window: Option<&WindowId>, head: i64) -> Result<Option<i64>, StoreError> {
    let (first, last) = match window {
        Some(window) => {
            let row = bound!(REACH, window.as_str()).fetch_one(&mut *conn).await?;
            (row.try_get(0)?, row.try_get(1)?)
        }
        None => (Some(1), Some(head)),
    };
    let (Some(first), Some(last)): (Option<i64>, Option<i64>) = (first, last) else { return Ok(None) };
    bound!(FIRST_GAP, first, last).fetch_one(conn).await?.try_get(0)
}

/// Where an entry does not fit the one before it or the one after it, each held against its own hash: its place, or that of
/// the one of them that was changed.
async fn misfit(conn: &mut Conn, entry: &JournalEntry, may_be_last: bool) -> Result<Option<i64>, StoreError> {
    let (mut before, mut after) = (None, None);
    for row in &bound!(NEIGHBOURS, entry.seq).fetch_all(conn).await? {
        let cells = Cells::of("journal", row);
        let link = Link::of(&cells)?;
        let hash: String = cells.get("hash")?;
        if !link.bears(&hash) {
            return Ok(Some(link.seq));
        }
        if link.seq < entry.seq {
            before = Some(hash);
        } else {
            after = Some(link.prev.to_owned());
        }
    }
    let fits =
        before.unwrap_or_default() == entry.prev_hash && after.map_or(may_be_last, |prev| prev == entry.hash);
    Ok((!fits).then_some(entry.seq))
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
