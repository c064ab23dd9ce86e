//! The agenda as iCalendar (RFC 5545), for Outlook, Google and Thunderbird. Pure.
//!
//! An event's UID comes from its window's id alone, so that a calendar imported again moves the events it has instead of
//! adding to them; SEQUENCE grows with each revision (RFC 5545, 3.8.7.4). A date for some municipalities that rules
//! nowhere any more stays as a cancelled event: one that only vanished would stay in every calendar that has it. Instants
//! are in UTC and openings are whole days: no zone has to be described. Nothing here depends on when the file is written:
//! the same calendar and the same ledger give the same bytes.

use std::collections::BTreeMap;

use icalendar::{Alarm, Calendar as Ics, Component, Event, EventLike, EventStatus, Property, Trigger};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::super::portuguese as pt;
use super::{between, scope, source, system_name};
use crate::domain::calendar::{Calendar, Deadline, Edition, HaltKind, Window};
use crate::domain::id::{PartId, WindowId};
use crate::domain::time::{day_after, days_before};

const PRODUCT: &str = "-//vigia-suas//agenda REDE SUAS//PT-BR";

/// A new edition counts for so much: a suspension and its end may have come before it, and be in the file no more.
const OF_AN_EDITION: u32 = 3;

/// How often the service read an edition of a window otherwise than before.
pub type Reread = BTreeMap<WindowId, u32>;

/// The windows of a period as a calendar, and how many events it has.
pub fn ics(
    windows: &[Window],
    calendar: &Calendar,
    reread: &Reread,
    (from, to): (Date, Date),
) -> (String, usize) {
    let undeclared = Calendar { declared: Vec::new(), ..calendar.clone() };
    let mut out = Ics::empty();
    for (name, value) in [("VERSION", "2.0"), ("PRODID", PRODUCT), ("CALSCALE", "GREGORIAN")] {
        out.append_property(Property::new(name, value));
    }
    out.name("Prazos da REDE SUAS");
    for window in between(windows, from, to) {
        let told = Told {
            window,
            calendar,
            rewritten: reread.get(&window.id).copied().unwrap_or_default()
                + u32::from(undeclared.window(&window.id).is_some_and(|rule| differs(&rule, window))),
        };
        out.push(told.opening());
        let general = window.editions.iter().rfind(|e| e.municipalities.is_empty());
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

/// Whether a window written by hand has another first date than the rule that it stands for.
fn differs(rule: &Window, window: &Window) -> bool {
    let first = |window: &Window| (window.opens_on, window.edition(1).and_then(|edition| edition.deadline));
    first(rule) != first(window)
}

/// Whether, of the editions up to a number, one that names municipalities rules nowhere any more: each of them has a
/// newer one of its own, or a general one that is no earlier.
fn is_overtaken(window: &Window, special: &Edition, up_to: u16) -> bool {
    let newer = || window.editions.iter().filter(|e| e.number > special.number && e.number <= up_to);
    let general = newer().rfind(|e| e.municipalities.is_empty());
    let renamed = |code| newer().any(|e| e.municipalities.contains(code));
    general.is_some_and(|general| general.deadline >= special.deadline)
        || special.municipalities.iter().all(renamed)
}

/// A window as the calendar file tells it.
struct Told<'a> {
    window: &'a Window,
    calendar: &'a Calendar,
    /// How often it was written otherwise without a new edition.
    rewritten: u32,
}

impl Told<'_> {
    /// The first day, as a whole day that keeps nobody busy.
    fn opening(&self) -> Event {
        let window = self.window;
        let mut event = self.event("abertura", "Abre", 0, self.stopped());
        let day = |name, on: Date| Property::new(name, compact(on)).add_parameter("VALUE", "DATE").done();
        event.append_property(day("DTSTART", window.opens_on));
        event.append_property(day("DTEND", day_after(window.opens_on)));
        event.description(&description(window, self.calendar, window.editions.first()));
        event
    }

    /// The instant of a deadline, with an alarm for each rung at the hour at which its letters leave.
    fn due(&self, edition: &Edition, deadline: Deadline) -> Event {
        let (window, calendar) = (self.window, self.calendar);
        let ends_at = deadline.instant(&calendar.hours.zone);
        let newest = window.editions.last().map_or(edition.number, |last| last.number);
        let (topic, title, revised, why) = if edition.municipalities.is_empty() {
            let general = window.editions.iter().filter(|e| e.municipalities.is_empty()).count();
            let moved = u32::try_from(general.saturating_sub(1)).unwrap_or(u32::MAX);
            ("prazo".to_owned(), "Prazo", moved, self.stopped())
        } else {
            let states: Vec<bool> =
                (edition.number..=newest).map(|up_to| is_overtaken(window, edition, up_to)).collect();
            let turned = states.windows(2).filter(|pair| pair[0] != pair[1]).count();
            let overtaken = states.last().is_some_and(|overtaken| *overtaken).then_some("SUBSTITUÍDO");
            (
                format!("prazo-{}", edition.number),
                "Prazo (alguns municípios)",
                u32::try_from(turned).unwrap_or(u32::MAX),
                overtaken.or(self.stopped()),
            )
        };
        let mut event = self.event(&topic, title, revised, why);
        // Without an end the event ends where it starts; an end that is no later than the start is not allowed.
        event.append_property(Property::new("DTSTART", utc(ends_at)));
        event.description(&description(window, calendar, Some(edition)));
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

    /// What every event has. `revised`: how often editions changed it; `why`: why it no longer stands, in one word.
    fn event(&self, topic: &str, title: &str, revised: u32, why: Option<&str>) -> Event {
        let (window, calendar) = (self.window, self.calendar);
        let summary = format!("{title}: {}, {}", system_name(window, calendar), pt::period(window));
        let changed = utc(changed_at(window, calendar));
        let halted = window.halt.map_or(0, |halt| 1 + u32::from(halt.until.is_some()));
        let revised = revised.saturating_mul(OF_AN_EDITION).saturating_add(self.rewritten);
        let mut event = Event::new();
        event.uid(&uid(window, topic)).sequence(revised.saturating_add(halted));
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
