//! The feeds: how old what each says is, and its last loads with what was thought of them. Pure.

use maud::{Markup, html};

use super::scroll;
use crate::desk::view::{FeedStanding, Overview};
use crate::domain::journal::Verdict;
use crate::render::portuguese as pt;

/// The page.
pub(in crate::panel) fn content(feeds: &[FeedStanding], scene: &Overview) -> Markup {
    let zone = &scene.calendar().hours.zone;
    html! {
        @if feeds.is_empty() { p { "Nenhuma fonte declarada em fontes.toml: tudo é “não confirmado” e ninguém é cobrado." } }
        @for feed in feeds {
            section {
                h2 { (feed.spec.id) @if !feed.spec.enabled { " (inativa)" } }
                dl .facts {
                    @match feed.valid_from {
                        Some(at) => { dt { "Vale o que disse em" } dd { (pt::instant(at, zone)) } },
                        None if feed.loads.iter().any(|load| load.verdict == Verdict::Accepted) => {
                            dt { "Última informação aceita" }
                            dd { "nenhuma que conte: o que a fonte disse antes de ser desligada deixou de valer" }
                        },
                        None => { dt { "Última informação aceita" } dd { "nenhuma: a fonte ainda não disse nada" } },
                    }
                    @if let Some(run) = &feed.run {
                        dt { "Última busca" } dd { (pt::instant(run.tried_at, zone)) }
                        @if let Some(why) = &run.failure {
                            dt { "Falhou" } dd { (pt::line(why)) " (" (pt::counted(usize::try_from(run.failures).unwrap_or(usize::MAX), "vez seguida", "vezes seguidas")) ")" }
                        }
                        @match (run.next_at, &run.failure) {
                            (Some(at), _) => { dt { "Próxima busca" } dd { (pt::instant(at, zone)) } },
                            (None, Some(_)) => { dt { "Próxima busca" } dd { "no próximo horário da fonte" } },
                            (None, None) => {},
                        }
                    }
                }
                @if feed.loads.is_empty() { p { "Nenhuma coleta." } } @else {
                    (scroll(&format!("Coletas da fonte {}", feed.spec.id), &html! {
                        table {
                            thead { tr { th scope="col" { "Coleta" } th scope="col" { "Veredito" } th scope="col" .num { "Linhas" } th scope="col" { "Motivos" } } }
                            tbody {
                                @for load in &feed.loads {
                                    tr {
                                        th scope="row" { (pt::short_instant(load.taken_at, zone)) br; small { (pt::line(&load.source)) } }
                                        td { @match load.verdict { Verdict::Accepted => { "aceita" }, Verdict::Quarantined => { strong { "quarentena" } } } }
                                        td .num { (load.rows) }
                                        td { ul .plain { @for reason in &load.reasons { li { (pt::line(reason)) } } } }
                                    }
                                }
                            }
                        }
                    }))
                }
            }
        }
    }
}
