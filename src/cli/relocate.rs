//! `livro mudar`: the ledger to another place.

use std::fmt::Write as _;

use serde_json::json;

use super::args::Relocate;
use super::ledger::existing;
use super::session::{Answer, Failure, Result, Session, say};
use crate::desk::relocate::{Destination, RelocateError, relocate};
use crate::proof::MoveError;
use crate::render::portuguese as pt;

/// Exit 0 when the ledger is there.
pub(super) async fn run(session: &Session, asked: &Relocate) -> Result {
    // Where there is one it is opened to write, also where an older program wrote it last.
    if !session.setup.database().exists() {
        existing(session).await?.close().await;
    }
    let destination = Destination {
        to: &asked.to,
        schema: asked.schema.as_deref(),
        password_file: asked.password_file.as_deref(),
        ca_file: asked.ca_file.as_deref(),
    };
    let done = relocate(&session.setup.config.settings, destination, &asked.author, session.now()).await;
    let done = done.map_err(|error| match &error {
        RelocateError::Destination(..)
        | RelocateError::Move(
            MoveError::Running(_)
            | MoveError::Same(_)
            | MoveError::Doubted(_)
            | MoveError::Occupied(_)
            | MoveError::Unsound { .. },
        ) => Failure::refused(format!("recusado: {error}")),
        RelocateError::Move(MoveError::There { .. } | MoveError::Unlike { .. } | MoveError::Here(_))
        | RelocateError::Store(_) => Failure::could_not(&error),
    })?;
    if session.json {
        let answer = json!({
            "acao": "mudar",
            "de": done.moved.as_ref().map(|moved| &moved.from),
            "para": done.to,
            "registros": done.moved.as_ref().map(|moved| moved.entries),
            "cartas": done.moved.as_ref().map(|moved| moved.letters),
            "linhas": done.moved.as_ref().map(|moved| moved.rows),
            "hash": done.moved.as_ref().map(|moved| &moved.head),
            "vigia_toml": done.edits,
        });
        say(&answer.to_string());
        return Ok(Answer::Done);
    }
    let mut out = match &done.moved {
        Some(moved) => format!(
            "o livro está em {} ({} e {}), conferido dos dois lados; os dois terminam em {}\no que ficou em {} só serve para \
             consulta: não envia, e nada mais se grava nele\n",
            moved.to,
            pt::counted(moved.entries, "registro", "registros"),
            pt::counted(moved.letters, "carta", "cartas"),
            &moved.head[..12],
            moved.from,
        ),
        None => format!("o livro já tinha mudado para {}; a mudança está terminada\n", done.to),
    };
    out.push_str("antes de iniciar o serviço, escreva em vigia.toml:\n");
    for line in &done.edits {
        let _ = writeln!(out, "  {line}");
    }
    say(&out);
    Ok(Answer::Done)
}
