//! Proposals, as laws of the difference first. Pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, date};
use proptest::prelude::*;

use super::*;
use crate::domain::roster::Unit;

const READ_ON: Date = date(2026, 11, 20);

fn id(text: &str) -> UnitId {
    UnitId::parse(text).unwrap()
}

fn vitoria() -> MunicipalityCode {
    MunicipalityCode::parse("3205309").unwrap()
}

fn serra() -> MunicipalityCode {
    MunicipalityCode::parse("3205002").unwrap()
}

fn part(text: &str) -> PartId {
    PartId::parse(text).unwrap()
}

fn addresses(texts: &[&str]) -> Vec<EmailAddress> {
    texts.iter().map(|text| EmailAddress::parse(text).unwrap()).collect()
}

fn unit(of: &str) -> Unit {
    Unit {
        id: id(of),
        municipality: vitoria(),
        part: part("CRAS"),
        name: "CRAS Maruípe".to_owned(),
        addresses: addresses(&["cras@vitoria.es.gov.br"]),
        telephone: "(27) 3333-0000".to_owned(),
        from: None,
        until: None,
    }
}

fn listed(of: &str) -> Listed {
    Listed {
        id: id(of),
        municipality: vitoria(),
        part: part("CRAS"),
        name: "CRAS MARUIPE".to_owned(),
        addresses: addresses(&["CRAS@vitoria.es.gov.br"]),
        telephone: "2733330000".to_owned(),
        standing: UnitStanding::Open,
    }
}

fn register(listed: impl IntoIterator<Item = Listed>) -> Register {
    Register {
        feed: FeedId::parse("cadsuas-cras").unwrap(),
        read_on: READ_ON,
        covered: BTreeSet::from([part("CRAS")]),
        units: listed.into_iter().map(|unit| (unit.id.clone(), unit)).collect(),
        unclear: BTreeSet::new(),
    }
}

fn told(proposals: &[Proposal]) -> Vec<String> {
    proposals.iter().map(|p| format!("{} {}", p.unit, p.change.kind())).collect()
}

#[test]
fn case_accents_and_the_dress_of_a_telephone_are_no_change() {
    assert_eq!(propose(&[unit("1")], &[register([listed("1")])]), []);
}

#[test]
fn a_name_that_the_ministry_cut_is_no_change() {
    let ours =
        Unit { name: "Centro de Referência de Assistência Social de Maruípe".to_owned(), ..unit("1") };
    let cut = Listed { name: "CENTRO DE REFERENCIA DE AS".chars().take(25).collect(), ..listed("1") };
    assert_eq!(propose(std::slice::from_ref(&ours), &[register([cut])]), []);
    let other = Listed { name: "CENTRO DE REFERENCIA".to_owned(), ..listed("1") };
    assert_eq!(
        told(&propose(&[ours], &[register([other])])),
        ["1 nome"],
        "short enough not to have been cut"
    );
}

#[test]
fn every_sort_of_change_is_proposed() {
    let ours = [
        unit("1"),
        unit("2"),
        Unit { until: Some(date(2025, 1, 31)), ..unit("3") },
        unit("4"),
        Unit { part: part("CREAS"), ..unit("5") },
    ];
    let theirs = [
        Listed {
            name: "CRAS Centro".to_owned(),
            addresses: addresses(&["novo@vitoria.es.gov.br"]),
            telephone: "27 3333-9999".to_owned(),
            municipality: serra(),
            ..listed("1")
        },
        Listed { standing: UnitStanding::Closed, ..listed("2") },
        listed("3"),
        listed("5"),
        listed("6"),
    ];
    let proposals = propose(&ours, &[register(theirs)]);
    assert_eq!(
        told(&proposals),
        [
            "1 municipio",
            "1 nome",
            "1 email",
            "1 telefone",
            "2 fechada",
            "3 reaberta",
            "4 fechada",
            "5 parte",
            "6 nova"
        ]
    );
    let closed: Vec<&UnitChange> =
        proposals.iter().filter(|p| p.change.kind() == ProposalKind::Closed).map(|p| &p.change).collect();
    assert_eq!(
        closed,
        [
            &UnitChange::Closed { until: READ_ON, listed: true },
            &UnitChange::Closed { until: READ_ON, listed: false }
        ]
    );
}

#[test]
fn what_the_register_leaves_blank_or_says_unclearly_changes_nothing() {
    let blank =
        Listed { name: String::new(), addresses: Vec::new(), telephone: " - ".to_owned(), ..listed("1") };
    assert_eq!(propose(&[unit("1")], &[register([blank])]), []);
    let mut unclear = register([]);
    unclear.unclear.insert(id("1"));
    assert_eq!(propose(&[unit("1")], &[unclear]), []);
    let (mut one, two) =
        (register([listed("1")]), register([Listed { telephone: "1".to_owned(), ..listed("1") }]));
    one.feed = FeedId::parse("outro").unwrap();
    assert_eq!(propose(&[unit("1")], &[one, two]), [], "two registers that disagree");
}

#[test]
fn a_unit_of_a_part_that_no_register_covers_is_left_alone() {
    let ours = Unit { part: part("CONVIVENCIA"), ..unit("1") };
    assert_eq!(propose(&[ours], &[register([])]), []);
    let later = Unit { from: Some(date(2027, 1, 1)), ..unit("1") };
    assert_eq!(propose(&[later], &[register([])]), [], "it is not to be listed yet");
}

#[test]
fn a_unit_is_not_missed_where_a_register_lists_nobody_of_its_state() {
    let rio = MunicipalityCode::parse("3304557").unwrap();
    let ours = [unit("1"), unit("2"), Unit { municipality: rio, ..unit("3") }];
    let one_state = register([listed("1")]);
    assert_eq!(told(&propose(&ours, std::slice::from_ref(&one_state))), ["2 fechada"]);
    let both = register([listed("1"), Listed { municipality: rio, ..listed("4") }]);
    assert_eq!(told(&propose(&ours, &[both])), ["2 fechada", "3 fechada", "4 nova"]);
    let mut other = register([Listed { municipality: rio, ..listed("4") }]);
    other.feed = FeedId::parse("cadsuas-rj").unwrap();
    assert_eq!(told(&propose(&ours, &[one_state, other])), ["2 fechada", "3 fechada", "4 nova"]);
}

#[test]
fn the_first_units_of_a_part_always_counted_and_later_ones_count_from_the_day_they_were_read() {
    let first = propose(&[], &[register([listed("1")])]);
    assert!(matches!(first[0].change, UnitChange::New { from: None, .. }));
    let later = propose(&[unit("2")], &[register([listed("1"), listed("2")])]);
    assert!(matches!(later[0].change, UnitChange::New { from: Some(READ_ON), .. }), "{later:?}");
}

#[test]
fn a_refusal_stands_until_the_register_says_otherwise() {
    let ours = [unit("1"), unit("2")];
    let one = |telephone: &str| register([Listed { telephone: telephone.to_owned(), ..listed("1") }]);
    let first = propose(&ours, &[one("9999")]);
    assert_eq!(told(&first), ["1 telefone", "2 fechada"]);
    let refused: Vec<Refused> = first
        .iter()
        .map(|p| Refused { unit: p.unit.clone(), kind: p.change.kind(), fact: p.fact.clone() })
        .collect();
    // A person's own correction of the row is no news of the register's.
    let corrected = [Unit { telephone: "1111".to_owned(), ..unit("1") }, unit("2")];
    let covered = |p: &Proposal| refused.iter().any(|r| r.covers(p));
    assert!(propose(&corrected, &[one("9999")]).iter().all(covered));
    assert!(!propose(&corrected, &[one("8888")]).iter().all(covered));
    let facts =
        |registers: &[Register]| refused.iter().map(|r| fact(r.kind, &r.unit, registers)).collect::<Vec<_>>();
    assert_eq!(facts(&[one("9999")]), [Some("9999".to_owned()), Some("ausente".to_owned())]);
    assert_eq!(facts(&[register([listed("1"), listed("2")])]), [Some("2733330000".to_owned()), None]);
}

#[test]
fn no_cell_can_be_a_formula_or_hold_a_line_break() {
    assert_eq!(super::edit::cell_name(" =HYPERLINK(\"x\")\r\n\tCRAS "), "HYPERLINK(\"x\") CRAS");
    assert_eq!(super::edit::cell_telephone("+55 27 3333\n0000 ramal"), "55 27 3333 0000");
}

/// Rows of a file and of a register over few ids, so that they meet.
fn world() -> impl Strategy<Value = (Vec<Unit>, Vec<Listed>, Vec<UnitId>)> {
    let text = prop::sample::select(vec!["", "CRAS Um", "cras um", "Creás Dois", "CRAS; \"Três\""]);
    let row = (
        1..7_u8,
        any::<bool>(),
        any::<bool>(),
        text.clone(),
        any::<bool>(),
        prop::sample::select(vec!["", "27 1", "27 2"]),
        prop::option::of(-20..20_i64),
    );
    let ours = prop::collection::vec(row.clone(), 0..6).prop_map(|rows| {
        let units = rows.into_iter().map(|(n, there, cras, name, mail, telephone, until)| Unit {
            id: id(&n.to_string()),
            municipality: if there { vitoria() } else { serra() },
            part: part(if cras { "CRAS" } else { "CREAS" }),
            name: name.to_owned(),
            addresses: if mail { addresses(&["a@b.c"]) } else { Vec::new() },
            telephone: telephone.to_owned(),
            from: None,
            until: until.map(|days| READ_ON.saturating_add(jiff::Span::new().days(days))),
        });
        units.map(|u| (u.id.clone(), u)).collect::<BTreeMap<_, _>>().into_values().collect()
    });
    let theirs = prop::collection::vec(row, 0..6).prop_map(|rows| {
        let listed = rows.into_iter().map(|(n, there, cras, name, mail, telephone, closed)| Listed {
            id: id(&n.to_string()),
            municipality: if there { vitoria() } else { serra() },
            part: part(if cras { "CRAS" } else { "CREAS" }),
            name: name.to_owned(),
            addresses: if mail { addresses(&["x@b.c"]) } else { Vec::new() },
            telephone: telephone.to_owned(),
            standing: if closed.is_some_and(|n| n > 10) { UnitStanding::Closed } else { UnitStanding::Open },
        });
        listed.map(|u| (u.id.clone(), u)).collect::<BTreeMap<_, _>>().into_values().collect()
    });
    (ours, theirs, prop::collection::vec((1..7_u8).prop_map(|n| id(&n.to_string())), 0..2))
}

proptest! {
    #[test]
    fn the_order_of_rows_and_registers_never_matters(
        (ours, theirs, unclear) in world(),
        split in any::<prop::sample::Index>(),
    ) {
        let at = split.index(theirs.len() + 1);
        let mut first = register(theirs[..at].iter().cloned());
        first.unclear.extend(unclear);
        let mut second = register(theirs[at..].iter().cloned());
        second.feed = FeedId::parse("cadsuas-outras").unwrap();
        second.covered = BTreeSet::from([part("CREAS")]);
        let forward = propose(&ours, &[first.clone(), second.clone()]);
        let mut backward: Vec<Unit> = ours;
        backward.reverse();
        prop_assert_eq!(forward, propose(&backward, &[second, first]));
    }

    #[test]
    fn no_unit_that_is_unclear_is_touched((ours, theirs, unclear) in world()) {
        let mut one = register(theirs);
        one.unclear.extend(unclear.clone());
        let touched = propose(&ours, &[one]).into_iter().find(|p| unclear.contains(&p.unit));
        prop_assert_eq!(touched, None);
    }
}
