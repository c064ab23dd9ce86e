//! What sources brought, kept: who has filled in, registers of units, and what was published.
//!
//! Reading order: `snapshot` (a load with its evidence), `status` and `page` (what is known of it, and was), `baseline` (what
//! the next load is measured by), `ruling` (what people say of a load), `register` and `news` (what the ministry publishes),
//! `run` and `visit` (how fetching goes). Its rows lie in the ledger, and each is told in the journal of the
//! [store](crate::store), in the same transaction.

mod baseline;
mod news;
mod page;
mod register;
mod ruling;
mod run;
mod snapshot;
pub(crate) mod status;
#[cfg(test)]
mod tests;
mod visit;

pub use news::{FindingLine, NewFinding};
pub use register::{KeptRegister, RefusalLine};
pub use ruling::{Ruled, Ruling};
pub use run::{Crawl, CrawlPage, CrawlProgress, FeedRun};
pub use snapshot::{Extent, LastAccepted, NewSnapshot, SnapshotSummary};
pub use status::RulingLoad;

/// The statements of this room, by file.
#[cfg(test)]
pub(crate) const STATEMENTS: [&[(&str, &str)]; 8] =
    [baseline::ALL, news::ALL, register::ALL, ruling::ALL, run::ALL, snapshot::ALL, status::ALL, visit::ALL];
