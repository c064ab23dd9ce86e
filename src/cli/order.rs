//! `reter`, `liberar`, `dispensar`, `contestar`, `anotar`: what people decide by hand.

use std::fmt::Write as _;

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::args::{Note as Call, Override as Asked, Scope, Signature, Subject as Of};
use super::session::{Answer, Failure, Result, Session, say};
use crate::config::Config;
use crate::desk::order::{self, Matter, OverrideSubject};
use crate::domain::id::{MunicipalityCode, PartId};
use crate::domain::overrides::{Authorship, HoldScope, Overrides};
use crate::plan::account;
use crate::render::line::rfc3339;
use crate::render::portuguese;
use crate::store::Override;
use crate::text::visible;
use crate::world::known::Depth;
use crate::world::last_good;
use crate::world::overview::AsOf;

/// Stops sending.
pub(super) async fn hold(
    session: &Session,
    scope: &Scope,
    until: Option<Date>,
    signature: &Signature,
) -> Result {
    let scope = resolve(session, scope, false)?;
    if matches!(&scope, HoldScope::Batch(id) if order::is_queue(id)) {
        return Err(Failure::refused("recusado: a fila inteira se retém com --tudo"));
    }
    order::last_day(until, session.today())?;
    let store = session.writable_ledger().await?;
    let by = session.by(&signature.author, &signature.reason)?;
    order::hold(&store, scope.clone(), until, by.clone()).await?;
    let in_force = order::in_force(&store.overrides().await?, None, session.today());
    answer(
        session,
        &by,
        &json!({
            "acao": "reter",
            "alcance": scope.to_string(),
            "ate": until.map(|day| day.to_string()),
            "em_vigor": in_force,
        }),
        || {
            let until = until.map_or(String::new(), |day| format!(", até {}", portuguese::date(day)));
            format!(
                "retido: {scope}{until}. O que já está em envio termina; o serviço obedece em até 30 segundos.\n\
                 {}para retomar: vigia-suas liberar {} --motivo \"…\"",
                listed(&in_force, "nenhuma ordem"),
                flag(&scope)
            )
        },
    );
    Ok(Answer::Done)
}

/// Lets sending go on.
pub(super) async fn release(session: &Session, scope: &Scope, signature: &Signature) -> Result {
    let scope = resolve(session, scope, true)?;
    let store = session.writable_ledger().await?;
    let by = session.by(&signature.author, &signature.reason)?;
    let before = store.overrides().await?;
    let ruling = before.ruling_holds().find(|hold| hold.scope == scope);
    let over = ruling.and_then(|hold| hold.until).filter(|day| *day < session.today());
    if (ruling.is_none() || over.is_some()) && !awaited(session, &scope).await? {
        return Err(nothing_held(&scope, over, &stopped(session, &before).await?));
    }
    let until = match &scope {
        HoldScope::Batch(id) => {
            // By the date that the service goes by: what was saved since is not read yet.
            let in_force = last_good::of(&store, session.setup.directory.as_deref(), session.now()).await?;
            let config = in_force.as_ref().map_or(&session.setup.config, |kept| &kept.setup.config);
            order::last_day_told(config, id)
        }
        HoldScope::All | HoldScope::Window(_) | HoldScope::Municipality(_) => None,
    };
    order::release(&store, scope.clone(), until, by.clone()).await?;
    let in_force = stopped(session, &store.overrides().await?).await?;
    let facts = json!({ "acao": "liberar", "alcance": scope.to_string(), "em_vigor": in_force });
    answer(session, &by, &facts, || {
        // Who reads that it goes on does not look for what still holds it.
        let then = if in_force.is_empty() {
            "O serviço retoma em até 30 segundos."
        } else {
            "Em até 30 segundos segue o que nada mais retém; o que está abaixo continua."
        };
        format!("liberado: {scope}. {then}\n{}", listed(&in_force, "nenhuma retenção"))
    });
    Ok(Answer::Done)
}

/// What stops letters: the orders in force, and the batches that wait for a person, a line each.
async fn stopped(session: &Session, overrides: &Overrides) -> Result<Vec<String>> {
    let mut lines = order::in_force(overrides, None, session.today());
    // As the daemon decides: a rehearsal does not wait for sending hours.
    let known = session.known_to(session.setup.live_calendar(), Depth::open()).await?;
    lines.extend(order::waiting(&known, session.now()));
    Ok(lines)
}

/// What is in force after an order, a line each; `none` says of what there is none.
fn listed(in_force: &[String], none: &str) -> String {
    if in_force.is_empty() {
        return format!("em vigor: {none}\n");
    }
    in_force.iter().fold(String::new(), |mut out, line| {
        let _ = writeln!(out, "em vigor: {line}");
        out
    })
}

/// Whether a batch waits to be released; nothing else ever does.
async fn awaited(session: &Session, scope: &HoldScope) -> Result<bool> {
    let HoldScope::Batch(id) = scope else { return Ok(false) };
    if order::is_queue(id) {
        let signs = match session.ledger().await? {
            Some(store) => Some(store.signs().await?),
            None => None,
        };
        return Ok(signs.and_then(|signs| signs.stop).is_some_and(|stop| stop.holds(session.now())));
    }
    // As the daemon decides: a rehearsal does not wait for sending hours.
    let calendar = session.setup.live_calendar();
    order::in_time(&session.setup.config, &calendar.hours, id, session.now())?;
    let known = session.known_to(calendar, Depth::open()).await?;
    if order::awaits(&known, id, session.now()) {
        return Ok(true);
    }
    match session.ledger().await? {
        Some(store) => Ok(order::holds_uncertain(&store, id, session.now()).await?),
        None => Ok(false),
    }
}

/// `over`: the last day of a hold that ended by itself.
fn nothing_held(scope: &HoldScope, over: Option<Date>, in_force: &[String]) -> Failure {
    let over = over.map_or(String::new(), |day| {
        format!(": o que foi retido ali já tinha acabado, em {}", portuguese::date(day))
    });
    let now = if in_force.is_empty() {
        "nada está retido à mão, e nenhum lote espera liberação; veja “vigia-suas plano”".to_owned()
    } else {
        let listed = in_force.join("; ");
        format!(
            "{listed}; um lote que espera liberação se libera com --lote, também enquanto outra ordem o retém"
        )
    };
    Failure::refused(format!("recusado: não há o que liberar em “{scope}”{over}\ndica: {now}"))
}

/// Says what was done: in words, or as one JSON object with who and why.
fn answer(session: &Session, by: &Authorship, facts: &Value, words: impl FnOnce() -> String) {
    if !session.json {
        say(&words());
        return;
    }
    let mut object = facts.clone();
    object["autor"] = by.author.clone().into();
    object["motivo"] = by.reason.clone().into();
    object["em"] = rfc3339(by.at, &session.setup.config.calendar).into();
    say(&object.to_string());
}

/// What a dispensa or a pause comes to in a window whose record is made.
const TOO_LATE: &str =
    "o prazo já passou: isto não muda a remessa nem a situação; só vale se a janela for prorrogada\n";

/// Não se aplica, or nada a declarar.
pub(super) async fn exempt(session: &Session, asked: &Asked) -> Result {
    decide(session, asked, "dispensa", OverrideSubject::exemption).await
}

/// "Já preenchemos".
pub(super) async fn dispute(session: &Session, asked: &Asked) -> Result {
    decide(session, asked, "contestação", OverrideSubject::dispute).await
}

async fn decide(
    session: &Session,
    asked: &Asked,
    word: &str,
    make: fn(OverrideSubject) -> Override,
) -> Result {
    let Config { calendar, roster, .. } = &session.setup.config;
    let Asked { of: Of { municipality, window }, lift, until, .. } = asked;
    let municipality = about(session, municipality, *lift)?;
    let part = order::window(calendar, window, asked.part.as_ref().map(PartId::as_str))?;
    let until = *until;
    order::last_day(until, session.today())?;
    let what = make(OverrideSubject { municipality, window: window.clone(), part: part.clone(), until });
    let by = session.by(&asked.signature.author, &asked.signature.reason)?;
    let store = session.writable_ledger().await?;
    let name = roster.municipalities.get(&municipality).map(|m| visible::line(&m.name)).unwrap_or_default();
    let parts = part.as_ref().map_or("todas as partes".to_owned(), |p| format!("parte {p}"));
    let subject = format!("{name} ({municipality}), {window}, {parts}");
    let undone = *lift;
    let exempts = matches!(what, Override::Exemption { .. });
    if undone && order::undo(&store, &what, by.clone()).await? == 0 {
        return Err(Failure::refused(format!(
            "recusado: não havia {word} de {subject}\ndica: desfaz-se como foi registrada, com a mesma --parte; \
             veja “vigia-suas porque {municipality} {window}”"
        )));
    }
    if !undone {
        store.add_override(what, by.clone()).await?;
    }
    let known = session.filled_in(&store, [window.clone()].into(), AsOf::Now(session.now())).await?;
    let about = Matter { municipality, window, known: known.status.window(window).of(municipality) };
    let in_force = order::in_force(&known.overrides, Some(about), session.today());
    let ended = order::ended(&known.overrides, about, session.today(), &calendar.hours.zone);
    let too_late = exempts && account::is_closed(&known.world(), window, municipality, session.now());
    let facts = json!({
        "acao": if undone { "desfazer" } else { "registrar" },
        "ordem": word,
        "municipio": municipality.to_string(),
        "janela": window.as_str(),
        "parte": part.as_ref().map(PartId::as_str),
        "ate": until.map(|day| day.to_string()),
        "em_vigor": in_force,
        "encerradas": ended,
        "prazo_passou": too_late,
    });
    answer(session, &by, &facts, || {
        let until = until.map_or(String::new(), |day| format!(", até {}", portuguese::date(day)));
        let done = if undone { "desfeita" } else { "registrada" };
        let ended = ended.iter().fold(String::new(), |out, line| out + line + "\n");
        let too_late = if too_late { TOO_LATE } else { "" };
        format!("{done} a {word}: {subject}{until}\n{too_late}{}{ended}", listed(&in_force, "nenhuma ordem"))
    });
    Ok(Answer::Done)
}

/// A telephone call made, and whether the ladder waits for what was promised in it.
pub(super) async fn note(session: &Session, call: &Call) -> Result {
    let Config { calendar, roster, .. } = &session.setup.config;
    let Of { municipality, window } = &call.of;
    let municipality = about(session, municipality, call.lift)?;
    order::window(calendar, window, None)?;
    let after = |days: u16| session.today().saturating_add(i64::from(days).days());
    let until = call.pause.map(after).or(call.until);
    order::last_day(until, session.today())?;
    let by = session
        .by(&call.author, call.outcome.as_ref().or(call.reason.as_ref()).map_or("", String::as_str))?;
    let telephone = call.telephone.clone();
    let what = Override::Note { municipality, window: window.clone(), telephone, until };
    let store = session.writable_ledger().await?;
    let name = roster.municipalities.get(&municipality).map(|m| visible::line(&m.name)).unwrap_or_default();
    let subject = format!("{name} ({municipality}), {window}");
    let undone = call.lift;
    if undone && order::undo(&store, &what, by.clone()).await? == 0 {
        return Err(Failure::refused(format!(
            "recusado: não havia telefonema anotado de {subject}\ndica: veja “vigia-suas decisoes”"
        )));
    }
    if !undone {
        store.add_override(what, by.clone()).await?;
    }
    let overrides = store.overrides().await?;
    let ruling = overrides.ruling_pause(municipality, window).and_then(|note| note.until);
    let paused = ruling.filter(|day| *day >= session.today());
    let too_late = paused.is_some() && {
        let known = session.filled_in(&store, [window.clone()].into(), AsOf::Now(session.now())).await?;
        account::is_closed(&known.world(), window, municipality, session.now())
    };
    let facts = json!({
        "acao": if undone { "desfazer" } else { "registrar" },
        "ordem": "anotação",
        "municipio": municipality.to_string(),
        "janela": window.as_str(),
        "telefone": call.telephone,
        "ate": until.map(|day| day.to_string()),
        "em_pausa_ate": paused.map(|day| day.to_string()),
        "prazo_passou": too_late,
    });
    let goes_on = |done: &str, day| {
        let day = portuguese::date(day);
        format!(
            "{done}: {subject}. As cobranças desta janela seguem em pausa até {day}, por anotação anterior."
        )
    };
    answer(session, &by, &facts, || match (undone, until, paused) {
        (true, _, Some(day)) if !too_late => goes_on("desfeita a última anotação", day),
        (true, ..) => format!("desfeita a última anotação: {subject}"),
        (false, None, Some(day)) if !too_late => goes_on("anotado o telefonema", day),
        (false, None, _) => format!("anotado o telefonema: {subject}. As cobranças continuam."),
        (false, Some(_), _) if too_late => format!("anotado o telefonema: {subject}.\n{TOO_LATE}"),
        (false, Some(day), _) => format!(
            "anotado o telefonema: {subject}. As cobranças desta janela ficam em pausa até {} e depois seguem com o \
             aviso que ainda valer.",
            portuguese::date(day)
        ),
    });
    Ok(Answer::Done)
}

/// The municipality that an order is about. One that left the roster since may still have its order lifted.
fn about(session: &Session, text: &str, lift: bool) -> Result<MunicipalityCode> {
    let roster = &session.setup.config.roster;
    Ok(if lift { order::ever_known(roster, text) } else { order::municipality(roster, text) }?)
}

/// The domain's scope, with the window and the municipality looked up.
fn resolve(session: &Session, scope: &Scope, lift: bool) -> Result<HoldScope> {
    let Scope { all, window, municipality, batch } = scope;
    Ok(match (window, municipality, batch) {
        (Some(id), ..) => {
            order::window(&session.setup.config.calendar, id, None)?;
            HoldScope::Window(id.clone())
        }
        (None, Some(text), _) => HoldScope::Municipality(about(session, text, lift)?),
        (None, None, Some(id)) => {
            order::batch(&session.setup.config, id)?;
            HoldScope::Batch(id.clone())
        }
        (None, None, None) if *all => HoldScope::All,
        (None, None, None) => return Err(Failure::refused("erro: informe o que reter ou liberar")),
    })
}

fn flag(scope: &HoldScope) -> String {
    match scope {
        HoldScope::All => "--tudo".to_owned(),
        HoldScope::Window(id) => format!("--janela {id}"),
        HoldScope::Municipality(code) => format!("--municipio {code}"),
        HoldScope::Batch(id) => format!("--lote {id}"),
    }
}
