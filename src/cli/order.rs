//! `reter`, `liberar`, `dispensar`, `contestar`: what people decide by hand.

use std::fmt::Write as _;

use super::args::{Change, Override as Asked, Scope, Signature};
use super::desk::{Answer, Desk, Failure, Result, say};
use crate::domain::overrides::{Authorship, HoldScope};
use crate::render::portuguese;
use crate::service::order::{self, Subject};
use crate::store::Override;

/// Stops sending.
pub(super) async fn hold(desk: &Desk, scope: &Scope, signature: &Signature) -> Result {
    let scope = resolve(desk, scope).await?;
    let store = desk.writable_ledger().await?;
    order::hold(&store, scope.clone(), by(desk, signature)?).await?;
    say(&format!(
        "retido: {scope}. O que já está em envio termina; o serviço obedece em até 30 segundos.\n\
         para retomar: vigia-suas liberar {} --motivo \"…\"",
        flag(&scope)
    ));
    Ok(Answer::Done)
}

/// Lets sending go on.
pub(super) async fn release(desk: &Desk, scope: &Scope, signature: &Signature) -> Result {
    let scope = resolve(desk, scope).await?;
    let store = desk.writable_ledger().await?;
    let lifted = order::release(&store, scope.clone(), by(desk, signature)?).await?;
    let others = store.overrides().await?.holds;
    if lifted == 0 && !matches!(scope, HoldScope::Batch(_)) {
        return Err(Failure::refused(format!(
            "recusado: não havia retenção de {scope}\ndica: um lote que espera decisão se libera com --lote; \
             veja vigia-suas plano"
        )));
    }
    let mut out = format!("liberado: {scope}. O serviço retoma em até 30 segundos.\n");
    for hold in others {
        let _ = writeln!(out, "ainda retido: {} ({})", hold.scope, hold.authorship.reason);
    }
    say(&out);
    Ok(Answer::Done)
}

/// Não se aplica, or nada a declarar.
pub(super) async fn exempt(desk: &Desk, asked: &Asked) -> Result {
    decide(desk, asked, "dispensa", Subject::exemption).await
}

/// "Já preenchemos".
pub(super) async fn dispute(desk: &Desk, asked: &Asked) -> Result {
    decide(desk, asked, "contestação", Subject::dispute).await
}

async fn decide(desk: &Desk, asked: &Asked, word: &str, make: fn(Subject) -> Override) -> Result {
    let known = desk.known().await?;
    let roster = &desk.setup.config.roster;
    let municipality = order::municipality(roster, &asked.municipality)?;
    let part =
        order::window(&known, &asked.window, asked.part.as_ref().map(crate::domain::id::PartId::as_str))?;
    let until = match asked.change {
        Change::Set { until } => until,
        Change::Lift => None,
    };
    let what = make(Subject { municipality, window: asked.window.clone(), part: part.clone(), until });
    let by = by(desk, &asked.signature)?;
    let store = desk.writable_ledger().await?;
    let name = roster.municipalities.get(&municipality).map_or("", |m| m.name.as_str());
    let part = part.map_or("todas as partes".to_owned(), |p| format!("parte {p}"));
    let subject = format!("{name} ({municipality}), {}, {part}", asked.window);
    if asked.change == Change::Lift {
        let lifted = order::undo(&store, &what, by).await?;
        if lifted == 0 {
            return Err(Failure::refused(format!("recusado: não havia {word} de {subject}")));
        }
        say(&format!("desfeita a {word}: {subject}"));
        return Ok(Answer::Done);
    }
    store.add_override(what, by).await?;
    let until = until.map_or(String::new(), |day| format!(", até {}", portuguese::date(day)));
    say(&format!("registrada a {word}: {subject}{until}"));
    Ok(Answer::Done)
}

fn by(desk: &Desk, signature: &Signature) -> std::result::Result<Authorship, Failure> {
    Ok(order::authorship(&signature.author, &signature.reason, desk.now())?)
}

/// The domain's scope, with the window and the municipality looked up.
async fn resolve(desk: &Desk, scope: &Scope) -> std::result::Result<HoldScope, Failure> {
    Ok(match scope {
        Scope::All => HoldScope::All,
        Scope::Window(id) => {
            order::window(&desk.known().await?, id, None)?;
            HoldScope::Window(id.clone())
        }
        Scope::Municipality(text) => {
            HoldScope::Municipality(order::municipality(&desk.setup.config.roster, text)?)
        }
        Scope::Batch(id) => HoldScope::Batch(id.clone()),
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
