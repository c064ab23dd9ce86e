//! What the journal tells of the letters about one window to one municipality, or to staff: read by its index, worked out
//! alone and let go, so that what is held at once does not grow with the years.

use super::letter::Notices;
use super::link;
use crate::database::cell::Cells;
use crate::database::db::Conn;
use crate::database::sql::{bound, statements};
use crate::domain::journal::{Entry, Reduced};
use crate::store::StoreError;

statements! {
    const OF_MUNICIPALITY = "SELECT seq, at, kind, subject, window_id, municipality, body FROM journal \
                             WHERE window_id = $1 AND municipality = $2 ORDER BY seq";
    const OF_STAFF = "SELECT seq, at, kind, subject, window_id, municipality, body FROM journal \
                      WHERE window_id = $1 AND municipality IS NULL ORDER BY seq";
}

/// The notices of one part. That no entry was changed, and that each can be read, was seen on the way along the chain.
pub(super) async fn notices(
    conn: &mut Conn,
    window: &str,
    municipality: Option<i64>,
    reductions: &[(i64, Reduced)],
) -> Result<Notices, StoreError> {
    let query = match municipality {
        Some(code) => bound!(OF_MUNICIPALITY, window, code),
        None => bound!(OF_STAFF, window),
    };
    let mut notices = Notices::default();
    let mut reductions = reductions.iter().peekable();
    for row in query.fetch_all(conn).await? {
        let cells = Cells::of("journal", &row);
        let entry = link(&cells, "")?;
        while let Some((seq, told)) = reductions.next_if(|(seq, _)| *seq < entry.seq) {
            notices.reduced(*seq, told);
        }
        if let Ok(told) = Entry::read(entry.kind, entry.body) {
            notices.take(&entry, told);
        }
    }
    for (seq, told) in reductions {
        notices.reduced(*seq, told);
    }
    Ok(notices)
}
