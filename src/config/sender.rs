//! The secretariat in `vigia.toml`: who writes and signs, and its own addresses.

use std::path::PathBuf;

use super::channel;
use super::fault::Severity;
use super::locate::Log;
use super::names::Reserved;
use super::node::Node;
use super::read::Reader;
use super::settings::ChannelSettings;
use super::value;
use crate::domain::id::{EmailAddress, GerenciaId};
use crate::domain::roster::{Office, Offices};
use crate::domain::secretariat::{Secretariat, takes_subaddresses};

/// Who writes: `[remetente]`, `[assinatura]`, `[suporte]`.
pub(super) fn secretariat(top: &Reader<'_>, returns: &Returns, reserved: &Reserved) -> Option<Secretariat> {
    let sender = top.table("remetente");
    if sender.is_none() && !top.has("remetente") {
        top.missing("remetente", "{ nome = \"…\", email = \"…\" }");
    }
    let sender = sender?;
    let sender_name = sender.need("nome", "\"Vigilância Socioassistencial\"", value::filled);
    let email = sender.need("email", "\"vigilancia@setades.es.gov.br\"", |n, log| one(n, log, reserved));
    let reply_to = sender.get("responder_a", |n, log| one(n, log, reserved));
    let read_receipts = sender.get("confirmacao_leitura", value::flag);
    sender.close(Severity::Error);
    let signature = top.table("assinatura").and_then(|table| {
        let lines = table.need("linhas", "[\"Equipe …\", \"Telefone …\"]", |n, log| {
            value::list(n, log, |l| line(l, log))
        });
        table.close(Severity::Error);
        lines
    });
    let support = top.table("suporte").and_then(|table| {
        let address = table.need("email", "\"rede.suas@mds.gov.br\"", |n, log| one(n, log, reserved));
        table.close(Severity::Error);
        address
    });
    let email = email?;
    Some(Secretariat {
        sender_name: sender_name?,
        reply_to: reply_to.unwrap_or_else(|| email.clone()),
        returns_to: returns.address.clone().unwrap_or_else(|| email.clone()),
        signs_returns: returns.are_signed,
        read_receipts: read_receipts.unwrap_or(false),
        sender: email,
        signature: signature.unwrap_or_else(|| Secretariat::SIGNATURE.map(str::to_owned).to_vec()),
        support: support.map_or_else(|| Secretariat::SUPPORT.to_owned(), |a| a.to_string()),
    })
}

/// `[devolucoes]`: where what comes back is sent to, and where it lies.
#[derive(Default)]
pub(super) struct Returns {
    pub(super) address: Option<EmailAddress>,
    pub(super) maildir: Option<PathBuf>,
    pub(super) are_signed: bool,
}

/// `[devolucoes]`.
pub(super) fn returns(top: &Reader<'_>, reserved: &Reserved) -> Returns {
    let Some(table) = top.table("devolucoes") else { return Returns::default() };
    let address = table.get("email", |n, log| one(n, log, reserved));
    let maildir = table.get("maildir", value::filled).map(PathBuf::from);
    let are_signed =
        table.get("subendereco", |node, log| signed(node, log, address.as_ref())).unwrap_or(false);
    table.close(Severity::Error);
    Returns { address, maildir, are_signed }
}

/// `subendereco`: only where there is an address of its own for what comes back, with room for more.
fn signed(node: &Node, log: &Log, address: Option<&EmailAddress>) -> Option<bool> {
    let wished = value::flag(node, log)?;
    if wished && !address.is_some_and(takes_subaddresses) {
        return log.refuse(
            &node.spot,
            "`subendereco` pede um endereço próprio em [devolucoes] email, curto e sem “+”",
            "escreva email = \"devolucoes@…\" (até 15 letras antes de @), ou apague `subendereco`",
        );
    }
    Some(wished)
}

/// A line of the signature; an empty one parts paragraphs.
fn line(node: &Node, log: &Log) -> Option<String> {
    let text = value::text(node, log)?;
    if text.chars().any(char::is_control) {
        return log.refuse(
            &node.spot,
            "a linha tem quebra de linha",
            "escreva uma linha em cada texto da lista",
        );
    }
    Some(text)
}

/// Exactly one address.
fn one(node: &Node, log: &Log, reserved: &Reserved) -> Option<EmailAddress> {
    let text = value::filled(node, log)?;
    let address = value::identifier(
        node,
        log,
        EmailAddress::parse(&text),
        "escreva um só endereço, como vigilancia@setades.es.gov.br",
    )?;
    Some(reserved.note((address, node.spot.clone())))
}

fn several(node: &Node, log: &Log, reserved: &Reserved) -> Option<Vec<EmailAddress>> {
    Some(value::addresses(node, log)?.into_iter().map(|a| reserved.note(a)).collect())
}

/// `[gerencia.X]`, `[gsuas]` and `[alertas]`, whose other ways to be heard come apart.
pub(super) fn offices(top: &Reader<'_>, reserved: &Reserved) -> (Offices, ChannelSettings) {
    let mut offices = Offices::default();
    for (entry, table) in top.named("gerencia") {
        let id = value::identifier(
            &Node { value: entry.node.value.clone(), spot: entry.key_spot.clone() },
            top.log,
            GerenciaId::parse(&entry.key),
            "use a sigla, como [gerencia.GPSB]",
        );
        let name = table.need("nome", "\"Gerência de …\"", value::filled);
        let addresses =
            table.need("email", "\"gerencia@setades.es.gov.br\"", |n, log| several(n, log, reserved));
        table.close(Severity::Error);
        if let (Some(id), Some(name), Some(addresses)) = (id, name, addresses) {
            offices.gerencias.insert(id, Office { name, addresses });
        }
    }
    if let Some(table) = top.table("gsuas") {
        let name = table.get("nome", value::filled);
        let addresses =
            table.need("email", "\"gsuas@setades.es.gov.br\"", |n, log| several(n, log, reserved));
        table.close(Severity::Error);
        offices.gsuas = Office {
            name: name.unwrap_or_else(|| "Gerência do Sistema Único de Assistência Social".to_owned()),
            addresses: addresses.unwrap_or_default(),
        };
    } else if !top.has("gsuas") {
        top.missing("gsuas", "{ email = \"gsuas@setades.es.gov.br\" }");
    }
    let mut channels = ChannelSettings::default();
    if let Some(table) = top.table("alertas") {
        offices.alerts = table.get("para", |n, log| several(n, log, reserved)).unwrap_or_default();
        offices.daily_page = table.get("pagina_do_dia", value::flag).unwrap_or_default();
        channels = channel::channels(&table);
        table.close(Severity::Error);
    }
    (offices, channels)
}
