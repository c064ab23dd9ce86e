//! Whose fault a refusal is: the address's, or the relay's that refuses everybody. Pure.
//!
//! A relay that turned against us (its policy, our reputation, a licence that ended) answers 550 to every address; one that
//! lost its table of recipients says of each that it does not exist. Believed, that would flag 78 good contacts in a minute.

use std::collections::{BTreeSet, VecDeque};

use jiff::SignedDuration;

use crate::domain::delivery::Outcome;
use crate::domain::id::EmailAddress;
use crate::domain::refusal::Refusal;

/// So many equal refusals in a row, across domains and within an hour, are the relay's fault and not the contacts'.
const EQUAL_REFUSALS: usize = 3;
/// So many different addresses in a row that are said not to exist, or to take nothing, are the relay's fault: a dead address
/// accuses itself, and three of them may well stand beside each other in a roster that nobody looked after.
const EQUAL_ACCUSATIONS: usize = 5;
/// How long a refusal is remembered.
const WITHIN: SignedDuration = SignedDuration::from_hours(1);
/// A letter refused so often is refused, and its address rests: else it would be tried until its notice expires. What
/// speaks of us, while it comes from several domains, is never counted.
const REFUSED_ENOUGH: u32 = 3;

/// What was said to one address, once the machine had run so long.
#[derive(Debug)]
struct Said {
    words: String,
    address: EmailAddress,
    at: SignedDuration,
}

/// What the senders learnt from refusals.
#[derive(Debug, Default)]
pub(super) struct Trust {
    /// The last refusals in a row that may be ours.
    refusals: VecDeque<Said>,
    /// What the relay says to everybody, until it takes something.
    blamed: Option<String>,
    /// The refusals in a row that accuse their address, each another's.
    accusations: Vec<Said>,
    /// What the relay says of every address, until it takes something.
    disbelieved: Option<String>,
    /// Whose road is said to be closed.
    roads: Vec<Said>,
    /// Addresses that were accused and are not believed to be at fault.
    spared: BTreeSet<EmailAddress>,
    /// Those of them that are asked once more since the relay took something: what it says of them now, it says of them.
    asked_again: BTreeSet<EmailAddress>,
    /// Addresses whose flag is to be taken off.
    exonerated: Vec<EmailAddress>,
}

impl Trust {
    /// What an attempt came to, once it is asked whose fault it is. `refusals` counts this one. A refusal that does not
    /// say that the address or its mailbox is at fault is only put off at first: who is refused before the relay's fault
    /// is known is not condemned by it. One that does is believed at once, and taken back where the relay then says the
    /// same of one after the other.
    pub(super) fn judge(
        &mut self,
        outcome: Outcome,
        address: &EmailAddress,
        refusals: u32,
        running: SignedDuration,
    ) -> Outcome {
        let told = |words| Said { words, address: address.clone(), at: running };
        match outcome {
            Outcome::Accepted { .. } => {
                let mut asked_again = std::mem::take(&mut self.asked_again);
                asked_again.append(&mut self.spared);
                asked_again.remove(address);
                let exonerated = std::mem::take(&mut self.exonerated);
                *self = Self { asked_again, exonerated, ..Self::default() };
                outcome
            }
            Outcome::Refused { reply, why: why @ (Refusal::Address | Refusal::Mailbox) } => {
                if self.accuses_everybody(told(said(&reply))) {
                    Outcome::RelayFault { reply }
                } else {
                    Outcome::Refused { reply, why }
                }
            }
            Outcome::Deferred { reply, slow_down: false } if names_the_road(&reply) => {
                let slow_down = self.is_every_road(told(said(&reply)));
                Outcome::Deferred { reply, slow_down }
            }
            Outcome::Deferred { .. } | Outcome::RelayFault { .. } | Outcome::Uncertain { .. } => outcome,
            Outcome::Refused { reply, why } => {
                let said = if why == Refusal::Sender { why.as_str().to_owned() } else { said(&reply) };
                self.accusations.clear();
                self.note(told(said.clone()));
                if self.refuses_everybody() {
                    self.blamed = Some(said.clone());
                }
                let enough = refusals >= REFUSED_ENOUGH;
                match self.blamed.as_deref() == Some(&said) {
                    true if !enough || why == Refusal::Sender => Outcome::RelayFault { reply },
                    false if !enough => Outcome::Deferred { reply, slow_down: false },
                    _ => Outcome::Refused { reply, why },
                }
            }
        }
    }

    /// The addresses that were flagged and are not at fault, each once.
    pub(super) fn take_exonerated(&mut self) -> Vec<EmailAddress> {
        std::mem::take(&mut self.exonerated)
    }

    fn note(&mut self, refusal: Said) {
        self.refusals.retain(|known| refusal.at.saturating_sub(known.at) <= WITHIN);
        self.refusals.push_back(refusal);
        if self.refusals.len() > EQUAL_REFUSALS {
            self.refusals.pop_front();
        }
    }

    fn refuses_everybody(&self) -> bool {
        let Some(first) = self.refusals.front() else { return false };
        self.refusals.len() == EQUAL_REFUSALS
            && self.refusals.iter().all(|known| known.words == first.words)
            && self.refusals.iter().any(|known| known.address.domain() != first.address.domain())
    }

    /// Whether what accuses an address is said of everybody. Then whoever was accused in the same row is exonerated.
    fn accuses_everybody(&mut self, new: Said) -> bool {
        if self.asked_again.remove(&new.address) {
            return false;
        }
        if self.disbelieved.as_ref() == Some(&new.words) {
            self.spared.insert(new.address);
            return true;
        }
        self.accusations.retain(|known| {
            new.at.saturating_sub(known.at) <= WITHIN
                && known.words == new.words
                && known.address != new.address
        });
        self.accusations.push(new);
        let Some(last) = self.accusations.last() else { return false };
        let in_two = self.accusations.iter().any(|known| known.address.domain() != last.address.domain());
        if self.accusations.len() < EQUAL_ACCUSATIONS || !in_two {
            return false;
        }
        self.disbelieved = Some(last.words.clone());
        self.spared.insert(last.address.clone());
        self.accusations.pop();
        for known in self.accusations.drain(..) {
            self.spared.insert(known.address.clone());
            self.exonerated.push(known.address);
        }
        true
    }

    /// Whether the road to another domain too is said to be closed.
    fn is_every_road(&mut self, new: Said) -> bool {
        self.roads.retain(|known| {
            new.at.saturating_sub(known.at) <= WITHIN && known.address.domain() != new.address.domain()
        });
        let is_every = self.roads.iter().any(|known| known.words == new.words);
        self.roads.push(new);
        is_every
    }
}

/// The code, and the enhanced code (RFC 3463) where there is one.
fn said(reply: &str) -> String {
    let mut words = reply.split_whitespace();
    let code = words.next().unwrap_or_default();
    match enhanced(reply) {
        Some(enhanced) => format!("{code} {enhanced}"),
        None => code.to_owned(),
    }
}

/// Whether the network on the way to the recipient is at fault (RFC 3463, 4.4.x).
fn names_the_road(reply: &str) -> bool {
    enhanced(reply).is_some_and(|code| code.starts_with("4.4."))
}

fn enhanced(reply: &str) -> Option<&str> {
    let word = reply.split_whitespace().nth(1)?;
    let numbers = word.split('.').all(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    (numbers && word.split('.').count() == 3).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::refusal::EnhancedStatus;

    fn refused(reply: &str) -> Outcome {
        let why = Refusal::of(EnhancedStatus::find(reply), reply);
        Outcome::Refused { reply: reply.to_owned(), why }
    }

    fn state(outcome: &Outcome) -> &'static str {
        match outcome {
            Outcome::RelayFault { .. } => "relay",
            Outcome::Deferred { .. } => "later",
            Outcome::Refused { .. } => "refused",
            Outcome::Accepted { .. } => "accepted",
            Outcome::Uncertain { .. } => "uncertain",
        }
    }

    #[test]
    fn three_refusals_of_us_across_domains_blame_the_relay_until_it_takes_something_and_condemn_nobody() {
        let mut trust = Trust::default();
        let mut now = SignedDuration::ZERO;
        let mut judge = |reply: &str, domain: &str, attempts| {
            now += SignedDuration::from_mins(1);
            let outcome = if reply.starts_with('2') {
                Outcome::Accepted { reply: reply.to_owned() }
            } else {
                refused(reply)
            };
            state(&trust.judge(outcome, &someone(domain), attempts, now))
        };
        assert_eq!(judge("550 5.7.1 policy", "a", 1), "later", "the first two are not condemned either");
        assert_eq!(judge("554 5.7.1 Relay access denied", "b", 1), "later");
        assert_eq!(judge("550 5.7.1 policy", "b", 1), "relay");
        assert_eq!(judge("550 5.7.1 policy", "c", 9), "relay", "however often");
        assert_eq!(judge("550 5.1.1 nobody", "c", 1), "refused");
        assert_eq!(judge("550 no", "c", 1), "later");
        assert_eq!(judge("550 no", "c", 3), "refused", "refused often enough");
        judge("250", "a", 1);
        assert_eq!(judge("550 5.7.1 policy", "c", 1), "later");
    }

    #[test]
    fn refusals_of_one_domain_or_far_apart_blame_nobody() {
        let mut trust = Trust::default();
        let at = SignedDuration::from_hours;
        for hours in 0..9 {
            assert_eq!(state(&trust.judge(refused("550 5.7.1 policy"), &someone("same"), 1, at(0))), "later");
            let mut slow = Trust::default();
            let domain = someone(&format!("d{hours}"));
            assert_eq!(state(&slow.judge(refused("550 no"), &domain, 1, at(2 * hours))), "later");
            assert_eq!(state(&trust.judge(refused("550 5.1.1 nobody"), &domain, 1, at(0))), "refused");
        }
    }

    fn someone(domain: &str) -> EmailAddress {
        EmailAddress::parse(&format!("alguem@{domain}.test")).unwrap()
    }

    /// Who is asked, one a minute: `n@domain`, and what the relay says.
    fn asked(trust: &mut Trust, minute: i64, who: &str, reply: &str) -> &'static str {
        let outcome = match reply.as_bytes()[0] {
            b'2' => Outcome::Accepted { reply: reply.to_owned() },
            b'4' => Outcome::Deferred { reply: reply.to_owned(), slow_down: false },
            _ => refused(reply),
        };
        let address = EmailAddress::parse(&format!("{who}.test")).unwrap();
        match trust.judge(outcome, &address, 1, SignedDuration::from_mins(minute)) {
            Outcome::Deferred { slow_down: true, .. } => "rest",
            outcome => state(&outcome),
        }
    }

    #[test]
    fn five_addresses_in_a_row_across_domains_that_do_not_exist_are_the_relays_fault_and_are_exonerated() {
        let mut trust = Trust::default();
        let gone = "550 5.1.1 nobody";
        for (minute, who) in ["1@a", "2@a", "3@a", "4@a"].into_iter().enumerate() {
            assert_eq!(asked(&mut trust, minute.try_into().unwrap(), who, gone), "refused");
        }
        assert_eq!(asked(&mut trust, 5, "4@a", gone), "refused", "the same address is no other");
        assert_eq!(trust.take_exonerated(), []);
        assert_eq!(asked(&mut trust, 6, "5@b", gone), "relay");
        let exonerated: Vec<String> = trust.take_exonerated().iter().map(ToString::to_string).collect();
        assert_eq!(exonerated, ["1@a.test", "2@a.test", "3@a.test", "4@a.test"]);
        assert_eq!(asked(&mut trust, 300, "6@c", gone), "relay", "until it takes something, however long");
        assert_eq!(
            asked(&mut trust, 301, "7@c", "552 5.2.2 full"),
            "refused",
            "another word is another matter"
        );
        asked(&mut trust, 302, "8@c", "250");
        for who in ["1@a", "2@a", "3@a", "4@a", "5@b", "6@c"] {
            assert_eq!(
                asked(&mut trust, 303, who, gone),
                "refused",
                "{who}: it takes others and not this one"
            );
        }
        assert_eq!(trust.take_exonerated(), [], "or dead addresses would be asked without end");
    }

    #[test]
    fn dead_addresses_accuse_themselves_in_one_domain_between_others_and_far_apart() {
        let gone = "550 5.1.1 nobody";
        for (step, between) in [(1, Some("250")), (1, Some("550 5.7.1 policy")), (20, None)] {
            let mut trust = Trust::default();
            for n in 0..12_i64 {
                assert_eq!(asked(&mut trust, n * step, &format!("x@d{n}"), gone), "refused", "{between:?}");
                if let Some(reply) = between.filter(|_| n % 4 == 3) {
                    asked(&mut trust, n * step, "alguem@z", reply);
                }
            }
        }
        let mut trust = Trust::default();
        for n in 0..12 {
            assert_eq!(asked(&mut trust, 1, &format!("{n}@one"), gone), "refused");
        }
    }

    #[test]
    fn a_road_that_is_closed_to_one_domain_rests_nobody_and_to_a_second_the_queue() {
        let mut trust = Trust::default();
        let closed = "451 4.4.4 no route";
        assert_eq!(asked(&mut trust, 0, "a@one", closed), "later");
        assert_eq!(asked(&mut trust, 1, "b@one", closed), "later");
        assert_eq!(asked(&mut trust, 2, "a@two", "451 4.2.1 busy"), "later");
        assert_eq!(asked(&mut trust, 3, "a@two", "451 4.4.1 no answer"), "later", "another word");
        assert_eq!(asked(&mut trust, 4, "a@two", closed), "rest");
        asked(&mut trust, 5, "a@three", "250");
        assert_eq!(asked(&mut trust, 6, "a@two", closed), "later", "it was not every road");
        assert_eq!(asked(&mut trust, 67, "a@one", closed), "later", "nor is it an hour later");
    }
}
