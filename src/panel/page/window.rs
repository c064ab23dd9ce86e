//! A window: how many stand where, by part, gerência and region, and each municipality. Pure.

use maud::{Markup, html};

use super::choice::{Choice, MOST_NAMES};
use super::{Links, bar, scroll, state};
use crate::desk::view::Overview;
use crate::domain::calendar::{Calendar, Edition};
use crate::domain::reason::Reason;
use crate::domain::status::State;
use crate::plan::summary::{Counts, MunicipalityLine, WindowSummary};
use crate::render::because::{because, doubt, part_name};
use crate::render::portuguese as pt;

/// The page.
pub(in crate::panel) fn content(
    scene: &Overview,
    summary: &WindowSummary,
    choice: &Choice<'_>,
    links: &Links,
) -> Markup {
    let calendar = scene.calendar();
    let chosen: Vec<&MunicipalityLine> = summary.lines.iter().filter(|line| choice.takes(line)).collect();
    let slice = choice.slice(&chosen);
    let today = calendar.hours.zone.date_of(scene.as_of.at());
    let found = calendar.window(&summary.window);
    let editions: Vec<&Edition> = found.iter().flat_map(|window| window.announced_by(today)).collect();
    html! {
        p .lead { (super::window_name(&summary.window, calendar)) }
        @if today < summary.opens_on {
            p .banner { (because(&Reason::NotOpenYet { opens_on: summary.opens_on }, calendar)) }
        }
        @if summary.halted { p .banner { strong { "A janela está interrompida: ninguém é cobrado." } } }
        dl .facts {
            dt { "Abertura" } dd { (pt::date_and_weekday(summary.opens_on)) }
            dt { "Prazo" } dd { (pt::deadline_or_undefined(summary.deadline)) ", edição " (summary.edition) (pt::save_for(&summary.other_deadlines())) }
            @if !summary.source.is_empty() { dt { "Fonte da data" } dd { (pt::line(&summary.source)) } }
            dt { "Esperados" } dd { (pt::counted(summary.municipalities.expected(), "município", "municípios")) }
        }
        (bar(summary.municipalities))
        p .ways {
            a href=(links.to(&format!("/cartas?janela={}", summary.window))) { "Cartas desta janela" } " · "
            a href=(links.to(&format!("/telefonar?janela={}", summary.window))) { "A quem telefonar" } " · "
            a href=(links.to(&format!("/relatorio?janela={}", summary.window))) { "Relatório com gráficos" } " · "
            a href=(links.to(&format!("/relatorio.csv?janela={}", summary.window))) { "Planilha" }
        }
        @if editions.len() > 1 {
            h2 { "Edições do prazo" }
            ol {
                @for edition in editions {
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
        (tallies("Por parte (municípios)", "Parte", summary.by_part.iter().map(|(id, c)| (part_name(id, calendar), None, *c))))
        (tallies("Por gerência (partes de municípios)", "Gerência", summary.by_gerencia.iter().map(|(id, c)| (pt::line(id.as_str()), Some(choice.only(links, "gerencia", id.as_str())), *c))))
        (tallies("Por região (municípios)", "Região", summary.by_region.iter().map(|(name, c)| (pt::line(name), (!name.is_empty()).then(|| choice.only(links, "regiao", name)), *c))))
        h2 #lista { "Municípios" }
        (choice.form(links, &["nome", "regiao", "gerencia", "situacao"], &[summary]))
        @if chosen.is_empty() { p { "Nenhum município assim nesta janela." } } @else {
            (scroll("Municípios", &html! {
                table {
                    thead { tr { th scope="col" { "Município" } th scope="col" { "Situação" } th scope="col" { "Por concluir ou por confirmar" } th scope="col" .num { "Cartas que saíram" } } }
                    tbody { @for line in slice.rows { (municipality(line, summary, calendar, links)) } }
                }
            }))
        }
        (choice.pager(links, &slice))
    }
}

/// How many letters left; and of how many, where some never did.
fn left(line: &MunicipalityLine) -> String {
    let left = line.letters.iter().filter(|letter| letter.state.has_left()).count();
    let all = line.letters.len();
    if left == all { all.to_string() } else { format!("{left} de {all}") }
}

/// How many stand where, a row each with its name, where its list is, and its numbers.
fn tallies(title: &str, of: &str, counts: impl Iterator<Item = (String, Option<String>, Counts)>) -> Markup {
    let rows: Vec<_> = counts.collect();
    let more = rows.len().saturating_sub(MOST_NAMES);
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
                        @for (name, list, c) in rows.into_iter().take(MOST_NAMES) {
                            tr {
                                th scope="row" {
                                    @if let Some(list) = list { a href=(list) { (name) } }
                                    @else if name.is_empty() { "(não informada)" }
                                    @else { (name) }
                                }
                                td .num { (c.expected()) } td .num { (c.done) } td .num { (c.pending) }
                                td .num { (c.unconfirmed) } td .num { (c.not_applicable) }
                            }
                        }
                    }
                }
            }))
            @if more > 0 { p { "E mais " (more) ", na planilha." } }
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
