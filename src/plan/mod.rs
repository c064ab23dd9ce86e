//! The decision: given everything known, what should have been said by now and was not. Pure.
//!
//! [`plan`] asks `now` nothing but "has this instant been reached?" (see `moment`), so that its answer cannot change
//! between `now` and [`Plan::next_wake`]: a pass missed, repeated or late changes nothing but the hour.

pub mod account;
mod assess;
mod audience;
pub mod contrast;
mod digest;
mod edition;
pub mod forecast;
mod hold;
mod ladder;
pub mod ledger;
mod moment;
mod pair;
pub mod replay;
mod staff;
pub mod summary;
mod survey;

use jiff::Timestamp;

use self::assess::Assessor;
use self::ledger::{Ledger, NamedPart, Record, Standing};
use self::moment::Moment;
use self::pair::Bench;
use self::survey::Survey;
use crate::domain::calendar::{Calendar, Window};
use crate::domain::id::WindowId;
pub use crate::domain::journal::Act;
use crate::domain::notice::{AlertItem, Content, Kind, NoticeKey, Recipient, Slot, Told};
use crate::domain::overrides::Overrides;
use crate::domain::reason::Reason;
use crate::domain::roster::Roster;
use crate::domain::status::StatusBook;

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
    /// To send: which version of the notice this letter is (1 unless another role stands in or the text changed).
    /// To withhold: the one that will leave, 0 when none was recorded yet. Otherwise the last recorded, 0 when none
    /// was.
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
            Some(Content::Warning { pending, .. }) => {
                pending.iter().map(|p| NamedPart { part: p.part.clone(), units: p.units.clone() }).collect()
            }
            Some(Content::Reminder { unconfirmed, .. }) => {
                unconfirmed.iter().map(|p| NamedPart::whole(p.part.clone())).collect()
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

    /// The end of an open notice that no longer holds.
    fn closing(key: NoticeKey, record: &Record, act: Act, because: Reason) -> Self {
        let rung = match record.slot {
            Slot::Rung { days_before, .. } => Some(days_before),
            Slot::Announcement | Slot::Extension { .. } | Slot::Suspension { .. } | Slot::Upheld { .. } => {
                None
            }
        };
        Self {
            act,
            key,
            kind: Some(record.kind),
            edition: Some(record.edition),
            rung,
            version: record.version,
            to: Vec::new(),
            due_at: record.due_at,
            valid_until: None,
            told: record.told,
            content: None,
            because,
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
    let hours = &world.calendar.hours;
    let moment = Moment::new(now, hours);
    if let Some(high_water) = world.ledger.high_water
        && !moment.reached(high_water.saturating_sub(CLOCK_TOLERANCE).unwrap_or(high_water))
    {
        return frozen(world, &moment, high_water);
    }
    let starts_at = world.calendar.starts_on.map(|day| hours.zone.start_of(day));
    let mut draft = Draft::default();
    let mut benches = Vec::new();
    for window in world.windows {
        let opens_at = hours.zone.start_of(window.opens_on);
        if !moment.reached(opens_at) && world.ledger.window(&window.id).is_none_or(|w| !w.has_open()) {
            continue;
        }
        let Some(assessor) = Assessor::new(world, &moment, window) else { continue };
        let told_outside = starts_at.is_some_and(|starts| opens_at < starts);
        benches.push((assessor, opens_at, told_outside));
    }
    let surveys: Vec<Survey<'_>> = benches
        .iter()
        .map(|(assessor, opens_at, told_outside)| {
            let bench = Bench {
                world,
                moment: &moment,
                assessor,
                opens_at: *opens_at,
                starts_at,
                told_outside: *told_outside,
            };
            survey::survey(bench, &mut draft)
        })
        .collect();
    survey::removed_windows(world, &mut draft);
    hold::over_batches(world, &moment, &mut draft);
    for survey in &surveys {
        staff::about_window(survey, &mut draft);
    }
    staff::about_batches(world, &moment, &mut draft);
    Plan { actions: draft.actions, held: draft.held, next_wake: moment.next_wake() }
}

/// What a pass has gathered so far.
#[derive(Default)]
struct Draft {
    /// Letters to municipalities that nothing within their window holds.
    letters: Vec<Decision>,
    /// Changes of decision.
    actions: Vec<Decision>,
    /// Everything withheld.
    held: Vec<Decision>,
}

impl Draft {
    /// Withholds, as a change only when the ledger does not say so already.
    fn withhold(&mut self, world: &World<'_>, decision: Decision) {
        let known = match &decision.key {
            NoticeKey::Municipal { window, slot, municipality } => world
                .ledger
                .window(window)
                .and_then(|w| w.of(*municipality).iter().find(|r| r.slot == *slot))
                .is_some_and(|r| r.standing == Standing::Withheld(decision.because.cause())),
            NoticeKey::Staff { .. } | NoticeKey::Service { .. } => false,
        };
        if !known {
            self.actions.push(decision.clone());
        }
        self.held.push(decision);
    }
}

/// The clock may stand this much below the ledger before sending freezes.
pub const CLOCK_TOLERANCE: jiff::SignedDuration = jiff::SignedDuration::from_mins(5);

/// The clock stands before what the ledger has seen: nothing is decided but the alert, one for each civil day.
fn frozen(world: &World<'_>, moment: &Moment<'_>, high_water: Timestamp) -> Plan {
    let mut plan = Plan::default();
    let topic = "relogio";
    let key = NoticeKey::Service { topic: topic.to_owned(), on: moment.today() };
    if !world.ledger.service(topic).any(|(known, _)| *known == key) {
        plan.actions.push(Decision {
            act: Act::Send,
            key,
            kind: Some(Kind::Alert),
            edition: None,
            rung: None,
            version: 1,
            to: audience::alerts(&world.roster.offices),
            due_at: moment.stamp(),
            valid_until: None,
            told: None,
            content: Some(Content::Alert { items: vec![AlertItem::ClockBehind { high_water }] }),
            because: Reason::ClockBehind { high_water },
        });
    }
    plan.next_wake = moment.next_wake();
    plan
}
