//! Deliver: claim, mark, speak, settle, and ask before each round whether it is still wanted.
//!
//! Above 400 lines: a round is one story, and each step may end it. Each sender owns one connection. A claim is marked *enviando*, durably, before the network is touched.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use jiff::{SignedDuration, Timestamp};
use tracing::{error, warn};

use super::alert::{alert_once, topic};
use super::app::App;
use super::doubt::{is_doubted, stopped_until, tell_of_doubted};
use super::pace::{Pace, Room};
use super::reconcile::reconcile_once;
use super::round::RoundSummary;
use super::sender::{closed_until, send_share};
use super::standing::StandingPlan;
use super::trust::Trust;
use super::{clock_watch, succession};
use crate::config::Mode;
use crate::domain::delivery::{MOST_UNCERTAIN, Outcome};
use crate::domain::id::{EmailAddress, slugify};
use crate::domain::overrides::BatchId;
use crate::mail::Transport;
use crate::mail::smtp::Permit;
use crate::render::portuguese;
use crate::store::{Claim, Store, StoreError, Whose};
use crate::telemetry::chain;
use crate::text::visible;
use crate::world::live::Live;
use crate::world::relay::{SenderError, senders};

/// The senders and what they learnt of the relay.
pub struct Outbox {
    senders: Vec<Transport>,
    /// The configuration that the senders were made for.
    made_for: Arc<Live>,
    pace: Pace,
    /// Whether the pace knows what left before the process began.
    remembers: bool,
    trust: Arc<Mutex<Trust>>,
    /// Addresses that the relay accused as it accused everybody, and whose flag the ledger has still.
    exonerated: Vec<EmailAddress>,
    /// What the last pass before a round stands on.
    standing: Option<StandingPlan>,
    /// Whether the ledger may say that the relay fails: so at a start, for all that is known.
    said_failing: bool,
    /// Whether the last round ended in a fault, and may have left claims that nobody gave back.
    interrupted: bool,
    /// Claims of which nothing was sent, and which the ledger did not take back. One that it marked *enviando* in a commit
    /// whose answer was lost stands there until it does; a process that ends before leaves it *incerto*.
    unsent: Vec<Claim>,
}

/// Letters claimed at a time. Whether each is still wanted is asked for every such round, and again when it is marked.
const ROUND: usize = 200;
/// Whether this process may speak again is asked so often.
const NOT_NOW: SignedDuration = SignedDuration::from_secs(2);
/// Whether there is something to send with, and an alert whose turn comes before the letters', is asked so often.
const AGAIN: SignedDuration = SignedDuration::from_secs(30);
/// After so many rounds in a row that came to nothing a person is told.
const ROUNDS_BEFORE_ALERT: u32 = 3;

impl Outbox {
    /// Makes the senders that the configuration asks for.
    pub fn new(live: &Arc<Live>) -> Result<Self, SenderError> {
        Ok(Self {
            senders: senders(live)?,
            made_for: live.clone(),
            pace: Pace::default(),
            remembers: false,
            trust: Arc::default(),
            exonerated: Vec::new(),
            standing: None,
            said_failing: true,
            interrupted: false,
            unsent: Vec::new(),
        })
    }

    /// Delivers what is due, round by round, until nothing more may leave now. Asks before each round whether what is
    /// queued is still wanted.
    ///
    /// # Errors
    /// [`StoreError`]: what was claimed and not sent is given back by the next call.
    pub async fn deliver_once(&mut self, app: &Arc<App>) -> Result<RoundSummary, StoreError> {
        if std::mem::replace(&mut self.interrupted, true) {
            self.give_back(app).await?;
            app.store.release_all(&owner()).await?;
            self.exonerate(app).await?;
        }
        let mut dispatch = RoundSummary::default();
        let mut only_alerts = false;
        while !app.stop.is_cancelled() {
            if !app.store.may_speak() {
                // The server that says who leads does not answer: nothing is tried, and so nothing fails.
                dispatch.next = app.now().checked_add(NOT_NOW).ok();
                break;
            }
            let now = app.now();
            let live = app.live();
            if !self.follow(app, &live, now).await? {
                dispatch.next = now.checked_add(AGAIN).ok();
                break;
            }
            let closed = closed_until(&live, now);
            let stopped = stopped_until(app, now).await?;
            let doubted = !clock_watch::is_steady(app).await?
                || is_clock_behind(&app.store, now).await?
                || !succession::stands(app).await?;
            // An alert is held by nothing: neither by a doubted clock or ledger, nor by letters that come back, nor by the
            // hour, nor by a day's quota.
            only_alerts = doubted || stopped.is_some() || closed.is_some();
            let (room, until_midnight) = match self.allowance(app, &live, now) {
                Room::Letters(room) => (room.min(ROUND), None),
                Room::Alerts(room) => {
                    let zone = &live.calendar.hours.zone;
                    (room.min(ROUND), Some(zone.end_of(zone.date_of(now))))
                }
                Room::Nothing(pause) => {
                    dispatch.next = now.checked_add(pause).ok();
                    break;
                }
            };
            let claims = if only_alerts {
                if self.standing.take().is_some() && doubted {
                    warn!("o relógio ou o livro não merece fé: só alertas saem");
                }
                if closed.is_none() {
                    reconcile_once(app, now).await?;
                }
                self.take(app, Whose::Staff, room, now).await?
            } else if until_midnight.is_some() {
                self.take(app, Whose::Staff, room, now).await?
            } else {
                self.claim(app, &live, room, now).await?
            };
            if !Arc::ptr_eq(&live, &app.live()) {
                // A reload meanwhile: what it brought leaves by its relay.
                app.store.release(claims).await?;
                self.standing = None;
                continue;
            }
            if claims.is_empty() {
                // What was taken may bring the next thing: a rung waits for its divulgação, a resumo for its letters.
                if self.standing.take_if(|plan| plan.is_outdated()).is_some() {
                    continue;
                }
                dispatch.next = match (stopped.max(closed), until_midnight) {
                    _ if doubted => None,
                    (Some(until), _) => Some(until),
                    (None, Some(midnight)) => {
                        Some(app.store.next_alert_due(now).await?.map_or(midnight, |at| at.min(midnight)))
                    }
                    (None, None) => app.store.next_due(now).await?,
                };
                break;
            }
            self.round(app, &live, claims, &mut dispatch).await?;
        }
        tell_of_held(app).await?;
        dispatch.waiting = app.store.waiting(app.now()).await?;
        if only_alerts && dispatch.waiting > 0 {
            // One that was put off is due before the letters that wait may leave.
            dispatch.next = dispatch.next.min(app.now().checked_add(AGAIN).ok());
        }
        app.store.note_witness(app.now()).await?;
        dispatch.log();
        self.interrupted = false;
        Ok(dispatch)
    }

    /// Takes up a configuration that a reload put in force, and remembers what left before this process began. Answers
    /// whether there is anything to send with.
    async fn follow(&mut self, app: &App, live: &Arc<Live>, now: Timestamp) -> Result<bool, StoreError> {
        if !self.remembers {
            let zone = &live.calendar.hours.zone;
            let today = zone.date_of(now);
            let since = zone.start_of(today).min(super::pace::a_minute_before(now));
            let running = app.clock.running();
            // What a clock that stood ahead says of itself is of no day that is counted.
            let attempts = app.store.attempts_since(since).await?;
            for (at, state) in attempts.into_iter().filter(|(at, _)| *at <= now) {
                self.pace.offered(running.saturating_sub(now.duration_since(at)), zone.date_of(at), state);
            }
            self.remembers = true;
        }
        let store = app.store.clone();
        let permit = Permit::while_so(move || store.may_speak());
        if Arc::ptr_eq(&self.made_for, live) && !self.senders.is_empty() {
            self.senders.iter_mut().for_each(|sender| sender.only_while(&permit));
            return Ok(true);
        }
        match senders(live) {
            Ok(mut new) => {
                self.close().await;
                for sender in &mut new {
                    sender.only_while(&permit);
                }
                self.senders = new;
                self.made_for = live.clone();
                // Another relay, or another password, may be tried at once.
                self.pace.recovered();
                self.trust.lock().unwrap_or_else(PoisonError::into_inner).begin_anew();
                Ok(true)
            }
            Err(failure) => {
                error!(error = %chain(&failure), "não há como enviar; a fila espera");
                let text = format!("Nenhuma carta pode sair: {failure}");
                alert_once(app, topic::RELAY, text, now).await?;
                Ok(false)
            }
        }
    }

    /// Takes what is due and, as far as the last pass knows, still wanted.
    async fn claim(
        &mut self,
        app: &App,
        live: &Arc<Live>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<Claim>, StoreError> {
        self.ask(app, live, now).await?;
        let claims = self.take(app, Whose::All, limit, now).await?;
        if !self.standing.as_ref().is_some_and(|plan| plan.concerns(&claims)) {
            return Ok(claims);
        }
        app.store.release(claims).await?;
        self.standing = None;
        self.ask(app, live, now).await?;
        self.take(app, Whose::All, limit, now).await
    }

    /// Takes what is due. A probe is whatever was tried longest ago: a letter that fails for a reason of its own would
    /// otherwise be the next probe too, and keep all others waiting.
    async fn take(
        &self,
        app: &App,
        whose: Whose,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<Claim>, StoreError> {
        if self.pace.is_probing() {
            return app.store.claim_probe(whose, &owner(), now, limit).await;
        }
        match whose {
            Whose::All => app.store.claim(&owner(), now, limit).await,
            Whose::Staff => app.store.claim_alerts(&owner(), now, limit).await,
        }
    }

    /// Makes a pass, unless the last one would answer the same.
    async fn ask(&mut self, app: &App, live: &Arc<Live>, now: Timestamp) -> Result<(), StoreError> {
        let generation = app.store.generation().await?;
        if self.standing.as_ref().is_none_or(|plan| !plan.holds(live, generation, now)) {
            self.standing = StandingPlan::of(live.clone(), &reconcile_once(app, now).await?);
        }
        Ok(())
    }

    /// Gives back what the ledger did not take back before.
    ///
    /// # Errors
    /// [`StoreError`]: it is still to be given back.
    pub async fn give_back(&mut self, app: &App) -> Result<(), StoreError> {
        app.store.release(self.unsent.clone()).await?;
        self.unsent.clear();
        Ok(())
    }

    /// Takes off the flags of those whom the relay accused as it accused everybody: their letters go again.
    async fn exonerate(&mut self, app: &App) -> Result<(), StoreError> {
        if !self.exonerated.is_empty() {
            app.store.exonerate(&self.exonerated, app.now()).await?;
            warn!(
                contacts = self.exonerated.len(),
                "o servidor de saída recusa todos; os endereços não têm culpa"
            );
            self.exonerated.clear();
        }
        Ok(())
    }

    /// Ends every connection to the relay.
    pub async fn close(&mut self) {
        for sender in &mut self.senders {
            sender.close().await;
        }
    }

    fn allowance(&mut self, app: &App, live: &Live, now: Timestamp) -> Room {
        let Some(relay) = &live.setup.config.settings.relay else { return Room::Letters(ROUND) };
        if live.setup.config.settings.mode == Mode::Rehearsal {
            return Room::Letters(ROUND);
        }
        let today = live.calendar.hours.zone.date_of(now);
        let room = self.pace.allowance(app.clock.running(), today, relay.per_minute, relay.per_day);
        match room {
            Room::Letters(_) if self.pace.is_probing() => Room::Letters(1),
            Room::Alerts(_) if self.pace.is_probing() => Room::Alerts(1),
            room => room,
        }
    }

    /// Hands one round to the senders, each its share, and learns from what came of it.
    async fn round(
        &mut self,
        app: &Arc<App>,
        live: &Arc<Live>,
        claims: Vec<Claim>,
        dispatch: &mut RoundSummary,
    ) -> Result<(), StoreError> {
        let mut shares: Vec<Vec<Claim>> = self.senders.iter().map(|_| Vec::new()).collect();
        let count = shares.len();
        for (n, claim) in claims.into_iter().enumerate() {
            shares[n % count].push(claim);
        }
        // In one task: they wait for one disk and mostly for one relay, and waking each by itself costs more than its letter.
        let running: FuturesUnordered<_> = self
            .senders
            .drain(..)
            .zip(shares)
            .map(|(sender, share)| {
                AssertUnwindSafe(send_share(app, live, &self.trust, sender, share)).catch_unwind()
            })
            .collect();
        // Every sender is waited for before anything else may fail.
        let mut outcomes = Vec::new();
        let mut fault = None;
        for ended in running.collect::<Vec<_>>().await {
            if let Ok(share) = ended {
                self.senders.push(share.sender);
                outcomes.extend(share.outcomes);
                if let Some(kept) = share.fault {
                    self.unsent.extend(kept.unsent);
                    fault = fault.or(Some(kept.error));
                }
            } else {
                error!("um remetente parou; o serviço termina para recomeçar");
                app.failed.cancel();
            }
        }
        let (mut setback, mut doubted) = (None, None);
        let mut accepted = false;
        for (key, outcome) in outcomes {
            accepted |= matches!(outcome, Outcome::Accepted { .. });
            if let Some(plan) = self.standing.as_mut().filter(|_| outcome.state().reaches()) {
                plan.told(key);
            }
            let at_fault = self.learn(app, live, &outcome, dispatch);
            if is_doubted(&outcome) {
                doubted = Some(outcome);
            } else if at_fault {
                setback = Some(outcome);
            }
        }
        self.exonerated.extend(self.trust.lock().unwrap_or_else(PoisonError::into_inner).take_exonerated());
        self.exonerate(app).await?;
        if let Some(outcome) = setback {
            app.store.note_relay(Some(app.now())).await?;
            self.said_failing = true;
            self.rest(app, live, &outcome).await?;
        } else {
            if self.said_failing && accepted {
                app.store.note_relay(None).await?;
                self.said_failing = false;
            }
            if let Some(outcome) = doubted {
                tell_of_doubted(app, &outcome).await?;
            }
        }
        fault.map_or(Ok(()), Err)
    }

    /// Counts one attempt. Answers whether the next letter would fare no better.
    fn learn(&mut self, app: &App, live: &Live, outcome: &Outcome, dispatch: &mut RoundSummary) -> bool {
        app.pulse.note_attempt(outcome.state());
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
            let today = live.calendar.hours.zone.date_of(app.now());
            self.pace.offered(app.clock.running(), today, outcome.state());
        }
        at_fault
    }

    /// The queue rests after a round in which the relay failed; then one letter probes. Staff are told once a day: at
    /// once when the relay turns us away, and when it keeps failing otherwise.
    async fn rest(&mut self, app: &App, live: &Live, outcome: &Outcome) -> Result<(), StoreError> {
        let now = app.now();
        let pause = self.pace.back_off(app.clock.running());
        let until = now.saturating_add(pause).unwrap_or(now);
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
        alert_once(app, topic::RELAY, text, now).await
    }
}

/// Calls a person once a day for each batch of letters that may have been taken and are not repeated: because a copied
/// ledger was assumed, by `ao_incerto = "reter"`, because a repetition was refused, or because no reply came to any.
async fn tell_of_held(app: &App) -> Result<(), StoreError> {
    let now = app.now();
    let mut batches: BTreeMap<BatchId, (usize, Option<Timestamp>, Option<String>, usize)> = BTreeMap::new();
    for held in app.store.held_uncertain(now).await? {
        if let Some(batch) = held.batch {
            let (letters, ends, refusal, most) = batches.entry(batch).or_insert((0, None, None, 0));
            (*letters, *ends) = (*letters + 1, [*ends, held.valid_until].into_iter().flatten().min());
            *refusal = refusal.take().or(held.refusal);
            *most = held.times.max(*most);
        }
    }
    for (batch, (letters, ends, refusal, times)) in batches {
        let topic = format!("incerta-{}", slugify(batch.as_str()));
        if batch.is_of_outage() {
            let text = format!(
                "{} de antes de o livro ser assumido, e não se sabe se de outro livro já {}: veja no servidor de saída, \
                 pelo Message-ID. As que saíram: vigia-suas assumir --saiu AVISO --motivo \"…\" (ou --registro ARQUIVO). \
                 Depois, para mandar as outras: vigia-suas liberar --lote {batch} --motivo \"…\"",
                portuguese::counted(letters, "entrega espera", "entregas esperam"),
                if letters == 1 { "saiu" } else { "saíram" },
            );
            alert_once(app, &topic, text, now).await?;
            continue;
        }
        let then = match refusal {
            None if times >= MOST_UNCERTAIN => format!(
                "o mesmo se deu em todas as {times} vezes em que a carta foi mandada; cada vez pode ser uma cópia na caixa \
                 do município, e ela não é repetida sozinha"
            ),
            None => "ao_incerto = \"reter\" manda esperar".to_owned(),
            Some(reply) => format!(
                "ele recusou a repetição: “{}”. A carta conta como aviso dado e não é repetida sozinha",
                visible::line(&reply)
            ),
        };
        let text = format!(
            "Não se sabe se {} do lote {batch} {}: a conexão com o servidor de saída caiu antes da resposta, e {then}. \
             Veja no servidor de saída se saiu; para mandar de novo, com o mesmo Message-ID: vigia-suas liberar --lote \
             {batch} --motivo \"…\"{}",
            portuguese::counted(letters, "carta", "cartas"),
            if letters == 1 { "foi aceita" } else { "foram aceitas" },
            ends.map_or_else(String::new, |at| format!(
                " (até {}; depois ela perde a validade)",
                portuguese::instant(at, &app.live().calendar.hours.zone)
            )),
        );
        alert_once(app, &topic, text, now).await?;
    }
    Ok(())
}

/// Who claims: this process.
fn owner() -> String {
    format!("processo-{}", std::process::id())
}

async fn is_clock_behind(store: &Store, now: Timestamp) -> Result<bool, StoreError> {
    let high_water = store.signs().await?.high_water;
    Ok(high_water.is_some_and(|at| at.duration_since(now) > crate::plan::CLOCK_TOLERANCE))
}

/// Logs a failed round; the next wake tries again.
pub(super) fn log_failure(error: &StoreError) {
    error!(error = %chain(error), "a rodada de entregas parou; será retomada");
}
