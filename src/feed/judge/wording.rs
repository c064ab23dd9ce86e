//! Reasons and notes in the words that staff read. Pure.

use std::fmt;

use crate::feed::map::BadLine;

use super::{Note, Refusal};

/// ` (linha 7: por quê)`, or nothing.
struct At<'a>(Option<&'a BadLine>);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |bad| write!(f, " (linha {}: {})", bad.line, bad.message))
    }
}

/// ` (a primeira: por quê)`, or nothing.
struct First<'a>(Option<&'a str>);

impl fmt::Display for First<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |why| write!(f, " (a primeira, {why})"))
    }
}

/// What a person can do about a comparison that misleads.
const IF_TRUE: &str = "; se for verdade, aceite a coleta com “vigia-suas fonte aceitar”";

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => error.fmt(f),
            Self::Column(error) => write!(f, "{error}: confira as colunas da fonte"),
            Self::NoRows => f.write_str("nenhuma linha de dados: vazio não quer dizer que ninguém preencheu"),
            Self::Truncated(line) => {
                write!(f, "o arquivo parece cortado: podem faltar linhas{}", At(Some(line)))
            }
            Self::TooFew { known, minimum, unknown } => write!(
                f,
                "só {known} municípios conhecidos, e o mínimo é {minimum} ({unknown} linhas de municípios fora do \
                 cadastro)"
            ),
            Self::Fell { window, before, now } => write!(
                f,
                "{window}: concluídos caíram de {before} para {now}, mais do que 5 % e 5 unidades{IF_TRUE}"
            ),
            Self::Shrunk { before, now } => {
                write!(f, "municípios com linha caíram de {before} para {now}{IF_TRUE}")
            }
            Self::LostRows { before, now } => {
                write!(f, "linhas caíram de {before} para {now}{IF_TRUE}")
            }
            Self::MissingPages { missed, pages, tolerated, first } => write!(
                f,
                "{missed} de {pages} páginas não puderam ser lidas, e o máximo é {tolerated}{}",
                First(first.as_deref())
            ),
            Self::RefusedBefore { snapshot, author, reason } => {
                write!(f, "o conteúdo é o mesmo da coleta {snapshot}, recusada por {author}: {reason}")
            }
            Self::UnknownWord { word, column, count, first_line } => write!(
                f,
                "palavra desconhecida “{word}” na coluna “{column}” ({count}×, a primeira na linha {first_line}): \
                 declare o que significa em fontes.toml"
            ),
            Self::BadLines { bad, rows, first } => {
                write!(f, "{bad} de {rows} linhas com defeito{}", At(first.as_ref()))
            }
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadLines { bad, first } => write!(f, "linhas com defeito: {bad}{}", At(first.as_ref())),
            Self::UnknownMunicipalities(n) => write!(f, "linhas de municípios fora do cadastro: {n}"),
            Self::UnknownUnits(n) => write!(f, "unidades fora do cadastro: {n}"),
            Self::Duplicates { count, first_line } => {
                write!(f, "linhas repetidas: {count} (a primeira na linha {first_line})")
            }
            Self::WithoutWindow(n) => write!(f, "linhas sem janela declarada: {n}"),
            Self::BlankSituations(n) => write!(f, "linhas com a situação em branco, não confirmadas: {n}"),
            Self::DoubtfulDates(n) => write!(f, "linhas com data ilegível ou futura: {n}"),
            Self::MissingPages { missed, pages, first } => write!(
                f,
                "páginas que não puderam ser lidas, não confirmadas: {missed} de {pages}{}",
                First(first.as_deref())
            ),
            Self::Unsaid(n) => write!(f, "esperados sem linha, não confirmados: {n}"),
        }
    }
}
