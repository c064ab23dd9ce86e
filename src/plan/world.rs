//! What a pass decides on. Pure.

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
    pub overrides: &'a Overrides,
    pub ledger: &'a Ledger,
}
