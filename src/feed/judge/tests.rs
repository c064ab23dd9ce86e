//! What is believed and what is not.

use super::*;
use crate::domain::feed::Format;
use crate::feed::body::{Body, Given, Original};
use crate::feed::fixture::{CODES, calendar, mapped, november, presence, roster, situation, windows};
use crate::feed::map::{BadLine, Ground};
use crate::feed::{Intake, Missing, take_in, take_in_run};

fn reasons(spec: &FeedSpec, file: &[u8], previous: Option<&Previous>) -> Vec<String> {
    let (calendar, windows, roster) = (calendar(), windows(), roster());
    let ground = Ground { calendar: &calendar, windows: &windows, roster: &roster, taken_at: november(10) };
    let body = Body::plain(Original::from_bytes(file));
    match take_in(spec, &[body], &ground, previous).verdict {
        Verdict::Accepted { .. } => Vec::new(),
        Verdict::Quarantined { reasons } => reasons.iter().map(ToString::to_string).collect(),
    }
}

fn rows(codes: &[&str]) -> String {
    codes.iter().fold("ibge;ref\n".to_owned(), |file, code| format!("{file}{code};10/2026\n"))
}

fn of_october(done: usize) -> Previous {
    Previous {
        done: BTreeMap::from([(WindowId::parse("rma/2026-10").unwrap(), done)]),
        municipalities: 6,
        rows: 0,
    }
}

#[test]
fn a_whole_file_is_accepted_also_with_its_rows_twice() {
    assert!(reasons(&presence(), rows(&CODES).as_bytes(), Some(&of_october(6))).is_empty());
    let twice = [CODES, CODES].concat();
    let found = mapped(&presence(), &roster(), &rows(&twice));
    assert_eq!(
        judge(&presence(), &found, Some(&of_october(6))),
        Verdict::Accepted { notes: vec![Note::Duplicates { count: 6, first_line: 8 }] }
    );
}

#[test]
fn an_empty_file_a_page_and_a_header_alone_are_not_believed() {
    for (file, word) in [
        (&b""[..], "vazio"),
        (b"<html><body>Erro interno</body></html>", "HTML"),
        (b"ibge;ref\r\n", "nenhuma linha"),
        (b"codigo;ref\n320530;10/2026\n", "falta a coluna “ibge”"),
        (b"ibge;ref\n320530;10/2026\n3205", "cortado"),
        (b"ibge;ref\n320530;\"10/2026\n320520;10/2026\n", "cortado"),
    ] {
        let reasons = reasons(&presence(), file, None);
        assert!(reasons.iter().any(|r| r.contains(word)), "{word}: {reasons:?}");
    }
}

#[test]
fn a_wrong_encoding_declared_is_not_believed() {
    let mut spec = presence();
    spec.format = Format::Csv { delimiter: None, encoding: Some("utf-8".to_owned()), heading: None };
    let reasons = reasons(&spec, b"ibge;ref;Munic\xEDpio\n320530;10/2026;Vit\xF3ria\n", None);
    assert!(reasons[0].contains("UTF-8"), "{reasons:?}");
}

#[test]
fn another_states_rows_are_not_believed() {
    let reasons = reasons(&presence(), rows(&["355030", "3550308", "310620"]).as_bytes(), None);
    assert_eq!(
        reasons,
        ["só 0 municípios conhecidos, e o mínimo é 1 (3 linhas de municípios fora do cadastro)"]
    );
}

#[test]
fn fewer_municipalities_than_the_minimum_are_not_believed() {
    let spec = FeedSpec { minimum: 4, ..presence() };
    assert_eq!(reasons(&spec, rows(&CODES[..3]).as_bytes(), None).len(), 1);
    assert!(reasons(&spec, rows(&CODES[..4]).as_bytes(), None).is_empty());
}

#[test]
fn unknown_words_are_not_believed_and_named() {
    let file = "ibge;parte;situacao;data\n320530;CRAS;Em análise;\n";
    let reasons = reasons(&situation(), file.as_bytes(), None);
    assert!(reasons[0].contains("“Em análise”") && reasons[0].contains("linha 2"), "{reasons:?}");
}

#[test]
fn a_fall_beyond_five_and_five_percent_is_not_believed() {
    let window = WindowId::parse("rma/2026-10").unwrap();
    let verdict = |before: usize, now: usize| {
        let mapped = Mapped {
            rows: now,
            municipalities_seen: CODES.iter().map(|c| crate::feed::fixture::code(c)).collect(),
            done: BTreeMap::from([(window.clone(), now)]),
            ..Mapped::default()
        };
        judge(&presence(), &mapped, Some(&of_october(before)))
    };
    let fell = |before, now| {
        verdict(before, now)
            == Verdict::Quarantined { reasons: vec![Refusal::Fell { window: window.clone(), before, now }] }
    };
    assert!(fell(78, 39), "half the rows");
    assert!(fell(78, 72) && !fell(78, 73), "six of 78 are too many, five are not");
    assert!(!fell(246, 234) && fell(246, 233), "twelve of 246 are under five percent");
    assert!(!fell(78, 90));
    assert!(matches!(verdict(0, 0), Verdict::Quarantined { reasons } if reasons == [Refusal::NoRows]));
}

#[test]
fn a_window_that_the_file_no_longer_speaks_of_is_not_believed_and_a_closed_one_is_not_missed() {
    let only_september = "ibge;ref\n320530;09/2026\n";
    let reasons_of = |previous: &Previous| reasons(&presence(), only_september.as_bytes(), Some(previous));
    assert!(reasons_of(&of_october(2))[0].contains("rma/2026-10"));
    let long_closed = Previous {
        done: BTreeMap::from([(WindowId::parse("rma/2026-02").unwrap(), 6)]),
        municipalities: 6,
        rows: 6,
    };
    assert!(reasons_of(&long_closed).is_empty(), "a new month starts from nothing");
}

#[test]
fn a_situation_file_that_lost_municipalities_is_not_believed() {
    let seen = |n: usize| Mapped {
        rows: 78,
        municipalities_seen: CODES[..n].iter().map(|c| crate::feed::fixture::code(c)).collect(),
        done: BTreeMap::from([(WindowId::parse("rma/2026-10").unwrap(), 6)]),
        ..Mapped::default()
    };
    let before = Previous { municipalities: 78, ..of_october(6) };
    let verdict = judge(&situation(), &seen(6), Some(&before));
    assert_eq!(verdict, Verdict::Quarantined { reasons: vec![Refusal::Shrunk { before: 78, now: 6 }] });
    assert!(matches!(judge(&presence(), &seen(6), Some(&before)), Verdict::Accepted { .. }));
}

#[test]
fn some_bad_lines_are_noted_and_many_are_not_believed() {
    let file = |bad: usize, good: usize| {
        let good: Vec<&str> = CODES.iter().copied().cycle().take(good).collect();
        rows(&good) + &"Total;x\n".repeat(bad)
    };
    assert!(reasons(&presence(), file(5, 6).as_bytes(), None).is_empty());
    assert_eq!(
        reasons(&presence(), file(6, 6).as_bytes(), None),
        ["6 de 12 linhas com defeito (linha 8: “Total” não é um código IBGE de 6 ou 7 dígitos)"]
    );
    assert!(reasons(&presence(), file(6, 120).as_bytes(), None).is_empty(), "under five percent");
    let found = mapped(&presence(), &roster(), &file(1, 6));
    let Verdict::Accepted { notes } = judge(&presence(), &found, None) else { panic!() };
    let first =
        BadLine { line: 8, message: "“Total” não é um código IBGE de 6 ou 7 dígitos".to_owned() };
    assert_eq!(notes, [Note::BadLines { bad: 1, first: Some(first) }]);
}

#[test]
fn every_reason_is_given_at_once() {
    let file = "ibge;parte;situacao;data\n355030;CRAS;x;\n320530;CRAS;Outra;\n320530";
    assert_eq!(reasons(&FeedSpec { minimum: 5, ..situation() }, file.as_bytes(), None).len(), 3);
}

#[test]
fn a_situation_file_that_lost_half_its_rows_is_not_believed_although_everybody_is_in_it() {
    let with = |rows: usize, duplicates: usize| Mapped {
        rows,
        duplicates,
        municipalities_seen: CODES.iter().map(|c| crate::feed::fixture::code(c)).collect(),
        done: BTreeMap::from([(WindowId::parse("rma/2026-10").unwrap(), 6)]),
        ..Mapped::default()
    };
    let before = Previous { rows: 234, ..of_october(6) };
    let verdict = |rows, duplicates| judge(&situation(), &with(rows, duplicates), Some(&before));
    assert_eq!(
        verdict(117, 0),
        Verdict::Quarantined { reasons: vec![Refusal::LostRows { before: 234, now: 117 }] }
    );
    assert!(matches!(verdict(234, 0), Verdict::Accepted { .. }));
    assert!(matches!(verdict(468, 234), Verdict::Accepted { .. }), "all rows twice");
    assert!(matches!(verdict(468, 351), Verdict::Quarantined { .. }), "half of them, many times");
}

fn page(code: &str, rows: &str) -> Body {
    let given = Given { municipality: Some(crate::feed::fixture::code(code)), ..Given::default() };
    Body { given, original: Original::from_bytes(rows) }
}

fn run_of(bodies: &[Body], missing: &[Missing], tolerated: usize) -> Intake {
    let manners = Manners { tolerated_failures: tolerated, ..Manners::default() };
    let source = Source::Http { url: String::new(), schedule: String::new(), manners };
    let spec = FeedSpec { source, ..presence() };
    let (calendar, windows, roster) = (calendar(), windows(), roster());
    let ground = Ground { calendar: &calendar, windows: &windows, roster: &roster, taken_at: november(10) };
    take_in_run(&spec, bodies, missing, &ground, None)
}

fn missing(code: &str) -> Missing {
    let given = Given { municipality: Some(crate::feed::fixture::code(code)), ..Given::default() };
    Missing { given, why: "o servidor respondeu 503".to_owned() }
}

#[test]
fn whom_a_missing_page_is_about_is_unconfirmed_and_the_others_are_judged() {
    let bodies = [page("3205309", "ibge;ref\n320530;10/2026\n"), page("3205002", "ibge;ref\n")];
    let intake = run_of(&bodies, &[missing("3205200")], 1);
    let Verdict::Accepted { notes } = &intake.verdict else { panic!("{:?}", intake.verdict) };
    let told = crate::feed::fixture::told(&intake.mapped);
    assert!(told.contains(&"3205309 concluido".to_owned()), "{told:?}");
    assert!(told.contains(&"3205002 pendente".to_owned()), "{told:?}");
    assert!(told.contains(&"3205200 nao_confirmado".to_owned()), "{told:?}");
    let note = notes.iter().map(ToString::to_string).find(|note| note.contains("páginas")).unwrap();
    assert_eq!(
        note,
        "páginas que não puderam ser lidas, não confirmadas: 1 de 3 (a primeira, município 3205200: o servidor \
         respondeu 503)"
    );
}

#[test]
fn a_page_that_is_not_what_it_should_be_is_a_missing_page() {
    let bodies = [
        page("3205309", "ibge;ref\n320530;10/2026\n"),
        page("3205002", "<!DOCTYPE html><html>Sistema indisponível</html>"),
    ];
    let intake = run_of(&bodies, &[], 1);
    assert!(matches!(intake.verdict, Verdict::Accepted { .. }));
    assert!(crate::feed::fixture::told(&intake.mapped).contains(&"3205002 nao_confirmado".to_owned()));
    let Verdict::Quarantined { reasons } = run_of(&bodies, &[], 0).verdict else { panic!() };
    assert!(reasons[0].to_string().starts_with("1 de 2 páginas não puderam ser lidas, e o máximo é 0"));
}

#[test]
fn more_missing_pages_than_tolerated_are_not_believed() {
    let bodies = [page("3205309", "ibge;ref\n320530;10/2026\n")];
    let lost = [missing("3205002"), missing("3205200"), missing("3201209")];
    let Verdict::Quarantined { reasons } = run_of(&bodies, &lost, 2).verdict else { panic!() };
    assert!(matches!(reasons[0], Refusal::MissingPages { missed: 3, pages: 4, tolerated: 2, .. }));
}
