//! Letters that left, or may have left, from another ledger.

use std::collections::BTreeSet;

use tempfile::TempDir;

use crate::domain::delivery::DeliveryState;
use crate::domain::journal::LeftProof;
use crate::domain::overrides::{Authorship, BatchId};
use crate::plan::post::LetterState;
use crate::plan::{Act, Decision};
use crate::store::testing::*;
use crate::store::{DeliveryFilter, DeliveryLine, Recorded, Sighting, Store};

fn by(minutes: i64) -> Authorship {
    Authorship { author: "ana".to_owned(), reason: "disco trocado".to_owned(), at: at(minutes) }
}

/// A ledger that lived, and whose witness is elsewhere.
async fn copied(dir: &TempDir) -> Store {
    let store = store(dir).await;
    store.heartbeat(at(0)).await.unwrap();
    store
}

/// The relay's log has that version of the warning as sent to everybody it was for.
fn logged(version: u16) -> Sighting {
    let letter = change(send(warning(VITORIA), version)).letter.unwrap();
    Sighting {
        message_id: letter.message_id,
        letter: (warning(VITORIA).key, version),
        address: None,
        at: at(20),
        proof: LeftProof::Log,
    }
}

async fn states(store: &Store, version: u16) -> Vec<DeliveryState> {
    let lines = store.deliveries(&DeliveryFilter::default()).await.unwrap();
    lines.iter().filter(|line| line.version == version).map(|line| line.state).collect()
}

#[tokio::test]
async fn a_letter_whose_time_was_over_when_its_copy_was_assumed_may_have_left_in_time_and_counts_once_that_is_known()
 {
    let dir = TempDir::new().unwrap();
    let store = copied(&dir).await;
    store.record_pass(at(1), vec![act(Act::Send, VITORIA)]).await.unwrap();
    // Two weeks later: the warning has long expired.
    let assumed = store.assume(Vec::new(), &by(20_000)).await.unwrap().unwrap();
    assert_eq!(assumed.held.len(), 2);
    store.record_pass(at(20_001), vec![act(Act::Expire, VITORIA)]).await.unwrap();
    assert_eq!(states(&store, 1).await, [DeliveryState::Uncertain; 2]);
    let vouched = store.vouch(vec![logged(1)], &by(20_002)).await.unwrap().unwrap();
    assert_eq!(vouched.delivered.len(), 2);
    assert_eq!(states(&store, 1).await, [DeliveryState::Accepted; 2]);
    assert!(store.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn what_is_held_can_still_be_named_by_a_person_in_its_own_version() {
    let dir = TempDir::new().unwrap();
    let store = copied(&dir).await;
    store.record_pass(at(1), vec![change(send(warning(VITORIA), 2))]).await.unwrap();
    store.assume(Vec::new(), &by(10)).await.unwrap().unwrap();
    let known = store.unassured().await.unwrap();
    assert_eq!(known.iter().map(|one| one.version).collect::<Vec<_>>(), [2, 2]);
}

#[tokio::test]
async fn another_version_of_a_notice_that_left_waits_instead_of_leaving_again() {
    let dir = TempDir::new().unwrap();
    let store = copied(&dir).await;
    let assumed = store.assume(vec![logged(2)], &by(10)).await.unwrap().unwrap();
    assert_eq!(assumed.vouched.ahead.len(), 1);
    store.record_pass(at(30), vec![act(Act::Send, VITORIA)]).await.unwrap();
    assert_eq!(states(&store, 1).await, [DeliveryState::Uncertain; 2]);
    assert!(store.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn a_letter_that_left_is_counted_and_no_other_that_the_same_pass_records() {
    let dir = TempDir::new().unwrap();
    let store = copied(&dir).await;
    store.assume(vec![logged(1)], &by(10)).await.unwrap().unwrap();
    // More than go into the ledger together, to one, two or three addresses each.
    let codes = ["3200102", SERRA, VITORIA, "3200136", "3200169", "3200201"];
    let mut pass: Vec<_> = codes.iter().map(|code| act(Act::Send, code)).collect();
    for (n, change) in pass.iter_mut().enumerate().filter(|(n, _)| codes[*n] != VITORIA) {
        let Decision::Send(sending) = &mut change.decision else { unreachable!() };
        sending.notice.to.truncate(1 + n % 2);
        if n == 1 {
            let mut third = sending.notice.to[0].clone();
            third.address = address("cras@serra.invalid");
            sending.notice.to.push(third);
        }
    }
    assert_eq!(store.record_pass(at(30), pass).await.unwrap(), [Recorded::New; 6]);
    let lines = store.deliveries(&DeliveryFilter::default()).await.unwrap();
    assert_eq!(lines.len(), 1 + 3 + 2 + 2 + 1 + 2);
    for line in lines {
        let left = line.key == warning(VITORIA).key;
        assert_eq!(
            line.state,
            if left { DeliveryState::Accepted } else { DeliveryState::Recorded },
            "{line:?}"
        );
    }
    assert!(store.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn a_letter_settled_by_a_word_stands_on_each_day_as_it_was_known_on_that_day() {
    let dir = TempDir::new().unwrap();
    let store = copied(&dir).await;
    let mut post = Vec::new();
    store.record_pass(at(1), vec![act(Act::Send, VITORIA)]).await.unwrap();
    store.assume(Vec::new(), &by(10)).await.unwrap().unwrap();
    let left = Sighting { at: at(5), ..logged(1) };
    assert_eq!(store.vouch(vec![left], &by(20)).await.unwrap().unwrap().delivered.len(), 2);
    let key = warning(VITORIA).key;
    for minute in [7, 15, 25] {
        let known = store.post_as_known(&[rma()], at(minute)).await.unwrap();
        post.push(known.of(&key).iter().map(|fact| (fact.state, fact.at)).collect::<Vec<_>>());
        let ledger = store.ledger_as_known(&BTreeSet::from([rma()]), at(minute)).await.unwrap();
        let lines = store.deliveries_as_known(&DeliveryFilter::default(), at(minute)).await.unwrap();
        let line = |line: &DeliveryLine| (line.state, line.reached_at, line.settled_at, line.next_attempt_at);
        let (state, reached) = match minute {
            7 => (DeliveryState::Recorded, None),
            15 => (DeliveryState::Uncertain, Some(at(10))),
            _ => (DeliveryState::Accepted, Some(at(10))),
        };
        assert!(lines.iter().all(|one| (one.state, one.reached_at) == (state, reached)), "{lines:?}");
        assert_eq!(ledger.notice(&key).unwrap().standing.sent_at(), reached, "minute {minute}");
        if minute == 25 {
            let now = store.deliveries(&DeliveryFilter::default()).await.unwrap();
            assert_eq!(lines.iter().map(line).collect::<Vec<_>>(), now.iter().map(line).collect::<Vec<_>>());
            assert_eq!(lines[0].reply, now[0].reply);
        }
    }
    assert_eq!(
        post,
        [
            [(LetterState::Queued, at(1)); 2],
            [(LetterState::Uncertain, at(10)); 2],
            [(LetterState::Accepted, at(20)); 2]
        ]
    );
    // What leaves by an attempt of its own later is told by that, and the time before as it was.
    let other = TempDir::new().unwrap();
    let again = copied(&other).await;
    again.record_pass(at(1), vec![act(Act::Send, VITORIA)]).await.unwrap();
    let assumed = again.assume(Vec::new(), &by(10)).await.unwrap().unwrap();
    again.repeat_uncertain(&BatchId::of_outage(assumed.gap.until), at(30)).await.unwrap();
    assert_eq!(send_all(&again, 31, |_| accepted()).await, 2);
    for (minute, state) in [(15, LetterState::Uncertain), (40, LetterState::Accepted)] {
        let known = again.post_as_known(&[rma()], at(minute)).await.unwrap();
        assert!(known.of(&key).iter().all(|fact| fact.state == state), "{minute}: {known:?}");
    }
}

#[tokio::test]
async fn what_the_relay_still_had_is_uncertain_once_it_is_decided_unless_it_is_known_better_by_then() {
    for known_by_then in [false, true] {
        let dir = TempDir::new().unwrap();
        let store = copied(&dir).await;
        let waiting = Sighting { proof: LeftProof::Nothing, ..logged(1) };
        let assumed = store.assume(vec![waiting.clone()], &by(10)).await.unwrap().unwrap();
        assert_eq!((assumed.vouched.delivered.len(), assumed.vouched.ahead.len()), (0, 1));
        let again = store.vouch(vec![waiting.clone()], &by(11)).await.unwrap().unwrap();
        assert!(again.ahead.is_empty(), "told once");
        if known_by_then {
            assert_eq!(store.vouch(vec![logged(1)], &by(12)).await.unwrap().unwrap().ahead.len(), 1);
            let back = store.vouch(vec![waiting], &by(13)).await.unwrap().unwrap();
            assert!(back.ahead.is_empty(), "an older log takes nothing back");
        }
        store.record_pass(at(30), vec![act(Act::Send, VITORIA)]).await.unwrap();
        let state = if known_by_then { DeliveryState::Accepted } else { DeliveryState::Uncertain };
        assert_eq!(states(&store, 1).await, [state; 2]);
        assert!(store.verify().await.unwrap().is_whole());
    }
}

#[tokio::test]
async fn a_word_on_a_letter_that_was_taken_back_here_counts_for_whatever_version_of_the_notice_comes_next() {
    let said = Sighting { proof: LeftProof::Person, ..logged(1) };
    // Another version is written, or the same goes on.
    for next in [2, 1] {
        let dir = TempDir::new().unwrap();
        let store = copied(&dir).await;
        store.record_pass(at(1), vec![act(Act::Send, VITORIA)]).await.unwrap();
        store.record_pass(at(2), vec![act(Act::Withdraw, VITORIA)]).await.unwrap();
        let assumed = store.assume(vec![said.clone()], &by(10)).await.unwrap().unwrap();
        assert_eq!((assumed.vouched.delivered.len(), assumed.vouched.ahead.len()), (0, 1));
        assert!(assumed.vouched.unchanged.is_empty());
        let again = store.vouch(vec![said.clone()], &by(11)).await.unwrap().unwrap();
        assert_eq!((again.changed_nothing(), again.unchanged.len()), (true, 1), "named, and not in silence");
        let sent = store.record_pass(at(30), vec![change(send(warning(VITORIA), next))]).await.unwrap();
        assert_eq!(sent, [if next == 1 { Recorded::Resumed } else { Recorded::New }]);
        assert_eq!(states(&store, next).await, [DeliveryState::Accepted; 2], "version {next}");
        assert_eq!(send_all(&store, 31, |_| accepted()).await, 0, "nothing leaves again");
        assert!(store.verify().await.unwrap().is_whole());
    }
}

#[tokio::test]
async fn what_the_log_has_of_a_letter_that_was_taken_back_here_has_the_next_version_wait() {
    let dir = TempDir::new().unwrap();
    let store = copied(&dir).await;
    store.record_pass(at(1), vec![act(Act::Send, VITORIA)]).await.unwrap();
    store.record_pass(at(2), vec![act(Act::Withdraw, VITORIA)]).await.unwrap();
    store.assume(vec![logged(1)], &by(10)).await.unwrap().unwrap();
    store.record_pass(at(30), vec![change(send(warning(VITORIA), 2))]).await.unwrap();
    assert_eq!(states(&store, 2).await, [DeliveryState::Uncertain; 2]);
    assert_eq!(send_all(&store, 31, |_| accepted()).await, 0);
    assert!(store.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn a_gap_that_was_named_when_a_copy_was_assumed_is_not_named_again_when_the_clock_is_believed() {
    let (dir, day) = (TempDir::new().unwrap(), 24 * 60);
    let store = copied(&dir).await;
    store.record_pass(at(1), vec![act(Act::Send, VITORIA)]).await.unwrap();
    let assumed = store.assume(Vec::new(), &by(3 * day)).await.unwrap().unwrap();
    assert_eq!(store.begin(at(3 * day + 3)).await.unwrap(), None);
    let ledger = store.ledger().await.unwrap();
    assert_eq!(ledger.outage.unwrap().until, assumed.gap.until, "one gap, and the batch that was printed");
    // Nobody started it for days after: that is another gap, from then on.
    let (other, late) = (TempDir::new().unwrap(), 5 * day);
    let store = copied(&other).await;
    store.record_pass(at(1), vec![act(Act::Send, VITORIA)]).await.unwrap();
    store.assume(Vec::new(), &by(3 * day)).await.unwrap().unwrap();
    let second = store.begin(at(late)).await.unwrap().unwrap();
    assert_eq!((second.from, second.until), (at(3 * day), at(late)));
    assert!(store.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn a_word_on_a_letter_that_this_ledger_does_not_have_is_known_from_when_it_was_said() {
    let dir = TempDir::new().unwrap();
    let store = copied(&dir).await;
    store.record_pass(at(1), vec![act(Act::Expire, VITORIA)]).await.unwrap();
    let waiting = Sighting { proof: LeftProof::Nothing, ..logged(1) };
    store.assume(vec![waiting], &by(30)).await.unwrap().unwrap();
    store.vouch(vec![logged(1)], &by(40)).await.unwrap().unwrap();
    for (minute, proof) in [(29, None), (35, Some(LeftProof::Nothing)), (45, Some(LeftProof::Log))] {
        let then = store.ledger_as_known(&BTreeSet::from([rma()]), at(minute)).await.unwrap();
        let word = then.left_elsewhere.get(&warning(VITORIA).key);
        assert_eq!(word.map(|word| (word.proof, word.at)), proof.map(|proof| (proof, at(20))), "{minute}");
    }
    let now = store.ledger().await.unwrap();
    assert!(now.left_elsewhere[&warning(VITORIA).key].is_proven());
    assert!(store.verify().await.unwrap().is_whole());
}
