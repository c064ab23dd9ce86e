//! What waits for a person to release it, also behind an order that holds it too.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::domain::notice::NoticeKey;
use crate::domain::overrides::BatchId;
use crate::plan;
use crate::render::portuguese;
use crate::world::known::Known;

/// What would be decided at the next sending instant if nobody held anything by hand, nor paused after a call: what waits
/// for its release waits also while an order covers it, which only hides it.
fn without_orders(known: &Known, now: Timestamp) -> plan::Plan {
    let hours = &known.live.calendar.hours;
    let at = hours.next_sending(now);
    let mut overrides = known.overrides.clone();
    // One that is over holds nothing, and tells what a gap let go.
    overrides.holds.retain(|hold| hold.until.is_some_and(|day| day < hours.zone.date_of(at)));
    overrides.notes.clear();
    plan::plan(&plan::World { overrides: &overrides, ..known.world() }, at)
}

/// Whether anything waits for a batch to be released, now or at the next sending instant, also what an order holds too.
pub fn awaits(known: &Known, id: &BatchId, now: Timestamp) -> bool {
    let plan = without_orders(known, now);
    plan.actions.iter().chain(&plan.held).any(|decision| decision.because().batch() == Some(id))
}

/// The batches that wait to be released, now or at the next sending instant, a line each with how many letters; also those
/// that an order holds too.
pub fn waiting(known: &Known, now: Timestamp) -> Vec<String> {
    let plan = without_orders(known, now);
    let mut batches: BTreeMap<&BatchId, BTreeSet<&NoticeKey>> = BTreeMap::new();
    for decision in plan.actions.iter().chain(&plan.held) {
        if let Some(batch) = decision.because().batch() {
            batches.entry(batch).or_default().insert(decision.key());
        }
    }
    let letters = |n| portuguese::counted(n, "carta", "cartas");
    batches
        .iter()
        .map(|(batch, keys)| format!("espera liberação: lote {batch}, {}", letters(keys.len())))
        .collect()
}
