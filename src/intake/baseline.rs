//! What the next load of a feed is measured by: what is known from it, and what its last believed loads said.

use std::collections::{BTreeMap, BTreeSet};

use super::status;
use crate::database::cell::Cells;
use crate::database::engine::Row;
use crate::database::sql::{bound, statements};
use crate::domain::id::{FeedId, SnapshotId, WindowId};
use crate::domain::status::{Baseline, LastLoad, SameBytes, StatusBook};
use crate::store::{Store, StoreError};

statements! {
    const LAST = "SELECT s.id, m.bytes FROM snapshots s JOIN mappings m ON m.sha256 = s.mapping \
                  WHERE s.feed = $1 AND s.verdict = 'aceita' ORDER BY s.position DESC LIMIT 1";
    const KNOWN = "SELECT feed, window_id, bytes FROM status_pages WHERE feed = $1 AND window_id = $2";
    const SPOKE = "SELECT s.taken_at, t.done, m.bytes FROM snapshots s \
                   JOIN snapshot_tallies t ON t.snapshot = s.id JOIN mappings m ON m.sha256 = s.mapping \
                   WHERE s.feed = $1 AND s.verdict = 'aceita' AND t.window_id = $2 \
                   ORDER BY s.position DESC LIMIT 8";
    const SAME_BYTES = "SELECT id, position FROM snapshots WHERE feed = $1 AND sha256 = $2 AND verdict = 'aceita' \
                        ORDER BY position DESC LIMIT 1";
    const SAME_BYTES_SPOKE_OF = "SELECT DISTINCT t.window_id FROM snapshots s \
                                 JOIN snapshot_tallies t ON t.snapshot = s.id \
                                 WHERE s.feed = $1 AND s.sha256 = $2 AND s.verdict = 'aceita'";
}

impl Store {
    /// What the next load of a feed, with those bytes, is measured by in the windows that run, and what is known of these
    /// and of some others; nothing before its first believed load.
    pub async fn baseline(
        &self,
        feed: &FeedId,
        sha256: &str,
        run: &BTreeSet<WindowId>,
        others: &BTreeSet<WindowId>,
    ) -> Result<Option<Baseline>, StoreError> {
        let mut view = self.db.view().await?;
        let Some(row) = bound!(LAST, feed.as_str()).fetch_optional(&mut view).await? else {
            return Ok(None);
        };
        let last = snapshot_of(&row)?;
        let mapping: &[u8] = Cells::of("mappings", &row).get("bytes")?;
        let form = status::form(mapping);
        let mut known = StatusBook::default();
        let (mut said, mut pace) = (BTreeMap::new(), BTreeMap::new());
        for window in &(run | others) {
            if let Some(row) = bound!(KNOWN, feed.as_str(), window.as_str()).fetch_optional(&mut view).await?
            {
                let kept = status::known(&row)?;
                known.restore(window.clone(), feed.clone(), move || kept.entries());
            }
            if !run.contains(window) {
                continue;
            }
            let rows = bound!(SPOKE, feed.as_str(), window.as_str()).fetch_all(&mut view).await?;
            let mut loads = Vec::with_capacity(rows.len());
            for row in rows.iter().rev() {
                let cells = Cells::of("snapshots", row);
                loads.push((cells.instant("taken_at")?, cells.number("done")?));
            }
            let Some(last) = rows.first() else { continue };
            let cells = Cells::of("mappings", last);
            let only = BTreeSet::from([window.clone()]);
            let pages = status::said_of(&mut view, cells.get("bytes")?, &only).await?;
            said.extend(pages.ok_or_else(|| cells.corrupt("bytes"))?);
            pace.insert(window.clone(), loads);
        }
        let mut same_bytes = None;
        if let Some(row) = bound!(SAME_BYTES, feed.as_str(), sha256).fetch_optional(&mut view).await? {
            let snapshot = snapshot_of(&row)?;
            let arrival = Cells::of("snapshots", &row).number("position")?;
            let rows = bound!(SAME_BYTES_SPOKE_OF, feed.as_str(), sha256).fetch_all(&mut view).await?;
            let window = |row: &Row| {
                Cells::of("snapshot_tallies", row).parsed("window_id", |text| WindowId::parse(text).ok())
            };
            let spoke_of = rows.iter().map(window).collect::<Result<_, StoreError>>()?;
            same_bytes = Some(SameBytes { is_last: snapshot == last, snapshot, arrival, spoke_of });
        }
        let last = if run.iter().all(|window| said.contains_key(window)) {
            None
        } else {
            let windows = status::index(mapping).flatten().map(|(window, _)| window).collect();
            let pages = status::said_of(&mut view, mapping, &windows).await?;
            let said = pages.ok_or_else(|| Cells::of("mappings", &row).corrupt("bytes"))?;
            Some(LastLoad { snapshot: last, said })
        };
        Ok(Some(Baseline { known, said, pace, form, same_bytes, last }))
    }
}

fn snapshot_of(row: &Row) -> Result<SnapshotId, StoreError> {
    Cells::of("snapshots", row).parsed("id", |text| SnapshotId::parse(text).ok())
}
