//! What an operator may settle about a file, and what a proposal must ask when nobody did. Pure.

use std::fmt;

/// What an operator settles. A column is named by its heading or its place (`#3`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choices {
    /// The tab of a workbook.
    pub tab: Option<String>,
    /// A text in the heading of the table of a page.
    pub table: Option<String>,
    /// The line of the headings.
    pub heading: Option<u32>,
    /// The column of the municipality.
    pub municipality: Option<String>,
    /// The column of the unit; `nenhuma`: rows are not about units.
    pub unit: Option<String>,
    /// A declared part, or the column that names it.
    pub part: Option<String>,
    /// A reference, `abertas`, or the column that names it.
    pub reference: Option<String>,
    /// How that column is written (strftime).
    pub reference_pattern: Option<String>,
    /// The column that says what became of the form.
    pub situation: Option<String>,
    /// Whether a row by itself means *concluído*.
    pub presence: bool,
    /// The column with how many forms are filled in.
    pub done: Option<String>,
    /// The column with how many there must be.
    pub expected: Option<String>,
    /// The column with the data's own date; `nenhuma`: there is none.
    pub dated: Option<String>,
}

/// What a file leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gap {
    /// Which tab or table.
    Table,
    /// Which line has the headings.
    Heading,
    /// Which column names the municipality.
    Municipality,
    /// Which column names the unit.
    Unit,
    /// Of which part the rows are.
    Part,
    Reference,
    /// How the reference is written.
    ReferencePattern,
    /// What a row says.
    Meaning,
    /// Which column has the data's own date.
    Dated,
}

impl Gap {
    /// How an operator answers.
    fn answer(self) -> &'static str {
        match self {
            Self::Table => "--aba ABA, ou --tabela TEXTO do cabeçalho",
            Self::Heading => "--cabecalho LINHA",
            Self::Municipality => "--municipio COLUNA",
            Self::Unit => "--unidade COLUNA, ou --unidade nenhuma",
            Self::Part => "--parte PARTE, ou --parte COLUNA",
            Self::Reference => {
                "--referencia 2026-10 (ou 2026, 2026-T4), --referencia COLUNA, ou --referencia abertas"
            }
            Self::ReferencePattern => "--referencia-formato FORMATO, como %m/%Y",
            Self::Meaning => {
                "--situacao COLUNA, --feitos COLUNA com --esperados COLUNA, ou --presenca se haver a linha já quer dizer \
                 concluído"
            }
            Self::Dated => "--data COLUNA, ou --data nenhuma",
        }
    }
}

/// Something that only a person can settle. Displayed to operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// About what.
    pub gap: Gap,
    /// What is not clear.
    pub text: String,
    /// What it may be, with some of what stands there.
    pub options: Vec<String>,
}

impl Question {
    pub(super) fn new(gap: Gap, text: impl Into<String>) -> Self {
        Self { gap, text: text.into(), options: Vec::new() }
    }

    pub(super) fn among(self, options: impl IntoIterator<Item = String>) -> Self {
        Self { options: options.into_iter().collect(), ..self }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for option in &self.options {
            writeln!(f, "    {option}")?;
        }
        write!(f, "  responda com {}", self.gap.answer())
    }
}
