//! The verdict on each part of one municipality, and what follows from all of them. Pure.

use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::id::{FeedId, PartId, UnitId};
use crate::domain::notice::{PendingPart, UnconfirmedPart};
use crate::domain::status::{Doubt, State, StatusEntry};

/// One part's verdict.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::plan) struct PartVerdict {
    pub(in crate::plan) part: PartId,
    pub(in crate::plan) state: State,
    pub(in crate::plan) doubt: Option<Doubt>,
    pub(in crate::plan) pending_units: Vec<UnitId>,
    /// The units known to have filled in, or of which nothing is asked.
    pub(in crate::plan) settled_units: Vec<UnitId>,
    pub(in crate::plan) as_of: Option<Timestamp>,
    pub(in crate::plan) feed: Option<FeedId>,
    pub(in crate::plan) wording: Option<Arc<str>>,
    /// What a *pendente* rests on: of each pending unit, or of the part as a whole, the last row (or silence) of each feed
    /// that says so, as they arrived.
    pub(in crate::plan) rows: Vec<StatusEntry>,
}

/// The verdict on a municipality in a window.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::plan) struct Assessment {
    pub(in crate::plan) parts: Vec<PartVerdict>,
}

impl Assessment {
    /// As a whole: pendente outranks não confirmado, which outranks the rest.
    pub(in crate::plan) fn state(&self) -> State {
        let any = |state| self.parts.iter().any(|p| p.state == state);
        [State::Pending, State::Unconfirmed, State::Done]
            .into_iter()
            .find(|state| any(*state))
            .unwrap_or(State::NotApplicable)
    }

    /// Whether nothing more is owed.
    pub(in crate::plan) fn is_done(&self) -> bool {
        matches!(self.state(), State::Done | State::NotApplicable)
    }

    pub(in crate::plan) fn pending(&self) -> Vec<PendingPart> {
        let pending = self.parts.iter().filter(|p| p.state == State::Pending);
        pending
            .map(|p| PendingPart {
                part: p.part.clone(),
                units: p.pending_units.clone(),
                wording: p.wording.clone(),
            })
            .collect()
    }

    /// What the pending parts rest on.
    pub(in crate::plan) fn rows(&self) -> Vec<StatusEntry> {
        let pending = self.parts.iter().filter(|p| p.state == State::Pending);
        pending.flat_map(|p| &p.rows).cloned().collect()
    }

    pub(in crate::plan) fn unconfirmed(&self) -> Vec<UnconfirmedPart> {
        let unconfirmed = self.parts.iter().filter(|p| p.state == State::Unconfirmed);
        unconfirmed
            .map(|p| UnconfirmedPart { part: p.part.clone(), doubt: p.doubt.unwrap_or(Doubt::Unseen) })
            .collect()
    }
}

/// A part that nobody has to fill in.
pub(super) fn not_applicable(part: &PartId) -> PartVerdict {
    PartVerdict {
        part: part.clone(),
        state: State::NotApplicable,
        doubt: None,
        pending_units: Vec::new(),
        settled_units: Vec::new(),
        as_of: None,
        feed: None,
        wording: None,
        rows: Vec::new(),
    }
}
