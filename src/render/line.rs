//! One decision on one line: JSON Lines for programs, a diary for people. Pure.

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::calendar::Calendar;
use crate::domain::notice::{Kind, NoticeKey};
use crate::domain::plan::Decision;
use crate::domain::roster::Roster;

use super::because;
use super::portuguese as pt;

/// The line as programs read it. The order of the fields is the order of the keys (DESIGN §5, contract).
#[derive(Debug, Serialize)]
struct Event<'a> {
    em: String,
    acao: &'static str,
    aviso: String,
    janela: Option<&'a str>,
    edicao: Option<u16>,
    tipo: Option<&'static str>,
    degrau: Option<String>,
    municipio: Option<String>,
    para: Vec<&'a str>,
    porque: String,
}

/// One compact JSON object, without a line break.
#[must_use]
pub fn event_line(at: Timestamp, decision: &Decision, calendar: &Calendar) -> String {
    let event = Event {
        em: rfc3339(at, calendar),
        acao: decision.act.as_str(),
        aviso: decision.key.to_string(),
        janela: decision.window().map(super::super::domain::id::WindowId::as_str),
        edicao: decision.edition,
        tipo: decision.kind.map(Kind::as_str),
        degrau: decision.rung.map(because::rung),
        municipio: decision.key.municipality().map(|code| code.to_string()),
        para: decision.to.iter().map(|to| to.address.as_str()).collect(),
        porque: because::because(&decision.because, calendar),
    };
    serde_json::to_string(&event).unwrap_or_default()
}

/// An instant as RFC 3339 with the calendar zone's offset: `2023-12-05T08:00:00-03:00`.
#[must_use]
pub fn rfc3339(at: Timestamp, calendar: &Calendar) -> String {
    calendar.hours.zone.zoned(at).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// One line for a terminal: `05/12 08:00 enviar rma/2026-11@1/prazo-2d → 3205309 Vitória: …`.
#[must_use]
pub fn diary_line(at: Timestamp, decision: &Decision, calendar: &Calendar, roster: &Roster) -> String {
    let zone = &calendar.hours.zone;
    let (date, time) = (zone.date_of(at), pt::time(zone.time_of(at)));
    let notice = match &decision.key {
        NoticeKey::Municipal { window, slot, .. } => format!("{window}{slot}"),
        other => other.to_string(),
    };
    let mut line = format!("{:02}/{:02} {time} {} {notice}", date.day(), date.month(), decision.act.as_str());
    if let Some(code) = decision.key.municipality() {
        let name = roster.municipalities.get(&code).map(|m| pt::line(&m.name)).unwrap_or_default();
        line.push_str(format!(" → {code} {name}").trim_end());
    }
    line.push_str(": ");
    line.push_str(&because::because(&decision.because, calendar));
    line
}
