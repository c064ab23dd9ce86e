//! Every statement is one that the engine understands, and few go through a whole table.

use std::collections::BTreeSet;

use crate::database::packed::packed;
use crate::database::sql::{bound, planned, prepare_all};
use crate::database::{leader, place, postgres, sqlite, steps, transaction};
use crate::store::testing::store;
use crate::store::*;

/// The statements of this room and of the intake, by file.
fn files() -> Vec<&'static [(&'static str, &'static str)]> {
    let here = vec![
        announce::ALL,
        begin::ALL,
        clock::ALL,
        chain::ALL,
        closing::ALL,
        configuration::ALL,
        contact::ALL,
        delivery::ALL,
        elsewhere::ALL,
        failure::ALL,
        frontier::ALL,
        journal::ALL,
        ledger::ALL,
        letter::ALL,
        place::ALL,
        notice::ALL,
        outbox::ALL,
        overrides::ALL,
        pass::ALL,
        post::ALL,
        progress::ALL,
        reading::ALL,
        reduce::ALL,
        retired::ALL,
        return_key::ALL,
        sighted::ALL,
        returned::ALL,
        settle::ALL,
        stop::ALL,
        uncertain::ALL,
        witness::ALL,
        zone::ALL,
        steps::ALL,
    ];
    [here, crate::intake::STATEMENTS.to_vec()].concat()
}

#[tokio::test]
async fn every_statement_prepares() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    let mut conn = store.db.read().await.unwrap();
    prepare_all(&mut conn, &files()).await;
    let of_engine =
        if conn.is_postgres() { [leader::ALL, postgres::ALL] } else { [sqlite::ALL, transaction::ALL] };
    prepare_all(&mut conn, &of_engine).await;
}

/// Tables that grow with the years, and their names in statements.
const GROWING: &[&str] = &[
    "journal",
    "notices",
    "letters",
    "deliveries",
    "attempts",
    "snapshots",
    "snapshot_tallies",
    "status_pages",
    "closings",
    "edition_readings",
    "overrides",
    "n",
    "l",
    "d",
    "j",
    "a",
    "s",
    "t",
    "c",
];

/// Statements that go through all of one, each with its reason.
const WHOLE: &[&str] = &[
    "ANY_NOTICE: notices USING COVERING INDEX notices_by_municipality", // stops at its first row
    "APPEND: closings", // a new entry pays the reference of a closing that is owed one, and only then
    // A row for each window that closed and for each order: the call list on the panel.
    "BASIS: closings USING COVERING INDEX sqlite_autoindex_closings_1",
    "BASIS: overrides",
    "BASIS: overrides USING COVERING INDEX sqlite_autoindex_overrides_1",
    "BEGAN: journal USING INDEX sqlite_autoindex_journal_1", // stops at its first row
    "CLOSED: closings USING INDEX sqlite_autoindex_closings_1", // a row for each window that closed: historico
    "CLOSINGS: c",                                              // the whole ledger
    "EVERY: journal USING INDEX sqlite_autoindex_journal_1",    // every letter as it stood: cartas --em
    "KNOWN: status_pages USING INDEX sqlite_autoindex_status_pages_1", // the proof, and the whole ledger
    "LAST: d",                                                  // contato, by a person
    "LAST: deliveries",
    "LINES_THEN: d USING INDEX sqlite_autoindex_deliveries_2", // every letter as it stood: cartas --em
    "LIST: d USING INDEX sqlite_autoindex_deliveries_2",       // every letter
    "LIST: edition_readings USING INDEX sqlite_autoindex_edition_readings_1", // the whole ledger
    "LIST: overrides",                                         // every order, few in a year
    "LIST: snapshots USING INDEX sqlite_autoindex_snapshots_2", // stops at so many
    "LIVE: d USING INDEX sqlite_autoindex_deliveries_2",       // assumir, by a person
    "NOTICES: n USING INDEX sqlite_autoindex_notices_1",       // the whole ledger
    "OLD_CALLS: overrides",                                    // once a day: what is to be erased
    "OLD_FILES: n",
    "OLD_LETTERS: l USING INDEX sqlite_autoindex_letters_2",
    "PROGRESS: c USING INDEX sqlite_autoindex_crawls_1", // a crawl's pages, which end with it
    "SPOKE: status_pages USING COVERING INDEX sqlite_autoindex_status_pages_1", // a start or a reload
];

/// Indexes of a few rows alone: what waits, is on the wire, or is a rare sort of entry.
const FEW: &[&str] = &[
    "journal_of_",
    "deliveries_due",
    "deliveries_leased",
    "deliveries_held",
    "deliveries_on_the_wire",
    "overrides_in_force",
];

#[tokio::test]
async fn whatever_goes_through_all_of_a_table_that_grows_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    let mut conn = store.db.read().await.unwrap();
    // A server's planner goes by how many rows there are.
    if conn.is_postgres() {
        return;
    }
    let mut found = BTreeSet::new();
    for (name, sql) in files().into_iter().flatten().copied() {
        if ["SELECT", "UPDATE", "DELETE", "INSERT"].iter().all(|verb| !sql.starts_with(verb)) {
            continue;
        }
        for step in planned(&mut conn, sql).await {
            let few = FEW.iter().any(|index| step.contains(index));
            // What is of no window and no municipality is every load of every feed.
            let is_of_service = step.contains("journal_by_window")
                && sql.contains("window_id IS NULL AND municipality IS NULL");
            let scan = step.strip_prefix("SCAN ").or(step.strip_prefix("SEARCH ").filter(|_| is_of_service));
            let scan = scan.filter(|_| !few);
            if let Some(table) = scan.filter(|table| GROWING.contains(&table.split(' ').next().unwrap())) {
                found.insert(format!("{name}: {table}"));
            }
        }
    }
    assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), WHOLE);
}

macro_rules! some_rows {
    () => {
        "SELECT 7 AS n, 'sete' AS word, CAST(NULL AS TEXT) AS gone UNION ALL SELECT -12, '', 'é\n\tx' \
         UNION ALL SELECT 3, 'três', 'y' ORDER BY n DESC"
    };
}

const PLAIN: &str = some_rows!();
const PACKED: &str = packed!(["n", "word", "gone"], some_rows!());
const NONE: &str = packed!(["n"], "SELECT 1 AS n WHERE 1 = 0");
const TORN: &str = packed!(["word"], "SELECT 'a\u{1f}b' AS word");

#[tokio::test]
async fn rows_that_come_as_one_text_are_those_that_come_by_themselves() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    let mut conn = store.db.read().await.unwrap();
    let plain = bound!(PLAIN).fetch_all(&mut conn).await.unwrap();
    let packed = bound!(PACKED).fetch_packed(&mut conn).await.unwrap();
    assert_eq!((plain.len(), packed.len()), (3, 3));
    let told = |row: &crate::database::engine::Row| {
        let (n, word, gone): (i64, String, Option<String>) =
            (row.try_get("n").unwrap(), row.try_get(1).unwrap(), row.try_get("gone").unwrap());
        (n, word, gone)
    };
    assert_eq!(packed.iter().map(told).collect::<Vec<_>>(), plain.iter().map(told).collect::<Vec<_>>());
    assert_eq!(packed[2].try_get::<Option<i64>, _>("gone").ok(), None, "it is no number");
    assert_eq!(packed[0].try_get::<Option<i64>, _>("gone").unwrap(), None);
    assert!(packed[0].try_get::<i64, _>("gone").is_err(), "there must be one");
    assert!(packed[0].try_get::<i64, _>("other").is_err() && packed[0].try_get::<i64, _>(3).is_err());
    assert_eq!(bound!(NONE).fetch_packed(&mut conn).await.unwrap().len(), 0);
    assert!(bound!(TORN).fetch_packed(&mut conn).await.is_err(), "never half a row");
}
