//! Who has filled in, worked out anew from the evidence of each snapshot: what the tables must hold of it.

use std::collections::{BTreeMap, BTreeSet};

use super::Expected;
use super::expect::{Must, Rows};
use crate::database::cell::{Cells, count};
use crate::database::db::Conn;
use crate::database::sql::{bound, statements};
use crate::domain::id::{FeedId, WindowId};
use crate::domain::journal::Verdict;
use crate::domain::status::{Belief, Observation, State, StatusBook};
use crate::intake::status;
use crate::store::StoreError;
use crate::store::retired::Retired;
use crate::text::digest::sha256;

statements! {
    const JUDGED = "SELECT s.id, s.feed, s.taken_at, s.verdict, s.position, m.bytes FROM snapshots s \
                    LEFT JOIN mappings m ON m.sha256 = s.mapping WHERE s.position > $1 ORDER BY s.position LIMIT 1";
}

/// Rows of `pages`, `snapshot_tallies` and `status_pages`. A snapshot whose row or evidence cannot be read says nothing
/// here; that it was changed is found in its own table.
pub(super) async fn expected(conn: &mut Conn) -> Result<Expected, StoreError> {
    let mut known: BTreeMap<(FeedId, WindowId), StatusBook> = BTreeMap::new();
    let (mut named, mut tallies) = (Rows::new(), Rows::new());
    let retired = Retired::all(conn).await?;
    let mut position = 0_i64;
    while let Some(row) = bound!(JUDGED, position).fetch_optional(&mut *conn).await? {
        let cells = Cells::of("snapshots", &row);
        position = cells.get("position")?;
        let (Ok(load), Ok(verdict), Ok(Some(bytes))) = (
            status::load(&cells, &retired),
            cells.parsed("verdict", Verdict::parse),
            cells.get::<Option<&[u8]>>("bytes"),
        ) else {
            continue;
        };
        for (window, said) in pages(conn, bytes, &mut named).await? {
            let done = said.iter().filter(|o| o.state == State::Done).count();
            let municipalities: BTreeSet<_> = said.iter().map(|o| o.municipality).collect();
            let row = vec![
                ("done", Must::number(count(done))),
                ("municipalities", Must::number(count(municipalities.len()))),
            ];
            tallies.insert(vec![load.snapshot.as_str().to_owned(), window.as_str().to_owned()], row);
            if verdict == Verdict::Accepted {
                let book = known.entry((load.feed.clone(), window)).or_default();
                for observation in said {
                    book.absorb(&observation, &load, Belief::Cautious);
                }
            }
        }
    }
    let entries = known.into_iter().map(|((feed, window), book)| {
        let bytes = status::bytes(&status::written(&book, &window));
        let columns = vec![("bytes", Must::Bytes(sha256(&bytes)))];
        (vec![feed.as_str().to_owned(), window.as_str().to_owned()], columns)
    });
    Ok(Expected::from([("pages", named), ("snapshot_tallies", tallies), ("status_pages", entries.collect())]))
}

/// What a mapping says, page by page; the pages that it names go into `named`.
async fn pages(
    conn: &mut Conn,
    mapping: &[u8],
    named: &mut Rows,
) -> Result<Vec<(WindowId, Vec<Observation>)>, StoreError> {
    let mut pages = Vec::new();
    for (window, digest) in status::index(mapping).flatten() {
        named.insert(vec![digest.to_owned()], vec![("bytes", Must::Bytes(digest.to_owned()))]);
        if let Ok(Some(said)) = status::said(conn, &window, digest).await {
            pages.push((window, said));
        }
    }
    Ok(pages)
}
