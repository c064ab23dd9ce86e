//! What is wrong with a configuration, where, and what to write instead: in Portuguese, since operators read it.

use std::fmt;
use std::path::PathBuf;

/// How bad a fault is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub enum Severity {
    /// The configuration cannot be used.
    #[serde(rename = "erro")]
    Error,
    /// It can, but somebody should look.
    #[serde(rename = "aviso")]
    Warning,
}

/// One fault, at its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub severity: Severity,
    /// The file, with its directory as given; or the environment variable.
    pub file: String,
    /// Line, counted from 1; 0 when the fault is of the file as a whole.
    pub line: usize,
    /// Column in characters, counted from 1; 0 when the fault is of the file as a whole.
    pub column: usize,
    /// The text to underline; empty when something is missing.
    pub span: String,
    pub message: String,
    /// What to write instead.
    pub hint: String,
    /// The line that it stands in, for showing.
    pub(super) excerpt: String,
}

/// A fault as editors take it. Lines and columns count from 1 and are 0 for a file as a whole; the end is the column
/// after the last character underlined.
#[derive(serde::Serialize)]
struct Marked<'a> {
    gravidade: Severity,
    arquivo: &'a str,
    linha: usize,
    coluna: usize,
    linha_fim: usize,
    coluna_fim: usize,
    trecho: &'a str,
    mensagem: &'a str,
    ajuda: &'a str,
}

impl serde::Serialize for Fault {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let marked = Marked {
            gravidade: self.severity,
            arquivo: &self.file,
            linha: self.line,
            coluna: self.column,
            linha_fim: self.line,
            coluna_fim: self.column + self.span.chars().count(),
            trecho: &self.span,
            mensagem: &self.message,
            ajuda: &self.hint,
        };
        marked.serialize(serializer)
    }
}

impl Fault {
    /// The same with only this text of its line underlined, if the line has it.
    #[must_use]
    pub fn underlining(mut self, text: &str) -> Self {
        if let Some((before, _)) = self.excerpt.split_once(text) {
            self.column = before.chars().count() + 1;
            text.clone_into(&mut self.span);
        }
        self
    }

    /// An error that another room found in a file of `text`: at a line of it, or, with line 0, of the file as a whole.
    pub fn at_line(file: String, line: usize, text: &str, message: String, hint: String) -> Self {
        let excerpt = line.checked_sub(1).and_then(|n| text.lines().nth(n)).unwrap_or_default().to_owned();
        let indent = excerpt.chars().take_while(|c| c.is_whitespace()).count();
        let line = if excerpt.is_empty() { 0 } else { line };
        let column = if line == 0 { 0 } else { indent + 1 };
        let span = excerpt.trim().to_owned();
        Self { severity: Severity::Error, file, line, column, span, message, hint, excerpt }
    }
}

/// Every fault of every file at once, by file and place.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, thiserror::Error)]
#[serde(transparent)]
#[error("{}", self.summary())]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    /// Puts faults into their order: by file, then place, errors before warnings.
    pub fn sorted(mut faults: Vec<Fault>) -> Self {
        faults.sort_by(|a, b| {
            (&a.file, a.line, a.column, a.severity, &a.message)
                .cmp(&(&b.file, b.line, b.column, b.severity, &b.message))
        });
        faults.dedup();
        Self(faults)
    }

    /// Those that make the configuration unusable.
    pub fn errors(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter().filter(|f| f.severity == Severity::Error)
    }

    /// Those that do not.
    pub fn warnings(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter().filter(|f| f.severity == Severity::Warning)
    }

    /// How many of each, in words: `2 erros e 1 aviso`.
    pub fn summary(&self) -> String {
        let count = |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
        let errors = count(self.errors().count(), "erro", "erros");
        let warnings = count(self.warnings().count(), "aviso", "avisos");
        match (self.errors().count(), self.warnings().count()) {
            (0, 0) => "nenhuma falha na configuração".to_owned(),
            (_, 0) => format!("{errors} na configuração"),
            (0, _) => format!("{warnings} na configuração"),
            _ => format!("{errors} e {warnings} na configuração"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        let severity = match self.severity {
            Severity::Error => "erro",
            Severity::Warning => "aviso",
        };
        write!(f, ": {severity}: {}", self.message)
    }
}

/// Why no configuration came out.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The directory or a file in it could not be read.
    #[error("não foi possível ler {}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    /// What was read has faults.
    #[error(transparent)]
    Faulty(#[from] Faults),
}

impl LoadError {
    /// What to do about what cannot be read.
    pub const HINT: &str =
        "confira o caminho da pasta da configuração, e se quem roda o comando pode ler o arquivo";
}
