//! What the relay may do to a letter, and what becomes of it. In this process, with a clock that only the test moves.
//!
//! Long because the faults are one table of a relay's deeds, each told in full.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::sync::Arc;

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use vigia_suas::clock::Clock;
use vigia_suas::daemon::app::App;
use vigia_suas::daemon::ingest::take_in_bytes;
use vigia_suas::daemon::outbox::Outbox;
use vigia_suas::daemon::reconcile::reconcile_once;
use vigia_suas::daemon::round::RoundSummary;
use vigia_suas::desk::{order, why};
use vigia_suas::domain::delivery::{DeliveryState, Outcome};
use vigia_suas::domain::id::{MunicipalityCode, WindowId};
use vigia_suas::domain::overrides::{BatchId, HoldScope};
use vigia_suas::domain::refusal::Refusal;
use vigia_suas::plan::audit::{broken_rules, strangers};
use vigia_suas::plan::{self, World};
use vigia_suas::store::{AttemptEnd, Claim, DeliveryFilter, DeliveryLine, Settlement};
use vigia_suas::text::remark::Reading;
use vigia_suas::world::known::Known;
use vigia_suas::world::overview::AsOf;
use vigia_suas::world::today;

use crate::support::app::{Choice, DOMAIN, Site};
use crate::support::smtp::{Deed, Relay};

/// A ledger, its senders and a relay.
pub(super) struct Desk {
    pub(super) relay: Relay,
    pub(super) site: Site,
    pub(super) app: Arc<App>,
    outbox: Outbox,
}

impl Desk {
    /// One window, opened today; it is ten in the morning.
    pub(super) async fn open(choose: impl FnOnce(&mut Choice)) -> Self {
        let relay = Relay::start().await;
        let mut choice = Choice {
            opened: date(2026, 11, 23),
            deadline: date(2026, 12, 23),
            connections: 1,
            ..Choice::new(relay.port)
        };
        choose(&mut choice);
        let site = Site::new(&choice);
        let app = site.app("2026-11-23T13:00:00Z".parse().unwrap()).await;
        let outbox = Outbox::new(&app.live()).unwrap();
        Self { relay, site, app, outbox }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.app.now()
    }

    /// The process ends, and another begins.
    pub(super) fn restart(&mut self) {
        self.outbox = Outbox::new(&self.app.live()).unwrap();
    }

    /// Moves the clock on.
    fn pass(&mut self, time: SignedDuration) {
        let now = self.now() + time;
        Arc::get_mut(&mut self.app).unwrap().clock = Clock::Fixed(now);
    }

    pub(super) fn pass_minutes(&mut self, minutes: i64) {
        self.pass(SignedDuration::from_mins(minutes));
    }

    /// What the outbox can deliver now.
    pub(super) async fn deliver(&mut self) -> RoundSummary {
        self.outbox.deliver_once(&self.app).await.unwrap()
    }

    /// What staff loads by hand: one word for each municipality.
    pub(super) async fn load(&self, word: impl Fn(MunicipalityCode) -> &'static str) {
        let mut csv = "ibge;situacao\n".to_owned();
        for code in &self.site.municipalities {
            let _ = writeln!(csv, "{code};{}", word(*code));
        }
        let live = self.app.live();
        let spec = &live.setup.config.feeds[0];
        let taken =
            take_in_bytes(&live, &self.app.store, spec, "lista.csv", csv.as_bytes(), self.now()).await;
        let taken = taken.unwrap();
        assert!(taken.is_accepted(), "{:?}", taken.remarks(Reading::Shown));
    }

    pub(super) async fn lines(&self) -> Vec<DeliveryLine> {
        self.app.store.deliveries(&DeliveryFilter::default()).await.unwrap()
    }

    /// Where the letters to an address stand.
    pub(super) async fn states(&self, address: &str) -> Vec<DeliveryState> {
        self.lines().await.into_iter().filter(|l| l.address.as_str() == address).map(|l| l.state).collect()
    }

    pub(super) async fn flagged(&self) -> Vec<String> {
        let flagged = self.app.store.flagged().await.unwrap();
        flagged.into_iter().map(|contact| contact.address.to_string()).collect()
    }

    /// Alerts recorded.
    pub(super) async fn alerts(&self) -> usize {
        self.states(&format!("alertas@{DOMAIN}")).await.len()
    }

    pub(super) fn smas(&self, n: usize) -> String {
        self.site.address(self.site.municipalities[n], "smas")
    }

    pub(super) fn cmas(&self, n: usize) -> String {
        self.site.address(self.site.municipalities[n], "cmas")
    }

    /// Message-IDs of what was taken for an address.
    pub(super) fn ids(&self, address: &str) -> Vec<String> {
        self.relay.taken().into_iter().filter(|t| t.to == address).map(|t| t.message_id).collect()
    }

    pub(super) async fn check_ledger(&self) {
        let (store, live, now) = (&self.app.store, self.app.live(), self.now());
        let recount = store.recount(0, |_, _, _| false).await.unwrap();
        assert!(recount.report.is_whole(), "{:?}", recount.report);
        // What the self-audit works out from the journal alone is what the passes read in the tables.
        let known =
            Known::load(live.clone(), store, vigia_suas::world::known::Depth::Whole, now).await.unwrap();
        let ledger = recount.ledger.believed(now);
        let anew = World { ledger: &ledger, ..known.world() };
        assert_eq!(plan::plan(&anew, now).actions, plan::plan(&known.world(), now).actions);
        assert_eq!(broken_rules(&recount.letters, &live.calendar.hours.zone), []);
        assert_eq!(strangers(&recount.written, &live.setup.config.roster), []);
    }
}

#[tokio::test]
async fn a_refused_contact_is_flagged_and_the_next_role_gets_version_two() {
    let mut desk = Desk::open(|_| {}).await;
    let (smas, cmas) = (desk.smas(0), desk.cmas(0));
    desk.relay.once(&smas, Deed::AtRcpt("550 5.1.1 nobody"));
    let dispatch = desk.deliver().await;
    assert_eq!((dispatch.accepted, dispatch.refused, dispatch.waiting), (3, 1, 0));
    assert_eq!(desk.flagged().await, std::slice::from_ref(&smas));
    assert_eq!(desk.states(&smas).await, [DeliveryState::Refused]);
    let first = desk.site.municipalities[0];
    assert_eq!(desk.ids(&cmas), [format!("<teste.2001.divulgacao.{first}.v2@{DOMAIN}>")]);
    assert!(desk.ids(&smas).is_empty());
    desk.check_ledger().await;
}

#[tokio::test]
async fn a_temporary_refusal_is_put_off_and_tried_again_alone() {
    for deed in [Deed::AtRcpt("451 4.7.1 greylisted"), Deed::AtDot("452 4.2.2 mailbox full")] {
        let mut desk = Desk::open(|_| {}).await;
        let smas = desk.smas(1);
        desk.relay.once(&smas, deed);
        let dispatch = desk.deliver().await;
        assert_eq!((dispatch.accepted, dispatch.deferred, dispatch.waiting), (2, 1, 1), "{deed:?}");
        assert_eq!(desk.states(&smas).await, [DeliveryState::Deferred]);
        assert_eq!(desk.deliver().await.accepted, 0, "not before its time");
        desk.pass_minutes(1);
        assert_eq!(desk.deliver().await.accepted, 1);
        assert_eq!(desk.ids(&smas).len(), 1);
        assert!(desk.flagged().await.is_empty());
        assert_eq!(desk.alerts().await, 0);
        desk.check_ledger().await;
    }
}

#[tokio::test]
async fn a_letter_put_off_late_in_the_day_is_tried_before_its_hours_end() {
    let mut desk = Desk::open(|_| {}).await;
    let smas = desk.smas(1);
    // Letters may leave until 23:59:59, and it is 23:51.
    desk.pass_minutes(13 * 60 + 51);
    for _ in 0..4 {
        desk.relay.once(&smas, Deed::AtRcpt("450 4.2.1 busy"));
    }
    for minutes in [0, 1, 2, 4, 1] {
        desk.pass_minutes(minutes);
        desk.deliver().await;
    }
    assert_eq!(desk.states(&smas).await, [DeliveryState::Accepted], "not at 00:06");
    desk.check_ledger().await;
}

#[tokio::test]
async fn a_relay_that_hangs_up_after_the_dot_gets_the_same_letter_again() {
    let mut desk = Desk::open(|_| {}).await;
    let smas = desk.smas(0);
    desk.relay.once(&smas, Deed::HangUpAfterDot);
    let dispatch = desk.deliver().await;
    assert_eq!(dispatch.uncertain, 1);
    assert_eq!(desk.states(&smas).await, [DeliveryState::Uncertain]);
    desk.pass_minutes(1);
    desk.deliver().await;
    desk.pass_minutes(5);
    assert_eq!(desk.deliver().await.waiting, 0);
    let copies: Vec<_> = desk.relay.taken().into_iter().filter(|t| t.to == smas).collect();
    assert_eq!(copies.len(), 2);
    assert_eq!((&copies[0].message_id, &copies[0].bytes), (&copies[1].message_id, &copies[1].bytes));
    assert_eq!(desk.relay.taken().len(), 4, "nobody else's is repeated");
    assert_eq!(desk.states(&smas).await, [DeliveryState::Accepted]);
    desk.check_ledger().await;
}

#[tokio::test]
async fn an_uncertain_letter_is_left_where_the_secretariat_says_reter() {
    let mut desk = Desk::open(|choice| choice.on_uncertain = "reter").await;
    let smas = desk.smas(0);
    desk.relay.once(&smas, Deed::HangUpAfterDot);
    desk.deliver().await;
    for _ in 0..5 {
        desk.pass_minutes(60);
        assert_eq!(desk.deliver().await.uncertain, 0);
    }
    assert_eq!(desk.ids(&smas).len(), 1);
    assert_eq!(desk.states(&smas).await, [DeliveryState::Uncertain]);
    assert_eq!(desk.relay.taken().len(), 4, "the others left, and one alert");
    assert_eq!(desk.alerts().await, 1);

    // The second letter of the batch that nobody knows about, on the same day: staff know already.
    let batch = BatchId::parse("teste/2001/divulgacao").unwrap();
    assert!(order::holds_uncertain(&desk.app.store, &batch, desk.now()).await.unwrap());
    let other = BatchId::parse("teste/2001@1/prazo-1d").unwrap();
    assert!(!order::holds_uncertain(&desk.app.store, &other, desk.now()).await.unwrap());
    let by = order::authorship("teste", "não consta no servidor", desk.now()).unwrap();
    order::release(&desk.app.store, HoldScope::Batch(batch.clone()), None, by).await.unwrap();
    assert!(!order::holds_uncertain(&desk.app.store, &batch, desk.now()).await.unwrap());
    assert_eq!(desk.deliver().await.accepted, 1);
    let ids = desk.ids(&smas);
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1], "the same letter");
    assert_eq!(desk.states(&smas).await, [DeliveryState::Accepted]);
    assert_eq!(desk.alerts().await, 1);
    desk.check_ledger().await;
}

#[tokio::test]
async fn a_letter_that_waits_in_doubt_is_brought_to_mind_each_day_until_it_is_let_go() {
    let mut desk = Desk::open(|choice| choice.on_uncertain = "reter").await;
    let smas = desk.smas(0);
    desk.relay.once(&smas, Deed::HangUpAfterDot);
    desk.deliver().await;
    let batch = "vigia-suas liberar --lote teste/2001/divulgacao";
    for day in 1..=3 {
        assert_eq!(desk.alerts().await, day, "one a day");
        let (_, page) = today::gather(desk.app.live(), Some(&desk.app.store), &[], desk.now()).await.unwrap();
        assert!(page.tasks.iter().any(|task| task.command.as_deref() == Some(batch)), "{:?}", page.tasks);
        let (live, window) = (desk.app.live(), WindowId::parse("teste/2001").unwrap());
        let decided = Known::decide(live, &desk.app.store, BTreeSet::new(), desk.now()).await.unwrap();
        let (of, as_of) = (desk.site.municipalities[0], AsOf::Now(desk.now()));
        let told = why::gather((&decided.0, &decided.1), Some(&desk.app.store), of, &window, as_of).await;
        assert_eq!(told.unwrap().unwrap().uncertain.len(), 1);
        desk.pass_minutes(24 * 60);
        desk.deliver().await;
    }
    let by = order::authorship("teste", "não consta no servidor", desk.now()).unwrap();
    let id = BatchId::parse("teste/2001/divulgacao").unwrap();
    order::release(&desk.app.store, HoldScope::Batch(id), None, by).await.unwrap();
    desk.deliver().await;
    let told = desk.alerts().await;
    desk.pass_minutes(24 * 60);
    desk.deliver().await;
    assert_eq!(desk.alerts().await, told, "nothing waits any more");
    let (_, page) = today::gather(desk.app.live(), Some(&desk.app.store), &[], desk.now()).await.unwrap();
    assert!(!page.tasks.iter().any(|task| task.command.as_deref() == Some(batch)));
    desk.check_ledger().await;
}

#[tokio::test]
async fn a_relay_that_turns_us_away_stops_the_queue_and_blames_no_contact() {
    let password = tempfile::NamedTempFile::new().unwrap();
    fs::write(password.path(), "segredo\n").unwrap();
    for greeted in [true, false] {
        let mut desk = Desk::open(|choice| {
            choice.municipalities = 12;
            choice.connections = 2;
            choice.smtp =
                format!("usuario = \"vigilancia\"\nsenha_arquivo = \"{}\"\n", password.path().display());
        })
        .await;
        let turn_away = |relay: &Relay, away: bool| {
            relay.greet((away && greeted).then_some("554 5.7.1 go away"));
            relay.answer_auth((away && !greeted).then_some("535 5.7.8 wrong password"));
        };
        turn_away(&desk.relay, true);
        let dispatch = desk.deliver().await;
        assert_eq!((dispatch.accepted, dispatch.deferred), (0, 2), "one try for each connection");
        assert_eq!(dispatch.next, Some(desk.now() + SignedDuration::from_mins(1)));
        assert_eq!(desk.alerts().await, 1);
        desk.pass_minutes(1);
        assert_eq!(desk.deliver().await.deferred, 1, "one letter probes");
        assert_eq!(desk.relay.connections(), 3);
        assert!(desk.flagged().await.is_empty());
        turn_away(&desk.relay, false);
        desk.pass_minutes(5);
        let dispatch = desk.deliver().await;
        assert_eq!((dispatch.accepted, dispatch.waiting), (13, 0), "twelve letters and the alert");
        assert_eq!(desk.alerts().await, 1);
        desk.check_ledger().await;
    }
}

#[tokio::test]
async fn the_same_refusal_to_every_domain_is_the_relays_and_stops_the_queue() {
    let mut desk = Desk::open(|choice| choice.municipalities = 12).await;
    desk.relay.always(Some(Deed::AtRcpt("550 5.7.1 policy")));
    let dispatch = desk.deliver().await;
    assert_eq!((dispatch.accepted, dispatch.refused, dispatch.deferred), (0, 0, 3));
    assert_eq!(desk.alerts().await, 1);
    for _ in 0..6 {
        desk.pass_minutes(31);
        desk.deliver().await;
    }
    assert!(desk.flagged().await.is_empty(), "neither the first two nor any probe");
    assert_eq!(desk.app.store.resting().await.unwrap(), []);
    desk.relay.always(None);
    desk.pass_minutes(60);
    desk.deliver().await;
    desk.pass_minutes(60);
    assert_eq!(desk.deliver().await.waiting, 0);
    let told: Vec<String> = desk.relay.recipients();
    assert_eq!(told.iter().filter(|to| to.starts_with("smas.")).count(), 12);
    assert_eq!(told.iter().filter(|to| to.starts_with("cmas.")).count(), 0, "nobody stands in for anybody");
}

/// A relay that puts everybody off for a while, and then turns against us.
#[tokio::test]
async fn what_was_only_put_off_before_does_not_count_as_refused_so_often() {
    let mut desk = Desk::open(|choice| choice.municipalities = 12).await;
    desk.relay.always(Some(Deed::AtRcpt("451 4.7.1 greylisted")));
    for minutes in [0, 1, 2] {
        desk.pass_minutes(minutes);
        assert_eq!(desk.deliver().await.deferred, 12);
    }
    desk.relay.always(Some(Deed::AtRcpt("550 5.7.1 policy")));
    desk.pass_minutes(4);
    let dispatch = desk.deliver().await;
    assert_eq!((dispatch.refused, dispatch.deferred), (0, 3));
    assert_eq!(desk.app.store.resting().await.unwrap(), []);
    desk.check_ledger().await;
}

#[tokio::test]
async fn a_full_mailbox_rests_alone_and_the_next_role_is_told() {
    let mut desk = Desk::open(|choice| choice.municipalities = 6).await;
    let (later, full) = (desk.smas(1), desk.smas(3));
    desk.relay.once(&later, Deed::AtRcpt("452 4.2.2 mailbox full"));
    desk.relay.once(&full, Deed::AtRcpt("552 5.2.2 mailbox full"));
    let dispatch = desk.deliver().await;
    assert_eq!((dispatch.accepted, dispatch.deferred, dispatch.refused), (5, 1, 1), "in one round");
    assert!(desk.flagged().await.is_empty());
    let resting = desk.app.store.resting().await.unwrap();
    assert_eq!(resting.iter().map(|c| c.address.as_str()).collect::<Vec<_>>(), [full.as_str()]);
    assert_eq!(desk.ids(&desk.cmas(3)).len(), 1);
    desk.check_ledger().await;
}

#[tokio::test]
async fn a_refusal_of_one_domain_or_after_the_letter_flags_nobody_and_staff_are_told() {
    for deed in [Deed::AtRcpt("550 5.7.1 policy"), Deed::AtDot("552 5.3.4 too big"), Deed::AtDot("550 no")] {
        let mut desk = Desk::open(|_| {}).await;
        let smas = desk.smas(1);
        desk.relay.once(&smas, deed);
        let dispatch = desk.deliver().await;
        assert_eq!((dispatch.refused, dispatch.deferred), (0, 1), "{deed:?}");
        assert_eq!(desk.states(&smas).await, [DeliveryState::Deferred], "{deed:?}");
        assert_eq!(desk.app.store.resting().await.unwrap(), [], "{deed:?}");
        assert_eq!(desk.alerts().await, 1, "{deed:?}");
        desk.pass_minutes(20);
        desk.deliver().await;
        assert_eq!(desk.ids(&smas).len(), 1, "{deed:?}: it is tried again");
        desk.check_ledger().await;
    }
}

#[tokio::test]
async fn a_dead_relay_is_asked_ever_less_often_and_a_person_is_told() {
    let mut desk = Desk::open(|choice| choice.municipalities = 12).await;
    desk.relay.die().await;
    let mut tried = Vec::new();
    for _ in 0..60 {
        if desk.deliver().await.deferred > 0 {
            tried.push(desk.now());
        }
        desk.pass_minutes(1);
        let alerts = desk.alerts().await;
        assert_eq!(alerts, usize::from(tried.len() >= 3), "after the third round");
    }
    let waits: Vec<i64> = tried.windows(2).map(|w| w[1].duration_since(w[0]).as_mins()).collect();
    assert_eq!(waits, [1, 2, 4, 8, 16]);
    desk.relay.wake().await;
    desk.pass_minutes(31);
    let mut accepted = desk.deliver().await.accepted;
    desk.pass_minutes(60);
    accepted += desk.deliver().await.accepted;
    assert_eq!(accepted, 13);
    assert!(desk.flagged().await.is_empty());
}

#[tokio::test]
async fn a_letter_filled_in_before_the_relay_recovers_is_never_sent() {
    let mut desk = Desk::open(|choice| choice.deadline = date(2026, 11, 27)).await;
    assert_eq!(desk.deliver().await.accepted, 3);
    // The eve of the deadline, everybody pending, and a relay that does not answer.
    desk.pass(SignedDuration::from_hours(3 * 24));
    desk.load(|_| "nao").await;
    desk.relay.always(Some(Deed::AtRcpt("421 4.3.2 closing")));
    assert_eq!(desk.deliver().await.accepted, 0);
    desk.pass_minutes(1);
    let done = desk.site.municipalities[1];
    desk.load(|code| if code == done { "sim" } else { "nao" }).await;
    desk.relay.always(None);
    for _ in 0..3 {
        desk.pass_minutes(5);
        desk.deliver().await;
    }
    let warnings: Vec<String> =
        desk.relay.taken().into_iter().map(|t| t.message_id).filter(|id| id.contains("prazo-1d")).collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(!warnings.iter().any(|id| id.contains(&done.to_string())));
    let smas = desk.smas(1);
    let states = desk.states(&smas).await;
    let (told, warned) = (states[0], states[1]);
    assert_eq!(told, DeliveryState::Accepted);
    // What was tried keeps its state; what was not is withdrawn. Neither is tried again.
    assert!(matches!(warned, DeliveryState::Withdrawn | DeliveryState::Deferred), "{warned:?}");
    let line =
        desk.lines().await.into_iter().find(|l| l.address.as_str() == smas && l.state == warned).unwrap();
    assert_eq!(line.stopped_by.as_deref(), Some("retirar"));
    desk.check_ledger().await;
}

#[tokio::test]
async fn what_reter_stops_liberar_lets_go_with_the_same_message_id() {
    let mut desk = Desk::open(|_| {}).await;
    desk.relay.greet(Some("421 4.3.2 closing"));
    assert_eq!(desk.deliver().await.accepted, 0);
    let queued: Vec<String> = desk.lines().await.into_iter().map(|l| l.message_id).collect();
    let by = || order::authorship("teste", "conferir", desk.now()).unwrap();
    order::hold(&desk.app.store, HoldScope::All, None, by()).await.unwrap();
    let lift = by();
    desk.relay.greet(None);
    desk.pass_minutes(5);
    assert_eq!(desk.deliver().await.accepted, 1, "held: nothing but the alert that tells of it");
    assert_eq!(order::release(&desk.app.store, HoldScope::All, None, lift).await.unwrap(), 1);
    desk.pass_minutes(5);
    assert_eq!(desk.deliver().await.accepted, 3);
    let mut sent: Vec<String> = desk.relay.taken().into_iter().map(|t| t.message_id).collect();
    sent.retain(|id| queued.contains(id));
    sent.sort();
    let mut expected = queued;
    expected.sort();
    assert_eq!(sent, expected);
    desk.check_ledger().await;
}

/// Somebody holds everything while the relay takes its time over a letter, and then it refuses the address.
#[tokio::test]
async fn a_letter_held_on_the_wire_and_refused_goes_to_the_next_role_once_it_is_let_go() {
    let mut desk = Desk::open(|_| {}).await;
    desk.relay.greet(Some("421 4.3.2 closing"));
    assert_eq!(desk.deliver().await.accepted, 0);
    desk.pass_minutes(5);
    let (store, now) = (desk.app.store.clone(), desk.now());
    let mut claims = store.claim("teste", now, 100).await.unwrap();
    claims.retain(|claim| claim.address.as_str() == desk.smas(0));
    let [claim] = store.mark_sending(claims, now).await.unwrap().try_into().unwrap();
    store.release_all("teste").await.unwrap();
    let by = || order::authorship("teste", "conferir", now).unwrap();
    order::hold(&store, HoldScope::All, None, by()).await.unwrap();
    reconcile_once(&desk.app, now).await.unwrap();
    let end = AttemptEnd {
        claim,
        outcome: Outcome::Refused { reply: "550 5.1.1 nobody".to_owned(), why: Refusal::Address },
        started_at: now,
        ended_at: now,
        next_attempt_at: None,
        rests_until: now + SignedDuration::from_hours(72),
    };
    assert!(matches!(store.settle(vec![end]).await.unwrap()[..], [Settlement::Done(DeliveryState::Refused)]));
    desk.check_ledger().await;
    desk.relay.greet(None);
    desk.pass_minutes(60);
    desk.deliver().await;
    assert_eq!(desk.ids(&desk.cmas(0)).len(), 0, "it is held still");
    desk.check_ledger().await;
    assert_eq!(order::release(&store, HoldScope::All, None, by()).await.unwrap(), 1);
    desk.pass_minutes(5);
    desk.deliver().await;
    let first = desk.site.municipalities[0];
    assert_eq!(desk.ids(&desk.cmas(0)), [format!("<teste.2001.divulgacao.{first}.v2@{DOMAIN}>")]);
    desk.check_ledger().await;
}

/// An attempt that the relay took at once.
fn taken(claim: Claim, now: Timestamp) -> AttemptEnd {
    let outcome = Outcome::Accepted { reply: "250 2.0.0 ok".to_owned() };
    AttemptEnd { claim, outcome, started_at: now, ended_at: now, next_attempt_at: None, rests_until: now }
}

/// A letter that one address took and the other puts off, or that is on the wire to one and waits for the other.
#[tokio::test]
async fn a_hold_stops_the_other_addresses_of_a_letter_that_one_took_and_they_get_it_once_it_is_let_go() {
    for is_on_the_wire in [false, true] {
        let mut desk = Desk::open(|choice| choice.announced_to = r#"["smas", "cmas"]"#).await;
        let (first, other) = (desk.smas(0), desk.cmas(0));
        let (store, by) = (desk.app.store.clone(), order::authorship);
        if is_on_the_wire {
            desk.relay.greet(Some("421 4.3.2 closing"));
        } else {
            desk.relay.once(&other, Deed::AtRcpt("451 4.7.1 greylisted"));
        }
        desk.deliver().await;
        desk.pass_minutes(5);
        let now = desk.now();
        let marked = if is_on_the_wire {
            let mut claims = store.claim("teste", now, 100).await.unwrap();
            claims.retain(|claim| claim.address.as_str() == first);
            let marked = store.mark_sending(claims, now).await.unwrap();
            store.release_all("teste").await.unwrap();
            marked
        } else {
            assert_eq!(desk.ids(&first).len(), 1);
            Vec::new()
        };
        order::hold(&store, HoldScope::All, None, by("teste", "errada", now).unwrap()).await.unwrap();
        reconcile_once(&desk.app, now).await.unwrap();
        store.settle(marked.into_iter().map(|claim| taken(claim, now)).collect()).await.unwrap();
        desk.relay.greet(None);
        for _ in 0..3 {
            desk.pass_minutes(60);
            desk.deliver().await;
            assert_eq!(desk.ids(&other).len(), 0, "it is held");
            desk.check_ledger().await;
        }
        let (_, plan) = Known::decide(desk.app.live(), &store, BTreeSet::new(), desk.now()).await.unwrap();
        let held = |municipality| plan.held.iter().any(|h| h.key().municipality() == Some(municipality));
        assert!(held(desk.site.municipalities[0]), "and told: {:?}", plan.held);
        let lift = by("teste", "certa", desk.now()).unwrap();
        assert_eq!(order::release(&store, HoldScope::All, None, lift).await.unwrap(), 1);
        desk.pass_minutes(5);
        desk.deliver().await;
        assert_eq!(desk.ids(&other).len(), 1, "on the wire: {is_on_the_wire}");
        let id = format!("<teste.2001.divulgacao.{}@{DOMAIN}>", desk.site.municipalities[0]);
        assert_eq!(desk.ids(&other), [id]);
        desk.pass_minutes(60);
        assert_eq!(desk.deliver().await.accepted, 0, "and once");
        desk.check_ledger().await;
    }
}

/// A remessa that waits for the relay, that one address took and the other puts off, or that is on the wire.
#[tokio::test]
async fn a_hold_stops_a_remessa_wherever_it_is_and_the_office_has_it_once_it_is_let_go() {
    let (one, other) = (format!("gsuas@{DOMAIN}"), format!("vigilancia-gsuas@{DOMAIN}"));
    for place in ["queued", "half", "wire"] {
        let mut desk = Desk::open(|choice| {
            choice.deadline = date(2026, 11, 30);
            choice.gsuas = format!("[\"{one}\", \"{other}\"]");
        })
        .await;
        let (store, by) = (desk.app.store.clone(), order::authorship);
        desk.deliver().await;
        desk.pass(SignedDuration::from_hours(24 * 6));
        desk.deliver().await;
        desk.pass(SignedDuration::from_hours(24 * 4));
        desk.relay.once(&other, Deed::AtRcpt("451 4.7.1 greylisted"));
        if place != "half" {
            desk.relay.once(&one, Deed::AtRcpt("451 4.7.1 greylisted"));
        }
        desk.deliver().await;
        desk.pass_minutes(5);
        let now = desk.now();
        let remessa = format!("<teste.2001.e1.remessa-GSUAS@{DOMAIN}>");
        let mut marked = Vec::new();
        if place == "wire" {
            let mut claims = store.claim("teste", now, 100).await.unwrap();
            claims.retain(|claim| claim.address.as_str() == one);
            marked = store.mark_sending(claims, now).await.unwrap();
            assert_eq!(marked.len(), 1);
            store.release_all("teste").await.unwrap();
        }
        let before = desk.ids(&one).len();
        assert_eq!(before, usize::from(place == "half"), "{place}");
        order::hold(&store, HoldScope::All, None, by("teste", "errada", now).unwrap()).await.unwrap();
        reconcile_once(&desk.app, now).await.unwrap();
        desk.check_ledger().await;
        store.settle(marked.into_iter().map(|claim| taken(claim, now)).collect()).await.unwrap();
        for _ in 0..3 {
            desk.pass_minutes(60);
            desk.deliver().await;
            assert_eq!((desk.ids(&one).len(), desk.ids(&other).len()), (before, 0), "{place}: it is held");
            desk.check_ledger().await;
        }
        let (_, plan) = Known::decide(desk.app.live(), &store, BTreeSet::new(), desk.now()).await.unwrap();
        let named = plan.held.iter().filter(|held| held.key().to_string().contains("remessa")).count();
        assert_eq!(named, 1, "{place}: {:?}", plan.held);
        let lift = by("teste", "certa", desk.now()).unwrap();
        order::release(&store, HoldScope::All, None, lift).await.unwrap();
        desk.pass_minutes(5);
        desk.deliver().await;
        desk.check_ledger().await;
        let anew = format!("<teste.2001.e1.remessa-GSUAS.v2@{DOMAIN}>");
        let (expected, first) = match place {
            "queued" => (anew.clone(), vec![anew]),
            "half" => (remessa.clone(), vec![remessa]),
            // The first address took it as it was being stopped.
            _ => (remessa, Vec::new()),
        };
        assert_eq!(desk.ids(&other), [expected], "{place}");
        assert_eq!(desk.ids(&one), first, "{place}");
        desk.pass_minutes(60);
        assert_eq!(desk.deliver().await.accepted, 0, "{place}: and once");
        desk.check_ledger().await;
    }
}

#[tokio::test]
async fn no_more_than_so_many_leave_in_a_minute_or_a_day_also_after_a_restart() {
    let mut desk = Desk::open(|choice| {
        choice.municipalities = 12;
        choice.per_minute = 5;
        choice.per_day = 8;
        choice.connections = 2;
    })
    .await;
    let dispatch = desk.deliver().await;
    assert_eq!((dispatch.accepted, dispatch.waiting), (5, 7));
    assert_eq!(dispatch.next, Some(desk.now() + SignedDuration::from_mins(1)));
    desk.pass(SignedDuration::from_secs(59));
    desk.restart();
    assert_eq!(desk.deliver().await.accepted, 0, "a new process knows what left");
    desk.pass(SignedDuration::from_secs(1));
    assert_eq!(desk.deliver().await.accepted, 3, "the day's last");
    desk.restart();
    desk.pass_minutes(60);
    let dispatch = desk.deliver().await;
    assert_eq!((dispatch.accepted, dispatch.waiting), (0, 4));
    // Midnight in São Paulo.
    assert_eq!(dispatch.next, Some("2026-11-24T03:00:00Z".parse().unwrap()));
    desk.pass(SignedDuration::from_hours(24));
    assert_eq!(desk.deliver().await.accepted, 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_pass_under_a_rate_limit_ends_and_says_how_many_wait() {
    let relay = Relay::start().await;
    let site = Site::new(&Choice { municipalities: 12, per_minute: 5, ..Choice::new(relay.port) });
    let said = site.ok(&["servir", "--uma-vez"]);
    assert!(said.contains("7 entregas esperam na fila; a próxima pode sair em "), "{said}");
    assert_eq!(relay.taken().len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_daemon_on_one_ledger_is_refused_and_the_first_goes_on() {
    let relay = Relay::start().await;
    let site = Site::new(&Choice::new(relay.port));
    let daemon = site.daemon();
    let second = site.run(&["servir"]);
    assert_eq!(second.status.code(), Some(3));
    let said = String::from_utf8(second.stderr).unwrap();
    let held = format!("vigia.db” (processo {})", daemon.pid());
    assert!(said.contains(&held) && !said.contains(".lock"), "{said}");
    relay.distinct(3).await;
    assert_eq!(daemon.terminate().code(), Some(0));
    assert_eq!(relay.taken().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_password_file_stops_the_start_and_says_what_to_do() {
    let relay = Relay::start().await;
    let choice = Choice::new(relay.port);
    let site = Site::new(&choice);
    let password = site.config().join("senha");
    fs::write(&password, "\n").unwrap();
    let smtp = format!("usuario = \"vigilancia\"\nsenha_arquivo = \"{}\"\n", password.display());
    site.write_vigia(&Choice { smtp, ..choice });
    let refused = site.run(&["servir"]);
    assert_ne!(refused.status.code(), Some(0));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("está vazia") && said.contains("dica: escreva nela a senha"), "{said}");
    assert_eq!(relay.connections(), 0);
}
