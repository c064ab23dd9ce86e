//! Letters to municipalities.

use vigia_suas::domain::calendar::{Halt, HaltKind};
use vigia_suas::domain::notice::Slot;
use vigia_suas::domain::overrides::BatchId;
use vigia_suas::domain::reason::Reason;
use vigia_suas::domain::refusal::Refusal;
use vigia_suas::plan::Act;

use super::*;

const UPHELD: Slot = Slot::Upheld { edition: 1, since: None };
const SUSPENSION: Slot = Slot::Suspension { edition: 1, since: None, kind: HaltKind::Suspended };
pub(super) const EXTENSION: Slot = Slot::Extension { edition: 2 };

pub(super) fn suspended(case: &mut Case, since: Option<&str>, until: Option<&str>) {
    case.window().halt =
        Some(Halt { kind: HaltKind::Suspended, since: since.map(date), until: until.map(date) });
}

pub(super) fn withheld(cause: &Reason) -> Standing {
    Standing::Withheld(cause.cause())
}

#[test]
fn what_one_address_took_goes_on_to_the_others_while_it_holds() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-20T10:00");
    case.has(0, Slot::Announcement, Some(FIRST), live("2026-03-02T08:00"));
    assert_eq!(acts(&case.plan("2026-03-03T09:00")), [""; 0], "a divulgação");
    case.has(0, rung(1, 10), Some(FIRST), live("2026-03-20T10:30"));
    case.has(1, rung(1, 10), Some(FIRST), sent("2026-03-20T10:30"));
    assert_eq!(acts(&case.plan("2026-03-20T11:00")), [""; 0], "a prazo");
    case.edition("2026-04-10", Some("2026-03-20"), &[]);
    case.has(0, EXTENSION, Some("2026-04-10"), live("2026-03-20T12:00"));
    case.has(1, EXTENSION, Some("2026-04-10"), sent("2026-03-20T12:00"));
    let stopped = ["retirar {0} v1", "retirar {1} v1"]
        .map(|t| t.replace("{0}", &key(Slot::Announcement, 0)).replace("{1}", &key(rung(1, 10), 0)));
    assert_eq!(brief(&case.plan("2026-03-20T13:00")), stopped, "only what names the old date ends");
}

#[test]
fn an_address_that_waits_is_not_accused_of_what_was_filled_in_meanwhile() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-20T09:00");
    for n in 0..2 {
        case.has(n, rung(1, 10), Some(FIRST), live("2026-03-20T09:30"));
    }
    case.says("f", 0, "GESTAO", None, State::Done, "2026-03-20T10:00");
    case.says("g", 0, "CRAS", None, State::Unconfirmed, "2026-03-20T10:00");
    assert_eq!(brief(&case.plan("2026-03-20T11:00")), [format!("retirar {} v1", key(rung(1, 10), 0))]);
    // 36 h later nobody knows of the other one any more.
    let stale = case.plan("2026-03-21T21:30");
    assert!(brief(&stale).contains(&format!("retirar {} v1", key(rung(1, 10), 1))), "{:?}", brief(&stale));
}

#[test]
fn a_rung_already_sent_is_not_superseded_by_a_later_prazo_mantido() {
    let mut case = Case::new();
    suspended(&mut case, Some("2026-03-28"), Some("2026-03-29"));
    case.ledger.passed(at("2026-03-30T08:00"));
    case.announced().gestao(State::Pending, "2026-03-29T20:00");
    for n in 0..2 {
        case.has(n, rung(1, 2), Some(FIRST), sent("2026-03-27T08:00"));
        case.has(n, SUSPENSION, None, sent("2026-03-28T08:00"));
        case.has(n, UPHELD, Some(FIRST), sent("2026-03-30T08:00"));
    }
    let mut plan = case.plan("2026-03-30T09:00");
    plan.actions.retain(|d| d.key().municipality().is_some());
    assert_eq!(acts(&plan), [""; 0]);
}

#[test]
fn a_stopped_letter_whose_text_changed_leaves_as_a_version_of_its_own() {
    let text_changed = || {
        let mut case = Case::new();
        case.announced();
        case.has(0, Slot::Announcement, Some(FIRST), Standing::Queued);
        case.edition("2026-04-10", Some("2026-03-03"), &[]);
        case.has(1, EXTENSION, Some("2026-04-10"), sent("2026-03-03T08:00"));
        case
    };
    let letter = |v| format!("{} v{v}", key(Slot::Announcement, 0));
    let mut case = text_changed();
    case.hold();
    let stopped = municipal(case.pass("2026-03-03T09:00"));
    assert_eq!(stopped, [format!("retirar {}", letter(1)), format!("reter {}", letter(2))]);
    case.overrides.holds.clear();
    assert_eq!(
        case.pass("2026-03-03T10:00"),
        [format!("enviar {}", letter(2))],
        "never v1, with the old date"
    );

    let mut case = text_changed();
    case.calendar.daily_limit = 0;
    assert_eq!(
        case.pass("2026-03-03T09:00")[..2],
        [format!("retirar {}", letter(1)), format!("reter {}", letter(2))]
    );
    case.calendar.daily_limit = 9;
    assert_eq!(case.pass("2026-03-03T10:00"), [format!("enviar {}", letter(2))]);
}

#[test]
fn a_letter_stopped_by_hand_and_released_is_the_same_letter() {
    let mut case = Case::new();
    case.announced().has(0, Slot::Announcement, Some(FIRST), Standing::Queued);
    case.hold();
    let letter = format!("{} v1", key(Slot::Announcement, 0));
    assert_eq!(municipal(case.pass("2026-03-02T09:00")), [format!("reter {letter}")]);
    assert_eq!(case.pass("2026-03-02T10:00"), [""; 0], "withheld is said once");
    case.overrides.holds.clear();
    assert_eq!(case.pass("2026-03-02T11:00"), [format!("enviar {letter}")]);
}

/// The address of a letter that no address took is corrected while it waits, or while somebody holds it.
#[test]
fn a_letter_that_waits_for_an_address_corrected_since_is_written_anew_to_the_right_one() {
    let letter = || NoticeKey::parse(&key(Slot::Announcement, 0)).unwrap();
    let waits = |standing, at: &[&str]| {
        let mut case = Case::new();
        case.announced().has(0, Slot::Announcement, Some(FIRST), standing);
        for address in at {
            case.ledger.put_address(letter(), email(address));
        }
        case
    };
    let corrected = |mut case: Case| {
        let one = case.roster.municipalities.get_mut(&municipality_code(0)).unwrap();
        one.contacts[0].addresses = vec![email("certo@es.test")];
        case
    };
    let both = ["smas0@es.test", "cmas0@es.test"];
    let anew = format!("enviar {} v2 para certo@es.test,cmas0@es.test", letter());
    assert_eq!(acts(&waits(Standing::Queued, &both).plan("2026-03-02T09:00")), [""; 0]);
    let mut queued = corrected(waits(Standing::Queued, &both));
    let plan = queued.plan("2026-03-02T09:00");
    assert_eq!(brief(&plan), [format!("retirar {} v1", letter())]);
    assert_eq!(plan.actions[0].because(), &Reason::AddressGone);
    assert_eq!(
        queued.pass("2026-03-02T09:00"),
        [format!("retirar {} v1", letter()), format!("enviar {} v2", letter())]
    );

    let by_hand = withheld(&Reason::Held {
        scope: HoldScope::All,
        author: "Ana".to_owned(),
        reason: "teste".to_owned(),
    });
    let released = waits(by_hand, &both).plan("2026-03-02T09:00");
    assert_eq!(brief(&released), [format!("enviar {} v1", letter())]);
    assert_eq!(acts(&corrected(waits(by_hand, &both)).plan("2026-03-02T09:00")), [anew]);

    // What one address took goes on to the other, but not to one that is nobody's any more.
    let taken = live("2026-03-02T08:00");
    assert_eq!(acts(&corrected(waits(taken, &both[1..])).plan("2026-03-02T09:00")), [""; 0]);
    let plan = corrected(waits(taken, &both[..1])).plan("2026-03-02T09:00");
    assert_eq!(brief(&plan), [format!("retirar {} v1", letter())]);
}

#[test]
fn a_notice_that_all_refused_goes_to_the_next_role_as_another_version() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-20T07:00");
    case.has(0, rung(1, 10), Some(FIRST), Standing::Failed);
    case.has(1, rung(1, 10), Some(FIRST), sent("2026-03-20T08:00"));
    case.ledger.flagged.insert(email("smas0@es.test"), Refusal::Address, Timestamp::MAX);
    let letter = key(rung(1, 10), 0);
    assert_eq!(acts(&case.plan("2026-03-20T09:00")), [format!("enviar {letter} v2 para cmas0@es.test")]);
    case.ledger.flagged.insert(email("cmas0@es.test"), Refusal::Address, Timestamp::MAX);
    let without = case.pass("2026-03-20T09:00");
    assert_eq!(without[0], format!("reter {letter} v2"));
    // An address added while it is valid gets a letter of its own, never the one that failed.
    case.ledger.flagged.remove(&email("cmas0@es.test"));
    assert_eq!(acts(&case.plan("2026-03-20T10:00")), [format!("enviar {letter} v2 para cmas0@es.test")]);
}

#[test]
fn no_rung_leaves_while_a_divulgacao_is_queued() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-20T07:00");
    case.has(0, Slot::Announcement, Some(FIRST), Standing::Failed);
    case.has(0, rung(1, 10), Some(FIRST), Standing::Queued);
    case.has(1, rung(1, 10), Some(FIRST), sent("2026-03-20T08:00"));
    let divulgacao = key(Slot::Announcement, 0);
    let degrau = key(rung(1, 10), 0);
    let plan = case.plan("2026-03-20T09:00");
    assert_eq!(brief(&plan), [format!("retirar {degrau} v1"), format!("enviar {divulgacao} v2")]);
}

#[test]
fn a_later_prorrogacao_with_the_deadline_unmoved_says_that_the_deadline_stands() {
    let mut case = Case::new();
    suspended(&mut case, Some("2026-03-10"), None);
    case.announced().gestao(State::Pending, "2026-03-18T07:00");
    for n in 0..2 {
        case.has(n, SUSPENSION, None, sent("2026-03-10T08:00"));
    }
    case.edition(FIRST, Some("2026-03-18"), &[]);
    let upheld = |n| format!("enviar {} v1", key(Slot::Upheld { edition: 2, since: None }, n));
    assert_eq!(case.pass("2026-03-18T08:00"), [upheld(0), upheld(1)]);
    assert_eq!(case.pass("2026-03-18T09:00"), [""; 0], "once");
}

#[test]
fn one_suspension_gives_one_note_whatever_edition_is_learned_meanwhile() {
    let mut case = Case::new();
    suspended(&mut case, Some("2026-03-10"), None);
    case.announced().gestao(State::Pending, "2026-03-18T07:00");
    for n in 0..2 {
        case.has(n, SUSPENSION, None, sent("2026-03-10T08:00"));
    }
    case.edition("2026-04-10", Some("2026-03-09"), &[]);
    assert_eq!(case.pass("2026-03-18T08:00"), [""; 0]);
}

#[test]
fn a_suspension_without_its_day_is_told_also_where_inicio_is_set() {
    let mut case = Case::new();
    case.calendar.starts_on = Some(date("2026-02-01"));
    suspended(&mut case, None, None);
    case.announced();
    let note = |n| format!("enviar {} v1", key(SUSPENSION, n));
    assert_eq!(case.pass("2026-03-18T08:00"), [note(0), note(1)]);
}

#[test]
fn a_suspension_that_stopped_the_deadline_is_told_also_after_its_day() {
    let mut case = Case::new();
    // Saturday 28 March; the deadline, Sunday; the note can leave on Monday.
    case.window().editions.clear();
    case.edition("2026-03-29", None, &[]);
    suspended(&mut case, Some("2026-03-28"), None);
    for n in 0..2 {
        case.has(n, Slot::Announcement, Some("2026-03-29"), sent("2026-03-02T08:00"));
    }
    assert_eq!(case.pass("2026-03-30T00:00"), [""; 0]);
    let of_this_halt =
        Slot::Suspension { edition: 1, since: Some(date("2026-03-28")), kind: HaltKind::Suspended };
    let note = |n| format!("enviar {} v1", key(of_this_halt, n));
    assert_eq!(case.pass("2026-03-30T08:00"), [note(0), note(1)]);
    // Once the deadline has passed, municipalities are not written to.
    suspended(&mut case, Some("2026-03-30"), None);
    case.ledger = Ledger::default();
    case.has(0, Slot::Announcement, Some("2026-03-29"), sent("2026-03-02T08:00"));
    assert_eq!(case.pass("2026-03-30T08:00"), ["publicar rma/2026@1/relatorio v1"]);
}

#[test]
fn a_general_edition_of_the_same_day_does_not_start_a_special_ladder_over() {
    let mut case = Case::new();
    case.edition("2026-04-10", Some("2026-03-03"), &[0]);
    case.edition("2026-04-10", Some("2026-04-01"), &[]);
    case.announced().gestao(State::Pending, "2026-03-31T20:00");
    case.has(0, EXTENSION, Some("2026-04-10"), sent("2026-03-03T08:00"));
    case.has(0, rung(2, 10), Some("2026-04-10"), sent("2026-03-31T21:00"));
    let mut plan = case.plan("2026-04-01T08:00");
    plan.actions.retain(|d| d.key().municipality() == Some(municipality_code(0)));
    assert_eq!(brief(&plan), [""; 0]);
}

/// Written twice, or for some what all have: nothing moves, and nothing is said again.
#[test]
fn a_prorrogacao_that_repeats_the_deadline_sends_no_letter_and_no_remessa_again() {
    for named in [&[][..], &[0]] {
        let mut case = Case::new();
        case.announced().gestao(State::Pending, "2026-03-23T07:00");
        for n in 0..2 {
            case.has(n, rung(1, 10), Some(FIRST), sent("2026-03-20T08:00"));
        }
        case.edition(FIRST, Some("2026-03-23"), named);
        assert_eq!(case.pass("2026-03-23T08:00"), [""; 0]);
        case.gestao(State::Pending, "2026-03-26T07:00");
        let next = [0, 1].map(|n| format!("enviar {} v1", key(rung(1, 5), n)));
        assert_eq!(case.pass("2026-03-26T08:00")[..2], next, "the ladder goes on");
        case.pass("2026-04-01T07:00");
        let remessas = case.pass("2026-04-01T08:00");
        assert!(remessas.iter().any(|done| done.contains("@1/remessa-GSUAS")), "{remessas:?}");
        case.edition(FIRST, Some("2026-04-02"), named);
        assert_eq!(case.pass("2026-04-02T08:00"), [""; 0], "after the deadline neither");
    }
}

#[test]
fn two_corrections_never_leave_on_one_civil_day() {
    let mut case = Case::new();
    case.edition("2026-04-10", Some("2026-03-10"), &[]);
    case.announced();
    for n in 0..2 {
        case.has(n, EXTENSION, Some("2026-04-10"), sent("2026-03-10T08:00"));
    }
    case.edition("2026-04-20", Some("2026-03-10"), &[]);
    let waits = case.plan("2026-03-10T14:00");
    assert_eq!(brief(&waits), [""; 0]);
    assert_eq!(waits.next_wake, Some(at("2026-03-11T00:00")));
    let third = Slot::Extension { edition: 3 };
    let both = [0, 1].map(|n| format!("enviar {} v1", key(third, n)));
    assert_eq!(brief(&case.plan("2026-03-11T08:00")), both);
}

#[test]
fn a_notice_that_comes_again_counts_once_to_the_day() {
    let mut case = Case::new();
    case.calendar.daily_limit = 2;
    case.announced().has(0, Slot::Announcement, Some(FIRST), Standing::Failed);
    case.ledger.flagged.insert(email("smas0@es.test"), Refusal::Address, Timestamp::MAX);
    assert_eq!(brief(&case.plan("2026-03-02T09:00")), [format!("enviar {} v2", key(Slot::Announcement, 0))]);
}

#[test]
fn of_two_holds_the_first_is_named_whatever_their_order() {
    let mut case = Case::new();
    case.hold();
    let first = case.overrides.holds[0].clone();
    let later = Authorship { author: "Bia".to_owned(), at: at("2026-03-02T07:00"), ..authorship() };
    case.overrides
        .holds
        .insert(0, Hold { scope: HoldScope::Window(window_id()), until: None, authorship: later });
    let held = case.plan("2026-03-02T08:00").held;
    let because =
        Reason::Held { scope: first.scope, author: first.authorship.author, reason: first.authorship.reason };
    assert_eq!(held.iter().filter(|d| *d.because() == because).count(), 2);
}

#[test]
fn a_withheld_rung_expires_with_its_cause() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-26T07:00");
    let unconfirmed = Reason::Unconfirmed { unconfirmed: Vec::new() };
    case.has(0, rung(1, 10), Some(FIRST), withheld(&unconfirmed));
    let plan = case.plan("2026-03-26T08:00");
    let closed = plan.actions.iter().find(|d| d.key().to_string() == key(rung(1, 10), 0)).unwrap();
    let because = Reason::ValidityOver { at: at("2026-03-26T08:00"), withheld: Some(unconfirmed.cause()) };
    assert_eq!(*closed.because(), because);
}

/// Where the hours hold nothing back, a letter leaves at once, and is due as where they do.
#[test]
fn a_rehearsal_asks_for_the_letters_of_production_and_counts_them_on_the_same_day() {
    let mut case = Case::new();
    case.calendar.starts_on = Some(date("2026-03-09"));
    case.edition("2026-04-20", Some("2026-03-07"), &[]);
    case.ledger.passed(at("2026-03-06T18:00"));
    let correction = [0, 1].map(|n| format!("enviar {} v1", key(Slot::Extension { edition: 2 }, n)));
    for (waits, leaves) in [(true, "2026-03-09T08:00"), (false, "2026-03-09T00:00")] {
        case.calendar.hours.waits = waits;
        let mut case = case.clone();
        let eve = case.plan("2026-03-08T10:00");
        assert_eq!(eve.actions, [], "read on a Saturday, and nothing leaves before `inicio`");
        assert!(case.plan("2026-03-08T23:59").next_wake.unwrap() <= at(leaves));
        assert_eq!(case.pass(leaves), correction, "hours wait: {waits}");
        let record = case.ledger.notice(&NoticeKey::parse(&key(Slot::Extension { edition: 2 }, 0)).unwrap());
        assert_eq!(record.unwrap().due_at, at("2026-03-09T08:00"), "hours wait: {waits}");
    }
    // On any Saturday it leaves as soon as it is known, and counts on the Monday.
    case.calendar.starts_on = Some(date("2026-03-05"));
    case.calendar.hours.waits = false;
    assert_eq!(case.clone().pass("2026-03-07T10:00"), correction);
    case.calendar.daily_limit = 1;
    let held = |case: &Case| {
        case.plan("2026-03-07T10:00")
            .held
            .iter()
            .all(|held| held.because().batch() == Some(&BatchId::of_day(date("2026-03-09"))))
    };
    assert!(held(&case) && !case.plan("2026-03-07T10:00").held.is_empty());
}

#[test]
fn what_is_left_of_a_letter_that_somebody_took_ends_and_is_not_said_never_to_have_left() {
    let no_contact = Reason::NoContact.cause();
    let held = Standing::Sent { at: at("2026-03-20T09:30"), rest: Rest::Held(no_contact) };
    for (standing, withheld) in [(live("2026-03-20T09:30"), None), (held, Some(no_contact))] {
        for is_quiet in [false, true] {
            let mut case = Case::new();
            case.announced().gestao(State::Pending, "2026-03-26T07:00");
            case.has(0, rung(1, 10), Some(FIRST), standing);
            if is_quiet {
                let upheld = Slot::Upheld { edition: 1, since: None };
                case.has(0, upheld, Some(FIRST), sent("2026-03-25T08:00"));
            }
            let plan = case.plan("2026-03-26T08:00");
            let closed = plan.actions.iter().find(|d| d.key().to_string() == key(rung(1, 10), 0)).unwrap();
            let because = Reason::RestOver { at: at("2026-03-26T08:00"), withheld };
            assert_eq!((closed.act(), closed.because()), (Act::Withdraw, &because), "{is_quiet}");
        }
    }
}
