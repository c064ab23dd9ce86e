//! What was so when deadlines passed: the journal has it, the table says in which entry.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::chain::{Chain, Line, Link};
use super::{Store, StoreError};
use crate::database::cell::{Cells, ms};
use crate::database::db::Conn;
use crate::database::sql::{among, bound, rows_of, statements};
use crate::domain::closing::Closing;
use crate::domain::id::WindowId;
use crate::domain::journal::{EditionClosed, Entry};
use crate::plan::Report;
use crate::plan::ledger::Ledger;

/// Each record with its entry.
macro_rules! closings {
    () => {
        "SELECT j.seq, c.window_id AS closed, c.edition, c.recorded_at, j.at, j.kind, j.subject, j.window_id, \
         j.municipality, j.body, j.prev_hash, j.hash FROM closings c JOIN journal j ON j.seq = c.entry"
    };
}

statements! {
    // A clock that stood ahead may have recorded one before its time: then the true one takes its place.
    const PUT = "INSERT INTO closings (window_id, edition, recorded_at, entry) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (window_id, edition) DO UPDATE SET recorded_at = excluded.recorded_at, \
                 entry = excluded.entry WHERE closings.recorded_at > excluded.recorded_at";
    const BY = "SELECT COUNT(*) FROM closings WHERE window_id = $1 AND edition = $2 AND recorded_at <= $3";
    const CLOSINGS = concat!(closings!(), " ORDER BY c.entry");
    const CLOSED = "SELECT DISTINCT window_id FROM closings WHERE recorded_at <= $1";
    const BASIS = "SELECT COALESCE((SELECT MAX(position) FROM snapshots), 0), \
                   COALESCE((SELECT MAX(position) FROM snapshot_rulings), 0), (SELECT COUNT(*) FROM closings), \
                   (SELECT COUNT(*) FROM overrides), (SELECT COUNT(lifted_at) FROM overrides), \
                   COALESCE((SELECT MAX(seq) FROM journal WHERE kind = 'fonte'), 0)";
    const CLOSINGS_OF = concat!(closings!(), " WHERE ", among!("c.window_id"));
}

impl Store {
    /// The windows of which an edition's end had been recorded by an instant.
    pub async fn closed_windows(&self, at: Timestamp) -> Result<BTreeSet<WindowId>, StoreError> {
        let mut conn = self.db.read().await?;
        let rows = bound!(CLOSED, ms(at)).fetch_all(&mut conn).await?;
        let window = |row| Cells::of("closings", row).parsed("window_id", |t| WindowId::parse(t).ok());
        rows.iter().map(window).collect()
    }
}

/// What the history of closed windows rests on beside configuration and day: loads, what people said of them, what was so
/// at deadlines, orders, and feeds switched. While it is the same, so is the history, whatever letters leave meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryBasis([i64; 6]);

impl Store {
    /// As it is now.
    pub async fn history_basis(&self) -> Result<HistoryBasis, StoreError> {
        let row = bound!(BASIS).fetch_one(&mut *self.db.read().await?).await?;
        let mut basis = [0; 6];
        for (place, cell) in basis.iter_mut().enumerate() {
            *cell = row.try_get(place)?;
        }
        Ok(HistoryBasis(basis))
    }
}

/// Records what was so, with the last report.
pub(super) async fn put(
    conn: &mut Conn,
    chain: &mut Chain,
    report: &Report,
    key: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let window = report.window();
    let entry = Entry::from(report.closing.told(report.edition()));
    let seq = chain.append(Line { window: Some(window), ..Line::new(now, key, entry) });
    bound!(PUT, window.as_str(), i64::from(report.edition()), ms(now), seq).execute(conn).await?;
    Ok(())
}

/// Whether the end of that report's edition had been recorded by an instant.
pub(super) async fn is_recorded(conn: &mut Conn, report: &Report, at: Timestamp) -> Result<bool, StoreError> {
    let asked = bound!(BY, report.window().as_str(), i64::from(report.edition()), ms(at));
    let recorded: i64 = asked.fetch_one(conn).await?.try_get(0)?;
    Ok(recorded > 0)
}

/// Puts every record into a ledger, or those of some windows. Each is read when somebody asks; that its bytes are as they
/// were written is seen here.
pub(crate) async fn load(
    conn: &mut Conn,
    ledger: &mut Ledger,
    windows: Option<&BTreeSet<WindowId>>,
) -> Result<(), StoreError> {
    let rows = match windows {
        None => bound!(CLOSINGS).fetch_all(conn).await?,
        Some(windows) => rows_of(conn, CLOSINGS_OF, windows).await?,
    };
    for row in &rows {
        let cells = Cells::of("journal", row);
        let link = Link::of(&cells)?;
        if link.kind != KIND || cells.get::<&str>("hash")? != link.hash() {
            return Err(cells.corrupt("body"));
        }
        let window = cells.parsed("closed", |t| WindowId::parse(t).ok())?;
        let (edition, at) = (cells.number("edition")?, cells.instant("recorded_at")?);
        let body = link.body.to_owned();
        ledger.close(&window, edition, at, move || read(&body));
    }
    Ok(())
}

/// The first word of the entry's format.
const KIND: &str = "encerramento";

/// Its hash is right, so it is as it was written: to write it once more to see that would take as long as reading it.
fn read(body: &str) -> Closing {
    serde_json::from_str::<EditionClosed>(body).map_or_else(|_| Closing::empty(Timestamp::MIN), Closing::from)
}

#[cfg(test)]
mod tests {
    use crate::domain::id::{FeedId, SnapshotId};
    use crate::domain::journal::Verdict;
    use crate::domain::overrides::{Authorship, HoldScope};
    use crate::intake::NewSnapshot;
    use crate::plan::Act;
    use crate::store::Override;
    use crate::store::testing::*;

    #[tokio::test]
    async fn letters_that_leave_change_nothing_of_what_the_history_rests_on_and_loads_and_orders_do() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(&dir).await;
        let before = store.history_basis().await.unwrap();
        store.record_pass(at(1), vec![act(Act::Send, VITORIA)]).await.unwrap();
        send_all(&store, 2, |_| accepted()).await;
        assert_eq!(store.history_basis().await.unwrap(), before);
        let by =
            |minutes| Authorship { author: "ana".to_owned(), reason: "teste".to_owned(), at: at(minutes) };
        let mut seen = vec![before];
        let id = SnapshotId::parse("lista-1").unwrap();
        let snapshot = NewSnapshot {
            id: id.clone(),
            feed: FeedId::parse("lista").unwrap(),
            taken_at: at(3),
            source: "lista.csv".to_owned(),
            sha256: "ab".repeat(32),
            rows: 1,
            rejected: 0,
            repeated: 0,
            form: None,
            reasons: Vec::new(),
            original: None,
        };
        store.accept_snapshot(snapshot, [].into_iter().collect(), at(3)).await.unwrap();
        seen.push(store.history_basis().await.unwrap());
        store.rule(&id, Verdict::Quarantined, by(4)).await.unwrap();
        seen.push(store.history_basis().await.unwrap());
        let hold = Override::Hold { scope: HoldScope::Window(rma()), until: None };
        let order = store.add_override(hold, by(5)).await.unwrap();
        seen.push(store.history_basis().await.unwrap());
        store.lift_override(&order, by(6)).await.unwrap();
        seen.push(store.history_basis().await.unwrap());
        assert!(seen.windows(2).all(|two| two[0] != two[1]), "{seen:?}");
    }
}
