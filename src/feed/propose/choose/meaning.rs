//! What a row says of a form: by the words of a column, by two numbers, or by being there at all. Pure.

use super::super::super::map::count;
use super::super::question::{Gap, Question};
use super::super::view::Column;
use super::reference::{Said, reads};
use super::{Chooser, DAYS, clue};
use crate::domain::feed::{Meaning, PartRule, Says, Word};
use crate::domain::status::State;
use crate::text::fold::folded;
use crate::text::words::Words;

/// Most different words of a column that says what became of a form.
const MOST_WORDS: usize = 30;

const OF_SITUATION: [&str; 8] =
    ["situacao", "status", "preench", "conclu", "envi", "entreg", "respond", "finaliz"];
const OF_DONE: [&str; 6] = ["preench", "respond", "conclu", "envi", "entreg", "feito"];
const OF_EXPECTED: [&str; 7] = ["esperad", "total", "unidades", "quantidade", "qtd", "cadsuas", "existente"];

/// What makes of a count of what was done one of what was not, or not in time, or not well.
const DENYING: [&str; 21] = [
    "nao",
    "sem",
    "ainda",
    "falta",
    "faltam",
    "pend",
    "prazo",
    "atras",
    "erro",
    "recus",
    "rejeit",
    "devol",
    "cancel",
    "incompl",
    "parcia",
    "rascunho",
    "andamento",
    "inicia",
    "em preench",
    "invalid",
    "nunca",
];
/// What stands before what is still to be done: `a preencher`.
const TO_DO: [&str; 5] = ["preencher", "responder", "concluir", "enviar", "entregar"];

/// Whether a label says of its count anything but that so many were done. Whoever reads it knows; a count the wrong way
/// round accuses those who filled in, and nobody else.
fn denies(label: &str) -> bool {
    let words = || label.split(|c: char| !c.is_alphanumeric());
    let has = |clue: &&str| {
        if clue.len() < 4 { words().any(|word| word == *clue) } else { label.contains(*clue) }
    };
    DENYING.iter().any(has) || words().any(|word| TO_DO.contains(&word))
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

enum Likely<'v> {
    Situation(&'v Column),
    Count(&'v Column, &'v Column),
    Asked,
}

impl<'v> Chooser<'v, '_> {
    /// What a row says, and the part where only its words tell it.
    pub(super) fn meaning(
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
        for done in free
            .iter()
            .filter(filled)
            .filter(|c| clue(&c.label, &OF_DONE) && !denies(&c.label) && is_number(c))
        {
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
                    && !denies(&expected.title_folded())
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

impl Column {
    fn title_folded(&self) -> String {
        folded(&self.title)
    }
}
