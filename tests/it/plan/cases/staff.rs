//! What the secretariat's own people are told.

use vigia_suas::domain::calendar::{Halt, HaltKind};
use vigia_suas::domain::notice::{AlertItem, Content, Kind};
use vigia_suas::domain::reason::{Cause, Reason};

use super::*;

fn to_staff(plan: &Plan) -> Vec<String> {
    let staff = plan.actions.iter().filter(|d| d.key().municipality().is_none() && d.kind().is_some());
    staff.map(|d| d.key().to_string()).collect()
}

#[test]
fn a_remessa_gets_an_addendum_only_by_an_extension_that_followed_it() {
    let mut case = Case::new();
    // Edition 2 was for one municipality and known before the remessa of edition 1.
    case.edition("2026-04-20", Some("2026-03-20"), &[0]);
    case.announced().gestao(State::Pending, "2026-03-31T20:00");
    case.has(0, Slot::Extension { edition: 2 }, Some("2026-04-20"), sent("2026-03-20T08:00"));
    let remessa = ["rma/2026@1/remessa-GSUAS", "rma/2026@1/remessa-GPSB"];
    assert_eq!(to_staff(&case.plan("2026-04-01T08:00")), remessa);
    case.decide("2026-04-01T08:00");
    assert_eq!(to_staff(&case.plan("2026-04-02T08:00")), [""; 0]);
    case.edition("2026-04-30", Some("2026-04-06"), &[]);
    let addendum = ["rma/2026@1/remessa-adendo-3-GSUAS", "rma/2026@1/remessa-adendo-3-GPSB"];
    let said = to_staff(&case.plan("2026-04-06T08:00"));
    assert!(addendum.iter().all(|key| said.iter().any(|s| s == key)), "{said:?}");
}

#[test]
fn a_window_suspended_between_its_deadline_and_its_remessa_has_none() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-31T20:00");
    let halt = Halt { kind: HaltKind::Suspended, since: Some(date("2026-04-01")), until: None };
    case.window().halt = Some(halt);
    assert_eq!(to_staff(&case.plan("2026-04-01T08:00")), [""; 0]);
    case.window().halt = Some(Halt { until: Some(date("2026-04-06")), ..halt });
    assert_eq!(to_staff(&case.plan("2026-04-06T08:00")).len(), 2, "it goes on, and so does its remessa");
}

#[test]
fn an_office_without_an_address_is_not_written_to() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-31T20:00");
    case.roster.offices.gsuas.addresses.clear();
    assert_eq!(to_staff(&case.plan("2026-04-01T08:00")), ["rma/2026@1/remessa-GPSB"]);
}

#[test]
fn letters_left_after_a_resumo_are_in_the_next_also_when_the_edition_changed() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-26T07:00");
    case.has(0, rung(1, 5), Some(FIRST), sent("2026-03-26T08:00"));
    case.has(1, rung(1, 5), Some(FIRST), sent("2026-03-26T15:00"));
    let to = Addressee::Gerencia(GerenciaId::parse("GPSB").unwrap());
    let slot = StaffSlot::Digest { edition: 1, to, on: date("2026-03-26") };
    case.ledger.put_staff(
        NoticeKey::Staff { window: window_id(), slot },
        StaffRecord::taken(at("2026-03-26T08:00")),
    );
    case.edition("2026-04-20", Some("2026-03-27"), &[]);
    let done = case.decide("2026-03-27T08:00");
    let resumo = done.iter().find(|d| d.kind() == Some(Kind::Digest)).expect("a resumo");
    let Some(Content::Digest { lines, .. }) = resumo.content() else { panic!("its content") };
    assert_eq!(lines.iter().map(|l| l.municipality).collect::<Vec<_>>(), [municipality_code(1)]);
}

#[test]
fn a_resumo_waits_for_what_the_same_pass_says_anew() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-26T07:00");
    // One letter leaves now; the other was queued about more than is pending and comes again.
    case.has(1, rung(1, 5), Some(FIRST), Standing::Queued);
    let record = case.ledger.window(&window_id()).unwrap().of(municipality_code(1));
    let mut record = record.iter().find(|r| r.slot == rung(1, 5)).unwrap().clone();
    record.parts.push(NamedPart::whole(part("CRAS")));
    case.ledger.put(&window_id(), municipality_code(1), record);
    let done = case.pass("2026-03-26T08:00");
    assert_eq!(done.last().unwrap(), "enviar rma/2026@1/resumo-GPSB-2026-03-26 v1", "{done:?}");
    assert_eq!(done.iter().filter(|d| d.contains("resumo")).count(), 1);
    let done = case.decide("2026-03-27T08:00");
    let resumo = done.iter().find(|d| d.kind() == Some(Kind::Digest)).and_then(|d| d.content());
    let Some(Content::Digest { lines, .. }) = resumo else { panic!("the next day's") };
    assert_eq!(lines.iter().map(|l| l.days_before).collect::<Vec<_>>(), [2, 2], "nothing is told twice");
}

#[test]
fn staff_hear_of_what_is_withheld_in_the_second_round_of_a_pass() {
    let mut case = Case::new();
    case.announced().gestao(State::Unconfirmed, "2026-03-20T07:00");
    case.has(1, rung(1, 10), Some(FIRST), Standing::Queued);
    let mut told = Vec::new();
    for _ in 0..3 {
        let plan = case.plan("2026-03-20T08:00");
        for decision in &plan.actions {
            if let Some(Content::Alert { items }) = decision.content() {
                told.extend(items.iter().flat_map(|item| match item {
                    AlertItem::Held { municipalities, .. } => municipalities.clone(),
                    AlertItem::ClockBehind { .. } | AlertItem::Text(_) => Vec::new(),
                }));
            }
            vigia_suas::plan::replay::accept(&mut case.ledger, decision, at("2026-03-20T08:00"));
        }
    }
    assert_eq!(told, [municipality_code(0), municipality_code(1)]);
}

#[test]
fn each_day_of_a_clock_that_stands_back_is_alerted() {
    let mut case = Case::new();
    case.ledger.high_water = Some(at("2026-03-20T12:00"));
    let alert = |day: &str| format!("enviar geral/alerta-relogio-{day} v1 para alertas@set.test");
    assert_eq!(acts(&case.plan("2026-03-10T12:00")), [alert("2026-03-10")]);
    let key = NoticeKey::Service { topic: "relogio".to_owned(), on: date("2026-03-10") };
    case.ledger.put_staff(key, StaffRecord::taken(at("2026-03-10T12:00")));
    assert_eq!(acts(&case.plan("2026-03-10T13:00")), [""; 0]);
    assert_eq!(acts(&case.plan("2026-03-11T12:00")), [alert("2026-03-11")]);
    assert_eq!(acts(&case.plan("2026-03-20T11:56")).len(), 2, "four minutes are borne: divulgação to both");
}

/// Both were warned on 26 March, and the resumo of it and the remessa of the end are recorded.
fn with_resumo_and_remessa() -> Case {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-31T20:00");
    for n in 0..2 {
        case.has(n, rung(1, 5), Some(FIRST), sent("2026-03-31T17:00"));
    }
    let done: Vec<_> =
        case.pass("2026-04-01T08:00").into_iter().filter(|d| d.starts_with("enviar")).collect();
    assert_eq!(done, [RESUMO, REMESSAS[0], REMESSAS[1]]);
    case
}

const RESUMO: &str = "enviar rma/2026@1/resumo-GPSB-2026-04-01 v1";
const REMESSAS: [&str; 2] = ["enviar rma/2026@1/remessa-GSUAS v1", "enviar rma/2026@1/remessa-GPSB v1"];

/// Has every letter to staff stand so, at the addresses given.
fn stand(case: &mut Case, standing: Standing, addresses: &[&str]) {
    let told: Vec<_> = case.ledger.window(&window_id()).unwrap().staff_records().collect();
    let told: Vec<_> = told.into_iter().map(|(slot, record)| (slot.clone(), *record)).collect();
    for (slot, record) in told.into_iter().filter(|(slot, _)| slot.addressee().is_some()) {
        let key = NoticeKey::Staff { window: window_id(), slot };
        case.ledger.put_staff(key.clone(), StaffRecord { standing, ..record });
        for address in addresses {
            case.ledger.put_address(key.clone(), email(address));
        }
    }
}

fn stop(case: &mut Case, scope: HoldScope) {
    case.overrides.holds.push(Hold { scope, until: None, authorship: authorship() });
}

fn held(plan: &Plan) -> Vec<String> {
    let staff = plan.held.iter().filter(|d| d.key().municipality().is_none());
    staff.map(|d| format!("{} v{}", d.key(), version(d))).collect()
}

fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort();
    lines
}

fn of_staff(mut done: Vec<String>) -> Vec<String> {
    done.retain(|line| !line.contains("geral/alerta-") && line.contains('@'));
    done
}

#[test]
fn what_no_office_took_yet_is_stopped_by_a_hold_and_told_anew_once_it_is_let_go() {
    for scope in [HoldScope::All, HoldScope::Window(window_id())] {
        let mut case = with_resumo_and_remessa();
        stand(&mut case, Standing::Queued, &[]);
        assert_eq!(of_staff(case.pass("2026-04-01T09:00")), [""; 0], "it waits for the relay alone");
        stop(&mut case, scope);
        let stopped = of_staff(case.pass("2026-04-01T21:00"));
        let each = |act: &str| {
            let keys = ["remessa-GSUAS", "remessa-GPSB", "resumo-GPSB-2026-04-01"];
            keys.map(|key| format!("{act} rma/2026@1/{key} v1"))
        };
        assert_eq!(sorted(stopped), sorted(each("reter").to_vec()));
        let named = held(&case.plan("2026-04-02T09:00"));
        let waits = ["remessa-GSUAS", "remessa-GPSB", "resumo-GPSB-2026-04-01"];
        assert_eq!(
            sorted(named),
            sorted(waits.map(|key| format!("rma/2026@1/{key} v1")).to_vec()),
            "each is named while it is held"
        );
        assert_eq!(of_staff(case.pass("2026-04-02T09:00")), [""; 0], "once");
        // One has filled in meanwhile: what is told then says so.
        case.says("f", 0, "GESTAO", None, State::Done, "2026-04-02T10:00");
        case.overrides.holds.clear();
        let done = case.clone().decide("2026-04-02T11:00");
        let remessa = done.iter().filter_map(plan::Decision::content).find_map(|content| match content {
            Content::Referral { pending, .. } => Some(pending.clone()),
            _ => None,
        });
        assert_eq!(remessa.expect("a remessa").len(), 1);
        let mut expected = each("retirar").to_vec();
        let anew = ["remessa-GSUAS v2", "remessa-GPSB v2", "resumo-GPSB-2026-04-02 v1"];
        expected.extend(anew.map(|letter| format!("enviar rma/2026@1/{letter}")));
        assert_eq!(sorted(of_staff(case.pass("2026-04-02T11:00"))), sorted(expected));
        assert_eq!(of_staff(case.pass("2026-04-03T11:00")), [""; 0], "and once");
    }
}

#[test]
fn an_office_whose_address_was_corrected_is_told_there_what_nobody_took_yet() {
    let mut case = with_resumo_and_remessa();
    stand(&mut case, Standing::Queued, &["antigo@set.test"]);
    let mut plain = case.clone();
    let done = of_staff(case.pass("2026-04-01T09:00"));
    assert!(done.contains(&"retirar rma/2026@1/remessa-GPSB v1".to_owned()), "{done:?}");
    assert!(done.contains(&"enviar rma/2026@1/remessa-GPSB v2".to_owned()), "{done:?}");
    assert!(done.contains(&"enviar rma/2026@1/resumo-GPSB-2026-04-01 v2".to_owned()), "{done:?}");
    // Without any address nobody could be told anew: what was written goes on.
    plain.roster.offices.gsuas.addresses.clear();
    plain.roster.offices.gerencias.values_mut().for_each(|office| office.addresses.clear());
    assert_eq!(of_staff(plain.pass("2026-04-01T09:00")), [""; 0]);
}

#[test]
fn a_hold_stops_what_is_left_of_a_letter_that_an_office_took_and_its_end_lets_the_same_one_go() {
    let mut case = with_resumo_and_remessa();
    let offices = &case.roster.offices;
    let mut all: Vec<_> = offices.gsuas.addresses.clone();
    all.extend(offices.gerencias.values().flat_map(|office| office.addresses.clone()));
    let all: Vec<&str> = all.iter().map(EmailAddress::as_str).collect();
    stand(&mut case, live("2026-04-01T08:01"), &all);
    let mut never = case.clone();
    stop(&mut case, HoldScope::All);
    let stopped = of_staff(case.pass("2026-04-01T09:00"));
    assert!(stopped.iter().all(|d| d.starts_with("reter") && d.ends_with("v1")), "{stopped:?}");
    assert_eq!(stopped.len(), 3, "{stopped:?}");
    assert_eq!(held(&case.plan("2026-04-01T10:00")).len(), 3, "and named");
    assert_eq!(of_staff(case.pass("2026-04-01T10:00")), [""; 0], "once");
    let mut elsewhere = case.clone();
    case.overrides.holds.clear();
    assert_eq!(of_staff(case.pass("2026-04-01T21:00")), [""; 0], "in the hours");
    let again = of_staff(case.pass("2026-04-02T08:00"));
    assert!([RESUMO, REMESSAS[0], REMESSAS[1]].iter().all(|d| again.iter().any(|a| a == d)), "{again:?}");
    assert_eq!(again.len(), 3, "{again:?}");
    assert_eq!(of_staff(case.pass("2026-04-02T09:00")), [""; 0]);
    // The office has other addresses once it is let go: nobody is left who waits for it.
    elsewhere.overrides.holds.clear();
    elsewhere.roster.offices.gsuas.addresses = vec![email("novo@set.test")];
    stand(
        &mut elsewhere,
        Standing::Sent { at: at("2026-04-01T08:01"), rest: Rest::Held(held_cause()) },
        &all,
    );
    let done = of_staff(elsewhere.pass("2026-04-02T08:00"));
    assert!(done.contains(&"retirar rma/2026@1/remessa-GSUAS v1".to_owned()), "{done:?}");
    assert_eq!(of_staff(elsewhere.pass("2026-04-02T09:00")), [""; 0], "{done:?}");
    // What stops a municipality, or a batch, stops nothing of an office's.
    stop(&mut never, HoldScope::Municipality(municipality_code(0)));
    assert_eq!(of_staff(never.pass("2026-04-01T09:00")), [""; 0]);
}

#[test]
fn the_letters_of_a_resumo_that_was_taken_back_are_in_the_next_though_a_later_one_was_told() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-31T20:00");
    case.has(0, rung(1, 5), Some(FIRST), sent("2026-03-26T08:00"));
    let lines = |done: &[plan::Decision]| {
        let digests = done.iter().filter(|d| d.kind() == Some(Kind::Digest) && d.act() == plan::Act::Send);
        let mut told = Vec::new();
        for digest in digests {
            let Some(Content::Digest { lines, .. }) = digest.content() else { panic!("its content") };
            told.extend(lines.iter().map(|line| (line.municipality, line.days_before)));
        }
        told
    };
    assert_eq!(lines(&case.decide("2026-03-27T08:00")), [(municipality_code(0), 5)]);
    // Its relay puts that one off for days; the next is taken.
    stand(&mut case, Standing::Queued, &[]);
    case.has(1, rung(1, 5), Some(FIRST), sent("2026-03-27T09:00"));
    assert_eq!(lines(&case.decide("2026-03-30T08:00")), [(municipality_code(1), 5)]);
    stop(&mut case, HoldScope::All);
    case.decide("2026-03-30T09:00");
    case.overrides.holds.clear();
    let mut told = lines(&case.decide("2026-03-30T10:00"));
    assert_eq!(told, [], "one resumo a day");
    for day in ["2026-03-31T08:00", "2026-04-01T08:00", "2026-04-02T08:00"] {
        told.extend(lines(&case.decide(day)));
    }
    told.retain(|(_, days_before)| *days_before == 5);
    assert_eq!(told, [(municipality_code(0), 5)], "what no office took, once");
}

fn held_cause() -> Cause {
    Reason::Held { scope: HoldScope::All, author: String::new(), reason: String::new() }.cause()
}
