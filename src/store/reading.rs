//! When each edition of a window was first read, and as what: what "known since" and the refusal of silent edits rest
//! on.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::chain::{Chain, Line};
use super::{Store, StoreError};
use crate::database::cell::{Cells, ms, parse_told, told_text};
use crate::database::db::{Conn, written};
use crate::database::engine::Row;
use crate::database::sql::{among, bound, rows_of, statements};
use crate::domain::id::WindowId;
use crate::domain::journal;
use crate::domain::notice::Told;

statements! {
    const KNOWN = "SELECT window_id, edition, read_at, deadline, source FROM edition_readings \
                   WHERE window_id = $1 AND edition = $2";
    const LIST = "SELECT window_id, edition, read_at, deadline, source FROM edition_readings \
                  ORDER BY window_id, edition";
    const LATER = concat!(
        "SELECT window_id, edition, read_at, deadline, source FROM edition_readings WHERE edition > 1 AND ",
        among!("window_id")
    );
    // The clock may have been set back between two configurations.
    const CHANGED = "SELECT fingerprint, (SELECT MAX(adopted_at) FROM configurations) AS adopted_at, \
                     (SELECT MAX(decided_at) FROM overrides WHERE kind = 'liberar') AS released_at, \
                     (SELECT MAX(lifted_at) FROM overrides WHERE kind = 'liberar') AS lifted_at \
                     FROM configurations WHERE in_force = 1";
    // Read again otherwise than before: the instant of the first reading stands.
    const PUT = "INSERT INTO edition_readings (window_id, edition, read_at, deadline, source) \
                 VALUES ($1, $2, $3, $4, $5) ON CONFLICT (window_id, edition) \
                 DO UPDATE SET deadline = excluded.deadline, source = excluded.source";
}

/// An edition as the daemon read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditionReading {
    pub window: WindowId,
    pub edition: u16,
    /// When it was first read; ignored when noted.
    pub read_at: Timestamp,
    /// The deadline as read last.
    pub deadline: Told,
    /// Where the date comes from, as read last.
    pub source: String,
}

impl Store {
    /// Notes editions as read at `now`. Whoever calls has refused a silent edit before: here a changed deadline is
    /// taken in, and the journal tells it.
    pub async fn note_readings(
        &self,
        readings: Vec<(WindowId, u16, Told, String)>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        written!(self.db, |tx| {
            let mut chain = Chain::resume(&mut tx).await?;
            for (window, edition, deadline, source) in readings {
                let number = i64::from(edition);
                let known = bound!(KNOWN, window.as_str(), number).fetch_optional(&mut tx).await?;
                let known = known.as_ref().map(reading).transpose()?;
                if known.as_ref().is_some_and(|k| k.deadline == deadline && k.source == source) {
                    continue;
                }
                let text = told_text(deadline);
                bound!(PUT, window.as_str(), number, ms(now), &text, &source).execute(&mut tx).await?;
                let before = known.map(|known| told_text(known.deadline));
                let told = journal::Reading { edition, deadline: text, source, before };
                chain.append(Line { window: Some(&window), ..Line::new(now, window.as_str(), told) });
            }
            chain.save(&mut tx).await?;
        })
    }

    /// Every edition ever read.
    pub async fn readings(&self) -> Result<Vec<EditionReading>, StoreError> {
        bound!(LIST).all(&self.db, reading).await
    }
}

impl Store {
    /// The configuration in force, by its hash, and when it was put in force, or a date was released or that taken back
    /// since.
    pub async fn last_change(&self) -> Result<Option<(String, Timestamp)>, StoreError> {
        let change = |row: &Row| {
            let cells = Cells::of("configurations", row);
            let by_hand = [cells.instant_opt("released_at")?, cells.instant_opt("lifted_at")?];
            let adopted_at = cells.instant("adopted_at")?;
            let last = by_hand.into_iter().flatten().max().map_or(adopted_at, |at| at.max(adopted_at));
            Ok((cells.get("fingerprint")?, last))
        };
        bound!(CHANGED).first(&self.db, change).await
    }
}

/// When each edition after the first was read, for the ledger: of all windows, or of some.
pub(super) async fn later_editions(
    conn: &mut Conn,
    windows: Option<&BTreeSet<WindowId>>,
) -> Result<BTreeMap<(WindowId, u16), Timestamp>, StoreError> {
    let rows = match windows {
        None => bound!(LIST).fetch_all(conn).await?,
        Some(windows) => rows_of(conn, LATER, windows).await?,
    };
    let readings: Vec<EditionReading> = rows.iter().map(reading).collect::<Result<_, _>>()?;
    Ok(readings.into_iter().filter(|r| r.edition > 1).map(|r| ((r.window, r.edition), r.read_at)).collect())
}

fn reading(row: &Row) -> Result<EditionReading, StoreError> {
    let cells = Cells::of("edition_readings", row);
    Ok(EditionReading {
        window: cells.parsed("window_id", |t| WindowId::parse(t).ok())?,
        edition: cells.number("edition")?,
        read_at: cells.instant("read_at")?,
        deadline: cells.parsed("deadline", parse_told)?,
        source: cells.get("source")?,
    })
}
