//! How much the database does, for whoever measures: counted in the steps of its own machine, which are the same
//! whatever the computer and whatever else it does. Nothing of the service depends on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Store, StoreError};
use crate::database::engine::Lease;
use crate::database::sqlite::READERS;

/// A count that goes on while the store it was asked of is open.
#[derive(Debug, Clone)]
pub struct Work {
    store: Store,
    steps: Arc<AtomicU64>,
}

impl Work {
    /// The steps since it was asked last. A view ends on its connection after whoever looked has gone on; with every
    /// connection at hand none of them is still counted later, with what is done next.
    ///
    /// # Errors
    /// [`StoreError`] where a connection cannot be had.
    pub async fn take(&self) -> Result<u64, StoreError> {
        let mut all = connections(&self.store).await?;
        for conn in all.iter_mut().filter_map(|conn| conn.sqlite()) {
            // Whatever it was told to do before comes first.
            let _idle = conn.lock_handle().await?;
        }
        Ok(self.steps.swap(0, Ordering::Relaxed))
    }
}

/// Every connection of a store: held together, so that each is another.
async fn connections(store: &Store) -> Result<Vec<Lease>, StoreError> {
    let mut held = Vec::new();
    for _ in 0..READERS {
        held.push(store.db.read().await?);
    }
    held.extend(store.db.writing_connection().await?);
    Ok(held)
}

impl Store {
    /// Begins to count what every connection of this store does.
    ///
    /// # Errors
    /// [`StoreError`] where a connection cannot be had.
    pub async fn count_work(&self) -> Result<Work, StoreError> {
        let work = Work { store: self.clone(), steps: Arc::default() };
        for conn in &mut connections(self).await? {
            let steps = work.steps.clone();
            // A server's work is not counted.
            let Some(conn) = conn.sqlite() else { continue };
            conn.lock_handle().await?.set_progress_handler(1, move || {
                steps.fetch_add(1, Ordering::Relaxed);
                true
            });
        }
        Ok(work)
    }
}
