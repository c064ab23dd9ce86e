//! Letters that may have been taken.

use super::outbox::{CODES, bounced_for, filled, raw};
use crate::domain::delivery::DeliveryState;
use crate::domain::refusal::Refusal;
use crate::store::testing::*;
use crate::store::{DeliveryFilter, DeliveryLine, Noted, OnUncertain, Return};

#[tokio::test]
async fn a_report_ends_the_doubt_about_a_letter_and_changes_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(&dir).await;
    let filter = DeliveryFilter { window: None, municipality: Some(municipality(VITORIA)) };
    let lines = store.deliveries(&filter).await.unwrap();
    let (doubted, other) = (&lines[0], &lines[1]);
    let (came, raw) = (|| Return::Arrived { why: "a carta está atrasada".to_owned() }, raw());
    let note = |line: &DeliveryLine, minute| {
        let (store, raw, id, to) = (&store, &raw, line.message_id.clone(), [line.address.clone()]);
        async move { store.note_return(&id, &to, &[], came(), raw, at(minute)).await.unwrap() }
    };
    assert_eq!(note(doubted, 1).await, Noted::NeverSent(doubted.key.clone()));
    send_all(&store, 2, |claim| if claim.delivery == doubted.id { uncertain() } else { deferred() }).await;
    assert_eq!(note(other, 3).await, Noted::NeverSent(other.key.clone()), "nobody took it");
    assert_eq!(note(doubted, 4).await, Noted::Changed(doubted.key.clone()));
    assert_eq!(note(doubted, 5).await, Noted::Known(doubted.key.clone()));
    let now = store.deliveries(&filter).await.unwrap();
    assert_eq!(
        (now[0].state, now[0].reached_at, now[0].next_attempt_at),
        (DeliveryState::Accepted, Some(at(2)), None)
    );
    assert_eq!(now[1].state, DeliveryState::Deferred);
    assert_eq!(send_all(&store, 9, |_| accepted()).await, 2 * CODES.len() - 1, "it is not sent again");
    for (minute, state) in [(3, DeliveryState::Uncertain), (4, DeliveryState::Accepted)] {
        let then = store.deliveries_as_known(&filter, at(minute)).await.unwrap();
        assert_eq!(then[0].state, state, "{minute}");
    }
    let came = bounced_for(Refusal::Address);
    let noted = store.note_return(doubted.id.as_str(), &[], &[], came, &raw, at(10)).await.unwrap();
    assert_eq!(noted, Noted::Changed(doubted.key.clone()), "late, and then given up");
    let report = store.verify().await.unwrap();
    assert!(report.is_whole(), "{:#?}", report.faults());
}

#[tokio::test]
async fn what_four_processes_left_on_the_wire_waits_for_a_person() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(&dir).await;
    for n in 0..4 {
        let claims = store.claim("a", at(2 + n), 100).await.unwrap();
        assert_eq!(claims.len(), 2 * CODES.len(), "{n}");
        store.mark_sending(claims, at(2 + n)).await.unwrap();
        let lock = store.lock().unwrap();
        store.recover(&lock, at(2 + n), OnUncertain::Resend).await.unwrap();
    }
    assert!(store.claim("a", at(60), 100).await.unwrap().is_empty());
    let held = store.held_uncertain(at(60)).await.unwrap();
    assert!(held.len() == 2 * CODES.len() && held.iter().all(|one| one.times == 4), "{held:?}");
    assert!(store.verify().await.unwrap().is_whole());
}
