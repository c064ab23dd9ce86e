//! What is known, window by window, as far as somebody asks. Pure.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, OnceLock};

use jiff::{SignedDuration, Timestamp};

use super::{Belief, Load, Observation, State, StatusEntry};
use crate::domain::id::{FeedId, MunicipalityCode, SnapshotId, WindowId};

/// All that the feeds said, by window and municipality.
#[derive(Debug, Clone, Default)]
pub struct StatusBook {
    windows: HashMap<WindowId, Shelf>,
    fetched: HashMap<FeedId, (SnapshotId, Timestamp)>,
    /// What feeds said that are no longer: it counts only where a window had closed on it.
    retired: HashMap<WindowId, Shelf>,
    /// Feeds that are switched off, since when.
    off: HashMap<FeedId, Timestamp>,
}

/// What is known of a window, read once somebody asks: most windows are long over and nobody asks.
#[derive(Debug, Clone, Default)]
struct Shelf {
    unread: Vec<Unread>,
    read: OnceLock<Entries>,
}

/// What is known of a window, by municipality.
type Entries = HashMap<MunicipalityCode, Vec<StatusEntry>>;

/// What is known of a window from one feed, where it is kept.
#[derive(Clone)]
struct Unread(FeedId, Arc<dyn Fn() -> Vec<(MunicipalityCode, StatusEntry)> + Send + Sync>);

impl Unread {
    /// The same without what is not wanted of it.
    fn part(&self, wanted: impl Fn(&StatusEntry) -> bool + Send + Sync + 'static) -> Self {
        let read = self.1.clone();
        let part = move || read().into_iter().filter(|(_, entry)| wanted(entry)).collect();
        Self(self.0.clone(), Arc::new(part))
    }
}

impl fmt::Debug for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Unread").field(&self.0).finish_non_exhaustive()
    }
}

impl Shelf {
    fn entries(&self) -> &Entries {
        self.read.get_or_init(|| {
            let mut all = Entries::new();
            for Unread(_, read) in &self.unread {
                gather(&mut all, read());
            }
            if self.unread.len() > 1 {
                in_order(&mut all);
            }
            all
        })
    }

    /// The feeds that said something in it; one may come several times.
    fn feeds(&self) -> impl Iterator<Item = FeedId> + '_ {
        let unread = self.unread.iter().map(|unread| &unread.0);
        let read = self.read.get().into_iter().flat_map(HashMap::values).flatten().map(|entry| &entry.feed);
        unread.chain(read).cloned()
    }

    /// Every entry, to be changed; what is kept elsewhere no longer counts.
    fn entries_mut(&mut self) -> Option<&mut Entries> {
        self.entries();
        self.unread.clear();
        self.read.get_mut()
    }
}

/// Puts what one feed said, sorted by municipality, beside what others did. No list has room for more than is in it: they are
/// as many as municipalities.
fn gather(all: &mut Entries, known: Vec<(MunicipalityCode, StatusEntry)>) {
    let many: Vec<(MunicipalityCode, usize)> = known
        .chunk_by(|(one, _), (other, _)| one == other)
        .filter_map(|same| Some((same.first()?.0, same.len())))
        .collect();
    let mut entries = known.into_iter().map(|(_, entry)| entry);
    for (municipality, many) in many {
        let about = all.entry(municipality).or_default();
        about.reserve_exact(many);
        about.extend(entries.by_ref().take(many));
    }
}

/// What several feeds said, as it is shown.
fn in_order(all: &mut Entries) {
    for entries in all.values_mut() {
        entries.sort_by(|a, b| (&a.part, &a.unit, &a.feed).cmp(&(&b.part, &b.unit, &b.feed)));
    }
}

impl StatusBook {
    /// Notes when a feed was last fetched with success, and its last accepted load: a fetch that found nothing new
    /// (HTTP 304) says again what that one said, and nothing else.
    pub fn fetched(&mut self, feed: &FeedId, last: &SnapshotId, at: Timestamp) {
        self.fetched.insert(feed.clone(), (last.clone(), at));
    }

    /// When a feed was last fetched with success.
    pub fn last_fetch(&self, feed: &FeedId) -> Option<Timestamp> {
        self.fetched.get(feed).map(|(_, at)| *at)
    }

    /// Takes in what an accepted load says of one key. Loads come as they arrived. What its feed had said pends in that part
    /// before it was switched off is put aside for good: what took that back may be known no more.
    pub fn absorb(&mut self, said: &Observation, load: &Load, belief: Belief) {
        let Some(entries) = self.windows.entry(said.window.clone()).or_default().entries_mut() else {
            return;
        };
        let entries = entries.entry(said.municipality).or_default();
        if let Some(retired) = self.retired.get_mut(&said.window).and_then(Shelf::entries_mut) {
            let before = retired.get_mut(&said.municipality).into_iter();
            let gives_way =
                |e: &StatusEntry| e.state == State::Pending && e.part == said.part && e.feed == load.feed;
            before.for_each(|before| before.retain(|e| !gives_way(e)));
        }
        let same = |e: &StatusEntry| e.part == said.part && e.unit == said.unit && e.feed == load.feed;
        let place = entries.iter().position(same);
        let known = place.map(|at| entries.swap_remove(at));
        entries.push(StatusEntry::after(known, said.as_ref(), load, belief));
        if let Some(at) = place {
            // Where it was.
            let last = entries.len() - 1;
            entries.swap(at, last);
        }
    }

    /// Puts back what was kept of a window from one feed: `read` gives it when somebody asks.
    pub fn restore(
        &mut self,
        window: WindowId,
        feed: FeedId,
        read: impl Fn() -> Vec<(MunicipalityCode, StatusEntry)> + Send + Sync + 'static,
    ) {
        self.windows.entry(window).or_default().unread.push(Unread(feed, Arc::new(read)));
    }

    /// Puts what is known of a window from one feed, sorted by municipality, part and unit, beside what others said of it:
    /// what was kept of those is put back before.
    pub fn put(&mut self, window: WindowId, known: Vec<(MunicipalityCode, StatusEntry)>) {
        let Some(entries) = self.windows.entry(window).or_default().entries_mut() else { return };
        let is_first = entries.is_empty();
        gather(entries, known);
        if !is_first {
            in_order(entries);
        }
    }

    /// Puts aside what feeds said that are no longer: from then on it does not count, but where a window had closed on it.
    pub fn only(&mut self, counts: impl Fn(&FeedId) -> bool) {
        let gone: HashSet<FeedId> =
            self.windows.values().flat_map(Shelf::feeds).filter(|f| !counts(f)).collect();
        for feed in gone {
            self.retire(&feed, u64::MAX, None);
        }
        self.fetched.retain(|feed, _| counts(feed));
    }

    /// Puts aside what a feed said up to a load, when it was switched off; `since` is when, unless it is on again.
    pub fn retire(&mut self, feed: &FeedId, last: u64, since: Option<Timestamp>) {
        self.off.extend(since.map(|at| (feed.clone(), at)));
        for (window, shelf) in &mut self.windows {
            let Some(read) = shelf.read.get_mut() else {
                for unread in shelf.unread.iter_mut().filter(|unread| unread.0 == *feed) {
                    let retired = self.retired.entry(window.clone()).or_default();
                    retired.unread.push(unread.part(move |entry| entry.arrival <= last));
                    *unread = unread.part(move |entry| entry.arrival > last);
                }
                continue;
            };
            for (code, entries) in read {
                for entry in entries.extract_if(.., |entry| entry.feed == *feed && entry.arrival <= last) {
                    let retired = self.retired.entry(window.clone()).or_default();
                    let Some(retired) = retired.entries_mut() else { continue };
                    let retired = retired.entry(*code).or_default();
                    retired.retain(|known| !known.is_about(&entry));
                    retired.push(entry);
                }
            }
        }
    }

    /// Since when a feed is switched off; absent when it is not.
    pub fn retired_at(&self, feed: &FeedId) -> Option<Timestamp> {
        self.off.get(feed).copied()
    }

    /// The feeds that ever brought a load.
    pub fn feeds(&self) -> impl Iterator<Item = &FeedId> {
        self.fetched.keys()
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
                let fresh_until = known.fresh_until(entry, validity);
                if entry.state == State::Pending && fresh_until < now {
                    entry.state = State::Unconfirmed;
                }
            }
        }
        ahead
    }

    /// What is known of a window.
    pub fn window(&self, window: &WindowId) -> WindowStatus<'_> {
        let (now, retired) = (self.windows.get(window), self.retired.get(window));
        WindowStatus { entries: now.map(Shelf::entries), retired: retired.map(Shelf::entries), book: self }
    }
}

/// How fresh what a feed said is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Freshness {
    /// When a fetch later than its load last found that unchanged; absent: none did.
    pub confirmed_at: Option<Timestamp>,
    /// Until when a *pendente* is young enough, that instant included; absent for other states.
    pub until: Option<Timestamp>,
}

/// What is known of one window.
#[derive(Debug, Clone, Copy)]
pub struct WindowStatus<'a> {
    entries: Option<&'a Entries>,
    retired: Option<&'a Entries>,
    book: &'a StatusBook,
}

impl<'a> WindowStatus<'a> {
    /// What is known of one municipality in it.
    pub fn of(&self, municipality: MunicipalityCode) -> &'a [StatusEntry] {
        self.entries.and_then(|e| e.get(&municipality)).map_or(&[], Vec::as_slice)
    }

    /// What feeds had said of one municipality in it that are no longer.
    pub fn retired_of(&self, municipality: MunicipalityCode) -> &'a [StatusEntry] {
        self.retired.and_then(|e| e.get(&municipality)).map_or(&[], Vec::as_slice)
    }

    /// Everything, by municipality.
    pub fn all(&self) -> impl Iterator<Item = (MunicipalityCode, &'a [StatusEntry])> {
        self.entries.into_iter().flatten().map(|(code, entries)| (*code, entries.as_slice()))
    }

    /// Until when a *pendente* is young enough: that instant included. Its age counts from the load that it came in,
    /// or from a later fetch that found that load unchanged, but those lengthen it by one validity at most; the data's
    /// own date can only make it older.
    pub fn fresh_until(&self, entry: &StatusEntry, validity: SignedDuration) -> Timestamp {
        let after = |at: Timestamp| at.saturating_add(validity).unwrap_or(Timestamp::MAX);
        let from = self.confirmed_at(entry).map_or(entry.taken_at, |at| at.min(after(entry.taken_at)));
        after(entry.dated.map_or(from, |dated| dated.min(from)))
    }

    /// When a fetch later than its load last found that unchanged; absent: none did.
    fn confirmed_at(&self, entry: &StatusEntry) -> Option<Timestamp> {
        let (last, at) = self.book.fetched.get(&entry.feed)?;
        (*last == entry.snapshot && *at > entry.taken_at).then_some(*at)
    }

    /// How fresh an entry is, for whom it is told to. Only a *pendente* ages.
    pub fn freshness(&self, entry: &StatusEntry, validity: Option<SignedDuration>) -> Freshness {
        let ages = validity.filter(|_| entry.state == State::Pending);
        Freshness {
            confirmed_at: self.confirmed_at(entry),
            until: ages.map(|validity| self.fresh_until(entry, validity)),
        }
    }
}
