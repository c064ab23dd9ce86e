//! `[[janela]]` of `calendario.toml`: windows written out, with their prorrogações.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::Date;

use super::fault::Severity;
use super::locate::{Log, Spot};
use super::names::Names;
use super::node::Node;
use super::read::Reader;
use super::{extension, system, value};
use crate::domain::calendar::{Deadline, Edition, Halt, HaltKind, System, Window};
use crate::domain::id::{Reference, SystemId, WindowId};

/// A window as announced at first lasts weeks; one that lasts longer is rather a slip in the year.
const LONGEST_DAYS: i64 = 366;

/// A window and the places that checks across windows point at.
pub(super) struct Written {
    pub(super) window: Window,
    pub(super) id_spot: Spot,
    pub(super) opening_spot: Spot,
    pub(super) depends_spot: Spot,
    pub(super) extension_spot: Option<Spot>,
}

/// What windows are checked against.
pub(super) struct Against<'a> {
    pub(super) names: &'a Names,
    pub(super) systems: &'a BTreeMap<SystemId, System>,
    pub(super) today: Date,
    /// Severity of an `anunciada` in the future: a fault in production only.
    pub(super) future: Severity,
}

/// Every `[[janela]]` without faults.
pub(super) fn windows(top: &Reader<'_>, against: &Against<'_>) -> Vec<Written> {
    top.tables("janela", "[[janela]]").iter().filter_map(|table| window(table, against)).collect()
}

fn window(table: &Reader<'_>, against: &Against<'_>) -> Option<Written> {
    let system = table.need("sistema", "\"censo-suas\"", |n, log| {
        let text = value::filled(n, log)?;
        let names = against.names.systems.as_ref();
        let known = Names::check(names, log, Severity::Error, &n.spot, "sistema não declarado", &text);
        known.then(|| SystemId::parse(&text).ok())?
    });
    let reference = table.need("referencia", "\"2026\"", value::reference);
    let name = table.get("nome", value::filled);
    let parts = table.get("partes", |n, log| system::parts_of(n, log, against.names));
    let respondent = table.get("responsavel", |n, log| value::word(n, log, &system::RESPONDENTS));
    let opens_on = table.need("abertura", "2026-10-01", value::date);
    let deadline_on = table.get("prazo", value::date);
    let deadline_at = table.get("prazo_hora", value::time).unwrap_or(Deadline::DEFAULT_TIME);
    let source = table.need("fonte", "\"Portaria MDS nº …\"", value::filled);
    let depends_on = table.get("depende_de", depends_on);
    let sanction = table.get("sancao", system::sanction);
    let halt = halt(table);
    if let (Some(opens), Some(deadline)) = (opens_on, deadline_on)
        && deadline < opens
    {
        table.log.error(
            &table.spot_of("prazo"),
            format!("o prazo ({deadline}) cai antes da abertura ({opens})"),
            "confira o dia, o mês e o ano das duas datas",
        );
    }
    if let (Some(opens), Some(deadline)) = (opens_on, deadline_on)
        && deadline > opens.saturating_add(LONGEST_DAYS.days())
    {
        table.log.warn(
            &table.spot_of("prazo"),
            format!("a janela fica aberta mais de um ano, de {opens} a {deadline}"),
            "confira o ano das duas datas",
        );
    }
    if let (Some(reference), Some(opens)) = (reference, opens_on) {
        before_its_time(table, reference, opens, deadline_on.unwrap_or(opens));
    }
    let extensions = extension::compile(table, against, opens_on, deadline_on, deadline_at);
    table.close(Severity::Error);

    let (system, reference) = (system?, reference?);
    let compiled = against.systems.get(&system);
    if !table.has("prazo") {
        recurring_deadline(table, compiled, reference, name.as_deref());
    }
    let id = WindowId::new(&system, reference, name.as_deref())
        .map_err(|error| {
            table.log.error(
                &table.spot_of("nome"),
                error.to_string(),
                "use letras e números, como \"onda 1\"",
            );
        })
        .ok()?;
    let parts = match parts {
        Some(parts) => parts,
        None if table.has("partes") => return None,
        None => compiled?.parts.clone(),
    };
    let first = Edition {
        number: 1,
        deadline: deadline_on.map(|on| Deadline::new(on, deadline_at)),
        announced_on: None,
        source: source?,
        municipalities: BTreeSet::new(),
    };
    let extension_spot = extensions.last().map(|(_, spot)| spot.clone());
    let window = Window {
        id,
        system,
        reference,
        name,
        parts,
        respondent,
        opens_on: opens_on?,
        editions: std::iter::once(first).chain(extensions.into_iter().map(|(e, _)| e)).collect(),
        depends_on,
        halt,
        sanction,
        recurring: false,
    };
    halt_that_stops_nothing(table, &window);
    deadline_within_halt(table, &window);
    Some(Written {
        window,
        id_spot: if table.has("nome") { table.spot_of("nome") } else { table.spot_of("referencia") },
        opening_spot: table.spot_of("abertura"),
        depends_spot: table.spot_of("depende_de"),
        extension_spot,
    })
}

/// A window that was over before what it asks about began has rather last year's dates.
fn before_its_time(table: &Reader<'_>, reference: Reference, opens: Date, ends: Date) {
    let (year, month) = reference.first_month();
    if (ends.year(), ends.month()) < (year, month) {
        table.log.warn(
            &table.spot_of("abertura"),
            format!("a janela de {reference} vai de {opens} a {ends}, antes de {reference} começar"),
            "confira o ano: as datas não são as da referência anterior?",
        );
    }
}

/// A window written over a recurring one without `prazo` would silently become "prazo a definir".
fn recurring_deadline(table: &Reader<'_>, system: Option<&System>, reference: Reference, name: Option<&str>) {
    let recurrence = system.and_then(|s| s.recurrence.as_ref());
    if let Some(recurrence) = recurrence
        && name.is_none()
        && std::mem::discriminant(&reference) == std::mem::discriminant(&recurrence.first)
    {
        table.log.warn(
            &table.spot,
            "esta janela toma o lugar da recorrência e, sem `prazo`, fica com prazo a definir",
            format!(
                "para manter o prazo da recorrência, escreva `prazo = {}`",
                recurrence.deadline.of(reference)
            ),
        );
    }
}

fn depends_on(node: &Node, log: &Log) -> Option<WindowId> {
    let text = value::text(node, log)?;
    if text.is_empty() {
        return None;
    }
    value::identifier(node, log, WindowId::parse(&text), "escreva como \"plano-de-acao/2026/gestor\"")
}

fn halt(table: &Reader<'_>) -> Option<Halt> {
    let words =
        [("normal", None), ("suspensa", Some(HaltKind::Suspended)), ("cancelada", Some(HaltKind::Cancelled))];
    let kind = table.get("situacao", |n, log| value::word(n, log, &words));
    let since = table.get("situacao_desde", value::date);
    let until = table.get("situacao_ate", value::date);
    if kind.flatten().is_none() && (kind.is_some() || !table.has("situacao")) {
        for key in ["situacao_desde", "situacao_ate"].into_iter().filter(|k| table.has(k)) {
            table.log.error(
                &table.spot_of(key),
                format!("há `{key}`, mas a janela não está suspensa nem cancelada"),
                "escreva `situacao = \"suspensa\"` ou \"cancelada\", ou apague esta linha",
            );
        }
    }
    if let (Some(since), Some(until)) = (since, until)
        && until <= since
    {
        table.log.error(
            &table.spot_of("situacao_ate"),
            format!("`situacao_ate` ({until}) vem antes de `situacao_desde` ({since}), ou no mesmo dia"),
            "confira as duas datas",
        );
    }
    Some(Halt { kind: kind.flatten()?, since, until })
}

/// A `situacao` that is written as if it held, while a prorrogação announced after it has ended it: whoever wrote it
/// believes that nobody is chased.
fn halt_that_stops_nothing(table: &Reader<'_>, window: &Window) {
    let (Some(halt), Some((edition, announced))) = (window.halt, window.halt_ended_by()) else { return };
    let word = match halt.kind {
        HaltKind::Suspended => "suspensa",
        HaltKind::Cancelled => "cancelada",
    };
    let Some(since) = halt.since else {
        table.log.error(
            &table.spot_of("situacao"),
            format!(
                "`situacao = \"{word}\"` sem `situacao_desde` não para nada: a edição {} já tem outro prazo",
                edition.number
            ),
            "escreva em `situacao_desde` o dia em que se soube que a janela parou",
        );
        return;
    };
    if halt.until.is_none_or(|until| until > announced) {
        table.log.error(
            &table.spot_of("situacao"),
            format!(
                "{word} desde {since}, mas retomada pela prorrogação anunciada em {announced}: nada está parado"
            ),
            format!(
                "escreva `situacao_ate = {announced}`, ou corrija `situacao_desde` se a janela parou depois"
            ),
        );
    }
}

/// A suspension that begins before a deadline and ends after it: nothing follows from a deadline that passed meanwhile, and
/// nobody is told another (decision 0072).
fn deadline_within_halt(table: &Reader<'_>, window: &Window) {
    let Some(Halt { kind: HaltKind::Suspended, since, until: Some(until) }) = window.halt else { return };
    if window.halt_ended_by().is_some() {
        return;
    }
    let last =
        window.editions.iter().rposition(|edition| edition.municipalities.is_empty()).unwrap_or_default();
    let deadlines = window.editions.iter().skip(last).filter_map(|edition| edition.deadline);
    let mut within = deadlines.map(|deadline| deadline.on);
    if let Some(deadline) = within.find(|day| since.is_none_or(|since| since <= *day) && *day < until) {
        table.log.warn(
            &table.spot_of("situacao_ate"),
            format!(
                "o prazo ({deadline}) passa durante a suspensão, que vai até {until}: nada segue dele, nem remessa"
            ),
            "se há outro prazo, escreva-o com “vigia-suas prorrogar”; se não há, escreva `situacao = \"cancelada\"`",
        );
    }
}
