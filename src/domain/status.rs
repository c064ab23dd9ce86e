//! Who has filled in, as far as the data says. Pure.
//!
//! Only *pendente* ages: a *concluído* stands for its window. A *pendente* that follows a *concluído* is believed after
//! two snapshots at least twelve hours apart, or an explicit reopening (DESIGN §6).

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use jiff::{SignedDuration, Timestamp};

use super::id::{FeedId, MunicipalityCode, PartId, SnapshotId, UnitId, WindowId};
use super::page::{Line, Mark, Origin, Page, PageWriter};

/// Situação.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Filled in and concluded.
    Done,
    /// Known not to be.
    Pending,
    /// Does not apply.
    NotApplicable,
    /// Nobody knows.
    Unconfirmed,
}

impl State {
    /// The word in files: `concluido`, `pendente`, `nao_se_aplica`, `nao_confirmado`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "concluido",
            Self::Pending => "pendente",
            Self::NotApplicable => "nao_se_aplica",
            Self::Unconfirmed => "nao_confirmado",
        }
    }

    /// Reads the word in files.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Done, Self::Pending, Self::NotApplicable, Self::Unconfirmed]
            .into_iter()
            .find(|s| s.as_str() == text)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Done => "concluído",
            Self::Pending => "pendente",
            Self::NotApplicable => "não se aplica",
            Self::Unconfirmed => "não confirmado",
        })
    }
}

/// One thing that a snapshot says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// Window.
    pub window: WindowId,
    /// Municipality.
    pub municipality: MunicipalityCode,
    /// Part.
    pub part: PartId,
    /// Unit; absent: the part as a whole.
    pub unit: Option<UnitId>,
    /// What it says.
    pub state: State,
    /// The data's own date, when it has one.
    pub dated: Option<Timestamp>,
    /// Whether the source says outright that a concluded form was reopened.
    pub reopened: bool,
    /// The source's own words, when they should be shown.
    pub wording: Option<Arc<str>>,
}

/// What is known of one part (or unit) from one feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Part.
    pub part: PartId,
    /// Unit; absent: the part as a whole.
    pub unit: Option<UnitId>,
    /// What the feed last said.
    pub state: State,
    /// The data's own date, when it has one.
    pub dated: Option<Timestamp>,
    /// When the snapshot was taken.
    pub taken_at: Timestamp,
    /// Which feed.
    pub feed: FeedId,
    /// Which snapshot.
    pub snapshot: SnapshotId,
    /// Since when a concluded form is reported as pending by snapshots too close together to be believed.
    pub reverting_since: Option<Timestamp>,
    /// The source's own words, when they should be shown.
    pub wording: Option<Arc<str>>,
}

/// A *pendente* after a *concluído* is believed when repeated this much later.
pub const REVERSAL_CONFIRMED_AFTER: SignedDuration = SignedDuration::from_hours(12);

/// Which rules a snapshot is taken in by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Belief {
    /// As in service: a reversal must be confirmed.
    Cautious,
    /// As in a rehearsal, whose file is the truth.
    Literal,
}

/// All that the feeds said, by window and municipality.
#[derive(Debug, Clone, Default)]
pub struct StatusBook {
    windows: HashMap<WindowId, Shelf>,
    fetched: HashMap<FeedId, Timestamp>,
}

/// What is known of a window: as it is kept, and spread out once somebody asks. Most windows are long over and nobody
/// asks.
#[derive(Debug, Clone, Default)]
struct Shelf {
    kept: Vec<(FeedId, Page)>,
    spread: OnceLock<HashMap<MunicipalityCode, Vec<Entry>>>,
}

impl Shelf {
    fn entries(&self) -> &HashMap<MunicipalityCode, Vec<Entry>> {
        self.spread.get_or_init(|| self.spread_out())
    }

    fn spread_out(&self) -> HashMap<MunicipalityCode, Vec<Entry>> {
        let mut all: HashMap<MunicipalityCode, Vec<Entry>> = HashMap::new();
        for (feed, page) in &self.kept {
            for line in page.lines() {
                let municipality = line.municipality;
                all.entry(municipality).or_default().extend(Entry::of_line(line, feed));
            }
        }
        if self.kept.len() > 1 {
            for entries in all.values_mut() {
                entries.sort_by(|a, b| (&a.part, &a.unit, &a.feed).cmp(&(&b.part, &b.unit, &b.feed)));
            }
        }
        all
    }

    fn change(&mut self, municipality: MunicipalityCode, change: impl FnOnce(&mut Vec<Entry>)) {
        let mut entries = self.take();
        change(entries.entry(municipality).or_default());
        self.spread = OnceLock::from(entries);
    }

    fn change_all(&mut self, change: impl FnMut(&mut Entry)) {
        let mut entries = self.take();
        entries.values_mut().flatten().for_each(change);
        self.spread = OnceLock::from(entries);
    }

    /// Every entry, spread out; what was kept no longer counts.
    fn take(&mut self) -> HashMap<MunicipalityCode, Vec<Entry>> {
        let entries = self.spread.take().unwrap_or_else(|| self.spread_out());
        self.kept.clear();
        entries
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
        of_window.change(observation.municipality, |entries| {
            let same = |e: &&mut Entry| e.part == fresh.part && e.unit == fresh.unit && e.feed == fresh.feed;
            match entries.iter_mut().find(same) {
                None => entries.push(fresh),
                Some(known) => known.replace(fresh, reopened, belief),
            }
        });
    }

    /// Puts back what was kept of a window from one feed.
    pub fn restore(&mut self, feed: FeedId, page: Page) {
        let of_window = self.windows.entry(page.window().clone()).or_default();
        of_window.kept.push((feed, page));
    }

    /// What is known of a window from one feed, to be kept.
    #[must_use]
    pub fn page(&self, window: &WindowId, feed: &FeedId) -> Page {
        let mut scribe = PageWriter::default();
        if let Some(shelf) = self.windows.get(window) {
            let mut own: Vec<(MunicipalityCode, &Entry)> = shelf
                .entries()
                .iter()
                .flat_map(|(code, entries)| entries.iter().map(|e| (*code, e)))
                .filter(|(_, e)| e.feed == *feed)
                .collect();
            own.sort_by(|(a, x), (b, y)| (a, &x.part, &x.unit).cmp(&(b, &y.part, &y.unit)));
            for (municipality, entry) in own {
                scribe.write(&entry.line(municipality));
            }
        }
        scribe.finish(window.clone())
    }

    /// The same, as if every feed went on saying what it says: a *pendente* that is too old at `now` is in doubt and
    /// stays so. For looking ahead, with a validity that no longer ends.
    #[must_use]
    pub fn going_on(&self, now: Timestamp, validity: impl Fn(&WindowId) -> Option<SignedDuration>) -> Self {
        let mut ahead = self.clone();
        for (id, shelf) in &mut ahead.windows {
            let Some(validity) = validity(id) else { continue };
            let known = self.window(id);
            shelf.change_all(|entry| {
                let stale_at = known.ages_from(entry).saturating_add(validity);
                if entry.state == State::Pending && stale_at.is_ok_and(|at| at <= now) {
                    entry.state = State::Unconfirmed;
                }
            });
        }
        ahead
    }

    /// What is known of a window.
    #[must_use]
    pub fn window(&self, window: &WindowId) -> WindowStatus<'_> {
        WindowStatus { entries: self.windows.get(window).map(Shelf::entries), book: self }
    }
}

impl Entry {
    /// What a page of a feed says; nothing for a line that does not name its snapshot.
    #[must_use]
    pub fn of_line(line: Line, feed: &FeedId) -> Option<Self> {
        let origin = line.origin?;
        Some(Self {
            part: line.part,
            unit: line.unit,
            state: line.state,
            dated: line.dated,
            taken_at: origin.taken_at,
            feed: feed.clone(),
            snapshot: origin.snapshot,
            reverting_since: match line.mark {
                Mark::RevertingSince(since) => Some(since),
                Mark::None | Mark::Reopened => None,
            },
            wording: line.wording,
        })
    }

    /// As a line of a page.
    fn line(&self, municipality: MunicipalityCode) -> Line {
        Line {
            municipality,
            part: self.part.clone(),
            unit: self.unit.clone(),
            state: self.state,
            dated: self.dated,
            mark: self.reverting_since.map_or(Mark::None, Mark::RevertingSince),
            wording: self.wording.clone(),
            origin: Some(Origin { snapshot: self.snapshot.clone(), taken_at: self.taken_at }),
        }
    }

    /// Takes in newer data of the same key, by the rules of the snapshot.
    pub fn replace(&mut self, fresh: Self, reopened: bool, belief: Belief) {
        if fresh.as_of() < self.as_of() {
            return;
        }
        let was_done = self.state == State::Done || self.reverting_since.is_some();
        if belief == Belief::Cautious && was_done && fresh.state == State::Unconfirmed {
            // A concluído stands for its window; that somebody no longer knows does not undo it.
            return;
        }
        let reverts = fresh.state == State::Pending && was_done;
        let reverting_since = match belief {
            Belief::Cautious if reverts && !reopened => {
                let since = self.reverting_since.unwrap_or(fresh.taken_at);
                (fresh.taken_at.duration_since(since) < REVERSAL_CONFIRMED_AFTER).then_some(since)
            }
            Belief::Cautious | Belief::Literal => None,
        };
        *self = Self { reverting_since, ..fresh };
    }
}

impl Entry {
    /// As of when the data speaks: its own date, else when it was taken.
    #[must_use]
    pub fn as_of(&self) -> Timestamp {
        self.dated.unwrap_or(self.taken_at)
    }
}

/// What is known of one window.
#[derive(Debug, Clone, Copy)]
pub struct WindowStatus<'a> {
    entries: Option<&'a HashMap<MunicipalityCode, Vec<Entry>>>,
    book: &'a StatusBook,
}

impl<'a> WindowStatus<'a> {
    /// What is known of one municipality in it.
    #[must_use]
    pub fn of(&self, municipality: MunicipalityCode) -> &'a [Entry] {
        self.entries.and_then(|e| e.get(&municipality)).map_or(&[], Vec::as_slice)
    }

    /// From when an entry's age counts: the data's own date, else the last successful fetch of its feed.
    #[must_use]
    pub fn ages_from(&self, entry: &Entry) -> Timestamp {
        entry.dated.unwrap_or_else(|| {
            self.book.last_fetch(&entry.feed).unwrap_or(entry.taken_at).max(entry.taken_at)
        })
    }
}

/// Why a part is *não confirmado*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Doubt {
    /// No data says anything of it.
    Unseen,
    /// It was *pendente* as of an instant that is too long ago.
    Stale {
        /// As of when the data speaks.
        as_of: Timestamp,
    },
    /// The source itself says so, or its words mean nothing.
    Declared,
    /// The municipality disputes it.
    Disputed,
    /// It was *concluído* and is now reported as *pendente*, not yet confirmed.
    Reverting,
    /// Two feeds say opposite things.
    Contradicted,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed(state: State) -> Observation {
        Observation {
            window: WindowId::parse("rma/2026-10").unwrap(),
            municipality: MunicipalityCode::parse("3205309").unwrap(),
            part: PartId::parse("CRAS").unwrap(),
            unit: None,
            state,
            dated: None,
            reopened: false,
            wording: None,
        }
    }

    fn after(hours: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours)
    }

    fn told(book: &mut StatusBook, state: State, hours: i64, belief: Belief) -> Entry {
        let feed = FeedId::parse("f").unwrap();
        let snapshot = SnapshotId::parse(&format!("s{hours}")).unwrap();
        book.absorb(observed(state), &feed, &snapshot, after(hours), belief);
        book.window(&WindowId::parse("rma/2026-10").unwrap()).of(MunicipalityCode::parse("3205309").unwrap())
            [0]
        .clone()
    }

    #[test]
    fn a_reversal_is_believed_after_two_snapshots_twelve_hours_apart() {
        let mut book = StatusBook::default();
        told(&mut book, State::Done, 0, Belief::Cautious);
        assert_eq!(told(&mut book, State::Pending, 1, Belief::Cautious).reverting_since, Some(after(1)));
        assert_eq!(told(&mut book, State::Pending, 12, Belief::Cautious).reverting_since, Some(after(1)));
        assert_eq!(told(&mut book, State::Pending, 13, Belief::Cautious).reverting_since, None);
    }

    #[test]
    fn a_reversal_taken_back_starts_anew() {
        let mut book = StatusBook::default();
        told(&mut book, State::Done, 0, Belief::Cautious);
        told(&mut book, State::Pending, 1, Belief::Cautious);
        told(&mut book, State::Done, 2, Belief::Cautious);
        assert_eq!(told(&mut book, State::Pending, 14, Belief::Cautious).reverting_since, Some(after(14)));
    }

    #[test]
    fn a_doubt_in_between_does_not_undo_a_concluded_form() {
        let mut book = StatusBook::default();
        told(&mut book, State::Done, 0, Belief::Cautious);
        assert_eq!(told(&mut book, State::Unconfirmed, 1, Belief::Cautious).state, State::Done);
        assert_eq!(told(&mut book, State::Pending, 2, Belief::Cautious).reverting_since, Some(after(2)));
        assert_eq!(told(&mut book, State::Unconfirmed, 3, Belief::Literal).state, State::Unconfirmed);
    }

    #[test]
    fn a_rehearsal_believes_its_file() {
        let mut book = StatusBook::default();
        told(&mut book, State::Done, 0, Belief::Literal);
        assert_eq!(told(&mut book, State::Pending, 1, Belief::Literal).reverting_since, None);
    }

    #[test]
    fn older_data_changes_nothing() {
        let mut book = StatusBook::default();
        told(&mut book, State::Done, 5, Belief::Cautious);
        assert_eq!(told(&mut book, State::Pending, 4, Belief::Cautious).state, State::Done);
    }
}
