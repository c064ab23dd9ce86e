//! Deliver: claim, mark, speak, settle, and ask before each round whether it is still wanted.
//!
//! Each sender owns one connection. A claim is marked *enviando*, durably, before the network is touched.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use secrecy::SecretString;
use tokio::task::JoinSet;
use tracing::{error, info, warn};

use super::alert::alert_once;
use super::app::{App, Live};
use super::pace::Pace;
use super::reconcile::reconcile_once;
use crate::config::{self, Mode};
use crate::domain::delivery::{Outcome, next_attempt};
use crate::domain::id::EmailAddress;
use crate::mail::file::FileOutbox;
use crate::mail::smtp::{Credentials, Relay, RelayError, Security, SmtpSender, Timeouts};
use crate::mail::{Parcel, Transport};
use crate::store::{Claim, Settled, Settlement, Store, StoreError};
use crate::telemetry::chain;

/// Why no sender could be made.
#[derive(Debug, thiserror::Error)]
pub enum SenderError {
    /// A file named in `[smtp]` cannot be read.
    #[error("não foi possível ler {} (chave {key} de [smtp])", path.display())]
    File {
        /// Which key.
        key: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The relay cannot be spoken to as configured.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// Production without `[smtp]`.
    #[error("não há [smtp] em vigia.toml: sem servidor de saída nada pode ser enviado")]
    NoRelay,
}

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
}

/// The senders and what they learnt of the relay.
pub struct Outbox {
    senders: Vec<Transport>,
    pace: Pace,
    refusals: VecDeque<(String, String)>,
}

/// Letters claimed at a time. The question whether each is still wanted is asked anew for every such round.
const ROUND: usize = 100;
/// So many equal refusals in a row, across domains, are the relay's fault and not the contacts'.
const EQUAL_REFUSALS: usize = 3;

impl Outbox {
    /// Makes the senders that the configuration asks for.
    ///
    /// # Errors
    /// [`SenderError`].
    pub fn new(live: &Live) -> Result<Self, SenderError> {
        let settings = &live.setup.config.settings;
        let senders = match settings.mode {
            Mode::Rehearsal => vec![Transport::File(FileOutbox::new(&settings.data))],
            Mode::Production => {
                let relay = settings.relay.as_ref().ok_or(SenderError::NoRelay)?;
                let relay = relay_of(relay, &live.setup.config.secretariat.sender)?;
                let one = |_| Ok(Transport::Smtp(Box::new(SmtpSender::new(relay.clone())?)));
                let wanted = settings.relay.as_ref().map_or(1, |r| r.connections).max(1);
                (0..wanted).map(one).collect::<Result<_, SenderError>>()?
            }
        };
        Ok(Self { senders, pace: Pace::default(), refusals: VecDeque::new() })
    }

    /// Delivers what is due, round by round, until nothing more may leave now. Asks before each round whether what is
    /// queued is still wanted.
    ///
    /// # Errors
    /// [`StoreError`]; what was on the wire is then *enviando* and becomes *incerto* at the next start.
    pub async fn deliver_once(&mut self, app: &Arc<App>) -> Result<Dispatch, StoreError> {
        let mut dispatch = Dispatch::default();
        loop {
            let now = app.now();
            let live = app.live();
            if app.stop.is_cancelled() {
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
        Ok(dispatch)
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
            let (app, live) = (app.clone(), live.clone());
            running.spawn(async move { send_share(&app, &live, sender, share).await });
        }
        let mut fault = None;
        while let Some(ended) = running.join_next().await {
            match ended {
                Ok(share) => {
                    self.senders.push(share.sender);
                    for (domain, outcome) in share.outcomes {
                        self.learn(app, live, &domain, &outcome, dispatch).await?;
                    }
                    fault = fault.or(share.fault);
                }
                Err(panic) => {
                    error!(error = %panic, "um remetente parou; o serviço termina para recomeçar");
                    app.failed.cancel();
                }
            }
        }
        fault.map_or(Ok(()), Err)
    }

    async fn learn(
        &mut self,
        app: &App,
        live: &Live,
        domain: &str,
        outcome: &Outcome,
        dispatch: &mut Dispatch,
    ) -> Result<(), StoreError> {
        let now = app.now();
        match outcome {
            Outcome::Accepted { .. } => {
                dispatch.accepted += 1;
                self.pace.recovered();
                self.pace.sent(now, live.calendar.hours.zone.date_of(now));
                self.refusals.clear();
            }
            Outcome::Deferred { slow_down, .. } => {
                dispatch.deferred += 1;
                if *slow_down {
                    self.pace.back_off(now);
                }
            }
            Outcome::Uncertain { .. } => {
                dispatch.uncertain += 1;
                self.pace.back_off(now);
            }
            Outcome::Refused { reply } => {
                dispatch.refused += 1;
                let code = reply.chars().take(3).collect::<String>();
                self.refusals.push_back((code, domain.to_owned()));
                if self.refusals.len() > EQUAL_REFUSALS {
                    self.refusals.pop_front();
                }
                if blames_the_relay(&self.refusals) {
                    self.stop_queue(app, now, reply).await?;
                }
            }
            Outcome::RelayFault { reply } => {
                dispatch.deferred += 1;
                self.stop_queue(app, now, reply).await?;
            }
        }
        Ok(())
    }

    /// The relay's own fault: the queue rests, staff are told once a day, and one letter probes after a while.
    async fn stop_queue(&mut self, app: &App, now: Timestamp, reply: &str) -> Result<(), StoreError> {
        self.refusals.clear();
        let until = self.pace.back_off(now);
        error!(smtp.reply = reply, until = %until, "o servidor de saída recusa; a fila espera");
        let text = format!(
            "O servidor de saída de e-mail recusou o serviço, e a fila espera: “{reply}”. Nenhum destinatário foi \
             dado como inválido por isso. O serviço tenta de novo sozinho; confira [smtp] em vigia.toml e a senha."
        );
        alert_once(app, "servidor-de-saida", text, now).await
    }
}

/// What one sender made of its share.
struct Share {
    sender: Transport,
    outcomes: Vec<(String, Outcome)>,
    fault: Option<StoreError>,
}

async fn send_share(app: &App, live: &Live, mut sender: Transport, claims: Vec<Claim>) -> Share {
    let mut outcomes = Vec::new();
    let mut fault = None;
    let mut rest = claims.into_iter();
    while let Some(claim) = rest.next() {
        if app.stop.is_cancelled() {
            let given_back = std::iter::once(claim).chain(rest).collect();
            fault = app.store.release(given_back).await.err();
            break;
        }
        match send_one(app, live, &mut sender, claim).await {
            Ok(Some((domain, outcome))) => {
                let go_on = matches!(outcome, Outcome::Accepted { .. } | Outcome::Refused { .. });
                outcomes.push((domain, outcome));
                if !go_on {
                    // The relay hesitates: the rest waits for what the outbox makes of it.
                    fault = app.store.release(rest.collect()).await.err();
                    break;
                }
            }
            Ok(None) => {}
            Err(error) => {
                fault = Some(error);
                break;
            }
        }
    }
    Share { sender, outcomes, fault }
}

/// One letter to one address: marked before, settled after.
async fn send_one(
    app: &App,
    live: &Live,
    sender: &mut Transport,
    claim: Claim,
) -> Result<Option<(String, Outcome)>, StoreError> {
    let started_at = app.now();
    let Some(claim) = app.store.mark_sending(vec![claim], started_at).await?.pop() else { return Ok(None) };
    let from = &live.setup.config.secretariat.returns_to;
    let parcel =
        Parcel { key: &claim.key, version: claim.version, from, to: &claim.address, bytes: &claim.bytes };
    let outcome = sender.deliver(parcel).await;
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
    if app.store.settle(vec![settled]).await? == [Settlement::Stale] {
        warn!(notice.key = %claim.key, "a entrega já era de outro remetente; o resultado não foi anotado");
    }
    Ok(Some((claim.address.domain().to_owned(), outcome)))
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

fn blames_the_relay(refusals: &VecDeque<(String, String)>) -> bool {
    let Some((code, domain)) = refusals.front() else { return false };
    refusals.len() == EQUAL_REFUSALS
        && refusals.iter().all(|(c, _)| c == code)
        && refusals.iter().any(|(_, d)| d != domain)
}

/// The relay as the mail room takes it, with what its files say.
///
/// # Errors
/// [`SenderError`].
pub fn relay_of(relay: &config::Relay, sender: &EmailAddress) -> Result<Relay, SenderError> {
    let read = |key: &'static str, path: &PathBuf| {
        std::fs::read(path).map_err(|source| SenderError::File { key, path: path.clone(), source })
    };
    let credentials = match (&relay.user, &relay.password_file) {
        (Some(user), Some(path)) => {
            let text = String::from_utf8_lossy(&read("senha_arquivo", path)?).into_owned();
            let password = SecretString::from(text.lines().next().unwrap_or_default().to_owned());
            Some(Credentials { user: user.clone(), password })
        }
        _ => None,
    };
    let relay = Relay {
        host: relay.host.clone(),
        port: relay.port,
        security: match relay.security {
            config::Security::StartTls => Security::StartTls,
            config::Security::Tls => Security::Tls,
            config::Security::None => Security::Plain,
        },
        credentials,
        extra_ca: relay.ca_file.as_ref().map(|path| read("ca_arquivo", path)).transpose()?,
        hello_name: sender.domain().to_owned(),
        timeouts: Timeouts::default(),
    };
    relay.check()?;
    Ok(relay)
}

/// Logs a failed round; the next wake tries again.
pub(super) fn log_failure(error: &StoreError) {
    error!(error = %chain(error), "a rodada de entregas parou; será retomada");
}
