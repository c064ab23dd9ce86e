//! A prorrogação written into `calendario.toml`: one block put in, every other byte as it was.
//!
//! The places come from `toml_edit`'s spans; the text goes in as text. Writing the whole document anew, as a DOM does,
//! would turn line ends and lose the marks of a file made on another system.

use std::ops::Range;

use jiff::civil::{Date, Time};
use toml_edit::{Array, Document, InlineTable, Item, Table, TableLike, Value};

use super::source::Sources;
use crate::domain::calendar::{Deadline, Window};
use crate::domain::id::{MunicipalityCode, Reference, SystemId, WindowId};
use crate::text::toml::quoted;

/// A deadline announced anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewExtension {
    pub deadline: Date,
    /// Its time, where it is not the window's own.
    pub at: Option<Time>,
    pub announced: Date,
    pub source: String,
    /// Whom it is for, in order; empty: all.
    pub municipalities: Vec<MunicipalityCode>,
}

/// Why nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unwritten {
    /// No such file, or not to be read as TOML.
    #[error("calendario.toml não pôde ser lido\ndica: rode “vigia-suas verificar”")]
    Unreadable,
    /// Its windows are written in a way that takes no block.
    #[error(
        "as janelas de calendario.toml estão escritas de um modo que o programa não sabe completar\n\
         dica: escreva a prorrogação à mão, como em “O MDS prorrogou” do LEIAME.md"
    )]
    Unplaced,
}

/// The bytes of `calendario.toml` with a prorrogação of `window` in them. A window of a recurrence is written out
/// first, with the dates that it has.
pub fn write_extension(sources: &Sources, window: &Window, new: &NewExtension) -> Result<Vec<u8>, Unwritten> {
    let bytes = sources.bytes("calendario.toml").ok_or(Unwritten::Unreadable)?;
    let text = std::str::from_utf8(bytes).map_err(|_| Unwritten::Unreadable)?;
    let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let body = &text[mark..];
    let document = Document::parse(body).map_err(|_| Unwritten::Unreadable)?;
    let end = if body.contains("\r\n") { "\r\n" } else { "\n" };
    let ends = ends_halt(window, new).then(|| format!("situacao_ate = {}", new.announced));
    let mut pieces = match document.as_table().get("janela") {
        Some(Item::ArrayOfTables(tables)) => {
            match tables.iter().find(|table| id_of(*table).as_ref() == Some(&window.id)) {
                Some(table) => {
                    let ends = ends.zip(table.get("situacao").and_then(Item::span));
                    let ended = ends.map(|(ends, key)| after_line(body, key.end, &format!("{ends}\n")));
                    ended.into_iter().chain([in_table(body, table, new)?]).collect()
                }
                None => vec![written_out(body, window, new)?],
            }
        }
        Some(Item::Value(Value::Array(tables))) => {
            let tables = tables.iter().filter_map(Value::as_inline_table);
            let mut found = tables.filter(|table| id_of(*table).as_ref() == Some(&window.id));
            let table = found.next().ok_or(Unwritten::Unplaced)?;
            let ends = ends.zip(table.get("situacao").and_then(Value::span));
            let ended = ends.map(|(ends, key)| (key.end, format!(", {ends}")));
            ended.into_iter().chain([in_inline_table(table, new)?]).collect()
        }
        Some(_) => return Err(Unwritten::Unplaced),
        None => vec![written_out(body, window, new)?],
    };
    // Of two at one place the end of the halt stays before the prorrogação, which is a table below it.
    pieces.sort_by_key(|(at, _)| *at);
    let mut written = text[..mark].to_owned();
    let mut from = 0;
    for (at, piece) in pieces {
        written.push_str(&body[from..at]);
        written.push_str(&piece.replace('\n', end));
        from = at;
    }
    written.push_str(&body[from..]);
    Ok(written.into_bytes())
}

/// Whether the prorrogação ends a halt that is written without an end: then the end is written too, or the file would
/// say "suspensa" of a window that goes on.
pub fn ends_halt(window: &Window, new: &NewExtension) -> bool {
    let open = window.halt.filter(|halt| halt.until.is_none());
    new.municipalities.is_empty()
        && open.is_some_and(|halt| halt.since.is_some_and(|day| new.announced > day))
}

/// After everything that the window has, as one more table.
fn in_table(body: &str, table: &Table, new: &NewExtension) -> Result<(usize, String), Unwritten> {
    if let Some(Item::Value(Value::Array(list))) = table.get("prorrogacao") {
        return in_array(list, new);
    }
    let last = last_byte(table).or_else(|| table.span().map(|span| span.end)).ok_or(Unwritten::Unplaced)?;
    let written = match table.get("prorrogacao") {
        Some(Item::ArrayOfTables(tables)) => tables.iter().last().and_then(Table::span),
        _ => None,
    };
    let indent = match written {
        Some(span) => {
            let line = body[..span.start].rfind('\n').map_or(0, |at| at + 1);
            body[line..span.start].chars().take_while(|c| matches!(c, ' ' | '\t')).collect()
        }
        None => "  ".to_owned(),
    };
    Ok(after_line(body, last, &block(&indent, new)))
}

/// After the line in which a byte stands.
fn after_line(body: &str, last: usize, block: &str) -> (usize, String) {
    match body[last..].find('\n') {
        Some(ahead) => (last + ahead + 1, block.to_owned()),
        None => (body.len(), format!("\n{}", block.trim_end_matches('\n'))),
    }
}

/// At the end of the file, the window of a recurrence as it stands, and the prorrogação under it.
fn written_out(body: &str, window: &Window, new: &NewExtension) -> Result<(usize, String), Unwritten> {
    let first = window.editions.first().ok_or(Unwritten::Unplaced)?;
    let deadline = first.deadline.ok_or(Unwritten::Unplaced)?;
    let mut out = String::new();
    if !body.is_empty() {
        out.push_str(if body.ends_with('\n') { "\n" } else { "\n\n" });
    }
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    line("[[janela]]".to_owned());
    line(format!("sistema = {}", quoted(window.system.as_str())));
    line(format!("referencia = {}", quoted(&window.reference.to_string())));
    line(format!("abertura = {}", window.opens_on));
    line(format!("prazo = {}", deadline.on));
    if deadline.at != Deadline::DEFAULT_TIME {
        line(format!("prazo_hora = \"{}\"", deadline.at.strftime("%H:%M:%S")));
    }
    line(format!("fonte = {}", quoted(&first.source)));
    out.push_str(&block("  ", new));
    Ok((body.len(), out))
}

/// As one more key of a window written in one line.
fn in_inline_table(table: &InlineTable, new: &NewExtension) -> Result<(usize, String), Unwritten> {
    if let Some(Value::Array(list)) = table.get("prorrogacao") {
        return in_array(list, new);
    }
    let last = table.iter().filter_map(|(_, value)| value.span()).map(|span| span.end).max();
    let last = last.ok_or(Unwritten::Unplaced)?;
    Ok((last, format!(", prorrogacao = [{}]", inline(new))))
}

/// As one more element of a list in one line.
fn in_array(list: &Array, new: &NewExtension) -> Result<(usize, String), Unwritten> {
    if let Some(span) = list.iter().last().and_then(Value::span) {
        return Ok((span.end, format!(", {}", inline(new))));
    }
    let span = list.span().ok_or(Unwritten::Unplaced)?;
    Ok((span.start + 1, inline(new)))
}

/// The end of the last thing that a table has, those under it included.
fn last_byte(table: &dyn TableLike) -> Option<usize> {
    let end = |range: Option<Range<usize>>| range.map(|r| r.end);
    table
        .iter()
        .filter_map(|(_, item)| match item {
            Item::None => None,
            Item::Value(value) => end(value.span()),
            Item::Table(inner) => last_byte(inner).max(end(inner.span())),
            Item::ArrayOfTables(tables) => {
                tables.iter().filter_map(|inner| last_byte(inner).max(end(inner.span()))).max()
            }
        })
        .max()
}

fn id_of(table: &dyn TableLike) -> Option<WindowId> {
    let text = |key: &str| table.get(key).and_then(Item::as_str).map(str::trim);
    let reference = match table.get("referencia")?.as_integer() {
        Some(year) => Reference::parse(&year.to_string()),
        None => Reference::parse(text("referencia")?),
    };
    WindowId::new(&SystemId::parse(text("sistema")?).ok()?, reference.ok()?, text("nome")).ok()
}

/// The keys of a prorrogação with their values.
fn keys(new: &NewExtension) -> Vec<String> {
    let mut keys = vec![format!("prazo = {}", new.deadline)];
    keys.extend(new.at.map(|at| format!("prazo_hora = \"{}\"", at.strftime("%H:%M:%S"))));
    keys.push(format!("anunciada = {}", new.announced));
    keys.push(format!("fonte = {}", quoted(&new.source)));
    if !new.municipalities.is_empty() {
        let codes: Vec<String> = new.municipalities.iter().map(|code| format!("\"{code}\"")).collect();
        keys.push(format!("municipios = [{}]", codes.join(", ")));
    }
    keys
}

fn block(indent: &str, new: &NewExtension) -> String {
    let keys = keys(new);
    let lines = std::iter::once("[[janela.prorrogacao]]").chain(keys.iter().map(String::as_str));
    lines.flat_map(|line| [indent, line, "\n"]).collect()
}

fn inline(new: &NewExtension) -> String {
    format!("{{ {} }}", keys(new).join(", "))
}
