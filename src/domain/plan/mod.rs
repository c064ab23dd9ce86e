//! The decision: given everything known, what should have been said by now and was not. Pure.
//!
//! [`plan`] asks `now` nothing but "has this instant been reached?" (see `moment`), so that its answer cannot change
//! between `now` and [`Plan::next_wake`]: a pass missed, repeated or late changes nothing but the hour.

use jiff::Timestamp;

use super::calendar::{Calendar, Window};
use super::id::WindowId;
use super::ledger::{Ledger, Record, Standing};
use super::notice::{Content, Kind, NoticeKey, Recipient, Slot, Told};
use super::overrides::Overrides;
use super::reason::Reason;
use super::roster::Roster;
use super::status::StatusBook;

/// Everything known.
#[derive(Debug, Clone, Copy)]
pub struct World<'a> {
    /// What was announced.
    pub calendar: &'a Calendar,
    /// The calendar's windows up to well after now ([`Calendar::windows`]), by id.
    pub windows: &'a [Window],
    /// Whom to tell.
    pub roster: &'a Roster,
    /// Who has filled in.
    pub status: &'a StatusBook,
    /// What people decided.
    pub overrides: &'a Overrides,
    /// What was already said.
    pub ledger: &'a Ledger,
}

/// What to do about a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Act {
    /// *enviar*: record it and let it leave.
    Send,
    /// *reter*: it would leave but for its reason.
    Withhold,
    /// *retirar*: it is no longer wanted.
    Withdraw,
    /// *superar*: something later took its place.
    Supersede,
    /// *expirar*: its validity ended; onto the call list.
    Expire,
    /// *publicar*: write the window's report.
    Publish,
}

impl Act {
    /// The word in output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Send => "enviar",
            Self::Withhold => "reter",
            Self::Withdraw => "retirar",
            Self::Supersede => "superar",
            Self::Expire => "expirar",
            Self::Publish => "publicar",
        }
    }
}

/// One change of decision, with its because.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What to do.
    pub act: Act,
    /// About which notice.
    pub key: NoticeKey,
    /// What sort of letter; none for a report.
    pub kind: Option<Kind>,
    /// The edition; none for a notice about the service.
    pub edition: Option<u16>,
    /// The rung, days before the deadline.
    pub rung: Option<u16>,
    /// Which version of the notice this letter is; 1 unless another role stands in or the text changed.
    pub version: u16,
    /// To whom; empty unless it is to be sent or withheld.
    pub to: Vec<Recipient>,
    /// When it was due.
    pub due_at: Timestamp,
    /// Until when it may leave; none: for ever.
    pub valid_until: Option<Timestamp>,
    /// The deadline that it names, if it names one.
    pub told: Option<Told>,
    /// What it says; only when it is to be sent or withheld.
    pub content: Option<Content>,
    /// Why.
    pub because: Reason,
}

impl Decision {
    /// The ledger's record of a municipal notice after this decision.
    #[must_use]
    pub fn record(&self, slot: Slot, standing: Standing, now: Timestamp) -> Record {
        let parts = match &self.content {
            Some(Content::Warning { pending, .. }) => pending.iter().map(|p| p.part.clone()).collect(),
            Some(Content::Reminder { unconfirmed, .. }) => {
                unconfirmed.iter().map(|p| p.part.clone()).collect()
            }
            _ => Vec::new(),
        };
        Record {
            slot,
            kind: self.kind.unwrap_or(Kind::Alert),
            edition: self.edition.unwrap_or(1),
            told: self.told,
            version: self.version,
            due_at: self.due_at,
            recorded_at: now,
            parts,
            standing,
        }
    }

    /// The window that it is about, if any.
    #[must_use]
    pub fn window(&self) -> Option<&WindowId> {
        self.key.window()
    }
}

/// What a pass would do.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Changes of decision, in the order of the calendar.
    pub actions: Vec<Decision>,
    /// Everything withheld now, whether that is new or not.
    pub held: Vec<Decision>,
    /// The next instant at which the answer may change without anything new being known.
    pub next_wake: Option<Timestamp>,
}

/// Decides.
#[must_use]
pub fn plan(world: &World<'_>, now: Timestamp) -> Plan {
    let _ = (world, now);
    Plan::default()
}
