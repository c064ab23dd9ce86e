//! What keeps letters from leaving, in words: for systemd's STATUS and the page of the day.

use jiff::Timestamp;
use tracing::error;

use super::app::App;
use crate::telemetry::chain;
use crate::world::{aside, lateness, standstill};

/// What is amiss, each in one line: a configuration not let in, a ledger in doubt, a queue that stands, what is late.
pub(super) async fn troubles(app: &App, now: Timestamp) -> Vec<String> {
    let live = app.live();
    let zone = &live.calendar.hours.zone;
    let mut said = Vec::new();
    match app.store.configuration_refused().await {
        Ok(aside) => said.extend(aside.map(|aside| aside::headline(&aside).to_owned())),
        Err(failure) => error!(error = %chain(&failure), "o livro não pôde ser lido"),
    }
    if let Some(doubt) = app.doubt() {
        said.push(standstill::on_one_line(&standstill::doubted(&doubt, zone)));
    }
    match app.store.signs().await.map(|signs| signs.stop.filter(|stop| stop.holds(now))) {
        Ok(Some(stop)) => said.push(standstill::on_one_line(&standstill::stopped(&stop, zone))),
        Ok(None) => {}
        Err(failure) => error!(error = %chain(&failure), "o livro não pôde ser lido"),
    }
    match lateness::overdue(&app.store, &live, now).await {
        Ok(Some(overdue)) => said.push(overdue.words(zone)),
        Ok(None) => {}
        Err(failure) => error!(error = %chain(&failure), "a fila não pôde ser lida"),
    }
    said
}
