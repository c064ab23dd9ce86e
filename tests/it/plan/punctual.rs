//! The law of the history: it never accuses whom nobody knew to owe when the deadline passed.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use vigia_suas::domain::id::{FeedId, MunicipalityCode, PartId, SnapshotId, WindowId};
use vigia_suas::domain::overrides::{Authorship, Dispute};
use vigia_suas::domain::status::{Basis, Belief, Load, State};
use vigia_suas::plan::account::{View, summarise};
use vigia_suas::plan::history::{Punctuality, history};
use vigia_suas::plan::post::Post;
use vigia_suas::plan::replay::Replay;

use crate::support::world::{Built, draws, municipality_code, worlds};

/// Where each part stood when a deadline passed, as `situacao` said it then.
type Known = BTreeMap<(WindowId, u16, MunicipalityCode, PartId), State>;

/// What `situacao` says at an instant of the editions that end with it.
fn note(replay: &Replay<'_>, at: Timestamp, known: &mut Known) {
    let (world, plan, post) = (replay.world(), replay.plan(at), Post::default());
    for window in replay.windows() {
        let Some(summary) = summarise(View { world: &world, plan: &plan, post: &post, now: at }, &window.id)
        else {
            continue;
        };
        let ledger = replay.ledger.window(&window.id);
        for line in summary.lines {
            let closing = ledger.and_then(|ledger| ledger.closing(line.edition));
            if closing.is_none_or(|closing| closing.ended_at != at) {
                continue;
            }
            for part in line.parts {
                let key = (window.id.clone(), line.edition, line.municipality, part.part);
                known.entry(key).or_insert(part.state);
            }
        }
    }
}

/// How the words of a load come: from which of two feeds, and on what they rest.
type Told = (bool, u8);

/// Runs a world whose loads come from two feeds, as the service believes them, and whose municipalities contest.
fn run<'b>(built: &'b Built, told: &[Told], contests: &[(u8, i64)], known: &mut Known) -> Replay<'b> {
    let mut replay = built.replay();
    let mut from = built.from;
    let mut contests: Vec<(Timestamp, u8)> = contests
        .iter()
        .map(|(whom, hours)| (built.from + SignedDuration::from_hours(*hours), *whom))
        .collect();
    contests.sort_unstable();
    let mut contests = contests.into_iter().peekable();
    for (n, (change, (other, basis))) in built.changes.iter().zip(told.iter().cycle()).enumerate() {
        while let Some((at, whom)) = contests.next_if(|(at, _)| *at <= change.at) {
            replay.overrides.disputes.extend(built.calendar.declared.iter().map(|window| Dispute {
                municipality: municipality_code(u32::from(whom)),
                window: window.id.clone(),
                part: None,
                until: None,
                authorship: Authorship { author: "a".to_owned(), reason: "b".to_owned(), at },
            }));
        }
        replay.run_with(from, change.at, &[], |replay, at, _| note(replay, at, known));
        let load = Load {
            feed: FeedId::parse(if *other { "outra" } else { "uma" }).unwrap(),
            snapshot: SnapshotId::parse(&format!("c{n}")).unwrap(),
            arrival: u64::try_from(n).unwrap() + 1,
            taken_at: change.at,
            after: None,
        };
        let mut said = change.observation.clone();
        said.basis = match (basis, said.state) {
            (0 | 1, State::Pending | State::Unconfirmed) => Basis::Silence,
            (2, State::Pending) => Basis::Reopened,
            (3, State::Unconfirmed) => Basis::Contradiction,
            _ => Basis::Row,
        };
        replay.status.absorb(&said, &load, Belief::Cautious);
        from = change.at;
    }
    replay.run_with(from, built.until, &[], |replay, at, _| note(replay, at, known));
    replay
}

proptest! {
    #![proptest_config(worlds())]

    #[test]
    fn nobody_is_late_or_never_done_who_was_not_known_to_owe_when_the_deadline_passed(
        draw in draws(),
        told in prop::collection::vec((any::<bool>(), 0..6_u8), 1..20),
        contests in prop::collection::vec((0..4_u8, 0..1_800_i64), 0..3),
    ) {
        let built = draw.build();
        let mut known = Known::new();
        let replay = run(&built, &told, &contests, &mut known);
        let (world, plan, post, now) = (replay.world(), replay.plan(built.until), Post::default(), built.until);
        let mut editions = BTreeMap::new();
        for window in replay.windows() {
            let summary = summarise(View { world: &world, plan: &plan, post: &post, now }, &window.id);
            for line in summary.into_iter().flat_map(|summary| summary.lines) {
                editions.insert((window.id.clone(), line.municipality), line.edition);
            }
        }
        for line in history(&world, now) {
            for (window, how) in &line.references {
                if matches!(how, Punctuality::OnTime | Punctuality::Unknown) {
                    continue;
                }
                let edition = editions[&(window.clone(), line.municipality)];
                let then = known.get(&(window.clone(), edition, line.municipality, line.part.clone()));
                prop_assert!(
                    then.is_none_or(|then| *then == State::Pending),
                    "{} {window} {}: {how:?}, and then {then:?}", line.municipality, line.part
                );
            }
        }
    }
}
