//! The agenda as iCalendar (RFC 5545), for Outlook, Google and Thunderbird. Pure.
//!
//! An event's UID comes from its window's id alone, so that a calendar imported again moves the events it has instead of
//! adding to them; SEQUENCE only grows (RFC 5545, 3.8.7.4), for it is the second of the last change that the ledger knows.
//! A date for some municipalities that rules nowhere any more stays as a cancelled event: one that only vanished would stay
//! in every calendar that has it. Instants are in UTC and openings are whole days: no zone has to be described. Nothing here
//! depends on when the file is written: the same calendar and the same ledger give the same bytes.

use icalendar::{Alarm, Calendar as Ics, Component, Event, EventLike, EventStatus, Property, Trigger};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::super::portuguese as pt;
use super::{KnownDates, between, in_force, is_overtaken, scope, source, system_name, unreleased};
use crate::domain::calendar::{Calendar, Deadline, Edition, HaltKind, Window};
use crate::domain::id::PartId;
use crate::domain::time::{day_after, days_before};

const PRODUCT: &str = "-//vigia-suas//agenda REDE SUAS//PT-BR";

/// SEQUENCE counts the seconds from here, 01/01/2020 in UTC: an integer of iCalendar (RFC 5545, 3.3.8) has room for 68 years.
const SEQUENCE_BEGINS: i64 = 1_577_836_800;

/// The windows of a period as a calendar, and how many events it has.
pub fn ics(
    windows: &[Window],
    calendar: &Calendar,
    standing: &KnownDates,
    (from, to): (Date, Date),
) -> (String, usize) {
    let mut out = Ics::empty();
    for (name, value) in [("VERSION", "2.0"), ("PRODID", PRODUCT), ("CALSCALE", "GREGORIAN")] {
        out.append_property(Property::new(name, value));
    }
    out.name("Prazos da REDE SUAS");
    for window in between(windows, from, to) {
        let told = Told { window, calendar, standing };
        out.push(told.opening());
        let general = in_force(window, &standing.rulings);
        let special = window.editions.iter().filter(|e| !e.municipalities.is_empty());
        for edition in general.into_iter().chain(special) {
            if let Some(deadline) = edition.deadline {
                out.push(told.due(edition, deadline));
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

/// A window as the calendar file tells it.
struct Told<'a> {
    window: &'a Window,
    calendar: &'a Calendar,
    standing: &'a KnownDates,
}

impl Told<'_> {
    /// The first day, as a whole day that keeps nobody busy.
    fn opening(&self) -> Event {
        let window = self.window;
        let mut event = self.event("abertura", "Abre", self.stopped());
        let day = |name, on: Date| Property::new(name, compact(on)).add_parameter("VALUE", "DATE").done();
        event.append_property(day("DTSTART", window.opens_on));
        event.append_property(day("DTEND", day_after(window.opens_on)));
        event.description(&self.description(window.editions.first()));
        event
    }

    /// The instant of a deadline, with an alarm for each rung at the hour at which its letters leave.
    fn due(&self, edition: &Edition, deadline: Deadline) -> Event {
        let (window, calendar) = (self.window, self.calendar);
        let ends_at = deadline.instant(&calendar.hours.zone);
        let (topic, title, why) = if edition.municipalities.is_empty() {
            ("prazo".to_owned(), "Prazo", self.stopped())
        } else {
            let overtaken = is_overtaken(window, edition).then_some("SUBSTITUÍDO");
            (format!("prazo-{}", edition.number), "Prazo (alguns municípios)", overtaken.or(self.stopped()))
        };
        let mut event = self.event(&topic, title, why);
        // Without an end the event ends where it starts; an end that is no later than the start is not allowed.
        event.append_property(Property::new("DTSTART", utc(ends_at)));
        event.description(&self.description(Some(edition)));
        if why.is_some() {
            return event;
        }
        let ladder = calendar.systems.get(&window.system).map(|s| s.ladder.as_slice()).unwrap_or_default();
        for rung in ladder {
            let leaves_at = calendar.hours.rung_due(days_before(deadline.on, rung.days_before), ends_at);
            // Before the window opened, or before anybody knew of this deadline, no letter of it leaves.
            let known_on = edition.announced_on.unwrap_or(window.opens_on).max(window.opens_on);
            if leaves_at < calendar.hours.zone.start_of(known_on) {
                continue;
            }
            // The library reads no duration with a sign: this one only holds the place of ours.
            let Ok(trigger) = Trigger::try_from(&Property::new("TRIGGER", "P1D")) else { continue };
            let words = format!(
                "{}: cartas de prazo saem em {} (aviso {} do prazo)",
                system_name(window, calendar),
                pt::instant(leaves_at, &calendar.hours.zone),
                pt::of_days_before(rung.days_before),
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

    /// What every event has. `why`: why it no longer stands, in one word.
    fn event(&self, topic: &str, title: &str, why: Option<&str>) -> Event {
        let (window, calendar) = (self.window, self.calendar);
        let summary = format!("{title}: {}, {}", system_name(window, calendar), pt::period(window));
        let changed = utc(changed_at(window, calendar));
        let mut event = Event::new();
        event.uid(&uid(window, topic)).sequence(self.sequence());
        // Outlook shows no status: the title says it too.
        event.summary(&why.map_or_else(|| summary.clone(), |why| format!("{why} – {summary}")));
        event.status(if why.is_some() { EventStatus::Cancelled } else { EventStatus::Confirmed });
        event.append_property(Property::new("DTSTAMP", &changed));
        event.append_property(Property::new("LAST-MODIFIED", &changed));
        event.append_property(Property::new("TRANSP", "TRANSPARENT"));
        if let Some(system) = calendar.systems.get(&window.system) {
            event.url(&system.link);
        }
        event
    }

    /// What only grows, whatever was written and taken out again. Where no ledger knows of changes, those that the calendar
    /// still shows are counted, which is less than any ledger says later.
    fn sequence(&self) -> u32 {
        let window = self.window;
        let Some(changed_at) = self.standing.changed_at else {
            let shown = window.halt.map_or(0, |halt| 1 + usize::from(halt.until.is_some()));
            // An extension ends a suspension: it counts for more than one that has begun and ended.
            let shown = window.editions.len().saturating_sub(1).saturating_mul(3).saturating_add(shown);
            return u32::try_from(shown).unwrap_or(u32::MAX);
        };
        let known_at = self.standing.rulings.get(&window.id).and_then(|ruling| ruling.known_at);
        let last = known_at.map_or(changed_at, |known_at| known_at.max(changed_at));
        u32::try_from(last.as_second().saturating_sub(SEQUENCE_BEGINS).max(0)).unwrap_or(u32::MAX)
    }

    fn description(&self, edition: Option<&Edition>) -> String {
        let (window, calendar) = (self.window, self.calendar);
        let mut lines = vec![
            format!("Janela {}", window.id),
            format!("Abertura: {}", pt::date_and_weekday(window.opens_on)),
        ];
        if let Some(edition) = edition {
            lines.push(format!("Prazo: {}, {}", pt::deadline_or_undefined(edition.deadline), scope(edition)));
            let source = source(edition);
            if !source.is_empty() {
                lines.push(format!("Edição {}{source}", edition.number));
            }
        }
        for edition in &window.editions {
            if let Some(words) = unreleased(window, edition, &self.standing.rulings) {
                let deadline = pt::deadline_or_undefined(edition.deadline);
                lines.push(format!("Edição {}: prazo {deadline}; {words}", edition.number));
            }
        }
        let parts: Vec<&str> = window.parts.iter().map(PartId::as_str).collect();
        lines.push(format!("Quem preenche: {}", pt::list(&parts)));
        if let Some(system) = calendar.systems.get(&window.system) {
            lines.push(format!("Onde: {}", system.link));
        }
        lines.join("\n")
    }

    /// Whether the window stands still for good, as far as is known.
    fn stopped(&self) -> Option<&'static str> {
        let halt = self.window.halt.filter(|_| self.window.halted_until().is_none())?;
        Some(match halt.kind {
            HaltKind::Suspended => "SUSPENSA",
            HaltKind::Cancelled => "CANCELADA",
        })
    }
}

/// Its window's id and what happens: never a date, so that a deadline that moves is the same event.
fn uid(window: &Window, topic: &str) -> String {
    format!("{topic}.{}@vigia-suas", window.id.as_str().replace('/', "."))
}

/// When the ministry last said anything: the last announcement or suspension. Of a first edition only the opening is
/// known, and that it was announced before: a year earlier stands for it.
fn changed_at(window: &Window, calendar: &Calendar) -> Timestamp {
    let announced = window.editions.iter().filter_map(|e| e.announced_on);
    let halted = window.halt.into_iter().flat_map(|halt| [halt.since, halt.until]).flatten();
    let first = window.opens_on.saturating_sub(1.year());
    calendar.hours.zone.start_of(announced.chain(halted).max().unwrap_or(first))
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
