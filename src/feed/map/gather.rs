//! One word on each key, whatever the order of the rows. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::id::{MunicipalityCode, PartId, UnitId, WindowId};
use crate::domain::status::{Observation, State};

/// What an observation is about.
pub(super) type Key = (WindowId, MunicipalityCode, PartId, Option<UnitId>);

/// What one row says of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    /// As of when: the row's own date, else when the snapshot was taken (as the status book counts).
    pub(super) as_of: Timestamp,
    pub(super) state: State,
    pub(super) dated: Option<Timestamp>,
    pub(super) wording: Option<Arc<str>>,
}

impl Said {
    /// The newest word stands; among words of one date the most advanced, and doubt before an accusation. The rest
    /// only makes the order whole, so that the order of rows never matters.
    fn weight(&self) -> (Timestamp, u8, bool, Option<&str>) {
        let advance = match self.state {
            State::Done => 3,
            State::NotApplicable => 2,
            State::Unconfirmed => 1,
            State::Pending => 0,
        };
        (self.as_of, advance, self.dated.is_some(), self.wording.as_deref())
    }
}

/// What all rows say, by key.
#[derive(Debug, Default)]
pub(super) struct Gathered(BTreeMap<Key, Said>);

impl Gathered {
    /// Takes in what a row says; tells whether another row spoke of the key before.
    pub(super) fn add(&mut self, key: Key, said: Said) -> bool {
        match self.0.get_mut(&key) {
            None => {
                self.0.insert(key, said);
                false
            }
            Some(known) => {
                if said.weight() > known.weight() {
                    *known = said;
                }
                true
            }
        }
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.0.keys()
    }

    pub(super) fn has(&self, key: &Key) -> bool {
        self.0.contains_key(key)
    }

    /// Whether anything is said of a part, as a whole or of a unit.
    pub(super) fn speaks_of(&self, whole: &Key) -> bool {
        self.0
            .range(whole..)
            .next()
            .is_some_and(|(k, _)| (&k.0, &k.1, &k.2) == (&whole.0, &whole.1, &whole.2))
    }

    pub(super) fn into_observations(self) -> Vec<Observation> {
        self.0
            .into_iter()
            .map(|((window, municipality, part, unit), said)| Observation {
                window,
                municipality,
                part,
                unit,
                state: said.state,
                dated: said.dated,
                reopened: false,
                wording: said.wording,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    fn said(day: i64, state: State) -> Said {
        let as_of = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * day);
        Said { as_of, state, dated: Some(as_of), wording: None }
    }

    fn stands(words: &[Said]) -> State {
        let mut gathered = Gathered::default();
        let key = || {
            (
                WindowId::parse("rma/2026-10").unwrap(),
                MunicipalityCode::parse("3205309").unwrap(),
                PartId::parse("CRAS").unwrap(),
                None,
            )
        };
        for word in words {
            gathered.add(key(), word.clone());
        }
        gathered.into_observations()[0].state
    }

    #[test]
    fn among_words_of_one_date_the_most_advanced_stands_and_doubt_before_an_accusation() {
        use State::{Done, NotApplicable, Pending, Unconfirmed};
        for (a, b, stays) in [
            (Done, Pending, Done),
            (Done, Unconfirmed, Done),
            (Pending, Unconfirmed, Unconfirmed),
            (Pending, NotApplicable, NotApplicable),
        ] {
            assert_eq!(stands(&[said(1, a), said(1, b)]), stays);
            assert_eq!(stands(&[said(1, b), said(1, a)]), stays);
        }
    }

    #[test]
    fn a_newer_word_stands_over_an_older_one() {
        assert_eq!(stands(&[said(2, State::Pending), said(1, State::Done)]), State::Pending);
        assert_eq!(stands(&[said(1, State::Done), said(2, State::Pending)]), State::Pending);
    }
}
