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
