//! A configuration ready to work with: compiled, with its letters' templates, or every fault of both.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::seat;
use crate::config::{self, Config, Fault, Faults, LoadError, Mode, Severity, Sources, TemplateSource};
use crate::domain::calendar::Calendar;
use crate::domain::feed::{FeedSpec, Source};
use crate::domain::id::Reference;
use crate::feed;
use crate::files;
use crate::render::letter::{TemplateFault, Templates};
use crate::text::system::io_words;

/// The directory of an installation, looked at when no other is there.
pub const INSTALLED: &str = "/etc/vigia-suas";
/// The directory looked at first.
pub const LOCAL: &str = "config";

/// A configuration and the templates it writes letters with.
#[derive(Debug, Clone)]
pub struct Setup {
    pub config: Config,
    pub templates: Templates,
    /// Where it was read; absent: the copy inside the program.
    pub directory: Option<PathBuf>,
    pub sources: Arc<Sources>,
}

impl Setup {
    /// The directory to read: the one given, else `config`, else `/etc/vigia-suas`; none where neither is there.
    pub fn find(directory: Option<&Path>) -> Option<PathBuf> {
        directory.map(Path::to_owned).or_else(|| {
            // One file missing is a fault to be told, not a reason to run with the copy inside the program.
            let files = ["vigia.toml", "calendario.toml", "municipios.csv"];
            // So is a link that leads nowhere: a share that is not mounted.
            let is_name = |path: &Path| path.symlink_metadata().is_ok();
            let there = |dir: &&str| {
                let dir = Path::new(dir);
                dir.is_symlink() && !dir.exists() || files.iter().any(|file| is_name(&dir.join(file)))
            };
            [LOCAL, INSTALLED].iter().find(|dir| there(dir)).map(PathBuf::from)
        })
    }

    /// Reads a directory: the one given, else `config`, else `/etc/vigia-suas`, else the copy inside the program.
    ///
    /// # Errors
    /// What could not be read, or every fault of every file and template.
    pub fn load(directory: Option<&Path>, now: Timestamp) -> Result<Self, LoadError> {
        let (sources, found) = Self::read(directory)?;
        Self::compile(sources, found, now)
    }

    /// Reads the files without judging them, with where they were found.
    ///
    /// # Errors
    /// What could not be read.
    pub fn read(directory: Option<&Path>) -> Result<(Sources, Option<PathBuf>), LoadError> {
        let found = Self::find(directory);
        let sources = match &found {
            Some(directory) => Sources::read(directory)?,
            None => Sources::embedded(),
        }
        .with_environment();
        Ok((sources, found))
    }

    /// Compiles what was read.
    ///
    /// # Errors
    /// Every fault of every file and template.
    pub fn compile(sources: Sources, found: Option<PathBuf>, now: Timestamp) -> Result<Self, LoadError> {
        let written = sources.templates();
        let (templates, mut faults) = templates(&written);
        let departures = templates.iter().flat_map(Templates::departures).map(|departure| {
            let mut fault = place(&written, departure);
            fault.severity = Severity::Warning;
            fault
        });
        let departures: Vec<Fault> = departures.collect();
        match config::compile(&sources, now) {
            Ok(mut config) => {
                faults.extend(check_feeds(&config, now));
                config.warnings = Faults::sorted(config.warnings.into_iter().chain(departures).collect()).0;
                match templates {
                    Some(templates) if faults.is_empty() => {
                        Ok(Self { config, templates, directory: found, sources: Arc::new(sources) })
                    }
                    _ => Err(LoadError::Faulty(Faults::sorted(
                        config.warnings.into_iter().chain(faults).collect(),
                    ))),
                }
            }
            Err(LoadError::Faulty(found)) => {
                Err(LoadError::Faulty(Faults::sorted(found.0.into_iter().chain(faults).collect())))
            }
            Err(other) => Err(other),
        }
    }

    /// The calendar as the daemon keeps it: a rehearsal does not wait for sending hours.
    pub fn live_calendar(&self) -> Calendar {
        let mut calendar = self.config.calendar.clone();
        calendar.hours.waits = self.config.settings.mode == Mode::Production;
        calendar
    }

    /// The path that names the ledger: one for each mode, so that a rehearsal never counts as told. With a server, what
    /// lies there says where that is (see [`seat`]).
    pub fn database(&self) -> PathBuf {
        seat::path(&self.config.settings)
    }

    /// What names it and the program that works with it: what one concluded of a window, another may not.
    pub fn basis(&self) -> String {
        format!("{} {}", env!("CARGO_PKG_VERSION"), self.sources.fingerprint())
    }

    /// Whether its ledger is the one in that file, however the way there is written.
    pub fn keeps(&self, ledger: &Path) -> bool {
        files::is_same(&self.database(), ledger)
    }

    /// The database's name in `dados`.
    pub fn database_name(mode: Mode) -> &'static str {
        seat::file_name(mode)
    }
}

/// The letters' templates, or every fault of theirs: a template that does not read keeps none of the others from being
/// tried, with the program's own in its place.
fn templates(sources: &[TemplateSource]) -> (Option<Templates>, Vec<Fault>) {
    let overrides = |without: &[TemplateFault]| -> Vec<(String, String)> {
        let whole = sources.iter().filter(|t| without.iter().all(|fault| fault.file != t.name));
        whole.map(|t| (t.name.clone(), t.text.clone())).collect()
    };
    let (templates, mut faults) = match Templates::compile(overrides(&[])) {
        Ok(templates) => (Some(templates), Vec::new()),
        Err(faults) => (Templates::compile(overrides(&faults)).ok(), faults),
    };
    faults.extend(templates.iter().filter(|own| !own.are_shipped()).flat_map(Templates::check));
    let whole = faults.is_empty();
    (templates.filter(|_| whole), faults.into_iter().map(|fault| place(sources, fault)).collect())
}

/// A template's fault in its file. Where the message ends with something that the line has, that is underlined.
fn place(sources: &[TemplateSource], fault: TemplateFault) -> Fault {
    let source = sources.iter().find(|t| t.name == fault.file);
    let path = source.map_or_else(|| format!("modelos/{}", fault.file), |t| t.path.clone());
    let text = source.map_or("", |t| t.text.as_str());
    let named = fault.message.rsplit_once(": ").map(|(_, name)| name.to_owned());
    let placed = Fault::at_line(path, fault.line.unwrap_or(0), text, fault.message, fault.hint);
    match named {
        Some(name) => placed.underlining(&name),
        None => placed,
    }
}

/// What only the feed room can judge: addresses that cannot be filled in, and files of authorities that are not there.
fn check_feeds(config: &Config, now: Timestamp) -> Vec<Fault> {
    let today = config.calendar.hours.zone.date_of(now);
    let ground = (&config.calendar, &config.roster);
    let mut faults = Vec::new();
    let mut fault = |spec: &FeedSpec, what: &dyn std::fmt::Display, hint: &str| {
        let message = format!("fonte “{}”: {what}", spec.id);
        faults.push(Fault::at_line("fontes.toml".to_owned(), 0, "", message, hint.to_owned()));
    };
    for spec in config.feeds.iter().filter(|spec| spec.enabled) {
        let Source::Http { url, manners, .. } = &spec.source else { continue };
        let reference = Reference::Month(2026, 1);
        if let Err(error) = feed::pages::pages(url, spec, ground, &[reference], today) {
            fault(spec, &error, "corrija `url`, ou escreva `ativa = false` na fonte");
        }
        if let Some(path) = &manners.authorities
            && let Err(error) = std::fs::read(path)
        {
            let what = format!("`ca_arquivo` {} não pôde ser lido: {}", path.display(), io_words(&error));
            fault(spec, &what, "confira o caminho e se o serviço pode ler o arquivo");
        }
    }
    faults
}

#[cfg(test)]
impl Setup {
    /// What comes with the program: a rehearsal, which needs no relay.
    pub(crate) fn shipped(now: Timestamp) -> Self {
        Self::load(Some(&Path::new(env!("CARGO_MANIFEST_DIR")).join("config")), now).unwrap()
    }
}
