//! The names of things, as newtypes made only by `parse`. Pure.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use crate::text::fold::unaccented;

/// Why a text is not the identifier it should be. Displayed to operators, so in Portuguese.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not seven digits.
    #[error("“{0}” não é um código IBGE de 7 dígitos")]
    MunicipalityShape(String),
    /// Seven digits whose last one does not follow from the other six.
    #[error("o dígito verificador de “{0}” não confere: o último dígito deveria ser {1}")]
    MunicipalityDigit(String, u32),
    /// Not a reference: year, month or quarter.
    #[error("“{0}” não é uma referência: use 2026, 2026-10 ou 2026-T4")]
    Reference(String),
    /// Empty, or with characters that an identifier may not have.
    #[error("“{0}” não serve de identificador: use letras minúsculas sem acento, dígitos e hífen")]
    Slug(String),
    /// Empty or with control characters.
    #[error("“{0}” não serve de nome")]
    Name(String),
    /// Not a window id.
    #[error("“{0}” não é uma janela: use sistema/referencia ou sistema/referencia/nome, como rma/2026-10")]
    Window(String),
    /// Not one e-mail address.
    #[error("“{0}” não é um endereço de e-mail")]
    Email(String),
}

/// The real codes whose check digit does not follow the rule (IBGE; seen nationally, none in Espírito Santo).
const IRREGULAR_CODES: [u32; 9] =
    [2_201_919, 2_201_988, 2_202_251, 2_611_533, 3_117_836, 3_152_131, 4_305_871, 5_203_939, 5_203_962];

/// A municipality by its IBGE code of seven digits, check digit included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MunicipalityCode(u32);

impl MunicipalityCode {
    /// Reads a code of exactly seven digits.
    ///
    /// # Errors
    /// [`IdError::MunicipalityShape`] or [`IdError::MunicipalityDigit`] (modulus 10, weights 1,2,1,2,1,2 from the
    /// left, digits of each product summed; nine real codes are exempt).
    pub fn parse(text: &str) -> Result<Self, IdError> {
        if text.len() != 7 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(IdError::MunicipalityShape(text.to_owned()));
        }
        let code: u32 = text.parse().map_err(|_| IdError::MunicipalityShape(text.to_owned()))?;
        let digit = check_digit(code / 10);
        if code % 10 == digit || IRREGULAR_CODES.contains(&code) {
            Ok(Self(code))
        } else {
            Err(IdError::MunicipalityDigit(text.to_owned(), digit))
        }
    }

    /// The first six digits, as the ministry's files write the code. Unique nationally.
    #[must_use]
    pub fn six(self) -> u32 {
        self.0 / 10
    }

    /// The seven digits as a number.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for MunicipalityCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:07}", self.0)
    }
}

fn check_digit(six: u32) -> u32 {
    let sum: u32 = (0..6)
        .map(|place| {
            let digit = six / 10_u32.pow(5 - place) % 10;
            let product = digit * (1 + place % 2);
            product / 10 + product % 10
        })
        .sum();
    (10 - sum % 10) % 10
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $parse:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Reads the identifier as written.
            ///
            /// # Errors
            /// [`IdError`] when the text cannot be one.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let check: fn(&str) -> Result<(), IdError> = $parse;
                check(text).map(|()| Self(text.into()))
            }

            /// The identifier as written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

text_id! {
    /// An information system (`rma`, `censo-suas`): a slug, since it opens window ids.
    SystemId, slug
}
text_id! {
    /// A part: who fills in (`CRAS`, `CENTRO POP`, `GESTAO`).
    PartId, name
}
text_id! {
    /// A competent gerência of the secretariat (`GPSB`).
    GerenciaId, name
}
text_id! {
    /// A unit by the id that the ministry gives it. Never cut a municipality's code out of it (four shapes exist).
    UnitId, name
}
text_id! {
    /// A status feed (`rma-lista`): a slug, since it names a folder.
    FeedId, slug
}
text_id! {
    /// One whole load of a feed.
    SnapshotId, name
}

fn slug(text: &str) -> Result<(), IdError> {
    let fits = !text.is_empty()
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if fits { Ok(()) } else { Err(IdError::Slug(text.to_owned())) }
}

fn name(text: &str) -> Result<(), IdError> {
    if text.trim().is_empty() || text.trim() != text || text.chars().any(char::is_control) {
        Err(IdError::Name(text.to_owned()))
    } else {
        Ok(())
    }
}

/// The period that a window is about: a year, a month or a quarter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reference {
    /// `2026`
    Year(i16),
    /// `2026-10`
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
    #[must_use]
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
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WindowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for WindowId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// Lower case without accents; every other run of characters becomes one hyphen. `Água Branca` → `agua-branca`.
#[must_use]
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

/// One e-mail address, `local@domain`, kept as written. Two that differ only in capitals are one: no mail server in use
/// tells them apart (RFC 5321 section 2.4 leaves the local part to its own host), and a mailbox gets one copy.
#[derive(Debug, Clone)]
pub struct EmailAddress(Arc<str>);

impl EmailAddress {
    /// What is compared.
    fn folded(&self) -> impl Iterator<Item = u8> {
        self.0.bytes().map(|byte| byte.to_ascii_lowercase())
    }
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for EmailAddress {}

impl Ord for EmailAddress {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.folded().cmp(other.folded())
    }
}

impl PartialOrd for EmailAddress {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl std::hash::Hash for EmailAddress {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.folded().for_each(|byte| state.write_u8(byte));
        state.write_u8(0xFF);
    }
}

impl EmailAddress {
    /// Reads one address of the plain form that RFC 5321 lets every relay take: a dot-atom local part and a domain
    /// name of at least two labels, ASCII, no quoting.
    ///
    /// # Errors
    /// [`IdError::Email`].
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let bad = || IdError::Email(text.to_owned());
        let (local, domain) = text.rsplit_once('@').ok_or_else(bad)?;
        let atom = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b);
        let local_fits = local.len() <= 64 && local.split('.').all(|a| !a.is_empty() && a.bytes().all(atom));
        let label = |l: &str| {
            !l.is_empty()
                && l.len() <= 63
                && !l.starts_with('-')
                && !l.ends_with('-')
                && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        let domain_fits = domain.len() <= 253 && domain.contains('.') && domain.split('.').all(label);
        if local_fits && domain_fits { Ok(Self(text.into())) } else { Err(bad()) }
    }

    /// The address as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part after the `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// Whether the address can reach nobody: `.invalid`, `.example`, `.test`, `.localhost` and `example.org` and its
    /// kin are reserved (RFC 2606).
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        let domain = self.domain().to_ascii_lowercase();
        let last = domain.rsplit('.').next().unwrap_or_default();
        matches!(last, "invalid" | "example" | "test" | "localhost")
            || ["example.org", "example.com", "example.net"]
                .iter()
                .any(|d| domain == *d || domain.strip_suffix(d).is_some_and(|rest| rest.ends_with('.')))
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_addresses_that_differ_only_in_capitals_are_one() {
        use std::collections::{BTreeSet, HashSet};
        let both = ["a@X.gov.br", "A@x.gov.br"].map(|text| EmailAddress::parse(text).unwrap());
        assert_eq!(both[0], both[1]);
        assert_eq!(both.iter().collect::<HashSet<_>>().len(), 1);
        assert_eq!(both.iter().collect::<BTreeSet<_>>().len(), 1);
        assert_eq!(both[0].as_str(), "a@X.gov.br", "as first written");
        assert_ne!(both[0], EmailAddress::parse("b@x.gov.br").unwrap());
    }

    #[test]
    fn the_nine_irregular_codes_are_taken_and_a_wrong_digit_is_not() {
        for code in IRREGULAR_CODES {
            assert!(MunicipalityCode::parse(&code.to_string()).is_ok());
        }
        assert!(MunicipalityCode::parse("3205309").is_ok());
        assert_eq!(
            MunicipalityCode::parse("3205308"),
            Err(IdError::MunicipalityDigit("3205308".to_owned(), 9))
        );
        assert!(matches!(MunicipalityCode::parse("320530"), Err(IdError::MunicipalityShape(_))));
    }

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
        assert!(WindowId::parse("rma").is_err());
        assert!(WindowId::parse("rma/2026-11/a/b").is_err());
    }

    #[test]
    fn addresses_that_no_relay_takes_are_refused() {
        for good in ["a@b.c", "joao.silva+x@prefeitura.es.gov.br"] {
            assert!(EmailAddress::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a",
            "a@b",
            "joão@x.org",
            "a b@c.d",
            "a@b.c\r\nBcc: x@y.z",
            "a@b..c",
            ".a@b.c",
            "a@b.c, d@e.f",
        ] {
            assert!(EmailAddress::parse(bad).is_err(), "{bad}");
        }
        assert!(EmailAddress::parse("a@smas.invalid").unwrap().is_reserved());
        assert!(EmailAddress::parse("a@mail.example.org").unwrap().is_reserved());
        assert!(!EmailAddress::parse("a@notexample.org").unwrap().is_reserved());
    }
}
