//! What staff read: where each window stands. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::domain::calendar::Deadline;
use crate::domain::delivery::DeliveryState;
use crate::domain::id::{FeedId, GerenciaId, MunicipalityCode, PartId, UnitId, WindowId};
use crate::domain::notice::Kind;
use crate::domain::overrides::Note;
use crate::domain::reason::Reason;
use crate::domain::status::{Doubt, State, StatusEntry};

/// How many municipalities (or parts) stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Concluído.
    pub done: usize,
    /// Pendente.
    pub pending: usize,
    /// Não confirmado.
    pub unconfirmed: usize,
    /// Não se aplica or dispensado.
    pub not_applicable: usize,
}

impl Counts {
    /// Adds one.
    pub fn add(&mut self, state: State) {
        match state {
            State::Done => self.done += 1,
            State::Pending => self.pending += 1,
            State::Unconfirmed => self.unconfirmed += 1,
            State::NotApplicable => self.not_applicable += 1,
        }
    }

    /// All but não se aplica.
    #[must_use]
    pub fn expected(&self) -> usize {
        self.done + self.pending + self.unconfirmed
    }
}

/// Where one window stands, as known at an instant.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowSummary {
    /// Which window.
    pub window: WindowId,
    /// The system's name.
    pub system: String,
    /// First day.
    pub opens_on: Date,
    /// The general edition in force.
    pub edition: u16,
    /// Its deadline; absent while "a definir".
    pub deadline: Option<Deadline>,
    /// Where that date comes from.
    pub source: String,
    /// Whether it is suspended or cancelled now.
    pub halted: bool,
    /// As known when.
    pub at: Timestamp,
    /// Municipalities.
    pub municipalities: Counts,
    /// Parts of municipalities, by part.
    pub by_part: BTreeMap<PartId, Counts>,
    /// Parts of municipalities, by competent gerência.
    pub by_gerencia: BTreeMap<GerenciaId, Counts>,
    /// Municipalities, by region.
    pub by_region: BTreeMap<String, Counts>,
    /// Every expected municipality, by code.
    pub lines: Vec<MunicipalityLine>,
    /// Whom to telephone: those who owe, the longest first; then those of whom nobody knows.
    pub call_list: Vec<CallLine>,
}

impl WindowSummary {
    /// A window of which nothing is known yet.
    #[must_use]
    pub fn empty(window: WindowId, at: Timestamp) -> Self {
        Self {
            window,
            system: String::new(),
            opens_on: Date::default(),
            edition: 1,
            deadline: None,
            source: String::new(),
            halted: false,
            at,
            municipalities: Counts::default(),
            by_part: BTreeMap::new(),
            by_gerencia: BTreeMap::new(),
            by_region: BTreeMap::new(),
            lines: Vec::new(),
            call_list: Vec::new(),
        }
    }
}

/// One municipality in a window.
#[derive(Debug, Clone, PartialEq)]
pub struct MunicipalityLine {
    /// Which.
    pub municipality: MunicipalityCode,
    /// Name.
    pub name: String,
    /// Region.
    pub region: String,
    /// As a whole.
    pub state: State,
    /// The edition in force for it.
    pub edition: u16,
    /// Its deadline.
    pub deadline: Option<Deadline>,
    /// Its parts.
    pub parts: Vec<PartLine>,
    /// Letters to it, in order.
    pub letters: Vec<LetterLine>,
    /// What is withheld from it now, with why.
    pub withheld: Vec<Reason>,
}

/// One part of one municipality.
#[derive(Debug, Clone, PartialEq)]
pub struct PartLine {
    /// Which part.
    pub part: PartId,
    /// Where it stands.
    pub state: State,
    /// Why nobody knows, when unconfirmed.
    pub doubt: Option<Doubt>,
    /// Its pending units.
    pub units: Vec<UnitId>,
    /// As of when the data speaks.
    pub as_of: Option<Timestamp>,
    /// Which feed it comes from.
    pub feed: Option<FeedId>,
    /// The source's own words, when they should be shown.
    pub wording: Option<std::sync::Arc<str>>,
    /// What a *pendente* rests on: of each pending unit, or of the part as a whole, the last row of each feed that says so.
    pub rows: Vec<StatusEntry>,
}

/// One letter to one municipality.
#[derive(Debug, Clone, PartialEq)]
pub struct LetterLine {
    /// What sort.
    pub kind: Kind,
    /// The edition it names.
    pub edition: u16,
    /// The rung, days before the deadline.
    pub rung: Option<u16>,
    /// When it was recorded.
    pub at: Timestamp,
    /// Where each of its deliveries stands; empty when the detail is not at hand.
    pub deliveries: Vec<DeliveryState>,
}

/// Why a person must call: what the letters came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallReason {
    /// It was warned, and owes still.
    Warned {
        /// By how many letters.
        letters: usize,
        /// When the first left.
        first_at: Timestamp,
        /// When the last left.
        last_at: Timestamp,
    },
    /// No address took a letter.
    Undelivered {
        /// What sort of letter.
        kind: Kind,
        /// The rung, days before the deadline.
        rung: Option<u16>,
    },
    /// A letter could not leave while it was valid.
    Ended {
        /// What sort of letter.
        kind: Kind,
        /// The rung, days before the deadline.
        rung: Option<u16>,
        /// As it was decided, and as the journal has it.
        because: Reason,
    },
    /// What holds a letter now, or an address that rests.
    Decided(Reason),
}

/// Whom to telephone.
#[derive(Debug, Clone, PartialEq)]
pub struct CallLine {
    /// Which municipality.
    pub municipality: MunicipalityCode,
    /// Name.
    pub name: String,
    /// Who holds the office, if known.
    pub holder: String,
    /// Telephone, if known.
    pub telephone: String,
    /// Since when it is known to be pending; absent: not known to be.
    pub pending_since: Option<Timestamp>,
    /// What it owes; nothing where it is only not known to owe.
    pub owes: Vec<PartId>,
    /// What nobody knows of.
    pub unconfirmed: Vec<PartId>,
    /// Why a person must call.
    pub because: Vec<CallReason>,
    /// Calls already made, oldest first.
    pub tried: Vec<Note>,
}
