//! The ledger as the plan sees it, worked out from the journal alone, with what the self-audit holds against it.
//!
//! Nothing of it is read from the tables of notices and deliveries, which the plan reads: one account is held against the
//! other.

use jiff::Timestamp;

use super::super::cell::{Cells, ms};
use super::super::sql::{bound, statements};
use super::super::{Store, StoreError, closing, ledger};
use super::{ChainReport, known, table, walk};
use crate::domain::id::EmailAddress;
use crate::domain::notice::NoticeKey;
use crate::plan::audit::{ToldLetter, WrittenTo};
use crate::plan::ledger::Ledger;

statements! {
    const WRITTEN = "SELECT d.notice_key, d.address, l.recorded_at FROM deliveries d JOIN letters l \
                     ON l.notice_key = d.notice_key AND l.version = d.version WHERE l.recorded_at >= $1 \
                     ORDER BY d.notice_key, d.version, d.address";
}

/// What the journal tells, and whether the tables say the same.
#[derive(Debug)]
pub struct Recount {
    /// The ledger as the plan sees it.
    pub ledger: Ledger,
    /// Every row of every table that is not as the journal tells.
    pub report: ChainReport,
    /// Letters recorded since the instant asked for.
    pub letters: Vec<ToldLetter>,
    /// Their addresses.
    pub written: Vec<WrittenTo>,
}

impl Store {
    /// Works the ledger out from the journal, and holds every table with proof value against it, at one moment.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] where a row cannot even be read, or a fault of the database.
    pub async fn recount(&self, since: Timestamp) -> Result<Recount, StoreError> {
        let mut view = self.db.view().await?;
        let mut report = ChainReport::default();
        let replay = walk(&mut view, &mut report).await?;
        let mut ledger = ledger::frame(&mut view).await?;
        replay.notices().fill(&mut ledger);
        closing::load(&mut view, &mut ledger).await?;
        let letters = replay.notices().letters(since);
        let mut expected = replay.expected();
        expected.extend(known::expected(&mut view).await?);
        report.discrepancies = table::compare(&mut view, expected, &mut report).await?;
        let mut written = Vec::new();
        for row in bound!(WRITTEN, ms(since)).fetch_all(&mut *view).await? {
            let cells = Cells::of("deliveries", &row);
            // What cannot be an address any more was named by the comparison.
            let (Ok(key), Ok(address)) = (
                cells.parsed("notice_key", NoticeKey::parse),
                cells.parsed("address", |text| EmailAddress::parse(text).ok()),
            ) else {
                continue;
            };
            written.push(WrittenTo { key, address, recorded_at: cells.instant("recorded_at")? });
        }
        Ok(Recount { ledger, report, letters, written })
    }
}
