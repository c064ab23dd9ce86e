//! Where windows stand: the one summary that every report, page and command is drawn from, now or as it was known then.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::known::{self, Known};
use super::live::Live;
use crate::config::Mode;
use crate::domain::calendar::{Calendar, Window};
use crate::domain::id::{FeedId, Reference, WindowId};
use crate::domain::time::{Zone, hours_after};
use crate::plan::account::{View, summarise};
use crate::plan::curve::{Curves, curve};
use crate::plan::history::{self, HistoryLine};
use crate::plan::post::Post;
use crate::plan::summary::WindowSummary;
use crate::plan::{self, Plan};
use crate::store::{Store, StoreError};

/// The instant that is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    Now(Timestamp),
    /// An earlier instant, with what was known then (`--em`).
    Then(Timestamp),
}

impl AsOf {
    /// The instant itself.
    pub fn at(self) -> Timestamp {
        match self {
            Self::Now(at) | Self::Then(at) => at,
        }
    }

    /// Whether something that the ledger tells of `at` was known by it.
    pub fn knows(self, at: Timestamp) -> bool {
        match self {
            Self::Now(_) => true,
            Self::Then(then) => at <= then,
        }
    }
}

/// Everything known at an instant, its plan, and what became of the letters of the windows worth reporting on.
pub struct Overview {
    pub known: Known,
    pub plan: Plan,
    pub post: Post,
    /// Where each window stands, by id.
    pub windows: Vec<WindowSummary>,
    pub as_of: AsOf,
}

impl Overview {
    /// Looks at the windows named, or at those worth reporting on.
    pub async fn load(
        live: Arc<Live>,
        store: Option<&Store>,
        only: Option<&[WindowId]>,
        as_of: AsOf,
    ) -> Result<Self, StoreError> {
        let read = read(live, store, only.unwrap_or_default(), as_of).await?;
        Self::of(read, store, only, as_of).await
    }

    /// Looks at the windows worth reporting on, with some others read as well.
    pub async fn with(
        live: Arc<Live>,
        store: Option<&Store>,
        also: &[WindowId],
        as_of: AsOf,
    ) -> Result<Self, StoreError> {
        Self::of(read(live, store, also, as_of).await?, store, None, as_of).await
    }

    /// The same of what is loaded and planned already.
    pub async fn of(
        (known, plan): (Known, Plan),
        store: Option<&Store>,
        only: Option<&[WindowId]>,
        as_of: AsOf,
    ) -> Result<Self, StoreError> {
        let windows = only.map_or_else(|| reported_windows(&known, as_of.at()), <[WindowId]>::to_vec);
        let post = post(&known.live, store, &windows, as_of).await?;
        let world = known.world();
        let view = View { world: &world, plan: &plan, post: &post, now: as_of.at() };
        let windows = windows.iter().filter_map(|window| summarise(view, window)).collect();
        Ok(Self { known, plan, post, windows, as_of })
    }

    /// The calendar that it is looked at with.
    pub fn calendar(&self) -> &Calendar {
        &self.known.live.calendar
    }

    /// Where a window stands, whether or not it is among those looked at; none for one that is too far off. What became
    /// of the letters of another is the ledger's own word.
    pub fn summary(&self, window: &WindowId) -> Option<Cow<'_, WindowSummary>> {
        let ready = self.windows.iter().find(|summary| summary.window == *window);
        let world = self.known.world();
        let view = View { world: &world, plan: &self.plan, post: &self.post, now: self.as_of.at() };
        ready.map(Cow::Borrowed).or_else(|| summarise(view, window).map(Cow::Owned))
    }

    /// How punctual everybody was over the last references: of those that closed, so many of each system are read.
    pub async fn history(&self, store: Option<&Store>) -> Result<Vec<HistoryLine>, StoreError> {
        let Some(store) = store else { return Ok(Vec::new()) };
        let (live, at) = (self.known.live.clone(), self.as_of.at());
        let closed = store.closed_windows(at).await?;
        let mut windows = known::windows(&live.calendar, at);
        windows.retain(|window| closed.contains(&window.id));
        let named = history::last_references(windows.iter()).map(|window| window.id.clone()).collect();
        let is_past = matches!(self.as_of, AsOf::Then(_));
        let known = Known::filled_in(live, store, &named, (at, is_past)).await?;
        Ok(history::history(&known.world(), at))
    }

    /// How each window filled, with the year before behind it.
    pub async fn curves(&self, store: Option<&Store>) -> Result<BTreeMap<WindowId, Curves>, StoreError> {
        let mut all = BTreeMap::new();
        let off = |feed: &FeedId| self.known.status.retired_at(feed);
        let (Some(store), calendar) = (store, &self.known.live.calendar) else { return Ok(all) };
        for summary in &self.windows {
            let Some(window) = calendar.window(&summary.window) else { continue };
            let zone = &calendar.hours.zone;
            let tallies = store.fill_in(&window.id, self.as_of.at()).await?;
            let mut curves = Curves { this: curve(window.opens_on, &tallies, off, zone), last_year: None };
            if let Some(before) = a_year_before(&window, calendar) {
                let tallies = store.fill_in(&before.id, self.as_of.at()).await?;
                curves.last_year = Some(curve(before.opens_on, &tallies, off, zone))
                    .filter(|curve| !curve.points.is_empty());
            }
            all.insert(window.id, curves);
        }
        Ok(all)
    }
}

/// What became of the letters of some windows, as known at an instant.
pub async fn post(
    live: &Live,
    store: Option<&Store>,
    windows: &[WindowId],
    as_of: AsOf,
) -> Result<Post, StoreError> {
    let post = match (store, as_of) {
        (Some(store), AsOf::Now(at)) => store.post(windows, at).await?,
        (Some(store), AsOf::Then(at)) => store.post_as_known(windows, at).await?,
        (None, _) => Post::default(),
    };
    Ok(match live.setup.config.settings.mode {
        Mode::Rehearsal => post.rehearsed(),
        Mode::Production => post,
    })
}

/// The same window a year before, if the calendar has one.
fn a_year_before(window: &Window, calendar: &Calendar) -> Option<Window> {
    let reference = match window.reference {
        Reference::Year(year) => Reference::Year(year - 1),
        Reference::Month(year, month) => Reference::Month(year - 1, month),
        Reference::Quarter(year, quarter) => Reference::Quarter(year - 1, quarter),
    };
    calendar.window(&WindowId::new(&window.system, reference, window.name.as_deref()).ok()?)
}

/// Reads to report what is open, what closed not long ago, and some windows, and plans.
pub async fn read(
    live: Arc<Live>,
    store: Option<&Store>,
    also: &[WindowId],
    as_of: AsOf,
) -> Result<(Known, Plan), StoreError> {
    match (store, as_of) {
        (Some(store), AsOf::Now(at)) => {
            let named = reported(&live, also, at);
            Known::decide(live, store, named, at).await
        }
        (Some(store), AsOf::Then(at)) => then(live, store, also, at).await,
        (None, _) => {
            let known = Known::empty(live.setup.clone(), live.calendar.clone(), as_of.at());
            let plan = plan::plan(&known.world(), as_of.at());
            Ok((known, plan))
        }
    }
}

/// The windows that are read to report beside what is open: those that closed not long ago, and some others.
pub fn reported(live: &Live, also: &[WindowId], now: Timestamp) -> BTreeSet<WindowId> {
    let zone = &live.calendar.hours.zone;
    let lingers = |window: &Window| ends_at(window, zone).is_some_and(|at| at >= lingering_since(now));
    let all = known::windows(&live.calendar, now);
    all.into_iter().filter(lingers).map(|window| window.id).chain(also.iter().cloned()).collect()
}

/// The same as it was known at an earlier instant. Like a pass, a plan counts what falls due on one day over every window.
async fn then(
    live: Arc<Live>,
    store: &Store,
    also: &[WindowId],
    at: Timestamp,
) -> Result<(Known, Plan), StoreError> {
    let (named, since) = (also.iter().cloned().collect(), lingering_since(at));
    let known = Known::as_known(live.clone(), store, (since, &named), at).await?;
    let zone = &live.calendar.hours.zone;
    let plan = plan::plan(&known.world(), at);
    match plan.counted_from.map(|day| zone.start_of(day)) {
        Some(day) if day < since => {
            let known = Known::as_known(live, store, (day, &named), at).await?;
            let plan = plan::plan(&known.world(), at);
            Ok((known, plan))
        }
        Some(_) | None => Ok((known, plan)),
    }
}

/// A window that closed is reported on for so long.
fn lingering_since(now: Timestamp) -> Timestamp {
    hours_after(now, -24 * 45)
}

fn ends_at(window: &Window, zone: &Zone) -> Option<Timestamp> {
    window.latest_deadline().map(|deadline| deadline.instant(zone))
}

/// The windows worth reporting on: those open now, and those closed not long ago that this ledger has followed.
pub fn reported_windows(known: &Known, now: Timestamp) -> Vec<WindowId> {
    let zone = &known.live.calendar.hours.zone;
    let lingers = lingering_since(now);
    known
        .windows
        .iter()
        .filter(|window| zone.start_of(window.opens_on) <= now)
        .filter(|window| match ends_at(window, zone) {
            None => true,
            Some(at) => at > now || (at >= lingers && known.ledger.window(&window.id).is_some()),
        })
        .map(|window| window.id.clone())
        .collect()
}
