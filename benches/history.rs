//! What history costs: a pass with nothing due, and the commands that look at what is open, with ledgers of none, three
//! and ten years of one state.
//!
//! `cargo bench --bench history`. The ledgers are made by the program's own passes (`years`), in minutes, and kept in
//! TMPDIR for the next run: `vigia-medicao-MUNICIPIOS-ANOS`; one made by another schema must be removed by hand.
//! `MUNICIPIOS=853 ANOS=0,1 cargo bench …` measures others. Steps are those of SQLite's machine and the same on every
//! computer; milliseconds are of CPU, the least of the runs.
#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on ends")]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the table, and how far it is, are what this is for"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "the ledgers end today, so that the commands see them as they stand"
)]

mod years;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use vigia_suas::daemon::reconcile::reconcile_once;

use years::Years;

const BINARY: &str = env!("CARGO_BIN_EXE_vigia-suas");
/// The least of so many runs counts.
const RUNS: usize = 9;

fn main() {
    let asked = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
    let municipalities: usize = asked("MUNICIPIOS", "78").parse().unwrap();
    println!("{municipalities} municipalities\n");
    println!(
        "years |  letters | ledger MB | pass steps | pass ms | situacao ms |  MiB | plano ms |  MiB | porque ms |  MiB"
    );
    println!(
        "----- | -------- | --------- | ---------- | ------- | ----------- | ---- | -------- | ---- | --------- | ----"
    );
    for count in asked("ANOS", "0,3,10").split(',') {
        measure(municipalities, count.parse().unwrap());
    }
}

/// Makes the ledger where it is not there, and prints its line.
fn measure(municipalities: usize, count: i32) {
    let now = Timestamp::now();
    let until = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    // Of none there are the windows that are open.
    let from = until.saturating_sub(count.years()).saturating_sub(1.months());
    let dir = std::env::temp_dir().join(format!("vigia-medicao-{municipalities}-{count}"));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (letters, steps, pass) = runtime.block_on(grow(&dir, municipalities, (from, until), now));
    drop(runtime);
    let size = fs::metadata(dir.join("dados/vigia.db")).unwrap().len() / 1_000_000;
    let window = format!("rma/{}", until.first_of_month().saturating_sub(1.months()).strftime("%Y-%m"));
    let code = years::code(7).to_string();
    let commands: [&[&str]; 3] = [&["situacao"], &["plano"], &["porque", &code, &window]];
    let cells = commands.map(|words| {
        let (cpu, peak) = (0..RUNS).map(|_| command(&dir, words)).min().unwrap();
        format!("{:.1} | {:>4}", millis(cpu), peak / 1024)
    });
    println!(
        "{count:>5} | {letters:>8} | {size:>9} | {steps:>10} | {:>7.1} | {:>18} | {:>15} | {:>16}",
        millis(pass),
        cells[0],
        cells[1],
        cells[2]
    );
}

/// The ledger, made up to now or as kept; and what a pass with nothing due does in it.
async fn grow(
    dir: &Path,
    municipalities: usize,
    (from, until): (Date, Date),
    now: Timestamp,
) -> (usize, u64, Duration) {
    let began = Instant::now();
    let kept = dir.join("dados/vigia.db").exists();
    if !kept {
        years::configure(dir, municipalities, from);
    }
    let mut years = Years::begin(dir, from, until.saturating_add(2.days())).await;
    if !kept {
        years.run(now).await;
        eprintln!("made in {:.0} s", began.elapsed().as_secs_f64());
    }
    let app = &years.app;
    let letters = app.store.deliveries(&vigia_suas::store::DeliveryFilter::default()).await.unwrap().len();
    let work = app.store.count_work().await.unwrap();
    let mut least = Duration::MAX;
    let mut steps = 0;
    for _ in 0..RUNS {
        let (_before, began) = (work.take(), cpu_of_all(Path::new("/proc/self")));
        // What is due was done when the ledger was made; in one that was kept, in the first of these.
        reconcile_once(app, now).await.unwrap();
        least = least.min(cpu_of_all(Path::new("/proc/self")).saturating_sub(began));
        steps = work.take();
    }
    (letters, steps, least)
}

/// The CPU time and the peak memory in KiB of one command, as looked at each millisecond.
fn command(dir: &Path, words: &[&str]) -> (Duration, u64) {
    let mut child = Command::new(BINARY)
        .arg("--config")
        .arg(dir)
        .args(words)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let proc = PathBuf::from(format!("/proc/{}", child.id()));
    let (mut cpu, mut peak) = (Duration::ZERO, 0);
    while child.try_wait().unwrap().is_none() {
        cpu = cpu.max(cpu_of_all(&proc));
        let status = fs::read_to_string(proc.join("status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = peak.max(line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0));
        std::thread::sleep(Duration::from_micros(500));
    }
    (cpu, peak)
}

/// What the threads of a process that still run have had of processors.
fn cpu_of_all(process: &Path) -> Duration {
    let tasks = fs::read_dir(process.join("task")).into_iter().flatten().flatten();
    let of_task = |task: fs::DirEntry| {
        let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
        Some(Duration::from_nanos(text.split_whitespace().next()?.parse().ok()?))
    };
    tasks.filter_map(of_task).sum()
}

fn millis(took: Duration) -> f64 {
    took.as_secs_f64() * 1000.0
}
