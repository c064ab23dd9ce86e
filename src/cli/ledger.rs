//! `livro`: what was recorded, and whether all of it still stands as recorded.

use std::fmt::Write as _;

use jiff::civil::Date;
use serde_json::{Value, json};

use super::session::{Answer, Failure, Result, Session, remark, say};
use crate::desk::entry::{act, entry_words};
use crate::desk::order;
use crate::domain::id::{MunicipalityCode, WindowId};
use crate::render::portuguese;
use crate::store::{JournalEntry, JournalFilter, Store};
use crate::text::visible;

/// The journal's entries, oldest first.
pub(super) async fn list(
    session: &Session,
    window: Option<&WindowId>,
    municipality: Option<&str>,
    since: Option<Date>,
) -> Result {
    let zone = &session.setup.config.calendar.hours.zone;
    let roster = &session.setup.config.roster;
    let text = municipality;
    let municipality = text.map(|text| order::ever_known(roster, text)).transpose()?;
    let filter = JournalFilter {
        window: window.cloned(),
        municipality,
        since: since.map(|day| zone.start_of(day)),
        ..JournalFilter::default()
    };
    let store = existing(session).await?;
    let entries = store.journal(&filter).await?;
    if let (true, Some(text)) = (entries.is_empty(), text) {
        order::municipality(roster, text)?;
    }
    if entries.is_empty() {
        remark("nenhum registro no livro para o que foi pedido");
    }
    let mut out = String::new();
    // What became of a letter is looked for among a municipality's own entries: the whole journal is too much to search.
    let among = if municipality.is_some() { entries.as_slice() } else { &[] };
    for entry in &entries {
        let _ = if session.json {
            writeln!(out, "{}", entry_json(entry))
        } else {
            writeln!(
                out,
                "{:>6}  {}  {}",
                entry.seq,
                portuguese::instant(entry.at, zone),
                entry_words(entry, among)
            )
        };
    }
    if !out.is_empty() {
        say(&out);
    }
    Ok(Answer::Done)
}

/// Walks the chain and hashes every letter again.
pub(super) async fn verify(session: &Session) -> Result {
    let report = existing(session).await?.verify().await?;
    let faults = report.faults();
    if session.json {
        say(&json!({
            "integro": report.is_whole(),
            "registros": report.entries,
            "cartas": report.letters,
            "falhas": faults,
        })
        .to_string());
    } else if report.is_whole() {
        say(&format!(
            "livro íntegro: {} e {} conferidos",
            portuguese::counted(report.entries, "registro", "registros"),
            portuguese::counted(report.letters, "carta", "cartas")
        ));
    } else {
        let mut out = format!(
            "o livro NÃO confere: {}\n",
            portuguese::counted(faults.len(), "divergência", "divergências")
        );
        for fault in &faults {
            let _ = writeln!(out, "  {}", visible::line(fault));
        }
        say(&out);
    }
    Ok(if report.is_whole() { Answer::Done } else { Answer::Negative })
}

pub(super) async fn existing(session: &Session) -> Result<Store> {
    session.ledger().await?.ok_or_else(|| {
        Failure::failed(format!(
            "ainda não há livro em {}\ndica: ele nasce com “vigia-suas servir”",
            session.setup.database().display()
        ))
    })
}

/// An entry as JSON: its facts, and everything that its hash covers, as in `dossie.json`; what its format says by itself
/// stands beside them, and in words why it cannot be read where that is so.
pub(super) fn entry_json(entry: &JournalEntry) -> Value {
    let facts = serde_json::from_str(&entry.body).unwrap_or_else(|_| Value::String(entry.body.clone()));
    let mut object = json!({
        "seq": entry.seq,
        "em": entry.at.to_string(),
        "em_ms": entry.at.as_millisecond(),
        "tipo": entry.kind,
        "assunto": entry.subject,
        "janela": entry.window.as_ref().map(WindowId::as_str),
        "municipio": entry.municipality.map(MunicipalityCode::number),
        "dados": facts,
        "corpo": entry.body,
        "hash_anterior": entry.prev_hash,
        "hash": entry.hash,
    });
    match &entry.told {
        Err(fault) => object["falha"] = format!("o registro {} {fault}", entry.seq).into(),
        Ok(told) => {
            if let Some(act) = act(told) {
                object["acao"] = act.into();
            }
        }
    }
    object
}
