//! `prorrogar`: a new deadline, written into `calendario.toml` after showing who will be told.

use super::args::Extend;
use super::session::{Answer, Failure, Result, Session, remark};
use super::{apply, consent, contrast};
use crate::desk::extend::{self, ExtendError, Request};
use crate::desk::install;
use crate::desk::order;
use crate::render::portuguese;
use crate::world::setup::Setup;

/// What is written.
const FILE: &str = "calendario.toml";

/// Judges, shows, asks, writes, tells the daemon. On any refusal the file stays as it is.
pub(super) async fn run(session: &Session, asked: &Extend) -> Result {
    let roster = &session.setup.config.roster;
    let municipalities = asked.municipalities.iter().map(|text| order::municipality(roster, text));
    let request = Request {
        window: asked.window.clone(),
        deadline: asked.deadline,
        at: asked.at,
        source: asked.source.clone(),
        announced: asked.announced,
        municipalities: municipalities.collect::<std::result::Result<_, _>>()?,
        confirmed: asked.confirm,
    };
    let draft = extend::draft(&session.setup, &request, session.now()).map_err(|error| match error {
        ExtendError::Faulty(_) => Failure::refused(format!("recusado: {error}")),
        error => Failure::refused(format!("recusado: {error}\nnada foi mudado")),
    })?;
    apply::judge(session, &draft.setup).await?;
    for warning in &draft.warnings {
        remark(warning);
    }
    let in_force = contrast::in_force(session).await?;
    let waits = in_force.sources.digest() != session.setup.sources.digest();
    if waits {
        remark(
            "aviso: a pasta já tem mudanças que o serviço ainda não leu; elas aparecem junto na tabela e passam a valer \
             junto",
        );
    }
    let compared = contrast::compare(session, &in_force, &draft.setup, None).await?;
    contrast::tell(session, &in_force, &draft.setup, &compared);
    if waits && !compared.effects.is_empty() {
        refuse_what_waits(session, &in_force).await?;
    }
    apply::refuse_large(&compared, asked.confirm.map(portuguese::date), &portuguese::date(asked.deadline))?;
    if !consent::ask("escrever a prorrogação em calendario.toml?", asked.yes)? {
        return Ok(Answer::Negative);
    }
    let Some(directory) = &session.setup.directory else { return Ok(Answer::Negative) };
    let zone = &in_force.config.calendar.hours.zone;
    // What was shown counts: whatever somebody wrote since the files were read is not overwritten.
    let seen = &session.setup.sources;
    let kept = install::replace(directory, FILE, &draft.bytes, seen, session.now(), zone)
        .map_err(|error| apply::refused(&error))?;
    tracing::info!(author = asked.author, window.id = %asked.window, "prorrogação escrita");
    consent::give(&in_force, &draft.setup, &compared, &asked.author, session.now()).await?;
    let heard = consent::tell(&in_force, &draft.setup).await;
    let done = format!("prorrogação escrita em {}", directory.join(FILE).display());
    apply::say_result(session, &done, kept.as_deref(), Some(heard));
    Ok(if matches!(heard, consent::Heard::Refused | consent::Heard::Held) {
        Answer::Negative
    } else {
        Answer::Done
    })
}

/// The new date confirms what it does itself, and lets in nothing else that waits in the folder for its own number. What
/// somebody let in and no service has read yet does not wait, nor what the extension itself undoes. Files with faults come
/// to no session of this command.
async fn refuse_what_waits(session: &Session, in_force: &Setup) -> Result<()> {
    let waiting = contrast::compare(session, in_force, &session.setup, None).await?;
    let digest = session.setup.sources.digest();
    let let_in = match contrast::ledger(session).await? {
        Some(store) => store.consent_to(&digest, session.now()).await?.is_some(),
        None => false,
    };
    if let_in || waiting.effects.is_empty() {
        return Ok(());
    }
    Err(Failure::refused(format!(
        "recusado: a pasta já tem mudanças de efeito grande que ninguém confirmou, e a prorrogação as levaria junto; nada foi \
         mudado{}\ndica: veja-as com “vigia-suas aplicar” e confirme-as com o número da tabela, ou corrija os arquivos; \
         depois repita a prorrogação",
        apply::listed(&waiting.effects)
    )))
}
