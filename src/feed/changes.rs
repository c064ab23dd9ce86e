//! The status file of a rehearsal: `em;janela;ibge;parte;unidade;situacao`, one change a row. Pure.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

use crate::domain::feed::Format;
use crate::domain::id::{MunicipalityCode, PartId, UnitId, WindowId};
use crate::domain::roster::Roster;
use crate::domain::status::{Basis, Observation, State};
use crate::domain::time::Zone;
use crate::format;
use crate::format::body::{Body, Original};
use crate::format::error::DecodeError;
use crate::plan::replay::StatusChange;

/// Why a status file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ChangesError {
    /// It is no table.
    #[error(transparent)]
    Unreadable(#[from] DecodeError),
    /// Columns or rows of it cannot be; each with its line.
    #[error("{}:\n{}", count(.0.len()), .0.join("\n"))]
    Faulty(Vec<String>),
}

fn count(faults: usize) -> String {
    match faults {
        1 => "o arquivo de situações tem 1 falha".to_owned(),
        many => format!("o arquivo de situações tem {many} falhas"),
    }
}

const COLUMNS: [&str; 6] = ["em", "janela", "ibge", "parte", "unidade", "situacao"];

/// Reads the whole file, in order of time; rows of one instant keep their order.
///
/// # Errors
/// [`ChangesError`] with every faulty line.
pub fn changes(bytes: &[u8], zone: &Zone, roster: &Roster) -> Result<Vec<StatusChange>, ChangesError> {
    let body = Body::plain(Original::from_bytes(bytes));
    let format = Format::Csv { delimiter: None, encoding: None, heading: None };
    let table = format::open(&format, &body, &[])?;
    let mut faults = Vec::new();
    let mut columns = Vec::new();
    for name in COLUMNS {
        match table.header().find(name) {
            Ok(column) => columns.push(column),
            Err(error) => faults.push(format!("  linha 1: {error}")),
        }
    }
    if !faults.is_empty() {
        faults.push(format!("  a primeira linha deve ser {}", COLUMNS.join(";")));
        return Err(ChangesError::Faulty(faults));
    }
    let mut changes = Vec::new();
    table.each(&mut |row| match row {
        Ok(row) => {
            let cells: Vec<&str> = columns.iter().map(|c| row.cell(*c).unwrap_or_default()).collect();
            match change(&cells, zone, roster) {
                Ok(change) => changes.push(change),
                Err(message) => faults.push(format!("  linha {}: {message}", row.line)),
            }
        }
        Err(fault) => faults.push(format!("  linha {}: {}", fault.line, fault.problem)),
    })?;
    if faults.is_empty() {
        changes.sort_by_key(|c| c.at);
        Ok(changes)
    } else {
        Err(ChangesError::Faulty(faults))
    }
}

fn change(cells: &[&str], zone: &Zone, roster: &Roster) -> Result<StatusChange, String> {
    let [at, window, code, part, unit, state] = cells else { return Err("faltam colunas".to_owned()) };
    let municipality = municipality(code, roster)?;
    let state = State::parse(state).ok_or_else(|| {
        format!("situação “{state}” desconhecida; use concluido, pendente, nao_se_aplica ou nao_confirmado")
    })?;
    Ok(StatusChange {
        at: instant(at, zone).ok_or_else(|| {
            format!("“{at}” não é um instante; use 2026-11-20, 2026-11-20T08:00 ou 2026-11-20T08:00:00-03:00")
        })?,
        observation: Observation {
            window: WindowId::parse(window).map_err(|e| e.to_string())?,
            municipality,
            part: PartId::parse(part).map_err(|e| e.to_string())?,
            unit: if unit.is_empty() { None } else { Some(UnitId::parse(unit).map_err(|e| e.to_string())?) },
            state,
            dated: None,
            basis: Basis::Row,
            line: 0,
            wording: None,
        },
    })
}

fn municipality(code: &str, roster: &Roster) -> Result<MunicipalityCode, String> {
    let known = |m: &&MunicipalityCode| m.six().to_string() == code;
    let parsed = match roster.municipalities.keys().find(known) {
        Some(known) => *known,
        None => MunicipalityCode::parse(code).map_err(|e| e.to_string())?,
    };
    if roster.municipalities.contains_key(&parsed) {
        Ok(parsed)
    } else {
        Err(format!("o município {parsed} não está em municipios.csv"))
    }
}

/// An instant as people write it: RFC 3339, or local civil time with or without the time of day; a spreadsheet may
/// have turned the date into `20/11/2026`.
pub fn instant(text: &str, zone: &Zone) -> Option<Timestamp> {
    if let Some((day, rest)) = text.split_at_checked("20/11/2026".len())
        && let [day, month, year] = day.split('/').collect::<Vec<_>>()[..]
        && (day.len(), month.len(), year.len()) == (2, 2, 4)
    {
        return instant(&format!("{year}-{month}-{day}{rest}"), zone);
    }
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant);
    }
    if let Ok(date) = text.parse::<Date>()
        && text.len() == "2026-11-20".len()
    {
        return Some(zone.start_of(date));
    }
    let local: DateTime = text.replacen(' ', "T", 1).parse().ok()?;
    Some(zone.at(local.date(), local.time()))
}
