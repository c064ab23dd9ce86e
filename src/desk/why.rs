//! `porque`: all that is known and decided about one municipality in one window, joined.

use jiff::Timestamp;

use crate::domain::calendar::Window;
use crate::domain::id::{MunicipalityCode, WindowId};
use crate::intake::Ruling;
use crate::plan::account::{Explanation, View, explain};
use crate::plan::{Decision, Plan};
use crate::store::{HeldUncertain, JournalEntry, JournalFilter, Store, StoreError};
use crate::world::known::Known;
use crate::world::overview::{self, AsOf};

/// What explains the letters sent and not sent.
#[derive(Debug)]
pub struct Account {
    pub window: Window,
    pub municipality: MunicipalityCode,
    /// Where it stands, what would be decided now, and why.
    pub explained: Explanation,
    /// What the ledger says of both, oldest first.
    pub journal: Vec<JournalEntry>,
    /// What people said of the snapshots that told of the window.
    pub rulings: Vec<Ruling>,
    /// Letters that may have been taken and wait for somebody to say whether they are repeated; of an earlier instant none.
    pub uncertain: Vec<HeldUncertain>,
    pub now: Timestamp,
}

impl Account {
    /// What is withheld and not already among the changes.
    pub fn held(&self) -> impl Iterator<Item = &Decision> {
        self.explained.held.iter().filter(|held| !self.explained.actions.contains(held))
    }
}

/// Joins the plan, the statuses and the ledger as known at an instant, of which `known` and its plan are; none where the
/// window is too far off to be decided about.
///
/// # Errors
/// [`StoreError`] when the ledger cannot be read.
pub async fn gather(
    (known, plan): (&Known, &Plan),
    store: Option<&Store>,
    municipality: MunicipalityCode,
    window: &WindowId,
    as_of: AsOf,
) -> Result<Option<Account>, StoreError> {
    let now = as_of.at();
    let world = known.world();
    let found = known.windows.iter().find(|w| w.id == *window).cloned();
    let post = overview::post(&known.live, store, std::slice::from_ref(window), as_of).await?;
    let view = View { world: &world, plan, post: &post, now };
    let (Some(found), Some(explained)) = (found, explain(view, window, municipality)) else {
        return Ok(None);
    };
    let filter = JournalFilter {
        window: Some(window.clone()),
        municipality: Some(municipality),
        ..JournalFilter::default()
    };
    let (mut journal, mut rulings) = match store {
        Some(store) => (store.journal(&filter).await?, store.rulings(Some(window)).await?),
        None => (Vec::new(), Vec::new()),
    };
    if let AsOf::Then(at) = as_of {
        journal.retain(|entry| entry.at <= at);
        rulings.retain(|ruling| ruling.by.at <= at);
    }
    let mut uncertain = match (store, as_of) {
        (Some(store), AsOf::Now(now)) => store.held_uncertain(now).await?,
        (_, _) => Vec::new(),
    };
    uncertain
        .retain(|held| held.key.window() == Some(window) && held.key.municipality() == Some(municipality));
    Ok(Some(Account { window: found, municipality, explained, journal, rulings, uncertain, now }))
}
