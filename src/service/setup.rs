//! A configuration ready to work with: compiled, with its letters' templates, or every fault of both.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::config::{self, Config, Fault, Faults, LoadError, Mode};
use crate::domain::calendar::Calendar;
use crate::feed;
use crate::render::letter::{TemplateFault, Templates};

/// The directory of an installation, looked at when no other is there.
pub const INSTALLED: &str = "/etc/vigia-suas";
/// The directory looked at first.
pub const LOCAL: &str = "config";

/// A configuration and the templates it writes letters with.
#[derive(Debug, Clone)]
pub struct Setup {
    /// What operators wrote.
    pub config: Config,
    /// The letters' templates.
    pub templates: Templates,
    /// Where it was read; absent: the copy inside the program.
    pub directory: Option<PathBuf>,
}

impl Setup {
    /// Reads a directory: the one given, else `config`, else `/etc/vigia-suas`, else the copy inside the program.
    ///
    /// # Errors
    /// What could not be read, or every fault of every file and template.
    pub fn load(directory: Option<&Path>, now: Timestamp) -> Result<Self, LoadError> {
        let found = directory.map(Path::to_owned).or_else(|| {
            let there = |dir: &&str| Path::new(dir).join("vigia.toml").is_file();
            [LOCAL, INSTALLED].iter().find(|dir| there(dir)).map(PathBuf::from)
        });
        let config = match &found {
            Some(directory) => config::load(directory, now)?,
            None => config::load_embedded(now)?,
        };
        let templates = templates(&config)?;
        check_feeds(&config)?;
        Ok(Self { config, templates, directory: found })
    }

    /// The calendar as the daemon keeps it: a rehearsal does not wait for sending hours (DESIGN §4).
    #[must_use]
    pub fn live_calendar(&self) -> Calendar {
        let mut calendar = self.config.calendar.clone();
        calendar.hours.waits = self.config.settings.mode == Mode::Production;
        calendar
    }

    /// Where the database is: one for each mode, so that a rehearsal never counts as told.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        let name = match self.config.settings.mode {
            Mode::Rehearsal => "vigia-ensaio.db",
            Mode::Production => "vigia.db",
        };
        self.config.settings.data.join(name)
    }
}

fn templates(config: &Config) -> Result<Templates, LoadError> {
    let place = |fault: TemplateFault| {
        let source = config.templates.iter().find(|t| t.name == fault.file);
        let path = source.map_or_else(|| format!("modelos/{}", fault.file), |t| t.path.clone());
        let text = source.map_or("", |t| t.text.as_str());
        Fault::at_line(path, fault.line.unwrap_or(0), text, fault.message, fault.hint)
    };
    let gather = |faults: Vec<TemplateFault>| Faults(faults.into_iter().map(place).collect());
    let overrides = config.templates.iter().map(|t| (t.name.clone(), t.text.clone()));
    let templates = Templates::compile(overrides).map_err(|faults| LoadError::Faulty(gather(faults)))?;
    let faults = templates.check();
    if faults.is_empty() { Ok(templates) } else { Err(LoadError::Faulty(gather(faults))) }
}

/// What only the feed room can judge: addresses that cannot be filled in.
fn check_feeds(config: &Config) -> Result<(), LoadError> {
    let mut faults = Vec::new();
    for spec in config.feeds.iter().filter(|spec| spec.enabled) {
        let crate::domain::feed::Source::Http { url, .. } = &spec.source else { continue };
        let reference = crate::domain::id::Reference::Month(2026, 1);
        if let Err(error) = feed::url::expand(url, "ES", Some(reference)) {
            let hint = "use só {uf} e {referencia:%m/%Y} no endereço".to_owned();
            let message = format!("fonte “{}”: {error}", spec.id);
            faults.push(Fault::at_line("fontes.toml".to_owned(), 0, "", message, hint));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(LoadError::Faulty(Faults(faults))) }
}
