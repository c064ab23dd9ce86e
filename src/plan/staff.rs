//! What the secretariat's own people are told: remessas, reports and alerts; resumos are `digest`'s. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::edition::HaltState;
use super::moment::Moment;
use super::pair;
use super::survey::Survey;
use super::{audience, digest};
use crate::domain::calendar::Deadline;
use crate::domain::id::{GerenciaId, MunicipalityCode, WindowId};
use crate::domain::notice::{Addressee, AlertItem, Content, NoticeKey, Slot, StaffSlot, Untold};
use crate::domain::overrides::{BatchId, HoldScope};
use crate::domain::reason::Reason;
use crate::domain::roster::Municipality;
use crate::domain::time::day_after;
use crate::plan::decision::{Decision, End, Notice, Report};
use crate::plan::draft::PlanDraft;
use crate::plan::ledger::{Record, Standing};
use crate::plan::world::World;

/// Everything that one window gives staff.
pub(super) fn about_window(survey: &Survey<'_>, draft: &mut PlanDraft) {
    let more_follows = follows(draft, Some(&survey.context.assessor.window().id));
    let stopped = is_stopped(survey);
    if !more_follows && !stopped {
        digest::digests(survey, draft);
    }
    for (edition, deadline, ends_at) in ended_editions(survey) {
        report(survey, edition, ends_at, draft);
        if !stopped {
            referrals(survey, edition, deadline, ends_at, draft);
        }
    }
    if !stopped {
        void_referrals(survey, draft);
    }
    if !more_follows {
        alert(survey, draft);
    }
}

/// Whether somebody stopped everything, or this window (`reter`): then resumos and remessas wait too. Alerts go on:
/// staff must hear of what waits.
fn is_stopped(survey: &Survey<'_>) -> bool {
    let window = &survey.context.assessor.window().id;
    let counts = |day: Option<jiff::civil::Date>| day.is_none_or(|day| !survey.context.moment.day_over(day));
    let holds = survey.context.world.overrides.holds.iter();
    holds.filter(|hold| counts(hold.until)).any(|hold| match &hold.scope {
        HoldScope::All => true,
        HoldScope::Window(id) => id == window,
        HoldScope::Municipality(_) | HoldScope::Batch(_) => false,
    })
}

/// Whether the next round of this pass will have more to tell: what is withdrawn may be said anew, or withheld. A
/// resumo or an alert made before that would count as having told it.
fn follows(draft: &PlanDraft, window: Option<&WindowId>) -> bool {
    let withdrawn = |d: &Decision| matches!(d, Decision::Close(closed) if closed.end == End::Withdrawn);
    draft.actions.iter().any(|d| withdrawn(d) && window.is_none_or(|id| d.window() == Some(id)))
}

/// Editions that rule somewhere and whose deadline has passed while the window was not stopped.
fn ended_editions(survey: &Survey<'_>) -> Vec<(u16, Deadline, Timestamp)> {
    let editions = Survey::editions(&survey.context);
    let window = survey.context.assessor.window();
    let mut ended: Vec<(u16, Deadline, Timestamp)> = Vec::new();
    let general = std::iter::once((None, &survey.general));
    for (municipality, track) in
        general.chain(survey.special.iter().map(|(code, track)| (Some(*code), track)))
    {
        if let (Some(deadline), Some(ends_at)) = (track.deadline, track.ends_at)
            && survey.context.moment.reached(ends_at)
            && !editions.halted_at(window, municipality, ends_at)
            && !ended.iter().any(|(edition, ..)| *edition == track.edition)
        {
            ended.push((track.edition, deadline, ends_at));
        }
    }
    ended
}

/// Whether an instant lies before `inicio`, or before the first day of this ledger: nobody looked then.
fn before_our_time(survey: &Survey<'_>, at: Timestamp) -> bool {
    let zone = &survey.context.world.calendar.hours.zone;
    let born_at = survey.context.world.ledger.born_at.unwrap_or(survey.context.moment.stamp());
    at < zone.start_of(zone.date_of(born_at)) || survey.context.starts_at.is_some_and(|starts| at < starts)
}

fn report(survey: &Survey<'_>, edition: u16, ends_at: Timestamp, draft: &mut PlanDraft) {
    let slot = StaffSlot::Report { edition };
    if before_our_time(survey, ends_at) || survey.is_recorded(&slot) {
        return;
    }
    let window = survey.context.assessor.window().id.clone();
    draft.actions.push(Decision::Publish(Report::new(window, edition, ends_at)));
}

/// The remessa of an edition that ended (norma 6.3).
fn referrals(
    survey: &Survey<'_>,
    edition: u16,
    deadline: Deadline,
    ends_at: Timestamp,
    draft: &mut PlanDraft,
) {
    let world = survey.context.world;
    let system = survey.context.assessor.system();
    let hours = &world.calendar.hours;
    let due_at =
        hours.next_sending(hours.business_days_after(deadline.on, system.referral_after).max(ends_at));
    if before_our_time(survey, due_at) || !survey.context.moment.reached(due_at) {
        return;
    }
    let missing: Vec<Addressee> = std::iter::once(Addressee::Gsuas)
        .chain(gerencias(survey).into_iter().cloned().map(Addressee::Gerencia))
        .filter(|to| !survey.is_recorded(&StaffSlot::Referral { edition, to: to.clone() }))
        .collect();
    if missing.is_empty() || !survey.context.moment.is_sending() {
        return;
    }
    let Some(lists) = lists(survey, edition) else { return };
    for to in missing {
        let recipients = audience::office(&world.roster.offices, &to);
        let content = Content::Referral {
            to: to.clone(),
            deadline: Some(deadline),
            pending: lists.pending.clone(),
            unconfirmed: lists.unconfirmed.clone(),
            never_told: lists.never_told.clone(),
        };
        let slot = StaffSlot::Referral { edition, to };
        let because = Reason::DeadlinePassed { at: ends_at };
        draft.tell(survey.notice_to_staff(slot, recipients, due_at, content), because);
    }
}

/// The competent gerências: the system's, and those of the window's parts.
fn gerencias<'a>(survey: &Survey<'a>) -> Vec<&'a GerenciaId> {
    let system = survey.context.assessor.system();
    let parts = survey.context.assessor.window().parts.iter();
    let of_parts = parts.flat_map(|part| survey.context.world.calendar.gerencias_of(system, part));
    let mut gerencias: Vec<&GerenciaId> = Vec::new();
    for id in system.gerencias.iter().chain(of_parts) {
        if !gerencias.contains(&id) {
            gerencias.push(id);
        }
    }
    gerencias
}

#[derive(Default)]
struct Lists {
    pending: Vec<(MunicipalityCode, Vec<crate::domain::notice::PendingPart>)>,
    unconfirmed: Vec<(MunicipalityCode, Vec<crate::domain::notice::UnconfirmedPart>)>,
    never_told: Vec<(MunicipalityCode, Untold)>,
}

/// The municipalities that an edition ended for; none when no expected one is left on it, or the window is stopped.
fn lists(survey: &Survey<'_>, edition: u16) -> Option<Lists> {
    let mut lists = Lists::default();
    let mut any = false;
    for municipality in survey.context.world.roster.municipalities.values() {
        let track = survey.track(municipality.code);
        let ended = track.edition == edition && !matches!(track.halt, HaltState::Halted { .. });
        if !ended || survey.context.assessor.expected(municipality).next().is_none() {
            continue;
        }
        any = true;
        let assessment = survey.context.assessor.assess(municipality);
        let (pending, unconfirmed) = (assessment.pending(), assessment.unconfirmed());
        if !pending.is_empty() {
            lists.pending.push((municipality.code, pending));
        }
        if !unconfirmed.is_empty() {
            lists.unconfirmed.push((municipality.code, unconfirmed));
        }
        if let Some(untold) = untold(survey, municipality) {
            lists.never_told.push((municipality.code, untold));
        }
    }
    any.then_some(lists)
}

/// Why a municipality was never told of the window, if it never was.
pub(super) fn untold(survey: &Survey<'_>, municipality: &Municipality) -> Option<Untold> {
    let records = survey.ledger.map_or(&[][..], |ledger| ledger.of(municipality.code));
    let told = |r: &Record| r.told.is_some() && matches!(r.standing, Standing::Sent { .. });
    if survey.context.told_outside || records.iter().any(told) {
        return None;
    }
    let reachable = || {
        let system = survey.context.assessor.system();
        let flagged = &survey.context.world.ledger.flagged;
        let calendar = survey.context.world.calendar;
        let reach = audience::reach(
            survey.context.assessor,
            calendar,
            municipality,
            &system.announce_to,
            None,
            flagged,
            survey.context.moment,
        );
        !reach.to.is_empty()
    };
    let announcement = records.iter().find(|r| r.slot == Slot::Announcement);
    Some(match announcement.map(|r| r.standing) {
        None | Some(Standing::Withdrawn) => Untold::Unseen,
        Some(Standing::Failed) => Untold::Failed,
        Some(_) if !reachable() => Untold::NoContact,
        Some(_) => Untold::Expired,
    })
}

/// Remessas that an extension overtook are declared without effect to the same people.
fn void_referrals(survey: &Survey<'_>, draft: &mut PlanDraft) {
    let Some(ledger) = survey.ledger else { return };
    let window = survey.context.assessor.window();
    for (slot, told_at) in ledger.staff_slots() {
        let StaffSlot::Referral { edition, to } = slot else { continue };
        // Those on an edition known before were left out of it.
        let Some(later) = survey.followed(*edition, told_at) else { continue };
        let void = StaffSlot::ReferralVoid { edition: *edition, to: to.clone() };
        if survey.is_recorded(&void) || !survey.context.moment.is_sending() {
            continue;
        }
        let content = Content::ReferralVoid {
            to: to.clone(),
            previous: window.edition(*edition).and_then(|e| e.deadline),
            deadline: later.deadline,
            source: window.edition(later.edition).map(|e| e.source.clone()).unwrap_or_default(),
        };
        let recipients = audience::office(&survey.context.world.roster.offices, to);
        let because = Reason::ReferralOvertaken { edition: later.edition };
        let due_at = survey.context.world.calendar.hours.next_sending(later.known_at);
        draft.tell(survey.notice_to_staff(void, recipients, due_at, content), because);
    }
}

/// One alert per window and day of what was newly withheld for doubt or for want of an address.
fn alert(survey: &Survey<'_>, draft: &mut PlanDraft) {
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
    if follows(draft, None) {
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
