//! What a feed's columns mean: municipality, unit, part, reference, situation, date.

use std::collections::BTreeMap;

use super::fault::Severity;
use super::locate::{Log, Spot};
use super::names::Names;
use super::node::{Node, Value};
use super::read::Reader;
use super::word::words;
use super::{system, value};
use crate::domain::feed::{Mapping, Meaning, PartRule, PlaceRule, ReferenceRule, Says, Word};
use crate::domain::id::{PartId, Reference};
use crate::domain::status::State;
use crate::text::words::Words;

/// The words for what a row says.
const STATES: [(&str, Word); 6] = [
    ("concluido", Word::Is(State::Done)),
    ("pendente", Word::Is(State::Pending)),
    ("pendente_preenchido", Word::FilledNotConcluded),
    ("reaberto", Word::Reopened),
    ("nao_se_aplica", Word::Is(State::NotApplicable)),
    ("nao_confirmado", Word::Is(State::Unconfirmed)),
];

/// `sentido`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sense {
    Presence,
    Situation,
    Count,
}

/// Which sense each key goes with.
const KEYS: [(&str, Sense, &str); 4] = [
    ("situacao_coluna", Sense::Situation, "sentido = \"situacao\""),
    ("situacoes", Sense::Situation, "sentido = \"situacao\""),
    ("feitos_coluna", Sense::Count, "sentido = \"contagem\""),
    ("esperados_coluna", Sense::Count, "sentido = \"contagem\""),
];

/// Compiles every key that says what columns mean.
pub(super) fn mapping(table: &Reader<'_>, names: &Names, severity: Severity) -> Option<Mapping> {
    let by_position =
        !matches!(table.node("tipo").map(|n| &n.value), Some(Value::Text(t)) if t == "json" || t == "solr");
    let column = |key| table.get(key, |n, log| column(n, log, by_position));
    let municipality = place(table, column("municipio"), column("municipio_nome"));
    let unit = column("unidade");
    let meaning = meaning(table, names, severity, by_position);
    let part = part(table, names, severity, meaning.as_ref(), by_position);
    let reference = reference(table, by_position);
    let date_column = column("data_coluna");
    let date_pattern = table.get("data_formato", pattern);
    let dated = paired(table, "data_coluna", "data_formato", "\"%d/%m/%Y\"", date_column, date_pattern);
    let texts = |n: &Node, log: &Log| value::list(n, log, |word| value::filled(word, log));
    let blanks = table.get("vazios", texts);
    let ignored = table.get("ignorar", texts);
    if !table.has("municipio") && !table.has("municipio_nome") {
        stray(table, "ignorar", "municipio");
    }
    Some(Mapping {
        municipality: municipality?,
        unit,
        part: part?,
        reference: reference?,
        meaning: meaning?,
        dated,
        blanks: blanks.unwrap_or_default(),
        ignored: ignored.unwrap_or_default(),
    })
}

/// Which municipality a row is about, by its code or by its name; only where each request is about one may neither be
/// there.
fn place(table: &Reader<'_>, code: Option<String>, name: Option<String>) -> Option<PlaceRule> {
    match (table.has("municipio"), table.has("municipio_nome")) {
        (true, true) => {
            let hint = "deixe só `municipio`: o código é mais seguro que o nome";
            let message = "há `municipio` e `municipio_nome` ao mesmo tempo";
            table.log.refuse(&table.spot_of("municipio_nome"), message, hint)
        }
        (true, false) => code.map(PlaceRule::Code),
        (false, true) => name.map(PlaceRule::Name),
        (false, false) if asked_of_one(table) => Some(PlaceRule::Asked),
        (false, false) => {
            table.missing("municipio", "\"ibge\"");
            None
        }
    }
}

/// Whether each request is about one municipality or unit, so that its rows need not name it.
fn asked_of_one(table: &Reader<'_>) -> bool {
    let Some(Value::Text(url)) = table.node("url").map(|n| &n.value) else { return false };
    ["{ibge6}", "{ibge7}", "{unidade}"].iter().any(|field| url.contains(field))
}

/// A heading, or a position: `#1`.
fn column(node: &Node, log: &Log, by_position: bool) -> Option<String> {
    let text = value::filled(node, log)?;
    let Some(place) = text.strip_prefix('#') else { return Some(text) };
    if !by_position {
        let hint = "escreva o nome do campo, como \"codigo_ibge\"";
        return log.refuse(&node.spot, "os campos de um JSON não têm posição, só nome", hint);
    }
    if place.parse::<u16>().is_ok_and(|n| (1..=1_000).contains(&n)) {
        return Some(text);
    }
    let hint = "escreva \"#1\" para a primeira coluna, \"#2\" para a segunda, ou o título da coluna";
    log.refuse(&node.spot, format!("“{text}” não é a posição de uma coluna"), hint)
}

fn part(
    table: &Reader<'_>,
    names: &Names,
    severity: Severity,
    meaning: Option<&Meaning>,
    by_position: bool,
) -> Option<PartRule> {
    let fixed = table.get("parte", |n, log| system::part(n, log, names, severity));
    let said_in = table.get("parte_coluna", |n, log| column(n, log, by_position));
    let words: Option<Words<Vec<PartId>>> = table.get("partes", |n, log| {
        words(n, log, "partes", |n, log| match &n.value {
            Value::List(_) => {
                value::list(n, log, |one| system::part(one, log, names, severity)).filter(|p| !p.is_empty())
            }
            _ => system::part(n, log, names, severity).map(|one| vec![one]),
        })
    });
    let (by_parts, plain) = match meaning {
        Some(Meaning::Situation { words, .. }) => {
            let by_parts = words.values().filter(|says| matches!(says, Says::Parts(_))).count();
            (by_parts, words.len() - by_parts)
        }
        _ => (0, 0),
    };
    if !table.has("parte_coluna") {
        stray(table, "partes", "parte_coluna");
    }
    match (table.has("parte"), table.has("parte_coluna"), by_parts > 0) {
        (false, false, true) if plain == 0 => Some(PartRule::Situation),
        (false, false, true) => {
            let message = "há palavras que dizem de que partes falam e outras que não";
            let hint = "escreva todas por parte, como { GESTAO = \"concluido\", CMAS = \"pendente\" }";
            table.log.refuse(&table.spot_of("situacoes"), message, hint)
        }
        (true, false, false) => fixed.map(PartRule::Fixed),
        (false, true, false) => Some(PartRule::Column { column: said_in?, words: words.unwrap_or_default() }),
        (fixed, in_column, by_parts) => {
            let (key, message) = match (fixed, in_column, by_parts) {
                (true, true, _) => ("parte_coluna", "há `parte` e `parte_coluna` ao mesmo tempo"),
                (_, _, true) => ("situacoes", "a parte é dita duas vezes: em `situacoes` e fora dela"),
                _ => ("", "falta dizer de que parte cada linha fala"),
            };
            let spot = if key.is_empty() { table.spot.clone() } else { table.spot_of(key) };
            let hint = "use uma só destas maneiras: `parte = \"CRAS\"` (sempre a mesma), \
                        `parte_coluna = \"tipo\"` (uma coluna diz) ou as partes dentro de `situacoes`";
            table.log.refuse(&spot, message, hint)
        }
    }
}

fn reference(table: &Reader<'_>, by_position: bool) -> Option<ReferenceRule> {
    let fixed = table.get("referencia", |n, log| {
        if matches!(&n.value, Value::Text(text) if text == "abertas") {
            return Some(ReferenceRule::Open);
        }
        let reference: Reference = value::reference(n, log)?;
        Some(ReferenceRule::Fixed(reference))
    });
    let column = table.get("referencia_coluna", |n, log| self::column(n, log, by_position));
    let pattern = table.get("referencia_formato", pattern);
    if table.has("referencia") && table.has("referencia_coluna") {
        return table.log.refuse(
            &table.spot_of("referencia_coluna"),
            "há `referencia` e `referencia_coluna` ao mesmo tempo",
            "deixe uma só",
        );
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

fn meaning(table: &Reader<'_>, names: &Names, severity: Severity, by_position: bool) -> Option<Meaning> {
    let sense = table.need("sentido", "\"presenca\"", |n, log| {
        let senses =
            [("presenca", Sense::Presence), ("situacao", Sense::Situation), ("contagem", Sense::Count)];
        value::word(n, log, &senses)
    });
    let column = |key| table.get(key, |n, log| column(n, log, by_position));
    let (said_in, done, expected) =
        (column("situacao_coluna"), column("feitos_coluna"), column("esperados_coluna"));
    let words =
        table.get("situacoes", |n, log| words(n, log, "situacoes", |n, log| says(n, log, names, severity)));
    let sense = sense?;
    for (key, goes_with, other) in KEYS {
        if goes_with != sense {
            stray(table, key, other);
        } else if !table.has(key) {
            table.missing(
                key,
                match key {
                    "situacoes" => "{ \"Preenchido\" = \"concluido\" }",
                    "situacao_coluna" => "\"situação\"",
                    "feitos_coluna" => "\"preenchidos\"",
                    _ => "\"unidades\"",
                },
            );
        }
    }
    Some(match sense {
        Sense::Presence => Meaning::Presence,
        Sense::Situation => Meaning::Situation { column: said_in?, words: words? },
        Sense::Count => Meaning::Count { done: done?, expected: expected? },
    })
}

/// What a word means: a state, or one for each part.
fn says(node: &Node, log: &Log, names: &Names, severity: Severity) -> Option<Says> {
    if !matches!(node.value, Value::Table(_)) {
        return value::word(node, log, &STATES).map(Says::Whole);
    }
    let mut parts = BTreeMap::new();
    for entry in node.entries() {
        let word_of = Node { value: Value::Text(entry.key.clone()), spot: entry.key_spot.clone() };
        let part = system::part(&word_of, log, names, severity);
        let word = value::word(&entry.node, log, &STATES);
        if let (Some(part), Some(word)) = (part, word) {
            parts.insert(part, word);
        }
    }
    if node.entries().is_empty() {
        log.error(
            &node.spot,
            "esta palavra não diz a situação de nenhuma parte",
            "escreva a situação de cada parte, como { GESTAO = \"concluido\" }",
        );
    }
    (!parts.is_empty()).then_some(Says::Parts(parts))
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
    log.refuse(
        &node.spot,
        format!("“{text}” não diz como a data está escrita"),
        "use %d (dia), %m (mês) e %Y (ano): \"%m/%Y\" lê 10/2026",
    )
}
