//! What is a large effect and what is not.

use jiff::civil::date;

use super::*;
use crate::domain::calendar::{Deadline, Edition, Halt, HaltKind};
use crate::domain::holiday::{Holiday, HolidayKind, HolidayRule};
use crate::domain::id::{Reference, SystemId};
use crate::domain::roster::{Contact, Municipality, Role};

const CODES: [&str; 6] = ["3200102", "3200136", "3200169", "3200201", "3200300", "3200359"];

/// Six municipalities, each with one address.
fn roster(addresses: [&str; 6]) -> Roster {
    let one = |(code, address): (&str, &str)| {
        let code = MunicipalityCode::parse(code).unwrap();
        let addresses = vec![EmailAddress::parse(address).unwrap()];
        let contact =
            Contact { role: Role::Smas, addresses, holder: String::new(), telephone: String::new() };
        let municipality = Municipality {
            code,
            name: code.to_string(),
            region: String::new(),
            contacts: vec![contact],
            exempt: BTreeSet::new(),
            note: String::new(),
        };
        (code, municipality)
    };
    let municipalities = CODES.into_iter().zip(addresses).map(one).collect();
    Roster { municipalities, ..Roster::default() }
}

#[test]
fn one_address_that_was_anothers_is_a_correction_and_two_are_an_exchange() {
    let known = ["a@x.br", "b@x.br", "c@x.br", "d@x.br", "e@x.br", "f@x.br"];
    let changed = |addresses| of_addresses(&roster(known), &roster(addresses));
    assert_eq!(changed(["A@X.br", "b@x.br", "c@x.br", "d@x.br", "e@x.br", "f@x.br"]), []);
    assert_eq!(changed(["b@x.br", "b@x.br", "c@x.br", "d@x.br", "e@x.br", "f@x.br"]), []);
    let swapped = changed(["b@x.br", "a@x.br", "c@x.br", "d@x.br", "e@x.br", "f@x.br"]);
    assert_eq!(swapped, [Effect::OwnersChanged(2), Effect::AddressesReplaced(2)]);
}

#[test]
fn an_address_in_the_place_of_an_example_is_not_replaced() {
    let examples = ["a@x.invalid", "b@x.invalid", "c@x.invalid", "d@x.invalid", "e@x.invalid", "f@x.br"];
    let real = ["a@x.br", "b@x.br", "c@x.br", "d@x.br", "e@x.br", "g@x.br"];
    assert_eq!(of_addresses(&roster(examples), &roster(real)), []);
    let back = of_addresses(&roster(real), &roster(examples));
    assert_eq!(back, [Effect::AddressesReplaced(6)]);
}

fn holidays(days: &[Date]) -> Holidays {
    let one = |day: &Date| Holiday {
        name: day.to_string(),
        rule: HolidayRule::Once(*day),
        kind: HolidayKind::Holiday,
        from_year: None,
        until_year: None,
        until: None,
    };
    Holidays::with(days.iter().map(one).collect())
}

#[test]
fn a_list_of_holidays_that_is_lost_or_cut_is_large_and_a_correction_is_not() {
    let today = date(2026, 12, 10);
    // The first is a Sunday, the second national, the third past: none of them is anybody's loss.
    let none = [date(2026, 12, 13), date(2026, 12, 25), date(2026, 12, 9)];
    let days: Vec<Date> = (14..=18).map(|day| date(2026, 12, day)).collect();
    let change = |before: &[Date], after: &[Date]| of_holidays(&holidays(before), &holidays(after), today);
    assert_eq!(change(&none, &[]), None);
    assert_eq!(change(&days[..1], &[]), Some(Effect::HolidaysGone(1)));
    assert_eq!(change(&days[..1], &none), Some(Effect::HolidaysGone(1)));
    assert_eq!(change(&days[..1], &days[1..2]), None, "one was corrected");
    assert_eq!(change(&days, &days[3..]), None);
    assert_eq!(change(&days, &days[4..]), Some(Effect::HolidaysGone(4)));
    assert_eq!(change(&[], &days), None);
}

fn window(opens_on: Date, deadline: Option<Date>) -> Window {
    let system = SystemId::parse("rma").unwrap();
    let reference = Reference::Month(2026, 11);
    let deadline = deadline.map(|on| Deadline { on, at: Deadline::DEFAULT_TIME });
    Window {
        id: WindowId::new(&system, reference, None).unwrap(),
        system,
        reference,
        name: None,
        parts: Vec::new(),
        respondent: None,
        opens_on,
        editions: vec![Edition {
            number: 1,
            deadline,
            announced_on: None,
            source: String::new(),
            municipalities: BTreeSet::new(),
        }],
        depends_on: None,
        halt: None,
        sanction: None,
        recurring: false,
    }
}

#[test]
fn a_year_later_to_the_day_is_far_and_a_day_less_is_not() {
    let today = date(2026, 12, 10);
    let opens = date(2026, 12, 1);
    let to = |before: Option<Date>, after: Date| {
        let id = window(opens, None).id;
        let before = Some(window(opens, before));
        of_window(&WindowShift { window: id, before, after: Some(window(opens, Some(after))) }, today)
    };
    let far = |on| vec![Effect::DeadlineFar(window(opens, None).id, on)];
    assert_eq!(to(Some(date(2026, 12, 31)), date(2027, 12, 31)), far(date(2027, 12, 31)));
    assert_eq!(to(Some(date(2026, 12, 31)), date(2027, 11, 30)), []);
    assert_eq!(to(None, date(2027, 12, 1)), far(date(2027, 12, 1)), "after the opening");
    assert_eq!(to(Some(date(2027, 6, 1)), date(2027, 12, 1)), far(date(2027, 12, 1)));
    assert_eq!(to(Some(date(2026, 12, 31)), date(2026, 12, 30)).len(), 1, "earlier");
}

#[test]
fn a_window_that_was_suspended_stops_once_more_when_it_is_cancelled() {
    let today = date(2026, 12, 10);
    let halted = |kind| Window {
        halt: Some(Halt { kind, since: Some(today), until: None }),
        ..window(date(2026, 12, 1), None)
    };
    let shift = |before, after| {
        let id = window(today, None).id;
        of_window(
            &WindowShift { window: id, before: Some(halted(before)), after: Some(halted(after)) },
            today,
        )
    };
    assert_eq!(shift(HaltKind::Suspended, HaltKind::Suspended), []);
    let stopped = shift(HaltKind::Suspended, HaltKind::Cancelled);
    assert_eq!(stopped, [Effect::WindowStopped(window(today, None).id)]);
}

#[test]
fn a_new_window_that_is_over_is_told() {
    let today = date(2026, 12, 10);
    let shift = |until| WindowShift {
        window: window(today, None).id,
        before: None,
        after: Some(window(date(2026, 11, 1), Some(until))),
    };
    assert_eq!(of_window(&shift(today), today), []);
    let over = of_window(&shift(date(2026, 12, 9)), today);
    assert_eq!(over, [Effect::WindowOver(window(today, None).id)]);
}
