//! What is asked before anything is changed, and who is told afterwards.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;
use std::time::Duration;

use super::session::{Failure, remark};
use crate::config::Sources;
use crate::desk::install::{Told, tell_daemon};
use crate::store::Store;

/// Asks, unless the answer was given. Without a terminal nobody is there to answer, and nothing is done.
pub(super) fn ask(question: &str, yes: bool) -> std::result::Result<bool, Failure> {
    if yes {
        return Ok(true);
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::refused(
            "recusado: não há terminal em que perguntar; nada foi mudado\ndica: acrescente --sim se é isso mesmo",
        ));
    }
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

/// How long the daemon is given to say what it made of new files.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(200);

/// What the daemon made of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// It adopted them.
    Adopted,
    /// It refused them.
    Refused,
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
            Self::Silent => {
                "o serviço foi avisado e ainda não respondeu\ndica: confira com “vigia-suas saude” daqui a um minuto"
            }
            Self::NotRunning => {
                "o serviço não está rodando nesta máquina; a configuração nova vale no próximo início"
            }
            Self::NotAllowed => "o serviço não pôde ser avisado\ndica: rode “systemctl reload vigia-suas”",
        }
    }

    /// The word in JSON.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Adopted => "adotou",
            Self::Refused => "recusou",
            Self::Silent => "sem_resposta",
            Self::NotRunning => "parado",
            Self::NotAllowed => "sem_permissao",
        }
    }
}

/// Tells the daemon of the ledger in that file to read its files again, and waits for what it makes of them.
pub(super) async fn tell(database: &Path, installed: &Sources) -> Heard {
    let Ok(store) = Store::open_read_only(database).await else { return Heard::NotRunning };
    let before = store.configuration_refused().await.ok().flatten().map(|refused| refused.last_at);
    match tell_daemon(database) {
        Told::NotRunning => return Heard::NotRunning,
        Told::NotAllowed => return Heard::NotAllowed,
        Told::Signalled => {}
    }
    let mut waited = Duration::ZERO;
    while waited < PATIENCE {
        tokio::time::sleep(PAUSE).await;
        waited += PAUSE;
        let refused = store.configuration_refused().await.ok().flatten();
        if refused.as_ref().is_some_and(|refused| Some(refused.last_at) != before) {
            return Heard::Refused;
        }
        let kept = store.configuration_in_force().await.ok().flatten();
        let same = |parts| Sources::of_parts("", parts).digest() == installed.digest();
        if refused.is_none() && kept.is_some_and(|kept| same(kept.parts)) {
            return Heard::Adopted;
        }
    }
    Heard::Silent
}
