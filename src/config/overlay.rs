//! `vigia.toml` with the program's defaults under it and the environment over it, merged by figment. Every value
//! keeps its place.

use figment::value::{Dict, Map, Num, Tag, Value as Merged};
use figment::{Figment, Metadata, Profile, Provider};

use super::locate::Spot;
use super::node::{Entry, Node, Value};

const FILE: &str = "arquivo";
const VARIABLE: &str = "ambiente";

/// A layer of settings, as figment takes it. Bare dates go in as text.
struct Layer(&'static str, Dict);

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.0)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.1.clone()))
    }
}

/// Defaults under the file, variables over it. Variable names come without `VIGIA_`; `__` parts tables from keys.
pub(super) fn overlay<'a>(
    defaults: &Node,
    file: &Node,
    variables: impl Iterator<Item = (&'a str, &'a str)>,
) -> Node {
    let mut merged = Figment::from(Layer("padrão", dict(defaults))).merge(Layer(FILE, dict(file)));
    for (name, value) in variables {
        let path = keys(name, file, defaults).join(".");
        // Never fails: what is not a number, a list or a word of TOML is text.
        let parsed: Merged = value.parse().unwrap_or_else(|never| match never {});
        // A number that would not be written again as it was typed is no number: `00123` is somebody's name.
        let parsed = match &parsed {
            Merged::Num(..)
                if value.trim().parse::<i64>().map(|n| n.to_string()).ok().as_deref()
                    != Some(value.trim()) =>
            {
                Merged::from(value.to_owned())
            }
            _ => parsed,
        };
        if let Some(layer) = figment::util::nest(&path, parsed).into_dict() {
            merged = merged.merge(Layer(VARIABLE, layer));
        }
    }
    let values = merged.data().ok().and_then(|mut data| data.remove(&Profile::Default)).unwrap_or_default();
    Node { value: table(&values, Some(file), &merged, &mut Vec::new()), spot: file.spot.clone() }
}

/// The keys that a variable names. Tables of the file are met without regard to case (`GERENCIA__GPSB`).
fn keys(name: &str, file: &Node, defaults: &Node) -> Vec<String> {
    let mut at = [Some(file), Some(defaults)];
    name.split("__")
        .map(|piece| {
            let met = at
                .iter()
                .flatten()
                .flat_map(|node| node.entries())
                .find(|e| e.key.eq_ignore_ascii_case(piece))
                .map_or_else(|| piece.to_lowercase(), |e| e.key.clone());
            at = at.map(|node| node.and_then(|n| n.get(&met)));
            met
        })
        .collect()
}

fn dict(node: &Node) -> Dict {
    node.entries().iter().map(|entry| (entry.key.clone(), plain(&entry.node))).collect()
}

fn plain(node: &Node) -> Merged {
    match &node.value {
        Value::Text(text) | Value::Moment(text) => Merged::from(text.clone()),
        Value::Integer(number) => Merged::from(*number),
        Value::Float(number) => Merged::from(*number),
        Value::Bool(flag) => Merged::from(*flag),
        Value::List(nodes) => Merged::from(nodes.iter().map(plain).collect::<Vec<_>>()),
        Value::Table(_) => Merged::from(dict(node)),
        // Never looked at: the file's own node takes its place again.
        Value::Broken => Merged::from(String::new()),
    }
}

/// Back to a tree: keys in the order of the file, what it does not have after them.
fn table(values: &Dict, file: Option<&Node>, merged: &Figment, path: &mut Vec<String>) -> Value {
    let written = file.map(Node::entries).unwrap_or_default();
    let in_order = written.iter().filter_map(|e| Some((e.key.as_str(), values.get(&e.key)?)));
    let others = values
        .iter()
        .filter(|(key, _)| written.iter().all(|e| e.key != **key))
        .map(|(key, value)| (key.as_str(), value));
    let mut entries = Vec::new();
    for (key, value) in in_order.chain(others) {
        path.push(key.to_owned());
        let here = written.iter().find(|e| e.key == key);
        let node = leaf(value, here.map(|e| &e.node), merged, path);
        let key_spot = here.map_or_else(|| node.spot.clone(), |e| e.key_spot.clone());
        entries.push(Entry { key: key.to_owned(), key_spot, node });
        path.pop();
    }
    Value::Table(entries)
}

fn leaf(value: &Merged, file: Option<&Node>, merged: &Figment, path: &mut Vec<String>) -> Node {
    if let Merged::Dict(tag, inner) = value {
        let spot = file.map_or_else(|| spot(*tag, merged, path), |node| node.spot.clone());
        return Node { value: table(inner, file, merged, path), spot };
    }
    let spot = spot(value.tag(), merged, path);
    match (spot, file) {
        (Spot::Whole(_), Some(node)) => node.clone(),
        (spot, _) => Node { value: raised(value, &spot), spot },
    }
}

fn spot(tag: Tag, merged: &Figment, path: &[String]) -> Spot {
    match merged.get_metadata(tag).map(|m| m.name.as_ref()) {
        Some(VARIABLE) => Spot::Variable(format!("VIGIA_{}", path.join("__").to_uppercase())),
        Some(FILE) => Spot::Whole(String::new()),
        _ => Spot::Default,
    }
}

fn raised(value: &Merged, spot: &Spot) -> Value {
    match value {
        Merged::String(_, text) => Value::Text(text.clone()),
        Merged::Char(_, c) => Value::Text(c.to_string()),
        Merged::Bool(_, flag) => Value::Bool(*flag),
        Merged::Num(_, number) => number_of(*number),
        Merged::Empty(..) => Value::Text(String::new()),
        Merged::Array(_, values) => {
            Value::List(values.iter().map(|v| Node { value: raised(v, spot), spot: spot.clone() }).collect())
        }
        Merged::Dict(_, inner) => Value::Table(
            inner
                .iter()
                .map(|(key, v)| Entry {
                    key: key.clone(),
                    key_spot: spot.clone(),
                    node: Node { value: raised(v, spot), spot: spot.clone() },
                })
                .collect(),
        ),
    }
}

fn number_of(number: Num) -> Value {
    let whole = number.to_i128().or_else(|| number.to_u128().and_then(|n| i128::try_from(n).ok()));
    match whole.and_then(|n| i64::try_from(n).ok()) {
        Some(whole) => Value::Integer(whole),
        None => Value::Float(number.to_f64().unwrap_or(f64::NAN)),
    }
}
