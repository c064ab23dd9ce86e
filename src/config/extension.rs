//! `[[janela.prorrogacao]]`: the deadline as announced anew. Only ever appended to.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time};

use super::fault::Severity;
use super::locate::{Log, Spot};
use super::names::Names;
use super::node::{Node, Value};
use super::read::Reader;
use super::value;
use super::window::Against;
use crate::domain::calendar::{Deadline, Edition};
use crate::domain::id::MunicipalityCode;

/// Every prorrogação of a window that has no fault, as an edition, with the place of its deadline.
pub(super) fn compile(
    table: &Reader<'_>,
    against: &Against<'_>,
    opens_on: Option<Date>,
    first: Option<Date>,
    default_time: Time,
) -> Vec<(Edition, Spot)> {
    let mut editions = Vec::new();
    let mut before: Option<Date> = None;
    for (place, inner) in table.tables("prorrogacao", "[[janela.prorrogacao]]").iter().enumerate() {
        let on = inner.need("prazo", "2026-12-19", value::date);
        let at = inner.get("prazo_hora", value::time).unwrap_or(default_time);
        let announced = inner.need("anunciada", "2026-12-05", value::date);
        let source = inner.need("fonte", "\"MDS, comunicado de …\"", value::filled);
        let municipalities = inner.get("municipios", |n, log| municipalities(n, log, against.names));
        inner.close(Severity::Error);
        check_dates(inner, against, opens_on, before, on, announced);
        before = announced.or(before);
        if let (Some(on), Some(announced), Some(source)) = (on, announced, source) {
            let edition = Edition {
                number: u16::try_from(place + 2).unwrap_or(u16::MAX),
                deadline: Some(Deadline::new(on, at)),
                announced_on: Some(announced),
                source,
                municipalities: municipalities.unwrap_or_default(),
            };
            repeated(inner, first.map(|on| Deadline::new(on, default_time)), &editions, &edition);
            editions.push((edition, inner.spot_of("prazo")));
        }
    }
    editions
}

/// A prorrogação with the deadline that already holds moves nothing.
fn repeated(inner: &Reader<'_>, first: Option<Deadline>, before: &[(Edition, Spot)], edition: &Edition) {
    let covers = |earlier: &Edition| {
        earlier.municipalities.is_empty() || !edition.municipalities.is_disjoint(&earlier.municipalities)
    };
    let last = before.iter().rev().map(|(earlier, _)| earlier).find(|earlier| covers(earlier));
    let in_force = last.map_or(first, |earlier| earlier.deadline);
    if let Some(deadline) = in_force.filter(|deadline| edition.deadline == Some(*deadline)) {
        inner.log.warn(
            &inner.spot_of("prazo"),
            format!("esta prorrogação repete o prazo que já vale ({})", deadline.on),
            "confira a data; com o mesmo prazo não há carta de prorrogação, e as cobranças seguem como estavam",
        );
    }
}

fn check_dates(
    inner: &Reader<'_>,
    against: &Against<'_>,
    opens_on: Option<Date>,
    before: Option<Date>,
    on: Option<Date>,
    announced: Option<Date>,
) {
    let log = inner.log;
    if let (Some(on), Some(opens)) = (on, opens_on)
        && on < opens
    {
        log.error(
            &inner.spot_of("prazo"),
            format!("o prazo prorrogado ({on}) cai antes da abertura ({opens})"),
            "confira o dia, o mês e o ano",
        );
    }
    let Some(announced) = announced else { return };
    let spot = inner.spot_of("anunciada");
    if opens_on.is_some_and(|opens| announced < opens) {
        log.error(
            &spot,
            format!("a prorrogação foi anunciada ({announced}) antes da abertura da janela"),
            "se o prazo mudou antes da abertura, corrija o `prazo` da janela",
        );
    }
    if before.is_some_and(|earlier| announced < earlier) {
        log.error(
            &spot,
            format!("esta prorrogação foi anunciada ({announced}) antes da anterior"),
            "escreva as prorrogações na ordem em que foram anunciadas",
        );
    }
    if announced > against.today {
        log.push(
            against.future,
            &spot,
            format!("a data do anúncio ({announced}) ainda não chegou"),
            "declare a prorrogação depois de anunciada",
        );
    }
}

fn municipalities(node: &Node, log: &Log, names: &Names) -> Option<BTreeSet<MunicipalityCode>> {
    let codes = value::list(node, log, |n| {
        let text = match &n.value {
            Value::Integer(code) => code.to_string(),
            _ => value::text(n, log)?,
        };
        let code = match MunicipalityCode::parse(&text) {
            Ok(code) => code,
            Err(error) => {
                let hint = names.meant(&text).unwrap_or_else(|| "escreva os 7 dígitos do IBGE".to_owned());
                return log.refuse(&n.spot, error.to_string(), hint);
            }
        };
        names.municipality(&text, &n.spot, log).then_some(code)
    })?;
    Some(codes.into_iter().collect())
}
