//! What a rehearsal keeps from one pass to the next changes nothing of it: drawn worlds are rehearsed as `simular` does, and
//! once more with each pass decided from nothing, and both tell the same at the same instants.

use jiff::Timestamp;
use proptest::prelude::*;
use vigia_suas::plan::Decision;
use vigia_suas::plan::replay::accept;

use crate::support::world::{Built, draws, worlds};

fn from_nothing(built: &Built) -> Vec<(Timestamp, Decision)> {
    let mut replay = built.replay();
    let mut rest = built.changes.as_slice();
    let (mut now, mut log) = (built.from, Vec::new());
    loop {
        while let [next, later @ ..] = rest
            && next.at <= now
        {
            replay.learn(next);
            rest = later;
        }
        let mut wake = None;
        for _ in 0..8 {
            let plan = replay.plan(now);
            wake = plan.next_wake;
            if plan.actions.is_empty() {
                break;
            }
            for decision in plan.actions {
                accept(&mut replay.ledger, &decision, now);
                log.push((now, decision));
            }
        }
        replay.ledger.passed(now);
        match [wake, rest.first().map(|change| change.at)].into_iter().flatten().min() {
            Some(next) if next <= built.until => now = next,
            Some(_) | None => return log,
        }
    }
}

proptest! {
    #![proptest_config(worlds())]

    #[test]
    fn a_rehearsal_that_remembers_tells_the_same_as_one_that_does_not(draw in draws(), waits in any::<bool>()) {
        let mut built = draw.build();
        if waits {
            let mut before = None;
            for window in &mut built.calendar.declared {
                window.depends_on = before.replace(window.id.clone());
            }
        }
        let mut remembered = Vec::new();
        built.replay().run(built.from, built.until, &built.changes, |at, d| remembered.push((at, d.clone())));
        let plain = from_nothing(&built);
        for (one, other) in remembered.iter().zip(&plain) {
            prop_assert_eq!(one, other);
        }
        prop_assert_eq!(remembered.len(), plain.len());
    }
}
