//! `municipios.csv`: whom to tell.

use std::collections::{BTreeMap, BTreeSet};

use super::excel;
use super::fault::Severity;
use super::locate::{Log, Spot};
use super::names::{Names, Reserved};
use super::sheet::{Cell, Row, Sheet};
use super::value;
use crate::domain::id::{MunicipalityCode, SystemId};
use crate::domain::roster::{Contact, Municipality, Role};

const COLUMNS: [&str; 11] = [
    "ibge",
    "nome",
    "regiao",
    "smas_email",
    "smas_titular",
    "smas_telefone",
    "cmas_email",
    "cmas_titular",
    "cmas_telefone",
    "dispensas",
    "observacao",
];

/// Words that mean something else where roles are written.
const TAKEN: [&str; 7] = ["smas", "cmas", "unidade", "respondente", "gerencia", "gsuas", "alertas"];

/// The roles of the roster's own: the NOME of each column `NOME_email`.
pub(super) fn roles(sheet: &Sheet) -> Vec<String> {
    sheet
        .columns()
        .map(|cell| cell.text.to_lowercase())
        .filter_map(|name| name.strip_suffix("_email").map(str::to_owned))
        .filter(|name| !TAKEN.contains(&name.as_str()) && !name.is_empty())
        .collect()
}

/// Every code with its name, for checks elsewhere.
pub(super) fn names(sheet: &Sheet) -> BTreeMap<String, String> {
    let (code, name) = (sheet.column("ibge"), sheet.column("nome"));
    let pair = |row: &Row| (excel::code(&row.cell(code).text).into_owned(), row.cell(name).text);
    sheet.rows.iter().map(pair).collect()
}

/// Every municipality without faults. `production` asks for an address of each.
pub(super) fn compile(
    sheet: &Sheet,
    names: &Names,
    reserved: &Reserved,
    production: bool,
    log: &Log,
) -> BTreeMap<MunicipalityCode, Municipality> {
    let roles = roles(sheet);
    let further = |column: &str| {
        ["_email", "_titular", "_telefone"].iter().any(|end| {
            column.to_lowercase().strip_suffix(end).is_some_and(|name| roles.iter().any(|r| r == name))
        })
    };
    sheet.close(&COLUMNS, further, log);
    if !sheet.require(&["ibge", "nome", "smas_email"], log) {
        return BTreeMap::new();
    }
    let mut municipalities = BTreeMap::new();
    let mut seen: BTreeMap<MunicipalityCode, Spot> = BTreeMap::new();
    for row in &sheet.rows {
        let cell = |name: &str| row.cell(sheet.column(name));
        let code_cell = cell("ibge");
        let code = code(&code_cell, log);
        if let Some(code) = code
            && let Some(first) = seen.insert(code, code_cell.spot.clone())
        {
            let message = format!("o município {code} já está na linha {}", first.line());
            log.error(&code_cell.spot, message, "deixe uma só linha para cada município");
        }
        let name = cell("nome").plain(log);
        if cell("nome").text.is_empty() {
            log.error(&cell("nome").spot, "o município está sem nome", "escreva o nome, como \"Vitória\"");
        }
        let mut contacts = vec![
            contact(Role::Smas, "smas", row, sheet, reserved, log),
            contact(Role::Cmas, "cmas", row, sheet, reserved, log),
        ];
        contacts.extend(
            roles.iter().map(|r| contact(Role::Other(r.as_str().into()), r, row, sheet, reserved, log)),
        );
        if production && cell("smas_email").text.is_empty() {
            let message = format!("{name} está sem endereço da secretaria municipal");
            log.warn(&cell("smas_email").spot, message, "escreva o endereço em `smas_email`");
        }
        let exempt = exempt(&cell("dispensas"), names, log);
        let (region, note) = (cell("regiao").plain(log), cell("observacao").text.clone());
        if let Some(code) = code {
            let municipality = Municipality { code, name, region, contacts, exempt, note };
            municipalities.insert(code, municipality);
        }
    }
    if sheet.rows.is_empty() {
        log.error(&sheet.whole(), "não há nenhum município", "escreva uma linha para cada município");
    }
    municipalities
}

/// A code, as Excel may have left it.
pub(super) fn code(cell: &Cell, log: &Log) -> Option<MunicipalityCode> {
    if excel::is_spoilt(&cell.text) {
        log.error(
            &cell.spot,
            format!("a planilha estragou o código do município: “{}”", cell.text),
            "formate a coluna `ibge` como texto e escreva o código inteiro, de 7 dígitos",
        );
        return None;
    }
    let text = excel::code(&cell.text);
    let whole = (0..10).find_map(|digit| MunicipalityCode::parse(&format!("{text}{digit}")).ok());
    let hint = whole.filter(|_| text.len() == 6).map_or_else(
        || "confira o código de 7 dígitos na lista do IBGE".to_owned(),
        |code| format!("com o dígito verificador seria {code}: confira na lista do IBGE"),
    );
    MunicipalityCode::parse(&text).map_err(|error| log.error(&cell.spot, error.to_string(), hint)).ok()
}

fn contact(role: Role, name: &str, row: &Row, sheet: &Sheet, reserved: &Reserved, log: &Log) -> Contact {
    let cell = |end: &str| row.cell(sheet.column(&format!("{name}_{end}")));
    Contact {
        role,
        addresses: addresses(&cell("email"), reserved, log),
        holder: cell("titular").plain(log),
        telephone: telephone(&cell("telefone"), log),
    }
}

/// A telephone, as Excel may have left it.
pub(super) fn telephone(cell: &Cell, log: &Log) -> String {
    if excel::is_spoilt(&cell.text) {
        log.error(
            &cell.spot,
            format!("a planilha estragou o telefone: “{}”", cell.text),
            "formate a coluna como texto e escreva o número inteiro",
        );
        return String::new();
    }
    let text = cell.plain(log);
    // A telephone has dots of its own; only what stands for a whole number is turned back.
    let number = text.ends_with(".0") || text.ends_with(",0") || text.contains("E+");
    if number { excel::code(&text).into_owned() } else { text }
}

/// The addresses of a cell, each once.
pub(super) fn addresses(cell: &Cell, reserved: &Reserved, log: &Log) -> Vec<crate::domain::id::EmailAddress> {
    let mut kept = Vec::new();
    for found in value::split_addresses(&cell.text, &cell.spot, log) {
        let address = reserved.note(found);
        if !kept.contains(&address) {
            kept.push(address);
        }
    }
    kept
}

fn exempt(cell: &Cell, names: &Names, log: &Log) -> BTreeSet<SystemId> {
    cell.text
        .split_whitespace()
        .map(|piece| piece.trim_matches(','))
        .filter(|piece| !piece.is_empty())
        .filter_map(|piece| {
            let what = "dispensa de sistema não declarado";
            Names::check(names.systems.as_ref(), log, Severity::Warning, &cell.spot, what, piece);
            SystemId::parse(piece).ok()
        })
        .collect()
}
