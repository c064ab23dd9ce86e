//! A stage: the scenarios' own configuration (`support/config`: the systems, the ladders and the 78 municipalities, which
//! no edit of the shipped files changes) with what a scenario adds to it, statuses by formula, and a run over real dates.
//!
//! Long because a scenario is read with all that its stage can do in sight.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, ToSpan};
use vigia_suas::config::{Config, LoadError, Sources, compile};
use vigia_suas::domain::calendar::{Calendar, Respondent, Window};
use vigia_suas::domain::id::{MunicipalityCode, PartId, UnitId, WindowId};
use vigia_suas::domain::notice::{Kind, NoticeKey};
use vigia_suas::domain::overrides::{Authorship, BatchId, Exemption, Hold, HoldScope, Note};
use vigia_suas::domain::roster::Roster;
use vigia_suas::domain::status::{Basis, Observation, State};
use vigia_suas::plan::replay::{Replay, StatusChange};
use vigia_suas::plan::{Act, Decision};

use super::diary;

const CALENDAR: &str = include_str!("../support/config/calendario.toml");
const MUNICIPALITIES: &str = include_str!("../support/config/municipios.csv");

/// A calendar and a roster, compiled as operators' files are.
pub(super) struct Stage {
    pub(super) calendar: Calendar,
    pub(super) roster: Roster,
}

/// The scenarios' files, changed where one asks.
pub(super) struct Script {
    calendar: String,
    municipalities: String,
    units: Option<String>,
}

impl Script {
    /// Their calendar with these windows at its end.
    pub(super) fn new(windows: &str) -> Self {
        Self {
            calendar: format!("{CALENDAR}\n{windows}"),
            municipalities: MUNICIPALITIES.to_owned(),
            units: None,
        }
    }

    /// With the register of units.
    pub(super) fn with_units(mut self) -> Self {
        self.units = Some(units_csv());
        self
    }

    /// With one line of the calendar written otherwise.
    pub(super) fn where_calendar(mut self, says: &str, now_says: &str) -> Self {
        assert!(self.calendar.contains(says), "the calendar does not say {says}");
        self.calendar = self.calendar.replacen(says, now_says, 1);
        self
    }

    /// With a text of the municipalities' file written otherwise.
    pub(super) fn where_roster(mut self, says: &str, now_says: &str) -> Self {
        assert!(self.municipalities.contains(says), "the roster does not say {says}");
        self.municipalities = self.municipalities.replacen(says, now_says, 1);
        self
    }

    pub(super) fn compile(self) -> Stage {
        let mut sources = Sources::default()
            .with("vigia.toml", include_str!("../support/config/vigia.toml"))
            .with("feriados.toml", include_str!("../support/config/feriados.toml"))
            .with("calendario.toml", self.calendar)
            .with("municipios.csv", self.municipalities);
        if let Some(units) = self.units {
            sources = sources.with("unidades.csv", units);
        }
        let now = "2030-01-01T12:00:00Z".parse().unwrap();
        let Config { mut calendar, roster, .. } = match compile(&sources, now) {
            Ok(config) => config,
            Err(LoadError::Faulty(faults)) => panic!("{}", faults.render(false)),
            Err(other) => panic!("{other}"),
        };
        assert_eq!(calendar.starts_on, None);
        calendar.hours.waits = true;
        Stage { calendar, roster }
    }
}

/// Units as the Censo 2023 counted them in Espírito Santo, spread over the 78 municipalities; some without an address.
fn units_csv() -> String {
    let codes: Vec<&str> = MUNICIPALITIES.lines().skip(1).filter_map(|line| line.split(';').next()).collect();
    let mut csv = String::from("id;ibge;parte;nome;email;telefone;desde;ate\n");
    let parts = [
        ("CRAS", 157),
        ("CREAS", 82),
        ("CENTRO POP", 7),
        ("ACOLHIMENTO", 182),
        ("CONVIVENCIA", 223),
        ("CENTRO DIA", 39),
        ("FAMILIA ACOLHEDORA", 10),
    ];
    for (kind, (part, count)) in parts.into_iter().enumerate() {
        for n in 0..count {
            let code = codes[(n * 7 + kind) % codes.len()];
            let id = format!("32{kind}{n:05}");
            let email =
                if n % 9 == 8 { String::new() } else { format!("unidade.{kind}-{n}@municipio.invalid") };
            let _ = writeln!(csv, "{id};{code};{part};{part} {n};{email};;;");
        }
    }
    csv
}

/// A number below `out_of` that depends on nothing but the text.
pub(super) fn draw(text: &str, out_of: u32) -> u32 {
    let mut hash = text.bytes().fold(2_166_136_261_u32, |h, b| (h ^ u32::from(b)).wrapping_mul(16_777_619));
    hash ^= hash >> 15;
    hash = hash.wrapping_mul(2_246_822_519);
    hash ^= hash >> 13;
    hash % out_of
}

/// Who owes what: one line of a status file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owed<'a> {
    pub(super) municipality: MunicipalityCode,
    pub(super) part: &'a PartId,
    pub(super) unit: Option<&'a UnitId>,
}

impl Owed<'_> {
    pub(super) fn seed(&self) -> String {
        let unit = self.unit.map(UnitId::as_str).unwrap_or_default();
        format!("{}/{}/{unit}", self.municipality, self.part)
    }
}

impl Stage {
    pub(super) fn window(&self, id: &str) -> Window {
        self.calendar.window(&WindowId::parse(id).unwrap()).unwrap()
    }

    pub(super) fn codes(&self) -> Vec<MunicipalityCode> {
        self.roster.municipalities.keys().copied().collect()
    }

    pub(super) fn code(&self, name: &str) -> MunicipalityCode {
        self.roster.municipalities.values().find(|m| m.name == name).unwrap().code
    }

    pub(super) fn at(&self, text: &str) -> Timestamp {
        let local: DateTime = text.parse().unwrap();
        self.calendar.hours.zone.at(local.date(), local.time())
    }

    /// Everything owed in a window: unit by unit where the register has units.
    pub(super) fn owed<'a>(&'a self, window: &'a Window) -> Vec<Owed<'a>> {
        let mut owed = Vec::new();
        for municipality in self.codes() {
            for part in &window.parts {
                let of_units = window.respondent_of(&self.calendar.parts[part]) == Respondent::Unit;
                if of_units && self.roster.units.is_some() {
                    let units = self.roster.units_of(municipality, part);
                    owed.extend(units.map(|unit| Owed { municipality, part, unit: Some(&unit.id) }));
                } else {
                    owed.push(Owed { municipality, part, unit: None });
                }
            }
        }
        owed
    }

    /// A snapshot each morning at 06:00, from one day to another: what the formula says of everything owed.
    pub(super) fn each_morning(
        &self,
        window: &str,
        from: Date,
        until: Date,
        state: impl Fn(Owed<'_>, Date) -> State,
    ) -> Vec<StatusChange> {
        let window = self.window(window);
        let owed = self.owed(&window);
        let mut changes = Vec::new();
        let mut day = from;
        while day <= until {
            let at = self.calendar.hours.zone.at(day, jiff::civil::time(6, 0, 0, 0));
            for one in &owed {
                changes.push(StatusChange {
                    at,
                    observation: Observation {
                        window: window.id.clone(),
                        municipality: one.municipality,
                        part: one.part.clone(),
                        unit: one.unit.cloned(),
                        state: state(*one, day),
                        dated: None,
                        basis: Basis::Row,
                        line: 0,
                        wording: None,
                    },
                });
            }
            day = day.checked_add(1.day()).unwrap();
        }
        changes
    }
}

/// A run: the real decision in virtual time, what people do to it meanwhile, and all that it decided.
pub(super) struct Play<'a> {
    pub(super) stage: &'a Stage,
    pub(super) replay: Replay<'a>,
    pub(super) log: Vec<Line>,
    changes: Vec<StatusChange>,
    now: Timestamp,
}

/// One line of a run.
pub(super) enum Line {
    /// A decision.
    Decided(Timestamp, Box<Decision>),
    /// Something that a person or the weather did.
    Happened(Timestamp, String),
}

impl<'a> Play<'a> {
    pub(super) fn new(stage: &'a Stage, from: &str, until: &str, mut changes: Vec<StatusChange>) -> Self {
        changes.sort_by_key(|c| c.at);
        let replay = Replay::new(&stage.calendar, &stage.roster, stage.at(until)).unwrap();
        Self { stage, replay, log: Vec::new(), changes, now: stage.at(from) }
    }

    /// Runs on until that local time.
    pub(super) fn until(&mut self, text: &str) -> &mut Self {
        let until = self.stage.at(text);
        let log = &mut self.log;
        let split = self.changes.partition_point(|c| c.at <= until);
        let later = self.changes.split_off(split);
        self.replay.run(self.now, until, &self.changes, |at, decision| {
            log.push(Line::Decided(at, Box::new(decision.clone())));
        });
        self.changes = later;
        self.now = until;
        self
    }

    /// Nobody looks until that local time; then the daemon is back.
    pub(super) fn down_until(&mut self, text: &str) -> &mut Self {
        let until = self.stage.at(text);
        self.happened(&format!("parada até {text}"));
        self.replay.ledger.outage = Some(vigia_suas::plan::ledger::Outage { from: self.now, until });
        self.now = until;
        self
    }

    /// The clock is moved; nothing is learnt.
    pub(super) fn clock_set_to(&mut self, text: &str) -> &mut Self {
        self.happened(&format!("relógio posto em {text}"));
        self.now = self.stage.at(text);
        self
    }

    /// Goes on from there with a ledger and statuses that were put in.
    pub(super) fn resume(&mut self, text: &str) -> &mut Self {
        self.now = self.stage.at(text);
        self.changes.retain(|c| c.at > self.now);
        self
    }

    pub(super) fn release(&mut self, batch: &str) -> &mut Self {
        self.happened(&format!("liberar {batch}"));
        self.replay.overrides.release(BatchId::parse(batch).unwrap(), self.now);
        self
    }

    pub(super) fn hold(&mut self, scope: HoldScope) -> &mut Self {
        self.happened(&format!("reter {scope}"));
        self.replay.overrides.holds.push(Hold { scope, until: None, authorship: self.authorship() });
        self
    }

    pub(super) fn hold_until(&mut self, scope: HoldScope, until: Date) -> &mut Self {
        self.happened(&format!("reter {scope} até {until}"));
        self.replay.overrides.holds.push(Hold { scope, until: Some(until), authorship: self.authorship() });
        self
    }

    /// A call, and a pause that it earned.
    pub(super) fn note(&mut self, name: &str, window: &str, until: Date) -> &mut Self {
        self.happened(&format!("anotar {name} até {until}"));
        self.replay.overrides.notes.push(Note {
            municipality: self.stage.code(name),
            window: WindowId::parse(window).unwrap(),
            telephone: None,
            until: Some(until),
            authorship: self.authorship(),
        });
        self
    }

    pub(super) fn release_holds(&mut self) -> &mut Self {
        self.happened("liberar o que foi retido");
        self.replay.overrides.holds.clear();
        self
    }

    pub(super) fn exempt(&mut self, window: &str, name: &str, part: Option<&str>) -> &mut Self {
        self.happened(&format!("dispensar {name} {}", part.unwrap_or("de tudo")));
        self.replay.overrides.exemptions.push(Exemption {
            municipality: self.stage.code(name),
            window: WindowId::parse(window).unwrap(),
            part: part.map(|p| PartId::parse(p).unwrap()),
            until: None,
            authorship: self.authorship(),
        });
        self
    }

    fn authorship(&self) -> Authorship {
        Authorship { author: "Ana".to_owned(), reason: "conferência".to_owned(), at: self.now }
    }

    fn happened(&mut self, what: &str) {
        self.log.push(Line::Happened(self.now, what.to_owned()));
    }

    /// The run as people read it.
    pub(super) fn diary(&self) -> String {
        diary::write(&self.log, self.stage)
    }

    pub(super) fn decisions(&self) -> impl Iterator<Item = (Timestamp, &Decision)> {
        self.log.iter().filter_map(|line| match line {
            Line::Decided(at, decision) => Some((*at, &**decision)),
            Line::Happened(..) => None,
        })
    }

    /// What was done to notices of one kind: local time, municipality, decision.
    pub(super) fn acts(
        &self,
        act: Act,
        kind: Kind,
    ) -> impl Iterator<Item = (String, Option<MunicipalityCode>, &Decision)> {
        self.decisions()
            .filter(move |(_, d)| d.act() == act && d.kind() == Some(kind))
            .map(|(at, d)| (self.local(at), d.key().municipality(), d))
    }

    pub(super) fn sent(
        &self,
        kind: Kind,
    ) -> impl Iterator<Item = (String, Option<MunicipalityCode>, &Decision)> {
        self.acts(Act::Send, kind)
    }

    /// The local times at which something of a kind was sent, with how many each time.
    pub(super) fn times(&self, act: Act, kind: Kind, edition: u16) -> Vec<(String, usize)> {
        let mut times: Vec<(String, usize)> = Vec::new();
        for (at, ..) in self.acts(act, kind).filter(|(.., d)| d.edition() == Some(edition)) {
            match times.last_mut() {
                Some((last, count)) if *last == at => *count += 1,
                _ => times.push((at, 1)),
            }
        }
        times
    }

    /// To whom something of a kind went.
    pub(super) fn told(&self, kind: Kind, edition: u16) -> BTreeSet<MunicipalityCode> {
        self.sent(kind)
            .filter(|(.., d)| d.edition() == Some(edition))
            .filter_map(|(_, code, _)| code)
            .collect()
    }

    pub(super) fn local(&self, at: Timestamp) -> String {
        self.stage.calendar.hours.zone.zoned(at).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// Laws of every run: each notice once, inside the hours and its validity, one letter a day, 48 hours of quiet,
    /// nothing to somebody told of a date that no longer holds.
    pub(super) fn keeps_every_law(&self) {
        let mut keys = BTreeSet::new();
        let mut days = BTreeSet::new();
        let mut quiet: std::collections::BTreeMap<_, Timestamp> = std::collections::BTreeMap::new();
        for (at, d) in self.decisions().filter(|(_, d)| d.act() == Act::Send) {
            assert!(keys.insert(d.key().to_string()), "{} twice", d.key());
            assert!(!d.to().is_empty(), "{} to nobody", d.key());
            let NoticeKey::Municipal { window, municipality, .. } = d.key() else { continue };
            assert_eq!(self.stage.calendar.hours.next_sending(at), at, "{} outside the hours", d.key());
            assert!(d.valid_until().is_none_or(|until| at < until), "{} after its validity", d.key());
            let who = (window.clone(), *municipality);
            if matches!(d.kind(), Some(Kind::Warning | Kind::Reminder)) {
                let told = quiet.get(&who);
                let rested = told.is_none_or(|t| at.duration_since(*t).as_hours() >= 48);
                assert!(rested, "{} within 48 h of a divulgação or correction", d.key());
            } else {
                quiet.insert(who.clone(), at);
            }
            if d.kind() != Some(Kind::Suspension) {
                let day = self.stage.calendar.hours.zone.date_of(at);
                assert!(days.insert((who, day)), "{}: a second letter on {day}", d.key());
            }
        }
    }
}

/// A municipality as most are: of one in thirteen nobody knows; the others conclude between ten and fifty-five days
/// after the opening.
pub(super) fn ordinary(owed: Owed<'_>, opened: Date, day: Date) -> State {
    if draw(&format!("{opened} {}", owed.municipality), 13) == 0 {
        return State::Unconfirmed;
    }
    let after = i64::from(10 + draw(&format!("{opened} {}", owed.seed()), 45));
    if day >= opened.checked_add(after.days()).unwrap() { State::Done } else { State::Pending }
}
