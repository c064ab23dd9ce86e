//! Words of a file to what they mean. Pure.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use crate::domain::calendar::Part;
use crate::domain::id::PartId;
use crate::feed::text::{excerpt, folded};

use super::{MOST_LISTED, Mapped, UnknownWord};

/// Most characters kept of a word that means nothing: a wrong column may hold what nobody should keep.
pub(super) const MOST_CHARACTERS: usize = 60;

/// A table of words, compared without case, accents or outer blanks.
pub(super) struct Words<T> {
    folded: HashMap<String, T>,
    /// Words as written that were looked up already: a file has few different ones, and many rows.
    met: HashMap<String, Option<T>>,
}

/// Most words remembered as written.
const MOST_MET: usize = 10_000;

impl<T: Clone> Words<T> {
    pub(super) fn new(words: &BTreeMap<String, T>) -> Self {
        Self::of(words.iter().map(|(word, meaning)| (folded(word), meaning.clone())).collect())
    }

    fn of(folded: HashMap<String, T>) -> Self {
        Self { folded, met: HashMap::new() }
    }

    pub(super) fn get(&mut self, word: &str) -> Option<T> {
        if let Some(met) = self.met.get(word) {
            return met.clone();
        }
        let meaning = self.folded.get(&folded(word)).cloned();
        if self.met.len() < MOST_MET {
            self.met.insert(word.to_owned(), meaning.clone());
        }
        meaning
    }
}

impl Words<Rc<[PartId]>> {
    /// The words of a feed over the ids and names of the declared parts.
    pub(super) fn of_parts(declared: &BTreeMap<PartId, Part>, words: &BTreeMap<String, Vec<PartId>>) -> Self {
        let mut all: HashMap<String, Rc<[PartId]>> = HashMap::new();
        all.extend(declared.values().map(|p| (folded(&p.name), [p.id.clone()].into())));
        all.extend(declared.keys().map(|id| (folded(id.as_str()), [id.clone()].into())));
        all.extend(words.iter().map(|(word, ids)| (folded(word), ids.clone().into())));
        Self::of(all)
    }
}

/// Lists a word that means nothing.
pub(super) fn unknown(mapped: &mut Mapped, column: &str, word: &str, line: u64) {
    let shown = excerpt(word, MOST_CHARACTERS);
    let full = mapped.unknown_words.len() >= MOST_LISTED;
    if let Some(known) = mapped.unknown_words.get_mut(&shown) {
        known.count += 1;
    } else if !full {
        let entry = UnknownWord { column: column.to_owned(), count: 1, first_line: line };
        mapped.unknown_words.insert(shown, entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::status::State;

    #[test]
    fn words_mean_the_same_in_any_case_and_with_or_without_accents() {
        let mut words = Words::new(&BTreeMap::from([("Questionário Preenchido".to_owned(), State::Done)]));
        for _ in 0..2 {
            assert_eq!(words.get(" QUESTIONARIO  PREENCHIDO "), Some(State::Done));
            assert_eq!(words.get("Preencher o questionário"), None);
        }
    }

    #[test]
    fn a_column_mapped_by_mistake_is_not_kept_whole() {
        let mut mapped = Mapped::default();
        for line in 0..2_000 {
            unknown(&mut mapped, "c", &format!("{line} {}", "x".repeat(200)), line);
        }
        assert_eq!(mapped.unknown_words.len(), MOST_LISTED);
        assert!(mapped.unknown_words.keys().all(|w| w.chars().count() <= MOST_CHARACTERS + 1));
    }
}
