//! Editions that bring a deadline back, and what was said of it before.

use vigia_suas::domain::calendar::{Halt, HaltKind};
use vigia_suas::domain::notice::{Content, Overtaken};
use vigia_suas::domain::overrides::BatchId;

use super::closed::{content, contents, pending};
use super::*;

/// Both were told, both owe, and the first got the rung of ten days.
fn warned() -> Case {
    let mut case = Case::new();
    lasting(&mut case);
    case.announced().gestao(State::Pending, "2026-03-20T07:00");
    case.has(0, rung(1, 10), Some(FIRST), sent("2026-03-20T08:00"));
    case.ledger.passed(at("2026-03-20T08:00"));
    case
}

/// Handed over on the day after the deadline.
fn handed_over() -> Case {
    let mut case = Case::new();
    lasting(&mut case);
    case.announced().gestao(State::Pending, "2026-03-31T20:00");
    let first = case.decide("2026-04-01T08:00");
    assert_eq!(pending(&content(&first, "@1/remessa-GSUAS")).len(), 2);
    case
}

fn lasting(case: &mut Case) {
    case.calendar.systems.values_mut().for_each(|s| s.status_validity = SignedDuration::from_hours(24 * 400));
}

fn letters(done: Vec<String>) -> Vec<String> {
    municipal(done).into_iter().filter(|line| !line.contains("resumo")).collect()
}

#[test]
fn a_rung_of_a_deadline_that_comes_back_leaves_for_whom_it_did_not_before() {
    let mut case = warned();
    case.edition("2026-04-30", Some("2026-03-23"), &[]);
    case.edition(FIRST, Some("2026-03-23"), &[]);
    let other = format!("enviar {} v1", key(rung(3, 10), 1));
    assert_eq!(letters(case.pass("2026-03-24T08:00")), [other]);
    assert_eq!(letters(case.pass("2026-03-25T08:00")), [""; 0]);
    let both = [0, 1].map(|n| format!("enviar {} v1", key(rung(3, 5), n)));
    assert_eq!(letters(case.pass("2026-03-26T08:00")), both);
}

#[test]
fn a_rung_that_did_not_arrive_leaves_again_under_the_edition_that_brings_its_deadline_back() {
    let mut case = warned();
    case.has(0, rung(1, 10), Some(FIRST), Standing::Failed);
    case.edition("2026-04-30", Some("2026-03-23"), &[]);
    case.edition(FIRST, Some("2026-03-23"), &[]);
    let both = [0, 1].map(|n| format!("enviar {} v1", key(rung(3, 10), n)));
    assert_eq!(letters(case.pass("2026-03-24T08:00")), both);
}

/// One of its addresses took it before, and the other is tried later.
#[test]
fn what_is_left_of_a_rung_goes_on_under_the_edition_that_brings_its_deadline_back() {
    let mut case = warned();
    case.has(0, rung(1, 10), Some(FIRST), live("2026-03-20T08:00"));
    case.has(1, rung(1, 10), Some(FIRST), sent("2026-03-20T08:00"));
    case.edition("2026-04-30", Some("2026-03-23"), &[]);
    case.edition(FIRST, Some("2026-03-23"), &[]);
    assert_eq!(letters(case.clone().pass("2026-03-24T08:00")), [""; 0], "neither taken back nor repeated");
    case.says("f", 0, "GESTAO", None, State::Done, "2026-03-24T07:00");
    let over = [format!("retirar {} v1", key(rung(1, 10), 0))];
    assert_eq!(letters(case.pass("2026-03-24T08:00")), over, "nobody is accused of what is done");
}

#[test]
fn a_suspension_that_ends_with_its_deadline_repeated_repeats_no_rung() {
    let mut case = warned();
    case.has(1, rung(1, 10), Some(FIRST), sent("2026-03-20T08:00"));
    let since = Some(date("2026-03-21"));
    case.window().halt = Some(Halt { kind: HaltKind::Suspended, since, until: None });
    case.edition(FIRST, Some("2026-03-23"), &[]);
    assert_eq!(letters(case.pass("2026-03-23T08:00")), [""; 0]);
    let both = [0, 1].map(|n| format!("enviar {} v1", key(rung(2, 5), n)));
    assert_eq!(letters(case.pass("2026-03-26T08:00")), both);
}

#[test]
fn whoever_was_told_the_date_in_between_is_told_the_one_that_came_back() {
    let mut case = warned();
    case.edition("2026-04-30", Some("2026-03-23"), &[]);
    let corrected = |edition| [0, 1].map(|n| format!("enviar {} v1", key(Slot::Extension { edition }, n)));
    assert_eq!(letters(case.pass("2026-03-23T08:00")), corrected(2));
    case.edition(FIRST, Some("2026-03-24"), &[]);
    let batch = BatchId::of_slot(&window_id(), Slot::Extension { edition: 3 });
    case.overrides.release(batch, at("2026-03-24T07:00"));
    assert_eq!(letters(case.pass("2026-03-24T08:00")), corrected(3));
    let both = [0, 1].map(|n| format!("enviar {} v1", key(rung(3, 5), n)));
    let mut last = letters(case.pass("2026-03-26T08:00"));
    last.retain(|line| line.starts_with("enviar"));
    assert_eq!(last, both);
}

#[test]
fn a_deadline_that_comes_back_before_anybody_heard_otherwise_is_not_handed_over_twice() {
    let mut case = handed_over();
    case.edition("2026-04-20", Some("2026-04-04"), &[]);
    case.edition(FIRST, Some("2026-04-05"), &[]);
    for day in ["2026-04-06T08:00", "2026-04-07T08:00", "2026-04-22T08:00"] {
        assert!(contents(&case.decide(day), "remessa").is_empty(), "{day}");
    }
    // What the list of the first edition says is corrected as ever.
    case.edition("2026-04-30", Some("2026-04-23"), &[]);
    let then = case.decide("2026-04-23T08:00");
    let Content::ReferralAddendum { left, .. } = content(&then, "remessa-adendo-4-GSUAS") else { panic!() };
    assert_eq!(left.len(), 2);
}

#[test]
fn whom_an_addendum_took_off_a_list_is_handed_over_again_once_its_deadline_is_back() {
    let mut case = handed_over();
    // Nobody can tell the second of another date.
    case.roster.municipalities.get_mut(&municipality_code(1)).unwrap().contacts.clear();
    case.edition("2026-04-20", Some("2026-04-06"), &[]);
    let Content::ReferralAddendum { left, .. } =
        content(&case.decide("2026-04-06T08:00"), "remessa-adendo-2-GSUAS")
    else {
        panic!()
    };
    assert_eq!(left.len(), 2);
    case.edition(FIRST, Some("2026-04-07"), &[]);
    let again = case.decide("2026-04-07T08:00");
    assert_eq!(pending(&content(&again, "@3/remessa-GSUAS")), [municipality_code(1)]);
    assert!(contents(&again, "adendo").is_empty());
    assert!(contents(&case.decide("2026-04-08T08:00"), "remessa").is_empty());
}

#[test]
fn an_addendum_names_the_edition_that_rules_when_it_is_written() {
    let mut case = handed_over();
    case.edition("2026-04-20", Some("2026-04-04"), &[]);
    case.edition("2026-04-30", Some("2026-04-05"), &[]);
    let then = case.decide("2026-04-06T08:00");
    let Content::ReferralAddendum { left, why, .. } = content(&then, "-GSUAS") else { panic!() };
    assert_eq!(left.len(), 2);
    assert!(
        matches!(&why, Overtaken::Extended { deadline: Some(d), .. } if *d == deadline("2026-04-30")),
        "{why:?}"
    );
    assert_eq!(contents(&then, "remessa-adendo-3-GSUAS").len(), 1);
    assert!(contents(&case.decide("2026-04-07T08:00"), "remessa").is_empty(), "once");
}

#[test]
fn a_deadline_that_comes_back_closes_with_what_was_recorded_of_it() {
    let mut case = handed_over();
    let record = |done: &[plan::Decision]| {
        let made = done.iter().find_map(|decision| match decision {
            plan::Decision::Publish(report) => Some(report.closing.municipalities.clone()),
            _ => None,
        });
        made.unwrap()
    };
    let first = case.ledger.window(&window_id()).and_then(|ledger| ledger.closing(1)).cloned().unwrap();
    case.edition("2026-04-20", Some("2026-04-04"), &[]);
    case.edition(FIRST, Some("2026-04-05"), &[]);
    let (code, mut joined) = case.roster.municipalities.pop_first().unwrap();
    joined.code = municipality_code(2);
    case.roster.municipalities.insert(joined.code, joined);
    assert_eq!(record(&case.decide("2026-04-06T08:00")), first.municipalities);
    assert!(first.municipalities.contains_key(&code));
}

#[test]
fn remessas_of_one_window_say_of_each_other_how_many_they_leave_out() {
    let mut case = Case::new();
    lasting(&mut case);
    case.announced().gestao(State::Pending, "2026-03-20T07:00");
    case.edition("2026-04-20", Some("2026-03-23"), &[0]);
    case.edition("2026-04-20", Some("2026-03-24"), &[]);
    let apart = |content: &Content| match content {
        Content::Referral { pending, apart, .. } => (pending.len(), *apart),
        _ => panic!(),
    };
    let then = case.decide("2026-04-22T08:00");
    let both = ["@2/remessa-GSUAS", "@3/remessa-GSUAS"].map(|slot| apart(&content(&then, slot)));
    assert_eq!(both, [(1, 1), (1, 1)]);
}

/// Nobody leaves by a date that somebody else was shown.
#[test]
fn a_release_counts_for_the_deadline_that_was_shown() {
    let mut case = Case::new();
    lasting(&mut case);
    case.announced().gestao(State::Pending, "2026-03-09T07:00");
    case.edition("2026-03-30", Some("2026-03-10"), &[]);
    let batch = BatchId::of_slot(&window_id(), Slot::Extension { edition: 2 });
    let sent = |case: &Case| {
        let done = brief(&case.plan("2026-03-10T10:00"));
        done.iter().filter(|line| line.starts_with("enviar") && line.contains("prorrogacao")).count()
    };
    assert_eq!(sent(&case), 0, "it is earlier than what they were told");
    case.overrides.release_until(batch.clone(), date("2026-03-30"), at("2026-03-10T09:00"));
    assert_eq!(sent(&case), 2);
    case.window().editions[1].deadline = Some(deadline("2026-03-16"));
    assert_eq!(sent(&case), 0, "written since");
    case.overrides.release_until(batch, date("2026-03-16"), at("2026-03-10T09:30"));
    assert_eq!(sent(&case), 2);
}

#[test]
fn an_approval_counts_for_the_deadline_that_was_shown() {
    let mut case = warned();
    case.calendar.systems.values_mut().for_each(|system| system.approve = true);
    let batch = BatchId::of_slot(&window_id(), rung(1, 10));
    let sent = |case: &Case| {
        let done = brief(&case.plan("2026-03-20T10:00"));
        done.iter().filter(|line| line.starts_with("enviar") && line.contains("prazo-10d")).count()
    };
    case.overrides.release_until(batch.clone(), date("2026-03-28"), at("2026-03-20T08:00"));
    assert_eq!(sent(&case), 0, "another deadline");
    case.overrides.release_until(batch, date(FIRST), at("2026-03-20T08:00"));
    assert_eq!(sent(&case), 1);
}
