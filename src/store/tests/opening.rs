//! Opening, closing, copying, and signs of life.

use std::os::unix::fs::PermissionsExt as _;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection, SqlitePool};

use crate::database::{lock, sqlite, steps};
use crate::domain::journal::ClockAct;
use crate::domain::overrides::Authorship;
use crate::domain::time::Leap;
use crate::plan::Act;
use crate::plan::ledger::Outage;
use crate::store::testing::*;
use crate::store::{Store, StoreError};

#[tokio::test]
async fn opening_makes_the_folder_and_opening_again_keeps_everything() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a/b/vigia.db");
    let store = Store::open(&path, at(0)).await.unwrap();
    store.record_pass(at(1), vec![act(Act::Send, VITORIA)]).await.unwrap();
    store.close().await;
    let store = Store::open(&path, at(2)).await.unwrap();
    assert_eq!(store.ledger().await.unwrap().born_at, Some(at(1)));
    assert_eq!(store.signs().await.unwrap().journal_seq, 2);
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vigia.db");
    file_store(&dir).await.close().await;
    let mut conn = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
    sqlx::query("INSERT INTO _sqlx_migrations SELECT 99, 'x', installed_on, 1, checksum, 0 FROM _sqlx_migrations LIMIT 1")
        .execute(&mut conn)
        .await
        .unwrap();
    for refused in [Store::open(&path, at(1)).await, Store::open_read_only(&path).await] {
        let error = refused.unwrap_err();
        assert!(matches!(error, StoreError::Newer { found: 99, .. }));
        assert!(error.to_string().contains("versão mais nova deste programa: esquema 99"), "{error}");
    }
}

#[tokio::test]
async fn a_database_of_before_the_first_release_is_refused_and_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vigia.db");
    file_store(&dir).await.close().await;
    let mut conn = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
    // It had more steps, and others.
    sqlx::raw_sql(
        "UPDATE _sqlx_migrations SET checksum = X'00' WHERE version = 2;
         INSERT INTO _sqlx_migrations SELECT 9, 'x', installed_on, 1, checksum, 0 FROM _sqlx_migrations LIMIT 1",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    conn.close().await.unwrap();
    let before = std::fs::read(&path).unwrap();
    for refused in [Store::open(&path, at(1)).await, Store::open_read_only(&path).await] {
        let error = refused.unwrap_err();
        assert!(matches!(error, StoreError::Unreleased { .. }), "{error}");
        assert!(error.to_string().contains("anterior à 0.1.0"), "{error}");
        assert!(error.to_string().contains("\ndica: leve esse arquivo"), "{error}");
    }
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn readers_read_while_a_daemon_writes_and_cannot_write() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vigia.db");
    assert!(matches!(Store::open_read_only(&path).await, Err(StoreError::Open { .. })));
    let daemon = file_store(&dir).await;
    let reader = Store::open_read_only(&path).await.unwrap();
    daemon.record_pass(at(1), vec![act(Act::Send, VITORIA)]).await.unwrap();
    assert!(reader.ledger().await.unwrap().window(&rma()).is_some());
    assert!(reader.verify().await.unwrap().is_whole());
    assert!(matches!(reader.heartbeat(at(2)).await, Err(StoreError::ReadOnly { .. })));
    daemon.close().await;
    drop(reader);
    let reader = Store::open_read_only(&path).await.unwrap();
    assert!(reader.ledger().await.unwrap().window(&rma()).is_some(), "also with no daemon");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_said_in_portuguese_with_a_hint() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("arquivo");
    std::fs::write(&file, "").unwrap();
    let error = Store::open(&file.join("vigia.db"), at(0)).await.unwrap_err();
    assert!(error.to_string().starts_with("não foi possível abrir ou criar o banco de dados “"), "{error}");
    assert!(error.to_string().contains("\ndica: confira o caminho em `dados`"), "{error}");

    let closed = dir.path().join("fechada");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o500)).unwrap();
    // To root, as in containers, no folder is closed.
    if std::fs::write(closed.join("prova"), "").is_err() {
        assert!(matches!(Store::open(&closed.join("vigia.db"), at(0)).await, Err(StoreError::Open { .. })));
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_said_to_be_damaged() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vigia.db");
    std::fs::write(&path, "isto não é um banco de dados, ".repeat(100)).unwrap();
    assert!(matches!(Store::open(&path, at(0)).await, Err(StoreError::Damaged { .. })));
}

#[tokio::test]
async fn a_copy_is_whole_and_never_written_over_something() {
    let dir = tempfile::tempdir().unwrap();
    let store = file_store(&dir).await;
    store.record_pass(at(1), vec![act(Act::Send, VITORIA)]).await.unwrap();
    let copy = dir.path().join("copia.db");
    store.copy_to(&copy).await.unwrap();
    let copied = Store::open_read_only(&copy).await.unwrap();
    assert!(copied.verify().await.unwrap().is_whole());
    assert_eq!(copied.signs().await.unwrap(), store.signs().await.unwrap());
    assert!(store.copy_to(&copy).await.is_err());
}

#[tokio::test]
async fn a_long_silence_is_an_outage_once_and_none_in_an_empty_ledger() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    let day = 24 * 60;
    assert_eq!(store.begin(at(0)).await.unwrap(), None);
    assert_eq!(store.begin(at(3 * day)).await.unwrap(), None, "nothing was ever decided");
    store.record_pass(at(3 * day), vec![act(Act::Send, VITORIA)]).await.unwrap();
    store.heartbeat(at(3 * day)).await.unwrap();
    assert_eq!(store.begin(at(4 * day)).await.unwrap(), None, "24 h is not more than 24 h");
    store.heartbeat(at(4 * day + 1)).await.unwrap();
    store.heartbeat(at(4 * day)).await.unwrap();
    let outage = Outage { from: at(4 * day + 1), until: at(6 * day) };
    assert_eq!(store.begin(at(6 * day)).await.unwrap(), Some(outage));
    assert_eq!(store.begin(at(6 * day)).await.unwrap(), None);
    assert_eq!(store.ledger().await.unwrap().outage, Some(outage));
}

#[tokio::test]
async fn only_passes_and_heartbeats_say_how_far_time_has_come_and_a_person_takes_that_back() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    let mark = async || store.signs().await.unwrap().high_water;
    store.record_pass(at(1), vec![act(Act::Send, VITORIA)]).await.unwrap();
    assert_eq!(mark().await, Some(at(1)));
    store.record_alert(at(90_000), act(Act::Withhold, SERRA)).await.unwrap();
    assert_eq!(mark().await, Some(at(1)), "no act of somebody's at another instant raises it");
    store.heartbeat(at(5)).await.unwrap();
    assert_eq!(mark().await, Some(at(5)));

    assert!(store.begin(at(90_000)).await.unwrap().is_some());
    let by = Authorship { author: "ana".to_owned(), reason: "hora errada".to_owned(), at: at(6) };
    store.rule_clock(ClockAct::TakeBack, &by).await.unwrap();
    let signs = store.signs().await.unwrap();
    assert_eq!(
        (signs.high_water, signs.heartbeat_at, signs.last_pass_at),
        (Some(at(6)), Some(at(6)), Some(at(1)))
    );
    assert_eq!(store.ledger().await.unwrap().outage, None, "the silence of a false clock never was");
    assert!(store.verify().await.unwrap().is_whole());

    let leap = Leap { from: at(7), to: at(90_000) };
    store.note_leap(Some(leap)).await.unwrap();
    assert_eq!(store.signs().await.unwrap().leap, Some(leap));
    store.rule_clock(ClockAct::Believe, &by).await.unwrap();
    assert_eq!(store.signs().await.unwrap().leap, None);
    assert!(store.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn while_the_clock_is_not_believed_only_alerts_are_claimed() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    store.record_pass(at(1), vec![act(Act::Send, VITORIA)]).await.unwrap();
    assert!(store.claim_alerts("teste", at(2), 10).await.unwrap().is_empty());
    assert_eq!(store.claim("teste", at(2), 10).await.unwrap().len(), 2, "to smas and cmas");
}

#[tokio::test]
async fn the_schema_under_a_daemon_of_an_older_version_is_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vigia.db");
    // As an older program would have made it, and its daemon holds it.
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let older = SqlitePool::connect_with(options).await.unwrap();
    sqlite::migrate(&older, &steps::STEPS[..4]).await.unwrap();
    let lock = lock::take(&path).unwrap();
    let error = Store::open(&path, at(1)).await.unwrap_err();
    assert!(matches!(error, StoreError::InUse { .. }), "{error}");
    assert!(error.to_string().contains("dica: reinicie o serviço"), "{error}");
    let error = Store::open_read_only(&path).await.unwrap_err();
    assert!(matches!(error, StoreError::Older { .. }), "{error}");
    drop(lock);
    let opened = Store::open(&path, at(1)).await.unwrap();
    assert!(opened.verify().await.unwrap().is_whole());
    assert!(opened.lock().is_ok(), "the lock is let go after the schema was changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_may_open_a_new_ledger_at_once() {
    let dir = tempfile::tempdir().unwrap();
    // Two have to meet in the moment in which the file gets its write-ahead log: one in ten times they do.
    for n in 0..6 {
        let path = dir.path().join(format!("{n}/vigia.db"));
        let mut opening = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let path = path.clone();
            opening.spawn(async move { Store::open(&path, at(0)).await.map(|_| ()) });
        }
        for opened in opening.join_all().await {
            opened.unwrap();
        }
        assert_eq!(Store::open(&path, at(0)).await.unwrap().signs().await.unwrap().journal_seq, 1);
    }
}

#[test]
fn a_ledger_on_a_network_disk_is_refused_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let (path, folder) = (dir.path().join("vigia.db"), dir.path().canonicalize().unwrap());
    let mounts = format!("40 22 0:35 / {} rw shared:20 - cifs //servidor/dados rw\n", folder.display());
    let error = sqlite::may_lie_at(&path, &mounts).unwrap_err();
    assert!(matches!(&error, StoreError::Network { kind, .. } if kind == "cifs"));
    assert!(error.to_string().contains("disco de rede (cifs)"), "{error}");
    assert!(error.to_string().contains("dica: em `dados`"), "{error}");
    assert!(sqlite::may_lie_at(&path, &mounts.replace("cifs", "ext4")).is_ok());
}
