//! Whose fault a refusal is: the address's, or the relay's that refuses everybody. Pure.
//!
//! A relay that turned against us (its policy, our reputation, a licence that ended) answers 550 to every address.
//! Believed, that would flag 78 good contacts in a minute.

use std::collections::VecDeque;

use crate::domain::delivery::Outcome;

/// So many equal refusals in a row, across domains, are the relay's fault and not the contacts'.
const EQUAL_REFUSALS: usize = 3;
/// A letter refused so often is refused, whoever is suspected: else the last bad addresses of a roster would be tried
/// until their notices expire.
const REFUSED_ENOUGH: u32 = 3;

/// What the senders learnt from refusals.
#[derive(Debug, Default)]
pub(super) struct Trust {
    /// The last refusals in a row: what was said, and to which domain.
    refusals: VecDeque<(String, String)>,
    /// What the relay says to everybody, until it takes something.
    blamed: Option<String>,
}

impl Trust {
    /// What an attempt came to, once it is asked whose fault it is. `attempts` counts this one.
    pub(super) fn judge(&mut self, outcome: Outcome, domain: &str, attempts: u32) -> Outcome {
        match outcome {
            Outcome::Accepted { .. } => {
                *self = Self::default();
                outcome
            }
            Outcome::Refused { reply } if !names_the_mailbox(&reply) => {
                let said = said(&reply);
                self.refusals.push_back((said.clone(), domain.to_owned()));
                if self.refusals.len() > EQUAL_REFUSALS {
                    self.refusals.pop_front();
                }
                if self.refuses_everybody() {
                    self.blamed = Some(said.clone());
                }
                if self.blamed.as_deref() == Some(&said) && attempts < REFUSED_ENOUGH {
                    Outcome::RelayFault { reply }
                } else {
                    Outcome::Refused { reply }
                }
            }
            other => other,
        }
    }

    fn refuses_everybody(&self) -> bool {
        let Some((said, domain)) = self.refusals.front() else { return false };
        self.refusals.len() == EQUAL_REFUSALS
            && self.refusals.iter().all(|(s, _)| s == said)
            && self.refusals.iter().any(|(_, d)| d != domain)
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

/// Whether the relay says in so many words that this mailbox is at fault (RFC 3463 §3.2 and §3.3).
fn names_the_mailbox(reply: &str) -> bool {
    let of_address = ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.2.2"];
    enhanced(reply).is_some_and(|code| of_address.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(reply: &str) -> Outcome {
        Outcome::Refused { reply: reply.to_owned() }
    }

    fn is_blamed(outcome: &Outcome) -> bool {
        matches!(outcome, Outcome::RelayFault { .. })
    }

    #[test]
    fn three_equal_refusals_across_domains_blame_the_relay_until_it_takes_something() {
        let mut trust = Trust::default();
        let policy = || refused("550 5.7.1 policy");
        assert!(!is_blamed(&trust.judge(policy(), "a", 1)));
        assert!(!is_blamed(&trust.judge(policy(), "b", 1)));
        assert!(is_blamed(&trust.judge(policy(), "b", 1)));
        assert!(is_blamed(&trust.judge(policy(), "c", 1)), "the probe flags nobody");
        assert!(!is_blamed(&trust.judge(refused("550 5.1.1 nobody"), "c", 1)));
        assert!(!is_blamed(&trust.judge(policy(), "c", 3)), "refused often enough");
        trust.judge(Outcome::Accepted { reply: "250".to_owned() }, "a", 1);
        assert!(!is_blamed(&trust.judge(policy(), "c", 1)));
    }

    #[test]
    fn bad_addresses_in_a_row_are_the_contacts() {
        let mut trust = Trust::default();
        for n in 0..9 {
            let domain = format!("d{n}");
            assert!(!is_blamed(&trust.judge(refused("550 5.1.1 nobody"), &domain, 1)));
            assert!(!is_blamed(&trust.judge(refused("550 no"), "same", 1)));
            assert!(!is_blamed(&trust.judge(refused(&format!("55{} x", 1 + n % 3)), &domain, 1)));
        }
    }
}
