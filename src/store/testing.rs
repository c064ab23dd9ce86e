//! What the store's tests share: a store in a folder of its own, decisions, and an outbox that empties itself.

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::{Change, Claim, NewLetter, Settled, Store};
use crate::domain::calendar::Deadline;
use crate::domain::delivery::Outcome;
use crate::domain::id::{EmailAddress, MunicipalityCode, PartId, WindowId};
use crate::domain::notice::{Content, Kind, NoticeKey, PendingPart, Recipient, Slot, Told};
use crate::domain::reason::Reason;
use crate::domain::roster::Role;
use crate::plan::{Act, Decision};

pub(super) const VITORIA: &str = "3205309";
pub(super) const SERRA: &str = "3205002";

/// So many minutes into the story.
pub(super) fn at(minutes: i64) -> Timestamp {
    Timestamp::from_second(1_764_000_000).unwrap() + SignedDuration::from_mins(minutes)
}

pub(super) async fn store(dir: &TempDir) -> Store {
    Store::open(&dir.path().join("vigia.db"), at(0)).await.unwrap()
}

pub(super) fn rma() -> WindowId {
    WindowId::parse("rma/2026-11").unwrap()
}

pub(super) fn municipality(code: &str) -> MunicipalityCode {
    MunicipalityCode::parse(code).unwrap()
}

pub(super) fn part(id: &str) -> PartId {
    PartId::parse(id).unwrap()
}

pub(super) fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

/// A decision about the 5-day warning of a municipality.
pub(super) fn decision(act: Act, code: &str) -> Decision {
    let deadline = Deadline { on: jiff::civil::date(2026, 12, 31), at: Deadline::DEFAULT_TIME };
    let because = match act {
        Act::Withhold => Reason::NoContact,
        Act::Withdraw => Reason::Satisfied,
        Act::Supersede => Reason::TooSoon { told_at: at(0) },
        Act::Expire => Reason::ValidityOver { at: at(0), withheld: None },
        Act::Send | Act::Publish => Reason::RungDue { due_at: at(0) },
    };
    let pending = vec![PendingPart { part: part("CRAS"), units: Vec::new(), wording: None }];
    Decision {
        act,
        key: NoticeKey::Municipal {
            window: rma(),
            slot: Slot::Rung { edition: 1, days_before: 5 },
            municipality: municipality(code),
        },
        kind: Some(Kind::Warning),
        edition: Some(1),
        rung: Some(5),
        version: 1,
        to: vec![
            Recipient { role: Role::Smas, address: address(&format!("smas@m{code}.invalid")) },
            Recipient { role: Role::Cmas, address: address(&format!("cmas@m{code}.invalid")) },
        ],
        due_at: at(0),
        valid_until: Some(at(10_000)),
        told: Some(Told::Date(deadline)),
        content: Some(Content::Warning { deadline, pending }),
        because,
    }
}

pub(super) fn change(decision: Decision) -> Change {
    let letter = (decision.act == Act::Send).then(|| NewLetter {
        message_id: format!("<{}.v{}@vigia.invalid>", decision.key, decision.version),
        subject: "Prazo".to_owned(),
        bytes: format!("Subject: Prazo\r\n\r\n{} v{}\r\n", decision.key, decision.version).into_bytes(),
    });
    Change { because: "é hora".to_owned(), decision, letter, evidence: Vec::new() }
}

pub(super) fn act(act: Act, code: &str) -> Change {
    change(decision(act, code))
}

pub(super) fn settled(claim: &Claim, outcome: Outcome, minutes: i64) -> Settled {
    Settled {
        claim: claim.clone(),
        outcome,
        started_at: at(minutes),
        ended_at: at(minutes),
        next_attempt_at: Some(at(minutes + 5)),
    }
}

pub(super) fn accepted() -> Outcome {
    Outcome::Accepted { reply: "250 ok".to_owned() }
}

pub(super) fn deferred() -> Outcome {
    Outcome::Deferred { reply: "450 depois".to_owned(), slow_down: false }
}

pub(super) fn refused() -> Outcome {
    Outcome::Refused { reply: "550 quem?".to_owned() }
}

pub(super) fn uncertain() -> Outcome {
    Outcome::Uncertain { reply: "sem resposta".to_owned() }
}

/// Sends everything that is due, each address with the outcome that `outcome` gives it.
pub(super) async fn send_all(store: &Store, minutes: i64, outcome: impl Fn(&Claim) -> Outcome) -> usize {
    let claims = store.claim("teste", at(minutes), 1_000).await.unwrap();
    let marked = store.mark_sending(claims, at(minutes)).await.unwrap();
    let ends: Vec<Settled> = marked.iter().map(|c| settled(c, outcome(c), minutes)).collect();
    let sent = ends.len();
    store.settle(ends).await.unwrap();
    sent
}
