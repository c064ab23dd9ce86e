//! Who has filled in, as far as the data says. Pure.
//!
//! Only *pendente* ages: a *concluído* stands for its window. A *pendente* that follows a *concluído* is believed after
//! two snapshots at least twelve hours apart, or an explicit reopening (DESIGN §6).

mod book;
mod observed;

use std::fmt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::id::{FeedId, MunicipalityCode, PartId, SnapshotId, UnitId, WindowId};

pub use book::{StatusBook, WindowStatus};
pub use observed::{Names, Observations, Page, Record};

/// Situação.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Filled in and concluded.
    Done,
    /// Known not to be.
    Pending,
    /// Does not apply.
    NotApplicable,
    /// Nobody knows.
    Unconfirmed,
}

impl State {
    /// The word in files: `concluido`, `pendente`, `nao_se_aplica`, `nao_confirmado`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "concluido",
            Self::Pending => "pendente",
            Self::NotApplicable => "nao_se_aplica",
            Self::Unconfirmed => "nao_confirmado",
        }
    }

    /// Reads the word in files.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Done, Self::Pending, Self::NotApplicable, Self::Unconfirmed]
            .into_iter()
            .find(|s| s.as_str() == text)
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
    /// Window.
    pub window: WindowId,
    /// Municipality.
    pub municipality: MunicipalityCode,
    /// Part.
    pub part: PartId,
    /// Unit; absent: the part as a whole.
    pub unit: Option<UnitId>,
    /// What it says.
    pub state: State,
    /// The data's own date, when it has one.
    pub dated: Option<Timestamp>,
    /// Whether the source says outright that a concluded form was reopened.
    pub reopened: bool,
    /// The source's own words, when they should be shown.
    pub wording: Option<Arc<str>>,
}

/// What is known of one part (or unit) from one feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Part.
    pub part: PartId,
    /// Unit; absent: the part as a whole.
    pub unit: Option<UnitId>,
    /// What the feed last said.
    pub state: State,
    /// The data's own date, when it has one.
    pub dated: Option<Timestamp>,
    /// When the snapshot was taken.
    pub taken_at: Timestamp,
    /// Which feed.
    pub feed: FeedId,
    /// Which snapshot.
    pub snapshot: SnapshotId,
    /// Since when a concluded form is reported as pending by snapshots too close together to be believed.
    pub reverting_since: Option<Timestamp>,
    /// The source's own words, when they should be shown.
    pub wording: Option<Arc<str>>,
}

/// A *pendente* after a *concluído* is believed when repeated this much later.
pub const REVERSAL_CONFIRMED_AFTER: SignedDuration = SignedDuration::from_hours(12);

/// Which rules a snapshot is taken in by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Belief {
    /// As in service: a reversal must be confirmed.
    Cautious,
    /// As in a rehearsal, whose file is the truth.
    Literal,
}

impl Entry {
    /// Takes in newer data of the same key, by the rules of the snapshot.
    pub fn replace(&mut self, fresh: Self, reopened: bool, belief: Belief) {
        if fresh.as_of() < self.as_of() {
            return;
        }
        let was_done = self.state == State::Done || self.reverting_since.is_some();
        if belief == Belief::Cautious && was_done && fresh.state == State::Unconfirmed {
            // A concluído stands for its window; that somebody no longer knows does not undo it.
            return;
        }
        let reverts = fresh.state == State::Pending && was_done;
        let reverting_since = match belief {
            Belief::Cautious if reverts && !reopened => {
                let since = self.reverting_since.unwrap_or(fresh.taken_at);
                (fresh.taken_at.duration_since(since) < REVERSAL_CONFIRMED_AFTER).then_some(since)
            }
            Belief::Cautious | Belief::Literal => None,
        };
        *self = Self { reverting_since, ..fresh };
    }

    /// As of when the data speaks: its own date, else when it was taken.
    #[must_use]
    pub fn as_of(&self) -> Timestamp {
        self.dated.unwrap_or(self.taken_at)
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
    /// The municipality disputes it.
    Disputed,
    /// It was *concluído* and is now reported as *pendente*, not yet confirmed.
    Reverting,
    /// Two feeds say opposite things.
    Contradicted,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed(state: State) -> Observation {
        Observation {
            window: WindowId::parse("rma/2026-10").unwrap(),
            municipality: MunicipalityCode::parse("3205309").unwrap(),
            part: PartId::parse("CRAS").unwrap(),
            unit: None,
            state,
            dated: None,
            reopened: false,
            wording: None,
        }
    }

    fn after(hours: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours)
    }

    fn told(book: &mut StatusBook, state: State, hours: i64, belief: Belief) -> Entry {
        let feed = FeedId::parse("f").unwrap();
        let snapshot = SnapshotId::parse(&format!("s{hours}")).unwrap();
        book.absorb(observed(state), &feed, &snapshot, after(hours), belief);
        book.window(&WindowId::parse("rma/2026-10").unwrap()).of(MunicipalityCode::parse("3205309").unwrap())
            [0]
        .clone()
    }

    #[test]
    fn a_reversal_is_believed_after_two_snapshots_twelve_hours_apart() {
        let mut book = StatusBook::default();
        told(&mut book, State::Done, 0, Belief::Cautious);
        assert_eq!(told(&mut book, State::Pending, 1, Belief::Cautious).reverting_since, Some(after(1)));
        assert_eq!(told(&mut book, State::Pending, 12, Belief::Cautious).reverting_since, Some(after(1)));
        assert_eq!(told(&mut book, State::Pending, 13, Belief::Cautious).reverting_since, None);
    }

    #[test]
    fn a_reversal_taken_back_starts_anew() {
        let mut book = StatusBook::default();
        told(&mut book, State::Done, 0, Belief::Cautious);
        told(&mut book, State::Pending, 1, Belief::Cautious);
        told(&mut book, State::Done, 2, Belief::Cautious);
        assert_eq!(told(&mut book, State::Pending, 14, Belief::Cautious).reverting_since, Some(after(14)));
    }

    #[test]
    fn a_doubt_in_between_does_not_undo_a_concluded_form() {
        let mut book = StatusBook::default();
        told(&mut book, State::Done, 0, Belief::Cautious);
        assert_eq!(told(&mut book, State::Unconfirmed, 1, Belief::Cautious).state, State::Done);
        assert_eq!(told(&mut book, State::Pending, 2, Belief::Cautious).reverting_since, Some(after(2)));
        assert_eq!(told(&mut book, State::Unconfirmed, 3, Belief::Literal).state, State::Unconfirmed);
    }

    #[test]
    fn a_rehearsal_believes_its_file() {
        let mut book = StatusBook::default();
        told(&mut book, State::Done, 0, Belief::Literal);
        assert_eq!(told(&mut book, State::Pending, 1, Belief::Literal).reverting_since, None);
    }

    #[test]
    fn older_data_changes_nothing() {
        let mut book = StatusBook::default();
        told(&mut book, State::Done, 5, Belief::Cautious);
        assert_eq!(told(&mut book, State::Pending, 4, Belief::Cautious).state, State::Done);
    }
}
