//! `feriados.toml`: holidays of the state and of the sender's city, and pontos facultativos.

use jiff::civil::Date;

use super::fault::Severity;
use super::locate::Log;
use super::node::{Node, Value};
use super::read::Reader;
use super::value;
use crate::domain::holiday::{Holiday, HolidayKind, HolidayRule};

/// Every `[[feriado]]` without faults.
pub(super) fn compile(document: &Node, log: &Log) -> Vec<Holiday> {
    let Some(top) = Reader::of(document, "feriados.toml", log) else { return Vec::new() };
    let holidays = top.tables("feriado", "[[feriado]]").iter().filter_map(one).collect();
    top.close(Severity::Error);
    holidays
}

fn one(table: &Reader<'_>) -> Option<Holiday> {
    let name = table.need("nome", "\"Nossa Senhora da Vitória\"", value::filled);
    let day = table.get("dia", month_and_day);
    let easter = table.get("pascoa", |n, log| value::number(n, log, -100, 150).map(HolidayRule::FromEaster));
    let once = table.get("data", value::date).map(HolidayRule::Once);
    let kind = table.get("tipo", |n, log| {
        let words = [("feriado", HolidayKind::Holiday), ("ponto_facultativo", HolidayKind::Optional)];
        value::word(n, log, &words)
    });
    let from_year = table.get("desde", year);
    let until_year = table.get("ate", year);
    let until = table.get("ate_hora", value::time);
    table.close(Severity::Error);
    let rules = ["dia", "pascoa", "data"].iter().filter(|key| table.has(key)).count();
    if rules != 1 {
        return table.log.refuse(
            &table.spot,
            if rules == 0 { "falta dizer quando é o feriado" } else { "o feriado tem mais de uma regra de data" },
            "escreva um só: `dia = \"09-08\"` (mês-dia), `pascoa = 60` (dias desde a Páscoa) ou `data = 2026-12-24`",
        );
    }
    if let (Some(from), Some(until)) = (from_year, until_year)
        && until < from
    {
        table.log.error(&table.spot_of("ate"), "`ate` vem antes de `desde`", "confira os dois anos");
    }
    if until.is_some() && kind != Some(HolidayKind::Optional) {
        table.log.error(
            &table.spot_of("ate_hora"),
            "só um ponto facultativo acaba no meio do dia: um feriado fecha o dia inteiro",
            "escreva `tipo = \"ponto_facultativo\"`, ou apague `ate_hora`",
        );
    }
    Some(Holiday {
        name: name?,
        rule: day.or(easter).or(once)?,
        kind: kind.unwrap_or(HolidayKind::Holiday),
        from_year,
        until_year,
        until,
    })
}

fn year(node: &Node, log: &Log) -> Option<i16> {
    value::number(node, log, 1900, 2200)
}

fn month_and_day(node: &Node, log: &Log) -> Option<HolidayRule> {
    let found = match &node.value {
        Value::Text(text) => text.split_once('-').and_then(|(month, day)| {
            let (month, day): (i8, i8) = (month.parse().ok()?, day.parse().ok()?);
            // 2024 was a leap year, so 29 February is a day that exists.
            Date::new(2024, month, day).ok().map(|_| HolidayRule::Fixed(month, day))
        }),
        _ => None,
    };
    found.or_else(|| {
        log.refuse(
            &node.spot,
            "o dia não existe ou está mal escrito",
            "escreva mês e dia: \"09-08\" é 8 de setembro",
        )
    })
}
