//! What people order, and what the daemon reads of the calendar.

use jiff::civil::date;

use crate::domain::calendar::Deadline;
use crate::domain::notice::Told;
use crate::domain::overrides::{Authorship, BatchId, HoldScope};
use crate::store::Override;
use crate::store::testing::*;

fn by(author: &str, minutes: i64) -> Authorship {
    Authorship { author: author.to_owned(), reason: "ofício 12".to_owned(), at: at(minutes) }
}

#[tokio::test]
async fn every_order_comes_back_as_given_until_it_is_lifted() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    let batch = BatchId::parse("rma/2026-11@1/prazo-5d").unwrap();
    let scopes = [
        HoldScope::All,
        HoldScope::Window(rma()),
        HoldScope::Municipality(municipality(VITORIA)),
        HoldScope::Batch(batch.clone()),
    ];
    let exemption = Override::Exemption {
        municipality: municipality(VITORIA),
        window: rma(),
        part: Some(part("CENTRO POP")),
        until: Some(date(2026, 12, 31)),
    };
    let dispute =
        Override::Dispute { municipality: municipality(SERRA), window: rma(), part: None, until: None };
    let mut ids = Vec::new();
    for (n, what) in scopes
        .iter()
        .map(|s| Override::Hold { scope: s.clone(), until: None })
        .chain([Override::Release(batch.clone()), exemption.clone(), dispute.clone()])
        .enumerate()
    {
        let minutes = i64::try_from(n).unwrap();
        ids.push(store.add_override(what.clone(), by("Ana", minutes)).await.unwrap());
        assert_eq!(store.add_override(what, by("Ana", minutes)).await.unwrap(), ids[n], "once");
    }
    let kept = store.overrides().await.unwrap();
    assert_eq!(kept.holds.iter().map(|h| h.scope.clone()).collect::<Vec<_>>(), scopes);
    assert!(kept.released.contains(&batch));
    assert_eq!((kept.exemptions.len(), kept.disputes.len()), (1, 1));
    assert_eq!(kept.exemptions[0].authorship, by("Ana", 5));
    assert_eq!(kept.exemptions[0].until, Some(date(2026, 12, 31)));

    assert_eq!(store.lift_holds(HoldScope::All, by("Rui", 10)).await.unwrap(), 1);
    assert_eq!(store.lift_holds(HoldScope::All, by("Rui", 10)).await.unwrap(), 0);
    assert!(store.lift_override(&ids[6], by("Rui", 11)).await.unwrap());
    assert!(!store.lift_override(&ids[6], by("Rui", 11)).await.unwrap());
    let kept = store.overrides().await.unwrap();
    assert_eq!((kept.holds.len(), kept.disputes.len()), (3, 0));
    let lines = store.override_lines().await.unwrap();
    assert_eq!(lines.len(), 7);
    assert_eq!(lines[6].what, dispute);
    assert_eq!(lines[6].lifted, Some(by("Rui", 11)));
    assert!(store.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn an_edition_is_known_from_its_first_reading() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    let until = |day| Told::Date(Deadline { on: date(2026, 12, day), at: Deadline::DEFAULT_TIME });
    let read = |edition, deadline| (rma(), edition, deadline, "MDS".to_owned());
    store.note_readings(vec![read(1, Told::Undefined), read(2, until(20))], at(1)).await.unwrap();
    let entries = store.signs().await.unwrap().journal_seq;
    store.note_readings(vec![read(1, Told::Undefined), read(2, until(20))], at(2)).await.unwrap();
    assert_eq!(store.signs().await.unwrap().journal_seq, entries, "nothing new");
    store.note_readings(vec![read(2, until(21))], at(3)).await.unwrap();
    let readings = store.readings().await.unwrap();
    assert_eq!((readings[0].deadline, readings[1].deadline), (Told::Undefined, until(21)));
    let known = store.ledger().await.unwrap().read_at;
    assert_eq!(known.into_iter().collect::<Vec<_>>(), [((rma(), 2), at(1))]);
}
