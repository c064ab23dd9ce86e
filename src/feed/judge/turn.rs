//! Whether a load still says what an earlier one said of another reference, as a source does that looks at no month or has
//! not begun the new one. Pure.
//!
//! Only where the rows do not name their reference themselves: then it is the address, `fontes.toml` or the calendar that
//! says which it is, and nothing in the bytes agrees. A second phase of the same reference is asked the same question.

use std::collections::BTreeSet;

use super::compare::{self, Key, TOLERATED, key};
use super::wording::QuarantineReason;
use crate::domain::feed::{FeedSpec, ReferenceRule, Source};
use crate::domain::id::WindowId;
use crate::domain::status::{Baseline, Basis, Observation, Page, State};
use crate::feed::map::Mapped;

/// What speaks against a load because an earlier one said it of another reference.
pub(super) fn still_the_old(spec: &FeedSpec, mapped: &Mapped, before: &Baseline) -> Vec<QuarantineReason> {
    if matches!(spec.mapping.reference, ReferenceRule::Column { .. }) {
        return Vec::new();
    }
    let pages = mapped.observations.pages();
    let spoken = pages.filter(|page| page.observations().any(|said| said.basis != Basis::Silence));
    spoken.filter_map(|page| same_bytes(spec, page, before).or_else(|| same_words(page, before))).collect()
}

/// The very bytes came before, about another reference, and never about this one.
///
/// A file that comes again is most likely the old one. A page may well be alike in two months: blank when both begin, and
/// full when both end; so it is believed where it says nobody is done and another came in between, and where no more are new
/// than a load may bring.
fn same_bytes(spec: &FeedSpec, page: Page<'_>, before: &Baseline) -> Option<QuarantineReason> {
    let same = before.same_bytes.as_ref()?;
    let window = page.window();
    if same.spoke_of.iter().any(|of| of.reference() == window.reference()) {
        return None;
    }
    let about = same.spoke_of.last()?.clone();
    let done = page.done();
    let is_alike_by_right = match (&spec.source, before.said.contains_key(window)) {
        (Source::Folder | Source::Manual, _) => false,
        (Source::Http { .. }, false) => done == 0 && !same.is_last,
        (Source::Http { .. }, true) => {
            compare::newly_done(page, before) <= compare::most_new(page.observations().count())
        }
    };
    (!is_alike_by_right).then(|| QuarantineReason::AnotherReference {
        snapshot: same.snapshot.clone(),
        about,
        window: window.clone(),
    })
}

/// The first load that speaks of a window has nearly all those done whom the last load had done in another: more than a
/// first load brings, unless both are nearly complete, which a person can see.
fn same_words(page: Page<'_>, before: &Baseline) -> Option<QuarantineReason> {
    let window = page.window();
    let last = before.last.as_ref().filter(|_| !before.said.contains_key(window))?;
    let spoke_of_it = last.said.iter().any(|(of, _)| of.reference() == window.reference());
    if spoke_of_it || page.done() <= TOLERATED {
        return None;
    }
    let now: BTreeSet<Key> = page.observations().filter(is_done).map(|said| key(&said)).collect();
    last.said.iter().find_map(|(about, said)| {
        let then: BTreeSet<Key> = said.iter().filter(|said| is_done(said)).map(key).collect();
        let again = then.intersection(&now).count();
        let is_the_old = then.len() > TOLERATED && then.len() - again <= compare::most_of(then.len());
        is_the_old.then(|| QuarantineReason::SameAsBefore {
            snapshot: last.snapshot.clone(),
            about: about.clone(),
            window: WindowId::clone(window),
            count: again,
            before: then.len(),
        })
    })
}

fn is_done(said: &Observation) -> bool {
    said.state == State::Done && said.basis != Basis::Silence
}
