//! `prorrogar`: a deadline announced anew, written into `calendario.toml` after showing who will be told.

use super::args::Extend;
use super::desk::{Answer, Desk, Failure, Result, remark};
use super::{apply, consent, contrast};
use crate::desk::extend::{self, ExtendError, Request};
use crate::desk::install;
use crate::desk::order;

/// What is written.
const FILE: &str = "calendario.toml";

/// Judges, shows, asks, writes, tells the daemon. On any refusal the file stays as it is.
pub(super) async fn run(desk: &Desk, asked: &Extend) -> Result {
    let roster = &desk.setup.config.roster;
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
    let draft = extend::draft(&desk.setup, &request, desk.now()).map_err(|error| match error {
        ExtendError::Faulty(_) => Failure::refused(format!("recusado: {error}")),
        error => Failure::refused(format!("recusado: {error}\nnada foi mudado")),
    })?;
    apply::judge(desk, &draft.setup).await?;
    for warning in &draft.warnings {
        remark(warning);
    }
    let in_force = contrast::in_force(desk).await?;
    if in_force.sources.digest() != desk.setup.sources.digest() {
        remark(
            "aviso: a pasta já tem mudanças que o serviço ainda não leu; elas aparecem junto na tabela e passam a valer \
             junto",
        );
    }
    let compared = contrast::compare(desk, &in_force, &draft.setup, None).await?;
    contrast::tell(desk, &in_force, &draft.setup, &compared);
    if !consent::ask("escrever a prorrogação em calendario.toml?", asked.yes)? {
        return Ok(Answer::Negative);
    }
    let Some(directory) = &desk.setup.directory else { return Ok(Answer::Negative) };
    let zone = &in_force.config.calendar.hours.zone;
    // What was shown counts: whatever somebody wrote since the files were read is not overwritten.
    let seen = &desk.setup.sources;
    let kept = install::replace(directory, FILE, &draft.bytes, seen, desk.now(), zone)
        .map_err(|error| apply::refused(&error))?;
    tracing::info!(author = asked.author, window.id = %asked.window, "prorrogação escrita");
    let heard = consent::tell(&in_force.database(), &draft.setup.sources).await;
    let done = format!("prorrogação escrita em {}", directory.join(FILE).display());
    apply::say_result(desk, &done, kept.as_deref(), Some(heard));
    Ok(if heard == consent::Heard::Refused { Answer::Negative } else { Answer::Done })
}
