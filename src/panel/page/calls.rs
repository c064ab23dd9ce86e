//! Whom to telephone, the most urgent first: who, at which number, what to say, why, what was tried, and a box to fill in on
//! paper. Pure.

use maud::{Markup, html};

use super::choice::Choice;
use super::{Links, window_name};
use crate::desk::view::Overview;
use crate::plan::calls::{CallEntry, calls};
use crate::plan::history::Recall;
use crate::plan::summary::{CallPurpose, WindowSummary};
use crate::render::because::{CALLS, call, call_reason, part_name};
use crate::render::calls::{past, sentence};
use crate::render::portuguese as pt;

/// The page of the calls of some windows: of all that the scene has, or of the one that `janela` names. With a way to its
/// table, or not.
pub(in crate::panel) fn content(
    scene: &Overview,
    windows: &[WindowSummary],
    has_table: bool,
    recall: &Recall<'_>,
    choice: &Choice<'_>,
    links: &Links,
) -> Markup {
    let all = calls(&scene.windows, scene.calendar(), recall).len();
    let these = calls(windows, scene.calendar(), recall);
    let roster = &scene.known.live.setup.config.roster.municipalities;
    let only = choice.text("janela");
    let of_window = |page: &str| only.map_or_else(|| page.to_owned(), |id| format!("{page}?janela={id}"));
    let is_chosen = |entry: &&CallEntry<'_>| {
        let code = entry.call.municipality;
        let region = roster.get(&code).map_or("", |municipality| &municipality.region);
        choice.is_of_region(region) && choice.names(&entry.call.name, &code.to_string())
    };
    let entries: Vec<&CallEntry<'_>> = these.iter().filter(is_chosen).collect();
    let slice = choice.slice(&entries);
    let of: Vec<_> = scene.windows.iter().collect();
    html! {
        @if all == 0 && these.is_empty() { p { "Ninguém a telefonar." } } @else {
            p .ways {
                @if has_table { a href=(links.to(&of_window("/telefonar.csv"))) { "Planilha" } " · a" } @else { "A" }
                " página sai impressa com espaço para anotar."
            }
            @if links.is_past() { p { "Titulares e telefones são os de hoje." } }
            nav aria-label="Janelas" {
                ul .tabs {
                    li { a href=(links.to("/telefonar")) aria-current=[only.is_none().then_some("true")] { "todas as janelas (" (all) ")" } }
                    @for summary in scene.windows.iter().filter(|summary| !summary.call_list.is_empty()) {
                        @let is_this = only == Some(summary.window.as_str());
                        li { a href=(links.to(&format!("/telefonar?janela={}", summary.window))) aria-current=[is_this.then_some("true")] { (summary.window) " (" (summary.call_list.len()) ")" } }
                    }
                }
            }
            div #lista { (choice.form(links, &["nome", "regiao"], &of)) }
            @if entries.is_empty() { p { "Ninguém com esse filtro." } }
        }
        @for (purpose, title) in CALLS {
            @let of_it = |entry: &&&CallEntry<'_>| entry.call.purpose() == purpose;
            @let (shown, number) = (slice.rows.iter().filter(of_it).collect::<Vec<_>>(), entries.iter().filter(of_it).count());
            @if !shown.is_empty() {
                h2 { @if purpose == CallPurpose::Debt { "Quem tem pendência" } @else { (title) } " (" (number) ")" }
                ol .calls { @for entry in shown { (one(entry, scene, links)) } }
            }
        }
        (choice.pager(links, &slice))
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
                @if let Some(told) = past(entry, calendar) { li { (told) } }
            }
            p .box { "Falei com: " span .blank {} " em " span .blank {} " · ficou combinado: " span .blank {} }
            p .hint { "Depois: " code { "vigia-suas anotar " (line.municipality) " " (entry.window.window) " --resultado \"…\"" } }
        }
    }
}
