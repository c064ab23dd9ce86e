//! What an alert says, item by item, and what its subject is. Pure.

use jiff::Timestamp;

use super::super::because;
use super::super::portuguese as pt;
use super::Context;
use crate::domain::notice::AlertItem;
use crate::domain::reason::Reason;

/// One item, in words.
pub(super) fn item(desk: &Context<'_>, item: &AlertItem) -> String {
    let why = |reason| because::because(reason, desk.calendar);
    match item {
        AlertItem::Held { batch, municipalities, because, dies_at, at } => {
            let names: Vec<String> = municipalities.iter().map(|code| desk.name(*code)).collect();
            let held = match municipalities.len() {
                0 => "carta à secretaria retida".to_owned(),
                many => {
                    format!("{} ({})", pt::counted(many, "carta retida", "cartas retidas"), pt::list(&names))
                }
            };
            let end = dies_at.map_or_else(String::new, |end| {
                let when = pt::instant(end, &desk.calendar.hours.zone);
                format!(" Se nada for feito, a validade acaba em {when} ({}).", left(*at, end))
            });
            format!("{batch}: {held}. {}{end}", why(because))
        }
        AlertItem::ClockBehind { high_water } => why(&Reason::ClockBehind { high_water: *high_water }),
        AlertItem::Text(text) => pt::lines(text),
    }
}

/// How long from one instant to a later one, in the largest whole unit that says something.
fn left(from: Timestamp, to: Timestamp) -> String {
    let minutes = usize::try_from(to.duration_since(from).as_mins()).unwrap_or(0);
    let time = match minutes {
        0..60 => pt::counted(minutes, "minuto", "minutos"),
        60..2_880 => pt::counted(minutes / 60, "hora", "horas"),
        _ => pt::counted(minutes / 1_440, "dia", "dias"),
    };
    format!("em {time}")
}

/// What an alert is about, for its subject.
pub(super) fn topic(items: &[AlertItem]) -> String {
    let held: usize = items
        .iter()
        .map(|item| match item {
            AlertItem::Held { municipalities, .. } => municipalities.len().max(1),
            AlertItem::ClockBehind { .. } | AlertItem::Text(_) => 0,
        })
        .sum();
    match items.first() {
        Some(AlertItem::Held { because, .. }) => {
            let held = pt::counted(held, "carta retida", "cartas retidas");
            format!("{held}: {}", because::cause(because.cause()))
        }
        Some(AlertItem::ClockBehind { .. }) => "o relógio está atrasado e nada é enviado".to_owned(),
        Some(AlertItem::Text(text)) => {
            let first = pt::line(text.lines().next().unwrap_or_default());
            let short: String = first.chars().take(LONGEST_TOPIC).collect();
            if short.len() < first.len() { short.trim_end().to_owned() + "…" } else { short }
        }
        None => "aviso do serviço".to_owned(),
    }
}

/// A subject longer than this is cut by mail readers.
const LONGEST_TOPIC: usize = 70;
