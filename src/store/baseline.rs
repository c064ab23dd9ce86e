//! What the next load of a feed is measured by: what is known from it, and what its last believed loads said.

use std::collections::{BTreeMap, BTreeSet};

use super::{Store, StoreError, status};
use crate::database::cell::Cells;
use crate::database::sql::{bound, statements};
use crate::domain::id::{FeedId, WindowId};
use crate::domain::status::{Baseline, StatusBook};

statements! {
    const LAST = "SELECT m.bytes FROM snapshots s JOIN mappings m ON m.sha256 = s.mapping \
                  WHERE s.feed = $1 AND s.verdict = 'aceita' ORDER BY s.position DESC LIMIT 1";
    const KNOWN = "SELECT feed, window_id, bytes FROM status_pages WHERE feed = $1 AND window_id = $2";
    const SPOKE = "SELECT s.taken_at, t.done, m.bytes FROM snapshots s \
                   JOIN snapshot_tallies t ON t.snapshot = s.id JOIN mappings m ON m.sha256 = s.mapping \
                   WHERE s.feed = $1 AND s.verdict = 'aceita' AND t.window_id = $2 \
                   ORDER BY s.position DESC LIMIT 8";
}

impl Store {
    /// What the next load of a feed is measured by in some windows; nothing before its first believed load.
    pub async fn baseline(
        &self,
        feed: &FeedId,
        windows: &BTreeSet<WindowId>,
    ) -> Result<Option<Baseline>, StoreError> {
        let mut view = self.db.view().await?;
        let Some(row) = bound!(LAST, feed.as_str()).fetch_optional(&mut view).await? else {
            return Ok(None);
        };
        let form = status::form(Cells::of("mappings", &row).get("bytes")?);
        let mut known = StatusBook::default();
        let (mut said, mut pace) = (BTreeMap::new(), BTreeMap::new());
        for window in windows {
            if let Some(row) = bound!(KNOWN, feed.as_str(), window.as_str()).fetch_optional(&mut view).await?
            {
                let kept = status::known(&row)?;
                known.restore(window.clone(), feed.clone(), move || kept.entries());
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
        Ok(Some(Baseline { known, said, pace, form }))
    }
}
