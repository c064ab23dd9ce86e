//! A TOML document as a tree in which every value and key knows where it was written.

use std::ops::Range;
use std::rc::Rc;

use toml_edit::{Document, Item, TableLike, Value as TomlValue};

use super::locate::{Log, Spot, Text};
use super::syntax;

/// A value and its place.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) spot: Spot,
}

/// A value as TOML has it.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(String),
    Integer(i64),
    Float(f64),
    Bool(bool),
    /// A bare date, time or date-time, as written.
    Moment(String),
    List(Vec<Node>),
    Table(Vec<Entry>),
    /// What TOML could not read: a fault already, and not to be one again.
    Broken,
}

/// A key of a table, in the order of the file.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_spot: Spot,
    pub(super) node: Node,
}

impl Value {
    /// What it is, for saying what came instead.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "um texto",
            Self::Integer(_) => "um número",
            Self::Float(_) => "um número com casas decimais",
            Self::Bool(_) => "true ou false",
            Self::Moment(_) => "uma data ou hora",
            Self::List(_) => "uma lista",
            Self::Table(_) => "uma tabela",
            Self::Broken => "algo que não se lê",
        }
    }
}

impl Node {
    /// Whether TOML could not read it.
    pub(super) fn is_broken(&self) -> bool {
        matches!(self.value, Value::Broken)
    }

    /// The keys, if it is a table.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Table(entries) => entries,
            _ => &[],
        }
    }

    /// The value of a key, if it is a table that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|e| e.key == key).map(|e| &e.node)
    }
}

/// So many mistakes of syntax in one file are told; whoever has more has another sort of file.
const MOST_MISTAKES: usize = 30;

/// So many keys one table may have, and so many all of a file.
const MOST_KEYS: usize = 1_000;
const MOST_KEYS_OF_ALL: usize = 40_000;

/// Reads a document; a mistake of syntax becomes a fault and no tree.
pub(super) fn parse(name: String, bytes: &[u8], log: &Log) -> Option<Node> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text).to_owned(),
        Err(error) => {
            let good = String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned();
            let end = good.len();
            return log.refuse(
                &Spot::At(Rc::new(Text { name, text: good }), end..end),
                "o arquivo não está em UTF-8",
                "no editor, salve o arquivo como UTF-8",
            );
        }
    };
    let text = Rc::new(Text { name, text });
    let whole = Spot::Whole(text.name.clone());
    let mut patched = text.text.clone();
    let mut broken = Vec::new();
    // Once a line had to be passed over, the document is no longer what was meant: only more mistakes are looked for.
    let mut passed: Option<Range<usize>> = None;
    for _ in 0..MOST_MISTAKES {
        let error = match Document::parse(patched.as_str()) {
            Ok(_) if passed.is_some() => return None,
            Ok(document) => {
                let mut value = table(document.as_table(), &text, &whole);
                mark(&mut value, &broken);
                let document = Node { value, spot: whole };
                return (!crowded(&document, &mut 0, log)).then_some(document);
            }
            Err(error) => error,
        };
        let line = error.span().map(|range| syntax::line_at(&patched, range.start));
        if let (Some(passed), Some(line)) = (&passed, &line)
            && patched.get(passed.end..line.start).is_some_and(|between| between.trim().is_empty())
        {
            // On the line after one that was passed over: rather what it left behind than a mistake of its own.
            return None;
        }
        let spot = error.span().map_or_else(|| whole.clone(), |range| Spot::At(Rc::clone(&text), range));
        let rest =
            error.span().zip(line.as_ref()).and_then(|(range, line)| patched.get(range.start..line.end));
        let here = |range: Range<usize>| Spot::At(Rc::clone(&text), range);
        let inside = line.as_ref().and_then(|line| Some((line.start, patched.get(line.clone())?)));
        if let Some((start, curly)) = inside.and_then(|(start, line)| Some((start, syntax::curly(line)?))) {
            log.error(
                &here(start + curly.start..start + curly.end),
                "há aspas curvas no lugar das retas",
                "troque-as por aspas retas (\"); quem põe as curvas é o processador de textos",
            );
        } else if let Some((name, heading)) =
            line.as_ref().and_then(|line| syntax::single_brackets(&patched, line))
        {
            log.error(
                &here(heading),
                format!("`[{name}]` com colchetes simples só pode haver uma vez"),
                format!("escreva `[[{name}]]`, com colchetes duplos, no começo de cada uma"),
            );
        } else {
            let (message, hint) = syntax::in_portuguese(error.message(), rest.unwrap_or_default().trim());
            log.error(&spot, message, hint);
        }
        let range = error.span()?;
        if syntax::is_of_a_value(error.message()) && range.len() >= 2 {
            // A value that does not read hides none of the other faults: reading goes on with another in its place.
            patched = syntax::without(&patched, &range)?;
            broken.push(range.start);
        } else {
            let line = line?;
            patched = syntax::past_line(&patched, &line, error.message())?;
            passed = Some(line);
        }
    }
    None
}

/// Whether there are more keys than any configuration has, in one table or in all; says so where they are.
fn crowded(node: &Node, all: &mut usize, log: &Log) -> bool {
    let here = node.entries().len();
    *all += here;
    if here > MOST_KEYS || *all > MOST_KEYS_OF_ALL {
        log.error(
            &node.spot,
            if here > MOST_KEYS {
                format!("a tabela tem {here} chaves, e o máximo é {MOST_KEYS}")
            } else {
                format!("o arquivo tem mais de {MOST_KEYS_OF_ALL} chaves")
            },
            "confira se o arquivo é mesmo este e se nada foi colado muitas vezes",
        );
        return true;
    }
    match &node.value {
        Value::List(nodes) => nodes.iter().any(|inner| crowded(inner, all, log)),
        _ => node.entries().iter().any(|entry| crowded(&entry.node, all, log)),
    }
}

/// Marks the values that were put in place of what did not read.
fn mark(value: &mut Value, broken: &[usize]) {
    let mark_node = |node: &mut Node| {
        let replaced = matches!(&node.spot, Spot::At(_, range) if broken.contains(&range.start));
        if replaced && matches!(node.value, Value::Text(_)) {
            node.value = Value::Broken;
        } else {
            mark(&mut node.value, broken);
        }
    };
    match value {
        Value::List(nodes) => nodes.iter_mut().for_each(mark_node),
        Value::Table(entries) => entries.iter_mut().map(|e| &mut e.node).for_each(mark_node),
        _ => {}
    }
}

fn table(table: &dyn TableLike, text: &Rc<Text>, outer: &Spot) -> Value {
    let mut entries = Vec::new();
    for (name, item) in table.iter() {
        let key = table.key(name).and_then(toml_edit::Key::span);
        let key_spot = key.map_or_else(|| outer.clone(), |range| Spot::At(Rc::clone(text), range));
        if let Some(node) = node(item, text, &key_spot) {
            entries.push(Entry { key: name.to_owned(), key_spot, node });
        }
    }
    Value::Table(entries)
}

fn node(item: &Item, text: &Rc<Text>, outer: &Spot) -> Option<Node> {
    let spot = item.span().map_or_else(|| outer.clone(), |range| Spot::At(Rc::clone(text), range));
    let value = match item {
        Item::None => return None,
        Item::Value(value) => scalar(value, text, &spot),
        Item::Table(inner) => table(inner, text, &spot),
        Item::ArrayOfTables(tables) => Value::List(
            tables
                .iter()
                .map(|inner| {
                    let spot = inner.span().map_or_else(|| spot.clone(), |r| Spot::At(Rc::clone(text), r));
                    Node { value: table(inner, text, &spot), spot }
                })
                .collect(),
        ),
    };
    Some(Node { value, spot })
}

fn scalar(value: &TomlValue, text: &Rc<Text>, outer: &Spot) -> Value {
    match value {
        TomlValue::String(inner) => Value::Text(inner.value().clone()),
        TomlValue::Integer(inner) => Value::Integer(*inner.value()),
        TomlValue::Float(inner) => Value::Float(*inner.value()),
        TomlValue::Boolean(inner) => Value::Bool(*inner.value()),
        TomlValue::Datetime(inner) => Value::Moment(inner.value().to_string()),
        TomlValue::InlineTable(inner) => table(inner, text, outer),
        TomlValue::Array(inner) => Value::List(
            inner
                .iter()
                .map(|element| {
                    let spot = element.span().map_or_else(|| outer.clone(), |r| Spot::At(Rc::clone(text), r));
                    Node { value: scalar(element, text, &spot), spot }
                })
                .collect(),
        ),
    }
}
