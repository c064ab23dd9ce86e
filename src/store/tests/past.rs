//! Letters as they stood: what is asked for by the ten thousand, told the short way, against the lines that staff ask for one
//! municipality at a time, each of which goes by all of its attempts.

use std::collections::BTreeSet;
use std::mem::discriminant;

use proptest::prelude::*;

use super::outbox::{CODES, bounced_for, filled};
use crate::domain::delivery::Outcome;
use crate::domain::journal::Act as Stop;
use crate::domain::refusal::Refusal;
use crate::plan::Act;
use crate::plan::ledger::Standing;
use crate::plan::post::{LetterState, Post};
use crate::store::testing::*;
use crate::store::{DeliveryFilter, DeliveryLine, RawMessage, Return, Store};

/// Something that becomes of one of the letters.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// What is due is tried; of this address with the one outcome, of the others with the other.
    Try(usize, u8, u8),
    Back(usize),
    Read(usize),
    Stop(usize, Act),
}

fn any_step() -> impl Strategy<Value = Step> {
    let one = 0..CODES.len() * 2;
    let stop = prop_oneof![Just(Act::Withdraw), Just(Act::Withhold), Just(Act::Expire), Just(Act::Send)];
    prop_oneof![
        3 => (one.clone(), 0..4_u8, 0..4_u8).prop_map(|(one, a, b)| Step::Try(one, a, b)),
        2 => one.clone().prop_map(Step::Back),
        1 => one.clone().prop_map(Step::Read),
        1 => (one, stop).prop_map(|(one, act)| Step::Stop(one, act)),
    ]
}

fn outcome(n: u8) -> Outcome {
    [accepted, deferred, refused, uncertain][usize::from(n)]()
}

async fn lines(store: &Store) -> Vec<DeliveryLine> {
    store.deliveries(&DeliveryFilter::default()).await.unwrap()
}

async fn take(store: &Store, step: Step, minute: i64) {
    let lines = lines(store).await;
    match step {
        Step::Try(one, its, others) => {
            let chosen = &lines[one % lines.len()].id;
            send_all(store, minute, |claim| outcome(if claim.delivery == *chosen { its } else { others }))
                .await;
        }
        Step::Back(one) | Step::Read(one) => {
            let line = &lines[one % lines.len()];
            let came = match step {
                Step::Read(_) => Return::Read,
                _ => bounced_for(Refusal::Address),
            };
            let raw = RawMessage::of(format!("Subject: {minute}\r\n\r\n").as_bytes());
            let only = std::slice::from_ref(&line.address);
            store.note_return(&line.message_id, only, &[], came, &raw, at(minute)).await.unwrap();
        }
        Step::Stop(one, act_of) => {
            let code = CODES[one % CODES.len()];
            store.record_pass(at(minute), vec![act(act_of, code)]).await.unwrap();
        }
    }
}

/// What a line says, as a letter's fact.
fn facts_of(lines: &[DeliveryLine], minute: i64) -> Vec<String> {
    let fact = |line: &DeliveryLine| {
        let stopped = line.stopped_by.as_deref().and_then(Stop::parse);
        let (next, until) = (line.next_attempt_at, line.valid_until);
        let state = LetterState::of(line.state, stopped, next, until, at(minute));
        let since = line.settled_at.unwrap_or(line.recorded_at);
        format!("{} {} {} {} {state:?} {since}", line.key, line.version, line.role, line.address)
    };
    let mut facts: Vec<String> = lines.iter().map(fact).collect();
    facts.sort();
    facts
}

fn facts_in(post: &Post) -> Vec<String> {
    let mut facts = Vec::new();
    for (key, of) in post.iter() {
        let fact = |fact: &crate::plan::post::DeliveryFact| {
            format!("{key} {} {} {} {:?} {}", fact.version, fact.role, fact.address, fact.state, fact.at)
        };
        facts.extend(of.iter().map(fact));
    }
    facts.sort();
    facts
}

/// Where the letter of each municipality stands.
async fn standings(store: &Store, then: Option<i64>) -> Vec<Option<Standing>> {
    let windows = BTreeSet::from([rma()]);
    let ledger = match then {
        Some(minute) => store.ledger_as_known(&windows, at(minute)).await.unwrap(),
        None => store.ledger_of(&windows, at(10_000)).await.unwrap(),
    };
    CODES.iter().map(|code| ledger.notice(&warning(code).key).map(|record| record.standing)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn what_became_of_letters_by_an_instant_is_what_their_attempts_tell(
        story in prop::collection::vec(any_step(), 1..10),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let store = filled(&dir).await;
            let mut stood = vec![(5, standings(&store, None).await)];
            let mut minute = 5;
            for step in &story {
                minute += 10;
                take(&store, *step, minute).await;
                stood.push((minute + 1, standings(&store, None).await));
            }
            let now = store.post(&[rma()], at(minute + 1)).await.unwrap();
            assert_eq!(facts_in(&now), facts_of(&lines(&store).await, minute + 1), "as it stands");
            let is_stopped = story.iter().any(|step| matches!(step, Step::Stop(..) | Step::Read(_)));
            for (minute, then) in stood {
                let post = store.post_as_known(&[rma()], at(minute)).await.unwrap();
                let lines =
                    store.deliveries_as_known(&DeliveryFilter::default(), at(minute)).await.unwrap();
                assert_eq!(facts_in(&post), facts_of(&lines, minute), "minute {minute}");
                // What a later stop or receipt hides of the time before, the notice's own row does not tell.
                if !is_stopped {
                    let known = standings(&store, Some(minute)).await;
                    let same = known.iter().zip(&then).all(|(a, b)| a.map(|a| discriminant(&a)) == b.map(|b| discriminant(&b)));
                    assert!(same, "minute {minute}: {known:?} {then:?}");
                }
            }
        });
    }
}
