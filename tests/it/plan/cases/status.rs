//! Whom the data accuses.

use vigia_suas::domain::id::MunicipalityCode;
use vigia_suas::domain::notice::Content;
use vigia_suas::domain::overrides::Dispute;
use vigia_suas::domain::reason::Reason;
use vigia_suas::domain::roster::{Unit, Units};
use vigia_suas::domain::status::Doubt;
use vigia_suas::plan::Decision;

use super::*;

pub(super) const NOW: &str = "2026-03-20T09:00";

pub(super) fn with_units(case: &mut Case) {
    let unit = |id: &str| Unit {
        id: UnitId::parse(id).unwrap(),
        municipality: municipality_code(0),
        part: part("CRAS"),
        name: id.to_owned(),
        addresses: Vec::new(),
        telephone: String::new(),
        from: None,
        until: None,
    };
    case.roster.units = Some(Units::new([unit("11"), unit("22")]));
}

pub(super) fn letter(plan: &Plan, code: MunicipalityCode) -> Option<&Decision> {
    plan.actions.iter().find(|d| d.key().municipality() == Some(code))
}

/// The pending parts and units that the letter to a municipality would list; none when it is not a prazo.
pub(super) fn accused(case: &Case, code: MunicipalityCode) -> Vec<String> {
    let plan = case.plan(NOW);
    let Some(Content::Warning { pending, .. }) = letter(&plan, code).and_then(Decision::content) else {
        return Vec::new();
    };
    pending
        .iter()
        .map(|p| {
            let units: Vec<String> = p.units.iter().map(ToString::to_string).collect();
            format!("{} {}", p.part, units.join(","))
        })
        .collect()
}

#[test]
fn a_part_and_its_units_are_judged_together() {
    type Said = (&'static str, Option<&'static str>, State, &'static str);
    let early = "2026-03-20T05:00";
    let late = "2026-03-20T06:00";
    let (done, pending, unknown) = (State::Done, State::Pending, State::Unconfirmed);
    let table: [(&str, &[Said], &[&str]); 9] = [
        ("a part known as a whole names no unit", &[("f", None, pending, late)], &["CRAS "]),
        (
            "a concluded unit stands although the part has something pending",
            &[("u", Some("11"), done, early), ("u", Some("22"), pending, early), ("f", None, pending, late)],
            &["CRAS 22"],
        ),
        (
            "all units concluded against a part pending is a contradiction",
            &[("u", Some("11"), done, early), ("u", Some("22"), done, early), ("f", None, pending, late)],
            &[],
        ),
        (
            "units concluded since explain the part",
            &[("f", None, pending, early), ("u", Some("11"), done, late), ("u", Some("22"), done, late)],
            &[],
        ),
        (
            "a doubt about the part does not clear a unit known to be pending",
            &[("u", Some("11"), done, early), ("u", Some("22"), pending, early), ("f", None, unknown, late)],
            &["CRAS 22"],
        ),
        (
            "a part concluded since clears its units",
            &[("u", Some("22"), pending, early), ("f", None, done, late)],
            &[],
        ),
        (
            "a unit pending in a part that another feed has as concluded is a contradiction",
            &[("f", None, done, early), ("u", Some("11"), done, late), ("u", Some("22"), pending, late)],
            &[],
        ),
        ("and so is one of the same load", &[("f", None, done, late), ("f", Some("22"), pending, late)], &[]),
        (
            "two feeds that say opposite things accuse nobody",
            &[
                ("u", Some("11"), done, early),
                ("u", Some("22"), pending, late),
                ("v", Some("22"), done, early),
            ],
            &[],
        ),
    ];
    for (sentence, said, expected) in table {
        let mut case = Case::new();
        with_units(&mut case);
        case.announced();
        case.says("f", 0, "GESTAO", None, State::Done, early);
        for (feed, unit, state, when) in said {
            case.says(feed, 0, "CRAS", *unit, *state, when);
        }
        assert_eq!(accused(&case, municipality_code(0)), expected, "{sentence}");
    }
}

#[test]
fn a_unit_that_pends_and_that_nobody_registered_leaves_its_part_in_doubt() {
    let early = "2026-03-20T05:00";
    let doubted = |case: &Case| {
        let held = case.plan(NOW).held;
        let mut of_it = held.iter().filter(|d| d.municipality() == Some(municipality_code(0)));
        of_it.any(|d| d.because().cause().as_str() == "nao-confirmado")
    };
    let with = |said: &[(&str, State, &str)]| {
        let mut case = Case::new();
        with_units(&mut case);
        case.announced().says("f", 0, "GESTAO", None, State::Done, early);
        for unit in ["11", "22"] {
            case.says("u", 0, "CRAS", Some(unit), State::Done, early);
        }
        for (unit, state, when) in said {
            case.says("u", 0, "CRAS", Some(unit), *state, when);
        }
        case
    };
    assert!(!doubted(&with(&[])));
    let case = with(&[("99", State::Pending, "2026-03-20T06:00")]);
    assert!(doubted(&case) && accused(&case, municipality_code(0)).is_empty());
    assert!(!doubted(&with(&[("99", State::Done, "2026-03-20T06:00")])), "it has filled in");
    assert!(!doubted(&with(&[("99", State::Pending, "2026-03-10T06:00")])), "too old to be believed");
    let mut known = with(&[("99", State::Pending, "2026-03-20T06:00")]);
    let closed = Unit {
        id: UnitId::parse("99").unwrap(),
        until: Some("2025-12-31".parse().unwrap()),
        ..known.roster.units.as_ref().unwrap().iter().next().unwrap().clone()
    };
    let units: Vec<Unit> = known.roster.units.as_ref().unwrap().iter().cloned().chain([closed]).collect();
    known.roster.units = Some(Units::new(units));
    assert!(!doubted(&known), "one that is registered and closed owes nothing");
    let mut pends = Case::new();
    with_units(&mut pends);
    pends.announced().says("f", 0, "GESTAO", None, State::Done, early);
    for (unit, state) in [("11", State::Pending), ("22", State::Done), ("99", State::Pending)] {
        pends.says("u", 0, "CRAS", Some(unit), state, early);
    }
    assert_eq!(accused(&pends, municipality_code(0)), ["CRAS 11"], "the other is accused of nothing");
}

#[test]
fn a_part_pending_against_all_its_units_stays_in_doubt_when_its_word_grows_old() {
    let mut case = Case::new();
    with_units(&mut case);
    case.announced().says("f", 0, "GESTAO", None, State::Done, "2026-03-16T05:00");
    for unit in ["11", "22"] {
        case.says("u", 0, "CRAS", Some(unit), State::Done, "2026-03-16T05:00");
    }
    let doubted = |case: &Case| {
        let held = case.plan(NOW).held;
        held.iter().any(|d| {
            d.municipality() == Some(municipality_code(0)) && d.because().cause().as_str() == "nao-confirmado"
        })
    };
    assert!(!doubted(&case));
    case.says("f", 0, "CRAS", None, State::Pending, "2026-03-16T06:00");
    assert!(doubted(&case));
    case.says("u", 0, "CRAS", Some("22"), State::Done, "2026-03-20T05:00");
    assert!(!doubted(&case), "a unit concluded since explains the part");
}

/// A part may stay pending while one of the units that a queued letter lists has filled in.
#[test]
fn a_queued_letter_that_lists_a_unit_done_since_is_written_anew() {
    let mut case = Case::new();
    with_units(&mut case);
    case.announced();
    for n in 0..2 {
        case.says("f", n, "GESTAO", None, State::Done, "2026-03-20T05:00");
        case.says("u", n, "CRAS", Some("11"), State::Pending, "2026-03-20T05:00");
        case.says("u", n, "CRAS", Some("22"), State::Pending, "2026-03-20T05:00");
    }
    case.pass("2026-03-20T08:00");
    let queued = |case: &mut Case| {
        let record = case.ledger.window(&window_id()).unwrap().of(municipality_code(0));
        let mut record = record.iter().find(|r| r.slot == rung(1, 10)).unwrap().clone();
        assert_eq!(record.parts[0].units.len(), 2, "as its letter lists them");
        record.standing = Standing::Queued;
        case.ledger.put(&window_id(), municipality_code(0), record);
    };
    queued(&mut case);
    assert_eq!(acts(&case.plan("2026-03-20T08:30")), [""; 0], "while both owe");
    case.says("u", 0, "CRAS", Some("11"), State::Done, "2026-03-20T08:40");
    let plan = case.plan("2026-03-20T09:00");
    assert_eq!(brief(&plan), [format!("retirar {} v1", key(rung(1, 10), 0))]);
    for decision in plan.actions {
        vigia_suas::plan::replay::accept(&mut case.ledger, &decision, at("2026-03-20T09:00"));
    }
    assert_eq!(accused(&case, municipality_code(0)), ["CRAS 22"], "and then it is told of what it owes");
}

#[test]
fn a_dispute_stands_against_data_dated_before_it_whenever_it_was_fetched() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-20T08:00");
    let at_seven = Authorship { at: at("2026-03-20T07:00"), ..authorship() };
    case.overrides.disputes.push(Dispute {
        municipality: municipality_code(0),
        window: window_id(),
        part: None,
        until: None,
        authorship: at_seven,
    });
    assert_eq!(accused(&case, municipality_code(0)), ["GESTAO "], "newer news ends it");
    case.status = StatusBook::default();
    let observation = Observation {
        window: window_id(),
        municipality: municipality_code(0),
        part: part("GESTAO"),
        unit: None,
        state: State::Pending,
        dated: Some(at("2026-03-19T22:00")),
        basis: Basis::Row,
        line: 0,
        wording: None,
    };
    case.status.absorb(&observation, &load("f", "2026-03-20T08:00"), Belief::Cautious);
    assert_eq!(accused(&case, municipality_code(0)), [""; 0]);
}

#[test]
fn a_row_that_is_absent_is_no_word_of_the_source() {
    for (basis, expected) in [(Basis::Silence, Doubt::Absent), (Basis::Row, Doubt::Declared)] {
        let mut case = Case::new();
        case.announced();
        let observation = Observation {
            window: window_id(),
            municipality: municipality_code(0),
            part: part("GESTAO"),
            unit: None,
            state: State::Unconfirmed,
            dated: None,
            basis,
            line: 0,
            wording: None,
        };
        case.status.absorb(&observation, &load("g", "2026-03-26T07:00"), Belief::Cautious);
        let plan = case.plan("2026-03-26T08:00");
        let doubts: Vec<Doubt> = plan
            .held
            .iter()
            .filter(|held| held.municipality() == Some(municipality_code(0)))
            .filter_map(|held| match held.because() {
                Reason::Unconfirmed { unconfirmed } => Some(unconfirmed.iter()),
                _ => None,
            })
            .flatten()
            .filter(|of| of.part == part("GESTAO"))
            .map(|of| of.doubt)
            .collect();
        assert_eq!(doubts, [expected]);
    }
}
