//! A window that waits for another one (`depende_de`).

use vigia_suas::domain::notice::Content;
use vigia_suas::domain::overrides::Exemption;

use super::closed::summary;
use super::status::letter;
use super::*;

fn manager() -> WindowId {
    WindowId::parse("rma/2026/gestor").unwrap()
}

/// The world's window waits for the manager's, which opened with it.
fn waiting(deadlines: &[(&str, Option<&str>, &[u32])]) -> Case {
    let mut case = Case::new();
    let mut first = case.window().clone();
    (first.id, first.name) = (manager(), Some("gestor".to_owned()));
    case.window().depends_on = Some(manager());
    let place = case.calendar.declared.len();
    case.calendar.declared.push(first);
    case.calendar.declared[place].editions.clear();
    for (number, (on, announced, named)) in (1..).zip(deadlines) {
        case.calendar.declared[place].editions.push(Edition {
            number,
            deadline: Some(deadline(on)),
            announced_on: announced.map(date),
            source: "teste".to_owned(),
            municipalities: named.iter().map(|n| municipality_code(*n)).collect(),
        });
    }
    case
}

/// What a feed says of both parts of the manager's window.
fn manager_says(case: &mut Case, n: u32, state: State, when: &str) {
    for id in ["CRAS", "GESTAO"] {
        let observation = Observation {
            window: manager(),
            municipality: municipality_code(n),
            part: part(id),
            unit: None,
            state,
            dated: None,
            basis: Basis::Row,
            line: 0,
            wording: None,
        };
        case.status.absorb(&observation, &load("f", when), Belief::Cautious);
    }
}

/// Whether the world's own window is asked of a municipality by a prazo.
fn is_warned(case: &Case, n: u32, now: &str) -> bool {
    let plan = case.plan(now);
    let about = plan.actions.iter().filter(|d| d.window() == Some(&window_id()));
    let of = Plan { actions: about.cloned().collect(), ..Plan::default() };
    letter(&of, municipality_code(n)).is_some_and(|letter| letter.kind() == Some(Kind::Warning))
}

#[test]
fn who_has_a_date_of_its_own_there_waits_also_when_the_date_of_all_others_has_passed() {
    let mut case = waiting(&[
        ("2026-03-10", None, &[]),
        ("2026-03-27", Some("2026-03-05"), &[0]),
        ("2026-03-13", Some("2026-03-06"), &[]),
    ]);
    case.pass("2026-03-02T08:00");
    case.pass("2026-03-06T08:00");
    manager_says(&mut case, 0, State::Pending, "2026-03-12T07:00");
    manager_says(&mut case, 1, State::Done, "2026-03-12T07:00");
    case.pass("2026-03-16T08:00");
    assert!(case.ledger.window(&manager()).unwrap().closing(3).is_some(), "the others' date is on record");
    case.gestao(State::Pending, "2026-03-19T07:00");
    manager_says(&mut case, 0, State::Pending, "2026-03-19T07:00");
    let now = "2026-03-20T08:00";
    assert!(!is_warned(&case, 0, now) && is_warned(&case, 1, now));
    manager_says(&mut case, 0, State::Done, "2026-03-20T07:00");
    assert!(is_warned(&case, 0, now), "and no longer once it is concluded there");
}

#[test]
fn who_waits_for_an_earlier_date_to_be_released_there_is_not_done_by_the_record_of_who_does_not() {
    let mut case = waiting(&[("2026-03-30", None, &[])]);
    let nobody = case.roster.municipalities.get_mut(&municipality_code(1)).unwrap();
    nobody.contacts.clear();
    case.pass("2026-03-02T08:00");
    case.calendar.declared[1].editions.push(Edition {
        number: 2,
        deadline: Some(deadline("2026-03-13")),
        announced_on: Some(date("2026-03-09")),
        source: "teste".to_owned(),
        municipalities: BTreeSet::new(),
    });
    case.pass("2026-03-12T08:00");
    case.pass("2026-03-16T08:00");
    let closed = case.ledger.window(&manager()).unwrap().closing(2);
    assert!(closed.is_none(), "whoever was told of no date closes with the others (decision 0368)");
    case.gestao(State::Pending, "2026-03-19T07:00");
    manager_says(&mut case, 0, State::Pending, "2026-03-19T07:00");
    assert!(!is_warned(&case, 0, "2026-03-20T08:00"));
    manager_says(&mut case, 0, State::Done, "2026-03-20T07:00");
    assert!(is_warned(&case, 0, "2026-03-20T08:00"));
}

/// The world's window waits for the council's, which waits for the manager's; each of the first two with its deadline.
fn chain(manager_until: &str, council_until: &str) -> Case {
    let mut case = waiting(&[(manager_until, None, &[])]);
    let mut second = case.calendar.declared[1].clone();
    (second.id, second.name) = (council(), Some("conselho".to_owned()));
    second.editions[0].deadline = Some(deadline(council_until));
    second.depends_on = Some(manager());
    case.window().depends_on = Some(council());
    case.calendar.declared.insert(1, second);
    case
}

fn council() -> WindowId {
    WindowId::parse("rma/2026/conselho").unwrap()
}

fn says_of(case: &mut Case, window: &WindowId, state: State, when: &str) {
    for (n, id) in [(0, "CRAS"), (0, "GESTAO"), (1, "CRAS"), (1, "GESTAO")] {
        let observation = Observation {
            window: window.clone(),
            municipality: municipality_code(n),
            part: part(id),
            unit: None,
            state,
            dated: None,
            basis: Basis::Row,
            line: 0,
            wording: None,
        };
        case.status.absorb(&observation, &load("f", when), Belief::Cautious);
    }
}

/// What a municipality waits for in the world's own window.
fn waited_for(case: &Case, now: &str) -> Option<WindowId> {
    summary(case, now).line(municipality_code(0)).unwrap().waits_for.clone()
}

#[test]
fn what_waits_for_a_window_that_itself_waits_waits_too() {
    let mut case = chain(FIRST, FIRST);
    for window in [window_id(), council(), manager()] {
        says_of(&mut case, &window, State::Pending, "2026-03-26T07:00");
    }
    let now = "2026-03-26T08:00";
    assert!(!is_warned(&case, 0, now) && !is_warned(&case, 1, now));
    assert_eq!(waited_for(&case, now), Some(council()), "and says for what");
    says_of(&mut case, &manager(), State::Done, "2026-03-26T07:10");
    assert!(!is_warned(&case, 0, now), "the council's is asked now");
    says_of(&mut case, &council(), State::Done, "2026-03-26T07:20");
    assert!(is_warned(&case, 0, now));
    assert_eq!(waited_for(&case, now), None);
    // A dispensa of what stands between takes nothing from what that waited for.
    says_of(&mut case, &manager(), State::Pending, "2026-03-26T07:30");
    case.status = StatusBook::default();
    says_of(&mut case, &window_id(), State::Pending, "2026-03-26T07:40");
    case.overrides.exemptions.push(Exemption {
        municipality: municipality_code(0),
        window: council(),
        part: None,
        until: None,
        authorship: authorship(),
    });
    assert_eq!(waited_for(&case, now), Some(manager()));
    assert!(!is_warned(&case, 0, now));
}

#[test]
fn what_waited_until_its_deadline_is_not_concluded_until_a_load_says_so() {
    let mut case = chain("2026-03-10", "2026-03-12");
    case.pass("2026-03-02T08:00");
    for window in [window_id(), council(), manager()] {
        says_of(&mut case, &window, State::Pending, "2026-03-09T07:00");
    }
    case.pass("2026-03-13T08:00");
    let closed = case.ledger.window(&council()).unwrap().closing(1).unwrap();
    assert!(closed.municipalities[&municipality_code(0)].waits);
    says_of(&mut case, &window_id(), State::Pending, "2026-03-20T07:00");
    says_of(&mut case, &manager(), State::Done, "2026-03-20T07:00");
    let now = "2026-03-20T08:00";
    assert!(!is_warned(&case, 0, now) && !is_warned(&case, 1, now));
    assert_eq!(waited_for(&case, now), Some(council()));
    says_of(&mut case, &council(), State::Done, "2026-03-20T07:10");
    assert!(is_warned(&case, 0, now));
}

#[test]
fn a_record_of_a_deadline_asks_for_all_that_its_window_waits_for() {
    let mut case = chain(FIRST, FIRST);
    case.pass("2026-03-02T08:00");
    says_of(&mut case, &window_id(), State::Pending, "2026-04-01T06:30");
    let ended_at = deadline(FIRST).instant(&case.calendar.hours.zone);
    let asked = case.ask(|world| plan::past_asked(world, at("2026-04-01T08:01")));
    assert_eq!(asked[&ended_at], [window_id(), council(), manager()].into());
}

#[test]
fn a_remessa_names_apart_of_whom_nothing_was_owed_yet_and_for_what() {
    let mut case = waiting(&[(FIRST, None, &[])]);
    case.pass("2026-03-02T08:00");
    case.gestao(State::Pending, "2026-03-31T20:00");
    manager_says(&mut case, 0, State::Pending, "2026-03-31T20:00");
    manager_says(&mut case, 1, State::Done, "2026-03-31T20:00");
    let done = case.decide("2026-04-01T08:00");
    let remessa = done.iter().find(|d| d.key().to_string() == "rma/2026@1/remessa-GSUAS").unwrap();
    let Some(Content::Referral { pending, unconfirmed, waited, .. }) = remessa.content() else { panic!() };
    assert_eq!(*waited, [(municipality_code(0), Some(manager()))]);
    let owing: Vec<_> = pending.iter().map(|(code, _)| *code).collect();
    assert_eq!((owing, unconfirmed.len()), (vec![municipality_code(1)], 0));
}
