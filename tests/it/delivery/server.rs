//! What may become of the server that keeps the ledger: each failure is named, nothing is lost, and it ends by itself or by
//! the documented way.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use super::disk::shim;
use crate::support::app::{Choice, Site};
use crate::support::gateway::Gateway;
use crate::support::postgres::{Server, bank, keep_at};
use crate::support::smtp::Relay;

pub(super) fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// How many copies arrived of each divulgação beyond the first; every one arrived.
pub(super) fn repeats(relay: &Relay, expected: &[(String, String)]) -> usize {
    let mut arrived: Vec<_> = relay.taken().into_iter().map(|one| (one.message_id, one.to)).collect();
    arrived.retain(|one| expected.contains(one));
    let all = arrived.len();
    arrived.sort();
    arrived.dedup();
    assert_eq!(arrived, expected);
    all - expected.len()
}

/// Waits until it is so.
pub(super) async fn until(most: Duration, what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < most, "never: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub(super) const A_MINUTE: Duration = Duration::from_mins(1);

/// A server's certificate for a name, until a year.
pub(super) fn certificate(issuer: &CertifiedIssuer<'_, KeyPair>, name: &str, until: i32) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(until, 1, 1);
    (params.signed_by(&key, issuer).unwrap().pem(), key.serialize_pem())
}

pub(super) fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL"]
async fn a_wrong_password_and_a_certificate_that_is_over_of_another_name_or_of_nobody_known_are_named() {
    let server = Server::start("");
    let (own, other) = (authority("Raiz de teste"), authority("Outra raiz"));
    let use_certificate = |(chain, key): (String, String)| {
        server.put("server.crt", &chain);
        server.put("server.key", &key);
    };
    use_certificate(certificate(&own, "localhost", 2099));
    let on = format!("listen_addresses = '127.0.0.1'\nport = {}\nssl = on\n", server.port);
    let conf = fs::read_to_string(server.data().join("postgresql.conf")).unwrap();
    server.put("postgresql.conf", &(conf + &on));
    server.put("pg_hba.conf", "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n");
    server.psql("vigia", "ALTER ROLE vigia PASSWORD 'segredo-do-banco'");
    server.control(&["-m", "fast", "restart"]);

    let relay = Relay::start().await;
    let choice = Choice::new(relay.port);
    let site = Site::new(&choice);
    let (ca, password) = (site.config().join("ca.pem"), site.config().join("senha"));
    fs::write(&ca, own.pem()).unwrap();
    fs::write(&password, "segredo-do-banco\n").unwrap();
    bank(
        &site,
        &format!(
            "url = \"postgres://vigia@localhost:{}/vigia?sslmode=verify-full\"\nca_arquivo = \"{}\"\nsenha_arquivo = \"{}\"\n",
            server.port,
            ca.display(),
            password.display()
        ),
    );
    let refused = |words: &str| {
        let output = site.run(&["servir", "--uma-vez"]);
        assert_eq!(output.status.code(), Some(3), "{}", said(&output));
        assert!(said(&output).contains(words), "{}", said(&output));
        assert!(!said(&output).contains("segredo-do-banco"));
    };
    fs::write(&password, "outra\n").unwrap();
    refused("confira o usuário e a senha");
    fs::write(&password, "segredo-do-banco\n").unwrap();
    for (chain, words) in [
        (certificate(&own, "localhost", 2021), "o certificado dele venceu"),
        (certificate(&own, "outro.gov.br", 2099), "o certificado dele não é deste nome"),
        (certificate(&other, "localhost", 2099), "não se conhece quem assinou o certificado dele"),
    ] {
        use_certificate(chain);
        server.reload();
        refused(words);
    }
    assert_eq!(relay.taken().len(), 0, "nothing was sent");
    use_certificate(certificate(&own, "localhost", 2099));
    server.reload();
    site.ok(&["servir", "--uma-vez"]);
    assert_eq!(repeats(&relay, &site.announcements(&choice)), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL"]
async fn a_server_that_restarts_while_letters_leave_is_an_ordinary_event() {
    let server = Server::start("");
    let relay = Relay::start().await;
    let choice = Choice { municipalities: 78, windows: 4, ..Choice::new(relay.port) };
    let site = Site::new(&choice);
    server.serve(&site);
    let expected = site.announcements(&choice);
    let daemon = site.daemon();
    relay.distinct(20).await;
    server.control(&["-m", "immediate", "restart"]);
    relay.distinct(expected.len()).await;
    server.control(&["-m", "fast", "restart"]);
    assert_eq!(daemon.terminate().code(), Some(0));
    assert!(repeats(&relay, &expected) <= 2 * usize::from(choice.connections));
    assert!(site.ok(&["livro", "conferir"]).starts_with("livro íntegro"));
}

/// A commit is done, its answer is lost, and the server is away for a while: what was recorded is not recorded twice, and what
/// was marked and not sent is given back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL"]
async fn whichever_answer_of_the_server_is_lost_each_letter_leaves_once_and_none_stays_behind() {
    let server = Server::start("");
    let gateway = Gateway::to(server.socket(), &server.socket_port());
    let relay = Relay::start().await;
    let choice = Choice { municipalities: 78, windows: 8, connections: 4, ..Choice::new(relay.port) };
    let site = Site::new(&choice);
    keep_at(&site, gateway.socket());
    let expected = site.announcements(&choice);
    let daemon = site.daemon();
    for nth in 0..10 {
        relay.distinct(20 + nth * 40).await;
        gateway.lose_after(nth, Duration::from_millis(1500));
        until(A_MINUTE, "an answer is lost", || gateway.lost() > nth).await;
    }
    relay.distinct(expected.len()).await;
    let log = daemon.log();
    assert_eq!(daemon.terminate().code(), Some(0));
    assert_eq!(repeats(&relay, &expected), 0, "{log}");
    let otherwise = "SELECT COUNT(*) FROM deliveries WHERE attempts <> 1 OR state <> 'aceito'";
    assert_eq!(server.psql("vigia", otherwise), "0", "{log}");
    assert!(!log.contains("era de outro remetente"), "{log}");
    assert!(site.ok(&["livro", "conferir"]).starts_with("livro íntegro"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL"]
async fn without_a_free_connection_it_is_said_and_the_service_goes_on_when_there_is_one() {
    let server = Server::start("max_connections = 12\nsuperuser_reserved_connections = 3\n");
    server.psql("vigia", "CREATE ROLE servico LOGIN; GRANT CREATE ON DATABASE vigia TO servico");
    let relay = Relay::start().await;
    let choice = |windows| Choice { windows, ..Choice::new(relay.port) };
    let site = Site::new(&choice(1));
    bank(&site, &format!("url = \"postgres://servico@/vigia?host={}\"\n", server.socket().display()));
    // Whoever comes while a connection of before still ends is refused: others come in its place.
    let occupy = |others: &mut Vec<std::process::Child>| {
        others.retain_mut(|one| one.try_wait().unwrap().is_none());
        others.resize_with(9, || {
            std::process::Command::new("psql")
                .arg("-h")
                .arg(server.socket())
                .args(["-U", "servico", "-qc", "SELECT pg_sleep(600)", "vigia"])
                .stderr(std::process::Stdio::null())
                .stdout(std::process::Stdio::null())
                .spawn()
                .unwrap()
        });
    };
    let leave = |others: Vec<std::process::Child>| {
        server.psql("vigia", "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()");
        for mut one in others {
            let _ended = one.kill();
            one.wait().unwrap();
        }
    };
    let are_all_others = || {
        let sleeping = "SELECT COUNT(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()";
        server.psql("vigia", sleeping) == "9"
    };
    let mut others = Vec::new();
    until(A_MINUTE, "all connections are taken", || {
        occupy(&mut others);
        are_all_others()
    })
    .await;
    let refused = site.run(&["servir", "--uma-vez"]);
    assert_eq!(refused.status.code(), Some(3), "{}", said(&refused));
    assert!(said(&refused).contains("não tem conexões livres"), "{}", said(&refused));
    leave(others);
    let daemon = site.daemon();
    relay.distinct(3).await;
    // Those of the service end, until others were there first with all of them.
    let mut others = Vec::new();
    until(A_MINUTE, "all connections are taken again", || {
        occupy(&mut others);
        server.psql("vigia", "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name LIKE 'vigia-suas%'");
        are_all_others()
    })
    .await;
    site.write_calendar(&choice(2));
    daemon.signal("HUP");
    daemon.logs("o servidor do banco de dados não responde");
    assert_eq!(relay.taken().len(), 3, "nothing leaves that cannot be marked");
    leave(others);
    daemon.signal("HUP");
    relay.distinct(6).await;
    assert_eq!(daemon.terminate().code(), Some(0));
    assert_eq!(repeats(&relay, &site.announcements(&choice(2))), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL"]
async fn a_full_disk_of_the_server_is_named_and_letters_leave_when_there_is_room_again() {
    let server = Server::start_on_a_disk_that_fills(shim);
    let relay = Relay::start().await;
    let choice = Choice { municipalities: 78, windows: 5, ..Choice::new(relay.port) };
    let site = Site::new(&choice);
    server.serve(&site);
    let expected = site.announcements(&choice);
    let daemon = site.daemon();
    relay.distinct(20).await;
    let full = server.socket().join("cheio");
    fs::write(&full, "").unwrap();
    daemon.logs("o disco está cheio");
    fs::remove_file(full).unwrap();
    relay.distinct(expected.len()).await;
    assert_eq!(daemon.terminate().code(), Some(0));
    assert_eq!(repeats(&relay, &expected), 0, "what could not be settled is settled later");
    assert!(site.ok(&["livro", "conferir"]).starts_with("livro íntegro"));
}

/// Whether a service has connected to it.
pub(super) fn is_served(server: &Server) -> bool {
    server.psql("vigia", "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name LIKE 'vigia-suas%'")
        != "0"
}

/// Leads the address of the server to another, as its name or its address in common does.
pub(super) fn point(place: &Path, server: &Server) {
    let aside = place.with_extension("novo");
    symlink(server.socket(), &aside).unwrap();
    fs::rename(aside, place).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL"]
async fn a_replica_that_has_everything_takes_over_and_one_that_lost_writes_is_held_until_somebody_assumes() {
    let primary = Server::start("");
    let replica = Server::follow(&primary);
    let relay = Relay::start().await;
    let choice = |windows| Choice { municipalities: 20, windows, ..Choice::new(relay.port) };
    let site = Site::new(&choice(1));
    let place = site.config().with_file_name("servidor");
    point(&place, &primary);
    keep_at(&site, &place);
    let daemon = site.daemon();
    relay.distinct(20).await;
    daemon.logs("cartas");
    // All of it is there when the first is lost.
    let position = primary.psql("vigia", "SELECT pg_current_wal_lsn()");
    until(A_MINUTE, "the replica has it", || {
        replica.psql("vigia", &format!("SELECT pg_last_wal_replay_lsn() >= '{position}'")) == "t"
    })
    .await;
    primary.control(&["-m", "immediate", "stop"]);
    replica.control(&["promote"]);
    point(&place, &replica);
    site.write_calendar(&choice(2));
    until(A_MINUTE, "it connects there", || is_served(&replica)).await;
    daemon.signal("HUP");
    relay.distinct(40).await;
    assert!(site.ok(&["livro", "conferir"]).starts_with("livro íntegro"));

    // The next one has not all of it.
    let late = Server::follow(&replica);
    late.control(&["-m", "fast", "stop"]);
    site.write_calendar(&choice(3));
    daemon.signal("HUP");
    relay.distinct(60).await;
    replica.control(&["-m", "immediate", "stop"]);
    late.control(&["start"]);
    late.control(&["promote"]);
    point(&place, &late);
    // It goes on with what it has, and finds out before it marks a letter or gives a sign of life.
    site.write_calendar(&choice(4));
    until(A_MINUTE, "it connects there", || is_served(&late)).await;
    daemon.signal("HUP");
    let log = daemon.log();
    assert_eq!(daemon.ended().code(), Some(3), "{log}");
    let arrived = relay.taken().len();
    let daemon = site.daemon();
    daemon.logs("não se sabe se este livro é o que enviou por último");
    let health = site.run(&["saude"]);
    assert!(said(&health).contains("o livro") && said(&health).contains("assumir"), "{}", said(&health));
    let to_towns =
        relay.taken().iter().skip(arrived).filter(|one| one.message_id.contains(".divulgacao.")).count();
    assert_eq!(to_towns, 0, "nothing leaves to a municipality while it is doubted");
    site.ok(&["assumir", "--motivo", "a réplica estava atrasada", "--autor", "ana"]);
    assert_eq!(daemon.terminate().code(), Some(0));
    let mut arrived: Vec<_> = relay.taken().into_iter().map(|one| (one.message_id, one.to)).collect();
    arrived.retain(|one| one.0.contains(".divulgacao."));
    let all = arrived.len();
    arrived.sort();
    arrived.dedup();
    assert_eq!(arrived.len(), all, "no letter left twice in silence");
    assert!(site.ok(&["livro", "conferir"]).starts_with("livro íntegro"));
}
