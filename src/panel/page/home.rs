//! The page of the day: where each window stands, and what `plano` and the daily mail tell. Pure.

use maud::{Markup, html};

use super::{Links, bar, window_name};
use crate::desk::view::Scene;
use crate::domain::calendar::Deadline;
use crate::plan::day::DayPage;
use crate::render::day;
use crate::render::portuguese as pt;

/// The page.
pub(in crate::panel) fn content(scene: &Scene, page: &DayPage, links: &Links) -> Markup {
    html! {
        section aria-labelledby="janelas" {
            h2 #janelas { "Janelas" }
            @if scene.0.windows.is_empty() {
                p { "Nenhuma janela aberta nem encerrada há pouco. " a href=(links.to("/agenda")) { "Ver a agenda" } }
            } @else {
                p {
                    a href=(links.to("/relatorio")) { "Relatório com gráficos" } " · "
                    a href=(links.to("/relatorio.csv")) { "Planilha" }
                }
            }
            div .cards {
                @for summary in &scene.0.windows {
                    article {
                        h3 { a href=(links.window(&summary.window)) { (window_name(&summary.window, scene.calendar())) } }
                        p { (deadline(summary.deadline, scene)) @if summary.halted { ". " strong { "Interrompida: ninguém é cobrado." } } }
                        (bar(summary.municipalities))
                    }
                }
            }
        }
        (day::section(page, scene.calendar(), scene.roster()))
    }
}

fn deadline(deadline: Option<Deadline>, scene: &Scene) -> String {
    let over = deadline.is_some_and(|d| d.instant(&scene.calendar().hours.zone) <= scene.at());
    format!(
        "{} {}",
        if over { "Encerrada; o prazo foi" } else { "Prazo:" },
        pt::deadline_or_undefined(deadline)
    )
}
