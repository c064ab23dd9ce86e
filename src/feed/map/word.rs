//! Words of a file to what they mean. Pure.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::domain::calendar::Part;
use crate::domain::id::PartId;
use crate::feed::text::{excerpt, folded};

use super::{MOST_LISTED, Mapped, UnknownWord};

/// Most characters kept of a word that means nothing: a wrong column may hold what nobody should keep.
const MOST_CHARACTERS: usize = 60;

/// A table of words, compared without case, accents or outer blanks.
pub(super) struct Words<T>(HashMap<String, T>);

impl<T: Clone> Words<T> {
    pub(super) fn new(words: &BTreeMap<String, T>) -> Self {
        Self(words.iter().map(|(word, meaning)| (folded(word), meaning.clone())).collect())
    }

    pub(super) fn get(&self, word: &str) -> Option<&T> {
        self.0.get(&folded(word))
    }
}

impl Words<PartId> {
    /// The words of a feed over the ids and names of the declared parts.
    pub(super) fn of_parts(declared: &BTreeMap<PartId, Part>, words: &BTreeMap<String, PartId>) -> Self {
        let mut all = HashMap::new();
        all.extend(declared.values().map(|p| (folded(&p.name), p.id.clone())));
        all.extend(declared.keys().map(|id| (folded(id.as_str()), id.clone())));
        all.extend(words.iter().map(|(word, id)| (folded(word), id.clone())));
        Self(all)
    }
}

/// Keeps one copy of each wording.
#[derive(Default)]
pub(super) struct Wordings(HashMap<String, Arc<str>>);

impl Wordings {
    pub(super) fn keep(&mut self, word: &str) -> Arc<str> {
        if let Some(kept) = self.0.get(word) {
            return kept.clone();
        }
        let kept: Arc<str> = excerpt(word, MOST_CHARACTERS).into();
        if self.0.len() < MOST_LISTED {
            self.0.insert(word.to_owned(), kept.clone());
        }
        kept
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
        let words = Words::new(&BTreeMap::from([("Questionário Preenchido".to_owned(), State::Done)]));
        assert_eq!(words.get(" QUESTIONARIO  PREENCHIDO "), Some(&State::Done));
        assert_eq!(words.get("Preencher o questionário"), None);
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
