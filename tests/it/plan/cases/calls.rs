//! Whom to telephone and what the page of the day says of it.

use vigia_suas::domain::reason::Reason;
use vigia_suas::plan::account::{View, summarise};
use vigia_suas::plan::day::{self, DayPage};
use vigia_suas::plan::post::{LetterState, Post};
use vigia_suas::plan::summary::{CallLine, CallPurpose, CallReason, NextLine, Upcoming, WindowSummary};

use super::*;

/// What staff see of the window.
fn seen(case: &Case, now: &str, post: &Post) -> WindowSummary {
    let plan = case.plan(now);
    case.ask(|world| summarise(View { world, plan: &plan, post, now: at(now) }, &window_id())).unwrap()
}

fn called(case: &Case, now: &str) -> Vec<CallLine> {
    seen(case, now, &Post::default()).call_list
}

/// The page of the day, which looks back to an instant.
fn page(case: &Case, now: &str, since: &str) -> DayPage {
    let (plan, post) = (case.plan(now), Post::default());
    let windows = [seen(case, now, &post)];
    case.ask(|world| {
        let view = View { world, plan: &plan, post: &post, now: at(now) };
        day::page(view, &windows, &windows, at(since), Vec::new(), Vec::new())
    })
}

/// Nobody looked from the 4th to the day after the deadline: what would have gone out is told once for each rung, and whom
/// it was to go to is telephoned, also where nobody knows whether it owes.
#[test]
fn letters_that_an_outage_swallowed_are_told_to_staff() {
    for state in [State::Pending, State::Unconfirmed] {
        let mut case = Case::new();
        case.announced().pass("2026-03-04T08:00");
        let now = "2026-04-01T08:05";
        case.gestao(state, "2026-03-31T12:00").gestao(state, "2026-04-01T07:00");
        let superseded = case.pass(now).iter().filter(|line| line.starts_with("superar")).count();
        assert_eq!(superseded, 6, "three rungs of two");
        let calls = called(&case, "2026-04-01T09:00");
        assert_eq!(calls.len(), 2);
        let missed = CallReason::Missed { rungs: vec![10, 5, 2], until: at(now) };
        assert!(calls.iter().all(|call| call.because.contains(&missed)), "{calls:?}");
        let purpose = if state == State::Pending { CallPurpose::Debt } else { CallPurpose::Doubt };
        assert!(calls.iter().all(|call| call.purpose() == purpose), "{calls:?}");
        let page = page(&case, "2026-04-01T09:00", "2026-03-31T08:00");
        let told: Vec<_> =
            page.left.iter().map(|group| (group.rung, group.left, group.states.clone())).collect();
        let both = vec![municipality_code(0), municipality_code(1)];
        let lost = BTreeMap::from([(LetterState::Missed, both)]);
        assert_eq!(told, [2, 5, 10].map(|days| (Some(days), 0, lost.clone())), "grouped");
    }
}

#[test]
fn an_order_to_hold_letters_takes_nobody_off_the_call_list() {
    let mut case = Case::new();
    case.announced().gestao(State::Unconfirmed, "2026-03-20T07:00");
    let listed = |case: &Case| -> Vec<_> {
        let calls = called(case, "2026-03-20T09:00");
        calls.iter().map(|call| (call.municipality, call.because.clone())).collect()
    };
    let before = listed(&case);
    assert_eq!(before.len(), 2);
    let unheld = case.clone();
    case.hold();
    assert_eq!(listed(&case), before);
    // Nor does one given before the divulgação left.
    let mut unannounced = Case::new();
    unannounced.gestao(State::Unconfirmed, "2026-03-20T07:00").hold();
    assert_eq!(listed(&unannounced), before);
    // Nor one that nobody can be written to because of.
    let mut nobody = unheld;
    nobody.gestao(State::Pending, "2026-03-20T08:00");
    nobody.roster.municipalities.get_mut(&municipality_code(0)).unwrap().contacts.clear();
    let no_contact = vec![(municipality_code(0), vec![CallReason::Decided(Reason::NoContact)])];
    assert_eq!(listed(&nobody), no_contact);
    nobody.hold();
    assert_eq!(listed(&nobody), no_contact);
    // What it does hold is still held by it.
    let held: Vec<_> =
        nobody.plan("2026-03-20T09:00").held.iter().map(|d| d.because().cause().as_str()).collect();
    assert_eq!(held, ["sem-contato", "retido"]);
}

#[test]
fn letters_that_two_orders_hold_are_told_as_two_so_that_each_has_its_command() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-20T07:00");
    let authorship = authorship();
    let scopes = [HoldScope::Municipality(municipality_code(0)), HoldScope::Window(window_id())];
    for (n, scope) in (0..).zip(scopes) {
        let at = authorship.at + SignedDuration::from_hours(n);
        let authorship = Authorship { at, ..authorship.clone() };
        case.overrides.holds.push(Hold { scope, until: None, authorship });
    }
    let page = page(&case, "2026-03-20T09:00", "2026-03-19T08:00");
    let groups: Vec<_> = page.held.iter().map(|g| (g.because.len(), g.municipalities.clone())).collect();
    assert_eq!(groups, [(1, vec![municipality_code(1)]), (1, vec![municipality_code(0)])]);
}

#[test]
fn what_comes_next_leaves_out_what_an_order_still_holds_then() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-19T20:00");
    let now = "2026-03-19T21:00";
    let next = |case: &Case| seen(case, now, &Post::default()).line(municipality_code(0)).unwrap().next;
    let of_rung = |days_before, when: &str| {
        let what = Upcoming::Rung { days_before, kind: Some(Kind::Warning) };
        Some(NextLine { what, at: at(when) })
    };
    assert_eq!(next(&case), of_rung(10, "2026-03-20T08:00"));
    let mut until = |day: Option<&str>| {
        case.overrides.holds.clear();
        let until = day.map(date);
        case.overrides.holds.push(Hold {
            scope: HoldScope::Window(window_id()),
            until,
            authorship: authorship(),
        });
        next(&case)
    };
    assert_eq!(until(Some("2026-03-19")), of_rung(10, "2026-03-20T08:00"), "over by then");
    assert_eq!(until(Some("2026-03-20")), of_rung(10, "2026-03-23T08:00"), "the day after its last");
    assert_eq!(
        until(Some("2026-03-26")),
        of_rung(2, "2026-03-27T08:00"),
        "that of five days is over with it"
    );
    let end = deadline(FIRST).instant(&case.calendar.hours.zone);
    case.overrides.holds.clear();
    case.hold();
    assert_eq!(next(&case), Some(NextLine { what: Upcoming::Deadline, at: end }));
}
