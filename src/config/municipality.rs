//! `municipios.csv`: whom to tell.

use std::collections::{BTreeMap, BTreeSet};

use super::excel;
use super::fault::Severity;
use super::locate::{Log, Spot};
use super::mailbox::Mailboxes;
use super::names::Names;
use super::namesake::Namesakes;
use super::near::plain;
use super::sheet::{Cell, Row, Sheet};
use crate::domain::id::{EmailAddress, MunicipalityCode, SystemId};
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
    mailboxes: &Mailboxes<'_>,
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
    let known = |column: &str| COLUMNS.iter().any(|known| plain(known) == plain(column)) || further(column);
    // A note may well quote an address.
    let without = |column: &str| !plain(column).ends_with("email") && plain(column) != "observacao";
    sheet.strayed(|column| known(column) && without(column), log);
    let mut municipalities = BTreeMap::new();
    let mut namesakes = Namesakes::default();
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
        } else if let Some(code) = code.filter(|_| !name.is_empty()) {
            namesakes.check(code, &name, &cell("nome").spot, log);
        }
        let addresses = |cell: &Cell| mailboxes.read(cell, code, log);
        let mut contacts = vec![
            contact(Role::Smas, "smas", row, sheet, addresses, log),
            contact(Role::Cmas, "cmas", row, sheet, addresses, log),
        ];
        contacts.extend(
            roles.iter().map(|r| contact(Role::Other(r.as_str().into()), r, row, sheet, addresses, log)),
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
        return log.refuse(
            &cell.spot,
            format!("a planilha estragou o código do município: “{}”", cell.text),
            "formate a coluna `ibge` como texto e escreva o código inteiro, de 7 dígitos",
        );
    }
    let text = excel::code(&cell.text);
    let whole = (0..10).find_map(|digit| MunicipalityCode::parse(&format!("{text}{digit}")).ok());
    let hint = whole.filter(|_| text.len() == 6).map_or_else(
        || "confira o código de 7 dígitos na lista do IBGE".to_owned(),
        |code| format!("com o dígito verificador seria {code}: confira na lista do IBGE"),
    );
    MunicipalityCode::parse(&text).map_err(|error| log.error(&cell.spot, error.to_string(), hint)).ok()
}

fn contact(
    role: Role,
    name: &str,
    row: &Row,
    sheet: &Sheet,
    addresses: impl Fn(&Cell) -> Vec<EmailAddress>,
    log: &Log,
) -> Contact {
    let cell = |end: &str| row.cell(sheet.column(&format!("{name}_{end}")));
    Contact {
        role,
        addresses: addresses(&cell("email")),
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
    let text = if number { excel::code(&text).into_owned() } else { text };
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let bare = digits == text.chars().count();
    // 0800 and its kin begin with a zero that a spreadsheet takes off; 156 and its kin have three digits.
    if bare && matches!(digits, 9 | 10) && ["300", "500", "800", "900"].iter().any(|p| text.starts_with(p)) {
        log.warn(
            &cell.spot,
            format!("o telefone “{text}” parece ter perdido o zero da frente"),
            format!("escreva 0{text} e formate a coluna como texto"),
        );
    } else if (1..8).contains(&digits) && !(bare && digits == 3) {
        log.warn(
            &cell.spot,
            format!("o telefone “{text}” tem algarismos de menos: {digits}"),
            "escreva o DDD e o número inteiro, como 27 3333-0000; formate a coluna como texto",
        );
    }
    text
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
