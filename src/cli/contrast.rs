//! `plano --contra`: what another configuration would send, withhold, move or no longer send.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};
use std::path::Path;

use jiff::civil::Date;

use super::session::{Failure, Result, Session, load_failure, remark, say};
use crate::cli::session::Answer;
use crate::desk::contrast::{Contrast, between};
use crate::render::contrast as table;
use crate::render::line::contrast_line;
use crate::render::portuguese as pt;
use crate::world::known::Known;
use crate::world::last_good;
use crate::world::setup::Setup;

/// Shows the difference and changes nothing.
pub(super) async fn show(session: &Session, against: &Path, until: Option<Date>) -> Result {
    let other = load(session, against)?;
    let in_force = in_force(session).await?;
    let contrast = compare(session, &in_force, &other, until).await?;
    tell(session, &in_force, &other, &contrast);
    Ok(Answer::Done)
}

/// Another folder's configuration, or all its faults.
pub(super) fn load(session: &Session, directory: &Path) -> std::result::Result<Setup, Failure> {
    Setup::load(Some(directory), session.now()).map_err(|error| load_failure(error, session.json))
}

/// The configuration in force: the daemon's own, as it keeps it in the ledger; where there is none, that of the files.
pub(super) async fn in_force(session: &Session) -> std::result::Result<Setup, Failure> {
    let kept = match session.ledger().await? {
        Some(store) => last_good::of(&store, session.setup.directory.as_deref(), session.now()).await?,
        None => None,
    };
    Ok(kept.map_or_else(|| session.setup.clone(), |kept| kept.setup))
}

/// Holds two configurations against one another over the ledger of the one in force.
pub(super) async fn compare(
    session: &Session,
    in_force: &Setup,
    other: &Setup,
    until: Option<Date>,
) -> std::result::Result<Contrast, Failure> {
    let mut calendar = in_force.config.calendar.clone();
    calendar.hours.waits = true;
    let mut known = Known::empty(in_force.clone(), calendar, session.now());
    if let Some(store) = session.ledger().await? {
        known.take(store.status().await?);
        known.overrides = store.overrides().await?;
        known.ledger = store.ledger().await?;
    }
    between(in_force, other, &known, session.now(), until).map_err(|error| Failure::could_not(&error))
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
    let mut out = String::new();
    if contrast.is_nothing() {
        say("nada muda: é a mesma configuração que está em vigor");
        return;
    }
    if !contrast.files.is_empty() {
        let _ = writeln!(out, "muda: {}", pt::list(&contrast.files));
    }
    if !contrast.windows.is_empty() {
        let _ = write!(out, "\njanelas:\n{}", table::windows(&contrast.windows));
    }
    if !contrast.differences.is_empty() {
        let width = io::stdout().is_terminal().then(width).flatten();
        let zone_of =
            if after.hours.zone.time_zone() == before.hours.zone.time_zone() { before } else { after };
        let rows = table::table(
            &contrast.differences,
            zone_of,
            [&other.config.roster, &in_force.config.roster],
            width,
        );
        let _ = writeln!(out, "\n{rows}");
    }
    let _ = writeln!(
        out,
        "\n{}, daqui até {}, se as situações continuarem como estão",
        table::total(&contrast.differences),
        pt::date(contrast.until)
    );
    let letters = contrast.files.iter().any(|name| name.starts_with("modelos/") || name == "vigia.toml");
    if letters {
        out.push_str("o texto das cartas também pode mudar: compare com “vigia-suas carta”\n");
    }
    say(&out);
}

/// The terminal's width.
fn width() -> Option<u16> {
    std::env::var("COLUMNS").ok()?.parse().ok()
}
