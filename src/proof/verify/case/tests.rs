//! What a page of every day checks of one municipality, and what it leaves to the self-audit.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;

use crate::database::sql::planned;
use crate::domain::id::WindowId;
use crate::domain::journal::{Audited, DossierShown};
use crate::domain::overrides::Authorship;
use crate::proof::dossier::{self, read};
use crate::proof::tests::{tamper_with, told};
use crate::proof::{Amiss, CaseCheck, CaseFile, Discrepancy};
use crate::store::chain::Link;
use crate::store::testing::*;
use crate::store::{JournalEntry, JournalFilter, Override, Retention, Store};

/// Notes an audit of all that is told.
async fn audit(store: &Store, divergences: u64) {
    let signs = store.signs().await.unwrap();
    let made = Audited {
        until: at(20).into(),
        reached: signs.journal_seq.unsigned_abs(),
        reached_hash: signs.journal_hash,
        letters: 3,
        divergences,
        found: Vec::new(),
    };
    store.note_audit(made, at(20)).await.unwrap();
}

async fn case(store: &Store) -> CaseFile {
    store.case_file(municipality(VITORIA), None, CaseCheck::SinceAudit).await.unwrap().unwrap()
}

/// What is found after an audit and then a change behind the store's back.
async fn after(tampering: &str) -> CaseFile {
    let dir = tempfile::tempdir().unwrap();
    let store = told(store(&dir).await).await;
    audit(&store, 0).await;
    tamper_with(&store, &dir, tampering.to_owned()).await;
    case(&store).await
}

async fn audited(dir: &TempDir, divergences: u64) -> CaseFile {
    let store = told(store(dir).await).await;
    audit(&store, divergences).await;
    case(&store).await
}

#[tokio::test]
async fn what_a_case_rests_on_is_checked_each_time_and_the_rest_is_the_audits() {
    let dir = tempfile::tempdir().unwrap();
    let clean = audited(&dir, 0).await;
    assert!(clean.verified.is_whole(), "{:?}", clean.verified.faults());
    assert_eq!((clean.verified.entries, clean.verified.letters), (1, 1), "the audit's own entry, one letter");
    assert!(clean.audited.is_some());
    let of = format!("notice_key IN (SELECT notice_key FROM notices WHERE municipality = {VITORIA})");
    let its = format!("delivery IN (SELECT id FROM deliveries WHERE {of})");
    for (table, tampering) in [
        ("notices", format!("UPDATE notices SET because = 'x' WHERE municipality = {VITORIA}")),
        ("letters", format!("UPDATE letters SET bytes = X'00' WHERE {of}")),
        ("letters", format!("DELETE FROM letters WHERE {of}")),
        (
            "letters",
            format!(
                "INSERT INTO letters SELECT notice_key, 2, kind, '<y>', subject, sha256, 0, bytes FROM letters WHERE {of}"
            ),
        ),
        ("deliveries", format!("UPDATE deliveries SET state = 'aceito' WHERE state <> 'aceito' AND {of}")),
        (
            "deliveries",
            format!("UPDATE deliveries SET address = 'outro@m.invalid' WHERE {of} AND role = 'smas'"),
        ),
        ("attempts", format!("UPDATE attempts SET reply = '250 ok' WHERE {its}")),
        ("attempts", format!("DELETE FROM attempts WHERE {its}")),
    ] {
        let found = after(&tampering).await.verified;
        assert!(
            found.discrepancies.iter().all(|d| d.table == table) && !found.is_whole(),
            "{tampering}: {found:?}"
        );
    }
    let elsewhere = after(&format!("UPDATE letters SET bytes = X'00' WHERE NOT {of}")).await;
    assert!(elsewhere.verified.is_whole(), "another's letter is no fact of this case");
}

#[tokio::test]
async fn an_entry_of_a_case_that_is_changed_or_has_lost_its_neighbour_is_found_and_so_is_whatever_came_since()
{
    let own = format!("(SELECT MIN(seq) FROM journal WHERE municipality = {VITORIA} AND kind = 'decisao')");
    let dir = tempfile::tempdir().unwrap();
    let clean = audited(&dir, 0).await;
    let first = clean.journal.iter().find(|e| e.municipality.is_some() && e.kind == "decisao").unwrap().seq;
    let head = clean.signs.journal_seq;
    for (broken_at, tampering) in [
        (first, format!("UPDATE journal SET body = replace(body, 'prazo', 'praxo') WHERE seq = {own}")),
        // Its own hash put right, so that it no longer fits the entry after it.
        (first, format!("UPDATE journal SET hash = 'ab' WHERE seq = {own}")),
        (first, format!("DELETE FROM journal WHERE seq = {own} + 1")),
        (first - 1, format!("DELETE FROM journal WHERE seq = {own} - 1")),
        (first, format!("DELETE FROM journal WHERE seq = {own}")),
        (head, "DELETE FROM journal WHERE seq = (SELECT MAX(seq) FROM journal)".to_owned()),
        (head, "UPDATE journal SET prev_hash = 'ab' WHERE kind = 'conferencia'".to_owned()),
        (head + 1, "UPDATE meta SET head_hash = 'ab'".to_owned()),
    ] {
        let found = after(&tampering).await;
        let is_whole = found.verified.is_whole();
        let at = found.verified.broken_at;
        // Without its entry there is no audit to rest on, and all is checked.
        assert!(!is_whole && at == Some(broken_at), "{tampering}: {at:?}, not {broken_at}");
    }
}

#[tokio::test]
async fn an_entry_about_the_service_whose_own_hash_was_put_right_no_longer_fits_its_neighbours() {
    let dir = tempfile::tempdir().unwrap();
    let clean = audited(&dir, 0).await;
    let general: Vec<_> = clean.journal.iter().filter(|entry| entry.municipality.is_none()).collect();
    for entry in [general[0], general[general.len() - 1]] {
        let body = entry.body.replacen('{', "{ ", 1);
        let hash = Link { body: &body, ..super::link(entry) }.hash();
        let body = body.replace('\'', "''");
        let change = format!("UPDATE journal SET body = '{body}', hash = '{hash}' WHERE seq = {}", entry.seq);
        let found = after(&change).await.verified;
        assert!(!found.is_whole() && found.broken_at == Some(entry.seq), "{}: {found:?}", entry.kind);
    }
}

#[tokio::test]
async fn a_neighbour_that_was_changed_with_an_entry_is_named_and_so_is_an_entry_before_the_first() {
    let dir = tempfile::tempdir().unwrap();
    let clean = audited(&dir, 0).await;
    let entry = clean.journal.iter().find(|e| e.municipality.is_some() && e.kind == "decisao").unwrap();
    let body = entry.body.replacen('{', "{ ", 1);
    let hash = Link { body: &body, ..super::link(entry) }.hash();
    let (body, seq) = (body.replace('\'', "''"), entry.seq);
    let change = format!(
        "UPDATE journal SET body = '{body}', hash = '{hash}' WHERE seq = {seq}; \
         UPDATE journal SET prev_hash = '{hash}' WHERE seq = {seq} + 1"
    );
    assert_eq!(after(&change).await.verified.broken_at, Some(seq + 1));
    let smuggled = format!(
        "INSERT INTO journal SELECT -5, at, kind, subject, window_id, municipality, body, '', 'f' FROM journal WHERE seq = {seq}"
    );
    assert_eq!(after(&smuggled).await.verified.broken_at, Some(-5));
}

#[tokio::test]
async fn a_case_whose_letters_were_erased_by_an_act_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let store = told(store(&dir).await).await;
    let retention = Retention {
        years: 5,
        before: at(20_000),
        today: jiff::civil::date(2031, 1, 2),
        going_on: std::collections::BTreeSet::new(),
    };
    assert!(store.reduce(&retention, None, at(20_000)).await.unwrap().letters > 0);
    audit(&store, 0).await;
    let found = case(&store).await;
    assert!(found.audited.is_some() && found.verified.is_whole(), "{:?}", found.verified.faults());
    assert!(found.letters.iter().all(|letter| letter.bytes.is_none()));
}

#[tokio::test]
async fn without_an_audit_or_after_one_that_found_something_all_of_the_ledger_is_checked() {
    let dir = tempfile::tempdir().unwrap();
    let store = told(store(&dir).await).await;
    let none = case(&store).await;
    audit(&store, 2).await;
    let amiss = case(&store).await;
    for found in [&none, &amiss] {
        assert!(found.audited.is_none() && found.verified.is_whole());
        assert_eq!(i64::try_from(found.verified.entries).unwrap(), found.signs.journal_seq);
    }
    audit(&store, 0).await;
    assert!(case(&store).await.audited.is_some());
    let asked = store.case_file(municipality(VITORIA), None, CaseCheck::Whole).await.unwrap().unwrap();
    assert!(asked.audited.is_none() && asked.verified.letters > 1);
}

#[tokio::test]
async fn whichever_entry_of_a_case_is_taken_out_is_missed() {
    let dir = tempfile::tempdir().unwrap();
    let store = told(store(&dir).await).await;
    audit(&store, 0).await;
    let mut tried = 0;
    for of in [VITORIA, SERRA] {
        let of = municipality(of);
        let case = async || {
            store.case_file(of, Some(&rma()), CaseCheck::SinceAudit).await.unwrap().unwrap().verified
        };
        let journal =
            store.journal(&JournalFilter { municipality: Some(of), ..JournalFilter::default() }).await;
        assert!(case().await.is_whole());
        for JournalEntry { seq, kind, .. } in journal.unwrap() {
            let out = format!(
                "CREATE TABLE aside AS SELECT * FROM journal WHERE seq = {seq}; DELETE FROM journal WHERE seq = {seq}"
            );
            tamper_with(&store, &dir, out).await;
            assert!(!case().await.is_whole(), "{kind} {seq}");
            let back = "INSERT INTO journal SELECT * FROM aside; DROP TABLE aside".to_owned();
            tamper_with(&store, &dir, back).await;
            tried += 1;
        }
        assert!(case().await.is_whole(), "put back");
    }
    assert!(tried > 5, "{tried}");
}

#[tokio::test]
async fn an_order_whose_entry_was_the_windows_last_is_missed_too() {
    let dir = tempfile::tempdir().unwrap();
    let store = told(store(&dir).await).await;
    let (municipality, window) = (municipality(VITORIA), rma());
    let call = Override::Note { municipality, window, until: None, telephone: None };
    let by = Authorship { author: "ana".to_owned(), reason: "falou".to_owned(), at: at(15) };
    let order = store.add_override(call, by).await.unwrap();
    audit(&store, 0).await;
    let last = "SELECT MAX(seq) FROM journal WHERE kind = 'ordem'";
    tamper_with(&store, &dir, format!("DELETE FROM journal WHERE seq = ({last})")).await;
    let found = store.case_file(municipality, Some(&rma()), CaseCheck::SinceAudit).await.unwrap().unwrap();
    let amiss =
        Discrepancy { table: "overrides", key: vec![order.as_str().to_owned()], what: Amiss::Unknown };
    assert_eq!(found.verified.discrepancies, [amiss]);
}

/// Entries about other windows and municipalities, as a ledger has more of each year.
async fn other_years(store: &Store, entries: i64) {
    let other = WindowId::parse("rma/2025-11").unwrap();
    for n in 0..entries {
        let of = municipality(if n % 2 == 0 { VITORIA } else { SERRA });
        let shown = DossierShown { user: "ana".to_owned(), by_proxy: false };
        store.note_dossier_shown(of, Some(other.clone()), shown, at(0)).await.unwrap();
    }
}

/// How many steps SQLite takes for a case, after so many entries about something else.
async fn steps(entries: i64) -> usize {
    let dir = tempfile::tempdir().unwrap();
    let store = file_store(&dir).await;
    other_years(&store, entries).await;
    let store = told(store).await;
    audit(&store, 0).await;
    let taken = Arc::new(AtomicUsize::new(0));
    let mut view = store.db.view().await.unwrap();
    let counted = taken.clone();
    let one = move || {
        counted.fetch_add(1, Ordering::Relaxed);
        true
    };
    view.sqlite().unwrap().lock_handle().await.unwrap().set_progress_handler(1, one);
    let case = read(&mut view, municipality(VITORIA), Some(&rma()), CaseCheck::SinceAudit).await.unwrap();
    view.sqlite().unwrap().lock_handle().await.unwrap().remove_progress_handler();
    assert!(case.unwrap().verified.is_whole());
    taken.load(Ordering::Relaxed)
}

#[tokio::test]
async fn a_case_of_one_window_costs_the_same_after_ten_years() {
    let (few, many) = (steps(10).await, steps(400).await);
    assert!(few > 100 && many <= few + few / 20, "{few} and {many}");
}

#[tokio::test]
async fn no_statement_of_a_case_goes_through_all_of_the_journal() {
    let dir = tempfile::tempdir().unwrap();
    let store = file_store(&dir).await;
    let mut conn = store.db.read().await.unwrap();
    for (name, sql) in super::ALL.iter().chain(dossier::ALL) {
        for step in planned(&mut conn, sql).await {
            let is_whole = ["journal", "j", "n", "notices"]
                .iter()
                .any(|table| step == format!("SCAN {table}") || step.starts_with(&format!("SCAN {table} ")));
            // What is of no window is each load of years.
            let is_of_service = sql.contains("window_id IS NULL AND municipality IS NULL");
            // A table with one row stands before what it is joined to.
            let is_named = !is_whole || step.contains("journal_of_service");
            assert!(is_named && !is_of_service, "{name}: {step}");
        }
    }
}
