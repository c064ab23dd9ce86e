//! What every loop shares.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Mutex, Notify};
use tokio_util::sync::CancellationToken;

use super::leap::ClockWatch;
use crate::clock::Clock;
use crate::feed::http::{Fetcher, Patience};
use crate::store::Store;
use crate::world::live::{Live, spool_folder};
use crate::world::setup::Setup;

/// The running service.
pub struct App {
    /// The configuration in force; swapped whole by a reload.
    setup: RwLock<Arc<Live>>,
    /// The ledger.
    pub store: Store,
    /// Where `now` comes from.
    pub clock: Clock,
    /// Asks other hosts, for every feed and page, so that none is asked for too much at a time.
    pub fetcher: Fetcher,
    /// Only one pass decides at a time.
    pub(super) deciding: Mutex<()>,
    /// Something changed: decide again.
    pub wake: Notify,
    /// Something may leave.
    pub mail: Notify,
    /// Told to stop: claim nothing more, finish what is on the wire.
    pub stop: CancellationToken,
    /// Something is lost for good; the process must end with failure.
    pub failed: CancellationToken,
    /// Whether the machine's clock may be believed.
    pub(super) clock_watch: std::sync::Mutex<ClockWatch>,
    due: std::sync::Mutex<Due>,
    /// Whether the files hold a configuration that was refused.
    refused: AtomicBool,
    /// Whether the service began on the last good one and did not adopt another since.
    on_last_good: AtomicBool,
}

/// A fetcher that says whom to ask about it.
#[must_use]
pub fn fetcher(setup: &Setup, patience: Patience) -> Fetcher {
    let contact = setup.config.secretariat.reply_to.as_str();
    Fetcher::new(Some(contact), &spool_folder(setup), patience)
}

/// When the next pass is due, and when the last one ended; before the first, when the service began.
#[derive(Debug)]
struct Due {
    at: Option<Timestamp>,
    decided_at: Timestamp,
}

/// A service that has not decided anything for so long hangs; systemd restarts it.
const LONGEST_SILENCE: SignedDuration = SignedDuration::from_mins(15);

impl App {
    /// Joins a configuration and a store.
    #[must_use]
    pub fn new(setup: Setup, store: Store, clock: Clock) -> Arc<Self> {
        Self::patient(setup, store, clock, Patience::default())
    }

    /// The same with another patience towards hosts that fail.
    #[must_use]
    pub fn patient(setup: Setup, store: Store, clock: Clock, patience: Patience) -> Arc<Self> {
        Arc::new(Self {
            fetcher: fetcher(&setup, patience),
            setup: RwLock::new(Arc::new(Live::new(setup))),
            store,
            clock,
            deciding: Mutex::new(()),
            wake: Notify::new(),
            mail: Notify::new(),
            stop: CancellationToken::new(),
            failed: CancellationToken::new(),
            clock_watch: std::sync::Mutex::default(),
            due: std::sync::Mutex::new(Due { at: None, decided_at: clock.now() }),
            refused: AtomicBool::new(false),
            on_last_good: AtomicBool::new(false),
        })
    }

    /// The configuration in force.
    #[must_use]
    pub fn live(&self) -> Arc<Live> {
        self.setup.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts another configuration in force.
    pub fn adopt(&self, setup: Setup) {
        let live = Arc::new(Live::new(setup));
        *self.setup.write().unwrap_or_else(PoisonError::into_inner) = live;
        self.refused(false);
        self.wake.notify_one();
    }

    /// Notes whether the files hold what was refused.
    pub(super) fn refused(&self, refused: bool) {
        self.refused.store(refused, Ordering::Relaxed);
    }

    /// Whether the files hold what was refused.
    #[must_use]
    pub fn has_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }

    /// Notes whether the service runs on what it found in the ledger and not in the files.
    pub(super) fn runs_on_last_good(&self, so: bool) {
        self.on_last_good.store(so, Ordering::Relaxed);
    }

    /// Whether it does.
    #[must_use]
    pub fn is_on_last_good(&self) -> bool {
        self.on_last_good.load(Ordering::Relaxed)
    }

    /// Now. Read once per pass.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Notes that a pass ended, and when the next is due.
    pub fn set_due(&self, at: Option<Timestamp>) {
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        *due = Due { at, decided_at: self.now() };
    }

    /// Wakes the deciding loop if a pass is due.
    pub fn tick(&self) {
        let now = self.now();
        let due = self.due.lock().unwrap_or_else(PoisonError::into_inner).at;
        if due.is_some_and(|at| at <= now) {
            self.wake.notify_one();
        }
    }

    /// Whether passes still end: the watchdog's question. The first is given as long as any other.
    #[must_use]
    pub fn is_deciding(&self, now: Timestamp) -> bool {
        let decided_at = self.due.lock().unwrap_or_else(PoisonError::into_inner).decided_at;
        now.duration_since(decided_at) < LONGEST_SILENCE
    }
}
