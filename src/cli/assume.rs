//! `assumir`: a person's word that this ledger is the one that counts, and on what left from another.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::args::Signature;
use super::ledger::existing;
use super::session::{Answer, Failure, Result, Session, say};
use crate::config::Mode;
use crate::desk::assume::{Search, SightingError, Sightings, sightings};
use crate::domain::calendar::Calendar;
use crate::domain::id::EmailAddress;
use crate::domain::journal::LeftProof;
use crate::domain::overrides::{Authorship, BatchId};
use crate::mail::relay_log::LoggedFate;
use crate::render::line::rfc3339;
use crate::render::portuguese as pt;
use crate::store::{Assumption, Sighting, Store, StoreError, Unassured, Vouched};

/// Ends the doubt about a ledger that was copied, restored or brought from elsewhere; and counts as delivered what is known
/// to have left from another, then or later.
pub(super) async fn run(
    session: &Session,
    signature: &Signature,
    logs: &[PathBuf],
    said: &[String],
) -> Result {
    let read_only = existing(session).await?;
    let unassured = read_only.unassured().await?;
    read_only.close().await;
    let by = session.by(&signature.author, &signature.reason)?;
    let settings = &session.setup.config.settings;
    let calendar = &session.setup.config.calendar;
    let search = Search {
        domain: session.setup.config.secretariat.sender.domain(),
        unassured: &unassured,
        calendar,
        now: by.at,
    };
    let found = sightings(search, logs, said).map_err(|error| match &error {
        SightingError::Unreadable { .. } => Failure::could_not(&error),
        SightingError::NoLog(_) | SightingError::NoLetter(_) | SightingError::NotYet { .. } => {
            Failure::refused(format!("recusado: {error}"))
        }
    })?;
    let store = session.writable_ledger().await?;
    let assumed = match settings.mode {
        Mode::Production => store.assume(found.left.clone(), &by).await,
        Mode::Rehearsal => Ok(None),
    };
    let assumed = assumed.map_err(|error| match error {
        StoreError::Taken { path, .. } => Failure::refused(format!(
            "recusado: o serviço está em pé com o livro original, {}\ndica: pare-o antes (systemctl stop vigia-suas), ou não \
             assuma este",
            path.display()
        )),
        other => other.into(),
    })?;
    let answer = match assumed {
        Some(assumed) => {
            tell(session, &by, &found, &assumed, !logs.is_empty());
            Ok(answer_of(&assumed.vouched))
        }
        None if logs.is_empty() && said.is_empty() => {
            Err(Failure::refused("recusado: o serviço não duvida deste livro; não há o que assumir"))
        }
        None => later(session, &store, &by, found).await,
    };
    store.close().await;
    answer
}

/// What is known of letters after the ledger was assumed.
async fn later(session: &Session, store: &Store, by: &Authorship, found: Sightings) -> Result {
    let Some(vouched) = store.vouch(found.left.clone(), by).await? else {
        return Err(Failure::refused(
            "recusado: este livro nunca foi assumido, e o que sai dele ele mesmo registra; não há o que marcar",
        ));
    };
    if vouched.changed_nothing() {
        let said: Vec<String> = vouched.unchanged.iter().map(|one| one.letter.0.to_string()).collect();
        let said = if said.is_empty() { said.concat() } else { format!(": {}", said.join(", ")) };
        return Err(Failure::refused(format!(
            "nada mudou: nenhuma carta à espera, nem por decidir, é das que saíram{said}"
        )));
    }
    let calendar = &session.setup.config.calendar;
    if session.json {
        let mut answer = json!({ "acao": "assumir" });
        put(&mut answer, by, &vouched, &found, calendar);
        say(&answer.to_string());
    } else {
        let mut out = String::new();
        vouched_words(&mut out, &vouched, &found, calendar);
        say(&out);
    }
    Ok(answer_of(&vouched))
}

/// Exit 1 where something that a person named changed nothing: it may not be what they meant.
fn answer_of(vouched: &Vouched) -> Answer {
    if vouched.unchanged.is_empty() { Answer::Done } else { Answer::Negative }
}

fn tell(session: &Session, by: &Authorship, found: &Sightings, assumed: &Assumption, searched: bool) {
    let calendar = &session.setup.config.calendar;
    let batch = BatchId::of_outage(assumed.gap.until);
    if session.json {
        let mut answer = json!({
            "acao": "assumir",
            "duvida": assumed.doubt.cause.as_str(),
            "registro": assumed.seq,
            "testemunha": assumed.doubt.witness.as_ref().map(|head| head.seq),
            "lote": batch.as_str(),
            "esperam": assumed.held.iter().map(letter_json).collect::<Vec<_>>(),
        });
        put(&mut answer, by, &assumed.vouched, found, calendar);
        say(&answer.to_string());
        return;
    }
    let at = |at| pt::instant(at, &calendar.hours.zone);
    let mut out = format!(
        "assumido: vale este livro, que termina no registro {}. O serviço retoma em até 30 segundos.\n",
        assumed.seq
    );
    vouched_words(&mut out, &assumed.vouched, found, calendar);
    if !assumed.held.is_empty() {
        let _ = writeln!(
            out,
            "{}, e {}:",
            pt::counted(
                assumed.held.len(),
                "entrega deste livro pode já ter saído",
                "entregas deste livro podem já ter saído"
            ),
            match (searched, assumed.held.len()) {
                (true, 1) => "o registro não a tem como enviada; espera",
                (true, _) => "o registro não as tem como enviadas; esperam",
                (false, 1) => "não se sabe; espera",
                (false, _) => "não se sabe; esperam",
            },
        );
        for one in &assumed.held {
            let _ = writeln!(out, "  {}", letter_words(one));
        }
        let _ = writeln!(
            out,
            "Veja no servidor de saída quais saíram, pelo Message-ID, e marque: vigia-suas assumir --saiu AVISO --motivo … \
             (ou --registro ARQUIVO)."
        );
    }
    let _ = writeln!(
        out,
        "As cartas a município cuja hora de sair já chegou podem já ter saído de outro livro, entre {} e {}, e esperam: confira \
         quais e rode “vigia-suas liberar --lote {batch} --motivo …”.",
        at(assumed.gap.from),
        at(assumed.gap.until)
    );
    say(&out);
}

fn vouched_words(out: &mut String, vouched: &Vouched, found: &Sightings, calendar: &Calendar) {
    if !vouched.delivered.is_empty() {
        let saw = pt::counted(
            vouched.delivered.len(),
            "entrega saiu do outro livro e não sai de novo",
            "entregas saíram do outro livro e não saem de novo",
        );
        let _ = writeln!(out, "{saw}:");
        for one in &vouched.delivered {
            let _ = writeln!(out, "  {}", letter_words(one));
        }
    }
    let (left, doubted): (Vec<_>, Vec<_>) =
        vouched.ahead.iter().partition(|one| one.proof != LeftProof::Nothing);
    for (ahead, one_word, many_words) in [
        (
            left,
            "entrega saiu do outro livro e não está à espera neste; conta como entregue, e não sai de novo",
            "entregas saíram do outro livro e não estão à espera neste; contam como entregues, e não saem de novo",
        ),
        (
            doubted,
            "entrega ficou na fila do servidor de saída e não está à espera neste livro; quando este a decidir, espera",
            "entregas ficaram na fila do servidor de saída e não estão à espera neste livro; quando este as decidir, esperam",
        ),
    ] {
        if !ahead.is_empty() {
            let _ = writeln!(out, "{}:", pt::counted(ahead.len(), one_word, many_words));
        }
        for one in ahead {
            let to = one.address.as_ref().map_or("todos os endereços", EmailAddress::as_str);
            let when = pt::instant(one.at, &calendar.hours.zone);
            let _ = writeln!(out, "  {}  {to}  {when}  {}", one.letter.0, one.message_id);
        }
    }
    if !vouched.unchanged.is_empty() {
        let _ = writeln!(
            out,
            "{} neste livro, que já tem a carta como entregue, devolvida ou em envio, ou já tinha esta palavra (confira \
             com “vigia-suas porque MUNICÍPIO JANELA”):",
            pt::counted(
                vouched.unchanged.len(),
                "aviso indicado não mudou nada",
                "avisos indicados não mudaram nada"
            )
        );
        for one in &vouched.unchanged {
            let _ = writeln!(out, "  {}  {}", one.letter.0, one.message_id);
        }
    }
    let still = "ainda na fila do servidor de saída, e podem sair a qualquer momento (confira com mailq antes de liberar):";
    for (title, fate) in
        [(still, LoggedFate::Waiting), ("voltaram, segundo o registro:", LoggedFate::CameBack)]
    {
        let mut of_fate = found.stayed.iter().filter(|one| one.fate == fate).peekable();
        if of_fate.peek().is_some() {
            let _ = writeln!(out, "{title}");
        }
        for one in of_fate {
            let _ = writeln!(out, "  {}  {}", one.message_id, one.address.as_str());
        }
    }
}

fn fate(fate: LoggedFate) -> &'static str {
    match fate {
        LoggedFate::Waiting => "o servidor de saída ainda tentava",
        LoggedFate::Left => "saiu",
        LoggedFate::CameBack => "voltou",
    }
}

fn letter_words(one: &Unassured) -> String {
    let Unassured { key, role, address, state, message_id, .. } = one;
    format!("{key}  {role}  {}  {}  {message_id}", address.as_str(), pt::delivery(*state))
}

fn letter_json(one: &Unassured) -> Value {
    json!({
        "aviso": one.key.to_string(),
        "versao": one.version,
        "papel": one.role,
        "endereco": one.address.as_str(),
        "estava": one.state.as_str(),
        "message_id": one.message_id,
    })
}

fn put(answer: &mut Value, by: &Authorship, vouched: &Vouched, found: &Sightings, calendar: &Calendar) {
    let ahead = |one: &Sighting| {
        json!({
            "aviso": one.letter.0.to_string(),
            "versao": one.letter.1,
            "endereco": one.address.as_ref().map(EmailAddress::as_str),
            "saiu_em": rfc3339(one.at, calendar),
            "message_id": one.message_id,
        })
    };
    answer["sairam"] = vouched.delivered.iter().map(letter_json).collect();
    let left = vouched.ahead.iter().filter(|one| one.proof != LeftProof::Nothing);
    answer["sairam_antes_de_decididas"] = left.map(ahead).collect();
    answer["sem_efeito"] = vouched.unchanged.iter().map(ahead).collect();
    answer["ficaram"] = found
        .stayed
        .iter()
        .map(|one| json!({ "message_id": one.message_id, "endereco": one.address.as_str(), "destino": fate(one.fate) }))
        .collect();
    answer["autor"] = by.author.clone().into();
    answer["motivo"] = by.reason.clone().into();
    answer["em"] = rfc3339(by.at, calendar).into();
}
