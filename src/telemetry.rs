//! The log subscriber, and whole error chains in one line.
//!
//! A failure is logged once, at the boundary where it is handled, with its whole chain. No e-mail address is ever
//! logged: municipality and role instead.

use std::error::Error;
use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// How logs are written to stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// JSON, one object a line.
    Json,
}

/// Installs the subscriber: to stderr, filtered by `VIGIA_LOG` (as `info` or `vigia_suas=debug`), else by `default`.
/// A second call does nothing.
pub fn install(format: LogFormat, default: &str) {
    let filter = EnvFilter::try_from_env("VIGIA_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // The second subscriber of a process is refused; the first stays.
    let _installed = match format {
        LogFormat::Text => {
            builder.with_target(false).with_ansi(std::io::stderr().is_terminal()).try_init().is_ok()
        }
        LogFormat::Json => builder.json().flatten_event(true).try_init().is_ok(),
    };
}

/// An error with everything beneath it, in one line.
#[must_use]
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
