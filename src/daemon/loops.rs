//! The loops, one for each concern, and what becomes of the process when one of them ends.
//!
//! A loop that dies ends the process with failure, and systemd restarts it; one that the service can do without rests a
//! day instead. The scheduler only ticks; what is due is decided by the passes.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use sd_notify::NotifyState;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};
use tokio_util::task::TaskTracker;
use tracing::error;

use super::alert::{alert_once, topic};
use super::app::{App, Loop};
use super::audit::audit_if_due;
use super::beat::{beat_loop, notify};
use super::clock_watch;
use super::daily::Daily;
use super::hang;
use super::herald::Herald;
use super::ingest::Ingest;
use super::lookout::{self, LONGEST_REST, lookout_loop};
use super::news::News;
use super::outbox::Outbox;
use super::reconcile::reconcile_once;
use super::register::Registers;
use super::report::{LastSaid, report_once};
use super::reserve;
use super::rest::{LONGEST_SLEEP, Rest, rest_for, until, until_due};
use super::retention::Retainer;
use super::returns::Mailbox;
use super::signal::{self, Signals};
use super::trouble::{Amiss, standing};
use crate::telemetry::chain;
use crate::text::fold::folded;

/// How often is looked whether mail got through.
const HERALD: Duration = Duration::from_secs(15);
/// How often is looked whether it is time for the self-audit.
const AUDIT: Duration = Duration::from_mins(10);
/// A round of deliveries that a fault ended is taken up again so soon.
const SEND_AGAIN: Duration = Duration::from_secs(5);

/// Begins every loop.
pub(super) fn begin(app: &Arc<App>, outbox: Outbox, scheduler: JobScheduler, tracker: &TaskTracker) {
    // Boxed, they are one type: a task of its own for each would be made thirteen times by the compiler (decision 0338).
    let loops: [BoxFuture<'static, ()>; 13] = [
        guarded(app.clone(), "despertador", tick_loop(app.clone(), scheduler)).boxed(),
        guarded(app.clone(), "vigia", lookout_loop(app.clone(), lookout::EVERY)).boxed(),
        indispensable(app.clone(), Loop::Ingest, ingest_loop(app.clone())).boxed(),
        optional(app.clone(), Loop::Register, register_loop).boxed(),
        optional(app.clone(), Loop::News, news_loop).boxed(),
        optional(app.clone(), Loop::Returns, returns_loop).boxed(),
        optional(app.clone(), Loop::Herald, herald_loop).boxed(),
        optional(app.clone(), Loop::Signal, signal_loop).boxed(),
        optional(app.clone(), Loop::Audit, audit_loop).boxed(),
        indispensable(app.clone(), Loop::Decide, reconcile_loop(app.clone())).boxed(),
        indispensable(app.clone(), Loop::Send, send_loop(app.clone(), outbox)).boxed(),
        guarded(app.clone(), "batimento", beat_loop(app.clone())).boxed(),
        guarded(app.clone(), "avisos do banco", reserve::hint_loop(app.clone())).boxed(),
    ];
    for each in loops {
        drop(tracker.spawn(each));
    }
}

/// What names the moments at which the deciding loop is woken.
///
/// # Errors
/// The scheduler's.
pub(super) async fn scheduler() -> Result<JobScheduler, JobSchedulerError> {
    JobScheduler::new().await
}

/// Wakes the deciding loop when the next pass is due; no tick carries meaning. The scheduler names the moment and this
/// sleeps until then: let run by itself, it looks twice a second whether there is something to do.
async fn tick_loop(app: Arc<App>, mut scheduler: JobScheduler) {
    while !app.stop.is_cancelled() {
        let pause = match app.due() {
            Some(at) if at > app.now() => {
                // A second that comes while the scheduler is asked would come again only in a year.
                let most = at.duration_since(app.now()) + SignedDuration::from_secs(1);
                let pause = until_tick(&mut scheduler, at).await.unwrap_or_else(|failure| {
                    error!(error = %chain(&failure), "o despertador falhou; a decisão vem na próxima ronda");
                    LONGEST_SLEEP
                });
                pause.min(Duration::try_from(most).unwrap_or_default())
            }
            Some(_) => LONGEST_SLEEP,
            None => LONGEST_REST,
        };
        tokio::select! {
            () = app.stop.cancelled() => {}
            () = app.due_moved.notified() => {}
            () = tokio::time::sleep(pause) => app.tick(),
        }
    }
    // It ends with the process: its tasks would each log as an error that there is nothing more to wait for.
    std::mem::forget(scheduler);
}

/// How long it is to the first whole second after an instant.
async fn until_tick(scheduler: &mut JobScheduler, at: Timestamp) -> Result<Duration, JobSchedulerError> {
    let second = at.saturating_add(SignedDuration::from_millis(999)).unwrap_or(at);
    let second = second.to_zoned(jiff::tz::TimeZone::UTC).strftime("%-S %-M %-H %-d %-m *").to_string();
    let job = scheduler.add(Job::new_async(second, |_, _| Box::pin(async {}))?).await?;
    let pause = scheduler.time_till_next_job().await?;
    scheduler.remove(&job).await?;
    Ok(pause.unwrap_or(LONGEST_SLEEP))
}

/// Ends the process with failure when a loop ends before it was told to.
async fn guarded(app: Arc<App>, name: &'static str, work: impl Future<Output = ()>) {
    let _ends_with_the_loop = Fuse { app: app.clone() };
    work.await;
    if !app.stop.is_cancelled() {
        error!(loop_name = name, "um laço terminou sem ser mandado");
    }
}

/// A loop that vouches for itself and that the service cannot do without.
async fn indispensable(app: Arc<App>, each: Loop, work: impl Future<Output = ()>) {
    guarded(app.clone(), each.name(), hang::unless_asked_for(each.name(), || app.vouched_at(each), work))
        .await;
}

/// A loop that the service can do without rests a day after it panicked, and says in between that it does not hang.
const REST: Duration = Duration::from_mins(10);
const RESTS: u32 = 144;

/// Runs a loop that the service can do without: one that panics is told of, and begins again a day later, or with the
/// process. It never ends the process.
async fn optional<L: Future<Output = ()>>(app: Arc<App>, each: Loop, work: impl Fn(Arc<App>) -> L) {
    let name = each.name();
    while !app.stop.is_cancelled() {
        let work = hang::unless_asked_for(name, || app.vouched_at(each), work(app.clone()));
        if AssertUnwindSafe(work).catch_unwind().await.is_ok() {
            continue;
        }
        error!(loop_name = name, "um laço dispensável falhou; recomeça em um dia");
        let text = format!(
            "O serviço deixou de cuidar de {name} por uma falha do programa e recomeça em um dia; o resto segue. Avise o \
             suporte, com o registro do serviço deste dia (journalctl -u vigia-suas)."
        );
        if let Err(failure) =
            alert_once(&app, &format!("{}{}", topic::LOOP, folded(name)), text, app.now()).await
        {
            error!(error = %chain(&failure), "o alerta não pôde ser gravado");
        }
        // It rests, it does not hang.
        for _ in 0..RESTS {
            rest_for(&app, each, REST).await;
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
    let mut rest = Rest::of(&app, Loop::Ingest);
    // What is taken in while the clock is doubted would carry a false date.
    while let Some(taken) = rest
        .look(
            &app,
            Box::pin(async {
                if clock_watch::is_steady(&app).await? { ingest.ingest_once(&app).await } else { Ok(false) }
            }),
        )
        .await
    {
        let pause = match taken {
            Ok(believed) => {
                if believed {
                    app.wake.notify_one();
                }
                until_due(&app, ingest.next(app.now()))
            }
            Err(failure) => {
                error!(error = %chain(&failure), "a ingestão falhou; será retomada");
                LONGEST_SLEEP
            }
        };
        rest.by_folders(&app, pause, Ingest::looks_at_folders(&app).then_some(|| ingest.is_quiet(&app)))
            .await;
    }
    if let Err(failure) = ingest.leave(&app).await {
        error!(error = %chain(&failure), "o fim da ingestão não pôde ser anotado");
    }
}

async fn register_loop(app: Arc<App>) {
    let mut registers = Registers::default();
    let mut rest = Rest::of(&app, Loop::Register);
    while let Some(read) = rest
        .look(
            &app,
            Box::pin(async {
                if clock_watch::is_steady(&app).await? { registers.register_once(&app).await } else { Ok(()) }
            }),
        )
        .await
    {
        let pause = match read {
            Ok(()) => until_due(&app, registers.next()),
            Err(failure) => {
                error!(error = %chain(&failure), "a leitura do cadastro falhou; será retomada");
                LONGEST_SLEEP
            }
        };
        rest.by_folders(
            &app,
            pause,
            Registers::looks_at_folders(&app).then_some(|| registers.is_quiet(&app)),
        )
        .await;
    }
    if let Err(failure) = registers.leave(&app).await {
        error!(error = %chain(&failure), "o fim da leitura do cadastro não pôde ser anotado");
    }
}

async fn news_loop(app: Arc<App>) {
    let mut news = News::default();
    let mut rest = Rest::of(&app, Loop::News);
    while let Some(looked) = rest
        .look(
            &app,
            Box::pin(async {
                if clock_watch::is_steady(&app).await? { news.news_once(&app).await } else { Ok(()) }
            }),
        )
        .await
    {
        let pause = match looked {
            Ok(()) => until_due(&app, news.next()),
            Err(failure) => {
                error!(error = %chain(&failure), "a leitura das notícias falhou; será retomada");
                LONGEST_SLEEP
            }
        };
        rest.take(&app, pause).await;
    }
}

async fn returns_loop(app: Arc<App>) {
    let mut mailbox = Mailbox::default();
    let mut rest = Rest::of(&app, Loop::Returns);
    while let Some(collected) = rest.look(&app, Box::pin(mailbox.collect_once(&app))).await {
        if let Err(failure) = &collected {
            error!(error = %chain(failure), "a leitura das devoluções falhou; será retomada");
        }
        let has_mailbox = app.live().setup.config.settings.returns.is_some();
        rest.take(&app, if has_mailbox { LONGEST_SLEEP } else { LONGEST_REST }).await;
    }
}

async fn herald_loop(app: Arc<App>) {
    let mut herald = Herald::default();
    let mut rest = Rest::of(&app, Loop::Herald);
    while let Some(told) = rest.look(&app, Box::pin(herald.herald_once(&app))).await {
        if let Err(failure) = told {
            error!(error = %chain(&failure), "os alertas por outro canal não puderam ser anotados");
        }
        let pause = if herald.waits() { HERALD } else { LONGEST_REST };
        rest.take_unless(&app, pause, app.herald.notified()).await;
    }
}

async fn signal_loop(app: Arc<App>) {
    let mut signals = Signals::default();
    let mut rest = Rest::of(&app, Loop::Signal);
    while rest.look(&app, Box::pin(signals.signal_once(&app))).await.is_some() {
        if Signals::are_wanted(&app) {
            // What only time brings amiss is to be told at once too; and what becomes of it is not shouted out at each change.
            rest_for(&app, Loop::Signal, signal::LOOK).await;
        } else {
            rest.take(&app, LONGEST_REST).await;
        }
    }
}

async fn audit_loop(app: Arc<App>) {
    let mut retainer = Retainer::default();
    while let Some(audited) = app.unless_stopped(Box::pin(audit_if_due(&app, app.now()))).await {
        if let Err(failure) = audited {
            error!(error = %chain(&failure), "a autoconferência falhou; será retomada");
        }
        if let Some(Err(failure)) = app.unless_stopped(retainer.retain_once(&app, app.now())).await {
            error!(error = %chain(&failure), "dados cujo prazo de guarda terminou não puderam ser apagados; será retomado");
        }
        rest_for(&app, Loop::Audit, AUDIT).await;
    }
}

async fn reconcile_loop(app: Arc<App>) {
    let mut reported_at: Option<Timestamp> = None;
    let mut daily = Daily::default();
    let mut told = LastSaid::default();
    let mut amiss = Amiss::default();
    let mut rest = Rest::of(&app, Loop::Decide);
    while !app.stop.is_cancelled() {
        rest.begin();
        let now = app.now();
        let mut pause = LONGEST_SLEEP;
        let begun = tokio::time::Instant::now();
        match reconcile_once(&app, now).await {
            Ok(pass) => {
                app.pulse.note_pass(begun.elapsed());
                app.set_due(pass.next_wake);
                let changed = pass.recorded + pass.withheld + pass.closed > 0;
                let stale =
                    reported_at.is_none_or(|at| now.duration_since(at).abs() > SignedDuration::from_hours(1));
                if changed || stale {
                    reported_at = Some(now);
                    if let Err(failure) = report_once(&app, now, &mut told).await {
                        error!(error = %chain(&failure), "o relatório falhou; será retomado");
                    }
                }
                match daily.daily_once(&app, now).await {
                    Ok(()) => pause = until_due(&app, daily.next(&app, now)),
                    Err(failure) => {
                        error!(error = %chain(&failure), "a página do dia falhou; será retomada");
                    }
                }
                let status = standing(&app, &pass, amiss.look(&app, changed, now).await);
                notify(&[NotifyState::Status(&status)]);
                pause = pause.min(amiss.rests());
            }
            Err(failure) => error!(error = %chain(&failure), "a decisão falhou; será retomada"),
        }
        rest.take_unless(&app, pause, app.wake.notified()).await;
    }
}

async fn send_loop(app: Arc<App>, mut outbox: Outbox) {
    let mut rest = Rest::of(&app, Loop::Send);
    while !app.stop.is_cancelled() {
        rest.begin();
        let pause = match outbox.deliver_once(&app).await {
            Ok(dispatch) => {
                if dispatch.accepted > 0 {
                    app.wake.notify_one();
                }
                match until(&app, dispatch.next) {
                    Some(pause) => pause.max(Duration::from_millis(200)),
                    // Something keeps it back, and nobody says until when.
                    None if dispatch.waiting > 0 => LONGEST_SLEEP,
                    None => LONGEST_REST,
                }
            }
            Err(failure) => {
                super::outbox::log_failure(&failure);
                SEND_AGAIN
            }
        };
        rest.take_unless(&app, pause, app.mail.notified()).await;
    }
    if let Err(failure) = outbox.give_back(&app).await {
        error!(error = %chain(&failure), "o que não saiu não pôde ser devolvido à fila: incerto no próximo início");
    }
    outbox.close().await;
}

#[cfg(test)]
mod tests;
