//! What was so when the deadline of an edition passed: who was expected with which units, who was competent, and what
//! the feeds had said. A closed window is a fact: remessas, reports and `situacao` rest on this record and on later
//! loads about the window, never on the roster, the ladder or the offices of today. Pure.
//!
//! Who was told which date is not repeated here: the ledger has every letter, and what comes back of them later still
//! counts.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::id::{GerenciaId, MunicipalityCode, PartId};
use super::journal::{CompetentFacts, EditionClosed, ExpectedFacts, KnownFacts, Text};
use super::notice::Addressee;
use super::status::{Basis, State, StatusEntry};

/// The record of an edition whose deadline passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// When the deadline passed.
    pub ended_at: Timestamp,
    /// When the remessa is due, by the hours and holidays of then.
    pub refer_at: Timestamp,
    /// For how long a *pendente* was believed.
    pub validity: SignedDuration,
    /// To whom the remessa goes.
    pub offices: Vec<Addressee>,
    /// The competent gerências of each part.
    pub competent: BTreeMap<PartId, Vec<GerenciaId>>,
    /// The municipalities that the edition ended for and of which something was expected.
    pub municipalities: BTreeMap<MunicipalityCode, ExpectedFacts>,
    /// The municipalities of which something was expected and that were on another edition.
    pub elsewhere: BTreeSet<MunicipalityCode>,
}

impl KnownFacts {
    /// Whether an entry is the same feed's about the same key, in whatever load.
    pub fn is_about(&self, entry: &StatusEntry) -> bool {
        *self.part == entry.part && self.unit.as_deref() == entry.unit.as_ref() && *self.feed == entry.feed
    }

    /// What stood when the deadline passed at an instant, as the feed had said it. Where the record was made late and a
    /// later load had written over it, nobody knows: that is told as what contradicts itself, so that it proves nothing.
    pub fn as_of_deadline(&self, ended_at: Timestamp) -> StatusEntry {
        let is_lost = *self.taken_at > ended_at;
        StatusEntry {
            part: self.part.0.clone(),
            unit: self.unit.as_deref().cloned(),
            state: if is_lost { State::Unconfirmed } else { *self.state },
            dated: Some(*self.as_of),
            taken_at: *self.taken_at,
            feed: self.feed.0.clone(),
            snapshot: self.snapshot.0.clone(),
            arrival: self.arrival,
            basis: if is_lost { Basis::Contradiction } else { *self.basis },
            line: 0,
            settled: self.settled,
            unproven_since: self.unproven_since.as_deref().copied(),
            wording: None,
        }
    }
}

fn texts<T: Clone>(values: &[T]) -> Vec<Text<T>> {
    values.iter().cloned().map(Text).collect()
}

fn values<T>(texts: Vec<Text<T>>) -> Vec<T> {
    texts.into_iter().map(|text| text.0).collect()
}

impl Closing {
    /// The record of a window in which nothing was expected of anybody.
    pub fn empty(ended_at: Timestamp) -> Self {
        Self {
            ended_at,
            refer_at: ended_at,
            validity: SignedDuration::ZERO,
            offices: Vec::new(),
            competent: BTreeMap::new(),
            municipalities: BTreeMap::new(),
            elsewhere: BTreeSet::new(),
        }
    }

    /// As the journal tells it.
    pub fn told(&self, edition: u16) -> EditionClosed {
        let competent = |(part, gerencias): (&PartId, &Vec<GerenciaId>)| CompetentFacts {
            part: Text(part.clone()),
            gerencias: texts(gerencias),
        };
        EditionClosed {
            edition,
            ended_at: Text(self.ended_at),
            refer_at: Text(self.refer_at),
            validity: Text(self.validity),
            offices: texts(&self.offices),
            competent: self.competent.iter().map(competent).collect(),
            municipalities: self.municipalities.values().cloned().collect(),
            elsewhere: self.elsewhere.iter().copied().map(Text).collect(),
        }
    }
}

impl From<EditionClosed> for Closing {
    fn from(told: EditionClosed) -> Self {
        Self {
            ended_at: told.ended_at.0,
            refer_at: told.refer_at.0,
            validity: told.validity.0,
            offices: values(told.offices),
            competent: told.competent.into_iter().map(|c| (c.part.0, values(c.gerencias))).collect(),
            municipalities: told.municipalities.into_iter().map(|m| (*m.municipality, m)).collect(),
            elsewhere: told.elsewhere.into_iter().map(|code| code.0).collect(),
        }
    }
}
