//! One sender's share of a round: each letter is marked before it is sent, in the transaction that settles the one
//! before.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tracing::{error, info, warn};

use super::app::App;
use super::trust::Trust;
use crate::config;
use crate::domain::delivery::{Outcome, next_attempt};
use crate::domain::notice::NoticeKey;
use crate::mail::Transport;
use crate::mail::smtp::Envelope;
use crate::store::{Claim, Settled, Settlement, StoreError};
use crate::telemetry::chain;
use crate::world::live::Live;

/// How often the end of an attempt is offered to the ledger before the process gives up, and with what pause.
const SETTLE_TRIES: u32 = 5;
const SETTLE_PAUSE: Duration = Duration::from_secs(1);

/// How many steps further the wait after a doubted refusal is: a quarter of an hour, then half.
const DOUBTED: u32 = 4;

/// What one sender made of its share.
pub(super) struct Share {
    pub(super) sender: Transport,
    pub(super) outcomes: Vec<(NoticeKey, Outcome)>,
    pub(super) fault: Option<StoreError>,
}

/// Sends one letter after the other until the share is done, the relay hesitates, or nothing more may leave now. What
/// was not sent is given back.
pub(super) async fn send_share(
    app: &App,
    live: &Live,
    trust: &Mutex<Trust>,
    mut sender: Transport,
    claims: Vec<Claim>,
) -> Share {
    let mut outcomes = Vec::with_capacity(claims.len());
    let mut rest = VecDeque::from(claims);
    let mut ended: Option<Settled> = None;
    let fault = loop {
        let now = app.now();
        // A relay that hesitates: the rest waits for what the outbox makes of it.
        let goes_on = ended.as_ref().is_none_or(|e| !hesitates(&e.outcome))
            && !app.stop.is_cancelled()
            && closed_until(live, now).is_none();
        let next = if goes_on { rest.pop_front() } else { None };
        let is_last = next.is_none();
        match settle_and_mark(app, ended.take(), next, now).await {
            Err(fault) => break Some(fault),
            Ok(Some(claim)) => {
                let settled = send_one(app, live, trust, &mut sender, claim, now).await;
                outcomes.push((settled.claim.key.clone(), settled.outcome.clone()));
                ended = Some(settled);
            }
            Ok(None) if is_last => break None,
            Ok(None) => {}
        }
    };
    let released = if rest.is_empty() { None } else { app.store.release(rest.into()).await.err() };
    Share { sender, outcomes, fault: fault.or(released) }
}

fn hesitates(outcome: &Outcome) -> bool {
    match outcome {
        // One mailbox or one letter, and not the relay.
        Outcome::Accepted { .. } | Outcome::Refused { .. } | Outcome::Deferred { slow_down: false, .. } => {
            false
        }
        Outcome::Deferred { slow_down: true, .. }
        | Outcome::RelayFault { .. }
        | Outcome::Uncertain { .. } => true,
    }
}

/// One letter to one address, marked at `started_at`.
async fn send_one(
    app: &App,
    live: &Live,
    trust: &Mutex<Trust>,
    sender: &mut Transport,
    claim: Claim,
    started_at: Timestamp,
) -> Settled {
    let from = &live.setup.config.secretariat.returns_to;
    let envelope = Envelope { from, to: &claim.address, id: Some(claim.delivery.as_str()) };
    let outcome = sender.deliver(&claim.key, claim.version, envelope, &claim.bytes).await;
    let attempt = claim.attempts + 1;
    let ended_at = app.now();
    let outcome = {
        let mut trust = trust.lock().unwrap_or_else(PoisonError::into_inner);
        trust.judge(outcome, claim.address.domain(), attempt, ended_at)
    };
    // Held back, a letter to staff would tell nobody of the others that are.
    let resend = live.setup.config.settings.on_uncertain == config::UncertainPolicy::Resend
        || claim.key.municipality().is_none();
    let next_attempt_at = match &outcome {
        // A refusal that is doubted gets time to pass.
        Outcome::Deferred { reply, .. } if reply.starts_with('5') => {
            Some(next_attempt(ended_at, attempt + DOUBTED))
        }
        Outcome::Deferred { .. } | Outcome::RelayFault { .. } => Some(next_attempt(ended_at, attempt)),
        Outcome::Uncertain { .. } if resend => Some(next_attempt(ended_at, attempt)),
        Outcome::Uncertain { .. } | Outcome::Accepted { .. } | Outcome::Refused { .. } => None,
    };
    info!(
        notice.key = %claim.key,
        delivery.role = %claim.role,
        delivery.state = outcome.state().as_str(),
        delivery.attempt = attempt,
        "tentativa encerrada"
    );
    let retry = live.setup.config.settings.retry_contact_after;
    let rests_until = match &outcome {
        Outcome::Refused { why, .. } => why.rests_until(ended_at, retry),
        Outcome::Accepted { .. }
        | Outcome::Deferred { .. }
        | Outcome::RelayFault { .. }
        | Outcome::Uncertain { .. } => ended_at,
    };
    Settled { claim, outcome, started_at, ended_at, next_attempt_at, rests_until }
}

/// Records the end of an attempt and marks the next letter, which is given back if it may be sent. The end is not to be
/// forgotten for a moment's fault of the disk: a letter that was taken and is not known to be would be sent again. What
/// cannot be recorded ends the process, whose next start knows it *incerto*.
async fn settle_and_mark(
    app: &App,
    ended: Option<Settled>,
    next: Option<Claim>,
    now: Timestamp,
) -> Result<Option<Claim>, StoreError> {
    let mut tries = 1;
    loop {
        let (settled, claims) = (ended.iter().cloned().collect(), next.iter().cloned().collect());
        match app.store.settle_and_mark(settled, claims, now).await {
            Ok((settlements, mut marked)) => {
                if let Some(ended) = ended.filter(|_| settlements.contains(&Settlement::Stale)) {
                    let key = &ended.claim.key;
                    warn!(notice.key = %key, "a entrega já era de outro remetente; o resultado não foi anotado");
                }
                return Ok(marked.pop());
            }
            // Nothing is lost but the turn.
            Err(failure) if ended.is_none() => return Err(failure),
            Err(failure) if tries < SETTLE_TRIES => {
                warn!(error = %chain(&failure), "o resultado de uma entrega não pôde ser gravado; de novo");
                tries += 1;
                tokio::time::sleep(SETTLE_PAUSE).await;
            }
            Err(failure) => {
                error!("o resultado de uma entrega não pôde ser gravado; o serviço termina para recomeçar");
                app.failed.cancel();
                return Err(failure);
            }
        }
    }
}

/// Until when nothing may leave, if now is outside the sending hours.
pub(super) fn closed_until(live: &Live, now: Timestamp) -> Option<Timestamp> {
    let hours = &live.calendar.hours;
    hours.sending_until(now).is_none().then(|| hours.next_sending(now))
}
