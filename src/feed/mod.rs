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
mod tag;
pub mod url;

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::feed::FeedSpec;

use self::body::{Body, Given};
use self::error::DecodeError;
use self::judge::{Previous, Refusal, Verdict, judge};
use self::map::{Ground, Mapped, Mapper};
use self::table::Part;

/// What became of one whole load of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intake {
    /// What was read; empty when the bytes were not what they should be.
    pub mapped: Mapped,
    /// Whether to believe it.
    pub verdict: Verdict,
}

impl Intake {
    /// Of bytes that could not be read.
    #[must_use]
    pub fn unreadable(error: DecodeError) -> Self {
        Self {
            mapped: Mapped::default(),
            verdict: Verdict::Quarantined { reasons: vec![Refusal::Unreadable(error)] },
        }
    }
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
        Err(error) => Intake::unreadable(error),
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
            counts.note(&body.given, table.part())?;
            mapper.read(table, &body.given)
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

/// What the pages of each request brought, beside what its source counts.
#[derive(Debug, Default)]
struct Counts(BTreeMap<Given, Count>);

#[derive(Debug)]
struct Count {
    had: u64,
    found: u64,
    /// Absent: a page had documents that nothing tells apart.
    keys: Option<BTreeSet<[u8; 32]>>,
}

impl Counts {
    /// Takes the next page of a request, which must begin where the last one ended and repeat none of it.
    fn note(&mut self, given: &Given, part: Option<&Part>) -> Result<(), DecodeError> {
        let Some(part) = part else { return Ok(()) };
        let Some(count) = self.0.get_mut(given) else {
            if part.start.is_some_and(|start| start > 0) {
                return Err(DecodeError::Misplaced { asked: 0, came: part.start });
            }
            let count = Count { had: part.here, found: part.found, keys: part.keys.clone() };
            self.0.insert(given.clone(), count);
            return Ok(());
        };
        if count.found != part.found {
            return Err(DecodeError::Incomplete { found: count.found, promised: part.found });
        }
        if part.start != Some(count.had) {
            return Err(DecodeError::Misplaced { asked: count.had, came: part.start });
        }
        let (Some(keys), Some(more)) = (&mut count.keys, &part.keys) else {
            return Err(DecodeError::NoKey);
        };
        if more.iter().any(|key| !keys.insert(*key)) {
            return Err(DecodeError::Repeated);
        }
        count.had = count.had.saturating_add(part.here);
        Ok(())
    }

    fn check(&self) -> Result<(), DecodeError> {
        for Count { had, found, .. } in self.0.values() {
            if had != found {
                return Err(DecodeError::Incomplete { found: *had, promised: *found });
            }
        }
        if !self.0.is_empty() && self.0.values().all(|count| count.had == 0) {
            return Err(DecodeError::NotPublished);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
