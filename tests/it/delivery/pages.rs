//! When a start of the real program reads every page of its ledger, and what becomes of a damaged one.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use sqlx::{Connection as _, SqliteConnection};
use vigia_suas::daemon::audit::audit_once;
use vigia_suas::store::StoreError;

use super::faults::Desk;
use crate::support::app::{Choice, Site};
use crate::support::smtp::Relay;

const READ: &str = "o livro foi lido por inteiro";
const SPARED: &str = "o livro está como foi deixado";

/// The heads of the pages in a file's second half, which the disk no longer gives back as they were.
fn damage(database: &Path) {
    let file = OpenOptions::new().write(true).open(database).unwrap();
    let pages = file.metadata().unwrap().len() / 4096;
    for page in pages / 2..pages {
        file.write_all_at(&[0xA5; 64], page * 4096).unwrap();
    }
}

/// How many starts said that.
fn times(log: &str, words: &str) -> usize {
    log.lines().filter(|line| line.contains(words)).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_after_a_good_end_reads_no_page_and_one_after_a_crash_or_a_write_reads_all() {
    let relay = Relay::start().await;
    let site = Site::new(&Choice::new(relay.port));
    let mut expected = [0, 0];
    let started = |expected: &mut [usize; 2], is_read: bool, why: &str| {
        let daemon = site.daemon();
        expected[usize::from(!is_read)] += 1;
        let log = daemon.log();
        assert_eq!([times(&log, READ), times(&log, SPARED)], *expected, "{why}");
        daemon
    };
    let daemon = started(&mut expected, true, "the first");
    relay.distinct(3).await;
    assert_eq!(daemon.terminate().code(), Some(0));
    for _ in 0..2 {
        let daemon = started(&mut expected, false, "left well");
        assert_eq!(daemon.terminate().code(), Some(0));
    }
    site.ok(&["livro"]);
    started(&mut expected, false, "somebody read").kill();
    let daemon = started(&mut expected, true, "killed");
    assert_eq!(daemon.terminate().code(), Some(0));
    site.ok(&["servir", "--uma-vez"]);
    let daemon = started(&mut expected, true, "another process wrote");
    assert_eq!(daemon.terminate().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_was_damaged_after_a_good_end_starts_nothing_until_a_copy_is_in_its_place() {
    let relay = Relay::start().await;
    let site = Site::new(&Choice::new(relay.port));
    let daemon = site.daemon();
    relay.distinct(3).await;
    let copies = site.config().with_file_name("copias");
    fs::create_dir(&copies).unwrap();
    site.ok(&["copia", copies.to_str().unwrap()]);
    let copy = fs::read_dir(&copies).unwrap().next().unwrap().unwrap().path();
    assert_eq!(daemon.terminate().code(), Some(0));
    assert!(site.data().join("vigia.db.lido").exists(), "it was left well");
    damage(&site.database());
    for _ in 0..2 {
        let start = site.run(&["servir"]);
        let said = String::from_utf8_lossy(&start.stderr);
        assert_eq!(start.status.code(), Some(3), "{said}");
        assert!(said.contains("danificado"), "{said}");
    }
    site.ok(&["restaurar", copy.to_str().unwrap()]);
    let daemon = site.daemon();
    assert_eq!(times(&daemon.log(), READ), 2, "what was put in its place is read");
    assert_eq!(daemon.terminate().code(), Some(0));
}

#[tokio::test]
async fn a_page_that_is_damaged_under_a_running_service_ends_it_before_anything_more_is_told() {
    let mut desk = Desk::open(|_| {}).await;
    desk.deliver().await;
    desk.pass_minutes(24 * 60);
    // What is in the log is not read from the file.
    let mut conn = SqliteConnection::connect(desk.site.database().to_str().unwrap()).await.unwrap();
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut conn).await.unwrap();
    damage(desk.app.store.path());
    let found = audit_once(&desk.app, desk.app.now()).await;
    assert!(matches!(found, Err(StoreError::Damaged { .. })), "{found:?}");
    assert!(desk.app.failed.is_cancelled(), "systemd begins it again, and the start refuses");
}
