//! What passes record.

use std::num::NonZeroU16;

use super::outbox::{CODES, bounced_for};
use crate::domain::delivery::{DeliveryState, Outcome};
use crate::domain::notice::{Addressee, Content, NoticeKey, PendingPart, StaffSlot};
use crate::domain::reason::Reason;
use crate::domain::refusal::Refusal;
use crate::plan::ledger::{CopyRequest, Ledger, NamedPart, NoticeRecord, Rest, Standing};
use crate::plan::replay::accept;
use crate::plan::{Act, Closed, Decision, Notice, Withheld};
use crate::store::testing::*;
use crate::store::{AttemptEnd, DeliveryFilter, RawMessage, Recorded, Store, StoreError};

async fn record(store: &Store, minutes: i64, act: Act, code: &str) -> Recorded {
    store.record_pass(at(minutes), vec![super::super::testing::act(act, code)]).await.unwrap()[0]
}

async fn known(store: &Store, code: &str) -> NoticeRecord {
    let ledger = store.ledger().await.unwrap();
    ledger.window(&rma()).unwrap().of(municipality(code))[0].clone()
}

async fn states(store: &Store, code: &str) -> Vec<DeliveryState> {
    let filter = DeliveryFilter { window: Some(rma()), municipality: Some(municipality(code)) };
    store.deliveries(&filter).await.unwrap().into_iter().map(|d| d.state).collect()
}

#[tokio::test]
async fn recording_the_same_twice_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    assert_eq!(record(&store, 1, Act::Send, VITORIA).await, Recorded::New);
    let before = store.signs().await.unwrap();
    let mut again = act(Act::Send, VITORIA);
    again.letter.as_mut().unwrap().bytes = b"other".to_vec();
    assert_eq!(store.record_pass(at(2), vec![again]).await.unwrap(), [Recorded::Repeated]);
    assert_eq!(store.signs().await.unwrap().journal_hash, before.journal_hash);
    let key = warning(VITORIA).key;
    assert!(store.letter(&key, 1).await.unwrap().unwrap().bytes.unwrap().starts_with(b"Subject: Prazo"));
    assert_eq!(known(&store, VITORIA).await.recorded_at, at(1));
    for act in [Act::Withhold, Act::Withdraw, Act::Supersede, Act::Expire] {
        assert_eq!(record(&store, 3, act, SERRA).await, Recorded::New, "{act:?}");
        assert_eq!(record(&store, 4, act, SERRA).await, Recorded::Repeated, "{act:?}");
    }
}

#[tokio::test]
async fn what_a_pass_decides_together_is_told_as_if_each_had_been_recorded_by_itself() {
    let again = |code: &str, version| change(send(warning(code), version));
    let pass = vec![
        act(Act::Send, VITORIA),
        act(Act::Send, SERRA),
        act(Act::Withhold, "3200102"),
        act(Act::Send, "3200136"),
        act(Act::Send, VITORIA),
        act(Act::Withhold, SERRA),
        act(Act::Send, SERRA),
        again(VITORIA, 2),
        act(Act::Send, "3200169"),
        act(Act::Publish, VITORIA),
        act(Act::Send, "3200201"),
        act(Act::Withdraw, "3200201"),
    ];
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (together, apart) = (store(&one).await, store(&other).await);
    let mut each = Vec::new();
    for change in &pass {
        each.extend(apart.record_pass(at(1), vec![change.clone()]).await.unwrap());
    }
    assert_eq!(each[4..7], [Recorded::Repeated, Recorded::New, Recorded::Resumed]);
    assert_eq!(together.record_pass(at(1), pass).await.unwrap(), each);
    let (told, as_told) = (together.signs().await.unwrap(), apart.signs().await.unwrap());
    assert_eq!(told.journal_hash, as_told.journal_hash);
    let all = DeliveryFilter::default();
    assert_eq!(together.deliveries(&all).await.unwrap(), apart.deliveries(&all).await.unwrap());
    assert!(together.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn a_pass_is_recorded_whole_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    let mut without_letter = act(Act::Send, SERRA);
    without_letter.letter = None;
    let recorded = store.record_pass(at(1), vec![act(Act::Send, VITORIA), without_letter]).await;
    assert!(matches!(recorded, Err(StoreError::Incomplete { .. })));
    // More than go into the ledger together, before one that fails.
    let mut pass: Vec<_> = CODES.iter().map(|code| act(Act::Send, code)).collect();
    pass[5].letter = None;
    assert!(matches!(store.record_pass(at(1), pass).await, Err(StoreError::Incomplete { .. })));
    assert!(store.deliveries(&DeliveryFilter::default()).await.unwrap().is_empty());
    let ledger = store.ledger().await.unwrap();
    assert!(ledger.window(&rma()).is_none());
    assert_eq!(ledger.born_at, None);
}

#[tokio::test]
async fn the_ledger_is_the_one_that_a_rehearsal_would_have() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    let staff = |slot| send(Notice { key: NoticeKey::Staff { window: rma(), slot }, ..warning(VITORIA) }, 1);
    let to = Addressee::Gsuas;
    let service = NoticeKey::parse("geral/alerta-relogio-2026-12-01").unwrap();
    let decided = vec![
        (1, decision(Act::Withhold, VITORIA)),
        (2, decision(Act::Send, VITORIA)),
        (3, decision(Act::Withdraw, SERRA)),
        (4, decision(Act::Supersede, "3200102")),
        (5, decision(Act::Expire, "3200136")),
        (6, decision(Act::Withhold, "3200169")),
        (7, staff(StaffSlot::Referral { edition: 1, to })),
        (8, decision(Act::Publish, VITORIA)),
        (9, send(Notice { key: service.clone(), ..warning(VITORIA) }, 1)),
    ];
    let mut rehearsed = Ledger::default();
    for (minutes, decision) in decided {
        accept(&mut rehearsed, &decision, at(minutes));
        rehearsed.passed(at(minutes));
        store.record_pass(at(minutes), vec![change(decision)]).await.unwrap();
        send_all(&store, minutes, |_| accepted()).await;
    }
    let kept = store.ledger().await.unwrap();
    assert_eq!(kept.born_at, rehearsed.born_at);
    assert_eq!(kept.last_pass_at, rehearsed.last_pass_at);
    assert_eq!(kept.high_water, rehearsed.high_water);
    assert!(kept.service("relogio").any(|(key, _)| *key == service));
    let (kept, rehearsed) = (kept.window(&rma()).unwrap(), rehearsed.window(&rma()).unwrap());
    assert_eq!(kept.municipalities().count(), rehearsed.municipalities().count());
    for (code, records) in rehearsed.municipalities() {
        assert_eq!(kept.of(code), records);
    }
    assert!(kept.staff_records().eq(rehearsed.staff_records()));
    assert_eq!((kept.closing(1), kept.closing(1)), (rehearsed.closing(1), Some(&closing())));
    assert_eq!(kept.has_open(), rehearsed.has_open());
}

#[tokio::test]
async fn a_withdrawn_notice_does_not_leave_and_a_sent_address_stays_sent() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    record(&store, 1, Act::Send, VITORIA).await;
    record(&store, 1, Act::Send, SERRA).await;
    let claims = store.claim("a", at(2), 10).await.unwrap();
    let vitoria: Vec<_> =
        claims.iter().filter(|c| c.key.municipality() == Some(municipality(VITORIA))).cloned().collect();
    store.release(claims).await.unwrap();
    let taken = store.claim("a", at(2), 10).await.unwrap();
    let first: Vec<_> = taken.iter().filter(|c| c.delivery == vitoria[0].delivery).cloned().collect();
    let marked = store.mark_sending(first, at(2)).await.unwrap();
    record(&store, 3, Act::Withdraw, VITORIA).await;
    record(&store, 3, Act::Withdraw, SERRA).await;
    assert_eq!(known(&store, SERRA).await.standing, Standing::Withdrawn);
    assert_eq!(states(&store, SERRA).await, [DeliveryState::Withdrawn; 2]);
    // The one on the wire is left alone, and ends as the relay says.
    let mut wire = states(&store, VITORIA).await;
    wire.sort();
    assert_eq!(wire, [DeliveryState::Sending, DeliveryState::Withdrawn]);
    store.settle(vec![settled(&marked[0], accepted(), 4)]).await.unwrap();
    let record = known(&store, VITORIA).await;
    assert_eq!(record.standing, Standing::Sent { at: at(4), rest: Rest::Nothing });
    // What was claimed before the withdrawal may not be sent.
    assert!(store.mark_sending(taken, at(5)).await.unwrap().is_empty());
    assert!(store.claim("a", at(600), 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_was_withdrawn_while_it_was_marked_and_is_given_back_unsent_never_leaves() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    record(&store, 1, Act::Send, VITORIA).await;
    let claims = store.claim("a", at(2), 10).await.unwrap();
    let marked = store.mark_sending(claims, at(2)).await.unwrap();
    record(&store, 3, Act::Withdraw, VITORIA).await;
    assert_eq!(states(&store, VITORIA).await, [DeliveryState::Sending; 2]);
    store.release(marked).await.unwrap();
    assert_eq!(known(&store, VITORIA).await.standing, Standing::Withdrawn);
    assert!(store.claim("a", at(600), 10).await.unwrap().is_empty());
    assert_eq!(store.waiting(at(600)).await.unwrap(), 0);
    let verified = store.verify().await.unwrap();
    assert!(verified.is_whole(), "{:?}", verified.faults());
}

#[tokio::test]
async fn an_uncertain_address_no_longer_wanted_keeps_its_state_and_is_not_repeated() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    record(&store, 1, Act::Send, VITORIA).await;
    let outcome = |c: &crate::store::Claim| {
        if c.address.as_str().starts_with("smas") { uncertain() } else { deferred() }
    };
    send_all(&store, 2, outcome).await;
    assert_eq!(known(&store, VITORIA).await.standing, Standing::Sent { at: at(2), rest: Rest::Waits });
    record(&store, 3, Act::Withdraw, VITORIA).await;
    assert_eq!(states(&store, VITORIA).await, [DeliveryState::Deferred, DeliveryState::Uncertain]);
    assert_eq!(known(&store, VITORIA).await.standing, Standing::Sent { at: at(2), rest: Rest::Nothing });
    assert_eq!(
        known(&store, VITORIA).await.parts,
        [NamedPart::whole(part("CRAS"))],
        "what the letter said stays"
    );
    assert!(store.claim("a", at(60), 10).await.unwrap().is_empty());
    assert_eq!(store.next_due(at(60)).await.unwrap(), None);
}

#[tokio::test]
async fn what_was_held_leaves_later_with_the_bytes_first_recorded() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    record(&store, 1, Act::Send, VITORIA).await;
    record(&store, 2, Act::Withhold, VITORIA).await;
    assert!(matches!(known(&store, VITORIA).await.standing, Standing::Withheld(_)));
    assert_eq!(send_all(&store, 3, |_| accepted()).await, 0);
    let mut again = act(Act::Send, VITORIA);
    again.letter = None;
    assert_eq!(store.record_pass(at(4), vec![again]).await.unwrap(), [Recorded::Resumed]);
    assert_eq!(known(&store, VITORIA).await.standing, Standing::Queued);
    assert_eq!(send_all(&store, 5, |_| accepted()).await, 2);
    assert!(store.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn a_claim_that_may_not_be_sent_is_given_back_and_waits_for_no_lease() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    record(&store, 1, Act::Send, VITORIA).await;
    let claims = store.claim("a", at(2), 100).await.unwrap();
    record(&store, 3, Act::Withhold, VITORIA).await;
    assert!(store.mark_sending(claims, at(3)).await.unwrap().is_empty());
    record(&store, 4, Act::Send, VITORIA).await;
    assert_eq!(store.claim("b", at(5), 100).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_new_version_takes_the_place_of_one_that_failed_or_waits() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    record(&store, 1, Act::Send, VITORIA).await;
    record(&store, 1, Act::Send, SERRA).await;
    let outcome = |c: &crate::store::Claim| {
        if c.key.municipality() == Some(municipality(VITORIA)) { refused() } else { deferred() }
    };
    send_all(&store, 2, outcome).await;
    assert_eq!(known(&store, VITORIA).await.standing, Standing::Failed);
    assert_eq!(known(&store, SERRA).await.standing, Standing::Queued);
    for code in [VITORIA, SERRA] {
        let mut second = warning(code);
        second.to.truncate(1);
        second.to[0].address = address("outra@m.invalid");
        assert_eq!(store.record_pass(at(3), vec![change(send(second, 2))]).await.unwrap(), [Recorded::New]);
        assert_eq!(known(&store, code).await.version, NonZeroU16::new(2));
    }
    let claims = store.claim("a", at(60), 10).await.unwrap();
    assert_eq!(claims.iter().map(|c| c.version).collect::<Vec<_>>(), [2, 2]);
    assert_eq!(record(&store, 4, Act::Send, VITORIA).await, Recorded::Repeated, "the first is over");
    assert_eq!(store.ledger().await.unwrap().flagged.len(), 2);
}

/// What it says changes while the relay takes its time over one address, and the letter is taken back for that.
#[tokio::test]
async fn no_other_version_is_recorded_while_one_is_on_the_wire_or_after_it_was_taken() {
    let again = async |store: &Store, minute| {
        let second = change(send(warning(VITORIA), 2));
        store.record_pass(at(minute), vec![second]).await.unwrap()
    };
    for outcome in [accepted(), uncertain(), deferred(), refused()] {
        let dir = tempfile::tempdir().unwrap();
        let store = store(&dir).await;
        record(&store, 1, Act::Send, VITORIA).await;
        let claims = store.claim("a", at(2), 1).await.unwrap();
        let [claim] = store.mark_sending(claims, at(2)).await.unwrap().try_into().unwrap();
        record(&store, 3, Act::Withdraw, VITORIA).await;
        assert_eq!(again(&store, 4).await, [Recorded::UnderWay]);
        let end = AttemptEnd { started_at: at(2), ..settled(&claim, outcome.clone(), 5) };
        store.settle(vec![end]).await.unwrap();
        let is_taken = matches!(outcome, Outcome::Accepted { .. } | Outcome::Uncertain { .. });
        let then = if is_taken { Recorded::UnderWay } else { Recorded::New };
        assert_eq!(again(&store, 6).await, [then], "{outcome:?}");
        let versions = store.claim("b", at(90), 10).await.unwrap();
        assert_eq!(versions.iter().any(|claim| claim.version == 2), !is_taken, "{outcome:?}");
        let report = store.verify().await.unwrap();
        assert!(report.is_whole(), "{outcome:?}: {:#?}", report.faults());
    }
}

/// The warning of Vitória as it would be later: with one more part, and another deadline where that moved.
fn later_warning(moves: bool) -> Notice {
    let mut later = warning(VITORIA);
    if let Content::Warning { deadline, pending } = &mut later.content {
        pending.push(PendingPart { part: part("CENTRO POP"), units: Vec::new(), wording: None });
        if moves {
            deadline.on = jiff::civil::date(2027, 1, 15);
        }
    }
    later
}

/// What is on the wire and taken back, or held with other words, is taken all the same.
#[tokio::test]
async fn a_letter_taken_while_it_was_closed_or_held_is_known_by_what_it_said() {
    let held = |version| {
        let (notice, version) = (later_warning(true), NonZeroU16::new(version));
        let (kind, because) = (notice.content.kind(), Reason::NoContact);
        change(Decision::Withhold(Withheld { notice, kind, version, because }))
    };
    let ends = [vec![act(Act::Withdraw, VITORIA)], vec![act(Act::Withdraw, VITORIA), held(2)], vec![held(2)]];
    for end in ends {
        let dir = tempfile::tempdir().unwrap();
        let store = store(&dir).await;
        record(&store, 1, Act::Send, VITORIA).await;
        let before = known(&store, VITORIA).await;
        let claims = store.claim("a", at(2), 1).await.unwrap();
        let [claim] = store.mark_sending(claims, at(2)).await.unwrap().try_into().unwrap();
        for one in end {
            // As the plan takes it back: without its parts.
            let one = match one.decision {
                Decision::Close(closed) => change(Decision::Close(Closed { parts: Vec::new(), ..closed })),
                Decision::Send(_) | Decision::Withhold(_) | Decision::Publish(_) => one,
            };
            assert_eq!(store.record_pass(at(3), vec![one]).await.unwrap(), [Recorded::New]);
        }
        let end = AttemptEnd { started_at: at(2), ..settled(&claim, accepted(), 5) };
        store.settle(vec![end]).await.unwrap();
        let now = known(&store, VITORIA).await;
        assert!(matches!(now.standing, Standing::Sent { .. }), "{now:?}");
        assert_eq!((now.told, now.version), (before.told, before.version));
        assert_eq!((now.parts, now.copies), (before.parts, before.copies));
        assert!(store.verify().await.unwrap().is_whole());
    }
}

#[tokio::test]
async fn a_letter_that_goes_on_after_a_hold_is_known_by_the_parts_that_it_names() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    record(&store, 1, Act::Send, VITORIA).await;
    let before = known(&store, VITORIA).await;
    let (notice, version) = (later_warning(false), Some(NonZeroU16::MIN));
    let (kind, because) = (notice.content.kind(), Reason::NoContact);
    let held = change(Decision::Withhold(Withheld { notice, kind, version, because }));
    store.record_pass(at(2), vec![held]).await.unwrap();
    assert_eq!(known(&store, VITORIA).await.parts, before.parts);
    let mut again = send(later_warning(false), 1);
    if let Decision::Send(sending) = &mut again {
        sending.copies[0].parts.push(part("CENTRO POP"));
        let parts = vec![part("CENTRO POP")];
        sending.copies.push(CopyRequest { to: Addressee::parse("GPSE").unwrap(), parts });
    }
    assert_eq!(store.record_pass(at(3), vec![change(again)]).await.unwrap(), [Recorded::Resumed]);
    let now = known(&store, VITORIA).await;
    assert_eq!((now.parts, now.copies), (before.parts, before.copies));
    assert_eq!(now.standing, Standing::Queued);
    assert!(store.verify().await.unwrap().is_whole());
}

/// A hold comes while the relay takes its time over a letter; or the letter was taken, and comes back.
#[tokio::test]
async fn what_a_hold_stopped_on_the_wire_and_no_address_took_has_failed() {
    for outcome in [refused(), accepted()] {
        let dir = tempfile::tempdir().unwrap();
        let store = store(&dir).await;
        record(&store, 1, Act::Send, VITORIA).await;
        let claims = store.claim("a", at(2), 10).await.unwrap();
        let marked = store.mark_sending(claims, at(2)).await.unwrap();
        record(&store, 3, Act::Withhold, VITORIA).await;
        assert!(matches!(known(&store, VITORIA).await.standing, Standing::Withheld(_)));
        for claim in &marked {
            let end = AttemptEnd { started_at: at(2), ..settled(claim, outcome.clone(), 5) };
            store.settle(vec![end]).await.unwrap();
            let raw = RawMessage::of(claim.address.as_str().as_bytes());
            let only = std::slice::from_ref(&claim.address);
            let came = bounced_for(Refusal::Address);
            store.note_return(&claim.message_id, only, &[], came, &raw, at(6)).await.unwrap();
        }
        // Let go, it would wait for ever: no address of that version is left.
        assert_eq!(record(&store, 7, Act::Send, VITORIA).await, Recorded::Repeated);
        assert_eq!(known(&store, VITORIA).await.standing, Standing::Failed, "{outcome:?}");
        let then = store.ledger_as_known(&[rma()].into(), at(4)).await.unwrap();
        let stood = then.notice(&warning(VITORIA).key).unwrap().standing;
        assert!(matches!(stood, Standing::Withheld(_)), "{stood:?}");
        let second = change(send(warning(VITORIA), 2));
        assert_eq!(store.record_pass(at(8), vec![second]).await.unwrap(), [Recorded::New]);
        assert_eq!(known(&store, VITORIA).await.standing, Standing::Queued);
        assert!(store.verify().await.unwrap().is_whole());
    }
}

#[tokio::test]
async fn one_address_in_two_roles_gets_one_letter() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    let mut both = warning(VITORIA);
    both.to[1].address = both.to[0].address.clone();
    store.record_pass(at(1), vec![change(send(both, 1))]).await.unwrap();
    assert_eq!(states(&store, VITORIA).await.len(), 1);
}
