//! The log subscriber, and whole error chains in one line.
//!
//! A failure is logged once, at the boundary where it is handled, with its whole chain. No e-mail address is ever
//! logged: municipality and role instead.

use std::error::Error;
use std::io::{self, IsTerminal as _};

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
    // A reader of stderr that went away is no reason to end: nothing is said about it, least of all to stderr.
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .log_internal_errors(false);
    // The second subscriber of a process is refused; the first stays.
    let _installed = match format {
        LogFormat::Text => {
            builder.with_target(false).with_ansi(std::io::stderr().is_terminal()).try_init().is_ok()
        }
        LogFormat::Json => builder.json().flatten_event(true).try_init().is_ok(),
    };
}

/// An error with everything beneath it, in one line. What the system says of a file is said in Portuguese; what an
/// error repeats of the one above it is said once.
#[must_use]
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = words(error);
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_words = words(cause);
        if !text.contains(&cause_words) {
            text.push_str(": ");
            text.push_str(&cause_words);
        }
        source = cause.source();
    }
    text
}

fn words(error: &(dyn Error + 'static)) -> String {
    let other = || error.to_string().replace("error returned from database: ", "o SQLite diz: ");
    error.downcast_ref::<io::Error>().map_or_else(other, io_words)
}

/// What the system says of a file, for operators; its number stays, for whoever looks further.
#[must_use]
pub fn io_words(error: &io::Error) -> String {
    let what = match error.kind() {
        io::ErrorKind::NotFound => "não existe",
        io::ErrorKind::PermissionDenied => "sem permissão",
        io::ErrorKind::AlreadyExists => "já existe, e não é uma pasta",
        io::ErrorKind::IsADirectory => "é uma pasta, não um arquivo",
        io::ErrorKind::NotADirectory => "há um arquivo onde deveria haver uma pasta",
        io::ErrorKind::ReadOnlyFilesystem => "o disco só aceita leitura",
        io::ErrorKind::StorageFull => "o disco está cheio",
        io::ErrorKind::InvalidData => "o conteúdo não é texto em UTF-8",
        io::ErrorKind::TimedOut => "o tempo se esgotou",
        io::ErrorKind::ConnectionRefused => "a conexão foi recusada",
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => "a conexão caiu",
        io::ErrorKind::UnexpectedEof => "a conexão ou o arquivo terminou antes da hora",
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => "a rede não alcança o servidor",
        _ => return error.to_string(),
    };
    error
        .raw_os_error()
        .map_or_else(|| what.to_owned(), |number| format!("{what} (erro {number} do sistema)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("não foi possível gravar")]
    struct Unwritten(#[source] io::Error);

    #[test]
    fn what_the_system_says_is_said_in_portuguese() {
        let missing = std::fs::read("/nao/existe").unwrap_err();
        assert_eq!(chain(&Unwritten(missing)), "não foi possível gravar: não existe (erro 2 do sistema)");
    }

    #[test]
    fn what_an_error_repeats_is_said_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("em cima: embaixo")]
        struct Above(#[source] Below);
        #[derive(Debug, thiserror::Error)]
        #[error("embaixo")]
        struct Below;
        assert_eq!(chain(&Above(Below)), "em cima: embaixo");
    }
}
