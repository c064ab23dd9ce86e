//! Rows of a register to units. Pure.

use std::collections::BTreeSet;

use super::{RegisterGround, RegisterRead};
use crate::domain::id::{EmailAddress, MunicipalityCode, PartId, UnitId};
use crate::domain::register::{Listed, RegisterPart, RegisterSpec, UnitStanding};
use crate::feed::map::place::{self, NotKnown, Places};
use crate::feed::map::{BadLine, MOST_LISTED, part_words};
use crate::format::error::DecodeError;
use crate::format::table::{ColumnError, ColumnIndex, RowProblem, Table, TableRow};
use crate::text::fold::{excerpt, folded};
use crate::text::remark::Remark;
use crate::text::words::Words;

/// Most characters kept of a name, a telephone or an unknown word: a wrong column may hold what nobody should keep.
const MOST_CHARACTERS: usize = 150;

/// Where each fact stands.
struct Columns {
    unit: ColumnIndex,
    municipality: ColumnIndex,
    name: Option<ColumnIndex>,
    email: Option<ColumnIndex>,
    telephone: Option<ColumnIndex>,
    standing: Option<ColumnIndex>,
    part: Option<ColumnIndex>,
}

/// Why a row gives no unit.
enum Odd {
    /// Not about this state.
    Elsewhere,
    /// Not about a part that is followed.
    OtherPart(UnitId),
    /// It is about this unit, and that is all that can be said.
    Unclear(UnitId, Option<Remark>),
    /// Nobody knows what it is about.
    Lost(Remark),
}

/// Rows gathered over the bodies of a load.
pub(super) struct Gather<'a> {
    meanings: Meanings<'a>,
    read: RegisterRead,
    /// Whether a row was about nobody knows which unit.
    lost: bool,
}

impl<'a> Gather<'a> {
    pub(super) fn new(spec: &'a RegisterSpec, ground: &RegisterGround<'a>) -> Self {
        let mut read = RegisterRead::empty(spec, ground.read_on);
        read.register.covered = match &spec.part {
            RegisterPart::Fixed(part) => BTreeSet::from([part.clone()]),
            RegisterPart::Column { words, .. } => words.values().cloned().collect(),
        };
        let meanings = Meanings {
            spec,
            places: Places::new(ground.roster),
            parts: parts(spec, ground),
            standings: spec.columns.standing.as_ref().map(|(_, words)| words),
            blanks: spec.blanks.iter().map(|word| folded(word)).collect(),
        };
        Self { meanings, read, lost: false }
    }

    /// Takes one body. After a column is missed nothing more is read.
    ///
    /// # Errors
    /// [`DecodeError`] when the body turns out not to be whole.
    pub(super) fn take(&mut self, table: Table<'_>) -> Result<(), DecodeError> {
        // Who is not in this part is not gone.
        if table.part_by().is_some() {
            return Err(DecodeError::Partial);
        }
        // A list of no objects names no columns: of a state without units, perhaps.
        if table.header().is_empty() {
            return table.each(&mut |_| ());
        }
        let columns = match Columns::of(self.meanings.spec, &table) {
            Ok(columns) => columns,
            Err(missing) => {
                self.read.missing_columns = missing;
                return Ok(());
            }
        };
        table.each(&mut |row| {
            self.read.rows += 1;
            match row {
                Ok(row) => {
                    let outcome = self.meanings.row(row, &columns, &mut self.read);
                    self.note(row.line, outcome);
                }
                Err(fault) if fault.problem == RowProblem::HeadingAgain => self.read.rows -= 1,
                Err(fault) => self.note(fault.line, Err(Odd::Lost(fault.problem.to_string().into()))),
            }
        })
    }

    fn note(&mut self, line: u64, outcome: Result<Listed, Odd>) {
        let read = &mut self.read;
        match outcome {
            Ok(listed) => keep(read, listed),
            Err(Odd::Elsewhere) => read.elsewhere += 1,
            Err(Odd::OtherPart(unit)) => {
                read.other_parts += 1;
                read.register.unclear.insert(unit);
            }
            Err(Odd::Unclear(unit, why)) => {
                read.register.unclear.insert(unit);
                if let Some(why) = why {
                    bad(read, line, why);
                }
            }
            Err(Odd::Lost(why)) => {
                self.lost = true;
                bad(read, line, why);
            }
        }
    }

    pub(super) fn finish(mut self) -> RegisterRead {
        let register = &mut self.read.register;
        let unclear = &register.unclear;
        register.units.retain(|id, _| !unclear.contains(id));
        register.covered.extend(register.units.values().map(|unit| unit.part.clone()));
        if self.lost || !self.read.missing_columns.is_empty() {
            register.covered.clear();
        }
        self.read
    }
}

/// The words of a register over the ids and names of the declared parts.
fn parts(spec: &RegisterSpec, ground: &RegisterGround<'_>) -> Words<PartId> {
    match &spec.part {
        RegisterPart::Fixed(_) => Words::default(),
        RegisterPart::Column { words, .. } => part_words(ground.parts, words, PartId::clone),
    }
}

/// A unit that comes twice in the same words is one; in other words, unclear.
fn keep(read: &mut RegisterRead, listed: Listed) {
    match read.register.units.get(&listed.id) {
        Some(known) if *known != listed => {
            if read.register.unclear.insert(listed.id.clone()) {
                read.contradictory += 1;
            }
        }
        Some(_) => {}
        None => {
            read.register.units.insert(listed.id.clone(), listed);
        }
    }
}

fn bad(read: &mut RegisterRead, line: u64, message: Remark) {
    read.bad += 1;
    if read.bad_lines.len() < MOST_LISTED {
        read.bad_lines.push(BadLine { line, message });
    }
}

impl Columns {
    fn of(spec: &RegisterSpec, table: &Table<'_>) -> Result<Self, Vec<String>> {
        let mut missing = Vec::new();
        let mut find = |name: &str| match table.header().find(name) {
            Ok(column) => Some(column),
            Err(error @ (ColumnError::Missing(_) | ColumnError::Ambiguous(_))) => {
                missing.push(error.to_string());
                None
            }
        };
        let named = &spec.columns;
        let (unit, municipality) = (find(&named.unit), find(&named.municipality));
        let name = named.name.as_deref().and_then(&mut find);
        let email = named.email.as_deref().and_then(&mut find);
        let telephone = named.telephone.as_deref().and_then(&mut find);
        let standing = named.standing.as_ref().and_then(|(column, _)| find(column));
        let part = match &spec.part {
            RegisterPart::Fixed(_) => None,
            RegisterPart::Column { column, .. } => find(column),
        };
        match (unit, municipality) {
            (Some(unit), Some(municipality)) if missing.is_empty() => {
                Ok(Self { unit, municipality, name, email, telephone, standing, part })
            }
            _ => Err(missing),
        }
    }
}

/// What the words of a row mean.
struct Meanings<'a> {
    spec: &'a RegisterSpec,
    places: Places,
    parts: Words<PartId>,
    standings: Option<&'a Words<UnitStanding>>,
    blanks: BTreeSet<String>,
}

impl Meanings<'_> {
    fn row(&self, row: &TableRow, columns: &Columns, read: &mut RegisterRead) -> Result<Listed, Odd> {
        // Another state's rows may be as odd as they like.
        let municipality = match self.places.municipality(row.cell(columns.municipality)) {
            Ok(code) => Ok(code),
            Err(NotKnown::Unknown(_) | NotKnown::Ignored) => return Err(Odd::Elsewhere),
            Err(NotKnown::Bad(why)) => Err(why),
        };
        let id = self.cell(row, Some(columns.unit));
        let id = id.ok_or_else(|| Odd::Lost("código da unidade em branco".into()))?;
        let id = place::unit(id).map_err(Odd::Lost)?;
        let municipality: MunicipalityCode =
            municipality.map_err(|why| Odd::Unclear(id.clone(), Some(why)))?;
        let part = self.part(row, columns, &id)?;
        let standing = self.standing(row, columns, &id, read)?;
        let addresses = self.addresses(row, columns, read);
        let short = |column| excerpt(self.cell(row, column).unwrap_or_default(), MOST_CHARACTERS);
        let (name, telephone) = (short(columns.name), short(columns.telephone));
        Ok(Listed { id, municipality, part, name, addresses, telephone, standing })
    }

    /// A cell that says something.
    fn cell<'r>(&self, row: &'r TableRow, column: Option<ColumnIndex>) -> Option<&'r str> {
        row.cell(column?).filter(|text| !self.blanks.contains(&folded(text)))
    }

    fn part(&self, row: &TableRow, columns: &Columns, id: &UnitId) -> Result<PartId, Odd> {
        match &self.spec.part {
            RegisterPart::Fixed(part) => Ok(part.clone()),
            RegisterPart::Column { .. } => {
                let found = self.cell(row, columns.part).and_then(|word| self.parts.get(word));
                found.cloned().ok_or_else(|| Odd::OtherPart(id.clone()))
            }
        }
    }

    fn standing(
        &self,
        row: &TableRow,
        columns: &Columns,
        id: &UnitId,
        read: &mut RegisterRead,
    ) -> Result<UnitStanding, Odd> {
        let Some(standings) = self.standings else { return Ok(UnitStanding::Open) };
        let word = self.cell(row, columns.standing).unwrap_or_default();
        standings.get(word).copied().ok_or_else(|| {
            let known = read.unknown_words.len() < MOST_LISTED || read.unknown_words.contains_key(word);
            if known {
                *read.unknown_words.entry(excerpt(word, MOST_CHARACTERS)).or_default() += 1;
            }
            Odd::Unclear(id.clone(), None)
        })
    }

    fn addresses(&self, row: &TableRow, columns: &Columns, read: &mut RegisterRead) -> Vec<EmailAddress> {
        let text = self.cell(row, columns.email).unwrap_or_default();
        let mut kept: Vec<EmailAddress> = Vec::new();
        let pieces =
            text.split(|c: char| c.is_whitespace() || ",;/".contains(c)).filter(|piece| !piece.is_empty());
        for piece in pieces.take(10) {
            match EmailAddress::parse(piece) {
                Ok(address) if kept.contains(&address) => {}
                Ok(address) => kept.push(address),
                Err(_) => read.bad_addresses += 1,
            }
        }
        kept
    }
}
