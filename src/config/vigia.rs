//! `vigia.toml`: how the daemon runs, who signs, and the secretariat's own addresses.

use std::path::PathBuf;

use jiff::SignedDuration;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::fault::Severity;
use super::locate::Log;
use super::names::Reserved;
use super::node::{self, Node};
use super::overlay::overlay;
use super::read::Reader;
use super::settings::{ChannelSettings, Mode, Settings, UncertainPolicy};
use super::source::Sources;
use super::{channel, database, panel, relay, sender, value};
use crate::domain::roster::Offices;
use crate::domain::secretariat::Secretariat;
use crate::domain::time::Zone;

/// What stands where `vigia.toml` says nothing.
pub(super) const DEFAULTS: &str = r#"
modo = "ensaio"
ao_incerto = "reenviar"
dados = "var"
fuso = "America/Sao_Paulo"
guardar_anos = 5
retomar_contato_dias = 90
vigiar_arquivos = false
[horario]
das = "08:00"
as = "18:00"
somente_dias_uteis = true
[alertas]
pagina_do_dia = true
[saude]
atraso = "15min"
[banco]
url = "sqlite"
"#;

/// `vigia.toml`, compiled. Whatever had faults is absent.
pub(super) struct Vigia {
    pub(super) settings: Option<Settings>,
    pub(super) secretariat: Option<Secretariat>,
    pub(super) offices: Offices,
    pub(super) zone: Option<Zone>,
    pub(super) hours: Option<(Time, Time, bool)>,
    pub(super) starts_on: Option<Date>,
    pub(super) daily_limit: Option<usize>,
    pub(super) mode: Mode,
}

/// What of a configuration says where its ledger is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whereabouts {
    /// `modo`
    pub mode: Mode,
    /// `dados`
    pub data: PathBuf,
}

/// Where the ledger of a configuration is, whatever else is wrong with it; nothing when that cannot be read.
pub fn whereabouts(sources: &Sources) -> Option<Whereabouts> {
    let unheard = Log::default();
    let document = merged(sources, &unheard)?;
    let top = Reader::of(&document, "vigia.toml", &unheard)?;
    let data = top.get("dados", value::filled)?;
    // Where it lies on a server a whole file says, or the pointer.
    top.table("banco")?.get("url", value::filled).filter(|url| url == "sqlite")?;
    Some(Whereabouts { mode: top.get("modo", mode)?, data: PathBuf::from(data) })
}

/// How a configuration has the service run, whatever else is wrong with it; nothing when that cannot be read.
pub fn mode_of(sources: &Sources) -> Option<Mode> {
    let unheard = Log::default();
    let document = merged(sources, &unheard)?;
    Reader::of(&document, "vigia.toml", &unheard)?.get("modo", mode)
}

/// `vigia.toml` between the defaults and the environment.
pub(super) fn merged(sources: &Sources, log: &Log) -> Option<Node> {
    let file = node::parse(sources.shown("vigia.toml"), sources.bytes("vigia.toml")?, log)?;
    let defaults = node::parse("valores padrão".to_owned(), DEFAULTS.as_bytes(), log)?;
    Some(overlay(&defaults, &file, sources.variables()))
}

fn mode(node: &Node, log: &Log) -> Option<Mode> {
    value::word(node, log, &[("ensaio", Mode::Rehearsal), ("producao", Mode::Production)])
}

/// Compiles the merged document.
pub(super) fn compile(document: &Node, reserved: &Reserved, log: &Log) -> Option<Vigia> {
    let top = Reader::of(document, "vigia.toml", log)?;
    let mode = top.get("modo", mode);
    let starts_on = top.get("inicio", value::date);
    if mode == Some(Mode::Production) && !top.has("inicio") {
        top.log.error(
            &top.spot_of("modo"),
            "em produção, falta a chave `inicio`",
            "escreva `inicio = 2026-12-01`: o que venceria antes desse dia nunca é enviado",
        );
    }
    let daily_limit = top.get("limite_dia", |n, log| value::number(n, log, 1, 1_000_000));
    let zone = top.get("fuso", zone);
    let hours = hours(&top);
    let returns = sender::returns(&top, reserved);
    let secretariat = sender::secretariat(&top, &returns, reserved);
    let (offices, channels) = sender::offices(&top, reserved);
    let settings = settings(&top, mode, returns.maildir, channels, reserved);
    top.close(Severity::Error);
    Some(Vigia {
        settings,
        secretariat,
        offices,
        zone,
        hours,
        starts_on,
        daily_limit,
        mode: mode.unwrap_or(Mode::Rehearsal),
    })
}

fn zone(node: &Node, log: &Log) -> Option<Zone> {
    let name = value::filled(node, log)?;
    let zone = TimeZone::get(&name).ok();
    if zone.is_none() {
        log.error(
            &node.spot,
            format!("fuso horário desconhecido: “{name}”"),
            "no Espírito Santo, escreva \"America/Sao_Paulo\"",
        );
    }
    zone.map(Zone::new)
}

fn hours(top: &Reader<'_>) -> Option<(Time, Time, bool)> {
    let table = top.table("horario")?;
    let from = table.get("das", value::time);
    let until = table.get("as", value::time);
    let only = table.get("somente_dias_uteis", value::flag);
    table.close(Severity::Error);
    let (from, until) = (from?, until?);
    if from >= until {
        return table.log.refuse(
            &table.spot_of("as"),
            "o horário de envio termina antes de começar",
            "`das` deve ser mais cedo que `as`: das = \"08:00\", as = \"18:00\"",
        );
    }
    Some((from, until, only?))
}

fn settings(
    top: &Reader<'_>,
    mode: Option<Mode>,
    returns: Option<PathBuf>,
    channels: ChannelSettings,
    reserved: &Reserved,
) -> Option<Settings> {
    let on_uncertain = top.get("ao_incerto", |n, log| {
        value::word(n, log, &[("reenviar", UncertainPolicy::Resend), ("reter", UncertainPolicy::Hold)])
    });
    let data = top.get("dados", value::filled);
    let keep_years = top.get("guardar_anos", |n, log| value::number(n, log, 1, 100));
    let retry_days = top.get("retomar_contato_dias", |n, log| value::number::<i64>(n, log, 1, 3_650));
    let watch_files = top.get("vigiar_arquivos", value::flag);
    let relay = top.table("smtp").and_then(|table| relay::compile(&table, reserved));
    if mode == Some(Mode::Production) && !top.has("smtp") {
        top.log.error(
            &top.spot_of("modo"),
            "em produção, falta a tabela [smtp]",
            "escreva [smtp] com `servidor`, `porta` e `seguranca`, como no exemplo de vigia.toml",
        );
    }
    let panel = top.table("painel").and_then(|table| panel::compile(&table));
    let signal = channel::signal(top);
    let lateness = top.table("saude").and_then(|table| {
        let lateness = table.get("atraso", value::duration);
        table.close(Severity::Error);
        lateness
    });
    let database = top.table("banco").and_then(|table| database::compile(&table));
    Some(Settings {
        mode: mode?,
        on_uncertain: on_uncertain?,
        data: PathBuf::from(data?),
        relay,
        returns,
        panel,
        channels,
        signal,
        lateness: lateness?,
        database: database?,
        keep_years: keep_years?,
        retry_contact_after: SignedDuration::from_hours(24 * retry_days?),
        watch_files: watch_files?,
    })
}
