//! The panel: the pages that staff look at in a browser, and what Prometheus reads. It stands beside the service and may
//! not hold it up: it has a thread of its own, a view of the ledger that cannot write, and a bound on everything that it
//! takes in.
//!
//! Reading order: `access` (who may see what), `password` (who somebody is), `token` (the calendar's address),
//! `door` (connections, TLS, bounds), `guard` (what comes before every page), `router` (which page), `ask` and `answer` (what
//! it is asked for with and made of), `rehearsal`, `page` (the pages; pure), `metrics` (pure).
//!
//! Architecture invariants: it answers GET and HEAD alone; it names neither the store nor the daemon; what it tells of
//! persons goes to whoever sits at this machine or has said who they are, and is kept nowhere; nothing that it sends
//! loads or runs anything.

mod access;
mod answer;
mod ask;
mod door;
mod guard;
mod metrics;
mod page;
mod password;
mod rehearsal;
mod router;
#[cfg(test)]
mod tests;
mod token;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use password::{PasswordError, line as password_line};

use crate::clock::Clock;
use crate::config::PanelSettings;
use crate::desk::view::{AsOf, LedgerView, Overview};
use crate::domain::delivery::DeliveryState;
use crate::domain::id::{MunicipalityCode, WindowId};
use crate::telemetry::io_words;
use crate::world::live::Live;

/// How long what was read of the ledger is shown to others who ask: many who look cost as little as one.
const FRESH: jiff::SignedDuration = jiff::SignedDuration::from_secs(3);

/// Why the panel cannot be served. In the operators' words.
#[derive(Debug, thiserror::Error)]
pub enum PanelError {
    /// The address.
    #[error("não é possível escutar em {address}: {}", io_words(source))]
    Address {
        /// As configured.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The certificate or its key.
    #[error("o arquivo {} não serve para o TLS do painel: {why}", path.display())]
    Certificate {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The file of passwords.
    #[error(transparent)]
    Passwords(#[from] PasswordError),
}

/// How the service that the panel stands beside is getting on, as it alone knows.
#[derive(Debug, Clone, Default)]
pub struct Beat {
    /// How long the last pass took.
    pub last_pass: Option<Duration>,
    /// Attempts to deliver since the service began, by what they came to.
    pub attempts: Vec<(DeliveryState, u64)>,
}

/// A dossier that is about to be shown.
#[derive(Debug, Clone)]
pub struct DossierView {
    /// About which municipality.
    pub municipality: MunicipalityCode,
    /// About this window alone.
    pub window: Option<WindowId>,
    /// To whom.
    pub user: String,
    /// Whether the proxy says that it is they.
    pub by_proxy: bool,
}

/// An answer that comes later.
pub type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What the panel asks of the service beside it.
pub trait Beside: Send + Sync {
    /// The configuration in force.
    fn live(&self) -> Arc<Live>;
    /// How it is getting on.
    fn beat(&self) -> Beat;
    /// Notes in the journal that a dossier is shown; answers whether that was done.
    fn note_dossier(&self, shown: DossierView) -> Later<bool>;
}

/// The panel.
pub struct Panel {
    settings: PanelSettings,
    beside: Arc<dyn Beside>,
    ledger: LedgerView,
    clock: Clock,
    logins: password::Logins,
    calendar_token: String,
    /// What was read last, of now.
    scene: tokio::sync::Mutex<Option<Arc<Overview>>>,
    /// A year is rehearsed for one who asks at a time.
    rehearsing: Arc<tokio::sync::Semaphore>,
}

impl Panel {
    /// A panel over a ledger. `key` is the ledger's own, from which the calendar's address is made.
    #[must_use]
    pub fn new(
        settings: PanelSettings,
        beside: Arc<dyn Beside>,
        ledger: LedgerView,
        key: &[u8],
        clock: Clock,
    ) -> Self {
        Self {
            calendar_token: token::of(key, settings.agenda_series),
            logins: password::Logins::new(settings.passwords.clone()),
            scene: tokio::sync::Mutex::new(None),
            rehearsing: Arc::new(tokio::sync::Semaphore::new(1)),
            settings,
            beside,
            ledger,
            clock,
        }
    }

    /// What is known at a moment; now, where none is asked for.
    async fn scene(&self, as_of: Option<Timestamp>) -> Result<Arc<Overview>, answer::Failure> {
        let (now, live) = (self.clock.now(), self.beside.live());
        if let Some(then) = as_of {
            return Ok(Arc::new(self.ledger.scene(live, AsOf::Then(then)).await?));
        }
        let mut kept = self.scene.lock().await;
        if let Some(scene) = &*kept
            && now.duration_since(scene.as_of.at()).abs() < FRESH
            && Arc::ptr_eq(&scene.known.live, &live)
        {
            return Ok(scene.clone());
        }
        let scene = Arc::new(self.ledger.scene(live, AsOf::Now(now)).await?);
        *kept = Some(scene.clone());
        Ok(scene)
    }
}

/// The panel's place: its address taken, its certificate read.
pub struct PanelDoor {
    listener: TcpListener,
    tls: Option<tokio_rustls::TlsAcceptor>,
}

/// Takes the panel's address, with all that it needs to be served there.
///
/// # Errors
/// [`PanelError`].
pub async fn open(settings: &PanelSettings) -> Result<PanelDoor, PanelError> {
    let tls = check(settings)?;
    let listener = TcpListener::bind(settings.listen)
        .await
        .map_err(|source| PanelError::Address { address: settings.listen, source })?;
    Ok(PanelDoor { listener, tls })
}

/// Whether the files that the panel needs are there and can be used.
///
/// # Errors
/// [`PanelError`].
pub fn check(settings: &PanelSettings) -> Result<Option<tokio_rustls::TlsAcceptor>, PanelError> {
    if let Some(path) = &settings.passwords {
        password::read(path)?;
    }
    settings.tls.as_ref().map(door::acceptor).transpose()
}

/// What tells whether the certificate and its key are others than they were: one that was renewed is taken up.
#[must_use]
pub fn stamp(settings: &PanelSettings) -> Vec<Option<(std::time::SystemTime, u64)>> {
    let files = settings.tls.iter().flat_map(|tls| [&tls.certificate, &tls.key]);
    let of = |path: &PathBuf| {
        let meta = std::fs::metadata(path).ok()?;
        Some((meta.modified().ok()?, meta.len()))
    };
    files.map(of).collect()
}

/// Serves until told to stop; then no connection is taken any more, and those that are open end.
pub async fn serve(panel: Arc<Panel>, place: PanelDoor, stop: CancellationToken) {
    door::serve(panel, place, stop).await;
}
