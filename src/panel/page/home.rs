//! The page of the day: where each window stands, and what `plano` and the daily mail tell. Pure.

use maud::{Markup, html};

use super::{Links, bar, window_name};
use crate::desk::view::Overview;
use crate::domain::calendar::Deadline;
use crate::plan::day::DayPage;
use crate::plan::summary::WindowSummary;
use crate::render::day;
use crate::render::portuguese as pt;

/// The page. `leads` says who sends, where several machines may.
pub(in crate::panel) fn content(
    scene: &Overview,
    page: &DayPage,
    leads: Option<&str>,
    links: &Links,
) -> Markup {
    html! {
        section aria-labelledby="janelas" {
            h2 #janelas { "Janelas" }
            @if scene.windows.is_empty() {
                p { "Nenhuma janela aberta nem encerrada há pouco. " a href=(links.to("/agenda")) { "Ver a agenda" } }
            } @else {
                p .ways {
                    a href=(links.to("/relatorio")) { "Relatório com gráficos" } " · "
                    a href=(links.to("/relatorio.csv")) { "Planilha" }
                }
            }
            div .cards {
                @for summary in &scene.windows {
                    article {
                        h3 { a href=(links.window(&summary.window)) { (window_name(&summary.window, scene.calendar())) } }
                        p { (deadline(summary, scene)) @if summary.halted { ". " strong { "Interrompida: ninguém é cobrado." } } }
                        (bar(summary.municipalities))
                    }
                }
            }
        }
        (day::section(page, scene.calendar(), &scene.known.live.setup.config.roster))
        @if let Some(leads) = leads {
            section aria-labelledby="maquinas" {
                h2 #maquinas { "Máquinas" }
                p { "De duas ou mais máquinas, " (leads) "." }
            }
        }
    }
}

fn deadline(summary: &WindowSummary, scene: &Overview) -> String {
    let is_over = |d: Deadline| d.instant(&scene.calendar().hours.zone) <= scene.as_of.at();
    let (general, others) = (pt::deadline_or_undefined(summary.deadline), summary.other_deadlines());
    if !summary.deadline.is_some_and(is_over) {
        return format!("Prazo: {general}{}", pt::save_for(&others));
    }
    // For some it may still be open.
    let open = others.iter().filter(|(deadline, _)| !deadline.is_some_and(is_over));
    match pt::save_for(open) {
        none if none.is_empty() => format!("Encerrada; o prazo foi {general}{}", pt::save_for(&others)),
        save_for => format!("Encerrada{save_for}; o prazo dos demais foi {general}"),
    }
}
