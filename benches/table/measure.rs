//! What a process costs, and how noisy the machine is: pairs of runs, ours and the yardstick's in turn.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Pairs are run until the middle half of their ratios lies this close together.
const STABLE: f64 = 0.05;
/// At least so many pairs, and at most so many where the machine does not come to rest.
const PAIRS: std::ops::RangeInclusive<usize> = 3..=9;

/// What one run took.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cost {
    pub(crate) clock: Duration,
    /// Of all threads, user and system.
    pub(crate) cpu: Duration,
    pub(crate) peak_kib: u64,
    /// What else it told of itself: steps of SQLite, or bytes for each letter.
    pub(crate) detail: u64,
}

/// Which of its figures a row is held against its yardstick by.
#[derive(Debug, Clone, Copy)]
pub(crate) enum By {
    Clock,
    Cpu,
}

/// Ours and the yardstick, each as its middle run was, and their ratio.
pub(crate) struct Pair {
    pub(crate) ours: Cost,
    pub(crate) other: Cost,
    pub(crate) ratio: f64,
    /// How far apart the middle half of the ratios lies, as a part of the ratio.
    pub(crate) spread: f64,
    pub(crate) pairs: usize,
}

impl Pair {
    /// Runs both in turn until the ratio is stable.
    pub(crate) fn run(by: By, mut ours: impl FnMut() -> Cost, mut other: impl FnMut() -> Cost) -> Self {
        let seconds = |cost: &Cost| match by {
            By::Clock => cost.clock.as_secs_f64(),
            By::Cpu => cost.cpu.as_secs_f64(),
        };
        let (mut all, mut others, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            all.push(ours());
            others.push(other());
            ratios.push(seconds(&all[all.len() - 1]) / seconds(&others[others.len() - 1]).max(1e-6));
            let mut sorted = ratios.clone();
            sorted.sort_by(f64::total_cmp);
            let (middle, quarter) = (sorted[sorted.len() / 2], sorted.len() / 4);
            let spread = (sorted[sorted.len() - 1 - quarter] - sorted[quarter]) / middle;
            if all.len() >= *PAIRS.start() && spread <= STABLE || all.len() >= *PAIRS.end() {
                let middle_of = |costs: &mut Vec<Cost>| {
                    costs.sort_by(|a, b| seconds(a).total_cmp(&seconds(b)));
                    costs[costs.len() / 2]
                };
                let pairs = all.len();
                let (ours, other) = (middle_of(&mut all), middle_of(&mut others));
                return Self { ours, other, ratio: middle, spread, pairs };
            }
        }
    }

    /// The row of the table.
    pub(crate) fn print(&self, what: &str, detail: &str, yardstick: &str) {
        println!(
            "| {what} | {} | {} | {:.0} | {detail} | {yardstick} | {} | {} | {:.2} | {:.0} % of {} |",
            seconds(self.ours.clock),
            seconds(self.ours.cpu),
            mib(self.ours.peak_kib),
            seconds(self.other.clock),
            seconds(self.other.cpu),
            self.ratio,
            self.spread * 100.0,
            self.pairs,
        );
    }
}

/// The head of the table.
pub(crate) fn print_head() {
    println!("| what | s | CPU s | MiB | | beside | s | CPU s | ratio | spread of pairs |");
    println!("|---|---:|---:|---:|---|---|---:|---:|---:|---:|");
}

fn seconds(took: Duration) -> String {
    let seconds = took.as_secs_f64();
    if seconds < 0.1 { format!("{seconds:.4}") } else { format!("{seconds:.2}") }
}

#[expect(clippy::cast_precision_loss, reason = "a figure to read")]
pub(crate) fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

/// A command to its end, with nothing of what it says.
pub(crate) fn command(command: &mut Command) -> Cost {
    let began = Instant::now();
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (cpu, peak_kib) = watch(child);
    Cost { clock: began.elapsed(), cpu, peak_kib, detail: 0 }
}

/// What a shell is told to do, to its end: the CPU time of all that it begins, to ten milliseconds.
pub(crate) fn shell(text: &str) -> Cost {
    let (began, before) = (Instant::now(), cpu_of_ended());
    let status = Command::new("sh").args(["-c", text]).stdout(Stdio::null()).status().unwrap();
    assert!(status.success(), "{text}: {status}");
    let cpu = cpu_of_ended().saturating_sub(before);
    Cost { clock: began.elapsed(), cpu, ..Cost::default() }
}

/// The CPU time and the peak memory in KiB of a child, as looked at twice a millisecond.
fn watch(mut child: Child) -> (Duration, u64) {
    let proc = PathBuf::from(format!("/proc/{}", child.id()));
    let (mut cpu, mut peak) = (Duration::ZERO, 0);
    while child.try_wait().unwrap().is_none() {
        cpu = cpu.max(cpu_of_threads(&proc));
        peak = peak.max(peak_kib(&proc));
        std::thread::sleep(Duration::from_micros(500));
    }
    (cpu, peak)
}

/// What the threads of a process that still run have had of processors.
pub(crate) fn cpu_of_threads(process: &Path) -> Duration {
    let tasks = fs::read_dir(process.join("task")).into_iter().flatten().flatten();
    let of_task = |task: fs::DirEntry| {
        let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
        Some(Duration::from_nanos(text.split_whitespace().next()?.parse().ok()?))
    };
    tasks.filter_map(of_task).sum()
}

/// What this process has had of processors, threads that ended included.
pub(crate) fn cpu_here() -> Duration {
    ticks(11..13)
}

/// The same of its children that ended, and of theirs.
pub(crate) fn cpu_of_ended() -> Duration {
    ticks(13..15)
}

/// Fields of `/proc/self/stat` behind the program's name, in hundredths of a second.
fn ticks(fields: std::ops::Range<usize>) -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields_of = stat.rsplit_once(") ").unwrap().1.split(' ');
    let ticks: u64 = fields_of.skip(fields.start).take(fields.len()).map(|n| n.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

/// The most memory that a process ever held (`VmHWM`).
pub(crate) fn peak_kib(process: &Path) -> u64 {
    let status = fs::read_to_string(process.join("status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// The same of this process.
pub(crate) fn peak_here() -> u64 {
    peak_kib(Path::new("/proc/self"))
}

/// Starts this program for one run of its own, and gives the numbers that it printed, line by line.
pub(crate) fn again(words: &[&str]) -> Vec<Vec<u64>> {
    let output =
        Command::new(std::env::current_exe().unwrap()).args(words).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", output.status);
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.split(' ').map(|n| n.parse().unwrap()).collect()).collect()
}

/// What the environment asks for, or the usual.
pub(crate) fn asked(name: &str, usual: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| usual.to_owned())
}

/// Where a tool is that need not be installed.
pub(crate) fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.push("/usr/sbin".into());
    folders.into_iter().map(|dir| dir.join(name)).find(|file| file.is_file())
}
