//! What the panel's pages cost: how long each takes and how many bytes it has, over a ledger of so many municipalities
//! and years.
//!
//! The ledgers are those of `history` (`years`), made in minutes and audited; `MUNICIPIOS=5570 ANOS=1` measures another, and
//! `PAGINAS='em= .csv'` asks only for pages whose address has one of these words in it. A
//! page is asked for first when nothing of it alone is kept, then at once again: milliseconds are of CPU, of the whole
//! program, and of the clock, until the first bytes come and until the last. What the pages of now are drawn from is worked
//! out beforehand: how long that takes at the start and after a change is told before the table.
#![expect(
    clippy::disallowed_methods,
    reason = "the ledgers end today, so that the pages show them as they stand"
)]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{Timestamp, ToSpan};
use tokio_util::sync::CancellationToken;
use vigia_suas::clock::Clock;
use vigia_suas::config::PanelSettings;
use vigia_suas::daemon::app::App;
use vigia_suas::daemon::audit::audit_once;
use vigia_suas::daemon::reconcile::reconcile_once;
use vigia_suas::desk::view::LedgerView;
use vigia_suas::domain::journal::DossierShown;
use vigia_suas::panel::{self, Beat, Beside, DossierView, Later, Panel};
use vigia_suas::world::live::Live;

use crate::measure;
use crate::years::{self, Years};

/// What is kept of now is older than this.
const STALE: Duration = Duration::from_millis(3_100);

/// The panel rests no longer after working something out.
const RESTED: Duration = Duration::from_secs(31);

struct Still(Arc<Live>);

impl Beside for Still {
    fn live(&self) -> Arc<Live> {
        self.0.clone()
    }

    fn beat(&self) -> Beat {
        Beat::default()
    }

    fn note_dossier(&self, _: DossierView) -> Later<bool> {
        Box::pin(async { true })
    }
}

/// Prints a table of its own.
pub(crate) fn table() {
    let municipalities: usize = measure::asked("MUNICIPIOS", "78").parse().unwrap();
    let count: i32 = measure::asked("ANOS", "0").parse().unwrap();
    let now = Timestamp::now();
    let until = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let from = until.saturating_sub(count.years()).saturating_sub(1.months());
    let dir = std::env::temp_dir().join(format!("vigia-medicao-{municipalities}-{count}"));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (live, app) = runtime.block_on(async {
        let began = Instant::now();
        let is_kept = dir.join("dados/vigia.db").exists();
        if !is_kept {
            years::configure(&dir, municipalities, from);
        }
        let mut years = Years::begin(&dir, from, until.saturating_add(2.days())).await;
        if !is_kept {
            years.run(now).await;
        }
        // By the clock of now: that of the ledger's app stands at its end.
        let app = App::new(years.app.live().setup.clone(), years.app.store.clone(), Clock::Fixed(now));
        if !is_kept {
            audit_once(&app, now).await.unwrap().unwrap();
            eprintln!("made in {:.0} s", began.elapsed().as_secs_f64());
        }
        // As in a service, which knows what a pass need not read.
        reconcile_once(&app, now).await.unwrap();
        (years.app.live(), app)
    });
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let settings = PanelSettings {
        listen: address,
        tls: None,
        proxies: Vec::new(),
        passwords: None,
        user_header: None,
        agenda_series: 1,
    };
    let stop = CancellationToken::new();
    let (panel, door) = runtime.block_on(async {
        let ledger = LedgerView::open(&live).await.unwrap();
        let (door, _files) = panel::open(&settings).unwrap();
        let panel = Panel::new(settings, Arc::new(Still(live)), ledger, &[7; 32], Clock::Fixed(now));
        (Arc::new(panel), door)
    });
    let served = runtime.spawn(panel::serve(panel, door, stop.clone()));
    let month = until.first_of_month().saturating_sub(1.months());
    let window = format!("rma/{}", month.strftime("%Y-%m"));
    let (code, day) = (years::code(7), until.saturating_sub(7.days()));
    println!("{municipalities} municipalities, {count} years\n");
    let spent = cpu();
    let begun = ask(address, "/").last;
    let worked = quiet(spent);
    println!("at the start: the first page after {:.0} ms; CPU {worked:.0} ms", millis(begun));
    let spent = cpu();
    let told = DossierShown { user: "medicao".to_owned(), by_proxy: false };
    runtime.block_on(app.store.note_dossier_shown(code, None, told, now)).unwrap();
    std::thread::sleep(RESTED);
    let changed = ask(address, "/").last;
    let worked = quiet(spent);
    println!("after a change: the page within {:.0} ms; CPU {worked:.0} ms beside it\n", millis(changed));
    println!(
        "| page | first: CPU ms | clock ms | first bytes ms | again: CPU ms | clock ms | kB |\n|---|---:|---:|---:|---:|---:|---:|"
    );
    let wanted = measure::asked("PAGINAS", "");
    let pages = [
        "/".to_owned(),
        format!("/janela/{window}"),
        format!("/municipio/{code}"),
        format!("/municipio/{code}/{window}"),
        "/cartas".to_owned(),
        format!("/carta?aviso={window}/divulgacao/{code}&versao=1"),
        "/telefonar".to_owned(),
        "/telefonar.csv".to_owned(),
        "/relatorio".to_owned(),
        "/relatorio.csv".to_owned(),
        format!("/relatorio?janela={window}"),
        format!("/dossie/{code}?janela={window}"),
        format!("/dossie/{code}"),
        "/fontes".to_owned(),
        "/agenda".to_owned(),
        "/agenda.ics".to_owned(),
        "/simulacao".to_owned(),
        "/busca".to_owned(),
        "/busca?q=numero+7".to_owned(),
        "/saude".to_owned(),
        "/metrics".to_owned(),
        format!("/?em={day}"),
        format!("/janela/{window}?em={day}"),
    ];
    let is_wanted = |path: &&String| wanted.is_empty() || wanted.split(' ').any(|part| path.contains(part));
    for path in pages.iter().filter(is_wanted) {
        std::thread::sleep(STALE);
        let (first, again) = (ask(address, path), ask(address, path));
        let mark = if first.status == "200" { "" } else { " (not 200)" };
        let shown = [first.cpu, first.last, first.first, again.cpu, again.last].map(millis);
        let shown = shown.map(|took| format!("{took:.1}")).join(" | ");
        println!("| `{path}`{mark} | {shown} | {} |", first.bytes / 1_000);
    }
    stop.cancel();
    runtime.block_on(served).unwrap();
}

/// What a page took, until its first bytes and its last.
struct Asked {
    first: Duration,
    last: Duration,
    cpu: Duration,
    status: String,
    bytes: usize,
}

fn ask(address: SocketAddr, path: &str) -> Asked {
    let (began, spent) = (Instant::now(), cpu());
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").as_bytes()).unwrap();
    let mut answer = vec![0; 4_096];
    let some = stream.read(&mut answer).unwrap();
    let first = began.elapsed();
    answer.truncate(some);
    stream.read_to_end(&mut answer).unwrap();
    let status = String::from_utf8_lossy(&answer).split(' ').nth(1).unwrap_or_default().to_owned();
    Asked { first, last: began.elapsed(), cpu: cpu().saturating_sub(spent), status, bytes: answer.len() }
}

/// Waits until nothing is worked out any more; the CPU that was spent since.
fn quiet(since: Duration) -> f64 {
    let mut last = cpu();
    loop {
        std::thread::sleep(Duration::from_millis(700));
        let now = cpu();
        if now.saturating_sub(last) < Duration::from_millis(20) {
            return millis(now.saturating_sub(since));
        }
        last = now;
    }
}

fn cpu() -> Duration {
    measure::cpu_of_threads(Path::new("/proc/self"))
}

fn millis(took: Duration) -> f64 {
    took.as_secs_f64() * 1_000.0
}
