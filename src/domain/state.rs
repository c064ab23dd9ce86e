//! The states by the first two digits of their municipalities' codes (IBGE). Pure.

use super::id::MunicipalityCode;

/// IBGE's number of each state, and its two letters.
const STATES: [(u32, &str); 27] = [
    (11, "RO"),
    (12, "AC"),
    (13, "AM"),
    (14, "RR"),
    (15, "PA"),
    (16, "AP"),
    (17, "TO"),
    (21, "MA"),
    (22, "PI"),
    (23, "CE"),
    (24, "RN"),
    (25, "PB"),
    (26, "PE"),
    (27, "AL"),
    (28, "SE"),
    (29, "BA"),
    (31, "MG"),
    (32, "ES"),
    (33, "RJ"),
    (35, "SP"),
    (41, "PR"),
    (42, "SC"),
    (43, "RS"),
    (50, "MS"),
    (51, "MT"),
    (52, "GO"),
    (53, "DF"),
];

/// The two letters of the state that a municipality lies in; absent for a number that no state has.
pub fn state_of(municipality: MunicipalityCode) -> Option<&'static str> {
    let number = municipality.six() / 10_000;
    STATES.iter().find(|(state, _)| *state == number).map(|(_, letters)| *letters)
}

/// Whether two letters are those of a state.
pub fn is_state(letters: &str) -> bool {
    STATES.iter().any(|(_, known)| known.eq_ignore_ascii_case(letters))
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
}
