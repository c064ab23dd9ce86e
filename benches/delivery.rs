//! Letters a second, from the decision to the relay's last word, beside Postfix's smtp-source on the same smtp-sink.
//!
//! `cargo bench --bench delivery`. For 1, 2 and 4 connections a process of its own plans, renders, records and delivers
//! one letter to each of 5,570 municipalities (as many as Brazil has) with the whole ledger at synchronous=FULL, as the
//! daemon does; smtp-source then sends as many messages of the same size over as many connections. Needs Debian's
//! package postfix; without it nothing is measured. The ledger lies in TMPDIR: a disk gives other figures than memory.
//! With `TESTE_POSTGRES` (the folder of a server's socket, as the tests take it) each run is made once more on that server.
#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on ends")]
#![expect(clippy::print_stdout, reason = "the table is what this is for")]

use std::fmt::Write as _;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use vigia_suas::clock::Clock;
use vigia_suas::daemon::lifecycle::Service;
use vigia_suas::daemon::outbox::Outbox;
use vigia_suas::daemon::reconcile::reconcile_once;
use vigia_suas::domain::id::MunicipalityCode;
use vigia_suas::store::DeliveryFilter;
use vigia_suas::world::setup::Setup;

/// The municipalities of Brazil.
const LETTERS: usize = 5_570;
const CONNECTIONS: [usize; 3] = [1, 2, 4];
/// The first morning of the window, in the sending hours.
const NOW: &str = "2027-03-01T13:00:00Z";
/// The word by which this program starts itself for one run.
const ONE_RUN: &str = "--so-uma";
/// The ledger that is a file; any other word is the folder of a server's socket.
const FILE: &str = "sqlite";

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [word, connections, port, count, ledger] = words.as_slice()
        && word == ONE_RUN
    {
        return one_run(connections.parse().unwrap(), port, count.parse().unwrap(), ledger);
    }
    let (Some(sink), Some(source)) = (tool("smtp-sink"), tool("smtp-source")) else {
        println!("not measured: smtp-sink and smtp-source are missing (Debian: apt-get install postfix)");
        return;
    };
    let count = std::env::var("LETTERS").map_or(LETTERS, |text| text.parse().unwrap());
    let sink = Sink::start(&sink);
    let socket = std::env::var("TESTE_POSTGRES").ok();
    let runs: Vec<(usize, Vec<Run>, [f64; 2])> = CONNECTIONS
        .into_iter()
        .map(|connections| {
            let ledgers = [Some(FILE), socket.as_deref()].into_iter().flatten();
            let each: Vec<Run> =
                ledgers.map(|ledger| Run::start(connections, sink.port, count, ledger)).collect();
            let run = &each[0];
            let peers = [&["-d"][..], &[]].map(|more| {
                let began = Instant::now();
                let status = Command::new(&source)
                    .args(more)
                    .args(["-s", &connections.to_string(), "-m", &count.to_string()])
                    .args([
                        "-l",
                        &run.bytes_each.to_string(),
                        "-f",
                        "a@vigia.medicao",
                        "-t",
                        "b@vigia.medicao",
                    ])
                    .arg(format!("127.0.0.1:{}", sink.port))
                    .status()
                    .unwrap();
                assert!(status.success(), "smtp-source: {status}");
                per_second(count, began.elapsed())
            });
            (connections, each, peers)
        })
        .collect();
    print!("{}", table(count, &runs));
}

/// What one process measured of itself.
struct Run {
    ledger: &'static str,
    decided: Duration,
    delivered: Duration,
    bytes_each: usize,
    peak_kib: usize,
}

impl Run {
    fn start(connections: usize, port: u16, count: usize, ledger: &str) -> Self {
        let output = Command::new(std::env::current_exe().unwrap())
            .args([ONE_RUN, &connections.to_string(), &port.to_string(), &count.to_string(), ledger])
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        assert!(output.status.success(), "the run with {connections} connections: {}", output.status);
        let text = String::from_utf8(output.stdout).unwrap();
        let mut numbers = text.split_whitespace().map(|n| n.parse::<u64>().unwrap());
        let mut next = || numbers.next().unwrap();
        Self {
            ledger: if ledger == FILE { FILE } else { "postgresql" },
            decided: Duration::from_micros(next()),
            delivered: Duration::from_micros(next()),
            bytes_each: usize::try_from(next()).unwrap(),
            peak_kib: usize::try_from(next()).unwrap(),
        }
    }
}

/// Decides and delivers in a folder of its own, and prints what it took.
fn one_run(connections: usize, port: &str, count: usize, ledger: &str) {
    let dir = tempfile::tempdir().unwrap();
    configure(dir.path(), connections, port, count, ledger);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let now = NOW.parse().unwrap();
        let setup = Setup::load(Some(dir.path()), now).unwrap_or_else(|fault| panic!("{fault}"));
        let service = Service::start(setup, Clock::Fixed(now)).await.unwrap();
        let app = &service.app;
        let began = Instant::now();
        let pass = reconcile_once(app, now).await.unwrap();
        let decided = began.elapsed();
        assert_eq!(pass.recorded, count, "letters recorded");
        let mut outbox = Outbox::new(&app.live()).unwrap();
        let dispatch = outbox.deliver_once(app).await.unwrap();
        outbox.close().await;
        let delivered = began.elapsed().saturating_sub(decided);
        assert_eq!(dispatch.accepted, count, "letters accepted");

        let peak = peak_kib();
        let lines = app.store.deliveries(&DeliveryFilter::default()).await.unwrap();
        assert!(lines.iter().all(|line| line.attempts == 1 && line.reply.starts_with("250")));
        let report = app.store.verify().await.unwrap();
        assert!(report.is_whole(), "the ledger proves itself");
        let mut bytes = 0;
        for line in lines.iter().take(50) {
            bytes += app
                .store
                .letter(&line.key, line.version)
                .await
                .unwrap()
                .unwrap()
                .bytes
                .map_or(0, |bytes| bytes.len());
        }
        let each = bytes / lines.len().min(50);
        println!("{} {} {each} {peak}", decided.as_micros(), delivered.as_micros());
    });
}

/// A production configuration with so many municipalities and one window that opened today.
fn configure(dir: &Path, connections: usize, port: &str, count: usize, ledger: &str) {
    let data = dir.join("dados");
    let bank = match ledger {
        FILE => String::new(),
        socket => format!(
            "[banco]\nurl = \"postgres://vigia@/vigia?host={socket}\"\nesquema = \"medicao_{}\"\n",
            std::process::id()
        ),
    };
    let settings = format!(
        r#"
modo = "producao"
inicio = 2027-03-01
limite_dia = 1000000
dados = "{}"
[remetente]
nome = "Vigilância Socioassistencial"
email = "vigilancia@vigia.medicao"
[smtp]
servidor = "127.0.0.1"
porta = {port}
seguranca = "nenhuma"
por_minuto = 100000
por_dia = 10000000
conexoes = {connections}
[gerencia.GPSB]
nome = "Gerência de Proteção Social Básica"
email = "gpsb@vigia.medicao"
[gsuas]
nome = "Gerência do Sistema Único de Assistência Social"
email = "gsuas@vigia.medicao"
{bank}"#,
        data.display()
    );
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
    let mut roster = String::from(
        "ibge;nome;regiao;smas_email;smas_titular;smas_telefone;cmas_email;cmas_titular;cmas_telefone;dispensas;observacao\n",
    );
    for n in 0..count {
        let code = code(n);
        writeln!(roster, "{code};Município de número {n};Sul;smas.{n}@municipio.medicao;;;;;;;").unwrap();
    }
    for (name, text) in
        [("vigia.toml", settings.as_str()), ("calendario.toml", calendar), ("municipios.csv", &roster)]
    {
        fs::write(dir.join(name), text).unwrap();
    }
}

/// The n-th municipality, with the check digit that IBGE would give it.
fn code(n: usize) -> MunicipalityCode {
    let six = 320_000 + n;
    (0..10).find_map(|digit| MunicipalityCode::parse(&format!("{six}{digit}")).ok()).unwrap()
}

/// The most memory that this process ever held (`VmHWM`).
fn peak_kib() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.push("/usr/sbin".into());
    folders.into_iter().map(|dir| dir.join(name)).find(|file| file.is_file())
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

fn per_second(count: usize, took: Duration) -> f64 {
    f64::from(u32::try_from(count).unwrap()) / took.as_secs_f64()
}

fn table(count: usize, runs: &[(usize, Vec<Run>, [f64; 2])]) -> String {
    let mut out = format!(
        "\n{count} letters of {} bytes, ledger in {} at synchronous=FULL, {} processors\n\n",
        runs.first().map_or(0, |(_, each, _)| each[0].bytes_each),
        std::env::temp_dir().display(),
        std::thread::available_parallelism().map_or(1, usize::from),
    );
    out.push_str(
        "connections | ledger     | decide s | deliver s |  all s | letters/s | smtp-source/s | ratio | smtp-source -d/s | ratio | peak MiB\n\
         ----------- | ---------- | -------- | --------- | ------ | --------- | ------------- | ----- | ---------------- | ----- | --------\n",
    );
    for (connections, run, [kept, anew]) in runs
        .iter()
        .flat_map(|(connections, each, peers)| each.iter().map(move |run| (connections, run, peers)))
    {
        let ours = per_second(count, run.delivered);
        writeln!(
            out,
            "{connections:>11} | {:<10} | {:>8.2} | {:>9.2} | {:>6.2} | {ours:>9.0} | {anew:>13.0} | {:>5.2} | {kept:>16.0} | {:>5.2} | {:>8}",
            run.ledger,
            run.decided.as_secs_f64(),
            run.delivered.as_secs_f64(),
            (run.decided + run.delivered).as_secs_f64(),
            ours / anew,
            ours / kept,
            run.peak_kib / 1024,
        )
        .unwrap();
    }
    out.push_str(
        "\nletters/s: delivered, each marked before and settled after. smtp-source: a connection for each message; -d: all \
         messages over\nthe connections first made.\n",
    );
    out
}
