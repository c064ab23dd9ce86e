//! The calendar of the year: what opens and what ends, month by month, and how to subscribe to it. Pure.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{ToSpan, civil};
use maud::{Markup, html};

use super::Links;
use crate::domain::calendar::{Calendar, Edition, HaltKind, Window};
use crate::domain::id::WindowId;
use crate::plan::ruling::Rulings;
use crate::render::agenda;
use crate::render::portuguese as pt;

/// What happens on a day.
struct Event {
    what: &'static str,
    window: WindowId,
    name: String,
    note: String,
    /// Whether it marks its day: what is suspended, cancelled or replaced does not.
    stands: bool,
}

/// The page.
pub(in crate::panel) fn content(
    (windows, rulings): (&[Window], &Rulings),
    calendar: &Calendar,
    (from, until): (Date, Date),
    token: &str,
    links: &Links,
) -> Markup {
    let mut days: BTreeMap<Date, Vec<Event>> = BTreeMap::new();
    for window in windows {
        let event = |what, stands, note: String| Event {
            what,
            window: window.id.clone(),
            name: super::window_name(&window.id, calendar),
            note,
            stands,
        };
        let opens_on = window.opens_on;
        let stopped = stopped(window, opens_on);
        let opening = event("abre", stopped.is_none(), stopped.unwrap_or_default());
        days.entry(opens_on).or_default().push(opening);
        for edition in &window.editions {
            let Some(deadline) = edition.deadline else { continue };
            let why = replaced(window, edition, rulings).or_else(|| self::stopped(window, deadline.on));
            let whom = match edition.municipalities.len() {
                0 => None,
                some => Some(format!("só para {}", pt::counted(some, "município", "municípios"))),
            };
            let stands = why.is_none();
            let note: Vec<String> = whom.into_iter().chain(why).chain([pt::time(deadline.at)]).collect();
            days.entry(deadline.on).or_default().push(event("termina", stands, note.join("; ")));
        }
        if let Some(halt) = window.halt {
            let what = match halt.kind {
                HaltKind::Suspended => "é suspensa",
                HaltKind::Cancelled => "é cancelada",
            };
            let halted = halt.since.map(|on| (on, event(what, true, String::new())));
            let goes_on = window.halted_until().map(|on| (on, event("volta a correr", true, String::new())));
            for (on, event) in halted.into_iter().chain(goes_on) {
                days.entry(on).or_default().push(event);
            }
        }
    }
    days.retain(|day, _| (from..=until).contains(day));
    let mut months: Vec<Date> = Vec::new();
    let mut month = from.first_of_month();
    while month <= until && months.len() < 13 {
        months.push(month);
        month = month.saturating_add(1.month());
    }
    html! {
        p { "De " (pt::date(from)) " a " (pt::date(until)) ". Os prazos são os anunciados; feriados não os movem." }
        div .months {
            @for month in &months {
                section {
                    h2 { (pt::month(month.month())) " de " (month.year()) }
                    (grid(*month, &days, calendar))
                    ul {
                        @for (day, events) in days.iter().filter(|(day, _)| same_month(**day, *month)) {
                            @for event in events {
                                li {
                                    strong { (day.day()) " " (event.what) } " "
                                    a href=(links.window(&event.window)) { (event.name) }
                                    @if !event.note.is_empty() { " (" (event.note) ")" }
                                }
                            }
                        }
                    }
                }
            }
        }
        h2 #assinar { "No seu calendário" }
        p {
            "Outlook, Google e Thunderbird assinam este endereço e se atualizam sozinhos. Ele dispensa senha: entregue só a \
             quem deva tê-lo. Para que os endereços já entregues deixem de valer, mude " code { "agenda_serie" } " em \
             vigia.toml."
        }
        p { a href=(format!("/agenda.ics?chave={token}")) { "agenda.ics com a chave" } }
    }
}

fn same_month(a: Date, b: Date) -> bool {
    (a.year(), a.month()) == (b.year(), b.month())
}

/// That a window stands still on a day, in words; nothing while it runs.
fn stopped(window: &Window, on: Date) -> Option<String> {
    let halt = window.halt_on(on)?;
    let since = halt.since.map_or_else(String::new, |day| format!(" desde {}", pt::date(day)));
    let until = window.halted_until().map_or_else(String::new, |day| format!(", até {}", pt::date(day)));
    Some(format!("{}{since}{until}", agenda::halt_word(halt.kind)))
}

/// Why a deadline is not the one in force for whom it is meant, in words; nothing where it is.
fn replaced(window: &Window, edition: &Edition, rulings: &Rulings) -> Option<String> {
    if let Some(held) = agenda::unreleased(window, edition, rulings) {
        return Some(held);
    }
    if !edition.municipalities.is_empty() {
        return agenda::is_overtaken(window, edition).then(|| "já substituída por outra edição".to_owned());
    }
    let rules = agenda::in_force(window, rulings).is_none_or(|rules| rules.number <= edition.number);
    (!rules).then(|| "edição anterior, já prorrogada".to_owned())
}

/// A month at a glance. It tells nothing that the list beneath does not.
fn grid(month: Date, days: &BTreeMap<Date, Vec<Event>>, calendar: &Calendar) -> Markup {
    let blank = month.weekday().to_monday_zero_offset();
    let last = month.last_of_month().day();
    let cells: Vec<Option<Date>> = (0..blank)
        .map(|_| None)
        .chain((1..=last).map(|day| civil::Date::new(month.year(), month.month(), day).ok()))
        .collect();
    html! {
        table .month aria-hidden="true" {
            tbody {
                tr { @for day in ["seg", "ter", "qua", "qui", "sex", "sáb", "dom"] { td .closed { (day) } } }
                @for week in cells.chunks(7) {
                    tr {
                        @for cell in week {
                            @match cell {
                                None => { td {} },
                                Some(day) => {
                                    @let events = days.get(day).map_or(&[][..], Vec::as_slice);
                                    @let opens = events.iter().any(|e| e.stands && e.what == "abre");
                                    @let ends = events.iter().any(|e| e.stands && e.what == "termina");
                                    @let closed = !calendar.hours.is_sending_day(*day);
                                    td .opens[opens] .ends[ends] .closed[closed] { (day.day()) }
                                },
                            }
                        }
                    }
                }
            }
        }
    }
}
