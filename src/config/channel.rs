//! `[alertas]` besides its addresses, and `[sinal]`: how the service is heard where mail does not get through.
//!
//! An address of these may hold a secret: no fault shows one.

use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;

use super::address::{PLACEHOLDER, address};
use super::fault::Severity;
use super::locate::Log;
use super::node::Node;
use super::read::Reader;
use super::settings::{ChannelSettings, SignalFormat, SignalSettings, WebhookFormat, WebhookSettings};
use super::value;

/// The least and the longest pause between two signals.
const PAUSES: [SignedDuration; 2] = [SignedDuration::from_mins(1), SignedDuration::from_hours(24)];

/// What `[alertas]` says besides `para`.
pub(super) fn channels(table: &Reader<'_>) -> ChannelSettings {
    let url = table.get("webhook", value::filled).and_then(|url| address(table, "webhook", url));
    let words = [
        ("json", WebhookFormat::Json),
        ("teams", WebhookFormat::Teams),
        ("slack", WebhookFormat::Slack),
        ("telegram", WebhookFormat::Telegram),
        ("ntfy", WebhookFormat::Ntfy),
    ];
    let format = table.get("formato", |n, log| value::word(n, log, &words)).unwrap_or(WebhookFormat::Json);
    let chat = table.get("conversa", value::filled);
    let secret_file = table.get("segredo_arquivo", value::filled).map(PathBuf::from);
    for key in ["formato", "conversa", "segredo_arquivo"] {
        if table.has(key) && !table.has("webhook") {
            table.log.error(
                &table.spot_of(key),
                format!("há `{key}` sem `webhook` em [alertas]"),
                "escreva também `webhook = \"https://…\"`, ou apague a chave",
            );
        }
    }
    if format == WebhookFormat::Telegram && chat.is_none() {
        table.missing("conversa", "\"-1001234567890\"");
    }
    let hides = matches!(format, WebhookFormat::Slack | WebhookFormat::Telegram | WebhookFormat::Teams);
    if let Some(url) = &url
        && hides
        && !url.contains(PLACEHOLDER)
        && let Some(spot) = table.spot_of_key("webhook")
    {
        // The whole address is a password there.
        table.log.secret_warning(
            &spot,
            "o endereço do webhook traz o segredo por extenso, e a configuração fica guardada no livro",
            "escreva {segredo} no lugar dele e ponha o segredo na primeira linha de `segredo_arquivo`",
        );
    }
    let webhook = url.map(|url| WebhookSettings { url, format, chat, secret_file });
    ChannelSettings {
        webhook,
        command: table.get("comando", command),
        after: table.get("espera", value::duration).unwrap_or(ChannelSettings::AFTER),
    }
}

/// A program by its whole path, and what it is started with.
fn command(node: &Node, log: &Log) -> Option<Vec<String>> {
    let words = value::list(node, log, |word| value::text(word, log))?;
    if !words.first().is_some_and(|program| program.starts_with('/')) {
        log.error(
            &node.spot,
            "`comando` pede o caminho inteiro de um programa, e depois cada argumento à parte",
            "escreva, por exemplo, comando = [\"/usr/local/bin/avisar\", \"--urgente\"]; não passa por shell",
        );
        return None;
    }
    Some(words)
}

/// `[sinal]`.
pub(super) fn signal(top: &Reader<'_>) -> Option<SignalSettings> {
    let table = top.table("sinal")?;
    let url = table.need("url", "\"https://hc-ping.com/{segredo}\"", value::filled);
    let url = url.and_then(|url| address(&table, "url", url));
    let words = [("healthchecks", SignalFormat::Healthchecks), ("simples", SignalFormat::Plain)];
    let format = table.get("formato", |n, log| value::word(n, log, &words));
    let every = table.get("cada", pause).unwrap_or(Duration::from_mins(5));
    let secret_file = table.get("segredo_arquivo", value::filled).map(PathBuf::from);
    table.close(Severity::Error);
    Some(SignalSettings {
        url: url?,
        format: format.unwrap_or(SignalFormat::Healthchecks),
        every,
        secret_file,
    })
}

fn pause(node: &Node, log: &Log) -> Option<Duration> {
    let pause = value::duration(node, log)?;
    if pause < PAUSES[0] || pause > PAUSES[1] {
        return log.refuse(&node.spot, "`cada` vai de 1min a 24h", "escreva, por exemplo, cada = \"5min\"");
    }
    Duration::try_from(pause).ok()
}
