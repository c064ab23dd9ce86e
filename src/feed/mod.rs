//! Where status comes from: fetch → decode → map → judge. What comes out is observations, or the reasons why the
//! snapshot is not believed; the store is another room's.
//!
//! Reading order: `error` (what can go wrong outside), `http` (fetch), `url` and `pages` (what), `folder` (drop folder), `schedule`
//! (when), `body` and `digest` (bytes, as evidence), `text` (encodings, comparing words), `table` (rows, whatever the
//! format), `csv` (the one format so far), `map` (rows to observations, pure), `judge` (believed or not, pure).
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
pub mod paging;
pub mod schedule;
pub mod table;
pub mod text;
pub mod url;

use crate::domain::feed::FeedSpec;

use self::body::{Body, Given};
use self::judge::{Previous, Refusal, Verdict, judge};
use self::map::{Ground, Mapped, Mapper};
use self::table::DecodeError;

/// What became of one whole load of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intake {
    /// What was read; empty when the bytes were not what they should be.
    pub mapped: Mapped,
    /// Whether to believe it.
    pub verdict: Verdict,
}

/// A page of a run that could not be had, or was not what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// What it would have been about.
    pub given: Given,
    /// Why, for staff.
    pub why: String,
}

/// Decodes, maps and judges one whole load of a feed, which may come in several bodies. Never fails: bytes that cannot
/// be read are a quarantined snapshot like any other.
#[must_use]
pub fn take_in(spec: &FeedSpec, bodies: &[Body], ground: &Ground<'_>, previous: Option<&Previous>) -> Intake {
    take_in_run(spec, bodies, &[], ground, previous)
}

/// The same of a run of which some pages are missing: whom they are about is *não confirmado*, and more of them than
/// the feed tolerates make the whole run not believed.
#[must_use]
pub fn take_in_run(
    spec: &FeedSpec,
    bodies: &[Body],
    missing: &[Missing],
    ground: &Ground<'_>,
    previous: Option<&Previous>,
) -> Intake {
    match read(spec, bodies, missing, ground) {
        Ok(mapped) => {
            let verdict = judge(spec, &mapped, previous);
            Intake { mapped, verdict }
        }
        Err(error) => Intake {
            mapped: Mapped::default(),
            verdict: Verdict::Quarantined { reasons: vec![Refusal::Unreadable(error)] },
        },
    }
}

/// Whether a body is of the feed's format at all, so that a page that is not can be asked for again.
///
/// # Errors
/// [`DecodeError`].
pub fn looks_right(spec: &FeedSpec, body: &Body) -> Result<(), DecodeError> {
    table::open(&spec.format, body).map(drop)
}

fn read(
    spec: &FeedSpec,
    bodies: &[Body],
    missing: &[Missing],
    ground: &Ground<'_>,
) -> Result<Mapped, DecodeError> {
    let mut mapper = Mapper::new(spec, ground);
    for page in missing {
        mapper.miss(&page.given, &page.why);
    }
    for body in bodies {
        let opened = table::open(&spec.format, body);
        match opened.and_then(|table| mapper.read(table, &body.given)) {
            Err(error) if body.given.is_of_somebody() => mapper.miss(&body.given, &error.to_string()),
            whole => whole?,
        }
    }
    let mut mapped = mapper.finish();
    mapped.pages = bodies.len() + missing.len();
    Ok(mapped)
}
