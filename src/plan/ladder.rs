//! A ladder hung from one deadline: when each rung is due and until when it may leave. Pure.

use jiff::Timestamp;

use crate::domain::calendar::{Audience, CopyTo, Deadline, OnUnconfirmed, System};
use crate::domain::time::{SendingHours, days_before};

/// One rung, or several that fell on the same instant and became the one nearest to the deadline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// The nearest rung's distance: what the notice is called by.
    pub(super) days_before: u16,
    /// Every rung that became this one, the farthest first.
    pub(super) rungs: Vec<u16>,
    pub(super) due_at: Timestamp,
    /// Until when it may leave: the next step's due instant, or the deadline.
    pub(super) valid_until: Timestamp,
    pub(super) audience: Vec<Audience>,
    pub(super) copies: Vec<CopyTo>,
    pub(super) unconfirmed: OnUnconfirmed,
}

/// The steps of a system's ladder for a deadline, in order of time.
pub(super) fn steps(system: &System, deadline: Deadline, hours: &SendingHours) -> Vec<Step> {
    let ends_at = deadline.instant(&hours.zone);
    let mut steps: Vec<Step> = Vec::with_capacity(system.ladder.len());
    let mut rungs: Vec<_> = system.ladder.iter().collect();
    rungs.sort_by_key(|rung| std::cmp::Reverse(rung.days_before));
    for rung in rungs {
        let due_at = hours.rung_due(days_before(deadline.on, rung.days_before), ends_at);
        match steps.last_mut() {
            Some(step) if step.due_at == due_at => {
                step.days_before = rung.days_before;
                step.rungs.push(rung.days_before);
                add_new(&mut step.audience, &rung.audience);
                add_new(&mut step.copies, &rung.copies);
                if rung.unconfirmed == OnUnconfirmed::Remind {
                    step.unconfirmed = OnUnconfirmed::Remind;
                }
            }
            last => {
                if let Some(step) = last {
                    step.valid_until = due_at;
                }
                steps.push(Step {
                    days_before: rung.days_before,
                    rungs: vec![rung.days_before],
                    due_at,
                    valid_until: ends_at,
                    audience: rung.audience.clone(),
                    copies: rung.copies.clone(),
                    unconfirmed: rung.unconfirmed,
                });
            }
        }
    }
    steps
}

fn add_new<T: Clone + PartialEq>(to: &mut Vec<T>, from: &[T]) {
    for item in from {
        if !to.contains(item) {
            to.push(item.clone());
        }
    }
}
