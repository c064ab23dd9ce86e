//! Letters a second, from the decision to the relay's last word, beside Postfix's smtp-source on the same smtp-sink.
//!
//! For 1, 2 and 4 connections a process of its own plans, renders, records and delivers one letter to each of 5,570
//! municipalities (as many as Brazil has; `LETTERS`) with the whole ledger at synchronous=FULL, as the daemon does;
//! smtp-source sends as many messages of the same size over as many connections, a connection for each message as it does
//! by itself. Needs Debian's package postfix; without it nothing is measured. The ledger lies in TMPDIR: a disk gives other
//! figures than memory. With `TESTE_POSTGRES` (the folder of a server's socket, as the tests take it) each is measured once
//! more on that server.

use std::fmt::Write as _;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use jiff::civil::date;
use vigia_suas::clock::Clock;
use vigia_suas::daemon::lifecycle::Service;
use vigia_suas::daemon::outbox::Outbox;
use vigia_suas::daemon::reconcile::reconcile_once;
use vigia_suas::store::DeliveryFilter;
use vigia_suas::world::setup::Setup;

use crate::measure::{self, By, Cost, Pair};
use crate::years;

/// The municipalities of Brazil.
const LETTERS: &str = "5570";
const CONNECTIONS: [usize; 3] = [1, 2, 4];
/// The first morning of the window, in the sending hours.
const NOW: &str = "2027-03-01T13:00:00Z";
/// The word by which this program starts itself for one run.
pub(crate) const ONE_RUN: &str = "--one-delivery";
/// The ledger that is a file; any other word is the folder of a server's socket.
const FILE: &str = "sqlite";

/// Prints the rows.
pub(crate) fn rows() {
    let (Some(sink), Some(source)) = (measure::tool("smtp-sink"), measure::tool("smtp-source")) else {
        println!(
            "| sending: not measured, smtp-sink and smtp-source are missing (apt-get install postfix) |"
        );
        return;
    };
    let count = measure::asked("LETTERS", LETTERS);
    let sink = Sink::start(&sink);
    let (port, socket) = (sink.port.to_string(), std::env::var("TESTE_POSTGRES").ok());
    let run = |connections: &str, ledger: &str| {
        let told = measure::again(&[ONE_RUN, connections, &port, &count, ledger]);
        let [decided, decided_cpu, delivered, delivered_cpu, bytes, ledger_bytes, peak_kib] = told[0][..]
        else {
            panic!("{told:?}")
        };
        let (micros, cpu) = (Duration::from_micros, Duration::from_millis);
        let of = |clock, spent, detail| Cost { clock: micros(clock), cpu: cpu(spent), peak_kib, detail };
        (of(decided, decided_cpu, ledger_bytes), of(delivered, delivered_cpu, bytes))
    };
    let mut each = 0;
    for connections in CONNECTIONS.map(|n| n.to_string()) {
        for ledger in [Some(FILE), socket.as_deref()].into_iter().flatten() {
            if each == 0 {
                each = run("1", ledger).1.detail;
            }
            let ours = || run(&connections, ledger).1;
            let other = || {
                let mut command = Command::new(&source);
                command.args(["-s", &connections, "-m", &count, "-l", &each.to_string()]);
                command.args(["-f", "a@vigia.medicao", "-t", "b@vigia.medicao"]);
                measure::command(command.arg(format!("127.0.0.1:{port}")))
            };
            let pair = Pair::run(By::Clock, ours, other);
            // The ratio of letters a second, and not of the time: the more, the better.
            let pair = Pair { ratio: 1.0 / pair.ratio, ..pair };
            let rate = count.parse::<f64>().unwrap() / pair.ours.clock.as_secs_f64();
            let bank = if ledger == FILE { FILE } else { "PostgreSQL" };
            pair.print(
                &format!("{count} letters sent, {connections} connections, {bank}"),
                &format!("{rate:.0}/s, {each} B each"),
                "smtp-source; ratio of rates",
            );
        }
    }
    let letters = std::env::temp_dir().join("vigia-medicao-cartas");
    let many = usize::try_from(each).unwrap() * count.parse::<usize>().unwrap();
    fs::write(&letters, sample(many)).unwrap();
    let pair = Pair::run(
        By::Clock,
        || run("4", FILE).0,
        || measure::shell(&format!("gzip -1 < {0} > {0}.gz && sync {0}.gz", letters.display())),
    );
    let detail = format!("{} B of ledger a letter", pair.ours.detail);
    pair.print(
        &format!("{count} letters planned, rendered, recorded"),
        &detail,
        "gzip -1 of as many bytes, synced",
    );
    for end in ["", ".gz"] {
        let _gone = fs::remove_file(format!("{}{end}", letters.display()));
    }
}

/// Text that compresses as letters do, line by line.
fn sample(bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + 100);
    for n in 0_u64.. {
        if text.len() >= bytes {
            break;
        }
        let _ = writeln!(
            text,
            "{n} {:x} o prazo da janela termina em 30/04/2027",
            n.wrapping_mul(0x9E37_79B9_7F4A_7C15)
        );
    }
    text
}

/// Decides and delivers in a folder of its own, and prints what it took.
#[expect(clippy::disallowed_methods, reason = "it is waited for")]
pub(crate) fn one_run(words: &[String]) {
    let [connections, port, count, ledger] = words else { panic!("{words:?}") };
    let count: usize = count.parse().unwrap();
    let dir = tempfile::tempdir().unwrap();
    configure(dir.path(), connections.parse().unwrap(), port, count, ledger);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let now = NOW.parse().unwrap();
        let setup = Setup::load(Some(dir.path()), now).unwrap_or_else(|fault| panic!("{fault}"));
        let service = Service::start(setup, Clock::Fixed(now)).await.unwrap();
        let app = &service.app;
        let (began, spent) = (Instant::now(), measure::cpu_here());
        let pass = reconcile_once(app, now).await.unwrap();
        let (decided, decided_cpu) = (began.elapsed(), measure::cpu_here().saturating_sub(spent));
        assert_eq!(pass.recorded, count, "letters recorded");
        let (began, spent) = (Instant::now(), measure::cpu_here());
        // In a task, as the daemon's loop is.
        let of_the_loop = app.clone();
        let sending = tokio::spawn(async move {
            let mut outbox = Outbox::new(&of_the_loop.live()).unwrap();
            let dispatch = outbox.deliver_once(&of_the_loop).await.unwrap();
            outbox.close().await;
            dispatch
        });
        let dispatch = sending.await.unwrap();
        let (delivered, delivered_cpu) = (began.elapsed(), measure::cpu_here().saturating_sub(spent));
        assert_eq!(dispatch.accepted, count, "letters accepted");

        let peak = measure::peak_here();
        let lines = app.store.deliveries(&DeliveryFilter::default()).await.unwrap();
        assert!(lines.iter().all(|line| line.attempts == 1 && line.reply.starts_with("250")));
        let report = app.store.verify().await.unwrap();
        assert!(report.is_whole(), "the ledger proves itself");
        let mut bytes = 0;
        for line in lines.iter().take(50) {
            let letter = app.store.letter(&line.key, line.version).await.unwrap().unwrap();
            bytes += letter.bytes.map_or(0, |bytes| bytes.len());
        }
        let each = bytes / lines.len().min(50);
        app.store.close().await;
        let ledger = fs::metadata(dir.path().join("dados/vigia.db")).map_or(0, |file| file.len());
        println!(
            "{} {} {} {} {each} {} {peak}",
            decided.as_micros(),
            decided_cpu.as_millis(),
            delivered.as_micros(),
            delivered_cpu.as_millis(),
            ledger / count as u64,
        );
    });
}

/// A production configuration with so many municipalities and one window that opened today.
fn configure(dir: &Path, connections: usize, port: &str, count: usize, ledger: &str) {
    let bank = match ledger {
        FILE => String::new(),
        socket => format!(
            "[banco]\nurl = \"postgres://vigia@/vigia?host={socket}\"\nesquema = \"medicao_{}\"\n",
            std::process::id()
        ),
    };
    let smtp = format!("porta = {port}\npor_minuto = 100000\npor_dia = 10000000\nconexoes = {connections}");
    let settings = years::settings(dir, date(2027, 3, 1), &smtp, &bank);
    let calendar = r#"
[parte.GESTAO]
nome = "Gestão municipal"
responsavel = "smas"
[parte.CRAS]
nome = "CRAS"
responsavel = "unidade"
gerencia = "GPSB"
[sistema.censo-suas]
nome = "Censo SUAS"
link = "https://aplicacoes.mds.gov.br/sagi/censosuas"
partes = ["GESTAO", "CRAS"]
gerencias = ["GPSB"]
sancao = "padrao"
validade_situacao = "36h"
divulgacao_para = ["smas"]
escada = [{ antes = "5d", para = ["smas"] }]
[[janela]]
sistema = "censo-suas"
referencia = "2027"
abertura = 2027-03-01
prazo = 2027-04-30
fonte = "Medição"
"#;
    let roster = years::roster(count);
    let files =
        [("vigia.toml", settings.as_str()), ("calendario.toml", calendar), ("municipios.csv", &roster)];
    years::write(dir, &files);
}

/// An smtp-sink that runs until dropped.
struct Sink {
    port: u16,
    process: Child,
}

impl Sink {
    fn start(program: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(program);
        if fs::metadata("/proc/self").is_ok_and(|of| std::os::unix::fs::MetadataExt::uid(&of) == 0) {
            command.args(["-u", "nobody"]);
        }
        let process = command.arg(format!("127.0.0.1:{port}")).arg("256").spawn().unwrap();
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { port, process }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        // Already ended, or ended now; nothing depends on which.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
