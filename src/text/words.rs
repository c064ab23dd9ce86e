//! Tables from the words of a source to what they mean, and from what we mean to our own fixed words. Pure.
//!
//! No table holds one word with two meanings, however it is written: which of them a row meant would be chance.

use std::collections::BTreeMap;

use super::fold::folded;

/// An enum and the fixed word for each of it, as files, the ledger and commands have them.
macro_rules! words {
    ($(#[$about:meta])* pub enum $name:ident { $($(#[$meaning:meta])* $word:ident $stored:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$meaning])* $word,)+
        }

        impl $name {
            /// Every one, in the order in which they are listed and shown.
            pub const ALL: [Self; [$($stored),+].len()] = [$(Self::$word),+];

            /// The word for it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$word => $stored,)+
                }
            }

            /// Reads the word.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|one| one.as_str() == text)
            }
        }
    };
}
pub(crate) use words;

/// Types that are shown as the text that they stand for.
macro_rules! shown {
    ($name:ty) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use shown;

/// Words and their meanings, compared without case, accents or outer blanks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words<T>(BTreeMap<String, Known<T>>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Known<T> {
    /// The word as it was first written.
    written: String,
    meaning: T,
}

/// A word that is in the table already, with another meaning.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{word}” e “{other}” são a mesma palavra com dois sentidos (maiúsculas e acentos não contam)")]
pub struct Twin {
    /// The word that was not taken, as written.
    pub word: String,
    /// The word that is there, as written.
    pub other: String,
}

impl<T> Default for Words<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: PartialEq> Words<T> {
    /// The table of these words.
    ///
    /// # Errors
    /// [`Twin`] when one word has two meanings.
    pub fn of<'a>(words: impl IntoIterator<Item = (&'a str, T)>) -> Result<Self, Twin> {
        let mut table = Self::default();
        for (word, meaning) in words {
            table.insert(word, meaning)?;
        }
        Ok(table)
    }

    /// Takes a word in. Written once more with the same meaning, it changes nothing.
    ///
    /// # Errors
    /// [`Twin`] when the word is there with another meaning, which it keeps.
    pub fn insert(&mut self, word: &str, meaning: T) -> Result<(), Twin> {
        match self.0.get(&folded(word)) {
            Some(known) if known.meaning != meaning => {
                Err(Twin { word: word.to_owned(), other: known.written.clone() })
            }
            Some(_) => Ok(()),
            None => {
                self.0.insert(folded(word), Known { written: word.to_owned(), meaning });
                Ok(())
            }
        }
    }
}

impl<T> Words<T> {
    /// What a word means.
    pub fn get(&self, word: &str) -> Option<&T> {
        self.0.get(&folded(word)).map(|known| &known.meaning)
    }

    /// Every word as it was written, and what it means.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.values().map(|known| (known.written.as_str(), &known.meaning))
    }

    /// What the words mean.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.0.values().map(|known| &known.meaning)
    }

    /// How many different words.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no word.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_mean_the_same_in_any_case_and_with_or_without_accents() {
        let words = Words::of([("Questionário Preenchido", 1)]).unwrap();
        assert_eq!(words.get(" QUESTIONARIO  PREENCHIDO "), Some(&1));
        assert_eq!(words.get("Preencher o questionário"), None);
    }

    #[test]
    fn one_word_with_two_meanings_is_refused_and_with_one_is_one() {
        let mut words = Words::of([("Concluído", 1), ("CONCLUIDO ", 1)]).unwrap();
        assert_eq!(words.len(), 1);
        let twin = words.insert("concluido", 2).unwrap_err();
        assert_eq!((twin.word.as_str(), twin.other.as_str()), ("concluido", "Concluído"));
        assert_eq!(words.get("concluído"), Some(&1), "the first stays");
    }
}
