//! What a rehearsal comes to, as one self-contained page: the months with their letters, the warnings, who gets most.
//! Pure.

use std::fmt::Write as _;

use jiff::ToSpan;
use jiff::civil::Date;
use maud::{Markup, html};

use super::super::page::{CLOSED, shell};
use super::super::portuguese as pt;
use super::warning;
use crate::domain::calendar::Calendar;
use crate::domain::notice::Kind;
use crate::domain::roster::Roster;
use crate::domain::time::day_after;
use crate::plan::forecast::{Day, Forecast, Warning};

const STYLE: &str = include_str!("style.css");
const WEEK: [&str; 7] = ["seg", "ter", "qua", "qui", "sex", "sáb", "dom"];

/// One page.
pub fn page(forecast: &Forecast, calendar: &Calendar, roster: &Roster) -> String {
    let title = format!("Simulação de {} a {}", pt::date(forecast.days.0), pt::date(forecast.days.1));
    let body = html! {
        header {
            h1 { (title) }
            p {
                "O que o serviço faria nesse período, em tempo simulado, a partir de um livro vazio. "
                strong { "Nada foi enviado." }
            }
            (totals(forecast))
        }
        main {
            (warnings(forecast, roster))
            (months(forecast, calendar))
            (kinds(forecast))
            (municipalities(forecast, roster))
        }
    };
    shell(&title, CLOSED, STYLE, &body)
}

fn totals(forecast: &Forecast) -> Markup {
    let letters: usize = forecast.calendar.values().map(|day| day.letters).sum();
    let staff: usize = forecast.calendar.values().map(|day| day.staff).sum();
    let due: usize = forecast.calendar.values().map(|day| day.due).sum();
    let busiest = forecast.calendar.iter().max_by_key(|(on, day)| (day.due, std::cmp::Reverse(**on)));
    html! {
        dl .facts {
            dt { "Cartas a municípios" } dd { (letters) }
            dt { "Cartas à equipe" } dd { (staff) " (resumos, remessas, alertas)" }
            dt { "Entregas" } dd { (due) " (uma para cada endereço)" }
            @if let Some(readers) = forecast.calendar.values().map(|day| day.page).max().filter(|readers| *readers > 0) {
                dt { "Página do dia" } dd { (pt::counted(readers, "entrega", "entregas")) " em cada dia de envio, além dessas" }
            }
            @if let Some((on, day)) = busiest.filter(|(_, day)| day.due > 0) {
                dt { "Dia mais cheio" } dd { (pt::date_and_weekday(*on)) ", " (day.due) " entregas" }
            }
            dt { "Servidor de e-mail" }
            dd {
                @match forecast.quota {
                    Some(quota) => { (quota.per_minute) " por minuto, " (quota.per_day) " por dia" },
                    None => { "não configurado: limite não conferido" },
                }
            }
        }
    }
}

fn warnings(forecast: &Forecast, roster: &Roster) -> Markup {
    let alike = |a: &Warning, b: &Warning| warning::sort(a) == warning::sort(b);
    html! {
        section {
            h2 { "Avisos (" (forecast.warnings.len()) ")" }
            @if forecast.warnings.is_empty() { p { "Nenhum." } }
            @for group in forecast.warnings.chunk_by(alike) {
                @if let Some(first) = group.first() {
                    h3 { (warning::sort(first)) " (" (group.len()) ")" }
                    p .note { "O que fazer: " (warning::remedy(first)) "." }
                }
                ul { @for one in group { li { (warning::what(one, roster)) } } }
            }
        }
    }
}

fn months(forecast: &Forecast, calendar: &Calendar) -> Markup {
    let most = forecast.calendar.values().map(|day| day.due).max().unwrap_or(0);
    let (Some(first), Some(last)) = (forecast.calendar.keys().next(), forecast.calendar.keys().next_back())
    else {
        return html! {};
    };
    let (first, last) = ((*first).min(forecast.days.0), (*last).max(forecast.days.1));
    let mut months = Vec::new();
    let mut month = first.first_of_month();
    while month <= last {
        months.push(month);
        let next = month.saturating_add(1.month());
        if next <= month {
            break;
        }
        month = next;
    }
    html! {
        section {
            h2 { "Cartas por dia" }
            p .note {
                "O número é o de entregas que vencem no dia; mais escuro, mais cheio. Em cinza, dias em que nenhuma \
                 carta sai. Com borda vermelha, dias em que o servidor não daria conta de tudo."
            }
            div .months {
                @for month in months {
                    table .month {
                        caption { (pt::month(month.month())) " de " (month.year()) }
                        thead { tr { @for name in WEEK { th scope="col" { (name) } } } }
                        tbody { @for week in weeks(month) { tr { @for on in week { (cell(on, month, forecast, calendar, most)) } } } }
                    }
                }
            }
        }
    }
}

/// The weeks of a month, Mondays first, with the days of its neighbours that fall in them.
fn weeks(month: Date) -> Vec<Vec<Date>> {
    let back = i64::from(month.weekday().to_monday_zero_offset());
    let mut day = month.saturating_sub(back.days());
    let mut weeks = Vec::new();
    while day <= month.last_of_month() {
        let week: Vec<Date> = (0..7).map(|n: i64| day.saturating_add(n.days())).collect();
        day = week.last().map_or(month.last_of_month(), |last| *last);
        let next = day_after(day);
        weeks.push(week);
        if next == day {
            break;
        }
        day = next;
    }
    weeks
}

fn cell(on: Date, month: Date, forecast: &Forecast, calendar: &Calendar, most: usize) -> Markup {
    if on.month() != month.month() {
        return html! { td .other {} };
    }
    let day = forecast.calendar.get(&on).copied().unwrap_or_default();
    let shade = if day.due == 0 { 0 } else { 1 + day.due * 3 / most.max(1) };
    let mut class = format!("d{shade}");
    if !calendar.hours.is_sending_day(on) {
        class.push_str(" closed");
    }
    if day.left > 0 {
        class.push_str(" over");
    }
    html! {
        td class=(class) title=(told(on, day, calendar)) {
            span .n { (on.day()) }
            @if day.due > 0 { b { (day.due) } }
        }
    }
}

fn told(on: Date, day: Day, calendar: &Calendar) -> String {
    let mut words = pt::date_and_weekday(on);
    if let Some(name) = calendar.hours.holidays.name_on(on) {
        let _ = write!(words, ", {}", pt::line(name));
    }
    if day.due > 0 {
        let deliveries = pt::counted(day.due, "entrega", "entregas");
        let _ = write!(words, ": {} a municípios, {} à equipe, {deliveries}", day.letters, day.staff);
    }
    if let Some(at) = day.ends_at {
        let _ = write!(words, ", a última às {}", pt::time(at));
    }
    if day.left > 0 {
        let _ = write!(words, "; {} ficam para depois", day.left);
    }
    words
}

fn kinds(forecast: &Forecast) -> Markup {
    html! {
        section {
            h2 { "Decisões" }
            table {
                thead { tr { th scope="col" { "O quê" } th scope="col" { "Carta" } th scope="col" .num { "Quantas" } } }
                tbody {
                    @for ((act, kind), count) in &forecast.tally {
                        tr { td { (pt::act(*act)) } td { (kind.map_or("relatório", pt::kind_counted)) } td .num { (count) } }
                    }
                }
            }
        }
    }
}

fn municipalities(forecast: &Forecast, roster: &Roster) -> Markup {
    let kinds: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| kind.is_municipal()).collect();
    let mut shares: Vec<_> = forecast.shares.iter().collect();
    shares.sort_by_key(|(code, share)| (std::cmp::Reverse(share.letters()), **code));
    html! {
        section {
            h2 { "Municípios, dos que mais recebem aos que menos" }
            table {
                thead {
                    tr {
                        th scope="col" { "Município" } th scope="col" .num { "Cartas" }
                        @for kind in &kinds { th scope="col" .num { (pt::kind_counted(*kind)) } }
                        th scope="col" .num { "Em 7 dias" } th scope="col" { "A partir de" }
                    }
                }
                tbody {
                    @for (code, share) in shares {
                        @let crowded = share.busiest.is_some_and(|(_, letters)| letters > forecast.weekly);
                        tr {
                            th scope="row" {
                                (roster.municipalities.get(code).map(|m| pt::line(&m.name)).unwrap_or_default())
                                " " small { (code) }
                            }
                            td .num { (share.letters()) }
                            @for kind in &kinds { td .num { (share.kinds.get(kind).copied().unwrap_or(0)) } }
                            td .num.over[crowded] { (share.busiest.map_or(0, |(_, letters)| letters)) }
                            td { (share.busiest.map(|(from, _)| pt::date(from)).unwrap_or_default()) }
                        }
                    }
                }
            }
        }
    }
}
