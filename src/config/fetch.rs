//! Where a feed comes from: a folder, a person, or the network.

use std::collections::BTreeSet;
use std::path::PathBuf;

use jiff::SignedDuration;

use super::locate::Log;
use super::node::{Node, Value};
use super::read::Reader;
use super::value;
use crate::domain::feed::{Manners, Source};
use croner::parser::{CronParser, Seconds, Year};

/// `origem`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Folder,
    Manual,
    Http,
}

/// Compiles `origem` and what goes with it.
pub(super) fn source(table: &Reader<'_>) -> Option<Source> {
    let origin = table.need("origem", "\"pasta\"", |n, log| {
        let words = [("pasta", Origin::Folder), ("manual", Origin::Manual), ("http", Origin::Http)];
        value::word(n, log, &words)
    });
    let url = table.get("url", url);
    let schedule = table.get("horario", schedule);
    let manners = manners(table);
    match origin? {
        Origin::Http => {
            for (key, example) in [("url", "\"https://…\""), ("horario", "\"0 6 * * *\"")] {
                if !table.has(key) {
                    table.missing(key, example);
                }
            }
            Some(Source::Http { url: url?, schedule: schedule?, manners })
        }
        other => {
            for key in [&["url", "horario"], MANNERS.as_slice()].concat().into_iter().filter(|k| table.has(k))
            {
                table.log.error(
                    &table.spot_of(key),
                    format!("`{key}` só serve com `origem = \"http\"`"),
                    "mude a origem ou apague esta linha",
                );
            }
            Some(if other == Origin::Folder { Source::Folder } else { Source::Manual })
        }
    }
}

/// The keys of [`manners`].
const MANNERS: [&str; 6] = ["hosts", "prazo_resposta", "maximo", "ca_arquivo", "pausa", "falhas_toleradas"];

/// How requests behave; what is not said stays as it is by default.
pub(super) fn manners(table: &Reader<'_>) -> Manners {
    let usual = Manners::default();
    Manners {
        hosts: table.get("hosts", |n, log| value::list(n, log, |h| host(h, log))).unwrap_or_default(),
        timeout: table.get("prazo_resposta", timeout).unwrap_or(usual.timeout),
        max_bytes: table.get("maximo", size).unwrap_or(usual.max_bytes),
        authorities: table.get("ca_arquivo", value::filled).map(PathBuf::from),
        pause: table.get("pausa", pause).unwrap_or(usual.pause),
        tolerated_failures: table
            .get("falhas_toleradas", |n, log| value::number(n, log, 0, 10_000))
            .unwrap_or(usual.tolerated_failures),
    }
}

fn url(node: &Node, log: &Log) -> Option<String> {
    let text = value::filled(node, log)?;
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = rest.map(|r| r.split(['/', '?']).next().unwrap_or_default());
    if host.is_none_or(str::is_empty) || text.contains(char::is_whitespace) {
        return log.refuse(
            &node.spot,
            format!("“{text}” não é um endereço da web"),
            "escreva o endereço inteiro, com https://",
        );
    }
    let mut rest = text.as_str();
    while let Some(open) = rest.find('{') {
        let Some(close) = rest[open..].find('}') else {
            return log.refuse(&node.spot, "há uma chave `{` sem fechar no endereço", "feche com `}`");
        };
        let name = &rest[open + 1..open + close];
        let known = ["uf", "ibge6", "ibge7", "unidade"];
        if !known.contains(&name) && name.strip_prefix("referencia:%").is_none_or(str::is_empty) {
            return log.refuse(
                &node.spot,
                format!("o endereço tem um campo desconhecido: “{{{name}}}”"),
                "use {uf}, {ibge6}, {ibge7}, {unidade} ou {referencia:%m/%Y}",
            );
        }
        rest = &rest[open + close + 1..];
    }
    Some(text)
}

fn host(node: &Node, log: &Log) -> Option<String> {
    let text = value::filled(node, log)?;
    let allowed: BTreeSet<char> = ('a'..='z').chain('0'..='9').chain(['.', '-']).collect();
    if text.chars().all(|c| allowed.contains(&c)) && (text.contains('.') || text == "localhost") {
        return Some(text);
    }
    log.refuse(
        &node.spot,
        format!("“{text}” não é o nome de um servidor"),
        "escreva só o nome: \"aplicacoes.mds.gov.br\"",
    )
}

fn schedule(node: &Node, log: &Log) -> Option<String> {
    let text = value::filled(node, log)?;
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    let read = parser.parse(&text).ok();
    let begin = jiff::Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::UTC);
    let comes = |cron: &croner::Cron| cron.find_next_occurrence(&begin, false).is_ok();
    if read.as_ref().is_some_and(comes) {
        return Some(text);
    }
    let fault =
        if read.is_some() { "nunca chega: não há dia assim" } else { "não é um horário de coleta" };
    log.refuse(
        &node.spot,
        format!("“{text}” {fault}"),
        "escreva minuto, hora, dia do mês, mês e dia da semana: \"0 6,12 * * *\" é às 6h e às 12h de cada dia",
    )
}

/// A length of time, or none.
fn pause(node: &Node, log: &Log) -> Option<SignedDuration> {
    match &node.value {
        Value::Text(text) if text == "0s" => Some(SignedDuration::ZERO),
        _ => value::duration(node, log),
    }
}

/// A request is made up to three times, and a loop that has not got on for an hour counts as hung.
const LONGEST: SignedDuration = SignedDuration::from_mins(15);

fn timeout(node: &Node, log: &Log) -> Option<SignedDuration> {
    let timeout = value::duration(node, log)?;
    if timeout > LONGEST {
        log.error(
            &node.spot,
            "o prazo de resposta passa de 15 minutos",
            "escreva no máximo \"15min\"; o de costume, de três minutos, já atende às páginas do ministério",
        );
        return None;
    }
    Some(timeout)
}

/// `20MB`, `500kB`, or bytes as a number.
fn size(node: &Node, log: &Log) -> Option<u64> {
    if let Value::Integer(_) = node.value {
        return value::number(node, log, 1, i64::MAX);
    }
    let text = value::text(node, log)?;
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let count = text[..text.len() - unit.len()].parse::<u64>().ok().filter(|n| (1..=1024).contains(n));
    let bytes = match unit.trim() {
        "kB" | "KB" => 1024,
        "MB" => 1024 * 1024,
        _ => 0,
    };
    match count {
        Some(n) if bytes > 0 => Some(n * bytes),
        _ => {
            log.refuse(&node.spot, format!("“{text}” não é um tamanho"), "escreva como \"20MB\" ou \"500kB\"")
        }
    }
}
