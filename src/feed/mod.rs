//! Where status comes from: fetch → decode → map → judge. What comes out is observations, or the reasons why the
//! snapshot is not believed; the store is another room's.
//!
//! Reading order: `error` (what can go wrong outside), `http` and `url` (fetch), `folder` (drop folder), `schedule`
//! (when), `digest` (evidence), `text` (encodings, comparing words), `table` (rows, whatever the format), `csv` (the
//! one format so far), `map` (rows to observations, pure), `judge` (believed or not, pure).
//!
//! Architecture invariant: nothing here decides whom to write to, reads a clock, or keeps a column that is not mapped.

pub mod body;
pub mod changes;
mod csv;
pub mod digest;
pub mod error;
#[cfg(test)]
mod fixture;
pub mod folder;
pub mod http;
pub mod judge;
pub mod map;
pub mod pages;
pub mod schedule;
pub mod table;
pub mod text;
pub mod url;

use crate::domain::feed::FeedSpec;

use self::judge::{Previous, Refusal, Verdict, judge};
use self::map::{Ground, Mapped, map};

/// What became of one whole load of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intake {
    /// What was read; empty when the bytes were not what they should be.
    pub mapped: Mapped,
    /// Whether to believe it.
    pub verdict: Verdict,
}

/// Decodes, maps and judges one whole load of a feed. Pure, and never fails: bytes that cannot be read are a
/// quarantined snapshot like any other.
#[must_use]
pub fn take_in(spec: &FeedSpec, bytes: &[u8], ground: &Ground<'_>, previous: Option<&Previous>) -> Intake {
    match table::open(&spec.format, bytes) {
        Ok(table) => {
            let mapped = map(spec, table, ground);
            let verdict = judge(spec, &mapped, previous);
            Intake { mapped, verdict }
        }
        Err(error) => Intake {
            mapped: Mapped::default(),
            verdict: Verdict::Quarantined { reasons: vec![Refusal::Unreadable(error)] },
        },
    }
}
