//! Letters as they stood: what is asked for by the ten thousand, told the short way, against the lines that staff ask for one
//! municipality at a time, each of which goes by all of its attempts. And what the journal tells of a letter, whatever is decided
//! while it is on the wire.

use std::collections::BTreeSet;
use std::mem::discriminant;
use std::num::NonZeroU16;

use proptest::prelude::*;

use super::outbox::{CODES, bounced_for, filled};
use crate::domain::delivery::{DeliveryState, Outcome};
use crate::domain::journal::Act as Stop;
use crate::domain::notice::{Addressee, Content, Kind, NoticeKey, StaffSlot};
use crate::domain::overrides::HoldScope;
use crate::domain::reason::Reason;
use crate::domain::refusal::Refusal;
use crate::plan::ledger::{Ledger, Standing};
use crate::plan::post::{DeliveryFact, LetterState, Post};
use crate::plan::{Act, Closed, Decision, End, Notice, Withheld};
use crate::store::testing::*;
use crate::store::{
    AttemptEnd, Claim, DeliveryFilter, DeliveryLine, OnUncertain, RawMessage, Recorded, Return, Store,
};

/// Something that becomes of one of the letters.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// What is due is tried; of this address with the one outcome, of the others with the other.
    Try(usize, u8, u8),
    Back(usize),
    Read(usize),
    Report(usize),
    Stop(usize, Act),
}

fn any_step() -> impl Strategy<Value = Step> {
    let one = 0..CODES.len() * 2;
    let stop = prop_oneof![Just(Act::Withdraw), Just(Act::Withhold), Just(Act::Expire), Just(Act::Send)];
    prop_oneof![
        3 => (one.clone(), 0..4_u8, 0..4_u8).prop_map(|(one, a, b)| Step::Try(one, a, b)),
        2 => one.clone().prop_map(Step::Back),
        1 => one.clone().prop_map(Step::Read),
        2 => one.clone().prop_map(Step::Report),
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
        Step::Back(one) | Step::Read(one) | Step::Report(one) => {
            let line = &lines[one % lines.len()];
            let came = match step {
                Step::Read(_) => Return::Read,
                Step::Report(_) => Return::Arrived { why: "atrasada".to_owned() },
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
        let left = (line.kind, line.reached_at, line.recorded_at);
        let left = (left.0, left.1, left.1.is_none().then_some(left.2));
        format!("{} {} {} {} {state:?} {since} {left:?}", line.key, line.version, line.role, line.address)
    };
    let mut facts: Vec<String> = lines.iter().map(fact).collect();
    facts.sort();
    facts
}

fn facts_in(post: &Post) -> Vec<String> {
    let mut facts = Vec::new();
    for (key, of) in post.iter() {
        let place = |fact: &DeliveryFact| (fact.version, fact.role.to_string(), fact.address.clone());
        assert!(of.is_sorted_by_key(place), "{key}: {of:?}");
        let fact = |fact: &DeliveryFact| {
            let left = (fact.kind, fact.left_at, fact.recorded_at);
            format!(
                "{key} {} {} {} {:?} {} {left:?}",
                fact.version, fact.role, fact.address, fact.state, fact.at
            )
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

/// Takes the steps, ten minutes apart, and asks after each as of every one before.
async fn is_told_as_it_was(steps: &[Step]) {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(&dir).await;
    let mut stood = vec![(5, standings(&store, None).await)];
    let mut minute = 5;
    for step in steps {
        minute += 10;
        take(&store, *step, minute).await;
        stood.push((minute + 1, standings(&store, None).await));
    }
    let now = store.post(&[rma()], at(minute + 1)).await.unwrap();
    assert_eq!(facts_in(&now), facts_of(&lines(&store).await, minute + 1), "as it stands");
    let is_stopped = steps.iter().any(|step| matches!(step, Step::Stop(..) | Step::Read(_)));
    for (minute, then) in stood {
        let post = store.post_as_known(&[rma()], at(minute)).await.unwrap();
        let lines = store.deliveries_as_known(&DeliveryFilter::default(), at(minute)).await.unwrap();
        assert_eq!(facts_in(&post), facts_of(&lines, minute), "minute {minute}");
        // What a later stop or receipt hides of the time before, the notice's own row does not tell.
        if !is_stopped {
            let known = standings(&store, Some(minute)).await;
            let same = known
                .iter()
                .zip(&then)
                .all(|(a, b)| a.map(|a| discriminant(&a)) == b.map(|b| discriminant(&b)));
            assert!(same, "minute {minute}: {known:?} {then:?}");
        }
    }
}

#[tokio::test]
async fn a_letter_had_left_by_an_instant_though_that_address_came_back_and_another_took_it_later() {
    // Of each letter one address is uncertain first; of one the other is deferred. All take it, and the uncertain one fails.
    for back in 0..4 {
        for deferred in 0..2 {
            is_told_as_it_was(&[Step::Try(deferred, 1, 3), Step::Try(0, 0, 0), Step::Back(back)]).await;
        }
    }
}

#[tokio::test]
async fn a_letter_left_when_its_first_address_took_it_though_that_one_came_back_after_the_other_took_it() {
    for first in 0..CODES.len() * 2 {
        let dir = tempfile::tempdir().unwrap();
        let store = filled(&dir).await;
        take(&store, Step::Try(first, 0, 1), 15).await;
        take(&store, Step::Try(first, 0, 0), 25).await;
        let then = standings(&store, None).await;
        let left = at(15);
        assert!(
            then.iter().any(|standing| matches!(standing, Some(Standing::Sent { at, .. }) if *at == left))
        );
        take(&store, Step::Back(first), 35).await;
        assert_ne!(standings(&store, None).await, then, "as it stands the other address was the first");
        let sent_at = |standings: Vec<Option<Standing>>| -> Vec<Option<jiff::Timestamp>> {
            standings.into_iter().map(|standing| standing.and_then(Standing::sent_at)).collect()
        };
        assert_eq!(sent_at(standings(&store, Some(26)).await), sent_at(then), "{first}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn what_became_of_letters_by_an_instant_is_what_their_attempts_tell(
        story in prop::collection::vec(any_step(), 1..10),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(is_told_as_it_was(&story));
    }
}

/// What may become of a letter while it is decided on, step by step.
#[derive(Debug, Clone, Copy)]
enum Turn {
    Claim,
    Settle(u8),
    Decide(u8),
    Back(usize),
    Die,
}

fn any_turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        3 => Just(Turn::Claim),
        3 => (0..4_u8).prop_map(Turn::Settle),
        4 => (0..6_u8).prop_map(Turn::Decide),
        2 => (0..4_usize).prop_map(Turn::Back),
        1 => Just(Turn::Die),
    ]
}

async fn the_journal_tells_the_same(turns: &[Turn]) {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    store.record_pass(at(1), vec![act(Act::Send, VITORIA)]).await.unwrap();
    let mut wire: Vec<(Claim, i64)> = Vec::new();
    let mut minute = 1;
    for turn in turns {
        minute += 10;
        match turn {
            Turn::Claim => {
                let claims = store.claim("a", at(minute), 1).await.unwrap();
                let marked = store.mark_sending(claims, at(minute)).await.unwrap();
                wire.extend(marked.into_iter().map(|claim| (claim, minute)));
            }
            Turn::Settle(n) => {
                if let Some((claim, began)) = wire.pop() {
                    let end = settled(&claim, outcome(*n), minute);
                    store.settle(vec![AttemptEnd { started_at: at(began), ..end }]).await.unwrap();
                }
            }
            Turn::Decide(n) => {
                let version = store.ledger().await.unwrap().notice(&warning(VITORIA).key).unwrap().version;
                let version = version.map_or(1, NonZeroU16::get);
                let one = match n {
                    0 => act(Act::Withdraw, VITORIA),
                    1 => act(Act::Withhold, VITORIA),
                    2 => act(Act::Expire, VITORIA),
                    3 => act(Act::Send, VITORIA),
                    4 => change(send(warning(VITORIA), version)),
                    _ => change(send(warning(VITORIA), version + 1)),
                };
                store.record_pass(at(minute), vec![one]).await.unwrap();
            }
            Turn::Back(one) => take(&store, Step::Back(*one), minute).await,
            Turn::Die => {
                wire.clear();
                let lock = store.lock().unwrap();
                store.recover(&lock, at(minute), OnUncertain::Resend).await.unwrap();
            }
        }
        let counted = store.recount(0, |_, _, _| false).await.unwrap();
        if wire.is_empty() {
            assert!(counted.report.is_whole(), "{turn:?}: {:#?}", counted.report.faults());
        }
        let key = warning(VITORIA).key;
        let kept = store.ledger().await.unwrap();
        assert_eq!(counted.ledger.notice(&key), kept.notice(&key), "{turn:?}");
        // Of one notice no address has two letters, unless the first came to nothing.
        let lines = lines(&store).await;
        for line in &lines {
            let stands = |l: &&DeliveryLine| l.reached_at.is_some() && l.state != DeliveryState::Bounced;
            let reached = lines.iter().filter(|l| l.address == line.address).filter(stands).count();
            assert!(reached < 2, "{lines:#?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_journal_tells_where_a_letter_stands_whatever_is_decided_while_it_is_on_the_wire(
        story in prop::collection::vec(any_turn(), 1..14),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(the_journal_tells_the_same(&story));
    }
}

#[tokio::test]
async fn a_letter_to_an_office_that_was_told_anew_stands_at_each_instant_as_it_stood() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    let slot = StaffSlot::Referral { edition: 1, to: Addressee::Gsuas };
    let notice =
        || Notice { key: NoticeKey::Staff { window: rma(), slot: slot.clone() }, ..warning(VITORIA) };
    let because = Reason::Held { scope: HoldScope::All, author: String::new(), reason: String::new() };
    let version = Some(NonZeroU16::MIN);
    let kind = Kind::Referral;
    let hold = Decision::Withhold(Withheld { notice: notice(), kind, version, because });
    let taken_back = Decision::Close(Closed {
        end: End::Withdrawn,
        key: notice().key,
        kind: Kind::Referral,
        edition: 1,
        told: None,
        parts: Vec::new(),
        version,
        due_at: notice().due_at,
        valid_until: None,
        because: Reason::WrittenAnew,
    });
    let decided = [(1, send(notice(), 1)), (3, hold), (5, taken_back), (7, send(notice(), 2))];
    for (minutes, decision) in decided {
        let recorded = store.record_pass(at(minutes), vec![change(decision)]).await.unwrap();
        assert_eq!(recorded, [Recorded::New], "{minutes}");
    }
    let here = BTreeSet::from([rma()]);
    let record = |ledger: &Ledger| ledger.window(&rma()).and_then(|told| told.staff(&slot).copied());
    let then = async |minutes| record(&store.ledger_as_known(&here, at(minutes)).await.unwrap());
    assert_eq!(then(0).await, None);
    for (minutes, version, is_told) in [(2, 1, true), (4, 1, true), (6, 1, false), (8, 2, true)] {
        let record = then(minutes).await.unwrap();
        assert_eq!((record.version.get(), record.is_told()), (version, is_told), "{minutes}");
    }
    let now = record(&store.ledger().await.unwrap()).unwrap();
    assert_eq!((now.told_at, now.standing), (at(7), Standing::Queued));
    let sent = send_all(&store, 8, |_| accepted()).await;
    assert_eq!(sent, notice().to.len(), "the one taken back does not leave");
}

/// A reminder in the place of the 5-day warning.
fn reminder() -> Notice {
    let warning = warning(VITORIA);
    let Content::Warning { deadline, .. } = warning.content else { unreachable!() };
    Notice { content: Content::Reminder { deadline, unconfirmed: Vec::new() }, ..warning }
}

/// What each delivery is said to be of and when it left, line by line, and the same of the facts, now and at an instant.
async fn written(store: &Store, then: Option<i64>) -> Vec<(u16, Option<Kind>, Option<jiff::Timestamp>)> {
    let all = DeliveryFilter::default();
    let (lines, post) = match then {
        Some(minute) => (
            store.deliveries_as_known(&all, at(minute)).await.unwrap(),
            store.post_as_known(&[rma()], at(minute)).await.unwrap(),
        ),
        None => (store.deliveries(&all).await.unwrap(), store.post(&[rma()], at(10_000)).await.unwrap()),
    };
    let mut told: Vec<_> = lines.iter().map(|line| (line.version, line.kind, line.reached_at)).collect();
    let facts = post.iter().flat_map(|(_, facts)| facts);
    let mut facts: Vec<_> = facts.map(|fact| (fact.version, fact.kind, fact.left_at)).collect();
    told.sort();
    facts.sort();
    assert_eq!(told, facts, "{then:?}");
    told
}

#[tokio::test]
async fn a_letter_stays_what_it_was_written_as_whatever_its_notice_is_decided_to_be() {
    let (lembrete, prazo) = (Some(Kind::Reminder), Some(Kind::Warning));
    // It left and came back; then the warning has nobody to go to.
    let dir = tempfile::tempdir().unwrap();
    let came_back = store(&dir).await;
    came_back.record_pass(at(1), vec![change(send(reminder(), 1))]).await.unwrap();
    send_all(&came_back, 15, |_| accepted()).await;
    for one in 0..2 {
        take(&came_back, Step::Back(one), 25).await;
    }
    came_back.record_pass(at(35), vec![act(Act::Withhold, VITORIA)]).await.unwrap();
    let kept = came_back.ledger().await.unwrap();
    assert_eq!(kept.notice(&warning(VITORIA).key).unwrap().kind, Kind::Warning, "what is to be said now");
    let left = (1, lembrete, Some(at(15)));
    assert_eq!(written(&came_back, None).await, [left; 2]);
    for minute in [20, 30, 40] {
        assert_eq!(written(&came_back, Some(minute)).await, [left; 2], "{minute}");
    }
    assert_eq!(written(&came_back, Some(5)).await, [(1, lembrete, None); 2]);
    // It was taken back before it left, and the warning went in its place.
    let dir = tempfile::tempdir().unwrap();
    let replaced = store(&dir).await;
    replaced.record_pass(at(1), vec![change(send(reminder(), 1))]).await.unwrap();
    replaced.record_pass(at(5), vec![change(send(warning(VITORIA), 2))]).await.unwrap();
    send_all(&replaced, 15, |_| accepted()).await;
    let (first, second) = ((1, lembrete, None), (2, prazo, Some(at(15))));
    assert_eq!(written(&replaced, None).await, [first, first, second, second]);
    assert_eq!(written(&replaced, Some(3)).await, [first; 2]);
    for store in [came_back, replaced] {
        let counted = store.recount(0, |_, _, _| false).await.unwrap();
        assert!(counted.report.is_whole(), "{:#?}", counted.report.faults());
    }
}
