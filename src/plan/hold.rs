//! What holds letters by the day or by the batch, whatever their window: until `liberar`, or until their validity ends.
//! Pure.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::moment::Moment;
use crate::domain::calendar::Deadline;
use crate::domain::notice::{Content, NoticeKey};
use crate::domain::overrides::{BatchId, Hold};
use crate::domain::reason::{Cause, Reason};
use crate::domain::status::{State, StatusEntry};
use crate::domain::time::hours_after;
use crate::plan::decision::{Decision, Notice, Sending, Withheld};
use crate::plan::draft::PlanDraft;
use crate::plan::ledger::{NoticeRecord, Outage};
use crate::plan::pair::Ready;
use crate::plan::world::World;

/// Lets the drafted letters go, but for those of a day with too many and those of the first batch after an outage.
/// What accuses nobody and has a deadline less than 24 h away goes out all the same. Nothing goes out of hours: what was
/// held until now waits for them then.
pub(super) fn over_batches(world: &World<'_>, moment: &Moment<'_>, draft: &mut PlanDraft) {
    let letters = std::mem::take(&mut draft.letters);
    let ready = std::mem::take(&mut draft.ready);
    if letters.is_empty() && ready.is_empty() {
        return;
    }
    let zone = &world.calendar.hours.zone;
    let mut days: BTreeMap<Date, usize> = BTreeMap::new();
    let all: Vec<&Sending> = letters.iter().copied().chain(ready.iter().map(|one| &one.sending)).collect();
    for letter in &all {
        *days.entry(zone.date_of(letter.notice.due_at)).or_default() += 1;
    }
    let is_counted = |letter: &&&Sending| after_outage(world, moment, &letter.notice).is_none();
    let counted = all.iter().filter(is_counted).map(|letter| zone.date_of(letter.notice.due_at));
    draft.counted_from = counted.min();
    let mut crowded = crowded_days(world, &days, &all);
    crowded.retain(|day, _| !world.overrides.released.contains_key(&BatchId::of_day(*day)));
    let is_sending = moment.is_sending();
    draft.actions.reserve(letters.len());
    let held = |notice: &Notice| {
        if is_urgent(world, moment, notice) || world.ledger.left_elsewhere.contains_key(&notice.key) {
            None
        } else {
            after_outage(world, moment, notice)
                .or_else(|| too_many(world, &crowded, zone.date_of(notice.due_at)))
        }
    };
    // What waits for the hours is held at once: nobody is told in the morning only that it waits for a person.
    for Ready { sending, resumed } in ready {
        match held(&sending.notice) {
            Some(because) => draft.withhold(world, withheld(world, sending, because)),
            None => draft.actions.extend(resumed.clone().map(Decision::Withhold)),
        }
    }
    for letter in letters {
        match held(&letter.notice) {
            None if is_sending => draft.actions.push(Decision::Send(letter.clone())),
            // Only what the ledger has held comes here out of hours: nothing holds it any more, and it waits for them.
            None => {
                let until = world.calendar.hours.next_sending(moment.stamp());
                let withheld = withheld(world, letter, Reason::AwaitsHours { until });
                draft.actions.push(Decision::Withhold(withheld));
            }
            Some(because) => draft.withhold(world, withheld(world, letter, because)),
        }
    }
}

fn withheld(world: &World<'_>, letter: &Sending, because: Reason) -> Withheld {
    let Sending { notice, version, .. } = letter.clone();
    let recorded = world.ledger.notice(&notice.key).and_then(|record| record.version);
    Withheld { kind: notice.content.kind(), version: recorded.map(|_| version), notice, because }
}

fn too_many(world: &World<'_>, crowded: &BTreeMap<Date, usize>, day: Date) -> Option<Reason> {
    let due = *crowded.get(&day)?;
    Some(Reason::DailyLimit { batch: BatchId::of_day(day), due, limit: world.calendar.daily_limit })
}

/// The days of these letters on which more fall due than may, with how many. A notice that comes again counts once.
fn crowded_days(
    world: &World<'_>,
    wanted: &BTreeMap<Date, usize>,
    letters: &[&Sending],
) -> BTreeMap<Date, usize> {
    let zone = &world.calendar.hours.zone;
    let mut due = wanted.clone();
    for (day, count) in &mut due {
        let ledgers = world.windows.iter().filter_map(|window| world.ledger.window(&window.id));
        let (from, until) = (zone.start_of(*day), zone.end_of(*day));
        *count += ledgers.map(|ledger| ledger.fell_due(from, until)).sum::<usize>();
    }
    for record in letters.iter().filter_map(|letter| world.ledger.notice(&letter.notice.key)) {
        if record.standing.fell_due()
            && let Some(count) = due.get_mut(&zone.date_of(record.due_at))
        {
            *count -= 1;
        }
    }
    due.retain(|_, count| *count > world.calendar.daily_limit);
    due
}

/// What fell due in a gap waits whole for `liberar`, but not what only data of after the gap asks for; and neither does
/// what had fallen due before and a person held back or let go since: what is held by hand, by a day's limit or until
/// somebody confirms is that person's to release, once.
fn after_outage(world: &World<'_>, moment: &Moment<'_>, letter: &Notice) -> Option<Reason> {
    let outage = world.ledger.outage.filter(|o| letter.due_at <= o.until)?;
    let batch = BatchId::of_outage(outage.until);
    let because = Reason::AfterOutage { batch: batch.clone(), from: outage.from, until: outage.until };
    let record = world.ledger.notice(&letter.key);
    let held_by = record.and_then(|record| record.standing.held_by());
    let fell_in_it = letter.due_at > outage.from || ended_by_itself(world, moment, letter, held_by);
    let part_of_it =
        held_by == Some(because.cause()) || fell_in_it && !wanted_since(world, outage, letter, record);
    (part_of_it && !world.overrides.released.contains_key(&batch)).then_some(because)
}

/// Whether what kept back a letter that was due before a gap was no person's to end: it may have ended in the gap.
fn ended_by_itself(world: &World<'_>, moment: &Moment<'_>, letter: &Notice, held_by: Option<Cause>) -> bool {
    let NoticeKey::Municipal { window, slot, municipality } = &letter.key else { return true };
    match held_by {
        // Nothing of it was ever recorded: it waited for the hours or the quiet, or this ledger is a copy of before it
        // was.
        None => true,
        Some(cause) if cause.is_by_hand() => {
            let over = |hold: &&Hold| hold.until.is_some_and(|day| moment.day_over(day));
            let mut ended = world.overrides.ruling_holds().filter(over);
            ended.any(|hold| hold.scope.covers(window, *slot, *municipality))
        }
        Some(cause) => !cause.waits_for_release(),
    }
}

/// Whether a pass after the gap found nothing to say, or only doubt, and what came later asks for this letter: a load for a
/// prazo, or for a correction, of which a pass records something as soon as it is wanted; and for a divulgação whoever
/// joined. What is loaded before letters may leave again still belongs to the return, and so does what something else held
/// by then: it was wanted, and that hold may end by itself.
fn wanted_since(world: &World<'_>, outage: Outage, letter: &Notice, record: Option<&NoticeRecord>) -> bool {
    let NoticeKey::Municipal { window, slot, municipality } = &letter.key else { return false };
    if world.ledger.last_pass_at.is_none_or(|last| last < outage.until) {
        return false;
    }
    let returned_at = world.calendar.hours.next_sending(outage.until);
    let held = record.and_then(|record| Some((record.standing.held_by()?, record.recorded_at)));
    // Doubt is told before an order of those days that held it too, which is a person's word all the same.
    let end_of = |day| world.calendar.hours.zone.end_of(day);
    let of_then = |hold: &&Hold| {
        hold.authorship.at <= outage.until && hold.until.is_none_or(|day| end_of(day) > outage.from)
    };
    let mut orders = world.overrides.ruling_holds().filter(of_then);
    let was_doubted = held.is_some_and(|(cause, _)| cause.as_str() == "nao-confirmado")
        && !orders.any(|hold| hold.scope.covers(window, *slot, *municipality));
    let was_held = held.is_some_and(|(_, at)| at <= returned_at);
    let status = world.status.window(window);
    // The first of what asks for it.
    let first = |asks: &dyn Fn(&StatusEntry) -> bool| {
        status.of(*municipality).iter().filter(|entry| asks(entry)).map(|entry| entry.taken_at).min()
    };
    match &letter.content {
        Content::Announcement { .. } => held.is_none(),
        Content::Warning { pending, .. } => {
            let named = |entry: &StatusEntry| pending.iter().any(|named| named.part == entry.part);
            let accuses = first(&|entry| entry.state == State::Pending && named(entry));
            was_doubted || !was_held && accuses.is_none_or(|at| at > returned_at)
        }
        Content::Extension { .. } => {
            let owes = first(&|entry| matches!(entry.state, State::Pending | State::Unconfirmed));
            record.is_none() && owes.is_some_and(|at| at > returned_at)
        }
        Content::Reminder { .. }
        | Content::Suspension { .. }
        | Content::Upheld { .. }
        | Content::Digest { .. }
        | Content::Referral { .. }
        | Content::ReferralAddendum { .. }
        | Content::Alert { .. } => false,
    }
}

fn is_urgent(world: &World<'_>, moment: &Moment<'_>, letter: &Notice) -> bool {
    let accuses = letter.content.kind().accuses();
    let Some(deadline) = named_deadline(&letter.content).filter(|_| !accuses) else { return false };
    moment.reached(hours_after(deadline.instant(&world.calendar.hours.zone), -24))
}

fn named_deadline(content: &Content) -> Option<Deadline> {
    match content {
        Content::Announcement { deadline, .. } | Content::Upheld { deadline } => *deadline,
        Content::Reminder { deadline, .. }
        | Content::Warning { deadline, .. }
        | Content::Extension { deadline, .. } => Some(*deadline),
        Content::Suspension { .. }
        | Content::Digest { .. }
        | Content::Referral { .. }
        | Content::ReferralAddendum { .. }
        | Content::Alert { .. } => None,
    }
}
