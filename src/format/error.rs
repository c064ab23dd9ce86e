//! Why bytes are not the table that they should be. Whether what was read is believed is judged elsewhere.

use crate::contain::Uncontained;
use crate::text::csv::ReadError;
use crate::text::encoding::EncodingError;

/// Why bytes are not the table that they should be. Displayed to operators.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// No bytes, or blanks only.
    #[error("o arquivo está vazio")]
    Empty,
    /// Something else under the same name.
    #[error("o conteúdo é {found}, não {due}: confira o endereço ou o arquivo entregue")]
    OtherKind {
        found: &'static str,
        /// What it should be.
        due: &'static str,
    },
    /// JSON up to somewhere.
    #[error("o JSON não está inteiro ou está malformado (linha {line}): veio cortado ou corrompido")]
    Json {
        /// Where it stops being JSON.
        line: usize,
    },
    /// Nothing where the list should be.
    #[error(
        "o JSON não tem uma lista em “{0}”: confira `caminho` e se a resposta não é uma mensagem de erro"
    )]
    NoList(String),
    /// Solr answered without documents.
    #[error(
        "a consulta não trouxe nenhum documento: a referência ainda não foi publicada (vazio não é zero)"
    )]
    NotPublished,
    /// Not as many documents as the source counts.
    #[error("vieram {found} de {promised} documentos: faltam páginas, ou os dados mudaram durante a leitura")]
    Incomplete {
        /// Brought by all pages.
        found: u64,
        /// Counted by the source.
        promised: u64,
    },
    /// An answer in pages whose address asks for no certain order, so that a document may come twice and another never.
    #[error(
        "a resposta vem em várias páginas, e o endereço não pede uma ordem certa: ponha nele uma chave única, como \
         `sort=id asc`, ou `rows` que traga tudo de uma vez"
    )]
    Unsorted,
    /// The documents of an answer in pages lack the field that they are sorted by, and cannot be told apart.
    #[error(
        "os documentos vêm sem o campo “{0}” de `sort`, que os distingue de uma página para outra: peça-o em `fl`"
    )]
    NoKey(String),
    /// One document stands on two pages.
    #[error(
        "o documento com {key} “{id}” veio duas vezes, e outro pode ter faltado: a ordem das páginas não é estável, ou \
         “{key}” não é uma chave única"
    )]
    Repeated {
        /// The field that they are sorted by.
        key: String,
        /// What stands in it.
        id: String,
    },
    /// The answer says of itself that it is not whole, or brings an error beside its documents.
    #[error("o próprio servidor diz que a resposta veio só em parte, ou com erro: tente de novo mais tarde")]
    Partial,
    /// A page of an answer is not the one that was asked for.
    #[error(
        "pediu-se a página a partir do documento {due}, e veio a que começa em {start}: o servidor ignora `start`"
    )]
    WrongPage {
        /// How many documents the pages before brought.
        due: u64,
        /// How many stand before this one, as it says.
        start: u64,
    },
    /// No table of a page is the one.
    #[error(
        "a página não tem nenhuma tabela com “{0}” no cabeçalho: mudou de forma, ou é uma página de erro"
    )]
    NoTable(String),
    /// Several tables may be the one.
    #[error(
        "a página tem {count} tabelas com “{heading}” ({}): escreva em `tabela` um texto que só uma tenha",
        ordinals(places)
    )]
    SeveralTables {
        /// As the feed says.
        heading: String,
        count: usize,
        /// The first of them, by their place among the tables that a person sees, from 1.
        places: Vec<usize>,
    },
    /// A tag that no tokenizer should see.
    #[error("a página tem uma marca com atributos demais: está danificada, ou não é a página esperada")]
    EndlessTag,
    /// A page larger than any that is read.
    #[error("a página tem mais de {0} MB: confira o endereço")]
    LargePage(u64),
    /// The page ends inside its table.
    #[error("a página termina no meio da tabela: veio cortada")]
    CutPage,
    /// Larger inside than outside, or than any sheet that means well.
    #[error("a planilha não foi aberta: {0}")]
    Sheet(SheetProblem),
    /// Its decoder was contained.
    #[error(transparent)]
    Uncontained(#[from] Uncontained),
    /// In one of several bodies.
    #[error("{place}: {error}")]
    In { place: String, error: Box<DecodeError> },
    /// Its letters cannot be read.
    #[error(transparent)]
    Encoding(EncodingError),
    /// The first line names no column.
    #[error("a primeira linha não tem nomes de colunas")]
    NoHeader,
    /// A delimiter that cannot delimit.
    #[error("o separador declarado não serve: use “;”, “,” ou tabulação")]
    Delimiter,
    /// One line is longer than any row.
    #[error("a linha {0} é longa demais para ser uma linha de dados: confira o arquivo entregue")]
    LongLine(u64),
    /// More columns than any table has.
    #[error("o cabeçalho tem {found} colunas, e o máximo é {most}: confira o arquivo entregue")]
    TooManyColumns {
        /// As the heading has.
        found: usize,
        /// As any table has.
        most: usize,
    },
    /// More things said than can be held.
    #[error("o arquivo fala de mais de {0} situações diferentes: confira o arquivo entregue")]
    TooMuch(usize),
    /// The disk, in the middle of reading.
    #[error("os bytes guardados não puderam ser lidos ({0}): confira o disco e tente de novo")]
    Disk(std::io::ErrorKind),
}

/// `“a”, “b”`.
fn quoted(names: &[String]) -> String {
    names.iter().take(5).map(|name| format!("“{name}”")).collect::<Vec<_>>().join(", ")
}

/// `1ª, 3ª`.
fn ordinals(places: &[usize]) -> String {
    places.iter().map(|place| format!("{place}ª")).collect::<Vec<_>>().join(", ")
}

/// Why a spreadsheet is not opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SheetProblem {
    /// It unpacks into far more than it should.
    #[error("“{part}” se expande além de {limit} MB (parece uma bomba de compressão)")]
    Bomb {
        /// File inside.
        part: String,
        /// Most megabytes allowed.
        limit: u64,
    },
    /// What it says of its own size is not so.
    #[error("“{0}” não tem o tamanho que declara")]
    Undeclared(String),
    /// A tag that no reader should see.
    #[error("“{0}” tem uma marca longa demais")]
    LongTag(String),
    /// Several sheets may be the one.
    #[error("{} abas servem ({}): escreva em `aba` qual vale", .0.len(), quoted(.0))]
    Several(Vec<String>),
    /// A corner so far out that the rectangle up to it would fill the memory.
    #[error("há uma célula na linha {row}, coluna {column}, longe demais das outras")]
    Far { row: u32, column: u32 },
    /// More rows than any sheet has.
    #[error("há linhas demais")]
    TooManyRows,
    /// With a password, or with parts that cannot be read.
    #[error("está protegida por senha, danificada ou incompleta; abra-a e salve-a de novo como XLSX")]
    Broken,
    /// An older or rarer kind.
    #[error("este tipo não é lido ({0}); salve-a como XLSX")]
    Kind(&'static str),
    /// No sheet of that name, or none with rows.
    #[error("não tem {}", .0.as_ref().map_or("nenhuma aba visível com linhas (uma oculta se lê com `aba`)".to_owned(), |n| format!("a aba “{n}”")))]
    NoSheet(Option<String>),
}

impl From<std::io::Error> for DecodeError {
    fn from(error: std::io::Error) -> Self {
        Self::Disk(error.kind())
    }
}

impl From<EncodingError> for DecodeError {
    fn from(error: EncodingError) -> Self {
        match error {
            EncodingError::Disk(kind) => Self::Disk(kind),
            other => Self::Encoding(other),
        }
    }
}

impl From<ReadError> for DecodeError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::LongLine(line) => Self::LongLine(line),
            ReadError::Disk(error) => error.into(),
        }
    }
}
