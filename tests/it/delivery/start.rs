//! Who may ask, what a start survives, and the letter that is a test.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;

use crate::support::app::{Choice, DOMAIN, Site};
use crate::support::smtp::{Deed, Relay};

/// Whom Debian calls nobody.
const NOBODY: u32 = 65_534;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_may_not_read_the_ledger_is_told_so_and_never_that_it_is_empty() {
    let relay = Relay::start().await;
    let site = Site::new(&Choice::new(relay.port));
    site.ok(&["servir", "--uma-vez"]);
    fs::set_permissions(site.config().parent().unwrap(), Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(site.data(), Permissions::from_mode(0o000)).unwrap();
    let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    let municipality = site.municipalities[0].to_string();
    for question in [
        &["plano"][..],
        &["situacao"],
        &["relatorio"],
        &["porque", &municipality, "teste/2001"],
        &["livro"],
        &["livro", "conferir"],
        &["dossie", &municipality],
        &["contato"],
        &["decisoes"],
        &["fontes"],
        &["relogio"],
        &["saude"],
    ] {
        let mut command = site.command(question);
        if is_root {
            command.uid(NOBODY);
        }
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{question:?}: {said}");
        assert!(said.contains("não foi possível ler") && output.stdout.is_empty(), "{question:?}: {said}");
    }
    fs::set_permissions(site.data(), Permissions::from_mode(0o700)).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sighup_before_ready_kills_nobody() {
    let relay = Relay::start().await;
    let site = Site::new(&Choice::new(relay.port));
    let daemon = site.starting(&[]);
    // Said before the ledger is opened.
    daemon.logs("modo produção");
    for _ in 0..3 {
        daemon.signal("HUP");
    }
    daemon.wait_for("READY=1");
    relay.distinct(3).await;
    assert_eq!(daemon.terminate().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_letter_says_so_goes_to_no_address_of_the_roster_and_is_in_the_journal() {
    let relay = Relay::start().await;
    let site = Site::new(&Choice::new(relay.port));
    let smas = site.address(site.municipalities[0], "smas");
    let sample = ["--tipo", "prazo", "--sistema", "teste", "--autor", "ana"];
    let letter_to = |to: &str| site.command(&["enviar-teste", to]).args(sample).output().unwrap();
    for to in [smas.clone(), smas.to_uppercase()] {
        let refused = letter_to(&to);
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(refused.status.code() == Some(1) && said.contains("é endereço de um município"), "{said}");
    }
    assert!(relay.taken().is_empty());
    let sent = letter_to(&format!("eu@{DOMAIN}"));
    assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    let taken = relay.taken();
    let letter = String::from_utf8_lossy(&taken[0].bytes).into_owned();
    let subject = letter.lines().find(|line| line.starts_with("Subject:")).unwrap();
    assert!(subject.contains("TESTE"), "{subject}");
    assert!(letter.matches("TESTE").count() > 1, "in the text too");
    let told = site.ok(&["livro"]);
    assert!(told.contains("teste") && told.contains("(por ana)"), "{told}");
    assert!(!told.contains("eu@"), "by digest alone: {told}");
    let begun = told.find("carta de teste em envio").expect("before it may leave");
    assert!(begun < told.find("carta de teste aceita").expect("what it came to"), "{told}");
    site.ok(&["servir", "--uma-vez"]);
    assert_eq!(relay.taken().len(), 4, "and it counts for nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_letter_whose_outcome_cannot_be_noted_is_in_the_journal_and_the_person_is_told_that_it_left() {
    let relay = Relay::start().await;
    let site = Site::new(&Choice::new(relay.port));
    site.ok(&["servir", "--uma-vez"]);
    let left = relay.taken().len();
    site.tamper(
        "CREATE TRIGGER full BEFORE INSERT ON journal WHEN NEW.kind = 'teste' AND \
         (SELECT COUNT(*) FROM journal WHERE kind = 'teste') > 0 BEGIN SELECT RAISE(ABORT, 'cheio'); END",
    )
    .await;
    let to = format!("eu@{DOMAIN}");
    let said = site
        .command(&["enviar-teste", &to, "--tipo", "prazo", "--sistema", "teste", "--autor", "ana"])
        .output()
        .unwrap();
    let said = (said.status.code(), String::from_utf8(said.stderr).unwrap());
    assert_eq!(said.0, Some(3), "{}", said.1);
    for part in ["o servidor aceitou a carta de teste", "não pôde ser registrado", "cheio"] {
        assert!(said.1.contains(part), "{}", said.1);
    }
    assert_eq!(relay.taken().len(), left + 1);
    assert!(site.ok(&["livro"]).contains("carta de teste em envio"));
    relay.once(&to, Deed::AtRcpt("550 5.1.1 nobody"));
    site.tamper("DROP TRIGGER full").await;
    let said = site
        .command(&["enviar-teste", &to, "--tipo", "prazo", "--sistema", "teste", "--autor", "ana"])
        .output()
        .unwrap();
    let said = String::from_utf8(said.stderr).unwrap();
    assert!(said.contains("o servidor recusou a carta de teste: 550 5.1.1"), "{said}");
}
