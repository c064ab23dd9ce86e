//! The ledger as the plan sees it, worked out from the journal alone, with what the self-audit holds against it.
//!
//! Nothing of it is read from the tables of notices and deliveries, which the plan reads: one account is held against the
//! other.

use std::collections::BTreeSet;

use futures_util::TryStreamExt as _;

use super::letter::Notices;
use super::part::Part;
use super::{ChainReport, Holding, walk};
use crate::database::cell::Cells;
use crate::database::engine;
use crate::database::sql::statements;
use crate::domain::id::{EmailAddress, WindowId};
use crate::domain::notice::NoticeKey;
use crate::domain::status::StatusBook;
use crate::intake::status;
use crate::plan::audit::{ToldLetter, WrittenTo};
use crate::plan::ledger::Ledger;
use crate::store::{Store, StoreError, closing, ledger};

statements! {
    const WRITTEN = "SELECT d.notice_key, d.version, d.address, l.recorded_at FROM deliveries d JOIN letters l \
                     ON l.notice_key = d.notice_key AND l.version = d.version \
                     ORDER BY d.notice_key, d.version, d.address";
}

/// What the journal tells, and whether the tables say the same.
#[derive(Debug)]
pub struct Recount {
    /// The ledger as the plan sees it, of the windows that are not over.
    pub ledger: Ledger,
    pub over: BTreeSet<WindowId>,
    /// Every row of every table that is not as the journal tells.
    pub report: ChainReport,
    /// The letters of each window and municipality of which one was recorded or left after the place asked for.
    pub letters: Vec<ToldLetter>,
    /// The addresses of those recorded after that place.
    pub written: Vec<WrittenTo>,
    /// The place of the journal's last entry.
    pub reached: u64,
    pub reached_hash: String,
}

impl Store {
    /// Works the ledger out from the journal, and holds every table with proof value against it, at one moment.
    /// `after`: the place in the journal up to which letters were judged before. `is_over` is shown the ledger with one
    /// window, and what the feeds say of that: whether it is to be let go, so that only what still matters is held at once.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] where a row cannot even be read, or a fault of the database.
    pub async fn recount(
        &self,
        after: u64,
        mut is_over: impl FnMut(&WindowId, &Ledger, StatusBook) -> bool + Send,
    ) -> Result<Recount, StoreError> {
        let mut view = self.db.view().await?;
        let mut report = ChainReport::default();
        let (mut replay, (reached, reached_hash)) = walk(&mut view, &mut report).await?;
        let mut ledger = ledger::frame(&mut view, None).await?;
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let (mut letters, mut over) = (Vec::new(), BTreeSet::new());
        let (windows, own) = replay.parts();
        let mut held = Holding::new(replay);
        for (name, municipalities) in &windows {
            for code in municipalities {
                let see = |notices: &Notices| {
                    notices.fill(&mut ledger);
                    notices.letters(after, &mut letters);
                };
                held.part(&mut view, &Part::Window(name, *code), see).await?;
            }
            // What has no name that can be read was named by the comparison.
            let Ok(window) = WindowId::parse(name) else { continue };
            let only = BTreeSet::from([window.clone()]);
            closing::load(&mut view, &mut ledger, Some(&only)).await?;
            if is_over(&window, &ledger, status::book(&mut view, Some(&only)).await?) {
                ledger.forget(&window);
                over.insert(window);
            }
        }
        for entries in own.values() {
            let see = |notices: &Notices| {
                notices.fill(&mut ledger);
                notices.letters(after, &mut letters);
            };
            held.part(&mut view, &Part::Own(entries), see).await?;
        }
        held.finish(&mut view, &mut report).await?;
        // The oldest first.
        letters.sort_by_cached_key(|letter| (letter.recorded_at, letter.key.to_string(), letter.version));
        let new: BTreeSet<_> = letters
            .iter()
            .filter(|letter| letter.is_new)
            .map(|letter| (&letter.key, letter.version))
            .collect();
        let mut written = Vec::new();
        let mut rows = engine::stream(WRITTEN, &mut view);
        while let Some(row) = rows.try_next().await? {
            let cells = Cells::of("deliveries", &row);
            // What cannot be an address any more was named by the comparison.
            let (Ok(key), Ok(version), Ok(address)) = (
                cells.parsed("notice_key", NoticeKey::parse),
                cells.number::<u16>("version"),
                cells.parsed("address", |text| EmailAddress::parse(text).ok()),
            ) else {
                continue;
            };
            if new.contains(&(&key, version)) {
                written.push(WrittenTo { key, address, recorded_at: cells.instant("recorded_at")? });
            }
        }
        Ok(Recount { ledger, over, report, letters, written, reached: reached.unsigned_abs(), reached_hash })
    }
}
