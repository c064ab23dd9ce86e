//! `decisoes`: everything that people decided by hand, what of it counts, and how to take it back.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::json;

use super::args::Undo;
use super::ledger::existing;
use super::session::{Answer, Failure, Result, Session, remark, say};
use crate::desk::order::{ended_words, same_matter};
use crate::domain::overrides::{Authorship, Dispute, HoldScope};
use crate::domain::status::StatusBook;
use crate::render::line::rfc3339;
use crate::render::portuguese as pt;
use crate::store::{Override, OverrideId, OverrideLine};
use crate::text::visible;

/// The decisions in force, or all there ever were, oldest first.
pub(super) async fn list(session: &Session, all: bool) -> Result {
    let store = existing(session).await?;
    let mut every = store.override_lines().await?;
    // What was given or taken back later was not known then.
    every.retain(|line| session.knows(line.authorship.at));
    for line in &mut every {
        line.lifted.take_if(|by| !session.knows(by.at));
    }
    let about: BTreeSet<_> = every.iter().filter_map(|line| Some(dispute(line)?.window)).collect();
    let known = if about.is_empty() {
        None
    } else {
        Some(session.filled_in(&store, about, session.as_known()).await?)
    };
    let status = known.map(|known| known.status).unwrap_or_default();
    let today = session.today();
    let lines: Vec<_> = every
        .iter()
        .enumerate()
        .map(|(n, line)| (line, standing(line, &every[n + 1..], &status, today)))
        .filter(|(_, standing)| all || *standing == Standing::Counts)
        .collect();
    if lines.is_empty() {
        remark(if all {
            "ninguém decidiu nada à mão ainda"
        } else {
            "nada decidido à mão está valendo"
        });
    }
    let mut out = String::new();
    for (line, standing) in &lines {
        let _ = if session.json {
            writeln!(out, "{}", object(session, line, *standing))
        } else {
            writeln!(out, "{}", words(session, line, *standing))
        };
    }
    if !out.is_empty() {
        say(&out);
    }
    Ok(Answer::Done)
}

/// Takes one decision back by its code.
pub(super) async fn undo(session: &Session, asked: &Undo) -> Result {
    let id = &asked.id;
    let by = session.by(&asked.author, &asked.reason)?;
    let store = session.writable_ledger().await?;
    let lines = store.override_lines().await?;
    let Some(line) = lines.iter().find(|line| line.id.as_str() == id) else {
        return Err(Failure::refused(format!(
            "recusado: não há decisão com o código “{id}”\ndica: os códigos estão em “vigia-suas decisoes --todas”"
        )));
    };
    if !store.lift_override(&OverrideId::new(id), by.clone()).await? {
        let lifted =
            line.lifted.as_ref().map_or(String::new(), |by| format!(" por {}", visible::line(&by.author)));
        return Err(Failure::refused(format!("recusado: a decisão {id} já foi desfeita{lifted}")));
    }
    if session.json {
        let mut told = object(session, line, Standing::Undone);
        told["desfeita_por"] = by.author.into();
        say(&told.to_string());
    } else {
        let (kind, about, _) = matter(&line.what);
        say(&format!("desfeita: {kind} {about}. O serviço obedece em até 30 segundos."));
    }
    Ok(Answer::Done)
}

/// Whether an order counts today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Counts,
    /// Its last day is over.
    Over,
    /// Data as of a later instant ended it.
    Ended(Timestamp),
    /// There is a newer one on the same object.
    Replaced,
    Undone,
}

impl Standing {
    fn as_str(self) -> &'static str {
        match self {
            Self::Counts => "vale",
            Self::Over => "terminou",
            Self::Ended(_) => "encerrada",
            Self::Replaced => "substituída",
            Self::Undone => "desfeita",
        }
    }
}

fn standing(line: &OverrideLine, later: &[OverrideLine], status: &StatusBook, today: Date) -> Standing {
    let (.., until) = matter(&line.what);
    // Calls were made all the same, and each stands for itself: only the pause of one gives way to that of a later one.
    let rules =
        |what: &Override| !matches!(what, Override::Note { until: None, .. } | Override::Release { .. });
    let gives_way = rules(&line.what);
    let replaced = |newer: &OverrideLine| {
        newer.lifted.is_none() && rules(&newer.what) && same_matter(&newer.what, &line.what)
    };
    let ended = |one: Dispute| one.ended_by(status.window(&one.window).of(one.municipality));
    match &line.lifted {
        Some(_) => Standing::Undone,
        None if gives_way && later.iter().any(replaced) => Standing::Replaced,
        // A release counts for its deadline also once that is over.
        None if gives_way && until.is_some_and(|day| day < today) => Standing::Over,
        None => dispute(line).and_then(ended).map_or(Standing::Counts, Standing::Ended),
    }
}

/// An order that is a *contestar*.
fn dispute(line: &OverrideLine) -> Option<Dispute> {
    let Override::Dispute { municipality, window, part, until } = line.what.clone() else { return None };
    Some(Dispute { municipality, window, part, until, authorship: line.authorship.clone() })
}

/// What sort of order, what about, and its last day.
fn matter(what: &Override) -> (&'static str, String, Option<Date>) {
    match what {
        Override::Hold { scope, until } => ("reter", scope.to_string(), *until),
        Override::Release { batch, until } => {
            ("liberar", HoldScope::Batch(batch.clone()).to_string(), *until)
        }
        Override::Exemption { municipality, window, part, until } => {
            let part = part.as_ref().map_or(String::new(), |part| format!(", parte {part}"));
            ("dispensar", format!("município {municipality}, janela {window}{part}"), *until)
        }
        Override::Dispute { municipality, window, part, until } => {
            let part = part.as_ref().map_or(String::new(), |part| format!(", parte {part}"));
            ("contestar", format!("município {municipality}, janela {window}{part}"), *until)
        }
        Override::Note { municipality, window, telephone, until } => {
            let number =
                telephone.as_ref().map_or(String::new(), |n| format!(", telefone {}", visible::line(n)));
            ("anotar", format!("município {municipality}, janela {window}{number}"), *until)
        }
        Override::Keep { window, municipality, until } => {
            let municipality = municipality.map_or(String::new(), |code| format!("município {code}, "));
            ("reter-dados", format!("{municipality}janela {window}"), *until)
        }
    }
}

fn words(session: &Session, line: &OverrideLine, standing: Standing) -> String {
    let zone = &session.setup.config.calendar.hours.zone;
    let (kind, about, until) = matter(&line.what);
    let sense = match line.what {
        Override::Release { .. } => "para o prazo de",
        Override::Hold { .. }
        | Override::Exemption { .. }
        | Override::Dispute { .. }
        | Override::Note { .. }
        | Override::Keep { .. } => "até",
    };
    let until = until.map_or(String::new(), |day| format!(", {sense} {}", pt::date(day)));
    let signed = |by: &Authorship| {
        let (author, reason) = (visible::line(&by.author), visible::line(&by.reason));
        format!("por {author} em {}: {reason}", pt::short_instant(by.at, zone))
    };
    let mut out = format!(
        "{}  {:<8}  {kind} {about}{until}\n              {}",
        line.id.as_str(),
        standing.as_str(),
        if line.authorship.reason.is_empty() {
            let on = pt::short_instant(line.authorship.at, zone);
            format!(
                "por {} em {on}: apagado ao fim do prazo de guarda",
                visible::line(&line.authorship.author)
            )
        } else {
            signed(&line.authorship)
        }
    );
    if let Standing::Ended(at) = standing {
        let _ = write!(out, "\n              {}", ended_words(at, zone));
    }
    if let Some(by) = &line.lifted {
        let _ = write!(out, "\n              desfeita {}", signed(by));
    }
    out
}

fn object(session: &Session, line: &OverrideLine, standing: Standing) -> serde_json::Value {
    let calendar = &session.setup.config.calendar;
    let (kind, about, until) = matter(&line.what);
    json!({
        "codigo": line.id.as_str(),
        "ordem": kind,
        "sobre": about,
        "ate": until.map(|day| day.to_string()),
        "vale": standing.as_str(),
        "encerrada_por_dados_de": match standing {
            Standing::Ended(at) => Some(rfc3339(at, calendar)),
            _ => None,
        },
        "autor": line.authorship.author,
        "motivo": line.authorship.reason,
        "em": rfc3339(line.authorship.at, calendar),
        "desfeita_por": line.lifted.as_ref().map(|by| &by.author),
        "desfeita_em": line.lifted.as_ref().map(|by| rfc3339(by.at, calendar)),
        "desfeita_motivo": line.lifted.as_ref().map(|by| &by.reason),
    })
}
