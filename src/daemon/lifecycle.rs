//! Start, signals, reload, drain: the life of the daemon.
//!
//! A loop that dies ends the process with failure, and systemd restarts it; one that the service can do without rests a
//! day instead. On SIGTERM nothing more is claimed and
//! what is on the wire is finished. The scheduler only ticks; what is due is decided by the passes.

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_cron_scheduler::{Job, JobScheduler};
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

use super::alert::alert_once;
use super::app::{App, Loop};
use super::beat::{beat_loop, notify};
use super::clock_watch;
use super::gate::{self, Verdict};
use super::ingest::Ingest;
use super::news::News;
use super::outbox::{Outbox, RoundSummary};
use super::reconcile::{Pass, reconcile_once};
use super::register::Registers;
use super::report::report_once;
use super::returns::Mailbox;
use super::succession;
use super::watch::{self, Watch};
use crate::clock::Clock;
use crate::config;
use crate::domain::feed::Source;
use crate::render::portuguese;
use crate::store::{HeldConfiguration, LedgerLock, OnUncertain, Store, StoreError};
use crate::telemetry::chain;
use crate::text::fold::folded;
use crate::world::aside;
use crate::world::contrast::ContrastError;
use crate::world::known::note_readings;
use crate::world::last_good::{self, RefusedFiles};
use crate::world::lateness;
use crate::world::relay::SenderError;
use crate::world::setup::Setup;
use crate::world::standstill;

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

/// The longest sleep between passes: the wall clock may jump, and orders come in by other processes.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// A round of deliveries that a fault ended is taken up again so soon.
const SEND_AGAIN: Duration = Duration::from_secs(5);
impl Service {
    /// Opens the ledger for one pass, becomes its only sender, and tidies up after whatever came before. What the gate
    /// does not let in is refused.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn start(setup: Setup, clock: Clock) -> Result<Self, ServiceError> {
        let now = clock.now();
        let replaces = gate::may_replace(&setup, true);
        if let Some((_, held)) = moved(&setup, replaces, now).await? {
            return Err(ServiceError::Held(gate::refusal(&held)));
        }
        let service = Self::open(setup, clock).await?;
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
    ) -> Result<Self, ServiceError> {
        let now = clock.now();
        let replaces = gate::may_replace(&setup, false);
        if let Some((kept, held)) = moved(&setup, replaces && refused.is_none(), now).await? {
            let service = Self::open(kept, clock).await?;
            service.settle_in(Aside::Held(held), replaces).await?;
            return Ok(service);
        }
        let service = Self::open(setup, clock).await?;
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

    async fn open(setup: Setup, clock: Clock) -> Result<Self, ServiceError> {
        let now = clock.now();
        let store = Store::open(&setup.database(), now).await?;
        let lock = store.lock()?;
        let uncertain = match setup.config.settings.on_uncertain {
            config::UncertainPolicy::Resend => OnUncertain::Resend,
            config::UncertainPolicy::Hold => OnUncertain::Withhold,
        };
        for key in store.recover(&lock, now, uncertain).await? {
            warn!(notice.key = %key, "a carta estava em envio quando o serviço parou: incerta");
        }
        let asks = setup.config.settings.mode == config::Mode::Production;
        let (watch, leap) = clock_watch::begin(clock, &store.signs().await?, asks).await;
        let directory = setup.directory.clone();
        let app = App::new(setup, store, clock);
        *app.clock_watch.lock().unwrap_or_else(PoisonError::into_inner) = watch;
        if let Some(leap) = leap {
            app.store.note_leap(Some(leap)).await?;
            clock_watch::tell(&app, leap).await?;
        }
        succession::begin(&app, now).await?;
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
        let mut signals = Signals::listen()?;
        let mut work = std::pin::pin!(self.everything());
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
    pub async fn run(self, mut signals: Signals) -> Result<(), ServiceError> {
        let tracker = TaskTracker::new();
        let outbox = Outbox::new(&self.app.live())?;
        let ticker = ticker(&self.app).await.map_err(|e| ServiceError::Start(Box::new(e)))?;
        for task in [
            tracker.spawn(guarded(self.app.clone(), Loop::Ingest.name(), ingest_loop(self.app.clone()))),
            tracker.spawn(optional(self.app.clone(), Loop::Register, register_loop)),
            tracker.spawn(optional(self.app.clone(), Loop::News, news_loop)),
            tracker.spawn(optional(self.app.clone(), Loop::Returns, returns_loop)),
            tracker.spawn(guarded(self.app.clone(), Loop::Decide.name(), reconcile_loop(self.app.clone()))),
            tracker.spawn(guarded(self.app.clone(), Loop::Send.name(), send_loop(self.app.clone(), outbox))),
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
        if clock_watch::is_steady(&self.app).await? {
            self.app.store.heartbeat(self.app.now()).await?;
        }
        self.app.store.close().await;
        if self.app.failed.is_cancelled() { Err(ServiceError::LoopDied) } else { Ok(()) }
    }

    /// Waits for a signal to stop; a SIGHUP reloads and goes on, whatever comes of it. So do changed files, where that
    /// is wished.
    async fn obey(&self, signals: &mut Signals) {
        let mut ticks = tokio::time::interval(watch::EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut watch = Watch::default();
        let mut reminded_on = None;
        loop {
            let outcome = tokio::select! {
                _ = signals.terminate.recv() => return,
                _ = signals.interrupt.recv() => return,
                _ = signals.reload.recv() => self.reload().await,
                _ = ticks.tick() => {
                    let today = self.app.live().calendar.hours.zone.date_of(self.app.now());
                    let reminded = match reminded_on.replace(today) {
                        Some(day) if day == today => Ok(()),
                        _ => self.remind(self.app.now()).await,
                    };
                    match reminded {
                        Ok(()) => self.look(&mut watch).await,
                        Err(failure) => Err(failure.into()),
                    }
                }
            };
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

/// The signals that the service obeys.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    reload: Signal,
}

impl Signals {
    /// Begins to hear them: before anything else is done, because an unheard SIGHUP kills. What comes before
    /// [`Service::run`] is obeyed there.
    ///
    /// # Errors
    /// [`ServiceError::Start`].
    pub fn listen() -> Result<Self, ServiceError> {
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

/// A loop that the service can do without rests a day after it panicked, and says in between that it does not hang.
const REST: Duration = Duration::from_mins(10);
const RESTS: u32 = 144;

/// Runs a loop that the service can do without: one that panics is told of, and begins again a day later, or with the
/// process. It never ends the process.
async fn optional<L: Future<Output = ()>>(app: Arc<App>, each: Loop, work: impl Fn(Arc<App>) -> L) {
    let name = each.name();
    while !app.stop.is_cancelled() {
        if AssertUnwindSafe(work(app.clone())).catch_unwind().await.is_ok() {
            continue;
        }
        error!(loop_name = name, "um laço dispensável falhou; recomeça em um dia");
        let text = format!(
            "O serviço deixou de cuidar de {name} por uma falha do programa e recomeça em um dia; o resto segue. Avise o \
             suporte, com o registro do serviço deste dia (journalctl -u vigia-suas)."
        );
        if let Err(failure) = alert_once(&app, &format!("laco-{}", folded(name)), text, app.now()).await {
            error!(error = %chain(&failure), "o alerta não pôde ser gravado");
        }
        // It rests, it does not hang.
        for _ in 0..RESTS {
            rest(&app, each, REST).await;
        }
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
    // What is taken in while the clock is doubted would carry a false date.
    while let Some(taken) = app
        .unless_stopped(async {
            if clock_watch::is_steady(&app).await? { ingest.ingest_once(&app).await } else { Ok(false) }
        })
        .await
    {
        match taken {
            Ok(true) => app.wake.notify_one(),
            Ok(false) => {}
            Err(failure) => error!(error = %chain(&failure), "a ingestão falhou; será retomada"),
        }
        rest(&app, Loop::Ingest, crate::files::drop::SETTLING * 2).await;
    }
}

async fn register_loop(app: Arc<App>) {
    let mut registers = Registers::default();
    while let Some(read) = app
        .unless_stopped(async {
            if clock_watch::is_steady(&app).await? { registers.register_once(&app).await } else { Ok(()) }
        })
        .await
    {
        if let Err(failure) = read {
            error!(error = %chain(&failure), "a leitura do cadastro falhou; será retomada");
        }
        rest(&app, Loop::Register, crate::files::drop::SETTLING * 2).await;
    }
}

async fn news_loop(app: Arc<App>) {
    let mut news = News::default();
    while let Some(looked) = app
        .unless_stopped(async {
            if clock_watch::is_steady(&app).await? { news.news_once(&app).await } else { Ok(()) }
        })
        .await
    {
        if let Err(failure) = looked {
            error!(error = %chain(&failure), "a leitura das notícias falhou; será retomada");
        }
        rest(&app, Loop::News, LONGEST_SLEEP).await;
    }
}

async fn returns_loop(app: Arc<App>) {
    let mut mailbox = Mailbox::default();
    while let Some(collected) = app.unless_stopped(mailbox.collect_once(&app)).await {
        if let Err(failure) = collected {
            error!(error = %chain(&failure), "a leitura das devoluções falhou; será retomada");
        }
        rest(&app, Loop::Returns, LONGEST_SLEEP).await;
    }
}

/// A loop came round: it vouches for that, and waits for its next turn or the stop.
async fn rest(app: &App, each: Loop, pause: Duration) {
    app.vouch(each);
    app.unless_stopped(tokio::time::sleep(pause)).await;
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
                let status = standing(&app, &pass, now).await;
                notify(&[NotifyState::Status(&status)]);
            }
            Err(failure) => error!(error = %chain(&failure), "a decisão falhou; será retomada"),
        }
        app.vouch(Loop::Decide);
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
                SEND_AGAIN
            }
        };
        app.vouch(Loop::Send);
        tokio::select! {
            () = app.stop.cancelled() => {}
            () = app.mail.notified() => {}
            () = tokio::time::sleep(rest) => {}
        }
    }
    outbox.close().await;
}

/// What systemd shows: what is amiss first, then what is waited for.
async fn standing(app: &App, pass: &Pass, now: Timestamp) -> String {
    let live = app.live();
    let zone = &live.calendar.hours.zone;
    let mut said = Vec::new();
    match app.store.configuration_refused().await {
        Ok(aside) => said.extend(aside.map(|aside| aside::headline(&aside).to_owned())),
        Err(failure) => error!(error = %chain(&failure), "o livro não pôde ser lido"),
    }
    if let Some(doubt) = app.doubt() {
        said.push(standstill::on_one_line(&standstill::doubted(&doubt, zone)));
    }
    match app.store.signs().await.map(|signs| signs.stop.filter(|stop| stop.holds(now))) {
        Ok(Some(stop)) => said.push(standstill::on_one_line(&standstill::stopped(&stop, zone))),
        Ok(None) => {}
        Err(failure) => error!(error = %chain(&failure), "o livro não pôde ser lido"),
    }
    match lateness::overdue(&app.store, &live, now).await {
        Ok(Some(overdue)) => said.push(overdue.words(zone)),
        Ok(None) => {}
        Err(failure) => error!(error = %chain(&failure), "a fila não pôde ser lida"),
    }
    said.push(portuguese::counted(pass.held, "aviso retido", "avisos retidos"));
    said.push(match pass.next_wake {
        Some(at) => format!("próxima decisão em {}", portuguese::instant(at, zone)),
        None => "nenhuma decisão à vista".to_owned(),
    });
    said.join("; ")
}
