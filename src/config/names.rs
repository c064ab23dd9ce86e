//! What is declared where, known before anything is compiled: a reference to a thing that has faults of its own is
//! not a second fault.

use std::collections::{BTreeMap, BTreeSet};

use super::fault::Severity;
use super::locate::{Log, Spot};
use super::near::{nearest, offer};
use super::node::{Node, Value};
use crate::domain::id::EmailAddress;

/// Names declared; absent where their file could not be read, and then every name passes.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) systems: Option<BTreeSet<String>>,
    pub(super) parts: Option<BTreeSet<String>>,
    pub(super) gerencias: Option<BTreeSet<String>>,
    pub(super) roles: Option<BTreeSet<String>>,
    /// Code and name.
    pub(super) municipalities: Option<BTreeMap<String, String>>,
}

impl Names {
    /// The names of the tables under a key: `[sistema.rma]` gives `rma`.
    pub(super) fn of(document: Option<&Node>, key: &str) -> Option<BTreeSet<String>> {
        match document?.get(key) {
            // What is no table is a fault of its own.
            Some(node) if !matches!(node.value, Value::Table(_)) => None,
            node => Some(node.map(Node::entries).unwrap_or_default().iter().map(|e| e.key.clone()).collect()),
        }
    }

    /// Whether a name is declared; if not, says so.
    pub(super) fn check(
        known: Option<&BTreeSet<String>>,
        log: &Log,
        severity: Severity,
        spot: &Spot,
        what: &str,
        name: &str,
    ) -> bool {
        let Some(known) = known else { return true };
        let found = known.contains(name);
        if !found {
            let known = known.iter().map(String::as_str);
            // Two names may be alike and both be meant: CRAS and CREAS.
            let hint = match nearest(name, known.clone()) {
                Some(near) => format!("você quis dizer “{near}”? Se não, falta declarar “{name}”"),
                None => offer(name, known),
            };
            log.push(severity, spot, format!("{what}: “{name}”"), hint);
        }
        found
    }
}

impl Names {
    /// Whether a code is in the roster; if not, says so, with the municipality that was most likely meant.
    pub(super) fn municipality(&self, code: &str, spot: &Spot, log: &Log) -> bool {
        let Some(known) = &self.municipalities else { return true };
        if known.contains_key(code) {
            return true;
        }
        let message = format!("município que não está em municipios.csv: “{code}”");
        log.error(spot, message, "confira o código de 7 dígitos na coluna `ibge` de municipios.csv");
        false
    }

    /// What to write in place of something that is no code: a name, six digits, a slip.
    pub(super) fn meant(&self, text: &str) -> Option<String> {
        let known = self.municipalities.as_ref()?;
        let six = text.get(..6);
        let by_code = known.keys().find(|code| six.is_some_and(|six| code.starts_with(six)));
        let by_name = || {
            let near = nearest(text, known.values().map(String::as_str))?;
            known.iter().find(|(_, name)| *name == near).map(|(code, _)| code)
        };
        let code = by_code.or_else(by_name)?;
        Some(format!("você quis dizer “{code}” ({})?", known.get(code)?))
    }
}

/// Addresses that can reach nobody, gathered to be refused in production.
#[derive(Debug, Default)]
pub(super) struct Reserved(std::cell::RefCell<Vec<(Spot, String)>>);

/// So many in one file are shown one by one; the rest in one sentence.
const SHOWN: usize = 10;

impl Reserved {
    /// Notes a host or address if it is reserved, and gives the address on.
    pub(super) fn note(&self, (address, spot): (EmailAddress, Spot)) -> EmailAddress {
        if address.is_reserved() {
            self.0.borrow_mut().push((spot, address.to_string()));
        }
        address
    }

    /// Notes a host.
    pub(super) fn note_host(&self, host: &str, spot: &Spot) {
        if EmailAddress::parse(&format!("x@{host}")).is_ok_and(|a| a.is_reserved()) {
            self.0.borrow_mut().push((spot.clone(), host.to_owned()));
        }
    }

    /// Refuses them all.
    pub(super) fn refuse(&self, log: &Log) {
        let all = self.0.borrow();
        let files: BTreeSet<&str> = all.iter().map(|(spot, _)| spot.file()).collect();
        for file in files {
            let here: Vec<_> = all.iter().filter(|(spot, _)| spot.file() == file).collect();
            for (spot, address) in here.iter().take(SHOWN) {
                log.error(
                    spot,
                    format!("“{address}” é de um domínio reservado, que não recebe mensagens"),
                    "em produção, escreva o endereço verdadeiro",
                );
            }
            if let Some((spot, _)) = here.get(SHOWN) {
                log.error(
                    spot,
                    format!("mais {} endereços deste arquivo são de domínio reservado", here.len() - SHOWN),
                    "em produção, escreva os endereços verdadeiros",
                );
            }
        }
    }
}
