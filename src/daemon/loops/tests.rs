//! Loops against a world that answers nobody, and what becomes of the process when one dies.

use std::path::Path;
use std::pin::Pin;

use super::*;
use crate::clock::Clock;
use crate::config::{Mode, SignalFormat, SignalSettings};
use crate::daemon::rest::{FOLDERS, QUIET_FOLDERS};
use crate::daemon::trouble::EXAMINED;
use crate::domain::time::Leap;
use crate::store::Store;
use crate::world::live::Live;
use crate::world::setup::Setup;

/// An app of production all of whose loops have something to do, and a host that takes calls and never answers.
async fn busy(dir: &Path, now: Timestamp) -> (App, tokio::net::TcpListener) {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let mut setup = Setup::shipped(now);
    let settings = &mut setup.config.settings;
    settings.mode = Mode::Production;
    let every = Duration::from_mins(5);
    settings.signal = Some(SignalSettings {
        url: url.clone(),
        format: SignalFormat::Healthchecks,
        every,
        secret_file: None,
    });
    settings.channels.command = Some(vec!["/bin/true".to_owned()]);
    settings.returns = Some(dir.join("Maildir"));
    std::fs::create_dir_all(dir.join("Maildir/new")).unwrap();
    std::fs::write(dir.join("Maildir/new/1.a"), "Subject: x\r\n\r\nx\r\n").unwrap();
    let store = Store::open(&dir.join("vigia.db"), now).await.unwrap();
    (Arc::into_inner(App::new(setup, store, Clock::Fixed(now))).unwrap(), silent)
}

fn run(app: Arc<App>, each: Loop, outbox: Outbox) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    match each {
        Loop::Ingest => Box::pin(ingest_loop(app)),
        Loop::Register => Box::pin(register_loop(app)),
        Loop::News => Box::pin(news_loop(app)),
        Loop::Returns => Box::pin(returns_loop(app)),
        Loop::Decide => Box::pin(reconcile_loop(app)),
        Loop::Send => Box::pin(send_loop(app, outbox)),
        Loop::Herald => Box::pin(herald_loop(app)),
        Loop::Signal => Box::pin(signal_loop(app)),
        Loop::Audit => Box::pin(audit_loop(app)),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_loop_vouches_for_itself_while_its_step_hangs_and_each_does_once_that_ends() {
    let now: Timestamp = "2026-12-01T13:00:00Z".parse().unwrap();
    let later = now + SignedDuration::from_mins(61);
    for each in Loop::ALL {
        let dir = tempfile::tempdir().unwrap();
        let (mut app, silent) = busy(dir.path(), now).await;
        app.clock = Clock::Fixed(later);
        for other in Loop::ALL.into_iter().filter(|other| *other != each) {
            app.vouch(other);
        }
        let app = Arc::new(app);
        let outbox = Outbox::new(&Arc::new(Live::new(Setup::shipped(now)))).unwrap();
        // The ledger answers nobody, the clock is being looked at, and so is the host that never answers.
        let clock = app.clock_watch.lock().await;
        let ledger = app.store.take_every_connection().await;
        let running = TaskTracker::new().spawn(run(app.clone(), each, outbox));
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(app.hung(later), Some(each), "it vouched in the midst of its step: {}", each.name());
        drop((clock, ledger, silent));
        let got_on = async {
            while app.hung(later).is_some() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let got_on = tokio::time::timeout(Duration::from_mins(1), got_on).await;
        assert!(got_on.is_ok(), "{} never came round", each.name());
        app.stop.cancel();
        running.await.unwrap();
    }
}

#[tokio::test]
async fn what_is_amiss_is_examined_again_only_after_a_change_or_a_minute() {
    let dir = tempfile::tempdir().unwrap();
    let now: Timestamp = "2026-12-01T13:00:00Z".parse().unwrap();
    let app = App::shipped(dir.path(), now).await;
    let mut amiss = Amiss::default();
    let before = amiss.look(&app, false, now).await;
    let leap = Leap { from: now, to: now + SignedDuration::from_hours(9) };
    app.store.note_leap(Some(leap)).await.unwrap();
    assert_eq!(amiss.look(&app, false, now).await, before);
    let after = amiss.look(&app, true, now).await;
    assert_eq!(after.len(), before.len() + 1, "{after:?}");
    app.store.note_leap(None).await.unwrap();
    amiss.looked_at = amiss.looked_at.map(|at| at - EXAMINED);
    assert_eq!(amiss.look(&app, false, now).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_deciding_loop_is_woken_when_the_next_pass_is_due_also_where_that_moves() {
    let dir = tempfile::tempdir().unwrap();
    let now = Clock::System.now();
    let mut app = App::shipped(dir.path(), now).await;
    Arc::get_mut(&mut app).unwrap().clock = Clock::System;
    app.set_due(Some(now + SignedDuration::from_hours(1)));
    let looked_at = async {
        let soon = Duration::from_millis(200);
        assert!(tokio::time::timeout(soon, app.wake.notified()).await.is_err(), "nothing is due yet");
        let due = app.now() + SignedDuration::from_millis(300);
        app.set_due(Some(due));
        tokio::time::timeout(Duration::from_secs(20), app.wake.notified()).await.unwrap();
        assert!(app.now() >= due, "too early");
        app.stop.cancel();
    };
    tokio::join!(tick_loop(app.clone(), scheduler().await.unwrap()), looked_at);
}

/// When each of some loops last came round.
fn came_round(app: &App, each: &[&str]) -> Vec<Timestamp> {
    let progress = app.progress(app.now());
    progress.iter().filter(|of| each.contains(&of.name.as_str())).map(|of| of.moved_at).collect()
}

/// Waits until none of them looks any more, and answers when each last did.
async fn at_rest(came_round: impl Fn() -> Vec<Timestamp>) -> Vec<Timestamp> {
    let quiet = async {
        let mut last = came_round();
        loop {
            tokio::time::sleep(Duration::from_millis(700)).await;
            let now = came_round();
            if now == last {
                return last;
            }
            last = now;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), quiet).await.expect("they never rest")
}

/// Each look finds the doubt again, and that staff were told of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loops_of_a_service_that_is_held_rest_as_others_do() {
    let dir = tempfile::tempdir().unwrap();
    let mut app = App::shipped(dir.path(), Clock::System.now()).await;
    Arc::get_mut(&mut app).unwrap().clock = Clock::System;
    app.store.heartbeat(app.now()).await.unwrap();
    *app.doubted.lock().unwrap() = app.store.doubt().await.unwrap();
    assert!(app.doubt().is_some());
    let tracker = TaskTracker::new();
    let outbox = Outbox::new(&app.live()).unwrap();
    let running = [
        tracker.spawn(send_loop(app.clone(), outbox)),
        tracker.spawn(reconcile_loop(app.clone())),
        tracker.spawn(herald_loop(app.clone())),
    ];
    at_rest(|| came_round(&app, &["decisão", "envio", "alertas"])).await;
    assert!(app.doubt().is_some());
    let told = app.store.deliveries(&crate::store::DeliveryFilter::default()).await.unwrap();
    let is_of_doubt =
        |line: &crate::store::DeliveryLine| line.key.to_string().contains(topic::LEDGER_DOUBTED);
    assert!(told.iter().any(is_of_doubt), "staff were told");
    app.stop.cancel();
    for each in running {
        each.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_loop_at_rest_looks_again_when_another_process_writes_and_ends_at_once_when_told_to_stop() {
    let dir = tempfile::tempdir().unwrap();
    let mut app = App::shipped(dir.path(), Clock::System.now()).await;
    Arc::get_mut(&mut app).unwrap().clock = Clock::System;
    let tracker = TaskTracker::new();
    let outbox = Outbox::new(&app.live()).unwrap();
    let mut running = vec![tracker.spawn(lookout_loop(app.clone(), Duration::from_millis(20)))];
    running.push(tracker.spawn(send_loop(app.clone(), outbox)));
    running.push(tracker.spawn(reconcile_loop(app.clone())));
    running.push(tracker.spawn(ingest_loop(app.clone())));
    running.push(tracker.spawn(news_loop(app.clone())));
    running.push(tracker.spawn(register_loop(app.clone())));
    running.push(tracker.spawn(returns_loop(app.clone())));
    let each = ["decisão", "envio", "ingestão", "notícias", "cadastro", "devoluções"];
    let came_round = |app: &App| came_round(app, &each);
    // Until nothing is left to do, and so nothing is written.
    let last = at_rest(|| came_round(&app)).await;
    let other = Store::open(&dir.path().join("vigia.db"), app.now()).await.unwrap();
    other.note_relay(Some(app.now())).await.unwrap();
    let all_looked = async {
        while came_round(&app).iter().zip(&last).any(|(now, before)| now == before) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), all_looked).await.expect("somebody did not look");
    app.stop.cancel();
    let ended = futures_util::future::join_all(running);
    tokio::time::timeout(Duration::from_secs(5), ended).await.expect("somebody did not hear the stop");
}

#[tokio::test]
async fn what_happens_during_a_look_ends_the_rest_after_it_and_what_happened_before_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let app = App::shipped(dir.path(), "2026-12-01T13:00:00Z".parse().unwrap()).await;
    let mut rest = Rest::of(&app, Loop::News);
    let soon = Duration::from_millis(50);
    app.changed.send_replace(());
    rest.begin();
    assert!(rest.take_unless(&app, soon, std::future::pending()).await, "in vain");
    rest.begin();
    app.changed.send_replace(());
    assert!(!rest.take_unless(&app, LONGEST_REST, std::future::pending()).await);
    rest.begin();
    app.adopt(Setup::shipped(app.now()));
    assert!(!rest.take_unless(&app, LONGEST_REST, std::future::pending()).await, "another configuration");
}

#[tokio::test]
async fn a_file_in_a_drop_folder_ends_a_rest_as_soon_as_it_did_when_each_look_listed_it() {
    let dir = tempfile::tempdir().unwrap();
    let app = App::shipped(dir.path(), "2026-12-01T13:00:00Z".parse().unwrap()).await;
    let mut rest = Rest::of(&app, Loop::Ingest);
    rest.begin();
    let began = tokio::time::Instant::now();
    rest.by_folders(&app, LONGEST_REST, Some(|| false)).await;
    assert!(began.elapsed() < FOLDERS + Duration::from_secs(2));
}

#[tokio::test]
async fn a_file_that_comes_into_an_empty_drop_folder_ends_the_rest_at_the_next_look() {
    let dir = tempfile::tempdir().unwrap();
    let app = App::shipped(dir.path(), "2026-12-01T13:00:00Z".parse().unwrap()).await;
    let mut rest = Rest::of(&app, Loop::Ingest);
    rest.begin();
    let looks = std::cell::Cell::new(0);
    let is_quiet = || looks.replace(looks.get() + 1) == 0;
    let rested = rest.by_folders(&app, LONGEST_REST, Some(is_quiet));
    tokio::time::timeout(QUIET_FOLDERS + Duration::from_secs(2), rested).await.unwrap();
    assert_eq!(looks.get(), 2, "one before the first rest");
}
