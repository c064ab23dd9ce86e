//! What was announced: systems, windows, editions of a deadline, ladders. Pure.
//!
//! A window's dates are civil dates in the calendar's zone. A deadline is never moved to a business day.

mod window;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Time};
use jiff::{SignedDuration, ToSpan};

use super::id::{GerenciaId, PartId, Reference, SystemId, WindowId};
use super::time::SendingHours;

pub use self::window::{Deadline, Edition, Halt, HaltKind, Window};

/// Everything the calendar says, compiled and without faults.
#[derive(Debug, Clone)]
pub struct Calendar {
    /// When letters may leave, with holidays and zone.
    pub hours: SendingHours,
    /// Who fills in.
    pub parts: BTreeMap<PartId, Part>,
    pub systems: BTreeMap<SystemId, System>,
    /// Windows written out by operators. Those of recurrences come from [`Calendar::windows`].
    pub declared: Vec<Window>,
    /// `inicio`: nothing due before this day is ever sent. Always there in production.
    pub starts_on: Option<Date>,
    /// `limite_dia`: a civil day with more municipal notices due is withheld whole.
    pub daily_limit: usize,
}

/// A part: who fills in, who answers for it, and which gerência is competent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its id, as `CENTRO POP`.
    pub id: PartId,
    /// Its name in letters.
    pub name: String,
    /// Who owes it.
    pub respondent: Respondent,
    /// The competent gerência; the system's when absent.
    pub gerencia: Option<GerenciaId>,
}

/// Who owes a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Respondent {
    /// Each unit of the municipality.
    Unit,
    /// The municipal secretariat.
    Smas,
    /// The municipal council.
    Cmas,
}

/// An information system of the REDE SUAS. Systems are born and retired: configuration, not code.
#[derive(Debug, Clone)]
pub struct System {
    pub id: SystemId,
    /// Its name in letters.
    pub name: String,
    /// Where it is filled in.
    pub link: String,
    /// The parts that a window of it has unless the window says otherwise.
    pub parts: Vec<PartId>,
    /// The competent gerências.
    pub gerencias: Vec<GerenciaId>,
    /// The sanction sentence of its letters.
    pub sanction: Sanction,
    /// Number of the administrative process to cite; may be empty.
    pub case_number: String,
    /// For how long a *pendente* is believed.
    pub status_validity: SignedDuration,
    /// To whom divulgação, prorrogação and suspensão go.
    pub announce_to: Vec<Audience>,
    /// Divulgação, and the ladder with it, waits for `liberar`.
    pub confirm_opening: bool,
    /// Every batch waits for `liberar`.
    pub approve: bool,
    /// Business days past the deadline after which the remessa is due.
    pub referral_after: u16,
    /// Rungs, the farthest from the deadline first, each offset once.
    pub ladder: Vec<Rung>,
    /// How windows recur, if they do.
    pub recurrence: Option<Recurrence>,
}

/// What the sanction paragraph of a system's letters says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sanction {
    /// The norm's sentence.
    Standard,
    /// No sentence; "Fique atento às datas…" stays.
    Omitted,
    /// This text in its place.
    Text(String),
}

/// One step of a ladder (degrau).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rung {
    /// Civil days before the deadline.
    pub days_before: u16,
    /// Whom it addresses.
    pub audience: Vec<Audience>,
    /// Who gets a resumo of its letters.
    pub copies: Vec<CopyTo>,
    /// What to do with a municipality of which nothing is pending but something unconfirmed.
    pub unconfirmed: OnUnconfirmed,
}

/// A role that a ladder addresses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Audience {
    /// The municipal secretariat.
    Smas,
    /// The municipal council.
    Cmas,
    /// The units that owe something.
    Unit,
    /// Whoever owes the pending part.
    Respondent,
    /// A role of the roster's own, by the name of its column.
    Role(std::sync::Arc<str>),
}

/// Who in the secretariat gets a resumo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CopyTo {
    /// The gerência competent for each pending part.
    Gerencia,
    Gsuas,
}

/// `sem_confirmacao`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnUnconfirmed {
    /// Withhold and alert staff.
    Withhold,
    /// Send the Anexo I reminder, which accuses nobody.
    Remind,
}

/// How windows of a system recur.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recurrence {
    /// First reference; its shape (month, quarter, year) is the period.
    pub first: Reference,
    /// Last reference, if it ended.
    pub last: Option<Reference>,
    /// Opening, from the first month of the reference.
    pub opens: MonthDay,
    /// Deadline, from the first month of the reference.
    pub deadline: MonthDay,
    /// Local time of the deadline.
    pub deadline_at: Time,
    /// Where the rule comes from.
    pub source: String,
}

/// A day some months after the first month of a reference. A day beyond the month's end is its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthDay {
    /// Months to add.
    pub months: u8,
    /// Day of that month; 31 for the last.
    pub day: i8,
}

impl MonthDay {
    /// The date for a reference.
    pub fn of(self, reference: Reference) -> Date {
        let (year, month) = reference.first_month();
        let first =
            Date::new(year, month, 1).unwrap_or(Date::MIN).saturating_add(i32::from(self.months).months());
        let day = self.day.clamp(1, first.days_in_month());
        Date::new(first.year(), first.month(), day).unwrap_or(first)
    }
}

impl Calendar {
    /// Every declared window and every recurring one that opens up to `until`, by id. A declared window takes the
    /// place of the recurring one with its id.
    pub fn windows(&self, until: Date) -> Vec<Window> {
        let mut windows: BTreeMap<WindowId, Window> = BTreeMap::new();
        for system in self.systems.values() {
            let Some(recurrence) = &system.recurrence else { continue };
            let mut reference = recurrence.first;
            while recurrence.opens.of(reference) <= until
                && recurrence.last.is_none_or(|last| reference <= last)
            {
                if let Some(window) = recurring(system, recurrence, reference) {
                    windows.insert(window.id.clone(), window);
                }
                let next = reference.next();
                // At the end of time the opening no longer moves on.
                if recurrence.opens.of(next) <= recurrence.opens.of(reference) {
                    break;
                }
                reference = next;
            }
        }
        for window in &self.declared {
            windows.insert(window.id.clone(), window.clone());
        }
        windows.into_values().collect()
    }

    /// The window of that id, declared or recurring.
    pub fn window(&self, id: &WindowId) -> Option<Window> {
        if let Some(window) = self.declared.iter().find(|w| w.id == *id) {
            return Some(window.clone());
        }
        let mut pieces = id.as_str().split('/');
        let system = self.systems.get(pieces.next()?)?;
        let reference = Reference::parse(pieces.next()?).ok()?;
        let recurrence = system.recurrence.as_ref()?;
        let same_shape = std::mem::discriminant(&reference) == std::mem::discriminant(&recurrence.first);
        let within = reference >= recurrence.first && recurrence.last.is_none_or(|last| reference <= last);
        (pieces.next().is_none() && same_shape && within).then(|| recurring(system, recurrence, reference))?
    }

    /// For how long a *pendente* of a window counts.
    pub fn status_validity(&self, window: &WindowId) -> Option<SignedDuration> {
        let system = window.as_str().split('/').next()?;
        let found = self.systems.iter().find(|(known, _)| known.as_str() == system);
        found.map(|(_, system)| system.status_validity)
    }

    /// The competent gerência of a part: its own, else each of the system's.
    pub fn gerencias_of<'a>(&'a self, system: &'a System, part: &PartId) -> &'a [GerenciaId] {
        match self.parts.get(part).and_then(|p| p.gerencia.as_ref()) {
            Some(own) => std::slice::from_ref(own),
            None => &system.gerencias,
        }
    }
}

fn recurring(system: &System, recurrence: &Recurrence, reference: Reference) -> Option<Window> {
    Some(Window {
        id: WindowId::new(&system.id, reference, None).ok()?,
        system: system.id.clone(),
        reference,
        name: None,
        parts: system.parts.clone(),
        respondent: None,
        opens_on: recurrence.opens.of(reference),
        editions: vec![Edition {
            number: 1,
            deadline: Some(Deadline::new(recurrence.deadline.of(reference), recurrence.deadline_at)),
            announced_on: None,
            source: recurrence.source.clone(),
            municipalities: BTreeSet::new(),
        }],
        depends_on: None,
        halt: None,
        sanction: None,
        recurring: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time};

    #[test]
    fn deadlines_that_read_the_same_are_the_same() {
        let at = |hour, minute, second| Deadline::new(date(2026, 12, 15), time(hour, minute, second, 0));
        assert_eq!(at(23, 59, 0).at, Deadline::DEFAULT_TIME);
        assert_eq!(at(23, 59, 0), at(23, 59, 59));
        assert_eq!(at(18, 0, 30), at(18, 0, 0));
        assert!(at(18, 0, 0) < at(18, 1, 0) && at(23, 58, 59) < at(23, 59, 0));
    }

    #[test]
    fn the_last_day_of_a_short_month_stands_for_its_31st() {
        let last = MonthDay { months: 1, day: 31 };
        assert_eq!(last.of(Reference::Month(2027, 1)), date(2027, 2, 28));
        assert_eq!(last.of(Reference::Month(2027, 12)), date(2028, 1, 31));
        let quarter = MonthDay { months: 2, day: 20 };
        assert_eq!(quarter.of(Reference::Quarter(2025, 4)), date(2025, 12, 20));
    }

    #[test]
    fn an_edition_is_known_from_the_day_on_which_it_was_announced() {
        let edition = |number, announced_on| Edition {
            number,
            deadline: None,
            announced_on,
            source: String::new(),
            municipalities: BTreeSet::new(),
        };
        let window = Window {
            id: WindowId::parse("rma/2026-10").unwrap(),
            system: SystemId::parse("rma").unwrap(),
            reference: Reference::Month(2026, 10),
            name: None,
            parts: Vec::new(),
            respondent: None,
            opens_on: date(2026, 11, 1),
            editions: vec![edition(1, None), edition(2, Some(date(2026, 11, 20)))],
            depends_on: None,
            halt: None,
            sanction: None,
            recurring: false,
        };
        let known = |day| window.announced_by(day).map(|edition| edition.number).collect::<Vec<_>>();
        assert_eq!(known(date(2026, 11, 19)), [1]);
        assert_eq!(known(date(2026, 11, 20)), [1, 2]);
    }
}
