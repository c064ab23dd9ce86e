//! Letters that left, or may have left, from another ledger.

use tempfile::TempDir;

use crate::domain::delivery::DeliveryState;
use crate::domain::journal::LeftProof;
use crate::domain::overrides::Authorship;
use crate::plan::Act;
use crate::store::testing::*;
use crate::store::{DeliveryFilter, Sighting, Store};

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
