//! Two daemons on one PostgreSQL ledger: the one that leads is killed, frozen, loses its connections or its network, and the
//! other goes on.
//!
//! Each daemon has a relay of its own, so that it is seen who spoke when.
#![expect(clippy::print_stdout, reason = "seeds and gaps, shown with --nocapture or with a failure")]

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use vigia_suas::domain::delivery::DeliveryState;
use vigia_suas::store::{DeliveryFilter, Leader};

use super::crash::Dice;
use super::server::{A_MINUTE, authority, certificate, until};
use crate::panel::{ask_until, free_port};
use crate::support::app::{Choice, Daemon, Site};
use crate::support::network::{Network, Node};
use crate::support::postgres::{Server, bank};
use crate::support::smtp::{Place, Relay, Taken};

/// The other leads within so long, whatever became of the one before.
const MOST: Duration = Duration::from_mins(1);
/// Longer than any lease: whoever was cut off says nothing more.
const LEASE: Duration = Duration::from_secs(20);

/// A machine: its installation, its relay, its cable, and its daemon while it runs.
pub(super) struct Machine {
    // First to go: what it says lies in the site.
    pub(super) daemon: Option<Daemon>,
    pub(super) site: Site,
    pub(super) relay: Relay,
    node: Option<Node>,
}

impl Machine {
    /// One whose `[banco]` says that, in a network or on this machine itself.
    pub(super) async fn new(lines: &str, network: Option<&Network>, windows: u16) -> (Self, Choice) {
        let relay = Relay::start().await;
        let choice = Choice { municipalities: 78, windows, ..Choice::new(relay.port) };
        let mut site = Site::new(&choice);
        // As installed, both have the same files: `dados` is the same word on both.
        let path = site.config().join("vigia.toml");
        let text = fs::read_to_string(&path).unwrap();
        let data = format!("dados = \"{}\"", site.data().display());
        assert!(text.contains(&data));
        fs::write(path, text.replace(&data, "dados = \"dados\"")).unwrap();
        bank(&site, lines);
        let node = network.map(|network| {
            let mut node = network.attach();
            node.forward(relay.port);
            node
        });
        site.namespace = node.as_ref().map(|node| node.name.clone());
        (Self { daemon: None, site, relay, node }, choice)
    }

    pub(super) fn start(&mut self) {
        self.daemon = Some(self.site.daemon());
    }

    /// Starts it again where it ended because the server did not answer.
    fn start_if_ended(&mut self) {
        if let Some(ended) = self.daemon.as_mut().unwrap().has_ended() {
            assert_eq!(ended.code(), Some(3), "it could not go on, and says so");
            self.start();
        }
    }

    pub(super) async fn leader(&self) -> Option<Leader> {
        let ledger = self.site.ledger().await;
        let leader = ledger.leader().await.unwrap();
        ledger.close().await;
        leader
    }

    pub(super) fn leads(&self, leader: &Leader) -> bool {
        let daemon = self.daemon.as_ref();
        daemon.is_some_and(|daemon| leader.name.ends_with(&format!("(processo {})", daemon.pid())))
    }

    fn node(&self) -> &Node {
        self.node.as_ref().unwrap()
    }
}

/// What is done to the leader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Blow {
    Kill,
    Freeze,
    /// Its connections end at the server, as a restart of it does.
    Cut,
    /// Its cable to the server is pulled. The relay it reaches all the time.
    Partition,
}

impl Blow {
    const ALL: [Self; 4] = [Self::Kill, Self::Freeze, Self::Cut, Self::Partition];
}

/// Ends every connection of the leader.
fn cut(server: &Server) {
    server.psql(
        "vigia",
        "SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a, vigia.leadership l \
         WHERE a.application_name = l.session",
    );
}

/// Has the server be reached over the network, with TLS, and gives what `[banco]` says then.
fn over(network: &Network, server: &Server) -> String {
    let own = authority("Raiz de teste");
    let (chain, key) = certificate(&own, &network.address(), 2099);
    server.put("server.crt", &chain);
    server.put("server.key", &key);
    let ca = server.socket().join("ca.pem");
    fs::write(&ca, own.pem()).unwrap();
    server.put("pg_hba.conf", &format!("local all all trust\nhostssl all all {} trust\n", network.range()));
    let conf = fs::read_to_string(server.data().join("postgresql.conf")).unwrap();
    server.put("postgresql.conf", &format!("{conf}\nlisten_addresses = '{}'\nssl = on\n", network.address()));
    server.control(&["-m", "fast", "restart"]);
    format!("url = \"postgres://vigia@{}/vigia\"\nca_arquivo = \"{}\"\n", network.address(), ca.display())
}

/// How long it took until somebody led, blow by blow.
type Gaps = Vec<(Blow, Duration)>;

/// Changes the leader by each blow while letters leave, and holds what arrived against the ledger.
async fn change_and_count(dice: &mut Dice, blows: &[Blow], network: Option<&Network>, windows: u16) -> Gaps {
    let server = Server::start("");
    let lines = network.map_or_else(
        || format!("url = \"postgres://vigia@/vigia?host={}\"\n", server.socket().display()),
        |network| over(network, &server),
    );
    let (a, choice) = Machine::new(&lines, network, windows).await;
    let (b, _) = Machine::new(&lines, network, windows).await;
    let expected = a.site.announcements(&choice);
    let spread = (expected.len() / (blows.len() + 1)).max(1);
    let mut machines = [a, b];
    machines[0].start();
    let first = machines[0].leader().await.unwrap();
    machines[1].start();
    let (mut epoch, mut gaps) = (first.epoch, Vec::new());
    assert!(machines[0].leads(&first));
    until(5 * A_MINUTE, "the first letter", || !machines[0].relay.taken().is_empty()).await;
    for (n, blow) in blows.iter().copied().enumerate() {
        let leader = machines[0].leader().await.unwrap();
        let at = usize::from(machines[1].leads(&leader));
        assert!(machines[at].leads(&leader), "{leader:?}");
        // In mid-letter as long as there are letters.
        let sent: usize = machines.iter().map(|machine| machine.relay.taken().len()).sum();
        if sent + 2 * spread < expected.len() {
            machines[at].relay.trap(Place::ALL[dice.below(Place::ALL.len())], dice.below(spread));
            machines[at].relay.sprung().await;
        }
        let began = Instant::now();
        match blow {
            Blow::Kill => machines[at].daemon.take().unwrap().kill(),
            Blow::Freeze => machines[at].daemon.as_ref().unwrap().signal("STOP"),
            Blow::Cut => cut(&server),
            Blow::Partition => machines[at].node().pull(),
        }
        if matches!(blow, Blow::Cut | Blow::Partition) {
            // The relay answers it: only the ledger keeps it from the next letter.
            machines[at].relay.release();
        }
        let next = somebody_leads(&machines[1 - at], blow, epoch, began).await;
        println!("{n}: {blow:?}, epoch {}, {:?}", next.epoch, began.elapsed());
        gaps.push((blow, began.elapsed()));
        epoch = next.epoch;
        if blow == Blow::Cut {
            // An ordinary event: it connects again and goes on, and what it was about is repeated or goes on too. While it
            // takes up the lead it ends instead, and is started again as systemd does.
            machines[at].start_if_ended();
            continue;
        }
        assert!(machines[1 - at].leads(&next));
        if blow == Blow::Partition {
            assert_eq!(said_after(&machines[at].relay, began + LEASE), 0, "{n}: it spoke beyond its lease");
            machines[at].node().plug();
        }
        if let Some(daemon) = machines[at].daemon.take() {
            daemon.signal("CONT");
            machines[at].relay.release();
            assert_eq!(daemon.ended().code(), Some(3), "whoever was followed ends, and says so");
        } else {
            machines[at].relay.release();
        }
        if blow == Blow::Partition {
            assert_eq!(said_after(&machines[at].relay, began + LEASE), 0, "{n}: it spoke when it came back");
        }
        machines[at].start();
    }
    all_settled(&machines, &expected).await;
    for machine in &mut machines {
        let ended = machine.daemon.take().unwrap().terminate();
        assert_eq!(ended.code(), Some(0));
    }
    hold_against_the_ledger(&machines, &expected, blows.len() * usize::from(choice.connections)).await;
    gaps
}

/// Who leads in the next epoch; or who renewed its lease since it was cut off.
async fn somebody_leads(witness: &Machine, blow: Blow, epoch: i64, began: Instant) -> Leader {
    loop {
        let now = witness.leader().await.unwrap();
        let has_renewed = now.lag.is_some_and(|lag| lag < began.elapsed());
        if now.epoch > epoch || (blow == Blow::Cut && has_renewed) {
            return now;
        }
        assert!(began.elapsed() < MOST, "nobody followed after {blow:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// How many letters a relay took after a moment.
fn said_after(relay: &Relay, moment: Instant) -> usize {
    relay.taken().iter().filter(|taken| taken.at > moment).count()
}

/// Waits until every letter has arrived at whichever relay, and the ledger knows it.
async fn all_settled(machines: &[Machine; 2], expected: &[(String, String)]) {
    let begun = Instant::now();
    let ledger = machines[0].site.ledger().await;
    loop {
        let lines = ledger.deliveries(&DeliveryFilter::default()).await.unwrap();
        let accepted = lines.iter().filter(|line| line.state == DeliveryState::Accepted);
        let key =
            |line: &vigia_suas::store::DeliveryLine| (line.message_id.clone(), line.address.to_string());
        let there = accepted.filter(|line| expected.contains(&key(line))).count();
        if there == expected.len() {
            return;
        }
        assert!(begun.elapsed() < Duration::from_mins(5), "{there} of {}", expected.len());
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
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
    let ledger = machines[0].site.ledger().await;
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

/// Least, median, nine of ten, and most, by what was done and in all.
fn print_distribution(gaps: &Gaps) {
    let print = |name: &str, mut of: Vec<Duration>| {
        of.sort();
        let at = |part: usize| of[(of.len() * part / 100).min(of.len() - 1)].as_secs_f64();
        if !of.is_empty() {
            println!(
                "{name}: {} blows, {:.1} / {:.1} / {:.1} / {:.1} s",
                of.len(),
                at(0),
                at(50),
                at(90),
                at(100)
            );
        }
    };
    for blow in Blow::ALL {
        print(&format!("{blow:?}"), gaps.iter().filter(|gap| gap.0 == blow).map(|gap| gap.1).collect());
    }
    print("all", gaps.iter().map(|gap| gap.1).collect());
}

/// A network, where there can be one.
fn network() -> Option<Network> {
    Network::new().map_err(|why| println!("passed over: no network of its own can be made here: {why}")).ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL"]
async fn a_reserve_answers_whoever_reads_says_whom_it_follows_and_leads_at_once_where_the_other_is_stopped() {
    let server = Server::start("");
    let lines = format!("url = \"postgres://vigia@/vigia?host={}\"\n", server.socket().display());
    let (mut a, _) = Machine::new(&lines, None, 1).await;
    let port = free_port();
    let with_panel = format!("{lines}[painel]\nescuta = \"127.0.0.1:{port}\"\n");
    let (mut b, choice) = Machine::new(&with_panel, None, 1).await;
    a.start();
    a.relay.distinct(78).await;
    until(A_MINUTE, "all of it is settled", || a.site.ok(&["livro"]).matches("entrega aceita").count() == 78)
        .await;
    let before = a.site.ok(&["livro"]);
    b.start();
    b.daemon.as_ref().unwrap().shows("reserva: quem envia é");
    for args in
        [&["saude"][..], &["plano"], &["situacao"], &["relatorio"], &["fontes"], &["livro", "conferir"]]
    {
        b.site.ok(args);
    }
    assert!(b.site.ok(&["saude"]).contains("quem envia é"));
    for (page, words) in [("/", "quem envia é"), ("/saude", "\r\nok\n"), ("/metrics", "vigia_")] {
        ask_until(port, page, "", words);
    }
    assert_eq!(b.site.ok(&["livro"]), before, "a reserve writes nothing");
    assert_eq!(b.relay.connections(), 0, "nor does it send");
    let first = a.leader().await.unwrap();
    assert_eq!(a.daemon.take().unwrap().terminate().code(), Some(0));
    let began = Instant::now();
    let next = somebody_leads(&b, Blow::Kill, first.epoch, began).await;
    assert!(b.leads(&next) && began.elapsed() < LEASE, "it waits for no lease that was given back");
    b.site.write_calendar(&Choice { windows: 2, ..choice });
    b.daemon.as_ref().unwrap().signal("HUP");
    b.relay.distinct(78).await;
    assert_eq!(b.daemon.take().unwrap().terminate().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL, and five minutes"]
async fn the_reserve_goes_on_where_the_leader_was_killed_frozen_or_cut_off() {
    let mut dice = Dice(20_261_126);
    let blows: Vec<Blow> = (0..7).map(|_| Blow::ALL[dice.below(3)]).collect();
    print_distribution(&change_and_count(&mut dice, &blows, None, 3).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL, root and ip netns, and two minutes"]
async fn a_leader_that_the_network_loses_says_nothing_beyond_its_lease_and_comes_back_in_reserve() {
    let Some(network) = network() else { return };
    let blows = [Blow::Partition, Blow::Partition];
    print_distribution(&change_and_count(&mut Dice(20_261_127), &blows, Some(&network), 2).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL, root and ip netns, and an hour"]
async fn a_hundred_blows_over_two_thousand_letters_lose_none() {
    let Some(network) = network() else { return };
    let mut gaps = Gaps::new();
    for seed in 1..=6 {
        println!("seed {}", seed * 104_729);
        let mut dice = Dice(seed * 104_729);
        let blows: Vec<Blow> = (0..25).map(|_| Blow::ALL[dice.below(4)]).collect();
        gaps.extend(change_and_count(&mut dice, &blows, Some(&network), 7).await);
    }
    print_distribution(&gaps);
    let changes = gaps.iter().filter(|gap| gap.0 != Blow::Cut).count();
    assert!(changes >= 100, "the leader changed {changes} times");
}
