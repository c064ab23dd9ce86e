//! For how long personal data is kept (`guardar_anos`): from when on it is over, and which windows still need
//! what they hold.

use jiff::{Timestamp, ToSpan};

use super::live::Live;
use crate::domain::calendar::Window;
use crate::store::Retention;

/// What the configuration in force says of it now.
pub fn retention(live: &Live, now: Timestamp) -> Retention {
    let years = live.setup.config.settings.keep_years;
    let zone = &live.calendar.hours.zone;
    let today = zone.date_of(now);
    let before = zone.start_of(today.saturating_sub(i64::from(years).years()));
    let goes_on = |window: &Window| {
        window.editions.iter().any(|edition| edition.deadline.is_none_or(|at| at.instant(zone) >= before))
    };
    let windows = live.calendar.windows(today);
    let going_on = windows.into_iter().filter(goes_on).map(|window| window.id).collect();
    Retention { years, before, today, going_on }
}
