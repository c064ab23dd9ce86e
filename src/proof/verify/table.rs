//! The tables, row by row, each held against what must be there.

use futures_util::TryStreamExt as _;

use super::expect::{Found, Must, Row};
use super::{Amiss, ChainReport, Discrepancy, Expected};
use crate::database::db::Conn;
use crate::database::engine::{self, CellKind};
use crate::database::sql::statements;
use crate::store::StoreError;
use crate::store::letter::unpack;
use crate::text::digest::sha256;

statements! {
    const NOTICES = "SELECT * FROM notices";
    const CLOSINGS = "SELECT * FROM closings";
    const LETTERS = "SELECT * FROM letters";
    const DELIVERIES = "SELECT * FROM deliveries";
    const ATTEMPTS = "SELECT * FROM attempts";
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
}

/// A table with proof value.
struct Table {
    name: &'static str,
    key: &'static [&'static str],
    rows: &'static str,
}

const fn table(name: &'static str, key: &'static [&'static str], rows: &'static str) -> Table {
    Table { name, key, rows }
}

const TABLES: [Table; 22] = [
    table("notices", &["notice_key"], NOTICES),
    table("closings", &["window_id", "edition"], CLOSINGS),
    table("letters", &["notice_key", "version"], LETTERS),
    table("deliveries", &["id"], DELIVERIES),
    table("attempts", &["delivery", "n"], ATTEMPTS),
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
];

/// Holds every table against what must be there, and counts letters and deliveries.
pub(super) async fn compare(
    conn: &mut Conn,
    mut expected: Expected,
    report: &mut ChainReport,
) -> Result<Vec<Discrepancy>, StoreError> {
    let mut amiss = Vec::new();
    for table in &TABLES {
        let mut rows = expected.remove(table.name).unwrap_or_default();
        let before = amiss.len();
        let mut count = 0;
        let mut stream = engine::stream(table.rows, conn);
        while let Some(row) = stream.try_next().await? {
            count += 1;
            let key: Vec<String> = table.key.iter().map(|column| key_of(table, &row, column)).collect();
            let what = match rows.remove(&key) {
                None => Some(Amiss::Unknown),
                Some(must) => {
                    let changed = changed(table, &row, &must);
                    (!changed.is_empty()).then_some(Amiss::Changed(changed))
                }
            };
            amiss.extend(what.map(|what| Discrepancy { table: table.name, key, what }));
        }
        let missing =
            rows.into_keys().map(|key| Discrepancy { table: table.name, key, what: Amiss::Missing });
        amiss.extend(missing);
        amiss[before..].sort();
        match table.name {
            "letters" => report.letters = count,
            "deliveries" => report.deliveries = count,
            _ => {}
        }
    }
    Ok(amiss)
}

/// A key's column as text. The journal outlives a contact's data, so a contact is known by its digest.
fn key_of(table: &Table, row: &engine::Row, column: &str) -> String {
    match found(row, column) {
        Found::Text(text) if table.name == "flagged_contacts" => sha256(text.as_bytes()),
        Found::Text(text) | Found::Bytes(text) => text,
        Found::Number(number) => number.to_string(),
        Found::Nothing | Found::Other => String::new(),
    }
}

fn changed(table: &Table, row: &engine::Row, must: &Row) -> Vec<&'static str> {
    let found = |column: &'static str| match (table.name, column) {
        ("letters", "bytes") => letter(row),
        _ => found(row, column),
    };
    let wrong = |(column, must): &(&'static str, Must)| (!must.fits(&found(column))).then_some(*column);
    let mut changed: Vec<&'static str> = must.iter().filter_map(wrong).collect();
    if table.name == "deliveries" && is_on_the_wire(row, must) {
        changed.retain(|column| !matches!(*column, "state" | "attempts" | "sending_at"));
    }
    changed
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
