//! The journal: what was decided, sent, answered and ordered, in a chain in which each entry's hash covers the last.

use jiff::Timestamp;

use super::chain::{Chain, Line};
use super::{Store, StoreError};
use crate::database::cell::{Cells, code, count, ms};
use crate::database::db::{Conn, written};
use crate::database::engine::Row;
use crate::database::sql::{bound, statements};
use crate::domain::id::{EmailAddress, MunicipalityCode, WindowId};
use crate::domain::journal::{self, Entry, Opening, Ordered, Unread};
use crate::text::digest::sha256;

/// What the journal tells of the service beside loads, alerts, audits and visits: few entries, which the index
/// `journal_of_service` has in these very words. A condition that there is no window makes SQLite go through all that is of no
/// window instead, each load of years.
macro_rules! of_service {
    () => {
        "kind IN ('abertura', 'fonte', 'livro', 'ordem', 'parada', 'reducao', 'teste')"
    };
}
pub(crate) use of_service;

/// The same list by whichever index serves: with `$1 IS NULL OR` alone none would.
macro_rules! list {
    ($which:literal) => {
        concat!(
            "SELECT seq, at, kind, subject, window_id, municipality, body, prev_hash, hash FROM journal WHERE ",
            $which,
            " AND ($3 IS NULL OR at >= $3) AND ($4 IS NULL OR at < $4) AND seq > $5 ORDER BY seq LIMIT $6"
        )
    };
}

statements! {
    const LIST = list!("($1 IS NULL OR window_id = $1) AND ($2 IS NULL OR municipality = $2)");
    const LIST_OF_WINDOW = list!("window_id = $1 AND ($2 IS NULL OR municipality = $2)");
    const LIST_OF_BOTH = list!("window_id = $1 AND municipality = $2");
    const TESTED = concat!(
        "SELECT COUNT(*) FROM journal WHERE ",
        of_service!(),
        " AND kind = 'teste' AND body LIKE '%\"resultado\":\"aceito\"%'"
    );
    const OUTCOME = "SELECT reason FROM overrides WHERE id = $1";
    const LAST_AUDIT = "SELECT seq, at, kind, subject, window_id, municipality, body, prev_hash, hash FROM journal \
                        WHERE kind = 'conferencia' ORDER BY seq DESC LIMIT 1";
    const LAST_OF = "SELECT seq, at, kind, subject, window_id, municipality, body, prev_hash, hash FROM journal \
                     WHERE municipality = $1 AND ($2 IS NULL OR at < $2) ORDER BY seq DESC LIMIT $3";
    const WINDOWS_OF = "SELECT j.window_id, MAX(j.at) AS last_at, (SELECT COUNT(*) FROM notices n JOIN letters l \
                        ON l.notice_key = n.notice_key WHERE n.window_id = j.window_id AND n.municipality = $1) AS letters \
                        FROM journal j WHERE j.municipality = $1 AND j.window_id IS NOT NULL AND j.kind NOT IN ('painel', 'apagamento') \
                        GROUP BY j.window_id ORDER BY last_at DESC, j.window_id";
    const LIST_OF_MUNICIPALITY = list!("municipality = $2 AND ($1 IS NULL OR window_id = $1)");
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// Its place, from 1, without gaps.
    pub seq: i64,
    pub at: Timestamp,
    /// The first word of its format: `decisao`, `entrega`.
    pub kind: String,
    /// What about: a notice's key, a window, a snapshot.
    pub subject: String,
    pub window: Option<WindowId>,
    pub municipality: Option<MunicipalityCode>,
    /// What it tells, or why that cannot be read: then the entries after it can be all the same.
    pub told: Result<Entry, Unread>,
    /// What came of a call that it tells of by digest; absent: of another entry, or its years are over.
    pub outcome: Option<String>,
    /// The same as it was written, byte for byte.
    pub body: String,
    /// The hash of the entry before, hexadecimal; empty for the first.
    pub prev_hash: String,
    /// Its hash, hexadecimal.
    pub hash: String,
}

/// A window in which the journal tells of a municipality.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldWindow {
    /// Which window.
    pub window: WindowId,
    /// Letters that were recorded there to it.
    pub letters: usize,
    /// When the journal told of it last.
    pub last_at: Timestamp,
}

/// Which entries.
#[derive(Debug, Clone, Default)]
pub struct JournalFilter {
    /// Only of this window.
    pub window: Option<WindowId>,
    /// Only of this municipality.
    pub municipality: Option<MunicipalityCode>,
    /// Only from this instant on.
    pub since: Option<Timestamp>,
    /// Only before this instant.
    pub until: Option<Timestamp>,
    /// Only after this place in the chain.
    pub after: i64,
    /// At most so many; absent: all.
    pub limit: Option<usize>,
}

impl Store {
    /// Notes that a letter marked as a test was handed to the relay.
    pub async fn note_test(
        &self,
        to: &EmailAddress,
        told: journal::TestSent,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let subject = sha256(to.as_str().as_bytes());
        written!(self.db, |tx| {
            Chain::tell(&mut tx, Line::new(now, &subject, told)).await?;
        })
    }

    /// Notes that a dossier was shown to somebody by the panel.
    pub async fn note_dossier_shown(
        &self,
        municipality: MunicipalityCode,
        window: Option<WindowId>,
        told: journal::DossierShown,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let subject = municipality.to_string();
        written!(self.db, quietly, |tx| {
            let line = Line::new(now, &subject, told);
            let about = Line { window: window.as_ref(), municipality: Some(municipality), ..line };
            Chain::tell(&mut tx, about).await?;
        })
    }

    /// The last self-audit, and when it was made; nothing too where its entry cannot be read.
    pub async fn last_audit(&self) -> Result<Option<(Timestamp, journal::Audited)>, StoreError> {
        last_audit(&mut *self.db.read().await?).await
    }

    /// Notes a self-audit.
    pub async fn note_audit(&self, told: journal::Audited, now: Timestamp) -> Result<(), StoreError> {
        written!(self.db, quietly, |tx| {
            Chain::tell(&mut tx, Line::new(now, "livro", told)).await?;
        })
    }

    /// Whether the relay ever took a letter that was marked as a test.
    pub async fn was_tested(&self) -> Result<bool, StoreError> {
        let mut conn = self.db.read().await?;
        let taken: i64 = bound!(TESTED).fetch_one(&mut conn).await?.try_get(0)?;
        Ok(taken > 0)
    }

    /// Entries of the journal, in order.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a row that cannot be one of the journal's, or a fault of the database.
    pub async fn journal(&self, filter: &JournalFilter) -> Result<Vec<JournalEntry>, StoreError> {
        let mut conn = self.db.read().await?;
        let window = filter.window.as_ref().map(WindowId::as_str);
        let municipality = filter.municipality.map(code);
        let (since, until) = (filter.since.map(ms), filter.until.map(ms));
        let limit = filter.limit.map_or(i64::MAX, count);
        let query = match (window, municipality) {
            (Some(_), None) => {
                bound!(LIST_OF_WINDOW, window, municipality, since, until, filter.after, limit)
            }
            (Some(_), Some(_)) => {
                bound!(LIST_OF_BOTH, window, municipality, since, until, filter.after, limit)
            }
            (None, Some(_)) => {
                bound!(LIST_OF_MUNICIPALITY, window, municipality, since, until, filter.after, limit)
            }
            (None, None) => bound!(LIST, window, municipality, since, until, filter.after, limit),
        };
        let rows = query.fetch_all(&mut conn).await?;
        let mut entries = rows.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
        add_outcomes(&mut conn, &mut entries).await?;
        Ok(entries)
    }

    /// The last entries about a municipality, before an instant where one is named; the latest first.
    pub async fn last_entries(
        &self,
        municipality: MunicipalityCode,
        before: Option<Timestamp>,
        most: usize,
    ) -> Result<Vec<JournalEntry>, StoreError> {
        let mut conn = self.db.read().await?;
        let query = bound!(LAST_OF, code(municipality), before.map(ms), count(most));
        let rows = query.fetch_all(&mut conn).await?;
        let mut entries = rows.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
        add_outcomes(&mut conn, &mut entries).await?;
        Ok(entries)
    }

    /// The windows in which the journal tells of a municipality, the last told of first.
    pub async fn told_windows(&self, municipality: MunicipalityCode) -> Result<Vec<ToldWindow>, StoreError> {
        let mut conn = self.db.read().await?;
        let rows = bound!(WINDOWS_OF, code(municipality)).fetch_all(&mut conn).await?;
        let told = |row: &Row| {
            let cells = Cells::of("journal", row);
            Ok(ToldWindow {
                window: cells.parsed("window_id", |t| WindowId::parse(t).ok())?,
                letters: cells.number("letters")?,
                last_at: cells.instant("last_at")?,
            })
        };
        rows.iter().map(told).collect()
    }

    /// The first entry of a new journal.
    pub(super) async fn open_journal(&self, now: Timestamp) -> Result<(), StoreError> {
        written!(self.db, |tx| {
            let mut chain = Chain::resume(&mut tx).await?;
            if chain.is_new() {
                let began = Opening { program: env!("CARGO_PKG_VERSION").to_owned() };
                // The ledger has seen nothing yet: its high-water mark starts with the first pass.
                chain.append(Line::new(now, "livro", began));
                chain.save(&mut tx).await?;
            }
        })
    }
}

/// The last self-audit, as part of a longer reading.
pub(crate) async fn last_audit(conn: &mut Conn) -> Result<Option<(Timestamp, journal::Audited)>, StoreError> {
    let Some(row) = bound!(LAST_AUDIT).fetch_optional(conn).await? else { return Ok(None) };
    let entry = entry(&row)?;
    Ok(match entry.told {
        Ok(Entry::Audited(told)) => Some((entry.at, told)),
        Ok(_) | Err(_) => None,
    })
}

/// Adds what came of the calls that entries tell of.
pub(crate) async fn add_outcomes(conn: &mut Conn, entries: &mut [JournalEntry]) -> Result<(), StoreError> {
    for entry in entries {
        if let Ok(Entry::Ordered(Ordered { outcome_sha256: Some(_), .. })) = &entry.told
            && let Some(row) = bound!(OUTCOME, &entry.subject).fetch_optional(&mut *conn).await?
        {
            entry.outcome = Some(row.try_get(0)?).filter(|outcome: &String| !outcome.is_empty());
        }
    }
    Ok(())
}

pub(crate) fn entry(row: &Row) -> Result<JournalEntry, StoreError> {
    let cells = Cells::of("journal", row);
    let (kind, body): (String, String) = (cells.get("kind")?, cells.get("body")?);
    Ok(JournalEntry {
        seq: cells.get("seq")?,
        at: cells.instant("at")?,
        told: Entry::read(&kind, &body),
        kind,
        outcome: None,
        subject: cells.get("subject")?,
        window: cells.parsed_opt("window_id", |t| WindowId::parse(t).ok())?,
        municipality: cells.municipality_opt("municipality")?,
        body,
        prev_hash: cells.get("prev_hash")?,
        hash: cells.get("hash")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Act;
    use crate::store::testing::*;

    #[tokio::test]
    async fn the_last_entries_about_a_municipality_are_what_all_of_them_end_with_and_its_windows_are_told() {
        let dir = tempfile::tempdir().unwrap();
        let store = file_store(&dir).await;
        store.record_pass(at(1), vec![act(Act::Send, VITORIA)]).await.unwrap();
        send_all(&store, 2, |_| accepted()).await;
        let vitoria = municipality(VITORIA);
        let filter = JournalFilter { municipality: Some(vitoria), ..JournalFilter::default() };
        let mut all = store.journal(&filter).await.unwrap();
        all.reverse();
        assert!(all.len() > 1, "{all:?}");
        assert_eq!(store.last_entries(vitoria, None, 1).await.unwrap(), all[..1]);
        assert_eq!(store.last_entries(vitoria, None, 100).await.unwrap(), all);
        assert!(store.last_entries(vitoria, Some(at(1)), 100).await.unwrap().is_empty());
        let told = store.told_windows(vitoria).await.unwrap();
        assert_eq!(told, [ToldWindow { window: rma(), letters: 1, last_at: all[0].at }]);
        assert!(store.told_windows(MunicipalityCode::parse("3200102").unwrap()).await.unwrap().is_empty());
    }
}
