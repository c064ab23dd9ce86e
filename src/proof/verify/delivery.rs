//! A delivery as the journal tells of it, and the row that must be because of it. Pure.

use super::expect::{Must, Row};
use crate::domain::delivery::DeliveryState;
use crate::domain::journal::Act;
use crate::store::reduce::erased_address;

/// What the entries so far tell of one.
pub(super) struct Delivery {
    pub(super) key: String,
    pub(super) version: u16,
    pub(super) role: String,
    pub(super) state: DeliveryState,
    pub(super) attempts: i64,
    pub(super) next_attempt_at: Option<i64>,
    pub(super) valid_until: Option<i64>,
    pub(super) stopped: Option<(i64, String)>,
    pub(super) reached_at: Option<i64>,
    pub(super) sending_at: Option<i64>,
    pub(super) settled_at: Option<i64>,
    /// Digest of what was said last.
    pub(super) reply: Option<String>,
    /// Whether its address was erased because its years are over.
    pub(super) is_erased: bool,
    /// When the first attempt began by which it was taken, or may have been, and that attempt's entry; kept when it comes
    /// back.
    pub(super) left: Option<(i64, i64)>,
}

impl Delivery {
    /// Whether it is still to be tried or repeated, also where a hold only pauses it.
    pub(super) fn is_live(&self) -> bool {
        let is_stopped = self.stopped.as_ref().is_some_and(|(_, by)| by != Act::Withhold.as_str());
        let waits = match self.state {
            DeliveryState::Recorded | DeliveryState::Sending => true,
            DeliveryState::Deferred | DeliveryState::Uncertain => self.next_attempt_at.is_some(),
            _ => false,
        };
        waits && !is_stopped
    }

    /// It stands otherwise since `now`; the relay may have the letter since `reached`.
    pub(super) fn settle(&mut self, now: i64, state: DeliveryState, reply: String, reached: i64) {
        self.reached_at = state.reaches().then(|| self.reached_at.unwrap_or(reached));
        (self.state, self.settled_at, self.reply) = (state, Some(now), Some(reply));
    }

    pub(super) fn row(self, id: &str) -> Row {
        let (stopped_at, stopped_by) = self.stopped.unzip();
        let address = if self.is_erased {
            Must::text(erased_address(id))
        } else {
            Must::AddressOf { key: self.key.clone(), version: self.version, id: id.to_owned() }
        };
        vec![
            ("notice_key", Must::text(self.key)),
            ("version", Must::number(i64::from(self.version))),
            ("role", Must::text(self.role)),
            ("address", address),
            ("state", Must::text(self.state.as_str())),
            ("attempts", Must::number(self.attempts)),
            ("next_attempt_at", Must::Number(self.next_attempt_at)),
            ("valid_until", Must::Number(self.valid_until)),
            ("stopped_at", Must::Number(stopped_at)),
            ("stopped_by", Must::Text(stopped_by)),
            ("reached_at", Must::Number(self.reached_at)),
            ("sending_at", Must::Number(self.sending_at)),
            ("settled_at", Must::Number(self.settled_at)),
            ("reply", self.reply.map_or_else(|| Must::text(""), Must::Digest)),
        ]
    }
}
