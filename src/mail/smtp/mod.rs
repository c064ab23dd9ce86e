//! Letters to the relay, one connection per sender.
//!
//! Reading order: this file (the relay and [`SmtpSender`]), `session` (the exchange), `verdict` (what each answer
//! means), `oauth` (tokens in place of a password), `wire` and `reply` (the guard under lettre), `tls`.
//!
//! Architecture invariant: no pool. A connection on which anything went out of order (a time-out, a dropped future, a
//! stray byte) is never used again, so that no letter is given another's reply.

mod authenticate;
pub mod oauth;
mod reach;
mod reply;
mod session;
#[cfg(test)]
mod tests;
mod tls;
mod verdict;
mod wire;

use std::net::IpAddr;
use std::time::Duration;

use secrecy::SecretString;

use crate::domain::delivery::Outcome;
use crate::domain::id::EmailAddress;

pub use self::session::{Pipelining, Session};
pub use self::wire::Permit;

/// The relay and how to speak to it (`[smtp]`).
#[derive(Debug, Clone)]
pub struct Relay {
    /// Host name, or an IP address; also the name that its certificate must bear.
    pub host: String,
    /// TCP port: 25, 465 (TLS) or 587 (STARTTLS) by custom.
    pub port: u16,
    pub security: Security,
    /// User and password, if the relay asks for them.
    pub credentials: Option<Credentials>,
    /// Certificates (PEM) of an authority that the system does not know, trusted besides the system's.
    pub extra_ca: Option<Vec<u8>>,
    /// The name that we give in EHLO: this machine's full name, or `[192.0.2.1]`.
    pub hello_name: String,
    pub timeouts: Timeouts,
}

/// How a connection is protected. Nothing is opportunistic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// `starttls`: asked for, or no letter leaves.
    StartTls,
    /// `tls`: from the first byte.
    Tls,
    /// `nenhuma`: in the clear, to this machine only.
    Plain,
}

/// What AUTH gives to the relay.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The name that the relay knows us by (`usuario`).
    pub user: String,
    /// What proves it.
    pub proof: Proof,
}

/// What proves to the relay who we are; `Debug` shows no secret.
#[derive(Debug, Clone)]
pub enum Proof {
    Password(SecretString),
    /// A token (XOAUTH2), as another server gives them.
    Token(oauth::Tokens),
}

/// How long each step may take before the connection is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Name resolution and TCP, and again TLS.
    pub connect: Duration,
    /// Greeting and EHLO together.
    pub greeting: Duration,
    /// The reply to one command, or to several sent together.
    pub command: Duration,
    /// The letter, without its final dot.
    pub data: Duration,
    /// The reply to the final dot. Long, because a letter given up here may be sent twice.
    pub final_dot: Duration,
}

/// Why a relay cannot be used as configured. Displayed to operators, so in Portuguese.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RelayError {
    /// It would be spoken to in the clear, and is another machine.
    #[error(
        "sem TLS só se fala com a própria máquina, e “{0}” não é ela; use seguranca = \"starttls\" ou \"tls\""
    )]
    PlainToRemote(String),
    /// Neither a host name nor an IP address.
    #[error("“{0}” não é um nome de servidor")]
    Host(String),
    /// Has a character that EHLO does not take.
    #[error("“{0}” não serve de nome para EHLO; use o nome completo desta máquina")]
    HelloName(String),
    /// The file of the extra authority holds no PEM certificate.
    #[error("o arquivo da autoridade certificadora não contém certificado PEM")]
    Authority,
}

impl Relay {
    /// Checks what can be checked without the network; connecting checks it again.
    pub fn check(&self) -> Result<(), RelayError> {
        if tls::server_name(&self.host).is_none() {
            return Err(RelayError::Host(self.host.clone()));
        }
        if self.security == Security::Plain && !self.is_loopback() {
            return Err(RelayError::PlainToRemote(self.host.clone()));
        }
        let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']');
        if self.hello_name.is_empty() || !self.hello_name.bytes().all(fits) {
            return Err(RelayError::HelloName(self.hello_name.clone()));
        }
        match &self.extra_ca {
            Some(pem) if tls::authorities(pem).is_none() => Err(RelayError::Authority),
            _ => Ok(()),
        }
    }

    fn is_loopback(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost")
            || self.host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
    }
}

/// The envelope of one transaction.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// The address of MAIL FROM, to which failures come back.
    pub from: &'a EmailAddress,
    /// The one address of RCPT TO.
    pub to: &'a EmailAddress,
    /// The delivery's name, which a report gives back where the relay offers that (ENVID, RFC 3461); absent: none.
    pub id: Option<&'a str>,
}

/// One mail transaction (RFC 5321 §3.3) that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// What it means for the delivery.
    pub outcome: Outcome,
    /// What it means for the connection.
    pub connection: Connection,
    /// Whether it ended over its recipient or its letter, at RCPT or later.
    pub is_of_the_letter: bool,
}

/// What a transaction leaves of its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    Usable,
    /// Something went out of order on it.
    Broken,
    /// The relay had closed it since the last letter, before it heard of this one: another may be tried at once.
    Stale,
    /// The relay mixed up commands that were sent together, and no letter was given to it: the letter may be tried at
    /// once on another, with one command at a time.
    Misordered,
}

/// Sends letters one after another, connecting when it must.
#[derive(Debug)]
pub struct SmtpSender {
    relay: Relay,
    session: Option<Session>,
    pipelining: Pipelining,
    permit: Permit,
    is_of_the_letter: bool,
}

impl SmtpSender {
    /// A sender that has not connected yet.
    ///
    /// # Errors
    /// [`RelayError`] when the relay cannot be used as configured.
    pub fn new(relay: Relay) -> Result<Self, RelayError> {
        relay.check()?;
        Ok(Self {
            relay,
            session: None,
            pipelining: Pipelining::IfOffered,
            permit: Permit::default(),
            is_of_the_letter: false,
        })
    }

    /// From the next connection on, speaks only while it may.
    pub fn only_while(&mut self, permit: Permit) {
        self.permit = permit;
    }

    /// Connects, unless it is connected.
    pub async fn connect(&mut self) -> Result<(), Outcome> {
        if self.session.is_none() {
            self.session = Some(Session::connect_while(&self.relay, self.pipelining, &self.permit).await?);
        }
        Ok(())
    }

    /// Sends one letter to one address. If the future is dropped, so is the connection.
    pub async fn send(&mut self, envelope: Envelope<'_>, letter: &[u8]) -> Outcome {
        self.is_of_the_letter = false;
        if let Some(session) = self.session.take() {
            let transaction = self.carry(session, envelope, letter).await;
            if !matches!(transaction.connection, Connection::Stale | Connection::Misordered) {
                return transaction.outcome;
            }
        }
        let ended = match self.connect_and_send(envelope, letter).await {
            Ok(first) if first.connection == Connection::Misordered => {
                self.connect_and_send(envelope, letter).await
            }
            other => other,
        };
        ended.map_or_else(|outcome| outcome, |transaction| transaction.outcome)
    }

    /// One transaction on a new connection.
    async fn connect_and_send(
        &mut self,
        envelope: Envelope<'_>,
        letter: &[u8],
    ) -> Result<Transaction, Outcome> {
        let session = Session::connect_while(&self.relay, self.pipelining, &self.permit).await?;
        Ok(self.carry(session, envelope, letter).await)
    }

    async fn carry(&mut self, mut session: Session, envelope: Envelope<'_>, letter: &[u8]) -> Transaction {
        let transaction = session.send(envelope, letter).await;
        self.is_of_the_letter = transaction.is_of_the_letter;
        match transaction.connection {
            Connection::Usable => self.session = Some(session),
            Connection::Misordered => self.pipelining = Pipelining::Off,
            Connection::Broken | Connection::Stale => {}
        }
        transaction
    }

    /// Whether what the relay said last came over a recipient or a letter, at RCPT or later.
    pub fn spoke_of_the_letter(&self) -> bool {
        self.is_of_the_letter
    }

    /// Says QUIT to the relay, if connected.
    pub async fn close(&mut self) {
        if let Some(session) = self.session.take() {
            session.quit().await;
        }
    }
}
