//! A configuration in force: what every pass, sender and use case works with.

use std::path::PathBuf;

use super::setup::Setup;
use crate::domain::calendar::Calendar;

/// A configuration in force, with the calendar as the daemon keeps it.
#[derive(Debug)]
pub struct Live {
    /// The configuration.
    pub setup: Setup,
    /// Its calendar.
    pub calendar: Calendar,
}

impl Live {
    /// With the calendar as the daemon keeps it ([`Setup::live_calendar`]).
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        Self { calendar: setup.live_calendar(), setup }
    }
}

/// Where large loads lie while they are read; nothing in it has a name for long.
#[must_use]
pub fn spool_folder(setup: &Setup) -> PathBuf {
    setup.config.settings.data.join("tmp")
}
