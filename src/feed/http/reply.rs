//! An answer read to its end within its limit, or the reason why it is none.

use std::error::Error;
use std::io;
use std::path::Path;
use std::time::Duration;

use jiff::SignedDuration;
use reqwest::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderName, LAST_MODIFIED, RETRY_AFTER,
    TRANSFER_ENCODING,
};
use reqwest::{Response, StatusCode, Version};

use super::expand::Encoding;
use super::{Reply, Validators, closed, permanent};
use crate::feed::error::{FeedError, FetchProblem};
use crate::format::body::{Original, Spool, SpoolError};
use crate::http::resolve::Inside;

/// Reads a whole body of at most `most` bytes, compressed and expanded.
pub(super) async fn read(mut response: Response, folder: &Path, most: u64) -> Result<Reply, FeedError> {
    if response.content_length().is_some_and(|length| length > most) {
        return Err(permanent(FetchProblem::TooLarge(most)));
    }
    let named = header(&response, &CONTENT_ENCODING);
    let Some(encoding) = Encoding::parse(named.as_deref()) else {
        return Err(permanent(FetchProblem::Encoding(named.unwrap_or_default())));
    };
    let open_ended = encoding == Encoding::Plain && is_open_ended(&response);
    let mut spool = Spool::new(folder, most);
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        spool.write(&chunk).map_err(unkept)?;
    }
    let sent = spool.finish().map_err(unkept)?;
    let original = expanded(encoding, sent, folder, most).await?;
    Ok(Reply {
        original: if open_ended { original.open_ended() } else { original },
        validators: Validators {
            etag: header(&response, &ETAG),
            last_modified: header(&response, &LAST_MODIFIED),
        },
        content_type: header(&response, &CONTENT_TYPE),
        url: response.url().to_string(),
    })
}

/// Whether only the end of the connection ends the body (RFC 9112, 6.3): one that was cut looks the same.
fn is_open_ended(response: &Response) -> bool {
    let told = [CONTENT_LENGTH, TRANSFER_ENCODING];
    response.version() <= Version::HTTP_11 && told.iter().all(|name| !response.headers().contains_key(name))
}

async fn expanded(
    encoding: Encoding,
    sent: Original,
    folder: &Path,
    most: u64,
) -> Result<Original, FeedError> {
    if encoding == Encoding::Plain {
        return Ok(sent);
    }
    let folder = folder.to_owned();
    match tokio::task::spawn_blocking(move || encoding.expand(sent, &folder, most)).await {
        Ok(done) => done.map_err(unkept),
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
}

fn header(response: &Response, name: &HeaderName) -> Option<String> {
    response.headers().get(name)?.to_str().ok().map(str::to_owned)
}

/// A status that is no answer. 403 counts as passing: these hosts answer so under load.
pub(super) fn refused(status: StatusCode, response: &Response) -> FeedError {
    let what = FetchProblem::Status(status.as_u16());
    if status.is_server_error() || matches!(status.as_u16(), 204 | 304 | 403 | 408 | 425 | 429) {
        let retry_after = header(response, &RETRY_AFTER)
            .and_then(|seconds| seconds.trim().parse::<u32>().ok())
            .map(|seconds| SignedDuration::from_secs(i64::from(seconds)));
        FeedError::Transient { what, retry_after, source: None }
    } else {
        permanent(what)
    }
}

/// What a request failed of.
pub(super) fn failed(error: reqwest::Error) -> FeedError {
    if let Some(what) = causes(&error).find_map(inside) {
        return permanent(what);
    }
    let untrusted = causes(&error).any(is_untrusted);
    let what = if untrusted {
        FetchProblem::Untrusted
    } else if error.is_timeout() {
        FetchProblem::TimedOut
    } else if error.is_connect() {
        FetchProblem::Connect
    } else {
        FetchProblem::Broken
    };
    // An address may carry a key.
    let source = Some(error.without_url().into());
    if untrusted {
        FeedError::Permanent { what, source }
    } else {
        FeedError::Transient { what, retry_after: None, source }
    }
}

/// An error and all that lies under it.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |known| beneath(*known))
}

/// The next cause, also where `io::Error` wraps one without calling it its source.
fn beneath<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
        None => error.source(),
    }
}

fn inside(error: &(dyn Error + 'static)) -> Option<FetchProblem> {
    error.downcast_ref::<Inside>().map(|Inside { host, address }| closed(host, *address))
}

fn is_untrusted(error: &(dyn Error + 'static)) -> bool {
    matches!(error.downcast_ref::<rustls::Error>(), Some(rustls::Error::InvalidCertificate(_)))
}

/// Bytes that came and could not be kept.
fn unkept(error: SpoolError) -> FeedError {
    match error {
        SpoolError::TooLarge(most) => permanent(FetchProblem::TooLarge(most)),
        SpoolError::Source(source) => FeedError::Transient {
            what: FetchProblem::Broken,
            retry_after: None,
            source: Some(source.into()),
        },
        disk @ SpoolError::Disk { .. } => {
            FeedError::Transient { what: FetchProblem::Disk, retry_after: None, source: Some(disk.into()) }
        }
    }
}

impl FeedError {
    /// How long the server asked to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Transient { retry_after, .. } => retry_after.map(SignedDuration::unsigned_abs),
            Self::Permanent { .. } => None,
        }
    }
}
