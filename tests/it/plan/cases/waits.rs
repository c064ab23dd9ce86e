//! A window that waits for another one (`depende_de`).

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
