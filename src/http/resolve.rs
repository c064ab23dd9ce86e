//! Names to addresses, less those that may not be asked.
//!
//! The check stands here and not before the request, because only here the address is the one that is connected to:
//! a name looked up twice may answer twice otherwise.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::guard::may_reach;

/// Every address of a host lies where a fetch may not go.
#[derive(Debug, thiserror::Error)]
#[error("{host} está em {address}")]
pub struct Inside {
    pub host: String,
    /// The first of its addresses.
    pub address: IpAddr,
}

/// Asks the system, and leaves out addresses that may not be asked.
pub(super) struct Guarded {
    pub(super) named: Arc<[String]>,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let (host, named) = (name.as_str().to_owned(), self.named.clone());
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            let is_named = is_named(&host, &named);
            let open: Vec<SocketAddr> =
                found.iter().copied().filter(|a| may_reach(a.ip(), is_named)).collect();
            match found.first() {
                Some(first) if open.is_empty() => Err(Inside { host, address: first.ip() }.into()),
                _ => Ok(Box::new(open.into_iter()) as Addrs),
            }
        })
    }
}

/// Whether the operator named a host; the dot at the end of an absolute name means nothing.
pub fn is_named(host: &str, named: &[String]) -> bool {
    let bare = |h: &str| h.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
    let wanted = bare(host);
    named.iter().any(|n| bare(n) == wanted)
}
