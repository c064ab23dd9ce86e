//! A small calendar, roster and feed for the tests of this room.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::{date, time};
use jiff::tz::TimeZone;

use crate::domain::calendar::{
    Calendar, Deadline, MonthDay, Part, Recurrence, Respondent, Sanction, System, Window,
};
use crate::domain::feed::{
    FeedSpec, Format, Mapping, Meaning, PartRule, PlaceRule, ReferenceRule, Says, Source, Word,
};
use crate::domain::holiday::Holidays;
use crate::domain::id::{FeedId, MunicipalityCode, PartId, Reference, SystemId, UnitId};
use crate::domain::roster::{Municipality, Roster, Unit, Units};
use crate::domain::status::State;
use crate::domain::time::{SendingHours, Zone};
use crate::text::words::Words;

use super::map::{Ground, Mapped, Mapper};
use crate::format;
use crate::format::body::{Body, Original};

/// Six municipalities of Espírito Santo.
pub(super) const CODES: [&str; 6] = ["3201209", "3201308", "3201506", "3205002", "3205200", "3205309"];

pub(super) fn code(text: &str) -> MunicipalityCode {
    MunicipalityCode::parse(text).unwrap()
}

pub(super) fn part(text: &str) -> PartId {
    PartId::parse(text).unwrap()
}

pub(super) fn zone() -> Zone {
    Zone::new(TimeZone::get("America/Sao_Paulo").unwrap())
}

/// RMA by month (CRAS, CREAS, GESTAO), as in life: month M is open during M + 1.
pub(crate) fn calendar() -> Calendar {
    let declared = |id: &str, respondent| {
        (part(id), Part { id: part(id), name: format!("Nome {id}"), respondent, gerencia: None })
    };
    let rma = SystemId::parse("rma").unwrap();
    let system = System {
        id: rma.clone(),
        name: "RMA".to_owned(),
        link: String::new(),
        parts: vec![part("CRAS"), part("CREAS"), part("GESTAO")],
        gerencias: Vec::new(),
        sanction: Sanction::Standard,
        case_number: String::new(),
        status_validity: jiff::SignedDuration::from_hours(36),
        announce_to: Vec::new(),
        confirm_opening: false,
        approve: false,
        referral_after: 1,
        ladder: Vec::new(),
        recurrence: Some(Recurrence {
            first: Reference::Month(2026, 1),
            last: None,
            opens: MonthDay { months: 1, day: 1 },
            deadline: MonthDay { months: 1, day: 31 },
            deadline_at: Deadline::DEFAULT_TIME,
            source: String::new(),
        }),
    };
    Calendar {
        hours: SendingHours {
            zone: zone(),
            from: time(8, 0, 0, 0),
            until: time(18, 0, 0, 0),
            business_days_only: true,
            holidays: Holidays::national(),
            waits: true,
        },
        parts: BTreeMap::from([
            declared("CRAS", Respondent::Unit),
            declared("CREAS", Respondent::Unit),
            declared("CENTRO POP", Respondent::Unit),
            declared("GESTAO", Respondent::Smas),
        ]),
        systems: BTreeMap::from([(rma, system)]),
        declared: Vec::new(),
        starts_on: None,
        daily_limit: 234,
    }
}

pub(super) fn windows() -> Vec<Window> {
    calendar().windows(date(2027, 1, 31))
}

/// Six municipalities and no register of units.
pub(super) fn roster() -> Roster {
    let municipality = |text: &str| Municipality {
        code: code(text),
        name: text.to_owned(),
        region: String::new(),
        contacts: Vec::new(),
        exempt: BTreeSet::new(),
        note: String::new(),
    };
    Roster { municipalities: CODES.iter().map(|c| (code(c), municipality(c))).collect(), ..Roster::default() }
}

pub(super) fn unit(id: &str, municipality: &str, of: &str) -> Unit {
    Unit {
        id: UnitId::parse(id).unwrap(),
        municipality: code(municipality),
        part: part(of),
        name: id.to_owned(),
        addresses: Vec::new(),
        telephone: String::new(),
        from: None,
        until: None,
    }
}

/// The same with two CRAS in Vitória, one in Serra, and one that closed in Vila Velha.
pub(super) fn roster_with_units() -> Roster {
    let closed = Unit { until: Some(date(2026, 6, 30)), ..unit("41", "3205200", "CRAS") };
    let units =
        [unit("11", "3205309", "CRAS"), unit("12", "3205309", "CRAS"), unit("21", "3205002", "CRAS"), closed];
    Roster { units: Some(Units::new(units)), ..roster() }
}

/// Noon of a day in November 2026, when the window of October is open.
pub(super) fn november(day: i8) -> Timestamp {
    zone().at(date(2026, 11, day), time(12, 0, 0, 0))
}

/// `ibge;ref` of CRAS, a row means done.
pub(super) fn presence() -> FeedSpec {
    FeedSpec {
        id: FeedId::parse("rma-lista").unwrap(),
        enabled: true,
        system: SystemId::parse("rma").unwrap(),
        source: Source::Folder,
        format: Format::Csv { delimiter: None, encoding: None, heading: None },
        mapping: Mapping {
            municipality: PlaceRule::Code("ibge".to_owned()),
            unit: None,
            part: PartRule::Fixed(part("CRAS")),
            reference: ReferenceRule::Column { column: "ref".to_owned(), pattern: "%m/%Y".to_owned() },
            meaning: Meaning::Presence,
            dated: None,
            blanks: Vec::new(),
            ignored: Vec::new(),
        },
        minimum: 1,
        keep_original: false,
    }
}

/// `ibge;ref;unidade`, a row of a unit means done.
pub(super) fn presence_by_unit() -> FeedSpec {
    let mut spec = presence();
    spec.mapping.unit = Some("unidade".to_owned());
    spec
}

/// `ibge;parte;situacao;data` of whatever window is open.
pub(super) fn situation() -> FeedSpec {
    let mut spec = presence();
    spec.mapping.part = PartRule::Column { column: "parte".to_owned(), words: Words::default() };
    spec.mapping.reference = ReferenceRule::Open;
    spec.mapping.meaning = Meaning::Situation {
        column: "situacao".to_owned(),
        words: Words::of([
            ("Questionário Preenchido", Says::Whole(Word::Is(State::Done))),
            ("Preencher o questionário", Says::Whole(Word::Is(State::Pending))),
        ])
        .unwrap(),
    };
    spec.mapping.dated = Some(("data".to_owned(), "%d/%m/%Y".to_owned()));
    spec
}

/// Maps a file on the 10th of November.
pub(super) fn mapped(spec: &FeedSpec, roster: &Roster, file: &str) -> Mapped {
    mapped_at(spec, roster, file, november(10))
}

pub(super) fn mapped_at(spec: &FeedSpec, roster: &Roster, file: &str, taken_at: Timestamp) -> Mapped {
    let (calendar, windows) = (calendar(), windows());
    let ground = Ground { calendar: &calendar, windows: &windows, roster, taken_at };
    map(spec, file.as_bytes(), &ground)
}

/// Maps one body that can be read.
pub(super) fn map(spec: &FeedSpec, file: &[u8], ground: &Ground<'_>) -> Mapped {
    let mut mapper = Mapper::new(spec, ground);
    let body = Body::plain(Original::from_bytes(file));
    mapper.read(format::open(&spec.format, &body, &[]).unwrap(), &body.given).unwrap();
    mapper.finish()
}

/// `3205309 pendente` or, of a unit, `3205309/11 pendente`; with the window when it is not that of October.
pub(super) fn told(mapped: &Mapped) -> Vec<String> {
    mapped
        .observations
        .iter()
        .map(|o| {
            let unit = o.unit.as_ref().map(|u| format!("/{u}")).unwrap_or_default();
            let window = match o.window.as_str() {
                "rma/2026-10" => String::new(),
                other => format!("{other} "),
            };
            format!("{window}{}{unit} {}", o.municipality, o.state.as_str())
        })
        .collect()
}
