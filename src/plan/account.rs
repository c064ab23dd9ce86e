//! Accounts of the same facts that the plan decides on: where a window stands, and why nothing was said. Pure.

use jiff::Timestamp;

use super::assess::Assessor;
use super::closing;
use super::edition::HaltState;
use super::moment::Moment;
use super::survey::Survey;
use super::window::WindowContext;
use super::{Decision, Plan, World};
use crate::domain::calendar::Window;
use crate::domain::id::{EmailAddress, MunicipalityCode, WindowId};
use crate::domain::notice::{Kind, NoticeKey};
use crate::domain::reason::{Cause, Reason};
use crate::domain::roster::{Municipality, Role};
use crate::domain::status::State;
use crate::plan::ledger::{NoticeRecord, Standing};
use crate::plan::summary::{CallLine, CallReason, LetterLine, MunicipalityLine, PartLine, WindowSummary};

/// Where a window stands. `plan` is the plan of the same world and instant; what it withholds is shown.
#[must_use]
pub fn summarise(world: &World<'_>, plan: &Plan, window: &WindowId, now: Timestamp) -> Option<WindowSummary> {
    let moment = Moment::new(now, &world.calendar.hours);
    let found = world.windows.iter().find(|w| w.id == *window)?;
    with_survey(world, &moment, found, |survey| {
        let general = survey.general;
        let mut summary = WindowSummary {
            window: window.clone(),
            system: survey.context.assessor.system().name.clone(),
            opens_on: found.opens_on,
            edition: general.edition,
            deadline: general.deadline,
            source: found.edition(general.edition).map(|e| e.source.clone()).unwrap_or_default(),
            halted: matches!(general.halt, HaltState::Halted { .. }),
            at: now,
            ..WindowSummary::empty(window.clone(), now)
        };
        for (code, _) in survey.municipalities() {
            let Some(line) = line(survey, plan, code) else { continue };
            let municipality = world.roster.municipalities.get(&code);
            count(&mut summary, world, survey, &line);
            summary.call_list.extend(municipality.and_then(|municipality| call(municipality, &line, survey)));
            summary.lines.push(line);
        }
        // The longest known to be pending first; then those of whom nothing is known.
        summary.call_list.sort_by_key(|c| (c.pending_since.is_none(), c.pending_since, c.municipality));
        summary
    })
}

/// What is known, said and decided of one municipality in one window; the report's lines and call list are made of the
/// same pieces.
#[derive(Debug, Clone, Default)]
pub struct Explanation {
    /// Where it stands; none where the window does not expect it.
    pub line: Option<MunicipalityLine>,
    /// Why somebody should telephone it, if somebody should.
    pub call: Option<CallLine>,
    /// Changes of decision that a pass would make.
    pub actions: Vec<Decision>,
    /// What is withheld.
    pub held: Vec<Decision>,
    /// Why nothing is said, when nothing is.
    pub silence: Option<Reason>,
}

/// Why a municipality is told what it is told in a window, or nothing.
#[must_use]
pub fn explain(
    world: &World<'_>,
    plan: &Plan,
    window: &WindowId,
    municipality: MunicipalityCode,
    now: Timestamp,
) -> Option<Explanation> {
    let moment = Moment::new(now, &world.calendar.hours);
    let found = world.windows.iter().find(|w| w.id == *window)?;
    let known = world.roster.municipalities.get(&municipality)?;
    let about = |d: &&Decision| d.window() == Some(window) && d.municipality() == Some(municipality);
    with_survey(world, &moment, found, |survey| {
        let line = line(survey, plan, municipality);
        Explanation {
            call: line.as_ref().and_then(|line| call(known, line, survey)),
            line,
            actions: plan.actions.iter().filter(about).cloned().collect(),
            held: plan.held.iter().filter(about).cloned().collect(),
            silence: survey.pair(known).decide().silence,
        }
    })
}

fn with_survey<T>(
    world: &World<'_>,
    moment: &Moment<'_>,
    window: &Window,
    look: impl FnOnce(&Survey<'_>) -> T,
) -> Option<T> {
    let assessor = Assessor::new(world, moment, window)?;
    Some(look(&closing::surveyed(WindowContext::new(world, moment, &assessor))))
}

/// Where a municipality stands; none where the window does not expect it. Who has left the roster since a deadline
/// goes by the name in its record.
fn line(survey: &Survey<'_>, plan: &Plan, municipality: MunicipalityCode) -> Option<MunicipalityLine> {
    let assessment = survey.assess(municipality);
    if assessment.parts.is_empty() {
        return None;
    }
    let now = || survey.context.world.roster.municipalities.get(&municipality).map(|m| (&m.name, &m.region));
    let closing = survey.closing_of(municipality);
    let then =
        closing.and_then(|c| c.municipalities.get(&municipality)).map(|then| (&then.name, &then.region));
    let (name, region) = then.or_else(now)?;
    let window = &survey.context.assessor.window().id;
    let track = survey.track(municipality);
    let records = survey.ledger.map_or(&[][..], |ledger| ledger.of(municipality));
    let mut letters: Vec<LetterLine> = records.iter().filter(|r| has_letter(r)).map(letter).collect();
    letters.sort_by_key(|l| l.at);
    let about = |key: &NoticeKey| key.window() == Some(window) && key.municipality() == Some(municipality);
    Some(MunicipalityLine {
        municipality,
        name: name.clone(),
        region: region.clone(),
        state: assessment.state(),
        edition: track.edition,
        deadline: track.deadline,
        parts: assessment
            .parts
            .iter()
            .map(|p| PartLine {
                part: p.part.clone(),
                state: p.state,
                doubt: p.doubt,
                units: p.pending_units.clone(),
                as_of: p.as_of,
                feed: p.feed.clone(),
                wording: p.wording.clone(),
                rows: p.rows.clone(),
            })
            .collect(),
        letters,
        withheld: plan.held.iter().filter(|d| about(d.key())).map(|d| d.because().clone()).collect(),
    })
}

fn has_letter(record: &NoticeRecord) -> bool {
    matches!(record.standing, Standing::Sent { .. } | Standing::Queued | Standing::Failed)
}

fn letter(record: &NoticeRecord) -> LetterLine {
    LetterLine {
        kind: record.kind,
        edition: record.edition,
        rung: record.slot.rung(),
        at: record.standing.sent_at().unwrap_or(record.recorded_at),
        deliveries: Vec::new(),
    }
}

fn count(summary: &mut WindowSummary, world: &World<'_>, survey: &Survey<'_>, line: &MunicipalityLine) {
    summary.municipalities.add(line.state);
    summary.by_region.entry(line.region.clone()).or_default().add(line.state);
    for part in &line.parts {
        summary.by_part.entry(part.part.clone()).or_default().add(part.state);
        let then = survey.closing_of(line.municipality).and_then(|closing| closing.competent.get(&part.part));
        let now = || world.calendar.gerencias_of(survey.context.assessor.system(), &part.part);
        for gerencia in then.map_or_else(now, Vec::as_slice) {
            summary.by_gerencia.entry(gerencia.clone()).or_default().add(part.state);
        }
    }
}

/// Whether a person must telephone: it owes though it was warned or the deadline passed, or a letter did not leave or
/// arrive.
fn call(municipality: &Municipality, line: &MunicipalityLine, survey: &Survey<'_>) -> Option<CallLine> {
    if matches!(line.state, State::Done | State::NotApplicable) {
        return None;
    }
    let parts = |state| line.parts.iter().filter(move |p| p.state == state);
    let owes: Vec<_> = parts(State::Pending).map(|p| p.part.clone()).collect();
    let track = survey.track(municipality.code);
    let records = survey.ledger.map_or(&[][..], |ledger| ledger.of(municipality.code));
    let records = || records.iter().filter(|record| record.edition == track.edition);
    let mut because = Vec::new();
    if !owes.is_empty() && !matches!(track.halt, HaltState::Halted { .. }) {
        let warnings = records().filter(|record| record.kind == Kind::Warning);
        let sent: Vec<_> = warnings.filter_map(|record| record.standing.sent_at()).collect();
        if let (Some(first_at), Some(last_at)) = (sent.iter().min(), sent.iter().max()) {
            let (first_at, last_at) = (*first_at, *last_at);
            because.push(CallReason::Warned { letters: sent.len(), first_at, last_at });
        } else if let Some(at) = track.ends_at.filter(|at| survey.context.moment.reached(*at)) {
            because.push(CallReason::Decided(Reason::DeadlinePassed { at }));
        }
    }
    because.extend(records().filter_map(failure));
    let needs_a_person = |cause: Cause| matches!(cause.as_str(), "nao-confirmado" | "sem-contato");
    because
        .extend(line.withheld.iter().filter(|r| needs_a_person(r.cause())).cloned().map(CallReason::Decided));
    let rests = |a: &EmailAddress| {
        let (refusal, until) = survey.context.world.ledger.flagged.get(a)?;
        (!survey.context.moment.reached(until)).then_some(refusal)
    };
    let refused = municipality.contacts.iter().filter_map(|c| Some((c, c.addresses.iter().find_map(rests)?)));
    because.extend(
        refused.map(|(c, refusal)| {
            CallReason::Decided(Reason::AddressFlagged { role: c.role.clone(), refusal })
        }),
    );
    if because.is_empty() {
        return None;
    }
    let contact =
        municipality.contacts.iter().find(|c| c.role == Role::Smas).or(municipality.contacts.first());
    Some(CallLine {
        municipality: municipality.code,
        name: municipality.name.clone(),
        holder: contact.map(|c| c.holder.clone()).unwrap_or_default(),
        telephone: contact.map(|c| c.telephone.clone()).unwrap_or_default(),
        pending_since: parts(State::Pending).filter_map(|p| p.as_of).min(),
        unconfirmed: parts(State::Unconfirmed).map(|p| p.part.clone()).collect(),
        owes,
        because,
        tried: {
            let window = &survey.context.assessor.window().id;
            let notes = survey.context.world.overrides.notes.iter();
            notes.filter(|n| n.municipality == municipality.code && n.window == *window).cloned().collect()
        },
    })
}

/// What kept a letter from being read, as the ledger has it.
fn failure(record: &NoticeRecord) -> Option<CallReason> {
    let (kind, rung) = (record.kind, record.slot.rung());
    match record.standing {
        Standing::Failed => Some(CallReason::Undelivered { kind, rung }),
        Standing::Expired { at, held_by } => {
            let because = Reason::ValidityOver { at, withheld: held_by };
            Some(CallReason::Ended { kind, rung, because })
        }
        Standing::Withheld(_)
        | Standing::Queued
        | Standing::Sent { .. }
        | Standing::Withdrawn
        | Standing::Superseded => None,
    }
}
