//! Letters that fail for reasons that are not the address's: staff are told, and when they come back from several
//! domains at once the queue stands still, which the ledger keeps.

use jiff::Timestamp;
use tracing::error;

use super::alert::{alert_once, topic};
use super::app::App;
use crate::domain::delivery::{Outcome, QueueStop};
use crate::domain::refusal::Refusal;
use crate::render::portuguese;
use crate::store::{FlaggedContact, StoreError};

/// Until when nothing but alerts leaves because letters come back from several domains for reasons that may be ours.
pub(super) async fn stopped_until(app: &App, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    let judged = app.store.judge_returns(now).await?;
    let Some(stop) = judged.stop else { return Ok(None) };
    if !judged.began_with.is_empty() {
        error!(contacts = judged.began_with.len(), until = %stop.until, "as cartas voltam de vários domínios; a fila espera");
        alert_once(app, topic::RETURNED, words(app, &judged.began_with, stop), now).await?;
    }
    Ok(Some(stop.until))
}

fn words(app: &App, lifted: &[FlaggedContact], stop: QueueStop) -> String {
    let Some(first) = lifted.first() else { return String::new() };
    let (why, said) = (first.refusal.words(), first.why.as_str());
    let look = match first.refusal {
        Refusal::Address | Refusal::Mailbox => {
            "Quase todas voltam assim, o que não se acredita de tantos endereços: confira se o servidor de saída, ou o \
             filtro por onde ele passa, conhece os destinatários e acha os domínios deles"
        }
        Refusal::Road => {
            "Confira se o servidor de saída chega à internet e acha os domínios dos destinatários (DNS)"
        }
        Refusal::Sender | Refusal::Unknown | Refusal::Letter => {
            "Confira se o servidor de saída ou o domínio do remetente está em lista de bloqueio, e o SPF, o DKIM e o \
             DMARC do domínio"
        }
    };
    format!(
        "{} de vários domínios em uma hora: {why} (“{said}”). A fila espera até {}; nenhum endereço foi dado como \
         inválido, e as cartas saem de novo depois. {look}. Para retomar antes: vigia-suas liberar --lote fila --motivo \
         \"…\"",
        portuguese::counted(lifted.len(), "carta voltou", "cartas voltaram"),
        portuguese::instant(stop.until, &app.live().calendar.hours.zone),
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
pub(super) async fn tell_of_doubted(app: &App, outcome: &Outcome) -> Result<(), StoreError> {
    let then = match outcome {
        Outcome::Refused { .. } => {
            "; a carta não é mais tentada nele, que descansa um dia, e vai ao próximo papel do município, se houver"
        }
        Outcome::Deferred { .. }
        | Outcome::Accepted { .. }
        | Outcome::RelayFault { .. }
        | Outcome::Uncertain { .. } => " e a carta é tentada de novo",
    };
    let text = format!(
        "O servidor de saída recusou uma carta por motivo que não é do endereço: “{}”. O endereço não foi dado como \
         inválido{then}; o resto da fila segue. Veja os outros com: vigia-suas contato. Há um só aviso destes por dia.",
        outcome.reply()
    );
    alert_once(app, "recusada-sem-culpa", text, app.now()).await
}
