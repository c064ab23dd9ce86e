//! What the service says of itself: `saude`, the watchdog, and how it ends.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use vigia_suas::daemon::app::Loop;
use vigia_suas::domain::delivery::DeliveryState;
use vigia_suas::store::DeliveryFilter;
use vigia_suas::world::ailment::Ailment;
use vigia_suas::world::health::examine;

use super::faults::Desk;
use crate::support::app::{Choice, Site};

/// What is amiss, but for the heartbeat, which nobody gives here.
async fn amiss(desk: &Desk) -> Vec<Ailment> {
    let health = examine(&desk.app.store, &desk.app.live(), false, desk.app.now()).await.unwrap();
    health.ailments.into_iter().filter(|a| *a != Ailment::NeverAlive).collect()
}

#[tokio::test]
async fn a_relay_that_takes_nothing_and_letters_that_do_not_leave_are_ailments_until_it_takes_them() {
    let mut desk = Desk::open(|_| {}).await;
    desk.relay.greet(Some("421 4.3.0 later"));
    let began = desk.app.now();
    desk.deliver().await;
    assert_eq!(amiss(&desk).await, [Ailment::RelayFails { since: began }]);
    desk.pass_minutes(14);
    assert_eq!(amiss(&desk).await.len(), 1, "fourteen minutes are not late yet");
    desk.pass_minutes(2);
    let ailments = amiss(&desk).await;
    assert!(matches!(&ailments[1], Ailment::Late(late) if late.letters == 3), "{ailments:?}");
    desk.relay.greet(None);
    desk.pass_minutes(120);
    desk.deliver().await;
    desk.pass_minutes(120);
    desk.deliver().await;
    assert_eq!(amiss(&desk).await, []);
}

#[tokio::test]
async fn a_clock_before_the_ledger_is_an_ailment() {
    let mut desk = Desk::open(|_| {}).await;
    desk.deliver().await;
    desk.pass_minutes(-60);
    assert!(matches!(amiss(&desk).await[..], [Ailment::ClockBehind { .. }]));
}

#[tokio::test]
async fn each_loop_must_get_on_for_the_service_to_be_alive() {
    let mut desk = Desk::open(|_| {}).await;
    assert_eq!(desk.app.hung(desk.app.now()), None);
    desk.pass_minutes(16);
    desk.app.vouch(Loop::Decide);
    assert_eq!(desk.app.hung(desk.app.now()), Some(Loop::Ingest));
    desk.app.vouch(Loop::Ingest);
    assert_eq!(desk.app.hung(desk.app.now()), None);
    let later = desk.app.now() + SignedDuration::from_mins(50);
    desk.app.vouch(Loop::Decide);
    assert!(desk.app.hung(later).is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_does_not_wait_for_a_relay_that_never_greets_and_its_letters_leave_later() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let choice = Choice::new(listener.local_addr().unwrap().port());
    let site = Site::new(&choice);
    let daemon = site.daemon();
    let _silent = listener.accept().unwrap();
    let told = Instant::now();
    assert_eq!(daemon.terminate().code(), Some(0));
    assert!(told.elapsed() < Duration::from_secs(5), "{:?}", told.elapsed());
    let ledger = site.ledger().await;
    for line in ledger.deliveries(&DeliveryFilter::default()).await.unwrap() {
        assert!(matches!(line.state, DeliveryState::Recorded | DeliveryState::Deferred), "{}", line.key);
    }
    assert_eq!(site.run(&["saude"]).status.code(), Some(0), "a minute old, and nothing is late");
    assert!(!site.ok(&["plano"]).contains("nada a fazer"), "letters wait");
}
