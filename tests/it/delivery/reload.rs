//! SIGHUP: a whole configuration takes over, and any other changes nothing.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use jiff::ToSpan;
use vigia_suas::clock::Clock;
use vigia_suas::daemon::outbox::Outbox;

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

/// Whichever step of a round it comes in.
#[tokio::test]
async fn what_a_reload_brings_leaves_by_its_own_relay_also_when_it_comes_in_the_middle_of_a_round() {
    let (old, new) = (Relay::start().await, Relay::start().await);
    for half_milliseconds in 0..24 {
        let choice = Choice::new(old.port);
        let site = Site::new(&choice);
        let app = site.app(Clock::System.now()).await;
        let more = Choice { windows: 2, port: new.port, ..choice };
        site.write_vigia(&more);
        site.write_calendar(&more);
        let mut outbox = Outbox::new(&app.live()).unwrap();
        let reload = async {
            tokio::time::sleep(Duration::from_micros(500) * half_milliseconds).await;
            app.adopt(site.setup());
        };
        tokio::join!(outbox.deliver_once(&app), reload).0.unwrap();
        outbox.deliver_once(&app).await.unwrap();
        outbox.close().await;
    }
    let of_second = |letter: &Taken| letter.message_id.starts_with("<teste.2002.");
    assert_eq!(old.taken().iter().filter(|letter| of_second(letter)).count(), 0);
    assert_eq!(new.taken().iter().filter(|letter| of_second(letter)).count(), 24 * 3);
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
async fn the_command_that_reloads_ends_as_the_service_took_the_files() {
    let relay = Relay::start().await;
    let choice = Choice::new(relay.port);
    let site = Site::new(&choice);
    let ends = |code: i32, words: &str| {
        let output = site.run(&["recarregar"]);
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(output.status.code() == Some(code) && said.contains(words), "{}: {said}", output.status);
    };
    ends(3, "não está rodando");
    let daemon = site.daemon();
    relay.distinct(3).await;
    ends(0, "adotou");
    let vigia = site.config().join("vigia.toml");
    let good = fs::read_to_string(&vigia).unwrap();
    fs::write(&vigia, good.replace("\"reenviar\"", "\"talvez\"")).unwrap();
    ends(1, "RECUSOU");
    // The same faults once more are a verdict of their own.
    ends(1, "RECUSOU");
    fs::write(&vigia, &good).unwrap();
    site.write_calendar(&Choice { windows: 2, ..choice.clone() });
    ends(0, "adotou");
    relay.distinct(7).await;
    let roster = site.config().join("municipios.csv");
    let whole = fs::read_to_string(&roster).unwrap();
    fs::write(&roster, whole.lines().take(2).fold(String::new(), |text, line| text + line + "\n")).unwrap();
    ends(1, "NÃO adotou");
    fs::write(&roster, whole).unwrap();
    ends(0, "adotou");
    assert_eq!(daemon.terminate().code(), Some(0));
    ends(3, "não está rodando");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_takes_longer_than_ten_seconds_says_what_it_does() {
    let relay = Relay::start().await;
    let site = Site::new(&Choice::new(relay.port));
    let daemon = site.daemon();
    relay.distinct(3).await;
    daemon.signal("STOP");
    // The files are not those in force, so that only the service can say what becomes of them.
    let vigia = site.config().join("vigia.toml");
    let changed = fs::read_to_string(&vigia).unwrap().replace("\"reenviar\"", "\"reter\"");
    fs::write(&vigia, changed).unwrap();
    let mut command = site.command(&["recarregar"]);
    let asked = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_secs(11));
    daemon.signal("CONT");
    let output = asked.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(said, "isto demora um pouco: esperando que o serviço leia os arquivos…\n");
    assert_eq!(daemon.terminate().code(), Some(0));
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
    daemon.signal("HUP");
    daemon.wait_for("RELOADING=1");
    daemon.wait_for("READY=1");
    relay.distinct(4).await;
    let log = daemon.log();
    assert!(log.contains("declare uma prorrogação") && log.contains("calendario.toml:15:9"), "{log}");
    let sick = site.run(&["saude"]);
    assert_eq!(sick.status.code(), Some(1));
    assert!(String::from_utf8(sick.stderr).unwrap().contains("foi recusada em"));
    assert_eq!(daemon.terminate().code(), Some(0));
    assert_eq!((alerts(&relay).len(), relay.taken().len()), (1, 4));
    let refused = site.run(&["servir", "--uma-vez"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("declare uma prorrogação"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cold_start_with_faults_goes_on_with_the_last_good_configuration_and_says_so() {
    let relay = Relay::start().await;
    let choice = Choice::new(relay.port);
    let site = Site::new(&choice);
    let daemon = site.daemon();
    relay.distinct(3).await;
    assert_eq!(daemon.terminate().code(), Some(0));
    // A second window would bring letters, but another file has a fault.
    site.write_calendar(&Choice { windows: 2, ..choice.clone() });
    let fontes = site.config().join("fontes.toml");
    let good = fs::read_to_string(&fontes).unwrap();
    fs::write(&fontes, good.replace("\"csv\"", "\"cvs\"")).unwrap();
    let daemon = site.daemon();
    // What is wrong, and that it runs on the last good one.
    relay.distinct(5).await;
    assert!(
        daemon.log().contains("cvs") && daemon.log().contains("última configuração boa"),
        "{}",
        daemon.log()
    );
    assert_eq!(alerts(&relay).len(), 2);
    assert_eq!(site.run(&["saude"]).status.code(), Some(1));
    assert_eq!(site.run(&["decisoes"]).status.code(), Some(0), "staff go on too");
    assert_eq!(site.run(&["verificar"]).status.code(), Some(1));
    fs::write(&fontes, good).unwrap();
    daemon.signal("HUP");
    daemon.wait_for("RELOADING=1");
    daemon.wait_for("READY=1");
    relay.distinct(8).await;
    assert_eq!(site.run(&["saude"]).status.code(), Some(0));
    assert_eq!(daemon.terminate().code(), Some(0));
    assert_eq!((alerts(&relay).len(), relay.taken().len()), (2, 8));
    site.ok(&["livro", "conferir"]);
}

#[test]
fn a_first_start_with_faults_has_nothing_to_go_on_with_and_tells_them() {
    let site = Site::new(&Choice::new(9));
    let vigia = site.config().join("vigia.toml");
    fs::write(&vigia, fs::read_to_string(&vigia).unwrap().replace("\"reenviar\"", "\"talvez\"")).unwrap();
    let refused = site.run(&["servir"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("talvez"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changed_files_are_read_once_they_are_quiet_and_whole() {
    let relay = Relay::start().await;
    let choice = Choice::new(relay.port);
    let site = Site::new(&choice);
    let vigia = site.config().join("vigia.toml");
    fs::write(&vigia, format!("vigiar_arquivos = true\n{}", fs::read_to_string(&vigia).unwrap())).unwrap();
    let daemon = site.daemon();
    relay.distinct(3).await;
    // Half of a save, and a moment later the whole, put over it as editors do.
    let calendar = site.config().join("calendario.toml");
    site.write_calendar(&Choice { windows: 2, ..choice });
    let whole = fs::read_to_string(&calendar).unwrap();
    fs::write(&calendar, &whole[..whole.len() - 9]).unwrap();
    daemon.logs("ainda têm falhas; aguarda-se o resto da gravação");
    assert!(!daemon.log().contains("não foi adotada"), "half a file is waited for");
    fs::write(site.config().join("calendario.novo"), whole).unwrap();
    fs::rename(site.config().join("calendario.novo"), &calendar).unwrap();
    daemon.wait_for("RELOADING=1");
    relay.distinct(6).await;
    assert_eq!(daemon.terminate().code(), Some(0));
    assert_eq!((alerts(&relay).len(), relay.taken().len()), (0, 6));
}

#[expect(clippy::print_stdout, reason = "the figures, shown with --nocapture")]
/// Reloads again and again while letters go out, half of the configurations bad. Each good one may bring one more window
/// with its letters. Gives the daemon's resident memory after a third of it and at the end, in KiB.
async fn storm(reloads: u16, windows: u16) -> (u64, u64) {
    let relay = Relay::start().await;
    let choice = Choice { municipalities: 20, ..Choice::new(relay.port) };
    let site = Site::new(&choice);
    let vigia = site.config().join("vigia.toml");
    let good = fs::read_to_string(&vigia).unwrap();
    let bad = ["25:00", "8h", "meio-dia"].map(|hour| good.replace("\"00:00\"", &format!("\"{hour}\"")));
    let daemon = site.daemon();
    let mut early = 0;
    let mut last = choice.clone();
    for n in 0..reloads {
        if n % 2 == 0 {
            site.write_calendar(&choice);
            fs::write(&vigia, &bad[usize::from(n / 2) % bad.len()]).unwrap();
        } else {
            let so_many = 1 + u32::from(n) * u32::from(windows - 1) / u32::from(reloads - 1);
            last = Choice { windows: u16::try_from(so_many).unwrap(), ..choice.clone() };
            site.write_calendar(&last);
            fs::write(&vigia, format!("{good}# {n}\n")).unwrap();
        }
        daemon.signal("HUP");
        daemon.wait_for("RELOADING=1");
        daemon.wait_for("READY=1");
        if n == reloads / 3 {
            early = daemon.resident_kib();
        }
        if n % 100 == 99 {
            println!("after {} reloads: {} KiB", n + 1, daemon.resident_kib());
        }
    }
    assert_eq!(last.windows, windows);
    let expected = site.announcements(&last);
    relay.distinct(expected.len() + bad.len()).await;
    let late = daemon.resident_kib();
    assert_eq!(daemon.terminate().code(), Some(0));
    assert_eq!(alerts(&relay).len(), bad.len(), "one for each distinct bad configuration");
    let mut sent: Vec<(String, String)> = relay
        .taken()
        .into_iter()
        .filter(|t| !t.to.starts_with("alertas@"))
        .map(|t| (t.message_id, t.to))
        .collect();
    sent.sort();
    assert_eq!(sent, expected, "none lost, none doubled");
    site.ok(&["livro", "conferir"]);
    (early, late)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reloads_under_load_lose_and_double_no_letter() {
    storm(40, 12).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs minutes: a thousand reloads"]
async fn a_thousand_reloads_under_load_leave_memory_flat() {
    let (early, late) = storm(1_000, 20).await;
    assert!(late < early + 16 * 1024, "{early} KiB became {late} KiB");
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
