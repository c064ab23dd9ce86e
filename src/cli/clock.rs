//! `relogio`: what the ledger saw of the clock last, and a person's word on it.

use serde_json::json;

use super::args::{ClockVerb, Signature};
use super::ledger::existing;
use super::session::{Answer, Failure, Result, Session, say};
use crate::domain::journal::ClockAct;
use crate::render::line::rfc3339;
use crate::render::portuguese as pt;
use crate::world::health::clock_trouble;

/// Shows the marks of time, or changes one.
pub(super) async fn run(session: &Session, verb: Option<&ClockVerb>) -> Result {
    match verb {
        None => show(session).await,
        Some(ClockVerb::TakeBack(signature)) => rule(session, ClockAct::TakeBack, signature).await,
        Some(ClockVerb::Believe(signature)) => rule(session, ClockAct::Believe, signature).await,
    }
}

/// Exit 1 when the clock keeps letters from leaving.
async fn show(session: &Session) -> Result {
    let (signs, now) = (existing(session).await?.signs().await?, session.now());
    let calendar = &session.setup.config.calendar;
    let zone = &calendar.hours.zone;
    let trouble = clock_trouble(&signs, now);
    if session.json {
        let at = |at: Option<jiff::Timestamp>| at.map(|at| rfc3339(at, calendar));
        let answer = json!({
            "agora": rfc3339(now, calendar),
            "marca": at(signs.high_water),
            "batimento": at(signs.heartbeat_at),
            "salto_de": at(signs.leap.map(|leap| leap.from)),
            "salto_para": at(signs.leap.map(|leap| leap.to)),
            "problema": trouble.as_ref().map(|trouble| trouble.words(zone)),
        });
        say(&answer.to_string());
    } else {
        let at =
            |at: Option<jiff::Timestamp>| at.map_or_else(|| "nunca".to_owned(), |at| pt::instant(at, zone));
        let standing = trouble.as_ref().map_or_else(|| "em ordem".to_owned(), |trouble| trouble.words(zone));
        say(&format!(
            "relógio desta máquina: {}\nserviço em atividade, pela última vez: {}\núltimo sinal de vida: {}\n{standing}",
            pt::instant(now, zone),
            at(signs.high_water),
            at(signs.heartbeat_at),
        ));
    }
    Ok(if trouble.is_none() { Answer::Done } else { Answer::Negative })
}

async fn rule(session: &Session, act: ClockAct, signature: &Signature) -> Result {
    existing(session).await?.close().await;
    let by = session.by(&signature.author, &signature.reason)?;
    let store = session.writable_ledger().await?;
    let signs = store.signs().await?;
    let refused = match act {
        ClockAct::TakeBack if signs.high_water.is_none_or(|mark| mark <= by.at) => {
            Some("recusado: nada no livro está adiante do relógio desta máquina")
        }
        ClockAct::Believe if signs.leap.is_none() => {
            Some("recusado: o serviço não duvida do relógio; não há o que aceitar")
        }
        ClockAct::TakeBack | ClockAct::Believe => None,
    };
    if let Some(refused) = refused {
        return Err(Failure::refused(refused));
    }
    store.rule_clock(act, &by).await?;
    store.close().await;
    let now = pt::instant(by.at, &session.setup.config.calendar.hours.zone);
    let done = match act {
        ClockAct::TakeBack => format!("a marca do livro voltou a {now}; as cartas saem de novo"),
        ClockAct::Believe => format!("vale o relógio como está ({now}); as decisões recomeçam"),
    };
    if session.json {
        say(&json!({ "acao": act.as_str(), "em": rfc3339(by.at, &session.setup.config.calendar) })
            .to_string());
    } else {
        say(&done);
    }
    Ok(Answer::Done)
}
