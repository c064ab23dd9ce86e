//! What is amiss, in words: for systemd's STATUS and the page of the day.

use jiff::Timestamp;
use tracing::error;

use super::app::App;
use crate::telemetry::chain;
use crate::world::health::{self, Ailment};

/// What is amiss, each in one line, what stops most first. Whoever asks is alive.
pub(super) async fn troubles(app: &App, now: Timestamp) -> Vec<String> {
    let live = app.live();
    match health::examine(&app.store, &live, false, now).await {
        Ok(found) => {
            let is_shown =
                |ailment: &&Ailment| !matches!(ailment, Ailment::NeverAlive | Ailment::Silent { .. });
            let shown = found.ailments.iter().filter(is_shown);
            shown.map(|ailment| ailment.line(&live.calendar.hours.zone)).collect()
        }
        Err(failure) => {
            error!(error = %chain(&failure), "o livro não pôde ser lido");
            Vec::new()
        }
    }
}
