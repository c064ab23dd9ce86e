//! In which order letters leave: drawn queues under a quota, minute by minute.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::domain::notice::{NoticeKey, Slot};
use crate::plan::Decision;
use crate::store::testing::*;
use crate::store::{AttemptEnd, NewDecision};

/// A letter to one address: the minute in which it is recorded, and for how many it is valid, if not for ever.
type Drawn = (i64, Option<i64>);

/// The last minute in which a drawn letter may be recorded.
const LAST: i64 = 12;
/// By then every drawn letter left or is over.
const END: i64 = 40;

fn key(n: usize) -> NoticeKey {
    let slot = Slot::Rung { edition: 1, days_before: u16::try_from(n).unwrap() };
    NoticeKey::Municipal { window: rma(), slot, municipality: municipality(VITORIA) }
}

fn letter(n: usize, (recorded, lasts): Drawn) -> NewDecision {
    let Decision::Send(mut sending) = send(warning(VITORIA), 1) else { unreachable!() };
    sending.notice.key = key(n);
    sending.notice.to.truncate(1);
    sending.notice.due_at = at(recorded);
    sending.notice.valid_until = lasts.map(|lasts| at(recorded + lasts));
    change(Decision::Send(sending))
}

/// The minute in which each letter left, by its place; none of what its validity ended for.
async fn left(drawn: &[Drawn], quota: usize) -> BTreeMap<usize, i64> {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    let place: BTreeMap<NoticeKey, usize> = (0..drawn.len()).map(|n| (key(n), n)).collect();
    let mut left = BTreeMap::new();
    for minute in 0..=END {
        let new = drawn.iter().enumerate().filter(|(_, (recorded, _))| *recorded == minute);
        let new: Vec<NewDecision> = new.map(|(n, drawn)| letter(n, *drawn)).collect();
        if !new.is_empty() {
            store.record_pass(at(minute), new).await.unwrap();
        }
        let claims = store.claim("teste", at(minute), quota).await.unwrap();
        left.extend(claims.iter().map(|claim| (place[&claim.key], minute)));
        let marked = store.mark_sending(claims, at(minute)).await.unwrap();
        let ends: Vec<AttemptEnd> = marked.iter().map(|claim| settled(claim, accepted(), minute)).collect();
        store.settle(ends).await.unwrap();
    }
    assert_eq!(store.waiting(at(END)).await.unwrap(), 0, "something waits for ever");
    left
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_nearest_end_of_validity_leaves_first_and_what_could_leave_in_time_does(
        drawn in prop::collection::vec((0..=LAST, prop::option::weighted(0.85, 1..20_i64)), 1..14),
        quota in 1..3_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let left = runtime.block_on(left(&drawn, quota));
        let ends = |(recorded, lasts): Drawn| lasts.map(|lasts| recorded + lasts);
        // At each minute, nothing that could leave stays behind what ends later.
        let rank = |n: usize| (ends(drawn[n]).unwrap_or(drawn[n].0), drawn[n].0);
        for (gone, minute) in &left {
            let stays = |other: &usize| {
                drawn[*other].0 <= *minute
                    && ends(drawn[*other]).is_none_or(|end| *minute < end)
                    && left.get(other).is_none_or(|at| at > minute)
            };
            for other in (0..drawn.len()).filter(stays) {
                prop_assert!(rank(*gone) <= rank(other), "{gone} before {other} at {minute}: {drawn:?}");
            }
        }
        // What has no validity leaves at the next turn that those before it leave: nobody starves.
        for (n, (recorded, _)) in drawn.iter().enumerate().filter(|(_, (_, lasts))| lasts.is_none()) {
            let most = drawn.iter().filter(|(_, lasts)| lasts.is_none()).count() / quota;
            let waited = left[&n] - recorded;
            prop_assert!(waited <= i64::try_from(most).unwrap(), "{n} waited {waited} minutes: {drawn:?}");
        }
        // If the turns that are left let every letter leave in time in whatever order, each did: within each span of
        // minutes there are as many turns as letters that begin and end within it (Hall).
        let taken = |minute| left.iter().filter(|(n, at)| drawn[**n].1.is_none() && **at == minute).count();
        let fits = (0..=LAST).all(|from| {
            (from..=END).all(|until| {
                let within = drawn.iter().filter(|one| one.0 >= from && ends(**one).is_some_and(|end| end <= until));
                within.count() <= (from..until).map(|minute| quota - taken(minute)).sum::<usize>()
            })
        });
        if fits {
            prop_assert_eq!(left.len(), drawn.len(), "some ran out of their validity: {:?}", drawn);
        }
    }
}
