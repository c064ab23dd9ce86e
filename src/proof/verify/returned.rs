//! What came back by mail, over all letters: one message may be about several of them. Pure.

use super::expect::{Must, Row, Rows, set};
use crate::domain::journal::{Message, Returned};
use crate::store::chain::Link;

/// The rows that the entries so far tell of.
#[derive(Default)]
pub(super) struct Returns {
    rows: Rows,
    /// Which delivery each message was about.
    links: Rows,
}

impl Returns {
    pub(super) fn take(&mut self, entry: &Link<'_>, told: &Returned) {
        let Message { sha256, size, kept_sha256 } = &told.message;
        self.links.insert(vec![told.delivery.clone(), sha256.clone()], Row::new());
        self.rows.entry(vec![sha256.clone()]).or_insert_with(|| {
            vec![
                ("received_at", Must::number(entry.at)),
                ("size", Must::count(*size)),
                ("kept_sha256", Must::text(kept_sha256)),
                ("bytes", Must::Bytes(kept_sha256.clone())),
            ]
        });
    }

    /// The bytes of a message are gone from now on.
    pub(super) fn erase(&mut self, sha256: String) {
        if let Some(row) = self.rows.get_mut(&vec![sha256]) {
            set(row, "bytes", Must::Text(None));
        }
    }

    /// Rows of `returns` and `delivery_returns`.
    pub(super) fn expected(self) -> [(&'static str, Rows); 2] {
        [("returns", self.rows), ("delivery_returns", self.links)]
    }
}
