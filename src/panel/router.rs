//! Which page a request gets, and what every answer carries. GET and HEAD alone, no body, nothing kept anywhere.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::extract::{FromRequestParts, Path, Query, Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, Version};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64ct::{Base64, Encoding as _};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use maud::Markup;
use sha2::{Digest as _, Sha256};
use tracing::error;

use super::access::{self, Asking, Ruling, Visitor};
use super::page::{self, Frame, Links};
use super::password::Login;
use super::{DossierView, Panel, metrics, token};
use crate::config::Mode;
use crate::desk::view::{Overview, windows_between};
use crate::domain::id::{MunicipalityCode, WindowId};
use crate::domain::notice::NoticeKey;
use crate::plan::calls;
use crate::plan::forecast::{ForecastTally, Quota};
use crate::plan::replay::Replay;
use crate::plan::summary::WindowSummary;
use crate::render::{agenda, calls as render_calls, dossier, forecast, report};
use crate::telemetry::chain;

/// From which address a request comes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);

const STYLE: &str = include_str!("page/style.css");
/// Nothing may be loaded but our own style, and nothing may run.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";
/// What proxies tell of whoever asked them. One that tells nothing speaks HTTP/1.0, as nginx does if not told otherwise;
/// and one that hides even that is not seen.
const PROXIES_SAY: [&str; 8] = [
    "forwarded",
    "via",
    "x-client-ip",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-server",
    "x-real-ip",
];
const LONGEST_ADDRESS: usize = 2_048;
/// How long an answer may take to be made.
const PATIENCE: Duration = Duration::from_secs(30);
/// How far ahead a rehearsal looks, if not told, and at most.
const AHEAD_DAYS: i64 = 60;
const MOST_AHEAD_DAYS: i64 = 200;
/// What a rehearsal counts for crowded, as `simular` does by itself.
const WEEKLY: usize = 3;
/// A rehearsal in the panel is for so many municipalities at most.
const MOST_REHEARSED: usize = 1_000;

/// Every page.
pub(super) fn routes(panel: Arc<Panel>) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/janela/{*id}", get(window))
        .route("/municipio/{code}", get(municipality))
        .route("/municipio/{code}/{*window}", get(account))
        .route("/cartas", get(letters))
        .route("/carta", get(letter))
        .route("/dossie/{code}", get(whole_dossier))
        .route("/telefonar", get(call_list))
        .route("/telefonar.csv", get(calls_table))
        .route("/relatorio", get(report_page))
        .route("/relatorio.csv", get(report_table))
        .route("/fontes", get(feeds))
        .route("/agenda", get(calendar))
        .route(access::CALENDAR, get(calendar_file))
        .route("/simulacao", get(rehearsal))
        .route("/busca", get(search))
        .route("/estilo.css", get(style))
        .route(access::HEALTH, get(health))
        .route("/metrics", get(gauges))
        .fallback(nothing)
        .layer(from_fn_with_state(panel.clone(), guard))
        .with_state(panel)
}

/// Why a page is not shown.
pub(super) enum Failure {
    /// There is none.
    NotFound(String),
    /// What was asked for makes no sense.
    Senseless(String),
    /// Somebody else is being served what takes long.
    Busy(String),
    /// The ledger.
    Ledger(Box<dyn std::error::Error + Send + Sync>),
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Ledger(Box::new(error))
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, title, words) = match self {
            Self::NotFound(words) => (StatusCode::NOT_FOUND, "Não encontrado", words),
            Self::Senseless(words) => (StatusCode::BAD_REQUEST, "Pedido inválido", words),
            Self::Busy(words) => (StatusCode::SERVICE_UNAVAILABLE, "Um momento", words),
            Self::Ledger(failure) => {
                error!(error = %chain(&*failure), "o painel não pôde mostrar uma página");
                let words = "O livro não pôde ser lido agora. As cartas não dependem do painel e seguem saindo; a falha \
                             está no registro do serviço (journalctl -u vigia-suas).";
                (StatusCode::INTERNAL_SERVER_ERROR, "A página não pôde ser feita", words.to_owned())
            }
        };
        refusal(status, title, &words)
    }
}

type Answer = Result<Response, Failure>;

fn refusal(status: StatusCode, title: &str, words: &str) -> Response {
    (status, typed("text/html; charset=utf-8", page::refusal(title, words))).into_response()
}

fn typed(kind: &'static str, body: String) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static(kind))], body).into_response()
}

/// Lets in who may come in, and sees to what every answer carries.
async fn guard(State(panel): State<Arc<Panel>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let mut response = match admit(&panel, &parts, body.is_end_stream()).await {
        Err(response) => response,
        Ok(visitor) => {
            parts.extensions.insert(visitor);
            let request = Request::from_parts(parts, Body::empty());
            match tokio::time::timeout(PATIENCE, next.run(request)).await {
                Ok(response) => response,
                Err(_) => {
                    refusal(StatusCode::SERVICE_UNAVAILABLE, "Demorou demais", "Tente de novo daqui a pouco.")
                }
            }
        }
    };
    let headers = response.headers_mut();
    let fixed: [(HeaderName, &'static str); 6] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    response
}

async fn admit(panel: &Panel, parts: &Parts, is_without_body: bool) -> Result<Visitor, Response> {
    if !matches!(parts.method, Method::GET | Method::HEAD) {
        let mut response =
            refusal(StatusCode::METHOD_NOT_ALLOWED, "Só leitura", "O painel mostra, e não muda nada.");
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return Err(response);
    }
    if !is_without_body {
        return Err(refusal(StatusCode::PAYLOAD_TOO_LARGE, "Pedido recusado", "O painel não recebe dados."));
    }
    let (uri, headers) = (&parts.uri, &parts.headers);
    if uri.path().len() + uri.query().map_or(0, str::len) > LONGEST_ADDRESS {
        return Err(refusal(StatusCode::URI_TOO_LONG, "Pedido recusado", "O endereço é longo demais."));
    }
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let key = Query::<BTreeMap<String, String>>::try_from_uri(uri).ok().and_then(|mut q| q.0.remove("chave"));
    let asking = Asking {
        peer: parts.extensions.get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0),
        path: uri.path(),
        host: text(&header::HOST),
        is_forwarded: parts.version < Version::HTTP_11
            || PROXIES_SAY.iter().any(|name| headers.contains_key(*name)),
        is_of_other_site: headers
            .get_all("sec-fetch-site")
            .iter()
            .any(|site| matches!(site.as_bytes(), b"cross-site" | b"same-site")),
        user_header: panel.settings.user_header.as_deref().and_then(|name| alone(headers, name)),
        has_key: key.is_some_and(|key| token::is_right(&key, &panel.calendar_token)),
    };
    match access::rule(&panel.settings, &asking) {
        Ruling::Admit(visitor) => Ok(visitor),
        Ruling::AskPassword => match panel.logins.judge(text(&header::AUTHORIZATION)).await {
            Login::User(name) => Ok(Visitor::User { name, by_proxy: false }),
            Login::Busy => Err(refusal(
                StatusCode::SERVICE_UNAVAILABLE,
                "Um momento",
                "Há senhas demais a conferir agora.",
            )),
            Login::Nobody => {
                let mut response =
                    refusal(StatusCode::UNAUTHORIZED, "Identifique-se", "Esta página pede usuário e senha.");
                let ask = HeaderValue::from_static("Basic realm=\"vigia-suas\", charset=\"UTF-8\"");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, ask);
                Err(response)
            }
        },
        Ruling::Elsewhere => Err(forbidden("Daqui o painel não atende: use o endereço que a equipe usa.")),
        Ruling::NoUser => Err(forbidden(
            "O proxy não disse quem pede. Quem cuida do painel confere `usuario_cabecalho` em vigia.toml.",
        )),
        Ruling::OtherSite => Err(forbidden(
            "O navegador diz que o pedido vem de uma página de outro site, e o painel só se abre a partir dele mesmo.",
        )),
        Ruling::UnknownProxy => Err(forbidden(
            "O pedido veio por um proxy que vigia.toml não conhece, e o painel não sabe quem pede. Quem cuida dele \
             escreve `proxy` e `usuario_cabecalho`, ou `senhas`, em [painel].",
        )),
        Ruling::OtherHost => Err(refusal(
            StatusCode::MISDIRECTED_REQUEST,
            "Endereço incorreto",
            "Nesta máquina, abra o painel por http://localhost ou http://127.0.0.1, com a porta de vigia.toml.",
        )),
    }
}

fn forbidden(words: &str) -> Response {
    refusal(StatusCode::FORBIDDEN, "Acesso não permitido", words)
}

/// A header that is there once: what is there twice, somebody else may have put there.
fn alone<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() { None } else { value.to_str().ok() }
}

/// What a page is asked for with.
struct Ask {
    visitor: Visitor,
    path: String,
    query: BTreeMap<String, String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Ask {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let senseless = || Failure::Senseless("O endereço tem um trecho inválido.".to_owned());
        Ok(Self {
            visitor: parts.extensions.get().cloned().unwrap_or(Visitor::Anybody),
            path: parts.uri.path().to_owned(),
            query: Query::try_from_uri(&parts.uri).map_err(|_| senseless())?.0,
        })
    }
}

impl Ask {
    fn text(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(|text| text.trim()).filter(|text| !text.is_empty())
    }

    /// The day as of which something is asked for (`em`); none: now.
    fn day(&self, panel: &Panel) -> Result<Option<Date>, Failure> {
        let Some(text) = self.text("em") else { return Ok(None) };
        let today = panel.beside.live().calendar.hours.zone.date_of(panel.clock.now());
        let day: Option<Date> = text.parse().ok();
        match day.filter(|day| day.year() >= 2000) {
            Some(day) if day < today => Ok(Some(day)),
            Some(day) if day == today => Ok(None),
            Some(_) => Err(Failure::Senseless(
                "Esse dia ainda não chegou: o painel mostra o que se sabia.".to_owned(),
            )),
            None => Err(Failure::Senseless("O dia se escreve assim: 2026-11-30.".to_owned())),
        }
    }

    async fn scene(&self, panel: &Panel) -> Result<Arc<Overview>, Failure> {
        let Some(day) = self.day(panel)? else { return panel.scene(None).await };
        let zone = panel.beside.live().calendar.hours.zone.clone();
        // Its last second: midnight would be shown as the next day.
        let at = zone.end_of(day).saturating_sub(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MIN);
        panel.scene(Some(at)).await
    }

    fn links(&self) -> Links {
        Links::new(self.text("em").filter(|text| text.parse::<Date>().is_ok()))
    }

    /// A page within the frame.
    fn show(&self, panel: &Panel, at: Timestamp, title: &str, content: &Markup) -> Answer {
        let live = panel.beside.live();
        let frame = Frame {
            title,
            path: &self.path,
            query: &self.query,
            links: &self.links(),
            is_past: self.day(panel)?.is_some(),
            at,
            zone: &live.calendar.hours.zone,
            is_rehearsal: live.setup.config.settings.mode == Mode::Rehearsal,
            user: match &self.visitor {
                Visitor::User { name, .. } => Some(name),
                Visitor::Local | Visitor::Anybody => None,
            },
        };
        Ok(typed("text/html; charset=utf-8", page::whole(&frame, content)))
    }
}

async fn home(State(panel): State<Arc<Panel>>, ask: Ask) -> Answer {
    let scene = ask.scene(&panel).await?;
    let day = panel.ledger.day(&scene).await?;
    let content = page::home::content(&scene, &day, &ask.links());
    ask.show(&panel, scene.as_of.at(), "Hoje", &content)
}

async fn window(State(panel): State<Arc<Panel>>, Path(id): Path<String>, ask: Ask) -> Answer {
    let scene = ask.scene(&panel).await?;
    let id = WindowId::parse(&id).map_err(|_| no_window(&id))?;
    let summary = scene.summary(&id).ok_or_else(|| no_window(id.as_str()))?;
    let content = page::window::content(&scene, &summary, &ask.links());
    ask.show(&panel, scene.as_of.at(), &format!("Janela {id}"), &content)
}

async fn municipality(State(panel): State<Arc<Panel>>, Path(code): Path<String>, ask: Ask) -> Answer {
    let scene = ask.scene(&panel).await?;
    let code = known(&scene, &code)?;
    let until = ask.day(&panel)?.map(|_| scene.as_of.at());
    let timeline = panel.ledger.timeline(code, until).await?;
    let mut deliveries = panel.ledger.deliveries(None, Some(code)).await?;
    deliveries.retain(|line| line.recorded_at <= scene.as_of.at());
    let content = page::municipality::content(&scene, code, &deliveries, &timeline, &ask.links());
    ask.show(&panel, scene.as_of.at(), &page::municipality::name(&scene, code), &content)
}

async fn account(
    State(panel): State<Arc<Panel>>,
    Path((code, window)): Path<(String, String)>,
    ask: Ask,
) -> Answer {
    let scene = ask.scene(&panel).await?;
    let code = known(&scene, &code)?;
    let id = WindowId::parse(&window).map_err(|_| no_window(&window))?;
    let account = panel.ledger.account(&scene, code, &id).await?.ok_or_else(|| no_window(id.as_str()))?;
    let content = page::municipality::account(&scene, &account, &ask.links());
    ask.show(&panel, scene.as_of.at(), &format!("{}, {id}", page::municipality::name(&scene, code)), &content)
}

async fn letters(State(panel): State<Arc<Panel>>, ask: Ask) -> Answer {
    let scene = ask.scene(&panel).await?;
    let window = ask.text("janela").map(|id| WindowId::parse(id).map_err(|_| no_window(id))).transpose()?;
    let window = window.or_else(|| scene.windows.first().map(|summary| summary.window.clone()));
    let mut deliveries = match &window {
        Some(id) => panel.ledger.deliveries(Some(id), None).await?,
        None => Vec::new(),
    };
    deliveries.retain(|line| line.recorded_at <= scene.as_of.at());
    let state = ask.text("estado");
    let content = page::letters::list(&scene, window.as_ref(), state, &deliveries, &ask.links());
    ask.show(&panel, scene.as_of.at(), "Cartas", &content)
}

async fn letter(State(panel): State<Arc<Panel>>, ask: Ask) -> Answer {
    let scene = panel.scene(None).await?;
    let none = || Failure::NotFound("Não há essa carta no livro.".to_owned());
    let key = ask.text("aviso").and_then(NoticeKey::parse).ok_or_else(none)?;
    let version = ask.text("versao").map_or(Ok(1), str::parse).map_err(|_| none())?;
    let letter = panel.ledger.letter(&key, version).await?.ok_or_else(none)?;
    let content = page::letters::one(&scene, &key, &letter, &ask.links());
    ask.show(&panel, scene.as_of.at(), "Carta", &content)
}

async fn whole_dossier(State(panel): State<Arc<Panel>>, Path(code): Path<String>, ask: Ask) -> Answer {
    let scene = panel.scene(None).await?;
    let code = known(&scene, &code)?;
    let only = ask.text("janela").map(|id| WindowId::parse(id).map_err(|_| no_window(id))).transpose()?;
    let found = panel.ledger.dossier(&scene, code, only.clone()).await?;
    let found = found.ok_or_else(|| Failure::NotFound("Nada consta no livro sobre isso.".to_owned()))?;
    if let Visitor::User { name, by_proxy } = ask.visitor {
        let shown = DossierView { municipality: code, window: only, user: name, by_proxy };
        if !panel.beside.note_dossier(shown).await {
            return Err(Failure::Busy(
                "Quem vê um dossiê fica registrado no livro, e agora não foi possível registrar. Tente de novo.".to_owned(),
            ));
        }
    }
    Ok(document(dossier::page(&found, scene.calendar())))
}

async fn call_list(State(panel): State<Arc<Panel>>, ask: Ask) -> Answer {
    let scene = ask.scene(&panel).await?;
    let content = page::calls::content(&scene, &ask.links());
    ask.show(&panel, scene.as_of.at(), "A quem telefonar", &content)
}

async fn calls_table(State(panel): State<Arc<Panel>>, ask: Ask) -> Answer {
    let scene = ask.scene(&panel).await?;
    let (windows, calendar) = (chosen(&scene, &ask)?, scene.calendar());
    let entries = calls::calls(&windows, &calendar.hours.zone);
    Ok(table("telefonar", render_calls::csv(&entries, calendar, scene.as_of.at())))
}

/// The report with its charts, as the service writes it.
async fn report_page(State(panel): State<Arc<Panel>>, ask: Ask) -> Answer {
    let scene = ask.scene(&panel).await?;
    let curves = panel.ledger.curves(&scene).await?;
    Ok(document(report::page(&chosen(&scene, &ask)?, &curves, scene.calendar())))
}

async fn report_table(State(panel): State<Arc<Panel>>, ask: Ask) -> Answer {
    let scene = ask.scene(&panel).await?;
    Ok(table("relatorio", report::csv(&chosen(&scene, &ask)?, scene.calendar())))
}

/// The window asked for (`janela`), else those worth reporting on.
fn chosen(scene: &Overview, ask: &Ask) -> Result<Vec<WindowSummary>, Failure> {
    let Some(text) = ask.text("janela") else { return Ok(scene.windows.clone()) };
    let found = WindowId::parse(text).ok().and_then(|id| scene.summary(&id));
    found.map(|summary| vec![summary]).ok_or_else(|| no_window(text))
}

/// A table for a spreadsheet, to be kept.
fn table(name: &str, csv: String) -> Response {
    let mut response = typed("text/csv; charset=utf-8", csv);
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}.csv\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

async fn feeds(State(panel): State<Arc<Panel>>, ask: Ask) -> Answer {
    let scene = panel.scene(None).await?;
    let feeds = panel.ledger.feeds(&panel.beside.live(), 10).await?;
    let content = page::feeds::content(&feeds, &scene);
    ask.show(&panel, scene.as_of.at(), "Fontes", &content)
}

async fn calendar(State(panel): State<Arc<Panel>>, ask: Ask) -> Answer {
    let scene = panel.scene(None).await?;
    let days = year(&scene);
    let windows = windows_between(scene.calendar(), days);
    let content =
        page::calendar::content(&windows, scene.calendar(), days, &panel.calendar_token, &ask.links());
    ask.show(&panel, scene.as_of.at(), "Agenda", &content)
}

/// From the beginning of this month, a year.
fn year(scene: &Overview) -> (Date, Date) {
    let from = scene.calendar().hours.zone.date_of(scene.as_of.at()).first_of_month();
    (from, from.saturating_add(1.year()).saturating_sub(1.day()))
}

async fn calendar_file(State(panel): State<Arc<Panel>>) -> Answer {
    let live = panel.beside.live();
    let today = live.calendar.hours.zone.date_of(panel.clock.now());
    // What is over stays for a year: a subscription drops what its file no longer has.
    let days = (today.saturating_sub(1.year()), today.saturating_add(1.year()));
    let reread = panel.ledger.reread().await?;
    let (text, _) = agenda::ics(&live.calendar.windows(days.1), &live.calendar, &reread, days);
    Ok(typed("text/calendar; charset=utf-8", text))
}

async fn rehearsal(State(panel): State<Arc<Panel>>, ask: Ask) -> Answer {
    let live = panel.beside.live();
    let today = live.calendar.hours.zone.date_of(panel.clock.now());
    let asked = ask.text("ate").map(str::parse::<Date>).transpose();
    let until = asked
        .map_err(|_| Failure::Senseless("O dia se escreve assim: 2026-11-30.".to_owned()))?
        .unwrap_or_else(|| today.saturating_add(AHEAD_DAYS.days()));
    if until < today || until > today.saturating_add(MOST_AHEAD_DAYS.days()) {
        return Err(Failure::Senseless(format!(
            "O painel simula de hoje até {MOST_AHEAD_DAYS} dias à frente; para mais, use “vigia-suas simular”."
        )));
    }
    if live.setup.config.roster.municipalities.len() > MOST_REHEARSED {
        return Err(Failure::Senseless(
            "Com tantos municípios a simulação demora: use “vigia-suas simular” no terminal.".to_owned(),
        ));
    }
    let busy =
        || Failure::Busy("Outra simulação está sendo feita; tente de novo em alguns segundos.".to_owned());
    // It goes on also when whoever asked is gone: the next one waits until it is over.
    let Ok(turn) = panel.clone().rehearsing_turn().await else { return Err(busy()) };
    let made = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let mut calendar = live.setup.config.calendar.clone();
        calendar.starts_on = None;
        calendar.hours.waits = true;
        let roster = &live.setup.config.roster;
        let days = (today, until);
        let (from, end) = (calendar.hours.zone.start_of(today), calendar.hours.zone.end_of(until));
        let end = end.saturating_sub(SignedDuration::from_millis(1)).unwrap_or(end);
        let mut tally = ForecastTally::default();
        let mut replay = Replay::new(&calendar, roster, end)?;
        replay.run_with(from, end, &[], |_, at, decisions| {
            for decision in decisions {
                tally.note(at, decision, &calendar);
            }
        });
        let sender = live.setup.config.settings.relay.as_ref();
        let quota = sender.map(|relay| Quota { per_minute: relay.per_minute, per_day: relay.per_day });
        let forecast = tally.forecast(&calendar, roster, days, quota, WEEKLY);
        Ok::<_, crate::domain::id::IdError>(forecast::page(&forecast, &calendar, roster))
    });
    Ok(document(made.await??))
}

async fn search(State(panel): State<Arc<Panel>>, ask: Ask) -> Answer {
    let scene = ask.scene(&panel).await?;
    let content = page::search::content(&scene, ask.text("q").unwrap_or_default(), &ask.links());
    ask.show(&panel, scene.as_of.at(), "Busca", &content)
}

async fn style() -> Response {
    typed("text/css; charset=utf-8", STYLE.to_owned())
}

/// Whether the service is well, in two words: also for who may know nothing else.
async fn health(State(panel): State<Arc<Panel>>) -> Answer {
    let health = panel.ledger.health(&panel.beside.live(), panel.clock.now()).await?;
    let (status, word) = if health.ailments.is_empty() {
        (StatusCode::OK, "ok\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "com falha\n")
    };
    Ok((status, typed("text/plain; charset=utf-8", word.to_owned())).into_response())
}

async fn gauges(State(panel): State<Arc<Panel>>) -> Answer {
    let scene = panel.scene(None).await?;
    let gauges = panel.ledger.gauges(&panel.beside.live(), scene.as_of.at()).await?;
    let text = metrics::text(&gauges, &panel.beside.beat(), &scene);
    Ok(typed("text/plain; version=0.0.4; charset=utf-8", text))
}

async fn nothing() -> Failure {
    Failure::NotFound("Não há página neste endereço.".to_owned())
}

/// A page that stands alone, with its own style and no other.
fn document(page: String) -> Response {
    let style =
        page.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>")).map_or("", |(s, _)| s);
    let digest = Base64::encode_string(&Sha256::digest(style.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let mut response = typed("text/html; charset=utf-8", page);
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// A municipality that the roster has, or that the ledger may tell of.
fn known(scene: &Overview, text: &str) -> Result<MunicipalityCode, Failure> {
    let none = || Failure::NotFound(format!("Não há município com o código “{text}”."));
    let roster = &scene.known.live.setup.config.roster;
    let short = || {
        roster
            .municipalities
            .keys()
            .find(|code| code.to_string().starts_with(text) && text.len() == 6)
            .copied()
    };
    MunicipalityCode::parse(text).ok().or_else(short).ok_or_else(none)
}

fn no_window(id: &str) -> Failure {
    Failure::NotFound(format!("Não há janela “{id}” no calendário, ou ela abre em mais de um ano."))
}

impl Panel {
    async fn rehearsing_turn(self: Arc<Self>) -> Result<tokio::sync::OwnedSemaphorePermit, ()> {
        let turn = self.rehearsing.clone().acquire_owned();
        tokio::time::timeout(Duration::from_secs(10), turn).await.map_err(|_| ())?.map_err(|_| ())
    }
}
