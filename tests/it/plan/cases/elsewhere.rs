//! Letters that left from another ledger, before a copy of it was assumed.

use vigia_suas::domain::journal::LeftProof;
use vigia_suas::domain::notice::{Content, Untold};
use vigia_suas::domain::reason::Cause;
use vigia_suas::plan::account::{View, summarise};
use vigia_suas::plan::departed::Departed;
use vigia_suas::plan::elsewhere;
use vigia_suas::plan::ledger::Outage;
use vigia_suas::plan::post::Post;
use vigia_suas::plan::summary::{CallReason, LetterLine};

use super::*;

/// Something or somebody says that the letters of a slot left to both.
fn left(case: &mut Case, slot: Slot, when: &str, proof: LeftProof) {
    for n in 0..2 {
        let key = NoticeKey::parse(&key(slot, n)).unwrap();
        case.ledger.put_elsewhere(key, Departed { at: at(when), proof });
    }
    let windows = case.calendar.windows(date("2027-01-01"));
    elsewhere::count(&mut case.ledger, &case.calendar, &windows, &case.overrides);
}

fn of_ledger(case: &Case, slot: Slot) -> NoticeRecord {
    case.ledger.notice(&NoticeKey::parse(&key(slot, 0)).unwrap()).unwrap().clone()
}

fn letters(case: &Case, now: &str) -> Vec<LetterLine> {
    let plan = case.plan(now);
    let view = |world: &World<'_>| {
        let view = View { world, plan: &plan, post: &Post::default(), now: at(now) };
        summarise(view, &window_id()).unwrap().lines[0].letters.clone()
    };
    case.ask(view)
}

#[test]
fn who_was_told_another_date_from_another_ledger_gets_the_correction() {
    for (when, proof) in [("2026-03-03T09:00", LeftProof::Log), ("2026-03-04T10:00", LeftProof::Person)] {
        // Announced after it left, or in the calendar all along and read later.
        for announced in [Some("2026-03-04"), None] {
            let mut case = Case::new();
            case.gestao(State::Pending, "2026-03-03T07:00");
            case.edition("2026-04-10", announced, &[]);
            case.ledger.read_at.insert((window_id(), 2), at("2026-03-04T08:00"));
            case.ledger.outage = Some(Outage { from: at("2026-03-01T20:00"), until: at("2026-03-04T07:00") });
            left(&mut case, Slot::Announcement, when, proof);
            let record = of_ledger(&case, Slot::Announcement);
            assert_eq!((record.edition, record.told), (1, Some(told(FIRST))), "{proof:?} {announced:?}");
            let done = case.pass("2026-03-05T08:00");
            let corrections = [0, 1].map(|n| format!("enviar {} v1", key(Slot::Extension { edition: 2 }, n)));
            let letters: Vec<_> = done.into_iter().filter(|line| line.contains("/32")).collect();
            assert_eq!(letters, corrections, "{proof:?} {announced:?}: and no second divulgação");
        }
    }
}

#[test]
fn who_was_told_the_date_in_force_from_another_ledger_gets_nothing_more() {
    let mut case = Case::new();
    case.gestao(State::Pending, "2026-03-03T07:00");
    case.edition("2026-04-10", Some("2026-03-03"), &[]);
    left(&mut case, Slot::Announcement, "2026-03-03T09:00", LeftProof::Log);
    assert_eq!(of_ledger(&case, Slot::Announcement).told, Some(told("2026-04-10")));
    assert_eq!(case.pass("2026-03-04T08:00"), [""; 0]);
}

#[test]
fn what_may_have_left_from_another_ledger_is_decided_as_it_was_written_then() {
    let mut case = Case::new();
    case.gestao(State::Pending, "2026-03-03T07:00");
    case.edition("2026-04-10", Some("2026-03-04"), &[]);
    left(&mut case, Slot::Announcement, "2026-03-03T09:00", LeftProof::Nothing);
    let decided = case.decide("2026-03-04T08:00");
    let named: Vec<_> = decided.iter().filter_map(|d| d.content()).collect();
    let then = Content::Announcement { edition: 1, deadline: Some(deadline(FIRST)) };
    assert_eq!(named, [&then, &then]);
    assert!(case.pass("2026-03-05T08:00").iter().all(|line| line.contains("prorrogacao")));
}

#[test]
fn what_left_from_another_ledger_counts_though_its_validity_or_its_window_ended_before_anybody_said_so() {
    let rung = rung(1, 10);
    for proof in [LeftProof::Log, LeftProof::Person] {
        for standing in [
            Standing::Expired { at: at("2026-03-26T08:00"), held_by: None },
            Standing::Superseded { by: Cause::parse("parada").unwrap() },
        ] {
            let mut case = Case::new();
            case.gestao(State::Pending, "2026-03-20T07:00");
            for (n, slot) in [(0, rung), (1, rung), (0, Slot::Announcement), (1, Slot::Announcement)] {
                case.has(n, slot, Some(FIRST), standing);
            }
            left(&mut case, rung, "2026-03-23T08:00", proof);
            left(&mut case, Slot::Announcement, "2026-03-03T08:00", proof);
            case.ledger.last_pass_at = Some(at("2026-03-31T17:00"));
            case.ledger.born_at = Some(at("2026-03-01T17:00"));
            let decided = case.decide("2026-04-06T09:00");
            let told: Vec<Vec<Untold>> = decided
                .iter()
                .filter_map(|d| match d.content()? {
                    Content::Referral { never_told, .. } => {
                        Some(never_told.iter().map(|(_, why)| why.clone()).collect())
                    }
                    _ => None,
                })
                .collect();
            assert!(!told.is_empty() && told.iter().all(Vec::is_empty), "{told:?}");
            let plan = case.plan("2026-04-06T10:00");
            let calls = case.ask(|world| {
                let now = at("2026-04-06T10:00");
                let view = View { world, plan: &plan, post: &Post::default(), now };
                summarise(view, &window_id()).unwrap().call_list
            });
            // The last rung did expire.
            let ended =
                |reason: &CallReason| matches!(reason, CallReason::Ended { rung: None | Some(10), .. });
            assert!(!calls.iter().flat_map(|call| &call.because).any(ended), "{calls:?}");
        }
    }
}

#[test]
fn a_rungs_letter_that_left_from_another_ledger_is_neither_written_again_nor_said_to_be_of_a_sort() {
    let mut case = Case::new();
    case.announced().gestao(State::Unconfirmed, "2026-03-20T07:00");
    left(&mut case, rung(1, 10), "2026-03-20T08:10", LeftProof::Log);
    assert_eq!(case.pass("2026-03-20T09:00"), [""; 0]);
    let letters = letters(&case, "2026-03-20T10:00");
    let told: Vec<_> = letters.iter().map(|line| (line.rung, line.elsewhere, line.left_at)).collect();
    let expected =
        [(None, false, Some(at("2026-03-02T08:00"))), (Some(10), true, Some(at("2026-03-20T08:10")))];
    assert_eq!(told, expected);
}
