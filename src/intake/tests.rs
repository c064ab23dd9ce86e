//! Who has filled in, kept and brought back. Above 400 lines: the laws and what they draw stand together.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use proptest::prelude::*;

use crate::database::engine::Query;
use crate::domain::id::{FeedId, SnapshotId, UnitId, WindowId};
use crate::domain::journal::Verdict;
use crate::domain::overrides::Authorship;
use crate::domain::status::{Basis, Belief, Load, Observation, Observations, State, StatusBook, StatusEntry};
use crate::intake::{CrawlPage, Extent, FeedRun, NewSnapshot, Ruled};
use crate::store::testing::*;
use crate::store::{NewConfiguration, Recorded, Store, SwitchedBy};

fn snapshot(feed: &str, n: usize, minutes: i64) -> NewSnapshot {
    NewSnapshot {
        id: SnapshotId::parse(&format!("{feed}-{n}")).unwrap(),
        feed: FeedId::parse(feed).unwrap(),
        taken_at: at(minutes),
        source: "rma.csv".to_owned(),
        sha256: "00".repeat(32),
        rows: 1,
        rejected: 0,
        repeated: 0,
        form: None,
        reasons: Vec::new(),
        original: None,
    }
}

fn observed(code: &str, unit: Option<&str>, state: State) -> Observation {
    Observation {
        window: rma(),
        municipality: municipality(code),
        part: part("CRAS"),
        unit: unit.map(|u| UnitId::parse(u).unwrap()),
        state,
        dated: None,
        basis: Basis::Row,
        line: 0,
        wording: Some("100% \"preenchido\"\nnão concluído".into()),
    }
}

fn entries(book: &StatusBook, code: &str) -> Vec<StatusEntry> {
    let mut entries = book.window(&rma()).of(municipality(code)).to_vec();
    entries.sort_by(|a, b| (&a.part, &a.unit, &a.feed).cmp(&(&b.part, &b.unit, &b.feed)));
    entries
}

async fn known_at(store: &Store, minutes: i64) -> StatusBook {
    store.status_as_known(&BTreeSet::from([rma()]), at(minutes)).await.unwrap()
}

/// What a municipality's feeds had said before they were switched off, where they say nothing newer of the same.
fn outlived(book: &StatusBook, code: &str) -> Vec<StatusEntry> {
    let (window, code) = (rma(), municipality(code));
    let now = book.window(&window).of(code);
    let retired = book.window(&window).retired_of(code).iter();
    let mut outlived: Vec<_> =
        retired.filter(|entry| !now.iter().any(|new| new.is_about(entry))).cloned().collect();
    outlived.sort_by(|one, other| (&one.unit, &one.feed).cmp(&(&other.unit, &other.feed)));
    outlived
}

async fn agree(store: &Store, book: &StatusBook, minutes: i64) {
    let (kept, known) = (store.status().await.unwrap(), known_at(store, minutes).await);
    for code in [VITORIA, SERRA] {
        assert_eq!(entries(&kept, code), entries(book, code));
        assert_eq!(entries(&known, code), entries(book, code), "the evidence says the same");
        assert_eq!(outlived(&kept, code), outlived(book, code), "what closed windows rest on");
        assert_eq!(outlived(&known, code), outlived(book, code), "the evidence of that says the same");
    }
    for feed in ["a", "b"].map(|f| FeedId::parse(f).unwrap()) {
        assert_eq!(kept.last_fetch(&feed), book.last_fetch(&feed));
    }
}

#[tokio::test]
async fn a_reversal_is_remembered_across_a_restart_until_it_is_confirmed() {
    let dir = tempfile::tempdir().unwrap();
    let hours = 60;
    for (n, (taken, state, reverting)) in [
        (0, State::Done, None),
        (hours, State::Pending, Some(at(hours))),
        (12 * hours, State::Pending, Some(at(hours))),
        (13 * hours, State::Pending, None),
    ]
    .into_iter()
    .enumerate()
    {
        let store = store(&dir).await;
        let seen = [observed(VITORIA, None, state)].into_iter().collect();
        store.accept_snapshot(snapshot("a", n, taken), seen, at(taken)).await.unwrap();
        let entry = entries(&store.status().await.unwrap(), VITORIA)[0].clone();
        assert_eq!((entry.state, entry.unproven_since), (state, reverting), "{n}");
        store.close().await;
    }
}

#[tokio::test]
async fn a_quarantined_snapshot_changes_nothing_and_is_kept_with_its_reasons() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    let seen: Observations =
        [observed(VITORIA, None, State::Done), observed(SERRA, Some("1"), State::Pending)]
            .into_iter()
            .collect();
    let first = snapshot("a", 1, 1);
    assert_eq!(store.accept_snapshot(first.clone(), seen.clone(), at(1)).await.unwrap(), Recorded::New);
    assert_eq!(store.accept_snapshot(first, seen, at(2)).await.unwrap(), Recorded::Repeated);
    let mut bad = snapshot("a", 2, 5);
    bad.reasons = vec!["queda de 78 para 3".to_owned()];
    bad.original = Some(b"x".to_vec());
    bad.sha256 = crate::text::digest::sha256(b"x");
    store.quarantine_snapshot(bad.clone(), Observations::default(), at(5)).await.unwrap();
    assert_eq!(
        store.quarantine_snapshot(bad.clone(), Observations::default(), at(5)).await.unwrap(),
        Recorded::Repeated
    );
    assert_eq!(store.status().await.unwrap().last_fetch(&bad.feed), Some(at(1)));
    let last = store.last_accepted(&bad.feed).await.unwrap().unwrap();
    assert_eq!((last.id.as_str(), last.total), ("a-1", Extent { done: 1, municipalities: 2 }));
    assert_eq!(last.by_window[&rma()], Extent { done: 1, municipalities: 2 });
    let lines = store.snapshots(Some(&bad.feed), 10).await.unwrap();
    assert_eq!(
        lines.iter().map(|l| l.verdict).collect::<Vec<_>>(),
        [Verdict::Quarantined, Verdict::Accepted]
    );
    assert_eq!(lines[0].reasons, bad.reasons);
    assert_eq!(store.original(&bad.id).await.unwrap(), bad.original);
    assert_eq!(store.original(&lines[1].id).await.unwrap(), None);
    store.note_fetch(&bad.feed, at(9)).await.unwrap();
    store.note_fetch(&bad.feed, at(8)).await.unwrap();
    assert_eq!(store.status().await.unwrap().last_fetch(&bad.feed), Some(at(8)), "the clock was set back");
    assert!(store.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn what_had_confirmed_a_load_by_an_instant_is_known_of_that_instant() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    let feed = FeedId::parse("a").unwrap();
    store.accept_snapshot(snapshot("a", 1, 10), said(State::Pending), at(10)).await.unwrap();
    for minutes in [20, 40] {
        store.note_fetch(&feed, at(minutes)).await.unwrap();
    }
    let then = async |minutes| {
        let known = store.status_as_known(&BTreeSet::from([rma()]), at(minutes)).await.unwrap();
        let ruling = store.ruling_loads(Some(at(minutes))).await.unwrap();
        assert_eq!(known.last_fetch(&feed), ruling.get(&feed).map(|load| load.confirmed_at));
        known.last_fetch(&feed)
    };
    assert_eq!(
        [then(9).await, then(15).await, then(20).await, then(39).await, then(50).await],
        [None, Some(at(10)), Some(at(20)), Some(at(20)), Some(at(40))]
    );
    // Another load is confirmed by none of them; what it took the place of still is, where it is withdrawn.
    let other = snapshot("a", 2, 50);
    store.accept_snapshot(other.clone(), said(State::Done), at(50)).await.unwrap();
    assert_eq!(then(60).await, Some(at(50)));
    store.rule(&other.id, Verdict::Quarantined, by(70)).await.unwrap();
    assert_eq!((then(60).await, then(70).await), (Some(at(50)), Some(at(40))));
    assert_eq!(store.status().await.unwrap().last_fetch(&feed), Some(at(40)));
    assert!(store.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn a_file_that_was_not_written_again_is_as_old_as_when_it_first_came() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    for (n, minutes) in [(1, 10), (2, 20)] {
        let mut same = snapshot("a", n, minutes);
        same.sha256 = "x".to_owned();
        store.accept_snapshot(same, said(State::Pending), at(minutes)).await.unwrap();
    }
    let feed = FeedId::parse("a").unwrap();
    let first = async |sha256, minutes| store.first_taken(&feed, sha256, at(minutes)).await.unwrap();
    assert_eq!(first("x", 5).await, Some(at(10)));
    assert_eq!(first("x", 15).await, Some(at(20)), "it was written again after the first");
    assert_eq!((first("x", 25).await, first("y", 5).await), (None, None));
}

#[tokio::test]
async fn what_the_very_bytes_spoke_of_before_is_told_while_it_is_believed() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    let feed = FeedId::parse("a").unwrap();
    let (old, new) = (rma(), WindowId::parse("rma/2026-12").unwrap());
    let run = BTreeSet::from([new.clone()]);
    let before = async |sha256| store.baseline(&feed, sha256, &run, &BTreeSet::new()).await.unwrap();
    assert!(before("x").await.is_none());
    let load =
        |n, minutes, sha256: &str| NewSnapshot { sha256: sha256.to_owned(), ..snapshot("a", n, minutes) };
    store.accept_snapshot(load(1, 10, "x"), said(State::Done), at(10)).await.unwrap();
    store.quarantine_snapshot(load(2, 15, "q"), said(State::Done), at(15)).await.unwrap();
    let first = before("x").await.unwrap();
    let same = first.same_bytes.unwrap();
    assert_eq!((same.snapshot.as_str(), same.arrival, same.is_last), ("a-1", 1, true));
    assert_eq!(same.spoke_of, BTreeSet::from([old.clone()]));
    let last = first.last.unwrap();
    assert_eq!((last.snapshot.as_str(), last.said[0].0.clone()), ("a-1", old));
    assert_eq!(last.said[0].1[0].state, State::Done);
    assert_eq!(before("q").await.unwrap().same_bytes, None, "what is not believed was no answer");
    let spoken = Observation { window: new.clone(), ..observed(VITORIA, None, State::Pending) };
    let spoken = [spoken].into_iter().collect();
    store.accept_snapshot(load(3, 20, "y"), spoken, at(20)).await.unwrap();
    let second = before("x").await.unwrap();
    assert!(!second.same_bytes.unwrap().is_last);
    assert!(second.last.is_none(), "each window that runs was spoken of");
}

#[tokio::test]
async fn what_was_known_then_is_not_what_is_known_now() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    for (n, minutes, state) in [(1, 10, State::Pending), (2, 20, State::Done)] {
        let seen = [observed(VITORIA, None, state)].into_iter().collect();
        store.accept_snapshot(snapshot("a", n, minutes), seen, at(minutes)).await.unwrap();
    }
    assert_eq!(entries(&known_at(&store, 19).await, VITORIA)[0].state, State::Pending);
    assert_eq!(entries(&known_at(&store, 20).await, VITORIA)[0].state, State::Done);
    assert!(entries(&known_at(&store, 9).await, VITORIA).is_empty());
    let elsewhere = BTreeSet::from([WindowId::parse("rma/2026-10").unwrap()]);
    let elsewhere = store.status_as_known(&elsewhere, at(20)).await.unwrap();
    assert!(entries(&elsewhere, VITORIA).is_empty(), "a window that was not asked for");
    assert_eq!(
        elsewhere.last_fetch(&FeedId::parse("a").unwrap()),
        Some(at(20)),
        "the feed spoke, of whatever"
    );
}

fn said(state: State) -> Observations {
    [observed(VITORIA, None, state)].into_iter().collect()
}

fn by(minutes: i64) -> Authorship {
    Authorship { author: "ana".to_owned(), reason: "conferido por telefone".to_owned(), at: at(minutes) }
}

async fn stands(store: &Store) -> Option<State> {
    entries(&store.status().await.unwrap(), VITORIA).first().map(|entry| entry.state)
}

async fn stood(store: &Store, minutes: i64) -> Option<State> {
    entries(&known_at(store, minutes).await, VITORIA).first().map(|entry| entry.state)
}

/// A configuration is adopted that has these feeds, and they are on.
async fn adopt(store: &Store, feeds: &[&str], minutes: i64) {
    let new = NewConfiguration {
        fingerprint: feeds.join("+"),
        directory: "/etc/vigia-suas".to_owned(),
        parts: Vec::new(),
        by: "ana".to_owned(),
        feeds: feeds.iter().map(|feed| FeedId::parse(feed).unwrap()).collect(),
    };
    store.adopt_configuration(new, at(minutes)).await.unwrap();
}

#[tokio::test]
async fn what_a_feed_said_until_it_was_switched_off_does_not_come_back_to_life_when_it_is_on_again() {
    let dir = tempfile::tempdir().unwrap();
    let feed = FeedId::parse("a").unwrap();
    let silent = || Observation { basis: Basis::Silence, ..observed(VITORIA, None, State::Pending) };
    let first = store(&dir).await;
    adopt(&first, &["a"], 1).await;
    first.accept_snapshot(snapshot("a", 1, 10), said(State::Pending), at(10)).await.unwrap();
    adopt(&first, &["b"], 20).await;
    adopt(&first, &["b"], 25).await;
    assert_eq!(
        (stands(&first).await, stood(&first, 19).await, stood(&first, 20).await),
        (None, Some(State::Pending), None)
    );
    assert_eq!(first.status().await.unwrap().retired_at(&feed), Some(at(20)), "told once");
    first.close().await;
    let again = store(&dir).await;
    assert_eq!(stands(&again).await, None, "also after a restart");
    adopt(&again, &["a", "b"], 30).await;
    assert_eq!((stands(&again).await, again.status().await.unwrap().retired_at(&feed)), (None, None));
    // Days later: of the two loads that silence takes, the retired one is none.
    let seen = [silent()].into_iter().collect();
    again.accept_snapshot(snapshot("a", 2, 5_000), seen, at(5_000)).await.unwrap();
    let entry = entries(&again.status().await.unwrap(), VITORIA)[0].clone();
    assert_eq!((entry.state, entry.unproven_since), (State::Pending, Some(at(5_000))));
    assert!(again.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn a_quarantined_snapshot_that_a_person_believes_counts_from_then_on_and_not_before() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    store.accept_snapshot(snapshot("a", 1, 10), said(State::Pending), at(10)).await.unwrap();
    let better = snapshot("a", 2, 20);
    store.quarantine_snapshot(better.clone(), said(State::Done), at(20)).await.unwrap();
    assert_eq!(stands(&store).await, Some(State::Pending));
    let ruled = store.rule(&better.id, Verdict::Accepted, by(30)).await.unwrap();
    assert!(matches!(ruled, Ruled::Done { windows, .. } if windows.contains(&rma())));
    assert_eq!(stands(&store).await, Some(State::Done));
    assert_eq!((stood(&store, 29).await, stood(&store, 30).await), (Some(State::Pending), Some(State::Done)));
    assert_eq!(
        store.last_accepted(&better.feed).await.unwrap().unwrap().id,
        better.id,
        "the next is measured by it"
    );
    assert_eq!(store.status().await.unwrap().last_fetch(&better.feed), Some(at(20)));
    assert_eq!(store.rule(&better.id, Verdict::Accepted, by(31)).await.unwrap(), Ruled::Already);
    let unknown = SnapshotId::parse("a-9").unwrap();
    assert_eq!(store.rule(&unknown, Verdict::Accepted, by(31)).await.unwrap(), Ruled::Unknown);
    let [ruling] = &store.rulings(Some(&rma())).await.unwrap()[..] else { panic!() };
    assert_eq!((&ruling.snapshot, &ruling.by), (&better.id, &by(30)));
    assert!(store.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn what_was_known_before_a_withdrawn_snapshot_rules_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    for (n, minutes, state) in [(1, 10, State::Pending), (2, 20, State::Done)] {
        let seen = said(state);
        store.accept_snapshot(snapshot("a", n, minutes), seen, at(minutes)).await.unwrap();
    }
    let feed = FeedId::parse("a").unwrap();
    store.note_fetch(&feed, at(25)).await.unwrap();
    let wrong = snapshot("a", 2, 20);
    store.rule(&wrong.id, Verdict::Quarantined, by(30)).await.unwrap();
    assert_eq!(stands(&store).await, Some(State::Pending));
    assert_eq!((stood(&store, 29).await, stood(&store, 30).await), (Some(State::Done), Some(State::Pending)));
    assert_eq!(store.status().await.unwrap().last_fetch(&feed), Some(at(10)), "the data is as old as it was");
    assert!(store.refused(&feed, &wrong.sha256).await.unwrap().is_some());
    // Believed again, and refused again: the last word counts, at each instant.
    store.rule(&wrong.id, Verdict::Accepted, by(40)).await.unwrap();
    assert!(store.refused(&feed, &wrong.sha256).await.unwrap().is_none());
    assert_eq!((stood(&store, 35).await, stood(&store, 45).await), (Some(State::Pending), Some(State::Done)));
    // The only one withdrawn: nothing is known.
    store.rule(&wrong.id, Verdict::Quarantined, by(50)).await.unwrap();
    store.rule(&snapshot("a", 1, 10).id, Verdict::Quarantined, by(51)).await.unwrap();
    assert_eq!(stands(&store).await, None);
    assert_eq!(store.status().await.unwrap().last_fetch(&feed), None);
}

#[tokio::test]
async fn what_could_not_be_read_cannot_be_believed() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    let page = snapshot("a", 1, 10);
    store.quarantine_snapshot(page.clone(), Observations::default(), at(10)).await.unwrap();
    assert_eq!(store.rule(&page.id, Verdict::Accepted, by(11)).await.unwrap(), Ruled::Empty);
    assert!(store.rulings(None).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_crawl_is_taken_up_where_it_was_and_forgotten_at_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let feed = FeedId::parse("a").unwrap();
    let page = |place, failure: Option<&str>| CrawlPage {
        fetched_at: at(2),
        place,
        length: 7,
        sha256: "00".repeat(32),
        failure: failure.map(str::to_owned),
    };
    {
        let store = store(&dir).await;
        store.begin_crawl(&feed, "plano", 3, at(1)).await.unwrap();
        store.keep_page(&feed, "3205309", page(0, None)).await.unwrap();
        store.keep_page(&feed, "3205002", page(7, Some("o servidor respondeu 503"))).await.unwrap();
        store.close().await;
    }
    let store = store(&dir).await;
    let crawl = store.crawl(&feed).await.unwrap().unwrap();
    assert_eq!((crawl.plan.as_str(), crawl.started_at, crawl.pages.len()), ("plano", at(1), 2));
    assert_eq!(crawl.pages["3205309"], page(0, None));
    let progress = store.crawl_progress().await.unwrap()[&feed];
    assert_eq!((progress.pages, progress.settled, progress.failed), (3, 2, 1));
    store.keep_page(&feed, "3205002", page(7, None)).await.unwrap();
    assert_eq!(store.crawl_progress().await.unwrap()[&feed].failed, 0, "had at the second try");
    store.begin_crawl(&feed, "outro", 3, at(5)).await.unwrap();
    assert!(store.crawl(&feed).await.unwrap().unwrap().pages.is_empty());
    store.end_crawl(&feed).await.unwrap();
    assert_eq!(store.crawl(&feed).await.unwrap(), None);
    let run = FeedRun { tried_at: at(1), next_at: Some(at(9)), failures: 2, failure: Some("403".to_owned()) };
    store.note_run(&feed, run.clone()).await.unwrap();
    assert_eq!(store.feed_run(&feed).await.unwrap(), Some(run.clone()));
    assert_eq!(store.feed_runs().await.unwrap()[&feed], run);
}

#[tokio::test]
async fn equal_pages_are_kept_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    for n in [1, 2] {
        let seen = [observed(VITORIA, None, State::Done)].into_iter().collect();
        store.accept_snapshot(snapshot("a", n, 1), seen, at(1)).await.unwrap();
    }
    let mut view = store.db.view().await.unwrap();
    let row = Query::new("SELECT COUNT(*) FROM pages").fetch_one(&mut view).await.unwrap();
    assert_eq!(row.try_get::<i64, _>(0).unwrap(), 1);
}

fn any_observation() -> impl Strategy<Value = Observation> {
    let state = prop_oneof![
        Just(State::Done),
        Just(State::Pending),
        Just(State::NotApplicable),
        Just(State::Unconfirmed)
    ];
    let dated = prop::option::of(-600_i64..600).prop_map(|m| m.map(at));
    let basis = prop::sample::select(vec![Basis::Row, Basis::Reopened, Basis::Silence]);
    (any::<bool>(), prop::option::of(0..2_u8), state, dated, basis).prop_map(
        |(vitoria, unit, state, dated, basis)| {
            let code = if vitoria { VITORIA } else { SERRA };
            let unit = unit.map(|u| u.to_string());
            Observation { dated, basis, ..observed(code, unit.as_deref(), state) }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_book_kept_is_the_book_in_memory(
        story in prop::collection::vec(
            (any::<bool>(), 0_i64..2_000, prop::collection::vec(any_observation(), 0..5)), 1..8),
        switched_off in 0_usize..12,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let store = store(&dir).await;
            let (mut book, mut after) = (StatusBook::default(), None);
            for (n, (a, minutes, seen)) in story.into_iter().enumerate() {
                // What a feed that is off brings by hand counts, and nothing before it.
                if n == switched_off {
                    let feed = FeedId::parse("a").unwrap();
                    let by = SwitchedBy { configuration: "0".repeat(64), author: "teste".to_owned() };
                    store.retire_feed(&feed, by, at(4_000)).await.unwrap();
                    after = Some(u64::try_from(n).unwrap());
                    book.retire(&feed, u64::MAX, Some(at(4_000)));
                }
                let mut new = snapshot(if a { "a" } else { "b" }, n, minutes);
                // Finer than the store keeps: it counts whole milliseconds everywhere.
                new.taken_at += SignedDuration::from_nanos(1_500);
                let arrival = u64::try_from(n).unwrap() + 1;
                let (feed, snapshot) = (new.feed.clone(), new.id.clone());
                let after = after.filter(|_| a);
                let load = Load { feed, snapshot, arrival, taken_at: at(minutes), after };
                for o in &seen {
                    book.absorb(o, &load, Belief::Cautious);
                }
                book.fetched(&new.feed, &new.id, at(minutes));
                store.accept_snapshot(new, seen.into_iter().collect(), at(5_000)).await.unwrap();
            }
            agree(&store, &book, 5_000).await;
        });
    }

    #[test]
    fn what_was_known_at_an_instant_is_the_replay_of_what_counted_then(
        story in prop::collection::vec(
            (any::<bool>(), prop::collection::vec(any_observation(), 0..5), any::<bool>()), 1..7),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let store = store(&dir).await;
            let mut told = Vec::new();
            for (n, (a, seen, is_withdrawn)) in story.into_iter().enumerate() {
                let minutes = 400 * i64::try_from(n).unwrap();
                let new = snapshot(if a { "a" } else { "b" }, n, minutes);
                let (feed, snapshot) = (new.feed.clone(), new.id.clone());
                let arrival = u64::try_from(n).unwrap() + 1;
                let load = Load { feed, snapshot, arrival, taken_at: at(minutes), after: None };
                store.accept_snapshot(new, seen.iter().cloned().collect(), at(minutes)).await.unwrap();
                told.push((minutes, load, seen, is_withdrawn));
            }
            let withdrawn = 10_000;
            // One that says nothing changes nothing when it is withdrawn.
            let are_withdrawn = told.iter().filter(|(_, _, seen, is_withdrawn)| *is_withdrawn && !seen.is_empty());
            for (_, load, ..) in are_withdrawn {
                store.rule(&load.snapshot, Verdict::Quarantined, by(withdrawn)).await.unwrap();
            }
            let instants: Vec<i64> = told.iter().map(|(minutes, ..)| minutes + 1).chain([withdrawn]).collect();
            for then in instants {
                let mut book = StatusBook::default();
                for (minutes, load, seen, is_withdrawn) in &told {
                    if *minutes <= then && !(*is_withdrawn && then >= withdrawn) {
                        for o in seen {
                            book.absorb(o, load, Belief::Cautious);
                        }
                    }
                }
                let known = known_at(&store, then).await;
                for code in [VITORIA, SERRA] {
                    assert_eq!(entries(&known, code), entries(&book, code), "after {then} minutes");
                }
            }
        });
    }
}
