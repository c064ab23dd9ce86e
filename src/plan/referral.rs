//! Remessas: what is handed over when an edition has ended (norma 6.3), and who left that list afterwards. Pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::assess::{Assessment, Assessor};
use super::edition::{HaltState, Track};
use super::moment::Moment;
use super::survey::Survey;
use crate::domain::calendar::{Deadline, HaltKind};
use crate::domain::closing::Closing;
use crate::domain::id::{MunicipalityCode, WindowId};
use crate::domain::journal::ExpectedFacts;
use crate::domain::notice::{
    Addressee, Content, Departure, Overtaken, PendingPart, Slot, StaffSlot, Told, UnconfirmedPart, Untold,
};
use crate::domain::reason::Reason;
use crate::plan::draft::PlanDraft;
use crate::plan::ledger::{NoticeRecord, Standing, WindowLedger};

/// The remessa of an edition that ended (norma 6.3), to those who were competent when it did.
pub(super) fn referrals(
    survey: &Survey<'_>,
    edition: u16,
    deadline: Deadline,
    closing: &Closing,
    draft: &mut PlanDraft,
) {
    if !survey.context.moment.reached(closing.refer_at) {
        return;
    }
    let is_missing = |to: &&Addressee| !survey.is_told(&StaffSlot::Referral { edition, to: (*to).clone() });
    let missing: Vec<&Addressee> = closing.offices.iter().filter(is_missing).collect();
    if missing.is_empty() || !draft.tells_staff(survey.context.moment) {
        return;
    }
    for to in missing {
        let Some(lists) = lists(survey, edition, to, deadline, closing) else { continue };
        let slot = StaffSlot::Referral { edition, to: to.clone() };
        survey.tell(slot, to, closing.refer_at, content(lists, to, deadline, closing), draft);
    }
}

/// What a remessa says by what is known now, and why; nothing where nobody is left on its edition.
pub(super) fn as_known(survey: &Survey<'_>, edition: u16, to: &Addressee) -> Option<(Content, Reason)> {
    let (closing, deadline) = ended(survey, edition)?;
    Some(content(lists(survey, edition, to, deadline, closing)?, to, deadline, closing))
}

fn content(lists: Lists, to: &Addressee, deadline: Deadline, closing: &Closing) -> (Content, Reason) {
    let Lists { pending, unconfirmed, never_told, apart, waited } = lists;
    let (to, deadline) = (to.clone(), Some(deadline));
    let content = Content::Referral { to, deadline, pending, unconfirmed, never_told, apart, waited };
    (content, Reason::DeadlinePassed { at: closing.ended_at })
}

#[derive(Default)]
struct Lists {
    pending: Vec<(MunicipalityCode, Vec<PendingPart>)>,
    unconfirmed: Vec<(MunicipalityCode, Vec<UnconfirmedPart>)>,
    never_told: Vec<(MunicipalityCode, Untold)>,
    /// How many others of the window have a remessa of their own, or had.
    apart: usize,
    waited: Vec<(MunicipalityCode, Option<WindowId>)>,
}

/// The municipalities that an edition ended for, as an office is to hear of them; none when no expected one is left on it
/// that the office has not heard of, or the window is stopped, or was when the edition ended.
fn lists(
    survey: &Survey<'_>,
    edition: u16,
    to: &Addressee,
    deadline: Deadline,
    closing: &Closing,
) -> Option<Lists> {
    let is_halted = |track: &Track| matches!(track.halt, HaltState::Halted { .. });
    let is_apart = |track: &Track| track.edition != edition && !is_halted(track);
    // While the deadline of others is "a definir", nobody knows of a remessa of theirs.
    let elsewhere = closing.elsewhere.iter().map(|code| survey.track(*code));
    let apart = elsewhere.filter(|track| is_apart(track) && track.deadline.is_some()).count();
    let mut lists = Lists { apart, ..Lists::default() };
    let mut any = false;
    for (code, then) in &closing.municipalities {
        let track = survey.track(*code);
        if is_halted(&track) || was_stopped(survey, *code, closing) {
            continue;
        }
        if is_apart(&track) || was_handed_over(survey, *code, (edition, to), closing, Timestamp::MAX) {
            lists.apart += 1;
            continue;
        }
        any = true;
        let assessment = survey.context.assessor.assess_closed(*code, closing);
        let (pending, unconfirmed) = (assessment.pending(), assessment.unconfirmed());
        if then.waits {
            lists.waited.push((*code, survey.context.assessor.window().depends_on.clone()));
        }
        if !pending.is_empty() {
            lists.pending.push((*code, pending));
        }
        if !unconfirmed.is_empty() {
            lists.unconfirmed.push((*code, unconfirmed));
        }
        if let Some(untold) = untold(survey, *code, then, edition, deadline, closing.ended_at)
            && untold_matters(&untold, &assessment)
        {
            lists.never_told.push((*code, untold));
        }
    }
    any.then_some(lists)
}

/// Why a municipality was not told the deadline of an edition that ended, if it was not: what it was told last before it
/// ended counts. A suspension of which it hears afterwards takes nothing from what it knew.
fn untold(
    survey: &Survey<'_>,
    municipality: MunicipalityCode,
    then: &ExpectedFacts,
    edition: u16,
    deadline: Deadline,
    ended_at: Timestamp,
) -> Option<Untold> {
    let records = survey.ledger.map_or(&[][..], |ledger| ledger.of(municipality));
    let suspends = |r: &NoticeRecord| matches!(r.slot, Slot::Suspension { .. });
    let said = records.iter().filter(|r| r.told.is_some() || suspends(r));
    let by_then = |at: &Timestamp| *at <= ended_at;
    let last =
        said.filter_map(|r| Some((r.standing.sent_at().filter(by_then)?, r))).max_by_key(|(at, _)| *at);
    match last.map(|(_, record)| record.told) {
        Some(Some(told)) if told == Told::Date(deadline) => return None,
        Some(Some(other)) => return Some(Untold::OtherDate(other)),
        Some(None) => return Some(Untold::Suspended),
        // Told of the first edition outside the system.
        None if then.told_outside => {
            let first = survey.context.assessor.window().edition(1).and_then(|first| first.deadline);
            let told = Told::from(first);
            return (edition > 1 && told != Told::Date(deadline)).then_some(Untold::OtherDate(told));
        }
        None => {}
    }
    let announcement = records.iter().find(|r| r.slot == Slot::Announcement);
    Some(match announcement.map(|r| r.standing) {
        None | Some(Standing::Withdrawn) => Untold::Unseen,
        Some(Standing::Failed) => Untold::Failed,
        Some(_) if !then.reachable => Untold::NoContact,
        Some(_) => Untold::Expired,
    })
}

/// Who left the list of a remessa since, by an extension, a cancellation or a suspension of which nobody knew, is named to
/// the same people; the rest of it stands.
pub(super) fn addenda(survey: &Survey<'_>, draft: &mut PlanDraft) {
    let Some(ledger) = survey.ledger else { return };
    for (slot, handed_at) in ledger.staff_told() {
        let StaffSlot::Referral { edition, to } = slot else { continue };
        if !may_have_left(survey, handed_at) {
            continue;
        }
        let Some((closing, deadline)) = ended(survey, *edition) else { continue };
        let Since { left, concluded, remaining } = since(survey, (*edition, to), closing, handed_at);
        for (by, left) in left {
            let slot = StaffSlot::ReferralAddendum { edition: *edition, by, to: to.clone() };
            if survey.is_told(&slot) || !draft.tells_staff(survey.context.moment) {
                continue;
            }
            let Some((why, because, cause_at)) = overtaken(survey, by) else { continue };
            let content = Content::ReferralAddendum {
                to: to.clone(),
                previous: Some(deadline),
                why,
                left,
                concluded: concluded.clone(),
                remaining,
            };
            let due_at = survey.context.world.calendar.hours.next_sending(cause_at);
            survey.tell(slot, to, due_at, (content, because), draft);
        }
    }
}

/// What an addendum says by what is known now, and why; nothing where nobody is off that list by it any more.
pub(super) fn addendum_as_known(
    survey: &Survey<'_>,
    edition: u16,
    by: Departure,
    to: &Addressee,
) -> Option<(Content, Reason)> {
    let handed_at = survey.ledger?.staff(&StaffSlot::Referral { edition, to: to.clone() })?.told_at;
    let (closing, deadline) = ended(survey, edition)?;
    let Since { mut left, concluded, remaining } = since(survey, (edition, to), closing, handed_at);
    let (why, because, _) = overtaken(survey, by)?;
    let left = left.remove(&by)?;
    let previous = Some(deadline);
    let content = Content::ReferralAddendum { to: to.clone(), previous, why, left, concluded, remaining };
    Some((content, because))
}

fn ended<'s>(survey: &'s Survey<'_>, edition: u16) -> Option<(&'s Closing, Deadline)> {
    let deadline = survey.context.assessor.window().edition(edition)?.deadline?;
    Some((survey.closing(edition)?, deadline))
}

/// What became of those whom a remessa named.
#[derive(Default)]
struct Since {
    /// Who left its list, by what took them off it.
    left: BTreeMap<Departure, Vec<MunicipalityCode>>,
    /// Who has filled in, and owes nothing whatever else followed.
    concluded: Vec<MunicipalityCode>,
    /// How many it still names.
    remaining: usize,
}

fn since(survey: &Survey<'_>, remessa: (u16, &Addressee), closing: &Closing, handed_at: Timestamp) -> Since {
    let mut since = Since::default();
    for code in named(survey, remessa, closing, handed_at) {
        if survey.context.assessor.assess_closed(code, closing).is_done() {
            since.concluded.push(code);
            continue;
        }
        match departure(survey, code, closing, remessa) {
            Some(by) => since.left.entry(by).or_default().push(code),
            None => since.remaining += 1,
        }
    }
    since
}

/// Whom a remessa named as owing or in doubt, by what was known when it was handed over. Those on an edition known before
/// were left out of it, and so were those whom the office had on its list already.
fn named(
    survey: &Survey<'_>,
    (edition, to): (u16, &Addressee),
    closing: &Closing,
    handed_at: Timestamp,
) -> Vec<MunicipalityCode> {
    let moment = Moment::new(handed_at, &survey.context.world.calendar.hours);
    let world = survey.context.world.as_known_at(handed_at);
    let Some(then) = Assessor::new(&world, &moment, survey.context.assessor.window()) else {
        return Vec::new();
    };
    let is_named = |code: &MunicipalityCode| {
        survey.track_at(*code, handed_at).edition == edition
            && !then.assess_closed(*code, closing).is_done()
            && !was_handed_over(survey, *code, (edition, to), closing, handed_at)
    };
    closing.municipalities.keys().copied().filter(is_named).collect()
}

/// Whether any remessa of a window was handed over.
pub(super) fn has_any(ledger: &WindowLedger) -> bool {
    ledger.staff_told().any(|(slot, _)| matches!(slot, StaffSlot::Referral { .. }))
}

/// When the remessas were handed over whose list somebody left by something of which no addendum has told yet.
pub(super) fn asked(survey: &Survey<'_>) -> Vec<Timestamp> {
    let told = survey.ledger.into_iter().flat_map(WindowLedger::staff_told);
    let has_left = |slot: &StaffSlot, handed_at: Timestamp| {
        let StaffSlot::Referral { edition, to } = slot else { return false };
        if !may_have_left(survey, handed_at) {
            return false;
        }
        let Some((closing, _)) = ended(survey, *edition) else { return false };
        let codes = closing.municipalities.keys();
        let by: BTreeSet<Departure> =
            codes.filter_map(|code| departure(survey, *code, closing, (*edition, to))).collect();
        by.into_iter().any(|by| {
            let slot = StaffSlot::ReferralAddendum { edition: *edition, by, to: to.clone() };
            let record = survey.ledger.and_then(|ledger| ledger.staff(&slot));
            record.is_none_or(|record| !record.is_told() || record.standing.is_open())
        })
    };
    told.filter(|(slot, handed_at)| has_left(slot, *handed_at)).map(|(_, at)| at).collect()
}

/// Whether a remessa has something to say of a municipality. Who has filled in owes nothing, and needed no letter about
/// a later date.
fn untold_matters(why: &Untold, assessment: &Assessment) -> bool {
    !assessment.is_done() || !matches!(why, Untold::OtherDate(_) | Untold::Suspended)
}

/// Whether anybody can have left a list since it was handed over: nobody leaves one but by one of these.
fn may_have_left(survey: &Survey<'_>, handed_at: Timestamp) -> bool {
    survey.context.assessor.window().halt.is_some() || !survey.known_since(handed_at).is_empty()
}

/// What took a municipality off a remessa's list, if anything did. What an addendum named it by stands, so that no later one
/// names it again; else it is what rules now: an edition that was replaced before anything was told tells nothing, and nobody
/// leaves for the deadline that the remessa was about.
fn departure(
    survey: &Survey<'_>,
    municipality: MunicipalityCode,
    closing: &Closing,
    (edition, to): (u16, &Addressee),
) -> Option<Departure> {
    match taken_off(survey, municipality, (edition, to), Timestamp::MAX) {
        by @ Some(Departure::Edition(_)) => return by,
        Some(Departure::Cancelled | Departure::Suspended) | None => {}
    }
    let now = survey.track(municipality);
    if now.edition > edition && now.ends_at != Some(closing.ended_at) {
        return Some(Departure::Edition(now.edition));
    }
    if is_cancelled(&now) {
        return Some(Departure::Cancelled);
    }
    was_stopped(survey, municipality, closing).then_some(Departure::Suspended)
}

/// What an addendum told an office before an instant that a municipality left a remessa's list by, if one did.
fn taken_off(
    survey: &Survey<'_>,
    municipality: MunicipalityCode,
    (edition, to): (u16, &Addressee),
    before: Timestamp,
) -> Option<Departure> {
    survey.ledger?.staff_told().find_map(|(slot, told_at)| {
        let StaffSlot::ReferralAddendum { edition: of, by, to: office } = slot else { return None };
        let names = match by {
            Departure::Edition(later) => survey.track_at(municipality, told_at).edition == *later,
            // A halt takes everybody off.
            Departure::Cancelled | Departure::Suspended => true,
        };
        (*of == edition && office == to && told_at < before && names).then_some(*by)
    })
}

/// Whether an office had a municipality on a list before an instant, for the same deadline under another edition, and no addendum
/// took it off by then: an edition that brings a deadline back hands nobody over twice.
fn was_handed_over(
    survey: &Survey<'_>,
    municipality: MunicipalityCode,
    (edition, to): (u16, &Addressee),
    closing: &Closing,
    before: Timestamp,
) -> bool {
    survey.ledger.into_iter().flat_map(WindowLedger::staff_told).any(|(slot, handed_at)| {
        let StaffSlot::Referral { edition: of, to: office } = slot else { return false };
        let same = |other: &&Closing| other.ended_at == closing.ended_at;
        let lists = |other: &Closing| other.municipalities.contains_key(&municipality);
        *of != edition
            && office == to
            && handed_at < before
            && survey.closing(*of).filter(same).is_some_and(lists)
            && survey.track_at(municipality, handed_at).edition == *of
            && taken_off(survey, municipality, (*of, to), before).is_none()
    })
}

/// Whether the window was stopped when an edition of it ended, by what is known now. Whoever knew it then recorded nobody.
fn was_stopped(survey: &Survey<'_>, municipality: MunicipalityCode, closing: &Closing) -> bool {
    let window = survey.context.assessor.window();
    Survey::editions(&survey.context).halted_at(window, Some(municipality), closing.ended_at)
}

/// Whether nothing follows from the passing of a deadline: the window was stopped then, or is cancelled since.
pub(super) fn is_void(survey: &Survey<'_>, municipality: MunicipalityCode, closing: &Closing) -> bool {
    is_cancelled(&survey.track(municipality)) || was_stopped(survey, municipality, closing)
}

fn is_cancelled(track: &Track) -> bool {
    matches!(track.halt, HaltState::Halted { halt, .. } if halt.kind == HaltKind::Cancelled)
}

/// What took somebody off a list: in the words of the addendum, why it is told, and since when it is known.
fn overtaken(survey: &Survey<'_>, by: Departure) -> Option<(Overtaken, Reason, Timestamp)> {
    let window = survey.context.assessor.window();
    Some(match by {
        Departure::Edition(later) => {
            let edition = window.edition(later)?;
            let why = Overtaken::Extended { deadline: edition.deadline, source: edition.source.clone() };
            let known_at = Survey::editions(&survey.context).known_at(window, edition);
            (why, Reason::ReferralOvertaken { edition: later }, known_at)
        }
        Departure::Cancelled | Departure::Suspended => {
            let halt = window.halt?;
            let zone = &survey.context.world.calendar.hours.zone;
            let since = halt.since.map_or(survey.context.opens_at, |day| zone.start_of(day));
            let why = if by == Departure::Cancelled { Overtaken::Cancelled } else { Overtaken::Suspended };
            (why, Reason::Halted { kind: halt.kind, since: halt.since }, since)
        }
    })
}
