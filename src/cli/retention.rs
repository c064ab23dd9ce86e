//! `livro reduzir` and `reter-dados`: personal data whose years are over (`guardar_anos`), and what is kept longer.

use std::fmt::Write as _;

use jiff::SignedDuration;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::args::{Keep, Reduce};
use super::ledger::existing;
use super::session::{Answer, Failure, Result, Session, remark, say};
use crate::desk::order;
use crate::domain::id::{MunicipalityCode, WindowId};
use crate::render::line::rfc3339;
use crate::render::portuguese as pt;
use crate::store::{JournalFilter, Override, OverrideLine, Reduction, Retention, Signs, Store};
use crate::text::visible;
use crate::world::health::clock_trouble;
use crate::world::live::Live;
use crate::world::retention::retention;

/// The service must have been seen within this time: what it cannot undo is not done on the word of one clock alone.
const SEEN_WITHIN: SignedDuration = SignedDuration::from_hours(48);

/// Shows what would be erased, or erases it.
pub(super) async fn reduce(session: &Session, asked: &Reduce) -> Result {
    let now = session.now();
    let retention = retention(&Live::new(session.setup.clone()), now);
    let found = existing(session).await?.reducible(&retention).await?;
    let Some(asked) = &asked.confirmed else {
        show(session, &retention, &found, "ensaio");
        if !session.json && !found.is_empty() {
            say(&format!(
                "nada foi apagado. O serviço apaga uma vez por mês; para apagar já:\n  vigia-suas livro reduzir \
                 --confirmar {} --motivo \"…\"",
                found.letters
            ));
        }
        return Ok(Answer::Done);
    };
    let by = session.by(&asked.author, &asked.reason)?;
    let store = session.writable_ledger().await?;
    if let Some(why) = doubt(&store.signs().await?, now) {
        return Err(Failure::refused(why));
    }
    if asked.letters != found.letters {
        return Err(Failure::refused(format!(
            "recusado: seriam apagadas {}, e não {}\ndica: veja “vigia-suas livro reduzir” e repita o número que ele \
             mostra",
            pt::counted(found.letters, "carta", "cartas"),
            asked.letters
        )));
    }
    let erased = store.reduce(&retention, Some(by), now).await?;
    show(session, &retention, &erased, "reduzir");
    match store.scrub().await {
        Ok(true) => {}
        Ok(false) | Err(_) => remark(
            "aviso: o que foi apagado ainda ocupa páginas livres do arquivo do livro, que está em uso; o serviço o regrava \
             fora do horário de envio",
        ),
    }
    store.close().await;
    Ok(Answer::Done)
}

/// Why the clock is not good enough for what cannot be undone.
fn doubt(signs: &Signs, now: jiff::Timestamp) -> Option<String> {
    let seen = signs.heartbeat_at.is_some_and(|at| now.duration_since(at).abs() <= SEEN_WITHIN);
    (!seen || clock_trouble(signs, now).is_some()).then(|| {
        "recusado: o relógio desta máquina não tem quem o confirme, e o que se apaga não volta\ndica: confira “vigia-suas \
         relogio” e “timedatectl”; o serviço precisa ter estado em pé nas últimas 48 horas"
            .to_owned()
    })
}

fn show(session: &Session, retention: &Retention, found: &Reduction, act: &str) {
    let calendar = &session.setup.config.calendar;
    if session.json {
        let answer = json!({
            "acao": act,
            "anos": retention.years,
            "antes_de": rfc3339(retention.before, calendar),
            "cartas": found.letters,
            "entregas": found.deliveries,
            "retornos": found.returns,
            "telefonemas": found.calls,
            "arquivos": found.files,
            "marcas": found.flags,
            "retidas": found.kept,
            "em_curso": found.going_on,
            "ordens": found.orders.iter().map(held).collect::<Vec<Value>>(),
        });
        say(&answer.to_string());
        return;
    }
    let day = pt::date(calendar.hours.zone.date_of(retention.before));
    let mut out = format!("guardar_anos = {}: dados de antes de {day}\n", retention.years);
    let head = if act == "ensaio" { "seriam apagados" } else { "foram apagados" };
    if found.is_empty() {
        out.push_str("nada a apagar\n");
    } else {
        let _ = writeln!(out, "{head}:");
        for (n, one, many) in [
            (
                found.letters,
                "carta (o texto; fica o resumo SHA-256)",
                "cartas (o texto; fica o resumo SHA-256)",
            ),
            (
                found.deliveries,
                "endereço de entrega e o que o servidor respondeu",
                "endereços de entrega e o que o servidor respondeu",
            ),
            (found.returns, "mensagem de volta", "mensagens de volta"),
            (
                found.calls,
                "telefonema anotado (número e resultado)",
                "telefonemas anotados (número e resultado)",
            ),
            (
                found.files,
                "arquivo de configuração que já não vale",
                "arquivos de configuração que já não valem",
            ),
            (found.flags, "marca de endereço, vencida", "marcas de endereço, vencidas"),
        ] {
            if n > 0 {
                let _ = writeln!(out, "  {}", pt::counted(n, one, many));
            }
        }
    }
    if found.going_on > 0 {
        let _ = writeln!(
            out,
            "ficam, porque a janela ainda corre: {}",
            pt::counted(found.going_on, "carta", "cartas")
        );
    }
    for order in &found.orders {
        let _ = writeln!(out, "fica, por ordem: {}", words(order));
    }
    if found.kept > 0 {
        let _ = writeln!(out, "  ao todo, {}", pt::counted(found.kept, "carta", "cartas"));
    }
    say(out.trim_end());
}

fn of(order: &OverrideLine) -> (String, Option<Date>) {
    match &order.what {
        Override::Keep { window, municipality, until } => {
            let municipality = municipality.map_or(String::new(), |code| format!(", município {code}"));
            (format!("janela {window}{municipality}"), *until)
        }
        _ => (String::new(), None),
    }
}

fn words(order: &OverrideLine) -> String {
    let (about, until) = of(order);
    let until = until.map_or(String::new(), |day| format!(", até {}", pt::date(day)));
    let by = &order.authorship;
    format!(
        "{about}{until} ({}; {}; {})",
        order.id.as_str(),
        visible::line(&by.author),
        visible::line(&by.reason)
    )
}

fn held(order: &OverrideLine) -> Value {
    let (about, until) = of(order);
    json!({
        "codigo": order.id.as_str(),
        "sobre": about,
        "ate": until.map(|day| day.to_string()),
        "autor": order.authorship.author,
        "motivo": order.authorship.reason,
    })
}

/// A municipality of the roster, or one that left it and of which the ledger tells in a window.
async fn told_of(
    session: &Session,
    store: &Store,
    window: &WindowId,
    text: &str,
) -> Result<MunicipalityCode> {
    let roster = &session.setup.config.roster;
    let code = order::ever_known(roster, text)?;
    if !roster.municipalities.contains_key(&code) {
        let filter = JournalFilter {
            window: Some(window.clone()),
            municipality: Some(code),
            ..JournalFilter::default()
        };
        if store.journal(&filter).await?.is_empty() {
            return Ok(order::municipality(roster, text)?);
        }
    }
    Ok(code)
}

/// Keeps the personal data of a window although its years are over.
pub(super) async fn keep(session: &Session, asked: &Keep) -> Result {
    order::window(&session.setup.config.calendar, &asked.window, None)?;
    order::last_day(asked.until, session.today())?;
    let by = session.by(&asked.signature.author, &asked.signature.reason)?;
    let store = session.writable_ledger().await?;
    let municipality = match &asked.municipality {
        Some(text) => Some(told_of(session, &store, &asked.window, text).await?),
        None => None,
    };
    let what = Override::Keep { window: asked.window.clone(), municipality, until: asked.until };
    let id = store.add_override(what, by.clone()).await?;
    store.close().await;
    let calendar = &session.setup.config.calendar;
    if session.json {
        let answer = json!({
            "acao": "reter-dados",
            "codigo": id.as_str(),
            "janela": asked.window.as_str(),
            "municipio": municipality.map(|code| code.to_string()),
            "ate": asked.until.map(|day| day.to_string()),
            "autor": by.author,
            "motivo": by.reason,
            "em": rfc3339(by.at, calendar),
        });
        say(&answer.to_string());
    } else {
        let of = municipality.map_or(String::new(), |code| format!(", município {code}"));
        let until = match asked.until {
            Some(day) => format!("até {}", pt::date(day)),
            None => "até que a ordem seja desfeita".to_owned(),
        };
        say(&format!(
            "retidos os dados: janela {}{of}, {until}. O que já foi apagado não volta.\n\
             para desfazer: vigia-suas decisoes --desfazer {} --motivo \"…\"",
            asked.window,
            id.as_str()
        ));
    }
    Ok(Answer::Done)
}
