//! `livro`: what was recorded, and whether all of it still stands as recorded.

use std::fmt::Write as _;

use jiff::civil::Date;
use serde_json::{Value, json};

use super::session::{Answer, Failure, Result, Session, remark, say};
use crate::desk::order;
use crate::domain::id::WindowId;
use crate::render::portuguese;
use crate::store::{EntryKind, JournalEntry, JournalFilter, Store};

/// The journal's entries, oldest first.
pub(super) async fn list(
    session: &Session,
    window: Option<&WindowId>,
    municipality: Option<&str>,
    since: Option<Date>,
) -> Result {
    let zone = &session.setup.config.calendar.hours.zone;
    let municipality =
        municipality.map(|text| order::municipality(&session.setup.config.roster, text)).transpose()?;
    let filter = JournalFilter {
        window: window.cloned(),
        municipality,
        since: since.map(|day| zone.start_of(day)),
        ..JournalFilter::default()
    };
    let store = existing(session).await?;
    let entries = store.journal(&filter).await?;
    if entries.is_empty() {
        remark("nenhum registro no livro para o que foi pedido");
    }
    let mut out = String::new();
    for entry in &entries {
        let _ = if session.json {
            writeln!(out, "{}", entry_json(entry))
        } else {
            writeln!(out, "{:>6}  {}  {}", entry.seq, portuguese::instant(entry.at, zone), entry_words(entry))
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
        say(&format!("livro íntegro: {} registros e {} cartas conferem", report.entries, report.letters));
    } else {
        let mut out = format!("o livro NÃO confere: {} divergência(s)\n", faults.len());
        for fault in &faults {
            let _ = writeln!(out, "  {fault}");
        }
        say(&out);
    }
    Ok(if report.is_whole() { Answer::Done } else { Answer::Negative })
}

pub(super) async fn existing(session: &Session) -> std::result::Result<Store, Failure> {
    session.ledger().await?.ok_or_else(|| {
        Failure::failed(format!(
            "ainda não há livro em {}\ndica: ele nasce com “vigia-suas servir”",
            session.setup.database().display()
        ))
    })
}

/// An entry in words.
pub(super) fn entry_words(entry: &JournalEntry) -> String {
    let body = entry_body(entry);
    let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default();
    if entry.kind == EntryKind::Override {
        return order_words(entry, &body);
    }
    let what = [text("acao"), text("estado"), text("veredito"), text("resultado")]
        .into_iter()
        .find(|word| !word.is_empty())
        .unwrap_or_default();
    let why = [text("porque"), text("motivo")].into_iter().find(|word| !word.is_empty()).unwrap_or_default();
    let mut words = vec![entry.kind.as_str(), what, entry.subject.as_str()];
    words.retain(|word| !word.is_empty());
    let mut words = words.join(" ");
    if entry.kind == EntryKind::Delivery && !text("papel").is_empty() {
        let _ = write!(words, " ({})", text("papel"));
    }
    if why.is_empty() { words } else { format!("{words}: {why}") }
}

/// What somebody decided by hand: what about, until when, why, and who.
fn order_words(entry: &JournalEntry, body: &Value) -> String {
    let text = |key: &str| body.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let mut words = vec![entry.kind.as_str().to_owned()];
    words.extend(text("acao").map(str::to_owned));
    words.extend(text("ordem").filter(|order| Some(*order) != text("acao")).map(str::to_owned));
    let about = [
        entry.window.as_ref().map(ToString::to_string),
        entry.municipality.map(|code| code.to_string()),
        text("parte").map(str::to_owned),
        text("lote").map(|batch| format!("lote {batch}")),
        text("coleta").map(|snapshot| format!("{snapshot} (fonte {})", text("fonte").unwrap_or_default())),
    ];
    let about: Vec<String> = about.into_iter().flatten().collect();
    words.push(if about.is_empty() { "tudo".to_owned() } else { about.join(" ") });
    let until = text("ate").and_then(|day| day.parse().ok()).map(portuguese::date);
    words.extend(until.map(|day| format!("até {day}")));
    let reason = text("motivo").unwrap_or("sem motivo");
    format!("{}: {reason} (por {})", words.join(" "), text("autor").unwrap_or("não se sabe quem"))
}

/// An entry's facts.
fn entry_body(entry: &JournalEntry) -> Value {
    serde_json::from_str(&entry.body).unwrap_or_else(|_| Value::String(entry.body.clone()))
}

/// An entry as JSON.
pub(super) fn entry_json(entry: &JournalEntry) -> Value {
    json!({
        "seq": entry.seq,
        "em": entry.at.to_string(),
        "tipo": entry.kind.as_str(),
        "assunto": entry.subject,
        "dados": entry_body(entry),
        "hash": entry.hash,
    })
}
