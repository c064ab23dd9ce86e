//! A window: how many stand where, by part, gerência and region, and each municipality. Pure.

use maud::{Markup, html};

use super::{Links, bar, scroll, state};
use crate::desk::view::Overview;
use crate::domain::calendar::Calendar;
use crate::domain::status::State;
use crate::plan::summary::{Counts, MunicipalityLine, WindowSummary};
use crate::render::because::{doubt, part_name};
use crate::render::portuguese as pt;

/// The page.
pub(in crate::panel) fn content(scene: &Overview, summary: &WindowSummary, links: &Links) -> Markup {
    let calendar = scene.calendar();
    let found = calendar.window(&summary.window);
    html! {
        p .lead { (super::window_name(&summary.window, calendar)) }
        @if summary.halted { p .banner { strong { "A janela está interrompida: ninguém é cobrado." } } }
        dl .facts {
            dt { "Abertura" } dd { (pt::date_and_weekday(summary.opens_on)) }
            dt { "Prazo" } dd { (pt::deadline_or_undefined(summary.deadline)) ", edição " (summary.edition) }
            @if !summary.source.is_empty() { dt { "Fonte da data" } dd { (pt::line(&summary.source)) } }
            dt { "Esperados" } dd { (pt::counted(summary.municipalities.expected(), "município", "municípios")) }
        }
        (bar(summary.municipalities))
        p {
            a href=(links.to(&format!("/cartas?janela={}", summary.window))) { "Cartas desta janela" } " · "
            a href=(links.to("/telefonar")) { "A quem telefonar" } " · "
            a href=(links.to(&format!("/relatorio?janela={}", summary.window))) { "Relatório com gráficos" } " · "
            a href=(links.to(&format!("/relatorio.csv?janela={}", summary.window))) { "Planilha" }
        }
        @if let Some(window) = found.filter(|window| window.editions.len() > 1) {
            h2 { "Edições do prazo" }
            ol {
                @for edition in &window.editions {
                    li {
                        (pt::deadline_or_undefined(edition.deadline))
                        @if let Some(on) = edition.announced_on { ", anunciada em " (pt::date(on)) }
                        @if !edition.municipalities.is_empty() {
                            ", só para " (pt::counted(edition.municipalities.len(), "município", "municípios"))
                        }
                        @if !edition.source.is_empty() { "; fonte: " (pt::line(&edition.source)) }
                    }
                }
            }
        }
        (tallies("Por parte (municípios)", "Parte", summary.by_part.iter().map(|(id, c)| (part_name(id, calendar), *c))))
        (tallies("Por gerência (partes de municípios)", "Gerência", summary.by_gerencia.iter().map(|(id, c)| (pt::line(id.as_str()), *c))))
        (tallies("Por região (municípios)", "Região", summary.by_region.iter().map(|(name, c)| (pt::line(name), *c))))
        h2 #municipios { "Municípios" }
        (scroll("Municípios", &html! {
            table {
                thead { tr { th scope="col" { "Município" } th scope="col" { "Situação" } th scope="col" { "Por concluir ou por confirmar" } th scope="col" { "Cartas que saíram" } } }
                tbody { @for line in &summary.lines { (municipality(line, summary, calendar, links)) } }
            }
        }))
    }
}

/// How many letters left; and of how many, where some never did.
fn left(line: &MunicipalityLine) -> String {
    let left = line.letters.iter().filter(|letter| letter.state.has_left()).count();
    let all = line.letters.len();
    if left == all { all.to_string() } else { format!("{left} de {all}") }
}

fn tallies(title: &str, of: &str, counts: impl Iterator<Item = (String, Counts)>) -> Markup {
    let rows: Vec<(String, Counts)> = counts.collect();
    html! {
        @if !rows.is_empty() {
            h2 { (title) }
            (scroll(title, &html! {
                table {
                    thead {
                        tr {
                            th scope="col" { (of) } th scope="col" .num { "Esperados" } th scope="col" .num { "Concluídos" }
                            th scope="col" .num { "Pendentes" } th scope="col" .num { "Não confirmados" }
                            th scope="col" .num { "Não se aplica" }
                        }
                    }
                    tbody {
                        @for (name, c) in rows {
                            tr {
                                th scope="row" { @if name.is_empty() { "(não informada)" } @else { (name) } }
                                td .num { (c.expected()) } td .num { (c.done) } td .num { (c.pending) }
                                td .num { (c.unconfirmed) } td .num { (c.not_applicable) }
                            }
                        }
                    }
                }
            }))
        }
    }
}

fn municipality(
    line: &MunicipalityLine,
    summary: &WindowSummary,
    calendar: &Calendar,
    links: &Links,
) -> Markup {
    let open = line.parts.iter().filter(|p| matches!(p.state, State::Pending | State::Unconfirmed));
    html! {
        tr {
            th scope="row" {
                a href=(links.account(line.municipality, &summary.window)) { (pt::line(&line.name)) }
                @if line.edition != summary.edition {
                    br; small { "edição " (line.edition) ", prazo " (pt::deadline_or_undefined(line.deadline)) }
                }
            }
            td { (state(line.state)) }
            td {
                ul .plain {
                    @for part in open {
                        li {
                            (part_name(&part.part, calendar)) ": " (part.state)
                            @if let Some(why) = &part.doubt { " (" (doubt(why, calendar)) ")" }
                            @if !part.units.is_empty() { ", " (pt::counted(part.units.len(), "unidade", "unidades")) }
                        }
                    }
                }
            }
            td .num { (left(line)) }
        }
    }
}
