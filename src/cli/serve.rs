//! `servir`: the daemon, or one pass of it.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use serde_json::json;

use super::panel;
use super::session::{Answer, Failure, Result, Session, remark, say};
use crate::config::Mode;
use crate::daemon::app::App;
use crate::daemon::lifecycle::{Service, ServiceError};
use crate::daemon::obey::Signals;
use crate::daemon::reconcile::Pass;
use crate::daemon::reserve::Reserve;
use crate::daemon::round::RoundSummary;
use crate::domain::calendar::Window;
use crate::domain::id::WindowId;
use crate::domain::time::Zone;
use crate::render::line::rfc3339;
use crate::render::portuguese;
use crate::store::StoreError;
use crate::telemetry::chain;
use crate::world::ailment::Ailment;
use crate::world::aside;
use crate::world::health::{self, Facts};
use crate::world::known;
use crate::world::overview::{AsOf, Overview};

/// Runs the daemon until it is told to stop, or makes one pass. `signals` are heard since before the configuration was
/// read.
pub(super) async fn run(session: Session, once: bool, signals: Signals) -> Result {
    let now = session.now();
    let json = session.json;
    // What it runs on, which need not be what the files say.
    let greet = async |app: &App| match greeting(app, now).await {
        Ok(words) if json => remark(&words),
        Ok(words) => say(&words),
        // The service begins all the same: what keeps it from working it says itself.
        Err(failure) => remark(&format!("o que está aberto não pôde ser lido: {}", chain(&failure))),
    };
    let setup = session.setup.clone();
    if !once {
        let mut signals = signals;
        let panel_stands = AtomicBool::new(false);
        let beside = |app: &Arc<App>| {
            if !panel_stands.swap(true, Ordering::Relaxed) {
                panel::stand_beside(app);
            }
        };
        let reserve = Reserve { signals: &mut signals, beside: &beside };
        let started = Service::start_daemon(session.setup, session.refused, session.clock, Some(reserve));
        let service = match Box::pin(started).await {
            Err(ServiceError::Stopped) => return Ok(Answer::Done),
            other => other.map_err(failure)?,
        };
        greet(&service.app).await;
        remark("pare com Ctrl-C");
        beside(&service.app);
        service.run(signals).await.map_err(failure)?;
        return Ok(Answer::Done);
    }
    let service = Service::start(session.setup, session.clock).await.map_err(failure)?;
    greet(&service.app).await;
    let (pass, dispatch) = service.once().await.map_err(failure)?;
    let calendar = &setup.config.calendar;
    let zone = &calendar.hours.zone;
    let app = &service.app;
    let facts = Facts::read(&app.store, &app.live(), false, app.now()).await?;
    let stopped = health::standstills(&facts);
    if json {
        let answer = json!({
            "cartas": pass.recorded,
            "aceitas": dispatch.accepted,
            "adiadas": dispatch.deferred,
            "recusadas": dispatch.refused,
            "incertas": dispatch.uncertain,
            "na_fila": dispatch.waiting,
            "retidos": pass.held,
            "proxima_decisao": pass.next_wake.map(|at| rfc3339(at, calendar)),
            "parado": stopped.iter().map(|why| why.words(zone)).collect::<Vec<_>>(),
        });
        say(&answer.to_string());
    } else {
        say(&done(&pass, &dispatch, setup.config.settings.mode, zone));
    }
    for why in &stopped {
        remark(&format!("erro: {}", why.words(zone)));
    }
    if dispatch.accepted == 0 && dispatch.deferred > 0 {
        let hint = match setup.config.settings.mode {
            Mode::Rehearsal => "confira se a pasta `dados` de vigia.toml aceita arquivos novos",
            Mode::Production => "confira o servidor em [smtp] de vigia.toml",
        };
        return Err(Failure::failed(format!(
            "nenhuma carta pôde sair; estão guardadas no livro e serão tentadas de novo\ndica: {hint}",
        )));
    }
    // The stop of the queue ends by itself; a doubted clock or ledger is left to a person.
    let needs_person = stopped.iter().any(|why| !matches!(why, Ailment::QueueStopped(_)));
    Ok(if needs_person { Answer::Negative } else { Answer::Done })
}

/// What one pass came to. A letter goes to one address or to several, each with its own outcome.
fn done(pass: &Pass, dispatch: &RoundSummary, mode: Mode, zone: &Zone) -> String {
    let accepted = match mode {
        Mode::Production => portuguese::counted(dispatch.accepted, "entrega aceita", "entregas aceitas"),
        Mode::Rehearsal => {
            let files = ("entrega gravada em arquivo", "entregas gravadas em arquivo");
            format!("ENSAIO, nenhuma saiu: {}", portuguese::counted(dispatch.accepted, files.0, files.1))
        }
    };
    let mut out = format!(
        "feito: {}; {accepted}",
        portuguese::counted(pass.recorded, "carta registrada", "cartas registradas"),
    );
    let further = [
        (dispatch.deferred, "entrega adiada", "entregas adiadas"),
        (dispatch.refused, "entrega recusada", "entregas recusadas"),
        (dispatch.uncertain, "entrega incerta", "entregas incertas"),
        (pass.held, "aviso retido", "avisos retidos"),
        (pass.unwritten, "carta que não pôde ser escrita", "cartas que não puderam ser escritas"),
    ];
    for (count, one, many) in further.into_iter().filter(|(count, ..)| *count > 0) {
        let _ = write!(out, "; {}", portuguese::counted(count, one, many));
    }
    if dispatch.waiting > 0 {
        let waiting = portuguese::counted(dispatch.waiting, "entrega espera", "entregas esperam");
        let _ = write!(out, "\n{waiting} na fila");
        if let Some(at) = dispatch.next {
            let _ = write!(out, "; a próxima pode sair em {}", portuguese::instant(at, zone));
        }
    }
    if let Some(next) = pass.next_wake {
        let _ = write!(out, "\npróxima decisão: {}", portuguese::instant(next, zone));
    }
    out
}

pub(super) fn failure(error: ServiceError) -> Failure {
    match error {
        ServiceError::Store(store) => store.into(),
        ServiceError::SilentEdit(faults) => {
            Failure::refused(format!("o calendário contradiz o que já foi comunicado:\n{faults}"))
        }
        ServiceError::Held(words) => Failure::refused(format!("recusado: {words}")),
        other => Failure::could_not(&other),
    }
}

/// What a newcomer needs to know: what this is doing, where the letters are, and what comes next.
async fn greeting(app: &App, now: Timestamp) -> std::result::Result<String, StoreError> {
    let live = app.live();
    let (setup, zone) = (&live.setup, &live.calendar.hours.zone);
    let config = &setup.config;
    let data = config.settings.data.display();
    let from = setup
        .directory
        .as_ref()
        .map_or_else(|| "embutida no programa".to_owned(), |dir| format!("de {}", dir.display()));
    let mut lines = vec![format!("vigia-suas {}: configuração {from}", env!("CARGO_PKG_VERSION"))];
    if let Some(aside) = app.store.configuration_refused().await? {
        lines.push(format!("atenção: {}", aside::words(&aside, zone)));
    }
    lines.push(match config.settings.mode {
        Mode::Rehearsal => format!(
            "modo ensaio: ninguém recebe nada; cada carta vira um arquivo em {data}/cartas, e não se espera o \
             horário de envio"
        ),
        Mode::Production => {
            let relay = config.settings.relay.as_ref().map(|r| format!("{}:{}", r.host, r.port));
            format!("modo produção: as cartas saem por {}", relay.unwrap_or_default())
        }
    });
    lines.push(format!("livro: {}; relatórios: {data}/relatorios", setup.database().display()));
    if let Some(panel) = &config.settings.panel {
        let scheme = if panel.tls.is_some() { "https" } else { "http" };
        lines.push(format!("painel: {scheme}://{}/", panel.listen));
    }
    lines.push(format!(
        "{}, {}, {}",
        portuguese::counted(config.roster.municipalities.len(), "município", "municípios"),
        portuguese::counted(config.calendar.systems.len(), "sistema", "sistemas"),
        feeds(config.feeds.iter().filter(|f| f.enabled).count())
    ));
    lines.extend(windows_now(app, now).await?);
    lines.push("veja também: vigia-suas plano, vigia-suas relatorio, vigia-suas --ajuda".to_owned());
    Ok(lines.join("\n"))
}

fn feeds(count: usize) -> String {
    match count {
        0 => "nenhuma fonte de situação ativa (ninguém será cobrado: tudo é “não confirmado”)".to_owned(),
        count => portuguese::counted(count, "fonte de situação ativa", "fontes de situação ativas"),
    }
}

/// The windows open now with the deadline in force, and the next one to open.
async fn windows_now(app: &App, now: Timestamp) -> std::result::Result<Vec<String>, StoreError> {
    let live = app.live();
    let zone = &live.calendar.hours.zone;
    let windows = known::windows(&live.calendar, now);
    let is_open = |w: &&Window| {
        zone.start_of(w.opens_on) <= now && w.latest_deadline().is_none_or(|d| d.instant(zone) > now)
    };
    let open: Vec<&Window> = windows.iter().filter(is_open).collect();
    // Where there is more than one date, the ledger knows which one rules.
    let moved = open.iter().filter(|w| w.editions.len() > 1 || w.halt.is_some());
    let moved: Vec<WindowId> = moved.map(|w| w.id.clone()).collect();
    let standing = match moved.as_slice() {
        [] => Vec::new(),
        moved => {
            let seen = Overview::load(live.clone(), Some(&app.store), Some(moved), AsOf::Now(now));
            Box::pin(seen).await?.windows
        }
    };
    let told = |w: &&Window| {
        let Some(stands) = standing.iter().find(|stands| stands.window == w.id) else {
            let only = w.edition(1).and_then(|edition| edition.deadline);
            return format!("janela aberta: {}, prazo {}", w.id, portuguese::deadline_or_undefined(only));
        };
        let halted = if stands.halted { " (interrompida)" } else { "" };
        let deadline = portuguese::deadline_or_undefined(stands.deadline);
        let last = w.editions.iter().rev().find(|edition| edition.municipalities.is_empty());
        let other = last.filter(|last| last.number > stands.edition).map_or(String::new(), |last| {
            let deadline = portuguese::deadline_or_undefined(last.deadline);
            format!("; a edição {}, prazo {deadline}, não está em vigor: veja vigia-suas plano", last.number)
        });
        format!("janela aberta: {}{halted}, prazo {deadline}{other}", w.id)
    };
    let mut lines: Vec<String> = open.iter().map(told).collect();
    let next = windows.iter().filter(|w| zone.start_of(w.opens_on) > now).min_by_key(|w| w.opens_on);
    lines.extend(next.map(|w| format!("próxima abertura: {} em {}", w.id, portuguese::date(w.opens_on))));
    Ok(lines)
}
