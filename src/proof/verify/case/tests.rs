//! What a page of every day checks of one municipality, and what it leaves to the self-audit.

use tempfile::TempDir;

use crate::domain::journal::Audited;
use crate::proof::tests::{tamper_with, told};
use crate::proof::{CaseCheck, CaseFile};
use crate::store::Store;
use crate::store::chain::Link;
use crate::store::testing::*;

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
                "INSERT INTO letters SELECT notice_key, 2, '<y>', subject, sha256, 0, bytes FROM letters WHERE {of}"
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
