//! A row as it must be, column by column. Pure.

use std::collections::BTreeMap;

use crate::domain::id::EmailAddress;
use crate::store::DeliveryId;
use crate::store::reduce::erased_address;
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
    /// Text or bytes with this digest.
    Digest(String),
    /// The same, or nothing: the years for which it is kept are over.
    Erasable(String),
    /// The address of this delivery: its id is a digest of notice, version and address.
    AddressOf { key: String, version: u16, id: String },
    /// The same, or what stands in its place once its years are over.
    ErasableAddressOf { key: String, version: u16, id: String },
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

/// From now on these cells of a row may be gone.
pub(super) fn erase(row: &mut Row, columns: &[&str]) {
    for (column, must) in row {
        if columns.contains(column) {
            *must = std::mem::replace(must, Must::Text(None)).erasable();
        }
    }
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

    /// The same cell once its years are over: only what is known by its digest may be erased.
    pub(super) fn erasable(self) -> Self {
        match self {
            Self::Digest(digest) => Self::Erasable(digest),
            Self::AddressOf { key, version, id } => Self::ErasableAddressOf { key, version, id },
            other => other,
        }
    }

    pub(super) fn fits(&self, found: &Found) -> bool {
        match (self, found) {
            (Self::Number(None) | Self::Text(None) | Self::Erasable(_), Found::Nothing) => true,
            (Self::Number(Some(n)), Found::Number(m)) => n == m,
            (Self::Text(Some(text)), Found::Text(found)) => text == found,
            (Self::Digest(digest), Found::Text(found)) => sha256(found.as_bytes()) == *digest,
            (Self::Digest(digest) | Self::Erasable(digest), Found::Bytes(found)) => digest == found,
            (Self::Erasable(digest), Found::Text(found)) => {
                found.is_empty() || sha256(found.as_bytes()) == *digest
            }
            (Self::ErasableAddressOf { id, .. }, Found::Text(found)) if *found == erased_address(id) => true,
            (
                Self::AddressOf { key, version, id } | Self::ErasableAddressOf { key, version, id },
                Found::Text(found),
            ) => EmailAddress::parse(found)
                .is_ok_and(|address| DeliveryId::of(key, *version, &address).as_str() == id),
            _ => false,
        }
    }
}
