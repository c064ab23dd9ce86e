//! Which lines of a long list are shown: those of a region, a gerência, a state or a name, and so many at once, so that no
//! page grows with the country. Pure.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::{Links, encoded};
use crate::domain::id::GerenciaId;
use crate::domain::status::State;
use crate::plan::summary::{MunicipalityLine, WindowSummary};
use crate::render::portuguese as pt;
use crate::text::fold::folded;

/// So many rows at once.
const AT_ONCE: usize = 200;
/// A field to choose from, or a table of tallies, has so many names at most.
pub(super) const MOST_NAMES: usize = 200;

/// What is asked for of a list.
pub(in crate::panel) struct Choice<'a> {
    path: &'a str,
    query: &'a BTreeMap<String, String>,
}

/// A page of a list.
pub(super) struct Slice<'t, T> {
    pub(super) rows: &'t [T],
    from: usize,
    all: usize,
}

impl<'a> Choice<'a> {
    /// What a page at this path is asked for with.
    pub(in crate::panel) fn new(path: &'a str, query: &'a BTreeMap<String, String>) -> Self {
        Self { path, query }
    }

    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.query.get(name).map(|text| text.trim()).filter(|text| !text.is_empty())
    }

    /// Whether a name, or the code beside it, is one that is looked for (`nome`).
    pub(super) fn names(&self, name: &str, code: &str) -> bool {
        self.text("nome")
            .map(folded)
            .is_none_or(|asked| folded(name).contains(&asked) || code.starts_with(&asked))
    }

    /// Whether a region is the one asked for (`regiao`).
    pub(super) fn is_of_region(&self, region: &str) -> bool {
        self.text("regiao").is_none_or(|asked| asked == region)
    }

    /// Whether a line is shown. With a gerência the state is that of a part of its own.
    pub(super) fn takes(&self, line: &MunicipalityLine) -> bool {
        let is = |state: State| self.text("situacao").is_none_or(|asked| asked == state.as_str());
        let stands = match self.text("gerencia") {
            None => is(line.state),
            Some(asked) => line.parts.iter().any(|part| {
                part.gerencias.iter().any(|gerencia| gerencia.as_str() == asked) && is(part.state)
            }),
        };
        stands && self.is_of_region(&line.region) && self.names(&line.name, &line.municipality.to_string())
    }

    /// The page of a list that is asked for (`pagina`).
    pub(super) fn slice<'t, T>(&self, rows: &'t [T]) -> Slice<'t, T> {
        let last = rows.len().saturating_sub(1) / AT_ONCE;
        let asked = self.text("pagina").and_then(|text| text.parse::<usize>().ok()).unwrap_or(1);
        let from = asked.saturating_sub(1).min(last) * AT_ONCE;
        let shown = rows.iter().len().min(from + AT_ONCE);
        Slice { rows: rows.get(from..shown).unwrap_or_default(), from, all: rows.len() }
    }

    /// The same list with another value of one key.
    fn with(&self, links: &Links, key: &str, value: &str) -> String {
        let kept = self.query.iter().filter(|(name, _)| ![key, "pagina", "em"].contains(&name.as_str()));
        let kept = kept.map(|(name, value)| (name.as_str(), value.as_str())).chain([(key, value)]);
        let query: Vec<String> =
            kept.map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        links.to(&format!("{}?{}", self.path, query.join("&")))
    }

    /// The same list of one region, or of one gerência, from its beginning.
    pub(super) fn only(&self, links: &Links, key: &str, value: &str) -> String {
        format!("{}#lista", self.with(links, key, value))
    }

    /// Fields to choose by: whatever of these a list can be chosen by.
    pub(super) fn form(&self, links: &Links, fields: &[&'static str], of: &[&WindowSummary]) -> Markup {
        let hidden = self.query.iter().filter(|(name, _)| {
            let name = name.as_str();
            !fields.contains(&name) && !["pagina", "em"].contains(&name)
        });
        html! {
            form .choose action={ (self.path) "#lista" } method="get" {
                @for (name, value) in hidden { input type="hidden" name=(name) value=(value); }
                @if let Some(day) = links.day { input type="hidden" name="em" value=(day); }
                @for field in fields {
                    @match *field {
                        "regiao" => (self.select("regiao", "Região", regions(of))),
                        "gerencia" => (self.select("gerencia", "Gerência", gerencias(of))),
                        "situacao" => (self.select("situacao", "Situação", STATES.map(|s| (s.as_str().to_owned(), s.to_string())).to_vec())),
                        _ => {
                            label { "Município " input type="search" name="nome" maxlength="80" value=(self.text("nome").map(pt::line).unwrap_or_default()); }
                        }
                    }
                }
                button { "Mostrar" }
            }
        }
    }

    fn select(&self, name: &'static str, label: &str, values: Vec<(String, String)>) -> Markup {
        html! {
            @if values.len() > 1 || self.text(name).is_some() {
                label {
                    (label) " "
                    select name=(name) {
                        option value="" { "todas" }
                        @for (value, shown) in values.into_iter().take(MOST_NAMES) {
                            option value=(value) selected[self.text(name) == Some(value.as_str())] { (shown) }
                        }
                    }
                }
            }
        }
    }

    /// Where in a list one is, and the way on.
    pub(super) fn pager<T>(&self, links: &Links, slice: &Slice<'_, T>) -> Markup {
        let Slice { rows, from, all } = slice;
        let page = from / AT_ONCE + 1;
        let to = |page: usize| self.only(links, "pagina", &page.to_string());
        html! {
            @if *all > rows.len() {
                nav .pager aria-label="Partes da lista" {
                    "Linhas " (from + 1) " a " (from + rows.len()) " de " (all) ". "
                    @if page > 1 { a rel="prev" href=(to(page - 1)) { "Anteriores" } " " }
                    @if from + rows.len() < *all { a rel="next" href=(to(page + 1)) { "Seguintes" } }
                }
            }
        }
    }
}

const STATES: [State; 4] = [State::Pending, State::Unconfirmed, State::Done, State::NotApplicable];

fn regions(of: &[&WindowSummary]) -> Vec<(String, String)> {
    let all: std::collections::BTreeSet<&String> =
        of.iter().flat_map(|summary| summary.by_region.keys()).collect();
    all.into_iter().filter(|name| !name.is_empty()).map(|name| (name.clone(), pt::line(name))).collect()
}

fn gerencias(of: &[&WindowSummary]) -> Vec<(String, String)> {
    let all: std::collections::BTreeSet<&str> =
        of.iter().flat_map(|summary| summary.by_gerencia.keys()).map(GerenciaId::as_str).collect();
    all.into_iter().map(|id| (id.to_owned(), pt::line(id))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_long_list_is_shown_in_parts_that_together_are_the_whole_and_no_page_is_beyond_the_last() {
        let rows: Vec<usize> = (0..450).collect();
        let of = |page: &str| {
            let query = query(&[("pagina", page)]);
            Choice::new("/x", &query).slice(&rows).rows.to_vec()
        };
        assert_eq!([of("1"), of("2"), of("3")].concat(), rows);
        assert_eq!(of("9999999999"), of("3"));
        for senseless in ["0", "-1", "x", ""] {
            assert_eq!(of(senseless), of("1"), "{senseless}");
        }
        let none: &[usize] = &[];
        assert!(Choice::new("/x", &BTreeMap::new()).slice(none).rows.is_empty());
    }

    #[test]
    fn the_next_part_keeps_what_was_chosen_and_another_choice_begins_at_the_first() {
        let asked = query(&[("regiao", "Sul & Sé"), ("pagina", "2"), ("em", "2026-11-01")]);
        let choice = Choice::new("/janela/rma/2026-10", &asked);
        let links = Links::new(Some(jiff::civil::date(2026, 11, 1)));
        assert_eq!(
            choice.only(&links, "pagina", "3"),
            "/janela/rma/2026-10?regiao=Sul%20%26%20S%C3%A9&pagina=3&em=2026-11-01#lista"
        );
        assert_eq!(
            choice.only(&links, "gerencia", "GPSB"),
            "/janela/rma/2026-10?regiao=Sul%20%26%20S%C3%A9&gerencia=GPSB&em=2026-11-01#lista"
        );
    }
}
