//! An installation in a folder of its own: configuration, data, and the program run on them.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
use tempfile::TempDir;
use vigia_suas::clock::Clock;
use vigia_suas::daemon::app::App;
use vigia_suas::domain::id::MunicipalityCode;
use vigia_suas::store::Store;
use vigia_suas::world::seat;
use vigia_suas::world::setup::Setup;

/// The program under test: the one that cargo names when the tests run, else the one they were built with.
fn program() -> OsString {
    let built: &str = env!("CARGO_BIN_EXE_vigia-suas");
    std::env::var_os("CARGO_BIN_EXE_vigia-suas").unwrap_or_else(|| built.into())
}

/// Where the shipped configuration is.
const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config");
/// The sender's domain, and so that of every Message-ID.
pub(crate) const DOMAIN: &str = "vigilancia.es.gov.br";
/// No start or stop takes so long.
const PATIENCE: Duration = Duration::from_mins(1);

/// What a test may choose of a configuration.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    /// The relay's port.
    pub(crate) port: u16,
    /// How many of the 78 municipalities there are.
    pub(crate) municipalities: usize,
    /// References of the windows, `2001` and on; each opened on `opened`.
    pub(crate) windows: u16,
    pub(crate) opened: Date,
    pub(crate) deadline: Date,
    pub(crate) announced_to: &'static str,
    pub(crate) per_minute: u32,
    pub(crate) per_day: u32,
    pub(crate) connections: u16,
    pub(crate) on_uncertain: &'static str,
    /// `seguranca`; other than `nenhuma`, the relay is called `localhost`, as its certificate says.
    pub(crate) security: &'static str,
    /// More lines for `[smtp]`.
    pub(crate) smtp: String,
    /// The address of `[gsuas]`, or several, as TOML.
    pub(crate) gsuas: String,
}

impl Choice {
    pub(crate) fn new(port: u16) -> Self {
        // Two days ago by the machine's clock: open in whatever zone.
        let opened = today().saturating_sub(2.days());
        Self {
            port,
            municipalities: 3,
            windows: 1,
            opened,
            deadline: opened.saturating_add(60.days()),
            announced_to: r#"["smas"]"#,
            per_minute: 100_000,
            per_day: 1_000_000,
            connections: 2,
            on_uncertain: "reenviar",
            security: "nenhuma",
            smtp: String::new(),
            gsuas: format!("\"gsuas@{DOMAIN}\""),
        }
    }
}

/// Today in Greenwich.
fn today() -> Date {
    Clock::System.now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// An installation.
pub(crate) struct Site {
    dir: TempDir,
    pub(crate) municipalities: Vec<MunicipalityCode>,
    /// The network namespace that the program runs in; absent: this process's own.
    pub(crate) namespace: Option<String>,
}

impl Site {
    /// Writes a production configuration that speaks to the relay on loopback.
    pub(crate) fn new(choice: &Choice) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut site = Self { dir, municipalities: Vec::new(), namespace: None };
        fs::create_dir(site.config()).unwrap();
        site.write_roster(choice.municipalities);
        site.write_vigia(choice);
        site.write_calendar(choice);
        let feed = "[fonte.lista]\nsistema = \"teste\"\ntipo = \"csv\"\norigem = \"manual\"\nmunicipio = \"ibge\"\n\
                    parte = \"GESTAO\"\nreferencia = \"abertas\"\nsentido = \"situacao\"\n\
                    situacao_coluna = \"situacao\"\nsituacoes = { \"sim\" = \"concluido\", \"nao\" = \"pendente\" }\n";
        fs::write(site.config().join("fontes.toml"), feed).unwrap();
        fs::copy(format!("{SHIPPED}/feriados.toml"), site.config().join("feriados.toml")).unwrap();
        site
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.dir.path().join("config")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.dir.path().join("dados")
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.data().join("vigia.db")
    }

    /// The shipped municipalities, with addresses that production takes, each under one of three domains.
    fn write_roster(&mut self, count: usize) {
        let shipped = fs::read_to_string(format!("{SHIPPED}/municipios.csv")).unwrap();
        let mut lines = shipped.lines();
        let mut roster = format!("{}\n", lines.next().unwrap());
        for (n, line) in lines.take(count).enumerate() {
            roster.push_str(&line.replace("@municipio.invalid", &format!("@municipio{}.es.gov.br", n % 3)));
            roster.push('\n');
            self.municipalities.push(MunicipalityCode::parse(line.split(';').next().unwrap()).unwrap());
        }
        fs::write(self.config().join("municipios.csv"), roster).unwrap();
    }

    pub(crate) fn write_vigia(&self, choice: &Choice) {
        let Choice { port, per_minute, per_day, connections, on_uncertain, opened, security, .. } = choice;
        let Choice { smtp, gsuas, .. } = choice;
        let host = if *security == "nenhuma" { "127.0.0.1" } else { "localhost" };
        let data = self.data();
        let data = data.display();
        let text = format!(
            r#"modo = "producao"
inicio = {opened}
limite_dia = 100000
ao_incerto = "{on_uncertain}"
dados = "{data}"
[horario]
das = "00:00"
as = "23:59:59"
somente_dias_uteis = false
[remetente]
nome = "Vigilância Socioassistencial"
email = "vigilancia@{DOMAIN}"
[smtp]
servidor = "{host}"
porta = {port}
seguranca = "{security}"
por_minuto = {per_minute}
por_dia = {per_day}
conexoes = {connections}
{smtp}
[gsuas]
email = {gsuas}
[alertas]
para = ["alertas@{DOMAIN}"]
pagina_do_dia = false
"#
        );
        fs::write(self.config().join("vigia.toml"), text).unwrap();
    }

    pub(crate) fn write_calendar(&self, choice: &Choice) {
        let mut text = format!(
            r#"[parte.GESTAO]
nome = "Gestão municipal"
responsavel = "smas"
[sistema.teste]
nome = "Sistema de teste"
link = "https://aplicacoes.mds.gov.br/"
partes = ["GESTAO"]
gerencias = []
divulgacao_para = {}
escada = [ {{ antes = "1d", para = ["smas"] }} ]
"#,
            choice.announced_to
        );
        for n in 1..=choice.windows {
            let _ = write!(
                text,
                "[[janela]]\nsistema = \"teste\"\nreferencia = \"{}\"\nabertura = {}\nprazo = {}\nfonte = \"teste\"\n",
                2000 + n,
                choice.opened,
                choice.deadline
            );
        }
        fs::write(self.config().join("calendario.toml"), text).unwrap();
    }

    /// What is to arrive: Message-ID and address of each divulgação, sorted.
    pub(crate) fn announcements(&self, choice: &Choice) -> Vec<(String, String)> {
        let mut expected: Vec<(String, String)> = (1..=choice.windows)
            .flat_map(|n| self.municipalities.iter().map(move |m| (n, m)))
            .map(|(n, m)| (format!("<teste.{}.divulgacao.{m}@{DOMAIN}>", 2000 + n), self.address(*m, "smas")))
            .collect();
        expected.sort();
        expected
    }

    /// The address of a role of a municipality.
    pub(crate) fn address(&self, municipality: MunicipalityCode, role: &str) -> String {
        let roster = fs::read_to_string(self.config().join("municipios.csv")).unwrap();
        let line = roster.lines().find(|l| l.starts_with(&municipality.to_string())).unwrap();
        let start = format!("{role}.");
        line.split(';').find(|cell| cell.starts_with(&start)).unwrap().to_owned()
    }

    // --- in this process

    pub(crate) fn setup(&self) -> Setup {
        match Setup::load(Some(&self.config()), Clock::System.now()) {
            Ok(setup) => setup,
            Err(vigia_suas::config::LoadError::Faulty(faults)) => panic!("{}", faults.render(false)),
            Err(other) => panic!("{other}"),
        }
    }

    /// The service over this installation's ledger, at one instant.
    pub(crate) async fn app(&self, now: Timestamp) -> Arc<App> {
        let store = Store::open(&self.database(), now).await.unwrap();
        App::new(self.setup(), store, Clock::Fixed(now))
    }

    /// Changes the ledger behind the store's back.
    pub(crate) async fn tamper(&self, sql: &str) {
        let url = format!("sqlite://{}", self.database().display());
        let mut conn = SqliteConnection::connect(&url).await.unwrap();
        let sql = format!("PRAGMA foreign_keys = OFF; {sql}");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
    }

    /// The file that says where the server is, where the ledger is on one.
    pub(crate) fn seat(&self) -> Option<PathBuf> {
        let paths = fs::read_dir(self.data()).unwrap().map(|entry| entry.unwrap().path());
        let is_seat = |path: &PathBuf| {
            path.extension().is_some_and(|end| end == "json") && path.to_string_lossy().contains("-servidor-")
        };
        paths.into_iter().find(is_seat)
    }

    /// The ledger, to read, whatever keeps it.
    pub(crate) async fn ledger(&self) -> Store {
        seat::read(&self.seat().unwrap_or_else(|| self.database())).await.unwrap()
    }

    // --- the program

    /// The program, not run yet: nothing of this process's environment is in its own.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = match &self.namespace {
            None => Command::new(program()),
            Some(name) => {
                // It becomes the program: the process is the same.
                let mut command = Command::new("/usr/bin/nsenter");
                command.arg(format!("--net=/run/netns/{name}")).arg(program());
                command
            }
        };
        command.current_dir(self.dir.path()).env_clear().arg("--config").arg(self.config()).args(args);
        command
    }

    /// Runs one command to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Runs one command, which must answer 0, and gives what it said.
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let (out, err) =
            (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert!(output.status.success(), "{args:?}: {}\n{out}\n{err}", output.status);
        out
    }

    /// Starts the daemon and waits until it says that it is ready.
    pub(crate) fn daemon(&self) -> Daemon {
        self.daemon_under(&[])
    }

    /// The same with more in its environment.
    pub(crate) fn daemon_under(&self, environment: &[(&str, &std::ffi::OsStr)]) -> Daemon {
        let daemon = self.starting(environment);
        daemon.wait_for("READY=1");
        daemon
    }

    /// The daemon, perhaps not ready yet.
    pub(crate) fn starting(&self, environment: &[(&str, &std::ffi::OsStr)]) -> Daemon {
        let path = self.dir.path().join("notify");
        let _gone = fs::remove_file(&path);
        let socket = UnixDatagram::bind(&path).unwrap();
        let log = self.dir.path().join("log");
        let append = || fs::OpenOptions::new().create(true).append(true).open(&log).unwrap();
        let child = self
            .command(&["servir"])
            .env("NOTIFY_SOCKET", &path)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::from(append()))
            .stderr(Stdio::from(append()))
            .spawn()
            .unwrap();
        Daemon { child, states: listen(socket), log }
    }
}

/// The daemon; killed when dropped.
pub(crate) struct Daemon {
    child: Child,
    states: Receiver<String>,
    log: PathBuf,
}

/// What a daemon tells, taken as it comes, as systemd takes it: a full socket would stop whoever tells.
fn listen(socket: UnixDatagram) -> Receiver<String> {
    let (told, states) = channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(read) = socket.recv(&mut buffer) {
            if told.send(String::from_utf8_lossy(&buffer[..read]).into_owned()).is_err() {
                return;
            }
        }
    });
    states
}

impl Daemon {
    /// Waits until the daemon tells systemd this.
    pub(crate) fn wait_for(&self, state: &str) {
        self.tells(state, |line| line == state);
    }

    /// Waits until what systemd shows of it has these words.
    pub(crate) fn shows(&self, words: &str) {
        self.tells(words, |line| line.starts_with("STATUS=") && line.contains(words));
    }

    fn tells(&self, what: &str, is_so: impl Fn(&str) -> bool) {
        loop {
            let Ok(told) = self.states.recv_timeout(PATIENCE) else { panic!("no {what}:\n{}", self.log()) };
            if told.lines().any(&is_so) {
                return;
            }
        }
    }

    /// Whether it gives no sign of life for several times as long as it does otherwise, once what it told before is heard.
    pub(crate) fn falls_silent(&self) {
        while self.states.try_recv().is_ok() {}
        while let Ok(told) = self.states.recv_timeout(Duration::from_secs(5)) {
            assert!(!told.contains("WATCHDOG=1"), "it gives signs of life:\n{}", self.log());
        }
    }

    /// Everything that daemons of this installation said so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Waits until it says that.
    pub(crate) fn logs(&self, words: &str) {
        let begun = Instant::now();
        while !self.log().contains(words) {
            assert!(begun.elapsed() < PATIENCE, "it never said “{words}”:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its resident memory, in KiB.
    pub(crate) fn resident_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and how it ended.
    pub(crate) fn terminate(self) -> ExitStatus {
        self.signal("TERM");
        self.ended()
    }

    /// How it ended, if it did.
    pub(crate) fn has_ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Waits for its end.
    pub(crate) fn ended(mut self) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                // What the scheduler's tasks call an error when there is nothing more to wait for.
                assert!(!self.log().contains("Error receiving"), "an end is no error:\n{}", self.log());
                return status;
            }
            assert!(started.elapsed() < PATIENCE, "it does not end:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        #[expect(clippy::print_stderr, reason = "shown with the failure of the test")]
        if std::thread::panicking() {
            // The installation may be gone before its daemon.
            eprintln!("{}", fs::read_to_string(&self.log).unwrap_or_default());
        }
        // Already gone where it ended by itself.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}
