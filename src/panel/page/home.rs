//! The page of the day: what is amiss, where each window stands, what leaves and what is held. Pure.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::{Links, bar, fault, window_name};
use crate::desk::view::Health;
use crate::desk::view::{FeedStanding, Overview};
use crate::domain::calendar::Deadline;
use crate::plan::Decision;
use crate::render::because::because;
use crate::render::portuguese as pt;

/// So many municipalities of a group are named; the others are counted.
const NAMED: usize = 6;

/// The page.
pub(in crate::panel) fn content(
    scene: &Overview,
    health: Option<&Health>,
    feeds: &[FeedStanding],
    links: &Links,
) -> Markup {
    let zone = &scene.calendar().hours.zone;
    html! {
        @if let Some(health) = health {
            section aria-labelledby="saude" {
                h2 #saude { "O serviço" }
                @if health.ailments.is_empty() {
                    p .good { "Tudo em ordem." }
                } @else {
                    ul .faults { @for ailment in &health.ailments { li { (fault(&ailment.words(zone))) } } }
                }
            }
        }
        section aria-labelledby="janelas" {
            h2 #janelas { "Janelas" }
            @if scene.windows.is_empty() {
                p { "Nenhuma janela aberta nem encerrada há pouco. " a href=(links.to("/agenda")) { "Ver a agenda" } }
            }
            div .cards {
                @for summary in &scene.windows {
                    article {
                        h3 { a href=(links.window(&summary.window)) { (window_name(&summary.window, scene.calendar())) } }
                        p { (deadline(summary.deadline, scene)) @if summary.halted { ". " strong { "Interrompida: ninguém é cobrado." } } }
                        (bar(summary.municipalities))
                        @if !summary.call_list.is_empty() {
                            p { a href=(links.to(&format!("/telefonar#{}", summary.window))) {
                                (pt::counted(summary.call_list.len(), "município a telefonar", "municípios a telefonar"))
                                span .away { " em " (summary.window) }
                            } }
                        }
                    }
                }
            }
        }
        section aria-labelledby="agora" {
            h2 #agora { "O que sai agora" }
            (groups(scene, scene.plan.actions.iter(), links, "Nada por decidir neste momento."))
            p {
                @match scene.plan.next_wake {
                    Some(at) => { "Próxima decisão: " (pt::instant(at, zone)) "." },
                    None => { "Nenhuma decisão à vista." },
                }
            }
        }
        section aria-labelledby="retidos" {
            h2 #retidos { "O que está retido" }
            (groups(scene, scene.plan.held.iter(), links, "Nada está retido."))
        }
        section aria-labelledby="fontes" {
            h2 #fontes { "Fontes" }
            @let on = feeds.iter().filter(|feed| feed.spec.enabled);
            @if on.clone().next().is_none() {
                p { "Nenhuma fonte ativa: tudo é “não confirmado” e ninguém é cobrado. " a href=(links.to("/fontes")) { "Ver as fontes" } }
            }
            ul {
                @for feed in on {
                    li {
                        strong { (feed.spec.id) } ": "
                        @match feed.valid_from {
                            Some(at) => { "vale o que disse em " (pt::instant(at, zone)) },
                            None => { "nunca disse nada" },
                        }
                        @if let Some(why) = feed.run.as_ref().and_then(|run| run.failure.as_ref()) {
                            "; a última busca falhou: " (pt::line(why))
                        }
                        "."
                    }
                }
            }
        }
    }
}

fn deadline(deadline: Option<Deadline>, scene: &Overview) -> String {
    let over = deadline.is_some_and(|d| d.instant(&scene.calendar().hours.zone) <= scene.as_of.at());
    format!(
        "{} {}",
        if over { "Encerrada; o prazo foi" } else { "Prazo:" },
        pt::deadline_or_undefined(deadline)
    )
}

/// What is equal for many stands on one line.
fn groups<'a>(
    scene: &Overview,
    decisions: impl Iterator<Item = &'a Decision>,
    links: &Links,
    none: &str,
) -> Markup {
    let calendar = scene.calendar();
    let mut groups: BTreeMap<(String, String), Vec<&Decision>> = BTreeMap::new();
    for decision in decisions {
        let what = match (decision.kind(), decision.rung()) {
            (Some(kind), Some(days)) => {
                format!("{} {}, {}", decision.act().as_str(), pt::kind(kind), pt::days_before(days))
            }
            (Some(kind), None) => format!("{} {}", decision.act().as_str(), pt::kind(kind)),
            (None, _) => format!("{} relatório", decision.act().as_str()),
        };
        let of = decision.window().map(|id| window_name(id, calendar)).unwrap_or_default();
        let what = if of.is_empty() { what } else { format!("{what} ({of})") };
        groups.entry((what, because(decision.because(), calendar))).or_default().push(decision);
    }
    let roster = &scene.known.live.setup.config.roster;
    html! {
        @if groups.is_empty() { p { (none) } }
        ul {
            @for ((what, why), decisions) in &groups {
                @let named: Vec<_> = decisions.iter().filter_map(|d| d.municipality().zip(d.window())).collect();
                li {
                    strong { (what) }
                    @if named.len() > 1 { " · " (named.len()) " municípios" }
                    @if !named.is_empty() {
                        ": "
                        @for (n, (code, window)) in named.iter().take(NAMED).enumerate() {
                            @if n > 0 { ", " }
                            a href=(links.account(*code, window)) { (pt::line(&roster.name_of(*code))) }
                        }
                        @if named.len() > NAMED { " e mais " (named.len() - NAMED) }
                    }
                    br;
                    span .why { (why) }
                }
            }
        }
    }
}
