//! A municipality: whom to ask there, where it stands in each window, what was written to it and what the journal tells;
//! and the account of it in one window. Pure.

use maud::{Markup, html};

use super::letters::rows;
use super::{Links, scroll, state, window_name};
use crate::desk::view::{DeliveryLine, JournalEntry, Overview};
use crate::desk::why::Account;
use crate::domain::id::MunicipalityCode;
use crate::domain::reason::Reason;
use crate::plan::summary::MunicipalityLine;
use crate::render::because::{because, call_reason, doubt, part_name, told_outside};
use crate::render::portuguese as pt;

/// More letters than this are not shown at once.
const MOST: usize = 100;

/// Its name; the code where the roster does not have it any more.
pub(in crate::panel) fn name(scene: &Overview, code: MunicipalityCode) -> String {
    scene.known.live.setup.config.roster.name_of(code)
}

/// The page.
pub(in crate::panel) fn content(
    scene: &Overview,
    code: MunicipalityCode,
    deliveries: &[DeliveryLine],
    timeline: &[(JournalEntry, String)],
    links: &Links,
) -> Markup {
    let zone = &scene.calendar().hours.zone;
    let contacts = scene.known.live.setup.config.roster.municipalities.get(&code);
    let standing =
        || scene.windows.iter().filter_map(|summary| summary.line(code).map(|line| (summary, line)));
    html! {
        p .lead {
            "IBGE " (code)
            @if let Some(region) = contacts.map(|m| pt::line(&m.region)).filter(|r| !r.is_empty()) { " · " (region) }
            @if !timeline.is_empty() { " · " a href=(format!("/dossie/{code}")) { "Dossiê de comunicação" } }
        }
        @match contacts {
            // Of one that nothing was ever decided about nobody knows that it was there.
            None if timeline.is_empty() => { p { "Não está em municipios.csv." } },
            None => { p { "Não está mais em municipios.csv." } },
            Some(municipality) => {
                h2 { @if links.is_past() { "Contatos de hoje" } @else { "Contatos" } }
                (scroll("Contatos", &html! {
                    table {
                        thead { tr { th scope="col" { "Papel" } th scope="col" { "Titular" } th scope="col" { "Endereços" } th scope="col" { "Telefone" } } }
                        tbody {
                            @for contact in &municipality.contacts {
                                tr {
                                    th scope="row" { (pt::line(&contact.role.to_string())) }
                                    td { (pt::line(&contact.holder)) }
                                    td { @for address in &contact.addresses { (pt::line(address.as_str())) br; } }
                                    td { (pt::line(&contact.telephone)) }
                                }
                            }
                        }
                    }
                }))
            },
        }
        h2 { "Janelas" }
        @if standing().next().is_none() { p { "Não é esperado em nenhuma janela aberta nem encerrada há pouco." } } @else {
            (scroll("Janelas", &html! {
                table {
                    thead { tr { th scope="col" { "Janela" } th scope="col" { "Situação" } th scope="col" { "Prazo" } } }
                    tbody {
                        @for (summary, line) in standing() {
                            tr {
                                th scope="row" { a href=(links.account(code, &summary.window)) { (window_name(&summary.window, scene.calendar())) } }
                                td { (state(line.state)) }
                                td { (pt::deadline_or_undefined(line.deadline)) }
                            }
                        }
                    }
                }
            }))
        }
        h2 { "Cartas" }
        (rows(scene, deliveries.iter().rev().take(MOST), links))
        @if deliveries.len() > MOST { p { "Mostradas as " (MOST) " últimas de " (deliveries.len()) "; todas estão no dossiê." } }
        h2 { "Linha do tempo" }
        @if timeline.is_empty() { p { "Nada consta no livro." } }
        ol .timeline {
            @for (entry, words) in timeline {
                li {
                    time { (pt::short_instant(entry.at, zone)) } " "
                    (pt::line(words)) " "
                    small { "registro " (entry.seq) }
                }
            }
        }
    }
}

/// Why it is told what it is told in a window, or nothing.
pub(in crate::panel) fn account(scene: &Overview, account: &Account, links: &Links) -> Markup {
    let calendar = scene.calendar();
    let zone = &calendar.hours.zone;
    let explained = &account.explained;
    html! {
        p .lead {
            a href=(links.window(&account.window.id)) { (window_name(&account.window.id, calendar)) } " · "
            a href=(links.municipality(account.municipality)) { (pt::line(&name(scene, account.municipality))) }
            @if !account.journal.is_empty() {
                " · "
                a href=(format!("/dossie/{}?janela={}", account.municipality, account.window.id)) { "Dossiê desta janela" }
            }
        }
        h2 { "Situação conhecida" }
        @match &explained.line {
            None => { p { "Este município não é esperado nesta janela." } },
            Some(line) => {
                @if let Some(day) = line.told_outside_on { p { (told_outside(day)) } }
                (parts(scene, line))
            },
        }
        h2 { @if links.is_past() { "O que se decidia então" } @else { "Agora" } }
        ul {
            @for decision in explained.actions.iter().chain(account.held()) {
                li { (pt::act(decision.act())) " " code { (decision.key()) } ": " (because(decision.because(), calendar)) }
            }
            @if let Some(silence) = &explained.silence {
                li { (because(silence, calendar)) }
            } @else if explained.actions.is_empty() && explained.held.is_empty() {
                li { (because(&Reason::NothingDue, calendar)) }
            }
            @for reason in explained.call.iter().flat_map(|call| &call.because) {
                li { strong { "A telefonar: " } (call_reason(reason, calendar)) }
            }
        }
        h2 { "Decisões e entregas no livro" }
        @if account.journal.is_empty() { p { "Nenhuma." } }
        ol .timeline {
            @for entry in account.journal.iter().filter(|entry| entry.at <= scene.as_of.at()) {
                li {
                    time { (pt::short_instant(entry.at, zone)) } " "
                    (pt::line(&crate::desk::entry::entry_words(entry, &account.journal))) " "
                    small { "registro " (entry.seq) }
                }
            }
        }
    }
}

fn parts(scene: &Overview, line: &MunicipalityLine) -> Markup {
    let calendar = scene.calendar();
    scroll(
        "Situação de cada parte",
        &html! {
            table {
                thead { tr { th scope="col" { "Parte" } th scope="col" { "Situação" } th scope="col" { "Dados de" } th scope="col" { "Fonte" } } }
                tbody {
                    @for part in &line.parts {
                        tr {
                            th scope="row" { (part_name(&part.part, calendar)) }
                            td {
                                (state(part.state))
                                @if let Some(why) = &part.doubt { br; small { (doubt(why, calendar)) } }
                                @if !part.units.is_empty() { br; small { (pt::counted(part.units.len(), "unidade pendente", "unidades pendentes")) } }
                                @if let Some(words) = &part.wording { br; small { "“" (pt::line(words)) "”" } }
                            }
                            td { @if let Some(at) = part.as_of { (pt::short_instant(at, &calendar.hours.zone)) } @else { "–" } }
                            td { @if let Some(feed) = &part.feed { (feed) } @else { "–" } }
                        }
                    }
                }
            }
        },
    )
}
