//! A table read key by key: what is missing, what is unknown and what is of the wrong kind all become faults, and
//! reading goes on.

use std::cell::RefCell;

use super::fault::Severity;
use super::locate::{Log, Spot};
use super::near::{nearest, offer};
use super::node::{Entry, Node, Value};

/// So many windows, extensions of one, or holidays a file may have: those of a century.
const MOST_TABLES: usize = 2_000;
/// So many systems, parts, gerências or feeds.
const MOST_NAMED: usize = 300;

/// A table being read.
pub(super) struct Reader<'a> {
    entries: &'a [Entry],
    pub(super) spot: Spot,
    /// What operators call it: `[sistema.rma]`.
    name: String,
    pub(super) log: &'a Log,
    asked: RefCell<Vec<&'static str>>,
}

impl<'a> Reader<'a> {
    /// Begins to read a table; anything else is a fault.
    pub(super) fn of(node: &'a Node, name: impl Into<String>, log: &'a Log) -> Option<Self> {
        let name = name.into();
        match &node.value {
            Value::Broken => None,
            Value::Table(entries) => {
                Some(Self { entries, spot: node.spot.clone(), name, log, asked: RefCell::default() })
            }
            other => log.refuse(
                &node.spot,
                format!("{name} deveria ser uma tabela, não {}", other.kind()),
                if name.starts_with('[') {
                    format!("escreva {name} numa linha e as chaves nas seguintes")
                } else {
                    "escreva entre chaves: `{ chave = valor }`".to_owned()
                },
            ),
        }
    }

    /// The raw value of a key. Asking makes the key a known one.
    pub(super) fn node(&self, key: &'static str) -> Option<&'a Node> {
        self.asked.borrow_mut().push(key);
        self.entries.iter().find(|e| e.key == key).map(|e| &e.node)
    }

    /// Where a key stands, else where the table begins.
    pub(super) fn spot_of(&self, key: &str) -> Spot {
        self.entries.iter().find(|e| e.key == key).map_or_else(|| self.spot.clone(), |e| e.node.spot.clone())
    }

    /// Where the key itself stands, for a value that must not be shown.
    pub(super) fn spot_of_key(&self, key: &'static str) -> Option<Spot> {
        self.asked.borrow_mut().push(key);
        self.entries.iter().find(|e| e.key == key).map(|e| e.key_spot.clone())
    }

    /// Whether the key was written at all.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|e| e.key == key)
    }

    /// A key that may be absent.
    pub(super) fn get<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&'a Node, &'a Log) -> Option<T>,
    ) -> Option<T> {
        self.node(key).filter(|n| !n.is_broken()).and_then(|node| read(node, self.log))
    }

    /// A key that must be there. `example` is what to write.
    pub(super) fn need<T>(
        &self,
        key: &'static str,
        example: &str,
        read: impl FnOnce(&'a Node, &'a Log) -> Option<T>,
    ) -> Option<T> {
        let node = self.node(key);
        if node.is_none() {
            self.missing(key, example);
        }
        node.filter(|n| !n.is_broken()).and_then(|node| read(node, self.log))
    }

    /// Says that a key is missing.
    pub(super) fn missing(&self, key: &str, example: &str) {
        self.log.error(
            &self.spot,
            format!("falta a chave `{key}` em {}", self.name),
            format!("escreva `{key} = {example}`"),
        );
    }

    /// Tables under a key, each by its name: `[sistema.rma]`, `[sistema.sisc]`.
    pub(super) fn named(&self, key: &'static str) -> Vec<(&'a Entry, Reader<'a>)> {
        let Some(node) = self.node(key) else { return Vec::new() };
        if !matches!(node.value, Value::Table(_) | Value::Broken) {
            self.log.error(
                &node.spot,
                format!("`{key}` deveria ser uma tabela, não {}", node.value.kind()),
                format!("escreva `[{key}.NOME]` numa linha e as chaves nas seguintes"),
            );
        }
        if self.too_many(node, node.entries().len(), MOST_NAMED, &format!("[{key}.NOME]")) {
            return Vec::new();
        }
        node.entries()
            .iter()
            .filter_map(|entry| {
                let mut reader = Self::of(&entry.node, format!("[{key}.{}]", entry.key), self.log)?;
                reader.spot = if matches!(entry.node.spot, Spot::At(..)) {
                    entry.node.spot.clone()
                } else {
                    entry.key_spot.clone()
                };
                Some((entry, reader))
            })
            .collect()
    }

    /// One table under a key: `[smtp]`.
    pub(super) fn table(&self, key: &'static str) -> Option<Reader<'a>> {
        Self::of(self.node(key)?, format!("[{key}]"), self.log)
    }

    /// Tables of an array: `[[janela]]`.
    pub(super) fn tables(&self, key: &'static str, name: &str) -> Vec<Reader<'a>> {
        let Some(node) = self.node(key) else { return Vec::new() };
        if let Value::List(nodes) = &node.value {
            if self.too_many(node, nodes.len(), MOST_TABLES, name) {
                return Vec::new();
            }
            return nodes.iter().filter_map(|inner| Self::of(inner, name, self.log)).collect();
        }
        if node.is_broken() {
            return Vec::new();
        }
        self.log.error(
            &node.spot,
            format!("{name} deveria ser escrito com colchetes duplos"),
            format!("escreva `{name}`, uma vez para cada"),
        );
        Vec::new()
    }

    /// Whether there are more tables than any calendar has; says so.
    fn too_many(&self, node: &Node, count: usize, most: usize, name: &str) -> bool {
        if count > most {
            self.log.error(
                &node.spot,
                format!("há {count} tabelas {name}, e o máximo é {most}"),
                "confira se o arquivo é mesmo este e se nada foi colado muitas vezes",
            );
        }
        count > most
    }

    /// Every key written that nobody asked for is a fault of this severity.
    pub(super) fn close(&self, severity: Severity) {
        let asked = self.asked.borrow();
        for entry in self.entries.iter().filter(|e| !asked.contains(&e.key.as_str())) {
            // A variable may be another program's; what the file has is meant for us.
            let severity = match &entry.node.spot {
                Spot::Variable(_) => Severity::Warning,
                _ => severity,
            };
            let hint = match nearest(&entry.key, asked.iter().copied()) {
                Some(_) => offer(&entry.key, asked.iter().copied()),
                None if asked.len() == 1 => format!("a única chave de {} é {}", self.name, asked.join("")),
                None if asked.len() <= 24 => {
                    format!("as chaves de {} são {}", self.name, asked.join(", "))
                }
                None => "confira a grafia".to_owned(),
            };
            let spot = match &entry.node.spot {
                Spot::Variable(_) => &entry.node.spot,
                _ => &entry.key_spot,
            };
            self.log.push(
                severity,
                spot,
                format!("chave desconhecida em {}: `{}`", self.name, entry.key),
                hint,
            );
        }
    }
}
