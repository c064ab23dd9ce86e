//! What a snapshot says, in little room: names are kept once, and a row is numbers. Pure.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Basis, Observation, State};
use crate::domain::id::{MunicipalityCode, PartId, UnitId, WindowId};

/// What is said of one key of a window, by the numbers of its names.
#[derive(Debug, Clone, Copy)]
pub struct PackedObservation {
    pub municipality: MunicipalityCode,
    /// Unit, from 1; 0 is the part as a whole.
    pub unit: u32,
    /// The data's own date, in seconds of the epoch; [`PackedObservation::UNDATED`] is none.
    pub dated: i64,
    /// Line in the file; 0 when no row says it.
    pub line: u32,
    pub part: u16,
    /// The source's own words, from 1; 0 is none.
    pub wording: u16,
    /// What is said.
    pub state: State,
    pub basis: Basis,
}

impl PackedObservation {
    /// No date.
    pub const UNDATED: i64 = i64::MAX;
}

/// The names that records stand for.
#[derive(Debug, Clone, Default)]
pub struct PackedNames {
    /// Parts, sorted.
    pub parts: Vec<PartId>,
    /// Units, as they were met.
    pub units: Vec<UnitId>,
    /// Wordings, as they were met.
    pub wordings: Vec<Arc<str>>,
}

impl PackedNames {
    /// The name of a unit; absent for the part as a whole.
    pub fn unit(&self, number: u32) -> Option<&UnitId> {
        self.units.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    /// A wording; absent for none.
    pub fn wording(&self, number: u16) -> Option<&Arc<str>> {
        self.wordings.get(usize::from(number).checked_sub(1)?)
    }
}

/// What a snapshot says, window by window.
#[derive(Debug, Clone, Default)]
pub struct Observations {
    names: PackedNames,
    windows: Vec<(WindowId, Vec<PackedObservation>)>,
}

impl Observations {
    /// Of different windows; sorted here by window, municipality, part and unit.
    pub fn new(names: PackedNames, mut windows: Vec<(WindowId, Vec<PackedObservation>)>) -> Self {
        windows.retain(|(_, records)| !records.is_empty());
        windows.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (_, records) in &mut windows {
            records.sort_unstable_by(|a, b| {
                let key = |r: &PackedObservation| (r.municipality, r.part, names.unit(r.unit));
                key(a).cmp(&key(b))
            });
        }
        Self { names, windows }
    }

    /// Lets silence about windows of a sort leave open what stands otherwise. Answers about how many keys.
    pub fn doubt_silence(
        &mut self,
        of: impl Fn(&WindowId) -> bool,
        stands: impl Fn(&WindowId, MunicipalityCode, &PartId, Option<&UnitId>) -> bool,
    ) -> usize {
        let mut doubted = 0;
        for (window, records) in self.windows.iter_mut().filter(|(window, _)| of(window)) {
            for record in records.iter_mut() {
                let accuses = (record.basis, record.state) == (Basis::Silence, State::Pending);
                let part = self.names.parts.get(usize::from(record.part));
                let unit = self.names.unit(record.unit);
                if accuses && part.is_some_and(|part| stands(window, record.municipality, part, unit)) {
                    record.state = State::Unconfirmed;
                    doubted += 1;
                }
            }
        }
        doubted
    }

    /// Window by window.
    pub fn pages(&self) -> impl Iterator<Item = Page<'_>> {
        self.windows.iter().map(|(window, records)| Page { window, records, names: &self.names })
    }

    /// How many observations.
    pub fn len(&self) -> usize {
        self.windows.iter().map(|(_, records)| records.len()).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.windows.is_empty()
    }

    /// One observation after the other, by window, municipality, part and unit.
    pub fn iter(&self) -> impl Iterator<Item = Observation> + '_ {
        self.pages().flat_map(Page::observations)
    }
}

impl PartialEq for Observations {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Observations {}

impl FromIterator<Observation> for Observations {
    fn from_iter<I: IntoIterator<Item = Observation>>(observations: I) -> Self {
        fn number<T: PartialEq>(names: &mut Vec<T>, name: T) -> usize {
            names.iter().position(|known| *known == name).unwrap_or_else(|| {
                names.push(name);
                names.len() - 1
            })
        }
        let all: Vec<Observation> = observations.into_iter().collect();
        let mut names =
            PackedNames { parts: all.iter().map(|o| o.part.clone()).collect(), ..PackedNames::default() };
        names.parts.sort();
        names.parts.dedup();
        let mut windows: Vec<(WindowId, Vec<PackedObservation>)> = Vec::new();
        for o in all {
            let small = |n: usize| u16::try_from(n).unwrap_or_default();
            let unit = o.unit.map_or(0, |unit| number(&mut names.units, unit) + 1);
            let record = PackedObservation {
                municipality: o.municipality,
                unit: u32::try_from(unit).unwrap_or_default(),
                dated: o.dated.map_or(PackedObservation::UNDATED, Timestamp::as_second),
                line: o.line,
                part: small(number(&mut names.parts, o.part)),
                wording: small(o.wording.map_or(0, |wording| number(&mut names.wordings, wording) + 1)),
                state: o.state,
                basis: o.basis,
            };
            match windows.iter_mut().find(|(window, _)| *window == o.window) {
                Some((_, records)) => records.push(record),
                None => windows.push((o.window, vec![record])),
            }
        }
        Self::new(names, windows)
    }
}

/// What a snapshot says of one window.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    window: &'a WindowId,
    records: &'a [PackedObservation],
    names: &'a PackedNames,
}

impl<'a> Page<'a> {
    /// Of which window.
    pub fn window(self) -> &'a WindowId {
        self.window
    }

    /// How many observations say *concluído*.
    pub fn done(self) -> usize {
        self.records.iter().filter(|record| record.state == State::Done).count()
    }

    /// Of which municipalities something is said, each once.
    pub fn municipalities(self) -> impl Iterator<Item = MunicipalityCode> + 'a {
        self.records
            .chunk_by(|a, b| a.municipality == b.municipality)
            .filter_map(|of_one| of_one.first().map(|record| record.municipality))
    }

    /// What is said, by municipality, part and unit.
    pub fn observations(self) -> impl Iterator<Item = Observation> + 'a {
        self.each().map(move |said| Observation {
            window: self.window.clone(),
            municipality: said.municipality,
            part: said.part.clone(),
            unit: said.unit.cloned(),
            state: said.state,
            dated: said.dated,
            basis: said.basis,
            line: said.line,
            wording: said.wording.cloned(),
        })
    }

    /// The same with its names where they are kept.
    pub fn each(self) -> impl Iterator<Item = ObservationRef<'a>> + 'a {
        let Self { records, names, .. } = self;
        records.iter().filter_map(move |record| {
            let dated = (record.dated != PackedObservation::UNDATED)
                .then(|| Timestamp::from_second(record.dated).ok());
            Some(ObservationRef {
                municipality: record.municipality,
                part: names.parts.get(usize::from(record.part))?,
                unit: names.unit(record.unit),
                state: record.state,
                dated: dated.flatten(),
                basis: record.basis,
                line: record.line,
                wording: names.wording(record.wording),
            })
        })
    }
}

/// An [`Observation`] of a window, with its names where they are kept.
#[derive(Debug, Clone, Copy)]
pub struct ObservationRef<'a> {
    pub municipality: MunicipalityCode,
    pub part: &'a PartId,
    /// Unit; absent: the part as a whole.
    pub unit: Option<&'a UnitId>,
    pub state: State,
    /// The data's own date, when it has one.
    pub dated: Option<Timestamp>,
    pub basis: Basis,
    /// Line in the file; 0 where no row says it.
    pub line: u32,
    /// The source's own words, when they should be shown.
    pub wording: Option<&'a Arc<str>>,
}

impl<'a> ObservationRef<'a> {
    /// What it is about, in the order of pages.
    pub fn key(&self) -> (MunicipalityCode, &'a PartId, Option<&'a UnitId>) {
        (self.municipality, self.part, self.unit)
    }
}

impl Observation {
    /// The same, with its names where this keeps them.
    pub fn as_ref(&self) -> ObservationRef<'_> {
        ObservationRef {
            municipality: self.municipality,
            part: &self.part,
            unit: self.unit.as_ref(),
            state: self.state,
            dated: self.dated,
            basis: self.basis,
            line: self.line,
            wording: self.wording.as_ref(),
        }
    }
}
