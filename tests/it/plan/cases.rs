//! The decision, sentence by sentence, in small worlds written out.

mod afterwards;
mod because;
mod calls;
mod closed;
mod editions;
mod elsewhere;
mod evidence;
mod feeds;
mod history;
mod holds;
mod letters;
mod staff;
mod status;
mod waits;

use std::num::NonZeroU16;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use vigia_suas::domain::calendar::{
    Audience, Calendar, CopyTo, Deadline, Edition, OnUnconfirmed, Part, Respondent, Rung, Sanction, System,
    Window,
};
use vigia_suas::domain::holiday::Holidays;
use vigia_suas::domain::id::{
    EmailAddress, FeedId, GerenciaId, Reference, SnapshotId, SystemId, UnitId, WindowId,
};
use vigia_suas::domain::notice::{Addressee, Kind, NoticeKey, Slot, StaffSlot, Told};
use vigia_suas::domain::overrides::{Authorship, Hold, HoldScope, Overrides};
use vigia_suas::domain::roster::{Contact, Municipality, Office, Offices, Role, Roster};
use vigia_suas::domain::status::{Basis, Belief, Load, Observation, State, StatusBook};
use vigia_suas::domain::time::{SendingHours, Zone};
use vigia_suas::plan::ledger::{CopyRequest, Ledger, NamedPart, NoticeRecord, Rest, StaffRecord, Standing};
use vigia_suas::plan::replay::Replay;
use vigia_suas::plan::{self, Plan, World};

use crate::support::world::{municipality_code, part};

/// A load taken then; loads arrive in the order of their instants.
fn load(feed: &str, when: &str) -> Load {
    Load {
        feed: FeedId::parse(feed).unwrap(),
        snapshot: SnapshotId::parse(when).unwrap(),
        arrival: u64::try_from(at(when).as_second()).unwrap(),
        taken_at: at(when),
        after: None,
    }
}

/// One window from Monday 2 March to Tuesday 31 March 2026, rungs at 10, 5 and 2 days, two municipalities.
#[derive(Clone)]
struct Case {
    calendar: Calendar,
    roster: Roster,
    /// The one of the day of `inicio`, where another is now.
    roster_at_start: Option<Roster>,
    status: StatusBook,
    /// What was known at earlier instants.
    status_then: BTreeMap<Timestamp, StatusBook>,
    overrides: Overrides,
    ledger: Ledger,
}

const FIRST: &str = "2026-03-31";

fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

/// Local time in Vitória, as `2026-03-10T09:00`.
fn at(text: &str) -> Timestamp {
    let local: DateTime = text.parse().unwrap();
    TimeZone::get("America/Sao_Paulo").unwrap().to_timestamp(local).unwrap()
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn deadline(on: &str) -> Deadline {
    Deadline { on: date(on), at: Deadline::DEFAULT_TIME }
}

fn told(on: &str) -> Told {
    Told::Date(deadline(on))
}

fn rung(edition: u16, days_before: u16) -> Slot {
    Slot::Rung { edition, days_before }
}

fn sent(text: &str) -> Standing {
    Standing::Sent { at: at(text), rest: Rest::Nothing }
}

fn live(text: &str) -> Standing {
    Standing::Sent { at: at(text), rest: Rest::Waits }
}

fn window_id() -> WindowId {
    WindowId::parse("rma/2026").unwrap()
}

fn authorship() -> Authorship {
    Authorship { author: "Ana".to_owned(), reason: "teste".to_owned(), at: at("2026-03-01T00:00") }
}

/// The version of a decision's letter; 0 where none was recorded yet.
fn version(decision: &plan::Decision) -> u16 {
    decision.version().map_or(0, NonZeroU16::get)
}

/// The decisions of a plan as `enviar rma/2026/divulgacao/3200003 v1 para a,b`.
fn acts(plan: &Plan) -> Vec<String> {
    let line = |d: &plan::Decision| {
        let to: Vec<&str> = d.to().iter().map(|r| r.address.as_str()).collect();
        let to = if to.is_empty() { String::new() } else { format!(" para {}", to.join(",")) };
        format!("{} {} v{}{to}", d.act().as_str(), d.key(), version(d))
    };
    plan.actions.iter().map(line).collect()
}

/// The same, without addresses.
fn brief(plan: &Plan) -> Vec<String> {
    plan.actions.iter().map(|d| format!("{} {} v{}", d.act().as_str(), d.key(), version(d))).collect()
}

/// What a pass did about municipalities; less the alerts to staff.
fn municipal(mut done: Vec<String>) -> Vec<String> {
    done.retain(|line| !line.contains("geral/alerta-"));
    done
}

impl Case {
    fn new() -> Self {
        let rung = |days_before, audience: Vec<Audience>, copies| Rung {
            days_before,
            audience,
            copies,
            unconfirmed: OnUnconfirmed::Withhold,
        };
        let id = SystemId::parse("rma").unwrap();
        let system = System {
            id: id.clone(),
            name: "RMA".to_owned(),
            link: "https://example.org".to_owned(),
            parts: vec![part("CRAS"), part("GESTAO")],
            gerencias: Vec::new(),
            sanction: Sanction::Standard,
            case_number: String::new(),
            status_validity: SignedDuration::from_hours(36),
            announce_to: vec![Audience::Smas, Audience::Cmas],
            confirm_opening: false,
            approve: false,
            referral_after: 1,
            ladder: vec![
                rung(10, vec![Audience::Smas], Vec::new()),
                rung(5, vec![Audience::Smas], vec![CopyTo::Gerencia]),
                rung(2, vec![Audience::Smas, Audience::Cmas], vec![CopyTo::Gerencia]),
            ],
            recurrence: None,
        };
        let part_of = |id: &str, respondent| Part {
            id: part(id),
            name: id.to_owned(),
            respondent,
            gerencia: Some(GerenciaId::parse("GPSB").unwrap()),
        };
        let calendar = Calendar {
            hours: SendingHours {
                zone: Zone::new(TimeZone::get("America/Sao_Paulo").unwrap()),
                from: Time::constant(8, 0, 0, 0),
                until: Time::constant(18, 0, 0, 0),
                business_days_only: true,
                holidays: Holidays::national(),
                waits: true,
            },
            parts: BTreeMap::from([
                (part("CRAS"), part_of("CRAS", Respondent::Unit)),
                (part("GESTAO"), part_of("GESTAO", Respondent::Smas)),
            ]),
            declared: vec![Window {
                id: window_id(),
                system: id.clone(),
                reference: Reference::Year(2026),
                name: None,
                parts: system.parts.clone(),
                respondent: None,
                opens_on: date("2026-03-02"),
                editions: Vec::new(),
                depends_on: None,
                halt: None,
                sanction: None,
                recurring: false,
            }],
            systems: BTreeMap::from([(id, system)]),
            starts_on: None,
            daily_limit: 1_000,
        };
        let mut case = Self {
            calendar,
            roster: roster(),
            roster_at_start: None,
            status: StatusBook::default(),
            status_then: BTreeMap::new(),
            overrides: Overrides::default(),
            ledger: Ledger::default(),
        };
        case.edition(FIRST, None, &[]);
        case.ledger.passed(at("2026-03-01T00:00"));
        case
    }

    fn window(&mut self) -> &mut Window {
        &mut self.calendar.declared[0]
    }

    fn edition(&mut self, on: &str, announced: Option<&str>, named: &[u32]) {
        let number = u16::try_from(self.window().editions.len() + 1).unwrap();
        self.window().editions.push(Edition {
            number,
            deadline: Some(deadline(on)),
            announced_on: announced.map(date),
            source: "teste".to_owned(),
            municipalities: named.iter().map(|n| municipality_code(*n)).collect(),
        });
    }

    fn hold(&mut self) {
        self.overrides.holds.push(Hold { scope: HoldScope::All, until: None, authorship: authorship() });
    }

    /// Puts a notice into the ledger, version 1, about GESTAO.
    fn has(&mut self, n: u32, slot: Slot, named: Option<&str>, standing: Standing) -> &mut Self {
        let (kind, edition) = match slot {
            Slot::Announcement => (Kind::Announcement, 1),
            Slot::Extension { edition } => (Kind::Extension, edition),
            Slot::Suspension { edition, .. } | Slot::Upheld { edition, .. } => (Kind::Suspension, edition),
            Slot::Rung { edition, .. } => (Kind::Warning, edition),
        };
        let recorded_at = match standing {
            Standing::Sent { at, .. } => at,
            _ => at("2026-03-02T08:00"),
        };
        let record = NoticeRecord {
            slot,
            kind,
            edition,
            told: named.map(told),
            version: Some(NonZeroU16::MIN),
            due_at: recorded_at,
            recorded_at,
            parts: if kind == Kind::Warning { vec![NamedPart::whole(part("GESTAO"))] } else { Vec::new() },
            copies: if matches!(slot, Slot::Rung { days_before: 5 | 2, .. }) {
                vec![to_gpsb()]
            } else {
                Vec::new()
            },
            standing,
        };
        self.ledger.put(&window_id(), municipality_code(n), record);
        self
    }

    /// Both municipalities were told of the first edition on its opening.
    fn announced(&mut self) -> &mut Self {
        for n in 0..2 {
            self.has(n, Slot::Announcement, Some(FIRST), sent("2026-03-02T08:00"));
        }
        self
    }

    /// What a feed says of one part.
    fn says(
        &mut self,
        feed: &str,
        n: u32,
        id: &str,
        unit: Option<&str>,
        state: State,
        when: &str,
    ) -> &mut Self {
        let observation = Observation {
            window: window_id(),
            municipality: municipality_code(n),
            part: part(id),
            unit: unit.map(|u| UnitId::parse(u).unwrap()),
            state,
            dated: None,
            basis: Basis::Row,
            line: 0,
            wording: None,
        };
        self.status.absorb(&observation, &load(feed, when), Belief::Cautious);
        self
    }

    /// CRAS is concluído and GESTAO as given, in both municipalities.
    fn gestao(&mut self, state: State, when: &str) -> &mut Self {
        for n in 0..2 {
            self.says("f", n, "CRAS", None, State::Done, when).says("f", n, "GESTAO", None, state, when);
        }
        self
    }

    fn plan(&self, now: &str) -> Plan {
        self.ask(|world| plan::plan(world, at(now)))
    }

    fn ask<T>(&self, look: impl FnOnce(&World<'_>) -> T) -> T {
        let windows = self.calendar.windows(date("2027-01-01"));
        look(&World {
            calendar: &self.calendar,
            windows: &windows,
            roster: &self.roster,
            roster_at_start: self.roster_at_start.as_ref(),
            status: &self.status,
            status_then: Some(&self.status_then),
            overrides: &self.overrides,
            ledger: &self.ledger,
        })
    }

    /// One pass to its end, every delivery accepted at once; what it did.
    fn pass(&mut self, now: &str) -> Vec<String> {
        let line = |d: &plan::Decision| format!("{} {} v{}", d.act().as_str(), d.key(), version(d));
        self.decide(now).iter().map(line).collect()
    }

    /// The same, as decided.
    fn decide(&mut self, now: &str) -> Vec<plan::Decision> {
        let mut replay = Replay::new(&self.calendar, &self.roster, at("2027-01-01T00:00")).unwrap();
        replay.roster_at_start = self.roster_at_start.as_ref();
        replay.overrides = self.overrides.clone();
        replay.status = self.status.clone();
        replay.ledger = self.ledger.clone();
        let mut done = Vec::new();
        replay.pass(at(now), |d| done.push(d.clone()));
        self.ledger = replay.ledger;
        done
    }
}

/// What the rungs of 5 and 2 days ask for.
fn to_gpsb() -> CopyRequest {
    CopyRequest { to: Addressee::Gerencia(GerenciaId::parse("GPSB").unwrap()), parts: vec![part("GESTAO")] }
}

fn roster() -> Roster {
    let municipality = |n: u32| {
        let code = municipality_code(n);
        let contact = |role: Role| Contact {
            addresses: vec![email(&format!("{role}{n}@es.test"))],
            role,
            holder: String::new(),
            telephone: String::new(),
        };
        let municipality = Municipality {
            code,
            name: format!("Município {n}"),
            region: "Sul".to_owned(),
            contacts: vec![contact(Role::Smas), contact(Role::Cmas)],
            exempt: BTreeSet::new(),
            note: String::new(),
        };
        (code, municipality)
    };
    let office =
        |name: &str| Office { name: name.to_owned(), addresses: vec![email(&format!("{name}@set.test"))] };
    Roster {
        municipalities: BTreeMap::from([municipality(0), municipality(1)]),
        units: None,
        offices: Offices {
            gerencias: BTreeMap::from([(GerenciaId::parse("GPSB").unwrap(), office("gpsb"))]),
            gsuas: office("gsuas"),
            alerts: vec![email("alertas@set.test")],
            daily_page: false,
        },
    }
}

/// The key of a municipal notice of the world's window.
fn key(slot: Slot, n: u32) -> String {
    format!("{}{slot}/{}", window_id(), municipality_code(n))
}
