//! Once a month: personal data whose years are over is erased (`guardar_anos`), when no letter may leave.
//!
//! It cannot be undone, so nothing is erased while the clock or the ledger is doubted.

use jiff::Timestamp;
use jiff::civil::Date;
use tracing::{info, warn};

use super::app::App;
use super::{clock_watch, succession};
use crate::store::StoreError;
use crate::world::retention::retention;

/// Where letters may leave at every hour of every day, it is done from this day of the month on all the same.
const LATEST_DAY: i8 = 15;

/// What was done so far.
#[derive(Debug, Default)]
pub struct Retainer {
    /// The last day on which was looked what is old.
    looked_on: Option<Date>,
    /// The last day on which was said that the file could not be written anew.
    said_on: Option<Date>,
}

impl Retainer {
    /// Erases what is old, if its month has come, and writes the file anew where something erased still lies in it.
    pub async fn retain_once(&mut self, app: &App, now: Timestamp) -> Result<(), StoreError> {
        let live = app.live();
        let hours = &live.calendar.hours;
        let today = hours.zone.date_of(now);
        if hours.sending_until(now).is_some() && today.day() < LATEST_DAY {
            return Ok(());
        }
        if self.looked_on != Some(today) {
            let leapt = app.store.signs().await?.leap.is_some();
            if leapt || !clock_watch::is_steady(app).await? || !succession::stands(app).await? {
                return Ok(());
            }
            self.looked_on = Some(today);
            let last = app.store.last_reduction().await?.map(|at| hours.zone.date_of(at));
            if last.is_none_or(|last| last.first_of_month() < today.first_of_month()) {
                // Nothing is decided on what is being erased.
                let _deciding = app.deciding.lock().await;
                let erased = app.store.reduce(&retention(&live, now), None, now).await?;
                if !erased.is_empty() {
                    info!(
                        retention.letters = erased.letters,
                        retention.kept = erased.kept,
                        "dados pessoais cujo prazo de guarda terminou foram apagados"
                    );
                }
            }
        }
        // Who reads an older state keeps it from being so: a copy for minutes, a replicator for as long as it runs.
        if !app.store.scrub().await? && self.said_on.replace(today) != Some(today) {
            warn!("o arquivo do livro ainda não pôde ser regravado sem o que foi apagado; será retomado");
        }
        Ok(())
    }
}
