//! How punctual each municipality was, part by part, over the last references of each system: for support and training
//! (norma 6.3), and for nothing else. It rests on the records of closed windows and on what was loaded since; what was
//! cancelled, or suspended when its deadline passed, counts for nobody. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::account::with_survey;
use super::assess::PartVerdict;
use super::moment::Moment;
use super::punctuality::LineKey;
pub use super::punctuality::{HistoryLine, Punctuality, Recall, Trend};
use super::referral;
use super::survey::Survey;
use super::world::World;
use crate::domain::calendar::Window;
use crate::domain::closing::Closing;
use crate::domain::id::{MunicipalityCode, PartId};
use crate::domain::journal::{ExpectedFacts, ExpectedPartFacts};
use crate::domain::status::{State, StatusEntry};

/// So many references of a system are looked back on.
pub const MOST_REFERENCES: usize = 12;

/// The history of every municipality and part, those first who would gain most from support.
pub fn history(world: &World<'_>, now: Timestamp) -> Vec<HistoryLine> {
    let moment = Moment::new(now, &world.calendar.hours);
    let mut lines: BTreeMap<LineKey, HistoryLine> = BTreeMap::new();
    let has_closed = |window: &&Window| {
        world.ledger.window(&window.id).is_some_and(|ledger| ledger.closings().next().is_some())
    };
    for window in last_references(world.windows.iter().filter(has_closed)) {
        with_survey(world, &moment, window, |survey| {
            for (code, _) in survey.municipalities() {
                let counts = |closing: &&Closing| !referral::is_void(survey, code, closing);
                let Some(closing) = survey.closing_of(code).filter(counts) else { continue };
                let Some(expected) = closing.municipalities.get(&code).filter(|e| !e.waits) else {
                    continue;
                };
                for (part, how) in parts(survey, code, closing, expected) {
                    let key = (window.system.clone(), code, part);
                    let line = lines.entry(key).or_insert_with_key(HistoryLine::new);
                    line.name.clone_from(&expected.name);
                    line.references.push((window.id.clone(), how));
                }
            }
        });
    }
    // They come by system, municipality and part, and stay so among equals.
    let mut lines: Vec<HistoryLine> = lines.into_values().collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.need()));
    lines
}

/// The last references of each system among some windows, as many as the history looks back to.
pub fn last_references<'a>(windows: impl Iterator<Item = &'a Window>) -> impl Iterator<Item = &'a Window> {
    let mut windows: Vec<_> = windows.collect();
    windows.sort_by_key(|window| (&window.system, window.opens_on, &window.id));
    let systems = windows.chunk_by(|a, b| a.system == b.system);
    let last = systems.flat_map(|system| &system[system.len().saturating_sub(MOST_REFERENCES)..]);
    last.copied().collect::<Vec<_>>().into_iter()
}

fn parts<'s>(
    survey: &'s Survey<'_>,
    code: MunicipalityCode,
    closing: &'s Closing,
    expected: &'s ExpectedFacts,
) -> impl Iterator<Item = (PartId, Punctuality)> + 's {
    let (then, now) = (survey.context.assessor.assess_then(code, closing), survey.assess(code));
    expected.parts.iter().filter_map(move |part| {
        let of = |verdict: &&PartVerdict| verdict.part == *part.part;
        let (then, today) = (then.parts.iter().find(of)?, now.parts.iter().find(of)?);
        // A word of before the deadline proves nothing of what came after it.
        let after = |row: &StatusEntry| row.is_believed_pending() && row.as_of() > closing.ended_at;
        let how = match (then.state, today.state) {
            (_, State::NotApplicable) => return None,
            (State::Done, State::Done) => Punctuality::OnTime,
            (State::Pending, State::Done) => match days_late(survey, code, part, closing) {
                Some(0) => Punctuality::OnTime,
                days => Punctuality::Late { days },
            },
            (State::Pending, State::Pending) if today.rows.iter().any(after) => Punctuality::Never,
            (State::Pending, State::Pending) => {
                let as_of = today.rows.iter().map(StatusEntry::as_of).max();
                as_of.map_or(Punctuality::Unknown, |as_of| Punctuality::Pending { as_of })
            }
            // What nobody knew at the deadline, or what owed nothing by then, is on time where the data says so itself.
            (State::Unconfirmed | State::NotApplicable, State::Done)
                if days_late(survey, code, part, closing) == Some(0) =>
            {
                Punctuality::OnTime
            }
            // What was done and is not believed to be any more contradicts itself, and what owed nothing was not late.
            (State::Done, State::Pending | State::Unconfirmed)
            | (State::Pending, State::Unconfirmed)
            | (
                State::Unconfirmed | State::NotApplicable,
                State::Done | State::Pending | State::Unconfirmed,
            ) => Punctuality::Unknown,
        };
        Some((part.part.0.clone(), how))
    })
}

/// Days from the deadline to the last of the dates that the data itself carries; 0 where it came before.
fn days_late(
    survey: &Survey<'_>,
    code: MunicipalityCode,
    part: &ExpectedPartFacts,
    closing: &Closing,
) -> Option<i64> {
    let entries = survey.context.assessor.entries(code).iter();
    let done = entries.filter(|entry| entry.part == *part.part && entry.state == State::Done);
    let last = done.filter_map(|entry| entry.dated).max()?;
    let zone = &survey.context.world.calendar.hours.zone;
    let days = (zone.date_of(last) - zone.date_of(closing.ended_at)).get_days();
    Some(i64::from(days).max(0))
}
