//! The pages of the ledger's file: read at a start and before each self-audit, and noted at a good end for the next start.
//!
//! A page found damaged ends the service, as it ends a start, and for the same reason: nothing that is written into such a file
//! can be trusted, alerts included (decision 0143). What is on the wire is still settled. The next start reads every page
//! and refuses; `restaurar` ends that.

use std::sync::{Mutex, PoisonError};

use jiff::SignedDuration;
use tracing::info;

use crate::clock;
use crate::store::{Store, StoreError};
use crate::telemetry::chain;

/// What was read so lately need not be read again.
const LATELY: SignedDuration = SignedDuration::from_hours(1);

/// What is known of them.
#[derive(Debug, Default)]
pub(super) struct Pages {
    /// How long the machine was up when they were last read.
    read_at: Mutex<Option<SignedDuration>>,
    damage: Mutex<Option<String>>,
}

impl Pages {
    pub(super) fn note(&self, read_at: Option<SignedDuration>) {
        *self.read_at.lock().unwrap_or_else(PoisonError::into_inner) = read_at;
    }

    fn read_at(&self) -> Option<SignedDuration> {
        *self.read_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was found amiss, as the fault that it is.
    pub(super) fn damage(&self) -> Option<StoreError> {
        let found = self.damage.lock().unwrap_or_else(PoisonError::into_inner).clone();
        found.map(|found| StoreError::Damaged { source: found.into() })
    }

    /// Reads them at a start, unless the last process left the file well and it is as it was left. Gives when they were read.
    pub(super) async fn read_at_start(
        store: &Store,
        noted: Option<SignedDuration>,
    ) -> Result<Option<SignedDuration>, StoreError> {
        if noted.is_some() {
            info!("o livro está como foi deixado há menos de um dia e não foi lido de novo");
            return Ok(noted);
        }
        if !store.has_pages() {
            return Ok(None);
        }
        let begun = up_for();
        store.file_is_whole().await?;
        info!("o livro foi lido por inteiro: nenhuma página está danificada");
        Ok(begun)
    }

    /// Reads them in a service that runs. Where one is damaged it has to end.
    pub(super) async fn read_again(&self, store: &Store) -> Result<(), StoreError> {
        let begun = up_for();
        if let (Some(now), Some(then)) = (begun, self.read_at())
            && now - then < LATELY
        {
            return Ok(());
        }
        let read = store.file_is_whole().await;
        self.note(begun.filter(|_| read.is_ok()));
        if let Err(failure @ StoreError::Damaged { .. }) = &read {
            *self.damage.lock().unwrap_or_else(PoisonError::into_inner) = Some(chain(failure));
        }
        read
    }

    /// Notes the file for the next start, once every connection is closed. A file that failed meanwhile is read.
    pub(super) async fn leave(&self, store: &Store) {
        if !StoreError::has_failed_a_file() {
            store.note_pages(clock::boot(), self.read_at()).await;
        }
    }
}

fn up_for() -> Option<SignedDuration> {
    clock::boot().map(|(_, up_for)| up_for)
}
