//! The record of an edition whose deadline passed, made in the first pass that sees it. Pure.
//!
//! A window that closed before the ledger's first day, or before `inicio`, has none, and nothing is said of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::assess::Assessor;
use super::audience;
use super::moment::Moment;
use super::survey::Survey;
use crate::domain::calendar::Deadline;
use crate::domain::closing::Closing;
use crate::domain::id::GerenciaId;
use crate::domain::journal::{ExpectedFacts, ExpectedPartFacts, KnownFacts, Text};
use crate::domain::notice::Addressee;
use crate::domain::roster::Municipality;
use crate::plan::window::WindowContext;

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
    let mut due = BTreeMap::new();
    for ended in ended(survey) {
        if survey.ledger.is_some_and(|ledger| ledger.closing(ended.edition).is_some()) {
            continue;
        }
        let hours = &survey.context.world.calendar.hours;
        let after = survey.context.assessor.system().referral_after;
        let refer_at = hours.next_sending(hours.business_days_after(ended.deadline.on, after).max(ended.at));
        if !survey.is_before_our_time(refer_at) {
            due.insert(ended.edition, Arc::new(record(survey, ended, refer_at)));
        }
    }
    due
}

fn record(survey: &Survey<'_>, ended: Ended, refer_at: Timestamp) -> Closing {
    let assessor = survey.context.assessor;
    let (calendar, system, window) = (survey.context.world.calendar, assessor.system(), assessor.window());
    let editions = Survey::editions(&survey.context);
    // The pass may come days later: a `dispensar` whose last day was the deadline's still counts, and so does a unit that
    // closed since.
    let moment = Moment::new(ended.at, &calendar.hours);
    let Some(then) = Assessor::new(survey.context.world, &moment, window) else {
        return Closing::empty(ended.at);
    };
    let roster = survey.context.world.roster.municipalities.values();
    let (here, elsewhere): (Vec<_>, Vec<_>) = roster
        .filter(|municipality| then.expected(municipality).next().is_some())
        .partition(|municipality| {
            let code = municipality.code;
            survey.track(code).edition == ended.edition && !editions.halted_at(window, Some(code), ended.at)
        });
    let competent = |part| calendar.gerencias_of(system, part).to_vec();
    Closing {
        ended_at: ended.at,
        refer_at,
        validity: system.status_validity,
        offices: offices(survey),
        competent: window.parts.iter().map(|part| (part.clone(), competent(part))).collect(),
        municipalities: here.into_iter().map(|m| (m.code, expected(survey, &then, m, ended.at))).collect(),
        elsewhere: elsewhere.into_iter().map(|municipality| municipality.code).collect(),
    }
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

fn expected<'a>(
    survey: &Survey<'a>,
    then: &Assessor<'a>,
    municipality: &'a Municipality,
    ended_at: Timestamp,
) -> ExpectedFacts {
    let (context, assessor) = (&survey.context, survey.context.assessor);
    let system = assessor.system();
    let reach = audience::reach(
        assessor,
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
    let known = assessor.entries(municipality.code).iter().map(|entry| KnownFacts {
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
        is_fresh: assessor.was_fresh(entry, ended_at, system.status_validity),
    });
    ExpectedFacts {
        municipality: Text(municipality.code),
        name: municipality.name.clone(),
        region: municipality.region.clone(),
        told_outside: context.told_outside(municipality),
        reachable: !reach.to.is_empty(),
        waits: assessor.waits(municipality),
        parts: parts.collect(),
        known: known.collect(),
    }
}
