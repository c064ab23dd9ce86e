//! A ledger of so many municipalities and years, made by the program's own passes in virtual time: every letter is
//! recorded, claimed, marked and settled, every load is taken in, and every deadline is recorded, as the daemon does it.
//! Only the relay is missing: it takes everything.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use vigia_suas::clock::Clock;
use vigia_suas::daemon::app::App;
use vigia_suas::daemon::lifecycle::Service;
use vigia_suas::daemon::reconcile::reconcile_once;
use vigia_suas::domain::calendar::Window;
use vigia_suas::domain::delivery::Outcome;
use vigia_suas::domain::id::{FeedId, MunicipalityCode, PartId, SnapshotId};
use vigia_suas::domain::status::{Basis, Observation, State};
use vigia_suas::domain::time::SendingHours;
use vigia_suas::intake::NewSnapshot;
use vigia_suas::store::AttemptEnd;
use vigia_suas::world::setup::Setup;

/// The systems whose forms are read, each by one feed of its name.
const SYSTEMS: [&str; 4] = ["rma", "sisc", "censo-suas", "plano-de-acao"];
/// While more waits than leaves in a minute, it is looked so often what else is to leave.
const LOOKS: SignedDuration = SignedDuration::from_mins(30);
/// A load a day before a deadline, and one a week before that.
const CLOSE: i64 = 12;

/// The n-th municipality, with the check digit that IBGE would give it.
pub(crate) fn code(n: usize) -> MunicipalityCode {
    let six = 320_000 + n;
    (0..10).find_map(|digit| MunicipalityCode::parse(&format!("{six}{digit}")).ok()).unwrap()
}

/// The settings of a service in production over the ledger in `dados`, with what the relay's table says and more tables.
pub(crate) fn settings(dir: &Path, from: Date, smtp: &str, more: &str) -> String {
    format!(
        r#"
modo = "producao"
inicio = {from}
limite_dia = 1000000
dados = "{}"
[remetente]
nome = "Vigilância Socioassistencial"
email = "vigilancia@vigia.medicao"
[smtp]
servidor = "127.0.0.1"
seguranca = "nenhuma"
{smtp}
[gerencia.GPSB]
nome = "Gerência de Proteção Social Básica"
email = "gpsb@vigia.medicao"
[gerencia.GPSE]
nome = "Gerência de Proteção Social Especial"
email = "gpse@vigia.medicao"
[gsuas]
nome = "Gerência do Sistema Único de Assistência Social"
email = "gsuas@vigia.medicao"
{more}
"#,
        dir.join("dados").display()
    )
}

/// The table of so many municipalities, each with an address of its secretariat and one of its council.
pub(crate) fn roster(municipalities: usize) -> String {
    let mut roster = String::from(
        "ibge;nome;regiao;smas_email;smas_titular;smas_telefone;cmas_email;cmas_titular;cmas_telefone;dispensas;observacao\n",
    );
    for n in 0..municipalities {
        writeln!(roster, "{};Município de número {n};Sul;smas@m{n}.medicao;;;cmas@m{n}.medicao;;;;", code(n))
            .unwrap();
    }
    roster
}

/// Writes files into a folder.
pub(crate) fn write(dir: &Path, files: &[(&str, &str)]) {
    fs::create_dir_all(dir).unwrap();
    for (name, text) in files {
        fs::write(dir.join(name), text).unwrap();
    }
}

/// Writes the configuration: the shipped calendar from a day on, a yearly census and plan, and so many municipalities.
pub(crate) fn configure(dir: &Path, municipalities: usize, from: Date) {
    let alerts = "[alertas]\npara = [\"vigilancia@vigia.medicao\"]";
    let settings = settings(dir, from, "porta = 2525", alerts);
    let shipped = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/config/calendario.toml")).unwrap();
    let first = from.year();
    let mut calendar = shipped
        .replace("\"2026-01\"", &format!("\"{first}-01\""))
        .replace("\"2026-T1\"", &format!("\"{first}-T1\""));
    for (system, (opens, first_day), (ends, last_day)) in
        [("censo-suas", (8, 15), (11, 5)), ("plano-de-acao", (9, 1), (10, 30))]
    {
        write!(
            calendar,
            "\n[sistema.{system}.recorrencia]\ncada = \"ano\"\nde = \"{first}\"\n\
             abre = {{ mais_meses = {opens}, dia = {first_day} }}\nprazo = {{ mais_meses = {ends}, dia = {last_day} }}\n\
             fonte = \"Medição\"\n"
        )
        .unwrap();
    }
    let mut feeds = String::new();
    for system in SYSTEMS {
        write!(
            feeds,
            "[fonte.{system}]\nsistema = \"{system}\"\ntipo = \"csv\"\norigem = \"pasta\"\nmunicipio = \"IBGE\"\n\
             parte_coluna = \"PARTE\"\nreferencia_coluna = \"REFERENCIA\"\nreferencia_formato = \"%m/%Y\"\n\
             sentido = \"situacao\"\nsituacao_coluna = \"SITUACAO\"\n\
             situacoes = {{ \"Sim\" = \"concluido\", \"Não\" = \"pendente\" }}\nminimo = 1\n"
        )
        .unwrap();
    }
    let roster = roster(municipalities);
    let files = [
        ("vigia.toml", settings.as_str()),
        ("calendario.toml", &calendar),
        ("fontes.toml", &feeds),
        ("municipios.csv", &roster),
    ];
    write(dir, &files);
}

/// A ledger as it grows. The configuration lies in the folder given, the ledger in its `dados`.
pub(crate) struct Years {
    /// The service without its loops.
    pub(crate) app: Arc<App>,
    _service: Service,
    windows: Vec<Window>,
    now: Timestamp,
    load: Date,
    loads: usize,
    /// Most letters that the relay takes in a minute; where there is a bound, only in the hours.
    pub(crate) a_minute: usize,
    /// Letters that were sent to one address each.
    pub(crate) letters: usize,
}

impl Years {
    /// Begins an empty one on the first day of the configuration.
    pub(crate) async fn begin(dir: &Path, from: Date, until: Date) -> Self {
        let zone = jiff::tz::TimeZone::get("America/Sao_Paulo").unwrap();
        let now = from.to_zoned(zone.clone()).unwrap().timestamp();
        let end = until.to_zoned(zone).unwrap().timestamp();
        let setup = Setup::load(Some(dir), now).unwrap_or_else(|fault| panic!("{fault}"));
        let service = Service::start(setup.clone(), Clock::Fixed(now)).await.unwrap();
        // The passes are told what time it is; the clock is only asked whether it stands before the ledger.
        let app = App::new(setup, service.app.store.clone(), Clock::Fixed(end));
        let windows = app.live().calendar.windows(until);
        Self { app, _service: service, windows, now, load: from, loads: 0, a_minute: usize::MAX, letters: 0 }
    }

    /// Goes on until an instant: wakes when something may change, and takes a load in where one is due.
    pub(crate) async fn run(&mut self, until: Timestamp) {
        let mut pass_at = self.now;
        loop {
            if self.now >= pass_at {
                let pass = reconcile_once(&self.app, self.now).await.unwrap();
                pass_at = pass.next_wake.unwrap_or(Timestamp::MAX);
            }
            let delivered = self.deliver().await;
            // What was taken may bring the next thing.
            let looks = if delivered < self.a_minute { SignedDuration::from_mins(1) } else { LOOKS };
            if delivered > 0 {
                pass_at = pass_at.min(self.now + looks);
            }
            let soon = self.now + SignedDuration::from_mins(1);
            let soon = if delivered == self.a_minute { self.hours().next_sending(soon) } else { pass_at };
            let load_at = self.at(self.load, 6);
            let next = pass_at.min(soon).min(load_at);
            if next > until {
                break;
            }
            self.now = next.max(self.now);
            if self.now >= load_at {
                self.take_in().await;
                self.load = self.load.tomorrow().unwrap();
                pass_at = self.now;
            }
        }
        self.now = until;
        self.app.store.heartbeat(until).await.unwrap();
    }

    fn hours(&self) -> SendingHours {
        self.app.live().calendar.hours.clone()
    }

    fn at(&self, day: Date, hour: i8) -> Timestamp {
        self.app.live().calendar.hours.zone.at(day, jiff::civil::time(hour, 0, 0, 0))
    }

    /// Delivers what is due, as far as the relay takes it; gives how many letters left.
    async fn deliver(&mut self) -> usize {
        let (store, now, mut left) = (&self.app.store, self.now, 0);
        let is_bound = self.a_minute < usize::MAX;
        while left < self.a_minute && !(is_bound && self.hours().next_sending(now) > now) {
            let claims = store.claim("medicao", now, (self.a_minute - left).min(500)).await.unwrap();
            if claims.is_empty() {
                break;
            }
            let marked = store.mark_sending(claims, now).await.unwrap();
            let end = |claim| AttemptEnd {
                claim,
                outcome: Outcome::Accepted { reply: "250 2.0.0 Ok: queued as 4cFv3g1Zz9z2".to_owned() },
                started_at: now,
                ended_at: now,
                next_attempt_at: None,
                rests_until: now,
            };
            let ends: Vec<AttemptEnd> = marked.into_iter().map(end).collect();
            left += ends.len();
            store.settle(ends).await.unwrap();
        }
        self.letters += left;
        left
    }

    /// Takes in what the systems say today, where a deadline is near, a window closed not long ago, or it is Monday.
    async fn take_in(&mut self) {
        let today = self.load;
        for system in SYSTEMS {
            let days = |window: &Window| {
                let ends = window.latest_deadline().unwrap().on;
                i64::from((ends - today).get_days())
            };
            let is_open = |window: &&Window| {
                window.system.as_str() == system && window.opens_on <= today && days(window) >= -10
            };
            let open: Vec<&Window> = self.windows.iter().filter(is_open).collect();
            let is_monday = today.weekday() == jiff::civil::Weekday::Monday;
            if !is_monday && !open.iter().any(|window| (-1..=CLOSE).contains(&days(window))) {
                continue;
            }
            let mut said = Vec::new();
            for window in open {
                // One in ten never fills it in.
                let done = (90 - days(window).clamp(0, 90)).unsigned_abs();
                for code in self.app.live().setup.config.roster.municipalities.keys() {
                    for part in &window.parts {
                        said.push(observation(window, *code, part, done));
                    }
                }
            }
            if said.is_empty() {
                continue;
            }
            self.loads += 1;
            let snapshot = NewSnapshot {
                id: SnapshotId::parse(&format!("{system}-{}", self.loads)).unwrap(),
                feed: FeedId::parse(system).unwrap(),
                taken_at: self.now,
                source: format!("{system}.csv"),
                sha256: format!("{:064x}", self.loads),
                rows: said.len(),
                rejected: 0,
                repeated: 0,
                form: None,
                reasons: Vec::new(),
                original: None,
            };
            self.app.store.accept_snapshot(snapshot, said.into_iter().collect(), self.now).await.unwrap();
        }
    }
}

/// Done where the lot of this municipality, window and part falls among the first `done` of a hundred.
fn observation(window: &Window, municipality: MunicipalityCode, part: &PartId, done: u64) -> Observation {
    let seed = format!("{municipality}{}{part}", window.id);
    let lot =
        seed.bytes().fold(7_u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(byte))) % 100;
    Observation {
        window: window.id.clone(),
        municipality,
        part: part.clone(),
        unit: None,
        state: if lot < done { State::Done } else { State::Pending },
        dated: None,
        basis: Basis::Row,
        line: 0,
        wording: None,
    }
}
