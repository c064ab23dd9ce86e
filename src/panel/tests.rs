//! The panel's pages over a rehearsal's ledger, asked for without a network.

mod door;
mod odd;
mod size;
mod standing;

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
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
    /// The shipped configuration over a ledger of its own, that has sent nothing yet.
    async fn quiet(change: impl FnOnce(&mut Setup)) -> (Self, Service) {
        let dir = tempfile::tempdir().unwrap();
        let mut setup = Setup::shipped(now());
        setup.config.settings.data = dir.path().to_owned();
        change(&mut setup);
        let service = Service::start(setup.clone(), Clock::Fixed(now())).await.unwrap();
        (Self { live: Arc::new(Live::new(setup)), dir }, service)
    }

    async fn build() -> Self {
        let (house, service) = Self::quiet(Self::few).await;
        service.once().await.unwrap();
        house
    }

    fn few(setup: &mut Setup) {
        let municipalities = &mut setup.config.roster.municipalities;
        let last = municipalities.keys().nth(4).copied().unwrap();
        municipalities.retain(|code, _| *code < last || code.to_string() == "3205309");
        let first = municipalities.values_mut().next().unwrap();
        first.name = HOSTILE.to_owned();
        first.region = HOSTILE.to_owned();
        first.contacts[0].holder = HOSTILE.to_owned();
        first.contacts[0].telephone = HOSTILE.to_owned();
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

/// Asks until an answer is as wanted, a minute at most: on a busy machine working something out may take longer than a visitor
/// waits for it.
async fn until<T>(mut asked: impl AsyncFnMut() -> T, wanted: impl Fn(&T) -> bool) -> T {
    let begun = Instant::now();
    loop {
        let got = asked().await;
        if wanted(&got) {
            return got;
        }
        assert!(begun.elapsed() < Duration::from_mins(1), "not within a minute");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
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
        let has_way_back = text.contains("<nav class=\"back\"") || text.contains("aria-label=\"Páginas\"");
        assert!(has_way_back, "{path} leads nowhere");
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
async fn many_who_look_cost_as_little_as_one_and_what_is_kept_grows_old_once_the_ledger_tells_more() {
    let (house, service) = House::quiet(House::few).await;
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
        !Arc::ptr_eq(&first.0, &late.0) && !Arc::ptr_eq(&first.1, &late.1),
        "these the journal tells not"
    );
    assert!(Arc::ptr_eq(&first.2, &late.2), "nothing new was told");
    service.once().await.unwrap();
    tokio::time::sleep(FRESH).await;
    let told = until(read, |told| !Arc::ptr_eq(&late.2, &told.2)).await;
    assert!(told.2.windows[0].lines[0].letters.len() > late.2.windows[0].lines[0].letters.len());
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
