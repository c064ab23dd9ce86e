//! `unidades.csv`: the units of the register.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::excel;
use super::fault::Severity;
use super::locate::{Log, Spot};
use super::mailbox::Mailboxes;
use super::municipality::{code, telephone};
use super::names::Names;
use super::near::plain;
use super::sheet::{Cell, Sheet};
use crate::domain::id::{PartId, UnitId};
use crate::domain::roster::{Unit, Units};

const COLUMNS: [&str; 8] = ["id", "ibge", "parte", "nome", "email", "telefone", "desde", "ate"];

/// Every unit without faults.
pub(super) fn compile(sheet: &Sheet, names: &Names, mailboxes: &Mailboxes<'_>, log: &Log) -> Option<Units> {
    sheet.close(&COLUMNS, |_| false, log);
    if !sheet.require(&["id", "ibge", "parte", "nome"], log) {
        return None;
    }
    sheet.strayed(
        |column| COLUMNS.iter().any(|known| plain(known) == plain(column)) && plain(column) != "email",
        log,
    );
    let mut units = Vec::new();
    let mut seen: BTreeMap<UnitId, Spot> = BTreeMap::new();
    for row in &sheet.rows {
        let cell = |name: &str| row.cell(sheet.column(name));
        let id = id(&cell("id"), log);
        if let Some(id) = &id
            && let Some(first) = seen.insert(id.clone(), cell("id").spot)
        {
            let message = format!("a unidade {id} já está na linha {}", first.line());
            log.error(&cell("id").spot, message, "deixe uma só linha para cada unidade");
        }
        let municipality = code(&cell("ibge"), log)
            .filter(|code| names.municipality(&code.to_string(), &cell("ibge").spot, log));
        let part = part(&cell("parte"), names, log);
        let addresses = mailboxes.read(&cell("email"), municipality, log);
        let from = date(&cell("desde"), log);
        let until = date(&cell("ate"), log);
        if let (Some(from), Some(until)) = (from, until)
            && until < from
        {
            log.error(&cell("ate").spot, "a unidade fecha antes de abrir", "confira `desde` e `ate`");
        }
        let (name, telephone) = (cell("nome").plain(log), telephone(&cell("telefone"), log));
        if let (Some(id), Some(municipality), Some(part)) = (id, municipality, part) {
            units.push(Unit { id, municipality, part, name, addresses, telephone, from, until });
        }
    }
    Some(Units::new(units))
}

fn id(cell: &Cell, log: &Log) -> Option<UnitId> {
    let text = excel::code(&cell.text);
    if excel::is_spoilt(&cell.text) {
        return log.refuse(
            &cell.spot,
            format!("a planilha estragou o código da unidade: “{text}”"),
            "formate a coluna `id` como texto e escreva o código inteiro",
        );
    }
    UnitId::parse(&text)
        .map_err(|_| {
            log.error(&cell.spot, "a unidade está sem código", "escreva o código da unidade no CadSUAS");
        })
        .ok()
}

fn part(cell: &Cell, names: &Names, log: &Log) -> Option<PartId> {
    let known = names.parts.as_ref();
    Names::check(known, log, Severity::Error, &cell.spot, "parte não declarada", &cell.text)
        .then(|| PartId::parse(&cell.text).ok())?
}

fn date(cell: &Cell, log: &Log) -> Option<Date> {
    if cell.text.is_empty() {
        return None;
    }
    let found = excel::date(&cell.text);
    if found.is_none() {
        match excel::day_of_serial(&cell.text) {
            Some(day) => log.error(
                &cell.spot,
                format!("a planilha guardou a data como número: “{}”", cell.text),
                format!("se é {}, escreva assim; formate a coluna como texto", day.strftime("%d/%m/%Y")),
            ),
            None => log.error(
                &cell.spot,
                format!("“{}” não é uma data que exista", cell.text),
                "escreva como 2026-11-30 ou 30/11/2026, ou deixe vazio",
            ),
        }
    }
    found
}
