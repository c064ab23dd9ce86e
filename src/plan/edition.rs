//! Which edition of a deadline rules in a municipality, and whether the window is stopped there. Pure.

use jiff::Timestamp;

use super::moment::Moment;
use crate::domain::calendar::{Deadline, Edition, Halt, Window};
use crate::domain::id::MunicipalityCode;
use crate::domain::notice::{Slot, Told};
use crate::domain::overrides::{BatchId, Overrides};
use crate::domain::time::Zone;
use crate::plan::ledger::{Ledger, NoticeRecord};

/// Where a municipality stands in the list of editions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Track {
    /// The edition that rules.
    pub(super) edition: u16,
    pub(super) deadline: Option<Deadline>,
    /// The instant at which that deadline passes.
    pub(super) ends_at: Option<Timestamp>,
    /// When that edition became known here.
    pub(super) known_at: Timestamp,
    /// An edition with an earlier deadline that waits for release, or that passed before somebody released it. An edition
    /// after it ends that, or the end of the window.
    pub(super) awaiting: Option<u16>,
    /// The deadline of that edition, once it passed: releasing it changes nothing any more.
    pub(super) lapsed: Option<Deadline>,
    /// Whether the window is stopped now.
    pub(super) halt: HaltState,
}

/// Whether a window is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HaltState {
    /// It never was, as far as is known now.
    Never,
    Halted {
        since: Timestamp,
        /// How and by which date.
        halt: Halt,
    },
    Ended {
        /// Since when it goes on.
        at: Timestamp,
    },
}

/// The deadline that a municipality was told last, and when.
pub(super) fn last_told(records: &[NoticeRecord]) -> Option<(Told, Timestamp)> {
    let told = records.iter().filter_map(|record| Some((record.told?, record.standing.sent_at()?)));
    told.max_by_key(|(_, at)| *at)
}

/// Which deadline was told last, as the resolution of editions asks for it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Heard {
    /// To the municipality itself; absent: none, or nobody asked since no edition is earlier than another.
    pub(super) own: Option<Told>,
    /// The latest to anybody whom no edition names.
    pub(super) others: Option<Told>,
}

/// What the resolution of editions needs to know.
pub(super) struct Editions<'a> {
    pub(super) moment: &'a Moment<'a>,
    pub(super) zone: &'a Zone,
    pub(super) ledger: &'a Ledger,
    pub(super) overrides: &'a Overrides,
}

impl Editions<'_> {
    /// The track of the municipalities that no edition names (`None`), or of one that some edition names.
    /// `heard`: the deadline that they were told last. An edition earlier than it waits for release, and is never
    /// released once its deadline passed: nobody is late by a date of which they could not hear. Whoever was never told
    /// a later date does not wait, and while they were told nothing at all they are not late by it either: where it
    /// passed and the others wait, they close with them.
    pub(super) fn track(
        &self,
        window: &Window,
        municipality: Option<MunicipalityCode>,
        heard: Heard,
    ) -> Track {
        let applies = |edition: &Edition| {
            edition.municipalities.is_empty()
                || municipality.is_some_and(|m| edition.municipalities.contains(&m))
        };
        let mut track = Track {
            edition: 1,
            deadline: window.edition(1).and_then(|e| e.deadline),
            ends_at: None,
            known_at: self.zone.start_of(window.opens_on),
            awaiting: None,
            lapsed: None,
            halt: HaltState::Never,
        };
        let mut special = false;
        for edition in window.editions.iter().skip(1).filter(|e| applies(e)) {
            let known_at = self.known_at(window, edition);
            if !self.moment.reached(known_at) {
                continue;
            }
            let general = edition.municipalities.is_empty();
            if edition.deadline == track.deadline && !self.ends_halt(window, edition, applies) {
                // It moves nothing, and starts no ladder over; what waited for an earlier date is over.
                special |= !general;
                (track.awaiting, track.lapsed) = (None, None);
                continue;
            }
            let is_before = |told: Option<Told>| matches!((edition.deadline, told), (Some(new), Some(Told::Date(told))) if new < told);
            let passed = |deadline: Deadline| self.moment.reached(deadline.instant(self.zone));
            let earlier = match heard.own {
                Some(_) => is_before(heard.own),
                None => general && is_before(heard.others) && edition.deadline.is_some_and(passed),
            };
            let no_later = matches!((edition.deadline, track.deadline), (Some(new), Some(old)) if new <= old);
            if no_later && general && special {
                // A general edition does not shorten a municipality's own date, nor start its ladder over.
                continue;
            }
            let batch = BatchId::of_slot(&window.id, Slot::Extension { edition: edition.number });
            let too_late = |at: &Timestamp| edition.deadline.is_some_and(|d| *at >= d.instant(self.zone));
            let released = self.overrides.released_at(&batch, edition.deadline.map(|d| d.on));
            if earlier && released.as_ref().is_none_or(too_late) {
                track.awaiting = Some(edition.number);
                track.lapsed = edition.deadline.filter(|d| passed(*d));
                continue;
            }
            track.edition = edition.number;
            track.deadline = edition.deadline;
            track.known_at = known_at;
            track.awaiting = None;
            track.lapsed = None;
            special = !general;
        }
        track.ends_at = track.deadline.map(|d| d.instant(self.zone));
        track.halt = self.halt(window, applies);
        track
    }

    /// From when an edition after the first is known: the later of 00:00 of its announcement and its first reading.
    pub(super) fn known_at(&self, window: &Window, edition: &Edition) -> Timestamp {
        let announced = edition.announced_on.map_or(Timestamp::MIN, |day| self.zone.start_of(day));
        if self.ledger.read_at.is_empty() {
            return announced;
        }
        let read = self.ledger.read_at.get(&(window.id.clone(), edition.number));
        read.map_or(announced, |read| announced.max(*read))
    }

    fn halt(&self, window: &Window, applies: impl Fn(&Edition) -> bool) -> HaltState {
        let Some(halt) = window.halt else { return HaltState::Never };
        let since = halt.since.map_or(Timestamp::MIN, |day| self.zone.start_of(day));
        if !self.moment.reached(since) {
            return HaltState::Never;
        }
        match self.halt_end(window, halt, applies).filter(|end| self.moment.reached(*end)) {
            Some(at) => HaltState::Ended { at },
            None => HaltState::Halted { since, halt },
        }
    }

    /// When a halt ends: by its date, or by an edition announced later than it.
    fn halt_end(&self, window: &Window, halt: Halt, applies: impl Fn(&Edition) -> bool) -> Option<Timestamp> {
        let by_date = halt.until.map(|day| self.zone.start_of(day));
        let by_edition = window
            .editions
            .iter()
            .filter(|e| applies(e) && halt.is_ended_by(e))
            .map(|e| self.known_at(window, e))
            .min();
        [by_date, by_edition].into_iter().flatten().min()
    }

    /// Whether it is this edition that ends the window's halt.
    fn ends_halt(&self, window: &Window, edition: &Edition, applies: impl Fn(&Edition) -> bool) -> bool {
        window
            .halt
            .filter(|halt| halt.is_ended_by(edition))
            .is_some_and(|halt| self.halt_end(window, halt, applies) == Some(self.known_at(window, edition)))
    }

    /// Whether the window was stopped when this deadline passed: then nothing follows from its passing.
    pub(super) fn halted_at(
        &self,
        window: &Window,
        municipality: Option<MunicipalityCode>,
        at: Timestamp,
    ) -> bool {
        let applies = |edition: &Edition| {
            edition.municipalities.is_empty()
                || municipality.is_some_and(|m| edition.municipalities.contains(&m))
        };
        let Some(halt) = window.halt else { return false };
        let since = halt.since.map_or(Timestamp::MIN, |day| self.zone.start_of(day));
        since <= at && self.halt_end(window, halt, applies).is_none_or(|end| end > at)
    }
}
