//! Every statement is one that the engine understands.

use crate::database::sql::prepare_all;
use crate::database::{leader, place, postgres, sqlite, steps, transaction};
use crate::store::testing::store;
use crate::store::*;

#[tokio::test]
async fn every_statement_prepares() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    let mut conn = store.db.read().await.unwrap();
    let files = [
        announce::ALL,
        baseline::ALL,
        begin::ALL,
        chain::ALL,
        closing::ALL,
        configuration::ALL,
        contact::ALL,
        delivery::ALL,
        elsewhere::ALL,
        frontier::ALL,
        journal::ALL,
        ledger::ALL,
        letter::ALL,
        place::ALL,
        news::ALL,
        notice::ALL,
        outbox::ALL,
        overrides::ALL,
        pass::ALL,
        post::ALL,
        progress::ALL,
        reading::ALL,
        reduce::ALL,
        register::ALL,
        retired::ALL,
        return_key::ALL,
        sighted::ALL,
        returned::ALL,
        ruling::ALL,
        run::ALL,
        settle::ALL,
        snapshot::ALL,
        status::ALL,
        stop::ALL,
        uncertain::ALL,
        visit::ALL,
        witness::ALL,
        zone::ALL,
        steps::ALL,
    ];
    prepare_all(&mut conn, &files).await;
    let of_engine =
        if conn.is_postgres() { [leader::ALL, postgres::ALL] } else { [sqlite::ALL, transaction::ALL] };
    prepare_all(&mut conn, &of_engine).await;
}
