//! `simular`: what a period would bring, and what it comes to.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, IsTerminal as _};
use std::path::Path;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::civil::Date;
use jiff::{Timestamp, Unit};

use super::args::Simulate;
use super::session::{Answer, Failure, Result, Session, bytes_of, remark, say};
use super::terminal;
use crate::daemon::rehearse::{keep_forecast, rehearse};
use crate::domain::calendar::{Calendar, Window};
use crate::domain::id::WindowId;
use crate::feed::changes::{ChangesError, changes};
use crate::plan::forecast::{ForecastTally, Quota};
use crate::plan::replay::StatusChange;
use crate::render::line::{diary_line, event_line};
use crate::render::{forecast, portuguese};

/// Lines are shown when this many bytes have gathered.
const CHUNK: usize = 64 * 1024;

/// The real decision in virtual time.
pub(super) fn run(session: &Session, asked: &Simulate) -> Result {
    let calendar = session.calendar();
    let days = (asked.from, asked.until);
    let changes = match &asked.statuses {
        None => Vec::new(),
        Some(path) => read_changes(session, path)?,
    };
    for stray in strays(&changes, &calendar, asked.until) {
        remark(&stray);
    }
    let roster = &session.setup.config.roster;
    let told = !asked.summary_only;
    let progress = Progress::new(days, told);
    let mut tally = ForecastTally::default();
    let mut lines = String::new();
    rehearse(&session.setup, days, &changes, asked.output.as_deref(), |at, decision| {
        tally.note(at, decision, &calendar);
        progress.reached(at, &calendar);
        if session.json {
            lines.push_str(&event_line(at, decision, &calendar));
            lines.push('\n');
        } else if told {
            lines.push_str(&diary_line(at, decision, &calendar, roster));
            lines.push('\n');
        }
        if lines.len() > CHUNK {
            say(&lines);
            lines.clear();
        }
    })
    .map_err(|error| Failure::could_not(&error))?;
    progress.ended();
    if !lines.is_empty() {
        say(&lines);
    }
    let relay = session.setup.config.settings.relay.as_ref();
    let quota = relay.map(|relay| Quota { per_minute: relay.per_minute, per_day: relay.per_day });
    let forecast = tally.forecast(&calendar, roster, days, quota, usize::from(asked.weekly));
    if let Some(dir) = &asked.output {
        keep_forecast(dir, &forecast, &calendar, roster).map_err(|error| Failure::could_not(&error))?;
    }
    if !session.json {
        let text = forecast::text(&forecast, &calendar, roster, terminal::width());
        say(&if told { format!("\n{text}") } else { text });
        if let Some(dir) = &asked.output {
            say(&format!("\ncartas e relatórios em {}; o resumo, em {0}/resumo.html", dir.display()));
        }
    }
    Ok(Answer::Done)
}

/// How far the rehearsal is, on stderr and only for a person who sees nothing else move.
struct Progress {
    bar: ProgressBar,
    from: Date,
}

impl Progress {
    fn new((from, until): (Date, Date), told: bool) -> Self {
        let days = from.until((Unit::Day, until)).map_or(0, |span| span.get_days()).max(0);
        let bar = ProgressBar::with_draw_target(
            Some(u64::from(days.unsigned_abs()) + 1),
            if told && io::stdout().is_terminal() {
                ProgressDrawTarget::hidden()
            } else {
                ProgressDrawTarget::stderr()
            },
        );
        if let Ok(style) = ProgressStyle::with_template("simulando {msg} {wide_bar} {pos} de {len} dias") {
            bar.set_style(style);
        }
        Self { bar, from }
    }

    fn reached(&self, at: Timestamp, calendar: &Calendar) {
        let on = calendar.hours.zone.date_of(at);
        let past = self.from.until((Unit::Day, on)).map_or(0, |span| span.get_days()).max(0);
        let past = u64::from(past.unsigned_abs());
        if self.bar.position() != past {
            self.bar.set_message(portuguese::date(on));
            self.bar.set_position(past);
        }
    }

    fn ended(&self) {
        self.bar.finish_and_clear();
    }
}

/// What a status file tells of windows and parts that the calendar does not have: nobody would ever look at it.
fn strays(changes: &[StatusChange], calendar: &Calendar, until: Date) -> BTreeSet<String> {
    let windows = calendar.windows(until);
    let known: BTreeMap<&WindowId, &Window> = windows.iter().map(|window| (&window.id, window)).collect();
    let mut strays = BTreeSet::new();
    for told in changes.iter().map(|change| &change.observation) {
        match known.get(&told.window) {
            None => strays.insert(format!(
                "aviso: a janela “{}” do arquivo de situações não existe até {}; as linhas dela não têm efeito",
                told.window,
                portuguese::date(until)
            )),
            Some(window) if !window.parts.contains(&told.part) => strays.insert(format!(
                "aviso: a janela “{}” não tem a parte “{}” do arquivo de situações; as linhas dela não têm efeito",
                told.window, told.part
            )),
            Some(_) => false,
        };
    }
    strays
}

fn read_changes(session: &Session, path: &Path) -> Result<Vec<StatusChange>> {
    let bytes = bytes_of(path)?;
    let zone = &session.setup.config.calendar.hours.zone;
    changes(&bytes, zone, &session.setup.config.roster).map_err(|error| match error {
        ChangesError::Unreadable(error) => Failure::refused(format!("erro: {}: {error}", path.display())),
        faulty @ ChangesError::Faulty(_) => Failure::refused(format!("erro: {}: {faulty}", path.display())),
    })
}
