//! Staff are told though no mail leaves: by webhook and by command, with the real program.
//!
//! Above 400 lines: what is told, when, and what becomes of it is one promise, and its cases are held against each other.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use vigia_suas::clock::Clock;
use vigia_suas::daemon::alert::alert_once;
use vigia_suas::daemon::app::App;
use vigia_suas::daemon::herald::Herald;
use vigia_suas::daemon::signal::Signals;
use vigia_suas::domain::journal::{Announced, Channel, ChannelCause};
use vigia_suas::world::health::examine;

use crate::support::app::{Choice, Site};
use crate::support::smtp::Relay;

/// Nothing here takes so long.
const PATIENCE: Duration = Duration::from_mins(1);

/// Adds lines to `[alertas]`, the last table of the file.
fn add(site: &Site, lines: &str) {
    let path = site.config().join("vigia.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(path, format!("{text}{lines}\n")).unwrap();
}

async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// What a webhook was told, as JSON.
async fn told(server: &MockServer) -> Vec<serde_json::Value> {
    let requests = server.received_requests().await.unwrap();
    requests.iter().filter_map(|request| serde_json::from_slice(&request.body).ok()).collect()
}

fn script(site: &Site, name: &str, text: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let path = site.config().parent().unwrap().join(name);
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn read(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok().filter(|text| !text.is_empty())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_mail_down_the_alert_still_arrives_by_webhook_and_by_command_once() {
    let relay = Relay::start().await;
    relay.greet(Some("554 5.7.1 <fulana@x.gov.br> nao pode"));
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/gancho/s3gr3d0"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&server)
        .await;
    let site = Site::new(&Choice::new(relay.port));
    let secret = site.config().join("segredo");
    fs::write(&secret, "s3gr3d0\n").unwrap();
    let out = site.config().parent().unwrap().join("recebido");
    let program = script(&site, "avisar", &format!("echo \"$@\" >> {0}; cat >> {0}", out.display()));
    add(
        &site,
        &format!(
            "webhook = \"{}/gancho/{{segredo}}\"\nsegredo_arquivo = \"{}\"\ncomando = [\"{}\", \"--urgente\"]",
            server.uri(),
            secret.display(),
            program.display()
        ),
    );
    let daemon = site.daemon();
    let first = eventually("a webhook hears of it", async || told(&server).await.into_iter().next()).await;
    let text = first["texto"].as_str().unwrap();
    assert!(text.contains("O servidor de saída de e-mail") && !text.contains("fulana@"), "{text}");
    let received = eventually("the command hears of it", async || {
        read(&out).filter(|text| text.contains("servidor de saída"))
    })
    .await;
    assert!(received.starts_with("--urgente\n"), "{received}");
    let history = eventually("it is in the journal", async || {
        Some(site.ok(&["livro"]))
            .filter(|livro| livro.contains("por comando") && livro.contains("por webhook"))
    })
    .await;
    assert!(
        history.contains("alerta, por ser urgente, entregue por webhook: geral/alerta-servidor-de-saida-"),
        "{history}"
    );
    assert_eq!(daemon.terminate().code(), Some(0));
    // What was told is told once, whoever starts again.
    let before = told(&server).await.len();
    site.daemon().terminate();
    assert_eq!(told(&server).await.len(), before);
    let log = fs::read_to_string(site.config().parent().unwrap().join("log")).unwrap();
    assert!(!log.contains("s3gr3d0") && !log.contains("fulana@"), "{log}");
    assert!(!site.ok(&["livro", "--json"]).contains("s3gr3d0"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_fails_is_told_in_saude_and_ends_with_the_next_that_is_taken() {
    let relay = Relay::start().await;
    relay.greet(Some("554 5.7.1 nao"));
    let site = Site::new(&Choice::new(relay.port));
    let program = script(&site, "avisar", "exit 7");
    add(&site, &format!("comando = [\"{}\"]", program.display()));
    let daemon = site.daemon();
    let said = eventually("saude tells of it", async || {
        let output = site.run(&["saude"]);
        Some(String::from_utf8(output.stderr).unwrap()).filter(|said| said.contains("comando"))
    })
    .await;
    assert!(
        said.contains("o comando terminou com o código 7") && said.contains("testar-canal comando"),
        "{said}"
    );
    assert_eq!(daemon.terminate().code(), Some(0), "a channel that fails stops nothing");
    script(&site, "avisar", "cat > /dev/null");
    let tried = site.ok(&["testar-canal", "comando", "--autor", "ana"]);
    assert!(tried.contains("entregue por comando"), "{tried}");
    assert!(!String::from_utf8(site.run(&["saude"]).stderr).unwrap().contains("código 7"));
    assert!(site.ok(&["livro"]).contains("teste, entregue por comando: comando (por ana)"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_by_a_channel_says_what_is_wrong_and_shows_no_secret() {
    let site = Site::new(&Choice::new(1));
    let none = site.run(&["testar-canal", "webhook", "--autor", "ana"]);
    let said = String::from_utf8(none.stderr).unwrap();
    assert!(none.status.code() == Some(1) && said.contains("não há `webhook` em [alertas]"), "{said}");
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(403).set_body_string("no_team"))
        .mount(&server)
        .await;
    add(&site, &format!("webhook = \"{}/x/segredo-por-extenso\"\nformato = \"ntfy\"", server.uri()));
    let refused = site.run(&["testar-canal", "webhook", "--autor", "ana"]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(refused.status.code() == Some(3) && said.contains("respondeu 403: no_team"), "{said}");
    let livro = site.ok(&["livro"]);
    assert!(livro.contains("não saiu por webhook") && !livro.contains("segredo-por-extenso"), "{livro}");
    assert!(!said.contains("segredo-por-extenso"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signs_of_life_go_out_at_the_start_while_all_is_well_and_at_once_when_something_is_amiss() {
    let relay = Relay::start().await;
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    let site = Site::new(&Choice::new(relay.port));
    add(&site, &format!("[sinal]\nurl = \"{}/ping/abc\"\ncada = \"1min\"", server.uri()));
    let daemon = site.daemon();
    relay.distinct(3).await;
    let paths = async || {
        let requests = server.received_requests().await.unwrap();
        let told =
            requests.iter().map(|r| (r.url.path().to_owned(), String::from_utf8_lossy(&r.body).into_owned()));
        told.collect::<Vec<_>>()
    };
    eventually("the start", async || {
        Some(paths().await).filter(|p| p.first().is_some_and(|(p, _)| p == "/ping/abc/start"))
    })
    .await;
    daemon.kill();
    let tried = site.ok(&["testar-canal", "sinal", "--autor", "ana"]);
    assert!(tried.contains("entregue por sinal"), "{tried}");
    // A test claims no health: the service is dead, and whoever waits for it must go on missing it.
    let last = paths().await.last().unwrap().clone();
    assert_eq!(last, ("/ping/abc/log".to_owned(), "Teste feito por ana. Nada precisa ser feito.".to_owned()));
    assert!(site.ok(&["livro"]).contains("teste, entregue por sinal: sinal (por ana)"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_of_signs_that_hangs_holds_up_nothing_and_a_failure_says_what_is_amiss() {
    let server = MockServer::start().await;
    Mock::given(path("/ping/fail")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    let slow = ResponseTemplate::new(200).set_delay(Duration::from_mins(5));
    Mock::given(path("/ping/start")).respond_with(slow).mount(&server).await;
    let site = Site::new(&Choice::new(1));
    add(&site, &format!("[sinal]\nurl = \"{}/ping\"", server.uri()));
    let app = site.app(Clock::System.now()).await;
    let mut signals = Signals::default();
    let begun = Instant::now();
    signals.signal_once(&app).await;
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    signals.signal_once(&app).await;
    let told = server.received_requests().await.unwrap();
    let last = told.last().unwrap();
    assert_eq!(last.url.path(), "/ping/fail");
    assert!(String::from_utf8_lossy(&last.body).contains("o serviço nunca rodou com este livro"), "{last:?}");
}

#[tokio::test]
async fn a_sign_that_did_not_arrive_is_still_due() {
    let server = MockServer::start().await;
    let broken = ResponseTemplate::new(500);
    Mock::given(path("/ping/fail")).respond_with(broken).up_to_n_times(1).mount(&server).await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    let site = Site::new(&Choice::new(1));
    add(&site, &format!("[sinal]\nurl = \"{}/ping\"", server.uri()));
    let app = site.app(Clock::System.now()).await;
    let mut signals = Signals::default();
    for _ in 0..4 {
        signals.signal_once(&app).await;
    }
    let told = server.received_requests().await.unwrap();
    let paths: Vec<&str> = told.iter().map(|request| request.url.path()).collect();
    assert_eq!(paths, ["/ping/start", "/ping/fail", "/ping/fail"], "and one that did arrive is not");
}

/// Nothing can be written any more.
const FULL: &str = "CREATE TRIGGER cheio BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'cheio'); END";

/// An installation with a webhook that takes whatever it is told.
async fn with_a_webhook() -> (MockServer, Site, Arc<App>) {
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    let site = Site::new(&Choice::new(1));
    add(&site, &format!("webhook = \"{}/x\"", server.uri()));
    let app = site.app(Clock::System.now()).await;
    (server, site, app)
}

async fn alert(app: &App, topic: &str) -> Result<(), vigia_suas::store::StoreError> {
    alert_once(app, topic, format!("texto de {topic}"), app.now()).await
}

#[tokio::test]
async fn an_alert_is_told_once_though_the_ledger_cannot_note_it_and_is_noted_when_it_can() {
    let (server, site, app) = with_a_webhook().await;
    alert(&app, "servidor-de-saida").await.unwrap();
    site.tamper(FULL).await;
    let mut herald = Herald::default();
    for _ in 0..3 {
        assert!(herald.herald_once(&app).await.is_err(), "what cannot be noted is said");
    }
    assert_eq!(told(&server).await.len(), 1);
    site.tamper("DROP TRIGGER cheio").await;
    herald.herald_once(&app).await.unwrap();
    Herald::default().herald_once(&app).await.unwrap();
    assert_eq!(told(&server).await.len(), 1, "nor by another process");
    let livro = site.ok(&["livro"]);
    assert_eq!(livro.matches("entregue por webhook").count(), 1, "{livro}");
}

#[tokio::test]
async fn what_the_ledger_does_not_take_is_kept_until_every_way_has_told_it() {
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    let site = Site::new(&Choice::new(1));
    let secret = site.config().join("segredo");
    // The webhook's secret cannot be read: that holds up no other way.
    add(
        &site,
        &format!("webhook = \"{}/{{segredo}}\"\nsegredo_arquivo = \"{}\"", server.uri(), secret.display()),
    );
    let app = site.app(Clock::System.now()).await;
    alert(&app, "servidor-de-saida").await.unwrap();
    site.tamper(FULL).await;
    assert!(alert(&app, "fonte-lista").await.is_err());
    let mut herald = Herald::default();
    let _noted_or_not = herald.herald_once(&app).await;
    assert_eq!(told(&server).await.len(), 0);
    let out = site.config().parent().unwrap().join("recebido");
    let program = script(&site, "avisar", &format!("cat >> {}", out.display()));
    add(&site, &format!("comando = [\"{}\"]", program.display()));
    app.adopt(site.setup());
    for _ in 0..2 {
        let _noted_or_not = herald.herald_once(&app).await;
    }
    let heard = read(&out).unwrap();
    assert_eq!(heard.matches("texto de fonte-lista").count(), 1, "{heard}");
    assert_eq!(heard.matches("- texto de servidor-de-saida").count(), 1, "{heard}");
}

#[tokio::test]
async fn a_way_that_is_no_longer_configured_ails_nobody() {
    let site = Site::new(&Choice::new(1));
    let app = site.app(Clock::System.now()).await;
    let told = Announced {
        channel: Channel::Webhook,
        cause: ChannelCause::Urgent,
        failure: Some("o endereço respondeu 404".to_owned()),
        author: None,
    };
    app.store.note_announced(vec![("geral/alerta-x-2026-11-26".to_owned(), told)], app.now()).await.unwrap();
    let failing = async || examine(&app.store, &app.live(), false, app.now()).await.unwrap().facts.channels;
    assert_eq!(failing().await, []);
    add(&site, "webhook = \"https://x.example/y\"");
    app.adopt(site.setup());
    assert_eq!(failing().await.len(), 1);
}

#[tokio::test]
async fn what_cannot_wait_stands_first_and_only_what_stands_in_a_message_counts_as_told() {
    let (server, site, app) = with_a_webhook().await;
    let hour_ago = app.now() - jiff::SignedDuration::from_hours(1);
    let page = format!("página {}", "ç".repeat(4_000));
    alert_once(&app, "pagina-do-dia", page, hour_ago).await.unwrap();
    let feeds: Vec<String> = (10..40).map(|n| format!("fonte-{n}")).collect();
    for feed in &feeds {
        alert_once(&app, feed, format!("texto de {feed}."), hour_ago).await.unwrap();
    }
    alert(&app, "servidor-de-saida").await.unwrap();
    let mut herald = Herald::default();
    let text = |message: &serde_json::Value| message["texto"].as_str().unwrap().to_owned();
    let noted = |livro: &str, topic: &str| {
        livro
            .lines()
            .any(|line| line.contains("entregue por webhook") && line.contains(&format!("alerta-{topic}-")))
    };
    for looks in 1..=20 {
        herald.herald_once(&app).await.unwrap();
        let messages = told(&server).await;
        assert_eq!(messages.len(), looks, "one message a look");
        let all: String = messages.iter().map(text).collect();
        let livro = site.ok(&["livro"]);
        for feed in &feeds {
            assert_eq!(
                all.contains(&format!("texto de {feed}.")),
                noted(&livro, feed),
                "{feed} after {looks}:\n{all}"
            );
        }
        let (first, last) = (text(&messages[0]), text(messages.last().unwrap()));
        assert!(first.contains("texto de servidor-de-saida") && !first.contains("página ç"), "{first}");
        assert!(first.find("texto de servidor-de-saida") < first.find("texto de fonte-"), "{first}");
        assert!(messages.iter().all(|message| text(message).len() <= 3_600));
        if last.contains("página ç") {
            assert!(!last.contains("texto de") && noted(&livro, "pagina-do-dia"), "{last}");
            assert!(feeds.iter().all(|feed| noted(&livro, feed)), "it comes last: {livro}");
            assert!(last.contains("no painel, em /carta?aviso=geral/alerta-pagina-do-dia-"), "{last}");
            herald.herald_once(&app).await.unwrap();
            assert_eq!(told(&server).await.len(), looks, "and nothing is told twice");
            return;
        }
    }
    panic!("the page is never told");
}

#[tokio::test]
async fn a_way_that_is_named_tells_nothing_that_mail_took_before_it_was() {
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    let site = Site::new(&Choice::new(1));
    let app = site.app(Clock::System.now()).await;
    let days_ago = app.now() - jiff::SignedDuration::from_hours(3 * 24);
    alert_once(&app, "autoconferencia-diverge", "texto antigo".to_owned(), days_ago).await.unwrap();
    alert(&app, "relogio-saltou").await.unwrap();
    let taken = |at: jiff::Timestamp, topic: &str| {
        let at = at.as_millisecond();
        format!("UPDATE deliveries SET state = 'aceito', reached_at = {at} WHERE notice_key LIKE '%{topic}%'")
    };
    site.tamper(&taken(days_ago, "autoconferencia")).await;
    site.tamper(&taken(app.now() - jiff::SignedDuration::from_mins(5), "relogio-saltou")).await;
    let mut herald = Herald::default();
    herald.herald_once(&app).await.unwrap();
    add(&site, &format!("webhook = \"{}/x\"", server.uri()));
    app.adopt(site.setup());
    herald.herald_once(&app).await.unwrap();
    assert_eq!(told(&server).await.len(), 0, "somebody heard of it by mail");
    alert(&app, "servidor-de-saida").await.unwrap();
    site.tamper(&taken(app.now() + jiff::SignedDuration::from_secs(1), "servidor-de-saida")).await;
    herald.herald_once(&app).await.unwrap();
    let messages = told(&server).await;
    assert_eq!(messages.len(), 1, "what is urgent and fresh goes both ways");
    let text = messages[0]["texto"].as_str().unwrap();
    assert!(text.contains("texto de servidor-de-saida") && !text.contains("antigo"), "{text}");
}

#[tokio::test]
async fn a_channel_rests_no_longer_once_it_is_mended_or_a_test_by_it_is_taken() {
    let server = MockServer::start().await;
    let broken = ResponseTemplate::new(500).set_body_string("fulana@exemplo.gov.br nao");
    Mock::given(path("/torto")).respond_with(broken.clone()).mount(&server).await;
    Mock::given(path("/x")).respond_with(broken).up_to_n_times(1).mount(&server).await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(200))
        .with_priority(9)
        .mount(&server)
        .await;
    let site = Site::new(&Choice::new(1));
    add(&site, &format!("webhook = \"{}/torto\"", server.uri()));
    let app = site.app(Clock::System.now()).await;
    alert(&app, "servidor-de-saida").await.unwrap();
    let mut herald = Herald::default();
    for _ in 0..3 {
        herald.herald_once(&app).await.unwrap();
    }
    assert_eq!(told(&server).await.len(), 1, "it rests");
    let vigia = site.config().join("vigia.toml");
    fs::write(&vigia, fs::read_to_string(&vigia).unwrap().replace("/torto", "/x")).unwrap();
    app.adopt(site.setup());
    for _ in 0..3 {
        herald.herald_once(&app).await.unwrap();
    }
    assert_eq!(told(&server).await.len(), 2, "mended and tried, and rests again");
    site.ok(&["testar-canal", "webhook", "--autor", "ana@exemplo.gov.br"]);
    herald.herald_once(&app).await.unwrap();
    let messages = told(&server).await;
    assert_eq!(messages.len(), 4, "a test was taken");
    assert!(messages[3]["texto"].as_str().unwrap().contains("texto de servidor-de-saida"));
    let test = messages[2]["texto"].as_str().unwrap();
    assert!(test.contains("Teste feito por [endereço].") && !test.contains("ana@"), "{test}");
    let livro = site.ok(&["livro"]);
    assert!(livro.contains("respondeu 500: [endereço] nao") && !livro.contains("fulana@"), "{livro}");
}

#[tokio::test]
async fn what_was_told_is_noted_also_where_no_way_is_left() {
    let (_server, site, app) = with_a_webhook().await;
    alert(&app, "servidor-de-saida").await.unwrap();
    site.tamper(FULL).await;
    let mut herald = Herald::default();
    assert!(herald.herald_once(&app).await.is_err());
    site.tamper("DROP TRIGGER cheio").await;
    site.write_vigia(&Choice::new(1));
    app.adopt(site.setup());
    herald.herald_once(&app).await.unwrap();
    assert_eq!(site.ok(&["livro"]).matches("entregue por webhook").count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_of_the_signal_claims_no_health_and_a_check_names_what_is_missing() {
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    let site = Site::new(&Choice::new(1));
    let tables = "webhook = \"https://t.example/{segredo}\"\ncomando = [\"/nao/existe\"]";
    add(&site, &format!("{tables}\n[sinal]\nurl = \"{}/{{segredo}}\"\nformato = \"simples\"", server.uri()));
    let said =
        |output: std::process::Output| (output.status.code(), String::from_utf8(output.stderr).unwrap());
    let checked = site.run(&["verificar"]);
    assert_eq!(checked.status.code(), Some(0));
    let (_, warned) = said(checked);
    for words in ["/nao/existe: não existe (erro 2", "credencial alertas-segredo", "credencial sinal-segredo"]
    {
        assert!(warned.contains(words), "{words}: {warned}");
    }
    let (code, absent) = said(site.run(&["testar-canal", "sinal", "--autor", "ana"]));
    assert!(code == Some(3) && absent.contains("não vê a credencial do serviço"), "{absent}");
    let (code, gone) = said(site.run(&["testar-canal", "comando", "--autor", "ana"]));
    assert_eq!(code, Some(3));
    assert!(
        gone.contains("o comando /nao/existe não pôde começar: não existe (erro 2 do sistema)"),
        "{gone}"
    );
    assert!(gone.contains("dica: confira `comando`") && !gone.contains("segredo"), "{gone}");
    let with = |variable: &str, value: &str| {
        let mut command = site.command(&["testar-canal", "sinal", "--autor", "ana"]);
        said(command.env("VIGIA_SINAL_SEGREDO", "abc").env(variable, value).output().unwrap())
    };
    let (code, ill) = with("LANG", "C");
    assert!(code == Some(1) && ill.contains("vigia-suas saude"), "{ill}");
    let (code, rehearsed) = with("VIGIA_MODO", "ensaio");
    assert!(code == Some(1) && rehearsed.contains("no ensaio"), "{rehearsed}");
    assert_eq!(server.received_requests().await.unwrap().len(), 0, "nothing was claimed");
}
