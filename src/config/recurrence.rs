//! `[sistema.X.recorrencia]`: windows that come round by rule.

use super::fault::Severity;
use super::locate::Log;
use super::node::{Node, Value};
use super::read::Reader;
use super::value;
use crate::domain::calendar::{Deadline, MonthDay, Recurrence};
use crate::domain::id::Reference;

/// The source of a deadline that a rule gives and nobody says whence.
const OWN_RULE: &str = "recorrência do calendário (calendario.toml)";

/// `cada`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Period {
    Month,
    Quarter,
    Year,
}

impl Period {
    fn fits(self, reference: Reference) -> bool {
        matches!(
            (self, reference),
            (Self::Month, Reference::Month(..))
                | (Self::Quarter, Reference::Quarter(..))
                | (Self::Year, Reference::Year(_))
        )
    }

    fn example(self) -> &'static str {
        match self {
            Self::Month => "como cada = \"mes\", escreva ano e mês: \"2026-01\"",
            Self::Quarter => "como cada = \"trimestre\", escreva ano e trimestre: \"2026-T1\"",
            Self::Year => "como cada = \"ano\", escreva só o ano: \"2026\"",
        }
    }
}

/// Compiles the table.
pub(super) fn compile(table: &Reader<'_>) -> Option<Recurrence> {
    let period = table.need("cada", "\"mes\"", |n, log| {
        let words = [("mes", Period::Month), ("trimestre", Period::Quarter), ("ano", Period::Year)];
        value::word(n, log, &words)
    });
    let first = table.need("de", "\"2026-01\"", |n, log| reference(n, log, period));
    let last = table.get("ate", |n, log| reference(n, log, period));
    let opens = table.need("abre", "{ mais_meses = 1, dia = 1 }", |n, log| month_day(n, log, "abre"));
    let deadline =
        table.need("prazo", "{ mais_meses = 1, dia = \"ultimo\" }", |n, log| month_day(n, log, "prazo"));
    let deadline_at = table.get("prazo_hora", value::time);
    let source = table.get("fonte", value::filled);
    table.close(Severity::Error);
    if let (Some(first), Some(last)) = (first, last)
        && last < first
    {
        table.log.error(
            &table.spot_of("ate"),
            "a última referência vem antes da primeira",
            format!("escreva em `ate` uma referência de {first} em diante"),
        );
    }
    let (opens, deadline) = (opens?, deadline?);
    if (deadline.months, deadline.day) < (opens.months, opens.day) {
        table.log.error(
            &table.spot_of("prazo"),
            "o prazo cai antes da abertura",
            "o `prazo` deve cair no mesmo dia que `abre` ou depois",
        );
    }
    Some(Recurrence {
        first: first?,
        last,
        opens,
        deadline,
        deadline_at: deadline_at.unwrap_or(Deadline::DEFAULT_TIME),
        source: source.unwrap_or_else(|| OWN_RULE.to_owned()),
    })
}

fn reference(node: &Node, log: &Log, period: Option<Period>) -> Option<Reference> {
    let reference = value::reference(node, log)?;
    if let Some(period) = period
        && !period.fits(reference)
    {
        return log.refuse(&node.spot, format!("“{reference}” não combina com `cada`"), period.example());
    }
    Some(reference)
}

fn month_day(node: &Node, log: &Log, key: &str) -> Option<MonthDay> {
    let table = Reader::of(node, format!("`{key}`"), log)?;
    let months = table.get("mais_meses", |n, log| value::number(n, log, 0, 36));
    let day = table.need("dia", "1", |n, log| match &n.value {
        Value::Text(text) if text == "ultimo" => Some(31),
        Value::Integer(_) => value::number(n, log, 1, 31),
        _ => log.refuse(&n.spot, "o dia não serve", "escreva um número de 1 a 31, ou \"ultimo\""),
    });
    table.close(Severity::Error);
    if table.has("mais_meses") && months.is_none() {
        return None;
    }
    Some(MonthDay { months: months.unwrap_or(0), day: day? })
}
