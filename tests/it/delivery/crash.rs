//! The program killed where it hurts most: between the relay's answer and the ledger's, whatever keeps that.
#![expect(clippy::print_stdout, reason = "seeds and counts, shown with --nocapture or with a failure")]

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use vigia_suas::domain::delivery::DeliveryState;
use vigia_suas::store::DeliveryFilter;

use crate::support::app::{Choice, Site};
use crate::support::postgres::Server;
use crate::support::smtp::{Place, Relay, Taken};

/// A small generator (xorshift): its seed is printed, and the same seed kills at the same places.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(n).unwrap()).unwrap()
    }
}

/// What came of a run with kills.
struct Outcome {
    kills: usize,
    repeats: usize,
}

/// What keeps the ledger.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bank {
    File,
    Server,
}

impl Bank {
    /// An installation whose ledger is there, and the server for as long as it is needed.
    fn site(self, choice: &Choice) -> (Option<Server>, Site) {
        let site = Site::new(choice);
        let server = (self == Self::Server).then(|| Server::start(""));
        if let Some(server) = &server {
            server.serve(&site);
        }
        (server, site)
    }
}

/// Kills the daemon `kills` times while it sends `windows` × 78 letters, and holds what arrived against the ledger.
async fn kill_and_count(bank: Bank, seed: u64, kills: usize, windows: u16) -> Outcome {
    println!("seed {seed}");
    let mut dice = Dice(seed);
    let relay = Relay::start().await;
    let choice = Choice { municipalities: 78, windows, ..Choice::new(relay.port) };
    let (_server, site) = bank.site(&choice);
    let expected = site.announcements(&choice);
    // Kills are spread over the letters, so that the last ones still find some to send.
    let spread = (expected.len() / (kills + 1)).max(1);
    for _ in 0..kills {
        let place = Place::ALL[dice.below(Place::ALL.len())];
        relay.trap(place, dice.below(spread));
        let daemon = site.daemon();
        relay.sprung().await;
        daemon.kill();
    }
    let daemon = site.daemon();
    relay.distinct(expected.len()).await;
    assert_eq!(daemon.terminate().code(), Some(0));
    // Everything has arrived; what a kill left uncertain may still wait to be repeated.
    site.ok(&["servir", "--uma-vez"]);

    let mut arrived: BTreeMap<(String, String), Vec<Taken>> = BTreeMap::new();
    for taken in relay.taken() {
        arrived.entry((taken.message_id.clone(), taken.to.clone())).or_default().push(taken);
    }
    let keys: Vec<_> = arrived.keys().cloned().collect();
    assert_eq!(keys, expected, "every letter, and no other");
    let repeats: usize = arrived.values().map(|copies| copies.len() - 1).sum();
    assert!(repeats <= kills * usize::from(choice.connections), "{repeats} repeats of {kills} kills");

    let ledger = site.ledger().await;
    let mut uncertain = 0;
    for line in ledger.deliveries(&DeliveryFilter::default()).await.unwrap() {
        let attempts = ledger.attempts(&line.id).await.unwrap();
        let cut_off = attempts.iter().filter(|a| a.outcome == DeliveryState::Uncertain).count();
        let copies = &arrived[&(line.message_id.clone(), line.address.to_string())];
        assert_eq!(line.state, DeliveryState::Accepted, "{}", line.key);
        assert!(copies.iter().all(|copy| copy.bytes == copies[0].bytes), "{}", line.key);
        assert!(copies.len() <= 1 + cut_off, "{}: a repeat that the ledger does not know", line.key);
        uncertain += cut_off;
    }
    assert!(uncertain <= kills * usize::from(choice.connections));
    let verdict = site.ok(&["livro", "conferir"]);
    assert!(verdict.starts_with("livro íntegro"), "{verdict}");
    Outcome { kills, repeats }
}

/// Kills that leave letters on the wire.
async fn a_few_kills(bank: Bank, kills: usize) {
    let outcome = kill_and_count(bank, 20_261_123, kills, 3).await;
    println!("{} kills, {} repeats", outcome.kills, outcome.repeats);
    assert!(outcome.repeats > 0, "no kill hit between a letter and its record: the test says nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_between_send_and_settle_repeats_at_most_one_letter_per_connection() {
    a_few_kills(Bank::File, 10).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL, and three minutes: each start waits until the lease of the killed one is over"]
async fn a_kill_between_send_and_settle_on_a_server_repeats_at_most_one_letter_per_connection() {
    a_few_kills(Bank::Server, 6).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs ten minutes"]
async fn three_hundred_kills_over_two_thousand_letters_lose_none() {
    kills(Bank::File, 1..=10).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs five minutes"]
async fn a_hundred_and_fifty_kills_lose_none() {
    kills(Bank::File, 11..=15).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL, and an hour"]
async fn a_hundred_and_fifty_kills_on_a_server_lose_none() {
    kills(Bank::Server, 16..=20).await;
}

/// Thirty kills for each seed.
async fn kills(bank: Bank, seeds: RangeInclusive<u64>) {
    let mut total = Outcome { kills: 0, repeats: 0 };
    for seed in seeds {
        let outcome = kill_and_count(bank, seed * 7_919, 30, 26).await;
        total.kills += outcome.kills;
        total.repeats += outcome.repeats;
    }
    println!("{} kills, {} repeats", total.kills, total.repeats);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_in_mid_send_finishes_the_wire_and_leaves_the_rest_to_the_next_start() {
    stop_in_mid_send(Bank::File).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL"]
async fn a_stop_in_mid_send_on_a_server_finishes_the_wire_and_leaves_the_rest_to_the_next_start() {
    stop_in_mid_send(Bank::Server).await;
}

async fn stop_in_mid_send(bank: Bank) {
    let relay = Relay::start().await;
    let choice = Choice { municipalities: 78, windows: 2, ..Choice::new(relay.port) };
    let (_server, site) = bank.site(&choice);
    let expected = site.announcements(&choice);
    relay.trap(Place::Dot, 20);
    let daemon = site.daemon();
    relay.sprung().await;
    daemon.signal("TERM");
    daemon.wait_for("STOPPING=1");
    let stopping = relay.taken().len();
    // The relay thinks about the letter on the wire, and answers at last.
    relay.release();
    assert_eq!(daemon.ended().code(), Some(0));
    let before = relay.taken().len();
    let connections = usize::from(choice.connections);
    assert!(
        before <= stopping + connections,
        "each connection finishes the letter that it is at, and no more"
    );
    assert!(before < expected.len(), "it stopped in the middle");

    let daemon = site.daemon();
    relay.distinct(expected.len()).await;
    assert_eq!(daemon.terminate().code(), Some(0));
    let mut arrived: Vec<_> = relay.taken().into_iter().map(|t| (t.message_id, t.to)).collect();
    arrived.sort();
    assert_eq!(arrived, expected, "each once");
    assert!(relay.connections() <= 4);
    site.ok(&["livro", "conferir"]);
}
