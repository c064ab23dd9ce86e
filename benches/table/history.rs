//! What history costs: a pass with nothing due, and the commands that look at a ledger, with ledgers of none, one, three and
//! ten years of one state.
//!
//! The ledgers are made by the program's own passes (`years`), in minutes, and kept in TMPDIR for the next run:
//! `vigia-medicao-MUNICIPIOS-ANOS`; one made by another schema must be removed by hand. `MUNICIPIOS=853 ANOS=0,1` measures
//! others. Steps are those of SQLite's machine and the same on every computer. With `TESTE_POSTGRES` (the folder of a server's
//! socket, as the tests take it) a copy of each is moved there by `livro mudar`, and its pass is held against that over the file.
#![expect(
    clippy::disallowed_methods,
    reason = "the ledgers end today, so that the commands see them as they stand"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use vigia_suas::daemon::reconcile::reconcile_once;

use crate::measure::{self, By, Cost, Pair};
use crate::years::{self, Years};

const BINARY: &str = env!("CARGO_BIN_EXE_vigia-suas");

/// Prints the rows.
pub(crate) fn rows() {
    let municipalities: usize = measure::asked("MUNICIPIOS", "78").parse().unwrap();
    for count in measure::asked("ANOS", "0,1,3,10").split(',') {
        measure(municipalities, count.parse().unwrap());
    }
}

/// The folder of a ledger of so many years, made where it is not there.
pub(crate) fn made(municipalities: usize, count: i32) -> PathBuf {
    let now = Timestamp::now();
    let (dir, days) = place(municipalities, count, now);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    drop(runtime.block_on(grow(&dir, municipalities, days, now)));
    dir
}

/// Where it is, and from which day to which it goes. Of no years there are the windows that are open.
fn place(municipalities: usize, count: i32, now: Timestamp) -> (PathBuf, (Date, Date)) {
    let until = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let from = until.saturating_sub(count.years()).saturating_sub(1.months());
    (std::env::temp_dir().join(format!("vigia-medicao-{municipalities}-{count}")), (from, until))
}

/// Makes the ledger where it is not there, and prints its rows.
fn measure(municipalities: usize, count: i32) {
    let now = Timestamp::now();
    let (dir, (from, until)) = place(municipalities, count, now);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let database = dir.join("dados/vigia.db").display().to_string();
    let plain = |sql: &str| measure::command(Command::new("sqlite3").args(["-readonly", &database, sql]));
    let years = runtime.block_on(grow(&dir, municipalities, (from, until), now));
    let size = fs::metadata(&database).unwrap().len();
    let over = format!("{municipalities} municipalities, {count} years");
    let window = format!("rma/{}", until.first_of_month().saturating_sub(1.months()).strftime("%Y-%m"));
    let letters = runtime.block_on(async {
        years.app.store.deliveries(&vigia_suas::store::DeliveryFilter::default()).await.unwrap().len()
    });
    let of_window = format!(
        "SELECT * FROM notices n JOIN deliveries d ON d.notice_key = n.notice_key WHERE n.window_id = '{window}'"
    );
    if let Ok(socket) = std::env::var("TESTE_POSTGRES") {
        let there = moved_to(&socket, &dir);
        let on_server = runtime.block_on(begin(there.path(), (from, until), now));
        let ours = || runtime.block_on(pass(&on_server, now));
        let pair = Pair::run(By::Clock, ours, || runtime.block_on(pass(&years, now)));
        pair.print(&format!("pass with nothing due, {over}, PostgreSQL"), "", "the same over the file");
    }
    let counted = || runtime.block_on(counted_pass(&years, now));
    let pair = Pair::run(By::Cpu, counted, || plain(&of_window));
    let detail = format!(
        "{} steps; {letters} letters, {} kB of ledger each",
        pair.ours.detail,
        size / 1_000 / u64::try_from(letters.max(1)).unwrap()
    );
    pair.print(&format!("pass with nothing due, {over}"), &detail, "sqlite3, letters of a window");
    drop(years);
    drop(runtime);
    let ours = |words: &[&str]| measure::command(Command::new(BINARY).arg("--config").arg(&dir).args(words));
    let code = years::code(7).to_string();
    let commands: [(&[&str], &str); 4] = [
        (&["situacao"], "situacao"),
        (&["plano"], "plano"),
        (&["porque", &code, &window], "porque"),
        (&["relatorio"], "relatorio"),
    ];
    for (words, name) in commands {
        let pair = Pair::run(By::Cpu, || ours(words), || plain(&of_window));
        pair.print(&format!("`{name}`, {over}"), "", "sqlite3, letters of a window");
    }
    let pair = Pair::run(
        By::Cpu,
        || ours(&["livro", "conferir"]),
        || {
            measure::shell(&format!(
                "sqlite3 -readonly {database} 'PRAGMA integrity_check' && sha256sum {database}"
            ))
        },
    );
    pair.print(&format!("`livro conferir`, {over}"), "", "sqlite3 integrity_check, sha256sum");
}

/// The ledger, made up to now or as kept.
async fn grow(dir: &Path, municipalities: usize, (from, until): (Date, Date), now: Timestamp) -> Years {
    let began = Instant::now();
    let kept = dir.join("dados/vigia.db").exists();
    if kept {
        return begin(dir, (from, until), now).await;
    }
    years::configure(dir, municipalities, from);
    let mut years = Years::begin(dir, from, until.saturating_add(2.days())).await;
    years.run(now).await;
    eprintln!("made in {:.0} s", began.elapsed().as_secs_f64());
    reconcile_once(&years.app, now).await.unwrap();
    years
}

/// One that was made before; what is due now is done.
async fn begin(dir: &Path, (from, until): (Date, Date), now: Timestamp) -> Years {
    let years = Years::begin(dir, from, until.saturating_add(2.days())).await;
    reconcile_once(&years.app, now).await.unwrap();
    years
}

/// A copy of the ledger in a schema of a server, and the folder of its configuration.
fn moved_to(socket: &str, dir: &Path) -> tempfile::TempDir {
    let there = tempfile::tempdir().unwrap();
    let data = there.path().join("dados");
    fs::create_dir(&data).unwrap();
    for name in ["vigia.db", "vigia.db-wal"] {
        let _none_where_nothing_was_written = fs::copy(dir.join("dados").join(name), data.join(name));
    }
    for name in ["calendario.toml", "fontes.toml", "municipios.csv"] {
        fs::copy(dir.join(name), there.path().join(name)).unwrap();
    }
    let settings = fs::read_to_string(dir.join("vigia.toml")).unwrap();
    let path = |dir: &Path| dir.display().to_string();
    let settings = settings.replace(&path(dir), &path(there.path()));
    fs::write(there.path().join("vigia.toml"), &settings).unwrap();
    let years = dir.file_name().and_then(|name| name.to_str()?.rsplit('-').next()).unwrap();
    let (url, schema) = (
        format!("postgres://vigia@/vigia?host={socket}"),
        format!("historia_{}_{years}", std::process::id()),
    );
    let by_hand = |words: &[&str]| {
        let mut command = Command::new(BINARY);
        let done = command.arg("--config").arg(there.path()).args(words).args(["--autor", "medicao"]);
        let done = done.output().unwrap();
        assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
    };
    by_hand(&["assumir", "--motivo", "medição"]);
    by_hand(&["livro", "mudar", "--para", &url, "--esquema", &schema]);
    let bank = format!("[banco]\nurl = \"{url}\"\nesquema = \"{schema}\"\n");
    fs::write(there.path().join("vigia.toml"), settings + &bank).unwrap();
    there
}

/// One pass.
async fn pass(years: &Years, now: Timestamp) -> Cost {
    let here = Path::new("/proc/self");
    let (began, before) = (Instant::now(), measure::cpu_of_threads(here));
    reconcile_once(&years.app, now).await.unwrap();
    let (clock, cpu) = (began.elapsed(), measure::cpu_of_threads(here).saturating_sub(before));
    Cost { clock, cpu, ..Cost::default() }
}

/// One pass, with the steps that it takes of SQLite's machine. Counted, it takes longer.
async fn counted_pass(years: &Years, now: Timestamp) -> Cost {
    let work = years.app.store.count_work().await.unwrap();
    let cost = pass(years, now).await;
    Cost { detail: work.take().await.unwrap(), ..cost }
}
