//! The one way to speak HTTP(S): clients with a time-out, no redirects, no proxy, the system's roots of trust, and no way
//! into what stands behind the firewall but by name. A leaf.
//!
//! Reading order: `guard` (which addresses), `resolve` (names to addresses), `call` (one short exchange with a service
//! that the operator named: a webhook, a dead-man switch, a token server). What reads long bodies for the feeds is theirs
//! (`feed::http`) and stands on the same clients.

pub mod call;
pub mod guard;
pub mod resolve;

use std::sync::Once;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder};

use resolve::Guarded;

/// Longest wait for a connection; the time-out of the whole when that is shorter.
const CONNECT: Duration = Duration::from_secs(20);

/// Installs the TLS provider (ring) for the process, once; without it making a client panics. [`builder`] does it.
pub fn install_tls() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // An error means that another room installed one first, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// How the program calls itself, and whom to ask about it.
pub fn agent(contact: Option<&str>) -> String {
    let contact = contact.map(|c| format!(" (+{c})")).unwrap_or_default();
    format!("vigia-suas/{}{contact}", env!("CARGO_PKG_VERSION"))
}

/// What every client keeps to. `named`: the hosts that the operator named, which may stand in an internal network;
/// `silence`: the longest in the middle of an answer.
pub fn builder(agent: &str, named: &[String], timeout: Duration, silence: Duration) -> ClientBuilder {
    install_tls();
    Client::builder()
        .user_agent(agent)
        .connect_timeout(CONNECT.min(timeout))
        .read_timeout(silence.min(timeout))
        .timeout(timeout)
        .referer(false)
        .redirect(Policy::none())
        .dns_resolver(Guarded { named: named.into() })
        .no_proxy()
}

/// Authorities of a PEM file; nothing when there is none in it.
///
/// # Errors
/// What stands there is no PEM.
pub fn authorities(pem: &[u8]) -> Result<Vec<Certificate>, reqwest::Error> {
    Certificate::from_pem_bundle(pem)
}
