//! Why a snapshot is not believed and what is odd about one, in the words that staff read. Pure.
//!
//! Above 400 lines: each reason stands beside its words, and they are read one against the other.

use std::fmt;

use jiff::civil::Date;

use crate::domain::id::{SnapshotId, WindowId};
use crate::feed::map::{BadLine, UnknownMunicipality, UnknownUnit};
use crate::format::error::DecodeError;
use crate::format::table::ColumnError;
use crate::text::number::counted;
use crate::text::remark::Reading;

/// Whether a snapshot is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is, with what staff should know of it.
    Accepted {
        /// Oddities that do not stand in the way.
        notes: Vec<AcceptanceNote>,
    },
    /// It is not, as a whole.
    Quarantined {
        /// All that speaks against it.
        reasons: Vec<QuarantineReason>,
    },
}

/// Why a snapshot is not believed. Displayed to staff; with `{:#}` without the text of any cell, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QuarantineReason {
    /// The bytes are not what they should be.
    Unreadable(DecodeError),
    /// A mapped column cannot be found.
    Column(ColumnError),
    /// Nothing but a header.
    NoRows,
    /// Cut in the middle, or rows swallowed by a stray quote.
    Truncated(BadLine),
    /// The rows are of more than one table.
    SecondTable(BadLine),
    /// Too few municipalities of the roster.
    TooFew {
        /// How many there are.
        known: usize,
        /// How many there must be.
        minimum: usize,
        /// How many rows are about municipalities outside the roster.
        unknown: usize,
    },
    /// Too many who were done, and now pend.
    Reversed {
        window: WindowId,
        /// How many keys.
        count: usize,
        /// The municipalities, by name.
        who: Vec<String>,
    },
    /// Too many of whom the last load had a row, and this one has none.
    Uncovered {
        window: WindowId,
        /// How many keys.
        count: usize,
        /// Of how many.
        before: usize,
        /// The municipalities, by name.
        who: Vec<String>,
    },
    /// More newly concluded than the last loads let expect.
    Jumped {
        window: WindowId,
        /// How many keys.
        count: usize,
        /// How many the last loads let expect at most.
        most: usize,
        /// The municipalities, by name.
        who: Vec<String>,
    },
    /// The form (place and columns) is not that of the last accepted load.
    Form {
        /// Of the last accepted load.
        before: String,
        now: String,
    },
    /// Two different questions got the same bytes for an answer.
    SameAnswer {
        /// What the one was about.
        one: String,
        /// What the other was about.
        other: String,
    },
    /// More pages of the run than the feed tolerates could not be had or read.
    MissingPages {
        missed: usize,
        /// Of how many.
        pages: usize,
        /// How many are tolerated.
        tolerated: usize,
        first: Option<String>,
    },
    /// Somebody refused these very bytes.
    RefusedBefore { snapshot: SnapshotId, author: String, reason: String },
    /// A file that came before, and after which another said otherwise.
    OlderFile {
        /// As what it was believed then.
        snapshot: SnapshotId,
        /// About how many the other did.
        count: usize,
    },
    /// It says of itself that it is only a part.
    Part {
        /// By what, in words.
        by: String,
    },
    /// Nothing in it is of a window, and one opened since it was had.
    BeforeOpening {
        /// The day that it is of.
        dated: Date,
        window: WindowId,
        opened: Date,
        /// Whether it was had as a file, which is of when it was last written.
        is_file: bool,
    },
    /// The very bytes came before, about another reference.
    AnotherReference {
        /// As what they were believed then.
        snapshot: SnapshotId,
        /// What they were about.
        about: WindowId,
        /// What they would be about now.
        window: WindowId,
    },
    /// The first load about a window has those done whom the last load had done in another.
    SameAsBefore {
        /// The last load.
        snapshot: SnapshotId,
        /// What it was about.
        about: WindowId,
        /// What this one would be about.
        window: WindowId,
        /// How many are done in both.
        count: usize,
        /// Of how many who were done in the last.
        before: usize,
    },
    /// A word that the feed's tables do not have.
    UnknownWord {
        /// As written.
        word: String,
        column: String,
        /// In how many rows.
        count: usize,
        first_line: u64,
    },
    /// Too many lines that say nothing.
    BadLines {
        bad: usize,
        /// Of how many.
        rows: usize,
        /// They, as far as they are listed.
        lines: Vec<BadLine>,
    },
}

/// What staff should know of an accepted snapshot. Displayed as [`QuarantineReason`] is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AcceptanceNote {
    /// Lines that say nothing.
    BadLines {
        bad: usize,
        /// They, as far as they are listed.
        lines: Vec<BadLine>,
    },
    /// Rows about municipalities outside the roster.
    UnknownMunicipalities {
        count: usize,
        /// They, as far as they are listed.
        lines: Vec<UnknownMunicipality>,
    },
    /// Municipalities of which rows say different things, by name.
    Contradictions(Vec<String>),
    /// Rows whose counts say neither that all are filled in nor that some are missing.
    UnclearCounts(usize),
    /// Units outside the roster.
    UnknownUnits {
        count: usize,
        /// They, as far as they are listed.
        units: Vec<UnknownUnit>,
    },
    /// Rows that repeat others.
    Duplicates { count: usize, first_line: u64 },
    /// Rows about no declared window.
    WithoutWindow(usize),
    /// Rows with a blank situation.
    BlankSituations(usize),
    /// Rows with a date that cannot be read, is yet to come, or is from before the window opened.
    DoubtfulDates(usize),
    /// Expected ones without a row who are not taken for pendente.
    Unsaid {
        /// Who stay *concluído* or *não se aplica* by what the feed said before.
        settled: usize,
        /// Who are não confirmado by this load.
        unconfirmed: usize,
    },
    /// Pages of the run that could not be had or read; whom they are about is não confirmado.
    MissingPages {
        missed: usize,
        /// Of how many.
        pages: usize,
        first: Option<String>,
    },
}

/// ` (linha 7: por quê)`, or nothing.
struct At<'a>(Option<&'a BadLine>);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |bad| write!(f, " (linha {}: {})", bad.line, bad.message.read(Reading::of(f))))
    }
}

/// ` (linha 7: por quê; linhas 9, 10 e mais 4: por quê)`, or nothing: each reason once, with its first lines.
struct Lines<'a>(&'a [BadLine]);

/// So many lines of one reason are named, and so many reasons; the rest are counted.
const NAMED: usize = 5;

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut reasons: Vec<(&str, Vec<u64>)> = Vec::new();
        for bad in self.0 {
            let why = bad.message.read(Reading::of(f));
            match reasons.iter_mut().find(|(message, _)| *message == why) {
                Some((_, lines)) => lines.push(bad.line),
                None => reasons.push((why, vec![bad.line])),
            }
        }
        let mut told: Vec<String> = reasons
            .iter()
            .take(NAMED)
            .map(|(message, lines)| {
                let first: Vec<String> = lines.iter().take(NAMED).map(u64::to_string).collect();
                let word = if lines.len() == 1 { "linha" } else { "linhas" };
                let more = match lines.len().saturating_sub(NAMED) {
                    0 => String::new(),
                    more => format!(" e mais {more}"),
                };
                format!("{word} {}{more}: {message}", first.join(", "))
            })
            .collect();
        let unnamed: usize = reasons.iter().skip(NAMED).map(|(_, lines)| lines.len()).sum();
        if unnamed > 0 {
            told.push(format!("e mais {unnamed} por outros motivos"));
        }
        if told.is_empty() { Ok(()) } else { write!(f, " ({})", told.join("; ")) }
    }
}

/// ` (3550308 na linha 7; 3304557 na linha 9)`, or nothing.
struct Strangers<'a>(&'a [UnknownMunicipality]);

impl fmt::Display for Strangers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told: Vec<String> =
            self.0.iter().map(|one| format!("{} na linha {}", one.code, one.line)).collect();
        if told.is_empty() { Ok(()) } else { write!(f, " ({})", told.join("; ")) }
    }
}

/// ` (32053090002, de Vila Velha, na linha 3: no cadastro é de Vitória)`, or nothing.
struct Unregistered<'a>(&'a [UnknownUnit]);

impl fmt::Display for Unregistered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told: Vec<String> = self
            .0
            .iter()
            .map(|one| {
                let place = format!("{}, de {}, na linha {}", one.unit, one.municipality, one.line);
                let registered = one.registered_in.as_ref();
                registered.map_or_else(|| place.clone(), |name| format!("{place}: no cadastro é de {name}"))
            })
            .collect();
        if told.is_empty() { Ok(()) } else { write!(f, " ({})", told.join("; ")) }
    }
}

/// ` (a primeira: por quê)`, or nothing.
struct First<'a>(Option<&'a str>);

impl fmt::Display for First<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |why| write!(f, " (a primeira, {why})"))
    }
}

/// What to do with a file that speaks of before.
const SAVE_AGAIN: &str = ": um arquivo vale como de quando foi gravado; se o que ele diz é de agora, grave-o outra vez (Salvar como) \
                          e carregue-o de novo";

impl fmt::Display for QuarantineReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => error.fmt(f),
            Self::Column(error) => write!(f, "{error}: confira as colunas da fonte"),
            Self::NoRows => f.write_str("nenhuma linha de dados: vazio não quer dizer que ninguém preencheu"),
            Self::Truncated(line) => {
                f.write_str("o arquivo parece cortado: podem faltar linhas")?;
                At(Some(line)).fmt(f)
            }
            Self::SecondTable(line) => write!(
                f,
                "pode haver mais de uma tabela numa só{}; entregue só a que vale. Se é um título que nada muda, declare-o em \
                 `ignorar`, em fontes.toml",
                At(Some(line))
            ),
            Self::TooFew { known, minimum, unknown } => write!(
                f,
                "só {known} municípios conhecidos, e o mínimo é {minimum} ({unknown} linhas de municípios fora do \
                 cadastro)"
            ),
            Self::Reversed { window, count, who } => write!(
                f,
                "{window}: {count} voltaram de concluído (ou não se aplica) para pendente: {}",
                who.join(", ")
            ),
            Self::Uncovered { window, count, before, who } => write!(
                f,
                "{window}: {count} de {before} que tinham linha na última coleta não têm mais: {}",
                who.join(", ")
            ),
            Self::Jumped { window, count, most, who } => write!(
                f,
                "{window}: {count} concluídos novos de uma vez, e as últimas coletas fazem esperar no máximo {most}: \
                 {}",
                who.join(", ")
            ),
            Self::Form { before, now } => match (before.split_once('\t'), now.split_once('\t')) {
                (Some((was, before)), Some((is, now))) if before == now => write!(
                    f,
                    "a forma mudou: na última coleta aceita era {was}, agora é {is}; confira a fonte"
                ),
                (Some((_, before)), Some((_, now))) => write!(
                    f,
                    "as colunas mudaram: na última coleta aceita eram “{before}”, agora são “{now}”; confira as colunas \
                     da fonte"
                ),
                _ => write!(f, "a forma mudou: na última coleta aceita era “{before}”, agora é “{now}”"),
            },
            Self::SameAnswer { one, other } => write!(
                f,
                "a resposta sobre {one} é idêntica à resposta sobre {other}: o servidor não respondeu ao que foi \
                 perguntado"
            ),
            Self::MissingPages { missed, pages, tolerated, first } => write!(
                f,
                "{missed} de {pages} páginas não puderam ser lidas, e o máximo é {tolerated}{}",
                First(first.as_deref())
            ),
            Self::RefusedBefore { snapshot, author, reason } => {
                write!(f, "o conteúdo é o mesmo da coleta {snapshot}, recusada por {author}: {reason}")
            }
            Self::OlderFile { snapshot, count } => write!(
                f,
                "o arquivo é o mesmo da coleta {snapshot}, e outro veio depois dele que diz outra coisa em {}: se não é \
                 um arquivo antigo posto outra vez, aceite-o",
                counted(*count, "resposta", "respostas")
            ),
            Self::Part { by } => write!(
                f,
                "a própria resposta diz que é só uma parte ({by}): de quem está na outra nada se sabe; peça tudo de uma vez no \
                 endereço da fonte, ou carregue o arquivo inteiro"
            ),
            Self::BeforeOpening { dated, window, opened, is_file } => write!(
                f,
                "os dados são de {}, de antes da abertura de {window} ({}), e nada dizem dela{}",
                dated.strftime("%d/%m/%Y"),
                opened.strftime("%d/%m/%Y"),
                if *is_file { SAVE_AGAIN } else { "" }
            ),
            Self::AnotherReference { snapshot, about, window } => write!(
                f,
                "o conteúdo é o mesmo da coleta {snapshot}, que era de {about}: nada diz de {window}. Se a fonte já responde \
                 por {window} e a resposta é igual, aceite-o"
            ),
            Self::SameAsBefore { snapshot, about, window, count, before } => write!(
                f,
                "{window}: a primeira coleta que fala desta janela dá por concluídos {count} dos {before} que a coleta \
                 {snapshot} dava por concluídos em {about}; a fonte parece ainda mostrar {about}. Se já mostra {window}, \
                 aceite-a"
            ),
            Self::UnknownWord { word, column, count, first_line } => write!(
                f,
                "palavra desconhecida {} na coluna “{column}” ({count}×, a primeira na linha {first_line}): \
                 declare o que significa em fontes.toml",
                Reading::of(f).quoted(word)
            ),
            Self::BadLines { bad, rows, lines } => {
                write!(f, "{bad} de {rows} linhas com defeito")?;
                Lines(lines).fmt(f)
            }
        }
    }
}

impl fmt::Display for AcceptanceNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadLines { bad, lines } => {
                write!(f, "linhas com defeito: {bad}")?;
                Lines(lines).fmt(f)
            }
            Self::UnknownMunicipalities { count, lines } => {
                write!(f, "linhas de municípios fora do cadastro: {count}{}", Strangers(lines))
            }
            Self::Contradictions(who) => {
                write!(f, "linhas que se contradizem, não confirmadas: {}", who.join(", "))
            }
            Self::UnclearCounts(n) => write!(f, "linhas com contagem que nada diz, não confirmadas: {n}"),
            Self::UnknownUnits { count, units } => {
                write!(f, "unidades fora do cadastro: {count}{}", Unregistered(units))
            }
            Self::Duplicates { count, first_line } => {
                write!(f, "linhas repetidas: {count} (a primeira na linha {first_line})")
            }
            Self::WithoutWindow(n) => write!(f, "linhas sem janela declarada: {n}"),
            Self::BlankSituations(n) => write!(f, "linhas com a situação em branco, não confirmadas: {n}"),
            Self::DoubtfulDates(n) => {
                write!(f, "linhas com data ilegível, futura ou de antes da abertura da janela: {n}")
            }
            Self::MissingPages { missed, pages, first } => write!(
                f,
                "páginas que não puderam ser lidas, não confirmadas: {missed} de {pages}{}",
                First(first.as_deref())
            ),
            Self::Unsaid { settled: 0, unconfirmed } => {
                write!(f, "esperados sem linha, não confirmados por esta coleta: {unconfirmed}")
            }
            Self::Unsaid { settled, unconfirmed: 0 } => write!(
                f,
                "esperados sem linha, que seguem concluídos (ou não se aplica) pelo que a fonte disse antes: {settled}"
            ),
            Self::Unsaid { settled, unconfirmed } => write!(
                f,
                "esperados sem linha: {} (não confirmados por esta coleta: {unconfirmed}; seguem concluídos, ou \
                 não se aplica, pelo que a fonte disse antes: {settled})",
                settled + unconfirmed
            ),
        }
    }
}
