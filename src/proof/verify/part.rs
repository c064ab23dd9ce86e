//! What the journal tells of a part of the notices: read by its index, worked out alone and let go, so that what is held
//! at once does not grow with the years.

use super::letter::Notices;
use crate::database::cell::Cells;
use crate::database::db::Conn;
use crate::database::engine::Row;
use crate::database::sql::{bound, statements};
use crate::domain::journal::Entry;
use crate::store::StoreError;
use crate::store::chain::Link;

statements! {
    const OF_MUNICIPALITY = "SELECT seq, at, kind, subject, window_id, municipality, body, prev_hash FROM journal \
                             WHERE window_id = $1 AND municipality = $2 ORDER BY seq";
    const OF_STAFF = "SELECT seq, at, kind, subject, window_id, municipality, body, prev_hash FROM journal \
                      WHERE window_id = $1 AND municipality IS NULL ORDER BY seq";
    const ENTRY = "SELECT seq, at, kind, subject, window_id, municipality, body, prev_hash FROM journal WHERE seq = $1";
}

/// Notices of which no entry about others changes what must be.
pub(super) enum Part<'a> {
    /// About one window, to one municipality; none: to staff.
    Window(&'a str, Option<i64>),
    /// One about no window, by the places of its entries.
    Own(&'a [i64]),
}

impl Part<'_> {
    /// The notices as told. That no entry was changed, and that each can be read, was seen on the way along the chain.
    pub(super) async fn notices(&self, conn: &mut Conn) -> Result<Notices, StoreError> {
        let mut notices = Notices::default();
        for row in self.entries(conn).await? {
            let cells = Cells::of("journal", &row);
            let entry = Link::of(&cells)?;
            if let Ok(told) = Entry::read(entry.kind, entry.body) {
                notices.take(&entry, told);
            }
        }
        Ok(notices)
    }

    async fn entries(&self, conn: &mut Conn) -> Result<Vec<Row>, StoreError> {
        match *self {
            Self::Window(window, Some(code)) => bound!(OF_MUNICIPALITY, window, code).fetch_all(conn).await,
            Self::Window(window, None) => bound!(OF_STAFF, window).fetch_all(conn).await,
            Self::Own(places) => {
                let mut rows = Vec::with_capacity(places.len());
                for seq in places {
                    rows.extend(bound!(ENTRY, seq).fetch_optional(&mut *conn).await?);
                }
                Ok(rows)
            }
        }
    }
}
