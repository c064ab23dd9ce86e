//! Start, signals, reload, drain: the life of the daemon.
//!
//! On SIGTERM nothing more is claimed and what is on the wire is finished.
//!
//! Above 400 lines: a life is one story, and what begins in it is ended in it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sd_notify::NotifyState;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

use super::alert::topic;
use super::app::{App, Outcry};
use super::audit::audit_if_due;
use super::beat::{notify, reading_all};
use super::clock_watch;
use super::daily::Daily;
use super::gate::{self, Verdict};
use super::herald::Herald;
use super::ingest::Ingest;
use super::loops;
use super::news::News;
use super::obey::Signals;
use super::outbox::Outbox;
use super::pages::Pages;
use super::reconcile::{Pass, reconcile_once};
use super::register::Registers;
use super::reminder::Reminder;
use super::report::{LastSaid, report_once};
use super::reserve::{self, Led, Reserve};
use super::returns::Mailbox;
use super::round::RoundSummary;
use super::watch::{self, Watch};
use super::{signal, succession, zone_rules};
use crate::clock::Clock;
use crate::config;
use crate::domain::feed::Source;
use crate::store::{HeldConfiguration, LedgerLock, OnUncertain, StoreError};
use crate::telemetry::chain;
use crate::world::contrast::ContrastError;
use crate::world::known::note_readings;
use crate::world::last_good::{self, RefusedFiles};
use crate::world::relay::SenderError;
use crate::world::seat::{self, Alone};
use crate::world::setup::Setup;

/// So many messages of alerts go by each way in a run that ends; the next run tells the rest.
const MOST_MESSAGES: usize = 10;
/// A process that no longer leads ends within so long.
const STEP_DOWN: Duration = Duration::from_secs(5);

/// Why the daemon could not start, or had to end.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The ledger.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The senders.
    #[error(transparent)]
    Sender(#[from] SenderError),
    /// The calendar was changed behind what was already told.
    #[error("{0}")]
    SilentEdit(String),
    /// The configuration has a large effect, and nobody let it in.
    #[error("{0}")]
    Held(String),
    /// The new configuration could not be held against the one in force.
    #[error(transparent)]
    Contrast(#[from] ContrastError),
    /// The ledger is another service's.
    #[error(
        "o livro em {0} é de outro serviço: não há nele nenhum município desta configuração, e nada foi gravado nem enviado\ndica: \
         em [banco], escreva o `esquema` deste serviço, ou um nome que ninguém usa"
    )]
    Foreign(String),
    /// It was told to stop while it waited in reserve.
    #[error("o serviço foi parado enquanto esperava de reserva")]
    Stopped,
    /// Another process leads now; systemd starts the daemon again, in reserve.
    #[error("outro processo passou a enviar com este livro; este termina para recomeçar de reserva")]
    Deposed,
    /// Signals or the ticker.
    #[error("o serviço não pôde começar")]
    Start(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A loop died; systemd starts the daemon again.
    #[error("um laço do serviço parou; o processo termina para recomeçar")]
    LoopDied,
}

/// What the files hold and the service does not run on.
enum Aside {
    Nothing,
    Held(HeldConfiguration),
    Refused(RefusedFiles),
}

/// What rules and what is held, where the files name another ledger and are not let in.
async fn moved(
    setup: &Setup,
    replaces: bool,
    now: Timestamp,
) -> Result<Option<(Setup, HeldConfiguration)>, ContrastError> {
    if replaces { gate::judge_move(setup, now).await } else { Ok(None) }
}

/// What is ready to run: the service, and the proof that it alone sends.
pub struct Service {
    /// The service.
    pub app: Arc<App>,
    pub(super) directory: Option<PathBuf>,
    _lock: LedgerLock,
}

impl Service {
    /// Opens the ledger for one pass, becomes its only sender, and tidies up after whatever came before. What the gate
    /// does not let in is refused.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn start(setup: Setup, clock: Clock) -> Result<Self, ServiceError> {
        // Boxed: two configurations are held against each other in it.
        Box::pin(Self::judged_for_a_pass(setup, clock)).await
    }

    async fn judged_for_a_pass(setup: Setup, clock: Clock) -> Result<Self, ServiceError> {
        let now = clock.now();
        let replaces = gate::may_replace(&setup, true);
        if let Some((_, held)) = moved(&setup, replaces, now).await? {
            return Err(ServiceError::Held(gate::refusal(&held)));
        }
        let service = Self::open(setup, clock, None).await?;
        let (store, live) = (&service.app.store, service.app.live());
        let kept = gate::in_force(store, &live.setup, now).await?;
        match gate::judge(store, kept.as_ref().map(|kept| &kept.setup), &live.setup, now).await? {
            Verdict::Adopt => service.settle_in(Aside::Nothing, replaces).await?,
            Verdict::Refuse(refusal) => return Err(ServiceError::SilentEdit(refusal.faults)),
            Verdict::Hold(held) => {
                let words = gate::refusal(&held);
                store.hold_configuration(held, now).await?;
                return Err(ServiceError::Held(words));
            }
        }
        Ok(service)
    }

    /// The same for the daemon, which goes on with the last good configuration where there is one and the gate does not
    /// let the files in. `refused` is what the files hold, when `setup` is that last good one already.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn start_daemon(
        setup: Setup,
        refused: Option<RefusedFiles>,
        clock: Clock,
        reserve: Option<Reserve<'_>>,
    ) -> Result<Self, ServiceError> {
        // Boxed as above.
        Box::pin(Self::judged_for_good(setup, refused, clock, reserve)).await
    }

    async fn judged_for_good(
        setup: Setup,
        refused: Option<RefusedFiles>,
        clock: Clock,
        reserve: Option<Reserve<'_>>,
    ) -> Result<Self, ServiceError> {
        let now = clock.now();
        let replaces = gate::may_replace(&setup, false);
        if let Some((kept, held)) = moved(&setup, replaces && refused.is_none(), now).await? {
            let service = Self::open(kept, clock, reserve).await?;
            service.settle_in(Aside::Held(held), replaces).await?;
            return Ok(service);
        }
        let service = Self::open(setup, clock, reserve).await?;
        let now = clock.now();
        let (app, live) = (&service.app, service.app.live());
        let kept = gate::in_force(&app.store, &live.setup, now).await?;
        let verdict =
            gate::judge(&app.store, kept.as_ref().map(|kept| &kept.setup), &live.setup, now).await?;
        let aside = match (refused, verdict, kept) {
            (Some(_), Verdict::Refuse(refusal), _) | (None, Verdict::Refuse(refusal), None) => {
                return Err(ServiceError::SilentEdit(refusal.faults));
            }
            (Some(refused), Verdict::Adopt | Verdict::Hold(_), _) => Aside::Refused(refused),
            (None, Verdict::Adopt | Verdict::Hold(_), None) | (None, Verdict::Adopt, Some(_)) => {
                Aside::Nothing
            }
            (None, Verdict::Refuse(refusal), Some(kept)) => {
                app.adopt(kept.setup);
                Aside::Refused(refusal)
            }
            (None, Verdict::Hold(held), Some(kept)) => {
                app.adopt(kept.setup);
                Aside::Held(held)
            }
        };
        service.settle_in(aside, replaces).await?;
        Ok(service)
    }

    /// Notes what it runs on, and what it does not.
    async fn settle_in(&self, aside: Aside, replaces: bool) -> Result<(), StoreError> {
        let (app, now) = (&self.app, self.app.now());
        let live = app.live();
        note_readings(&live, &app.store, now).await?;
        match aside {
            Aside::Nothing => {
                last_good::adopt(&app.store, &live.setup, "início do serviço", now).await?;
                if replaces || last_good::kept_ledger(&live.setup).is_none() {
                    last_good::point(&live.setup);
                }
                Ok(())
            }
            Aside::Held(held) => self.hold(held, now).await,
            Aside::Refused(refusal) => {
                self.refuse(&refusal, now).await?;
                app.runs_on_last_good(true);
                self.remind(now).await
            }
        }
    }

    async fn open(setup: Setup, clock: Clock, reserve: Option<Reserve<'_>>) -> Result<Self, ServiceError> {
        let Alone { lock, store, pages_read_at } =
            seat::begin_alone(&setup.config.settings, clock.now()).await?;
        let read = Box::pin(reading_all(Pages::read_at_start(&store, pages_read_at))).await?;
        if let Some(server) = gate::of_another_service(&store, &setup, clock.now()).await? {
            return Err(ServiceError::Foreign(server));
        }
        let app = App::new(setup, store, clock);
        app.pages.note(read);
        match reserve::lead(&app, reserve).await? {
            Led::Leads => {}
            Led::Stopped => return Err(ServiceError::Stopped),
        }
        // A reserve's panel needs it, and cannot make it.
        app.store.return_key().await?;
        let (now, store, live) = (app.now(), &app.store, app.live());
        let setup = &live.setup;
        let uncertain = match setup.config.settings.on_uncertain {
            config::UncertainPolicy::Resend => OnUncertain::Resend,
            config::UncertainPolicy::Hold => OnUncertain::Withhold,
        };
        for key in store.recover(&lock, now, uncertain).await? {
            warn!(notice.key = %key, "a carta estava em envio quando o serviço parou: incerta");
        }
        let asks = setup.config.settings.mode == config::Mode::Production;
        let (watch, leap) = clock_watch::begin(store, clock, asks).await?;
        let directory = setup.directory.clone();
        *app.clock_watch.lock().await = watch;
        if let Some(leap) = leap {
            app.store.note_leap(Some(leap)).await?;
            clock_watch::tell(&app, leap).await?;
        }
        if let Some(path) = last_good::replaced_ledger(setup) {
            succession::begin_anew(&app, &path, now).await?;
        }
        succession::begin(&app, now).await?;
        zone_rules::begin(&app, now).await?;
        if clock_watch::is_steady(&app).await?
            && let Some(outage) = app.store.begin(now).await?
        {
            warn!(outage.from = %outage.from, outage.until = %outage.until, "o serviço esteve parado");
        }
        Ok(Self { app, directory, _lock: lock })
    }

    /// One pass of everything: take in, decide, deliver, report. A signal to stop ends it after what is on the wire.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn once(&self) -> Result<(Pass, RoundSummary), ServiceError> {
        let mut signals = Signals::listen().map_err(|e| ServiceError::Start(Box::new(e)))?;
        // Boxed: one pass of everything is a large future.
        let mut work = Box::pin(self.everything());
        tokio::select! {
            done = &mut work => return done,
            () = signals.stop() => self.app.stop.cancel(),
        }
        work.await
    }

    async fn everything(&self) -> Result<(Pass, RoundSummary), ServiceError> {
        let app = &self.app;
        if !clock_watch::is_steady(app).await? {
            let mut outbox = Outbox::new(&app.live())?;
            let dispatch = outbox.deliver_once(app).await?;
            outbox.close().await;
            return Ok((Pass::default(), dispatch));
        }
        let mut ingest = Ingest::default();
        let mut registers = Registers::default();
        ingest.ingest_once(app).await?;
        registers.register_once(app).await?;
        // A file counts once it has stopped growing, which takes a second look.
        if reads_folders(&app.live().setup) {
            tokio::time::sleep(crate::files::drop::SETTLING).await;
            ingest.ingest_once(app).await?;
            registers.register_once(app).await?;
        }
        ingest.finish().await?;
        News::default().news_once(app).await?;
        Mailbox::default().collect_once(app).await?;
        let pass = reconcile_once(app, app.now()).await?;
        Daily::default().daily_once(app, app.now()).await?;
        let mut outbox = Outbox::new(&app.live())?;
        let dispatch = outbox.deliver_once(app).await?;
        outbox.close().await;
        // What was accepted may bring the next thing: a rung waits for its divulgação, a resumo for its letters.
        let after = reconcile_once(app, app.now()).await?;
        report_once(app, app.now(), &mut LastSaid::default()).await?;
        audit_if_due(app, app.now()).await?;
        let mut herald = Herald::default();
        for _ in 0..MOST_MESSAGES {
            Box::pin(herald.herald_once(app)).await?;
            if !herald.leaves() {
                break;
            }
        }
        app.store.heartbeat(app.now()).await?;
        app.store.resign().await;
        Ok((Pass { next_wake: after.next_wake, held: after.held, ..pass }, dispatch))
    }

    /// Runs until told to stop.
    ///
    /// # Errors
    /// [`ServiceError`]: a loop died.
    pub async fn run(self, mut signals: Signals) -> Result<(), ServiceError> {
        let tracker = TaskTracker::new();
        let outbox = Outbox::new(&self.app.live())?;
        let scheduler = loops::scheduler().await.map_err(|e| ServiceError::Start(Box::new(e)))?;
        loops::begin(&self.app, outbox, scheduler, &tracker);
        tracker.close();
        notify(&[NotifyState::Ready]);
        tokio::select! {
            () = self.obey(&mut signals) => {}
            () = self.app.failed.cancelled() => {}
            why = reserve::deposed(&self.app) => {
                if matches!(why, StoreError::Displaced { .. }) {
                    self.tell_displaced(&why).await;
                }
                self.step_down(&tracker).await;
                return Err(match why {
                    StoreError::Deposed => ServiceError::Deposed,
                    other => other.into(),
                });
            }
        }
        if self.app.failed.is_cancelled() {
            signal::last_words(&self.app, &self.failure().to_string()).await;
        }
        notify(&[NotifyState::Stopping]);
        info!("encerrando: nada mais é reclamado, o que está em envio termina");
        self.app.stop.cancel();
        tracker.wait().await;
        // A damaged file is not written to.
        if self.app.pages.damage().is_none() && clock_watch::is_steady(&self.app).await? {
            self.app.store.heartbeat(self.app.now()).await?;
        }
        self.app.store.close().await;
        if self.app.failed.is_cancelled() {
            return Err(self.failure());
        }
        self.app.pages.leave(&self.app.store).await;
        Ok(())
    }

    /// Why it had to end.
    fn failure(&self) -> ServiceError {
        let why = self.app.pages.damage().or_else(|| self.app.store.keeps_name().err());
        why.map_or(ServiceError::LoopDied, ServiceError::Store)
    }

    /// Tells staff that the ledger is gone from its place, by the ways that need none.
    async fn tell_displaced(&self, why: &StoreError) {
        let words = why.to_string();
        let cry = Outcry { topic: topic::LEDGER_DOUBTED.to_owned(), text: words.clone() };
        // Of its own: the herald that goes along is stopped in mid-word.
        let told = async {
            let mut herald = Herald::with(cry);
            tokio::join!(signal::last_words(&self.app, &words), herald.herald_once(&self.app))
        };
        // The next start tells what it finds, as it tells of each ledger that may not be the one.
        let _told_or_not = tokio::time::timeout(STEP_DOWN, Box::pin(told)).await;
    }

    /// Ends at once: no word more is to be said to the relay.
    async fn step_down(&self, tracker: &TaskTracker) {
        notify(&[NotifyState::Stopping]);
        self.app.stop.cancel();
        // What is on the wire fails at its next write.
        let _cut_off = tokio::time::timeout(STEP_DOWN, tracker.wait()).await;
    }

    /// Waits for a signal to stop; a SIGHUP reloads and goes on, whatever comes of it. So do changed files, where that
    /// is wished.
    async fn obey(&self, signals: &mut Signals) {
        let mut pause = std::time::Duration::ZERO;
        let mut watch = Watch::default();
        let mut reminder = Reminder::default();
        loop {
            let outcome = tokio::select! {
                _ = signals.terminate.recv() => return,
                _ = signals.interrupt.recv() => return,
                _ = signals.reload.recv() => self.reload().await,
                () = tokio::time::sleep(pause) => {
                    let now = self.app.now();
                    let today = self.app.live().calendar.hours.zone.date_of(now);
                    match reminder.once_a_day(today, self.remind(now)).await {
                        Ok(()) => self.look(&mut watch).await,
                        Err(failure) => Err(failure.into()),
                    }
                }
            };
            pause =
                if self.app.live().setup.config.settings.watch_files { watch::EVERY } else { watch::SELDOM };
            if let Err(failure) = outcome {
                error!(error = %chain(&failure), "a recarga não pôde ser concluída; vale a configuração em uso");
                notify(&[NotifyState::Ready]);
            }
        }
    }
}

/// Whether any source is a drop folder.
fn reads_folders(setup: &Setup) -> bool {
    let feeds = setup.config.feeds.iter().map(|spec| (spec.enabled, &spec.source));
    let registers = setup.config.registers.iter().map(|spec| (spec.enabled, &spec.source));
    feeds.chain(registers).any(|(enabled, source)| enabled && *source == Source::Folder)
}
