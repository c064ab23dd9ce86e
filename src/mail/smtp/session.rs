//! One connection to the relay, and the transactions on it.

use std::fmt;
use std::future::Future as _;
use std::str::FromStr;
use std::task::Poll;
use std::time::Duration;

use lettre::address::Address;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Quit, Rcpt, Rset, Starttls};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter, RcptParameter};
use lettre::transport::smtp::response::{Response, Severity};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use crate::domain::delivery::Outcome;
use crate::domain::refusal::Refusal;

use super::reach::{protect, reach, unreachable};
use super::verdict::{self, Setback, Step};
use super::wire::{Permit, Wire};
use super::{Connection, Envelope, Relay, Security, Timeouts, Transaction};

/// How long a relay may take to say goodbye.
const QUIT_TIMEOUT: Duration = Duration::from_secs(2);

/// A connection, greeted and authenticated, owned by one sender.
#[derive(Debug)]
pub struct Session {
    /// None from the start of a transaction until it ends in order: whoever drops the future drops the connection.
    line: Option<Line>,
}

/// lettre's connection over our wire.
pub(super) struct Line {
    pub(super) smtp: AsyncSmtpConnection,
    pub(super) wire: Wire,
    pub(super) timeouts: Timeouts,
    /// Transactions that ended in order.
    carried: u32,
    pipelining: Pipelining,
    /// The relay answered commands that were sent together in another order.
    misordered: bool,
}

/// How the commands before a letter are sent (RFC 2920).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pipelining {
    /// In one write, where the relay offers PIPELINING.
    IfOffered,
    /// Each after the reply to the one before.
    Off,
}

impl Session {
    /// Connects, greets, protects the connection as the relay demands, and authenticates.
    ///
    /// # Errors
    /// `Deferred` with `slow_down` when the relay cannot be reached or puts us off: name not resolved, connection
    /// refused or closed, a time-out, a 4xx. `RelayFault` when a person must act: a configuration that
    /// cannot be used, a service that is not SMTP, a certificate that is not trusted, no STARTTLS or AUTH on offer, a
    /// 5xx at any of these steps (so also a wrong password).
    pub async fn connect(relay: &Relay, pipelining: Pipelining) -> Result<Self, Outcome> {
        Self::connect_while(relay, pipelining, &Permit::default()).await
    }

    /// The same, only while this process may speak: then and ever after, each write asks.
    pub async fn connect_while(
        relay: &Relay,
        pipelining: Pipelining,
        permit: &Permit,
    ) -> Result<Self, Outcome> {
        relay.check().map_err(|error| Outcome::RelayFault { reply: error.to_string() })?;
        let tcp = reach(relay).await?;
        let mut line = match relay.security {
            Security::Plain => greet(relay, Wire::plain(tcp, permit).map_err(|e| unreachable(&e))?).await?,
            Security::Tls => {
                greet(relay, Wire::tls(protect(relay, tcp).await?, permit).map_err(|e| unreachable(&e))?)
                    .await?
            }
            Security::StartTls => {
                let tcp =
                    ask_for_tls(greet(relay, Wire::plain(tcp, permit).map_err(|e| unreachable(&e))?).await?)
                        .await?;
                greet(relay, Wire::upgraded(protect(relay, tcp).await?, permit).map_err(|e| unreachable(&e))?)
                    .await?
            }
        };
        line.authenticate(relay).await?;
        line.pipelining = pipelining;
        Ok(Self { line: Some(line) })
    }

    /// One transaction: one letter to one address. Cancelled, it drops the connection.
    pub async fn send(&mut self, envelope: Envelope<'_>, letter: &[u8]) -> Transaction {
        let Some(mut line) = self.line.take() else { return stale() };
        let reused = line.carried > 0;
        if reused && !line.wire.is_quiet().await {
            return stale();
        }
        let (outcome, in_order, is_of_the_letter) = match line.transact(envelope, letter).await {
            Ok(reply) => (Outcome::Accepted { reply }, line.wire.breakage().is_none(), true),
            Err((Step::Mail, setback)) if reused && setback.closed => return stale(),
            Err(_) if line.misordered => {
                return Transaction { connection: Connection::Misordered, ..stale() };
            }
            Err((step, setback)) => {
                let in_order = setback.in_order && line.reset().await;
                (setback.outcome, in_order, step.is_about_the_letter())
            }
        };
        if in_order {
            line.carried += 1;
            self.line = Some(line);
        }
        let connection = if in_order { Connection::Usable } else { Connection::Broken };
        Transaction { outcome, connection, is_of_the_letter }
    }

    /// Says QUIT; waits two seconds at most.
    pub async fn quit(self) {
        if let Some(mut line) = self.line {
            // Whatever it answers, nothing depends on it.
            let _ = timeout(QUIT_TIMEOUT, line.smtp.command(Quit)).await;
        }
    }
}

fn stale() -> Transaction {
    let reply = "o relé havia encerrado a conexão".to_owned();
    let outcome = Outcome::Deferred { reply, slow_down: false };
    Transaction { outcome, connection: Connection::Stale, is_of_the_letter: false }
}

/// Greeting and EHLO.
async fn greet(relay: &Relay, wire: Wire) -> Result<Line, Outcome> {
    let limit = relay.timeouts.greeting;
    let hello = ClientId::Domain(relay.hello_name.clone());
    let connected =
        timeout(limit, AsyncSmtpConnection::connect_with_transport(Box::new(wire.clone()), &hello)).await;
    match connected {
        Ok(Ok(smtp)) => Ok(Line {
            smtp,
            wire,
            timeouts: relay.timeouts,
            carried: 0,
            pipelining: Pipelining::Off,
            misordered: false,
        }),
        Ok(Err(error)) => Err(verdict::of_error(Step::Greeting, &error, wire.breakage()).outcome),
        Err(_) => Err(verdict::of_silence(Step::Greeting, limit).outcome),
    }
}

/// STARTTLS, and the socket back for the handshake.
async fn ask_for_tls(mut line: Line) -> Result<TcpStream, Outcome> {
    if !line.smtp.server_info().supports_feature(Extension::StartTls) {
        return Err(Outcome::RelayFault { reply: "o relé não oferece STARTTLS".to_owned() });
    }
    let reply = line.say(Step::StartTls, Starttls).await.map_err(|setback| setback.outcome)?;
    if !reply.has_code(220) {
        return Err(verdict::of_nonsense(Step::StartTls, reply.code().into()).outcome);
    }
    line.wire
        .take_plain()
        .ok_or_else(|| Outcome::RelayFault { reply: "o relé falou entre STARTTLS e o TLS".to_owned() })
}

impl Line {
    /// MAIL, RCPT, DATA, the letter. An error says at which step.
    async fn transact(&mut self, envelope: Envelope<'_>, letter: &[u8]) -> Result<String, (Step, Setback)> {
        let (from, to) = addresses(envelope)?;
        let (about_letter, about_address) = self.asked_of_reports(envelope);
        let commands = [
            (Step::Mail, Mail::new(Some(from), about_letter).to_string()),
            (Step::Rcpt, Rcpt::new(to, about_address).to_string()),
            (Step::Data, Data.to_string()),
        ];
        self.wire.begin_letter();
        if self.pipelining == Pipelining::IfOffered && self.wire.pipelines() {
            self.send_together(&commands).await?;
        } else {
            for (step, command) in &commands {
                let reply = self.say(*step, command).await;
                reply.and_then(|reply| expected(*step, &reply)).map_err(|setback| (*step, setback))?;
            }
        }
        let taken = self.write(letter).await.map_err(|setback| (Step::Dot, setback))?;
        let text = taken.message().collect::<Vec<_>>().join(" ");
        Ok(verdict::worded(taken.code().into(), &text))
    }

    /// What a report on this letter shall say and when one is wanted, where the relay offers it (RFC 3461): the
    /// delivery's own name, its address as we wrote it, and the headers only.
    fn asked_of_reports(&self, envelope: Envelope<'_>) -> (Vec<MailParameter>, Vec<RcptParameter>) {
        let Some(id) = envelope.id.filter(|_| self.wire.reports()) else { return (Vec::new(), Vec::new()) };
        let mail = |keyword: &str, value: &str| MailParameter::Other {
            keyword: keyword.to_owned(),
            value: Some(value.to_owned()),
        };
        let rcpt = |keyword: &str, value: String| RcptParameter::Other {
            keyword: keyword.to_owned(),
            value: Some(value),
        };
        (
            vec![mail("RET", "HDRS"), mail("ENVID", id)],
            vec![
                rcpt("NOTIFY", "FAILURE,DELAY".to_owned()),
                rcpt("ORCPT", format!("rfc822;{}", envelope.to)),
            ],
        )
    }

    /// All commands in one write (RFC 2920), then a reply to each, in order. The first refusal counts; the others are
    /// read all the same, so that none is taken for the next letter's.
    async fn send_together(&mut self, commands: &[(Step, String)]) -> Result<(), (Step, Setback)> {
        let mut together = Some(commands.iter().map(|(_, command)| command.as_str()).collect::<String>());
        let mut refused: Option<(Step, Setback)> = None;
        self.wire.commands(commands.len());
        for (step, _) in commands {
            let reply = match together.take() {
                Some(together) => self.say(*step, together).await,
                None => self.hear(*step).await,
            };
            let answered = reply.and_then(|reply| expected(*step, &reply));
            if let (Err(setback), None) = (&answered, &refused) {
                self.misordered = is_out_of_sequence(&setback.outcome);
            }
            let in_order = match (&answered, &refused) {
                (Err(setback), _) => setback.in_order,
                // A relay that awaits a letter for nobody gets none: not even an empty one.
                (Ok(()), Some(_)) => *step != Step::Data,
                (Ok(()), None) => true,
            };
            refused = match (refused, answered) {
                (Some((at, setback)), _) => Some((at, Setback { in_order, ..setback })),
                (None, Err(setback)) => Some((*step, setback)),
                (None, Ok(())) => None,
            };
            if !in_order {
                break;
            }
        }
        self.wire.commands(1);
        refused.map_or(Ok(()), Err)
    }

    /// Reads the reply to a command that was written already.
    async fn hear(&mut self, step: Step) -> Result<Response, Setback> {
        let limit = self.timeouts.command;
        match timeout(limit, self.smtp.read_response()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(verdict::of_error(step, &error, self.wire.breakage())),
            Err(_) => Err(verdict::of_silence(step, limit)),
        }
    }

    pub(super) async fn say(&mut self, step: Step, command: impl fmt::Display) -> Result<Response, Setback> {
        let limit = self.timeouts.command;
        match timeout(limit, self.smtp.command(command)).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(verdict::of_error(step, &error, self.wire.breakage())),
            Err(_) => Err(verdict::of_silence(step, limit)),
        }
    }

    /// The letter and its final dot. Before the dot nothing can have been taken; after it, only a reply can tell.
    async fn write(&mut self, letter: &[u8]) -> Result<Response, Setback> {
        // lettre ends every body with a line end before the dot, and a letter has one already.
        let body = letter.strip_suffix(b"\r\n").unwrap_or(letter);
        let wire = self.wire.clone();
        let end = std::iter::from_fn(|| {
            wire.body_written();
            None
        });
        let mut sending = std::pin::pin!(self.smtp.message_iter(std::iter::once(body).chain(end)));
        let (mut step, mut limit) = (Step::Body, self.timeouts.data);
        let mut late = std::pin::pin!(sleep(limit));
        // The wait for the reply begins when the dot is written, and not when the text's own time is over.
        let sent = std::future::poll_fn(|cx| {
            if let Poll::Ready(sent) = sending.as_mut().poll(cx) {
                return Poll::Ready(Some(sent));
            }
            if step == Step::Body && wire.ended() {
                (step, limit) = (Step::Dot, self.timeouts.final_dot);
                late.as_mut().reset(Instant::now() + limit);
            }
            late.as_mut().poll(cx).map(|()| None)
        })
        .await;
        if self.wire.ended() {
            step = Step::Dot;
        }
        match sent {
            Some(Ok(response)) if response.code().severity == Severity::PositiveCompletion => Ok(response),
            Some(Ok(response)) => Err(verdict::of_nonsense(step, response.code().into())),
            Some(Err(error)) => Err(verdict::of_error(step, &error, self.wire.breakage())),
            None => Err(verdict::of_silence(step, limit)),
        }
    }

    /// Clears a transaction that was refused; false if the relay does not agree.
    async fn reset(&mut self) -> bool {
        self.say(Step::Mail, Rset).await.is_ok_and(|reply| expected(Step::Mail, &reply).is_ok())
    }
}

/// True for 503. A relay that gives it to the first command that it refuses of several did not look at them in their
/// order: what it answers tells nothing of the sender or the address.
fn is_out_of_sequence(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Refused { reply, .. } | Outcome::RelayFault { reply } => reply.starts_with("503"),
        _ => false,
    }
}

/// Checks that a reply is what its command asks for: 354 to DATA, 2xx to anything else.
pub(super) fn expected(step: Step, reply: &Response) -> Result<(), Setback> {
    let fits = match step {
        Step::Data => reply.has_code(354),
        _ => reply.code().severity == Severity::PositiveCompletion,
    };
    if fits { Ok(()) } else { Err(verdict::of_nonsense(step, reply.code().into())) }
}

fn addresses(envelope: Envelope<'_>) -> Result<(Address, Address), (Step, Setback)> {
    let bad = |outcome| Setback { outcome, in_order: true, closed: false };
    let from = Address::from_str(envelope.from.as_str()).map_err(|_| {
        let reply = "o endereço do remetente não serve de envelope".to_owned();
        (Step::Mail, bad(Outcome::RelayFault { reply }))
    })?;
    let to = Address::from_str(envelope.to.as_str()).map_err(|_| {
        let reply = "o endereço não serve de envelope".to_owned();
        (Step::Rcpt, bad(Outcome::Refused { reply, why: Refusal::Address }))
    })?;
    Ok((from, to))
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line")
            .field("wire", &self.wire)
            .field("carried", &self.carried)
            .finish_non_exhaustive()
    }
}
