//! Whether the machine's clock may be believed, asked before each pass and each round of letters.
//!
//! A clock that leaps ahead would send what is not due and close what is still open, for good. So while it stands more
//! than ten minutes ahead of the time that the machine has been up, nothing is decided or taken in and only alerts
//! leave. That ends when the clock comes back, when a time server vouches for where it stands, or when a person does
//! (`relogio aceitar`). A clock that goes back is the plan's to tell, by the ledger's high-water mark.

use std::time::Duration;

use jiff::Timestamp;
use tracing::{error, info};

use super::alert::{alert_once, topic};
use super::app::App;
use super::arrivals::blocking;
use super::leap::{ClockWatch, Look};
use crate::clock::{Clock, ClockReading};
use crate::domain::time::Leap;
use crate::render::portuguese as pt;
use crate::store::{Store, StoreError};

/// So long is waited for the system's word; else nobody vouches for now.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether now may be believed. A leap is told to staff when it is found, and kept in the ledger, so that a restart does
/// not forget it.
pub(super) async fn is_steady(app: &App) -> Result<bool, StoreError> {
    // One loop at a time, to the end: between a leap's being found and its being in the ledger, another loop would take
    // the ledger's silence for a person's word.
    let mut watch = app.clock_watch.lock().await;
    let mut reading = app.clock.reading();
    if watch.asks(reading) {
        reading = asked(app.clock).await;
    }
    match watch.look(reading) {
        Look::Steady => Ok(true),
        Look::Leapt(leap) => {
            app.store.note_leap(Some(leap)).await?;
            tell(app, leap).await?;
            Ok(false)
        }
        Look::Doubtful => {
            // Only a person takes it out of the ledger meanwhile.
            if app.store.signs().await?.leap.is_some() {
                return Ok(false);
            }
            watch.believe(reading);
            settled(app, reading.wall).await
        }
        Look::Settled => {
            app.store.note_leap(None).await?;
            settled(app, reading.wall).await
        }
    }
}

/// The same at a start, which asks the ledger for a person's word, and the system for its own, before it doubts.
pub(super) async fn begin(
    store: &Store,
    clock: Clock,
    asks: bool,
) -> Result<(ClockWatch, Option<Leap>), StoreError> {
    let (signs, reading) = (store.signs().await?, clock.reading());
    let ruled_at = match signs.heartbeat_at {
        Some(last) => store.clock_ruled_at(last, reading.wall).await?,
        None => None,
    };
    Ok(match ClockWatch::start(&signs, ruled_at, reading, asks) {
        (_, Some(_)) => ClockWatch::start(&signs, ruled_at, asked(clock).await, asks),
        steady => steady,
    })
}

/// A reading, with what the system says of its clock if it says so soon.
async fn asked(clock: Clock) -> ClockReading {
    let vouched = tokio::time::timeout(PATIENCE, blocking(move || clock.ask_system())).await;
    let mut reading = clock.reading();
    reading.synchronised_at = reading.synchronised_at.max(vouched.ok().flatten());
    reading
}

async fn settled(app: &App, now: Timestamp) -> Result<bool, StoreError> {
    info!("o relógio merece fé de novo; as decisões recomeçam");
    app.store.settle_clock(now).await?;
    // The service stood still meanwhile: what fell due in so long a time waits for a person.
    app.store.begin(now).await?;
    Ok(true)
}

/// Calls a person about a leap.
pub(super) async fn tell(app: &App, leap: Leap) -> Result<(), StoreError> {
    let zone = &app.live().calendar.hours.zone;
    error!(clock.expected = %leap.from, clock.wall = %leap.to, "o relógio saltou adiante; nada é decidido");
    let text = format!(
        "O relógio da máquina saltou de {} para {}, e ninguém o confirma. Nada é decidido, nenhuma carta sai a município \
         e nenhum arquivo é lido até que ele volte ou um servidor de horário o confirme. Confira com “timedatectl”. Se a \
         hora está certa: vigia-suas relogio aceitar --motivo \"…\"",
        pt::instant(leap.from, zone),
        pt::instant(leap.to, zone)
    );
    alert_once(app, topic::CLOCK_LEAPT, text, leap.to).await
}
