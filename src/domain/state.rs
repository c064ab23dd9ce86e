//! The states by the first two digits of their municipalities' codes (IBGE). Pure.

use std::cell::LazyCell;

use super::id::MunicipalityCode;
use crate::text::fold::{folded, trimmed};

/// IBGE's number of each state, its two letters, and its name.
const STATES: [(u32, &str, &str); 27] = [
    (11, "RO", "Rondônia"),
    (12, "AC", "Acre"),
    (13, "AM", "Amazonas"),
    (14, "RR", "Roraima"),
    (15, "PA", "Pará"),
    (16, "AP", "Amapá"),
    (17, "TO", "Tocantins"),
    (21, "MA", "Maranhão"),
    (22, "PI", "Piauí"),
    (23, "CE", "Ceará"),
    (24, "RN", "Rio Grande do Norte"),
    (25, "PB", "Paraíba"),
    (26, "PE", "Pernambuco"),
    (27, "AL", "Alagoas"),
    (28, "SE", "Sergipe"),
    (29, "BA", "Bahia"),
    (31, "MG", "Minas Gerais"),
    (32, "ES", "Espírito Santo"),
    (33, "RJ", "Rio de Janeiro"),
    (35, "SP", "São Paulo"),
    (41, "PR", "Paraná"),
    (42, "SC", "Santa Catarina"),
    (43, "RS", "Rio Grande do Sul"),
    (50, "MS", "Mato Grosso do Sul"),
    (51, "MT", "Mato Grosso"),
    (52, "GO", "Goiás"),
    (53, "DF", "Distrito Federal"),
];

/// The two letters of the state that a municipality lies in; absent for a number that no state has.
pub fn state_of(municipality: MunicipalityCode) -> Option<&'static str> {
    let number = municipality.six() / 10_000;
    STATES.iter().find(|(state, ..)| *state == number).map(|(_, letters, _)| *letters)
}

/// Whether two letters are those of a state.
pub fn is_state(letters: &str) -> bool {
    STATES.iter().any(|(_, known, _)| known.eq_ignore_ascii_case(letters))
}

/// The two letters of the state that a text names: by them, in capitals, or by its name, whatever its case and accents.
pub fn named(text: &str) -> Option<&'static str> {
    let text = trimmed(text);
    let name = LazyCell::new(|| folded(text));
    let is = |known: &&(u32, &str, &str)| known.1 == text || text.len() > 3 && folded(known.2) == *name;
    STATES.iter().find(is).map(|(_, letters, _)| *letters)
}

/// The two letters of the state of that number.
pub fn numbered(text: &str) -> Option<&'static str> {
    let number = trimmed(text).parse::<u32>().ok()?;
    STATES.iter().find(|(state, ..)| *state == number).map(|(_, letters, _)| *letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_tells_its_state() {
        for (code, state) in [("3205309", "ES"), ("1100015", "RO"), ("5300108", "DF"), ("3550308", "SP")] {
            assert_eq!(state_of(MunicipalityCode::parse(code).unwrap()), Some(state), "{code}");
        }
    }

    #[test]
    fn a_state_is_named_by_its_letters_its_name_or_its_number() {
        for (text, state) in [
            (" MA ", Some("MA")),
            ("Maranhão", Some("MA")),
            ("MARANHAO", Some("MA")),
            ("Mato Grosso", Some("MT")),
            ("ma", None),
            ("Viana", None),
            ("", None),
        ] {
            assert_eq!(named(text), state, "{text}");
        }
        assert_eq!((numbered("21"), numbered("21.5"), numbered("10")), (Some("MA"), None, None));
    }
}
