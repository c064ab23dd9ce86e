//! A run of several pages: what is missing is not known, and the rest is judged.

use super::*;

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
    assert!(matches!(reasons[0], QuarantineReason::MissingPages { missed: 3, pages: 4, tolerated: 2, .. }));
}

#[test]
fn the_same_bytes_for_two_different_questions_are_not_believed() {
    let (one, other) = (page("3205309", "ref\n10/2026\n"), page("3205002", "ref\n10/2026\n"));
    let mut spec = presence();
    spec.mapping.municipality = PlaceRule::Asked;
    let (calendar, windows, roster) = (calendar(), windows(), roster());
    let ground = Ground { calendar: &calendar, windows: &windows, roster: &roster, taken_at: november(10) };
    let Verdict::Quarantined { reasons } = take_in(&spec, &[one, other], &ground, None).verdict else {
        panic!("the server did not answer what it was asked")
    };
    assert!(
        reasons[0].to_string().starts_with("a resposta sobre município 3205309 é idêntica"),
        "{reasons:?}"
    );
    let of = |month: i8| Body {
        given: Given { reference: Some(Reference::Month(2026, month)), ..Given::default() },
        original: Original::from_bytes("ibge;ref\n3205309;10/2026\n"),
    };
    let Verdict::Quarantined { reasons } = take_in(&presence(), &[of(9), of(10)], &ground, None).verdict
    else {
        panic!("the server did not look at the month")
    };
    assert!(
        reasons[0].to_string().contains("referência 2026-09 é idêntica à resposta sobre referência 2026-10")
    );
    let alike = [
        page("3205309", "ref\n10/2026\n"),
        page("3205002", "ref\n10/2026\n"),
        page("3205200", "ref\n09/2026\n10/2026\n"),
    ];
    assert!(
        matches!(take_in(&spec, &alike, &ground, None).verdict, Verdict::Accepted { .. }),
        "two alike of three"
    );
    let empty = [page("3205309", "ref\n10/2026\n"), page("3205002", "ref\n"), page("3205200", "ref\n")];
    assert!(
        matches!(take_in(&spec, &empty, &ground, None).verdict, Verdict::Accepted { .. }),
        "both without rows"
    );
}

#[test]
fn a_list_that_says_of_itself_that_it_is_a_part_is_not_believed_and_a_page_that_does_is_missing() {
    let json = |beside: &str| format!("{{{beside}\"l\":[{{\"ibge\":\"3205309\",\"ref\":\"10/2026\"}}]}}");
    let spec = FeedSpec {
        format: Format::Json { path: vec!["l".to_owned()] },
        minimum: 1,
        source: Source::Http { url: String::new(), schedule: String::new(), manners: Manners::default() },
        ..presence()
    };
    let (calendar, windows, roster) = (calendar(), windows(), roster());
    let ground = Ground { calendar: &calendar, windows: &windows, roster: &roster, taken_at: november(10) };
    let taken = |body: Body| take_in(&spec, &[body], &ground, None);
    let whole = |beside: &str| taken(Body::plain(Original::from_bytes(json(beside))));
    assert!(matches!(whole("\"count\":1,\"next\":null,").verdict, Verdict::Accepted { .. }));
    let part = whole("\"count\":78,");
    let Verdict::Quarantined { reasons } = &part.verdict else { panic!("believed") };
    assert!(
        reasons[0].to_string().starts_with(
            "a própria resposta diz que é só uma parte (traz “count” igual a 78, e a lista tem 1)"
        ),
        "{reasons:?}"
    );
    assert!(!part.mapped.observations.is_empty(), "a person may believe it");
    let missing = taken(page("3205309", &json("\"next\":\"?p=2\",")));
    assert_eq!(missing.mapped.missed_pages, 1);
}
