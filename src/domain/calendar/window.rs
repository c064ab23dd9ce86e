//! One window: its opening, the editions of its deadline, what stopped it. Pure.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::{Date, Time};

use super::{Part, Respondent, Sanction};
use crate::domain::id::{MunicipalityCode, PartId, Reference, SystemId, WindowId};
use crate::domain::time::Zone;

/// A window (janela): system, reference and parts that share one opening and one deadline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Its id, stable for ever.
    pub id: WindowId,
    pub system: SystemId,
    /// Its period.
    pub reference: Reference,
    /// Its name, when a reference has several.
    pub name: Option<String>,
    /// Who must fill in.
    pub parts: Vec<PartId>,
    /// Who answers for every part of this window, when not the parts' own.
    pub respondent: Option<Respondent>,
    pub opens_on: Date,
    /// The deadline as announced, in order; never empty; the first has number 1 and no announcement day.
    pub editions: Vec<Edition>,
    /// A part is não se aplica in a municipality until that window is concluído there.
    pub depends_on: Option<WindowId>,
    /// Whether the window was suspended or cancelled.
    pub halt: Option<Halt>,
    /// The sanction sentence of its letters, when not the system's.
    pub sanction: Option<Sanction>,
    /// Whether a recurrence made it.
    pub recurring: bool,
}

/// The deadline as announced: the first, or a prorrogação.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    /// 1 + position.
    pub number: u16,
    /// The deadline; absent while it is "a definir".
    pub deadline: Option<Deadline>,
    /// The day the ministry announced it; absent for the first.
    pub announced_on: Option<Date>,
    pub source: String,
    /// Which municipalities it names; empty for all.
    pub municipalities: BTreeSet<MunicipalityCode>,
}

/// A deadline: the last civil day and the local time on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Deadline {
    /// Last day.
    pub on: Date,
    /// Local time at which filling in ends.
    pub at: Time,
}

impl Deadline {
    /// `prazo_hora` when the window does not say.
    pub const DEFAULT_TIME: Time = Time::constant(23, 59, 59, 0);

    /// A deadline as somebody wrote or kept it, to the minute, as every letter says it: two that read the same are the
    /// same. The day's last minute is there to its end.
    pub fn new(on: Date, at: Time) -> Self {
        let at = match (at.hour(), at.minute()) {
            (23, 59) => Self::DEFAULT_TIME,
            (hour, minute) => Time::constant(hour, minute, 0, 0),
        };
        Self { on, at }
    }

    /// The instant from which the deadline has passed.
    pub fn instant(self, zone: &Zone) -> Timestamp {
        zone.at(self.on, self.at)
    }
}

/// A window that was stopped (`situacao`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Halt {
    /// Suspended or cancelled.
    pub kind: HaltKind,
    /// The day it became known; absent: from the start.
    pub since: Option<Date>,
    /// The day it ended, if it did.
    pub until: Option<Date>,
}

/// How a window was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HaltKind {
    /// `suspensa`
    Suspended,
    /// `cancelada`
    Cancelled,
}

impl Halt {
    /// Whether an edition, where it applies, ends this halt: it was announced after it.
    pub fn is_ended_by(self, edition: &Edition) -> bool {
        edition.announced_on.is_some_and(|day| self.since.is_none_or(|since| day > since))
    }
}

impl Window {
    /// Whether some edition has an earlier deadline than one before it: only then it matters who was told which date.
    pub fn goes_back(&self) -> bool {
        !self.editions.iter().filter_map(|edition| edition.deadline).is_sorted()
    }

    /// The first edition for all that ends this window's halt, with the day of its announcement.
    pub fn halt_ended_by(&self) -> Option<(&Edition, Date)> {
        let halt = self.halt?;
        let general = self.editions.iter().filter(|e| e.municipalities.is_empty() && halt.is_ended_by(e));
        general.filter_map(|e| Some((e, e.announced_on?))).min_by_key(|(_, day)| *day)
    }

    /// The first day on which the window goes on, for all: `situacao_ate`, or the announcement of an edition after the
    /// halt, whichever came first.
    pub fn halted_until(&self) -> Option<Date> {
        let by_edition = self.halt_ended_by().map(|(_, day)| day);
        [self.halt?.until, by_edition].into_iter().flatten().min()
    }

    /// The halt in force for all on a day, never the key as written.
    pub fn halt_on(&self, day: Date) -> Option<Halt> {
        let begun = |halt: &Halt| halt.since.is_none_or(|since| since <= day);
        let over = self.halted_until().is_some_and(|until| until <= day);
        self.halt.filter(begun).filter(|_| !over)
    }

    /// The edition of that number, if the list has it.
    pub fn edition(&self, number: u16) -> Option<&Edition> {
        self.editions.get(usize::from(number).checked_sub(1)?)
    }

    /// The editions that were announced by a day: one that was announced later was not known then.
    pub fn announced_by(&self, day: Date) -> impl Iterator<Item = &Edition> {
        self.editions.iter().filter(move |edition| edition.announced_on.is_none_or(|on| on <= day))
    }

    /// Who answers for a part in this window.
    pub fn respondent_of(&self, part: &Part) -> Respondent {
        self.respondent.unwrap_or(part.respondent)
    }

    /// The latest deadline of any edition, in civil time.
    pub fn latest_deadline(&self) -> Option<Deadline> {
        self.editions.iter().filter_map(|e| e.deadline).max()
    }
}
