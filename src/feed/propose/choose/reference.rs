//! Of which reference the rows of a file are: by a column, all of one, or of the column that is headed by its month. Pure.

use super::super::super::map::{period, written};
use super::super::question::{Gap, Question};
use super::super::view::{Column, month_of};
use super::{Chooser, DAYS, OF_DATE, clue};
use crate::domain::feed::ReferenceRule;
use crate::domain::id::Reference;
use crate::text::fold::folded;

const MONTHS: [&str; 11] =
    ["%m/%Y", "%Y-%m", "%B/%Y", "%b/%Y", "%B de %Y", "%B %Y", "%b %Y", "%b-%Y", "%m-%Y", "%b/%y", "%m/%y"];
const QUARTERS: [&str; 6] =
    ["T%q/%Y", "%qT%Y", "%qT/%Y", "%Y-T%q", "%qº trimestre de %Y", "%qº trimestre/%Y"];
const OF_REFERENCE: [&str; 8] =
    ["referencia", "competencia", "periodo", "mes", "trimestre", "exercicio", "ano", "ref"];

/// What a window is about, the finest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Grain {
    Month,
    Quarter,
    Year,
}

/// Of which reference the rows are.
pub(super) enum Said {
    Rule(ReferenceRule),
    /// One, of which a column of its own speaks.
    Wide(Reference, usize),
}

impl<'v> Chooser<'v, '_> {
    /// The finest period that the system's windows are about.
    fn grain(&self) -> Grain {
        let of = self.ground.windows.iter().filter(|w| w.system == self.wish.system.id);
        let grains = of.map(|window| match window.reference {
            Reference::Month(..) => Grain::Month,
            Reference::Quarter(..) => Grain::Quarter,
            Reference::Year(_) => Grain::Year,
        });
        grains.min().unwrap_or(Grain::Year)
    }

    /// The first pattern that reads every cell of a column, and whether another would read them otherwise.
    fn pattern(&self, column: &Column) -> Option<(&'static str, bool)> {
        let (grain, quarterly) = (self.grain(), self.grain() == Grain::Quarter);
        let reads = |pattern: &str| {
            let mut any = false;
            let all = self.view.cells(column).all(|cell| {
                any = true;
                reads(pattern, cell)
            });
            any && all
        };
        let mut patterns: Vec<&'static str> = Vec::new();
        if quarterly {
            patterns.extend(QUARTERS);
        }
        patterns.extend(MONTHS);
        patterns.extend(DAYS);
        // A year alone tells no month: the month stands in another column.
        patterns.extend((grain == Grain::Year).then_some("%Y"));
        let first = patterns.iter().copied().find(|pattern| reads(pattern))?;
        // 01/2026 to 04/2026 are months or quarters.
        Some((first, quarterly && first == "%m/%Y" && reads("%q/%Y")))
    }

    pub(super) fn reference(&mut self) -> Option<Said> {
        if let Some(stated) = self.wish.choices.reference.clone() {
            if folded(&stated) == "abertas" {
                return Some(Said::Rule(ReferenceRule::Open));
            }
            if let Ok(reference) = Reference::parse(&stated) {
                return self.fixed(reference);
            }
            let column = self.stated(Gap::Reference, &stated)?;
            return self.by_column(column);
        }
        let mut likely = Vec::new();
        for column in self.free().filter(|column| !clue(&column.label, &OF_DATE)) {
            let Some((pattern, _)) = self.pattern(column) else { continue };
            // What has days may be any date, and a year any number, unless its heading says what it is.
            let finer = MONTHS.contains(&pattern) || QUARTERS.contains(&pattern);
            let plain = finer && self.grain() != Grain::Year;
            let by_itself = plain && self.view.cells(column).all(|cell| reads_text(pattern, cell));
            if by_itself || clue(&column.label, &OF_REFERENCE) {
                likely.push(column);
            }
        }
        match likely[..] {
            [only] => {
                self.taken.insert(only.at);
                self.by_column(only)
            }
            [] => {
                let wide = self.wide();
                if wide.len() > 1 {
                    self.ask_which(
                        Gap::Reference,
                        "há uma coluna para cada mês: de qual mês esta fonte fala?",
                        &wide,
                    );
                } else {
                    let text = format!("o arquivo não diz de que referência fala{}", self.titles());
                    self.ask(Question::new(Gap::Reference, text));
                }
                None
            }
            _ => {
                self.ask_which(Gap::Reference, "mais de uma coluna pode ser a da referência", &likely);
                None
            }
        }
    }

    /// Columns that are headed by a month.
    fn wide(&self) -> Vec<&'v Column> {
        self.free().filter(|column| month_of(&column.title).is_some()).collect()
    }

    /// One reference for all rows; in a file with a column a month, the column of that month.
    fn fixed(&mut self, reference: Reference) -> Option<Said> {
        let wide = self.wide();
        let Reference::Month(year, month) = reference else {
            return Some(Said::Rule(ReferenceRule::Fixed(reference)));
        };
        if wide.len() < 2 {
            return Some(Said::Rule(ReferenceRule::Fixed(reference)));
        }
        let of_group = |column: &Column| {
            column
                .group
                .split(|c: char| !c.is_ascii_digit())
                .find_map(|word| word.parse::<i16>().ok().filter(|_| word.len() == 4))
        };
        let is = |column: &&Column| {
            month_of(&column.title)
                .is_some_and(|(own, of)| of == month && own.or(of_group(column)).is_none_or(|y| y == year))
        };
        let of_it: Vec<&Column> = wide.iter().copied().filter(is).collect();
        match of_it[..] {
            [only] => Some(Said::Wide(reference, only.at)),
            [] => {
                self.ask_which(Gap::Reference, &format!("nenhuma coluna é de {reference}; há estas"), &wide);
                None
            }
            _ if self.wish.choices.situation.is_some() => Some(Said::Rule(ReferenceRule::Fixed(reference))),
            _ => {
                self.ask_which(Gap::Meaning, &format!("mais de uma coluna é de {reference}"), &of_it);
                None
            }
        }
    }

    fn by_column(&mut self, column: &Column) -> Option<Said> {
        let rule = |pattern: &str| {
            Some(Said::Rule(ReferenceRule::Column {
                column: column.name.clone(),
                pattern: pattern.to_owned(),
            }))
        };
        if let Some(stated) = &self.wish.choices.reference_pattern {
            return rule(stated);
        }
        match self.pattern(column) {
            Some((pattern, false)) => rule(pattern),
            Some((_, true)) => {
                let text = "a referência é um mês (%m/%Y) ou um trimestre (%q/%Y)?";
                self.ask_which(Gap::ReferencePattern, text, &[column]);
                None
            }
            None => {
                let text = "não dá para saber como a referência está escrita: %d dia, %m mês, %B nome do mês, %q trimestre, %Y ano";
                self.ask_which(Gap::ReferencePattern, text, &[column]);
                None
            }
        }
    }
}

/// Whether a cell is a date of these times as a pattern has it, or as a sheet has it.
pub(super) fn reads(pattern: &str, cell: &str) -> bool {
    reads_text(pattern, cell)
        || cell.contains('-')
            && !pattern.contains("%q")
            && pattern != "%Y"
            && period::sheet_date(cell).is_some()
}

fn reads_text(pattern: &str, cell: &str) -> bool {
    let Some(read) = written::read(&pattern.replace("%q", "%m"), cell) else { return false };
    let year = read.year().is_some_and(|year| (2005..=2100).contains(&year));
    let quarter = !pattern.contains("%q") || read.month().is_some_and(|month| (1..=4).contains(&month));
    year && quarter && (!pattern.contains("%d") || read.to_date().is_ok())
}
