//! What a rehearsal comes to, for a spreadsheet. Pure.

use super::super::portuguese as pt;
use super::super::report::{heading, row};
use super::warning;
use crate::domain::notice::Kind;
use crate::domain::roster::Roster;
use crate::plan::forecast::Forecast;

/// One row for each day on which something leaves or waits, also where that is the page of the day alone.
pub fn days_csv(forecast: &Forecast) -> String {
    let mut out = heading(&[
        "dia",
        "cartas_municipios",
        "cartas_equipe",
        "entregas",
        "saem",
        "ficam",
        "ultima_as",
        "pagina_do_dia",
    ]);
    for (on, day) in &forecast.calendar {
        let counts = [day.letters, day.staff, day.due, day.sent, day.left];
        let mut cells = vec![on.to_string()];
        cells.extend(counts.iter().map(ToString::to_string));
        cells.push(day.ends_at.map(pt::time).unwrap_or_default());
        cells.push(day.page.to_string());
        row(&cells, &mut out);
    }
    out
}

/// One row for each municipality, also those that get nothing.
pub fn municipalities_csv(forecast: &Forecast, roster: &Roster) -> String {
    let kinds: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| kind.is_municipal()).collect();
    let names = kinds.iter().map(|kind| kind.as_str());
    let columns: Vec<&str> = ["ibge", "municipio", "cartas"]
        .into_iter()
        .chain(names)
        .chain(["em_7_dias", "a_partir_de"])
        .collect();
    let mut out = heading(&columns);
    for (code, share) in &forecast.shares {
        let name = roster.municipalities.get(code).map(|m| pt::line(&m.name)).unwrap_or_default();
        let mut cells = vec![code.to_string(), name, share.letters().to_string()];
        cells.extend(kinds.iter().map(|kind| share.kinds.get(kind).copied().unwrap_or(0).to_string()));
        cells.push(share.busiest.map(|(_, letters)| letters.to_string()).unwrap_or_default());
        cells.push(share.busiest.map(|(from, _)| from.to_string()).unwrap_or_default());
        row(&cells, &mut out);
    }
    out
}

/// One row for each warning.
pub fn warnings_csv(forecast: &Forecast, roster: &Roster) -> String {
    let mut out = heading(&["tipo", "aviso", "ajuda"]);
    for one in &forecast.warnings {
        let cells =
            [warning::sort(one).to_owned(), warning::what(one, roster), warning::remedy(one).to_owned()];
        row(&cells, &mut out);
    }
    out
}
