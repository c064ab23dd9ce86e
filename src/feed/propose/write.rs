//! A proposal as the table to paste into `fontes.toml`, with what it would make of each kind of row. Pure.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::super::map::{Ground, count::number, part_words};
use super::Wish;
use super::view::{Met, View, Written};
use crate::domain::feed::{
    FeedSpec, Format, Mapping, Meaning, PartRule, PlaceRule, ReferenceRule, Says, Source, Word,
};
use crate::domain::status::State;
use crate::text::fold::{excerpt, folded};
use crate::text::number::counted;
use crate::text::toml::quoted;

/// Most characters of a word, and most words, that are written into the table: a wrong column may hold what nobody
/// should keep.
const MOST_CHARACTERS: usize = 60;
const MOST_WORDS: usize = 40;

/// What some of the rows would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowKind {
    /// Rows with one word: what it means, or nothing where only a person can say.
    Word(Met, Option<Says>),
    /// So many rows of which each by itself means *concluído*.
    Presence(usize),
    /// So many rows where all are filled in, where some are missing, and that say neither.
    Count(usize, usize, usize),
    /// So many rows whose situation is blank.
    Blank(usize),
    /// Sums.
    Ignored(Met),
    /// Rows about municipalities that the roster does not have.
    Others(Met),
    /// Rows that name no municipality.
    Unread(Met),
}

/// A feed that reads a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposed {
    /// The feed, switched off.
    pub spec: FeedSpec,
    /// What its rows would be.
    pub kinds: Vec<RowKind>,
    /// Words in the column of the part that name none.
    pub unknown_parts: Vec<Met>,
    /// How many different municipalities of the roster have a row.
    pub municipalities: usize,
    /// Whether only the beginning of the file was looked at.
    pub cut: bool,
}

impl Proposed {
    pub(super) fn new(
        view: &View<'_>,
        ground: &Ground<'_>,
        wish: &Wish<'_>,
        format: Format,
        mapping: Mapping,
        by: (usize, Written),
    ) -> Self {
        let seen: BTreeSet<_> = view.data.iter().map(|(code, _)| *code).collect();
        let unknown_parts = match &mapping.part {
            PartRule::Column { column, words } => {
                let known = part_words(&ground.calendar.parts, words, |id| vec![id.clone()]);
                let met = view.find(column).map(|column| view.words(column)).unwrap_or_default();
                met.into_iter().filter(|met| known.get(&met.word).is_none()).take(MOST_WORDS).collect()
            }
            PartRule::Fixed(_) | PartRule::Situation => Vec::new(),
        };
        let spec = FeedSpec {
            id: wish.id.clone(),
            enabled: false,
            system: wish.system.id.clone(),
            source: wish.source.clone(),
            format,
            // A page that is cut short must not pass.
            minimum: (seen.len() * 4 / 5).max(1),
            keep_original: false,
            mapping,
        };
        let kinds = kinds(view, &spec.mapping, by.0);
        Self { spec, kinds, unknown_parts, municipalities: seen.len(), cut: view.grid.cut }
    }

    /// Words whose meaning a person must still write.
    pub fn undecided(&self) -> impl Iterator<Item = &Met> {
        let words = self.kinds.iter().filter_map(|kind| match kind {
            RowKind::Word(met, None) => Some(met),
            _ => None,
        });
        words.chain(&self.unknown_parts)
    }

    /// The table, with its comments; `of` is the file's name.
    pub fn toml(&self, of: &str) -> String {
        let mut out = String::new();
        let spec = &self.spec;
        let _ = writeln!(
            out,
            "# Proposta feita a partir de {}. Está desligada: confira-a, troque o que está",
            shown(of)
        );
        let _ = writeln!(
            out,
            "# marcado com PREENCHA, experimente-a e só então escreva ativa = true. O que cada linha seria:"
        );
        for kind in &self.kinds {
            let _ = writeln!(out, "#   {}", kind.told());
        }
        if self.cut {
            let _ = writeln!(out, "#   o arquivo é grande, e só o começo dele foi olhado");
        }
        let _ =
            writeln!(out, "[fonte.{}]\nativa = false\nsistema = {}", spec.id, quoted(spec.system.as_str()));
        self.source(&mut out);
        format(&mut out, &spec.format);
        self.mapping(&mut out);
        let _ = writeln!(
            out,
            "minimo = {}{}",
            spec.minimum,
            after(&format!("o arquivo trouxe {}", counted(self.municipalities, "município", "municípios")))
        );
        self.words(&mut out);
        out
    }

    fn source(&self, out: &mut String) {
        let _ = match &self.spec.source {
            Source::Folder => writeln!(
                out,
                "origem = \"pasta\"{}",
                after(&format!("os arquivos seguintes vão em entrada/{}/, na pasta de dados", self.spec.id))
            ),
            Source::Manual => writeln!(out, "origem = \"manual\""),
            Source::Http { url, schedule, .. } => {
                writeln!(out, "origem = \"http\"\nurl = {}\nhorario = {}", quoted(url), quoted(schedule))
            }
        };
        if let Source::Http { manners, .. } = &self.spec.source
            && !manners.hosts.is_empty()
        {
            let hosts: Vec<String> = manners.hosts.iter().map(|host| quoted(host)).collect();
            let _ = writeln!(out, "hosts = [{}]", hosts.join(", "));
        }
    }

    fn mapping(&self, out: &mut String) {
        let mapping = &self.spec.mapping;
        let mut key = |name: &str, value: &str| {
            let _ = writeln!(out, "{name} = {}", quoted(value));
        };
        match &mapping.municipality {
            PlaceRule::Asked => {}
            PlaceRule::Code(column) => key("municipio", column),
            PlaceRule::Name(column) => key("municipio_nome", column),
        }
        if let Some(unit) = &mapping.unit {
            key("unidade", unit);
        }
        match &mapping.part {
            PartRule::Fixed(part) => key("parte", part.as_str()),
            PartRule::Column { column, .. } => key("parte_coluna", column),
            PartRule::Situation => {}
        }
        match &mapping.reference {
            ReferenceRule::Open => key("referencia", "abertas"),
            ReferenceRule::Fixed(reference) => key("referencia", &reference.to_string()),
            ReferenceRule::Column { column, pattern } => {
                key("referencia_coluna", column);
                key("referencia_formato", pattern);
            }
        }
        match &mapping.meaning {
            Meaning::Presence => key("sentido", "presenca"),
            Meaning::Situation { column, .. } => {
                key("sentido", "situacao");
                key("situacao_coluna", column);
            }
            Meaning::Count { done, expected } => {
                key("sentido", "contagem");
                key("feitos_coluna", done);
                key("esperados_coluna", expected);
            }
        }
        if let Some((column, pattern)) = &mapping.dated {
            key("data_coluna", column);
            key("data_formato", pattern);
        }
        if !mapping.ignored.is_empty() {
            let words: Vec<String> = mapping.ignored.iter().map(|word| quoted(word)).collect();
            let _ = writeln!(out, "ignorar = [{}]", words.join(", "));
        }
    }

    /// The tables of words, which come last: what a person must decide is written and commented out.
    fn words(&self, out: &mut String) {
        let id = &self.spec.id;
        let undecided = |out: &mut String, met: &Met, what: &str| {
            let rows = counted(met.rows, "linha", "linhas");
            let word = quoted(&excerpt(&met.word, MOST_CHARACTERS));
            let _ = writeln!(out, "# {word} = \"PREENCHA\"{}", after(&format!("{rows}: {what}")));
        };
        if let PartRule::Column { .. } = &self.spec.mapping.part
            && !self.unknown_parts.is_empty()
        {
            let _ = writeln!(out, "[fonte.{id}.partes]");
            for met in &self.unknown_parts {
                undecided(out, met, "que parte é?");
            }
        }
        let Meaning::Situation { words, .. } = &self.spec.mapping.meaning else { return };
        let _ = writeln!(out, "[fonte.{id}.situacoes]");
        for (word, says) in words.iter() {
            let _ = writeln!(out, "{} = {}", quoted(word), meaning(says));
        }
        for kind in &self.kinds {
            if let RowKind::Word(met, None) = kind {
                undecided(out, met, "concluido, pendente, nao_se_aplica ou nao_confirmado?");
            }
        }
    }
}

fn kinds(view: &View<'_>, mapping: &Mapping, place: usize) -> Vec<RowKind> {
    let mut kinds = Vec::new();
    match &mapping.meaning {
        Meaning::Presence => kinds.push(RowKind::Presence(view.data.len())),
        Meaning::Situation { column, words } => {
            let column = view.find(column);
            let met = column.map(|column| view.words(column)).unwrap_or_default();
            let filled: usize = met.iter().map(|met| met.rows).sum();
            kinds.extend(met.into_iter().take(MOST_WORDS).map(|met| {
                let says = words.get(&met.word).cloned();
                RowKind::Word(met, says)
            }));
            if filled < view.data.len() {
                kinds.push(RowKind::Blank(view.data.len() - filled));
            }
        }
        Meaning::Count { done, expected } => {
            let (mut all, mut some, mut neither) = (0, 0, 0);
            if let (Some(done), Some(expected)) = (view.find(done), view.find(expected)) {
                for (_, row) in &view.data {
                    match (number(row.cell(done.at)), number(row.cell(expected.at))) {
                        (Some(done), Some(of)) if of > 0 && done == of => all += 1,
                        (Some(done), Some(of)) if done < of => some += 1,
                        _ => neither += 1,
                    }
                }
            }
            kinds.push(RowKind::Count(all, some, neither));
        }
    }
    let is_code = |cell: &str| matches!(cell.len(), 6 | 7) && cell.bytes().all(|b| b.is_ascii_digit());
    let by_code = !matches!(mapping.municipality, PlaceRule::Name(_));
    let (mut others, mut unread): (Option<Met>, Option<Met>) = (None, None);
    let mut sums: Vec<Met> = Vec::new();
    for row in &view.other {
        let (cell, label) = (row.cell(place), row.label(place));
        let met = |word: &str| Met { word: word.to_owned(), rows: 1, first_line: row.line };
        if mapping.ignored.iter().any(|word| folded(word) == folded(label)) {
            match sums.iter_mut().find(|known| folded(&known.word) == folded(label)) {
                Some(known) => known.rows += 1,
                None => sums.push(met(label)),
            }
            continue;
        }
        let list = if by_code && is_code(cell) { &mut others } else { &mut unread };
        match list {
            Some(known) => known.rows += 1,
            None => *list = Some(met(cell)),
        }
    }
    kinds.extend(sums.into_iter().map(RowKind::Ignored));
    kinds.extend(others.map(RowKind::Others));
    kinds.extend(unread.map(RowKind::Unread));
    kinds
}

impl RowKind {
    /// In the operators' words.
    pub fn told(&self) -> String {
        let rows = |count| counted(count, "linha", "linhas");
        let with = |met: &Met| {
            format!("{} com {} (a primeira: linha {})", rows(met.rows), shown(&met.word), met.first_line)
        };
        match self {
            Self::Word(met, Some(says)) => format!("{}: {}", with(met), in_words(says)),
            Self::Word(met, None) => format!("{}: PREENCHA, só uma pessoa sabe o que quer dizer", with(met)),
            Self::Presence(count) => format!(
                "{}: concluído; quem não tem linha em duas coletas, com 12 horas de distância, fica pendente",
                rows(*count)
            ),
            Self::Count(all, some, neither) => format!(
                "{} com todos preenchidos: concluído; {} com menos: pendente; {} sem números claros: não confirmado",
                rows(*all),
                rows(*some),
                rows(*neither)
            ),
            Self::Blank(count) => format!("{} com a situação em branco: não confirmado", rows(*count)),
            Self::Ignored(met) => format!("{}: soma, não conta", with(met)),
            Self::Others(met) => format!("{}: município fora do cadastro, só é contada", with(met)),
            Self::Unread(met) if met.word.is_empty() => {
                format!(
                    "{} sem município (a primeira: linha {}): não seria entendida",
                    rows(met.rows),
                    met.first_line
                )
            }
            Self::Unread(met) => format!("{}: não é um município, não seria entendida", with(met)),
        }
    }
}

fn in_words(says: &Says) -> String {
    let word = |word: &Word| match word {
        Word::FilledNotConcluded => "pendente (preenchido, falta concluir)",
        Word::Reopened => "pendente (reaberto)",
        Word::Is(State::Done) => "concluído",
        Word::Is(State::Pending) => "pendente",
        Word::Is(State::NotApplicable) => "não se aplica",
        Word::Is(State::Unconfirmed) => "não confirmado",
    };
    match says {
        Says::Whole(whole) => word(whole).to_owned(),
        Says::Parts(parts) => {
            parts.iter().map(|(part, says)| format!("{part} {}", word(says))).collect::<Vec<_>>().join(", ")
        }
    }
}

/// As `fontes.toml` says it.
fn meaning(says: &Says) -> String {
    let word = |word: &Word| match word {
        Word::FilledNotConcluded => "pendente_preenchido",
        Word::Reopened => "reaberto",
        Word::Is(state) => state.as_str(),
    };
    match says {
        Says::Whole(whole) => quoted(word(whole)),
        Says::Parts(parts) => {
            let parts: Vec<String> = parts
                .iter()
                .map(|(part, says)| format!("{} = {}", quoted(part.as_str()), quoted(word(says))))
                .collect();
            format!("{{ {} }}", parts.join(", "))
        }
    }
}

fn format(out: &mut String, format: &Format) {
    let mut lines: Vec<String> = Vec::new();
    match format {
        Format::Csv { delimiter, heading, .. } => {
            lines.push("tipo = \"csv\"".to_owned());
            if let Some(delimiter) = delimiter {
                let delimiter =
                    if *delimiter == b'\t' { "tab".to_owned() } else { char::from(*delimiter).to_string() };
                lines.push(format!("delimitador = {}", quoted(&delimiter)));
            }
            lines.extend(heading.map(|line| format!("cabecalho = {line}")));
        }
        Format::Json { path } => {
            lines.push("tipo = \"json\"".to_owned());
            if !path.is_empty() {
                lines.push(format!("caminho = {}", quoted(&path.join("."))));
            }
        }
        Format::Solr => lines.push("tipo = \"solr\"".to_owned()),
        Format::Html { table, .. } => {
            lines.push("tipo = \"html\"".to_owned());
            lines.push(format!("tabela = {}", quoted(table)));
        }
        Format::Sheet { name, heading } => {
            lines.push("tipo = \"planilha\"".to_owned());
            lines.extend(name.as_ref().map(|name| format!("aba = {}", quoted(name))));
            lines.extend(heading.map(|line| format!("cabecalho = {line}")));
        }
    }
    for line in lines {
        let _ = writeln!(out, "{line}");
    }
}

/// A comment at the end of a line.
fn after(text: &str) -> String {
    format!("   # {text}")
}

/// A text of the file between quotes, in one line, none too long.
fn shown(text: &str) -> String {
    format!("“{}”", excerpt(&text.replace(|c: char| c.is_control(), " "), MOST_CHARACTERS))
}
