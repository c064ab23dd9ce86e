//! `[cadastro.X]` of `fontes.toml`: registers of units that propose changes to `unidades.csv`.

use super::fault::Severity;
use super::locate::Log;
use super::names::Names;
use super::node::Node;
use super::read::Reader;
use super::word::words;
use super::{feed, fetch, format, system, value};
use crate::domain::feed::Source;
use crate::domain::id::FeedId;
use crate::domain::register::{RegisterColumns, RegisterPart, RegisterSpec, UnitStanding};
use crate::text::words::Words;

/// How the ministry's register writes an empty cell.
const BLANKS: [&str; 5] = ["0", "NONE", "-", "SI", "NSA"];

/// The words for what a register says of a unit.
const STANDINGS: [(&str, UnitStanding); 2] =
    [("aberta", UnitStanding::Open), ("fechada", UnitStanding::Closed)];

/// Every `[cadastro.X]` without faults. As with feeds, a disabled one may name what is not declared.
pub(super) fn compile(top: &Reader<'_>, names: &Names) -> Vec<RegisterSpec> {
    let tables = top.named("cadastro");
    tables
        .iter()
        .filter_map(|(entry, table)| one(feed::id(entry, "cadastro.cadsuas-cras", top.log), table, names))
        .collect()
}

fn one(id: Option<FeedId>, table: &Reader<'_>, names: &Names) -> Option<RegisterSpec> {
    let enabled = table.get("ativa", value::flag).or_else(|| (!table.has("ativa")).then_some(true));
    let severity = if enabled == Some(false) { Severity::Warning } else { Severity::Error };
    let format = format::format(table, severity);
    let source = fetch::source(table);
    if let Some(Source::Http { url, .. }) = &source {
        templated(table, url);
    }
    let unit = table.need("unidade", "\"id_equipamento\"", value::filled);
    let municipality = table.need("municipio", "\"ibge\"", value::filled);
    let name = table.get("nome", value::filled);
    let email = table.get("email", value::filled);
    let telephone = table.get("telefone", value::filled);
    let column = table.get("situacao_coluna", value::filled);
    let meanings: Option<Words<UnitStanding>> =
        table.get("situacoes", |n, log| words(n, log, "situacoes", |n, log| value::word(n, log, &STANDINGS)));
    let standing = match (table.has("situacao_coluna"), table.has("situacoes")) {
        (true, false) => {
            table.missing("situacoes", "{ \"Em funcionamento\" = \"aberta\" }");
            None
        }
        (false, true) => {
            stray(table, "situacoes", "situacao_coluna");
            None
        }
        _ => column.zip(meanings),
    };
    let part = part(table, names, severity);
    let blanks = table.get("vazios", |n, log| value::list(n, log, |n| blank(n, log)));
    let minimum = table.get("minimo", |n, log| value::number(n, log, 0, 1_000_000));
    table.close(severity);
    if standing.is_none() && (table.has("situacao_coluna") || table.has("situacoes")) {
        return None;
    }
    Some(RegisterSpec {
        id: id?,
        enabled: enabled?,
        source: source?,
        format: format?,
        columns: RegisterColumns {
            unit: unit?,
            municipality: municipality?,
            name,
            email,
            telephone,
            standing,
        },
        part: part?,
        blanks: blanks.unwrap_or_else(|| BLANKS.map(str::to_owned).to_vec()),
        minimum: minimum.unwrap_or(1),
    })
}

fn part(table: &Reader<'_>, names: &Names, severity: Severity) -> Option<RegisterPart> {
    let fixed = table.get("parte", |n, log| system::part(n, log, names, severity));
    let column = table.get("parte_coluna", value::filled);
    let meanings =
        table.get("partes", |n, log| words(n, log, "partes", |n, log| system::part(n, log, names, severity)));
    match (table.has("parte"), table.has("parte_coluna")) {
        (true, false) => {
            stray(table, "partes", "parte_coluna");
            fixed.map(RegisterPart::Fixed)
        }
        (false, true) => Some(RegisterPart::Column { column: column?, words: meanings.unwrap_or_default() }),
        (both, _) => {
            let message = if both {
                "há `parte` e `parte_coluna` ao mesmo tempo"
            } else {
                "falta dizer de que parte é cada unidade"
            };
            let spot = if both { table.spot_of("parte_coluna") } else { table.spot.clone() };
            let hint = "use uma só destas maneiras: `parte = \"CRAS\"` (sempre a mesma) ou \
                        `parte_coluna = \"tipo\"` (uma coluna diz)";
            table.log.refuse(&spot, message, hint)
        }
    }
}

/// Says that a key does nothing without another.
fn stray(table: &Reader<'_>, key: &str, other: &str) {
    if table.has(key) {
        let hint = format!("escreva `{other}` ou apague `{key}`");
        table.log.error(&table.spot_of(key), format!("`{key}` não serve sem `{other}`"), hint);
    }
}

fn blank(node: &Node, log: &Log) -> Option<String> {
    value::filled(node, log)
}

/// A register is one whole list: only the state can be filled in.
pub(super) fn templated(table: &Reader<'_>, url: &str) {
    if url.replace("{uf}", "").contains('{') {
        table.log.error(
            &table.spot_of("url"),
            "o endereço de um cadastro ou de uma notícia não pode ter outro campo além de {uf}",
            "escreva um endereço que sirva para o Estado inteiro",
        );
    }
}
