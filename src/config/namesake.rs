//! Whether a code and a name belong together: a name on its neighbour's code sends a letter to the neighbour.

use std::collections::BTreeMap;

use super::locate::{Log, Spot};
use crate::domain::ibge;
use crate::domain::id::{MunicipalityCode, slugify};

/// The rows whose name is not that of their code, so far.
#[derive(Default)]
pub(super) struct Namesakes(BTreeMap<String, Spot>);

impl Namesakes {
    /// Holds the name of a row against the list of IBGE. Two municipalities of two states may have one name.
    pub(super) fn check(&mut self, code: MunicipalityCode, name: &str, spot: &Spot, log: &Log) {
        let slug = slugify(name);
        let official = ibge::name_of(code);
        if official.is_some_and(|official| slugify(official) == slug) {
            return;
        }
        if let Some(other) = ibge::namesake(name, code) {
            log.error(
                spot,
                match official {
                    Some(official) => format!("“{name}” é o nome de {other}; {code} é {official}"),
                    None => format!("“{name}” é o nome de {other}, e não de {code}"),
                },
                "confira o código e o nome desta linha na lista do IBGE: a carta iria a outro município",
            );
        } else if let Some(first) = self.0.get(&slug) {
            log.error(
                spot,
                format!("“{name}” já é o nome do município da linha {}", first.line()),
                "confira o código e o nome das duas linhas na lista do IBGE",
            );
        } else {
            let (message, hint) = match official {
                Some(official) => (
                    format!("na lista do IBGE, {code} é “{official}”, e não “{name}”"),
                    "se é o mesmo município, escreva o nome como na lista; se não, corrija o código",
                ),
                None => (
                    format!("a lista do IBGE que o programa traz não tem o município {code}"),
                    "confira o código; se o município é novo, nada a fazer",
                ),
            };
            log.warn(spot, message, hint);
        }
        self.0.entry(slug).or_insert_with(|| spot.clone());
    }
}
