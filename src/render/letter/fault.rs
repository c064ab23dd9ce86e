//! What is wrong with a template, where, and what to do. Pure.

use std::error::Error as _;

use minijinja::{Error, ErrorKind};

/// The detail of an error about a value that is none.
pub(super) const VALUE_MISSING: &str = "valor ausente nesta carta";

/// A template that cannot be used. Its words are for operators.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{file}{}: {message}", .line.map(|l| format!(":{l}")).unwrap_or_default())]
pub struct TemplateFault {
    /// The file's name within `config/modelos`; empty when no template is to blame.
    pub file: String,
    /// The line, counted from 1, where known.
    pub line: Option<usize>,
    pub message: String,
    pub hint: String,
}

impl TemplateFault {
    /// A decision that no letter can be written of.
    pub(super) fn unwritable(message: String) -> Self {
        Self {
            file: "carta".to_owned(),
            line: None,
            message,
            hint: "confira o calendário e o cadastro de municípios".to_owned(),
        }
    }

    /// A name that no letter knows.
    pub(super) fn unknown_name(file: &str, line: Option<usize>, name: &str) -> Self {
        Self {
            file: file.to_owned(),
            line,
            message: format!("nome desconhecido: {name}"),
            hint: NAMES.to_owned(),
        }
    }

    /// What the template engine found. Of an error that passed through includes, the innermost is told.
    pub(super) fn of(file: &str, error: &Error) -> Self {
        let mut innermost = error;
        while let Some(inner) = innermost.source().and_then(|e| e.downcast_ref::<Error>()) {
            innermost = inner;
        }
        let (message, hint) = words(innermost);
        let hint = hint.to_owned();
        let named = innermost.name().or_else(|| error.name()).unwrap_or(file);
        Self { file: named.to_owned(), line: innermost.line().or_else(|| error.line()), message, hint }
    }
}

const SYNTAX: &str = "confira chaves e blocos: {{ valor }}, {% if … %} … {% endif %}";
const NAMES: &str = "confira a grafia do nome; os nomes que cada carta conhece estão em config/LEIAME.md";
const ABSENT: &str = "nem toda carta tem este valor: escreva {% if valor %} … {% endif %}";
const FILTERS: &str = "os filtros próprios são forte, italico e enlace; os demais são os do minijinja";
const PIECES: &str = "só se podem incluir os modelos que config/modelos traz";
const LOOPS: &str = "procure laços sem fim ou modelos que incluem a si mesmos";

/// What the engine found wrong with the writing, in Portuguese: its own words are English, what it quotes is not.
fn syntax(detail: &str) -> String {
    if detail.contains("end of input") || detail.contains("unexpected end") {
        return "erro de sintaxe: o modelo acaba com um bloco ou uma chave ainda aberta".to_owned();
    }
    let quoted = detail.split(['`', '\'', '"']).nth(1).unwrap_or_default();
    let named = detail.strip_prefix("unknown statement ").unwrap_or(quoted);
    match (detail.starts_with("unknown statement"), named) {
        (true, name) => format!("o modelo usa um comando que não existe: “{name}”"),
        (false, "") => "erro de sintaxe".to_owned(),
        (false, name) => format!("erro de sintaxe perto de “{name}”"),
    }
}

fn words(error: &Error) -> (String, &'static str) {
    let detail = error.detail().unwrap_or_default();
    // What the engine puts between quotes is the name that the operator wrote; its own words are English.
    let between = detail.split(['`', '\'', '"']).nth(1);
    let quoted = between.unwrap_or(detail);
    let (message, hint) = match error.kind() {
        ErrorKind::UndefinedError if detail == VALUE_MISSING => return (VALUE_MISSING.to_owned(), ABSENT),
        ErrorKind::UndefinedError => ("nome desconhecido", NAMES),
        ErrorKind::UnknownFilter => ("filtro desconhecido", FILTERS),
        ErrorKind::UnknownTest => ("teste desconhecido", FILTERS),
        ErrorKind::UnknownFunction | ErrorKind::UnknownMethod => ("função desconhecida", NAMES),
        ErrorKind::UnknownBlock => ("bloco desconhecido", SYNTAX),
        ErrorKind::TemplateNotFound => ("modelo inexistente", PIECES),
        ErrorKind::OutOfFuel => return ("o modelo não termina, ou é grande demais".to_owned(), LOOPS),
        ErrorKind::SyntaxError => return (syntax(detail), SYNTAX),
        _ => {
            let near = between.map(|name| format!(" perto de “{name}”")).unwrap_or_default();
            return (format!("o modelo não pôde ser preenchido{near}"), SYNTAX);
        }
    };
    (if quoted.is_empty() { message.to_owned() } else { format!("{message}: {quoted}") }, hint)
}
