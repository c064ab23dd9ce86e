//! One row to what it says. Pure.

use jiff::Timestamp;
use jiff::civil::Time;

use crate::domain::calendar::Respondent;
use crate::domain::feed::{FeedSpec, Mapping, Meaning, PartRule, ReferenceRule};
use crate::domain::id::{MunicipalityCode, PartId};
use crate::domain::status::State;
use crate::domain::time::Zone;
use crate::feed::table::{Column, ColumnError, Header, Row};

use super::absence::Doubts;
use super::gather::{Gathered, Said};
use super::period::Periods;
use super::place::{NotKnown, Places, unit};
use super::word::{Wordings, Words, unknown};
use super::{Ground, MOST_LISTED, Mapped, UnknownMunicipality};

/// Where in a row each thing stands.
pub(super) struct Columns {
    municipality: Column,
    unit: Option<Column>,
    part: Option<Column>,
    reference: Option<Column>,
    situation: Option<Column>,
    dated: Option<Column>,
}

impl Columns {
    /// Finds every mapped column, or tells all that cannot be found.
    pub(super) fn find(mapping: &Mapping, header: &Header) -> Result<Self, Vec<ColumnError>> {
        let mut errors = Vec::new();
        let mut find = |name: Option<&str>| match name.map(|name| header.find(name)) {
            Some(Err(error)) => {
                errors.push(error);
                None
            }
            Some(Ok(column)) => Some(column),
            None => None,
        };
        let municipality = find(Some(&mapping.municipality));
        let unit = find(mapping.unit.as_deref());
        let part = find(match &mapping.part {
            PartRule::Column { column, .. } => Some(column),
            PartRule::Fixed(_) => None,
        });
        let reference = find(match &mapping.reference {
            ReferenceRule::Column { column, .. } => Some(column),
            ReferenceRule::Open | ReferenceRule::Fixed(_) => None,
        });
        let situation = find(match &mapping.meaning {
            Meaning::Situation { column, .. } => Some(column),
            Meaning::Presence => None,
        });
        let dated = find(mapping.dated.as_ref().map(|(column, _)| column.as_str()));
        match municipality {
            Some(municipality) if errors.is_empty() => {
                Ok(Self { municipality, unit, part, reference, situation, dated })
            }
            _ => Err(errors),
        }
    }
}

/// What rows are read by.
pub(super) struct Tables<'a> {
    spec: &'a FeedSpec,
    ground: &'a Ground<'a>,
    places: Places<'a>,
    parts: Option<Words<PartId>>,
    situations: Option<Words<State>>,
    wordings: Wordings,
}

/// Where what a row says goes.
pub(super) struct To<'t> {
    pub(super) mapped: &'t mut Mapped,
    pub(super) gathered: &'t mut Gathered,
    pub(super) doubts: &'t mut Doubts,
}

impl<'a> Tables<'a> {
    pub(super) fn new(spec: &'a FeedSpec, ground: &'a Ground<'a>) -> Self {
        let parts = match &spec.mapping.part {
            PartRule::Column { words, .. } => Some(Words::of_parts(&ground.calendar.parts, words)),
            PartRule::Fixed(_) => None,
        };
        let situations = match &spec.mapping.meaning {
            Meaning::Situation { words, .. } => Some(Words::new(words)),
            Meaning::Presence => None,
        };
        let places = Places::new(ground.roster);
        Self { spec, ground, places, parts, situations, wordings: Wordings::default() }
    }

    /// Takes in one row, with whatever is odd about it.
    pub(super) fn read(&mut self, row: &Row, columns: &Columns, periods: &Periods<'_>, mut to: To<'_>) {
        match self.places.municipality(row.cell(columns.municipality)) {
            Ok(municipality) => match self.read_known(row, columns, periods, municipality, &mut to) {
                Ok(()) => {
                    to.mapped.municipalities_seen.insert(municipality);
                }
                Err(message) => {
                    to.doubts.about(municipality);
                    to.mapped.bad_line(row.line, message);
                }
            },
            Err(NotKnown::Unknown(code)) => {
                to.mapped.unknown += 1;
                if to.mapped.unknown_municipalities.len() < MOST_LISTED {
                    to.mapped.unknown_municipalities.push(UnknownMunicipality { line: row.line, code });
                }
            }
            Err(NotKnown::Bad(message)) => {
                to.doubts.everywhere();
                to.mapped.bad_line(row.line, message);
            }
        }
    }

    fn read_known(
        &mut self,
        row: &Row,
        columns: &Columns,
        periods: &Periods<'_>,
        municipality: MunicipalityCode,
        to: &mut To<'_>,
    ) -> Result<(), String> {
        let cell = |column: Option<Column>| column.and_then(|c| row.cell(c));
        let part = match (&self.spec.mapping.part, &self.parts) {
            (PartRule::Column { column, .. }, Some(words)) => {
                let word = cell(columns.part).ok_or("parte em branco")?;
                let Some(part) = words.get(word) else {
                    to.doubts.about(municipality);
                    unknown(to.mapped, column, word, row.line);
                    return Ok(());
                };
                part.clone()
            }
            (PartRule::Fixed(part), _) => part.clone(),
            (PartRule::Column { .. }, None) => return Err("parte desconhecida".to_owned()),
        };
        let windows = periods.of_row(cell(columns.reference), &part)?;
        if windows.is_empty() {
            to.mapped.without_window += 1;
            return Ok(());
        }
        let unit = cell(columns.unit).map(unit).transpose()?;
        let by_units =
            self.ground.calendar.parts.get(&part).is_some_and(|p| p.respondent == Respondent::Unit);
        if columns.unit.is_some() && unit.is_none() && by_units {
            return Err("código da unidade em branco".to_owned());
        }
        let said = self.said(row, columns, to.mapped);
        let mut repeated = false;
        for window in windows {
            let key = (window.id.clone(), municipality, part.clone(), unit.clone());
            repeated |= to.gathered.add(key, said.clone());
        }
        if repeated {
            to.mapped.duplicates += 1;
            to.mapped.first_duplicate = to.mapped.first_duplicate.or(Some(row.line));
        }
        Ok(())
    }

    /// What the row says, and as of when.
    fn said(&mut self, row: &Row, columns: &Columns, mapped: &mut Mapped) -> Said {
        let (state, wording) = match (&self.spec.mapping.meaning, &self.situations, columns.situation) {
            (Meaning::Situation { column, .. }, Some(words), Some(at)) => {
                let word = row.cell(at).unwrap_or_default();
                let state = words.get(word).copied().unwrap_or_else(|| {
                    if word.is_empty() {
                        mapped.blank_situations += 1;
                    } else {
                        unknown(mapped, column, word, row.line);
                    }
                    State::Unconfirmed
                });
                (state, (!word.is_empty()).then(|| self.wordings.keep(word)))
            }
            _ => (State::Done, None),
        };
        let taken_at = self.ground.taken_at;
        let read = match (&self.spec.mapping.dated, columns.dated.and_then(|c| row.cell(c))) {
            (Some((_, pattern)), Some(text)) => {
                Some(instant(text, pattern, &self.ground.calendar.hours.zone).filter(|at| *at <= taken_at))
            }
            _ => None,
        };
        // A date that cannot be read, or is yet to come, leaves open how old an accusation is.
        let doubtful = read == Some(None);
        mapped.doubtful_dates += usize::from(doubtful);
        let state = if doubtful && state == State::Pending { State::Unconfirmed } else { state };
        let dated = read.flatten();
        Said { as_of: dated.unwrap_or(taken_at), state, dated, wording }
    }
}

/// The instant that a text names in the calendar's zone; a date without a time is the start of its day, so that data
/// is never taken for younger than it is.
fn instant(text: &str, pattern: &str, zone: &Zone) -> Option<Timestamp> {
    let read = jiff::fmt::strtime::parse(pattern, text).ok()?;
    if read.offset().is_some() {
        return read.to_timestamp().ok();
    }
    let time = if read.hour().is_some() { read.to_time().ok()? } else { Time::midnight() };
    Some(zone.at(read.to_date().ok()?, time))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    #[test]
    fn a_date_without_a_time_is_the_start_of_its_day_in_the_calendars_zone() {
        let zone = Zone::new(TimeZone::get("America/Sao_Paulo").unwrap());
        let read = |text, pattern| instant(text, pattern, &zone).map(|t| t.to_string());
        assert_eq!(read("05/11/2026", "%d/%m/%Y").unwrap(), "2026-11-05T03:00:00Z");
        assert_eq!(read("05/11/2026 14:30", "%d/%m/%Y %H:%M").unwrap(), "2026-11-05T17:30:00Z");
        assert_eq!(
            read("2026-11-05T14:30:00+00:00", "%Y-%m-%dT%H:%M:%S%:z").unwrap(),
            "2026-11-05T14:30:00Z"
        );
        for bad in ["31/02/2026", "2026-11-05", "ontem", "5/11"] {
            assert_eq!(read(bad, "%d/%m/%Y"), None, "{bad}");
        }
    }
}
