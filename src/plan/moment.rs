//! `now`, asked only whether an instant has been reached. Pure.
//!
//! Architecture invariant: no rule of the plan compares `now` in any other way. Each question that is answered "not
//! yet" leaves its instant behind, and the earliest of them is the next wake: between now and then no answer can
//! change. That is how `next_wake` misses nothing.

use std::cell::Cell;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::domain::time::SendingHours;

/// One pass's view of time.
pub(super) struct Moment<'a> {
    now: Timestamp,
    hours: &'a SendingHours,
    wake: Cell<Option<Timestamp>>,
}

impl<'a> Moment<'a> {
    pub(super) fn new(now: Timestamp, hours: &'a SendingHours) -> Self {
        Self { now, hours, wake: Cell::new(None) }
    }

    /// Whether `instant` is now or past.
    pub(super) fn reached(&self, instant: Timestamp) -> bool {
        if instant <= self.now {
            return true;
        }
        let earlier = self.wake.get().is_none_or(|wake| instant < wake);
        if earlier && instant < Timestamp::MAX {
            self.wake.set(Some(instant));
        }
        false
    }

    /// Whether letters may leave now.
    pub(super) fn is_sending(&self) -> bool {
        match self.hours.sending_until(self.now) {
            Some(until) => !self.reached(until),
            None => self.reached(self.hours.next_sending(self.now)),
        }
    }

    /// The civil day of now; the answer changes at midnight.
    pub(super) fn today(&self) -> Date {
        let today = self.hours.zone.date_of(self.now);
        self.reached(self.hours.zone.end_of(today));
        today
    }

    /// Whether the civil day has begun.
    pub(super) fn day_begun(&self, day: Date) -> bool {
        self.reached(self.hours.zone.start_of(day))
    }

    /// Whether the civil day is over.
    pub(super) fn day_over(&self, day: Date) -> bool {
        self.reached(self.hours.zone.end_of(day))
    }

    /// Asks, and gives the earliest instant that was asked for and not reached with the answer: until it comes, the answer
    /// stands.
    pub(super) fn asking<T>(&self, ask: impl FnOnce() -> T) -> (T, Option<Timestamp>) {
        let before = self.wake.take();
        let answer = ask();
        let wake = self.wake.get();
        self.wake.set([before, wake].into_iter().flatten().min());
        (answer, wake)
    }

    /// Now, as a fact to record; never to compare.
    pub(super) fn stamp(&self) -> Timestamp {
        self.now
    }

    /// The earliest instant that was asked for and not reached.
    pub(super) fn next_wake(&self) -> Option<Timestamp> {
        self.wake.get()
    }
}
