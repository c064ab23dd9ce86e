//! Which page a request gets. GET and HEAD alone, no body, nothing kept anywhere.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::ToSpan;
use jiff::civil::Date;

use super::access::{self, Visitor};
use super::answer::{Answer, Failure, document, long_table, table, typed};
use super::ask::Ask;
use super::guard::guard;
use super::rehearsal::rehearsal;
use super::{DossierView, Panel, aside, metrics, page};
use crate::desk::view::{AsOf, Overview, windows_between};
use crate::domain::id::{MunicipalityCode, WindowId};
use crate::domain::notice::NoticeKey;
use crate::plan::calls;
use crate::plan::history::Recall;
use crate::plan::summary::WindowSummary;
use crate::render::{agenda, calls as render_calls, dossier, report};

const STYLE: &str = include_str!("page/style.css");

/// Every page.
pub(super) fn routes(panel: Arc<Panel>) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/janela/{*id}", get(window))
        .route("/municipio/{code}", get(municipality))
        .route("/municipio/{code}/{*window}", get(account))
        .route("/cartas", get(letters))
        .route("/carta", get(letter))
        .route("/dossie/{code}", get(dossiers))
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

async fn home(State(panel): State<Arc<Panel>>, ask: Ask) -> Answer {
    let scene = ask.scene(&panel).await?;
    let day = panel.day(&scene).await?;
    let leads = match scene.as_of {
        AsOf::Now(_) => panel.health().await?.facts.leads(&scene.calendar().hours.zone),
        AsOf::Then(_) => None,
    };
    let content = page::home::content(&scene, &day, leads.as_deref(), &Ask::links(&scene));
    let title = if matches!(scene.as_of, AsOf::Now(_)) { "Hoje" } else { "O dia" };
    Ok(ask.show(&panel, &scene, title, &content))
}

async fn window(State(panel): State<Arc<Panel>>, Path(id): Path<String>, ask: Ask) -> Answer {
    let id = WindowId::parse(&id).map_err(|_| no_window(&id))?;
    let scene = ask.scene_with(&panel, &id).await?;
    let summary = scene.summary(&id).ok_or_else(|| no_window(id.as_str()))?;
    let content = page::window::content(&scene, &summary, &ask.choice(), &Ask::links(&scene));
    Ok(ask.show(&panel, &scene, &format!("Janela {id}"), &content))
}

async fn municipality(State(panel): State<Arc<Panel>>, Path(code): Path<String>, ask: Ask) -> Answer {
    let scene = ask.scene(&panel).await?;
    let code = known(&scene, &code)?;
    let until = matches!(scene.as_of, AsOf::Then(_)).then(|| scene.as_of.at());
    let timeline = panel.ledger.timeline(code, until).await?;
    let deliveries = panel.ledger.deliveries(scene.as_of, None, Some(code)).await?;
    let content = page::municipality::content(&scene, code, &deliveries, &timeline, &Ask::links(&scene));
    Ok(ask.show(&panel, &scene, &page::municipality::name(&scene, code), &content))
}

async fn account(
    State(panel): State<Arc<Panel>>,
    Path((code, window)): Path<(String, String)>,
    ask: Ask,
) -> Answer {
    let id = WindowId::parse(&window).map_err(|_| no_window(&window))?;
    let scene = ask.scene_with(&panel, &id).await?;
    let code = known(&scene, &code)?;
    let account = panel.ledger.account(&scene, code, &id).await?.ok_or_else(|| no_window(id.as_str()))?;
    let content = page::municipality::account(&scene, &account, &Ask::links(&scene));
    Ok(ask.show(&panel, &scene, &format!("{}, {id}", page::municipality::name(&scene, code)), &content))
}

async fn letters(State(panel): State<Arc<Panel>>, ask: Ask) -> Answer {
    let scene = ask.scene(&panel).await?;
    let window = ask.text("janela").map(|id| WindowId::parse(id).map_err(|_| no_window(id))).transpose()?;
    let window = window.or_else(|| scene.windows.first().map(|summary| summary.window.clone()));
    let deliveries = match &window {
        Some(id) => panel.letters(&scene, id).await?,
        None => Arc::default(),
    };
    let content =
        page::letters::list(&scene, window.as_ref(), &deliveries, &ask.choice(), &Ask::links(&scene));
    Ok(ask.show(&panel, &scene, "Cartas", &content))
}

async fn letter(State(panel): State<Arc<Panel>>, ask: Ask) -> Answer {
    let scene = panel.scene(None).await?;
    let none = || Failure::NotFound("Não há essa carta no livro.".to_owned());
    let key = ask.text("aviso").and_then(NoticeKey::parse).ok_or_else(none)?;
    let version = ask.text("versao").map_or(Ok(1), str::parse).map_err(|_| none())?;
    let letter = panel.ledger.letter(&key, version).await?.ok_or_else(none)?;
    let content = page::letters::one(&scene, &key, &letter, &Ask::links(&scene));
    Ok(ask.show(&panel, &scene, "Carta", &content))
}

/// The windows that a municipality has a dossier of; where one is named (`janela`), that dossier.
async fn dossiers(State(panel): State<Arc<Panel>>, Path(code): Path<String>, ask: Ask) -> Answer {
    let scene = panel.scene(None).await?;
    let code = known(&scene, &code)?;
    if ask.visitor == Visitor::Anybody {
        return Err(Failure::Forbidden("Diga quem é para ver um dossiê.".to_owned()));
    }
    let Some(id) = ask.text("janela") else {
        let told = panel.ledger.told_windows(code).await?;
        let content = page::dossiers::content(&scene, code, &told, &Ask::links(&scene));
        return Ok(ask.show(&panel, &scene, "Dossiê de comunicação", &content));
    };
    let window = WindowId::parse(id).map_err(|_| no_window(id))?;
    if ask.is_head {
        return Ok(typed("text/html; charset=utf-8", String::new()));
    }
    dossier(panel, scene, (code, window), ask.visitor).await
}

async fn dossier(
    panel: Arc<Panel>,
    scene: Arc<Overview>,
    (municipality, window): (MunicipalityCode, WindowId),
    visitor: Visitor,
) -> Answer {
    let turn = panel.turn().await?;
    let (reader, id, of) = (panel.clone(), window.clone(), scene.clone());
    let found = aside(async move || {
        let _turn = turn;
        // A proof tells of what it was made from.
        let of = if reader.is_behind(&of) { reader.anew().await? } else { of };
        Ok(reader.ledger.dossier(&of, municipality, &id).await?)
    });
    let found =
        found.await?.ok_or_else(|| Failure::NotFound("Nada consta no livro sobre isso.".to_owned()))?;
    if let Visitor::User { name, by_proxy } = visitor {
        let shown = DossierView { municipality, window, user: name, by_proxy };
        if !panel.note_shown(shown).await {
            let words = "Quem vê um dossiê fica registrado no livro, e agora não foi possível registrar. Tente de novo.";
            return Err(Failure::Busy(words.to_owned()));
        }
    }
    let back = page::back(
        &Ask::links(&scene).municipality(municipality),
        &page::municipality::name(&scene, municipality),
    );
    Ok(document(&dossier::page(&found, scene.calendar()), &back))
}

async fn call_list(State(panel): State<Arc<Panel>>, ask: Ask) -> Answer {
    let scene = asked(&panel, &ask).await?;
    let history = panel.history(&scene).await?;
    let (has_table, recall) = (ask.visitor == Visitor::Local, Recall::new(&history));
    let (windows, links) = (chosen(&scene, &ask)?, Ask::links(&scene));
    let content = page::calls::content(&scene, &windows, has_table, &recall, &ask.choice(), &links);
    Ok(ask.show(&panel, &scene, "A quem telefonar", &content))
}

/// Telephones by the file leave this machine by command alone.
async fn calls_table(State(panel): State<Arc<Panel>>, ask: Ask) -> Answer {
    if ask.visitor != Visitor::Local {
        return Err(Failure::Forbidden(
            "A planilha de telefones só sai na própria máquina do serviço: “vigia-suas ligacoes --formato csv”.".to_owned(),
        ));
    }
    let scene = asked(&panel, &ask).await?;
    let (windows, calendar) = (chosen(&scene, &ask)?, scene.calendar());
    let history = panel.history(&scene).await?;
    let entries = calls::calls(&windows, calendar, &Recall::new(&history));
    Ok(table("telefonar", render_calls::csv(&entries, calendar, scene.as_of.at())))
}

/// The report with its charts, as the service writes it.
async fn report_page(State(panel): State<Arc<Panel>>, ask: Ask) -> Answer {
    let scene = asked(&panel, &ask).await?;
    let curves = panel.ledger.curves(&scene).await?;
    let history = panel.history(&scene).await?;
    let beside = report::Background {
        curves: &curves,
        history: &history,
        roster: &scene.known.live.setup.config.roster,
    };
    let back = match ask.text("janela").and_then(|text| WindowId::parse(text).ok()) {
        Some(window) => page::back(&Ask::links(&scene).window(&window), window.as_str()),
        None => page::back(&Ask::links(&scene).to("/"), "Hoje"),
    };
    Ok(document(&report::page(&chosen(&scene, &ask)?, beside, scene.calendar()), &back))
}

/// Window by window: of the whole country it is too long to be made before the first of it is sent.
async fn report_table(State(panel): State<Arc<Panel>>, ask: Ask) -> Answer {
    let scene = asked(&panel, &ask).await?;
    let ids: Vec<WindowId> = chosen(&scene, &ask)?.iter().map(|summary| summary.window.clone()).collect();
    let rows = ids.into_iter().filter_map(move |id| {
        let summary = scene.summary(&id)?;
        Some(report::csv_rows(&summary, scene.calendar()))
    });
    Ok(long_table("relatorio", std::iter::once(report::csv_heading()).chain(rows)))
}

/// What is known, with the window asked for (`janela`) among it.
async fn asked(panel: &Arc<Panel>, ask: &Ask) -> Result<Arc<Overview>, Failure> {
    match ask.text("janela").and_then(|text| WindowId::parse(text).ok()) {
        Some(window) => ask.scene_with(panel, &window).await,
        None => ask.scene(panel).await,
    }
}

/// The window asked for (`janela`), else those worth reporting on.
fn chosen<'s>(scene: &'s Overview, ask: &Ask) -> Result<Cow<'s, [WindowSummary]>, Failure> {
    let Some(text) = ask.text("janela") else { return Ok(Cow::Borrowed(&scene.windows)) };
    let found = WindowId::parse(text).ok().and_then(|id| scene.summary(&id));
    match found.ok_or_else(|| no_window(text))? {
        Cow::Borrowed(summary) => Ok(Cow::Borrowed(std::slice::from_ref(summary))),
        Cow::Owned(summary) => Ok(Cow::Owned(vec![summary])),
    }
}

async fn feeds(State(panel): State<Arc<Panel>>, ask: Ask) -> Answer {
    let scene = panel.scene(None).await?;
    let feeds = panel.ledger.feeds(&panel.beside.live(), 10).await?;
    let content = page::feeds::content(&feeds, &scene);
    Ok(ask.show(&panel, &scene, "Fontes", &content))
}

async fn calendar(State(panel): State<Arc<Panel>>, ask: Ask) -> Answer {
    let scene = panel.scene(None).await?;
    let days = year(&scene);
    let windows = windows_between(scene.calendar(), days);
    let live = scene.known.live.clone();
    let rulings = panel.ledger.agenda(live, &windows, scene.as_of.at()).await?.rulings;
    let shown = (&windows[..], &rulings);
    let content =
        page::calendar::content(shown, scene.calendar(), days, &panel.calendar_token, &Ask::links(&scene));
    Ok(ask.show(&panel, &scene, "Agenda", &content))
}

/// From the beginning of this month, a year.
fn year(scene: &Overview) -> (Date, Date) {
    let from = scene.calendar().hours.zone.date_of(scene.as_of.at()).first_of_month();
    (from, from.saturating_add(1.year()).saturating_sub(1.day()))
}

async fn calendar_file(State(panel): State<Arc<Panel>>) -> Answer {
    let live = panel.beside.live();
    let now = panel.clock.now();
    let today = live.calendar.hours.zone.date_of(now);
    // What is over stays for a year: a subscription drops what its file no longer has.
    let days = (today.saturating_sub(1.year()), today.saturating_add(1.year()));
    let windows = windows_between(&live.calendar, days);
    let standing = panel.ledger.agenda(live.clone(), &windows, now).await?;
    let (text, _) = agenda::ics(&windows, &live.calendar, &standing, days);
    Ok(typed("text/calendar; charset=utf-8", text))
}

async fn search(State(panel): State<Arc<Panel>>, ask: Ask) -> Answer {
    let scene = ask.scene(&panel).await?;
    let content = page::search::content(&scene, &ask.choice(), &Ask::links(&scene));
    Ok(ask.show(&panel, &scene, "Busca", &content))
}

async fn style() -> Response {
    typed("text/css; charset=utf-8", STYLE.to_owned())
}

/// Whether the service is well, in two words: also for who may know nothing else.
async fn health(State(panel): State<Arc<Panel>>) -> Answer {
    let health = panel.health().await?;
    let (status, word) = if health.ailments.is_empty() {
        (StatusCode::OK, "ok\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "com falha\n")
    };
    Ok((status, typed("text/plain; charset=utf-8", word.to_owned())).into_response())
}

async fn gauges(State(panel): State<Arc<Panel>>) -> Answer {
    let scene = panel.stood().await?.scene.clone();
    let gauges = panel.ledger.gauges(&panel.beside.live(), panel.health().await?, scene.as_of.at()).await?;
    let text = metrics::text(&gauges, &panel.beside.beat(), &scene);
    Ok(typed("text/plain; version=0.0.4; charset=utf-8", text))
}

async fn nothing() -> Failure {
    Failure::NotFound("Não há página neste endereço.".to_owned())
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
