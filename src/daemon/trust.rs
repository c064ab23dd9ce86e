//! Whose fault a refusal is: the address's, or the relay's that refuses everybody. Pure.
//!
//! A relay that turned against us (its policy, our reputation, a licence that ended) answers 550 to every address; one that
//! lost its table of recipients says of each that it does not exist. Believed, that would flag 78 good contacts in a minute.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::SignedDuration;

use crate::domain::delivery::Outcome;
use crate::domain::id::EmailAddress;
use crate::domain::refusal::{Refusal, is_of_the_login};

/// So many equal refusals in a row, across domains and within an hour, are the relay's fault and not the contacts'.
const EQUAL_REFUSALS: usize = 3;
/// So many different addresses in a row that are said not to exist, or to take nothing, are the relay's fault: a dead address
/// accuses itself, and three of them may well stand beside each other in a roster that nobody looked after.
const EQUAL_ACCUSATIONS: usize = 5;
/// How long a refusal is remembered.
const WITHIN: SignedDuration = SignedDuration::from_hours(1);
/// So many domains, or twice as many addresses in two of them, that are put off with one and the same code, and nothing taken
/// meanwhile, are the relay's fault; where the code speaks of an address or a mailbox (4.1.x, 4.2.x), which may be so of some,
/// twice as many.
const PUT_OFF: usize = 5;
/// That long, for who puts off each address when it first sees it (greylisting) takes it within minutes.
const PUT_OFF_FOR: SignedDuration = SignedDuration::from_mins(30);
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

/// Who is put off with the same words.
#[derive(Debug)]
struct PutOff {
    since: SignedDuration,
    last: SignedDuration,
    addresses: BTreeSet<EmailAddress>,
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
    /// Who is put off since the relay last took something, by the words.
    put_off: BTreeMap<String, PutOff>,
    /// How often the relay refused before it heard of the letter's address, by delivery: that is no refusal of the letter.
    not_of_the_letter: BTreeMap<String, u32>,
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
                let not_of_the_letter = std::mem::take(&mut self.not_of_the_letter);
                *self = Self { not_of_the_letter, asked_again, exonerated, ..Self::default() };
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
            Outcome::Deferred { reply, slow_down: false } if reply.starts_with('4') => {
                let slow_down = self.is_everybody_put_off(told(said(&reply)));
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

    /// How often a letter was refused, this time counted, of so many 5xx that the ledger has of it: what was said at MAIL or
    /// before is not about it. That is remembered by the process alone.
    pub(super) fn refusals(
        &mut self,
        delivery: &str,
        counted: u32,
        outcome: &Outcome,
        is_of_the_letter: bool,
    ) -> u32 {
        let before = self.not_of_the_letter.get(delivery).copied().unwrap_or_default();
        match outcome {
            Outcome::RelayFault { reply } if !is_of_the_letter && is_counted(reply) => {
                *self.not_of_the_letter.entry(delivery.to_owned()).or_default() += 1;
            }
            Outcome::Accepted { .. } => {
                self.not_of_the_letter.remove(delivery);
            }
            Outcome::RelayFault { .. }
            | Outcome::Deferred { .. }
            | Outcome::Refused { .. }
            | Outcome::Uncertain { .. } => {}
        }
        counted.saturating_sub(before) + 1
    }

    /// Forgets what was learnt: the relay, or how we come to it, is another. What was never said of a letter stays so.
    pub(super) fn begin_anew(&mut self) {
        let not_of_the_letter = std::mem::take(&mut self.not_of_the_letter);
        *self = Self { not_of_the_letter, ..Self::default() };
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

    /// Whether one domain after the other is put off with the same words, for so long that it is no longer each one's own.
    fn is_everybody_put_off(&mut self, new: Said) -> bool {
        let speaks_of_one = ["4.1.", "4.2."].iter().any(|of_one| new.words.contains(&format!(" {of_one}")));
        let enough = if speaks_of_one { 2 * PUT_OFF } else { PUT_OFF };
        self.put_off.retain(|_, known| new.at.saturating_sub(known.last) <= WITHIN);
        let known = self.put_off.entry(new.words).or_insert_with(|| PutOff {
            since: new.at,
            last: new.at,
            addresses: BTreeSet::new(),
        });
        known.last = new.at;
        known.addresses.insert(new.address);
        let domains = known.addresses.iter().map(EmailAddress::domain).collect::<BTreeSet<_>>().len();
        let are_many = domains >= enough || (domains > 1 && known.addresses.len() >= 2 * enough);
        are_many && new.at.saturating_sub(known.since) >= PUT_OFF_FOR
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

/// Whether the ledger counts a reply as a refusal.
fn is_counted(reply: &str) -> bool {
    let code = reply.split_whitespace().next().and_then(|code| code.parse().ok());
    code.is_some_and(|code: u16| (500..600).contains(&code) && !is_of_the_login(code))
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
mod tests;
