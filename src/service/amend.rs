//! Refuses a calendar that was changed behind what was already told (DESIGN §4): a deadline edited in silence, a
//! prorrogação or a window removed, a part moved.

use std::collections::{BTreeMap, BTreeSet};

use super::setup::Setup;
use crate::domain::id::{PartId, WindowId};
use crate::domain::ledger::{Ledger, Standing};
use crate::domain::notice::Told;
use crate::render::portuguese;
use crate::store::{Store, StoreError};

/// What contradicts the ledger, in the operators' words, one a line; nothing when nothing does.
///
/// # Errors
/// [`StoreError`].
pub async fn silent_edits(store: &Store, setup: &Setup) -> Result<Option<String>, StoreError> {
    let found = contradictions(&store.ledger().await?, setup);
    Ok((!found.is_empty()).then(|| found.join("\n")))
}

/// The same of a ledger already at hand.
#[must_use]
pub fn contradictions(ledger: &Ledger, setup: &Setup) -> Vec<String> {
    let calendar = &setup.config.calendar;
    let mut told: BTreeMap<&WindowId, BTreeMap<u16, Told>> = BTreeMap::new();
    let mut named: BTreeMap<&WindowId, BTreeSet<&PartId>> = BTreeMap::new();
    for (id, window) in ledger.windows() {
        for record in window.municipalities().flat_map(|(_, records)| records) {
            if let (Standing::Sent { .. }, Some(date)) = (record.standing, record.told) {
                told.entry(id).or_default().insert(record.edition, date);
                named.entry(id).or_default().extend(record.parts.iter().map(|named| &named.part));
            }
        }
    }
    let mut found = Vec::new();
    for (id, editions) in told {
        let Some(window) = calendar.window(id) else {
            found.push(format!(
                "erro: a janela {id} já foi comunicada e não está mais no calendário\n  dica: devolva-a a \
                 calendario.toml; se deixou de valer, escreva situacao = \"cancelada\""
            ));
            continue;
        };
        for part in named.remove(id).into_iter().flatten().filter(|part| !window.parts.contains(part)) {
            found.push(format!(
                "erro: a parte “{part}” já foi cobrada na janela {id} e não está mais nela\n  dica: devolva a parte \
                 à janela; para deixar de cobrá-la, use “vigia-suas dispensar”"
            ));
        }
        for (number, date) in editions {
            let Some(edition) = window.edition(number) else {
                found.push(format!(
                    "erro: a prorrogação {} da janela {id} já foi comunicada e foi removida\n  dica: devolva-a; \
                     um prazo corrigido se declara em outra prorrogação",
                    number.saturating_sub(1)
                ));
                continue;
            };
            let now = Told::from(edition.deadline);
            if now != date {
                found.push(format!(
                    "erro: o prazo da edição {number} da janela {id} já foi comunicado como {} e agora está como \
                     {}\n  dica: devolva a data comunicada e declare uma prorrogação com a nova",
                    words(date),
                    words(now)
                ));
            }
        }
    }
    found
}

fn words(told: Told) -> String {
    match told {
        Told::Date(deadline) => portuguese::deadline(deadline),
        Told::Undefined => "a definir".to_owned(),
    }
}
