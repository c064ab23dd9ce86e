//! What is learnt from refusals, one after the other.

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
    assert_eq!(asked(&mut trust, 301, "7@c", "552 5.2.2 full"), "refused", "another word is another matter");
    asked(&mut trust, 302, "8@c", "250");
    for who in ["1@a", "2@a", "3@a", "4@a", "5@b", "6@c"] {
        assert_eq!(asked(&mut trust, 303, who, gone), "refused", "{who}: it takes others and not this one");
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
fn who_puts_off_everybody_for_half_an_hour_and_takes_nothing_is_at_fault_and_no_greylist_is() {
    let later = "450 4.7.1 service temporarily unavailable";
    let mut trust = Trust::default();
    for minute in 0..30 {
        assert_eq!(asked(&mut trust, minute, &format!("a@d{}", minute % 7), later), "later");
    }
    assert_eq!(asked(&mut trust, 30, "a@d0", later), "rest");
    assert_eq!(asked(&mut trust, 31, "a@d0", "450 4.2.1 busy"), "later", "another word");
    assert_eq!(asked(&mut trust, 32, "b@d1", later), "rest", "still");
    asked(&mut trust, 33, "a@d2", "250");
    assert_eq!(asked(&mut trust, 34, "a@d0", later), "later", "it takes letters");
    assert_eq!(asked(&mut trust, 134, "a@d1", later), "later", "nor is it an hour later");

    let mut greylist = Trust::default();
    for minute in 0..300 {
        // Each is taken five minutes after it was first put off.
        assert_eq!(asked(&mut greylist, minute, &format!("a@d{minute}"), "451 4.7.1 greylisted"), "later");
        if minute >= 5 {
            asked(&mut greylist, minute, &format!("a@d{}", minute - 5), "250");
        }
    }
    // Four domains that are put off all day, and the others have their letters.
    let mut few = Trust::default();
    // Nine of which the relay finds no host.
    let mut unknown = Trust::default();
    for minute in 0..600 {
        assert_eq!(asked(&mut few, minute, &format!("a@d{}", minute % 4), later), "later");
        let dead = format!("a@d{}", minute % 9);
        assert_eq!(asked(&mut unknown, minute, &dead, "450 4.1.2 domain not found"), "later");
    }
    assert_eq!(asked(&mut unknown, 600, "a@another", "450 4.1.2 domain not found"), "rest", "of all");
}

#[test]
fn what_is_said_before_the_address_is_heard_is_no_refusal_of_the_letter() {
    let mut trust = Trust::default();
    let at_mail = Outcome::RelayFault { reply: "550 5.7.1 sender rejected".to_owned() };
    trust.refusals("entrega", 0, &at_mail, false);
    trust.refusals("entrega", 1, &at_mail, false);
    // Which the ledger does not count.
    trust.refusals("entrega", 2, &Outcome::RelayFault { reply: "535 5.7.8 no".to_owned() }, false);
    trust.begin_anew();
    let doubtful = refused("550 5.5.0 try later");
    for (counted, expected) in [(2, "later"), (3, "later"), (4, "refused")] {
        let refusals = trust.refusals("entrega", counted, &doubtful, true);
        let judged = trust.judge(doubtful.clone(), &someone("a"), refusals, SignedDuration::ZERO);
        assert_eq!(state(&judged), expected, "{counted}");
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
