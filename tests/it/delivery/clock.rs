//! A clock gone wrong, through the program: nothing leaves to a municipality that is not due, and staff have a way out.

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use jiff::{SignedDuration, ToSpan};
use vigia_suas::clock::Clock;
use vigia_suas::daemon::alert::alert_once;
use vigia_suas::desk::order;
use vigia_suas::domain::journal::ClockAct;
use vigia_suas::store::Store;
use vigia_suas::world::ailment::Ailment;
use vigia_suas::world::health::examine;

use super::faults::Desk;
use super::server::{A_MINUTE, until};
use crate::support::app::{Choice, DOMAIN, Site};
use crate::support::smtp::{Deed, Relay};

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
    ends(&site.run(&["servir", "--uma-vez"]), 1, "relogio corrigir");
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

#[tokio::test]
async fn what_was_put_off_by_a_false_clock_counts_as_late_and_leaves_at_once_after_relogio_corrigir() {
    let mut desk = Desk::open(|_| {}).await;
    let two_days = 48 * 60;
    desk.pass_minutes(two_days);
    desk.relay.greet(Some("421 4.3.0 later"));
    desk.deliver().await;
    desk.relay.greet(None);
    let mut store = desk.app.store.clone();
    store.heartbeat(desk.now()).await.unwrap();
    desk.pass_minutes(30 - two_days);
    desk.restart();
    assert_eq!(desk.deliver().await.accepted, 1, "the alert leaves and nothing else");
    let amiss = examine(&store, &desk.app.live(), false, desk.now()).await.unwrap().ailments;
    let late = |ailment: &Ailment| matches!(ailment, Ailment::Late(late) if late.letters == 3);
    assert!(amiss.iter().any(late), "{amiss:?}");
    let by = order::authorship("ana", "esteve adiantada", desk.now()).unwrap();
    store.rule_clock(ClockAct::TakeBack, &by).await.unwrap();
    desk.check_ledger().await;
    let signs = store.signs().await.unwrap();
    assert_eq!((signs.relay_failing_since, signs.high_water), (None, Some(desk.now())));
    assert_eq!(desk.deliver().await.accepted, 3);
    desk.check_ledger().await;

    // The daemon finds by itself that the clock came back: a back-off that it may have made stays.
    desk.relay.always(Some(Deed::AtDot("421 4.3.0 later")));
    alert_once(&desk.app, "fonte-a", "texto".to_owned(), desk.now()).await.unwrap();
    desk.deliver().await;
    let waits = store.next_due(desk.now()).await.unwrap();
    store.settle_clock(desk.now()).await.unwrap();
    assert_eq!(store.next_due(desk.now()).await.unwrap(), waits);
    desk.pass_minutes(-two_days);
    store = desk.app.store.clone();
    store.settle_clock(desk.now()).await.unwrap();
    assert_eq!(store.next_due(desk.now()).await.unwrap(), Some(desk.now()));
    assert_eq!(store.signs().await.unwrap().relay_failing_since, None);
    desk.check_ledger().await;
}

#[tokio::test]
async fn what_a_false_clock_closed_is_open_after_relogio_corrigir_and_closes_once_more_in_its_time() {
    const DAY: i64 = 24 * 60;
    // The window closes on 23 December.
    let mut desk = Desk::open(|_| {}).await;
    desk.load(|_| "nao").await;
    desk.deliver().await;
    desk.pass_minutes(35 * DAY);
    desk.restart();
    desk.deliver().await;
    desk.app.store.heartbeat(desk.now()).await.unwrap();
    let closed = desk.app.store.closed_windows(desk.now()).await.unwrap();
    assert_eq!(closed.len(), 1, "on 28 December, by a false clock");
    desk.pass_minutes(-8 * DAY);
    desk.restart();
    let by = order::authorship("ana", "esteve adiantada", desk.now()).unwrap();
    desk.app.store.rule_clock(ClockAct::TakeBack, &by).await.unwrap();
    desk.check_ledger().await;
    desk.load(|_| "nao").await;
    desk.deliver().await;
    desk.check_ledger().await;
    desk.pass_minutes(2 * DAY);
    desk.load(|_| "nao").await;
    desk.deliver().await;
    for n in 0..3 {
        let ids = desk.ids(&desk.smas(n));
        assert_eq!(ids.iter().filter(|id| id.contains("prazo-1d")).count(), 1, "{ids:?}");
    }
    desk.check_ledger().await;
    desk.pass_minutes(2 * DAY);
    desk.restart();
    desk.deliver().await;
    assert_eq!(desk.app.store.closed_windows(desk.now()).await.unwrap(), closed, "on 24 December, and truly");
    desk.check_ledger().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_release_of_the_zones_rules_is_told_once_where_hours_to_come_move() {
    let relay = Relay::start().await;
    let site = Site::new(&Choice::new(relay.port));
    site.ok(&["servir", "--uma-vez"]);
    assert_eq!(taken(&relay), (3, 0), "the first time there is nothing to compare");
    site.tamper("UPDATE meta SET zone_release = '1999z'").await;
    site.ok(&["servir", "--uma-vez"]);
    assert_eq!(taken(&relay), (3, 0), "a release by which no hour moves is nobody's matter");
    site.tamper("UPDATE meta SET zone_release = '1999z', zone_digest = 'outro'").await;
    for _ in 0..2 {
        site.ok(&["servir", "--uma-vez"]);
        assert_eq!(taken(&relay), (3, 1));
    }
    let alerts = format!("alertas@{DOMAIN}");
    let alert = relay.taken().into_iter().find(|one| one.to == alerts).unwrap();
    let text = vigia_suas::mail::message::plain_text(&alert.bytes).unwrap();
    assert!(text.contains("tzdata 1999z") && text.contains("America/Sao_Paulo"), "{text}");
    ends(&site.run(&["livro", "conferir"]), 0, "livro íntegro");
}

/// A machine whose clock errs and whose time server is heard now and then.
pub(super) struct Walk {
    folder: tempfile::TempDir,
    shim: PathBuf,
    leap: PathBuf,
}

impl Walk {
    pub(super) fn new() -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/leap.c");
        let shim = folder.path().join("leap.so");
        let built =
            Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&shim).arg(source).status();
        assert!(built.unwrap().success());
        // One file says both how far off the clock is and whether a server vouches for it, so that neither is read without
        // the other.
        let script = folder.path().join("timedatectl");
        let leap = folder.path().join("leap");
        let text = format!(
            "#!/bin/sh\nread before < {leap}\nnow=$(LC_ALL=C /bin/date -u '+%a %Y-%m-%d %H:%M:%S UTC')\n\
             read after < {leap}\ncase \"$before\" in \"$after\") ;; *) exit 0 ;; esac\n\
             echo NTPSynchronized=${{after#* }}\necho TimeUSec=$now\n",
            leap = leap.display()
        );
        fs::write(&script, text).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder, shim, leap }
    }

    /// The wall clock stands so many seconds ahead of the machine's; whether a time server says so.
    pub(super) fn stand(&self, seconds: i64, vouched: bool) {
        let new = self.folder.path().join("new");
        let word = if vouched { "yes" } else { "no" };
        fs::write(&new, format!("{seconds} {word}\n")).unwrap();
        fs::rename(new, &self.leap).unwrap();
    }

    /// What a program needs in its environment to live by that clock.
    pub(super) fn environment(&self) -> [(&'static str, &OsStr); 3] {
        let path = self.folder.path().as_os_str();
        [("LD_PRELOAD", self.shim.as_os_str()), ("LEAP", self.leap.as_os_str()), ("PATH", path)]
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a C compiler, and four minutes"]
async fn a_month_of_a_clock_that_walks_at_random_sends_nothing_before_its_time_and_nothing_twice() {
    let walk = Walk::new();
    walk.stand(0, true);
    let relay = Relay::start().await;
    let now = Choice::new(relay.port);
    // Windows of five weeks, of which nobody is known to be pending.
    let choice = Choice { windows: 1, municipalities: 6, ..now.clone() };
    let site = Site::new(&choice);
    let environment = walk.environment();
    let mut daemon = site.daemon_under(&environment);
    relay.distinct(6).await;
    let mut dice = super::crash::Dice(20_261_126);
    let (mut truth, mut doubted, mut restarts, mut opened) = (0_i64, 0, 0, 1);
    for step in 0..60 {
        // Half a day goes by; what the clock makes of it.
        truth += 12 * 3600;
        let error = match dice.below(6) {
            0 => 3600 * (1 + i64::try_from(dice.below(24 * 60)).unwrap()),
            1 => -3600 * (1 + i64::try_from(dice.below(24 * 10)).unwrap()),
            2 => 60 * i64::try_from(dice.below(9)).unwrap(),
            _ => 0,
        };
        let is_false = error.abs() > 600;
        walk.stand(truth + error, !is_false);
        if dice.below(5) == 0 {
            restarts += 1;
            assert_eq!(daemon.terminate().code(), Some(0));
            daemon = site.daemon_under(&environment);
        }
        let before = taken(&relay).0;
        // A window opens at each fifth step, by the true clock; a clock that errs must not announce the next.
        if step % 10 == 5 && !is_false {
            opened += 1;
            site.write_calendar(&Choice { windows: opened, ..choice.clone() });
        }
        daemon.signal("HUP");
        std::thread::sleep(std::time::Duration::from_millis(2500));
        if is_false {
            doubted += 1;
            assert_eq!(taken(&relay).0, before, "step {step}: {error} s off");
        }
    }
    // The clock is right again. What fell due while it was doubted for more than a day waits for a person, who lets it go.
    walk.stand(truth + 60, true);
    daemon.signal("HUP");
    let wanted = 6 * usize::from(opened);
    let mut shown = String::new();
    for _ in 0..15 {
        std::thread::sleep(std::time::Duration::from_secs(3));
        if taken(&relay).0 >= wanted {
            break;
        }
        let by_ana =
            |args: &[&str]| site.command(args).envs(environment.iter().copied()).env("USER", "ana").output();
        shown = String::from_utf8(by_ana(&["plano"]).unwrap().stdout).unwrap();
        let mut batches: Vec<&str> =
            shown.split("--lote ").skip(1).filter_map(|rest| rest.split_whitespace().next()).collect();
        batches.sort_unstable();
        batches.dedup();
        for batch in batches {
            let _perhaps_gone = by_ana(&["liberar", "--lote", batch, "--motivo", "o relógio está certo"]);
        }
        daemon.signal("HUP");
    }
    assert_eq!(daemon.terminate().code(), Some(0));
    let municipal: Vec<_> = relay.taken().into_iter().filter(|one| !one.to.starts_with("alertas@")).collect();
    let mut ids: Vec<_> = municipal.iter().map(|one| (&one.message_id, &one.to)).collect();
    ids.sort();
    ids.dedup();
    println!(
        "60 half days, {doubted} on a false clock, {restarts} restarts: {} letters of {}, {} alerts",
        municipal.len(),
        6 * opened,
        taken(&relay).1
    );
    assert_eq!(ids.len(), municipal.len(), "nothing came twice");
    assert_eq!(municipal.len(), wanted, "nor is anything lost: {shown}");
    assert!(municipal.iter().all(|one| one.message_id.contains("divulgacao")), "nobody is accused");
    assert!(doubted > 10 && restarts > 5, "the walk was a walk");
    let told = taken(&relay).1;
    assert!(told <= 60, "alerts are no flood: {told}");
    ends(&site.run(&["livro", "conferir"]), 0, "livro íntegro");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a C compiler, and two minutes"]
async fn a_machine_that_comes_up_without_the_time_sends_nothing_and_goes_on_by_itself_once_it_has_it() {
    let now = Clock::System.now().as_second();
    // A clock without a battery; and one that systemd sets to the day on which it was built itself.
    for behind in [now, 300 * 24 * 3600] {
        let walk = Walk::new();
        let environment = walk.environment();
        walk.stand(0, true);
        let relay = Relay::start().await;
        let choice = Choice::new(relay.port);
        let site = Site::new(&choice);
        let by_that_clock =
            |args: &[&str]| site.command(args).envs(environment.iter().copied()).output().unwrap();
        let daemon = site.daemon_under(&environment);
        relay.distinct(3).await;
        assert_eq!(daemon.terminate().code(), Some(0));
        // What falls due while it is down leaves once it knows the time, and not before.
        site.write_calendar(&Choice { windows: 2, ..choice });
        walk.stand(-behind, false);
        let daemon = site.daemon_under(&environment);
        daemon.shows("o relógio desta máquina está antes de");
        until(A_MINUTE, "staff are told", || taken(&relay).1 == 1).await;
        ends(&by_that_clock(&["saude"]), 1, "o relógio desta máquina está antes de");
        ends(&by_that_clock(&["plano"]), 0, "aviso: o relógio desta máquina está antes de");
        assert_eq!(taken(&relay).0, 3, "nothing leaves to a municipality");
        // The time server answers at last.
        walk.stand(0, true);
        until(3 * A_MINUTE, "it goes on by itself", || taken(&relay).0 == 6).await;
        until(A_MINUTE, "it is well", || by_that_clock(&["saude"]).status.code() == Some(0)).await;
        assert_eq!(daemon.terminate().code(), Some(0));
        ends(&by_that_clock(&["livro", "conferir"]), 0, "livro íntegro");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a C compiler, and two minutes"]
async fn a_relay_that_fails_while_the_clock_stands_ahead_rests_the_queue_no_longer_than_its_pause() {
    let walk = Walk::new();
    walk.stand(0, true);
    let environment = walk.environment();
    let relay = Relay::start().await;
    let choice = Choice::new(relay.port);
    let site = Site::new(&choice);
    let daemon = site.daemon_under(&environment);
    relay.distinct(3).await;
    // Else the alert may go along on the connection that is still open, and no greeting is heard.
    daemon.logs("rodada de entregas encerrada");
    relay.greet(Some("421 4.3.0 later"));
    walk.stand(40 * 24 * 3600, false);
    daemon.signal("HUP");
    daemon.logs("o servidor de saída falha ou pede calma");
    relay.greet(None);
    walk.stand(0, true);
    site.write_calendar(&Choice { windows: 2, ..choice });
    daemon.signal("HUP");
    until(3 * A_MINUTE, "the alert and the letters leave", || taken(&relay) == (6, 1)).await;
    let saude = || site.command(&["saude"]).envs(environment.iter().copied()).output().unwrap();
    until(A_MINUTE, "it is well", || saude().status.code() == Some(0)).await;
    assert_eq!(daemon.terminate().code(), Some(0));
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
