//! The windows that a municipality has a dossier of. All of them at once would be a page of megabytes after some years: the
//! command writes that, with the letters byte by byte. Pure.

use maud::{Markup, html};

use super::{Links, municipality, scroll, window_name};
use crate::desk::view::{Overview, ToldWindow};
use crate::domain::id::MunicipalityCode;
use crate::render::portuguese as pt;

/// The page.
pub(in crate::panel) fn content(
    scene: &Overview,
    code: MunicipalityCode,
    told: &[ToldWindow],
    links: &Links,
) -> Markup {
    let zone = &scene.calendar().hours.zone;
    html! {
        p .lead {
            a href=(links.municipality(code)) { (pt::line(&municipality::name(scene, code))) } " · IBGE " (code)
        }
        @if told.is_empty() {
            p {
                "Nada consta no livro sobre este município em janela alguma. O que consta fora delas: "
                code { "vigia-suas dossie " (code) }
            }
        } @else {
            p {
                "A prova do que foi comunicado em cada janela: cartas, entregas, dados em que se apoiaram, ordens e os "
                "registros do livro."
            }
            (scroll("Janelas", &html! {
                table {
                    thead { tr { th scope="col" { "Janela" } th scope="col" { "Cartas" } th scope="col" { "Último registro" } } }
                    tbody {
                        @for line in told {
                            tr {
                                th scope="row" {
                                    a href=(format!("/dossie/{code}?janela={}", line.window)) { (window_name(&line.window, scene.calendar())) }
                                    br; small { (line.window) }
                                }
                                td { (line.letters) }
                                td { (pt::short_instant(line.last_at, zone)) }
                            }
                        }
                    }
                }
            }))
            p {
                "O dossiê de todas as janelas, com os arquivos das cartas, para entregar: "
                code { "vigia-suas dossie " (code) }
            }
        }
    }
}
