//! Whether the machine's clock went ahead of the time that the machine has been up. No I/O.

use jiff::{SignedDuration, Timestamp};

use crate::clock::ClockReading;
use crate::domain::time::Leap;
use crate::store::Signs;

/// So much may the wall clock gain on the uptime between two looks.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(10);
/// A start after so long a silence wants a time server's word. A shorter one could not make much due.
const SILENCE: SignedDuration = SignedDuration::from_hours(24);
/// A time server's word is this old at most when the service starts: timesyncd asks at least every 34 minutes.
const RECENT: SignedDuration = SignedDuration::from_hours(2);

/// The system is not asked more often for its word on the clock.
const BETWEEN_QUESTIONS: SignedDuration = SignedDuration::from_mins(1);

/// What is known of the clock between one look and the next.
#[derive(Debug, Default)]
pub(super) struct ClockWatch {
    /// The last reading that was believed: wall clock and uptime.
    anchor: Option<(Timestamp, SignedDuration)>,
    leap: Option<Leap>,
    /// The uptime at which the system was last asked.
    asked_at: Option<SignedDuration>,
}

/// What a look at the clock found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// It may be believed.
    Steady,
    /// It has just leapt.
    Leapt(Leap),
    /// It leapt before, and nobody vouched for it yet.
    Doubtful,
    /// It may be believed again.
    Settled,
}

impl ClockWatch {
    /// At a start: what the ledger says of a leap, or of when the service last was at work or a person last vouched for
    /// the clock.
    pub(super) fn start(
        signs: &Signs,
        ruled_at: Option<Timestamp>,
        reading: ClockReading,
        asks: bool,
    ) -> (Self, Option<Leap>) {
        let vouched = reading
            .synchronised_at
            .is_some_and(|at| at <= reading.wall && reading.wall.duration_since(at) <= RECENT);
        let last = signs.heartbeat_at.map(|beat| ruled_at.map_or(beat, |ruled| beat.max(ruled)));
        let silent = last.filter(|last| reading.wall.duration_since(*last) > SILENCE);
        let new = silent.filter(|_| asks && !vouched && reading.uptime.is_some() && signs.leap.is_none());
        let new = new.map(|from| Leap { from, to: reading.wall });
        (Self { leap: signs.leap.or(new), ..Self::default() }, new)
    }

    /// Looks at the clock.
    pub(super) fn look(&mut self, reading: ClockReading) -> Look {
        let Some(uptime) = reading.uptime else { return Look::Steady };
        let expected = self.anchor.and_then(|(wall, up)| wall.checked_add(uptime - up).ok());
        match self.leap {
            None => {
                if let Some(from) =
                    expected.filter(|expected| reading.wall.duration_since(*expected) > TOLERANCE)
                {
                    let leap = Leap { from, to: reading.wall };
                    self.leap = Some(leap);
                    Look::Leapt(leap)
                } else {
                    self.anchor = Some((reading.wall, uptime));
                    Look::Steady
                }
            }
            Some(leap) => {
                let is_back = match expected {
                    Some(expected) => reading.wall.duration_since(expected) <= TOLERANCE,
                    // Nobody knows how long ago that was: as at a start, only a short time is believed without a word.
                    None => {
                        leap.to.duration_since(reading.wall) > TOLERANCE
                            && reading.wall.duration_since(leap.from) <= SILENCE
                    }
                };
                // A word given before the leap lies before it: nearer to where the clock should have stood.
                let is_after = |at: Timestamp| at.duration_since(leap.from) > leap.to.duration_since(at);
                let vouched = reading.synchronised_at.is_some_and(|at| at <= reading.wall && is_after(at));
                if !is_back && !vouched {
                    return Look::Doubtful;
                }
                self.believe(reading);
                Look::Settled
            }
        }
    }

    /// Whether the system is to be asked for its word, once a minute while the clock is doubted: that costs a process.
    pub(super) fn asks(&mut self, reading: ClockReading) -> bool {
        let Some(uptime) = reading.uptime.filter(|_| self.leap.is_some()) else { return false };
        let is_due = self.asked_at.is_none_or(|at| uptime - at >= BETWEEN_QUESTIONS);
        if is_due {
            self.asked_at = Some(uptime);
        }
        is_due
    }

    /// The clock may be believed where it stands.
    pub(super) fn believe(&mut self, reading: ClockReading) {
        self.leap = None;
        self.anchor = reading.uptime.map(|up| (reading.wall, up));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minutes * 60).unwrap()
    }

    fn reading(wall: i64, uptime: i64, synchronised: Option<i64>) -> ClockReading {
        let uptime = Some(SignedDuration::from_mins(uptime));
        ClockReading { wall: at(wall), uptime, awake: uptime, synchronised_at: synchronised.map(at) }
    }

    const DAY: i64 = 24 * 60;

    #[test]
    fn after_a_restart_a_clock_that_fell_to_another_false_time_is_not_back() {
        let leap = Leap { from: at(0), to: at(20 * DAY) };
        let restarted = || ClockWatch { leap: Some(leap), ..ClockWatch::default() };
        assert_eq!(restarted().look(reading(7 * DAY, 1, None)), Look::Doubtful);
        assert_eq!(restarted().look(reading(60, 1, None)), Look::Settled);
    }

    #[test]
    fn a_clock_that_goes_with_the_uptime_is_believed_however_long_the_machine_slept() {
        let mut watch = ClockWatch::default();
        for minutes in [0, 1, 9, 2 * DAY, 40 * DAY] {
            assert_eq!(watch.look(reading(minutes, minutes, None)), Look::Steady);
        }
        assert_eq!(
            watch.look(reading(40 * DAY + 9, 40 * DAY, None)),
            Look::Steady,
            "time servers correct a little"
        );
        assert_eq!(
            watch.look(reading(39 * DAY, 40 * DAY + 1, None)),
            Look::Steady,
            "behind is the mark's to tell"
        );
    }

    #[test]
    fn a_leap_ahead_is_doubted_until_the_clock_comes_back() {
        let mut watch = ClockWatch::default();
        watch.look(reading(0, 0, Some(-5)));
        let leap = Leap { from: at(1), to: at(40 * DAY) };
        assert_eq!(watch.look(reading(40 * DAY, 1, Some(-5))), Look::Leapt(leap));
        assert_eq!(watch.look(reading(40 * DAY + 1, 2, Some(-5))), Look::Doubtful);
        assert_eq!(watch.look(reading(3, 3, Some(-5))), Look::Settled);
        assert_eq!(watch.look(reading(4, 4, Some(-5))), Look::Steady);
    }

    #[test]
    fn a_time_server_that_answered_after_the_leap_ends_the_doubt_and_one_before_does_not() {
        let mut watch = ClockWatch::default();
        watch.look(reading(0, 0, Some(0)));
        assert!(matches!(watch.look(reading(60, 1, Some(0))), Look::Leapt(_)));
        assert_eq!(watch.look(reading(61, 2, Some(1))), Look::Doubtful);
        assert_eq!(
            watch.look(reading(62, 3, Some(900))),
            Look::Doubtful,
            "a word from later than now says nothing"
        );
        assert_eq!(watch.look(reading(63, 4, Some(62))), Look::Settled);
    }

    #[test]
    fn the_system_is_asked_once_a_minute_while_the_clock_is_doubted_and_its_word_ends_the_doubt() {
        let mut watch = ClockWatch::default();
        watch.look(reading(0, 0, None));
        assert!(!watch.asks(reading(0, 0, None)), "nobody doubts");
        watch.look(reading(60, 1, None));
        let asked = [1, 1, 2].map(|uptime| watch.asks(reading(60, uptime, None)));
        assert_eq!(asked, [true, false, true]);
        assert_eq!(watch.look(reading(61, 2, Some(61))), Look::Settled);
    }

    #[test]
    fn a_start_long_after_the_last_sign_of_life_wants_a_time_servers_word_in_production() {
        let signs = |heartbeat: Option<i64>, leap| Signs {
            born_at: None,
            last_pass_at: None,
            heartbeat_at: heartbeat.map(at),
            high_water: None,
            relay_failing_since: None,
            panel_failing: None,
            leap,
            stop: None,
            journal_seq: 0,
            journal_hash: String::new(),
        };
        let new = |heartbeat, now, asks| ClockWatch::start(&signs(heartbeat, None), None, now, asks).1;
        let late = reading(40 * DAY, 0, None);
        assert_eq!(new(Some(0), late, true), Some(Leap { from: at(0), to: at(40 * DAY) }));
        assert_eq!(new(Some(0), late, false), None, "a rehearsal writes to nobody");
        assert_eq!(new(Some(0), reading(40 * DAY, 0, Some(40 * DAY - 30)), true), None, "vouched for");
        assert_eq!(new(Some(40 * DAY - 60), late, true), None, "a short stop");
        assert_eq!(new(None, late, true), None, "the first start of all");
        let known = Leap { from: at(0), to: at(40 * DAY) };
        let (mut watch, new) = ClockWatch::start(&signs(Some(0), Some(known)), None, late, true);
        assert_eq!((watch.look(late), new), (Look::Doubtful, None), "a restart does not forget");
        assert_eq!(watch.look(reading(5, 1, None)), Look::Settled);
        let ruled = |minutes| ClockWatch::start(&signs(Some(0), None), Some(at(minutes)), late, true).1;
        assert_eq!(ruled(40 * DAY - 60), None, "a person vouched for it an hour ago");
        let since = Leap { from: at(38 * DAY), to: at(40 * DAY) };
        assert_eq!(ruled(38 * DAY), Some(since), "a word counts as long as a heartbeat");
    }
}
