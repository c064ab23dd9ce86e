//! What is asked before anything is changed, and who is told afterwards.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use super::patience;
use super::session::{Failure, Result, remark};
use crate::config::Sources;
use crate::desk::install::{ReloadRequest, tell_daemon};
use crate::plan::effects::Contrast;
use crate::world::seat;
use crate::world::setup::Setup;

/// Asks, unless the answer was given. Without a terminal nobody is there to answer, and nothing is done.
pub(super) fn ask(question: &str, yes: bool) -> Result<bool> {
    if yes {
        return Ok(true);
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::refused(
            "recusado: não há terminal em que perguntar; nada foi mudado\ndica: acrescente --sim se é isso mesmo",
        ));
    }
    patience::asks();
    let mut out = io::stderr().lock();
    drop(write!(out, "{question} [s/N] ").and_then(|()| out.flush()));
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(|error| Failure::could_not(&error))?;
    let yes = matches!(answer.trim().to_lowercase().as_str(), "s" | "sim");
    if !yes {
        remark("nada foi mudado");
    }
    Ok(yes)
}

/// How long the daemon is given to say what it made of files that a command wrote.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(200);

/// What the daemon made of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    Adopted,
    Refused,
    /// It holds them until somebody lets them in.
    Held,
    /// They name another ledger, which takes a new start.
    Elsewhere,
    /// It was told and did not answer yet.
    Silent,
    /// It does not run here.
    NotRunning,
    /// It could not be told.
    NotAllowed,
}

impl Heard {
    /// In the operators' words, with what to do.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Adopted => "o serviço adotou a configuração nova",
            Self::Refused => {
                "o serviço RECUSOU a configuração nova e segue com a anterior\ndica: journalctl -u vigia-suas -n 50"
            }
            Self::Held => {
                "o serviço NÃO adotou a configuração nova, que tem efeito grande, e segue com a anterior\ndica: veja a tabela \
                 com “vigia-suas aplicar” e confirme-a com o número que ela pede"
            }
            Self::Elsewhere => {
                "o modo ou os dados mudam, o que pede novo início\ndica: rode “systemctl restart vigia-suas”"
            }
            Self::Silent => {
                "o serviço foi avisado e ainda não respondeu\ndica: confira com “vigia-suas saude” daqui a um minuto"
            }
            Self::NotRunning => {
                "o serviço não está rodando nesta máquina; no próximo início ele lê os arquivos como estiverem"
            }
            Self::NotAllowed => "o serviço não pôde ser avisado\ndica: rode “systemctl reload vigia-suas”",
        }
    }

    /// The word in JSON.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Adopted => "adotou",
            Self::Refused => "recusou",
            Self::Held => "reteve",
            Self::Elsewhere => "reiniciar",
            Self::Silent => "sem_resposta",
            Self::NotRunning => "parado",
            Self::NotAllowed => "sem_permissao",
        }
    }
}

/// Notes in the ledger of the configuration in force that somebody let in what has a large effect: the service looks
/// there.
pub(super) async fn give(
    in_force: &Setup,
    other: &Setup,
    compared: &Contrast,
    author: &str,
    now: Timestamp,
) -> Result<()> {
    let ledger = in_force.database();
    if compared.effects.is_empty() || !ledger.exists() {
        return Ok(());
    }
    let store = seat::open(&ledger, now).await?;
    store.consent_to_configuration(&other.sources.digest(), compared.letters(), author, now).await?;
    store.close().await;
    Ok(())
}

/// Tells the daemon of the configuration in force to read its files again, and waits for what it makes of them.
pub(super) async fn tell(in_force: &Setup, other: &Setup) -> Heard {
    let database = in_force.database();
    if !other.keeps(&database) {
        return Heard::Elsewhere;
    }
    hear(&database, Some(&other.sources.digest()), PATIENCE).await
}

/// Tells the daemon that keeps a ledger to read its files again, and waits for what it makes of them. `files` is the digest
/// of what they hold; absent where that cannot be used, so that nothing but a refusal can follow.
pub(super) async fn hear(database: &Path, files: Option<&str>, patience: Duration) -> Heard {
    let Ok(store) = seat::read(database).await else { return Heard::NotRunning };
    let before = store.configuration_refused().await.ok().flatten().map(|refused| refused.last_at);
    match tell_daemon(database) {
        ReloadRequest::NotRunning => return Heard::NotRunning,
        ReloadRequest::NotAllowed => return Heard::NotAllowed,
        ReloadRequest::Signalled => {}
    }
    let mut waited = Duration::ZERO;
    while waited < patience {
        tokio::time::sleep(PAUSE).await;
        waited += PAUSE;
        let refused = store.configuration_refused().await.ok().flatten();
        if let Some(new) = refused.as_ref().filter(|refused| Some(refused.last_at) != before) {
            return if new.letters.is_some() { Heard::Held } else { Heard::Refused };
        }
        let kept = store.configuration_in_force().await.ok().flatten();
        let same = |parts| files == Some(Sources::of_parts("", parts).digest().as_str());
        if refused.is_none() && kept.is_some_and(|kept| same(kept.parts)) {
            return Heard::Adopted;
        }
    }
    Heard::Silent
}
