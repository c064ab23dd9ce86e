//! Where in a row each mapped thing stands. Pure.

use crate::domain::feed::{Mapping, Meaning, PartRule, ReferenceRule};
use crate::domain::state;
use crate::format::table::{ColumnError, ColumnIndex, Header, TableRow};
use crate::text::fold::folded;

/// Where in a row each thing stands.
pub(super) struct Columns {
    pub(super) municipality: Option<ColumnIndex>,
    pub(super) unit: Option<ColumnIndex>,
    pub(super) part: Option<ColumnIndex>,
    pub(super) reference: Option<ColumnIndex>,
    pub(super) situation: Option<ColumnIndex>,
    pub(super) done: Option<ColumnIndex>,
    pub(super) expected: Option<ColumnIndex>,
    pub(super) dated: Option<ColumnIndex>,
    /// Those that no mapping names and that may say a state, each with whether its heading says that it does.
    others: Vec<(ColumnIndex, bool)>,
}

/// The columns that a mapping names, in the order of [`Columns`]; each absent when the mapping has no such column.
fn named(mapping: &Mapping) -> [Option<&str>; 8] {
    let part = match &mapping.part {
        PartRule::Column { column, .. } => Some(column.as_str()),
        PartRule::Fixed(_) | PartRule::Situation => None,
    };
    let reference = match &mapping.reference {
        ReferenceRule::Column { column, .. } => Some(column.as_str()),
        ReferenceRule::Open | ReferenceRule::Fixed(_) => None,
    };
    let (situation, done, expected) = match &mapping.meaning {
        Meaning::Situation { column, .. } => (Some(column.as_str()), None, None),
        Meaning::Count { done, expected } => (None, Some(done.as_str()), Some(expected.as_str())),
        Meaning::Presence => (None, None, None),
    };
    let dated = mapping.dated.as_ref().map(|(column, _)| column.as_str());
    let (municipality, unit) = (mapping.municipality.column(), mapping.unit.as_deref());
    [municipality, unit, part, reference, situation, done, expected, dated]
}

/// Every column that a mapping names, for finding the heading among a sheet's rows.
pub(in crate::feed) fn wanted(mapping: &Mapping) -> Vec<&str> {
    named(mapping).into_iter().flatten().collect()
}

fn others(header: &Header, mapped: &[Option<ColumnIndex>]) -> Vec<(ColumnIndex, bool)> {
    let mut others = Vec::new();
    for (at, name) in header.names().enumerate() {
        let (column, name) = (ColumnIndex::at(at), folded(name));
        // A region has letters of its own: SE.
        if !mapped.contains(&Some(column)) && !name.starts_with("regi") {
            let mut words = name.split(|c: char| !c.is_alphanumeric());
            others.push((column, words.any(|word| matches!(word, "uf" | "estado"))));
        }
    }
    others
}

impl Columns {
    /// Finds every mapped column, or tells all that cannot be found.
    pub(super) fn find(mapping: &Mapping, header: &Header) -> Result<Self, Vec<ColumnError>> {
        let mut errors = Vec::new();
        let found = named(mapping).map(|name| match header.find(name?) {
            Ok(column) => Some(column),
            Err(error) => {
                errors.push(error);
                None
            }
        });
        let [municipality, unit, part, reference, situation, done, expected, dated] = found;
        if errors.is_empty() {
            let others = others(header, &found);
            Ok(Self { municipality, unit, part, reference, situation, done, expected, dated, others })
        } else {
            Err(errors)
        }
    }

    /// All mapped columns.
    pub(super) fn mapped(&self) -> impl Iterator<Item = ColumnIndex> {
        let Self { municipality, unit, part, reference, situation, done, expected, dated, .. } = self;
        [municipality, unit, part, reference, situation, done, expected, dated].into_iter().copied().flatten()
    }

    /// The states that a row says beside what is mapped.
    pub(super) fn states(&self, row: &TableRow) -> Vec<&'static str> {
        let said = |(column, is_state): &(ColumnIndex, bool)| {
            let text = row.cell(*column)?;
            state::named(text).or_else(|| state::numbered(text).filter(|_| *is_state))
        };
        self.others.iter().filter_map(said).collect()
    }
}
