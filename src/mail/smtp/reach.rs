//! The way to the relay, before a word of SMTP: the socket, and TLS over it.

use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::client::TlsStream;

use super::tls::{self, Handshake};
use super::{Relay, Security};
use crate::domain::delivery::Outcome;
use crate::text::system::io_words;

/// The relay cannot be reached: whatever the letter.
fn deferred(reply: String) -> Outcome {
    Outcome::Deferred { reply, slow_down: true }
}

pub(super) fn unreachable(error: &std::io::Error) -> Outcome {
    deferred(format!("não foi possível conectar ao relé: {error}"))
}

/// Tries each address of the host, all within `connect`.
pub(super) async fn reach(relay: &Relay) -> Result<TcpStream, Outcome> {
    let limit = relay.timeouts.connect;
    let late = || deferred(format!("o relé não atendeu em {} s", limit.as_secs_f32().ceil()));
    let deadline = Instant::now() + limit;
    let host = (relay.host.as_str(), relay.port);
    let addresses: Vec<_> = timeout_at(deadline, lookup_host(host))
        .await
        .map_err(|_| late())?
        .map_err(|e| unreachable(&e))?
        .collect();
    let mut left = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
    let mut last = deferred(format!("o nome “{}” não tem endereço", relay.host));
    for address in addresses {
        // The name may resolve to anything.
        if relay.security == Security::Plain && !address.ip().to_canonical().is_loopback() {
            let error = super::RelayError::PlainToRemote(relay.host.clone());
            return Err(Outcome::RelayFault { reply: error.to_string() });
        }
        let share = deadline.saturating_duration_since(Instant::now()) / left.max(1);
        left = left.saturating_sub(1);
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // The body and the final dot are two writes; with Nagle's algorithm the second waits 40 ms.
                stream.set_nodelay(true).map_err(|e| unreachable(&e))?;
                return Ok(stream);
            }
            Ok(Err(error)) => last = unreachable(&error),
            Err(_) => last = late(),
        }
    }
    Err(last)
}

/// TLS, with the relay's name checked.
pub(super) async fn protect(relay: &Relay, tcp: TcpStream) -> Result<TlsStream<TcpStream>, Outcome> {
    let name = tls::server_name(&relay.host).ok_or_else(|| Outcome::RelayFault {
        reply: super::RelayError::Host(relay.host.clone()).to_string(),
    })?;
    let extra = relay.extra_ca.as_deref().and_then(tls::authorities).unwrap_or_default();
    match timeout(relay.timeouts.connect, tls::shake_hands(tcp, name, extra)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(Handshake::Refused(error))) => {
            Err(Outcome::RelayFault { reply: format!("TLS com o relé não foi aceito: {error}") })
        }
        Ok(Err(Handshake::Network(error))) => {
            Err(deferred(format!("a rede falhou durante o TLS: {}", io_words(&error))))
        }
        Err(_) => {
            let waited = relay.timeouts.connect.as_secs_f32().ceil();
            Err(deferred(format!("o relé não completou o TLS em {waited} s")))
        }
    }
}
