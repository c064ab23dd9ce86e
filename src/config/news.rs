//! `[noticia.X]` of `fontes.toml`: feeds and pages watched for openings, extensions and outages.

use std::collections::BTreeMap;

use super::fault::Severity;
use super::locate::Log;
use super::names::Names;
use super::node::Node;
use super::read::Reader;
use super::{feed, fetch, register, value};
use crate::domain::feed::Source;
use crate::domain::id::{FeedId, SystemId};
use crate::domain::news::{NewsFormat, NewsSpec, Topic};

/// What was published longer ago is no news.
const RECENT_DAYS: u16 = 30;

/// Every `[noticia.X]` without faults.
pub(super) fn compile(top: &Reader<'_>, names: &Names) -> Vec<NewsSpec> {
    let tables = top.named("noticia");
    let id = |entry| feed::id(entry, "noticia.redesuas", top.log);
    tables.iter().filter_map(|(entry, table)| one(id(entry), table, names)).collect()
}

fn one(id: Option<FeedId>, table: &Reader<'_>, names: &Names) -> Option<NewsSpec> {
    let enabled = table.get("ativa", value::flag).or_else(|| (!table.has("ativa")).then_some(true));
    let severity = if enabled == Some(false) { Severity::Warning } else { Severity::Error };
    let format = table.need("tipo", "\"rss\"", |n, log| {
        value::word(n, log, &[("rss", NewsFormat::Feed), ("pagina", NewsFormat::Page)])
    });
    let source = fetch::source(table);
    if let Some(Source::Http { url, .. }) = &source {
        register::templated(table, url);
    } else if source.is_some() {
        table.log.error(
            &table.spot_of("origem"),
            "uma notícia só vem da internet",
            "escreva `origem = \"http\"`, com `url` e `horario`",
        );
    }
    let words = table.get("palavras", words).unwrap_or_default();
    let systems = table.get("sistemas", |n, log| systems(n, log, names, severity));
    let recent_days = table.get("recente", |n, log| value::days(n, log, 366));
    table.close(severity);
    let known = names.systems.iter().flatten();
    let by_name = || known.filter_map(|name| Some((SystemId::parse(name).ok()?, Vec::new()))).collect();
    Some(NewsSpec {
        id: id?,
        enabled: enabled?,
        source: source?,
        format: format?,
        words: Topic::ALL
            .into_iter()
            .map(|topic| {
                let usual = || topic.usual_words().iter().map(|word| (*word).to_owned()).collect();
                (topic, words.get(&topic).cloned().unwrap_or_else(usual))
            })
            .collect(),
        systems: systems.unwrap_or_else(by_name),
        recent_days: recent_days.unwrap_or(RECENT_DAYS),
    })
}

fn words(node: &Node, log: &Log) -> Option<BTreeMap<Topic, Vec<String>>> {
    let table = Reader::of(node, "`palavras`", log)?;
    let mut words = BTreeMap::new();
    for topic in Topic::ALL {
        words.extend(table.get(topic.as_str(), list).map(|list| (topic, list)));
    }
    table.close(Severity::Error);
    Some(words)
}

/// `{ rma = ["RMA", "Registro Mensal"] }`, or a list of systems known by their names: `["rma", "sisc"]`.
fn systems(
    node: &Node,
    log: &Log,
    names: &Names,
    severity: Severity,
) -> Option<BTreeMap<SystemId, Vec<String>>> {
    let declared = |name: &str, spot| {
        let known = Names::check(names.systems.as_ref(), log, severity, spot, "sistema não declarado", name);
        if known { SystemId::parse(name).ok() } else { None }
    };
    if let super::node::Value::List(_) = &node.value {
        let all = value::list(node, log, |n| declared(&value::filled(n, log)?, &n.spot))?;
        return Some(all.into_iter().map(|system| (system, Vec::new())).collect());
    }
    Reader::of(node, "`sistemas`", log)?;
    let mut systems = BTreeMap::new();
    for entry in node.entries() {
        if let (Some(system), Some(words)) = (declared(&entry.key, &entry.key_spot), list(&entry.node, log)) {
            systems.insert(system, words);
        }
    }
    Some(systems)
}

fn list(node: &Node, log: &Log) -> Option<Vec<String>> {
    value::list(node, log, |n| {
        let word = value::filled(n, log)?;
        if word.trim_end_matches('*').chars().filter(|c| c.is_alphanumeric()).count() < 2 {
            return log.refuse(
                &n.spot,
                format!("“{word}” acharia qualquer coisa"),
                "escreva a palavra inteira, ou mais letras dela",
            );
        }
        Some(word)
    })
}
