//! `escada`: the rungs between an opening and its deadline.

use std::collections::BTreeMap;

use super::fault::Severity;
use super::locate::{Log, Spot};
use super::names::Names;
use super::node::Node;
use super::read::Reader;
use super::value;
use crate::domain::calendar::{Audience, CopyTo, OnUnconfirmed, Rung};

/// No window is announced so far ahead of its deadline.
const MOST_DAYS: u16 = 365;

/// The rungs, the farthest from the deadline first.
pub(super) fn compile(node: &Node, log: &Log, names: &Names) -> Option<Vec<Rung>> {
    let mut seen: BTreeMap<u16, Spot> = BTreeMap::new();
    let mut rungs: Vec<Rung> = value::list(node, log, |n| {
        let table = Reader::of(n, "um degrau de `escada`", log)?;
        let days = table.need("antes", "\"5d\"", |n, log| value::days(n, log, MOST_DAYS));
        let audience = table.need("para", "[\"smas\"]", |n, log| audiences(n, log, names));
        let copies = table.get("copia", |n, log| {
            let words = [("gerencia", CopyTo::Gerencia), ("gsuas", CopyTo::Gsuas)];
            value::list(n, log, |c| value::word(c, log, &words))
        });
        let unconfirmed = table.get("sem_confirmacao", |n, log| {
            let words = [("lembrete", OnUnconfirmed::Remind), ("reter", OnUnconfirmed::Withhold)];
            value::word(n, log, &words)
        });
        table.close(Severity::Error);
        let days_before = days?;
        if let Some(first) = seen.insert(days_before, table.spot_of("antes")) {
            log.error(
                &table.spot_of("antes"),
                format!("o degrau “{days_before}d” já está na linha {}", first.line()),
                "deixe um só degrau para cada quantidade de dias",
            );
        }
        Some(Rung {
            days_before,
            audience: audience?,
            copies: copies.unwrap_or_default(),
            unconfirmed: unconfirmed.unwrap_or(OnUnconfirmed::Withhold),
        })
    })?;
    rungs.sort_by_key(|rung| std::cmp::Reverse(rung.days_before));
    Some(rungs)
}

/// `para`: whom a rung addresses.
pub(super) fn audiences(node: &Node, log: &Log, names: &Names) -> Option<Vec<Audience>> {
    let audience = value::list(node, log, |n| audience(n, log, names))?;
    if matches!(&node.value, super::node::Value::List(nodes) if nodes.is_empty()) {
        return log.refuse(
            &node.spot,
            "a lista de destinatários está vazia",
            "escreva a quem: [\"smas\", \"cmas\"]",
        );
    }
    Some(audience)
}

fn audience(node: &Node, log: &Log, names: &Names) -> Option<Audience> {
    let text = value::filled(node, log)?;
    Some(match text.as_str() {
        "smas" => Audience::Smas,
        "cmas" => Audience::Cmas,
        "unidade" => Audience::Unit,
        "respondente" => Audience::Respondent,
        other => {
            if let Some(roles) = &names.roles
                && !roles.contains(other)
            {
                let fixed = ["smas", "cmas", "unidade", "respondente"];
                let known: Vec<&str> = fixed.into_iter().chain(roles.iter().map(String::as_str)).collect();
                let what = "destinatário desconhecido";
                value::unknown(log, Severity::Error, &node.spot, what, other, known.iter().copied());
                return None;
            }
            Audience::Role(other.into())
        }
    })
}
