//! Where a window is written, for faults that only the ledger can find.

use super::fault::{Fault, Faults};
use super::locate::{Log, Spot};
use super::node::{self, Entry, Node, Value};
use super::source::Sources;
use crate::domain::id::{Reference, SystemId, WindowId};

/// What of a window is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowKey {
    Window,
    Parts,
    Deadline(u16),
    /// The municipalities of that edition.
    Municipalities(u16),
}

/// An error about a window, at its place in `calendario.toml`: where it is written, else where its recurrence is,
/// else the file as a whole.
pub fn fault_at(
    sources: &Sources,
    window: &WindowId,
    place: WindowKey,
    message: String,
    hint: String,
) -> Fault {
    let log = Log::default();
    let name = sources.shown("calendario.toml");
    let spot = sources
        .bytes("calendario.toml")
        .and_then(|bytes| node::parse(name.clone(), bytes, &Log::default()))
        .and_then(|document| find(&document, window, place));
    log.error(&spot.unwrap_or(Spot::Whole(name)), message, hint);
    let Faults(mut faults) = Faults(log.into_faults());
    faults.swap_remove(0)
}

fn find(document: &Node, window: &WindowId, place: WindowKey) -> Option<Spot> {
    match written(document, window) {
        Some(table) => Some(within(table, place)),
        None => recurrence(document, window, place),
    }
}

/// The `[[janela]]` of that id.
fn written<'a>(document: &'a Node, window: &WindowId) -> Option<&'a Node> {
    let Value::List(tables) = &document.get("janela")?.value else { return None };
    tables.iter().find(|table| id_of(table).as_ref() == Some(window))
}

/// The id of a window as written, if it reads.
pub(super) fn id_of(table: &Node) -> Option<WindowId> {
    let system = SystemId::parse(text(table.get("sistema")?)?).ok()?;
    let reference = match &table.get("referencia")?.value {
        Value::Integer(year) => Reference::parse(&year.to_string()),
        Value::Text(text) => Reference::parse(text.trim()),
        _ => return None,
    };
    let name = table.get("nome").and_then(text);
    WindowId::new(&system, reference.ok()?, name).ok()
}

fn text(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Text(text) => Some(text.trim()),
        _ => None,
    }
}

fn within(table: &Node, place: WindowKey) -> Spot {
    let entry = |node: &Node, key: &str| -> Option<Spot> {
        let found = |e: &&Entry| e.key == key;
        node.entries().iter().find(found).map(|e| e.node.spot.clone())
    };
    let extension = |number: u16| -> Option<&Node> {
        let Value::List(tables) = &table.get("prorrogacao")?.value else { return None };
        tables.get(usize::from(number).checked_sub(2)?)
    };
    let found = match place {
        WindowKey::Window => None,
        WindowKey::Parts => entry(table, "partes"),
        WindowKey::Deadline(1) => entry(table, "prazo"),
        WindowKey::Deadline(number) => extension(number).and_then(|inner| entry(inner, "prazo")),
        WindowKey::Municipalities(number) => extension(number)
            .and_then(|inner| entry(inner, "municipios").or_else(|| Some(inner.spot.clone()))),
    };
    found.unwrap_or_else(|| table.spot.clone())
}

/// A recurring window stands where its rule does; its parts where the system's do.
fn recurrence(document: &Node, window: &WindowId, place: WindowKey) -> Option<Spot> {
    let system = document.get("sistema")?.get(window.as_str().split('/').next()?)?;
    let rule = system.get("recorrencia");
    let found = match place {
        WindowKey::Parts => system.get("partes"),
        WindowKey::Deadline(_) => rule.and_then(|rule| rule.get("prazo")),
        WindowKey::Window | WindowKey::Municipalities(_) => rule,
    };
    Some(found.unwrap_or(system).spot.clone())
}
