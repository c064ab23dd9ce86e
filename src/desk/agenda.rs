//! What the ledger says of the windows that an agenda shows: which deadline is in force, and when anything last changed.

use std::sync::Arc;

use crate::domain::calendar::Window;
use crate::domain::id::WindowId;
use crate::plan::ruling::{Rulings, ruling};
use crate::render::agenda::KnownDates;
use crate::store::{Store, StoreError};
use crate::world::live::Live;
use crate::world::overview::{self, AsOf};

/// Which deadline is in force in the windows whose dates go back; of the others it is the last, and nothing is read.
pub async fn rulings(
    live: Arc<Live>,
    store: &Store,
    windows: &[Window],
    as_of: AsOf,
) -> Result<Rulings, StoreError> {
    let back: Vec<&Window> = windows.iter().filter(|window| window.goes_back()).collect();
    if back.is_empty() {
        return Ok(Rulings::new());
    }
    let named: Vec<WindowId> = back.iter().map(|window| window.id.clone()).collect();
    let (known, _) = Box::pin(overview::read(live, Some(store), &named, as_of)).await?;
    let world = known.world();
    let of = |window: &&Window| Some((window.id.clone(), ruling(&world, window, as_of.at())?));
    Ok(back.iter().filter_map(of).collect())
}

/// The same, with when anything last changed, for a calendar file. What is read under a configuration that is not in force
/// is a change of this instant.
pub async fn standing(
    live: Arc<Live>,
    store: &Store,
    windows: &[Window],
    as_of: AsOf,
) -> Result<KnownDates, StoreError> {
    let now = as_of.at();
    let changed_at = store.last_change().await?.map(|(fingerprint, at)| {
        if fingerprint == live.setup.config.fingerprint { at.min(now) } else { now }
    });
    Ok(KnownDates { rulings: rulings(live, store, windows, as_of).await?, changed_at })
}
