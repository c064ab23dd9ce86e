//! Whom to telephone, the most urgent first: who, at which number, what to say, why, what was tried, and a box to fill in on
//! paper. Pure.

use maud::{Markup, html};

use super::{Links, window_name};
use crate::desk::view::Overview;
use crate::plan::calls::{CallEntry, calls};
use crate::render::because::{call, call_reason, part_name};
use crate::render::calls::sentence;
use crate::render::portuguese as pt;

/// The page; with a way to its table, or not.
pub(in crate::panel) fn content(scene: &Overview, has_table: bool, links: &Links) -> Markup {
    let entries = calls(&scene.windows, &scene.calendar().hours.zone);
    let (owing, unknown): (Vec<_>, Vec<_>) = entries.iter().partition(|entry| !entry.call.owes.is_empty());
    html! {
        @if entries.is_empty() { p { "Ninguém a telefonar." } } @else {
            p {
                @if has_table { a href=(links.to("/telefonar.csv")) { "Planilha" } " · a" } @else { "A" }
                " página sai impressa com espaço para anotar."
                @if links.is_past() { " Titulares e telefones são os de hoje." }
            }
        }
        @for (title, entries) in [("Quem tem pendência", owing), ("Por confirmar, antes de qualquer cobrança", unknown)] {
            @if !entries.is_empty() {
                h2 { (title) " (" (entries.len()) ")" }
                ol .calls { @for entry in entries { (one(entry, scene, links)) } }
            }
        }
    }
}

fn one(entry: &CallEntry<'_>, scene: &Overview, links: &Links) -> Markup {
    let (calendar, line) = (scene.calendar(), entry.call);
    let parts = |parts: &[crate::domain::id::PartId]| {
        let names: Vec<String> = parts.iter().map(|part| part_name(part, calendar)).collect();
        pt::list(&names)
    };
    html! {
        li {
            p {
                a href=(links.account(line.municipality, &entry.window.window)) { strong { (pt::line(&line.name)) } }
                @if line.telephone.is_empty() { " · telefone não informado" } @else { " · " (pt::line(&line.telephone)) }
                @if !line.holder.is_empty() { " · " (pt::line(&line.holder)) }
            }
            p { (window_name(&entry.window.window, calendar)) ", prazo " (pt::deadline_or_undefined(entry.deadline)) }
            @if !line.owes.is_empty() {
                p { "Pendente: " (parts(&line.owes))
                    @if let Some(at) = line.as_of { " (dados de " (pt::short_instant(at, &calendar.hours.zone)) ")" } }
            }
            @if !line.unconfirmed.is_empty() { p { "Não confirmado: " (parts(&line.unconfirmed)) } }
            p { "Diga: " (sentence(entry, calendar)) }
            ul {
                @for reason in &line.because { li { (call_reason(reason, calendar)) } }
                @for fact in &entry.failed { li { (pt::line(fact.address.as_str())) ": " (pt::letter_state(fact.state)) } }
                @for note in &line.tried { li { (call(note, calendar)) } }
            }
            p .box { "Falei com: " span .blank {} " em " span .blank {} " · ficou combinado: " span .blank {} }
            p .hint { "Depois: " code { "vigia-suas anotar " (line.municipality) " " (entry.window.window) " --resultado \"…\"" } }
        }
    }
}
