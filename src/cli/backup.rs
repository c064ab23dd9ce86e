//! `copia`: a checked copy of the ledger in a folder, also while the service runs.

use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::ledger::existing;
use super::session::{Answer, Failure, Result, Session, remark, say};
use crate::proof::BackupError;
use crate::render::line::rfc3339;
use crate::render::portuguese as pt;

/// Exit 0 when there is a new copy and it checks out.
pub(super) async fn run(session: &Session, folder: &Path, keep: Option<u16>) -> Result {
    let keep = keep.and_then(|keep| NonZeroUsize::new(keep.into()));
    let store = existing(session).await?;
    let now = session.now();
    let made = store.back_up(folder, keep, now).await.map_err(|error| match error {
        refused @ (BackupError::Beside(_) | BackupError::Gone(_) | BackupError::Unsound { .. }) => {
            Failure::refused(format!("recusado: {refused}"))
        }
        other => Failure::could_not(&other),
    })?;
    let shown = |paths: &[PathBuf]| paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>();
    if made.same_disk {
        remark(
            "aviso: a pasta está no mesmo disco que o livro, e o que levar o disco leva os dois; leve as cópias a \
             outra máquina",
        );
    }
    if !made.foreign.is_empty() {
        remark(&format!(
            "aviso: tem nome de cópia e não é cópia deste livro, ou não se lê; não mexi: {}",
            pt::list(&shown(&made.foreign))
        ));
    }
    if !made.noted {
        remark(
            "aviso: “vigia-suas saude” não saberá desta cópia: quem a fez não pode gravar ao lado do livro",
        );
    }
    if session.json {
        let answer = json!({
            "acao": "copia",
            "arquivo": made.path.display().to_string(),
            "bytes": made.size,
            "registros": made.entries,
            "cartas": made.letters,
            "retiradas": shown(&made.removed),
            "alheias": shown(&made.foreign),
            "mesmo_disco": made.same_disk,
            "em": rfc3339(now, &session.setup.config.calendar),
        });
        say(&answer.to_string());
        return Ok(Answer::Done);
    }
    let mut words = format!(
        "cópia pronta e conferida: {}\n{} e {}, {} KiB",
        made.path.display(),
        pt::counted(made.entries, "registro", "registros"),
        pt::counted(made.letters, "carta", "cartas"),
        made.size.div_ceil(1024),
    );
    if !made.removed.is_empty() {
        let _ = write!(words, "\nretirada por --guardar: {}", pt::list(&shown(&made.removed)));
    }
    say(&words);
    Ok(Answer::Done)
}
