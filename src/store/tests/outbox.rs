//! Letters on their way.

use std::collections::BTreeSet;

use crate::domain::delivery::DeliveryState;
use crate::domain::overrides::Authorship;
use crate::domain::refusal::Refusal;
use crate::domain::roster::Role;
use crate::plan::Act;
use crate::plan::ledger::{Rest, Standing};
use crate::store::testing::*;
use crate::store::{DeliveryFilter, DeliveryLine, Noted, OnUncertain, RawMessage, Return, Settlement, Store};

pub(super) const CODES: [&str; 6] = [VITORIA, SERRA, "3200102", "3200136", "3200169", "3200201"];

pub(super) async fn filled(dir: &tempfile::TempDir) -> Store {
    let store = store(dir).await;
    store.record_pass(at(1), CODES.iter().map(|c| act(Act::Send, c)).collect()).await.unwrap();
    store
}

pub(super) fn raw() -> RawMessage {
    RawMessage::of(b"Subject: devolvida\r\n\r\n")
}

pub(super) fn bounced_for(refusal: Refusal) -> Return {
    Return::Bounced { why: "5.1.1".to_owned(), refusal, rests_until: at(100) }
}

fn by(minutes: i64) -> Authorship {
    Authorship { author: "ana".to_owned(), reason: "conferido por telefone".to_owned(), at: at(minutes) }
}

async fn standing(store: &Store, code: &str) -> Standing {
    store.ledger().await.unwrap().window(&rma()).unwrap().of(municipality(code))[0].standing
}

#[tokio::test]
async fn a_letter_refers_only_to_those_that_left() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(&dir).await;
    assert!(store.message_ids(&rma()).await.unwrap().is_empty(), "they wait");
    send_all(&store, 2, |claim| match claim.key.municipality() {
        Some(code) if code == municipality(VITORIA) => accepted(),
        Some(code) if code == municipality(SERRA) => uncertain(),
        _ => refused(),
    })
    .await;
    let mut known: Vec<_> = store.message_ids(&rma()).await.unwrap().into_keys().collect();
    known.sort();
    assert_eq!(known, [municipality(SERRA), municipality(VITORIA)], "a refused one is nowhere");
}

#[tokio::test]
async fn concurrent_claimers_take_disjoint_deliveries() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(&dir).await;
    let other = Store::open(place(&dir), at(1)).await.unwrap();
    let mut taken = BTreeSet::new();
    let mut count = 0;
    loop {
        let (a, b) = tokio::join!(store.claim("a", at(2), 2), other.claim("b", at(2), 3));
        let claims: Vec<_> = a.unwrap().into_iter().chain(b.unwrap()).collect();
        if claims.is_empty() {
            break;
        }
        count += claims.len();
        taken.extend(claims.into_iter().map(|c| c.delivery));
    }
    assert_eq!((count, taken.len()), (2 * CODES.len(), 2 * CODES.len()));
}

#[tokio::test]
async fn what_a_crash_left_on_the_wire_is_uncertain_and_repeated_with_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let first = filled(&dir).await;
    let claims = first.claim("a", at(2), 1).await.unwrap();
    let claims = first.mark_sending(claims, at(3)).await.unwrap();
    let unsent = first.claim("a", at(3), 1).await.unwrap();
    drop(first);

    let store = Store::open(place(&dir), at(4)).await.unwrap();
    let lock = store.lock().unwrap();
    let recovered = store.recover(&lock, at(4), OnUncertain::Resend).await.unwrap();
    assert_eq!(recovered, [claims[0].key.clone()]);
    let again = store.claim("b", at(4), 100).await.unwrap();
    assert_eq!(again.len(), 2 * CODES.len(), "also what was leased and not sent");
    assert!(again.iter().any(|c| c.delivery == unsent[0].delivery));
    let repeated = again.iter().find(|c| c.delivery == claims[0].delivery).unwrap();
    assert_eq!(repeated.state, DeliveryState::Uncertain);
    assert_eq!((&repeated.bytes, &repeated.message_id), (&claims[0].bytes, &claims[0].message_id));
    assert_eq!(repeated.attempts, 1);
    let attempts = store.attempts(&repeated.delivery).await.unwrap();
    assert_eq!((attempts[0].started_at, attempts[0].outcome), (at(3), DeliveryState::Uncertain));
    // The sender that came back from the dead is told that it no longer counts.
    let late = store.settle(vec![settled(&claims[0], accepted(), 5)]).await.unwrap();
    assert_eq!(late, [Settlement::Stale]);
    assert!(store.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn an_uncertain_letter_can_be_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(&dir).await;
    let claims = store.claim("a", at(2), 100).await.unwrap();
    store.mark_sending(claims, at(3)).await.unwrap();
    let lock = store.lock().unwrap();
    store.recover(&lock, at(4), OnUncertain::Withhold).await.unwrap();
    assert!(store.claim("b", at(60), 100).await.unwrap().is_empty());
    assert_eq!(standing(&store, VITORIA).await, Standing::Sent { at: at(3), rest: Rest::Nothing });
}

#[tokio::test]
async fn a_stale_fence_settles_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(&dir).await;
    let old = store.claim("a", at(2), 1).await.unwrap();
    let new = store.claim("b", at(13), 100).await.unwrap();
    assert!(new.iter().any(|c| c.delivery == old[0].delivery), "its lease ran out");
    assert!(store.mark_sending(old.clone(), at(14)).await.unwrap().is_empty());
    let new = store.mark_sending(new, at(14)).await.unwrap();
    let before = store.signs().await.unwrap();
    assert_eq!(store.settle(vec![settled(&old[0], refused(), 15)]).await.unwrap(), [Settlement::Stale]);
    assert_eq!(store.signs().await.unwrap(), before);
    let ends = new.iter().map(|c| settled(c, accepted(), 15)).collect::<Vec<_>>();
    let done = store.settle(ends.clone()).await.unwrap();
    assert!(done.iter().all(|d| *d == Settlement::Done(DeliveryState::Accepted)));
    let after = store.signs().await.unwrap();
    assert_eq!(store.settle(ends).await.unwrap(), done, "what is recorded is recorded, and not twice");
    assert_eq!(store.signs().await.unwrap(), after);
}

#[tokio::test]
async fn a_write_once_begun_ends_whatever_becomes_of_its_caller() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    let mut write = Box::pin(store.record_pass(at(1), vec![act(Act::Send, VITORIA)]));
    let first_poll = std::future::poll_fn(|cx| std::task::Poll::Ready(write.as_mut().poll(cx).is_ready()));
    assert!(!first_poll.await);
    drop(write);
    // The writer is one: this waits for the other.
    store.heartbeat(at(2)).await.unwrap();
    assert_eq!(store.claim("a", at(2), 10).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_deferred_letter_is_due_again_only_after_its_wait_and_within_its_validity() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(&dir).await;
    assert_eq!(store.next_due(at(2)).await.unwrap(), Some(at(0)));
    send_all(&store, 2, |_| deferred()).await;
    assert_eq!(standing(&store, VITORIA).await, Standing::Queued);
    assert_eq!(store.next_due(at(3)).await.unwrap(), Some(at(7)));
    assert!(store.claim("a", at(6), 100).await.unwrap().is_empty());
    assert_eq!(store.claim("a", at(7), 100).await.unwrap().len(), 2 * CODES.len());
    assert_eq!(store.next_due(at(8)).await.unwrap(), Some(at(17)), "when the leases end");
    assert!(store.claim("a", at(10_000), 100).await.unwrap().is_empty(), "no longer valid");
    assert_eq!(store.next_due(at(10_000)).await.unwrap(), None);
}

#[tokio::test]
async fn an_uncertain_letter_stays_uncertain_when_its_repetition_is_put_off() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(&dir).await;
    send_all(&store, 2, |_| uncertain()).await;
    send_all(&store, 8, |_| deferred()).await;
    assert_eq!(standing(&store, VITORIA).await, Standing::Sent { at: at(2), rest: Rest::Waits });
    send_all(&store, 20, |_| accepted()).await;
    assert_eq!(standing(&store, VITORIA).await, Standing::Sent { at: at(2), rest: Rest::Nothing });
    assert!(store.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn a_letter_that_bounced_everywhere_failed_and_one_read_was_sent() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(&dir).await;
    send_all(&store, 2, |_| accepted()).await;
    let filter = DeliveryFilter { window: None, municipality: Some(municipality(VITORIA)) };
    let sent = store.deliveries(&filter).await.unwrap();
    let bounced = || bounced_for(Refusal::Address);
    assert_eq!(
        store.note_return(&sent[0].message_id, &[], &[], bounced(), &raw(), at(3)).await.unwrap(),
        Noted::Ambiguous(sent[0].key.clone()),
        "two addresses, and it does not say which"
    );
    for line in &sent {
        let shouted = address(&line.address.as_str().to_uppercase());
        let raw = raw();
        let only = std::slice::from_ref(&shouted);
        let noted = || store.note_return(&line.message_id, only, &[], bounced(), &raw, at(3));
        assert_eq!(noted().await.unwrap(), Noted::Changed(line.key.clone()));
        assert_eq!(noted().await.unwrap(), Noted::Known(line.key.clone()), "the same bounce twice is one");
    }
    assert_eq!(standing(&store, VITORIA).await, Standing::Failed);
    let known = async |when| {
        let then = store.ledger_as_known(&BTreeSet::from([rma()]), when).await.unwrap();
        then.notice(&sent[0].key).unwrap().standing
    };
    assert_eq!(known(at(1)).await, Standing::Queued, "it had not left yet");
    assert_eq!(
        known(at(2)).await,
        Standing::Sent { at: at(2), rest: Rest::Nothing },
        "nothing had come back yet"
    );
    assert_eq!(known(at(3)).await, Standing::Failed);
    assert_eq!(store.flagged().await.unwrap().len(), 2);
    assert!(store.confirm_contact(&sent[0].address, by(4)).await.unwrap());
    assert!(!store.confirm_contact(&sent[0].address, by(4)).await.unwrap());
    let only = std::slice::from_ref(&sent[1].address);
    store.note_return(&sent[1].message_id, only, &[], Return::Read, &raw(), at(5)).await.unwrap();
    assert_eq!(standing(&store, VITORIA).await, Standing::Sent { at: at(5), rest: Rest::Nothing });
    let late = store.note_return(&sent[1].message_id, only, &[], bounced(), &raw(), at(6)).await.unwrap();
    assert_eq!(late, Noted::Known(sent[1].key.clone()), "a letter read did not bounce");
    let other = RawMessage::of(b"Subject: outra\r\n\r\n");
    let late = store.note_return(&sent[1].message_id, only, &[], bounced(), &other, at(6)).await.unwrap();
    assert_eq!(late, Noted::Contradicts(sent[1].key.clone()), "what nobody said before contradicts it");
    assert!(store.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn nothing_comes_back_of_what_never_left_or_is_still_on_its_way() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(&dir).await;
    let filter = DeliveryFilter { window: None, municipality: Some(municipality(VITORIA)) };
    let line = store.deliveries(&filter).await.unwrap().remove(0);
    let bounced = || bounced_for(Refusal::Address);
    let (raw, only) = (raw(), std::slice::from_ref(&line.address));
    let note = || store.note_return(&line.message_id, only, &[], bounced(), &raw, at(3));
    assert_eq!(note().await.unwrap(), Noted::NeverSent(line.key.clone()));
    let claims = store.claim("teste", at(3), 1_000).await.unwrap();
    let marked = store.mark_sending(claims, at(3)).await.unwrap();
    assert_eq!(note().await.unwrap(), Noted::OnTheWire(line.key.clone()));
    store.settle(marked.iter().map(|claim| settled(claim, deferred(), 3)).collect()).await.unwrap();
    assert_eq!(note().await.unwrap(), Noted::NeverSent(line.key.clone()), "nobody took it");
    let read = store.note_return(&line.message_id, only, &[], Return::Read, &raw, at(3)).await.unwrap();
    assert_eq!(read, Noted::NeverSent(line.key.clone()), "and so nobody read it");
    assert_eq!(store.note_return("<x@y>", &[], &[], bounced(), &raw, at(3)).await.unwrap(), Noted::NoLetter);
    assert_eq!(store.flagged().await.unwrap(), []);
}

#[tokio::test]
async fn only_what_is_said_of_the_address_flags_it_and_every_rest_has_a_way_out() {
    for refusal in Refusal::ALL {
        let dir = tempfile::tempdir().unwrap();
        let store = filled(&dir).await;
        send_all(&store, 2, |_| accepted()).await;
        let lines = store.deliveries(&DeliveryFilter::default()).await.unwrap();
        let came = bounced_for(refusal);
        let only = std::slice::from_ref(&lines[0].address);
        store.note_return(&lines[0].message_id, only, &[], came, &raw(), at(3)).await.unwrap();
        let resting = store.resting().await.unwrap();
        assert_eq!(resting.len(), 1, "{refusal}");
        assert_eq!(
            store.flagged().await.unwrap().len(),
            usize::from(refusal == Refusal::Address),
            "{refusal}"
        );
        assert_eq!(resting[0].until, at(100), "it gets one more try then");
        assert!(store.confirm_contact(&lines[0].address, by(4)).await.unwrap());
        assert_eq!(store.resting().await.unwrap(), []);
        assert!(store.verify().await.unwrap().is_whole());
    }
}

#[tokio::test]
async fn what_several_domains_say_within_an_hour_is_lifted_and_what_one_says_stays() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(&dir).await;
    send_all(&store, 2, |_| accepted()).await;
    let lines = store.deliveries(&DeliveryFilter::default()).await.unwrap();
    let mut came =
        [Refusal::Sender, Refusal::Road, Refusal::Mailbox, Refusal::Address, Refusal::Sender].iter();
    for (n, line) in lines.iter().step_by(2).enumerate() {
        let Some(refusal) = came.next() else { break };
        assert_eq!(store.judge_returns(at(3)).await.unwrap().stop, None, "{n} of them are not several");
        let only = std::slice::from_ref(&line.address);
        store.note_return(&line.message_id, only, &[], bounced_for(*refusal), &raw(), at(3)).await.unwrap();
    }
    assert_eq!(store.judge_returns(at(90)).await.unwrap().stop, None, "an hour later it is forgotten");
    assert_eq!(store.judge_returns(at(4)).await.unwrap().began_with.len(), 3);
    let left: Vec<Refusal> = store.resting().await.unwrap().iter().map(|c| c.refusal).collect();
    assert_eq!(left.len(), 2);
    assert!(!left.iter().any(|refusal| refusal.may_be_ours()));
    assert!(store.verify().await.unwrap().is_whole());
}

/// Letters that left at `minutes` come back a minute later, of so many municipalities.
async fn come_back(
    store: &Store,
    (version, many, roles): (u16, usize, &[Role]),
    refusal: Refusal,
    minutes: i64,
) {
    let lines = store.deliveries(&DeliveryFilter::default()).await.unwrap();
    let of_it = |line: &&DeliveryLine| line.version == version && roles.contains(&line.role);
    let mut came = 0;
    for line in lines.iter().filter(of_it) {
        if !CODES[..many].iter().any(|code| line.key.municipality() == Some(municipality(code))) {
            continue;
        }
        let (id, only) = (&line.message_id, std::slice::from_ref(&line.address));
        let at = at(minutes + 1);
        let noted = store.note_return(id, only, &[], bounced_for(refusal), &raw(), at).await.unwrap();
        assert_eq!(noted, Noted::Changed(line.key.clone()));
        came += 1;
    }
    assert_eq!(came, many * roles.len());
}

#[tokio::test]
async fn who_fails_again_by_a_letter_that_left_after_it_was_lifted_keeps_its_rest() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(&dir).await;
    send_all(&store, 2, |_| accepted()).await;
    let both = [Role::Smas, Role::Cmas];
    come_back(&store, (1, 3, &both), Refusal::Road, 2).await;
    assert_eq!(store.judge_returns(at(4)).await.unwrap().began_with.len(), 6);
    assert_eq!(store.judge_returns(at(64)).await.unwrap().stop, None);
    let again = CODES[..3].iter().map(|code| change(send(warning(code), 2))).collect();
    store.record_pass(at(65), again).await.unwrap();
    send_all(&store, 66, |_| accepted()).await;
    come_back(&store, (2, 3, &both), Refusal::Road, 66).await;
    assert_eq!(store.judge_returns(at(68)).await.unwrap().stop, None, "they are dead");
    assert_eq!(store.resting().await.unwrap().len(), 6);
    assert!(store.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn what_takes_the_letters_of_most_stops_nothing_and_what_gives_nearly_all_back_condemns_nobody() {
    for (many, refusal, lifted) in [
        (2, Refusal::Sender, 0),
        (3, Refusal::Sender, 3),
        (4, Refusal::Address, 0),
        (6, Refusal::Address, 0),
        (3, Refusal::Mailbox, 0),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let store = filled(&dir).await;
        send_all(&store, 2, |_| accepted()).await;
        come_back(&store, (1, many, &[Role::Smas]), refusal, 2).await;
        let verdict = store.judge_returns(at(4)).await.unwrap();
        assert_eq!(verdict.began_with.len(), lifted, "{many} {refusal}: the others' letters stand");
        assert_eq!(store.resting().await.unwrap().len(), many - lifted);
    }
    let dir = tempfile::tempdir().unwrap();
    let store = filled(&dir).await;
    let refused_elsewhere = |claim: &crate::store::Claim| {
        if claim.role == Role::Smas { accepted() } else { deferred() }
    };
    send_all(&store, 2, refused_elsewhere).await;
    come_back(&store, (1, 5, &[Role::Smas]), Refusal::Address, 2).await;
    let verdict = store.judge_returns(at(4)).await.unwrap();
    assert_eq!(verdict.began_with.len(), 5, "five of six");
    assert_eq!(store.resting().await.unwrap(), []);
    // The sixth comes back while the queue stands still.
    let lines = store.deliveries(&DeliveryFilter::default()).await.unwrap();
    let last = lines.iter().find(|line| line.state == DeliveryState::Accepted).unwrap();
    let only = std::slice::from_ref(&last.address);
    let late = bounced_for(Refusal::Address);
    store.note_return(&last.message_id, only, &[], late, &raw(), at(5)).await.unwrap();
    store.judge_returns(at(6)).await.unwrap();
    assert_eq!(store.resting().await.unwrap(), []);
    assert!(store.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn a_letter_read_takes_the_flag_off_and_a_delivery_is_found_by_its_own_name() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(&dir).await;
    send_all(&store, 2, |_| accepted()).await;
    let lines = store.deliveries(&DeliveryFilter::default()).await.unwrap();
    let (one, other) = (&lines[0], &lines[1]);
    assert_eq!(one.message_id, other.message_id);
    let noted =
        store.note_return(one.id.as_str(), &[], &[], bounced_for(Refusal::Address), &raw(), at(3)).await;
    assert_eq!(noted.unwrap(), Noted::Changed(one.key.clone()), "the report named the delivery");
    let flagged = store.flagged().await.unwrap();
    assert_eq!(flagged.iter().map(|f| &f.address).collect::<Vec<_>>(), [&one.address]);
    store.note_return(one.id.as_str(), &[], &[], Return::Read, &raw(), at(4)).await.unwrap();
    assert_eq!(store.resting().await.unwrap(), []);
    let both = [other.address.clone(), one.address.clone()];
    let noted =
        store.note_return(&one.message_id, &[], &both, bounced_for(Refusal::Address), &raw(), at(5)).await;
    assert_eq!(
        noted.unwrap(),
        Noted::Ambiguous(one.key.clone()),
        "both are mentioned, and neither is accused"
    );
    assert!(store.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn letters_due_together_leave_in_the_order_of_their_names() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(&dir).await;
    let claims = store.claim("a", at(2), 100).await.unwrap();
    let mut names: Vec<_> =
        claims.iter().map(|c| (c.key.to_string(), c.version, c.address.to_string())).collect();
    let left = names.clone();
    names.sort();
    assert_eq!(left, names);
}

#[tokio::test]
async fn a_plan_stands_while_letters_are_taken_and_not_when_one_is_refused_or_somebody_else_writes() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(&dir).await;
    let before = store.generation().await.unwrap();
    let claims = store.claim("a", at(2), 2).await.unwrap();
    let marked = store.mark_sending(claims, at(2)).await.unwrap();
    store.settle(vec![settled(&marked[0], accepted(), 3)]).await.unwrap();
    store.record_pass(at(3), Vec::new()).await.unwrap();
    store.heartbeat(at(3)).await.unwrap();
    assert_eq!(store.generation().await.unwrap(), before);

    store.settle(vec![settled(&marked[1], refused(), 3)]).await.unwrap();
    let refused = store.generation().await.unwrap();
    assert_ne!(refused, before);
    store.record_pass(at(4), vec![act(Act::Withdraw, VITORIA)]).await.unwrap();
    let decided = store.generation().await.unwrap();
    assert_ne!(decided, refused);
    let other = Store::open(place(&dir), at(4)).await.unwrap();
    other.record_pass(at(5), vec![act(Act::Withdraw, SERRA)]).await.unwrap();
    assert_ne!(store.generation().await.unwrap(), decided);
}

#[tokio::test]
async fn a_letter_whose_bytes_are_damaged_keeps_no_other_waiting_and_is_named_by_the_proof() {
    let dir = tempfile::TempDir::new().unwrap();
    let store = file_store(&dir).await;
    store.record_pass(at(1), vec![act(Act::Send, VITORIA), act(Act::Send, SERRA)]).await.unwrap();
    let damage = format!("UPDATE letters SET bytes = x'00' WHERE notice_key LIKE '%{VITORIA}'");
    crate::proof::tests::tamper(&dir, damage).await;
    assert_eq!(send_all(&store, 2, |_| accepted()).await, 2, "both addresses of the other");
    assert!(!store.verify().await.unwrap().is_whole());
}
