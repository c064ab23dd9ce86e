//! What is erased once its years are over is gone from the file, and what is left proves as much as before.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::civil::{Date, date};
use tempfile::TempDir;

use crate::database::engine::Query;
use crate::domain::journal::Entry;
use crate::domain::notice::NoticeKey;
use crate::domain::overrides::Authorship;
use crate::plan::Act;
use crate::proof::tests::{schema, tamper, told};
use crate::store::letter::Packer;
use crate::store::testing::*;
use crate::store::{
    DeliveryFilter, JournalFilter, NewConfiguration, Override, OverrideId, Recorded, Retention, Store,
};

/// Long after all that the ledger tells of.
const LATE: i64 = 20_000;

fn by() -> Authorship {
    Authorship { author: "ana".to_owned(), reason: "auditoria".to_owned(), at: at(LATE) }
}

fn retention(minutes: i64, today: Date) -> Retention {
    Retention { years: 5, before: at(minutes), today, going_on: BTreeSet::new() }
}

fn everything() -> Retention {
    retention(LATE, date(2031, 1, 2))
}

/// Where any of these lie in a file or in its write-ahead log.
fn found(db: &Path, wanted: &[Vec<u8>]) -> Vec<String> {
    let mut found = Vec::new();
    for path in [db.to_owned(), crate::files::beside(db, "-wal")] {
        let bytes = std::fs::read(&path).unwrap_or_default();
        for one in wanted {
            if bytes.windows(one.len()).any(|at| at == &one[..]) {
                found.push(format!("{}: {}", path.display(), String::from_utf8_lossy(one)));
            }
        }
    }
    found
}

async fn personal(store: &Store) -> Vec<Vec<u8>> {
    let mut wanted: Vec<Vec<u8>> =
        ["27 3333-4444", "falou com a secret", "nao existe", "550 quem?", "modo = 2"]
            .map(|text| text.as_bytes().to_vec())
            .into();
    for line in store.deliveries(&DeliveryFilter::default()).await.unwrap() {
        wanted.push(line.address.as_str().as_bytes().to_vec());
        let letter = store.letter(&line.key, line.version).await.unwrap().unwrap();
        wanted.push(Packer::default().pack(&letter.bytes.unwrap()));
    }
    wanted
}

async fn standings(store: &Store) -> Vec<String> {
    let ledger = store.ledger().await.unwrap();
    let mut keys: Vec<NoticeKey> = store
        .deliveries(&DeliveryFilter::default())
        .await
        .unwrap()
        .into_iter()
        .map(|line| line.key)
        .collect();
    keys.dedup();
    keys.iter().map(|key| format!("{key}: {:?}", ledger.notice(key))).collect()
}

#[tokio::test]
async fn what_is_erased_is_nowhere_in_the_file_and_the_ledger_proves_and_decides_as_before() {
    let dir = tempfile::tempdir().unwrap();
    let store = told(file_store(&dir).await).await;
    let db = dir.path().join("vigia.db");
    let wanted = personal(&store).await;
    assert!(found(&db, &wanted).len() >= wanted.len(), "it is looked for where it lies");
    let before = standings(&store).await;

    let would = store.reducible(&everything()).await.unwrap();
    assert!(store.last_reduction().await.unwrap().is_none(), "a look erases nothing");
    let done = store.reduce(&everything(), Some(by()), at(LATE)).await.unwrap();
    assert_eq!(done, would);
    assert_eq!((done.letters, done.deliveries, done.returns, done.calls, done.files), (4, 8, 1, 1, 1));
    assert_eq!((done.flags, done.kept, done.going_on), (2, 0, 0));
    assert!(store.scrub().await.unwrap());

    assert_eq!(found(&db, &wanted), Vec::<String>::new());
    let report = store.verify().await.unwrap();
    assert!(report.is_whole(), "{:#?}", report.faults());
    assert_eq!(standings(&store).await, before);
    let again = store.record_pass(at(LATE + 1), vec![act(Act::Send, VITORIA)]).await.unwrap();
    assert_eq!(again, [Recorded::Repeated], "a letter that left once leaves no second time");
    assert_eq!(send_all(&store, LATE + 1, |_| accepted()).await, 0);
    assert_eq!(store.last_reduction().await.unwrap(), Some(at(LATE)));
    assert!(store.reduce(&everything(), None, at(LATE + 2)).await.unwrap().is_empty(), "once is enough");
    assert_eq!(store.last_reduction().await.unwrap(), Some(at(LATE)), "and nothing is told of nothing");
}

#[tokio::test]
async fn what_lies_in_free_pages_stays_due_until_the_file_is_written_anew() {
    let dir = tempfile::tempdir().unwrap();
    let store = told(file_store(&dir).await).await;
    assert!(store.scrub().await.unwrap(), "nothing is due");
    store.reduce(&everything(), None, at(LATE)).await.unwrap();
    let due = async || -> Option<i64> {
        let mut conn = store.db.read().await.unwrap();
        Query::new("SELECT scrub_since FROM meta").fetch_one(&mut conn).await.unwrap().try_get(0).unwrap()
    };
    let reader = {
        let mut view = store.db.view().await.unwrap();
        Query::new("SELECT COUNT(*) FROM journal").fetch_one(&mut view).await.unwrap();
        view
    };
    assert!(!store.scrub().await.unwrap_or(false), "somebody reads an older state");
    assert_eq!(due().await, Some(at(LATE).as_millisecond()));
    drop(reader);
    assert!(store.scrub().await.unwrap());
    assert_eq!(due().await, None);
}

async fn keep(store: &Store, until: Option<Date>) -> OverrideId {
    let what = Override::Keep { window: rma(), municipality: Some(municipality(VITORIA)), until };
    store.add_override(what, by()).await.unwrap()
}

#[tokio::test]
async fn what_somebody_ordered_to_keep_stays_until_the_order_ends() {
    let dir = tempfile::tempdir().unwrap();
    let store = told(file_store(&dir).await).await;
    keep(&store, Some(date(2031, 1, 5))).await;
    let done = store.reduce(&everything(), None, at(LATE)).await.unwrap();
    assert_eq!((done.letters, done.kept, done.orders.len(), done.returns), (3, 1, 1, 0));
    let letters = store.letters(municipality(VITORIA), None).await.unwrap();
    assert!(letters[0].bytes.is_some());
    assert!(store.verify().await.unwrap().is_whole());
    let entries = store.journal(&JournalFilter::default()).await.unwrap();
    let told = entries.iter().find_map(|entry| match &entry.told {
        Ok(Entry::Reduced(told)) => Some(told.clone()),
        _ => None,
    });
    assert_eq!(told.unwrap().kept.len(), 1);
    // What an act kept is evidence still: without it the proof fails.
    let copy = tempfile::tempdir().unwrap();
    store.copy_to(&copy.path().join("vigia.db")).await.unwrap();
    tamper(&copy, format!("UPDATE letters SET bytes = NULL WHERE notice_key LIKE '%{VITORIA}'")).await;
    let faults = Store::open_read_only(&copy.path().join("vigia.db")).await.unwrap().verify().await.unwrap();
    assert_eq!(faults.faults(), ["a carta rma/2026-11@1/prazo-5d/3205309 (versão 1) foi alterada (bytes)"]);

    let later = retention(LATE, date(2031, 1, 6));
    let done = store.reduce(&later, None, at(LATE + 1)).await.unwrap();
    assert_eq!((done.letters, done.kept, done.returns), (1, 0, 1), "its last day is over");
    assert!(store.verify().await.unwrap().is_whole());

    let order = keep(&store, None).await;
    store.lift_override(&order, by()).await.unwrap();
    assert_eq!(store.reducible(&later).await.unwrap().orders.len(), 0, "an order taken back keeps nothing");
}

#[tokio::test]
async fn what_may_still_leave_and_what_is_of_a_window_that_goes_on_stays() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    store.record_pass(at(1), vec![act(Act::Send, VITORIA), act(Act::Send, SERRA)]).await.unwrap();
    let hold = store.record_pass(at(2), vec![act(Act::Withhold, SERRA)]).await.unwrap();
    assert_eq!(hold, [Recorded::New]);
    let valid = retention(5_000, date(2031, 1, 2));
    let would = store.reducible(&valid).await.unwrap();
    assert_eq!((would.letters, would.going_on), (0, 2), "both may leave, one of them when it is let go");
    let over = store.reducible(&everything()).await.unwrap();
    assert_eq!((over.letters, over.going_on), (2, 0));
    let going_on = [rma()].into();
    let over = store.reducible(&Retention { going_on, ..everything() }).await.unwrap();
    assert_eq!((over.letters, over.going_on), (0, 2));
    assert!(over.is_empty());
}

#[tokio::test]
async fn nothing_of_a_reduced_ledger_may_be_changed_or_go_unseen_but_what_the_act_erased() {
    let dir = tempfile::tempdir().unwrap();
    let store = told(file_store(&dir).await).await;
    store.reduce(&everything(), None, at(LATE)).await.unwrap();
    let whole = dir.path().join("inteiro.db");
    store.copy_to(&whole).await.unwrap();
    let tables = schema(&file(&dir)).await;
    assert!(tables.iter().any(|(name, _)| name == "letters"));
    for tampering in [
        "UPDATE deliveries SET address = id || '@m3205309.invalid'",
        "UPDATE deliveries SET address = 'x' || id || '@reduzido.invalid'",
        "UPDATE attempts SET reply = 'outra resposta'",
        "UPDATE letters SET bytes = x'00'",
        "UPDATE letters SET sha256 = 'outro'",
        "UPDATE overrides SET reason = 'outro' WHERE kind = 'anotar'",
        "UPDATE overrides SET reason = '' WHERE kind = 'reter'",
        "UPDATE overrides SET telephone = '1' WHERE kind = 'anotar'",
        "UPDATE config_files SET bytes = NULL",
        "UPDATE returns SET bytes = x'00'",
        "DELETE FROM attempts",
        "UPDATE letters SET bytes = ''",
        "UPDATE returns SET bytes = ''",
        "UPDATE config_files SET bytes = '' WHERE bytes IS NULL",
        "UPDATE journal SET body = replace(body, '[1]', '[1,2]') WHERE kind = 'apagamento'",
        "UPDATE journal SET body = replace(body, '\"anos\":5', '\"anos\":4') WHERE kind = 'reducao'",
    ] {
        let copy = TempDir::new().unwrap();
        std::fs::copy(&whole, copy.path().join("vigia.db")).unwrap();
        tamper(&copy, tampering.to_owned()).await;
        let report = Store::open_read_only(&copy.path().join("vigia.db")).await.unwrap().verify().await;
        assert!(report.is_ok_and(|report| !report.is_whole()), "{tampering}");
    }
}

#[tokio::test]
async fn what_an_act_left_is_missed_however_old_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let store = told(file_store(&dir).await).await;
    let going_on = [rma()].into();
    let done = store.reduce(&Retention { going_on, ..everything() }, None, at(LATE)).await.unwrap();
    assert_eq!((done.letters, done.going_on, done.returns, done.calls), (0, 4, 0, 1));
    let whole = dir.path().join("inteiro.db");
    store.copy_to(&whole).await.unwrap();
    for tampering in [
        "UPDATE letters SET bytes = NULL",
        "UPDATE deliveries SET address = id || '@reduzido.invalid'",
        "UPDATE deliveries SET reply = ''",
        "UPDATE attempts SET reply = ''",
        "UPDATE returns SET bytes = NULL",
    ] {
        let copy = TempDir::new().unwrap();
        std::fs::copy(&whole, copy.path().join("vigia.db")).unwrap();
        tamper(&copy, tampering.to_owned()).await;
        let report = Store::open_read_only(&copy.path().join("vigia.db")).await.unwrap().verify().await;
        assert!(report.is_ok_and(|report| !report.is_whole()), "{tampering}");
    }
}

#[tokio::test]
async fn a_configuration_that_comes_into_force_again_has_its_files_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = told(store(&dir).await).await;
    store.reduce(&everything(), None, at(LATE)).await.unwrap();
    let new = NewConfiguration {
        fingerprint: "outra".to_owned(),
        directory: "/etc/vigia-suas".to_owned(),
        parts: vec![
            ("vigia.toml".to_owned(), b"modo = 2".to_vec()),
            ("feriados.toml".to_owned(), b"# nada".to_vec()),
        ],
        by: "ana".to_owned(),
        feeds: BTreeSet::new(),
    };
    store.adopt_configuration(new.clone(), at(LATE + 1)).await.unwrap();
    assert_eq!(store.configuration_in_force().await.unwrap().unwrap().parts.len(), 2);
    let report = store.verify().await.unwrap();
    assert!(report.is_whole(), "{:#?}", report.faults());
}

#[tokio::test]
async fn a_message_that_comes_back_for_an_erased_letter_is_taken_in_and_goes_with_the_next_act() {
    let dir = tempfile::tempdir().unwrap();
    let store = told(store(&dir).await).await;
    store.reduce(&everything(), None, at(LATE)).await.unwrap();
    let id = store.message_ids(&rma()).await.unwrap()[&municipality("3201308")][0].clone();
    let raw = crate::store::RawMessage::of(b"Subject: lida\r\n\r\nlida\r\n");
    let to = [address("smas@m3201308.invalid")];
    let _noted =
        store.note_return(&id, &to, &[], crate::store::Return::Read, &raw, at(LATE + 1)).await.unwrap();
    assert!(store.verify().await.unwrap().is_whole());
    store.reduce(&everything(), None, at(LATE + 2)).await.unwrap();
    let report = store.verify().await.unwrap();
    assert!(report.is_whole(), "{:#?}", report.faults());
}
