//! What is amiss, in words: for systemd's STATUS and the page of the day.

use jiff::Timestamp;
use tracing::error;

use super::app::App;
use crate::telemetry::chain;
use crate::world::ailment::Ailment;
use crate::world::health;

/// Each in one line, what stops most first.
pub(super) async fn troubles(app: &App, now: Timestamp) -> Vec<String> {
    let zone = &app.live().calendar.hours.zone;
    ailments(app, now).await.iter().map(|ailment| ailment.line(zone)).collect()
}

/// What is amiss, what stops most first; not that nobody is alive, since whoever asks here is.
pub(super) async fn ailments(app: &App, now: Timestamp) -> Vec<Ailment> {
    let live = app.live();
    match health::examine(&app.store, &live, false, now).await {
        Ok(found) => {
            let is_shown =
                |ailment: &Ailment| !matches!(ailment, Ailment::NeverAlive | Ailment::Silent { .. });
            found.ailments.into_iter().filter(is_shown).collect()
        }
        Err(failure) => {
            error!(error = %chain(&failure), "o livro não pôde ser lido");
            Vec::new()
        }
    }
}
