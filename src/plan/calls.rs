//! Whom to telephone, over all windows: those who owe first, by the days that are left, by how many letters came to
//! nothing, and by how long they are known to owe; then those of whom nobody knows. Pure.

use jiff::Timestamp;

use super::post::{DeliveryFact, LetterState};
use super::summary::{CallLine, LetterLine, MunicipalityLine, WindowSummary};
use crate::domain::calendar::Deadline;

/// One call to make.
#[derive(Debug, Clone)]
pub struct CallEntry<'a> {
    /// In which window.
    pub window: &'a WindowSummary,
    /// The deadline of this municipality.
    pub deadline: Option<Deadline>,
    /// When that passes, or passed.
    pub ends_at: Option<Timestamp>,
    /// Whom, and why.
    pub call: &'a CallLine,
    /// Letters that left, of all that were written to it in the window.
    pub letters: usize,
    /// Where letters did not arrive: each address once, as it stands.
    pub failed: Vec<&'a DeliveryFact>,
}

/// The calls of some windows, the most urgent first.
#[must_use]
pub fn calls<'a>(windows: &'a [WindowSummary], zone: &crate::domain::time::Zone) -> Vec<CallEntry<'a>> {
    let mut all: Vec<CallEntry<'a>> = Vec::new();
    for window in windows {
        for call in &window.call_list {
            let line = window.lines.iter().find(|line| line.municipality == call.municipality);
            let deadline = line.map_or(window.deadline, |line| line.deadline);
            all.push(CallEntry {
                window,
                deadline,
                ends_at: deadline.map(|deadline| deadline.instant(zone)),
                call,
                letters: line.map_or(0, |line| left(line).count()),
                failed: line.map(failed).unwrap_or_default(),
            });
        }
    }
    all.sort_by_key(|one| {
        let (owes, since) = (one.call.owes.is_empty(), one.call.pending_since);
        let end = (one.ends_at.is_none(), one.ends_at);
        (owes, end, std::cmp::Reverse(one.letters), since.is_none(), since, one.call.municipality)
    });
    all
}

fn left(line: &MunicipalityLine) -> impl Iterator<Item = &LetterLine> {
    line.letters.iter().filter(|letter| letter.state.has_left())
}

/// The addresses at which the last letter was refused or came back.
fn failed(line: &MunicipalityLine) -> Vec<&DeliveryFact> {
    let facts = line.letters.iter().flat_map(|letter| &letter.deliveries);
    let mut last: Vec<&DeliveryFact> = Vec::new();
    for fact in facts {
        match last.iter_mut().find(|known| known.address == fact.address) {
            Some(known) if known.at <= fact.at => *known = fact,
            Some(_) => {}
            None => last.push(fact),
        }
    }
    last.retain(|fact| matches!(fact.state, LetterState::Refused | LetterState::Bounced));
    last
}
