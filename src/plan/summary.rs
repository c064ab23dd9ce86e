//! What staff read: where each window stands. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::domain::calendar::Deadline;
use crate::domain::id::{FeedId, GerenciaId, MunicipalityCode, PartId, UnitId, WindowId};
use crate::domain::notice::{Kind, NoticeKey, Recipient, Slot};
use crate::domain::overrides::{BatchId, Note};
use crate::domain::reason::Reason;
use crate::domain::roster::Role;
use crate::domain::status::{Doubt, State, StatusEntry};
use crate::plan::post::{DeliveryFact, LetterState};

/// How many municipalities (or parts) stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub done: usize,
    pub pending: usize,
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
    pub fn expected(&self) -> usize {
        self.done + self.pending + self.unconfirmed
    }
}

/// Where one window stands, as known at an instant.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowSummary {
    pub window: WindowId,
    pub system: String,
    pub opens_on: Date,
    /// The general edition in force.
    pub edition: u16,
    /// Its deadline; absent while "a definir".
    pub deadline: Option<Deadline>,
    pub source: String,
    /// Every deadline that was announced for all, in order: the edition, and its date.
    pub editions: Vec<(u16, Option<Deadline>)>,
    /// The rungs of the edition in force: days before the deadline, and when each is due.
    pub rungs: Vec<(u16, Timestamp)>,
    /// Whether it is suspended or cancelled now.
    pub halted: bool,
    /// Whether it is a rehearsal's, so that no letter left (`ensaio`).
    pub rehearsal: bool,
    pub at: Timestamp,
    pub municipalities: Counts,
    /// Parts of municipalities, by part.
    pub by_part: BTreeMap<PartId, Counts>,
    /// Parts of municipalities, by competent gerência.
    pub by_gerencia: BTreeMap<GerenciaId, Counts>,
    /// Municipalities, by region.
    pub by_region: BTreeMap<String, Counts>,
    /// Every expected municipality, by code.
    pub lines: Vec<MunicipalityLine>,
    /// Whom to telephone, the most urgent first (`plan::calls`).
    pub call_list: Vec<CallLine>,
}

impl WindowSummary {
    /// A window of which nothing is known yet.
    pub fn empty(window: WindowId, at: Timestamp) -> Self {
        Self {
            window,
            system: String::new(),
            opens_on: Date::default(),
            edition: 1,
            deadline: None,
            source: String::new(),
            editions: Vec::new(),
            rungs: Vec::new(),
            halted: false,
            rehearsal: false,
            at,
            municipalities: Counts::default(),
            by_part: BTreeMap::new(),
            by_gerencia: BTreeMap::new(),
            by_region: BTreeMap::new(),
            lines: Vec::new(),
            call_list: Vec::new(),
        }
    }

    /// The other deadlines that are in force for municipalities, with for how many.
    pub fn other_deadlines(&self) -> BTreeMap<Option<Deadline>, usize> {
        let mut others = BTreeMap::new();
        for line in self.lines.iter().filter(|line| line.deadline != self.deadline) {
            *others.entry(line.deadline).or_default() += 1;
        }
        others
    }

    /// Where a municipality stands; none where it is not expected.
    pub fn line(&self, municipality: MunicipalityCode) -> Option<&MunicipalityLine> {
        // They are in the order of their codes.
        let place = self.lines.binary_search_by_key(&municipality, |line| line.municipality).ok()?;
        self.lines.get(place)
    }
}

/// One municipality in a window.
#[derive(Debug, Clone, PartialEq)]
pub struct MunicipalityLine {
    pub municipality: MunicipalityCode,
    pub name: String,
    pub region: String,
    /// As a whole.
    pub state: State,
    /// The edition in force for it.
    pub edition: u16,
    pub deadline: Option<Deadline>,
    pub parts: Vec<PartLine>,
    /// The window that must be concluded there before anything of this one is owed, while it is not.
    pub waits_for: Option<WindowId>,
    /// `inicio`, where it counts as told of the first deadline outside the system: the window was open on that day.
    pub told_outside_on: Option<Date>,
    /// Letters to it, also those that never left, in order.
    pub letters: Vec<LetterLine>,
    /// What is withheld from it now, with why.
    pub withheld: Vec<HeldLine>,
    /// Why nothing is said now, when nothing is.
    pub silence: Option<Reason>,
    /// What comes next if nothing changes; none where nothing does.
    pub next: Option<NextLine>,
}

impl MunicipalityLine {
    /// Why letters are withheld from it, each reason once: one may keep every rung back.
    pub fn kept_back_by(&self) -> Vec<&Reason> {
        let mut reasons: Vec<&Reason> = Vec::new();
        for held in &self.withheld {
            if !reasons.contains(&&held.because) {
                reasons.push(&held.because);
            }
        }
        reasons
    }
}

/// A letter that is withheld.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldLine {
    /// The batch that it leaves in.
    pub batch: BatchId,
    /// Why, with author and reason where a person stopped it.
    pub because: Reason,
    pub since: Timestamp,
    /// When it dies if nobody lets it go; absent: it waits for ever.
    pub dies_at: Option<Timestamp>,
}

/// What comes next for a municipality in a window, if nothing changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextLine {
    pub what: Upcoming,
    pub at: Timestamp,
}

/// What may come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upcoming {
    /// A letter that is already due and only waits.
    Waiting(Waiting),
    /// The next rung, if something is still owed then.
    Rung {
        /// Days before the deadline.
        days_before: u16,
        /// What it brings if nothing changes; absent where nobody knows enough for a letter, so that it would be withheld.
        kind: Option<Kind>,
    },
    Deadline,
    Referral,
}

/// A letter that is due and only waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    pub kind: Kind,
    pub slot: Slot,
    pub behind: Behind,
}

/// What a letter that is due waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behind {
    /// The next sending instant.
    Hours,
    /// The 48 h after a divulgação or a correction.
    Quiet,
    /// Another day: one such letter about the window left on this one.
    Letter,
}

/// One part of one municipality.
#[derive(Debug, Clone, PartialEq)]
pub struct PartLine {
    pub part: PartId,
    /// Who is competent for it; in a closed window, who was.
    pub gerencias: Vec<GerenciaId>,
    pub state: State,
    /// Why nobody knows, when unconfirmed.
    pub doubt: Option<Doubt>,
    pub units: Vec<UnitId>,
    /// As of when the data speaks.
    pub as_of: Option<Timestamp>,
    pub feed: Option<FeedId>,
    /// The source's own words, when they should be shown: none beside *não confirmado*.
    pub wording: Option<std::sync::Arc<str>>,
    /// What a *pendente* rests on: of each pending unit, or of the part as a whole, the last row of each feed that says so.
    pub rows: Vec<StatusEntry>,
}

/// One letter to one municipality, or one that should have been.
#[derive(Debug, Clone, PartialEq)]
pub struct LetterLine {
    pub key: NoticeKey,
    /// What sort of letter it was written as; of one that never was, what it was to be.
    pub kind: Kind,
    /// Whether it left from another ledger: its text is not held here, nor is known of which sort a rung's was.
    pub elsewhere: bool,
    pub edition: u16,
    /// The rung, days before the deadline.
    pub rung: Option<u16>,
    pub state: LetterState,
    /// When it left; absent: it never did.
    pub left_at: Option<Timestamp>,
    /// When it was recorded; of one that never was, when that was decided.
    pub decided_at: Timestamp,
    /// Why it will not leave any more, when it never did.
    pub because: Option<Reason>,
    /// Where each of its deliveries stands; empty when it has none, or the detail is not at hand.
    pub deliveries: Vec<DeliveryFact>,
}

/// Why a person must call: what the letters came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallReason {
    /// It was warned, and owes still.
    Warned {
        /// By how many letters that name the date in force.
        letters: usize,
        /// And by how many that named one of before.
        earlier: usize,
        first_at: Timestamp,
        last_at: Timestamp,
    },
    /// It owes, and of letters that said so nobody knows whether they were taken (*incerta*).
    PerhapsWarned { letters: usize, last_at: Timestamp },
    /// It owes, and the warnings that left were about something else.
    WarnedOfOther {
        /// How many left.
        letters: usize,
        last_at: Timestamp,
    },
    /// It owes, and in a rehearsal, which warns nobody, letters were written to a file.
    Rehearsed { letters: usize },
    /// No address took a letter.
    Undelivered {
        kind: Kind,
        /// The rung, days before the deadline.
        rung: Option<u16>,
    },
    /// A letter could not leave while it was valid.
    Ended {
        kind: Kind,
        /// The rung, days before the deadline.
        rung: Option<u16>,
        /// As it was decided, and as the journal has it.
        because: Reason,
    },
    /// The service stood still while letters of these rungs were valid, the farthest first, and looked again only then.
    Missed { rungs: Vec<u16>, until: Timestamp },
    /// What holds a letter now, or an address that rests.
    Decided(Reason),
}

/// Whom to telephone.
#[derive(Debug, Clone, PartialEq)]
pub struct CallLine {
    pub municipality: MunicipalityCode,
    pub name: String,
    /// Whose the telephone is; absent: nobody there is known.
    pub role: Option<Role>,
    pub holder: String,
    pub telephone: String,
    /// As of when the oldest of the data speaks that says that it owes; absent: none says so.
    pub as_of: Option<Timestamp>,
    /// What it owes; nothing where it is only not known to owe, or the window is stopped.
    pub owes: Vec<PartId>,
    /// What nobody knows of.
    pub unconfirmed: Vec<PartId>,
    pub because: Vec<CallReason>,
    /// Addresses that are not written to for now, since letters came back from them.
    pub resting: Vec<Recipient>,
    /// Whether it has no other.
    pub unreachable: bool,
    /// Calls already made, oldest first.
    pub tried: Vec<Note>,
}

/// What a call is for, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallPurpose {
    Debt,
    /// Nobody knows whether it does.
    Doubt,
    /// Letters do not arrive, and a better address is asked for.
    Address,
}

impl CallPurpose {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Debt, Self::Doubt, Self::Address];
}

impl CallLine {
    /// What the call is for.
    pub fn purpose(&self) -> CallPurpose {
        if !self.owes.is_empty() {
            return CallPurpose::Debt;
        }
        // What nobody knows of is asked about where that is why: an address alone is another question.
        let is_of_address = |reason: &CallReason| match reason {
            CallReason::Undelivered { .. } => true,
            CallReason::Decided(why) => matches!(why, Reason::AddressFlagged { .. } | Reason::NoContact),
            CallReason::Warned { .. }
            | CallReason::PerhapsWarned { .. }
            | CallReason::WarnedOfOther { .. }
            | CallReason::Rehearsed { .. }
            | CallReason::Missed { .. }
            | CallReason::Ended { .. } => false,
        };
        if self.unconfirmed.is_empty() || self.because.iter().all(is_of_address) {
            CallPurpose::Address
        } else {
            CallPurpose::Doubt
        }
    }
}
