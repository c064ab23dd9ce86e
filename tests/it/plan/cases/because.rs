//! What is decided anew of a letter, and the reason that is given for it.

use vigia_suas::domain::calendar::{Halt, HaltKind};
use vigia_suas::domain::overrides::BatchId;
use vigia_suas::domain::reason::Reason;
use vigia_suas::plan::Act;
use vigia_suas::plan::account::{View, explain};
use vigia_suas::plan::post::Post;
use vigia_suas::plan::summary::{NextLine, Upcoming};

use super::letters::{EXTENSION, suspended, withheld};
use super::*;

fn because_of(plan: &Plan, act: Act, slot: Slot, n: u32) -> Option<Reason> {
    let one = plan.actions.iter().find(|d| d.act() == act && d.key().to_string() == key(slot, n))?;
    Some(one.because().clone())
}

#[test]
fn a_suspended_window_that_is_cancelled_the_same_day_is_told_as_cancelled_and_the_note_that_waits_is_taken_back()
 {
    let mut case = Case::new();
    case.announced();
    let cancelled = |case: &mut Case| {
        let since = Some(date("2026-03-10"));
        case.window().halt = Some(Halt { kind: HaltKind::Cancelled, since, until: None });
    };
    let slot = |kind| Slot::Suspension { edition: 1, since: Some(date("2026-03-10")), kind };
    let (suspension, cancellation) = (slot(HaltKind::Suspended), slot(HaltKind::Cancelled));
    suspended(&mut case, Some("2026-03-10"), None);
    case.has(0, suspension, None, sent("2026-03-10T08:00")).has(1, suspension, None, Standing::Queued);
    assert_eq!(case.pass("2026-03-10T09:00"), [""; 0]);
    cancelled(&mut case);
    let done = case.pass("2026-03-10T10:00");
    let letter = |n| format!("enviar {} v1", key(cancellation, n));
    let taken_back = format!("retirar {} v1", key(suspension, 1));
    for line in [letter(0), letter(1), taken_back] {
        assert!(done.contains(&line), "{line}: {done:?}");
    }
    assert_eq!(case.pass("2026-03-11T08:00"), [""; 0], "once");
}

#[test]
fn what_is_left_of_a_lembrete_goes_on_as_one_and_accuses_nobody_also_once_a_feed_says_pendente() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-20T09:00");
    case.has(1, rung(1, 10), Some(FIRST), sent("2026-03-20T08:00"));
    let held = Standing::Sent { at: at("2026-03-20T08:00"), rest: Rest::Held(held_by_hand().cause()) };
    case.has(0, rung(1, 10), Some(FIRST), held);
    let mut record = case.ledger.window(&window_id()).unwrap().of(municipality_code(0))[1].clone();
    record.kind = Kind::Reminder;
    case.ledger.put(&window_id(), municipality_code(0), record);
    let plan = case.plan("2026-03-20T10:00");
    let letter = plan.actions.iter().find(|d| d.key().to_string() == key(rung(1, 10), 0)).unwrap();
    assert_eq!((letter.act(), letter.kind()), (Act::Send, Some(Kind::Reminder)));
    assert_eq!(letter.because(), &Reason::GoesOn);
}

fn held_by_hand() -> Reason {
    Reason::Held { scope: HoldScope::All, author: "Ana".to_owned(), reason: "teste".to_owned() }
}

#[test]
fn that_the_deadline_stands_is_not_said_of_one_that_an_earlier_one_puts_in_doubt_also_once_that_has_passed() {
    let mut case = Case::new();
    suspended(&mut case, Some("2026-03-10"), None);
    case.announced().gestao(State::Pending, "2026-03-20T07:00");
    let note = Slot::Suspension { edition: 1, since: Some(date("2026-03-10")), kind: HaltKind::Suspended };
    for n in 0..2 {
        case.has(n, note, None, sent("2026-03-10T08:00"));
    }
    case.edition("2026-03-18", Some("2026-03-16"), &[]);
    let upheld = |n| key(Slot::Upheld { edition: 1, since: Some(date("2026-03-10")) }, n);
    let waits = case.pass("2026-03-16T08:00");
    assert!(!waits.iter().any(|line| line.contains("prazo-mantido")), "the correction waits: {waits:?}");
    let plan = case.plan("2026-03-19T08:00");
    let of = |n| plan.held.iter().find(|held| held.key().to_string() == upheld(n));
    for n in 0..2 {
        assert_eq!(of(n).map(|held| held.because().cause().as_str()), Some("prazo-antecipado-vencido"));
    }
    assert!(!brief(&plan).iter().any(|line| line.starts_with("enviar") && line.contains("prazo-mantido")));
}

#[test]
fn an_earlier_date_known_before_inicio_is_held_by_name_and_told_once_it_is_released() {
    let mut case = Case::new();
    case.calendar.starts_on = Some(date("2026-03-09"));
    case.edition("2026-03-27", Some("2026-03-05"), &[]);
    case.gestao(State::Pending, "2026-03-09T07:00");
    let letter = |act: &str, version: u16, n| format!("{act} {} v{version}", key(EXTENSION, n));
    let done = municipal(case.pass("2026-03-09T08:00"));
    assert_eq!(done, [letter("reter", 0, 0), letter("reter", 0, 1)]);
    case.overrides.release(BatchId::of_slot(&window_id(), EXTENSION), at("2026-03-09T10:00"));
    let done = municipal(case.pass("2026-03-09T11:00"));
    assert_eq!(done, [letter("enviar", 1, 0), letter("enviar", 1, 1)]);
}

#[test]
fn what_is_taken_back_is_given_a_reason_of_its_own() {
    let mut case = Case::new();
    suspended(&mut case, Some("2026-03-10"), Some("2026-03-12"));
    case.announced().gestao(State::Unconfirmed, "2026-03-12T07:00");
    let note = Slot::Suspension { edition: 1, since: Some(date("2026-03-10")), kind: HaltKind::Suspended };
    case.has(0, note, None, withheld(&held_by_hand()));
    let plan = case.plan("2026-03-12T08:00");
    assert_eq!(because_of(&plan, Act::Withdraw, note, 0), Some(Reason::HaltOver));

    let mut case = Case::new();
    case.gestao(State::Pending, "2026-03-20T07:00");
    case.has(0, rung(1, 10), Some(FIRST), Standing::Queued);
    let plan = case.plan("2026-03-20T08:00");
    assert_eq!(
        because_of(&plan, Act::Send, Slot::Announcement, 0).map(|why| why.cause().as_str()),
        Some("janela-aberta")
    );
    assert_eq!(because_of(&plan, Act::Withdraw, rung(1, 10), 0), Some(Reason::GivesWay));
}

#[test]
fn a_rung_that_was_taken_back_and_due_again_is_expirado_when_it_could_not_leave() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-25T20:00");
    case.has(0, rung(1, 10), Some(FIRST), Standing::Withdrawn);
    case.ledger.passed(at("2026-03-25T21:00"));
    let done = case.pass("2026-03-26T08:00");
    for n in 0..2 {
        let line = format!("expirar {}", key(rung(1, 10), n));
        assert!(done.iter().any(|done| done.starts_with(&line)), "{line}: {done:?}");
    }
}

#[test]
fn a_letter_that_could_leave_only_after_its_validity_is_not_promised() {
    let mut case = Case::new();
    case.window().editions.clear();
    // A Friday, until midnight.
    case.edition("2026-03-27", None, &[]);
    for n in 0..2 {
        case.has(n, Slot::Announcement, Some("2026-03-27"), sent("2026-03-02T08:00"));
    }
    case.gestao(State::Pending, "2026-03-27T19:00");
    let now = at("2026-03-27T19:00");
    let (plan, post) = (case.plan("2026-03-27T19:00"), Post::default());
    let line = case.ask(|world| {
        let view = View { world, plan: &plan, post: &post, now };
        explain(view, &window_id(), municipality_code(0)).unwrap().line.unwrap()
    });
    let deadline = deadline("2026-03-27").instant(&case.calendar.hours.zone);
    let leaves_no_more = Reason::LeavesNoMore { until: at("2026-03-30T08:00"), valid_until: deadline };
    assert_eq!(line.silence, Some(leaves_no_more));
    assert_eq!(line.next, Some(NextLine { what: Upcoming::Deadline, at: deadline }));
}
