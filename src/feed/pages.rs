//! The pages of one run: a URL template over states, municipalities, units and references. Pure.

use jiff::civil::Date;

use super::url::{self, TemplateError, Values};
use crate::domain::calendar::Calendar;
use crate::domain::feed::{FeedSpec, PartRule};
use crate::domain::id::{MunicipalityCode, PartId, Reference, UnitId};
use crate::domain::roster::{Roster, Units};
use crate::domain::state::state_of;
use crate::format::body::Given;

/// One page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// What it is called within the run: `3205309`, `13205303522/2026-10`, or nothing when the run has only one.
    pub key: String,
    pub url: String,
    /// What the request settles.
    pub given: Given,
}

/// Why a template has no pages. Displayed to operators.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PagesError {
    /// The template itself.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// It goes through units, and none is known.
    #[error(
        "o endereço pede {{unidade}}, e unidades.csv não tem unidade em funcionamento das partes desta fonte"
    )]
    NoUnits,
    /// It asks for the state, and the codes tell none.
    #[error("o endereço pede {{uf}}, e os códigos de municipios.csv não dizem o Estado")]
    NoState,
}

/// Where a page leads, and to whom.
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    state: Option<&'a str>,
    municipality: Option<MunicipalityCode>,
    unit: Option<&'a UnitId>,
}

/// The pages of a run on a day, in a fixed order. `references` are those of the system's open windows; a template that
/// asks for one has no pages while none is open.
pub fn pages(
    template: &str,
    spec: &FeedSpec,
    (calendar, roster): (&Calendar, &Roster),
    references: &[Reference],
    today: Date,
) -> Result<Vec<PageRequest>, PagesError> {
    let fields = url::fields(template)?;
    let places = if fields.unit {
        of_units(spec, calendar, roster, today)?
    } else if fields.municipality {
        let asked = roster.municipalities.values().filter(|m| !m.exempt.contains(&spec.system));
        asked.map(|m| Place { state: state_of(m.code), municipality: Some(m.code), unit: None }).collect()
    } else if fields.state {
        of_states(roster)?
    } else {
        vec![Place { state: None, municipality: None, unit: None }]
    };
    let references: Vec<Option<Reference>> =
        if fields.reference { references.iter().copied().map(Some).collect() } else { vec![None] };
    let mut pages = Vec::with_capacity(places.len() * references.len());
    for place in places {
        for reference in &references {
            pages.push(page(template, place, *reference)?);
        }
    }
    Ok(pages)
}

fn page(template: &str, place: Place<'_>, reference: Option<Reference>) -> Result<PageRequest, PagesError> {
    let Place { state, municipality, unit } = place;
    let values = Values { state, municipality, unit, reference };
    let whom = match (unit, municipality, state) {
        (Some(unit), _, _) => Some(unit.to_string()),
        (None, Some(municipality), _) => Some(municipality.to_string()),
        (None, None, state) => state.map(str::to_owned),
    };
    let key = [whom, reference.map(|r| r.to_string())];
    Ok(PageRequest {
        key: key.into_iter().flatten().collect::<Vec<_>>().join("/"),
        url: url::expand(template, &values)?,
        given: Given { municipality, unit: unit.cloned(), reference },
    })
}

fn of_states(roster: &Roster) -> Result<Vec<Place<'static>>, PagesError> {
    let mut states: Vec<&'static str> = roster.municipalities.keys().filter_map(|c| state_of(*c)).collect();
    states.sort_unstable();
    states.dedup();
    if states.is_empty() {
        return Err(PagesError::NoState);
    }
    Ok(states.into_iter().map(|s| Place { state: Some(s), municipality: None, unit: None }).collect())
}

/// The units that count on the day, of the parts that the feed speaks of.
fn of_units<'a>(
    spec: &FeedSpec,
    calendar: &Calendar,
    roster: &'a Roster,
    today: Date,
) -> Result<Vec<Place<'a>>, PagesError> {
    let parts: Vec<PartId> = match &spec.mapping.part {
        PartRule::Fixed(part) => vec![part.clone()],
        PartRule::Column { .. } | PartRule::Situation => {
            calendar.systems.get(&spec.system).map(|s| s.parts.clone()).unwrap_or_default()
        }
    };
    let exempt = |code| roster.municipalities.get(&code).is_none_or(|m| m.exempt.contains(&spec.system));
    let mut places: Vec<Place<'a>> = roster
        .units
        .iter()
        .flat_map(Units::iter)
        .filter(|u| parts.contains(&u.part) && !exempt(u.municipality))
        .filter(|u| u.from.is_none_or(|d| d <= today) && u.until.is_none_or(|d| today <= d))
        .map(|u| Place {
            state: state_of(u.municipality),
            municipality: Some(u.municipality),
            unit: Some(&u.id),
        })
        .collect();
    places.sort_by_key(|place| (place.municipality, place.unit));
    if places.is_empty() { Err(PagesError::NoUnits) } else { Ok(places) }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::feed::fixture;

    fn of(template: &str, roster: &Roster, references: &[Reference]) -> Result<Vec<String>, PagesError> {
        let calendar = fixture::calendar();
        let today = date(2026, 11, 10);
        let pages = pages(template, &fixture::presence(), (&calendar, roster), references, today)?;
        Ok(pages.into_iter().map(|p| format!("{} {}", p.key, p.url)).collect())
    }

    #[test]
    fn each_thing_that_a_template_asks_for_is_gone_through() {
        let roster = fixture::roster_with_units();
        assert_eq!(of("x", &roster, &[]).unwrap(), [" x"]);
        assert_eq!(of("?uf={uf}", &roster, &[]).unwrap(), ["ES ?uf=ES"]);
        assert_eq!(of("?i={ibge6}", &roster, &[]).unwrap().len(), 6);
        assert_eq!(of("?i={ibge6}", &roster, &[]).unwrap()[0], "3201209 ?i=320120");
        let months = [Reference::Month(2026, 9), Reference::Month(2026, 10)];
        assert_eq!(
            of("?r={referencia:%m/%Y}", &roster, &months).unwrap(),
            ["2026-09 ?r=09/2026", "2026-10 ?r=10/2026"]
        );
        assert!(of("?r={referencia}", &roster, &[]).unwrap().is_empty(), "nothing is open");
    }

    #[test]
    fn units_are_those_of_the_feeds_part_that_are_open_that_day() {
        let roster = fixture::roster_with_units();
        assert_eq!(
            of("?u={unidade}&uf={uf}", &roster, &[]).unwrap(),
            ["21 ?u=21&uf=ES", "11 ?u=11&uf=ES", "12 ?u=12&uf=ES"]
        );
        assert_eq!(of("?u={unidade}", &fixture::roster(), &[]), Err(PagesError::NoUnits));
        let calendar = fixture::calendar();
        let one =
            pages("{unidade}", &fixture::presence(), (&calendar, &roster), &[], date(2026, 11, 10)).unwrap();
        assert_eq!(one[0].given.municipality, Some(fixture::code("3205002")));
    }
}
