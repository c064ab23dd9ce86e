//! Where status comes from: fetch → decode → map → judge. What comes out is observations, or the reasons why the
//! snapshot is not believed; the store is another room's.
//!
//! Reading order: `error` (what can go wrong outside), `http` (fetch), `url` and `pages` (what), `folder` (drop folder), `schedule`
//! (when), `body` and `digest` (bytes, as evidence), `table` (rows, whatever the
//! format), `csv`, `json`, `solr`, `html` and `sheet` (the formats, with `kind` for what is none), `format` (which of them), `map` (rows to observations, pure), `judge` (believed or not, pure).
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
pub mod format;
#[cfg(test)]
mod fuzz;
mod html;
pub mod http;
mod json;
pub mod judge;
mod kind;
pub mod map;
pub mod news;
pub mod pages;
pub mod paging;
pub mod register;
pub mod schedule;
mod sheet;
pub mod solr;
pub mod table;
pub mod url;

use std::collections::BTreeMap;

use crate::domain::feed::FeedSpec;

use self::body::{Body, Given};
use self::error::DecodeError;
use self::judge::{Previous, Refusal, Verdict, judge};
use self::map::{Ground, Mapped, Mapper};

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

/// Whether a body is whole and of the feed's format, so that a page that is not can be asked for again.
///
/// # Errors
/// [`DecodeError`].
pub fn looks_right(spec: &FeedSpec, body: &Body) -> Result<(), DecodeError> {
    format::open(&spec.format, body, &map::wanted(&spec.mapping))?.each(&mut |_| {})
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
    let wanted = map::wanted(&spec.mapping);
    let mut counts = Counts::default();
    for body in bodies {
        let table = match format::open(&spec.format, body, &wanted) {
            Err(error) if body.given.is_of_somebody() => {
                mapper.miss(&body.given, &error.to_string());
                continue;
            }
            opened => opened.map_err(|error| placed(error, bodies, body))?,
        };
        let read = || {
            let (promised, before) = (table.promised(), mapper.rows());
            mapper.read(table, &body.given)?;
            counts.note(&body.given, promised, mapper.rows() - before)
        };
        read().map_err(|error| placed(error, bodies, body))?;
    }
    // Rows without the columns are not counted.
    if !mapper.lacks_columns() {
        counts.check()?;
    }
    Ok(Mapped { pages: bodies.len() + missing.len(), ..mapper.finish() })
}

/// Says which of several bodies it was.
fn placed(error: DecodeError, bodies: &[Body], body: &Body) -> DecodeError {
    let Given { municipality, unit, reference } = &body.given;
    let told = [
        municipality.map(|m| format!("município {m}")),
        unit.as_ref().map(|u| format!("unidade {u}")),
        reference.map(|r| format!("referência {r}")),
    ];
    let place = told.into_iter().flatten().collect::<Vec<_>>().join(", ");
    if bodies.len() < 2 || place.is_empty() {
        error
    } else {
        DecodeError::In { place, error: Box::new(error) }
    }
}

/// How many rows the pages of each request brought, beside how many its source counts.
#[derive(Debug, Default)]
struct Counts(BTreeMap<Given, (u64, u64)>);

impl Counts {
    fn note(&mut self, given: &Given, promised: Option<u64>, rows: usize) -> Result<(), DecodeError> {
        let Some(promised) = promised else { return Ok(()) };
        let (found, before) = self.0.entry(given.clone()).or_insert((0, promised));
        *found = found.saturating_add(u64::try_from(rows).unwrap_or(u64::MAX));
        if *before == promised { Ok(()) } else { Err(DecodeError::Incomplete { found: *before, promised }) }
    }

    fn check(&self) -> Result<(), DecodeError> {
        for (found, promised) in self.0.values() {
            if found != promised {
                return Err(DecodeError::Incomplete { found: *found, promised: *promised });
            }
        }
        if !self.0.is_empty() && self.0.values().all(|(found, _)| *found == 0) {
            return Err(DecodeError::NotPublished);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
