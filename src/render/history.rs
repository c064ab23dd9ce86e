//! How punctual each municipality was: for support and training, so its words accuse nobody. Text, a table, JSON. Pure.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil::Date;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::because::part_name;
use super::portuguese as pt;
use super::report::{heading, row};
use super::table::{TableColumn, table};
use crate::domain::calendar::Calendar;
use crate::domain::id::WindowId;
use crate::domain::time::Zone;
use crate::plan::curve::Curves;
use crate::plan::history::{HistoryLine, Punctuality, Trend};

/// Those who would gain most are told first, so many.
const MOST_TOLD: usize = 20;

fn symbol(how: Punctuality) -> &'static str {
    match how {
        Punctuality::OnTime => "●",
        Punctuality::Late { .. } => "◐",
        Punctuality::Never => "▲",
        Punctuality::Pending { .. } => "○",
        Punctuality::Unknown => "?",
    }
}

fn word(how: Punctuality) -> &'static str {
    match how {
        Punctuality::OnTime => "no prazo",
        Punctuality::Late { .. } => "depois do prazo",
        Punctuality::Never => "não concluído",
        Punctuality::Pending { .. } => "pendente na última coleta",
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
        line.pending().to_string(),
        line.unknown().to_string(),
        line.mean_days_late().map_or_else(|| "–".to_owned(), |days| days.to_string()),
        trend(line.trend()).to_owned(),
    ]
}

/// What the symbols are.
const LEGEND: &str = "● no prazo   ◐ depois do prazo   ▲ não concluído   ○ pendente na última coleta, sem \
                      outra depois do prazo   ? não confirmado; da referência mais antiga à mais nova";

/// What is said where nobody is known to be late. It clears nobody of whom nothing is known.
const NOBODY: &str = "De ninguém consta que tenha concluído depois do prazo ou deixado de concluir.";

/// Of a page: who would gain most from support.
pub(super) fn section(lines: &[&HistoryLine], calendar: &Calendar) -> Markup {
    let needs: Vec<&HistoryLine> = lines.iter().copied().filter(|line| line.need() > 0).collect();
    html! {
        section #historico {
            h2 { "Histórico: quem mais ganharia com apoio ou capacitação" }
            p .note {
                "As últimas referências encerradas de cada sistema desta página (norma BES Nº 08, 6.3). "
                @if needs.len() > MOST_TOLD { "Os " (MOST_TOLD) " primeiros de " (needs.len()) "; a lista inteira: vigia-suas historico." }
            }
            @if needs.is_empty() { p .none { (NOBODY) } } @else {
                div .wide tabindex="0" {
                    table {
                        thead { tr { @for name in COLUMNS { th scope="col" { (name) } } } }
                        tbody {
                            @for line in needs.into_iter().take(MOST_TOLD) {
                                tr {
                                    @for (at, cell) in cells(line, calendar).into_iter().enumerate() {
                                        @if at == 0 { th scope="row" { (cell) } } @else { td { (cell) } }
                                    }
                                }
                            }
                        }
                    }
                }
                p .note { (LEGEND) }
            }
            @for told in last_known(lines.iter().copied(), &calendar.hours.zone) { p .note { "○ " (told) } }
        }
    }
}

/// The open windows beside the same ones a year before, on the same day since the opening.
pub fn a_year_before<'a>(
    curves: impl IntoIterator<Item = (&'a WindowId, &'a Curves)>,
    now: Timestamp,
    zone: &Zone,
) -> Vec<YearBefore> {
    let today = zone.date_of(now);
    let beside = |(window, curves): (&WindowId, &Curves)| {
        let day = curves.this.day(today);
        let last_year = curves.last_year.as_ref()?;
        let (done, before) = (curves.this.after(day)?, last_year.after(day)?);
        let end = last_year.points.last().map_or(before, |(_, done)| *done);
        Some(YearBefore { window: window.clone(), day, done, before, end })
    };
    curves.into_iter().filter_map(beside).collect()
}

/// A window beside the same one a year before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YearBefore {
    pub window: WindowId,
    /// Days since it opened.
    pub day: i64,
    /// Records done by now.
    pub done: usize,
    /// Records done as many days after the opening, a year before.
    pub before: usize,
    /// Records done in the end, a year before.
    pub end: usize,
}

impl YearBefore {
    /// In one line.
    pub fn told(&self) -> String {
        let day = pt::counted(usize::try_from(self.day).unwrap_or(0), "dia", "dias");
        format!(
            "{}: {}, {day} depois da abertura; um ano antes {} {} no mesmo dia, e {} no fim",
            self.window,
            pt::counted(self.done, "registro concluído nas fontes", "registros concluídos nas fontes"),
            if self.before == 1 { "era" } else { "eram" },
            self.before,
            self.end
        )
    }

    /// The same for programs.
    pub fn json(&self) -> Value {
        json!({
            "janela": self.window.as_str(),
            "dias_desde_a_abertura": self.day,
            "concluidos": self.done,
            "um_ano_antes": self.before,
            "um_ano_antes_no_fim": self.end,
        })
    }
}

/// The columns of a line.
const COLUMNS: [&str; 11] = [
    "Município",
    "Sistema",
    "Parte",
    "Referências",
    "No prazo",
    "Depois",
    "Não concluído",
    "Pendente na última coleta",
    "Não confirmado",
    "Dias depois",
    "Tendência",
];

/// How some parts did before, in words: `CRAS: 9 no prazo, 2 depois do prazo, 1 não concluído`. None where nothing is known.
pub fn recalled(lines: &[HistoryLine], calendar: &Calendar) -> Option<String> {
    let told = lines.iter().filter_map(|line| {
        let never = line.never();
        let counts = [
            (line.on_time(), "no prazo"),
            (line.late(), "depois do prazo"),
            (never, if never == 1 { "não concluído" } else { "não concluídos" }),
        ];
        let counts: Vec<String> =
            counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
        (!counts.is_empty()).then(|| format!("{}: {}", part_name(&line.part, calendar), counts.join(", ")))
    });
    let told: Vec<String> = told.collect();
    (!told.is_empty()).then(|| format!("nas últimas referências, {}", told.join("; ")))
}

/// For a terminal: who would gain most from support, then everybody.
pub fn text(lines: &[HistoryLine], calendar: &Calendar) -> String {
    let columns = COLUMNS.map(|name| match name {
        "Município" | "Sistema" | "Parte" | "Referências" | "Tendência" => (name, TableColumn::Text),
        number => (number, TableColumn::Number),
    });
    let mut out = String::new();
    let needs: Vec<&HistoryLine> = lines.iter().filter(|line| line.need() > 0).collect();
    let shown = if needs.len() > MOST_TOLD {
        format!("{} (os {MOST_TOLD} primeiros; todos estão na tabela seguinte)", needs.len())
    } else {
        needs.len().to_string()
    };
    let _ = writeln!(out, "Quem mais ganharia com apoio ou capacitação: {shown}");
    let rows = |lines: &mut dyn Iterator<Item = &HistoryLine>| -> Vec<Vec<String>> {
        lines.map(|line| cells(line, calendar)).collect()
    };
    if !needs.is_empty() {
        out.push_str(&table(&columns, &rows(&mut needs.into_iter().take(MOST_TOLD)), None));
    }
    let _ = writeln!(out, "\nTodos: {}", lines.len());
    if !lines.is_empty() {
        out.push_str(&table(&columns, &rows(&mut lines.iter()), None));
    }
    let _ = writeln!(out, "\n{LEGEND}");
    for told in last_known(lines.iter(), &calendar.hours.zone) {
        let _ = writeln!(out, "○ {told}");
    }
    out
}

/// Of what was pending when a deadline passed and of which nothing came since, as of when the last data is: a line for each
/// window and day.
fn last_known<'a>(lines: impl Iterator<Item = &'a HistoryLine>, zone: &Zone) -> Vec<String> {
    let mut days: BTreeMap<(&WindowId, Date), usize> = BTreeMap::new();
    for (window, how) in lines.flat_map(|line| &line.references) {
        if let Punctuality::Pending { as_of } = how {
            *days.entry((window, zone.date_of(*as_of))).or_default() += 1;
        }
    }
    let told = |((window, day), n): ((&WindowId, Date), usize)| {
        format!(
            "{window}: {}, com dados de {}",
            pt::counted(n, "parte pendente na última coleta", "partes pendentes na última coleta"),
            pt::date(day)
        )
    };
    days.into_iter().map(told).collect()
}

/// For a spreadsheet: one row for each reference.
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
        "dados_de",
        "tendencia",
    ]);
    for line in lines {
        for (window, how) in &line.references {
            let days = match how {
                Punctuality::Late { days } => days.map(|days| days.to_string()).unwrap_or_default(),
                Punctuality::OnTime
                | Punctuality::Never
                | Punctuality::Pending { .. }
                | Punctuality::Unknown => String::new(),
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
                    as_of(*how).map(|at| pt::short_instant(at, &calendar.hours.zone)).unwrap_or_default(),
                    trend(line.trend()).to_owned(),
                ],
                &mut out,
            );
        }
    }
    out
}

/// As of when a part was pending of which nothing came since.
fn as_of(how: Punctuality) -> Option<Timestamp> {
    match how {
        Punctuality::Pending { as_of } => Some(as_of),
        Punctuality::OnTime | Punctuality::Late { .. } | Punctuality::Never | Punctuality::Unknown => None,
    }
}

/// One object for each municipality, system and part.
pub fn json(line: &HistoryLine) -> Value {
    let reference = |(window, how): &(WindowId, Punctuality)| {
        json!({
            "janela": window.as_str(),
            "resultado": word(*how),
            "dados_de": as_of(*how).map(|at| at.to_string()),
        })
    };
    json!({
        "municipio": line.municipality.to_string(),
        "nome": line.name,
        "sistema": line.system.as_str(),
        "parte": line.part.as_str(),
        "referencias": line.references.iter().map(reference).collect::<Vec<_>>(),
        "no_prazo": line.on_time(),
        "depois": line.late(),
        "nao_concluido": line.never(),
        "pendente_na_ultima_coleta": line.pending(),
        "nao_confirmado": line.unknown(),
        "dias_depois": line.mean_days_late(),
        "tendencia": trend(line.trend()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::Sanction;
    use crate::plan::curve::FillCurve;
    use crate::render::letter::example::World;
    use jiff::civil::date;

    fn lines(number: usize, how: Punctuality) -> Vec<HistoryLine> {
        let world = World::new(Sanction::Standard, "").unwrap();
        let line = HistoryLine {
            system: world.calendar.window(&world.window).unwrap().system,
            municipality: world.municipality,
            name: "Serra".to_owned(),
            part: world.cras.clone(),
            references: vec![(world.window, how)],
        };
        vec![line; number]
    }

    #[test]
    fn nobody_is_cleared_of_whom_nothing_is_known_and_what_was_pending_last_is_told() {
        let calendar = World::new(Sanction::Standard, "").unwrap().calendar;
        let as_of = "2023-12-01T12:00:00Z".parse().unwrap();
        let shown = |how| {
            let lines = lines(1, how);
            section(&lines.iter().collect::<Vec<_>>(), &calendar).into_string()
        };
        let pending = shown(Punctuality::Pending { as_of });
        assert!(pending.contains("De ninguém consta") && !pending.contains("Ninguém concluiu"), "{pending}");
        assert!(pending.contains("1 parte pendente na última coleta, com dados de 01/12/2023"), "{pending}");
        assert!(shown(Punctuality::Unknown).contains("De ninguém consta"));
        assert!(!shown(Punctuality::Never).contains("De ninguém consta"));
    }

    #[test]
    fn those_who_would_gain_are_all_counted_also_where_not_all_are_shown() {
        let calendar = World::new(Sanction::Standard, "").unwrap().calendar;
        let head = |number| {
            let told = text(&lines(number, Punctuality::Never), &calendar);
            told.lines().next().unwrap().to_owned()
        };
        let title = "Quem mais ganharia com apoio ou capacitação:";
        assert_eq!(head(20), format!("{title} 20"));
        assert_eq!(head(21), format!("{title} 21 (os 20 primeiros; todos estão na tabela seguinte)"));
        let rows = text(&lines(21, Punctuality::Never), &calendar);
        assert_eq!(rows.matches("Serra").count(), 20 + 21, "{rows}");
    }

    #[test]
    fn a_window_stands_beside_the_same_day_of_a_year_before_and_its_end() {
        let zone = Zone::new(jiff::tz::TimeZone::UTC);
        let window = WindowId::parse("rma/2026-10").unwrap();
        let this = FillCurve {
            opens_on: date(2026, 11, 1),
            points: vec![(date(2026, 11, 3), 10), (date(2026, 11, 20), 45)],
        };
        let before = FillCurve {
            opens_on: date(2025, 11, 3),
            points: vec![(date(2025, 11, 10), 30), (date(2025, 11, 22), 38), (date(2025, 12, 1), 70)],
        };
        let curves = Curves { this: this.clone(), last_year: Some(before) };
        let now = "2026-11-21T12:00:00Z".parse().unwrap();
        let told = a_year_before([(&window, &curves)], now, &zone);
        assert_eq!(
            told[0].told(),
            "rma/2026-10: 45 registros concluídos nas fontes, 20 dias depois da abertura; um ano antes eram 38 no mesmo dia, e 70 no fim"
        );
        let one = YearBefore { before: 1, ..told[0].clone() };
        assert!(one.told().contains("um ano antes era 1 no mesmo dia"), "{}", one.told());
        let alone = Curves { this, last_year: None };
        assert_eq!(a_year_before([(&window, &alone)], now, &zone), [], "of no year before nothing is said");
    }
}
