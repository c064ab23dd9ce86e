//! What the journal has written, as it is read now.

use jiff::Timestamp;

use super::entry_words;
use crate::domain::delivery::DeliveryState;
use crate::domain::journal::{Act, Attempt, Decision, Entry, Text};
use crate::store::JournalEntry;

const KEY: &str = "rma/2026-10@1/prazo-10d/3200201";
const NEVER_LEFT: &str = "A validade terminou em 25/11/2026 às 08:00 antes que o aviso pudesse sair.";

fn at() -> Timestamp {
    "2026-11-25T11:00:00Z".parse().unwrap()
}

fn entry(told: Entry) -> JournalEntry {
    JournalEntry {
        seq: 1,
        at: at(),
        kind: String::new(),
        subject: KEY.to_owned(),
        window: None,
        municipality: None,
        told: Ok(told),
        outcome: None,
        body: String::new(),
        prev_hash: String::new(),
        hash: String::new(),
    }
}

fn decision(act: Act) -> JournalEntry {
    entry(Entry::Decision(Decision {
        act,
        is_resumed: false,
        kind: None,
        edition: Some(1),
        rung: Some("10d".to_owned()),
        version: 1,
        due_at: Text(at()),
        valid_until: Some(Text(at())),
        told: None,
        parts: Vec::new(),
        copies: Vec::new(),
        cause: "validade".to_owned(),
        because: NEVER_LEFT.to_owned(),
        evidence: Vec::new(),
        letter: None,
        stopped: None,
        resumed: Vec::new(),
    }))
}

fn attempt(outcome: DeliveryState) -> JournalEntry {
    entry(Entry::Attempt(Attempt {
        delivery: "e1".to_owned(),
        role: "smas".to_owned(),
        version: 1,
        state: Text(outcome),
        number: 1,
        started_at: Text(at()),
        outcome: Text(outcome),
        reply_sha256: String::new(),
        next_at: None,
    }))
}

#[test]
fn the_end_of_what_was_left_of_a_letter_says_that_it_left_or_may_have() {
    let over = format!(
        "tentativas encerradas: {KEY}: A validade terminou em 25/11/2026 às 08:00, e o que restava tentar acabou; a carta \
         saiu, ou pode ter saído, para ao menos um dos endereços."
    );
    let never = format!("validade encerrada: {KEY}: {NEVER_LEFT}");
    assert_eq!(
        entry_words(&decision(Act::Withdraw), &[]),
        over,
        "only such a letter ends so by its validity"
    );
    for (outcome, words) in [
        (DeliveryState::Uncertain, &over),
        (DeliveryState::Accepted, &over),
        (DeliveryState::Deferred, &never),
        (DeliveryState::Refused, &never),
    ] {
        let expired = decision(Act::Expire);
        assert_eq!(entry_words(&expired, &[attempt(outcome)]), *words, "{outcome}");
        let other = JournalEntry { subject: "rma/2026-10@1/prazo-5d/3200201".to_owned(), ..attempt(outcome) };
        assert_eq!(entry_words(&expired, &[other]), never);
    }
}
