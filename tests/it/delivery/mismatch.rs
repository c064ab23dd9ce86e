//! A service that is led to the wrong server, to somebody else's schema, or lives by another clock: each is said with what
//! to do, and nothing is sent.

use std::fs;

use super::clock::Walk;
use super::reserve::Machine;
use super::server::{A_MINUTE, said};
use crate::support::app::{Choice, Site};
use crate::support::postgres::{Server, bank};
use crate::support::smtp::Relay;

/// Each command that would write or send ends so, and nothing leaves.
fn refused(site: &Site, relay: &Relay, words: &[&str]) {
    let sent = relay.connections();
    for args in [&["servir", "--uma-vez"][..], &["reter", "--tudo", "--motivo", "x", "--autor", "ana"]] {
        let output = site.run(args);
        assert_eq!(output.status.code(), Some(3), "{args:?}: {}", said(&output));
        for words in words {
            assert!(said(&output).contains(words), "{args:?}: {words}: {}", said(&output));
        }
        assert!(said(&output).contains("dica: "), "{}", said(&output));
    }
    assert_eq!(relay.connections(), sent, "the relay is not spoken to");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL"]
async fn a_schema_of_a_newer_version_or_of_another_program_is_named_and_nothing_is_sent() {
    let server = Server::start("");
    let relay = Relay::start().await;
    let choice = |windows| Choice { windows, ..Choice::new(relay.port) };
    let site = Site::new(&choice(1));
    server.serve(&site);
    site.ok(&["servir", "--uma-vez"]);
    site.write_calendar(&choice(2));
    server.psql(
        "vigia",
        "INSERT INTO vigia._sqlx_migrations SELECT 99, 'x', installed_on, true, checksum, 0 \
         FROM vigia._sqlx_migrations LIMIT 1",
    );
    refused(&site, &relay, &["é de uma versão mais nova deste programa: esquema 99", "instale a versão"]);
    server.psql("vigia", "DELETE FROM vigia._sqlx_migrations WHERE version = 99");
    server.psql("vigia", "ALTER TABLE vigia._sqlx_migrations RENAME TO guardada");
    refused(&site, &relay, &["tem tabelas que não são deste programa", "banco.esquema"]);
    server.psql("vigia", "ALTER TABLE vigia.guardada RENAME TO _sqlx_migrations");
    assert_eq!(relay.taken().len(), 3);
    site.ok(&["servir", "--uma-vez"]);
    assert_eq!(relay.taken().len(), 6, "it goes on once that is over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL"]
async fn a_ledger_of_another_service_is_refused_and_one_of_the_same_that_nobody_knows_here_is_doubted() {
    let server = Server::start("");
    let (own, others) = (Relay::start().await, Relay::start().await);
    let site = Site::new(&Choice::new(own.port));
    server.serve(&site);
    site.ok(&["servir", "--uma-vez"]);
    assert_eq!(own.taken().len(), 3);
    let before = site.ok(&["livro"]);
    // Somebody copied `[banco]` and forgot to write another schema.
    let other = Site::new(&Choice { municipalities: 9, windows: 2, ..Choice::new(others.port) });
    let roster = other.config().join("municipios.csv");
    let text = fs::read_to_string(&roster).unwrap();
    let lines: Vec<&str> = text.lines().enumerate().filter(|(n, _)| *n == 0 || *n > 3).map(|l| l.1).collect();
    fs::write(&roster, lines.join("\n") + "\n").unwrap();
    server.serve(&other);
    let start = other.run(&["servir", "--uma-vez"]);
    assert_eq!(start.status.code(), Some(3), "{}", said(&start));
    assert!(said(&start).contains("não há nele nenhum município desta configuração"), "{}", said(&start));
    assert!(said(&start).contains("escreva o `esquema` deste serviço"), "{}", said(&start));
    assert_eq!(other.starting(&[]).ended().code(), Some(3), "nor does it wait in reserve");
    assert_eq!(site.ok(&["livro"]), before, "nothing is written to it");
    assert_eq!(others.connections(), 0);
    // With municipalities in common it may be a second machine, which knows nothing of what was sent.
    fs::write(&roster, text).unwrap();
    let start = other.run(&["servir", "--uma-vez"]);
    let sent = others.taken().iter().filter(|one| one.message_id.contains(".divulgacao.")).count();
    assert_eq!(sent, 0, "{}", said(&start));
    let health = other.run(&["saude"]);
    assert_eq!(health.status.code(), Some(1), "{}", said(&health));
    assert!(said(&health).contains("vigia-suas assumir"), "{}", said(&health));
    assert!(said(&health).contains("quem envia é "), "who leads is said also where something is amiss");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL"]
async fn a_wrong_url_is_said_with_what_to_do_and_nothing_is_sent() {
    let server = Server::start("");
    let socket = server.socket().display().to_string();
    let relay = Relay::start().await;
    let site = Site::new(&Choice::new(relay.port));
    for (url, words) in [
        ("postgres://vigia@/vigia?host=/tmp/nenhum-servidor".to_owned(), "se o servidor está em pé"),
        ("postgres://vigia@banco.invalid/vigia".to_owned(), "se a rede chega até ele"),
        (format!("postgres://vigia@/outro?host={socket}"), "createdb"),
        (format!("postgres://ninguem@/vigia?host={socket}"), "confira o usuário e a senha"),
    ] {
        bank(&site, &format!("url = \"{url}\"\n"));
        let output = site.run(&["servir", "--uma-vez"]);
        assert_eq!(output.status.code(), Some(3), "{url}: {}", said(&output));
        assert!(said(&output).contains(words), "{url}: {}", said(&output));
    }
    for (url, words) in [
        ("mysql://vigia@banco/vigia", "postgres://"),
        ("postgres://vigia@banco.gov.br/vigia?sslmode=disable", "ninguém confere"),
        ("postgres://vigia:segredo@banco.gov.br/vigia", "há uma senha em `banco.url`"),
    ] {
        bank(&site, &format!("url = \"{url}\"\n"));
        let output = site.run(&["verificar"]);
        assert_eq!(output.status.code(), Some(1), "{url}: {}", said(&output));
        assert!(said(&output).contains(words), "{url}: {}", said(&output));
    }
    assert_eq!(relay.connections(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL and a C compiler"]
async fn a_machine_whose_clock_is_far_from_the_servers_neither_leads_nor_waits_and_one_that_is_near_leads() {
    let server = Server::start("");
    let lines = format!("url = \"postgres://vigia@/vigia?host={}\"\n", server.socket().display());
    let (mut a, _) = Machine::new(&lines, None, 1).await;
    let (mut b, choice) = Machine::new(&lines, None, 1).await;
    let walk = Walk::new();
    a.start();
    a.relay.distinct(78).await;
    for seconds in [7200, -7200] {
        walk.stand(seconds, false);
        let refused = b.site.starting(&walk.environment());
        assert_eq!(refused.ended().code(), Some(3));
        let log = fs::read_to_string(b.site.config().with_file_name("log")).unwrap();
        assert!(log.contains("o relógio desta máquina") && log.contains("dica: acerte"), "{log}");
    }
    // Two minutes late it may wait; when it is an hour late it ends.
    walk.stand(-120, false);
    let reserve = b.site.daemon_under(&walk.environment());
    walk.stand(-3600, false);
    assert_eq!(reserve.ended().code(), Some(3));
    walk.stand(-120, false);
    b.daemon = Some(b.site.daemon_under(&walk.environment()));
    assert_eq!(b.relay.connections(), 0, "the reserve says nothing");
    // What decides who leads is the server's time, and not that of either.
    let first = a.leader().await.unwrap();
    a.daemon.take().unwrap().kill();
    let begun = std::time::Instant::now();
    let next = loop {
        let now = a.leader().await.unwrap();
        if now.epoch > first.epoch {
            break now;
        }
        assert!(begun.elapsed() < A_MINUTE, "nobody followed");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    };
    assert!(b.leads(&next));
    assert!(begun.elapsed().as_secs() > 10, "not before the lease of the other is over");
    let two = Choice { windows: 2, ..choice };
    b.site.write_calendar(&two);
    b.daemon.as_ref().unwrap().signal("HUP");
    b.relay.distinct(78).await;
    assert_eq!(b.daemon.take().unwrap().terminate().code(), Some(0));
}
