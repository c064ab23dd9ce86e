//! Whether a snapshot is believed. Pure.
//!
//! Before believing, not after: a quarantined snapshot changes nothing, the last good one stays, and staff read why.
//! Compared is key by key, never by totals, with what is known from the feed and with what its last load said of the
//! windows that run; a window that is over, or of which the load says nothing at all, is no fall.
//!
//! What ends a quarantine: a later load against which nothing speaks, or `fonte aceitar`, after which the load is the
//! one that the next is measured by.

mod compare;
mod wording;

use crate::domain::feed::{FeedSpec, Manners, Source};
use crate::domain::id::{SnapshotId, WindowId};
use crate::domain::roster::Roster;
use crate::domain::status::Baseline;

use super::error::DecodeError;
use super::map::{BadLine, Mapped, UnknownMunicipality};
use super::table::ColumnError;

/// Up to this many bad lines are never too much; more reversals always are.
pub const TOLERATED: usize = 5;
/// Up to this share of bad lines is never too much, in percent; a greater one of reversals or of keys that are no longer
/// covered is.
pub const TOLERATED_PERCENT: usize = 5;

/// Whether a snapshot is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is, with what staff should know of it.
    Accepted {
        /// Oddities that do not stand in the way.
        notes: Vec<Note>,
    },
    /// It is not, as a whole.
    Quarantined {
        /// All that speaks against it.
        reasons: Vec<Refusal>,
    },
}

/// Why a snapshot is not believed. Displayed to staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The bytes are not what they should be.
    Unreadable(DecodeError),
    /// A mapped column cannot be found.
    Column(ColumnError),
    /// Nothing but a header.
    NoRows,
    /// Cut in the middle, or rows swallowed by a stray quote.
    Truncated(BadLine),
    /// Too few municipalities of the roster.
    TooFew {
        /// How many there are.
        known: usize,
        /// How many there must be.
        minimum: usize,
        /// How many rows are about municipalities outside the roster.
        unknown: usize,
    },
    /// Too many who were done, and now pend.
    Reversed {
        /// In which window.
        window: WindowId,
        /// How many keys.
        count: usize,
        /// The municipalities, by name.
        who: Vec<String>,
    },
    /// Too many of whom the last load had a row, and this one has none.
    Uncovered {
        /// In which window.
        window: WindowId,
        /// How many keys.
        count: usize,
        /// Of how many.
        before: usize,
        /// The municipalities, by name.
        who: Vec<String>,
    },
    /// More newly concluded than the last loads let expect.
    Jumped {
        /// In which window.
        window: WindowId,
        /// How many keys.
        count: usize,
        /// How many the last loads let expect at most.
        most: usize,
        /// The municipalities, by name.
        who: Vec<String>,
    },
    /// The columns are not those of the last accepted load.
    Form {
        /// Of the last accepted load.
        before: String,
        /// Of this one.
        now: String,
    },
    /// Two different questions got the same bytes for an answer.
    SameAnswer {
        /// What the one was about.
        one: String,
        /// What the other was about.
        other: String,
    },
    /// More pages of the run than the feed tolerates could not be had or read.
    MissingPages {
        /// How many.
        missed: usize,
        /// Of how many.
        pages: usize,
        /// How many are tolerated.
        tolerated: usize,
        /// The first.
        first: Option<String>,
    },
    /// Somebody refused these very bytes.
    RefusedBefore {
        /// In which snapshot.
        snapshot: SnapshotId,
        /// Who.
        author: String,
        /// Why.
        reason: String,
    },
    /// A word that the feed's tables do not have.
    UnknownWord {
        /// As written.
        word: String,
        /// In which column.
        column: String,
        /// In how many rows.
        count: usize,
        /// Where first.
        first_line: u64,
    },
    /// Too many lines that say nothing.
    BadLines {
        /// How many.
        bad: usize,
        /// Of how many.
        rows: usize,
        /// They, as far as they are listed.
        lines: Vec<BadLine>,
    },
}

/// What staff should know of an accepted snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// Lines that say nothing.
    BadLines {
        /// How many.
        bad: usize,
        /// They, as far as they are listed.
        lines: Vec<BadLine>,
    },
    /// Rows about municipalities outside the roster.
    UnknownMunicipalities {
        /// How many rows.
        count: usize,
        /// They, as far as they are listed.
        lines: Vec<UnknownMunicipality>,
    },
    /// Municipalities of which rows say different things, by name.
    Contradictions(Vec<String>),
    /// Rows whose counts say neither that all are filled in nor that some are missing.
    UnclearCounts(usize),
    /// Units outside the roster.
    UnknownUnits(usize),
    /// Rows that repeat others.
    Duplicates {
        /// How many.
        count: usize,
        /// Where first.
        first_line: u64,
    },
    /// Rows about no declared window.
    WithoutWindow(usize),
    /// Rows with a blank situation.
    BlankSituations(usize),
    /// Rows with a date that cannot be read, is yet to come, or is from before the window opened.
    DoubtfulDates(usize),
    /// Expected ones without a row who are taken for não confirmado.
    Unsaid(usize),
    /// Pages of the run that could not be had or read; whom they are about is não confirmado.
    MissingPages {
        /// How many.
        missed: usize,
        /// Of how many.
        pages: usize,
        /// The first.
        first: Option<String>,
    },
}

/// Judges what a file says against what the feed promises and what it said before. `before` is absent for a first
/// snapshot.
#[must_use]
pub fn judge(spec: &FeedSpec, mapped: &Mapped, before: Option<&Baseline>, roster: &Roster) -> Verdict {
    let mut reasons: Vec<Refusal> = mapped.columns.iter().cloned().map(Refusal::Column).collect();
    if reasons.is_empty() {
        reasons.extend(against(spec, mapped));
        reasons.extend(before.into_iter().flat_map(|before| compare::falls(spec, mapped, before, roster)));
    }
    if reasons.is_empty() {
        Verdict::Accepted { notes: notes(mapped) }
    } else {
        Verdict::Quarantined { reasons }
    }
}

/// What speaks against a file by itself.
fn against(spec: &FeedSpec, mapped: &Mapped) -> Vec<Refusal> {
    let mut reasons = Vec::new();
    let (missed, tolerated) = (mapped.missed_pages, tolerated_failures(spec));
    if missed > tolerated {
        let first = mapped.first_missed.clone();
        reasons.push(Refusal::MissingPages { missed, pages: mapped.pages, tolerated, first });
    }
    if mapped.rows == 0 {
        reasons.push(Refusal::NoRows);
        return reasons;
    }
    reasons.extend(mapped.truncated.clone().map(Refusal::Truncated));
    reasons.extend(mapped.same_answer.clone().map(|(one, other)| Refusal::SameAnswer { one, other }));
    if beyond(mapped.bad, mapped.rows) {
        let lines = mapped.bad_lines.clone();
        reasons.push(Refusal::BadLines { bad: mapped.bad, rows: mapped.rows, lines });
    }
    let (known, minimum) = (mapped.municipalities_seen.len(), spec.minimum.max(1));
    if known < minimum {
        reasons.push(Refusal::TooFew { known, minimum, unknown: mapped.unknown });
    }
    reasons.extend(mapped.unknown_words.iter().map(|(word, met)| Refusal::UnknownWord {
        word: word.clone(),
        column: met.column.clone(),
        count: met.count,
        first_line: met.first_line,
    }));
    reasons
}

/// How many pages of a run may be missing.
fn tolerated_failures(spec: &FeedSpec) -> usize {
    match &spec.source {
        Source::Http { manners, .. } => manners.tolerated_failures,
        Source::Folder | Source::Manual => Manners::TOLERATED_FAILURES,
    }
}

/// Whether `part` is more than five and more than five percent of `whole`.
fn beyond(part: usize, whole: usize) -> bool {
    part > TOLERATED && part.saturating_mul(100) > whole.saturating_mul(TOLERATED_PERCENT)
}

/// All that is odd about a file, whatever becomes of it.
#[must_use]
pub fn notes(mapped: &Mapped) -> Vec<Note> {
    let duplicates = mapped.first_duplicate;
    [
        (mapped.bad > 0).then(|| Note::BadLines { bad: mapped.bad, lines: mapped.bad_lines.clone() }),
        (mapped.unknown > 0).then(|| Note::UnknownMunicipalities {
            count: mapped.unknown,
            lines: mapped.unknown_municipalities.clone(),
        }),
        (!mapped.contradicted.is_empty()).then(|| Note::Contradictions(mapped.contradicted.clone())),
        (mapped.unclear_counts > 0).then_some(Note::UnclearCounts(mapped.unclear_counts)),
        (!mapped.unknown_units.is_empty()).then_some(Note::UnknownUnits(mapped.unknown_units.len())),
        duplicates.map(|first_line| Note::Duplicates { count: mapped.duplicates, first_line }),
        (mapped.without_window > 0).then_some(Note::WithoutWindow(mapped.without_window)),
        (mapped.blank_situations > 0).then_some(Note::BlankSituations(mapped.blank_situations)),
        (mapped.doubtful_dates > 0).then_some(Note::DoubtfulDates(mapped.doubtful_dates)),
        (mapped.unsaid > 0).then_some(Note::Unsaid(mapped.unsaid)),
        (mapped.missed_pages > 0).then(|| Note::MissingPages {
            missed: mapped.missed_pages,
            pages: mapped.pages,
            first: mapped.first_missed.clone(),
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests;
