//! The call list as a thing of its own: whom to telephone, what to say, what was tried, and room to write what comes of it.
//! Text, a table, and a page to print. Pure.

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use jiff::Timestamp;
use maud::html;
use serde_json::{Value, json};

use super::because::{CALLS, call, call_list, call_reason, part_name, telephone_of};
use super::history::recalled;
use super::page::{CLOSED, shell};
use super::portuguese as pt;
use super::report::{STYLE, day_and_time, heading, row_with, telephone as as_text};
use crate::domain::calendar::Calendar;
use crate::domain::id::{EmailAddress, PartId, Reference};
use crate::domain::reason::Reason;
use crate::domain::roster::Role;
use crate::plan::calls::CallEntry;
use crate::plan::summary::{CallPurpose, CallReason};

/// Columns of [`csv`].
const COLUMNS: [&str; 18] = [
    "ordem",
    "janela",
    "lista",
    "prazo",
    "dias",
    "ibge",
    "municipio",
    "papel",
    "titular",
    "telefone",
    "pendente",
    "nao_confirmado",
    "cartas_que_sairam",
    "enderecos_com_falha",
    "porque",
    "telefonemas",
    "historico",
    "o_que_dizer",
];

/// The place of the days that are left.
const DAYS: usize = 4;

/// Whole days until a deadline, or since it (negative); absent while it is "a definir".
fn days_left(entry: &CallEntry<'_>, calendar: &Calendar, now: Timestamp) -> Option<i64> {
    let today = calendar.hours.zone.date_of(now);
    entry.deadline.map(|deadline| (deadline.on - today).get_days().into())
}

/// `o prazo acaba em 5 dias`, `o prazo acaba hoje`, `o prazo acabou há 3 dias`, `janela interrompida`.
fn end_in_words(entry: &CallEntry<'_>, calendar: &Calendar, now: Timestamp) -> String {
    let days = |days: i64| pt::counted(usize::try_from(days.abs()).unwrap_or(0), "dia", "dias");
    match days_left(entry, calendar, now) {
        _ if entry.window.halted => "janela interrompida: ninguém é cobrado".to_owned(),
        None => "prazo a definir".to_owned(),
        Some(0) if entry.is_over() => "o prazo acabou hoje".to_owned(),
        Some(0) => "o prazo acaba hoje".to_owned(),
        Some(left @ 1..) => format!("o prazo acaba em {}", days(left)),
        Some(since) => format!("o prazo acabou há {}", days(since)),
    }
}

/// `RMA de outubro de 2026`, `SISC do 4º trimestre de 2026`.
fn reference(entry: &CallEntry<'_>, calendar: &Calendar) -> String {
    let system = pt::line(&entry.window.system);
    let Some(window) = calendar.window(&entry.window.window) else { return system };
    let of = if matches!(window.reference, Reference::Quarter(..)) { "do" } else { "de" };
    format!("{system} {of} {}", pt::period(&window))
}

fn names(parts: &[PartId], calendar: &Calendar) -> String {
    pt::list(&parts.iter().map(|part| part_name(part, calendar)).collect::<Vec<_>>())
}

/// One sentence to say, in quotes. Of whom nobody knows it asks, and claims nothing.
pub fn sentence(entry: &CallEntry<'_>, calendar: &Calendar) -> String {
    let what = reference(entry, calendar);
    let (owes, unconfirmed) = (&entry.call.owes, &entry.call.unconfirmed);
    if entry.call.purpose() == CallPurpose::Address {
        return format!("“{}”", ask_for_address(entry, &what));
    }
    let address =
        if entry.asks_address { format!(" {}", ask_for_address(entry, &what)) } else { String::new() };
    let over = entry.is_over();
    let date = match entry.deadline {
        Some(deadline) if over => format!(", cujo prazo acabou {}", pt::at_deadline(deadline)),
        Some(deadline) => format!(", com prazo {}", pt::until_deadline(deadline)),
        None => String::new(),
    };
    if owes.is_empty() {
        let parts = names(unconfirmed, calendar);
        return format!(
            "“Não conseguimos confirmar como está o preenchimento de {parts} no {what}{date}. Podem nos dizer se já \
             concluíram?{address}”"
        );
    }
    let ask = match entry.deadline {
        Some(_) if over => "Há alguma dificuldade em que possamos ajudar?",
        Some(_) => "Conseguem concluir até lá, ou precisam de apoio?",
        None => "Precisam de apoio para concluir?",
    };
    format!("“No {what}{date}, ainda não consta como concluído: {}. {ask}{address}”", names(owes, calendar))
}

/// Names the addresses from which letters came back, as far as they are known. That letters about the window do not arrive is
/// said only where one of them failed.
fn ask_for_address(entry: &CallEntry<'_>, what: &str) -> String {
    let resting: Vec<_> = entry.call.resting.iter().map(|to| (&to.role, &to.address)).collect();
    let mut failed: Vec<_> = entry.failed.iter().map(|fact| (&fact.role, &fact.address)).collect();
    // What failed once and is written to again is asked about only where it is the one thing to ask.
    failed.retain(|(_, address)| resting.is_empty() || resting.iter().any(|(_, other)| other == address));
    let other: Vec<_> =
        resting.into_iter().filter(|(_, address)| failed.iter().all(|(_, one)| one != address)).collect();
    let named = |all: &[(&Role, &EmailAddress)]| {
        let names: Vec<String> = all.iter().map(|(role, address)| format!("{address} ({role})")).collect();
        let to = if names.len() == 1 { "ao endereço" } else { "aos endereços" };
        format!("{to} {}", pt::list(&names))
    };
    let which = if failed.len() + other.len() == 1 {
        "Qual é o e-mail certo?"
    } else {
        "Quais são os e-mails certos?"
    };
    let why = &entry.call.because;
    let none_known =
        entry.call.unreachable || why.iter().all(|why| *why == CallReason::Decided(Reason::NoContact));
    let undelivered = why.iter().any(|why| matches!(why, CallReason::Undelivered { .. }));
    match (failed.as_slice(), other.as_slice()) {
        ([], []) if none_known => "Não temos um e-mail que receba as nossas cartas. Qual é?".to_owned(),
        ([], []) if undelivered => format!(
            "As nossas cartas sobre o {what} não chegam a um dos endereços que temos. Qual é o e-mail certo?"
        ),
        ([], []) => {
            "Nem todas as nossas cartas chegam aos endereços que temos. Qual é o e-mail certo?".to_owned()
        }
        (failed, []) => format!("As nossas cartas sobre o {what} não chegam {}. {which}", named(failed)),
        ([], [one]) => format!("Uma carta nossa não chegou {}. {which}", named(&[*one])),
        ([], other) => format!("Cartas nossas não chegaram {}. {which}", named(other)),
        (failed, other) => format!(
            "As nossas cartas sobre o {what} não chegam {}, nem outras {}. {which}",
            named(failed),
            named(other)
        ),
    }
}

fn is_rehearsal(entries: &[CallEntry<'_>]) -> bool {
    entries.iter().any(|entry| entry.window.rehearsal)
}

/// For a terminal.
pub fn text(entries: &[CallEntry<'_>], calendar: &Calendar, now: Timestamp) -> String {
    let mut out = String::new();
    if is_rehearsal(entries) {
        let _ = writeln!(out, "{}\n", pt::REHEARSAL);
    }
    for (purpose, title) in CALLS {
        let group: Vec<_> = entries.iter().filter(|entry| entry.call.purpose() == purpose).collect();
        if group.is_empty() && purpose == CallPurpose::Address {
            continue;
        }
        let gap = if purpose == CallPurpose::Debt { "" } else { "\n" };
        let _ = writeln!(out, "{gap}{title}: {}", group.len());
        for (number, entry) in (1..).zip(group) {
            one(number, entry, calendar, now, &mut out);
        }
    }
    out
}

fn one(number: usize, entry: &CallEntry<'_>, calendar: &Calendar, now: Timestamp, out: &mut String) {
    let line = entry.call;
    let holder = pt::line(&line.holder);
    let _ = writeln!(
        out,
        "  {number}. {} ({}), {}: {}{}",
        pt::line(&line.name),
        line.municipality,
        entry.window.window,
        telephone_of(entry.call),
        if holder.is_empty() { String::new() } else { format!(", {holder}") }
    );
    for fact in facts(entry, calendar, now) {
        let _ = writeln!(out, "     {fact}");
    }
    let _ = writeln!(out, "     diga: {}", sentence(entry, calendar));
    let (code, window) = (line.municipality, &entry.window.window);
    let _ = writeln!(out, "     depois: vigia-suas anotar {code} {window} --resultado \"…\"");
}

/// What a caller should know, one line each.
fn facts(entry: &CallEntry<'_>, calendar: &Calendar, now: Timestamp) -> Vec<String> {
    let line = entry.call;
    let mut facts = vec![format!(
        "{}; {}",
        end_in_words(entry, calendar, now),
        match entry.letters {
            0 => "nenhuma carta saiu".to_owned(),
            number => pt::counted(number, "carta saiu", "cartas saíram"),
        }
    )];
    for (what, parts) in [("pendente", &line.owes), ("não confirmado", &line.unconfirmed)] {
        if !parts.is_empty() {
            facts.push(format!("{what}: {}", names(parts, calendar)));
        }
    }
    facts.extend(entry.failed.iter().map(|fact| failure(fact)));
    facts.extend(line.because.iter().map(|why| call_reason(why, calendar)));
    facts.extend(line.tried.iter().map(|note| call(note, calendar)));
    facts.extend(past(entry, calendar));
    facts
}

/// How the parts that are owed did before; of what nobody knows nothing is said of the past either.
pub fn past(entry: &CallEntry<'_>, calendar: &Calendar) -> Option<String> {
    recalled(&entry.past, calendar)
}

/// `endereço de smas (x@y): devolvida`.
fn failure(fact: &crate::plan::post::DeliveryFact) -> String {
    format!("endereço de {} ({}): {}", fact.role, fact.address, pt::letter_state(fact.state))
}

/// For a spreadsheet; telephones stay text.
pub fn csv(entries: &[CallEntry<'_>], calendar: &Calendar, now: Timestamp) -> String {
    let mut out = heading(&COLUMNS);
    for (number, entry) in (1..).zip(entries) {
        let line = entry.call;
        let joined = |words: Vec<String>| words.join(" | ");
        row_with(
            &[
                format!("{number}"),
                entry.window.window.to_string(),
                call_list(line.purpose()).to_owned(),
                day_and_time(entry.deadline),
                String::new(),
                line.municipality.to_string(),
                line.name.clone(),
                line.role.as_ref().map(ToString::to_string).unwrap_or_default(),
                line.holder.clone(),
                as_text(&line.telephone),
                names(&line.owes, calendar),
                names(&line.unconfirmed, calendar),
                entry.letters.to_string(),
                joined(entry.failed.iter().map(|fact| failure(fact)).collect()),
                joined(line.because.iter().map(|why| call_reason(why, calendar)).collect()),
                joined(line.tried.iter().map(|note| call(note, calendar)).collect()),
                past(entry, calendar).unwrap_or_default(),
                sentence(entry, calendar),
            ],
            days_left(entry, calendar, now).map(|days| (DAYS, days)),
            &mut out,
        );
    }
    out
}

/// To print: a call each, with room for what came of it.
pub fn page(entries: &[CallEntry<'_>], calendar: &Calendar, now: Timestamp) -> String {
    let body = html! {
        header {
            h1 { "Ligações" }
            @if is_rehearsal(entries) { p { strong { (pt::REHEARSAL) } } }
            p .note { "Em " (pt::instant(now, &calendar.hours.zone)) ". Primeiro quem tem pendência em janela aberta, pelos dias que restam." }
        }
        main {
            @for (purpose, title) in CALLS {
                @let group = entries.iter().filter(|entry| entry.call.purpose() == purpose).collect::<Vec<_>>();
                @if !group.is_empty() || purpose != CallPurpose::Address { h2 { (title) " (" (group.len()) ")" } }
                @for (number, entry) in (1..).zip(group) {
                    article .call {
                        h3 { (number) ". " (pt::line(&entry.call.name)) " · " (entry.window.window) }
                        p { strong { (telephone_of(entry.call)) } @if !entry.call.holder.is_empty() { ", " (pt::line(&entry.call.holder)) } }
                        ul { @for fact in facts(entry, calendar, now) { li { (fact) } } }
                        p .say { (sentence(entry, calendar)) }
                        div .fill-in {
                            "Falei com: ______________________ em ____/____ às ____:____  "
                            span .box {} " atendeu  " span .box {} " não atendeu  " span .box {} " número errado"
                            br; "Resultado:"
                        }
                    }
                }
            }
        }
        footer { p { "Depois de ligar: vigia-suas anotar MUNICIPIO JANELA --resultado \"…\". Contém nomes e telefones de titulares: só para a equipe." } }
    };
    shell("Ligações", CLOSED, STYLE, &body)
}

/// One object for each call, for programs.
pub fn json(entry: &CallEntry<'_>, calendar: &Calendar, now: Timestamp) -> Value {
    let line = entry.call;
    let ids = |parts: &[PartId]| parts.iter().map(ToString::to_string).collect::<Vec<_>>();
    json!({
        "janela": entry.window.window.as_str(),
        "lista": call_list(line.purpose()),
        "prazo": entry.deadline.map(|deadline| deadline.on.to_string()),
        "prazo_hora": entry.deadline.map(|deadline| deadline.at.strftime("%H:%M:%S").to_string()),
        "dias": days_left(entry, calendar, now),
        "municipio": line.municipality.to_string(),
        "nome": line.name,
        "papel": line.role.as_ref().map(ToString::to_string),
        "titular": line.holder,
        "telefone": line.telephone,
        "pendente": ids(&line.owes),
        "nao_confirmado": ids(&line.unconfirmed),
        "cartas_que_sairam": entry.letters,
        "enderecos_com_falha": entry.failed.iter().map(|fact| json!({
            "papel": fact.role.to_string(), "endereco": fact.address.as_str(), "situacao": pt::letter_state(fact.state),
        })).collect::<Vec<_>>(),
        "porque": line.because.iter().map(|why| call_reason(why, calendar)).collect::<Vec<_>>(),
        "telefonemas": line.tried.iter().map(|note| call(note, calendar)).collect::<Vec<_>>(),
        "historico": past(entry, calendar),
        "ensaio": entry.window.rehearsal,
        "dizer": sentence(entry, calendar),
    })
}
