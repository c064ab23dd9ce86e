//! The mailbox that returns come to (`devolucoes.maildir`), gone through a few hundred messages at a time: what could not be
//! read or moved before comes after everything else, or so many of them would keep all others from being read.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;

use tracing::{error, warn};

use super::{Fate, Origin, return_once};
use crate::daemon::alert::alert_once;
use crate::daemon::app::App;
use crate::daemon::arrivals::blocking;
use crate::mail::bounce;
use crate::mail::maildir::{self, Flag};
use crate::store::{RawMessage, StoreError};

/// What the mailbox loop remembers between its rounds.
#[derive(Debug, Default)]
pub struct Mailbox {
    /// Faults already told, so that each is told once while it lasts.
    pub(super) told: BTreeSet<String>,
    /// The round in which each message that stayed was looked at last, with what was wrong with it if anything was.
    stayed: BTreeMap<PathBuf, (u64, Option<String>)>,
    round: u64,
}

/// So many messages are taken in before anything else gets its turn.
const MOST_AT_ONCE: usize = 200;

impl Mailbox {
    /// Takes in whatever lies in `devolucoes.maildir`. A message is put away only once it is recorded; one that cannot
    /// be read stays and stops no other. Answers how many were put away.
    ///
    /// # Errors
    /// [`StoreError`]; the rest waits for the next round.
    pub async fn collect_once(&mut self, app: &App) -> Result<usize, StoreError> {
        let Some(maildir) = app.live().setup.config.settings.returns.clone() else { return Ok(0) };
        let mut taken = 0;
        let mut faults = BTreeSet::new();
        let listed = maildir.clone();
        self.round += 1;
        let waiting = match blocking(move || maildir::waiting(&listed)).await {
            Ok(waiting) => self.in_turn(waiting),
            Err(fault) => {
                faults.insert(format!("{}: {fault}", maildir.display()));
                Vec::new()
            }
        };
        for path in waiting {
            if app.stop.is_cancelled() {
                break;
            }
            match self.take(app, maildir.clone(), path.clone()).await? {
                Ok(true) => {
                    self.stayed.remove(&path);
                    taken += 1;
                }
                Ok(false) => drop(self.stayed.insert(path, (self.round, None))),
                Err(fault) => {
                    let fault = format!("{}: {fault}", path.display());
                    self.stayed.insert(path, (self.round, Some(fault)));
                }
            }
        }
        // Also of those whose turn did not come: what is wrong with them is known.
        faults.extend(self.stayed.values().filter_map(|(_, fault)| fault.clone()));
        let fresh: Vec<&String> = faults.difference(&self.told).collect();
        if !fresh.is_empty() {
            for fault in &fresh {
                error!(fault = fault.as_str(), "a caixa de devoluções não pôde ser lida por inteiro");
            }
            let lines: Vec<&str> = fresh.iter().map(|fault| fault.as_str()).collect();
            let text = format!(
                "A caixa de devoluções não pôde ser lida por inteiro: enquanto isso, carta devolvida conta como \
                 entregue.\n{}\nConfira [devolucoes] em vigia.toml e se o serviço pode ler e mover os arquivos.",
                lines.join("\n")
            );
            alert_once(app, "caixa-de-devolucoes", text, app.now()).await?;
        }
        self.told = faults;
        Ok(taken)
    }

    /// As many as a round takes: first those that were never looked at, then those that were longest ago.
    fn in_turn(&mut self, mut waiting: Vec<PathBuf>) -> Vec<PathBuf> {
        let there: BTreeSet<&PathBuf> = waiting.iter().collect();
        self.stayed.retain(|path, _| there.contains(path));
        // They come by name, and stay so among their like.
        waiting.sort_by_key(|path| self.stayed.get(path).map(|(round, _)| *round));
        waiting.truncate(MOST_AT_ONCE);
        waiting
    }

    /// Takes in one message. Answers whether it was put away.
    async fn take(&self, app: &App, maildir: PathBuf, path: PathBuf) -> Result<io::Result<bool>, StoreError> {
        let file = path.clone();
        let read = move || RawMessage::read(&mut maildir::open(&file)?, bounce::LARGEST);
        let message = match blocking(read).await {
            Ok(message) => message,
            Err(fault) => return Ok(Err(fault)),
        };
        let place = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let findings = return_once(app, Origin::Mailbox(place), message, app.now()).await?;
        if findings.iter().any(|f| f.fate == Fate::OnTheWire) {
            warn!("uma devolução espera a carta terminar de sair");
            return Ok(Ok(false));
        }
        let looked_at = findings.iter().any(|f| f.fate.needs_a_person());
        let mark = if looked_at { Flag::Flagged } else { Flag::Seen };
        Ok(blocking(move || maildir::put_away(&maildir, &path, mark)).await.map(|()| true))
    }
}
