//! What is wrong with a template, where, and what to do. Pure.

use std::error::Error as _;

use minijinja::{Error, ErrorKind};

/// A template that cannot be used. Its words are for operators.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{file}{}: {message}", .line.map(|l| format!(":{l}")).unwrap_or_default())]
pub struct TemplateFault {
    /// The file's name within `config/modelos`; empty when no template is to blame.
    pub file: String,
    /// The line, counted from 1, where known.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do.
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

fn words(error: &Error) -> (String, &'static str) {
    const SYNTAX: &str = "confira chaves e blocos: {{ valor }}, {% if … %} … {% endif %}";
    const NAMES: &str = "confira a grafia do nome; os nomes que cada carta conhece estão em config/LEIAME.md";
    const FILTERS: &str = "os filtros próprios são forte, italico e enlace; os demais são os do minijinja";
    const PIECES: &str = "só se podem incluir modelos que existem em config/modelos";
    const LOOPS: &str = "o modelo não termina ou é grande demais; procure laços que incluem a si mesmos";
    let detail = error.detail().map(|d| format!(" ({d})")).unwrap_or_default();
    let (message, hint) = match error.kind() {
        ErrorKind::SyntaxError => ("erro de sintaxe", SYNTAX),
        ErrorKind::UndefinedError => ("nome desconhecido ou valor ausente", NAMES),
        ErrorKind::UnknownFilter => ("filtro desconhecido", FILTERS),
        ErrorKind::UnknownFunction | ErrorKind::UnknownMethod => ("função desconhecida", NAMES),
        ErrorKind::UnknownTest => ("teste desconhecido", FILTERS),
        ErrorKind::UnknownBlock => ("bloco desconhecido", SYNTAX),
        ErrorKind::TemplateNotFound => ("modelo inexistente", PIECES),
        ErrorKind::OutOfFuel => ("o modelo demora demais", LOOPS),
        ErrorKind::MissingArgument | ErrorKind::TooManyArguments => ("número errado de argumentos", NAMES),
        _ => ("o modelo não pôde ser preenchido", SYNTAX),
    };
    (format!("{message}{detail}"), hint)
}
