//! `assumir`: a person's word that this ledger is the one that counts.

use serde_json::json;

use super::args::Signature;
use super::ledger::existing;
use super::session::{Answer, Failure, Result, Session, say};
use crate::config::Mode;
use crate::domain::overrides::BatchId;
use crate::render::line::rfc3339;
use crate::render::portuguese as pt;

/// Ends the doubt about a ledger that was copied, restored or brought from elsewhere.
pub(super) async fn run(session: &Session, signature: &Signature) -> Result {
    existing(session).await?.close().await;
    let by = session.by(&signature.author, &signature.reason)?;
    let is_live = session.setup.config.settings.mode == Mode::Production;
    let store = session.writable_ledger().await?;
    let assumed = if is_live { store.assume(&by).await? } else { None };
    store.close().await;
    let Some(assumed) = assumed else {
        return Err(Failure::refused("recusado: o serviço não duvida deste livro; não há o que assumir"));
    };
    let calendar = &session.setup.config.calendar;
    let batch = BatchId::of_outage(assumed.gap.until);
    if session.json {
        let answer = json!({
            "acao": "assumir",
            "duvida": assumed.doubt.cause.as_str(),
            "registro": assumed.seq,
            "testemunha": assumed.doubt.witness.as_ref().map(|head| head.seq),
            "lote": batch.as_str(),
            "autor": by.author,
            "motivo": by.reason,
            "em": rfc3339(by.at, calendar),
        });
        say(&answer.to_string());
        return Ok(Answer::Done);
    }
    let at = |at| pt::instant(at, &calendar.hours.zone);
    say(&format!(
        "assumido: vale este livro, que termina no registro {}. O serviço retoma em até 30 segundos.\nAs cartas a município \
         que venceram até agora podem já ter saído de outro livro, entre {} e {}, e esperam: confira quais e rode \
         “vigia-suas liberar --lote {batch} --motivo …”.",
        assumed.seq,
        at(assumed.gap.from),
        at(assumed.gap.until)
    ));
    Ok(Answer::Done)
}
