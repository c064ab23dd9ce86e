//! One sender's share of a round: each letter is marked before it is sent, in the transaction that settles the one
//! before.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tracing::{debug, error, info, warn};

use super::app::{App, Loop};
use super::trust::Trust;
use crate::config;
use crate::domain::delivery::{DeliveryState, MOST_UNCERTAIN, Outcome, next_attempt, next_attempt_before};
use crate::domain::notice::NoticeKey;
use crate::mail::Transport;
use crate::mail::smtp::Envelope;
use crate::mail::subaddress::Subaddresses;
use crate::store::{AttemptEnd, Claim, Settlement, StoreError};
use crate::telemetry::chain;
use crate::world::live::Live;

/// With what pause the end of an attempt is offered to the ledger again while the disk does not take it.
const SETTLE_PAUSE: Duration = Duration::from_secs(1);
/// How many pauses lie between two words in the log about it.
const PAUSES_BETWEEN_WORDS: u32 = 60;
/// How many pauses a stop waits for the disk: what is not recorded by then is *incerto* at the next start.
const PAUSES_OF_A_STOP: u32 = 120;

/// What the ledger says of a letter that a stop kept from leaving.
const STOPPED: &str = "o serviço parou antes que o servidor de saída atendesse";

/// How many steps further the wait is after a refusal that is doubted, and after a letter over which the relay asked for
/// patience: a quarter of an hour, then half.
const DOUBTED: u32 = 4;

/// What one sender made of its share.
pub(super) struct Share {
    pub(super) sender: Transport,
    pub(super) outcomes: Vec<(NoticeKey, Outcome)>,
    pub(super) fault: Option<Fault>,
}

/// What the ledger has against going on.
pub(super) struct Fault {
    pub(super) error: StoreError,
    /// Claims of which nothing was sent, and which it did not take back. One of them may be marked *enviando*.
    pub(super) unsent: Vec<Claim>,
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
    let mut ended: Option<AttemptEnd> = None;
    let own = match subaddresses(app, live).await {
        Ok(own) => own,
        Err(error) => {
            return Share { sender, outcomes, fault: Some(Fault { error, unsent: rest.into() }) };
        }
    };
    let fault = loop {
        let now = app.now();
        // Where the relay hesitates the rest waits: the outbox decides how long.
        let goes_on = ended.as_ref().is_none_or(|e| !hesitates(&e.outcome))
            && !app.stop.is_cancelled()
            && app.store.may_speak()
            && (closed_until(live, now).is_none() || rest.front().is_some_and(|next| next.key.is_alert()));
        let next = if goes_on { rest.pop_front() } else { None };
        let is_last = next.is_none();
        match settle_and_mark(app, ended.take(), next.clone(), now).await {
            Err(fault) => {
                rest.extend(next);
                break Some(fault);
            }
            Ok(Some(claim)) => {
                let settled = send_one(app, live, trust, &mut sender, own.as_ref(), claim, now).await;
                outcomes.push((settled.claim.key.clone(), settled.outcome.clone()));
                ended = Some(settled);
            }
            Ok(None) if is_last => break None,
            Ok(None) => {}
        }
    };
    let unsent = Vec::from(rest);
    let fault = match (fault, app.store.release(unsent.clone()).await) {
        (fault, Err(error)) => Some(Fault { error: fault.unwrap_or(error), unsent }),
        (Some(error), Ok(())) => Some(Fault { error, unsent: Vec::new() }),
        (None, Ok(())) => None,
    };
    Share { sender, outcomes, fault }
}

/// How each delivery gets an envelope sender of its own, where that is wished (`subendereco`).
pub(super) async fn subaddresses(app: &App, live: &Live) -> Result<Option<Subaddresses>, StoreError> {
    let secretariat = &live.setup.config.secretariat;
    if !secretariat.signs_returns {
        return Ok(None);
    }
    Ok(Subaddresses::of(&secretariat.returns_to, app.store.return_key().await?))
}

/// Whether a letter of which no reply came, this time neither, was sent so often that a person must look. Held back, one
/// to staff would tell nobody.
async fn was_repeated_enough(app: &App, claim: &Claim) -> bool {
    if claim.key.municipality().is_none() || claim.reached_at.is_none() {
        return false;
    }
    match app.store.attempts(&claim.delivery).await {
        Ok(known) => {
            known.iter().filter(|a| a.outcome == DeliveryState::Uncertain).count() + 1 >= MOST_UNCERTAIN
        }
        Err(failure) => {
            warn!(error = %chain(&failure), "não se sabe quantas vezes a carta foi repetida; ela é repetida");
            false
        }
    }
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
    own: Option<&Subaddresses>,
    claim: Claim,
    started_at: Timestamp,
) -> AttemptEnd {
    let own = own.map(|own| own.address(claim.delivery.as_str()));
    let from = own.as_ref().unwrap_or(&live.setup.config.secretariat.returns_to);
    let envelope = Envelope { from, to: &claim.address, id: Some(claim.delivery.as_str()) };
    // Until the relay has greeted nothing is on the wire: a stop need not wait for it.
    let (outcome, is_of_the_letter) = match app.unless_stopped(sender.connect()).await {
        Some(Ok(())) => {
            let outcome = sender.deliver(&claim.key, claim.version, envelope, &claim.bytes).await;
            (outcome, sender.spoke_of_the_letter())
        }
        Some(Err(outcome)) => (outcome, false),
        None => (Outcome::Deferred { reply: STOPPED.to_owned(), slow_down: false }, false),
    };
    let attempt = claim.attempts + 1;
    let ended_at = app.now();
    let outcome = {
        let mut trust = trust.lock().unwrap_or_else(PoisonError::into_inner);
        let refusals = trust.refusals(claim.delivery.as_str(), claim.refusals, &outcome, is_of_the_letter);
        trust.judge(outcome, &claim.address, refusals, app.clock.running())
    };
    // A letter that would wait beyond what it is good for, or beyond the hours of this day, is tried before.
    let closes_at = live.calendar.hours.sending_until(ended_at).filter(|_| !claim.key.is_alert());
    let end = [claim.valid_until, closes_at].into_iter().flatten().min();
    let next_attempt_in_time = |attempts| next_attempt_before(end, ended_at, attempts);
    // Held back, a letter to staff would tell nobody of the others that are.
    let resend = live.setup.config.settings.on_uncertain == config::UncertainPolicy::Resend
        || claim.key.municipality().is_none();
    app.vouch(Loop::Send);
    let next_attempt_at = match &outcome {
        Outcome::Deferred { reply, .. } if reply == STOPPED => Some(ended_at),
        // A refusal that is doubted gets time to pass, also overnight.
        Outcome::Deferred { reply, .. } if reply.starts_with('5') => {
            Some(next_attempt_before(claim.valid_until, ended_at, attempt + DOUBTED))
        }
        // Tried as soon as the others, it would have the queue rest again and again; but not for that is it lost.
        Outcome::Deferred { reply, slow_down: true } if is_of_the_letter && reply.starts_with('4') => {
            let later = next_attempt(ended_at, attempt + DOUBTED);
            let is_in_time = claim.valid_until.is_none_or(|until| later < until);
            Some(if is_in_time { later } else { next_attempt_in_time(attempt) })
        }
        Outcome::Deferred { .. } | Outcome::RelayFault { .. } => Some(next_attempt_in_time(attempt)),
        Outcome::Uncertain { .. } if resend && !was_repeated_enough(app, &claim).await => {
            Some(next_attempt(ended_at, attempt))
        }
        Outcome::Uncertain { .. } | Outcome::Accepted { .. } | Outcome::Refused { .. } => None,
    };
    debug!(
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
    AttemptEnd { claim, outcome, started_at, ended_at, next_attempt_at, rests_until }
}

/// Records the end of an attempt and marks the next letter, which is given back if it may be sent.
///
/// # Errors
/// A fault of the ledger: the next letter is not marked. The end of the attempt is recorded all the same, however long
/// that takes.
async fn settle_and_mark(
    app: &App,
    ended: Option<AttemptEnd>,
    next: Option<Claim>,
    now: Timestamp,
) -> Result<Option<Claim>, StoreError> {
    let (settled, claims) = (ended.iter().cloned().collect(), next.into_iter().collect());
    match app.store.settle_and_mark(settled, claims, now).await {
        Ok((settlements, mut marked)) => {
            warn_if_stale(ended.as_ref(), &settlements);
            Ok(marked.pop())
        }
        Err(failure) => {
            if let Some(ended) = ended {
                record_at_last(app, ended, &failure).await;
            }
            Err(failure)
        }
    }
}

/// Keeps the end of an attempt until the disk takes it: a letter that was taken and is not known to be would be sent
/// again. Nothing more is claimed meanwhile, because its round waits for it. It ends with the fault of the disk, and two
/// minutes after a stop, which leaves the letter *incerto*.
async fn record_at_last(app: &App, ended: AttemptEnd, failure: &StoreError) {
    error!(
        notice.key = %ended.claim.key,
        error = %chain(failure),
        "o resultado de uma entrega não pôde ser gravado; fica na memória e nada mais sai até que possa"
    );
    let mut stopping = 0;
    for pause in 1_u32.. {
        tokio::time::sleep(SETTLE_PAUSE).await;
        match app.store.settle(vec![ended.clone()]).await {
            Ok(settlements) => {
                warn_if_stale(Some(&ended), &settlements);
                info!(notice.key = %ended.claim.key, "o resultado da entrega foi gravado");
                return;
            }
            Err(StoreError::Deposed) => {
                error!(notice.key = %ended.claim.key, "outro processo envia agora; o resultado desta entrega fica incerto lá");
                return;
            }
            Err(again) if pause % PAUSES_BETWEEN_WORDS == 0 => {
                error!(error = %chain(&again), "o resultado de uma entrega ainda não pôde ser gravado");
            }
            Err(_) => {}
        }
        stopping += u32::from(app.stop.is_cancelled());
        if stopping >= PAUSES_OF_A_STOP {
            error!(notice.key = %ended.claim.key, "o resultado da entrega se perde: incerta no próximo início");
            return;
        }
    }
}

fn warn_if_stale(ended: Option<&AttemptEnd>, settlements: &[Settlement]) {
    if let Some(ended) = ended.filter(|_| settlements.contains(&Settlement::Stale)) {
        let key = &ended.claim.key;
        warn!(notice.key = %key, "a entrega já era de outro remetente; o resultado não foi anotado");
    }
}

/// Until when nothing may leave, if now is outside the sending hours.
pub(super) fn closed_until(live: &Live, now: Timestamp) -> Option<Timestamp> {
    let hours = &live.calendar.hours;
    hours.sending_until(now).is_none().then(|| hours.next_sending(now))
}
