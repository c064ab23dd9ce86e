//! Which municipality and which unit a row is about. Pure.

use std::collections::HashMap;

use crate::domain::ibge;
use crate::domain::id::{MunicipalityCode, UnitId};
use crate::domain::roster::Roster;
use crate::domain::state::state_of;
use crate::text::fold::{excerpt, folded};
use crate::text::remark::Remark;

/// Why a code names no known municipality.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::feed) enum NotKnown {
    /// It is a code, of a municipality that the roster does not have.
    Unknown(String),
    /// It is a word of a row that is no data.
    Ignored,
    /// It is no code; the text says why.
    Bad(Remark),
}

/// The municipalities of the roster, also by their six digits.
pub(in crate::feed) struct Places {
    by_six: HashMap<u32, MunicipalityCode>,
    /// All who have a name, and the same with their state (`bom jesus/pi`).
    by_name: HashMap<String, Vec<MunicipalityCode>>,
}

impl Places {
    pub(in crate::feed) fn new(roster: &Roster) -> Self {
        let mut by_name: HashMap<String, Vec<MunicipalityCode>> = HashMap::new();
        for (code, municipality) in &roster.municipalities {
            let name = spelled(&municipality.name);
            if let Some(state) = state_of(*code) {
                by_name.entry(format!("{name}/{}", folded(state))).or_default().push(*code);
            }
            by_name.entry(name).or_default().push(*code);
        }
        let by_six = roster.municipalities.keys().map(|code| (code.six(), *code)).collect();
        Self { by_six, by_name }
    }

    /// Whether it is the name of one of them, or of several.
    pub(in crate::feed) fn is_name(&self, cell: &str) -> bool {
        self.by_name.contains_key(&spelled(cell))
    }

    /// Reads a name written in full, also with its state: `Viana`, `VIANA - ES`, `Viana/ES`, `Viana (ES)`. One that
    /// several have, or none, says nothing: names are cut and misspelled at the source, and nothing near is taken for it.
    pub(in crate::feed) fn named(&self, cell: Option<&str>) -> Result<MunicipalityCode, NotKnown> {
        let text = cell.ok_or_else(|| NotKnown::Bad("nome do município em branco".into()))?;
        match self.by_name.get(&spelled(text)).map_or(&[][..], Vec::as_slice) {
            [only] => Ok(*only),
            [] => Err(NotKnown::Bad(Remark::of_cell(&excerpt(text, 40), |cell| {
                format!("{cell} não é o nome de um município do cadastro")
            }))),
            several => Err(NotKnown::Bad(Remark::of_cell(&excerpt(text, 40), |cell| {
                format!(
                    "{cell} é o nome de {} municípios do cadastro: só o código, ou o nome com o Estado, diz qual",
                    several.len()
                )
            }))),
        }
    }

    /// Whether it is the name of a municipality of the country and of none of them.
    pub(in crate::feed) fn is_of_another(&self, cell: &str) -> bool {
        let name = spelled(cell);
        !self.by_name.contains_key(&name) && bearers(&name) > 0
    }

    /// A code that the roster does not have is another municipality's. One of a state of the roster's that nobody has is
    /// a slip: the row may be anybody's there.
    fn stranger(&self, six: u32, digits: &str) -> NotKnown {
        let is_of_ours = |ours: &u32| ours / 10_000 == six / 10_000;
        if ibge::has(six) || !self.by_six.keys().any(is_of_ours) {
            return NotKnown::Unknown(digits.to_owned());
        }
        NotKnown::Bad(Remark::of_cell(digits, |cell| {
            format!("{cell} não é o código IBGE de município nenhum")
        }))
    }

    /// Reads a code of six or seven digits, also as a spreadsheet leaves it (`320530.0`). Six become seven by look-up.
    pub(in crate::feed) fn municipality(&self, cell: Option<&str>) -> Result<MunicipalityCode, NotKnown> {
        let text = cell.ok_or_else(|| NotKnown::Bad("código do município em branco".into()))?;
        let digits = without_fraction(text);
        let number = digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<u32>().ok()).flatten();
        match (digits.len(), number) {
            (6, Some(six)) => self.by_six.get(&six).copied().ok_or_else(|| self.stranger(six, digits)),
            (7, Some(seven)) => match self.by_six.get(&(seven / 10)) {
                Some(code) if code.number() == seven => Ok(*code),
                _ => Err(match MunicipalityCode::parse(digits) {
                    Ok(_) => self.stranger(seven / 10, digits),
                    Err(error) => NotKnown::Bad(error.to_string().into()),
                }),
            },
            _ => {
                let says = |cell: &str| format!("{cell} não é um código IBGE de 6 ou 7 dígitos");
                Err(NotKnown::Bad(Remark::of_cell(&excerpt(text, 40), says)))
            }
        }
    }
}

/// Whether a name says its state, too.
pub(in crate::feed) fn tells_state(cell: &str) -> bool {
    spelled(cell).contains('/')
}

/// Whether several municipalities of the country have a name.
pub(in crate::feed) fn is_shared(cell: &str) -> bool {
    bearers(&spelled(cell)) > 1
}

fn bearers(spelled: &str) -> usize {
    ibge::bearers(spelled.split_once('/').map_or(spelled, |(name, _)| name))
}

/// A name as it is compared: hyphens and apostrophes are blanks, and a state at its end stands after a bar.
fn spelled(name: &str) -> String {
    let name = folded(name);
    let state = |rest: &str, state: &str| {
        let (rest, state) = (rest.trim_end(), state.trim());
        let is = state.len() == 2 && crate::domain::state::is_state(state) && !rest.is_empty();
        is.then(|| (rest.to_owned(), format!("/{state}")))
    };
    let bracketed = name.strip_suffix(')').and_then(|open| open.rsplit_once('('));
    let parted = bracketed.or_else(|| name.rsplit_once('/')).or_else(|| name.rsplit_once(" - "));
    let (name, state) = parted
        .and_then(|(rest, letters)| state(rest, letters))
        .unwrap_or_else(|| (name.clone(), String::new()));
    folded(&name.replace(['-', '\'', '’', '`'], " ")) + &state
}

/// Reads a unit's id. One in scientific notation lost its digits in a spreadsheet.
pub(in crate::feed) fn unit(text: &str) -> Result<UnitId, Remark> {
    let id = without_fraction(text);
    let lost = id.bytes().all(|b| b.is_ascii_digit() || b".,eE+".contains(&b))
        && id.contains(['e', 'E'])
        && id.starts_with(|c: char| c.is_ascii_digit());
    if lost {
        let says = |cell: &str| format!("a unidade {cell} perdeu dígitos numa planilha");
        return Err(Remark::of_cell(&excerpt(text, 40), says));
    }
    let says = |cell: &str| format!("{cell} não serve de código de unidade");
    UnitId::parse(id).map_err(|_| Remark::of_cell(&excerpt(text, 40), says))
}

/// `320530.0` → `320530`; anything else as it is.
pub(super) fn without_fraction(text: &str) -> &str {
    match text.split_once(['.', ',']) {
        Some((whole, zeros))
            if !whole.is_empty()
                && !zeros.is_empty()
                && whole.bytes().all(|b| b.is_ascii_digit())
                && zeros.bytes().all(|b| b == b'0') =>
        {
            whole
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::fixture;

    #[test]
    fn six_digits_become_seven_by_look_up_in_the_roster() {
        let roster = fixture::roster();
        let places = Places::new(&roster);
        let vitoria = MunicipalityCode::parse("3205309").unwrap();
        for text in ["320530", "3205309", "320530.0", "3205309,00"] {
            assert_eq!(places.municipality(Some(text)), Ok(vitoria), "{text}");
        }
        for text in ["355030", "3550308", "320010", "355031"] {
            assert_eq!(places.municipality(Some(text)), Err(NotKnown::Unknown(text.to_owned())));
        }
        for text in [
            None,
            Some("3205300"),
            Some("Total"),
            Some("32053"),
            Some("320530.5"),
            Some("+320530"),
            Some("320531"),
        ] {
            assert!(matches!(places.municipality(text), Err(NotKnown::Bad(_))), "{text:?}");
        }
    }

    #[test]
    fn a_name_is_known_only_in_full_and_where_a_single_municipality_has_it() {
        let mut roster = fixture::roster();
        let mut add = |code: &str, name: &str| {
            let code = MunicipalityCode::parse(code).unwrap();
            let like = roster.municipalities.values().next().unwrap().clone();
            let named = crate::domain::roster::Municipality { code, name: name.to_owned(), ..like };
            roster.municipalities.insert(code, named);
            code
        };
        let viana = add("3205101", "Viana");
        let in_ma = add("2112803", "Viana");
        let water = add("2408409", "Olho d'Água do Borges");
        let vitoria = add("3205309", "Vitória");
        let places = Places::new(&roster);
        for text in ["Vitória", "VITORIA", " Vitória - ES", "vitória/ES", "Vitoria (es)"] {
            assert_eq!(places.named(Some(text)), Ok(vitoria), "{text}");
        }
        assert_eq!(places.named(Some("OLHO D AGUA DO BORGES")), Ok(water));
        assert_eq!(
            (places.named(Some("Viana-ES")), places.named(Some("Viana/MA"))),
            (bad("Viana-ES"), Ok(in_ma))
        );
        assert_eq!(places.named(Some("Viana - ES")), Ok(viana));
        let several = places.named(Some("Viana")).unwrap_err();
        assert!(
            matches!(&several, NotKnown::Bad(why) if why.to_string().contains("de 2 municípios")),
            "{several:?}"
        );
        for text in ["Vitória - BA", "Vitór", "Vitória de Santo Antão", "ES", "/ES"] {
            assert_eq!(places.named(Some(text)), bad(text), "{text}");
        }
    }

    fn bad(text: &str) -> Result<MunicipalityCode, NotKnown> {
        let says = |cell: &str| format!("{cell} não é o nome de um município do cadastro");
        Err(NotKnown::Bad(Remark::of_cell(text, says)))
    }

    #[test]
    fn unit_ids_come_in_many_shapes_but_not_rounded() {
        for (text, id) in
            [("32012098154", "32012098154"), ("13205303522.0", "13205303522"), ("CRAS-1", "CRAS-1")]
        {
            assert_eq!(unit(text).unwrap().as_str(), id);
        }
        assert!(unit("3,20121E+10").is_err());
    }
}
