//! Letters to the relay, one connection per sender.
//!
//! Reading order: this file (the relay and [`SmtpSender`]), `session` (the exchange), `verdict` (what each answer
//! means), `wire` and `reply` (the guard under lettre), `tls`.
//!
//! Architecture invariant: no pool. A connection on which anything went out of order (a time-out, a dropped future, a
//! stray byte) is never used again, so that no letter is given another's reply.

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

pub use self::session::{Manner, Session};

/// The relay and how to speak to it (`[smtp]`).
#[derive(Debug, Clone)]
pub struct Relay {
    /// Host name, or an IP address; also the name that its certificate must bear.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// User and password, if the relay asks for them.
    pub credentials: Option<Credentials>,
    /// Certificates (PEM) of an authority that the system does not know, trusted besides the system's.
    pub extra_ca: Option<Vec<u8>>,
    /// The name that we give in EHLO: this machine's full name, or `[192.0.2.1]`.
    pub hello_name: String,
    /// How long each step may take.
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

/// What AUTH says.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// `usuario`
    pub user: String,
    /// Never shown.
    pub password: SecretString,
}

/// How long each step may take before the connection is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Name resolution and TCP, and again TLS.
    pub connect: Duration,
    /// Greeting and EHLO together.
    pub greeting: Duration,
    /// Each command.
    pub command: Duration,
    /// The letter, without its final dot.
    pub data: Duration,
    /// The reply to the final dot. Long, because a letter given up here may be sent twice.
    pub final_dot: Duration,
}

/// Why a relay cannot be used as configured. Displayed to operators, so in Portuguese.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RelayError {
    /// In the clear to another machine.
    #[error(
        "sem TLS só se fala com a própria máquina, e “{0}” não é ela; use seguranca = \"starttls\" ou \"tls\""
    )]
    PlainToRemote(String),
    /// Not a host name.
    #[error("“{0}” não é um nome de servidor")]
    Host(String),
    /// Not a name for EHLO.
    #[error("“{0}” não serve de nome para EHLO; use o nome completo desta máquina")]
    HelloName(String),
    /// The extra authority is not PEM.
    #[error("o arquivo da autoridade certificadora não contém certificado PEM")]
    Authority,
}

impl Relay {
    /// Checks what can be checked without the network; connecting checks it again.
    ///
    /// # Errors
    /// [`RelayError`].
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
            || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

/// The envelope of one transaction.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// MAIL FROM.
    pub from: &'a EmailAddress,
    /// RCPT TO.
    pub to: &'a EmailAddress,
}

/// What came of one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// What it means for the delivery.
    pub outcome: Outcome,
    /// Whether the session may carry another letter.
    pub usable: bool,
    /// The relay had closed the connection since the last letter, before it heard of this one: a new connection may be
    /// tried at once.
    pub stale: bool,
    /// The relay mixed up commands that were asked together, and no letter was given to it: to be asked in turn, on
    /// another connection.
    pub misordered: bool,
}

/// Sends letters one after another, connecting when it must.
#[derive(Debug)]
pub struct SmtpSender {
    relay: Relay,
    session: Option<Session>,
    manner: Manner,
}

impl SmtpSender {
    /// A sender that has not connected yet.
    ///
    /// # Errors
    /// [`RelayError`] when the relay cannot be used as configured.
    pub fn new(relay: Relay) -> Result<Self, RelayError> {
        relay.check()?;
        Ok(Self { relay, session: None, manner: Manner::Together })
    }

    /// Sends one letter to one address. If the future is dropped, so is the connection.
    pub async fn send(&mut self, envelope: Envelope<'_>, letter: &[u8]) -> Outcome {
        if let Some(session) = self.session.take() {
            let attempt = self.carry(session, envelope, letter).await;
            if !attempt.stale {
                return attempt.outcome;
            }
        }
        let attempt = self.anew(envelope, letter).await;
        let attempt = match attempt {
            Ok(attempt) if attempt.misordered => self.anew(envelope, letter).await,
            other => other,
        };
        attempt.map_or_else(|outcome| outcome, |attempt| attempt.outcome)
    }

    /// One attempt on a connection of its own.
    async fn anew(&mut self, envelope: Envelope<'_>, letter: &[u8]) -> Result<Attempt, Outcome> {
        let session = Session::connect(&self.relay, self.manner).await?;
        Ok(self.carry(session, envelope, letter).await)
    }

    async fn carry(&mut self, mut session: Session, envelope: Envelope<'_>, letter: &[u8]) -> Attempt {
        let attempt = session.send(envelope, letter).await;
        if attempt.usable {
            self.session = Some(session);
        }
        if attempt.misordered {
            self.manner = Manner::InTurn;
        }
        attempt
    }

    /// Takes leave of the relay, if connected.
    pub async fn close(&mut self) {
        if let Some(session) = self.session.take() {
            session.quit().await;
        }
    }
}
