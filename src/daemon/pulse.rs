//! How the service is getting on, as long as it runs: what metrics cannot read in the ledger.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::domain::delivery::DeliveryState;

/// Counted since the service began.
#[derive(Debug, Default)]
pub struct Pulse {
    attempts: Mutex<BTreeMap<&'static str, (DeliveryState, u64)>>,
    last_pass: Mutex<Option<Duration>>,
}

impl Pulse {
    /// Notes what an attempt to deliver came to.
    pub fn note_attempt(&self, state: DeliveryState) {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        attempts.entry(state.as_str()).or_insert((state, 0)).1 += 1;
    }

    /// Notes how long a pass took.
    pub fn note_pass(&self, took: Duration) {
        *self.last_pass.lock().unwrap_or_else(PoisonError::into_inner) = Some(took);
    }

    /// Attempts, by what they came to.
    pub fn attempts(&self) -> Vec<(DeliveryState, u64)> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner).values().copied().collect()
    }

    /// How long the last pass took; none before the first.
    pub fn last_pass(&self) -> Option<Duration> {
        *self.last_pass.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
