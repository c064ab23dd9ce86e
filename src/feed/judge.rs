//! Whether a snapshot is believed. Pure.
//!
//! Before believing, not after: a quarantined snapshot changes nothing, the last good one stays, and staff read why.

mod wording;

use std::collections::BTreeMap;

use crate::domain::feed::{FeedSpec, Manners, Meaning, Source};
use crate::domain::id::{SnapshotId, WindowId};

use super::error::DecodeError;
use super::map::{BadLine, Mapped};
use super::table::ColumnError;

/// A fall of *concluído*, or a share of bad lines, up to this many is never too much.
pub const TOLERATED: usize = 5;
/// Nor up to this share, in percent.
pub const TOLERATED_PERCENT: usize = 5;

/// What the last accepted snapshot of the feed said; kept by the store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Previous {
    /// *Concluído* by window. Windows that only one of two snapshots speaks of are not compared.
    pub done: BTreeMap<WindowId, usize>,
    /// Known municipalities with a row. Compared in situation feeds, where everybody has one.
    pub municipalities: usize,
    /// Rows that repeat no other. Compared in the same feeds.
    pub rows: usize,
}

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
    /// *Concluído* fell more than it may.
    Fell {
        /// In which window.
        window: WindowId,
        /// In the last accepted snapshot.
        before: usize,
        /// In this one.
        now: usize,
    },
    /// A situation feed lost municipalities.
    Shrunk {
        /// In the last accepted snapshot.
        before: usize,
        /// In this one.
        now: usize,
    },
    /// A situation feed lost rows, although every municipality still has one.
    LostRows {
        /// In the last accepted snapshot.
        before: usize,
        /// In this one.
        now: usize,
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
        /// The first.
        first: Option<BadLine>,
    },
}

/// What staff should know of an accepted snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// Lines that say nothing.
    BadLines {
        /// How many.
        bad: usize,
        /// The first.
        first: Option<BadLine>,
    },
    /// Rows about municipalities outside the roster.
    UnknownMunicipalities(usize),
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
    /// Rows with a date that cannot be read or is yet to come.
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

/// Judges what a file says against what the feed promises and what it said before. `previous` is absent for a first
/// snapshot, or when a person loads one in spite of the comparison.
#[must_use]
pub fn judge(spec: &FeedSpec, mapped: &Mapped, previous: Option<&Previous>) -> Verdict {
    let mut reasons: Vec<Refusal> = mapped.columns.iter().cloned().map(Refusal::Column).collect();
    if reasons.is_empty() {
        reasons.extend(against(spec, mapped));
        reasons.extend(previous.into_iter().flat_map(|p| falls(spec, mapped, p)));
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
    if beyond(mapped.bad, mapped.rows) {
        let first = mapped.bad_lines.first().cloned();
        reasons.push(Refusal::BadLines { bad: mapped.bad, rows: mapped.rows, first });
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

/// What speaks against it beside the one before.
fn falls(spec: &FeedSpec, mapped: &Mapped, previous: &Previous) -> Vec<Refusal> {
    let fell = |before: usize, now: usize| {
        // From something to nothing is no fall but a window that the file no longer speaks of.
        before > 0 && (now == 0 || beyond(before.saturating_sub(now), before))
    };
    let mut reasons: Vec<Refusal> = previous
        .done
        .iter()
        .filter_map(|(window, before)| Some((window, *before, *mapped.done.get(window)?)))
        .filter(|(_, before, now)| fell(*before, *now))
        .map(|(window, before, now)| Refusal::Fell { window: window.clone(), before, now })
        .collect();
    let (before, now) = (previous.municipalities, mapped.municipalities_seen.len());
    let everybody_has_a_row = matches!(spec.mapping.meaning, Meaning::Situation { .. });
    if everybody_has_a_row && previous.done.keys().any(|w| mapped.done.contains_key(w)) {
        if fell(before, now) {
            reasons.push(Refusal::Shrunk { before, now });
        } else if fell(previous.rows, mapped.distinct_rows()) {
            reasons.push(Refusal::LostRows { before: previous.rows, now: mapped.distinct_rows() });
        }
    }
    reasons
}

/// Whether `part` is more than five and more than five percent of `whole`.
fn beyond(part: usize, whole: usize) -> bool {
    part > TOLERATED && part.saturating_mul(100) > whole.saturating_mul(TOLERATED_PERCENT)
}

fn notes(mapped: &Mapped) -> Vec<Note> {
    let duplicates = mapped.first_duplicate;
    [
        (mapped.bad > 0)
            .then(|| Note::BadLines { bad: mapped.bad, first: mapped.bad_lines.first().cloned() }),
        (mapped.unknown > 0).then_some(Note::UnknownMunicipalities(mapped.unknown)),
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
