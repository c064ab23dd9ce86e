//! One row to what it says. Pure. Above 400 lines: every way in which a row may say something, and may not, in the order in which
//! it is asked.

use std::collections::HashMap;
use std::rc::Rc;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::domain::calendar::Respondent;
use crate::domain::feed::{FeedSpec, Meaning, PartRule, PlaceRule, Says, Word};
use crate::domain::id::{MunicipalityCode, PartId, Reference, UnitId};
use crate::domain::state::state_of;
use crate::domain::status::{Basis, State};
use crate::domain::time::Zone;
use crate::format::body::Given;
use crate::format::table::{ColumnIndex, TableRow};
use crate::text::fold::{excerpt, folded};
use crate::text::remark::Remark;
use crate::text::words::Words;

use super::absence::Doubts;
use super::column::Columns;
use super::count::Count;
use super::gather::{Gathered, Said};
use super::period::{Periods, sheet_date};
use super::place::{NotKnown, Places, is_shared, tells_state, unit, without_fraction};
use super::word::{Lookup, MOST_CHARACTERS, part_words, unknown};
use super::{Ground, MOST_LISTED, Mapped, UnknownMunicipality};

/// Whom a row was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whom {
    /// A municipality, ours or another.
    Somebody,
    /// Nobody, as the feed says of such rows.
    Nothing,
    /// Nobody knows.
    Bad,
}

/// What rows are read by.
pub(super) struct Tables<'a> {
    spec: &'a FeedSpec,
    ground: &'a Ground<'a>,
    places: Places,
    parts: Lookup<Vec<PartId>>,
    situations: Lookup<Says>,
    blanks: Vec<String>,
    ignored: Vec<String>,
    /// The windows of a reference as written, for each part: files have few references and many rows.
    windows: HashMap<u16, HashMap<String, Rc<[usize]>>>,
    /// Dates as written: files have few days and many rows.
    dates: HashMap<String, Dated>,
    /// As it is met in the last row.
    last_seen: Option<MunicipalityCode>,
    /// Whether a row names a municipality that is none of ours: then a name that others have too may be theirs.
    names_others: bool,
}

/// Most references remembered as written.
const MOST_REFERENCES: usize = 2_000;
/// Most dates remembered as written: thirty years of days. Of times there is no end.
const MOST_DATES: usize = 10_000;
/// What is longer is no date.
const LONGEST_DATE: usize = 40;

/// Where what a row says goes.
pub(super) struct To<'t> {
    pub(super) mapped: &'t mut Mapped,
    pub(super) gathered: &'t mut Gathered,
    pub(super) doubts: &'t mut Doubts,
}

/// What a row is read with: where its cells stand, and what the request settled.
#[derive(Clone, Copy)]
pub(super) struct With<'r> {
    pub(super) columns: &'r Columns,
    pub(super) given: &'r Given,
    pub(super) periods: &'r Periods<'r>,
}

impl<'a> Tables<'a> {
    pub(super) fn new(spec: &'a FeedSpec, ground: &'a Ground<'a>) -> Self {
        let parts = match &spec.mapping.part {
            PartRule::Column { words, .. } => {
                part_words(&ground.calendar.parts, words, |id| vec![id.clone()])
            }
            PartRule::Fixed(_) | PartRule::Situation => Words::default(),
        };
        let situations = match &spec.mapping.meaning {
            Meaning::Situation { words, .. } => words.clone(),
            Meaning::Presence | Meaning::Count { .. } => Words::default(),
        };
        let fold = |words: &[String]| words.iter().map(|w| folded(w)).collect();
        Self {
            spec,
            ground,
            places: Places::new(ground.roster),
            parts: Lookup::new(parts),
            situations: Lookup::new(situations),
            blanks: fold(&spec.mapping.blanks),
            ignored: fold(&spec.mapping.ignored),
            windows: HashMap::new(),
            dates: HashMap::new(),
            last_seen: None,
            names_others: false,
        }
    }

    /// A cell; absent where there is no such column, where it is blank, and where it holds a word for nothing.
    fn cell<'r>(&self, row: &'r TableRow, column: Option<ColumnIndex>) -> Option<&'r str> {
        let text = row.cell(column?)?;
        let blank = !self.blanks.is_empty() && self.blanks.contains(&folded(text));
        (!blank).then_some(text)
    }

    /// Takes in one row, with whatever is odd about it, and answers whom it was about.
    pub(super) fn read(&mut self, row: &TableRow, with: With<'_>, mut to: To<'_>) -> Whom {
        match self.municipality(row, with) {
            Ok(municipality) => {
                match self.read_known(row, with, municipality, &mut to) {
                    Ok(()) => {
                        if self.last_seen != Some(municipality) {
                            to.mapped.municipalities_seen.insert(municipality);
                            self.last_seen = Some(municipality);
                        }
                    }
                    Err(message) => {
                        to.doubts.about(municipality);
                        to.mapped.bad_line(row.line, message);
                    }
                }
                Whom::Somebody
            }
            Err(NotKnown::Unknown(code)) => {
                to.mapped.unknown += 1;
                if to.mapped.unknown_municipalities.len() < MOST_LISTED {
                    to.mapped.unknown_municipalities.push(UnknownMunicipality { line: row.line, code });
                }
                Whom::Somebody
            }
            Err(NotKnown::Ignored) => {
                to.mapped.ignored += 1;
                Whom::Nothing
            }
            Err(NotKnown::Bad(message)) => {
                match with.given.municipality {
                    Some(asked) => to.doubts.about(asked),
                    None => to.doubts.everywhere(),
                }
                to.mapped.bad_line(row.line, message);
                Whom::Bad
            }
        }
    }

    /// Whether a cell of the row is the name of a municipality.
    pub(super) fn names_one(&self, row: &TableRow) -> bool {
        row.cells().any(|cell| self.places.is_name(cell))
    }

    /// Whether the feed says that such a row is no data, by what stands in the municipality's column.
    pub(super) fn is_ignored(&self, row: &TableRow, columns: &Columns) -> bool {
        let Some(column) = columns.municipality.filter(|_| !self.ignored.is_empty()) else { return false };
        // A sum may stand under no municipality at all: then the first word of its row says what it is. A row that names a
        // municipality anywhere is none, but has lost its code.
        let first = || row.cells().find(|cell| !cell.is_empty()).filter(|_| !self.names_one(row));
        row.cell(column).or_else(first).is_some_and(|label| self.ignored.contains(&folded(label)))
    }

    /// The municipality that the row names, else the one that was asked for.
    fn municipality(&mut self, row: &TableRow, with: With<'_>) -> Result<MunicipalityCode, NotKnown> {
        let given = with.given.municipality;
        let Some(column) = with.columns.municipality else {
            return given.ok_or_else(|| NotKnown::Bad("nem a linha nem a consulta diz o município".into()));
        };
        let text = row.cell(column);
        if self.is_ignored(row, with.columns) {
            return Err(NotKnown::Ignored);
        }
        let named = match &self.spec.mapping.municipality {
            PlaceRule::Name(_) => self.named(row, text, with.columns)?,
            PlaceRule::Code(_) | PlaceRule::Asked => self.places.municipality(text)?,
        };
        match (named, given) {
            (named, Some(asked)) if named != asked => {
                let why = format!("a linha é do município {named}, e a consulta era sobre {asked}");
                Err(NotKnown::Bad(why.into()))
            }
            (named, _) => Ok(named),
        }
    }

    /// The municipality of a name. A row that says another state is about another's; and where a load names others than
    /// ours, a name that several have says nothing by itself.
    fn named(
        &mut self,
        row: &TableRow,
        text: Option<&str>,
        columns: &Columns,
    ) -> Result<MunicipalityCode, NotKnown> {
        let found = self.places.named(text);
        let name = text.unwrap_or_default();
        self.names_others |= found.is_err() && self.places.is_of_another(name);
        let code = found?;
        let states = columns.states(row);
        let own = state_of(code).unwrap_or_default();
        if tells_state(name) || states.contains(&own) {
            return Ok(code);
        }
        let name = excerpt(name, 40);
        if let Some(other) = states.first() {
            self.names_others = true;
            let says = |cell: &str| format!("{cell} é de {own} no cadastro, e a linha diz {other}");
            return Err(NotKnown::Bad(Remark::of_cell(&name, says)));
        }
        if self.names_others && is_shared(&name) {
            return Err(NotKnown::Bad(Remark::of_cell(&name, |cell| {
                format!(
                    "{cell} é nome de município também em outro Estado, e o arquivo traz municípios de fora do \
                     cadastro: só o código, ou o nome com o Estado, diz qual"
                )
            })));
        }
        Ok(code)
    }

    /// Whether a row can only be read once all others were: whose its name is depends on whom they name.
    pub(super) fn must_wait(&self, row: &TableRow, columns: &Columns) -> bool {
        let by_name = matches!(self.spec.mapping.municipality, PlaceRule::Name(_));
        let name = columns.municipality.filter(|_| by_name && !self.names_others).and_then(|at| row.cell(at));
        let may_be_ours = |name: &str| self.places.is_name(name) && !tells_state(name);
        name.is_some_and(|name| may_be_ours(name) && is_shared(name) && columns.states(row).is_empty())
    }

    fn read_known(
        &mut self,
        row: &TableRow,
        with: With<'_>,
        municipality: MunicipalityCode,
        to: &mut To<'_>,
    ) -> Result<(), Remark> {
        let Some(said) = self.said(row, with, municipality, to) else { return Ok(()) };
        let spec = self.spec;
        let found: Rc<Vec<PartId>>;
        let parts = match &spec.mapping.part {
            PartRule::Situation => None,
            PartRule::Fixed(part) => Some(std::slice::from_ref(part)),
            PartRule::Column { column, .. } => {
                let word = self.cell(row, with.columns.part).ok_or("parte em branco")?;
                let Some(parts) = self.parts.get(word) else {
                    to.doubts.about(municipality);
                    unknown(to.mapped, column, word, row.line);
                    return Ok(());
                };
                found = parts;
                Some(found.as_slice())
            }
        };
        let unit = self.unit(row, with, to)?;
        let dated = self.dated(row, with);
        let mut doubtful = false;
        let about: Vec<(&PartId, Word)> = match (parts, &*said.says) {
            (Some(parts), Says::Whole(word)) => parts.iter().map(|part| (part, *word)).collect(),
            (_, Says::Parts(words)) => words.iter().map(|(part, word)| (part, *word)).collect(),
            (None, Says::Whole(_)) => return Err("a linha não diz de que parte fala".into()),
        };
        let mut more = false;
        for (part, word) in about {
            let number = to.gathered.names.part(part).ok_or("parte desconhecida")?;
            let windows = self.windows(row, with, number, part)?;
            if windows.is_empty() {
                // It may be the row of the window that runs.
                if with.periods.is_to_come(self.cell(row, with.columns.reference)) {
                    to.doubts.about(municipality);
                }
                continue;
            }
            let by_units =
                self.ground.calendar.parts.get(part).is_some_and(|p| p.respondent == Respondent::Unit);
            if with.columns.unit.is_some() && unit.is_none() && by_units {
                return Err("código da unidade em branco".into());
            }
            let keep = |written: &String| to.gathered.names.keep_wording(&word.kept_as(written));
            let wording = said.wording.as_ref().map_or(0, keep);
            for window in windows.iter() {
                let state = match (word.state(), dated) {
                    // A date of other times says nothing of this window.
                    (_, Dated::At(at)) if !with.periods.may_date(*window, at) => State::Unconfirmed,
                    // One that cannot be read leaves open how old an accusation is.
                    (_, Dated::Impossible) | (State::Pending, Dated::Unreadable) => State::Unconfirmed,
                    (state, _) => state,
                };
                doubtful |= state != word.state();
                let basis = if word == Word::Reopened && state == State::Pending {
                    Basis::Reopened
                } else {
                    Basis::Row
                };
                let at = match dated {
                    Dated::At(at) if state == word.state() => Some(at.as_second()),
                    _ => None,
                };
                let said = Said { state, dated: at, wording, basis };
                to.gathered.add(*window, municipality, (number, unit.unwrap_or(0)), said, (row.line, more));
                more = true;
            }
        }
        to.mapped.doubtful_dates += usize::from(doubtful || dated == Dated::Unreadable);
        // Nothing of the row was in any window.
        to.mapped.without_window += usize::from(!more);
        Ok(())
    }

    /// The number of the unit that the row names, else of the one that was asked for.
    fn unit(&self, row: &TableRow, with: With<'_>, to: &mut To<'_>) -> Result<Option<u32>, Remark> {
        let given = with.given.unit.as_ref();
        let text = self.cell(row, with.columns.unit).map(without_fraction);
        let known = text.and_then(|text| to.gathered.names.known_unit(text));
        if let (Some(_), None) = (known, given) {
            to.mapped.by_unit = true;
            return Ok(known);
        }
        let id: UnitId = match (text.map(unit).transpose()?, given) {
            (Some(named), Some(asked)) if named != *asked => {
                let why = format!("a linha é da unidade {named}, e a consulta era sobre {asked}");
                return Err(why.into());
            }
            (Some(named), _) => named,
            (None, Some(asked)) => asked.clone(),
            (None, None) => return Ok(None),
        };
        to.mapped.by_unit = true;
        let number = to.gathered.names.unit(&id);
        to.gathered.overflown |= number.is_none();
        Ok(number)
    }

    /// The windows that the row is about, for one part.
    fn windows(
        &mut self,
        row: &TableRow,
        with: With<'_>,
        number: u16,
        part: &PartId,
    ) -> Result<Rc<[usize]>, Remark> {
        let cell = self.cell(row, with.columns.reference);
        let given: Option<Reference> = with.given.reference;
        let met = self.windows.entry(number).or_default();
        let asked = given.map(|reference| reference.to_string());
        let text = cell.or(asked.as_deref()).unwrap_or_default();
        if let Some(windows) = met.get(text) {
            return Ok(windows.clone());
        }
        let windows: Rc<[usize]> = with.periods.of_row(cell, given, part)?.into();
        if met.len() < MOST_REFERENCES {
            met.insert(text.to_owned(), windows.clone());
        }
        Ok(windows)
    }

    /// What the row's word or counts say; nothing when that is unknown.
    fn said(
        &mut self,
        row: &TableRow,
        with: With<'_>,
        municipality: MunicipalityCode,
        to: &mut To<'_>,
    ) -> Option<Wording> {
        let plain = |state| Rc::new(Says::Whole(Word::Is(state)));
        match &self.spec.mapping.meaning {
            Meaning::Presence => Some(Wording { says: plain(State::Done), wording: None }),
            Meaning::Count { .. } => {
                let read = |column: Option<ColumnIndex>| column.and_then(|c| row.cell(c));
                let count = Count::read(read(with.columns.done), read(with.columns.expected));
                to.mapped.unclear_counts += usize::from(count.state() == State::Unconfirmed);
                Some(Wording { says: plain(count.state()), wording: count.wording() })
            }
            Meaning::Situation { column, .. } => {
                let word = self.cell(row, with.columns.situation).unwrap_or_default();
                let wording = (!word.is_empty()).then(|| excerpt(word, MOST_CHARACTERS));
                if let Some(says) = self.situations.get(word) {
                    return Some(Wording { says, wording });
                }
                if word.is_empty() {
                    to.mapped.blank_situations += 1;
                } else {
                    unknown(to.mapped, column, word, row.line);
                }
                // Whom the word would have been about, nobody knows.
                if self.spec.mapping.part == PartRule::Situation {
                    to.doubts.about(municipality);
                    return None;
                }
                Some(Wording { says: plain(State::Unconfirmed), wording })
            }
        }
    }

    /// The row's own date.
    fn dated(&mut self, row: &TableRow, with: With<'_>) -> Dated {
        let Some((_, pattern)) = self.spec.mapping.dated.as_ref() else { return Dated::Not };
        let Some(text) = self.cell(row, with.columns.dated) else { return Dated::Not };
        if let Some(read) = self.dates.get(text) {
            return *read;
        }
        let read = match instant(text, pattern, &self.ground.calendar.hours.zone) {
            None => Dated::Unreadable,
            Some((from, _)) if from > self.ground.taken_at => Dated::Impossible,
            Some((_, until)) => Dated::At(until),
        };
        if self.dates.len() < MOST_DATES && text.len() <= LONGEST_DATE {
            self.dates.insert(text.to_owned(), read);
        }
        read
    }
}

/// What a row's own date says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dated {
    /// It has none.
    Not,
    /// It is no date.
    Unreadable,
    /// It is yet to come.
    Impossible,
    /// The data is as of this instant; of a date without a time, as of the end of the day.
    At(Timestamp),
}

/// What a row's word says, and the word.
struct Wording {
    says: Rc<Says>,
    wording: Option<String>,
}

/// The first and the last instant that a text may mean in the calendar's zone: of a date without a time the whole day.
fn instant(text: &str, pattern: &str, zone: &Zone) -> Option<(Timestamp, Timestamp)> {
    let day = |date: Date| {
        let end = date.tomorrow().map_or(Timestamp::MAX, |next| zone.start_of(next));
        (zone.start_of(date), end.saturating_sub(SignedDuration::from_secs(1)).unwrap_or(end))
    };
    let at = |at: Timestamp| (at, at);
    let Some(read) = super::written::read(pattern, text) else {
        let (sheet, timed) = (sheet_date(text)?, text.contains(['T', '.']));
        return Some(if timed { at(zone.at(sheet.date(), sheet.time())) } else { day(sheet.date()) });
    };
    if read.offset().is_some() {
        return read.to_timestamp().ok().map(at);
    }
    let date = read.to_date().ok()?;
    if read.hour().is_none() {
        return Some(day(date));
    }
    Some(at(zone.at(date, read.to_time().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    #[test]
    fn a_date_without_a_time_is_the_whole_day_in_the_calendars_zone() {
        let zone = Zone::new(TimeZone::get("America/Sao_Paulo").unwrap());
        let read = |text, pattern| instant(text, pattern, &zone).map(|(a, b)| format!("{a} {b}"));
        let day = "2026-11-05T03:00:00Z 2026-11-06T02:59:59Z";
        let at = |text: &str| Some(format!("{text} {text}"));
        assert_eq!(read("05/11/2026", "%d/%m/%Y").unwrap(), day);
        assert_eq!(read("05/11/2026 14:30", "%d/%m/%Y %H:%M"), at("2026-11-05T17:30:00Z"));
        assert_eq!(read("2026-11-05T14:30:00+00:00", "%Y-%m-%dT%H:%M:%S%:z"), at("2026-11-05T14:30:00Z"));
        assert_eq!(read("2026-11-05", "%d/%m/%Y").unwrap(), day, "a sheet's date");
        assert_eq!(read("2026-11-05T12:30:00", "%d/%m/%Y"), at("2026-11-05T15:30:00Z"));
        assert_eq!(read("46331", "%d/%m/%Y").unwrap(), day, "a serial without a style");
        assert_eq!(read("46331.5", "%d/%m/%Y"), at("2026-11-05T15:00:00Z"));
        for bad in ["31/02/2026", "ontem", "5/11", "463310", "2026-13-05"] {
            assert_eq!(read(bad, "%d/%m/%Y"), None, "{bad}");
        }
    }
}
