//! The world as the store has it at one moment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{Timestamp, ToSpan};

use super::live::Live;
use super::setup::Setup;
use super::start;
use crate::config::{self, Sources};
use crate::domain::calendar::{Calendar, Window};
use crate::domain::id::{FeedId, WindowId};
use crate::domain::notice::Told;
use crate::domain::overrides::Overrides;
use crate::domain::roster::Roster;
use crate::domain::status::StatusBook;
use crate::plan::frontier::{self, Frontier};
use crate::plan::ledger::Ledger;
use crate::plan::{self, Plan, World};
use crate::store::{Skipped, Store, StoreError};

/// Everything that a pass decides on.
pub struct Known {
    pub live: Arc<Live>,
    /// The calendar's windows up to well after now.
    pub windows: Vec<Window>,
    pub status: StatusBook,
    /// What was known at earlier instants that a pass asks about.
    pub status_then: BTreeMap<Timestamp, StatusBook>,
    pub overrides: Overrides,
    pub ledger: Ledger,
    /// The roster that was in force on `inicio`, where another is now.
    pub roster_at_start: Option<Arc<Roster>>,
    /// What was not read of it, and where it ended.
    skipped: Skipped,
}

/// How far ahead windows are laid out; no wake lies further.
pub const HORIZON_DAYS: i64 = 400;

/// The calendar's windows up to the horizon.
pub fn windows(calendar: &Calendar, now: Timestamp) -> Vec<Window> {
    let today = calendar.hours.zone.date_of(now);
    calendar.windows(today.saturating_add(HORIZON_DAYS.days()))
}

/// How much of the ledger is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Depth {
    /// All that was ever said.
    Whole,
    /// What something may still be decided of, and these windows.
    Open(BTreeSet<WindowId>),
}

impl Depth {
    /// What something may still be decided of.
    pub fn open() -> Self {
        Self::Open(BTreeSet::new())
    }
}

impl Known {
    /// Reads the store.
    pub async fn load(
        live: Arc<Live>,
        store: &Store,
        depth: Depth,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        match depth {
            Depth::Open(named) => Ok(Self::decide(live, store, named, now).await?.0),
            Depth::Whole => {
                let skipped = store.skipped(live.basis()).await?;
                Self::whole(live, store, skipped, now).await
            }
        }
    }

    async fn whole(
        live: Arc<Live>,
        store: &Store,
        skipped: Skipped,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let windows = windows(&live.calendar, now);
        let ledger = store.ledger().await?.believed(now);
        let read = (store.overrides().await?, ledger, store.status().await?);
        Self::of(read, live, windows, skipped).with_past(store, now).await
    }

    /// What was read of some windows, by a configuration.
    fn of(
        (overrides, mut ledger, status): (Overrides, Ledger, StatusBook),
        live: Arc<Live>,
        windows: Vec<Window>,
        skipped: Skipped,
    ) -> Self {
        plan::elsewhere::count(&mut ledger, &live.calendar, &windows, &overrides);
        let mut known = Self {
            windows,
            status: StatusBook::default(),
            status_then: BTreeMap::new(),
            overrides,
            ledger,
            roster_at_start: None,
            skipped,
            live,
        };
        known.take(status);
        known
    }

    /// What each of two configurations decides on over one ledger. It is read once: what is written meanwhile would look
    /// like a difference between the two.
    pub async fn of_both(
        (one, other): (Live, Live),
        store: &Store,
        now: Timestamp,
    ) -> Result<(Self, Self), StoreError> {
        let skipped = store.skipped(one.basis()).await?;
        let ledger = store.ledger().await?.believed(now);
        let read = (store.overrides().await?, ledger, store.status().await?);
        let (of_one, of_other) = (windows(&one.calendar, now), windows(&other.calendar, now));
        let one =
            Self::of(read.clone(), Arc::new(one), of_one, skipped.clone()).with_past(store, now).await?;
        Ok((one, Self::of(read, Arc::new(other), of_other, skipped).with_past(store, now).await?))
    }

    /// The same with what was so before: the roster that was in force on `inicio`, and what the feeds had said when
    /// deadlines passed that are recorded only now.
    async fn with_past(mut self, store: &Store, now: Timestamp) -> Result<Self, StoreError> {
        self.roster_at_start = start::roster(&self.live, store, now).await?;
        for (at, windows) in plan::past_asked(&self.world(), now) {
            let then = counting(&self.live, store.status_as_known(&windows, at).await?);
            self.status_then.insert(at, then);
        }
        Ok(self)
    }

    /// What something may still be decided of, and some windows; all, where nobody knows what is settled.
    pub async fn open(
        live: Arc<Live>,
        store: &Store,
        named: &BTreeSet<WindowId>,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let skipped = store.skipped(live.basis()).await?;
        // What is settled at an instant may not have been before.
        if skipped.judged.is_none() || now < skipped.frontier.at {
            return Self::whole(live, store, skipped, now).await;
        }
        let named = named | &skipped.touched;
        let mut all = windows(&live.calendar, now);
        let ahead = skipped.frontier.ahead(&all, &named, &live.calendar.hours.zone);
        all.retain(|window| ahead.contains(&window.id));
        let ledger = store.ledger_of(&ahead, now).await?.believed(now);
        let read = (store.overrides_of(&ahead).await?, ledger, store.status_of(&ahead).await?);
        Self::of(read, live, all, skipped).with_past(store, now).await
    }

    /// Reads what something may still be decided of, and these windows, and plans. What fell due on one day is counted
    /// over every window: where the plan counts, those are read too.
    pub async fn decide(
        live: Arc<Live>,
        store: &Store,
        mut named: BTreeSet<WindowId>,
        now: Timestamp,
    ) -> Result<(Self, Plan), StoreError> {
        let known = Self::open(live.clone(), store, &named, now).await?;
        let plan = plan::plan(&known.world(), now);
        let zone = &live.calendar.hours.zone;
        let Some(day) = plan.counted_from else { return Ok((known, plan)) };
        let all = windows(&live.calendar, now);
        let before = named.len();
        let late = frontier::due_since(&all, day, zone);
        named.extend(late.filter(|id| known.windows.iter().all(|window| window.id != **id)).cloned());
        if named.len() == before {
            return Ok((known, plan));
        }
        let known = Self::open(live, store, &named, now).await?;
        let plan = plan::plan(&known.world(), now);
        Ok((known, plan))
    }

    /// The journal's last entry when it was read: all that was told until it is known.
    pub fn entry(&self) -> u64 {
        self.skipped.head
    }

    /// Keeps which windows a pass need not read any more, after one that found nothing to do.
    pub async fn keep_frontier(&self, store: &Store, now: Timestamp) -> Result<(), StoreError> {
        let judged = Frontier::after(&self.world(), now);
        let none = BTreeSet::new();
        let ahead =
            |frontier: &Frontier| frontier.ahead(&self.windows, &none, &self.live.calendar.hours.zone);
        let is_kept =
            self.skipped.judged == Some(self.skipped.head) && ahead(&self.skipped.frontier) == ahead(&judged);
        if is_kept {
            return Ok(());
        }
        store.note_frontier(&judged, self.live.basis(), self.skipped.head).await
    }

    /// As it was known at an earlier instant: windows that ended at `ended` or after, and those named.
    pub async fn as_known(
        live: Arc<Live>,
        store: &Store,
        (ended, named): (Timestamp, &BTreeSet<WindowId>),
        at: Timestamp,
    ) -> Result<Self, StoreError> {
        let mut windows = windows(&live.calendar, at);
        let frontier = Frontier { at: ended, open: BTreeSet::new() };
        let ahead = frontier.ahead(&windows, named, &live.calendar.hours.zone);
        windows.retain(|window| ahead.contains(&window.id));
        halted_as_known(&mut windows, &live, store, at).await?;
        let (overrides, ledger, status) = tokio::try_join!(
            store.overrides_as_known(at),
            Box::pin(store.ledger_as_known(&ahead, at)),
            Box::pin(store.status_as_known(&ahead, at))
        )?;
        Self::of((overrides, ledger, status), live, windows, Skipped::default()).with_past(store, at).await
    }

    /// Who had filled in what of some windows, now or at an earlier instant, and what was so when deadlines passed. What was
    /// said is left out but where the list of editions goes back: there alone it matters who was told which date.
    pub async fn filled_in(
        live: Arc<Live>,
        store: &Store,
        named: &BTreeSet<WindowId>,
        (at, is_past): (Timestamp, bool),
    ) -> Result<Self, StoreError> {
        let mut windows = windows(&live.calendar, at);
        let frontier = Frontier { at: Timestamp::MAX, open: BTreeSet::new() };
        let ahead = frontier.ahead(&windows, named, &live.calendar.hours.zone);
        windows.retain(|window| ahead.contains(&window.id));
        if is_past {
            halted_as_known(&mut windows, &live, store, at).await?;
        }
        let told =
            windows.iter().filter(|window| window.goes_back()).map(|window| window.id.clone()).collect();
        let (overrides, ledger, status) = if is_past {
            tokio::try_join!(
                store.overrides_as_known(at),
                Box::pin(store.ledger_told_as_known(&ahead, &told, at)),
                Box::pin(store.status_as_known(&ahead, at))
            )?
        } else {
            (
                store.overrides_of(&ahead).await?,
                store.ledger_told_of(&ahead, &told).await?.believed(at),
                store.status_of(&ahead).await?,
            )
        };
        Self::of((overrides, ledger, status), live, windows, Skipped::default()).with_past(store, at).await
    }

    /// Takes in what the feeds said. What a feed said until it was removed or switched off does not count: as the ledger
    /// has it, or where this configuration is not adopted yet as it would be then.
    pub fn take(&mut self, status: StatusBook) {
        self.status = counting(&self.live, status);
    }

    /// The world with an empty ledger: what a first pass would see.
    pub fn empty(setup: Setup, calendar: Calendar, now: Timestamp) -> Self {
        Self {
            windows: windows(&calendar, now),
            status: StatusBook::default(),
            status_then: BTreeMap::new(),
            overrides: Overrides::default(),
            ledger: Ledger::default(),
            roster_at_start: None,
            skipped: Skipped::default(),
            live: Arc::new(Live::under(setup, calendar)),
        }
    }

    /// What a configuration decides on over a ledger, if there is one yet.
    pub async fn over(
        setup: Setup,
        calendar: Calendar,
        store: Option<&Store>,
        depth: Depth,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        match store {
            Some(store) => Self::load(Arc::new(Live::under(setup, calendar)), store, depth, now).await,
            None => Ok(Self::empty(setup, calendar, now)),
        }
    }

    /// As the plan takes it.
    pub fn world(&self) -> World<'_> {
        World {
            calendar: &self.live.calendar,
            windows: &self.windows,
            roster: &self.live.setup.config.roster,
            roster_at_start: self.roster_at_start.as_deref(),
            status: &self.status,
            status_then: Some(&self.status_then),
            overrides: &self.overrides,
            ledger: &self.ledger,
        }
    }
}

/// Gives windows that are stopped, or were, the halt that was known at an earlier instant: nobody knew of one that the
/// configuration of then does not name, whatever day it is dated by since. What of that configuration cannot be read changes
/// nothing.
async fn halted_as_known(
    windows: &mut [Window],
    live: &Live,
    store: &Store,
    at: Timestamp,
) -> Result<(), StoreError> {
    if windows.iter().all(|window| window.halt.is_none()) {
        return Ok(());
    }
    let then = store.configuration_then(at).await?;
    let then = then.filter(|then| then.fingerprint != live.setup.config.fingerprint);
    let then = then.and_then(|then| config::calendar_then(&Sources::of_parts("", then.parts), at));
    let Some(then) = then else { return Ok(()) };
    for window in windows.iter_mut().filter(|window| window.halt.is_some()) {
        if let Some(known) = then.window(&window.id) {
            window.halt = known.halt;
        }
    }
    Ok(())
}

/// What of what the feeds said counts under a configuration.
pub(super) fn counting(live: &Live, mut status: StatusBook) -> StatusBook {
    let on = |feed: &FeedId| {
        let spec = live.setup.config.feeds.iter().find(|spec| spec.id == *feed);
        spec.is_some_and(|spec| spec.enabled || status.retired_at(feed).is_some())
    };
    let gone: Vec<FeedId> = status.feeds().filter(|feed| !on(feed)).cloned().collect();
    status.only(|feed| !gone.contains(feed));
    status
}

/// Notes every edition of windows that have opened, as read now: from then on it is known.
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
