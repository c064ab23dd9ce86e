//! What the calendar alone shows: rungs that fall on days without sending, or before their window opens. Pure.

use jiff::civil::Date;

use super::Warning;
use crate::domain::calendar::{Calendar, Edition, HaltKind, Window};
use crate::domain::time::days_before;

/// Warnings on the windows whose rungs or openings fall between two days.
pub(super) fn warnings(calendar: &Calendar, windows: &[Window], days: (Date, Date)) -> Vec<Warning> {
    let mut found = Vec::new();
    for window in windows.iter().filter(|w| w.halt.is_none_or(|halt| halt.kind != HaltKind::Cancelled)) {
        let Some(system) = calendar.systems.get(&window.system) else { continue };
        let deadline = window.latest_deadline();
        let runs = window.opens_on <= days.1 && deadline.is_some_and(|d| d.on >= days.0);
        if system.ladder.is_empty() && runs {
            found.push(Warning::NoLadder { window: window.id.clone() });
        }
        for (place, edition) in window.editions.iter().enumerate() {
            rungs(calendar, window, edition, overtaken_on(window, place), days, &mut found);
        }
    }
    // The same rung of two editions says the same once.
    found.sort();
    found.dedup();
    found
}

/// The day on which a general edition is announced that takes the place of the one at `place`.
fn overtaken_on(window: &Window, place: usize) -> Option<Date> {
    let later = window.editions.iter().skip(place + 1).filter(|e| e.municipalities.is_empty());
    later.filter_map(|e| e.announced_on).min()
}

fn rungs(
    calendar: &Calendar,
    window: &Window,
    edition: &Edition,
    overtaken_on: Option<Date>,
    days: (Date, Date),
    found: &mut Vec<Warning>,
) {
    let (Some(deadline), Some(system)) = (edition.deadline, calendar.systems.get(&window.system)) else {
        return;
    };
    let hours = &calendar.hours;
    for rung in &system.ladder {
        let on = days_before(deadline.on, rung.days_before);
        let overtaken = overtaken_on.is_some_and(|day| day <= on);
        if overtaken || on < days.0 || days.1 < on {
            continue;
        }
        let (window_id, rung) = (window.id.clone(), rung.days_before);
        if on < window.opens_on {
            found.push(Warning::RungBeforeOpening { window: window_id, rung, opens_on: window.opens_on });
            continue;
        }
        let leaves_on = hours.zone.date_of(hours.rung_due(on, deadline.instant(&hours.zone)));
        if leaves_on != on {
            let holiday = hours.holidays.name_on(on).map(str::to_owned);
            found.push(Warning::RungMoved { window: window_id, rung, on, holiday, leaves_on });
        }
    }
}
