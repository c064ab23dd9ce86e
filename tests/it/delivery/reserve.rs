//! Two daemons on one PostgreSQL ledger: the one that leads is killed, frozen, or loses its connections, and the other goes on.
//!
//! Each daemon has a relay of its own, so that it is seen who spoke when.
#![expect(clippy::print_stdout, reason = "seeds and gaps, shown with --nocapture or with a failure")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use vigia_suas::domain::delivery::DeliveryState;
use vigia_suas::store::{DeliveryFilter, Leader, Store};
use vigia_suas::world::seat;

use super::crash::Dice;
use crate::support::app::{Choice, Daemon, Site};
use crate::support::smtp::{Place, Relay, Taken};

/// The other leads within so long, whatever became of the one before.
const MOST: Duration = Duration::from_mins(1);

/// A machine: its installation, its relay, and its daemon while it runs.
struct Machine {
    site: Site,
    relay: Relay,
    schema: String,
    daemon: Option<Daemon>,
}

impl Machine {
    async fn new(schema: &str, windows: u16) -> (Self, Choice) {
        let relay = Relay::start().await;
        let choice = Choice { municipalities: 78, windows, ..Choice::new(relay.port) };
        let site = Site::new(&choice);
        // As installed, both have the same files: `dados` is the same word on both.
        let path = site.config().join("vigia.toml");
        let text = fs::read_to_string(&path).unwrap();
        let data = format!("dados = \"{}\"", site.data().display());
        assert!(text.contains(&data));
        let socket = std::env::var("TESTE_POSTGRES").unwrap();
        let bank =
            format!("[banco]\nurl = \"postgres://vigia@/vigia?host={socket}\"\nesquema = \"{schema}\"\n");
        fs::write(path, text.replace(&data, "dados = \"dados\"") + &bank).unwrap();
        (Self { site, relay, schema: schema.to_owned(), daemon: None }, choice)
    }

    fn start(&mut self) {
        self.daemon = Some(self.site.daemon());
    }

    /// The ledger, to read.
    async fn ledger(&self) -> Store {
        let files = fs::read_dir(self.site.data()).unwrap();
        let names = files.map(|entry| entry.unwrap().path());
        let is_seat = |path: &PathBuf| {
            path.extension().is_some_and(|end| end == "json") && path.to_string_lossy().contains("-servidor-")
        };
        seat::read(&names.into_iter().find(is_seat).unwrap()).await.unwrap()
    }

    async fn leader(&self) -> Option<Leader> {
        let ledger = self.ledger().await;
        let leader = ledger.leader().await.unwrap();
        ledger.close().await;
        leader
    }

    fn leads(&self, leader: &Leader) -> bool {
        let daemon = self.daemon.as_ref();
        daemon.is_some_and(|daemon| leader.name.ends_with(&format!("(processo {})", daemon.pid())))
    }

    /// Ends every connection of the leader at the server, as a restart of it does.
    fn cut(&self) {
        let socket = std::env::var("TESTE_POSTGRES").unwrap();
        let end = format!(
            "SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a, {}.leadership l WHERE a.application_name = l.session",
            self.schema
        );
        let done =
            Command::new("psql").args(["-h", &socket, "-U", "vigia", "-qc", &end, "vigia"]).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

/// What is done to the leader.
#[derive(Debug, Clone, Copy)]
enum Blow {
    Kill,
    Freeze,
    Cut,
}

/// Changes the leader so often while letters leave, and holds what arrived against the ledger.
async fn change_and_count(seed: u64, blows: usize, windows: u16) {
    println!("seed {seed}");
    let mut dice = Dice(seed);
    let schema = format!("t{}_{seed}", std::process::id());
    let (a, choice) = Machine::new(&schema, windows).await;
    let (b, _) = Machine::new(&schema, windows).await;
    let expected = a.site.announcements(&choice);
    let spread = (expected.len() / (blows + 1)).max(1);
    let mut machines = [a, b];
    machines[0].start();
    let first = machines[0].leader().await.unwrap();
    machines[1].start();
    let (mut epoch, mut gaps) = (first.epoch, Vec::new());
    assert!(machines[0].leads(&first));
    for n in 0..blows {
        let leader = machines[0].leader().await.unwrap();
        let at = usize::from(machines[1].leads(&leader));
        assert!(machines[at].leads(&leader), "{leader:?}");
        // In mid-letter as long as there are letters.
        let sent: usize = machines.iter().map(|machine| machine.relay.taken().len()).sum();
        if sent + 2 * spread < expected.len() {
            machines[at].relay.trap(Place::ALL[dice.below(Place::ALL.len())], dice.below(spread));
            machines[at].relay.sprung().await;
        }
        let blow = [Blow::Kill, Blow::Freeze, Blow::Cut][dice.below(3)];
        let began = Instant::now();
        match blow {
            Blow::Kill => machines[at].daemon.take().unwrap().kill(),
            Blow::Freeze => machines[at].daemon.as_ref().unwrap().signal("STOP"),
            Blow::Cut => machines[at].cut(),
        }
        if matches!(blow, Blow::Cut) {
            // An ordinary event: it connects again and goes on, and what it was about is repeated or goes on too.
            machines[at].relay.release();
            tokio::time::sleep(Duration::from_secs(8)).await;
            let now = machines[at].leader().await.unwrap();
            println!("{n}: {blow:?}, epoch {}", now.epoch);
            epoch = now.epoch;
            continue;
        }
        let next = loop {
            let now = machines[1 - at].leader().await.unwrap();
            if now.epoch > epoch {
                break now;
            }
            assert!(began.elapsed() < MOST, "{n}: nobody followed after {blow:?}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        };
        assert!(machines[1 - at].leads(&next));
        gaps.push(began.elapsed());
        println!("{n}: {blow:?}, epoch {}, {:?}", next.epoch, began.elapsed());
        epoch = next.epoch;
        if let Some(daemon) = machines[at].daemon.take() {
            daemon.signal("CONT");
            machines[at].relay.release();
            assert_eq!(daemon.ended().code(), Some(3), "whoever was followed ends, and says so");
        } else {
            machines[at].relay.release();
        }
        machines[at].start();
    }
    gaps.sort();
    println!("gaps: {gaps:?}");
    // Until all have arrived, at whichever relay.
    let begun = Instant::now();
    loop {
        let mut arrived: Vec<_> =
            machines.iter().flat_map(|m| m.relay.taken()).map(|taken| (taken.message_id, taken.to)).collect();
        arrived.sort();
        arrived.dedup();
        if arrived.len() >= expected.len() {
            break;
        }
        assert!(begun.elapsed() < Duration::from_mins(5), "{} of {}", arrived.len(), expected.len());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    for machine in &mut machines {
        let ended = machine.daemon.take().unwrap().terminate();
        assert_eq!(ended.code(), Some(0));
    }
    hold_against_the_ledger(&machines, &expected, blows * usize::from(choice.connections)).await;
}

async fn hold_against_the_ledger(machines: &[Machine; 2], expected: &[(String, String)], most: usize) {
    let mut arrived: BTreeMap<(String, String), Vec<Taken>> = BTreeMap::new();
    let mut order = Vec::new();
    for (n, machine) in machines.iter().enumerate() {
        for taken in machine.relay.taken() {
            order.push((taken.at, n));
            arrived.entry((taken.message_id.clone(), taken.to.clone())).or_default().push(taken);
        }
    }
    let keys: Vec<_> = arrived.keys().filter(|key| expected.contains(key)).cloned().collect();
    assert_eq!(keys, expected, "every letter");
    let copies = expected.iter().map(|key| arrived[key].len() - 1).sum::<usize>();
    println!("{copies} repeats of at most {most}");
    assert!(copies <= most, "{copies} repeats");
    // Whoever speaks, speaks alone: the relays never take turns but where the leader changes.
    order.sort();
    let turns = order.windows(2).filter(|pair| pair[0].1 != pair[1].1).count();
    let ledger = machines[0].ledger().await;
    let epochs = ledger.leader().await.unwrap().unwrap().epoch;
    assert!(i64::try_from(turns).unwrap() < epochs, "{turns} turns in {epochs} epochs");
    for line in ledger.deliveries(&DeliveryFilter::default()).await.unwrap() {
        let key = (line.message_id.clone(), line.address.to_string());
        let Some(copies) = arrived.get(&key).filter(|_| expected.contains(&key)) else { continue };
        let attempts = ledger.attempts(&line.id).await.unwrap();
        let cut_off = attempts.iter().filter(|a| a.outcome == DeliveryState::Uncertain).count();
        assert_eq!(line.state, DeliveryState::Accepted, "{}", line.key);
        assert!(copies.iter().all(|copy| copy.bytes == copies[0].bytes), "{}", line.key);
        assert!(copies.len() <= 1 + cut_off, "{}: a repeat that the ledger does not know", line.key);
    }
    assert!(ledger.verify().await.unwrap().is_whole());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL, and five minutes"]
async fn the_reserve_goes_on_where_the_leader_was_killed_frozen_or_cut_off() {
    change_and_count(20_261_126, 7, 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL, and an hour"]
async fn a_hundred_blows_over_two_thousand_letters_lose_none() {
    for seed in 1..=4 {
        change_and_count(seed * 104_729, 25, 7).await;
    }
}
