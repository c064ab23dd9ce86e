//! What a window is about, and its id. Pure.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use super::{IdError, SystemId, slug};
use crate::text::fold::unaccented;
use crate::text::words::shown;

/// The period that a window is about: a year, a month or a quarter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reference {
    Year(i16),
    Month(i16, i8),
    /// `2026-T4`; quarters count from 1.
    Quarter(i16, i8),
}

impl Reference {
    /// Reads `2026`, `2026-10` or `2026-T4` (also `2026-t4`).
    ///
    /// # Errors
    /// [`IdError::Reference`].
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let bad = || IdError::Reference(text.to_owned());
        let year = |y: &str| match y.len() {
            4 if y.bytes().all(|b| b.is_ascii_digit()) => y.parse::<i16>().map_err(|_| bad()),
            _ => Err(bad()),
        };
        match text.split_once('-') {
            None => Ok(Self::Year(year(text)?)),
            Some((y, rest)) => {
                let (digits, quarter) = match rest.strip_prefix(['T', 't']) {
                    Some(q) => (q, true),
                    None => (rest, false),
                };
                let wide = if quarter { 1 } else { 2 };
                if digits.len() != wide || !digits.bytes().all(|b| b.is_ascii_digit()) {
                    return Err(bad());
                }
                let n: i8 = digits.parse().map_err(|_| bad())?;
                match (quarter, n) {
                    (true, 1..=4) => Ok(Self::Quarter(year(y)?, n)),
                    (false, 1..=12) => Ok(Self::Month(year(y)?, n)),
                    _ => Err(bad()),
                }
            }
        }
    }

    /// The year and the first month of the period.
    pub fn first_month(self) -> (i16, i8) {
        match self {
            Self::Year(y) => (y, 1),
            Self::Month(y, m) => (y, m),
            Self::Quarter(y, q) => (y, 3 * (q - 1) + 1),
        }
    }

    /// The period that follows.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Year(y) => Self::Year(y + 1),
            Self::Month(y, 12) => Self::Month(y + 1, 1),
            Self::Month(y, m) => Self::Month(y, m + 1),
            Self::Quarter(y, 4) => Self::Quarter(y + 1, 1),
            Self::Quarter(y, q) => Self::Quarter(y, q + 1),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Year(y) => write!(f, "{y:04}"),
            Self::Month(y, m) => write!(f, "{y:04}-{m:02}"),
            Self::Quarter(y, q) => write!(f, "{y:04}-T{q}"),
        }
    }
}

/// A window's id: `sistema/referencia[/nome]`, as `censo-suas/2017/onda-1`. Stable for ever.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WindowId(Arc<str>);

impl WindowId {
    /// Makes the id of a window; the name, if any, is turned into a slug.
    ///
    /// # Errors
    /// [`IdError::Slug`] when nothing of the name is left.
    pub fn new(system: &SystemId, reference: Reference, name: Option<&str>) -> Result<Self, IdError> {
        let text = match name {
            None => format!("{system}/{reference}"),
            Some(name) => {
                let slugged = slugify(name);
                slug(&slugged).map_err(|_| IdError::Slug(name.to_owned()))?;
                format!("{system}/{reference}/{slugged}")
            }
        };
        Ok(Self(text.into()))
    }

    /// Reads an id as operators write it.
    ///
    /// # Errors
    /// [`IdError::Window`].
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let bad = || IdError::Window(text.to_owned());
        let mut pieces = text.split('/');
        let system = pieces.next().ok_or_else(bad)?;
        let reference = pieces.next().ok_or_else(bad)?;
        let name = pieces.next();
        if pieces.next().is_some() {
            return Err(bad());
        }
        let system = SystemId::parse(system).map_err(|_| bad())?;
        let reference = Reference::parse(reference).map_err(|_| bad())?;
        Self::new(&system, reference, name).map_err(|_| bad())
    }

    /// The id as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The period that it is about; a window and its second phase are about the same.
    pub fn reference(&self) -> Option<Reference> {
        Reference::parse(self.0.split('/').nth(1)?).ok()
    }
}

shown!(WindowId);

impl Borrow<str> for WindowId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// Lower case without accents; every other run of characters becomes one hyphen. `Água Branca` → `agua-branca`.
pub fn slugify(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase).map(unaccented) {
        if c.is_ascii_alphanumeric() {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    if out.ends_with('-') {
        out.pop();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_read_and_write_the_same() {
        for text in ["2026", "2026-10", "2026-T4"] {
            assert_eq!(Reference::parse(text).unwrap().to_string(), text);
        }
        for text in ["26", "2026-13", "2026-T5", "2026-1", "2026-T", "x", "2026-10-01"] {
            assert!(Reference::parse(text).is_err(), "{text}");
        }
        assert_eq!(Reference::parse("2026-T4").unwrap().next(), Reference::Quarter(2027, 1));
        assert_eq!(Reference::parse("2026-T2").unwrap().first_month(), (2026, 4));
    }

    #[test]
    fn window_ids_are_slugs() {
        let system = SystemId::parse("censo-suas").unwrap();
        let id = WindowId::new(&system, Reference::Year(2017), Some("Onda 1 – Água")).unwrap();
        assert_eq!(id.as_str(), "censo-suas/2017/onda-1-agua");
        assert_eq!(WindowId::parse(id.as_str()).unwrap(), id);
        assert_eq!(id.reference(), Some(Reference::Year(2017)));
        assert!(WindowId::parse("rma").is_err());
        assert!(WindowId::parse("rma/2026-11/a/b").is_err());
    }
}
