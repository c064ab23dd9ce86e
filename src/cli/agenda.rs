//! `agenda`: what is announced, for people, for programs, and for their calendars.

use std::path::Path;
use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::Date;

use super::session::{Answer, Failure, Result, Session, say};
use super::terminal;
use crate::desk::agenda::standing;
use crate::desk::view::windows_between;
use crate::domain::calendar::Window;
use crate::files::{self, Access};
use crate::render::agenda;
use crate::render::portuguese::counted;
use crate::world::live::Live;

/// Windows between two days, with editions and sources; a year from now when not said. With a file, as iCalendar.
pub(super) async fn run(
    session: &Session,
    from: Option<Date>,
    until: Option<Date>,
    ics: Option<&Path>,
) -> Result {
    let calendar = session.calendar();
    let today = calendar.hours.zone.date_of(session.now());
    let from = from.unwrap_or(today);
    let until = until.unwrap_or_else(|| from.saturating_add(1.year()).saturating_sub(1.day()));
    let windows = windows_between(&calendar, (from, until));
    // Nothing of the ledger is looked at that does not matter: this works without one.
    let asked = ics.is_some() || windows.iter().any(Window::goes_back);
    let store = if asked { session.ledger().await? } else { None };
    let standing = match store {
        Some(store) => {
            let live = Arc::new(Live::under(session.setup.clone(), calendar.clone()));
            standing(live, &store, &windows, session.as_of()).await?
        }
        None => agenda::KnownDates::default(),
    };
    let Some(path) = ics else {
        let days = ((from, until), today);
        say(&if session.json {
            agenda::json(&windows, &calendar, &standing.rulings, days)
        } else {
            agenda::text(&windows, &calendar, &standing.rulings, days, terminal::drawing_width())
        });
        return Ok(Answer::Done);
    };
    let (text, events) = agenda::ics(&windows, &calendar, &standing, (from, until));
    if path == Path::new("-") {
        super::session::say_bytes(text.as_bytes());
        return Ok(Answer::Done);
    }
    files::put(path, text.as_bytes(), Access::Usual).map_err(|error| {
        Failure::unwritable(path, &error, "confira a pasta, a permissão e o espaço em disco")
    })?;
    say(&if session.json {
        serde_json::json!({ "arquivo": path.display().to_string(), "eventos": events }).to_string()
    } else {
        format!("{} em {}", counted(events, "evento", "eventos"), path.display())
    });
    Ok(Answer::Done)
}
