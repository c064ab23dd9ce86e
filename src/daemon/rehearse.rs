//! Virtual time: the real decision over a scratch ledger, from one day to another (`simular`).

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;

use super::report;
use crate::domain::calendar::Calendar;
use crate::domain::id::{IdError, MunicipalityCode, WindowId};
use crate::domain::roster::Roster;
use crate::files;
use crate::mail::token;
use crate::plan::account::{View, summarise};
use crate::plan::forecast::Forecast;
use crate::plan::post::Post;
use crate::plan::replay::{Replay, StatusChange};
use crate::plan::{self, Decision, Sending};
use crate::render::forecast;
use crate::render::report::Background;
use crate::world::compose::compose;
use crate::world::live::Live;
use crate::world::setup::Setup;

/// Why a rehearsal stopped.
#[derive(Debug, thiserror::Error)]
pub enum RehearsalError {
    /// A name that cannot be one.
    #[error(transparent)]
    Name(#[from] IdError),
    /// A letter that cannot be written.
    #[error("a carta {key} não pôde ser escrita")]
    Letter {
        /// Of which notice.
        key: String,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file that cannot be written.
    #[error("não foi possível gravar em {path}\ndica: confira a pasta dada em --saida e o espaço em disco")]
    File { path: String, source: std::io::Error },
}

/// Runs from the first instant of one day to the last of another, ignoring `inicio`, with sending hours, and tells
/// every change of decision. With a folder, every letter is kept there as it would leave, and every last report.
///
/// # Errors
/// [`RehearsalError`]; what was told before stands.
pub fn rehearse(
    setup: &Setup,
    days: (Date, Date),
    changes: &[StatusChange],
    keep_in: Option<&Path>,
    mut tell: impl FnMut(Timestamp, &Decision),
) -> Result<(), RehearsalError> {
    let mut calendar = setup.config.calendar.clone();
    calendar.starts_on = None;
    calendar.hours.waits = true;
    let zone = &calendar.hours.zone;
    let (from, until) = (zone.start_of(days.0), zone.end_of(days.1));
    let until = until.saturating_sub(jiff::SignedDuration::from_millis(1)).unwrap_or(until);
    let mut replay = Replay::new(&calendar, &setup.config.roster, until)?;
    let live = keep_in.map(|dir| (dir, Live::under(setup.clone(), calendar.clone())));
    let mut failure = None;
    let mut threads = LettersBefore::new();
    replay.run_with(from, until, changes, |replay, at, decisions| {
        for decision in decisions {
            tell(at, decision);
            if let Some((dir, live)) = live.as_ref().filter(|_| failure.is_none()) {
                failure = keep((dir, live), &mut threads, replay, at, decision).err();
            }
        }
    });
    failure.map_or(Ok(()), Err)
}

/// Writes what a rehearsal came to beside its letters: a page, and three tables.
///
/// # Errors
/// [`RehearsalError::File`].
pub fn keep_forecast(
    dir: &Path,
    forecast: &Forecast,
    calendar: &Calendar,
    roster: &Roster,
) -> Result<(), RehearsalError> {
    write(&dir.join("resumo.html"), forecast::page(forecast, calendar, roster).as_bytes())?;
    write(&dir.join("resumo-dias.csv"), forecast::days_csv(forecast).as_bytes())?;
    write(&dir.join("resumo-municipios.csv"), forecast::municipalities_csv(forecast, roster).as_bytes())?;
    write(&dir.join("resumo-avisos.csv"), forecast::warnings_csv(forecast, roster).as_bytes())
}

/// The Message-IDs of the letters that left in each window, by municipality: what the next there refers to.
type LettersBefore = HashMap<(WindowId, MunicipalityCode), Vec<String>>;

fn keep(
    (dir, live): (&Path, &Live),
    threads: &mut LettersBefore,
    replay: &Replay<'_>,
    at: Timestamp,
    decision: &Decision,
) -> Result<(), RehearsalError> {
    match decision {
        Decision::Send(Sending { notice, version, .. }) => {
            let key = &notice.key;
            let of_window = key.window().cloned().zip(key.municipality());
            let thread = of_window.map(|of_window| threads.entry(of_window).or_default());
            let letter = compose(live, notice, *version, thread.as_deref().map_or(&[], Vec::as_slice), at)
                .map_err(|source| RehearsalError::Letter { key: key.to_string(), source })?;
            // A rehearsal's letters all leave.
            if let Some(thread) = thread {
                thread.push(letter.message_id.clone());
            }
            write(&dir.join(token::letter_path(key, version.get())), &letter.bytes)
        }
        Decision::Publish(last) => {
            let world = replay.world();
            let plan = plan::plan(&world, at);
            let post = Post::default();
            let view = View { world: &world, plan: &plan, post: &post, now: at };
            let summary = summarise(view, last.window());
            let stem = report::folder(dir).join(report::last_report(last.window(), last.edition()));
            let roster = &live.setup.config.roster;
            let beside = Background { curves: &BTreeMap::new(), history: &[], roster };
            for (path, text) in report::files(&stem, summary.as_slice(), beside, &live.calendar) {
                write(&path, text.as_bytes())?;
            }
            Ok(())
        }
        Decision::Withhold(_) | Decision::Close(_) => Ok(()),
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), RehearsalError> {
    let failed = |source| RehearsalError::File { path: path.display().to_string(), source };
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir).map_err(failed)?;
    }
    // Thousands of them, and made again in a minute.
    files::write(path, bytes).map_err(failed)
}
