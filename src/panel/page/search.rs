//! Search: municipalities by name or code, windows by id or name. Pure.

use maud::{Markup, html};

use super::choice::Choice;
use super::{Links, window_name};
use crate::desk::view::Overview;
use crate::domain::id::MunicipalityCode;
use crate::render::portuguese as pt;
use crate::text::fold::folded;
use crate::world::known;

/// More finds than this are not shown.
const MOST: usize = 100;

/// The page.
pub(in crate::panel) fn content(scene: &Overview, choice: &Choice<'_>, links: &Links) -> Markup {
    let asked = choice.text("q").unwrap_or_default();
    let wanted = folded(asked);
    let roster = &scene.known.live.setup.config.roster;
    let municipalities: Vec<_> = roster
        .municipalities
        .values()
        .filter(|m| {
            !wanted.is_empty()
                && (folded(&m.name).contains(&wanted) || m.code.to_string().starts_with(&wanted))
        })
        .collect();
    // One that left the roster is told of by its code alone, as in the terminal.
    let strange = MunicipalityCode::parse(asked.trim()).ok();
    let strange = strange.filter(|code| !roster.municipalities.contains_key(code));
    let all = known::windows(scene.calendar(), scene.as_of.at());
    let windows: Vec<_> = all
        .iter()
        .filter(|w| {
            let name = folded(&window_name(&w.id, scene.calendar()));
            !wanted.is_empty() && (folded(w.id.as_str()).contains(&wanted) || name.contains(&wanted))
        })
        .collect();
    let cut = |found: usize| {
        html! { @if found > MOST { p { "Os " (MOST) " primeiros de " (found) ". Escreva mais do nome para ver menos." } } }
    };
    html! {
        form role="search" action="/busca" method="get" {
            label for="q" { "Município (nome ou código do IBGE) ou janela" }
            input #q type="search" name="q" value=(pt::line(asked)) maxlength="80";
            @if let Some(day) = links.day { input type="hidden" name="em" value=(day); }
            button { "Buscar" }
        }
        @if wanted.is_empty() {
            h2 #lista { "Todos os municípios" }
            @let all = roster.municipalities.values().collect::<Vec<_>>();
            @let slice = choice.slice(&all);
            ul .columns {
                @for m in slice.rows {
                    li { a href=(links.municipality(m.code)) { (pt::line(&m.name)) } }
                }
            }
            (choice.pager(links, &slice))
        } @else if municipalities.is_empty() && windows.is_empty() && strange.is_none() {
            p { "Nada encontrado para “" (pt::line(asked)) "”." }
        }
        @if !municipalities.is_empty() {
            h2 { "Municípios" }
            (cut(municipalities.len()))
            ul { @for m in municipalities.into_iter().take(MOST) { li { a href=(links.municipality(m.code)) { (pt::line(&m.name)) } " " small { (m.code) } } } }
        }
        @if let Some(code) = strange {
            h2 { "Município que não está em municipios.csv" }
            p { a href=(links.municipality(code)) { "O que o livro guarda sobre o código " (code) } }
        }
        @if !windows.is_empty() {
            h2 { "Janelas" }
            (cut(windows.len()))
            ul { @for w in windows.into_iter().take(MOST) { li { a href=(links.window(&w.id)) { (window_name(&w.id, scene.calendar())) } " " small { (w.id) } } } }
        }
    }
}
