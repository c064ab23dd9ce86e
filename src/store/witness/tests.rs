//! What the witness notices, and what it does not.

use std::fs;

use super::*;
use crate::database::engine::Query;
use crate::store::LedgerPlace;
use crate::store::testing::{self, at};

fn cause(doubt: Option<LedgerDoubt>) -> Option<DoubtCause> {
    doubt.map(|doubt| doubt.cause)
}

/// A ledger that a daemon was at work on, told of at minutes 1 to 3.
async fn at_work(store: Store) -> Store {
    assert_eq!(store.doubt().await.unwrap(), None, "nothing ever left");
    store.begin(at(1)).await.unwrap();
    store.keep_witness(at(1)).await.unwrap();
    store.record_pass(at(2), vec![testing::act(crate::plan::Act::Send, testing::VITORIA)]).await.unwrap();
    assert_eq!(testing::send_all(&store, 2, |_| testing::accepted()).await, 2);
    store.heartbeat(at(3)).await.unwrap();
    assert_eq!(store.doubt().await.unwrap(), None);
    store
}

#[tokio::test]
async fn an_older_copy_another_ledger_and_one_without_its_witness_are_doubted() {
    let dir = tempfile::tempdir().unwrap();
    let store = at_work(testing::file_store(&dir).await).await;
    let (db, copy) = (dir.path().join("vigia.db"), dir.path().join("copia.db"));
    store.copy_to(&copy).await.unwrap();
    store.record_pass(at(4), vec![testing::act(crate::plan::Act::Send, testing::SERRA)]).await.unwrap();
    testing::send_all(&store, 4, |_| testing::accepted()).await;
    store.heartbeat(at(5)).await.unwrap();
    store.close().await;
    fs::rename(&copy, &db).unwrap();
    let restored = testing::file_store(&dir).await;
    assert_eq!(cause(restored.doubt().await.unwrap()), Some(DoubtCause::Older));
    // It goes on by itself, and is another ledger from then on.
    for code in [testing::SERRA, "3201209"] {
        restored.record_pass(at(6), vec![testing::act(crate::plan::Act::Send, code)]).await.unwrap();
        testing::send_all(&restored, 6, |_| testing::refused()).await;
    }
    assert_eq!(cause(restored.doubt().await.unwrap()), Some(DoubtCause::Other));
    fs::remove_file(dir.path().join("vigia.db.testemunha")).unwrap();
    assert_eq!(cause(restored.doubt().await.unwrap()), Some(DoubtCause::Missing));
}

#[tokio::test]
async fn a_copy_written_over_ledger_and_witness_after_a_round_is_doubted_though_the_round_was_told_in_place()
{
    let dir = tempfile::tempdir().unwrap();
    let store = at_work(testing::file_store(&dir).await).await;
    let (db, copy) = (dir.path().join("vigia.db"), dir.path().join("copia.db"));
    let witness = dir.path().join("vigia.db.testemunha");
    store.copy_to(&copy).await.unwrap();
    let told = fs::read(&witness).unwrap();
    store.record_pass(at(4), vec![testing::act(crate::plan::Act::Send, testing::SERRA)]).await.unwrap();
    // What a commit writes while letters are on the wire.
    let now = head(&mut store.db.read().await.unwrap()).await.unwrap();
    store.witness.put_meanwhile(now, at(4)).await;
    store.note_witness(at(4)).await.unwrap();
    store.close().await;
    for (path, bytes) in [(&db, fs::read(&copy).unwrap()), (&witness, told)] {
        fs::write(path, bytes).unwrap();
    }
    let restored = testing::file_store(&dir).await;
    assert!(restored.doubt().await.unwrap().is_some());
}

#[tokio::test]
async fn a_witness_that_was_copied_vouches_for_nothing_and_one_that_was_moved_does() {
    let dir = tempfile::tempdir().unwrap();
    at_work(testing::store(&dir).await).await.close().await;
    let path = dir.path().join("vigia.db.testemunha");
    let aside = dir.path().join("aside");
    fs::rename(&path, &aside).unwrap();
    fs::rename(&aside, &path).unwrap();
    let store = testing::store(&dir).await;
    assert_eq!(store.doubt().await.unwrap(), None);
    fs::copy(&path, &aside).unwrap();
    fs::rename(&aside, &path).unwrap();
    assert_eq!(cause(store.doubt().await.unwrap()), Some(DoubtCause::Copied));
    store.heartbeat(at(9)).await.unwrap();
    assert_eq!(cause(store.doubt().await.unwrap()), Some(DoubtCause::Copied), "only its keeper writes it");
    let words = fs::read_to_string(&path).unwrap().replace(&machine(), "outra");
    fs::write(&path, words).unwrap();
    assert_eq!(cause(store.doubt().await.unwrap()), Some(DoubtCause::Copied));
    fs::write(&path, "isto não é testemunha").unwrap();
    assert_eq!(cause(store.doubt().await.unwrap()), Some(DoubtCause::Copied));
}

#[tokio::test]
async fn a_persons_word_ends_the_doubt_and_is_in_the_journal() {
    let dir = tempfile::tempdir().unwrap();
    let store = at_work(testing::store(&dir).await).await;
    fs::remove_file(dir.path().join("vigia.db.testemunha")).unwrap();
    let by = Authorship { author: "ana".to_owned(), reason: "máquina nova".to_owned(), at: at(9) };
    let assumed = store.assume(Vec::new(), &by).await.unwrap().unwrap();
    assert_eq!(assumed.gap, Outage { from: at(2), until: at(9) });
    assert_eq!(store.doubt().await.unwrap(), None);
    assert_eq!(store.assume(Vec::new(), &by).await.unwrap(), None);
    assert!(store.verify().await.unwrap().is_whole());
    let told = store.journal(&crate::store::JournalFilter::default()).await.unwrap();
    let told = told
        .iter()
        .find(|entry| entry.body.starts_with(r#"{"formato":"livro.assumir.1","duvida":"ausente""#));
    assert_eq!(told.unwrap().seq, assumed.seq + 1);
}

#[tokio::test]
async fn a_ledger_that_loses_entries_while_it_is_in_use_marks_no_letter_and_its_witness_stays() {
    let dir = tempfile::tempdir().unwrap();
    let store = at_work(testing::store(&dir).await).await;
    store.record_pass(at(4), vec![testing::act(crate::plan::Act::Send, testing::SERRA)]).await.unwrap();
    let claims = store.claim("teste", at(4), 9).await.unwrap();
    let witness = fs::read_to_string(dir.path().join("vigia.db.testemunha")).unwrap();
    // As a replica without the last transactions has it.
    let (seq, _) = head(&mut store.db.read().await.unwrap()).await.unwrap();
    let mut tx = store.db.begin_quietly().await.unwrap();
    Query::new("UPDATE journal SET hash = 'outro' WHERE seq > 2").execute(&mut tx).await.unwrap();
    Query::new("UPDATE meta SET head_seq = 3, head_hash = 'outro'").execute(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    assert!(seq > 3);
    let fault = store.settle_and_mark(Vec::new(), claims, at(5)).await.unwrap_err();
    assert!(matches!(fault, StoreError::SetBack) && store.is_set_back(), "{fault}");
    assert!(matches!(store.heartbeat(at(6)).await, Err(StoreError::SetBack)));
    assert_eq!(fs::read_to_string(dir.path().join("vigia.db.testemunha")).unwrap(), witness);
    assert!(store.doubt().await.unwrap().is_some(), "the next start is held");
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_ledger_that_was_set_back_under_one_machine_is_doubted_on_the_other_until_somebody_assumes_it() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let place = testing::place(&here);
    let elsewhere = LedgerPlace::new(there.path().join("vigia.db"), place.server.clone());
    let one = at_work(Store::open(place, at(0)).await.unwrap()).await;
    let other = Store::open(elsewhere, at(0)).await.unwrap();
    // The other machine followed, but not as far as the last entry, which is lost.
    other.keep_witness(at(3)).await.unwrap();
    one.record_pass(at(4), vec![testing::act(crate::plan::Act::Send, testing::SERRA)]).await.unwrap();
    one.note_witness(at(4)).await.unwrap();
    let (kept, _) = head(&mut other.db.read().await.unwrap()).await.unwrap();
    let mut tx = one.db.begin_quietly().await.unwrap();
    let witnessed = other.witness.read().unwrap().unwrap().0.unwrap();
    assert!(witnessed.seq < kept);
    Query::new("UPDATE journal SET hash = 'outro' WHERE seq > $1")
        .bind(witnessed.seq)
        .execute(&mut tx)
        .await
        .unwrap();
    Query::new("UPDATE meta SET head_hash = 'outro'").execute(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    assert!(matches!(one.note_witness(at(5)).await, Err(StoreError::SetBack)));
    assert_eq!(other.doubt().await.unwrap(), None, "its own witness knows nothing of what was lost");
    one.tell_set_back().await.unwrap();
    let doubt = other.doubt().await.unwrap().unwrap();
    assert_eq!(doubt.cause, DoubtCause::Older);
    assert!(doubt.witness.unwrap().seq > witnessed.seq);
    let by = Authorship { author: "ana".to_owned(), reason: "conferido".to_owned(), at: at(6) };
    assert!(other.assume(Vec::new(), &by).await.unwrap().is_some());
    assert_eq!(other.doubt().await.unwrap(), None);
}

#[tokio::test]
async fn the_witness_tells_of_a_commit_before_the_next_begins_and_never_of_one_to_come() {
    let dir = tempfile::tempdir().unwrap();
    let store = at_work(testing::store(&dir).await).await;
    for (minutes, code) in [(4, testing::SERRA), (5, "3201209"), (6, "3202405")] {
        store.record_pass(at(minutes), vec![testing::act(crate::plan::Act::Send, code)]).await.unwrap();
        testing::send_all(&store, minutes, |_| testing::accepted()).await;
        let ledger = head(&mut store.db.read().await.unwrap()).await.unwrap();
        assert_eq!(
            store.witness.known().await.unwrap(),
            Some(ledger.clone()),
            "what the next commit waits for"
        );
        let told = store.witness.read().unwrap().unwrap().0.unwrap();
        assert_eq!((told.seq, told.hash), ledger);
    }
}

#[tokio::test]
async fn letters_are_not_marked_while_the_witness_cannot_be_put_in_place() {
    let dir = tempfile::tempdir().unwrap();
    let store = at_work(testing::store(&dir).await).await;
    let path = dir.path().join("vigia.db.testemunha");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    store.record_pass(at(4), vec![testing::act(crate::plan::Act::Send, testing::SERRA)]).await.unwrap();
    let claims = store.claim("teste", at(4), 9).await.unwrap();
    let fault = store.settle_and_mark(Vec::new(), claims, at(4)).await.unwrap_err();
    assert!(matches!(fault, StoreError::Witness { .. }), "{fault}");
    fs::remove_dir(&path).unwrap();
    store.release_all("teste").await.unwrap();
    assert_eq!(testing::send_all(&store, 4, |_| testing::accepted()).await, 2);
}

#[tokio::test]
async fn what_was_told_in_place_may_be_lost_with_the_power_and_the_ledger_is_still_the_one() {
    let dir = tempfile::tempdir().unwrap();
    let store = at_work(testing::store(&dir).await).await;
    let path = dir.path().join("vigia.db.testemunha");
    store.note_witness(at(3)).await.unwrap();
    store.record_pass(at(4), vec![testing::act(crate::plan::Act::Send, testing::SERRA)]).await.unwrap();
    assert_eq!(testing::send_all(&store, 4, |_| testing::accepted()).await, 2);
    let now = head(&mut store.db.read().await.unwrap()).await.unwrap();
    store.witness.put_meanwhile(now.clone(), at(4)).await;
    assert_eq!(store.witness.known().await.unwrap(), Some(now.clone()));
    assert_eq!(store.witness.read().unwrap().unwrap().0.unwrap().seq, now.0);
    // What is behind the line did not arrive on the disk; the file is the same.
    let told = fs::read(&path).unwrap();
    let line = told.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    let never_arrived = vec![b' '; told.len() - line];
    std::os::unix::fs::FileExt::write_all_at(&file, &never_arrived, line.try_into().unwrap()).unwrap();
    assert_eq!(store.doubt().await.unwrap(), None);
    store.begin(at(5)).await.unwrap();
    store.keep_witness(at(5)).await.unwrap();
    assert_eq!(store.doubt().await.unwrap(), None);
}

#[tokio::test]
async fn who_keeps_a_witness_puts_it_back_where_it_was_taken_away_and_never_an_older_head_over_a_newer() {
    let dir = tempfile::tempdir().unwrap();
    let store = at_work(testing::store(&dir).await).await;
    let path = dir.path().join("vigia.db.testemunha");
    fs::remove_file(&path).unwrap();
    assert_eq!(cause(store.doubt().await.unwrap()), Some(DoubtCause::Missing));
    store.heartbeat(at(4)).await.unwrap();
    assert_eq!(store.doubt().await.unwrap(), None, "it is put back with the next sign of life");
    // Somebody looked at the head, and a commit came before they put it in place.
    let looked = head(&mut store.db.read().await.unwrap()).await.unwrap();
    store.record_pass(at(5), vec![testing::act(crate::plan::Act::Send, testing::SERRA)]).await.unwrap();
    testing::send_all(&store, 5, |_| testing::accepted()).await;
    store.heartbeat(at(6)).await.unwrap();
    store.witness.put(looked, at(6)).await.unwrap();
    let now = head(&mut store.db.read().await.unwrap()).await.unwrap();
    assert_eq!(store.witness.read().unwrap().unwrap().0.unwrap().seq, now.0);
    // Who keeps none puts none back.
    store.close().await;
    let other = testing::store(&dir).await;
    fs::remove_file(&path).unwrap();
    other.heartbeat(at(7)).await.unwrap();
    assert_eq!(cause(other.doubt().await.unwrap()), Some(DoubtCause::Missing));
}
