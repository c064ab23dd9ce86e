//! Many letters that fail alike within an hour: whether that is ours or the relay's, and not the addresses'. Pure.
//!
//! What one address fails by is the address's; what most of a mailing fails by is not. So it is asked how many failed, and
//! how many letters of the same time stand. An address that fails the same way again by a letter that left after it was
//! let off is believed, or a few dead domains would stop everybody's mail again and again.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::id::EmailAddress;
use super::refusal::{EnhancedStatus, Refusal};

/// Of fewer failures nothing is asked.
pub const FEWEST: usize = OURS;
/// So many addresses, in two domains or more, whose letters failed for a reason that may be ours, and it may be.
const OURS: usize = 3;
/// So many addresses, in two domains or more, that came back with one code that accuses them, and it may be the relay's: as
/// many as accuse it at the door (decision 0341).
const EVERYBODY: usize = 5;
/// So many times as many letters must have come back with what accuses their address as stand: of an old roster much may be dead.
const TO_ONE: usize = 2;
/// Letters that left so long before or after those that failed are of the same time.
const SAME_TIME: SignedDuration = SignedDuration::from_hours(1);
/// So often an address is let off from what accuses it, while nothing arrives there: the stops last nine hours then.
const LET_OFF_MOST: usize = 3;

/// An address that a letter did not reach, as its flag has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Which.
    pub address: EmailAddress,
    /// Whose matter it is said to be.
    pub refusal: Refusal,
    /// The code that it was said with.
    pub status: Option<EnhancedStatus>,
    /// Whether the relay had taken the letter, and it came back.
    pub came_back: bool,
    /// When that letter left; absent: not known.
    pub left_at: Option<Timestamp>,
    /// How often it was let off from the same before that letter left, and nothing arrived there since.
    pub let_off: usize,
}

/// A letter that was taken, and did not come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stood {
    /// Where.
    pub address: EmailAddress,
    /// When it was taken.
    pub at: Timestamp,
}

impl Failure {
    /// Whether it may be let off. What rests for a day is let off once; what is accused, and rests for months, more often.
    fn may_go_free(&self) -> bool {
        let most = if self.refusal.may_be_ours() { 1 } else { LET_OFF_MOST };
        self.let_off < most
    }
}

/// The failures of which the addresses are let off, because nothing else explains so many. While the queue stands still
/// (`stopped_for` what its first failures said), whatever is of the same sort is.
pub fn let_off<'f>(
    failures: &'f [Failure],
    stood: &[Stood],
    stopped_for: Option<&[Refusal]>,
) -> Vec<&'f Failure> {
    if let Some(causes) = stopped_for {
        let is_alike = |f: &&Failure| {
            f.may_go_free() && (f.refusal.may_be_ours() || (f.came_back && causes.contains(&f.refusal)))
        };
        return failures.iter().filter(is_alike).collect();
    }
    let ours: Vec<&Failure> = failures.iter().filter(|f| f.refusal.may_be_ours()).collect();
    let mut found = if is_ours(&ours, stood) { ours } else { Vec::new() };
    let mut accused: Vec<&Failure> = failures.iter().filter(|f| accuses(f)).collect();
    while let Some(first) = accused.first().copied() {
        let (alike, others): (Vec<&Failure>, Vec<&Failure>) =
            accused.into_iter().partition(|f| f.refusal == first.refusal && f.status == first.status);
        if is_everybody(&alike, stood) {
            found.extend(alike);
        }
        accused = others;
    }
    found.retain(|f| f.may_go_free());
    found
}

/// From when on letters are of the same time as these failures.
pub fn same_time_since(failures: &[Failure]) -> Option<Timestamp> {
    let first = failures.iter().filter_map(|f| f.left_at).min()?;
    Some(first.saturating_sub(SAME_TIME).unwrap_or(first))
}

/// What comes back and accuses its address. What the relay says at the door is judged there.
fn accuses(failure: &Failure) -> bool {
    failure.came_back && matches!(failure.refusal, Refusal::Address | Refusal::Mailbox)
}

/// Whether at least as many domains do not take our letters as take them.
fn is_ours(failures: &[&Failure], stood: &[Stood]) -> bool {
    let failed: BTreeSet<&str> = failures.iter().map(|f| f.address.domain()).collect();
    let standing: BTreeSet<&str> = of_the_same_time(failures, stood).map(EmailAddress::domain).collect();
    are_several(failures, OURS) && failed.len() >= standing.difference(&failed).count()
}

/// Whether nearly every letter came back with the same code.
fn is_everybody(failures: &[&Failure], stood: &[Stood]) -> bool {
    let failed: BTreeSet<&EmailAddress> = failures.iter().map(|f| &f.address).collect();
    let standing: BTreeSet<&EmailAddress> = of_the_same_time(failures, stood).collect();
    are_several(failures, EVERYBODY) && failed.len() >= TO_ONE * standing.difference(&failed).count()
}

/// Whether so many that may be let off failed, in two domains or more.
fn are_several(failures: &[&Failure], most: usize) -> bool {
    let free = || failures.iter().filter(|f| f.may_go_free());
    let domains: BTreeSet<&str> = free().map(|f| f.address.domain()).collect();
    free().count() >= most && domains.len() > 1
}

fn of_the_same_time<'s>(
    failures: &[&Failure],
    stood: &'s [Stood],
) -> impl Iterator<Item = &'s EmailAddress> + use<'s> {
    let left = || failures.iter().filter_map(|f| f.left_at);
    let first = left().min().and_then(|at| at.checked_sub(SAME_TIME).ok());
    let last = left().max().and_then(|at| at.checked_add(SAME_TIME).ok());
    let is_in = move |at| first.is_none_or(|first| first <= at) && last.is_none_or(|last| at <= last);
    stood.iter().filter(move |letter| is_in(letter.at)).map(|letter| &letter.address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(1_000_000 + minutes)
    }

    fn address(text: &str) -> EmailAddress {
        EmailAddress::parse(text).unwrap()
    }

    /// What came back from `n@dN.test`, and left at the beginning.
    fn failed(numbers: std::ops::Range<usize>, said: &str) -> Vec<Failure> {
        let status = EnhancedStatus::find(said);
        let one = |n| Failure {
            address: address(&format!("n@d{n}.test")),
            refusal: Refusal::of(status, said),
            status,
            came_back: true,
            left_at: Some(at(0)),
            let_off: 0,
        };
        numbers.map(one).collect()
    }

    fn stood(numbers: std::ops::Range<usize>, minutes: i64) -> Vec<Stood> {
        numbers.map(|n| Stood { address: address(&format!("n@d{n}.test")), at: at(minutes) }).collect()
    }

    fn count(failures: &[Failure], stood: &[Stood]) -> usize {
        let_off(failures, stood, None).len()
    }

    const BLOCKED: &str = "5.7.1 blocked using zen.spamhaus.org";
    const NOBODY: &str = "5.1.1 user unknown";

    #[test]
    fn it_is_ours_when_as_many_domains_refuse_us_as_take_our_letters() {
        assert_eq!(count(&failed(0..2, BLOCKED), &[]), 0, "two are not several");
        assert_eq!(count(&failed(0..3, BLOCKED), &[]), 3);
        assert_eq!(count(&failed(0..3, BLOCKED), &stood(3..6, 5)), 3);
        assert_eq!(count(&failed(0..3, BLOCKED), &stood(3..7, 5)), 0, "four others took theirs");
        assert_eq!(count(&failed(0..3, BLOCKED), &stood(3..99, 61)), 3, "but not at that time");
        assert_eq!(
            count(&failed(0..3, BLOCKED), &stood(0..3, 5)),
            3,
            "a domain that refused us took nothing"
        );
        let mut one_domain = failed(0..3, BLOCKED);
        for (n, failure) in one_domain.iter_mut().enumerate() {
            failure.address = address(&format!("n{n}@d.test"));
        }
        assert_eq!(count(&one_domain, &[]), 0);
    }

    #[test]
    fn it_is_the_relays_when_nearly_everybody_comes_back_with_one_code_that_accuses_them() {
        assert_eq!(count(&failed(0..4, NOBODY), &[]), 0, "four may be dead");
        assert_eq!(count(&failed(0..5, NOBODY), &[]), 5);
        assert_eq!(count(&failed(0..152, NOBODY), &stood(152..156, 5)), 152);
        assert_eq!(count(&failed(0..15, NOBODY), &stood(15..156, 5)), 0, "one in ten is dead");
        assert_eq!(count(&failed(0..6, NOBODY), &stood(6..12, 5)), 0, "as many as stand may be dead");
        let mixed = [failed(0..3, NOBODY), failed(3..6, "5.1.10 not found")].concat();
        assert_eq!(count(&mixed, &[]), 0, "each was said otherwise");
        assert_eq!(count(&failed(0..9, "5.2.2 mailbox full"), &[]), 9);
        assert_eq!(count(&failed(0..9, "5.3.4 too big"), &[]), 0, "one letter is too big for all");
        let mut at_the_door = failed(0..9, NOBODY);
        for one in &mut at_the_door {
            one.came_back = false;
        }
        assert_eq!(count(&at_the_door, &[]), 0, "that is judged where it is said");
    }

    #[test]
    fn who_fails_again_after_it_was_let_off_is_believed() {
        for (said, most) in [(BLOCKED, 1), (NOBODY, LET_OFF_MOST)] {
            let mut again = failed(0..9, said);
            for (let_off, free) in [(0, 9), (most - 1, 9), (most, 0), (99, 0)] {
                for one in &mut again {
                    one.let_off = let_off;
                }
                assert_eq!(count(&again, &[]), free, "{said}: {let_off}");
            }
            // Those who fail for the first time are not the fewer for it.
            let with_new = [again, failed(9..14, said)].concat();
            assert_eq!(count(&with_new, &stood(14..16, 5)), 5);
        }
    }

    #[test]
    fn while_the_queue_stands_still_what_is_of_the_same_sort_is_let_off_one_by_one() {
        let of = |said: &str, causes: &[Refusal]| {
            let_off(&failed(0..1, said), &stood(1..99, 5), Some(causes)).len()
        };
        assert_eq!(of(BLOCKED, &[Refusal::Sender]), 1);
        assert_eq!(of(NOBODY, &[Refusal::Sender]), 0, "a dead address is dead meanwhile too");
        assert_eq!(of(NOBODY, &[Refusal::Address]), 1);
        assert_eq!(of("5.2.2 full", &[Refusal::Address]), 0);
    }
}
