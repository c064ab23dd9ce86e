//! A period at a glance: months across, a row for each window, its opening, deadlines and suspension. Pure.
//!
//! The drawing is as wide as it is told to be and no line is wider, so that it fits a terminal and survives a pipe.

use std::fmt::Write as _;

use jiff::civil::Date;
use jiff::{ToSpan, Unit};

use super::super::portuguese as pt;
use super::in_force;
use crate::domain::calendar::{HaltKind, Window};
use crate::plan::ruling::{Rulings, Unreleased};

/// Narrower than this nothing can be told apart.
const LEAST_CELLS: usize = 24;
/// Wider than this a bar says no more: two cells a day.
const CELLS_A_DAY: usize = 2;

const OPENING: char = '├';
const OPEN: char = '─';
const LAST: char = '◆';
const EARLIER: char = '◇';
const SOME: char = '◈';
const WAITS: char = '○';
const STOPPED: char = '░';
const CANCELLED: char = '×';
const UNDEFINED: char = '?';
const MONTH: char = '┊';

/// What each sign means, in the order in which a row shows them.
const LEGEND: [(char, &str); 9] = [
    (OPENING, "abertura"),
    (OPEN, "aberta"),
    (EARLIER, "prazo prorrogado"),
    (LAST, "prazo"),
    (SOME, "prazo só de alguns municípios"),
    (WAITS, "prazo que aguarda liberação"),
    (STOPPED, "suspensa"),
    (CANCELLED, "cancelada"),
    (UNDEFINED, "prazo a definir"),
];

/// Days onto cells.
struct Scale {
    from: Date,
    days: usize,
    cells: usize,
}

impl Scale {
    fn new(from: Date, to: Date, room: usize) -> Self {
        let days = between(from, to).max(0).saturating_add(1).unsigned_abs();
        let days = usize::try_from(days).unwrap_or(usize::MAX);
        Self { from, days, cells: room.max(LEAST_CELLS).min(days.saturating_mul(CELLS_A_DAY)).max(1) }
    }

    /// The cell of a day; before the first and after the last, none.
    fn cell(&self, day: Date) -> Option<usize> {
        let past = usize::try_from(between(self.from, day)).ok()?;
        (past < self.days).then(|| past * self.cells / self.days)
    }

    /// The cells from one day to another, as far as they are in the period.
    fn span(&self, first: Date, last: Date) -> std::ops::Range<usize> {
        let Some(end) = usize::try_from(between(self.from, last)).ok() else { return 0..0 };
        let start = usize::try_from(between(self.from, first)).unwrap_or(0);
        if start >= self.days {
            return 0..0;
        }
        start * self.cells / self.days..end.min(self.days - 1) * self.cells / self.days + 1
    }

    /// The first days of the months after the first day, with the first day itself.
    fn months(&self) -> Vec<Date> {
        let mut months = vec![self.from];
        let mut next = self.from.first_of_month().saturating_add(1.month());
        while self.cell(next).is_some() {
            months.push(next);
            next = next.saturating_add(1.month());
        }
        months
    }
}

fn between(from: Date, to: Date) -> i32 {
    from.until((Unit::Day, to)).map_or(0, |span| span.get_days())
}

/// The windows drawn over a period, `width` columns wide.
pub(super) fn draw(
    windows: &[&Window],
    rulings: &Rulings,
    (from, to): (Date, Date),
    today: Date,
    width: usize,
) -> String {
    let label = windows.iter().map(|w| w.id.as_str().chars().count()).max().unwrap_or(0);
    let scale = Scale::new(from, to, width.saturating_sub(label + 2));
    let indent = " ".repeat(label + 2);
    let mut out = format!("{indent}{}\n", header(&scale));
    if let Some(cell) = scale.cell(today) {
        // The word stands where there is room for it.
        let word = if cell + 6 <= scale.cells {
            format!("{}▼ hoje", " ".repeat(cell))
        } else {
            format!("{}hoje ▼", " ".repeat(cell.saturating_sub(5)))
        };
        let _ = writeln!(out, "{indent}{word}");
    }
    let mut shown = Vec::new();
    for window in windows {
        let bar = bar(window, rulings, &scale, to);
        shown.extend(bar.iter().copied());
        let bar: String = bar.into_iter().collect();
        out.push_str(format!("{:<label$}  {bar}", window.id.as_str()).trim_end());
        out.push('\n');
    }
    let legend: Vec<String> = LEGEND
        .iter()
        .filter(|(sign, _)| shown.contains(sign))
        .map(|(sign, meaning)| format!("{sign} {meaning}"))
        .collect();
    out.push_str(&wrapped(&legend, width));
    out
}

/// The months' names where there is room, else their initials, else nothing.
fn header(scale: &Scale) -> String {
    let months = scale.months();
    let mut row: Vec<char> = vec![' '; scale.cells];
    for (place, month) in months.iter().enumerate() {
        let start = scale.cell(*month).unwrap_or(0);
        let end = months.get(place + 1).and_then(|next| scale.cell(*next)).unwrap_or(scale.cells);
        let name = pt::month(month.month());
        let room = end.saturating_sub(start);
        let with_year = format!("{} {}", short(name), month.year());
        let text = match room {
            0 | 1 => String::new(),
            2..=3 => name.chars().take(1).flat_map(char::to_uppercase).collect(),
            _ if room > with_year.chars().count() && (place == 0 || month.month() == 1) => with_year,
            _ => short(name),
        };
        for (offset, c) in text.chars().enumerate() {
            if let Some(cell) = row.get_mut(start + offset) {
                *cell = c;
            }
        }
    }
    row.into_iter().collect::<String>().trim_end().to_owned()
}

fn short(month: &str) -> String {
    month.chars().take(3).collect()
}

fn bar(window: &Window, rulings: &Rulings, scale: &Scale, to: Date) -> Vec<char> {
    let mut row = vec![' '; scale.cells];
    for month in scale.months().into_iter().skip(1) {
        put(&mut row, scale.cell(month), MONTH);
    }
    let last = window.latest_deadline().map(|d| d.on);
    let cancelled = window.halt.is_some_and(|halt| halt.kind == HaltKind::Cancelled);
    row[scale.span(window.opens_on, last.unwrap_or(to))].fill(if cancelled { CANCELLED } else { OPEN });
    if let Some(halt) = window.halt.filter(|halt| halt.kind == HaltKind::Suspended) {
        let since = halt.since.unwrap_or(window.opens_on).max(window.opens_on);
        let until = window.halted_until().or(last).unwrap_or(to);
        row[scale.span(since, until)].fill(STOPPED);
    }
    put(&mut row, scale.cell(window.opens_on), OPENING);
    let ruling = in_force(window, rulings);
    // "A definir" leaves the date that was there before to be seen.
    let dated = window.editions.iter().filter(|e| e.municipalities.is_empty() && e.deadline.is_some());
    let rules = ruling.and_then(|rules| dated.clone().rfind(|e| e.number <= rules.number));
    let rules = rules.and_then(|e| e.deadline).map(|d| d.on);
    let held = rulings.get(&window.id).and_then(|ruling| ruling.unreleased);
    let waits = |number| held == Some(Unreleased::Waits(number));
    let is_known = |number| ruling.is_none_or(|rules| number <= rules.number);
    for edition in &window.editions {
        let Some(deadline) = edition.deadline else { continue };
        let sign = if !edition.municipalities.is_empty() {
            SOME
        } else if Some(deadline.on) == rules {
            LAST
        } else if waits(edition.number) {
            WAITS
        } else if is_known(edition.number) {
            EARLIER
        } else {
            continue;
        };
        put(&mut row, scale.cell(deadline.on), sign);
    }
    // Where two fall on one cell, the one that rules is seen.
    put(&mut row, rules.and_then(|on| scale.cell(on)), LAST);
    if last.is_none() {
        put(&mut row, Some(scale.cells - 1), UNDEFINED);
    }
    row
}

fn put(row: &mut [char], cell: Option<usize>, sign: char) {
    if let Some(cell) = cell.and_then(|cell| row.get_mut(cell)) {
        *cell = sign;
    }
}

/// Pieces on as few lines as they fit.
fn wrapped(pieces: &[String], width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for piece in pieces {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 3 + piece.chars().count() <= width => {
                line.push_str("   ");
                line.push_str(piece);
            }
            _ => lines.push(piece.clone()),
        }
    }
    lines.into_iter().map(|line| line + "\n").collect()
}
