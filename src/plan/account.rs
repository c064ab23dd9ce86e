//! Accounts of the same facts that the plan decides on: where a window stands, and why nothing was said. Pure.

use std::collections::HashMap;

use jiff::Timestamp;

use super::assess::Assessor;
use super::callee::call;
use super::calls;
use super::closing;
use super::edition::HaltState;
use super::moment::Moment;
use super::reminder::ordered_at;
use super::survey::Survey;
use super::window::WindowContext;
use super::written;
use super::{Decision, Plan, World};
use crate::domain::calendar::{OnUnconfirmed, Window};
use crate::domain::id::{MunicipalityCode, PartId, WindowId};
use crate::domain::notice::{Kind, NoticeKey, Slot};
use crate::domain::overrides::BatchId;
use crate::domain::reason::Reason;
use crate::domain::status::State;
use crate::plan::decision::Closed;
use crate::plan::ledger::{NoticeRecord, Standing};
use crate::plan::post::Post;
use crate::plan::summary::{
    CallLine, HeldLine, LetterLine, MunicipalityLine, NextLine, PartLine, Upcoming, Waiting, WindowSummary,
};

/// What is looked at together: the world, its plan, and what became of its letters, at one instant.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    pub world: &'a World<'a>,
    /// The plan of that world and instant.
    pub plan: &'a Plan,
    /// What became of letters; where it has nothing, as in a rehearsal, the ledger's own word counts.
    pub post: &'a Post,
    pub now: Timestamp,
}

/// Where a window stands.
pub fn summarise(view: View<'_>, window: &WindowId) -> Option<WindowSummary> {
    let View { world, now, .. } = view;
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
            editions: found
                .editions
                .iter()
                .filter(|e| e.municipalities.is_empty() && e.number <= general.edition)
                .map(|e| (e.number, e.deadline))
                .collect(),
            rungs: {
                // What hung from a deadline that passed is over, whatever the ladder says today.
                let steps =
                    survey.steps.get(&general.edition).filter(|_| survey.closing(general.edition).is_none());
                steps
                    .map_or(&[][..], Vec::as_slice)
                    .iter()
                    .map(|step| (step.days_before, step.due_at))
                    .collect()
            },
            halted: matches!(general.halt, HaltState::Halted { .. }),
            rehearsal: view.post.is_rehearsal(),
            at: now,
            ..WindowSummary::empty(window.clone(), now)
        };
        let planned = Planned::of(view.plan, window);
        for (code, _) in survey.municipalities() {
            let Some(line) = line(survey, view, &planned, code) else { continue };
            let municipality = world.roster.municipalities.get(&code);
            count(&mut summary, &line);
            summary
                .call_list
                .extend(municipality.and_then(|municipality| call(municipality, &line, survey, view.post)));
            summary.lines.push(line);
        }
        calls::sort(&mut summary, &world.calendar.hours.zone);
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
    pub held: Vec<Decision>,
    /// Why nothing is said, when nothing is.
    pub silence: Option<Reason>,
}

/// Why a municipality is told what it is told in a window, or nothing; of one that the roster does not have any more, what
/// is left to say.
pub fn explain(view: View<'_>, window: &WindowId, municipality: MunicipalityCode) -> Option<Explanation> {
    let View { world, plan, now, .. } = view;
    let moment = Moment::new(now, &world.calendar.hours);
    let found = world.windows.iter().find(|w| w.id == *window)?;
    let known = world.roster.municipalities.get(&municipality);
    let about = |d: &&Decision| d.window() == Some(window) && d.municipality() == Some(municipality);
    with_survey(world, &moment, found, |survey| {
        let line = line(survey, view, &Planned::of(plan, window), municipality);
        Explanation {
            call: line.as_ref().zip(known).and_then(|(line, known)| call(known, line, survey, view.post)),
            line,
            actions: plan.actions.iter().filter(about).cloned().collect(),
            held: plan.held.iter().filter(about).cloned().collect(),
            silence: silence(survey, municipality).0,
        }
    })
}

/// Whether what was so in a window when a municipality's deadline passed is recorded: no order of today is looked at for
/// it any more, but for one that says that the data is wrong.
pub fn is_closed(
    world: &World<'_>,
    window: &WindowId,
    municipality: MunicipalityCode,
    now: Timestamp,
) -> bool {
    let moment = Moment::new(now, &world.calendar.hours);
    let recorded = |survey: &Survey<'_>| {
        let edition = survey.track(municipality).edition;
        survey.ledger.is_some_and(|ledger| ledger.has_closing(edition))
    };
    let found = world.windows.iter().find(|w| w.id == *window);
    found.and_then(|found| with_survey(world, &moment, found, recorded)).unwrap_or_default()
}

/// Letters of a window to municipalities that have no line in it any more: they left all the same.
pub fn letters_to_others(view: View<'_>, summary: &WindowSummary) -> Vec<(MunicipalityCode, LetterLine)> {
    let window = &summary.window;
    let Some(told) = view.world.ledger.window(window) else { return Vec::new() };
    let mut others = told.municipalities().filter(|(code, _)| summary.line(*code).is_none()).peekable();
    if others.peek().is_none() {
        return Vec::new();
    }
    let planned = Planned::of(view.plan, window);
    let mut letters = Vec::new();
    for (municipality, records) in others {
        for record in records {
            let key = NoticeKey::Municipal { window: window.clone(), slot: record.slot, municipality };
            let of_notice = written::letters(record, &key, view.post, planned.closed.get(&key).copied());
            letters.extend(of_notice.into_iter().map(|letter| (municipality, letter)));
        }
    }
    letters
}

/// What a plan says of one window, to be looked up.
struct Planned<'a> {
    held: HashMap<MunicipalityCode, Vec<&'a Decision>>,
    closed: HashMap<&'a NoticeKey, &'a Closed>,
}

impl<'a> Planned<'a> {
    fn of(plan: &'a Plan, window: &WindowId) -> Self {
        let mut planned = Self { held: HashMap::new(), closed: HashMap::new() };
        for decision in plan.held.iter().filter(|decision| decision.window() == Some(window)) {
            if let Some(code) = decision.municipality() {
                planned.held.entry(code).or_default().push(decision);
            }
        }
        for decision in plan.actions.iter().filter(|decision| decision.window() == Some(window)) {
            if let Decision::Close(closed) = decision {
                planned.closed.entry(&closed.key).or_insert(closed);
            }
        }
        planned
    }
}

pub(super) fn with_survey<T>(
    world: &World<'_>,
    moment: &Moment<'_>,
    window: &Window,
    look: impl FnOnce(&Survey<'_>) -> T,
) -> Option<T> {
    let assessor = Assessor::new(world, moment, window)?;
    Some(look(&closing::surveyed(WindowContext::new(world, moment, &assessor))))
}

/// Why nothing is said now, when nothing is. A closed window is a fact, whatever is expected of the municipality today.
fn silence(survey: &Survey<'_>, code: MunicipalityCode) -> (Option<Reason>, Option<Waiting>) {
    match survey.closing_of(code) {
        Some(closing) if closing.municipalities.contains_key(&code) => {
            (Some(Reason::DeadlinePassed { at: closing.ended_at }), None)
        }
        Some(_) | None => {
            let Some(known) = survey.context.world.roster.municipalities.get(&code) else {
                return (Some(Reason::NotExpected), None);
            };
            let decided = survey.pair(known).decide();
            let is_quiet = decided.send.is_none()
                && decided.withheld.is_empty()
                && decided.resumed.is_empty()
                && decided.closed.is_empty();
            (decided.silence.or(is_quiet.then_some(Reason::NothingDue)), decided.waiting)
        }
    }
}

/// Where a municipality stands; none where the window does not expect it. Who has left the roster since a deadline
/// goes by the name in its record.
fn line(
    survey: &Survey<'_>,
    view: View<'_>,
    planned: &Planned<'_>,
    municipality: MunicipalityCode,
) -> Option<MunicipalityLine> {
    let assessment = survey.assess(municipality);
    if assessment.parts.is_empty() {
        return None;
    }
    let known = view.world.roster.municipalities.get(&municipality);
    let closing = survey.closing_of(municipality);
    let then =
        closing.and_then(|c| c.municipalities.get(&municipality)).map(|then| (&then.name, &then.region));
    let waits_for = match closing.and_then(|closing| closing.municipalities.get(&municipality)) {
        Some(then) => survey.context.assessor.window().depends_on.as_ref().filter(|_| then.waits),
        None => known.and_then(|known| survey.context.assessor.waits_for(known)),
    };
    let told_outside = match closing.and_then(|closing| closing.municipalities.get(&municipality)) {
        Some(then) => then.told_outside,
        None => known.is_some_and(|known| survey.context.told_outside(known)),
    };
    let (name, region) = then.or_else(|| known.map(|m| (&m.name, &m.region)))?;
    let window = &survey.context.assessor.window().id;
    let track = survey.track(municipality);
    let records = survey.ledger.map_or(&[][..], |ledger| ledger.of(municipality));
    let key = |slot: Slot| NoticeKey::Municipal { window: window.clone(), slot, municipality };
    let of_notice = |record: &NoticeRecord| {
        let key = key(record.slot);
        written::letters(record, &key, view.post, planned.closed.get(&key).copied())
    };
    let mut letters: Vec<LetterLine> = records.iter().flat_map(of_notice).collect();
    letters.sort_by_key(|l| (l.left_at.unwrap_or(l.decided_at), l.decided_at));
    let competent = |part: &PartId| {
        let then = closing.and_then(|closing| closing.competent.get(part));
        let now = || view.world.calendar.gerencias_of(survey.context.assessor.system(), part);
        then.map_or_else(now, Vec::as_slice)
    };
    let (silence, waiting) = silence(survey, municipality);
    let mut line = MunicipalityLine {
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
                gerencias: competent(&p.part).to_vec(),
                part: p.part.clone(),
                state: p.state,
                doubt: p.doubt,
                units: p.pending_units.clone(),
                as_of: p.as_of,
                feed: p.feed.clone(),
                // An old word like "falta" would accuse whom nobody confirms.
                wording: p.wording.clone().filter(|_| p.state != State::Unconfirmed),
                rows: p.rows.clone(),
            })
            .collect(),
        waits_for: waits_for.cloned(),
        told_outside_on: view.world.calendar.starts_on.filter(|_| told_outside),
        letters,
        withheld: held(view, window, planned.held.get(&municipality).map_or(&[][..], Vec::as_slice)),
        silence,
        next: None,
    };
    line.next = next(survey, &line, waiting);
    Some(line)
}

/// What is withheld from a municipality in a window, with since when.
fn held(view: View<'_>, window: &WindowId, held: &[&Decision]) -> Vec<HeldLine> {
    let line = |decision: &&Decision| {
        let slot = decision.key().slot()?;
        let (record, because) = (view.world.ledger.notice(decision.key()), decision.because());
        let since = match record {
            Some(record) if record.standing == Standing::Withheld(because.cause()) => {
                Some(record.recorded_at)
            }
            // Its record says when it left.
            Some(record) if record.standing.sent_at().is_some() => ordered_at(view.world, decision),
            Some(_) | None => None,
        };
        Some(HeldLine {
            batch: BatchId::of_slot(window, slot),
            because: because.clone(),
            since: since.unwrap_or(view.now),
            dies_at: decision.valid_until(),
        })
    };
    held.iter().filter_map(line).collect()
}

/// What comes next, if nothing changes.
fn next(survey: &Survey<'_>, line: &MunicipalityLine, waiting: Option<Waiting>) -> Option<NextLine> {
    let track = survey.track(line.municipality);
    let over = matches!(line.state, State::Done | State::NotApplicable);
    if over || matches!(track.halt, HaltState::Halted { .. }) {
        return None;
    }
    let moment = survey.context.moment;
    let to_come = |at: &Timestamp| !moment.reached(*at);
    let steps = survey.steps.get(&track.edition).map_or(&[][..], Vec::as_slice);
    if let (Some(Reason::Waits { until } | Reason::AwaitsHours { until }), Some(waiting)) =
        (&line.silence, waiting)
        && let Some(at) = let_go(survey, line.municipality, waiting.slot, *until)
        && steps.iter().all(|step| waiting.slot.rung() != Some(step.days_before) || at < step.valid_until)
    {
        return Some(NextLine { what: Upcoming::Waiting(waiting), at });
    }
    if let Some(closing) = survey.closing_of(line.municipality) {
        let at = Some(closing.refer_at).filter(to_come)?;
        return Some(NextLine { what: Upcoming::Referral, at });
    }
    // While an earlier deadline waits for a person, or passed without one, nobody is warned.
    let mut rungs = steps.iter().filter(|step| to_come(&step.due_at) && track.awaiting.is_none());
    let rung = rungs.find_map(|step| {
        let slot = Slot::Rung { edition: track.edition, days_before: step.days_before };
        let at = let_go(survey, line.municipality, slot, step.due_at).filter(|at| *at < step.valid_until)?;
        let kind = match (line.state, step.unconfirmed) {
            (State::Unconfirmed, OnUnconfirmed::Withhold) => None,
            (State::Unconfirmed, OnUnconfirmed::Remind) => Some(Kind::Reminder),
            (State::Pending | State::Done | State::NotApplicable, _) => Some(Kind::Warning),
        };
        Some(NextLine { what: Upcoming::Rung { days_before: step.days_before, kind }, at })
    });
    let end = || Some(NextLine { what: Upcoming::Deadline, at: track.ends_at.filter(to_come)? });
    rung.or_else(end)
}

/// When a letter leaves that falls due then, as far as orders of today reach: absent where one has no last day.
fn let_go(survey: &Survey<'_>, code: MunicipalityCode, slot: Slot, due_at: Timestamp) -> Option<Timestamp> {
    let (world, window) = (survey.context.world, &survey.context.assessor.window().id);
    let holds = survey.context.holds.iter().filter(|hold| hold.scope.covers(window, slot, code));
    let pause = slot.rung().and_then(|_| world.overrides.ruling_pause(code, window)?.until);
    let lasts = holds.map(|hold| hold.until).chain(pause.map(Some)).collect::<Option<Vec<_>>>()?;
    let hours = &world.calendar.hours;
    let over = lasts.into_iter().max().map(|last| hours.zone.end_of(last)).filter(|over| *over > due_at);
    Some(over.map_or(due_at, |over| hours.next_sending(over)))
}

fn count(summary: &mut WindowSummary, line: &MunicipalityLine) {
    summary.municipalities.add(line.state);
    summary.by_region.entry(line.region.clone()).or_default().add(line.state);
    for part in &line.parts {
        summary.by_part.entry(part.part.clone()).or_default().add(part.state);
        for gerencia in &part.gerencias {
            summary.by_gerencia.entry(gerencia.clone()).or_default().add(part.state);
        }
    }
}
