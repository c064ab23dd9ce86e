//! A disk that fails for a moment while letters leave: the daemon heals by itself, and no letter is lost or doubled.
#![expect(clippy::print_stdout, reason = "seeds and counts, shown with --nocapture or with a failure")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use vigia_suas::domain::delivery::DeliveryState;
use vigia_suas::store::DeliveryFilter;

use super::crash::Dice;
use crate::support::app::{Choice, Site};
use crate::support::smtp::Relay;

/// errno.
const EIO: i32 = 5;
const ENOSPC: i32 = 28;
const EMFILE: i32 = 24;
const EROFS: i32 = 30;
/// After the end of a fault letters leave again within this.
const A_MINUTE: Duration = Duration::from_mins(1);

/// Builds the library that makes writes fail.
pub(super) fn shim(folder: &Path) -> PathBuf {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/iofail.c");
    let library = folder.join("iofail.so");
    let mut build = Command::new("cc");
    build.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).arg("-ldl");
    assert!(build.status().unwrap().success());
    library
}

/// One run: the disk fails at the `nth` call after the start, for `ms`. Answers how many letters came twice, and
/// whether the daemon felt it.
async fn fail_once(shim: &Path, kind: &str, nth: usize, errno: i32, ms: u32) -> (usize, bool) {
    let relay = Relay::start().await;
    let choice = Choice { municipalities: 40, windows: 3, ..Choice::new(relay.port) };
    let site = Site::new(&choice);
    let expected = site.announcements(&choice);
    let when = site.config().join("agora");
    let daemon = site.daemon_under(&[
        ("LD_PRELOAD", shim.as_os_str()),
        ("IOFAIL", format!("{kind}:{nth}:{errno}:{ms}").as_ref()),
        ("IOFAIL_PATH", "vigia.db".as_ref()),
        ("IOFAIL_WHEN", when.as_os_str()),
    ]);
    fs::write(&when, "").unwrap();
    let begun = Instant::now();
    relay.distinct(expected.len()).await;
    let longest = A_MINUTE + Duration::from_millis(u64::from(ms));
    assert!(begun.elapsed() < longest, "{:?}", begun.elapsed());
    let felt = daemon.log().contains("o SQLite diz");
    assert_eq!(daemon.terminate().code(), Some(0));
    site.ok(&["servir", "--uma-vez"]);

    let taken = relay.taken();
    let mut arrived: Vec<_> = taken.iter().map(|t| (t.message_id.clone(), t.to.clone())).collect();
    arrived.sort();
    let copies = arrived.len();
    arrived.dedup();
    // An alert that the daemon had a mind to send is no repeat.
    arrived.retain(|one| expected.contains(one));
    assert_eq!(arrived, expected, "{kind}:{nth}:{errno}:{ms}");
    let ledger = site.ledger().await;
    for line in ledger.deliveries(&DeliveryFilter::default()).await.unwrap() {
        assert_eq!(line.state, DeliveryState::Accepted, "{}", line.key);
    }
    let verdict = site.ok(&["livro", "conferir"]);
    assert!(verdict.starts_with("livro íntegro"), "{verdict}");
    (copies - arrived.len(), felt)
}

async fn faults(seed: u64, runs: usize) {
    let folder = tempfile::tempdir().unwrap();
    let shim = shim(folder.path());
    let mut dice = Dice(seed);
    let (mut repeats, mut felt) = (0, 0);
    for _ in 0..runs {
        let kind = ["write", "fsync"][dice.below(2)];
        let errno = [EIO, ENOSPC][dice.below(2)];
        // Once, or for a second and more.
        let ms = [0, 1_000, 2_500][dice.below(3)];
        let nth = 1 + dice.below(if kind == "write" { 120 } else { 40 });
        println!("{kind}:{nth}:{errno}:{ms}");
        let (repeated, hit) = fail_once(&shim, kind, nth, errno, ms).await;
        repeats += repeated;
        felt += usize::from(hit);
    }
    println!("seed {seed}: {runs} faults, {felt} felt, {repeats} repeats");
    assert!(felt * 2 > runs, "too few of them hit anything: the test says little");
    assert_eq!(repeats, 0, "a fault of the disk doubles nothing while the daemon lives");
}

/// Each write, sync and opening of a file of the ledger in turn, until one that no pass comes to.
async fn in_turn(kind: &str, errnos: &[i32], step: usize) {
    let folder = tempfile::tempdir().unwrap();
    let shim = shim(folder.path());
    let (mut felt, mut repeats, mut runs) = (0, 0, 0);
    for nth in (1..=60).step_by(step) {
        let errno = errnos[nth / step % errnos.len()];
        let (repeated, hit) = fail_once(&shim, kind, nth, errno, 400).await;
        runs += 1;
        felt += usize::from(hit);
        repeats += repeated;
    }
    println!("{kind}: {runs} in turn, {felt} felt, {repeats} repeats");
    assert_eq!(repeats, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a C compiler, and ten minutes"]
async fn every_write_sync_and_opening_of_a_pass_may_fail_in_turn_and_no_letter_is_lost_or_doubled() {
    for kind in ["write", "fsync"] {
        in_turn(kind, &[EIO, ENOSPC, EROFS], 1).await;
    }
    in_turn("open", &[EMFILE, EIO, EROFS], 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a C compiler, and a minute"]
async fn a_tenth_of_the_writes_syncs_and_openings_of_a_pass_fail_and_no_letter_is_lost_or_doubled() {
    in_turn("write", &[EIO, ENOSPC, EROFS], 12).await;
    in_turn("fsync", &[EIO, EROFS], 20).await;
    in_turn("open", &[EMFILE, EIO, EROFS], 12).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a C compiler, and two minutes"]
async fn ten_moments_without_a_disk_lose_no_letter_and_double_none() {
    faults(20_261_126, 10).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a C compiler, and twenty minutes"]
async fn a_hundred_disk_faults_lose_no_letter_and_double_none() {
    faults(7_919, 100).await;
}
