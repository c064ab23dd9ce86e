//! Tell staff: where each window stands, in files, and one log event per window and pass.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use tracing::{info, warn};

use super::app::App;
use crate::domain::id::{WindowId, slugify};
use crate::domain::notice::StaffSlot;
use crate::files::{self, Access};
use crate::plan::ledger::WindowLedger;
use crate::plan::summary::WindowSummary;
use crate::render::report;
use crate::store::StoreError;
use crate::world::overview::{AsOf, Overview};

/// Writes `DADOS/relatorios/` anew, and the last report of each window whose deadline has passed, once. A report that
/// cannot be written stops nothing else.
///
/// # Errors
/// [`StoreError`].
pub async fn report_once(app: &App, now: Timestamp) -> Result<(), StoreError> {
    let overview = Overview::load(app.live(), Some(&app.store), None, AsOf::Now(now)).await?;
    let Overview { known, windows: summaries, .. } = &overview;
    for summary in summaries {
        log(summary);
    }
    let dir = folder(&known.live.setup.config.settings.data);
    let calendar = &known.live.calendar;
    let mut files = files(&dir.join("atual"), summaries, calendar);
    for summary in summaries {
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
