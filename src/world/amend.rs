//! Refuses a calendar that was changed behind what was already told: a deadline edited in silence, a
//! prorrogação or a window removed or renamed, a part moved, a municipality taken out of its prorrogação.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, ToSpan};

use super::known::HORIZON_DAYS;
use super::setup::Setup;
use crate::config::{self, Fault, Faults, Sources, WindowKey, fault_at};
use crate::domain::calendar::{Calendar, Window};
use crate::domain::id::{MunicipalityCode, PartId, WindowId};
use crate::domain::notice::Told;
use crate::plan::contrast;
use crate::plan::ledger::{Ledger, Standing, WindowLedger};
use crate::render::portuguese as pt;
use crate::store::{Store, StoreError};

/// So many municipalities are named; more are counted.
const NAMED: usize = 3;

/// What contradicts the ledger, each fault at its place, in the operators' words; nothing when nothing does.
pub async fn silent_edits(
    store: &Store,
    in_force: Option<&Setup>,
    setup: &Setup,
) -> Result<Option<String>, StoreError> {
    let found = contradictions(store, in_force, setup).await?;
    Ok((!found.is_empty()).then(|| Faults(found).render(false)))
}

/// The same, unworded. Where what is in force has decided over this ledger with this program, nothing told contradicts it,
/// so that only what the other has otherwise is read; else all that was ever told.
pub async fn contradictions(
    store: &Store,
    in_force: Option<&Setup>,
    setup: &Setup,
) -> Result<Vec<Fault>, StoreError> {
    let stands = match in_force {
        Some(old) => store.skipped(&old.basis()).await?.judged.is_some().then_some(old),
        None => None,
    };
    let Some(old) = stands else { return of_ledger(store, &store.ledger().await?, setup).await };
    let (before, after) = (&old.config.calendar, &setup.config.calendar);
    let now = store.signs().await?.high_water.unwrap_or(Timestamp::MAX);
    let until = after.hours.zone.date_of(now).saturating_add(HORIZON_DAYS.days());
    let unlike = contrast::windows_unlike(before, after, until);
    let unlike: BTreeSet<WindowId> = unlike.into_iter().map(|shift| shift.window).collect();
    if unlike.is_empty() {
        return Ok(Vec::new());
    }
    of_ledger(store, &store.ledger_of(&unlike, now).await?, setup).await
}

/// What was told of one window.
#[derive(Default)]
struct Said {
    /// The deadline that letters of an edition named, and to whom.
    editions: BTreeMap<u16, (Told, BTreeSet<MunicipalityCode>)>,
    parts: BTreeSet<PartId>,
    /// When the first of them was recorded.
    first_at: Option<Timestamp>,
}

async fn of_ledger(store: &Store, ledger: &Ledger, setup: &Setup) -> Result<Vec<Fault>, StoreError> {
    let calendar = &setup.config.calendar;
    let mut found = Vec::new();
    let windows: BTreeMap<&WindowId, Said> = ledger
        .windows()
        .map(|(id, window)| (id, said(window)))
        .filter(|(_, said)| !said.editions.is_empty())
        .collect();
    let announced = announced(store, &windows, setup).await?;
    for (id, said) in windows {
        let fault = |place: WindowKey, message: String, hint: String| {
            fault_at(&setup.sources, id, place, message, hint)
        };
        match calendar.window(id) {
            Some(window) => {
                of_parts(&window, &said, announced.get(id), &fault, &mut found);
                of_window(&window, &said, setup, &fault, &mut found);
            }
            None => found.push(gone(id, setup, ledger)),
        }
    }
    found.sort_by_key(|fault| fault.line);
    Ok(found)
}

/// The parts that each window had when its first letter was recorded, as the configuration of then has them: a divulgação
/// names none, and tells of them all.
async fn announced(
    store: &Store,
    windows: &BTreeMap<&WindowId, Said>,
    setup: &Setup,
) -> Result<BTreeMap<WindowId, Vec<PartId>>, StoreError> {
    let mut calendars: BTreeMap<String, Option<Calendar>> = BTreeMap::new();
    let adopted = store.adoptions().await?;
    let mut parts = BTreeMap::new();
    for (id, said) in windows {
        let Some(first_at) = said.first_at else { continue };
        let last = adopted.iter().rfind(|(at, _)| *at <= first_at).or(adopted.first());
        let Some((_, fingerprint)) = last.filter(|(_, one)| *one != setup.config.fingerprint) else {
            continue;
        };
        if !calendars.contains_key(fingerprint) {
            let then = store.configuration_then(first_at).await?;
            let read = |parts| config::calendar_then(&Sources::of_parts("", parts), first_at);
            calendars.insert(fingerprint.clone(), then.and_then(|then| read(then.parts)));
        }
        let window = calendars.get(fingerprint).and_then(|calendar| calendar.as_ref()?.window(id));
        parts.extend(window.map(|window| (WindowId::clone(id), window.parts)));
    }
    Ok(parts)
}

fn said(window: &WindowLedger) -> Said {
    let mut said = Said::default();
    for (municipality, records) in window.municipalities() {
        for record in records {
            if let (Standing::Sent { .. }, Some(date)) = (record.standing, record.told) {
                let known = said.editions.entry(record.edition).or_insert_with(|| (date, BTreeSet::new()));
                known.1.insert(municipality);
                said.parts.extend(record.parts.iter().map(|named| named.part.clone()));
                let first_at = said.first_at.unwrap_or(record.recorded_at);
                said.first_at = Some(first_at.min(record.recorded_at));
            }
        }
    }
    said
}

/// A window that is gone: perhaps it only got another name.
fn gone(id: &WindowId, setup: &Setup, ledger: &Ledger) -> Fault {
    let calendar = &setup.config.calendar;
    let mut pieces = id.as_str().split('/');
    let (system, reference) = (pieces.next(), pieces.next());
    let renamed = calendar.declared.iter().find(|w| {
        let mut theirs = w.id.as_str().split('/');
        (theirs.next(), theirs.next()) == (system, reference) && ledger.window(&w.id).is_none()
    });
    let (at, hint) = match renamed {
        Some(other) => (&other.id, format!("se ela é agora “{}”, devolva-lhe o nome que tinha", other.id)),
        None => (
            id,
            "devolva-a a calendario.toml; se deixou de valer, escreva situacao = \"cancelada\" e situacao_desde".to_owned(),
        ),
    };
    let message = format!("a janela {id} já foi comunicada e não está mais no calendário");
    fault_at(&setup.sources, at, WindowKey::Window, message, hint)
}

/// Parts that were asked for, or that the window had when its first letter left, and that are not in it any more.
fn of_parts(
    window: &Window,
    said: &Said,
    announced: Option<&Vec<PartId>>,
    fault: &dyn Fn(WindowKey, String, String) -> Fault,
    found: &mut Vec<Fault>,
) {
    let announced: BTreeSet<&PartId> = announced.into_iter().flatten().collect();
    let all: BTreeSet<&PartId> = said.parts.iter().chain(announced).collect();
    for part in all.into_iter().filter(|part| !window.parts.contains(part)) {
        let how = if said.parts.contains(part) { "foi cobrada" } else { "foi comunicada" };
        found.push(fault(
            WindowKey::Parts,
            format!("a parte “{part}” já {how} na janela {} e não está mais nela", window.id),
            "devolva a parte à janela; para deixar de cobrá-la, use “vigia-suas dispensar”".to_owned(),
        ));
    }
}

fn of_window(
    window: &Window,
    said: &Said,
    setup: &Setup,
    fault: &dyn Fn(WindowKey, String, String) -> Fault,
    found: &mut Vec<Fault>,
) {
    let id = &window.id;
    if window.halt.is_some_and(|halt| halt.since.is_none()) && window.halted_until().is_none() {
        found.push(fault(
            WindowKey::Window,
            format!("a janela {id} já foi comunicada e parou sem dizer desde quando"),
            "escreva em `situacao_desde` o dia em que se soube que ela parou".to_owned(),
        ));
    }
    for (&number, (date, municipalities)) in &said.editions {
        let Some(edition) = window.edition(number) else {
            found.push(fault(
                WindowKey::Window,
                format!(
                    "a prorrogação {} da janela {id} já foi comunicada e foi removida",
                    number.saturating_sub(1)
                ),
                "devolva-a; um prazo corrigido se declara em outra prorrogação".to_owned(),
            ));
            continue;
        };
        let now = Told::from(edition.deadline);
        if now != *date {
            found.push(fault(
                WindowKey::Deadline(number),
                format!(
                    "o prazo da edição {number} da janela {id} já foi comunicado como {} e agora está como {}",
                    words(*date),
                    words(now)
                ),
                "devolva a data comunicada e declare uma prorrogação com a nova".to_owned(),
            ));
        }
        let left_out: Vec<String> = municipalities
            .iter()
            .filter(|code| !edition.municipalities.is_empty() && !edition.municipalities.contains(code))
            .map(|code| name(*code, setup))
            .collect();
        if !left_out.is_empty() {
            let whom = if left_out.len() > NAMED {
                pt::counted(left_out.len(), "município", "municípios")
            } else {
                pt::list(&left_out)
            };
            found.push(fault(
                WindowKey::Municipalities(number),
                format!(
                    "a prorrogação {} da janela {id} já foi comunicada a {whom} e deixou de valer ali",
                    number.saturating_sub(1)
                ),
                "devolva os municípios; um prazo corrigido se declara em outra prorrogação".to_owned(),
            ));
        }
    }
}

fn name(code: MunicipalityCode, setup: &Setup) -> String {
    let known = setup.config.roster.municipalities.get(&code);
    known.map_or_else(|| code.to_string(), |m| pt::line(&m.name))
}

fn words(told: Told) -> String {
    match told {
        Told::Date(deadline) => pt::deadline(deadline),
        Told::Undefined => "a definir".to_owned(),
    }
}
