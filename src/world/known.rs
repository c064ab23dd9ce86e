//! The world as the store has it at one moment.

use std::sync::Arc;

use jiff::{Timestamp, ToSpan};

use super::live::Live;
use super::setup::Setup;
use crate::domain::calendar::{Calendar, Window};
use crate::domain::id::FeedId;
use crate::domain::notice::Told;
use crate::domain::overrides::Overrides;
use crate::domain::status::StatusBook;
use crate::plan::World;
use crate::plan::ledger::Ledger;
use crate::store::{Store, StoreError};

/// Everything that a pass decides on.
pub struct Known {
    /// The configuration in force.
    pub live: Arc<Live>,
    /// The calendar's windows up to well after now.
    pub windows: Vec<Window>,
    /// Who has filled in.
    pub status: StatusBook,
    /// What people decided.
    pub overrides: Overrides,
    /// What was already said.
    pub ledger: Ledger,
}

/// How far ahead windows are laid out; no wake lies further.
pub const HORIZON_DAYS: i64 = 400;

/// The calendar's windows up to the horizon.
#[must_use]
pub fn windows(calendar: &Calendar, now: Timestamp) -> Vec<Window> {
    let today = calendar.hours.zone.date_of(now);
    calendar.windows(today.saturating_add(HORIZON_DAYS.days()))
}

impl Known {
    /// Reads the store.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn load(live: Arc<Live>, store: &Store, now: Timestamp) -> Result<Self, StoreError> {
        let mut known = Self {
            windows: windows(&live.calendar, now),
            status: StatusBook::default(),
            overrides: store.overrides().await?,
            ledger: store.ledger().await?,
            live,
        };
        known.take(store.status().await?);
        Ok(known)
    }

    /// The same as it was known at an earlier instant.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn as_known(live: Arc<Live>, store: &Store, at: Timestamp) -> Result<Self, StoreError> {
        let mut known = Self {
            windows: windows(&live.calendar, at),
            status: StatusBook::default(),
            overrides: store.overrides_as_known(at).await?,
            ledger: store.ledger_as_known(at).await?,
            live,
        };
        known.take(store.status_as_known(at).await?);
        Ok(known)
    }

    /// Takes in what the feeds said. What a feed said until it was removed or switched off does not count: as the ledger
    /// has it, or where this configuration is not adopted yet as it would be then.
    pub fn take(&mut self, mut status: StatusBook) {
        let on = |feed: &FeedId| {
            let spec = self.live.setup.config.feeds.iter().find(|spec| spec.id == *feed);
            spec.is_some_and(|spec| spec.enabled || status.retired_at(feed).is_some())
        };
        let gone: Vec<FeedId> = status.feeds().filter(|feed| !on(feed)).cloned().collect();
        status.only(|feed| !gone.contains(feed));
        self.status = status;
    }

    /// The world with an empty ledger: what a first pass would see.
    #[must_use]
    pub fn empty(setup: Setup, calendar: Calendar, now: Timestamp) -> Self {
        Self {
            windows: windows(&calendar, now),
            status: StatusBook::default(),
            overrides: Overrides::default(),
            ledger: Ledger::default(),
            live: Arc::new(Live { setup, calendar }),
        }
    }

    /// What a configuration decides on over a ledger, if there is one yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn over(
        setup: Setup,
        calendar: Calendar,
        store: Option<&Store>,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        match store {
            Some(store) => Self::load(Arc::new(Live { setup, calendar }), store, now).await,
            None => Ok(Self::empty(setup, calendar, now)),
        }
    }

    /// As the plan takes it.
    #[must_use]
    pub fn world(&self) -> World<'_> {
        World {
            calendar: &self.live.calendar,
            windows: &self.windows,
            roster: &self.live.setup.config.roster,
            status: &self.status,
            overrides: &self.overrides,
            ledger: &self.ledger,
        }
    }
}

/// Notes every edition of windows that have opened, as read now: from then on it is known (DESIGN "Editions").
///
/// # Errors
/// [`StoreError`].
pub async fn note_readings(live: &Live, store: &Store, now: Timestamp) -> Result<(), StoreError> {
    let readings = windows(&live.calendar, now)
        .into_iter()
        .filter(|window| !window.recurring || window.editions.len() > 1)
        .flat_map(|window| {
            let id = window.id;
            window.editions.into_iter().map(move |e| (id.clone(), e.number, Told::from(e.deadline), e.source))
        })
        .collect();
    store.note_readings(readings, now).await
}
