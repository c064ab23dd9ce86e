//! A service that has nothing to do, with ledgers of some years: how soon it is ready, how often it wakes, what is resident.
//!
//! `cargo bench --bench table -- idle`, with the ledgers of `history` (MUNICIPIOS, ANOS) and watched for SEGUNDOS. What counts
//! as a waking is that a thread went to sleep by itself; of what is resident, the rest is the program's own file, which the
//! machine shares and takes back.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::history;
use crate::measure;

const BINARY: &str = env!("CARGO_BIN_EXE_vigia-suas");
/// The quickest of so many starts counts.
const STARTS: usize = 9;

/// Prints a row for each ledger.
pub(crate) fn table() {
    let municipalities: usize = measure::asked("MUNICIPIOS", "78").parse().unwrap();
    println!("{municipalities} municipalities\n");
    println!("years | ready ms | sleeps/s | resident MiB | own MiB");
    println!("----- | -------- | -------- | ------------ | -------");
    for count in measure::asked("ANOS", "0,1,3,10").split(',') {
        let idle = Idle::of(&history::made(municipalities, count.parse().unwrap()));
        println!(
            "{count:>5} | {:>8.1} | {:>8.2} | {:>12} | {:>7}",
            idle.ready.as_secs_f64() * 1000.0,
            idle.sleeps,
            idle.resident / 1024,
            idle.own / 1024
        );
    }
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

/// What a service does first is not what it does while it waits: what is amiss is looked at once more after a minute.
const SETTLES: Duration = Duration::from_secs(100);

impl Idle {
    fn of(dir: &Path) -> Self {
        let watched = Duration::from_secs(measure::asked("SEGUNDOS", "60").parse().unwrap());
        let ready = (1..STARTS).map(|_| Served::start(dir).1).min().unwrap();
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
        told.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
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
