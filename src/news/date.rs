//! Dates as Brazilian posts write them, out of a sentence. Pure.
//!
//! A year that is not written is guessed: that of a later date of the same sentence, else the first that puts the date
//! no more than three months before publication, for what is announced mostly lies ahead.

use jiff::ToSpan;
use jiff::civil::Date;

use super::word::{Token, tokens};

/// A date without a year may lie so many days before publication.
const LOOKS_BACK_DAYS: i64 = 90;

/// What stands before a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lead {
    /// *até*, *para*; the end of a range.
    Until,
    /// *a partir de*, *desde*; the beginning of a range.
    From,
    /// Nothing that tells.
    Bare,
}

/// A date found in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) written: String,
    pub(super) on: Date,
    /// What stands before it.
    pub(super) lead: Lead,
}

/// A date before its year and month are settled.
#[derive(Debug, Clone, Copy)]
struct Raw {
    year: Option<i16>,
    month: Option<i8>,
    day: i8,
    /// First and last token.
    from: usize,
    to: usize,
    lead: Lead,
}

const MONTHS: [&str; 12] = [
    "janeiro",
    "fevereiro",
    "marco",
    "abril",
    "maio",
    "junho",
    "julho",
    "agosto",
    "setembro",
    "outubro",
    "novembro",
    "dezembro",
];

/// What an act of government is called: its own date is no deadline.
const ACTS: [&str; 12] = [
    "portaria",
    "resolucao",
    "lei",
    "decreto",
    "instrucao",
    "norma",
    "oficio",
    "comunicado",
    "nota",
    "edital",
    "informe",
    "informativo",
];

/// The month of a name, also cut to three letters.
pub(super) fn month(word: &str) -> Option<i8> {
    let at = MONTHS.iter().position(|name| *name == word || word.len() == 3 && name.starts_with(word))?;
    i8::try_from(at + 1).ok()
}

/// The month of a whole name.
pub(super) fn whole_month(word: &str) -> Option<i8> {
    MONTHS.contains(&word).then(|| month(word))?
}

/// Every date of a sentence, in order; `near` is the day of publication.
pub(super) fn dates(text: &str, near: Date) -> Vec<Found> {
    let tokens = tokens(text);
    let mut raw = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match atom(&tokens, at) {
            Some(mut date) if !is_of_act(&tokens, at) => {
                date.lead = lead(&tokens, at);
                if let Some(first) = shared(&tokens, at, &date) {
                    raw.push(first);
                    date.lead = Lead::Until;
                }
                at = date.to + 1;
                raw.push(date);
            }
            Some(date) => at = date.to + 1,
            None => at += 1,
        }
    }
    ranges(&tokens, &mut raw);
    settle(&raw, near)
        .into_iter()
        .map(|(raw, on)| Found { written: written(text, &tokens, &raw), on, lead: raw.lead })
        .collect()
}

fn number(tokens: &[Token], at: usize, least: i64, most: i64) -> Option<i64> {
    match tokens.get(at)? {
        Token::Number { value, .. } if (least..=most).contains(value) => Some(*value),
        _ => None,
    }
}

fn is(tokens: &[Token], at: usize, word: &str) -> bool {
    matches!(tokens.get(at), Some(Token::Word { folded, .. }) if folded == word)
}

/// Whether a sign stands there with nothing between it and its neighbours.
fn glued(tokens: &[Token], at: usize, sign: char) -> bool {
    let ends = |token: Option<&Token>| token.map(|t| t.span().1);
    let begins = |token: Option<&Token>| token.map(|t| t.span().0);
    let Some(before) = at.checked_sub(1) else { return false };
    matches!(tokens.get(at), Some(Token::Sign { sign: found, .. }) if *found == sign)
        && ends(tokens.get(before)) == begins(tokens.get(at))
        && ends(tokens.get(at)) == begins(tokens.get(at + 1))
}

fn small(value: i64) -> i8 {
    i8::try_from(value).unwrap_or(0)
}

/// A year of four digits, or of two.
fn year(tokens: &[Token], at: usize) -> Option<i16> {
    match tokens.get(at)? {
        Token::Number { value, digits: 4, .. } => {
            i16::try_from(*value).ok().filter(|y| (1990..=2100).contains(y))
        }
        Token::Number { value, digits: 2, .. } => i16::try_from(2000 + *value).ok(),
        _ => None,
    }
}

/// The date that begins at a token.
fn atom(tokens: &[Token], at: usize) -> Option<Raw> {
    let raw = |year, month, day: i64, to| {
        Some(Raw { year, month, day: small(day), from: at, to, lead: Lead::Bare })
    };
    // Not the tail of a longer number: 1.043/12, 10/12/2023.
    let tail = at > 0 && ['/', '.', ','].iter().any(|sign| glued(tokens, at - 1, *sign) && at > 1);
    // 2023-12-19
    if let Some(Token::Number { digits: 4, .. }) = tokens.get(at)
        && glued(tokens, at + 1, '-')
        && glued(tokens, at + 3, '-')
        && let (Some(y), Some(m), Some(d)) =
            (year(tokens, at), number(tokens, at + 2, 1, 12), number(tokens, at + 4, 1, 31))
    {
        return raw(Some(y), Some(small(m)), d, at + 4);
    }
    if tail {
        return None;
    }
    let first_of_month = is(tokens, at, "primeiro");
    let day = if first_of_month { 1 } else { number(tokens, at, 1, 31)? };
    if matches!(tokens.get(at), Some(Token::Number { digits, .. }) if *digits > 2) {
        return None;
    }
    // 19/12, 19/12/2023, 19.12.2023, 19-12-2023, 19/dez/2023
    for sign in ['/', '.', '-'] {
        if first_of_month || !glued(tokens, at + 1, sign) {
            continue;
        }
        let m = number(tokens, at + 2, 1, 12).map(small).or_else(|| match tokens.get(at + 2) {
            Some(Token::Word { folded, .. }) => month(folded),
            _ => None,
        });
        let m = m?;
        let y = if glued(tokens, at + 3, sign) { Some(year(tokens, at + 4)?) } else { None };
        return match (y, sign) {
            (Some(y), _) => raw(Some(y), Some(m), day, at + 4),
            (None, '/') => raw(None, Some(m), day, at + 2),
            (None, _) => None,
        };
    }
    // 19 de dezembro, 1º de março de 2024
    let mut next = at + 1;
    if matches!(tokens.get(next), Some(Token::Sign { sign: 'º' | '°' | 'ª', .. })) {
        next += 1;
    }
    if is(tokens, next, "de")
        && let Some(Token::Word { folded, .. }) = tokens.get(next + 1)
        && let Some(m) = whole_month(folded)
    {
        let y = match tokens.get(next + 2) {
            Some(Token::Sign { sign: '/', .. }) => next + 3,
            _ if is(tokens, next + 2, "de") => next + 3,
            _ => usize::MAX,
        };
        let four = matches!(tokens.get(y), Some(Token::Number { digits: 4, .. }));
        return match year(tokens, y).filter(|_| four) {
            Some(written) => raw(Some(written), Some(m), day, y),
            None => raw(None, Some(m), day, next + 1),
        };
    }
    // dia 29
    let named = at > 0 && is(tokens, at - 1, "dia") && !first_of_month;
    let goes_on = matches!(tokens.get(at + 1), Some(Token::Sign { sign: '/' | '%' | '.' | 'º' | '°', .. }))
        && glued(tokens, at + 1, '/');
    if named && !goes_on { raw(None, None, day, at) } else { None }
}

/// The first day of `de 5 a 19 de dezembro`, which shares the month of the second.
fn shared(tokens: &[Token], at: usize, second: &Raw) -> Option<Raw> {
    second.month?;
    let between = at.checked_sub(1)?;
    let joined = ["a", "ate", "e", "ao"].iter().any(|word| is(tokens, between, word))
        || matches!(tokens.get(between), Some(Token::Sign { sign: '-' | '–' | '—', .. }));
    let mut first = between.checked_sub(1)?;
    if matches!(tokens.get(first), Some(Token::Sign { sign: 'º' | '°', .. })) {
        first = first.checked_sub(1)?;
    }
    let day = number(tokens, first, 1, 31)?;
    let digits = matches!(tokens.get(first), Some(Token::Number { digits: 1..=2, .. }));
    let tail = first > 0 && matches!(tokens.get(first - 1), Some(Token::Sign { sign: '/' | '.', .. }));
    (joined && digits && !tail && day < i64::from(second.day)).then(|| Raw {
        year: second.year,
        month: second.month,
        day: small(day),
        from: first,
        to: first,
        lead: Lead::From,
    })
}

/// What stands within a few words before a date.
fn lead(tokens: &[Token], at: usize) -> Lead {
    for back in 1..=7 {
        match at.checked_sub(back).and_then(|place| tokens.get(place)) {
            Some(Token::Word { folded, .. }) => match folded.as_str() {
                "ate" | "para" => return Lead::Until,
                "partir" | "desde" | "apos" => return Lead::From,
                "o" | "a" | "as" | "ao" | "dia" | "de" | "do" | "da" | "proximo" | "proxima" | "final"
                | "fim" | "h" | "feira" | "segunda" | "terca" | "quarta" | "quinta" | "sexta" | "sabado"
                | "domingo" => {}
                _ => return Lead::Bare,
            },
            Some(Token::Number { .. } | Token::Sign { sign: ':' | '-' | '(' | ',', .. }) => {}
            _ => return Lead::Bare,
        }
    }
    Lead::Bare
}

/// Two dates joined by `a`, `até`, `ao`, or by `e` after `entre`, are a range.
fn ranges(tokens: &[Token], raw: &mut [Raw]) {
    for place in 1..raw.len() {
        let (first, second) = (raw[place - 1], raw[place]);
        let gap = first.to + 1..second.from;
        let between: Vec<&str> = gap
            .clone()
            .filter_map(|at| match tokens.get(at) {
                Some(Token::Word { folded, .. }) => Some(folded.as_str()),
                _ => None,
            })
            .collect();
        let entre = first.from > 0 && is(tokens, first.from - 1, "entre");
        let joined = match between.as_slice() {
            ["a" | "ao" | "ate"] | ["ate" | "ao" | "a", "o" | "dia"] | ["ate", "o", "dia"] => true,
            ["e"] => entre,
            [] => {
                gap.len() == 1
                    && matches!(tokens.get(gap.start), Some(Token::Sign { sign: '-' | '–' | '—', .. }))
            }
            _ => false,
        };
        if joined && gap.len() <= 4 {
            if raw[place - 1].lead != Lead::Until {
                raw[place - 1].lead = Lead::From;
            }
            raw[place].lead = Lead::Until;
        }
    }
}

/// Whether the date belongs to the name of an act: `Portaria nº 1.043, de 24 de dezembro de 2024`.
fn is_of_act(tokens: &[Token], at: usize) -> bool {
    for back in 1..=14 {
        match at.checked_sub(back).and_then(|place| tokens.get(place)) {
            Some(Token::Word { folded, .. }) if ACTS.contains(&folded.as_str()) => return back > 1,
            Some(Token::Word { folded, .. }) => {
                let name = folded.len() <= 4
                    && !matches!(folded.as_str(), "ate" | "para" | "foi" | "e" | "em" | "dia");
                let dressed =
                    ["conjunta", "tecnica", "normativa", "ministerial", "interministerial", "operacional"];
                if !name && !dressed.contains(&folded.as_str()) {
                    return false;
                }
            }
            Some(
                Token::Number { .. } | Token::Sign { sign: '.' | '/' | ',' | 'º' | '°' | '-' | '–', .. },
            ) => {}
            _ => return false,
        }
    }
    false
}

/// Years and months that are not written, guessed. Days that do not exist are dropped.
fn settle(raw: &[Raw], near: Date) -> Vec<(Raw, Date)> {
    let mut settled: Vec<(Raw, Date)> = Vec::new();
    let mut later: Option<Date> = None;
    // From the last to the first: `de 23 de outubro a 5 de dezembro de 2023` says the year at the end.
    for date in raw.iter().rev() {
        let on = match (date.year, date.month) {
            (Some(year), Some(month)) => Date::new(year, month, date.day).ok(),
            (None, Some(month)) => match later {
                Some(later) => last_not_after(month, date.day, later),
                None => first_from(month, date.day, near.saturating_sub(LOOKS_BACK_DAYS.days())),
            },
            (_, None) => day_from(date.day, near),
        };
        let Some(on) = on else { continue };
        if date.month.is_some() && (date.year.is_some() || later.is_some()) {
            later = Some(on);
        }
        settled.push((*date, on));
    }
    settled.reverse();
    settled
}

/// The latest such day that is not after another.
fn last_not_after(month: i8, day: i8, later: Date) -> Option<Date> {
    [later.year(), later.year() - 1]
        .into_iter()
        .filter_map(|y| Date::new(y, month, day).ok())
        .find(|d| *d <= later)
}

/// The first such day from another on.
fn first_from(month: i8, day: i8, from: Date) -> Option<Date> {
    (0..9)
        .filter_map(|years| Date::new(from.year().checked_add(years)?, month, day).ok())
        .find(|d| *d >= from)
}

/// The first such day of a month from another on.
fn day_from(day: i8, from: Date) -> Option<Date> {
    let mut first = from.first_of_month();
    for _ in 0..3 {
        if let Ok(on) = Date::new(first.year(), first.month(), day)
            && on >= from
        {
            return Some(on);
        }
        first = first.saturating_add(1.month());
    }
    None
}

fn written(text: &str, tokens: &[Token], raw: &Raw) -> String {
    let begin = tokens.get(raw.from).map_or(0, |token| token.span().0);
    let end = tokens.get(raw.to).map_or(begin, |token| token.span().1);
    let shown = text.get(begin..end).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    if raw.month.is_none() { format!("dia {shown}") } else { shown }
}
