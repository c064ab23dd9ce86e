//! The pages, and the frame around each. Pure.
//!
//! Whatever somebody else wrote goes through maud's escaping and `portuguese::line`, which makes visible what would not
//! be. Nothing is said by colour alone: each number stands beside its word.

pub(super) mod calendar;
pub(super) mod calls;
pub(super) mod choice;
pub(super) mod dossiers;
pub(super) mod feeds;
pub(super) mod home;
pub(super) mod letters;
pub(super) mod municipality;
pub(super) mod search;
pub(super) mod window;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil::Date;
use maud::{DOCTYPE, Markup, html};

use crate::domain::calendar::Calendar;
use crate::domain::id::{MunicipalityCode, WindowId};
use crate::domain::notice::NoticeKey;
use crate::domain::status::State;
use crate::domain::time::Zone;
use crate::plan::summary::Counts;
use crate::render::portuguese as pt;
use crate::text::visible;

/// What stands in every page: where it leads, and what it is called there.
const PLACES: [(&str, &str); 7] = [
    ("/", "Hoje"),
    ("/telefonar", "Telefonar"),
    ("/cartas", "Cartas"),
    ("/fontes", "Fontes"),
    ("/agenda", "Agenda"),
    ("/simulacao", "Simulação"),
    ("/busca", "Busca"),
];

/// They tell of now alone, and keep no day.
const OF_NOW: [&str; 4] = ["/carta", "/fontes", "/agenda", "/simulacao"];

/// Addresses of pages, as of the day that is looked at.
pub(super) struct Links {
    day: Option<Date>,
}

impl Links {
    /// As of a day, or of now.
    pub(super) fn new(day: Option<Date>) -> Self {
        Self { day }
    }

    /// Whether a day before today is looked at.
    pub(super) fn is_past(&self) -> bool {
        self.day.is_some()
    }

    /// A page, by its path and query.
    pub(super) fn to(&self, page: &str) -> String {
        match &self.day {
            Some(_) if is_of_now(page) => page.to_owned(),
            None => page.to_owned(),
            Some(day) => format!("{page}{}em={day}", if page.contains('?') { '&' } else { '?' }),
        }
    }

    /// A window's page.
    pub(super) fn window(&self, id: &WindowId) -> String {
        self.to(&format!("/janela/{id}"))
    }

    /// A municipality's page.
    pub(super) fn municipality(&self, code: MunicipalityCode) -> String {
        self.to(&format!("/municipio/{code}"))
    }

    /// The account of a municipality in a window.
    pub(super) fn account(&self, code: MunicipalityCode, id: &WindowId) -> String {
        self.to(&format!("/municipio/{code}/{id}"))
    }

    /// A letter's page.
    pub(super) fn letter(&self, key: &NoticeKey, version: u16) -> String {
        self.to(&format!("/carta?aviso={}&versao={version}", encoded(&key.to_string())))
    }
}

fn is_of_now(page: &str) -> bool {
    page.split('?').next().is_some_and(|path| OF_NOW.contains(&path) || path.starts_with("/dossie/"))
}

/// A text as it stands in a query.
pub(super) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            other => {
                let _ = write!(out, "%{other:02X}");
            }
        }
    }
    out
}

/// What stands around a page.
pub(super) struct Frame<'a> {
    pub(super) title: &'a str,
    pub(super) path: &'a str,
    pub(super) query: &'a BTreeMap<String, String>,
    pub(super) links: &'a Links,
    pub(super) at: Timestamp,
    /// Whether the ledger tells more by now.
    pub(super) is_behind: bool,
    pub(super) zone: &'a Zone,
    pub(super) is_rehearsal: bool,
    /// Who looks, where they said so.
    pub(super) user: Option<&'a String>,
}

fn head(title: &str) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta name="robots" content="noindex";
            title { (pt::line(title)) " · vigia-suas" }
            link rel="stylesheet" href="/estilo.css";
            link rel="icon" href="data:,";
        }
    }
}

/// A page with what it was asked for.
fn asked<'q>(path: &str, query: impl Iterator<Item = (&'q String, &'q String)>) -> String {
    let query: Vec<String> =
        query.map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
}

/// A whole page.
pub(super) fn whole(frame: &Frame<'_>, content: &Markup) -> String {
    let kept = || frame.query.iter().filter(|(name, _)| name.as_str() != "em");
    let markup = html! {
        (DOCTYPE)
        html lang="pt-BR" {
            (head(frame.title))
            body {
                a .skip href="#conteudo" { "Ir para o conteúdo" }
                header {
                    p .name { a href=(frame.links.to("/")) { "vigia-suas" } }
                    nav aria-label="Páginas" {
                        ul {
                            @for (path, name) in PLACES {
                                li {
                                    @if path == frame.path {
                                        a href=(frame.links.to(path)) aria-current="page" { (name) }
                                    } @else {
                                        a href=(frame.links.to(path)) { (name) }
                                    }
                                }
                            }
                        }
                    }
                    @if !is_of_now(frame.path) {
                        form .asof action=(frame.path) method="get" {
                            @for (name, value) in kept() { input type="hidden" name=(name) value=(value); }
                            label for="em" { "Como se sabia no fim do dia" }
                            input #em type="date" name="em" value=[frame.links.day];
                            button { "Ver" }
                        }
                    }
                }
                main #conteudo tabindex="-1" {
                    @if frame.is_rehearsal {
                        p .banner role="note" { strong { "Ensaio: " } "nenhum município recebe carta alguma." }
                    }
                    @if frame.links.is_past() {
                        p .banner role="note" {
                            strong { "Como se sabia em " (pt::instant(frame.at, frame.zone)) ". " }
                            a href=(asked(frame.path, kept())) { "Voltar a hoje" }
                        }
                    }
                    @if frame.is_behind {
                        p .banner role="note" {
                            "O livro pode contar mais do que esta página, de " (pt::instant(frame.at, frame.zone))
                            ". Ela é refeita em até um minuto: recarregue."
                        }
                    }
                    h1 { (pt::line(frame.title)) }
                    p .paper { "vigia-suas · visto em " (pt::instant(frame.at, frame.zone)) }
                    (content)
                }
                footer {
                    p {
                        "Visto em " (pt::instant(frame.at, frame.zone)) ". Só leitura: quem decide usa os comandos. "
                        @if let Some(user) = frame.user { "Quem vê: " (pt::line(user)) ". " }
                        "Os nomes, endereços e telefones são de titulares de cargos, guardados para fazer e provar \
                         comunicações formais (norma BES Nº 08): só para a equipe."
                    }
                }
            }
        }
    };
    visible::lines(&markup.into_string())
}

/// The way back to a page of the panel, on one that stands alone.
pub(super) fn back(to: &str, name: &str) -> Markup {
    html! { nav .back aria-label="Volta ao painel" { p { a href=(to) { "← " (pt::line(name)) } } } }
}

/// A page that says why there is no other.
pub(super) fn refusal(title: &str, words: &str) -> String {
    let markup = html! {
        (DOCTYPE)
        html lang="pt-BR" {
            (head(title))
            body { main { h1 { (title) } p { (pt::line(words)) } p { a href="/" { "Ir para a página de hoje" } } } }
        }
    };
    visible::lines(&markup.into_string())
}

/// A table that may be wider than the screen, and is then moved by itself, also with the keyboard.
fn scroll(label: &str, table: &Markup) -> Markup {
    html! { div .scroll role="region" tabindex="0" aria-label=(label) { (table) } }
}

/// How many stand where: a bar, and the same in words.
fn bar(counts: Counts) -> Markup {
    let shown = [
        (counts.done, State::Done, "done"),
        (counts.pending, State::Pending, "pending"),
        (counts.unconfirmed, State::Unconfirmed, "unconfirmed"),
    ];
    let all = counts.expected().max(1);
    let mut at = 0;
    let pieces: Vec<(usize, usize, &str)> = shown
        .iter()
        .map(|(number, _, class)| {
            let from = at;
            at += number;
            (from * 1_000 / all, number * 1_000 / all, *class)
        })
        .collect();
    html! {
        svg .bar viewBox="0 0 1000 40" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
            @for (x, width, class) in pieces { rect class=(class) x=(x) y="0" width=(width) height="40" {} }
        }
        p .legend {
            @for (number, state, class) in shown {
                span class=(class) { (pt::standing(number, state)) } " "
            }
            @if counts.not_applicable > 0 { span { (counts.not_applicable) " não se aplica" } }
        }
    }
}

/// Where something stands, with a class of its own for the style.
fn state(state: State) -> Markup {
    let class = match state {
        State::Done => "done",
        State::Pending => "pending",
        State::Unconfirmed => "unconfirmed",
        State::NotApplicable => "na",
    };
    html! { span .state .(class) { (state) } }
}

/// A window in words: system and period.
fn window_name(id: &WindowId, calendar: &Calendar) -> String {
    let found = calendar.window(id);
    let system = found.as_ref().and_then(|window| calendar.systems.get(&window.system));
    match (found.as_ref(), system) {
        (Some(window), Some(system)) => format!("{}, {}", pt::line(&system.name), pt::period(window)),
        _ => id.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_keeps_the_day_that_is_looked_at_and_says_no_other_thing() {
        let now = Links::new(None);
        assert_eq!(now.to("/cartas?estado=adiado"), "/cartas?estado=adiado");
        let then = Links::new(Some(jiff::civil::date(2026, 11, 1)));
        assert_eq!(then.to("/"), "/?em=2026-11-01");
        assert_eq!(then.to("/cartas?estado=adiado"), "/cartas?estado=adiado&em=2026-11-01");
        for page in ["/fontes", "/agenda", "/carta?aviso=x&versao=1", "/simulacao"] {
            assert_eq!(then.to(page), page, "it tells of now");
        }
        assert_eq!(encoded("rma/2026-10@1/prazo-5d&<\"é"), "rma/2026-10%401/prazo-5d%26%3C%22%C3%A9");
    }
}
