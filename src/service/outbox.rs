//! Deliver: claim, mark, speak, settle, and ask before each round whether it is still wanted.
//!
//! Each sender owns one connection. A claim is marked *enviando*, durably, before the network is touched.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;
use tracing::{error, info, warn};

use super::alert::alert_once;
use super::app::{App, Live};
use super::pace::Pace;
use super::reconcile::reconcile_once;
use super::relay::{SenderError, senders};
use super::trust::Trust;
use crate::config::{self, Mode};
use crate::domain::delivery::{Outcome, next_attempt};
use crate::mail::{Parcel, Transport};
use crate::render::portuguese;
use crate::store::{Claim, Settled, Settlement, Store, StoreError};
use crate::telemetry::chain;

/// What a round of deliveries came to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Dispatch {
    /// Taken.
    pub accepted: usize,
    /// Put off.
    pub deferred: usize,
    /// Refused for good.
    pub refused: usize,
    /// Perhaps taken.
    pub uncertain: usize,
    /// When to look again; absent: when something is recorded.
    pub next: Option<Timestamp>,
    /// Deliveries that are still to be tried, or tried again.
    pub waiting: usize,
}

/// The senders and what they learnt of the relay.
pub struct Outbox {
    senders: Vec<Transport>,
    /// The configuration that the senders were made for.
    made_for: Arc<Live>,
    pace: Pace,
    /// Whether the pace knows what left before the process began.
    remembers: bool,
    trust: Arc<Mutex<Trust>>,
}

/// Letters claimed at a time. The question whether each is still wanted is asked anew for every such round.
const ROUND: usize = 100;
/// After so many rounds in a row that came to nothing a person is told.
const ROUNDS_BEFORE_ALERT: u32 = 3;
/// How often the end of an attempt is offered to the ledger before the process gives up, and with what pause.
const SETTLE_TRIES: u32 = 5;
const SETTLE_PAUSE: Duration = Duration::from_secs(1);

impl Outbox {
    /// Makes the senders that the configuration asks for.
    ///
    /// # Errors
    /// [`SenderError`].
    pub fn new(live: &Arc<Live>) -> Result<Self, SenderError> {
        Ok(Self {
            senders: senders(live)?,
            made_for: live.clone(),
            pace: Pace::default(),
            remembers: false,
            trust: Arc::default(),
        })
    }

    /// Delivers what is due, round by round, until nothing more may leave now. Asks before each round whether what is
    /// queued is still wanted.
    ///
    /// # Errors
    /// [`StoreError`]. An attempt whose end could not be recorded ends the process: it becomes *incerto* at the next
    /// start.
    pub async fn deliver_once(&mut self, app: &Arc<App>) -> Result<Dispatch, StoreError> {
        let mut dispatch = Dispatch::default();
        while !app.stop.is_cancelled() {
            let now = app.now();
            let live = app.live();
            if !self.follow(app, &live, now).await? {
                dispatch.next = Some(crate::domain::time::hours_after(now, 1));
                break;
            }
            if let Some(opens) = closed_until(&live, now) {
                dispatch.next = Some(opens);
                break;
            }
            if is_clock_behind(&app.store, now).await? {
                warn!("o relógio está antes do que o livro já registrou: nada sai");
                dispatch.next = Some(crate::domain::time::hours_after(now, 1));
                break;
            }
            let room = match self.allowance(&live, now) {
                Ok(room) => room,
                Err(until) => {
                    dispatch.next = Some(until);
                    break;
                }
            };
            reconcile_once(app, now).await?;
            let claims = app.store.claim(&owner(), now, room.min(ROUND)).await?;
            if claims.is_empty() {
                dispatch.next = app.store.next_due(now).await?;
                break;
            }
            self.round(app, &live, claims, &mut dispatch).await?;
        }
        dispatch.waiting = app.store.waiting(app.now()).await?;
        Ok(dispatch)
    }

    /// Takes up a configuration that a reload put in force, and remembers what left before this process began. Answers
    /// whether there is anything to send with.
    async fn follow(&mut self, app: &App, live: &Arc<Live>, now: Timestamp) -> Result<bool, StoreError> {
        if !self.remembers {
            let zone = &live.calendar.hours.zone;
            let today = zone.date_of(now);
            let since = zone.start_of(today).min(super::pace::a_minute_before(now));
            for at in app.store.attempts_since(since).await? {
                self.pace.sent(at, zone.date_of(at));
            }
            self.remembers = true;
        }
        if Arc::ptr_eq(&self.made_for, live) && !self.senders.is_empty() {
            return Ok(true);
        }
        match senders(live) {
            Ok(new) => {
                self.close().await;
                self.senders = new;
                self.made_for = live.clone();
                // Another relay, or another password, may be tried at once.
                self.pace.recovered();
                *self.trust.lock().unwrap_or_else(PoisonError::into_inner) = Trust::default();
                Ok(true)
            }
            Err(failure) => {
                error!(error = %chain(&failure), "não há como enviar; a fila espera");
                let text = format!("Nenhuma carta pode sair: {failure}");
                alert_once(app, "servidor-de-saida", text, now).await?;
                Ok(false)
            }
        }
    }

    /// Takes leave of the relay.
    pub async fn close(&mut self) {
        for sender in &mut self.senders {
            sender.close().await;
        }
    }

    fn allowance(&mut self, live: &Live, now: Timestamp) -> Result<usize, Timestamp> {
        let Some(relay) = &live.setup.config.settings.relay else { return Ok(ROUND) };
        if live.setup.config.settings.mode == Mode::Rehearsal {
            return Ok(ROUND);
        }
        let zone = &live.calendar.hours.zone;
        let today = zone.date_of(now);
        let room = self.pace.allowance(now, today, zone.end_of(today), relay.per_minute, relay.per_day)?;
        Ok(if self.pace.is_probing() { 1 } else { room })
    }

    /// Hands one round to the senders, each its share, and learns from what came of it.
    async fn round(
        &mut self,
        app: &Arc<App>,
        live: &Arc<Live>,
        claims: Vec<Claim>,
        dispatch: &mut Dispatch,
    ) -> Result<(), StoreError> {
        let mut shares: Vec<Vec<Claim>> = self.senders.iter().map(|_| Vec::new()).collect();
        let count = shares.len();
        for (n, claim) in claims.into_iter().enumerate() {
            shares[n % count].push(claim);
        }
        let mut running = JoinSet::new();
        for (sender, share) in self.senders.drain(..).zip(shares) {
            let (app, live, trust) = (app.clone(), live.clone(), self.trust.clone());
            running.spawn(async move { send_share(&app, &live, &trust, sender, share).await });
        }
        // Every sender comes home before anything else may fail.
        let mut outcomes = Vec::new();
        let mut fault = None;
        while let Some(ended) = running.join_next().await {
            match ended {
                Ok(share) => {
                    self.senders.push(share.sender);
                    outcomes.extend(share.outcomes);
                    fault = fault.or(share.fault);
                }
                Err(panic) => {
                    error!(error = %panic, "um remetente parou; o serviço termina para recomeçar");
                    app.failed.cancel();
                }
            }
        }
        let mut setback = None;
        for outcome in outcomes {
            let at_fault = self.learn(app, live, &outcome, dispatch);
            setback = at_fault.then_some(outcome).or(setback);
        }
        if let Some(outcome) = setback {
            self.rest(app, live, &outcome).await?;
        }
        fault.map_or(Ok(()), Err)
    }

    /// Counts one attempt. Answers whether the next letter would fare no better.
    fn learn(&mut self, app: &App, live: &Live, outcome: &Outcome, dispatch: &mut Dispatch) -> bool {
        let (count, at_fault) = match outcome {
            Outcome::Accepted { .. } => (&mut dispatch.accepted, false),
            Outcome::Deferred { slow_down, .. } => (&mut dispatch.deferred, *slow_down),
            Outcome::Uncertain { .. } => (&mut dispatch.uncertain, true),
            Outcome::Refused { .. } => (&mut dispatch.refused, false),
            Outcome::RelayFault { .. } => (&mut dispatch.deferred, true),
        };
        *count += 1;
        if matches!(outcome, Outcome::Accepted { .. }) {
            self.pace.recovered();
        }
        if !matches!(outcome, Outcome::RelayFault { .. } | Outcome::Deferred { slow_down: true, .. }) {
            let now = app.now();
            self.pace.sent(now, live.calendar.hours.zone.date_of(now));
        }
        at_fault
    }

    /// The queue rests after a round in which the relay failed; then one letter probes. Staff are told once a day: at
    /// once when the relay turns us away, and when it keeps failing otherwise.
    async fn rest(&mut self, app: &App, live: &Live, outcome: &Outcome) -> Result<(), StoreError> {
        let now = app.now();
        let until = self.pace.back_off(now);
        let reply = outcome.reply();
        let text = if matches!(outcome, Outcome::RelayFault { .. }) {
            error!(smtp.reply = reply, until = %until, "o servidor de saída recusa; a fila espera");
            format!(
                "O servidor de saída de e-mail recusou o serviço, e a fila espera: “{reply}”. As cartas que ele \
                 recusou assim saem depois, e os seus destinatários não foram dados como inválidos. O serviço tenta \
                 de novo sozinho; confira [smtp] em vigia.toml e a senha."
            )
        } else {
            warn!(smtp.reply = reply, until = %until, "o servidor de saída falha ou pede calma; a fila espera");
            if self.pace.strikes() < ROUNDS_BEFORE_ALERT {
                return Ok(());
            }
            error!(smtp.reply = reply, rounds = self.pace.strikes(), "o servidor de saída continua a falhar");
            let again = portuguese::instant(until, &live.calendar.hours.zone);
            format!(
                "O servidor de saída de e-mail não atende há {} tentativas seguidas: “{reply}”. A fila espera e o \
                 serviço tenta de novo sozinho (em {again}); confira a rede, o servidor e [smtp] em vigia.toml.",
                self.pace.strikes()
            )
        };
        alert_once(app, "servidor-de-saida", text, now).await
    }
}

/// What one sender made of its share.
struct Share {
    sender: Transport,
    outcomes: Vec<Outcome>,
    fault: Option<StoreError>,
}

async fn send_share(
    app: &App,
    live: &Live,
    trust: &Mutex<Trust>,
    mut sender: Transport,
    claims: Vec<Claim>,
) -> Share {
    let mut outcomes = Vec::new();
    let mut fault = None;
    let mut rest = claims.into_iter();
    while let Some(claim) = rest.next() {
        if app.stop.is_cancelled() || closed_until(live, app.now()).is_some() {
            let given_back = std::iter::once(claim).chain(rest).collect();
            fault = app.store.release(given_back).await.err();
            break;
        }
        let (relay_may_fail, failed) = match send_one(app, live, trust, &mut sender, claim).await {
            Ok(Some(outcome)) => {
                let hesitates = !matches!(outcome, Outcome::Accepted { .. } | Outcome::Refused { .. });
                outcomes.push(outcome);
                (hesitates, None)
            }
            Ok(None) => (false, None),
            Err(error) => (true, Some(error)),
        };
        if relay_may_fail {
            // The rest waits for what the outbox makes of it.
            let released = app.store.release(rest.collect()).await.err();
            fault = failed.or(released);
            break;
        }
    }
    Share { sender, outcomes, fault }
}

/// One letter to one address: marked before, settled after.
async fn send_one(
    app: &App,
    live: &Live,
    trust: &Mutex<Trust>,
    sender: &mut Transport,
    claim: Claim,
) -> Result<Option<Outcome>, StoreError> {
    let started_at = app.now();
    let Some(claim) = app.store.mark_sending(vec![claim], started_at).await?.pop() else { return Ok(None) };
    let from = &live.setup.config.secretariat.returns_to;
    let parcel =
        Parcel { key: &claim.key, version: claim.version, from, to: &claim.address, bytes: &claim.bytes };
    let outcome = sender.deliver(parcel).await;
    let outcome = trust.lock().unwrap_or_else(PoisonError::into_inner).judge(
        outcome,
        claim.address.domain(),
        claim.attempts + 1,
    );
    let ended_at = app.now();
    let resend = live.setup.config.settings.on_uncertain == config::OnUncertain::Resend;
    let next_attempt_at = match &outcome {
        Outcome::Deferred { .. } | Outcome::RelayFault { .. } => {
            Some(next_attempt(ended_at, claim.attempts + 1))
        }
        Outcome::Uncertain { .. } if resend => Some(next_attempt(ended_at, claim.attempts + 1)),
        Outcome::Uncertain { .. } | Outcome::Accepted { .. } | Outcome::Refused { .. } => None,
    };
    info!(
        notice.key = %claim.key,
        delivery.role = %claim.role,
        delivery.state = outcome.state().as_str(),
        delivery.attempt = claim.attempts + 1,
        "tentativa encerrada"
    );
    let settled = Settled {
        delivery: claim.delivery,
        fence: claim.fence,
        outcome: outcome.clone(),
        started_at,
        ended_at,
        next_attempt_at,
    };
    if settle(app, settled).await? == Settlement::Stale {
        warn!(notice.key = %claim.key, "a entrega já era de outro remetente; o resultado não foi anotado");
    }
    Ok(Some(outcome))
}

/// Records the end of an attempt. It is not to be forgotten for a moment's fault of the disk: a letter that was taken
/// and is not known to be would be sent again. What cannot be recorded ends the process, whose next start knows it
/// *incerto*.
async fn settle(app: &App, settled: Settled) -> Result<Settlement, StoreError> {
    let mut tries = 1;
    loop {
        match app.store.settle(vec![settled.clone()]).await {
            Ok(done) => return Ok(done.into_iter().next().unwrap_or(Settlement::Stale)),
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

/// Who claims: this process.
fn owner() -> String {
    format!("processo-{}", std::process::id())
}

/// Until when nothing may leave, if now is outside the sending hours.
fn closed_until(live: &Live, now: Timestamp) -> Option<Timestamp> {
    let hours = &live.calendar.hours;
    hours.sending_until(now).is_none().then(|| hours.next_sending(now))
}

async fn is_clock_behind(store: &Store, now: Timestamp) -> Result<bool, StoreError> {
    let high_water = store.signs().await?.high_water;
    Ok(high_water.is_some_and(|at| at.duration_since(now) > crate::domain::plan::CLOCK_TOLERANCE))
}

/// Logs a failed round; the next wake tries again.
pub(super) fn log_failure(error: &StoreError) {
    error!(error = %chain(error), "a rodada de entregas parou; será retomada");
}
