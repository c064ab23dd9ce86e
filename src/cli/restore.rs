//! `restaurar`: a copy put in the ledger's place.

use std::path::Path;

use serde_json::json;

use super::session::{Answer, Failure, Result, Session, remark, say};
use crate::config::Mode;
use crate::proof::RestoreError;
use crate::render::line::rfc3339;
use crate::render::portuguese as pt;
use crate::store::Store;
use crate::world::last_good;

/// Whether a copy is of a rehearsal's ledger where production's is wanted, or the other way round: by the configuration
/// that it was kept under, which no renaming changes; by its name only where no service ever kept it. What cannot be
/// read is told of by whoever reads it next.
async fn is_of_another_mode(copy: &Path, database: &Path, wanted: Mode) -> bool {
    let kept = match Store::open_read_only(copy).await {
        Ok(store) => {
            let mode = last_good::mode(&store).await.ok().flatten();
            store.close().await;
            mode
        }
        Err(_) => None,
    };
    let stem = database.file_stem().unwrap_or_default().to_string_lossy();
    let name = copy.file_name().unwrap_or_default().to_string_lossy();
    kept.map_or_else(|| name.split_once("-copia-").is_some_and(|(of, _)| of != stem), |kept| kept != wanted)
}

/// Exit 0 when the copy is the ledger.
pub(super) async fn run(session: &Session, copy: &Path) -> Result {
    let database = session.setup.database();
    let calendar = &session.setup.config.calendar;
    let now = session.now();
    if is_of_another_mode(copy, &database, session.setup.config.settings.mode).await {
        return Err(Failure::refused(format!(
            "recusado: {} é cópia de um livro de outro modo\ndica: um livro de ensaio não conta como aviso em produção; \
             confira `modo` em vigia.toml",
            copy.display()
        )));
    }
    let stamp = calendar.hours.zone.zoned(now).strftime("%Y%m%d-%H%M%S").to_string();
    let restored = Store::restore(&database, copy, &stamp).await.map_err(|error| match &error {
        RestoreError::Running(_)
        | RestoreError::Read(_)
        | RestoreError::Unsound { .. }
        | RestoreError::Gone { .. } => Failure::refused(format!("recusado: {error}")),
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
