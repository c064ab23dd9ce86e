//! The agenda as iCalendar (RFC 5545), for Outlook, Google and Thunderbird. Pure.
//!
//! An event's UID comes from its window's id alone, so that a calendar imported again moves the events it has instead of
//! adding to them; SEQUENCE grows with editions and suspensions. Instants are in UTC and openings are whole days: no zone
//! has to be described. Nothing here depends on when the file is written: the same calendar gives the same bytes.

use icalendar::{Alarm, Calendar as Ics, Component, Event, EventLike, EventStatus, Property, Trigger};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::super::portuguese as pt;
use super::{between, scope, source, system_name};
use crate::domain::calendar::{Calendar, Deadline, Edition, HaltKind, Window};
use crate::domain::id::PartId;
use crate::domain::time::{day_after, days_before};

const PRODUCT: &str = "-//vigia-suas//agenda REDE SUAS//PT-BR";

/// The windows of a period as a calendar, and how many events it has.
#[must_use]
pub fn ics(windows: &[Window], calendar: &Calendar, from: Date, to: Date) -> (String, usize) {
    let mut out = Ics::empty();
    for (name, value) in [("VERSION", "2.0"), ("PRODID", PRODUCT), ("CALSCALE", "GREGORIAN")] {
        out.append_property(Property::new(name, value));
    }
    out.name("Prazos da REDE SUAS");
    for window in between(windows, from, to) {
        out.push(opening(window, calendar));
        for edition in ruling(window) {
            if let Some(deadline) = edition.deadline {
                out.push(due(window, calendar, edition, deadline));
            }
        }
    }
    let events = out.components.len();
    (refolded(&out.to_string()), events)
}

/// Lines of 75 octets at most, parted between characters. The library counts the blank before a line that goes on only
/// until the last piece, which may so have 76.
fn refolded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.replace("\r\n ", "").split_terminator("\r\n") {
        let mut width = 0;
        for c in line.chars() {
            if width + c.len_utf8() > 75 {
                out.push_str("\r\n ");
                width = 1;
            }
            out.push(c);
            width += c.len_utf8();
        }
        out.push_str("\r\n");
    }
    out
}

/// The last general edition, and the special ones that no general edition after them has overtaken.
fn ruling(window: &Window) -> Vec<&Edition> {
    let general = window.editions.iter().rfind(|e| e.municipalities.is_empty());
    let mut ruling: Vec<&Edition> = general.into_iter().collect();
    let passes = |e: &&Edition| {
        !e.municipalities.is_empty() && general.is_none_or(|g| e.number > g.number || e.deadline > g.deadline)
    };
    ruling.extend(window.editions.iter().filter(passes));
    ruling
}

/// The first day, as a whole day that keeps nobody busy.
fn opening(window: &Window, calendar: &Calendar) -> Event {
    let mut event = event(window, calendar, "abertura", "Abre");
    let day = |name, on: Date| Property::new(name, compact(on)).add_parameter("VALUE", "DATE").done();
    event.append_property(day("DTSTART", window.opens_on));
    event.append_property(day("DTEND", day_after(window.opens_on)));
    event.description(&description(window, calendar, window.editions.first()));
    event
}

/// The instant of a deadline, with an alarm for each rung at the hour at which its letters leave.
fn due(window: &Window, calendar: &Calendar, edition: &Edition, deadline: Deadline) -> Event {
    let ends_at = deadline.instant(&calendar.hours.zone);
    let special = !edition.municipalities.is_empty();
    let (topic, title) = if special {
        (format!("prazo-{}", edition.number), "Prazo (alguns municípios)")
    } else {
        ("prazo".to_owned(), "Prazo")
    };
    let mut event = event(window, calendar, &topic, title);
    // Without an end the event ends where it starts; an end that is no later than the start is not allowed.
    event.append_property(Property::new("DTSTART", utc(ends_at)));
    event.description(&description(window, calendar, Some(edition)));
    if event.get_status() == Some(EventStatus::Cancelled) {
        return event;
    }
    let ladder = calendar.systems.get(&window.system).map(|s| s.ladder.as_slice()).unwrap_or_default();
    for rung in ladder {
        let leaves_at = calendar.hours.rung_due(days_before(deadline.on, rung.days_before), ends_at);
        // The library reads no duration with a sign: this one only holds the place of ours.
        let Ok(trigger) = Trigger::try_from(&Property::new("TRIGGER", "P1D")) else { continue };
        let words = format!(
            "{}: cartas de prazo saem em {}, {} antes do prazo",
            system_name(window, calendar),
            pt::instant(leaves_at, &calendar.hours.zone),
            pt::counted(usize::from(rung.days_before), "dia", "dias"),
        );
        let mut alarm = Alarm::display(&words, trigger);
        alarm.append_property(Property::new("TRIGGER", before(ends_at.duration_since(leaves_at))));
        // The library would put the clock's time and a random id here.
        let id = format!("alarme-{}d.{}", rung.days_before, uid(window, &topic));
        alarm.append_property(Property::new("UID", id));
        alarm.append_property(Property::new("DTSTAMP", utc(changed_at(window, calendar))));
        event.alarm(alarm);
    }
    event
}

fn event(window: &Window, calendar: &Calendar, topic: &str, title: &str) -> Event {
    let stopped = stopped(window);
    let summary = format!("{title}: {}, {}", system_name(window, calendar), pt::period(window));
    let changed = utc(changed_at(window, calendar));
    let mut event = Event::new();
    event.uid(&uid(window, topic)).sequence(sequence(window));
    // Outlook shows no status: the title says it too.
    event.summary(&match stopped {
        None => summary,
        Some(HaltKind::Suspended) => format!("SUSPENSA – {summary}"),
        Some(HaltKind::Cancelled) => format!("CANCELADA – {summary}"),
    });
    event.status(if stopped.is_some() { EventStatus::Cancelled } else { EventStatus::Confirmed });
    event.append_property(Property::new("DTSTAMP", &changed));
    event.append_property(Property::new("LAST-MODIFIED", &changed));
    event.append_property(Property::new("TRANSP", "TRANSPARENT"));
    if let Some(system) = calendar.systems.get(&window.system) {
        event.url(&system.link);
    }
    event
}

/// Its window's id and what happens: never a date, so that a deadline that moves is the same event.
fn uid(window: &Window, topic: &str) -> String {
    format!("{topic}.{}@vigia-suas", window.id.as_str().replace('/', "."))
}

/// Grows with every edition, and with a suspension and its end in between.
fn sequence(window: &Window) -> u32 {
    let editions = u32::try_from(window.editions.len().saturating_sub(1)).unwrap_or(u32::MAX);
    let halts = window.halt.map_or(0, |halt| 1 + u32::from(halt.until.is_some()));
    editions.saturating_mul(3).saturating_add(halts)
}

/// When the ministry last said anything: the last announcement or suspension. Of a first edition only the opening is
/// known, and that it was announced before: a year earlier stands for it.
fn changed_at(window: &Window, calendar: &Calendar) -> Timestamp {
    let announced = window.editions.iter().filter_map(|e| e.announced_on);
    let halted = window.halt.into_iter().flat_map(|halt| [halt.since, halt.until]).flatten();
    let first = window.opens_on.saturating_sub(1.year());
    calendar.hours.zone.start_of(announced.chain(halted).max().unwrap_or(first))
}

/// Whether the window stands still for good, as far as is known.
fn stopped(window: &Window) -> Option<HaltKind> {
    window.halt.filter(|_| window.halted_until().is_none()).map(|halt| halt.kind)
}

fn description(window: &Window, calendar: &Calendar, edition: Option<&Edition>) -> String {
    let mut lines =
        vec![format!("Janela {}", window.id), format!("Abertura: {}", pt::date_and_weekday(window.opens_on))];
    if let Some(edition) = edition {
        lines.push(format!("Prazo: {}, {}", pt::deadline_or_undefined(edition.deadline), scope(edition)));
        let source = source(edition);
        if !source.is_empty() {
            lines.push(format!("Edição {}{source}", edition.number));
        }
    }
    let parts: Vec<&str> = window.parts.iter().map(PartId::as_str).collect();
    lines.push(format!("Quem preenche: {}", pt::list(&parts)));
    if let Some(system) = calendar.systems.get(&window.system) {
        lines.push(format!("Onde: {}", system.link));
    }
    lines.join("\n")
}

/// `20261201`
fn compact(on: Date) -> String {
    on.strftime("%Y%m%d").to_string()
}

/// `20261201T025959Z`
fn utc(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// `-P9DT15H59M59S`
fn before(length: SignedDuration) -> String {
    let seconds = length.as_secs().max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    format!("-P{days}DT{hours}H{minutes}M{}S", seconds % 60)
}
