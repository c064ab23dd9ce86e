//! Words of a file to what they mean. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use crate::domain::calendar::Part;
use crate::domain::id::PartId;
use crate::text::fold::{excerpt, folded};
use crate::text::words::Words;

use super::{MOST_LISTED, Mapped, UnknownWord};

/// Most characters kept of a word that means nothing: a wrong column may hold what nobody should keep.
pub(super) const MOST_CHARACTERS: usize = 60;

/// Most words remembered as written.
const MOST_MET: usize = 10_000;

/// A table of words that remembers what was looked up: a file has few different words, and many rows.
pub(super) struct Lookup<T> {
    words: Words<T>,
    met: HashMap<String, Option<Rc<T>>>,
}

impl<T: Clone> Lookup<T> {
    pub(super) fn new(words: Words<T>) -> Self {
        Self { words, met: HashMap::new() }
    }

    pub(super) fn get(&mut self, word: &str) -> Option<Rc<T>> {
        if let Some(met) = self.met.get(word) {
            return met.clone();
        }
        let meaning = self.words.get(word).cloned().map(Rc::new);
        if self.met.len() < MOST_MET {
            self.met.insert(word.to_owned(), meaning.clone());
        }
        meaning
    }
}

/// The words for parts: those of the source, else the ids of the declared parts, else a name that only one of them has.
pub(in crate::feed) fn part_words<T: Clone + PartialEq>(
    declared: &BTreeMap<PartId, Part>,
    of_source: &Words<T>,
    meaning: impl Fn(&PartId) -> T,
) -> Words<T> {
    let mut words = of_source.clone();
    let mut names: BTreeMap<String, BTreeSet<&PartId>> = BTreeMap::new();
    for (id, part) in declared {
        // Refused where the source's own word means something else: it says so on purpose.
        let _ = words.insert(id.as_str(), meaning(id));
        names.entry(folded(&part.name)).or_default().insert(id);
    }
    for (name, ids) in names {
        if let (Some(id), 1) = (ids.first(), ids.len()) {
            let _ = words.insert(&name, meaning(id));
        }
    }
    words
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
