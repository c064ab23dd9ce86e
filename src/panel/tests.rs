//! The panel's pages over a rehearsal's ledger, asked for without a network.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Mutex;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use tempfile::TempDir;
use tower::ServiceExt as _;

use super::guard::Peer;
use super::router::routes;
use super::*;
use crate::daemon::lifecycle::Service;
use crate::world::setup::Setup;

const HOSTILE: &str = "<script>alert(1)</script>\u{1b}[31m\u{202e}\"'&";
const PASSWORD: &str = "senha bem longa";

/// What the panel stands beside, in place of a service.
struct Still {
    live: Arc<Live>,
    shown: Mutex<Vec<DossierView>>,
    takes_notes: bool,
}

impl Beside for Still {
    fn live(&self) -> Arc<Live> {
        self.live.clone()
    }

    fn beat(&self) -> Beat {
        Beat { last_pass: Some(Duration::from_millis(12)), attempts: vec![(DeliveryState::Accepted, 6)] }
    }

    fn note_dossier(&self, shown: DossierView) -> Later<bool> {
        self.shown.lock().unwrap().push(shown);
        let done = self.takes_notes;
        Box::pin(async move { done })
    }
}

/// A rehearsal that has sent its letters, one municipality with a hostile name.
struct House {
    dir: TempDir,
    live: Arc<Live>,
}

/// An answer: status, headers, text.
struct Got(StatusCode, HeaderMap, String);

impl House {
    async fn build() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let now = now();
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
        let mut setup = Setup::load(Some(&shipped), now).unwrap();
        setup.config.settings.data = dir.path().to_owned();
        let municipalities = &mut setup.config.roster.municipalities;
        let last = municipalities.keys().nth(4).copied().unwrap();
        municipalities.retain(|code, _| *code < last || code.to_string() == "3205309");
        let first = municipalities.values_mut().next().unwrap();
        first.name = HOSTILE.to_owned();
        first.region = HOSTILE.to_owned();
        first.contacts[0].holder = HOSTILE.to_owned();
        first.contacts[0].telephone = HOSTILE.to_owned();
        let service = Service::start(setup.clone(), Clock::Fixed(now)).await.unwrap();
        service.once().await.unwrap();
        Self { live: Arc::new(Live::new(setup)), dir }
    }

    fn settings(listen: &str) -> PanelSettings {
        PanelSettings {
            listen: listen.parse().unwrap(),
            tls: None,
            proxies: Vec::new(),
            passwords: None,
            user_header: None,
            agenda_series: 1,
        }
    }

    /// Off loopback behind a proxy, with a password too.
    fn open_settings(&self) -> PanelSettings {
        let path = self.dir.path().join("senhas");
        std::fs::write(&path, password_line("ana", PASSWORD).unwrap()).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        PanelSettings {
            proxies: vec!["10.0.0.5".parse().unwrap()],
            passwords: Some(path),
            user_header: Some("x-usuario".to_owned()),
            ..Self::settings("0.0.0.0:8080")
        }
    }

    async fn panel(&self, settings: PanelSettings, takes_notes: bool) -> (Arc<Panel>, Arc<Still>) {
        let still = Arc::new(Still { live: self.live.clone(), shown: Mutex::default(), takes_notes });
        let ledger = LedgerView::open(&self.live).await.unwrap();
        (Arc::new(Panel::new(settings, still.clone(), ledger, &[7; 32], Clock::Fixed(now()))), still)
    }

    async fn here(&self) -> Arc<Panel> {
        self.panel(Self::settings("127.0.0.1:8080"), true).await.0
    }
}

fn now() -> Timestamp {
    "2026-11-05T13:00:00Z".parse().unwrap()
}

async fn ask(panel: &Arc<Panel>, peer: &str, request: Request<Body>) -> Got {
    let mut request = request;
    request.extensions_mut().insert(Peer(peer.parse().unwrap()));
    let (parts, body) = routes(panel.clone()).oneshot(request).await.unwrap().into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Got(parts.status, parts.headers, String::from_utf8(bytes.to_vec()).unwrap())
}

fn of(path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

async fn page(panel: &Arc<Panel>, path: &str) -> Got {
    ask(panel, "127.0.0.1", of(path, &[("host", "127.0.0.1:8080")])).await
}

/// Where a page leads, without what is beyond `#`.
fn links(page: &str) -> BTreeSet<String> {
    let from = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    from.map(|link| link.split('#').next().unwrap_or_default().replace("&amp;", "&"))
        .filter(|link| !link.is_empty() && !link.starts_with("data:"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_reached_from_home_and_nothing_in_it_runs_loads_or_reaches_out() {
    let house = House::build().await;
    let panel = house.here().await;
    let mut seen = BTreeSet::new();
    let mut waiting = vec!["/".to_owned()];
    let mut whole = String::new();
    while let Some(path) = waiting.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let Got(status, headers, text) = page(&panel, &path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {text}");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(headers[name], value, "{path}");
        }
        if path.contains(".csv") {
            assert!(headers["content-disposition"].to_str().unwrap().starts_with("attachment"), "{path}");
        }
        if headers["content-type"] != "text/html; charset=utf-8" {
            continue;
        }
        for never in
            ["<script", "javascript:", " onerror", " onclick", "\u{1b}", "\u{202e}", "<iframe", " style=\""]
        {
            assert!(!text.contains(never), "{path} has {never:?}");
        }
        for link in links(&text) {
            assert!(link.starts_with('/') && !link.starts_with("//"), "{path} leads away: {link}");
            waiting.push(link);
        }
        whole.push_str(&text);
    }
    assert!(whole.contains("&lt;script&gt;alert(1)"), "the hostile name is shown as what it is");
    for kind in [
        "/janela/",
        "/municipio/",
        "/carta?",
        "/dossie/",
        "/agenda.ics?chave=",
        "/simulacao",
        "/telefonar",
        "/relatorio.csv",
    ] {
        assert!(seen.iter().any(|path| path.starts_with(kind)), "{kind} is not reached: {seen:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_credentials_nothing_but_health_is_had_from_another_machine() {
    let house = House::build().await;
    let (panel, _) = house.panel(house.open_settings(), true).await;
    let paths = [
        "/",
        "/janela/rma/2026-10",
        "/municipio/3205309",
        "/municipio/3205309/rma/2026-10",
        "/cartas",
        "/carta?aviso=rma/2026-10/divulgacao/3205309",
        "/dossie/3205309",
        "/telefonar",
        "/fontes",
        "/agenda",
        "/agenda.ics",
        "/simulacao",
        "/relatorio",
        "/relatorio.csv?janela=rma/2026-10",
        "/telefonar.csv",
        "/busca?q=vit",
        "/estilo.css",
        "/metrics",
        "/nada",
    ];
    let basic = |user: &str, password: &str| {
        use base64ct::{Base64, Encoding as _};
        format!("Basic {}", Base64::encode_string(format!("{user}:{password}").as_bytes()))
    };
    let (right, wrong) = (basic("ana", PASSWORD), basic("ana", "outra senha"));
    for path in paths {
        let from_proxy = |headers: &[(&str, &str)]| ask(&panel, "10.0.0.5", of(path, headers));
        let Got(status, headers, text) = from_proxy(&[]).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}");
        assert!(headers["www-authenticate"].to_str().unwrap().starts_with("Basic realm"), "{path}");
        assert!(!text.contains("Vitória"), "{path}");
        assert_ne!(from_proxy(&[("authorization", &right)]).await.0, StatusCode::UNAUTHORIZED, "{path}");
        assert_ne!(from_proxy(&[("x-usuario", "bruno")]).await.0, StatusCode::UNAUTHORIZED, "{path}");
        let twice = from_proxy(&[("x-usuario", "bruno"), ("x-usuario", "ana")]).await;
        assert_eq!(twice.0, StatusCode::UNAUTHORIZED, "{path}: a header that is there twice says nothing");
        for peer in ["10.0.0.9", "127.0.0.1"] {
            let past =
                ask(&panel, peer, of(path, &[("x-usuario", "bruno"), ("authorization", &right)])).await;
            assert_eq!(past.0, StatusCode::FORBIDDEN, "{peer} {path}: in the clear, past the proxy");
        }
    }
    assert_eq!(
        ask(&panel, "10.0.0.5", of("/", &[("authorization", &wrong)])).await.0,
        StatusCode::UNAUTHORIZED
    );
    let Got(_, _, text) = ask(&panel, "10.0.0.9", of("/saude", &[])).await;
    assert!(["ok\n", "com falha\n"].contains(&text.as_str()), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_calendar_is_had_with_its_key_and_has_dates_alone() {
    let house = House::build().await;
    let (panel, _) = house.panel(house.open_settings(), true).await;
    let key = panel.calendar_token.clone();
    let Got(status, headers, text) =
        ask(&panel, "10.0.0.5", of(&format!("/agenda.ics?chave={key}"), &[])).await;
    assert_eq!(
        (status, &headers["content-type"]),
        (StatusCode::OK, &"text/calendar; charset=utf-8".parse().unwrap())
    );
    assert!(text.starts_with("BEGIN:VCALENDAR") && text.contains("SEQUENCE:"), "{text}");
    assert!(!text.contains("invalid") && !text.contains("script"), "nobody is named in it");
    for wrong in
        ["", "?chave=", "?chave=0123", &format!("?chave={key}0"), &format!("?chave={}", key.to_uppercase())]
    {
        let got = ask(&panel, "10.0.0.5", of(&format!("/agenda.ics{wrong}"), &[])).await;
        assert_eq!(got.0, StatusCode::UNAUTHORIZED, "{wrong}");
    }
    let elsewhere = ask(&panel, "10.0.0.5", of(&format!("/telefonar?chave={key}"), &[])).await;
    assert_eq!(elsewhere.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sees_a_dossier_from_another_machine_is_noted_or_does_not_see_it() {
    let house = House::build().await;
    let settings = house.open_settings();
    let as_ana = || of("/dossie/3205309?janela=rma/2026-10", &[("x-usuario", "ana")]);
    let (panel, still) = house.panel(settings.clone(), true).await;
    let Got(status, _, text) = ask(&panel, "10.0.0.5", as_ana()).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    let shown = still.shown.lock().unwrap().pop().unwrap();
    assert_eq!((shown.user.as_str(), shown.by_proxy), ("ana", true));
    assert_eq!(shown.municipality.to_string(), "3205309");
    assert_eq!(shown.window, Some(WindowId::parse("rma/2026-10").unwrap()));
    let mut head = as_ana();
    *head.method_mut() = axum::http::Method::HEAD;
    assert_eq!(ask(&panel, "10.0.0.5", head).await.0, StatusCode::OK);
    assert_eq!(ask(&panel, "10.0.0.5", as_ana()).await.0, StatusCode::OK);
    assert!(
        still.shown.lock().unwrap().is_empty(),
        "the head shows nothing, and the same again is one showing"
    );
    let other = of("/dossie/3205309?janela=rma/2026-10", &[("x-usuario", "bruno")]);
    assert_eq!(ask(&panel, "10.0.0.5", other).await.0, StatusCode::OK);
    assert_eq!(still.shown.lock().unwrap().pop().unwrap().user, "bruno");
    let (panel, still) = house.panel(settings.clone(), true).await;
    let mut head = as_ana();
    *head.method_mut() = axum::http::Method::HEAD;
    ask(&panel, "10.0.0.5", head).await;
    let across = of("/dossie/3205309", &[("x-usuario", "ana"), ("sec-fetch-site", "cross-site")]);
    assert_eq!(ask(&panel, "10.0.0.5", across).await.0, StatusCode::FORBIDDEN);
    assert!(still.shown.lock().unwrap().is_empty(), "nobody is noted for what another site had asked");
    let table = ask(&panel, "10.0.0.5", of("/telefonar.csv", &[("x-usuario", "ana")])).await;
    assert_eq!(table.0, StatusCode::FORBIDDEN, "telephones by the file do not leave this machine");
    let list = ask(&panel, "10.0.0.5", of("/telefonar", &[("x-usuario", "ana")])).await;
    assert!(list.0 == StatusCode::OK && !list.2.contains("telefonar.csv"), "{}", list.2);
    let (panel, _) = house.panel(settings, false).await;
    let Got(status, _, text) = ask(&panel, "10.0.0.5", as_ana()).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!text.contains("Vitória"), "{text}");
    let (panel, still) = house.panel(House::settings("127.0.0.1:8080"), true).await;
    assert_eq!(page(&panel, "/dossie/3205309").await.0, StatusCode::OK);
    assert!(still.shown.lock().unwrap().is_empty(), "at this machine the journal has no reader's name");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_writes_is_large_or_leads_out_of_the_pages_is_refused() {
    let house = House::build().await;
    let panel = house.here().await;
    let host = ("host", "localhost:8080");
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"] {
        let request =
            Request::builder().method(method).uri("/").header(host.0, host.1).body(Body::empty()).unwrap();
        let Got(status, headers, _) = ask(&panel, "127.0.0.1", request).await;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(headers["allow"], "GET, HEAD", "{method}");
    }
    let request = Request::builder().uri("/").header(host.0, host.1).body(Body::from("x")).unwrap();
    assert_eq!(ask(&panel, "127.0.0.1", request).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    let long = format!("/busca?q={}", "x".repeat(3_000));
    assert_eq!(page(&panel, &long).await.0, StatusCode::URI_TOO_LONG);
    for path in [
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/estilo.css/../x",
        "/janela/../../etc",
        "/janela/rma/1900-01",
        "/municipio/9999999x",
        "/municipio/..%2f..",
        "/carta?aviso=../../x",
        "/carta",
        "/dossie/3200000",
        "//etc/passwd",
        "/janela/%00",
        "/.git/config",
    ] {
        let Got(status, _, text) = page(&panel, path).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}: {text}");
        assert!(text.contains("Não encontrado"), "{path}");
    }
    for host in ["painel.example", "127.0.0.1.evil.example:8080"] {
        let got = ask(&panel, "127.0.0.1", of("/", &[("host", host)])).await;
        assert_eq!(got.0, StatusCode::MISDIRECTED_REQUEST, "{host}");
    }
    for said in ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-server", "x-client-ip", "via"] {
        let through = ask(&panel, "127.0.0.1", of("/", &[host, (said, "200.1.1.1")])).await;
        assert_eq!(through.0, StatusCode::FORBIDDEN, "{said}");
    }
    let mut old = of("/", &[host]);
    *old.version_mut() = axum::http::Version::HTTP_10;
    assert_eq!(
        ask(&panel, "127.0.0.1", old).await.0,
        StatusCode::FORBIDDEN,
        "as nginx asks of its own accord"
    );
    for (site, status) in [("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)] {
        let got = ask(&panel, "127.0.0.1", of("/", &[host, ("sec-fetch-site", site)])).await;
        assert_eq!(got.0.as_u16(), status, "{site}");
    }
    let request =
        Request::builder().method("HEAD").uri("/").header(host.0, host.1).body(Body::empty()).unwrap();
    let Got(status, _, text) = ask(&panel, "127.0.0.1", request).await;
    assert_eq!((status, text.as_str()), (StatusCode::OK, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_past_day_is_shown_as_it_was_known_and_kept_in_every_link_and_no_day_to_come_is() {
    let house = House::build().await;
    let panel = house.here().await;
    let Got(status, _, text) = page(&panel, "/?em=2026-11-04").await;
    assert_eq!(status, StatusCode::OK);
    assert!(text.contains("Como se sabia em 04/11/2026 às 23:59"), "{text}");
    assert!(text.contains("/janela/rma/2026-10?em=2026-11-04"), "{text}");
    assert!(
        text.contains("href=\"/fontes\"") && text.contains("href=\"/agenda\""),
        "they tell of now: {text}"
    );
    assert!(text.contains("<h1>O dia</h1>") && page(&panel, "/").await.2.contains("<h1>Hoje</h1>"), "{text}");
    let Got(_, _, feeds) = page(&panel, "/fontes?em=2026-11-04").await;
    assert!(!feeds.contains("Como se sabia"), "what is of now says so: {feeds}");
    let account = page(&panel, "/municipio/3205309/rma/2026-10?em=2026-11-04").await.2;
    assert!(account.contains("O que se decidia então") && !account.contains(">Agora<"), "{account}");
    let Got(_, _, letters) = page(&panel, "/municipio/3205309?em=2026-11-04").await;
    assert!(letters.contains("Contatos de hoje"), "{letters}");
    assert!(letters.contains("Nenhuma carta.") && letters.contains("Nada consta no livro."), "{letters}");
    for (day, status) in
        [("2026-11-05", 200), ("2026-11-06", 400), ("ontem", 400), ("0001-01-01", 400), ("2026-13-01", 400)]
    {
        assert_eq!(page(&panel, &format!("/?em={day}")).await.0.as_u16(), status, "{day}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_is_shown_as_its_text_and_with_the_state_of_each_delivery() {
    let house = House::build().await;
    let panel = house.here().await;
    let Got(status, _, text) = page(&panel, "/carta?aviso=rma/2026-10/divulgacao/3205309&versao=1").await;
    assert_eq!(status, StatusCode::OK, "{text}");
    assert!(text.contains("<pre class=\"letter\"") && text.contains("Senhores gestores"), "{text}");
    assert!(text.contains("gravada em arquivo (ensaio)") && !text.contains("servidor"), "{text}");
    assert!(!text.contains("<html lang=\"pt-BR\"><head><title>RMA"), "its HTML is not ours to run");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_look_cost_as_little_as_one_and_what_is_kept_grows_old_though_the_clock_stands_still() {
    let house = House::build().await;
    let panel = house.here().await;
    let read = async || {
        let scene = panel.scene(None).await.ok().unwrap();
        (panel.day(&scene).await.ok().unwrap(), panel.health().await.ok().unwrap(), scene)
    };
    let (first, again) = (read().await, read().await);
    assert!(
        Arc::ptr_eq(&first.0, &again.0) && Arc::ptr_eq(&first.1, &again.1) && Arc::ptr_eq(&first.2, &again.2)
    );
    tokio::time::sleep(FRESH).await;
    let late = read().await;
    assert!(
        !Arc::ptr_eq(&first.0, &late.0) && !Arc::ptr_eq(&first.1, &late.1) && !Arc::ptr_eq(&first.2, &late.2)
    );
}

#[tokio::test]
async fn a_renewed_certificate_is_taken_once_it_is_whole_and_until_then_the_one_before_serves() {
    let dir = tempfile::tempdir().unwrap();
    let (tls, first) = certificate(&dir, "painel");
    let passwords = dir.path().join("senhas");
    let users = password_line("ana", PASSWORD).unwrap();
    let write_users = |text: &str| {
        std::fs::write(&passwords, text).unwrap();
        std::fs::set_permissions(&passwords, std::fs::Permissions::from_mode(0o600)).unwrap();
    };
    write_users(&users);
    let settings = PanelSettings {
        tls: Some(tls.clone()),
        passwords: Some(passwords.clone()),
        ..House::settings(
            &std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string(),
        )
    };
    let (door, mut files) = open(&settings).await.unwrap();
    let shared = door.tls.clone().unwrap();
    let at_first = shared.current();
    assert_eq!(files.look(), Renewal::Not);
    let (other, second) = certificate(&dir, "outro");
    assert_ne!(first, second);
    std::fs::copy(&other.certificate, &tls.certificate).unwrap();
    let Renewal::Refused { why, keeps_serving } = files.look() else {
        panic!("half of it is no certificate")
    };
    assert!(why.contains("a chave não é a deste certificado") && keeps_serving, "{why}");
    assert!(Arc::ptr_eq(at_first.config(), shared.current().config()), "the one before still serves");
    assert_eq!(files.look(), Renewal::Not, "told once");
    std::fs::copy(&other.key, &tls.key).unwrap();
    assert_eq!(files.look(), Renewal::Taken);
    assert!(!Arc::ptr_eq(at_first.config(), shared.current().config()));
    write_users("ana:x");
    let Renewal::Refused { why, keeps_serving } = files.look() else { panic!("nobody can come in by that") };
    assert!(why.contains("linha 1") && !keeps_serving, "{why}");
    write_users(&users);
    assert_eq!(files.look(), Renewal::Taken);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_file_that_broke_is_said_to_be_so_and_asks_for_no_password() {
    let house = House::build().await;
    let settings = house.open_settings();
    let file = settings.passwords.clone().unwrap();
    let (panel, _) = house.panel(settings, true).await;
    std::fs::write(&file, "ana").unwrap();
    let Got(status, headers, text) = ask(&panel, "10.0.0.5", of("/", &[])).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(text.contains("O arquivo de senhas do painel está com defeito"), "{text}");
    assert!(!headers.contains_key("www-authenticate"));
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_lines_that_prometheus_takes() {
    let house = House::build().await;
    let Got(status, headers, text) = page(&house.here().await, "/metrics").await;
    assert_eq!(status, StatusCode::OK);
    assert!(headers["content-type"].to_str().unwrap().starts_with("text/plain; version=0.0.4"));
    let mut typed = BTreeSet::new();
    for line in text.lines() {
        match line.strip_prefix("# TYPE ") {
            Some(rest) => assert!(typed.insert(rest.split(' ').next().unwrap().to_owned()), "{line} twice"),
            None if line.starts_with("# HELP ") => {}
            None => {
                let name = line.split(['{', ' ']).next().unwrap();
                assert!(typed.contains(name), "{line} has no type");
                assert!(line.rsplit(' ').next().unwrap().parse::<f64>().is_ok(), "{line}");
            }
        }
    }
    for wanted in [
        "vigia_tentativas_total{resultado=\"aceito\"} 6",
        "vigia_tentativas_total{resultado=\"recusado\"} 0",
        "vigia_passada_duracao_seconds 0.012",
        "vigia_fila_entregas{estado=\"adiado\"} 0",
        "vigia_envio_parado{motivo=\"fila_parada\"} 0",
        "vigia_municipios{janela=\"rma/2026-10\",situacao=\"nao_confirmado\"} 5",
    ] {
        assert!(text.contains(wanted), "{wanted} is not in\n{text}");
    }
}

/// A certificate for `localhost` with its key, in files.
fn certificate(
    dir: &TempDir,
    name: &str,
) -> (crate::config::PanelTls, rustls::pki_types::CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let tls = crate::config::PanelTls {
        certificate: dir.path().join(format!("{name}.pem")),
        key: dir.path().join(format!("{name}.chave.pem")),
    };
    std::fs::write(&tls.certificate, made.cert.pem()).unwrap();
    std::fs::write(&tls.key, made.signing_key.serialize_pem()).unwrap();
    (tls, made.cert.der().clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn under_tls_the_panel_asks_for_a_password_and_in_the_clear_it_says_nothing() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let house = House::build().await;
    let (tls, root) = certificate(&house.dir, "painel");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let settings =
        PanelSettings { listen: free, tls: Some(tls), proxies: Vec::new(), ..house.open_settings() };
    let (door, _) = open(&settings).await.unwrap();
    let (panel, _) = house.panel(settings, true).await;
    let stop = CancellationToken::new();
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(serve(panel, door, stop.clone()));
    let mut roots = rustls::RootCertStore::empty();
    roots.add(root).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client =
        rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let client = tokio_rustls::TlsConnector::from(Arc::new(
        client.with_root_certificates(roots).with_no_client_auth(),
    ));
    let request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let plain = tokio::net::TcpStream::connect(free).await.unwrap();
    let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
    let mut secure = client.connect(name, plain).await.unwrap();
    secure.write_all(request).await.unwrap();
    let mut answer = String::new();
    let _closed = secure.read_to_string(&mut answer).await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    let mut plain = tokio::net::TcpStream::connect(free).await.unwrap();
    plain.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    let _closed = plain.read_to_end(&mut answer).await;
    assert!(!String::from_utf8_lossy(&answer).contains("HTTP"), "{answer:?}");
    stop.cancel();
    tasks.join_all().await;
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_named_with_why() {
    let dir = tempfile::tempdir().unwrap();
    let ((good, _), (other, _)) = (certificate(&dir, "um"), certificate(&dir, "outro"));
    let blank = dir.path().join("vazio.pem");
    std::fs::write(&blank, "").unwrap();
    let with = |certificate: &Path, key: &Path| {
        let tls = crate::config::PanelTls { certificate: certificate.to_owned(), key: key.to_owned() };
        let settings = PanelSettings { tls: Some(tls), ..House::settings("127.0.0.1:8080") };
        check(&settings).err().map(|error| error.to_string())
    };
    assert_eq!(with(&good.certificate, &good.key), None);
    for (certificate, key, why) in [
        (dir.path().join("nada.pem"), good.key.clone(), "nada.pem não serve"),
        (blank.clone(), good.key.clone(), "não tem nenhum certificado"),
        (good.certificate.clone(), blank.clone(), "não tem uma chave privada"),
        (good.certificate.clone(), other.key.clone(), "a chave não é a deste certificado"),
    ] {
        let said = with(&certificate, &key).unwrap();
        assert!(said.contains(why), "{said}");
    }
}
