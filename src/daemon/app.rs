//! What every loop shares.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Mutex, Notify, watch};
use tokio_util::sync::CancellationToken;

use super::hang;
use super::leap::ClockWatch;
use super::pages::Pages;
use super::pulse::Pulse;
use crate::clock::{Clock, ClockReading};
use crate::feed::http::{Fetcher, Patience};
use crate::store::{Generation, LedgerDoubt, LoopProgress, Store};
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
    /// Only one self-audit at a time, from the question whether one is due on.
    pub(super) auditing: Mutex<()>,
    /// Something changed: decide again.
    pub wake: Notify,
    /// Something may leave.
    pub mail: Notify,
    /// Another configuration is in force: for whoever serves the panel.
    pub adopted: Notify,
    /// Something may have changed that a loop was not told of: each looks again (`lookout`).
    pub(super) changed: watch::Sender<()>,
    /// The next pass is due at another time.
    pub(super) due_moved: Notify,
    /// Staff may have to be told by another way than mail.
    pub herald: Notify,
    /// What the ledger did not take and staff must hear all the same.
    cries: std::sync::Mutex<Vec<Outcry>>,
    /// Told to stop: claim nothing more, finish what is on the wire.
    pub stop: CancellationToken,
    /// Something is lost for good; the process must end with failure.
    pub failed: CancellationToken,
    /// Whether the machine's clock may be believed.
    pub(super) clock_watch: tokio::sync::Mutex<ClockWatch>,
    /// Why nobody knows that the ledger is the one that last sent (`succession`).
    pub(super) doubted: std::sync::Mutex<Option<LedgerDoubt>>,
    due: std::sync::Mutex<Option<Timestamp>>,
    /// The last pass, as far as it need not be noted again.
    standing: std::sync::Mutex<Option<StandingPass>>,
    /// When each loop last got on; before its first round, when the service began.
    progress: std::sync::Mutex<BTreeMap<Loop, ClockReading>>,
    /// How it is getting on, for metrics.
    pub pulse: Pulse,
    /// Whether the service began on the last good one and did not adopt another since.
    on_last_good: AtomicBool,
    /// What is known of the pages of the ledger's file.
    pub(super) pages: Pages,
}

/// A pass that found nothing to do, and on what: while that stands and its wake is not reached, no other finds anything.
#[derive(Debug, Clone)]
struct StandingPass {
    live: Arc<Live>,
    generation: Generation,
    entry: u64,
    wake: Option<Timestamp>,
    last: Timestamp,
}

/// What staff must hear though the ledger does not take it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcry {
    /// What about.
    pub topic: String,
    /// The words.
    pub text: String,
}

/// Of these no more are kept than somebody would read.
pub(super) const MOST_CRIES: usize = 20;

/// A fetcher that says whom to ask about it.
#[must_use]
pub fn fetcher(setup: &Setup, patience: Patience) -> Fetcher {
    let contact = setup.config.secretariat.reply_to.as_str();
    Fetcher::new(Some(contact), &spool_folder(setup), patience)
}

/// A loop of the service. Each vouches for its own progress ([`App::vouch`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loop {
    /// Takes in drop folders and feeds.
    Ingest,
    /// Reads registers of units.
    Register,
    /// Looks at the ministry's pages.
    News,
    /// Reads what comes back by mail.
    Returns,
    /// Decides.
    Decide,
    /// Sends.
    Send,
    /// Tells staff by other ways than mail.
    Herald,
    /// Gives signs of life to another machine.
    Signal,
    /// Works out anew what should have gone out.
    Audit,
}

impl Loop {
    pub(super) const ALL: [Self; 9] = [
        Self::Ingest,
        Self::Register,
        Self::News,
        Self::Returns,
        Self::Decide,
        Self::Send,
        Self::Herald,
        Self::Signal,
        Self::Audit,
    ];

    /// Its name in the log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ingest => "ingestão",
            Self::Register => "cadastro",
            Self::News => "notícias",
            Self::Returns => "devoluções",
            Self::Decide => "decisão",
            Self::Send => "envio",
            Self::Herald => "alertas",
            Self::Signal => "sinal",
            Self::Audit => "autoconferência",
        }
    }

    /// One that has not got on for so long hangs. Those that wait for other hosts may wait longer: a relay alone may take
    /// three quarters of an hour over one letter (RFC 5321 §4.5.3.2).
    fn patience(self) -> SignedDuration {
        if hang::is_asked_for(self.name()) {
            return hang::PATIENCE;
        }
        match self {
            Self::Ingest | Self::Decide => SignedDuration::from_mins(15),
            Self::Register
            | Self::News
            | Self::Returns
            | Self::Send
            | Self::Herald
            | Self::Signal
            | Self::Audit => SignedDuration::from_hours(1),
        }
    }
}

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
            auditing: Mutex::new(()),
            wake: Notify::new(),
            mail: Notify::new(),
            changed: watch::Sender::default(),
            due_moved: Notify::new(),
            adopted: Notify::new(),
            herald: Notify::new(),
            cries: std::sync::Mutex::default(),
            stop: CancellationToken::new(),
            failed: CancellationToken::new(),
            clock_watch: tokio::sync::Mutex::default(),
            doubted: std::sync::Mutex::default(),
            due: std::sync::Mutex::new(None),
            standing: std::sync::Mutex::new(None),
            progress: std::sync::Mutex::new(Loop::ALL.map(|each| (each, clock.reading())).into()),
            pulse: Pulse::default(),
            on_last_good: AtomicBool::new(false),
            pages: Pages::default(),
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
        self.wake.notify_one();
        self.changed.send_replace(());
        self.adopted.notify_one();
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

    /// Why nobody knows that the ledger is the one that last sent.
    #[must_use]
    pub fn doubt(&self) -> Option<LedgerDoubt> {
        self.doubted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Has staff told of what the ledger does not take.
    pub(super) fn cry(&self, what: Outcry) {
        let mut cries = self.cries.lock().unwrap_or_else(PoisonError::into_inner);
        if cries.len() < MOST_CRIES && !cries.contains(&what) {
            cries.push(what);
        }
        self.herald.notify_one();
    }

    /// Takes what staff are to be told so.
    pub(super) fn cries(&self) -> Vec<Outcry> {
        std::mem::take(&mut *self.cries.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether a pass that found nothing to do, over a state of the ledger up to an entry, says no more than the one noted
    /// before: then the next heartbeat notes it.
    pub(super) fn repeats(
        &self,
        (generation, entry): (Generation, u64),
        wake: Option<Timestamp>,
        now: Timestamp,
    ) -> bool {
        let live = self.live();
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = standing.as_mut()
            && Arc::ptr_eq(&known.live, &live)
            && (known.generation, known.entry) == (generation, entry)
            && known.last <= now
            && known.wake.is_none_or(|at| now < at)
        {
            known.last = now;
            return true;
        }
        *standing = Some(StandingPass { live, generation, entry, wake, last: now });
        false
    }

    /// When the last pass was made that found nothing to do.
    pub(super) fn stood_at(&self) -> Option<Timestamp> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|pass| pass.last)
    }

    /// Notes when the next pass is due.
    pub fn set_due(&self, at: Option<Timestamp>) {
        let before = std::mem::replace(&mut *self.due.lock().unwrap_or_else(PoisonError::into_inner), at);
        if before != at {
            self.due_moved.notify_one();
        }
    }

    /// When the next pass is due.
    pub(super) fn due(&self) -> Option<Timestamp> {
        *self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the deciding loop if a pass is due.
    pub fn tick(&self) {
        let now = self.now();
        if self.due().is_some_and(|at| at <= now) {
            self.wake.notify_one();
        }
    }

    /// Notes that a loop got on.
    pub fn vouch(&self, of: Loop) {
        let now = self.clock.reading();
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).insert(of, now);
    }

    /// When a loop last got on.
    pub(super) fn vouched_at(&self, of: Loop) -> Option<ClockReading> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).get(&of).copied()
    }

    /// How far each loop got.
    #[must_use]
    pub(super) fn progress(&self, now: Timestamp) -> Vec<LoopProgress> {
        let progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let line = |(each, at): (&Loop, &ClockReading)| LoopProgress {
            name: each.name().to_owned(),
            moved_at: at.wall,
            hangs_at: at.wall.saturating_add(each.patience()).unwrap_or(Timestamp::MAX),
            noted_at: now,
        };
        progress.iter().map(line).collect()
    }

    /// A loop that has not got on for too long: the watchdog's question, and the heartbeat's. A clock that leaps makes no
    /// loop hang, nor does a machine that sleeps: what counts is how long it has been awake, if that is known.
    #[must_use]
    pub fn hung(&self, now: Timestamp) -> Option<Loop> {
        let awake = self.clock.reading().awake;
        let since = |at: &ClockReading| match (awake, at.awake) {
            (Some(now), Some(then)) => now - then,
            _ => now.duration_since(at.wall),
        };
        let progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let mut loops = progress.iter();
        loops.find(|(each, at)| since(at) >= each.patience()).map(|(each, _)| *each)
    }

    /// Does the work, unless the service is told to stop meanwhile. Only for what a crash may cut off at any point too.
    pub async fn unless_stopped<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            () = self.stop.cancelled() => None,
            done = work => Some(done),
        }
    }
}

#[cfg(test)]
impl App {
    /// The shipped configuration, which is a rehearsal, over a ledger of its own in a folder.
    pub(super) async fn shipped(dir: &std::path::Path, now: Timestamp) -> Arc<Self> {
        let store = Store::open(&dir.join("vigia.db"), now).await.unwrap();
        Self::new(Setup::shipped(now), store, Clock::Fixed(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_machine_that_slept_makes_no_loop_hang_and_one_that_was_awake_does() {
        let dir = tempfile::tempdir().unwrap();
        let mut app = App::shipped(dir.path(), "2026-12-01T13:00:00Z".parse().unwrap()).await;
        Arc::get_mut(&mut app).unwrap().clock = Clock::System;
        let now = app.clock.reading();
        let hours = SignedDuration::from_hours;
        let vouched = |awake: SignedDuration| {
            for each in Loop::ALL {
                let at = ClockReading {
                    wall: now.wall - hours(9),
                    uptime: now.uptime.map(|up| up - hours(9)),
                    awake: now.awake.map(|up| up - awake),
                    synchronised_at: None,
                };
                app.progress.lock().unwrap().insert(each, at);
            }
        };
        vouched(SignedDuration::from_secs(20));
        assert_eq!(app.hung(now.wall), None, "it slept for nine hours");
        vouched(hours(9));
        assert_eq!(app.hung(now.wall), Some(Loop::Ingest));
    }
}
