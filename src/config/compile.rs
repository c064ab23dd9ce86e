//! All the files into one configuration, or all the faults of all of them.

use jiff::Timestamp;

use super::fault::{Faults, LoadError, Severity};
use super::locate::{Log, Spot};
use super::mailbox::Mailboxes;
use super::names::{Names, Reserved};
use super::node::{self, Node};
use super::read::Reader;
use super::sheet::Sheet;
use super::source::{Sources, most_bytes};
use super::vigia::Vigia;
use super::window::{Against, windows};
use super::{
    Config, Mode, TemplateSource, crossing, feed, holiday, municipality, news, register, system, unit, vigia,
};
use crate::domain::calendar::Calendar;
use crate::domain::feed::FeedSpec;
use crate::domain::holiday::Holidays;
use crate::domain::news::NewsSpec;
use crate::domain::register::RegisterSpec;
use crate::domain::roster::Roster;
use crate::domain::time::{SendingHours, Zone};

/// Compiles a configuration as it stands at `now` (an announcement in the future is no fact yet).
///
/// # Errors
/// [`LoadError::Faulty`] with every fault and warning of every file.
pub fn compile(sources: &Sources, now: Timestamp) -> Result<Config, LoadError> {
    let log = Log::default();
    let config = whole(sources, now, &log);
    if config.is_none() && !log.has_errors() {
        // What gives nothing says why; this is for the reader that one day forgets to.
        let message = "a configuração não pôde ser entendida, e o programa não sabe dizer por quê";
        log.error(&Spot::Default, message, "desfaça a última mudança e avise quem mantém o programa");
    }
    let broken = log.has_errors();
    let faults = Faults::sorted(log.into_faults());
    match config {
        Some(config) if !broken => Ok(Config { warnings: faults.0, ..config }),
        _ => Err(LoadError::Faulty(faults)),
    }
}

/// The municipalities and units of a configuration that was in force once, whatever this program would find at fault in it.
pub fn roster(sources: &Sources) -> Roster {
    let (log, reserved) = (Log::default(), Reserved::default());
    let (calendar, sheet) =
        (toml(sources, "calendario.toml", true, &log), csv(sources, "municipios.csv", &log));
    let names = names(calendar.as_ref(), None, sheet.as_ref());
    let mailboxes = Mailboxes::new(&reserved);
    let municipalities =
        sheet.map(|sheet| municipality::compile(&sheet, &names, &mailboxes, false, &log)).unwrap_or_default();
    let units =
        csv(sources, "unidades.csv", &log).and_then(|sheet| unit::compile(&sheet, &names, &mailboxes, &log));
    Roster { municipalities, units, ..Roster::default() }
}

/// The calendar of a configuration that was in force once, likewise; absent where nothing of it can be read. It is only
/// asked for what its windows are: hours and holidays are nobody's.
pub fn calendar_then(sources: &Sources, now: Timestamp) -> Option<Calendar> {
    let log = Log::default();
    let document = toml(sources, "calendario.toml", true, &log)?;
    let sheet = csv(sources, "municipios.csv", &log);
    let vigia = vigia::merged(sources, &log);
    let names = names(Some(&document), vigia.as_ref(), sheet.as_ref());
    let hours = SendingHours {
        zone: Zone::new(jiff::tz::TimeZone::UTC),
        from: jiff::civil::Time::midnight(),
        until: jiff::civil::Time::MAX,
        business_days_only: true,
        holidays: Holidays::national(),
        waits: false,
    };
    calendar(&document, &names, hours, now, false, &log)
}

fn names(calendar: Option<&Node>, vigia: Option<&Node>, municipalities: Option<&Sheet>) -> Names {
    Names {
        systems: Names::of(calendar, "sistema"),
        parts: Names::of(calendar, "parte"),
        gerencias: Names::of(vigia, "gerencia"),
        roles: municipalities.map(|s| municipality::roles(s).into_iter().collect()),
        municipalities: municipalities.map(municipality::names),
    }
}

/// What to do about a custom that nobody confirmed.
const CONFIRM: &str = "confira link, abertura e prazo com o MDS e apague `a_confirmar`";

impl Config {
    /// How many systems and recurrences follow a custom that nobody confirmed (`a_confirmar`); in production they are
    /// warned of.
    pub fn unconfirmed(&self) -> usize {
        self.warnings.iter().filter(|warning| warning.hint == CONFIRM).count()
    }
}

fn whole(sources: &Sources, now: Timestamp, log: &Log) -> Option<Config> {
    if too_long(sources, log) {
        return None;
    }
    let reserved = Reserved::default();
    if sources.bytes("vigia.toml").is_none() {
        missing(sources, "vigia.toml", log);
    }
    let vigia_document = vigia::merged(sources, log);
    let calendar_document = toml(sources, "calendario.toml", true, log);
    let sheet = csv(sources, "municipios.csv", log);
    if sheet.is_none() && sources.bytes("municipios.csv").is_none() {
        missing(sources, "municipios.csv", log);
    }
    let names = names(calendar_document.as_ref(), vigia_document.as_ref(), sheet.as_ref());
    let vigia = vigia_document.as_ref().and_then(|document| vigia::compile(document, &reserved, log));
    let production = vigia.as_ref().is_some_and(|v| v.mode == Mode::Production);

    let mailboxes = Mailboxes::new(&reserved);
    let municipalities = sheet
        .as_ref()
        .map(|sheet| municipality::compile(sheet, &names, &mailboxes, production, log))
        .unwrap_or_default();
    let units =
        csv(sources, "unidades.csv", log).and_then(|sheet| unit::compile(&sheet, &names, &mailboxes, log));
    mailboxes.check(log);
    let holidays = toml(sources, "feriados.toml", false, log)
        .map_or_else(Holidays::national, |document| Holidays::with(holiday::compile(&document, log)));
    let zone = vigia.as_ref().and_then(|v| v.zone.clone());
    let calendar = calendar_document.as_ref().and_then(|document| {
        let hours = SendingHours {
            zone: zone.clone().unwrap_or_else(|| Zone::new(jiff::tz::TimeZone::UTC)),
            from: jiff::civil::Time::midnight(),
            until: jiff::civil::Time::MAX,
            business_days_only: true,
            holidays,
            waits: production,
        };
        calendar(document, &names, hours, now, production, log)
    });
    let feeds = toml(sources, "fontes.toml", false, log)
        .and_then(|document| feeds(&document, &names, municipalities.len(), log))
        .unwrap_or_default();
    let templates = templates(sources, log);
    if production {
        reserved.refuse(log);
    }
    join(vigia?, calendar?, Roster { municipalities, units, ..Roster::default() }, feeds, templates, sources)
}

/// What `fontes.toml` declares.
#[derive(Default)]
struct Feeds {
    status: Vec<FeedSpec>,
    registers: Vec<RegisterSpec>,
    news: Vec<NewsSpec>,
}

fn feeds(document: &Node, names: &Names, municipalities: usize, log: &Log) -> Option<Feeds> {
    let top = Reader::of(document, "fontes.toml", log)?;
    let feeds = Feeds {
        status: feed::compile(&top, names, municipalities),
        registers: register::compile(&top, names),
        news: news::compile(&top, names),
    };
    top.close(Severity::Error);
    feed::one_name_each(document, log);
    Some(feeds)
}

fn join(
    vigia: Vigia,
    mut calendar: Calendar,
    mut roster: Roster,
    feeds: Feeds,
    templates: Vec<TemplateSource>,
    sources: &Sources,
) -> Option<Config> {
    let (from, until, business_days_only) = vigia.hours?;
    calendar.hours = SendingHours { from, until, business_days_only, ..calendar.hours };
    calendar.starts_on = vigia.starts_on;
    // A day on which every municipality is written to three times is a mistake until somebody says otherwise.
    calendar.daily_limit = vigia.daily_limit.unwrap_or(3 * roster.municipalities.len());
    roster.offices = vigia.offices;
    Some(Config {
        settings: vigia.settings?,
        calendar,
        roster,
        secretariat: vigia.secretariat?,
        feeds: feeds.status,
        registers: feeds.registers,
        news: feeds.news,
        templates,
        warnings: Vec::new(),
        fingerprint: sources.fingerprint(),
    })
}

fn calendar(
    document: &Node,
    names: &Names,
    hours: SendingHours,
    now: Timestamp,
    production: bool,
    log: &Log,
) -> Option<Calendar> {
    let top = Reader::of(document, "calendario.toml", log)?;
    let parts = system::parts(&top, names);
    let (systems, unconfirmed) = system::systems(&top, names);
    for (what, spot) in &unconfirmed {
        log.warn(spot, format!("{what} segue um costume, sem fonte oficial conferida"), CONFIRM);
    }
    let against = Against {
        names,
        systems: &systems,
        today: hours.zone.date_of(now),
        future: if production { Severity::Error } else { Severity::Warning },
    };
    let written = crossing::check(windows(&top, &against), log);
    top.close(Severity::Error);
    let declared = written.iter().map(|w| w.window.clone()).collect();
    let calendar = Calendar { hours, parts, systems, declared, starts_on: None, daily_limit: 0 };
    crossing::dependencies(&written, &calendar, log);
    crossing::overlaps(&written, &calendar, log);
    Some(calendar)
}

fn toml(sources: &Sources, name: &str, required: bool, log: &Log) -> Option<Node> {
    let Some(bytes) = sources.bytes(name) else {
        if required {
            missing(sources, name, log);
        }
        return None;
    };
    node::parse(sources.shown(name), bytes, log)
}

fn csv(sources: &Sources, name: &str, log: &Log) -> Option<Sheet> {
    Sheet::read(sources.shown(name), sources.bytes(name)?, log)
}

/// Files longer than any configuration's: none is read, for their cause is another than their faults.
fn too_long(sources: &Sources, log: &Log) -> bool {
    let beyond = sources.files().filter(|(name, bytes)| bytes.len() > most_bytes(name));
    let told = beyond.map(|(name, _)| {
        log.error(
            &Spot::Whole(sources.shown(name)),
            format!("o arquivo passa de {} KB", most_bytes(name) / 1024),
            "confira se é mesmo este o arquivo e se nada foi colado muitas vezes",
        );
    });
    told.count() > 0
}

fn missing(sources: &Sources, name: &str, log: &Log) {
    log.error(
        &Spot::Whole(sources.shown(name)),
        format!("falta o arquivo {name}"),
        "copie o que acompanha o programa e adapte-o",
    );
}

fn templates(sources: &Sources, log: &Log) -> Vec<TemplateSource> {
    for (name, _) in sources.letters().filter(|(_, bytes)| std::str::from_utf8(bytes).is_err()) {
        let path = sources.shown(&format!("modelos/{name}"));
        log.error(&Spot::Whole(path), "o modelo não está em UTF-8", "no editor, salve o arquivo como UTF-8");
    }
    sources.templates()
}
