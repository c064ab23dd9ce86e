//! Who has filled in, worked out anew from the evidence of each snapshot: what the tables must hold of it.

use std::collections::BTreeSet;

use super::super::StoreError;
use super::super::cell::{Cells, code, count, ms};
use super::super::db::Conn;
use super::super::sql::{bound, statements};
use super::super::{snapshot, status};
use super::Expected;
use super::expect::{Must, Row, Rows};
use crate::domain::id::{FeedId, SnapshotId, UnitId};
use crate::domain::status::{Belief, Entry, StatusBook};

statements! {
    const ACCEPTED = "SELECT s.id, s.feed, s.taken_at, s.position, m.bytes FROM snapshots s \
                      LEFT JOIN mappings m ON m.sha256 = s.mapping \
                      WHERE s.verdict = 'aceita' AND s.position > $1 ORDER BY s.position LIMIT 1";
}

/// Rows of `status_entries` and `snapshot_tallies`. A snapshot whose row or evidence cannot be read says nothing here;
/// that it was changed is found in its own table.
pub(super) async fn expected(conn: &mut Conn) -> Result<Expected, StoreError> {
    let mut book = StatusBook::default();
    let mut tallies = Rows::new();
    let mut touched = BTreeSet::new();
    let mut position = 0_i64;
    while let Some(row) = bound!(ACCEPTED, position).fetch_optional(&mut *conn).await? {
        let cells = Cells::of("snapshots", &row);
        position = cells.get("position")?;
        let (Ok(id), Ok(feed), Ok(taken_at), Ok(Some(bytes))) = (
            cells.parsed("id", |t| SnapshotId::parse(t).ok()),
            cells.parsed("feed", |t| FeedId::parse(t).ok()),
            cells.instant("taken_at"),
            cells.get::<Option<&[u8]>>("bytes"),
        ) else {
            continue;
        };
        let Some(observations) = status::read_evidence(bytes) else { continue };
        for (window, tally) in snapshot::tally(&observations).1 {
            let row = vec![
                ("done", Must::number(count(tally.done))),
                ("municipalities", Must::number(count(tally.municipalities))),
            ];
            tallies.insert(vec![id.as_str().to_owned(), window.as_str().to_owned()], row);
        }
        for observation in observations {
            touched.insert((observation.window.clone(), observation.municipality));
            book.absorb(observation, &feed, &id, taken_at, Belief::Cautious);
        }
    }
    let mut entries = Rows::new();
    for (window, municipality) in touched {
        for entry in book.window(&window).of(municipality) {
            let key = vec![
                window.as_str().to_owned(),
                code(municipality).to_string(),
                entry.part.as_str().to_owned(),
                entry.unit.as_ref().map_or_else(String::new, |unit| UnitId::as_str(unit).to_owned()),
                entry.feed.as_str().to_owned(),
            ];
            entries.insert(key, entry_row(entry));
        }
    }
    Ok(Expected::from([("snapshot_tallies", tallies), ("status_entries", entries)]))
}

fn entry_row(entry: &Entry) -> Row {
    vec![
        ("state", Must::text(entry.state.as_str())),
        ("dated", Must::Number(entry.dated.map(ms))),
        ("taken_at", Must::number(ms(entry.taken_at))),
        ("snapshot", Must::text(entry.snapshot.as_str())),
        ("reverting_since", Must::Number(entry.reverting_since.map(ms))),
        ("wording", Must::Text(entry.wording.as_deref().map(ToOwned::to_owned))),
    ]
}
