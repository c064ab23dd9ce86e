//! The plan of the last pass, for as long as nothing has changed that it rests on. Pure.
//!
//! A pass over the whole ledger before every round of letters costs more than the letters. What it would answer stays
//! the same until the ledger changes in what plans depend on, the configuration does, or an instant comes at which the
//! answer changes by itself. A letter that was taken changes it too, but only for its own municipality and for staff.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::reconcile::Pass;
use crate::domain::id::MunicipalityCode;
use crate::domain::notice::NoticeKey;
use crate::store::{Claim, Generation};
use crate::world::live::Live;

/// What the last pass before a round stands on.
pub(super) struct StandingPlan {
    live: Arc<Live>,
    generation: Generation,
    next_wake: Option<Timestamp>,
    /// What each municipality was told since.
    told: HashMap<MunicipalityCode, NoticeKey>,
}

impl StandingPlan {
    /// After a pass that found nothing more to do.
    pub(super) fn of(live: Arc<Live>, pass: &Pass) -> Option<Self> {
        let generation = pass.stands_on?;
        Some(Self { live, generation, next_wake: pass.next_wake, told: HashMap::new() })
    }

    /// Whether the pass would answer the same now, but for what [`StandingPlan::told`] noted.
    pub(super) fn holds(&self, live: &Arc<Live>, generation: Generation, now: Timestamp) -> bool {
        Arc::ptr_eq(&self.live, live)
            && self.generation == generation
            && self.next_wake.is_none_or(|wake| now < wake)
    }

    /// An address took a letter of this notice, or may have.
    pub(super) fn told(&mut self, key: NoticeKey) {
        if let NoticeKey::Municipal { municipality, .. } = &key {
            self.told.insert(*municipality, key);
        }
    }

    /// Whether anything was told since the pass: what follows from it may be due.
    pub(super) fn is_outdated(&self) -> bool {
        !self.told.is_empty()
    }

    /// Whether any of these is to a municipality that was told something else since the pass.
    pub(super) fn concerns(&self, claims: &[Claim]) -> bool {
        claims.iter().any(|claim| match &claim.key {
            NoticeKey::Municipal { municipality, .. } => {
                self.told.get(municipality).is_some_and(|key| *key != claim.key)
            }
            NoticeKey::Staff { .. } | NoticeKey::Service { .. } => false,
        })
    }
}
