//! Whom to telephone and what the page of the day says of it.

use vigia_suas::domain::reason::Reason;
use vigia_suas::domain::refusal::Refusal;
use vigia_suas::plan::account::{View, summarise};
use vigia_suas::plan::calls::calls;
use vigia_suas::plan::day::{self, DayPage};
use vigia_suas::plan::history::Recall;
use vigia_suas::plan::post::{DeliveryFact, LetterState, Post};
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
        let told: Vec<_> = page
            .left
            .iter()
            .map(|group| (group.slot.and_then(Slot::rung), group.left, group.states.clone()))
            .collect();
        let both = vec![municipality_code(0), municipality_code(1)];
        let lost = BTreeMap::from([(LetterState::Missed, both)]);
        assert_eq!(told, [2, 5, 10].map(|days| (Some(days), 0, lost.clone())), "grouped");
    }
}

/// An address of a municipality rests.
fn flag(case: &mut Case, n: u32, contact: usize) {
    let address = case.roster.municipalities[&municipality_code(n)].contacts[contact].addresses[0].clone();
    case.ledger.flagged.insert(address, Refusal::Address, Timestamp::MAX);
}

#[test]
fn an_address_is_asked_for_only_while_something_leaves_and_once_in_each_municipality() {
    let mut case = Case::new();
    case.announced().gestao(State::Unconfirmed, "2026-03-05T07:00");
    flag(&mut case, 0, 0);
    let open = seen(&case, "2026-03-05T09:00", &Post::default());
    assert_eq!(open.call_list.iter().map(CallLine::purpose).collect::<Vec<_>>(), [CallPurpose::Address]);
    assert!(!open.call_list[0].unreachable, "the council is written to");
    assert_eq!(called(&case, "2026-04-01T09:00"), [], "nothing of it leaves any more");
    // In two windows it is asked for once, and beside another call it is no call of its own.
    let later = WindowSummary { window: WindowId::parse("rma/2027").unwrap(), ..open.clone() };
    let asked = |windows: &[WindowSummary]| {
        let all = calls(windows, &case.calendar, &Recall::default());
        all.iter().map(|entry| (entry.call.purpose(), entry.asks_address)).collect::<Vec<_>>()
    };
    assert_eq!(asked(&[open.clone(), later.clone()]), [(CallPurpose::Address, true)]);
    let mut owing = later;
    owing.call_list[0].owes = vec![part("GESTAO")];
    assert_eq!(asked(&[open, owing]), [(CallPurpose::Debt, true)]);
}

#[test]
fn whoever_no_letter_can_reach_is_asked_for_an_address_in_a_call_about_something_else() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-25T20:00");
    case.has(0, rung(1, 5), Some(FIRST), Standing::Failed);
    flag(&mut case, 0, 0);
    flag(&mut case, 0, 1);
    for now in ["2026-03-26T20:00", "2026-04-01T09:00"] {
        case.gestao(State::Pending, now);
        let summary = [seen(&case, now, &Post::default())];
        let entries = calls(&summary, &case.calendar, &Recall::default());
        let entry = entries.iter().find(|entry| entry.call.municipality == municipality_code(0)).unwrap();
        assert_eq!((entry.call.purpose(), entry.call.unreachable), (CallPurpose::Debt, true));
        assert!(entry.asks_address, "{now}");
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

/// A prazo at one address.
fn fact(post: &mut Post, slot: Slot, state: LetterState, when: &str) {
    let fact = DeliveryFact {
        version: 1,
        kind: Some(Kind::Warning),
        recorded_at: None,
        left_at: Some(at(when)),
        role: Role::Smas,
        address: email("smas0@es.test"),
        state,
        at: at(when),
    };
    post.put(NoticeKey::parse(&key(slot, 0)).unwrap(), fact);
}

#[test]
fn of_a_letter_that_may_have_been_taken_nobody_says_that_it_warned() {
    let mut case = Case::new();
    let first = "2026-03-20T08:00";
    case.announced().gestao(State::Pending, "2026-03-25T20:00");
    case.has(0, rung(1, 10), Some(FIRST), sent(first));
    let because = |case: &Case, post: &Post| {
        let calls = seen(case, "2026-03-26T20:00", post).call_list;
        calls.into_iter().find(|call| call.municipality == municipality_code(0)).unwrap().because
    };
    let mut post = Post::default();
    fact(&mut post, rung(1, 10), LetterState::Uncertain, first);
    let perhaps = CallReason::PerhapsWarned { letters: 1, last_at: at(first) };
    assert_eq!(because(&case, &post), std::slice::from_ref(&perhaps));
    let second = at("2026-03-26T08:00");
    case.has(0, rung(1, 5), Some(FIRST), sent("2026-03-26T08:00"));
    let warned = CallReason::Warned { letters: 1, earlier: 0, first_at: second, last_at: second };
    assert_eq!(because(&case, &post), [warned, perhaps]);
}

#[test]
fn letters_that_named_an_earlier_date_count_as_letters_and_are_said_to_be_such() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-26T20:00");
    case.has(0, rung(1, 10), Some(FIRST), sent("2026-03-20T08:00"));
    case.has(0, rung(1, 5), Some(FIRST), sent("2026-03-26T08:00"));
    case.edition("2026-04-10", Some("2026-03-27"), &[]);
    case.has(0, Slot::Extension { edition: 2 }, Some("2026-04-10"), sent("2026-03-27T08:00"));
    let because = |case: &mut Case, now: &str| {
        case.gestao(State::Pending, now);
        let calls = called(case, now);
        calls.into_iter().find(|call| call.municipality == municipality_code(0)).unwrap().because
    };
    let (first_at, last_at) = (at("2026-03-20T08:00"), at("2026-03-26T08:00"));
    let warned = CallReason::Warned { letters: 0, earlier: 2, first_at, last_at };
    assert_eq!(because(&mut case, "2026-03-28T09:00"), [warned]);
    case.has(0, rung(2, 10), Some("2026-04-10"), sent("2026-03-31T08:00"));
    let last_at = at("2026-03-31T08:00");
    let warned = CallReason::Warned { letters: 1, earlier: 2, first_at, last_at };
    assert_eq!(because(&mut case, "2026-03-31T09:00"), [warned]);
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
