//! The names of things, as newtypes made only by `parse`. Pure.

mod address;
mod window;

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use crate::text::words::shown;

pub use self::address::EmailAddress;
pub use self::window::{Reference, WindowId, slugify};

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
    pub fn six(self) -> u32 {
        self.0 / 10
    }

    /// The seven digits as a number.
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
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        shown!($name);

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

#[cfg(test)]
mod tests {
    use super::*;

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
}
