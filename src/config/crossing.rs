//! What windows owe one another: ids of their own, dependencies that exist and do not go round, parts not shared.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::locate::{Log, Spot};
use super::near::nearest;
use super::window::Written;
use crate::domain::calendar::{Calendar, HaltKind, Window};
use crate::domain::id::WindowId;

/// Checks windows against one another, and gives those whose ids are theirs alone.
pub(super) fn check(written: Vec<Written>, log: &Log) -> Vec<Written> {
    let mut seen: BTreeMap<WindowId, Spot> = BTreeMap::new();
    let mut kept = Vec::new();
    for one in written {
        if let Some(first) = seen.get(&one.window.id) {
            log.error(
                &one.id_spot,
                format!("a janela “{}” já foi declarada na linha {}", one.window.id, first.line()),
                "se são duas janelas da mesma referência, dê a cada uma um `nome`; se é o mesmo prazo que mudou, declare uma prorrogação",
            );
            continue;
        }
        seen.insert(one.window.id.clone(), one.id_spot.clone());
        kept.push(one);
    }
    kept
}

/// Dependencies: each must exist and lead nowhere near its own beginning.
pub(super) fn dependencies(written: &[Written], calendar: &Calendar, log: &Log) {
    let next: BTreeMap<&WindowId, &WindowId> =
        written.iter().filter_map(|w| Some((&w.window.id, w.window.depends_on.as_ref()?))).collect();
    for one in written {
        let Some(target) = &one.window.depends_on else { continue };
        if let Some(why) = calendar.window(target).as_ref().and_then(never_ends) {
            log.warn(
                &one.depends_spot,
                format!("a janela “{target}” está {why}: onde não foi concluída, esta espera por ela, e nada é devido nem cobrado"),
                "se esta não precisa mais esperar, tire o `depende_de`",
            );
        }
        if calendar.window(target).is_none() {
            let known = written.iter().map(|w| w.window.id.as_str());
            let hint = nearest(target.as_str(), known).map_or_else(
                || "escreva uma janela deste calendário, como \"plano-de-acao/2026/gestor\"".to_owned(),
                |near| format!("você quis dizer “{near}”?"),
            );
            log.error(&one.depends_spot, format!("a janela “{target}” não existe"), hint);
            continue;
        }
        let mut met = BTreeSet::from([&one.window.id]);
        let mut at = target;
        loop {
            if *at == one.window.id {
                log.error(
                    &one.depends_spot,
                    format!("a janela “{}” acaba por depender de si mesma", one.window.id),
                    "tire um dos `depende_de` do círculo",
                );
                break;
            }
            if !met.insert(at) {
                break;
            }
            match next.get(at) {
                Some(further) => at = further,
                None => break,
            }
        }
    }
}

/// Two windows of one reference that share a part may not run at once, unless a prorrogação made it so.
pub(super) fn overlaps(written: &[Written], calendar: &Calendar, log: &Log) {
    for (place, one) in written.iter().enumerate() {
        let recurring = WindowId::new(&one.window.system, one.window.reference, None)
            .ok()
            .filter(|id| written.iter().all(|w| w.window.id != *id))
            .and_then(|id| calendar.window(&id));
        for other in written[..place].iter().map(|w| &w.window).chain(recurring.as_ref()) {
            pair(one, other, written, log);
        }
    }
}

fn pair(one: &Written, other: &Window, written: &[Written], log: &Log) {
    let window = &one.window;
    if (&window.system, window.reference) != (&other.system, other.reference) {
        return;
    }
    let Some(part) = window.parts.iter().find(|p| other.parts.contains(p)) else { return };
    if cancelled(window) || cancelled(other) {
        return;
    }
    let first = |w: &Window| w.editions.first().and_then(|e| e.deadline).map(|d| d.on);
    let last = |w: &Window| w.latest_deadline().map(|d| d.on);
    if meet(window.opens_on, first(window), other.opens_on, first(other)) {
        log.error(
            &one.opening_spot,
            format!("esta janela e “{}” correm ao mesmo tempo para a parte “{part}”", other.id),
            "separe as datas ou as partes das duas janelas",
        );
    } else if meet(window.opens_on, last(window), other.opens_on, last(other)) {
        let theirs = written.iter().find(|w| w.window.id == other.id).and_then(|w| w.extension_spot.as_ref());
        log.warn(
            one.extension_spot.as_ref().or(theirs).unwrap_or(&one.opening_spot),
            format!(
                "com a prorrogação, “{}” e “{}” correm ao mesmo tempo para a parte “{part}”",
                window.id, other.id
            ),
            "se foi isso que o MDS anunciou, nada a fazer",
        );
    }
}

/// In words, how a window stands that nothing in the files lets go on.
fn never_ends(window: &Window) -> Option<&'static str> {
    let halt = window.halt?;
    let ends = halt.until.is_some() || window.editions.iter().any(|edition| halt.is_ended_by(edition));
    (!ends).then_some(match halt.kind {
        HaltKind::Cancelled => "cancelada",
        HaltKind::Suspended => "suspensa, sem dia em que acabe",
    })
}

fn cancelled(window: &Window) -> bool {
    window.halt.is_some_and(|halt| halt.kind == HaltKind::Cancelled)
}

/// Whether two spans of days share one; an end not known is never.
fn meet(a: Date, a_end: Option<Date>, b: Date, b_end: Option<Date>) -> bool {
    a_end.is_none_or(|end| b <= end) && b_end.is_none_or(|end| a <= end)
}
