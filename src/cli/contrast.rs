//! `plano --contra`: what another configuration would send, withhold, move or no longer send.

use std::io::{self, IsTerminal as _};
use std::path::Path;

use jiff::civil::Date;

use super::session::{Failure, Result, Session, load_failure, remark, say};
use crate::cli::session::Answer;
use crate::plan::effects::Contrast;
use crate::render::contrast as table;
use crate::render::line::contrast_line;
use crate::store::Store;
use crate::world::setup::Setup;
use crate::world::{contrast, last_good, seat};

/// Shows the difference and changes nothing.
pub(super) async fn show(session: &Session, against: &Path, until: Option<Date>) -> Result {
    let other = load(session, against)?;
    let in_force = in_force(session).await?;
    let compared = compare(session, &in_force, &other, until).await?;
    tell(session, &in_force, &other, &compared);
    for effect in table::effects(&compared.effects) {
        remark(&format!("efeito grande: {effect}"));
    }
    Ok(Answer::Done)
}

/// Another folder's configuration, or all its faults.
pub(super) fn load(session: &Session, directory: &Path) -> Result<Setup> {
    Setup::load(Some(directory), session.now()).map_err(|error| load_failure(error, session.json))
}

/// The ledger that the service keeps, if there is one: the files may name another by now.
pub(super) async fn ledger(session: &Session) -> Result<Option<Store>> {
    match last_good::kept_ledger(&session.setup) {
        Some(path) => Ok(Some(seat::read(&path).await?)),
        None => session.ledger().await,
    }
}

/// The configuration in force: the daemon's own, as it keeps it in the ledger; where there is none, that of the files.
pub(super) async fn in_force(session: &Session) -> Result<Setup> {
    let kept = match ledger(session).await? {
        Some(store) => last_good::of(&store, session.setup.directory.as_deref(), session.now()).await?,
        None => None,
    };
    Ok(kept.map_or_else(|| session.setup.clone(), |kept| kept.setup))
}

/// Holds two configurations against one another, each over its own ledger.
pub(super) async fn compare(
    session: &Session,
    in_force: &Setup,
    other: &Setup,
    until: Option<Date>,
) -> Result<Contrast> {
    let store = ledger(session).await?;
    let compared = contrast::compare(in_force, store.as_ref(), other, session.now(), until).await;
    compared.map_err(|error| Failure::could_not(&error))
}

/// Tells the difference: a table for people, lines of JSON for programs.
pub(super) fn tell(session: &Session, in_force: &Setup, other: &Setup, contrast: &Contrast) {
    let (before, after) = (&in_force.config.calendar, &other.config.calendar);
    if session.json {
        let lines: Vec<String> =
            contrast.differences.iter().map(|d| contrast_line(d, before, after)).collect();
        if lines.is_empty() {
            remark("nenhuma carta muda");
        } else {
            say(&lines.join("\n"));
        }
        return;
    }
    if contrast.is_nothing() {
        say("nada muda: é a mesma configuração que está em vigor");
        return;
    }
    let width = io::stdout().is_terminal().then(width).flatten();
    let zone_of = if after.hours.zone.time_zone() == before.hours.zone.time_zone() { before } else { after };
    let rosters = [&other.config.roster, &in_force.config.roster];
    say(&table::page(contrast, zone_of, rosters, width, None));
}

/// The terminal's width.
fn width() -> Option<u16> {
    std::env::var("COLUMNS").ok()?.parse().ok()
}
