//! What the service says of itself: `saude`, the watchdog, and how it ends.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use vigia_suas::daemon::alert::alert_once;
use vigia_suas::daemon::app::Loop;
use vigia_suas::daemon::reconcile::reconcile_once;
use vigia_suas::desk::order;
use vigia_suas::domain::delivery::DeliveryState;
use vigia_suas::domain::id::WindowId;
use vigia_suas::domain::overrides::HoldScope;
use vigia_suas::plan::ledger::Standing;
use vigia_suas::plan::post::{LetterState, Post};
use vigia_suas::store::DeliveryFilter;
use vigia_suas::world::ailment::Ailment;
use vigia_suas::world::health::examine;

use super::faults::Desk;
use crate::support::app::{Choice, DOMAIN, Site};
use crate::support::smtp::{Deed, Relay};

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
async fn alerts_that_every_address_refuses_are_an_ailment_until_one_takes_an_alert() {
    let mut desk = Desk::open(|_| {}).await;
    let to = format!("alertas@{DOMAIN}");
    for topic in ["fonte-a", "fonte-b"] {
        desk.relay.once(&to, Deed::AtRcpt("550 5.1.1 nobody"));
        alert_once(&desk.app, topic, "texto".to_owned(), desk.app.now()).await.unwrap();
        desk.deliver().await;
        desk.pass_minutes(1);
    }
    let since = desk.app.now() - SignedDuration::from_mins(2);
    assert_eq!(amiss(&desk).await, [Ailment::AlertsRefused { since, alerts: 2 }]);
    alert_once(&desk.app, "fonte-c", "texto".to_owned(), desk.app.now()).await.unwrap();
    desk.deliver().await;
    assert_eq!(amiss(&desk).await, [], "somebody hears again");
}

#[tokio::test]
async fn a_clock_before_the_ledger_is_an_ailment() {
    let mut desk = Desk::open(|_| {}).await;
    desk.deliver().await;
    desk.pass_minutes(-60);
    assert!(matches!(amiss(&desk).await[..], [Ailment::ClockBehind { .. }]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs two minutes"]
async fn systemd_shows_what_is_refused_what_is_held_a_relay_that_rests_and_a_ledger_that_is_doubted() {
    let relay = Relay::start().await;
    let choice = |windows| Choice { municipalities: 20, windows, ..Choice::new(relay.port) };
    let site = Site::new(&choice(1));
    let daemon = site.daemon();
    relay.distinct(20).await;
    let edited = |name: &str, edit: &dyn Fn(&str) -> String, shown: &str| {
        let path = site.config().join(name);
        let before = fs::read_to_string(&path).unwrap();
        fs::write(&path, edit(&before)).unwrap();
        daemon.signal("HUP");
        daemon.shows(shown);
        fs::write(path, before).unwrap();
    };
    edited(
        "vigia.toml",
        &|text| text.replace("producao", "talvez"),
        "a configuração nova foi recusada, vale a anterior",
    );
    let shortened = |text: &str| text.lines().take(4).collect::<Vec<_>>().join("\n") + "\n";
    edited("municipios.csv", &shortened, "a configuração nova espera confirmação, vale a anterior");
    relay.greet(Some("421 4.3.0 later"));
    site.write_calendar(&choice(2));
    daemon.signal("HUP");
    daemon.shows("o servidor de saída de e-mail não aceita cartas");
    assert_eq!(daemon.terminate().code(), Some(0));
    fs::remove_file(site.data().join("vigia.db.testemunha")).unwrap();
    let daemon = site.daemon();
    daemon.shows("o livro está sem a testemunha");
    assert_eq!(daemon.terminate().code(), Some(0));
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

/// What staff read of the window, by every way, at an instant; the page without its style, which names classes.
fn surfaces(site: &Site, at: &str) -> Vec<(String, String)> {
    let code = site.municipalities[0].to_string();
    let asked: [&[&str]; 7] = [
        &["relatorio"],
        &["relatorio", "--formato", "csv"],
        &["relatorio", "--formato", "html"],
        &["plano"],
        &["porque", &code, "teste/2001"],
        &["ligacoes"],
        &["ligacoes", "--formato", "html"],
    ];
    asked
        .into_iter()
        .map(|line| {
            let shown = site.ok(&[line, &["--em", at]].concat());
            let shown = shown.split_once("</style>").map_or(shown.clone(), |(_, body)| body.to_owned());
            (line.join(" "), shown)
        })
        .collect()
}

/// Whether a text says of some letter that it was taken.
fn says_it_left(text: &str) -> bool {
    let taken = ["aceita", "aceitas", "aceito", "incerta", "incertas", "lida", "lidas"];
    let left = ["1 carta saiu", "2 cartas saíram", "3 cartas saíram", "foi avisado"];
    text.split(|c: char| !c.is_alphabetic()).any(|word| taken.contains(&word))
        || left.iter().any(|words| text.contains(words))
}

#[tokio::test]
async fn a_letter_that_never_left_is_nowhere_shown_as_sent_while_the_relay_is_down_nor_when_it_is_over() {
    let mut desk = Desk::open(|choice| choice.deadline = jiff::civil::date(2026, 11, 24)).await;
    desk.relay.greet(Some("421 4.3.0 later"));
    desk.deliver().await;
    desk.pass_minutes(5);
    for (line, shown) in surfaces(&desk.site, "2026-11-23T10:05") {
        assert!(!says_it_left(&shown), "{line}:\n{shown}");
        if line.starts_with("relatorio") || line.starts_with("porque") || line == "plano" {
            assert!(shown.contains("adiada"), "{line}:\n{shown}");
        }
    }
    // Three days later nothing of it can leave any more.
    desk.pass_minutes(3 * 24 * 60);
    desk.deliver().await;
    for (line, shown) in surfaces(&desk.site, "2026-11-26T10:05") {
        assert!(!says_it_left(&shown), "{line}:\n{shown}");
        if line.starts_with("relatorio") || line.starts_with("porque") {
            assert!(shown.contains("vencida sem sair"), "{line}:\n{shown}");
        }
    }
}

#[tokio::test]
async fn what_a_quota_keeps_is_in_the_queue_what_was_refused_did_not_leave_and_then_is_not_now() {
    let mut desk = Desk::open(|choice| choice.per_day = 2).await;
    let smas = desk.smas(0);
    desk.relay.once(&smas, Deed::AtRcpt("550 5.1.1 nobody"));
    desk.deliver().await;
    let window = [WindowId::parse("teste/2001").unwrap()];
    let now = desk.app.now();
    let post = desk.app.store.post(&window, now).await.unwrap();
    let states = |post: &Post| -> Vec<LetterState> {
        let mut all: Vec<LetterState> =
            post.iter().flat_map(|(_, facts)| facts.iter().map(|fact| fact.state)).collect();
        all.sort();
        all
    };
    let seen = states(&post);
    assert!(seen.contains(&LetterState::Refused), "{seen:?}");
    assert!(seen.contains(&LetterState::Queued), "the quota of two is used up: {seen:?}");
    // As known then, by the attempts, is as it stands now, by the states; before the first attempt nothing had left.
    assert_eq!(states(&desk.app.store.post_as_known(&window, now).await.unwrap()), seen);
    let all = DeliveryFilter { window: Some(window[0].clone()), municipality: None };
    let lines = desk.app.store.deliveries(&all).await.unwrap();
    assert!(lines.iter().any(|line| line.reached_at.is_some()));
    assert_eq!(desk.app.store.deliveries_as_known(&all, now).await.unwrap(), lines);
    let before = now - SignedDuration::from_secs(1);
    for line in desk.app.store.deliveries_as_known(&all, before).await.unwrap() {
        assert_eq!(
            (line.state, line.attempts, line.reached_at),
            (DeliveryState::Recorded, 0, None),
            "{line:?}"
        );
        assert_eq!((line.settled_at, line.reply.as_str()), (None, ""), "{line:?}");
    }
    let before = states(&desk.app.store.post_as_known(&window, before).await.unwrap());
    assert!(before.iter().all(|state| !state.has_left()), "{before:?}");
    let report = desk.site.ok(&["relatorio", "--em", "2026-11-23T10:05"]);
    for words in ["recusada (smas)", "na fila (smas)"] {
        assert!(report.contains(words), "{words}:\n{report}");
    }
}

#[tokio::test]
async fn a_report_of_a_past_instant_knows_what_was_decided_and_ordered_then_and_nothing_later() {
    let mut desk = Desk::open(|_| {}).await;
    desk.relay.greet(Some("421 4.3.0 later"));
    desk.deliver().await;
    desk.pass_minutes(30);
    let by = order::authorship("Ana", "conferir", desk.app.now()).unwrap();
    order::hold(&desk.app.store, HoldScope::All, None, by).await.unwrap();
    reconcile_once(&desk.app, desk.app.now()).await.unwrap();
    let (before, after) = ("2026-11-23T10:05", "2026-11-23T10:35");
    let report = |at: &str| desk.site.ok(&["relatorio", "--em", at]);
    assert!(
        !report(before).contains("retid") && report(before).contains("adiada (smas)"),
        "{}",
        report(before)
    );
    assert!(
        report(after).contains("foi retido por Ana") && report(after).contains("retida (smas)"),
        "{}",
        report(after)
    );
    // The ledger itself, worked out again, stands as it stood.
    let window = WindowId::parse("teste/2001").unwrap();
    let (windows, at) = (BTreeSet::from([window.clone()]), "2026-11-23T13:05:00Z".parse().unwrap());
    let then = desk.app.store.ledger_as_known(&windows, at).await.unwrap();
    for code in &desk.site.municipalities {
        assert_eq!(then.window(&window).unwrap().of(*code).len(), 1, "{code}");
        assert_eq!(then.window(&window).unwrap().of(*code)[0].standing, Standing::Queued, "{code}");
    }
}
