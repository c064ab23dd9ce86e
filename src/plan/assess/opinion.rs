//! What is said of one part or unit, and which of two opinions rules. Pure.

use jiff::Timestamp;

use crate::domain::id::FeedId;
use crate::domain::status::{Doubt, State, StatusEntry};

/// What is said of one key, and by which entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opinion<'a> {
    pub(super) state: State,
    pub(super) doubt: Option<Doubt>,
    pub(super) entry: Option<&'a StatusEntry>,
}

impl Default for Opinion<'_> {
    fn default() -> Self {
        Self { state: State::Unconfirmed, doubt: Some(Doubt::Unseen), entry: None }
    }
}

impl<'a> Opinion<'a> {
    pub(super) fn as_of(&self) -> Option<Timestamp> {
        self.entry.map(StatusEntry::as_of)
    }

    /// The place of its load among all.
    pub(super) fn arrival(&self) -> Option<u64> {
        self.entry.map(|entry| entry.arrival)
    }

    /// As the loads arrived; the feed only makes the order whole.
    pub(super) fn order(&self) -> (Option<u64>, Option<&'a FeedId>) {
        (self.arrival(), self.entry.map(|entry| &entry.feed))
    }

    pub(super) fn is_settled(&self) -> bool {
        matches!(self.state, State::Done | State::NotApplicable)
    }

    /// Whether the last word of its feed that is believed is *concluído* or *não se aplica*, and what the feed says since
    /// is not believed yet.
    pub(super) fn is_reverting(&self) -> bool {
        !self.is_settled() && self.entry.is_some_and(|entry| entry.settled)
    }

    /// A unit's own opinion, or the whole part's where that came later and says more. A concluded unit stands although
    /// the part has something pending, and a doubt about the part changes nothing: but for a part that was concluded and
    /// is not yet believed not to be, or of which feeds say opposite things, in which no unit pends. A unit that pends in a
    /// part that is concluded as a whole is a contradiction, unless the part's word came later.
    pub(super) fn or_newer(self, whole: Self) -> Self {
        if self.state == State::Pending && (whole.is_reverting() || whole.doubt == Some(Doubt::Contradicted))
        {
            return whole;
        }
        if self.state == State::Pending && whole.is_settled() && whole.arrival() <= self.arrival() {
            return Self { state: State::Unconfirmed, doubt: Some(Doubt::Contradicted), ..self };
        }
        let says_more = match whole.state {
            State::Unconfirmed => self.state == State::Unconfirmed,
            State::Pending => {
                !self.is_settled() && !self.is_reverting() && self.doubt != Some(Doubt::Contradicted)
            }
            State::Done | State::NotApplicable => true,
        };
        if says_more && whole.arrival() > self.arrival() { whole } else { self }
    }
}
