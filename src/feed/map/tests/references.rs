//! Which window a row is about.

use super::*;

#[test]
fn references_are_read_by_pattern_as_fine_as_the_system_has_them() {
    let mut spec = presence();
    for (pattern, text) in
        [("%Y%m", "202610"), ("%d/%m/%Y", "15/10/2026"), ("%m-%y", "10-26"), ("%m/%Y", "10/2026")]
    {
        spec.mapping.reference =
            ReferenceRule::Column { column: "ref".to_owned(), pattern: pattern.to_owned() };
        let found = mapped(&spec, &roster(), &format!("ibge;ref\n320530;{text}\n"));
        assert!(told(&found).contains(&"3205309 concluido".to_owned()), "{pattern}");
    }
    let short = mapped(&presence(), &roster(), "ibge;ref\n320530;9/2026\n");
    assert_eq!(told(&short), ["rma/2026-09 3205309 concluido"]);
    spec.mapping.reference = ReferenceRule::Fixed(Reference::Month(2026, 10));
    assert_eq!(mapped(&spec, &roster(), "ibge\n320530\n").observations.len(), 6);
}

fn mapped_over(windows: &[Window], pattern: &str, reference: &str) -> Vec<String> {
    let mut spec = presence();
    spec.mapping.reference = ReferenceRule::Column { column: "ref".to_owned(), pattern: pattern.to_owned() };
    let (calendar, roster) = (crate::feed::fixture::calendar(), roster());
    let ground = Ground { calendar: &calendar, windows, roster: &roster, taken_at: november(10) };
    let file = format!("ibge;ref\n320530;{reference}\n");
    let found = map(&spec, file.as_bytes(), &ground);
    let done = found.observations.iter().filter(|o| o.state == State::Done);
    done.map(|o| o.window.to_string()).collect()
}

pub(super) fn october() -> Window {
    let windows = crate::feed::fixture::windows();
    windows.into_iter().find(|w| w.id.as_str() == "rma/2026-10").unwrap()
}

#[test]
fn a_month_is_the_quarter_or_year_it_lies_in_when_the_system_knows_no_months() {
    let named = |id: &str, reference| Window { id: WindowId::parse(id).unwrap(), reference, ..october() };
    let quarter = [named("rma/2026-T4", Reference::Quarter(2026, 4))];
    for (pattern, text) in [("%m/%Y", "11/2026"), ("T%q/%Y", "T4/2026"), ("%Y-%q", "2026-4")] {
        assert_eq!(mapped_over(&quarter, pattern, text), ["rma/2026-T4"], "{pattern}");
    }
    assert!(mapped_over(&quarter, "T%q/%Y", "T3/2026").is_empty());
    let year = [named("rma/2026", Reference::Year(2026))];
    for (pattern, text) in [("%Y", "2026"), ("%d/%m/%Y", "05/07/2026")] {
        assert_eq!(mapped_over(&year, pattern, text), ["rma/2026"], "{pattern}");
    }
}

#[test]
fn a_row_about_a_window_that_has_not_opened_is_no_concluido_and_one_of_a_month_to_come_is_a_slip() {
    let found = mapped(&presence(), &roster(), "ibge;ref\n320530;10/2026\n320500;10/2027\n320520;11/2026\n");
    assert_eq!(
        told(&found),
        [
            "3201209 pendente",
            "3201308 pendente",
            "3201506 pendente",
            "3205002 nao_confirmado",
            "3205200 pendente",
            "3205309 concluido"
        ]
    );
    assert_eq!(found.without_window, 2);
}

#[test]
fn a_reference_of_before_there_was_anything_to_fill_in_is_a_slip_and_nobody_is_accused_by_it() {
    // Without its bar `1/2026` is a day of 1932 to a spreadsheet, and `4/2026` one of 2015.
    for slip in ["12026", "42026", "10/1926", "10/2004", "38352"] {
        let found = mapped(&presence(), &roster(), &format!("ibge;ref\n320530;10/2026\n320500;{slip}\n"));
        let told = told(&found);
        assert!(told.contains(&"3205002 nao_confirmado".to_owned()), "{slip}: {told:?}");
        assert!(told.contains(&"3205200 pendente".to_owned()), "{slip}: {told:?}");
        assert_eq!((found.bad, found.without_window), (1, 0), "{slip}");
    }
    // The first of October as a spreadsheet counts, and a past that may be.
    assert_eq!(mapped_over(&[october()], "%m/%Y", "46296"), ["rma/2026-10"]);
    assert_eq!(mapped_over(&[october()], "%d/%m/%Y", "46310"), ["rma/2026-10"]);
    assert_eq!(mapped_over(&[october()], "%m/%Y", "2026-10-15"), ["rma/2026-10"]);
    assert_eq!(mapped(&presence(), &roster(), "ibge;ref\n320530;01/2005\n").bad, 0);
}

#[test]
fn a_row_is_about_the_phase_that_runs() {
    let second =
        |opens_on| Window { id: WindowId::parse("rma/2026-10/retificacao").unwrap(), opens_on, ..october() };
    let to_come = [october(), second(date(2026, 12, 10))];
    assert_eq!(mapped_over(&to_come, "%m/%Y", "10/2026"), ["rma/2026-10"]);
    let mut closed = october();
    closed.editions[0].deadline.as_mut().unwrap().on = date(2026, 11, 5);
    assert_eq!(
        mapped_over(&[closed, second(date(2026, 11, 8))], "%m/%Y", "10/2026"),
        ["rma/2026-10/retificacao"]
    );
}

#[test]
fn a_suspended_window_is_still_spoken_of() {
    use crate::domain::calendar::{Halt, HaltKind};
    let halt = Some(Halt { kind: HaltKind::Suspended, since: None, until: None });
    assert_eq!(mapped_over(&[Window { halt, ..october() }], "%m/%Y", "10/2026"), ["rma/2026-10"]);
}

#[test]
fn an_open_reference_is_whatever_is_open_and_nothing_when_nothing_is() {
    let mut spec = presence();
    spec.mapping.reference = ReferenceRule::Open;
    assert_eq!(mapped(&spec, &roster(), "ibge\n320530\n").observations.len(), 6);
    let before_all = crate::feed::fixture::zone().start_of(date(2026, 1, 15));
    assert_eq!(mapped_at(&spec, &roster(), "ibge\n320530\n", before_all).without_window, 1);
}
