//! Remessas: what is handed over when an edition has ended (norma 6.3), and who left that list afterwards. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::assess::Assessment;
use super::audience;
use super::edition::{HaltState, Track};
use super::survey::Survey;
use crate::domain::calendar::{Deadline, HaltKind};
use crate::domain::id::{GerenciaId, MunicipalityCode};
use crate::domain::notice::{
    Addressee, Content, Departure, Overtaken, PendingPart, Slot, StaffSlot, Told, UnconfirmedPart, Untold,
};
use crate::domain::reason::Reason;
use crate::domain::roster::Municipality;
use crate::plan::draft::PlanDraft;
use crate::plan::ledger::{Record, Standing};

/// The remessa of an edition that ended (norma 6.3).
pub(super) fn referrals(
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
    if survey.is_before_our_time(due_at) || !survey.context.moment.reached(due_at) {
        return;
    }
    let missing: Vec<Addressee> = std::iter::once(Addressee::Gsuas)
        .chain(gerencias(survey).into_iter().cloned().map(Addressee::Gerencia))
        .filter(|to| !survey.is_recorded(&StaffSlot::Referral { edition, to: to.clone() }))
        .collect();
    if missing.is_empty() || !survey.context.moment.is_sending() {
        return;
    }
    let Some(lists) = lists(survey, edition, deadline) else { return };
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
    pending: Vec<(MunicipalityCode, Vec<PendingPart>)>,
    unconfirmed: Vec<(MunicipalityCode, Vec<UnconfirmedPart>)>,
    never_told: Vec<(MunicipalityCode, Untold)>,
}

/// The municipalities that an edition ended for; none when no expected one is left on it, or the window is stopped.
fn lists(survey: &Survey<'_>, edition: u16, deadline: Deadline) -> Option<Lists> {
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
        if let Some(untold) = untold(survey, municipality, edition, deadline)
            && untold_matters(&untold, &assessment)
        {
            lists.never_told.push((municipality.code, untold));
        }
    }
    any.then_some(lists)
}

/// Why a municipality was not told the deadline of an edition that ended, if it was not: what it was told last counts.
fn untold(
    survey: &Survey<'_>,
    municipality: &Municipality,
    edition: u16,
    deadline: Deadline,
) -> Option<Untold> {
    let records = survey.ledger.map_or(&[][..], |ledger| ledger.of(municipality.code));
    let suspends = |r: &Record| matches!(r.slot, Slot::Suspension { .. });
    let said = records.iter().filter(|r| r.told.is_some() || suspends(r));
    let last = said.filter_map(|r| Some((r.standing.sent_at()?, r))).max_by_key(|(at, _)| *at);
    match last.map(|(_, record)| record.told) {
        Some(Some(told)) if told == Told::Date(deadline) => return None,
        Some(Some(other)) => return Some(Untold::OtherDate(other)),
        Some(None) => return Some(Untold::Suspended),
        // Told of the first edition outside the system.
        None if survey.context.told_outside(municipality) => {
            let first = survey.context.assessor.window().edition(1).and_then(|first| first.deadline);
            let told = Told::from(first);
            return (edition > 1 && told != Told::Date(deadline)).then_some(Untold::OtherDate(told));
        }
        None => {}
    }
    let reachable = || {
        let context = &survey.context;
        let announced = &context.assessor.system().announce_to;
        let (calendar, flagged) = (context.world.calendar, &context.world.ledger.flagged);
        let reach = audience::reach(
            context.assessor,
            calendar,
            municipality,
            announced,
            None,
            flagged,
            context.moment,
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

/// Who left the list of a remessa since, by an extension or a cancellation, is named to the same people; the rest of
/// it stands.
pub(super) fn addenda(survey: &Survey<'_>, draft: &mut PlanDraft) {
    let Some(ledger) = survey.ledger else { return };
    for (slot, handed_at) in ledger.staff_slots() {
        let StaffSlot::Referral { edition, to } = slot else { continue };
        let Some(deadline) = survey.context.assessor.window().edition(*edition).and_then(|e| e.deadline)
        else {
            continue;
        };
        let (left, remaining) = left(survey, *edition, handed_at);
        for (by, left) in left {
            addendum(survey, (*edition, deadline), (by, left, remaining), to, draft);
        }
    }
}

/// Whom a remessa named and who left its list since, by what took them off it, and how many it still names.
fn left(
    survey: &Survey<'_>,
    edition: u16,
    handed_at: Timestamp,
) -> (BTreeMap<Departure, Vec<MunicipalityCode>>, usize) {
    let mut left: BTreeMap<Departure, Vec<MunicipalityCode>> = BTreeMap::new();
    let mut remaining = 0;
    for municipality in survey.context.world.roster.municipalities.values() {
        let then = survey.track_at(municipality.code, handed_at);
        // Those on an edition known before were left out of it, and who has filled in since owes nothing.
        let assessment = survey.context.assessor.assess(municipality);
        if then.edition != edition || assessment.is_done() {
            continue;
        }
        match departure(survey, municipality.code, edition, handed_at) {
            Some(by) => left.entry(by).or_default().push(municipality.code),
            None => remaining += 1,
        }
    }
    (left, remaining)
}

/// Whether a remessa has something to say of a municipality. Who has filled in owes nothing, and needed no letter about
/// a later date.
fn untold_matters(why: &Untold, assessment: &Assessment<'_>) -> bool {
    !assessment.is_done() || !matches!(why, Untold::OtherDate(_) | Untold::Suspended)
}

/// What took a municipality off the list of an edition after an instant, if anything did.
fn departure(
    survey: &Survey<'_>,
    municipality: MunicipalityCode,
    edition: u16,
    since: Timestamp,
) -> Option<Departure> {
    let now = survey.track(municipality);
    if now.edition > edition {
        // The first edition that did, so that a later one does not name them again.
        let first = survey.known_since(since).into_iter().find_map(|at| {
            let then = survey.track_at(municipality, at);
            (then.edition > edition).then_some(then.edition)
        });
        return Some(Departure::Edition(first.unwrap_or(now.edition)));
    }
    is_cancelled(&now).then_some(Departure::Cancelled)
}

fn is_cancelled(track: &Track) -> bool {
    matches!(track.halt, HaltState::Halted { halt, .. } if halt.kind == HaltKind::Cancelled)
}

fn addendum(
    survey: &Survey<'_>,
    (edition, previous): (u16, Deadline),
    (by, left, remaining): (Departure, Vec<MunicipalityCode>, usize),
    to: &Addressee,
    draft: &mut PlanDraft,
) {
    let slot = StaffSlot::ReferralAddendum { edition, by, to: to.clone() };
    if survey.is_recorded(&slot) || !survey.context.moment.is_sending() {
        return;
    }
    let window = survey.context.assessor.window();
    let (why, because, cause_at) = match by {
        Departure::Edition(later) => {
            let Some(edition) = window.edition(later) else { return };
            let why = Overtaken::Extended { deadline: edition.deadline, source: edition.source.clone() };
            let known_at = Survey::editions(&survey.context).known_at(window, edition);
            (why, Reason::ReferralOvertaken { edition: later }, known_at)
        }
        Departure::Cancelled => {
            let Some(halt) = window.halt else { return };
            let zone = &survey.context.world.calendar.hours.zone;
            let since = halt.since.map_or(survey.context.opens_at, |day| zone.start_of(day));
            (Overtaken::Cancelled, Reason::Halted { kind: halt.kind, since: halt.since }, since)
        }
    };
    let content =
        Content::ReferralAddendum { to: to.clone(), previous: Some(previous), why, left, remaining };
    let recipients = audience::office(&survey.context.world.roster.offices, to);
    let due_at = survey.context.world.calendar.hours.next_sending(cause_at);
    draft.tell(survey.notice_to_staff(slot, recipients, due_at, content), because);
}
