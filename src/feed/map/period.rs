//! Which windows a row is about, and of which windows silence may be told. Pure.

use std::collections::HashMap;

use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, ToSpan as _};

use crate::domain::calendar::Window;
use crate::domain::feed::{FeedSpec, ReferenceRule};
use crate::domain::id::{PartId, Reference};
use crate::text::fold::excerpt;
use crate::text::remark::Remark;

use super::{Ground, written};

/// The windows of a feed's system.
pub(super) struct Periods<'a> {
    windows: Vec<&'a Window>,
    /// Places in `windows`.
    by_reference: HashMap<Reference, Vec<usize>>,
    rule: &'a ReferenceRule,
    shape: Shape,
    /// Of no earlier year is there anything to say.
    first_year: i16,
    ground: &'a Ground<'a>,
}

/// What the references of a system look like; a date in a file becomes the finest of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Month,
    Quarter,
    Year,
}

/// No data is older: the SUAS began then.
const EARLIEST: Date = jiff::civil::date(2005, 1, 1);
/// So many years of history may a file list that come before the first declared window.
const HISTORY: i16 = 10;

impl<'a> Periods<'a> {
    pub(super) fn new(spec: &'a FeedSpec, ground: &'a Ground<'a>) -> Self {
        let windows: Vec<&Window> = ground.windows.iter().filter(|w| w.system == spec.system).collect();
        let mut by_reference: HashMap<Reference, Vec<usize>> = HashMap::new();
        for (at, window) in windows.iter().enumerate() {
            by_reference.entry(window.reference).or_default().push(at);
        }
        let any = |is: fn(&Reference) -> bool| by_reference.keys().any(is);
        let shape = if any(|r| matches!(r, Reference::Month(..))) {
            Shape::Month
        } else if any(|r| matches!(r, Reference::Quarter(..))) {
            Shape::Quarter
        } else {
            Shape::Year
        };
        let first = by_reference.keys().map(|reference| reference.first_month().0).min();
        let first_year = first.map_or(EARLIEST.year(), |first| EARLIEST.year().min(first - HISTORY));
        Self { windows, by_reference, rule: &spec.mapping.reference, shape, first_year, ground }
    }

    /// How many windows the system has.
    pub(super) fn len(&self) -> usize {
        self.windows.len()
    }

    /// Every window, by its place.
    pub(super) fn all(&self) -> impl Iterator<Item = (usize, &'a Window)> + '_ {
        self.windows.iter().copied().enumerate()
    }

    /// The windows that a row is about, by their places; none when its reference or part is in no window. `cell` is
    /// that of the reference's column, if the feed has one; `given` the reference that was asked for.
    pub(super) fn of_row(
        &self,
        cell: Option<&str>,
        given: Option<Reference>,
        part: &PartId,
    ) -> Result<Vec<usize>, Remark> {
        let has = |at: &usize| self.windows.get(*at).is_some_and(|w| w.parts.contains(part));
        let is =
            |at: usize, wanted: &dyn Fn(&Window) -> bool| self.windows.get(at).is_some_and(|w| wanted(w));
        let reference = match (self.rule, given) {
            (ReferenceRule::Open, None) => {
                let open = (0..self.len()).filter(has).filter(|at| is(*at, &|w| self.is_open(w)));
                return self.claimed(open.collect());
            }
            (ReferenceRule::Open, Some(given)) => given,
            (ReferenceRule::Fixed(reference), _) => *reference,
            (ReferenceRule::Column { pattern, .. }, _) => {
                let text = cell.ok_or("referência em branco")?;
                self.reference(text, pattern).ok_or_else(|| {
                    let says = |cell: &str| format!("{cell} não é uma referência no formato {pattern}");
                    Remark::of_cell(&excerpt(text, 40), says)
                })?
            }
        };
        let mut about: Vec<usize> =
            self.by_reference.get(&reference).into_iter().flatten().copied().filter(has).collect();
        // What is told before a window opens says nothing of it, and a concluído would stand when it does.
        about.retain(|at| is(*at, &|w| self.has_opened(w)));
        // A reference may have a second phase (retificação) with the same parts: the row is about the one that runs.
        if about.len() > 1 {
            if about.iter().any(|at| is(*at, &|w| self.is_open(w))) {
                about.retain(|at| is(*at, &|w| self.is_open(w)));
            } else {
                let opened =
                    about.iter().filter_map(|at| self.windows.get(*at)).filter(|w| self.has_opened(w));
                let last = opened.map(|w| w.opens_on).max();
                about.retain(|at| is(*at, &|w| Some(w.opens_on) == last));
            }
        }
        self.claimed(about)
    }

    /// Whether a reference's column names a period that has not begun: nobody can have filled it in, so it is a slip.
    pub(super) fn is_to_come(&self, cell: Option<&str>) -> bool {
        let (ReferenceRule::Column { pattern, .. }, Some(text)) = (self.rule, cell) else { return false };
        let first = self.reference(text, pattern).map(Reference::first_month);
        let first = first.and_then(|(year, month)| Date::new(year, month, 1).ok());
        first.is_some_and(|day| self.ground.taken_at < self.ground.calendar.hours.zone.start_of(day))
    }

    /// A row that two windows could claim is claimed by none.
    fn claimed(&self, about: Vec<usize>) -> Result<Vec<usize>, Remark> {
        if about.len() < 2 {
            return Ok(about);
        }
        let ids: Vec<&str> = about.iter().filter_map(|at| Some(self.windows.get(*at)?.id.as_str())).collect();
        Err(format!(
            "a linha pode ser de mais de uma janela aberta ({}), e por isso de nenhuma; diga à fonte de qual, em \
             fontes.toml, com referencia = \"AAAA-MM\" ou referencia_coluna",
            ids.join(", ")
        )
        .into())
    }

    /// Reads a reference: year and month, or `%q` for a quarter, as far as the system's references are fine.
    fn reference(&self, text: &str, pattern: &str) -> Option<Reference> {
        let quarterly = pattern.contains("%q");
        let (year, month) = if let Some(read) = written::read(&pattern.replace("%q", "%m"), text) {
            (read.year(), read.month())
        } else {
            // A sheet turns 10/2026 into the first of that month. Another day without a style is no date but digits that have
            // lost their bar: 42026.
            let has_day = ["%d", "%e", "%F", "%D", "%j"].iter().any(|day| pattern.contains(day));
            let may_be = |at: &DateTime| has_day || text.contains('-') || at.day() == 1;
            let at = sheet_date(text).filter(|at| !quarterly && may_be(at))?;
            (Some(at.year()), Some(at.month()))
        };
        // An earlier one is a slip, and the row may be of the window that runs.
        let year = year.filter(|y| (self.first_year..=2200).contains(y))?;
        let month = match (month, quarterly) {
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
    pub(super) fn stateable(&self) -> impl Iterator<Item = (usize, &'a Window)> + '_ {
        self.all().filter(|(_, w)| self.is_stateable(w))
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

    /// Whether data of that instant may speak of a window: none from before it opened does, nor from before there was
    /// a system to fill in.
    pub(super) fn may_date(&self, at: usize, dated: Timestamp) -> bool {
        let zone = &self.ground.calendar.hours.zone;
        let opened = self.windows.get(at).map(|w| w.opens_on.max(EARLIEST));
        opened.is_some_and(|day| dated >= zone.start_of(day))
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

/// A date as a sheet gives it, whatever it shows: `2026-11-05`, `2026-11-05T14:30:00`, or the days since the end of
/// 1899 where the cell has no style.
pub(in crate::feed) fn sheet_date(text: &str) -> Option<DateTime> {
    const BEFORE_DAY_ONE: DateTime = jiff::civil::date(1899, 12, 30).at(0, 0, 0, 0);
    if text.len() >= "2026-11-05".len() && text.contains('-') {
        return text.parse().ok();
    }
    let (days, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if days.len() != 5 || !digits(days) || !digits(part) {
        return None;
    }
    let fraction = format!("0.{part}0").parse::<f64>().ok()?;
    let whole = BEFORE_DAY_ONE.checked_add(days.parse::<i64>().ok()?.days()).ok()?;
    let seconds = jiff::SignedDuration::try_from_secs_f64((fraction * 86_400.0).round()).ok()?;
    whole.checked_add(seconds).ok()
}
