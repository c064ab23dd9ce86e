//! What senders record together, in one commit.

use super::outbox::{CODES, filled};
use crate::domain::delivery::DeliveryState;
use crate::store::testing::*;
use crate::store::{DeliveryFilter, Settlement};

#[tokio::test(flavor = "multi_thread")]
async fn senders_that_settle_and_mark_together_lose_nothing_and_mark_nothing_twice() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(&dir).await;
    let claims = store.claim("a", at(2), 100).await.unwrap();
    assert_eq!(claims.len(), 2 * CODES.len());
    let mut senders = tokio::task::JoinSet::new();
    for share in claims.chunks(2) {
        let (store, share) = (store.clone(), share.to_vec());
        senders.spawn(async move {
            let mut ended = Vec::new();
            for claim in share {
                let ends = ended.len();
                let (settlements, marked) =
                    store.settle_and_mark(std::mem::take(&mut ended), vec![claim], at(4)).await.unwrap();
                assert_eq!((settlements.len(), marked.len()), (ends, 1));
                ended.push(settled(&marked[0], accepted(), 4));
            }
            store.settle(ended).await.unwrap()
        });
    }
    senders.join_all().await;
    let lines = store.deliveries(&DeliveryFilter::default()).await.unwrap();
    assert!(lines.iter().all(|line| line.state == DeliveryState::Accepted && line.attempts == 1));
    assert!(store.mark_sending(claims, at(5)).await.unwrap().is_empty(), "each only once");
    assert!(store.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn an_older_claim_in_the_same_commit_is_stale_and_marks_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(&dir).await;
    let old = store.claim("a", at(2), 1).await.unwrap().remove(0);
    let new = store.claim("b", at(13), 1).await.unwrap().remove(0);
    assert_eq!(old.delivery, new.delivery);
    let both = vec![old.clone(), new.clone()];
    assert_eq!(store.mark_sending(both, at(15)).await.unwrap(), std::slice::from_ref(&new));
    let ends = vec![settled(&old, refused(), 15), settled(&new, accepted(), 15)];
    let done = store.settle(ends).await.unwrap();
    assert_eq!(done, [Settlement::Stale, Settlement::Done(DeliveryState::Accepted)]);
    assert!(store.flagged().await.unwrap().is_empty());
    assert!(store.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn what_was_marked_by_a_commit_whose_answer_was_lost_is_marked_once_and_may_leave() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(&dir).await;
    let claims = store.claim("a", at(2), 2).await.unwrap();
    assert_eq!(store.mark_sending(claims.clone(), at(3)).await.unwrap(), claims);
    assert_eq!(store.mark_sending(claims.clone(), at(3)).await.unwrap(), claims, "asked again for the same");
    assert!(store.mark_sending(claims.clone(), at(4)).await.unwrap().is_empty(), "and not another time");
    let ends = claims.iter().map(|claim| settled(claim, accepted(), 3)).collect();
    store.settle(ends).await.unwrap();
    assert!(store.mark_sending(claims, at(3)).await.unwrap().is_empty(), "it left");
    let lines = store.deliveries(&DeliveryFilter::default()).await.unwrap();
    assert_eq!(lines.iter().map(|line| line.attempts).sum::<u32>(), 2);
    let verified = store.verify().await.unwrap();
    assert!(verified.is_whole(), "{:?}", verified.faults());
}

/// Marked by a commit whose answer was lost, with a ledger that answers nobody for a while: what was not sent is given back.
#[tokio::test]
async fn what_was_marked_and_never_sent_is_given_back_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(&dir).await;
    let first = store.claim("a", at(2), 3).await.unwrap();
    let first = store.mark_sending(first, at(4)).await.unwrap();
    let ends = first.iter().map(|claim| settled(claim, deferred(), 4)).collect();
    store.settle(ends).await.unwrap();
    // Some that were put off before, and others; of both, some are marked.
    let claims = store.claim("a", at(20), 100).await.unwrap();
    let before: Vec<_> = claims.iter().map(|claim| (claim.state, claim.attempts)).collect();
    assert!(before.contains(&(DeliveryState::Deferred, 1)) && before.contains(&(DeliveryState::Recorded, 0)));
    let some: Vec<_> = claims.iter().step_by(2).cloned().collect();
    assert!(some.iter().any(|one| one.attempts == 1) && some.iter().any(|one| one.attempts == 0));
    assert_eq!(store.mark_sending(some.clone(), at(21)).await.unwrap(), some);
    let head = store.signs().await.unwrap();
    store.release(claims.clone()).await.unwrap();
    assert_eq!(store.signs().await.unwrap(), head, "nothing happened that the journal would tell");
    let verified = store.verify().await.unwrap();
    assert!(verified.is_whole(), "{:?}", verified.faults());
    assert!(
        store.mark_sending(claims.clone(), at(21)).await.unwrap().is_empty(),
        "a late mark finds nothing"
    );
    let again = store.claim("b", at(21), 100).await.unwrap();
    assert_eq!(again.iter().map(|claim| (claim.state, claim.attempts)).collect::<Vec<_>>(), before);
    // Whoever took it meanwhile keeps it.
    let marked = store.mark_sending(again.clone(), at(22)).await.unwrap();
    store.release(claims).await.unwrap();
    let ends = marked.iter().map(|claim| settled(claim, accepted(), 22)).collect();
    assert!(
        store.settle(ends).await.unwrap().iter().all(|one| *one == Settlement::Done(DeliveryState::Accepted))
    );
    // And what left is not given back.
    store.release(again).await.unwrap();
    assert!(store.claim("c", at(90), 100).await.unwrap().is_empty());
    let verified = store.verify().await.unwrap();
    assert!(verified.is_whole(), "{:?}", verified.faults());
}

#[tokio::test]
async fn an_address_that_refuses_and_takes_a_letter_in_one_commit_does_not_rest() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(&dir).await;
    let claims = store.claim("a", at(2), 6).await.unwrap();
    let mut marked = store.mark_sending(claims, at(3)).await.unwrap();
    let address = marked[0].address.clone();
    marked[5].address = address;
    let outcome = |n| if n == 0 { refused() } else { accepted() };
    let ends = marked.iter().enumerate().map(|(n, claim)| settled(claim, outcome(n), 4)).collect();
    store.settle(ends).await.unwrap();
    assert!(store.flagged().await.unwrap().is_empty());
}
