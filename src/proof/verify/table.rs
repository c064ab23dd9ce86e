//! The tables, row by row, each held against what must be there.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};

use futures_util::TryStreamExt as _;

use super::expect::{Found, Must, Row, Rows};
use super::{Amiss, ChainReport, Discrepancy, Expected};
use crate::database::db::Conn;
use crate::database::engine::{self, CellKind};
use crate::database::sql::{among, rows_named, statements};
use crate::store::StoreError;
use crate::store::letter::unpack;
use crate::text::digest::sha256;

statements! {
    const NOTICES = "SELECT notice_key FROM notices";
    const SOME_NOTICES = concat!("SELECT * FROM notices WHERE ", among!("notice_key"));
    const CLOSINGS = "SELECT * FROM closings";
    const LETTERS = "SELECT notice_key, version FROM letters";
    const SOME_LETTERS = concat!("SELECT * FROM letters WHERE ", among!("notice_key"));
    const DELIVERIES = "SELECT id FROM deliveries";
    const SOME_DELIVERIES = concat!("SELECT * FROM deliveries WHERE ", among!("id"));
    const ATTEMPTS = "SELECT delivery, n FROM attempts";
    const SOME_ATTEMPTS = concat!("SELECT * FROM attempts WHERE ", among!("delivery"));
    const LEFT = "SELECT * FROM left_elsewhere";
    const CONTACTS = "SELECT * FROM flagged_contacts";
    const MAPPINGS = "SELECT * FROM mappings";
    const SNAPSHOTS = "SELECT * FROM snapshots";
    const TALLIES = "SELECT * FROM snapshot_tallies";
    const PAGES = "SELECT * FROM pages";
    const KNOWN = "SELECT * FROM status_pages";
    const RULINGS = "SELECT * FROM snapshot_rulings";
    const OVERRIDES = "SELECT * FROM overrides";
    const READINGS = "SELECT * FROM edition_readings";
    const OUTAGES = "SELECT * FROM outages";
    const RETURNS = "SELECT * FROM returns";
    const LINKS = "SELECT * FROM delivery_returns";
    const CONFIGURATIONS = "SELECT * FROM configurations";
    const PARTS = "SELECT * FROM config_parts";
    const FILES = "SELECT * FROM config_files";
    const REFUSALS = "SELECT * FROM config_refusals";
    const CONSENTS = "SELECT * FROM config_consents";
    const META = "SELECT id, stop_since, stop_until, stop_times, stop_over FROM meta";
}

/// A table with proof value.
struct Table {
    name: &'static str,
    key: &'static [&'static str],
    rows: &'static str,
    /// Of a table of letters, whose rows are compared in parts: the rows with so many first cells of a key. `rows` are then
    /// their keys alone.
    picked: Option<&'static str>,
    /// Whether a row that was told of may be gone.
    is_used_up: bool,
}

const fn table(name: &'static str, key: &'static [&'static str], rows: &'static str) -> Table {
    Table { name, key, rows, picked: None, is_used_up: false }
}

/// A table of letters.
const fn of_letters(
    name: &'static str,
    key: &'static [&'static str],
    rows: &'static str,
    picked: &'static str,
) -> Table {
    Table { name, key, rows, picked: Some(picked), is_used_up: false }
}

const TABLES: [Table; 24] = [
    of_letters("notices", &["notice_key"], NOTICES, SOME_NOTICES),
    table("closings", &["window_id", "edition"], CLOSINGS),
    of_letters("letters", &["notice_key", "version"], LETTERS, SOME_LETTERS),
    of_letters("deliveries", &["id"], DELIVERIES, SOME_DELIVERIES),
    of_letters("attempts", &["delivery", "n"], ATTEMPTS, SOME_ATTEMPTS),
    table("left_elsewhere", &["message_id", "address_sha256"], LEFT),
    table("flagged_contacts", &["address"], CONTACTS),
    table("mappings", &["sha256"], MAPPINGS),
    table("snapshots", &["id"], SNAPSHOTS),
    table("snapshot_tallies", &["snapshot", "window_id"], TALLIES),
    table("pages", &["sha256"], PAGES),
    table("status_pages", &["feed", "window_id"], KNOWN),
    table("snapshot_rulings", &["position"], RULINGS),
    table("overrides", &["id"], OVERRIDES),
    table("edition_readings", &["window_id", "edition"], READINGS),
    table("outages", &["until_at"], OUTAGES),
    table("returns", &["sha256"], RETURNS),
    table("delivery_returns", &["delivery", "sha256"], LINKS),
    table("configurations", &["fingerprint"], CONFIGURATIONS),
    table("config_parts", &["fingerprint", "name"], PARTS),
    table("config_files", &["sha256"], FILES),
    table("config_refusals", &["fingerprint"], REFUSALS),
    // A word that is used up lets nothing in any more: no entry tells of that.
    Table { is_used_up: true, ..table("config_consents", &["digest"], CONSENTS) },
    table("meta", &["id"], META),
];

/// So many rows of letters wait to be compared together.
const TOGETHER: usize = 500;

/// The tables, held against what must be there.
#[derive(Default)]
pub(super) struct Comparison {
    /// Rows of letters that are not compared yet.
    waiting: Expected,
    held: usize,
    most_held: usize,
    /// The rows found that must be there, by table: their keys as numbers that nobody outside this process can work out,
    /// so that none can be made to pass for another.
    found: HashMap<&'static str, HashSet<u64>>,
    hasher: RandomState,
    amiss: HashMap<&'static str, Vec<Discrepancy>>,
}

impl Comparison {
    /// Takes in what must be there of some letters.
    pub(super) async fn take(&mut self, conn: &mut Conn, expected: Expected) -> Result<(), StoreError> {
        for (table, rows) in expected {
            self.held += rows.len();
            self.waiting.entry(table).or_default().extend(rows);
        }
        self.most_held = self.most_held.max(self.held);
        if self.held >= TOGETHER {
            self.compare_waiting(conn).await?;
        }
        Ok(())
    }

    /// Compares the rest, and names what is in the tables and was never told of; counts letters and deliveries.
    pub(super) async fn finish(
        mut self,
        conn: &mut Conn,
        mut expected: Expected,
        report: &mut ChainReport,
    ) -> Result<(), StoreError> {
        self.compare_waiting(conn).await?;
        for table in &TABLES {
            let mut rows = expected.remove(table.name).unwrap_or_default();
            let mut found = self.found.remove(table.name).unwrap_or_default();
            let mut amiss = self.amiss.remove(table.name).unwrap_or_default();
            let mut count = 0;
            let mut stream = engine::stream(table.rows, conn);
            while let Some(row) = stream.try_next().await? {
                count += 1;
                let key = key_of(table, &row);
                if table.picked.is_some() {
                    if !found.remove(&self.hasher.hash_one(&key)) {
                        amiss.push(Discrepancy { table: table.name, key, what: Amiss::Unknown });
                    }
                } else {
                    amiss.extend(match rows.remove(&key) {
                        None => Some(Discrepancy { table: table.name, key, what: Amiss::Unknown }),
                        Some(must) => changed(table, &row, key, &must),
                    });
                }
            }
            if !table.is_used_up {
                amiss.extend(missing(table, rows));
            }
            tell(report, table, count, amiss);
        }
        report.most_held = self.most_held;
        Ok(())
    }

    async fn compare_waiting(&mut self, conn: &mut Conn) -> Result<(), StoreError> {
        self.held = 0;
        for table in &TABLES {
            let (Some(picked), Some(mut rows)) = (table.picked, self.waiting.remove(table.name)) else {
                continue;
            };
            let (found, amiss) =
                (self.found.entry(table.name).or_default(), self.amiss.entry(table.name).or_default());
            let held = hold(conn, table, picked, &mut rows, &[]).await?;
            found.extend(held.found.iter().map(|key| self.hasher.hash_one(key)));
            // What was not told of is named in the end.
            amiss.extend(held.changed);
            amiss.extend(missing(table, rows));
        }
        Ok(())
    }
}

/// Holds the rows of some letters alone against what must be there. `there`: the first cells of the keys of those that
/// are, by table.
pub(super) async fn letters_of(
    conn: &mut Conn,
    mut expected: Expected,
    there: &[(&'static str, Vec<String>)],
    report: &mut ChainReport,
) -> Result<(), StoreError> {
    for table in &TABLES {
        let Some(picked) = table.picked else { continue };
        let mut rows = expected.remove(table.name).unwrap_or_default();
        let also = there.iter().find(|(name, _)| *name == table.name).map_or(&[][..], |(_, names)| names);
        let held = hold(conn, table, picked, &mut rows, also).await?;
        let count = held.found.len() + held.unknown.len();
        let unknown =
            held.unknown.into_iter().map(|key| Discrepancy { table: table.name, key, what: Amiss::Unknown });
        let amiss = held.changed.into_iter().chain(unknown).chain(missing(table, rows)).collect();
        tell(report, table, count, amiss);
    }
    Ok(())
}

/// What a table came to: how many rows were there, and what is amiss with them.
fn tell(report: &mut ChainReport, table: &Table, count: usize, mut amiss: Vec<Discrepancy>) {
    amiss.sort();
    report.discrepancies.append(&mut amiss);
    match table.name {
        "letters" => report.letters = count,
        "deliveries" => report.deliveries = count,
        _ => {}
    }
}

/// What became of rows of letters: the keys of those that must be there and are, and of those that are and need not be.
#[derive(Default)]
struct Held {
    found: Vec<Vec<String>>,
    unknown: Vec<Vec<String>>,
    changed: Vec<Discrepancy>,
}

/// Holds rows of letters against what must be there; what is not found is left in `rows`. `also`: first cells of keys that
/// are asked for too.
async fn hold(
    conn: &mut Conn,
    table: &Table,
    picked: &'static str,
    rows: &mut Rows,
    also: &[String],
) -> Result<Held, StoreError> {
    let told = rows.keys().filter_map(|key| key.first());
    let names: BTreeSet<String> = told.chain(also).cloned().collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut held = Held::default();
    for row in rows_named(conn, picked, &names, None).await? {
        let key = key_of(table, &row);
        match rows.remove(&key) {
            None => held.unknown.push(key),
            Some(must) => {
                held.changed.extend(changed(table, &row, key.clone(), &must));
                held.found.push(key);
            }
        }
    }
    Ok(held)
}

fn missing(table: &Table, rows: Rows) -> impl Iterator<Item = Discrepancy> {
    rows.into_keys().map(|key| Discrepancy { table: table.name, key, what: Amiss::Missing })
}

/// A row's key, column by column.
fn key_of(table: &Table, row: &engine::Row) -> Vec<String> {
    table.key.iter().map(|column| cell_of_key(table, row, column)).collect()
}

/// A key's column as text. The journal outlives a contact's data, so a contact is known by its digest.
fn cell_of_key(table: &Table, row: &engine::Row, column: &str) -> String {
    match found(row, column) {
        Found::Text(text) if table.name == "flagged_contacts" => sha256(text.as_bytes()),
        Found::Text(text) | Found::Bytes(text) => text,
        Found::Number(number) => number.to_string(),
        Found::Nothing | Found::Other => String::new(),
    }
}

fn changed(table: &Table, row: &engine::Row, key: Vec<String>, must: &Row) -> Option<Discrepancy> {
    let found = |column: &'static str| match (table.name, column) {
        ("letters", "bytes") => letter(row),
        _ => found(row, column),
    };
    let wrong = |(column, must): &(&'static str, Must)| (!must.fits(&found(column))).then_some(*column);
    let mut changed: Vec<&'static str> = must.iter().filter_map(wrong).collect();
    if table.name == "deliveries" && is_on_the_wire(row, must) {
        changed.retain(|column| !matches!(*column, "state" | "attempts" | "sending_at"));
    }
    (!changed.is_empty()).then_some(Discrepancy { table: table.name, key, what: Amiss::Changed(changed) })
}

/// Whether a delivery was marked *enviando*, which no entry tells, after what was told last.
fn is_on_the_wire(row: &engine::Row, must: &Row) -> bool {
    let told = |wanted: &str| must.iter().find(|(column, _)| *column == wanted).map(|(_, must)| must);
    let waits = match told("state") {
        Some(Must::Text(Some(state))) => matches!(state.as_str(), "registrado" | "adiado" | "incerto"),
        _ => false,
    };
    let counted = match (told("attempts"), found(row, "attempts")) {
        (Some(Must::Number(Some(before))), Found::Number(now)) => now == before + 1,
        _ => false,
    };
    waits && counted && found(row, "state") == Found::Text("enviando".to_owned())
}

/// A letter's plain bytes.
fn letter(row: &engine::Row) -> Found {
    match row.try_get::<Option<&[u8]>, _>("bytes") {
        Ok(None) => Found::Nothing,
        Ok(Some(packed)) => unpack(packed).map_or(Found::Other, |plain| Found::Bytes(sha256(&plain))),
        Err(_) => Found::Other,
    }
}

fn found(row: &engine::Row, column: &str) -> Found {
    match row.kind(column) {
        CellKind::Nothing => Found::Nothing,
        CellKind::Number => row.try_get(column).map_or(Found::Other, Found::Number),
        CellKind::Text => row.try_get(column).map_or(Found::Other, Found::Text),
        CellKind::Bytes => {
            row.try_get::<&[u8], _>(column).map_or(Found::Other, |bytes| Found::Bytes(sha256(bytes)))
        }
        CellKind::Other => Found::Other,
    }
}
