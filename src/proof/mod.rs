//! What proves a ledger: that it is whole, a copy that checks out, and everything about one municipality at one moment.
//!
//! Reading order: `verify` (is it whole?), `dossier` (one municipality's case), `copy`, `backup` and `restore` (a copy of all
//! of it), `relocate` (all of it in another place), `pages` (can its file be read?).
//!
//! Architecture invariant: nothing here changes a row of a ledger, but for the entry and the mark of a move.

mod backup;
mod copy;
mod dossier;
mod pages;
mod relocate;
mod restore;
#[cfg(test)]
pub(crate) mod tests;
mod verify;

pub use backup::{Backup, BackupError, LastBackup};
pub use dossier::{CaseCheck, CaseFile};
pub use pages::Boot;
pub use relocate::{MoveError, Relocated};
pub use restore::{RestoreError, Restored};
pub use verify::{Amiss, ChainReport, Discrepancy, Recount};
