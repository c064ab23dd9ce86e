//! A ledger that may not be the one that last sent: an older copy put back, a folder copied elsewhere. Nothing leaves to a
//! municipality until somebody says that it counts.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use vigia_suas::desk::order::is_queue;
use vigia_suas::domain::overrides::BatchId;

use crate::support::app::{Choice, DOMAIN, Site};
use crate::support::smtp::Relay;

const MUNICIPALITIES: usize = 6;

fn choice(relay: &Relay, windows: u16) -> Choice {
    Choice { municipalities: MUNICIPALITIES, windows, ..Choice::new(relay.port) }
}

/// Letters taken for municipalities, each Message-ID with how often it came.
fn letters(relay: &Relay) -> BTreeMap<String, usize> {
    let alerts = format!("alertas@{DOMAIN}");
    let mut counted = BTreeMap::new();
    for taken in relay.taken().into_iter().filter(|taken| taken.to != alerts) {
        *counted.entry(taken.message_id).or_default() += 1;
    }
    counted
}

fn alerts(relay: &Relay) -> usize {
    let alerts = format!("alertas@{DOMAIN}");
    relay.taken().iter().filter(|taken| taken.to == alerts).count()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Waits until it is so.
fn until(what: &str, so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < Duration::from_mins(1), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for file in fs::read_dir(from).unwrap().map(Result::unwrap).filter(|f| f.path().is_file()) {
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_copy_put_back_sends_nothing_until_it_is_assumed_and_then_what_fell_due_waits() {
    let relay = Relay::start().await;
    let site = Site::new(&choice(&relay, 1));
    site.ok(&["servir", "--uma-vez"]);
    let copy = site.config().join("copia");
    copy_folder(&site.data(), &copy);
    site.write_calendar(&choice(&relay, 2));
    site.ok(&["servir", "--uma-vez"]);
    assert_eq!(letters(&relay).len(), 2 * MUNICIPALITIES);
    assert_eq!(site.run(&["saude"]).status.code(), Some(0));
    // All of the copy but the witness, which stands beside it as the last to send left it.
    for end in ["", "-wal", "-shm"] {
        let name = format!("vigia.db{end}");
        let _none = fs::remove_file(site.data().join(&name));
        if copy.join(&name).exists() {
            fs::copy(copy.join(&name), site.data().join(&name)).unwrap();
        }
    }

    let daemon = site.daemon();
    until("no alert left", || alerts(&relay) == 1);
    for question in ["saude", "plano"] {
        let output = site.run(&[question]);
        assert!(said(&output).contains("o livro é uma cópia antiga"), "{question}: {}", said(&output));
        assert!(said(&output).contains("vigia-suas assumir"), "{question}: {}", said(&output));
        assert_eq!(output.status.code(), Some(i32::from(question == "saude")));
    }
    let orders = site.run(&["assumir", "--motivo", " "]);
    assert_eq!(orders.status.code(), Some(2), "a reason is asked for: {}", said(&orders));
    assert!(letters(&relay).values().all(|times| *times == 1), "{:?}", letters(&relay));

    let assumed = site.ok(&["assumir", "--autor", "ana", "--motivo", "disco trocado"]);
    let batch = assumed.split("--lote ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
    assert!(batch.starts_with("retomada/") && !is_queue(&BatchId::parse(batch).unwrap()), "{assumed}");
    daemon.logs("este livro passa a valer");
    until("nothing was held", || site.ok(&["plano"]).contains("divulgacao"));
    assert!(letters(&relay).values().all(|times| *times == 1), "what another ledger may have sent waits");
    assert!(
        said(&site.run(&["assumir", "--autor", "ana", "--motivo", "de novo"]))
            .contains("não há o que assumir")
    );
    assert_eq!(site.run(&["saude"]).status.code(), Some(0));

    site.ok(&["liberar", "--lote", batch, "--autor", "ana", "--motivo", "não se sabe quais saíram"]);
    assert_eq!(daemon.terminate().code(), Some(0));
    site.ok(&["servir", "--uma-vez"]);
    assert_eq!(letters(&relay).values().filter(|times| **times == 2).count(), MUNICIPALITIES);
    assert_eq!(letters(&relay).len(), 2 * MUNICIPALITIES, "the same letters by Message-ID");
    let verdict = site.ok(&["livro", "conferir"]);
    assert!(verdict.starts_with("livro íntegro"), "{verdict}");
    assert!(site.ok(&["livro"]).contains("livro assumido"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copied_folder_sends_nothing_and_the_original_goes_on() {
    let relay = Relay::start().await;
    let site = Site::new(&choice(&relay, 1));
    site.ok(&["servir", "--uma-vez"]);
    site.write_calendar(&choice(&relay, 2));
    let aside = site.config().join("original");
    fs::rename(site.data(), &aside).unwrap();
    copy_folder(&aside, &site.data());
    for _ in 0..2 {
        site.ok(&["servir", "--uma-vez"]);
        let health = site.run(&["saude"]);
        assert_eq!(health.status.code(), Some(1));
        assert!(said(&health).contains("foram copiados"), "a restart does not forget: {}", said(&health));
    }
    assert_eq!((letters(&relay).len(), alerts(&relay)), (MUNICIPALITIES, 1), "one alert a day");
    fs::remove_dir_all(site.data()).unwrap();
    fs::rename(&aside, site.data()).unwrap();
    site.ok(&["servir", "--uma-vez"]);
    assert_eq!(letters(&relay).len(), 2 * MUNICIPALITIES, "moved, it is the same");
    assert_eq!(site.run(&["saude"]).status.code(), Some(0));
}
