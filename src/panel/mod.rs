//! The panel: the pages that staff look at in a browser, and what Prometheus reads. It stands beside the service and may
//! not hold it up: it has a thread of its own, a view of the ledger that cannot write, and a bound on everything that it
//! takes in.
//!
//! Reading order: `access` (who may see what), `password` (who somebody is), `token` (the calendar's address),
//! `door` (connections and their bounds), `tls`, `files` (what is looked at meanwhile), `guard` (what comes before every page), `router` (which page), `ask` and `answer` (what
//! it is asked for with and made of), `standing` and `past` (what the pages of now and of a day that is over are drawn
//! from), `rehearsal`, `page` (the pages; pure), `metrics` (pure).
//!
//! Architecture invariants: it answers GET and HEAD alone; it names neither the store nor the daemon; what it tells of
//! persons goes to whoever sits at this machine or has said who they are, and is kept nowhere; nothing that it sends
//! loads or runs anything.

mod access;
mod answer;
mod ask;
mod door;
mod files;
mod guard;
mod login;
mod metrics;
mod page;
mod password;
mod past;
mod rehearsal;
mod router;
mod standing;
#[cfg(test)]
mod tests;
mod tls;
mod token;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub use files::{PanelFiles, Renewal, Stamp, stamp};
pub use password::{PasswordError, line as password_line};

use answer::Failure;

use crate::clock::Clock;
use crate::config::PanelSettings;
use crate::desk::view::{AsOf, DayPage, Health, LedgerView, Overview};
use crate::domain::delivery::DeliveryState;
use crate::domain::id::{MunicipalityCode, WindowId};
use crate::plan::history::HistoryLine;
use crate::text::system::io_words;
use crate::world::live::Live;

/// How long what was read of the ledger is shown to others who ask: many who look cost as little as one.
const FRESH: Duration = Duration::from_secs(3);
/// Connections that the system takes before the door does; what it allows less counts.
const BEFORE_THE_DOOR: u32 = 4_096;
/// A dossier shown again to the same person within so long is shown once.
const SAME_SHOWING: Duration = Duration::from_mins(1);
/// How long somebody waits for what is done for one at a time.
const TURN: Duration = Duration::from_secs(10);

/// Why the panel cannot be served. In the operators' words.
#[derive(Debug, thiserror::Error)]
pub enum PanelError {
    /// The address.
    #[error("não é possível escutar em {address}: {}", io_words(source))]
    Address {
        /// As configured.
        address: SocketAddr,
        source: std::io::Error,
    },
    /// The certificate or its key.
    #[error("o arquivo {} não serve para o TLS do painel: {why}", path.display())]
    Certificate { path: PathBuf, why: String },
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
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DossierView {
    /// About which municipality.
    pub municipality: MunicipalityCode,
    pub window: WindowId,
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
    logins: login::Logins,
    calendar_token: String,
    /// What stands now.
    now: standing::Keeping,
    health: Fresh<Health>,
    /// Days that are over, as last asked for.
    past: past::Days,
    /// What costs much, as a past day or a dossier, is worked out for one who asks at a time.
    turns: Arc<Semaphore>,
    /// Dossiers noted as shown a moment ago.
    noted: Mutex<BTreeMap<DossierView, Instant>>,
    /// A year is rehearsed for one who asks at a time.
    rehearsing: Arc<Semaphore>,
}

/// What was read last, with when, and of which configuration.
type Fresh<T> = Mutex<Option<(Instant, Arc<Live>, Arc<T>)>>;

/// What is kept, if it is of this configuration and not too old: by a clock that nobody sets.
fn fresh<T>(kept: Option<&(Instant, Arc<Live>, Arc<T>)>, live: &Arc<Live>) -> Option<Arc<T>> {
    let (at, of, value) = kept?;
    (at.elapsed() < FRESH && Arc::ptr_eq(of, live)).then(|| value.clone())
}

impl Panel {
    /// A panel over a ledger. `key` is the ledger's own, from which the calendar's address is made.
    pub fn new(
        settings: PanelSettings,
        beside: Arc<dyn Beside>,
        ledger: LedgerView,
        key: &[u8],
        clock: Clock,
    ) -> Self {
        Self {
            calendar_token: token::of(key, settings.agenda_series),
            logins: login::Logins::new(settings.passwords.clone()),
            now: standing::Keeping::default(),
            health: Fresh::default(),
            past: past::Days::default(),
            turns: Arc::new(Semaphore::new(1)),
            noted: Mutex::default(),
            rehearsing: Arc::new(Semaphore::new(1)),
            settings,
            beside,
            ledger,
            clock,
        }
    }

    /// A turn at what is worked out for one who asks at a time. Nobody waits for it long, nor takes another meanwhile.
    async fn turn(&self) -> Result<OwnedSemaphorePermit, Failure> {
        match tokio::time::timeout(TURN, self.turns.clone().acquire_owned()).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => Err(Failure::Busy(
                "Outra consulta demorada está em curso; tente de novo em alguns segundos.".to_owned(),
            )),
        }
    }

    /// What is known at a moment; now, where none is asked for.
    async fn scene(self: &Arc<Self>, as_of: Option<Timestamp>) -> Result<Arc<Overview>, Failure> {
        match as_of {
            Some(then) => self.past_scene(then).await,
            None => Ok(self.standing().await?.scene.clone()),
        }
    }

    /// The page of the day of a scene.
    async fn day(self: &Arc<Self>, scene: &Arc<Overview>) -> Result<Arc<DayPage>, Failure> {
        match scene.as_of {
            AsOf::Then(_) => self.past_day(scene).await,
            AsOf::Now(_) => self.standing_day(scene).await,
        }
    }

    /// How punctual everybody was up to the day of a scene.
    async fn history(self: &Arc<Self>, scene: &Arc<Overview>) -> Result<Arc<Vec<HistoryLine>>, Failure> {
        match scene.as_of {
            AsOf::Then(_) => self.past_history(scene).await,
            AsOf::Now(_) => {
                let standing = self.standing().await?;
                match &standing.history {
                    Some(history) => Ok(history.clone()),
                    None => self.completed(standing).await,
                }
            }
        }
    }

    /// Whether the service is well.
    async fn health(&self) -> Result<Arc<Health>, Failure> {
        let live = self.beside.live();
        let mut kept = self.health.lock().await;
        if let Some(health) = fresh(kept.as_ref(), &live) {
            return Ok(health);
        }
        let health = Arc::new(self.ledger.health(&live, self.clock.now()).await?);
        *kept = Some((Instant::now(), live, health.clone()));
        Ok(health)
    }

    /// Notes that a dossier is shown, once a minute to the same person; answers whether it is noted.
    async fn note_shown(&self, shown: DossierView) -> bool {
        let mut noted = self.noted.lock().await;
        noted.retain(|_, at| at.elapsed() < SAME_SHOWING);
        if noted.contains_key(&shown) {
            return true;
        }
        let is_noted = self.beside.note_dossier(shown.clone()).await;
        if is_noted {
            noted.insert(shown, Instant::now());
        }
        is_noted
    }
}

/// The panel's place: its address taken, its certificate read.
pub struct PanelDoor {
    listener: TcpListener,
    tls: Option<tls::Tls>,
}

/// Takes the panel's address, with all that it needs to be served there, and its files to look at while it is. Within the
/// runtime that serves it.
pub fn open(settings: &PanelSettings) -> Result<(PanelDoor, PanelFiles), PanelError> {
    let seen = stamp(settings);
    let tls = check(settings)?.map(tls::Tls::new);
    let listener =
        listen(settings.listen).map_err(|source| PanelError::Address { address: settings.listen, source })?;
    let files = PanelFiles::new(settings, tls.clone(), seen);
    Ok((PanelDoor { listener, tls }, files))
}

/// Takes an address. So many may stand before the door at once: who comes when all those places are taken is not heard by
/// the system, and only comes again a second later.
fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BEFORE_THE_DOOR)
}

/// Whether the files that the panel needs are there and can be used.
pub fn check(settings: &PanelSettings) -> Result<Option<tokio_rustls::TlsAcceptor>, PanelError> {
    if let Some(path) = &settings.passwords {
        password::read(path)?;
    }
    settings.tls.as_ref().map(tls::acceptor).transpose()
}

/// Serves until told to stop; then no connection is taken any more, and those that are open end. Meanwhile what stands now
/// is kept.
pub async fn serve(panel: Arc<Panel>, place: PanelDoor, stop: CancellationToken) {
    tokio::join!(door::serve(panel.clone(), place, stop.clone()), panel.keep_standing(stop));
}

/// What is done aside takes so long at most: what waits for a database that is gone, on a connection that nobody ended,
/// would keep its turn for ever.
const LONGEST_ASIDE: Duration = Duration::from_mins(2);

/// Does what takes long on a thread of its own, so that pages that are ready are not kept waiting. Once begun it is done,
/// also when whoever asked is gone.
async fn aside<T, F>(work: impl FnOnce() -> F + Send + 'static) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
    T: Send + 'static,
{
    let handle = Handle::current();
    let work = move || handle.block_on(async { tokio::time::timeout(LONGEST_ASIDE, work()).await });
    match tokio::task::spawn_blocking(work).await? {
        Ok(done) => done,
        Err(_) => {
            Err(Failure::Busy("O livro demora demais a responder; tente de novo mais tarde.".to_owned()))
        }
    }
}
