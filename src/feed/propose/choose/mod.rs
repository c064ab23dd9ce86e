//! Which column says what. Pure.
//!
//! A column is taken where its cells are what they must be *and*, where other columns could look alike, its heading says
//! so. Two that could be it are a question. Of which reference the rows are is chosen in `reference`, and what they say of
//! a form in `meaning`.

mod meaning;
mod reference;

use std::collections::BTreeSet;

use self::reference::{Said, reads};
use super::super::map::place::{Places, unit};
use super::super::map::{Ground, part_words};
use super::Wish;
use super::question::{Gap, Question};
use super::view::{Column, View, Written, place};
use crate::domain::feed::{Mapping, PartRule, PlaceRule, ReferenceRule};
use crate::domain::id::PartId;
use crate::text::fold::folded;
use crate::text::words::Words;

const DAYS: [&str; 5] = ["%d/%m/%Y", "%Y-%m-%d", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%d/%m/%y"];

const OF_DATE: [&str; 8] =
    ["atualiz", "extra", "preenchido em", "preenchimento", "envio", "consulta", "posicao", "coleta"];
const OF_PART: [&str; 4] = ["parte", "questionario", "equipamento", "tipo"];
const OF_UNIT: [&str; 5] = ["unidade", "cadsuas", "identificador", "equipamento", "id"];

/// Whether a heading has one of the clues; a short one must be a word of it.
fn clue(label: &str, clues: &[&str]) -> bool {
    let words = || label.split(|c: char| !c.is_alphanumeric());
    clues
        .iter()
        .any(|clue| if clue.len() < 5 { words().any(|word| word == *clue) } else { label.contains(clue) })
}

/// Chooses, and gathers what it must ask.
pub(super) struct Chooser<'v, 'g> {
    view: &'v View<'g>,
    ground: &'v Ground<'v>,
    wish: &'v Wish<'v>,
    taken: BTreeSet<usize>,
    pub(super) questions: Vec<Question>,
}

impl<'v, 'g> Chooser<'v, 'g> {
    pub(super) fn new(view: &'v View<'g>, ground: &'v Ground<'v>, wish: &'v Wish<'v>) -> Self {
        Self { view, ground, wish, taken: BTreeSet::new(), questions: Vec::new() }
    }

    /// What the columns mean, as far as it is clear; else there are questions.
    pub(super) fn mapping(&mut self, by: (usize, Written), places: &Places) -> Option<Mapping> {
        let municipality = self.municipality(by, places);
        let reference = self.reference();
        let part = self.part();
        let unit = self.unit();
        let dated = self.dated();
        let (part, meaning) = self.meaning(part, reference.as_ref());
        if !self.questions.is_empty() {
            return None;
        }
        let reference = match reference? {
            Said::Rule(rule) => rule,
            Said::Wide(reference, _) => ReferenceRule::Fixed(reference),
        };
        Some(Mapping {
            municipality: municipality?,
            unit,
            part: part?,
            reference,
            meaning: meaning?,
            dated,
            blanks: Vec::new(),
            ignored: self.totals(by.0, places),
        })
    }

    fn ask(&mut self, question: Question) {
        self.questions.push(question);
    }

    /// Asks which of these columns it is.
    fn ask_which(&mut self, gap: Gap, text: &str, columns: &[&Column]) {
        let shown = columns.iter().map(|column| self.view.shown(column));
        let question = Question::new(gap, text).among(shown.collect::<Vec<_>>());
        self.ask(question);
    }

    /// The column that an operator named; a question where there is none.
    fn stated(&mut self, gap: Gap, name: &str) -> Option<&'v Column> {
        let found = self.view.find(name);
        if let Some(column) = found {
            self.taken.insert(column.at);
        } else {
            let all: Vec<&Column> = self.view.columns.iter().filter(|c| !c.title.is_empty()).collect();
            self.ask_which(gap, &format!("não há coluna “{name}”, ou há mais de uma; há estas"), &all);
        }
        found
    }

    fn free(&self) -> impl Iterator<Item = &'v Column> + use<'_, 'v, 'g> {
        self.view.columns.iter().filter(|column| !self.taken.contains(&column.at))
    }

    /// The column of the municipality, unless another one beside it contradicts it.
    fn municipality(&mut self, (at, written): (usize, Written), places: &Places) -> Option<PlaceRule> {
        let column = self.view.columns.get(at)?;
        self.taken.insert(at);
        let stated = self.wish.choices.municipality.is_some();
        for other in self.view.columns.iter().filter(|other| other.at != at) {
            let named = |cell: &str| place(places, Written::Name, cell).0;
            let cells = self.view.cells(other).count();
            let known = self.view.cells(other).filter(|cell| named(cell).is_some()).count();
            if known * 2 <= cells {
                continue;
            }
            self.taken.insert(other.at);
            let torn = self
                .view
                .data
                .iter()
                .find(|(code, row)| named(row.cell(other.at)).is_some_and(|of| of != *code));
            if let Some((code, row)) = torn.filter(|_| !stated) {
                let text = format!(
                    "na linha {} o município é {} por uma coluna e “{}” por outra: confira o arquivo; qual vale?",
                    row.line,
                    self.ground.roster.name_of(*code),
                    row.cell(other.at)
                );
                self.ask_which(Gap::Municipality, &text, &[column, other]);
            }
        }
        // Of six digits beside one of seven.
        let codes =
            |c: &&Column| self.view.cells(c).all(|cell| place(places, Written::Code, cell).0.is_some());
        let same: Vec<usize> =
            self.free().filter(codes).filter(|c| self.view.cells(c).next().is_some()).map(|c| c.at).collect();
        self.taken.extend(same);
        Some(match written {
            Written::Code => PlaceRule::Code(column.name.clone()),
            Written::Name => PlaceRule::Name(column.name.clone()),
        })
    }

    /// Words of rows that are sums, from the column of the municipality, or from the first that says anything.
    /// Never a municipality's name: Medianeira is no mean.
    fn totals(&self, at: usize, places: &Places) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        for cell in self.view.other.iter().map(|row| row.label(at)) {
            let text = folded(cell);
            let first = text.split(|sign: char| !sign.is_alphanumeric()).next().unwrap_or_default();
            let is_sum = ["total", "totais", "subtotal", "soma", "media"].contains(&first);
            if is_sum
                && !places.is_name(cell)
                && words.len() < 10
                && !words.iter().any(|known| folded(known) == folded(cell))
            {
                words.push(cell.to_owned());
            }
        }
        words
    }

    /// What stands above the headings, for a person who must tell what the file is about.
    fn titles(&self) -> String {
        let above = self.view.heading.group.or(self.view.heading.row).unwrap_or(0);
        let rows = self.view.grid.rows.iter().take(above).take(4);
        let told: Vec<String> = rows
            .map(|row| {
                row.cells
                    .iter()
                    .map(|cell| cell.trim())
                    .filter(|cell| !cell.is_empty())
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            // The name of a page's table is ours and not the file's.
            .chain(Some(self.view.grid.name.clone()).filter(|_| !self.view.grid.is_of_a_page()))
            .filter(|told| !told.is_empty())
            .collect();
        if told.is_empty() {
            return String::new();
        }
        format!("; perto da tabela está escrito: “{}”", crate::text::fold::excerpt(&told.join(" / "), 200))
    }

    fn parts(&self) -> Words<PartId> {
        let declared =
            self.ground.calendar.parts.iter().filter(|(id, _)| self.wish.system.parts.contains(id));
        let declared = declared.map(|(id, part)| (id.clone(), part.clone())).collect();
        part_words(&declared, &Words::default(), PartId::clone)
    }

    /// Which part a row is about; absent also where only the words of the situation can tell.
    fn part(&mut self) -> Option<PartRule> {
        let words = self.parts();
        let by_column =
            |column: &Column| PartRule::Column { column: column.name.clone(), words: Words::default() };
        if let Some(stated) = self.wish.choices.part.clone() {
            if let Some(part) = words.get(&stated) {
                return Some(PartRule::Fixed(part.clone()));
            }
            return self.stated(Gap::Part, &stated).map(by_column);
        }
        let likely: Vec<&Column> = self
            .free()
            .filter(|column| {
                let met = self.view.words(column);
                let known: usize =
                    met.iter().filter(|met| words.get(&met.word).is_some()).map(|met| met.rows).sum();
                let all: usize = met.iter().map(|met| met.rows).sum();
                known * 2 > all || known > 0 && clue(&column.label, &OF_PART)
            })
            .collect();
        match (&likely[..], &self.wish.system.parts[..]) {
            ([only], _) => {
                self.taken.insert(only.at);
                Some(by_column(only))
            }
            ([], [only]) => Some(PartRule::Fixed(only.clone())),
            ([], _) => None,
            (several, _) => {
                self.ask_which(Gap::Part, "mais de uma coluna pode ser a da parte", several);
                None
            }
        }
    }

    fn ask_part(&mut self) {
        let ids: Vec<&str> = self.wish.system.parts.iter().map(PartId::as_str).collect();
        let words = self.parts();
        let groups: BTreeSet<&str> = self
            .view
            .columns
            .iter()
            .filter(|c| words.get(&c.group).is_some())
            .map(|c| c.group.as_str())
            .collect();
        let told = if groups.is_empty() {
            self.titles()
        } else {
            format!(
                "; há colunas para mais de uma ({})",
                groups.into_iter().collect::<Vec<_>>().join(", ").to_uppercase()
            )
        };
        let text = format!("de que parte o arquivo fala? O sistema tem {}{told}", ids.join(", "));
        self.ask(Question::new(Gap::Part, text));
    }

    fn unit(&mut self) -> Option<String> {
        if let Some(stated) = self.wish.choices.unit.clone() {
            if folded(&stated) == "nenhuma" {
                return None;
            }
            return self.stated(Gap::Unit, &stated).map(|column| column.name.clone());
        }
        let roster = self.ground.roster;
        let likely: Vec<&Column> = self
            .free()
            .filter(|column| {
                let cells: Vec<&str> = self.view.cells(column).collect();
                if cells.is_empty() || cells.len() < self.view.data.len() {
                    return false;
                }
                let known = self.view.data.iter().filter(|(code, row)| {
                    let id = unit(row.cell(column.at));
                    let mut units = roster.units.iter().flat_map(|units| units.of(*code));
                    id.is_ok_and(|id| units.any(|unit| unit.id == id))
                });
                let is_id = |cell: &&str| cell.len() >= 5 && cell.bytes().all(|b| b.is_ascii_digit());
                known.count() * 2 > cells.len()
                    || clue(&column.label, &OF_UNIT)
                        && cells.iter().all(|cell| is_id(&cell.trim_end_matches(".0")))
            })
            .collect();
        match likely[..] {
            [] => None,
            [only] => {
                self.taken.insert(only.at);
                Some(only.name.clone())
            }
            _ => {
                self.ask_which(Gap::Unit, "mais de uma coluna pode ser a do código da unidade", &likely);
                None
            }
        }
    }

    /// The data's own date: without it an old file would pass for news.
    fn dated(&mut self) -> Option<(String, String)> {
        let of = |column: &Column| {
            let day = DAYS.into_iter().find(|pattern| {
                self.view.cells(column).next().is_some()
                    && self.view.cells(column).all(|cell| reads(pattern, cell))
            });
            Some((column.name.clone(), day?.to_owned()))
        };
        if let Some(stated) = self.wish.choices.dated.clone() {
            if folded(&stated) == "nenhuma" {
                return None;
            }
            let column = self.view.find(&stated);
            if let Some(dated) = column.and_then(of) {
                self.taken.extend(column.map(|c| c.at));
                return Some(dated);
            }
            let all: Vec<&Column> = self.free().filter(|c| of(c).is_some()).collect();
            self.ask_which(Gap::Dated, &format!("“{stated}” não é uma coluna de datas; há estas"), &all);
            return None;
        }
        let likely: Vec<&Column> = self
            .free()
            .filter(|c| clue(&c.label, &OF_DATE) || c.label.starts_with("data"))
            .filter(|c| of(c).is_some())
            .collect();
        match likely[..] {
            [] => None,
            [only] if clue(&only.label, &OF_DATE) => {
                self.taken.insert(only.at);
                of(only)
            }
            _ => {
                let text = "há datas no arquivo: alguma delas diz de quando é a informação da linha?";
                self.ask_which(Gap::Dated, text, &likely);
                None
            }
        }
    }
}
