//! What a round of deliveries came to, and the line that tells of it.

use jiff::Timestamp;
use tracing::info;

/// What a round of deliveries came to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct RoundSummary {
    /// Taken.
    pub accepted: usize,
    /// Put off.
    pub deferred: usize,
    /// Refused for good.
    pub refused: usize,
    /// Perhaps taken.
    pub uncertain: usize,
    /// When to look again; absent: when something is recorded.
    pub next: Option<Timestamp>,
    /// Deliveries that are still to be tried, or tried again.
    pub waiting: usize,
}

impl RoundSummary {
    /// One line for the round; one for each delivery when asked for detail.
    pub(super) fn log(&self) {
        if self.accepted + self.deferred + self.refused + self.uncertain > 0 {
            info!(
                deliveries.accepted = self.accepted,
                deliveries.deferred = self.deferred,
                deliveries.refused = self.refused,
                deliveries.uncertain = self.uncertain,
                deliveries.waiting = self.waiting,
                "rodada de entregas encerrada"
            );
        }
    }
}
