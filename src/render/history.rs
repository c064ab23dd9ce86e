//! How punctual each municipality was: for support and training, so its words accuse nobody. Text, a table, JSON. Pure.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::because::part_name;
use super::portuguese as pt;
use super::report::{heading, row};
use super::table::{TableColumn, table};
use crate::domain::calendar::Calendar;
use crate::plan::history::{HistoryLine, Punctuality, Trend};

/// Those who would gain most are told first, so many.
const MOST_TOLD: usize = 20;

fn symbol(how: Punctuality) -> &'static str {
    match how {
        Punctuality::OnTime => "●",
        Punctuality::Late { .. } => "◐",
        Punctuality::Never => "▲",
        Punctuality::Unknown => "?",
    }
}

fn word(how: Punctuality) -> &'static str {
    match how {
        Punctuality::OnTime => "no prazo",
        Punctuality::Late { .. } => "depois do prazo",
        Punctuality::Never => "não concluído",
        Punctuality::Unknown => "não confirmado",
    }
}

fn trend(trend: Trend) -> &'static str {
    match trend {
        Trend::Better => "melhora",
        Trend::Steady => "estável",
        Trend::Worse => "piora",
        Trend::TooShort => "poucas referências",
    }
}

fn cells(line: &HistoryLine, calendar: &Calendar) -> Vec<String> {
    vec![
        pt::line(&line.name),
        line.system.to_string(),
        part_name(&line.part, calendar),
        line.references.iter().map(|(_, how)| symbol(*how)).collect(),
        line.on_time().to_string(),
        line.late().to_string(),
        line.never().to_string(),
        line.unknown().to_string(),
        line.mean_days_late().map_or_else(|| "–".to_owned(), |days| days.to_string()),
        trend(line.trend()).to_owned(),
    ]
}

/// For a terminal: who would gain most from support, then everybody.
#[must_use]
pub fn text(lines: &[HistoryLine], calendar: &Calendar) -> String {
    let number = |name| (name, TableColumn::Number);
    let columns = [
        ("Município", TableColumn::Text),
        ("Sistema", TableColumn::Text),
        ("Parte", TableColumn::Text),
        ("Referências", TableColumn::Text),
        number("No prazo"),
        number("Depois"),
        number("Não concluído"),
        number("Não confirmado"),
        number("Dias depois"),
        ("Tendência", TableColumn::Text),
    ];
    let mut out = String::new();
    let needs: Vec<&HistoryLine> = lines.iter().filter(|line| line.need() > 0).take(MOST_TOLD).collect();
    let _ = writeln!(out, "Quem mais ganharia com apoio ou capacitação: {}", needs.len());
    let rows = |lines: &mut dyn Iterator<Item = &HistoryLine>| -> Vec<Vec<String>> {
        lines.map(|line| cells(line, calendar)).collect()
    };
    if !needs.is_empty() {
        out.push_str(&table(&columns, &rows(&mut needs.into_iter()), None));
    }
    let _ = writeln!(out, "\nTodos: {}", lines.len());
    if !lines.is_empty() {
        out.push_str(&table(&columns, &rows(&mut lines.iter()), None));
    }
    out.push_str("\n● no prazo   ◐ depois do prazo   ▲ não concluído   ? não confirmado; da referência mais antiga à mais nova\n");
    out
}

/// For a spreadsheet: one row for each reference.
#[must_use]
pub fn csv(lines: &[HistoryLine], calendar: &Calendar) -> String {
    let mut out = heading(&[
        "ibge",
        "municipio",
        "sistema",
        "parte",
        "parte_nome",
        "janela",
        "resultado",
        "dias_depois",
        "tendencia",
    ]);
    for line in lines {
        for (window, how) in &line.references {
            let days = match how {
                Punctuality::Late { days } => days.map(|days| days.to_string()).unwrap_or_default(),
                Punctuality::OnTime | Punctuality::Never | Punctuality::Unknown => String::new(),
            };
            row(
                &[
                    line.municipality.to_string(),
                    line.name.clone(),
                    line.system.to_string(),
                    line.part.to_string(),
                    part_name(&line.part, calendar),
                    window.to_string(),
                    word(*how).to_owned(),
                    days,
                    trend(line.trend()).to_owned(),
                ],
                &mut out,
            );
        }
    }
    out
}

/// One object for each municipality, system and part.
#[must_use]
pub fn json(line: &HistoryLine) -> Value {
    json!({
        "municipio": line.municipality.to_string(),
        "nome": line.name,
        "sistema": line.system.as_str(),
        "parte": line.part.as_str(),
        "referencias": line.references.iter().map(|(window, how)| json!({ "janela": window.as_str(), "resultado": word(*how) })).collect::<Vec<_>>(),
        "no_prazo": line.on_time(),
        "depois": line.late(),
        "nao_concluido": line.never(),
        "nao_confirmado": line.unknown(),
        "dias_depois": line.mean_days_late(),
        "tendencia": trend(line.trend()),
    })
}
