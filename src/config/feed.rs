//! `[fonte.X]` of `fontes.toml`: where status comes from, and what its columns mean.

use std::collections::BTreeMap;

use super::fault::Severity;
use super::fetch;
use super::locate::{Log, Spot};
use super::names::Names;
use super::node::{Entry, Node};
use super::read::Reader;
use super::{system, value};
use crate::domain::feed::{FeedSpec, Format, Mapping, Meaning, PartRule, ReferenceRule};
use crate::domain::id::{FeedId, PartId, Reference, SystemId};
use crate::domain::status::State;

/// The words for what a row says.
const STATES: [(&str, State); 4] = [
    ("concluido", State::Done),
    ("pendente", State::Pending),
    ("nao_se_aplica", State::NotApplicable),
    ("nao_confirmado", State::Unconfirmed),
];

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
                log.error(&entry.key_spot, message, "dê outro nome a um dos dois");
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
    let format = format(table);
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

pub(super) fn format(table: &Reader<'_>) -> Option<Format> {
    let kind = table.need("tipo", "\"csv\"", |n, log| value::word(n, log, &[("csv", ())]));
    let delimiter = table.get("delimitador", |n, log| {
        let words = [(";", b';'), (",", b','), ("|", b'|'), ("\t", b'\t'), ("tab", b'\t')];
        // `text` would take the tabulator for a blank.
        match &n.value {
            super::node::Value::Text(text) if text == "\t" => Some(b'\t'),
            _ => value::word(n, log, &words),
        }
    });
    let encoding = table.get("codificacao", |n, log| {
        let label = value::filled(n, log)?;
        if encoding_rs::Encoding::for_label(label.as_bytes()).is_none() {
            let hint = "use \"utf-8\" ou \"windows-1252\", ou apague a linha para que seja reconhecida";
            log.error(&n.spot, format!("codificação desconhecida: “{label}”"), hint);
            return None;
        }
        Some(label)
    });
    kind.map(|()| Format::Csv { delimiter, encoding })
}

fn mapping(table: &Reader<'_>, names: &Names, severity: Severity) -> Option<Mapping> {
    let municipality = table.need("municipio", "\"ibge\"", value::filled);
    let unit = table.get("unidade", value::filled);
    let part = part(table, names, severity);
    let reference = reference(table);
    let meaning = meaning(table);
    let date_column = table.get("data_coluna", value::filled);
    let date_pattern = table.get("data_formato", pattern);
    let dated = paired(table, "data_coluna", "data_formato", "\"%d/%m/%Y\"", date_column, date_pattern);
    Some(Mapping {
        municipality: municipality?,
        unit,
        part: part?,
        reference: reference?,
        meaning: meaning?,
        dated,
    })
}

fn part(table: &Reader<'_>, names: &Names, severity: Severity) -> Option<PartRule> {
    let fixed = table.get("parte", |n, log| system::part(n, log, names, severity));
    let column = table.get("parte_coluna", value::filled);
    let words: Option<BTreeMap<String, PartId>> =
        table.get("partes", |n, log| words(n, log, "partes", |n, log| system::part(n, log, names, severity)));
    match (table.has("parte"), table.has("parte_coluna")) {
        (true, false) => {
            stray(table, "partes", "parte_coluna");
            fixed.map(PartRule::Fixed)
        }
        (false, true) => Some(PartRule::Column { column: column?, words: words.unwrap_or_default() }),
        (both, _) => {
            let message = if both {
                "há `parte` e `parte_coluna` ao mesmo tempo"
            } else {
                "falta dizer de que parte cada linha fala"
            };
            let spot = if both { table.spot_of("parte_coluna") } else { table.spot.clone() };
            let hint =
                "escreva `parte = \"CRAS\"` (sempre a mesma) ou `parte_coluna = \"tipo\"` (uma coluna diz)";
            table.log.error(&spot, message, hint);
            None
        }
    }
}

fn reference(table: &Reader<'_>) -> Option<ReferenceRule> {
    let fixed = table.get("referencia", |n, log| {
        if matches!(&n.value, super::node::Value::Text(text) if text == "abertas") {
            return Some(ReferenceRule::Open);
        }
        let reference: Reference = value::reference(n, log)?;
        Some(ReferenceRule::Fixed(reference))
    });
    let column = table.get("referencia_coluna", value::filled);
    let pattern = table.get("referencia_formato", pattern);
    if table.has("referencia") && table.has("referencia_coluna") {
        table.log.error(
            &table.spot_of("referencia_coluna"),
            "há `referencia` e `referencia_coluna` ao mesmo tempo",
            "deixe uma só",
        );
        return None;
    }
    if table.has("referencia") {
        return fixed;
    }
    let pair = paired(table, "referencia_coluna", "referencia_formato", "\"%m/%Y\"", column, pattern);
    match pair {
        Some((column, pattern)) => Some(ReferenceRule::Column { column, pattern }),
        None if table.has("referencia_coluna") || table.has("referencia_formato") => None,
        None => Some(ReferenceRule::Open),
    }
}

fn meaning(table: &Reader<'_>) -> Option<Meaning> {
    let presence = table.need("sentido", "\"presenca\"", |n, log| {
        value::word(n, log, &[("presenca", true), ("situacao", false)])
    });
    let column = table.get("situacao_coluna", value::filled);
    let words =
        table.get("situacoes", |n, log| words(n, log, "situacoes", |n, log| value::word(n, log, &STATES)));
    if presence? {
        stray(table, "situacao_coluna", "sentido = \"situacao\"");
        stray(table, "situacoes", "sentido = \"situacao\"");
        return Some(Meaning::Presence);
    }
    for (key, example) in
        [("situacao_coluna", "\"situação\""), ("situacoes", "{ \"Preenchido\" = \"concluido\" }")]
    {
        if !table.has(key) {
            table.missing(key, example);
        }
    }
    Some(Meaning::Situation { column: column?, words: words? })
}

/// A table from words of the source to ours.
fn words<T>(
    node: &Node,
    log: &Log,
    key: &str,
    read: impl Fn(&Node, &Log) -> Option<T>,
) -> Option<BTreeMap<String, T>> {
    // Not read for its keys but for whether it is a table.
    Reader::of(node, format!("`{key}`"), log)?;
    let mut map = BTreeMap::new();
    for entry in node.entries() {
        if let Some(meant) = read(&entry.node, log) {
            map.insert(entry.key.trim().to_owned(), meant);
        }
    }
    Some(map)
}

/// Two keys that only make sense together.
fn paired(
    table: &Reader<'_>,
    column_key: &str,
    pattern_key: &str,
    example: &str,
    column: Option<String>,
    pattern: Option<String>,
) -> Option<(String, String)> {
    match (table.has(column_key), table.has(pattern_key)) {
        (true, false) => table.missing(pattern_key, example),
        (false, true) => stray(table, pattern_key, column_key),
        _ => {}
    }
    Some((column?, pattern?))
}

/// Says that a key does nothing without another.
fn stray(table: &Reader<'_>, key: &str, other: &str) {
    if table.has(key) {
        let spot: Spot = table.spot_of(key);
        table.log.error(
            &spot,
            format!("`{key}` não serve sem `{other}`"),
            format!("escreva `{other}` ou apague `{key}`"),
        );
    }
}

fn pattern(node: &Node, log: &Log) -> Option<String> {
    let text = value::filled(node, log)?;
    // %q is the quarter in jiff's patterns; the others are strftime's.
    let bytes: Vec<char> = text.chars().collect();
    let known = bytes
        .iter()
        .enumerate()
        .filter(|(_, c)| **c == '%')
        .all(|(place, _)| bytes.get(place + 1).is_some_and(|c| "YymdBbqHMSFT".contains(*c)));
    if known && text.contains('%') {
        return Some(text);
    }
    log.error(
        &node.spot,
        format!("“{text}” não diz como a data está escrita"),
        "use %d (dia), %m (mês) e %Y (ano): \"%m/%Y\" lê 10/2026",
    );
    None
}
