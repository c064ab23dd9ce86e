//! `fontes.toml`: where status comes from, and what its columns mean.

use super::fault::Severity;
use super::locate::Log;
use super::mapping::mapping;
use super::names::Names;
use super::node::Node;
use super::read::Reader;
use super::{fetch, format, value};
use crate::domain::feed::{FeedSpec, Meaning};
use crate::domain::id::{FeedId, SystemId};

/// Every `[fonte.X]` without faults. A disabled one may name what is not declared, or have keys that nobody knows:
/// that is only a warning.
pub(super) fn compile(document: &Node, names: &Names, municipalities: usize, log: &Log) -> Vec<FeedSpec> {
    let Some(top) = Reader::of(document, "fontes.toml", log) else { return Vec::new() };
    let mut feeds = Vec::new();
    for (entry, table) in top.named("fonte") {
        let id = FeedId::parse(&entry.key)
            .map_err(|error| {
                let hint = "use letras minúsculas sem acento, como [fonte.rma-lista]: dá nome a uma pasta";
                log.error(&entry.key_spot, error.to_string(), hint);
            })
            .ok();
        feeds.extend(one(id, &table, names, municipalities));
    }
    top.close(Severity::Error);
    feeds
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
