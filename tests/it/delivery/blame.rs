//! Whose fault it is that a letter is not taken: the relay's, the recipient's, or nobody's yet; and what goes on meanwhile.

use jiff::SignedDuration;
use vigia_suas::daemon::alert::alert_once;
use vigia_suas::desk::order;
use vigia_suas::domain::delivery::DeliveryState;
use vigia_suas::domain::overrides::{BatchId, HoldScope};
use vigia_suas::mail::message::plain_text;
use vigia_suas::store::DeliveryFilter;

use super::faults::Desk;
use crate::support::app::DOMAIN;
use crate::support::smtp::Deed;

const NOBODY: Deed = Deed::AtRcpt("550 5.1.1 nobody");

fn alerts_to() -> String {
    format!("alertas@{DOMAIN}")
}

#[tokio::test]
async fn a_relay_that_knows_no_address_stops_the_queue_condemns_no_contact_and_the_letters_go_later() {
    let mut desk = Desk::open(|choice| choice.municipalities = 12).await;
    desk.relay.always(Some(NOBODY));
    let dispatch = desk.deliver().await;
    assert_eq!((dispatch.accepted, dispatch.refused, dispatch.deferred), (0, 4, 1), "no sixth is asked");
    assert_eq!(dispatch.next, Some(desk.now() + SignedDuration::from_mins(1)));
    assert_eq!(desk.alerts().await, 1);
    for _ in 0..6 {
        assert_eq!(desk.app.store.resting().await.unwrap(), [], "nobody is at fault");
        desk.pass_minutes(31);
        assert_eq!(desk.deliver().await.refused, 0);
    }
    desk.check_ledger().await;
    desk.relay.always(None);
    for _ in 0..3 {
        desk.pass_minutes(60);
        desk.deliver().await;
    }
    let told = desk.relay.recipients();
    for n in 0..12 {
        assert!(told.contains(&desk.smas(n)), "{n}: {told:?}");
        assert!(!told.contains(&desk.cmas(n)), "nobody stands in for anybody: {told:?}");
    }
    assert_eq!(desk.app.store.resting().await.unwrap(), []);
    desk.check_ledger().await;
}

#[tokio::test]
async fn dead_addresses_one_after_the_other_are_asked_once_more_when_the_relay_took_something_and_are_flagged()
 {
    let mut desk = Desk::open(|choice| choice.municipalities = 12).await;
    // In the order in which the letters leave.
    let mut order: Vec<usize> = (0..12).collect();
    order.sort_by_key(|n| desk.site.municipalities[*n]);
    let dead: Vec<String> = order[..5].iter().map(|n| desk.smas(*n)).collect();
    for address in dead.iter().chain(&dead) {
        desk.relay.once(address, NOBODY);
    }
    desk.deliver().await;
    assert_eq!(desk.flagged().await, Vec::<String>::new());
    for _ in 0..3 {
        desk.pass_minutes(60);
        desk.deliver().await;
    }
    let (mut flagged, mut expected) = (desk.flagged().await, dead);
    flagged.sort();
    expected.sort();
    assert_eq!(flagged, expected);
    let told = desk.relay.recipients();
    for n in &order[..5] {
        assert!(told.contains(&desk.cmas(*n)), "the next role is told: {told:?}");
    }
    desk.check_ledger().await;
}

#[tokio::test]
async fn a_letter_that_may_have_arrived_stays_so_when_its_repetition_is_refused_but_for_the_address() {
    for (deed, is_the_address) in [
        (Deed::AtDot("554 duplicate"), false),
        (Deed::AtRcpt("550 5.7.1 policy"), false),
        (Deed::AtRcpt("552 5.2.2 full"), false),
        (NOBODY, true),
    ] {
        let mut desk = Desk::open(|_| {}).await;
        let (smas, cmas) = (desk.smas(0), desk.cmas(0));
        desk.relay.once(&smas, Deed::HangUpAfterDot);
        // What may be ours is believed the third time, what accuses the address or its mailbox at once.
        let times = if is_the_address || deed == Deed::AtRcpt("552 5.2.2 full") { 1 } else { 3 };
        for _ in 0..times {
            desk.relay.once(&smas, deed);
        }
        for _ in 0..6 {
            desk.deliver().await;
            desk.pass_minutes(61);
        }
        let line = desk.lines().await.into_iter().find(|line| line.address.as_str() == smas).unwrap();
        assert_eq!(line.next_attempt_at, None, "{deed:?}");
        assert_eq!(desk.ids(&smas).len(), 1, "{deed:?}: no second copy");
        if is_the_address {
            // That it may have left stands in its attempts; that it reached nobody the ledger's check holds below.
            assert_eq!(line.state, DeliveryState::Refused, "{deed:?}");
            assert_eq!(desk.ids(&cmas).len(), 1, "nobody has it there: the next role is told");
            assert_eq!(desk.flagged().await, [smas]);
            desk.check_ledger().await;
            continue;
        }
        assert_eq!(line.state, DeliveryState::Uncertain, "{deed:?}");
        assert!(line.reached_at.is_some(), "{deed:?}");
        assert_eq!(desk.ids(&cmas).len(), 0, "{deed:?}: no second letter");
        let all = DeliveryFilter::default();
        assert_eq!(desk.app.store.deliveries_as_known(&all, desk.now()).await.unwrap(), desk.lines().await);
        let words = desk.relay.taken().into_iter().filter(|one| one.to == alerts_to());
        let words: Vec<String> = words.map(|one| plain_text(&one.bytes).unwrap()).collect();
        let (Deed::AtDot(said) | Deed::AtRcpt(said)) = deed else { unreachable!() };
        let told = words.iter().any(|text| text.contains("ele recusou a repetição") && text.contains(said));
        assert!(told, "a person is told: {words:?}");
        desk.check_ledger().await;
        let batch = BatchId::parse("teste/2001/divulgacao").unwrap();
        let by = order::authorship("teste", "não consta no servidor", desk.now()).unwrap();
        order::release(&desk.app.store, HoldScope::Batch(batch), None, by).await.unwrap();
        desk.deliver().await;
        assert_eq!(desk.states(&smas).await, [DeliveryState::Accepted], "{deed:?}");
        assert_eq!(desk.ids(&smas).len(), 2, "the same letter, by a person's word");
        desk.check_ledger().await;
    }
}

#[tokio::test]
async fn a_mailbox_that_makes_the_relay_ask_for_patience_is_not_the_probe_twice_while_others_wait() {
    let mut desk = Desk::open(|choice| choice.municipalities = 12).await;
    for _ in 0..9 {
        desk.relay.once(&alerts_to(), Deed::AtRcpt("451 4.3.0 try later"));
    }
    alert_once(&desk.app, "fonte-lista", "texto".to_owned(), desk.now()).await.unwrap();
    let dispatch = desk.deliver().await;
    assert_eq!((dispatch.accepted, dispatch.deferred), (0, 1), "an alert goes first, and the queue rests");
    desk.pass_minutes(1);
    assert_eq!(desk.deliver().await.accepted, 12, "the probe is another letter");
    desk.check_ledger().await;
}

#[tokio::test]
async fn a_recipients_road_that_is_closed_rests_the_queue_only_when_a_second_domains_is() {
    let closed = Deed::AtRcpt("451 4.4.4 no route");
    let mut desk = Desk::open(|choice| choice.municipalities = 12).await;
    desk.relay.once(&alerts_to(), closed);
    alert_once(&desk.app, "fonte-lista", "texto".to_owned(), desk.now()).await.unwrap();
    let dispatch = desk.deliver().await;
    assert_eq!((dispatch.accepted, dispatch.deferred), (12, 1), "that road alone");
    desk.check_ledger().await;

    let mut desk = Desk::open(|choice| choice.municipalities = 12).await;
    desk.relay.always(Some(closed));
    let dispatch = desk.deliver().await;
    assert_eq!((dispatch.accepted, dispatch.deferred), (0, 2), "every road");
    assert_eq!(dispatch.next, Some(desk.now() + SignedDuration::from_mins(1)));
    assert_eq!(desk.flagged().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_relay_that_puts_off_everybody_for_half_an_hour_is_called_failing_and_the_letters_go_later() {
    let mut desk = Desk::open(|choice| choice.municipalities = 12).await;
    desk.relay.always(Some(Deed::AtRcpt("450 4.7.1 Client host rejected: service temporarily unavailable")));
    desk.deliver().await;
    for minute in 1..30 {
        desk.pass_minutes(1);
        desk.deliver().await;
        assert_eq!(desk.alerts().await, 0, "{minute}: it may put off each once");
    }
    for _ in 30..60 {
        desk.pass_minutes(1);
        desk.deliver().await;
    }
    assert_eq!(desk.alerts().await, 1, "a person is called");
    assert!(desk.app.store.signs().await.unwrap().relay_failing_since.is_some(), "`saude` says so");
    assert_eq!(desk.app.store.resting().await.unwrap(), [], "nobody is at fault");
    desk.relay.always(None);
    for _ in 0..3 {
        desk.pass_minutes(60);
        desk.deliver().await;
    }
    let told = desk.relay.recipients();
    assert!((0..12).all(|n| told.contains(&desk.smas(n))), "{told:?}");
    assert_eq!(desk.app.store.signs().await.unwrap().relay_failing_since, None);
    desk.check_ledger().await;
}

#[tokio::test]
async fn a_relay_that_puts_off_each_address_once_uses_up_nothing_of_the_day() {
    let mut desk = Desk::open(|choice| {
        choice.municipalities = 12;
        choice.per_day = 12;
    })
    .await;
    for n in 0..12 {
        desk.relay.once(&desk.smas(n), Deed::AtRcpt("450 4.7.1 greylisted"));
    }
    assert_eq!(desk.deliver().await.deferred, 12);
    desk.restart();
    desk.pass_minutes(5);
    assert_eq!(desk.deliver().await.accepted, 12, "as many letters as a day has");
    assert_eq!(desk.alerts().await, 0);
    desk.check_ledger().await;
}

#[tokio::test]
async fn an_alert_leaves_though_the_days_quota_is_used_up_and_keeps_to_the_minutes() {
    let mut desk = Desk::open(|choice| {
        choice.municipalities = 12;
        choice.per_day = 4;
        choice.per_minute = 6;
    })
    .await;
    let midnight = Some("2026-11-24T03:00:00Z".parse().unwrap());
    let dispatch = desk.deliver().await;
    assert_eq!((dispatch.accepted, dispatch.next), (4, midnight));
    for n in 0..4 {
        alert_once(&desk.app, &format!("fonte-{n}"), "texto".to_owned(), desk.now()).await.unwrap();
    }
    desk.relay.once(&alerts_to(), Deed::AtRcpt("451 4.7.1 greylisted"));
    let dispatch = desk.deliver().await;
    assert_eq!((dispatch.accepted, dispatch.deferred), (1, 1), "six in a minute");
    desk.pass_minutes(1);
    let dispatch = desk.deliver().await;
    assert_eq!((dispatch.accepted, dispatch.waiting, dispatch.next), (3, 8, midnight));
    desk.restart();
    desk.relay.once(&alerts_to(), Deed::AtRcpt("451 4.7.1 greylisted"));
    alert_once(&desk.app, "fonte-9", "texto".to_owned(), desk.now()).await.unwrap();
    desk.pass_minutes(1);
    let dispatch = desk.deliver().await;
    assert_eq!((dispatch.deferred, dispatch.next), (1, Some(desk.now() + SignedDuration::from_mins(1))));
}
