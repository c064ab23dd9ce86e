//! What is declared where, known before anything is compiled: a reference to a thing that has faults of its own is
//! not a second fault.

use std::collections::BTreeSet;

use super::fault::Severity;
use super::locate::{Log, Spot};
use super::node::Node;
use super::value::unknown;
use crate::domain::id::EmailAddress;

/// Names declared; absent where their file could not be read, and then every name passes.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) systems: Option<BTreeSet<String>>,
    pub(super) parts: Option<BTreeSet<String>>,
    pub(super) gerencias: Option<BTreeSet<String>>,
    pub(super) roles: Option<BTreeSet<String>>,
    pub(super) municipalities: Option<BTreeSet<String>>,
}

impl Names {
    /// The names of the tables under a key: `[sistema.rma]` gives `rma`.
    pub(super) fn of(document: Option<&Node>, key: &str) -> Option<BTreeSet<String>> {
        let document = document?;
        Some(document.get(key).map(Node::entries).unwrap_or_default().iter().map(|e| e.key.clone()).collect())
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
            unknown(log, severity, spot, what, name, known.iter().map(String::as_str));
        }
        found
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
