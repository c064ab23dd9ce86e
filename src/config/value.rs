//! Single values: each reader says in Portuguese what it wanted, and gives nothing when it did not get it.

use jiff::SignedDuration;
use jiff::civil::{Date, Time};

use super::locate::{Log, Spot};
use super::near::offer;
use super::node::{Node, Value};
use crate::domain::id::{EmailAddress, IdError, Reference};

/// Says that a value is of the wrong kind.
fn wrong<T>(node: &Node, log: &Log, wanted: &str, hint: &str) -> Option<T> {
    log.refuse(&node.spot, format!("esperava {wanted}, veio {}", node.value.kind()), hint)
}

/// A text, blanks at the ends taken off. A variable of the environment may look like a number.
pub(super) fn text(node: &Node, log: &Log) -> Option<String> {
    match (&node.value, &node.spot) {
        (Value::Text(text), _) => Some(text.trim().to_owned()),
        (Value::Integer(number), Spot::Variable(_)) => Some(number.to_string()),
        (Value::Bool(flag), Spot::Variable(_)) => Some(flag.to_string()),
        _ => wrong(node, log, "um texto", "ponha o valor entre aspas"),
    }
}

/// A text that says something, in one line.
pub(super) fn filled(node: &Node, log: &Log) -> Option<String> {
    let text = text(node, log)?;
    if text.is_empty() {
        return log.refuse(&node.spot, "o texto está vazio", "escreva o que falta entre as aspas");
    }
    if text.chars().any(char::is_control) {
        return log.refuse(&node.spot, "o texto tem quebra de linha", "escreva tudo numa linha só");
    }
    Some(text)
}

/// `true` or `false`.
pub(super) fn flag(node: &Node, log: &Log) -> Option<bool> {
    if let Value::Bool(flag) = node.value {
        return Some(flag);
    }
    wrong(node, log, "true ou false", "escreva `true` (sim) ou `false` (não), sem aspas")
}

/// A whole number within bounds.
pub(super) fn number<T: TryFrom<i64>>(node: &Node, log: &Log, least: i64, most: i64) -> Option<T> {
    let bounds = format!("escreva um número inteiro de {least} a {most}, sem aspas");
    match node.value {
        Value::Integer(n) if (least..=most).contains(&n) => T::try_from(n).ok(),
        Value::Integer(n) => log.refuse(&node.spot, format!("o número {n} não serve aqui"), bounds),
        _ => wrong(node, log, "um número inteiro", &bounds),
    }
}

/// A civil date, bare or between quotes.
pub(super) fn date(node: &Node, log: &Log) -> Option<Date> {
    let (Value::Moment(text) | Value::Text(text)) = &node.value else {
        return wrong(node, log, "uma data", "escreva a data como 2026-11-30, sem aspas");
    };
    let found = parse_date(text);
    if found.is_none() {
        log.error(
            &node.spot,
            format!("“{text}” não é uma data que exista"),
            "escreva a data como 2026-11-30 (ano-mês-dia), sem hora",
        );
    }
    found.filter(|date| is_near(node, log, date.year()))
}

/// Years that a window, an edition or a reference may be of: a slip in the year is no window without end.
const YEARS: std::ops::RangeInclusive<i16> = 2000..=2199;

fn is_near(node: &Node, log: &Log, year: i16) -> bool {
    if !YEARS.contains(&year) {
        log.error(
            &node.spot,
            format!("o ano {year} está longe demais"),
            format!("escreva um ano de {} a {}", YEARS.start(), YEARS.end()),
        );
    }
    YEARS.contains(&year)
}

/// `2026-11-30`, or `30/11/2026` as spreadsheets write it.
pub(super) fn parse_date(text: &str) -> Option<Date> {
    let text = text.trim();
    let digits = |piece: &str, wide: usize| {
        (piece.len() == wide && piece.bytes().all(|b| b.is_ascii_digit())).then_some(())
    };
    let pieces: Vec<&str> = text.split(['-', '/']).collect();
    let [a, b, c] = pieces[..] else { return None };
    let (year, month, day) = if text.contains('/') { (c, b, a) } else { (a, b, c) };
    (text.contains('/') != text.contains('-')).then_some(())?;
    digits(year, 4)?;
    digits(month, 2)?;
    digits(day, 2)?;
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// A time of day: `08:00` or `23:59:59`.
pub(super) fn time(node: &Node, log: &Log) -> Option<Time> {
    let (Value::Text(text) | Value::Moment(text)) = &node.value else {
        return wrong(node, log, "uma hora", "escreva a hora como \"08:00\"");
    };
    let pieces: Vec<Option<i8>> = text
        .trim()
        .split(':')
        .map(|p| (p.len() == 2 && p.bytes().all(|b| b.is_ascii_digit())).then(|| p.parse().ok())?)
        .collect();
    let found = match pieces[..] {
        [Some(h), Some(m)] => Time::new(h, m, 0, 0).ok(),
        [Some(h), Some(m), Some(s)] => Time::new(h, m, s, 0).ok(),
        _ => None,
    };
    found.or_else(|| {
        log.refuse(
            &node.spot,
            format!("“{text}” não é uma hora do dia"),
            "escreva a hora como \"08:00\" ou \"23:59:59\"",
        )
    })
}

/// One of a few words.
pub(super) fn word<T: Copy>(node: &Node, log: &Log, words: &[(&str, T)]) -> Option<T> {
    let text = text(node, log)?;
    let found = words.iter().find(|(w, _)| *w == text).map(|(_, value)| *value);
    if found.is_none() {
        let all: Vec<&str> = words.iter().map(|(w, _)| *w).collect();
        log.error(&node.spot, format!("“{text}” não é uma opção"), offer(&text, all));
    }
    found
}

/// Every element of a list that reads. The faults of the others are in the log.
pub(super) fn list<'a, T>(
    node: &'a Node,
    log: &Log,
    mut read: impl FnMut(&'a Node) -> Option<T>,
) -> Option<Vec<T>> {
    if let Value::List(nodes) = &node.value {
        return Some(nodes.iter().filter(|n| !n.is_broken()).filter_map(&mut read).collect());
    }
    wrong(node, log, "uma lista", "escreva os itens entre colchetes: [\"um\", \"outro\"]")
}

/// A length of time: `90s`, `30min`, `36h`, `2d` (of 24 hours).
pub(super) fn duration(node: &Node, log: &Log) -> Option<SignedDuration> {
    let text = text(node, log)?;
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let count = text[..text.len() - unit.len()].parse::<i64>().ok().filter(|n| (1..=100_000).contains(n));
    let seconds = match unit.trim() {
        "s" => 1,
        "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => 0,
    };
    match count {
        Some(n) if seconds > 0 => Some(SignedDuration::from_secs(n * seconds)),
        _ => log.refuse(
            &node.spot,
            format!("“{text}” não é uma duração"),
            "escreva um número e a unidade: \"36h\", \"2d\", \"30min\" ou \"90s\"",
        ),
    }
}

/// A count of days: `10d`.
pub(super) fn days(node: &Node, log: &Log, most: u16) -> Option<u16> {
    let text = text(node, log)?;
    let found = text.strip_suffix('d').filter(|n| n.bytes().all(|b| b.is_ascii_digit()));
    let found = found.and_then(|n| n.parse::<u16>().ok()).filter(|n| *n <= most);
    found.or_else(|| {
        log.refuse(
            &node.spot,
            format!("“{text}” não é uma quantidade de dias"),
            format!("escreva de \"0d\" a \"{most}d\""),
        )
    })
}

/// A reference: `"2026"`, `"2026-10"`, `"2026-T4"`; a year may come without quotes.
pub(super) fn reference(node: &Node, log: &Log) -> Option<Reference> {
    let text = match &node.value {
        Value::Integer(year) => year.to_string(),
        _ => text(node, log)?,
    };
    let hint = "escreva \"2026\", \"2026-10\" ou \"2026-T4\"";
    let reference = identifier(node, log, Reference::parse(&text), hint)?;
    is_near(node, log, reference.first_month().0).then_some(reference)
}

/// Passes an identifier on, or says why it is none.
pub(super) fn identifier<T>(node: &Node, log: &Log, parsed: Result<T, IdError>, hint: &str) -> Option<T> {
    parsed.map_err(|error| log.error(&node.spot, error.to_string(), hint)).ok()
}

/// Addresses: one text, parted by blanks or commas, or a list of texts.
pub(super) fn addresses(node: &Node, log: &Log) -> Option<Vec<(EmailAddress, Spot)>> {
    if let Value::List(nodes) = &node.value {
        return Some(nodes.iter().filter_map(|n| addresses(n, log)).flatten().collect());
    }
    let text = text(node, log)?;
    Some(split_addresses(&text, &node.spot, log))
}

/// The addresses of a text. Each that is none is a fault.
pub(super) fn split_addresses(text: &str, spot: &Spot, log: &Log) -> Vec<(EmailAddress, Spot)> {
    text.split(|c: char| c.is_whitespace() || c == ',')
        .filter(|piece| !piece.is_empty())
        .filter_map(|piece| match EmailAddress::parse(piece) {
            Ok(address) => Some((address, spot.clone())),
            Err(error) => {
                let hint = if piece.contains(';') {
                    "separe os endereços com espaço ou vírgula"
                } else {
                    "escreva como nome@municipio.es.gov.br, sem acentos; separe vários com espaço ou vírgula"
                };
                log.refuse(spot, error.to_string(), hint)
            }
        })
        .collect()
}

/// Says that a name is not one of those declared.
pub(super) fn unknown<'a>(
    log: &Log,
    severity: super::fault::Severity,
    spot: &Spot,
    what: &str,
    name: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
) {
    log.push(severity, spot, format!("{what}: “{name}”"), offer(name, known));
}
