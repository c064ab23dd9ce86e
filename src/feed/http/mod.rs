//! Fetching over HTTP(S): any address, bounded in time, in size and in where it may be led.
//!
//! Reading order: `patience` (when to try again), `expand` (gzip and brotli), `reply` (a body read to its end). Which
//! addresses may be asked is the leaf `http`'s. One [`Fetcher`] serves all feeds, so that no host is asked for more than
//! two things at a time. It must not look at what it fetched, and knows nothing of feeds.

mod expand;
mod patience;
mod reply;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, IF_MODIFIED_SINCE, IF_NONE_MATCH, LOCATION};
use reqwest::{Client, Response, StatusCode, Url};
use tokio::sync::Semaphore;

use super::error::{FeedError, FetchProblem};
use crate::format::body::Original;
use crate::http::guard;
use crate::http::resolve::is_named;

pub use patience::Patience;

/// Longest silence in the middle of an answer. The ministry's hosts have been seen to take minutes.
const SILENCE: Duration = Duration::from_mins(2);
/// Most redirects followed.
const HOPS: usize = 3;
/// Most requests at a time to one host, whoever asks.
const AT_A_TIME: usize = 2;
/// Most clients kept; each holds connections of its own.
const CLIENTS: usize = 16;

/// What a fetch may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Hosts that a redirect may lead to besides the address's own, and that may stand in an internal network.
    pub hosts: Vec<String>,
    /// Time-out of each request, its body included.
    pub timeout: Duration,
    /// Most bytes taken, as sent and as expanded.
    pub max_bytes: u64,
    /// A PEM file of authorities trusted besides the system's, for hosts that send an incomplete chain.
    pub authorities: Option<PathBuf>,
}

/// What makes the next request conditional.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// `ETag` as sent.
    pub etag: Option<String>,
    /// `Last-Modified` as sent.
    pub last_modified: Option<String>,
}

/// What a fetch brought.
#[derive(Debug, Clone)]
pub enum Fetched {
    /// Nothing new since the validators (304). It counts as a successful fetch.
    NotModified,
    /// A whole body.
    Fresh(Reply),
}

/// A whole body, as the server meant it (decompressed).
#[derive(Debug, Clone)]
pub struct Reply {
    pub original: Original,
    /// For the next request.
    pub validators: Validators,
    /// `Content-Type` as sent.
    pub content_type: Option<String>,
    /// Where it came from in the end, after redirects.
    pub url: String,
}

/// Fetches for everybody. Shared by reference or [`Arc`].
#[derive(Debug)]
pub struct Fetcher {
    agent: String,
    folder: PathBuf,
    patience: Patience,
    lanes: Mutex<HashMap<String, Arc<Semaphore>>>,
    clients: Mutex<Vec<(Way, Client)>>,
}

/// What a client is made from; equal ones share their connections.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Way {
    hosts: Vec<String>,
    timeout: Duration,
    pem: Option<Vec<u8>>,
}

impl Fetcher {
    /// `contact` is the address or page in the User-Agent, so that the other side knows whom to ask; large bodies lie
    /// in `folder` while they are read.
    pub fn new(contact: Option<&str>, folder: &Path, patience: Patience) -> Self {
        crate::http::install_tls();
        Self {
            agent: crate::http::agent(contact),
            folder: folder.to_owned(),
            patience,
            lanes: Mutex::default(),
            clients: Mutex::default(),
        }
    }

    /// Fetches an address; what may pass is tried again a few times, with growing waits.
    ///
    /// # Errors
    /// [`FeedError::Transient`] for what may go better later, [`FeedError::Permanent`] for what needs a person.
    pub async fn fetch(
        &self,
        url: &str,
        validators: &Validators,
        rules: &Rules,
    ) -> Result<Fetched, FeedError> {
        let mut tries = 1;
        loop {
            let failure = match self.attempt(url, validators, rules).await {
                Err(failure @ FeedError::Transient { .. }) => failure,
                settled => return settled,
            };
            match self.patience.wait_after(tries, failure.problem(), failure.retry_after()) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return Err(failure),
            }
            tries += 1;
        }
    }

    /// One try: the address, and wherever it is redirected to.
    async fn attempt(
        &self,
        address: &str,
        validators: &Validators,
        rules: &Rules,
    ) -> Result<Fetched, FeedError> {
        let mut url = parse(address).ok_or_else(|| permanent(FetchProblem::Address(address.to_owned())))?;
        let client = self.client(rules)?;
        let first = url.host_str().unwrap_or_default().to_owned();
        for _ in 0..=HOPS {
            check_literal(&url, &rules.hosts)?;
            let lane = self.lane(url.host_str().unwrap_or_default());
            let _one_of_two = lane.acquire().await.map_err(|_| permanent(FetchProblem::Client))?;
            let response = self.ask(&client, &url, validators).await?;
            let Some(Lead { sent, to }) = led_to(&response, &url) else {
                return self.answer(response, validators, rules).await;
            };
            let followed = to.filter(|to| may_follow(&first, &url, to, &rules.hosts));
            url = followed.ok_or_else(|| permanent(FetchProblem::Redirect(sent)))?;
        }
        Err(permanent(FetchProblem::TooManyRedirects))
    }

    async fn ask(&self, client: &Client, url: &Url, validators: &Validators) -> Result<Response, FeedError> {
        let mut request = client.get(url.clone()).header(ACCEPT_ENCODING, expand::ACCEPTED);
        for (name, value) in
            [(IF_NONE_MATCH, &validators.etag), (IF_MODIFIED_SINCE, &validators.last_modified)]
        {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        request.send().await.map_err(reply::failed)
    }

    async fn answer(
        &self,
        response: Response,
        validators: &Validators,
        rules: &Rules,
    ) -> Result<Fetched, FeedError> {
        match response.status() {
            StatusCode::OK => reply::read(response, &self.folder, rules.max_bytes).await.map(Fetched::Fresh),
            StatusCode::NOT_MODIFIED if *validators != Validators::default() => Ok(Fetched::NotModified),
            status => Err(reply::refused(status, &response)),
        }
    }

    /// The two permits of a host.
    fn lane(&self, host: &str) -> Arc<Semaphore> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let key = host.trim_end_matches('.').to_ascii_lowercase();
        lanes.entry(key).or_insert_with(|| Arc::new(Semaphore::new(AT_A_TIME))).clone()
    }

    /// A client that keeps to the rules: one for all fetches by the same ones.
    fn client(&self, rules: &Rules) -> Result<Client, FeedError> {
        let pem = match &rules.authorities {
            None => None,
            Some(path) => Some(std::fs::read(path).map_err(|source| FeedError::Permanent {
                what: FetchProblem::Authorities(path.clone()),
                source: Some(source.into()),
            })?),
        };
        let way = Way { hosts: rules.hosts.clone(), timeout: rules.timeout, pem };
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = clients.iter().find(|(known, _)| *known == way) {
            return Ok(client.clone());
        }
        let client = self.build(&way, rules.authorities.as_deref())?;
        if clients.len() >= CLIENTS {
            clients.remove(0);
        }
        clients.push((way, client.clone()));
        Ok(client)
    }

    fn build(&self, way: &Way, pem_path: Option<&Path>) -> Result<Client, FeedError> {
        let unprepared = |what: FetchProblem| {
            move |source: reqwest::Error| FeedError::Permanent {
                what,
                source: Some(source.without_url().into()),
            }
        };
        // Redirects are followed by us: each hop is checked, and waits its turn at the next host.
        let mut builder = crate::http::builder(&self.agent, &way.hosts, way.timeout, SILENCE);
        if let Some(pem) = &way.pem {
            let broken = || FetchProblem::Authorities(pem_path.unwrap_or(Path::new("")).to_owned());
            let certificates = crate::http::authorities(pem).map_err(unprepared(broken()))?;
            if certificates.is_empty() {
                return Err(permanent(broken()));
            }
            builder = builder.tls_certs_merge(certificates);
        }
        builder.build().map_err(unprepared(FetchProblem::Client))
    }
}

/// An HTTP(S) address with a host.
fn parse(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|u| matches!(u.scheme(), "http" | "https") && u.has_host())
}

/// A host that is an address is never looked up, so it is checked here.
fn check_literal(url: &Url, named: &[String]) -> Result<(), FeedError> {
    let host = url.host_str().unwrap_or_default();
    match guard::literal(host) {
        Some(address) if !guard::may_reach(address, is_named(host, named)) => {
            Err(permanent(closed(host, address)))
        }
        _ => Ok(()),
    }
}

/// Why a host may not be asked.
fn closed(host: &str, address: std::net::IpAddr) -> FetchProblem {
    let host = host.to_owned();
    if guard::may_reach(address, true) {
        FetchProblem::Internal { host, address }
    } else {
        FetchProblem::Forbidden { host, address }
    }
}

/// Where a response leads, if it is a redirect: the address as sent, and as read.
fn led_to(response: &Response, from: &Url) -> Option<Lead> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let sent = response.headers().get(LOCATION)?.to_str().ok()?.to_owned();
    let to = from.join(&sent).ok().and_then(|u| parse(u.as_str()));
    Some(Lead { sent, to })
}

/// A redirect.
struct Lead {
    sent: String,
    to: Option<Url>,
}

/// The same host or one that is named, and never from https to http.
fn may_follow(first: &str, from: &Url, to: &Url, named: &[String]) -> bool {
    let host = to.host_str().unwrap_or_default();
    let known = is_named(host, &[first.to_owned()]) || is_named(host, named);
    let downgraded = from.scheme() == "https" && to.scheme() != "https";
    known && !downgraded
}

fn permanent(what: FetchProblem) -> FeedError {
    FeedError::Permanent { what, source: None }
}

#[cfg(test)]
mod tests;
