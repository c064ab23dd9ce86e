//! The record of an edition whose deadline passed, made in the first pass that sees it. Pure.
//!
//! A window that closed before the ledger's first day, or before `inicio`, has none, and nothing is said of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::assess::Assessor;
use super::audience;
use super::moment::Moment;
use super::referral;
use super::survey::Survey;
use crate::domain::calendar::{Deadline, Edition};
use crate::domain::closing::Closing;
use crate::domain::id::{GerenciaId, WindowId};
use crate::domain::journal::{ExpectedFacts, ExpectedPartFacts, KnownFacts, Text};
use crate::domain::notice::Addressee;
use crate::domain::roster::Municipality;
use crate::plan::ledger::WindowLedger;
use crate::plan::window::WindowContext;
use crate::plan::world::World;

/// An edition whose deadline has passed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended {
    pub(super) edition: u16,
    pub(super) deadline: Deadline,
    pub(super) at: Timestamp,
}

/// Editions that rule somewhere and whose deadline has passed while the window was not stopped.
pub(super) fn ended(survey: &Survey<'_>) -> Vec<Ended> {
    let editions = Survey::editions(&survey.context);
    let window = survey.context.assessor.window();
    let mut ended: Vec<Ended> = Vec::new();
    let general = std::iter::once((None, &survey.general));
    for (municipality, track) in
        general.chain(survey.special.iter().map(|(code, track)| (Some(*code), track)))
    {
        if let (Some(deadline), Some(at)) = (track.deadline, track.ends_at)
            && survey.context.moment.reached(at)
            && !editions.halted_at(window, municipality, at)
            && !ended.iter().any(|known| known.edition == track.edition)
        {
            ended.push(Ended { edition: track.edition, deadline, at });
        }
    }
    ended
}

/// One window, with the records that are to be made.
pub(super) fn surveyed(context: WindowContext<'_>) -> Survey<'_> {
    let mut survey = Survey::new(context);
    survey.made = due(&survey);
    survey
}

fn due(survey: &Survey<'_>) -> BTreeMap<u16, Arc<Closing>> {
    unrecorded(survey)
        .map(|(ended, refer_at)| (ended.edition, Arc::new(record(survey, ended, refer_at))))
        .collect()
}

/// Editions that ended in our time and have no record yet, each with when its remessa is due.
fn unrecorded(survey: &Survey<'_>) -> impl Iterator<Item = (Ended, Timestamp)> {
    let has_none = |ended: &Ended| !survey.ledger.is_some_and(|ledger| ledger.has_closing(ended.edition));
    let hours = &survey.context.world.calendar.hours;
    let after = survey.context.assessor.system().referral_after;
    let refer_at = move |ended: &Ended| {
        hours.next_sending(hours.business_days_after(ended.deadline.on, after).max(ended.at))
    };
    let due = ended(survey).into_iter().filter(has_none).map(move |ended| (ended, refer_at(&ended)));
    due.filter(|(_, refer_at)| !survey.is_before_our_time(*refer_at)).collect::<Vec<_>>().into_iter()
}

/// The earlier instants whose statuses a pass asks about, each with the windows: deadlines whose record is made after
/// something more was loaded, and remessas whose list somebody left since.
pub fn past_asked(world: &World<'_>, now: Timestamp) -> BTreeMap<Timestamp, BTreeSet<WindowId>> {
    let moment = Moment::new(now, &world.calendar.hours);
    let zone = &world.calendar.hours.zone;
    let mut asked: BTreeMap<Timestamp, BTreeSet<WindowId>> = BTreeMap::new();
    for window in world.windows {
        let ledger = world.ledger.window(&window.id);
        let is_over = |edition: &Edition| {
            edition.deadline.is_some_and(|deadline| moment.reached(deadline.instant(zone)))
                && !ledger.is_some_and(|ledger| ledger.has_closing(edition.number))
        };
        let may_leave = ledger.is_some_and(referral::has_any);
        if !may_leave && !window.editions.iter().any(is_over) {
            continue;
        }
        let Some(assessor) = Assessor::new(world, &moment, window) else { continue };
        let survey = Survey::new(WindowContext::new(world, &moment, &assessor));
        let known = world.status.window(&window.id);
        let is_older =
            |at: &Timestamp| known.all().flat_map(|(_, entries)| entries).any(|entry| entry.taken_at > *at);
        let ended: Vec<Timestamp> = unrecorded(&survey).map(|(ended, _)| ended.at).collect();
        for at in ended.into_iter().chain(referral::asked(&survey)).filter(is_older) {
            let windows = asked.entry(at).or_default();
            // With all that it waits for, however far.
            let mut next = Some(&window.id);
            while let Some(id) = next.filter(|id| windows.insert((*id).clone())) {
                next = world.windows.iter().find(|w| w.id == *id).and_then(|w| w.depends_on.as_ref());
            }
        }
    }
    asked
}

fn record(survey: &Survey<'_>, ended: Ended, refer_at: Timestamp) -> Closing {
    let assessor = survey.context.assessor;
    let (calendar, system, window) = (survey.context.world.calendar, assessor.system(), assessor.window());
    let editions = Survey::editions(&survey.context);
    // The pass may come days later: a `dispensar` whose last day was the deadline's still counts, and so does a unit that
    // closed since, and what the feeds had said by then.
    let moment = Moment::new(ended.at, &calendar.hours);
    let world = survey.context.world.as_known_at(ended.at);
    let Some(then) = Assessor::new(&world, &moment, window) else {
        return Closing::empty(ended.at);
    };
    let is_here = |code| {
        survey.track(code).edition == ended.edition && !editions.halted_at(window, Some(code), ended.at)
    };
    let roster = survey.context.world.roster.municipalities.values();
    let (here, elsewhere): (Vec<_>, Vec<_>) = roster
        .filter(|municipality| then.expected(municipality).next().is_some())
        .partition(|municipality| is_here(municipality.code));
    // What was loaded since stands for what was known then only where nobody knows that.
    let judge = if survey.context.world.is_known_at(ended.at) { &then } else { assessor };
    let competent = |part| calendar.gerencias_of(system, part).to_vec();
    let mut made = Closing {
        ended_at: ended.at,
        refer_at,
        validity: system.status_validity,
        offices: offices(survey),
        competent: window.parts.iter().map(|part| (part.clone(), competent(part))).collect(),
        municipalities: here
            .into_iter()
            .map(|m| (m.code, expected(survey, (&then, judge), m, ended.at)))
            .collect(),
        elsewhere: elsewhere.into_iter().map(|municipality| municipality.code).collect(),
    };
    // What was recorded of the same deadline under another edition stands: one that brings it back makes it no other fact.
    let closings = survey.ledger.into_iter().flat_map(WindowLedger::closings);
    for before in closings.filter(|before| before.ended_at == ended.at) {
        made.offices.clone_from(&before.offices);
        made.competent.clone_from(&before.competent);
        let (here, elsewhere) = (&before.municipalities, &before.elsewhere);
        made.municipalities.retain(|code, _| here.contains_key(code) || elsewhere.contains(code));
        let then = here.iter().filter(|(code, _)| is_here(**code));
        made.municipalities.extend(then.map(|(code, facts)| (*code, facts.clone())));
    }
    made
}

/// GSUAS and the competent gerências: the system's, and those of the window's parts.
fn offices(survey: &Survey<'_>) -> Vec<Addressee> {
    let system = survey.context.assessor.system();
    let parts = survey.context.assessor.window().parts.iter();
    let of_parts = parts.flat_map(|part| survey.context.world.calendar.gerencias_of(system, part));
    let mut gerencias: Vec<&GerenciaId> = Vec::new();
    for id in system.gerencias.iter().chain(of_parts) {
        if !gerencias.contains(&id) {
            gerencias.push(id);
        }
    }
    std::iter::once(Addressee::Gsuas).chain(gerencias.into_iter().cloned().map(Addressee::Gerencia)).collect()
}

fn expected<'t>(
    survey: &Survey<'_>,
    (then, judge): (&Assessor<'t>, &Assessor<'t>),
    municipality: &'t Municipality,
    ended_at: Timestamp,
) -> ExpectedFacts {
    let context = &survey.context;
    let system = then.system();
    let reach = audience::reach(
        judge,
        context.world.calendar,
        municipality,
        &system.announce_to,
        None,
        &context.world.ledger.flagged,
        context.moment,
    );
    let parts = then.expected(municipality).map(|part| {
        let counting: Vec<_> = then.counting(municipality.code, part).collect();
        ExpectedPartFacts {
            part: Text(part.clone()),
            units: counting.iter().map(|(unit, _)| Text(unit.id.clone())).collect(),
            late: counting.iter().filter(|(_, late)| *late).map(|(unit, _)| Text(unit.id.clone())).collect(),
        }
    });
    let known = judge.entries(municipality.code).iter().map(|entry| KnownFacts {
        part: Text(entry.part.clone()),
        unit: entry.unit.clone().map(Text),
        state: Text(entry.state),
        as_of: Text(entry.as_of()),
        taken_at: Text(entry.taken_at),
        feed: Text(entry.feed.clone()),
        snapshot: Text(entry.snapshot.clone()),
        arrival: entry.arrival,
        basis: Text(entry.basis),
        settled: entry.settled,
        unproven_since: entry.unproven_since.map(Text),
        is_fresh: judge.was_fresh(entry, ended_at, system.status_validity),
    });
    ExpectedFacts {
        municipality: Text(municipality.code),
        name: municipality.name.clone(),
        region: municipality.region.clone(),
        told_outside: context.told_outside(municipality),
        reachable: !reach.to.is_empty(),
        waits: judge.waits_for(municipality).is_some(),
        parts: parts.collect(),
        known: known.collect(),
    }
}
