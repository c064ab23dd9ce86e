//! The only reader of the system's clocks: the one that people and networks set, and the one that nobody can.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};

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

    /// Everything that says whether `now` may be believed.
    #[must_use]
    pub fn reading(self) -> Reading {
        let wall = self.now();
        match self {
            Self::System => Reading { wall, uptime: Some(uptime()), synchronised_at: synchronised_at() },
            Self::Fixed(_) => Reading { wall, uptime: None, synchronised_at: None },
        }
    }
}

/// One look at the machine's clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// What the wall clock says.
    pub wall: Timestamp,
    /// How long the machine has been up, asleep or not, which nobody sets; absent where now was given (`--em`).
    pub uptime: Option<SignedDuration>,
    /// When the system last found its clock in step with a time server, if it ever said so since it was started.
    pub synchronised_at: Option<Timestamp>,
}

/// systemd-timesyncd touches it whenever a time server has answered; it is gone after a start.
const SYNCHRONISED: &str = "/run/systemd/timesync/synchronized";

fn uptime() -> SignedDuration {
    let up = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    SignedDuration::from_secs(up.tv_sec)
}

fn synchronised_at() -> Option<Timestamp> {
    let touched = std::fs::metadata(Path::new(SYNCHRONISED)).ok()?.modified().ok()?;
    Timestamp::try_from(touched).ok()
}
