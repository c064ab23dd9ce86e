//! Two machines on one ledger: one leads, the other waits in reserve and takes over.
//!
//! A reserve reads, serves the panel, and keeps the witness beside it up to date while it is known that the ledger is the one
//! that sends; it writes nothing, and decides nothing. It ends when the leader is gone and its lease is over. A leader that
//! another has followed ends its process at once, without another word to the relay, and begins again in reserve.

use std::sync::Arc;
use std::time::Duration;

use sd_notify::NotifyState;
use tracing::{error, info, warn};

use super::app::App;
use super::beat::notify;
use super::obey::Signals;
use crate::clock::Clock;
use crate::config::Mode;
use crate::plan::CLOCK_TOLERANCE;
use crate::store::{Hints, StoreError};
use crate::telemetry::chain;
use crate::world::last_good;

/// How often a reserve asks whether it may lead, and a leader whether it still does.
const POLL: Duration = Duration::from_secs(2);

/// How a service waits in reserve: what it obeys meanwhile, and what else begins then.
pub struct Reserve<'a> {
    /// The signals.
    pub signals: &'a mut Signals,
    /// Begins what stands beside a service, as the panel.
    pub beside: &'a (dyn Fn(&Arc<App>) + Send + Sync),
}

/// What became of a wish to lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Led {
    /// It leads.
    Leads,
    /// It was told to stop while it waited.
    Stopped,
}

/// Leads, at once or after whoever does. Without a reserve to wait in, another leader is a refusal.
///
/// # Errors
/// [`StoreError::Taken`], or a fault of the database at the first try.
pub(super) async fn lead(app: &Arc<App>, reserve: Option<Reserve<'_>>) -> Result<Led, StoreError> {
    let store = &app.store;
    store.writes_only_when_leading();
    agree_on_time(app).await?;
    let Some(reserve) = reserve else {
        return if store.lead_after_lease(app.now()).await? {
            Ok(Led::Leads)
        } else {
            Err(StoreError::Taken { path: store.path().to_owned(), holder: None })
        };
    };
    if store.lead(app.now()).await? {
        return Ok(Led::Leads);
    }
    info!("outro processo envia com este livro; este espera de reserva");
    (reserve.beside)(app);
    notify(&[NotifyState::Ready]);
    let mut hints = store.hints();
    loop {
        if let Err(failure) = follow(app).await {
            warn!(error = %chain(&failure), "o livro não pôde ser lido; a reserva tenta de novo");
        }
        notify(&[NotifyState::Watchdog]);
        tokio::select! {
            () = reserve.signals.stop() => {
                notify(&[NotifyState::Stopping]);
                app.stop.cancel();
                store.close().await;
                return Ok(Led::Stopped);
            }
            () = word(&mut hints) => {}
            () = tokio::time::sleep(POLL) => {}
        }
        let led = match agree_on_time(app).await {
            Ok(()) => store.lead(app.now()).await,
            Err(failure) => Err(failure),
        };
        match led {
            Ok(true) => break,
            Ok(false) => {}
            Err(over @ (StoreError::Moved { .. } | StoreError::Skewed { .. })) => return Err(over),
            Err(failure) => {
                warn!(error = %chain(&failure), "o servidor do banco não responde; a reserva tenta de novo");
            }
        }
    }
    warn!("o processo que enviava se foi; este passa a enviar");
    take_up(app);
    Ok(Led::Leads)
}

/// Leases are the server's time, but what is due is judged by this machine's clock. Where the two are further apart than any
/// time server lets them come, it is not known which is right, and this machine neither leads nor waits for the lead: its
/// process ends, and each start asks again. A leader whose clock leaps while it leads is the clock watch's matter.
async fn agree_on_time(app: &App) -> Result<(), StoreError> {
    if app.clock != Clock::System {
        return Ok(());
    }
    let Some(there) = app.store.server_clock().await? else { return Ok(()) };
    let here = app.now();
    if here.duration_since(there).abs() > CLOCK_TOLERANCE {
        return Err(StoreError::Skewed { here, there });
    }
    Ok(())
}

/// A word of another process, which spares waiting for the next look and means nothing else.
async fn word(hints: &mut Option<Hints>) {
    match hints {
        Some(hints) => hints.heard().await,
        None => std::future::pending().await,
    }
}

/// Has whatever another process wrote be looked at, as an order by a command on another machine, at once and not by and by.
pub(super) async fn hint_loop(app: Arc<App>) {
    let mut hints = app.store.hints();
    while app.unless_stopped(word(&mut hints)).await.is_some() {
        app.wake.notify_one();
        app.mail.notify_one();
    }
}

/// What the files say by now, if it is good and means the same ledger: a reserve may wait for weeks.
fn take_up(app: &App) {
    let live = app.live();
    match last_good::load(live.setup.directory.as_deref(), app.now()) {
        Ok(new) if new.database() == live.setup.database() => app.adopt(new),
        Ok(_) | Err(_) => {
            warn!("os arquivos da configuração não servem agora; vale a que a reserva leu ao começar");
        }
    }
}

/// Says whom it follows, and has the witness of this machine tell how far that has come.
async fn follow(app: &App) -> Result<(), StoreError> {
    let Some(leader) = app.store.leader().await? else { return Ok(()) };
    notify(&[NotifyState::Status(&format!("reserva: quem envia é {}", leader.name))]);
    if app.live().setup.config.settings.mode == Mode::Production && leader.rest.is_some() {
        app.store.follow_witness(&leader, app.now()).await?;
    }
    Ok(())
}

/// Ends when this process may not go on, and says why: another leads that this one did, the ledger went back in time, or its
/// file lost its name.
pub(super) async fn deposed(app: &App) -> StoreError {
    // Nobody takes a file over; that it went back in time or lost its name stops its writes by themselves.
    let pause = if app.store.hints().is_some() { POLL / 4 } else { POLL * 5 };
    loop {
        if let Err(displaced) = app.store.keeps_name() {
            error!(error = %displaced, "este processo termina; o próximo abre o que estiver no lugar do livro");
            return displaced;
        }
        if app.store.is_deposed() {
            error!("outro processo passou a enviar com este livro; este termina e recomeça de reserva");
            return StoreError::Deposed;
        }
        if app.store.is_set_back() {
            error!(
                "faltam no livro registros que já tinham sido gravados; este processo termina, e o próximo espera por assumir"
            );
            // Before another may lead.
            if let Err(fault) = Box::pin(app.store.tell_set_back()).await {
                error!(error = %fault, "não foi possível dizer no próprio livro que ele voltou no tempo");
            }
            return StoreError::SetBack;
        }
        tokio::time::sleep(pause).await;
    }
}
