//! What a pass decides on. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::calendar::{Calendar, Window};
use crate::domain::overrides::Overrides;
use crate::domain::roster::Roster;
use crate::domain::status::StatusBook;
use crate::plan::ledger::Ledger;

/// Everything known.
#[derive(Debug, Clone, Copy)]
pub struct World<'a> {
    pub calendar: &'a Calendar,
    /// The calendar's windows up to well after now ([`Calendar::windows`]), by id.
    pub windows: &'a [Window],
    pub roster: &'a Roster,
    /// The roster that was in force on `inicio`, where another is now.
    pub roster_at_start: Option<&'a Roster>,
    pub status: &'a StatusBook,
    /// What was known at earlier instants that this pass asks about ([`past_asked`](crate::plan::past_asked)); at another,
    /// what is known now stands for it.
    pub status_then: Option<&'a BTreeMap<Timestamp, StatusBook>>,
    pub overrides: &'a Overrides,
    pub ledger: &'a Ledger,
}

impl World<'_> {
    /// Whether what was known at an earlier instant was read.
    pub(super) fn is_known_at(&self, at: Timestamp) -> bool {
        self.status_then.is_some_and(|then| then.contains_key(&at))
    }

    /// The same with the statuses of an earlier instant, where they were read.
    pub(super) fn as_known_at(&self, at: Timestamp) -> Self {
        let then = self.status_then.and_then(|then| then.get(&at));
        Self { status: then.unwrap_or(self.status), ..*self }
    }
}
