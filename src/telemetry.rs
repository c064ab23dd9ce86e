//! The log subscriber, and whole error chains in one line.
//!
//! A failure is logged once, at the boundary where it is handled, with its whole chain. No e-mail address is ever
//! logged: municipality and role instead. What others wrote is one line in the log, and steers no terminal.

use std::error::Error;
use std::io::{self, IsTerminal as _, Write};

use serde_json::Value;
use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::MakeExt as _;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::debug_fn;

use crate::text::discreet::has_address;
use crate::text::system::io_words;
use crate::text::visible;

/// How logs are written to stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// JSON, one object a line, each with its priority before it as journald reads it (sd-daemon(3)).
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
        LogFormat::Text => builder
            .with_target(false)
            .with_ansi(std::io::stderr().is_terminal())
            .fmt_fields(
                debug_fn(|out, field, value| {
                    let value = safe(&format!("{value:?}"));
                    match field.name() {
                        "message" => write!(out, "{value}"),
                        name => write!(out, "{name}={value}"),
                    }
                })
                .delimited(" "),
            )
            .try_init()
            .is_ok(),
        LogFormat::Json => builder.with_writer(ToJournal).json().flatten_event(true).try_init().is_ok(),
    };
}

/// Stderr as journald reads it.
struct ToJournal;

/// One event on its way to the journal.
struct Prioritised(&'static str);

impl<'a> MakeWriter<'a> for ToJournal {
    type Writer = Prioritised;

    fn make_writer(&'a self) -> Prioritised {
        Prioritised("<6>")
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Prioritised {
        Prioritised(priority(*meta.level()))
    }
}

/// A text of several lines as journald reads errors: the same gravity on each.
pub fn as_errors(text: &str) -> String {
    text.lines().fold(String::new(), |all, line| all + priority(Level::ERROR) + line + "\n")
}

/// Syslog's number for a level.
fn priority(level: Level) -> &'static str {
    match level {
        Level::ERROR => "<3>",
        Level::WARN => "<4>",
        Level::INFO => "<6>",
        _ => "<7>",
    }
}

impl Write for Prioritised {
    /// An event comes whole, and leaves whole: two of them must not mix.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        io::stderr().write_all(format!("{}{}\n", self.0, safe_event(event)).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is logged of any text: one line that steers nothing, without the e-mail addresses in it.
fn safe(text: &str) -> String {
    let hide = |word: &str| if has_address(word) { "[endereço]".to_owned() } else { word.to_owned() };
    visible::line(text).split(' ').map(hide).collect::<Vec<_>>().join(" ")
}

/// The same for a JSON object, value by value.
fn safe_event(event: &[u8]) -> String {
    match serde_json::from_slice(event) {
        Ok(value) => visible::lines(&safe_value(value).to_string()),
        Err(_) => safe(&String::from_utf8_lossy(event)),
    }
}

fn safe_value(value: Value) -> Value {
    match value {
        Value::String(text) => safe(&text).into(),
        Value::Array(values) => values.into_iter().map(safe_value).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, safe_value(value))).collect(),
        other => other,
    }
}

/// The faults of a configuration, for logs: of the tables of people (`.csv`) and of what may be a password only the
/// places.
pub fn faults_for_logs(faults: &str) -> String {
    // A fault's own lines may begin with the number of the line that it shows.
    let begins = |line: &str| line.starts_with("erro: ") || line.starts_with("aviso: ");
    let lines: Vec<&str> = faults.lines().collect();
    let blocks = lines.chunk_by(|_, next| !begins(next));
    let mut told = Vec::new();
    for block in blocks {
        let is_secret =
            |line: &str| ["senha", "segredo", "webhook", "[sinal]"].iter().any(|word| line.contains(word));
        let secret = block.iter().any(|line| is_secret(&line.to_lowercase()));
        let place = block.iter().find(|line| line.trim_start().starts_with("-->"));
        match place.filter(|place| secret || place.contains(".csv")) {
            Some(place) => told.push(format!("falha em {}", place.trim().trim_start_matches("--> "))),
            None => told.extend(block.iter().map(|line| safe(line))),
        }
    }
    told.join("\n")
}

/// An error with everything beneath it, in one line. What the system says of a file is said in Portuguese; what an
/// error repeats of the one above it is said once.
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
    // Only SQLite begins with a number.
    let other = || {
        let said = error.to_string().replace("error returned from database: (code", "o SQLite diz: (code");
        said.replace("error returned from database: ", "o PostgreSQL diz: ")
    };
    error.downcast_ref::<io::Error>().map_or_else(other, io_words)
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
    fn a_reply_is_logged_without_the_address_in_it_and_on_one_line() {
        let reply = "550 5.1.1 <joao@vitoria.es.gov.br>:\n\u{1b}[2Juser\u{202e} unknown";
        assert_eq!(safe(reply), "550 5.1.1 [endereço] \\u001b[2Juser\\u202e unknown");
        assert_eq!(safe("rma/2026-11@1/prazo-5d/3205309"), "rma/2026-11@1/prazo-5d/3205309");
        let event = serde_json::json!({ "message": reply, "fields": [{ "to": "a@b.c" }], "n": 1 });
        let logged = safe_event(event.to_string().as_bytes());
        let read: Value = serde_json::from_str(&logged).unwrap();
        assert_eq!(read["message"], safe(reply), "{logged}");
        assert_eq!((read["fields"][0]["to"].as_str(), read["n"].as_u64()), (Some("[endereço]"), Some(1)));
    }

    #[test]
    fn of_a_faulty_row_only_its_place_is_logged() {
        let faults = "erro: “Fulana de Tal” não é um endereço\n  --> municipios.csv:3:9\n  |\n3 | 32;Fulana\n  |\n\
                      erro: chave desconhecida\n  --> vigia.toml:1:1\n   |\n 1 | mode = 1\n\
                      erro: chave desconhecida\n  --> vigia.toml:9:1\n   |\n 9 | senha = \"Segredo\"\n";
        let logged = faults_for_logs(faults);
        assert!(logged.contains("falha em municipios.csv:3:9") && !logged.contains("Fulana"), "{logged}");
        assert!(logged.contains("falha em vigia.toml:9:1") && !logged.contains("Segredo"), "{logged}");
        assert!(logged.contains("chave desconhecida") && logged.contains("mode = 1"), "{logged}");
    }

    #[test]
    fn the_journal_learns_how_grave_a_line_is() {
        let levels = [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG, Level::TRACE];
        assert_eq!(levels.map(priority), ["<3>", "<4>", "<6>", "<7>", "<7>"]);
        assert_eq!(as_errors("erro: não\ndica: sim"), "<3>erro: não\n<3>dica: sim\n");
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
