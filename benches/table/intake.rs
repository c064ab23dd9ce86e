//! A national status file of a million rows in Windows-1252, read, mapped, judged and stored, beside `iconv` and
//! `sqlite3`'s `.import` of the same file.
//!
//! The file is made here: every unit of the country by every month since 2020 (`ROWS`). A process of its own takes it in as
//! the daemon does, with the ledger at synchronous=FULL; another takes in the file as it would stand a day later, with a few
//! thousand rows changed, over a copy of that ledger; another loads what is known and plans on it, as each pass does. Needs
//! Debian's package sqlite3. Everything lies in TMPDIR: a disk gives other figures than memory.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use vigia_suas::config::{Config, Sources, compile};
use vigia_suas::domain::id::{MunicipalityCode, SnapshotId};
use vigia_suas::feed::judge::Verdict;
use vigia_suas::feed::map::Ground;
use vigia_suas::feed::take_in;
use vigia_suas::format::body::{Body, Original};
use vigia_suas::intake::NewSnapshot;
use vigia_suas::plan::{World, plan};
use vigia_suas::store::Store;

use crate::measure::{self, By, Cost, Pair};

const ROWS: &str = "1000000";
/// Months from January 2020.
const MONTHS: usize = 84;
const MUNICIPALITIES: usize = 5_570;
const NOW: &str = "2026-12-10T13:00:00Z";
/// The words by which this program starts itself for one run.
pub(crate) const TAKE_IN: &str = "--one-intake";
pub(crate) const LOAD: &str = "--one-load";

/// Prints the rows.
pub(crate) fn rows() {
    if measure::tool("sqlite3").is_none() {
        println!("| intake: not measured, sqlite3 is missing (apt-get install sqlite3) |");
        return;
    }
    let rows: usize = measure::asked("ROWS", ROWS).parse().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    write_file(&path("um.csv"), rows, 0);
    write_file(&path("dois.csv"), rows, 3_000);
    let folder = dir.path().to_str().unwrap();
    for (day, (name, what)) in [("um.csv", "first load"), ("dois.csv", "next day's")].into_iter().enumerate()
    {
        let ours = || {
            if day == 0 {
                let _none_at_first = fs::remove_file(path("vigia.db"));
            } else {
                fs::copy(path("depois.db"), path("vigia.db")).unwrap();
            }
            let told = measure::again(&[TAKE_IN, folder, name, &day.to_string()]);
            let [clock, cpu, said, peak_kib] = told[0][..] else { panic!("{told:?}") };
            if day == 0 {
                fs::copy(path("vigia.db"), path("depois.db")).unwrap();
            }
            let (clock, cpu) = (Duration::from_micros(clock), Duration::from_millis(cpu));
            Cost { clock, cpu, peak_kib, detail: said }
        };
        let other = || {
            let _none_at_first = fs::remove_file(path("importado.db"));
            let import = format!(
                "cd {folder} && iconv -f WINDOWS-1252 -t UTF-8 {name} | \
                 sqlite3 importado.db '.mode csv' '.separator ;' '.import /dev/stdin linhas'"
            );
            measure::shell(&import)
        };
        let pair = Pair::run(By::Cpu, ours, other);
        let detail = format!("{} said", pair.ours.detail);
        pair.print(&format!("{rows} rows taken in, {what}"), &detail, "iconv, sqlite3 .import");
    }
    let ours = || {
        let told = measure::again(&[LOAD, folder]);
        let [clock, cpu, actions, peak_kib] = told[0][..] else { panic!("{told:?}") };
        let (clock, cpu) = (Duration::from_micros(clock), Duration::from_millis(cpu));
        Cost { clock, cpu, peak_kib, detail: actions }
    };
    let other = || measure::shell(&format!("cat {folder}/um.csv | sha256sum"));
    let pair = Pair::run(By::Cpu, ours, other);
    let detail = format!("{} decisions", pair.ours.detail);
    pair.print("what is known of them loaded and planned on", &detail, "sha256sum of the file");
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
    let mut line = "NU_IDENTIFICADOR;IBGE;Munic\u{ed}pio;TIPO;REFERENCIA;SITUACAO;ATUALIZADO\r\n".to_owned();
    let codes: Vec<MunicipalityCode> = codes().collect();
    for row in 0..rows {
        let (unit, month) = (row / MONTHS, row % MONTHS);
        let code = codes[unit % codes.len()];
        let kind = if unit % 3 < 2 { "CRAS" } else { "CREAS" };
        let pending = month + 1 == MONTHS && unit % 2 == 0 && unit >= late || unit % 97 == month;
        let word = if pending { "N\u{e3}o preenchido" } else { "Preenchido" };
        let (year, month) = (2020 + month / 12, month % 12 + 1);
        let six = code.six();
        // Windows-1252, where these letters have the numbers that Unicode gives them.
        file.write_all(&line.chars().map(|c| u8::try_from(c).unwrap()).collect::<Vec<u8>>()).unwrap();
        line.clear();
        writeln!(
            line,
            "{six}{unit:05};{six};MUNICIPIO DE {six};{kind};{month:02}/{year}; {word};{:02}/{month:02}/{year}\r",
            unit % 28 + 1
        )
        .unwrap();
    }
    file.write_all(&line.chars().map(|c| u8::try_from(c).unwrap()).collect::<Vec<u8>>()).unwrap();
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

/// Takes one file in, and prints what it took.
pub(crate) fn one_take_in(words: &[String]) {
    let [dir, name, day] = words else { panic!("{words:?}") };
    let (dir, days) = (Path::new(dir), day.parse::<i64>().unwrap());
    let config = configuration();
    let spec = &config.feeds[0];
    let windows = config.calendar.windows("2027-12-31".parse().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let now = NOW.parse::<Timestamp>().unwrap() + jiff::SignedDuration::from_hours(24 * days);
        let store = Store::open(&dir.join("vigia.db"), now).await.unwrap();
        let (began, spent) = (Instant::now(), measure::cpu_here());
        let file = File::open(dir.join(name)).unwrap();
        let body = Body::plain(Original::of_file(&file, dir, 1 << 30).unwrap());
        let (sha256, copied) = (body.original.sha256().to_owned(), began.elapsed());
        let ground =
            Ground { calendar: &config.calendar, windows: &windows, roster: &config.roster, taken_at: now };
        let open = windows.iter().filter(|w| {
            w.latest_deadline().is_none_or(|d| d.on >= now.to_zoned(jiff::tz::TimeZone::UTC).date())
        });
        let open = open.map(|w| w.id.clone()).collect();
        let before = store.baseline(&spec.id, "", &open, &std::collections::BTreeSet::new()).await.unwrap();
        let intake = take_in(spec, &[body], &ground, before.as_ref());
        assert!(matches!(intake.verdict, Verdict::Accepted { .. }), "{:?}", intake.verdict);
        let judged = began.elapsed();
        let snapshot = NewSnapshot {
            id: SnapshotId::parse(&format!("nacional-{days}")).unwrap(),
            feed: spec.id.clone(),
            taken_at: now,
            source: name.clone(),
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
        let (stored, cpu) = (began.elapsed(), measure::cpu_here().saturating_sub(spent));
        let peak = measure::peak_here();
        if std::env::var_os("PASSOS").is_some() {
            eprintln!("copied {copied:?}, judged {judged:?}, stored {stored:?}");
        }
        store.close().await;
        println!("{} {} {said} {peak}", stored.as_micros(), cpu.as_millis());
    });
}

/// Loads what is known and plans on it, as each pass does.
pub(crate) fn one_load(words: &[String]) {
    let dir = Path::new(&words[0]);
    let config = configuration();
    let windows = config.calendar.windows("2027-12-31".parse().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let now: Timestamp = "2026-12-11T14:00:00Z".parse().unwrap();
        let store = Store::open(&dir.join("vigia.db"), now).await.unwrap();
        let (began, spent) = (Instant::now(), measure::cpu_here());
        let (status, ledger) = (store.status().await.unwrap(), store.ledger().await.unwrap());
        let overrides = store.overrides().await.unwrap();
        let world = World {
            calendar: &config.calendar,
            windows: &windows,
            roster: &config.roster,
            roster_at_start: None,
            status: &status,
            status_then: None,
            overrides: &overrides,
            ledger: &ledger,
        };
        let said = plan(&world, now).actions.len();
        let cpu = measure::cpu_here().saturating_sub(spent);
        println!("{} {} {said} {}", began.elapsed().as_micros(), cpu.as_millis(), measure::peak_here());
    });
}
