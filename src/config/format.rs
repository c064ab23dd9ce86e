//! How a feed's bytes read: `tipo` and the keys that go with each.

use super::fault::Severity;
use super::locate::Log;
use super::node::{Node, Value};
use super::read::Reader;
use super::value;
use crate::domain::feed::Format;
use crate::text::encoding::Encoding;

/// `tipo`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Csv,
    Json,
    Solr,
    Html,
    Sheet,
}

const KINDS: [(&str, Kind); 5] = [
    ("csv", Kind::Csv),
    ("json", Kind::Json),
    ("solr", Kind::Solr),
    ("html", Kind::Html),
    ("planilha", Kind::Sheet),
];

/// Which kinds each key goes with.
const KEYS: [(&str, &[Kind], &str); 6] = [
    ("delimitador", &[Kind::Csv], "`tipo = \"csv\"`"),
    ("codificacao", &[Kind::Csv, Kind::Html], "`tipo = \"csv\"` ou `tipo = \"html\"`"),
    ("caminho", &[Kind::Json], "`tipo = \"json\"`"),
    ("tabela", &[Kind::Html], "`tipo = \"html\"`"),
    ("aba", &[Kind::Sheet], "`tipo = \"planilha\"`"),
    ("cabecalho", &[Kind::Csv, Kind::Sheet], "`tipo = \"csv\"` ou `tipo = \"planilha\"`"),
];

/// Compiles `tipo` and what goes with it.
pub(super) fn format(table: &Reader<'_>, severity: Severity) -> Option<Format> {
    let kind = table.need("tipo", "\"csv\"", |n, log| value::word(n, log, &KINDS));
    let delimiter = table.get("delimitador", delimiter);
    let encoding = table.get("codificacao", encoding);
    let path = table.get("caminho", path);
    let heading_text = table.get("tabela", value::filled);
    let name = table.get("aba", value::filled);
    let heading = table.get("cabecalho", |n, log| value::number(n, log, 1, 1_000));
    let kind = kind?;
    for (key, kinds, with) in KEYS {
        if table.has(key) && !kinds.contains(&kind) {
            let hint = "mude o tipo ou apague esta linha";
            table.log.push(severity, &table.spot_of(key), format!("`{key}` só serve com {with}"), hint);
        }
    }
    match kind {
        Kind::Csv => Some(Format::Csv { delimiter, encoding, heading }),
        Kind::Json => Some(Format::Json { path: path.unwrap_or_default() }),
        Kind::Solr => Some(Format::Solr),
        Kind::Html => {
            if !table.has("tabela") {
                table.missing("tabela", "\"um texto do cabeçalho da tabela\"");
            }
            Some(Format::Html { table: heading_text?, encoding })
        }
        Kind::Sheet => Some(Format::Sheet { name, heading }),
    }
}

fn delimiter(node: &Node, log: &Log) -> Option<u8> {
    let words = [(";", b';'), (",", b','), ("|", b'|'), ("\t", b'\t'), ("tab", b'\t')];
    // `text` would take the tabulator for a blank.
    match &node.value {
        Value::Text(text) if text == "\t" => Some(b'\t'),
        _ => value::word(node, log, &words),
    }
}

fn encoding(node: &Node, log: &Log) -> Option<String> {
    let label = value::filled(node, log)?;
    if Encoding::for_label(&label).is_none() {
        let hint = "use \"utf-8\" ou \"windows-1252\", ou apague a linha para que seja reconhecida";
        return log.refuse(&node.spot, format!("codificação desconhecida: “{label}”"), hint);
    }
    Some(label)
}

/// `dados.itens`.
fn path(node: &Node, log: &Log) -> Option<Vec<String>> {
    let text = value::filled(node, log)?;
    let keys: Vec<String> = text.split('.').map(|k| k.trim().to_owned()).collect();
    if keys.iter().any(String::is_empty) {
        let hint = "escreva os nomes separados por ponto: \"dados.itens\"; sem a chave, o documento é a própria lista";
        return log.refuse(&node.spot, format!("“{text}” não é um caminho dentro do JSON"), hint);
    }
    Some(keys)
}
