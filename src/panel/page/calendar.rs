//! The calendar of the year: what opens and what ends, month by month, and how to subscribe to it. Pure.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{ToSpan, civil};
use maud::{Markup, html};

use super::Links;
use crate::domain::calendar::{Calendar, Window};
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
        let event = |what, note: String| Event {
            what,
            window: window.id.clone(),
            name: super::window_name(&window.id, calendar),
            note,
        };
        days.entry(window.opens_on).or_default().push(event("abre", String::new()));
        for edition in &window.editions {
            let Some(deadline) = edition.deadline else { continue };
            let rules = agenda::in_force(window, rulings);
            let rules = rules.is_none_or(|rules| rules.number <= edition.number);
            let held = agenda::unreleased(window, edition, rulings);
            let note = match (edition.municipalities.len(), held, rules) {
                (0, Some(held), _) => held,
                (0, None, false) => "edição anterior, já prorrogada".to_owned(),
                (0, None, true) => pt::time(deadline.at),
                (some, ..) => format!("só para {}", pt::counted(some, "município", "municípios")),
            };
            days.entry(deadline.on).or_default().push(event("termina", note));
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
                                    @let opens = events.iter().any(|e| e.what == "abre");
                                    @let ends = events.iter().any(|e| e.what == "termina");
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
