//! Entries of every kind and version as they were once written: what they say can be read for as long as ledgers have
//! them.
//!
//! A line of `journal.txt` is an entry, cell by cell between tabs: hash, place, instant, kind, subject, window,
//! municipality, body. Lines are only ever added, at the end: one that must be changed is a ledger that cannot be read.

use sqlx::{Connection as _, SqliteConnection};

use crate::domain::journal::Entry;
use crate::store::chain::Link;
use crate::store::testing::*;

const GOLDEN: &str = include_str!("journal.txt");

/// Each line's hash, with what the hash covers.
fn golden() -> Vec<(&'static str, Link<'static>)> {
    let mut prev = "";
    let line = |line: &'static str| {
        let cells: Vec<&str> = line.split('\t').collect();
        let [hash, seq, at, kind, subject, window, municipality, body] = cells[..] else { panic!("{line}") };
        let (window, municipality) = (Some(window).filter(|w| !w.is_empty()), municipality.parse().ok());
        let (seq, at) = (seq.parse().unwrap(), at.parse().unwrap());
        let link = Link { prev, seq, at, kind, subject, window, municipality, body };
        prev = hash;
        (hash, link)
    };
    GOLDEN.lines().map(line).collect()
}

#[test]
fn every_golden_entry_is_read_and_written_byte_for_byte_and_has_its_hash() {
    for (place, (hash, link)) in golden().into_iter().enumerate() {
        assert_eq!(usize::try_from(link.seq).unwrap(), place + 1);
        let entry = Entry::read(link.kind, link.body).unwrap_or_else(|fault| panic!("{} {fault}", link.seq));
        assert_eq!(entry.write(), link.body);
        assert_eq!(link.hash(), hash, "the hash of line {}", link.seq);
    }
}

#[test]
fn every_kind_and_version_has_a_golden_entry() {
    let written: Vec<&str> = golden()
        .iter()
        .map(|(_, link)| Entry::read(link.kind, link.body).map_or("", |entry| entry.form()))
        .collect();
    let missing: Vec<&str> =
        Entry::FORMS.iter().map(|form| form.name).filter(|name| !written.contains(name)).collect();
    assert!(
        missing.is_empty(),
        "add to the end of src/store/tests/journal.txt a line for each of {missing:?}; with any hash, the other test \
         says which it must be"
    );
}

#[tokio::test]
async fn a_ledger_of_golden_entries_has_a_whole_chain_and_is_read_to_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let store = file_store(&dir).await;
    let mut conn = SqliteConnection::connect(dir.path().join("vigia.db").to_str().unwrap()).await.unwrap();
    sqlx::query("DELETE FROM journal").execute(&mut conn).await.unwrap();
    for (hash, link) in golden() {
        sqlx::query("INSERT INTO journal VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
            .bind(link.seq)
            .bind(link.at)
            .bind(link.kind)
            .bind(link.subject)
            .bind(link.window)
            .bind(link.municipality)
            .bind(link.body)
            .bind(link.prev)
            .bind(hash)
            .execute(&mut conn)
            .await
            .unwrap();
        sqlx::query("UPDATE meta SET head_seq = $1, head_hash = $2")
            .bind(link.seq)
            .bind(hash)
            .execute(&mut conn)
            .await
            .unwrap();
    }
    let report = store.verify().await.unwrap();
    assert_eq!(report.entries, golden().len());
    assert_eq!((report.broken_at, report.unread), (None, Vec::new()));
}
