//! The law over the schema once more, on a server: whatever cell is changed there, and whatever row is removed, is named.

use super::told;
use crate::database::engine::Query;
use crate::database::{postgres, steps};
use crate::proof::ChainReport;
use crate::proof::verify::{self, NOT_MISSED, NOT_PROVED};
use crate::store::testing;
use crate::store::{Store, StoreError};

/// What each column is called, and what it may be changed to.
async fn changes(store: &Store, table: &str) -> Vec<(String, Vec<String>)> {
    let columns = Query::new(postgres::COLUMNS).bind(table);
    let columns = columns.fetch_all(&mut store.db.read().await.unwrap()).await.unwrap();
    let mut of = Vec::new();
    for row in columns {
        let (name, kind): (String, String) = (row.try_get(0).unwrap(), row.try_get(1).unwrap());
        let changes = match kind.as_str() {
            "bytea" => vec![format!("'\\x00'::bytea || \"{name}\""), "NULL".to_owned(), "''".to_owned()],
            "text" => vec![format!("COALESCE(\"{name}\" || 'x', 'x')"), "''".to_owned()],
            _ => vec![format!("COALESCE(\"{name}\" + 1, 1)")],
        };
        of.push((name, changes));
    }
    of
}

/// What the check says of a ledger that this was done to; nothing where it changes no row, or the schema refuses it. It is
/// as it was afterwards.
async fn after(store: &Store, tampering: &str) -> Option<Result<ChainReport, StoreError>> {
    let mut tx = store.db.begin_wherever().await.unwrap();
    tx.run("SET LOCAL session_replication_role = replica".to_owned()).await.unwrap();
    let report = match tx.run(tampering.to_owned()).await {
        Ok(1) => Some(verify::whole(&mut tx).await),
        Ok(_) | Err(_) => None,
    };
    tx.run("ROLLBACK".to_owned()).await.unwrap();
    report
}

/// Whether the check found it, and where.
fn is_named(report: &Result<ChainReport, StoreError>, table: &str) -> bool {
    match report {
        Ok(report) => {
            let is_broken = matches!(table, "journal" | "meta") && report.broken_at.is_some();
            is_broken || report.discrepancies.iter().any(|found| found.table == table)
        }
        // A cell that cannot even be read is named by table and column.
        Err(fault) => fault.to_string().contains(table),
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn whatever_cell_is_changed_or_row_removed_on_a_server_it_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let place = testing::place(&dir);
    assert!(place.server.is_some(), "TESTE_POSTGRES names the socket of a PostgreSQL server");
    let store = told(Store::open(place, testing::at(0)).await.unwrap()).await;
    assert!(store.verify().await.unwrap().is_whole());
    let (mut cells, mut rows) = (0, 0);
    for table in steps::tables() {
        let unproved = NOT_PROVED.iter().find(|(name, _)| *name == table).map_or(&[][..], |found| found.1);
        let columns = changes(&store, table).await;
        let proved = columns.iter().filter(|(column, _)| !unproved.contains(&column.as_str()));
        let last = format!("ctid = (SELECT MAX(ctid) FROM \"{table}\")");
        for (column, changes) in proved.clone() {
            for change in changes {
                let tampering = format!(
                    "UPDATE \"{table}\" SET \"{column}\" = {change} WHERE {last} AND \"{column}\" IS DISTINCT FROM {change}"
                );
                if let Some(report) = after(&store, &tampering).await {
                    cells += 1;
                    assert!(is_named(&report, table), "{tampering}: {report:#?}");
                }
            }
        }
        if proved.count() > 0 && !NOT_MISSED.contains(&table) {
            let tampering = format!("DELETE FROM \"{table}\" WHERE {last}");
            let report = after(&store, &tampering).await.expect(table);
            rows += 1;
            assert!(is_named(&report, table), "{tampering}: {report:#?}");
        }
    }
    assert!(cells > 150 && rows > 15, "{cells} cells were changed and {rows} rows removed");
    assert!(store.verify().await.unwrap().is_whole(), "each was taken back");
}
