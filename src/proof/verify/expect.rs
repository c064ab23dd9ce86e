//! A row as it must be, column by column. Pure.

use std::collections::BTreeMap;

use crate::domain::id::EmailAddress;
use crate::store::DeliveryId;
use crate::text::digest::sha256;

/// Rows of one table by key.
pub(super) type Rows = BTreeMap<Vec<String>, Row>;

/// What each column must hold; a column that is not named may hold anything.
pub(super) type Row = Vec<(&'static str, Must)>;

/// What a cell must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Must {
    /// Nothing, or exactly this number.
    Number(Option<i64>),
    /// Nothing, or exactly this text.
    Text(Option<String>),
    /// Text with this digest.
    Digest(String),
    /// Bytes with this digest.
    Bytes(String),
    /// The address of this delivery: its id is a digest of notice, version and address.
    AddressOf { key: String, version: u16, id: String },
}

/// What a cell holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    Number(i64),
    Text(String),
    /// By digest: letters need not lie in memory together.
    Bytes(String),
    /// Of a type that no cell of ours has.
    Other,
}

/// Sets one column of a row.
pub(super) fn set(row: &mut Row, column: &'static str, must: Must) {
    row.retain(|(name, _)| *name != column);
    row.push((column, must));
}

impl Must {
    pub(super) fn number(n: i64) -> Self {
        Self::Number(Some(n))
    }

    pub(super) fn count(n: u64) -> Self {
        Self::number(i64::try_from(n).unwrap_or(i64::MAX))
    }

    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(Some(text.into()))
    }

    pub(super) fn fits(&self, found: &Found) -> bool {
        match (self, found) {
            (Self::Number(None) | Self::Text(None), Found::Nothing) => true,
            (Self::Number(Some(n)), Found::Number(m)) => n == m,
            (Self::Text(Some(text)), Found::Text(found)) => text == found,
            (Self::Digest(digest), Found::Text(found)) => sha256(found.as_bytes()) == *digest,
            (Self::Bytes(digest), Found::Bytes(found)) => digest == found,
            (Self::AddressOf { key, version, id }, Found::Text(found)) => EmailAddress::parse(found)
                .is_ok_and(|address| DeliveryId::of(key, *version, &address).as_str() == id),
            _ => false,
        }
    }
}
