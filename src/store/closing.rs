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
use crate::domain::journal::Entry;
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
    const PUT = "INSERT INTO closings (window_id, edition, recorded_at, entry) VALUES ($1, $2, $3, $4)";
    const CLOSINGS = concat!(closings!(), " ORDER BY c.entry");
    const CLOSED = "SELECT DISTINCT window_id FROM closings WHERE recorded_at <= $1";
    const CLOSINGS_OF = concat!(closings!(), " WHERE ", among!("c.window_id"));
}

impl Store {
    /// The windows of which an edition's end had been recorded by an instant.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], or a fault of the database.
    pub async fn closed_windows(&self, at: Timestamp) -> Result<BTreeSet<WindowId>, StoreError> {
        let mut conn = self.db.read().await?;
        let rows = bound!(CLOSED, ms(at)).fetch_all(&mut conn).await?;
        let window = |row| Cells::of("closings", row).parsed("window_id", |t| WindowId::parse(t).ok());
        rows.iter().map(window).collect()
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

/// Its hash is right, so it is as it was written.
fn read(body: &str) -> Closing {
    match Entry::read(KIND, body) {
        Ok(Entry::EditionClosed(told)) => told.into(),
        Ok(_) | Err(_) => Closing::empty(Timestamp::MIN),
    }
}
