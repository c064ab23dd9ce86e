//! Tell staff: where each window stands, in files, and in the log when that changed or a day began.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use tracing::{info, warn};

use super::app::App;
use crate::domain::calendar::{Calendar, Deadline};
use crate::domain::id::{WindowId, slugify};
use crate::domain::notice::StaffSlot;
use crate::files::{self, Access};
use crate::plan::history::HistoryLine;
use crate::plan::ledger::WindowLedger;
use crate::plan::summary::{Counts, WindowSummary};
use crate::render::report::{self, Background};
use crate::store::{Store, StoreError};
use crate::world::overview::{AsOf, Overview};

/// What the log last said of each window, and on which day: nothing is repeated within a day, so that an idle service says
/// little.
#[derive(Debug, Default)]
pub struct LastSaid {
    windows: BTreeMap<WindowId, (Date, Standing)>,
    /// How punctual everybody was, as looked up on that day: it changes with the windows that end, and looks back over years.
    history: Option<(Date, Vec<HistoryLine>)>,
}

/// Where a window stands, in numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Standing {
    edition: u16,
    deadline: Option<Deadline>,
    halted: bool,
    municipalities: Counts,
    calls: usize,
}

impl LastSaid {
    /// Whether this is news, on that day.
    fn is_news(&mut self, summary: &WindowSummary, today: Date) -> bool {
        let standing = Standing {
            edition: summary.edition,
            deadline: summary.deadline,
            halted: summary.halted,
            municipalities: summary.municipalities,
            calls: summary.call_list.len(),
        };
        self.windows.insert(summary.window.clone(), (today, standing)) != Some((today, standing))
    }

    /// How punctual everybody was, looked up once a day.
    async fn history(
        &mut self,
        overview: &Overview,
        store: &Store,
        today: Date,
    ) -> Result<&[HistoryLine], StoreError> {
        if self.history.as_ref().is_none_or(|(day, _)| *day != today) {
            self.history = Some((today, overview.history(Some(store)).await?));
        }
        Ok(self.history.as_ref().map_or(&[], |(_, lines)| lines))
    }
}

/// Writes `DADOS/relatorios/` anew: where things stand now, once for each window on the day of a rung, each week, and when
/// a deadline has passed; and the index of all that is there. A report that cannot be written stops nothing else.
pub async fn report_once(app: &App, now: Timestamp, told: &mut LastSaid) -> Result<(), StoreError> {
    let overview = Overview::load(app.live(), Some(&app.store), None, AsOf::Now(now)).await?;
    let curves = overview.curves(Some(&app.store)).await?;
    let Overview { known, windows: summaries, .. } = &overview;
    let today = known.live.calendar.hours.zone.date_of(now);
    for summary in summaries.iter().filter(|summary| told.is_news(summary, today)) {
        log(summary);
    }
    let dir = folder(&known.live.setup.config.settings.data);
    let calendar = &known.live.calendar;
    let history = told.history(&overview, &app.store, today).await?;
    let beside = Background { curves: &curves, history, roster: &known.live.setup.config.roster };
    let mut files = files(&dir.join("atual"), summaries, beside, calendar);
    for summary in summaries {
        let published = known.ledger.window(&summary.window).into_iter().flat_map(WindowLedger::staff_told);
        let last = published.filter_map(|(slot, _)| match slot {
            StaffSlot::Report { edition } => Some(last_report(&summary.window, *edition)),
            StaffSlot::Digest { .. }
            | StaffSlot::Referral { .. }
            | StaffSlot::ReferralAddendum { .. }
            | StaffSlot::Alert { .. } => None,
        });
        for name in last.chain(of_the_day(summary, calendar, now)) {
            let stem = dir.join(name);
            if !stem.with_extension("txt").exists() {
                files.extend(self::files(&stem, std::slice::from_ref(summary), beside, calendar));
            }
        }
    }
    for (path, text) in files {
        put(&dir, &path, &text);
    }
    put(&dir, &dir.join("index.html"), &report::index(&kept(&dir)));
    Ok(())
}

/// The name of the report that a day is worth, if it is: the first day of a week, and that of a rung.
fn of_the_day(summary: &WindowSummary, calendar: &Calendar, now: Timestamp) -> Option<String> {
    let zone = &calendar.hours.zone;
    let today = zone.date_of(now);
    let rung = |(_, due_at): &(u16, Timestamp)| zone.date_of(*due_at) == today && *due_at <= now;
    let is_worth_it = today.weekday() == Weekday::Monday || summary.rungs.iter().any(rung);
    is_worth_it.then(|| format!("{}-{today}", slugify(summary.window.as_str())))
}

fn put(dir: &Path, path: &Path, text: &str) {
    if let Err(failure) =
        std::fs::create_dir_all(dir).and_then(|()| files::put(path, text.as_bytes(), Access::Usual))
    {
        warn!(report.path = %path.display(), error = %failure, "o relatório não pôde ser gravado");
    }
}

/// The reports in the folder, the newest first as their names go, each with the endings it is there in.
fn kept(dir: &Path) -> Vec<(String, Vec<String>)> {
    let names = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let names: BTreeSet<String> = names.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    let stems = names.iter().filter_map(|name| name.strip_suffix(".txt"));
    let mut reports: Vec<(String, Vec<String>)> = stems
        .map(|stem| {
            let there = ENDINGS.iter().filter(|ending| names.contains(&format!("{stem}{ending}")));
            (stem.to_owned(), there.map(|ending| (*ending).to_owned()).collect())
        })
        .collect();
    reports.reverse();
    reports
}

/// The forms of a report.
const ENDINGS: [&str; 4] = [".html", ".txt", ".csv", "-telefonar.csv"];

/// `DADOS/relatorios`.
pub fn folder(data: &Path) -> PathBuf {
    data.join("relatorios")
}

/// The name of the last report of an edition, without its ending.
pub fn last_report(window: &WindowId, edition: u16) -> String {
    format!("{}-edicao-{edition}", slugify(window.as_str()))
}

/// A report in each of its forms: page, text, table, and whom to telephone.
pub fn files(
    stem: &Path,
    summaries: &[WindowSummary],
    beside: Background<'_>,
    calendar: &Calendar,
) -> Vec<(PathBuf, String)> {
    let named = |ending: &str| {
        let mut path = stem.as_os_str().to_owned();
        path.push(ending);
        PathBuf::from(path)
    };
    vec![
        (named(".html"), report::page(summaries, beside, calendar)),
        (named(".txt"), report::text(summaries, calendar)),
        (named(".csv"), report::csv(summaries, calendar)),
        (named("-telefonar.csv"), report::call_list_csv(summaries, calendar)),
    ]
}

fn log(summary: &WindowSummary) {
    info!(
        window.id = %summary.window,
        window.edition = summary.edition,
        window.deadline = summary.deadline.map(|d| d.on.to_string()).unwrap_or_default(),
        window.halted = summary.halted,
        municipalities.expected = summary.municipalities.expected(),
        municipalities.done = summary.municipalities.done,
        municipalities.pending = summary.municipalities.pending,
        municipalities.unconfirmed = summary.municipalities.unconfirmed,
        municipalities.not_applicable = summary.municipalities.not_applicable,
        calls = summary.call_list.len(),
        "janela"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_says_where_a_window_stands_when_that_changed_and_once_a_day() {
        let at: Timestamp = "2026-11-26T12:00:00Z".parse().unwrap();
        let day: Date = "2026-11-26".parse().unwrap();
        let mut summary = WindowSummary::empty(WindowId::parse("rma/2026-10").unwrap(), at);
        let mut told = LastSaid::default();
        assert!(told.is_news(&summary, day) && !told.is_news(&summary, day));
        summary.municipalities.done += 1;
        assert!(told.is_news(&summary, day) && !told.is_news(&summary, day));
        assert!(told.is_news(&summary, day.tomorrow().unwrap()));
    }
}
