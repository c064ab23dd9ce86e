//! Whom to telephone, window by window: who, at which number, why, what was tried, and a box to fill in on paper. Pure.

use maud::{Markup, html};

use super::{Links, window_name};
use crate::desk::view::Overview;
use crate::plan::summary::CallLine;
use crate::render::because::{call, call_reason, part_name};
use crate::render::portuguese as pt;

/// The page.
pub(in crate::panel) fn content(scene: &Overview, links: &Links) -> Markup {
    let lists: Vec<_> = scene.windows.iter().filter(|summary| !summary.call_list.is_empty()).collect();
    html! {
        @if lists.is_empty() { p { "Ninguém a telefonar." } }
        @for summary in lists {
            @let (owing, unknown): (Vec<_>, Vec<_>) = summary.call_list.iter().partition(|line| !line.owes.is_empty());
            section {
                h2 id=(summary.window) { a href=(links.window(&summary.window)) { (window_name(&summary.window, scene.calendar())) } }
                p { "Prazo: " (pt::deadline_or_undefined(summary.deadline)) }
                @for (title, lines) in [("Quem deve", owing), ("Por confirmar, antes de qualquer cobrança", unknown)] {
                    @if !lines.is_empty() {
                        h3 { (title) " (" (lines.len()) ")" }
                        ol .calls { @for line in lines { (entry(line, summary, scene, links)) } }
                    }
                }
            }
        }
    }
}

fn entry(
    line: &CallLine,
    summary: &crate::plan::summary::WindowSummary,
    scene: &Overview,
    links: &Links,
) -> Markup {
    let calendar = scene.calendar();
    let parts = |parts: &[crate::domain::id::PartId]| {
        let names: Vec<String> = parts.iter().map(|part| part_name(part, calendar)).collect();
        pt::list(&names)
    };
    html! {
        li {
            p {
                a href=(links.account(line.municipality, &summary.window)) { strong { (pt::line(&line.name)) } }
                @if line.telephone.is_empty() { " · telefone não informado" } @else { " · " (pt::line(&line.telephone)) }
                @if !line.holder.is_empty() { " · " (pt::line(&line.holder)) }
            }
            @if !line.owes.is_empty() {
                p { "Pendente: " (parts(&line.owes))
                    @if let Some(at) = line.pending_since { " (dados de " (pt::short_instant(at, &calendar.hours.zone)) ")" } }
            }
            @if !line.unconfirmed.is_empty() { p { "Não confirmado: " (parts(&line.unconfirmed)) } }
            ul {
                @for reason in &line.because { li { (call_reason(reason, calendar)) } }
                @for note in &line.tried { li { (call(note, calendar)) } }
            }
            p .box { "Falei com: " span .blank {} " em " span .blank {} " · ficou combinado: " span .blank {} }
            p .hint { "Depois: " code { "vigia-suas anotar " (line.municipality) " " (summary.window) " --resultado \"…\"" } }
        }
    }
}
