//! Fetching a feed over HTTP(S): one conditional request, bounded in time, size and where it may be led.
//!
//! It must not retry (the service's schedule does), and must not look at what it fetched.

use std::sync::Once;
use std::time::Duration;

use jiff::SignedDuration;
use reqwest::header::{
    CONTENT_TYPE, ETAG, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, RETRY_AFTER,
};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};

use crate::domain::feed::{FeedSpec, Source};

use super::digest::sha256_hex;
use super::error::{FeedError, FetchProblem};

/// Longest wait for a connection; the feed's own time-out when that is shorter.
const CONNECT: Duration = Duration::from_secs(20);
/// Longest silence in the middle of an answer. The ministry's hosts have been seen to take minutes.
const SILENCE: Duration = Duration::from_mins(2);
/// Most redirects followed.
const HOPS: usize = 3;

/// Who asks, and by which way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requester {
    /// Address or page given in the User-Agent, so that the other side knows whom to ask.
    pub contact: Option<String>,
    /// Proxy, as `http://proxy.example.org:3128`; absent: none, whatever the environment says.
    pub proxy: Option<String>,
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// Nothing new since the validators (304). It counts as a successful fetch.
    NotModified,
    /// A whole body.
    Body(Body),
}

/// A whole body, as the server meant it (decompressed).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// SHA-256 of them, in hexadecimal.
    pub sha256: String,
    /// For the next request.
    pub validators: Validators,
    /// `Content-Type` as sent.
    pub content_type: Option<String>,
    /// Where it came from in the end, after redirects.
    pub url: String,
}

/// Installs the TLS provider (ring) for the process, once; without it making a client panics. [`fetch`] does it too.
pub fn install_tls() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // An error means that another room installed one first, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// Fetches a feed from `url`, which is its template already expanded.
///
/// # Errors
/// [`FeedError::Transient`] for what may go better later, [`FeedError::Permanent`] for what needs a person.
pub async fn fetch(
    spec: &FeedSpec,
    url: &str,
    validators: &Validators,
    requester: &Requester,
) -> Result<Fetched, FeedError> {
    let Source::Http { hosts, timeout, max_bytes, .. } = &spec.source else {
        return Err(permanent(FetchProblem::NotFetched));
    };
    let url = Url::parse(url)
        .ok()
        .filter(|u| matches!(u.scheme(), "http" | "https") && u.has_host())
        .ok_or_else(|| permanent(FetchProblem::Address(url.to_owned())))?;
    let client = client(hosts, timeout.unsigned_abs(), requester)?;
    let mut request = client.get(url);
    for (name, value) in [(IF_NONE_MATCH, &validators.etag), (IF_MODIFIED_SINCE, &validators.last_modified)] {
        if let Some(value) = value {
            request = request.header(name, value);
        }
    }
    let response = request.send().await.map_err(failed)?;
    match response.status() {
        StatusCode::OK => body(response, *max_bytes).await.map(Fetched::Body),
        StatusCode::NOT_MODIFIED if *validators != Validators::default() => Ok(Fetched::NotModified),
        status => Err(refused(status, &response)),
    }
}

fn client(hosts: &[String], timeout: Duration, requester: &Requester) -> Result<Client, FeedError> {
    install_tls();
    let unprepared = |source: reqwest::Error| FeedError::Permanent {
        what: FetchProblem::Client,
        source: Some(source.without_url().into()),
    };
    let contact = requester.contact.as_ref().map(|c| format!(" (+{c})")).unwrap_or_default();
    let hosts = hosts.to_vec();
    let builder = Client::builder()
        .user_agent(format!("vigia-suas/{}{contact}", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT.min(timeout))
        .read_timeout(SILENCE.min(timeout))
        .timeout(timeout)
        .referer(false)
        .redirect(Policy::custom(move |attempt| {
            if may_follow(attempt.previous(), attempt.url(), &hosts) {
                attempt.follow()
            } else {
                let to = attempt.url().to_string();
                attempt.error(Led(to))
            }
        }))
        .no_proxy();
    let builder = match &requester.proxy {
        Some(proxy) => builder.proxy(reqwest::Proxy::all(proxy).map_err(unprepared)?),
        None => builder,
    };
    builder.build().map_err(unprepared)
}

/// Where a refused redirect led.
#[derive(Debug, thiserror::Error)]
#[error("redirecionamento para {0}")]
struct Led(String);

/// The same host or one that the feed names; never from https to http; not for ever.
fn may_follow(previous: &[Url], to: &Url, hosts: &[String]) -> bool {
    let (Some(first), Some(last)) = (previous.first(), previous.last()) else { return false };
    let Some(host) = to.host_str() else { return false };
    let known = first.host_str() == Some(host) || hosts.iter().any(|h| h.eq_ignore_ascii_case(host));
    let downgraded = last.scheme() == "https" && to.scheme() != "https";
    previous.len() <= HOPS && known && !downgraded && matches!(to.scheme(), "http" | "https")
}

async fn body(mut response: Response, max_bytes: u64) -> Result<Body, FeedError> {
    let too_large = || permanent(FetchProblem::TooLarge(max_bytes));
    if response.content_length().is_some_and(|length| length > max_bytes) {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    // Counted after decompression: a small answer may be a large body.
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        let length = u64::try_from(bytes.len().saturating_add(chunk.len())).unwrap_or(u64::MAX);
        if length > max_bytes {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Body {
        sha256: sha256_hex(&bytes),
        bytes,
        validators: Validators {
            etag: header(&response, &ETAG),
            last_modified: header(&response, &LAST_MODIFIED),
        },
        content_type: header(&response, &CONTENT_TYPE),
        url: response.url().to_string(),
    })
}

fn header(response: &Response, name: &HeaderName) -> Option<String> {
    response.headers().get(name)?.to_str().ok().map(str::to_owned)
}

/// A status that is no answer. 403 counts as passing: these hosts answer so under load.
fn refused(status: StatusCode, response: &Response) -> FeedError {
    let what = FetchProblem::Status(status.as_u16());
    if status.is_server_error() || matches!(status.as_u16(), 204 | 304 | 403 | 408 | 425 | 429) {
        let retry_after = header(response, &RETRY_AFTER)
            .and_then(|seconds| seconds.trim().parse::<u32>().ok())
            .map(|seconds| SignedDuration::from_secs(i64::from(seconds)));
        FeedError::Transient { what, retry_after, source: None }
    } else {
        FeedError::Permanent { what, source: None }
    }
}

fn failed(error: reqwest::Error) -> FeedError {
    let mut under: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(cause) = under {
        if let Some(Led(to)) = cause.downcast_ref::<Led>() {
            return permanent(FetchProblem::Redirect(to.clone()));
        }
        under = cause.source();
    }
    let what = if error.is_timeout() {
        FetchProblem::TimedOut
    } else if error.is_connect() {
        FetchProblem::Connect
    } else {
        FetchProblem::Broken
    };
    // An address may carry a key.
    FeedError::Transient { what, retry_after: None, source: Some(error.without_url().into()) }
}

fn permanent(what: FetchProblem) -> FeedError {
    FeedError::Permanent { what, source: None }
}

#[cfg(test)]
mod tests;
