//! What an alert says, item by item, and what its subject is. Pure.

use jiff::Timestamp;

use super::super::because;
use super::super::portuguese as pt;
use super::Context;
use crate::domain::notice::AlertItem;
use crate::domain::reason::Reason;
use crate::domain::time::Zone;

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
                format!(
                    " Se nada for feito, a validade acaba em {when} ({}).",
                    left(*at, end, &desk.calendar.hours.zone)
                )
            });
            format!("{batch}: {held}. {}{end}", why(because))
        }
        AlertItem::ClockBehind { high_water } => why(&Reason::ClockBehind { high_water: *high_water }),
        AlertItem::Text(text) => pt::lines(text),
    }
}

/// How long from one instant to a later one, in the largest unit that says something. Days are the calendar's, as in the
/// call list: of an end on the 24th it is four on the 20th, whatever the hours.
fn left(from: Timestamp, to: Timestamp, zone: &Zone) -> String {
    let minutes = usize::try_from(to.duration_since(from).as_mins()).unwrap_or(0);
    let time = match minutes {
        0..60 => pt::counted(minutes, "minuto", "minutos"),
        60..2_880 => pt::counted(minutes / 60, "hora", "horas"),
        _ => {
            let days = (zone.date_of(to) - zone.date_of(from)).get_days();
            pt::counted(usize::try_from(days).unwrap_or(0), "dia", "dias")
        }
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

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn the_days_until_an_end_are_those_of_the_calendar() {
        let zone = Zone::new(TimeZone::fixed(jiff::tz::offset(-3)));
        let left = |from: &str, to: &str| {
            let at = |text: &str| format!("{text}-03:00").parse::<Timestamp>().unwrap();
            left(at(from), at(to), &zone)
        };
        assert_eq!(left("2026-11-20T08:01:00", "2026-11-24T08:00:00"), "em 4 dias");
        assert_eq!(left("2026-11-20T23:00:00", "2026-11-24T08:00:00"), "em 4 dias");
        assert_eq!(left("2026-11-20T08:00:00", "2026-11-22T08:00:00"), "em 2 dias");
        assert_eq!(left("2026-11-20T08:01:00", "2026-11-22T08:00:00"), "em 47 horas");
        assert_eq!(left("2026-11-20T08:00:00", "2026-11-20T08:59:00"), "em 59 minutos");
    }
}
