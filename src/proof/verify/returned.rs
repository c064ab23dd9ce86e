//! What came back by mail, over all letters: one message may be about several of them. Pure.

use std::collections::BTreeMap;

use super::expect::{Must, Row, Rows, erase};
use super::letter::Notices;
use crate::domain::journal::{Message, Reduced, Returned};
use crate::store::chain::Link;

/// The rows that the entries so far tell of.
#[derive(Default)]
pub(super) struct Returns {
    rows: Rows,
    /// By message, the deliveries that it was about, each with the entry that told so first.
    about: BTreeMap<String, BTreeMap<String, i64>>,
    /// Deliveries whose years are over, with the entry by which they are.
    gone: BTreeMap<String, i64>,
}

impl Returns {
    pub(super) fn take(&mut self, entry: &Link<'_>, told: &Returned) {
        let Message { sha256, size, kept_sha256 } = &told.message;
        self.about.entry(sha256.clone()).or_default().entry(told.delivery.clone()).or_insert(entry.seq);
        self.rows.entry(vec![sha256.clone()]).or_insert_with(|| {
            vec![
                ("received_at", Must::number(entry.at)),
                ("size", Must::count(*size)),
                ("kept_sha256", Must::text(kept_sha256)),
                ("bytes", Must::Digest(kept_sha256.clone())),
            ]
        });
    }

    /// Notes which of these letters may be gone. Called for all of them before the rows are asked for.
    pub(super) fn note(&mut self, notices: &Notices) {
        self.gone.extend(notices.gone().map(|(id, seq)| (id.clone(), seq)));
    }

    /// Rows of `returns` and `delivery_returns`. The bytes of a message may be gone once, at one of the reductions, the
    /// letters that it was about until then all are.
    pub(super) fn expected(mut self, reductions: &[(i64, Reduced)]) -> [(&'static str, Rows); 2] {
        let mut links = Rows::new();
        for (message, deliveries) in self.about {
            let is_over = |at: i64| {
                let mut known = deliveries.iter().filter(|(_, since)| **since < at).peekable();
                known.peek().is_some()
                    && known.all(|(delivery, _)| self.gone.get(delivery).is_some_and(|seq| *seq <= at))
            };
            let may_be_gone = reductions.iter().any(|(at, _)| is_over(*at));
            links.extend(deliveries.into_keys().map(|id| (vec![id, message.clone()], Row::new())));
            if let Some(row) = self.rows.get_mut(&vec![message]).filter(|_| may_be_gone) {
                erase(row, &["bytes"]);
            }
        }
        [("returns", self.rows), ("delivery_returns", links)]
    }
}
