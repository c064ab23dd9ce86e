//! Signs of life: the heartbeat in the ledger, and the watchdog's food. Given only while every loop gets on, and the second
//! only while the first can be written.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sd_notify::NotifyState;
use tracing::{error, warn};

use super::alert::{alert_once, topic};
use super::app::{App, Loop, Outcry};
use super::clock_watch;
use crate::store::StoreError;
use crate::telemetry::chain;
use crate::text::fold::folded;

/// A heartbeat that could not be written is tried again so soon.
const BEAT_AGAIN: Duration = Duration::from_secs(5);
/// The heartbeat of the ledger, by which a start knows of an outage. Each is a page on the disk, and there is a day of
/// them also where nothing happens.
const BEAT: Duration = Duration::from_mins(8);
/// How far each loop got is noted so often while all of them get on.
const PROGRESS: Duration = Duration::from_hours(1);
/// Whether a loop hangs is looked at so often.
const LOOK: Duration = Duration::from_mins(1);

/// Gives signs of life until told to stop.
pub(super) async fn beat_loop(app: Arc<App>) {
    let watchdog = sd_notify::watchdog_enabled().map_or(LOOK, |every| (every / 3).min(LOOK));
    let mut beaten = Beaten::default();
    while !app.stop.is_cancelled() {
        let beats = beat_once(&app, app.now(), &mut beaten).await;
        if beats {
            notify(&[NotifyState::Watchdog]);
        }
        let pause = if beats { watchdog } else { watchdog.min(BEAT_AGAIN) };
        app.unless_stopped(tokio::time::sleep(pause)).await;
    }
}

/// When signs of life were written last.
#[derive(Default)]
struct Beaten {
    at: Option<Timestamp>,
    progress_at: Option<Timestamp>,
}

/// Whether something written then is to be written again.
fn is_over(at: Option<Timestamp>, now: Timestamp, lasts: Duration) -> bool {
    at.is_none_or(|at| now.duration_since(at).unsigned_abs() >= lasts)
}

/// Answers whether the watchdog may be fed.
async fn beat_once(app: &App, now: Timestamp, beaten: &mut Beaten) -> bool {
    if let Some(hung) = app.hung(now) {
        error!(loop_name = hung.name(), "um laço não avança; nenhum sinal de vida é dado");
        tell_of_hung(app, hung, now).await;
        note_progress(app, now).await;
        // What is noted of it is taken back once all get on again.
        *beaten = Beaten::default();
        return false;
    }
    if !is_over(beaten.at, now, BEAT) {
        return true;
    }
    match beat(app, now, beaten).await {
        Ok(()) => true,
        Err(failure) => {
            error!(error = %chain(&failure), "o batimento não pôde ser gravado");
            let text = format!(
                "O serviço não consegue gravar no livro: {}. Nada é decidido nem enviado enquanto isso durar. Confira o \
                 espaço e o estado do disco.",
                chain(&failure)
            );
            app.cry(Outcry { topic: "livro".to_owned(), text });
            false
        }
    }
}

/// Calls a person about a loop that hangs, before systemd ends the process. The ledger may be what it hangs on.
async fn tell_of_hung(app: &App, hung: Loop, now: Timestamp) {
    let name = hung.name();
    let text = format!(
        "O serviço deixou de avançar ({name}) e o systemd o reinicia em poucos minutos. Se isto se repetir, avise o suporte, \
         com o registro do serviço deste dia (journalctl -u vigia-suas)."
    );
    let topic = format!("{}{}", topic::LOOP, folded(name));
    let recorded = tokio::time::timeout(BEAT_AGAIN, alert_once(app, &topic, text.clone(), now)).await;
    if !matches!(recorded, Ok(Ok(()))) {
        app.cry(Outcry { topic, text });
    }
}

/// Notes how far each loop got, for whoever asks from outside why there is no sign of life.
async fn note_progress(app: &App, now: Timestamp) {
    let noted = tokio::time::timeout(BEAT_AGAIN, app.store.note_progress(app.progress(now), now)).await;
    if !matches!(noted, Ok(Ok(()))) {
        warn!("o avanço dos laços não pôde ser anotado");
    }
}

/// Writes the heartbeat, unless the clock is doubted: a false one would tell of a gap that never was.
async fn beat(app: &App, now: Timestamp, beaten: &mut Beaten) -> Result<(), StoreError> {
    if !clock_watch::is_steady(app).await? {
        return Ok(());
    }
    if is_over(beaten.progress_at, now, PROGRESS) {
        app.store.note_progress(app.progress(now), now).await?;
        beaten.progress_at = Some(now);
    }
    app.store.beat(now, app.stood_at()).await?;
    beaten.at = Some(now);
    Ok(())
}

/// While a start reads all of a ledger, systemd is asked so often for more time, and for so much of it.
const ASKS_FOR_TIME: Duration = Duration::from_secs(10);
const MORE_TIME: Duration = Duration::from_mins(1);
/// A start that takes longer is systemd's to judge: the disk answers nobody.
const LONGEST_START: Duration = Duration::from_hours(1);

/// Waits for what takes as long as the ledger is large, and says so to systemd meanwhile, which would else end a start that
/// takes longer than the unit gives it.
pub(super) async fn reading_all<T>(work: impl Future<Output = T>) -> T {
    let more = u32::try_from(MORE_TIME.as_micros()).unwrap_or(u32::MAX);
    let ask = || {
        let status = NotifyState::Status("o livro é lido por inteiro antes de valer");
        notify(&[NotifyState::ExtendTimeoutUsec(more), status]);
    };
    asking(work, ask, (ASKS_FOR_TIME, LONGEST_START)).await
}

/// Waits, and asks so often for so long.
async fn asking<T>(
    work: impl Future<Output = T>,
    ask: impl Fn(),
    (each, longest): (Duration, Duration),
) -> T {
    let until = tokio::time::Instant::now() + longest;
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            () = tokio::time::sleep(each), if tokio::time::Instant::now() < until => ask(),
        }
    }
}

/// Tells systemd, if it is there.
pub(super) fn notify(states: &[NotifyState<'_>]) {
    if let Err(failure) = sd_notify::notify(states) {
        warn!(error = %failure, "o systemd não pôde ser avisado");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use jiff::SignedDuration;

    use super::*;
    use crate::clock::Clock;

    #[tokio::test]
    async fn a_start_that_reads_a_large_ledger_asks_for_more_time_until_it_is_too_long_and_a_quick_one_for_none()
     {
        let asked = AtomicU32::new(0);
        let ask = || _ = asked.fetch_add(1, Ordering::Relaxed);
        let (each, longest) = (Duration::from_millis(10), Duration::from_millis(100));
        asking(std::future::ready(()), ask, (each, longest)).await;
        assert_eq!(asked.load(Ordering::Relaxed), 0);
        asking(tokio::time::sleep(longest * 5), ask, (each, longest)).await;
        let found = asked.load(Ordering::Relaxed);
        assert!((1..=10).contains(&found), "{found}");
        const { assert!(ASKS_FOR_TIME.as_secs() * 3 < MORE_TIME.as_secs()) };
    }

    #[tokio::test]
    async fn each_loop_that_stands_still_while_the_others_get_on_ends_the_signs_of_life_and_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-12-01T13:00:00Z".parse().unwrap();
        for hung in Loop::ALL {
            let mut app = App::shipped(&dir.path().join(hung.name()), now).await;
            let mut beaten = Beaten::default();
            assert!(beat_once(&app, now, &mut beaten).await);
            let later = now + SignedDuration::from_mins(61);
            std::sync::Arc::get_mut(&mut app).unwrap().clock = Clock::Fixed(later);
            for other in Loop::ALL.into_iter().filter(|other| *other != hung) {
                app.vouch(other);
            }
            assert_eq!(app.hung(later), Some(hung));
            assert!(!beat_once(&app, later, &mut beaten).await, "{}", hung.name());
            assert_eq!(app.store.signs().await.unwrap().heartbeat_at, Some(now), "{}", hung.name());
            let noted = app.store.progress().await.unwrap();
            let stands: Vec<_> = noted.iter().filter(|each| each.hangs_at <= later).collect();
            assert!(stands.len() == 1 && stands[0].name == hung.name(), "{noted:?}");
            let alerts = app.store.staff_alerts(now).await.unwrap();
            let key = format!("laco-{}", folded(hung.name()));
            assert!(alerts.iter().any(|alert| alert.key.to_string().contains(&key)), "{alerts:?}");
            app.vouch(hung);
            assert!(beat_once(&app, later, &mut beaten).await, "it got on: {}", hung.name());
        }
    }

    #[tokio::test]
    async fn the_watchdog_is_fed_only_while_every_loop_gets_on_and_the_heartbeat_can_be_written() {
        let dir = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-12-01T13:00:00Z".parse().unwrap();
        let minutes = |n| now + SignedDuration::from_mins(n);
        let app = App::shipped(dir.path(), now).await;
        let mut beaten = Beaten::default();
        assert!(beat_once(&app, minutes(0), &mut beaten).await);
        assert!(!beat_once(&app, minutes(16), &mut beaten).await, "{:?} hangs", app.hung(minutes(16)));
        assert_eq!(app.hung(minutes(16)), Some(Loop::Ingest));
        assert_eq!(app.store.signs().await.unwrap().heartbeat_at, Some(now), "nor is a heartbeat written");
        assert!(beat_once(&app, minutes(2), &mut beaten).await);
        assert_eq!(app.store.signs().await.unwrap().heartbeat_at, Some(minutes(2)), "it gets on again");
        assert!(beat_once(&app, minutes(4), &mut beaten).await);
        assert_eq!(app.store.signs().await.unwrap().heartbeat_at, Some(minutes(2)), "none is due");
        app.store.close().await;
        assert!(!beat_once(&app, minutes(10), &mut beaten).await);
    }
}
