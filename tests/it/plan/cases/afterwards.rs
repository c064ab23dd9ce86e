//! What is learned only afterwards: after a gap, or of a halt whose day had passed.

use vigia_suas::domain::calendar::{Halt, HaltKind};
use vigia_suas::domain::overrides::BatchId;
use vigia_suas::plan::ledger::Outage;

use super::*;

fn halt(case: &mut Case, since: &str) {
    let since = Some(date(since));
    case.window().halt = Some(Halt { kind: HaltKind::Suspended, since, until: None });
}

fn note(day: &str) -> Slot {
    Slot::Suspension { edition: 1, since: Some(date(day)), kind: HaltKind::Suspended }
}

fn upheld(day: &str) -> Slot {
    Slot::Upheld { edition: 1, since: Some(date(day)) }
}

fn both(act: &str, slot: Slot, version: u16) -> [String; 2] {
    [0, 1].map(|n| format!("{act} {} v{version}", key(slot, n)))
}

/// A gap from 10 to 12 March, after which the service has passed and held nothing.
fn after_a_gap(case: &mut Case) {
    case.ledger.outage = Some(Outage { from: at("2026-03-10T08:00"), until: at("2026-03-12T09:00") });
    assert_eq!(municipal(case.pass("2026-03-12T09:00")), [""; 0]);
}

/// The batches of what a plan holds.
fn batches(case: &Case, now: &str) -> BTreeSet<BatchId> {
    case.plan(now).held.iter().filter_map(|held| held.because().batch().cloned()).collect()
}

#[test]
fn a_correction_that_only_a_load_of_after_a_gap_asks_for_is_no_part_of_it() {
    let wanted = Slot::Extension { edition: 2 };
    let mut case = Case::new();
    case.announced().edition("2026-04-20", Some("2026-03-10"), &[]);
    case.gestao(State::Done, "2026-03-09T07:00");
    after_a_gap(&mut case);
    case.gestao(State::Pending, "2026-03-16T07:00");
    case.gestao(State::Pending, "2026-03-17T07:00");
    assert_eq!(municipal(case.pass("2026-03-17T08:00")), both("enviar", wanted, 1));

    // What a load before the first hour of the return asks for is part of it.
    let mut case = Case::new();
    case.announced().edition("2026-04-20", Some("2026-03-10"), &[]);
    case.gestao(State::Pending, "2026-03-09T07:00");
    case.ledger.outage = Some(Outage { from: at("2026-03-10T07:00"), until: at("2026-03-12T09:00") });
    assert_eq!(municipal(case.pass("2026-03-12T09:00")), both("reter", wanted, 0));
    case.gestao(State::Pending, "2026-03-13T07:00");
    assert_eq!(municipal(case.pass("2026-03-13T08:00")), [""; 0], "however often it is loaded again");
    case.overrides.release(BatchId::of_outage(at("2026-03-12T09:00")), at("2026-03-13T08:30"));
    assert_eq!(municipal(case.pass("2026-03-13T09:00")), both("enviar", wanted, 1));
}

#[test]
fn who_joins_a_window_that_opened_in_a_gap_after_it_is_told_at_once() {
    let mut case = Case::new();
    let joins = case.roster.municipalities.remove(&municipality_code(1)).unwrap();
    case.ledger.outage = Some(Outage { from: at("2026-03-01T00:00"), until: at("2026-03-03T09:00") });
    let letter = |act: &str, n, v: u16| format!("{act} {} v{v}", key(Slot::Announcement, n));
    assert_eq!(municipal(case.pass("2026-03-03T09:00")), [letter("reter", 0, 0)]);
    case.roster.municipalities.insert(municipality_code(1), joins);
    assert_eq!(municipal(case.pass("2026-03-06T08:00")), [letter("enviar", 1, 1)]);
}

#[test]
fn a_halt_written_down_after_a_gap_is_told_whatever_day_it_names() {
    for day in ["2026-03-06", "2026-03-10", "2026-03-11"] {
        let mut case = Case::new();
        case.announced().gestao(State::Done, "2026-03-09T07:00");
        after_a_gap(&mut case);
        halt(&mut case, day);
        assert_eq!(municipal(case.pass("2026-03-16T08:00")), both("enviar", note(day), 1), "{day}");
        assert_eq!(municipal(case.pass("2026-03-16T08:10")), [""; 0], "{day}: once");
    }
    // What stood in the files, or came into them in the gap, waits: nobody knows whether it left from elsewhere.
    let mut case = Case::new();
    case.announced().gestao(State::Done, "2026-03-09T07:00");
    case.ledger.outage = Some(Outage { from: at("2026-03-10T08:00"), until: at("2026-03-12T09:00") });
    case.ledger.passed(at("2026-03-10T08:00"));
    halt(&mut case, "2026-03-11");
    assert_eq!(municipal(case.pass("2026-03-12T09:00")), both("reter", note("2026-03-11"), 0));
    assert_eq!(municipal(case.pass("2026-03-16T08:00")), [""; 0]);
    case.overrides.release(BatchId::of_outage(at("2026-03-12T09:00")), at("2026-03-16T08:30"));
    assert_eq!(municipal(case.pass("2026-03-16T09:00")), both("enviar", note("2026-03-11"), 1));
}

#[test]
fn the_end_of_a_halt_that_is_taken_out_of_the_files_is_told_from_when_that_is_seen() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-09T07:00");
    after_a_gap(&mut case);
    halt(&mut case, "2026-03-16");
    assert_eq!(municipal(case.pass("2026-03-16T08:00")), both("enviar", note("2026-03-16"), 1));
    case.window().halt = None;
    case.gestao(State::Pending, "2026-03-17T07:00");
    let mut limited = case.clone();
    assert_eq!(municipal(case.pass("2026-03-17T09:00")), both("enviar", upheld("2026-03-16"), 1));
    assert_eq!(municipal(case.pass("2026-03-17T09:10")), [""; 0], "once");

    // It counts on that day: neither on the opening nor on the day of the suspensão, which had as many as may be.
    limited.calendar.daily_limit = 2;
    assert_eq!(municipal(limited.clone().pass("2026-03-17T09:00")), both("enviar", upheld("2026-03-16"), 1));
    limited.calendar.daily_limit = 1;
    assert_eq!(municipal(limited.pass("2026-03-17T09:00")), both("reter", upheld("2026-03-16"), 0));
    for now in ["2026-03-17T09:10", "2026-03-18T10:00"] {
        assert_eq!(batches(&limited, now), [BatchId::of_day(date("2026-03-17"))].into(), "{now}");
        assert_eq!(municipal(limited.pass(now)), [""; 0], "planning again changes nothing");
    }
    limited.overrides.release(BatchId::of_day(date("2026-03-17")), at("2026-03-18T10:30"));
    assert_eq!(municipal(limited.pass("2026-03-18T11:00")), both("enviar", upheld("2026-03-16"), 1));
}

#[test]
fn what_is_seen_out_of_hours_is_due_at_the_next_sending_instant() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-13T07:00");
    case.pass("2026-03-13T19:00");
    halt(&mut case, "2026-03-06");
    case.calendar.daily_limit = 1;
    assert_eq!(municipal(case.pass("2026-03-14T12:00")), [""; 0]);
    assert_eq!(case.plan("2026-03-14T12:01").next_wake, Some(at("2026-03-16T08:00")));
    assert_eq!(municipal(case.pass("2026-03-16T08:00")), both("reter", note("2026-03-06"), 0));
    assert_eq!(batches(&case, "2026-03-16T08:10"), [BatchId::of_day(date("2026-03-16"))].into());
}
