//! What was so when the deadline of an edition passed: who was expected with which units, who was competent, and what
//! the feeds had said. A closed window is a fact: remessas, reports and `situacao` rest on this record and on later
//! loads about the window, never on the roster, the ladder or the offices of today. Pure.
//!
//! Who was told which date is not repeated here: the ledger has every letter, and what comes back of them later still
//! counts.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::id::{FeedId, GerenciaId, MunicipalityCode, PartId, SnapshotId, UnitId};
use super::journal::{CompetentFacts, EditionClosed, ExpectedFacts, ExpectedPartFacts, KnownFacts, Text};
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
    pub municipalities: BTreeMap<MunicipalityCode, Expected>,
    /// The municipalities of which something was expected and that were on another edition.
    pub elsewhere: BTreeSet<MunicipalityCode>,
}

/// What was expected of a municipality, and what was known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// Its name.
    pub name: String,
    /// Its region.
    pub region: String,
    /// Whether it counted as told of the first edition outside the system.
    pub told_outside: bool,
    /// Whether the divulgação had somebody to go to.
    pub reachable: bool,
    /// Whether nothing was owed yet because another window was not concluded there (`depende_de`).
    pub waits: bool,
    /// The parts that were expected.
    pub parts: Vec<ExpectedPart>,
    /// What the feeds had said.
    pub known: Vec<KnownEntry>,
}

/// A part that was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedPart {
    /// Which.
    pub part: PartId,
    /// The units of it that counted, by id.
    pub units: Vec<UnitId>,
    /// Those of them that began within the period, so that the silence about them means nothing.
    pub late: Vec<UnitId>,
}

/// What a feed had said. The rest of its word is in the evidence of the load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownEntry {
    /// Part.
    pub part: PartId,
    /// Unit; absent: the part as a whole.
    pub unit: Option<UnitId>,
    /// What it said.
    pub state: State,
    /// As of when.
    pub as_of: Timestamp,
    /// When the load was taken: after the deadline where the record was made late and what was known by then was written
    /// over.
    pub taken_at: Timestamp,
    /// Which feed.
    pub feed: FeedId,
    /// Which load.
    pub snapshot: SnapshotId,
    /// The place of the load among all.
    pub arrival: u64,
    /// On what it rested.
    pub basis: Basis,
    /// Whether the last word that was believed was *concluído* or *não se aplica*.
    pub settled: bool,
    /// Since when it was reported as *pendente* and not yet proven; absent: it was, or said something else.
    pub unproven_since: Option<Timestamp>,
    /// Whether it was young enough to be believed when the deadline passed, or when it came after.
    pub is_fresh: bool,
}

impl KnownEntry {
    /// Whether an entry is the same feed's about the same key, in whatever load.
    #[must_use]
    pub fn is_about(&self, entry: &StatusEntry) -> bool {
        self.part == entry.part && self.unit == entry.unit && self.feed == entry.feed
    }

    /// What stood when the deadline passed at an instant, as the feed had said it. Where the record was made late and a
    /// later load had written over it, nobody knows: that is told as what contradicts itself, so that it proves nothing.
    #[must_use]
    pub fn as_of_deadline(&self, ended_at: Timestamp) -> StatusEntry {
        let is_lost = self.taken_at > ended_at;
        StatusEntry {
            part: self.part.clone(),
            unit: self.unit.clone(),
            state: if is_lost { State::Unconfirmed } else { self.state },
            dated: Some(self.as_of),
            taken_at: self.taken_at,
            feed: self.feed.clone(),
            snapshot: self.snapshot.clone(),
            arrival: self.arrival,
            basis: if is_lost { Basis::Contradiction } else { self.basis },
            line: 0,
            settled: self.settled,
            unproven_since: self.unproven_since,
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
    #[must_use]
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
    #[must_use]
    pub fn told(&self, edition: u16) -> EditionClosed {
        let competent = |(part, gerencias): (&PartId, &Vec<GerenciaId>)| CompetentFacts {
            part: Text(part.clone()),
            gerencias: texts(gerencias),
        };
        let expected = |(code, expected): (&MunicipalityCode, &Expected)| ExpectedFacts {
            municipality: Text(*code),
            name: expected.name.clone(),
            region: expected.region.clone(),
            told_outside: expected.told_outside,
            reachable: expected.reachable,
            waits: expected.waits,
            parts: expected.parts.iter().map(ExpectedPart::told).collect(),
            known: expected.known.iter().map(KnownEntry::told).collect(),
        };
        EditionClosed {
            edition,
            ended_at: Text(self.ended_at),
            refer_at: Text(self.refer_at),
            validity: Text(self.validity),
            offices: texts(&self.offices),
            competent: self.competent.iter().map(competent).collect(),
            municipalities: self.municipalities.iter().map(expected).collect(),
            elsewhere: self.elsewhere.iter().copied().map(Text).collect(),
        }
    }
}

impl From<EditionClosed> for Closing {
    fn from(told: EditionClosed) -> Self {
        let expected = |facts: ExpectedFacts| Expected {
            name: facts.name,
            region: facts.region,
            told_outside: facts.told_outside,
            reachable: facts.reachable,
            waits: facts.waits,
            parts: facts.parts.into_iter().map(ExpectedPart::from).collect(),
            known: facts.known.into_iter().map(KnownEntry::from).collect(),
        };
        Self {
            ended_at: told.ended_at.0,
            refer_at: told.refer_at.0,
            validity: told.validity.0,
            offices: values(told.offices),
            competent: told.competent.into_iter().map(|c| (c.part.0, values(c.gerencias))).collect(),
            municipalities: told
                .municipalities
                .into_iter()
                .map(|m| (m.municipality.0, expected(m)))
                .collect(),
            elsewhere: told.elsewhere.into_iter().map(|code| code.0).collect(),
        }
    }
}

impl ExpectedPart {
    fn told(&self) -> ExpectedPartFacts {
        ExpectedPartFacts {
            part: Text(self.part.clone()),
            units: texts(&self.units),
            late: texts(&self.late),
        }
    }
}

impl From<ExpectedPartFacts> for ExpectedPart {
    fn from(told: ExpectedPartFacts) -> Self {
        Self { part: told.part.0, units: values(told.units), late: values(told.late) }
    }
}

impl KnownEntry {
    fn told(&self) -> KnownFacts {
        KnownFacts {
            part: Text(self.part.clone()),
            unit: self.unit.clone().map(Text),
            state: Text(self.state),
            as_of: Text(self.as_of),
            taken_at: Text(self.taken_at),
            feed: Text(self.feed.clone()),
            snapshot: Text(self.snapshot.clone()),
            arrival: self.arrival,
            basis: Text(self.basis),
            settled: self.settled,
            unproven_since: self.unproven_since.map(Text),
            is_fresh: self.is_fresh,
        }
    }
}

impl From<KnownFacts> for KnownEntry {
    fn from(told: KnownFacts) -> Self {
        Self {
            part: told.part.0,
            unit: told.unit.map(|unit| unit.0),
            state: told.state.0,
            as_of: told.as_of.0,
            taken_at: told.taken_at.0,
            feed: told.feed.0,
            snapshot: told.snapshot.0,
            arrival: told.arrival,
            basis: told.basis.0,
            settled: told.settled,
            unproven_since: told.unproven_since.map(|at| at.0),
            is_fresh: told.is_fresh,
        }
    }
}
