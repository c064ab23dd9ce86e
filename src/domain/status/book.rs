//! What is known, window by window, as far as somebody asks. Pure.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use jiff::{SignedDuration, Timestamp};

use super::{Belief, Entry, Observation, State};
use crate::domain::id::{FeedId, MunicipalityCode, SnapshotId, WindowId};

/// All that the feeds said, by window and municipality.
#[derive(Debug, Clone, Default)]
pub struct StatusBook {
    windows: HashMap<WindowId, Shelf>,
    fetched: HashMap<FeedId, Timestamp>,
}

/// What is known of a window, read once somebody asks: most windows are long over and nobody asks.
#[derive(Debug, Clone, Default)]
struct Shelf {
    unread: Vec<Unread>,
    read: OnceLock<Entries>,
}

/// What is known of a window, by municipality.
type Entries = HashMap<MunicipalityCode, Vec<Entry>>;

/// What is known of a window from one feed, where it is kept.
#[derive(Clone)]
struct Unread(Arc<dyn Fn() -> Vec<(MunicipalityCode, Entry)> + Send + Sync>);

impl fmt::Debug for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unread")
    }
}

impl Shelf {
    fn entries(&self) -> &Entries {
        self.read.get_or_init(|| {
            let mut all = Entries::new();
            for (municipality, entry) in self.unread.iter().flat_map(|Unread(read)| read()) {
                all.entry(municipality).or_default().push(entry);
            }
            if self.unread.len() > 1 {
                for entries in all.values_mut() {
                    entries.sort_by(|a, b| (&a.part, &a.unit, &a.feed).cmp(&(&b.part, &b.unit, &b.feed)));
                }
            }
            all
        })
    }

    /// Every entry, to be changed; what is kept elsewhere no longer counts.
    fn entries_mut(&mut self) -> Option<&mut Entries> {
        self.entries();
        self.unread.clear();
        self.read.get_mut()
    }
}

impl StatusBook {
    /// Notes a successful fetch of a feed, also one that found nothing new (HTTP 304).
    pub fn fetched(&mut self, feed: &FeedId, at: Timestamp) {
        let last = self.fetched.entry(feed.clone()).or_insert(at);
        *last = (*last).max(at);
    }

    /// When a feed was last fetched with success.
    #[must_use]
    pub fn last_fetch(&self, feed: &FeedId) -> Option<Timestamp> {
        self.fetched.get(feed).copied()
    }

    /// Takes in what a judged snapshot says of one part, in order of snapshots. Data older than what is known of the
    /// same key from the same feed changes nothing.
    pub fn absorb(
        &mut self,
        observation: Observation,
        feed: &FeedId,
        snapshot: &SnapshotId,
        taken_at: Timestamp,
        belief: Belief,
    ) {
        let of_window = self.windows.entry(observation.window).or_default();
        let reopened = observation.reopened;
        let fresh = Entry {
            part: observation.part,
            unit: observation.unit,
            state: observation.state,
            dated: observation.dated,
            taken_at,
            feed: feed.clone(),
            snapshot: snapshot.clone(),
            reverting_since: None,
            wording: observation.wording,
        };
        let Some(entries) = of_window.entries_mut() else { return };
        let entries = entries.entry(observation.municipality).or_default();
        let same = |e: &&mut Entry| e.part == fresh.part && e.unit == fresh.unit && e.feed == fresh.feed;
        match entries.iter_mut().find(same) {
            None => entries.push(fresh),
            Some(known) => known.replace(fresh, reopened, belief),
        }
    }

    /// Puts back what was kept of a window from one feed: `read` gives it when somebody asks.
    pub fn restore(
        &mut self,
        window: WindowId,
        read: impl Fn() -> Vec<(MunicipalityCode, Entry)> + Send + Sync + 'static,
    ) {
        self.windows.entry(window).or_default().unread.push(Unread(Arc::new(read)));
    }

    /// The same, as if every feed went on saying what it says: a *pendente* that is too old at `now` is in doubt and
    /// stays so. For looking ahead, with a validity that no longer ends.
    #[must_use]
    pub fn going_on(&self, now: Timestamp, validity: impl Fn(&WindowId) -> Option<SignedDuration>) -> Self {
        let mut ahead = self.clone();
        for (id, shelf) in &mut ahead.windows {
            let Some(validity) = validity(id) else { continue };
            let known = self.window(id);
            for entry in shelf.entries_mut().into_iter().flat_map(HashMap::values_mut).flatten() {
                let stale_at = known.ages_from(entry).saturating_add(validity);
                if entry.state == State::Pending && stale_at.is_ok_and(|at| at <= now) {
                    entry.state = State::Unconfirmed;
                }
            }
        }
        ahead
    }

    /// What is known of a window.
    #[must_use]
    pub fn window(&self, window: &WindowId) -> WindowStatus<'_> {
        WindowStatus { entries: self.windows.get(window).map(Shelf::entries), book: self }
    }
}

/// What is known of one window.
#[derive(Debug, Clone, Copy)]
pub struct WindowStatus<'a> {
    entries: Option<&'a Entries>,
    book: &'a StatusBook,
}

impl<'a> WindowStatus<'a> {
    /// What is known of one municipality in it.
    #[must_use]
    pub fn of(&self, municipality: MunicipalityCode) -> &'a [Entry] {
        self.entries.and_then(|e| e.get(&municipality)).map_or(&[], Vec::as_slice)
    }

    /// Everything, by municipality.
    pub fn all(&self) -> impl Iterator<Item = (MunicipalityCode, &'a [Entry])> {
        self.entries.into_iter().flatten().map(|(code, entries)| (*code, entries.as_slice()))
    }

    /// From when an entry's age counts: the data's own date, else the last successful fetch of its feed.
    #[must_use]
    pub fn ages_from(&self, entry: &Entry) -> Timestamp {
        entry.dated.unwrap_or_else(|| {
            self.book.last_fetch(&entry.feed).unwrap_or(entry.taken_at).max(entry.taken_at)
        })
    }
}
