//! Whether the ledger is the one that last sent: asked at a start, and while it is doubted before each pass and round.
//!
//! It is not either where it begins in the place of another that is gone: it knows of nothing that was sent.
//!
//! In production alone: a rehearsal writes to nobody. While it is doubted nothing is decided and only alerts leave. That
//! ends with a person's word (`assumir`), or with a start on the right ledger.

use std::path::Path;
use std::sync::PoisonError;

use jiff::Timestamp;
use tracing::{error, info};

use super::alert::{alert_once, topic};
use super::app::App;
use crate::config::Mode;
use crate::store::{LedgerDoubt, StoreError};
use crate::world::standstill;

/// A ledger that begins where there was one, which is gone with all that it knew of what was sent, is doubted like one whose
/// witness is missing: until a person says that it counts (`assumir`), or the right one is put back.
pub(super) async fn begin_anew(app: &App, before: &Path, now: Timestamp) -> Result<(), StoreError> {
    let signs = app.store.signs().await?;
    if signs.heartbeat_at.is_none() && signs.born_at.is_none() {
        error!(ledger.before = %before.display(), "o livro de antes não está mais lá, e este começa do nada");
        app.store.heartbeat(now).await?;
    }
    Ok(())
}

/// Asks the witness, and keeps it from then on unless the ledger is doubted.
pub(super) async fn begin(app: &App, now: Timestamp) -> Result<(), StoreError> {
    if app.live().setup.config.settings.mode == Mode::Rehearsal {
        return Ok(());
    }
    match app.store.doubt().await? {
        None => app.store.keep_witness(now).await,
        Some(doubt) => {
            error!(
                ledger.doubt = doubt.cause.as_str(),
                "não se sabe se este livro é o que enviou por último"
            );
            tell(app, &doubt, now).await?;
            *app.doubted.lock().unwrap_or_else(PoisonError::into_inner) = Some(doubt);
            Ok(())
        }
    }
}

/// Whether it may be decided on and sent from.
pub(super) async fn stands(app: &App) -> Result<bool, StoreError> {
    if app.doubt().is_none() {
        return Ok(true);
    }
    let now = app.now();
    let doubt = app.store.doubt().await?;
    if let Some(doubt) = &doubt {
        tell(app, doubt, now).await?;
    } else {
        app.store.keep_witness(now).await?;
        info!("este livro passa a valer; as decisões recomeçam");
        app.wake.notify_one();
    }
    let stands = doubt.is_none();
    *app.doubted.lock().unwrap_or_else(PoisonError::into_inner) = doubt;
    Ok(stands)
}

/// Calls a person, once a day.
async fn tell(app: &App, doubt: &LedgerDoubt, now: Timestamp) -> Result<(), StoreError> {
    let text = standstill::doubted(doubt, &app.live().calendar.hours.zone);
    alert_once(app, topic::LEDGER_DOUBTED, standstill::on_one_line(&text), now).await
}
