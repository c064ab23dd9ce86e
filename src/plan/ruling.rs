//! Which of a window's deadlines for all is in force, and which waits for release, as an agenda shows them. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::account::with_survey;
use super::moment::Moment;
use super::world::World;
use crate::domain::calendar::Window;
use crate::domain::id::WindowId;

/// Which deadline for all is in force in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EditionInForce {
    /// The edition in force.
    pub edition: u16,
    /// A newer one that is not.
    pub unreleased: Option<Unreleased>,
    /// When the last edition that is known became known; absent: only the first is.
    pub known_at: Option<Timestamp>,
}

/// An edition with an earlier deadline that nobody released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreleased {
    /// It waits for `liberar`.
    Waits(u16),
    /// Its deadline passed before anybody released it.
    Lapsed(u16),
}

impl Unreleased {
    /// Its number.
    pub fn edition(self) -> u16 {
        match self {
            Self::Waits(edition) | Self::Lapsed(edition) => edition,
        }
    }
}

/// Windows whose dates go back, so that only the ledger tells which of them is in force. In every other it is the last.
pub type Rulings = BTreeMap<WindowId, EditionInForce>;

/// Which deadline for all is in force in a window: the one that its summary, its letters and its calls go by.
pub fn ruling(world: &World<'_>, window: &Window, now: Timestamp) -> Option<EditionInForce> {
    let moment = Moment::new(now, &world.calendar.hours);
    with_survey(world, &moment, window, |survey| {
        let track = survey.general;
        let unreleased = track.awaiting.map(|edition| match track.lapsed {
            Some(_) => Unreleased::Lapsed(edition),
            None => Unreleased::Waits(edition),
        });
        EditionInForce {
            edition: track.edition,
            unreleased,
            known_at: survey.known_since(Timestamp::MIN).pop(),
        }
    })
}
