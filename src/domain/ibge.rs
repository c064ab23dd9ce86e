//! The municipalities of Brazil as IBGE names them. Pure.
//!
//! `ibge.txt` says whence and of which date it is. It is read when a roster is first compared with it, and once only. A
//! code that it does not have may be a municipality younger than the list: that is for a person to look at.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::id::{MunicipalityCode, slugify};
use super::state::state_of;

/// Codes and names, in the order of codes.
static NAMES: LazyLock<Vec<(u32, &'static str)>> = LazyLock::new(|| {
    let mut names = Vec::new();
    let mut state = 0;
    for line in include_str!("ibge.txt").lines().filter(|line| !line.starts_with('#')) {
        match line.split_once(' ') {
            Some((rest, name)) => names.extend(rest.parse::<u32>().map(|rest| (state + rest, name))),
            None => state = line.parse::<u32>().map_or(0, |digits| digits * 100_000),
        }
    }
    names
});

/// Codes by the first two digits and the name without blanks, capitals and accents: no state has two of one name.
static CODES: LazyLock<HashMap<(u32, String), u32>> =
    LazyLock::new(|| NAMES.iter().map(|(code, name)| ((code / 100_000, compact(name)), *code)).collect());

/// How many have a name without blanks, capitals and accents.
static BEARERS: LazyLock<HashMap<String, usize>> = LazyLock::new(|| {
    let mut bearers = HashMap::new();
    NAMES.iter().for_each(|(_, name)| *bearers.entry(compact(name)).or_default() += 1);
    bearers
});

/// The name of the municipality of that code.
pub fn name_of(code: MunicipalityCode) -> Option<&'static str> {
    let at = NAMES.binary_search_by_key(&code.number(), |(known, _)| *known).ok()?;
    Some(NAMES[at].1)
}

/// Whether one of them has these six digits.
pub fn has(six: u32) -> bool {
    NAMES.binary_search_by_key(&six, |(known, _)| *known / 10).is_ok()
}

/// The municipality of that name in the state that another lies in, whatever its capitals and accents.
pub fn namesake(name: &str, neighbour: MunicipalityCode) -> Option<MunicipalityCode> {
    let code = CODES.get(&(neighbour.number() / 100_000, compact(name)))?;
    MunicipalityCode::parse(&code.to_string()).ok()
}

/// How many municipalities of the country have that name, whatever its capitals and accents.
pub fn bearers(name: &str) -> usize {
    BEARERS.get(&compact(name)).copied().unwrap_or_default()
}

/// The municipality that an official domain of its state belongs to: `vilavelha.es.gov.br`, and whatever stands before it.
pub fn owner_of_domain(domain: &str, neighbour: MunicipalityCode) -> Option<MunicipalityCode> {
    let own = state_of(neighbour)?.to_ascii_lowercase();
    let label = domain.strip_suffix(&format!(".{own}.gov.br"))?.rsplit('.').next()?;
    // `vila-velha` is another domain.
    namesake(label, neighbour).filter(|_| !label.contains('-'))
}

/// The official domain that a municipality would have: `vilavelha.es.gov.br`.
pub fn official_domain(code: MunicipalityCode) -> Option<String> {
    Some(format!("{}.{}.gov.br", compact(name_of(code)?), state_of(code)?.to_ascii_lowercase()))
}

fn compact(name: &str) -> String {
    slugify(name).replace('-', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> MunicipalityCode {
        MunicipalityCode::parse(text).unwrap()
    }

    #[test]
    fn the_list_has_5571_municipalities_each_with_a_code_that_is_one() {
        assert_eq!(NAMES.len(), 5_571);
        assert!(NAMES.is_sorted_by(|a, b| a.0 < b.0), "looked up by halving");
        assert_eq!(CODES.len(), NAMES.len(), "no state has two of one name");
        assert!(NAMES.iter().all(|(number, name)| {
            let code = code(&number.to_string());
            state_of(code).is_some() && name_of(code) == Some(name) && namesake(name, code) == Some(code)
        }));
        assert_eq!(NAMES.iter().filter(|(number, _)| number / 100_000 == 32).count(), 78);
    }

    #[test]
    fn a_municipality_is_found_by_its_code_its_name_and_its_domain() {
        let (vitoria, vila_velha) = (code("3205309"), code("3205200"));
        assert_eq!((name_of(vitoria), state_of(vitoria)), (Some("Vitória"), Some("ES")));
        assert!(has(320_530) && !has(320_531), "six digits are of one or of none");
        assert_eq!(namesake("VILA VELHA", vitoria), Some(vila_velha));
        assert_eq!(namesake("Belo Horizonte", vitoria), None, "in another state");
        assert_eq!((bearers("VIANA"), bearers("Vitória"), bearers("Vitóri")), (2, 1, 0));
        assert_eq!(owner_of_domain("smas.vilavelha.es.gov.br", vitoria), Some(vila_velha));
        assert_eq!(owner_of_domain("vilavelha.mg.gov.br", vitoria), None);
        assert_eq!(official_domain(vila_velha).as_deref(), Some("vilavelha.es.gov.br"));
    }
}
