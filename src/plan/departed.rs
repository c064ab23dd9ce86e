//! A word on a notice that left, or may have left, from another ledger. Pure.

use jiff::Timestamp;

use crate::domain::journal::LeftProof;

/// What is known of a notice that left, or may have left, from another ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Departed {
    /// When it left; by a person's word, when that was given.
    pub at: Timestamp,
    pub proof: LeftProof,
}

impl Departed {
    /// Of two words on one notice the one that counts: a log has the hour, a person does not; what may have left only counts
    /// where nothing proves more; then the earlier.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let rank = |one: &Self| match one.proof {
            LeftProof::Log => (0, one.at),
            LeftProof::Person => (1, one.at),
            LeftProof::Nothing => (2, one.at),
        };
        if rank(&other) < rank(&self) { other } else { self }
    }

    /// Whether something proves that it left.
    pub fn is_proven(&self) -> bool {
        match self.proof {
            LeftProof::Log | LeftProof::Person => true,
            LeftProof::Nothing => false,
        }
    }
}
