//! `dossie`: the proof of communication with one municipality, as a folder.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::ledger;
use super::session::{Answer, Failure, Result, Session, remark, say};
use crate::desk::dossier::{self, DossierRequest, FolderError};
use crate::desk::order::{self, OrderError};
use crate::domain::id::{MunicipalityCode, WindowId};
use crate::plan;
use crate::proof::CaseCheck;
use crate::render::portuguese;
use crate::world::known::Depth;

/// Writes the folder, and says where it is and what is in it.
pub(super) async fn run(
    session: &Session,
    municipality: &str,
    window: Option<&WindowId>,
    output: Option<&Path>,
) -> Result {
    let store = ledger::existing(session).await?;
    let code = order::ever_known(&session.setup.config.roster, municipality)?;
    let Some(case) = store.case_file(code, window, CaseCheck::Whole).await? else {
        return Err(nothing(session, code, window));
    };
    let known = session.known_to(session.calendar(), Depth::Whole).await?;
    let subject = DossierRequest { municipality: code, only: window.cloned(), now: session.now() };
    let plan = plan::plan(&known.world(), subject.now);
    let dossier = dossier::gather(&case, (&known, &plan), &subject);
    let dir = output.map_or_else(|| PathBuf::from(dossier::default_name(code, window)), Path::to_owned);
    let folder =
        dossier::write(&dir, &dossier, &case, &known.live.calendar).map_err(|error| match error {
            taken @ FolderError::Taken(_) => Failure::refused(format!("recusado: {taken}")),
            io @ FolderError::Io { .. } => Failure::could_not(&io),
        })?;
    let chain = &dossier.chain;
    if session.json {
        say(&json!({
            "pasta": folder.path.display().to_string(),
            "municipio": code.to_string(),
            "janela": window.map(WindowId::as_str),
            "cartas": folder.letters,
            "retornos": folder.returned,
            "integro": chain.is_whole(),
            "falhas": chain.faults,
            "ultimo_registro": chain.head_seq,
            "ultimo_hash": chain.head_hash,
        })
        .to_string());
    } else {
        let returned = match folder.returned {
            0 => String::new(),
            some => {
                let messages = portuguese::counted(some, "mensagem que voltou", "mensagens que voltaram");
                format!("  retornos/    {messages}\n")
            }
        };
        let of = window.map_or("todas as janelas".to_owned(), |id| format!("janela {id}"));
        say(&format!(
            "dossiê de {} ({code}), {of}: {}\n  \
             dossie.html  para ler e imprimir\n  \
             dossie.json  o mesmo, para programas\n  \
             cartas/      {}, byte a byte\n{returned}  \
             SHA256SUMS   confira com: sha256sum -c SHA256SUMS\n\
             contém dados pessoais: só quem o gravou pode lê-lo",
            portuguese::line(&dossier.name),
            folder.path.display(),
            portuguese::counted(folder.letters, "carta", "cartas"),
        ));
        if dossier.rehearsal {
            remark("atenção: este livro é de ensaio; nenhum município recebeu carta alguma");
        }
    }
    if chain.is_whole() {
        return Ok(Answer::Done);
    }
    remark("o livro NÃO confere, e o dossiê o diz; veja vigia-suas livro conferir");
    Ok(Answer::Negative)
}

fn nothing(session: &Session, code: MunicipalityCode, window: Option<&WindowId>) -> Failure {
    match window {
        Some(id) if session.setup.config.calendar.window(id).is_none() => {
            OrderError::Window(id.clone()).into()
        }
        Some(id) => Failure::refused(format!("nada consta no livro sobre o município {code} na janela {id}")),
        None => Failure::refused(format!("nada consta no livro sobre o município {code}")),
    }
}
