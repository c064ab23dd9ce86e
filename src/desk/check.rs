//! `verificar`: what can be judged of a configuration beyond its own files, without a network.

use std::collections::BTreeSet;
use std::num::NonZeroU16;

use jiff::Timestamp;

use super::sample;
use crate::config::Faults;
use crate::domain::id::IdError;
use crate::domain::overrides::Overrides;
use crate::store::{Store, StoreError};
use crate::telemetry::chain;
use crate::world::compose::compose;
use crate::world::live::Live;
use crate::world::setup::Setup;
use crate::world::{amend, last_good};

/// What of a calendar contradicts what the ledger says was told.
///
/// # Errors
/// [`StoreError`] when the ledger cannot be read.
pub async fn contradictions(
    setup: &Setup,
    ledger: Option<&Store>,
    now: Timestamp,
) -> Result<Faults, StoreError> {
    let Some(store) = ledger else { return Ok(Faults(Vec::new())) };
    let kept = last_good::of(store, setup.directory.as_deref(), now).await?;
    let in_force = kept.as_ref().map(|kept| &kept.setup);
    Ok(Faults(amend::contradictions(store, in_force, setup).await?))
}

/// Writes every sort of letter of every system to everybody who may get it; answers how many, and adds those that could
/// not be written.
///
/// # Errors
/// None in practice (see [`sample::every`]).
pub fn letters(
    live: &Live,
    overrides: &Overrides,
    now: Timestamp,
    found: &mut BTreeSet<String>,
) -> Result<usize, IdError> {
    let mut written = 0;
    for window in sample::windows(&live.calendar, now) {
        for sample::Example { notice, .. } in sample::every(live, overrides, &window)? {
            match compose(live, &notice, NonZeroU16::MIN, &[], now) {
                Ok(_) => written += 1,
                Err(error) => {
                    let why = chain(&*error);
                    found.insert(format!("erro: a carta {} não pôde ser escrita: {why}", notice.key));
                }
            }
        }
    }
    Ok(written)
}
