//! What the secretariat's own people are told.

use vigia_suas::domain::calendar::{Halt, HaltKind};
use vigia_suas::domain::notice::{AlertItem, Content, Kind};

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
    case.ledger.put_staff(NoticeKey::Staff { window: window_id(), slot }, at("2026-03-26T08:00"));
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
    case.ledger.put_staff(key, at("2026-03-10T12:00"));
    assert_eq!(acts(&case.plan("2026-03-10T13:00")), [""; 0]);
    assert_eq!(acts(&case.plan("2026-03-11T12:00")), [alert("2026-03-11")]);
    assert_eq!(acts(&case.plan("2026-03-20T11:56")).len(), 2, "four minutes are borne: divulgação to both");
}
