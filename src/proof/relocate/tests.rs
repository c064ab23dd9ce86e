//! A ledger in another place: the same rows and the same chain, whatever the engines; and wherever it is cut off, exactly
//! one of the two counts.

use std::collections::BTreeSet;

use tempfile::TempDir;

use super::{MoveError, Relocated, check};
use crate::database::db::Db;
use crate::database::engine::Query;
use crate::database::{copy_rows, steps};
use crate::proof::tests::told;
use crate::store::chain::head;
use crate::store::testing::*;
use crate::store::{DeliveryFilter, LedgerPlace, LedgerServer, Store, StoreError};

/// A ledger on a server with a schema of its own, beside a folder.
fn on_server(dir: &TempDir) -> LedgerPlace {
    let socket =
        std::env::var("TESTE_POSTGRES").expect("TESTE_POSTGRES names the socket of a PostgreSQL server");
    let digest = crate::text::digest::sha256(dir.path().as_os_str().as_encoded_bytes());
    let server = LedgerServer { schema: format!("m{}", &digest[..16]), ..server(&socket) };
    LedgerPlace::new(dir.path().join("vigia-servidor.json"), Some(server))
}

fn in_file(dir: &TempDir) -> LedgerPlace {
    (&file(dir)).into()
}

/// A filled ledger that letters left from.
async fn at_work(place: &LedgerPlace) -> Store {
    let store = told(Store::open(place.clone(), at(0)).await.unwrap()).await;
    store.begin(at(50)).await.unwrap();
    store.keep_witness(at(50)).await.unwrap();
    store
}

async fn moved(store: &Store, to: &LedgerPlace) -> Result<Relocated, MoveError> {
    store.relocate(to.clone(), true, "ana".to_owned(), at(60)).await
}

/// What opening it to write says.
async fn opened(place: &LedgerPlace) -> Result<(), StoreError> {
    Store::open(place.clone(), at(70)).await.map(drop)
}

async fn end(store: &Store) -> (i64, String) {
    head(&mut store.db.read().await.unwrap()).await.unwrap()
}

async fn moves_whole(from: LedgerPlace, to: LedgerPlace) {
    let old = at_work(&from).await;
    let before = old.deliveries(&DeliveryFilter::default()).await.unwrap();
    let done = moved(&old, &to).await.unwrap();
    let new = Store::open(to.clone(), at(61)).await.unwrap();
    assert_eq!(end(&new).await, end(&old).await, "both end with the entry that tells it");
    assert_eq!(end(&new).await.1, done.head);
    assert_eq!(new.deliveries(&DeliveryFilter::default()).await.unwrap(), before);
    let report = new.verify().await.unwrap();
    assert!(report.is_whole() && report.entries == done.entries && report.letters == done.letters);
    assert_eq!(new.doubt().await.unwrap(), None, "nobody has to assume it");
    assert_eq!(new.came_from().await.unwrap().as_deref(), Some(old.path()));
    new.keep_witness(at(62)).await.unwrap();
    new.heartbeat(at(62)).await.unwrap();
    // The old one is read, and written by nobody, whoever opened it when.
    assert_eq!(old.gone().await.unwrap().unwrap().path, to.path());
    assert!(matches!(old.heartbeat(at(63)).await, Err(StoreError::Moved { .. })));
    let refused = opened(&from).await.unwrap_err();
    assert!(refused.to_string().contains(&to.words()), "{refused}");
    assert!(Store::open_read_only(from.clone()).await.unwrap().verify().await.unwrap().is_whole());
    assert!(matches!(moved(&old, &to).await, Err(MoveError::Here(StoreError::Moved { .. }))));
}

#[tokio::test]
async fn a_ledger_that_moved_has_the_same_rows_and_head_and_the_old_one_is_only_read() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    moves_whole(in_file(&a), in_file(&b)).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn the_same_from_a_file_to_a_server_and_back_to_a_file_and_to_another_server() {
    let dirs = [(); 6].map(|()| tempfile::tempdir().unwrap());
    moves_whole(in_file(&dirs[0]), on_server(&dirs[1])).await;
    moves_whole(on_server(&dirs[2]), in_file(&dirs[3])).await;
    moves_whole(on_server(&dirs[4]), on_server(&dirs[5])).await;
}

/// Everything is written and the old ledger is not marked, as when the process is killed there.
async fn cut_off_before_the_mark(from: &LedgerPlace, to: &LedgerPlace) {
    let old = at_work(from).await;
    let db = Db::open(to, None).await.unwrap();
    let mut tx = old.db.begin().await.unwrap();
    old.copy(&mut tx, &db, "lá").await.unwrap();
    drop(tx);
    db.close().await;
    let before = end(&old).await;
    assert!(matches!(opened(to).await, Err(StoreError::Arriving { .. })));
    assert!(matches!(Store::open_read_only(to.clone()).await, Err(StoreError::Arriving { .. })));
    assert!(!old.arrive(to).await.unwrap(), "it is not marked: it counts");
    assert_eq!(end(&old).await, before);
    // It went on meanwhile; what the first try left is of no use.
    old.record_pass(at(55), vec![act(crate::plan::Act::Send, "3201209")]).await.unwrap();
    moved(&old, to).await.unwrap();
    let new = Store::open(to.clone(), at(61)).await.unwrap();
    assert_eq!(end(&new).await, end(&old).await);
    assert!(new.verify().await.unwrap().is_whole());
}

/// The old ledger is marked and the new one does not know, as when the process is killed there.
async fn cut_off_after_the_mark(from: &LedgerPlace, to: &LedgerPlace) {
    let old = at_work(from).await;
    moved(&old, to).await.unwrap();
    let new = Store::open(to.clone(), at(61)).await.unwrap();
    let mut tx = new.db.begin_wherever().await.unwrap();
    Query::new("UPDATE place SET arriving = 1").execute(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    assert!(matches!(new.heartbeat(at(62)).await, Err(StoreError::Arriving { .. })));
    assert!(matches!(opened(to).await, Err(StoreError::Arriving { .. })));
    assert!(matches!(opened(from).await, Err(StoreError::Moved { .. })), "the old one counts no more");
    assert!(old.arrive(to).await.unwrap());
    let new = Store::open(to.clone(), at(63)).await.unwrap();
    assert_eq!(new.doubt().await.unwrap(), None);
}

#[tokio::test]
async fn cut_off_before_the_mark_the_old_one_counts_and_the_next_try_begins_anew() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    cut_off_before_the_mark(&in_file(&a), &in_file(&b)).await;
}

#[tokio::test]
async fn cut_off_after_the_mark_the_new_one_counts_as_soon_as_the_old_one_is_asked() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    cut_off_after_the_mark(&in_file(&a), &in_file(&b)).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn cut_off_before_or_after_the_mark_it_is_the_same_with_a_server() {
    let dirs = [(); 8].map(|()| tempfile::tempdir().unwrap());
    cut_off_before_the_mark(&in_file(&dirs[0]), &on_server(&dirs[1])).await;
    cut_off_before_the_mark(&on_server(&dirs[2]), &in_file(&dirs[3])).await;
    cut_off_after_the_mark(&in_file(&dirs[4]), &on_server(&dirs[5])).await;
    cut_off_after_the_mark(&on_server(&dirs[6]), &in_file(&dirs[7])).await;
}

async fn refuses(from: LedgerPlace, to: LedgerPlace) {
    let old = at_work(&from).await;
    let before = end(&old).await;
    let other = Store::open(to.clone(), at(7)).await.unwrap();
    let others = end(&other).await;
    assert!(matches!(moved(&old, &to).await, Err(MoveError::Occupied(_))));
    assert_eq!(
        (end(&old).await, end(&other).await),
        (before.clone(), others),
        "nothing of either is touched"
    );
    assert!(matches!(moved(&old, &from).await, Err(MoveError::Same(_))));
    let running = old.lock().unwrap();
    assert!(matches!(moved(&old, &to).await, Err(MoveError::Running(_))));
    drop(running);
    std::fs::remove_file(crate::files::beside(old.path(), ".testemunha")).unwrap();
    assert!(matches!(moved(&old, &to).await, Err(MoveError::Doubted(_))));
    assert_eq!(end(&old).await, before);
    opened(&from).await.unwrap();
}

#[tokio::test]
async fn another_ledger_a_daemon_at_work_and_a_doubt_each_refuse_the_move() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    refuses(in_file(&a), in_file(&b)).await;
    // The same file by another way to it.
    let c = tempfile::tempdir().unwrap();
    let old = at_work(&in_file(&c)).await;
    let roundabout = c.path().join("..").join(c.path().file_name().unwrap());
    let roundabout = LedgerPlace::from(&roundabout.join(old.path().file_name().unwrap()));
    assert!(matches!(moved(&old, &roundabout).await, Err(MoveError::Same(_))));
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn the_same_where_a_server_is_on_either_side_and_where_another_machine_leads() {
    let dirs = [(); 6].map(|()| tempfile::tempdir().unwrap());
    refuses(in_file(&dirs[0]), on_server(&dirs[1])).await;
    refuses(on_server(&dirs[2]), in_file(&dirs[3])).await;
    // Another machine has no file in common, and leads.
    let place = on_server(&dirs[4]);
    let old = at_work(&place).await;
    let server = place.server.clone();
    let elsewhere = LedgerPlace::new(dirs[5].path().join("vigia-servidor.json"), server);
    let leader = Store::open(elsewhere, at(51)).await.unwrap();
    assert!(leader.lead(at(52)).await.unwrap());
    assert!(matches!(moved(&old, &in_file(&dirs[5])).await, Err(MoveError::Running(_))));
    leader.resign().await;
    moved(&old, &in_file(&dirs[5])).await.unwrap();
    // It leads no more, and nor does it when it asks again.
    assert!(matches!(leader.lead(at(53)).await, Err(StoreError::Moved { .. })));
    assert!(matches!(leader.heartbeat(at(54)).await, Err(StoreError::Moved { .. })));
}

#[tokio::test]
async fn a_move_that_is_refused_leaves_nothing_there_and_one_that_fails_a_place_that_only_the_next_takes() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let old = at_work(&in_file(&a)).await;
    let spoil = async |sql: &str| {
        old.db.writing_connection().await.unwrap().unwrap().run(sql.to_owned()).await.unwrap();
    };
    spoil("UPDATE letters SET subject = subject || 'x'").await;
    assert!(matches!(moved(&old, &in_file(&b)).await, Err(MoveError::Unsound { .. })));
    assert_eq!(std::fs::read_dir(b.path()).unwrap().count(), 0, "nothing is left there");
    spoil("UPDATE letters SET subject = substr(subject, 1, length(subject) - 1)").await;

    let there = Db::open(&in_file(&b), None).await.unwrap();
    let mut conn = there.writing_connection().await.unwrap().unwrap();
    let full = "CREATE TRIGGER full BEFORE INSERT ON letters BEGIN SELECT RAISE(ABORT, 'x'); END";
    conn.run(full.to_owned()).await.unwrap();
    assert!(matches!(moved(&old, &in_file(&b)).await, Err(MoveError::There { .. })));
    assert!(matches!(opened(&in_file(&b)).await, Err(StoreError::Arriving { .. })), "nobody begins it");
    opened(&in_file(&a)).await.unwrap();
    conn.run("DROP TRIGGER full".to_owned()).await.unwrap();
    drop(conn);
    moved(&old, &in_file(&b)).await.unwrap();
    assert!(Store::open(in_file(&b), at(61)).await.unwrap().verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn what_was_written_otherwise_than_read_is_noticed_in_whatever_table() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let old = at_work(&in_file(&a)).await;
    let db = Db::open(&in_file(&b), None).await.unwrap();
    let mut tx = old.db.begin().await.unwrap();
    let copied = old.copy(&mut tx, &db, "lá").await.unwrap();
    let end = head(&mut tx).await.unwrap();
    check(&db, &copied, &end, "lá").await.unwrap();
    // No entry of the journal tells of it.
    let mut there = db.begin_wherever().await.unwrap();
    Query::new("UPDATE fetches SET fetched_at = fetched_at + 1").execute(&mut there).await.unwrap();
    there.commit().await.unwrap();
    let unlike = check(&db, &copied, &end, "lá").await;
    assert!(matches!(unlike, Err(MoveError::Unlike { table: "fetches", .. })), "{unlike:?}");
}

#[tokio::test]
async fn a_copy_made_before_the_move_and_put_back_is_doubted() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let old = at_work(&in_file(&a)).await;
    let copy = a.path().join("copia.db");
    old.copy_to(&copy).await.unwrap();
    moved(&old, &in_file(&b)).await.unwrap();
    old.close().await;
    std::fs::rename(copy, file(&a)).unwrap();
    let back = Store::open(in_file(&a), at(70)).await.unwrap();
    assert_eq!(back.gone().await.unwrap(), None);
    assert!(back.doubt().await.unwrap().is_some(), "what left since is not known there");
}

#[tokio::test]
async fn every_table_of_the_schema_moves_but_the_one_about_the_place() {
    let dir = tempfile::tempdir().unwrap();
    let store = file_store(&dir).await;
    let asked = Query::new(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_sqlx%' ESCAPE '\\'",
    );
    let rows = asked.fetch_all(&mut store.db.read().await.unwrap()).await.unwrap();
    let there: BTreeSet<String> = rows.iter().map(|row| row.try_get(0).unwrap()).collect();
    let named: BTreeSet<String> = steps::tables().into_iter().map(ToOwned::to_owned).collect();
    assert_eq!(named, there);
    let moved = copy_rows::tables(&mut store.db.read().await.unwrap()).await.unwrap();
    assert_eq!(moved.len() + 1, there.len());
}
