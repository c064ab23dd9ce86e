//! How much the database does, for whoever measures: counted in the steps of its own machine, which are the same
//! whatever the computer and whatever else it does. Nothing of the service depends on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Store, StoreError};
use crate::database::sqlite::READERS;

/// A count that goes on while the store it was asked of is open.
#[derive(Debug, Clone, Default)]
pub struct Work(Arc<AtomicU64>);

impl Work {
    /// The steps since it was asked last.
    pub fn take(&self) -> u64 {
        self.0.swap(0, Ordering::Relaxed)
    }
}

impl Store {
    /// Begins to count what every connection of this store does.
    pub async fn count_work(&self) -> Result<Work, StoreError> {
        let work = Work::default();
        // Held together, so that each is another.
        let mut held = Vec::new();
        for _ in 0..READERS {
            held.push(self.db.read().await?);
        }
        held.extend(self.db.writing_connection().await?);
        for conn in &mut held {
            let steps = work.0.clone();
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
