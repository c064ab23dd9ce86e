//! Everything the ledger holds about one municipality, in one window or in all, read at one moment.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::verify::{self, ChainReport};
use crate::database::cell::code;
use crate::database::db::Conn;
use crate::database::sql::{bound, statements};
use crate::domain::id::{MunicipalityCode, WindowId};
use crate::domain::journal::{Audited, Entry};
use crate::domain::status::StatusEntry as Status;
use crate::intake::status;
use crate::store::journal::of_service;
use crate::store::retired::Retired;
use crate::store::{
    Attempt, DeliveryId, DeliveryLine, JournalEntry, KeptMessage, Signs, Store, StoreError, StoredLetter,
    begin, delivery, journal, letter, returned,
};

/// Entries about a municipality.
macro_rules! own {
    ($which:expr) => {
        concat!(
            "SELECT seq, at, kind, subject, window_id, municipality, body, prev_hash, hash FROM journal WHERE ",
            $which
        )
    };
}

statements! {
    const OWN = concat!(own!("municipality = $1"), " ORDER BY seq");
    // Not what the journal tells of it in other windows, which are more each year.
    const OWN_OF_WINDOW = concat!(
        own!("window_id = $2 AND municipality = $1"),
        " UNION ALL ",
        own!("window_id IS NULL AND municipality = $1"),
        " ORDER BY seq"
    );
    const OF_WINDOW = "SELECT seq, at, kind, subject, window_id, municipality, body, prev_hash, hash FROM journal \
                       WHERE window_id = $1 AND municipality IS NULL ORDER BY seq";
    const OF_SERVICE = concat!(
        own!(of_service!()),
        " AND kind NOT IN ('livro', 'teste') AND COALESCE(window_id, '') = '' AND COALESCE(municipality, 0) = 0 ORDER BY seq"
    );
    const OF_SNAPSHOT = "SELECT j.seq, j.at, j.kind, j.subject, j.window_id, j.municipality, j.body, j.prev_hash, \
                         j.hash FROM snapshots s JOIN journal j ON j.at = s.recorded_at AND j.subject = s.id \
                         WHERE s.id = $1 AND j.kind = 'coleta'";
    const KNOWN = "SELECT feed, window_id, bytes FROM status_pages WHERE ($1 IS NULL OR window_id = $1) \
                   ORDER BY window_id, feed";
}

/// How much of the ledger is checked for a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseCheck {
    /// All of it.
    Whole,
    /// The municipality's entries and letters, and the chain since the last self-audit, which checks all of it once a
    /// day; all of it where there was none yet, or where the last one found something.
    SinceAudit,
}

/// What the ledger holds about a municipality.
#[derive(Debug, Clone)]
pub struct CaseFile {
    /// Where the chain ended when this was read.
    pub signs: Signs,
    /// Whether what was checked stands as it was recorded.
    pub verified: ChainReport,
    /// The self-audit, with its instant, that the rest of the ledger was checked by; none: all of it was checked.
    pub audited: Option<(Timestamp, Audited)>,
    /// The journal's entries about it, about its windows, and about the service as a whole, in order.
    pub journal: Vec<JournalEntry>,
    /// The letters to it, oldest first.
    pub letters: Vec<StoredLetter>,
    /// Each letter's addresses, with every attempt.
    pub deliveries: Vec<(DeliveryLine, Vec<Attempt>)>,
    /// The messages that came back, each with the delivery that it was about.
    pub returned: Vec<(DeliveryId, KeptMessage)>,
    /// What the feeds say of it now.
    pub status: Vec<(WindowId, Status)>,
    /// The entry of the journal that tells of each snapshot behind a decision or behind `status`.
    pub snapshots: Vec<JournalEntry>,
}

impl Store {
    /// Everything about a municipality, as one consistent state; nothing when the journal never tells of it.
    pub async fn case_file(
        &self,
        municipality: MunicipalityCode,
        window: Option<&WindowId>,
        extent: CaseCheck,
    ) -> Result<Option<CaseFile>, StoreError> {
        let witnessed = self.witnessed()?;
        let mut view = self.db.view().await?;
        let mut case = read(&mut view, municipality, window, extent).await?;
        if let Some(case) = &mut case {
            verify::hold(&mut view, witnessed, &mut case.verified).await?;
        }
        Ok(case)
    }
}

/// The same, as part of a longer reading.
pub(super) async fn read(
    view: &mut Conn,
    municipality: MunicipalityCode,
    window: Option<&WindowId>,
    extent: CaseCheck,
) -> Result<Option<CaseFile>, StoreError> {
    let own = own_entries(view, municipality, window).await?;
    if own.is_empty() {
        return Ok(None);
    }
    let mut windows: BTreeSet<WindowId> = own.iter().filter_map(|e| e.window.clone()).collect();
    windows.extend(window.cloned());
    let only = window.map(WindowId::as_str);
    let rows = only.map_or_else(
        || bound!(letter::OF, code(municipality)),
        |window| bound!(letter::OF_WINDOW, code(municipality), window),
    );
    let rows = rows.fetch_all(&mut *view).await?;
    let letters = rows.iter().map(letter::letter).collect::<Result<_, _>>()?;
    let rows = only.map_or_else(
        || bound!(delivery::LIST_OF_MUNICIPALITY, code(municipality)),
        |window| bound!(delivery::LIST_OF_BOTH, window, code(municipality)),
    );
    let rows = rows.fetch_all(&mut *view).await?;
    let mut deliveries = Vec::with_capacity(rows.len());
    let mut messages = Vec::new();
    for row in &rows {
        let line = delivery::line(row)?;
        for row in bound!(returned::MESSAGES_OF, line.id.as_str()).fetch_all(&mut *view).await? {
            messages.push((line.id.clone(), returned::message(&row)?));
        }
        let attempts = bound!(delivery::ATTEMPTS, line.id.as_str()).fetch_all(&mut *view).await?;
        deliveries.push((line, attempts.iter().map(delivery::attempt).collect::<Result<_, _>>()?));
    }
    let mut status: Vec<(WindowId, Status)> = Vec::new();
    let retired = Retired::all(&mut *view).await?;
    for row in bound!(KNOWN, only).fetch_all(&mut *view).await? {
        let known = status::known(&row)?;
        let counts = |entry: &Status| retired.last(&entry.feed).is_none_or(|last| entry.arrival > last);
        let own = known.entries().into_iter().filter(|(code, entry)| *code == municipality && counts(entry));
        status.extend(own.map(|(_, entry)| (known.window.clone(), entry)));
    }
    status.sort_by(|(a, x), (b, y)| (a, &x.part, &x.unit, &x.feed).cmp(&(b, &y.part, &y.unit, &y.feed)));
    let mut named: BTreeSet<String> = own.iter().flat_map(evidence).collect();
    named.extend(status.iter().map(|(_, entry)| entry.snapshot.as_str().to_owned()));
    let snapshots = snapshots(&mut *view, named).await?;
    let mut journal = own;
    journal.extend(general(&mut *view, &windows).await?);
    journal.sort_by_key(|entry| entry.seq);
    let audited = match extent {
        CaseCheck::Whole => None,
        CaseCheck::SinceAudit => journal::last_audit(&mut *view).await?,
    };
    let audited = audited.filter(|(_, audited)| audited.divergences == 0);
    let verified = match &audited {
        None => verify::whole(&mut *view).await?,
        Some((_, audited)) => {
            let ids = deliveries.iter().map(|(line, _)| line.id.as_str().to_owned()).collect();
            verify::one(&mut *view, (municipality, window), (&journal, &snapshots), ids, audited).await?
        }
    };
    Ok(Some(CaseFile {
        signs: begin::signs(&mut *view).await?,
        verified,
        audited,
        journal,
        letters,
        deliveries,
        returned: messages,
        status,
        snapshots,
    }))
}

/// Entries about the municipality: of the window asked for, and of none (a hold of the municipality).
async fn own_entries(
    conn: &mut Conn,
    municipality: MunicipalityCode,
    window: Option<&WindowId>,
) -> Result<Vec<JournalEntry>, StoreError> {
    let rows = match window {
        Some(window) => {
            bound!(OWN_OF_WINDOW, code(municipality), window.as_str()).fetch_all(&mut *conn).await?
        }
        None => bound!(OWN, code(municipality)).fetch_all(&mut *conn).await?,
    };
    let mut entries: Vec<JournalEntry> = rows.iter().map(journal::entry).collect::<Result<_, _>>()?;
    journal::add_outcomes(conn, &mut entries).await?;
    Ok(entries)
}

/// Entries about its windows as a whole, and about the service.
async fn general(conn: &mut Conn, windows: &BTreeSet<WindowId>) -> Result<Vec<JournalEntry>, StoreError> {
    let mut rows = bound!(OF_SERVICE).fetch_all(&mut *conn).await?;
    for window in windows {
        rows.extend(bound!(OF_WINDOW, window.as_str()).fetch_all(&mut *conn).await?);
    }
    rows.iter().map(journal::entry).collect()
}

async fn snapshots(conn: &mut Conn, named: BTreeSet<String>) -> Result<Vec<JournalEntry>, StoreError> {
    let mut entries = Vec::with_capacity(named.len());
    for id in named {
        let rows = bound!(OF_SNAPSHOT, id).fetch_all(&mut *conn).await?;
        entries.extend(rows.iter().map(journal::entry).collect::<Result<Vec<_>, _>>()?);
    }
    entries.sort_by_key(|entry| entry.seq);
    Ok(entries)
}

/// The snapshots that an entry of the journal names.
fn evidence(entry: &JournalEntry) -> Vec<String> {
    match &entry.told {
        Ok(Entry::Decision(told)) => {
            told.evidence.iter().map(|line| line.snapshot.as_str().to_owned()).collect()
        }
        _ => Vec::new(),
    }
}
