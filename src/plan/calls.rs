//! Whom to telephone, over all windows or in one: those who owe first, in open windows by the days that are left, then in
//! those that are over; then those of whom nobody knows, then those whose address takes no letter. Pure.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use super::post::{DeliveryFact, LetterState};
use super::punctuality::{HistoryLine, Recall};
use super::summary::{CallLine, CallPurpose, LetterLine, MunicipalityLine, WindowSummary};
use crate::domain::calendar::{Calendar, Deadline};
use crate::domain::id::{MunicipalityCode, WindowId};
use crate::domain::time::Zone;

/// One call to make.
#[derive(Debug, Clone)]
pub struct CallEntry<'a> {
    pub window: &'a WindowSummary,
    /// The deadline of this municipality.
    pub deadline: Option<Deadline>,
    /// When that passes, or passed.
    pub ends_at: Option<Timestamp>,
    pub call: &'a CallLine,
    /// Whether an address is asked for in it: once in each municipality.
    pub asks_address: bool,
    /// Letters that left, of all that were written to it in the window; none in a rehearsal.
    pub letters: usize,
    /// Where letters did not arrive: each address once, as it stands.
    pub failed: Vec<&'a DeliveryFact>,
    /// How what it owes was done over the last references, where that was read: of what nobody knows nothing is said of the
    /// past either.
    pub past: Vec<HistoryLine>,
}

/// The calls of some windows, the most urgent first.
pub fn calls<'a>(
    windows: &'a [WindowSummary],
    calendar: &Calendar,
    recall: &Recall<'_>,
) -> Vec<CallEntry<'a>> {
    let of = |window: &'a WindowSummary| {
        window.call_list.iter().map(move |call| {
            let past = recall.of(call.municipality, &window.window, &call.owes, calendar);
            CallEntry { past, ..entry(window, call, &calendar.hours.zone) }
        })
    };
    let mut all: Vec<CallEntry<'a>> = windows.iter().flat_map(of).collect();
    all.sort_by_cached_key(CallEntry::urgency);
    // Beside another call, and in a second window, an address is no call of its own.
    let mut asked = HashSet::new();
    all.retain_mut(|entry| {
        let is_of_address = entry.call.purpose() == CallPurpose::Address;
        let asks = is_of_address || entry.call.unreachable || !entry.call.resting.is_empty();
        entry.asks_address = asks && asked.insert(entry.call.municipality);
        entry.asks_address || !is_of_address
    });
    all
}

/// Puts a window's own list into the same order, but for the past, which is not read for a summary.
pub(super) fn sort(window: &mut WindowSummary, zone: &Zone) {
    let list = window.call_list.iter();
    let urgency: HashMap<MunicipalityCode, Urgency> =
        list.map(|call| (call.municipality, entry(window, call, zone).urgency())).collect();
    window.call_list.sort_by_key(|call| urgency.get(&call.municipality).cloned());
}

/// Who is called first: who owes; an open window, by the time that is left, before one without a deadline, before one that
/// is over, the last to end first; then whom most letters did not move; then who was late or never done most often before.
type Urgency = (CallPurpose, u8, SignedDuration, Reverse<usize>, Reverse<usize>, MunicipalityCode, WindowId);

fn entry<'a>(window: &'a WindowSummary, call: &'a CallLine, zone: &Zone) -> CallEntry<'a> {
    let line = window.line(call.municipality);
    let deadline = line.map_or(window.deadline, |line| line.deadline);
    CallEntry {
        window,
        deadline,
        ends_at: deadline.map(|deadline| deadline.instant(zone)),
        call,
        asks_address: false,
        letters: line.filter(|_| !window.rehearsal).map_or(0, |line| left(line).count()),
        failed: line.map(failed).unwrap_or_default(),
        past: Vec::new(),
    }
}

impl CallEntry<'_> {
    /// Whether the deadline has passed.
    pub fn is_over(&self) -> bool {
        self.ends_at.is_some_and(|at| at <= self.window.at)
    }

    fn urgency(&self) -> Urgency {
        let (phase, away) = match self.ends_at {
            Some(at) if at > self.window.at => (0, at.duration_since(self.window.at)),
            None => (1, SignedDuration::ZERO),
            Some(at) => (2, self.window.at.duration_since(at)),
        };
        let (code, window) = (self.call.municipality, self.window.window.clone());
        let need = self.past.iter().map(HistoryLine::need).sum();
        (self.call.purpose(), phase, away, Reverse(self.letters), Reverse(need), code, window)
    }
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
