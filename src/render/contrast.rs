//! What another configuration would say otherwise, as a table for people. Pure.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;

use super::portuguese as pt;
use super::table::{Column, table as columns};
use crate::domain::calendar::{Calendar, HaltKind, Window};
use crate::domain::id::{MunicipalityCode, WindowId};
use crate::domain::notice::Kind;
use crate::domain::roster::Roster;
use crate::plan::contrast::{Difference, Shift, WindowShift, deadline_of};

/// So many municipalities are named; more are counted.
const NAMED: usize = 3;
/// So many windows are told one by one.
const TOLD: usize = 12;

/// What becomes of a notice, in a word or two.
#[must_use]
pub fn shift(shift: Shift) -> &'static str {
    match shift {
        Shift::Added => "passa a sair",
        Shift::Dropped => "deixa de sair",
        Shift::Withdrawn => "sai da fila",
        Shift::Withheld => "fica retida",
        Shift::Moved => "muda de data",
        Shift::Altered => "muda",
    }
}

/// The word in JSON.
#[must_use]
pub fn shift_code(shift: Shift) -> &'static str {
    match shift {
        Shift::Added => "passa_a_sair",
        Shift::Dropped => "deixa_de_sair",
        Shift::Withdrawn => "sai_da_fila",
        Shift::Withheld => "fica_retida",
        Shift::Moved => "muda_de_data",
        Shift::Altered => "muda",
    }
}

/// The windows that are announced otherwise, one a line; nothing when none is.
#[must_use]
pub fn windows(shifts: &[WindowShift]) -> String {
    let mut out = String::new();
    for one in shifts.iter().take(TOLD) {
        let _ = writeln!(out, "  {}: {}", one.window, window(one));
    }
    if shifts.len() > TOLD {
        let _ = writeln!(out, "  e mais {}", pt::counted(shifts.len() - TOLD, "janela", "janelas"));
    }
    out
}

fn window(one: &WindowShift) -> String {
    let deadline = |w: &Window| pt::deadline_or_undefined(deadline_of(w, None));
    let (before, after) = match (&one.before, &one.after) {
        (Some(before), Some(after)) => (before, after),
        (None, Some(after)) => {
            return format!("nova, abre em {}, prazo {}", pt::date(after.opens_on), deadline(after));
        }
        (Some(_), None) => return "deixa de existir".to_owned(),
        (None, None) => return String::new(),
    };
    let mut changes = Vec::new();
    if before.opens_on != after.opens_on {
        changes.push(format!("abertura {} → {}", pt::date(before.opens_on), pt::date(after.opens_on)));
    }
    if deadline(before) != deadline(after) {
        changes.push(format!("prazo {} → {}", deadline(before), deadline(after)));
    }
    let named = |w: &Window| w.editions.iter().filter(|e| !e.municipalities.is_empty()).count();
    if named(before) != named(after) {
        let special = after.editions.iter().rev().find(|e| !e.municipalities.is_empty());
        changes.extend(special.map(|e| {
            let until = pt::deadline_or_undefined(e.deadline);
            format!("prazo {until} para {}", pt::counted(e.municipalities.len(), "município", "municípios"))
        }));
    }
    if before.parts != after.parts {
        changes.push("outras partes".to_owned());
    }
    // What holds, not what the key says: a prorrogação announced after a halt ends it.
    let halt = |w: &Window| w.halt.map(|halt| (halt, w.halted_until()));
    if halt(before) != halt(after) {
        changes.push(match halt(after) {
            Some((halt, until)) => {
                let word = match halt.kind {
                    HaltKind::Suspended => "suspensa",
                    HaltKind::Cancelled => "cancelada",
                };
                word.to_owned() + &until.map_or(String::new(), |day| format!(" até {}", pt::date(day)))
            }
            None => "não está mais interrompida".to_owned(),
        });
    }
    if before.editions.len() != after.editions.len() {
        changes.push(format!("edição {}", after.editions.len()));
    }
    if changes.is_empty() {
        changes.push("fonte ou outro dado".to_owned());
    }
    changes.join("; ")
}

type Row<'a> = (&'a WindowId, Shift, Option<Kind>, Option<u16>, Option<Timestamp>, Option<Timestamp>);

/// Letters that change, in rows of window, change, sort and time, each with its municipalities: few named, many
/// counted. `rosters`: where their names are. `width`: of the terminal; absent: as wide as it gets.
#[must_use]
pub fn table(
    differences: &[Difference],
    calendar: &Calendar,
    rosters: [&Roster; 2],
    width: Option<u16>,
) -> String {
    let mut rows: BTreeMap<Row<'_>, (Vec<MunicipalityCode>, usize)> = BTreeMap::new();
    for difference in differences {
        let Some(decision) = difference.decision() else { continue };
        let Some(id) = decision.window() else { continue };
        // Letters that leave in the same minute are one row: 48 h after an acceptance is never the same instant twice.
        let at = |event: &Option<crate::plan::contrast::Event>| event.as_ref().map(|e| to_the_minute(e.at));
        let row = (
            id,
            difference.shift,
            decision.kind(),
            decision.rung(),
            at(&difference.after),
            at(&difference.before),
        );
        let entry = rows.entry(row).or_default();
        match decision.municipality() {
            Some(code) => entry.0.push(code),
            None => entry.1 += 1,
        }
    }
    let heading =
        ["janela", "mudança", "carta", "em vigor", "com a nova", "quem"].map(|name| (name, Column::Text));
    let mut told: Vec<Vec<String>> = Vec::with_capacity(rows.len());
    let zone = &calendar.hours.zone;
    for ((id, what, kind, days, after, before), (codes, staff)) in rows {
        let at = |at: Option<Timestamp>| at.map_or("—".to_owned(), |at| pt::short_instant(at, zone));
        let letter = kind.map_or("relatório", pt::kind);
        let letter =
            days.map_or_else(|| letter.to_owned(), |days| format!("{letter} ({})", pt::days_before(days)));
        let out = match what {
            Shift::Withheld => "retida".to_owned(),
            Shift::Added | Shift::Dropped | Shift::Withdrawn | Shift::Moved | Shift::Altered => at(after),
        };
        let out = if matches!(what, Shift::Dropped | Shift::Withdrawn) { "—".to_owned() } else { out };
        told.push(vec![
            id.to_string(),
            shift(what).to_owned(),
            letter,
            at(before),
            out,
            who(&codes, staff, rosters),
        ]);
    }
    columns(&heading, &told, width.map(usize::from)).trim_end().to_owned()
}

fn to_the_minute(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second().div_euclid(60) * 60).unwrap_or(at)
}

fn who(codes: &[MunicipalityCode], staff: usize, rosters: [&Roster; 2]) -> String {
    if codes.is_empty() {
        return pt::counted(staff, "destinatário interno", "destinatários internos");
    }
    if codes.len() > NAMED {
        return pt::counted(codes.len(), "município", "municípios");
    }
    let name = |code: &MunicipalityCode| {
        let found = rosters.iter().find_map(|roster| roster.municipalities.get(code));
        found.map_or_else(|| code.to_string(), |m| pt::line(&m.name))
    };
    pt::list(&codes.iter().map(name).collect::<Vec<_>>())
}

/// How many letters change and how: `ao todo, 156 cartas: 78 passam…`; that none does is said too.
#[must_use]
pub fn total(differences: &[Difference]) -> String {
    if differences.is_empty() {
        return "nenhuma carta muda".to_owned();
    }
    let mut counts: BTreeMap<Shift, usize> = BTreeMap::new();
    for difference in differences {
        *counts.entry(difference.shift).or_default() += 1;
    }
    let parts: Vec<String> = counts.iter().map(|(what, n)| format!("{} {n}", shift(*what))).collect();
    format!("{}: {}", pt::counted(differences.len(), "carta muda", "cartas mudam"), parts.join(", "))
}
