//! A load beside what is known and what the last one said, key by key. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::wording::QuarantineReason;
use crate::domain::feed::{FeedSpec, Meaning, Source};
use crate::domain::id::{MunicipalityCode, PartId, UnitId};
use crate::domain::roster::Roster;
use crate::domain::status::{
    Baseline, Basis, CONFIRMED_AFTER, Observation, Page, State, StatusEntry, WindowStatus,
};
use crate::feed::map::Mapped;

/// Up to this many bad lines are never too much; more reversals always are.
pub(super) const TOLERATED: usize = 5;
/// Up to this share of bad lines is never too much, in percent; a greater one of reversals or of keys that are no longer
/// covered is, but for one alone: under twenty keys each is more, and a small feed could never change.
pub(super) const TOLERATED_PERCENT: usize = 5;
/// So many loads of a window must be known before a jump can be told from the usual.
const LOADS_FOR_A_PACE: usize = 3;
/// A day may bring so many times what the best of the last days brought.
const PACES: usize = 3;

/// What speaks against a load beside what came before.
pub(super) fn falls(
    spec: &FeedSpec,
    mapped: &Mapped,
    before: &Baseline,
    roster: &Roster,
) -> Vec<QuarantineReason> {
    let mut reasons = Vec::new();
    if let (Some(old), Some(now)) = (&before.form, &mapped.form)
        && old != now
    {
        reasons.push(QuarantineReason::Form { before: old.clone(), now: now.clone() });
    }
    for page in mapped.observations.pages() {
        let covers = page.observations().any(|said| said.basis != Basis::Silence);
        if covers && let Some(said) = before.said.get(page.window()) {
            reasons.extend(of_window(spec, mapped, before, page, said, roster));
        }
    }
    reasons
}

/// Whether a file is one that came before, and after which another said otherwise about some of its rows. A page may well
/// say again what it said once; a file that says it again is most likely the old one.
pub(super) fn older_file(spec: &FeedSpec, mapped: &Mapped, before: &Baseline) -> Option<QuarantineReason> {
    let same = before.same_bytes.as_ref()?;
    if matches!(spec.source, Source::Http { .. }) {
        return None;
    }
    let otherwise = |said: &Observation| {
        let entry = entry_of(before.known.window(&said.window), &key(said));
        entry.is_some_and(|entry| entry.arrival > same.arrival && entry.state != said.state)
    };
    let rows = mapped.observations.iter().filter(|said| said.basis != Basis::Silence);
    let count = rows.filter(otherwise).count();
    (count > 0).then(|| QuarantineReason::OlderFile { snapshot: same.snapshot.clone(), count })
}

/// How many are done by a page who were not by what is known.
pub(super) fn newly_done(page: Page<'_>, before: &Baseline) -> usize {
    let known = before.known.window(page.window());
    page.observations()
        .filter(|said| said.state == State::Done && !settled(entry_of(known, &key(said))))
        .count()
}

/// So many of so many keys may be new in one load, whatever the last days show.
pub(super) fn most_new(whole: usize) -> usize {
    (whole / 3).max(TOLERATED)
}

fn settled(entry: Option<&StatusEntry>) -> bool {
    entry.is_some_and(|entry| matches!(entry.state, State::Done | State::NotApplicable))
}

/// Municipality, part and unit.
pub(super) type Key = (MunicipalityCode, PartId, Option<UnitId>);

pub(super) fn key(said: &Observation) -> Key {
    (said.municipality, said.part.clone(), said.unit.clone())
}

fn of_window(
    spec: &FeedSpec,
    mapped: &Mapped,
    before: &Baseline,
    page: Page<'_>,
    last: &[Observation],
    roster: &Roster,
) -> Vec<QuarantineReason> {
    let known = before.known.window(page.window());
    let now: HashMap<Key, (State, Basis)> =
        page.observations().map(|said| (key(&said), (said.state, said.basis))).collect();
    let those = |wanted: &dyn Fn(State, Option<&StatusEntry>) -> bool| -> Vec<Key> {
        let keys = now.iter().filter(|(key, (state, _))| wanted(*state, entry_of(known, key)));
        keys.map(|(key, _)| key.clone()).collect()
    };
    let window = || page.window().clone();
    let mut reasons = Vec::new();

    let mut reversed = those(&|state, entry| state == State::Pending && settled(entry));
    if !reversed.is_empty() {
        reversed.extend(still_waiting(known, &now, mapped));
    }
    if reversed.len() > most_reversed(now.len()) {
        let (count, who) = (reversed.len(), names(&reversed, roster));
        reasons.push(QuarantineReason::Reversed { window: window(), count, who });
    }

    // In a presence feed who has no row pends, and is counted above.
    if spec.mapping.meaning != Meaning::Presence {
        let covered: Vec<Key> = last.iter().filter(|said| said.basis != Basis::Silence).map(key).collect();
        let has_row = |key: &&Key| now.get(*key).is_some_and(|(_, basis)| *basis != Basis::Silence);
        let gone: Vec<Key> = covered.iter().filter(|key| !has_row(key)).cloned().collect();
        // Pages that could not be had are tolerated by another measure.
        let count = gone.len().saturating_sub(mapped.missed_pages);
        if count > most_of(covered.len()) {
            let who = names(&gone, roster);
            reasons.push(QuarantineReason::Uncovered { window: window(), count, before: covered.len(), who });
        }
    }

    let new = those(&|state, entry| state == State::Done && !settled(entry));
    if let Some(most) = before.pace.get(page.window()).and_then(|loads| usual(loads, mapped)) {
        let most = most.max(most_new(now.len()));
        if new.len() > most {
            let (count, who) = (new.len(), names(&new, roster));
            reasons.push(QuarantineReason::Jumped { window: window(), count, most, who });
        }
    }
    reasons
}

/// Who pends again by earlier loads that are not proven yet, nor by this one: a source that falls apart a few at a time
/// falls all the same. More of one load than any may have were believed by a person.
fn still_waiting(known: WindowStatus<'_>, now: &HashMap<Key, (State, Basis)>, mapped: &Mapped) -> Vec<Key> {
    let mut by_load: BTreeMap<jiff::Timestamp, Vec<Key>> = BTreeMap::new();
    for (key, _) in now.iter().filter(|(_, (state, _))| *state == State::Pending) {
        let entry = entry_of(known, key).filter(|entry| entry.state == State::Pending && entry.settled);
        let since = entry.and_then(|entry| entry.unproven_since);
        let waits = |since: &jiff::Timestamp| {
            mapped.taken_at.is_some_and(|at| at.duration_since(*since) < CONFIRMED_AFTER)
        };
        if let Some(since) = since.filter(waits) {
            by_load.entry(since).or_default().push(key.clone());
        }
    }
    by_load.into_values().filter(|keys| keys.len() <= most_reversed(now.len())).flatten().collect()
}

/// How many newly concluded the last loads let expect until now.
fn usual(loads: &[(jiff::Timestamp, usize)], mapped: &Mapped) -> Option<usize> {
    let (last, _) = loads.last().filter(|_| loads.len() >= LOADS_FOR_A_PACE)?;
    let days = |from: jiff::Timestamp, to: jiff::Timestamp| {
        usize::try_from(to.duration_since(from).as_hours().max(0) / 24).unwrap_or(usize::MAX).max(1)
    };
    let best = loads.windows(2).filter_map(|pair| match pair {
        [(from, before), (to, after)] => Some(after.saturating_sub(*before).div_ceil(days(*from, *to))),
        _ => None,
    });
    let best = best.max()?;
    Some(best.saturating_mul(PACES).saturating_mul(mapped.taken_at.map_or(1, |at| days(*last, at))))
}

fn entry_of<'a>(known: WindowStatus<'a>, (municipality, part, unit): &Key) -> Option<&'a StatusEntry> {
    known.of(*municipality).iter().find(|entry| entry.part == *part && entry.unit == *unit)
}

/// How many of so many keys are no large share.
pub(super) fn most_of(whole: usize) -> usize {
    (whole.saturating_mul(TOLERATED_PERCENT) / 100).max(1)
}

/// How many of so many keys may be reversed.
fn most_reversed(whole: usize) -> usize {
    most_of(whole).min(TOLERATED)
}

/// The municipalities of some keys, each once.
fn names(keys: &[Key], roster: &Roster) -> Vec<String> {
    let codes: BTreeSet<MunicipalityCode> = keys.iter().map(|(code, ..)| *code).collect();
    codes.into_iter().map(|code| roster.name_of(code)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_percent_or_five_may_be_reversed_and_of_a_few_keys_one() {
        let wholes = [1, 7, 19, 20, 39, 40, 60, 99, 100, 5_000];
        assert_eq!(wholes.map(most_reversed), [1, 1, 1, 1, 1, 2, 3, 4, 5, 5]);
        assert_eq!(wholes.map(most_of), [1, 1, 1, 1, 1, 2, 3, 4, 5, 250]);
    }
}
