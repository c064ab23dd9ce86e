//! Letters that the relay took, perhaps, without a word: how often they are sent again, and what ends it.

use std::sync::Arc;

use vigia_suas::daemon::app::App;
use vigia_suas::daemon::returns::{Fate, Origin, return_once};
use vigia_suas::desk::order;
use vigia_suas::domain::delivery::DeliveryState;
use vigia_suas::domain::overrides::{BatchId, HoldScope};
use vigia_suas::store::{DeliveryLine, RawMessage};

use super::faults::Desk;
use crate::support::smtp::Deed;

const BATCH: &str = "teste/2001/divulgacao";

async fn line(desk: &Desk, to: &str) -> DeliveryLine {
    desk.lines().await.into_iter().find(|line| line.address.as_str() == to).unwrap()
}

/// What a mail system reports of a delivery.
fn report(line: &DeliveryLine, action: &str, status: &str) -> String {
    format!(
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.invalid\r\nSubject: Delivery status\r\nAuto-Submitted: auto-replied\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\
         Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.invalid\r\nOriginal-Envelope-Id: {}\r\n\r\n\
         Final-Recipient: rfc822; {}\r\nAction: {action}\r\nStatus: {status}\r\n\r\n--b--\r\n",
        line.id, line.address
    )
}

async fn fates(app: &Arc<App>, message: &str) -> Vec<Fate> {
    let message = RawMessage::read(&mut message.as_bytes(), 1_000_000).unwrap();
    let found = return_once(app, Origin::Pipe, message, app.now()).await.unwrap();
    found.iter().map(|finding| finding.fate).collect()
}

#[tokio::test]
async fn any_report_of_a_letter_in_doubt_ends_the_doubt_and_the_letter_is_not_sent_again() {
    for (action, status) in
        [("delayed", "4.4.1"), ("delivered", "2.0.0"), ("relayed", "2.0.0"), ("expanded", "2.0.0")]
    {
        let mut desk = Desk::open(|_| {}).await;
        let smas = desk.smas(0);
        desk.relay.once(&smas, Deed::HangUpAfterDot);
        desk.deliver().await;
        let line = line(&desk, &smas).await;
        assert_eq!(line.state, DeliveryState::Uncertain);
        assert_eq!(fates(&desk.app, &report(&line, action, status)).await, [Fate::Taken], "{action}");
        let again = fates(&desk.app, &report(&line, action, status)).await;
        assert!(matches!(again[..], [Fate::Delayed | Fate::Delivered]), "{again:?}");
        for _ in 0..3 {
            desk.pass_minutes(60);
            desk.deliver().await;
        }
        assert_eq!(desk.ids(&smas).len(), 1, "{action}");
        assert_eq!(desk.states(&smas).await, [DeliveryState::Accepted]);
        assert_eq!(desk.alerts().await, 0);
        desk.check_ledger().await;
    }
}

#[tokio::test]
async fn a_letter_that_is_never_answered_is_sent_four_times_and_then_a_person_is_asked() {
    let mut desk = Desk::open(|_| {}).await;
    let smas = desk.smas(0);
    for _ in 0..20 {
        desk.relay.once(&smas, Deed::HangUpAfterDot);
        desk.deliver().await;
        desk.pass_minutes(20);
    }
    assert_eq!(desk.ids(&smas).len(), 4);
    assert_eq!(desk.states(&smas).await, [DeliveryState::Uncertain], "the municipality counts as told");
    let told =
        desk.lines().await.into_iter().filter(|l| l.key.to_string().contains("alerta-incerta")).count();
    assert_eq!(told, 1);
    let batch = BatchId::parse(BATCH).unwrap();
    assert!(order::holds_uncertain(&desk.app.store, &batch, desk.now()).await.unwrap());
    let by = order::authorship("teste", "não consta no servidor", desk.now()).unwrap();
    order::release(&desk.app.store, HoldScope::Batch(batch), None, by).await.unwrap();
    for _ in 0..5 {
        desk.deliver().await;
        desk.pass_minutes(20);
    }
    assert_eq!(desk.ids(&smas).len(), 5, "whoever lets it go has it sent once more");
    desk.check_ledger().await;
}
