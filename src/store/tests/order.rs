//! What people order, and what the daemon reads of the calendar.

use jiff::civil::date;

use crate::domain::calendar::Deadline;
use crate::domain::id::{FeedId, SnapshotId};
use crate::domain::notice::Told;
use crate::domain::overrides::{Authorship, BatchId, HoldScope};
use crate::intake::NewSnapshot;
use crate::proof::tests::tamper;
use crate::store::testing::*;
use crate::store::{HeldConfiguration, NewConfiguration, Override};

fn by(author: &str, minutes: i64) -> Authorship {
    Authorship { author: author.to_owned(), reason: "ofício 12".to_owned(), at: at(minutes) }
}

#[tokio::test]
async fn every_order_comes_back_as_given_until_it_is_lifted() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    let batch = BatchId::parse("rma/2026-11@1/prazo-5d").unwrap();
    let scopes = [
        HoldScope::All,
        HoldScope::Window(rma()),
        HoldScope::Municipality(municipality(VITORIA)),
        HoldScope::Batch(batch.clone()),
    ];
    let exemption = Override::Exemption {
        municipality: municipality(VITORIA),
        window: rma(),
        part: Some(part("CENTRO POP")),
        until: Some(date(2026, 12, 31)),
    };
    let dispute =
        Override::Dispute { municipality: municipality(SERRA), window: rma(), part: None, until: None };
    let mut ids = Vec::new();
    for (n, what) in scopes
        .iter()
        .map(|s| Override::Hold { scope: s.clone(), until: None })
        .chain([Override::Release { batch: batch.clone(), until: None }, exemption.clone(), dispute.clone()])
        .enumerate()
    {
        let minutes = i64::try_from(n).unwrap();
        ids.push(store.add_override(what.clone(), by("Ana", minutes)).await.unwrap());
        assert_eq!(store.add_override(what, by("Ana", minutes)).await.unwrap(), ids[n], "once");
    }
    let kept = store.overrides().await.unwrap();
    assert_eq!(kept.holds.iter().map(|h| h.scope.clone()).collect::<Vec<_>>(), scopes);
    assert!(kept.released.contains_key(&batch));
    assert_eq!((kept.exemptions.len(), kept.disputes.len()), (1, 1));
    assert_eq!(kept.exemptions[0].authorship, by("Ana", 5));
    assert_eq!(kept.exemptions[0].until, Some(date(2026, 12, 31)));

    assert_eq!(store.lift_holds(HoldScope::All, by("Rui", 10)).await.unwrap(), 1);
    assert_eq!(store.lift_holds(HoldScope::All, by("Rui", 10)).await.unwrap(), 0);
    assert!(store.lift_override(&ids[6], by("Rui", 11)).await.unwrap());
    assert!(!store.lift_override(&ids[6], by("Rui", 11)).await.unwrap());
    let kept = store.overrides().await.unwrap();
    assert_eq!((kept.holds.len(), kept.disputes.len()), (3, 0));
    // Of orders only a date that was released changes what a calendar shows, and what takes that back.
    let configuration = NewConfiguration {
        fingerprint: "um".to_owned(),
        directory: "/etc/vigia-suas".to_owned(),
        parts: Vec::new(),
        by: "Ana".to_owned(),
        feeds: std::collections::BTreeSet::new(),
    };
    assert_eq!(store.last_change().await.unwrap(), None);
    store.adopt_configuration(configuration.clone(), at(1)).await.unwrap();
    let last = async || store.last_change().await.unwrap().unwrap();
    assert_eq!(last().await, ("um".to_owned(), by("Ana", 4).at));
    assert!(store.lift_override(&ids[4], by("Rui", 12)).await.unwrap());
    assert_eq!(last().await.1, by("Rui", 12).at);
    let other = NewConfiguration { fingerprint: "dois".to_owned(), ..configuration };
    store.adopt_configuration(other, at(13)).await.unwrap();
    assert_eq!(last().await, ("dois".to_owned(), at(13)));
    let lines = store.override_lines().await.unwrap();
    assert_eq!(lines.len(), 7);
    assert_eq!(lines[6].what, dispute);
    assert_eq!(lines[6].lifted, Some(by("Rui", 11)));
    assert!(store.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn a_release_is_kept_with_the_deadline_that_it_was_given_for() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    let batch = BatchId::parse("rma/2026-11@2/prorrogacao").unwrap();
    let days = [20, 12].map(|day| date(2026, 12, day));
    for (minutes, day) in (1..).zip(days) {
        let what = Override::Release { batch: batch.clone(), until: Some(day) };
        store.add_override(what, by("Ana", minutes)).await.unwrap();
    }
    let kept = store.overrides().await.unwrap();
    assert!(kept.released.is_empty());
    let given = |day, minutes| ((batch.clone(), day), by("Ana", minutes).at);
    assert_eq!(kept.released_until, [given(days[0], 1), given(days[1], 2)].into());
    assert!(store.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn what_is_ordered_later_is_newer_though_the_clock_was_set_back_meanwhile() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    let scope = HoldScope::Window(rma());
    let short = Override::Hold { scope: scope.clone(), until: Some(date(2026, 12, 1)) };
    store.add_override(short, by("Ana", 20)).await.unwrap();
    store.add_override(Override::Hold { scope, until: None }, by("Rui", 18)).await.unwrap();
    let rules = store.overrides().await.unwrap();
    assert_eq!(rules.ruling_holds().map(|hold| hold.until).collect::<Vec<_>>(), [None], "the newest");

    let load = |n: i64| NewSnapshot {
        id: SnapshotId::parse(&format!("a-{n}")).unwrap(),
        feed: FeedId::parse("a").unwrap(),
        taken_at: at(if n == 0 { 45 } else { 41 }),
        source: "rma.csv".to_owned(),
        sha256: "00".repeat(32),
        rows: 0,
        rejected: 0,
        repeated: 0,
        form: None,
        reasons: Vec::new(),
        original: None,
    };
    // However many came since: the latest is not the last.
    for n in 0..1_001 {
        store.accept_snapshot(load(n), std::iter::empty().collect(), load(n).taken_at).await.unwrap();
    }
    let dispute =
        Override::Dispute { municipality: municipality(SERRA), window: rma(), part: None, until: None };
    store.add_override(dispute, by("Ana", 42)).await.unwrap();
    let given_at = store.overrides().await.unwrap().disputes[0].authorship.at;
    assert!(given_at >= at(45), "the load was there before: {given_at}");
    assert!(store.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn a_call_is_kept_with_its_number_which_the_journal_does_not_tell() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    let call = |telephone: &str| Override::Note {
        municipality: municipality(VITORIA),
        window: rma(),
        telephone: Some(telephone.to_owned()),
        until: Some(date(2026, 12, 3)),
    };
    let first = store.add_override(call("27 3333-0000"), by("Ana", 1)).await.unwrap();
    let second = store.add_override(call("27 3333-1111"), by("Ana", 1)).await.unwrap();
    assert_ne!(first, second, "two numbers in a minute are two calls");
    let kept = store.overrides().await.unwrap().notes;
    assert_eq!(kept.len(), 2);
    assert_eq!((kept[0].until, kept[0].authorship.reason.as_str()), (Some(date(2026, 12, 3)), "ofício 12"));
    let told = store.journal(&crate::store::JournalFilter::default()).await.unwrap();
    assert!(told.iter().all(|entry| !entry.body.contains("3333")), "{told:?}");
    assert_eq!(told.iter().filter(|entry| entry.body.contains("telefone_sha256")).count(), 2);
}

#[tokio::test]
async fn a_configuration_is_kept_whole_until_another_takes_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    let new = |name: &str, text: &str| NewConfiguration {
        fingerprint: name.to_owned(),
        directory: "/etc/vigia-suas".to_owned(),
        parts: vec![("municipios.csv".to_owned(), b"ibge".to_vec()), ("vigia.toml".to_owned(), text.into())],
        by: "Ana".to_owned(),
        feeds: std::collections::BTreeSet::new(),
    };
    assert_eq!(store.configuration_in_force().await.unwrap(), None);
    assert!(store.adopt_configuration(new("um", "a"), at(1)).await.unwrap());
    assert!(!store.adopt_configuration(new("um", "a"), at(2)).await.unwrap(), "the same again");
    let kept = store.configuration_in_force().await.unwrap().unwrap();
    assert_eq!((kept.since, kept.parts), (at(1), new("um", "a").parts));

    assert!(store.refuse_configuration("mau", "erro", at(3)).await.unwrap());
    assert!(!store.refuse_configuration("mau", "erro", at(4)).await.unwrap(), "told once");
    let refused = store.configuration_refused().await.unwrap().unwrap();
    assert_eq!((refused.since, refused.last_at, refused.faults.as_str()), (at(3), at(4), "erro"));
    assert!(store.adopt_configuration(new("dois", "b"), at(5)).await.unwrap());
    assert_eq!(store.configuration_refused().await.unwrap(), None);
    assert!(store.adopt_configuration(new("um", "a"), at(6)).await.unwrap(), "back again");
    let kept = store.configuration_in_force().await.unwrap().unwrap();
    assert_eq!((kept.fingerprint.as_str(), kept.since), ("um", at(6)));
    // Which one was in force when, though its row tells only of the last time; before all of them the first stands.
    for (minute, name) in [(0, "um"), (1, "um"), (4, "um"), (5, "dois"), (6, "um"), (9, "um")] {
        let then = store.configuration_then(at(minute)).await.unwrap().unwrap();
        assert_eq!(then.fingerprint, name, "minute {minute}");
        assert_eq!(then.parts, new(name, if name == "um" { "a" } else { "b" }).parts);
    }
    assert!(store.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn what_is_held_counts_since_it_was_held_last_and_a_persons_word_counts_a_day_and_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    let held = |letters| HeldConfiguration {
        fingerprint: "meia".to_owned(),
        letters,
        effects: vec!["39 municípios saem do cadastro".to_owned()],
        table: "tabela".to_owned(),
    };
    let adopted = |fingerprint: &str| NewConfiguration {
        fingerprint: fingerprint.to_owned(),
        directory: "/etc/vigia-suas".to_owned(),
        parts: Vec::new(),
        by: "ana".to_owned(),
        feeds: std::collections::BTreeSet::new(),
    };
    store.adopt_configuration(adopted("um"), at(1)).await.unwrap();
    store.hold_configuration(held(40), at(2)).await.unwrap();
    store.hold_configuration(held(41), at(3)).await.unwrap();
    let aside = store.configuration_refused().await.unwrap().unwrap();
    assert_eq!((aside.since, aside.last_at, aside.letters), (at(2), at(3), Some(41)));
    store.adopt_configuration(adopted("um"), at(4)).await.unwrap();
    assert_eq!(store.configuration_refused().await.unwrap(), None, "the files were put back");
    store.hold_configuration(held(41), at(5)).await.unwrap();
    assert_eq!(store.configuration_refused().await.unwrap().unwrap().since, at(5), "once more");

    store.consent_to_configuration("resumo", 41, "ana", at(6)).await.unwrap();
    assert_eq!(store.consent_to("outro", at(6)).await.unwrap(), None);
    assert_eq!(store.consent_to("resumo", at(6 + 24 * 60)).await.unwrap(), None, "a day later");
    assert_eq!(store.consent_to("resumo", at(7)).await.unwrap().as_deref(), Some("ana"));
    store.adopt_configuration(adopted("meia"), at(7)).await.unwrap();
    assert_eq!(store.consent_to("resumo", at(8)).await.unwrap(), None, "used up");
    assert_eq!(store.configuration_refused().await.unwrap(), None);
    assert!(store.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn an_edition_is_known_from_its_first_reading() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    let until = |day| Told::Date(Deadline { on: date(2026, 12, day), at: Deadline::DEFAULT_TIME });
    let read = |edition, deadline| (rma(), edition, deadline, "MDS".to_owned());
    store.note_readings(vec![read(1, Told::Undefined), read(2, until(20))], at(1)).await.unwrap();
    let entries = store.signs().await.unwrap().journal_seq;
    store.note_readings(vec![read(1, Told::Undefined), read(2, until(20))], at(2)).await.unwrap();
    assert_eq!(store.signs().await.unwrap().journal_seq, entries, "nothing new");
    store.note_readings(vec![read(2, until(21))], at(3)).await.unwrap();
    let readings = store.readings().await.unwrap();
    assert_eq!((readings[0].deadline, readings[1].deadline), (Told::Undefined, until(21)));
    let known = store.ledger().await.unwrap().read_at;
    assert_eq!(known.into_iter().collect::<Vec<_>>(), [((rma(), 2), at(1))]);
}

#[tokio::test]
async fn a_word_on_a_configuration_that_the_journal_does_not_tell_or_that_is_used_up_lets_nothing_in() {
    let dir = tempfile::tempdir().unwrap();
    let store = file_store(&dir).await;
    let given = |digest: &str, minutes: i64| {
        format!("INSERT INTO config_consents VALUES ('{digest}', {}, 'ana')", at(minutes).as_millisecond())
    };
    tamper(&dir, given("forjado", 5)).await;
    assert_eq!(store.consent_to("forjado", at(6)).await.unwrap(), None);
    let faults = store.verify().await.unwrap().faults();
    assert_eq!(faults, ["a confirmação da configuração forjado não consta do livro"]);
    tamper(&dir, "DELETE FROM config_consents".to_owned()).await;

    store.consent_to_configuration("resumo", 41, "ana", at(6)).await.unwrap();
    tamper(&dir, "UPDATE config_consents SET author = 'eva'".to_owned()).await;
    assert_eq!(
        store.consent_to("resumo", at(7)).await.unwrap().as_deref(),
        Some("ana"),
        "whom the journal names"
    );
    assert!(!store.verify().await.unwrap().is_whole());
    let new = NewConfiguration {
        fingerprint: "nova".to_owned(),
        directory: "/etc/vigia-suas".to_owned(),
        parts: Vec::new(),
        by: "ana".to_owned(),
        feeds: std::collections::BTreeSet::new(),
    };
    store.adopt_configuration(new, at(7)).await.unwrap();
    assert!(store.verify().await.unwrap().is_whole());
    tamper(&dir, given("resumo", 6)).await;
    assert_eq!(store.consent_to("resumo", at(8)).await.unwrap(), None, "put back once it was used up");
    assert!(!store.verify().await.unwrap().is_whole());
}
