//! What stops a letter, for how long, and who is told that it stops.

use vigia_suas::domain::calendar::{Halt, HaltKind};
use vigia_suas::domain::notice::{AlertItem, Content, NoticeKey};
use vigia_suas::domain::overrides::{BatchId, Exemption, Note};
use vigia_suas::domain::reason::Reason;
use vigia_suas::domain::refusal::Refusal;
use vigia_suas::domain::roster::{Unit, Units};
use vigia_suas::plan::Act;
use vigia_suas::plan::account::{View, explain, summarise};
use vigia_suas::plan::day;
use vigia_suas::plan::ledger::Outage;
use vigia_suas::plan::post::Post;
use vigia_suas::plan::ruling::{Unreleased, ruling};
use vigia_suas::plan::summary::{CallReason, WindowSummary};

use super::*;

fn hold(case: &mut Case, scope: HoldScope, given: &str, until: Option<&str>) {
    let authorship = Authorship { at: at(given), ..authorship() };
    case.overrides.holds.push(Hold { scope, until: until.map(date), authorship });
}

fn halt(case: &mut Case, since: &str, until: Option<&str>) {
    let kind = HaltKind::Suspended;
    case.window().halt = Some(Halt { kind, since: Some(date(since)), until: until.map(date) });
}

/// The alerts of a plan: the key of each, and the notices that it names.
fn alerts(plan: &Plan) -> Vec<(String, Vec<String>)> {
    let named = |items: &[AlertItem]| {
        let of = |item: &AlertItem| match item {
            AlertItem::Held { batch, municipalities, .. } => {
                municipalities.iter().map(|code| format!("{batch}/{code}")).collect()
            }
            AlertItem::ClockBehind { .. } | AlertItem::Text(_) => Vec::new(),
        };
        items.iter().flat_map(of).collect()
    };
    let alert = |d: &plan::Decision| match d.content() {
        Some(Content::Alert { items }) => Some((d.key().to_string(), named(items))),
        _ => None,
    };
    plan.actions.iter().filter_map(alert).collect()
}

// D8
#[test]
fn a_rung_within_the_48_hours_waits_and_leaves_when_the_ladder_gives_it_time_after_all() {
    let mut case = Case::new();
    let ladder = &mut case.calendar.systems.values_mut().next().unwrap().ladder;
    ladder.truncate(2);
    ladder[1].days_before = 8;
    for n in 0..2 {
        case.has(n, Slot::Announcement, Some(FIRST), sent("2026-03-20T08:00"));
    }
    case.gestao(State::Pending, "2026-03-20T07:00").gestao(State::Pending, "2026-03-23T07:00");
    assert_eq!(
        case.pass("2026-03-20T09:00"),
        [""; 0],
        "the 10d has no time left before the 8d, and only waits"
    );
    case.calendar.systems.values_mut().next().unwrap().ladder.truncate(1);
    let letter = |n| format!("enviar {} v1", key(rung(1, 10), n));
    assert_eq!(case.pass("2026-03-23T08:00"), [letter(0), letter(1)]);
}

#[test]
fn a_rung_whose_whole_validity_lay_in_the_48_hours_is_superado_only_when_it_is_over() {
    let mut case = Case::new();
    for n in 0..2 {
        case.has(n, Slot::Announcement, Some(FIRST), sent("2026-03-24T16:00"));
    }
    // The 10d fell due on the 20th and ends with the 5d, on the 26th at eight.
    case.gestao(State::Pending, "2026-03-25T07:00");
    assert_eq!(case.pass("2026-03-25T09:00"), [""; 0]);
    let plan = case.plan("2026-03-26T08:00");
    let closed: Vec<_> = plan.actions.iter().filter(|d| d.act() == Act::Supersede).collect();
    assert_eq!(closed.len(), 2, "{:?}", brief(&plan));
    assert!(closed.iter().all(|d| d.rung() == Some(10) && d.because().cause().as_str() == "48h"));
}

#[test]
fn a_hold_stops_the_other_addresses_of_a_letter_that_one_took_and_they_go_on_once_it_ends() {
    let whole = Slot::Announcement;
    for (slot, scope) in [
        (rung(1, 10), HoldScope::Municipality(municipality_code(0))),
        (rung(1, 10), HoldScope::Batch(BatchId::of_slot(&window_id(), rung(1, 10)))),
        (whole, HoldScope::All),
        (whole, HoldScope::Window(window_id())),
    ] {
        let mut case = Case::new();
        case.announced().gestao(State::Pending, "2026-03-19T07:00");
        case.has(1, rung(1, 10), Some(FIRST), sent("2026-03-20T08:00"));
        case.has(0, rung(1, 10), Some(FIRST), sent("2026-03-20T08:00"));
        case.has(0, slot, Some(FIRST), live("2026-03-20T08:00"));
        assert_eq!(municipal(case.pass("2026-03-20T08:30")), [""; 0], "it goes on");
        case.ledger.passed(at("2026-03-20T08:30"));
        hold(&mut case, scope, "2026-03-20T08:40", Some("2026-03-22"));
        let line = |act: &str| format!("{act} {} v1", key(slot, 0));
        assert_eq!(municipal(case.pass("2026-03-20T09:00")), [line("reter")]);
        assert_eq!(municipal(case.pass("2026-03-20T09:10")), [""; 0], "said once");
        let plan = case.plan("2026-03-20T09:20");
        assert!(
            plan.held.iter().any(|held| held.key().to_string() == key(slot, 0)),
            "and named: {:?}",
            plan.held
        );
        let seen = seen(&case, "2026-03-20T09:20");
        let withheld: Vec<_> = seen.lines.iter().flat_map(|line| &line.withheld).collect();
        assert_eq!(withheld.iter().map(|held| held.since).collect::<Vec<_>>(), [at("2026-03-20T08:40")]);
        case.gestao(State::Pending, "2026-03-23T06:00");
        assert_eq!(municipal(case.pass("2026-03-23T07:00")), [""; 0], "over, but out of hours");
        assert_eq!(municipal(case.pass("2026-03-23T08:00")), [line("enviar")], "the same version");
        let record = case.ledger.notice(&NoticeKey::parse(&key(slot, 0)).unwrap()).unwrap();
        assert_eq!(record.standing, sent("2026-03-20T08:00"), "it left when the first one took it");
    }
}

#[test]
fn what_a_hold_left_of_a_letter_ends_with_what_it_says() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-19T07:00");
    case.has(0, rung(1, 10), Some(FIRST), live("2026-03-20T08:00"));
    case.has(1, rung(1, 10), Some(FIRST), live("2026-03-20T08:00"));
    hold(&mut case, HoldScope::All, "2026-03-20T08:40", None);
    assert_eq!(municipal(case.pass("2026-03-20T09:00")).len(), 2);
    case.gestao(State::Pending, "2026-03-23T07:00");
    case.says("f", 0, "GESTAO", None, State::Done, "2026-03-23T07:30");
    let taken_back = format!("retirar {} v1", key(rung(1, 10), 0));
    assert_eq!(municipal(case.pass("2026-03-23T08:00")), [taken_back], "it would no longer be so");
    case.gestao(State::Pending, "2026-03-26T07:00");
    let over = municipal(case.pass("2026-03-26T08:00"));
    assert!(over.contains(&format!("retirar {} v1", key(rung(1, 10), 1))), "its validity is over: {over:?}");
}

// D13
#[test]
fn what_becomes_pendente_after_an_outage_is_no_part_of_it() {
    let mut case = Case::new();
    case.announced().gestao(State::Unconfirmed, "2026-03-20T07:00");
    case.pass("2026-03-20T08:00");
    case.ledger.outage = Some(Outage { from: at("2026-03-20T08:00"), until: at("2026-03-22T09:00") });
    case.pass("2026-03-22T09:00");
    case.gestao(State::Pending, "2026-03-25T07:00");
    let done = case.pass("2026-03-25T08:00");
    let letter = |n| format!("enviar {} v1", key(rung(1, 10), n));
    assert_eq!(done, [letter(0), letter(1)]);
}

#[test]
fn an_order_of_after_an_outage_makes_nothing_part_of_it_that_was_only_in_doubt() {
    let mut case = Case::new();
    case.announced().gestao(State::Unconfirmed, "2026-03-20T07:00");
    case.pass("2026-03-20T08:00");
    case.ledger.outage = Some(Outage { from: at("2026-03-20T08:00"), until: at("2026-03-22T09:00") });
    case.pass("2026-03-22T09:00");
    hold(&mut case, HoldScope::All, "2026-03-23T09:00", Some("2026-03-24"));
    case.gestao(State::Pending, "2026-03-25T07:00");
    let letter = |n| format!("enviar {} v1", key(rung(1, 10), n));
    assert_eq!(case.pass("2026-03-25T08:00"), [letter(0), letter(1)]);
}

#[test]
fn an_order_to_hold_a_correction_stops_the_rung_behind_it_also_where_nobody_can_get_it() {
    let mut case = Case::new();
    with_units(&mut case, None);
    let ladder = case.calendar.systems.values_mut().flat_map(|system| &mut system.ladder);
    ladder.for_each(|rung| rung.audience = vec![Audience::Unit]);
    case.announced().says("f", 0, "CRAS", Some("11"), State::Pending, "2026-03-31T07:00");
    case.roster.municipalities.get_mut(&municipality_code(0)).unwrap().contacts.clear();
    case.edition("2026-04-10", Some("2026-03-20"), &[]);
    let free = case.clone();
    let correction = BatchId::of_slot(&window_id(), Slot::Extension { edition: 2 });
    hold(&mut case, HoldScope::Batch(correction), "2026-03-20T07:00", None);
    let leaves = |case: &Case| {
        let rung = format!("enviar {} v1", key(rung(2, 10), 0));
        brief(&case.plan("2026-03-31T08:00")).contains(&rung)
    };
    assert!(leaves(&free), "the unit has an address");
    assert!(!leaves(&case), "the date in it is in doubt");
}

#[test]
fn what_was_pendente_before_an_outage_waits_for_liberar_however_often_it_is_loaded_again() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-19T07:00");
    case.ledger.passed(at("2026-03-19T08:00"));
    case.ledger.outage = Some(Outage { from: at("2026-03-19T08:00"), until: at("2026-03-23T09:00") });
    // The return loads what was missed before the first pass.
    case.gestao(State::Pending, "2026-03-23T09:01");
    let held = |n| format!("reter {} v0", key(rung(1, 10), n));
    assert_eq!(case.pass("2026-03-23T09:02")[..2], [held(0), held(1)]);
    case.gestao(State::Pending, "2026-03-24T07:00");
    assert!(case.pass("2026-03-24T08:00").iter().all(|d| d.contains("alerta-")));
    case.overrides.release(BatchId::of_outage(at("2026-03-23T09:00")), at("2026-03-24T08:30"));
    assert_eq!(case.pass("2026-03-24T09:00").len(), 2);
}

#[test]
fn what_a_person_held_over_an_outage_waits_for_liberar_once_that_hold_ends_by_itself() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-19T07:00");
    hold(&mut case, HoldScope::All, "2026-03-18T09:00", Some("2026-03-23"));
    case.ledger.passed(at("2026-03-19T08:00"));
    case.ledger.outage = Some(Outage { from: at("2026-03-19T08:00"), until: at("2026-03-23T07:30") });
    let held = |n| format!("reter {} v0", key(rung(1, 10), n));
    assert_eq!(case.pass("2026-03-23T07:31")[..2], [held(0), held(1)], "by the person's word");
    case.gestao(State::Pending, "2026-03-24T07:00");
    assert_eq!(case.pass("2026-03-24T08:00")[..2], [held(0), held(1)], "as what fell due in the gap");
    case.overrides.release(BatchId::of_outage(at("2026-03-23T07:30")), at("2026-03-24T08:30"));
    assert_eq!(case.pass("2026-03-24T09:00").len(), 2);
}

/// What was due before a gap and a person released is not the gap's.
#[test]
fn what_a_person_lets_go_after_a_gap_is_held_by_it_only_where_it_fell_due_in_it() {
    let gap = || Some(Outage { from: at("2026-03-20T17:00"), until: at("2026-03-23T08:05") });
    let letter = |act: &str, n: u32, v| format!("{act} {} v{v}", key(rung(1, 10), n));
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-20T07:00");
    hold(&mut case, HoldScope::All, "2026-03-19T09:00", None);
    assert_eq!(municipal(case.pass("2026-03-20T08:00")), [letter("reter", 0, 0), letter("reter", 1, 0)]);
    case.ledger.outage = gap();
    case.gestao(State::Pending, "2026-03-23T08:04");
    assert_eq!(municipal(case.pass("2026-03-23T08:06")), [""; 0]);
    case.overrides.holds.clear();
    assert_eq!(municipal(case.pass("2026-03-23T08:10")), [letter("enviar", 0, 1), letter("enviar", 1, 1)]);

    // A day with too many stays that day's, before and after `liberar`.
    let mut case = Case::new();
    case.calendar.daily_limit = 1;
    case.announced().gestao(State::Pending, "2026-03-20T07:00");
    assert_eq!(municipal(case.pass("2026-03-20T08:00")), [letter("reter", 0, 0), letter("reter", 1, 0)]);
    case.ledger.outage = gap();
    case.gestao(State::Pending, "2026-03-23T08:04");
    let limit = |d: &plan::Decision| d.because().batch() == Some(&BatchId::of_day(date("2026-03-20")));
    assert!(case.plan("2026-03-23T08:06").held.iter().all(limit));
    case.overrides.release(BatchId::of_day(date("2026-03-20")), at("2026-03-23T08:07"));
    assert_eq!(municipal(case.pass("2026-03-23T08:10")), [letter("enviar", 0, 1), letter("enviar", 1, 1)]);

    // Who joins after it gets the divulgação, however long the window has been open.
    let mut case = Case::new();
    case.ledger.outage = gap();
    case.ledger.passed(at("2026-03-23T08:06"));
    let divulgacao = |n| format!("enviar {} v1", key(Slot::Announcement, n));
    assert_eq!(municipal(case.pass("2026-03-24T08:00")), [divulgacao(0), divulgacao(1)]);
}

// A19
#[test]
fn a_late_pendente_of_a_released_day_is_not_held_again() {
    let mut case = Case::new();
    case.calendar.daily_limit = 0;
    case.announced().says("f", 0, "GESTAO", None, State::Pending, "2026-03-20T07:00");
    case.says("f", 0, "CRAS", None, State::Done, "2026-03-20T07:00");
    assert!(case.pass("2026-03-20T08:00").contains(&format!("reter {} v0", key(rung(1, 10), 0))));
    case.overrides.release(BatchId::of_day(date("2026-03-20")), at("2026-03-20T08:30"));
    assert!(case.pass("2026-03-20T09:00").contains(&format!("enviar {} v1", key(rung(1, 10), 0))));
    case.says("f", 1, "GESTAO", None, State::Pending, "2026-03-23T07:00");
    case.says("f", 1, "CRAS", None, State::Done, "2026-03-23T07:00");
    assert!(case.pass("2026-03-23T08:00").contains(&format!("enviar {} v1", key(rung(1, 10), 1))));
}

#[test]
fn what_its_batch_holds_is_held_out_of_hours_and_what_it_lets_go_then_waits_for_them() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-20T07:00");
    case.calendar.daily_limit = 1;
    let of = |act: &str, v| [0, 1].map(|n| format!("{act} {} v{v}", key(rung(1, 10), n)));
    let held = |plan: &Plan| plan.held.iter().filter(|d| d.because().cause().holds_batches()).count();
    assert_eq!(case.pass("2026-03-20T08:00")[..2], of("reter", 0));
    for now in ["2026-03-20T18:00", "2026-03-21T12:00"] {
        let plan = case.plan(now);
        assert_eq!((held(&plan), municipal(brief(&plan))), (2, Vec::new()), "{now}");
    }
    // A limit that is not reached any more is one end, `liberar` is the other: neither lets anything leave on a Saturday.
    let mut released = case.clone();
    released.overrides.release(BatchId::of_day(date("2026-03-20")), at("2026-03-21T12:00"));
    case.calendar.daily_limit = 2;
    for mut case in [case, released] {
        assert_eq!(municipal(case.pass("2026-03-21T12:01")), of("reter", 0), "said to wait for the hours");
        assert_eq!((held(&case.plan("2026-03-21T12:02")), case.pass("2026-03-21T12:02")), (0, Vec::new()));
        case.gestao(State::Pending, "2026-03-23T07:00");
        assert_eq!(case.pass("2026-03-23T08:00"), of("enviar", 1));
    }
}

#[test]
fn what_its_batch_would_hold_is_held_at_once_out_of_hours_too() {
    let of = |act: &str, n, v| format!("{act} {} v{v}", key(rung(1, 10), n));
    // Nobody looked in the hours of the day on which too many fell due.
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-20T18:20");
    case.calendar.daily_limit = 1;
    assert_eq!(municipal(case.pass("2026-03-20T18:30")), [of("reter", 0, 0), of("reter", 1, 0)]);
    assert_eq!(municipal(case.pass("2026-03-20T18:31")), [""; 0], "once");
    case.gestao(State::Pending, "2026-03-23T07:00");
    assert_eq!(municipal(case.pass("2026-03-23T08:00")), [""; 0]);
    case.overrides.release(BatchId::of_day(date("2026-03-20")), at("2026-03-23T08:30"));
    assert_eq!(case.pass("2026-03-23T09:00"), [of("enviar", 0, 1), of("enviar", 1, 1)]);

    // One more is wanted in the night of a day that is held.
    let mut case = Case::new();
    case.calendar.daily_limit = 0;
    let says = |case: &mut Case, n, when| {
        case.says("f", n, "GESTAO", None, State::Pending, when);
        case.says("f", n, "CRAS", None, State::Done, when);
    };
    case.announced();
    says(&mut case, 0, "2026-03-20T07:00");
    case.pass("2026-03-20T08:00");
    says(&mut case, 1, "2026-03-20T20:00");
    case.pass("2026-03-20T20:01");
    let held = case.plan("2026-03-20T20:02").held;
    assert_eq!(held.iter().filter(|d| d.because().cause().holds_batches()).count(), 2);

    // So is what fell due in a gap, where the return is at night.
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-20T19:00");
    case.ledger.passed(at("2026-03-19T08:00"));
    case.ledger.outage = Some(Outage { from: at("2026-03-19T08:00"), until: at("2026-03-20T20:00") });
    assert_eq!(municipal(case.pass("2026-03-20T20:01")), [of("reter", 0, 0), of("reter", 1, 0)]);

    // What nothing holds waits for the hours, and nothing is recorded of it.
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-20T18:20");
    assert_eq!(case.pass("2026-03-20T18:30"), [""; 0]);
}

// D7
#[test]
fn of_two_orders_on_the_same_object_the_newest_rules_also_once_it_is_over() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-20T07:00");
    let window = || HoldScope::Window(window_id());
    hold(&mut case, window(), "2026-03-18T10:00", Some("2026-03-19"));
    hold(&mut case, window(), "2026-03-18T09:00", None);
    assert_eq!(case.pass("2026-03-20T08:00").len(), 2, "held until the 19th, whatever was said before");
    hold(&mut case, HoldScope::All, "2026-03-19T09:00", None);
    case.ledger = Ledger::default();
    case.announced();
    assert!(case.pass("2026-03-20T09:00").iter().all(|d| d.starts_with("reter") || d.contains("alerta-")));
}

#[test]
fn a_dispensa_given_again_with_a_last_day_ends_on_it() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-20T07:00");
    for (given, until) in [("2026-03-10T09:00", None), ("2026-03-11T09:00", Some("2026-03-19"))] {
        case.overrides.exemptions.push(Exemption {
            municipality: municipality_code(0),
            window: window_id(),
            part: None,
            until: until.map(date),
            authorship: Authorship { at: at(given), ..authorship() },
        });
    }
    assert!(case.pass("2026-03-20T08:00").contains(&format!("enviar {} v1", key(rung(1, 10), 0))));
}

#[test]
fn of_two_pauses_the_newest_rules_also_where_it_is_shorter_and_a_call_without_one_changes_neither() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-19T20:00");
    let call = |given: &str, until: Option<&str>| Note {
        municipality: municipality_code(0),
        window: window_id(),
        telephone: None,
        until: until.map(date),
        authorship: Authorship { at: at(given), ..authorship() },
    };
    let letter = format!("enviar {} v1", key(rung(1, 10), 0));
    let notes = [
        call("2026-03-18T09:00", Some("2026-03-25")),
        call("2026-03-19T09:00", Some("2026-03-19")),
        call("2026-03-19T10:00", None),
    ];
    for (said, leaves) in [(1, false), (2, true), (3, true)] {
        case.overrides.notes = notes[..said].to_vec();
        assert_eq!(brief(&case.plan("2026-03-20T08:00")).contains(&letter), leaves, "{said}");
    }
}

// A16
#[test]
fn what_reter_stops_is_brought_to_mind_each_day_until_it_dies() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-20T07:00");
    case.calendar.systems.values_mut().next().unwrap().status_validity = SignedDuration::from_hours(900);
    hold(&mut case, HoldScope::All, "2026-03-18T09:00", None);
    for day in 20..26 {
        let now = format!("2026-03-{day}T08:00");
        let told = alerts(&case.plan(&now));
        let both = vec![key(rung(1, 10), 0), key(rung(1, 10), 1)];
        assert_eq!(told, [(format!("geral/alerta-retidas-retido-2026-03-{day}"), both)], "also on a day off");
        case.pass(&now);
        assert_eq!(alerts(&case.plan(&format!("2026-03-{day}T12:00"))), [], "once a day");
    }
}

#[test]
fn a_remessa_that_reter_stops_is_named_each_day_and_leaves_once_it_is_released() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-31T20:00");
    hold(&mut case, HoldScope::Window(window_id()), "2026-03-31T20:00", None);
    let remessas = ["rma/2026@1/remessa-GSUAS", "rma/2026@1/remessa-GPSB"];
    let about = |plan: &Plan| -> Vec<String> {
        let items = plan.actions.iter().filter_map(|decision| match decision.content() {
            Some(Content::Alert { items }) => Some(items),
            _ => None,
        });
        let batch = |item: &AlertItem| match item {
            AlertItem::Held { batch, .. } => Some(batch.to_string()),
            AlertItem::ClockBehind { .. } | AlertItem::Text(_) => None,
        };
        items.flatten().filter_map(batch).collect()
    };
    // The fourth and the fifth are no working days.
    for day in 1..8 {
        let now = format!("2026-04-{day:02}T08:00");
        let plan = case.plan(&now);
        let held: Vec<String> = plan.held.iter().map(|decision| decision.key().to_string()).collect();
        assert_eq!(held, remessas, "{now}");
        let mut told = about(&plan);
        told.sort_unstable_by_key(|batch| remessas.iter().position(|key| key == batch));
        assert_eq!(told, remessas, "{now}");
        case.pass(&now);
        assert_eq!(about(&case.plan(&format!("2026-04-{day:02}T12:00"))), [""; 0], "once a day");
    }
    case.overrides.holds.clear();
    let left = case.plan("2026-04-08T08:00");
    let sent = left.actions.iter().filter(|decision| remessas.contains(&decision.key().to_string().as_str()));
    assert_eq!((sent.count(), left.held.len()), (2, 0));
}

#[test]
fn an_opening_that_nobody_confirms_is_brought_to_mind_each_day() {
    let mut case = Case::new();
    case.calendar.systems.values_mut().next().unwrap().confirm_opening = true;
    for day in 2..20 {
        let now = format!("2026-03-{day:02}T08:00");
        let told = alerts(&case.plan(&now));
        assert!(
            told.iter().any(|(alert, named)| alert.contains("aguarda-abertura") && named.len() == 2),
            "{now}"
        );
        case.pass(&now);
    }
}

#[test]
fn what_is_held_after_the_days_alert_and_would_die_before_the_next_is_told_at_once() {
    let mut case = Case::new();
    case.announced();
    let system = case.window().system.clone();
    let joins = |case: &mut Case, n| {
        case.roster.municipalities.get_mut(&municipality_code(n)).unwrap().exempt.clear();
    };
    case.roster.municipalities.get_mut(&municipality_code(1)).unwrap().exempt.insert(system);
    assert_eq!(alerts(&case.plan("2026-03-25T08:00")).len(), 1);
    case.pass("2026-03-25T08:00");
    joins(&mut case, 1);
    let told = alerts(&case.plan("2026-03-25T15:00"));
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].0, "geral/alerta-retidas-nao-confirmado-2-2026-03-25");
    assert!(told[0].1.contains(&key(rung(1, 10), 1)), "{told:?}");
    case.pass("2026-03-25T15:00");
    assert_eq!(alerts(&case.plan("2026-03-25T16:00")), []);
}

#[test]
fn what_a_hold_leaves_of_a_letter_that_dies_before_the_morning_is_told_once_and_not_at_every_pass() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-30T20:00");
    for n in 0..2 {
        case.has(n, rung(1, 2), Some(FIRST), live("2026-03-31T08:00"));
    }
    hold(&mut case, HoldScope::Municipality(municipality_code(0)), "2026-03-31T08:40", None);
    let told = |case: &mut Case, now: &str| {
        let told = alerts(&case.plan(now));
        case.pass(now);
        told.into_iter().map(|(alert, _)| alert).collect::<Vec<_>>()
    };
    assert_eq!(told(&mut case, "2026-03-31T09:00"), ["geral/alerta-retidas-retido-2026-03-31"]);
    assert_eq!(told(&mut case, "2026-03-31T09:01"), [""; 0]);
    assert_eq!(told(&mut case, "2026-03-31T09:02"), [""; 0]);
    hold(&mut case, HoldScope::Municipality(municipality_code(1)), "2026-03-31T10:00", None);
    assert_eq!(told(&mut case, "2026-03-31T10:01"), ["geral/alerta-retidas-retido-2-2026-03-31"]);
    assert_eq!(told(&mut case, "2026-03-31T10:02"), [""; 0]);
}

#[test]
fn what_is_held_again_after_a_night_in_which_nothing_held_it_is_named_again_before_it_dies() {
    let mut case = Case::new();
    // The deadline lies on a Saturday: what is free to leave on Friday night never does.
    case.window().editions[0].deadline = Some(deadline("2026-03-28"));
    case.calendar.systems.values_mut().next().unwrap().status_validity = SignedDuration::from_hours(14);
    for n in 0..2 {
        case.has(n, Slot::Announcement, Some("2026-03-28"), sent("2026-03-02T08:00"));
    }
    case.pass("2026-03-27T08:00");
    case.gestao(State::Pending, "2026-03-27T20:00");
    case.pass("2026-03-27T20:00");
    let valid_until = deadline("2026-03-28").instant(&case.calendar.hours.zone);
    let waits = Reason::LeavesNoMore { until: at("2026-03-30T08:00"), valid_until }.cause();
    let records = case.ledger.window(&window_id()).unwrap().of(municipality_code(0));
    let record = records.iter().find(|r| r.slot == rung(1, 2)).unwrap();
    assert_eq!(record.standing, Standing::Withheld(waits));
    case.pass("2026-03-28T08:00");
    let told = alerts(&case.plan("2026-03-28T10:01"));
    assert_eq!(told.len(), 1, "held by doubt again, and dies tonight");
    assert!(told[0].1.contains(&key(rung(1, 2), 0)), "{told:?}");
    case.pass("2026-03-28T10:01");
    assert_eq!(alerts(&case.plan("2026-03-28T12:00")), []);
}

// D15
#[test]
fn a_second_suspension_is_told_and_so_is_its_end() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-05T07:00");
    halt(&mut case, "2026-03-04", Some("2026-03-06"));
    let note = |day: &str, n| {
        let slot = Slot::Suspension { edition: 1, since: Some(date(day)), kind: HaltKind::Suspended };
        format!("enviar {} v1", key(slot, n))
    };
    let upheld =
        |day: &str, n| format!("enviar {} v1", key(Slot::Upheld { edition: 1, since: Some(date(day)) }, n));
    assert_eq!(case.pass("2026-03-04T08:00"), [note("2026-03-04", 0), note("2026-03-04", 1)]);
    assert_eq!(case.pass("2026-03-06T08:00"), [upheld("2026-03-04", 0), upheld("2026-03-04", 1)]);
    halt(&mut case, "2026-03-11", Some("2026-03-13"));
    assert_eq!(case.pass("2026-03-11T08:00"), [note("2026-03-11", 0), note("2026-03-11", 1)]);
    assert_eq!(case.pass("2026-03-12T08:00"), [""; 0], "once");
    assert_eq!(case.pass("2026-03-13T08:00"), [upheld("2026-03-11", 0), upheld("2026-03-11", 1)]);
}

// A6
#[test]
fn a_halt_rules_until_an_edition_announced_after_it_and_the_window_says_so() {
    let mut case = Case::new();
    halt(&mut case, "2026-03-10", None);
    assert_eq!(case.window().halt_on(date("2026-03-09")), None);
    assert!(case.window().halt_on(date("2026-03-20")).is_some());
    case.edition("2026-04-20", Some("2026-03-10"), &[]);
    assert!(case.window().halt_on(date("2026-03-20")).is_some(), "announced the same day is not after it");
    case.edition("2026-04-25", Some("2026-03-15"), &[0]);
    assert!(case.window().halt_on(date("2026-03-20")).is_some(), "for one municipality only");
    case.edition("2026-04-30", Some("2026-03-18"), &[]);
    assert!(case.window().halt_on(date("2026-03-17")).is_some());
    assert_eq!(case.window().halt_on(date("2026-03-18")), None);
}

// D5
#[test]
fn an_edition_earlier_than_one_that_nobody_was_told_does_not_wait() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-30T07:00");
    case.edition("2026-05-30", Some("2026-03-30"), &[]);
    case.edition("2026-05-20", Some("2026-03-30"), &[]);
    let letter = |n| format!("enviar {} v1", key(Slot::Extension { edition: 3 }, n));
    assert_eq!(case.pass("2026-03-30T08:00"), [letter(0), letter(1)]);
}

#[test]
fn who_was_told_the_later_date_waits_for_liberar_and_who_was_not_does_not() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-30T07:00");
    case.edition("2026-05-30", Some("2026-03-20"), &[]);
    case.has(0, Slot::Extension { edition: 2 }, Some("2026-05-30"), sent("2026-03-20T08:00"));
    case.edition("2026-05-20", Some("2026-03-30"), &[]);
    let done = case.pass("2026-03-30T08:00");
    let letter = |n| format!("{} v", key(Slot::Extension { edition: 3 }, n));
    assert!(done.iter().any(|d| d.starts_with(&format!("reter {}", letter(0)))), "{done:?}");
    assert!(done.iter().any(|d| d.starts_with(&format!("enviar {}", letter(1)))), "{done:?}");
}

#[test]
fn an_agenda_has_the_deadline_that_rules_and_the_one_that_waits_for_liberar() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-30T07:00");
    case.edition("2026-05-30", Some("2026-03-20"), &[]);
    for n in [0, 1] {
        case.has(n, Slot::Extension { edition: 2 }, Some("2026-05-30"), sent("2026-03-20T08:00"));
    }
    case.edition("2026-05-20", Some("2026-03-30"), &[]);
    let found = |case: &Case, now: &str| {
        let window = case.calendar.declared[0].clone();
        assert!(window.goes_back());
        let ruling = case.ask(|world| ruling(world, &window, at(now))).unwrap();
        assert_eq!(ruling.edition, seen(case, now).edition, "as the report has it");
        ruling
    };
    let before = found(&case, "2026-03-29T12:00");
    assert_eq!((before.edition, before.unreleased, before.known_at), (2, None, Some(at("2026-03-20T00:00"))));
    let waits = found(&case, "2026-03-30T12:00");
    assert_eq!((waits.edition, waits.unreleased), (2, Some(Unreleased::Waits(3))));
    assert_eq!(waits.known_at, Some(at("2026-03-30T00:00")), "what became known is a change");
    assert_eq!(found(&case, "2026-05-21T12:00").unreleased, Some(Unreleased::Lapsed(3)));
    let batch = BatchId::of_slot(&window_id(), Slot::Extension { edition: 3 });
    case.overrides.released.insert(batch, at("2026-03-31T09:00"));
    let released = found(&case, "2026-03-31T12:00");
    assert_eq!((released.edition, released.unreleased), (3, None));
}

#[test]
fn whoever_answers_for_what_is_owed_is_telephoned_else_whoever_has_a_telephone() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-25T20:00");
    case.has(0, rung(1, 5), Some(FIRST), sent("2026-03-26T08:00"));
    let telephones = |case: &mut Case, smas: &str, cmas: &str| {
        let contacts = &mut case.roster.municipalities.get_mut(&municipality_code(0)).unwrap().contacts;
        (contacts[0].telephone, contacts[1].telephone) = (smas.to_owned(), cmas.to_owned());
    };
    let called = |case: &Case| {
        let summary = seen(case, "2026-03-26T20:00");
        let call = summary.call_list.iter().find(|call| call.municipality == municipality_code(0)).unwrap();
        (call.role.clone().unwrap(), call.telephone.clone())
    };
    telephones(&mut case, "1", "2");
    assert_eq!(called(&case), (Role::Smas, "1".to_owned()));
    telephones(&mut case, "", "2");
    assert_eq!(called(&case), (Role::Cmas, "2".to_owned()), "whoever has one");
    case.calendar.parts.get_mut(&part("GESTAO")).unwrap().respondent = Respondent::Cmas;
    telephones(&mut case, "1", "2");
    assert_eq!(called(&case), (Role::Cmas, "2".to_owned()), "the council owes it");
    telephones(&mut case, "1", " ");
    assert_eq!(called(&case), (Role::Smas, "1".to_owned()));
    telephones(&mut case, "", "");
    assert_eq!(called(&case), (Role::Cmas, String::new()), "whose is to be found out");
}

#[test]
fn what_a_letter_still_goes_to_waits_while_its_date_is_in_doubt_and_says_by_whom_it_is_held() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-26T07:00");
    case.has(0, rung(1, 5), Some(FIRST), live("2026-03-26T08:00"));
    case.has(1, rung(1, 5), Some(FIRST), sent("2026-03-26T08:00"));
    // An earlier date is announced: until somebody releases it, nobody is warned by either.
    case.edition("2026-03-30", Some("2026-03-26"), &[]);
    let held = |case: &Case, now: &str| -> Vec<String> {
        let plan = case.plan(now);
        let rung = plan.held.iter().filter(|d| d.rung() == Some(5));
        rung.map(|d| format!("{} {}", d.key(), d.because().cause().as_str())).collect()
    };
    let of_first = |cause: &str| vec![format!("{} {cause}", key(rung(1, 5), 0))];
    assert_eq!(held(&case, "2026-03-26T12:00"), of_first("prazo-em-duvida"));
    hold(&mut case, HoldScope::All, "2026-03-26T13:00", None);
    assert_eq!(held(&case, "2026-03-26T14:00"), of_first("retido"));
    case.pass("2026-03-26T14:00");
    case.overrides.holds.clear();
    assert_eq!(held(&case, "2026-03-26T15:00"), of_first("prazo-em-duvida"), "and still waits");
}

// D1
fn with_units(case: &mut Case, from: Option<&str>) {
    let unit = |id: &str, n: u32| Unit {
        id: UnitId::parse(id).unwrap(),
        municipality: municipality_code(n),
        part: part("CRAS"),
        name: format!("U {id}"),
        addresses: vec![email(&format!("u{id}@es.test"))],
        telephone: String::new(),
        from: from.map(date),
        until: None,
    };
    case.roster.units = Some(Units::new(vec![unit("11", 0), unit("22", 0), unit("33", 1)]));
    case.window().parts = vec![part("CRAS")];
}

#[test]
fn a_lembrete_to_who_answers_goes_only_to_the_units_that_have_not_filled_in() {
    let mut case = Case::new();
    with_units(&mut case, None);
    for rung in &mut case.calendar.systems.values_mut().next().unwrap().ladder {
        rung.audience = vec![Audience::Respondent];
        rung.unconfirmed = OnUnconfirmed::Remind;
    }
    case.announced().says("f", 0, "CRAS", Some("11"), State::Done, "2026-03-03T07:00");
    let plan = case.plan("2026-03-20T08:00");
    let letter = format!("enviar {} v1 para u22@es.test", key(rung(1, 10), 0));
    assert!(acts(&plan).contains(&letter), "{:?}", acts(&plan));
}

// A17
#[test]
fn who_joins_after_inicio_is_not_told_outside_and_gets_the_divulgacao() {
    let mut case = Case::new();
    case.calendar.starts_on = Some(date("2026-03-09"));
    with_units(&mut case, Some("2026-03-02"));
    assert_eq!(case.pass("2026-03-10T08:00"), [""; 0], "both had units on the day of inicio");
    with_units(&mut case, Some("2026-03-12"));
    let letter = |n| format!("enviar {} v1", key(Slot::Announcement, n));
    assert_eq!(case.pass("2026-03-12T08:00"), [letter(0), letter(1)]);
}

#[test]
fn whom_the_roster_of_inicio_did_not_have_or_dispensed_is_told_before_it_is_warned() {
    let mut case = Case::new();
    case.calendar.starts_on = Some(date("2026-03-09"));
    let (mut then, rma) = (case.roster.clone(), SystemId::parse("rma").unwrap());
    then.municipalities.remove(&municipality_code(0));
    then.municipalities.get_mut(&municipality_code(1)).unwrap().exempt.insert(rma);
    case.gestao(State::Pending, "2026-03-20T07:00");
    assert!(case.pass("2026-03-12T08:00").is_empty(), "by the roster of today both were there");
    case.roster_at_start = Some(then);
    let letter = |slot, n| format!("enviar {} v1", key(slot, n));
    let divulgacao = [letter(Slot::Announcement, 0), letter(Slot::Announcement, 1)];
    assert_eq!(municipal(case.pass("2026-03-20T08:00")), divulgacao);
    case.gestao(State::Pending, "2026-03-21T07:00");
    assert_eq!(municipal(case.pass("2026-03-21T08:00")), [""; 0], "48 hours, over a Sunday");
    case.gestao(State::Pending, "2026-03-23T07:00");
    assert_eq!(municipal(case.pass("2026-03-23T08:00")), [letter(rung(1, 10), 0), letter(rung(1, 10), 1)]);
}

/// Its deadline had passed before `inicio`: it opened and closed unseen, and its remessa says that nobody was told.
#[test]
fn nobody_counts_as_told_of_a_window_that_was_over_on_inicio() {
    let told = |starts_on: &str, now: &str| {
        let mut case = Case::new();
        case.calendar.starts_on = Some(date(starts_on));
        let (plan, post) = (case.plan(now), Post::default());
        case.ask(|world| {
            let view = View { world, plan: &plan, post: &post, now: at(now) };
            explain(view, &window_id(), municipality_code(0)).unwrap().line.unwrap().told_outside_on
        })
    };
    assert_eq!(told("2026-03-09", "2026-03-10T09:00"), Some(date("2026-03-09")), "it was running");
    assert_eq!(told(FIRST, "2026-03-31T09:00"), Some(date(FIRST)), "its last day was to come");
    assert_eq!(told("2026-04-07", "2026-04-08T09:00"), None);
}

/// What staff see of the window.
fn seen(case: &Case, now: &str) -> WindowSummary {
    let (plan, post) = (case.plan(now), Post::default());
    case.ask(|world| summarise(View { world, plan: &plan, post: &post, now: at(now) }, &window_id())).unwrap()
}

/// Warned of one part, it owes another now.
#[test]
fn nobody_counts_as_warned_of_what_no_letter_named() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-25T20:00");
    case.has(0, rung(1, 5), Some(FIRST), sent("2026-03-26T08:00"));
    let because = |case: &Case| {
        let call = seen(case, "2026-03-27T20:00")
            .call_list
            .into_iter()
            .find(|call| call.municipality == municipality_code(0));
        call.unwrap().because
    };
    case.gestao(State::Pending, "2026-03-27T07:00");
    let at_once = at("2026-03-26T08:00");
    assert!(because(&case).contains(&CallReason::Warned {
        letters: 1,
        earlier: 0,
        first_at: at_once,
        last_at: at_once
    }));
    case.says("f", 0, "GESTAO", None, State::Done, "2026-03-27T08:00");
    case.says("f", 0, "CRAS", None, State::Pending, "2026-03-27T08:00");
    case.says("f", 0, "CRAS", None, State::Pending, "2026-03-27T20:00");
    assert_eq!(because(&case), [CallReason::WarnedOfOther { letters: 1, last_at: at_once }]);
}

#[test]
fn nobody_is_called_for_what_a_stopped_window_no_longer_asks_but_for_an_address_that_takes_no_letter() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-25T20:00");
    case.has(0, rung(1, 5), Some(FIRST), sent("2026-03-26T08:00"));
    case.has(1, rung(1, 5), Some(FIRST), Standing::Expired { at: at("2026-03-26T18:00"), held_by: None });
    let now = "2026-03-26T20:00";
    let owing = |case: &Case| seen(case, now).call_list.iter().filter(|call| !call.owes.is_empty()).count();
    assert_eq!((seen(&case, now).call_list.len(), owing(&case)), (2, 2));
    halt(&mut case, "2026-03-26", None);
    assert_eq!(seen(&case, now).call_list, []);
    let address = case.roster.municipalities[&municipality_code(0)].contacts[0].addresses[0].clone();
    case.ledger.flagged.insert(address, Refusal::Address, Timestamp::MAX);
    let calls = seen(&case, now).call_list;
    assert_eq!((calls.len(), owing(&case)), (1, 0));
    let reasons = &calls[0].because[..];
    assert!(
        matches!(reasons, [CallReason::Decided(Reason::AddressFlagged { .. })])
            && calls[0].unconfirmed.is_empty(),
        "{calls:?}"
    );
}

#[test]
fn a_page_tells_nothing_that_came_after_its_own_instant() {
    let mut case = Case::new();
    case.has(0, Slot::Announcement, Some(FIRST), sent("2026-03-10T08:00"));
    let left = |now: &str| {
        let (plan, post) = (case.plan(now), Post::default());
        let windows = [seen(&case, now)];
        case.ask(|world| {
            let view = View { world, plan: &plan, post: &post, now: at(now) };
            let page = day::page(view, &windows, &windows, at("2026-03-09T08:00"), Vec::new(), Vec::new());
            page.left.iter().map(|group| group.left).sum::<usize>()
        })
    };
    assert_eq!([left("2026-03-09T20:00"), left("2026-03-10T20:00")], [0, 1]);
}

#[test]
fn a_rehearsal_never_says_that_somebody_was_warned() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-25T20:00");
    case.has(0, rung(1, 5), Some(FIRST), sent("2026-03-26T08:00"));
    let now = "2026-03-26T20:00";
    let (plan, post) = (case.plan(now), Post::default().rehearsed());
    let summary =
        case.ask(|world| summarise(View { world, plan: &plan, post: &post, now: at(now) }, &window_id()));
    let summary = summary.unwrap();
    assert!(summary.rehearsal);
    assert_eq!(summary.call_list[0].because, [CallReason::Rehearsed { letters: 1 }]);
}
