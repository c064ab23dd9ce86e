//! What operators wrote, compiled into the domain's terms: or every fault of every file at once, each at its place.
//!
//! Reading order: `source` (files), `node` and `sheet` (values that know their place; `excel` is what
//! spreadsheets do to them), `overlay` (defaults, file,
//! environment), `read`, `value` and `word` (typed reading that goes on after a fault), then one file for each thing read:
//! `vigia` with `sender`, `relay` and `panel`, `system` with `ladder` and `recurrence`, `window` with `extension` and
//! `crossing`, `holiday`, `municipality` with `namesake`,
//! `unit`, `mailbox` with `slip` (what the roster's addresses are beside one another), `feed` with `register`, `news` and `fetch`; `compile` joins them. `fault` and `show` are what comes out when
//! it cannot be, `place` finds where a window is written, `extension_writer` writes a prorrogação down, and `rewrite` changes
//! `unidades.csv`.
//!
//! Architecture invariant: no clock, no network, and no password is read here; a configuration that has a fault gives
//! no part of itself.

mod address;
mod channel;
mod compile;
mod crossing;
mod database;
mod excel;
mod extension;
mod extension_writer;
mod fault;
mod feed;
mod fetch;
mod format;
mod holiday;
mod ladder;
mod locate;
mod mailbox;
mod mapping;
mod municipality;
mod names;
mod namesake;
mod near;
mod news;
mod node;
mod overlay;
mod panel;
mod place;
mod read;
mod recurrence;
mod register;
mod relay;
mod rewrite;
mod sender;
mod settings;
mod sheet;
mod show;
mod slip;
mod source;
mod syntax;
mod system;
mod unit;
mod value;
mod vigia;
mod window;
mod word;

#[cfg(test)]
mod tests;

use std::path::Path;

use jiff::Timestamp;

use crate::domain::calendar::Calendar;
use crate::domain::feed::FeedSpec;
use crate::domain::news::NewsSpec;
use crate::domain::register::RegisterSpec;
use crate::domain::roster::Roster;
use crate::domain::secretariat::Secretariat;

pub use address::PLACEHOLDER;
pub use compile::{calendar_then, compile, roster};
pub use database::server;
pub use extension_writer::{NewExtension, Unwritten, ends_halt, write_extension};
pub use fault::{Fault, Faults, LoadError, Severity};
pub use near::{either, nearest};
pub use place::{WindowKey, fault_at};
pub use rewrite::{RewriteError, rewrite};
pub use settings::{
    ChannelSettings, DatabaseSettings, DatabaseTls, Mode, OauthGrant, OauthSettings, PanelSettings, PanelTls,
    RelayPatience, RelaySecurity, RelaySettings, ServerSettings, Settings, SignalFormat, SignalSettings,
    UncertainPolicy, WebhookFormat, WebhookSettings,
};
pub use source::{SECRET_VARIABLES, Sources};
pub use vigia::{Whereabouts, mode_of, whereabouts};

/// A configuration without faults.
#[derive(Debug, Clone)]
pub struct Config {
    pub settings: Settings,
    pub calendar: Calendar,
    pub roster: Roster,
    pub secretariat: Secretariat,
    /// Where status comes from, by id as written.
    pub feeds: Vec<FeedSpec>,
    /// Registers of units, by id as written.
    pub registers: Vec<RegisterSpec>,
    /// Where news comes from, by id as written.
    pub news: Vec<NewsSpec>,
    /// Letters of the operators' own, in place of the program's.
    pub templates: Vec<TemplateSource>,
    /// What somebody should look at.
    pub warnings: Vec<Fault>,
    /// SHA-256 (hexadecimal) over every file and overriding variable.
    pub fingerprint: String,
}

/// A file of `modelos/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateSource {
    /// Its name: `divulgacao.assunto.txt`, `divulgacao.txt`, `divulgacao.html`.
    pub name: String,
    /// Where it is, for faults of its own.
    pub path: String,
    pub text: String,
}

/// Compiles the configuration of a directory, overridden by `VIGIA_…` variables of the environment.
///
/// # Errors
/// [`LoadError`]: what could not be read, or every fault of every file.
pub fn load(directory: &Path, now: Timestamp) -> Result<Config, LoadError> {
    compile(&Sources::read(directory)?.with_environment(), now)
}

/// Compiles the configuration shipped inside the program, overridden by `VIGIA_…` variables of the environment.
///
/// # Errors
/// [`LoadError::Faulty`], when a variable makes a fault.
pub fn load_embedded(now: Timestamp) -> Result<Config, LoadError> {
    compile(&Sources::embedded().with_environment(), now)
}
