//! A configuration in force: what every pass, sender and use case works with.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use tokio::sync::OnceCell;

use super::setup::Setup;
use crate::domain::calendar::Calendar;
use crate::domain::roster::Roster;

/// A configuration in force, with the calendar as the daemon keeps it.
#[derive(Debug)]
pub struct Live {
    pub setup: Setup,
    pub calendar: Calendar,
    basis: OnceLock<String>,
    /// The roster that was in force on `inicio`, where that was another (see `start`), read once.
    pub(super) roster_at_start: OnceCell<Option<Arc<Roster>>>,
}

impl Live {
    /// With the calendar as the daemon keeps it ([`Setup::live_calendar`]).
    pub fn new(setup: Setup) -> Self {
        let calendar = setup.live_calendar();
        Self::under(setup, calendar)
    }

    /// With the calendar given.
    pub fn under(setup: Setup, calendar: Calendar) -> Self {
        Self { setup, calendar, basis: OnceLock::new(), roster_at_start: OnceCell::new() }
    }

    /// [`Setup::basis`], worked out once.
    pub fn basis(&self) -> &str {
        self.basis.get_or_init(|| self.setup.basis())
    }
}

/// Where large loads lie while they are read; nothing in it has a name for long.
pub fn spool_folder(setup: &Setup) -> PathBuf {
    setup.config.settings.data.join("tmp")
}
