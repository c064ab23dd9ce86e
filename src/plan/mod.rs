//! The decision: given everything known, what should have been said by now and was not. Pure.
//!
//! [`plan`] asks `now` nothing but "has this instant been reached?" (see `moment`), so that its answer cannot change
//! between `now` and [`Plan::next_wake`]: a pass missed, repeated or late changes nothing but the hour.
//!
//! Every state is named where it is matched, so that a new one is decided on everywhere; clippy refuses `_` here.

#![deny(clippy::wildcard_enum_match_arm)]

pub mod account;
mod assess;
mod audience;
pub mod audit;
mod callee;
pub mod calls;
mod closing;
pub mod contrast;
pub mod curve;
pub mod day;
mod decision;
pub mod departed;
mod digest;
mod draft;
mod edition;
pub mod effects;
pub mod elsewhere;
pub mod forecast;
pub mod frontier;
pub mod history;
mod hold;
mod ladder;
pub mod ledger;
mod memo;
mod moment;
mod pair;
pub mod post;
pub mod punctuality;
mod referral;
mod reminder;
pub mod replay;
pub mod ruling;
pub mod sample;
mod staff;
pub mod summary;
mod survey;
mod window;
mod world;
mod written;

use std::borrow::Cow;
use std::num::NonZeroU16;

use jiff::Timestamp;
use jiff::civil::Date;

use self::assess::Assessor;
use self::draft::PlanDraft;
use self::memo::Memo;
use self::moment::Moment;
use self::survey::Survey;
use self::window::WindowContext;
use crate::domain::notice::{AlertItem, Content, NoticeKey};
use crate::domain::reason::Reason;

pub use self::closing::past_asked;
pub use self::decision::{Act, Closed, Decision, End, Notice, Report, Sending, Withheld};
pub use self::world::World;

/// What a pass would do.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Changes of decision, in the order of the calendar.
    pub actions: Vec<Decision>,
    /// Everything withheld now, whether that is new or not.
    pub held: Vec<Decision>,
    /// The next instant at which the answer may change without anything new being known.
    pub next_wake: Option<Timestamp>,
    /// The first civil day on which a letter falls due that leaves now, or would in the next sending hours, or is held
    /// because too many fall due on its day: what else fell due from then on, in whatever window, was counted with it
    /// (`hold`). None where nothing was counted.
    pub counted_from: Option<Date>,
}

/// Decides.
pub fn plan(world: &World<'_>, now: Timestamp) -> Plan {
    let mut memo = Memo::default();
    let Answer { actions, held, next_wake, counted_from } = answer(world, now, &mut memo);
    Plan { actions, held: held.into_iter().map(Cow::into_owned).collect(), next_wake, counted_from }
}

/// A [`Plan`] whose letters are those of a memo.
struct Answer<'m> {
    actions: Vec<Decision>,
    held: Vec<Cow<'m, Decision>>,
    next_wake: Option<Timestamp>,
    counted_from: Option<Date>,
}

/// Decides, but for what still stands.
fn answer<'m>(world: &World<'_>, now: Timestamp, memo: &'m mut Memo) -> Answer<'m> {
    let hours = &world.calendar.hours;
    let moment = Moment::new(now, hours);
    if let Some(high_water) = world.ledger.high_water
        && !moment.reached(high_water.saturating_sub(CLOCK_TOLERANCE).unwrap_or(high_water))
    {
        return frozen(world, &moment, high_water);
    }
    let mut draft = PlanDraft::default();
    let mut assessors = Vec::new();
    for window in world.windows {
        let opens_at = hours.zone.start_of(window.opens_on);
        if !moment.reached(opens_at) && world.ledger.window(&window.id).is_none_or(|w| !w.has_open()) {
            continue;
        }
        assessors.extend(Assessor::new(world, &moment, window));
    }
    let contexts = assessors.iter().map(|assessor| WindowContext::new(world, &moment, assessor));
    let surveys: Vec<Survey<'_>> = contexts.map(closing::surveyed).collect();
    for survey in surveys.iter().filter(|survey| !survey.is_settled()) {
        memo.refresh(survey);
    }
    let memo = &*memo;
    for survey in surveys.iter().filter(|survey| !survey.is_settled()) {
        let window = &survey.context.assessor.window().id;
        survey::decide(survey, memo.said(window), memo.strangers(window), &mut draft);
    }
    survey::removed_windows(world, &mut draft);
    hold::over_batches(world, &moment, &mut draft);
    for survey in &surveys {
        staff::about_window(survey, &mut draft);
    }
    reminder::about_held(world, &moment, &mut draft);
    Answer {
        actions: draft.actions,
        held: draft.held,
        next_wake: moment.next_wake(),
        counted_from: draft.counted_from,
    }
}

/// The clock may stand this much below the ledger before sending freezes.
pub const CLOCK_TOLERANCE: jiff::SignedDuration = jiff::SignedDuration::from_mins(5);

/// The clock stands before what the ledger has seen: nothing is decided but the alert, one for each civil day.
fn frozen(world: &World<'_>, moment: &Moment<'_>, high_water: Timestamp) -> Answer<'static> {
    let mut actions = Vec::new();
    let topic = "relogio";
    let key = NoticeKey::Service { topic: topic.to_owned(), on: moment.today() };
    if !world.ledger.service(topic).any(|(known, _)| *known == key) {
        let notice = Notice {
            key,
            content: Content::Alert { items: vec![AlertItem::ClockBehind { high_water }] },
            to: audience::alerts(&world.roster.offices),
            due_at: moment.stamp(),
            valid_until: None,
        };
        let (version, because) = (NonZeroU16::MIN, Reason::ClockBehind { high_water });
        actions.push(Decision::Send(Sending { notice, version, copies: Vec::new(), because }));
    }
    Answer { actions, held: Vec::new(), next_wake: moment.next_wake(), counted_from: None }
}
