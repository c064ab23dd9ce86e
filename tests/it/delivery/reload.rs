//! SIGHUP: a whole configuration takes over, and any other changes nothing.

use std::fs;

use jiff::ToSpan;

use crate::support::app::{Choice, DOMAIN, Site};
use crate::support::smtp::{Relay, Taken};

/// Alerts that the relay took.
fn alerts(relay: &Relay) -> Vec<Taken> {
    relay.taken().into_iter().filter(|t| t.to == format!("alertas@{DOMAIN}")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_configuration_is_adopted_with_its_windows_and_its_relay() {
    let (old, new) = (Relay::start().await, Relay::start().await);
    let choice = Choice::new(old.port);
    let site = Site::new(&choice);
    let daemon = site.daemon();
    old.distinct(3).await;
    let more = Choice { windows: 2, port: new.port, ..choice };
    site.write_vigia(&more);
    site.write_calendar(&more);
    daemon.signal("HUP");
    daemon.wait_for("RELOADING=1");
    daemon.wait_for("READY=1");
    new.distinct(3).await;
    assert!(new.taken().iter().all(|t| t.message_id.starts_with("<teste.2002.")));
    assert_eq!(old.taken().len(), 3);
    assert_eq!(daemon.terminate().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_configuration_changes_nothing_and_is_told_once_with_all_its_faults() {
    let relay = Relay::start().await;
    let choice = Choice::new(relay.port);
    let site = Site::new(&choice);
    let daemon = site.daemon();
    relay.distinct(3).await;
    // A second window that would bring letters, and two faults in another file.
    site.write_calendar(&Choice { windows: 2, ..choice });
    let vigia = site.config().join("vigia.toml");
    let good = fs::read_to_string(&vigia).unwrap();
    let bad = good.replace("\"00:00\"", "\"25:00\"").replace("\"reenviar\"", "\"talvez\"");
    fs::write(&vigia, bad).unwrap();
    for _ in 0..2 {
        daemon.signal("HUP");
        daemon.wait_for("RELOADING=1");
        daemon.wait_for("READY=1");
    }
    relay.distinct(4).await;
    let log = daemon.log();
    assert!(log.contains("25:00") && log.contains("talvez"), "{log}");
    assert!(log.contains("vale a anterior"), "{log}");
    fs::write(&vigia, good).unwrap();
    daemon.signal("HUP");
    daemon.wait_for("RELOADING=1");
    daemon.wait_for("READY=1");
    relay.distinct(7).await;
    assert_eq!(daemon.terminate().code(), Some(0));
    assert_eq!((alerts(&relay).len(), relay.taken().len()), (1, 7));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_edit_of_a_deadline_already_told_is_refused() {
    let relay = Relay::start().await;
    let choice = Choice::new(relay.port);
    let site = Site::new(&choice);
    let daemon = site.daemon();
    relay.distinct(3).await;
    let moved = Choice { deadline: choice.deadline.saturating_add(1.day()), ..choice.clone() };
    site.write_calendar(&moved);
    // Accepted by the relay is not yet recorded; the daemon finishes before it answers the signal to stop.
    assert_eq!(daemon.terminate().code(), Some(0));
    let refused = site.run(&["servir"]);
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("declare uma prorrogação"), "{said}");

    site.write_calendar(&choice);
    let daemon = site.daemon();
    site.write_calendar(&moved);
    daemon.signal("HUP");
    daemon.wait_for("RELOADING=1");
    daemon.wait_for("READY=1");
    relay.distinct(4).await;
    assert!(daemon.log().contains("declare uma prorrogação"));
    assert_eq!(daemon.terminate().code(), Some(0));
    assert_eq!((alerts(&relay).len(), relay.taken().len()), (1, 4));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_configuration_whose_password_is_missing_is_not_adopted() {
    let relay = Relay::start().await;
    let choice = Choice::new(relay.port);
    let site = Site::new(&choice);
    let daemon = site.daemon();
    relay.distinct(3).await;
    let password = site.config().join("senha");
    let smtp = format!("usuario = \"vigilancia\"\nsenha_arquivo = \"{}\"\n", password.display());
    site.write_vigia(&Choice { smtp, ..choice });
    daemon.signal("HUP");
    daemon.wait_for("RELOADING=1");
    daemon.wait_for("READY=1");
    relay.distinct(4).await;
    assert_eq!(alerts(&relay).len(), 1);
    assert!(daemon.log().contains("senha_arquivo"));
    assert_eq!(daemon.terminate().code(), Some(0));
}
