//! Which period a post speaks of: “Censo SUAS 2026”, “RMA de outubro de 2026”, “4º trimestre”. Pure.

use jiff::civil::Date;

use super::date::whole_month;
use super::word::{Phrases, Token, spaced, tokens};
use crate::domain::id::Reference;

/// Ordinals of quarters, in words.
const ORDINALS: [&str; 4] = ["primeiro", "segundo", "terceiro", "quarto"];

/// Every period that a text names, in order and each once. `system` are the system's names: a year right after one of
/// them is the system's.
pub(super) fn references(text: &str, system: &Phrases, near: Date) -> Vec<Reference> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        found.extend(quarter(&tokens, at, near));
        found.extend(month(&tokens, at, near));
    }
    found.extend(year_of_system(&spaced(text), system));
    for at in 0..tokens.len() {
        let named = word(&tokens, at).is_some_and(|w| matches!(w, "exercicio" | "ano" | "edicao"));
        let after = if word(&tokens, at + 1) == Some("de") { at + 2 } else { at + 1 };
        found.extend(named.then(|| year(&tokens, after).map(Reference::Year)).flatten());
    }
    let mut once: Vec<Reference> = Vec::new();
    for reference in found {
        if !once.contains(&reference) {
            once.push(reference);
        }
    }
    once.truncate(5);
    once
}

fn word(tokens: &[Token], at: usize) -> Option<&str> {
    match tokens.get(at)? {
        Token::Word { folded, .. } => Some(folded),
        _ => None,
    }
}

fn year(tokens: &[Token], at: usize) -> Option<i16> {
    match tokens.get(at)? {
        Token::Number { value, digits: 4, .. } => {
            i16::try_from(*value).ok().filter(|y| (2000..=2100).contains(y))
        }
        _ => None,
    }
}

/// The year at most two tokens on, over a “de” or a “/”.
fn year_after(tokens: &[Token], at: usize) -> Option<i16> {
    year(tokens, at).or_else(|| {
        let joins =
            word(tokens, at) == Some("de") || matches!(tokens.get(at), Some(Token::Sign { sign: '/', .. }));
        joins.then(|| year(tokens, at + 1))?
    })
}

/// `4º trimestre de 2026`, `quarto trimestre`.
fn quarter(tokens: &[Token], at: usize, near: Date) -> Option<Reference> {
    let (number, mut next) = match tokens.get(at)? {
        Token::Number { value, .. } => (i8::try_from(*value).ok().filter(|n| (1..=4).contains(n))?, at + 1),
        Token::Word { folded, .. } => {
            let place = ORDINALS.iter().position(|ordinal| ordinal == folded)?;
            (i8::try_from(place + 1).ok()?, at + 1)
        }
        Token::Sign { .. } => return None,
    };
    if matches!(tokens.get(next), Some(Token::Sign { sign: 'º' | '°', .. })) {
        next += 1;
    }
    if word(tokens, next) != Some("trimestre") {
        return None;
    }
    // What is said of a quarter without its year is said in it or soon after.
    let year = year_after(tokens, next + 1)
        .unwrap_or_else(|| if 3 * number - 2 > near.month() { near.year() - 1 } else { near.year() });
    Some(Reference::Quarter(year, number))
}

/// `outubro de 2026`, `outubro/2026`, `referência 10/2026`, `mês de outubro`; never the month of a day.
fn month(tokens: &[Token], at: usize, near: Date) -> Option<Reference> {
    if let Some(number) = word(tokens, at).and_then(whole_month) {
        let day_before = at >= 2
            && word(tokens, at - 1) == Some("de")
            && matches!(tokens.get(at - 2), Some(Token::Number { .. } | Token::Sign { sign: 'º' | '°', .. }));
        if day_before {
            return None;
        }
        if let Some(year) = year_after(tokens, at + 1) {
            return Some(Reference::Month(year, number));
        }
        let of_reference = (1..=2).any(|back| {
            at.checked_sub(back)
                .and_then(|place| word(tokens, place))
                .is_some_and(|w| matches!(w, "mes" | "referencia"))
        });
        let year = if number > near.month() { near.year() - 1 } else { near.year() };
        return of_reference.then_some(Reference::Month(year, number));
    }
    let Some(Token::Number { value, digits: 1..=2, .. }) = tokens.get(at) else { return None };
    let number = i8::try_from(*value).ok().filter(|n| (1..=12).contains(n))?;
    let slash = matches!(tokens.get(at + 1), Some(Token::Sign { sign: '/', .. }));
    let after_slash = at > 0 && matches!(tokens.get(at - 1), Some(Token::Sign { sign: '/', .. }));
    (slash && !after_slash).then(|| year(tokens, at + 2).map(|year| Reference::Month(year, number)))?
}

/// `Censo SUAS 2026`.
fn year_of_system(spaced: &str, system: &Phrases) -> Option<Reference> {
    let next = system.after(spaced)?.split(' ').next()?;
    let year: i16 = next.parse().ok().filter(|y| (2000..=2100).contains(y))?;
    Some(Reference::Year(year))
}
