//! What every command works with: the configuration, now, and where its answer goes.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::args::{Command, Invocation, Moment};
use super::terminal;
use crate::clock::Clock;
use crate::config::{LoadError, Mode};
use crate::desk::order::{self, OrderError};
use crate::domain::calendar::Calendar;
use crate::domain::id::WindowId;
use crate::domain::overrides::{Authorship, Overrides};
use crate::files;
use crate::plan::Plan;
use crate::render::portuguese;
use crate::store::{Store, StoreError};
use crate::telemetry::{chain, faults_for_logs};
use crate::text::system::io_words;
use crate::text::visible;
use crate::world::aside;
use crate::world::known::{Depth, Known};
use crate::world::last_good::{self, RefusedFiles};
use crate::world::live::Live;
use crate::world::overview::{self, AsOf};
use crate::world::seat;
use crate::world::setup::Setup;

/// How a command ended well: done, or with a negative answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// Exit 0.
    Done,
    /// Exit 1: faults found, divergence, refused.
    Negative,
}

/// Why a command could not answer, in the operators' words, with its exit code.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) code: u8,
    pub(super) text: String,
    /// The same for programs, where the answer itself is the failure.
    pub(super) data: Option<String>,
}

impl Failure {
    /// Exit 1.
    pub(super) fn refused(text: impl Into<String>) -> Self {
        Self::new(1, &text.into())
    }

    /// Whatever the text quotes of others steers no terminal.
    fn new(code: u8, text: &str) -> Self {
        Self { code, text: visible::lines(text), data: None }
    }

    /// Exit 2.
    fn usage(text: &str) -> Self {
        Self::new(2, &format!("erro: {text}"))
    }

    /// Exit 3.
    pub(super) fn failed(text: impl std::fmt::Display) -> Self {
        Self::new(3, &format!("erro: {text}"))
    }

    /// Exit 3, with the whole chain. A hint comes last, whatever lies beneath the error that gives it.
    pub(super) fn could_not(error: &(dyn std::error::Error + 'static)) -> Self {
        let whole = chain(error);
        let told = error.to_string();
        let text = match told.split_once("\ndica: ") {
            None => whole,
            Some((what, hint)) => {
                let beneath = whole.strip_prefix(&told).unwrap_or_default();
                format!("{what}{beneath}\ndica: {hint}")
            }
        };
        Self::failed(text)
    }

    /// Exit 3: a file that an operator named cannot be read.
    pub(super) fn unreadable(path: &Path, error: &io::Error, hint: &str) -> Self {
        Self::failed(format!("não foi possível ler {}: {}\ndica: {hint}", path.display(), io_words(error)))
    }

    /// Exit 3: a file that an operator named cannot be written.
    pub(super) fn unwritable(path: &Path, error: &io::Error, hint: &str) -> Self {
        Self::failed(format!("não foi possível gravar {}: {}\ndica: {hint}", path.display(), io_words(error)))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::could_not(&error)
    }
}

impl From<OrderError> for Failure {
    fn from(error: OrderError) -> Self {
        match error {
            OrderError::Store(store) => store.into(),
            refused => Self::refused(format!("erro: {refused}")),
        }
    }
}

/// What a command came to.
pub(super) type Result<T = Answer> = std::result::Result<T, Failure>;

/// The configuration, now, and how to answer.
pub(super) struct Session {
    pub(super) setup: Setup,
    pub(super) clock: Clock,
    pub(super) json: bool,
    /// What the files hold and cannot be used, where the last good configuration stands in.
    pub(super) refused: Option<RefusedFiles>,
    /// Whether this is the last good configuration and not what the files say, faulty or held.
    pub(super) is_aside: bool,
    at: Option<Moment>,
}

impl Session {
    /// Reads the configuration. Where the files cannot be used, a command that is about the service and its ledger
    /// works with the last good one, and says so.
    pub(super) async fn open(invocation: &Invocation) -> Result<Self> {
        // The configuration judges future announcements by the machine's clock or by `--em`.
        let machine = Clock::System.now();
        let first = match invocation.at {
            Some(Moment::Instant(at)) => at,
            _ => machine,
        };
        let directory = invocation.config.as_deref();
        let (setup, refused, is_aside) = match Setup::load(directory, first) {
            Ok(setup) => {
                let follows = invocation.command.follows_the_service();
                match if follows { last_good::while_held(&setup, first).await } else { None } {
                    Some((kept, held)) => {
                        let zone = &kept.setup.config.calendar.hours.zone;
                        // Where it is the answer itself it is not said twice.
                        if !matches!(invocation.command, Command::Health) {
                            remark(&format!("aviso: {}", aside::words(&held, zone)));
                        }
                        (kept.setup, None, true)
                    }
                    None => (setup, None, false),
                }
            }
            Err(error) => {
                let failure = match &error {
                    // What the service says before it starts lands in its log.
                    LoadError::Faulty(faults)
                        if matches!(invocation.command, Command::Run { .. })
                            && !io::stderr().is_terminal() =>
                    {
                        Failure::refused(format!(
                            "{}\ndica: “vigia-suas verificar” mostra cada falha por inteiro",
                            faults_for_logs(&faults.render(false))
                        ))
                    }
                    _ => load_failure(error, invocation.json),
                };
                let refused = last_good::load(directory, first).err();
                let kept = match &refused {
                    Some(_) if invocation.command.goes_on() => last_good::find(directory, first).await,
                    _ => None,
                };
                let Some(kept) = kept else { return Err(failure) };
                let zone = &kept.setup.config.calendar.hours.zone;
                remark(&format!(
                    "aviso: os arquivos da configuração têm falhas; respondo com a última boa, guardada no livro em \
                     {}\ndica: rode “vigia-suas verificar”",
                    portuguese::instant(kept.since, zone)
                ));
                (kept.setup, refused, true)
            }
        };
        if invocation.at.is_some()
            && setup.config.settings.mode == Mode::Production
            && invocation.command.acts()
        {
            return Err(Failure::usage(
                "em modo produção, “--em” só vale para comandos que apenas leem: este grava, envia ou recebe dados, e \
                 isso acontece agora, não em outro dia\n\
                 dica: rode sem --em; para ver outro dia use “plano --em”, “simular” ou um ensaio (VIGIA_MODO=ensaio)",
            ));
        }
        let zone = &setup.config.calendar.hours.zone;
        let clock = match invocation.at {
            None => Clock::System,
            Some(Moment::Instant(at)) => Clock::Fixed(at),
            Some(Moment::Civil(at)) => Clock::Fixed(zone.at(at.date(), at.time())),
            Some(Moment::Day(day)) => Clock::Fixed(zone.start_of(day)),
        };
        Ok(Self { clock, json: invocation.json, at: invocation.at, refused, is_aside, setup })
    }

    /// The civil day of now.
    pub(super) fn today(&self) -> Date {
        self.setup.config.calendar.hours.zone.date_of(self.now())
    }

    /// Who decides, why, and that it is now.
    pub(super) fn by(&self, author: &str, reason: &str) -> Result<Authorship> {
        Ok(order::authorship(author, reason, self.now())?)
    }

    /// The instant asked for, where it is not the machine's.
    pub(super) fn other_instant(&self) -> Option<Moment> {
        self.at
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The instant up to which something is to be shown "as known then": a day means its end.
    pub(super) fn as_known_at(&self) -> Option<Timestamp> {
        let zone = &self.setup.config.calendar.hours.zone;
        match self.at? {
            // Its last second: midnight would be shown as the next day.
            Moment::Day(day) => zone.end_of(day).checked_sub(SignedDuration::from_secs(1)).ok(),
            Moment::Instant(_) | Moment::Civil(_) => Some(self.now()),
        }
    }

    /// Whether something was known by the instant asked for; of now everything is.
    pub(super) fn knows(&self, at: Timestamp) -> bool {
        self.as_known().knows(at)
    }

    /// Now, or the instant up to which something is to be shown "as known then".
    pub(super) fn as_known(&self) -> AsOf {
        self.as_known_at().map_or_else(|| AsOf::Now(self.now()), AsOf::Then)
    }

    /// The instant that `plano` and `porque` decide at, with what was known by it; a day means its first instant.
    pub(super) fn as_of(&self) -> AsOf {
        match self.at {
            None => AsOf::Now(self.now()),
            Some(_) => AsOf::Then(self.now()),
        }
    }

    /// The calendar with sending hours, as `plano` and `simular` always apply them.
    pub(super) fn calendar(&self) -> Calendar {
        let mut calendar = self.setup.config.calendar.clone();
        calendar.hours.waits = true;
        calendar
    }

    /// The ledger to read, if there is one yet.
    pub(super) async fn ledger(&self) -> Result<Option<Store>> {
        let path = self.setup.database();
        // What may not be looked at is not absent.
        let hint = "rode o comando como o usuário do serviço, ou como root";
        match path.try_exists() {
            Ok(true) => {
                let store = seat::read(&path).await?;
                if let Some(gone) = store.gone().await? {
                    let zone = &self.setup.config.calendar.hours.zone;
                    remark(&format!(
                        "aviso: este livro mudou para {} em {}, e o que se mostra é de antes\ndica: escreva em [banco] de \
                         vigia.toml onde ele está",
                        gone.to,
                        portuguese::instant(gone.at, zone)
                    ));
                }
                Ok(Some(store))
            }
            Ok(false) => Ok(None),
            Err(error) => Err(Failure::unreadable(&path, &error, hint)),
        }
    }

    /// The ledger to write, created if need be.
    pub(super) async fn writable_ledger(&self) -> Result<Store> {
        Ok(seat::begin(&self.setup.config.settings, self.now()).await?)
    }

    /// What people decided, as the ledger has it or had it then.
    pub(super) async fn overrides(&self) -> Result<Overrides> {
        Ok(match (self.ledger().await?, self.as_known_at()) {
            (Some(store), None) => store.overrides().await?,
            (Some(store), Some(at)) => store.overrides_as_known(at).await?,
            (None, _) => Overrides::default(),
        })
    }

    /// The world as the ledger has it, or as an empty one would: what is open or is reported on, and some windows; and
    /// what a pass would do in it.
    pub(super) async fn decided(&self, store: Option<&Store>, also: &[WindowId]) -> Result<(Known, Plan)> {
        let live = Arc::new(Live::under(self.setup.clone(), self.calendar()));
        Ok(overview::read(live, store, also, self.as_of()).await?)
    }

    /// What people decided about some windows, and who had filled in what of them.
    pub(super) async fn filled_in(
        &self,
        store: &Store,
        windows: BTreeSet<WindowId>,
        as_of: AsOf,
    ) -> Result<Known> {
        let when = (as_of.at(), matches!(as_of, AsOf::Then(_)));
        let live = Arc::new(Live::under(self.setup.clone(), self.calendar()));
        Ok(Box::pin(Known::filled_in(live, store, &windows, when)).await?)
    }

    /// So much of it, under a calendar with or without sending hours.
    pub(super) async fn known_to(&self, calendar: Calendar, depth: Depth) -> Result<Known> {
        let (store, now) = (self.ledger().await?, self.now());
        let over = async |calendar, depth| {
            Known::over(self.setup.clone(), calendar, store.as_ref(), depth, now).await
        };
        let Some(_) = self.at else { return Ok(over(calendar, depth).await?) };
        let mut known = over(calendar.clone(), depth).await?;
        // Asked for another instant on purpose: that is no clock gone wrong. With the clock, it was not asked which
        // letters are counted together.
        if known.ledger.high_water.take().is_some_and(|mark| now < mark) {
            known = over(calendar, Depth::Whole).await?;
            known.ledger.high_water = None;
        }
        Ok(known)
    }
}

pub(super) fn load_failure(error: LoadError, json: bool) -> Failure {
    match error {
        LoadError::Faulty(faults) if json => {
            let answer = serde_json::json!({ "falhas": faults, "contradicoes": [], "cartas": 0 });
            Failure { code: 1, text: faults.summary(), data: Some(answer.to_string()) }
        }
        // Its colours are ours, and what it quotes is visible already.
        LoadError::Faulty(faults) => {
            Failure { code: 1, text: faults.render(terminal::colours()), data: None }
        }
        LoadError::Unreadable { path, source } => Failure::unreadable(&path, &source, LoadError::HINT),
    }
}

/// Opens a file that an operator named. A pipe that has a name is none, and may never end; one of the shell's (`<(…)`,
/// `/dev/stdin`) was meant.
pub(super) fn opened(path: &Path) -> Result<File> {
    let found = if path.starts_with("/dev") { Ok(None) } else { files::open_to_read(path) };
    // What is not there is told by whoever looks for it.
    let opened = found.and_then(|file| file.map_or_else(|| File::open(path), Ok));
    opened.map_err(|error| Failure::unreadable(path, &error, "confira o nome do arquivo"))
}

/// The bytes of a file that an operator named.
pub(super) fn bytes_of(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = opened(path)?.read_to_end(&mut bytes);
    read.map_err(|error| Failure::unreadable(path, &error, "confira o nome do arquivo"))?;
    Ok(bytes)
}

/// Why something that was said did not get out whole, the first time that it did not.
static UNSAID: OnceLock<String> = OnceLock::new();

/// Why the answer did not get out whole, in the operators' words.
pub(super) fn unsaid() -> Option<&'static str> {
    UNSAID.get().map(String::as_str)
}

/// Writes to stdout, nothing of which steers a terminal. That it could not be written is told at the end ([`unsaid`]).
pub(super) fn say(text: &str) {
    let mut text = visible::lines(text);
    if !text.ends_with('\n') {
        text.push('\n');
    }
    say_bytes(text.as_bytes());
}

/// Writes a document to stdout as it is.
pub(super) fn say_bytes(bytes: &[u8]) {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => {}
        // A reader that went away (`| head`) has what it wanted.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        Err(error) => drop(UNSAID.set(io_words(&error))),
    }
}

/// Writes a remark to stderr, nothing of which steers a terminal.
pub(super) fn remark(text: &str) {
    remark_styled(&visible::lines(text));
}

/// Writes a remark that has colours of ours, or that [`Failure`] made; what it quotes is visible already.
pub(super) fn remark_styled(text: &str) {
    let mut out = io::stderr().lock();
    drop(writeln!(out, "{}", text.trim_end()));
}
