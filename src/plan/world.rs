//! What a pass decides on. Pure.

use crate::domain::calendar::{Calendar, Window};
use crate::domain::overrides::Overrides;
use crate::domain::roster::Roster;
use crate::domain::status::StatusBook;
use crate::plan::ledger::Ledger;

/// Everything known.
#[derive(Debug, Clone, Copy)]
pub struct World<'a> {
    /// What was announced.
    pub calendar: &'a Calendar,
    /// The calendar's windows up to well after now ([`Calendar::windows`]), by id.
    pub windows: &'a [Window],
    /// Whom to tell.
    pub roster: &'a Roster,
    /// Who has filled in.
    pub status: &'a StatusBook,
    /// What people decided.
    pub overrides: &'a Overrides,
    /// What was already said.
    pub ledger: &'a Ledger,
}
