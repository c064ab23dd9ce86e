//! Whose fault a refusal is: the address's, or the relay's that refuses everybody. Pure.
//!
//! A relay that turned against us (its policy, our reputation, a licence that ended) answers 550 to every address.
//! Believed, that would flag 78 good contacts in a minute.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use crate::domain::delivery::Outcome;
use crate::domain::refusal::Refusal;

/// So many equal refusals in a row, across domains and within an hour, are the relay's fault and not the contacts'.
const EQUAL_REFUSALS: usize = 3;
/// How long a refusal is remembered.
const WITHIN: SignedDuration = SignedDuration::from_hours(1);
/// A letter refused so often is refused, and its address rests: else it would be tried until its notice expires. What
/// speaks of us, while it comes from several domains, is never counted.
const REFUSED_ENOUGH: u32 = 3;

/// A refusal that may be ours.
#[derive(Debug)]
struct Doubted {
    said: String,
    domain: String,
    at: Timestamp,
}

/// What the senders learnt from refusals.
#[derive(Debug, Default)]
pub(super) struct Trust {
    /// The last of them in a row.
    refusals: VecDeque<Doubted>,
    /// What the relay says to everybody, until it takes something.
    blamed: Option<String>,
}

impl Trust {
    /// What an attempt came to, once it is asked whose fault it is. `refusals` counts this one. A refusal that does not
    /// say that the address or its mailbox is at fault is only put off at first: who is refused before the relay's fault
    /// is known is not condemned by it.
    pub(super) fn judge(&mut self, outcome: Outcome, domain: &str, refusals: u32, now: Timestamp) -> Outcome {
        match outcome {
            Outcome::Accepted { .. } => {
                *self = Self::default();
                outcome
            }
            Outcome::Refused { why: Refusal::Address | Refusal::Mailbox, .. }
            | Outcome::Deferred { .. }
            | Outcome::RelayFault { .. }
            | Outcome::Uncertain { .. } => outcome,
            Outcome::Refused { reply, why } => {
                let said = if why == Refusal::Sender { why.as_str().to_owned() } else { said(&reply) };
                self.note(Doubted { said: said.clone(), domain: domain.to_owned(), at: now });
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

    fn note(&mut self, refusal: Doubted) {
        self.refusals.retain(|known| refusal.at.duration_since(known.at) <= WITHIN);
        self.refusals.push_back(refusal);
        if self.refusals.len() > EQUAL_REFUSALS {
            self.refusals.pop_front();
        }
    }

    fn refuses_everybody(&self) -> bool {
        let Some(first) = self.refusals.front() else { return false };
        self.refusals.len() == EQUAL_REFUSALS
            && self.refusals.iter().all(|known| known.said == first.said)
            && self.refusals.iter().any(|known| known.domain != first.domain)
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
        let mut now = Timestamp::UNIX_EPOCH;
        let mut judge = |reply: &str, domain: &str, attempts| {
            now += SignedDuration::from_mins(1);
            let outcome = if reply.starts_with('2') {
                Outcome::Accepted { reply: reply.to_owned() }
            } else {
                refused(reply)
            };
            state(&trust.judge(outcome, domain, attempts, now))
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
        let at = |hours| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours);
        for hours in 0..9 {
            assert_eq!(state(&trust.judge(refused("550 5.7.1 policy"), "same", 1, at(0))), "later");
            let mut slow = Trust::default();
            let domain = format!("d{hours}");
            assert_eq!(state(&slow.judge(refused("550 no"), &domain, 1, at(2 * hours))), "later");
            assert_eq!(state(&trust.judge(refused("550 5.1.1 nobody"), &domain, 1, at(0))), "refused");
        }
    }
}
