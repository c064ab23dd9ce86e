//! One decision on one line: JSON Lines for programs, a diary for people. Pure.

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::calendar::Calendar;
use crate::domain::id::WindowId;
use crate::domain::notice::{Kind, NoticeKey};
use crate::domain::roster::Roster;
use crate::plan::contrast::{Difference, Shift};
use crate::plan::{Act, Decision};

use super::because;
use super::contrast;
use super::portuguese as pt;

/// The line as programs read it. The order of the fields is the order of the keys.
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

/// The same, and what changes.
#[derive(Debug, Serialize)]
struct Contrasted<'a> {
    #[serde(flatten)]
    event: Event<'a>,
    mudanca: &'static str,
    antes: Option<String>,
}

/// One compact JSON object, without a line break.
pub fn event_line(at: Timestamp, decision: &Decision, calendar: &Calendar) -> String {
    serde_json::to_string(&event_of(at, decision, calendar)).unwrap_or_default()
}

fn event_of<'a>(at: Timestamp, decision: &'a Decision, calendar: &Calendar) -> Event<'a> {
    Event {
        em: rfc3339(at, calendar),
        acao: decision.act().as_str(),
        aviso: decision.key().to_string(),
        janela: decision.window().map(WindowId::as_str),
        edicao: decision.edition(),
        tipo: decision.kind().map(Kind::as_str),
        degrau: decision.rung().map(because::rung),
        municipio: decision.municipality().map(|code| code.to_string()),
        para: decision.to().iter().map(|to| to.address.as_str()).collect(),
        porque: because::because(decision.because(), calendar),
    }
}

/// The line of a notice that another configuration treats otherwise: the contract's keys as the other has them, then
/// `mudanca` and, in `antes`, when the one in force would send it. What it would no longer send is `retirar`.
pub fn contrast_line(difference: &Difference, in_force: &Calendar, other: &Calendar) -> String {
    let (event, calendar) = match (&difference.after, &difference.before) {
        (Some(after), _) => (after, other),
        (None, Some(before)) => (before, in_force),
        (None, None) => return String::new(),
    };
    let mut told = event_of(event.at, &event.decision, calendar);
    if matches!(difference.shift, Shift::Dropped | Shift::Withdrawn) {
        told.acao = Act::Withdraw.as_str();
    }
    let contrasted = Contrasted {
        event: told,
        mudanca: contrast::shift_code(difference.shift),
        antes: difference.before.as_ref().map(|before| rfc3339(before.at, in_force)),
    };
    serde_json::to_string(&contrasted).unwrap_or_default()
}

/// An instant as RFC 3339 with the calendar zone's offset: `2023-12-05T08:00:00-03:00`.
pub fn rfc3339(at: Timestamp, calendar: &Calendar) -> String {
    calendar.hours.zone.zoned(at).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// One line for a terminal: `05/12 08:00 enviar rma/2026-11@1/prazo-2d → 3205309 Vitória: …`. Addresses are left out.
pub fn diary_line(at: Timestamp, decision: &Decision, calendar: &Calendar, roster: &Roster) -> String {
    let zone = &calendar.hours.zone;
    let (date, time) = (zone.date_of(at), pt::time(zone.time_of(at)));
    let notice = match decision.key() {
        NoticeKey::Municipal { window, slot, .. } => format!("{window}{slot}"),
        other => other.to_string(),
    };
    let mut line =
        format!("{:02}/{:02} {time} {} {notice}", date.day(), date.month(), decision.act().as_str());
    if let Some(code) = decision.municipality() {
        let name = roster.municipalities.get(&code).map(|m| pt::line(&m.name)).unwrap_or_default();
        line.push_str(format!(" → {code} {name}").trim_end());
    }
    line.push_str(": ");
    line.push_str(&because::because(decision.because(), calendar));
    line
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;

    use super::*;
    use crate::domain::calendar::{Deadline, Sanction};
    use crate::domain::closing::Closing;
    use crate::domain::id::EmailAddress;
    use crate::domain::notice::{Content, Recipient, Slot};
    use crate::domain::reason::Reason;
    use crate::domain::roster::Role;
    use crate::plan::{Notice, Report, Sending};
    use crate::render::letter::example::{World, notice};

    fn at() -> Timestamp {
        "2023-12-05T11:00:00Z".parse().unwrap()
    }

    fn warning(world: &World) -> Decision {
        let key = NoticeKey::Municipal {
            window: world.window.clone(),
            slot: Slot::Rung { edition: 1, days_before: 10 },
            municipality: world.municipality,
        };
        let deadline = Deadline { on: jiff::civil::date(2023, 12, 15), at: Deadline::DEFAULT_TIME };
        let address = EmailAddress::parse("smas@vitoria.invalid").unwrap();
        let to = vec![Recipient { role: Role::Smas, address }];
        let notice = Notice { to, ..notice(key, Content::Warning { deadline, pending: Vec::new() }) };
        send(notice, Reason::RungDue { due_at: at(), rows: Vec::new() })
    }

    fn send(notice: Notice, because: Reason) -> Decision {
        Decision::Send(Sending { notice, version: NonZeroU16::MIN, copies: Vec::new(), because })
    }

    #[test]
    fn an_event_has_the_contracts_keys_in_the_contracts_order() {
        let world = World::new(Sanction::Standard, "").unwrap();
        assert_eq!(
            event_line(at(), &warning(&world), &world.calendar),
            concat!(
                r#"{"em":"2023-12-05T08:00:00-03:00","acao":"enviar","#,
                r#""aviso":"censo-suas/2023@1/prazo-10d/3205309","janela":"censo-suas/2023","edicao":1,"#,
                r#""tipo":"prazo","degrau":"10d","municipio":"3205309","para":["smas@vitoria.invalid"],"#,
                r#""porque":"O aviso é devido desde 05/12/2023 às 08:00 e há preenchimento pendente."}"#
            )
        );
    }

    #[test]
    fn absent_facts_are_null() {
        let world = World::new(Sanction::Standard, "").unwrap();
        let key = NoticeKey::parse("geral/alerta-liberar-2023-12-05").unwrap();
        let alert =
            send(notice(key, Content::Alert { items: Vec::new() }), Reason::StaffNeeded { notices: 1 });
        assert_eq!(
            event_line(at(), &alert, &world.calendar),
            concat!(
                r#"{"em":"2023-12-05T08:00:00-03:00","acao":"enviar","aviso":"geral/alerta-liberar-2023-12-05","#,
                r#""janela":null,"edicao":null,"tipo":"alerta","degrau":null,"municipio":null,"para":[],"#,
                r#""porque":"1 aviso espera providência da equipe."}"#
            )
        );
        let report = Decision::Publish(Report::new(
            world.window.clone(),
            2,
            std::sync::Arc::new(Closing::empty(at())),
        ));
        assert_eq!(
            event_line(at(), &report, &world.calendar),
            concat!(
                r#"{"em":"2023-12-05T08:00:00-03:00","acao":"publicar","aviso":"censo-suas/2023@2/relatorio","#,
                r#""janela":"censo-suas/2023","edicao":2,"tipo":null,"degrau":null,"municipio":null,"para":[],"#,
                r#""porque":"O prazo encerrou-se em 05/12/2023 às 08:00."}"#
            )
        );
    }

    #[test]
    fn the_diary_names_the_municipality() {
        let world = World::new(Sanction::Standard, "").unwrap();
        assert_eq!(
            diary_line(at(), &warning(&world), &world.calendar, &world.roster),
            "05/12 08:00 enviar censo-suas/2023@1/prazo-10d → 3205309 Vitória: O aviso é devido desde \
             05/12/2023 às 08:00 e há preenchimento pendente."
        );
    }
}
