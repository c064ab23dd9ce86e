//! The letters of one window before there is anything to tell: a rehearsal in which all that may be owed is owed. Pure.
//!
//! Nothing is made up here but what a [`Course`] names: who gets which letter, about which parts and units, with which
//! date, is the plan's own answer.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::assess::Assessor;
use super::moment::Moment;
use super::replay::{Replay, StatusChange};
use crate::domain::calendar::{Calendar, Deadline, Edition, Halt, HaltKind, Window};
use crate::domain::id::{IdError, UnitId};
use crate::domain::overrides::Overrides;
use crate::domain::roster::Roster;
use crate::domain::status::{Basis, Observation, State};
use crate::plan::{Decision, Notice, World};

/// How a window goes in its rehearsal, and so what is made up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// As the calendar has it, with everything pending.
    Pending,
    /// As the calendar has it, with nothing known.
    Unknown,
    /// A prorrogação half-way, of a fortnight.
    Extended,
    /// A prorrogação after the remessa.
    ExtendedLate,
    /// A suspension, and its end.
    Suspended,
    /// A prorrogação half-way with nothing known: only so has a window "a definir" a rung, and so a lembrete. Of one with a
    /// deadline [`Self::Unknown`] brings all that this would, and it brings nothing.
    ExtendedUnknown,
}

impl Course {
    /// Every course; what needs the least made up comes first.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Unknown,
        Self::Extended,
        Self::ExtendedLate,
        Self::Suspended,
        Self::ExtendedUnknown,
    ];

    /// Whether something is known of who has filled in.
    fn is_known(self) -> bool {
        match self {
            Self::Pending | Self::Extended | Self::ExtendedLate | Self::Suspended => true,
            Self::Unknown | Self::ExtendedUnknown => false,
        }
    }
}

/// So long a window without a deadline is rehearsed, and so long after a deadline.
const A_MONTH: i32 = 30;

/// Every letter of a window on a course, in order of time. What would wait for a person does not wait, and no day has
/// too many. Of what people decided only the exemptions count.
///
/// # Errors
/// None in practice (see [`Replay::new`]).
pub fn rehearse(
    calendar: &Calendar,
    roster: &Roster,
    overrides: &Overrides,
    window: &Window,
    course: Course,
) -> Result<Vec<Notice>, IdError> {
    if course == Course::ExtendedUnknown && window.latest_deadline().is_some() {
        return Ok(Vec::new());
    }
    let calendar = alone(calendar, window, course);
    let Some(window) = calendar.declared.first() else { return Ok(Vec::new()) };
    let zone = &calendar.hours.zone;
    let last = window.latest_deadline().map_or(window.opens_on, |deadline| deadline.on);
    let until = zone.end_of(last.saturating_add(A_MONTH.days()));
    let from = zone.start_of(window.opens_on);
    let mut replay = Replay::new(&calendar, roster, until)?;
    replay.overrides.exemptions.clone_from(&overrides.exemptions);
    let changes = if course.is_known() {
        all_pending(&replay.world(), &Moment::new(from, &calendar.hours), window, from)
    } else {
        Vec::new()
    };
    let mut letters = Vec::new();
    replay.run(from, until, &changes, |_, decision| {
        if let Decision::Send(sending) = decision {
            letters.push(sending.notice.clone());
        }
    });
    Ok(letters)
}

/// Everything that is expected in a window pends from an instant on, unit by unit.
fn all_pending(world: &World<'_>, moment: &Moment<'_>, window: &Window, at: Timestamp) -> Vec<StatusChange> {
    let Some(assessor) = Assessor::new(world, moment, window) else { return Vec::new() };
    let mut changes = Vec::new();
    for municipality in world.roster.municipalities.values() {
        for part in assessor.expected(municipality) {
            let units = assessor.units(municipality.code, part).map(|unit| Some(unit.id.clone()));
            let mut units: Vec<Option<UnitId>> = units.collect();
            if units.is_empty() {
                units.push(None);
            }
            let pends = |unit| Observation {
                window: window.id.clone(),
                municipality: municipality.code,
                part: part.clone(),
                unit,
                state: State::Pending,
                dated: None,
                basis: Basis::Row,
                line: 0,
                wording: None,
            };
            changes.extend(units.into_iter().map(|unit| StatusChange { at, observation: pends(unit) }));
        }
    }
    changes
}

/// The calendar with that window only, without what would hold its letters, and as the course has it.
fn alone(calendar: &Calendar, window: &Window, course: Course) -> Calendar {
    let mut calendar =
        Calendar { declared: Vec::new(), starts_on: None, daily_limit: usize::MAX, ..calendar.clone() };
    for system in calendar.systems.values_mut() {
        system.recurrence = None;
        (system.confirm_opening, system.approve) = (false, false);
        system.status_validity = jiff::SignedDuration::from_hours(24 * 366 * 10);
    }
    let mut window = Window { depends_on: None, ..window.clone() };
    let deadline = window.latest_deadline();
    let ends_on = deadline.map_or(window.opens_on.saturating_add(A_MONTH.days()), |deadline| deadline.on);
    let third = (ends_on - window.opens_on).get_days() / 3;
    let on = |days: i32| window.opens_on.saturating_add(days.days());
    let extended = |announced: Date, from: Date| Edition {
        number: window.editions.last().map_or(1, |last| last.number).saturating_add(1),
        deadline: Some(Deadline {
            on: from.saturating_add(14.days()),
            at: deadline.map_or(Deadline::DEFAULT_TIME, |deadline| deadline.at),
        }),
        announced_on: Some(announced),
        source: "EXEMPLO".to_owned(),
        municipalities: std::collections::BTreeSet::new(),
    };
    match course {
        Course::Pending | Course::Unknown => {}
        Course::Extended | Course::ExtendedUnknown => {
            let edition = extended(on(third + third / 2), ends_on);
            window.editions.push(edition);
        }
        Course::ExtendedLate => {
            let after = calendar.systems.get(&window.system).map_or(0, |system| system.referral_after);
            let handed_at = calendar.hours.business_days_after(ends_on, after);
            let announced = calendar.hours.zone.date_of(handed_at).saturating_add(4.days());
            let edition = extended(announced, announced);
            window.editions.push(edition);
        }
        Course::Suspended => {
            let (since, until) = (Some(on(third)), Some(on(third + third.max(4))));
            window.halt.get_or_insert(Halt { kind: HaltKind::Suspended, since, until });
        }
    }
    calendar.declared.push(window);
    calendar
}
