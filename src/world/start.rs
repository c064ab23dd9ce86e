//! Who was in the roster on `inicio`: those count as told outside the system of what was open then, and nobody who joined
//! later does.
//!
//! The ledger has every configuration that was in force, with the instant of its adoption, so that nothing of its own has
//! to be recorded of that day.

use std::sync::Arc;

use jiff::Timestamp;

use super::live::Live;
use crate::config::{self, Sources};
use crate::domain::roster::Roster;
use crate::store::{Store, StoreError};

/// The roster that was in force on the day of `inicio`, where another configuration is now: the last adopted by the end of
/// that day, or the first of all where the ledger is younger. Absent while that day lasts: what is in force is what counts.
pub(super) async fn roster(
    live: &Live,
    store: &Store,
    now: Timestamp,
) -> Result<Option<Arc<Roster>>, StoreError> {
    let Some(day) = live.calendar.starts_on else { return Ok(None) };
    let ended_at = live.calendar.hours.zone.end_of(day);
    if now < ended_at {
        return Ok(None);
    }
    // What was in force on a day that is over does not change, and each look would read it once more.
    let read = async || -> Result<Option<Arc<Roster>>, StoreError> {
        let then = store.configuration_then(ended_at).await?;
        let then = then.filter(|then| then.fingerprint != live.setup.config.fingerprint);
        Ok(then.map(|then| Arc::new(config::roster(&Sources::of_parts("", then.parts)))))
    };
    Ok(live.roster_at_start.get_or_try_init(read).await?.clone())
}
