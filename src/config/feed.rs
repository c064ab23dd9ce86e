//! `[fonte.X]` of `fontes.toml`: where status comes from, and what its columns mean.

use std::collections::BTreeMap;

use super::fault::Severity;
use super::locate::Log;
use super::mapping::mapping;
use super::names::Names;
use super::node::{Entry, Node};
use super::read::Reader;
use super::{fetch, format, value};
use crate::domain::feed::{FeedSpec, Meaning};
use crate::domain::id::{FeedId, SystemId};

/// Every `[fonte.X]` without faults. A disabled one may name what is not declared, or have keys that nobody knows:
/// that is only a warning.
pub(super) fn compile(top: &Reader<'_>, names: &Names, municipalities: usize) -> Vec<FeedSpec> {
    let mut feeds = Vec::new();
    for (entry, table) in top.named("fonte") {
        feeds.extend(one(id(entry, "fonte.rma-lista", top.log), &table, names, municipalities));
    }
    feeds
}

/// The three sorts of table share one set of names: each names a folder, and alerts.
pub(super) fn one_name_each(document: &Node, log: &Log) {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for sort in ["fonte", "cadastro", "noticia"] {
        for entry in document.get(sort).map(Node::entries).unwrap_or_default() {
            if let Some(other) = seen.insert(&entry.key, sort) {
                let message = format!("[{sort}.{0}] tem o mesmo nome de [{other}.{0}]", entry.key);
                log.error(
                    &entry.key_spot,
                    message,
                    "dê outro nome a uma das duas: o nome é também o da pasta",
                );
            }
        }
    }
}

/// The name of a table, as one that can name a folder.
pub(super) fn id(entry: &Entry, example: &str, log: &Log) -> Option<FeedId> {
    FeedId::parse(&entry.key)
        .map_err(|error| {
            let hint = format!("use letras minúsculas sem acento, como [{example}]: dá nome a uma pasta");
            log.error(&entry.key_spot, error.to_string(), hint);
        })
        .ok()
}

fn one(id: Option<FeedId>, table: &Reader<'_>, names: &Names, municipalities: usize) -> Option<FeedSpec> {
    let enabled = table.get("ativa", value::flag).or_else(|| (!table.has("ativa")).then_some(true));
    let severity = if enabled == Some(false) { Severity::Warning } else { Severity::Error };
    let system = table.need("sistema", "\"rma\"", |n, log| {
        let text = value::filled(n, log)?;
        Names::check(names.systems.as_ref(), log, severity, &n.spot, "sistema não declarado", &text);
        SystemId::parse(&text).ok()
    });
    let format = format::format(table, severity);
    let source = fetch::source(table);
    let mapping = mapping(table, names, severity);
    // Where absence means pending, a page cut short would accuse everybody it left out.
    let presence = matches!(mapping.as_ref().map(|m| &m.meaning), Some(Meaning::Presence));
    let minimum = table.get("minimo", |n, log| value::number(n, log, 0, 10_000));
    let keep_original = table.get("guardar_original", value::flag);
    table.close(severity);
    Some(FeedSpec {
        id: id?,
        enabled: enabled?,
        system: system?,
        source: source?,
        format: format?,
        mapping: mapping?,
        minimum: minimum.unwrap_or(if presence { municipalities.div_ceil(2) } else { 1 }),
        keep_original: keep_original.unwrap_or(false),
    })
}
