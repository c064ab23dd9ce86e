//! Whether a snapshot is believed. Pure.
//!
//! Before believing, not after: a quarantined snapshot changes nothing, the last good one stays, and staff read why.
//! Compared is key by key, never by totals, with what is known from the feed and with what its last load said of the
//! windows that run; a window that is over, or of which the load says nothing at all, is no fall.
//!
//! What ends a quarantine: a later load against which nothing speaks, or `fonte aceitar`, after which the load is the
//! one that the next is measured by.

mod compare;
mod turn;
mod wording;

pub use self::wording::{AcceptanceNote, QuarantineReason, Verdict};

use crate::domain::feed::{FeedSpec, Manners, Source};
use crate::domain::roster::Roster;
use crate::domain::status::Baseline;

use super::map::Mapped;

/// Judges what a file says against what the feed promises and what it said before. `before` is absent for a first
/// snapshot.
pub fn judge(spec: &FeedSpec, mapped: &Mapped, before: Option<&Baseline>, roster: &Roster) -> Verdict {
    let mut reasons: Vec<QuarantineReason> =
        mapped.columns.iter().cloned().map(QuarantineReason::Column).collect();
    if reasons.is_empty() {
        reasons.extend(against(spec, mapped));
        reasons.extend(before.into_iter().flat_map(|before| compare::falls(spec, mapped, before, roster)));
        reasons.extend(before.into_iter().flat_map(|before| turn::still_the_old(spec, mapped, before)));
    }
    if reasons.is_empty() {
        reasons.extend(before.and_then(|before| compare::older_file(spec, mapped, before)));
    }
    if reasons.is_empty() {
        Verdict::Accepted { notes: notes(mapped) }
    } else {
        Verdict::Quarantined { reasons }
    }
}

/// What speaks against a file by itself.
fn against(spec: &FeedSpec, mapped: &Mapped) -> Vec<QuarantineReason> {
    let mut reasons = Vec::new();
    let (missed, tolerated) = (mapped.missed_pages, tolerated_failures(spec));
    if missed > tolerated {
        let first = mapped.first_missed.clone();
        reasons.push(QuarantineReason::MissingPages { missed, pages: mapped.pages, tolerated, first });
    }
    if mapped.rows == 0 {
        reasons.push(QuarantineReason::NoRows);
        return reasons;
    }
    reasons.extend(mapped.truncated.clone().map(QuarantineReason::Truncated));
    reasons.extend(mapped.seam.clone().map(QuarantineReason::SecondTable));
    reasons
        .extend(mapped.same_answer.clone().map(|(one, other)| QuarantineReason::SameAnswer { one, other }));
    if beyond(mapped.bad, mapped.rows) {
        let lines = mapped.bad_lines.clone();
        reasons.push(QuarantineReason::BadLines { bad: mapped.bad, rows: mapped.rows, lines });
    }
    let (known, minimum) = (mapped.municipalities_seen.len(), spec.minimum.max(1));
    if known < minimum {
        reasons.push(QuarantineReason::TooFew { known, minimum, unknown: mapped.unknown });
    }
    reasons.extend(mapped.unknown_words.iter().map(|(word, met)| QuarantineReason::UnknownWord {
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
    part > compare::TOLERATED && part.saturating_mul(100) > whole.saturating_mul(compare::TOLERATED_PERCENT)
}

/// All that is odd about a file, whatever becomes of it.
pub fn notes(mapped: &Mapped) -> Vec<AcceptanceNote> {
    let duplicates = mapped.first_duplicate;
    [
        (mapped.bad > 0)
            .then(|| AcceptanceNote::BadLines { bad: mapped.bad, lines: mapped.bad_lines.clone() }),
        (mapped.unknown > 0).then(|| AcceptanceNote::UnknownMunicipalities {
            count: mapped.unknown,
            lines: mapped.unknown_municipalities.clone(),
        }),
        (!mapped.contradicted.is_empty())
            .then(|| AcceptanceNote::Contradictions(mapped.contradicted.clone())),
        (mapped.unclear_counts > 0).then_some(AcceptanceNote::UnclearCounts(mapped.unclear_counts)),
        (!mapped.unknown_units.is_empty()).then(|| AcceptanceNote::UnknownUnits {
            count: mapped.unknown_units.len(),
            units: mapped.strange_units.clone(),
        }),
        duplicates.map(|first_line| AcceptanceNote::Duplicates { count: mapped.duplicates, first_line }),
        (mapped.without_window > 0).then_some(AcceptanceNote::WithoutWindow(mapped.without_window)),
        (mapped.blank_situations > 0).then_some(AcceptanceNote::BlankSituations(mapped.blank_situations)),
        (mapped.doubtful_dates > 0).then_some(AcceptanceNote::DoubtfulDates(mapped.doubtful_dates)),
        (mapped.unsaid > 0).then(|| AcceptanceNote::Unsaid {
            settled: mapped.settled_before,
            unconfirmed: mapped.unsaid.saturating_sub(mapped.settled_before),
        }),
        (mapped.missed_pages > 0).then(|| AcceptanceNote::MissingPages {
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
