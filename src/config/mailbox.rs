//! The roster's addresses beside one another: one mailbox in two municipalities or written in two ways, a domain that is
//! another municipality's or a letter off the one that was meant.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::locate::{Log, Spot};
use super::names::Reserved;
use super::sheet::Cell;
use super::slip::{self, Neighbours};
use super::value;
use crate::domain::ibge;
use crate::domain::id::{EmailAddress, MunicipalityCode};

/// A slip is looked for beside so many domains of a municipality's own.
const MOST_OWN: usize = 20;
/// And beside so many that others have, each at least so many municipalities.
const MOST_USED: usize = 100;
const IN_USE: usize = 3;

/// One address of a municipality or of a unit of its, where it is written.
struct Mailbox {
    address: EmailAddress,
    owner: MunicipalityCode,
    spot: Spot,
}

/// Every address of `municipios.csv` and `unidades.csv`, in the order of the files.
pub(super) struct Mailboxes<'a> {
    reserved: &'a Reserved,
    all: RefCell<Vec<Mailbox>>,
}

impl<'a> Mailboxes<'a> {
    /// None yet.
    pub(super) fn new(reserved: &'a Reserved) -> Self {
        Self { reserved, all: RefCell::default() }
    }

    /// The addresses of a cell, each once; noted where it is known whose they are.
    pub(super) fn read(&self, cell: &Cell, owner: Option<MunicipalityCode>, log: &Log) -> Vec<EmailAddress> {
        let mut once = Vec::new();
        for found in value::split_addresses(&cell.text, &cell.spot, log) {
            let address = self.reserved.note(found);
            if let Some(owner) = owner {
                let mailbox = Mailbox { address: address.clone(), owner, spot: cell.spot.clone() };
                self.all.borrow_mut().push(mailbox);
            }
            if !once.contains(&address) {
                once.push(address);
            }
        }
        once
    }

    /// Says what looks wrong once all are known. Each address is told once.
    pub(super) fn check(&self, log: &Log) {
        let all = self.all.borrow();
        let mut one: BTreeMap<&EmailAddress, Vec<&Mailbox>> = BTreeMap::new();
        let mut domains: BTreeMap<String, BTreeSet<MunicipalityCode>> = BTreeMap::new();
        for mailbox in all.iter().filter(|m| !m.address.is_reserved()) {
            let domain = mailbox.address.domain().to_ascii_lowercase();
            domains.entry(domain).or_default().insert(mailbox.owner);
        }
        for mailbox in all.iter() {
            one.entry(&mailbox.address).or_default().push(mailbox);
        }
        let used = most_used(domains);
        let mut own: BTreeMap<MunicipalityCode, Vec<String>> = BTreeMap::new();
        let mut told = BTreeSet::new();
        for mailbox in all.iter().filter(|m| !m.address.is_reserved()) {
            let own = own
                .entry(mailbox.owner)
                .or_insert_with(|| ibge::official_domain(mailbox.owner).into_iter().collect());
            if told.insert((&mailbox.address, mailbox.owner))
                && !domain(mailbox, &Neighbours { used: &used, own }, log)
            {
                one.remove(&mailbox.address);
            }
            let domain = mailbox.address.domain().to_ascii_lowercase();
            if own.len() < MOST_OWN && !own.contains(&domain) {
                own.push(domain);
            }
        }
        for same in one.values() {
            shared(same, log);
        }
    }
}

/// The domains that several municipalities have, the commonest first: a slip is looked for beside so many.
fn most_used(domains: BTreeMap<String, BTreeSet<MunicipalityCode>>) -> Vec<String> {
    let mut used: Vec<(usize, String)> = domains
        .into_iter()
        .map(|(domain, owners)| (owners.len(), domain))
        .filter(|(n, _)| *n >= IN_USE)
        .collect();
    used.sort_by(|a, b| b.cmp(a));
    used.into_iter().take(MOST_USED).map(|(_, domain)| domain).collect()
}

/// What is written twice: for two municipalities, or in two ways for one.
fn shared(same: &[&Mailbox], log: &Log) {
    let [first, others @ ..] = same else { return };
    let owners: BTreeSet<MunicipalityCode> = same.iter().map(|m| m.owner).collect();
    if let Some(other) = others.iter().find(|m| m.owner != first.owner) {
        let all: Vec<String> = owners.iter().map(|code| called(*code)).collect();
        let owners = match &all[..] {
            [one, two] => format!("{one} e {two}"),
            [one, two, more @ ..] => format!("{one}, {two} e mais {}", more.len()),
            one => one.concat(),
        };
        log.warn(
            &other.spot,
            format!("“{}” é o endereço de {owners}", other.address),
            "se as linhas não foram trocadas e é mesmo a mesma caixa postal, nada a fazer",
        );
    }
    if let Some(twin) =
        others.iter().find(|m| m.owner == first.owner && m.address.as_str() != first.address.as_str())
    {
        log.warn(
            &twin.spot,
            format!("“{}” e “{}” são o mesmo endereço", first.address, twin.address),
            "só vai uma cópia, para o primeiro como está escrito; escreva os dois do mesmo modo, ou apague um",
        );
    }
}

/// Whether the domain may be this municipality's.
fn domain(mailbox: &Mailbox, beside: &Neighbours<'_>, log: &Log) -> bool {
    let Mailbox { address, owner, spot } = mailbox;
    let written = address.domain().to_ascii_lowercase();
    if let Some(other) = ibge::owner_of_domain(&written, *owner) {
        if other != *owner {
            log.error(
                spot,
                format!("“{address}” é do domínio de {}, e a linha é de {}", called(other), called(*owner)),
                "confira se os endereços não estão na linha de outro município",
            );
        }
        return other == *owner;
    }
    if let Some((severity, meant)) = slip::meant(&written, beside) {
        let message = format!("o domínio de “{address}” parece mal digitado");
        log.push(severity, spot, message, format!("você quis dizer “{meant}”?"));
    }
    true
}

/// A municipality as operators know it.
fn called(code: MunicipalityCode) -> String {
    ibge::name_of(code).map_or_else(|| code.to_string(), str::to_owned)
}
