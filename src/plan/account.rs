//! Accounts of the same facts that the plan decides on: where a window stands, and why nothing was said. Pure.

use jiff::Timestamp;

use super::assess::{Assessment, Assessor};
use super::closing;
use super::edition::HaltState;
use super::moment::Moment;
use super::survey::Survey;
use super::window::WindowContext;
use super::{Decision, Plan, World};
use crate::domain::calendar::Window;
use crate::domain::id::{EmailAddress, MunicipalityCode, WindowId};
use crate::domain::notice::NoticeKey;
use crate::domain::reason::{Cause, Reason};
use crate::domain::roster::{Municipality, Role};
use crate::domain::status::State;
use crate::plan::ledger::{Record, Standing};
use crate::plan::summary::{CallLine, LetterLine, MunicipalityLine, PartLine, WindowSummary};

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
        for (code, closed) in survey.municipalities() {
            let assessment = survey.assess(code);
            if assessment.parts.is_empty() {
                continue;
            }
            let municipality = world.roster.municipalities.get(&code);
            let (name, region) = match (closed, municipality) {
                (Some(then), _) => (then.name.clone(), then.region.clone()),
                (None, Some(now)) => (now.name.clone(), now.region.clone()),
                (None, None) => continue,
            };
            let line = MunicipalityLine { name, region, ..line(survey, plan, code, &assessment) };
            count(&mut summary, world, survey, &line);
            summary.call_list.extend(municipality.and_then(|municipality| call(municipality, &line, survey)));
            summary.lines.push(line);
        }
        // The longest known to be pending first; then those of whom nothing is known.
        summary.call_list.sort_by_key(|c| (c.pending_since.is_none(), c.pending_since, c.municipality));
        summary
    })
}

/// What the plan says of one municipality in one window now.
#[derive(Debug, Clone, Default)]
pub struct Explanation {
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
    with_survey(world, &moment, found, |survey| Explanation {
        actions: plan.actions.iter().filter(about).cloned().collect(),
        held: plan.held.iter().filter(about).cloned().collect(),
        silence: survey.pair(known).decide().silence,
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

fn line(
    survey: &Survey<'_>,
    plan: &Plan,
    municipality: MunicipalityCode,
    assessment: &Assessment,
) -> MunicipalityLine {
    let window = &survey.context.assessor.window().id;
    let track = survey.track(municipality);
    let records = survey.ledger.map_or(&[][..], |ledger| ledger.of(municipality));
    let mut letters: Vec<LetterLine> = records.iter().filter(|r| has_letter(r)).map(letter).collect();
    letters.sort_by_key(|l| l.at);
    let about = |key: &NoticeKey| key.window() == Some(window) && key.municipality() == Some(municipality);
    MunicipalityLine {
        municipality,
        name: String::new(),
        region: String::new(),
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
            })
            .collect(),
        letters,
        withheld: plan.held.iter().filter(|d| about(d.key())).map(|d| d.because().clone()).collect(),
    }
}

fn has_letter(record: &Record) -> bool {
    matches!(record.standing, Standing::Sent { .. } | Standing::Queued | Standing::Failed)
}

fn letter(record: &Record) -> LetterLine {
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

/// Whether a person must telephone: something is owed or unknown, and a letter did not leave or arrive.
fn call(municipality: &Municipality, line: &MunicipalityLine, survey: &Survey<'_>) -> Option<CallLine> {
    if matches!(line.state, State::Done | State::NotApplicable) {
        return None;
    }
    let records = survey.ledger.map_or(&[][..], |ledger| ledger.of(municipality.code));
    let mut because: Vec<Reason> = Vec::new();
    for record in records {
        match record.standing {
            Standing::Failed => {
                if !because.contains(&Reason::NoContact) {
                    because.push(Reason::NoContact);
                }
            }
            Standing::Expired => {
                because.push(Reason::ValidityOver { at: record.recorded_at, withheld: None });
            }
            Standing::Withheld(_)
            | Standing::Queued
            | Standing::Sent { .. }
            | Standing::Withdrawn
            | Standing::Superseded => {}
        }
    }
    let needs_a_person = |cause: Cause| matches!(cause.as_str(), "nao-confirmado" | "sem-contato");
    because.extend(line.withheld.iter().filter(|r| needs_a_person(r.cause())).cloned());
    let rests = |a: &EmailAddress| {
        let (refusal, until) = survey.context.world.ledger.flagged.get(a)?;
        (!survey.context.moment.reached(until)).then_some(refusal)
    };
    let refused = municipality.contacts.iter().filter_map(|c| Some((c, c.addresses.iter().find_map(rests)?)));
    because.extend(refused.map(|(c, refusal)| Reason::AddressFlagged { role: c.role.clone(), refusal }));
    if because.is_empty() {
        return None;
    }
    let owed = |state| line.parts.iter().filter(move |p| p.state == state);
    let state = if owed(State::Pending).next().is_some() { State::Pending } else { State::Unconfirmed };
    let contact =
        municipality.contacts.iter().find(|c| c.role == Role::Smas).or(municipality.contacts.first());
    Some(CallLine {
        municipality: municipality.code,
        name: municipality.name.clone(),
        holder: contact.map(|c| c.holder.clone()).unwrap_or_default(),
        telephone: contact.map(|c| c.telephone.clone()).unwrap_or_default(),
        pending_since: owed(State::Pending).filter_map(|p| p.as_of).min(),
        parts: owed(state).map(|p| p.part.clone()).collect(),
        because,
        tried: {
            let window = &survey.context.assessor.window().id;
            let notes = survey.context.world.overrides.notes.iter();
            notes.filter(|n| n.municipality == municipality.code && n.window == *window).cloned().collect()
        },
    })
}
