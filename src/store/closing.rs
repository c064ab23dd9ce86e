//! How each edition stood at its deadline, recorded once with its last report.

use sqlx::sqlite::SqliteRow;

use jiff::Timestamp;

use super::StoreError;
use super::cell::{Cells, count, ms};
use super::chain::{Chain, Line, sha256};
use super::db::Conn;
use super::sql::{bound, statements};
use crate::domain::closing::Closing;
use crate::domain::id::WindowId;
use crate::domain::journal;
use crate::plan::ledger::Ledger;

statements! {
    const LIST = "SELECT window_id, edition, record FROM closings ORDER BY window_id, edition";
    // A record is made once: what was a fact then is not made again.
    const PUT = "INSERT INTO closings (window_id, edition, ended_at, recorded_at, record) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT (window_id, edition) DO NOTHING";
}

/// Records how an edition stood at its deadline, unless that is recorded already.
pub(super) async fn put(
    conn: &mut Conn,
    chain: &mut Chain,
    window: &WindowId,
    closing: &Closing,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (edition, text) = (i64::from(closing.edition), closing.text());
    let done = bound!(PUT, window.as_str(), edition, ms(closing.ended_at), ms(now), &text).execute(conn).await?;
    if done.rows_affected() > 0 {
        let told = journal::Closed {
            edition: closing.edition,
            ended_at: journal::Text(closing.ended_at),
            municipalities: u64::try_from(count(closing.municipalities.len())).unwrap_or_default(),
            record_sha256: sha256(text.as_bytes()),
        };
        chain.append(Line { window: Some(window), ..Line::new(now, window.as_str(), told) });
    }
    Ok(())
}

/// Puts every closing into the ledger.
pub(super) async fn load(conn: &mut Conn, ledger: &mut Ledger) -> Result<(), StoreError> {
    for row in &bound!(LIST).fetch_all(conn).await? {
        let (window, closing) = read(row)?;
        ledger.close(&window, closing);
    }
    Ok(())
}

fn read(row: &SqliteRow) -> Result<(WindowId, Closing), StoreError> {
    let cells = Cells::of("closings", row);
    Ok((cells.parsed("window_id", |t| WindowId::parse(t).ok())?, cells.parsed("record", Closing::parse)?))
}
