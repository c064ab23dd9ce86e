//! Start, signals, reload, drain: the life of the daemon.
//!
//! A loop that dies ends the process with failure, and systemd restarts it. On SIGTERM nothing more is claimed and
//! what is on the wire is finished. The scheduler only ticks; what is due is decided by the passes.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_cron_scheduler::{Job, JobScheduler};
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

use super::app::App;
use super::ingest::Ingest;
use super::known::note_readings;
use super::news::News;
use super::outbox::{Dispatch, Outbox};
use super::reconcile::{Pass, reconcile_once};
use super::register::Registers;
use super::relay::SenderError;
use super::report::report_once;
use super::returns::Mailbox;
use super::setup::Setup;
use crate::clock::Clock;
use crate::config::{self, LoadError};
use crate::domain::feed::Source;
use crate::store::{LedgerLock, OnUncertain, Store, StoreError};
use crate::telemetry::chain;

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
    /// Signals or the ticker.
    #[error("o serviço não pôde começar")]
    Start(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A loop died; systemd starts the daemon again.
    #[error("um laço do serviço parou; o processo termina para recomeçar")]
    LoopDied,
}

/// What is ready to run: the service, and the proof that it alone sends.
pub struct Service {
    /// The service.
    pub app: Arc<App>,
    directory: Option<PathBuf>,
    _lock: LedgerLock,
}

/// The longest sleep between passes: the wall clock may jump, and orders come in by other processes.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// The heartbeat of the ledger, by which a start knows of an outage.
const BEAT: Duration = Duration::from_mins(1);

impl Service {
    /// Opens the ledger, becomes its only sender, and tidies up after whatever came before.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn start(setup: Setup, clock: Clock) -> Result<Self, ServiceError> {
        let now = clock.now();
        let store = Store::open(&setup.database(), now).await?;
        let lock = store.lock()?;
        let uncertain = match setup.config.settings.on_uncertain {
            config::OnUncertain::Resend => OnUncertain::Resend,
            config::OnUncertain::Hold => OnUncertain::Withhold,
        };
        for key in store.recover(&lock, now, uncertain).await? {
            warn!(notice.key = %key, "a carta estava em envio quando o serviço parou: incerta");
        }
        if let Some(outage) = store.begin(now).await? {
            warn!(outage.from = %outage.from, outage.until = %outage.until, "o serviço esteve parado");
        }
        let directory = setup.directory.clone();
        let app = App::new(setup, store, clock);
        refuse_silent_edits(&app).await?;
        note_readings(&app.live(), &app.store, now).await?;
        Ok(Self { app, directory, _lock: lock })
    }

    /// One pass of everything: take in, decide, deliver, report. A signal to stop ends it after what is on the wire.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn once(&self) -> Result<(Pass, Dispatch), ServiceError> {
        let mut signals = Signals::listen()?;
        let mut work = std::pin::pin!(self.everything());
        tokio::select! {
            done = &mut work => return done,
            () = signals.stop() => self.app.stop.cancel(),
        }
        work.await
    }

    async fn everything(&self) -> Result<(Pass, Dispatch), ServiceError> {
        let app = &self.app;
        let mut ingest = Ingest::default();
        let mut registers = Registers::default();
        ingest.ingest_once(app).await?;
        registers.register_once(app).await?;
        // A file counts once it has stopped growing, which takes a second look.
        if reads_folders(&app.live().setup) {
            tokio::time::sleep(crate::feed::folder::SETTLING).await;
            ingest.ingest_once(app).await?;
            registers.register_once(app).await?;
        }
        ingest.finish().await?;
        News::default().news_once(app).await?;
        Mailbox::default().collect_once(app).await?;
        let pass = reconcile_once(app, app.now()).await?;
        let mut outbox = Outbox::new(&app.live())?;
        let dispatch = outbox.deliver_once(app).await?;
        outbox.close().await;
        // What was accepted may bring the next thing: a rung waits for its divulgação, a resumo for its letters.
        let after = reconcile_once(app, app.now()).await?;
        report_once(app, app.now()).await?;
        app.store.heartbeat(app.now()).await?;
        Ok((Pass { next_wake: after.next_wake, held: after.held, ..pass }, dispatch))
    }

    /// Runs until told to stop.
    ///
    /// # Errors
    /// [`ServiceError`]: a loop died.
    pub async fn run(self) -> Result<(), ServiceError> {
        // Before anybody is told that it runs: an unheard SIGHUP would kill it.
        let mut signals = Signals::listen()?;
        let tracker = TaskTracker::new();
        let outbox = Outbox::new(&self.app.live())?;
        let ticker = ticker(&self.app).await.map_err(|e| ServiceError::Start(Box::new(e)))?;
        for task in [
            tracker.spawn(guarded(self.app.clone(), "ingestão", ingest_loop(self.app.clone()))),
            tracker.spawn(guarded(self.app.clone(), "cadastro", register_loop(self.app.clone()))),
            tracker.spawn(guarded(self.app.clone(), "notícias", news_loop(self.app.clone()))),
            tracker.spawn(guarded(self.app.clone(), "devoluções", returns_loop(self.app.clone()))),
            tracker.spawn(guarded(self.app.clone(), "decisão", reconcile_loop(self.app.clone()))),
            tracker.spawn(guarded(self.app.clone(), "envio", send_loop(self.app.clone(), outbox))),
            tracker.spawn(guarded(self.app.clone(), "batimento", beat_loop(self.app.clone()))),
        ] {
            drop(task);
        }
        tracker.close();
        notify(&[NotifyState::Ready]);
        tokio::select! {
            () = self.obey(&mut signals) => {}
            () = self.app.failed.cancelled() => {}
        }
        notify(&[NotifyState::Stopping]);
        info!("encerrando: nada mais é reclamado, o que está em envio termina");
        self.app.stop.cancel();
        drop(ticker);
        tracker.wait().await;
        self.app.store.heartbeat(self.app.now()).await?;
        self.app.store.close().await;
        if self.app.failed.is_cancelled() { Err(ServiceError::LoopDied) } else { Ok(()) }
    }

    /// Waits for a signal to stop; a SIGHUP reloads and goes on, whatever comes of it.
    async fn obey(&self, signals: &mut Signals) {
        loop {
            tokio::select! {
                _ = signals.terminate.recv() => return,
                _ = signals.interrupt.recv() => return,
                _ = signals.reload.recv() => {
                    if let Err(failure) = self.reload().await {
                        error!(error = %chain(&failure), "a recarga não pôde ser concluída; vale a configuração em uso");
                        notify(&[NotifyState::Ready]);
                    }
                }
            }
        }
    }

    /// Compiles the configuration aside and swaps it only if it is whole; a bad one keeps the last good and says so.
    async fn reload(&self) -> Result<(), StoreError> {
        let now = self.app.now();
        let monotonic = NotifyState::monotonic_usec_now();
        match monotonic {
            Ok(stamp) => notify(&[NotifyState::Reloading, stamp]),
            Err(_) => notify(&[NotifyState::Reloading]),
        }
        let outcome = match Setup::load(self.directory.as_deref(), now) {
            Ok(setup) if setup.database() != self.app.store.path() => {
                Err("o modo ou a pasta de dados mudou: reinicie o serviço".to_owned())
            }
            Ok(setup) => self.fit(setup).await?,
            Err(LoadError::Faulty(faults)) => Err(faults.render(false)),
            Err(failure) => Err(chain(&failure)),
        };
        match outcome {
            Ok(setup) => {
                self.app.adopt(setup);
                note_readings(&self.app.live(), &self.app.store, now).await?;
                info!(config.fingerprint = %self.app.live().setup.config.fingerprint, "configuração recarregada");
            }
            Err(faults) => {
                error!("a configuração nova tem faltas e não foi adotada; vale a anterior\n{faults}");
                let text = format!("A configuração nova não foi adotada; vale a anterior.\n{faults}");
                super::alert::alert_once(&self.app, "configuracao", text, now).await?;
            }
        }
        notify(&[NotifyState::Ready]);
        Ok(())
    }
}

impl Service {
    /// Whether a whole configuration may take the place of the one in force.
    async fn fit(&self, setup: Setup) -> Result<Result<Setup, String>, StoreError> {
        if let Some(edits) = silent_edits(&self.app, &setup).await? {
            return Ok(Err(edits));
        }
        Ok(match super::relay::check(&setup) {
            Ok(()) => Ok(setup),
            Err(failure) => Err(chain(&failure)),
        })
    }
}

/// Whether any source is a drop folder.
fn reads_folders(setup: &Setup) -> bool {
    let feeds = setup.config.feeds.iter().map(|spec| (spec.enabled, &spec.source));
    let registers = setup.config.registers.iter().map(|spec| (spec.enabled, &spec.source));
    feeds.chain(registers).any(|(enabled, source)| enabled && *source == Source::Folder)
}

/// The signals that the service obeys.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    reload: Signal,
}

impl Signals {
    fn listen() -> Result<Self, ServiceError> {
        let listen = |kind| signal(kind).map_err(|e| ServiceError::Start(Box::new(e)));
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            reload: listen(SignalKind::hangup())?,
        })
    }

    /// Told to stop.
    async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// What of the calendar contradicts deadlines already told, in the operators' words.
async fn silent_edits(app: &App, setup: &Setup) -> Result<Option<String>, StoreError> {
    super::amend::silent_edits(&app.store, setup).await
}

async fn refuse_silent_edits(app: &App) -> Result<(), ServiceError> {
    let live = app.live();
    match silent_edits(app, &live.setup).await? {
        Some(faults) => Err(ServiceError::SilentEdit(faults)),
        None => Ok(()),
    }
}

/// A tick every five seconds that wakes the deciding loop; no tick carries meaning.
async fn ticker(app: &Arc<App>) -> Result<JobScheduler, tokio_cron_scheduler::JobSchedulerError> {
    let scheduler = JobScheduler::new().await?;
    let app = app.clone();
    let job = Job::new_async("*/5 * * * * *", move |_, _| {
        let app = app.clone();
        Box::pin(async move { app.tick() })
    })?;
    scheduler.add(job).await?;
    scheduler.start().await?;
    Ok(scheduler)
}

/// Ends the process with failure when a loop ends before it was told to.
async fn guarded(app: Arc<App>, name: &'static str, work: impl Future<Output = ()>) {
    let _ends_with_the_loop = Fuse { app: app.clone() };
    work.await;
    if !app.stop.is_cancelled() {
        error!(loop_name = name, "um laço terminou sem ser mandado");
    }
}

/// Lit when a loop ends, also by a panic.
struct Fuse {
    app: Arc<App>,
}

impl Drop for Fuse {
    fn drop(&mut self) {
        if !self.app.stop.is_cancelled() {
            self.app.failed.cancel();
        }
    }
}

async fn ingest_loop(app: Arc<App>) {
    let mut ingest = Ingest::default();
    while !app.stop.is_cancelled() {
        match ingest.ingest_once(&app).await {
            Ok(true) => app.wake.notify_one(),
            Ok(false) => {}
            Err(failure) => error!(error = %chain(&failure), "a ingestão falhou; será retomada"),
        }
        tokio::select! {
            () = app.stop.cancelled() => {}
            () = tokio::time::sleep(crate::feed::folder::SETTLING * 2) => {}
        }
    }
}

async fn register_loop(app: Arc<App>) {
    let mut registers = Registers::default();
    while !app.stop.is_cancelled() {
        if let Err(failure) = registers.register_once(&app).await {
            error!(error = %chain(&failure), "a leitura do cadastro falhou; será retomada");
        }
        tokio::select! {
            () = app.stop.cancelled() => {}
            () = tokio::time::sleep(crate::feed::folder::SETTLING * 2) => {}
        }
    }
}

async fn news_loop(app: Arc<App>) {
    let mut news = News::default();
    while !app.stop.is_cancelled() {
        if let Err(failure) = news.news_once(&app).await {
            error!(error = %chain(&failure), "a leitura das notícias falhou; será retomada");
        }
        tokio::select! {
            () = app.stop.cancelled() => {}
            () = tokio::time::sleep(LONGEST_SLEEP) => {}
        }
    }
}

async fn returns_loop(app: Arc<App>) {
    let mut mailbox = Mailbox::default();
    while !app.stop.is_cancelled() {
        if let Err(failure) = mailbox.collect_once(&app).await {
            error!(error = %chain(&failure), "a leitura das devoluções falhou; será retomada");
        }
        tokio::select! {
            () = app.stop.cancelled() => {}
            () = tokio::time::sleep(LONGEST_SLEEP) => {}
        }
    }
}

async fn reconcile_loop(app: Arc<App>) {
    let mut reported_at: Option<Timestamp> = None;
    while !app.stop.is_cancelled() {
        let now = app.now();
        match reconcile_once(&app, now).await {
            Ok(pass) => {
                app.set_due(pass.next_wake);
                let changed = pass.recorded + pass.withheld + pass.closed > 0;
                let stale =
                    reported_at.is_none_or(|at| now.duration_since(at) > SignedDuration::from_hours(1));
                if changed || stale {
                    reported_at = Some(now);
                    if let Err(failure) = report_once(&app, now).await {
                        error!(error = %chain(&failure), "o relatório falhou; será retomado");
                    }
                }
                let next = pass.next_wake.map(|at| at.to_string()).unwrap_or_default();
                let status = format!("{} aviso(s) retido(s); próxima decisão em {next}", pass.held);
                notify(&[NotifyState::Status(&status)]);
            }
            Err(failure) => error!(error = %chain(&failure), "a decisão falhou; será retomada"),
        }
        tokio::select! {
            () = app.stop.cancelled() => {}
            () = app.wake.notified() => {}
            () = tokio::time::sleep(LONGEST_SLEEP) => {}
        }
    }
}

async fn send_loop(app: Arc<App>, mut outbox: Outbox) {
    while !app.stop.is_cancelled() {
        let rest = match outbox.deliver_once(&app).await {
            Ok(dispatch) => {
                if dispatch.accepted > 0 {
                    app.wake.notify_one();
                }
                dispatch.next.map_or(LONGEST_SLEEP, |next| {
                    let left = next.duration_since(app.now());
                    Duration::try_from(left)
                        .unwrap_or_default()
                        .clamp(Duration::from_millis(200), LONGEST_SLEEP)
                })
            }
            Err(failure) => {
                super::outbox::log_failure(&failure);
                LONGEST_SLEEP
            }
        };
        tokio::select! {
            () = app.stop.cancelled() => {}
            () = app.mail.notified() => {}
            () = tokio::time::sleep(rest) => {}
        }
    }
    outbox.close().await;
}

async fn beat_loop(app: Arc<App>) {
    let watchdog = sd_notify::watchdog_enabled().map_or(BEAT, |every| (every / 3).min(BEAT));
    let mut beaten_at: Option<Timestamp> = None;
    while !app.stop.is_cancelled() {
        let now = app.now();
        if beaten_at.is_none_or(|at| now.duration_since(at).unsigned_abs() >= BEAT) {
            match app.store.heartbeat(now).await {
                Ok(()) => beaten_at = Some(now),
                Err(failure) => error!(error = %chain(&failure), "o batimento não pôde ser gravado"),
            }
        }
        // Only a service that still decides is alive.
        if app.is_deciding(now) {
            notify(&[NotifyState::Watchdog]);
        }
        tokio::select! {
            () = app.stop.cancelled() => {}
            () = tokio::time::sleep(watchdog) => {}
        }
    }
}

/// Tells systemd, if it is there.
fn notify(states: &[NotifyState<'_>]) {
    if let Err(failure) = sd_notify::notify(states) {
        warn!(error = %failure, "o systemd não pôde ser avisado");
    }
}
