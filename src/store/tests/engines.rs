//! What both engines must answer alike, and what only a server can do. With `TESTE_POSTGRES` the other tests of the
//! store run on a server too, but for those that name a file (`file_store`): its pages, log, lock and copies, the witness
//! beside it, steps of its schema, and tampering in its own SQL, which `proof/tests/server.rs` does on a server.

use std::time::{Duration, Instant};

use crate::domain::journal::ClockAct;
use crate::domain::overrides::Authorship;
use crate::plan::Act;
use crate::proof::tests::told;
use crate::store::testing::*;
use crate::store::{JournalFilter, LedgerPlace, LedgerServer, Store, StoreError};

const NEEDS: &str = "TESTE_POSTGRES names the socket of a PostgreSQL server";

/// A schema of its own on the server.
fn on_server(dir: &tempfile::TempDir) -> (LedgerPlace, LedgerServer) {
    let socket = std::env::var("TESTE_POSTGRES").expect(NEEDS);
    let digest = crate::text::digest::sha256(dir.path().as_os_str().as_encoded_bytes());
    let server = LedgerServer { schema: format!("t{}", &digest[..16]), ..server(&socket) };
    (LedgerPlace::new(file(dir), Some(server.clone())), server)
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn the_same_history_has_the_same_head_and_checks_out_on_both_engines() {
    let dir = tempfile::tempdir().unwrap();
    let (place, _) = on_server(&dir);
    let there = told(Store::open(place.clone(), at(0)).await.unwrap()).await;
    // The witness of one is not the other's.
    let elsewhere = tempfile::tempdir().unwrap();
    let here = told(file_store(&elsewhere).await).await;
    let (a, b) = (here.signs().await.unwrap(), there.signs().await.unwrap());
    let entries = async |store: &Store| store.journal(&JournalFilter::default()).await.unwrap();
    assert_eq!(entries(&here).await, entries(&there).await);
    assert_eq!((a.journal_seq, a.journal_hash), (b.journal_seq, b.journal_hash));
    assert_eq!(here.verify().await.unwrap(), there.verify().await.unwrap());
    let reader = Store::open_read_only(place).await.unwrap();
    assert!(reader.verify().await.unwrap().is_whole());
    assert!(matches!(reader.heartbeat(at(99)).await, Err(StoreError::ReadOnly { .. })));
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn one_leads_and_the_next_leads_at_once_when_it_resigns() {
    let dir = tempfile::tempdir().unwrap();
    let (place, _) = on_server(&dir);
    let (a, b) =
        (Store::open(place.clone(), at(0)).await.unwrap(), Store::open(place.clone(), at(0)).await.unwrap());
    assert!(!a.may_speak(), "nobody leads by being there");
    assert!(a.lead(at(1)).await.unwrap() && a.may_speak());
    assert!(!b.lead(at(1)).await.unwrap() && !b.may_speak());
    let leader = b.leader().await.unwrap().unwrap();
    assert!(leader.epoch == 1 && !leader.is_self && leader.rest.is_some());
    a.close().await;
    assert!(b.lead(at(1)).await.unwrap() && b.may_speak());
    assert!(b.leader().await.unwrap().unwrap().is_self);
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn whoever_resigns_is_followed_at_once_and_ends_what_it_was_about() {
    let dir = tempfile::tempdir().unwrap();
    let (place, _) = on_server(&dir);
    let (a, b) =
        (Store::open(place.clone(), at(0)).await.unwrap(), Store::open(place.clone(), at(0)).await.unwrap());
    assert!(a.lead(at(1)).await.unwrap());
    let mut about = a.db.view().await.unwrap();
    about.run("SELECT COUNT(*) FROM journal".to_owned()).await.unwrap();
    a.resign().await;
    assert_eq!(b.leader().await.unwrap().unwrap().lag, None, "it gave its lease back");
    assert!(b.lead(at(1)).await.unwrap());
    about.run("SELECT COUNT(*) FROM letters".to_owned()).await.expect("its session goes on");
    let lag = b.leader().await.unwrap().unwrap().lag.unwrap();
    assert!(lag < Duration::from_secs(5), "{lag:?}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_process_hears_that_another_gave_an_order_or_resigned_and_does_not_hear_itself_or_the_leader() {
    let dir = tempfile::tempdir().unwrap();
    let (place, _) = on_server(&dir);
    let (a, b) =
        (Store::open(place.clone(), at(0)).await.unwrap(), Store::open(place.clone(), at(0)).await.unwrap());
    assert!(a.lead(at(1)).await.unwrap());
    let (mut of_a, mut of_b) = (a.hints().unwrap(), b.hints().unwrap());
    let most = Duration::from_millis(500);
    // Both listen before anything is said.
    let _silence =
        tokio::join!(tokio::time::timeout(most, of_a.heard()), tokio::time::timeout(most, of_b.heard()));
    let order = || Authorship { author: "ana".to_owned(), reason: "x".to_owned(), at: at(2) };
    b.rule_clock(ClockAct::Believe, &order()).await.unwrap();
    assert!(tokio::time::timeout(most, of_a.heard()).await.is_ok(), "the leader hears the order");
    assert!(tokio::time::timeout(most, of_b.heard()).await.is_err(), "and whoever gave it does not");
    a.record_pass(at(3), vec![act(Act::Send, VITORIA)]).await.unwrap();
    assert!(tokio::time::timeout(most, of_b.heard()).await.is_err(), "a reserve is not woken by each write");
    a.resign().await;
    assert!(tokio::time::timeout(most, of_b.heard()).await.is_ok(), "and is when it may lead");
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn whoever_lost_the_epoch_marks_settles_and_records_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (place, _) = on_server(&dir);
    let (a, b) =
        (Store::open(place.clone(), at(0)).await.unwrap(), Store::open(place.clone(), at(0)).await.unwrap());
    assert!(a.lead(at(1)).await.unwrap());
    a.record_pass(at(1), vec![act(Act::Send, VITORIA)]).await.unwrap();
    let claims = a.claim("a", at(2), 9).await.unwrap();
    let marked = a.mark_sending(claims.clone(), at(2)).await.unwrap();
    // What a frozen process finds when it wakes: its sessions ended, and another epoch.
    usurp(&place).await;
    assert!(matches!(a.mark_sending(claims, at(3)).await, Err(StoreError::Deposed)));
    assert!(matches!(a.settle(vec![settled(&marked[0], accepted(), 3)]).await, Err(StoreError::Deposed)));
    assert!(matches!(a.record_pass(at(3), vec![act(Act::Send, SERRA)]).await, Err(StoreError::Deposed)));
    assert!(matches!(a.heartbeat(at(3)).await, Err(StoreError::Deposed)));
    assert!(a.is_deposed() && !a.may_speak());
    // A person's command from another machine is no leader's write.
    b.heartbeat(at(4)).await.unwrap();
}

/// Another epoch, as a leader elsewhere begins it.
async fn usurp(place: &LedgerPlace) {
    let store = Store::open(place.clone(), at(0)).await.unwrap();
    let mut conn = store.db.read().await.unwrap();
    conn.run(
        "UPDATE leadership SET epoch = epoch + 1, session = 'outra'; UPDATE lease SET epoch = epoch + 1"
            .to_owned(),
    )
    .await
    .unwrap();
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_leader_that_is_cut_off_is_followed_once_its_lease_is_over_and_not_before() {
    let dir = tempfile::tempdir().unwrap();
    let (place, _) = on_server(&dir);
    let (a, b) =
        (Store::open(place.clone(), at(0)).await.unwrap(), Store::open(place.clone(), at(0)).await.unwrap());
    assert!(a.lead(at(1)).await.unwrap());
    // The session is gone, as when the machine dies; the process does not know.
    let began = Instant::now();
    a.forget_session().await;
    while !b.lead_after_lease(at(2)).await.unwrap() {
        // The server has not noticed yet.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let gap = began.elapsed();
    assert!(!a.may_speak(), "never two at once");
    assert!(gap > Duration::from_secs(14) && gap < Duration::from_secs(40), "{gap:?}");
    assert!(matches!(a.heartbeat(at(3)).await, Err(StoreError::Deposed)));
}

#[tokio::test]
#[ignore = "needs PostgreSQL, and half a minute"]
async fn a_write_that_takes_longer_than_a_lease_keeps_its_leader_leading() {
    let dir = tempfile::tempdir().unwrap();
    let (place, _) = on_server(&dir);
    let (a, b) =
        (Store::open(place.clone(), at(0)).await.unwrap(), Store::open(place.clone(), at(0)).await.unwrap());
    assert!(a.lead(at(1)).await.unwrap());
    let mut long = a.db.begin().await.unwrap();
    for _ in 0..25 {
        long.run("SELECT pg_sleep(1)".to_owned()).await.unwrap();
        assert!(a.may_speak(), "it is at work, and nobody else is");
        assert!(!b.lead(at(2)).await.unwrap());
    }
    long.commit().await.unwrap();
    a.heartbeat(at(3)).await.unwrap();
    assert_eq!(b.leader().await.unwrap().unwrap().epoch, 1);
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn whatever_is_wrong_with_a_server_is_said_with_what_to_do_and_nothing_is_written_there() {
    let dir = tempfile::tempdir().unwrap();
    let (place, server) = on_server(&dir);
    let fault = async |server: LedgerServer| {
        let place = LedgerPlace::new(file(&dir), Some(server));
        Store::open(place, at(0)).await.unwrap_err().to_string()
    };
    let nowhere = fault(LedgerServer { database: "nenhum".to_owned(), ..server.clone() }).await;
    assert!(nowhere.contains("esquema t") && nowhere.contains("createdb"), "{nowhere}");
    let closed = fault(LedgerServer { host: "127.0.0.1".to_owned(), port: 1, ..server.clone() }).await;
    assert!(closed.contains("se o servidor está em pé"), "{closed}");
    let read_only = Store::open_read_only(place.clone()).await.unwrap_err();
    assert!(read_only.to_string().contains("servir --uma-vez"), "{read_only}");

    let store = Store::open(place.clone(), at(0)).await.unwrap();
    let mut conn = store.db.read().await.unwrap();
    conn.run(
        "INSERT INTO _sqlx_migrations SELECT 99, 'x', installed_on, true, checksum, 0 FROM _sqlx_migrations LIMIT 1"
            .to_owned(),
    )
    .await
    .unwrap();
    assert!(matches!(Store::open(place.clone(), at(1)).await, Err(StoreError::Newer { found: 99, .. })));
    conn.run("DELETE FROM _sqlx_migrations WHERE version = 99".to_owned()).await.unwrap();
    conn.run("UPDATE _sqlx_migrations SET checksum = ''::bytea WHERE version = 3".to_owned()).await.unwrap();
    let foreign = Store::open(place.clone(), at(1)).await.unwrap_err();
    assert!(matches!(foreign, StoreError::Foreign { .. }) && foreign.to_string().contains("banco.esquema"));
    conn.run("DROP TABLE _sqlx_migrations".to_owned()).await.unwrap();
    assert!(matches!(Store::open(place, at(1)).await, Err(StoreError::Foreign { .. })), "tables of whoever");
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_cancelled_reader_leaves_no_transaction_to_whoever_reads_next() {
    let dir = tempfile::tempdir().unwrap();
    let (place, _) = on_server(&dir);
    let store = Store::open(place, at(0)).await.unwrap();
    for n in 0..50 {
        let view = store.db.view();
        // Given up at whatever moment, as `select!` does.
        let _given_up = tokio::time::timeout(Duration::from_micros(n * 40), view).await;
    }
    for n in 1..=20 {
        store.heartbeat(at(n)).await.unwrap();
        assert_eq!(store.signs().await.unwrap().heartbeat_at, Some(at(n)), "an old state is seen");
    }
}
