//! A clock gone wrong, through the program: nothing leaves to a municipality that is not due, and staff have a way out.

use std::fs;
use std::process::{Command, Output};

use jiff::{SignedDuration, ToSpan};
use vigia_suas::clock::Clock;
use vigia_suas::store::Store;

use crate::support::app::{Choice, DOMAIN, Site};
use crate::support::smtp::Relay;

/// Letters taken for municipalities, and for staff.
fn taken(relay: &Relay) -> (usize, usize) {
    let alerts = format!("alertas@{DOMAIN}");
    let (staff, municipal): (Vec<_>, Vec<_>) = relay.taken().into_iter().partition(|t| t.to == alerts);
    (municipal.len(), staff.len())
}

fn ends(output: &Output, code: i32, words: &str) {
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.code() == Some(code) && said.contains(words), "{code} {words}: {said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mark_in_the_future_holds_letters_until_relogio_corrigir_which_forgets_the_false_outage_too() {
    let relay = Relay::start().await;
    let site = Site::new(&Choice::new(relay.port));
    site.ok(&["servir", "--uma-vez"]);
    assert_eq!(taken(&relay), (3, 0));
    let ahead = Clock::System.now() + SignedDuration::from_hours(48);
    let store = Store::open(&site.database(), ahead).await.unwrap();
    assert!(store.begin(ahead).await.unwrap().is_some(), "the false clock tells of an outage");
    store.close().await;
    site.write_calendar(&Choice { windows: 2, ..Choice::new(relay.port) });
    site.ok(&["servir", "--uma-vez"]);
    assert_eq!(taken(&relay), (3, 1), "the alert leaves and nothing else");
    ends(&site.run(&["saude"]), 1, "relogio corrigir");
    ends(&site.run(&["plano"]), 0, "aviso: o relógio desta máquina está antes de");
    ends(&site.run(&["relogio"]), 1, "nenhuma carta sai a município");
    ends(
        &site.run(&["relogio", "aceitar", "--autor", "ana", "--motivo", "hora certa"]),
        1,
        "não duvida do relógio",
    );
    site.ok(&["relogio", "corrigir", "--autor", "ana", "--motivo", "a máquina esteve adiantada"]);
    ends(&site.run(&["relogio", "corrigir", "--autor", "ana", "--motivo", "de novo"]), 1, "recusado");
    ends(&site.run(&["relogio"]), 0, "em ordem");
    site.ok(&["servir", "--uma-vez"]);
    assert_eq!(taken(&relay), (6, 1), "and nothing waits for an outage that never was");
    ends(&site.run(&["saude"]), 0, "");
    ends(&site.run(&["livro", "conferir"]), 0, "livro íntegro");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a C compiler"]
async fn a_leap_through_a_running_daemon_sends_alerts_alone_and_ends_when_the_clock_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let (shim, leap) = (folder.path().join("leap.so"), folder.path().join("leap"));
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/leap.c");
    let built = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&shim).arg(source).status();
    assert!(built.unwrap().success());

    let relay = Relay::start().await;
    let now = Choice::new(relay.port);
    // Opens in twenty days.
    let opened = now.opened.saturating_add(22.days());
    let site = Site::new(&Choice { opened, ..now.clone() });
    let daemon = site.daemon_under(&[("LD_PRELOAD", shim.as_os_str()), ("LEAP", leap.as_os_str())]);
    fs::write(&leap, (40 * 24 * 3600).to_string()).unwrap();
    daemon.logs("o relógio saltou adiante");
    daemon.logs("rodada de entregas encerrada");
    assert_eq!(taken(&relay), (0, 1), "the alert leaves and nothing else");
    ends(&site.run(&["saude"]), 1, "relogio aceitar");
    ends(&site.run(&["plano"]), 0, "saltou de");
    fs::remove_file(&leap).unwrap();
    daemon.logs("o relógio merece fé de novo");
    ends(&site.run(&["saude"]), 0, "");
    // What is due by the true clock leaves as if nothing had been.
    site.write_calendar(&now);
    site.write_vigia(&now);
    daemon.signal("HUP");
    relay.distinct(4).await;
    assert_eq!(daemon.terminate().code(), Some(0));
    assert_eq!(taken(&relay), (3, 1));
    ends(&site.run(&["livro", "conferir"]), 0, "livro íntegro");
}
