//! Which column says what. Pure.
//!
//! A column is taken where its cells are what they must be *and*, where other columns could look alike, its heading says
//! so. Two that could be it are a question.

use std::collections::BTreeSet;

use super::super::map::place::{Places, unit};
use super::super::map::{Ground, count, part_words, period, written};
use super::Wish;
use super::question::{Gap, Question};
use super::view::{Column, View, Written, month_of, place};
use crate::domain::feed::{Mapping, Meaning, PartRule, PlaceRule, ReferenceRule, Says, Word};
use crate::domain::id::{PartId, Reference};
use crate::domain::status::State;
use crate::text::fold::folded;
use crate::text::words::Words;

/// Most different words of a column that says what became of a form.
const MOST_WORDS: usize = 30;

const MONTHS: [&str; 11] =
    ["%m/%Y", "%Y-%m", "%B/%Y", "%b/%Y", "%B de %Y", "%B %Y", "%b %Y", "%b-%Y", "%m-%Y", "%b/%y", "%m/%y"];
const QUARTERS: [&str; 6] =
    ["T%q/%Y", "%qT%Y", "%qT/%Y", "%Y-T%q", "%qº trimestre de %Y", "%qº trimestre/%Y"];
const DAYS: [&str; 5] = ["%d/%m/%Y", "%Y-%m-%d", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%d/%m/%y"];

const OF_REFERENCE: [&str; 8] =
    ["referencia", "competencia", "periodo", "mes", "trimestre", "exercicio", "ano", "ref"];
const OF_DATE: [&str; 8] =
    ["atualiz", "extra", "preenchido em", "preenchimento", "envio", "consulta", "posicao", "coleta"];
const OF_PART: [&str; 4] = ["parte", "questionario", "equipamento", "tipo"];
const OF_UNIT: [&str; 5] = ["unidade", "cadsuas", "identificador", "equipamento", "id"];
const OF_SITUATION: [&str; 8] =
    ["situacao", "status", "preench", "conclu", "envi", "entreg", "respond", "finaliz"];
const OF_DONE: [&str; 6] = ["preench", "respond", "conclu", "envi", "entreg", "feito"];
const OF_EXPECTED: [&str; 7] = ["esperad", "total", "unidades", "quantidade", "qtd", "cadsuas", "existente"];

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
            ignored: self.totals(by.0),
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
    fn totals(&self, at: usize) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        for cell in self.view.other.iter().map(|row| row.label(at)) {
            let is_sum =
                ["total", "subtotal", "soma", "media"].iter().any(|sum| folded(cell).starts_with(sum));
            if is_sum && words.len() < 10 && !words.iter().any(|known| folded(known) == folded(cell)) {
                words.push(cell.to_owned());
            }
        }
        words
    }

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

    fn reference(&mut self) -> Option<Said> {
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
            .chain((!self.view.grid.name.is_empty()).then(|| self.view.grid.name.clone()))
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

    /// What a row says, and the part where only its words tell it.
    fn meaning(
        &mut self,
        part: Option<PartRule>,
        reference: Option<&Said>,
    ) -> (Option<PartRule>, Option<Meaning>) {
        let asked = self.questions.iter().any(|q| q.gap == Gap::Part);
        let choices = self.wish.choices;
        let column = match (&choices.situation, reference) {
            (Some(stated), _) => {
                let stated = stated.clone();
                self.stated(Gap::Meaning, &stated)
            }
            (None, Some(Said::Wide(_, at))) => self.view.columns.get(*at),
            (None, _) if choices.presence || choices.done.is_some() || choices.expected.is_some() => None,
            (None, _) => match self.likely(part.as_ref()) {
                Likely::Situation(column) => Some(column),
                Likely::Count(done, expected) => {
                    if part.is_none() && !asked {
                        self.ask_part();
                    }
                    return (
                        part,
                        Some(Meaning::Count { done: done.name.clone(), expected: expected.name.clone() }),
                    );
                }
                Likely::Asked => {
                    if part.is_none() && !asked {
                        self.ask_part();
                    }
                    return (part, None);
                }
            },
        };
        if let Some(column) = column {
            let words = self.known_words(column, part.is_some());
            let by_word = part.is_none()
                && !words.is_empty()
                && words.values().all(|says| matches!(says, Says::Parts(_)));
            if part.is_none() && !by_word && !asked {
                self.ask_part();
            }
            let part = part.or(by_word.then_some(PartRule::Situation));
            return (part, Some(Meaning::Situation { column: column.name.clone(), words }));
        }
        if part.is_none() && !asked {
            self.ask_part();
        }
        if choices.presence {
            return (part, Some(Meaning::Presence));
        }
        let (Some(done), Some(expected)) = (choices.done.clone(), choices.expected.clone()) else {
            if choices.situation.is_none() {
                self.ask(Question::new(
                    Gap::Meaning,
                    "para contar, são precisas as duas colunas: quantos foram feitos e quantos há",
                ));
            }
            return (part, None);
        };
        let (done, expected) = (self.stated(Gap::Meaning, &done), self.stated(Gap::Meaning, &expected));
        let named = |column: Option<&Column>| column.map(|column| column.name.clone());
        (part, named(done).zip(named(expected)).map(|(done, expected)| Meaning::Count { done, expected }))
    }

    /// The column, or the pair, that says what became of a form; or a question.
    fn likely(&mut self, part: Option<&PartRule>) -> Likely<'v> {
        let words = self.parts();
        // Columns put together under another part are not about this one.
        let about = |column: &&Column| match (part, words.get(&column.group)) {
            (Some(PartRule::Fixed(part)), Some(group)) => part == group,
            _ => true,
        };
        let free: Vec<&Column> = self.free().filter(about).collect();
        let is_number = |column: &Column| self.view.cells(column).all(|cell| count::number(cell).is_some());
        let filled = |column: &&&Column| self.view.cells(column).next().is_some();
        let situations: Vec<&Column> = free
            .iter()
            .filter(filled)
            .filter(|column| {
                let met = self.view.words(column);
                let is_date = self.view.cells(column).all(|cell| DAYS.iter().any(|day| reads(day, cell)));
                met.len() <= MOST_WORDS
                    && !is_number(column)
                    && !is_date
                    && (clue(&column.label, &OF_SITUATION)
                        || !self.known_words(column, part.is_some()).is_empty())
            })
            .copied()
            .collect();
        let mut pairs: Vec<(&Column, &Column)> = Vec::new();
        for done in free.iter().filter(filled).filter(|c| clue(&c.label, &OF_DONE) && is_number(c)) {
            for expected in free
                .iter()
                .filter(filled)
                .filter(|c| c.at != done.at && c.group == done.group && is_number(c))
            {
                let fits = self.view.data.iter().all(|(_, row)| {
                    match (count::number(row.cell(done.at)), count::number(row.cell(expected.at))) {
                        (Some(done), Some(all)) => done <= all,
                        _ => true,
                    }
                });
                if clue(&expected.title_folded(), &OF_EXPECTED)
                    && !clue(&expected.title_folded(), &OF_DONE)
                    && fits
                {
                    pairs.push((done, expected));
                }
            }
        }
        match (&situations[..], &pairs[..]) {
            ([only], []) => Likely::Situation(only),
            ([], [(done, expected)]) => Likely::Count(done, expected),
            ([], []) => {
                let told: Vec<&Column> = free.iter().filter(filled).take(40).copied().collect();
                self.ask_which(
                    Gap::Meaning,
                    "nenhuma coluna diz claramente se o formulário foi preenchido",
                    &told,
                );
                Likely::Asked
            }
            _ => {
                let mut told: Vec<&Column> = situations.clone();
                for (done, expected) in pairs {
                    for column in [done, expected] {
                        if !told.iter().any(|known| known.at == column.at) {
                            told.push(column);
                        }
                    }
                }
                self.ask_which(
                    Gap::Meaning,
                    "mais de uma coluna pode dizer se o formulário foi preenchido",
                    &told,
                );
                Likely::Asked
            }
        }
    }

    /// The words of a column whose meaning a person settled before: our own four, and those of feeds of this system.
    fn known_words(&self, column: &Column, with_part: bool) -> Words<Says> {
        let mut known: Vec<(String, Says)> = Vec::new();
        for (word, state) in OURS {
            known.push((folded(word), Says::Whole(Word::Is(state))));
        }
        for feed in self.wish.known.iter().filter(|feed| feed.system == self.wish.system.id) {
            let Meaning::Situation { column: of, words } = &feed.mapping.meaning else { continue };
            for (word, says) in words.iter().filter(|(word, _)| !word.starts_with("PREENCHA")) {
                // Of “sim” only the heading tells what was asked.
                if folded(word).chars().count() > 3 || folded(of) == folded(&column.title) {
                    known.push((folded(word), says.clone()));
                }
            }
        }
        let mut words = Words::default();
        for met in self.view.words(column) {
            let meanings: Vec<&Says> =
                known.iter().filter(|(word, _)| *word == folded(&met.word)).map(|(_, says)| says).collect();
            if let Some((first, rest)) = meanings.split_first()
                && rest.iter().all(|other| other == first)
                && with_part == matches!(first, Says::Whole(_))
            {
                let _ = words.insert(&met.word, (*first).clone());
            }
        }
        words
    }
}

/// Our own words, as people write them.
const OURS: [(&str, State); 6] = [
    ("concluído", State::Done),
    ("pendente", State::Pending),
    ("não se aplica", State::NotApplicable),
    ("nao_se_aplica", State::NotApplicable),
    ("não confirmado", State::Unconfirmed),
    ("nao_confirmado", State::Unconfirmed),
];

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

enum Likely<'v> {
    Situation(&'v Column),
    Count(&'v Column, &'v Column),
    Asked,
}

impl Column {
    fn title_folded(&self) -> String {
        folded(&self.title)
    }
}

/// Whether a cell is a date of these times as a pattern has it, or as a sheet has it.
fn reads(pattern: &str, cell: &str) -> bool {
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
