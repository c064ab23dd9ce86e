//! Which windows a row is about, and of which windows silence may be told. Pure.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::domain::calendar::Window;
use crate::domain::feed::{FeedSpec, ReferenceRule};
use crate::domain::id::{PartId, Reference, WindowId};
use crate::feed::text::excerpt;

use super::Ground;

/// The windows of a feed's system.
pub(super) struct Periods<'a> {
    windows: Vec<&'a Window>,
    by_reference: HashMap<Reference, Vec<&'a Window>>,
    rule: &'a ReferenceRule,
    shape: Shape,
    ground: &'a Ground<'a>,
}

/// What the references of a system look like; a date in a file becomes the finest of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Month,
    Quarter,
    Year,
}

impl<'a> Periods<'a> {
    pub(super) fn new(spec: &'a FeedSpec, ground: &'a Ground<'a>) -> Self {
        let windows: Vec<&Window> = ground.windows.iter().filter(|w| w.system == spec.system).collect();
        let mut by_reference: HashMap<Reference, Vec<&Window>> = HashMap::new();
        for window in &windows {
            by_reference.entry(window.reference).or_default().push(window);
        }
        let any = |is: fn(&Reference) -> bool| by_reference.keys().any(is);
        let shape = if any(|r| matches!(r, Reference::Month(..))) {
            Shape::Month
        } else if any(|r| matches!(r, Reference::Quarter(..))) {
            Shape::Quarter
        } else {
            Shape::Year
        };
        Self { windows, by_reference, rule: &spec.mapping.reference, shape, ground }
    }

    /// The windows that a row is about; none when its reference or part is in no window. `cell` is that of the
    /// reference's column, if the feed has one.
    pub(super) fn of_row(&self, cell: Option<&str>, part: &PartId) -> Result<Vec<&'a Window>, String> {
        let has = |w: &&&Window| w.parts.contains(part);
        let reference = match self.rule {
            ReferenceRule::Open => {
                return Ok(self.windows.iter().filter(has).filter(|w| self.is_open(w)).copied().collect());
            }
            ReferenceRule::Fixed(reference) => *reference,
            ReferenceRule::Column { pattern, .. } => {
                let text = cell.ok_or("referência em branco")?;
                self.reference(text, pattern).ok_or_else(|| {
                    format!("“{}” não é uma referência no formato {pattern}", excerpt(text, 40))
                })?
            }
        };
        let mut about: Vec<&Window> =
            self.by_reference.get(&reference).into_iter().flatten().filter(has).copied().collect();
        // A reference may have a second phase (retificação) with the same parts: the row is about the one that runs.
        if about.len() > 1 {
            if about.iter().any(|w| self.is_open(w)) {
                about.retain(|w| self.is_open(w));
            } else {
                let last = about.iter().filter(|w| self.has_opened(w)).map(|w| w.opens_on).max();
                about.retain(|w| Some(w.opens_on) == last);
            }
        }
        Ok(about)
    }

    /// Reads a reference: year and month, or `%q` for a quarter, as far as the system's references are fine.
    fn reference(&self, text: &str, pattern: &str) -> Option<Reference> {
        let quarterly = pattern.contains("%q");
        let read = jiff::fmt::strtime::parse(pattern.replace("%q", "%m"), text).ok()?;
        let year = read.year().filter(|y| (1900..=2200).contains(y))?;
        let month = match (read.month(), quarterly) {
            (Some(quarter @ 1..=4), true) => Some(3 * (quarter - 1) + 1),
            (_, true) => return None,
            (month, false) => month,
        };
        Some(match (month, self.shape) {
            (Some(month), Shape::Month) if !quarterly => Reference::Month(year, month),
            (Some(month), Shape::Month | Shape::Quarter) => Reference::Quarter(year, (month - 1) / 3 + 1),
            (_, Shape::Year) | (None, _) => Reference::Year(year),
        })
    }

    /// The windows of which silence may be told: open ones, and, when rows name their reference, also closed ones until
    /// their remessa is due, which would else be told on stale data. With `ReferenceRule::Open` a row is about whatever
    /// is open, so a closed window is left alone.
    pub(super) fn stateable(&self) -> impl Iterator<Item = &'a Window> + '_ {
        self.windows.iter().copied().filter(|w| self.is_stateable(w))
    }

    pub(super) fn find_stateable(&self, id: &WindowId) -> Option<&'a Window> {
        self.windows.iter().copied().find(|w| w.id == *id).filter(|w| self.is_stateable(w))
    }

    fn is_stateable(&self, window: &Window) -> bool {
        match self.rule {
            ReferenceRule::Open => self.is_open(window),
            ReferenceRule::Fixed(reference) if *reference != window.reference => false,
            ReferenceRule::Fixed(_) | ReferenceRule::Column { .. } => {
                self.has_opened(window)
                    && self.remessa_of(window).is_none_or(|remessa| self.ground.taken_at <= remessa)
            }
        }
    }

    /// Open when the snapshot was taken: suspended ones too, until the latest deadline of any edition.
    fn is_open(&self, window: &Window) -> bool {
        let zone = &self.ground.calendar.hours.zone;
        self.has_opened(window)
            && window.latest_deadline().is_none_or(|deadline| self.ground.taken_at < deadline.instant(zone))
    }

    fn has_opened(&self, window: &Window) -> bool {
        self.ground.calendar.hours.zone.start_of(window.opens_on) <= self.ground.taken_at
    }

    fn remessa_of(&self, window: &Window) -> Option<Timestamp> {
        let calendar = self.ground.calendar;
        let days = calendar.systems.get(&window.system).map_or(1, |s| s.referral_after);
        let deadline = window.latest_deadline()?;
        let due = calendar.hours.next_sending(calendar.hours.business_days_after(deadline.on, days));
        Some(due.max(deadline.instant(&calendar.hours.zone)))
    }
}
