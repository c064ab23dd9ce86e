//! `servir`: the daemon, or one pass of it.

use super::desk::{Answer, Desk, Failure, Result, say};
use crate::config::Mode;
use crate::domain::time::Zone;
use crate::render::portuguese;
use crate::service::known;
use crate::service::lifecycle::{Service, ServiceError};
use crate::service::setup::Setup;

/// Runs the daemon until it is told to stop, or makes one pass.
pub(super) async fn run(desk: Desk, once: bool) -> Result {
    let now = desk.now();
    say(&greeting(&desk.setup, now));
    let setup = desk.setup.clone();
    let service = Service::start(desk.setup, desk.clock).await.map_err(failure)?;
    if !once {
        service.run().await.map_err(failure)?;
        return Ok(Answer::Done);
    }
    let (pass, dispatch) = service.once().await.map_err(failure)?;
    let zone = &setup.config.calendar.hours.zone;
    say(&format!(
        "feito: {} carta(s) registrada(s), {} entregue(s), {} adiada(s), {} recusada(s); {} aviso(s) retido(s)",
        pass.recorded, dispatch.accepted, dispatch.deferred, dispatch.refused, pass.held
    ));
    if dispatch.waiting > 0 {
        let from =
            dispatch.next.map(|at| format!("; a próxima pode sair em {}", portuguese::instant(at, zone)));
        say(&format!("{} entrega(s) esperam na fila{}", dispatch.waiting, from.unwrap_or_default()));
    }
    if let Some(next) = pass.next_wake {
        say(&format!("próxima decisão: {}", portuguese::instant(next, zone)));
    }
    Ok(Answer::Done)
}

fn failure(error: ServiceError) -> Failure {
    match error {
        ServiceError::Store(store) => store.into(),
        ServiceError::SilentEdit(faults) => {
            Failure::refused(format!("o calendário contradiz o que já foi comunicado:\n{faults}"))
        }
        other => Failure::could_not(&other),
    }
}

/// What a newcomer needs to know: what this is doing, where the letters are, and what comes next.
fn greeting(setup: &Setup, now: jiff::Timestamp) -> String {
    let config = &setup.config;
    let data = config.settings.data.display();
    let from = setup
        .directory
        .as_ref()
        .map_or_else(|| "embutida no programa".to_owned(), |dir| format!("de {}", dir.display()));
    let mut lines = vec![format!("vigia-suas {}: configuração {from}", env!("CARGO_PKG_VERSION"))];
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
    lines.push(format!(
        "{} municípios, {} sistemas, {} fonte(s) ativa(s)",
        config.roster.municipalities.len(),
        config.calendar.systems.len(),
        config.feeds.iter().filter(|f| f.enabled).count()
    ));
    lines.extend(windows_now(setup, now));
    lines.push(
        "pare com Ctrl-C; veja também: vigia-suas plano, vigia-suas relatorio, vigia-suas --help".to_owned(),
    );
    lines.join("\n")
}

/// The windows open now, and the next one to open.
fn windows_now(setup: &Setup, now: jiff::Timestamp) -> Vec<String> {
    let calendar = &setup.config.calendar;
    let zone: &Zone = &calendar.hours.zone;
    let windows = known::windows(calendar, now);
    let deadline = |w: &crate::domain::calendar::Window| {
        let last = w.editions.iter().rev().find(|e| e.municipalities.is_empty()).and_then(|e| e.deadline);
        portuguese::deadline_or_undefined(last)
    };
    let mut lines: Vec<String> = windows
        .iter()
        .filter(|w| zone.start_of(w.opens_on) <= now)
        .filter(|w| w.latest_deadline().is_none_or(|d| d.instant(zone) > now))
        .map(|w| format!("janela aberta: {}, prazo {}", w.id, deadline(w)))
        .collect();
    let next = windows.iter().filter(|w| zone.start_of(w.opens_on) > now).min_by_key(|w| w.opens_on);
    lines.extend(next.map(|w| format!("próxima abertura: {} em {}", w.id, portuguese::date(w.opens_on))));
    lines
}
