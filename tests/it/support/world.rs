//! Small worlds, drawn at random or written out.
//!
//! Long because what is drawn and what it becomes are read side by side.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Time, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::prelude::*;
use proptest::test_runner::Config;
use vigia_suas::domain::calendar::{
    Audience, Calendar, CopyTo, Deadline, Edition, Halt, HaltKind, OnUnconfirmed, Part, Respondent, Rung,
    Sanction, System, Window,
};
use vigia_suas::domain::holiday::Holidays;
use vigia_suas::domain::id::{
    EmailAddress, GerenciaId, MunicipalityCode, PartId, Reference, SystemId, UnitId, WindowId,
};
use vigia_suas::domain::overrides::{Authorship, BatchId, Exemption, Hold, HoldScope, Overrides};
use vigia_suas::domain::roster::{Contact, Municipality, Office, Offices, Role, Roster, Unit, Units};
use vigia_suas::domain::status::{Basis, Observation, State};
use vigia_suas::domain::time::{SendingHours, Zone};
use vigia_suas::plan::replay::{Replay, StatusChange};

/// How many worlds a law is tried on: thousands where the program is optimised (`cargo test --release`, as `.ci/run`
/// does), fewer where it is not, so that the tests of every day take two minutes.
///
/// `PROPTEST_CASES` says otherwise: before a change of what decides lands, it is worth a night of 100,000.
pub(crate) fn worlds() -> Config {
    tried_on(64, 2_000)
}

/// How many worlds a law is tried on that lives through each of them more than once.
pub(crate) fn worlds_relived() -> Config {
    tried_on(24, 2_000)
}

/// How many worlds a law is tried on that lives through each of them minute by minute.
pub(crate) fn few_worlds() -> Config {
    tried_on(2, 24)
}

fn tried_on(daily: u32, thorough: u32) -> Config {
    let config = Config { failure_persistence: None, ..Config::default() };
    let is_asked_for = std::env::var_os("PROPTEST_CASES").is_some();
    let cases = if cfg!(debug_assertions) { daily } else { thorough };
    let cases = if is_asked_for { config.cases } else { cases };
    Config { cases, max_global_rejects: cases.max(1024), ..config }
}

/// The first day of every drawn world.
pub(crate) const FIRST_DAY: Date = date(2026, 3, 2);
/// How long a drawn world lasts, in days.
pub(crate) const DAYS: i64 = 75;

pub(crate) fn municipality_code(n: u32) -> MunicipalityCode {
    (0..10).find_map(|digit| MunicipalityCode::parse(&format!("{:06}{digit}", 320_000 + n)).ok()).unwrap()
}

pub(crate) fn part(text: &str) -> PartId {
    PartId::parse(text).unwrap()
}

fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

/// What a world is drawn as; small numbers only, so that a failing one shrinks to something readable.
#[derive(Debug, Clone)]
pub(crate) struct Draw {
    pub(crate) municipalities: Vec<MunicipalityDraw>,
    pub(crate) with_units: bool,
    pub(crate) windows: Vec<WindowDraw>,
    pub(crate) ladder: Vec<RungDraw>,
    pub(crate) validity_hours: i64,
    pub(crate) business_days_only: bool,
    pub(crate) daily_limit: usize,
    pub(crate) confirm_opening: bool,
    pub(crate) approve: bool,
    pub(crate) changes: Vec<ChangeDraw>,
    pub(crate) hold: Option<u8>,
    pub(crate) exemption: Option<(u8, u8, i64)>,
    pub(crate) starts_on: Option<i64>,
}

#[derive(Debug, Clone)]
pub(crate) struct MunicipalityDraw {
    pub(crate) smas: bool,
    pub(crate) cmas: bool,
    pub(crate) exempt: bool,
    pub(crate) units: u8,
}

#[derive(Debug, Clone)]
pub(crate) struct WindowDraw {
    pub(crate) opens: i64,
    pub(crate) lasts: Option<i64>,
    /// Announced so many days after the opening; deadline so many days after the first one's (or the opening); named
    /// municipality, if only one.
    pub(crate) editions: Vec<(i64, i64, Option<u8>)>,
    pub(crate) halt: Option<(i64, Option<i64>, bool)>,
}

#[derive(Debug, Clone)]
pub(crate) struct RungDraw {
    pub(crate) days_before: u16,
    pub(crate) audience: u8,
    pub(crate) copies: u8,
    pub(crate) remind: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct ChangeDraw {
    pub(crate) minutes: i64,
    pub(crate) window: u8,
    pub(crate) municipality: u8,
    pub(crate) part: u8,
    pub(crate) state: u8,
}

pub(crate) const PARTS: [&str; 4] = ["CRAS", "CREAS", "GESTAO", "CMAS"];

pub(crate) fn draws() -> impl Strategy<Value = Draw> {
    let municipality = (prop::bool::weighted(0.85), any::<bool>(), prop::bool::weighted(0.1), 0..4_u8)
        .prop_map(|(smas, cmas, exempt, units)| MunicipalityDraw { smas, cmas, exempt, units });
    let edition = (0..30_i64, -5..25_i64, prop::option::weighted(0.25, 0..3_u8));
    let halt = (0..25_i64, prop::option::of(1..20_i64), any::<bool>());
    let window = (
        0..20_i64,
        prop::option::weighted(0.9, 2..30_i64),
        prop::collection::vec(edition, 0..3),
        prop::option::weighted(0.2, halt),
    )
        .prop_map(|(opens, lasts, editions, halt)| WindowDraw { opens, lasts, editions, halt });
    let rung = (0..14_u16, 0..5_u8, 0..4_u8, prop::bool::weighted(0.3)).prop_map(
        |(days_before, audience, copies, remind)| RungDraw { days_before, audience, copies, remind },
    );
    let change = (0..DAYS * 24 * 4, 0..3_u8, 0..3_u8, 0..4_u8, 0..6_u8).prop_map(
        |(quarters, window, municipality, part, state)| ChangeDraw {
            minutes: quarters * 15,
            window,
            municipality,
            part,
            state,
        },
    );
    let first = (
        prop::collection::vec(municipality, 1..4),
        any::<bool>(),
        prop::collection::vec(window, 1..4),
        prop::collection::vec(rung, 0..5),
        12..400_i64,
        prop::bool::weighted(0.7),
    );
    let second = (
        prop_oneof![3 => Just(1000_usize), 1 => 1..6_usize],
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.1),
        prop::collection::vec(change, 0..40),
        prop::option::weighted(0.1, 0..4_u8),
        prop::option::weighted(0.2, (0..3_u8, 0..3_u8, 0..40_i64)),
        prop::option::weighted(0.2, 0..25_i64),
    );
    (first, second).prop_map(
        |(
            (municipalities, with_units, windows, ladder, validity_hours, business_days_only),
            (daily_limit, confirm_opening, approve, changes, hold, exemption, starts_on),
        )| Draw {
            municipalities,
            with_units,
            windows,
            ladder,
            validity_hours,
            business_days_only,
            daily_limit,
            confirm_opening,
            approve,
            changes,
            hold,
            exemption,
            starts_on,
        },
    )
}

/// A drawn world, built.
pub(crate) struct Built {
    pub(crate) calendar: Calendar,
    pub(crate) roster: Roster,
    pub(crate) overrides: Overrides,
    pub(crate) changes: Vec<StatusChange>,
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
}

impl Built {
    pub(crate) fn replay(&self) -> Replay<'_> {
        let mut replay = Replay::new(&self.calendar, &self.roster, self.until).unwrap();
        replay.overrides = self.overrides.clone();
        replay
    }
}

fn day(offset: i64) -> Date {
    FIRST_DAY.saturating_add(offset.days())
}

impl Draw {
    pub(crate) fn build(&self) -> Built {
        let hours = SendingHours {
            zone: Zone::new(TimeZone::get("America/Sao_Paulo").unwrap()),
            from: Time::constant(8, 0, 0, 0),
            until: Time::constant(18, 0, 0, 0),
            business_days_only: self.business_days_only,
            holidays: Holidays::national(),
            waits: true,
        };
        let system = self.system();
        let calendar = Calendar {
            parts: parts(),
            declared: self.windows(&system.id),
            systems: BTreeMap::from([(system.id.clone(), system)]),
            starts_on: self.starts_on.map(day),
            daily_limit: self.daily_limit,
            hours,
        };
        let zone = calendar.hours.zone.clone();
        let from = zone.start_of(FIRST_DAY);
        let mut changes: Vec<StatusChange> =
            self.changes.iter().filter_map(|c| self.change(c, from, &calendar.declared)).collect();
        changes.sort_by_key(|c| c.at);
        // One change an instant and key: what a file says twice at once has no order to keep.
        let mut seen = BTreeSet::new();
        changes.retain(|c| {
            let o = &c.observation;
            seen.insert((c.at, o.window.clone(), o.municipality, o.part.clone(), o.unit.clone()))
        });
        Built {
            overrides: self.overrides(from, &zone, &calendar.declared),
            roster: self.roster(),
            calendar,
            changes,
            from,
            until: zone.start_of(day(DAYS)),
        }
    }

    fn system(&self) -> System {
        let mut ladder: Vec<Rung> = Vec::new();
        for draw in &self.ladder {
            if ladder.iter().any(|r| r.days_before == draw.days_before) {
                continue;
            }
            ladder.push(Rung {
                days_before: draw.days_before,
                audience: match draw.audience {
                    0 => vec![Audience::Smas],
                    1 => vec![Audience::Cmas],
                    2 => vec![Audience::Respondent],
                    3 => vec![Audience::Smas, Audience::Respondent],
                    _ => vec![Audience::Unit],
                },
                copies: match draw.copies {
                    0 => vec![CopyTo::Gerencia],
                    1 => vec![CopyTo::Gsuas, CopyTo::Gerencia],
                    _ => Vec::new(),
                },
                unconfirmed: if draw.remind { OnUnconfirmed::Remind } else { OnUnconfirmed::Withhold },
            });
        }
        ladder.sort_by_key(|r| std::cmp::Reverse(r.days_before));
        System {
            id: SystemId::parse("rma").unwrap(),
            name: "RMA".to_owned(),
            link: "https://example.org".to_owned(),
            parts: PARTS.map(part).to_vec(),
            gerencias: vec![GerenciaId::parse("GPSB").unwrap(), GerenciaId::parse("GPSE").unwrap()],
            sanction: Sanction::Standard,
            case_number: String::new(),
            status_validity: SignedDuration::from_hours(self.validity_hours),
            announce_to: vec![Audience::Smas, Audience::Cmas],
            confirm_opening: self.confirm_opening,
            approve: self.approve,
            referral_after: 1,
            ladder,
            recurrence: None,
        }
    }

    fn windows(&self, system: &SystemId) -> Vec<Window> {
        let one = |(n, draw): (usize, &WindowDraw)| {
            let reference = Reference::Year(2026);
            let name = format!("onda-{n}");
            let first = draw.lasts.map(|lasts| draw.opens + lasts);
            let mut editions = vec![Edition {
                number: 1,
                deadline: first.map(|d| Deadline { on: day(d), at: Deadline::DEFAULT_TIME }),
                announced_on: None,
                source: "teste".to_owned(),
                municipalities: BTreeSet::new(),
            }];
            let mut announced = draw.opens;
            for (after, moves, named) in &draw.editions {
                announced += after;
                editions.push(Edition {
                    number: u16::try_from(editions.len() + 1).unwrap(),
                    deadline: Some(Deadline {
                        on: day(first.unwrap_or(draw.opens + 10) + moves).max(day(draw.opens)),
                        at: Deadline::DEFAULT_TIME,
                    }),
                    announced_on: Some(day(announced)),
                    source: "teste".to_owned(),
                    municipalities: named.map(|m| municipality_code(u32::from(m))).into_iter().collect(),
                });
            }
            Window {
                id: WindowId::new(system, reference, Some(&name)).unwrap(),
                system: system.clone(),
                reference,
                name: Some(name),
                parts: PARTS.map(part).to_vec(),
                respondent: None,
                opens_on: day(draw.opens),
                editions,
                depends_on: None,
                halt: draw.halt.map(|(since, until, cancelled)| Halt {
                    kind: if cancelled { HaltKind::Cancelled } else { HaltKind::Suspended },
                    since: Some(day(draw.opens + since)),
                    until: until.map(|u| day(draw.opens + since + u)),
                }),
                sanction: None,
                recurring: false,
            }
        };
        self.windows.iter().enumerate().map(one).collect()
    }

    fn roster(&self) -> Roster {
        let gerencia = |id: &str| {
            let office =
                Office { name: id.to_owned(), addresses: vec![email(&format!("{id}@setades.test"))] };
            (GerenciaId::parse(id).unwrap(), office)
        };
        let mut units = Vec::new();
        let mut municipalities = BTreeMap::new();
        for (n, draw) in self.municipalities.iter().enumerate() {
            let n = u32::try_from(n).unwrap();
            let code = municipality_code(n);
            let contact = |role: Role, there: bool| Contact {
                addresses: there.then(|| email(&format!("{role}.{code}@es.test"))).into_iter().collect(),
                role,
                holder: String::new(),
                telephone: String::new(),
            };
            for unit in 0..draw.units {
                units.push(Unit {
                    id: UnitId::parse(&unit_id(code, unit)).unwrap(),
                    municipality: code,
                    part: part(PARTS[usize::from(unit % 2)]),
                    name: format!("Unidade {unit}"),
                    addresses: vec![email(&format!("u{unit}.{code}@es.test"))],
                    telephone: String::new(),
                    from: None,
                    until: (unit == 2).then(|| day(30)),
                });
            }
            let municipality = Municipality {
                code,
                name: format!("Município {n}"),
                region: "Sul".to_owned(),
                contacts: vec![contact(Role::Smas, draw.smas), contact(Role::Cmas, draw.cmas)],
                exempt: if draw.exempt {
                    BTreeSet::from([SystemId::parse("rma").unwrap()])
                } else {
                    BTreeSet::new()
                },
                note: String::new(),
            };
            municipalities.insert(code, municipality);
        }
        Roster {
            municipalities,
            units: self.with_units.then(|| Units::new(units)),
            offices: Offices {
                gerencias: BTreeMap::from([gerencia("GPSB"), gerencia("GPSE")]),
                gsuas: Office { name: "GSUAS".to_owned(), addresses: vec![email("gsuas@setades.test")] },
                alerts: vec![email("alertas@setades.test")],
                daily_page: false,
            },
        }
    }

    fn change(&self, draw: &ChangeDraw, from: Timestamp, windows: &[Window]) -> Option<StatusChange> {
        let window = windows.get(usize::from(draw.window))?;
        self.municipalities.get(usize::from(draw.municipality))?;
        Some(StatusChange {
            at: from + SignedDuration::from_mins(draw.minutes),
            observation: Observation {
                window: window.id.clone(),
                municipality: municipality_code(u32::from(draw.municipality)),
                part: part(PARTS[usize::from(draw.part)]),
                unit: None,
                state: match draw.state {
                    0..=2 => State::Pending,
                    3 => State::Done,
                    4 => State::NotApplicable,
                    _ => State::Unconfirmed,
                },
                dated: None,
                basis: Basis::Row,
                line: 0,
                wording: None,
            },
        })
    }

    fn overrides(&self, from: Timestamp, zone: &Zone, windows: &[Window]) -> Overrides {
        let authorship = Authorship { author: "teste".to_owned(), reason: "teste".to_owned(), at: from };
        let mut overrides = Overrides::default();
        if let Some(n) = self.hold {
            let scope = match n {
                0 => HoldScope::All,
                1 => HoldScope::Window(windows[0].id.clone()),
                2 => HoldScope::Municipality(municipality_code(0)),
                _ => HoldScope::Batch(BatchId::parse(&format!("{}/divulgacao", windows[0].id)).unwrap()),
            };
            overrides.holds.push(Hold { scope, until: None, authorship: authorship.clone() });
        }
        if let Some((municipality, window, until)) = self.exemption
            && let Some(window) = windows.get(usize::from(window))
        {
            overrides.exemptions.push(Exemption {
                municipality: municipality_code(u32::from(municipality)),
                window: window.id.clone(),
                part: None,
                until: Some(zone.date_of(from).saturating_add(until.days())),
                authorship,
            });
        }
        overrides
    }
}

pub(crate) fn unit_id(code: MunicipalityCode, unit: u8) -> String {
    format!("{}{unit:05}", code.six())
}

fn parts() -> BTreeMap<PartId, Part> {
    let one = |id: &str, respondent, gerencia: Option<&str>| {
        let part = Part {
            id: part(id),
            name: id.to_owned(),
            respondent,
            gerencia: gerencia.map(|g| GerenciaId::parse(g).unwrap()),
        };
        (part.id.clone(), part)
    };
    BTreeMap::from([
        one("CRAS", Respondent::Unit, Some("GPSB")),
        one("CREAS", Respondent::Unit, Some("GPSE")),
        one("GESTAO", Respondent::Smas, None),
        one("CMAS", Respondent::Cmas, None),
    ])
}
