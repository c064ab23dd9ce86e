//! Whether a sentence affirms its date of that system and that public, or may mean something else. Pure.
//!
//! A word too many here costs a person one look at the post; a word too few proposes a wrong deadline. So every list errs
//! towards doubt, and a doubt leaves the sentence with advice and without a command.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time};

use super::date::{Found, Lead};
use super::plain::says_more;
use super::word::{Phrases, Token, spaced, tokens};
use crate::domain::news::{NewsDoubt, Topic};

/// What a sentence is judged with.
pub(super) struct Reading<'a> {
    pub(super) topic: Topic,
    /// The sentence, with the next where the date stands there.
    pub(super) quote: &'a str,
    /// The block before it, where that one leads to it: `Municípios com até 20 mil habitantes:`.
    pub(super) lead: &'a str,
    /// The words that tell of the topic.
    pub(super) words: &'a Phrases,
    /// Its title and its whole block, where a denial may stand beside it.
    pub(super) around: &'a str,
    /// Whether something was struck out beside it.
    pub(super) has_struck: bool,
    pub(super) found: &'a [Found],
    /// The day of publication.
    pub(super) near: Date,
    pub(super) names: &'a Phrases,
    /// Whether it names another system that is watched.
    pub(super) names_another: bool,
    /// For each part of the system, the words that name it.
    pub(super) parts: &'a [Phrases],
    /// Deadlines that other sentences of the post tell of the same.
    pub(super) elsewhere: &'a BTreeSet<Date>,
}

/// Filling in that was not done denies nothing: “quem ainda não preencheu tem até 18/12”.
const FILLING: [&str; 9] =
    ["preench", "conclu", "envi", "finaliz", "registr", "respond", "lanc", "inform", "inici"];

/// Systems and registers of the ministry, beside those that are watched.
const OTHER_SYSTEMS: [&str; 14] = [
    "Censo SUAS",
    "RMA",
    "Registro Mensal de Atendimentos",
    "SISC",
    "Plano de Ação",
    "AgilizaSUAS",
    "SUASweb",
    "CadSUAS",
    "Cadastro Único",
    "BPC",
    "Prontuário SUAS",
    "Demonstrativo",
    "SIGPBF",
    "Criança Feliz",
];

/// Names of the states; *Pará* only where it cannot be the preposition.
const STATES: [&str; 27] = [
    "Acre",
    "Alagoas",
    "Amapá",
    "Amazonas",
    "Bahia",
    "Ceará",
    "Distrito Federal",
    "Espírito Santo",
    "Goiás",
    "Maranhão",
    "Mato Grosso",
    "Minas Gerais",
    "do Pará",
    "Paraíba",
    "Paraná",
    "Pernambuco",
    "Piauí",
    "Rio de Janeiro",
    "Rio Grande do Norte",
    "Rio Grande do Sul",
    "Rondônia",
    "Roraima",
    "Santa Catarina",
    "São Paulo",
    "Sergipe",
    "Tocantins",
    "gaúch*",
];

/// Abbreviations of the states, as written.
const ABBREVIATIONS: [&str; 27] = [
    "AC", "AL", "AP", "AM", "BA", "CE", "DF", "ES", "GO", "MA", "MT", "MS", "MG", "PA", "PB", "PR", "PE",
    "PI", "RJ", "RN", "RS", "RO", "RR", "SC", "SP", "SE", "TO",
];

/// Every doubt about a sentence, in the order of [`NewsDoubt`].
pub(super) fn doubts(reading: &Reading<'_>) -> Vec<NewsDoubt> {
    let quote = spaced(&format!("{} {}", reading.lead, reading.quote));
    let around = spaced(reading.around);
    let mut doubts: Vec<NewsDoubt> =
        NewsDoubt::ALL.into_iter().filter(|doubt| has(reading, *doubt, &quote, &around)).collect();
    // A sentence of which the doubt is known needs none that is not.
    if doubts.len() > 1 {
        doubts.retain(|doubt| *doubt != NewsDoubt::Qualified);
    }
    doubts
}

#[expect(
    clippy::too_many_lines,
    clippy::match_same_arms,
    reason = "a table of words, one row for each doubt"
)]
fn has(reading: &Reading<'_>, doubt: NewsDoubt, quote: &str, around: &str) -> bool {
    let any = |words: &[&str], text: &str| Phrases::new(words.iter().copied()).are_in(text);
    match (doubt, reading.topic) {
        (NewsDoubt::Denied, Topic::Outage) => {
            denies(quote) && !any(&["sem previsão"], quote)
                || any(&["resolvid*", "restabelec*", "normaliz*", "voltou", "voltaram", "solucionad*"], quote)
        }
        (NewsDoubt::Denied, Topic::Opening | Topic::Extension) => {
            denies(quote)
                || any(&["fals*", "fake", "boato*", "não procede*", "inverídic*", "desment*"], around)
        }
        (NewsDoubt::Uncertain, Topic::Outage) => false,
        (NewsDoubt::Uncertain, Topic::Opening | Topic::Extension) => {
            reading.quote.contains('?')
                || any(
                    &[
                        "pode",
                        "podem",
                        "poderá",
                        "poderão",
                        "poderia*",
                        "deve ser",
                        "devem ser",
                        "deverá ser",
                        "deverão ser",
                        "possível",
                        "possibilidade*",
                        "previs*",
                        "estud*",
                        "solicit*",
                        "pede",
                        "pedem",
                        "pedido*",
                        "pediu",
                        "pediram",
                        "pleite*",
                        "propõe*",
                        "propost*",
                        "propôs",
                        "em análise",
                        "avali*",
                        "negoci*",
                        "caso",
                        "se for",
                        "se houver",
                        "talvez",
                        "expectativa*",
                        "tendência",
                        "rumor*",
                        "circula*",
                        "aguard*",
                        "defend*",
                        "reivindic*",
                        "sugere*",
                        "sugest*",
                        "gostaria*",
                        "quer",
                        "querem",
                        "seja",
                        "sejam",
                        "teria*",
                        "seria*",
                        "prorrogáve*",
                        "prorrogaria*",
                    ],
                    quote,
                )
        }
        (NewsDoubt::Rectified, _) => {
            reading.has_struck
                || any(
                    &[
                        "onde se lê",
                        "leia se",
                        "errata",
                        "retific*",
                        "republic*",
                        "corrig*",
                        "correção",
                        "correções",
                        "desconsider*",
                        "sem efeito",
                        "revog*",
                        "cancel*",
                        "equívoco",
                        "equivocad*",
                        "em vez de",
                        "e não",
                    ],
                    around,
                )
                || reading.topic != Topic::Outage
                    && any(&["suspens*", "suspend*", "liminar*", "anulad*", "anulou", "derrub*"], around)
        }
        (NewsDoubt::OtherSystem, _) => {
            let others = OTHER_SYSTEMS.iter().filter(|name| !reading.names.are_in(&spaced(name)));
            reading.names_another || Phrases::new(others.copied()).are_in(quote)
        }
        (NewsDoubt::OtherSubject, _) => any(
            &[
                "inscriç*",
                "conferência*",
                "curso*",
                "capacitaç*",
                "seminário*",
                "webinar*",
                "live",
                "oficina*",
                "consulta pública",
                "termo de aceite",
                "prestação de contas",
                "demonstrativo*",
                "reprogramaç*",
                "edital",
                "editais",
                "chamamento",
                "seleção",
                "mandato*",
                "eleiç*",
                "pesquisa*",
                "repasse*",
            ],
            quote,
        ),
        (NewsDoubt::OtherPublic, Topic::Outage) => false,
        (NewsDoubt::OtherPublic, Topic::Opening | Topic::Extension) => {
            let named = reading.parts.iter().filter(|part| part.are_in(quote)).count();
            named > 0 && named < reading.parts.len()
                || any(
                    &[
                        "apenas",
                        "somente",
                        "só",
                        "exclusiv*",
                        "exceto",
                        "salvo",
                        "alguns",
                        "algumas",
                        "parte dos",
                        "calamidade",
                        "emergência",
                        "atingid*",
                        "afetad*",
                        "estaduais",
                        "governos estaduais",
                        "para os municípios d*",
                        "os municípios d*",
                        "nos municípios d*",
                        "nos estados",
                        "no estado",
                    ],
                    quote,
                )
                || any(
                    &[
                        "calamidade",
                        "desastre*",
                        "habitantes",
                        "porte",
                        "região",
                        "regiões",
                        "atingid*",
                        "afetad*",
                    ],
                    around,
                )
                || any(&STATES, quote)
                || names_a_state(reading.quote)
        }
        (NewsDoubt::OpeningMoved, Topic::Extension) => {
            any(&["abertura*", "início", "lançamento", "começo", "liberação"], quote)
        }
        (NewsDoubt::OpeningMoved, Topic::Opening) => {
            any(&["adia*", "prorrog*", "posterg*", "transfer*", "remarc*"], quote)
        }
        (NewsDoubt::OpeningMoved, Topic::Outage) => false,
        (NewsDoubt::SeveralDates, Topic::Outage) => false,
        (NewsDoubt::SeveralDates, Topic::Opening | Topic::Extension) => several(reading),
        (NewsDoubt::Qualified, Topic::Outage) => false,
        (NewsDoubt::Qualified, Topic::Opening | Topic::Extension) => {
            says_more(quote, [reading.names, reading.words])
        }
    }
}

/// Whether a negation stands in it that is not about filling in.
fn denies(quote: &str) -> bool {
    let words: Vec<&str> = quote.split_whitespace().collect();
    words.iter().enumerate().any(|(at, word)| match *word {
        "nem" | "nunca" | "tampouco" | "jamais" | "nenhum" | "nenhuma" | "nega" | "negou" | "sem" => true,
        "nao" => {
            let next = words.get(at + 1..).unwrap_or_default();
            let filling = |word: &&str| FILLING.iter().any(|stem| word.starts_with(stem));
            !next.iter().take(4).any(filling)
        }
        _ => false,
    })
}

/// Whether the abbreviation of a state stands in it; a text in capitals tells nothing.
fn names_a_state(quote: &str) -> bool {
    let written = |token: &Token| {
        let (from, to) = token.span();
        quote.get(from..to).is_some_and(|text| ABBREVIATIONS.contains(&text))
    };
    quote.chars().any(char::is_lowercase) && tokens(quote).iter().any(written)
}

/// Whether more than one date or hour could be the deadline.
fn several(reading: &Reading<'_>) -> bool {
    let until = |date: &&Found| date.lead == Lead::Until;
    let ends: BTreeSet<Date> = reading.found.iter().filter(until).map(|date| date.on).collect();
    let bare = reading.found.iter().filter(|date| date.lead == Lead::Bare && date.on >= reading.near);
    let bare: BTreeSet<Date> = bare.map(|date| date.on).collect();
    let guessed = ends.last().or(bare.last());
    let without_end = ends.is_empty() && bare.len() > 1 && reading.topic == Topic::Extension;
    ends.len() > 1
        || without_end
        || hours(reading.quote).len() > 1
        || guessed.is_some_and(|on| reading.elsewhere.iter().any(|other| other != on))
}

/// Every hour of a day that a text names, in order: `18h`, `18h30`, `18:30`, `meio-dia`. *Meia-noite* of a day may be its
/// beginning or its end, so it counts as both.
pub(super) fn hours(text: &str) -> Vec<Time> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let word = |at: usize| match tokens.get(at) {
            Some(Token::Word { folded, .. }) => folded.as_str(),
            Some(Token::Number { .. } | Token::Sign { .. }) | None => "",
        };
        match token {
            Token::Number { value, digits: 1..=2, .. } => {
                let minute = |at: usize| match tokens.get(at) {
                    Some(Token::Number { value, digits: 2, .. }) => i8::try_from(*value).ok(),
                    _ => None,
                };
                let colon = matches!(tokens.get(at + 1), Some(Token::Sign { sign: ':', .. }));
                let minutes = match word(at + 1) {
                    "h" | "hs" | "hrs" | "hora" | "horas" => Some(minute(at + 2).unwrap_or(0)),
                    _ if colon => minute(at + 2),
                    _ => None,
                };
                let time = minutes.and_then(|m| Time::new(i8::try_from(*value).ok()?, m, 0, 0).ok());
                found.extend(time);
            }
            Token::Word { folded, .. }
                if folded == "meio" && (word(at + 1) == "dia" || word(at + 2) == "dia") =>
            {
                found.extend(Time::new(12, 0, 0, 0).ok());
            }
            Token::Word { folded, .. }
                if folded == "meia" && (word(at + 1) == "noite" || word(at + 2) == "noite") =>
            {
                found.extend([Time::midnight(), Time::new(23, 59, 59, 0).unwrap_or(Time::midnight())]);
            }
            Token::Number { .. } | Token::Word { .. } | Token::Sign { .. } => {}
        }
    }
    found.dedup();
    found
}
