//! How far each loop of the service got: for whoever asks from outside it. Nothing here is evidence.

use jiff::Timestamp;

use super::{Store, StoreError};
use crate::database::cell::{Cells, ms};
use crate::database::db::written;
use crate::database::sql::{bound, statements};

statements! {
    const PUT = "INSERT INTO loops (name, moved_at, hangs_at, noted_at) VALUES ($1, $2, $3, $4) ON CONFLICT (name) \
                 DO UPDATE SET moved_at = excluded.moved_at, hangs_at = excluded.hangs_at, noted_at = excluded.noted_at";
    const FORGET = "DELETE FROM loops WHERE noted_at <> $1";
    const ALL_LOOPS = "SELECT name, moved_at, hangs_at, noted_at FROM loops ORDER BY name";
}

/// How far a loop got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoopProgress {
    /// Its name in the log.
    pub name: String,
    /// When it last came round.
    pub moved_at: Timestamp,
    /// From when on it counts as hung.
    pub hangs_at: Timestamp,
    pub noted_at: Timestamp,
}

impl Store {
    /// Notes how far each loop got, in place of what was noted before.
    pub async fn note_progress(&self, loops: Vec<LoopProgress>, now: Timestamp) -> Result<(), StoreError> {
        written!(self.db, unheard, |tx| {
            for each in &loops {
                bound!(PUT, &each.name, ms(each.moved_at), ms(each.hangs_at), ms(now))
                    .execute(&mut tx)
                    .await?;
            }
            bound!(FORGET, ms(now)).execute(&mut tx).await?;
        })
    }

    /// How far each loop got, as noted last.
    pub async fn progress(&self) -> Result<Vec<LoopProgress>, StoreError> {
        bound!(ALL_LOOPS)
            .all(&self.db, |row| {
                let cells = Cells::of("loops", row);
                Ok(LoopProgress {
                    name: cells.get("name")?,
                    moved_at: cells.instant("moved_at")?,
                    hangs_at: cells.instant("hangs_at")?,
                    noted_at: cells.instant("noted_at")?,
                })
            })
            .await
    }
}
