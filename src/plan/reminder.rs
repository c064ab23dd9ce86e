//! What waits is brought to a person's mind: once a day and cause, and again when something new would die before the
//! next morning. Pure.
//!
//! Architecture invariant: nothing holds these alerts: no `reter`, no `limite_dia`, no sending hours, no day off.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::audience;
use super::moment::Moment;
use crate::domain::notice::{AlertItem, Content, NoticeKey};
use crate::domain::overrides::BatchId;
use crate::domain::reason::{Cause, Reason};
use crate::domain::time::day_after;
use crate::plan::decision::{Decision, End, Notice};
use crate::plan::draft::PlanDraft;
use crate::plan::world::World;

/// One alert for each cause that holds something.
pub(super) fn about_held(world: &World<'_>, moment: &Moment<'_>, draft: &mut PlanDraft) {
    // What this pass withdraws may be said again in its next round, or withheld; a reminder before that would not be
    // whole.
    if draft.actions.iter().any(|d| matches!(d, Decision::Close(closed) if closed.end == End::Withdrawn)) {
        return;
    }
    let mut causes: BTreeMap<Cause, Vec<&Decision>> = BTreeMap::new();
    for held in draft.held.iter().map(Cow::as_ref) {
        causes.entry(held.because().cause()).or_default().push(held);
    }
    let mut reminders = Vec::new();
    for (cause, held) in causes {
        if let Some(key) = due(world, moment, cause, &held) {
            let because = Reason::StaffNeeded { notices: held.len() };
            let content = Content::Alert { items: items(&held, moment.stamp()) };
            let to = audience::alerts(&world.roster.offices);
            let due_at = moment.stamp();
            reminders.push((Notice { key, content, to, due_at, valid_until: None }, because));
        }
    }
    for (notice, because) in reminders {
        draft.tell(world.ledger, notice, because);
    }
}

/// The key of the alert about a cause that is due now, if one is: the day's own from the morning on, and a numbered one
/// for what no alert named yet and would die before the next morning.
fn due(world: &World<'_>, moment: &Moment<'_>, cause: Cause, held: &[&Decision]) -> Option<NoticeKey> {
    let hours = &world.calendar.hours;
    let today = moment.today();
    let morning = |day: Date| hours.zone.at(day, hours.from);
    let has_begun = moment.reached(morning(today));
    let next = morning(if has_begun { day_after(today) } else { today });
    moment.reached(next);
    let topic = format!("retidas-{}", cause.as_str());
    let on_day = |topic: &str| NoticeKey::Service { topic: topic.to_owned(), on: today };
    let is_told = |key: &NoticeKey, topic: &str| world.ledger.service(topic).any(|(known, _)| known == key);
    let first = on_day(&topic);
    if has_begun && !is_told(&first, &topic) {
        return Some(first);
    }
    let mut last = world.ledger.service(&topic).map(|(_, at)| at).max();
    let mut free = None;
    for number in 2_u32.. {
        let topic = format!("{topic}-{number}");
        let latest = world.ledger.service(&topic).map(|(_, at)| at).max();
        last = last.max(latest);
        let key = on_day(&topic);
        if free.is_none() && !is_told(&key, &topic) {
            free = Some(key);
        }
        if latest.is_none() {
            break;
        }
    }
    let dies = |decision: &Decision| decision.valid_until().is_some_and(|at| at <= next);
    held.iter().any(|decision| dies(decision) && is_news(world, decision, last)).then_some(free)?
}

/// Whether no alert named it yet: withheld just now, or since the last alert. What is left of a letter that somebody took
/// keeps the instant of its letter, so that there the order's own counts too.
fn is_news(world: &World<'_>, held: &Decision, last: Option<Timestamp>) -> bool {
    let known = world.ledger.notice(held.key());
    known.is_none_or(|record| {
        let since = ordered_at(world, held).map_or(record.recorded_at, |at| at.max(record.recorded_at));
        !record.standing.is_held_by(held.because().cause()) || last.is_none_or(|at| since > at)
    })
}

/// When the order was given that holds a letter to a municipality, where a person holds it.
pub(super) fn ordered_at(world: &World<'_>, held: &Decision) -> Option<Timestamp> {
    if let Reason::Held { scope, .. } = held.because() {
        let order = world.overrides.ruling_holds().find(|hold| hold.scope == *scope);
        return order.map(|hold| hold.authorship.at);
    }
    if let Reason::Paused { .. } = held.because() {
        let call = world.overrides.ruling_pause(held.municipality()?, held.window()?);
        return call.map(|call| call.authorship.at);
    }
    None
}

/// One line for what is equal for many.
fn items(held: &[&Decision], at: Timestamp) -> Vec<AlertItem> {
    let mut groups: BTreeMap<(BatchId, Option<Timestamp>, String), AlertItem> = BTreeMap::new();
    for alike in held.chunk_by(|one, other| is_alike(one, other)) {
        let Some(first) = alike.first() else { continue };
        let because = first.because();
        let batch = match first.key() {
            NoticeKey::Municipal { window, slot, .. } => BatchId::of_slot(window, *slot),
            NoticeKey::Staff { .. } | NoticeKey::Service { .. } => BatchId::of_letter(first.key()),
        };
        let dies_at = first.valid_until();
        let group = groups.entry((batch.clone(), dies_at, format!("{because:?}"))).or_insert_with(|| {
            AlertItem::Held { batch, municipalities: Vec::new(), because: because.clone(), dies_at, at }
        });
        if let AlertItem::Held { municipalities, .. } = group {
            municipalities.extend(alike.iter().filter_map(|decision| decision.municipality()));
        }
    }
    groups.into_values().collect()
}

/// Whether two stand in one line for sure. Most do that follow one another, and need no names made for them.
fn is_alike(one: &Decision, other: &Decision) -> bool {
    let slot = |decision: &Decision| decision.key().slot();
    // A letter to staff is in a line of its own.
    one.municipality().is_some()
        && other.municipality().is_some()
        && (one.window(), slot(one), one.valid_until()) == (other.window(), slot(other), other.valid_until())
        && one.because() == other.because()
}
