//! `aplicar`: another configuration installed, after showing what it changes and asking.

use std::path::PathBuf;

use serde_json::json;

use super::args::Apply;
use super::session::{Answer, Failure, Result, Session, load_failure, remark, say};
use super::{consent, contrast};
use crate::config::Sources;
use crate::desk::check;
use crate::desk::install::{self, InstallError};
use crate::files::LockError;
use crate::plan::effects::{Contrast, Effect};
use crate::render::contrast as table;
use crate::world::live::Live;
use crate::world::seat;
use crate::world::setup::Setup;

/// Compiles, shows, asks, installs, tells the daemon. Without a folder the files are there already, and only put in force.
pub(super) async fn run(session: &Session, asked: &Apply) -> Result {
    let Some(target) = session.setup.directory.clone() else {
        return Err(Failure::refused(
            "recusado: não há pasta de configuração instalada aqui\ndica: diga qual com --config, por exemplo \
             --config /etc/vigia-suas",
        ));
    };
    let from = match &asked.from {
        Some(from) => from.clone(),
        None if asked.back => kept(&target)?,
        None => target.clone(),
    };
    let installs = from != target;
    let other = contrast::load(session, &from)?;
    judge(session, &other).await?;
    // What is shown is what would change of this; whatever comes meanwhile is not overwritten.
    let seen = Sources::read(&target).map_err(|error| load_failure(error, session.json))?;
    if installs && seen.digest() == other.sources.digest() {
        say_result(session, &format!("nada a instalar: {} já é assim", target.display()), None, None);
        return Ok(Answer::Done);
    }
    let in_force = contrast::in_force(session).await?;
    let compared = contrast::compare(session, &in_force, &other, asked.until).await?;
    contrast::tell(session, &in_force, &other, &compared);
    if !installs && compared.is_nothing() {
        // What was held or refused before the files were put back waits no more.
        let heard = consent::tell(&in_force, &other).await;
        say_result(session, "os arquivos são os que estão em vigor", None, Some(heard));
        return Ok(Answer::Done);
    }
    refuse_large(&compared, asked.confirm.map(|n| n.to_string()), &compared.letters().to_string())?;
    let question = if installs {
        format!("instalar {} em {}?", from.display(), target.display())
    } else {
        format!("pôr em vigor os arquivos de {} como estão?", target.display())
    };
    if !consent::ask(&question, asked.yes)? {
        return Ok(Answer::Negative);
    }
    let zone = &in_force.config.calendar.hours.zone;
    let kept = if installs {
        let now = session.now();
        let kept = install::install(&target, &other.sources, &seen, &asked.author, now, zone)
            .map_err(|error| refused(&error))?;
        Some(kept)
    } else {
        None
    };
    consent::give(&in_force, &other, &compared, &asked.author, session.now()).await?;
    let heard = consent::tell(&in_force, &other).await;
    let done = if installs { "instalado em" } else { "confirmados, como estão, os arquivos de" };
    let done = format!("{done} {}", target.display());
    say_result(session, &done, kept.as_deref(), Some(heard));
    let out = matches!(heard, consent::Heard::Refused | consent::Heard::Held);
    Ok(if out { Answer::Negative } else { Answer::Done })
}

/// The folder that was replaced last.
fn kept(target: &std::path::Path) -> Result<PathBuf> {
    install::last_kept(target).ok_or_else(|| {
        Failure::refused(format!(
            "recusado: não há configuração anterior guardada ao lado de {}\ndica: “aplicar” guarda uma a cada vez; sem \
             ela, use uma cópia de segurança",
            target.display()
        ))
    })
}

/// The same refusals as `verificar`.
pub(super) async fn judge(session: &Session, other: &Setup) -> Result<()> {
    let mut found = std::collections::BTreeSet::new();
    let mut calendar = other.config.calendar.clone();
    calendar.hours.waits = true;
    let live = Live::under(other.clone(), calendar);
    check::letters(&live, &session.overrides().await?, session.now(), &mut found)
        .map_err(|error| Failure::could_not(&error))?;
    let own = other.database();
    let ledger = if own.exists() { Some(seat::read(&own).await?) } else { None };
    let contradictions = check::contradictions(other, ledger.as_ref(), session.now()).await?;
    let mut faults: Vec<String> = Vec::new();
    if !contradictions.0.is_empty() {
        faults.push(contradictions.render(false));
    }
    faults.extend(found);
    if other.config.calendar.systems.is_empty() {
        faults.push("erro: calendario.toml não declara nenhum sistema: nada seria acompanhado".to_owned());
    }
    if faults.is_empty() {
        return Ok(());
    }
    Err(Failure::refused(format!("recusado: nada foi mudado\n{}", faults.join("\n"))))
}

/// Large effects need what was shown to be repeated, so that nobody confirms what they did not read. What is repeated must
/// be right also where nothing is large: another table was read. What is confirmed is told all the same.
pub(super) fn refuse_large(compared: &Contrast, given: Option<String>, wanted: &str) -> Result<()> {
    let why = match given {
        Some(given) if given == wanted => {
            for effect in table::effects(&compared.effects) {
                remark(&format!("efeito grande: {effect}"));
            }
            return Ok(());
        }
        Some(other) => format!("“--confirmar {other}” não é o que esta tabela pede"),
        None if compared.effects.is_empty() => return Ok(()),
        None => "o efeito é grande".to_owned(),
    };
    let told = listed(&compared.effects);
    Err(Failure::refused(format!(
        "recusado: {why}; nada foi mudado{told}\ndica: confira a tabela acima; se é isso mesmo, repita com --confirmar \
         {wanted}"
    )))
}

/// Each effect on a line of its own.
pub(super) fn listed(effects: &[Effect]) -> String {
    table::effects(effects).iter().fold(String::new(), |told, one| told + "\n  " + one)
}

/// A refusal of the file system's, or of ours.
pub(super) fn refused(error: &InstallError) -> Failure {
    match error {
        InstallError::Link(_) | InstallError::Changed { .. } | InstallError::Lock(LockError::Busy { .. }) => {
            Failure::refused(format!("recusado: {error}"))
        }
        InstallError::NoExchange { .. }
        | InstallError::File { .. }
        | InstallError::Unread(_)
        | InstallError::Lock(LockError::Unlockable { .. }) => Failure::could_not(error),
    }
}

/// What was done, where the old one is, and what the daemon made of it.
pub(super) fn say_result(
    session: &Session,
    what: &str,
    kept: Option<&std::path::Path>,
    heard: Option<consent::Heard>,
) {
    if session.json {
        let done = json!({
            "feito": what,
            "anterior": kept.map(|path| path.display().to_string()),
            "servico": heard.map(consent::Heard::code),
        });
        say(&done.to_string());
        return;
    }
    say(what);
    if let Some(kept) = kept {
        say(&format!("o anterior ficou em {}", kept.display()));
    }
    if let Some(heard) = heard {
        remark(heard.words());
    }
}
