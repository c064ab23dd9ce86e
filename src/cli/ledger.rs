//! `livro`: what was recorded, and whether all of it still stands as recorded.

use std::fmt::Write as _;

use jiff::civil::Date;
use serde_json::{Value, json};

use super::session::{Answer, Failure, Result, Session, remark, say};
use crate::desk::order;
use crate::domain::id::WindowId;
use crate::domain::journal::{
    Entry, OrderAct, Ordered, ProposalsRefused, ProposalsTaken, QueueResumed, RegisterDoubted, Seen,
    Unflagged,
};
use crate::render::portuguese;
use crate::store::{JournalEntry, JournalFilter, Store};

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
    let (kind, subject) = (entry.kind.as_str(), entry.subject.as_str());
    let told = match &entry.told {
        Ok(told) => told,
        Err(fault) => return format!("{kind} {subject}: o registro {} {fault}", entry.seq),
    };
    let done = |word: &str| format!("{kind} {word} {subject}");
    let to = |words: String, role: &str| if role.is_empty() { words } else { format!("{words} ({role})") };
    let because = |why: &str| {
        let words = done(act(told).unwrap_or_default());
        if why.is_empty() { words } else { format!("{words}: {why}") }
    };
    match told {
        Entry::Opening(_) | Entry::Reading(_) | Entry::Outage(_) | Entry::EditionClosed(_) => {
            format!("{kind} {subject}")
        }
        Entry::Decision(told) => because(&told.because),
        Entry::Attempt(told) => to(done(told.state.as_str()), &told.role),
        Entry::Returned(told) => to(done(told.state.as_str()), &told.role),
        Entry::Released(told) => to(format!("{kind} {subject}"), &told.role),
        Entry::Snapshot(told) => done(told.verdict.as_str()),
        Entry::Ordered(told) => order_words(entry, told),
        Entry::Ruled(told) => {
            let what = format!("{kind} {} coleta", told.verdict.command());
            let about = format!("{} (fonte {})", told.snapshot.as_str(), told.feed.as_str());
            signed(&format!("{what} {about}"), &told.reason, &told.author)
        }
        Entry::RegisterLoaded(told) => because(told.reason.as_deref().unwrap_or_default()),
        Entry::RegisterDoubted(RegisterDoubted { reason, .. })
        | Entry::ProposalsTaken(ProposalsTaken { reason, .. })
        | Entry::ProposalsRefused(ProposalsRefused { reason, .. })
        | Entry::Seen(Seen { reason, .. }) => because(reason),
        Entry::Unflagged(Unflagged { reason: Some(reason), author: Some(author), .. }) => {
            signed(&format!("{kind} confirmar"), reason, author)
        }
        Entry::ClockRuled(told) => {
            signed(&format!("{kind} {}", told.act.as_str()), &told.reason, &told.author)
        }
        Entry::QueueResumed(QueueResumed { reason: Some(reason), author: Some(author) }) => {
            signed(&format!("{kind} retomada"), reason, author)
        }
        Entry::QueueStopped(_) | Entry::QueueResumed(_) => because(""),
        Entry::Assumed(told) => signed(&format!("{kind} assumir"), &told.reason, &told.author),
        Entry::TestSent(told) => signed(&format!("{kind} {}", done(told.outcome.as_str())), "", &told.author),
        Entry::Flagged(_)
        | Entry::Unflagged(_)
        | Entry::Adopted(_)
        | Entry::Rejected(_)
        | Entry::Found(_) => because(""),
    }
}

/// What was done, in one word, where an entry tells of somebody or something that acted.
fn act(told: &Entry) -> Option<&'static str> {
    Some(match told {
        Entry::Decision(told) => told.act.as_str(),
        Entry::Ordered(told) => match told.act {
            OrderAct::Give => told.order.as_str(),
            OrderAct::Lift => told.act.as_str(),
        },
        Entry::Ruled(told) => told.verdict.command(),
        Entry::Flagged(_) => "marcar",
        Entry::Unflagged(told) => told.act.as_str(),
        Entry::Adopted(_) => "adotar",
        Entry::Rejected(_) => "recusar",
        Entry::RegisterLoaded(_) => "carga aceita",
        Entry::RegisterDoubted(_) => "carga recusada",
        Entry::ProposalsTaken(_) => "aplicado",
        Entry::ProposalsRefused(_) => "recusado",
        Entry::Found(_) => "achada",
        Entry::Seen(_) => "vista",
        Entry::ClockRuled(told) => told.act.as_str(),
        Entry::QueueStopped(_) => "parada",
        Entry::QueueResumed(_) => "retomada",
        Entry::Assumed(_) => "assumir",
        Entry::TestSent(told) => told.outcome.as_str(),
        Entry::Opening(_)
        | Entry::Attempt(_)
        | Entry::Returned(_)
        | Entry::Released(_)
        | Entry::Snapshot(_)
        | Entry::Reading(_)
        | Entry::EditionClosed(_)
        | Entry::Outage(_) => return None,
    })
}

/// What somebody decided by hand: what about, until when, why, and who.
fn order_words(entry: &JournalEntry, told: &Ordered) -> String {
    let lifted = (told.act == OrderAct::Lift).then(|| told.act.as_str());
    let what = lifted.into_iter().chain([told.order.as_str()]).map(ToOwned::to_owned);
    let mut words: Vec<String> = std::iter::once(entry.kind.clone()).chain(what).collect();
    let about = [
        entry.window.as_ref().map(ToString::to_string),
        entry.municipality.map(|code| code.to_string()),
        told.part.as_ref().map(|part| part.as_str().to_owned()),
        told.batch.as_ref().map(|batch| format!("lote {}", batch.as_str())),
    ];
    let about: Vec<String> = about.into_iter().flatten().collect();
    words.push(if about.is_empty() { "tudo".to_owned() } else { about.join(" ") });
    words.extend(told.until.map(|day| format!("até {}", portuguese::date(*day))));
    signed(&words.join(" "), &told.reason, &told.author)
}

fn signed(words: &str, reason: &str, author: &str) -> String {
    let given = |text: &str, none: &str| if text.is_empty() { none.to_owned() } else { text.to_owned() };
    format!("{words}: {} (por {})", given(reason, "sem motivo"), given(author, "não se sabe quem"))
}

/// An entry as JSON: its facts as written, with those that its format says by itself, and in words why it cannot be
/// read where that is so.
pub(super) fn entry_json(entry: &JournalEntry) -> Value {
    let facts = serde_json::from_str(&entry.body).unwrap_or_else(|_| Value::String(entry.body.clone()));
    let mut object = json!({
        "seq": entry.seq,
        "em": entry.at.to_string(),
        "tipo": entry.kind,
        "assunto": entry.subject,
        "dados": facts,
        "hash": entry.hash,
    });
    match &entry.told {
        Err(fault) => object["falha"] = format!("o registro {} {fault}", entry.seq).into(),
        Ok(told) => {
            let facts = &mut object["dados"];
            if let Some(act) = act(told) {
                facts["acao"] = act.into();
            }
            match told {
                Entry::Ruled(_) => facts["ordem"] = "coleta".into(),
                Entry::Released(_) => facts["liberada"] = true.into(),
                _ => {}
            }
        }
    }
    object
}
