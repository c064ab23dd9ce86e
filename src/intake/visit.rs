//! When something came from an address of news or of a register: noted before it is read, so that whatever ends the
//! process then is not asked for again at the next start.

use jiff::Timestamp;

use crate::database::cell::{Cells, ms};
use crate::database::db::written;
use crate::database::sql::{bound, statements};
use crate::domain::id::FeedId;
use crate::store::{Store, StoreError};

statements! {
    const VISITED = "SELECT visited_at FROM visits WHERE feed = $1";
    const VISIT = "INSERT INTO visits (feed, visited_at) VALUES ($1, $2) \
                   ON CONFLICT (feed) DO UPDATE SET visited_at = $2";
}

impl Store {
    /// When something last came from an address, whether or not it could be read.
    pub async fn visited_at(&self, feed: &FeedId) -> Result<Option<Timestamp>, StoreError> {
        bound!(VISITED, feed.as_str())
            .first(&self.db, |row| Cells::of("visits", row).instant("visited_at"))
            .await
    }

    /// Notes that something came, before it is read.
    pub async fn note_visit(&self, feed: &FeedId, now: Timestamp) -> Result<(), StoreError> {
        let feed = feed.clone();
        written!(self.db, |tx| {
            bound!(VISIT, feed.as_str(), ms(now)).execute(&mut tx).await?;
        })
    }
}
