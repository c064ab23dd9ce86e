//! What staff are alerted to: what is withheld in a window, and the batches that wait for `liberar`. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::moment::Moment;
use super::survey::Survey;
use super::{audience, pair};
use crate::domain::notice::{AlertItem, Content, NoticeKey, StaffSlot};
use crate::domain::overrides::BatchId;
use crate::domain::reason::Reason;
use crate::domain::time::day_after;
use crate::plan::decision::{Decision, Notice};
use crate::plan::draft::PlanDraft;
use crate::plan::ledger::Standing;
use crate::plan::world::World;

/// One alert per window and day of what was newly withheld for doubt or for want of an address.
pub(super) fn about_window(survey: &Survey<'_>, draft: &mut PlanDraft) {
    let window = &survey.context.assessor.window().id;
    let last = survey.ledger.and_then(|ledger| {
        ledger
            .staff_slots()
            .filter(|(slot, _)| matches!(slot, StaffSlot::Alert { .. }))
            .map(|(_, at)| at)
            .max()
    });
    let about = |d: &&Decision| d.window() == Some(window) && pair::alerts_by_window(d.because().cause());
    let items: Vec<AlertItem> = draft
        .held
        .iter()
        .filter(about)
        .filter(|held| is_news(survey.context.world, held, last))
        .map(|held| AlertItem::Withheld { key: held.key().clone(), because: held.because().clone() })
        .collect();
    if items.is_empty() || !survey.context.moment.is_sending() {
        return;
    }
    let slot = StaffSlot::Alert { edition: survey.general.edition, on: survey.context.moment.today() };
    if survey.is_recorded(&slot) {
        return;
    }
    let recipients = audience::alerts(&survey.context.world.roster.offices);
    let because = Reason::StaffNeeded { notices: items.len() };
    let due_at = survey.context.moment.stamp();
    draft.tell(survey.notice_to_staff(slot, recipients, due_at, Content::Alert { items }), because);
}

/// One alert a day of the batches that newly wait for `liberar`.
pub(super) fn about_batches(world: &World<'_>, moment: &Moment<'_>, draft: &mut PlanDraft) {
    if draft.follows(None) {
        return;
    }
    let topic = "liberar";
    let last = world.ledger.service(topic).map(|(_, at)| at).max();
    let mut batches: BTreeMap<&BatchId, (usize, &Reason, bool)> = BTreeMap::new();
    for held in &draft.held {
        if let Some(batch) = held.because().batch() {
            let entry = batches.entry(batch).or_insert((0, held.because(), false));
            entry.0 += 1;
            entry.2 |= is_news(world, held, last);
        }
    }
    let items: Vec<AlertItem> = batches
        .into_iter()
        .filter(|(_, (_, _, news))| *news)
        .map(|(batch, (letters, because, _))| AlertItem::Batch {
            batch: batch.clone(),
            letters,
            because: because.clone(),
        })
        .collect();
    if items.is_empty() || !moment.is_sending() {
        return;
    }
    let on = moment.today();
    let key = NoticeKey::Service { topic: topic.to_owned(), on };
    if world.ledger.service(topic).any(|(known, _)| *known == key) {
        moment.reached(world.calendar.hours.zone.start_of(day_after(on)));
        return;
    }
    let because = Reason::StaffNeeded { notices: items.len() };
    let notice = Notice {
        key,
        content: Content::Alert { items },
        to: audience::alerts(&world.roster.offices),
        due_at: moment.stamp(),
        valid_until: None,
    };
    draft.tell(notice, because);
}

/// Whether staff were not alerted to it yet: withheld just now, or since the last alert.
fn is_news(world: &World<'_>, held: &Decision, last: Option<Timestamp>) -> bool {
    let known = world.ledger.notice(held.key());
    known.is_none_or(|record| {
        record.standing != Standing::Withheld(held.because().cause())
            || last.is_none_or(|at| record.recorded_at > at)
    })
}
