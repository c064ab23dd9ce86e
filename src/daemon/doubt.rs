//! Letters that fail for reasons that are not the address's: staff are told, and when they come back from several
//! domains at once the queue stands still.
//!
//! What ends the stop: its time is over. Each one within a day of the last is longer.

use jiff::Timestamp;
use tracing::error;

use super::alert::alert_once;
use super::app::App;
use crate::domain::delivery::Outcome;
use crate::domain::refusal::Refusal;
use crate::domain::time::hours_after;
use crate::render::portuguese;
use crate::store::{FlaggedContact, StoreError};

/// How many hours nothing leaves: the first time, the second within a day of the first, and so on.
const STOP_HOURS: [i64; 4] = [1, 2, 6, 24];

/// Whether the queue stands still because what left came back.
#[derive(Debug, Default)]
pub(super) struct ReturnStop {
    until: Option<Timestamp>,
    /// How often it did before, each time within a day of the last.
    times: usize,
}

impl ReturnStop {
    /// Until when nothing leaves because letters come back from several domains for reasons that are ours. What rested
    /// for that is lifted, now and while the queue stands still.
    pub(super) async fn until(&mut self, app: &App, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let stopped = self.until.filter(|until| now < *until);
        let lifted = app.store.lift_ours(now, stopped.is_some()).await?;
        if stopped.is_some() || lifted.is_empty() {
            return Ok(stopped);
        }
        let lately = self.until.is_some_and(|until| now < hours_after(until, 24));
        self.times = if lately { (self.times + 1).min(STOP_HOURS.len() - 1) } else { 0 };
        let until = hours_after(now, STOP_HOURS[self.times]);
        self.until = Some(until);
        error!(contacts = lifted.len(), until = %until, "as cartas voltam de vários domínios; a fila espera");
        alert_once(app, "devolvidas-de-varios-dominios", words(app, &lifted, until), now).await?;
        Ok(Some(until))
    }
}

fn words(app: &App, lifted: &[FlaggedContact], until: Timestamp) -> String {
    let (why, said) = lifted.first().map_or(("", ""), |first| (first.refusal.words(), first.why.as_str()));
    format!(
        "{} de vários domínios em uma hora: {why} (“{said}”). A fila espera até {}; nenhum endereço foi dado como \
         inválido, e as cartas saem de novo depois. Confira se o servidor de saída ou o domínio do remetente está em \
         lista de bloqueio, e o SPF, o DKIM e o DMARC do domínio.",
        portuguese::counted(lifted.len(), "carta voltou", "cartas voltaram"),
        portuguese::instant(until, &app.live().calendar.hours.zone),
    )
}

/// Whether a letter was refused for good and its address is not to blame.
pub(super) fn is_doubted(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Refused { why, .. } => !matches!(why, Refusal::Address | Refusal::Mailbox),
        Outcome::Deferred { reply, slow_down: false } => reply.starts_with('5'),
        Outcome::Deferred { .. }
        | Outcome::Accepted { .. }
        | Outcome::RelayFault { .. }
        | Outcome::Uncertain { .. } => false,
    }
}

/// Tells staff, once a day, of letters refused for a reason that is not the address's.
pub(super) async fn tell_of_doubted(app: &App, reply: &str) -> Result<(), StoreError> {
    let text = format!(
        "O servidor de saída recusou uma carta por motivo que não é do endereço: “{reply}”. O endereço não foi dado como \
         inválido e a carta é tentada de novo; o resto da fila segue. Veja os outros com: vigia-suas contato. Há um só \
         aviso destes por dia."
    );
    alert_once(app, "recusada-sem-culpa", text, app.now()).await
}
