//! Letters with the real state of each of their deliveries, and one as it left: its text, never its HTML, so that nothing
//! in it can run or reach out. Pure.

use maud::{Markup, html};

use super::choice::Choice;
use super::{Links, encoded, scroll, window_name};
use crate::config::Mode;
use crate::desk::view::{DeliveryLine, Overview, ShownLetter};
use crate::domain::delivery::DeliveryState;
use crate::domain::id::WindowId;
use crate::domain::notice::{NoticeKey, Slot};
use crate::render::portuguese as pt;

/// The list of a window.
pub(in crate::panel) fn list(
    scene: &Overview,
    window: Option<&WindowId>,
    deliveries: &[DeliveryLine],
    choice: &Choice<'_>,
    links: &Links,
) -> Markup {
    let chosen = choice.text("estado").and_then(DeliveryState::parse);
    let roster = &scene.known.live.setup.config.roster;
    // Of one that is to nobody in particular the name is that of its role.
    let names = |line: &DeliveryLine| match line.key.municipality() {
        Some(code) => choice.names(&roster.name_of(code), &code.to_string()),
        None => choice.names(&line.role.to_string(), ""),
    };
    let is_shown = |line: &&DeliveryLine| chosen.is_none_or(|state| line.state == state) && names(line);
    let shown: Vec<&DeliveryLine> = deliveries.iter().rev().filter(is_shown).collect();
    let slice = choice.slice(&shown);
    let of = |state: Option<DeliveryState>| {
        let window = window.map(|id| encoded(id.as_str())).unwrap_or_default();
        let state = state.map(|state| format!("&estado={}", state.as_str())).unwrap_or_default();
        links.to(&format!("/cartas?janela={window}{state}"))
    };
    html! {
        @if scene.windows.is_empty() && window.is_none() { p { "Nenhuma janela aberta nem encerrada há pouco." } }
        nav aria-label="Janelas" {
            ul .tabs {
                @for summary in &scene.windows {
                    li {
                        a href=(links.to(&format!("/cartas?janela={}", summary.window)))
                            aria-current=[(window == Some(&summary.window)).then_some("page")] { (summary.window) }
                    }
                }
            }
        }
        @if let Some(id) = window {
            h2 { (window_name(id, scene.calendar())) }
            nav aria-label="Estados" {
                ul .tabs {
                    li { a href=(of(None)) aria-current=[chosen.is_none().then_some("true")] { "todos (" (deliveries.len()) ")" } }
                    @for state in DeliveryState::ALL {
                        @let count = deliveries.iter().filter(|line| line.state == state).count();
                        @if count > 0 {
                            li { a href=(of(Some(state))) aria-current=[(chosen == Some(state)).then_some("true")] { (pt::delivery(state)) " (" (count) ")" } }
                        }
                    }
                }
            }
            div #lista { (choice.form(links, &["nome"], &[])) }
            (rows(scene, slice.rows.iter().copied(), links))
            (choice.pager(links, &slice))
        }
    }
}

/// Deliveries, in the order that they come in.
pub(super) fn rows<'d>(
    scene: &Overview,
    deliveries: impl Iterator<Item = &'d DeliveryLine>,
    links: &Links,
) -> Markup {
    let zone = &scene.calendar().hours.zone;
    let roster = &scene.known.live.setup.config.roster;
    let mut deliveries = deliveries.peekable();
    html! {
        @if deliveries.peek().is_none() { p { "Nenhuma carta." } } @else {
            (scroll("Cartas", &html! {
                table {
                    thead { tr { th scope="col" { "Carta" } th scope="col" { "Estado" } th scope="col" { "A quem" } th scope="col" { "Decidida em" } } }
                    tbody {
                        @for line in deliveries {
                            tr {
                                th scope="row" {
                                    a href=(links.letter(&line.key, line.version)) {
                                        (line.kind.map_or("relatório", |kind| pt::letter(kind, line.key.slot())))
                                        @if let Some(days) = line.key.slot().and_then(Slot::rung) { ", " (pt::days_before(days)) }
                                        @if let Some(code) = line.key.municipality() { ", " (pt::line(&roster.name_of(code))) }
                                    }
                                    br; small { (pt::line(&line.key.to_string())) }
                                }
                                // What became of it is seen on the narrowest screen too.
                                td { (standing(line, scene)) }
                                td { (pt::line(&line.role.to_string())) br; small { (pt::line(line.address.as_str())) } }
                                td { (pt::short_instant(line.recorded_at, zone)) }
                            }
                        }
                    }
                }
            }))
        }
    }
}

/// Where a delivery stands, as it really does: one that was stopped before it left never left.
fn standing(line: &DeliveryLine, scene: &Overview) -> Markup {
    let zone = &scene.calendar().hours.zone;
    let arrived = match scene.known.live.setup.config.settings.mode {
        Mode::Rehearsal => "gravada em arquivo (ensaio)",
        Mode::Production => "chegou ao servidor",
    };
    html! {
        strong { (pt::delivery(line.state)) }
        @if let Some(act) = &line.stopped_by { " (parada: " (pt::line(act)) ")" }
        // What is refused in the end was in doubt before, and never arrived.
        @if let Some(at) = line.reached_at.filter(|_| line.state != DeliveryState::Refused) { br; small { (arrived) " em " (pt::short_instant(at, zone)) } }
        @else if let (None, Some(at)) = (&line.stopped_by, line.next_attempt_at.filter(|_| line.attempts > 0)) {
            br; small { "próxima tentativa: " (pt::short_instant(at, zone)) }
        }
        @if !line.reply.is_empty() { br; small { (pt::line(&line.reply)) } }
    }
}

/// One letter as it left.
pub(in crate::panel) fn one(
    scene: &Overview,
    key: &NoticeKey,
    letter: &ShownLetter,
    links: &Links,
) -> Markup {
    html! {
        p .lead { (pt::line(&letter.subject)) }
        p {
            code { (pt::line(&key.to_string())) }
            @if let (Some(code), Some(window)) = (key.municipality(), key.window()) {
                " · " a href=(links.account(code, window)) { "por que esta carta" }
            }
        }
        h2 { "Entregas" }
        (rows(scene, letter.deliveries.iter(), links))
        h2 { "Texto" }
        @match &letter.text {
            Some(text) => { pre .letter tabindex="0" { (pt::lines(text)) } },
            None if letter.is_reduced => { p { "O texto foi apagado ao fim do prazo de guarda (guardar_anos); fica o resumo SHA-256." } },
            None if key.municipality().is_some() => {
                p { "O texto desta carta não pode ser lido; os bytes dela estão no dossiê." }
            },
            // No dossier holds a letter to the Secretariat's own people.
            None => { p { "O texto desta carta não pode ser lido; os bytes dela ficam no banco de dados do serviço." } },
        }
        @if let Some((name, rows)) = &letter.table {
            h2 { "Anexo" }
            p { code { (pt::line(name)) } }
            pre tabindex="0" { (pt::lines(rows)) }
        }
        h2 { "Cabeçalho" }
        pre tabindex="0" { (pt::lines(&letter.header)) }
        p { small { "Bytes guardados: SHA-256 " code { (letter.sha256) } } }
    }
}
