//! What another configuration would do otherwise than the one in force, each over its own ledger as it is.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::known::{Depth, HORIZON_DAYS, Known};
use super::live::Live;
use super::seat;
use super::setup::Setup;
use crate::config::Mode;
use crate::domain::calendar::Window;
use crate::domain::id::IdError;
use crate::domain::roster::Contact;
use crate::plan::contrast::{self, WindowShift};
use crate::plan::effects::{self, Contrast, Effect, Move, Readiness};
use crate::store::{Store, StoreError};

/// Why two configurations could not be held against one another.
#[derive(Debug, thiserror::Error)]
pub enum ContrastError {
    /// A ledger.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// None in practice: see [`contrast::contrast`].
    #[error(transparent)]
    Name(#[from] IdError),
}

/// How far ahead letters are compared, unless a deadline that changes lies farther.
const AHEAD_DAYS: i64 = 60;

/// Compares the configuration in force, whose ledger is `store`, with another; `until` is the last day, absent the usual
/// one. A rehearsal beside a production writes to nobody.
pub async fn compare(
    in_force: &Setup,
    store: Option<&Store>,
    other: &Setup,
    now: Timestamp,
    until: Option<Date>,
) -> Result<Contrast, ContrastError> {
    let waiting = |setup: &Setup| {
        let mut calendar = setup.config.calendar.clone();
        calendar.hours.waits = true;
        calendar
    };
    let elsewhere = ledger_moved_to(in_force, other).await?;
    let tested = match (store, &elsewhere) {
        (Some(store), _) if store.was_tested().await? => true,
        (_, Some(Some(there))) => there.was_tested().await?,
        (Some(_) | None, _) => false,
    };
    let live = |setup: &Setup| Live::under(setup.clone(), waiting(setup));
    let known = async |setup: &Setup, store| {
        Known::over(setup.clone(), waiting(setup), store, Depth::Whole, now).await
    };
    let (before, after) = match (store, &elsewhere) {
        (Some(store), None) => Box::pin(Known::of_both((live(in_force), live(other)), store, now)).await?,
        (_, there) => {
            let there = there.as_ref().and_then(Option::as_ref);
            (Box::pin(known(in_force, store)).await?, Box::pin(known(other, there)).await?)
        }
    };
    // Moved with all that it knows (`livro mudar`), it is the same ledger.
    let came_from = match &elsewhere {
        Some(Some(there)) => there.came_from().await?,
        _ => None,
    };
    let is_same = came_from.is_some_and(|from| in_force.keeps(&from));
    let moves = (elsewhere.is_some() && !is_same).then(|| step(in_force, other, tested));
    let work = tokio::task::spawn_blocking(move || between(&before, &after, moves, now, until));
    match work.await {
        Ok(compared) => Ok(compared?),
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
}

/// The other configuration's own ledger, where that is another one: `Some(None)` when it is not there yet.
async fn ledger_moved_to(in_force: &Setup, other: &Setup) -> Result<Option<Option<Store>>, StoreError> {
    let path = other.database();
    if in_force.keeps(&path) {
        return Ok(None);
    }
    Ok(Some(if path.exists() { Some(seat::read(&path).await?) } else { None }))
}

fn step(in_force: &Setup, other: &Setup, is_tested: bool) -> Move {
    match (in_force.config.settings.mode, other.config.settings.mode) {
        (Mode::Rehearsal, Mode::Production) => Move::ToProduction(readiness(other, is_tested)),
        (Mode::Production, Mode::Rehearsal) => Move::ToRehearsal,
        (Mode::Rehearsal, Mode::Rehearsal) | (Mode::Production, Mode::Production) => Move::OtherLedger,
    }
}

fn readiness(setup: &Setup, is_tested: bool) -> Readiness {
    let config = &setup.config;
    let municipal = config.roster.municipalities.values().flat_map(|one| &one.contacts);
    let contacts = municipal.flat_map(|contact: &Contact| &contact.addresses);
    let offices = &config.roster.offices;
    let own = offices.gerencias.values().flat_map(|office| &office.addresses).chain(&offices.gsuas.addresses);
    Readiness {
        placeholders: contacts.chain(own).filter(|address| address.is_reserved()).count(),
        unconfirmed: config.unconfirmed(),
        feeds: config.feeds.iter().filter(|feed| feed.enabled).count(),
        is_tested,
    }
}

fn between(
    before: &Known,
    after: &Known,
    moves: Option<Move>,
    now: Timestamp,
    until: Option<Date>,
) -> Result<Contrast, IdError> {
    let (old, new) = (before.world(), after.world());
    let zone = &old.calendar.hours.zone;
    let today = zone.date_of(now);
    let windows =
        contrast::windows_unlike(old.calendar, new.calendar, today.saturating_add(HORIZON_DAYS.days()));
    let until = until.unwrap_or_else(|| horizon(&windows, today));
    let end = zone.end_of(until).saturating_sub(SignedDuration::from_millis(1)).unwrap_or(Timestamp::MAX);
    let (one, two) = match moves {
        Some(Move::ToProduction(_)) => (None, Some(&new)),
        Some(Move::ToRehearsal) => (Some(&old), None),
        Some(Move::OtherLedger) | None => (Some(&old), Some(&new)),
    };
    let differences = contrast::contrast(one, two, now, end)?;
    let mut effects = effects::large(&old, &new, (&differences, &windows), moves, now);
    let years = |known: &Known| known.live.setup.config.settings.keep_years;
    if years(after) < years(before) {
        effects.push(Effect::ErasedSooner { from: years(before), to: years(after) });
    }
    let files = before.live.setup.sources.unlike(&after.live.setup.sources);
    Ok(Contrast { differences, windows, files, effects, until })
}

/// The last day to compare: that of the last deadline that is not the same on both sides, or sixty days ahead; never a
/// year that only a slip of the hand can mean.
fn horizon(windows: &[WindowShift], today: Date) -> Date {
    let deadline = |w: &Option<Window>| w.as_ref().and_then(Window::latest_deadline);
    let last = windows
        .iter()
        .map(|shift| (deadline(&shift.before), deadline(&shift.after)))
        .filter(|(before, after)| before != after)
        .filter_map(|(before, after)| before.max(after));
    let last = last.map(|d| d.on).max().unwrap_or(today).min(today.saturating_add(HORIZON_DAYS.days()));
    last.max(today.saturating_add(AHEAD_DAYS.days()))
}
