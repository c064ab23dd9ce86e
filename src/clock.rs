//! The only reader of the system clock.

use jiff::Timestamp;

/// Where `now` comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// One instant for ever: `--em`, and tests.
    Fixed(Timestamp),
}

impl Clock {
    /// Now. Read once per pass and passed down.
    #[must_use]
    pub fn now(self) -> Timestamp {
        match self {
            #[expect(clippy::disallowed_methods, reason = "this is the one place")]
            Self::System => Timestamp::now(),
            Self::Fixed(instant) => instant,
        }
    }
}
