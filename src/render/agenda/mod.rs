//! Windows with their editions and sources, as `agenda` shows them: for people, for programs, and for their calendars.
//! Pure.

mod ics;
#[cfg(test)]
mod tests;
mod year;

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::domain::calendar::{Calendar, Edition, HaltKind, Window};
use crate::domain::id::PartId;
use crate::plan::ruling::{Rulings, Unreleased};

use super::portuguese as pt;

pub use ics::ics;

/// What the ledger says of windows; nothing where there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownDates {
    /// Which deadline is in force, where the dates go back.
    pub rulings: Rulings,
    /// When somebody last changed anything that a calendar shows: put another configuration in force, released a date, or
    /// took that back.
    pub changed_at: Option<Timestamp>,
}

/// The edition in force for all.
pub fn in_force<'a>(window: &'a Window, rulings: &Rulings) -> Option<&'a Edition> {
    let last = || window.editions.iter().rfind(|e| e.municipalities.is_empty());
    rulings.get(&window.id).map_or_else(last, |ruling| window.edition(ruling.edition))
}

/// What is to be said of an edition that nobody released; none of any other.
pub fn unreleased(window: &Window, edition: &Edition, rulings: &Rulings) -> Option<String> {
    let ruling = rulings.get(&window.id)?;
    let held = ruling.unreleased.filter(|held| held.edition() == edition.number)?;
    Some(match held {
        Unreleased::Waits(_) => format!("aguarda liberação; até lá vale a edição {}", ruling.edition),
        Unreleased::Lapsed(_) => format!("não foi liberada a tempo; vale a edição {}", ruling.edition),
    })
}

/// Whether an edition that names municipalities rules nowhere any more: each of them has a newer one of its own, or a
/// general one that is no earlier.
pub fn is_overtaken(window: &Window, special: &Edition) -> bool {
    let newer = || window.editions.iter().filter(|e| e.number > special.number);
    let general = newer().rfind(|e| e.municipalities.is_empty());
    let renamed = |code| newer().any(|e| e.municipalities.contains(code));
    general.is_some_and(|general| general.deadline >= special.deadline)
        || special.municipalities.iter().all(renamed)
}

/// The windows that are open at some time between two dates, in order of opening.
fn between(windows: &[Window], from: Date, to: Date) -> Vec<&Window> {
    let mut shown: Vec<&Window> = windows
        .iter()
        .filter(|w| w.opens_on <= to)
        .filter(|w| w.latest_deadline().is_none_or(|d| d.on >= from))
        .collect();
    shown.sort_by(|a, b| (a.opens_on, &a.id).cmp(&(b.opens_on, &b.id)));
    shown
}

/// The agenda for a terminal of that width: the period at a glance, then each window in words.
pub fn text(
    windows: &[Window],
    calendar: &Calendar,
    rulings: &Rulings,
    (days, today): ((Date, Date), Date),
    width: usize,
) -> String {
    let (from, to) = days;
    let mut out = format!("Agenda de {} a {}\n", pt::date(from), pt::date(to));
    let shown = between(windows, from, to);
    if shown.is_empty() {
        out.push_str("\nNenhuma janela neste período.\n");
    } else {
        out.push('\n');
        out.push_str(&year::draw(&shown, rulings, (from, to), today, width));
    }
    for window in shown {
        let _ = writeln!(out, "\n{}  {}, {}", window.id, system_name(window, calendar), pt::period(window));
        let _ = writeln!(out, "  abertura  {}", pt::date_and_weekday(window.opens_on));
        for edition in &window.editions {
            let _ = writeln!(
                out,
                "  edição {}  prazo {}; {}{}{}{}",
                edition.number,
                pt::deadline_or_undefined(edition.deadline),
                edition.announced_on.map(|d| format!("anunciada em {}; ", pt::date(d))).unwrap_or_default(),
                scope(edition),
                source(edition),
                unreleased(window, edition, rulings).map(|words| format!("; {words}")).unwrap_or_default(),
            );
        }
        let parts: Vec<&str> = window.parts.iter().map(PartId::as_str).collect();
        let _ = writeln!(out, "  partes    {}", parts.join(", "));
        let _ = writeln!(out, "  situação  {}", situation(window, today));
    }
    out
}

fn scope(edition: &Edition) -> String {
    if edition.municipalities.is_empty() {
        return "todos os municípios".to_owned();
    }
    let codes: Vec<String> = edition.municipalities.iter().map(ToString::to_string).collect();
    format!("só {}", pt::list(&codes))
}

fn source(edition: &Edition) -> String {
    let source = pt::line(&edition.source);
    if source.is_empty() { String::new() } else { format!("; fonte: {source}") }
}

/// What is in force today, and what the key says of another time.
fn situation(window: &Window, today: Date) -> String {
    let Some(halt) = window.halt else { return "normal".to_owned() };
    let since =
        halt.since.map_or_else(|| " desde o início".to_owned(), |d| format!(" desde {}", pt::date(d)));
    let until = window.halted_until();
    let words = until.map(|d| format!(", até {}", pt::date(d))).unwrap_or_default();
    let stopped = format!("{}{since}{words}", halt_word(halt.kind));
    if window.halt_on(today).is_some() {
        return stopped;
    }
    let over = until.is_some_and(|day| day <= today);
    if over { format!("normal (esteve {stopped})") } else { format!("normal (fica {stopped})") }
}

/// `suspensa`, `cancelada`.
pub fn halt_word(kind: HaltKind) -> &'static str {
    match kind {
        HaltKind::Suspended => "suspensa",
        HaltKind::Cancelled => "cancelada",
    }
}

fn system_name(window: &Window, calendar: &Calendar) -> String {
    pt::line(calendar.systems.get(&window.system).map_or(window.system.as_str(), |s| &s.name))
}

/// One window as programs read it; the order of the fields is the order of the keys.
#[derive(Debug, Serialize)]
struct WindowLine<'a> {
    janela: &'a str,
    sistema: String,
    referencia: String,
    partes: Vec<&'a str>,
    abertura: String,
    edicoes: Vec<EditionLine>,
    edicao_em_vigor: Option<u16>,
    situacao: &'static str,
    situacao_desde: Option<String>,
    situacao_ate: Option<String>,
}

#[derive(Debug, Serialize)]
struct EditionLine {
    edicao: u16,
    prazo: Option<String>,
    prazo_hora: Option<String>,
    anunciada: Option<String>,
    fonte: String,
    municipios: Vec<String>,
    aguarda_liberacao: bool,
}

/// The agenda as JSON Lines: one compact object for each window; dates as ISO 8601, absent facts null, an empty
/// `municipios` for all. `situacao` is what is in force today; its two dates say when it begins and ends.
/// `edicao_em_vigor` is of those for all.
pub fn json(
    windows: &[Window],
    calendar: &Calendar,
    rulings: &Rulings,
    (days, today): ((Date, Date), Date),
) -> String {
    let (from, to) = days;
    let mut out = String::new();
    for window in between(windows, from, to) {
        let line = WindowLine {
            janela: window.id.as_str(),
            sistema: system_name(window, calendar),
            referencia: window.reference.to_string(),
            partes: window.parts.iter().map(PartId::as_str).collect(),
            abertura: window.opens_on.to_string(),
            edicoes: window.editions.iter().map(|edition| edition_line(window, edition, rulings)).collect(),
            edicao_em_vigor: in_force(window, rulings).map(|edition| edition.number),
            situacao: window.halt_on(today).map_or("normal", |h| halt_word(h.kind)),
            situacao_desde: window.halt.and_then(|h| h.since).map(|d| d.to_string()),
            situacao_ate: window.halted_until().map(|d| d.to_string()),
        };
        out.push_str(&serde_json::to_string(&line).unwrap_or_default());
        out.push('\n');
    }
    out
}

fn edition_line(window: &Window, edition: &Edition, rulings: &Rulings) -> EditionLine {
    let held = rulings.get(&window.id).and_then(|ruling| ruling.unreleased);
    EditionLine {
        edicao: edition.number,
        prazo: edition.deadline.map(|d| d.on.to_string()),
        prazo_hora: edition.deadline.map(|d| d.at.strftime("%H:%M:%S").to_string()),
        anunciada: edition.announced_on.map(|d| d.to_string()),
        fonte: pt::line(&edition.source),
        municipios: edition.municipalities.iter().map(ToString::to_string).collect(),
        aguarda_liberacao: held == Some(Unreleased::Waits(edition.number)),
    }
}
