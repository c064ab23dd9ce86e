//! Whether something that is due has not left: what `saude`, `plano` and systemd's STATUS say of the queue.

use jiff::Timestamp;

use super::live::Live;
use crate::domain::time::Zone;
use crate::render::portuguese as pt;
use crate::store::{Store, StoreError};

/// Letters that are due and have not left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overdue {
    pub letters: usize,
    /// Since when the longest of them is due.
    pub since: Timestamp,
}

/// What has waited for longer than `saude.atraso` allows, counting only time in which letters may leave: of a night or a
/// holiday nobody is at fault. It ends when the letters leave, are withdrawn, or run out of their validity.
pub async fn overdue(store: &Store, live: &Live, now: Timestamp) -> Result<Option<Overdue>, StoreError> {
    let hours = &live.calendar.hours;
    let limit = now.saturating_sub(live.setup.config.settings.lateness).unwrap_or(Timestamp::MIN);
    let opened =
        if hours.waits { hours.zone.at(hours.zone.date_of(now), hours.from) } else { Timestamp::MIN };
    if hours.sending_until(now).is_none() || opened > limit {
        return Ok(None);
    }
    Ok(store.overdue(now, limit).await?.map(|(letters, since)| Overdue { letters, since }))
}

impl Overdue {
    /// In the operators' words.
    pub fn words(&self, zone: &Zone) -> String {
        format!(
            "{}, a primeira devida em {}",
            pt::counted(self.letters, "entrega não saiu", "entregas não saíram"),
            pt::instant(self.since, zone)
        )
    }
}
