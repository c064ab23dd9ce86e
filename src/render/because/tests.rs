//! Every reason, in words.

use jiff::Timestamp;
use jiff::civil::date;

use super::{because, cause, doubt, is_rest_over, reread, untold};
use crate::domain::calendar::{Deadline, HaltKind, Sanction};
use crate::domain::id::{MunicipalityCode, PartId, WindowId};
use crate::domain::notice::{Told, UnconfirmedPart, Untold};
use crate::domain::overrides::{BatchId, HoldScope};
use crate::domain::reason::Reason;
use crate::domain::status::Doubt;
use crate::render::letter::example::World;

/// One of each variant, and one more where a fact is optional.
fn reasons() -> Vec<Reason> {
    let at: Timestamp = "2023-12-05T11:00:00Z".parse().unwrap();
    let later: Timestamp = "2023-12-07T12:30:00Z".parse().unwrap();
    let told = Told::Date(Deadline { on: date(2023, 12, 5), at: Deadline::DEFAULT_TIME });
    let day_before = Told::Date(Deadline { on: date(2023, 12, 4), at: Deadline::DEFAULT_TIME });
    let hours_before = Told::Date(Deadline { on: date(2023, 12, 5), at: jiff::civil::time(18, 0, 0, 0) });
    let batch = || BatchId::parse("rma/2026-11@1/prazo-5d").unwrap();
    let window = WindowId::parse("rma/2026-11").unwrap();
    let unconfirmed = || {
        let stale = Doubt::Stale { as_of: at };
        vec![
            UnconfirmedPart { part: PartId::parse("CRAS").unwrap(), doubt: Doubt::Unseen },
            UnconfirmedPart { part: PartId::parse("CMAS").unwrap(), doubt: stale },
        ]
    };
    let held = |scope| Reason::Held {
        scope,
        author: "Maria\nda Silva".to_owned(),
        reason: "o site do ministério caiu.".to_owned(),
    };
    vec![
        Reason::WindowOpen { opened_on: date(2023, 10, 23) },
        Reason::RungDue { due_at: at, rows: Vec::new() },
        Reason::Coincidence { due_at: at, rungs: vec![10, 5, 2], rows: Vec::new() },
        Reason::ReminderInstead { unconfirmed: unconfirmed() },
        Reason::DeadlineMoved { told: Told::Undefined, now: told },
        Reason::DeadlineMoved { told, now: hours_before },
        Reason::Halted { kind: HaltKind::Suspended, since: Some(date(2023, 11, 14)) },
        Reason::Halted { kind: HaltKind::Cancelled, since: None },
        Reason::DeadlineUpheld,
        Reason::GoesOn,
        Reason::CopiesDue { letters: 1 },
        Reason::CopiesDue { letters: 12 },
        Reason::DeadlinePassed { at },
        Reason::ReferralOvertaken { edition: 2 },
        Reason::StaffNeeded { notices: 1 },
        Reason::StaffNeeded { notices: 3 },
        Reason::StaffTold { about: "a página do dia".to_owned() },
        Reason::ClockBehind { high_water: at },
        Reason::Unconfirmed { unconfirmed: unconfirmed() },
        Reason::NoContact,
        Reason::AddressFlagged {
            role: crate::domain::roster::Role::Smas,
            refusal: crate::domain::refusal::Refusal::Address,
        },
        Reason::AddressFlagged {
            role: crate::domain::roster::Role::Smas,
            refusal: crate::domain::refusal::Refusal::Mailbox,
        },
        held(HoldScope::All),
        held(HoldScope::Window(window)),
        held(HoldScope::Municipality(MunicipalityCode::parse("3205309").unwrap())),
        held(HoldScope::Batch(batch())),
        Reason::AwaitsOpening { batch: batch() },
        Reason::AwaitsApproval { batch: batch() },
        Reason::EarlierDeadline { batch: batch(), announced: day_before, in_force: told },
        Reason::EarlierDeadline { batch: batch(), announced: hours_before, in_force: told },
        Reason::DeadlineInDoubt { batch: batch() },
        Reason::DeadlineLapsed { deadline: Deadline { on: date(2026, 3, 20), at: Deadline::DEFAULT_TIME } },
        Reason::DailyLimit { batch: batch(), due: 300, limit: 234 },
        Reason::AfterOutage { batch: batch(), from: at, until: later },
        Reason::Satisfied,
        Reason::EditionChanged { edition: 2 },
        Reason::NotExpected,
        Reason::WindowGone,
        Reason::NoLongerConfirmed,
        Reason::ContentChanged,
        Reason::HaltOver,
        Reason::GivesWay,
        Reason::AddressGone,
        Reason::WrittenAnew,
        Reason::Outage { from: at, until: later },
        Reason::TooSoon { told_at: at },
        Reason::ValidityOver { at, withheld: None },
        Reason::ValidityOver { at, withheld: Some(Reason::NoContact.cause()) },
        Reason::RestOver { at, withheld: None },
        Reason::RestOver { at, withheld: Some(Reason::NoContact.cause()) },
        Reason::AllDone,
        Reason::NotOpenYet { opens_on: date(2023, 10, 23) },
        Reason::NothingDue,
        Reason::Waits { until: later },
        Reason::AwaitsHours { until: later },
        Reason::LeavesNoMore { until: later, valid_until: at },
        Reason::BeforeStart,
    ]
}

fn assert_plain(text: &str) {
    assert!(!text.is_empty());
    for debug in ["{", "}", "::", "Some(", "None", "[", "\n", "  "] {
        assert!(!text.contains(debug), "{debug:?} in {text}");
    }
}

#[test]
fn every_reason_is_a_sentence() {
    let world = World::new(Sanction::Standard, "").unwrap();
    let mut all = Vec::new();
    for reason in reasons() {
        let text = because(&reason, &world.calendar);
        assert_plain(&text);
        assert!(text.ends_with('.') && !text.ends_with(".."), "{text}");
        assert!(text.starts_with(char::is_uppercase) || text.starts_with(char::is_numeric), "{text}");
        all.push(format!("{}: {text}", reason.cause().as_str()));
    }
    insta::assert_snapshot!("reasons", all.join("\n"));
}

#[test]
fn every_reason_is_here() {
    let causes: std::collections::BTreeSet<_> = reasons().iter().map(Reason::cause).collect();
    assert_eq!(causes.len(), 46, "one for each variant of Reason; a new one needs an example here");
}

#[test]
fn what_waits_for_release_names_the_command() {
    let world = World::new(Sanction::Standard, "").unwrap();
    for reason in reasons() {
        let text = because(&reason, &world.calendar);
        let command = "vigia-suas liberar --lote rma/2026-11@1/prazo-5d --motivo \"…\"";
        assert_eq!(text.contains(command), reason.batch().is_some(), "{text}");
    }
}

#[test]
fn doubts_and_untold_are_clauses() {
    let world = World::new(Sanction::Standard, "").unwrap();
    let as_of = "2023-12-05T11:00:00Z".parse().unwrap();
    let doubts = [
        Doubt::Unseen,
        Doubt::Stale { as_of },
        Doubt::Declared,
        Doubt::Absent,
        Doubt::Disputed,
        Doubt::Reverting,
        Doubt::Contradicted,
        Doubt::Unregistered,
    ];
    let untolds = [
        Untold::Unseen,
        Untold::NoContact,
        Untold::Failed,
        Untold::Expired,
        Untold::OtherDate(Told::Date(Deadline { on: date(2026, 4, 24), at: Deadline::DEFAULT_TIME })),
        Untold::OtherDate(Told::Undefined),
        Untold::Suspended,
    ];
    let clauses = doubts.iter().map(|d| doubt(d, &world.calendar));
    let clauses: Vec<String> = clauses.chain(untolds.iter().map(untold)).collect();
    for clause in &clauses {
        assert_plain(clause);
        assert!(!clause.ends_with('.'), "{clause}");
    }
    insta::assert_snapshot!("clauses", clauses.join("\n"));
}

#[test]
fn the_causes_that_withhold_have_words_of_their_own() {
    let withheld = reasons().into_iter().filter(|r| {
        r.batch().is_some()
            || matches!(r, Reason::Unconfirmed { .. } | Reason::NoContact | Reason::Held { .. })
    });
    for reason in withheld {
        assert_ne!(
            cause(reason.cause()),
            "havia impedimento registrado no livro",
            "{}",
            reason.cause().as_str()
        );
    }
}

#[test]
fn what_was_written_of_a_letter_that_left_is_not_read_as_if_it_never_had() {
    let world = World::new(Sanction::Standard, "").unwrap();
    let at: Timestamp = "2023-12-05T11:00:00Z".parse().unwrap();
    for withheld in [None, Some(Reason::NoContact.cause())] {
        let before = because(&Reason::ValidityOver { at, withheld }, &world.calendar);
        let now = because(&Reason::RestOver { at, withheld }, &world.calendar);
        assert_eq!(reread(&before, true), now);
        assert!(is_rest_over(&now) && !is_rest_over(&before));
        assert_eq!(reread(&before, false), before, "of one that never left it is so");
        assert_eq!(reread(&now, true), now);
    }
    let halt = "A janela voltou a correr antes que alguém recebesse a carta.";
    assert_eq!(reread(halt, true), because(&Reason::HaltOver, &world.calendar));
    // What somebody wrote is no words of ours.
    let held = "O envio (de tudo) foi retido por Ana; motivo: vence antes que o aviso pudesse sair.";
    assert_eq!(reread(held, true), held);
}
