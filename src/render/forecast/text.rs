//! What a rehearsal comes to, for a terminal. Pure.

use std::fmt::Write as _;

use super::super::portuguese as pt;
use super::super::table::{TableColumn, table};
use super::warning;
use crate::domain::calendar::Calendar;
use crate::domain::roster::Roster;
use crate::plan::forecast::{Forecast, RelayShare, Warning};

/// So many municipalities are listed; the others are in the spreadsheet.
const FIRST: usize = 10;
/// So many warnings of one sort are listed.
const ALIKE: usize = 8;
/// The longest bar.
const BAR: usize = 24;

/// The summary; `width` where it is shown on a terminal, none for a pipe.
pub fn text(forecast: &Forecast, calendar: &Calendar, roster: &Roster, width: Option<usize>) -> String {
    let mut out = String::from("resumo da simulação:\n");
    if forecast.tally.is_empty() {
        out.push_str("  nada aconteceu entre as duas datas; veja vigia-suas agenda\n");
    }
    for ((act, kind), count) in &forecast.tally {
        let kind = kind.map_or("relatório", pt::kind_counted);
        let _ = writeln!(out, "  {:<9} {kind:<12} {count}", act.as_str());
    }
    days(forecast, calendar, width, &mut out);
    municipalities(forecast, roster, width, &mut out);
    warnings(forecast, roster, &mut out);
    out
}

fn days(forecast: &Forecast, calendar: &Calendar, width: Option<usize>, out: &mut String) {
    let most = forecast.calendar.values().map(|day| day.letters + day.staff).max().unwrap_or(0);
    if most == 0 {
        return;
    }
    let limit = forecast.quota.map_or_else(
        || "sem [smtp]: limite do servidor não conferido".to_owned(),
        |quota| {
            format!(
                "o servidor aceita {} por minuto e {} por dia, das {} às {}",
                quota.per_minute,
                quota.per_day,
                pt::time(calendar.hours.from),
                pt::time(calendar.hours.until)
            )
        },
    );
    let _ = writeln!(out, "\ncartas por dia ({limit}):");
    let rows: Vec<Vec<String>> = forecast
        .calendar
        .iter()
        .filter(|(_, day)| day.due + day.left + day.letters + day.staff > 0)
        .map(|(on, day)| {
            let all = day.letters + day.staff;
            let bar = (all * BAR).div_ceil(most);
            let left = if day.left > 0 { format!(" NÃO CABE: {} ficam", day.left) } else { String::new() };
            vec![
                format!("{} {}", pt::date(*on), &pt::weekday(*on).chars().take(3).collect::<String>()),
                day.letters.to_string(),
                day.staff.to_string(),
                day.due.to_string(),
                day.ends_at.map(pt::time).unwrap_or_default(),
                format!("{}{left}", "█".repeat(bar)),
            ]
        })
        .collect();
    let columns = [
        ("dia", TableColumn::Text),
        ("municípios", TableColumn::Number),
        ("equipe", TableColumn::Number),
        ("entregas", TableColumn::Number),
        ("até", TableColumn::Number),
        ("", TableColumn::Text),
    ];
    out.push_str(&table(&columns, &rows, width));
    if let Some(readers) = forecast.calendar.values().map(|day| day.page).max().filter(|readers| *readers > 0)
    {
        let _ = writeln!(
            out,
            "e a página do dia, {} em cada dia de envio",
            pt::counted(readers, "entrega", "entregas")
        );
    }
}

fn municipalities(forecast: &Forecast, roster: &Roster, width: Option<usize>, out: &mut String) {
    let mut shares: Vec<_> = forecast.shares.iter().filter(|(_, share)| share.letters() > 0).collect();
    if shares.is_empty() {
        return;
    }
    shares.sort_by_key(|(code, share)| (std::cmp::Reverse(share.letters()), **code));
    let _ = writeln!(
        out,
        "\nmunicípios que mais recebem ({} alguma carta):",
        pt::counted(shares.len(), "recebe", "recebem")
    );
    let rows: Vec<Vec<String>> = shares
        .iter()
        .take(FIRST)
        .map(|(code, share)| {
            let name = roster.municipalities.get(code).map(|m| pt::line(&m.name)).unwrap_or_default();
            let (week, most) = busiest(share);
            vec![code.to_string(), name, share.letters().to_string(), most, week]
        })
        .collect();
    let columns = [
        ("ibge", TableColumn::Text),
        ("município", TableColumn::Text),
        ("cartas", TableColumn::Number),
        ("em 7 dias", TableColumn::Number),
        ("a partir de", TableColumn::Text),
    ];
    out.push_str(&table(&columns, &rows, width));
}

/// The first of the fullest seven days, and how many letters they have.
pub(super) fn busiest(share: &RelayShare) -> (String, String) {
    share.busiest.map_or_else(Default::default, |(from, letters)| (pt::date(from), letters.to_string()))
}

fn warnings(forecast: &Forecast, roster: &Roster, out: &mut String) {
    if forecast.warnings.is_empty() {
        out.push_str("\nnenhum aviso\n");
        return;
    }
    let _ = writeln!(out, "\n{}:", pt::counted(forecast.warnings.len(), "aviso", "avisos"));
    let alike = |a: &Warning, b: &Warning| warning::sort(a) == warning::sort(b);
    for group in forecast.warnings.chunk_by(alike) {
        for one in group.iter().take(ALIKE) {
            let _ = writeln!(out, "  - {}", warning::what(one, roster));
        }
        if group.len() > ALIKE {
            let _ = writeln!(out, "  - e mais {} desse tipo (todos em --saida)", group.len() - ALIKE);
        }
        if let Some(first) = group.first() {
            let _ = writeln!(out, "    ajuda: {}", warning::remedy(first));
        }
    }
}
