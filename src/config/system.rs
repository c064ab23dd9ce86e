//! `[parte.X]` and `[sistema.X]` of `calendario.toml`: who fills in, and in what.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::fault::Severity;
use super::locate::{Log, Spot};
use super::names::Names;
use super::node::{Entry, Node};
use super::read::Reader;
use super::{ladder, recurrence, value};
use crate::domain::calendar::{Audience, Part, Respondent, Sanction, System};
use crate::domain::id::{GerenciaId, PartId, SystemId};

/// `responsavel`, in words.
pub(super) const RESPONDENTS: [(&str, Respondent); 3] =
    [("unidade", Respondent::Unit), ("smas", Respondent::Smas), ("cmas", Respondent::Cmas)];

/// Every `[parte.X]` without faults.
pub(super) fn parts(top: &Reader<'_>, names: &Names) -> BTreeMap<PartId, Part> {
    let mut parts = BTreeMap::new();
    for (entry, table) in top.named("parte") {
        let id = key_id(entry, top.log, PartId::parse(&entry.key), "use um nome como [parte.CRAS]");
        let name = table.need("nome", "\"CRAS\"", value::filled);
        let respondent = table.need("responsavel", "\"unidade\"", |n, log| value::word(n, log, &RESPONDENTS));
        let gerencia = table.get("gerencia", |n, log| gerencia(n, log, names));
        table.close(Severity::Error);
        if let (Some(id), Some(name), Some(respondent)) = (id, name, respondent) {
            parts.insert(id.clone(), Part { id, name, respondent, gerencia });
        }
    }
    parts
}

/// Every `[sistema.X]` without faults, and the places that await confirmation (`a_confirmar = true`).
pub(super) fn systems(top: &Reader<'_>, names: &Names) -> (BTreeMap<SystemId, System>, Vec<(String, Spot)>) {
    let mut systems = BTreeMap::new();
    let mut unconfirmed = Vec::new();
    for (entry, table) in top.named("sistema") {
        let hint = "use letras minúsculas sem acento, como [sistema.censo-suas]";
        let id = key_id(entry, top.log, SystemId::parse(&entry.key), hint);
        if table.get("a_confirmar", value::flag) == Some(true) {
            unconfirmed.push((format!("o sistema “{}”", entry.key), table.spot_of("a_confirmar")));
        }
        let recurrence = table.table("recorrencia").and_then(|inner| {
            if inner.get("a_confirmar", value::flag) == Some(true) {
                let what = format!("a recorrência de “{}”", entry.key);
                unconfirmed.push((what, inner.spot_of("a_confirmar")));
            }
            recurrence::compile(&inner)
        });
        let system = one(id, &table, names, recurrence);
        table.close(Severity::Error);
        if let Some(system) = system {
            systems.insert(system.id.clone(), system);
        }
    }
    (systems, unconfirmed)
}

fn one(
    id: Option<SystemId>,
    table: &Reader<'_>,
    names: &Names,
    recurrence: Option<crate::domain::calendar::Recurrence>,
) -> Option<System> {
    let name = table.need("nome", "\"Registro Mensal de Atendimentos – RMA\"", value::filled);
    let link = table.need("link", "\"https://aplicacoes.mds.gov.br/…\"", link);
    let parts = table.need("partes", "[\"CRAS\"]", |n, log| parts_of(n, log, names));
    let gerencias =
        table.get("gerencias", |n, log| value::list(n, log, |g| gerencia(g, log, names))).unwrap_or_default();
    let sanction = table.get("sancao", sanction);
    let case_number = table.get("processo", value::text);
    let status_validity = table.get("validade_situacao", value::duration);
    let announce_to = table.get("divulgacao_para", |n, log| ladder::audiences(n, log, names));
    let confirm_opening = table.get("confirmar_abertura", value::flag);
    let approve = table.get("aprovar", value::flag);
    let referral_after = table.get("remessa_apos", |n, log| value::days(n, log, 60));
    let ladder = table.get("escada", |n, log| ladder::compile(n, log, names));
    Some(System {
        id: id?,
        name: name?,
        link: link?,
        parts: parts?,
        gerencias,
        sanction: sanction.unwrap_or(Sanction::Standard),
        case_number: case_number.unwrap_or_default(),
        status_validity: status_validity.unwrap_or(SignedDuration::from_hours(36)),
        announce_to: announce_to.unwrap_or_else(|| vec![Audience::Smas, Audience::Cmas]),
        confirm_opening: confirm_opening.unwrap_or(false),
        approve: approve.unwrap_or(false),
        referral_after: referral_after.unwrap_or(1),
        ladder: ladder.unwrap_or_default(),
        recurrence,
    })
}

/// `sancao`, of a system or of one window.
pub(super) fn sanction(node: &Node, log: &Log) -> Option<Sanction> {
    Some(match value::filled(node, log)?.as_str() {
        "padrao" => Sanction::Standard,
        "nenhuma" => Sanction::Omitted,
        text => Sanction::Text(text.to_owned()),
    })
}

/// `partes`: declared, each once, at least one.
pub(super) fn parts_of(node: &Node, log: &Log, names: &Names) -> Option<Vec<PartId>> {
    let mut parts: Vec<PartId> = Vec::new();
    for (id, spot) in value::list(node, log, |n| part(n, log, names, Severity::Error).map(|p| (p, &n.spot)))?
    {
        if parts.contains(&id) {
            log.error(spot, format!("a parte “{id}” aparece duas vezes"), "deixe uma só");
        } else {
            parts.push(id);
        }
    }
    if matches!(&node.value, super::node::Value::List(nodes) if nodes.is_empty()) {
        log.error(&node.spot, "a lista de partes está vazia", "escreva quem preenche: [\"CRAS\", \"CREAS\"]");
    }
    Some(parts)
}

/// One declared part.
pub(super) fn part(node: &Node, log: &Log, names: &Names, severity: Severity) -> Option<PartId> {
    let text = value::filled(node, log)?;
    Names::check(names.parts.as_ref(), log, severity, &node.spot, "parte não declarada", &text);
    PartId::parse(&text).ok()
}

fn gerencia(node: &Node, log: &Log, names: &Names) -> Option<GerenciaId> {
    let text = value::filled(node, log)?;
    let what = "gerência não declarada em vigia.toml";
    Names::check(names.gerencias.as_ref(), log, Severity::Error, &node.spot, what, &text);
    GerenciaId::parse(&text).ok()
}

fn link(node: &Node, log: &Log) -> Option<String> {
    let text = value::filled(node, log)?;
    let after = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    if after.is_some_and(|rest| rest.contains('.')) && !text.contains(char::is_whitespace) {
        return Some(text);
    }
    log.refuse(
        &node.spot,
        format!("“{text}” não é um endereço da web"),
        "escreva o endereço inteiro, com https://",
    )
}

fn key_id<T>(
    entry: &Entry,
    log: &Log,
    parsed: Result<T, crate::domain::id::IdError>,
    hint: &str,
) -> Option<T> {
    parsed.map_err(|error| log.error(&entry.key_spot, error.to_string(), hint)).ok()
}
