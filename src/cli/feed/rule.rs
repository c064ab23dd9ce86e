//! `fonte aceitar`, `fonte recusar`: a person's word on a snapshot.

use serde_json::json;

use crate::cli::args::Ruling;
use crate::cli::session::{Answer, Failure, Result, Session, say};
use crate::domain::id::{FeedId, SnapshotId, WindowId};
use crate::domain::journal::Verdict;
use crate::intake::Ruled;
use crate::render::line::rfc3339;
use crate::render::portuguese;

/// Believes a quarantined snapshot, or withdraws a believed one.
pub(in crate::cli) async fn rule(session: &Session, asked: &Ruling, verdict: Verdict) -> Result {
    let snapshot = &asked.snapshot;
    let by = session.by(&asked.signature.author, &asked.signature.reason)?;
    let store = session.writable_ledger().await?;
    let (feed, windows) = match store.rule(snapshot, verdict, by.clone()).await? {
        Ruled::Done { feed, windows } => (feed, windows),
        Ruled::Unknown => {
            return Err(refused(
                &format!("não há coleta “{snapshot}”"),
                "as coletas de uma fonte aparecem em “vigia-suas fontes FONTE”",
            ));
        }
        Ruled::Already => {
            let word = match verdict {
                Verdict::Accepted => "já vale como aceita",
                Verdict::Quarantined => "já está em quarentena",
            };
            return Err(refused(&format!("a coleta {snapshot} {word}"), "nada mudou"));
        }
        Ruled::Empty => {
            return Err(refused(
                &format!("nada pôde ser lido da coleta {snapshot}, e não há o que aceitar"),
                "corrija a fonte em fontes.toml ou o arquivo, e carregue-o com “vigia-suas importar”",
            ));
        }
    };
    let windows: Vec<&str> = windows.iter().map(WindowId::as_str).collect();
    if session.json {
        say(&json!({
            "acao": action(verdict),
            "coleta": snapshot.as_str(),
            "fonte": feed.as_str(),
            "janelas": windows,
            "autor": by.author,
            "motivo": by.reason,
            "em": rfc3339(by.at, &session.setup.config.calendar),
        })
        .to_string());
    } else {
        say(&words(snapshot, &feed, verdict, &windows));
    }
    Ok(Answer::Done)
}

fn action(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted => "aceitar",
        Verdict::Quarantined => "recusar",
    }
}

fn words(snapshot: &SnapshotId, feed: &FeedId, verdict: Verdict, windows: &[&str]) -> String {
    let windows = if windows.is_empty() { "nenhuma janela".to_owned() } else { portuguese::list(windows) };
    match verdict {
        Verdict::Accepted => format!(
            "aceita: {snapshot} (fonte {feed}). Conta para {windows} como se tivesse sido aceita ao chegar; o serviço \
             decide de novo em até 30 segundos."
        ),
        Verdict::Quarantined => format!(
            "recusada: {snapshot} (fonte {feed}). Em {windows} volta a valer o que se sabia antes dela; o mesmo \
             conteúdo não será aceito de novo sozinho. O serviço decide de novo em até 30 segundos."
        ),
    }
}

fn refused(what: &str, hint: &str) -> Failure {
    Failure::refused(format!("recusado: {what}\ndica: {hint}"))
}
