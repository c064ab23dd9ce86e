//! `restaurar`: a copy put in the ledger's place.

use std::path::Path;

use serde_json::json;

use super::session::{Answer, Failure, Result, Session, remark, say};
use crate::proof::RestoreError;
use crate::render::line::rfc3339;
use crate::render::portuguese as pt;
use crate::store::Store;

/// Exit 0 when the copy is the ledger.
pub(super) async fn run(session: &Session, copy: &Path) -> Result {
    let database = session.setup.database();
    let calendar = &session.setup.config.calendar;
    let now = session.now();
    let stamp = calendar.hours.zone.zoned(now).strftime("%Y%m%d-%H%M%S").to_string();
    let restored = Store::restore(&database, copy, &stamp).await.map_err(|error| match &error {
        RestoreError::Running(_) | RestoreError::OtherMode { .. } | RestoreError::Unsound { .. } => {
            Failure::refused(format!("recusado: {error}"))
        }
        RestoreError::Unreadable { .. } | RestoreError::Unwritten { .. } | RestoreError::Ledger(_) => {
            Failure::could_not(&error)
        }
    })?;
    if restored.was_another {
        remark("aviso: não é cópia do livro que estava aqui, ou aquele não se lê");
    }
    if session.json {
        let answer = json!({
            "acao": "restaurar",
            "livro": database.display().to_string(),
            "registros": restored.entries,
            "cartas": restored.letters,
            "anterior": restored.aside.as_ref().map(|path| path.display().to_string()),
            "era_outro": restored.was_another,
            "em": rfc3339(now, calendar),
        });
        say(&answer.to_string());
        return Ok(Answer::Done);
    }
    let aside = restored
        .aside
        .as_ref()
        .map_or_else(String::new, |path| format!("\no que estava ali ficou em {}", path.display()));
    say(&format!(
        "restaurado e conferido: {} ({} e {}){aside}\nao iniciar, o serviço não manda nada a município até “vigia-suas assumir \
         --motivo …”, se depois da cópia algo pode ter saído",
        database.display(),
        pt::counted(restored.entries, "registro", "registros"),
        pt::counted(restored.letters, "carta", "cartas"),
    ));
    Ok(Answer::Done)
}
