//! Who has filled in, as far as the data says. Pure.
//!
//! What is known of a window, part and unit is what the latest accepted load that covers it says: loads are ordered as
//! they arrived, never by the dates in them nor by the clock. Only *pendente* ages: a *concluído* stands for its window.
//! A *pendente* that follows a *concluído* or *não se aplica*, and one that only silence tells, is believed after two
//! loads at least twelve hours apart that both cover it, or an explicit reopening.

mod baseline;
mod book;
mod observed;

use std::fmt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::id::{FeedId, MunicipalityCode, PartId, SnapshotId, UnitId, WindowId};

use crate::text::words::words;
pub use baseline::{Baseline, LastLoad, SameBytes};
pub use book::{Freshness, StatusBook, WindowStatus};
pub use observed::{ObservationRef, Observations, PackedNames, PackedObservation, Page};

words! {
    /// Situação.
    pub enum State {
        /// Filled in and concluded.
        Done "concluido",
        /// Known not to be.
        Pending "pendente",
        /// Does not apply.
        NotApplicable "nao_se_aplica",
        /// Nobody knows.
        Unconfirmed "nao_confirmado",
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Done => "concluído",
            Self::Pending => "pendente",
            Self::NotApplicable => "não se aplica",
            Self::Unconfirmed => "não confirmado",
        })
    }
}

/// One thing that a snapshot says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    pub window: WindowId,
    pub municipality: MunicipalityCode,
    pub part: PartId,
    /// Unit; absent: the part as a whole.
    pub unit: Option<UnitId>,
    pub state: State,
    /// The data's own date, when it has one.
    pub dated: Option<Timestamp>,
    pub basis: Basis,
    /// Line in the file; 0 where no row says it.
    pub line: u32,
    /// The source's own words, when they should be shown.
    pub wording: Option<Arc<str>>,
}

words! {
    /// On what it rests that something is said of a key.
    pub enum Basis {
        /// A row says it.
        Row "linha",
        /// A row says outright that a concluded form was reopened.
        Reopened "reaberta",
        /// No row does, in a load that speaks of the part and would have one.
        Silence "silencio",
        /// Rows of one load say different things, so that nobody knows.
        Contradiction "contradicao",
    }
}

/// An accepted load of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    pub feed: FeedId,
    pub snapshot: SnapshotId,
    /// Its place among all loads, as they arrived.
    pub arrival: u64,
    /// When it was taken, by the clock of then.
    pub taken_at: Timestamp,
    /// The last load of the feed that no longer counted when this one came, because the feed had been switched off since.
    pub after: Option<u64>,
}

/// What is known of one part (or unit) from one feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusEntry {
    pub part: PartId,
    /// Unit; absent: the part as a whole.
    pub unit: Option<UnitId>,
    /// What the feed last said.
    pub state: State,
    /// The data's own date, when it has one.
    pub dated: Option<Timestamp>,
    pub taken_at: Timestamp,
    pub feed: FeedId,
    pub snapshot: SnapshotId,
    /// The place of the load among all loads, as they arrived.
    pub arrival: u64,
    pub basis: Basis,
    /// Line in the load; 0 where no row says it.
    pub line: u32,
    /// Whether the last word that was believed is *concluído* or *não se aplica*.
    pub settled: bool,
    /// Since when it is reported as pending by loads too close together to be believed.
    pub unproven_since: Option<Timestamp>,
    /// The source's own words, when they should be shown.
    pub wording: Option<Arc<str>>,
}

/// A *pendente* that must be repeated is believed when it is repeated this much later.
pub const CONFIRMED_AFTER: SignedDuration = SignedDuration::from_hours(12);

/// Which rules a snapshot is taken in by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Belief {
    /// As in service: a reversal must be confirmed.
    Cautious,
    /// As in a rehearsal, whose file is the truth.
    Literal,
}

impl StatusEntry {
    /// What is known of a key once a load said something of it.
    pub fn after(known: Option<Self>, said: ObservationRef<'_>, load: &Load, belief: Belief) -> Self {
        match known {
            None => Self::of(said, load, None, belief),
            Some(mut known) => {
                known.go_on(said, load, belief);
                known
            }
        }
    }

    /// Becomes what is known once a load said something of it.
    pub fn go_on(&mut self, said: ObservationRef<'_>, load: &Load, belief: Belief) {
        if load.after.is_some_and(|last| self.arrival <= last) {
            *self = Self::of(said, load, None, belief);
        } else if !self.stands_over(said, belief) {
            *self = Self::of(said, load, Some(self), belief);
        }
    }

    /// What a load says, over what was known of the same key from the same feed.
    fn of(said: ObservationRef<'_>, load: &Load, known: Option<&Self>, belief: Belief) -> Self {
        let was_settled = known.is_some_and(|known| known.settled);
        let must_wait = match said.basis {
            Basis::Row => was_settled,
            Basis::Silence => known.is_none_or(|known| known.settled || !known.is_believed_pending()),
            Basis::Reopened | Basis::Contradiction => false,
        };
        let unproven_since = match (said.state, belief) {
            (State::Pending, Belief::Cautious) if must_wait => {
                // A clock that was set back since leaves nothing to count from.
                let since = known.and_then(|known| known.unproven_since).filter(|at| *at <= load.taken_at);
                let since = since.unwrap_or(load.taken_at);
                (load.taken_at.duration_since(since) < CONFIRMED_AFTER).then_some(since)
            }
            // A load in between that does not know leaves the wait for a reversal as it is.
            (State::Unconfirmed, Belief::Cautious) if was_settled && said.basis != Basis::Contradiction => {
                known.and_then(|known| known.unproven_since)
            }
            _ => None,
        };
        let settled = match said.state {
            State::Done | State::NotApplicable => true,
            State::Pending => was_settled && unproven_since.is_some(),
            State::Unconfirmed => was_settled,
        };
        Self {
            part: said.part.clone(),
            unit: said.unit.cloned(),
            state: said.state,
            dated: said.dated,
            taken_at: load.taken_at,
            feed: load.feed.clone(),
            snapshot: load.snapshot.clone(),
            arrival: load.arrival,
            basis: said.basis,
            line: said.line,
            settled,
            unproven_since,
            wording: said.wording.cloned(),
        }
    }

    /// Whether a load that speaks of its part puts it aside for good: a *pendente* from before its feed was switched off.
    /// What took that back may be known no more.
    pub fn gives_way(&self, load: &Load) -> bool {
        self.state == State::Pending && load.after.is_some_and(|last| self.arrival <= last)
    }

    /// Whether what is known stands over what a load says: a *concluído* stands for its window, so that a load which
    /// does not know does not undo it; and a doubt that was said is not weakened by a load that has no row.
    fn stands_over(&self, said: ObservationRef<'_>, belief: Belief) -> bool {
        let unknowing = said.state == State::Unconfirmed && said.basis != Basis::Contradiction;
        let weaker = said.basis == Basis::Silence && self.basis != Basis::Silence;
        belief == Belief::Cautious
            && unknowing
            && match self.state {
                State::Done | State::NotApplicable => true,
                State::Unconfirmed => weaker,
                State::Pending => false,
            }
    }

    /// Whether another entry is the same feed's about the same key, in whatever load.
    pub fn is_about(&self, other: &Self) -> bool {
        self.part == other.part && self.unit == other.unit && self.feed == other.feed
    }

    /// Whether it says *pendente* and that is believed.
    pub fn is_believed_pending(&self) -> bool {
        self.state == State::Pending && self.unproven_since.is_none()
    }

    /// As of when the data speaks: its own date, but never after it was taken.
    pub fn as_of(&self) -> Timestamp {
        self.dated.map_or(self.taken_at, |dated| dated.min(self.taken_at))
    }
}

/// Why a part is *não confirmado*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Doubt {
    /// No data says anything of it.
    Unseen,
    /// It was *pendente* as of an instant that is too long ago.
    Stale {
        /// As of when the data speaks.
        as_of: Timestamp,
    },
    /// The source itself says so, or its words mean nothing.
    Declared,
    /// The last load of the feed has no row of it, and in that feed this means nothing, or the row may be one that could
    /// not be read.
    Absent,
    /// The municipality disputes it.
    Disputed,
    /// It was *concluído* and is now reported as *pendente*, not yet confirmed.
    Reverting,
    /// No load has a row of it, and silence was not repeated yet.
    Silence,
    /// Two feeds, or two rows of one load, say opposite things.
    Contradicted,
    /// A unit is said to be *pendente* that the register does not have in this part.
    Unregistered,
}

#[cfg(test)]
mod tests;
