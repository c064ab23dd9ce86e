//! What history costs: a pass with nothing due, the commands that look at what is open, and a service with nothing to do,
//! with ledgers of none, three and ten years of one state.
//!
//! `cargo bench --bench history`. The ledgers are made by the program's own passes (`years`), in minutes, and kept in
//! TMPDIR for the next run: `vigia-medicao-MUNICIPIOS-ANOS`; one made by another schema must be removed by hand.
//! `MUNICIPIOS=853 ANOS=0,1 cargo bench …` measures others. Steps are those of SQLite's machine and the same on every
//! computer; milliseconds are of CPU, the least of the runs. Of the service: how long from its start until it says that it is
//! ready (clock, the least of the runs), and then over SEGUNDOS (60) how often one of its threads went to sleep, and what is
//! resident of it, and of that what no file backs.
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
use std::os::unix::net::UnixDatagram;
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
        "years |  letters | ledger MB | pass steps | pass ms | situacao ms |  MiB | plano ms |  MiB | porque ms |  MiB \
         | ready ms | sleeps/s |  MiB | own MiB"
    );
    println!(
        "----- | -------- | --------- | ---------- | ------- | ----------- | ---- | -------- | ---- | --------- | ---- \
         | -------- | -------- | ---- | -------"
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
    let idle = Idle::of(&dir);
    println!(
        "{count:>5} | {letters:>8} | {size:>9} | {steps:>10} | {:>7.1} | {:>18} | {:>15} | {:>16} | {:>8.1} | {:>8.2} \
         | {:>4} | {:>7}",
        millis(pass),
        cells[0],
        cells[1],
        cells[2],
        millis(idle.ready),
        idle.sleeps,
        idle.resident / 1024,
        idle.own / 1024,
    );
}

/// A service that has nothing to do.
struct Idle {
    /// From its start until it says that it is ready.
    ready: Duration,
    /// How often one of its threads goes to sleep, in a second.
    sleeps: f64,
    /// What is resident of it, in KiB.
    resident: u64,
    /// What of that no file backs.
    own: u64,
}

/// What a service does first is not what it does while it waits.
const SETTLES: Duration = Duration::from_secs(40);

impl Idle {
    fn of(dir: &Path) -> Self {
        let watched = Duration::from_secs(std::env::var("SEGUNDOS").map_or(60, |text| text.parse().unwrap()));
        let ready = (1..RUNS).map(|_| Served::start(dir).1).min().unwrap();
        let (service, last) = Served::start(dir);
        std::thread::sleep(SETTLES);
        let before = service.sleeps();
        std::thread::sleep(watched);
        let slept = service.sleeps().saturating_sub(before);
        Self {
            ready: ready.min(last),
            sleeps: f64::from(u32::try_from(slept).unwrap()) / watched.as_secs_f64(),
            resident: service.kib("VmRSS:"),
            own: service.kib("RssAnon:"),
        }
    }
}

/// The service, until it is dropped.
struct Served(std::process::Child);

impl Served {
    fn start(dir: &Path) -> (Self, Duration) {
        let path = dir.join("aviso");
        let _ = fs::remove_file(&path);
        let told = UnixDatagram::bind(&path).unwrap();
        told.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let began = Instant::now();
        let child = Command::new(BINARY)
            .arg("--config")
            .arg(dir)
            .arg("servir")
            .env("NOTIFY_SOCKET", &path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let service = Self(child);
        let mut word = [0; 4096];
        loop {
            let length = told.recv(&mut word).unwrap();
            if String::from_utf8_lossy(&word[..length]).contains("READY=1") {
                return (service, began.elapsed());
            }
        }
    }

    fn proc(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}", self.0.id()))
    }

    /// How often its threads went to sleep by themselves.
    fn sleeps(&self) -> u64 {
        let tasks = fs::read_dir(self.proc().join("task")).unwrap().flatten();
        tasks.filter_map(|task| line_of(&task.path(), "voluntary_ctxt_switches:")).sum()
    }

    fn kib(&self, name: &str) -> u64 {
        line_of(&self.proc(), name).unwrap_or(0)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        let _ = self.0.wait();
    }
}

/// A number of the `status` of a process or thread.
fn line_of(process: &Path, name: &str) -> Option<u64> {
    let status = fs::read_to_string(process.join("status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
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
        peak = peak.max(line_of(&proc, "VmHWM:").unwrap_or(0));
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
