//! A national status file of a million rows, read, mapped, judged and stored, beside `sqlite3`'s `.import` of the same
//! file in the same run.
//!
//! `cargo bench --bench intake`. The file is made here: every unit of the country by every month since 2020. A process
//! of its own takes it in as the daemon does, with the ledger at synchronous=FULL, and again as it would stand a day
//! later with a few thousand rows changed; another loads what is known as each pass does. Each tells its peak memory
//! (`VmHWM`). Needs Debian's package sqlite3 for the comparison. Everything lies in TMPDIR: a disk gives other figures
//! than memory. `ROWS=100000` makes a smaller file.
#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on ends")]
#![expect(clippy::print_stdout, reason = "the table is what this is for")]

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use vigia_suas::config::{Config, Sources, compile};
use vigia_suas::domain::id::{MunicipalityCode, SnapshotId};
use vigia_suas::feed::judge::Verdict;
use vigia_suas::feed::map::Ground;
use vigia_suas::feed::take_in;
use vigia_suas::format::body::{Body, Original};
use vigia_suas::plan::{World, plan};
use vigia_suas::store::{NewSnapshot, Store};

const ROWS: usize = 1_000_000;
/// Months from January 2020.
const MONTHS: usize = 84;
const MUNICIPALITIES: usize = 5_570;
const NOW: &str = "2026-12-10T13:00:00Z";
/// The words by which this program starts itself for one run.
const TAKE_IN: &str = "--so-coleta";
const LOAD: &str = "--so-leitura";

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.as_slice() {
        [word, dir] if word == TAKE_IN => return one_take_in(Path::new(dir)),
        [word, dir] if word == LOAD => return one_load(Path::new(dir)),
        _ => {}
    }
    let rows = std::env::var("ROWS").map_or(ROWS, |text| text.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    write_file(&dir.path().join("um.csv"), rows, 0);
    write_file(&dir.path().join("dois.csv"), rows, 3_000);
    let size = fs::metadata(dir.path().join("um.csv")).unwrap().len();
    println!("{rows} rows, {} MB\n", size / 1_000_000);
    let import = import(dir.path());
    let runs = run(TAKE_IN, dir.path());
    let load = run(LOAD, dir.path());
    print!("{}", table(import, &runs, &load));
}

/// Valid codes, spread as states are.
fn codes() -> impl Iterator<Item = MunicipalityCode> {
    let states = (11..=17).chain(21..=29).chain(31..=33).chain([35]).chain(41..=43).chain(50..=53);
    let six = (0..10_000_u32).flat_map(move |n| states.clone().map(move |state| state * 10_000 + n));
    six.filter_map(|six| (0..10).find_map(|digit| MunicipalityCode::parse(&format!("{six}{digit}")).ok()))
        .take(MUNICIPALITIES)
}

/// Each unit has one line for each month; two in three are CRAS. `late` units have filled in the last month since.
fn write_file(path: &Path, rows: usize, late: usize) {
    let mut file = BufWriter::new(File::create(path).unwrap());
    writeln!(file, "NU_IDENTIFICADOR;IBGE;Munic\u{ed}pio;TIPO;REFERENCIA;SITUACAO;ATUALIZADO\r").unwrap();
    let codes: Vec<MunicipalityCode> = codes().collect();
    for row in 0..rows {
        let (unit, month) = (row / MONTHS, row % MONTHS);
        let code = codes[unit % codes.len()];
        let kind = if unit % 3 < 2 { "CRAS" } else { "CREAS" };
        let pending = month + 1 == MONTHS && unit % 2 == 0 && unit >= late || unit % 97 == month;
        let word = if pending { "N\u{e3}o preenchido" } else { "Preenchido" };
        let (year, month) = (2020 + month / 12, month % 12 + 1);
        let six = code.six();
        writeln!(
            file,
            "{six}{unit:05};{six};MUNICIPIO DE {six};{kind};{month:02}/{year}; {word};{:02}/{month:02}/{year}\r",
            unit % 28 + 1
        )
        .unwrap();
    }
    file.flush().unwrap();
}

/// The shipped configuration for the whole country, with one feed of such files.
fn configuration() -> Config {
    let mut roster = "ibge;nome;regiao;smas_email;cmas_email\n".to_owned();
    for code in codes() {
        let _ = writeln!(roster, "{code};M{code};R;smas@m{code}.invalid;cmas@m{code}.invalid");
    }
    let calendar =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/config/calendario.toml")).unwrap();
    let feeds = "[fonte.nacional]\nsistema = \"rma\"\ntipo = \"csv\"\norigem = \"pasta\"\nmunicipio = \"IBGE\"\n\
        unidade = \"NU_IDENTIFICADOR\"\nparte_coluna = \"TIPO\"\nreferencia_coluna = \"REFERENCIA\"\n\
        referencia_formato = \"%m/%Y\"\nsentido = \"situacao\"\nsituacao_coluna = \"SITUACAO\"\n\
        situacoes = { \"Preenchido\" = \"concluido\", \"Não preenchido\" = \"pendente\" }\n\
        data_coluna = \"ATUALIZADO\"\ndata_formato = \"%d/%m/%Y\"\nminimo = 5000\n";
    let sources = Sources::embedded()
        .with("municipios.csv", roster)
        .with("calendario.toml", calendar.replace("\"2026-01\"", "\"2020-01\""))
        .with("fontes.toml", feeds);
    compile(&sources, NOW.parse().unwrap()).unwrap_or_else(|fault| panic!("{fault}"))
}

/// Takes both files in, and prints what each step took.
fn one_take_in(dir: &Path) {
    let config = configuration();
    let spec = &config.feeds[0];
    let windows = config.calendar.windows("2027-12-31".parse().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let first: Timestamp = NOW.parse().unwrap();
        let store = Store::open(&dir.join("vigia.db"), first).await.unwrap();
        for (name, hours) in [("um.csv", 0), ("dois.csv", 24)] {
            let now = first + jiff::SignedDuration::from_hours(hours);
            let began = Instant::now();
            let file = File::open(dir.join(name)).unwrap();
            let body = Body::plain(Original::of_file(&file, dir, 1 << 30).unwrap());
            let (sha256, copied) = (body.original.sha256().to_owned(), began.elapsed());
            let ground = Ground {
                calendar: &config.calendar,
                windows: &windows,
                roster: &config.roster,
                taken_at: now,
            };
            let open = windows.iter().filter(|w| {
                w.latest_deadline().is_none_or(|d| d.on >= now.to_zoned(jiff::tz::TimeZone::UTC).date())
            });
            let open = open.map(|w| w.id.clone()).collect();
            let before = store.baseline(&spec.id, &open).await.unwrap();
            let intake = take_in(spec, &[body], &ground, before.as_ref());
            assert!(matches!(intake.verdict, Verdict::Accepted { .. }), "{:?}", intake.verdict);
            let judged = began.elapsed();
            let snapshot = NewSnapshot {
                id: SnapshotId::parse(&format!("nacional-{hours}")).unwrap(),
                feed: spec.id.clone(),
                taken_at: now,
                source: name.to_owned(),
                sha256,
                rows: intake.mapped.rows,
                rejected: intake.mapped.bad,
                repeated: intake.mapped.duplicates,
                form: None,
                reasons: Vec::new(),
                original: None,
            };
            let said = intake.mapped.observations.len();
            store.accept_snapshot(snapshot, intake.mapped.observations, now).await.unwrap();
            let stored = began.elapsed();
            let micros = [copied, judged, stored].map(|d| d.as_micros());
            println!("{} {} {} {said} {}", micros[0], micros[1], micros[2], peak_kib());
        }
    });
}

/// Loads what is known and plans on it, as each pass does.
fn one_load(dir: &Path) {
    let config = configuration();
    let windows = config.calendar.windows("2027-12-31".parse().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let now: Timestamp = "2026-12-11T14:00:00Z".parse().unwrap();
        let store = Store::open(&dir.join("vigia.db"), now).await.unwrap();
        let began = Instant::now();
        let (status, ledger) = (store.status().await.unwrap(), store.ledger().await.unwrap());
        let (loaded, peak) = (began.elapsed(), peak_kib());
        let overrides = store.overrides().await.unwrap();
        let world = World {
            calendar: &config.calendar,
            windows: &windows,
            roster: &config.roster,
            status: &status,
            overrides: &overrides,
            ledger: &ledger,
        };
        let said = plan(&world, now).actions.len();
        println!("{} {} {} {said} {}", loaded.as_micros(), peak, began.elapsed().as_micros(), peak_kib());
    });
}

fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Starts this program for one run; gives the numbers that it printed, line by line.
fn run(word: &str, dir: &Path) -> Vec<Vec<u64>> {
    let output = Command::new(std::env::current_exe().unwrap())
        .args([word.as_ref(), dir.as_os_str()])
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "{word}: {}", output.status);
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.split(' ').map(|n| n.parse().unwrap()).collect()).collect()
}

/// Seconds that sqlite3 takes; absent where it is missing.
fn import(dir: &Path) -> Option<Duration> {
    let began = Instant::now();
    let status = Command::new("sqlite3")
        .arg(dir.join("importado.db"))
        .args([".mode csv", ".separator ;", &format!(".import {} linhas", dir.join("um.csv").display())])
        .status()
        .ok()?;
    assert!(status.success(), "sqlite3: {status}");
    Some(began.elapsed())
}

fn table(import: Option<Duration>, runs: &[Vec<u64>], load: &[Vec<u64>]) -> String {
    let seconds = |micros: u64| Duration::from_micros(micros).as_secs_f64();
    let mut out = String::new();
    match import {
        Some(took) => {
            let _ = writeln!(out, "sqlite3 .import                        {:6.2} s", took.as_secs_f64());
        }
        None => {
            out.push_str("sqlite3 is missing (Debian: apt-get install sqlite3): nothing to compare with\n");
        }
    }
    for (name, run) in ["first load", "next day"].iter().zip(runs) {
        let [copied, judged, stored, said, peak] = run[..] else { panic!("{run:?}") };
        let ratio =
            import.map_or(String::new(), |i| format!(", {:.2} × .import", seconds(stored) / i.as_secs_f64()));
        let _ = writeln!(out, "{name:<38} {:6.2} s{ratio}", seconds(stored));
        let _ = writeln!(out, "  copied and hashed                    {:6.2} s", seconds(copied));
        let _ = writeln!(
            out,
            "  read, mapped and judged              {:6.2} s ({said} said)",
            seconds(judged - copied)
        );
        let _ = writeln!(out, "  stored                               {:6.2} s", seconds(stored - judged));
        let _ = writeln!(out, "  peak memory                          {:6} MiB", peak / 1024);
    }
    for run in load {
        let [loaded, peak, planned, actions, peak_planned] = run[..] else { panic!("{run:?}") };
        let _ = writeln!(
            out,
            "what is known, loaded                  {:6.2} s, {} MiB",
            seconds(loaded),
            peak / 1024
        );
        let _ = writeln!(
            out,
            "  and planned on ({actions} decisions)  {:6.2} s, {} MiB",
            seconds(planned),
            peak_planned / 1024
        );
    }
    out
}
