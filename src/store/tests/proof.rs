//! Whatever is changed behind the store's back is found.

use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
use tempfile::TempDir;

use crate::domain::plan::Act;
use crate::store::testing::*;
use crate::store::{ChainReport, EntryKind, JournalFilter, Store};

async fn told(dir: &TempDir) -> Store {
    let store = store(dir).await;
    store.record_pass(at(1), vec![act(Act::Send, VITORIA), act(Act::Withhold, SERRA)]).await.unwrap();
    send_all(&store, 2, |_| accepted()).await;
    store.record_pass(at(3), vec![act(Act::Withdraw, SERRA)]).await.unwrap();
    assert!(store.verify().await.unwrap().is_whole());
    store
}

async fn after(tampering: &str) -> ChainReport {
    let dir = tempfile::tempdir().unwrap();
    let store = told(&dir).await;
    let mut conn = SqliteConnection::connect(dir.path().join("vigia.db").to_str().unwrap()).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(format!("PRAGMA foreign_keys = OFF; {tampering}")))
        .execute(&mut conn)
        .await
        .unwrap();
    let report = store.verify().await.unwrap();
    assert!(!report.is_whole(), "{tampering}");
    report
}

#[tokio::test]
async fn a_changed_or_removed_entry_is_found_where_it_stands() {
    let changed = after("UPDATE journal SET body = replace(body, 'é hora', 'é tarde') WHERE seq = 2").await;
    assert_eq!(changed.broken_at, Some(2));
    assert_eq!(after("UPDATE journal SET at = at + 1 WHERE seq = 3").await.broken_at, Some(3));
    assert_eq!(after("UPDATE journal SET municipality = NULL WHERE seq = 3").await.broken_at, Some(3));
    assert_eq!(after("DELETE FROM journal WHERE seq = 3").await.broken_at, Some(3));
    assert_eq!(after("DELETE FROM journal WHERE seq = 1").await.broken_at, Some(1));
    assert_eq!(
        after("DELETE FROM journal WHERE seq = (SELECT MAX(seq) FROM journal)").await.broken_at,
        Some(6)
    );
}

#[tokio::test]
async fn a_changed_missing_or_smuggled_letter_is_found() {
    let id = (decision(Act::Send, VITORIA).key.to_string(), 1);
    let changed = after("UPDATE letters SET bytes = CAST('x' AS BLOB)").await;
    assert_eq!((changed.broken_at, changed.changed_letters), (None, vec![id.clone()]));
    let renamed = after("UPDATE letters SET message_id = '<x>'").await;
    assert_eq!(renamed.changed_letters, vec![id.clone()]);
    assert_eq!(after("DELETE FROM letters").await.missing_letters, vec![id.clone()]);
    let smuggled =
        after("INSERT INTO letters SELECT notice_key, 2, '<y>', subject, sha256, 0, bytes FROM letters");
    assert_eq!(smuggled.await.unknown_letters, vec![(id.0, 2)]);
}

#[tokio::test]
async fn a_changed_address_or_outcome_is_found() {
    let moved = after("UPDATE deliveries SET address = 'x@y.invalid' WHERE role = 'smas'").await;
    assert_eq!(moved.changed_deliveries.len(), 1);
    let undone = after("UPDATE deliveries SET state = 'recusado' WHERE role = 'cmas'").await;
    assert_eq!(undone.changed_deliveries.len(), 1);
    let reworded =
        after("UPDATE attempts SET reply = '250 sim' WHERE delivery = (SELECT MIN(id) FROM deliveries)");
    assert_eq!(reworded.await.changed_attempts.len(), 1);
    assert_eq!(after("UPDATE attempts SET ended_at = ended_at - 1").await.changed_attempts.len(), 2);
    assert_eq!(after("DELETE FROM attempts").await.changed_attempts.len(), 2);
    let gone = after("DELETE FROM attempts; DELETE FROM deliveries WHERE role = 'cmas'").await;
    assert_eq!(gone.missing_deliveries.len(), 1);
}

#[tokio::test]
async fn the_journal_tells_the_story_of_one_municipality() {
    let dir = tempfile::tempdir().unwrap();
    let store = told(&dir).await;
    let filter = JournalFilter {
        window: Some(rma()),
        municipality: Some(municipality(SERRA)),
        ..JournalFilter::default()
    };
    let told_of = store.journal(&filter).await.unwrap();
    assert_eq!(told_of.iter().map(|e| e.at).collect::<Vec<_>>(), [at(1), at(3)]);
    assert!(told_of.iter().all(|e| e.kind == EntryKind::Decision));
    assert!(told_of[0].body.contains("sem-contato"));
    let late = JournalFilter { since: Some(at(2)), ..filter };
    assert_eq!(store.journal(&late).await.unwrap().len(), 1);
    let first = JournalFilter { limit: Some(1), ..JournalFilter::default() };
    assert_eq!(store.journal(&first).await.unwrap()[0].kind, EntryKind::Opening);
}
