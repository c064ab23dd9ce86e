//! The only reader of the system's clocks: the one that people and networks set, and the one that nobody can.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::Command;

use jiff::{SignedDuration, Timestamp};
use rustix::time::ClockId;

/// Where `now` comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    System,
    /// One instant for ever: `--em`, and tests.
    Fixed(Timestamp),
}

impl Clock {
    /// Now. Read once per pass and passed down.
    pub fn now(self) -> Timestamp {
        match self {
            #[expect(clippy::disallowed_methods, reason = "this is the one place")]
            Self::System => Timestamp::now(),
            Self::Fixed(instant) => instant,
        }
    }

    /// Everything that says whether `now` may be believed.
    pub fn reading(self) -> ClockReading {
        let wall = self.now();
        match self {
            Self::System => ClockReading {
                wall,
                uptime: Some(since(ClockId::Boottime)),
                awake: Some(since(ClockId::Monotonic)),
                synchronised_at: synchronised_at(),
            },
            Self::Fixed(_) => ClockReading { wall, uptime: None, awake: None, synchronised_at: None },
        }
    }

    /// How long the machine has been up, asleep or not: by this is waited, which nobody sets. What was given (`--em`) runs
    /// with its instant.
    pub fn running(self) -> SignedDuration {
        match self {
            Self::System => {
                let up = rustix::time::clock_gettime(ClockId::Boottime);
                SignedDuration::new(up.tv_sec, i32::try_from(up.tv_nsec).unwrap_or_default())
            }
            Self::Fixed(instant) => instant.as_duration(),
        }
    }

    /// Asks systemd whether the kernel's clock is in step with a time server, whoever keeps it there (chrony, ntpd): then
    /// the time that it stands at. Setting the clock by hand takes that back until the time server has answered. Starts
    /// a process, and may block for half a minute.
    pub fn ask_system(self) -> Option<Timestamp> {
        match self {
            Self::System => {
                let mut ask = Command::new("timedatectl");
                ask.args(["show", "--property=NTPSynchronized", "--property=TimeUSec"]).env("TZ", "UTC");
                in_step(&String::from_utf8(ask.output().ok()?.stdout).ok()?)
            }
            Self::Fixed(_) => None,
        }
    }
}

/// What `timedatectl show` says of a clock in step: `TimeUSec=Thu 2026-11-26 02:21:52 UTC`.
fn in_step(properties: &str) -> Option<Timestamp> {
    let value = |name: &str| properties.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    let mut words = value("TimeUSec").filter(|_| value("NTPSynchronized") == Some("yes"))?.split(' ').skip(1);
    let (day, hour, zone) = (words.next()?, words.next()?, words.next()?);
    if zone == "UTC" { format!("{day}T{hour}Z").parse().ok() } else { None }
}

/// One look at the machine's clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockReading {
    /// What the wall clock says.
    pub wall: Timestamp,
    /// How long the machine has been up, asleep or not, which nobody sets; absent where now was given (`--em`).
    pub uptime: Option<SignedDuration>,
    /// How long of that it was not asleep: while it is nothing gets on, and nothing hangs.
    pub awake: Option<SignedDuration>,
    /// When the system last found its clock in step with a time server, if it ever said so since it was started.
    pub synchronised_at: Option<Timestamp>,
}

/// The kernel draws one at each start of the machine.
const BOOT: &str = "/proc/sys/kernel/random/boot_id";
/// The same as the unit passes it on (`%b`), which shuts the daemon off from the kernel's files.
const BOOT_OF_UNIT: &str = "ARRANQUE";

/// Which start of the machine this is, and how long that has been; nothing where it is not told.
pub fn boot() -> Option<(String, SignedDuration)> {
    let told = std::env::var(BOOT_OF_UNIT).ok().or_else(|| std::fs::read_to_string(BOOT).ok())?;
    let id = told.trim().replace('-', "");
    (!id.is_empty()).then(|| (id, since(ClockId::Boottime)))
}

/// Where the system's time zone database says of which release it is: `# version 2026a`.
const ZONES: &str = "/usr/share/zoneinfo/tzdata.zi";

/// The release of the machine's time zone database; none where it does not say.
pub fn zone_release() -> Option<String> {
    let mut first = String::new();
    BufReader::new(File::open(ZONES).ok()?.take(100)).read_line(&mut first).ok()?;
    Some(first.trim().strip_prefix("# version ")?.to_owned())
}

/// systemd-timesyncd touches it whenever a time server has answered; it is gone after a start.
const SYNCHRONISED: &str = "/run/systemd/timesync/synchronized";

fn since(clock: ClockId) -> SignedDuration {
    SignedDuration::from_secs(rustix::time::clock_gettime(clock).tv_sec)
}

fn synchronised_at() -> Option<Timestamp> {
    let touched = std::fs::metadata(Path::new(SYNCHRONISED)).ok()?.modified().ok()?;
    Timestamp::try_from(touched).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_waited_for_runs_on_and_with_the_instant_that_was_given() {
        let before = Clock::System.running();
        assert!(Clock::System.running() >= before && before > SignedDuration::ZERO);
        let later = Timestamp::UNIX_EPOCH + SignedDuration::from_mins(3);
        assert_eq!(Clock::Fixed(later).running(), SignedDuration::from_mins(3));
    }

    #[test]
    fn only_a_clock_in_step_vouches_and_for_the_time_that_it_stands_at() {
        let said =
            |synchronised| format!("NTPSynchronized={synchronised}\nTimeUSec=Thu 2026-11-26 02:21:52 UTC\n");
        assert_eq!(in_step(&said("yes")), Some("2026-11-26T02:21:52Z".parse().unwrap()));
        assert_eq!(in_step(&said("no")), None);
        assert_eq!(in_step("NTPSynchronized=yes\n"), None);
        assert_eq!(in_step("NTPSynchronized=yes\nTimeUSec=Wed 2026-11-25 23:21:52 -03\n"), None);
        assert_eq!(in_step(""), None);
        assert_eq!(Clock::Fixed(Timestamp::UNIX_EPOCH).ask_system(), None);
    }
}
