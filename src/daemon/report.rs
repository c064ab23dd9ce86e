//! Tell staff: where each window stands, in files, and in the log when that changed or a day began.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use tracing::{info, warn};

use super::app::App;
use super::reconcile::reported_windows;
use crate::domain::calendar::Deadline;
use crate::domain::id::{WindowId, slugify};
use crate::domain::notice::StaffSlot;
use crate::files::{self, Access};
use crate::plan::account::summarise;
use crate::plan::ledger::WindowLedger;
use crate::plan::summary::{Counts, WindowSummary};
use crate::plan::{self, World};
use crate::render::report;
use crate::store::StoreError;
use crate::world::known::Known;

/// Where windows stand in a world, at an instant.
#[must_use]
pub fn summaries(world: &World<'_>, windows: &[WindowId], now: Timestamp) -> Vec<WindowSummary> {
    let plan = plan::plan(world, now);
    windows.iter().filter_map(|window| summarise(world, &plan, window, now)).collect()
}

/// What the log last said of each window, and on which day: nothing is repeated within a day, so that an idle service says
/// little.
#[derive(Debug, Default)]
pub struct LastSaid(BTreeMap<WindowId, (Date, Standing)>);

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
        self.0.insert(summary.window.clone(), (today, standing)) != Some((today, standing))
    }
}

/// Writes `DADOS/relatorios/` anew, and the last report of each window whose deadline has passed, once. A report that
/// cannot be written stops nothing else.
///
/// # Errors
/// [`StoreError`].
pub async fn report_once(app: &App, now: Timestamp, told: &mut LastSaid) -> Result<(), StoreError> {
    let known = Known::load(app.live(), &app.store, now).await?;
    let summaries = summaries(&known.world(), &reported_windows(&known, now), now);
    let calendar = &known.live.calendar;
    let today = calendar.hours.zone.date_of(now);
    for summary in summaries.iter().filter(|summary| told.is_news(summary, today)) {
        log(summary);
    }
    let dir = folder(&known.live.setup.config.settings.data);
    let mut files = files(&dir.join("atual"), &summaries, calendar);
    for summary in &summaries {
        let published = known.ledger.window(&summary.window).into_iter().flat_map(WindowLedger::staff_slots);
        for (slot, _) in published {
            let StaffSlot::Report { edition } = slot else { continue };
            let stem = dir.join(last_report(&summary.window, *edition));
            if !stem.with_extension("txt").exists() {
                files.extend(self::files(&stem, std::slice::from_ref(summary), calendar));
            }
        }
    }
    for (path, text) in files {
        if let Err(failure) =
            std::fs::create_dir_all(&dir).and_then(|()| files::put(&path, text.as_bytes(), Access::Usual))
        {
            warn!(report.path = %path.display(), error = %failure, "o relatório não pôde ser gravado");
        }
    }
    Ok(())
}

/// `DADOS/relatorios`.
#[must_use]
pub fn folder(data: &Path) -> PathBuf {
    data.join("relatorios")
}

/// The name of the last report of an edition, without its ending.
#[must_use]
pub fn last_report(window: &WindowId, edition: u16) -> String {
    format!("{}-edicao-{edition}", slugify(window.as_str()))
}

/// A report in each of its forms: text, table, and whom to telephone.
#[must_use]
pub fn files(
    stem: &Path,
    summaries: &[WindowSummary],
    calendar: &crate::domain::calendar::Calendar,
) -> Vec<(PathBuf, String)> {
    let named = |ending: &str| {
        let mut path = stem.as_os_str().to_owned();
        path.push(ending);
        PathBuf::from(path)
    };
    vec![
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
